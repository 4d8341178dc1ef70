"""Events as Les Houches event files, version 3, by pylhe.

The format is that of J. Alwall et al., Comput. Phys. Commun. 176 (2007) 300 (hep-ph/0609017), the meaning of its
numbers that of E. Boos et al., hep-ph/0109068. The cross section of the ``init`` block is known after the last event:
all of its numbers take the same room, so that it is written over in the end.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

import pylhe

from recast.constants import DEFAULT_INPUTS
from recast.events.events import Events
from recast.events.sample import FB_TO_PB, STRUCTURES, Estimate, Sample

__all__ = ["LesHouchesFile"]

_UNWEIGHTED, _WEIGHTED = 3, 4
"""IDWTUP: all weights are 1; their mean is the cross section in pb."""
_NO_SCALE = -1.0
_SPIN = {False: -1.0, True: 1.0}
"""SPINUP: neutrinos are left-handed, antineutrinos right-handed; those of the others are not known."""
_UNKNOWN_SPIN = 9.0

_END = "</LesHouchesEvents>"
# Without a format a double is written with as many digits as it takes to read it back as it is.
_FORMAT = pylhe.LHEXMLFormat(
    initinfo="{beamA} {beamB} {energyA:24.16e} {energyB!r} {PDFgroupA} {PDFgroupB} {PDFsetA} {PDFsetB} "
    "{weightingStrategy} {numProcesses}",
    procinfo="{xSection:24.16e} {error:24.16e} {unitWeight:24.16e} {procId}",
    eventinfo="{nparticles} {pid} {weight} {scale} {aqed} {aqcd}",
    particle="{id} {status} {mother1} {mother2} {color1} {color2} {px} {py} {pz} {e} {m} {lifetime} {spin}",
)


class LesHouchesFile:
    """A Les Houches file to which events are added.

    Parameters
    ----------
    path : Path
        Replaced when it exists.
    sample : Sample
    """

    def __init__(self, path: Path, sample: Sample) -> None:
        self._sample = sample
        # One event for everything that can be hit; only its numbers change.
        self._events = [_event(sample, scatterer) for scatterer in sample.scatterers]
        self._stream = path.open("w", encoding="utf-8", newline="\n")
        self._length = self._stream.write(_head(sample, Estimate()))

    def add(self, events: Events, estimate: Estimate) -> None:
        """Write events behind those that are there; the estimate is written in the end.

        Raises
        ------
        OSError
            When the disk is full.
        """
        del estimate
        scale = self._sample.scale
        rows = zip(
            events.scatterer.tolist(),
            events.momenta.transpose(1, 0, 2).tolist(),
            (events.weight * scale).tolist(),
            (events.structures * scale).T.tolist(),
            events.k2.tolist(),
            events.q2.tolist(),
            strict=True,
        )
        for hit, vectors, weight, structures, k2, q2 in rows:
            event = self._events[hit]
            event.eventinfo.weight = weight
            for particle, (energy, px, py, pz) in zip(event.particles, vectors, strict=True):
                particle.e, particle.px, particle.py, particle.pz = energy, px, py, pz
            # Not as weights, of which pylhe writes five digits.
            words = zip(("k2", "q2", *STRUCTURES), (k2, q2, *structures), strict=True)
            event.optional = ["# " + " ".join(f"{name} {value}" for name, value in words)]
            self._stream.write(event.tolhe(_FORMAT) + "\n")

    def finish(self, estimate: Estimate) -> None:
        """Write what is known in the end, and close.

        Parameters
        ----------
        estimate : Estimate

        Raises
        ------
        RuntimeError
            When the head no longer has the length that it had: a mistake of this module.
        """
        self._stream.write(_END + "\n")
        self._stream.seek(0)
        if self._stream.write(_head(self._sample, estimate)) != self._length:
            msg = "the head of a file of events has changed its length"
            raise RuntimeError(msg)
        self._stream.close()

    def close(self) -> None:
        """Close without having finished."""
        self._stream.close()


def _head(sample: Sample, estimate: Estimate) -> str:
    """Return what stands before the first event; always of the same length."""
    from recast import __version__

    about = Element("recast")
    counts = [f"trials: {estimate.trials:20}", f"accepted: {estimate.accepted:20}"]
    about.text = "\n".join(["", *sample.lines, *counts, ""])
    (beam, _), (target, mass), *_ = sample.particles(sample.scatterers[0])
    kind = _WEIGHTED if sample.weighted else _UNWEIGHTED
    largest = estimate.largest_weight * FB_TO_PB if sample.weighted else 1.0
    section, error = FB_TO_PB * estimate.cross_section, FB_TO_PB * estimate.error
    init = pylhe.LHEInit(
        pylhe.LHEInitInfo(beam, target, estimate.largest_energy, mass, 0, 0, 0, 0, kind, 1),
        [pylhe.LHEProcInfo(section, error, largest, 1)],
        [pylhe.LHEGenerator("recast", __version__, "neutrino tridents")],
    )
    header = pylhe.LHEHeader(pylhe.LHEInitRWGT(), [about])
    return pylhe.LHEFile(init, header=header).tolhe(_FORMAT).removesuffix(_END)


def _event(sample: Sample, scatterer: str) -> pylhe.LHEEvent:
    """Return an event without momenta."""
    spin = _SPIN[sample.channel.antineutrino]
    particles = [
        pylhe.LHEParticle(
            id=number,
            status=1 if outgoing else -1,
            mother1=1 if outgoing else 0,
            mother2=2 if outgoing else 0,
            color1=0,
            color2=0,
            px=0.0,
            py=0.0,
            pz=0.0,
            e=0.0,
            m=mass,
            lifetime=0.0,
            spin=_UNKNOWN_SPIN if mass else spin,
        )
        for (number, mass), outgoing in zip(
            sample.particles(scatterer), (False, False, True, True, True, True), strict=True
        )
    ]
    info = pylhe.LHEEventInfo(len(particles), 1, 0.0, _NO_SCALE, DEFAULT_INPUTS.alpha, _NO_SCALE)
    return pylhe.LHEEvent(info, particles)
