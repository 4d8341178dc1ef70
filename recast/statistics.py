"""Confidence levels, thresholds and the words that state them.

The one convention of the package: a single ratio measurement has one degree of freedom, so a
limit at confidence level ``cl`` says that the prediction lies inside ``data +- z sigma`` with
``z = 1.960`` at 95% (two-sided).  One-sided limits (``z = 1.645``) exclude only predictions above
the data and have to be asked for.  Whatever was used is written out by `convention`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.errors import RecastError

__all__ = [
    "WeightedAverage",
    "check_confidence_level",
    "convention",
    "delta_threshold",
    "p_value",
    "probability_content",
    "quantile",
    "weighted_average",
]


def check_confidence_level(value: Any) -> float:
    """Return a confidence level as a float.

    Parameters
    ----------
    value : float
        Probability content, strictly between 0 and 1 (0.95, not 95).

    Raises
    ------
    RecastError
        When the value is not a number strictly between 0 and 1.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0.0 < number < 1.0:
        msg = f"confidence level {value!r} is not between 0 and 1: write 0.95 for 95%"
        raise RecastError(msg)
    return number


def quantile(confidence_level: float, *, one_sided: bool = False) -> float:
    """Return how many standard deviations a confidence level stands for.

    Parameters
    ----------
    confidence_level : float
        Probability content, e.g. 0.95.
    one_sided : bool
        Give the one-sided value (1.645 at 95%) instead of the two-sided one (1.960).

    Raises
    ------
    RecastError
        When the confidence level is not between 0 and 1, or a one-sided one is below one half.
    """
    from scipy.special import ndtri

    level = check_confidence_level(confidence_level)
    if one_sided and level <= 0.5:
        msg = f"confidence level {level:g} is too low for a one-sided limit: it must be above 0.5"
        raise RecastError(msg)
    # From the tail: beside one, 1 - level is exact and (1 + level) / 2 rounds to one.
    return -float(ndtri((1.0 - level) if one_sided else 0.5 * (1.0 - level)))


def probability_content(z: float, *, one_sided: bool = False) -> float:
    """Return the probability content of ``z`` standard deviations (inverse of `quantile`)."""
    from scipy.special import ndtr

    return float(ndtr(z)) if one_sided else float(2.0 * ndtr(z) - 1.0)


def delta_threshold(confidence_level: float, *, degrees_of_freedom: int = 1, one_sided: bool = False) -> float:
    """Return the value of ``2 delta ln L`` above which a point is excluded.

    For one degree of freedom it is the square of `quantile`; for more it is the quantile of the
    chi-squared distribution (Wilks' theorem).

    Parameters
    ----------
    confidence_level : float
        Between 0 and 1.
    degrees_of_freedom : int
        Of the region.
    one_sided : bool
        Give the square of the one-sided quantile.

    Raises
    ------
    RecastError
        For a confidence level outside (0, 1), a number of degrees of freedom below one, or a
        one-sided region with more than one degree of freedom, which has no meaning.
    """
    from scipy.special import gammaincinv

    if degrees_of_freedom < 1:
        msg = f"the number of degrees of freedom must be at least 1, not {degrees_of_freedom}"
        raise RecastError(msg)
    if one_sided and degrees_of_freedom != 1:
        msg = f"a one-sided limit has one degree of freedom, not {degrees_of_freedom}"
        raise RecastError(msg)
    if degrees_of_freedom == 1:
        return quantile(confidence_level, one_sided=one_sided) ** 2
    level = check_confidence_level(confidence_level)
    return float(2.0 * gammaincinv(0.5 * degrees_of_freedom, level))


