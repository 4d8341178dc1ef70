"""The strong coupling and the QCD correction to the production of quark pairs."""

from __future__ import annotations

import math
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["QUARK_CHARGE", "qcd_correction", "strong_coupling"]

FloatArray = NDArray[np.float64]

# Review of Particle Physics, R. L. Workman et al., PTEP 2022 (2022) 083C01.
_Z_MASS: Final = 91.1876
_AT_Z_MASS: Final = 0.1179
# Below each (MS-bar masses) one flavour less is active; the number above the first is six.
_THRESHOLDS: Final = ((172.69, 5), (4.18, 4), (1.27, 3))
# Not used below: there R is taken from data.
_LOWEST: Final = 1.1

QUARK_CHARGE: Final = {
    "u": 2.0 / 3.0,
    "d": -1.0 / 3.0,
    "s": -1.0 / 3.0,
    "c": 2.0 / 3.0,
    "b": -1.0 / 3.0,
    "t": 2.0 / 3.0,
}
"""Electric charges of the quarks."""


def strong_coupling(scale: FloatArray) -> FloatArray:
    """Return alpha_s in the MS-bar scheme at two loops.

    Parameters
    ----------
    scale : ndarray, any shape
        In GeV; below 1.1 GeV the value there is returned.

    Returns
    -------
    ndarray
        Of the shape of the scale, from alpha_s = 0.1179 at the Z mass, continuous at the quark masses.
    """
    result = np.full(np.shape(scale), _at_lowest())
    above = np.asarray(scale > _LOWEST)
    if above.any():
        result[above] = _running(np.asarray(scale)[above])
    return result


@cache
def _at_lowest() -> float:
    return float(_running(np.array([_LOWEST]))[0])


def _running(scale: FloatArray) -> FloatArray:
    """Return the coupling at scales that it is known at."""
    result = _run(np.maximum(scale, _Z_MASS), _Z_MASS, _AT_Z_MASS, 5)
    start, value, flavours = _Z_MASS, _AT_Z_MASS, 5
    top, _ = _THRESHOLDS[0]
    at_top = float(_run(np.array(top), start, value, 5))
    result = np.where(scale > top, _run(np.maximum(scale, top), top, at_top, 6), result)
    for threshold, below in (*_THRESHOLDS[1:], (_LOWEST, 3)):
        part = _run(np.clip(scale, threshold, start), start, value, flavours)
        result = np.where(scale < start, part, result)
        start, value, flavours = threshold, float(_run(np.array(threshold), start, value, flavours)), below
    return np.asarray(result)


def qcd_correction(mass: FloatArray) -> FloatArray:
    """Return what QCD multiplies the production of massless quark pairs by.

    Parameters
    ----------
    mass : ndarray, any shape
        Of the pair, GeV; below 1.1 GeV the value there is returned.

    Returns
    -------
    ndarray
        ``1 + a + c2 a^2 + c3 a^3`` with a = alpha_s(m) / pi: Review of Particle Physics (2022), Eqs. 9.7 and 9.8,
        without the singlet term of order 1e-3.
    """
    flavours = 3.0 + sum(np.asarray(mass > 2.0 * threshold, dtype=np.float64) for threshold, _ in _THRESHOLDS)
    a = strong_coupling(mass) / math.pi
    second = 1.9857 - 0.1152 * flavours
    third = -6.63694 - 1.20013 * flavours - 0.00518 * flavours**2
    return np.asarray(1.0 + a * (1.0 + a * (second + a * third)))


def _run(scale: FloatArray, start: float, value: float, flavours: int) -> FloatArray:
    """Run from one scale to others at a fixed number of flavours.

    With x = 1 / alpha_s the renormalisation group equation has the integral ``x - c ln(x + c) = b0 ln mu^2 + const``,
    solved by Newton's method.
    """
    b0 = (33.0 - 2.0 * flavours) / (12.0 * math.pi)
    c = (153.0 - 19.0 * flavours) / (24.0 * math.pi**2) / b0
    target = 1.0 / value - c * math.log(1.0 / value + c) + 2.0 * b0 * np.log(scale / start)
    x = np.full(scale.shape, 1.0 / value)
    for _ in range(8):
        x = np.maximum(x - (x - c * np.log(x + c) - target) * (x + c) / x, 0.5)
    return np.asarray(1.0 / x)
