"""Events as HepMC3 text (``Asciiv3``), with the metadata of NuHepMC.

The format is that of M. Dobbs et al., Comput. Phys. Commun. 260 (2021) 107310 (arXiv:1912.08005), what the attributes
are called is that of S. Gardiner, J. Isaacson and L. Pickering, arXiv:2310.13211 (NuHepMC 1.0.0). One vertex joins the
neutrino (status 4) and the target at rest (status 20) with the outgoing neutrino, the leptons and the recoil (1).
A nucleon that was hit stands as the target itself: it is treated as free and at rest, but for Pauli blocking.

The library of HepMC3 takes one event after the other, 4e4 in a second. Here the text of thousands of events is made at
once.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recast.events.events import Events, lepton_pdg_id, neutrino_pdg_id, scatterer_pdg_id
from recast.events.sample import FB_TO_PB, Estimate, Sample, scatterer_mass
from recast.events.text import Choice, Field, components, rows_of_text
from recast.trident.targets import nuclei

__all__ = ["event_text", "foot", "head"]

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


def head(sample: Sample, estimate: Estimate) -> bytes:
    """Return what stands before the first event."""
    from recast import __version__

    del estimate  # it goes with the events
    scale = "PerAtom" if sample.target in nuclei() else "PerFormulaUnit"
    attributes = _ATTRIBUTES | {"NuHepMC.Units.CrossSection.TargetScale": scale}
    attributes |= {f"recast.{number:02}": line for number, line in enumerate(sample.lines)}
    lines = [
        "HepMC::Version 3.02.05",
        "HepMC::Asciiv3-START_EVENT_LISTING",
        "W CV",
        f"T recast\\|{__version__}\\|neutrino tridents",
        *(f"A {key} {_escaped(value)}" for key, value in sorted(attributes.items())),
    ]
    return ("\n".join(lines) + "\n").encode()


def event_text(events: Events, sample: Sample, estimate: Estimate, *, start: int = 0) -> Iterator[bytes]:
    """Write events.

    Parameters
    ----------
    events : Events
    sample : Sample
    estimate : Estimate
        With these events: the cross section up to here.
    start : int
        Number of the first event.

    Yields
    ------
    bytes
    """
    n = len(events)
    channel = events.channel
    beam, _, neutrino, minus, plus, recoil = events.momenta
    masses = [scatterer_mass(name) for name in events.scatterers]
    numbers = [scatterer_pdg_id(name) for name in events.scatterers]
    hit = events.scatterer
    process = Choice(
        [b"%d" % (_INCOHERENT if name in {"proton", "neutron"} else _COHERENT) for name in events.scatterers], hit
    )
    target = [
        f" 0 4\nP 2 0 {number} 0 0 0 {mass!r} {mass!r} 20\nV -1 1 [1,2]\nP 3 -1 ".encode()
        for number, mass in zip(numbers, masses, strict=True)
    ]
    ends = [f" {mass!r} 1\n".encode() for mass in masses]
    recoils = [f"P 6 -1 {number}".encode() for number in numbers]
    incoming = neutrino_pdg_id(channel.incoming, antineutrino=channel.antineutrino)
    outgoing = neutrino_pdg_id(channel.outgoing, antineutrino=channel.antineutrino)
    mass_minus, mass_plus = sample.lepton_masses
    section = (
        f"A 0 GenCrossSection {FB_TO_PB * estimate.cross_section:.8e} {FB_TO_PB * estimate.error:.8e} "
        f"{estimate.accepted} {estimate.trials}\n"
    )
    fields: list[Field] = [
        b"E ",
        np.arange(start, start + n),
        b" 1 6\nU GEV MM\nW ",
        events.weight * sample.scale,
        b"\n" + section.encode() + b"A 0 k2 ",
        events.k2,
        b"\nA 0 lab_pos 0 0 0\nA 0 q2 ",
        events.q2,
        b"\nA 0 signal_process_id ",
        process,
    ]
    for name, structure in zip(("vv", "aa", "va"), events.structures, strict=True):
        fields += [f"\nA 0 {name} ".encode(), structure * sample.scale]
    fields += [f"\nP 1 0 {incoming} 0 0 ".encode(), beam[:, 3], b" ", beam[:, 0], Choice(target, hit)]
    fields += [str(outgoing).encode(), *components(neutrino), b" 0 1\nP 4 -1 "]
    fields += [str(lepton_pdg_id(channel.minus)).encode(), *components(minus)]
    fields += [f" {mass_minus!r} 1\nP 5 -1 {-lepton_pdg_id(channel.plus)}".encode(), *components(plus)]
    fields += [f" {mass_plus!r} 1\n".encode(), Choice(recoils, hit), *components(recoil), Choice(ends, hit)]
    yield from rows_of_text(fields, n)


def foot(sample: Sample, estimate: Estimate) -> bytes:
    """Return what stands after the last event."""
    del sample, estimate
    return b"HepMC::Asciiv3-END_EVENT_LISTING\n\n"


def _escaped(text: str) -> str:
    r"""Return text in which a backslash is ``\\``; a line end would be ``\|``, but details have none."""
    return " ".join(text.split()).replace("\\", "\\\\")
