"""Limits from the couplings of the Z: the vertex in the model, the statistics, and the numbers that come out."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import multivariate_normal

import recast
from recast.interactions import ContactInteraction, StandardModel, U1Mediator
from recast.likelihoods import CorrelatedGaussian
from recast.limits import limit
from recast.measurement import load_measurement
from recast.observables import Observable
from recast.observables.z_couplings import ZCouplings
from recast.z_pole.relations import COUPLINGS, PSEUDO_OBSERVABLES, StandardModelWidths
from recast.z_pole.vertex import vertex_function
from recast.z_to_four_muons.width import Z_MASS, emission_function

SM = StandardModelWidths(
    lepton_width=0.083983, neutrino_width=0.167176, hadronic_width=1.741460, sin2_theta_eff=0.231464
)
VIRTUAL = ZCouplings(rate="virtual", standard_model=SM)
INCLUSIVE = ZCouplings(standard_model=SM)
L_MU_L_TAU = {"mu": 1.0, "tau": -1.0}
MASSES = [1.0, 10.0, 30.0, 100.0, 300.0]


def loop(mass, coupling):
    return coupling**2 / (4.0 * math.pi) ** 2 * complex(vertex_function((mass / Z_MASS) ** 2))


@pytest.mark.parametrize("mass", [0.5, 20.0, 91.1876, 400.0])
def test_virtual_correction_is_that_of_the_paper(mass):
    # arXiv:1403.1269, Eqs. 32 and 33; the neutrinos' two thirds are of order g'^2 there.
    coupling = 0.05
    ratios = VIRTUAL.predict(U1Mediator(L_MU_L_TAU, mass=mass, coupling=coupling)) / SM.couplings
    predicted = dict(zip(COUPLINGS, ratios, strict=True))
    z = loop(mass, coupling)
    for name in ("g_V_mu", "g_A_mu", "g_V_tau", "g_A_tau"):
        assert predicted[name] == pytest.approx(abs(1.0 + z), rel=1e-13)
    assert predicted["g_V_e"] == predicted["g_A_e"] == 1.0
    assert predicted["g_nu"] == pytest.approx(abs(1.0 + 2.0 / 3.0 * z), abs=abs(z) ** 2)
    assert predicted["g_nu"] == pytest.approx(math.sqrt((1.0 + 2.0 * abs(1.0 + z) ** 2) / 3.0), rel=1e-13)


def test_inclusive_width_of_a_light_boson_is_that_of_a_photon():
    predicted = INCLUSIVE.predict(U1Mediator(L_MU_L_TAU, mass=1e-3, coupling=0.1)) / SM.couplings
    alpha = 0.1**2 / (4.0 * math.pi)
    assert predicted[1] ** 2 == pytest.approx(1.0 + 3.0 * alpha / (4.0 * math.pi), rel=1e-9)


def test_charges_are_those_of_the_model():
    boson = U1Mediator({"e": 2.0, "mu": -1.0}, mass=50.0, coupling=0.1)
    unit = U1Mediator({"tau": 1.0}, mass=50.0, coupling=0.1)
    for observable in (VIRTUAL, INCLUSIVE):
        shift = (observable.predict(unit) / SM.couplings)[2] ** 2 - 1.0
        squares = (observable.predict(boson) / SM.couplings) ** 2
        np.testing.assert_allclose(squares[[0, 3]], 1.0 + 4.0 * shift, rtol=1e-6)
        np.testing.assert_allclose(squares[[1, 4]], 1.0 + shift, rtol=1e-13)
        np.testing.assert_array_equal(squares[[2, 5]], 1.0)
        assert squares[6] == pytest.approx(1.0 + 5.0 / 3.0 * shift, rel=1e-6)


def test_asymmetries_do_not_change_and_ratios_fall():
    observable = ZCouplings(quantity="pseudo_observables", standard_model=SM)
    predicted = observable.predict(U1Mediator(L_MU_L_TAU, mass=5.0, coupling=0.3))
    ratio = dict(zip(PSEUDO_OBSERVABLES, predicted / observable.predict(StandardModel()), strict=True))
    factor = 1.0 + 0.3**2 / (8.0 * math.pi**2) * 1.5
    for name, value in ratio.items():
        if name.startswith("A"):
            assert value == pytest.approx(1.0, rel=1e-12)
    assert ratio["R_e"] == 1.0
    assert 1.0 / ratio["R_mu"] == pytest.approx(factor, rel=1e-5)
    assert ratio["Gamma_Z"] > 1.0 > ratio["sigma_had"]


def test_two_bosons_add_in_the_amplitude():
    class Two:
        shape = ()
        mediators = tuple(U1Mediator(L_MU_L_TAU, mass=m, coupling=0.2) for m in (20.0, 200.0))

    z = loop(20.0, 0.2) + loop(200.0, 0.2)
    assert (VIRTUAL.predict(Two()) / SM.couplings)[1] == pytest.approx(abs(1.0 + z), rel=1e-13)
    one, other = (INCLUSIVE.predict(b)[1] ** 2 - SM.couplings[1] ** 2 for b in Two.mediators)
    assert INCLUSIVE.predict(Two())[1] ** 2 - SM.couplings[1] ** 2 == pytest.approx(one + other)


def test_planes_and_the_standard_model(monkeypatch):
    plane = U1Mediator(L_MU_L_TAU, mass=np.geomspace(0.1, 1e3, 7)[:, None], coupling=np.linspace(0.0, 0.5, 5)[None, :])
    calls = []
    monkeypatch.setattr(
        "recast.observables.z_couplings.vertex_function", lambda w: calls.append(w.shape) or vertex_function(w)
    )
    predicted = VIRTUAL.predict(plane)
    assert predicted.shape == (7, 5, 7)
    assert calls == [(7, 1)]  # once per mass
    single = VIRTUAL.predict(U1Mediator(L_MU_L_TAU, mass=plane.mass[3, 0], coupling=plane.coupling[0, 2]))
    np.testing.assert_allclose(predicted[3, 2], single, rtol=1e-14)
    np.testing.assert_array_equal(predicted[:, 0], np.broadcast_to(SM.couplings, (7, 7)))
    np.testing.assert_array_equal(VIRTUAL.predict(StandardModel()), SM.couplings)
    assert isinstance(VIRTUAL, Observable)
    assert list(VIRTUAL.contributions(plane)) == list(VIRTUAL.parts)
    assert VIRTUAL.polynomials(recast.load_model("lmu_ltau"), [1.0]) is None


def test_not_applicable_to_contact_interactions():
    measurement = load_measurement("lep_z_couplings")
    reason = measurement.applicable(ContactInteraction(dgv=0.1, dga=0.0))
    assert reason is not None
    assert "vertex of the Z" in reason


def test_distance_is_that_of_a_multivariate_normal():
    measurement = load_measurement("lep_z_couplings")
    boson = U1Mediator(L_MU_L_TAU, mass=30.0, coupling=0.4)
    normal = multivariate_normal(mean=measurement.data, cov=measurement.likelihood.covariance)
    assert measurement.nll(boson) == pytest.approx(-normal.logpdf(measurement.prediction(boson)), rel=1e-10)
    expected = measurement.expected()
    assert expected.minus_2_delta_ln_l(StandardModel()) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("quantity", ["couplings", "pseudo_observables"])
def test_floated_directions_are_profiled(quantity):
    # The free parameters by brute force: least squares over shifts along them.
    fixed = load_measurement(f"lep_z_couplings:quantity={quantity}")
    floated = load_measurement(f"lep_z_couplings:quantity={quantity},standard_model=floated")
    boson = U1Mediator(L_MU_L_TAU, mass=100.0, coupling=0.9)
    root = np.linalg.inv(np.linalg.cholesky(fixed.likelihood.covariance))
    design = root @ np.array(floated.likelihood.floating).T
    residual = root @ (fixed.data - fixed.prediction(boson))
    _, chi_squared, _, _ = np.linalg.lstsq(design, residual)
    assert floated.minus_2_delta_ln_l(boson) == pytest.approx(float(chi_squared[0]), rel=1e-9)
    assert floated.likelihood.degrees_of_freedom == fixed.likelihood.degrees_of_freedom - 3
    # An overall change of the couplings is no longer seen, one of the muon alone is.
    if quantity == "couplings":
        for names, same in ((("g_A_e", "g_A_mu", "g_A_tau"), True), (("g_A_mu",), False)):
            moved = fixed.data.copy()
            moved[[COUPLINGS.index(name) for name in names]] += 0.01
            assert bool(floated.likelihood.minus_2_delta_ln_l(moved) < 1e-12) is same


def excluded(measurement, masses=MASSES, **options):
    return limit("lmu_ltau", measurement, masses, **options).coupling


def test_limits_with_all_correlations():
    # Pinned by an independent fit and scan.
    np.testing.assert_allclose(
        excluded("lep_z_couplings:rate=virtual"), [0.0734, 0.2066, 0.4254, 0.3345, 0.6629], rtol=3e-3
    )
    np.testing.assert_allclose(excluded("lep_z_couplings"), [0.2733, 0.2733, 0.2746, 0.3347, 0.6631], rtol=3e-3)


def test_fitted_couplings_say_what_the_pseudo_observables_say():
    direct = excluded("lep_z_couplings:quantity=pseudo_observables,rate=virtual")
    # 0.43, 0.33, 0.65 at 30, 100 and 300 GeV with slightly different Standard Model values.
    np.testing.assert_allclose(direct[2:], [0.43, 0.33, 0.65], rtol=0.05)
    np.testing.assert_allclose(direct, excluded("lep_z_couplings:rate=virtual"), rtol=0.05)


def without_neutrino_correlations(floating=()):
    """Return the measurement with g_nu uncorrelated with the charged leptons' couplings."""
    measurement = load_measurement("lep_z_couplings:rate=virtual")
    fitted = measurement.likelihood
    matrix = np.array(fitted.correlations)
    matrix[6, :6] = matrix[:6, 6] = 0.0
    likelihood = CorrelatedGaussian(
        names=fitted.names, values=fitted.values, errors=fitted.errors, correlations=matrix.tolist(), floating=floating
    )
    return measurement.model_copy(update={"likelihood": likelihood})


