"""Several measurements at once: their likelihoods add, their shared nuisance parameters are shared.

A nuisance parameter is known by its name.  When two measurements name the same one, a single
number moves both predictions, and profiling it is a common minimisation; for Gaussian data one
Newton step solves it exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recast.errors import ConvergenceError

if TYPE_CHECKING:
    from recast.measurement import Measurement

__all__ = ["joint_minus_2_delta_ln_l"]

FloatArray = NDArray[np.float64]

_MAX_STEPS = 200
_TOLERANCE = 1e-10


def joint_minus_2_delta_ln_l(
    measurements: Sequence[Measurement], parts: Sequence[Mapping[str, FloatArray]]
) -> FloatArray:
    """Return the sum of ``2 delta ln L`` with all nuisance parameters profiled together.

    Parameters
    ----------
    measurements : sequence of Measurement
    parts : sequence of dict of str to ndarray
        The contributions to each measurement's prediction; all arrays broadcast to one shape.

    Raises
    ------
    ConvergenceError
        When the minimisation over shared nuisance parameters does not converge.
    """
    named = Counter(name for m in measurements for name in m.theory_errors)
    shared = [name for name, count in named.items() if count > 1]
    coupled = [i for i, m in enumerate(measurements) if any(n in shared for n in m.theory_errors)]
    alone = [i for i in range(len(measurements)) if i not in coupled]
    total = np.zeros(np.broadcast_shapes(*(p.shape for part in parts for p in part.values())))
    for i in alone:
        total += measurements[i].distance(parts[i])
    if coupled:
        total += _profiled([measurements[i] for i in coupled], [parts[i] for i in coupled], total.shape)
    return total


def _profiled(
    measurements: Sequence[Measurement],
    parts: Sequence[Mapping[str, FloatArray]],
    shape: tuple[int, ...],
) -> FloatArray:
    """Minimise over the nuisance parameters of measurements that share some."""
    names = sorted({name for m in measurements for name in m.theory_errors})
    size = int(np.prod(shape, dtype=int))
    predictions, responses = [], []
    for measurement, part in zip(measurements, parts, strict=True):
        predictions.append(np.broadcast_to(sum(part.values()), shape).reshape(size))
        errors = measurement.theory_shifts(part)
        response = np.zeros((size, len(names)))
        for k, name in enumerate(names):
            if name in errors:
                response[:, k] = np.broadcast_to(errors[name], shape).reshape(size)
        responses.append(response)

    def objective(theta: FloatArray) -> FloatArray:
        value = np.sum(theta**2, axis=1)
        for measurement, prediction, response in zip(measurements, predictions, responses, strict=True):
            moved = prediction + np.sum(response * theta, axis=1)
            value += measurement.likelihood.minus_2_delta_ln_l(moved)
        return np.asarray(value)

    theta = np.zeros((size, len(names)))
    current = objective(theta)
    for _ in range(_MAX_STEPS):
        gradient = 2.0 * theta
        hessian = np.zeros((size, len(names), len(names))) + 2.0 * np.eye(len(names))
        for measurement, prediction, response in zip(measurements, predictions, responses, strict=True):
            moved = prediction + np.sum(response * theta, axis=1)
            first, second = measurement.likelihood.derivatives(moved)
            gradient += first[:, None] * response
            hessian += second[:, None, None] * response[:, :, None] * response[:, None, :]
        step = -np.linalg.solve(hessian, gradient[..., None])[..., 0]
        trial = objective(theta + step)
        for _ in range(40):
            # A kink or a boundary of the likelihood can make the full step too long.
            worse = ~(trial <= current + 1e-12 * (1.0 + np.abs(current)))
            if not worse.any():
                break
            step[worse] *= 0.5
            trial = objective(theta + step)
        theta = theta + step
        current = trial
        if not step.size or float(np.max(np.abs(step))) < _TOLERANCE:
            return current.reshape(shape)
    msg = f"profiling the nuisance parameters {', '.join(names)} did not converge"
    raise ConvergenceError(msg)
