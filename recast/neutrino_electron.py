"""Elastic scattering of neutrinos on electrons, with a vector boson beside W and Z.

With the electron's recoil energy T and the neutrino's energy E,

    dsigma/dT = (2 m_e G_F^2 / pi) [C_L^2 + C_R^2 (1 - T/E)^2 - C_L C_R m_e T / E^2] ,

``C_L = -1/2 + sin^2(theta_W)``, one more for electron neutrinos, ``C_R = sin^2(theta_W)``; antineutrinos exchange the
two. (arXiv:1902.06765, Eq. C2, with ``gV - gA = 4 C_L`` and ``gV + gA = 4 C_R``.) A boson of mass m with vector charges
``Q_nu`` of the neutrino and ``Q_e`` of the electron adds

    d = Q_nu Q_e g'^2 / [2 sqrt2 G_F (m^2 + 2 m_e T)]

to both, as if sin^2(theta_W) were shifted, so that every rate is a quadratic polynomial in g'^2. Integrals over recoil
and over neutrino energy are done once, at fixed nodes in T (`RecoilSpectrum`); masses and charges enter afterwards.
(arXiv:1902.08579 shifts C_V = C_L + C_R by ``Q_nu Q_e`` times the propagator, where its Q_e is the sum of the charges
of both chiralities, that is 2 for L_e - L_mu.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.channels import NEUTRINOS
from recast.constants import DEFAULT_INPUTS, ELECTRON_MASS, HBARC2_FB, ElectroweakInputs
from recast.errors import OutOfRangeError, unknown
from recast.interactions import checked

__all__ = ["RecoilSpectrum", "chiral_couplings", "differential_cross_section", "largest_recoil", "recoil_spectrum"]

FloatArray = NDArray[np.float64]

# Nodes per neutrino energy, in ln T. Propagators have their pole at ln|T| + i pi whatever the mass of the boson, so
# that 64 nodes are exact to rounding even over the twelve decades below.
_NODES = 64
# A window open towards zero ends here, in units of the largest recoil: momentum transfers of a boson below 1 eV.
_SMALLEST = 1e-12


@dataclass(frozen=True, eq=False)
class RecoilSpectrum:
    """Scattering of one species into a recoil window, summed over its energies.

    With the shift ``d(K2)`` of both couplings at ``K2 = 2 m_e T`` the cross section is
    ``constant + sum_i linear_i d(K2_i) + sum_i quadratic_i d(K2_i)^2``.

    Attributes
    ----------
    neutrino : str
        Species, e.g. ``numubar``.
    momentum_transfer : ndarray, shape (n,)
        Nodes ``K2 = 2 m_e T`` in GeV^2.
    constant : float
        Cross section of the Standard Model, in fb times the weights of the energies.
    linear, quadratic : ndarray, shape (n,)
        In the same units.
    inputs : ElectroweakInputs
        Those it was computed with.
    """

    neutrino: str
    momentum_transfer: FloatArray
    constant: float
    linear: FloatArray
    quadratic: FloatArray
    inputs: ElectroweakInputs

    @property
    def flavour(self) -> str:
        """Of the neutrino: e, mu or tau."""
        return self.neutrino.removeprefix("nu").removesuffix("bar")

    def polynomial(self, mass: ArrayLike, charges: ArrayLike) -> FloatArray:
        """Return the coefficients in g'^2 of the cross section with a vector boson.

        Parameters
        ----------
        mass : array_like
            Of the boson, in GeV; positive.
        charges : array_like, shape () or (n,)
            Product of the charges of neutrino and electron, at every node when it depends on the momentum transfer.

        Returns
        -------
        ndarray, shape mass.shape + (3,)
            Lowest order first; in the units of `constant`.
        """
        masses = np.asarray(mass, dtype=np.float64)
        inverse = 1.0 / (np.square(masses)[..., None] + self.momentum_transfer)
        scale = np.asarray(charges, dtype=np.float64) / (2.0 * math.sqrt(2.0) * self.inputs.fermi_constant)
        result = np.empty((*masses.shape, 3))
        result[..., 0] = self.constant
        result[..., 1] = inverse @ (scale * self.linear)
        result[..., 2] = np.square(inverse) @ (np.square(scale) * self.quadratic)
        return result


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
    value = _prefactor(inputs) * (left**2 + right**2 * backward - left * right * mixed)
    return np.asarray(np.where((recoils >= 0.0) & (recoils <= largest_recoil(energies)), value, 0.0))


def recoil_spectrum(
    neutrino: str,
    energy: ArrayLike,
    *,
    weight: ArrayLike = 1.0,
    low: float = 0.0,
    high: float = math.inf,
    inputs: ElectroweakInputs = DEFAULT_INPUTS,
) -> RecoilSpectrum:
    """Return what a species scatters into a window of recoil energies.

    Parameters
    ----------
    neutrino : str
        Species, e.g. ``numu``.
    energy : array_like
        Energies of the neutrinos in GeV, one or the nodes of a flux.
    weight : array_like
        Of each energy, e.g. the flux times the width of the node; broadcasts with the energies.
    low, high : float
        Window of the kinetic energy in GeV.
    inputs : ElectroweakInputs
        Fermi constant and weak mixing angle.

    Raises
    ------
    UnknownNameError
        For an unknown species.
    OutOfRangeError
        For an energy that is not positive, or a window without width.
    """
    left, right = chiral_couplings(neutrino, inputs)
    if not 0.0 <= low < high:
        msg = f"a window of recoil energies goes from zero or more up to more, not from {low:g} to {high:g}"
        raise OutOfRangeError(msg)
    energies = checked("neutrino energy", energy, positive=True)
    energies, weights = np.broadcast_arrays(energies, np.asarray(weight, dtype=np.float64))
    energies, weights = energies.ravel(), weights.ravel()
    reached = largest_recoil(energies) > low
    energies, weights = energies[reached], weights[reached]
    top = np.minimum(largest_recoil(energies), high)
    scale = _prefactor(inputs) * weights

    # The constant part in closed form: a ratio to the Standard Model is then exactly one without a boson.
    forward, backward = ((1.0 - edge / energies) ** 3 for edge in (low, top))
    constant = scale * (
        left**2 * (top - low)
        + right**2 * energies * (forward - backward) / 3.0
        - left * right * ELECTRON_MASS * (top**2 - low**2) / (2.0 * energies**2)
    )
    nodes, node_weights = _legendre()
    bottom = np.maximum(low, _SMALLEST * top)
    half = 0.5 * np.log(top / bottom)[:, None]
    recoil = bottom[:, None] * np.exp(half * (nodes + 1.0))
    measure = scale[:, None] * half * node_weights * recoil  # dT = T dlnT
    remaining = np.square(1.0 - recoil / energies[:, None])
    mixed = ELECTRON_MASS * recoil / np.square(energies)[:, None]
    return RecoilSpectrum(
        neutrino=neutrino,
        momentum_transfer=(2.0 * ELECTRON_MASS * recoil).ravel(),
        constant=float(np.sum(constant)),
        linear=(measure * (2.0 * left + 2.0 * right * remaining - (left + right) * mixed)).ravel(),
        quadratic=(measure * (1.0 + remaining - mixed)).ravel(),
        inputs=inputs,
    )


def _prefactor(inputs: ElectroweakInputs) -> float:
    """Return 2 m_e G_F^2 / pi in fb per GeV."""
    return 2.0 * ELECTRON_MASS * inputs.fermi_constant**2 / math.pi * HBARC2_FB


@cache
def _legendre() -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights between -1 and 1; finding them takes longer than using them."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    return nodes, weights
