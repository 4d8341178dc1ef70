"""Excluded couplings at each mass: exact edges where a prediction is a polynomial, a search where it is not."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recast.polynomials import evaluate, multiply, positive_roots

if TYPE_CHECKING:
    from recast.measurement import Measurement
    from recast.model import Model

__all__ = ["BestFit", "CouplingCurve", "Interval", "above", "classified", "searched"]

FloatArray = NDArray[np.float64]
Interval: TypeAlias = tuple[float, float | None]
Excluded: TypeAlias = tuple[tuple[Interval, ...], ...]

# Couplings searched for a combined limit when a prediction is not a polynomial (an observable may name its own as
# ``search_range``), and the number of points that bracket its edges (they are then found to rounding).
_SEARCH = (1e-9, 1e3)
_SEARCH_POINTS = 800


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


class CouplingCurve:
    """The joint likelihood along the coupling, one row per mass."""

    def __init__(self, model: Model, measurements: tuple[Measurement, ...], mass: FloatArray) -> None:
        from recast.joint import Joint

        self.model = model
        self.measurements = measurements
        self.joint = Joint(measurements)
        self.mass = mass
        self.polynomials = [m.observable.polynomials(model, mass) for m in measurements]
        self.known = [self._known(m) for m in measurements]

    def _known(self, measurement: Measurement) -> NDArray[np.bool_]:
        """Return at which masses a measurement says anything."""
        if not measurement.bounded:
            return np.ones(self.mass.size, dtype=bool)
        prediction = measurement.prediction(self.model(mass=self.mass, coupling=np.ones_like(self.mass)))
        return ~np.isnan(prediction)

    def parts(self, rows: NDArray[np.intp], coupling: FloatArray) -> list[Mapping[str, FloatArray]]:
        """Return the contributions to every prediction at (mass of the row, coupling)."""
        result: list[Mapping[str, FloatArray]] = []
        for measurement, polynomials, known in zip(self.measurements, self.polynomials, self.known, strict=True):
            if polynomials is None:
                # What depends on the mass alone is then done once for each row, not for each of its couplings.
                column = rows[..., :1] if rows.ndim > 1 and rows.strides[-1] == 0 else rows
                interaction = self.model(mass=self.mass[column], coupling=coupling)
                result.append(measurement.contributions(interaction))
                continue
            part = {k: evaluate(p[rows], coupling) for k, p in polynomials.items()}
            # A polynomial has zeros where nothing is known.
            result.append(part if known.all() else {k: np.where(known[rows], v, np.nan) for k, v in part.items()})
        return result

    def statistic(self, rows: NDArray[np.intp], coupling: FloatArray) -> FloatArray:
        """Return the joint ``2 delta ln L``."""
        return self.joint.distance(self.parts(rows, coupling))

    @property
    def relative(self) -> bool:
        """Whether the region is relative to the best fit, because no coupling need fit all the data."""
        return len(self.measurements) > 1 or self.measurements[0].likelihood.degrees_of_freedom > 1

    def prediction(self, rows: NDArray[np.intp], coupling: FloatArray) -> FloatArray:
        """Return the prediction of the only measurement."""
        (part,) = self.parts(rows, coupling)
        return np.asarray(sum(part.values()))

    def above_data(self, rows: NDArray[np.intp], coupling: FloatArray) -> NDArray[np.bool_]:
        """Return where the prediction of the only measurement exceeds its data."""
        return self.prediction(rows, coupling) > self.measurements[0].data

    def exact_edges(self, z: float, *, one_sided: bool) -> FloatArray | None:
        """Return the couplings where the only measurement's region can end, sorted, NaN-padded.

        None when its prediction is no polynomial or its profiled likelihood has no closed form.
        """
        (measurement,), (polynomials,) = self.measurements, self.polynomials
        if polynomials is None:
            return self._solved_by_observable(measurement, z, one_sided=one_sided)
        total = np.sum(list(polynomials.values()), axis=0)
        found: list[FloatArray] = []
        if not measurement.theory_errors:
            edges = measurement.likelihood.allowed(z, one_sided=one_sided)
            found += [positive_roots(_shifted(total, edge)) for edge in edges if math.isfinite(edge)]
        elif measurement.likelihood.side_errors is None:
            return None
        else:
            # (R - d)^2 = z^2 [sigma^2 + sum (theory errors)^2], polynomial on each side of d.
            distance = _shifted(total, float(measurement.data))
            theory = sum(multiply(s, s) for s in measurement.theory_shifts(polynomials).values())
            square = multiply(distance, distance) - z**2 * theory
            sides = set(measurement.likelihood.side_errors)
            found += [positive_roots(_shifted(square, (z * sigma) ** 2)) for sigma in sides]
        return np.sort(np.concatenate(found, axis=1), axis=1)

    def _solved_by_observable(self, measurement: Measurement, z: float, *, one_sided: bool) -> FloatArray | None:
        """Return the edges of an observable that inverts its prediction itself, as `exact_edges` does."""
        if measurement.theory_errors:
            return None
        edges = measurement.likelihood.allowed(z, one_sided=one_sided)
        found = self.couplings_at(measurement, [edge for edge in edges if math.isfinite(edge)])
        return np.sort(np.concatenate(found, axis=1), axis=1) if found else None

    def couplings_at(self, measurement: Measurement, predictions: list[float]) -> list[FloatArray]:
        """Return where an observable has given predictions, of shape (n_mass, k) each; empty if it cannot say."""
        solve = getattr(measurement.observable, "couplings_at", None)
        found = [] if solve is None else [solve(self.model, self.mass, value) for value in predictions]
        return [] if any(couplings is None for couplings in found) else found

    def search_grid(self) -> FloatArray:
        """Return couplings, 0 and then evenly in the logarithm, that hold every edge, shape (n_mass, n)."""
        n_mass = self.mass.size
        marks: list[FloatArray] = []
        for measurement, polynomials in zip(self.measurements, self.polynomials, strict=True):
            if polynomials is None:
                everywhere = np.full((n_mass, 2), getattr(measurement.observable, "search_range", _SEARCH))
                marks += self.couplings_at(measurement, _targets(measurement)) or [everywhere]
                continue
            total = np.sum(list(polynomials.values()), axis=0)
            targets = [*_targets(measurement), float(np.max(total[:, 0])) * 1.001, 2.0 * abs(float(measurement.data))]
            marks += [positive_roots(_shifted(total, t)) for t in targets if math.isfinite(t)]
        every = np.concatenate(marks, axis=1)
        known = np.isfinite(every)
        low = np.min(np.where(known, every, np.inf), axis=1)
        high = np.max(np.where(known, every, 0.0), axis=1)
        coupled = np.any(known, axis=1)
        low = np.where(coupled, 0.03 * low, _SEARCH[0])
        high = np.where(coupled, 3.0 * high, _SEARCH[1])
        steps = np.linspace(0.0, 1.0, _SEARCH_POINTS)
        grid = np.exp(np.log(low)[:, None] + np.log(high / low)[:, None] * steps)
        return np.concatenate([np.zeros((n_mass, 1)), grid], axis=1)


def _shifted(polynomials: FloatArray, constant: float) -> FloatArray:
    """Subtract a constant from every polynomial."""
    result = polynomials.copy()
    result[:, 0] -= constant
    return result


def classified(curve: CouplingCurve, edges: FloatArray, z: float, *, one_sided: bool) -> Excluded:
    """Decide between which edges the only measurement excludes."""

    def out(rows: NDArray[np.intp], coupling: FloatArray) -> NDArray[np.bool_]:
        parts = curve.parts(rows, coupling)
        result = curve.joint.distance(parts) > z**2
        return result & (sum(parts[0].values()) > curve.measurements[0].data) if one_sided else result

    return _between(edges, out)


def above(curve: CouplingCurve, bound: float) -> Excluded:
    """Return the couplings at which the prediction of the only measurement exceeds a bound."""
    (polynomials,) = curve.polynomials
    if polynomials is not None:
        edges = positive_roots(_shifted(np.sum(list(polynomials.values()), axis=0), bound))
        return _between(np.sort(edges, axis=1), lambda rows, coupling: curve.prediction(rows, coupling) > bound)
    grid = curve.search_grid()
    rows = np.broadcast_to(np.arange(curve.mass.size)[:, None], grid.shape)
    states = curve.prediction(rows, grid) > bound
    return _solved(grid, states, lambda coupling, row: curve.prediction(row, coupling) - bound)


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
    """Bracket and solve the edges of a joint likelihood, or of one without a closed form."""
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
    excluded = _solved(grid, states, lambda x, r: curve.statistic(r, x) - offset[r] - z**2, lowest=lowest)
    return excluded, best_fit


def _solved(
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


def _targets(measurement: Measurement) -> list[float]:
    """Return where a prediction is within a small and a large distance of its data; nothing for several numbers."""
    if np.ndim(measurement.data):
        return []
    return [e for z in (0.1, 30.0) for e in measurement.likelihood.allowed(z) if math.isfinite(e)]


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
