"""Cooling of stars by plasmon decay: the published curve, the scaling behind it, and other models."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq

import recast
from recast.constants import DEFAULT_INPUTS
from recast.errors import NotApplicableError
from recast.interactions import ContactInteraction, StandardModel, U1Mediator
from recast.limits import limit
from recast.measurement import load_measurement
from recast.mixing import effective_charge, loop_mixing_timelike
from recast.observables import Observable

L_MU_L_TAU = {"mu": 1.0, "tau": -1.0}
E = np.sqrt(4.0 * np.pi * DEFAULT_INPUTS.alpha)


def limits(model: str, name: str, mass: object) -> np.ndarray:
    return limit(model, name, mass, confidence_level=0.95, one_sided=True).coupling


def test_the_published_model_gets_the_published_curve() -> None:
    curve = load_measurement("white_dwarfs").observable.limits
    np.testing.assert_allclose(limits("lmu_ltau", "white_dwarfs", curve.mass), curve.coupling, rtol=1e-12)
    assert np.isnan(limits("lmu_ltau", "white_dwarfs", [2e-3, 2.0])).all()
    assert curve.confidence_level is None


def test_the_curve_is_a_constant_fermi_coupling_with_the_mixing_at_the_mass() -> None:
    """What the source must have done; with the mixing at zero the curve would vary by a factor of two."""
    curve = load_measurement("white_dwarfs").observable.limits
    at_mass = E * np.abs(loop_mixing_timelike(L_MU_L_TAU, curve.mass**2)) * curve.coupling**2 / curve.mass**2
    assert np.ptp(at_mass) < 0.05 * at_mass.mean()
    assert at_mass.mean() == pytest.approx(1.035e-5, rel=0.005)
    at_zero = E * np.abs(loop_mixing_timelike(L_MU_L_TAU, 0.0)) * curve.coupling**2 / curve.mass**2
    assert at_zero.max() / at_zero.min() > 1.9
    # In units of the loss in the Standard Model.
    standard = np.square(0.5 + 2 * 0.23129) + 2 * np.square(-0.5 + 2 * 0.23129)
    fraction = 2 * np.square(DEFAULT_INPUTS.vev**2 * at_mass) / standard
    assert np.all((fraction > 0.8) & (fraction < 0.9))


def test_mixing_at_zero_gives_a_limit_proportional_to_the_mass() -> None:
    curve = load_measurement("white_dwarfs").observable.limits
    found = limits("lmu_ltau", "white_dwarfs:mixing_at=zero", curve.mass)
    assert np.ptp(found / curve.mass) < 0.03 * (found / curve.mass).mean()
    ratio = found / curve.coupling
    assert ratio[0] == pytest.approx(1.0, abs=1e-4)
    assert ratio.max() == pytest.approx(1.18, abs=0.01)
    assert ratio.min() == pytest.approx(0.80, abs=0.01)


def test_electrons_of_their_own_interfere_with_the_standard_model() -> None:
    """Loss of nu_e and nu_mu by hand: (C_e + a)^2 - C_e^2 + (C_mu - a)^2 - C_mu^2 = 2 a + 2 a^2."""
    mass = 0.05
    measurement = load_measurement("white_dwarfs")
    published = float(measurement.observable.limits(mass))
    mixed = E * abs(complex(loop_mixing_timelike(L_MU_L_TAU, mass**2)))
    excluded = 2.0 * (DEFAULT_INPUTS.vev**2 * mixed * published**2 / mass**2) ** 2
    shift = brentq(lambda a: 2.0 * a + 2.0 * a**2 - excluded, 0.0, 10.0)
    expected = mass * np.sqrt(shift) / DEFAULT_INPUTS.vev
    assert limits("le_lmu", "white_dwarfs", mass)[0] == pytest.approx(expected, rel=1e-10)


def test_signal_grows_with_the_fourth_power_and_needs_an_electron_coupling() -> None:
    observable = load_measurement("white_dwarfs:mixing_at=zero").observable
    model = recast.load_model("lmu_ltau")
    one, two = (observable.predict(model(mass=0.01, coupling=g)) for g in (1e-4, 2e-4))
    assert two == pytest.approx(16.0 * one, rel=1e-12)
    assert observable.predict(U1Mediator(L_MU_L_TAU, mass=0.01, coupling=1e-4)) == 0.0
    # The charge that mixing gives, as in scattering at zero momentum transfer.
    charge = float(effective_charge(model(mass=0.01, coupling=1.0), "e"))
    a = DEFAULT_INPUTS.vev**2 * charge * 1e-8 / 1e-4
    reference = U1Mediator(L_MU_L_TAU, mass=0.01, coupling=observable.limits(0.01), mixing="one_loop")
    at_limit = float(observable.predict(reference))
    assert one == pytest.approx(2.0 * a**2 / (2.0 * (a * (observable.limits(0.01) / 1e-4) ** 2) ** 2) * at_limit)


def test_polynomials_are_the_prediction() -> None:
    observable = load_measurement("white_dwarfs").observable
    mass, coupling = np.array([1e-3, 0.01, 0.5]), np.array([1e-5, 1e-4, 1e-2])
    for name in ("lmu_ltau", "le_lmu", "le_lmu:mixing=one_loop"):
        model = recast.load_model(name)
        polynomials = observable.polynomials(model, mass)["signal"]
        expected = np.nan_to_num(observable.predict(model(mass=mass[:, None], coupling=coupling)))
        values = polynomials[:, 2:3] * coupling**2 + polynomials[:, 4:] * coupling**4
        np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-300)
    assert observable.polynomials(recast.load_model("contact"), mass) is None
    assert isinstance(observable, Observable)


def test_what_it_does_not_apply_to() -> None:
    measurement = load_measurement("white_dwarfs")
    with pytest.raises(NotApplicableError, match="couplings of neutrinos to electrons are left open"):
        measurement.prediction(ContactInteraction(dgv=[0.1], dga=[0.0]))
    assert measurement.prediction(StandardModel()) == 0.0
