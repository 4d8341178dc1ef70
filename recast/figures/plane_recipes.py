"""The recipes of figures that show the regions of measurements in a plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from recast.figures.layers import Axis, ConfidenceLevel, FigureRecipe, Guide, Label, Layer, Strict
from recast.numbers import Positive

__all__ = ["ContactPlaneRecipe", "EventRateRecipe", "ModelPanel", "ModelPlanesRecipe", "PlaneRecipe"]


class Plane(FigureRecipe):
    """What the figures of a parameter plane share.

    Attributes
    ----------
    model : str
        Name with its variants, e.g. ``le_lmu:mixing=one_loop``.
    x, y : Axis
        The first and the second parameter of the model: mass in GeV and coupling, or two couplings.
    points : int
        Values of each parameter, 2 to 2000.
    confidence_level : float
        Of all layers that have none of their own, between 0 and 1.
    layers : tuple of Layer
        Measurements, the one drawn first at the front.
    labels : tuple of Label
        Texts in the figure that belong to no layer.
    """

    model: str
    x: Axis
    y: Axis
    points: Annotated[int, Field(ge=2, le=2000)]
    confidence_level: ConfidenceLevel = 0.95
    layers: Annotated[tuple[Layer, ...], Field(min_length=1)]
    labels: tuple[Label, ...] = ()

    @field_validator("layers")
    @classmethod
    def _check_layers(cls, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        looks: dict[tuple[str, str], int] = {}
        for layer in layers:
            if layer.combined:
                dof = layer.degrees_of_freedom
                if looks.setdefault((layer.draw, layer.line), dof) != dof:
                    msg = "combined regions with 1 and with 2 degrees of freedom must differ in draw or line"
                    raise ValueError(msg)
        return layers


class PlaneRecipe(Plane):
    """Mass against coupling: limits solved exactly at each mass.

    Attributes
    ----------
    guides : tuple of Guide
        Lines on which the ratio of mass and coupling is fixed.
    """

    kind: Literal["plane"]
    points: Annotated[int, Field(ge=2, le=2000)] = 300
    guides: tuple[Guide, ...] = ()

    @model_validator(mode="after")
    def _check_axes(self) -> Self:
        if self.x.scale != "log" or self.y.scale != "log":
            msg = "both axes of a plane of mass and coupling must have scale: log"
            raise ValueError(msg)
        return self


class ModelPanel(Strict):
    """One model of a figure that compares several.

    Attributes
    ----------
    model : str
        Name with its variants, e.g. ``le_lmu:mixing=one_loop``.
    """

    title: str
    model: str
    labels: tuple[Label, ...] = ()


class ModelPlanesRecipe(FigureRecipe):
    """Planes of mass against coupling for several models, with the same layers as far as they apply.

    Attributes
    ----------
    columns : int
        Panels in a row.
    """

    kind: Literal["model_planes"]
    x: Axis
    y: Axis
    points: Annotated[int, Field(ge=2, le=2000)] = 150
    confidence_level: ConfidenceLevel = 0.95
    columns: Annotated[int, Field(ge=1, le=6)]
    panels: Annotated[tuple[ModelPanel, ...], Field(min_length=1)]
    layers: Annotated[tuple[Layer, ...], Field(min_length=1)]

    @field_validator("layers")
    @classmethod
    def _check_labels(cls, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        if any(layer.labels for layer in layers):
            msg = "layers lie elsewhere in every panel: labels belong to panels, and a layer has a name"
            raise ValueError(msg)
        return layers

    def plane(self, panel: ModelPanel, layers: Sequence[Layer]) -> PlaneRecipe:
        """Return the recipe of one panel with some of the layers."""
        shared = {key: getattr(self, key) for key in ("x", "y", "points", "confidence_level", "name", "title")}
        return PlaneRecipe(
            kind="plane",
            model=panel.model,
            layers=tuple(layers),
            labels=panel.labels,
            provenance=self.provenance,
            caption="{convention}",
            **shared,
        )


class ContactPlaneRecipe(Plane):
    """Shift of the vector against shift of the axial-vector coupling: contours of a scan."""

    kind: Literal["contact_plane"]
    points: Annotated[int, Field(ge=2, le=2000)] = 201

    @field_validator("layers")
    @classmethod
    def _check_combined(cls, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        if any(layer.combined and layer.degrees_of_freedom == 1 for layer in layers):
            msg = "a contact plane has no fixed mass: combined measurements need degrees_of_freedom: 2"
            raise ValueError(msg)
        if any(layer.cls for layer in layers):
            msg = "cls is for limits at fixed mass: leave it out of a contact plane"
            raise ValueError(msg)
        return layers


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
    confidence_level: ConfidenceLevel = 0.95
    layers: Annotated[tuple[Layer, ...], Field(min_length=1)]
    labels: tuple[Label, ...] = ()

    @field_validator("layers")
    @classmethod
    def _check_layers(cls, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        if any(layer.draw == "hatched" for layer in layers):
            msg = "an event rate figure draws excluded, favoured and line layers"
            raise ValueError(msg)
        if any(layer.degrees_of_freedom == 2 for layer in layers):
            msg = "an event rate figure draws limits at fixed mass: degrees_of_freedom: 2 is for a plane"
            raise ValueError(msg)
        return layers
