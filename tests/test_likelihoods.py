"""Likelihoods against scipy.stats and against brute-force profiling."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats
from scipy.optimize import minimize_scalar

from recast.likelihoods import (
    LIKELIHOODS,
    AsymmetricGaussian,
    Gaussian,
    Interval,
    Likelihood,
    PoissonCount,
)

PREDICTIONS = np.linspace(0.05, 9.0, 60).reshape(6, 10)
EXAMPLES: list[Likelihood] = [
    Gaussian(value=0.82, error=0.28),
    AsymmetricGaussian(value=0.72, upper=1.73, lower=0.72),
    PoissonCount(observed=7, background=2.5),
    PoissonCount(observed=0, background=0.3),
    PoissonCount(observed=7, background=2.5, background_error=0.8),
    Interval(low=0.3, high=2.9, value=1.2, confidence_level=0.9),
]


def test_gaussian_is_the_normal_distribution() -> None:
    likelihood = Gaussian(value=0.82, error=0.28)
    expected = -stats.norm.logpdf(0.82, loc=PREDICTIONS, scale=0.28)
    np.testing.assert_allclose(likelihood.nll(PREDICTIONS), expected, rtol=1e-13)


def test_poisson_is_the_poisson_distribution() -> None:
    likelihood = PoissonCount(observed=7, background=2.5)
    expected = -stats.poisson.logpmf(7, PREDICTIONS + 2.5)
    np.testing.assert_allclose(likelihood.nll(PREDICTIONS), expected, rtol=1e-12)


def test_asymmetric_gaussian_is_two_halves_that_join() -> None:
    likelihood = AsymmetricGaussian(value=0.72, upper=1.73, lower=0.72)
    norm = 2.0 / (1.73 + 0.72)
    below, above = PREDICTIONS[PREDICTIONS < 0.72], PREDICTIONS[PREDICTIONS > 0.72]
    for part, sigma in ((below, 0.72), (above, 1.73)):
        density = norm * sigma * stats.norm.pdf(part, loc=0.72, scale=sigma)
        np.testing.assert_allclose(likelihood.nll(part), -np.log(density), rtol=1e-13)
    grid = np.linspace(-10.0, 20.0, 300_001)
    assert np.trapezoid(np.exp(-likelihood.nll(grid)), grid) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("likelihood", EXAMPLES, ids=repr)
def test_the_distance_is_twice_the_difference_of_nll(likelihood: Likelihood) -> None:
    distance = likelihood.minus_2_delta_ln_l(PREDICTIONS)
    if likelihood.data >= 0.0:
        at_data = likelihood.nll(likelihood.data)
        np.testing.assert_allclose(distance, 2.0 * (likelihood.nll(PREDICTIONS) - at_data), rtol=1e-12, atol=1e-12)
        assert float(likelihood.minus_2_delta_ln_l(likelihood.data)) == pytest.approx(0.0, abs=1e-14)
    assert np.all(distance >= -1e-14)


@pytest.mark.parametrize("likelihood", EXAMPLES, ids=repr)
def test_scalars_and_arrays_agree_and_out_is_used(likelihood: Likelihood) -> None:
    whole = likelihood.minus_2_delta_ln_l(PREDICTIONS)
    single = [float(likelihood.minus_2_delta_ln_l(x)) for x in PREDICTIONS.ravel()]
    np.testing.assert_allclose(whole.ravel(), single, rtol=1e-13)
    for theory_error in (0.0, 0.1):
        expected = likelihood.minus_2_delta_ln_l(PREDICTIONS, theory_error=theory_error)
        buffer = PREDICTIONS.copy()
        result = likelihood.minus_2_delta_ln_l(buffer, theory_error=theory_error, out=buffer)
        assert result is buffer
        np.testing.assert_array_equal(buffer, expected)


@pytest.mark.parametrize("likelihood", EXAMPLES, ids=repr)
@pytest.mark.parametrize("prediction", [0.2, 0.72, 1.0, 3.0, 8.0])
@pytest.mark.parametrize("theory_error", [0.06, 0.4, 2.0])
def test_profiling_agrees_with_a_minimiser(likelihood: Likelihood, prediction: float, theory_error: float) -> None:
    def objective(theta: float) -> float:
        shifted = prediction + theory_error * theta
        return float(likelihood.minus_2_delta_ln_l(shifted)) + theta**2

    floor = -prediction / theory_error if isinstance(likelihood, PoissonCount) else -30.0
    best = minimize_scalar(objective, bounds=(max(floor, -30.0), 30.0), options={"xatol": 1e-10})
    ours = likelihood.minus_2_delta_ln_l(prediction, theory_error=theory_error)
    if isinstance(likelihood, PoissonCount):
        # The closed form lets the whole expectation, not only the signal, reach zero.
        assert float(ours) <= float(best.fun) + 1e-8
        if best.x > floor + 1e-3:
            assert float(ours) == pytest.approx(float(best.fun), rel=1e-7, abs=1e-9)
    else:
        assert float(ours) == pytest.approx(float(best.fun), rel=1e-7, abs=1e-9)


def test_theory_errors_of_zero_in_an_array_change_nothing() -> None:
    zeros = np.zeros_like(PREDICTIONS)
    for likelihood in EXAMPLES:
        np.testing.assert_allclose(
            likelihood.minus_2_delta_ln_l(PREDICTIONS, theory_error=zeros),
            likelihood.minus_2_delta_ln_l(PREDICTIONS),
            rtol=1e-12,
            atol=1e-13,
        )


@pytest.mark.parametrize("likelihood", EXAMPLES, ids=repr)
@given(z=st.floats(0.2, 5.0))
def test_allowed_ends_where_the_distance_is_z_squared(likelihood: Likelihood, z: float) -> None:
    low, high = likelihood.allowed(z)
    assert float(likelihood.minus_2_delta_ln_l(high)) == pytest.approx(z**2, rel=1e-9)
    if math.isfinite(low):
        assert low < likelihood.data < high
        assert float(likelihood.minus_2_delta_ln_l(low)) == pytest.approx(z**2, rel=1e-9)
    assert likelihood.allowed(z, one_sided=True) == (-math.inf, high)


@pytest.mark.parametrize("likelihood", EXAMPLES, ids=repr)
def test_derivatives_are_derivatives(likelihood: Likelihood) -> None:
    x, step = np.array([0.4, 1.5, 3.0]), 1e-5
    first, second = likelihood.derivatives(x)
    up, down = (likelihood.minus_2_delta_ln_l(x + s * step) for s in (1, -1))
    np.testing.assert_allclose(first, (up - down) / (2 * step), rtol=1e-6, atol=1e-6)
    slope_up, slope_down = (likelihood.derivatives(x + s * step)[0] for s in (1, -1))
    np.testing.assert_allclose(second, (slope_up - slope_down) / (2 * step), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("likelihood", EXAMPLES, ids=repr)
def test_asimov_data_sit_on_the_prediction(likelihood: Likelihood) -> None:
    asimov = likelihood.expected(1.25)
    assert asimov.data == pytest.approx(1.25)
    assert type(asimov) is type(likelihood)
    assert float(asimov.minus_2_delta_ln_l(1.25)) == pytest.approx(0.0, abs=1e-14)


def test_a_negative_expectation_is_impossible() -> None:
    assert np.isinf(PoissonCount(observed=3).minus_2_delta_ln_l(-1.0))


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("gaussian", {"value": 1.0, "error": -0.1}),
        ("gaussian", {"value": 1.0, "error": 0.0}),
        ("gaussian", {"value": float("nan"), "error": 0.1}),
        ("gaussian", {"value": 1.0, "error": 0.1, "sigma": 0.1}),
        ("asymmetric_gaussian", {"value": 1.0, "upper": 0.1}),
        ("poisson_count", {"observed": -1}),
    ],
)
def test_impossible_settings_are_refused(kind: str, settings: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        LIKELIHOODS[kind](**settings)  # type: ignore[arg-type]


def test_likelihoods_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Gaussian(value=1.0, error=0.1).value = 2.0  # type: ignore[misc]
