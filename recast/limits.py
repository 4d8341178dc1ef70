"""Limits on the coupling at fixed mass.

A single measurement excludes the couplings whose prediction lies outside ``data +- z sigma``; where
the prediction is a polynomial in the coupling, as every trident ratio is, the edges are exact roots.
A published limit curve excludes from above only, with the one-sided ``z``, so that it comes back at
its own confidence level.  Several measurements, or several correlated numbers, are compared with
their joint best fit in the model at that mass; those edges are found by bracketed root finding.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.errors import NotApplicableError, RecastError
from recast.interactions import checked
from recast.polynomials import evaluate, multiply, positive_roots
from recast.statistics import check_confidence_level, convention, quantile

if TYPE_CHECKING:
    from recast.measurement import Measurement
    from recast.model import Model

__all__ = ["BestFit", "LimitResult", "limit"]

FloatArray = NDArray[np.float64]
Interval = tuple[float, float | None]

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


@dataclass(frozen=True)
class LimitResult:
    """Excluded couplings of a model at given masses.

    Attributes
    ----------
    model : str
    measurements : tuple of str
        Names with the variants that differ from the default.
    mass : ndarray, shape (n_mass,)
        In GeV.
    coupling : ndarray, shape (n_mass,)
        Lowest excluded edge; NaN where nothing is excluded.
    excluded : tuple of tuple of (float, float or None)
        Excluded intervals at each mass; None is an interval without an upper end.
    confidence_level : float
    one_sided, expected : bool
    convention : str
        How the region was defined, in words.
    best_fit : BestFit or None
        Joint best fit that was subtracted, for several measurements or correlated numbers.
    """

    model: str
    measurements: tuple[str, ...]
    mass: FloatArray
    coupling: FloatArray
    excluded: tuple[tuple[Interval, ...], ...]
    confidence_level: float
    one_sided: bool
    expected: bool
    convention: str
    best_fit: BestFit | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; masses with nothing excluded are left out."""
        limits = [
            {"mass": float(mass), "coupling": float(coupling), "excluded": [list(i) for i in excluded]}
            for mass, coupling, excluded in zip(self.mass, self.coupling, self.excluded, strict=True)
            if excluded
        ]
        result: dict[str, Any] = {
            "limits": limits,
            "confidence_level": self.confidence_level,
            "convention": self.convention,
        }
        if self.best_fit is not None:
            result["best_fit"] = [
                {"mass": float(m), "coupling": float(c), "minus_2_delta_ln_l": float(s)}
                for m, c, s in zip(self.mass, self.best_fit.coupling, self.best_fit.minus_2_delta_ln_l, strict=True)
            ]
        return result


