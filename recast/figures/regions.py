"""Regions of a coupling at each mass: what the plane and the event-rate figures have in common."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recast.contours import Band, Region, complement, contour_lines, filled_regions, interval_bands
from recast.figures.sampling import Cut, Intervals, cuts, refined
from recast.limit_curve import LimitCurve

if TYPE_CHECKING:
    from pathlib import Path

    from recast.figures.layers import Layer
    from recast.measurement import Measurement
    from recast.model import Model

__all__ = [
    "LayerRegion",
    "expected_regions",
    "finite_edges",
    "layer_region",
    "visible_edges",
    "with_points",
]

FloatArray = NDArray[np.float64]

_COUPLINGS = 400
_WITHOUT_LEVEL = "as published, without a confidence level"


@dataclass(frozen=True, eq=False)
class LayerRegion:
    """What one layer of a recipe shows.

    Attributes
    ----------
    layer : Layer
        Its part of the recipe.
    bands : tuple of tuple of Band
        The bands of coupling against mass, for each width in ``layer.sigmas`` from the widest to the
        narrowest, or for the one confidence level of the layer.
    cuts : tuple of tuple of Cut
        For each of these, where the region ends at a mass.
    unknown : frozenset of float
        Masses at which it ends because nothing is known beyond, not because the couplings are allowed there.
    plane : tuple of Region
        Instead of bands, for a region that is relative to the best fit in the plane: its outlines.
    edges : tuple of ndarray, shape (n, 2)
        For the same: the lines of mass and coupling on which a point is just excluded.
    convention : str
        How the region is defined.
    """

    layer: Layer
    bands: tuple[tuple[Band, ...], ...]
    convention: str
    cuts: tuple[tuple[Cut, ...], ...] = ()
    unknown: frozenset[float] = frozenset()
    plane: tuple[Region, ...] = ()
    edges: tuple[FloatArray, ...] = ()


def layer_region(
    layer: Layer,
    model: Model,
    mass: FloatArray,
    *,
    confidence_level: float,
    coupling: tuple[float, float] | None = None,
    plugins: Sequence[str | Path] = (),
) -> LayerRegion:
    """Solve the limits of one layer exactly at each mass.

    Masses are added where the region ends or its edge is steep, and where a published curve has its points.

    Parameters
    ----------
    layer : Layer
        Which measurement, and whether its excluded or its allowed region is wanted.
    model : Model
        With the parameters mass and coupling.
    mass : ndarray, shape (n,)
        Increasing, GeV.
    confidence_level : float
        For a layer without a level or widths of its own.
    coupling : (low, high), optional
        Extent of the plane; needed for ``degrees_of_freedom: 2``.
    plugins : sequence of path
        Folders in which measurements are looked up as well.

    Raises
    ------
    RecastError
        When the measurement is unknown or has nothing to say about the model.
    """
    from recast.measurement import load_measurement
    from recast.statistics import probability_content

    measurements = [load_measurement(name, plugins=plugins) for name in layer.measurements]
    level = confidence_level if layer.confidence_level is None else layer.confidence_level
    if layer.degrees_of_freedom == 2:
        if coupling is None:
            msg = "a region with two degrees of freedom needs the extent of the plane"
            raise ValueError(msg)
        return _plane_region(layer, model, mass, coupling, confidence_level=level, plugins=plugins)
    at = with_points(mass, measurements)
    levels = [probability_content(sigma) for sigma in sorted(layer.sigmas, reverse=True)] or [level]
    solved = [_solved(layer, model, measurements, at, confidence_level=one) for one in levels]
    ends = tuple(cuts(masses, intervals) for masses, intervals, _ in solved)
    return LayerRegion(
        layer=layer,
        bands=tuple(interval_bands(masses, intervals) for masses, intervals, _ in solved),
        cuts=ends,
        unknown=frozenset(cut.mass for level in ends for cut in level if _unknown(cut, model, measurements)),
        convention=_WITHOUT_LEVEL if _has_no_level(measurements, level) else solved[-1][2],
    )


def expected_regions(
    layers: Sequence[Layer],
    model: Model,
    mass: FloatArray,
    *,
    confidence_level: float,
    coupling: tuple[float, float] | None = None,
    plugins: Sequence[str | Path] = (),
) -> tuple[tuple[LayerRegion, ...], tuple[str, ...]]:
    """Solve the limits that layers would give if the Standard Model had been observed.

    Preferred bands and projections are left out: the former are no limits, the latter are expected already.

    Parameters
    ----------
    layers, model, mass, confidence_level, coupling, plugins
        As for `layer_region`.

    Returns
    -------
    tuple of LayerRegion
        One per layer that has an expected limit, to be drawn as a line.
    tuple of str
        Titles of the layers for which only the observed limit is known.

    Raises
    ------
    RecastError
        As `layer_region`.
    """
    from recast.measurement import load_measurement

    regions: list[LayerRegion] = []
    unknown: list[str] = []
    for layer in layers:
        measurements = [load_measurement(name, plugins=plugins) for name in layer.measurements]
        if layer.sigmas or layer.expected or all(m.projection for m in measurements):
            continue
        if any(m.upper_limit_only for m in measurements):
            unknown.append(layer.title)
            continue
        changes: dict[str, Any] = {"expected": True, "draw": "line", "hatch": "none", "labels": (), "name": layer.title}
        regions.append(
            layer_region(
                layer.model_copy(update=changes),
                model,
                mass,
                confidence_level=confidence_level,
                coupling=coupling,
                plugins=plugins,
            )
        )
    return tuple(regions), tuple(unknown)


def _solved(
    layer: Layer,
    model: Model,
    measurements: Sequence[Measurement],
    mass: FloatArray,
    *,
    confidence_level: float,
) -> tuple[FloatArray, list[Intervals], str]:
    """Return masses, the intervals of coupling that the layer shows there, and the convention."""
    from recast.limits import limit

    words: list[str] = []
    options: dict[str, Any] = {"one_sided": layer.one_sided, "expected": layer.expected}
    if layer.cls:
        options["cls"] = True

    def solve(masses: FloatArray) -> list[Intervals]:
        result = limit(model, measurements, masses, confidence_level=confidence_level, **options)
        words.append(result.convention)
        excluded = [tuple((low, math.inf if high is None else high) for low, high in row) for row in result.excluded]
        return [complement(row) for row in excluded] if layer.sigmas else excluded

    masses, intervals = refined(mass, solve)
    return masses, intervals, words[0]


def _has_no_level(measurements: Sequence[Measurement], level: float) -> bool:
    """Whether a limit is drawn as it was published, and no source states its confidence level."""
    (first, *others) = measurements
    if others or not first.upper_limit_only or level != getattr(first.likelihood, "confidence_level", None):
        return False
    return all(source.confidence_level is None for source in first.provenance.values())


def _unknown(cut: Cut, model: Model, measurements: Sequence[Measurement]) -> bool:
    """Whether a measurement has no prediction on one side of the end of a region."""
    inside = 2.0 * cut.low if math.isinf(cut.high) else 0.5 * (cut.low + cut.high)
    interaction = model(mass=np.array(cut.sides), coupling=max(inside, 1e-30))
    return any(bool(np.isnan(measurement.prediction(interaction)).any()) for measurement in measurements)


def with_points(mass: FloatArray, measurements: Sequence[Measurement]) -> FloatArray:
    """Add the masses at which published curves have points or leave a gap, so that no structure of theirs is lost."""
    extra: list[float] = []
    for measurement in measurements:
        curve = getattr(measurement.observable, "limits", None)
        if isinstance(curve, LimitCurve):
            extra += [*curve.mass.tolist(), *(math.sqrt(low * high) for low, high in curve.gaps)]
    inside = [point for point in extra if mass[0] < point < mass[-1]]
    return np.unique(np.concatenate([mass, inside]))


def _plane_region(
    layer: Layer,
    model: Model,
    mass: FloatArray,
    coupling: tuple[float, float],
    *,
    confidence_level: float,
    plugins: Sequence[str | Path],
) -> LayerRegion:
    """Compare every point of the plane with the best fit in it."""
    from recast.scan import scan
    from recast.statistics import delta_threshold

    # Contours are interpolated between couplings, so that these lie closer than pixels.
    axis = np.geomspace(*coupling, _COUPLINGS)
    result = scan(
        {
            "model": model.label,
            "measurements": list(layer.combined),
            "parameters": {"mass": mass.tolist(), "coupling": axis.tolist()},
            "confidence_level": confidence_level,
            "degrees_of_freedom": 2,
            "expected": layer.expected,
        },
        plugins=plugins,
    )
    values = np.asarray(result.combined).T
    threshold = delta_threshold(confidence_level, degrees_of_freedom=2)
    return LayerRegion(
        layer=layer,
        bands=(),
        convention=result.combined_convention,
        plane=filled_regions(mass, axis, values, above=threshold, x_scale="log", y_scale="log"),
        edges=contour_lines(mass, axis, values, threshold, x_scale="log", y_scale="log"),
    )


def finite_edges(band: Band, bottom: float, top: float) -> tuple[FloatArray, FloatArray]:
    """Return the edges of a band, with those at zero and infinity moved out of sight.

    Parameters
    ----------
    band : Band
    bottom, top : float
        Ends of a positive axis.
    """
    return np.maximum(band.lower, bottom / 10.0), np.minimum(band.upper, top * 10.0)


def visible_edges(band: Band) -> tuple[FloatArray, FloatArray]:
    """Return the edges of a band with not-a-number where there is no edge to draw."""
    lower = np.where(band.lower > 0.0, band.lower, math.nan)
    upper = np.where(np.isfinite(band.upper), band.upper, math.nan)
    return lower, upper
