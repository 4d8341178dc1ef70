"""Emission of a light vector boson in leptonic decays of the Z boson.

For massless leptons and a boson of mass m with a vector coupling ``g' Q``,

    Gamma(Z -> l l Z') / Gamma(Z -> l l) = (g' Q)^2 / (8 pi^2) F(x),    x = m^2 / m_Z^2,

    F(x) = (1 + x)^2 [ln^2 x - pi^2/3 - 4 Li2(-x) - 4 ln x ln(1 + x)] + (3 + 4 x + 3 x^2) ln x + 5 (1 - x^2).

The same function describes the emission of a massive gluon or photon in e+ e- annihilation; chirality is conserved
along a massless line, so that it holds for any mixture of vector and axial-vector couplings of the Z. Its logarithms
at small mass cancel those of the vertex correction (Bloch and Nordsieck, Phys. Rev. 52 (1937) 54): the sum of ``F``
and the real part of the vertex function ``K_F`` of arXiv:1403.1269, Eq. 32, tends to 3/2, that is to the 3 alpha / 4 pi
of the inclusive width.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Z_MASS", "Z_TO_MUMU", "Z_WIDTH", "emission_function", "relative_width"]

FloatArray = NDArray[np.float64]

# Review of Particle Physics, R. L. Workman et al., PTEP 2022 (2022) 083C01.
Z_MASS = 91.1876
"""In GeV."""
Z_WIDTH = 2.4952
"""In GeV."""
Z_TO_MUMU = 3.3662e-2
"""Branching ratio of Z -> mu+ mu-."""

# F vanishes as (1 - x)^5 / 10: closer to the threshold than this its terms cancel to fewer than seven digits, and the
# Taylor series, whose coefficients of the fifth to the tenth power follow, is the more accurate.
_NEAR_THRESHOLD = 0.05
_TAYLOR = (1.0 / 10.0, 3.0 / 20.0, 37.0 / 210.0, 4.0 / 21.0, 107.0 / 540.0, 109.0 / 540.0)


def emission_function(mass: ArrayLike, *, z_mass: float = Z_MASS) -> FloatArray:
    """Return F(m^2 / m_Z^2).

    Parameters
    ----------
    mass : array_like
        Of the emitted boson, in GeV; positive.
    z_mass : float
        Of the decaying one, in GeV.

    Returns
    -------
    ndarray
        Of the shape of the mass; zero at and above the mass of the Z boson.
    """
    from scipy.special import spence

    x = np.square(np.asarray(mass, dtype=np.float64) / z_mass)
    inside = np.minimum(x, 1.0)
    log = np.log(inside)
    # spence(1 + x) is Li2(-x).
    bracket = log**2 - math.pi**2 / 3.0 - 4.0 * spence(1.0 + inside) - 4.0 * log * np.log1p(inside)
    value = (1.0 + inside) ** 2 * bracket + (3.0 + inside * (4.0 + 3.0 * inside)) * log + 5.0 * (1.0 - inside**2)
    distance = 1.0 - inside
    series = distance**5 * np.polynomial.polynomial.polyval(distance, _TAYLOR)
    return np.asarray(np.where(distance < _NEAR_THRESHOLD, series, value))


def relative_width(mass: ArrayLike, *, z_mass: float = Z_MASS) -> FloatArray:
    """Return Gamma(Z -> mu mu Z') / Gamma(Z -> mu mu) in units of (g' Q)^2.

    Parameters
    ----------
    mass : array_like
        Of the emitted boson, in GeV; positive.
    z_mass : float
        Of the decaying one, in GeV.
    """
    return np.asarray(emission_function(mass, z_mass=z_mass) / (8.0 * math.pi**2))