def limit(
    model: Model | str | Path,
    measurements: Measurement | str | Path | Sequence[Measurement | str | Path],
    mass: ArrayLike,
    *,
    confidence_level: float = 0.95,
    one_sided: bool = False,
    expected: bool = False,
) -> LimitResult:
    """Return the couplings that measurements exclude at given masses.

    Parameters
    ----------
    model : Model, str or Path
        With parameters mass and coupling.
    measurements : Measurement, str or Path, or a sequence of them
        Several are combined.
    mass : array_like
        In GeV.
    confidence_level : float
        Of the excluded region.
    one_sided : bool
        Exclude only predictions above the data (for several: couplings above the best fit).
    expected : bool
        Replace the data by the Standard Model prediction.

    Raises
    ------
    RecastError
        For a model without a mass and a coupling, no measurement at all or two that share data, a mass that is not a
        positive number or a confidence level outside (0, 1).
    NotApplicableError
        When a measurement has nothing to say about the model.
    """
    from recast.joint import Joint
    from recast.likelihoods import LimitCurve
    from recast.measurement import load_measurements
    from recast.model import load_model

    model = load_model(model) if isinstance(model, str | Path) else model
    if not {"mass", "coupling"} <= set(model.parameters):
        msg = (
            f"model '{model.name}' has the parameters {', '.join(model.parameters)} and no limit on a "
            "coupling at fixed mass: write the plane into a file for 'recast scan'"
        )
        raise RecastError(msg)
    loaded = Joint(load_measurements(measurements)).measurements
    masses = np.atleast_1d(checked("mass", mass, positive=True)).ravel()
    level = check_confidence_level(confidence_level)
    z = quantile(level, one_sided=one_sided)
    if not masses.size:
        msg = "at least one mass is needed for a limit"
        raise RecastError(msg)
    interaction = model(mass=masses, coupling=np.zeros_like(masses))
    for measurement in loaded:
        reason = measurement.applicable(interaction)
        if reason is not None:
            msg = f"measurement '{measurement.label}' does not apply to model '{model.name}': {reason}"
            raise NotApplicableError(msg)
    if expected:
        loaded = tuple(m.expected() for m in loaded)

    curve = _Curve(model, loaded, masses)
    published = None
    if not curve.relative and loaded[0].upper_limit_only:
        one_sided, z = True, quantile(level, one_sided=True)
        published = loaded[0].likelihood.confidence_level if isinstance(loaded[0].likelihood, LimitCurve) else level
    best_fit = None
    if not curve.relative and (edges := curve.exact_edges(z, one_sided=one_sided)) is not None:
        excluded = _classified(curve, edges, z, one_sided=one_sided)
    else:
        excluded, best_fit = _searched(curve, z, one_sided=one_sided)
    return LimitResult(
        model=model.name,
        measurements=tuple(m.label for m in loaded),
        mass=masses,
        coupling=np.array([intervals[0][0] if intervals else math.nan for intervals in excluded]),
        excluded=excluded,
        confidence_level=level,
        one_sided=one_sided,
        expected=expected,
        convention=convention(
            level, one_sided=one_sided, combined=curve.relative, expected=expected, published=published
        ),
        best_fit=best_fit if curve.relative else None,
    )


class _Curve:
    """The joint likelihood along the coupling, one row per mass."""

    def __init__(self, model: Model, measurements: tuple[Measurement, ...], mass: FloatArray) -> None:
        from recast.joint import Joint

        self.model = model
        self.measurements = measurements
        self.joint = Joint(measurements)
        self.mass = mass
        self.polynomials = [m.observable.polynomials(model, mass) for m in measurements]

    def parts(self, rows: NDArray[np.intp], coupling: FloatArray) -> list[Mapping[str, FloatArray]]:
        """Return the contributions to every prediction at (mass of the row, coupling)."""
        result: list[Mapping[str, FloatArray]] = []
        for measurement, polynomials in zip(self.measurements, self.polynomials, strict=True):
            if polynomials is None:
                interaction = self.model(mass=self.mass[rows], coupling=coupling)
                result.append(measurement.observable.contributions(interaction))
            else:
                result.append({k: evaluate(p[rows], coupling) for k, p in polynomials.items()})
        return result

    def statistic(self, rows: NDArray[np.intp], coupling: FloatArray) -> FloatArray:
        """Return the joint ``2 delta ln L``."""
        return self.joint.distance(self.parts(rows, coupling))

    @property
    def relative(self) -> bool:
        """Whether the region is relative to the best fit, because no coupling need fit all the data."""
        return len(self.measurements) > 1 or self.measurements[0].likelihood.degrees_of_freedom > 1

    def above_data(self, rows: NDArray[np.intp], coupling: FloatArray) -> NDArray[np.bool_]:
        """Return where the prediction of the only measurement exceeds its data."""
        (part,) = self.parts(rows, coupling)
        return np.asarray(sum(part.values()) > self.measurements[0].data)

    def exact_edges(self, z: float, *, one_sided: bool) -> FloatArray | None:
        """Return the couplings where the only measurement's region can end, sorted, NaN-padded.

        None when its prediction is no polynomial or its profiled likelihood has no closed form.
        """
        (measurement,), (polynomials,) = self.measurements, self.polynomials
        if polynomials is None:
            return None
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


