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


def profile(evaluation: Evaluation, chunk: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return the values of the profiled parameters that minimise ``2 delta ln L`` of all measurements together.

    MINUIT begins at the best point of a coarse grid over the ranges, and never leaves them; where the minimum is not
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
    for i, place in enumerate(np.argmin(coarse, axis=1)):
        here = {name: float(v[i]) for name, v in points.items()}
        best[i] = _minimise(
            partial(distance, here), mesh[place], float(coarse[i, place]), 1.0 / (len(fractions) - 1)
        )
    return {name: axis.at(best[:, k]) for k, (name, axis) in enumerate(axes.items())}


def _minimise(objective: Objective, start: FloatArray, value: float, step: float) -> FloatArray:
    """Return where MINUIT ends, in fractions of the ranges; the start if that is not lower."""
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
    end = np.clip(np.array(minuit.values), 0.0, 1.0)
    return end if objective(end) < value else start
