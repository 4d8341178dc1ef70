r"""From invariants and azimuths to four-momenta in the laboratory.

Momenta are built from k, the neutrino's, and ``qbar = q + (Q2/shat) k``, which is lightlike: with a transverse part
``k' = a k + (K2/shat) qbar + k_T``, ``a = (M2_max - M2)/shat``, ``k_T^2 = K2 (M2_max - M2)/shat``.  No difference of
large numbers is taken on the way, and energies follow from masses, so that shells hold to rounding at any energy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recast.events.azimuths import Azimuths
from recast.events.proposal import Trials
from recast.trident.helicity import Frame

__all__ = ["laboratory"]

Array = NDArray[np.float64]


def laboratory(
    trials: Trials, azimuths: Azimuths, mass: float, masses: tuple[float, float], rotation: Array
) -> Array:
    """Return the four-momenta (E, px, py, pz) of `recast.events.events.PARTICLES`, shape (6, n, 4).

    Parameters
    ----------
    trials : Trials
    azimuths : Azimuths
    mass : float
        Of the scatterer in GeV.
    masses : tuple of float
        Of the negative and positive lepton in GeV.
    rotation : ndarray, shape (n,)
        Azimuth of the momentum transfer about the beam.
    """
    point, energy = trials.point, trials.energy
    q2, shat, k2, m2 = point.photon_virtuality, point.shat, point.momentum_transfer, point.pair_mass2
    q0 = -q2 / (2.0 * mass)
    qz = q0 - shat / (2.0 * energy)
    a = 2.0 * mass * energy / shat
    qt = np.sqrt(np.maximum(q2 * (a * a - a) - mass**2, 0.0)) / a

    # unit vectors orthogonal to k and q: (1, 0, tilt) in their plane, but for a part along k, and (0, 1, 0)
    tilt = 2.0 * energy * qt / shat
    beam = (0.0, 0.0, energy)
    photon = (qt, 0.0, qz)
    # the scatterer's transverse momentum is opposite to that of q; psi counts from the plane of the neutrinos
    cos, sin = -np.cos(azimuths.psi), np.sin(azimuths.psi)
    in_plane = (cos, sin, cos * tilt)
    out_of_plane = (-sin, cos, -sin * tilt)

    # outgoing neutrino: pair_mass2 = M2_max - shat * a_k
    big_m = np.sqrt(m2)
    a_k = point.transverse2 * ((0.5 * (m2 + k2 + q2)) ** 2 - q2 * k2) / shat**2
    k_t = np.sqrt(k2 * a_k)
    share = k2 / shat
    neutrino = [
        (a_k + share * q2 / shat) * beam[i] + share * photon[i] + k_t * in_plane[i] for i in range(3)
    ]
    pair = [beam[i] + photon[i] - neutrino[i] for i in range(3)]

    # leptons from the axes of the pair's rest frame, seen from the laboratory
    frame = Frame.of(point)
    momentum_q = np.sqrt((0.5 * (m2 + k2 + q2)) ** 2 - q2 * k2) / big_m
    q0_pair = 0.5 * (m2 - q2 + k2) / big_m
    along_q = frame.neutrino_x / (frame.neutrino_n * frame.q_plus)
    along_n = along_q * q2 / frame.q_plus
    stretch = np.sqrt(1.0 - along_q**2 * q2)
    p = point.lepton_momentum
    p_t = p * np.sqrt(point.one_minus_cos * point.one_plus_cos)
    p_z = 0.5 * p * (point.one_plus_cos - point.one_minus_cos)
    p_x, p_y = p_t * np.cos(azimuths.phi), p_t * np.sin(azimuths.phi)
    e_minus = 0.5 * (m2 + masses[0] ** 2 - masses[1] ** 2) / big_m
    minus = []
    for i in range(3):
        z = (photon[i] - (q0_pair / big_m) * pair[i]) / momentum_q
        light_cone = pair[i] / big_m - z
        x = stretch * in_plane[i] - along_q * photon[i] - along_n * light_cone
        minus.append((e_minus / big_m) * pair[i] + p_z * z + p_x * x + p_y * out_of_plane[i])
    plus = [pair[i] - minus[i] for i in range(3)]

    out = np.zeros((6, len(energy), 4))
    out[0, :, 0] = out[0, :, 3] = energy
    out[1, :, 0] = mass
    c, s = np.cos(rotation), np.sin(rotation)
    shells = ((2, neutrino, 0.0), (3, minus, masses[0]), (4, plus, masses[1]), (5, [-x for x in photon], mass))
    for row, (px, py, pz), m in shells:
        out[row, :, 1] = c * px - s * py
        out[row, :, 2] = s * px + c * py
        out[row, :, 3] = pz
        out[row, :, 0] = np.sqrt(px * px + py * py + pz * pz + m * m)
    return out
