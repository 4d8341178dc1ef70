"""Laws that every sample of events obeys, and the generator against the grids it has the cross sections of."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from recast.channels import Channel, all_channels
from recast.constants import LEPTON_MASS
from recast.events.events import Events, couplings_at
from recast.events.generator import EventGenerator
from recast.flux import Flux, load_flux
from recast.interactions import U1Mediator
from recast.spectrum import COMPONENTS, Component, cross_sections, load_spectrum
from recast.trident.targets import nuclei

MUONS = "numu_numu_mu-mu+"
LIGHT = U1Mediator({"mu": 1.0, "tau": -1.0}, mass=0.01, coupling=1e-3)

# Neutrinos from below every threshold up to 1 TeV, as many in each decade.
EDGES = np.geomspace(0.002, 1000.0, 115)


def wide_flux(neutrino: str) -> Flux:
    return Flux("wide", neutrino, "histogram", EDGES, 1.0 / EDGES[1:], "1/GeV")


def check_conservation(events: Events) -> None:
    """Every component of the momentum, and every mass, to 1e-9 of the energy of the neutrino."""
    energy = events.beam[:, 0]
    assert np.all(np.isfinite(events.momenta))
    assert np.all(energy > 0)
    np.testing.assert_array_equal(events.beam, np.stack([energy, 0 * energy, 0 * energy, energy], axis=1))
    np.testing.assert_array_equal(events.at_rest[:, 1:], 0.0)
    before = events.beam + events.at_rest
    after = events.neutrino + events.minus + events.plus + events.recoil
    assert np.max(np.abs(after - before) / energy[:, None]) < 1e-9
    masses = {"proton": 0.93827208816, "neutron": 0.93956542052} | {n.name: n.mass for n in nuclei().values()}
    hit = np.array([masses[name] for name in events.scatterers])[events.scatterer]
    np.testing.assert_allclose(events.at_rest[:, 0], hit, rtol=1e-12)
    channel = events.channel
    expected = (0.0, LEPTON_MASS[channel.minus], LEPTON_MASS[channel.plus], hit)
    for particle, mass in zip((events.neutrino, events.minus, events.plus, events.recoil), expected, strict=True):
        shell = np.sqrt(np.sum(particle[:, 1:] ** 2, axis=1) + mass**2)
        np.testing.assert_allclose(particle[:, 0], shell, rtol=1e-9)


def check_wide(channel: Channel) -> None:
    events = EventGenerator(channel, "Ar40", wide_flux(channel.neutrino)).weighted(20_000)
    events = events[events.weight > 0]
    assert events.beam[:, 0].max() > 900
    check_conservation(events)


@pytest.mark.parametrize("channel", ["nue_nue_e-e+", "nuebar_nutaubar_tau-e+"])
def test_conservation_and_mass_shells(channel):
    check_wide(Channel.parse(channel))


@pytest.mark.slow
@pytest.mark.parametrize("channel", all_channels(), ids=str)
def test_conservation_and_mass_shells_of_all_channels(channel):
    check_wide(channel)


@pytest.mark.slow
@settings(max_examples=60)
@given(
    channel=st.sampled_from(all_channels()),
    place=st.floats(0.0, 1.0),
    target=st.sampled_from(["Ar40", "C12", "Pb208", "SiO2"]),
    component=st.sampled_from(["coherent", "proton", "neutron"]),
    unweighted=st.booleans(),
)
def test_conservation_at_any_energy(channel, place, target, component, unweighted):
    lowest = 1.05 * channel.threshold_mass * (1 + channel.threshold_mass / 2)
    if component == "coherent" and "tau" in channel.mass_pair:
        lowest = 50.0  # nuclei do not stay whole below
    energy = lowest * (1000 / lowest) ** place
    generator = EventGenerator(channel, target, energy, component=component)
    check_conservation(generator.unweighted(100) if unweighted else generator.weighted(500))


def windows(x: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Smooth overlapping functions of a variable, shape (m, n), which sum to one everywhere."""
    place = np.clip((x - centres[0]) / (centres[1] - centres[0]), 0, len(centres) - 1)
    distance = np.minimum(np.abs(place - np.arange(len(centres))[:, None]), 1)
    return np.asarray(np.cos(np.pi / 2 * distance) ** 2)


