r"""Where in phase space events are looked for: densities close to those of the events, easy to draw from.

The invariants are drawn one after the other, each from a table of its density given those before:

1. ``s_l`` and ``Q2``, of each scatterer, from the structure functions W_T and W_L integrated over ``K2`` and from the
   flux folded over the neutrino energies that allow them,
2. the neutrino energy,
3. ``K2``, the pair's invariant mass and its decay angle, from the same structure functions before integration.

The weight of a trial is the exact differential cross section over the density that it was drawn from; what is
approximate here costs trials, never correctness.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from recast.constants import HBARC2_FB, ElectroweakInputs
from recast.events.beam import BeamEnergy
from recast.events.sampling import PiecewiseLinear, cell_of
from recast.trident.helicity import PairKinematics
from recast.trident.kinematics import q2_limits, s_l_reach
from recast.trident.spectra import Scatterer
from recast.trident.structure import (
    TINY,
    StructureTable,
    k2_points,
    pair_mass_range,
    pair_phase_space,
    responses,
)

__all__ = ["PairProposal", "ScattererProposal", "Trials", "photon_factors"]

Array = NDArray[np.float64]
Couplings = Callable[[Array], tuple[Array, Array]]

# Nodes and rows of the tables; more of them cost time at the start and raise the share of trials that is kept.
S_NODES, Q2_NODES, ENERGY_NODES = 97, 161, 17
ENERGY_ROWS = (32, 32)
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


def photon_factors(scatterer: Scatterer, s_l: Array, q2: Array, energy: Array) -> tuple[Array, Array, Array, Array]:
    """Return the factors of W_T and W_L in the cross section and the two parts of the scatterer's response.

    Parameters
    ----------
    scatterer : Scatterer
    s_l, q2 : ndarray
        GeV^2.
    energy : ndarray
        Of the neutrino in GeV; all broadcast.
    """
    charge, magnetic = scatterer.response(q2)
    shat = s_l + q2
    boost = (scatterer.mass * energy - 0.25 * shat) ** 2 * (4.0 * q2 / shat**2)
    on_t = 4.0 * charge * np.maximum(boost - scatterer.mass**2 - 0.25 * q2, 0.0) + 2.0 * magnetic
    return on_t, 4.0 * charge * boost - magnetic, charge, magnetic


def lowest_energy(mass: float, s_l: Array, q2: Array) -> Array:
    """Return the neutrino energy in GeV from which a point (GeV^2) is possible on a target of a mass in GeV."""
    return np.asarray((s_l + q2) * (1.0 + np.sqrt(1.0 + 4.0 * mass**2 / q2)) / (4.0 * mass))


@dataclass(frozen=True)
class Trials:
    """Points of phase space without azimuths, and their weights.

    Attributes
    ----------
    point : PairKinematics
        Invariants of the lepton pair, shape (n,) each.
    s_l, energy : ndarray, shape (n,)
        ``(k + q)^2`` in GeV^2 and the energy of the neutrino in GeV.
    charge, magnetic : ndarray, shape (n,)
        Response of the scatterer.
    weight : ndarray, shape (n,)
        fb; their mean is the cross section.
    """

    point: PairKinematics
    s_l: Array
    energy: Array
    charge: Array
    magnetic: Array
    weight: Array

    def take(self, chosen: NDArray[np.intp]) -> Trials:
        """Return the trials of given indices."""
        point = PairKinematics(**{field.name: getattr(self.point, field.name)[chosen] for field in fields(self.point)})
        others = (getattr(self, field.name)[chosen] for field in fields(self)[1:])
        return Trials(point, *others)


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
    """

    def __init__(self, table: StructureTable, couplings: Couplings, va_sign: int) -> None:
        self.table, self.couplings = table, couplings
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
        return s_l, shift * np.expm1(u * np.log1p(self.table.q2_max / shift))

    def _tabulate_pair(self) -> None:
        s_l, q2 = self._centres(PAIR_ROWS)
        v = (np.arange(PAIR_ROWS[2]) + 0.5) / PAIR_ROWS[2]
        mass = np.linspace(0.0, 1.0, MASS_NODES)
        angle = np.linspace(0.0, 1.0, ANGLE_NODES)
        s, q, v5, tau, x = np.meshgrid(s_l, q2, v, mass, angle, indexing="ij", sparse=True)
        k2 = k2_points(s[..., 0, 0, 0], q[..., 0, 0, 0], self.table.threshold2, v)[0][..., None, None]
        del v5
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
        """Return W_T and W_L, folded and integrated over K2, near points in GeV^2; result (2, *shape)."""
        at = np.stack([self.table.t_of(s_l), self.table.u_of(q2)], axis=-1)
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
        t, u = self.table.t_of(s_l), self.table.u_of(q2)
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


