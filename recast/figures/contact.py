"""Figures of the contact plane: shifts of the vector and the axial-vector coupling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recast.contours import Region, contour_lines, filled_regions
from recast.figures import drawing
from recast.figures.recipe import ContactPlaneRecipe, Layer
from recast.figures.regions import caption_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["ContactLayer", "ContactPlaneData", "compute", "draw"]


@dataclass(frozen=True, eq=False)
class ContactLayer:
    """What one layer shows.

    Attributes
    ----------
    regions : tuple of tuple of Region
        Excluded or, for each width of a favoured layer from the widest on, allowed regions.
    edges : tuple of ndarray, shape (n, 2)
        The lines on which a point is just excluded.
    """

    layer: Layer
    regions: tuple[tuple[Region, ...], ...]
    edges: tuple[NDArray[np.float64], ...]
    convention: str


@dataclass(frozen=True, eq=False)
class ContactPlaneData:
    """What a figure of the contact plane shows."""

    recipe: ContactPlaneRecipe
    layers: tuple[ContactLayer, ...]

    @property
    def caption(self) -> str:
        """The line under the axes."""
        conventions = [layer.convention for layer in self.layers if not layer.layer.sigmas]
        return caption_text(self.recipe.caption, conventions)


def compute(recipe: ContactPlaneRecipe, *, plugins: Sequence[str | Path] = ()) -> ContactPlaneData:
    """Evaluate every measurement on the plane and take the contours at its threshold.

    Raises
    ------
    RecastError
        When a model or measurement of the recipe is unknown or does not fit.
    """
    from recast.measurement import load_measurement
    from recast.model import load_model
    from recast.statistics import convention, delta_threshold, probability_content

    model = load_model(recipe.model, plugins=plugins)
    dgv = np.linspace(*recipe.x.range, recipe.points)
    dga = np.linspace(*recipe.y.range, recipe.points)
    interaction = model(dgv=dgv[None, :], dga=dga[:, None])
    layers = []
    for layer in recipe.layers:
        measurement = load_measurement(layer.measurement, plugins=plugins)
        if layer.expected:
            measurement = measurement.expected()
        values = measurement.minus_2_delta_ln_l(interaction)
        if layer.one_sided:
            # Only a prediction above the data is excluded from one side.
            values = np.where(measurement.prediction(interaction) > measurement.data, values, 0.0)
        levels = [probability_content(sigma) for sigma in sorted(layer.sigmas, reverse=True)]
        regions: list[tuple[Region, ...]] = []
        edges: list[NDArray[np.float64]] = []
        for level in levels or [recipe.confidence_level]:
            threshold = delta_threshold(level, one_sided=layer.one_sided)
            regions.append(
                filled_regions(dgv, dga, values, below=threshold)
                if layer.sigmas
                else filled_regions(dgv, dga, values, above=threshold)
            )
            edges.extend(contour_lines(dgv, dga, values, threshold))
        layers.append(
            ContactLayer(
                layer=layer,
                regions=tuple(regions),
                edges=tuple(edges),
                convention=convention(recipe.confidence_level, one_sided=layer.one_sided, expected=layer.expected),
            )
        )
    return ContactPlaneData(recipe=recipe, layers=tuple(layers))


def draw(data: ContactPlaneData) -> Figure:
    """Draw the regions, the first layer lowest, and the point of the Standard Model."""
    recipe = data.recipe
    figure, (axes,) = drawing.canvas(data.caption, size=recipe.size)
    drawing.set_axes(axes, recipe.x, recipe.y)
    for item in data.layers:
        _draw_layer(axes, item)
        drawing.place_labels(axes, item.layer.labels, colour=item.layer.colour)
    axes.axvline(0.0, color="black", linewidth=0.7)
    axes.axhline(0.0, color="black", linewidth=0.7)
    drawing.place_labels(axes, recipe.labels)
    return figure


def _draw_layer(axes: Axes, item: ContactLayer) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    layer = item.layer
    colour = drawing.COLOURS[layer.colour]
    if layer.draw != "line":
        for depth, regions in enumerate(item.regions):
            style = drawing.fill_style(layer.draw, colour, depth)
            for region in regions:
                rings = [Outline(ring, closed=True) for ring in (region.outer, *region.holes)]
                axes.add_patch(PathPatch(Outline.make_compound_path(*rings), **style))
    if layer.draw != "favoured":
        for edge in item.edges:
            axes.plot(
                edge[:, 0],
                edge[:, 1],
                color=colour,
                linestyle=drawing.LINES[layer.line],
                linewidth=1.6 if layer.draw == "line" else 1.2,
            )
