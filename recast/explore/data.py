"""What the page shows: for each model the regions of every measurement, solved as `recast.limits` does, and tables.

Regions are exact at every mass. Tables of 2 delta ln L and of predictions are for the pointer, which asks anywhere;
how far what is read out of them lies from the exact values is measured here, at points between those of the tables.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recast.errors import RecastError
from recast.explore.groups import group_of
from recast.explore.tables import Axes, Offset, Table, tabulated

if TYPE_CHECKING:
    from recast.explanation import MeasurementRow
    from recast.figures.regions import LayerRegion
    from recast.measurement import Measurement
    from recast.model import Model

__all__ = ["Accuracy", "LayerData", "Linear", "ModelData", "layer_data", "model_data"]

FloatArray = NDArray[np.float64]
Progress: TypeAlias = Callable[[str], None]

# Masses and couplings between those of the tables at which these are tried, and where that matters.
_TRIED = 80
_MATTERS = (0.5, 50.0)
_FEWEST = 25
# Between two masses of which one only is known, so many are looked at, twice.
_CLOSER = 12
_LINEAR = 1e-7


@dataclass(frozen=True)
class Accuracy:
    """How far 2 delta ln L of the page lies from the exact one, relative, where it lies between 0.5 and 50."""

    median: float
    percentile_95: float


@dataclass(frozen=True)
class Linear:
    """A prediction that is ``data + error * s``, with the s of the other table."""

    data: float
    error: float


@dataclass(frozen=True, eq=False)
class LayerData:
    """A measurement in the plane of a model.

    Attributes
    ----------
    measurement : Measurement
    row : MeasurementRow
        What `recast.explain` says of it somewhere in the plane: names, data, papers.
    group : str
        Key in `recast.explore.groups.GROUPS`.
    shown : bool
        At first: projections, and averages of other measurements, are not.
    regions : tuple of LayerRegion
        For each confidence level: what is excluded or, of a preferred band, what is allowed.
    thresholds : tuple of float
        What 2 delta ln L is compared with, for each confidence level.
    statistic : Table
        Root of 2 delta ln L, negative where the prediction lies above the data; of several numbers, relative to the
        best fit at the same mass.
    prediction : Table, Linear or None
        None for several numbers.
    accuracy : Accuracy or None
        None where 2 delta ln L is hardly ever neither small nor large.
    """

    measurement: Measurement
    row: MeasurementRow
    group: str
    shown: bool
    regions: tuple[LayerRegion, ...]
    thresholds: tuple[float, ...]
    statistic: Table
    prediction: Table | Linear | None
    accuracy: Accuracy | None

    @property
    def drawn(self) -> bool:
        """Whether there is anything of it in the plane, at any confidence level."""
        low, high = self.statistic.axes.coupling
        every = (band for region in self.regions for bands in region.bands for band in bands)
        return any(bool(np.any((band.lower < high) & (band.upper > low))) for band in every)


@dataclass(frozen=True, eq=False)
class ModelData:
    """A model and what is known about it.

    Attributes
    ----------
    model : Model
    layers : tuple of LayerData
        In the order of the catalog.
    silent : tuple of MeasurementRow
        Measurements that have nothing to say about the model, or cannot be computed in this plane, with their reasons.
    """

    model: Model
    layers: tuple[LayerData, ...]
    silent: tuple[MeasurementRow, ...]

    @property
    def coupling(self) -> str:
        """What the coupling is called."""
        from recast.model import U1Model

        model = self.model
        if not isinstance(model, U1Model):
            return "coupling"
        charges = (*model.charges.model_dump().values(), *model.axial.model_dump().values(), model.quarks)
        return "coupling g′" if any(charges) else "kinetic mixing ε"


def model_data(
    model: Model,
    measurements: Mapping[str, Measurement],
    axes: Axes,
    levels: Sequence[float],
    *,
    plugins: Sequence[str | Path] = (),
    progress: Progress | None = None,
) -> ModelData:
    """Compute what the page shows of a model.

    Parameters
    ----------
    model : Model
        With a mass and a coupling.
    measurements : mapping of str to Measurement
        By the names or files, with variants, that they were loaded from.
    axes : Axes
        The plane.
    levels : sequence of float
        Confidence levels.
    plugins : sequence of path
        Folders in which measurements are looked up as well.
    progress : callable, optional
        Called with what is computed next.
    """
    from recast.explain import explain

    layers, silent = [], []
    mass, coupling = math.sqrt(math.prod(axes.mass)), math.sqrt(math.prod(axes.coupling))
    for reference, measurement in measurements.items():
        if progress is not None:
            progress(f"{model.label}, {measurement.label}")
        (row,) = explain(model, measurements=measurement, plugins=plugins, mass=mass, coupling=coupling).rows
        if row.verdict == "not applicable":
            silent.append(row)
            continue
        try:
            layers.append(layer_data(model, measurement, reference, row, axes, levels, plugins=plugins))
        except RecastError as error:
            silent.append(replace(row, verdict="not computed", reason=str(error)))
    return ModelData(model, tuple(layers), tuple(silent))


def layer_data(
    model: Model,
    measurement: Measurement,
    reference: str,
    row: MeasurementRow,
    axes: Axes,
    levels: Sequence[float],
    *,
    plugins: Sequence[str | Path] = (),
) -> LayerData:
    """Solve the regions of a measurement and tabulate it.

    Parameters
    ----------
    model : Model
    measurement : Measurement
    reference : str
        Name of the measurement with its variants.
    row : MeasurementRow
        What the table of explanations says of it.
    axes : Axes
        Masses in GeV and couplings of the table.
    levels : sequence of float
        Confidence levels of the regions.
    plugins : sequence of path
        Folders in which names are looked up as well.
    """
    from recast.figures.layers import Layer
    from recast.figures.regions import layer_region
    from recast.statistics import delta_threshold, quantile

    regions = []
    dof = measurement.likelihood.declared_degrees_of_freedom or 1
    one_sided = measurement.upper_limit_only and not np.ndim(measurement.data)
    for level in levels:
        favoured: dict[str, Any] = {"draw": "favoured", "sigmas": (quantile(level),)}
        style = favoured if measurement.preferred_band else {"draw": "excluded"}
        layer = Layer(measurement=reference, colour="grey", **style)
        regions.append(layer_region(layer, model, axes.masses, confidence_level=level, plugins=plugins))
    statistic, prediction = _tables(model, measurement, axes)
    return LayerData(
        measurement=measurement,
        row=row,
        group=group_of(measurement),
        shown=not measurement.projection and len(measurement.contains) < 2,
        regions=tuple(regions),
        thresholds=tuple(delta_threshold(one, degrees_of_freedom=dof, one_sided=one_sided) for one in levels),
        statistic=statistic,
        prediction=prediction,
        accuracy=_accuracy(model, measurement, statistic),
    )


def _tables(model: Model, measurement: Measurement, axes: Axes) -> tuple[Table, Table | Linear | None]:
    exact = signed_root(model, measurement, axes.masses, axes.couplings)
    known = along = None
    masses = _fine(model, measurement, axes)
    if measurement.bounded:
        known = _known(model, measurement, masses)
    if _follows_a_curve(measurement):
        reference = axes.couplings[axes.n_coupling // 2 : axes.n_coupling // 2 + 1]
        along = Offset(masses, signed_root(model, measurement, masses, reference)[:, 0])
    if measurement.upper_limit_only:
        # A signal is nowhere below its data, which are none.
        statistic = tabulated(axes, exact, unit=-1.0, scale="log", known=known, along=along)
    else:
        statistic = tabulated(axes, exact, known=known)
    if np.ndim(measurement.data):
        return statistic, None
    data = float(measurement.data)
    values = measurement.prediction(model(mass=axes.masses[:, None], coupling=axes.couplings))
    values = np.broadcast_to(values, exact.shape)
    linear = _linear(data, exact, values)
    return statistic, linear or tabulated(axes, values, known=known, unit=abs(data) or 1.0)


def signed_root(model: Model, measurement: Measurement, mass: FloatArray, coupling: FloatArray) -> FloatArray:
    """Return the pull at points of a plane: the root of what is compared with the threshold, with a sign.

    Parameters
    ----------
    mass, coupling : ndarray, shapes (n_mass,) and (n_coupling,)

    Returns
    -------
    ndarray, shape (n_mass, n_coupling)
        Negative where the prediction lies above the data, positive for several numbers; not-a-number where nothing is
        known.
    """
    from recast.limits import limit

    interaction = model(mass=mass[:, None], coupling=coupling)
    shape = (mass.size, coupling.size)
    prediction = measurement.prediction(interaction)
    distance = np.broadcast_to(measurement.minus_2_delta_ln_l(interaction), shape)
    if np.ndim(measurement.data):
        silent = np.isnan(prediction).any(axis=-1)
        best_fit = limit(model, measurement, mass).best_fit
        subtracted = 0.0 if best_fit is None else best_fit.minus_2_delta_ln_l[:, None]
        root = np.sqrt(np.maximum(distance - subtracted, 0.0))
    else:
        silent = np.isnan(prediction)
        root = np.copysign(np.sqrt(np.maximum(distance, 0.0)), float(measurement.data) - prediction)
    return np.where(np.broadcast_to(silent, shape), np.nan, root)


def _linear(data: float, root: FloatArray, prediction: FloatArray) -> Linear | None:
    """Return the straight line on which predictions lie for Gaussian data without theory errors, if they do."""
    there = np.isfinite(prediction) & (np.abs(root) > 1e-3)
    if not there.any():
        return None
    errors = (prediction[there] - data) / root[there]
    error = float(np.median(errors))
    near = np.abs(errors - error) <= _LINEAR * abs(error) + 1e-9 * np.abs(prediction[there] / root[there])
    return Linear(data, error) if bool(near.all()) else None


def _follows_a_curve(measurement: Measurement) -> bool:
    """Whether the signal is compared with a published curve, whose structure no even spacing of masses would follow.

    Behind a shield it is no power of the coupling, and curves are smooth.
    """
    observable = measurement.observable
    return hasattr(observable, "limits") and getattr(observable, "dump", None) is None and measurement.upper_limit_only


def _fine(model: Model, measurement: Measurement, axes: Axes) -> FloatArray:
    """Return masses at which a bounded measurement begins or ceases to say something, and the points of its curve."""
    from recast.figures.regions import with_points

    masses = with_points(axes.masses, [measurement])
    if not measurement.bounded:
        return masses
    for _ in range(2):
        known = ~np.isnan(_known(model, measurement, masses).value)
        (changes,) = np.nonzero(known[1:] != known[:-1])
        added = [np.geomspace(masses[i], masses[i + 1], _CLOSER + 2)[1:-1] for i in changes]
        masses = np.unique(np.concatenate([masses, *added]))
    return masses


def _known(model: Model, measurement: Measurement, masses: FloatArray) -> Offset:
    prediction = measurement.prediction(model(mass=masses, coupling=np.ones_like(masses)))
    silent = np.isnan(prediction).reshape(masses.size, -1).any(axis=1)
    return Offset(masses, np.where(silent, np.nan, 0.0))


def _accuracy(model: Model, measurement: Measurement, table: Table) -> Accuracy | None:
    """Try a table at points drawn between its own, always the same."""
    rng = np.random.default_rng(0)
    ends = (table.axes.mass, table.axes.coupling)
    mass, coupling = (np.exp(rng.uniform(math.log(low), math.log(high), _TRIED)) for low, high in ends)
    exact = signed_root(model, measurement, mass, coupling) ** 2
    every = np.broadcast_arrays(mass[:, None], coupling)
    shown = table.interpolated(every[0].ravel(), every[1].ravel()).reshape(exact.shape) ** 2
    matters = (exact > _MATTERS[0]) & (exact < _MATTERS[1]) & np.isfinite(shown)
    if matters.sum() < _FEWEST:
        return None
    error = np.abs(shown[matters] / exact[matters] - 1.0)
    return Accuracy(float(np.median(error)), float(np.percentile(error, 95.0)))
