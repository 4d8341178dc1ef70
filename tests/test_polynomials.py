"""Roots of many polynomials at once against numpy and against constructed roots."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.polynomials import evaluate, multiply, positive_roots


def test_evaluate_is_horner() -> None:
    coefficients = np.array([[1.0, -2.0, 0.5], [0.0, 1.0, 3.0]])
    x = np.array([[0.0, 1.0, 2.0], [0.5, -1.0, 4.0]])
    expected = [np.polyval(row[::-1], at) for row, at in zip(coefficients, x, strict=True)]
    np.testing.assert_allclose(evaluate(coefficients[:, None, :], x), expected)


def test_multiply_is_convolution() -> None:
    a = np.array([[1.0, 2.0], [0.0, -1.0]])
    b = np.array([[3.0, 0.0, 1.0], [1.0, 1.0, 1.0]])
    expected = [np.convolve(x, y) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(multiply(a, b), expected)


@given(
    st.lists(st.floats(-6.0, 6.0), min_size=1, max_size=5, unique_by=lambda x: round(x, 1)),
    st.floats(0.1, 10.0),
)
def test_constructed_roots_are_found(logarithms: list[float], leading: float) -> None:
    roots = np.sort(10.0 ** np.round(np.array(logarithms), 1))
    coefficients = leading * np.polynomial.polynomial.polyfromroots(roots)
    found = positive_roots(coefficients[None, :])[0]
    np.testing.assert_allclose(found[~np.isnan(found)], roots, rtol=1e-6)


@pytest.mark.parametrize("edge", [1.0 + 1e-12, 1.37, 50.0])
def test_even_quartics_are_exact_over_many_decades(edge: float) -> None:
    linear, quadratic = np.geomspace(1e-6, 1e9, 31), np.geomspace(1e-9, 1e18, 31)
    coefficients = np.zeros((31, 5))
    coefficients[:, 0], coefficients[:, 2], coefficients[:, 4] = 1.0 - edge, linear, quadratic
    found = positive_roots(coefficients)
    assert np.isfinite(found[:, 0]).all()
    assert np.isnan(found[:, 1:]).all()
    x = found[:, 0]
    np.testing.assert_allclose(linear * x**2 + quadratic * x**4, edge - 1.0, rtol=1e-13)


def test_degenerate_polynomials() -> None:
    rows = np.array([[1.0, 0.0, 0.0], [-1.0, 2.0, 0.0], [1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, -1.0, 2.0]])
    found = positive_roots(rows)
    assert found.shape == (5, 2)
    np.testing.assert_array_equal(np.isnan(found).sum(axis=1), [2, 1, 2, 2, 1])
    assert found[1, 0] == 0.5
    assert found[4, 0] == 0.5
    cubic = positive_roots(np.array([[0.0, -1.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0], [-8.0, 0.0, 0.0, 1.0]]))
    np.testing.assert_allclose(cubic[:, 0], [1.0, np.nan, 2.0])