def in_windows(functions: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and their covariance of weights (n,) times functions (m, n)."""
    values = functions * weights
    return values.mean(axis=1), np.atleast_2d(np.cov(values)) / len(weights)


def probability(mean: np.ndarray, covariance: np.ndarray, exact: np.ndarray) -> float:
    difference = mean - exact
    return float(stats.chi2.sf(difference @ np.linalg.solve(covariance, difference), len(mean)))


@cache
def weighted(channel: str, target: str, beam: str | float, component: Component = "total",
             interaction: U1Mediator | None = None, *, n: int = 50_000, seed: int = 5) -> Events:  # fmt: skip
    return EventGenerator(channel, target, beam, interaction=interaction, component=component, seed=seed).weighted(n)


def k2_centres(spectrum, m: int) -> np.ndarray:
    """Centres in ln(K2 + 1e-8 GeV^2) between which most of the cross section lies."""
    x = np.log(spectrum.momentum_transfer + 1e-8)
    share = np.cumsum(spectrum.vv + spectrum.aa) / (spectrum.vv + spectrum.aa).sum()
    return np.linspace(*np.interp([0.02, 0.98], share, x), m)


def exact_k2(spectrum, channel: Channel, interaction, functions: np.ndarray) -> np.ndarray:
    gv, ga = couplings_at(channel, spectrum.momentum_transfer, interaction)
    return np.asarray(functions @ (spectrum.vv * gv**2 + spectrum.aa * ga**2 + spectrum.va * gv * ga))


SAMPLES = {
    "argon": (MUONS, "Ar40", 5.0, "coherent", None),
    "light": (MUONS, "Ar40", 5.0, "coherent", LIGHT),
    "mue": ("numubar_nuebar_e-mu+", "Ar40", 3.0, "total", None),
    "dune": (MUONS, "Ar40", "dune_nd_standard_fhc", "total", None),
    "dune_ee": ("nue_nue_e-e+", "Ar40", "dune_nd_standard_fhc", "coherent", None),
    "glass": ("numubar_numubar_mu-mu+", "SiO2", "charm_ii_antineutrino_numubar", "total", LIGHT),
}


def probabilities(name: str, *, seeds: int, n: int, unweighted: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """chi-squared probabilities of total and dsigma/dK2 of one sample for every seed, shape (seeds,) each."""
    channel, target, beam, component, interaction = SAMPLES[name]
    spectrum = load_spectrum(channel, target, beam, component=component)
    parsed = Channel.parse(channel)
    centres = k2_centres(spectrum, 8)
    exact = exact_k2(spectrum, parsed, interaction, windows(np.log(spectrum.momentum_transfer + 1e-8), centres))
    totals, shapes = np.empty(seeds), np.empty(seeds)
    first = None
    for seed in range(seeds):
        generator = EventGenerator(channel, target, beam, interaction=interaction, component=component, seed=seed)
        first = first or generator
        # the tables that trials are drawn from are the same for every seed, and take the longest
        generator.__dict__["_sources"] = first._sources
        events = generator.unweighted(n) if unweighted else generator.weighted(n)
        assert generator.cross_section == pytest.approx(exact.sum(), rel=1e-9)
        mean, covariance = in_windows(windows(np.log(events.k2 + 1e-8), centres), events.weight)
        if unweighted:  # the total is one by definition, and the last window what the others leave
            shapes[seed] = probability(mean[:-1], covariance[:-1, :-1], exact[:-1] / exact.sum())
        else:
            shapes[seed] = probability(mean, covariance, exact)
            totals[seed] = probability(mean.sum(keepdims=True), covariance.sum(keepdims=True), exact.sum(keepdims=True))
    return totals, shapes


def test_chi_squared_over_seeds():
    """Total and dsigma/dK2 of weighted samples are off by as much as chance has it, over a hundred seeds."""
    totals, shapes = probabilities("argon", seeds=100, n=1000)
    assert stats.kstest(totals, "uniform").pvalue > 1e-3
    assert stats.kstest(shapes, "uniform").pvalue > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("unweighted", [False, True], ids=["weighted", "unweighted"])
@pytest.mark.parametrize("name", SAMPLES)
def test_chi_squared_of_large_samples_over_seeds(name, unweighted):
    totals, shapes = probabilities(name, seeds=100, n=20_000, unweighted=unweighted)
    assert stats.kstest(shapes, "uniform").pvalue > 1e-3
    if not unweighted:
        assert stats.kstest(totals, "uniform").pvalue > 1e-3


@pytest.mark.parametrize("name", ["argon", "light", pytest.param("mue", marks=pytest.mark.slow),
                                  pytest.param("glass", marks=pytest.mark.slow)])  # fmt: skip
def test_structures_are_those_of_the_grid(name):
    """S_VV, S_AA and S_VA(K2), each on its own, from the same events."""
    channel, target, beam, component, interaction = SAMPLES[name]
    spectrum = load_spectrum(channel, target, beam, component=component)
    centres = k2_centres(spectrum, 6)
    events = weighted(channel, target, beam, component, interaction)
    functions = windows(np.log(events.k2 + 1e-8), centres)
    on_nodes = windows(np.log(spectrum.momentum_transfer + 1e-8), centres)
    for contributions, exact in zip(events.structures, (spectrum.vv, spectrum.aa, spectrum.va), strict=True):
        mean, covariance = in_windows(functions, contributions)
        assert probability(mean, covariance, on_nodes @ exact) > 1e-4


@pytest.mark.parametrize(("name", "n"), [("dune", 50_000), pytest.param("glass", 1_000_000, marks=pytest.mark.slow)])
def test_energies_and_scatterers(name, n):
    """The energies of the neutrinos that interact, and what they hit."""
    channel, target, beam, component, _ = SAMPLES[name]
    parsed = Channel.parse(channel)
    events = weighted(channel, target, beam, component, n=n, seed=6)
    energies, weights = load_flux(beam, neutrino=parsed.neutrino).quadrature()
    gv, ga = couplings_at(parsed, np.zeros(1))
    couplings = np.array([gv[0] ** 2, ga[0] ** 2, gv[0] * ga[0]])
    total = 0.0
    parts: tuple[Component, ...] = ("coherent", "proton", "neutron")
    for part in parts:
        rates = weights / weights.sum() * (cross_sections(channel, target, energies, component=part) @ couplings)
        cumulative = np.cumsum(rates) / rates.sum()
        centres = np.linspace(*np.log(np.interp([0.01, 0.99], cumulative, energies)), 7)
        chosen = events.coherent if part == "coherent" else np.array(events.scatterers)[events.scatterer] == part
        mean, covariance = in_windows(windows(np.log(events.beam[:, 0]), centres), events.weight * chosen)
        assert probability(mean, covariance, windows(np.log(energies), centres) @ rates) > 1e-4
        total += rates.sum()
    assert total == pytest.approx(EventGenerator(channel, target, beam, component=component).cross_section, rel=1e-9)


# Threshold factors: proposals are coarse there, above all for leptons of different masses.
NEAR_THRESHOLD = [
    ("numu_nue_mu-e+", "proton", 1.3),
    ("nuebar_numubar_mu-e+", "coherent", 1.3),
    ("numu_nue_mu-e+", "neutron", 1.3),
    ("numu_nue_mu-e+", "coherent", 1.1),
    ("numu_numu_mu-mu+", "coherent", 1.05),
    ("nue_nue_e-e+", "proton", 1.05),
    ("nue_nutau_e-tau+", "proton", 1.3),
    ("nutau_numu_tau-mu+", "neutron", 1.3),
    ("numu_numu_tau-tau+", "proton", 1.1),
]


def check_near_threshold(channel: str, component: Component, factor: float, n: int) -> None:
    pair = Channel.parse(channel).threshold_mass
    mass = 37.2 if component == "coherent" else 0.939
    energy = factor * pair * (1 + pair / (2 * mass))
    generator = EventGenerator(channel, "Ar40", energy, component=component, seed=14)
    weights = generator.weighted(n).weight
    error = weights.std() / math.sqrt(n)
    assert error < 4 / math.sqrt(n) * generator.cross_section
    assert abs(weights.mean() - generator.cross_section) < 4 * error


def test_total_near_threshold():
    check_near_threshold(*NEAR_THRESHOLD[0], n=50_000)


@pytest.mark.slow
@pytest.mark.parametrize(("channel", "component", "factor"), NEAR_THRESHOLD)
def test_totals_of_large_samples_near_threshold(channel, component, factor):
    check_near_threshold(channel, component, factor, n=500_000)


def test_unweighted_events_have_the_scatterers_of_the_components():
    n = 20_000
    events = EventGenerator(MUONS, "Ar40", 3.0, seed=2).unweighted(n)
    assert len(events) == n
    np.testing.assert_array_equal(events.weight, 1.0)
    found = np.bincount(events.scatterer, minlength=3)
    expected = []
    for name in events.scatterers:
        part: Component = "coherent" if name == "Ar40" else "proton" if name == "proton" else "neutron"
        expected.append(EventGenerator(MUONS, "Ar40", 3.0, component=part).cross_section)
    assert stats.chisquare(found, n * np.array(expected) / sum(expected)).pvalue > 1e-3


def sharing(events: Events) -> np.ndarray:
    """Share of l- in the energy of the pair."""
    return np.asarray(events.minus[:, 0] / (events.minus[:, 0] + events.plus[:, 0]))


def cosine(particle: np.ndarray) -> np.ndarray:
    return np.asarray(particle[:, 3] / np.linalg.norm(particle[:, 1:], axis=1))


@pytest.mark.parametrize("channel", [MUONS, pytest.param("nue_nue_e-e+", marks=pytest.mark.slow)])
def test_exchange_of_the_charges_flips_va(channel):
    """With leptons of one mass vv and aa are even, va is odd."""
    events = weighted(channel, "Ar40", 5.0)
    x = sharing(events)
    vv, aa, va = events.structures
    odd = np.stack([2 * x - 1, (2 * x - 1) ** 3, cosine(events.minus) - cosine(events.plus)])
    even = np.stack([np.ones_like(x), (2 * x - 1) ** 2, cosine(events.minus) * cosine(events.plus)])
    for part, functions in ((vv, odd), (aa, odd), (va, even)):
        mean, covariance = in_windows(functions, part)
        assert np.all(np.abs(mean) < 4 * np.sqrt(np.diag(covariance)))
    mean, covariance = in_windows(odd, va)
    assert np.abs(mean[0]) > 10 * np.sqrt(covariance[0, 0])


def check_conjugates(channel: Channel, n: int) -> None:
    """A channel and its CP conjugate are the same but for the names of the charged leptons."""
    first = EventGenerator(channel, "Ar40", 2.0, seed=11)
    second = EventGenerator(channel.conjugate, "Ar40", 2.0, seed=12)
    assert first.cross_section == pytest.approx(second.cross_section, rel=1e-12)
    one, other = first.weighted(n), second.weighted(n)
    quantities = (
        (one.minus[:, 0], other.plus[:, 0]),
        (one.plus[:, 0], other.minus[:, 0]),
        (cosine(one.minus), cosine(other.plus)),
        (cosine(one.plus), cosine(other.minus)),
        (one.neutrino[:, 0], other.neutrino[:, 0]),
    )
    for ours, theirs in quantities:
        edges = np.quantile(ours, np.linspace(0, 1, 9)[1:-1])
        bins = [np.eye(8)[:, np.searchsorted(edges, values)] for values in (ours, theirs)]
        mean, covariance = in_windows(bins[0], one.weight)
        again, more = in_windows(bins[1], other.weight)
        assert probability(mean, covariance + more, again) > 1e-4


def test_conjugate_channels_exchange_the_charged_leptons():
    check_conjugates(Channel.parse("nue_numu_e-mu+"), 20_000)


@pytest.mark.slow
@pytest.mark.parametrize("channel", [MUONS, "numu_nue_mu-e+", "nue_numu_e-mu+", "numu_numu_e-e+"])
def test_conjugate_channels_in_large_samples(channel):
    check_conjugates(Channel.parse(channel), 500_000)


@pytest.mark.parametrize("n", [50_000, pytest.param(1_000_000, marks=pytest.mark.slow)])
def test_weights_of_another_model_are_those_of_its_own_events(n):
    """Events of the Standard Model weighed for a light mediator, and the other way round."""
    for own, other in ((None, LIGHT), (LIGHT, None)):
        events = weighted(MUONS, "Ar40", 5.0, "coherent", own, n=n)
        exact = EventGenerator(MUONS, "Ar40", 5.0, component="coherent", interaction=other).cross_section
        weights = events.weights_for(other)
        error = weights.std() / math.sqrt(n)
        assert error < 15 / math.sqrt(n) * exact
        assert abs(weights.mean() - exact) < 4 * error


def test_azimuth_of_the_event_is_uniform():
    events = weighted(MUONS, "Ar40", 5.0)
    for particle in (events.recoil, events.minus, events.neutrino):
        angle = np.arctan2(particle[:, 2], particle[:, 1])
        assert stats.kstest(angle, "uniform", args=(-math.pi, 2 * math.pi)).pvalue > 1e-3


def test_components_add_up():
    cross_section = {name: EventGenerator(MUONS, "Ar40", 5.0, component=name).cross_section for name in COMPONENTS}
    parts = cross_section["coherent"] + cross_section["proton"] + cross_section["neutron"]
    assert cross_section["total"] == pytest.approx(parts, rel=1e-12)
    assert cross_section["incoherent"] == pytest.approx(parts - cross_section["coherent"], rel=1e-12)
