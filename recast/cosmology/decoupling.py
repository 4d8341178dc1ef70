"""The approximation that all neutrinos decouple at once, at 1.5 MeV.

Then nothing is exchanged with photons any more, and the entropy of the boson ends in the neutrinos that it couples to
(arXiv:1504.00711, for muon and tau neutrinos): with n of three flavours coupled,

    N_eff = 3 - n + n [1 + s_Z'(T_d) / s_n(T_d)]^(4/3) .

A full evolution (`recast.cosmology.evolution`) gives more: neutrinos exchange energy with electrons until later, and
the step from thermal to free neutrinos is not sharp.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.cosmology.thermalisation import BOSON_STATES, DECOUPLING_TEMPERATURE
from recast.cosmology.thermodynamics import FERMION_RADIATION, gas
from recast.errors import OutOfRangeError

__all__ = ["instantaneous_n_eff"]

FloatArray = NDArray[np.float64]

_FLAVOURS = 3


def instantaneous_n_eff(
    mass: ArrayLike, *, flavours: int, decoupling_temperature: float = DECOUPLING_TEMPERATURE
) -> FloatArray:
    """Return N_eff with a boson in equilibrium with some neutrinos, when all neutrinos decouple at once.

    Parameters
    ----------
    mass : array_like
        Of the boson, in GeV; not negative.
    flavours : int
        How many of the three neutrinos the boson couples to.
    decoupling_temperature : float
        T_d in GeV.

    Returns
    -------
    ndarray
        N_eff, of the shape of the mass; 3 for heavy bosons, because the small heating of neutrinos by electrons is
        left out as well.

    Raises
    ------
    OutOfRangeError
        When there are no such flavours, or the temperature is not positive.
    """
    if flavours not in range(_FLAVOURS + 1):
        msg = f"a boson couples to 0, 1, 2 or 3 neutrino flavours, not to {flavours}"
        raise OutOfRangeError(msg)
    if not decoupling_temperature > 0.0:
        msg = f"the decoupling temperature must be positive, not {decoupling_temperature:g}"
        raise OutOfRangeError(msg)
    masses = np.asarray(mass, dtype=np.float64)
    if flavours == 0:
        return np.full(masses.shape, float(_FLAVOURS))
    boson = BOSON_STATES * gas(masses / decoupling_temperature, statistics="boson").entropy_density
    neutrinos = flavours * 2.0 * FERMION_RADIATION * 4.0 / 3.0
    return np.asarray(_FLAVOURS - flavours + flavours * (1.0 + boson / neutrinos) ** (4.0 / 3.0))
