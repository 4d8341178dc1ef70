"""Pseudo-observables at the Z pole as functions of the effective couplings of the Z (hep-ex/0509008, Sec. 1.5).

    Gamma_ll  = G_F m_Z^3 / (6 sqrt2 pi) (g_V^2 R_V + g_A^2 R_A) [1 + 3 alpha(m_Z) / (4 pi)],
    Gamma_inv = 3 G_F m_Z^3 / (6 sqrt2 pi) 2 g_nu^2,     Gamma_Z = Gamma_had + sum Gamma_ll + Gamma_inv,
    sigma_had = 12 pi / m_Z^2  Gamma_ee Gamma_had / Gamma_Z^2,     R_l = Gamma_had / Gamma_ll,
    A_l = 2 g_V g_A / (g_V^2 + g_A^2),     A_FB^l = 3/4 A_e A_l .

R_V = (1 + 2 r) sqrt(1 - 4 r) and R_A = (1 - 4 r)^(3/2), r = m_l^2 / m_Z^2, matter for the tau lepton only (-0.23%). The
bracket is radiation of photons by charged leptons. Imaginary parts of the couplings are neglected. The mass of the Z
is fixed: it is known far better than everything else.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field

from recast.constants import DEFAULT_INPUTS, FLAVOURS, HBARC2_FB, LEPTON_MASS
from recast.numbers import Positive
from recast.z_to_four_muons.width import Z_MASS

__all__ = [
    "COUPLINGS",
    "PARAMETERS",
    "PSEUDO_OBSERVABLES",
    "UNITS",
    "StandardModelWidths",
    "jacobian",
    "lepton_width",
    "pseudo_observables",
]

FloatArray = NDArray[np.float64]

ALPHA_AT_Z_MASS: Final = DEFAULT_INPUTS.alpha / (1.0 - 0.0590)
"""Fine structure constant at the Z mass, with the running of arXiv:1906.08815, Sec. 2."""

COUPLINGS: Final = ("g_V_e", "g_V_mu", "g_V_tau", "g_A_e", "g_A_mu", "g_A_tau", "g_nu")
"""Effective couplings; g_nu is that of three neutrinos alike, g_V = g_A, that would give the invisible width."""

PARAMETERS: Final = (*COUPLINGS, "hadronic_width")
"""What the pseudo-observables depend on; the width in GeV."""

UNITS: Final = {
    "Gamma_Z": "GeV",
    "sigma_had": "nb",
    "R_e": "1",
    "R_mu": "1",
    "R_tau": "1",
    "AFB_e": "1",
    "AFB_mu": "1",
    "AFB_tau": "1",
    "A_e_tau_polarisation": "1",
    "A_tau_tau_polarisation": "1",
    "A_e_SLD": "1",
    "A_mu_SLD": "1",
    "A_tau_SLD": "1",
}
"""Unit of each pseudo-observable, in the order of `pseudo_observables`."""

PSEUDO_OBSERVABLES: Final = tuple(UNITS)

_WIDTH: Final = DEFAULT_INPUTS.fermi_constant * Z_MASS**3 / (6.0 * math.sqrt(2.0) * math.pi)
_PHOTONS: Final = 1.0 + 3.0 * ALPHA_AT_Z_MASS / (4.0 * math.pi)
_NB: Final = HBARC2_FB * 1e-6
"""(hbar c)^2 in GeV^2 nb."""

_RATIOS: Final = np.array([(LEPTON_MASS[flavour] / Z_MASS) ** 2 for flavour in FLAVOURS])
_VECTOR: Final = _WIDTH * _PHOTONS * (1.0 + 2.0 * _RATIOS) * np.sqrt(1.0 - 4.0 * _RATIOS)
_AXIAL: Final = _WIDTH * _PHOTONS * (1.0 - 4.0 * _RATIOS) ** 1.5


class StandardModelWidths(BaseModel):
    """Standard Model prediction at the Z pole.

    Attributes
    ----------
    lepton_width : float
        Gamma(Z -> mu mu) in GeV.
    neutrino_width : float
        Gamma(Z -> nu nu) of one flavour, in GeV.
    hadronic_width : float
        In GeV.
    sin2_theta_eff : float
        Effective leptonic weak mixing angle.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    lepton_width: Positive
    neutrino_width: Positive
    hadronic_width: Positive
    sin2_theta_eff: float = Field(gt=0.0, lt=1.0)

    @property
    def couplings(self) -> FloatArray:
        """Couplings in the order of `COUPLINGS`, universal, that give these widths."""
        ratio = 1.0 - 4.0 * self.sin2_theta_eff
        axial = -math.sqrt(self.lepton_width / (_VECTOR[1] * ratio**2 + _AXIAL[1]))
        neutrino = math.sqrt(self.neutrino_width / (2.0 * _WIDTH))
        return np.array([ratio * axial] * 3 + [axial] * 3 + [neutrino])


def lepton_width(couplings: ArrayLike) -> FloatArray:
    """Return Gamma(Z -> l l) of e, mu and tau in GeV.

    Parameters
    ----------
    couplings : array_like, shape (..., 7)
        In the order of `COUPLINGS`.

    Returns
    -------
    ndarray, shape (..., 3)
    """
    g = np.asarray(couplings)
    return np.asarray(_VECTOR * g[..., 0:3] ** 2 + _AXIAL * g[..., 3:6] ** 2)


def pseudo_observables(couplings: ArrayLike, hadronic_width: ArrayLike) -> FloatArray:
    """Return the pseudo-observables.

    Parameters
    ----------
    couplings : array_like, shape (..., 7)
        In the order of `COUPLINGS`.
    hadronic_width : array_like
        In GeV; broadcasts with the leading axes.

    Returns
    -------
    ndarray, shape (..., 13)
        In the order of `PSEUDO_OBSERVABLES` and in `UNITS`.
    """
    g = np.asarray(couplings)
    leptons = lepton_width(g)
    hadrons = np.broadcast_to(np.asarray(hadronic_width), g.shape[:-1])
    vector, axial = g[..., 0:3], g[..., 3:6]
    asymmetry = 2.0 * vector * axial / (vector**2 + axial**2)
    total = hadrons + leptons.sum(axis=-1) + 6.0 * _WIDTH * g[..., 6] ** 2
    peak = 12.0 * math.pi / Z_MASS**2 * _NB * leptons[..., 0] * hadrons / total**2
    forward = 0.75 * asymmetry[..., :1] * asymmetry
    groups = [
        total[..., None],
        peak[..., None],
        hadrons[..., None] / leptons,
        forward,
        asymmetry[..., 0:3:2],
        asymmetry,
    ]
    return np.asarray(np.concatenate(groups, axis=-1))


def jacobian(couplings: ArrayLike, hadronic_width: float) -> FloatArray:
    """Return the derivatives of the pseudo-observables in `PARAMETERS`, exact to rounding.

    Parameters
    ----------
    couplings : array_like, shape (7,)
    hadronic_width : float
        In GeV.

    Returns
    -------
    ndarray, shape (13, 8)
    """
    # All relations are analytic: the imaginary part after an imaginary step has no cancellation.
    step = 1e-30
    point = np.append(np.asarray(couplings, dtype=np.complex128), hadronic_width) + 1j * step * np.eye(len(PARAMETERS))
    return np.asarray(pseudo_observables(point[:, :-1], point[:, -1]).imag.T / step, dtype=np.float64)
