r"""Squared helicity amplitudes of ``photon* + current* -> l- l+`` contracted with the neutrino current.

The neutrino emits the weak (or new) current with momentum ``kappa = k - k'``; the photon brings ``q``.
In the rest frame of the lepton pair the two are back to back, so that with the photon along ``z`` every
amplitude has a definite ``J_z`` and the integral over the azimuth only removes interference between
different ``J_z``.  The neutrino current of a massless left-handed fermion is known in closed form, and
conserved.  What is left is the lepton line of Eq. (3) of arXiv:1902.06765,

    ubar(p1) [ e-slash (p1-slash - q-slash + m1) Gamma / D1 + Gamma (q-slash - p2-slash + m2) e-slash / D2 ] v(p2),

with the sign of the second mass that gauge invariance demands (the printed equation has the other one).
The Dirac equation turns it into ``S Gamma - e-slash q-slash Gamma / D1 + Gamma q-slash e-slash / D2`` with
``S = 2 (p1.e / D1 - p2.e / D2)``; in the chiral basis with circular and light-cone polarisations each matrix
has a single entry, so that the 36 amplitudes are short real expressions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Frame", "PairKinematics", "amplitudes", "contracted_squares"]

Array = NDArray[np.float64]

SQRT2 = float(np.sqrt(2.0))

#: Amplitudes with the same J_z interfere.  Names: photon (+, -, n for light-cone), current (+, -, 0).
GROUPS = (("++",), ("+0", "n+"), ("+-", "n0", "-+"), ("n-", "-0"), ("--",))


@dataclass(frozen=True)
class PairKinematics:
    """Invariants of one point, all broadcastable; the angle is inside ``d1`` and ``d2``.

    Attributes
    ----------
    pair_mass2, momentum_transfer, photon_virtuality, shat
        ``M2 = (p1 + p2)^2``, ``K2 = -kappa^2``, ``Q2 = -q^2`` and ``shat = 2 k.q``, in GeV^2.
    transverse2
        ``sinh^2`` of the rapidity of the neutrino in the Breit frame of the current.
    lepton_momentum
        Momentum of either lepton in the pair's rest frame, in GeV.
    one_minus_cos, one_plus_cos
        One minus and one plus the cosine of the angle between l- and the photon, pair rest frame.
    d1, d2
        Propagator denominators ``(p1 - q)^2 - m1^2`` and ``(q - p2)^2 - m2^2`` in GeV^2.
    """

    pair_mass2: Array
    momentum_transfer: Array
    photon_virtuality: Array
    shat: Array
    transverse2: Array
    lepton_momentum: Array
    one_minus_cos: Array
    one_plus_cos: Array
    d1: Array
    d2: Array


@dataclass(frozen=True)
class _LeptonLine:
    """What the amplitudes are built of: convective terms, light-cone components over propagators, spinors."""

    s_t: Array  # S for the photon of helicity +, minus the one for -
    s_n: Array  # S for the light-cone photon
    plus1: Array  # q+ / D1
    plus2: Array  # q+ / D2
    minus1: Array  # q- / D1
    minus2: Array  # q- / D2
    cos2: Array  # squares and product of the cosine and sine of half the angle
    sin2: Array
    cos_sin: Array
    root1: Mapping[int, Array]  # sqrt(E1 +- p): spinor components of l- by helicity
    root2: Mapping[int, Array]

    def bilinears(self, h1: int, h2: int) -> tuple[Array, Array, Array, Array, float]:
        """Products ``xi(h1)^T |i><j| xi(h2)`` for ij = 00, 11, 01, 10, and for the unit matrix."""
        if h1 == h2:
            n00, n11 = (self.cos2, self.sin2) if h1 > 0 else (self.sin2, self.cos2)
            return n00, n11, h1 * self.cos_sin, h1 * self.cos_sin, 1.0
        n01, n10 = (self.cos2, -self.sin2) if h1 > 0 else (-self.sin2, self.cos2)
        return -self.cos_sin, self.cos_sin, n01, n10, 0.0

    def chiral(self, h1: int, h2: int) -> tuple[dict[str, Array], dict[str, Array]]:
        """Amplitudes of the currents gamma^mu P_R and gamma^mu P_L; names are photon, current (n: light-cone)."""
        n00, n11, n01, n10, _ = self.bilinears(h1, h2)
        a, b, c, d = self.plus1, self.plus2, self.minus1, self.minus2
        s_t, s_n, root8 = self.s_t, self.s_n, 2.0 * SQRT2
        right = {
            "++": SQRT2 * s_t * n01,
            "--": SQRT2 * s_t * n10,
            "+-": -SQRT2 * s_t * n10 + 2.0 * (c * n00 - b * n11),
            "-+": -SQRT2 * s_t * n01 + 2.0 * (a * n11 - d * n00),
            "+n": 2.0 * s_t * n11 - root8 * c * n01,
            "-n": -2.0 * s_t * n11 - root8 * d * n10,
            "n+": SQRT2 * (s_n - 2.0 * a) * n01,
            "n-": -SQRT2 * (s_n + 2.0 * b) * n10,
            "nn": 2.0 * s_n * n11,
        }
        left = {
            "++": -SQRT2 * s_t * n01,
            "--": -SQRT2 * s_t * n10,
            "+-": SQRT2 * s_t * n10 + 2.0 * (a * n00 - d * n11),
            "-+": SQRT2 * s_t * n01 + 2.0 * (c * n11 - b * n00),
            "+n": 2.0 * s_t * n00 - root8 * d * n01,
            "-n": -2.0 * s_t * n00 - root8 * c * n10,
            "n+": -SQRT2 * (s_n + 2.0 * b) * n01,
            "n-": SQRT2 * (s_n - 2.0 * a) * n10,
            "nn": 2.0 * s_n * n00,
        }
        to_right = -self.root1[h1] * self.root2[-h2]
        to_left = self.root1[-h1] * self.root2[h2]
        return _scaled(to_right, right), _scaled(to_left, left)

    def scalar(self, h1: int, h2: int) -> tuple[dict[str, Array], dict[str, Array]]:
        """Amplitudes of the scalar currents P_R and P_L, the divergences of the above over the masses."""
        n00, n11, n01, n10, unit = self.bilinears(h1, h2)
        a, b, c, d = self.plus1, self.plus2, self.minus1, self.minus2
        right = {
            "+": self.s_t * unit + SQRT2 * (a + b) * n01,
            "-": -self.s_t * unit - SQRT2 * (c + d) * n10,
            "n": self.s_n * unit - 2.0 * a * n11 + 2.0 * b * n00,
        }
        left = {
            "+": self.s_t * unit - SQRT2 * (c + d) * n01,
            "-": -self.s_t * unit + SQRT2 * (a + b) * n10,
            "n": self.s_n * unit - 2.0 * a * n00 + 2.0 * b * n11,
        }
        to_right = -self.root1[-h1] * self.root2[-h2]
        to_left = self.root1[h1] * self.root2[h2]
        return _scaled(to_right, right), _scaled(to_left, left)


def _scaled(factor: Array, amplitudes: dict[str, Array]) -> dict[str, Array]:
    return {name: factor * amplitude for name, amplitude in amplitudes.items()}


def _light_cone(energy: Array, momentum: Array, virtuality: Array) -> Array:
    """Energy plus momentum of a spacelike vector, from the form without cancellation."""
    positive = energy > 0
    return np.where(positive, energy + momentum, virtuality / np.where(positive, 1.0, momentum - energy))


def _lepton_line(point: PairKinematics, m1: float, m2: float, q_plus: Array, q_minus: Array) -> _LeptonLine:
    big_m = np.sqrt(point.pair_mass2)
    e1 = 0.5 * (point.pair_mass2 + m1 * m1 - m2 * m2) / big_m
    e2 = big_m - e1
    p = point.lepton_momentum
    cos2, sin2 = 0.5 * point.one_plus_cos, 0.5 * point.one_minus_cos
    cos_sin = np.sqrt(cos2 * sin2)
    along = p * (cos2 - sin2)
    i1, i2 = 1.0 / point.d1, 1.0 / point.d2
    root1, root2 = np.sqrt(e1 + p), np.sqrt(e2 + p)
    return _LeptonLine(
        s_t=2.0 * SQRT2 * p * cos_sin * (i1 + i2),
        s_n=2.0 * ((e1 + along) * i1 - (e2 - along) * i2),
        plus1=q_plus * i1,
        plus2=q_plus * i2,
        minus1=q_minus * i1,
        minus2=q_minus * i2,
        cos2=cos2,
        sin2=sin2,
        cos_sin=cos_sin,
        root1={1: root1, -1: m1 / root1},
        root2={1: root2, -1: m2 / root2},
    )


@dataclass(frozen=True)
class Frame:
    """Components in the rest frame of the pair, the photon along z and the neutrinos in the x-z plane.

    Attributes
    ----------
    q_plus
        Light-cone component of the photon, energy plus momentum, in GeV.
    kappa_plus
        The same of the current, against its direction.
    neutrino_x
        Component of the incoming neutrino along x in GeV.
    neutrino_n
        Coefficient of the light-cone vector (1, 0, 0, -1) in its momentum, once a part along q is taken off.
    """

    q_plus: Array
    kappa_plus: Array
    neutrino_x: Array
    neutrino_n: Array

    @classmethod
    def of(cls, point: PairKinematics) -> Frame:
        """Compute the frame of a point."""
        k2, q2 = point.momentum_transfer, point.photon_virtuality
        big_m = np.sqrt(point.pair_mass2)
        momentum = np.sqrt((0.5 * (point.pair_mass2 + k2 + q2)) ** 2 - q2 * k2) / big_m
        q0 = 0.5 * (point.pair_mass2 - q2 + k2) / big_m
        q_plus = _light_cone(q0, momentum, q2)
        neutrino_x = 0.5 * np.sqrt(k2 * point.transverse2)
        return cls(
            q_plus,
            _light_cone(big_m - q0, momentum, k2),
            neutrino_x,
            np.sqrt(0.25 * point.shat**2 + q2 * neutrino_x**2) / q_plus,
        )


def amplitudes(
    point: PairKinematics, frame: Frame, mass_minus: float, mass_plus: float
) -> Iterator[tuple[dict[str, Array], dict[str, Array]]]:
    """Yield the amplitudes of the vector and the axial current for each of the four helicities of the leptons.

    They are real; the names of the nine are photon (+, -, n) and current (+, -, 0).  Turning the leptons by an
    azimuth multiplies each by a phase that counts its J_z, which is the sum of the signs in its name.

    Parameters
    ----------
    point : PairKinematics
    frame : Frame
    mass_minus, mass_plus : float
        Masses of l- and l+ in GeV.
    """
    q2 = point.photon_virtuality
    line = _lepton_line(point, mass_minus, mass_plus, frame.q_plus, -q2 / frame.q_plus)
    # neutrino current on (+, -, longitudinal)
    cosh, root_k = np.sqrt(1.0 + point.transverse2), np.sqrt(point.momentum_transfer)
    longitudinal = 2.0 * frame.neutrino_x
    current = {
        "+": -(root_k / SQRT2) * (cosh + 1.0),
        "-": (root_k / SQRT2) * point.transverse2 / (cosh + 1.0),
    }
    # a longitudinal current is its divergence plus a light-cone part
    divergence_v = longitudinal * ((mass_minus - mass_plus) / root_k)
    divergence_a = longitudinal * ((mass_minus + mass_plus) / root_k)
    cone = longitudinal * root_k / frame.kappa_plus
    for h1, h2 in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        right, left = line.chiral(h1, h2)
        scalar_r, scalar_l = line.scalar(h1, h2)
        vector: dict[str, Array] = {}
        axial: dict[str, Array] = {}
        for photon in "+-n":
            for helicity, size in current.items():
                name = photon + helicity
                vector[name] = size * (right[name] + left[name])
                axial[name] = size * (right[name] - left[name])
            r, l, sr, sl = right[photon + "n"], left[photon + "n"], scalar_r[photon], scalar_l[photon]
            vector[photon + "0"] = divergence_v * (sr + sl) + cone * (r + l)
            axial[photon + "0"] = divergence_a * (sr - sl) + cone * (r - l)
        yield vector, axial


def contracted_squares(point: PairKinematics, mass_minus: float, mass_plus: float) -> tuple[Array, Array]:
    """Return ``-g^ab L_ab`` and ``k^a k^b L_ab``, averaged over the azimuth, spins summed.

    Parameters
    ----------
    point : PairKinematics
        Arrays that broadcast to ``(...)``.
    mass_minus, mass_plus : float
        Masses of l- and l+ in GeV.

    Returns
    -------
    metric, neutrino : ndarray, shape (3, ...)
        Coefficients of gV^2, gA^2 and gV gA (neutrino; the last flips sign for an antineutrino).
    """
    frame = Frame.of(point)
    transverse = frame.neutrino_x / SQRT2
    neutrino_on = {"+": -transverse, "-": transverse, "n": frame.neutrino_n}
    polarisation_sum: dict[str, Array | float] = {"+": 1.0, "-": 1.0, "n": -point.photon_virtuality / frame.q_plus**2}

    shape = np.broadcast_shapes(point.d1.shape, point.momentum_transfer.shape, point.pair_mass2.shape)
    metric, neutrino = np.zeros((3, *shape)), np.zeros((3, *shape))
    for vector, axial in amplitudes(point, frame, mass_minus, mass_plus):
        for name, v in vector.items():
            _add_squares(metric, v, axial[name], polarisation_sum[name[0]])
        for group in GROUPS:
            v = np.add.reduce([neutrino_on[name[0]] * vector[name] for name in group])
            a = np.add.reduce([neutrino_on[name[0]] * axial[name] for name in group])
            _add_squares(neutrino, v, a, 1.0)
    return metric, neutrino


def _add_squares(total: Array, vector: Array, axial: Array, weight: Array | float) -> None:
    weighted = weight * vector
    total[0] += weighted * vector
    total[1] += weight * axial * axial
    total[2] += 2.0 * weighted * axial