def _shifted(polynomials: FloatArray, constant: float) -> FloatArray:
    """Subtract a constant from every polynomial."""
    result = polynomials.copy()
    result[:, 0] -= constant
    return result


def _classified(curve: _Curve, edges: FloatArray, z: float, *, one_sided: bool) -> tuple[tuple[Interval, ...], ...]:
    """Decide between which edges the only measurement excludes, by looking once in each gap."""
    n_mass = curve.mass.size
    low = np.concatenate([np.zeros((n_mass, 1)), edges], axis=1)
    high = np.concatenate([edges, np.full((n_mass, 1), np.nan)], axis=1)
    # The last gap has no end, a mass without edges has one gap: look at twice its beginning.
    inside = np.where(np.isnan(high), np.where(low > 0.0, 2.0 * low, 1.0), 0.5 * (low + high))
    rows = np.broadcast_to(np.arange(n_mass)[:, None], low.shape)
    exists = ~np.isnan(low)
    at = np.where(exists, inside, 0.0)
    excluded = exists & (curve.statistic(rows, at) > z**2)
    if one_sided:
        excluded &= curve.above_data(rows, at)
    return tuple(
        _joined(
            (float(a), None if math.isnan(b) else float(b))
            for a, b, out in zip(low[row], high[row], excluded[row], strict=True)
            if out
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


def _searched(curve: _Curve, z: float, *, one_sided: bool) -> tuple[tuple[tuple[Interval, ...], ...], BestFit]:
    """Bracket and solve the edges of a joint likelihood, or of one without a closed form."""
    from scipy.optimize import elementwise

    find_root: Any = elementwise.find_root
    single = not curve.relative
    grid = _search_grid(curve)
    rows = np.broadcast_to(np.arange(curve.mass.size)[:, None], grid.shape)
    values = curve.statistic(rows, grid)
    best_fit = _best_fit(curve, grid, values)
    offset = np.zeros(curve.mass.size) if single else best_fit.minus_2_delta_ln_l
    above = values - offset[:, None] > z**2
    if one_sided:
        above &= curve.above_data(rows, grid) if single else grid > best_fit.coupling[:, None]

    row, column = np.nonzero(above[:, 1:] != above[:, :-1])
    edge = np.empty(0)
    if row.size:
        bracket = (grid[row, column], grid[row, column + 1])
        if one_sided and not single:
            bracket = (np.maximum(bracket[0], best_fit.coupling[row]), bracket[1])
        solution = find_root(lambda x, r: curve.statistic(r, x) - offset[r] - z**2, bracket, args=(row,))
        edge = np.asarray(solution.x, dtype=float)
    intervals: list[tuple[Interval, ...]] = []
    for index in range(curve.mass.size):
        mine = row == index
        ends = [0.0, *edge[mine].tolist(), None]
        states = [above[index, 0], *above[index, column[mine] + 1]]
        intervals.append(tuple((ends[i], ends[i + 1]) for i, out in enumerate(states) if out))
    return tuple(intervals), best_fit


def _search_grid(curve: _Curve) -> FloatArray:
    """Return couplings, 0 and then evenly in the logarithm, that hold every edge of each mass."""
    n_mass = curve.mass.size
    marks: list[FloatArray] = []
    for measurement, polynomials in zip(curve.measurements, curve.polynomials, strict=True):
        if polynomials is None:
            marks.append(np.full((n_mass, 2), getattr(measurement.observable, "search_range", _SEARCH)))
            continue
        total = np.sum(list(polynomials.values()), axis=0)
        # Where this prediction is within a small and a large distance of its data.
        targets = [e for z in (0.1, 30.0) for e in measurement.likelihood.allowed(z)]
        targets += [float(np.max(total[:, 0])) * 1.001, 2.0 * abs(float(measurement.data))]
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


def _best_fit(curve: _Curve, grid: FloatArray, values: FloatArray) -> BestFit:
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
