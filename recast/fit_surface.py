"""The likelihood as a function of a model's parameters, in the coordinates of a fit.

Masses and couplings are fitted as their logarithms: they are positive, and known by orders of magnitude. Contact
shifts have both signs and are fitted as they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recast.interactions import StandardModel

if TYPE_CHECKING:
    from recast.interactions import Interaction
    from recast.joint import Joint
    from recast.model import Model

__all__ = ["Coordinate", "Surface", "coordinates"]

FloatArray = NDArray[np.float64]
Parts = Mapping[str, FloatArray]

# Where a fit looks: from the electron to a TeV, and up to couplings beyond which perturbation theory has no meaning.
_RANGES = {"mass": (1e-3, 1e3), "coupling": (1e-7, 10.0)}
_SHIFTS = (-10.0, 10.0)
# A likelihood that does not exist at a point (a negative number of events) is a very bad fit there, not an infinity,
# with which minimisers cannot work.
_WORST = 1e15
_COARSE, _FINE = 61, 161
# Five standard deviations above the lowest point: no place to begin.
_HOPELESS = 25.0
_STEP = 1e-3


@dataclass(frozen=True)
class Coordinate:
    """A free parameter of a fit.

    Attributes
    ----------
    name : str
    logarithmic : bool
        Fitted as its logarithm.
    low, high : float
        Ends of the range, as coordinates.
    """

    name: str
    logarithmic: bool
    low: float
    high: float

    def value(self, x: Any) -> Any:
        """Return the parameter at a coordinate."""
        return np.exp(x) if self.logarithmic else x

    def points(self, number: int) -> FloatArray:
        """Return evenly spaced coordinates from end to end."""
        return np.linspace(self.low, self.high, number)


def coordinates(free: Sequence[str], ranges: Mapping[str, tuple[float, float]]) -> tuple[Coordinate, ...]:
    """Return the coordinates of the free parameters, with their usual ranges or those that are given."""
    result = []
    for name in free:
        logarithmic = name in _RANGES
        low, high = ranges.get(name, _RANGES.get(name, _SHIFTS))
        ends = (math.log(low), math.log(high)) if logarithmic else (low, high)
        result.append(Coordinate(name, logarithmic, *ends))
    return tuple(result)


def _local_minima(values: FloatArray) -> NDArray[np.bool_]:
    """Return where no neighbour along an axis is lower."""
    lowest = np.ones(values.shape, dtype=bool)
    for axis in range(values.ndim):
        moved = np.moveaxis(values, axis, 0)
        mask = np.moveaxis(lowest, axis, 0)
        mask[1:] &= moved[1:] <= moved[:-1]
        mask[:-1] &= moved[:-1] <= moved[1:]
    return lowest


@dataclass(frozen=True)
class Surface:
    """The joint likelihood of measurements over the free parameters of a model.

    Attributes
    ----------
    model : Model
    joint : Joint
    axes : tuple of Coordinate
        The free parameters.
    fixed : dict of str to float
        The others.
    """

    model: Model
    joint: Joint
    axes: tuple[Coordinate, ...]
    fixed: Mapping[str, float]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the free parameters."""
        return tuple(axis.name for axis in self.axes)

    @cached_property
    def _last(self) -> dict[tuple[float, ...], list[Parts]]:
        return {}

    def parameters(self, x: Sequence[float]) -> dict[str, float]:
        """Return the free parameters at coordinates."""
        return {axis.name: float(axis.value(value)) for axis, value in zip(self.axes, x, strict=True)}

    def parts(self, x: Sequence[float]) -> list[Parts]:
        """Return the contributions to every prediction at one point; the latest points are remembered.

        A minimiser that varies the nuisance parameters alone asks for the same point again and again.
        """
        key = tuple(float(value) for value in x)
        if key not in self._last:
            if len(self._last) > 16:
                self._last.clear()
            self._last[key] = self._contributions(self.model(**self.fixed, **self.parameters(key)))
        return self._last[key]

    def _contributions(self, interaction: Interaction) -> list[Parts]:
        """Return the contributions; where an observable is not known, those of the Standard Model.

        Else the likelihood would rise by what the Standard Model fits badly wherever a measurement is silent.
        """
        result: list[Parts] = []
        given = self.joint.contributions(interaction)
        for measurement, part, usual in zip(self.joint.measurements, given, self._usual, strict=True):
            silent = measurement.bounded
            result.append({k: np.where(np.isnan(v), usual[k], v) for k, v in part.items()} if silent else part)
        return result

    @cached_property
    def _usual(self) -> list[Parts]:
        return self.joint.contributions(StandardModel())

    def range_of(self, name: str) -> tuple[float, float]:
        """Return the ends of a coordinate."""
        axis = self.axes[self.names.index(name)]
        return axis.low, axis.high

    def off_centre(self, x: Sequence[float]) -> float:
        """Return how far coordinates are from the middle of their ranges, from 0 to 1."""
        places = (abs(2.0 * (v - a.low) / (a.high - a.low) - 1.0) for a, v in zip(self.axes, x, strict=True))
        return max(places, default=0.0)

    def holding(self, x: Mapping[str, float]) -> Surface:
        """Return the surface with some parameters held at coordinates."""
        held = {axis.name: float(axis.value(x[axis.name])) for axis in self.axes if axis.name in x}
        axes = tuple(axis for axis in self.axes if axis.name not in x)
        return Surface(self.model, self.joint, axes, {**self.fixed, **held})

    def without_coupling(self) -> Surface:
        """Return the single point without a coupling, whatever the other parameters."""
        anywhere = {axis.name: float(axis.value(axis.low)) for axis in self.axes}
        return Surface(self.model, self.joint, (), {**self.fixed, **anywhere, "coupling": 0.0})

    def explicit(self, x: Sequence[float]) -> float:
        """Return 2 delta ln L at the free parameters followed by the nuisance parameters."""
        n = len(self.axes)
        if not np.all(np.isfinite(x)):
            return _WORST
        value = float(self.joint.full(self.parts(x[:n]), np.asarray(x[n:], dtype=float)))
        return value if value < _WORST else _WORST  # noqa: FURB136 - not-a-number too

    def profiled(self, *x: FloatArray) -> FloatArray:
        """Return 2 delta ln L with the nuisance parameters profiled, at coordinates that broadcast."""
        free = {axis.name: axis.value(values) for axis, values in zip(self.axes, x, strict=True)}
        shape = np.broadcast_shapes(*(values.shape for values in x))
        parts = self._contributions(self.model(**self.fixed, **free))
        with np.errstate(over="ignore"):
            value = np.broadcast_to(self.joint.distance(parts), shape)
        return np.where(value < _WORST, value, _WORST)

    def seeds(self, number: int) -> list[tuple[float, ...]]:
        """Return starting points: minima of a coarse scan, then points far from each other that are not hopeless.

        Parameters
        ----------
        number : int
            How many at most.
        """
        if not self.axes:
            return [()]
        points = [axis.points(_COARSE) for axis in self.axes]
        values = self.profiled(*np.meshgrid(*points, indexing="ij", sparse=True))
        possible = values < np.min(values) + _HOPELESS
        minima = np.argwhere(_local_minima(values) & possible)
        order = np.argsort([values[tuple(index)] for index in minima], kind="stable")
        # A flat likelihood has many minima: they get half of the seeds.
        chosen = list(minima[order][: max(1, number // 2)])
        hopeful = np.argwhere(possible)
        distance = np.min([np.sum(np.square(hopeful - index), axis=1) for index in chosen], axis=0)
        while len(chosen) < number and np.any(distance > 0):
            chosen.append(hopeful[np.argmax(distance)])
            distance = np.minimum(distance, np.sum(np.square(hopeful - chosen[-1]), axis=1))
        return [tuple(float(p[i]) for p, i in zip(points, index, strict=True)) for index in chosen]

    def profile(self, name: str, x: FloatArray) -> FloatArray:
        """Return 2 delta ln L at coordinates of one parameter, everything else profiled.

        Parameters
        ----------
        name : str
        x : ndarray, shape (n,)
        """
        from scipy.optimize import elementwise

        if len(self.axes) == 1:
            return self.profiled(x)
        position = self.names.index(name)
        (other,) = (axis for axis in self.axes if axis.name != name)

        def ordered(mine: FloatArray, theirs: FloatArray) -> FloatArray:
            return self.profiled(*((mine, theirs) if position == 0 else (theirs, mine)))

        grid = other.points(_FINE)
        values = ordered(x[:, None], grid[None, :])
        index = np.argmin(values, axis=1)
        result: FloatArray = np.min(values, axis=1)
        inner = np.flatnonzero((index > 0) & (index < _FINE - 1))
        if inner.size:
            find_minimum: Any = elementwise.find_minimum
            bracket = tuple(grid[index[inner] + shift] for shift in (-1, 0, 1))
            found = find_minimum(lambda theirs, mine: ordered(mine, theirs), bracket, args=(x[inner],))
            result[inner] = np.minimum(result[inner], np.asarray(found.f_x))
        return result

    def crossing(self, name: str, start: float, level: float, *, upwards: bool) -> float | None:
        """Return the coordinate beyond a start where the profile first rises through a level, or None."""
        from scipy.optimize import brentq

        axis = self.axes[self.names.index(name)]
        points = np.linspace(start, axis.high if upwards else axis.low, 2 * _COARSE)
        beyond = np.flatnonzero(self.profile(name, points) > level)
        if not beyond.size:
            return None
        if beyond[0] == 0:
            return start
        low, high = points[beyond[0] - 1], points[beyond[0]]
        return float(brentq(lambda p: float(self.profile(name, np.array([p]))[0]) - level, low, high, xtol=1e-9))

    def curvature(self, x: Sequence[float]) -> FloatArray:
        """Return half the Hessian of 2 delta ln L, the inverse covariance of the coordinates.

        Parameters
        ----------
        x : sequence of float
            Inside the range.
        """
        n = len(self.axes)
        unit = np.eye(n)
        step = np.full(n, _STEP)
        for _ in range(2):  # the second time, with steps that resolve a narrow minimum
            pairs = [(i, j) for i in range(n) for j in range(i, n)]
            corners = [
                np.asarray(x) + si * step[i] * unit[i] + sj * step[j] * unit[j]
                for i, j in pairs
                for si in (1, -1)
                for sj in (1, -1)
            ]
            values = self.profiled(*np.array(corners).T).reshape(-1, 4)
            result = np.zeros((n, n))
            for (i, j), (pp, pm, mp, mm) in zip(pairs, values, strict=True):
                result[i, j] = result[j, i] = 0.5 * (pp - pm - mp + mm) / (4.0 * step[i] * step[j])
            sigma = 1.0 / np.sqrt(np.maximum(np.diag(result), 1e-8))
            step = np.minimum(_STEP, 0.03 * sigma)
        return result
