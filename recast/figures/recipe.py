"""The recipe of a figure: what a YAML file under ``plots/`` may say.

A recipe names measurements, models, channels and targets; it holds no numbers of its own except where
to put a label and how far an axis goes.  ``kind`` selects the figure; an unknown key is an error.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from recast.numbers import Finite, Positive
from recast.provenance import Source

__all__ = [
    "AccuracyCurve",
    "AccuracyRecipe",
    "Axis",
    "ContactPlaneRecipe",
    "CrossSectionRecipe",
    "Curve",
    "EventRateRecipe",
    "FluxRecipe",
    "FormFactorRecipe",
    "Label",
    "Layer",
    "NucleonFormFactorRecipe",
    "PlaneRecipe",
    "Recipe",
]

Colour = Literal["black", "grey", "blue", "sky", "green", "orange", "vermillion", "purple", "wine"]
LineStyle = Literal["solid", "dashed", "dotted", "dashdot"]
Component = Literal["coherent", "proton", "neutron"]
Inches = Annotated[Positive, Field(le=50.0)]
Point = tuple[Finite, Finite]


class Strict(BaseModel):
    """Frozen, and closed to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Axis(Strict):
    """One axis: its name, unit and extent.

    Attributes
    ----------
    label : str
        Matplotlib text; mathematics between dollar signs.
    unit : str
        Printed in brackets after the label.
    range : (low, high)
        In the unit.
    """

    label: str
    unit: str
    range: tuple[Finite, Finite]
    scale: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        low, high = self.range
        if not low < high:
            msg = f"range must increase, not go from {low:g} to {high:g}"
            raise ValueError(msg)
        if self.scale == "log" and low <= 0.0:
            msg = f"a logarithmic axis must be positive, not begin at {low:g}"
            raise ValueError(msg)
        return self


class Label(Strict):
    """Text in the figure; its place is given in the units of the axes."""

    text: str
    at: Point
    rotation: Finite = 0.0
    colour: Colour | None = None
    size: Positive | None = None


class Layer(Strict):
    """One measurement in a plane and how its region is shown.

    Attributes
    ----------
    measurement : str
        Name with its variants, e.g. ``dune_nd:accuracy=0.25``.
    draw : {"excluded", "favoured", "line", "hatched"}
        Fill what is excluded, fill what is allowed, draw the edge only, or hatch what is excluded.
    sigmas : tuple of float
        For ``favoured``: half-widths of the bands in standard deviations.  They replace the
        confidence level of the figure.
    """

    measurement: str
    draw: Literal["excluded", "favoured", "line", "hatched"]
    colour: Colour
    line: LineStyle = "solid"
    sigmas: tuple[Positive, ...] = ()
    one_sided: bool = False
    expected: bool = False
    labels: tuple[Label, ...] = ()

    @model_validator(mode="after")
    def _check_sigmas(self) -> Self:
        if bool(self.sigmas) != (self.draw == "favoured"):
            msg = "sigmas belong to a layer that draws a favoured band, and such a layer needs them"
            raise ValueError(msg)
        if self.one_sided and self.sigmas:
            msg = "a favoured band has two sides: leave out one_sided"
            raise ValueError(msg)
        return self


class Curve(Strict):
    """One curve of a form factor figure."""

    form_factor: str
    label: str
    colour: Colour
    line: LineStyle = "solid"


class FigureRecipe(Strict):
    """What every figure has.

    Attributes
    ----------
    name, title : str
        The name is that of the file.
    provenance : Source
        The published figure that it corresponds to.
    caption : str
        Printed under the axes; ``{convention}`` stands for the statistical convention of the limits.
    note : str
        Anything a reader of the recipe has to know that is not in the figure.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    title: str
    provenance: Source
    caption: str
    note: str = ""
    size: tuple[Inches, Inches] = (6.0, 4.6)
    _plugins: tuple[str | Path, ...] = PrivateAttr(default=())

    @property
    def measurements(self) -> tuple[str, ...]:
        """The measurements that are drawn, with their variants."""
        layers: tuple[Layer, ...] = getattr(self, "layers", ())
        return tuple(dict.fromkeys(layer.measurement for layer in layers))

    @property
    def citations(self) -> tuple[Source, ...]:
        """The published figure and the sources of every measurement in it, each paper once."""
        from recast.measurement import load_measurement

        sources = {self.provenance.inspire: self.provenance}
        for name in self.measurements:
            for source in load_measurement(name, plugins=self._plugins).citations:
                sources.setdefault(source.inspire, source)
        return tuple(sources.values())

    def model_post_init(self, context: Any) -> None:
        """Remember the plug-in folders that the recipe was loaded with."""
        self._plugins = tuple((context or {}).get("plugins", ()))


class Plane(FigureRecipe):
    """What the figures of a parameter plane share."""

    model: str
    x: Axis
    y: Axis
    points: Annotated[int, Field(ge=2, le=2000)]
    confidence_level: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.95
    layers: Annotated[tuple[Layer, ...], Field(min_length=1)]
    labels: tuple[Label, ...] = ()


class PlaneRecipe(Plane):
    """Mass against coupling: limits solved exactly at each mass."""

    kind: Literal["plane"]
    points: Annotated[int, Field(ge=2, le=2000)] = 300

    @model_validator(mode="after")
    def _check_axes(self) -> Self:
        if self.x.scale != "log" or self.y.scale != "log":
            msg = "both axes of a plane of mass and coupling must have scale: log"
            raise ValueError(msg)
        return self


class ContactPlaneRecipe(Plane):
    """Shift of the vector against shift of the axial-vector coupling: contours of a scan."""

    kind: Literal["contact_plane"]
    points: Annotated[int, Field(ge=2, le=2000)] = 201


class EventRateRecipe(FigureRecipe):
    """Events against the mass of the mediator, over the regions that measurements leave in the coupling.

    Attributes
    ----------
    channel, target, energy
        Of the coherent scattering that is counted; energy in GeV.
    flux : str
        All neutrinos of this flux are counted at ``energy``.
    mass_tonnes, pot
        Size of the detector and protons on target.
    """

    kind: Literal["event_rate"]
    model: str
    channel: str
    target: str
    energy: Positive
    flux: str
    mass_tonnes: Positive
    pot: Positive
    x: Axis
    y: Axis
    points: Annotated[int, Field(ge=2, le=2000)] = 300
    confidence_level: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.95
    layers: Annotated[tuple[Layer, ...], Field(min_length=1)]
    labels: tuple[Label, ...] = ()

    @field_validator("layers")
    @classmethod
    def _check_layers(cls, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        if any(layer.draw == "hatched" for layer in layers):
            msg = "an event rate figure draws excluded, favoured and line layers"
            raise ValueError(msg)
        return layers


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
    | ContactPlaneRecipe
    | EventRateRecipe
    | AccuracyRecipe
    | CrossSectionRecipe
    | FluxRecipe
    | FormFactorRecipe
    | NucleonFormFactorRecipe,
    Field(discriminator="kind"),
]
