"""Photons, electrons and positrons at one temperature, with their electromagnetic interactions.

Interactions add P(T) to the pressure, with n_D = 2 / (exp(E/T) + 1) and to the orders e^2 and e^3 (arXiv:1911.04504)

    P_2 = -(e^2 T^2 / (12 pi^2)) Int dp (p^2 / E) n_D - (e^2 / (8 pi^4)) [Int dp (p^2 / E) n_D]^2 ,
    P_3 = (e^3 T / (12 pi^4)) [Int dp ((p^2 + E^2) / E) n_D]^(3/2) ,

and T dP/dT - P to the energy density. The logarithmic part of the order e^2, which moves N_eff by less than 1e-4, is
left out.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.constants import DEFAULT_INPUTS, ELECTRON_MASS
from recast.cosmology.thermodynamics import PHOTON_RADIATION, gas

__all__ = ["PlasmaTable", "interaction_pressure", "plasma_table"]

FloatArray = NDArray[np.float64]

_ELECTRON_STATES: Final = 4
_PHOTON_STATES: Final = 2
# Of the table in ln(m_e / T).
_SMALLEST, _LARGEST, _NODES = 1e-4, 100.0, 2001


def interaction_pressure(mass_over_temperature: ArrayLike) -> FloatArray:
    """Return the pressure of electromagnetic interactions in units of T^4.

    Parameters
    ----------
    mass_over_temperature : array_like
        m_e / T, zero or positive.

    Returns
    -------
    ndarray
        ``(P_2 + P_3) / T^4``, to a relative 1e-10; of the shape of the argument. For massless electrons it is
        ``-5 e^2 / 288 + e^3 / (36 sqrt(3) pi)``.
    """
    x = np.asarray(mass_over_temperature, dtype=np.float64)
    charge = math.sqrt(4.0 * math.pi * DEFAULT_INPUTS.alpha)
    step = 0.05
    t = np.arange(-4.2, 6.2 + step, step)
    momentum = np.exp(t - np.exp(-t))
    weight = momentum * (1.0 + np.exp(-t)) * step
    energy = np.sqrt(momentum**2 + np.square(x)[..., None])
    density = 2.0 * np.exp(-energy) / (1.0 + np.exp(-energy))
    one = (density * momentum**2 / energy) @ weight
    two = (density * (momentum**2 + energy**2) / energy) @ weight
    second = -(charge**2) / (12.0 * math.pi**2) * one - charge**2 / (8.0 * math.pi**4) * one**2
    return np.asarray(second + charge**3 / (12.0 * math.pi**4) * two**1.5)


class PlasmaTable:
    """Cubic splines of rho / T^4, p / T^4 and (d rho / dT) / T^3 of the plasma, for one temperature at a time.

    To a relative 1e-8, between 5 keV and 5 TeV; colder, photons are all that is left.
    """

    def __init__(self) -> None:
        from scipy.interpolate import CubicSpline, make_interp_spline

        logs = np.linspace(math.log(_SMALLEST), math.log(_LARGEST), _NODES)
        x = np.exp(logs)
        electrons = gas(x, statistics="fermion")
        pressure = make_interp_spline(logs, interaction_pressure(x), k=5)
        # With P = T^4 q(ln x) and d/dln T = -d/dln x.
        q, q1, q2 = pressure(logs), -pressure(logs, 1), pressure(logs, 2)
        photon = _PHOTON_STATES * PHOTON_RADIATION
        columns = [
            photon + _ELECTRON_STATES * electrons.energy_density + 3.0 * q + q1,
            photon / 3.0 + _ELECTRON_STATES * electrons.pressure + q,
            4.0 * photon + _ELECTRON_STATES * electrons.heat_capacity + 12.0 * q + 7.0 * q1 + q2,
        ]
        self._pieces: Any = np.moveaxis(
            CubicSpline(logs, np.stack(columns, axis=1)).c, 0, 2
        ).tolist()
        self._first = float(logs[0])
        self._step = float(logs[1] - logs[0])

    def __call__(self, temperature: float) -> tuple[float, float, float]:
        """Return rho / T^4, p / T^4 and (d rho / dT) / T^3 at a temperature in GeV."""
        place = (math.log(ELECTRON_MASS / temperature) - self._first) / self._step
        place = min(max(place, 0.0), _NODES - 1.0)
        index = min(int(place), _NODES - 2)
        d = (place - index) * self._step
        rho, p, c = (((a[0] * d + a[1]) * d + a[2]) * d + a[3] for a in self._pieces[index])
        return rho, p, c


@cache
def plasma_table() -> PlasmaTable:
    """Return the table, computed once per process."""
    return PlasmaTable()
