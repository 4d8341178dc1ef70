"""Counts of several samples with a free normalisation: the minimum over alpha and beta, derivatives, data filled in."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.optimize import minimize

from recast.catalog import Catalog
from recast.errors import DocumentError, NotApplicableError, RecastError
from recast.likelihoods import NormalisedCounts
from recast.measurement import load_measurement

COUNTS = st.lists(st.floats(20.0, 1e5), min_size=2, max_size=2)


def as_published(
    prediction: np.ndarray, alpha: np.ndarray, beta: np.ndarray, likelihood: NormalisedCounts
) -> np.ndarray:
    """Return chi squared of arXiv:1902.08579 of every sample, without the penalties."""
    expected, background = np.array(likelihood.data), np.array(likelihood.backgrounds or (0.0, 0.0))
    residual = prediction - (1.0 + alpha) * expected - (alpha + beta) * background
    return residual**2 / prediction


@pytest.mark.parametrize("correlation", ["independent", "shared"])
@given(COUNTS, COUNTS, st.lists(st.floats(0.0, 1e4), min_size=2, max_size=2), st.floats(0.01, 0.3))
def test_the_minimum_over_alpha_and_beta(
    correlation: str, prediction: list[float], values: list[float], backgrounds: list[float], error: float
) -> None:
    likelihood = NormalisedCounts(
        names=("neutrino", "antineutrino"),
        values=tuple(values),
        backgrounds=tuple(backgrounds),
        normalisation_error=error,
        background_error=0.1,
        correlation=correlation,
    )
    n = np.array(prediction)
    # Parameters in units of their errors: a quadratic form, whose minimum a linear solver finds from five values.
    size = 1 if correlation == "shared" else 2

    def objective(x: np.ndarray) -> float:
        alpha, beta = error * x[:size], 0.1 * x[size:]
        return float(np.sum(as_published(n, alpha, beta, likelihood)) + np.sum(x**2))

    found = minimize(objective, np.zeros(2 * size), method="BFGS", options={"gtol": 1e-9})
    value = float(likelihood.minus_2_delta_ln_l(n))
    assert value <= objective(found.x) * (1.0 + 1e-6) + 1e-6
    assert value == pytest.approx(found.fun, rel=1e-4, abs=1e-6)


def test_without_background_in_closed_form() -> None:
    likelihood = NormalisedCounts(names=("a", "b"), values=(100.0, 400.0), normalisation_error=0.05)
    value = likelihood.minus_2_delta_ln_l([110.0, 380.0])
    assert value == pytest.approx(100.0 / (110.0 + 25.0) + 400.0 / (380.0 + 400.0))
    assert likelihood.minus_2_delta_ln_l(likelihood.data) == 0.0
    assert likelihood.degrees_of_freedom == 2


def test_a_shared_normalisation_cancels_in_the_ratio() -> None:
    """Moving both samples alike costs the error of the normalisation; moving them apart does not profit from it."""
    common: dict[str, object] = {"names": ("a", "b"), "values": (1e6, 1e6), "normalisation_error": 0.05}
    shared = NormalisedCounts(**common, correlation="shared")
    alone = NormalisedCounts(**common, correlation="independent")
    together, apart = np.array([1.05e6, 1.05e6]), np.array([1.05e6, 0.95e6])
    assert shared.minus_2_delta_ln_l(together) == pytest.approx(1.0, rel=1e-3)
    assert alone.minus_2_delta_ln_l(together) == pytest.approx(2.0, rel=1e-3)
    assert alone.minus_2_delta_ln_l(apart) == pytest.approx(2.0, rel=1e-3)
    assert shared.minus_2_delta_ln_l(apart) > 1000.0


def test_without_normalisation_error_the_correlation_does_not_matter() -> None:
    n = np.array([[90.0, 210.0], [120.0, 180.0]])
    values = [
        NormalisedCounts(names=("a", "b"), values=(100.0, 200.0), normalisation_error=0.0, correlation=c)
        for c in ("independent", "shared")
    ]
    expected = np.sum((n - [100.0, 200.0]) ** 2 / n, axis=-1)
    for likelihood in values:
        assert likelihood.minus_2_delta_ln_l(n) == pytest.approx(expected)


@pytest.mark.parametrize("correlation", ["independent", "shared"])
def test_derivatives(correlation: str) -> None:
    likelihood = NormalisedCounts(
        names=("a", "b"),
        values=(100.0, 300.0),
        backgrounds=(10.0, 0.0),
        normalisation_error=0.05,
        background_error=0.1,
        correlation=correlation,
    )
    at, step = np.array([120.0, 280.0]), 1e-3
    gradient, hessian = likelihood.derivatives(at)
    shifts = step * np.eye(2)
    numeric = [
        (likelihood.minus_2_delta_ln_l(at + s) - likelihood.minus_2_delta_ln_l(at - s)) / (2 * step) for s in shifts
    ]
    slopes = [(likelihood.derivatives(at + s)[0] - likelihood.derivatives(at - s)[0]) / (2 * step) for s in shifts]
    assert gradient == pytest.approx(np.array(numeric), rel=1e-6)
    assert hessian == pytest.approx(np.array(slopes), rel=1e-6)


def test_impossible_predictions_are_excluded() -> None:
    likelihood = NormalisedCounts(names=("a", "b"), values=(10.0, 20.0), normalisation_error=0.1)
    assert np.array_equal(likelihood.minus_2_delta_ln_l([[0.0, 20.0], [10.0, 20.0]]), [np.inf, 0.0])


def test_data_are_filled_in() -> None:
    likelihood = NormalisedCounts(names=("a", "b"), normalisation_error=0.1)
    assert likelihood.needs_values
    with pytest.raises(RecastError, match="observable"):
        _ = likelihood.data
    filled = likelihood.expected(np.array([5.0, 6.0]))
    assert not filled.needs_values
    assert np.array_equal(filled.data, [5.0, 6.0])
    with pytest.raises(NotApplicableError, match="interval"):
        filled.allowed(1.0)


def test_data_that_cannot_be_filled_in(tmp_path: Path) -> None:
    with pytest.raises(RecastError, match="3 numbers, but names has 2"):
        NormalisedCounts(names=("a", "b"), normalisation_error=0.1).expected([1.0, 2.0, 3.0])
    with pytest.raises(RecastError, match="no events"):
        NormalisedCounts(names=("a", "b"), normalisation_error=0.1).expected([1.0, 0.0])
    shipped = Path(Catalog().document("measurements", "dune_nd_nu_e").file).read_text(encoding="utf-8")
    file = tmp_path / "mine.yaml"
    for wrong in ("[neutrino, antineutrino, third]", "[antineutrino, neutrino]"):
        file.write_text(shipped.replace("names: [neutrino, antineutrino]", f"names: {wrong}"), encoding="utf-8")
        with pytest.raises(DocumentError, match=r"mine\.yaml.*names must be neutrino, antineutrino"):
            load_measurement(file)
    file.write_text(shipped.replace("flux: dune_nd_standard_fhc,", "flux: dune_nd_standard_fh,"), encoding="utf-8")
    with pytest.raises(DocumentError, match=r"mine\.yaml.*dune_nd_standard_fhc"):
        load_measurement(file)


def test_bad_input() -> None:
    with pytest.raises(ValidationError, match="values must have 2 entries"):
        NormalisedCounts(names=("a", "b"), values=(1.0,), normalisation_error=0.1)
    with pytest.raises(ValidationError, match="correlation"):
        NormalisedCounts(names=("a", "b"), normalisation_error=0.1, correlation="half")
    with pytest.raises(RecastError, match="2 numbers on its last axis"):
        NormalisedCounts(names=("a", "b"), values=(1.0, 2.0), normalisation_error=0.1).minus_2_delta_ln_l(1.0)
    with pytest.raises(RecastError, match="no other theory error"):
        NormalisedCounts(names=("a", "b"), values=(1.0, 2.0), normalisation_error=0.1).minus_2_delta_ln_l(
            [1.0, 2.0], theory_error=0.1
        )
