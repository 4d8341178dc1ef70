"""What the recipes of figures have in common: axes, labels, layers that show limits, and their source."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from recast.numbers import Finite, Positive, not_a_boolean
from recast.provenance import Source

__all__ = [
    "Axis",
    "Colour",
    "ConfidenceLevel",
    "FigureRecipe",
    "Guide",
    "Hatch",
    "Inches",
    "Label",
    "Layer",
    "LineStyle",
    "Point",
    "Strict",
]

Colour = Literal["black", "grey", "blue", "sky", "green", "orange", "vermillion", "purple", "wine"]
LineStyle = Literal["solid", "dashed", "dotted", "dashdot", "dashdotdot"]
Hatch = Literal["none", "rising", "falling", "crossed", "dots", "horizontal", "vertical"]
Inches = Annotated[Positive, Field(le=50.0)]
Point = tuple[Finite, Finite]
ConfidenceLevel = Annotated[float, BeforeValidator(not_a_boolean), Field(gt=0.0, lt=1.0)]


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
    scale : {"linear", "log"}
        A logarithmic axis begins above zero.
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
    """Text in the figure.

    Attributes
    ----------
    text : str
        Matplotlib text.
    at : (x, y)
        Its middle, in the units of the axes.
    to : (x, y), optional
        Where a thin line leads from the text, when there is no room beside what it names.
    rotation : float
        Degrees.
    colour : str, optional
        That of the layer when absent.
    size : float, optional
        Points.
    """

    text: str
    at: Point
    to: Point | None = None
    rotation: Finite = 0.0
    colour: Colour | None = None
    size: Positive | None = None


class Guide(Strict):
    """A straight line of a plane of mass and coupling that marks a scale, such as a vacuum expectation value.

    Attributes
    ----------
    mass_over_coupling : float
        The same all along the line, GeV.
    colour, line : str
        Of the line.
    labels : tuple of Label
        Texts in the figure.
    """

    mass_over_coupling: Positive
    colour: Colour = "black"
    line: LineStyle = "dotted"
    labels: tuple[Label, ...] = ()


class Layer(Strict):
    """One measurement, or several together, in a plane and how the region is shown.

    Attributes
    ----------
    measurement : str, optional
        Name with its variants, e.g. ``dune_nd:accuracy=0.25``.
    combined : tuple of str
        Instead of ``measurement``: those whose likelihoods are multiplied.
    name : str
        What the caption calls the layer; the text of its first label, or the measurement, when absent. Excluded regions
        of one name are drawn as one.
    draw : {"excluded", "favoured", "line", "hatched"}
        Fill what is excluded, fill what is allowed, draw the edge only, or hatch what is excluded.
    hatch : str
        Of what is excluded: with ``hatched``, or over the fill of ``excluded``, so that regions are told
        apart without colours.
    width : float, optional
        Of the edge, in points.
    confidence_level : float, optional
        Instead of the figure's.
    sigmas : tuple of float
        For ``favoured``: half-widths of the bands in standard deviations.  They replace the
        confidence level of the figure.
    degrees_of_freedom : {1, 2}
        For ``combined``: 1 compares with the best fit at the same mass, 2 with the best fit in the plane.
    cls : bool
        Exclude with CLs, for counted events.
    one_sided, expected : bool
        As in `recast.limits.limit`.
    colour : str
        Of the region and its edge; all of them can be told apart by the colour-blind.
    line : str
        Style of the edge.
    labels : tuple of Label
        Texts in the figure.
    """

    measurement: str | None = None
    combined: tuple[str, ...] = ()
    name: str = ""
    draw: Literal["excluded", "favoured", "line", "hatched"]
    colour: Colour
    line: LineStyle = "solid"
    hatch: Hatch = "none"
    width: Annotated[Positive, Field(le=10.0)] | None = None
    confidence_level: ConfidenceLevel | None = None
    sigmas: tuple[Positive, ...] = ()
    degrees_of_freedom: Annotated[int, BeforeValidator(not_a_boolean), Field(ge=1, le=2)] = 1
    cls: bool = False
    one_sided: bool = False
    expected: bool = False
    labels: tuple[Label, ...] = ()

    @property
    def measurements(self) -> tuple[str, ...]:
        """The measurements that are shown, with their variants."""
        return self.combined or ((self.measurement,) if self.measurement else ())

    @property
    def title(self) -> str:
        """What the caption calls the layer."""
        return self.name or (self.labels[0].text if self.labels else " + ".join(self.measurements))

    @model_validator(mode="after")
    def _check_measurements(self) -> Self:
        if (self.measurement is None) == (not self.combined):
            msg = "a layer has either one measurement or several that are combined"
            raise ValueError(msg)
        if len(self.combined) == 1:
            msg = "combined needs at least two measurements"
            raise ValueError(msg)
        if self.degrees_of_freedom == 2 and not self.combined:
            msg = "degrees_of_freedom: 2 belongs to combined measurements: one alone has its own data for a best fit"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _check_sides(self) -> Self:
        if bool(self.sigmas) != (self.draw == "favoured"):
            msg = "sigmas belong to a layer that draws a favoured band, and such a layer needs them"
            raise ValueError(msg)
        if self.sigmas and (self.one_sided or self.cls):
            msg = "a favoured band has two sides: leave out one_sided and cls"
            raise ValueError(msg)
        if self.sigmas and self.confidence_level is not None:
            msg = "a favoured band has sigmas instead of a confidence_level"
            raise ValueError(msg)
        if self.degrees_of_freedom == 2 and (self.one_sided or self.cls or self.sigmas):
            msg = "a region with degrees_of_freedom: 2 is excluded from all sides: leave out one_sided, cls and sigmas"
            raise ValueError(msg)
        if self.hatch != "none" and self.draw not in {"excluded", "hatched"}:
            msg = "a hatch needs a region that is excluded or hatched"
            raise ValueError(msg)
        return self


class FigureRecipe(Strict):
    """What every figure has.

    Attributes
    ----------
    name : str
        That of the file: small letters, digits and underscores.
    title : str
        One line for lists.
    provenance : Source
        The published figure that it corresponds to.
    caption : str
        Printed under the axes; ``{convention}`` stands for the statistical convention of the limits.
    note : str
        Anything a reader of the recipe has to know that is not in the figure.
    size : (width, height)
        Of the axes and what stands around them, in inches.
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
        return tuple(dict.fromkeys(name for layer in layers for name in layer.measurements))

    @property
    def models(self) -> tuple[str, ...]:
        """The models that are drawn, with their variants."""
        named = (getattr(one, "model", None) for one in (self, *getattr(self, "panels", ())))
        return tuple(dict.fromkeys(name for name in named if name is not None))

    @property
    def citations(self) -> tuple[Source, ...]:
        """The published figure and the sources of every model and measurement in it, each paper once."""
        from recast.measurement import load_measurement
        from recast.model import load_model

        sources = {self.provenance.inspire: self.provenance}
        drawn = [load_model(name, plugins=self._plugins).citations for name in self.models]
        drawn += [load_measurement(name, plugins=self._plugins).citations for name in self.measurements]
        for source in (source for citations in drawn for source in citations):
            sources.setdefault(source.inspire, source)
        return tuple(sources.values())

    def model_post_init(self, context: Any) -> None:
        """Remember the plug-in folders that the recipe was loaded with."""
        self._plugins = tuple((context or {}).get("plugins", ()))
