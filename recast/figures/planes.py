"""Figures of a plane of mass and coupling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recast.figures import drawing
from recast.figures.captions import caption_text, stated
from recast.figures.regions import (
    LayerRegion,
    expected_regions,
    finite_edges,
    layer_region,
    visible_edges,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from recast.figures.plane_recipes import PlaneRecipe

__all__ = ["PlaneData", "compute", "draw", "paint"]


@dataclass(frozen=True, eq=False)
class PlaneData:
    """What a figure of mass and coupling shows.

    Attributes
    ----------
    mass : ndarray, shape (n,)
        GeV; the regions have more where their edges need them.
    regions : tuple of LayerRegion
        In the order in which they are drawn.
    expected : tuple of LayerRegion
        Expected limits that were asked for, drawn beside the observed ones.
    not_expected : tuple of str
        Titles of the layers that have no expected limit.
    """

    recipe: PlaneRecipe
    mass: NDArray[np.float64]
    regions: tuple[LayerRegion, ...]
    expected: tuple[LayerRegion, ...] = ()
    not_expected: tuple[str, ...] = ()

    @property
    def caption(self) -> str:
        """The lines under the axes."""
        return caption_text(
            self.recipe.caption,
            stated(self.regions),
            expected=[region.layer.title for region in self.expected],
            not_expected=self.not_expected,
        )


def compute(recipe: PlaneRecipe, *, plugins: Sequence[str | Path] = (), expected: bool = False) -> PlaneData:
    """Solve the limits of every layer.

    Parameters
    ----------
    recipe : PlaneRecipe
    plugins : sequence of path
        Folders in which models and measurements are looked up as well.
    expected : bool
        Solve for the expected limits as well.

    Raises
    ------
    RecastError
        When a model or measurement of the recipe is unknown or does not fit.
    """
    from recast.model import load_model

    model = load_model(recipe.model, plugins=plugins)
    mass = np.geomspace(*recipe.x.range, recipe.points)
    options: dict[str, Any] = {
        "confidence_level": recipe.confidence_level,
        "coupling": recipe.y.range,
        "plugins": plugins,
    }
    regions = tuple(layer_region(layer, model, mass, **options) for layer in recipe.layers)
    beside, unknown = expected_regions(recipe.layers, model, mass, **options) if expected else ((), ())
    return PlaneData(recipe=recipe, mass=mass, regions=regions, expected=beside, not_expected=unknown)


def draw(data: PlaneData) -> Figure:
    """Draw the regions, the first layer lowest, then the expected limits."""
    recipe = data.recipe
    figure, (axes,) = drawing.canvas(data.caption, size=recipe.size)
    drawing.set_axes(axes, recipe.x, recipe.y)
    paint(axes, data)
    return figure


def paint(axes: Axes, data: PlaneData) -> None:
    """Draw what a plane shows into axes that are set.

    Regions of the same title are one region: their edges lie below all of them, so that only the outer one is seen.
    """
    recipe = data.recipe
    titles = [region.layer.title for region in data.regions]
    orders = {title: order for order, title in enumerate(dict.fromkeys(titles))}
    for region in data.regions:
        layer = region.layer
        order = orders[layer.title]
        style = drawing.line_style(layer, order=order)
        if layer.draw == "excluded" and titles.count(layer.title) > 1:
            # Under the fill, which hides the inner half of the line.
            style |= {"zorder": style["zorder"] - 0.003, "linewidth": 2.0 * style["linewidth"]}
        _fill(axes, region, recipe.y.range, order)
        _outline(axes, region, recipe.y.range, style)
        drawing.place_labels(axes, layer.labels, colour=layer.colour)
    for guide in recipe.guides:
        ends = np.array(recipe.x.range)
        colour, pattern = drawing.COLOURS[guide.colour], drawing.LINES[guide.line]
        axes.plot(ends, ends / guide.mass_over_coupling, color=colour, linestyle=pattern, linewidth=0.9, zorder=1.9)
        drawing.place_labels(axes, guide.labels, colour=guide.colour)
    for region in data.expected:
        colour = drawing.COLOURS[region.layer.colour]
        _outline(axes, region, recipe.y.range, {**drawing.EXPECTED_STYLE, "color": colour})
    drawing.place_labels(axes, recipe.labels)


def _fill(axes: Axes, region: LayerRegion, extent: tuple[float, float], order: int) -> None:
    for depth, bands in enumerate(region.bands):
        for style in drawing.fill_styles(region.layer, depth, order=order):
            for band in bands:
                axes.fill_between(band.mass, *finite_edges(band, *extent), **style)
    for style in drawing.fill_styles(region.layer, order=order):
        for outline in region.plane:
            axes.add_patch(drawing.patch((outline.outer, *outline.holes), **style))


def _outline(axes: Axes, region: LayerRegion, extent: tuple[float, float], style: dict[str, Any]) -> None:
    for bands in region.bands:
        for band in bands:
            for edge in visible_edges(band):
                axes.plot(band.mass, edge, **style)
    bottom, top = extent
    # Where nothing is known beyond, rather than allowed: fainter than an edge.
    faint = {**style, "linewidth": 0.5 * style["linewidth"]}
    for level in region.cuts:
        for cut in level:
            ends = [max(cut.low, bottom / 10.0), min(cut.high, top * 10.0)]
            axes.plot([cut.mass, cut.mass], ends, **(faint if cut.mass in region.unknown else style))
    for edge in region.edges:
        axes.plot(edge[:, 0], edge[:, 1], **style)
