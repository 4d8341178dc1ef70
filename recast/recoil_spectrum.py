"""Recoil electrons of neutrinos, summed over the energies of a flux once and for all couplings.

With the couplings gV and gA of `recast.couplings`, ``C_L = (gV - gA) / 4`` and ``C_R = (gV + gA) / 4``, so that the
cross section of `recast.neutrino_electron` has the form of that of a trident,
``S_VV gV^2 + S_AA gA^2 + S_VA gV gA`` at ``K2 = 2 m_e T``: whatever an interaction adds to the couplings enters after
the integrals over recoil and over neutrino energy, which are done at fixed nodes in T.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.constants import DEFAULT_INPUTS, ELECTRON_MASS, ElectroweakInputs
from recast.errors import OutOfRangeError
from recast.interactions import checked
from recast.neutrino_electron import chiral_couplings, cross_section_unit, largest_recoil, smallest_energy

if TYPE_CHECKING:
    from recast.flux import Flux

__all__ = ["RecoilSpectrum", "flux_spectrum", "recoil_spectrum"]

FloatArray = NDArray[np.float64]

# Nodes per neutrino energy, in ln T, at most. Propagators have their pole at ln|T| + i pi whatever the mass of the
# boson, so that 64 nodes are exact to rounding even over the twelve decades below.
_NODES = 64
# A window open towards zero ends here, in units of the largest recoil: momentum transfers of a boson below 1 eV.
_SMALLEST = 1e-12
# Natural logarithm of the accuracy to which nodes are condensed.
_DIGITS = 36.0


@dataclass(frozen=True, eq=False)
class RecoilSpectrum:
    """Scattering of one species into a recoil window, summed over its energies.

    With ``gV`` and ``gA`` of `recast.couplings` at ``K2 = 2 m_e T`` the cross section is
    ``sum_i vv_i gV(K2_i)^2 + aa_i gA(K2_i)^2 + va_i gV(K2_i) gA(K2_i)``; single weights mean
    nothing and may be negative.

    Attributes
    ----------
    neutrino : str
        Species, e.g. ``numubar``.
    momentum_transfer : ndarray, shape (n,)
        Nodes ``K2 = 2 m_e T`` in GeV^2.
    constant : float
        Cross section of the Standard Model, in fb times the weights of the energies.
    vv, aa, va : ndarray, shape (n,)
        In the same units.
    inputs : ElectroweakInputs
        Those it was computed with.
    """

    neutrino: str
    momentum_transfer: FloatArray
    constant: float
    vv: FloatArray
    aa: FloatArray
    va: FloatArray
    inputs: ElectroweakInputs

    @property
    def couplings(self) -> tuple[float, float]:
        """Couplings gV and gA of the Standard Model; the same for neutrino and antineutrino."""
        left, right = chiral_couplings(f"nu{self.flavour}", self.inputs)
        return 2.0 * (left + right), 2.0 * (right - left)

    @property
    def linear(self) -> FloatArray:
        """What multiplies a shift of both C_L and C_R, shape (n,)."""
        vector, axial = self.couplings
        return np.asarray(8.0 * vector * self.vv + 4.0 * axial * self.va)

    @property
    def quadratic(self) -> FloatArray:
        """What multiplies its square, shape (n,)."""
        return np.asarray(16.0 * self.vv)

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
    scale = cross_section_unit(inputs) * weights

    # The constant part in closed form: a ratio to the Standard Model is then exactly one without a boson.
    forward, backward = ((1.0 - edge / energies) ** 3 for edge in (low, top))
    constant = scale * (
        left**2 * (top - low)
        + right**2 * energies * (forward - backward) / 3.0
        - left * right * ELECTRON_MASS * (top**2 - low**2) / (2.0 * energies**2)
    )
    bottom = np.maximum(low, _SMALLEST * top)
    half = 0.5 * np.log(top / bottom)[:, None]
    # Gauss-Legendre converges like the square of an interpolation; powers of T take a few nodes more.
    enough = _DIGITS / (2.0 * math.log(_convergence(float(np.max(half, initial=0.0))))) + 8.0
    nodes, node_weights = _legendre(min(_NODES, math.ceil(enough)))
    recoil = bottom[:, None] * np.exp(half * (nodes + 1.0))
    measure = scale[:, None] * half * node_weights * recoil  # dT = T dlnT
    remaining = np.square(1.0 - recoil / energies[:, None])
    mixed = ELECTRON_MASS * recoil / np.square(energies)[:, None]
    sign = -1.0 if neutrino.endswith("bar") else 1.0
    weights = np.stack([1.0 + remaining - mixed, 1.0 + remaining + mixed, 2.0 * sign * (remaining - 1.0)])
    position, weights = _condensed(np.log(recoil).ravel(), (measure * weights / 16.0).reshape(3, -1))
    vv, aa, va = weights
    return RecoilSpectrum(
        neutrino=neutrino,
        momentum_transfer=2.0 * ELECTRON_MASS * np.exp(position),
        constant=float(np.sum(constant)),
        vv=vv,
        aa=aa,
        va=va,
        inputs=inputs,
    )


def flux_spectrum(
    flux: Flux,
    *,
    low: float = 0.0,
    high: float = math.inf,
    inputs: ElectroweakInputs = DEFAULT_INPUTS,
) -> RecoilSpectrum:
    """Return what the neutrinos of a flux scatter into a window of recoil energies.

    Parameters
    ----------
    flux : Flux
        Of one species.
    low, high : float
        Window of the kinetic energy in GeV.
    inputs : ElectroweakInputs
        Fermi constant and weak mixing angle.

    Returns
    -------
    RecoilSpectrum
        In fb times the units of the flux times GeV.

    Raises
    ------
    OutOfRangeError
        For a window without width.
    """
    if flux.kind != "line":
        # The cross section has a kink where a recoil comes into reach: no node may lie beyond it in the same bin.
        kinks = [float(smallest_energy(edge)) for edge in (low, high) if math.isfinite(edge)]
        inside = [kink for kink in kinks if flux.energy[0] < kink < flux.energy[-1] and kink not in flux.energy]
        edges = np.sort(np.concatenate([flux.energy, inside]))
        at = edges if flux.kind == "points" else 0.5 * (edges[1:] + edges[:-1])
        flux = replace(flux, energy=edges, values=flux.density(at))
    energy, weight = flux.quadrature()
    return recoil_spectrum(flux.neutrino, energy, weight=weight, low=low, high=high, inputs=inputs)


def _condensed(position: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return fewer nodes with the same sums over every function that is analytic up to ``ln T + i pi``.

    Propagators and loops are such functions: their singularities are at negative T. Their interpolation at Chebyshev
    nodes converges like ``rho^-n``, with rho the sum of the half-axes of the ellipse through the nearest singularity.

    Parameters
    ----------
    position : ndarray, shape (m,)
        ln T of the nodes.
    weights : ndarray, shape (k, m)
        Several sets of weights.

    Returns
    -------
    position : ndarray, shape (n,)
    weights : ndarray, shape (k, n)
    """
    if not position.size:
        return position, weights
    lowest, highest = float(np.min(position)), float(np.max(position))
    half = 0.5 * (highest - lowest)
    number = math.ceil(_DIGITS / math.log(_convergence(half)))
    if number >= position.size:
        return position, weights
    angle = math.pi * (np.arange(number) + 0.5) / number
    centre = 0.5 * (highest + lowest)
    unit = np.clip((position - centre) / max(half, 1e-300), -1.0, 1.0)
    # Not as a matrix product: threads of a BLAS wait for each other longer than this takes.
    moments = np.einsum("km,mn->kn", weights, np.polynomial.chebyshev.chebvander(unit, number - 1))
    moments[:, 1:] *= 2.0
    back = np.cos(angle[:, None] * np.arange(number))
    return centre + half * np.cos(angle), (moments @ back.T) / number


def _convergence(half: float) -> float:
    """Return rho of an interval in ln T of a given half-width."""
    ratio = math.pi / max(half, 1e-3)
    return ratio + math.hypot(ratio, 1.0)


@cache
def _legendre(number: int) -> tuple[FloatArray, FloatArray]:
    """Return nodes and weights between -1 and 1; finding them takes longer than using them."""
    nodes, weights = np.polynomial.legendre.leggauss(number)
    return nodes, weights
