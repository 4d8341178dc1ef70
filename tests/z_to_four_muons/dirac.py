"""The same squared amplitudes from traces of gamma matrices: no spinors, no helicities.

A diagram is c [ubar(a) A^m v(b)] [ubar(c) B_m v(d)]; squares are products of traces over both lines, and the
interference of two pairings of the muons is one long trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from recast.z_to_four_muons.bosons import Boson

_PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
GAMMA = np.zeros((4, 4, 4), dtype=complex)
GAMMA[0] = np.diag([1, 1, -1, -1])
GAMMA[1:, :2, 2:], GAMMA[1:, 2:, :2] = _PAULI, -_PAULI
GAMMA5 = 1j * GAMMA[0] @ GAMMA[1] @ GAMMA[2] @ GAMMA[3]
METRIC = np.array([1.0, -1.0, -1.0, -1.0])


def slash(p):
    return np.einsum("m,m,mij->ij", METRIC, p, GAMMA)


def square(p):
    return float(np.sum(METRIC * p * p))


def barred(matrices):
    """gamma^0 A^dagger gamma^0."""
    return GAMMA[0] @ np.conj(np.swapaxes(matrices, -1, -2)) @ GAMMA[0]


def vertex(left, right):
    """Couplings of a boson, to the right of a gamma matrix."""
    one = np.eye(4)
    return 0.5 * (left * (one - GAMMA5) + right * (one + GAMMA5))


def emission_matrices(p1, p2, q, axis, z: Boson, boson: Boson):
    """A^m of the line that the Z boson ends on, polarised along a spatial axis, shape (4, 4, 4)."""
    at_z, at_v = vertex(z.left, z.right), vertex(boson.left, boson.right)
    polarisation = GAMMA[axis + 1] @ at_z
    result = []
    for index in range(4):
        emitted = GAMMA[index] @ at_v
        before = emitted @ slash(p1 + q) @ polarisation / square(p1 + q)
        after = polarisation @ slash(p2 + q) @ emitted / square(p2 + q)
        result.append(before - after)
    return np.array(result)


def pairing(momenta, order, axis, z: Boson, bosons: Sequence[Boson]):
    """Diagrams (A^m of the first line, B_m of the second) of one pairing, A or B holding the Z vertex."""
    a, b, c, d = (momenta[i] for i in order)
    diagrams = []
    for boson in bosons:
        plain = np.array([GAMMA[m] @ vertex(boson.left, boson.right) for m in range(4)])
        for p, q, first in (((a, b), c + d, True), ((c, d), a + b, False)):
            factor = 1.0 / (square(q) - boson.mass**2 + 1j * boson.mass * boson.width)
            emitting = factor * emission_matrices(*p, q, axis, z, boson)
            diagrams.append((emitting, plain) if first else (plain, emitting))
    return diagrams


def contracted_square(momenta, order, axis, z, bosons):
    """Sum over spins of the squared amplitude of one pairing."""
    a, b, c, d = (slash(momenta[i]) for i in order)
    diagrams = pairing(momenta, order, axis, z, bosons)
    total = 0.0
    for (A, B), (C, D) in product(diagrams, repeat=2):
        one = np.einsum("ij,mjk,kl,nli->mn", a, A, b, barred(C))
        two = np.einsum("ij,mjk,kl,nli->mn", c, B, d, barred(D))
        total += np.einsum("mn,mn,m,n->", one, two, METRIC, METRIC)
    return total.real


def crossed(momenta, axis, z, bosons):
    """Sum over spins of 2 Re (direct conj(exchanged)) for the orders 0123 and 0321."""
    p = [slash(k) for k in momenta]
    total = 0.0
    for A, B in pairing(momenta, (0, 1, 2, 3), axis, z, bosons):
        for C, D in pairing(momenta, (0, 3, 2, 1), axis, z, bosons):
            # ubar0 A v1 . vbar1 Dbar u2 . ubar2 B v3 . vbar3 Cbar u0
            one = np.einsum("ij,mjk,kl,nlo->mnio", p[0], A, p[1], barred(D))
            two = np.einsum("ij,mjk,kl,nlo->mnio", p[2], B, p[3], barred(C))
            total += np.einsum("mnij,mnji,m,n->", one, two, METRIC, METRIC)
    return 2.0 * total.real


def four_muon_square(momenta, axis, z, bosons):
    direct = contracted_square(momenta, (0, 1, 2, 3), axis, z, bosons)
    exchanged = contracted_square(momenta, (0, 3, 2, 1), axis, z, bosons)
    return direct + exchanged - crossed(momenta, axis, z, bosons)


def three_body_square(p1, p2, q, mass, z_mass):
    """Z -> mu mu V with unit vector couplings of V and of Z, averaged over Z spins, from one trace per term.

    Both currents are conserved, so that - g^mn sums over polarisations.
    """
    unit = Boson(1.0, 1.0)
    total = 0.0
    for axis in range(-1, 3):
        A = emission_matrices(p1, p2, q, axis, unit, unit)
        trace = np.einsum("ij,mjk,kl,mli,m->", slash(p1), A, slash(p2), barred(A), -METRIC)
        total += -METRIC[axis + 1] * trace.real
    return total / 3.0
