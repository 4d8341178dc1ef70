r"""The two azimuths of an event: of the leptons, and of the scatterer, around the photon.

Once the invariants are fixed, the squared amplitude is a trigonometric polynomial in both.  The scatterer's momentum,
up to a part along q that a conserved current does not see, is

    P = beta k + P_T (cos(psi) e1 + sin(psi) e2),   P_T^2 = Q2 (a^2 - a) - M^2,   a = 2 M E / shat,
    beta = (Q2/shat) (2 a - 1),

with unit vectors e1 and e2 orthogonal to q and to the neutrino's momentum k, e1 in the plane of the neutrinos.  Each
of the four helicities of the leptons adds a square ``|sum_J c_J(psi) exp(i J phi)|^2`` (plus, for a nucleon, the same
with -g in place of P P).  One of them is picked with its mean over the azimuths, then psi and phi follow by rejection
under the bound that the triangle inequality gives: nothing is approximated, and no event is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recast.events.proposal import Trials
from recast.trident.helicity import SQRT2, Frame, PairKinematics, amplitudes

__all__ = ["Azimuths", "draw_azimuths"]

Array = NDArray[np.float64]

_UNIT = {"+": 1, "-": -1, "n": 0, "0": 0}
_J_OFFSET = 2  # J_z from -2 to 2 are columns 0 to 4


@dataclass(frozen=True)
class Azimuths:
    """Azimuths of events and the structures of their squared amplitude.

    Attributes
    ----------
    phi : ndarray, shape (n,)
        Of the negative lepton about the photon in the pair's rest frame, from the plane of the neutrinos.
    psi : ndarray, shape (n,)
        Of the scatterer about photon and neutrino, from the same plane.
    structures : ndarray, shape (3, n)
        Coefficients of gV^2, gA^2, gV gA in the squared amplitude, of arbitrary common normalisation.
    """

    phi: Array
    psi: Array
    structures: Array


@dataclass(frozen=True)
class _Contractions:
    """Amplitudes contracted with k, e1 and e2 (without its factor i), by J_z: shape (4 helicities, 3, 5, n)."""

    vector: Array
    axial: Array


def _contractions(point: PairKinematics, mass_minus: float, mass_plus: float) -> _Contractions:
    frame = Frame.of(point)
    q2 = point.photon_virtuality
    n = q2.shape[0]
    # e1 = N (x + c q + d n): orthogonal to q and k
    along_q = frame.neutrino_x / (frame.neutrino_n * frame.q_plus)
    along_n = along_q * q2 / frame.q_plus
    norm = 1.0 / np.sqrt(1.0 - along_q**2 * q2)
    on = {
        "+": (-frame.neutrino_x / SQRT2, -norm / SQRT2, 1.0 / SQRT2),
        "-": (frame.neutrino_x / SQRT2, norm / SQRT2, 1.0 / SQRT2),
        "n": (frame.neutrino_n, norm * along_n, None),
    }
    both = np.zeros((2, 4, 3, 5, n))
    for h, pair in enumerate(amplitudes(point, frame, mass_minus, mass_plus)):
        for out, named in zip(both, pair, strict=True):
            for name, amplitude in named.items():
                column = _UNIT[name[0]] + _UNIT[name[1]] + _J_OFFSET
                for direction, component in enumerate(on[name[0]]):
                    if component is not None:
                        out[h, direction, column] += component * amplitude
    return _Contractions(both[0], both[1])


@dataclass(frozen=True)
class _Scatterer:
    """Coefficients of the hadronic tensor on k, e1, e2: shape (n,) each."""

    beta: Array  # of k in P, times the square root of 4 charge
    transverse: Array  # P_T times the same
    magnetic: Array
    longitudinal: Array  # 4 Q2 / shat^2


def _scatterer(trials: Trials, mass: float) -> _Scatterer:
    q2, shat = trials.point.photon_virtuality, trials.point.shat
    a = 2.0 * mass * trials.energy / shat
    root = 2.0 * np.sqrt(trials.charge)
    return _Scatterer(
        root * (q2 / shat) * (2.0 * a - 1.0),
        root * np.sqrt(np.maximum(q2 * (a * a - a) - mass**2, 0.0)),
        trials.magnetic,
        4.0 * q2 / shat**2,
    )


def draw_azimuths(
    trials: Trials, mass: float, masses: tuple[float, float], gv: Array, ga: Array, rng: np.random.Generator
) -> Azimuths:
    """Draw the azimuths of trials from their exact distribution.

    Parameters
    ----------
    trials : Trials
        n of them.
    mass : float
        Of the scatterer in GeV.
    masses : tuple of float
        Of the negative and positive lepton in GeV.
    gv, ga : ndarray, shape (n,)
        Couplings; ``ga`` with the opposite sign for antineutrinos.
    rng : Generator

    Returns
    -------
    Azimuths
        Structures are those of a neutrino.
    """
    parts = _contractions(trials.point, *masses)
    hadron = _scatterer(trials, mass)
    amplitude = gv * parts.vector + ga * parts.axial
    phi, psi = _reject(amplitude, hadron, rng)
    return Azimuths(phi, psi, _structures(parts, hadron, phi, psi))


def _reject(amplitude: Array, hadron: _Scatterer, rng: np.random.Generator) -> tuple[Array, Array]:
    n = amplitude.shape[-1]
    squares = np.einsum("hdjn,hdjn->hdn", amplitude, amplitude)
    on_k, on_e = squares[:, 0], squares[:, 1] + squares[:, 2]
    mean = hadron.beta**2 * on_k + 0.5 * hadron.transverse**2 * on_e
    mean += hadron.magnetic * (on_e - hadron.longitudinal * on_k)
    cumulative = np.cumsum(np.maximum(mean, 0.0), axis=0)
    helicity = np.minimum((rng.random(n) * cumulative[-1] >= cumulative).sum(axis=0), 3)
    chosen = np.ascontiguousarray(amplitude[helicity, :, :, np.arange(n)].transpose(1, 2, 0))  # (3, 5, n)
    sizes = np.abs(chosen)
    electric = hadron.beta * sizes[0].sum(axis=0) + hadron.transverse * np.hypot(sizes[1], sizes[2]).sum(axis=0)
    bound = electric**2 + hadron.magnetic * (sizes[1].sum(axis=0) ** 2 + sizes[2].sum(axis=0) ** 2)
    phi, psi = np.empty(n), np.empty(n)
    left = np.arange(n)
    fields = np.stack([hadron.beta, hadron.transverse, hadron.magnetic, hadron.longitudinal])
    while left.size:
        try_phi, try_psi, u = 2.0 * np.pi * rng.random((3, left.size))
        value = _square(chosen, _Scatterer(*fields), np.exp(1j * try_phi), try_psi)
        kept = u * bound <= 2.0 * np.pi * value
        phi[left[kept]], psi[left[kept]] = try_phi[kept], try_psi[kept]
        rest = ~kept
        left, chosen, bound, fields = left[rest], chosen[..., rest], bound[rest], fields[:, rest]
    return phi, psi


def _at(amplitude: Array, turn: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Sum over J_z at an azimuth of the leptons: (..., 3, 5, n) to (..., 3, n)."""
    a = np.moveaxis(amplitude, -2, 0)
    back = turn.conj()
    return np.asarray((a[4] * turn + a[3]) * turn + a[2] + (a[0] * back + a[1]) * back)


def _square(amplitude: Array, hadron: _Scatterer, turn: NDArray[np.complex128], psi: Array) -> Array:
    on = _at(amplitude, turn)
    k, e1, e2 = on[..., 0, :], on[..., 1, :], 1j * on[..., 2, :]
    electric = hadron.beta * k + hadron.transverse * (np.cos(psi) * e1 + np.sin(psi) * e2)
    metric = _abs2(e1) + _abs2(e2) - hadron.longitudinal * _abs2(k)
    return _abs2(electric) + hadron.magnetic * metric


def _abs2(z: NDArray[np.complex128]) -> Array:
    return np.asarray(z.real**2 + z.imag**2)


def _structures(parts: _Contractions, hadron: _Scatterer, phi: Array, psi: Array) -> Array:
    turn = np.exp(1j * phi)
    vv = _square(parts.vector, hadron, turn, psi).sum(axis=0)
    aa = _square(parts.axial, hadron, turn, psi).sum(axis=0)
    total = _square(parts.vector + parts.axial, hadron, turn, psi).sum(axis=0)
    return np.stack([vv, aa, total - vv - aa])
