"""Where K2, mass and decay angle of a lepton pair are looked for, whatever the pair was produced on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from recast.events.sampling import PiecewiseLinear, cell_of
from recast.trident.helicity import PairKinematics
from recast.trident.phase_space import TINY, pair_mass_range, pair_phase_space, responses
from recast.trident.structure import StructureTable, k2_points

__all__ = ["INSIDE", "Couplings", "PairProposal"]

Array = NDArray[np.float64]
Couplings = Callable[[Array], tuple[Array, Array]]

# Nodes and rows of the tables; more of them cost time at the start and raise the share of trials that is kept.
K2_ROWS = (32, 12)
PAIR_ROWS = (12, 5, 14)
MASS_NODES, ANGLE_NODES = 13, 9
MEAN_NODES = (48, 32)
MASS_POWER = 3.0

#: The tables stop short of the ends, where phase space closes.
INSIDE = 1e-4


def folded(structures: Array, gv: Array, ga: Array) -> Array:
    """Return gV^2 vv + gA^2 aa + gV gA va for structures of shape (3, ...)."""
    return np.asarray(gv * gv * structures[0] + ga * ga * structures[1] + gv * ga * structures[2])


def _threshold_power(t: Array) -> Array:
    """Return how the responses grow from the threshold, roughly; the rest is smooth enough to interpolate."""
    return t**5.0


class PairProposal:
    """Tables of K2, pair mass and decay angle, which all scatterers share.

    Parameters
    ----------
    table : StructureTable
        Of the channel's leptons.
    couplings : callable
        From K2 in GeV^2 to gV and gA.
    va_sign : int
        -1 for antineutrinos.
    q2_min : float
        Smallest Q2 in GeV^2 that can occur: where it is large, as for taus, the tables need not begin at 0.
    """

    def __init__(self, table: StructureTable, couplings: Couplings, va_sign: int, q2_min: float) -> None:
        self.table, self.couplings = table, couplings
        self._u_min = float(table.u_of(np.asarray(q2_min)))
        self.masses = (table.mass_minus, table.mass_plus)
        self.sign = np.array([1.0, 1.0, va_sign])
        s_l, q2 = self._centres(K2_ROWS)
        inner = table.k2_quadrature[0]
        values, k2 = table.interpolate(s_l, np.broadcast_to(q2, (len(s_l), len(q2))))
        density = self._fold(values, k2).sum(axis=0).reshape(-1, len(inner))
        nodes = np.concatenate([[0.0], inner, [1.0]])
        self._k2 = PiecewiseLinear(nodes, np.pad(density, ((0, 0), (1, 1)), mode="edge"))
        self._tabulate_means()
        self._tabulate_pair()

    def _tabulate_means(self) -> None:
        from scipy.interpolate import RegularGridInterpolator

        t, u = (np.linspace(0.0, 1.0, n) for n in MEAN_NODES)
        inside_t, inside_u = np.clip(t, INSIDE, 1.0), np.clip(u, INSIDE, 1.0)
        s_l, q2 = self._at(inside_t, inside_u)
        values, k2 = self.table.interpolate(s_l, np.broadcast_to(q2, (t.size, u.size)))
        means = self._fold(values, k2) @ self.table.k2_quadrature[1] / _threshold_power(inside_t)[:, None]
        self._log_means = [
            RegularGridInterpolator((t, u), np.log(np.maximum(mean, TINY)), bounds_error=False, fill_value=None)
            for mean in means
        ]

    def _fold(self, values: Array, k2: Array) -> Array:
        """Fold (2, 3, ...) structures of T and L with the couplings."""
        gv, ga = self.couplings(k2)
        return np.stack([folded(self._signed(part), gv, ga) for part in values])

    def _signed(self, structures: Array) -> Array:
        return np.asarray(structures * self.sign.reshape((3,) + (1,) * (structures.ndim - 1)))

    def _centres(self, rows: tuple[int, ...]) -> tuple[Array, Array]:
        """Return s_l and Q2 in the middle of the cells of the tables' coordinates."""
        t, u = ((np.arange(n) + 0.5) / n for n in rows[:2])
        return self._at(t, u)

    def _at(self, t: Array, u: Array) -> tuple[Array, Array]:
        """Return s_l and Q2 at the tables' coordinates."""
        shift = min(self.masses) ** 2
        s_l = self.table.threshold2 * (self.table.s_max / self.table.threshold2) ** (t * t)
        u = self._u_min + (1.0 - self._u_min) * u
        return s_l, shift * np.expm1(u * np.log1p(self.table.q2_max / shift))

    def _coordinates(self, s_l: Array, q2: Array) -> tuple[Array, Array]:
        """Return the tables' coordinates of s_l and Q2, between 0 and 1."""
        return self.table.t_of(s_l), (self.table.u_of(q2) - self._u_min) / (1.0 - self._u_min)

    def _tabulate_pair(self) -> None:
        s_l, q2 = self._centres(PAIR_ROWS)
        v = (np.arange(PAIR_ROWS[2]) + 0.5) / PAIR_ROWS[2]
        mass = np.linspace(0.0, 1.0, MASS_NODES)
        angle = np.linspace(0.0, 1.0, ANGLE_NODES)
        s, q, _, tau, x = np.meshgrid(s_l, q2, v, mass, angle, indexing="ij", sparse=True)
        k2 = k2_points(s[..., 0, 0, 0], q[..., 0, 0, 0], self.table.threshold2, v)[0][..., None, None]
        inside = np.clip(tau, INSIDE, 1.0 - INSIDE)
        reach = pair_mass_range(s, q, k2, self.table.threshold2)
        shape = (*PAIR_ROWS, MASS_NODES, ANGLE_NODES)
        density = np.empty(shape)
        for i in range(PAIR_ROWS[0]):
            at = (s[i], q[0], k2[i], reach[i] * inside[0] ** MASS_POWER, np.broadcast_to(x[0], shape[1:]))
            point, phase_space = pair_phase_space(*at, *self.masses)
            gv, ga = self.couplings(np.broadcast_to(k2[i], shape[1:]))
            both = sum(folded(self._signed(part), gv, ga) for part in responses(point, *self.masses))
            density[i] = both * phase_space * inside[0] ** (MASS_POWER - 1.0)
        rows = density.reshape(-1, MASS_NODES, ANGLE_NODES)
        weights = np.full(ANGLE_NODES, 1.0)
        weights[[0, -1]] = 0.5
        self._mass = PiecewiseLinear(mass, rows @ weights)
        between = 0.5 * (rows[:, 1:] + rows[:, :-1])
        self._angle = PiecewiseLinear(angle, between.reshape(-1, ANGLE_NODES))

    def mean_responses(self, s_l: Array, q2: Array) -> Array:
        """Return W_T and W_L, folded and integrated over K2, near points in GeV^2; shape (2, ...)."""
        at = np.stack(self._coordinates(s_l, q2), axis=-1)
        return np.asarray(np.exp([log_mean(at) for log_mean in self._log_means]) * _threshold_power(at[..., 0]))

    def draw(self, s_l: Array, q2: Array, random: Array) -> tuple[PairKinematics, Array, Array, Array]:
        """Draw K2, mass and angle at given s_l and Q2.

        Parameters
        ----------
        s_l, q2 : ndarray, shape (n,)
            GeV^2.
        random : ndarray, shape (3, n)
            Uniform random numbers.

        Returns
        -------
        point : PairKinematics
        transverse, longitudinal, jacobian : ndarray, shape (n,)
            Responses folded with the couplings, and phase space over the density of the draw.
        """
        t, u = self._coordinates(s_l, q2)
        row = cell_of(t, K2_ROWS[0]) * K2_ROWS[1] + cell_of(u, K2_ROWS[1])
        v, density = self._k2.draw(row, random[0])
        k2, dk2 = k2_points(s_l, q2, self.table.threshold2, v[:, None])
        k2, dk2 = k2[:, 0], dk2[:, 0]
        row = cell_of(t, PAIR_ROWS[0]) * PAIR_ROWS[1] + cell_of(u, PAIR_ROWS[1])
        row = row * PAIR_ROWS[2] + cell_of(v, PAIR_ROWS[2])
        tau, density_mass = self._mass.draw(row, random[1])
        cells = MASS_NODES - 1
        x, density_angle = self._angle.draw(row * cells + cell_of(tau, cells), random[2])
        reach = pair_mass_range(s_l, q2, k2, self.table.threshold2)
        power = tau ** (MASS_POWER - 1.0)
        point, phase_space = pair_phase_space(s_l, q2, k2, reach * (power * tau), x, *self.masses)
        jacobian = phase_space * dk2 * reach * MASS_POWER * power / (density * density_mass * density_angle)
        gv, ga = self.couplings(k2)
        transverse, longitudinal = (folded(self._signed(part), gv, ga) for part in responses(point, *self.masses))
        return point, transverse, longitudinal, jacobian
