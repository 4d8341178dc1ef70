"""Temperatures of photons and neutrinos while a vector boson is in equilibrium with the neutrinos.

Photons, electrons and positrons share T_gamma; the boson and the neutrinos of all flavours, which oscillations mix
below some MeV, share T_nu, without chemical potentials. With N = ln a, as in arXiv:1901.02010 and arXiv:2001.04466,

    d rho_em / dN         = -3 (rho + p)_em         - Q / H ,
    d (rho_nu + rho_Z')/dN = -3 (rho + p)_(nu + Z') + Q / H ,

    Q = Q_weak(T_gamma, T_nu) + 3 m^3 Gamma_ee / (2 pi^2) [T_gamma K_2(m / T_gamma) - T_nu K_2(m / T_nu)] .

The second term is the energy of inverse decays e- e+ -> Z' less that of decays, in Boltzmann statistics. Exchange of
virtual bosons between neutrinos and electrons, of order (g' g_e / m^2)^2, is left out: it couples them more, so that
N_eff is a lower bound where g' g_e / m^2 is no longer small beside G_F.

The equations are stiff, and integrators that choose long steps return wrong temperatures without a warning:
the step is at most 0.02 in N, and the conservation of energy is checked along the solution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from recast.constants import ELECTRON_MASS
from recast.cosmology.collisions import weak_exchange
from recast.cosmology.plasma import plasma_table
from recast.cosmology.thermalisation import BOSON_STATES, NEUTRINO_STATES, PLANCK_MASS
from recast.cosmology.thermodynamics import FERMION_RADIATION, PHOTON_RADIATION, gas_table
from recast.errors import ConvergenceError, OutOfRangeError

__all__ = ["ENERGY_TOLERANCE", "Evolution", "Universe", "evolve"]

FloatArray = NDArray[np.float64]

START: Final = 20e-3
"""Temperature in GeV at which the evolution begins; neutrinos and electrons are then still in equilibrium."""
LARGEST_STEP: Final = 0.02
"""In ln a."""
ENERGY_TOLERANCE: Final = 1e-6
"""Largest relative violation of the conservation of energy that is accepted."""

# T_gamma / m_e and T_nu / m when the evolution ends: what has a mass is gone.
_COLD = 1.0 / 45.0
# m / T beyond which no boson is left, and how far apart x = m / T may be for the difference to be taken by its slope.
_FROZEN = 200.0
_NEAR = 1e-3
_NEUTRINOS = NEUTRINO_STATES * FERMION_RADIATION
# N_eff = (8/7) (11/4)^(4/3) rho_nu / rho_gamma
_TO_N_EFF = 8.0 / 7.0 * (11.0 / 4.0) ** (4.0 / 3.0) * _NEUTRINOS / (2.0 * PHOTON_RADIATION)


@dataclass(frozen=True)
class Evolution:
    """A history of the two temperatures.

    Attributes
    ----------
    log_scale_factor : ndarray, shape (n,)
        N = ln a, zero at the beginning.
    photon_temperature, neutrino_temperature : ndarray, shape (n,)
        In GeV.
    n_eff : float
        After everything has decoupled and decayed.
    energy_violation : float
        Largest relative difference between the total energy density and what its own conservation law gives.
    """

    log_scale_factor: FloatArray
    photon_temperature: FloatArray
    neutrino_temperature: FloatArray
    n_eff: float
    energy_violation: float


class Universe:
    """The equations of motion for one boson, or for the Standard Model.

    Parameters
    ----------
    mass : float or None
        Of the boson in GeV; None for the Standard Model.
    electron_width : float
        Gamma(Z' -> e- e+) in GeV.
    weak : bool
        Whether neutrinos and electrons interact weakly.

    Raises
    ------
    OutOfRangeError
        When the mass is not positive or the width negative.
    """

    def __init__(self, *, mass: float | None = None, electron_width: float = 0.0, weak: bool = True) -> None:
        if mass is not None and not 0.0 < mass < math.inf:
            msg = f"the mass of the boson must be a positive number, not {mass:g}"
            raise OutOfRangeError(msg)
        if not 0.0 <= electron_width < math.inf:
            msg = f"the width into electrons must be a number, zero or positive, not {electron_width:g}"
            raise OutOfRangeError(msg)
        self.mass = mass
        self._strength = 0.0 if mass is None else BOSON_STATES * mass**3 * electron_width / (2.0 * math.pi**2)
        self._weak = weak_exchange() if weak else None
        self._plasma = plasma_table()
        self._boson = gas_table("boson")

    @property
    def end(self) -> float:
        """Photon temperature in GeV at which everything is over."""
        return _COLD * min(ELECTRON_MASS, self.mass or ELECTRON_MASS)

    def plasma(self, temperature: float) -> tuple[float, float, float]:
        """Return rho, p and d rho / dT of photons, electrons and positrons in powers of GeV."""
        rho, p, c = self._plasma(temperature)
        cube = temperature**3
        return rho * cube * temperature, p * cube * temperature, c * cube

    def neutrinos(self, temperature: float) -> tuple[float, float, float]:
        """Return rho, p and d rho / dT of neutrinos and the boson in powers of GeV."""
        rho, p, c = _NEUTRINOS, _NEUTRINOS / 3.0, 4.0 * _NEUTRINOS
        if self.mass is not None:
            a, b, d = self._boson(self.mass / temperature)
            rho, p, c = rho + BOSON_STATES * a, p + BOSON_STATES * b, c + BOSON_STATES * d
        cube = temperature**3
        return rho * cube * temperature, p * cube * temperature, c * cube

    def exchange(self, photon_temperature: float, lag: float) -> float:
        """Return Q, the energy that neutrinos and the boson gain per time and volume, in GeV^5.

        Parameters
        ----------
        photon_temperature : float
            In GeV.
        lag : float
            ln(T_nu / T_gamma), the only small number that Q is proportional to.
        """
        gain = 0.0 if self._weak is None else self._weak(photon_temperature, lag)
        if self._strength > 0.0 and self.mass is not None:
            gain += self._strength * photon_temperature * _bessel_difference(self.mass / photon_temperature, lag)
        return gain

    def slopes(self, log_temperature: float, lag: float) -> tuple[float, float]:
        """Return d ln T_gamma / dN and d ln(T_nu / T_gamma) / dN.

        The second variable keeps its digits while rates far above the expansion hold the temperatures together.
        """
        photon, neutrino = math.exp(log_temperature), math.exp(log_temperature + lag)
        rho, p, c = self.plasma(photon)
        rho_nu, p_nu, c_nu = self.neutrinos(neutrino)
        hubble = math.sqrt(8.0 * math.pi / 3.0 * (rho + rho_nu)) / PLANCK_MASS
        gain = self.exchange(photon, lag) / hubble
        slope = -(3.0 * (rho + p) + gain) / (c * photon)
        return slope, -(3.0 * (rho_nu + p_nu) - gain) / (c_nu * neutrino) - slope


def evolve(
    *,
    mass: float | None = None,
    electron_width: float = 0.0,
    weak: bool = True,
    start: float = START,
    relative_tolerance: float = 1e-7,
    largest_step: float = LARGEST_STEP,
    method: Literal["Radau", "BDF", "LSODA"] = "Radau",
) -> Evolution:
    """Follow the temperatures from a common one until nothing is exchanged any more.

    Parameters
    ----------
    mass : float, optional
        Of the boson in GeV; without it the Standard Model.
    electron_width : float
        Gamma(Z' -> e- e+) in GeV.
    weak : bool
        Whether neutrinos and electrons interact weakly; without it they are decoupled from the start.
    start : float
        Common temperature at the beginning, in GeV.
    relative_tolerance : float
        Of ln T_gamma and of ln(T_nu / T_gamma) per step.
    largest_step : float
        In ln a; see the module.
    method : {"Radau", "BDF", "LSODA"}
        Integrator of `scipy.integrate.solve_ivp`.

    Returns
    -------
    Evolution
        N_eff to 1e-5.

    Raises
    ------
    OutOfRangeError
        When a parameter has the wrong sign or the evolution would not begin hotter than it ends.
    ConvergenceError
        When the integrator gives up or energy is not conserved to `ENERGY_TOLERANCE`.
    """
    from scipy.integrate import solve_ivp

    universe = Universe(mass=mass, electron_width=electron_width, weak=weak)
    if not start > universe.end:
        msg = f"the evolution must begin hotter than {universe.end:g} GeV, not at {start:g} GeV"
        raise OutOfRangeError(msg)
    last = math.log(universe.end)

    def slopes(_: float, state: Any) -> tuple[float, float]:
        return universe.slopes(float(state[0]), float(state[1]))

    def cold(_: float, state: Any) -> float:
        return float(state[0]) - last

    cold.terminal = True  # type: ignore[attr-defined]
    what = "the Standard Model" if mass is None else f"m = {mass:g} GeV, Gamma_ee = {electron_width:g} GeV"
    try:
        solution = solve_ivp(
            slopes,
            (0.0, 60.0),
            (math.log(start), 0.0),
            method=method,
            rtol=relative_tolerance,
            atol=(relative_tolerance, 0.1 * relative_tolerance),
            max_step=largest_step,
            events=cold,
        )
    except OverflowError:  # an integrator has tried temperatures that no universe has
        msg = f"the evolution of {what} diverged"
        raise ConvergenceError(msg) from None
    if solution.status != 1:
        msg = f"the evolution of {what} stopped early: {solution.message}"
        raise ConvergenceError(msg)
    photon, neutrino = np.exp(solution.y[0]), np.exp(solution.y[0] + solution.y[1])
    violation = _energy_violation(universe, np.asarray(solution.t), photon, neutrino)
    if not violation < ENERGY_TOLERANCE:
        msg = f"the evolution of {what} violates the conservation of energy by {violation:.1e}"
        raise ConvergenceError(msg)
    return Evolution(
        log_scale_factor=np.asarray(solution.t),
        photon_temperature=photon,
        neutrino_temperature=neutrino,
        n_eff=float(_TO_N_EFF * (neutrino[-1] / photon[-1]) ** 4),
        energy_violation=violation,
    )


def _energy_violation(universe: Universe, n: FloatArray, photon: FloatArray, neutrino: FloatArray) -> float:
    """Compare rho a^4 along a solution with the integral of a^4 (rho - 3 p), which knows nothing of the exchange."""
    from scipy.integrate import cumulative_simpson

    states = [universe.plasma(t) for t in photon.tolist()]
    hidden = [universe.neutrinos(t) for t in neutrino.tolist()]
    total = np.array(states)[:, :2] + np.array(hidden)[:, :2]
    scale = np.exp(4.0 * n)
    comoving = total[:, 0] * scale
    gained = cumulative_simpson(scale * (total[:, 0] - 3.0 * total[:, 1]), x=n, initial=0.0)
    return float(np.max(np.abs(comoving - comoving[0] - gained) / comoving))


def _bessel_difference(x: float, lag: float) -> float:
    """Return K_2(x) - r K_2(x / r) for r = exp(lag) without losing digits when r is near one."""
    from scipy.special import kve

    if x > _FROZEN:
        return 0.0
    if abs(x * lag) > _NEAR:
        ratio = math.exp(lag)
        return float(kve(2, x)) * math.exp(-x) - ratio * float(kve(2, x / ratio)) * math.exp(-x / ratio)
    # The slope of T K_2(m/T) in ln T, which is T (3 K_2 + x K_1), half way between the temperatures.
    ratio = math.exp(0.5 * lag)
    y = x / ratio
    return -lag * ratio * (3.0 * float(kve(2, y)) + y * float(kve(1, y))) * math.exp(-y)
