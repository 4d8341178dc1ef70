"""Smooth functions of neutrino energy and momentum transfer, fitted to events by least squares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Axis", "Part", "Plane"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]


@dataclass(frozen=True)
class Axis:
    """Cubic B-splines at equal distances.

    Attributes
    ----------
    low, width : float
        Where the first interval begins, and how long each is.
    intervals : int
    """

    low: float
    width: float
    intervals: int

    @classmethod
    def over(cls, low: float, high: float, width: float) -> Axis:
        """Return intervals of at most a width from low to high."""
        intervals = max(int(np.ceil((high - low) / width)), 1)
        return cls(low, (high - low) / intervals, intervals)

    @property
    def size(self) -> int:
        """Number of splines."""
        return self.intervals + 3

    def at(self, x: Array) -> tuple[Index, Array]:
        """Return, for x of shape (n,), the interval and the four splines that are not zero there, shape (n, 4)."""
        position = np.clip((x - self.low) / self.width, 0.0, self.intervals)
        interval = np.minimum(position.astype(np.intp), self.intervals - 1)
        t = position - interval
        s = 1.0 - t
        values = (s**3, 4.0 - 6.0 * t**2 + 3.0 * t**3, 4.0 - 6.0 * s**2 + 3.0 * s**3, t**3)
        return interval, np.stack(values, axis=1) / 6.0

    def matrix(self, x: Array) -> Array:
        """Return all splines at x of shape (n,), shape (n, size)."""
        interval, values = self.at(x)
        out = np.zeros((len(x), self.size))
        np.put_along_axis(out, interval[:, None] + np.arange(4), values, axis=1)
        return out

    def roughness(self) -> Array:
        """Return the matrix of the sum of squared differences of neighbours."""
        difference = np.diff(np.eye(self.size), axis=0)
        return np.asarray(difference.T @ difference)


@dataclass(frozen=True)
class Plane:
    """Products of splines in ln E and ln(K2 + k2_flat): 16 of them are not zero in a cell.

    Attributes
    ----------
    energy, k2 : Axis
    k2_flat : float
        GeV^2 below which functions become constant.
    """

    energy: Axis
    k2: Axis
    k2_flat: float

    @property
    def size(self) -> int:
        """Number of products."""
        return self.energy.size * self.k2.size

    def at(self, energy: Array, k2: Array) -> tuple[Index, Array]:
        """Return, for points (n,), the cell and the products that are not zero there, shape (n, 16)."""
        i, x = self.energy.at(np.log(energy))
        j, y = self.k2.at(np.log(k2 + self.k2_flat))
        return i * self.k2.intervals + j, (x[:, :, None] * y[:, None, :]).reshape(-1, 16)

    def on(self, energy: Array, k2: Array, coefficients: Array) -> Array:
        """Return sums of products with coefficients (..., size) at energies (n,) and K2 (m,), shape (..., n, m)."""
        table = coefficients.reshape(*coefficients.shape[:-1], self.energy.size, self.k2.size)
        in_k2 = self.k2.matrix(np.log(k2 + self.k2_flat))
        return np.asarray(self.energy.matrix(np.log(energy)) @ table @ in_k2.T)

    def columns(self) -> Index:
        """Return which products are not zero in each cell, shape (cells, 16)."""
        i, j = np.divmod(np.arange(self.energy.intervals * self.k2.intervals), self.k2.intervals)
        four = np.arange(4)
        found = ((i[:, None] + four) * self.k2.size)[:, :, None] + (j[:, None] + four)[:, None, :]
        return found.reshape(-1, 16)

    def roughness(self) -> Array:
        """Return the matrix of the sum of squared differences of neighbours; constants have none."""
        along_energy = np.kron(self.energy.roughness(), np.eye(self.k2.size))
        return np.asarray(along_energy + np.kron(np.eye(self.energy.size), self.k2.roughness()))


@dataclass(frozen=True)
class Part:
    """Normal equations of a part of a sample.

    Attributes
    ----------
    plane : Plane
    products : ndarray, shape (cells, 3, 16, 16)
        Weighted sums of products of splines, cell by cell, for the weights VV, AA and VA.
    passing : ndarray, shape (cells, 3, 16)
        Weighted sums of splines over what passes.
    """

    plane: Plane
    products: Array
    passing: Array

    @classmethod
    def of(cls, plane: Plane, energy: Array, k2: Array, weight: Array, passing: NDArray[np.bool_]) -> Part:
        """Add up events.

        Parameters
        ----------
        plane : Plane
        energy, k2 : ndarray, shape (n,)
            GeV and GeV^2.
        weight : ndarray, shape (3, n)
        passing : ndarray of bool, shape (n,)
        """
        cell, splines = plane.at(energy, k2)
        order = np.argsort(cell, kind="stable")
        cells = plane.energy.intervals * plane.k2.intervals
        ends = np.searchsorted(cell[order], np.arange(cells + 1))
        products, sums = np.zeros((cells, 3, 16, 16)), np.zeros((cells, 3, 16))
        for c in np.flatnonzero(np.diff(ends)):
            chosen = order[ends[c] : ends[c + 1]]
            here, w = splines[chosen], weight[:, chosen]
            products[c] = np.swapaxes(w[:, :, None] * here, 1, 2) @ here
            sums[c] = (w * passing[chosen]) @ here
        return cls(plane, products, sums)

    def __add__(self, other: Part) -> Part:
        """Return both parts as one."""
        return Part(self.plane, self.products + other.products, self.passing + other.passing)

    def matrices(self) -> Array:
        """Return the products for all splines, shape (3, size, size)."""
        columns = self.plane.columns()
        out = np.zeros((3, self.plane.size, self.plane.size))
        for here, products in zip(columns, self.products, strict=True):
            out[:, here[:, None], here] += products
        return out

    def sums(self) -> Array:
        """Return the sums over what passes for all splines, shape (3, size)."""
        return self._scattered(self.passing)

    def times(self, coefficients: Array) -> Array:
        """Return the products times coefficients (size,), shape (3, size)."""
        here = coefficients[self.plane.columns()]
        return self._scattered((self.products @ here[:, None, :, None])[..., 0])

    def _scattered(self, values: Array) -> Array:
        columns = self.plane.columns().ravel()
        size = self.plane.size
        rows = np.moveaxis(values, 1, 0).reshape(3, -1)
        return np.stack([np.bincount(columns, weights=row, minlength=size) for row in rows])
