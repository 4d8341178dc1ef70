"""The generator's promises: proportions, unit weights, seeds, models, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from recast.channels import Channel
from recast.constants import MUON_MASS
from recast.errors import FluxError, OutOfRangeError, RecastError, UnknownNameError
from recast.events.events import Events
from recast.events.generator import EventGenerator
from recast.events.sampling import PiecewiseLinear
from recast.flux import Flux, load_flux
from recast.interactions import U1Mediator
from recast.spectrum import load_spectrum
from recast.trident.spectra import nuclear_scatterer
from recast.trident.targets import nuclei

CHANNEL = "numu_numu_mu-mu+"


def lmu_ltau(mass: float, coupling: float) -> U1Mediator:
    return U1Mediator({"mu": 1.0, "tau": -1.0}, mass=mass, coupling=coupling)


def histogram(energies: list[float], heights: list[float]) -> Flux:
    return Flux("own", "numu", "histogram", np.array(energies), np.array(heights), "1/GeV")


@pytest.fixture(scope="module")
def argon() -> EventGenerator:
    return EventGenerator(CHANNEL, "Ar40", "dune_nd_standard_fhc", seed=3)


@pytest.fixture(scope="module")
def sample(argon) -> Events:
    return argon.unweighted(40_000)


def test_unweighted_events_weigh_one_and_most_trials_are_kept(argon, sample):
    assert np.all(sample.weight == 1.0)
    report = argon.report
    assert report.efficiency > 0.2
    assert report.overweight < 1e-3
    assert abs(report.cross_section - report.expected) < 4 * report.error
    assert report.error < 0.005 * report.expected


def test_scatterers_come_in_the_proportions_of_the_grids(sample):
    shares = {}
    for part in ("coherent", "proton", "neutron"):
        spectrum = load_spectrum(CHANNEL, "Ar40", "dune_nd_standard_fhc", component=part)
        shares[part] = float(spectrum.cross_section(1.0 + 4.0 * 0.23129, -1.0))
    total = sum(shares.values())
    for part, name in (("coherent", "Ar40"), ("proton", "proton"), ("neutron", "neutron")):
        expected = shares[part] / total
        found = float(np.mean(sample.scatterer == sample.scatterers.index(name)))
        assert abs(found - expected) < 4 * np.sqrt(expected * (1 - expected) / len(sample))


def test_neutrino_energies_follow_flux_times_cross_section(sample):
    flux = load_flux("dune_nd_standard_fhc", neutrino="numu")
    energy, weight = flux.quadrature()
    edges = np.array([0.2, 2.0, 4.0, 8.0, 16.0, 60.0])
    rate = np.zeros(len(energy))
    for i, e in enumerate(energy):
        if e < 60.0 and e > 0.25:
            spectrum = load_spectrum(CHANNEL, "Ar40", float(e), component="total")
            rate[i] = weight[i] * spectrum.cross_section(1.92516, -1.0)
    expected = np.histogram(energy, edges, weights=rate)[0]
    expected /= expected.sum()
    found = np.histogram(sample.beam[:, 0], edges)[0] / len(sample)
    assert np.all(np.abs(found - expected) < 4.5 * np.sqrt(expected / len(sample)) + 2e-3)


def test_a_seed_determines_the_events_and_the_size_of_chunks_does_not():
    one = EventGenerator(CHANNEL, "Ar40", 4.0, component="coherent", seed=11)
    other = EventGenerator(CHANNEL, "Ar40", 4.0, component="coherent", seed=11)
    first = one.unweighted(9_000)
    again = Events.joined(list(other.chunks(9_000, size=1_234)))
    assert np.array_equal(first.momenta, again.momenta)
    assert np.array_equal(first.structures, again.structures)
    assert not np.array_equal(one.unweighted(9_000).momenta, first.momenta)
    different = EventGenerator(CHANNEL, "Ar40", 4.0, component="coherent", seed=12).unweighted(9_000)
    assert not np.array_equal(different.momenta, first.momenta)


def test_tables_begin_at_the_smallest_virtuality_of_a_tau():
    generator = EventGenerator("nue_nutau_e-tau+", "Pb208", 30.0, seed=7)
    generator.unweighted(4_000)
    assert generator.report.efficiency > 0.33


def test_weights_average_to_the_cross_section(argon):
    events = argon.weighted(40_000)
    error = events.weight.std() / np.sqrt(len(events))
    assert abs(events.weight.mean() - argon.cross_section) < 4 * error
    assert np.allclose(events.weights_for(), events.weight, rtol=1e-12)


def test_events_of_the_standard_model_serve_a_light_boson():
    boson = lmu_ltau(0.1, 1.5e-3)
    plain = EventGenerator(CHANNEL, "Ar40", 3.0, component="coherent", seed=5).weighted(60_000)
    direct = EventGenerator(CHANNEL, "Ar40", 3.0, component="coherent", interaction=boson, seed=6)
    weights = plain.weights_for(boson)
    error = weights.std() / np.sqrt(len(plain))
    assert direct.cross_section > 1.05 * EventGenerator(CHANNEL, "Ar40", 3.0, component="coherent").cross_section
    assert abs(weights.mean() - direct.cross_section) < 4 * error
    events = direct.unweighted(20_000)
    mean, spread = np.log(events.k2).mean(), np.log(events.k2).std() / np.sqrt(len(events))
    expected = np.average(np.log(plain.k2), weights=weights)
    error = np.sqrt(np.sum((weights * (np.log(plain.k2) - expected)) ** 2)) / weights.sum()
    assert error < 0.05
    assert abs(mean - expected) < 4 * np.hypot(error, spread)


def test_the_neutron_hits_are_counted_in_compounds():
    events = EventGenerator(CHANNEL, "SiO2", 20.0, seed=1).unweighted(4_000)
    assert set(events.scatterers) == {"Si28", "O16", "proton", "neutron"}
    assert set(np.unique(events.scatterer)) == {0, 1, 2, 3}
    assert np.all(np.isin(events.pdg_ids[1], [1000140280, 1000080160, 2212, 2112]))


def test_parts_and_choices_of_events(sample):
    halves = Events.joined([sample[:100], sample[100:300]])
    assert np.array_equal(halves.momenta, sample[:300].momenta)
    soft = sample[sample.minus[:, 0] < 1.0]
    assert len(soft) < len(sample)
    assert np.all(soft.minus[:, 0] >= MUON_MASS)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        ((CHANNEL, "Ar40", 0.2), {}, OutOfRangeError, "is closed on Ar40: .* more than 0.211917 GeV, not of 0.2 GeV"),
        (("nutau_nutau_tau-tau+", "Fe56", 3.0), {}, OutOfRangeError, "needs neutrinos of more than"),
        ((CHANNEL, "Ar40", "dune_nowhere"), {}, RecastError, "dune_nowhere"),
        ((CHANNEL, "Ar40", -1.0), {}, OutOfRangeError, "positive"),
        ((CHANNEL, "Ar41", 3.0), {}, UnknownNameError, "Ar41"),
        (("numu_numu_mu-mu-", "Ar40", 3.0), {}, RecastError, "same charge"),
        ((CHANNEL, "Ar40", Flux.line(3.0, neutrino="numubar")), {}, FluxError, "numubar"),
        ((CHANNEL, "Ar40", 3.0), {"component": "quark"}, UnknownNameError, "quark"),
        ((CHANNEL, "Ar40", 3.0), {"component": "proton", "form_factor": "bag"}, UnknownNameError, "bag"),
        ((CHANNEL, "Ar40", 3.0), {"interaction": lmu_ltau(1e-6, 1e-3)}, OutOfRangeError, "mass"),
        ((CHANNEL, "Ar40", 3.0), {"interaction": lmu_ltau(0.1, [1e-3, 2e-3])}, OutOfRangeError, "one coupling"),
        ((CHANNEL, "Ar40", 5e4), {}, OutOfRangeError, "outside the grid"),
        ((CHANNEL, "Ar40", histogram([0.0, 0.1, 0.21], [1.0, 1.0])), {}, OutOfRangeError, "ends at 0.21 GeV"),
        ((CHANNEL, "Ar40", histogram([0.0, 0.1, 9.0], [1.0, 0.0])), {}, OutOfRangeError, "ends at 0.1 GeV"),
        ((CHANNEL, "Ar40", histogram([0.0, 1.0], [0.0])), {}, OutOfRangeError, "ends at 0 GeV"),
        ((CHANNEL, "Ar40", 3.0), {"seed": -1}, OutOfRangeError, "whole number from 0 on"),
        ((CHANNEL, "Ar40", 3.0), {"seed": 1.5}, OutOfRangeError, "whole number from 0 on"),
    ],
)
def test_what_cannot_be_generated_is_refused_at_once(arguments, options, error, words):
    with pytest.raises(error, match=words):
        EventGenerator(*arguments, **options)


@pytest.mark.parametrize("channel", ["nue_nue_e-e+", "nutau_nutau_tau-tau+"])
def test_next_to_the_threshold(channel):
    nucleus = nuclear_scatterer(nuclei()["Ar40"])
    threshold = nucleus.threshold(Channel.parse(channel).threshold_mass)
    with pytest.raises(OutOfRangeError, match="is closed on Ar40"):
        EventGenerator(channel, "Ar40", threshold * (1 + 1e-9), component="coherent")
    events = EventGenerator(channel, "Ar40", threshold * (1 + 2e-6), component="coherent").unweighted(100)
    assert np.all(np.isfinite(events.momenta))


@pytest.mark.parametrize("n", [0, -3, 2.5, np.nan, np.inf])
def test_numbers_of_events_are_whole_and_positive(argon, n):
    with pytest.raises(OutOfRangeError, match="number of events must be a whole number of at least 1"):
        argon.unweighted(n)
    with pytest.raises(OutOfRangeError, match="size of a piece"):
        argon.chunks(10, size=n)


@pytest.mark.parametrize("energies", [[0.0, 1.0, 2.0, 3.0, 8.0], [0.3, 1.0, 1.5, 4.0, 1000.0]])
@pytest.mark.parametrize("heights", [[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 1.0, 1e-9]])
def test_fluxes_with_gaps(energies, heights):
    flux = histogram(energies, heights)
    generator = EventGenerator(CHANNEL, "Ar40", flux, component="coherent", seed=2)
    events = generator.weighted(20_000)
    assert np.all(flux.density(events.beam[:, 0]) > 0.0)
    error = events.weight.std() / np.sqrt(len(events))
    # four points of the quadrature in a bin with the threshold inside
    assert abs(events.weight.mean() - generator.cross_section) < 4 * error + 0.006 * generator.cross_section


def test_the_ends_of_phase_space_have_finite_structures():
    generator = EventGenerator("nue_nue_e-e+", "Ar40", 5.0, component="coherent")
    source = generator._sources[0]
    rng = np.random.default_rng(1)
    random = rng.random((6, 2000))
    random[0] = 0.0  # s_l at its threshold
    random[4, :1000] = 0.0  # and the leptons at rest in their frame
    with np.errstate(all="ignore"):
        trials = source._proposal.draw(random)
        events = generator._finish(rng, 0, trials, trials.weight)
    assert np.all(trials.weight >= 0.0)
    assert np.all(np.isfinite(events.momenta))
    assert np.all(np.isfinite(events.structures))


def test_numbers_of_a_piecewise_linear_density():
    nodes = np.array([0.0, 0.2, 0.7, 1.0])
    density = PiecewiseLinear(nodes, np.array([[0.0, 1.0, 3.0, 0.0], [1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]]))
    u = (np.arange(200_000) + 0.5) / 200_000
    for row in range(3):
        x, p = density.draw(np.full(u.size, row), u)
        assert np.all(np.diff(x) >= 0.0)
        # du = p dx
        assert np.allclose(np.diff(u)[p[1:] > 1e-2], (0.5 * (p[1:] + p[:-1]) * np.diff(x))[p[1:] > 1e-2], rtol=1e-3)
    assert np.allclose(density.draw(np.full(u.size, 1), u)[0], u, atol=1e-6)
    ends = np.array([0.0, 1.0 - 2.0**-53])
    for row in range(3):
        x, _ = density.draw(row, ends)
        assert np.all((x > 0.0) & (x < 1.0))
