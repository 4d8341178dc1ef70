"""Energy that neutrinos exchange with electrons and positrons by weak interactions.

Both gases are in equilibrium at temperatures of their own, T_gamma and T_nu. The energy that one neutrino flavour
(with its antineutrinos) gains is written as in arXiv:1812.05605 and arXiv:2001.04466,

    d rho_nu / dt = (G_F^2 / pi^5) 4 (gL^2 + gR^2) [32 f_a (T_gamma^9 - T_nu^9)
                                                    + 56 f_s T_gamma^4 T_nu^4 (T_gamma - T_nu)] ,

which is exact for massless particles in Boltzmann statistics with f_a = f_s = 1. The factors f_a of annihilation and
f_s of scattering hold Fermi statistics, Pauli blocking and the electron mass. Here they are computed: to first order
in the difference of the temperatures, detailed balance turns the collision integrals into

    (1 / T^2)   Int dPi |M|^2 (E_1 + E_2)^2 f_1 f_2 (1 - f_3) (1 - f_4)        nu nubar -> e- e+,
    (1 / 2 T^2) Int dPi |M|^2 (E_1 - E_3)^2 f_1 f_2 (1 - f_3) (1 - f_4)        nu e -> nu e ,

with dPi including (2 pi)^4 delta^4 and ``|M|^2`` summed over spins, e.g. for nu e- -> nu e-

    |M|^2 = 128 G_F^2 [gL^2 (p1 p2)(p3 p4) + gR^2 (p1 p4)(p2 p3) - gL gR m_e^2 (p1 p3)] .

For massless electrons this gives the published f_a = 0.884 and f_s = 0.829.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recast.constants import DEFAULT_INPUTS, ELECTRON_MASS

__all__ = ["NEUTRINO_COUPLINGS", "StatisticsFactors", "WeakExchange", "statistics_factors", "weak_exchange"]

FloatArray = NDArray[np.float64]

NEUTRINO_COUPLINGS: Final = {"e": (0.727, 0.233), "mu": (-0.273, 0.233), "tau": (-0.273, 0.233)}
"""gL and gR of neutrinos to electrons below 10 MeV with radiative corrections (arXiv:2001.04466, from the PDG)."""

# Nodes in total energy, momentum / energy and the two angles; half as many again change the factors by less than 1e-9.
_ENERGIES, _VELOCITIES, _ANGLES = 40, 20, 12
_ENERGY_SCALE = 8.0
# The table in ln(m_e / T): below, the massless values; above (T < 17 keV) nothing is exchanged any more.
_SMALLEST, _LARGEST, _NODES = 0.01, 30.0, 49


@dataclass(frozen=True)
class StatisticsFactors:
    """Factors of one gas of electrons, relative to massless particles in Boltzmann statistics.

    For couplings gL and gR the factor is ``direct + 2 gL gR / (gL^2 + gR^2) crossed``.

    Attributes
    ----------
    annihilation_direct, annihilation_crossed, scattering_direct, scattering_crossed : float
    """

    annihilation_direct: float
    annihilation_crossed: float
    scattering_direct: float
    scattering_crossed: float

    def annihilation(self, left: float, right: float) -> float:
        """Return f_a for couplings gL and gR."""
        return self.annihilation_direct + 2.0 * left * right / (left**2 + right**2) * self.annihilation_crossed

    def scattering(self, left: float, right: float) -> float:
        """Return f_s for couplings gL and gR."""
        return self.scattering_direct + 2.0 * left * right / (left**2 + right**2) * self.scattering_crossed


def statistics_factors(mass_over_temperature: float, *, quantum: bool = True) -> StatisticsFactors:
    """Integrate the collision terms over phase space.

    Parameters
    ----------
    mass_over_temperature : float
        m_e / T, not negative.
    quantum : bool
        Fermi statistics with Pauli blocking, or Boltzmann statistics.

    Returns
    -------
    StatisticsFactors
        To a relative 1e-7 below m_e / T = 3, 1e-5 below 10.

    Notes
    -----
    In the frame where the pair (1, 2) has energy E and momentum k, the energies of both pairs are linear in the
    cosines of the centre-of-mass angles to k, and ``|M|^2`` is a polynomial in the cosine of their relative azimuth,
    which is averaged analytically. Four smooth integrals remain: E, k, and the two cosines.
    """
    mass = float(mass_over_temperature)
    cosine, cosine_weight = np.polynomial.legendre.leggauss(_ANGLES)
    first, second = cosine[:, None], cosine[None, :]
    angles = np.outer(cosine_weight, cosine_weight) / 4.0
    both = first * second
    both_squared = both**2 + 0.5 * (1.0 - first**2) * (1.0 - second**2)

    def fermi(energy: FloatArray) -> FloatArray:
        return np.asarray(1.0 / (np.exp(energy) + 1.0) if quantum else np.exp(-energy))

    def blocked(energy: FloatArray) -> FloatArray | float:
        return np.asarray(1.0 / (1.0 + np.exp(-energy))) if quantum else 1.0

    # nu nubar -> e- e+ at pair energies above 2 m_e.
    energy, momentum, weight = _pairs(2.0 * mass)
    s = energy**2 - momentum**2
    beta = np.sqrt(np.maximum(1.0 - 4.0 * mass**2 / s, 0.0))
    neutrino = 0.5 * (energy + momentum * first)
    electron = 0.5 * (energy + momentum * beta * second)
    occupied = fermi(neutrino) * fermi(energy - neutrino) * blocked(electron) * blocked(energy - electron)
    product = occupied * angles * weight * momentum**2 * beta * energy**2 / 2304.0
    annihilation = np.sum(product * s**2 / 16.0 * (1.0 + beta**2 * both_squared))
    annihilation_crossed = np.sum(product * mass**2 * s / 4.0)

    # nu e -> nu e at pair energies above m_e.
    energy, momentum, weight = _pairs(mass)
    s = energy**2 - momentum**2
    root = np.sqrt(s)
    star = 0.5 * (s - mass**2) / root
    incoming = star / root * (energy + momentum * first)
    outgoing = star / root * (energy + momentum * second)
    occupied = fermi(incoming) * fermi(energy - incoming) * blocked(outgoing) * blocked(energy - outgoing)
    product = occupied * angles * weight * momentum**2 * (1.0 - mass**2 / s) ** 2 * (incoming - outgoing) ** 2 / 448.0
    # (p1 p2)^2 + (p1 p4)^2 with p1 p4 = p1 p2 - star^2 (1 - cos).
    invariant = 0.5 * (s - mass**2)
    far = invariant - star**2
    scattering = np.sum(product * (invariant**2 + far**2 + 2.0 * far * star**2 * both + star**4 * both_squared))
    scattering_crossed = -np.sum(product * mass**2 * star**2 * (1.0 - both))
    return StatisticsFactors(
        float(annihilation), float(annihilation_crossed), float(scattering), float(scattering_crossed)
    )


def _pairs(threshold: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return energies, momenta and weights of a pair in units of T, of shape (n, 1, 1)."""
    node, node_weight = np.polynomial.legendre.leggauss(_ENERGIES)
    u, du = 0.5 * (node + 1.0), 0.5 * node_weight
    # E = threshold + scale u^2 / (1 - u): the square removes the root at threshold.
    energy = threshold + _ENERGY_SCALE * u**2 / (1.0 - u)
    d_energy = _ENERGY_SCALE * u * (2.0 - u) / (1.0 - u) ** 2 * du
    keep = energy - threshold < 90.0
    energy, d_energy = energy[keep], d_energy[keep]
    node, node_weight = np.polynomial.legendre.leggauss(_VELOCITIES)
    # k = k_max sin(angle): smooth where k reaches its end and s the threshold.
    angle, d_angle = 0.25 * math.pi * (node + 1.0), 0.25 * math.pi * node_weight
    largest = np.sqrt(energy**2 - threshold**2)
    momentum = largest[:, None] * np.sin(angle)
    weight = (d_energy * largest)[:, None] * (np.cos(angle) * d_angle)
    every = np.broadcast_to(energy[:, None], momentum.shape)
    return every.reshape(-1, 1, 1), momentum.reshape(-1, 1, 1), weight.reshape(-1, 1, 1)


