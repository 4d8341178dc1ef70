"""Events as HepMC3 text (``Asciiv3``) by pyhepmc, with the metadata of NuHepMC.

The format is that of M. Dobbs et al., Comput. Phys. Commun. 260 (2021) 107310 (arXiv:1912.08005), what the attributes
are called is that of S. Gardiner, J. Isaacson and L. Pickering, arXiv:2310.13211 (NuHepMC 1.0.0). One vertex joins the
neutrino (status 4) and the target at rest (status 20) with the outgoing neutrino, the leptons and the recoil (1).
A nucleon that was hit stands as the target itself: it is treated as free and at rest, but for Pauli blocking.
"""

from __future__ import annotations

from pathlib import Path

import pyhepmc

from recast.events.events import Events
from recast.events.sample import FB_TO_PB, STRUCTURES, Estimate, Sample
from recast.trident.targets import nuclei

__all__ = ["HepMCFile"]

_STATUS = (4, 20, 1, 1, 1, 1)
_COHERENT, _INCOHERENT = 700, 701  # NuHepMC E.C.1: from 700 other processes than those that it lists

_ATTRIBUTES = {
    "NuHepMC.Version.Major": "1",
    "NuHepMC.Version.Minor": "0",
    "NuHepMC.Version.Patch": "0",
    "NuHepMC.Conventions": "G.C.3 E.C.1 E.C.4",
    "NuHepMC.Citations.Generator.InspireHep": "Altmannshofer:2019zhy",
    "NuHepMC.AdditionalParticleNumbers": "",
    "NuHepMC.Units.CrossSection.Unit": "pb",
    "NuHepMC.ProcessIDs": f"{_COHERENT} {_INCOHERENT}",
    f"NuHepMC.ProcessInfo[{_COHERENT}].Name": "coherent trident",
    f"NuHepMC.ProcessInfo[{_COHERENT}].Description": "lepton pair off the whole nucleus",
    f"NuHepMC.ProcessInfo[{_INCOHERENT}].Name": "incoherent trident",
    f"NuHepMC.ProcessInfo[{_INCOHERENT}].Description": "lepton pair off a proton or neutron, Pauli blocked",
    "NuHepMC.VertexStatusIDs": "1",
    "NuHepMC.VertexStatusInfo[1].Name": "primary",
    "NuHepMC.VertexStatusInfo[1].Description": "the hard process",
    "NuHepMC.ParticleStatusIDs": "1 4 20",
    "NuHepMC.ParticleStatusInfo[1].Name": "final",
    "NuHepMC.ParticleStatusInfo[1].Description": "undecayed physical particle",
    "NuHepMC.ParticleStatusInfo[4].Name": "beam",
    "NuHepMC.ParticleStatusInfo[4].Description": "incoming neutrino",
    "NuHepMC.ParticleStatusInfo[20].Name": "target",
    "NuHepMC.ParticleStatusInfo[20].Description": "nucleus or free nucleon at rest",
}


class HepMCFile:
    """A HepMC3 file to which events are added.

    Parameters
    ----------
    path : Path
        Replaced when it exists.
    sample : Sample
    """

    def __init__(self, path: Path, sample: Sample) -> None:
        self._scale = sample.scale
        self._written = 0
        run = _run(sample)
        # By its name: behind a Python stream the library would not notice that a disk is full.
        self._writer = pyhepmc.io.WriterAscii(str(path), run)
        self._writer.precision = 16  # digits behind the point: doubles are read back as they are
        # One event for everything that can be hit; only its numbers change.
        self._events = [_event(sample, scatterer, run) for scatterer in sample.scatterers]

    def add(self, events: Events, estimate: Estimate) -> None:
        """Write events behind those that are there; the estimate is that with these events.

        Raises
        ------
        OSError
            When the disk is full.
        """
        for event in self._events:
            event.cross_section = pyhepmc.GenCrossSection()
            section, error = FB_TO_PB * estimate.cross_section, FB_TO_PB * estimate.error
            event.cross_section.set_cross_section(section, error, estimate.accepted, estimate.trials)
        parts = [(event, event.particles, event.attributes) for event in self._events]
        momenta = events.momenta[:, :, [1, 2, 3, 0]].transpose(1, 0, 2)
        rows = zip(
            events.scatterer.tolist(),
            momenta.tolist(),
            (events.weight * self._scale).tolist(),
            (events.structures * self._scale).T.tolist(),
            events.k2.tolist(),
            events.q2.tolist(),
            strict=True,
        )
        for number, (hit, vectors, weight, structures, k2, q2) in enumerate(rows, self._written):
            event, particles, attributes = parts[hit]
            event.event_number = number
            event.weights = [weight, *structures]
            attributes["k2"], attributes["q2"] = repr(k2), repr(q2)  # as text, which keeps all digits
            for particle, vector in zip(particles, vectors, strict=True):
                particle.momentum = vector
            self._writer.write(event)
        self._written += len(events)
        self._check()

    def finish(self, estimate: Estimate) -> None:
        """Close; the estimate has gone with the events."""
        del estimate
        self._writer.close()
        self._check()

    def close(self) -> None:
        """Close without having finished."""
        self._writer.close()

    def _check(self) -> None:
        if self._writer.failed():
            raise OSError("pyhepmc could not write all of it; is the disk full?")


def _run(sample: Sample) -> pyhepmc.GenRunInfo:
    """Return what stands before the first event."""
    from recast import __version__

    run = pyhepmc.GenRunInfo()
    run.tools = [("recast", __version__, "neutrino tridents")]
    run.weight_names = ["CV", *STRUCTURES]
    scale = "PerAtom" if sample.target in nuclei() else "PerFormulaUnit"
    attributes = _ATTRIBUTES | {"NuHepMC.Units.CrossSection.TargetScale": scale}
    attributes |= {f"recast.{number:02}": line for number, line in enumerate(sample.lines)}
    for key, value in attributes.items():
        run.attributes[key] = value
    return run


def _event(sample: Sample, scatterer: str, run: pyhepmc.GenRunInfo) -> pyhepmc.GenEvent:
    """Return an event whose particles are all at rest."""
    event = pyhepmc.GenEvent(pyhepmc.Units.GEV, pyhepmc.Units.MM)
    event.run_info = run
    vertex = pyhepmc.GenVertex()
    vertex.status = 1
    for (number, mass), status in zip(sample.particles(scatterer), _STATUS, strict=True):
        particle = pyhepmc.GenParticle((0.0, 0.0, 0.0, mass), number, status)
        particle.generated_mass = mass
        (vertex.add_particle_out if status == 1 else vertex.add_particle_in)(particle)
    event.add_vertex(vertex)
    event.attributes["lab_pos"] = "0 0 0"
    event.attributes["signal_process_id"] = _COHERENT if scatterer in nuclei() else _INCOHERENT
    return event
