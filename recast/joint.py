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
        return [m.contributions(interaction) for m in self.measurements]

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

    def distance(self, parts: Sequence[Parts], *, auxiliary: Parts | None = None) -> FloatArray:
        """Return the sum of ``2 delta ln L`` with all nuisance parameters profiled together.

        Parameters
        ----------
        parts : sequence of dict of str to ndarray
            The contributions to each measurement's prediction; all arrays broadcast to one shape.
        auxiliary : dict of str to ndarray, optional
            What nuisance parameters were measured to be, in standard deviations; zero when absent.

        Raises
        ------
        ConvergenceError
            When the minimisation over shared nuisance parameters does not converge.
        """
        distances = [
            np.zeros(()) if m.label in self.coupled else m.distance(part, auxiliary=auxiliary)
            for m, part in zip(self.measurements, parts, strict=True)
        ]
        return self.total(distances, parts, auxiliary=auxiliary)

    @cached_property
    def coupled(self) -> frozenset[str]:
        """Labels of measurements that share nuisance parameters with others."""
        named = Counter(name for m in self.measurements for name in m.theory_errors)
        shared = {name for name, count in named.items() if count > 1}
        return frozenset(m.label for m in self.measurements if shared & set(m.theory_errors))

    def total(
        self, distances: Sequence[FloatArray], parts: Sequence[Parts], *, auxiliary: Parts | None = None
    ) -> FloatArray:
        """Return the sum of ``2 delta ln L``, given that of each measurement alone.

        Parameters
        ----------
        distances : sequence of ndarray
            Those of `coupled` measurements are not used.
        parts : sequence of dict of str to ndarray
            The contributions to each measurement's prediction; only those of `coupled` measurements are used.
        auxiliary : dict of str to ndarray, optional
            As for `distance`.
        """
        given = zip(self.measurements, distances, strict=True)
        terms = [distance for m, distance in given if m.label not in self.coupled]
        if self.coupled:
            together = [i for i, m in enumerate(self.measurements) if m.label in self.coupled]
            terms.append(_profiled([self.measurements[i] for i in together], [parts[i] for i in together], auxiliary))
        if len(terms) == 1:
            return terms[0]
        total = np.zeros(np.broadcast_shapes(*(term.shape for term in terms)))
        for term in terms:
            total += term
        return total


def _profiled(measurements: Sequence[Measurement], parts: Sequence[Parts], auxiliary: Parts | None) -> FloatArray:
    """Minimise over the nuisance parameters of measurements that share some."""
    names = sorted({name for m in measurements for name in m.theory_errors})
    # The data of pseudo-experiments have an axis of their own.
    data = [np.asarray(m.data) for m in measurements]
    central = [m.central(part, auxiliary) for m, part in zip(measurements, parts, strict=True)]
    shape = np.broadcast_shapes(*(array.shape for array in (*data, *central)))
    predictions, responses = [], []
    for measurement, part, prediction in zip(measurements, parts, central, strict=True):
        predictions.append(np.broadcast_to(prediction, shape))
        errors = measurement.theory_shifts(part)
        response = np.zeros((*shape, len(names)))
        for k, name in enumerate(names):
            if name in errors:
                response[..., k] = errors[name]
        responses.append(response)

    def objective(theta: FloatArray) -> FloatArray:
        value = np.sum(theta**2, axis=-1)
        for measurement, prediction, response in zip(measurements, predictions, responses, strict=True):
            value += measurement.raw_distance(prediction + np.sum(response * theta, axis=-1))
        return np.asarray(value)

    theta = np.zeros((*shape, len(names)))
    current = objective(theta)
    for _ in range(_MAX_STEPS):
        gradient = 2.0 * theta
        hessian = np.zeros((*shape, len(names), len(names))) + 2.0 * np.eye(len(names))
        for measurement, value, prediction, response in zip(measurements, data, predictions, responses, strict=True):
            moved = prediction + np.sum(response * theta, axis=-1)
            first, second = measurement.likelihood.derivatives(moved)
            # Far from the data a count is a straight line, whose Newton step would be endless: the parabola through the
            # data that touches it leads back.
            touching = first / np.where(moved == value, np.inf, moved - value)
            second = np.where(second < _STRAIGHT * touching, touching, second)
            silent = measurement.silent(moved)
            if silent is not None:
                first, second = (np.where(silent, 0.0, d) for d in (first, second))
                response = np.where(silent[..., None], 0.0, response)
            gradient += first[..., None] * response
            hessian += np.asarray(second)[..., None, None] * response[..., :, None] * response[..., None, :]
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
            return current
    msg = f"profiling the nuisance parameters {', '.join(names)} did not converge"
    raise ConvergenceError(msg)
