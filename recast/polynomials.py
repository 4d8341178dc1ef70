"""Real roots of many polynomials at once.

Trident ratios are quadratics in the square of the coupling, so that their limits are roots rather
than points read off a contour.  The closed form is used where there is one, the eigenvalues of the
companion matrix with a few Newton steps elsewhere.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["evaluate", "multiply", "positive_roots"]

FloatArray = NDArray[np.float64]


def evaluate(coefficients: FloatArray, x: FloatArray) -> FloatArray:
    """Evaluate polynomials (Horner).

    Parameters
    ----------
    coefficients : ndarray, shape (..., degree + 1)
        Lowest order first.
    x : ndarray
        Broadcasts with the leading axes of the coefficients.
    """
    value = coefficients[..., -1] + np.zeros_like(x)
    for order in range(coefficients.shape[-1] - 2, -1, -1):
        value = value * x + coefficients[..., order]
    return value


def multiply(a: FloatArray, b: FloatArray) -> FloatArray:
    """Multiply polynomials row by row.

    Parameters
    ----------
    a, b : ndarray, shape (n, degree + 1)
        Lowest order first.
    """
    result = np.zeros((a.shape[0], a.shape[1] + b.shape[1] - 1))
    for i in range(a.shape[1]):
        result[:, i : i + b.shape[1]] += a[:, i : i + 1] * b
    return result


def positive_roots(coefficients: FloatArray) -> FloatArray:
    """Return the positive real roots of each polynomial.

    Parameters
    ----------
    coefficients : ndarray, shape (n, degree + 1)
        Lowest order first; trailing zeros are allowed.

    Returns
    -------
    ndarray, shape (n, degree)
        Sorted, padded with NaN.  A double root may appear twice or, when rounding moves it off
        the real axis, not at all: nothing changes sign there.
    """
    degree = coefficients.shape[1] - 1
    if degree >= 2 and not np.any(coefficients[:, 1::2]):
        # A polynomial in the square: solve for the square, at half the degree.
        squares = positive_roots(np.ascontiguousarray(coefficients[:, ::2]))
        roots = np.full((coefficients.shape[0], degree), np.nan)
        roots[:, : squares.shape[1]] = np.sqrt(squares)
        return roots
    if degree <= 2:
        padded = np.zeros((coefficients.shape[0], 3))
        padded[:, : degree + 1] = coefficients
        return _sorted_positive(_quadratic_roots(padded))[:, : max(degree, 1)]
    roots = np.full((coefficients.shape[0], degree), np.nan)
    for row, polynomial in enumerate(coefficients):
        found = _general_roots(polynomial)
        roots[row, : found.size] = found
    return roots


def _quadratic_roots(coefficients: FloatArray) -> FloatArray:
    """Return both roots of ``c + b x + a x^2`` without cancellation, NaN where not real."""
    c, b, a = coefficients.T
    with np.errstate(divide="ignore", invalid="ignore"):
        discriminant = b * b - 4.0 * a * c
        q = -0.5 * (b + np.copysign(np.sqrt(discriminant), b))
        return np.stack([q / a, c / q], axis=1)


def _sorted_positive(roots: FloatArray) -> FloatArray:
    """Replace what is not a finite positive number by NaN and sort it to the end."""
    with np.errstate(invalid="ignore"):
        return np.sort(np.where(np.isfinite(roots) & (roots > 0.0), roots, np.nan), axis=1)


def _general_roots(polynomial: FloatArray) -> FloatArray:
    """Return the positive roots of one polynomial of any degree."""
    used = np.flatnonzero(polynomial)
    if used.size < 2:
        return np.empty(0)
    trimmed = polynomial[used[0] : used[-1] + 1]
    order = trimmed.size - 1
    # Roots span many decades: scale the variable so that first and last coefficient are alike.
    scale = float(np.exp((np.log(abs(trimmed[0])) - np.log(abs(trimmed[-1]))) / order))
    scaled = trimmed * scale ** np.arange(order + 1) / abs(trimmed[0])
    roots = np.roots(scaled[::-1])
    near = roots[(np.abs(roots.imag) <= 1e-6 * np.abs(roots)) & (roots.real > 0.0)]
    x = near.real
    slope = scaled[1:] * np.arange(1, order + 1)
    for _ in range(3):
        derivative = evaluate(slope, x)
        step = np.divide(evaluate(scaled, x), derivative, out=np.zeros_like(x), where=derivative != 0)
        # Beside a double root a Newton step can leave the neighbourhood: keep it small.
        x = x - np.clip(step, -1e-3 * x, 1e-3 * x)
    return np.sort(x * scale)
