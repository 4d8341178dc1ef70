"""Kinematic quantities of events, by the names that selections and figures use.

Every quantity is a function of the four-momenta in the laboratory. Where momenta are nearly parallel, or energies
nearly masses, forms without differences of large numbers are used: an opening angle of 1e-6 rad and a pair mass next to
the threshold have the precision of the momenta themselves.

>>> quantity("opening_angle").unit
'rad'
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recast.constants import FLAVOURS, LEPTON_MASS
from recast.errors import NotApplicableError, unknown

if TYPE_CHECKING:
    from recast.channels import Channel
    from recast.events.events import Events

__all__ = ["QUANTITIES", "Quantity", "angle_between", "kinetic_energy", "quantity"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Quantity:
    """One kinematic quantity.

    Attributes
    ----------
    name : str
        As selections write it.
    unit : str
        ``GeV``, ``GeV^2``, ``rad``, or empty for a pure number.
    meaning : str
        One line.
    function : callable
        Of events, with one value for each.
    uses_charge : bool
        Whether it tells the negative from the positive lepton by its charge.
    flavour : str or None
        The lepton that it belongs to; such a quantity exists for unlike pairs with this lepton only.
    """

    name: str
    unit: str
    meaning: str
    function: Callable[[Events], Array]
    uses_charge: bool = False
    flavour: str | None = None

    def __call__(self, events: Events) -> Array:
        """Return the quantity of every event, shape (n,).

        Raises
        ------
        NotApplicableError
            When the channel of the events has no such quantity.
        """
        self.check(events.channel)
        return np.asarray(self.function(events), dtype=np.float64)

    def check(self, channel: Channel) -> None:
        """Refuse a channel in which the quantity means nothing.

        Raises
        ------
        NotApplicableError
            When the quantity is that of an electron, muon or tau, and the pair has none or two of them.
        """
        if self.flavour is None or (channel.minus, channel.plus).count(self.flavour) == 1:
            return
        many = "two leptons" if channel.minus == self.flavour else "no lepton"
        msg = f"{self.name} is that of an unlike pair with one {self.flavour}: {channel} has {many} of that flavour"
        raise NotApplicableError(msg)


def quantity(name: str) -> Quantity:
    """Return a quantity by its name.

    Raises
    ------
    UnknownNameError
        When there is none; the message lists near matches.
    """
    if name not in QUANTITIES:
        raise unknown("quantity", name, QUANTITIES)
    return QUANTITIES[name]


def angle_between(a: Array, b: Array) -> Array:
    """Return the angle between vectors in rad, precise for parallel and for opposite ones.

    W. Kahan, "How futile are mindless assessments of roundoff in floating-point computation?", Sec. 12.

    Parameters
    ----------
    a, b : ndarray, shape (n, 3)

    Returns
    -------
    ndarray, shape (n,)
        Zero where one of the vectors vanishes.
    """
    first, second = _norm(b)[:, None] * a, _norm(a)[:, None] * b
    return np.asarray(2.0 * np.arctan2(_norm(first - second), _norm(first + second)))


def kinetic_energy(momenta: Array, mass: float | Array) -> Array:
    """Return ``E - m`` as ``p^2 / (E + m)``, which a particle nearly at rest does not round away.

    Parameters
    ----------
    momenta : ndarray, shape (n, 4)
        Four-momenta in GeV.
    mass : float or ndarray, shape (n,)
        In GeV.
    """
    return np.asarray(_squared(momenta[:, 1:]) / (momenta[:, 0] + mass))


def _squared(vectors: Array) -> Array:
    return np.asarray(np.einsum("ni,ni->n", vectors, vectors))


def _norm(vectors: Array) -> Array:
    return np.sqrt(_squared(vectors))


def _transverse(momenta: Array) -> Array:
    return np.hypot(momenta[:, 1], momenta[:, 2])


def _angle(momenta: Array) -> Array:
    """Angle to the beam, which is the z axis."""
    return np.arctan2(_transverse(momenta), momenta[:, 3])


def _pair(events: Events) -> Array:
    return events.minus + events.plus


def _invariant_mass(events: Events) -> Array:
    """Return ``(m- + m+)^2 + 2 [(p- m+ - p+ m-)^2 / (E- E+ + p- p+ + m- m+) + 2 p- p+ sin^2(angle / 2)]``, rooted.

    The bracket is ``E- E+ - p- . p+ - m- m+``, written without its cancellation.
    """
    m, M = LEPTON_MASS[events.channel.minus], LEPTON_MASS[events.channel.plus]
    p, P = _norm(events.minus[:, 1:]), _norm(events.plus[:, 1:])
    half = np.sin(0.5 * _opening_angle(events))
    above = (p * M - P * m) ** 2 / (np.hypot(p, m) * np.hypot(P, M) + p * P + m * M) + 2.0 * p * P * half**2
    return np.asarray(np.sqrt((m + M) ** 2 + 2.0 * above))


def _opening_angle(events: Events) -> Array:
    return angle_between(events.minus[:, 1:], events.plus[:, 1:])


def _azimuth_difference(events: Events) -> Array:
    a, b = events.minus, events.plus
    return np.arctan2(np.abs(a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1]), a[:, 1] * b[:, 1] + a[:, 2] * b[:, 2])


def _recoil_kinetic_energy(events: Events) -> Array:
    return kinetic_energy(events.recoil, events.at_rest[:, 0])


def _hadronic_energy(events: Events) -> Array:
    return np.where(events.coherent, 0.0, _recoil_kinetic_energy(events))


def _proton_energy(events: Events) -> Array:
    protons = np.array([name == "proton" for name in events.scatterers])
    return np.where(protons[events.scatterer], _recoil_kinetic_energy(events), 0.0)


# What each lepton has: name, words for the smaller and larger of two, unit, noun, remark, function of momenta and mass.
_OF_A_LEPTON: tuple[tuple[str, str, str, str, str, str, Callable[[Array, float], Array]], ...] = (
    ("energy", "lower", "higher", "GeV", "energy", ", mass included", lambda p, _: p[:, 0]),
    ("kinetic_energy", "lower", "higher", "GeV", "kinetic energy", "", kinetic_energy),
    ("momentum", "lower", "higher", "GeV", "momentum", "", lambda p, _: _norm(p[:, 1:])),
    ("transverse_momentum", "lower", "higher", "GeV", "transverse momentum", "", lambda p, _: _transverse(p)),
    ("angle", "smaller", "larger", "rad", "angle to the beam", "", lambda p, _: _angle(p)),
)

_OF_THE_EVENT = (
    Quantity("neutrino_energy", "GeV", "energy of the incoming neutrino", lambda events: events.beam[:, 0]),
    Quantity(
        "scattered_neutrino_energy", "GeV", "energy of the outgoing neutrino", lambda events: events.neutrino[:, 0]
    ),
    Quantity("opening_angle", "rad", "angle between the two leptons", _opening_angle),
    Quantity(
        "azimuth_difference", "rad", "angle between the two leptons seen along the beam, 0 to pi", _azimuth_difference
    ),
    Quantity("invariant_mass", "GeV", "invariant mass of the pair", _invariant_mass),
    Quantity("pair_energy", "GeV", "sum of the energies of the two leptons", lambda events: _pair(events)[:, 0]),
    Quantity("pair_momentum", "GeV", "momentum of the pair", lambda events: _norm(_pair(events)[:, 1:])),
    Quantity(
        "pair_transverse_momentum",
        "GeV",
        "momentum of the pair transverse to the beam",
        lambda events: _transverse(_pair(events)),
    ),
    Quantity("pair_angle", "rad", "angle of the pair's momentum to the beam", lambda events: _angle(_pair(events))),
    Quantity(
        "energy_sharing",
        "",
        "share of the lower of the two energies in their sum, 0 to 1/2",
        lambda events: np.minimum(events.minus[:, 0], events.plus[:, 0]) / _pair(events)[:, 0],
    ),
    Quantity(
        "energy_asymmetry",
        "",
        "(E- - E+) / (E- + E+)",
        lambda events: (events.minus[:, 0] - events.plus[:, 0]) / _pair(events)[:, 0],
        uses_charge=True,
    ),
    Quantity(
        "inelasticity",
        "",
        "share of the neutrino's energy that it loses, to pair and recoil",
        lambda events: (_pair(events)[:, 0] + _recoil_kinetic_energy(events)) / events.beam[:, 0],
    ),
    Quantity(
        "visible_energy",
        "GeV",
        "pair_energy plus hadronic_energy",
        lambda events: _pair(events)[:, 0] + _hadronic_energy(events),
    ),
    Quantity("hadronic_energy", "GeV", "kinetic energy of a recoiling nucleon; 0 for a nucleus", _hadronic_energy),
    Quantity("proton_energy", "GeV", "kinetic energy of a recoiling proton; 0 for neutron and nucleus", _proton_energy),
    Quantity(
        "recoil_kinetic_energy", "GeV", "kinetic energy of the recoiling nucleus or nucleon", _recoil_kinetic_energy
    ),
    Quantity(
        "recoil_momentum",
        "GeV",
        "momentum of the recoiling nucleus or nucleon",
        lambda events: _norm(events.recoil[:, 1:]),
    ),
    Quantity(
        "recoil_angle",
        "rad",
        "angle of the recoiling nucleus or nucleon to the beam",
        lambda events: _angle(events.recoil),
    ),
    Quantity("q2", "GeV^2", "-q^2 of the exchanged photon, never smeared", lambda events: events.q2),
    Quantity("k2", "GeV^2", "-(k - k')^2 of the neutrinos, never smeared", lambda events: events.k2),
)


def _leptons(of: Callable[[Array, float], Array]) -> dict[str, Callable[[Events], Array]]:
    """Return a quantity of one lepton as that of either, by charge and by size."""

    def minus(events: Events) -> Array:
        return of(events.minus, LEPTON_MASS[events.channel.minus])

    def plus(events: Events) -> Array:
        return of(events.plus, LEPTON_MASS[events.channel.plus])

    def flavour(name: str) -> Callable[[Events], Array]:
        return lambda events: (minus if events.channel.minus == name else plus)(events)

    return {
        "minus": minus,
        "plus": plus,
        "small": lambda events: np.minimum(minus(events), plus(events)),
        "large": lambda events: np.maximum(minus(events), plus(events)),
        **{name: flavour(name) for name in FLAVOURS},
    }


def _of_leptons() -> Iterator[Quantity]:
    for name, small, large, unit, noun, remark, function in _OF_A_LEPTON:
        of = _leptons(function)
        for size, key in ((small, "small"), (large, "large")):
            yield Quantity(f"{name}_{size}", unit, f"the {size} {noun} of the two leptons{remark}", of[key])
        for charge, sign in (("minus", "negative"), ("plus", "positive")):
            meaning = f"{noun} of the {sign} lepton{remark}"
            yield Quantity(f"{name}_{charge}", unit, meaning, of[charge], uses_charge=True)
        for flavour, lepton in zip(FLAVOURS, ("electron", "muon", "tau"), strict=True):
            meaning = f"{noun} of the {lepton} of an unlike pair{remark}"
            yield Quantity(f"{name}_{flavour}", unit, meaning, of[flavour], flavour=flavour)


QUANTITIES: Mapping[str, Quantity] = MappingProxyType(
    {found.name: found for found in (*_of_leptons(), *_OF_THE_EVENT)}
)
"""All quantities by name."""
