r"""What fraction of the events passes a selection, as a smooth function of neutrino energy and momentum transfer.

The kinematics of an event depends on the model through its couplings, and they through K2 alone: at given energy and K2
each of the three structures VV, AA and VA has an acceptance that no model changes.  Spectra after cuts are therefore

    S_VV' = r_VV S_VV,    S_AA' = r_AA S_AA,    S_VA' = r_VV S_VA + d S_VV

with functions of energy and K2 that are fitted, by weighted least squares, to whether generated events pass.  Least
squares leave no net difference to the sample in any window as wide as the splines: what is folded with a flux and a
propagator has the statistical error of the sample and no other.  Without cuts r is one and d zero, exactly.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from recast.channels import Channel
from recast.constants import DEFAULT_INPUTS, LEPTON_MASS, ElectroweakInputs
from recast.couplings import sm_couplings
from recast.events.generator import EventGenerator
from recast.events.smearing import stream
from recast.events.surface import Axis, Part, Plane
from recast.flux import Flux
from recast.grid import TridentTable
from recast.grid_accuracy import moments
from recast.interactions import Shift
from recast.spectrum import Component
from recast.trident.spectra import K2_MAX

if TYPE_CHECKING:
    from recast.events.events import Events

__all__ = ["Acceptance", "Passes", "accepted", "measure_acceptance"]

Array = NDArray[np.float64]

# Widths of the splines in ln E and ln K2; the share of a squared mass below which nothing depends on K2.
_WIDTH_ENERGY, _WIDTH_K2 = 0.5, 1.5
_K2_FLAT = 0.04

# Bins in which the events' energies are equally many per e-fold.
_FLUX_BINS = 200

# Parts of a sample, by which its error is estimated, and the largest of them that is held in memory.
_PARTS, _PART = 32, 50_000

# Weight, in events, that holds coefficients near their neighbours where there are none.
_PRIOR = 1.0

# Of the couplings V and A that events are drawn with: both structures are covered, and no chirality is left out.
_VECTOR, _AXIAL = 1.0, 0.5


class Passes(Protocol):
    """What decides which events pass: a `recast.events.selection.Selection`."""

    @property
    def uses_charge(self) -> bool:
        """Whether the negative lepton is told from the positive one."""
        ...

    def passes(self, events: Events, *, random: int | np.random.Generator = 0) -> NDArray[np.bool_]:
        """Return which events pass, shape (n,)."""
        ...


@dataclass(frozen=True)
class _Drawn:
    """Couplings that events are drawn with, in place of those of the Standard Model.

    Attributes
    ----------
    k2 : float
        Their squares fall as 1 / K2 beyond this value in GeV^2; infinite for constant couplings.
    """

    k2: float

    @property
    def shape(self) -> tuple[int, ...]:
        """There are no parameters: ``()``."""
        return ()

    @property
    def mediators(self) -> None:
        """None: there is no boson."""
        return

    def squared(self, k2: Array) -> Array:
        """Return what multiplies the squares of the couplings."""
        return np.asarray(1.0 / (1.0 + k2 / self.k2))

    def shifts(self, channel: Channel, inputs: ElectroweakInputs = DEFAULT_INPUTS) -> tuple[Shift, ...]:
        """Return what makes couplings of the Standard Model these."""

        def to(size: float, standard: float) -> Callable[[Array], Array]:
            return lambda k2: size * np.sqrt(self.squared(k2)) - standard

        gv, ga = sm_couplings(channel, inputs)
        one = np.ones(())
        return Shift("V", one, to(_VECTOR, gv)), Shift("A", one, to(_AXIAL, ga))


@dataclass(frozen=True)
class Acceptance:
    """Acceptances of the structures of one scatterer.

    Attributes
    ----------
    events : int
        That were generated.
    plane : Plane
        The splines.
    coefficients : ndarray, shape (3, size)
        Of r_VV, r_AA and d.
    deviations : ndarray, shape (parts, 3, size)
        What each part of the sample contributes to the coefficients' errors: the sum of their squares is the variance.
    """

    events: int
    plane: Plane
    coefficients: Array
    deviations: Array

    def at(self, energy: Array, k2: Array) -> Array:
        """Return r_VV, r_AA and d, shape (3, n, m), at energies (n,) in GeV and momentum transfers (m,) in GeV^2."""
        values = self.plane.on(energy, k2, self.coefficients)
        values[:2] = np.clip(values[:2], 0.0, 1.0)
        values[2] *= (values[0] > 0.0) & (values[1] > 0.0)
        return values

    def errors_at(self, energy: Array, k2: Array) -> Array:
        """Return the deviations there, shape (parts, 3, n, m)."""
        return self.plane.on(energy, k2, self.deviations)


def measure_acceptance(
    channel: Channel,
    target: str,
    component: Component,
    selection: Passes,
    table: TridentTable,
    *,
    events: int,
    seed: int,
) -> Acceptance:
    """Generate events of all energies and fit which of them pass.

    Parameters
    ----------
    channel : Channel
        Of neutrinos; of a pair of unlike leptons the one with the heavier lepton negative, as in the grids.
    target : str
        Nucleus that is hit, or that holds the nucleons.
    component : {"coherent", "proton", "neutron"}
    selection : Selection
    table : TridentTable
        Inclusive spectra.
    events : int
        To be generated: equally many per e-fold of energy, half of them also, about, per e-fold of K2.
    seed : int
        Random numbers depend on it and on the scatterer.
    """
    k2_flat = _K2_FLAT * (LEPTON_MASS[channel.minus] + LEPTON_MASS[channel.plus]) ** 2
    plane = Plane(
        Axis.over(np.log(table.energy[0]), np.log(table.energy[-1]), _WIDTH_ENERGY),
        Axis.over(np.log(k2_flat), np.log(K2_MAX + k2_flat), _WIDTH_K2),
        k2_flat,
    )
    own = np.random.SeedSequence(seed, spawn_key=(zlib.crc32(table.name.encode()),))
    first, second, smearing = (int(number) for number in own.generate_state(3))
    random = stream(smearing)
    # exchanging leptons of equal mass changes the sign of VA and nothing else
    odd = channel.minus != channel.plus or selection.uses_charge
    parts: list[Part] = []
    half = -(-events // 2)
    size = min(_PART, -(-half // _PARTS))
    # half of the events as a heavy mediator makes them, half as a light one does
    for drawn, number in ((_Drawn(np.inf), first), (_Drawn(k2_flat), second)):
        generator = EventGenerator(
            channel, target, _flux(channel, table, drawn), interaction=drawn, component=component, seed=number
        )
        for i, chunk in enumerate(generator.chunks(half, unweighted=False, size=size)):
            weight = chunk.structures * (drawn.squared(chunk.k2) / generator.cross_section)
            if not odd:
                weight[2] = 0.0
            passing = selection.passes(chunk, random=random)
            part = Part.of(plane, chunk.beam[:, 0], chunk.k2, weight, passing)
            if len(parts) < _PARTS:
                parts.append(part)
            else:
                parts[i % _PARTS] += part
    return _fit(plane, parts, events)


def _flux(channel: Channel, table: TridentTable, drawn: _Drawn) -> Flux:
    """Return a spectrum that makes equally many events in every e-fold."""
    edges = np.geomspace(table.energy[0], table.energy[-1], _FLUX_BINS + 1)
    middle = np.sqrt(edges[1:] * edges[:-1])
    vv, aa, _ = np.moveaxis(table.at(middle) @ drawn.squared(table.momentum_transfer), 1, 0)
    rate = (_VECTOR**2 * vv + _AXIAL**2 * aa) * middle
    return Flux("all energies", channel.neutrino, "histogram", edges, rate.min() / rate, "1/GeV")


def _fit(plane: Plane, parts: list[Part], events: int) -> Acceptance:
    whole = reduce(add, parts)
    vv, aa, va = whole.matrices()
    passing = whole.sums()
    prior = _PRIOR * plane.roughness()
    # Splines add up to one, so that all products do to the sum of weights.
    on_vv, on_aa = (np.linalg.inv(matrix + prior * matrix.sum() / events) for matrix in (vv, aa))
    r_vv, r_aa = on_vv @ passing[0], on_aa @ passing[1]
    d = on_vv @ (passing[2] - va @ r_vv)
    deviations = []
    for part in parts:
        sums, by_vv = part.sums(), part.times(r_vv)
        of_vv = on_vv @ (sums[0] - by_vv[0])
        of_aa = on_aa @ (sums[1] - part.times(r_aa)[1])
        of_d = on_vv @ (sums[2] - by_vv[2] - part.times(d)[0] - va @ of_vv)
        deviations.append(np.stack([of_vv, of_aa, of_d]))
    return Acceptance(events, plane, np.stack([r_vv, r_aa, d]), np.stack(deviations))


def accepted(table: TridentTable, acceptance: Acceptance) -> tuple[Array, Array]:
    """Return the spectra of what passes and their statistical errors.

    Parameters
    ----------
    table : TridentTable
        Inclusive.
    acceptance : Acceptance

    Returns
    -------
    spectra : ndarray, shape (n_E, 3, n_K2)
        Over the inclusive ``reference``.
    errors : ndarray, shape (n_E, 3, 1 + 2 n_mass)
        Standard deviations of total and propagator moments of each, over the same.
    """
    vv, aa, va = np.moveaxis(table.spectra, 1, 0)
    nodes = table.energy, table.momentum_transfer
    r_vv, r_aa, d = acceptance.at(*nodes)
    spectra = np.stack([r_vv * vv, r_aa * aa, r_vv * va + d * vv], axis=1)
    variance = np.zeros(moments(spectra).shape)
    for off_vv, off_aa, off_d in acceptance.errors_at(*nodes):
        off = np.stack([off_vv * vv, off_aa * aa, off_vv * va + off_d * vv], axis=1)
        variance += moments(off) ** 2
    return spectra, np.sqrt(variance)
