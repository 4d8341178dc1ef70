r"""Where in phase space events are looked for: densities close to those of the events, easy to draw from.

The invariants are drawn one after the other, each from a table of its density given those before:

1. ``s_l`` and ``Q2``, of each scatterer, from the structure functions W_T and W_L integrated over ``K2`` and from the
   flux folded over the neutrino energies that allow them,
2. the neutrino energy,
3. ``K2``, the pair's invariant mass and its decay angle, from the same structure functions before integration
   (`recast.events.pair_proposal`).

The weight of a trial is the exact differential cross section over the density that it was drawn from; what is
approximate here costs trials, never correctness.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from recast.constants import HBARC2_FB, ElectroweakInputs
from recast.events.beam import BeamEnergy
from recast.events.pair_proposal import INSIDE, PairProposal
from recast.events.sampling import PiecewiseLinear, cell_of
from recast.trident.helicity import PairKinematics
from recast.trident.kinematics import q2_limits, s_l_reach
from recast.trident.spectra import Scatterer

__all__ = ["ScattererProposal", "Trials", "photon_factors"]

Array = NDArray[np.float64]

# Nodes and rows of the tables; more of them cost time at the start and raise the share of trials that is kept.
S_NODES, Q2_NODES, ENERGY_NODES = 97, 161, 17
ENERGY_ROWS = (32, 32)


def photon_factors(scatterer: Scatterer, s_l: Array, q2: Array, energy: Array) -> tuple[Array, Array, Array, Array]:
    """Return the factors of W_T and W_L in the cross section and the two parts of the scatterer's response.

    Parameters
    ----------
    scatterer : Scatterer
    s_l, q2 : ndarray, shapes that broadcast
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
