"""Phase space of a lepton pair with its squared amplitudes, both azimuths averaged: what is integrated and drawn from.

At fixed ``K2`` (arXiv:1406.2332 Eq. 5 with the current's momentum kept):
``dPhi3 = dM2/(2 pi) dK2/(8 pi shat) (2 p/M)/(8 pi) dOmega/(4 pi)``, ``M2 = (p1 + p2)^2``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recast.trident.helicity import PairKinematics, contracted_squares

__all__ = ["TINY", "pair_mass_range", "pair_phase_space", "responses"]

Array = NDArray[np.float64]

TINY = 1e-300


def pair_phase_space(
    s_l: Array, q2: Array, k2: Array, above: Array, x: Array, mass_minus: float, mass_plus: float
) -> tuple[PairKinematics, Array]:
    """Return the invariants of a lepton pair of given mass and angle, and its share of the phase space.

    Parameters
    ----------
    s_l, q2, k2 : ndarray, shapes that broadcast
        In GeV^2, inside the allowed region, ``0 < K2 < shat (1 - (m1 + m2)^2 / s_l)``.
    above : ndarray, a shape that broadcasts
        Squared invariant mass of the pair minus its threshold in GeV^2, below that of :func:`pair_mass_range`.
    x : ndarray
        Between 0 and 1, linear in the rapidity that flattens both collinear peaks.  All arrays broadcast.
    mass_minus, mass_plus : float
        Lepton masses in GeV.

    Returns
    -------
    point : PairKinematics
    density : ndarray
        ``dPhi3/(dK2 dM2 dx)`` in 1/GeV^2, integrated over both azimuths.
    """
    shat = s_l + q2
    big_m2 = (mass_minus + mass_plus) ** 2 + above
    m2_max = s_l * (1.0 - k2 / shat)
    kappa_q = 0.5 * (big_m2 + k2 + q2)
    pq2m2 = kappa_q**2 - q2 * k2
    transverse2 = shat * np.maximum(m2_max - big_m2, 0.0) / pq2m2
    big_m = np.sqrt(big_m2)
    m1, m2 = mass_minus, mass_plus
    e1 = 0.5 * (big_m2 + m1 * m1 - m2 * m2) / big_m
    e2 = big_m - e1
    p = 0.5 * np.sqrt(above * (big_m2 - (m1 - m2) ** 2)) / big_m
    pq = np.sqrt(pq2m2) / big_m
    q0 = 0.5 * (big_m2 - q2 + k2) / big_m
    kappa0 = big_m - q0
    # a_i - 1 from a_i^2 - 1, whose numerator has no cancellation: the collinear peaks stay resolved
    delta = 0.5 * (m1 * m1 - m2 * m2) / big_m
    ppq = p * pq
    a1 = (0.5 * q2 + e1 * q0) / ppq
    a2 = (0.5 * q2 + e2 * q0) / ppq
    a1_excess = (m1**2 * pq**2 + q2 * (0.25 * k2 - delta * (kappa0 + delta))) / (ppq**2 * (a1 + 1.0))
    a2_excess = (m2**2 * pq**2 + q2 * (0.25 * k2 + delta * (kappa0 - delta))) / (ppq**2 * (a2 + 1.0))
    y_low = 0.5 * np.log(a2_excess / (a1 + 1.0))
    y_high = 0.5 * np.log((a2 + 1.0) / a1_excess)
    ratio = np.exp(2.0 * (y_low + (y_high - y_low) * x))
    total = a1_excess + a2_excess + 2.0
    first = total / (1.0 + ratio)  # a1 - cos
    second = first * ratio  # a2 + cos
    one_minus = np.maximum(first - a1_excess, TINY)
    one_plus = np.maximum(second - a2_excess, TINY)
    d_cos = 2.0 * first * second / total * (y_high - y_low)

    scale = -2.0 * ppq
    point = PairKinematics(
        big_m2, k2, q2, shat, transverse2, p, one_minus, one_plus, scale * first, scale * second
    )
    two_bodies = 2.0 * p / big_m / (2.0 * (2.0 * np.pi) * (8.0 * np.pi) ** 2) / shat
    return point, two_bodies * d_cos


def pair_mass_range(s_l: Array, q2: Array, k2: Array, threshold2: float) -> Array:
    """Return how far the squared mass of the pair can exceed its threshold, in GeV^2.

    Parameters
    ----------
    s_l, q2, k2 : ndarray, shapes that broadcast
        In GeV^2.
    threshold2 : float
        Square of the sum of the lepton masses in GeV^2.
    """
    return np.asarray(np.maximum((s_l - threshold2) - s_l * (k2 / (s_l + q2)), TINY))


def responses(point: PairKinematics, mass_minus: float, mass_plus: float) -> tuple[Array, Array]:
    """Return the response to a transverse and to a longitudinal photon, both azimuths averaged; shapes (3, ...).

    Parameters
    ----------
    point : PairKinematics
    mass_minus, mass_plus : float
        Lepton masses in GeV.
    """
    metric, neutrino = contracted_squares(point, mass_minus, mass_plus)
    longitudinal = neutrino * (4.0 * point.photon_virtuality / point.shat**2)
    return 0.5 * (metric + longitudinal), longitudinal
