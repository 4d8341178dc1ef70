"""Pseudo-experiments: data drawn for a coupling taken to be true, and how each experiment would judge couplings.

An experiment measures anew whatever was measured: the data of every likelihood, backgrounds that have an error, and the
auxiliary measurement behind each nuisance parameter, whose true value is zero. A parameter that several measurements
share was measured once. At fixed mass all couplings compete, as they do for a limit.

Random numbers come in blocks of `BLOCK` experiments. Each block has a stream of its own, which is known from the seed
and the block's number alone (Philox, J. K. Salmon et al., SC'11): results do not depend on who computes which block.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recast.errors import NotApplicableError
from recast.joint import Joint

if TYPE_CHECKING:
    from recast.measurement import Measurement
    from recast.model import Model

__all__ = ["BLOCK", "Hypothesis", "PseudoExperiments", "blocks", "draw", "hypothesis", "stream"]

FloatArray = NDArray[np.float64]
Parts = Mapping[str, FloatArray]

BLOCK = 1000
"""Experiments with one stream of random numbers."""

# Competing couplings: where 2 delta ln L to what the true one predicts is below this, neighbours this many standard
# deviations apart. The best fit of an experiment lies beyond once in a million; a parabola leads to it from the nodes.
_FARTHEST = 100.0
_SPACING = 0.1
_MOST = 1000
_FLAT = 1e-9


def stream(seed: int, *key: int) -> np.random.Generator:
    """Return the random numbers of one block.

    Parameters
    ----------
    seed : int
    *key : int
        Numbers that tell blocks apart, such as those of a point and of a block.
    """
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(seed, spawn_key=key)))


def blocks(toys: int) -> Iterator[tuple[int, int]]:
    """Yield number and size of each block of experiments."""
    for number, start in enumerate(range(0, toys, BLOCK)):
        yield number, min(BLOCK, toys - start)


@dataclass(frozen=True)
class PseudoExperiments:
    """The data of many experiments.

    Attributes
    ----------
    joint : Joint
        Measurements whose likelihoods hold the data of all experiments, of shape (size, 1).
    auxiliary : dict of str to ndarray, shape (size, 1)
        What the nuisance parameters were measured to be, in standard deviations.
    """

    joint: Joint
    auxiliary: dict[str, FloatArray]

    def distance(self, parts: Sequence[Parts]) -> FloatArray:
        """Return ``2 delta ln L`` of predictions in every experiment, nuisance parameters profiled.

        Parameters
        ----------
        parts : sequence of dict of str to ndarray, shape (n,)
            The contributions to each measurement's prediction at n points; correlated numbers have one axis more.

        Returns
        -------
        ndarray, shape (size, n)
        """
        return self.joint.distance(parts, auxiliary=self.auxiliary)

    def above_data(self, parts: Sequence[Parts]) -> NDArray[np.bool_]:
        """Return where the prediction of the only measurement, a single number, exceeds its data, as `distance`."""
        ((measurement, part),) = zip(self.joint.measurements, parts, strict=True)
        return np.asarray(measurement.central(part, self.auxiliary) > measurement.data)


def draw(joint: Joint, parts: Sequence[Parts], size: int, rng: np.random.Generator) -> PseudoExperiments:
    """Draw the data of experiments.

    Parameters
    ----------
    joint : Joint
    parts : sequence of dict of str to ndarray, shape () or (1,)
        The true contributions to each measurement's prediction; correlated numbers have one axis more.
    size : int
        Number of experiments.
    rng : numpy.random.Generator

    Raises
    ------
    NotApplicableError
        When it is not known how the data of a measurement fluctuate.
    """
    auxiliary = {name: rng.standard_normal((size, 1)) for name in joint.nuisances}
    drawn = []
    for measurement, part in zip(joint.measurements, parts, strict=True):
        try:
            likelihood = measurement.likelihood.sample(measurement.central(part).squeeze(), size, rng)
        except NotApplicableError as error:
            raise _no_experiments(measurement, error) from error
        drawn.append(measurement.model_copy(update={"likelihood": likelihood}))
    return PseudoExperiments(joint=replace(joint, measurements=tuple(drawn)), auxiliary=auxiliary)


class BestFit(NamedTuple):
    """The best fit of every experiment: coupling and ``2 delta ln L``, both of shape (size,)."""

    coupling: FloatArray
    minus_2_delta_ln_l: FloatArray


@dataclass(frozen=True)
class Hypothesis:
    """A coupling that is taken to be true, and those that compete with it at its mass.

    Attributes
    ----------
    joint : Joint
        Measurements that say something at this mass.
    mass, coupling : float
        The true ones.
    truth : list of dict of str to ndarray, shape (1,)
        Contributions to the prediction of each measurement.
    couplings : ndarray, shape (n,)
        Increasing, beginning with 0.
    position : ndarray, shape (n,)
        How far apart their predictions are, in standard deviations summed over the measurements.
    turning : ndarray of bool, shape (n,)
        Where a prediction turns back, so that no parabola leads across.
    parts : list of dict of str to ndarray, shape (n,)
        Their contributions.
    """

    joint: Joint
    mass: float
    coupling: float
    truth: list[Parts]
    couplings: FloatArray
    position: FloatArray
    turning: NDArray[np.bool_]
    parts: list[Parts]

    def draw(self, size: int, rng: np.random.Generator) -> PseudoExperiments:
        """Draw the data of experiments in which the hypothesis is true."""
        return draw(self.joint, self.truth, size, rng)

    def best_fit(self, distance: FloatArray) -> BestFit:
        """Return the smallest ``2 delta ln L`` of every experiment, by a parabola through three neighbours.

        Parameters
        ----------
        distance : ndarray, shape (size, n)
            Of the couplings.
        """
        experiment = np.arange(distance.shape[0])
        index = np.argmin(distance, axis=1)
        lowest, where = distance[experiment, index], self.position[index]
        if self.couplings.size < 3:
            return BestFit(self.couplings[index], lowest)
        # At an end the parabola through the three outermost points may still turn inside.
        middle = np.clip(index, 1, self.couplings.size - 2)
        left, centre, right = (distance[experiment, middle + shift] for shift in (-1, 0, 1))
        x = self.position[middle]
        a, b = x - self.position[middle - 1], self.position[middle + 1] - x
        with np.errstate(divide="ignore", invalid="ignore"):
            rise, fall = (right - centre) / b, (centre - left) / a
            curvature = (rise - fall) / (a + b)
            slope = (rise * a + fall * b) / (a + b)
            turn = -0.5 * slope / curvature
            value = centre - 0.25 * slope**2 / curvature
            better = (curvature > 0.0) & (-a < turn) & (turn < b) & (value < lowest) & ~self.turning[middle]
        position = np.where(better, x + turn, where)
        return BestFit(
            np.interp(position, self.position, self.couplings), np.where(better, np.maximum(value, 0.0), lowest)
        )

    def likelihood_ratio(self, experiments: PseudoExperiments) -> FloatArray:
        """Return ``2 delta ln L`` of the true coupling to the best fit of every experiment, shape (size,).

        Its distribution under the hypothesis is what Feldman and Cousins order by (physics/9711021, Eq. 4.3).
        """
        truth = experiments.distance(self.truth)[:, 0]
        best = self.best_fit(experiments.distance(self.parts)).minus_2_delta_ln_l
        return np.asarray(np.maximum(truth - best, 0.0))


def hypothesis(model: Model, measurements: Sequence[Measurement], mass: float, coupling: float) -> Hypothesis:
    """Return a true coupling with its competitors.

    Parameters
    ----------
    model : Model
        With parameters mass and coupling.
    measurements : sequence of Measurement
    mass : float
        In GeV.
    coupling : float

    Raises
    ------
    NotApplicableError
        When a measurement has nothing to say about the model, none says anything at this mass, or its data cannot be
        drawn.
    """
    from recast.coupling_curve import CouplingCurve

    for measurement in measurements:
        measurement.require(model(mass=mass, coupling=coupling))
    curve = CouplingCurve(model, tuple(measurements), np.array([mass]))

    def at(couplings: FloatArray) -> list[Parts]:
        return curve.parts(np.zeros(couplings.shape, dtype=np.intp), couplings)

    truth = at(np.array([coupling]))
    central = [m.central(part)[0] for m, part in zip(measurements, truth, strict=True)]
    known = tuple(m for m, value in zip(measurements, central, strict=True) if not np.any(np.isnan(value)))
    if not known:
        msg = f"no measurement says anything at a mass of {mass:g} GeV"
        raise NotApplicableError(msg)
    if len(known) < len(measurements):
        return hypothesis(model, known, mass, coupling)
    around = coupling * np.geomspace(1.0 / 30.0, 30.0, 301)
    coarse = np.unique(np.concatenate([curve.search_grid()[0], around, [coupling]]))
    # What the experiments would see without fluctuations.
    exact = [_with_data(m, value) for m, value in zip(measurements, central, strict=True)]
    parts = at(coarse)
    roots = [np.sqrt(np.maximum(m.distance(part), 0.0)) for m, part in zip(exact, parts, strict=True)]
    steps = np.array([np.diff(root) for root in np.broadcast_arrays(*roots)])
    near = Joint(tuple(exact)).distance(parts) < _FARTHEST
    # Across couplings that are too far from the truth there is no way.
    step = np.where(near[1:] & near[:-1], np.sum(np.abs(steps), axis=0), 0.0)
    position = np.concatenate([[0.0], np.cumsum(step)])
    number = min(_MOST, 2 + math.ceil(position[-1] / _SPACING))
    couplings = np.interp(np.linspace(0.0, position[-1], number), position[near], coarse[near])
    steps[np.abs(steps) < _FLAT] = 0.0
    turning = coarse[1:-1][near[1:-1] & np.any(steps[:, 1:] * steps[:, :-1] < 0.0, axis=0) & (coarse[1:-1] != coupling)]
    couplings = np.unique(np.concatenate([[0.0], couplings, turning]))
    return Hypothesis(
        joint=Joint(tuple(_without_observable(m) for m in measurements)),
        mass=mass,
        coupling=coupling,
        truth=truth,
        couplings=couplings,
        position=np.interp(couplings, coarse, position),
        turning=np.isin(couplings, turning),
        parts=at(couplings),
    )


class _Predicted(NamedTuple):
    """What is left of an observable whose predictions are known."""

    bounded: bool


def _without_observable(measurement: Measurement) -> Measurement:
    """Return a measurement that compares given predictions with its data, small enough to be sent to workers."""
    from recast.measurement import Measurement

    return Measurement.model_construct(
        name=measurement.name,
        title=measurement.title,
        observable=_Predicted(measurement.bounded),
        likelihood=measurement.likelihood,
        theory_errors=measurement.theory_errors,
        provenance=measurement.provenance,
    )


def _with_data(measurement: Measurement, prediction: FloatArray) -> Measurement:
    """Return a measurement whose data are as predicted."""
    try:
        return measurement.model_copy(update={"likelihood": measurement.likelihood.expected(prediction)})
    except NotApplicableError as error:
        raise _no_experiments(measurement, error) from error


def _no_experiments(measurement: Measurement, error: NotApplicableError) -> NotApplicableError:
    return NotApplicableError(f"measurement '{measurement.label}' has no pseudo-experiments: {error}")
