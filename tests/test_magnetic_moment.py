"""The one-loop magnetic moment against published numbers, limits and a general-purpose integrator."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

import recast
from recast.constants import LEPTON_MASS, MUON_MASS
from recast.interactions import ContactInteraction, StandardModel, U1Mediator
from recast.limits import limit
from recast.measurement import load_measurement
from recast.observables import Observable
from recast.observables.magnetic_moment import MagneticMoment, vector_loop

MUON = MagneticMoment(lepton="mu")
L_MU_L_TAU = {"mu": 1.0, "tau": -1.0}


def integrated(mass: float, lepton_mass: float) -> float:
    """Integrate the loop in the logarithm of the distance to either end."""
    ratio = (mass / lepton_mass) ** 2

    def at(x: float, rest: float) -> float:
        return 2.0 * x**2 * rest / (x**2 + rest * ratio)

    def near_zero(u: float) -> float:
        return at(math.exp(u), -math.expm1(u)) * math.exp(u)

    def near_one(u: float) -> float:
        return at(-math.expm1(u), math.exp(u)) * math.exp(u)

    halves = (quad(f, -40.0, math.log(0.5), epsabs=0, epsrel=1e-11, limit=400) for f in (near_zero, near_one))
    return sum(value for value, _ in halves)


def closed(ratio: float) -> float:
    """Return the integral for r > 4 by partial fractions, exact but for cancellation."""
    root = math.sqrt(ratio * (ratio - 4.0))
    logarithm = math.log((ratio + root) / (ratio - root))
    return (
        1.0
        - 2.0 * ratio
        + ratio * (ratio - 2.0) * math.log(ratio)
        - ratio * (ratio**2 - 4.0 * ratio + 2.0) / root * logarithm
    )


def test_it_is_an_observable() -> None:
    assert isinstance(MUON, Observable)


def test_known_values() -> None:
    """delta a / g'^2 of the muon to the seven digits of an independent evaluation."""
    mass = np.array([1e-3, 1e-2, 0.1, 1.0, 10.0, 100.0])
    expected = [1.230864e-2, 9.912306e-3, 2.803558e-3, 8.600279e-5, 9.403820e-7, 9.425621e-9]
    predicted = MUON.predict(U1Mediator(L_MU_L_TAU, mass=mass, coupling=1.0))
    assert predicted == pytest.approx(expected, rel=5e-7)


@pytest.mark.parametrize("lepton", LEPTON_MASS)
def test_against_a_general_purpose_integrator(lepton: str) -> None:
    mass = np.geomspace(1e-5, 1e4, 28)
    expected = [integrated(m, LEPTON_MASS[lepton]) for m in mass]
    assert vector_loop(mass, lepton_mass=LEPTON_MASS[lepton]) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("mass", [0.01, 0.1056583755, 0.3, 1.0])
def test_against_the_formula_as_it_is_printed(mass: float) -> None:
    ratio = (mass / MUON_MASS) ** 2
    plain, _ = quad(lambda x: 2.0 * x**2 * (1.0 - x) / (x**2 + (1.0 - x) * ratio), 0.0, 1.0, epsabs=0, epsrel=1e-11)
    assert vector_loop(mass, lepton_mass=MUON_MASS) == pytest.approx(plain, rel=1e-9)


@pytest.mark.parametrize("ratio", [4.5, 10.0, 100.0])
def test_against_partial_fractions(ratio: float) -> None:
    assert vector_loop(math.sqrt(ratio), lepton_mass=1.0) == pytest.approx(closed(ratio), rel=1e-8)


@given(st.floats(1e-12, 1e-5), st.floats(1e-6, 1.0))
def test_a_light_boson_gives_the_result_of_schwinger(mass: float, coupling: float) -> None:
    """delta a = g'^2 / (8 pi^2), as alpha / (2 pi) with alpha = g'^2 / (4 pi)."""
    predicted = MUON.predict(U1Mediator(L_MU_L_TAU, mass=mass, coupling=coupling))
    # The first correction is -pi m / m_mu.
    assert predicted == pytest.approx(coupling**2 / (8.0 * math.pi**2), rel=4.0 * mass / MUON_MASS + 1e-9)


