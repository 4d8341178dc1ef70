"""Figures of what is left of generated events, cut by cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recast.figures import drawing
from recast.figures.captions import caption_text
from recast.figures.event_recipes import CutFlowRecipe
from recast.figures.event_samples import sampled
from recast.figures.layers import Axis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from recast.events.selection import Passing

__all__ = ["CutFlowData", "compute", "draw"]


@dataclass(frozen=True, eq=False)
class CutFlowData:
    """What a figure of a cut flow shows.

    Attributes
    ----------
    flows : tuple of tuple of Passing
        Of each curve of the recipe, one row per cut.
    """

    recipe: CutFlowRecipe
    flows: tuple[tuple[Passing, ...], ...]

    @property
    def caption(self) -> str:
        """The lines under the axes."""
        return caption_text(self.recipe.caption, ())

    @property
    def fractions(self) -> NDArray[np.float64]:
        """What is left, shape (curves, 1 + cuts); one before the first cut."""
        return np.array([[1.0, *(row.fraction for row in flow)] for flow in self.flows])


def compute(recipe: CutFlowRecipe, *, plugins: Sequence[str | Path] = ()) -> CutFlowData:
    """Generate events and cut.

    Raises
    ------
    RecastError
        When something that the recipe names does not exist or does not fit, or there is not one text for each step.
    """
    from recast.channels import Channel
    from recast.events.selection import load_selection

    selection = load_selection(recipe.selection, plugins=plugins)
    selection.check(Channel.parse(recipe.channel))
    recipe.check(selection)
    flows = tuple(selection.cut_flow(events, random=recipe.seed) for events in sampled(recipe, plugins=plugins))
    return CutFlowData(recipe=recipe, flows=flows)


def draw(data: CutFlowData) -> Figure:
    """Draw a falling staircase for each curve, and published fractions as diamonds."""
    recipe = data.recipe
    figure, (axes,) = drawing.canvas(data.caption, size=recipe.size)
    edges = np.arange(len(recipe.steps) + 1) - 0.5
    for curve, fraction in zip(recipe.curves, data.fractions, strict=True):
        colour, line = drawing.COLOURS[curve.colour], drawing.LINES[curve.line]
        axes.stairs(fraction, edges, baseline=None, color=colour, linestyle=line, linewidth=1.6)
    for mark in recipe.published:
        colour = drawing.COLOURS[mark.colour]
        axes.plot(mark.step, mark.fraction, "D", color=colour, markerfacecolor="white", markersize=7.0, zorder=4.0)
    along = Axis(label="", unit="", range=(float(edges[0]), float(edges[-1])))
    drawing.set_axes(axes, along, recipe.y, xlabel=False)
    axes.set_xticks(range(len(recipe.steps)), recipe.steps)
    axes.tick_params(axis="x", which="both", length=0.0)
    drawing.place_labels(axes, recipe.labels)
    return figure
