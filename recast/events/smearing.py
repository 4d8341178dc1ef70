"""Smearing of events: Gaussian resolutions of energies and directions, as selections state them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from recast.constants import LEPTON_MASS
from recast.errors import OutOfRangeError
from recast.events.quantities import kinetic_energy
from recast.numbers import NonNegative

if TYPE_CHECKING:
    from recast.events.events import Events

__all__ = ["Resolution", "Smearing", "smear", "stream"]

Array = NDArray[np.float64]
Particle = Literal["electrons", "muons", "taus", "leptons", "hadrons"]

_FLAVOUR = {"electrons": "e", "muons": "mu", "taus": "tau"}
_RECOIL = 5

# Three for each lepton and one for the recoil, used or not: another resolution leaves the other particles as they were.
_NORMALS = 7


class Resolution(BaseModel):
    """Relative resolution of an energy: ``sqrt(constant^2 + stochastic^2 / (T / GeV))``.

    Attributes
    ----------
    constant : float
        At high energies.
    stochastic : float
        At 1 GeV; falls with the root of the energy.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    constant: NonNegative = 0.0
    stochastic: NonNegative = 0.0

    def at(self, energy: Array) -> Array:
        """Return sigma(T) in GeV.

        Parameters
        ----------
        energy : ndarray, any shape
            Kinetic energies T in GeV.
        """
        return np.sqrt((self.constant * energy) ** 2 + self.stochastic**2 * energy)


def _number_is_constant(value: Any) -> Any:
    return {"constant": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


class Smearing(BaseModel):
    """How well a detector measures one kind of particle.

    Attributes
    ----------
    particle : {"electrons", "muons", "taus", "leptons", "hadrons"}
        ``leptons`` are all three; ``hadrons`` is a recoiling nucleon, of which the energy alone is measured.
    energy : float or Resolution, optional
        Relative resolution of the kinetic energy: a number, or ``{constant: ..., stochastic: ...}``, the second in
        units of ``1 / sqrt(T / GeV)``. Energies do not fall below the mass.
    angle : float
        Standard deviation in rad of the direction in either of two planes at right angles.
    source : str, optional
        INSPIRE key and place.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    particle: Particle
    energy: Annotated[
        Resolution | None, BeforeValidator(_number_is_constant, json_schema_input_type=NonNegative | Resolution | None)
    ] = None
    angle: Annotated[NonNegative, Field(le=1.0)] = 0.0
    source: str | None = None

    @model_validator(mode="after")
    def _smears_something(self) -> Self:
        if self.particle == "hadrons" and self.angle:
            msg = "the direction of hadrons is in no quantity that is smeared: leave 'angle' away"
            raise ValueError(msg)
        if self.energy is None and not self.angle:
            msg = "give a resolution of 'energy' or of 'angle'"
            raise ValueError(msg)
        return self

    def applies_to(self, flavour: str) -> bool:
        """Return whether a charged lepton of a flavour is meant."""
        return self.particle == "leptons" or _FLAVOUR.get(self.particle) == flavour


def stream(seed: int) -> np.random.Generator:
    """Return the random numbers of smearing, others than those of the generator of events with the same seed.

    Raises
    ------
    OutOfRangeError
        When the seed is negative.
    """
    if seed < 0:
        msg = f"a seed is a whole number from 0 on, not {seed}"
        raise OutOfRangeError(msg)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(zlib.crc32(b"smearing"),)))


def smear(events: Events, smearings: Sequence[Smearing], random: np.random.Generator) -> Events:
    """Return events with the momenta that a detector measures.

    The same number of random numbers is drawn for every event: events that come in parts, with one generator handed on,
    are smeared as all at once. ``q2``, ``k2``, the neutrinos and a nucleus that stays whole remain as they are.

    Parameters
    ----------
    events : Events
    smearings : sequence of Smearing
        One at most for each particle; a selection refuses others.
    random : numpy.random.Generator
        E.g. of `stream`.
    """
    if not smearings:
        return events
    normal = random.standard_normal((len(events), _NORMALS))
    momenta = events.momenta.copy()
    for smearing in smearings:
        for row, flavour, first in ((3, events.channel.minus, 0), (4, events.channel.plus, 3)):
            if smearing.applies_to(flavour):
                _smear(momenta[row], LEPTON_MASS[flavour], smearing, normal[:, first : first + 3])
        if smearing.particle == "hadrons" and smearing.energy is not None:
            mass = events.at_rest[:, 0]
            old = momenta[_RECOIL].copy()
            _smear(momenta[_RECOIL], mass, smearing, normal[:, 6:])
            momenta[_RECOIL, events.coherent] = old[events.coherent]
    return replace(events, momenta=momenta)


def _smear(momenta: Array, mass: float | Array, smearing: Smearing, normal: Array) -> None:
    """Smear four-momenta of shape (n, 4) in place."""
    direction = momenta[:, 1:]
    length = np.sqrt(np.einsum("ni,ni->n", direction, direction))
    direction = direction / np.where(length > 0.0, length, 1.0)[:, None]
    kinetic = kinetic_energy(momenta, mass)
    if smearing.energy is not None:
        kinetic = np.maximum(kinetic + smearing.energy.at(kinetic) * normal[:, 0], 0.0)
        length = np.sqrt(kinetic * (kinetic + 2.0 * mass))
    if smearing.angle:
        direction = _turned(direction, smearing.angle * normal[:, 1:3])
    momenta[:, 0] = kinetic + mass
    momenta[:, 1:] = length[:, None] * direction


def _turned(direction: Array, angles: Array) -> Array:
    """Return unit vectors turned by two small angles, shape (n, 2), in planes at right angles to each other."""
    # Axes at right angles to the direction: T. Duff et al., J. Comput. Graph. Tech. 6 (2017) 1; no poles.
    x, y, z = direction.T
    sign = np.copysign(1.0, z)
    a = -1.0 / (sign + z)
    b = x * y * a
    first = np.stack([1.0 + sign * x * x * a, sign * b, -sign * x], axis=1)
    second = np.stack([b, sign + y * y * a, -y], axis=1)
    size = np.hypot(angles[:, 0], angles[:, 1])
    along = np.sinc(size / np.pi)  # sin(size) / size
    return np.asarray(
        np.cos(size)[:, None] * direction
        + (along * angles[:, 0])[:, None] * first
        + (along * angles[:, 1])[:, None] * second
    )
