"""HistFactory models for many rows of parameters and data at once, minimised side by side.

A fit by pyhf takes milliseconds, and pseudo-experiments need some hundred thousand of them. Here pyhf evaluates the
expected numbers of whole batches; Fisher scoring, ``step = -(J^T W J)^-1 gradient`` with the weights W of the expected
information, finds all minima together.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recast.errors import ConvergenceError

__all__ = ["BatchedModel", "batched_model"]

FloatArray = NDArray[np.float64]

# Rows that pyhf evaluates at once; what is left over is padded.
_BATCHES = (1_000, 100)
_STEP = 1e-6
_TOLERANCE = 1e-4
_MAX_STEPS = 100
_HALVINGS = 40
_ROUNDING = 1e-12
_TINY = 1e-300


def batched_model(workspace: dict[str, Any]) -> BatchedModel:
    """Return the model of a workspace; a few are kept, because building one takes as long as a thousand rows."""
    return _built(json.dumps(workspace))


@lru_cache(maxsize=8)
def _built(workspace: str) -> BatchedModel:
    return BatchedModel(json.loads(workspace))


class BatchedModel:
    """A pyhf model that takes rows of parameters.

    Attributes
    ----------
    poi : int
        Position of the parameter of interest.
    nominal, low, high : ndarray, shape (n_parameters,)
        Initial values and bounds; none for the parameter of interest.
    nuisances : ndarray of bool, shape (n_parameters,)
        Parameters that are profiled.
    width : ndarray, shape (n_data,)
        Standard deviations of auxiliary data that are Gaussian; zero for counts.
    """

    def __init__(self, workspace: dict[str, Any]) -> None:
        import pyhf

        read = pyhf.Workspace(workspace)
        config = read.model(validate=False).config
        self._models = {size: read.model(batch_size=size, validate=False) for size in _BATCHES}
        self.poi: int = config.poi_index
        self.nominal = np.array(config.suggested_init(), dtype=float)
        self.low, self.high = np.array(config.suggested_bounds(), dtype=float).T.copy()
        self.nuisances = ~np.array(config.suggested_fixed(), dtype=bool)
        self.low[self.poi], self.high[self.poi], self.nuisances[self.poi] = -np.inf, np.inf, False
        width = [0.0] * sum(config.channel_nbins.values())
        for name in config.auxdata_order:
            constraint = config.param_set(name)
            width += [float(x) if constraint.pdf_type == "normal" else 0.0 for x in constraint.width()]
        self.width = np.array(width)

    def rows(self, strength: Any) -> FloatArray:
        """Return nominal parameters, a row for each value of the parameter of interest."""
        strength = np.atleast_1d(np.asarray(strength, dtype=float))
        result = np.tile(self.nominal, (strength.size, 1))
        result[:, self.poi] = strength
        return result

    def expected(self, parameters: FloatArray) -> FloatArray:
        """Return expected counts and auxiliary data, shape (n, n_data), for parameters of shape (n, n_parameters)."""
        result, start, many, few = [], 0, *_BATCHES
        while start < len(parameters):
            size = many if len(parameters) - start >= many else few
            part = parameters[start : start + size]
            padded = np.concatenate([part, np.tile(self.nominal, (size - len(part), 1))])
            result.append(np.asarray(self._models[size].expected_data(padded), dtype=float)[: len(part)])
            start += size
        return np.concatenate(result)

    def error(self, strength: float) -> float:
        """Return the expected standard deviation of the parameter of interest, from the Fisher information."""
        row = self.rows(strength)
        free = self.nuisances.copy()
        free[self.poi] = True
        moving = np.flatnonzero(free)
        mean = self.expected(row)
        _, information = self._scores(self._slopes(row, mean, moving), mean, mean)
        return float(np.sqrt(np.linalg.inv(information)[0].diagonal()[moving.tolist().index(self.poi)]))

    def minimised(
        self, start: FloatArray, observed: FloatArray, *, lowest: float | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Minimise the deviance of every row: twice the nll, less that of expectations equal to the data.

        Parameters
        ----------
        start : ndarray, shape (n, n_parameters)
        observed : ndarray, shape (n, n_data)
        lowest : float, optional
            Smallest value of the parameter of interest, which is free then; else it stays where it is.

        Returns
        -------
        tuple of ndarray
            Parameters, shape (n, n_parameters), and deviances, shape (n,).

        Raises
        ------
        ConvergenceError
            When a row does not come to rest.
        """
        low, free = self.low.copy(), self.nuisances.copy()
        if lowest is not None:
            low[self.poi], free[self.poi] = lowest, True
        moving = np.flatnonzero(free)
        parameters = np.clip(start, low, self.high)
        mean = self.expected(parameters)
        deviance = self._deviance(mean, observed)
        active = np.arange(len(parameters)) if moving.size else np.empty(0, dtype=np.intp)
        for _ in range(_MAX_STEPS):
            if not active.size:
                return parameters, deviance
            here, seen, current = parameters[active], observed[active], mean[active]
            gradient, information = self._scores(self._slopes(here, current, moving), current, seen)
            step = np.zeros_like(here)
            step[:, moving] = -np.linalg.solve(information, gradient[..., None])[..., 0]
            for _ in range(_HALVINGS):
                trial = np.clip(here + step, low, self.high)
                expected = self.expected(trial)
                value = self._deviance(expected, seen)
                worse = ~(value <= deviance[active] + _ROUNDING * (1.0 + np.abs(deviance[active])))
                if not np.any(worse):
                    break
                step[worse] *= 0.5
            parameters[active], deviance[active], mean[active] = trial, value, expected
            active = active[np.max(np.abs(trial - here), axis=1) > _TOLERANCE]
        msg = "the profile likelihood of a workspace did not converge for pseudo-data"
        raise ConvergenceError(msg)

    def _deviance(self, mean: FloatArray, observed: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            count = 2.0 * (mean - observed + np.where(observed > 0.0, observed * np.log(observed / mean), 0.0))
            gaussian = np.square((observed - mean) / self.width)
        count = np.where((mean < 0.0) | np.isnan(count), np.inf, count)
        return np.asarray(np.sum(np.where(self.width > 0.0, gaussian, count), axis=1))

    def _slopes(self, parameters: FloatArray, mean: FloatArray, moving: NDArray[np.intp]) -> FloatArray:
        """Return the derivatives of the expectation, shape (n, n_moving, n_data)."""
        shifts = np.zeros((moving.size, parameters.shape[1]))
        shifts[np.arange(moving.size), moving] = _STEP
        return np.stack([(self.expected(parameters + shift) - mean) / _STEP for shift in shifts], axis=1)

    def _scores(self, slopes: FloatArray, mean: FloatArray, observed: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return gradient and expected information of half the deviance."""
        weight = 1.0 / np.where(self.width > 0.0, np.square(self.width), np.maximum(mean, _TINY))
        gradient = np.einsum("raj,rj->ra", slopes, (mean - observed) * weight)
        return gradient, np.einsum("raj,rbj,rj->rab", slopes, slopes, weight)
