"""Figures of several models side by side: the same measurements in a plane of mass and coupling of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recast.figures import drawing, planes
from recast.figures.captions import caption_text, stated
from recast.figures.plane_recipes import ModelPanel, ModelPlanesRecipe
from recast.figures.planes import PlaneData
from recast.figures.regions import LayerRegion

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from recast.figures.layers import Layer

__all__ = ["ModelPanelData", "ModelPlanesData", "compute", "draw"]


@dataclass(frozen=True, eq=False)
class ModelPanelData:
    """What the panel of one model shows.

    Attributes
    ----------
    plane : PlaneData
        The layers that apply.
    silent : tuple of str
        Titles of the layers that do not apply or exclude nothing in the plane; of a title that several layers share
        and some of them show, the measurements of the others.
    """

    panel: ModelPanel
    plane: PlaneData
    silent: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ModelPlanesData:
    """What a figure of several models shows."""

    recipe: ModelPlanesRecipe
    panels: tuple[ModelPanelData, ...]

    @property
    def caption(self) -> str:
        """The lines under the axes, with what is left out of each panel."""
        regions = [region for item in self.panels for region in item.plane.regions]
        text = caption_text(
            self.recipe.caption,
            list(dict.fromkeys(stated(regions))),
            expected=[region.layer.title for item in self.panels for region in item.plane.expected],
            not_expected=[title for item in self.panels for title in item.plane.not_expected],
        )
        left_out = [f"{item.panel.title}: {', '.join(item.silent)}" for item in self.panels if item.silent]
        return f"{text} Without a limit here: {'; '.join(left_out)}." if left_out else text


def compute(
    recipe: ModelPlanesRecipe, *, plugins: Sequence[str | Path] = (), expected: bool = False
) -> ModelPlanesData:
    """Solve the limits of every layer in every model to which it applies.

    Parameters
    ----------
    recipe : ModelPlanesRecipe
    plugins : sequence of path
        Folders in which models and measurements are looked up as well.
    expected : bool
        Solve for the expected limits as well.

    Raises
    ------
    RecastError
        When a model or measurement of the recipe is unknown, or no layer applies to a model.
    """
    return ModelPlanesData(
        recipe=recipe,
        panels=tuple(_panel(recipe, panel, plugins=plugins, expected=expected) for panel in recipe.panels),
    )


def draw(data: ModelPlanesData) -> Figure:
    """Draw the panels row by row."""
    recipe = data.recipe
    columns = min(recipe.columns, len(data.panels))
    rows = -(-len(data.panels) // columns)
    figure, panels = drawing.canvas(data.caption, size=recipe.size, rows=rows, columns=columns, titles=True, share=True)
    for unused in panels[len(data.panels) :]:
        unused.remove()
    for index, (axes, item) in enumerate(zip(panels, data.panels, strict=False)):
        lowest = index + columns >= len(data.panels)
        axes.tick_params(labelbottom=lowest)
        drawing.set_axes(axes, recipe.x, recipe.y, xlabel=lowest, ylabel=index % columns == 0)
        axes.set_title(item.panel.title)
        planes.paint(axes, item.plane)
    return figure


def _panel(
    recipe: ModelPlanesRecipe, panel: ModelPanel, *, plugins: Sequence[str | Path], expected: bool
) -> ModelPanelData:
    from recast.errors import RecastError

    layers = tuple(layer for layer in recipe.layers if _applies(layer, panel.model, plugins))
    if not layers:
        msg = f"no layer of figure '{recipe.name}' applies to model '{panel.model}'"
        raise RecastError(msg)
    plane = planes.compute(recipe.plane(panel, layers), plugins=plugins, expected=expected)
    shown = {region.layer.measurements for region in plane.regions if _shows(region, recipe.y.range[1])}
    return ModelPanelData(panel=panel, plane=plane, silent=_silent(recipe.layers, shown))


def _silent(layers: Sequence[Layer], shown: set[tuple[str, ...]]) -> tuple[str, ...]:
    """Return titles of which nothing is shown, and those of which some is with what is not."""
    words = []
    for title in dict.fromkeys(layer.title for layer in layers):
        members = [layer.measurements for layer in layers if layer.title == title]
        absent = [" + ".join(names) for names in members if names not in shown]
        if absent:
            words.append(title if len(absent) == len(members) else f"{title} ({', '.join(absent)})")
    return tuple(words)


def _applies(layer: Layer, model: str, plugins: Sequence[str | Path]) -> bool:
    from recast.measurement import load_measurement
    from recast.model import load_model

    interaction = load_model(model, plugins=plugins)(mass=1.0, coupling=1.0)
    loaded = (load_measurement(name, plugins=plugins) for name in layer.measurements)
    return all(measurement.applicable(interaction) is None for measurement in loaded)


def _shows(region: LayerRegion, top: float) -> bool:
    """Whether any of a region lies below the upper end of the plane."""
    return bool(region.plane) or any(band.lower.min() < top for bands in region.bands for band in bands)
