"""Generated events against the independent Monte Carlo: distributions, and the squared amplitude event by event.

Distributions are compared bin by bin in fb, so that shape and size are tested together, with the covariance of both
estimates. The quick set has bins of a twelfth of the cross section known to two or three per cent; the slow one bins of
a thirtieth known to one, and all correlations of two quantities.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import combinations
from zlib import crc32

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from recast.channels import Channel
from recast.events.events import Events
from recast.events.generator import EventGenerator
from recast.flux import Flux
from recast.interactions import U1Mediator

from . import monte_carlo as mc

# Couplings by hand, as far as the process goes: neutral current, charged current or both.
NEUTRAL = (-1 + 4 * mc.SIN2_THETA_W, 1.0)
CHARGED = (2.0, -2.0)
BOTH = (1 + 4 * mc.SIN2_THETA_W, -1.0)


@dataclass(frozen=True)
class Case:
    """One process at one energy; multiplicity is how often the target stands in the nucleus."""

    channel: str
    target: mc.Target
    energy: float
    couplings: tuple[float, float]
    nucleus: str = "Ar40"
    component: str = "coherent"
    multiplicity: int = 1
    mediator: tuple[float, float] | None = None  # (g', m in GeV), L_mu - L_tau with muon neutrinos and muons

    @property
    def parsed(self) -> Channel:
        return Channel.parse(self.channel)

    @property
    def masses(self) -> tuple[float, float]:
        by_flavour = {"e": mc.ELECTRON, "mu": mc.MUON, "tau": mc.TAU}
        return by_flavour[self.parsed.minus], by_flavour[self.parsed.plus]

    @property
    def at(self) -> mc.Couplings:
        if self.mediator is None:
            return mc.constant(*self.couplings)
        coupling, mass = self.mediator
        return mc.with_mediator(*self.couplings, coupling=coupling, mass=mass)

    def generator(self, seed: int) -> EventGenerator:
        interaction = None
        if self.mediator is not None:
            coupling, mass = self.mediator
            interaction = U1Mediator({"mu": 1.0, "tau": -1.0}, mass=mass, coupling=coupling)
        return EventGenerator(self.channel, self.nucleus, self.energy, interaction=interaction,
                              component=self.component, seed=seed)  # fmt: skip

    def monte_carlo(self, n: int, seed: int) -> mc.Sample:
        found = mc.sample(self.target, energy=self.energy, mass_minus=self.masses[0], mass_plus=self.masses[1],
                          couplings=self.at, n=n, antineutrino=self.parsed.antineutrino, seed=seed)  # fmt: skip
        return mc.Sample(found.quantities, found.pieces * self.multiplicity)


CASES = {
    "argon": Case("numu_numu_mu-mu+", mc.ARGON, 5.0, BOTH),
    "argon_20": Case("numu_numu_mu-mu+", mc.ARGON, 20.0, BOTH),
    "antineutrino": Case("numubar_numubar_mu-mu+", mc.ARGON, 5.0, BOTH),
    "light_mediator": Case("numu_numu_mu-mu+", mc.ARGON, 5.0, BOTH, mediator=(1e-3, 0.01)),
    "mu-e+": Case("numu_nue_mu-e+", mc.ARGON, 5.0, CHARGED),
    "e-mu+": Case("nue_numu_e-mu+", mc.ARGON, 5.0, CHARGED),
    "e-mu+_antineutrino": Case("numubar_nuebar_e-mu+", mc.ARGON, 5.0, CHARGED),
    "ee_neutral": Case("numu_numu_e-e+", mc.ARGON, 5.0, NEUTRAL),
    "ee_both": Case("nue_nue_e-e+", mc.ARGON, 2.0, BOTH),
    "proton": Case("numu_numu_mu-mu+", mc.BOUND_PROTON, 5.0, BOTH, component="proton", multiplicity=18),
    "proton_mu-e+": Case("numu_nue_mu-e+", mc.BOUND_PROTON, 3.0, CHARGED, component="proton", multiplicity=18),
    "neutron": Case("numu_numu_mu-mu+", mc.BOUND_NEUTRON, 5.0, BOTH, component="neutron", multiplicity=22),
    "iron": Case("numu_numu_mu-mu+", mc.IRON, 100.0, BOTH, nucleus="Fe56"),
    "tau": Case("numu_nutau_mu-tau+", mc.BOUND_PROTON, 30.0, CHARGED, component="proton", multiplicity=18),
}  # fmt: skip
QUICK = ["argon", "light_mediator", "e-mu+_antineutrino", "ee_both", "proton"]

Indices = NDArray[np.intp]

# A quantity fails when chance would do so once in this many times; all seeds are fixed.
UNLIKELY = 1e-4


def masses_of(events: Events) -> tuple[float, float]:
    return Case(str(events.channel), mc.ARGON, 0.0, BOTH).masses


def kinematics(events: Events) -> dict[str, mc.Floats]:
    """The quantities of `monte_carlo.kinematics`, from the four-momenta alone."""
    minus, plus = masses_of(events)
    return mc.kinematics(events.beam, events.neutrino, events.minus, events.plus, events.recoil,
                         mass=events.at_rest[:, 0], mass_minus=minus, mass_plus=plus)  # fmt: skip


@lru_cache(maxsize=2)
def expected(case: Case, n: int) -> tuple[mc.Sample, mc.Sample]:
    """A large sample to compare with, and a small one that says where to put the bins."""
    # seeds of their own, lest one fluctuation be seen everywhere
    own = crc32(repr(case.channel).encode()) + int(10 * case.energy)
    return case.monte_carlo(n, seed=own), case.monte_carlo(8192, seed=own + 1)


@lru_cache(maxsize=1)
def generator_of(case: Case) -> EventGenerator:
    return case.generator(seed=3)


def generated(case: Case, n: int, *, unweighted: bool) -> tuple[dict[str, mc.Floats], mc.Floats]:
    """Quantities and weights (n,), the mean of which is the cross section in fb."""
    generator = generator_of(case)
    events = generator.unweighted(n) if unweighted else generator.weighted(n)
    return kinematics(events), events.weight * (generator.cross_section if unweighted else 1.0)


def binned(case: Case, samples: tuple[mc.Sample, mc.Sample], found: dict[str, mc.Floats], bins: int
           ) -> dict[str, tuple[Indices, Indices]]:  # fmt: skip
    """Numbers of the bins of generated and of expected events in every quantity."""
    sample, pilot = samples
    numbers = {}
    for name, values in found.items():
        edges = mc.equal_shares(pilot.quantities[name], pilot.weights(case.at), bins)
        numbers[name] = np.searchsorted(edges, values), np.searchsorted(edges, sample.quantities[name])
    return numbers


def probability(numbers: tuple[Indices, Indices], bins: int, weights: mc.Floats, expected: mc.Floats) -> float:
    """Probability of a larger distance between two histograms of weighted events."""
    ours = mc.histogram(numbers[0], weights, bins)
    theirs = mc.histogram(numbers[1], expected, bins)
    # bins that kinematics hardly allows hold too few events for their errors to be known
    filled = theirs.mean > 0.02 * theirs.mean.sum() / bins
    ours, theirs = (mc.Histogram(h.mean[filled], h.covariance[np.ix_(filled, filled)]) for h in (ours, theirs))
    return float(stats.chi2.sf(mc.chi_squared(ours, theirs), filled.sum()))


def unlikely(probabilities: dict[str, float], limit: float) -> dict[str, str]:
    return {name: f"{p:.1e}" for name, p in probabilities.items() if not p > limit}


@pytest.mark.parametrize("name", QUICK)
def test_distributions(name):
    case = CASES[name]
    samples = expected(case, 20_000)
    for unweighted in (False, True):
        found, weights = generated(case, 40_000, unweighted=unweighted)
        numbers = binned(case, samples, found, 12)
        compare = partial(probability, bins=12, weights=weights, expected=samples[0].weights(case.at))
        assert not unlikely({quantity: compare(of_both) for quantity, of_both in numbers.items()}, UNLIKELY)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_distributions_and_correlations(name):
    case = CASES[name]
    samples = expected(case, 300_000)
    for unweighted in (False, True):
        found, weights = generated(case, 500_000, unweighted=unweighted)
        compare = partial(probability, weights=weights, expected=samples[0].weights(case.at))
        numbers = binned(case, samples, found, 30)
        assert not unlikely({quantity: compare(of_both, 30) for quantity, of_both in numbers.items()}, UNLIKELY)
        pairs = {}
        for (a, first), (b, second) in combinations(binned(case, samples, found, 6).items(), 2):
            of_both = (6 * first[0] + second[0], 6 * first[1] + second[1])
            pairs[f"{a}, {b}"] = compare(of_both, 36)
        assert not unlikely(pairs, UNLIKELY / 10)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["argon", "mu-e+", "proton"])
def test_distributions_with_a_flux(name):
    """Neutrinos of 2 to 4 GeV, and half as many per GeV of 4 to 8 GeV: what they do together, energy aside."""
    edges, heights = np.array([2.0, 4.0, 8.0]), np.array([1.0, 0.5])
    nodes, shares = np.polynomial.legendre.leggauss(4)
    parts = []
    for low, high, height in zip(edges[:-1], edges[1:], heights, strict=True):
        for node, share in zip(nodes, shares, strict=True):
            case = replace(CASES[name], energy=low + (high - low) * (node + 1) / 2)
            part = case.monte_carlo(40_000, seed=int(1000 * case.energy))
            factor = 8 * height * (high - low) * share / 2 / float(heights @ np.diff(edges))
            parts.append(mc.Sample(part.quantities, part.pieces * factor))
    sample = mc.Sample(
        {key: np.concatenate([part.quantities[key] for part in parts]) for key in parts[0].quantities},
        np.concatenate([part.pieces for part in parts], axis=1),
    )
    case = CASES[name]
    flux = Flux("two bins", case.parsed.neutrino, "histogram", edges, heights, "1/GeV")
    events = EventGenerator(case.channel, case.nucleus, flux, component=case.component, seed=3).weighted(300_000)
    numbers = binned(case, (sample, sample), kinematics(events), 20)
    compare = partial(probability, bins=20, weights=events.weight, expected=sample.weights(case.at))
    assert not unlikely({quantity: compare(of_both) for quantity, of_both in numbers.items()}, UNLIKELY)


def explicit(events: Events) -> mc.Floats:
    """vv, aa, va (3, n) of the squared matrix element in any unit, from traces of gamma matrices."""
    mass = events.at_rest[:, 0]
    momentum = -events.recoil[:, 1:]
    # from the momentum, because the kinetic energy of a nucleus is the small difference of large numbers
    p2 = np.sum(momentum**2, axis=1)
    kinetic = p2 / (np.sqrt(p2 + mass**2) + mass)
    q = np.concatenate([-kinetic[:, None], momentum], axis=1)
    event = mc.Event(events.beam, events.neutrino, events.minus, events.plus, q, events.at_rest, events.at_rest - q,
                     np.ones(len(events)))  # fmt: skip
    targets = {"Ar40": mc.ARGON, "Fe56": mc.IRON, "proton": mc.BOUND_PROTON, "neutron": mc.BOUND_NEUTRON}
    pieces = np.empty((3, len(events)))
    for number, name in enumerate(events.scatterers):
        of_this = events.scatterer == number
        part = mc.Event(*(getattr(event, field)[of_this] for field in mc.Event.__dataclass_fields__))
        antineutrino = events.channel.antineutrino
        pieces[:, of_this] = mc.differential(part, targets[name], *masses_of(events), antineutrino=antineutrino)
    return pieces


ENERGIES = {  # moderate ones: the traces cancel by up to (E/m)^2 in the laboratory
    "numu_numu_mu-mu+": 1.0,
    "numubar_nuebar_e-mu+": 1.0,
    "nue_nue_e-e+": 0.1,
    "numubar_numubar_mu-mu+": 5.0,
    "numu_nue_mu-e+": 1.0,
    "nue_numu_e-mu+": 1.0,
    "nuebar_numubar_mu-e+": 1.0,
    "numubar_numubar_e-e+": 0.1,
    "numu_nutau_mu-tau+": 20.0,
    "nutaubar_nuebar_e-tau+": 20.0,
}


@pytest.mark.parametrize(
    "channel",
    [pytest.param(name, marks=[pytest.mark.slow] if i > 2 else []) for i, name in enumerate(ENERGIES)],
)
def test_structures_are_those_of_the_matrix_element(channel):
    """Event by event, vv : aa : va are what traces give at the same momenta."""
    events = EventGenerator(channel, "Ar40", ENERGIES[channel], seed=4).weighted(2000)
    events = events[events.weight > 0]
    assert len(events) > 200
    found, wanted = (s / (s[0] + s[1]) for s in (events.structures, explicit(events)))
    np.testing.assert_allclose(found, wanted, atol=1e-7)
    quantities = kinematics(events)
    np.testing.assert_allclose(events.k2, quantities["k2"], rtol=1e-9)
    np.testing.assert_allclose(events.q2, quantities["q2"], rtol=1e-9)
