"""Figures of what counting experiments can measure, against the time of data taking."""

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
from recast.figures.recipe import AccuracyCurve, AccuracyRecipe

if TYPE_CHECKING:
    from matplotlib.axis import Axis as MatplotlibAxis
    from matplotlib.figure import Figure

__all__ = ["AccuracyCurveData", "AccuracyData", "compute", "draw"]


@dataclass(frozen=True, eq=False)
class AccuracyCurveData:
    """The accuracy of one experiment.

    Attributes
    ----------
    accuracy : ndarray, shape (n,)
        Expected standard deviation of the signal's rate over the rate, per cent.
    """

    curve: AccuracyCurve
    accuracy: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class AccuracyData:
    """What a figure of accuracies shows.

    Attributes
    ----------
    years : ndarray, shape (n,)
        Times of data taking.
    curves : tuple of AccuracyCurveData
        One per curve of the recipe.
    """

    recipe: AccuracyRecipe
    years: NDArray[np.float64]
    curves: tuple[AccuracyCurveData, ...]

    @property
    def caption(self) -> str:
        """The line under the axes."""
        return caption_text(self.recipe.caption, ())


def compute(recipe: AccuracyRecipe, *, plugins: Sequence[str | Path] = ()) -> AccuracyData:
    """Compute the accuracy of every experiment at every time.

    Raises
    ------
    RecastError
        When a measurement is unknown or is not a counting experiment, whose accuracy at other times is known.
    """
    from recast.likelihoods.counting_experiment import CountingExperiment
    from recast.measurement import load_measurement

    spaced = np.geomspace if recipe.x.scale == "log" else np.linspace
    years = np.asarray(spaced(*recipe.x.range, recipe.points), dtype=np.float64)
    curves = []
    for curve in recipe.curves:
        likelihood = load_measurement(curve.measurement, plugins=plugins).likelihood
        if not isinstance(likelihood, CountingExperiment):
            msg = (
                f"measurement '{curve.measurement}' has no rates per year: an accuracy figure needs a likelihood of "
                "type counting_experiment"
            )
            raise RecastError(msg)
        curves.append(AccuracyCurveData(curve=curve, accuracy=100.0 * likelihood.accuracy(years)))
    return AccuracyData(recipe=recipe, years=years, curves=tuple(curves))


def draw(data: AccuracyData) -> Figure:
    """Draw the curves over the marked levels."""
    recipe = data.recipe
    figure, (axes,) = drawing.canvas(data.caption, size=recipe.size)
    drawing.set_axes(axes, recipe.x, recipe.y)
    for axis, spec in ((axes.xaxis, recipe.x), (axes.yaxis, recipe.y)):
        if spec.scale == "log":
            # Two decades at most: 1, 2, 5 say more than powers of ten.
            _plain_ticks(axis)
    for level in recipe.levels:
        axes.axhline(level, color=drawing.COLOURS["grey"], linewidth=0.8, zorder=1.0)
    for item in data.curves:
        curve = item.curve
        axes.plot(
            data.years,
            item.accuracy,
            color=drawing.COLOURS[curve.colour],
            linestyle=drawing.LINES[curve.line],
            linewidth=1.6,
        )
        drawing.place_labels(axes, curve.labels, colour=curve.colour)
    drawing.place_labels(axes, recipe.labels)
    return figure


def _plain_ticks(axis: MatplotlibAxis) -> None:
    """Label a logarithmic axis at 1, 2 and 5 of each decade with plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