class ScattererProposal:
    """Tables of s_l, Q2 and the neutrino energy for one scatterer.

    Parameters
    ----------
    scatterer : Scatterer
    number : float
        Of scatterers in a formula unit.
    beam : BeamEnergy
    pair : PairProposal
    inputs : ElectroweakInputs
        alpha and G_F.
    """

    def __init__(
        self, scatterer: Scatterer, number: float, beam: BeamEnergy, pair: PairProposal, inputs: ElectroweakInputs
    ) -> None:
        self.scatterer, self.beam, self.pair = scatterer, beam, pair
        mass = scatterer.mass
        self._factor = number * inputs.alpha**2 * inputs.fermi_constant**2 * HBARC2_FB / (16.0 * mass**2)
        table = pair.table
        self._s_high = min(s_l_reach(beam.highest, mass, scatterer.q2_cut), table.s_max)
        t = np.linspace(0.0, 1.0, S_NODES)
        y = np.linspace(0.0, 1.0, Q2_NODES)
        s_l = self._s_of(np.clip(t, INSIDE, 1.0 - INSIDE))
        q2, span = self._q2_of(s_l[:, None], np.clip(y, INSIDE, 1.0 - INSIDE))
        s2 = np.broadcast_to(s_l[:, None], q2.shape)
        mean_t, mean_l = pair.mean_responses(s2, q2)
        moments = beam.moments(lowest_energy(mass, s2, q2))
        on_t, on_l = self._over_energies(s2, q2, moments)
        density = np.maximum(on_t * mean_t + on_l * mean_l, 0.0) * span / q2
        rows = 0.5 * (density[1:] + density[:-1])
        self._q2 = PiecewiseLinear(y, rows)
        inside_t = np.clip(t, INSIDE, 1.0)
        self._s = PiecewiseLinear(t, (density.mean(axis=1) * s_l * inside_t)[None])
        self._tabulate_energy()

    def _s_of(self, t: Array) -> Array:
        low = self.pair.table.threshold2
        return np.asarray(low * (self._s_high / low) ** (t * t))

    def _q2_of(self, s_l: Array, y: Array) -> tuple[Array, Array]:
        low, high = q2_limits(self.beam.highest, self.scatterer.mass, s_l)
        span = np.log(np.minimum(high, self.scatterer.q2_cut) / low)
        return low * np.exp(span * y), span

    def _over_energies(self, s_l: Array, q2: Array, moments: Array) -> tuple[Array, Array]:
        """Return the factors of W_T and W_L over E^2, integrated over the flux."""
        mass = self.scatterer.mass
        charge, magnetic = self.scatterer.response(q2)
        shat = s_l + q2
        boost = 4.0 * q2 / shat**2 * (
            mass**2 * moments[0] - 0.5 * mass * shat * moments[1] + 0.0625 * shat**2 * moments[2]
        )
        on_t = 4.0 * charge * (boost - (mass**2 + 0.25 * q2) * moments[2]) + 2.0 * magnetic * moments[2]
        return np.maximum(on_t, 0.0), np.maximum(4.0 * charge * boost - magnetic * moments[2], 0.0)

    def _tabulate_energy(self) -> None:
        rows = [(np.arange(n) + 0.5) / n for n in ENERGY_ROWS]
        s_l = self._s_of(rows[0])[:, None]
        q2, _ = self._q2_of(s_l, rows[1])
        lowest = lowest_energy(self.scatterer.mass, s_l, q2)
        nodes = np.linspace(0.0, 1.0, ENERGY_NODES) ** 2
        shape = (*lowest.shape, ENERGY_NODES)
        energy, _ = self.beam.draw(
            np.broadcast_to(lowest[..., None], shape).ravel(), np.broadcast_to(nodes, shape).ravel()
        )
        energy = np.maximum(energy.reshape(shape), lowest[..., None])
        on_t, on_l, *_ = photon_factors(self.scatterer, s_l[..., None], q2[..., None], energy)
        mean_t, mean_l = self.pair.mean_responses(np.broadcast_to(s_l, q2.shape), q2)[..., None]
        density = (on_t * mean_t + on_l * mean_l) / energy**2
        self._energy = PiecewiseLinear(nodes, density.reshape(-1, ENERGY_NODES))

    def draw(self, random: Array) -> Trials:
        """Return trials.

        Parameters
        ----------
        random : ndarray, shape (6, n)
            Uniform random numbers.
        """
        t, density_s = self._s.draw(0, random[0])
        y, density_q2 = self._q2.draw(cell_of(t, S_NODES - 1), random[1])
        s_l = self._s_of(t)
        q2, span = self._q2_of(s_l, y)
        table = self.pair.table
        ds = s_l * 2.0 * t * np.log(self._s_high / table.threshold2)
        lowest = lowest_energy(self.scatterer.mass, s_l, q2)
        if self.beam.is_line:
            energy, flux = self.beam.draw(lowest, random[2])
        else:
            row = cell_of(t, ENERGY_ROWS[0]) * ENERGY_ROWS[1] + cell_of(y, ENERGY_ROWS[1])
            fraction, density_energy = self._energy.draw(row, random[2])
            energy, flux = self.beam.draw(lowest, fraction)
            flux = flux / density_energy
        point, transverse, longitudinal, jacobian = self.pair.draw(s_l, q2, random[3:])
        on_t, on_l, charge, magnetic = photon_factors(self.scatterer, s_l, q2, energy)
        weight = (on_t * transverse + on_l * longitudinal) * jacobian * (ds * span / q2) * flux / energy**2
        weight *= self._factor / (density_s * density_q2)
        possible = (weight > 0.0) & (weight < np.inf)  # rounding at the ends of phase space
        return Trials(point, s_l, energy, charge, magnetic, np.where(possible, weight, 0.0))
