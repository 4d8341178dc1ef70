"""Reports on what a user holds in hand: measurements, models, and the results of limits, fits, scans and coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from recast.report import Report, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from recast.coverage import CoverageResult
    from recast.fit_result import FitResult
    from recast.limits import LimitResult
    from recast.measurement import Measurement
    from recast.model import Model
    from recast.provenance import Source
    from recast.scan.result import ScanResult
    from recast.variants import Variant

__all__ = ["coverage_report", "fit_report", "limit_report", "measurement_report", "model_report", "scan_report"]

# Of larger scans, the parts that are excluded are not counted: their arrays are read when they are looked at.
_COUNTED = 10**7


def measurement_report(measurement: Measurement) -> Report:
    """Return what was measured, how it is predicted and compared, and where it was published."""
    likelihood = measurement.likelihood
    kind = getattr(likelihood, "type", type(likelihood).__name__)
    rows: list[tuple[str, Any]] = [
        ("name", measurement.label),
        ("predicted by", getattr(measurement.observable, "type", type(measurement.observable).__name__)),
        ("compared by", kind),
        ("data", _data(measurement)),
    ]
    if measurement.projection:
        rows.append(("projection", "expected, not observed"))
    if measurement.preferred_band:
        rows.append(("preferred band", "the Standard Model lies outside"))
    rows += [
        (f"theory error {name}", f"{100.0 * error.relative:.3g}% of {error.part}")
        for name, error in measurement.theory_errors.items()
    ]
    rows += _variants(measurement.variants, measurement.label)
    tables = [Table(("", ""), tuple(rows))]
    if np.ndim(measurement.data):
        names = getattr(likelihood, "names", None) or range(1, len(np.atleast_1d(measurement.data)) + 1)
        tables.append(Table(("number", "data"), tuple(zip(map(str, names), np.ravel(measurement.data).tolist()))))  # noqa: B905
    return Report(
        measurement.title,
        tuple(tables),
        notes=measurement.notes,
        sources=_sources(measurement.provenance),
    )


def _data(measurement: Measurement) -> str:
    """Return the data with their errors."""
    if np.ndim(measurement.data):
        return f"{np.size(measurement.data)} correlated numbers"
    if measurement.upper_limit_only:
        level = getattr(measurement.likelihood, "confidence_level", None)
        known = f", {100.0 * level:.10g}% CL" if level else ""
        return f"{'an expected' if measurement.projection else 'a published'} upper limit{known}"
    errors = measurement.likelihood.side_errors
    value = f"{float(measurement.data):.6g}"
    if errors is None:
        return value
    lower, upper = errors
    return f"{value} ± {upper:.4g}" if lower == upper else f"{value} + {upper:.4g} - {lower:.4g}"


def _variants(variants: Mapping[str, Variant], label: str) -> list[tuple[str, Any]]:
    from recast.variants import split_reference

    chosen = split_reference(label)[1]
    return [
        (
            f"variant {key}",
            " or ".join(
                f"{choice} (chosen)" if variant.match(chosen.get(key, str(variant.default))) == choice else str(choice)
                for choice in variant.choices
            ),
        )
        for key, variant in variants.items()
    ]


def _sources(provenance: Mapping[str, Source]) -> tuple[tuple[str, str], ...]:
    from recast.explanation import Citation

    return tuple(
        (f"{role}: {source.paper}, {source.place}", Citation.of(role, source).url)
        for role, source in provenance.items()
    )


def model_report(model: Model) -> Report:
    """Return the parameters and charges of a model, and where it was published."""
    from recast.model import ContactModel, U1Model

    rows: list[tuple[str, Any]] = [("name", model.label), ("parameters", ", ".join(model.parameters))]
    if model.optional:
        rows.append(("may be given", ", ".join(model.optional)))
    tables = []
    if isinstance(model, ContactModel):
        rows.append(("shifts", f"couplings of the {model.neutrino} neutrino to {model.lepton}"))
    elif isinstance(model, U1Model):
        rows.append(("charge of quarks", model.quarks))
        mixing = f"fixed, {model.epsilon:g} times the coupling" if model.mixing == "fixed" else model.mixing
        rows.append(("kinetic mixing", mixing.replace("_", " ")))
        charges = {"vector": model.charges, "axial": model.axial}
        lines = tuple((words, *part.model_dump().values()) for words, part in charges.items())
        tables.append(Table(("charge of", "e", "mu", "tau"), lines))
    rows += _variants(model.variants, model.label)
    return Report(
        model.title, (Table(("", ""), tuple(rows)), *tables), notes=model.notes, sources=_sources(model.provenance)
    )


def limit_report(result: LimitResult) -> Report:
    """Return the excluded couplings at every mass."""
    rows, remarks = [], []
    for mass, coupling, excluded in zip(result.mass.tolist(), result.coupling.tolist(), result.excluded, strict=True):
        if excluded:
            rows.append((mass, coupling, _intervals(excluded)))
    remarks += [f"no constraint here: the data say nothing about {mass:g} GeV" for mass in result.no_constraint]
    allowed = result.mass.size - len(rows) - len(result.no_constraint)
    if allowed:
        remarks.append(f"nothing is excluded at {allowed} of {result.mass.size} masses")
    if (fit := result.best_fit) is not None:
        for mass, coupling, distance in zip(result.mass, fit.coupling, fit.minus_2_delta_ln_l, strict=True):
            place = f"{mass:g} GeV: coupling {coupling:.5g}"
            remarks.append(f"joint best fit at {place}, 2 delta ln L = {distance:.4g} (subtracted)")
    title = f"{result.model}, {' + '.join(result.measurements)}"
    table = Table(("mass/GeV", "coupling", "excluded"), tuple(rows))
    return Report(title, (table,), (*remarks, result.convention))


def _intervals(intervals: Iterable[tuple[float, float | None]]) -> str:
    return ", ".join(f"above {low:.4g}" if high is None else f"{low:.4g} to {high:.4g}" for low, high in intervals)


def fit_report(result: FitResult) -> Report:
    """Return the best fit with its errors, the pulls and the correlations."""
    title = f"{result.model}, {' + '.join(result.measurements)}"
    if not result.valid:
        return Report(title, remarks=result.remarks)
    tables = [
        Table(
            ("parameter", "best fit", "HESSE", "MINOS -", "MINOS +"),
            tuple(
                (name, one.value, "fixed" if one.fixed else one.hesse, *one.minos)
                for name, one in result.parameters.items()
            ),
        ),
        Table(
            ("measurement", "data", "best fit", "pull", "2 delta ln L"),
            tuple(
                (name, _one(one.data), _one(one.prediction), one.pull, one.minus_2_delta_ln_l)
                for name, one in result.pulls.items()
            ),
        ),
    ]
    if result.nuisances:
        rows = tuple((name, one.pull, one.error) for name, one in result.nuisances.items())
        tables.append(Table(("nuisance parameter", "pull", "error"), rows))
    if len(result.correlation_names) > 1:
        matrix = tuple(
            (name, *(float(f"{x:.3f}") + 0.0 for x in line))
            for name, line in zip(result.correlation_names, result.correlation.tolist(), strict=True)
        )
        tables.append(Table(("correlation", *result.correlation_names), matrix))
    p = "" if result.p_value is None else f", p = {result.p_value:.3g}"
    dof = result.degrees_of_freedom
    fit = f"2 delta ln L = {result.minus_2_delta_ln_l:.4g} for {dof} degree{'s' * (dof != 1)} of freedom{p}"
    return Report(title, tuple(tables), (fit, *result.remarks, result.convention))


def _one(value: Any) -> Any:
    """Return a number, or how many there are."""
    return value if isinstance(value, float) else f"{len(value)} numbers"


def scan_report(result: ScanResult, *, counted: int = _COUNTED) -> Report:
    """Return what was scanned, how much of it is excluded (of scans up to a number of points), and the best fit."""
    # A grid has axes, other points have as many values of each parameter as there are.
    varied = result.axes or (result.points if result.size <= counted else {})
    axes = tuple(
        (name, float(values.min()), float(values.max()), values.size) for name, values in varied.items()
    ) + tuple((name, value, value, 1) for name, value in result.header.fixed.items())
    tables = [Table(("parameter", "from", "to", "points"), axes)] if axes else []
    likelihoods: Mapping[str, Any] = {}
    if result.size <= counted:
        # Of a single measurement "all together" are the same numbers.
        single = not result.best_fits and result.combined is not None
        likelihoods = {result.measurements[0]: result.combined} if single else result.minus_2_delta_ln_l
    if likelihoods:
        rows = tuple(
            (name, float(values.min()), float(values.max()), _excluded(result, name))
            for name, values in likelihoods.items()
        )
        tables.append(Table(("measurement", "lowest 2 delta ln L", "highest", "excluded"), rows))
    remarks = [result.convention]
    if (best_fit := result.best_fit) is not None:
        place = ", ".join(f"{name} = {value:.5g}" for name, value in best_fit.parameters.items())
        remarks += [
            f"joint best fit: {place}, 2 delta ln L = {best_fit.minus_2_delta_ln_l:.4g} (subtracted in regions)",
            f"together: {result.combined_convention}",
        ]
    title = f"{result.model}, {' + '.join(result.measurements)}: {result.size} points"
    return Report(title, tuple(tables), tuple(remarks))


def _excluded(result: ScanResult, name: str) -> str | None:
    """Return the part of the points that a measurement excludes, where what was kept tells."""
    from recast.errors import RecastError

    try:
        return f"{100 * float(result.excluded(name).mean()):.1f}%"
    except RecastError:
        return None


def coverage_report(result: CoverageResult) -> Report:
    """Return how often regions contain the truth and how often they are empty."""
    rows = tuple(
        (
            float(result.mass[i]),
            float(result.coupling[i]),
            name,
            float(one.threshold[i]),
            _percent(one.coverage[i], one.coverage_error[i]),
            _percent(one.empty[i], one.empty_error[i]),
        )
        for i in range(result.mass.size)
        for name, one in result.conventions.items()
    )
    header = ("mass/GeV", "coupling", "convention", "threshold", "contain the truth", "are empty")
    title = f"{result.model}, {' + '.join(result.measurements)}, {result.toys} experiments at each point"
    statements = tuple(f"{name}: {one.statement}" for name, one in result.conventions.items())
    return Report(title, (Table(header, rows),), statements)


def _percent(fraction: float, error: float) -> str:
    digits = 1 if error >= 1e-3 else 2
    return f"{100.0 * fraction:.{digits}f} +- {100.0 * error:.{digits}f}%"
