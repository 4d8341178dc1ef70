"""Many experiments with one HistFactory workspace: each has a profile likelihood of its own, interpolated."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import SkipValidation

from recast.errors import ConvergenceError, NotApplicableError
from recast.likelihoods.base import drawn_counts, written
from recast.likelihoods.pyhf_batch import batched_model
from recast.likelihoods.pyhf_workspace import PyhfWorkspace

__all__ = ["PyhfExperiments", "drawn_experiments"]

FloatArray = NDArray[np.float64]

# Signals at which every experiment is fitted, up to this many standard deviations from the true one.
_NODES = 37
_FARTHEST = 10.0
# Nodes keep this part of their range away from the lowest signal.
_CLOSEST = 1e-4
_MAX_STEPS = 100
_HALVINGS = 40
_TOLERANCE = 1e-6
_ROUNDING = 1e-12


class _Profiles(NamedTuple):
    """Splines of ``2 delta ln L`` in the square root of the signal above the lowest, one for each experiment."""

    best: FloatArray
    lowest: float
    nodes: FloatArray
    coefficients: FloatArray


def drawn_experiments(
    workspace: PyhfWorkspace, prediction: ArrayLike, size: int, rng: np.random.Generator
) -> PyhfExperiments:
    """Draw counts and auxiliary data; the nuisance parameters' nominal values are true.

    Parameters
    ----------
    workspace : PyhfWorkspace
    prediction : float
        True number of signal events.
    size : int
    rng : numpy.random.Generator
    """
    model = batched_model(workspace.workspace)
    truth = float(np.asarray(prediction))
    mean, count = model.expected(model.rows(truth / workspace.signal))[0], model.width == 0.0
    counts = drawn_counts(np.where(count, mean, 0.0), (size, mean.size), rng)
    auxiliary = mean + model.width * rng.standard_normal((size, mean.size))
    return PyhfExperiments.model_construct(
        workspace=workspace.workspace,
        signal=workspace.signal,
        truth=truth,
        observed=np.where(count, counts, auxiliary),
    )


class PyhfExperiments(PyhfWorkspace):
    """A workspace with the data of many experiments.

    Attributes
    ----------
    truth : float
        True number of signal events.
    observed : ndarray, shape (size, n)
        Counts followed by the auxiliary data of the constraints.
    """

    truth: float
    observed: SkipValidation[Any]

    @property
    def data(self) -> FloatArray:  # type: ignore[override]
        """Best-fit numbers of signal events, shape (size, 1)."""
        return self._profiles.best

    @property
    def _sampled(self) -> Any:
        msg = "many experiments have no single profile likelihood"
        raise NotApplicableError(msg)

    def minus_2_delta_ln_l(
        self, prediction: ArrayLike, *, theory_error: ArrayLike = 0.0, out: FloatArray | None = None
    ) -> FloatArray:
        """Return the profile likelihood ratio of every experiment, shape (size, n).

        Parameters
        ----------
        prediction, theory_error : array_like, shape (n,) or (size, n)
            As for one experiment.
        out : ndarray, optional

        Raises
        ------
        ConvergenceError
            When the minimum over a nuisance parameter is not found.
        """
        signal, error = np.asarray(prediction, dtype=float), np.asarray(theory_error, dtype=float)
        if not np.any(error):
            return written(self._value(signal), out)
        # Newton steps of the pull of a unit Gaussian, shortened until they lead downwards.
        signal, error = np.broadcast_arrays(signal, error, self.data)[:2]
        pull = np.zeros(signal.shape)
        value = self._value(signal)
        for _ in range(_MAX_STEPS):
            first, second = self.derivatives(signal + error * pull)
            step = -(error * first + 2.0 * pull) / (error**2 * np.maximum(second, 0.0) + 2.0)
            for _ in range(_HALVINGS):
                trial = self._value(signal + error * (pull + step)) + (pull + step) ** 2
                worse = ~(trial <= value + _ROUNDING * (1.0 + value))
                if not np.any(worse):
                    break
                step = np.where(worse, 0.5 * step, step)
            pull, value = pull + step, trial
            if np.max(np.abs(step)) < _TOLERANCE:
                return written(value, out)
        msg = "profiling the theory error of a workspace did not converge for pseudo-data"
        raise ConvergenceError(msg)

    def _value(self, prediction: FloatArray) -> FloatArray:
        # Below the lowest signal some expected count would be negative.
        return np.where(prediction < self._profiles.lowest, np.inf, np.maximum(self._expansion(prediction)[0], 0.0))

    def _expansion(self, prediction: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return value and two derivatives in the prediction; beyond the nodes a line."""
        profiles = self._profiles
        nodes = profiles.nodes
        ends = profiles.lowest + np.square(nodes[[0, -1]])
        inside = np.clip(prediction, *ends)
        x = np.sqrt(inside - profiles.lowest)
        step = nodes[1] - nodes[0]
        index = np.clip(((x - nodes[0]) / step).astype(np.intp), 0, nodes.size - 2)
        u = x - nodes[index]
        a, b, c, d = (one[index, np.arange(profiles.best.size)[:, None]] for one in profiles.coefficients)
        slope, bend = (3.0 * a * u + 2.0 * b) * u + c, 6.0 * a * u + 2.0 * b
        first = slope / (2.0 * x)
        second = np.where(inside == prediction, (bend - slope / x) / (4.0 * x**2), 0.0)
        return ((a * u + b) * u + c) * u + d + first * (prediction - inside), first, second

    @cached_property
    def _profiles(self) -> _Profiles:
        """Fit every experiment at signals around the true one.

        The deviance of a count is nearly a parabola in the square root of its expectation: so are the nodes spaced.
        """
        from scipy.interpolate import CubicSpline

        model, unit = batched_model(self.workspace), self.signal
        background, total = model.expected(model.rows([0.0, 1.0]))
        signal = total - background
        # Above the signal that empties a bin, with room for the profiled background.
        lowest = -0.9 * unit * float(np.min(background[signal > 0.0] / signal[signal > 0.0]))
        seen = np.sum((self.observed - background) * (signal > 0.0), axis=1) / np.sum(signal)
        start = model.rows(np.maximum(seen, 0.5 * lowest / unit))
        fitted, smallest = model.minimised(start, self.observed, lowest=lowest / unit)
        best = unit * fitted[:, model.poi, None]

        reach = _FARTHEST * unit * model.error(self.truth / unit)
        low, high = min(self.truth - reach, float(np.min(best))), max(self.truth + reach, float(np.max(best)))
        closest = lowest + _CLOSEST * (high - lowest)
        nodes = np.linspace(math.sqrt(max(low, closest) - lowest), math.sqrt(high - lowest), _NODES)
        values = np.empty((_NODES, len(start)))
        middle = _NODES // 2
        for way in (range(middle, _NODES), range(middle - 1, -1, -1)):
            before = rows = start
            for index in way:
                # Each node begins where the two before it point to.
                guess = 2.0 * rows - before
                guess[:, model.poi] = (lowest + nodes[index] ** 2) / unit
                before, (rows, deviance) = rows, model.minimised(guess, self.observed)
                values[index] = deviance - smallest
        return _Profiles(best, lowest, nodes, CubicSpline(nodes, values).c)
