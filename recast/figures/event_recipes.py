"""The recipes of figures of generated events: distributions of kinematic quantities, and what cuts keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from recast.errors import RecastError, UnknownNameError
from recast.figures.layers import Axis, Colour, FigureRecipe, Label, LineStyle, Strict
from recast.numbers import Positive, not_a_boolean
from recast.provenance import Source
from recast.spectrum import Component

if TYPE_CHECKING:
    from recast.events.selection import Selection

__all__ = [
    "Boson",
    "CutFlowRecipe",
    "DistributionPanel",
    "DistributionRecipe",
    "EventCurve",
    "PublishedFraction",
    "SampleRecipe",
]


def _known(name: str) -> str:
    from recast.events.quantities import quantity

    try:
        return quantity(name).name
    except UnknownNameError as error:
        raise ValueError(str(error)) from error  # pydantic wants ValueError


class Boson(Strict):
    """A boson at one point.

    Attributes
    ----------
    model : str
        Name of a model with its variants.
    mass : float
        GeV.
    coupling : float
    """

    model: str
    mass: Positive
    coupling: Positive


class EventCurve(Strict):
    """Some of the events of the sample.

    Attributes
    ----------
    component : {"total", "coherent", "incoherent", "proton", "neutron"}
        What was hit.
    boson : bool
        Whether they have the weights of the figure's boson, or those of the Standard Model.
    """

    component: Component
    boson: bool = False
    colour: Colour
    line: LineStyle = "solid"


class SampleRecipe(FigureRecipe):
    """What figures of generated events have in common: one sample, weighed for every curve.

    Attributes
    ----------
    channel, target, flux : str
        As in `recast.events.generator.EventGenerator`.
    events : int
        Weighted ones; the statistical error falls with their square root.
    seed : int
        Equal seeds give equal figures.
    boson : Boson, optional
        Of the curves with ``boson: true``.
    selection : str, optional
        Name or file.
    """

    channel: str
    target: str
    flux: str
    events: Annotated[int, BeforeValidator(not_a_boolean), Field(ge=1000, le=1_000_000)] = 300_000
    seed: Annotated[int, BeforeValidator(not_a_boolean), Field(ge=0)] = 0
    boson: Boson | None = None
    selection: str | None = None
    curves: Annotated[tuple[EventCurve, ...], Field(min_length=1)]

    @property
    def models(self) -> tuple[str, ...]:
        """The model of the boson."""
        return (self.boson.model,) if self.boson is not None else ()

    @property
    def citations(self) -> tuple[Source, ...]:
        """Those of every figure, and the sources of the selection."""
        from recast.events.selection import load_selection

        sources = {source.inspire: source for source in super().citations}
        if self.selection is not None:
            for source in load_selection(self.selection, plugins=self._plugins).citations:
                sources.setdefault(source.inspire, source)
        return tuple(sources.values())

    @model_validator(mode="after")
    def _check_boson(self) -> Self:
        if any(curve.boson for curve in self.curves) != (self.boson is not None):
            msg = "the key boson, with model, mass and coupling, belongs to a figure with curves that say boson: true"
            raise ValueError(msg)
        return self


class DistributionPanel(Strict):
    """The distribution of one quantity.

    Attributes
    ----------
    quantity : str
        Name of a kinematic quantity, e.g. ``opening_angle``; on the axis in its own unit.
    bins : int
        Between the ends of the axis, equal in its scale.
    y : Axis
        Share of the events per unit of the quantity, or per unit of its natural logarithm when ``x`` is logarithmic.
    """

    quantity: Annotated[str, AfterValidator(_known)]
    x: Axis
    y: Axis
    bins: Annotated[int, BeforeValidator(not_a_boolean), Field(ge=2, le=1000)] = 50
    labels: tuple[Label, ...] = ()


class DistributionRecipe(SampleRecipe):
    """Distributions of kinematic quantities, each over the number of all its events.

    Attributes
    ----------
    columns : int
        Of panels.
    selection : str, optional
        Whose cuts are marked by thin lines in the panels of their quantities.
    """

    kind: Literal["event_distributions"]
    columns: Annotated[int, Field(ge=1, le=4)] = 2
    panels: Annotated[tuple[DistributionPanel, ...], Field(min_length=1)]


class PublishedFraction(Strict):
    """A published fraction beside those of the figure.

    Attributes
    ----------
    step : int
        How many of the cuts it is after.
    passed, of : float
        Numbers of events whose ratio is drawn.
    place : str
        Where the numbers stand in the paper of the figure.
    """

    step: Annotated[int, BeforeValidator(not_a_boolean), Field(ge=0)]
    passed: Positive
    of: Positive
    place: str
    colour: Colour

    @property
    def fraction(self) -> float:
        """What passed."""
        return self.passed / self.of


class CutFlowRecipe(SampleRecipe):
    """Fractions of the events that a selection keeps, cut by cut.

    Attributes
    ----------
    steps : tuple of str
        Texts below the axis: of all events, then one for every cut.
    y : Axis
        The fraction.
    published : tuple of PublishedFraction
        Diamonds.
    """

    kind: Literal["cut_flow"]
    selection: str
    steps: Annotated[tuple[str, ...], Field(min_length=2)]
    y: Axis
    published: tuple[PublishedFraction, ...] = ()
    labels: tuple[Label, ...] = ()

    @model_validator(mode="after")
    def _check_steps(self) -> Self:
        for mark in self.published:
            if mark.step >= len(self.steps):
                msg = f"the published fraction after {mark.step} cuts has no step: there are {len(self.steps) - 1} cuts"
                raise ValueError(msg)
        return self

    def check(self, selection: Selection) -> None:
        """Refuse a selection with another number of cuts than there are texts for.

        Raises
        ------
        RecastError
        """
        if len(self.steps) != len(selection.cuts) + 1:
            msg = (
                f"figure '{self.name}' has {len(self.steps)} steps and selection '{selection.name}' "
                f"{len(selection.cuts)} cuts: there is one step for all events and one for each cut"
            )
            raise RecastError(msg)