class WeakExchange:
    """Energy gained per time by neutrinos of all flavours at one temperature.

    Calls take and return plain numbers: they stand in the innermost loop of a differential equation.
    """

    def __init__(self) -> None:
        from scipy.interpolate import CubicSpline

        logs = np.linspace(math.log(_SMALLEST), math.log(_LARGEST), _NODES)
        rows = [self._summed(statistics_factors(math.exp(x))) for x in logs]
        self._pieces: Any = np.moveaxis(CubicSpline(logs, np.array(rows)).c, 0, 2).tolist()
        self._massless = self._summed(statistics_factors(0.0))
        self._first, self._step = float(logs[0]), float(logs[1] - logs[0])

    @staticmethod
    def _summed(factors: StatisticsFactors) -> tuple[float, float]:
        """Return the coefficients of both brackets in GeV^-4, summed over flavours."""
        scale = 4.0 * DEFAULT_INPUTS.fermi_constant**2 / math.pi**5
        annihilation = scattering = 0.0
        for left, right in NEUTRINO_COUPLINGS.values():
            strength = scale * (left**2 + right**2)
            annihilation += 32.0 * strength * factors.annihilation(left, right)
            scattering += 56.0 * strength * factors.scattering(left, right)
        return annihilation, scattering

    def __call__(self, photon_temperature: float, lag: float) -> float:
        """Return d rho_nu / dt in GeV^5.

        Parameters
        ----------
        photon_temperature : float
            In GeV.
        lag : float
            ln(T_nu / T_gamma).
        """
        annihilation, scattering = self._coefficients(ELECTRON_MASS / photon_temperature)
        # T_gamma^9 - T_nu^9 and the like by expm1: nothing is lost when the temperatures agree.
        loss = annihilation * math.expm1(9.0 * lag) + scattering * math.exp(4.0 * lag) * math.expm1(lag)
        return -(photon_temperature**9) * loss

    def _coefficients(self, mass_over_temperature: float) -> tuple[float, float]:
        if mass_over_temperature <= _SMALLEST:
            return self._massless
        if mass_over_temperature >= _LARGEST:
            return (0.0, 0.0)
        place = (math.log(mass_over_temperature) - self._first) / self._step
        index = min(int(place), _NODES - 2)
        d = (place - index) * self._step
        one, two = (((a[0] * d + a[1]) * d + a[2]) * d + a[3] for a in self._pieces[index])
        return one, two


@cache
def weak_exchange() -> WeakExchange:
    """Return the exchange of the Standard Model, computed once per process (a second)."""
    return WeakExchange()
