"""Figures of neutrino spectra."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recast.figures import drawing
from recast.figures.captions import caption_text
from recast.figures.recipe import FluxCurve, FluxRecipe

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FluxCurveData", "FluxData", "compute", "draw"]

_POINTS = 1201  # five per bin of the finest spectrum, so that a step looks like one


@dataclass(frozen=True, eq=False)
class FluxCurveData:
    """One spectrum.

    Attributes
    ----------
    density : ndarray, shape (n,)
        Flux per energy over the integrated flux of the species, 1/GeV.
    """

    curve: FluxCurve
    density: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class FluxData:
    """What a figure of spectra shows.

    Attributes
    ----------
    energy : ndarray, shape (n,)
        GeV.
    panels : tuple of tuple of FluxCurveData
        The spectra of each panel of the recipe.
    """

    recipe: FluxRecipe
    energy: NDArray[np.float64]
    panels: tuple[tuple[FluxCurveData, ...], ...]

    @property
    def caption(self) -> str:
        """The line under the axes."""
        return caption_text(self.recipe.caption, ())


def compute(recipe: FluxRecipe, *, plugins: Sequence[str | Path] = ()) -> FluxData:  # noqa: ARG001
    """Load every spectrum and normalise it to one.

    Raises
    ------
    RecastError
        When a flux is unknown or does not hold the species.
    """
    from recast.flux import load_flux

    energy = np.linspace(*recipe.x.range, _POINTS)
    panels = tuple(
        tuple(
            FluxCurveData(
                curve=curve,
                density=load_flux(panel.flux, neutrino=curve.neutrino).normalised().density(energy),
            )
            for curve in panel.curves
        )
        for panel in recipe.panels
    )
    return FluxData(recipe=recipe, energy=energy, panels=panels)


def draw(data: FluxData) -> Figure:
    """Draw the panels side by side."""
    recipe = data.recipe
    figure, panels = drawing.canvas(data.caption, size=recipe.size, columns=len(data.panels), share=True)
    for index, (axes, panel, curves) in enumerate(zip(panels, recipe.panels, data.panels, strict=True)):
        drawing.set_axes(axes, recipe.x, recipe.y, ylabel=index == 0)
        axes.text(
            0.96, 0.95, panel.title, transform=axes.transAxes, verticalalignment="top", horizontalalignment="right"
        )
        for item in curves:
            curve = item.curve
            positive = item.density > 0.0
            x, y = data.energy[positive], item.density[positive]
            colour, line = drawing.COLOURS[curve.colour], drawing.LINES[curve.line]
            axes.plot(x, y, color=colour, linestyle=line, linewidth=1.2)
            drawing.place_labels(axes, curve.labels, colour=curve.colour)
    return figure
