"""A coherent cross section without tables: the integrand in three and in five dimensions, and adaptive cubature.

In three dimensions the integrand is made of the leptonic structure functions, which have been integrated over the
lepton pair by Gauss-Legendre quadrature. In five it is the squared matrix element, as a Monte Carlo takes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import cubature

from recast.constants import DEFAULT_INPUTS, HBARC2_FB
from recast.trident.helicity import PairKinematics, contracted_squares
from recast.trident.kinematics import q2_limits, s_l_reach
from recast.trident.spectra import Scatterer
from recast.trident.structure import K2_SHIFT, structure_density

Array = NDArray[np.float64]
Integrand = Callable[[Array], Array]

INNER = 14  # Gauss-Legendre points in the pair's mass and in its decay angle
EDGE = 1e-9


class Outer(NamedTuple):
    """Invariants in GeV^2 at points of the unit cube, and what multiplies the responses there."""

    s_l: Array
    q2: Array
    k2: Array
    on_transverse: Array
    on_longitudinal: Array


def outer(scatterer: Scatterer, energy: float, lepton_mass: float) -> Callable[[Array], Outer]:
    """Return the map of the unit cube to s_l, Q2 and K2, for two leptons of the same mass."""
    mass, threshold2 = scatterer.mass, 4.0 * lepton_mass**2
    length = np.log(s_l_reach(energy, mass, scatterer.q2_cut) / threshold2)
    prefactor = (DEFAULT_INPUTS.alpha * DEFAULT_INPUTS.fermi_constant / (4.0 * mass * energy)) ** 2 * HBARC2_FB

    def at(point: Array) -> Outer:
        x, y, v = point.T
        s_l = threshold2 * np.exp(length * x * x * (3.0 - 2.0 * x))
        low, high = q2_limits(energy, mass, s_l)
        span = np.log(np.minimum(high, scatterer.q2_cut) / low)
        q2 = low * np.exp(span * y)
        shat = s_l + q2
        k2_span = np.log1p(shat * (1.0 - threshold2 / s_l) / K2_SHIFT)
        k2 = K2_SHIFT * np.expm1(k2_span * (1.0 - v * v))
        charge, magnetic = scatterer.response(q2)
        boost = (mass * energy - 0.25 * shat) ** 2 * 4.0 * q2 / shat**2
        jacobian = s_l * length * 6.0 * x * (1.0 - x) * span / q2 * (k2 + K2_SHIFT) * 2.0 * k2_span * v
        weight = prefactor * jacobian
        on_transverse = weight * (4.0 * charge * (boost - mass**2 - 0.25 * q2) + 2.0 * magnetic)
        return Outer(s_l, q2, k2, on_transverse, weight * (4.0 * charge * boost - magnetic))

    return at


def three_dimensions(scatterer: Scatterer, energy: float, lepton_mass: float) -> Integrand:
    """Return the integrand of S_VV and S_AA in fb: from points of shape (n, 3) in the unit cube to (n, 2)."""
    outside = outer(scatterer, energy, lepton_mass)

    def integrand(point: Array) -> Array:
        s_l, q2, k2, on_transverse, on_longitudinal = outside(point)
        transverse, longitudinal = structure_density(
            s_l, q2, k2, lepton_mass, lepton_mass, pair_mass=INNER, angle=INNER
        )
        return np.ascontiguousarray((transverse * on_transverse + longitudinal * on_longitudinal)[:2].T)

    return integrand


def five_dimensions(scatterer: Scatterer, energy: float, lepton_mass: float) -> Integrand:
    """Return the integrand of S_VV and S_AA in fb: from points of shape (n, 5) in the unit cube to (n, 2).

    The last two coordinates are the pair's mass and its decay angle, with both collinear peaks mapped away.
    """
    outside = outer(scatterer, energy, lepton_mass)
    threshold2 = 4.0 * lepton_mass**2

    def integrand(point: Array) -> Array:
        s_l, q2, k2, on_transverse, on_longitudinal = outside(point[:, :3])
        t, z = point[:, 3:].T
        shat = s_l + q2
        largest = s_l * (1.0 - k2 / shat)
        # Rounding must not lead below the threshold at the edges, where all vanishes.
        length = np.log(np.maximum(largest / threshold2, 1.0))
        above = threshold2 * np.maximum(np.expm1(length * t * t), 1e-15)
        pair_mass2 = threshold2 + above
        pair_mass = np.sqrt(pair_mass2)
        momentum = 0.5 * np.sqrt(above)
        photon_energy = 0.5 * (pair_mass2 - q2 + k2) / pair_mass
        photon_momentum = np.sqrt(photon_energy**2 + q2)
        product = momentum * photon_momentum
        # The propagators are a -+ cos(theta): a tanh(y) for the cosine takes both peaks away.
        a = (0.5 * q2 + 0.5 * pair_mass * photon_energy) / product
        end = np.arctanh(1.0 / a)
        tanh = np.tanh(end * (2.0 * z - 1.0))
        cosine = a * tanh
        kinematics = PairKinematics(
            pair_mass2=pair_mass2,
            momentum_transfer=k2,
            photon_virtuality=q2,
            shat=shat,
            transverse2=shat * np.maximum(largest - pair_mass2, 0.0) / (pair_mass * photon_momentum) ** 2,
            lepton_momentum=momentum,
            one_minus_cos=1.0 - cosine,
            one_plus_cos=1.0 + cosine,
            d1=-2.0 * product * (a - cosine),
            d2=-2.0 * product * (a + cosine),
        )
        metric, neutrino = contracted_squares(kinematics, lepton_mass, lepton_mass)
        jacobian = pair_mass2 * 2.0 * length * t * a * (1.0 - tanh**2) * 2.0 * end
        phase_space = jacobian * 2.0 * momentum / pair_mass / (2.0 * (2.0 * np.pi) * (8.0 * np.pi) ** 2) / shat
        longitudinal = neutrino * (phase_space * 4.0 * q2 / shat**2)
        transverse = 0.5 * (metric * phase_space + longitudinal)
        density = (transverse * on_transverse + longitudinal * on_longitudinal)[:2].T
        # What rounding leaves undefined at the edges weighs nothing.
        return np.ascontiguousarray(np.where(np.isfinite(density), density, 0.0))

    return integrand


def direct_totals(scatterer: Scatterer, energy: float, lepton_mass: float, *, tolerance: float = 1e-3) -> Array:
    """Return S_VV and S_AA, summed over momentum transfer, for two leptons of the same mass.

    Parameters
    ----------
    scatterer : Scatterer
        Nucleus or nucleon at rest.
    energy, lepton_mass : float
        GeV.
    tolerance : float
        Relative error that the cubature is asked for by its own estimate.

    Returns
    -------
    ndarray, shape (2,)
        fb per scatterer.
    """
    integrand = three_dimensions(scatterer, energy, lepton_mass)
    result = cubature(integrand, [EDGE] * 3, [1.0 - EDGE] * 3, rule="genz-malik", rtol=tolerance, atol=0.0)
    return np.asarray(result.estimate, dtype=float)
