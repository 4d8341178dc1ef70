"""Feldman-Cousins intervals of one measured number, by integration or summation.

A prediction R is accepted when the data are not among the least likely ones, where likely means the ratio

    t(x; R) = 2 delta ln L(x; R) - min_(R') 2 delta ln L(x; R') ,

R' running through the predictions that the model can reach (G. J. Feldman, R. D. Cousins, Phys. Rev. D 57 (1998)
3873, physics/9711021, Eqs. 4.1 and 4.3): R is in the interval as long as ``P(t >= t(data; R) | R) > 1 - CL``. That
covers with at least the confidence level by construction, and is never empty: the best reachable prediction has t = 0.

The probabilities are Gaussian integrals for a Gaussian or one with two errors, and Poisson sums for a count. For
everything else there are pseudo-experiments, see `recast.feldman_cousins_toys`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.errors import NotApplicableError
from recast.likelihoods.counting import PoissonCount
from recast.likelihoods.gaussian import HalfGaussians
from recast.statistics import check_confidence_level, quantile

if TYPE_CHECKING:
    from recast.likelihoods import Likelihood

__all__ = ["interval", "is_exact", "p_value"]

FloatArray = NDArray[np.float64]

# Predictions looked at on each side of the best one, and how often the last gap between them is looked into.
_STEPS = 1001
_ZOOMS = 5
# Standard deviations beyond the quantile up to which predictions may belong to the interval: a count is discrete.
_FURTHER = 2.0
# Counts whose ratio agrees to this accuracy are equally likely, whatever the rounding.
_TIE = 1e-9
# Standard deviations above the mean beyond which a count never falls.
_TAIL = 15.0


def is_exact(likelihood: Likelihood) -> bool:
    """Return whether the probabilities of a likelihood can be integrated or summed here."""
    if isinstance(likelihood, PoissonCount):
        return likelihood.background_error == 0.0
    return isinstance(likelihood, HalfGaussians) and not likelihood.upper_limit_only


def p_value(
    likelihood: Likelihood,
    prediction: ArrayLike,
    *,
    low: ArrayLike = -np.inf,
    high: ArrayLike = np.inf,
    observed: ArrayLike | None = None,
) -> FloatArray:
    """Return the probability of data that are as unlikely as the measured ones, or more so.

    Parameters
    ----------
    likelihood : Likelihood
        Of one number without nuisance parameters.
    prediction : array_like
        True value in the units of the data, between ``low`` and ``high``.
    low, high : array_like
        Smallest and largest prediction that the model can reach.
    observed : array_like, optional
        Data to be judged instead of those of the likelihood, counts for `PoissonCount`. All broadcast.

    Raises
    ------
    NotApplicableError
        When the likelihood has no exact probabilities.
    """
    if isinstance(likelihood, PoissonCount) and is_exact(likelihood):
        counted = np.asarray(likelihood.observed if observed is None else observed, dtype=float)
        shift = likelihood.background
        mean, least, most = (np.asarray(r, dtype=float) + shift for r in (prediction, low, high))
        return _counted(counted, mean, np.maximum(least, 0.0), most)
    if isinstance(likelihood, HalfGaussians) and is_exact(likelihood):
        data = np.asarray(likelihood.data if observed is None else observed, dtype=float)
        ends = (np.asarray(r, dtype=float) for r in (prediction, low, high))
        return _integrated(data, *ends, errors=likelihood.side_errors)
    kind = getattr(likelihood, "type", type(likelihood).__name__)
    msg = f"the likelihood {kind} has no exact Feldman-Cousins interval, only one by pseudo-experiments"
    raise NotApplicableError(msg)


def _integrated(
    data: FloatArray, mean: FloatArray, low: FloatArray, high: FloatArray, *, errors: tuple[float, float]
) -> FloatArray:
    """Return the p-value for two half Gaussians, whose upper error counts where the data lie below the prediction."""
    from scipy.special import ndtr

    lower, upper = errors

    # Both predictions lie on the same side of the data: a difference of two squares.
    best = np.clip(data, low, high)
    ratio = np.maximum((mean - best) * (mean + best - 2.0 * data), 0.0) / np.where(mean > data, upper, lower) ** 2

    def reach(sigma: float, room: FloatArray) -> FloatArray:
        # How far from the prediction the ratio is reached: a parabola while the data can be a prediction, then a line.
        inside = sigma * np.sqrt(ratio)
        with np.errstate(divide="ignore", invalid="ignore"):
            beyond = 0.5 * (room + sigma**2 * ratio / room)
        return np.asarray(np.where(inside <= room, inside, beyond))

    below, above = reach(upper, mean - low), reach(lower, high - mean)
    return np.asarray(2.0 * (upper * ndtr(-below / upper) + lower * ndtr(-above / lower)) / (upper + lower))


def _counted(counted: FloatArray, mean: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Return the p-value for a count, all expectations including the background."""
    from scipy.special import pdtr, pdtrc, xlogy

    def ratio(n: FloatArray) -> FloatArray:
        best = np.clip(n, low, high)
        return np.asarray(2.0 * (mean - best - (xlogy(n, mean) - xlogy(n, best))))

    # The ratio falls up to the mean and rises from there: what is less likely lies below one count and above another.
    threshold = ratio(counted) * (1.0 - _TIE) - _TIE
    shape = threshold.shape
    far = np.ceil(mean + _TAIL * np.sqrt(mean) + _TAIL**2)
    below = _first(ratio, threshold, np.broadcast_to(np.floor(mean) + 1.0, shape), np.full(shape, -1.0))
    above = _first(ratio, threshold, np.broadcast_to(np.ceil(mean) - 1.0, shape), np.broadcast_to(far, shape))
    none = below < 0.0
    probability = np.where(none, 0.0, pdtr(np.where(none, 0.0, below), mean))
    probability += np.where(above < 1.0, 1.0, pdtrc(np.maximum(above - 1.0, 0.0), mean))
    return np.minimum(probability, 1.0)


