"""Figures of distributions of kinematic quantities in generated events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recast.figures import drawing
from recast.figures.captions import caption_text
from recast.figures.event_recipes import DistributionPanel, DistributionRecipe
from recast.figures.event_samples import sampled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from recast.events.events import Events

__all__ = ["DistributionData", "DistributionPanelData", "compute", "draw"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DistributionPanelData:
    """The histograms of one quantity.

    Attributes
    ----------
    edges : ndarray, shape (n + 1,)
        Of the bins, in the unit of the quantity.
    density, error : tuple of ndarray, shape (n,)
        Of each curve of the recipe: share of its events in a bin over the width of the bin (in the natural logarithm
        of the quantity on a logarithmic axis), and its statistical standard deviation.
    cuts : tuple of float
        Where the selection cuts on the quantity.
    """

    panel: DistributionPanel
    edges: FloatArray
    density: tuple[FloatArray, ...]
    error: tuple[FloatArray, ...]
    cuts: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class DistributionData:
    """What a figure of distributions shows.

    Attributes
    ----------
    panels : tuple of DistributionPanelData
    """

    recipe: DistributionRecipe
    panels: tuple[DistributionPanelData, ...]

    @property
    def caption(self) -> str:
        """The lines under the axes."""
        return caption_text(self.recipe.caption, ())


def compute(recipe: DistributionRecipe, *, plugins: Sequence[str | Path] = ()) -> DistributionData:
    """Generate events and fill the histograms.

    Raises
    ------
    RecastError
        When something that the recipe names does not exist or does not fit.
    """
    from recast.channels import Channel
    from recast.events.quantities import quantity
    from recast.events.selection import load_selection

    for panel in recipe.panels:
        quantity(panel.quantity).check(Channel.parse(recipe.channel))
    cuts = load_selection(recipe.selection, plugins=plugins).cuts if recipe.selection is not None else ()
    samples = sampled(recipe, plugins=plugins)
    panels = []
    for panel in recipe.panels:
        edges = _edges(panel)
        filled = [_histogram(panel, edges, events) for events in samples]
        ends = [end for cut in cuts if cut.quantity == panel.quantity for end in (cut.min, cut.max)]
        panels.append(
            DistributionPanelData(
                panel=panel,
                edges=edges,
                density=tuple(density for density, _ in filled),
                error=tuple(error for _, error in filled),
                cuts=tuple(end for end in ends if end is not None),
            )
        )
    return DistributionData(recipe=recipe, panels=tuple(panels))


def draw(data: DistributionData) -> Figure:
    """Draw the histograms of each quantity in a panel."""
    recipe = data.recipe
    rows = -(-len(data.panels) // recipe.columns)
    figure, panels = drawing.canvas(data.caption, size=recipe.size, rows=rows, columns=recipe.columns)
    for axes in panels[len(data.panels) :]:
        axes.remove()
    for axes, item in zip(panels, data.panels, strict=False):
        drawing.set_axes(axes, item.panel.x, item.panel.y)
        for end in item.cuts:
            axes.axvline(end, color=drawing.COLOURS["grey"], linewidth=0.8, linestyle="dotted", zorder=1.0)
        for curve, density in zip(recipe.curves, item.density, strict=True):
            colour, line = drawing.COLOURS[curve.colour], drawing.LINES[curve.line]
            # Without the vertical ends, where the first and last bins do not begin at zero.
            y = np.concatenate([density[:1], density])
            axes.plot(item.edges, y, drawstyle="steps-pre", color=colour, linestyle=line, linewidth=1.2)
        drawing.place_labels(axes, item.panel.labels)
    return figure


def _edges(panel: DistributionPanel) -> FloatArray:
    spaced = np.geomspace if panel.x.scale == "log" else np.linspace
    return np.asarray(spaced(*panel.x.range, panel.bins + 1), dtype=np.float64)


def _histogram(panel: DistributionPanel, edges: FloatArray, events: Events) -> tuple[FloatArray, FloatArray]:
    """Return the density in each bin and its statistical error."""
    from recast.events.quantities import quantity

    value, weight = quantity(panel.quantity)(events), events.weight
    total, total2 = float(weight.sum()), float(weight @ weight)
    inside = np.histogram(value, edges, weights=weight)[0] / total
    inside2 = np.histogram(value, edges, weights=weight**2)[0] / total**2
    # Of a ratio of sums, as in a cut flow.
    error = np.sqrt(np.maximum((1.0 - 2.0 * inside) * inside2 + inside**2 * total2 / total**2, 0.0))
    width = np.diff(np.log(edges) if panel.x.scale == "log" else edges)
    return inside / width, error / width
