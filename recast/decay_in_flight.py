"""Decays behind a shield: how many bosons of a beam dump decay where they are seen.

A boson with lifetime tau and boost gamma beta that must cross a shield of length L_sh and decay within the following
L_dec does so with the probability

    efficiency = exp(-u) - exp(-(1 + r) u) ,    u = L_sh / (gamma beta c tau) ,    r = L_dec / L_sh .

The number of events is proportional to g^2 times this, and u to g^2: at fixed mass it is proportional to

    yield(u) = u exp(-u) [1 - exp(-r u)] ,

which rises to one maximum, that depends on r alone, and falls again: a dump excludes a band of couplings. The lower end
of the published band is where few bosons decay in time, the upper end where few cross the shield; both have the same
number of events, which fixes the boost that the formula needs (arXiv:1801.04847, Eqs. 2.22 to 2.24).
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["band", "lifetimes_in_shield", "log_yield", "peak"]

FloatArray = NDArray[np.float64]


def log_yield(u: ArrayLike, ratio: float) -> FloatArray:
    """Return ``ln(u exp(-u) [1 - exp(-r u)])``.

    Parameters
    ----------
    u : array_like
        Lifetimes that pass inside the shield; zero or positive.
    ratio : float
        r, the length of the decay volume in units of the shield's.

    Returns
    -------
    ndarray
        Of the shape of u; minus infinity at zero.
    """
    at = np.asarray(u, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(at) - at + np.log(-np.expm1(-ratio * at)))


def lifetimes_in_shield(spread: ArrayLike, ratio: float) -> FloatArray:
    """Return u at the lower end of a band whose two ends have the same number of events.

    Parameters
    ----------
    spread : array_like
        Square of the upper end of the band divided by the lower; above one.
    ratio : float
        Length of the decay volume in units of the shield's.

    Returns
    -------
    ndarray
        The solution of ``yield(u) = yield(spread u)``, which is unique.
    """
    from scipy.optimize import elementwise

    squared = np.asarray(spread, dtype=np.float64)
    find_root: Any = elementwise.find_root

    def difference(u: FloatArray, squared: FloatArray) -> FloatArray:
        return log_yield(squared * u, ratio) - log_yield(u, ratio)

    # The factor 1 - exp(-r u) grows by less than the spread, which bounds the solution from above; towards zero the
    # difference approaches twice the logarithm of the spread.
    high = 2.0 * np.log(squared) / (squared - 1.0)
    return np.asarray(find_root(difference, (1e-6 * high, high), args=(squared,)).x)


@cache
def peak(ratio: float) -> float:
    """Return the u of the largest yield, between one and two."""
    from scipy.optimize import brentq

    def slope(u: float) -> float:
        # Beyond any length the exponential is as good as infinite.
        return 1.0 / u - 1.0 + ratio / math.expm1(min(ratio * u, 700.0))

    return float(brentq(slope, 1.0 - 1e-12, 2.0 + 1e-12))


def band(level: ArrayLike, ratio: float) -> FloatArray:
    """Return where the yield takes a value.

    Parameters
    ----------
    level : array_like, shape (n,)
        Values of ``u exp(-u) [1 - exp(-r u)]``.
    ratio : float
        r.

    Returns
    -------
    ndarray, shape (n, 2)
        The u below and above the maximum; not-a-number where the level is above the maximum or not positive.
    """
    from scipy.optimize import elementwise

    find_root: Any = elementwise.find_root
    asked = np.asarray(level, dtype=np.float64)
    top = peak(ratio)
    with np.errstate(invalid="ignore", divide="ignore"):
        reached = (asked > 0.0) & (np.log(asked) < log_yield(top, ratio))
    value = asked[reached]
    result = np.full((asked.size, 2), np.nan)
    if value.size:
        # yield <= u, yield <= r u^2 and yield <= (2 / e) exp(-u / 2) bracket the two solutions.
        low = np.log(np.maximum(value, np.sqrt(value / ratio)))
        high = np.log(2.0 * np.log(2.0 / (np.e * value)))
        middle = np.full_like(value, np.log(top))
        bracket = np.minimum(low, middle), middle, np.maximum(high, middle)

        def distance(logarithm: FloatArray, target: FloatArray) -> FloatArray:
            return log_yield(np.exp(logarithm), ratio) - target

        ends = np.stack(bracket[:2], axis=1), np.stack(bracket[1:], axis=1)
        result[reached] = np.exp(np.asarray(find_root(distance, ends, args=(np.log(value)[:, None],)).x))
    return result
