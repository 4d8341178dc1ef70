"""The best fit of a scan: its best point, refined inside the scanned region."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recast.scan.header import BestFitPoint

if TYPE_CHECKING:
    from recast.joint import Joint
    from recast.scan.evaluation import Evaluation
    from recast.scan.points import Points
    from recast.scan.spec import Axis

__all__ = ["lowest_point", "refined"]

FloatArray = NDArray[np.float64]


def lowest_point(lowest: FloatArray) -> tuple[int, int, float]:
    """Return the chunk of the smallest value, its place there and the value; the first of several equal ones.

    Parameters
    ----------
    lowest : ndarray, shape (n_chunks, 2)
        Smallest value of each chunk and its place.
    """
    chunk = int(np.argmin(lowest[:, 0]))
    return chunk, int(lowest[chunk, 1]), float(lowest[chunk, 0])


def refined(
    evaluation: Evaluation, points: Points, joint: Joint, start: Mapping[str, float], value: float
) -> BestFitPoint:
    """Refine the smallest point of a scan inside the scanned region.

    Parameters
    ----------
    evaluation : Evaluation
    points : Points
    joint : Joint
        Whose ``2 delta ln L`` is minimised.
    start : dict of str to float
        The best point.
    value : float
        ``2 delta ln L`` there.

    Returns
    -------
    BestFitPoint
        The start itself for points of a file, which say nothing of the region between them.
    """
    from scipy.optimize import minimize

    best = BestFitPoint(parameters=dict(start), minus_2_delta_ln_l=value)
    coordinates = _coordinates(evaluation, points, start)
    if not coordinates or not np.isfinite(value):
        return best

    def point(x: FloatArray) -> dict[str, float]:
        moved = {name: to_value(xi) for xi, (name, (_, _, to_value)) in zip(x, coordinates.items(), strict=True)}
        return {**start, **moved}

    def objective(x: FloatArray) -> float:
        return evaluation.distance_at(joint, point(x))

    found = minimize(
        objective,
        np.array([x for x, _, _ in coordinates.values()]),
        method="Nelder-Mead",
        bounds=[(0.0, end) for _, end, _ in coordinates.values()],
        options={"xatol": 1e-6, "fatol": 1e-10},
    )
    if float(found.fun) < value:
        return BestFitPoint(parameters=point(np.asarray(found.x)), minus_2_delta_ln_l=float(found.fun))
    return best


Coordinate = tuple[float, float, Callable[[float], float]]


def _coordinates(evaluation: Evaluation, points: Points, start: Mapping[str, float]) -> dict[str, Coordinate]:
    """Return, for each parameter that may move, where it stands, where its range ends, and its value at a coordinate.

    In units of the index of a grid, or of the fraction of a range, points are evenly spaced whatever the scale.
    """
    result: dict[str, Coordinate] = {}
    for name in points.varied:
        if name in points.axes:
            values = points.axes[name]
            place = np.arange(values.size, dtype=float)

            def on_grid(x: float, place: FloatArray = place, values: FloatArray = values) -> float:
                return float(np.interp(x, place, values))

            here = float(np.flatnonzero(values == start[name])[0])
            result[name] = (here, float(values.size - 1), on_grid)
    ranges = {**evaluation.spec.scanned, **evaluation.spec.profiled} if not points.axes else evaluation.spec.profiled
    for name, axis in ranges.items():

        def in_range(x: float, axis: Axis = axis) -> float:
            return float(axis.at(np.asarray(x)))

        result[name] = (axis.fraction(start[name]), 1.0, in_range)
    return result
