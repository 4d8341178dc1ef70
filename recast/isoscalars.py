r"""The isoscalar part of e+ e- -> hadrons below 2 GeV: what omega and phi mesons contribute, and how they interfere.

A current of quarks (c_u, c_d, c_s) meets the omega in c_u + c_d and the phi in c_s. Relative to the electromagnetic
current the amplitudes are multiplied by 3 (c_u + c_d) and -3 c_s, and the isovector ones, left to the data
(`recast.hadrons`), by c_u - c_d.

Near the two mesons vector dominance holds with measured masses, widths and branching ratios, s = m^2:

    R_f(s) = 9 Gamma_ee M^3 Gamma_f(s) / (alpha^2 sqrt(s) |M^2 - s - i sqrt(s) Gamma(s)|^2)

for pi+ pi- pi0 (the three rho pi states added coherently; omega and phi with their measured relative phase),
pi0 gamma and eta gamma, and the form factor omega/6 + phi/3 for kaon pairs: kaons have no baryon number, so that in
the baryonic current omega/3 - phi/3 vanishes at s = 0. Further up, a straight line of m leads to the quarks' values
1/6 and 1/3 (times the QCD correction), which hold for the sum of all channels on average.

For the baryonic current this is within 5% of the evaluation of arXiv:2201.01788 below the omega and around both mesons,
and within 20% up to 1.5 GeV. That of arXiv:1801.04847 is within 10% between 0.75 and 0.98 GeV and 1.8 times as large
from 1.1 to 1.3 GeV, where it makes kaons by the phi alone. From 1.5 to 2 GeV the peaks of omega(1650) and phi(1680) are
averaged over, and the published evaluations differ by up to a factor of 2: this one lies between them or within 10% of
one.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Final

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

from recast.constants import DEFAULT_INPUTS
from recast.strong_coupling import qcd_correction

__all__ = ["PION_MASS", "isoscalar_parts"]

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

# Masses, widths and branching ratios: Review of Particle Physics, R. L. Workman et al., PTEP 2022 (2022) 083C01.
PION_MASS: Final = 0.13957039
_NEUTRAL_PION_MASS: Final = 0.1349768
_KAON_MASSES: Final = (0.493677, 0.497611)
_ETA_MASS: Final = 0.547862
_RHO: Final = (0.77526, 0.1491)
_OMEGA: Final = (0.78266, 0.00868)
_PHI: Final = (1.019461, 0.004249)
_OMEGA_EE, _OMEGA_3PI, _OMEGA_PI_GAMMA = 7.38e-5, 0.892, 0.0834
_PHI_EE, _PHI_3PI, _PHI_ETA_GAMMA = 2.973e-4, 0.1524, 0.01303
_PHI_KAONS: Final = (0.492, 0.340)
# Of phi and omega in pi+ pi- pi0: R. R. Akhmetshin et al. (CMD-2), Phys. Lett. B 434 (1998) 426, 162 +- 17 degrees.
_PHASE: Final = math.radians(162.0)

# Where the mesons alone are left, and where quarks count. Above 0.9 GeV the omega's tail falls below what is measured
# in pi+ pi- pi0; the phi's is left at the threshold of K* K. The upper ends are near omega(1650) and phi(1680).
_TO_QUARKS: Final = ((0.9, 1.6), (1.39, 1.65))
_QUARKS: Final = (1.0 / 6.0, 1.0 / 3.0)
_POINTS = 24


def isoscalar_parts(mass: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the parts of R that omega-like states, phi-like states and their interference give.

    Parameters
    ----------
    mass : ndarray, any shape
        m = sqrt(s) in GeV, positive.

    Returns
    -------
    omega, phi, interference : ndarray
        For the electromagnetic current, of the shape of the mass. The first two are not negative; the sum of the three
        is not either.
    """
    omega, phi, interference = np.zeros_like(mass), np.zeros_like(mass), np.zeros_like(mass)
    below = (mass > _NEUTRAL_PION_MASS) & (mass < max(end for _, end in _TO_QUARKS))
    if below.any():
        omega[below], phi[below], interference[below] = _mesons(mass[below])
    correction = qcd_correction(mass)
    shares = [np.clip((mass - low) / (high - low), 0.0, 1.0) for low, high in _TO_QUARKS]
    omega += shares[0] * (_QUARKS[0] * correction - omega)
    phi += shares[1] * (_QUARKS[1] * correction - phi)
    return omega, phi, interference * np.sqrt((1.0 - shares[0]) * (1.0 - shares[1]))


