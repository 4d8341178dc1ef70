"""Figures of cross sections against the neutrino energy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recast.figures import drawing
from recast.figures.captions import caption_text
from recast.figures.recipe import Component, CrossSectionPanel, CrossSectionRecipe

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["CrossSectionData", "CrossSectionPanelData", "compute", "draw"]


@dataclass(frozen=True, eq=False)
class CrossSectionPanelData:
    """The curves of one panel.

    Attributes
    ----------
    cross_section : dict of ndarray, shape (n,)
        Standard Model cross section of each component in fb per nucleus; zero below threshold.
    """

    panel: CrossSectionPanel
    cross_section: dict[Component, NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class CrossSectionData:
    """What a figure of cross sections shows.

    Attributes
    ----------
    energy : ndarray, shape (n,)
        GeV.
    """

    recipe: CrossSectionRecipe
    energy: NDArray[np.float64]
    panels: tuple[CrossSectionPanelData, ...]

    @property
    def caption(self) -> str:
        """The line under the axes."""
        return caption_text(self.recipe.caption, ())


def compute(recipe: CrossSectionRecipe, *, plugins: Sequence[str | Path] = ()) -> CrossSectionData:  # noqa: ARG001
    """Evaluate the Standard Model cross sections of every panel.

    Raises
    ------
    RecastError
        When a channel or target is unknown or an energy lies outside its grid.
    """
    from recast.channels import Channel
    from recast.constants import DEFAULT_INPUTS
    from recast.couplings import sm_couplings
    from recast.spectrum import cross_sections

    energy = np.geomspace(*recipe.x.range, recipe.points)
    panels = []
    for panel in recipe.panels:
        channel = Channel.parse(panel.channel)
        gv, ga = sm_couplings(channel, DEFAULT_INPUTS)
        weights = np.array([gv**2, ga**2, gv * ga])
        values = {
            component: cross_sections(channel, panel.target, energy, component=component) @ weights
            for component in recipe.uncertainty
        }
        panels.append(CrossSectionPanelData(panel=panel, cross_section=values))
    return CrossSectionData(recipe=recipe, energy=energy, panels=tuple(panels))


def draw(data: CrossSectionData) -> Figure:
    """Draw each component with its 1 and 2 standard deviation bands."""
    recipe = data.recipe
    columns = recipe.columns
    rows = -(-len(data.panels) // columns)
    figure, panels = drawing.canvas(data.caption, size=recipe.size, rows=rows, columns=columns, share=True)
    for index, (axes, panel) in enumerate(zip(panels, data.panels, strict=False)):
        drawing.set_axes(axes, recipe.x, recipe.y, xlabel=index >= (rows - 1) * columns, ylabel=index % columns == 0)
        axes.text(0.04, 0.94, panel.panel.title, transform=axes.transAxes, verticalalignment="top")
        for component, values in panel.cross_section.items():
            _draw_component(axes, recipe, component, data.energy, values)
        drawing.place_labels(axes, panel.panel.labels)
    return figure


def _draw_component(
    axes: Axes,
    recipe: CrossSectionRecipe,
    component: Component,
    energy: NDArray[np.float64],
    values: NDArray[np.float64],
) -> None:
    colour = drawing.COLOURS[recipe.colours[component]]
    error = recipe.uncertainty[component]
    positive = values > 0.0
    x, y = energy[positive], values[positive]
    for width in (2.0, 1.0):
        axes.fill_between(
            x, y * (1.0 - width * error), y * (1.0 + width * error), color=colour, alpha=0.25, linewidth=0.0
        )
    axes.plot(x, y, color=colour, linestyle=drawing.LINES[recipe.lines[component]], linewidth=1.1)
