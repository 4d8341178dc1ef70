"""One photon and nothing else at an electron-positron collider.

Emission of a photon together with a vector system of squared mass M^2, electrons massless, z the cosine of the photon's
angle in the centre-of-mass frame and x = M^2 / s:

    dsigma/dz = [e^2 g_e^2 / (8 pi s)] [(1 + z^2)(1 - x) + 4 x / (1 - x)] / (1 - z^2)

for a boson with the vector coupling g_e to electrons (for dark photons g_e = e eps: R. Essig et al., JHEP 11 (2013)
167, arXiv:1309.5084). Neutrino pairs, to which weak exchange is a contact interaction at these energies, follow with
``g_e^2 delta(M^2 - m^2)`` replaced by ``sigma(e+ e- -> nu nubar; M^2) / pi``,

    sigma(e+ e- -> nu nubar; s) = G_F^2 s / (6 pi) sum_flavours (C_L^2 + C_R^2) ,

which contains the known radiator of soft and of collinear photons (K. J. F. Gaemers, R. Gastmans, F. M. Renard, Phys.
Rev. D 19 (1979) 1605).
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.constants import DEFAULT_INPUTS, FLAVOURS, HBARC2_FB, ElectroweakInputs
from recast.neutrino_electron import chiral_couplings

__all__ = ["angular_factor", "boosted_cosine", "boson_cross_section", "neutrino_spectrum", "neutrino_window"]

FloatArray = NDArray[np.float64]

# The window of reconstructed energies is reached from this many resolutions beyond its edges.
_TAILS = 6.0
_NODES = 96


def angular_factor(x: ArrayLike, low: float, high: float) -> FloatArray:
    """Return Int dz [(1 + z^2)(1 - x) + 4 x / (1 - x)] / (1 - z^2) over the cosines from low to high.

    Parameters
    ----------
    x : array_like
        M^2 / s, from zero to below one.
    low, high : float
        Strictly between -1 and 1.
    """
    fraction = np.asarray(x, dtype=np.float64)
    logarithm = math.atanh(high) - math.atanh(low)
    return np.asarray(
        (1.0 - fraction) * (2.0 * logarithm - (high - low)) + 4.0 * fraction / (1.0 - fraction) * logarithm
    )


def boosted_cosine(cosine: float, velocity: float) -> float:
    """Return the cosine of a photon's angle in a frame that moves with a velocity along the axis."""
    return (cosine - velocity) / (1.0 - velocity * cosine)


def boson_cross_section(
    mass: ArrayLike, *, energy: float, low: float, high: float, inputs: ElectroweakInputs = DEFAULT_INPUTS
) -> FloatArray:
    """Return the cross section of e+ e- -> gamma V for a unit coupling of V to electrons.

    Parameters
    ----------
    mass : array_like
        Of the boson, in GeV.
    energy : float
        In the centre-of-mass frame, in GeV.
    low, high : float
        Range of the cosine of the photon's angle in that frame.
    inputs : ElectroweakInputs
        Only alpha enters.

    Returns
    -------
    ndarray
        In fb, of the shape of the mass; zero where the boson is too heavy.
    """
    fraction = np.square(np.asarray(mass, dtype=np.float64) / energy)
    below = fraction < 1.0
    factor = angular_factor(np.where(below, fraction, 0.0), low, high)
    return np.asarray(np.where(below, 0.5 * inputs.alpha / energy**2 * HBARC2_FB * factor, 0.0))


def neutrino_spectrum(
    photon_energy: ArrayLike, *, energy: float, low: float, high: float, inputs: ElectroweakInputs = DEFAULT_INPUTS
) -> FloatArray:
    """Return dsigma/dE of e+ e- -> gamma nu nubar, all flavours.

    Parameters
    ----------
    photon_energy : array_like
        E in the centre-of-mass frame, in GeV; positive.
    energy, low, high, inputs
        As in `boson_cross_section`.

    Returns
    -------
    ndarray
        In fb per GeV; zero above the beam energy.
    """
    squared = energy**2 - 2.0 * energy * np.asarray(photon_energy, dtype=np.float64)  # M^2 of the neutrino pair
    squared = np.maximum(squared, 0.0)
    couplings = sum(left**2 + right**2 for left, right in (chiral_couplings(f"nu{f}", inputs) for f in FLAVOURS))
    pairs = inputs.fermi_constant**2 * squared / (6.0 * math.pi) * couplings * HBARC2_FB
    per_squared_mass = (
        0.5 * inputs.alpha / (math.pi * energy**2) * pairs * angular_factor(squared / energy**2, low, high)
    )
    return np.asarray(2.0 * energy * per_squared_mass)


def neutrino_window(
    photon_energy: ArrayLike,
    *,
    energy: float,
    low: float,
    high: float,
    resolution: float,
    width: float,
    inputs: ElectroweakInputs = DEFAULT_INPUTS,
) -> FloatArray:
    """Return the cross section of e+ e- -> gamma nu nubar in a window of the reconstructed photon energy.

    Parameters
    ----------
    photon_energy : array_like
        Middle of the window in the centre-of-mass frame, in GeV.
    energy, low, high
        As in `boson_cross_section`.
    resolution : float
        Relative resolution of the photon energy: a Gaussian.
    width : float
        Half width of the window in units of the resolution.
    inputs
        As in `boson_cross_section`.

    Returns
    -------
    ndarray
        In fb, of the shape of the photon energy.
    """
    from scipy.special import ndtr

    middle = np.asarray(photon_energy, dtype=np.float64)[..., None]
    reach = (width + _TAILS) * resolution
    bottom, top = middle * max(1.0 - reach, 1e-3), np.minimum(middle * (1.0 + reach), 0.5 * energy)
    nodes, weights = _legendre()
    half = 0.5 * np.maximum(top - bottom, 0.0)
    true = bottom + half * (nodes + 1.0)
    sigma = resolution * true
    accepted = ndtr((middle * (1.0 + width * resolution) - true) / sigma)
    accepted -= ndtr((middle * (1.0 - width * resolution) - true) / sigma)
    spectrum = neutrino_spectrum(true, energy=energy, low=low, high=high, inputs=inputs)
    return np.asarray(np.sum(half * weights * accepted * spectrum, axis=-1))


@cache
def _legendre() -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights between -1 and 1; finding them takes longer than using them."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return nodes, weights
