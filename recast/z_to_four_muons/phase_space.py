"""Momenta of four massless muons from a Z boson, drawn where the amplitudes are large.

The pair (3, 4) comes from a boson of momentum q that the line (1, 2) has emitted, so that the amplitude peaks where
``s1 = (p1 + q)^2`` and ``s2 = (p2 + q)^2`` are small, like 1 / (s1 s2). In the logarithms of both the physical region,

    s1 s2 >= q^2 M^2,    s1 + s2 <= M^2 + q^2,

is a triangle with one side bent inwards; points are drawn evenly in the triangle. With the normalisation of the
Review of Particle Physics, d Phi_3 = ds1 ds2 / (128 pi^3 M^2) for even orientations, d Phi_2 = 1 / (8 pi) for an even
direction of p3 in the rest frame of the pair, and d Phi_4 = d Phi_3 d Phi_2 dq^2 / (2 pi).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["DIMENSIONS", "PAIRINGS", "channel_weight", "four_momenta", "pair_masses_squared"]

FloatArray = NDArray[np.float64]

DIMENSIONS = 7
"""Random numbers per point, beside the masses."""

PAIRINGS = ((0, 1, 2, 3), (2, 3, 0, 1), (0, 3, 2, 1), (2, 1, 0, 3))
"""Orders of the muons -, +, -, + in which the last two may come from the emitted boson."""


def four_momenta(mass: FloatArray, pair_mass: FloatArray, numbers: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Draw momenta in the rest frame of the Z boson.

    Parameters
    ----------
    mass, pair_mass : ndarray, shape (n,)
        Of the four muons and of muons 3 and 4, in GeV; the second below the first.
    numbers : ndarray, shape (7, n)
        Evenly distributed between 0 and 1.

    Returns
    -------
    momenta : ndarray, shape (4, 4, n)
        Of mu-(1), mu+(2), mu-(3), mu+(4) by component (E, px, py, pz), in GeV.
    weight : ndarray, shape (n,)
        ``d Phi_3 d Phi_2`` per point, in GeV^2; zero outside the physical region, where momenta mean nothing.
    """
    m2, q2 = mass**2, pair_mass**2
    side = np.log(m2 / q2)
    reach = side * np.sqrt(numbers[0])
    s1 = m2 * np.exp(-reach * numbers[1])
    s2 = m2 * np.exp(-reach * (1.0 - numbers[1]))
    physical = s1 + s2 <= m2 + q2
    weight = np.where(physical, 0.5 * side**2 * s1 * s2 / (1024.0 * math.pi**4 * m2), 0.0)

    e1, e2, eq = 0.5 * (m2 - s2) / mass, 0.5 * (m2 - s1) / mass, 0.5 * (s1 + s2) / mass
    pq = np.sqrt(np.maximum(eq**2 - q2, np.finfo(float).tiny))
    along = (2.0 * e1 * eq - s1 + q2) / (2.0 * pq)
    across = np.sqrt(np.maximum(e1**2 - along**2, 0.0))
    frame = _frame(numbers[2], numbers[3], numbers[4])
    p1 = along * frame[2] + across * frame[0]
    q = pq * frame[2]

    # Decay of the pair: a direction in its rest frame, boosted along q.
    cos = 2.0 * numbers[5] - 1.0
    sin, phi = np.sqrt(1.0 - cos**2), 2.0 * math.pi * numbers[6]
    half = 0.5 * pair_mass
    e3 = 0.5 * (eq + pq * cos)
    p3 = 0.5 * (pq + eq * cos) * frame[2] + half * sin * (np.cos(phi) * frame[0] + np.sin(phi) * frame[1])
    momenta = np.stack(
        [
            np.concatenate([e1[None], p1]),
            np.concatenate([e2[None], -p1 - q]),
            np.concatenate([e3[None], p3]),
            np.concatenate([(eq - e3)[None], q - p3]),
        ]
    )
    return momenta, weight


def channel_weight(
    mass: FloatArray, momenta: FloatArray, order: tuple[int, int, int, int], lowest: float
) -> FloatArray:
    """Return ``d Phi_4`` per point if the points had been drawn with the muons in another order.

    Parameters
    ----------
    mass : ndarray, shape (n,)
        Of the four muons, in GeV.
    momenta : ndarray, shape (4, 4, n)
        As returned by `four_momenta`.
    order : tuple of int
        One of `PAIRINGS`.
    lowest : float
        Mass in GeV above which the mass of the last two is drawn, evenly in its logarithm, up to that of all four.

    Returns
    -------
    ndarray, shape (n,)
        In GeV^4; infinite where the last two are lighter than that.
    """
    first, second, third, fourth = (momenta[i] for i in order)
    q = third + fourth
    m2, q2, s1, s2 = mass**2, _square(q), _square(first + q), _square(second + q)
    span = np.log(m2 / lowest**2)
    inside = np.where(q2 > lowest**2, q2, m2)
    weight = 0.5 * np.log(m2 / inside) ** 2 * s1 * s2 / (1024.0 * math.pi**4 * m2) * span * inside / (2.0 * math.pi)
    return np.asarray(np.where(q2 > lowest**2, weight, np.inf))


def pair_masses_squared(momenta: FloatArray) -> FloatArray:
    """Return the squared masses of the pairs of opposite charge (1, 2), (3, 4), (1, 4), (3, 2), shape (4, n)."""
    pairs = ((0, 1), (2, 3), (0, 3), (2, 1))
    return np.stack([_square(momenta[i] + momenta[j]) for i, j in pairs])


def _frame(a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
    """Return orthonormal axes with even orientation, shape (3 axes, 3 components, n)."""
    cos, phi, psi = 2.0 * a - 1.0, 2.0 * math.pi * b, 2.0 * math.pi * c
    sin = np.sqrt(1.0 - cos**2)
    cp, sp, cs, ss = np.cos(phi), np.sin(phi), np.cos(psi), np.sin(psi)
    theta = np.stack([cos * cp, cos * sp, -sin])
    azimuth = np.stack([-sp, cp, np.zeros_like(sp)])
    return np.stack([cs * theta + ss * azimuth, cs * azimuth - ss * theta, np.stack([sin * cp, sin * sp, cos])])


def _square(momentum: FloatArray) -> FloatArray:
    return np.asarray(momentum[0] ** 2 - momentum[1] ** 2 - momentum[2] ** 2 - momentum[3] ** 2)
