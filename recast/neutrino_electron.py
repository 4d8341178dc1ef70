"""Elastic scattering of neutrinos on electrons, with a vector boson beside W and Z.

With the electron's recoil energy T and the neutrino's energy E,

    dsigma/dT = (2 m_e G_F^2 / pi) [C_L^2 + C_R^2 (1 - T/E)^2 - C_L C_R m_e T / E^2] ,

``C_L = -1/2 + sin^2(theta_W)``, one more for electron neutrinos, ``C_R = sin^2(theta_W)``; antineutrinos exchange the
two. (arXiv:1902.06765, Eq. C2, with ``gV - gA = 4 C_L`` and ``gV + gA = 4 C_R``.) A boson of mass m with vector charges
``Q_nu`` of the neutrino and ``Q_e`` of the electron adds

    d = Q_nu Q_e g'^2 / [2 sqrt2 G_F (m^2 + 2 m_e T)]

to both, as if sin^2(theta_W) were shifted, so that every rate is a quadratic polynomial in g'^2. Integrals over recoil
and over neutrino energy are done once, in `recast.recoil_spectrum`; masses and charges enter afterwards.
(arXiv:1902.08579 shifts C_V = C_L + C_R by ``Q_nu Q_e`` times the propagator, where its Q_e is the sum of the charges
of both chiralities, that is 2 for L_e - L_mu.)
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.channels import NEUTRINOS
from recast.constants import DEFAULT_INPUTS, ELECTRON_MASS, HBARC2_FB, ElectroweakInputs
from recast.errors import unknown

__all__ = [
    "chiral_couplings",
    "cross_section_unit",
    "differential_cross_section",
    "largest_recoil",
    "smallest_energy",
]

FloatArray = NDArray[np.float64]


def chiral_couplings(neutrino: str, inputs: ElectroweakInputs = DEFAULT_INPUTS) -> tuple[float, float]:
    """Return the couplings C_L and C_R of the Standard Model, exchanged for antineutrinos.

    Raises
    ------
    UnknownNameError
        For an unknown species.
    """
    if neutrino not in NEUTRINOS:
        raise unknown("neutrino species", neutrino, NEUTRINOS)
    left, right = -0.5 + inputs.sin2_theta_w, inputs.sin2_theta_w
    if neutrino.startswith("nue"):
        left += 1.0
    return (right, left) if neutrino.endswith("bar") else (left, right)


def largest_recoil(energy: ArrayLike) -> FloatArray:
    """Return the largest recoil energy ``2 E^2 / (m_e + 2 E)``, all in GeV."""
    energies = np.asarray(energy, dtype=np.float64)
    return np.asarray(2.0 * energies**2 / (ELECTRON_MASS + 2.0 * energies))


def smallest_energy(recoil: ArrayLike) -> FloatArray:
    """Return the smallest energy of a neutrino that gives a recoil energy, the inverse of `largest_recoil`."""
    recoils = np.asarray(recoil, dtype=np.float64)
    return np.asarray(0.5 * (recoils + np.sqrt(recoils * (recoils + 2.0 * ELECTRON_MASS))))


def differential_cross_section(
    recoil: ArrayLike,
    *,
    energy: ArrayLike,
    neutrino: str,
    shift: ArrayLike = 0.0,
    inputs: ElectroweakInputs = DEFAULT_INPUTS,
) -> FloatArray:
    """Return dsigma/dT.

    Parameters
    ----------
    recoil, energy : array_like
        Kinetic energy T of the electron and energy E of the neutrino in GeV; they broadcast.
    neutrino : str
        Species, e.g. ``nuebar``.
    shift : array_like
        What is added to C_L and C_R.
    inputs : ElectroweakInputs
        Fermi constant and weak mixing angle.

    Returns
    -------
    ndarray
        In fb per GeV and electron; zero where no electron recoils.

    Raises
    ------
    UnknownNameError
        For an unknown species.
    """
    left, right = (coupling + np.asarray(shift) for coupling in chiral_couplings(neutrino, inputs))
    recoils, energies = np.asarray(recoil, dtype=np.float64), np.asarray(energy, dtype=np.float64)
    backward, mixed = np.square(1.0 - recoils / energies), ELECTRON_MASS * recoils / energies**2
    value = cross_section_unit(inputs) * (left**2 + right**2 * backward - left * right * mixed)
    return np.asarray(np.where((recoils >= 0.0) & (recoils <= largest_recoil(energies)), value, 0.0))


def cross_section_unit(inputs: ElectroweakInputs = DEFAULT_INPUTS) -> float:
    """Return 2 m_e G_F^2 / pi in fb per GeV."""
    return 2.0 * ELECTRON_MASS * inputs.fermi_constant**2 / math.pi * HBARC2_FB
