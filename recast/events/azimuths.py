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

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
    squares = (amplitude * amplitude).sum(axis=2)  # (4, 3, n)
    on_k, on_e = squares[:, 0], squares[:, 1] + squares[:, 2]
    mean = hadron.beta**2 * on_k + 0.5 * hadron.transverse**2 * on_e
    mean += hadron.magnetic * (on_e - hadron.longitudinal * on_k)
    cumulative = np.cumsum(np.maximum(mean, 0.0), axis=0)
    helicity = np.minimum((rng.random(n) * cumulative[-1] >= cumulative).sum(axis=0), 3)
    k, e1, e2 = np.moveaxis(amplitude[helicity, :, :, np.arange(n)], 0, -1).copy()  # (5, n) each
    first, second = (squares[helicity, i, np.arange(n)] for i in (1, 2))
    crossed = 2.0 * hadron.beta * hadron.transverse * (k * e1).sum(axis=0)
    cos_2psi = 0.5 * hadron.transverse**2 * (first - second)
    psi = _draw_angle([mean[helicity, np.arange(n)], crossed, cos_2psi], rng)
    turned = (hadron.beta * k + hadron.transverse * np.cos(psi) * e1) + 1j * (hadron.transverse * np.sin(psi) * e2)
    parts: list[tuple[Array | float, NDArray[Any]]] = [(1.0, turned)]
    if hadron.magnetic.any():
        magnetic = hadron.magnetic
        parts += [(magnetic, e1), (magnetic, e2), (-magnetic * hadron.longitudinal, k)]
    harmonics = [
        sum((2.0 if m else 1.0) * weight * (c[m:] * c[: 5 - m].conj()).sum(axis=0) for weight, c in parts)
        for m in range(5)
    ]
    return _draw_angle(harmonics, rng), psi


def _draw_angle(harmonics: Sequence[NDArray[Any]], rng: np.random.Generator) -> Array:
    """Draw angles of densities ``Re sum_m h_m exp(i m angle)``, n of them at a time, by rejection."""
    h = np.stack(harmonics).astype(complex)
    bound = np.abs(h).sum(axis=0)
    angle = np.empty(bound.size)
    left = np.arange(bound.size)
    while left.size:
        tried, u = rng.random((2, left.size))
        tried *= 2.0 * np.pi
        turn = np.exp(1j * tried)
        value = h[-1]
        for coefficient in h[-2::-1]:
            value = value * turn + coefficient
        rest = np.flatnonzero(u * bound > value.real)
        angle[left] = tried
        left, h, bound = left[rest], h[:, rest], bound[rest]
    return angle


def _structures(parts: _Contractions, hadron: _Scatterer, phi: Array, psi: Array) -> Array:
    cos_sin = np.cos(phi), np.sin(phi), np.cos(2.0 * phi), np.sin(2.0 * phi)
    vector, axial = (_at(part, *cos_sin) for part in (parts.vector, parts.axial))
    electric = [_electric(on, hadron, psi) for on in (vector, axial)]
    vv, aa, va = _products(*electric)
    if hadron.magnetic.any():
        for direction, sign in ((0, -hadron.longitudinal), (1, 1.0), (2, 1.0)):
            more = _products(*((re[:, direction], im[:, direction]) for re, im in (vector, axial)))
            vv, aa, va = (x + hadron.magnetic * sign * y for x, y in zip((vv, aa, va), more, strict=True))
    return np.stack([vv, aa, va])


def _at(amplitude: Array, cos: Array, sin: Array, cos2: Array, sin2: Array) -> tuple[Array, Array]:
    """Sum over J_z at an azimuth of the leptons: (4, 3, 5, n) to real and imaginary parts (4, 3, n)."""
    a = np.moveaxis(amplitude, 2, 0)
    return a[2] + (a[3] + a[1]) * cos + (a[4] + a[0]) * cos2, (a[3] - a[1]) * sin + (a[4] - a[0]) * sin2


def _electric(on: tuple[Array, Array], hadron: _Scatterer, psi: Array) -> tuple[Array, Array]:
    """Contract with the scatterer's momentum: real and imaginary parts, (4, n)."""
    along, across = hadron.transverse * np.cos(psi), hadron.transverse * np.sin(psi)
    re, im = on
    return (
        hadron.beta * re[:, 0] + along * re[:, 1] - across * im[:, 2],
        hadron.beta * im[:, 0] + along * im[:, 1] + across * re[:, 2],
    )


def _products(vector: tuple[Array, Array], axial: tuple[Array, Array]) -> tuple[Array, Array, Array]:
    """Squares of both and twice the product, summed over helicities."""
    (vr, vi), (ar, ai) = vector, axial
    return (
        (vr * vr + vi * vi).sum(axis=0),
        (ar * ar + ai * ai).sum(axis=0),
        2.0 * (vr * ar + vi * ai).sum(axis=0),
    )
