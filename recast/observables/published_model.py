"""What a published limit on a boson assumed: the model, its decays and the way through a shield."""

from __future__ import annotations

import math
from typing import Annotated, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from recast.decays import partial_widths
from recast.hadrons import hadronic_ratio
from recast.interactions import Mixing, U1Mediator
from recast.isoscalars import isoscalar_parts
from recast.model import LeptonCharges
from recast.numbers import Finite, Positive
from recast.production import quark_charges

__all__ = ["DumpGeometry", "FinalState", "FinalStates", "PublishedModel", "decays_into", "dipion_width"]

FloatArray = NDArray[np.float64]
Decay: TypeAlias = Literal["ee", "mumu", "tautau", "hadrons", "invisible"]
FinalState: TypeAlias = Literal[Decay, "pipi"]

# Up to here the isovector hadrons are pion pairs.
_PION_PAIRS_BELOW: Final = 1.0


def _distinct(states: tuple[FinalState, ...]) -> tuple[FinalState, ...]:
    """Refuse what would be counted twice."""
    if len(set(states)) < len(states):
        msg = f"a final state is named twice: {', '.join(states)}"
        raise ValueError(msg)
    if {"pipi", "hadrons"} <= set(states):
        msg = "pipi is part of hadrons: name one of them"
        raise ValueError(msg)
    return states


FinalStates: TypeAlias = Annotated[
    tuple[FinalState, ...],
    Field(min_length=1),
    AfterValidator(_distinct),
    BeforeValidator(
        lambda given: (given,) if isinstance(given, str) else given,
        json_schema_input_type=FinalState | tuple[FinalState, ...],
    ),
]
"""One final state or several; a single one need not be a list."""


class PublishedModel(BaseModel):
    """The model whose coupling was limited.

    Attributes
    ----------
    charges : LeptonCharges
        Of e, mu and tau with their neutrinos; none by default.
    mixing : {"none", "one_loop", "fixed"}
        Kinetic mixing with the photon; that by loops changes branching ratios by parts in 1e5.
    epsilon : float
        Fixed mixing in units of the coupling; 1, without charges, is a dark photon and makes the coupling its mixing.
    branching_ratio : float, optional
        Of the final states, where the limit was published for a fixed one; what the charges give by default.
    decays : tuple of str, optional
        Final states that the publication reckoned with, where it left others out; all by default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    charges: LeptonCharges = LeptonCharges(e=0.0, mu=0.0, tau=0.0)
    mixing: Mixing = "none"
    epsilon: Finite = 0.0
    branching_ratio: Annotated[float, Field(gt=0.0, le=1.0)] | None = None
    decays: Annotated[tuple[Decay, ...], Field(min_length=1), AfterValidator(_distinct)] | None = None

    def __call__(self, mass: FloatArray) -> U1Mediator:
        """Return the boson at given masses in GeV."""
        charges = self.charges.model_dump()
        return U1Mediator(charges, mass=mass, coupling=1.0, mixing=self.mixing, epsilon=self.epsilon)


class DumpGeometry(BaseModel):
    """What a boson must cross before it decays; only the ratio of the lengths matters.

    Attributes
    ----------
    shield : float
        From the production to the end of the shield, in metres.
    decay_volume : float
        Length in metres of the volume behind it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shield: Positive
    decay_volume: Positive

    @property
    def ratio(self) -> float:
        """Length of the decay volume in units of the shield's."""
        return self.decay_volume / self.shield


def decays_into(
    mediator: U1Mediator, final_states: tuple[FinalState, ...], *, considered: tuple[Decay, ...] | None = None
) -> tuple[FloatArray, FloatArray]:
    """Return how often a boson decays into some final states, and how fast into all.

    Parameters
    ----------
    mediator : U1Mediator
        Its mass, charges and mixing enter, not its coupling.
    final_states : tuple of str
        Names of `recast.decays.FINAL_STATES`, or ``pipi`` (`dipion_width`).
    considered : tuple of str, optional
        The only decays that there are; all by default.

    Returns
    -------
    branching_ratio, width : ndarray
        Of the final states together; the sum of all widths in GeV / g'^2. Both of the shape of the mass.
    """
    widths = partial_widths(mediator)
    total = np.asarray(sum(widths[name] for name in considered or widths))
    seen = sum(dipion_width(mediator) if name == "pipi" else widths[name] for name in final_states)
    return np.divide(seen, total, out=np.zeros_like(total), where=total > 0.0), total


def dipion_width(mediator: U1Mediator) -> FloatArray:
    """Return the width into pi+ pi-, below 1 GeV.

    Parameters
    ----------
    mediator : U1Mediator
        Its mass, charges and mixing enter, not its coupling.

    Returns
    -------
    ndarray
        In GeV / g'^2, of the shape of the mass: the isovector part of the hadrons, to which other states contribute
        less than 1% below 0.9 GeV and some per cent at 1 GeV, where omega pi0 and four pions begin. Above, where they
        are no longer pion pairs, not-a-number.
    """
    mass = mediator.mass
    quarks = quark_charges(mediator)
    isovector = np.maximum(hadronic_ratio(mass) - sum(isoscalar_parts(mass)), 0.0)
    width = np.square(np.abs(quarks[..., 0] - quarks[..., 1])) * isovector * mass / (12.0 * math.pi)
    return np.where(mass <= _PION_PAIRS_BELOW, width, np.nan)
