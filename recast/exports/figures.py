"""Edges of the regions that figures show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recast.errors import RecastError
from recast.exports.contours import COUPLING, MASS, Contours, Piece, Quantity
from recast.exports.origin import Origin

if TYPE_CHECKING:
    from recast.contours import Band
    from recast.figures import FigureData
    from recast.figures.contact import ContactLayer
    from recast.figures.layers import Layer
    from recast.figures.planes import PlaneData
    from recast.provenance import Source

__all__ = ["of_figure"]

FloatArray = NDArray[np.float64]


def of_figure(data: FigureData, *, citations: Sequence[Source] = ()) -> Contours:
    """Return the edges of the regions that a figure shows.

    Parameters
    ----------
    data : FigureData
        As computed by `recast.figures.compute`, expected limits included when it has them.
    citations : sequence of Source

    Raises
    ------
    RecastError
        When the figure shows no regions.
    """
    from recast.figures.contact import ContactPlaneData
    from recast.figures.event_rate import EventRateData
    from recast.figures.model_planes import ModelPlanesData
    from recast.figures.planes import PlaneData

    recipe: Any = data.recipe
    notes = ["edges are solved at each mass"]
    axes = (MASS, COUPLING)
    if isinstance(data, PlaneData):
        pieces = list(_plane(data))
        if any(piece.line is not None for piece in pieces):
            notes = ["edges are solved at each mass, contours interpolated between the points of a scan"]
    elif isinstance(data, ModelPlanesData):
        pieces = [piece for panel in data.panels for piece in _plane(panel.plane)]
    elif isinstance(data, EventRateData):
        axes = (MASS, Quantity("events", "events"))
        shown = zip((*data.regions, *data.expected), (*data.events, *data.expected_events), strict=True)
        pieces = [piece for at, bands in shown for piece in _bands(recipe, at.layer, at.convention, bands)]
    elif isinstance(data, ContactPlaneData):
        axes = (Quantity("dgv", "dimensionless"), Quantity("dga", "dimensionless"))
        notes = ["contours are interpolated between the points of a grid"]
        pieces = [piece for item in (*data.layers, *data.expected) for piece in _outlines(recipe, item)]
    else:
        msg = (
            f"figure '{recipe.name}' is of the kind {recipe.kind}, which shows no regions: contours are those of the "
            "kinds plane, model_planes, contact_plane and event_rate, such as altmannshofer2019_fig8"
        )
        raise RecastError(msg)
    x, y = (
        replace(axis, words=f"{drawn.label} [{drawn.unit}]")
        for axis, drawn in zip(axes, (recipe.x, recipe.y), strict=True)
    )
    return Contours(
        name=recipe.name,
        title=recipe.title,
        x=x,
        y=y,
        pieces=tuple(pieces),
        origin=Origin.now(conventions=[piece.convention for piece in pieces], citations=citations),
        notes=tuple(notes),
    )


def _plane(data: PlaneData) -> Iterator[Piece]:
    for region in (*data.regions, *data.expected):
        yield from _bands(data.recipe, region.layer, region.convention, region.bands)
        for edge in region.edges:
            yield _piece(data.recipe, region.layer, region.convention, None, edge[:, 0], line=edge[:, 1])


def _bands(recipe: Any, layer: Layer, convention: str, levels: Sequence[Sequence[Band]]) -> Iterator[Piece]:
    widths: Sequence[float | None] = sorted(layer.sigmas, reverse=True) or [None]
    for sigmas, bands in zip(widths, levels, strict=bool(levels)):  # none of a region in the plane
        for band in bands:
            yield _piece(recipe, layer, convention, sigmas, band.mass, lower=band.lower, upper=band.upper)


def _outlines(recipe: Any, item: ContactLayer) -> Iterator[Piece]:
    if not item.layer.sigmas:
        for edge in item.edges:
            yield _piece(recipe, item.layer, item.convention, None, edge[:, 0], line=edge[:, 1])
    # Nested bands are told apart by their regions, which end at the frame as well.
    for sigmas, regions in zip(sorted(item.layer.sigmas, reverse=True), item.regions, strict=False):
        for ring in (ring for region in regions for ring in (region.outer, *region.holes)):
            yield _piece(recipe, item.layer, item.convention, sigmas, ring[:, 0], line=ring[:, 1])


def _piece(
    recipe: Any, layer: Layer, convention: str, sigmas: float | None, x: FloatArray, **lines: FloatArray
) -> Piece:
    from recast.statistics import probability_content

    level = recipe.confidence_level if layer.confidence_level is None else layer.confidence_level
    if sigmas is not None:
        level, convention = probability_content(sigmas), f"within {sigmas:g} standard deviations of the data"
    return Piece(
        region=f"{layer.title} (expected)" if layer.expected else layer.title,
        model=recipe.model,
        measurements=layer.measurements,
        shown="allowed" if layer.sigmas else "excluded",
        confidence_level=None if "without a confidence level" in convention else level,
        convention=convention,
        x=x,
        **lines,
    )
