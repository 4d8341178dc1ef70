"""Figures of decays: branching ratios and decay lengths against mass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recast.figures import drawing
from recast.figures.captions import caption_text
from recast.figures.decay_recipe import DecayModel, DecayPanel, DecayRecipe, FinalState

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from recast.interactions import U1Mediator

__all__ = ["DecayData", "DecayLengthData", "DecayPanelData", "compute", "draw"]

# Masses that no panel may step over: peaks of omega and phi, and where a final state opens.
_PEAKS = ((0.78266, 0.00868), (1.019461, 0.004249))


@dataclass(frozen=True, eq=False)
class DecayPanelData:
    """The curves of one panel.

    Attributes
    ----------
    branching_ratio : dict of ndarray, shape (n,)
        By final state; zero below threshold.
    """

    panel: DecayPanel
    branching_ratio: dict[FinalState, NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class DecayLengthData:
    """One curve of decay lengths.

    Attributes
    ----------
    length : ndarray, shape (n,)
        c tau g'^2 in metres; infinite where nothing is open.
    """

    curve: DecayModel
    length: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DecayData:
    """What a figure of decays shows.

    Attributes
    ----------
    mass : ndarray, shape (n,)
        GeV.
    """

    recipe: DecayRecipe
    mass: NDArray[np.float64]
    panels: tuple[DecayPanelData, ...]
    lengths: tuple[DecayLengthData, ...]

    @property
    def caption(self) -> str:
        """The line under the axes."""
        return caption_text(self.recipe.caption, ())


def compute(recipe: DecayRecipe, *, plugins: Sequence[str | Path] = ()) -> DecayData:
    """Compute branching ratios and decay lengths of every model.

    Raises
    ------
    RecastError
        When a model is unknown or is not that of a boson.
    """
    from recast.decays import branching_ratio, proper_decay_length

    mass = _masses(recipe)
    panels = []
    for panel in recipe.panels:
        boson = _boson(panel.model, mass, plugins)
        ratios = {state: branching_ratio(boson, state) for state in recipe.colours}
        panels.append(DecayPanelData(panel=panel, branching_ratio=ratios))
    curves = recipe.decay_length.curves if recipe.decay_length else ()
    lengths = tuple(
        DecayLengthData(curve=curve, length=proper_decay_length(_boson(curve.model, mass, plugins))) for curve in curves
    )
    return DecayData(recipe=recipe, mass=mass, panels=tuple(panels), lengths=lengths)


def draw(data: DecayData) -> Figure:
    """Draw the panels, row by row."""
    recipe = data.recipe
    columns = recipe.columns
    last = recipe.decay_length
    count = len(data.panels) + (last is not None)
    rows = -(-count // columns)
    figure, axes = drawing.canvas(data.caption, size=recipe.size, rows=rows, columns=columns, titles=True)
    for unused in axes[count:]:
        unused.remove()
    for panel, item in zip(axes, data.panels, strict=False):
        drawing.set_axes(panel, recipe.x, recipe.y)
        panel.set_title(item.panel.title, fontsize=12.0)
        for state, values in item.branching_ratio.items():
            _plot(panel, data.mass, values, values > 0.0, colour=recipe.colours[state], line=recipe.lines[state])
        drawing.place_labels(panel, item.panel.labels)
    if last is not None:
        panel = axes[count - 1]
        drawing.set_axes(panel, recipe.x, last.y)
        panel.set_title(last.title, fontsize=12.0)
        for curve in data.lengths:
            spec, length = curve.curve, curve.length
            _plot(panel, data.mass, length, np.isfinite(length), colour=spec.colour, line=spec.line)
            drawing.place_labels(panel, spec.labels, colour=spec.colour)
        drawing.place_labels(panel, last.labels)
    return figure


def _plot(
    axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], shown: NDArray[np.bool_], *, colour: str, line: str
) -> None:
    """Draw a curve where it is to be shown."""
    axes.plot(
        x, np.where(shown, y, np.nan), color=drawing.COLOURS[colour], linestyle=drawing.LINES[line], linewidth=1.3
    )


def _boson(name: str, mass: NDArray[np.float64], plugins: Sequence[str | Path]) -> U1Mediator:
    """Return a boson of unit coupling at all masses."""
    from recast.errors import RecastError
    from recast.model import U1Model, load_model

    model = load_model(name, plugins=plugins)
    if not isinstance(model, U1Model):
        msg = f"model '{name}' is not that of a boson: it has no decays"
        raise RecastError(msg)
    (boson,) = model(mass=mass, coupling=1.0).mediators or ()
    return boson


def _masses(recipe: DecayRecipe) -> NDArray[np.float64]:
    """Return the masses of the axis, dense at the peaks of narrow mesons and on both sides of thresholds."""
    from recast.constants import LEPTON_MASS

    low, high = recipe.x.range
    spaced = np.geomspace if recipe.x.scale == "log" else np.linspace
    peaks = [centre + width * np.tan(np.linspace(-1.5, 1.5, 121)) / 2.0 for centre, width in _PEAKS]
    openings = [2.0 * lepton * (1.0 + np.geomspace(1e-9, 0.1, 40)) for lepton in LEPTON_MASS.values()]
    mass = np.unique(np.concatenate([spaced(low, high, recipe.points), *peaks, *openings]))
    return np.asarray(mass[(mass >= low) & (mass <= high)], dtype=np.float64)