def p_value(minus_2_delta_ln_l: ArrayLike, *, degrees_of_freedom: int = 1) -> NDArray[np.float64]:
    """Return the probability of a larger ``2 delta ln L`` (two-sided, Wilks' theorem).

    Parameters
    ----------
    minus_2_delta_ln_l : array_like
        Any shape; small negative values from rounding count as zero.
    degrees_of_freedom : int
        Of the chi-squared distribution.

    Returns
    -------
    ndarray
        Same shape as the input.
    """
    from scipy.special import gammaincc

    statistic = np.maximum(np.asarray(minus_2_delta_ln_l, dtype=float), 0.0)
    return np.asarray(gammaincc(0.5 * degrees_of_freedom, 0.5 * statistic), dtype=float)


def convention(
    confidence_level: float,
    *,
    one_sided: bool = False,
    degrees_of_freedom: int = 1,
    combined: bool = False,
    expected: bool = False,
    published: float | None = None,
    projection: bool = False,
) -> str:
    """Return the one-line statement of how a region was defined.

    It is printed in every legend, caption and output file.

    Parameters
    ----------
    confidence_level : float
        Between 0 and 1.
    one_sided : bool
        Only predictions above the data are excluded.
    degrees_of_freedom : int
        Of the region.
    combined : bool
        The joint best fit in the model was subtracted.
    expected : bool
        The data were replaced by the Standard Model prediction.
    published : float, optional
        Confidence level of the limit curve that was used.
    projection : bool
        The curve is a sensitivity, not a published limit.
    """
    if published is not None:
        level, of = f"{100.0 * confidence_level:.10g}% CL, one-sided", f"{100.0 * published:.10g}% CL"
        if math.isclose(confidence_level, published):
            return f"{level}, 1 dof ({'projected sensitivity' if projection else 'limit as published'})"
        ratio = quantile(confidence_level, one_sided=True) / quantile(published, one_sided=True)
        kind = f"projected sensitivity at {of}" if projection else f"published {of} limit"
        return f"{level}, 1 dof ({kind}, signal scaled by {ratio:.3f})"
    threshold = delta_threshold(confidence_level, degrees_of_freedom=degrees_of_freedom, one_sided=one_sided)
    if combined:
        rule = f"2 delta ln L to the joint best fit <= {threshold:.3f}"
        rule += ", above the best fit only" if one_sided else ""
    elif degrees_of_freedom == 1:
        z = math.sqrt(threshold)
        rule = f"R - data <= {z:.3f} sigma" if one_sided else f"|R - data| <= {z:.3f} sigma"
    else:
        rule = f"2 delta ln L <= {threshold:.3f}"
    side = "one-sided" if one_sided else "two-sided"
    text = f"{100.0 * confidence_level:.10g}% CL, {side}, {degrees_of_freedom} dof ({rule})"
    return f"{text}, expected: data set to the Standard Model prediction" if expected else text


@dataclass(frozen=True)
class WeightedAverage:
    """Average of uncorrelated results, weighted with the inverse squares of their errors."""

    value: float
    error: float
    chi_squared: float
    degrees_of_freedom: int


def weighted_average(values: Sequence[float], errors: Sequence[float]) -> WeightedAverage:
    """Average uncorrelated Gaussian results.

    Parameters
    ----------
    values, errors : sequence of float, shape (n,)
        Central values and symmetric standard deviations.

    Raises
    ------
    RecastError
        When the two lengths differ, are zero, or an error is not positive.
    """
    value = np.asarray(values, dtype=float)
    error = np.asarray(errors, dtype=float)
    if value.shape != error.shape or value.ndim != 1 or value.size == 0:
        msg = f"an average needs as many errors as values, not {error.size} and {value.size}"
        raise RecastError(msg)
    if not bool(np.all(error > 0.0)):
        msg = "an average needs positive errors"
        raise RecastError(msg)
    weight = error**-2
    mean = float(np.sum(weight * value) / np.sum(weight))
    return WeightedAverage(
        value=mean,
        error=float(np.sum(weight) ** -0.5),
        chi_squared=float(np.sum(weight * (value - mean) ** 2)),
        degrees_of_freedom=value.size - 1,
    )
