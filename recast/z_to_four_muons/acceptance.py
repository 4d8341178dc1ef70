"""Rates of four-muon events that pass cuts, by Monte Carlo integration.

All rates are relative to ``Z -> mu mu`` without cuts. Per power of ``(g' Q)^2`` a new boson contributes

- a resonance, proportional to its branching ratio to muons: ``(g' Q)^2 BR F(x) / (8 pi^2)`` times an acceptance,
- interference with photon and Z exchange, away from its mass, whatever it decays to. It is a per cent of the
  resonance at 10 GeV, but falls with the mass much less steeply: a tenth at 50 GeV, half at 70 GeV.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.z_to_four_muons import phase_space, production
from recast.z_to_four_muons.amplitude import (
    emission_squared,
    four_muon_squared,
    interference,
    two_flavours_squared,
)
from recast.z_to_four_muons.bosons import Boson, photon, z_boson
from recast.z_to_four_muons.phase_space import PAIRINGS, channel_weight, four_momenta, pair_masses_squared
from recast.z_to_four_muons.production import Production, boosted
from recast.z_to_four_muons.selection import Selection
from recast.z_to_four_muons.width import Z_MASS

__all__ = ["Estimate", "interference_rates", "signal_rates", "standard_model_rates"]

FloatArray = NDArray[np.float64]
Seed = int | np.random.SeedSequence
Selections = Sequence[Selection | None]

# Events handled at a time: the intermediate arrays of the amplitudes stay in the cache.
_BLOCK = 1 << 13

# Of masses, momenta, production and resolution.
_PRODUCED = production.DIMENSIONS
_NUMBERS = 2 + phase_space.DIMENSIONS + _PRODUCED + 4

LIGHTEST_PAIR = 4.0
"""Mass in GeV of the lightest pair in the Standard Model, to which its published branching ratio belongs."""

# Width over mass that makes the principal value of the new boson's propagator integrable, far above its own.
_PRINCIPAL_VALUE = 0.03


@dataclass(frozen=True)
class Estimate:
    """A Monte Carlo integral.

    Attributes
    ----------
    value, error : float
        Mean, and its standard deviation.
    """

    value: float
    error: float

    @property
    def relative(self) -> float:
        """Relative error."""
        return self.error / abs(self.value) if self.value else math.inf


def signal_rates(
    mass: float,
    selections: Selections = (None,),
    *,
    model: Production | None = None,
    events: int = 200_000,
    seed: Seed = 0,
) -> list[Estimate]:
    """Return the rate of ``Z -> mu mu Z', Z' -> mu mu`` after cuts, relative to ``Z -> mu mu`` without cuts.

    Parameters
    ----------
    mass : float
        Of the narrow boson, in GeV.
    selections : sequence of Selection or None
        Cuts; None for all events.
    model : Production, optional
        How Z bosons are produced; by default at the LHC.
    events : int
        Number of points.
    seed : int or SeedSequence
        Of the random numbers.

    Returns
    -------
    list of Estimate
        For each selection, in units of ``(g' Q)^2 BR(Z' -> mu mu)``.
    """
    z, chosen_model = z_boson(), model or Production()
    # A narrow boson: 1/(2 m Gamma') from its propagator, Gamma' BR = (g' Q)^2 m / (12 pi) BR.
    constant = (6.0 * math.pi / mass**2) / z.width_to_muons(Z_MASS)

    def weights(numbers: FloatArray) -> FloatArray:
        total, weight = chosen_model.masses(numbers[0])
        heavy = np.flatnonzero(total > mass)
        momenta, volume = four_momenta(total[heavy], np.full(heavy.size, mass), numbers[2:9, heavy])
        inside = np.flatnonzero(volume > 0.0)
        kept, momenta, volume = heavy[inside], momenta[..., inside], volume[inside]
        pt, passed = _passed(momenta, total[kept], numbers[9:, kept], selections, chosen_model)
        some = np.flatnonzero(passed.any(axis=0))
        kept, momenta, volume = kept[some], momenta[..., some], volume[some]
        square = chosen_model.averaged(emission_squared(momenta, z), total[kept], pt[some])
        return passed[:, some] * (constant * weight[kept] * volume * square / (2.0 * total[kept]))

    return _integrals(weights, len(selections), events, seed)


def standard_model_rates(
    selections: Selections = (None,),
    *,
    two_flavours: bool = False,
    bosons: Sequence[Boson] | None = None,
    lightest_pair: float = LIGHTEST_PAIR,
    model: Production | None = None,
    events: int = 200_000,
    seed: Seed = 0,
) -> list[Estimate]:
    """Return the rate of ``Z -> 4 mu`` in the Standard Model at tree level, relative to ``Z -> mu mu`` without cuts.

    Parameters
    ----------
    selections : sequence of Selection or None
        Cuts; None for all events.
    two_flavours : bool
        Whether to take ``Z -> e e mu mu`` instead, without cuts.
    bosons : sequence of Boson, optional
        What pairs come from; by default photon and Z.
    lightest_pair : float
        Lowest mass in GeV of any pair of one flavour and opposite charge.
    model, events, seed
        As in `signal_rates`.

    Returns
    -------
    list of Estimate
        For each selection.
    """
    z, chosen_model = z_boson(), model or Production()
    exchanged = (photon(), z) if bosons is None else tuple(bosons)
    amplitude = two_flavours_squared if two_flavours else four_muon_squared

    def weights(numbers: FloatArray) -> FloatArray:
        momenta, mass, pt, measure = _standard_model_events(
            numbers, selections, chosen_model, lightest_pair, two_flavours=two_flavours
        )
        return measure * chosen_model.averaged(amplitude(momenta, exchanged, z), mass, pt)

    return _integrals(weights, len(selections), events, seed)


def interference_rates(
    masses: ArrayLike,
    selections: Selections = (None,),
    *,
    model: Production | None = None,
    lightest_pair: float = LIGHTEST_PAIR,
    events: int = 200_000,
    seed: Seed = 0,
) -> list[list[Estimate]]:
    """Return the interference of a new boson with photon and Z exchange, relative to ``Z -> mu mu`` without cuts.

    Parameters
    ----------
    masses : array_like, shape (n_mass,)
        Of the new boson, in GeV; all of them are integrated with the same events.
    selections, model, lightest_pair, events, seed
        As in `standard_model_rates`.

    Returns
    -------
    list of list of Estimate
        For each selection and mass, in units of ``(g' Q)^2``.
    """
    z, chosen_model = z_boson(), model or Production()
    squared = np.square(np.asarray(masses, dtype=np.float64))[:, None]
    count = squared.size

    def weights(numbers: FloatArray) -> FloatArray:
        momenta, mass, pt, measure = _standard_model_events(numbers, selections, chosen_model, lightest_pair)
        coefficients = interference(momenta, (photon(), z), z)
        added = np.zeros((count, mass.size))
        for index, virtuality in enumerate(pair_masses_squared(momenta)):
            distance = virtuality - squared
            principal = distance / (distance**2 + (_PRINCIPAL_VALUE * squared) ** 2)
            added += principal * chosen_model.averaged(coefficients[:, index], mass, pt)
        return np.concatenate([chosen * added for chosen in measure])

    flat = _integrals(weights, len(selections) * count, events, seed)
    return [flat[start : start + count] for start in range(0, len(flat), count)]


def _standard_model_events(
    numbers: FloatArray,
    selections: Selections,
    model: Production,
    lightest_pair: float,
    *,
    two_flavours: bool = False,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return momenta, mass and transverse momentum of events that pass some cuts, and the measure for each cut."""
    # Muons 3 and 4 may come from the emitted boson, or others in their place; 2! 2! orders describe one event.
    orders, symmetry = (PAIRINGS[:2], 1) if two_flavours else (PAIRINGS, 4)
    constant = len(orders) / symmetry / z_boson().width_to_muons(Z_MASS)
    total, weight = model.masses(numbers[0])
    pair = lightest_pair * (total / lightest_pair) ** numbers[1]
    momenta, volume = four_momenta(total, pair, numbers[2:9])
    heavy = (pair_masses_squared(momenta)[: 2 if two_flavours else 4] > lightest_pair**2).all(axis=0)
    kept = np.flatnonzero(heavy & (volume > 0.0))
    momenta = momenta[..., kept]
    pt, passed = _passed(momenta, total[kept], numbers[9:, kept], selections, model)
    some = np.flatnonzero(passed.any(axis=0))
    kept, momenta = kept[some], momenta[..., some]
    mass = total[kept]
    density = np.sum([1.0 / channel_weight(mass, momenta, order, lightest_pair) for order in orders], axis=0)
    measure = passed[:, some] * (constant * weight[kept] / density / (2.0 * mass))
    return momenta, mass, pt[some], measure


def _passed(
    momenta: FloatArray, mass: FloatArray, numbers: FloatArray, selections: Selections, model: Production
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return the transverse momenta of the Z boson, and which events pass each selection."""
    pt, rapidity = model.momenta(numbers[:_PRODUCED])
    passed = np.ones((len(selections), mass.size), dtype=bool)
    if any(selection is not None for selection in selections):
        laboratory = boosted(momenta, mass, pt, rapidity)
        for row, selection in zip(passed, selections, strict=True):
            if selection is not None:
                row[:] = selection.passes(selection.smeared(laboratory, numbers[_PRODUCED:]))
    return pt, passed


def _integrals(weights: Callable[[FloatArray], FloatArray], count: int, events: int, seed: Seed) -> list[Estimate]:
    """Return means and errors of ``count`` weights that are functions of evenly distributed numbers.

    Events of no weight at all may be left out of the array that ``weights`` returns.
    """
    rng = np.random.default_rng(seed)
    first, second = np.zeros((2, count))
    for start in range(0, events, _BLOCK):
        values = weights(rng.random((_NUMBERS, min(_BLOCK, events - start))))
        first += values.sum(axis=1)
        second += np.square(values).sum(axis=1)
    mean = first / events
    error = np.sqrt(np.maximum(second / events - mean**2, 0.0) / events)
    return [Estimate(float(m), float(e)) for m, e in zip(mean, error, strict=True)]
