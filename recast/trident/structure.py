r"""Leptonic structure functions W_T and W_L of ``nu + photon* -> nu + l- l+`` by deterministic quadrature.

The leptonic tensor, integrated over the three-body phase space at fixed ``K2 = -(k - k')^2``, has two
structure functions: the response to a transverse and to a longitudinal photon in the (neutrino, photon)
frame.  They depend on ``s_l = 2 k.q - Q2``, ``Q2 = -q^2`` and ``K2`` and on the lepton masses only, not on
the target and not on the neutrino energy: one table serves every energy and every nucleus.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from recast.executors import AnyExecutor, ordered
from recast.trident.phase_space import TINY, pair_mass_range, pair_phase_space, responses
from recast.trident.quadrature import chebyshev_matrix, chebyshev_nodes, unit_gauss

Array = NDArray[np.float64]
Progress = Callable[[float], None]

#: Spectra are kept in ln(K2 + K2_SHIFT): a Z' of 1 MeV has m^2 = 1e-6 GeV^2, and below this shift nothing of
#: a propagator is left to resolve.
K2_SHIFT = 1e-8

#: Tables span this many e-folds below the largest K2, down to K2_SHIFT from 2000 GeV^2.
K2_RANGE = 26.0

#: Points of the inner quadratures of the coarsest tables.
FEWEST_INNER_NODES = 6

#: Points evaluated together, at least one row of Q2: bounds the memory of the intermediate arrays.
CHUNK = 16384


@dataclass(frozen=True)
class NodeCounts:
    """Nodes of a table in ``s_l``, ``Q2`` and ``K2``, and points added to the inner quadratures."""

    s: int = 64
    q2: int = 32
    k2: int = 40
    extra: int = 0


def structure_density(
    s_l: Array, q2: Array, k2: Array, mass_minus: float, mass_plus: float, *, pair_mass: int, angle: int
) -> tuple[Array, Array]:
    """Return ``dW_T/dK2`` and ``dW_L/dK2`` for gV^2, gA^2 and gV gA (neutrino).

    Parameters
    ----------
    s_l, q2, k2 : ndarray, shape (n,)
        Points in GeV^2 inside the allowed region, ``0 < K2 < shat (1 - (m1 + m2)^2 / s_l)``.
    mass_minus, mass_plus : float
        Lepton masses in GeV.
    pair_mass, angle : int
        Gauss-Legendre points in the pair's invariant mass and in its decay angle.

    Returns
    -------
    transverse, longitudinal : ndarray, shape (3, n)
    """
    t, wt = unit_gauss(pair_mass)
    x, wx = unit_gauss(angle)
    threshold2 = (mass_minus + mass_plus) ** 2
    reach = pair_mass_range(s_l, q2, k2, threshold2)[:, None, None]
    length = np.log1p(reach / threshold2)
    above = threshold2 * np.expm1(length * t[:, None] ** 2)  # the square makes the power at the threshold analytic
    jacobian = (threshold2 + above) * 2.0 * length * (t * wt)[:, None]
    at = (s_l[:, None, None], q2[:, None, None], k2[:, None, None], above, x)
    point, phase_space = pair_phase_space(*at, mass_minus, mass_plus)
    transverse, longitudinal = responses(point, mass_minus, mass_plus)
    weights = phase_space * (jacobian * wx)
    return np.einsum("cnij,nij->cn", transverse, weights), np.einsum("cnij,nij->cn", longitudinal, weights)


@dataclass(frozen=True)
class StructureTable:
    """dW_T/dK2 and dW_L/dK2 of one pair of lepton masses on a product of nodes.

    Coordinates, all on (0, 1): ``t`` with ``s_l = s0 (s_max/s0)^(t^2)`` and Chebyshev nodes; ``u``, linear
    in ``ln(Q2 + m^2)`` with the lighter mass, with Chebyshev nodes; ``v`` with ``ln K2`` falling
    as ``v^2`` from its kinematic end, with Gauss-Legendre nodes (they are quadrature nodes, never
    interpolated).  The squares make the half-integer powers at the thresholds analytic.

    Attributes
    ----------
    mass_minus, mass_plus : float
        Lepton masses in GeV.
    s_max, q2_max : float
        Ends of the table in GeV^2.
    values : ndarray, shape (2, 3, n_s, n_q2, n_k2)
        [transverse, longitudinal] x [gV^2, gA^2, gV gA], divided by :func:`growth`.
    """

    mass_minus: float
    mass_plus: float
    s_max: float
    q2_max: float
    counts: NodeCounts
    values: Array

    @property
    def threshold2(self) -> float:
        """Lowest ``s_l`` in GeV^2."""
        return (self.mass_minus + self.mass_plus) ** 2

    @cached_property
    def k2_quadrature(self) -> tuple[Array, Array]:
        """Nodes and weights of the coordinate ``v``."""
        return unit_gauss(self.counts.k2)

    def t_of(self, s_l: Array) -> Array:
        """Coordinate of ``s_l`` (GeV^2)."""
        return np.asarray(np.sqrt(np.log(s_l / self.threshold2) / np.log(self.s_max / self.threshold2)))

    def u_of(self, q2: Array) -> Array:
        """Coordinate of ``Q2`` (GeV^2)."""
        shift = min(self.mass_minus, self.mass_plus) ** 2
        return np.asarray(np.log1p(q2 / shift) / np.log1p(self.q2_max / shift))

    def interpolate(self, s_l: Array, q2: Array) -> tuple[Array, Array]:
        """Return the structure functions per unit ``v`` at quadrature points.

        Parameters
        ----------
        s_l : ndarray, shape (n,)
        q2 : ndarray, shape (n, m)

        Returns
        -------
        values : ndarray, shape (2, 3, n, m, n_k2)
        k2 : ndarray, shape (n, m, n_k2)
        """
        in_s = chebyshev_matrix(self.counts.s, self.t_of(s_l))
        in_q = chebyshev_matrix(self.counts.q2, self.u_of(q2))
        at_s = np.tensordot(in_s, self.values, axes=(1, 2))  # (n, 2, 3, n_q2, n_k2)
        at_q = np.matmul(in_q[:, None, None], at_s)  # (n, 2, 3, m, n_k2)
        k2, jacobian = k2_points(s_l[:, None], q2, self.threshold2, self.k2_quadrature[0])
        factor = growth(s_l[:, None, None], q2[..., None], k2, self.mass_minus, self.mass_plus)
        return np.moveaxis(at_q, 0, 2) * (factor * jacobian), k2


def growth(s_l: Array, q2: Array, k2: Array, mass_minus: float, mass_plus: float) -> Array:
    """Known behaviour of the densities, taken out before interpolation; shape (2, 3, ...).

    The threshold power of the three-body phase space; the squared rapidity of the neutrino, which grows
    with ``s_l`` at small K2 and closes at the threshold; and the vanishing of a conserved current's
    response with K2: the non-conserved parts are proportional to the squared difference (vector) and sum
    (axial) of the lepton masses.  A longitudinal photon decouples at Q2 = 0, and both responses fall for Q2
    beyond ``s_l``.  What is left varies so slowly that interpolation keeps its relative accuracy for the
    smallest K2, where a light mediator looks.

    Parameters
    ----------
    s_l, q2, k2 : ndarray
        In GeV^2; they broadcast.
    mass_minus, mass_plus : float
        Of the leptons in GeV.
    """
    threshold2 = (mass_minus + mass_plus) ** 2
    above = (s_l - threshold2) - s_l * k2 / (s_l + q2)  # largest M2 minus its threshold
    power = (np.maximum(above, TINY) / (above + threshold2)) ** 1.5
    rapidity2 = np.maximum(above, TINY) / (threshold2 + k2 + q2)
    floors = ((mass_minus - mass_plus) ** 2, threshold2, abs(mass_minus**2 - mass_plus**2))
    fall = 1.0 / (1.0 + q2 / s_l)
    softest = 4.0 * min(mass_minus, mass_plus) ** 2
    photons = (fall, fall**2 * q2 / (q2 + softest))
    currents = [power * (k2 * (1.0 + rapidity2) + floor * rapidity2) for floor in floors]
    return np.stack([np.stack([photon * current for current in currents]) for photon in photons])


def k2_points(s_l: Array, q2: Array, threshold2: float, v: Array) -> tuple[Array, Array]:
    """Return ``K2`` and ``dK2/dv`` at coordinates ``v``; trailing axis added.

    The fraction of the kinematic limit depends on ``v`` only: otherwise parts of the densities with
    different powers of K2 would mix with non-integer powers of the distance to the threshold.

    Parameters
    ----------
    s_l, q2 : ndarray, shape (n,)
        In GeV^2.
    threshold2 : float
        Square of the sum of the lepton masses in GeV^2.
    v : ndarray, shape (m,)
        Between 0 and 1.
    """
    k2_max = ((s_l + q2) * (1.0 - threshold2 / s_l))[..., None]
    scale = k2_max / np.expm1(K2_RANGE)
    exponent = K2_RANGE * (1.0 - v * v)
    return scale * np.expm1(exponent), scale * np.exp(exponent) * 2.0 * K2_RANGE * v


def inner_nodes(s_over_masses: float, base: float = 8.0, slope: float = 1.1) -> int:
    """Quadrature points in pair mass and angle: the collinear peaks narrow with the logarithm of the energy.

    Parameters
    ----------
    s_over_masses : float
        s_l over four times the product of the lepton masses.
    base, slope : float
        Number of points where that is one, and how it grows with its logarithm.
    """
    return int(np.ceil(base + slope * np.log(s_over_masses)))


def table_row(
    index: int, mass_minus: float, mass_plus: float, s_max: float, q2_max: float, counts: NodeCounts
) -> Array:
    """Compute one ``s_l`` row of a :class:`StructureTable`; shape (2, 3, n_q2, n_k2).

    Parameters
    ----------
    index : int
        Of the row.
    mass_minus, mass_plus : float
        Of the leptons in GeV.
    s_max, q2_max : float
        Ends of the table in GeV^2.
    counts : NodeCounts
        Nodes of the table.
    """
    threshold2 = (mass_minus + mass_plus) ** 2
    t = chebyshev_nodes(counts.s)[index]
    s_value = threshold2 * (s_max / threshold2) ** (t * t)
    shift = min(mass_minus, mass_plus) ** 2
    q2_nodes = shift * np.expm1(chebyshev_nodes(counts.q2) * np.log1p(q2_max / shift))
    s_l = np.full_like(q2_nodes, s_value)
    k2, _ = k2_points(s_l, q2_nodes, threshold2, unit_gauss(counts.k2)[0])
    n = max(inner_nodes(s_value / (4.0 * mass_minus * mass_plus)) + counts.extra, FEWEST_INNER_NODES)
    out = np.empty((2, 3, counts.q2, counts.k2))
    step = max(1, CHUNK // (n * n * counts.k2))
    for start in range(0, counts.q2, step):
        part = slice(start, start + step)
        size = k2[part].size
        transverse, longitudinal = structure_density(
            np.full(size, s_value),
            np.repeat(q2_nodes[part], counts.k2),
            k2[part].ravel(),
            mass_minus,
            mass_plus,
            pair_mass=n,
            angle=n,
        )
        shape = (3, -1, counts.k2)
        out[0, :, part] = transverse.reshape(shape)
        out[1, :, part] = longitudinal.reshape(shape)
    return out / growth(s_l[:, None], q2_nodes[:, None], k2, mass_minus, mass_plus)


def build_table(
    mass_minus: float,
    mass_plus: float,
    *,
    s_max: float = 2000.0,
    q2_max: float = 20.0,
    counts: NodeCounts | None = None,
    executor: AnyExecutor | None = None,
    progress: Progress | None = None,
) -> StructureTable:
    """Compute a :class:`StructureTable`.

    Parameters
    ----------
    mass_minus, mass_plus : float
        Masses of l- and l+ in GeV.
    s_max, q2_max : float
        Ends of the table in GeV^2; the defaults serve neutrinos up to 1000 GeV.
    counts : NodeCounts, optional
        Sizes; the default gives 1e-5 on cross sections.
    executor : Executor, optional
        Where the rows are computed; by default here.
    progress : callable, optional
        Called with the fraction done after each row.
    """
    counts = counts or NodeCounts()
    row = partial(
        table_row, mass_minus=mass_minus, mass_plus=mass_plus, s_max=s_max, q2_max=q2_max, counts=counts
    )
    values = np.empty((2, 3, counts.s, counts.q2, counts.k2))
    # the expensive high-energy rows first, so that no worker is left with them at the end
    order = range(counts.s - 1, -1, -1)
    for done, (index, result) in enumerate(ordered(executor, row, order), start=1):
        values[:, :, index] = result
        if progress is not None:
            progress(done / counts.s)
    return StructureTable(mass_minus, mass_plus, s_max, q2_max, counts, values)
