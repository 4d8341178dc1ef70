"""Predictions that are quadratic in the strengths of an interaction.

A cross section with couplings ``g + sum_i s_i p_i(K2)`` is, after the sum over momentum transfer,

    constant + sum_i s_i linear_i + sum_{i <= j} s_i s_j quadratic_ij ,

where only the strengths ``s_i`` (``g'^2``, a contact shift) know the coupling and only the
coefficients know the mass.  Keeping the two apart is what makes planes fast: the sums over
momentum transfer are done once per distinct mass, and each point of the plane costs a few
multiplications.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# Elements of a plane handled at a time (256 kB): intermediate results stay in the cache.
_BLOCK = 1 << 15


@dataclass(frozen=True)
class Expansion:
    """A quadratic polynomial in strengths.

    Attributes
    ----------
    constant : float
        Value at zero strength.
    strengths : tuple of ndarray
        Mutually broadcastable arrays.
    linear : tuple of ndarray
        One coefficient per strength, broadcasting with the strengths.
    quadratic : dict of (int, int) to ndarray
        Coefficients of ``s_i s_j`` with ``i <= j``.
    """

    constant: float
    strengths: tuple[FloatArray, ...]
    linear: tuple[FloatArray, ...]
    quadratic: dict[tuple[int, int], FloatArray]

    @property
    def shape(self) -> tuple[int, ...]:
        """Broadcast shape of all strengths and coefficients."""
        arrays = (*self.strengths, *self.linear, *self.quadratic.values())
        return np.broadcast_shapes(*(array.shape for array in arrays))

    def same_strengths(self, other: Expansion) -> bool:
        """Return whether two expansions are polynomials in the same numbers."""
        if len(self.strengths) != len(other.strengths):
            return False
        return all(
            a is b or (a.shape == b.shape and bool(np.array_equal(a, b)))
            for a, b in zip(self.strengths, other.strengths, strict=True)
        )

    def plus(self, other: Expansion) -> Expansion:
        """Add an expansion in the same strengths."""
        quadratic = dict(self.quadratic)
        for pair, coefficient in other.quadratic.items():
            quadratic[pair] = quadratic[pair] + coefficient if pair in quadratic else coefficient
        return Expansion(
            constant=self.constant + other.constant,
            strengths=self.strengths,
            linear=tuple(a + b for a, b in zip(self.linear, other.linear, strict=True)),
            quadratic=quadratic,
        )

    def evaluate(self, shape: tuple[int, ...]) -> FloatArray:
        """Return the value at every point.

        Parameters
        ----------
        shape : tuple of int
            Of the result; strengths and coefficients broadcast to it.
        """
        result = np.empty(shape)
        if result.ndim == 0 or result.size <= _BLOCK:
            self._fill(result, ...)
            return result
        rows = max(1, _BLOCK * shape[0] // result.size)
        for start in range(0, shape[0], rows):
            self._fill(result[start : start + rows], slice(start, start + rows), shape)
        return result

    def _fill(self, out: FloatArray, rows: Any, shape: tuple[int, ...] | None = None) -> None:
        """Write the value of some rows of the plane, in Horner form and in place."""

        def part(array: FloatArray) -> FloatArray:
            whole = np.broadcast_to(array, out.shape if shape is None else shape)
            return np.asarray(whole[rows])

        out[...] = self.constant
        if len(self.strengths) == 1:
            strength, linear = part(self.strengths[0]), part(self.linear[0])
            if (0, 0) in self.quadratic:
                np.multiply(part(self.quadratic[0, 0]), strength, out=out)
                out += linear
                out *= strength
            else:
                np.multiply(linear, strength, out=out)
            out += self.constant
            return
        for i, strength in enumerate(self.strengths):
            slope = part(self.linear[i])
            for (a, b), coefficient in self.quadratic.items():
                if a == i:
                    slope = slope + part(coefficient) * part(self.strengths[b])
            out += slope * part(strength)

    def in_coupling(self, strengths: Sequence[FloatArray], n_mass: int) -> FloatArray:
        """Return the polynomial in the coupling, given those of the strengths.

        Parameters
        ----------
        strengths : sequence of ndarray, shape (n_mass or 1, 3)
            Each strength as a quadratic in the coupling, lowest order first.
        n_mass : int
            Number of rows of the result.

        Returns
        -------
        ndarray, shape (n_mass, 5)
            Lowest order first.
        """
        result = np.zeros((n_mass, 5))
        result[:, 0] = self.constant
        for i, polynomial in enumerate(strengths):
            result[:, :3] += self.linear[i].reshape(-1, 1) * polynomial
        for (i, j), coefficient in self.quadratic.items():
            for power_i in range(3):
                for power_j in range(3):
                    product = strengths[i][:, power_i] * strengths[j][:, power_j]
                    result[:, power_i + power_j] += coefficient.reshape(-1) * product
        return result


def merged(expansions: Sequence[Expansion]) -> list[Expansion]:
    """Add the expansions that are polynomials in the same strengths."""
    groups: list[Expansion] = []
    for expansion in expansions:
        for index, group in enumerate(groups):
            if group.same_strengths(expansion):
                groups[index] = group.plus(expansion)
                break
        else:
            groups.append(expansion)
    return groups
