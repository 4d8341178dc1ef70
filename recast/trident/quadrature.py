"""Nodes on the unit interval: Gauss-Legendre to integrate, Chebyshev to interpolate."""

from __future__ import annotations

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

__all__ = ["chebyshev_matrix", "chebyshev_nodes", "unit_gauss"]

Array = NDArray[np.float64]


def unit_gauss(n: int) -> tuple[Array, Array]:
    """Gauss-Legendre nodes and weights on (0, 1)."""
    x, w = leggauss(n)
    return 0.5 * (x + 1.0), 0.5 * w


def chebyshev_nodes(n: int) -> Array:
    """Chebyshev points of the first kind on (0, 1), increasing."""
    return np.asarray(0.5 * (1.0 - np.cos(np.pi * (np.arange(n) + 0.5) / n)))


def chebyshev_matrix(n: int, x: Array) -> Array:
    """Barycentric interpolation from :func:`chebyshev_nodes` to ``x``; shape ``x.shape + (n,)``."""
    nodes = chebyshev_nodes(n)
    weights = np.sin(np.pi * (np.arange(n) + 0.5) / n) * (-1.0) ** np.arange(n)
    difference = x[..., None] - nodes
    exact = np.abs(difference) < 1e-15
    terms = weights / np.where(exact, 1.0, difference)
    matrix = terms / terms.sum(axis=-1, keepdims=True)
    hit = exact.any(axis=-1, keepdims=True)
    return np.where(hit, exact.astype(float), matrix)
