"""Figures of a plane of mass and coupling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recast.figures import drawing
from recast.figures.recipe import PlaneRecipe
from recast.figures.regions import (
    LayerRegion,
    caption_text,
    finite_edges,
    layer_region,
    visible_edges,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["PlaneData", "compute", "draw"]


@dataclass(frozen=True, eq=False)
class PlaneData:
    """What a figure of mass and coupling shows.

    Attributes
    ----------
    mass : ndarray, shape (n,)
        GeV.
    regions : tuple of LayerRegion
        In the order in which they are drawn.
    """

    recipe: PlaneRecipe
    mass: NDArray[np.float64]
    regions: tuple[LayerRegion, ...]

    @property
    def caption(self) -> str:
        """The line under the axes."""
        conventions = [region.convention for region in self.regions if not region.layer.sigmas]
        return caption_text(self.recipe.caption, conventions)


def compute(recipe: PlaneRecipe, *, plugins: Sequence[str | Path] = ()) -> PlaneData:
    """Solve the limits of every layer.

    Raises
    ------
    RecastError
        When a model or measurement of the recipe is unknown or does not fit.
    """
    from recast.model import load_model

    model = load_model(recipe.model, plugins=plugins)
    mass = np.geomspace(*recipe.x.range, recipe.points)
    regions = tuple(
        layer_region(layer, model, mass, confidence_level=recipe.confidence_level, plugins=plugins)
        for layer in recipe.layers
    )
    return PlaneData(recipe=recipe, mass=mass, regions=regions)


def draw(data: PlaneData) -> Figure:
    """Draw the regions, the first layer lowest."""
    recipe = data.recipe
    figure, (axes,) = drawing.canvas(data.caption, size=recipe.size)
    drawing.set_axes(axes, recipe.x, recipe.y)
    for region in data.regions:
        _draw_region(axes, region, recipe.y.range)
        drawing.place_labels(axes, region.layer.labels, colour=region.layer.colour)
    drawing.place_labels(axes, recipe.labels)
    return figure


def _draw_region(axes: Axes, region: LayerRegion, extent: tuple[float, float]) -> None:
    layer = region.layer
    colour = drawing.COLOURS[layer.colour]
    for depth, bands in enumerate(region.bands):
        for band in bands:
            if layer.draw != "line":
                axes.fill_between(
                    band.mass,
                    *finite_edges(band, *extent),
                    **drawing.fill_style(layer.draw, colour, depth),
                )
            if layer.draw == "favoured":
                continue
            for edge in visible_edges(band):
                axes.plot(
                    band.mass,
                    edge,
                    color=colour,
                    linestyle=drawing.LINES[layer.line],
                    linewidth=2.0 if layer.draw == "line" else 1.2,
                )
