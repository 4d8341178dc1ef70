"""What the files of events say of the whole sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from recast.channels import Channel
from recast.constants import LEPTON_MASS, NEUTRON_MASS, PROTON_MASS
from recast.events.events import lepton_pdg_id, neutrino_pdg_id, scatterer_pdg_id
from recast.trident.targets import nuclei

__all__ = ["FB_TO_PB", "STRUCTURES", "Estimate", "Sample", "scatterer_mass"]

FB_TO_PB = 1e-3

#: Names of the rows of `Events.structures`.
STRUCTURES = ("vv", "aa", "va")


def scatterer_mass(name: str) -> float:
    """Mass in GeV of a nucleon, or of a nucleus by its name."""
    nucleons = {"proton": PROTON_MASS, "neutron": NEUTRON_MASS}
    return nucleons[name] if name in nucleons else nuclei()[name].mass


@dataclass(frozen=True)
class Sample:
    """What is known of a sample before its first event.

    Attributes
    ----------
    channel : Channel
    target : str
    scatterers : tuple of str
        What can be hit.
    size : int
        Events that are generated; after a selection fewer are left.
    weighted : bool
        Whether events have weights; all are 1 otherwise.
    cross_section : float
        Exact one of the model in fb, before a selection.
    details : dict of str to str
        Further lines, such as flux, model and seed.
    origin : tuple of str
        ``key: value`` lines: what made the file.
    """

    channel: Channel
    target: str
    scatterers: tuple[str, ...]
    size: int
    weighted: bool
    cross_section: float
    details: Mapping[str, str] = field(default_factory=dict)
    origin: tuple[str, ...] = ()

    @property
    def scale(self) -> float:
        """Factor to weights and structures where cross sections are in pb: those of unweighted events have no unit."""
        return FB_TO_PB if self.weighted else 1.0

    def particles(self, scatterer: str) -> tuple[tuple[int, float], ...]:
        """PDG numbers and masses in GeV of the particles, in the order of `recast.events.events.PARTICLES`."""
        channel = self.channel
        target = (scatterer_pdg_id(scatterer), scatterer_mass(scatterer))
        return (
            (neutrino_pdg_id(channel.incoming, antineutrino=channel.antineutrino), 0.0),
            target,
            (neutrino_pdg_id(channel.outgoing, antineutrino=channel.antineutrino), 0.0),
            (lepton_pdg_id(channel.minus), LEPTON_MASS[channel.minus]),
            (-lepton_pdg_id(channel.plus), LEPTON_MASS[channel.plus]),
            target,
        )

    @property
    def lines(self) -> list[str]:
        """Everything as ``key: value`` lines."""
        kind = "weighted, the mean over trials is the cross section" if self.weighted else "unweighted"
        return [
            f"channel: {self.channel}",
            f"target: {self.target}",
            f"events: {kind}",
            f"cross section of the spectra: {self.cross_section:.10g} fb per nucleus or formula unit",
            *(f"{key}: {value}" for key, value in self.details.items()),
            *self.origin,
        ]


@dataclass(frozen=True)
class Estimate:
    """What is known of a sample after some of its events.

    Attributes
    ----------
    cross_section, error : float
        In fb per nucleus or formula unit, of the events in the file, estimated from them; standard deviation.
    trials : int
        Points that were tried.
    accepted : int
        Events in the file.
    largest_weight : float
        In fb.
    largest_energy : float
        Of the beam so far, in GeV.
    """

    cross_section: float = 0.0
    error: float = 0.0
    trials: int = 0
    accepted: int = 0
    largest_weight: float = 0.0
    largest_energy: float = 0.0

    @property
    def relative_error(self) -> float:
        """Standard deviation divided by the cross section."""
        return self.error / self.cross_section if self.cross_section else np.inf
