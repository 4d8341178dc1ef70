"""A coherent cross section without tables: adaptive cubature straight over the leptonic structure functions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import cubature

from recast.constants import DEFAULT_INPUTS, HBARC2_FB
from recast.trident.kinematics import q2_limits, s_l_reach
from recast.trident.spectra import Scatterer
from recast.trident.structure import K2_SHIFT, structure_density

Array = NDArray[np.float64]

INNER = 14  # Gauss-Legendre points in the pair's mass and in its decay angle
EDGE = 1e-9


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
    mass, threshold2 = scatterer.mass, 4.0 * lepton_mass**2
    length = np.log(s_l_reach(energy, mass, scatterer.q2_cut) / threshold2)
    prefactor = (DEFAULT_INPUTS.alpha * DEFAULT_INPUTS.fermi_constant / (4.0 * mass * energy)) ** 2 * HBARC2_FB

    def integrand(point: Array) -> Array:
        x, y, v = point.T
        s_l = threshold2 * np.exp(length * x * x * (3.0 - 2.0 * x))
        low, high = q2_limits(energy, mass, s_l)
        span = np.log(np.minimum(high, scatterer.q2_cut) / low)
        q2 = low * np.exp(span * y)
        shat = s_l + q2
        k2_span = np.log1p(shat * (1.0 - threshold2 / s_l) / K2_SHIFT)
        k2 = K2_SHIFT * np.expm1(k2_span * (1.0 - v * v))
        transverse, longitudinal = structure_density(
            s_l, q2, k2, lepton_mass, lepton_mass, pair_mass=INNER, angle=INNER
        )
        charge, magnetic = scatterer.response(q2)
        boost = (mass * energy - 0.25 * shat) ** 2 * 4.0 * q2 / shat**2
        on_transverse = 4.0 * charge * (boost - mass**2 - 0.25 * q2) + 2.0 * magnetic
        contracted = transverse * on_transverse + longitudinal * (4.0 * charge * boost - magnetic)
        jacobian = s_l * length * 6.0 * x * (1.0 - x) * span / q2 * (k2 + K2_SHIFT) * 2.0 * k2_span * v
        return np.asarray((prefactor * contracted * jacobian)[:2].T)

    result = cubature(integrand, [EDGE] * 3, [1.0 - EDGE] * 3, rule="genz-malik", rtol=tolerance, atol=0.0)
    return np.asarray(result.estimate, dtype=float)
