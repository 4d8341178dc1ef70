"""Helicity amplitudes of a Z boson that decays into four massless muons.

A diagram is a muon line that the Z boson ends on, with a boson V emitted before or after, and the muon line that V
turns into. With p1, p2 on the first line, p3, p4 on the second, ``q = p3 + p4`` and chirality h of the first line,

    T^i = ubar_h(p1) [J-slash (p1 + q)-slash gamma^i / (p1 + q)^2
                      - gamma^i (p2 + q)-slash J-slash / (p2 + q)^2] v_h(p2),    J^a = ubar_h'(p3) gamma^a v_h'(p4),

for a Z boson at rest with polarisation along the axis i. Massless lines conserve chirality, so that a diagram is a
product of two-component spinors (conventions: ``sigma^a = (1, sigma)``, left-handed spinors with
``lambda lambda^dagger = p.sigma``, right-handed ones with ``p.sigmabar``).

Muons that cannot be told apart are paired in two ways, mu-(1) mu+(2) with mu-(3) mu+(4), or mu-(1) mu+(4) with
mu-(3) mu+(2), with the relative sign of Fermi statistics; they interfere where both lines have the same chirality.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recast.z_to_four_muons.bosons import Boson, Chirality

__all__ = [
    "PAIRS",
    "emission",
    "emission_squared",
    "four_muon_squared",
    "interference",
    "two_flavours_squared",
]

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
Line = tuple[int, int]
Term = tuple[Line, ComplexArray]

CHIRALITIES: tuple[Chirality, Chirality] = ("L", "R")

PAIRS: tuple[Line, ...] = ((0, 1), (2, 3), (0, 3), (2, 1))
"""Muons of opposite charge, counted from 0 in the order -, +, -, +."""
DIRECT, EXCHANGED = (PAIRS[0], PAIRS[1]), (PAIRS[2], PAIRS[3])


class _Muons:
    """Momenta of mu-, mu+, mu-, mu+ with their two-component spinors.

    Parameters
    ----------
    momenta : ndarray, shape (4, 4, n)
        By muon and component (E, px, py, pz), in GeV.
    """

    def __init__(self, momenta: FloatArray) -> None:
        self.momenta = momenta
        energy, x, y, z = np.moveaxis(momenta, 1, 0)
        root = np.sqrt(np.maximum(energy + z, np.finfo(float).tiny))
        # Shapes (4, 2, n): muon, component.
        self.left = np.stack([(1j * y - x) / root, root + 0j], axis=1)
        self.right = np.stack([root + 0j, (x + 1j * y) / root], axis=1)

    def spinors(self, line: Line, chirality: Chirality) -> tuple[ComplexArray, ComplexArray]:
        """Return the spinors of mu- and mu+ of a line."""
        spinors = self.left if chirality == "L" else self.right
        return spinors[line[0]], spinors[line[1]]

    def pair(self, line: Line) -> FloatArray:
        """Return the momentum of a line."""
        return np.asarray(self.momenta[line[0]] + self.momenta[line[1]])


def emission(momenta: FloatArray, chiralities: tuple[Chirality, Chirality]) -> ComplexArray:
    """Return the vector T for a Z boson on the line (1, 2) and a boson that turns into (3, 4).

    Parameters
    ----------
    momenta : ndarray, shape (4, 4, n)
        Of mu-(1), mu+(2), mu-(3), mu+(4) by component (E, px, py, pz), in GeV, in the rest frame of the Z boson.
    chiralities : pair of {"L", "R"}
        Of the lines (1, 2) and (3, 4).

    Returns
    -------
    ndarray, shape (3, n)
        Along the three axes, without couplings and propagator.
    """
    return _emission(_Muons(momenta), *DIRECT, chiralities)


def emission_squared(momenta: FloatArray, z: Boson) -> FloatArray:
    """Return the squared amplitude of ``Z -> mu mu V, V -> mu mu`` without couplings and propagator of V.

    Only one pairing enters: in the limit of a narrow V that is all there is.

    Parameters
    ----------
    momenta : ndarray, shape (4, 4, n)
        Of mu-, mu+ and of mu-, mu+ from V, as in `emission`.
    z : Boson
        The decaying boson.

    Returns
    -------
    ndarray, shape (3, n)
        Summed over the spins of the muons, for a Z boson polarised along each of the three axes.
    """
    muons = _Muons(momenta)
    total = np.zeros(momenta.shape[1:])[1:]
    for first in CHIRALITIES:
        for second in CHIRALITIES:
            total += z.coupling(first) ** 2 * _modulus(_emission(muons, *DIRECT, (first, second)))
    return total


def four_muon_squared(momenta: FloatArray, bosons: Sequence[Boson], z: Boson) -> FloatArray:
    """Return the squared amplitude of ``Z -> mu- mu+ mu- mu+`` through any bosons, all eight diagrams for each.

    Parameters
    ----------
    momenta : ndarray, shape (4, 4, n)
        As in `emission`.
    bosons : sequence of Boson
        Photon, Z, new ones.
    z : Boson
        The decaying boson.

    Returns
    -------
    ndarray, shape (3, n)
        Summed over spins, for each polarisation; to be divided by 2! 2! when integrated over all of phase space.
    """
    muons = _Muons(momenta)
    total = np.zeros(momenta.shape[1:])[1:]
    for terms, chiralities in _four_muon_states(muons, z):
        total += _modulus(_amplitude(muons, terms, chiralities, bosons))
    return total


def two_flavours_squared(momenta: FloatArray, bosons: Sequence[Boson], z: Boson) -> FloatArray:
    """Return the squared amplitude of ``Z -> l- l+ l'- l'+`` for leptons that can be told apart.

    Parameters and result as in `four_muon_squared`; there is no factor for identical particles.
    """
    muons = _Muons(momenta)
    total = np.zeros(momenta.shape[1:])[1:]
    for first in CHIRALITIES:
        for second in CHIRALITIES:
            terms = _diagrams(muons, DIRECT, (first, second), z)
            total += _modulus(_amplitude(muons, terms, (first, second), bosons))
    return total


def interference(momenta: FloatArray, bosons: Sequence[Boson], z: Boson) -> FloatArray:
    """Return what a new boson with small couplings adds to the squared amplitude, up to its propagator.

    Parameters
    ----------
    momenta : ndarray, shape (4, 4, n)
        As in `emission`.
    bosons : sequence of Boson
        Those that the new one interferes with.
    z : Boson
        The decaying boson.

    Returns
    -------
    ndarray, shape (3, 4, n)
        For each polarisation and pair of `PAIRS`: the coefficients of ``g^2 Re 1 / (s - m^2)``, s being the squared
        mass of the pair, g the coupling of the new boson to the vector current of muons and m its mass.
    """
    muons = _Muons(momenta)
    total = np.zeros((3, len(PAIRS), momenta.shape[-1]))
    for terms, chiralities in _four_muon_states(muons, z):
        known = np.conj(_amplitude(muons, terms, chiralities, bosons))
        for pair, term in terms:
            total[:, PAIRS.index(pair)] += 2.0 * (known * term).real
    return total


def _four_muon_states(muons: _Muons, z: Boson) -> Iterator[tuple[list[Term], tuple[Chirality, Chirality]]]:
    """Yield the diagrams that interfere, for each choice of the spins of four muons."""
    for first in CHIRALITIES:
        for second in CHIRALITIES:
            direct = _diagrams(muons, DIRECT, (first, second), z)
            exchanged = [(pair, -term) for pair, term in _diagrams(muons, EXCHANGED, (first, second), z)]
            if first == second:
                yield direct + exchanged, (first, second)
            else:
                yield direct, (first, second)
                yield exchanged, (first, second)


def _diagrams(
    muons: _Muons, lines: tuple[Line, Line], chiralities: tuple[Chirality, Chirality], z: Boson
) -> list[Term]:
    """Return the amplitudes of one pairing without the propagator and couplings of the boson that turns into a pair."""
    return [
        (lines[b], z.coupling(chiralities[a]) * _emission(muons, lines[a], lines[b], (chiralities[a], chiralities[b])))
        for a, b in ((0, 1), (1, 0))
    ]


def _amplitude(
    muons: _Muons, terms: list[Term], chiralities: tuple[Chirality, Chirality], bosons: Sequence[Boson]
) -> ComplexArray:
    """Return the sum of diagrams with their propagators and couplings."""
    total = np.zeros((3, muons.momenta.shape[-1]), dtype=np.complex128)
    for pair, term in terms:
        virtuality = _square(muons.pair(pair))
        factor = np.zeros(virtuality.shape, dtype=np.complex128)
        for boson in bosons:
            couplings = boson.coupling(chiralities[0]) * boson.coupling(chiralities[1])
            factor += couplings * boson.propagator(virtuality)
        total += factor * term
    return total


def _emission(muons: _Muons, first: Line, second: Line, chiralities: tuple[Chirality, Chirality]) -> ComplexArray:
    minus, plus = muons.spinors(first, chiralities[0])
    # gamma^a is sigmabar between left-handed spinors and sigma between right-handed ones.
    current = _current(*muons.spinors(second, chiralities[1]), -1 if chiralities[1] == "L" else 1)
    sign = 1 if chiralities[0] == "L" else -1
    inner = _slash(current, sign)
    q = muons.pair(second)
    before, after = muons.momenta[first[0]] + q, muons.momenta[first[1]] + q
    row = _row(_row(np.conj(minus), inner), _slash(before, -sign)) / _square(before)
    column = _column(_slash(after, -sign), _column(inner, plus)) / _square(after)
    return np.asarray(_current(np.conj(row), plus, -sign)[1:] - _current(minus, column, -sign)[1:])


def _current(bra: ComplexArray, ket: ComplexArray, sign: int) -> ComplexArray:
    """Return ``bra^dagger (1, sign sigma) ket`` of shape (4, n)."""
    a, b = np.conj(bra)
    c, d = ket
    along, across = a * c, b * d
    up, down = a * d, b * c
    return np.stack([along + across, sign * (up + down), sign * 1j * (down - up), sign * (along - across)])


def _slash(vector: NDArray[Any], sign: int) -> ComplexArray:
    """Return the matrices ``v^0 + sign v.sigma`` of shape (2, 2, n); the vector may be complex."""
    t, x, y, z = vector
    return np.stack([np.stack([t + sign * z, sign * (x - 1j * y)]), np.stack([sign * (x + 1j * y), t - sign * z])])


def _row(row: ComplexArray, matrix: ComplexArray) -> ComplexArray:
    return np.asarray(row[0] * matrix[0] + row[1] * matrix[1])


def _column(matrix: ComplexArray, column: ComplexArray) -> ComplexArray:
    return np.asarray(matrix[:, 0] * column[0] + matrix[:, 1] * column[1])


def _square(momentum: FloatArray) -> FloatArray:
    return np.asarray(momentum[0] ** 2 - momentum[1] ** 2 - momentum[2] ** 2 - momentum[3] ** 2)


def _modulus(amplitude: ComplexArray) -> FloatArray:
    return np.asarray(amplitude.real**2 + amplitude.imag**2)
