"""Figures of recoil spectra of neutrinos on electrons, relative to the Standard Model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recast.errors import RecastError
from recast.figures import drawing
from recast.figures.captions import caption_text
from recast.figures.recoil_recipe import RecoilPanel, RecoilRatioRecipe

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["RecoilPanelData", "RecoilRatioData", "compute", "draw"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RecoilPanelData:
    """The curves of one panel.

    Attributes
    ----------
    ratio : dict of ndarray, shape (n,)
        dsigma/dT over that of the Standard Model, by species.
    """

    panel: RecoilPanel
    ratio: dict[str, FloatArray]


@dataclass(frozen=True, eq=False)
class RecoilRatioData:
    """What a figure of recoil spectra shows.

    Attributes
    ----------
    recoil : ndarray, shape (n,)
        Kinetic energy of the electron, GeV.
    panels : tuple of RecoilPanelData
    """

    recipe: RecoilRatioRecipe
    recoil: FloatArray
    panels: tuple[RecoilPanelData, ...]

    @property
    def caption(self) -> str:
        """The lines under the axes."""
        return caption_text(self.recipe.caption, ())


def compute(recipe: RecoilRatioRecipe, *, plugins: Sequence[str | Path] = ()) -> RecoilRatioData:
    """Compute the ratios of every panel.

    Raises
    ------
    RecastError
        When a model is unknown or is not that of a boson with vector couplings to electrons.
    """
    spaced = np.geomspace if recipe.x.scale == "log" else np.linspace
    recoil = np.asarray(spaced(*recipe.x.range, recipe.points), dtype=np.float64)
    panels = tuple(
        RecoilPanelData(
            panel=panel,
            ratio={curve.neutrino: _ratio(recipe, panel, curve.neutrino, recoil, plugins) for curve in recipe.curves},
        )
        for panel in recipe.panels
    )
    return RecoilRatioData(recipe=recipe, recoil=recoil, panels=panels)


def draw(data: RecoilRatioData) -> Figure:
    """Draw the panels side by side, over the line of the Standard Model."""
    recipe = data.recipe
    columns = len(data.panels)
    figure, panels = drawing.canvas(data.caption, size=recipe.size, columns=columns, titles=True, share=True)
    for index, (axes, item) in enumerate(zip(panels, data.panels, strict=True)):
        drawing.set_axes(axes, recipe.x, recipe.y, ylabel=index == 0)
        axes.set_title(item.panel.title)
        axes.axhline(1.0, color=drawing.COLOURS["grey"], linewidth=0.8, zorder=1.0)
        if recipe.threshold is not None:
            axes.axvline(recipe.threshold, color=drawing.COLOURS["grey"], linewidth=0.8, linestyle="dotted", zorder=1.0)
        for curve in recipe.curves:
            colour, pattern = drawing.COLOURS[curve.colour], drawing.LINES[curve.line]
            axes.plot(data.recoil, item.ratio[curve.neutrino], color=colour, linestyle=pattern, linewidth=1.6)
        drawing.place_labels(axes, item.panel.labels)
    return figure


def _ratio(
    recipe: RecoilRatioRecipe, panel: RecoilPanel, neutrino: str, recoil: FloatArray, plugins: Sequence[str | Path]
) -> FloatArray:
    """Return dsigma/dT over that of the Standard Model."""
    from recast.constants import DEFAULT_INPUTS, ELECTRON_MASS
    from recast.model import load_model
    from recast.neutrino_electron import differential_cross_section
    from recast.observables.elastic import electron_shifts

    model = load_model(panel.model, plugins=plugins)
    interaction = model(mass=panel.mass, coupling=panel.coupling)
    shift = np.zeros_like(recoil)
    for term in electron_shifts(interaction, neutrino, DEFAULT_INPUTS):
        if term.structure != "V":
            msg = f"model '{panel.model}' has axial charges, of which a figure of recoils knows nothing"
            raise RecastError(msg)
        # Of C_L and C_R alike: gV is twice their sum.
        shift += 0.25 * term.strength * term.profile(2.0 * ELECTRON_MASS * recoil)
    new, old = (
        differential_cross_section(recoil, energy=recipe.energy, neutrino=neutrino, shift=by) for by in (shift, 0.0)
    )
    return np.asarray(new / old)