def _first(
    ratio: Callable[[FloatArray], FloatArray], threshold: FloatArray, start: FloatArray, end: FloatArray
) -> FloatArray:
    """Return the first count on the way from start to end whose ratio reaches a threshold, or the end."""
    near, found = start, end
    while np.any(np.abs(found - near) > 1.0):
        middle = np.trunc(0.5 * (near + found))
        reached = ratio(middle) >= threshold
        near, found = np.where(reached, near, middle), np.where(reached, middle, found)
    return found


def interval(
    likelihood: Likelihood, confidence_level: float = 0.95, *, low: ArrayLike = -np.inf, high: ArrayLike = np.inf
) -> tuple[FloatArray, FloatArray]:
    """Return the ends of the Feldman-Cousins interval of the prediction.

    For counts, whose accepted predictions need not be connected, these are the outermost ones, as in the paper; its
    further lengthening of intervals whose upper end would grow with the background is not done.

    Parameters
    ----------
    likelihood : Likelihood
        Of one number without nuisance parameters.
    confidence_level : float
    low, high : array_like
        Smallest and largest prediction that the model can reach; they broadcast.

    Returns
    -------
    ndarray, ndarray
        Lower and upper end; ``low`` or ``high`` where nothing is excluded on that side.

    Raises
    ------
    NotApplicableError
        When the likelihood has no exact probabilities.
    RecastError
        For a confidence level outside (0, 1).
    """
    alpha = 1.0 - check_confidence_level(confidence_level)
    least, most = np.broadcast_arrays(np.asarray(low, dtype=float), np.asarray(high, dtype=float))
    if isinstance(likelihood, PoissonCount):
        least = np.maximum(least, -likelihood.background)  # fewer than no events cannot be expected
    best = np.clip(float(likelihood.data), least, most)
    unreached = float(np.max(likelihood.minus_2_delta_ln_l(best), initial=0.0))
    reach = math.hypot(quantile(confidence_level) + _FURTHER, math.sqrt(unreached))
    count = isinstance(likelihood, PoissonCount)
    lowest, highest = likelihood.allowed(reach, one_sided=count)  # a count reaches down to an expectation of zero
    ends = []
    for side, limit in ((lowest, least), (highest, most)):
        bracket = np.clip(side, least, most)
        end = _end(likelihood, best.ravel(), bracket.ravel(), least.ravel(), most.ravel(), alpha).reshape(best.shape)
        ends.append(np.where(end == bracket, limit, end))
    return ends[0], ends[1]


def _end(
    likelihood: Likelihood, best: FloatArray, far: FloatArray, low: FloatArray, high: FloatArray, alpha: float
) -> FloatArray:
    """Return the accepted prediction that is furthest from the best one, each array of shape (n,)."""
    result = far.copy()
    for row in range(best.size):
        near, end = best[row], far[row]
        for _ in range(_ZOOMS):
            grid = np.linspace(near, end, _STEPS)
            accepted = p_value(likelihood, grid, low=low[row], high=high[row]) > alpha
            accepted[0] = True  # the best prediction, or accepted before
            last = int(np.flatnonzero(accepted)[-1])
            if last == _STEPS - 1:
                break
            near, end = grid[last], grid[last + 1]
            result[row] = near
    return result
