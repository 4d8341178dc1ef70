"""Nuisance parameters that several measurements share."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from recast.joint import Joint
from recast.likelihoods import AsymmetricGaussian, CountingExperiment, Gaussian, Likelihood, PoissonCount
from recast.measurement import Measurement, TheoryError

SOURCE = {"value": {"paper": "-", "place": "-", "inspire": "Key:2000aa", "bibtex": "@misc{Key:2000aa,}"}}
COUNT_ERROR = {"trident_coherent": TheoryError(part="all", relative=0.2)}
ERRORS = {
    "trident_coherent": TheoryError(part="coherent", relative=0.06),
    "trident_incoherent": TheoryError(part="incoherent", relative=0.3),
}


def made(name: str, likelihood: Likelihood, errors: dict[str, TheoryError]) -> Measurement:
    return Measurement.model_validate(
        {
            "name": name,
            "title": name,
            "observable": None,
            "likelihood": likelihood,
            "theory_errors": errors,
            "provenance": SOURCE,
        }
    )


def brute_force(measurements: list[Measurement], parts: list[dict[str, float]], names: list[str]) -> float:
    def objective(theta: np.ndarray) -> float:
        value = float(np.sum(theta**2))
        for measurement, part in zip(measurements, parts, strict=True):
            shifted = sum(part.values())
            for name, error in measurement.theory_errors.items():
                if error.part == "all":
                    shifted += error.relative * sum(part.values()) * theta[names.index(name)]
                elif error.part in part:
                    shifted += error.relative * part[error.part] * theta[names.index(name)]
            value += float(measurement.likelihood.minus_2_delta_ln_l(shifted))
        return value

    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000}
    start = np.zeros(len(names))
    return float(minimize(objective, start, method="Nelder-Mead", options=options).fun)


@given(
    coherent=st.floats(0.2, 4.0),
    incoherent=st.floats(0.05, 2.0),
    data=st.floats(0.3, 3.0),
)
def test_shared_gaussians_have_the_correlated_closed_form(coherent: float, incoherent: float, data: float) -> None:
    measurements = [
        made("a", Gaussian(value=0.82, error=0.28), ERRORS),
        made("b", Gaussian(value=data, error=0.5), ERRORS),
    ]
    parts = [
        {"coherent": np.array(coherent), "incoherent": np.array(incoherent)},
        {"coherent": np.array(1.3 * coherent), "incoherent": np.array(0.4 * incoherent)},
    ]
    residual = np.array([float(sum(p.values())) for p in parts]) - [0.82, data]
    first = 0.06 * np.array([coherent, 1.3 * coherent])
    second = 0.3 * np.array([incoherent, 0.4 * incoherent])
    covariance = np.diag([0.28**2, 0.5**2]) + np.outer(first, first) + np.outer(second, second)
    expected = residual @ np.linalg.solve(covariance, residual)
    assert float(Joint(tuple(measurements)).distance(parts)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("coherent", [0.3, 0.9, 2.0])
def test_mixed_likelihoods_agree_with_a_minimiser(coherent: float) -> None:
    measurements = [
        made("a", AsymmetricGaussian(value=0.72, upper=1.73, lower=0.72), ERRORS),
        made("b", Gaussian(value=1.58, error=0.3), ERRORS),
        made(
            "c", PoissonCount(observed=9, background=3.0), {"trident_coherent": TheoryError(part="all", relative=0.2)}
        ),
    ]
    parts = [
        {"coherent": coherent, "incoherent": 0.2},
        {"coherent": coherent},
        {"coherent": 5.0 * coherent},
    ]
    arrays = [{k: np.array([v, 2.0 * v]) for k, v in part.items()} for part in parts]
    ours = Joint(tuple(measurements)).distance(arrays)
    names = ["trident_coherent", "trident_incoherent"]
    assert ours[0] == pytest.approx(brute_force(measurements, parts, names), rel=1e-7)
    doubled = [{k: 2.0 * v for k, v in part.items()} for part in parts]
    assert ours[1] == pytest.approx(brute_force(measurements, doubled, names), rel=1e-7)


def test_without_a_shared_name_likelihoods_simply_add() -> None:
    a = made("a", Gaussian(value=0.82, error=0.28), {"ccfr_prediction": TheoryError(part="all", relative=0.05)})
    b = made("b", Gaussian(value=1.58, error=0.64), {})
    plane = {"coherent": np.linspace(0.5, 4.0, 12).reshape(3, 4)}
    total = (a + b).distance([plane, plane])
    np.testing.assert_allclose(total, a.distance(plane) + b.distance(plane), rtol=1e-14)


def test_predictions_far_above_a_count_are_profiled() -> None:
    # There the likelihood of the workspace is a straight line, and both pulls go to where the prediction is the data.
    count = CountingExperiment(signal_per_year={"signal": 9.5}, background_per_year=96.0, years=6.0)
    joint = Joint((made("a", Gaussian(value=0.82, error=0.28), ERRORS), made("b", count, ERRORS)))
    size = np.logspace(1.0, 11.0, 11)
    ratio, signal = {"coherent": size}, {"coherent": 52.0 * size, "incoherent": 5.0 * size}
    cancelled = 1.0 / 0.06**2 + 1.0 / 0.3**2
    assert joint.distance([ratio, signal])[3:] == pytest.approx(cancelled, rel=1e-3)
    parts = [{name: part[0] for name, part in one.items()} for one in (ratio, signal)]
    expected = brute_force(list(joint.measurements), parts, list(ERRORS))
    assert float(joint.distance(parts)) == pytest.approx(expected, rel=1e-6)
