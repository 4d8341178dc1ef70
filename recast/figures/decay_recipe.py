"""The recipe of a figure of decays: branching ratios and decay lengths of bosons against their mass."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from recast.figures.layers import Axis, Colour, FigureRecipe, Label, LineStyle, Strict

__all__ = ["DecayLengthPanel", "DecayModel", "DecayPanel", "DecayRecipe", "FinalState"]

FinalState = Literal["ee", "mumu", "tautau", "invisible", "hadrons"]


class DecayPanel(Strict):
    """Branching ratios of one boson.

    Attributes
    ----------
    model : str
        Name of a model with its variants, e.g. ``le_lmu:mixing=one_loop``.
    """

    title: str
    model: str
    labels: tuple[Label, ...] = ()


class DecayModel(Strict):
    """The decay length of one boson."""

    model: str
    colour: Colour
    line: LineStyle = "solid"
    labels: tuple[Label, ...] = ()


class DecayLengthPanel(Strict):
    """Decay lengths of several bosons, c tau at a unit coupling.

    Attributes
    ----------
    y : Axis
        In metres, logarithmic.
    """

    title: str
    y: Axis
    curves: Annotated[tuple[DecayModel, ...], Field(min_length=1)]
    labels: tuple[Label, ...] = ()

    @field_validator("y")
    @classmethod
    def _check_y(cls, axis: Axis) -> Axis:
        if axis.scale != "log":
            msg = "the axis of decay lengths is logarithmic"
            raise ValueError(msg)
        return axis


class DecayRecipe(FigureRecipe):
    """Branching ratios against mass, a panel for each model, and decay lengths in a last one.

    Attributes
    ----------
    colours, lines : dict
        How each final state is drawn; the keys of both are the final states that are.
    """

    kind: Literal["decays"]
    x: Axis
    y: Axis
    points: Annotated[int, Field(ge=2, le=5000)] = 800
    columns: Annotated[int, Field(ge=1, le=4)]
    panels: Annotated[tuple[DecayPanel, ...], Field(min_length=1)]
    decay_length: DecayLengthPanel | None = None
    colours: dict[FinalState, Colour]
    lines: dict[FinalState, LineStyle]

    @property
    def models(self) -> tuple[str, ...]:
        """The models that are drawn, with their variants."""
        curves = self.decay_length.curves if self.decay_length else ()
        return tuple(dict.fromkeys([panel.model for panel in self.panels] + [curve.model for curve in curves]))

    @field_validator("x")
    @classmethod
    def _check_x(cls, axis: Axis) -> Axis:
        if axis.range[0] <= 0.0:
            msg = "masses begin above zero"
            raise ValueError(msg)
        return axis

    @model_validator(mode="after")
    def _check_states(self) -> Self:
        if set(self.colours) != set(self.lines) or not self.colours:
            msg = "colours and lines must have the same final states, one at least"
            raise ValueError(msg)
        return self
