"""Events as Les Houches event files, version 3.

The format is that of J. Alwall et al., Comput. Phys. Commun. 176 (2007) 300 (hep-ph/0609017), the meaning of its
numbers that of E. Boos et al., hep-ph/0109068. The cross section of the ``init`` block is known after the last event:
all of its numbers take the same room, so that it is written over in the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from recast.constants import DEFAULT_INPUTS
from recast.events.events import Events, lepton_pdg_id, neutrino_pdg_id, scatterer_pdg_id
from recast.events.sample import FB_TO_PB, Estimate, Sample, scatterer_mass
from recast.events.text import Choice, Field, components, rows_of_text

__all__ = ["event_text", "foot", "head"]

_UNWEIGHTED, _WEIGHTED = 3, 4
"""IDWTUP: all weights are 1; their mean is the cross section in pb."""
_NO_SCALE = b"-1.0"
_SPIN = {False: b"-1.", True: b"1."}
"""SPINUP: neutrinos are left-handed, antineutrinos right-handed; those of the others are not known, 9."""


def head(sample: Sample, estimate: Estimate) -> bytes:
    """Return what stands before the first event; always of the same length."""
    from recast import __version__

    channel = sample.channel
    neutrino = neutrino_pdg_id(channel.incoming, antineutrino=channel.antineutrino)
    hit = sample.scatterers[0]
    kind = _WEIGHTED if sample.weighted else _UNWEIGHTED
    largest = estimate.largest_weight * FB_TO_PB if sample.weighted else 1.0
    section, error = FB_TO_PB * estimate.cross_section, FB_TO_PB * estimate.error
    lines = [
        '<LesHouchesEvents version="3.0">',
        "<header>",
        "<recast>",
        *(escape(line) for line in sample.lines),
        f"trials: {estimate.trials:20}",
        f"accepted: {estimate.accepted:20}",
        "</recast>",
        "</header>",
        "<init>",
        f"{neutrino} {scatterer_pdg_id(hit)} {estimate.largest_energy:24.16e} {scatterer_mass(hit)!r} 0 0 0 0 {kind} 1",
        f"{section:24.16e} {error:24.16e} {largest:24.16e} 1",
        f'<generator name="recast" version="{__version__}">neutrino tridents</generator>',
        "</init>",
    ]
    return ("\n".join(lines) + "\n").encode()


def event_text(events: Events, sample: Sample, estimate: Estimate, *, start: int = 0) -> Iterator[bytes]:
    """Write events.

    Parameters
    ----------
    events : Events
    sample : Sample
    estimate, start
        Not needed here.

    Yields
    ------
    bytes
    """
    del estimate, start
    channel = events.channel
    beam, _, neutrino, minus, plus, recoil = events.momenta
    hit = events.scatterer
    incoming = neutrino_pdg_id(channel.incoming, antineutrino=channel.antineutrino)
    outgoing = neutrino_pdg_id(channel.outgoing, antineutrino=channel.antineutrino)
    numbers = [scatterer_pdg_id(name) for name in events.scatterers]
    masses = [scatterer_mass(name) for name in events.scatterers]
    spin = _SPIN[channel.antineutrino]
    target = [
        f" 0. 0. {spin.decode()}\n{number} -1 0 0 0 0 0. 0. 0. {mass!r} {mass!r} 0. 9.\n".encode()
        for number, mass in zip(numbers, masses, strict=True)
    ]
    recoils = [f"{number} 1 1 2 0 0".encode() for number in numbers]
    ends = [f" {mass!r} 0. 9.\n# k2 ".encode() for mass in masses]
    fields: list[Field] = [
        b"<event>\n6 1 ",
        events.weight * sample.scale,
        b" " + _NO_SCALE + f" {DEFAULT_INPUTS.alpha:.10e} ".encode() + _NO_SCALE,
        f"\n{incoming} -1 0 0 0 0 0. 0. ".encode(),
        beam[:, 3],
        b" ",
        beam[:, 0],
        Choice(target, hit),
        f"{outgoing} 1 1 2 0 0".encode(),
        *components(neutrino),
        b" 0. 0. " + spin + b"\n",
    ]
    numbers_of_leptons = (lepton_pdg_id(channel.minus), -lepton_pdg_id(channel.plus))
    for number, lepton, mass in zip(numbers_of_leptons, (minus, plus), sample.lepton_masses, strict=True):
        fields += [f"{number} 1 1 2 0 0".encode(), *components(lepton), f" {mass!r} 0. 9.\n".encode()]
    fields += [Choice(recoils, hit), *components(recoil), Choice(ends, hit), events.k2, b" q2 ", events.q2]
    for name, structure in zip(("vv", "aa", "va"), events.structures, strict=True):
        fields += [f" {name} ".encode(), structure * sample.scale]
    yield from rows_of_text([*fields, b"\n</event>\n"], len(events))


def foot(sample: Sample, estimate: Estimate) -> bytes:
    """Return what stands after the last event."""
    del sample, estimate
    return b"</LesHouchesEvents>\n"
