"""Regions and their edges: from values on a plane, and from intervals solved at each mass.

Two kinds of result become a region that can be drawn.  A scan gives ``2 delta ln L`` on a grid; its
regions are polygons with holes (`filled_regions`) and its limits are lines (`contour_lines`).  A
limit solved exactly at each mass gives intervals of the coupling, open or closed, one or several,
bounded from either side; `interval_bands` joins the intervals of neighbouring masses into bands.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.errors import RecastError

__all__ = ["Band", "Region", "complement", "contour_lines", "filled_regions", "interval_bands"]

Array = NDArray[np.float64]
Interval = tuple[float, float]
Scale = Literal["linear", "log"]


@dataclass(frozen=True, eq=False)
class Region:
    """A connected region of a plane: an outer boundary and the holes in it.

    Attributes
    ----------
    outer : ndarray, shape (n, 2)
        Closed boundary (last point equal to the first), in the units of the axes.
    holes : tuple of ndarray, shape (m, 2)
        Closed boundaries of the holes.
    """

    outer: Array
    holes: tuple[Array, ...]

    @property
    def area(self) -> float:
        """Area without the holes, in the units of the axes."""
        return abs(_signed_area(self.outer)) - sum(abs(_signed_area(hole)) for hole in self.holes)


@dataclass(frozen=True, eq=False)
class Band:
    """Intervals of neighbouring masses that belong together.

    Attributes
    ----------
    mass : ndarray, shape (n,)
        Increasing.
    lower, upper : ndarray, shape (n,)
        Edges at each mass; ``upper`` is infinite where the interval is open.
    """

    mass: Array
    lower: Array
    upper: Array


def contour_lines(
    x: ArrayLike,
    y: ArrayLike,
    values: ArrayLike,
    level: float,
    *,
    x_scale: Scale = "linear",
    y_scale: Scale = "linear",
) -> tuple[Array, ...]:
    """Return the lines on which ``values`` equals ``level``.

    Parameters
    ----------
    x, y : array_like, shape (nx,), (ny,)
        Increasing axes.
    values : array_like, shape (ny, nx)
        Rows run along ``x``.  Not-a-number marks points without a value; no line crosses them.
    level : float
        In the units of ``values``.
    x_scale, y_scale : {"linear", "log"}
        How to interpolate between the points: a plane that is scanned in logarithmic steps has to be
        interpolated in them.

    Returns
    -------
    tuple of ndarray, shape (n, 2)
        Closed lines end where they begin.

    Raises
    ------
    RecastError
        When the shapes do not fit, an axis does not increase, or a logarithmic one is not positive.
    """
    from contourpy import LineType, contour_generator

    u, v, z, back = _prepared(x, y, values, x_scale, y_scale)
    generator = contour_generator(u, v, z, line_type=LineType.Separate)
    return tuple(back(np.asarray(line)) for line in generator.lines(float(level)))


def filled_regions(
    x: ArrayLike,
    y: ArrayLike,
    values: ArrayLike,
    *,
    above: float = -math.inf,
    below: float = math.inf,
    x_scale: Scale = "linear",
    y_scale: Scale = "linear",
) -> tuple[Region, ...]:
    """Return the regions in which ``above < values < below``.

    Parameters
    ----------
    x, y : array_like, shape (nx,), (ny,)
        Increasing axes.
    values : array_like, shape (ny, nx)
        Rows run along ``x``.
    above, below : float
        Bounds on the values; one of them at least has to be finite.
    x_scale, y_scale : {"linear", "log"}
        How to interpolate between the points.

    Returns
    -------
    tuple of Region
        Regions that reach the edge of the plane end on it.

    Raises
    ------
    RecastError
        As `contour_lines`, and when the bounds leave nothing between them.
    """
    from contourpy import FillType, contour_generator

    if not below > above or (math.isinf(above) and math.isinf(below)):
        msg = f"no region lies between {above:g} and {below:g}: give a lower and a larger upper bound"
        raise RecastError(msg)
    u, v, z, back = _prepared(x, y, values, x_scale, y_scale)
    generator = contour_generator(u, v, z, fill_type=FillType.OuterOffset)
    # The type of what comes back depends on the fill type.
    filled: Any = generator.filled(above, below)
    points, offsets = filled
    regions = []
    for vertices, offset in zip(points, offsets, strict=True):
        rings = [back(np.asarray(vertices)[start:stop]) for start, stop in pairwise(offset)]
        regions.append(Region(outer=rings[0], holes=tuple(rings[1:])))
    return tuple(regions)


def complement(intervals: Sequence[Interval], *, lowest: float = 0.0) -> tuple[Interval, ...]:
    """Return what is left of ``[lowest, infinity)`` outside the given intervals.

    Parameters
    ----------
    intervals : sequence of (low, high)
        In any order; they may overlap.  ``high`` may be infinite.
    lowest : float
        Where the whole range begins; a coupling begins at zero.

    Returns
    -------
    tuple of (low, high)
        In increasing order, without empty ones.
    """
    gaps: list[Interval] = []
    reached = lowest
    for low, high in sorted(intervals):
        if low > reached:
            gaps.append((reached, low))
        reached = max(reached, high)
    if reached < math.inf:
        gaps.append((reached, math.inf))
    return tuple(gaps)


def interval_bands(mass: ArrayLike, intervals: Sequence[Sequence[Interval]]) -> tuple[Band, ...]:
    """Join the intervals of neighbouring masses into bands.

    As many intervals as at the mass before continue the bands in their order; if there are more or
    fewer, an interval continues the lowest band that it overlaps and that is still free.  A band that
    begins or ends between two masses is carried to the middle of the step (in the logarithm), so that
    bands which merge or split leave no gap of a whole step.

    Parameters
    ----------
    mass : array_like, shape (n,)
        In GeV, increasing and positive.
    intervals : sequence of n sequences of (low, high)
        The intervals at each mass; ``high`` may be infinite.

    Returns
    -------
    tuple of Band
        Ordered by the mass and then the coupling at which they begin.

    Raises
    ------
    RecastError
        When there are not as many lists of intervals as masses, or the masses do not increase.
    """
    masses = np.asarray(mass, dtype=float)
    if masses.ndim != 1 or masses.size != len(intervals):
        msg = f"{len(intervals)} lists of intervals do not belong to {masses.size} masses"
        raise RecastError(msg)
    if not bool(np.all(masses > 0.0)) or not bool(np.all(np.diff(masses) > 0.0)):
        msg = "the masses of a band must be positive and increase"
        raise RecastError(msg)
    finished: list[list[tuple[float, float, float]]] = []
    active: list[list[tuple[float, float, float]]] = []
    for index, here in enumerate(intervals):
        m = float(masses[index])
        before = math.sqrt(m * float(masses[index - 1])) if index else m
        waiting = active
        active = []
        # With as many intervals as before, each goes on in its order, however steeply it moves.
        in_order = len(waiting) == len(here)
        for low, high in sorted(here):
            match = next((b for b in waiting if in_order or (b[-1][1] < high and low < b[-1][2])), None)
            if match is None:
                match = [(before, low, high)] if index else []
            else:
                waiting.remove(match)
            match.append((m, low, high))
            active.append(match)
        for band in waiting:
            band.append((before, *band[-1][1:]))
            finished.append(band)
    bands = [np.array(band) for band in (*finished, *active)]
    bands.sort(key=lambda rows: (rows[0, 0], rows[0, 1]))
    return tuple(Band(mass=rows[:, 0], lower=rows[:, 1], upper=rows[:, 2]) for rows in bands)


def _signed_area(ring: Array) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float(0.5 * np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


def _prepared(
    x: ArrayLike, y: ArrayLike, values: ArrayLike, x_scale: Scale, y_scale: Scale
) -> tuple[Array, Array, NDArray[np.float64], Callable[[Array], Array]]:
    """Check a plane and return its axes as they are interpolated, and the way back."""
    u = _axis("x", x, x_scale)
    v = _axis("y", y, y_scale)
    z = np.asarray(values, dtype=float)
    if z.shape != (v.size, u.size):
        msg = f"values of shape {z.shape} do not fill a plane of {v.size} rows and {u.size} columns"
        raise RecastError(msg)

    def back(points: Array) -> Array:
        result = np.array(points, dtype=float)
        if x_scale == "log":
            result[:, 0] = np.exp(result[:, 0])
        if y_scale == "log":
            result[:, 1] = np.exp(result[:, 1])
        return result

    return u, v, np.ma.masked_invalid(z), back


def _axis(name: str, values: ArrayLike, scale: Scale) -> Array:
    axis = np.asarray(values, dtype=float)
    if axis.ndim != 1 or axis.size < 2 or not bool(np.all(np.diff(axis) > 0.0)):
        msg = f"the {name} axis of a plane must hold at least two increasing values"
        raise RecastError(msg)
    if scale == "linear":
        return axis
    if axis[0] <= 0.0:
        msg = f"a logarithmic {name} axis must be positive, not begin at {axis[0]:g}"
        raise RecastError(msg)
    return np.asarray(np.log(axis), dtype=float)
