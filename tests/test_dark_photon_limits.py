"""Limits on dark photons: returned as published, recast to other bosons, with bands behind shields."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import recast
from recast.decays import branching_ratio, partial_widths, total_width
from recast.interactions import U1Mediator
from recast.limits import limit
from recast.measurement import load_measurement
from recast.mixing import loop_mixing_timelike
from recast.observables.published_model import dipion_width
from recast.observables.resonance_limit import ResonanceLimit

DUMPS = (
    "charm_dump", "e137_andreas2012", "e137_bjorken2009", "e141", "e774", "kek_dump", "na64_visible_2018",
    "na64_visible_2019", "nucal", "orsay_dump",
)  # fmt: skip
PROMPT = (
    "a1", "apex", "babar_dilepton", "besiii_dilepton", "kloe_dielectron", "kloe_dimuon", "kloe_dimuon_dipion",
    "kloe_phi_eta", "na48_pi0",
)  # fmt: skip
INVISIBLE = ("babar_mono_photon", "na64_invisible")
NAMES = (*DUMPS, *PROMPT, *INVISIBLE)
DARK_PHOTON = {"mixing": "fixed", "epsilon": 1}

# What the authors of arXiv:1801.04847 publish with their program for L_e - L_mu: masses in GeV and ends of g'.
LE_LMU = {
    "a1": [(0.084486, 0.00054714), (0.17151, 0.00049206), (0.2585, 0.00036779)],
    "apex": [(0.1878, 0.00046633), (0.21218, 0.00042998), (0.23726, 0.00064911)],
    "babar_dilepton": [(0.36448, 0.00015886), (2.3019, 0.00018273), (6.9525, 0.00015817)],
    "babar_mono_photon": [(2.4, 0.00021406), (5.1999, 0.0001911), (7.2699, 0.00027192)],
    "besiii_dilepton": [(1.7901, 0.00031669), (2.3607, 0.00042624), (2.931, 0.00041975)],
    "e137_andreas2012": [(0.0021541, 7.0333e-09, 4.466e-05), (0.15091, 1.9222e-08, 3.3247e-07)],
    "e137_bjorken2009": [(0.004283, 2.9403e-08, 2.0895e-05), (0.15149, 2.5742e-08, 3.2477e-07)],
    "e141": [(0.0013578, 3.0603e-06, 0.0011786), (0.010584, 1.1418e-05, 7.8031e-05)],
    "e774": [(0.0012011, 2.959e-05, 0.0045375), (0.0054054, 7.9223e-05, 0.00052534)],
    "kek_dump": [(0.0017898, 1.1974e-07, 0.00014681), (0.032571, 3.6243e-07, 4.1984e-06)],
    "orsay_dump": [(0.0017898, 2.0169e-07, 0.00017435), (0.035565, 3.9114e-07, 4.9128e-06)],
    "kloe_dielectron": [(0.087, 0.00094216), (0.253, 0.0026973), (0.417, 0.0053815)],
    "kloe_dimuon": [(0.595, 0.00067165), (0.749, 0.00047019), (0.903, 0.00044472)],
    "kloe_dimuon_dipion": [(0.597, 0.00035802), (0.753, 0.00033478), (0.909, 0.00019505)],
    "na64_visible_2018": [(0.0015973, 2.8291e-05, 0.0011697), (0.0084255, 3.5884e-05, 0.00016008)],
    "na64_visible_2019": [(0.0025457, 2.6305e-05, 0.0017192), (0.014649, 3.6927e-05, 0.00014035)],
    "na64_invisible": [(0.0016914, 2.7222e-06), (0.01909, 1.792e-05), (0.29587, 0.00044957)],
}
# The same for B - L, where quarks make the boson.
B_MINUS_L = {
    "charm_dump": [(0.0043338, 2.3555e-07, 1.498e-05), (0.16625, 4.3034e-08, 2.2939e-07)],
    "kloe_phi_eta": [(0.081, 0.0012449), (0.233, 0.0013841), (0.385, 0.0016375)],
    "na48_pi0": [(0.015366, 0.00044985), (0.081976, 0.00054441)],
    "nucal": [(0.002986, 4.5316e-07, 6.3703e-05), (0.21615, 5.4074e-08, 4.8573e-07)],
    "kloe_dimuon_dipion": [(0.597, 0.00038698), (0.753, 0.00039872), (0.909, 0.00021815)],
}


def at_its_level(model: str, name: str, mass: object) -> recast.limits.LimitResult:
    measurement = load_measurement(name)
    return limit(model, measurement, mass, confidence_level=measurement.likelihood.confidence_level)


@pytest.mark.parametrize("name", NAMES)
def test_a_dark_photon_gets_the_published_limit(name: str) -> None:
    curve = load_measurement(name).observable.limits
    found = at_its_level("dark_photon", name, curve.mass)
    # Where a branching ratio of one was published, or leptons alone were reckoned with, the boson's own one remains.
    published = load_measurement(name).observable.published
    if published.branching_ratio is not None:
        assert np.isnan(found.coupling).all()
        return
    scale = np.ones_like(curve.mass)
    if published.decays is not None:
        widths = partial_widths(recast.load_model("dark_photon")(mass=curve.mass, coupling=1.0))
        scale = np.sqrt(sum(widths.values()) / sum(widths[state] for state in published.decays))
    np.testing.assert_allclose(found.coupling, curve.coupling * scale, rtol=1e-8)
    assert all(len(row) == 1 for row in found.excluded)
    highest = [row[0][1] for row in found.excluded]
    if name in DUMPS:
        np.testing.assert_allclose(highest, curve.upper, rtol=1e-8)
    else:
        assert set(highest) == {None}


@pytest.mark.parametrize("name", NAMES)
def test_outside_its_masses_a_curve_says_nothing(name: str) -> None:
    measurement = load_measurement(name)
    edges = measurement.observable.limits.mass[[0, -1]] * [1.0 - 1e-9, 1.0 + 1e-9]
    boson = recast.load_model("b_minus_l")(mass=edges, coupling=1e-5)
    assert np.isnan(measurement.prediction(boson)).all()
    assert np.array_equal(measurement.minus_2_delta_ln_l(boson), [0.0, 0.0])
    assert at_its_level("b_minus_l", name, edges).excluded == ((), ())


@pytest.mark.parametrize(
    ("model", "name"), [("le_lmu", name) for name in LE_LMU] + [("b_minus_l", name) for name in B_MINUS_L]
)
def test_another_program_recasts_alike(model: str, name: str) -> None:
    """Within 5%; 20% for the lower ends behind shields, of which 1% is used."""
    table = np.array({"le_lmu": LE_LMU, "b_minus_l": B_MINUS_L}[model][name])
    mass, expected = table[:, 0], table[:, 1]
    if name in INVISIBLE:
        # There a boson with other, invisible decays that outweigh all is meant: neutrinos alone are fewer.
        boson = recast.load_model(model)(mass=mass, coupling=1.0)
        expected = expected / np.sqrt(branching_ratio(boson, "invisible"))
    found = at_its_level(model, name, mass)
    np.testing.assert_allclose(found.coupling, expected, rtol=0.01 if name in DUMPS else 0.05)
    if name in DUMPS:
        np.testing.assert_allclose([row[0][1] for row in found.excluded], table[:, 2], rtol=0.01)


def test_masses_where_nothing_is_excluded_are_absent() -> None:
    """Towards the tip of a band any loss is too much, and L_e - L_mu loses every other boson to neutrinos."""
    mass = load_measurement("e137_andreas2012").observable.limits.mass
    found = at_its_level("le_lmu", "e137_andreas2012", mass)
    empty = [not row for row in found.excluded]
    assert 5 <= sum(empty) <= 15
    assert empty == sorted(empty)  # at the end
    assert np.isnan(found.coupling[empty]).all()
    assert len(found.to_dict()["limits"]) == mass.size - sum(empty)


@pytest.mark.parametrize("name", ["e141", "nucal"])
def test_bands_by_counting_decays(name: str) -> None:
    """The signal from lengths and lifetimes of its own: exponentials of distances in a boosted frame."""
    measurement = load_measurement(name)
    observable = measurement.observable
    curve, dump = observable.limits, observable.dump
    index = curve.mass.size // 2
    mass, lower, upper = curve.mass[index], curve.coupling[index], curve.upper[index]
    dark = float(total_width(recast.load_model("dark_photon")(mass=mass, coupling=1.0)))
    boson = recast.load_model("b_minus_l")(mass=mass, coupling=1.0)

    def efficiency(width: float, flight: float) -> float:
        return math.exp(-width * flight * dump.shield) - math.exp(-width * flight * (dump.shield + dump.decay_volume))

    # Metres of shield per decay length at unit width: bisect until both published ends have the same number of events.
    low, high = 1e-30, 2.0 / (dark * lower**2 * dump.shield)
    for _ in range(200):
        flight = 0.5 * (low + high)
        more = upper**2 * efficiency(dark * upper**2, flight) > lower**2 * efficiency(dark * lower**2, flight)
        low, high = (flight, high) if more else (low, flight)
    width = float(total_width(boson))
    fraction = float(branching_ratio(boson, "ee"))
    electric = 4.0 * math.pi / 137.036
    events = lower**2 * electric * efficiency(dark * lower**2, flight)  # all dark photons of these masses are e+ e-
    events *= float(branching_ratio(recast.load_model("dark_photon")(mass=mass, coupling=1.0), "ee"))
    for coupling in (0.3 * lower, lower, 3.0 * lower, 0.3 * upper, upper):
        expected = coupling**2 * fraction * efficiency(width * coupling**2, flight) / events
        found = measurement.prediction(recast.load_model("b_minus_l")(mass=mass, coupling=coupling))
        assert found == pytest.approx(expected, rel=1e-4)


@given(mass=st.floats(0.0011, 0.3), level=st.floats(0.6, 0.99))
def test_the_ends_of_a_band_have_the_excluded_signal(mass: float, level: float) -> None:
    measurement = load_measurement("e137_andreas2012")
    z = recast.statistics.quantile(level, one_sided=True)
    for low, high in limit("le_lmu", measurement, mass, confidence_level=level).excluded[0]:
        ends = recast.load_model("le_lmu")(mass=mass, coupling=[low, math.sqrt(low * high), high])
        found = measurement.minus_2_delta_ln_l(ends)
        np.testing.assert_allclose(found[[0, 2]], z**2, rtol=1e-6)
        assert found[1] > z**2


def test_a_band_and_a_limit_together() -> None:
    found = limit("le_lmu", ["e137_andreas2012", "kloe_dielectron"], 0.01, confidence_level=0.9)
    (low, high), (start, end) = found.excluded[0]
    alone = limit("le_lmu", "e137_andreas2012", 0.01, confidence_level=0.9).excluded[0][0]
    assert end is None
    # At 90%, two-sided against the best fit, which is no boson: the quantile is that of 95%, one-sided.
    assert (low, high) == pytest.approx(alone, rel=0.1)
    assert high < start


def test_planes_are_the_limits() -> None:
    measurement, model = load_measurement("kek_dump"), recast.load_model("le_lmu")
    mass = np.array([[0.002], [0.01], [0.03], [0.2]])
    coupling = np.geomspace(1e-8, 1e-3, 301)
    plane = measurement.minus_2_delta_ln_l(model(mass=mass, coupling=coupling))
    assert plane.shape == (4, 301)
    excluded = limit(model, measurement, mass.ravel(), confidence_level=0.95).excluded
    for row, bands in zip(plane > 1.6448536**2, excluded, strict=True):
        inside = [any(low < g < high for low, high in bands) for g in coupling]
        assert np.array_equal(row, inside)
    assert measurement.observable.polynomials(model, mass.ravel()) is None


@pytest.mark.parametrize("name", NAMES)
def test_levels_and_sources_agree(name: str) -> None:
    measurement = load_measurement(name)
    level = measurement.observable.limits.confidence_level
    assert level in {measurement.likelihood.confidence_level, None}
    assert measurement.provenance["value"].confidence_level == level
    assert measurement.observable.limits.header["inspire"] == measurement.provenance["value"].inspire
    assert "Ilten:2018crw" in {source.inspire for source in measurement.citations}


def test_data_are_used_once() -> None:
    for pair in (
        ("e137_andreas2012", "e137_bjorken2009"),
        ("na64_visible_2019", "na64_visible_2018"),
        ("kloe_dimuon_dipion", "kloe_dimuon"),
    ):
        with pytest.raises(recast.errors.RecastError, match="contains the data of"):
            limit("le_lmu", list(pair), 0.01)


def test_borders_of_figures_are_no_limits() -> None:
    for name, edge in (("a1", 0.0403), ("a1", 0.303), ("apex", 0.1776)):
        assert at_its_level("dark_photon", name, edge).excluded == ((),)
    assert load_measurement("a1").observable.limits.coupling.max() < 4e-3
    # The resonances that searches leave out.
    for name, mass in (("babar_dilepton", 3.0969), ("babar_dilepton", 0.7827), ("besiii_dilepton", 3.0969)):
        assert at_its_level("dark_photon", name, mass).excluded == ((),)


def test_invisible_bosons_of_other_models() -> None:
    """NA64 and L_mu - L_tau: produced by loop mixing, invisible below the muon threshold."""
    mass = np.array([0.01, 0.1])
    found = at_its_level("lmu_ltau", "na64_invisible", mass)
    mixing = np.abs(loop_mixing_timelike({"mu": 1.0, "tau": -1.0}, mass**2))
    curve = load_measurement("na64_invisible").observable.limits
    np.testing.assert_allclose(found.coupling, curve(mass) / mixing, rtol=1e-3)


def test_what_is_not_produced_is_told() -> None:
    reason = load_measurement("nucal").applicable(recast.load_model("le_lmu")(mass=0.01, coupling=1e-6))
    assert reason == "a boson without a coupling to quarks is not produced there"
    reason = load_measurement("e141").applicable(recast.load_model("b_minus_3lmu")(mass=0.01, coupling=1e-6))
    assert reason == "a boson without a coupling to electrons is not produced there"


def test_pion_pairs_are_isovector() -> None:
    mass = np.array([0.3, 0.6, 0.75, 0.9])
    photon = U1Mediator({}, mass=mass, coupling=1.0, mixing="fixed", epsilon=1.0)
    share = dipion_width(photon) / partial_widths(photon)["hadrons"]
    assert np.all((share > 0.9) & (share <= 1.0))
    at_omega = U1Mediator({}, mass=0.7827, coupling=1.0, mixing="fixed", epsilon=1.0)
    assert 0.2 < dipion_width(at_omega) / partial_widths(at_omega)["hadrons"] < 0.7
    assert np.array_equal(dipion_width(U1Mediator({}, mass=mass, coupling=1.0, quarks=1.0 / 3.0)), np.zeros(4))
    assert np.isnan(dipion_width(U1Mediator({}, mass=1.1, coupling=1.0, mixing="fixed", epsilon=1.0)))


def test_sections_that_do_not_fit_are_told() -> None:
    with pytest.raises(ValidationError, match="has an upper end, which only the geometry of a dump explains"):
        ResonanceLimit(curve="e141", final_state="ee", production="e_brem", published=DARK_PHOTON)
    geometry = {"shield": 1, "decay_volume": 1}
    with pytest.raises(ValidationError, match="has no upper end, which the geometry of a dump needs"):
        ResonanceLimit(curve="a1", final_state="ee", production="e_brem", published=DARK_PHOTON, dump=geometry)
    with pytest.raises(ValidationError, match="beam_emission is relative to that from muons"):
        ResonanceLimit(
            curve="a1", final_state="ee", production="e_e", published=DARK_PHOTON, beam_emission="babar_4mu"
        )
    for states, message in (
        ([], "at least 1 item"),
        (["ee", "ee"], "a final state is named twice: ee, ee"),
        (["pipi", "hadrons"], "pipi is part of hadrons"),
    ):
        with pytest.raises(ValidationError, match=message):
            ResonanceLimit(curve="a1", final_state=states, production="e_brem", published=DARK_PHOTON)
    with pytest.raises(ValidationError, match="decays"):
        ResonanceLimit(curve="a1", final_state="ee", production="e_brem", published={**DARK_PHOTON, "decays": ["pipi"]})
