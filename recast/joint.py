"""Several measurements at once: their likelihoods add, their shared nuisance parameters are shared.

A nuisance parameter is known by its name.  When two measurements name the same one, a single
number moves both predictions, and profiling it is a common minimisation; for Gaussian data one
Newton step solves it exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.errors import ConvergenceError

if TYPE_CHECKING:
    from recast.interactions import Interaction
    from recast.measurement import Measurement

__all__ = ["Joint"]

FloatArray = NDArray[np.float64]
Parts = Mapping[str, FloatArray]

_MAX_STEPS = 200
_TOLERANCE = 1e-10
# A curvature below this part of that of the parabola through the data is none.
_STRAIGHT = 1e-2


@dataclass(frozen=True)
class Joint:
    """The product of the likelihoods of independent measurements: ``ccfr + charm_ii``.

    Attributes
    ----------
    measurements : tuple of Measurement

    Raises
    ------
    RecastError
        When two of them share data.
    """

    measurements: tuple[Measurement, ...]

    def __post_init__(self) -> None:
        from recast.measurement import check_independent

        check_independent(self.measurements)

    def __add__(self, other: Measurement | Joint) -> Joint:
        """Add one measurement or several."""
        return Joint(self.measurements + (other.measurements if isinstance(other, Joint) else (other,)))

    @cached_property
    def nuisances(self) -> tuple[str, ...]:
        """Names of the nuisance parameters, each a unit Gaussian, in alphabetical order."""
        return tuple(sorted({name for m in self.measurements for name in m.theory_errors}))

    @property
    def minimum(self) -> float:
        """``nll`` of predictions that equal the data."""
        return sum(m.likelihood.minimum for m in self.measurements)

    def contributions(self, interaction: Interaction) -> list[Parts]:
        """Return the parts of every prediction.

        Raises
        ------
        NotApplicableError
            When a measurement has nothing to say about the interaction.
        """
        for measurement in self.measurements:
            measurement.require(interaction)
        return [m.observable.contributions(interaction) for m in self.measurements]

    def minus_2_delta_ln_l(self, interaction: Interaction) -> FloatArray:
        """Return the sum of ``2 delta ln L`` with all nuisance parameters profiled together."""
        return self.distance(self.contributions(interaction))

    def nll(self, interaction: Interaction) -> FloatArray:
        """Return minus the logarithm of the joint likelihood, nuisance parameters profiled."""
        return np.asarray(0.5 * self.minus_2_delta_ln_l(interaction) + self.minimum)

    def full(self, parts: Sequence[Parts], theta: ArrayLike) -> FloatArray:
        """Return ``2 delta ln L`` at given values of the nuisance parameters, their constraints included.

        Parameters
        ----------
        parts : sequence of dict of str to ndarray
            The contributions to each measurement's prediction.
        theta : array_like, shape (..., n)
            In units of their standard deviations, in the order of `nuisances`; the leading axes broadcast with the
            parts.
        """
        values = np.asarray(theta, dtype=float)
        total = np.sum(np.square(values), axis=-1)
        for measurement, part in zip(self.measurements, parts, strict=True):
            prediction = sum(part.values(), start=np.zeros(()))
            for name, shift in measurement.theory_shifts(part).items():
                prediction = prediction + shift * values[..., self.nuisances.index(name)]
            total = total + measurement.raw_distance(np.asarray(prediction))
        return np.asarray(total)

    def distance(self, parts: Sequence[Parts]) -> FloatArray:
        """Return the sum of ``2 delta ln L`` with all nuisance parameters profiled together.

        Parameters
        ----------
        parts : sequence of dict of str to ndarray
            The contributions to each measurement's prediction; all arrays broadcast to one shape.

        Raises
        ------
        ConvergenceError
            When the minimisation over shared nuisance parameters does not converge.
        """
        named = Counter(name for m in self.measurements for name in m.theory_errors)
        shared = {name for name, count in named.items() if count > 1}
        coupled = [i for i, m in enumerate(self.measurements) if shared & set(m.theory_errors)]
        alone = [i for i in range(len(self.measurements)) if i not in coupled]
        terms = [self.measurements[i].distance(parts[i]) for i in alone]
        if coupled:
            terms.append(_profiled([self.measurements[i] for i in coupled], [parts[i] for i in coupled]))
        total = np.zeros(np.broadcast_shapes(*(term.shape for term in terms)))
        for term in terms:
            total += term
        return total


def _profiled(measurements: Sequence[Measurement], parts: Sequence[Parts]) -> FloatArray:
    """Minimise over the nuisance parameters of measurements that share some."""
    names = sorted({name for m in measurements for name in m.theory_errors})
    shape = np.broadcast_shapes(*(p.shape for part in parts for p in part.values()))
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
            value += measurement.raw_distance(prediction + np.sum(response * theta, axis=1))
        return np.asarray(value)

    theta = np.zeros((size, len(names)))
    current = objective(theta)
    for _ in range(_MAX_STEPS):
        gradient = 2.0 * theta
        hessian = np.zeros((size, len(names), len(names))) + 2.0 * np.eye(len(names))
        for measurement, prediction, response in zip(measurements, predictions, responses, strict=True):
            data = float(measurement.data)  # theory errors belong to measurements of one number
            moved = prediction + np.sum(response * theta, axis=1)
            first, second = measurement.likelihood.derivatives(moved)
            # Far from the data a count is a straight line, whose Newton step would be endless: the parabola through the
            # data that touches it leads back.
            touching = first / np.where(moved == data, np.inf, moved - data)
            second = np.where(second < _STRAIGHT * touching, touching, second)
            if measurement.bounded:
                first, second = (np.where(np.isnan(moved), 0.0, d) for d in (first, second))
                response = np.where(np.isnan(moved)[:, None], 0.0, response)
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
