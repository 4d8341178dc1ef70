"""Figures of the electric form factors of nuclei."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recast.figures import drawing
from recast.figures.captions import caption_text
from recast.figures.recipe import FormFactorRecipe

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FormFactorData", "compute", "draw"]


@dataclass(frozen=True, eq=False)
class FormFactorData:
    """What a figure of nuclear form factors shows.

    Attributes
    ----------
    momentum : ndarray, shape (n,)
        Momentum transfer q in GeV.
    panels : tuple of tuple of ndarray, shape (n,)
        F(q^2), one at zero, of each curve of each panel.
    """

    recipe: FormFactorRecipe
    momentum: NDArray[np.float64]
    panels: tuple[tuple[NDArray[np.float64], ...], ...]

    @property
    def caption(self) -> str:
        """The line under the axes."""
        return caption_text(self.recipe.caption, ())


def compute(recipe: FormFactorRecipe, *, plugins: Sequence[str | Path] = ()) -> FormFactorData:  # noqa: ARG001
    """Evaluate every parameterisation.

    Raises
    ------
    RecastError
        When a nucleus is unknown or has no such parameterisation.
    """
    from recast.errors import unknown
    from recast.trident.form_factors import nuclear_form_factor
    from recast.trident.targets import nuclei

    known = nuclei()
    momentum = np.linspace(*recipe.x.range, recipe.points)
    panels = []
    for panel in recipe.panels:
        if panel.nucleus not in known:
            raise unknown("nucleus", panel.nucleus, known)
        nucleons = known[panel.nucleus].nucleons
        panels.append(
            tuple(
                nuclear_form_factor(panel.nucleus, nucleons, curve.form_factor)(momentum**2) for curve in panel.curves
            )
        )
    return FormFactorData(recipe=recipe, momentum=momentum, panels=tuple(panels))


def draw(data: FormFactorData) -> Figure:
    """Draw one panel for each nucleus."""
    recipe = data.recipe
    figure, panels = drawing.canvas(data.caption, size=recipe.size, columns=len(data.panels), share=True)
    for index, (axes, panel, curves) in enumerate(zip(panels, recipe.panels, data.panels, strict=True)):
        drawing.set_axes(axes, recipe.x, recipe.y, ylabel=index == 0)
        for order, (curve, values) in enumerate(zip(panel.curves, curves, strict=True)):
            shown = np.abs(values) if recipe.y.scale == "log" else values
            axes.plot(
                data.momentum,
                shown,
                color=drawing.COLOURS[curve.colour],
                linestyle=drawing.LINES[curve.line],
                label=curve.label,
                zorder=3.0 - 0.01 * order,  # the first, the default, on top
            )
        axes.text(0.96, 0.95, panel.title, transform=axes.transAxes, va="top", ha="right")
        axes.legend(loc="lower left", handlelength=2.2, fontsize=9.0, borderaxespad=0.8)
    return figure
