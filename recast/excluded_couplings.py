"""Excluded couplings at each mass: exact edges where a prediction is a polynomial, a search where it is not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recast.coupling_curve import CouplingCurve, shifted
from recast.polynomials import positive_roots

__all__ = ["BestFit", "Excluded", "Interval", "classified", "outside", "searched", "solved"]

FloatArray = NDArray[np.float64]
Interval: TypeAlias = tuple[float, float | None]
Excluded: TypeAlias = tuple[tuple[Interval, ...], ...]


@dataclass(frozen=True)
class BestFit:
    """Joint best fit of several measurements at each mass.

    Attributes
    ----------
    coupling : ndarray, shape (n_mass,)
        Coupling of the smallest joint ``2 delta ln L``.
    minus_2_delta_ln_l : ndarray, shape (n_mass,)
        Its value: the sum over the measurements that was subtracted.
    """

    coupling: FloatArray
    minus_2_delta_ln_l: FloatArray


def classified(curve: CouplingCurve, edges: FloatArray, z: float, *, one_sided: bool) -> Excluded:
    """Decide between which edges the only measurement excludes.

    Parameters
    ----------
    curve : CouplingCurve
        Of one measurement.
    edges : ndarray, shape (n_mass, n_edges)
        Couplings at which it may change its mind, increasing.
    z : float
        Standard deviations.
    one_sided : bool
        Whether only predictions above the data are excluded.
    """

    def out(rows: NDArray[np.intp], coupling: FloatArray) -> NDArray[np.bool_]:
        parts = curve.parts(rows, coupling)
        result = curve.joint.distance(parts) > z**2
        return result & (sum(parts[0].values()) > curve.measurements[0].data) if one_sided else result

    return _between(edges, out)


def outside(curve: CouplingCurve, low: FloatArray, high: FloatArray) -> Excluded:
    """Return the couplings at which the prediction of the only measurement lies outside an interval.

    Parameters
    ----------
    curve : CouplingCurve
    low, high : ndarray, shape (n_mass,)
        Its ends at each mass, which may be infinite.
    """
    (polynomials,) = curve.polynomials

    def excess(coupling: FloatArray, row: NDArray[np.intp]) -> FloatArray:
        prediction = curve.prediction(row, coupling)
        return np.maximum(low[row] - prediction, prediction - high[row])

    if polynomials is not None:
        total = np.sum(list(polynomials.values()), axis=0)
        edges = []
        for end in (low, high):
            finite = np.isfinite(end)
            roots = positive_roots(shifted(total, np.where(finite, end, 0.0)))
            edges.append(np.where(finite[:, None], roots, np.nan))
        return _between(np.sort(np.concatenate(edges, axis=1), axis=1), lambda row, x: excess(x, row) > 0.0)
    grid = curve.search_grid()
    rows = np.broadcast_to(np.arange(curve.mass.size)[:, None], grid.shape)
    return solved(grid, excess(grid, rows) > 0.0, excess)


def _between(edges: FloatArray, out: Callable[[NDArray[np.intp], FloatArray], NDArray[np.bool_]]) -> Excluded:
    """Decide between which edges couplings are excluded, by looking once in each gap."""
    n_mass = edges.shape[0]
    low = np.concatenate([np.zeros((n_mass, 1)), edges], axis=1)
    high = np.concatenate([edges, np.full((n_mass, 1), np.nan)], axis=1)
    # The last gap has no end, a mass without edges has one gap: look at twice its beginning.
    inside = np.where(np.isnan(high), np.where(low > 0.0, 2.0 * low, 1.0), 0.5 * (low + high))
    rows = np.broadcast_to(np.arange(n_mass)[:, None], low.shape)
    exists = ~np.isnan(low)
    excluded = exists & out(rows, np.where(exists, inside, 0.0))
    return tuple(
        _joined(
            (float(a), None if math.isnan(b) else float(b))
            for a, b, gone in zip(low[row], high[row], excluded[row], strict=True)
            if gone
        )
        for row in range(n_mass)
    )


def _joined(intervals: Any) -> tuple[Interval, ...]:
    """Join intervals that touch."""
    result: list[Interval] = []
    for low, high in intervals:
        if result and result[-1][1] == low:
            result[-1] = (result[-1][0], high)
        else:
            result.append((low, high))
    return tuple(result)


def searched(curve: CouplingCurve, z: float, *, one_sided: bool) -> tuple[Excluded, BestFit]:
    """Bracket and solve the edges of a joint likelihood, or of one without a closed form.

    Parameters
    ----------
    curve : CouplingCurve
        Of one measurement or several.
    z : float
        Standard deviations.
    one_sided : bool
        Whether only predictions above the data, or couplings above the best fit, are excluded.
    """
    single = not curve.relative
    grid = curve.search_grid()
    rows = np.broadcast_to(np.arange(curve.mass.size)[:, None], grid.shape)
    values = curve.statistic(rows, grid)
    best_fit = _best_fit(curve, grid, values)
    offset = np.zeros(curve.mass.size) if single else best_fit.minus_2_delta_ln_l
    states = values - offset[:, None] > z**2
    lowest = np.zeros(curve.mass.size)
    if one_sided:
        states &= curve.above_data(rows, grid) if single else grid > best_fit.coupling[:, None]
        lowest = lowest if single else best_fit.coupling
    excluded = solved(grid, states, lambda x, r: curve.statistic(r, x) - offset[r] - z**2, lowest=lowest)
    return excluded, best_fit


def solved(
    grid: FloatArray,
    states: NDArray[np.bool_],
    function: Callable[[FloatArray, NDArray[np.intp]], FloatArray],
    *,
    lowest: FloatArray | None = None,
) -> Excluded:
    """Return the excluded intervals, their ends being where a function crosses zero between points of a grid.

    Parameters
    ----------
    grid : ndarray, shape (n_mass, n)
        Increasing couplings.
    states : ndarray of bool, shape (n_mass, n)
        Whether they are excluded.
    function : callable
        Of couplings and rows, both of shape (n_edges,).
    lowest : ndarray, shape (n_mass,), optional
        No edge lies below.
    """
    from scipy.optimize import elementwise

    find_root: Any = elementwise.find_root
    row, column = np.nonzero(states[:, 1:] != states[:, :-1])
    edge = np.empty(0)
    if row.size:
        low, high = grid[row, column], grid[row, column + 1]
        bracket = (low if lowest is None else np.maximum(low, lowest[row]), high)
        edge = np.asarray(find_root(function, bracket, args=(row,)).x, dtype=float)
    intervals: list[tuple[Interval, ...]] = []
    for index in range(grid.shape[0]):
        mine = row == index
        ends = [0.0, *edge[mine].tolist(), None]
        excluded = [states[index, 0], *states[index, column[mine] + 1]]
        intervals.append(tuple((ends[i], ends[i + 1]) for i, out in enumerate(excluded) if out))
    return tuple(intervals)


def _best_fit(curve: CouplingCurve, grid: FloatArray, values: FloatArray) -> BestFit:
    """Refine the smallest value on the grid; at the ends of the grid it is taken as it is."""
    from scipy.optimize import elementwise

    find_minimum: Any = elementwise.find_minimum
    index = np.argmin(values, axis=1)
    every = np.arange(curve.mass.size)
    coupling = grid[every, index]
    smallest = values[every, index]
    inner = every[(index > 0) & (index < grid.shape[1] - 1)]
    if inner.size:
        column = index[inner]
        bracket = tuple(grid[inner, column + shift] for shift in (-1, 0, 1))
        solution = find_minimum(lambda x, r: curve.statistic(r, x), bracket, args=(inner,))
        better = np.asarray(solution.f_x) < smallest[inner]
        coupling[inner] = np.where(better, solution.x, coupling[inner])
        smallest[inner] = np.where(better, solution.f_x, smallest[inner])
    return BestFit(coupling=coupling, minus_2_delta_ln_l=smallest)
