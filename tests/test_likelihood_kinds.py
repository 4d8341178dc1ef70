"""Intervals, limit curves, correlated numbers, pyhf workspaces and sums, each against another implementation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyhf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats
from scipy.optimize import minimize, minimize_scalar

from recast.errors import NotApplicableError, RecastError
from recast.likelihoods import (
    CorrelatedGaussian,
    Gaussian,
    Interval,
    LimitCurve,
    PoissonCount,
    PyhfWorkspace,
)

VALUES, ERRORS = (1.0, 2.0, 3.0), (0.1, 0.3, 0.2)
CORRELATIONS = ((1.0, 0.3, -0.2), (0.3, 1.0, 0.5), (-0.2, 0.5, 1.0))
NAMES = ("a", "b", "c")


def correlated(**changes: Any) -> CorrelatedGaussian:
    given_ = {"names": NAMES, "values": VALUES, "errors": ERRORS, "correlations": CORRELATIONS}
    return CorrelatedGaussian(**(given_ | changes))


def workspace(
    observed: list[float], background: list[float], signal: list[float], error: list[float] | None = None
) -> dict[str, Any]:
    modifiers = []
    if error is not None:
        high, low = ([b + s * e for b, e in zip(background, error, strict=True)] for s in (1, -1))
        modifiers = [{"name": "shape", "type": "histosys", "data": {"hi_data": high, "lo_data": low}}]
    return {
        "version": "1.0.0",
        "channels": [
            {
                "name": "bins",
                "samples": [
                    {
                        "name": "signal",
                        "data": signal,
                        "modifiers": [{"name": "mu", "type": "normfactor", "data": None}],
                    },
                    {"name": "background", "data": background, "modifiers": modifiers},
                ],
            }
        ],
        "observations": [{"name": "bins", "data": observed}],
        "measurements": [{"name": "counting", "config": {"poi": "mu", "parameters": []}}],
    }


def test_an_interval_ends_where_it_was_published() -> None:
    likelihood = Interval(low=0.88, high=1.24)
    assert likelihood.data == pytest.approx(1.06)
    assert likelihood.allowed(stats.norm.ppf(0.975)) == pytest.approx((0.88, 1.24), rel=1e-12)
    shifted = Interval(low=0.88, high=1.24, value=1.0, confidence_level=0.68)
    assert shifted.allowed(stats.norm.ppf(0.84)) == pytest.approx((0.88, 1.24), rel=1e-12)
    assert shifted.expected(2.0).allowed(stats.norm.ppf(0.84)) == pytest.approx((1.88, 2.24), rel=1e-12)


@given(low=st.floats(-5.0, 5.0), width=st.floats(0.01, 5.0), level=st.floats(0.1, 0.99), x=st.floats(-20.0, 20.0))
def test_an_interval_is_a_gaussian_of_its_width(low: float, width: float, level: float, x: float) -> None:
    z = stats.norm.ppf(0.5 * (1.0 + level))
    expected = -stats.norm.logpdf(x, loc=low + 0.5 * width, scale=0.5 * width / z)
    likelihood = Interval(low=low, high=low + width, confidence_level=level)
    assert float(likelihood.nll(x)) == pytest.approx(float(expected), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_a_limit_curve_comes_back_at_its_own_level(level: float) -> None:
    likelihood = LimitCurve(confidence_level=level)
    z = stats.norm.ppf(level)
    assert likelihood.upper_limit_only
    assert likelihood.allowed(z, one_sided=True)[1] == pytest.approx(1.0, rel=1e-12)
    signal = np.array([0.0, 0.5, 1.0, 3.0])
    np.testing.assert_allclose(likelihood.minus_2_delta_ln_l(signal), (z * signal) ** 2, rtol=1e-12)
    with pytest.raises(NotApplicableError, match="only the observed limit curve is known"):
        likelihood.expected(0.0)


def test_correlated_numbers_are_a_multivariate_normal() -> None:
    likelihood = correlated()
    rng = np.random.default_rng(1)
    x = np.array(VALUES) + 0.3 * rng.standard_normal((5, 4, 3))
    covariance = np.array(CORRELATIONS) * np.outer(ERRORS, ERRORS)
    expected = [-stats.multivariate_normal.logpdf(VALUES, mean=row, cov=covariance) for row in x.reshape(-1, 3)]
    np.testing.assert_allclose(likelihood.nll(x).ravel(), expected, rtol=1e-12)
    assert likelihood.degrees_of_freedom == 3
    np.testing.assert_allclose(likelihood.expected(x[0, 0]).minus_2_delta_ln_l(x[0, 0]), 0.0, atol=1e-20)
    first, second = likelihood.derivatives(x)
    moved = x + np.array([0.0, 1e-5, 0.0])
    slope = (likelihood.minus_2_delta_ln_l(moved) - likelihood.minus_2_delta_ln_l(x)) / 1e-5
    np.testing.assert_allclose(first[..., 1] + 0.5e-5 * second[1, 1], slope, rtol=1e-5, atol=1e-5)


def test_floating_directions_are_profiled() -> None:
    directions = ((1.0, 1.0, 0.0), (0.0, 0.5, 1.0))
    likelihood = correlated(floating=directions)
    assert likelihood.degrees_of_freedom == 1
    x = np.array([1.4, 1.2, 3.3])

    def objective(t: np.ndarray) -> float:
        return float(correlated().minus_2_delta_ln_l(x + t @ np.array(directions)))

    best = minimize(objective, np.zeros(2), options={"gtol": 1e-9}).fun
    assert float(likelihood.minus_2_delta_ln_l(x)) == pytest.approx(best, rel=1e-7)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"correlations": ((1.0, 0.9, 0.9), (0.9, 1.0, -0.9), (0.9, -0.9, 1.0))}, "positive definite; the smallest"),
        ({"correlations": ((1.0, 0.3, -0.2), (0.1, 1.0, 0.5), (-0.2, 0.5, 1.0))}, "must be symmetric: 0.3 between a"),
        ({"correlations": ((2.0, 0.3, -0.2), (0.3, 1.0, 0.5), (-0.2, 0.5, 1.0))}, "ones on the diagonal"),
        ({"correlations": ((1.0, 0.3), (0.3, 1.0))}, "correlations must have 3 entries"),
        ({"values": (1.0, 2.0)}, "values must have 3 entries, one for each of names, not 2"),
        ({"errors": (0.1, -0.3, 0.2)}, "greater than 0"),
        ({"floating": ((1.0, 0.0, 0.0), (2.0, 0.0, 0.0))}, "independent directions"),
    ],
)
def test_impossible_covariances_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        correlated(**changes)


@pytest.mark.parametrize("bad", [{"low": 1.0, "high": 1.0}, {"low": 0.0, "high": 1.0, "value": 2.0}])
def test_impossible_intervals_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Interval(**bad)  # type: ignore[arg-type]


def test_a_background_error_is_a_gaussian_nuisance_parameter() -> None:
    likelihood = PoissonCount(observed=77, background=78.0, background_error=3.0)
    plain = PoissonCount(observed=77, background=78.0)
    for signal in (-20.0, 0.0, 18.0, 60.0):
        best = minimize_scalar(
            lambda b, s=signal: float(plain.minus_2_delta_ln_l(s + b)) + (b / 3.0) ** 2,
            bounds=(-15.0, 15.0),
            options={"xatol": 1e-10},
        )
        assert float(likelihood.minus_2_delta_ln_l(signal)) == pytest.approx(best.fun, rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("error", [None, 0.02, 0.05])
def test_one_bin_of_pyhf_is_a_poisson_count(error: float | None) -> None:
    spec = workspace([77.0], [78.0], [10.0], None if error is None else [error * 78.0])
    ours = PyhfWorkspace(workspace=spec, signal=10.0)
    count = PoissonCount(observed=77, background=78.0, background_error=78.0 * (error or 0.0))
    signal = np.array([-30.0, -10.0, 0.0, 5.0, 15.0, 40.0, 200.0])
    np.testing.assert_allclose(
        ours.minus_2_delta_ln_l(signal), count.minus_2_delta_ln_l(signal), rtol=3e-4, atol=1e-5
    )
    assert ours.data == pytest.approx(-1.0, abs=1e-4)
    assert ours.allowed(1.96) == pytest.approx(count.allowed(1.96), rel=1e-4)
    asimov = ours.expected(12.0)
    assert asimov.data == pytest.approx(12.0, abs=1e-4)
    np.testing.assert_allclose(
        ours.minus_2_delta_ln_l(signal[2:], theory_error=2.0),
        count.minus_2_delta_ln_l(signal[2:], theory_error=2.0),
        rtol=1e-3,
        atol=1e-4,
    )


def test_several_bins_follow_pyhf_between_the_nodes() -> None:
    spec = workspace([12.0, 7.0, 3.0], [10.0, 8.0, 2.0], [1.0, 2.0, 3.0], [1.0, 0.5, 0.3])
    ours = PyhfWorkspace(workspace=spec, signal=6.0)
    model = pyhf.Workspace(spec).model()
    data = pyhf.Workspace(spec).data(model)
    bounds = [(-0.5, 50.0) if name == "mu" else (-5.0, 5.0) for name in model.config.par_order]
    _, free = pyhf.infer.mle.fit(data, model, par_bounds=bounds, return_fitted_val=True)
    for mu in (0.0, 0.37, 1.3, 3.9):
        _, fixed = pyhf.infer.mle.fixed_poi_fit(mu, data, model, par_bounds=bounds, return_fitted_val=True)
        expected = float(fixed) - float(free)
        assert float(ours.minus_2_delta_ln_l(6.0 * mu)) == pytest.approx(expected, rel=1e-3, abs=1e-4)
    signal = np.array([0.0, 5.0, 20.0])
    first, second = ours.derivatives(signal)
    up, down = (ours.derivatives(signal + s * 1e-4)[0] for s in (1, -1))
    np.testing.assert_allclose(second, (up - down) / 2e-4, rtol=1e-4, atol=1e-6)
    up, down = (ours.minus_2_delta_ln_l(signal + s * 1e-4) for s in (1, -1))
    np.testing.assert_allclose(first, (up - down) / 2e-4, rtol=1e-4, atol=1e-6)


def test_a_plane_of_a_workspace_runs_pyhf_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    likelihood = PyhfWorkspace(workspace=workspace([77.0], [78.0], [10.0], [2.0]), signal=10.0)
    expected = float(likelihood.minus_2_delta_ln_l(11.0))

    def never(*_: Any, **__: Any) -> None:
        msg = "pyhf must not be called per point"
        raise AssertionError(msg)

    monkeypatch.setattr(pyhf.infer.mle, "fixed_poi_fit", never)
    plane = likelihood.minus_2_delta_ln_l(np.full((50, 40), 11.0))
    np.testing.assert_array_equal(plane, expected)


def test_a_workspace_can_be_a_file_and_faults_are_told(tmp_path: Path) -> None:
    spec = workspace([5.0], [4.0], [1.0])
    (tmp_path / "mine.json").write_text(json.dumps(spec))
    (tmp_path / "broken.json").write_text("{")
    context = {"folder": tmp_path}

    def read(value: Any) -> PyhfWorkspace:
        return PyhfWorkspace.model_validate({"workspace": value, "signal": 1.0}, context=context)

    assert read("mine.json").data == pytest.approx(1.0, abs=1e-5)
    with pytest.raises(ValidationError, match=r"broken\.json is not a workspace in pyhf's JSON"):
        read("broken.json")
    with pytest.raises(ValidationError, match=r"there is no workspace file .*nowhere\.json"):
        read("nowhere.json")
    with pytest.raises(ValidationError, match="channels is missing"):
        read({"observations": [], "version": "1.0.0"})
    with pytest.raises(RecastError, match="pyhf refuses the workspace"):
        _ = read(spec | {"channels": [{"name": "bins"}]}).data


def test_likelihoods_add() -> None:
    a, b, c = Gaussian(value=0.82, error=0.28), PoissonCount(observed=4, background=1.0), correlated()
    total = a + b + c
    x = [np.array([0.5, 1.0]), np.array([2.0, 5.0]), np.array([[1.1, 2.0, 3.0], [1.0, 2.5, 3.1]])]
    expected = a.nll(x[0]) + b.nll(x[1]) + c.nll(x[2])
    np.testing.assert_allclose(total.nll(x), expected, rtol=1e-13)
    np.testing.assert_allclose((a + (b + c)).minus_2_delta_ln_l(x), total.minus_2_delta_ln_l(x), rtol=1e-14)
    assert total.degrees_of_freedom == 5
    with pytest.raises(RecastError, match="3 likelihoods need as many predictions, not 2"):
        total.nll(x[:2])
