"""Kinematic limits of ``nu(E) + N -> nu + N + l- l+`` on a target of mass M at rest."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def threshold_energy(mass: float, pair_threshold: float) -> float:
    """Lowest neutrino energy in GeV for lepton masses that sum to ``pair_threshold``."""
    return pair_threshold + pair_threshold**2 / (2.0 * mass)


def effective_threshold(mass: float, pair_threshold: float, q2_cut: float) -> float:
    """Lowest neutrino energy in GeV at which virtualities below ``q2_cut`` suffice for the lepton pair.

    It exceeds :func:`threshold_energy` only for tau leptons on nuclei, where the form factor has died long
    before the cut.

    Parameters
    ----------
    mass : float
        Of the target in GeV.
    pair_threshold : float
        Sum of the lepton masses in GeV.
    q2_cut : float
        Largest virtuality in GeV^2.
    """
    opening = threshold_energy(mass, pair_threshold)
    s_l = pair_threshold**2
    if q2_cut >= s_l * math.sqrt(mass / (mass + 2.0 * opening)):
        return opening
    return float((s_l + q2_cut) * (q2_cut + math.sqrt(q2_cut**2 + 4.0 * mass**2 * q2_cut)) / (4.0 * mass * q2_cut))


def s_l_max(energy: float, mass: float) -> float:
    """Largest ``s_l = (k + q)^2`` in GeV^2 at a neutrino energy."""
    return 2.0 * mass * energy**2 / (mass + energy + math.sqrt(mass * (mass + 2.0 * energy)))


def q2_limits(energy: float, mass: float, s_l: Array) -> tuple[Array, Array]:
    """Smallest and largest ``Q2 = -q^2`` in GeV^2 at given ``s_l``.

    Roots of ``(M + 2E) x^2 - [4 M E^2 - 2 (M + E) s_l] x + M s_l^2 = 0``, written without cancellation.

    Parameters
    ----------
    energy : float
        Of the neutrino in GeV.
    mass : float
        Of the target in GeV.
    s_l : ndarray, shape (n,)
        In GeV^2.
    """
    root = math.sqrt(mass * (mass + 2.0 * energy))
    half = 2.0 * mass * energy**2 - (mass + energy) * s_l
    discriminant = (mass + energy + root) * np.maximum(s_l_max(energy, mass) - s_l, 0.0)
    discriminant = discriminant * (half + s_l * root)
    upper = half + np.sqrt(discriminant)
    return mass * s_l**2 / upper, upper / (mass + 2.0 * energy)


def s_l_reach(energy: float, mass: float, q2: float) -> float:
    """Largest ``s_l`` in GeV^2 for which virtualities below ``q2`` are allowed.

    Parameters
    ----------
    energy : float
        Of the neutrino in GeV.
    mass : float
        Of the target in GeV.
    q2 : float
        In GeV^2.
    """
    highest = s_l_max(energy, mass)
    if q2 >= highest * math.sqrt(mass / (mass + 2.0 * energy)):  # Q2 where the two limits meet
        return highest
    # the s_l whose smallest Q2 is the given one: M s^2 + 2 (M + E) q2 s + (M + 2E) q2^2 - 4 M E^2 q2 = 0
    b = (mass + energy) * q2
    c = (mass + 2.0 * energy) * q2**2 - 4.0 * mass * energy**2 * q2
    return float(-c / (b + math.sqrt(b * b - mass * c)))
