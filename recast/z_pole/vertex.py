"""One loop of a vector boson at the vertex of the Z and two massless fermions, and its emission from them.

A boson of mass m that couples with g' Q to a fermion and its antiparticle multiplies the vector and the axial coupling
of the Z alike, by 1 + Q^2 g'^2 / (4 pi)^2 K_F (arXiv:1403.1269, Eqs. 32 and 33). With w = m^2 / q^2, q^2 = m_Z^2,

    K_F = -7/2 - 2 w - (2 w + 3) ln(-w) + 2 (1 + w)^2 [ln(-w) ln((1 + w)/w) - Li2(-1/w)] ,   ln(-w) = ln w + i pi ,

which vanishes at q^2 = 0 (the current is conserved). For a light boson K_F -> -ln^2 w - 3 ln w - 7/2 + pi^2/3 + ...,
large logarithms of soft and collinear bosons, which cancel when the decay with a boson in the final state is counted
as well,

    Gamma(Z -> l l Z') / Gamma(Z -> l l) = Q^2 g'^2 / (8 pi^2) F(w) ,    Re K_F + F -> 3/2   for w -> 0

(F is `recast.z_to_four_muons.width.emission_function`; 3/2 is the 3 alpha / (4 pi) of a photon).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.z_to_four_muons.width import Z_MASS, emission_function

__all__ = ["inclusive_function", "vertex_function"]

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

# Above it the expansion in 1/w, below it the closed form, whose terms cancel to a relative 1/w^3.
_HEAVY = 8.0
_TERMS = 20


def vertex_function(ratio: ArrayLike) -> ComplexArray:
    """Return K_F.

    Parameters
    ----------
    ratio : array_like
        w = m^2 / q^2: positive, or complex with a negative imaginary part (q^2 above its cut).

    Returns
    -------
    ndarray of complex
        Of the shape of the ratio, to a relative 1e-12.
    """
    w = np.asarray(ratio, dtype=np.complex128)
    heavy = np.abs(w) > _HEAVY
    result = np.empty_like(w)
    result[heavy] = _expanded(w[heavy])
    result[~heavy] = _closed(w[~heavy])
    return result


def inclusive_function(mass: ArrayLike) -> FloatArray:
    """Return Re K_F + F at the Z pole: the change of the width with and without a boson.

    Parameters
    ----------
    mass : array_like
        m in GeV; positive.

    Returns
    -------
    ndarray
        In units of Q^2 g'^2 / (8 pi^2): 3/2 for a light boson, Re K_F above the threshold of emission.
    """
    ratio = np.square(np.asarray(mass, dtype=np.float64) / Z_MASS)
    return np.asarray(vertex_function(ratio).real + emission_function(mass), dtype=np.float64)


def _closed(w: ComplexArray) -> ComplexArray:
    from scipy.special import spence

    log = np.log(w) + 1j * math.pi
    bracket = log * np.log1p(1.0 / w) - spence(1.0 + 1.0 / w)
    return np.asarray(-3.5 - 2.0 * w - (2.0 * w + 3.0) * log + 2.0 * (1.0 + w) ** 2 * bracket)


def _expanded(w: ComplexArray) -> ComplexArray:
    """Return the expansion of the closed form in 1/w, lowest order (2/3 ln(-w) + 11/9) / w.

    With b_n = (-1)^(n+1) (ln(-w)/n + 1/n^2) the bracket is sum b_n w^-n; multiplied by 2 (1 + w)^2, its powers w and 1
    cancel the other terms.
    """
    log = np.log(w) + 1j * math.pi
    total = np.zeros_like(w)
    for k in range(_TERMS, 0, -1):
        sign = 2.0 if k % 2 else -2.0
        first = 1.0 / (k + 2) - 2.0 / (k + 1) + 1.0 / k
        second = 1.0 / (k + 2) ** 2 - 2.0 / (k + 1) ** 2 + 1.0 / k**2
        total = (total + sign * (first * log + second)) / w
    return total