@given(st.floats(1e3, 1e8), st.floats(1e-6, 1.0))
def test_a_heavy_boson_decouples(mass: float, coupling: float) -> None:
    expected = (coupling * MUON_MASS / mass) ** 2 / (12.0 * math.pi**2)
    predicted = MUON.predict(U1Mediator(L_MU_L_TAU, mass=mass, coupling=coupling))
    assert predicted == pytest.approx(expected, rel=1e-6)


@given(st.floats(1e-5, 1e4), st.floats(1.001, 10.0))
def test_it_falls_with_the_mass(mass: float, factor: float) -> None:
    assert 0.0 < vector_loop(factor * mass, lepton_mass=MUON_MASS) < vector_loop(mass, lepton_mass=MUON_MASS) < 1.0


@given(st.floats(1e-3, 1e3), st.floats(-3.0, 3.0), st.floats(1e-6, 1.0))
def test_it_goes_with_the_square_of_charge_times_coupling(mass: float, charge: float, coupling: float) -> None:
    unit = MUON.predict(U1Mediator(L_MU_L_TAU, mass=mass, coupling=1.0))
    predicted = MUON.predict(U1Mediator({"mu": charge}, mass=mass, coupling=coupling))
    assert predicted == pytest.approx((charge * coupling) ** 2 * unit, rel=1e-12)


def test_a_plane_has_the_shape_of_its_parameters() -> None:
    mass, coupling = np.geomspace(1e-3, 1e3, 300), np.geomspace(1e-4, 1.0, 5)
    plane = MUON.predict(U1Mediator(L_MU_L_TAU, mass=mass[:, None], coupling=coupling))
    assert plane.shape == (300, 5)
    column = MUON.predict(U1Mediator(L_MU_L_TAU, mass=mass, coupling=coupling[3]))
    assert np.allclose(plane[:, 3], column, rtol=1e-14, atol=0.0)


def test_more_masses_than_are_held_at_a_time() -> None:
    mass = np.geomspace(1e-3, 1e3, 5000)
    together = vector_loop(mass, lepton_mass=MUON_MASS)
    assert together[4321] == pytest.approx(float(vector_loop(mass[4321], lepton_mass=MUON_MASS)), rel=1e-14)


def test_no_boson_no_moment() -> None:
    assert MUON.predict(StandardModel()) == 0.0
    electron = MagneticMoment(lepton="e")
    assert np.array_equal(electron.predict(U1Mediator(L_MU_L_TAU, mass=[1.0, 2.0], coupling=1.0)), [0.0, 0.0])


def test_contact_shifts_say_nothing() -> None:
    assert MUON.applicable(U1Mediator(L_MU_L_TAU, mass=1.0, coupling=1.0)) is None
    reason = MUON.applicable(ContactInteraction(dgv=0.1, dga=0.0))
    assert reason is not None
    assert "does not determine a magnetic moment" in reason
    assert MUON.polynomials(recast.load_model("contact"), [1.0]) is None


def test_the_polynomial_in_the_coupling() -> None:
    model, mass = recast.load_model("lmu_ltau"), np.array([1e-2, 1.0])
    polynomials = MUON.polynomials(model, mass)
    assert polynomials is not None
    coefficients = polynomials["one_loop"]
    assert coefficients.shape == (2, 3)
    for coupling in (1e-4, 0.3):
        value = coefficients @ coupling ** np.arange(3)
        assert value == pytest.approx(MUON.predict(model(mass=mass, coupling=coupling)), rel=1e-13)


def test_the_difference_of_2025_is_that_of_its_inputs() -> None:
    """World average minus White Paper: no discrepancy is left, and what remains is an upper limit."""
    measurement = load_measurement("muon_g2:year=2025")
    experiment, theory = measurement.inputs
    assert measurement.likelihood.value == pytest.approx(1e-11 * (experiment.value - theory.value), rel=1e-3)
    assert measurement.likelihood.error == pytest.approx(1e-11 * math.hypot(experiment.error, theory.error), rel=1e-3)
    assert not measurement.preferred_band
    assert load_measurement("muon_g2:year=2019").preferred_band
    found = limit("lmu_ltau", measurement, [1.0], one_sided=True)
    loop = float(MUON.predict(U1Mediator(L_MU_L_TAU, mass=1.0, coupling=1.0)))
    expected = math.sqrt((0.385e-9 + 1.6449 * 0.637e-9) / loop)
    assert found.coupling == pytest.approx([expected], rel=1e-4)
    assert found.excluded[0] == ((float(found.coupling[0]), None),)
