r"""Momentum-transfer spectra dsigma/dK2 = S_VV gV^2 + S_AA gA^2 + S_VA gV gA of one target at one energy.

``sigma = alpha^2 G_F^2 2 pi^2/(M E) Int dQ2 dshat/(32 pi^2 M E) Q^-4 H^ab W_ab`` (arXiv:1902.06765 Eqs.
2-7), with ``H^ab W_ab = 4 Z^2 F^2 P^a P^b W_ab`` for a nucleus of spin 0, and
``4 (G_E^2 + tau G_M^2)/(1 + tau) P^a P^b W_ab + Q2 G_M^2 (-g^ab W_ab)`` for a nucleon.

Spectra are kept as weights on fixed nodes in ``ln(K2 + K2_SHIFT)`` such that the dot product with any
smooth function of K2 is its moment (each quadrature point is shared between four nodes with cubic
Lagrange weights).  Totals and propagator moments are accurate; a single weight means nothing and may be
negative.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recast.constants import DEFAULT_INPUTS, HBARC2_FB, ElectroweakInputs
from recast.trident.form_factors import FormFactor, NucleonFormFactors, nuclear_form_factor, nucleon_form_factors
from recast.trident.kinematics import effective_threshold, q2_limits, s_l_reach
from recast.trident.quadrature import unit_gauss
from recast.trident.structure import K2_SHIFT, StructureTable
from recast.trident.targets import Nucleus

Array = NDArray[np.float64]

FERMI_MOMENTUM = 0.235  # GeV, arXiv:1902.06765 below Eq. 8
K2_MAX = 2000.0  # GeV^2, what neutrinos of 1000 GeV reach
K2_NODES = 200


@dataclass(frozen=True)
class Scatterer:
    """What the photon couples to: a whole nucleus, or one bound nucleon.

    Attributes
    ----------
    name : str
        For messages and files.
    mass : float
        GeV.
    response : callable
        ``response(q2) -> (a, b)`` with ``H^ab W_ab = 4 a P^a P^b W_ab + b (-g^ab W_ab)``.
    q2_cut : float
        GeV^2 beyond which the response is negligible.
    """

    name: str
    mass: float
    response: Callable[[Array], tuple[Array, Array]]
    q2_cut: float

    def threshold(self, pair_mass: float) -> float:
        """Neutrino energy in GeV above which a pair of leptons with this sum of masses is produced."""
        return effective_threshold(self.mass, pair_mass, self.q2_cut)


def nuclear_scatterer(nucleus: Nucleus, kind: str | None = None) -> Scatterer:
    """Coherent scattering: spin 0, charge Z, electric form factor."""
    form_factor: FormFactor = nuclear_form_factor(nucleus.name, nucleus.nucleons, kind)

    def response(q2: Array) -> tuple[Array, Array]:
        return (nucleus.protons * form_factor(q2)) ** 2, np.zeros_like(q2)

    return Scatterer(nucleus.name, nucleus.mass, response, 2.0)


def pauli_blocking(q2: Array, mass: float, fermi_momentum: float = FERMI_MOMENTUM) -> Array:
    """Suppression of an ideal Fermi gas, arXiv:1902.06765 Eq. 8, at ``|q|^2 = Q2 + Q2^2/(4 m^2)``.

    Parameters
    ----------
    q2 : ndarray
        Q2 in GeV^2, of any shape.
    mass : float
        Of the nucleon in GeV.
    fermi_momentum : float
        In GeV.
    """
    x = np.minimum(np.sqrt(q2 * (1.0 + q2 / (4.0 * mass**2))) / fermi_momentum, 2.0)
    return np.asarray(0.75 * x - x**3 / 16.0)


def nucleon_scatterer(name: str, kind: str = "rational", *, blocked: bool = True) -> Scatterer:
    """Incoherent scattering on one proton or neutron, Pauli blocked unless told otherwise.

    Parameters
    ----------
    name : {"proton", "neutron"}
    kind : str
        Of its form factors.
    blocked : bool
        Whether the Pauli principle holds.
    """
    factors: NucleonFormFactors = nucleon_form_factors(name, kind)
    mass = factors.mass

    def response(q2: Array) -> tuple[Array, Array]:
        tau = q2 / (4.0 * mass**2)
        magnetic = factors.magnetic(q2) ** 2
        theta = pauli_blocking(q2, mass) if blocked else np.ones_like(q2)
        charge = (factors.electric(q2) ** 2 + tau * magnetic) / (1.0 + tau)
        # The magnetic term adds: what a point Dirac particle gives, against the sign printed in Eq. 6.
        return theta * charge, theta * q2 * magnetic

    return Scatterer(name, mass, response, 20.0)


def k2_nodes(n: int = K2_NODES) -> Array:
    """Nodes of the stored spectra in GeV^2, from 0 to :data:`K2_MAX`."""
    return np.asarray(K2_SHIFT * np.expm1(np.linspace(0.0, np.log1p(K2_MAX / K2_SHIFT), n)))


def deposit(k2: Array, weights: Array, n: int = K2_NODES) -> Array:
    """Share quadrature points among the nodes with cubic Lagrange weights.

    Parameters
    ----------
    k2 : ndarray, shape (m,)
        Points of the quadrature in GeV^2.
    weights : ndarray, shape (c, m)
        Their weights.
    n : int
        Number of nodes.

    Returns
    -------
    ndarray, shape (c, n)
    """
    position = np.log1p(k2 / K2_SHIFT) * ((n - 1) / np.log1p(K2_MAX / K2_SHIFT))
    first = np.clip(np.floor(position).astype(np.intp) - 1, 0, n - 4)
    x = position - first
    x1, x2, x3 = x - 1.0, x - 2.0, x - 3.0
    basis = (-x1 * x2 * x3 / 6.0, x * x2 * x3 / 2.0, -x * x1 * x3 / 2.0, x * x1 * x2 / 6.0)
    out = np.zeros((len(weights), n))
    for offset, share in enumerate(basis):
        for row, weight in zip(out, weights, strict=True):
            row += np.bincount(first + offset, weights=share * weight, minlength=n)
    return out


@dataclass(frozen=True)
class SpectrumNodes:
    """Quadrature points in ``s_l`` and ``Q2`` of one energy."""

    s: int = 64
    q2: int = 48


def spectrum(
    table: StructureTable,
    scatterer: Scatterer,
    energy: float,
    *,
    nodes: SpectrumNodes | None = None,
    inputs: ElectroweakInputs = DEFAULT_INPUTS,
    equivalent_photon: bool = False,
) -> Array:
    """Return the weights of S_VV, S_AA, S_VA on :func:`k2_nodes`.

    Parameters
    ----------
    table : StructureTable
        Leptonic structure functions of the lepton pair.
    scatterer : Scatterer
        Nucleus or nucleon at rest.
    energy : float
        Neutrino energy in GeV.
    nodes : SpectrumNodes, optional
        Quadrature points.
    inputs : ElectroweakInputs
        alpha and G_F.
    equivalent_photon : bool
        Equivalent-photon approximation of arXiv:1406.2332 Eqs. 2 and 3: a real transverse photon, W_T at
        Q2 = 0, with the flux Z^2 alpha/pi ds/s dQ2/Q2 F^2 above Q2 = (s/2E)^2.

    Returns
    -------
    ndarray, shape (3, n)
        fb per scatterer; zero below threshold.
    """
    nodes = nodes or SpectrumNodes()
    mass = scatterer.mass
    pair = table.mass_minus + table.mass_plus
    if energy <= scatterer.threshold(pair):
        return np.zeros((3, K2_NODES))
    s_high = min(s_l_reach(energy, mass, scatterer.q2_cut), table.s_max)
    x, wx = unit_gauss(nodes.s)
    length = np.log(s_high / table.threshold2)
    # squares at both ends: the kinematic limit closes the Q2 range like a square root
    s_l = table.threshold2 * np.exp(length * x * x * (3.0 - 2.0 * x))
    ds = s_l * length * 6.0 * x * (1.0 - x) * wx
    low, high = q2_limits(energy, mass, s_l)
    high = np.minimum(high, scatterer.q2_cut)
    y, wy = unit_gauss(nodes.q2)
    span = np.log(high / low)[:, None]
    q2 = low[:, None] * np.exp(span * y)
    shat = s_l[:, None] + q2

    charge, magnetic = scatterer.response(q2)
    w, k2 = table.interpolate(s_l, np.zeros_like(q2) if equivalent_photon else q2)
    c_inverse = 4.0 * q2 / shat**2
    if equivalent_photon:
        contracted = w[0] * (16.0 * charge * (mass * energy) ** 2 * q2 / s_l[:, None] ** 2)[..., None]
    else:
        boost = (mass * energy - 0.25 * shat) ** 2 * c_inverse
        on_t = 4.0 * charge * (boost - mass**2 - 0.25 * q2) + 2.0 * magnetic
        on_l = 4.0 * charge * boost - magnetic
        contracted = w[0] * on_t[..., None] + w[1] * on_l[..., None]

    prefactor = inputs.alpha**2 * inputs.fermi_constant**2 * 2.0 * np.pi**2 / (mass * energy)
    prefactor *= HBARC2_FB / (32.0 * np.pi**2 * mass * energy)
    measure = prefactor * ds[:, None] * span * wy / q2
    weights = contracted * measure[..., None] * table.k2_quadrature[1]
    return deposit(k2.ravel(), weights.reshape(3, -1))
