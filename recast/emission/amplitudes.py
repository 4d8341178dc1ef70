"""Squared amplitudes of e+ e- -> mu+ mu- Z', summed over all spins.

A fermion line emits the boson (index a) and a photon (index b),

    T^ab = left [gamma^a S(p) gamma^b + gamma^b S(p') gamma^a] right ,    S(p) = (pslash + M) / (p^2 - M^2) ,

where p is the momentum between the two vertices when the boson is next to ``left``. Emission from the muons has
left = ubar(k1), right = v(k2), p = k1 + q, p' = -k2 - q; emission from the beams left = vbar(p2), right = u(p1),
p = q - p2, p' = p1 - q. The other line is a vector current without emission: with R the difference of its momenta and
s_g its mass squared, the sum over its spins is ``2 (-R^b R^b' - s_g g^bb')`` up to terms that vanish because T is
conserved. The decay of the boson into muons gives the same with their momenta.

Four-vectors are arrays (..., 4), energy first; the metric is (+, -, -, -).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["METRIC", "antiparticle", "conjugate", "contracted", "dot", "line_tensor", "particle"]

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

METRIC = np.array([1.0, -1.0, -1.0, -1.0])


def _gamma_matrices() -> ComplexArray:
    """Return gamma^0 to gamma^3 in the Dirac representation, shape (4, 4, 4)."""
    pauli = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]], dtype=np.complex128)
    gamma = np.zeros((4, 4, 4), dtype=np.complex128)
    gamma[0] = np.diag([1.0, 1.0, -1.0, -1.0])
    gamma[1:, :2, 2:] = pauli
    gamma[1:, 2:, :2] = -pauli
    return gamma


GAMMA = _gamma_matrices()
_PAULI = GAMMA[1:, :2, 2:]


def dot(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the Minkowski product over the last axis."""
    return np.asarray(np.sum(METRIC * a * b, axis=-1))


def particle(momentum: FloatArray, mass: float) -> ComplexArray:
    """Return u(p) of both spins, shape (n, 2, 4), normalised to ubar u = 2 m."""
    upper, lower = _halves(momentum, mass)
    return np.concatenate([upper, lower], axis=-1)


def antiparticle(momentum: FloatArray, mass: float) -> ComplexArray:
    """Return v(p) of both spins, shape (n, 2, 4), normalised to vbar v = -2 m."""
    upper, lower = _halves(momentum, mass)
    return np.concatenate([lower, upper], axis=-1)


def _halves(momentum: FloatArray, mass: float) -> tuple[ComplexArray, ComplexArray]:
    """Return sqrt(E + m) chi and (sigma p) chi / sqrt(E + m), each of shape (n, 2, 2), for both spins chi."""
    root = np.sqrt(momentum[:, 0] + mass)
    large = root[:, None, None] * np.eye(2, dtype=np.complex128)
    sigma = np.einsum("ni,ijk->njk", momentum[:, 1:], _PAULI)
    # Spins stand on the first of the two axes.
    small = np.swapaxes(sigma, 1, 2) / root[:, None, None]
    return large, small


def conjugate(spinor: ComplexArray) -> ComplexArray:
    """Return the Dirac conjugate of spinors, shape (n, 2, 4)."""
    return np.asarray(np.conj(spinor) @ GAMMA[0])


def line_tensor(
    left: ComplexArray, right: ComplexArray, first: FloatArray, second: FloatArray, *, mass: float
) -> ComplexArray:
    """Return T^ab of a fermion line.

    Parameters
    ----------
    left, right : ndarray, shape (n, 2, 4)
        Spinors at the ends; the left one Dirac conjugate.
    first, second : ndarray, shape (n, 4)
        Momentum between the vertices when the boson is next to ``left``, and when the photon is.
    mass : float
        Of the fermion, in GeV.

    Returns
    -------
    ndarray, shape (n, 2, 2, 4, 4)
        Spins of left and right, then indices of boson and photon, both upper.
    """
    before = np.einsum("nsi,aij->nsaj", left, GAMMA)
    after = np.einsum("bij,ntj->ntbi", GAMMA, right)
    n = left.shape[0]
    flat_before, flat_after = before.reshape(n, 8, 4), after.reshape(n, 8, 4).swapaxes(1, 2)
    one = (flat_before @ _propagator(first, mass) @ flat_after).reshape(n, 2, 4, 2, 4)
    two = (flat_before @ _propagator(second, mass) @ flat_after).reshape(n, 2, 4, 2, 4)
    # The first has the boson's index next to left, the second the photon's.
    return np.asarray(one.transpose(0, 1, 3, 2, 4) + two.transpose(0, 1, 3, 4, 2))


def _propagator(momentum: FloatArray, mass: float) -> ComplexArray:
    """Return (pslash + m) / (p^2 - m^2), shape (n, 4, 4)."""
    slash = np.einsum("na,aij->nij", METRIC * momentum, GAMMA)
    return np.asarray((slash + mass * np.eye(4)) / (dot(momentum, momentum) - mass**2)[:, None, None])


def contracted(
    tensor: ComplexArray,
    *,
    boson: tuple[FloatArray | None, float],
    photon: tuple[FloatArray, FloatArray],
) -> FloatArray:
    """Return the tensor times its conjugate, summed over spins and contracted with both other lines.

    Parameters
    ----------
    tensor : ndarray, shape (n, 2, 2, 4, 4)
    boson : tuple
        Difference of the momenta into which the boson decays, shape (n, 4), or None for its polarisation sum -g; and
        its mass.
    photon : tuple
        Difference of the momenta of the other line, shape (n, 4), and the square of its mass, shape (n,).

    Returns
    -------
    ndarray, shape (n,)
        Contraction with ``(-Q Q - m^2 g)``, or with ``-g``, and ``2 (-R R - s_g g)``.
    """
    difference, virtuality = photon
    with_r = np.einsum("nstab,nb->nsta", tensor, METRIC * difference)
    decay, mass = boson
    if decay is None:
        # -g times (-R R - s g)
        along = np.einsum("a,nsta->n", METRIC, _square(with_r))
        across = np.einsum("a,b,nstab->n", METRIC, METRIC, _square(tensor))
        return np.asarray(2.0 * (along + virtuality * across))
    with_q = np.einsum("nstab,na->nstb", tensor, METRIC * decay)
    both = np.einsum("nstb,nb->nst", with_q, METRIC * difference)
    result = _square(both).sum(axis=(1, 2))
    result += virtuality * np.einsum("b,nstb->n", METRIC, _square(with_q))
    result += mass**2 * np.einsum("a,nsta->n", METRIC, _square(with_r))
    result += mass**2 * virtuality * np.einsum("a,b,nstab->n", METRIC, METRIC, _square(tensor))
    return np.asarray(2.0 * result)


def _square(values: ComplexArray) -> FloatArray:
    return np.asarray(values.real**2 + values.imag**2)
