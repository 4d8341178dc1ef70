"""When a vector boson is in equilibrium with the neutrinos: decays and inverse decays against the expansion.

At a temperature T an average boson decays with Gamma(Z' -> nu nubar) K_1(m/T) / K_2(m/T), the width with the mean
time dilation in Boltzmann statistics. Equilibrium asks for more than the Hubble rate at T = m / 3, where the boson
begins to be rare (arXiv:1901.02010). A boson lighter than 4.5 MeV must have come into equilibrium earlier, before the
neutrinos decouple at 1.5 MeV: afterwards it could only share their energy, not add to it.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.constants import ELECTRON_MASS
from recast.cosmology.thermodynamics import FERMION_RADIATION, PHOTON_RADIATION, gas

__all__ = ["BOSON_STATES", "DECOUPLING_TEMPERATURE", "NEUTRINO_STATES", "PLANCK_MASS", "hubble_rate", "thermal_width"]

FloatArray = NDArray[np.float64]

PLANCK_MASS: Final = 1.220890e19
"""G_N^(-1/2) in GeV (CODATA 2018)."""
DECOUPLING_TEMPERATURE: Final = 1.5e-3
"""Temperature in GeV at which neutrinos decouple when that is taken to happen at once (arXiv:1504.00711)."""
NEUTRINO_STATES: Final = 6
"""Three flavours of left-handed neutrinos and their antineutrinos."""
BOSON_STATES: Final = 3
"""Polarisations of a massive vector boson."""

_TEMPERATURE_OF_EQUILIBRIUM = 1.0 / 3.0


def hubble_rate(energy_density: ArrayLike) -> FloatArray:
    """Return the Hubble rate in GeV at an energy density in GeV^4."""
    return np.sqrt(8.0 * math.pi / 3.0 * np.asarray(energy_density, dtype=np.float64)) / PLANCK_MASS


def thermal_width(mass: ArrayLike) -> FloatArray:
    """Return the width into neutrinos above which a boson is in equilibrium with them.

    Parameters
    ----------
    mass : array_like
        In GeV; positive.

    Returns
    -------
    ndarray
        Gamma in GeV, of the shape of the mass: H K_2 / K_1 at T = m / 3 or at `DECOUPLING_TEMPERATURE`, whichever is
        hotter, with the boson itself in the energy density.
    """
    from scipy.special import kve

    masses = np.asarray(mass, dtype=np.float64)
    flat = masses.ravel()
    temperature = np.maximum(flat * _TEMPERATURE_OF_EQUILIBRIUM, DECOUPLING_TEMPERATURE)
    ratio = flat / temperature
    electrons = gas(ELECTRON_MASS / temperature, statistics="fermion").energy_density
    boson = gas(ratio, statistics="boson").energy_density
    massless = 2.0 * PHOTON_RADIATION + NEUTRINO_STATES * FERMION_RADIATION
    density = temperature**4 * (massless + 4.0 * electrons + BOSON_STATES * boson)
    return np.asarray(hubble_rate(density) * kve(2, ratio) / kve(1, ratio)).reshape(masses.shape)
