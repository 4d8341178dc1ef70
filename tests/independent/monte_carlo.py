r"""Neutrino tridents by Monte Carlo over the 2 -> 4 phase space.

An independent calculation of ``nu(k) + N(P) -> nu(k') + l-(p1) + l+(p2) + N(P')``.  It imports nothing from the
package under test and shares no formula with it beyond the Feynman rules:

* every event is a set of explicit laboratory four-vectors, built by boosting out of nested rest frames;
* the leptonic tensor comes from products and traces of explicit 4x4 gamma matrices, event by event;
* the hadronic tensor of a nucleon comes from the trace with the vertex ``F1 gamma + i F2 sigma q/(2m)``, not from the
  reduced expression in terms of ``G_E`` and ``G_M``;
* the nuclear form factor is the numerical radial transform of the charge density.

The integral is taken with scrambled Sobol points [1]_; the error is the spread of independently scrambled replicates,
so it is a statistical error like that of any Monte Carlo, but smaller.  Distributions are histograms of weighted events
at pseudo-random points, with the covariance of their bins.

Units: GeV, fm for radii, fb for cross sections; metric (+, -, -, -).  Arrays of four-vectors have shape (n, 4).

References
----------
.. [1] A. B. Owen, "Scrambled net variance for integrals of smooth functions", Ann. Statist. 25 (1997) 1541.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.stats import qmc

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

# CODATA 2018 / PDG 2022 values, written out here on purpose: a wrong constant in the package must not hide.
FERMI_CONSTANT = 1.1663787e-5  # GeV^-2
SIN2_THETA_W = 0.23129
ALPHA = 1 / 137.036
GEV2_FB = 3.893793721e11  # (hbar c)^2 in GeV^2 fb
GEV_FM = 0.1973269804  # hbar c in GeV fm
ELECTRON, MUON, TAU = 0.51099895e-3, 0.1056583755, 1.77686
PROTON, NEUTRON = 0.93827208816, 0.93956542052
DALTON = 0.93149410242
FERMI_MOMENTUM = 0.235  # GeV, 1902.06765 Eq. 8
HIGGS_VEV = (np.sqrt(2) * FERMI_CONSTANT) ** -0.5

# --------------------------------------------------------------------------------------------------------------------
# Gamma matrices, Dirac representation
# --------------------------------------------------------------------------------------------------------------------
METRIC = np.diag([1.0, -1.0, -1.0, -1.0])
_PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=complex)


def _gamma_matrices() -> Complexes:
    gamma = np.zeros((4, 4, 4), dtype=complex)
    gamma[0] = np.diag([1, 1, -1, -1])
    for i, sigma in enumerate(_PAULI):
        gamma[i + 1, :2, 2:] = sigma
        gamma[i + 1, 2:, :2] = -sigma
    return gamma


GAMMA = _gamma_matrices()  # gamma^mu, upper index, shape (4, 4, 4)
GAMMA_LOWER = np.einsum("mn,nij->mij", METRIC, GAMMA)
GAMMA5 = 1j * GAMMA[0] @ GAMMA[1] @ GAMMA[2] @ GAMMA[3]
LEFT = 0.5 * (np.eye(4) - GAMMA5)
UNIT = np.eye(4)


def dot(a: Floats, b: Floats) -> Floats:
    """Minkowski product of four-vectors of shape (..., 4)."""
    return a[..., 0] * b[..., 0] - a[..., 1] * b[..., 1] - a[..., 2] * b[..., 2] - a[..., 3] * b[..., 3]


def slash(vector: NDArray[Any]) -> Complexes:
    """``gamma_mu v^mu`` for four-vectors (n, 4), as matrices (n, 4, 4)."""
    return (vector @ GAMMA_LOWER.reshape(4, 16)).reshape(*vector.shape[:-1], 4, 4)


def dirac_conjugate(matrices: Complexes) -> Complexes:
    """``gamma^0 M^dagger gamma^0`` of matrices (..., 4, 4)."""
    return np.asarray(GAMMA[0] @ np.conj(np.swapaxes(matrices, -1, -2)) @ GAMMA[0])


# --------------------------------------------------------------------------------------------------------------------
# Leptonic tensor
# --------------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Event:
    """Four-vectors (n, 4) in the laboratory, and the weight (n,) that turns |M|^2 into a cross section.

    ``q = P - P'`` flows from the target into the leptons: ``k + q = k' + p1 + p2``.
    """

    k: Floats
    k_out: Floats
    minus: Floats
    plus: Floats
    q: Floats
    target: Floats
    target_out: Floats
    weight: Floats


def neutrino_tensor(k: Floats, k_out: Floats, *, antineutrino: bool = False) -> Complexes:
    """``Tr[k'slash gamma^mu P_L kslash gamma^nu]``, shape (n, 4, 4); k and k' change places for antineutrinos."""
    first, second = (k, k_out) if antineutrino else (k_out, k)
    left = slash(first)[:, None] @ (GAMMA @ LEFT)
    right = slash(second)[:, None] @ GAMMA
    return np.asarray(np.einsum("nmij,nkji->nmk", left, right, optimize=True))


def neutrino_current(k: Floats, k_out: Floats, *, antineutrino: bool = False) -> Complexes:
    """The current j^mu (n, 4) with ``j^mu j^nu* = neutrino_tensor``: it exists because only one helicity contributes.

    It is a column of the tensor divided by the root of its diagonal element; the phase is free.
    """
    tensor = neutrino_tensor(k, k_out, antineutrino=antineutrino)
    return np.asarray(tensor[:, :, 0] / np.sqrt(tensor[:, 0, 0].real)[:, None])


def amplitudes(event: Event, mass_minus: float, mass_plus: float, *, antineutrino: bool = False,
               printed_sign: bool = False) -> Complexes:  # fmt: skip
    """The matrices between ``ubar(p1)`` and ``v(p2)``, shape (2, n, 4, 4, 4): structure V or A, event, photon index.

    The photon index is a lower one.  ``printed_sign`` takes the mass term of the second propagator as it is printed in
    1902.06765 Eq. 3; the fermion there carries the momentum ``q - p2``, so that the numerator is
    ``qslash - p2slash + m = -(p2slash - qslash - m)``, and the printed one is not gauge invariant.
    """
    q, p1, p2 = event.q, event.minus, event.plus
    current = slash(neutrino_current(event.k, event.k_out, antineutrino=antineutrino))
    virtuality = dot(q, q)
    first = slash(p1 - q) + mass_minus * UNIT
    first /= (virtuality - 2 * dot(p1, q))[:, None, None]
    second = slash(q - p2) + (-mass_plus if printed_sign else mass_plus) * UNIT
    second /= (virtuality - 2 * dot(p2, q))[:, None, None]
    n = len(q)
    result = np.empty((2, n, 4, 4, 4), dtype=complex)
    for i, vertex in enumerate((current, current @ GAMMA5)):
        photon_on_minus = (GAMMA_LOWER.reshape(16, 4) @ (first @ vertex)).reshape(n, 4, 4, 4)
        photon_on_plus = (vertex @ second) @ GAMMA_LOWER.transpose(1, 0, 2).reshape(4, 16)
        result[i] = photon_on_minus + photon_on_plus.reshape(n, 4, 4, 4).transpose(0, 2, 1, 3)
    return result


def leptonic_tensor(event: Event, mass_minus: float, mass_plus: float, *, antineutrino: bool = False,
                    printed_sign: bool = False) -> Complexes:  # fmt: skip
    """``L_ab`` summed over spins, shape (3, n, 4, 4): the coefficients of gV^2, gA^2 and gV gA; lower indices."""
    matrices = amplitudes(event, mass_minus, mass_plus, antineutrino=antineutrino, printed_sign=printed_sign)
    n = len(event.q)
    minus = slash(event.minus) + mass_minus * UNIT
    plus = slash(event.plus) - mass_plus * UNIT
    # Tr[(p1+m1) M_a (p2-m2) Mbar_b] = sum_ij [(p1+m1) M_a (p2-m2)]_ij [Mbar_b]_ji
    left = (minus[:, None] @ matrices @ plus[:, None]).reshape(2, n, 4, 16)
    right = np.swapaxes(dirac_conjugate(matrices), -1, -2).reshape(2, n, 4, 16)
    right = np.swapaxes(right, -1, -2)
    vv, aa = left[0] @ right[0], left[1] @ right[1]
    va = left[0] @ right[1] + left[1] @ right[0]
    return np.stack([vv, aa, va])


# --------------------------------------------------------------------------------------------------------------------
# Targets: hadronic tensors with upper indices, the charge squared included
# --------------------------------------------------------------------------------------------------------------------
# 1902.06765 Table III (H. de Vries et al., At. Data Nucl. Data Tables 36 (1987) 495): charge density coefficients.
_FOURIER_BESSEL = {
    "Ar": (9.0, [0.030451, 0.055337, 0.020203, -0.016765, -0.013578, -0.000043204, 0.00091988, -0.00041205, 0.00011971,
                 -0.000019801, -0.0000043204, 0.0000061205, -0.0000037803, 0.0000018001, -0.00000077407]),
    "Fe": (9.0, [0.042018, 0.062337, 0.00023995, -0.032776, -0.0079941, 0.010844, 0.0049123, -0.0022144, -0.00018146,
                 0.00037261, -0.00023296, 0.00011494, -0.000050596, 0.000020652, -0.0000079428, 0.0000028986,
                 -0.0000010075]),
}  # fmt: skip


def charge_form_factor(radius: float, coefficients: list[float]) -> Callable[[Floats], Floats]:
    """F(Q2) of a Fourier-Bessel density (radius in fm): numerical radial integral, then a spline in |q|; F(0) = 1."""
    nodes, weights = np.polynomial.legendre.leggauss(400)
    r, w = 0.5 * radius * (nodes + 1), 0.5 * radius * weights
    n = np.arange(1, len(coefficients) + 1)
    density = np.sinc(n * r[:, None] / radius) @ np.asarray(coefficients)
    q = np.linspace(0.0, 2.0, 2001)
    values = np.sinc(q[:, None] / GEV_FM * r / np.pi) @ (w * r**2 * density)
    spline = CubicSpline(q, values / values[0])
    return lambda q2: np.asarray(spline(np.sqrt(q2)))


@dataclass(frozen=True)
class Target:
    """A target: its mass (GeV), the hadronic tensor (n, 4, 4), the largest Q2 that matters (GeV^2)."""

    mass: float
    tensor: Callable[[Event], Floats]
    q2_cut: float = np.inf


def _nucleus(symbol: str, charge: int, atomic_mass: float) -> Target:
    form_factor = charge_form_factor(*_FOURIER_BESSEL[symbol])

    def tensor(event: Event) -> Floats:
        sum_ = event.target + event.target_out
        factor = charge**2 * form_factor(-dot(event.q, event.q)) ** 2
        return np.asarray(factor[:, None, None] * sum_[:, :, None] * sum_[:, None, :])

    return Target(mass=atomic_mass * DALTON - charge * ELECTRON, tensor=tensor, q2_cut=2.0)


ARGON = _nucleus("Ar", 18, 39.9623831)
IRON = _nucleus("Fe", 26, 55.9349363)


def proton_form_factors(q2: Floats) -> tuple[Floats, Floats]:
    """G_E and G_M of the proton, 1902.06765 Eqs. B1, B2 and Table IV."""
    tau = q2 / (4 * PROTON**2)
    electric = (1 - 0.19 * tau) / (1 + 11.12 * tau + 15.16 * tau**2 + 21.25 * tau**3)
    magnetic = 2.793 * (1 + 1.09 * tau) / (1 + 12.31 * tau + 25.57 * tau**2 + 30.61 * tau**3)
    return electric, magnetic


def neutron_form_factors(q2: Floats) -> tuple[Floats, Floats]:
    """G_E and G_M of the neutron, 1902.06765 Eqs. B3, B4 and Table IV."""
    tau = q2 / (4 * NEUTRON**2)
    magnetic = -1.913 * (1 + 8.28 * tau) / (1 + 21.3 * tau + 77 * tau**2 + 238 * tau**3)
    return 1.68 * tau / (1 + 3.63 * tau) / (1 + q2 / 0.71) ** 2, magnetic


def pauli_factor(q2: Floats, mass: float) -> Floats:
    """1902.06765 Eq. 8, with the spatial momentum transfer |q| that belongs to Q2 for a target at rest."""
    x = np.sqrt(q2 + q2**2 / (4 * mass**2)) / FERMI_MOMENTUM
    return np.where(x < 2, 0.75 * x - x**3 / 16, 1.0)


def nucleon_tensor(event: Event, mass: float, electric: Floats, magnetic: Floats) -> Floats:
    """``1/2 Tr[(P'+m) Gamma^a (P+m) Gammabar^b]`` with ``Gamma = F1 gamma^a + i F2 sigma^{ab} Q_b / (2m)``, Q = P' - P.

    Shape (n, 4, 4), upper indices, symmetrised (the antisymmetric part vanishes).
    """
    tau = -dot(event.q, event.q) / (4 * mass**2)
    f1 = ((electric + tau * magnetic) / (1 + tau))[:, None, None, None]
    f2 = ((magnetic - electric) / (1 + tau))[:, None, None, None]
    gained = slash(event.target_out - event.target)[:, None]
    sigma = 0.5j * (GAMMA @ gained - gained @ GAMMA)  # sigma^{ab} Q_b
    vertex = f1 * GAMMA + 1j * f2 / (2 * mass) * sigma
    left = (slash(event.target_out) + mass * UNIT)[:, None] @ vertex @ (slash(event.target) + mass * UNIT)[:, None]
    tensor = 0.5 * np.einsum("naij,nbji->nab", left, dirac_conjugate(vertex), optimize=True)
    return np.asarray(tensor.real)


def _nucleon(mass: float, form_factors: Callable[[Floats], tuple[Floats, Floats]]) -> Target:
    def tensor(event: Event) -> Floats:
        q2 = -dot(event.q, event.q)
        return nucleon_tensor(event, mass, *form_factors(q2)) * pauli_factor(q2, mass)[:, None, None]

    return Target(mass=mass, tensor=tensor, q2_cut=20.0)


BOUND_PROTON = _nucleon(PROTON, proton_form_factors)
BOUND_NEUTRON = _nucleon(NEUTRON, neutron_form_factors)


# --------------------------------------------------------------------------------------------------------------------
# Phase space
# --------------------------------------------------------------------------------------------------------------------
def boost(vector: Floats, frame: Floats, mass: Floats, *, inverse: bool = False) -> Floats:
    """Take ``vector`` (n, 4) from the rest frame of ``frame`` (n, 4), of this mass (n,), to the laboratory, or back.

    The mass is an argument because the difference E^2 - p^2 of a fast electron pair has lost half its digits.
    """
    momentum = -frame[:, 1:] if inverse else frame[:, 1:]
    along = np.sum(momentum * vector[:, 1:], axis=1)
    energy = (frame[:, 0] * vector[:, 0] + along) / mass
    scale = (energy + vector[:, 0]) / (frame[:, 0] + mass)
    return np.concatenate([energy[:, None], vector[:, 1:] + scale[:, None] * momentum], axis=1)


def _direction(axis: Floats, cosine: Floats, azimuth: Floats) -> Floats:
    """Unit vectors (n, 3) at a polar angle from ``axis`` (n, 3)."""
    z = axis / np.linalg.norm(axis, axis=1)[:, None]
    # the coordinate axis furthest from z makes a stable basis
    helper = np.eye(3)[np.argmin(np.abs(z), axis=1)]
    x = np.cross(z, helper)
    x /= np.linalg.norm(x, axis=1)[:, None]
    y = np.cross(z, x)
    sine = np.sqrt(np.maximum(0.0, 1 - cosine**2))
    return np.asarray(
        cosine[:, None] * z + (sine * np.cos(azimuth))[:, None] * x + (sine * np.sin(azimuth))[:, None] * y
    )


def generate(points: Floats, *, energy: float, mass: float, mass_minus: float, mass_plus: float,
             q2_cut: float = np.inf, kappa_scale: float = 0.05) -> Event:  # fmt: skip
    """Map points (n, 8) of the unit cube on events; the weights carry flux factor, phase space and Jacobian.

    The chain is ``k + P -> P' + X``, ``X -> k' + pair``, ``pair -> l- l+``, each decay in its own rest frame.
    ``kappa_scale`` (GeV) is where the map in ``-(k-k')^2`` goes over from linear to logarithmic.
    """
    u = np.asarray(points)
    n = len(u)
    threshold = (mass_minus + mass_plus) ** 2
    # Q2 at the ends of the two-body process k + P -> P' + X(threshold)
    s = mass**2 + 2 * mass * energy
    p_in = mass * energy / np.sqrt(s)
    lam = (s - threshold - mass**2) ** 2 - 4 * threshold * mass**2
    if s < (mass + mass_minus + mass_plus) ** 2:
        raise ValueError("below threshold")
    p_out = np.sqrt(lam / (4 * s))
    q2_max = (p_in + p_out) ** 2 - threshold**2 / (4 * s)
    q2_min = (mass * threshold) ** 2 / (s * q2_max)  # product of the two roots; the difference would lose digits
    span = np.log(min(q2_max, q2_cut) / q2_min)
    q2 = q2_min * np.exp(span * u[:, 0])
    weight = q2 * span
    # mass of X; the upper end is emission of the target recoil along the beam
    q_vec = np.sqrt(q2 + (q2 / (2 * mass)) ** 2)
    x2_max = 2 * energy * (q_vec - q2 / (2 * mass)) - q2
    width = np.maximum(x2_max - threshold, 0.0)
    x2 = threshold + width * u[:, 1]
    weight *= width
    shat = x2 + q2
    k = np.broadcast_to([energy, 0.0, 0.0, energy], (n, 4)).copy()
    target = np.broadcast_to([mass, 0.0, 0.0, 0.0], (n, 4)).copy()
    cosine = (shat / (2 * energy) + q2 / (2 * mass)) / q_vec  # of the recoil, which goes forward
    azimuth = 2 * np.pi * u[:, 7]  # of the whole event: changes nothing but the four-vectors
    q3 = -q_vec[:, None] * _direction(k[:, 1:], np.clip(cosine, -1, 1), azimuth)
    q = np.concatenate([-(q2 / (2 * mass))[:, None], q3], axis=1)
    target_out = target - q

    k_out, minus, plus, decay = _decay(k, q, shat, q2, u[:, 2:7], mass_minus, mass_plus, kappa_scale)
    # d3P'/(2E') (2 pi)^-3 = dQ2 dshat / (32 pi^2 M E), and the flux factor
    weight *= decay / (32 * np.pi**2 * mass * energy) / (4 * mass * energy)
    return Event(k, k_out, minus, plus, q, target, target_out, weight)


def _decay(k: Floats, q: Floats, shat: Floats, q2: Floats, u: Floats, mass_minus: float, mass_plus: float,
           kappa_scale: float) -> tuple[Floats, Floats, Floats, Floats]:  # fmt: skip
    """Leptons from ``k + q -> k' + l- + l+`` at points (n, 5), and the three-body phase space with its Jacobian.

    ``shat = 2 k.q`` and ``Q2 = -q.q`` are passed beside the vectors because they are known more exactly.
    """
    whole = k + q
    threshold = (mass_minus + mass_plus) ** 2
    x2 = shat - q2
    # pair mass, logarithmic, quadratic at threshold where the phase space opens like a square root
    span = np.log(np.maximum(x2 / threshold, 1.0))
    m2 = threshold * np.exp(span * u[:, 0] ** 2)
    weight = m2 * span * 2 * u[:, 0]
    # momentum transfer of the neutrino
    k2_max = shat * (x2 - m2) / x2
    scale = kappa_scale**2
    span = np.log1p(k2_max / scale)
    k2 = scale * np.expm1(span * u[:, 1])
    weight *= (k2 + scale) * span

    x_mass = np.sqrt(x2)
    axis = boost(k, whole, x_mass, inverse=True)[:, 1:]
    out_energy = (x2 - m2) / (2 * x_mass)
    cosine = np.clip(1 - 2 * k2 / k2_max, -1, 1)
    out = out_energy[:, None] * _direction(axis, cosine, 2 * np.pi * u[:, 2])
    k_out = boost(np.concatenate([out_energy[:, None], out], axis=1), whole, x_mass)

    pair = whole - k_out
    pair_mass = np.sqrt(m2)
    e1 = (m2 + mass_minus**2 - mass_plus**2) / (2 * pair_mass)
    e2 = pair_mass - e1
    p = np.sqrt(np.maximum(e1**2 - mass_minus**2, 0.0))
    photon = boost(q, pair, pair_mass, inverse=True)
    photon_p = np.linalg.norm(photon[:, 1:], axis=1)
    # the propagators are proportional to (a1 - c) and (a2 + c): sample 1/((a1 - c)(a2 + c))
    a1 = (q2 / 2 + e1 * photon[:, 0]) / (p * photon_p)
    a2 = (q2 / 2 + e2 * photon[:, 0]) / (p * photon_p)
    low, high = np.log((a2 - 1) / (a1 + 1)), np.log((a2 + 1) / (a1 - 1))
    odds = np.exp(low + (high - low) * u[:, 3])
    c = (odds * a1 - a2) / (1 + odds)
    weight *= (high - low) * (a1 - c) * (a2 + c) / (a1 + a2)
    p1 = p[:, None] * _direction(photon[:, 1:], np.clip(c, -1, 1), 2 * np.pi * u[:, 4])
    minus = boost(np.concatenate([e1[:, None], p1], axis=1), pair, pair_mass)
    plus = boost(np.concatenate([e2[:, None], -p1], axis=1), pair, pair_mass)

    # dM2/(2 pi) and two two-body phase spaces p/(4 pi W) dOmega/(4 pi)
    weight *= 1 / (2 * np.pi) / (8 * np.pi * shat)
    weight *= p / (4 * np.pi * pair_mass) / 2
    return k_out, minus, plus, weight


# --------------------------------------------------------------------------------------------------------------------
# Cross section
# --------------------------------------------------------------------------------------------------------------------
Couplings = Callable[[Floats], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Estimate:
    """Means and standard errors of several integrals taken on the same events, with their covariance."""

    names: tuple[str, ...]
    mean: Floats
    covariance: Floats

    def __getitem__(self, name: str) -> float:
        return float(self.mean[self.names.index(name)])

    def error(self, name: str) -> float:
        """Standard error of one integral."""
        i = self.names.index(name)
        return float(np.sqrt(self.covariance[i, i]))

    def ratio(self, above: str, below: str) -> tuple[float, float]:
        """Ratio of two integrals and its standard error, correlations included."""
        i, j = self.names.index(above), self.names.index(below)
        value = self.mean[i] / self.mean[j]
        c = self.covariance
        variance = (c[i, i] - 2 * value * c[i, j] + value**2 * c[j, j]) / self.mean[j] ** 2
        return float(value), float(np.sqrt(max(variance, 0.0)))


def differential(event: Event, target: Target, mass_minus: float, mass_plus: float, *,
                 antineutrino: bool = False) -> Floats:  # fmt: skip
    """Weighted contributions (3, n) of the events to the cross section in fb: coefficients of gV^2, gA^2, gV gA."""
    leptons = leptonic_tensor(event, mass_minus, mass_plus, antineutrino=antineutrino).real
    contracted = np.einsum("snab,nab->sn", leptons, target.tensor(event))
    q2 = -dot(event.q, event.q)
    # |M|^2 = (G_F^2/2) e^4 L H / q^4, e^2 = 4 pi alpha; neutrinos come in one helicity: no average
    factor = 0.5 * FERMI_CONSTANT**2 * (4 * np.pi * ALPHA) ** 2 / q2**2
    return np.asarray(contracted * factor * event.weight * GEV2_FB)


class AdaptiveMap:
    """A separable piecewise linear map of the unit cube that follows the integrand [2]_.

    .. [2] G. P. Lepage, J. Comput. Phys. 27 (1978) 192.
    """

    def __init__(self, dimensions: int, bins: int = 40) -> None:
        self.edges = np.tile(np.linspace(0.0, 1.0, bins + 1), (dimensions, 1))

    def __call__(self, points: Floats) -> tuple[Floats, Floats, NDArray[np.intp]]:
        """Mapped points (n, d), Jacobian (n,), bins (n, d)."""
        bins = self.edges.shape[1] - 1
        index = np.minimum((points * bins).astype(np.intp), bins - 1)
        columns = np.arange(self.edges.shape[0])
        low, high = self.edges[columns, index], self.edges[columns, index + 1]
        mapped = low + (high - low) * (points * bins - index)
        return mapped, np.asarray(np.prod((high - low) * bins, axis=1)), index

    def adapt(self, squares: Floats, index: NDArray[np.intp], damping: float = 0.8) -> None:
        """Move the edges given the squared integrand times Jacobian (n,) at points in bins (n, d)."""
        bins = self.edges.shape[1] - 1
        for d, edges in enumerate(self.edges):
            importance = np.bincount(index[:, d], weights=squares, minlength=bins)
            importance = np.convolve(np.pad(importance, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
            share = np.clip(importance / importance.sum(), 1e-12, 1 - 1e-12)
            density = ((1 - share) / -np.log(share)) ** damping
            cumulative = np.concatenate([[0.0], np.cumsum(density)])
            self.edges[d] = np.interp(np.linspace(0, cumulative[-1], bins + 1), cumulative, edges)


def integrate(integrands: Callable[[Floats], Floats], names: tuple[str, ...], *, dimensions: int, log2_points: int,
              replicates: int, seed: int, iterations: int = 5, signed: tuple[int, ...] = ()) -> Estimate:  # fmt: skip
    """Integrate several functions over the unit cube: points (n, d) -> values (m, n).

    ``iterations`` batches of 4096 points, which are then thrown away, train the map; ``replicates`` scrambles of
    ``2**log2_points`` Sobol points give mean and error.  Rows in ``signed``, which may have either sign and
    integrate to zero, take no part in the training.
    """
    cube = AdaptiveMap(dimensions)
    rng = np.random.default_rng([seed, 0])
    for _ in range(iterations):
        points, jacobian, index = cube(rng.random((4096, dimensions)))
        values = np.delete(integrands(points) * jacobian, signed, axis=0)
        cube.adapt(np.sum((values / values.mean(axis=1)[:, None]) ** 2, axis=0), index)

    results = []
    for replicate in range(replicates):
        sobol = qmc.Sobol(dimensions, scramble=True, rng=np.random.default_rng([seed, replicate + 1]))
        total = np.zeros(len(names))
        for part in np.array_split(sobol.random_base2(log2_points), max(1, 2**log2_points // 4096)):
            points, jacobian, _ = cube(part)
            total += integrands(points) @ jacobian
        results.append(total / 2**log2_points)
    values = np.array(results)
    covariance = np.cov(values, rowvar=False) / replicates
    return Estimate(names, values.mean(axis=0), np.atleast_2d(covariance))


def cross_section(target: Target, *, energy: float, mass_minus: float, mass_plus: float, couplings: dict[str, Couplings]
                  | None = None, antineutrino: bool = False, log2_points: int = 10, replicates: int = 32, seed: int = 1,
                  kappa_scale: float = 0.05) -> Estimate:  # fmt: skip
    """Cross section in fb per target.

    Returns the estimate of ``vv``, ``aa``, ``va`` and of every entry of ``couplings``, a mapping from a name to a
    function K2 (GeV^2) -> (gV, gA); all on the same events.
    """
    couplings = couplings or {}

    def integrands(points: Floats) -> Floats:
        event = generate(points, energy=energy, mass=target.mass, mass_minus=mass_minus, mass_plus=mass_plus,
                         q2_cut=target.q2_cut, kappa_scale=kappa_scale)  # fmt: skip
        pieces = differential(event, target, mass_minus, mass_plus, antineutrino=antineutrino)
        kappa = event.k - event.k_out
        rows = list(pieces)
        for coupling in couplings.values():
            gv, ga = coupling(-dot(kappa, kappa))
            rows.append(gv**2 * pieces[0] + ga**2 * pieces[1] + gv * ga * pieces[2])
        return np.array(rows)

    return integrate(integrands, ("vv", "aa", "va", *couplings), dimensions=8, log2_points=log2_points,
                     replicates=replicates, seed=seed, signed=(2,))  # fmt: skip


def photon_cross_section(
    s: float,
    *,
    mass_minus: float,
    mass_plus: float,
    virtuality: float = 0.0,
    log2_points: int = 10,
    replicates: int = 32,
    seed: int = 1,
    kappa_scale: float = 0.05,
) -> Estimate:
    """``nu + gamma* -> nu l- l+`` at ``s = (k + q)^2`` on an unpolarised transverse photon, in fb.

    With ``virtuality`` Q2 = -q^2 > 0 (GeV^2) the flux factor is ``4 k.q`` and the entries ``vv_long``, ``aa_long``,
    ``va_long`` are the same for the longitudinal photon.
    """
    shat = s + virtuality
    rest = np.sqrt(s)
    omega, q0 = shat / (2 * rest), (s - virtuality) / (2 * rest)
    along = [omega, 0.0, 0.0, -q0]  # longitudinal polarisation times Q: orthogonal to q, square Q2

    def integrands(points: Floats) -> Floats:
        n = len(points)
        k = np.broadcast_to([omega, 0.0, 0.0, omega], (n, 4)).copy()
        q = np.broadcast_to([q0, 0.0, 0.0, -omega], (n, 4)).copy()
        full = np.full(n, shat), np.full(n, virtuality)
        k_out, minus, plus, weight = _decay(k, q, *full, points, mass_minus, mass_plus, kappa_scale)
        leptons = leptonic_tensor(Event(k, k_out, minus, plus, q, k, k, weight), mass_minus, mass_plus).real
        # the photon comes along the third axis
        pieces = 0.5 * (leptons[:, :, 1, 1] + leptons[:, :, 2, 2])
        if virtuality > 0:
            longitudinal = np.einsum("a,snab,b->sn", along, leptons, along) / virtuality
            pieces = np.concatenate([pieces, longitudinal])
        flux = 2 * shat
        return pieces * (0.5 * FERMI_CONSTANT**2 * 4 * np.pi * ALPHA * GEV2_FB / flux) * weight

    names = ("vv", "aa", "va") + (("vv_long", "aa_long", "va_long") if virtuality > 0 else ())
    return integrate(
        integrands,
        names,
        dimensions=5,
        log2_points=log2_points,
        replicates=replicates,
        seed=seed,
        signed=(2, 5)[: len(names) // 3],
    )


def constant(gv: float, ga: float) -> Couplings:
    """Couplings of a contact interaction."""
    return lambda k2: (np.full_like(k2, gv), np.full_like(k2, ga))


def with_mediator(gv: float, ga: float, *, coupling: float, mass: float) -> Couplings:
    """SM couplings and a vector mediator of unit charges: gV + 2 v^2 g'^2/(K2 + m^2)."""
    return lambda k2: (gv + 2 * HIGGS_VEV**2 * coupling**2 / (k2 + mass**2), np.full_like(k2, ga))


# --------------------------------------------------------------------------------------------------------------------
# Distributions
# --------------------------------------------------------------------------------------------------------------------
def angle_between(a: Floats, b: Floats) -> Floats:
    """Angles between vectors (n, 2) or (n, 3), exact for small and large ones: Kahan's formula."""
    a = a / np.linalg.norm(a, axis=1)[:, None]
    b = b / np.linalg.norm(b, axis=1)[:, None]
    return np.asarray(2 * np.arctan2(np.linalg.norm(a - b, axis=1), np.linalg.norm(a + b, axis=1)))


def _product(p: Floats, r: Floats, masses: tuple[float, float]) -> Floats:
    """Minkowski product of particles on their mass shells, as a sum of positive terms."""
    p_size, r_size = np.linalg.norm(p[:, 1:], axis=1), np.linalg.norm(r[:, 1:], axis=1)
    p_energy, r_energy = np.hypot(p_size, masses[0]), np.hypot(r_size, masses[1])
    parallel = (masses[0] * r_energy) ** 2 + (masses[1] * p_size) ** 2
    parallel /= p_energy * r_energy + p_size * r_size
    half = np.sin(angle_between(p[:, 1:], r[:, 1:]) / 2)
    return np.asarray(parallel + 2 * p_size * r_size * half**2)


def kinematics(k: Floats, k_out: Floats, minus: Floats, plus: Floats, target_out: Floats, *, mass: float,
               mass_minus: float, mass_plus: float) -> dict[str, Floats]:  # fmt: skip
    """Quantities of events from their four-vectors (n, 4) with the neutrino along the third axis; GeV and rad.

    ``q2``, ``k2``, ``shat`` (2 k.q), ``pair_mass``, ``opening``, ``sharing`` (energy of l- over that of the pair),
    ``angle_minus`` and ``angle_plus`` to the beam, ``recoil`` (momentum), ``recoil_angle``, ``neutrino_energy`` of the
    outgoing one, and azimuths around the beam, from 0 to pi: ``azimuth`` between the leptons, ``azimuth_neutrino`` of
    the outgoing neutrino from l-, ``azimuth_recoil`` of the recoil from the neutrino.  ``handedness`` is the triple
    product of the directions of neutrino, l- and l+, between -1 and 1.
    """
    recoil = target_out[:, 1:]
    p2 = np.sum(recoil**2, axis=1)
    kinetic = p2 / (np.sqrt(p2 + mass**2) + mass)
    along = k[:, 1:]
    directions = [v[:, 1:] / np.linalg.norm(v[:, 1:], axis=1)[:, None] for v in (k_out, minus, plus)]
    return {
        "q2": 2 * mass * kinetic,
        "k2": 2 * _product(k, k_out, (0.0, 0.0)),
        "shat": 2 * k[:, 0] * (recoil[:, 2] - kinetic),
        "pair_mass": np.sqrt(mass_minus**2 + mass_plus**2 + 2 * _product(minus, plus, (mass_minus, mass_plus))),
        "opening": angle_between(minus[:, 1:], plus[:, 1:]),
        "sharing": minus[:, 0] / (minus[:, 0] + plus[:, 0]),
        "angle_minus": angle_between(along, minus[:, 1:]),
        "angle_plus": angle_between(along, plus[:, 1:]),
        "recoil": np.sqrt(p2),
        "recoil_angle": angle_between(along, recoil),
        "neutrino_energy": k_out[:, 0],
        "azimuth": angle_between(minus[:, 1:3], plus[:, 1:3]),
        "azimuth_neutrino": angle_between(minus[:, 1:3], k_out[:, 1:3]),
        "azimuth_recoil": angle_between(k_out[:, 1:3], recoil[:, :2]),
        "handedness": np.sum(np.cross(directions[1], directions[2]) * directions[0], axis=1),
    }


@dataclass(frozen=True)
class Sample:
    """Weighted events: quantities by name (n,), and the contributions (3, n) of gV^2, gA^2, gV gA in fb.

    The mean of the contributions is the cross section.
    """

    quantities: dict[str, Floats]
    pieces: Floats

    def weights(self, couplings: Couplings) -> Floats:
        """Contributions (n,) to the cross section in fb with couplings."""
        gv, ga = couplings(self.quantities["k2"])
        return np.asarray(gv**2 * self.pieces[0] + ga**2 * self.pieces[1] + gv * ga * self.pieces[2])


def sample(target: Target, *, energy: float, mass_minus: float, mass_plus: float, couplings: Couplings, n: int,
           antineutrino: bool = False, seed: int = 1, kappa_scale: float = 0.05) -> Sample:  # fmt: skip
    """Events at ``n`` pseudo-random points of a map that was trained on the cross section with these couplings."""

    def events(points: Floats) -> Sample:
        event = generate(points, energy=energy, mass=target.mass, mass_minus=mass_minus, mass_plus=mass_plus,
                         q2_cut=target.q2_cut, kappa_scale=kappa_scale)  # fmt: skip
        quantities = kinematics(event.k, event.k_out, event.minus, event.plus, event.target_out, mass=target.mass,
                                mass_minus=mass_minus, mass_plus=mass_plus)  # fmt: skip
        return Sample(quantities, differential(event, target, mass_minus, mass_plus, antineutrino=antineutrino))

    cube = AdaptiveMap(8)
    rng = np.random.default_rng([seed, 0])
    for _ in range(5):
        points, jacobian, index = cube(rng.random((4096, 8)))
        cube.adapt((events(points).weights(couplings) * jacobian) ** 2, index)
    parts = []
    for start in range(0, n, 4096):
        points, jacobian, _ = cube(rng.random((min(4096, n - start), 8)))
        part = events(points)
        parts.append(Sample(part.quantities, part.pieces * jacobian))
    names = parts[0].quantities
    return Sample(
        {name: np.concatenate([part.quantities[name] for part in parts]) for name in names},
        np.concatenate([part.pieces for part in parts], axis=1),
    )


@dataclass(frozen=True)
class Histogram:
    """Integrals over bins (m,), and the covariance (m, m) of their estimates."""

    mean: Floats
    covariance: Floats

    @property
    def error(self) -> Floats:
        """Standard errors (m,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))


def histogram(index: NDArray[np.intp], weights: Floats, bins: int) -> Histogram:
    """Histogram of weighted events (n,), whose mean weight is the integral, in bins given by number (n,)."""
    n = len(weights)
    mean = np.bincount(index, weights=weights, minlength=bins) / n
    squares = np.bincount(index, weights=weights**2, minlength=bins) / n
    return Histogram(mean, (np.diag(squares) - np.outer(mean, mean)) / n)


def equal_shares(values: Floats, weights: Floats, bins: int) -> Floats:
    """Edges (bins - 1,) between bins of equal weight; the first and the last bin are open."""
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order])
    return np.asarray(np.interp(np.arange(1, bins) / bins * cumulative[-1], cumulative, values[order]))


def chi_squared(first: Histogram, second: Histogram) -> float:
    """Distance of two independent estimates of the same integrals: chi-squared with as many degrees as bins."""
    difference = first.mean - second.mean
    return float(difference @ np.linalg.solve(first.covariance + second.covariance, difference))
