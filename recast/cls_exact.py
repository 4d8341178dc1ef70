"""CLs of one count from sums over Poisson probabilities: exact for any number of events."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from recast.statistics import check_confidence_level

__all__ = ["exact_cls", "first_excluded_count"]

FloatArray = NDArray[np.float64]

# Counts are summed to this many standard deviations, where the rest is beyond double precision.
_DEVIATIONS = 9.0
_BISECTIONS = 50
# An empty count has the same q~ for every background: equal, whatever the rounding.
_TIE = 1e-9


def first_excluded_count(background: float, confidence_level: float = 0.95) -> int:
    """Return the smallest count that a background alone reaches with at most ``1 - confidence_level``.

    Parameters
    ----------
    background : float
        Expected events.
    confidence_level : float

    Raises
    ------
    RecastError
        For a confidence level outside (0, 1).
    """
    from scipy.special import pdtrc

    alpha = 1.0 - check_confidence_level(confidence_level)
    # Far enough for every alpha that differs from zero.
    counts = np.arange(1, math.ceil(background + 40.0 * math.sqrt(background)) + 200)
    return int(counts[np.argmax(pdtrc(counts - 1, background) <= alpha)])


def exact_cls(signal: float, *, observed: float, background: float, background_error: float = 0.0) -> float:
    """Return CLs of a signal for one count, from sums over Poisson probabilities.

    Without an error of the background, CLs = P(N <= observed | signal + background) / P(N <= observed | background).
    With one, the background was measured as ``background +- background_error`` in a measurement that is repeated
    with the count: q~ is a function of both, and the true background of each hypothesis is the one that fits the data
    best under it. This breaks the ties between equal counts, which is why already a small error makes the limit lower.

    Parameters
    ----------
    signal : float
        Expected events.
    observed : float
        Counted events; between whole numbers the probability is interpolated by the incomplete gamma function.
    background, background_error : float
        Expected events and their Gaussian standard deviation.
    """
    from scipy.special import gammaincc

    if background_error == 0.0:
        with_signal, without = gammaincc(observed + 1.0, np.array([signal + background, background]))
        return float(with_signal / without)
    value = _ratio(np.array(observed), np.array(background), signal, background_error)
    probabilities = []
    for true in (signal, 0.0):
        best = float(_profiled(np.array(observed), np.array(true + background), background_error)) - true
        probabilities.append(_probability(float(value), true + best, best, signal, background_error))
    return probabilities[0] / probabilities[1]


def _probability(value: float, expected: float, best: float, signal: float, error: float) -> float:
    """Return P(q~ >= value) when ``expected`` events are to be counted and the background is ``best``."""
    from scipy.special import ndtr, pdtr

    if value <= 0.0:
        return 1.0
    spread = _DEVIATIONS * math.sqrt(expected) + 0.5 * _DEVIATIONS**2
    counts = np.arange(max(0, math.floor(expected - spread)), math.ceil(expected + spread) + 1.0)
    # For each count, q~ grows with the measured background: find where it passes the value.
    low = np.full(counts.shape, best - _DEVIATIONS * error)
    high = np.full(counts.shape, best + _DEVIATIONS * error)
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        beyond = _ratio(counts, middle, signal, error) >= value * (1.0 - _TIE)
        low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    weight = pdtr(counts, expected) - np.where(counts > 0, pdtr(counts - 1.0, expected), 0.0)
    return float(np.sum(weight * ndtr((best - high) / error)))


def _ratio(count: FloatArray, background: FloatArray, signal: float, error: float) -> FloatArray:
    """Return q~ of a signal; the best signal lies between zero and it."""
    best = np.clip(count - background, 0.0, signal)
    distance = _distance(count, signal + background, error) - _distance(count, best + background, error)
    return np.asarray(np.maximum(distance, 0.0))


def _profiled(count: FloatArray, expectation: FloatArray, error: float) -> FloatArray:
    """Return the expectation that fits best when its background has an error."""
    half = 0.5 * (expectation - error**2)
    return np.asarray(half + np.sqrt(half**2 + count * error**2))


def _distance(count: FloatArray, expectation: FloatArray, error: float) -> FloatArray:
    """Return 2 delta ln L of counts, the background's Gaussian constraint included."""
    from scipy.special import xlogy

    best = np.maximum(_profiled(count, expectation, error), np.finfo(float).tiny)
    poisson = best - count + xlogy(count, np.where(count > 0, count, 1.0) / best)
    return np.asarray(2.0 * poisson + ((best - expectation) / error) ** 2)
