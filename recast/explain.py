"""Why a point of a model is excluded: by which measurements, and by how much.

>>> from recast import explain
>>> explanation = explain("lmu_ltau", mass=0.05, coupling=1e-3)  # doctest: +SKIP
>>> print(explanation.summary)  # doctest: +SKIP

Every measurement is asked by itself, with the convention of `recast.limit`: what is excluded here is what a limit on
the coupling at that mass excludes. Models without a coupling, as contact interactions, have instead the multiple of
their parameters at which each measurement would exclude; several correlated numbers are then compared with the best
fit in all parameters, as in a scan.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recast.errors import RecastError
from recast.explanation import Citation, Explanation, Kind, MeasurementRow, Numbers, Verdict
from recast.statistics import check_confidence_level, convention, delta_threshold

if TYPE_CHECKING:
    from recast.explanation import Interval
    from recast.interactions import Interaction
    from recast.measurement import Measurement
    from recast.model import Model

__all__ = ["Citation", "Explanation", "MeasurementRow", "explain"]

FloatArray = NDArray[np.float64]

# Multiples of the parameters of a model without a coupling that are searched for edges (then found to rounding).
_MULTIPLES = np.concatenate([[0.0], np.geomspace(1e-4, 1e4, 1600)])


def explain(
    model: Model | str | Path,
    *,
    measurements: Measurement | str | Path | Sequence[Measurement | str | Path] | None = None,
    confidence_level: float = 0.95,
    plugins: Sequence[str | Path] = (),
    progress: Callable[[int, int], object] | None = None,
    **parameters: float,
) -> Explanation:
    """Say what measurements exclude a point of a model, and by how much.

    Parameters
    ----------
    model : Model, str or Path
        As an object, by name or as a file.
    measurements : Measurement, str or Path, or a sequence of them, optional
        All of the catalog by default, each in its default variant. They are not combined.
    confidence_level : float
        Of the exclusion.
    plugins : sequence of path
        Folders in which models and measurements are looked up as well.
    progress : callable, optional
        Called with the numbers of measurements that are done and of all.
    **parameters : float
        The point: ``mass`` in GeV and ``coupling``, or ``dgv`` and ``dga``; charges where the model takes them.

    Returns
    -------
    Explanation
        A row for each measurement, the strongest exclusion first. Those that do not apply say why.

    Raises
    ------
    UnknownNameError
        For an unknown model, measurement or parameter, with near matches.
    RecastError
        When a parameter is missing, not a single number or out of its range, or the confidence level is not between 0
        and 1.
    """
    from recast.catalog import Catalog

    catalog = Catalog(plugins)
    loaded = catalog.model(model) if isinstance(model, str | Path) else model
    level = check_confidence_level(confidence_level)
    for name, value in parameters.items():
        if np.ndim(value):
            msg = f"an explanation is of one point: {name} must be a number, not {np.size(value)} of them"
            raise RecastError(msg)
    point = _Point(loaded, loaded(**parameters), {name: float(value) for name, value in parameters.items()}, level)
    rows: list[MeasurementRow] = []
    for measurement in (asked := _loaded(measurements, catalog)):
        rows.append(point.row(measurement))
        if progress is not None:
            progress(len(rows), len(asked))
    return Explanation(
        model=loaded.label,
        title=loaded.title,
        parameters=point.parameters,
        confidence_level=level,
        limit_of="couplings" if point.has_coupling else "multiples of the point",
        rows=tuple(sorted(rows, key=lambda row: row.rank)),
    )


def _loaded(measurements: Any, catalog: Any) -> list[Measurement]:
    from recast.measurement import Measurement

    if measurements is None:
        found = catalog.measurements()
    else:
        given = [measurements] if isinstance(measurements, str | Path | Measurement) else list(measurements)
        found = [m if isinstance(m, Measurement) else catalog.measurement(m) for m in given]
        if not found:
            msg = "no measurements are named: leave 'measurements' out for all of them"
            raise RecastError(msg)
    # One that is named twice says the same twice.
    return list({m.label: m for m in found}.values())


@dataclass(frozen=True)
class _Region:
    """What a measurement excludes."""

    intervals: tuple[Interval, ...]
    threshold: float
    subtracted: float
    one_sided: bool
    convention: str


@dataclass(frozen=True)
class _Point:
    """A point of a model."""

    model: Model
    interaction: Interaction
    parameters: dict[str, float]
    level: float

    @property
    def has_coupling(self) -> bool:
        """Whether there is a coupling to set a limit on."""
        return {"mass", "coupling"} <= set(self.model.parameters)

    def row(self, measurement: Measurement) -> MeasurementRow:
        """Return what a measurement says."""
        data = measurement.data
        same: dict[str, Any] = {
            "name": measurement.label,
            "title": measurement.title,
            "kind": _kind(measurement),
            "data": _plain(data),
            "errors": None if np.ndim(data) else measurement.likelihood.side_errors,
            "published_level": self._published_level(measurement),
            "citations": _citations(measurement),
        }
        reason = measurement.applicable(self.interaction)
        if reason is not None:
            return MeasurementRow(**same, verdict="not applicable", reason=reason)
        try:
            prediction = measurement.prediction(self.interaction)
            if np.isnan(prediction).any():
                return MeasurementRow(**same, verdict="no constraint", reason=self._silence(measurement))
            distance = float(measurement.minus_2_delta_ln_l(self.interaction))
            region = self._region(measurement, distance)
        except RecastError as error:
            return MeasurementRow(**same, verdict="not computed", reason=str(error))
        # The best fit is searched for: no point is better than it.
        subtracted = min(region.subtracted, distance)
        excluded = distance - subtracted > region.threshold
        pull = None
        if not np.ndim(data):
            pull = math.copysign(math.sqrt(max(distance, 0.0)), float(data) - float(prediction))
            excluded = excluded and (pull < 0.0 or not region.one_sided)
        return MeasurementRow(
            **same,
            verdict=_verdict(same["kind"], excluded=excluded),
            prediction=_plain(prediction),
            standard_model=_standard_model(measurement),
            minus_2_delta_ln_l=distance,
            subtracted=subtracted,
            threshold=region.threshold,
            pull=pull,
            excluded=excluded,
            limit=region.intervals[0][0] if region.intervals else None,
            excluded_intervals=region.intervals,
            convention=region.convention,
        )

    def _published_level(self, measurement: Measurement) -> float | None:
        """Return the confidence level of a published upper limit."""
        if not measurement.upper_limit_only or np.ndim(measurement.data):
            return None
        return float(getattr(measurement.likelihood, "confidence_level", self.level))

    def _silence(self, measurement: Measurement) -> str:
        """Say why a prediction is not-a-number."""
        mass = self.parameters.get("mass", math.nan)
        curve = getattr(measurement.observable, "limits", None)
        known = getattr(curve, "mass", None)
        if known is not None and not known[0] <= mass <= known[-1]:
            return f"published for masses from {known[0]:.4g} to {known[-1]:.4g} GeV"
        return f"nothing is known at {mass:g} GeV"

    def _region(self, measurement: Measurement, distance: float) -> _Region:
        """Return which couplings, or multiples of the parameters, are excluded."""
        if not self.has_coupling:
            return self._along_ray(measurement, distance)
        from recast.limits import limit

        result = limit(self._fixed_model(), measurement, self.parameters["mass"], confidence_level=self.level)
        return _Region(
            intervals=result.excluded[0],
            threshold=delta_threshold(
                self.level,
                degrees_of_freedom=measurement.likelihood.declared_degrees_of_freedom or 1,
                one_sided=result.one_sided,
            ),
            subtracted=0.0 if result.best_fit is None else float(result.best_fit.minus_2_delta_ln_l[0]),
            one_sided=result.one_sided,
            convention=result.convention,
        )

    def _fixed_model(self) -> Model:
        """Return the model with the charges of this point for its own."""
        from recast.interactions import U1Mediator
        from recast.model import LeptonCharges

        boson = self.interaction
        if not isinstance(boson, U1Mediator) or self.parameters.keys() <= set(self.model.parameters):
            return self.model
        return self.model.model_copy(
            update={
                "charges": LeptonCharges.model_validate(dict(boson.charges)),
                "axial": LeptonCharges.model_validate(dict(boson.axial)),
                "quarks": boson.quarks,
                "mixing": boson.mixing,
                "epsilon": boson.epsilon,
            }
        )

    def _along_ray(self, measurement: Measurement, distance: float) -> _Region:
        """Return which multiples of the parameters are excluded; 1 is this point."""
        from recast.excluded_couplings import solved
        from recast.fit import fit

        several = np.ndim(measurement.data) > 0
        one_sided = self._published_level(measurement) is not None
        dof = measurement.likelihood.declared_degrees_of_freedom or (len(self.model.parameters) if several else 1)
        threshold = delta_threshold(self.level, degrees_of_freedom=dof, one_sided=one_sided)
        offset = min(fit(self.model, measurement).minus_2_delta_ln_l, distance) if several else 0.0

        def excess(multiple: FloatArray, _row: Any) -> FloatArray:
            scaled = self.model(**{name: value * multiple for name, value in self.parameters.items()})
            result = measurement.minus_2_delta_ln_l(scaled) - offset - threshold
            return np.where(measurement.prediction(scaled) > measurement.data, result, -1.0) if one_sided else result

        intervals: tuple[Interval, ...] = ()
        if any(self.parameters.values()):
            grid = _MULTIPLES[None, :]
            (intervals,) = solved(grid, excess(grid, None) > 0.0, excess)
        words = convention(
            self.level,
            one_sided=one_sided,
            degrees_of_freedom=dof,
            combined=several,
            published=self._published_level(measurement),
            projection=measurement.projection,
        )
        return _Region(intervals, threshold, offset, one_sided, words)


def _kind(measurement: Measurement) -> Kind:
    if measurement.projection:
        return "projection"
    if measurement.preferred_band:
        return "preferred band"
    return "limit" if measurement.upper_limit_only else "measurement"


def _verdict(kind: Kind, *, excluded: bool) -> Verdict:
    if kind == "preferred band":
        return "outside the band" if excluded else "inside the band"
    if not excluded:
        return "allowed"
    return "would be excluded" if kind == "projection" else "excluded"


def _citations(measurement: Measurement) -> tuple[Citation, ...]:
    """Return each paper once, that of the numbers first."""
    roles = sorted(measurement.provenance.items(), key=lambda item: item[0] != "value")
    found: dict[str, Citation] = {}
    for role, source in roles:
        found.setdefault(source.inspire, Citation.of(role, source))
    return tuple(found.values())


def _standard_model(measurement: Measurement) -> Numbers | None:
    """Return the prediction without new physics, where there is one."""
    from recast.interactions import StandardModel

    try:
        prediction = measurement.prediction(StandardModel())
    except RecastError:
        return None
    return None if np.isnan(prediction).any() else _plain(prediction)


def _plain(numbers: Any) -> Numbers:
    """Return one number as a float, several as a tuple."""
    array = np.asarray(numbers, dtype=float)
    return tuple(array.ravel().tolist()) if array.ndim else float(array)
