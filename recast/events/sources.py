"""What can be hit, and how trials on it weigh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recast.channels import Channel
from recast.constants import LEPTON_MASS, ElectroweakInputs
from recast.errors import unknown
from recast.events.beam import BeamEnergy
from recast.events.pair_proposal import Couplings, PairProposal
from recast.events.proposal import ScattererProposal, Trials
from recast.flux import Flux
from recast.spectrum import COMPONENTS, Component
from recast.trident.form_factors import KINDS, NUCLEON_KINDS
from recast.trident.kinematics import q2_limits, s_l_reach
from recast.trident.spectra import Scatterer, nuclear_scatterer, nucleon_scatterer
from recast.trident.structure import NodeCounts, build_table
from recast.trident.targets import Target

__all__ = ["BATCH", "Source", "is_open", "open_sources", "scatterers_of"]

Array = NDArray[np.float64]

# Nodes of the structure functions that trials are drawn with: good to a few per cent, built in half a second.
_COUNTS = NodeCounts(18, 9, 36, -12)

#: Trials evaluated together: their arrays stay in the cache of a core.
BATCH = 8192

# Trials that find the largest weight, and the share of the cross section that may lie above it.
_PILOT = 4 * BATCH
_OVERWEIGHT = 1e-4

# Closer to a threshold phase space cannot be told from a point; nothing happens there.
_MARGIN = 1e-6


class Source:
    """One scatterer with its trials.

    Attributes
    ----------
    scatterer : Scatterer
    mean : float
        Estimated cross section in fb.
    ceiling : float
        Weight in fb beyond which no more than a ten thousandth of the cross section lies.
    """

    def __init__(self, scatterer: Scatterer, proposal: ScattererProposal, seed: np.random.SeedSequence) -> None:
        self.scatterer, self._proposal = scatterer, proposal
        rng = np.random.default_rng(seed)
        weight = np.concatenate([self.trials(rng, BATCH).weight for _ in range(_PILOT // BATCH)])
        weight = np.sort(weight)[::-1]
        self.mean = float(weight.mean())
        excess = np.cumsum(weight) - weight * np.arange(1, weight.size + 1)
        beyond = int(np.searchsorted(excess, _OVERWEIGHT * weight.sum()))
        self.ceiling = float(weight[min(beyond, weight.size - 1)])

    def trials(self, rng: np.random.Generator, n: int) -> Trials:
        """Return n trials."""
        return self._proposal.draw(rng.random((6, n)))


def is_open(energy: float, threshold: float) -> bool:
    """Return whether neutrinos up to an energy make events above a threshold, both in GeV."""
    return energy > threshold * (1.0 + _MARGIN)


def scatterers_of(target: Target, component: Component, form_factor: str | None) -> list[tuple[Scatterer, float]]:
    """List what a component hits, with how often it stands in a formula unit.

    Parameters
    ----------
    target : Target
    component : str
        A key of `recast.spectrum.COMPONENTS`.
    form_factor : str, optional
        Of the nuclei; ``dipole`` is that of the nucleons.

    Raises
    ------
    UnknownNameError
        Unknown form factor, even where no nucleus is hit.
    """
    kinds = (*KINDS, *NUCLEON_KINDS)
    if form_factor is not None and form_factor not in kinds:
        raise unknown("form factor", form_factor, kinds)
    found: list[tuple[Scatterer, float]] = []
    for part in COMPONENTS[component]:
        if part == "coherent":
            found += [(nuclear_scatterer(nucleus, form_factor), float(n)) for nucleus, n in target.constituents]
            continue
        neutral = part == "neutron"
        number = sum(n * (nucleus.neutrons if neutral else nucleus.protons) for nucleus, n in target.constituents)
        kind = "dipole" if form_factor == "dipole" else "rational"
        found.append((nucleon_scatterer(part, kind), float(number)))
    return found


def open_sources(
    channel: Channel,
    scatterers: list[tuple[Scatterer, float]],
    flux: Flux,
    couplings: Couplings,
    inputs: ElectroweakInputs,
    seed: int,
) -> list[Source]:
    """Build the tables of the scatterers that a flux can make events on.

    Parameters
    ----------
    channel : Channel
    scatterers : list of (Scatterer, float)
        With their numbers.
    flux : Flux
    couplings : callable
        From K2 in GeV^2 to gV and gA.
    inputs : ElectroweakInputs
        alpha and G_F.
    seed : int
        Of the trials that find the largest weights.
    """
    minus, plus = LEPTON_MASS[channel.minus], LEPTON_MASS[channel.plus]
    found = []
    for scatterer, number in scatterers:
        threshold = scatterer.threshold(minus + plus)
        beam = BeamEnergy(flux, threshold)
        if is_open(beam.highest, threshold) and number > 0.0:
            found.append((scatterer, number, beam))
    reach = max(s_l_reach(beam.highest, scatterer.mass, scatterer.q2_cut) for scatterer, _, beam in found)
    threshold2 = np.array([(minus + plus) ** 2])
    limits = [q2_limits(beam.highest, scatterer.mass, threshold2) for scatterer, _, beam in found]
    q2_min = min(float(low[0]) for low, _ in limits)
    cuts = [scatterer.q2_cut for scatterer, *_ in found]
    q2_max = max(min(cut, float(high[0])) for cut, (_, high) in zip(cuts, limits, strict=True))
    table = build_table(minus, plus, s_max=reach * (1.0 + 1e-9), q2_max=q2_max, counts=_COUNTS)
    pair = PairProposal(table, couplings, -1 if channel.antineutrino else 1, q2_min)
    seeds = np.random.SeedSequence(seed, spawn_key=(1,)).spawn(len(found))
    sources = [
        Source(scatterer, ScattererProposal(scatterer, number, beam, pair, inputs), child)
        for (scatterer, number, beam), child in zip(found, seeds, strict=True)
    ]
    return [source for source in sources if source.mean > 0.0]