def _mesons(mass: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the same by vector dominance."""
    s = np.square(mass)
    omega, phi = _omega(s), _phi(s)
    three_pions = [
        _amplitude(mass, state, ee * decay) * np.sqrt(_three_pions(s) / _three_pions(state[0] ** 2))
        for state, ee, decay in ((_OMEGA, _OMEGA_EE, _OMEGA_3PI), (_PHI, _PHI_EE, _PHI_3PI))
    ]
    first = three_pions[0] / omega
    second = three_pions[1] * np.exp(1j * _PHASE) / phi
    parts = [np.square(np.abs(first)), np.square(np.abs(second)), 2.0 * (first * np.conj(second)).real]
    pion = _amplitude(mass, _OMEGA, _OMEGA_EE * _OMEGA_PI_GAMMA) / np.abs(omega)
    parts[0] += np.square(pion) * _radiative(s, _OMEGA[0], _NEUTRAL_PION_MASS)
    eta = _amplitude(mass, _PHI, _PHI_EE * _PHI_ETA_GAMMA) / np.abs(phi)
    parts[1] += np.square(eta) * _radiative(s, _PHI[0], _ETA_MASS)
    kaons = sum(np.maximum(1.0 - 4.0 * kaon**2 / s, 0.0) ** 1.5 for kaon in _KAON_MASSES) / 4.0
    first, second = _OMEGA[0] ** 2 / (6.0 * omega), _PHI[0] ** 2 / (3.0 * phi)
    parts[0] += kaons * np.square(np.abs(first))
    parts[1] += kaons * np.square(np.abs(second))
    parts[2] += kaons * 2.0 * (first * np.conj(second)).real
    return parts[0], parts[1], parts[2]


def _amplitude(mass: FloatArray, state: tuple[float, float], product: float) -> FloatArray:
    """Return the root of 9 Gamma_ee Gamma_f M^3 / (alpha^2 sqrt(s)) for a product of branching ratios."""
    centre, width = state
    return np.asarray(3.0 / DEFAULT_INPUTS.alpha * width * np.sqrt(product * centre**3 / mass))


def _omega(s: FloatArray) -> ComplexArray:
    """Return the denominator of the omega's propagator; its width is that of three pions."""
    centre, width = _OMEGA
    return np.asarray(centre**2 - s - 1j * np.sqrt(s) * width * _three_pions(s) / _three_pions(centre**2))


def _phi(s: FloatArray) -> ComplexArray:
    """Return the denominator of the phi's propagator; its width runs as that of kaon pairs does."""
    centre, width = _PHI
    running = np.full(s.shape, 1.0 - sum(_PHI_KAONS))
    for share, kaon in zip(_PHI_KAONS, _KAON_MASSES, strict=True):
        momentum = np.maximum(s / 4.0 - kaon**2, 0.0) / (centre**2 / 4.0 - kaon**2)
        running += share * momentum**1.5 * centre**2 / s
    return np.asarray(centre**2 - s - 1j * np.sqrt(s) * width * running)


def _radiative(s: FloatArray, centre: float, pseudoscalar: float) -> FloatArray:
    """Return the cube of the photon's momentum relative to that at a resonance."""
    momentum = np.maximum(s - pseudoscalar**2, 0.0) / np.sqrt(s)
    return np.asarray((momentum * centre / (centre**2 - pseudoscalar**2)) ** 3)


def _three_pions(s: FloatArray | float) -> FloatArray:
    """Return the width into three pions up to a factor, interpolated in sqrt(s)."""
    nodes, values = _three_pion_widths()
    return np.interp(np.sqrt(s), nodes, values)


@cache
def _three_pion_widths() -> tuple[FloatArray, FloatArray]:
    """Return sqrt(s) and sqrt(s) Int dE+ dE- |p+ x p-|^2 |sum of rho propagators|^2, all pions of one mass."""
    nodes = np.linspace(3.0 * PION_MASS, 2.0, 400)
    x, weight = leggauss(_POINTS)
    energy = nodes[:, None, None]
    # Invariant masses squared of a pair and of one of it with the third pion.
    low, high = 4.0 * PION_MASS**2, (energy - PION_MASS) ** 2
    pair = low + 0.5 * (high - low) * (1.0 + x[:, None])
    third = (energy**2 - pair - PION_MASS**2) / (2.0 * np.sqrt(pair))
    reach = 2.0 * np.sqrt(np.maximum(pair / 4.0 - PION_MASS**2, 0.0) * np.maximum(third**2 - PION_MASS**2, 0.0))
    other = 2.0 * PION_MASS**2 + np.sqrt(pair) * third + reach * x
    last = energy**2 + 3.0 * PION_MASS**2 - pair - other
    # The Kibble determinant: 4 s |p+ x p-|^2.
    cross = pair * other * last - PION_MASS**2 * (energy**2 - PION_MASS**2) ** 2
    amplitude = sum(1.0 / _rho(square) for square in (pair, other, last))
    integrand = np.maximum(cross, 0.0) * np.square(np.abs(amplitude)) * reach * 0.5 * (high - low)
    values = np.einsum("nij,i,j->n", integrand, weight, weight) / nodes**3
    return nodes, values


def _rho(square: FloatArray) -> ComplexArray:
    """Return the denominator of the rho's propagator."""
    centre, width = _RHO
    momentum = np.maximum(square / 4.0 - PION_MASS**2, 0.0) / (centre**2 / 4.0 - PION_MASS**2)
    return np.asarray(centre**2 - square - 1j * width * momentum**1.5 * centre**2 / np.sqrt(square))
