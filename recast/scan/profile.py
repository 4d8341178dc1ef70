"""Parameters of the model that are minimised over at every point of a scan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recast.errors import RecastError

if TYPE_CHECKING:
    from recast.scan.evaluation import Evaluation

__all__ = ["profile"]

FloatArray = NDArray[np.float64]
Objective = Callable[[FloatArray], float]

# Values of each profiled parameter among which MINUIT's start is chosen, by their number.
_STARTS = {1: 65, 2: 17, 3: 9, 4: 5}
_FEWEST = 3
# Minima of that grid from which MINUIT starts.
_MOST_STARTS = 3
_ROUNDING = 1e-14


def profile(evaluation: Evaluation, chunk: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return the values of the profiled parameters that minimise ``2 delta ln L`` of all measurements together.

    MINUIT begins at the lowest minima of a coarse grid over the ranges, and never leaves them; where the minimum is not
    unique, which of its points is returned means nothing, but their ``2 delta ln L`` does.

    Parameters
    ----------
    evaluation : Evaluation
    chunk : dict of str to ndarray
        Values of the other parameters, broadcasting to the points.

    Returns
    -------
    dict of str to ndarray, shape (n,)

    Raises
    ------
    RecastError
        When the measurements are not combined, so that it is not said what to minimise.
    """
    joint = evaluation.joint
    if joint is None:
        msg = "profiling a parameter needs measurements that are combined: leave out combine: false"
        raise RecastError(msg)
    axes = evaluation.spec.profiled
    shape = np.broadcast_shapes(*(v.shape for v in chunk.values()))
    points = {name: np.broadcast_to(v, shape).reshape(-1) for name, v in chunk.items()}
    size = next(iter(points.values())).size

    fractions = np.linspace(0.0, 1.0, _STARTS.get(len(axes), _FEWEST))
    mesh = np.stack(np.meshgrid(*[fractions] * len(axes), indexing="ij"), axis=-1).reshape(-1, len(axes))
    grid = {name: axis.at(mesh[None, :, k]) for k, (name, axis) in enumerate(axes.items())}
    coarse = evaluation.distance(joint, {**{n: v[:, None] for n, v in points.items()}, **grid})
    coarse = np.broadcast_to(coarse, (size, len(mesh)))

    def distance(here: Mapping[str, float], x: FloatArray) -> float:
        if not np.all(np.isfinite(x)):
            return np.inf  # where nothing depends on a parameter, the simplex has no size to divide by
        moved = {name: float(axis.at(x[k])) for k, (name, axis) in enumerate(axes.items())}
        return evaluation.distance_at(joint, {**here, **moved})

    best = np.empty((size, len(axes)))
    for i, (places, low) in enumerate(zip(_lowest_places(coarse, len(axes)), coarse, strict=True)):
        if np.all(low <= low.min() * (1.0 + _ROUNDING)):
            best[i] = mesh[places[0]]  # nothing depends on the parameters, such as outside a limit curve
            continue
        here = {name: float(v[i]) for name, v in points.items()}
        best[i] = _minimise(partial(distance, here), mesh[places], low[places], 1.0 / (len(fractions) - 1))
    return {name: axis.at(best[:, k]) for k, (name, axis) in enumerate(axes.items())}


def _lowest_places(coarse: FloatArray, n_axes: int) -> list[NDArray[np.intp]]:
    """Return, for each row, the places of the lowest minima of a grid, of several equal neighbours the first."""
    size = round(coarse.shape[1] ** (1.0 / n_axes))
    values = coarse.reshape(-1, *[size] * n_axes)
    lower = np.ones(values.shape, dtype=bool)
    for axis in range(1, n_axes + 1):
        step = np.diff(values, axis=axis)
        ends = [(1, 0) if k == axis else (0, 0) for k in range(values.ndim)]
        lower &= np.pad(step < 0.0, ends, constant_values=True)
        lower &= np.pad(step >= 0.0, [end[::-1] for end in ends], constant_values=True)
    result = []
    for row, minimum in zip(coarse, lower.reshape(coarse.shape), strict=True):
        places = np.flatnonzero(minimum)
        ordered = places[np.argsort(row[places], kind="stable")][:_MOST_STARTS]
        result.append(ordered if ordered.size else np.array([np.argmin(row)]))
    return result


def _minimise(objective: Objective, starts: FloatArray, values: FloatArray, step: float) -> FloatArray:
    """Return the lowest place, in fractions of the ranges, to which MINUIT comes from several ones."""
    lowest, best = float(values[0]), np.asarray(starts[0])
    for start, value in zip(starts, values, strict=True):
        end = _minuit(objective, start, step)
        # Of two minima within a step of the grid, as those of either sign of a charge, MINUIT sees one: the grid's
        # point between them is higher than both.
        mirrored = np.clip(2.0 * start - end, 0.0, 1.0)
        ends = [end, _minuit(objective, mirrored, 0.1 * step)] if objective(mirrored) < value else [end]
        for x in ends:
            found = objective(x)
            if found < lowest:
                lowest, best = found, x
    return best


def _minuit(objective: Objective, start: FloatArray, step: float) -> FloatArray:
    """Return where MINUIT ends."""
    from iminuit import Minuit

    minuit = Minuit(objective, start)
    minuit.errordef = Minuit.LEAST_SQUARES
    minuit.limits = [(0.0, 1.0)] * len(start)
    minuit.errors = [0.5 * step] * len(start)
    minuit.tol = 1e-3
    minuit.migrad()
    if not minuit.valid:
        # A kink, where the profiled parameter joins two branches, has no gradient.
        minuit.simplex().migrad()
    return np.asarray(np.clip(np.array(minuit.values), 0.0, 1.0))
