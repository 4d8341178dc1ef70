"""Ideal relativistic gases in equilibrium: massive bosons and fermions without chemical potential.

Everything is a function of x = m / T alone once powers of the temperature are taken out, with f = 1 / (exp(E/T) -+ 1):

    rho / T^4,   p / T^4,   d rho / dT / T^3,   n / T^3,   s / T^3 = (rho + p) / T^4        per internal state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.errors import OutOfRangeError

__all__ = [
    "FERMION_RADIATION",
    "PHOTON_RADIATION",
    "Gas",
    "GasTable",
    "Statistics",
    "gas",
    "gas_table",
]

FloatArray = NDArray[np.float64]
Statistics = Literal["boson", "fermion"]

PHOTON_RADIATION: Final = math.pi**2 / 30.0
"""rho / T^4 of one massless bosonic state."""
FERMION_RADIATION: Final = 7.0 / 8.0 * math.pi**2 / 30.0
"""rho / T^4 of one massless fermionic state."""

# exp(-x) x^4 is far below rounding beside the photons beyond this.
_EMPTY_ABOVE = 100.0


@dataclass(frozen=True)
class Gas:
    """One internal state of an ideal gas, in units of powers of its temperature.

    Attributes
    ----------
    energy_density, pressure : ndarray
        rho / T^4 and p / T^4.
    heat_capacity : ndarray
        (d rho / dT) / T^3 at fixed mass.
    number_density : ndarray
        n / T^3.
    """

    energy_density: FloatArray
    pressure: FloatArray
    heat_capacity: FloatArray
    number_density: FloatArray

    @property
    def entropy_density(self) -> FloatArray:
        """Return s / T^3."""
        return self.energy_density + self.pressure


def gas(mass_over_temperature: ArrayLike, *, statistics: Statistics) -> Gas:
    """Return the thermodynamics of an ideal gas.

    Parameters
    ----------
    mass_over_temperature : array_like
        x = m / T, zero or positive, of any shape.
    statistics : {"boson", "fermion"}

    Returns
    -------
    Gas
        Arrays of the same shape, to a relative 1e-12 of the massless gas and to 1e-10 of themselves.

    Raises
    ------
    OutOfRangeError
        When x is negative or not a number.

    Notes
    -----
    With p / T = exp(t - exp(-t)) the integrands fall doubly exponentially at both ends, so that equidistant nodes
    converge exponentially.
    """
    x = np.asarray(mass_over_temperature, dtype=np.float64)
    if not bool(np.all(x >= 0.0)):
        msg = "the ratio of mass to temperature must be a number, zero or positive"
        raise OutOfRangeError(msg)
    sign = 1.0 if statistics == "fermion" else -1.0
    momentum, weight = _nodes()
    energy = np.sqrt(momentum**2 + np.square(x)[..., None])
    boltzmann = np.exp(-energy)
    # -expm1 keeps the occupation of soft massless bosons exact.
    occupation = boltzmann / (1.0 + boltzmann if sign > 0.0 else -np.expm1(-energy))
    phase_space = weight * momentum**2 / (2.0 * math.pi**2)
    response = occupation * (1.0 - sign * occupation)
    return Gas(
        energy_density=np.asarray((energy * occupation) @ phase_space),
        pressure=np.asarray((occupation / energy) @ (phase_space * momentum**2) / 3.0),
        heat_capacity=np.asarray((energy**2 * response) @ phase_space),
        number_density=np.asarray(occupation @ phase_space),
    )


@cache
def _nodes() -> tuple[FloatArray, FloatArray]:
    """Return p / T and the weights dp / dt times the step."""
    step = 0.05
    t = np.arange(-4.2, 6.2 + step, step)
    momentum = np.exp(t - np.exp(-t))
    return momentum, momentum * (1.0 + np.exp(-t)) * step


class GasTable:
    """Cubic splines of rho / T^4, p / T^4 and (d rho / dT) / T^3 in ln x, for one number at a time.

    A differential equation asks for single values a hundred thousand times; calls on arrays of one element would be
    most of its time. The relative error is below 1e-8 where rho exceeds 1e-12 of the massless gas.
    """

    _LOW, _HIGH, _NODES = 1e-4, _EMPTY_ABOVE, 2001

    def __init__(self, statistics: Statistics) -> None:
        from scipy.interpolate import CubicSpline

        logs = np.linspace(math.log(self._LOW), math.log(self._HIGH), self._NODES)
        exact = gas(np.exp(logs), statistics=statistics)
        values = np.stack([exact.energy_density, exact.pressure, exact.heat_capacity], axis=1)
        # Without the factor exp(-x) the splines stay accurate relative to themselves.
        scaled = values * np.exp(np.exp(logs))[:, None]
        self._pieces: Any = np.moveaxis(CubicSpline(logs, scaled).c, 0, 2).tolist()
        self._first = float(logs[0])
        self._inverse_step = (self._NODES - 1) / (float(logs[-1]) - float(logs[0]))
        massless = gas(0.0, statistics=statistics)
        self._massless = (
            float(massless.energy_density),
            float(massless.pressure),
            float(massless.heat_capacity),
        )

    def __call__(self, mass_over_temperature: float) -> tuple[float, float, float]:
        """Return rho / T^4, p / T^4 and (d rho / dT) / T^3 at one x = m / T."""
        if mass_over_temperature <= self._LOW:
            return self._massless
        if mass_over_temperature >= self._HIGH:
            return (0.0, 0.0, 0.0)
        place = (math.log(mass_over_temperature) - self._first) * self._inverse_step
        index = min(int(place), self._NODES - 2)
        d = (place - index) / self._inverse_step
        suppression = math.exp(-mass_over_temperature)
        rho, p, c = (((a[0] * d + a[1]) * d + a[2]) * d + a[3] for a in self._pieces[index])
        return (rho * suppression, p * suppression, c * suppression)


@cache
def gas_table(statistics: Statistics) -> GasTable:
    """Return the table of bosons or fermions, computed once per process."""
    return GasTable(statistics)