def test_limits_when_the_correlations_of_the_invisible_width_are_dropped():
    # Evaluated independently, fixed and with universal g_V, g_A of charged leptons floated: these limits are
    # 20 to 65% weaker above 30 GeV because g_nu, which LEP finds below the Standard Model, is correlated with the
    # charged couplings by -0.75, +0.39 and +0.37, all of which was left out.
    np.testing.assert_allclose(excluded(without_neutrino_correlations()), [0.068, 0.191, 0.665, 0.544, 1.08], rtol=0.02)
    universal = np.repeat(np.eye(2), 3, axis=0).T
    floating = np.hstack([universal, np.zeros((2, 1))]).tolist()
    np.testing.assert_allclose(
        excluded(without_neutrino_correlations(floating)), [0.082, 0.231, 0.727, 0.602, 1.19], rtol=0.02
    )


def test_inclusive_limits_with_the_square_of_the_vertex_function():
    # Keep the square of the vertex function beside the emission: a term of order g'^4, with four logarithms,
    # which nothing cancels. With it, and without the correlations, 0.31 and 0.42 come out instead of 0.44.
    likelihood = without_neutrino_correlations().likelihood

    def distance(mass, coupling):
        strength = coupling**2 / (8.0 * math.pi**2)
        rate = abs(1.0 + loop(mass, coupling)) ** 2 + strength * float(emission_function(mass))
        scale = np.ones(7)
        scale[[1, 2, 4, 5]] = math.sqrt(rate)
        scale[6] = math.sqrt((1.0 + 2.0 * rate) / 3.0)
        return float(likelihood.minus_2_delta_ln_l(scale * SM.couplings))

    for mass, limit_found in ((1.0, 0.31), (10.0, 0.42)):
        couplings = np.linspace(0.0, 0.6, 601)
        best = min(distance(mass, g) for g in couplings)
        edge = brentq(lambda g, m=mass, b=best: distance(m, g) - b - 3.841459, 0.15, 0.6)
        assert edge == pytest.approx(limit_found, rel=0.05)


def test_electrons_only_matter_for_models_that_couple_to_them():
    # Same loop, other flavours: the limit of L_e - L_mu differs, with the precision of Gamma_ee.
    for mass in (5.0, 150.0):
        electron = limit("le_lmu", "lep_z_couplings", [mass], expected=True).coupling[0]
        muon = limit("lmu_ltau", "lep_z_couplings", [mass], expected=True).coupling[0]
        assert 0.3 < electron / muon < 1.0


def test_corrected_luminosity_weakens_the_limit():
    ratio = excluded("lep_z_couplings:luminosity=2020") / excluded("lep_z_couplings")
    assert ((ratio > 1.15) & (ratio < 1.35)).all()
