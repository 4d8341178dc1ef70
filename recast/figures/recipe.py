"""The recipe of a figure: what a YAML file under ``plots/`` may say.

A recipe names measurements, models, channels and targets; it holds no numbers of its own except where
to put a label, how far an axis goes, and published ones to compare with, each with its place.  ``kind``
selects the figure; an unknown key is an error.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from recast.figures.decay_recipe import DecayRecipe
from recast.figures.event_recipes import CutFlowRecipe, DistributionRecipe
from recast.figures.layers import Axis, Colour, FigureRecipe, Label, Layer, LineStyle, Strict
from recast.figures.plane_recipes import ContactPlaneRecipe, EventRateRecipe, ModelPlanesRecipe, PlaneRecipe
from recast.figures.recoil_recipe import RecoilRatioRecipe
from recast.numbers import Positive

__all__ = [
    "AccuracyCurve",
    "AccuracyRecipe",
    "Axis",
    "ContactPlaneRecipe",
    "CrossSectionRecipe",
    "Curve",
    "CutFlowRecipe",
    "DecayRecipe",
    "DistributionRecipe",
    "EventRateRecipe",
    "FluxRecipe",
    "FormFactorRecipe",
    "Label",
    "Layer",
    "ModelPlanesRecipe",
    "NucleonFormFactorRecipe",
    "PlaneRecipe",
    "Recipe",
    "RecoilRatioRecipe",
]

Component = Literal["coherent", "proton", "neutron"]


class Curve(Strict):
    """One curve of a form factor figure."""

    form_factor: str
    label: str
    colour: Colour
    line: LineStyle = "solid"


class AccuracyCurve(Strict):
    """The accuracy of one counting experiment.

    Attributes
    ----------
    measurement : str
        Name with its variants, e.g. ``dune_nd_counts:background_error=0.05``; its years are those of the axis.
    """

    measurement: str
    colour: Colour
    line: LineStyle = "solid"
    labels: tuple[Label, ...] = ()


class AccuracyRecipe(FigureRecipe):
    """Expected accuracy of counting experiments against the time of data taking.

    Attributes
    ----------
    levels : tuple of float
        Accuracies that are marked by thin horizontal lines, in the unit of the axis.
    """

    kind: Literal["accuracy"]
    x: Axis
    y: Axis
    points: Annotated[int, Field(ge=2, le=2000)] = 200
    curves: Annotated[tuple[AccuracyCurve, ...], Field(min_length=1)]
    levels: tuple[Positive, ...] = ()
    labels: tuple[Label, ...] = ()

    @property
    def measurements(self) -> tuple[str, ...]:
        """The measurements whose accuracy is drawn, with their variants."""
        return tuple(dict.fromkeys(curve.measurement for curve in self.curves))

    @field_validator("x", "y")
    @classmethod
    def _check_axes(cls, axis: Axis) -> Axis:
        if axis.range[0] <= 0.0:
            msg = "the axes of an accuracy figure begin above zero"
            raise ValueError(msg)
        return axis


class CrossSectionPanel(Strict):
    """One channel on one target."""

    title: str
    channel: str
    target: str
    labels: tuple[Label, ...] = ()


class CrossSectionRecipe(FigureRecipe):
    """Cross sections against the neutrino energy, with bands of their uncertainty.

    Attributes
    ----------
    uncertainty : dict
        Relative standard deviation of each component; its keys are the components that are drawn.
    """

    kind: Literal["cross_sections"]
    x: Axis
    y: Axis
    points: Annotated[int, Field(ge=2, le=2000)] = 120
    columns: Annotated[int, Field(ge=1, le=4)]
    panels: Annotated[tuple[CrossSectionPanel, ...], Field(min_length=1)]
    uncertainty: dict[Component, Positive]
    colours: dict[Component, Colour]
    lines: dict[Component, LineStyle]

    @model_validator(mode="after")
    def _check_components(self) -> Self:
        for key, value in (("colours", self.colours), ("lines", self.lines)):
            if set(value) != set(self.uncertainty):
                msg = f"{key} must have the components of uncertainty: {', '.join(self.uncertainty)}"
                raise ValueError(msg)
        return self


class FluxCurve(Strict):
    """One neutrino species."""

    neutrino: str
    labels: tuple[Label, ...]
    colour: Colour
    line: LineStyle = "solid"


class FluxPanel(Strict):
    """One beam."""

    title: str
    flux: str
    curves: Annotated[tuple[FluxCurve, ...], Field(min_length=1)]


class FluxRecipe(FigureRecipe):
    """Energy spectra of the species in a beam, each normalised to one."""

    kind: Literal["fluxes"]
    x: Axis
    y: Axis
    panels: Annotated[tuple[FluxPanel, ...], Field(min_length=1)]


class FormFactorPanel(Strict):
    """One nucleus and the parameterisations that exist for it."""

    title: str
    nucleus: str
    curves: Annotated[tuple[Curve, ...], Field(min_length=1)]


class FormFactorRecipe(FigureRecipe):
    """Electric form factors of nuclei against the momentum transfer."""

    kind: Literal["form_factors"]
    x: Axis
    y: Axis
    points: Annotated[int, Field(ge=2, le=2000)] = 400
    panels: Annotated[tuple[FormFactorPanel, ...], Field(min_length=1)]


class NucleonPanel(Strict):
    """Proton or neutron."""

    title: str
    nucleon: Literal["proton", "neutron"]
    labels: tuple[Label, ...] = ()


class NucleonFormFactorRecipe(FigureRecipe):
    """Electric and magnetic form factors of the nucleons.

    Attributes
    ----------
    form_factor, comparison : str
        Parameterisations drawn solid and dashed.
    """

    kind: Literal["nucleon_form_factors"]
    x: Axis
    y: Axis
    points: Annotated[int, Field(ge=2, le=2000)] = 300
    form_factor: str
    comparison: str
    colours: dict[Literal["electric", "magnetic"], Colour]
    panels: Annotated[tuple[NucleonPanel, ...], Field(min_length=1)]

    @field_validator("colours")
    @classmethod
    def _check_colours(cls, colours: dict[str, Colour]) -> dict[str, Colour]:
        if len(colours) != 2:
            msg = "colours needs both electric and magnetic"
            raise ValueError(msg)
        return colours

    @field_validator("x")
    @classmethod
    def _check_x(cls, axis: Axis) -> Axis:
        if axis.range[0] < 0.0 or not math.isfinite(axis.range[1]):
            msg = "the momentum transfer is not negative"
            raise ValueError(msg)
        return axis


Recipe = Annotated[
    PlaneRecipe
    | ModelPlanesRecipe
    | ContactPlaneRecipe
    | EventRateRecipe
    | AccuracyRecipe
    | DecayRecipe
    | RecoilRatioRecipe
    | CrossSectionRecipe
    | FluxRecipe
    | FormFactorRecipe
    | NucleonFormFactorRecipe
    | DistributionRecipe
    | CutFlowRecipe,
    Field(discriminator="kind"),
]
