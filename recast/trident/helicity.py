r"""Squared helicity amplitudes of ``photon* + current* -> l- l+`` contracted with the neutrino current.

The neutrino emits the weak (or new) current with momentum ``kappa = k - k'``; the photon brings ``q``.
In the rest frame of the lepton pair the two are back to back, so that with the photon along ``z`` every
amplitude has a definite ``J_z`` and the integral over the azimuth only removes interference between
different ``J_z``.  The neutrino current of a massless left-handed fermion is known in closed form, and
conserved.  What is left is the lepton line of Eq. (3) of arXiv:1902.06765,

    ubar(p1) [ e-slash (p1-slash - q-slash + m1) Gamma / D1 + Gamma (q-slash - p2-slash + m2) e-slash / D2 ] v(p2),

with the sign of the second mass that gauge invariance demands (the printed equation has the other one).
The Dirac equation turns it into ``S Gamma - e-slash q-slash Gamma / D1 + Gamma q-slash e-slash / D2``; in
the chiral basis with circular and light-cone polarisations each matrix has a single entry, so that the
36 amplitudes are short real expressions, and the squares are sums of positive terms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SQRT2 = float(np.sqrt(2.0))


@dataclass(frozen=True)
class PairKinematics:
    """Invariants of one point, already broadcast; the angle is inside ``d1`` and ``d2``.

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
    m1, m2 = mass_minus, mass_plus
    big_m2, k2, q2, shat = point.pair_mass2, point.momentum_transfer, point.photon_virtuality, point.shat
    big_m = np.sqrt(big_m2)
    kappa_q = 0.5 * (big_m2 + k2 + q2)
    pq = np.sqrt(kappa_q**2 - q2 * k2) / big_m
    q0 = 0.5 * (big_m2 - q2 + k2) / big_m
    kappa0 = big_m - q0
    # q0 + pq and q0 - pq, each from the form without cancellation
    light = np.where(q0 > 0, q0 + pq, q2 / np.where(q0 > 0, 1.0, pq - q0))
    q_plus, q_minus = light, -q2 / light
    kappa_light = np.where(kappa0 > 0, kappa0 + pq, k2 / np.where(kappa0 > 0, 1.0, pq - kappa0))

    e1 = 0.5 * (big_m2 + m1 * m1 - m2 * m2) / big_m
    e2 = big_m - e1
    p = point.lepton_momentum
    cc, ss = 0.5 * point.one_plus_cos, 0.5 * point.one_minus_cos
    cs = np.sqrt(cc * ss)
    cos = cc - ss
    i1, i2 = 1.0 / point.d1, 1.0 / point.d2
    both = i1 + i2

    # convective terms S = 2 (p1.e / D1 - p2.e / D2) for e = + (minus the one for e = -) and light-cone
    s_t = 2.0 * SQRT2 * p * cs * both
    s_n = 2.0 * ((e1 + p * cos) * i1 - (e2 - p * cos) * i2)

    # neutrino current in the basis (+, -, longitudinal) and the neutrino momentum in the photon's
    cosh = np.sqrt(1.0 + point.transverse2)
    root_k = np.sqrt(k2)
    c_plus = -(root_k / SQRT2) * (cosh + 1.0)
    c_minus = (root_k / SQRT2) * point.transverse2 / (cosh + 1.0)
    c_zero = root_k * np.sqrt(point.transverse2)
    kx = 0.5 * c_zero
    k_t = kx / SQRT2  # coefficient of e_-; minus that of e_+
    k_long = np.sqrt(0.25 * shat**2 + q2 * kx**2) / light

    # weights of the current's longitudinal polarisation: divergence and light-cone part
    scalar_v, scalar_a = (m1 - m2) / root_k, (m1 + m2) / root_k
    cone = root_k / kappa_light
    photon_long = q2 / light**2  # square of the weight of the light-cone photon

    metric = [0.0, 0.0, 0.0]
    neutrino = [0.0, 0.0, 0.0]
    a = q_plus * i1
    b = q_plus * i2
    c = q_minus * i1
    d = q_minus * i2
    t_plus = SQRT2 * s_t
    r1p, r1m = np.sqrt(e1 + p), m1 / np.sqrt(e1 + p)
    r2p, r2m = np.sqrt(e2 + p), m2 / np.sqrt(e2 + p)
    for h1 in (1, -1):
        for h2 in (1, -1):
            # spinor bilinears xi(h1)^T |i><j| xi(h2)
            if h1 == h2:
                n00, n11 = (cc, ss) if h1 > 0 else (ss, cc)
                n01 = n10 = h1 * cs
                unit = 1.0
            else:
                n00, n11 = -cs, cs
                n01, n10 = (cc, -ss) if h1 > 0 else (-ss, cc)
                unit = 0.0
            w_r = -(r1p if h1 > 0 else r1m) * (r2m if h2 > 0 else r2p)
            w_l = (r1m if h1 > 0 else r1p) * (r2p if h2 > 0 else r2m)
            x_r = -(r1m if h1 > 0 else r1p) * (r2m if h2 > 0 else r2p)
            x_l = (r1p if h1 > 0 else r1m) * (r2p if h2 > 0 else r2m)

            right = {
                "++": t_plus * n01,
                "--": t_plus * n10,
                "+-": -t_plus * n10 + 2.0 * (c * n00 - b * n11),
                "-+": -t_plus * n01 + 2.0 * (a * n11 - d * n00),
                "+n": 2.0 * s_t * n11 - 2.0 * SQRT2 * c * n01,
                "-n": -2.0 * s_t * n11 - 2.0 * SQRT2 * d * n10,
                "n+": SQRT2 * (s_n - 2.0 * a) * n01,
                "n-": -SQRT2 * (s_n + 2.0 * b) * n10,
                "nn": 2.0 * s_n * n11,
            }
            left = {
                "++": -t_plus * n01,
                "--": -t_plus * n10,
                "+-": t_plus * n10 + 2.0 * (a * n00 - d * n11),
                "-+": t_plus * n01 + 2.0 * (c * n11 - b * n00),
                "+n": 2.0 * s_t * n00 - 2.0 * SQRT2 * d * n01,
                "-n": -2.0 * s_t * n00 - 2.0 * SQRT2 * c * n10,
                "n+": -SQRT2 * (s_n + 2.0 * b) * n01,
                "n-": SQRT2 * (s_n - 2.0 * a) * n10,
                "nn": 2.0 * s_n * n00,
            }
            scalar_r = {
                "+": s_t * unit + SQRT2 * q_plus * both * n01,
                "-": -s_t * unit - SQRT2 * q_minus * both * n10,
                "n": s_n * unit - 2.0 * a * n11 + 2.0 * b * n00,
            }
            scalar_l = {
                "+": s_t * unit - SQRT2 * q_minus * both * n01,
                "-": -s_t * unit + SQRT2 * q_plus * both * n10,
                "n": s_n * unit - 2.0 * a * n00 + 2.0 * b * n11,
            }
            amp: dict[str, tuple[Array, Array]] = {}
            for photon in "+-n":
                for current in "+-":
                    r, l = w_r * right[photon + current], w_l * left[photon + current]
                    weight = c_plus if current == "+" else c_minus
                    amp[photon + current] = (weight * (r + l), weight * (r - l))
                r, l = w_r * right[photon + "n"], w_l * left[photon + "n"]
                sr, sl = x_r * scalar_r[photon], x_l * scalar_l[photon]
                amp[photon + "0"] = (
                    c_zero * (scalar_v * (sr + sl) + cone * (r + l)),
                    c_zero * (scalar_a * (sr - sl) + cone * (r - l)),
                )
            for photon in "+-n":
                sign = -photon_long if photon == "n" else 1.0
                for current in "+-0":
                    v, ax = amp[photon + current]
                    metric[0] = metric[0] + sign * v * v
                    metric[1] = metric[1] + sign * ax * ax
                    metric[2] = metric[2] + 2.0 * sign * v * ax
            groups = (("++",), ("+0", "n+"), ("+-", "n0", "-+"), ("n-", "-0"), ("--",))
            coefficient = {"+": -k_t, "-": k_t, "n": k_long}
            for group in groups:
                v = sum(coefficient[name[0]] * amp[name][0] for name in group)
                ax = sum(coefficient[name[0]] * amp[name][1] for name in group)
                neutrino[0] = neutrino[0] + v * v
                neutrino[1] = neutrino[1] + ax * ax
                neutrino[2] = neutrino[2] + 2.0 * v * ax
    return np.stack(metric), np.stack(neutrino)
