"""Figures of the electric and magnetic form factors of the nucleons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from recast.figures import drawing
from recast.figures.captions import caption_text
from recast.figures.recipe import NucleonFormFactorRecipe

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["NucleonFormFactorData", "compute", "draw"]

Which = Literal["electric", "magnetic"]


@dataclass(frozen=True, eq=False)
class NucleonFormFactorData:
    """What a figure of nucleon form factors shows.

    Attributes
    ----------
    momentum : ndarray, shape (n,)
        Momentum transfer q in GeV.
    panels : tuple of dict of ndarray, shape (n,)
        For each panel the electric and magnetic form factors, those of the comparison under
        ``electric_comparison`` and ``magnetic_comparison``.
    """

    recipe: NucleonFormFactorRecipe
    momentum: NDArray[np.float64]
    panels: tuple[dict[str, NDArray[np.float64]], ...]

    @property
    def caption(self) -> str:
        """The line under the axes."""
        return caption_text(self.recipe.caption, ())


def compute(
    recipe: NucleonFormFactorRecipe,
    *,
    plugins: Sequence[str | Path] = (),  # noqa: ARG001
) -> NucleonFormFactorData:
    """Evaluate the form factors of the proton and the neutron.

    Raises
    ------
    RecastError
        When there is no such parameterisation.
    """
    from recast.trident.form_factors import nucleon_form_factors

    momentum = np.linspace(*recipe.x.range, recipe.points)
    panels = []
    for panel in recipe.panels:
        values = {}
        for suffix, kind in (("", recipe.form_factor), ("_comparison", recipe.comparison)):
            nucleon = nucleon_form_factors(panel.nucleon, kind)
            values[f"electric{suffix}"] = nucleon.electric(momentum**2)
            values[f"magnetic{suffix}"] = nucleon.magnetic(momentum**2)
        panels.append(values)
    return NucleonFormFactorData(recipe=recipe, momentum=momentum, panels=tuple(panels))


def draw(data: NucleonFormFactorData) -> Figure:
    """Draw proton and neutron side by side."""
    recipe = data.recipe
    figure, panels = drawing.canvas(data.caption, size=recipe.size, columns=len(data.panels), share=True)
    names: tuple[Which, ...] = ("electric", "magnetic")
    for index, (axes, panel, values) in enumerate(zip(panels, recipe.panels, data.panels, strict=True)):
        drawing.set_axes(axes, recipe.x, recipe.y, ylabel=index == 0)
        axes.axhline(0.0, color="black", linewidth=0.5)
        for name in names:
            for suffix, line in (("", "solid"), ("_comparison", "dashed")):
                axes.plot(
                    data.momentum,
                    values[f"{name}{suffix}"],
                    color=drawing.COLOURS[recipe.colours[name]],
                    linestyle=drawing.LINES[line],
                )
        axes.text(0.96, 0.95, panel.title, transform=axes.transAxes, va="top", ha="right")
        drawing.place_labels(axes, panel.labels)
    return figure
