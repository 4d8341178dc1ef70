"""Regions of a coupling at each mass: what the plane and the event-rate figures have in common."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recast.contours import Band, complement, interval_bands
from recast.figures.drawing import tidy_convention

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from recast.figures.recipe import Layer
    from recast.model import Model

__all__ = ["LayerRegion", "caption_text", "layer_region"]


@dataclass(frozen=True, eq=False)
class LayerRegion:
    """What one layer of a recipe shows.

    Attributes
    ----------
    layer : Layer
        Its part of the recipe.
    bands : tuple of tuple of Band
        The bands of coupling against mass, for each width in ``layer.sigmas`` from the widest to the
        narrowest, or for the one confidence level of the figure.
    convention : str
        How the region is defined.
    """

    layer: Layer
    bands: tuple[tuple[Band, ...], ...]
    convention: str


def layer_region(
    layer: Layer,
    model: Model,
    mass: NDArray[np.float64],
    *,
    confidence_level: float,
    plugins: Sequence[str | Path] = (),
) -> LayerRegion:
    """Solve the limits of one layer exactly at each mass.

    Parameters
    ----------
    layer : Layer
        Which measurement, and whether its excluded or its allowed region is wanted.
    model : Model
        With the parameters mass and coupling.
    mass : ndarray, shape (n,)
        Increasing, GeV.
    confidence_level : float
        For a layer without widths of its own.
    plugins : sequence of path
        Folders in which measurements are looked up as well.

    Raises
    ------
    RecastError
        When the measurement is unknown or has nothing to say about the model.
    """
    from recast.limits import limit
    from recast.measurement import load_measurement
    from recast.statistics import probability_content

    measurement = load_measurement(layer.measurement, plugins=plugins)
    levels = (
        [probability_content(sigma) for sigma in sorted(layer.sigmas, reverse=True)]
        if layer.sigmas
        else [confidence_level]
    )
    bands = []
    convention = ""
    for level in levels:
        result = limit(
            model,
            [measurement],
            mass,
            confidence_level=level,
            one_sided=layer.one_sided,
            expected=layer.expected,
        )
        intervals = [tuple((low, math.inf if high is None else high) for low, high in row) for row in result.excluded]
        if layer.draw == "favoured":
            intervals = [complement(row) for row in intervals]
        bands.append(interval_bands(mass, intervals))
        convention = result.convention
    return LayerRegion(layer=layer, bands=tuple(bands), convention=convention)


def caption_text(caption: str, conventions: Sequence[str]) -> str:
    """Return the caption with the conventions of its limits in place of ``{convention}``."""
    distinct = list(dict.fromkeys(tidy_convention(text) for text in conventions if text))
    return " ".join(caption.split()).replace("{convention}", "; ".join(distinct))


def finite_edges(band: Band, bottom: float, top: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the edges of a band, with those at zero and infinity moved out of sight.

    Parameters
    ----------
    bottom, top : float
        Ends of a positive axis.
    """
    return np.maximum(band.lower, bottom / 10.0), np.minimum(band.upper, top * 10.0)


def visible_edges(band: Band) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the edges of a band with not-a-number where there is no edge to draw."""
    lower = np.where(band.lower > 0.0, band.lower, math.nan)
    upper = np.where(np.isfinite(band.upper), band.upper, math.nan)
    return lower, upper
