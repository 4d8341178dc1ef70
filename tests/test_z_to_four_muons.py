"""The four-muon count of ATLAS: prediction, models, limits."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import poisson

from recast.cls import upper_limit
from recast.decays import branching_ratio
from recast.interactions import ContactInteraction, StandardModel, U1Mediator
from recast.limits import limit
from recast.measurement import load_measurement
from recast.model import load_model
from recast.observables.z_to_four_muons import ZToFourMuons

NAME = "lhc_z4mu_atlas2014"


def coupling_of_16_events(mass, variant=""):
    measurement = load_measurement(NAME + variant)
    parts = measurement.observable.polynomials(load_model("lmu_ltau"), mass)
    return np.sqrt(16.0 / sum(part[:, 2] for part in parts.values()))


def test_published_recast():
    # Checked independently, with other pT and rapidity spectra.
    found = coupling_of_16_events([10.0, 20.0, 30.0, 50.0])
    assert found == pytest.approx([1.18e-2, 1.57e-2, 2.49e-2, 7.95e-2], rel=0.03)
    # At 5 GeV the resonance lies on the cut on its own muons: only the printed form of the cut is comparable.
    assert coupling_of_16_events([5.0], ":selection=chosen_pairs") == pytest.approx([1.27e-2], rel=0.03)
    assert coupling_of_16_events([5.0, 5.2]) == pytest.approx([1.38e-2, 1.02e-2], rel=0.02)


def test_reach():
    # arXiv:1406.2332: the bound extends down to g' about 1e-2 at about 10 GeV.
    masses = np.geomspace(5.2, 60.0, 60)
    best = coupling_of_16_events(masses)
    assert best.min() == pytest.approx(1e-2, rel=0.1)
    assert coupling_of_16_events([10.0])[0] == pytest.approx(1e-2, rel=0.5)


def test_interference_matters_for_heavy_bosons_only():
    with_it, without = (coupling_of_16_events([8.0, 20.0, 50.0], v) for v in ("", ":interference=none"))
    assert with_it / without - 1.0 == pytest.approx([-0.005, 0.003, 0.045], abs=0.005)


def test_efficiency_scales_the_resonance():
    reference = ZToFourMuons(standard_model_events=78, branching_ratio=4.37e-6)
    halved = ZToFourMuons(standard_model_events=78, branching_ratio=4.37e-6, efficiency=0.5)
    boson = U1Mediator({"mu": 1}, mass=30.0, coupling=0.02)
    a, b = reference.contributions(boson), halved.contributions(boson)
    assert b["resonance"] == pytest.approx(0.5 * a["resonance"])
    assert b["interference"] == a["interference"]
    assert load_measurement(f"{NAME}:efficiency=0.6").observable.efficiency == 0.6


@given(st.floats(5.0, 70.0), st.floats(1e-4, 0.5), st.floats(0.1, 3.0), st.floats(-2.0, 2.0))
def test_charges_and_branching_ratios(mass, coupling, charge, other):
    observable = load_measurement(NAME).observable
    unit = U1Mediator({"mu": 1}, mass=mass, coupling=coupling)
    boson = U1Mediator({"mu": charge, "e": other}, mass=mass, coupling=coupling)
    one, many = observable.contributions(unit), observable.contributions(boson)
    ratio = branching_ratio(boson, "mumu") / branching_ratio(unit, "mumu")
    assert many["resonance"] == pytest.approx(charge**2 * float(ratio) * float(one["resonance"]), rel=1e-9)
    assert many["interference"] == pytest.approx(charge**2 * float(one["interference"]), rel=1e-9)


@given(st.floats(5.0, 70.0), st.floats(0.0, 1.0))
def test_polynomials_are_the_prediction(mass, coupling):
    model, observable = load_model("lmu_ltau"), load_measurement(NAME).observable
    parts = observable.polynomials(model, [mass])
    prediction = observable.predict(model(mass=mass, coupling=coupling))
    value = sum(np.polynomial.polynomial.polyval(coupling, part[0]) for part in parts.values())
    assert float(prediction) == pytest.approx(value, rel=1e-12, abs=1e-30)


def test_no_constraint_outside_the_table():
    measurement, model = load_measurement(NAME), load_model("lmu_ltau")
    plane = model(mass=[[1.0], [4.99], [20.0], [70.5], [500.0]], coupling=[[0.0, 0.1, 1.0]])
    prediction = measurement.prediction(plane)
    assert prediction.shape == (5, 3)
    assert np.isnan(prediction[[0, 1, 3, 4]]).all()
    assert np.isfinite(prediction[2]).all()
    distance = measurement.minus_2_delta_ln_l(plane)
    assert np.all(distance[[0, 1, 3, 4]] == 0.0)
    assert np.all(np.diff(distance[2]) > 0.0)
    parts = measurement.observable.polynomials(model, [1.0, 20.0, 500.0])
    assert np.all(parts["resonance"][[0, 2]] == 0.0)
    assert np.all(parts["interference"][[0, 2]] == 0.0)


def test_which_models():
    measurement = load_measurement(NAME)
    assert float(measurement.prediction(StandardModel())) == 0.0
    assert "neutrinos alone" in measurement.applicable(ContactInteraction(dgv=0.1, dga=0.0))
    assert "without a coupling to muons" in measurement.applicable(U1Mediator({"e": 1, "tau": -1}, mass=9, coupling=1))
    assert measurement.observable.polynomials(load_model("contact"), [1.0]) is None
    # L_e - L_mu: the same muons and as many leptons.
    ratio = coupling_of_16_events([20.0])[0]
    other = measurement.observable.polynomials(load_model("le_lmu"), [20.0])
    assert math.sqrt(16.0 / sum(part[0, 2] for part in other.values())) == pytest.approx(ratio, rel=1e-4)


def test_limits_on_events():
    # By hand, without background error: P(n <= 77 | 78 + s) / P(n <= 77 | 78) = 0.05.
    by_hand = brentq(lambda s: poisson.cdf(77, 78 + s) / poisson.cdf(77, 78) - 0.05, 1.0, 40.0)
    none, two, five = (load_measurement(f"{NAME}:background_error={e}").likelihood for e in ("none", "0.02", "0.05"))
    assert upper_limit(none, method="exact").signal == pytest.approx(by_hand, rel=1e-4)
    assert by_hand == pytest.approx(18.37, abs=0.01)
    assert [upper_limit(x, method="asymptotic").signal for x in (none, two, five)] == pytest.approx(
        [17.90, 18.13, 19.33], abs=0.02
    )
    # The paper's rule: the first expected number for which 77 or fewer are improbable.
    first = next(n for n in range(78, 120) if poisson.cdf(77, n) < 0.05)
    assert first == 94
    assert none.data == pytest.approx(-1.0, abs=1e-4)


def test_outside_the_table_nothing_is_excluded_at_any_confidence_level() -> None:
    # 77 events on 78: no signal is not the best fit, but outside the table nothing is known of a signal.
    result = limit("lmu_ltau", "lhc_z4mu_atlas2014", [1.0, 10.0, 71.0], confidence_level=0.05)
    assert [bool(one) for one in result.excluded] == [False, True, False]
    assert result.no_constraint == (1.0, 71.0)
    with_ccfr = limit("lmu_ltau", ["lhc_z4mu_atlas2014", "ccfr"], 1.0)
    assert with_ccfr.best_fit is not None
    alone = load_measurement("ccfr").minus_2_delta_ln_l(load_model("lmu_ltau")(mass=1.0, coupling=0.0))
    assert with_ccfr.best_fit.minus_2_delta_ln_l == pytest.approx(float(alone), rel=1e-9)
