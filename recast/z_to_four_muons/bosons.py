"""Neutral vector bosons that couple to muons: photon, Z and new ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recast.constants import DEFAULT_INPUTS, ElectroweakInputs
from recast.z_to_four_muons.width import Z_MASS, Z_WIDTH

__all__ = ["ALPHA_AT_Z", "Boson", "Chirality", "photon", "z_boson"]

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
Chirality = Literal["L", "R"]

# Review of Particle Physics, R. L. Workman et al., PTEP 2022 (2022) 083C01: MS-bar, at the Z mass.
ALPHA_AT_Z = 1.0 / 127.951
"""Fine-structure constant for the exchanged photon."""


@dataclass(frozen=True)
class Boson:
    """A neutral vector boson between muons.

    Attributes
    ----------
    left, right : float
        Couplings to left- and right-handed muons: ``V_a mubar gamma^a (left P_L + right P_R) mu``.
    mass, width : float
        In GeV.
    """

    left: float
    right: float
    mass: float = 0.0
    width: float = 0.0

    def coupling(self, chirality: Chirality) -> float:
        """Return the coupling to one chirality."""
        return self.left if chirality == "L" else self.right

    def propagator(self, mass_squared: FloatArray) -> ComplexArray:
        """Return ``1 / (s - m^2 + i m Gamma)``."""
        return np.asarray(1.0 / (mass_squared - self.mass**2 + 1j * self.mass * self.width))

    def width_to_muons(self, mass: float) -> float:
        """Return the width to massless mu+ mu- in GeV, for a boson of the given mass in GeV."""
        return mass * (self.left**2 + self.right**2) / (24.0 * math.pi)


def z_boson(inputs: ElectroweakInputs = DEFAULT_INPUTS) -> Boson:
    """Return the Z boson at tree level: couplings ``2 m_Z / v (T3 + sin^2)`` and ``2 m_Z / v sin^2``."""
    strength = 2.0 * Z_MASS / inputs.vev
    return Boson(strength * (inputs.sin2_theta_w - 0.5), strength * inputs.sin2_theta_w, Z_MASS, Z_WIDTH)


def photon(alpha: float = ALPHA_AT_Z) -> Boson:
    """Return the photon."""
    charge = math.sqrt(4.0 * math.pi * alpha)
    return Boson(-charge, -charge)
