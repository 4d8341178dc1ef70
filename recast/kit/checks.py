"""The checks of each kind of file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recast.errors import Fault, NotApplicableError, OutOfRangeError, RecastError
from recast.kit.references import broken_references
from recast.meanings import summary

if TYPE_CHECKING:
    from recast.documents import Document
    from recast.measurement import Measurement
    from recast.model import Model

__all__ = [
    "Found",
    "check_figure",
    "check_grids",
    "check_ledger",
    "check_measurement",
    "check_model",
    "check_scan",
    "check_selection",
    "check_target",
]

Plugins = tuple[str | Path, ...]

# What a measurement is tried on; between them they have every coupling that an observable may ask for.
_TRIAL_MODELS = ("lmu_ltau", "dark_photon", "b_minus_l", "contact")
_TRIAL_POINT = {"mass": 0.1, "coupling": 1e-3, "dgv": 0.1, "dga": 0.1}

# A measurement so far from the Standard Model is more often one in other units.
_FAR = 5.0


@dataclass
class Found:
    """What a check finds beyond what reading the file does."""

    faults: list[Fault] = field(default_factory=list)
    remarks: list[Fault] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)


def check_measurement(document: Document, plugins: Plugins) -> Found:
    """Read a measurement in every variant and let each predict the Standard Model and some models.

    Raises
    ------
    RecastError
        When the file as it stands cannot be read.
    """
    from recast.kit.check import faults_of
    from recast.measurement import load_measurement

    found = Found()
    main = load_measurement(document.file, plugins=plugins)
    _name_is_that_of_the_file(document, main.name, found)
    for choice in _choices(document):
        prefix = f"variant {choice}: " if choice else ""
        try:
            measurement = load_measurement(f"{document.file}:{choice}", plugins=plugins) if choice else main
            found.facts += [prefix + fact for fact in _predicted(measurement, document, found, full=not choice)]
        except RecastError as error:
            found.faults += [
                fault for fault in faults_of(error, document, plugins=plugins, prefix=prefix)
                if fault.line is None or fault.line not in {known.line for known in found.faults}
            ]  # fmt: skip
            if not choice:
                break
    return found


def _choices(document: Document) -> Iterator[str]:
    """Yield the choices of a measurement or model: the default ones, then each other."""
    yield ""
    for name, variant in (document.data.get("variants") or {}).items():
        for choice in variant.get("choices") or {}:
            if str(choice) != str(variant.get("default")):
                yield f"{name}={choice}"


def _predicted(measurement: Measurement, document: Document, found: Found, *, full: bool) -> Iterator[str]:
    """Yield what a measurement says about the Standard Model and, when asked for all, about some models.

    Raises
    ------
    RecastError
        When it cannot predict what it should.
    """
    from recast.interactions import StandardModel

    try:
        prediction = measurement.prediction(StandardModel())
        distance = float(measurement.minus_2_delta_ln_l(StandardModel()))
    except NotApplicableError as error:
        yield str(error)
    else:
        if full:
            yield f"predicts: {summary(type(measurement.observable))}"
        yield _standard_model(measurement, prediction, distance)
        deviation = math.sqrt(max(distance, 0.0))
        if deviation > _FAR and measurement.likelihood.degrees_of_freedom == 1 and not measurement.preferred_band:
            message = (
                f"the Standard Model is {deviation:.3g} standard deviations away: are value and error in the unit of "
                "the prediction? (preferred_band: true says that it is meant)"
            )
            found.remarks.append(Fault(document.line(("likelihood",)), "likelihood", message))
    if full:
        yield from _tried(measurement)


def _standard_model(measurement: Measurement, prediction: np.ndarray[Any, Any], distance: float) -> str:
    if np.ndim(measurement.data) or measurement.upper_limit_only or measurement.likelihood.side_errors is None:
        return f"Standard Model: 2 delta ln L = {distance:.4g}"
    lower, upper = measurement.likelihood.side_errors
    error = f"+- {upper:.4g}" if math.isclose(lower, upper) else f"+{upper:.4g} -{lower:.4g}"
    away = f"{math.sqrt(max(distance, 0.0)):.2g} standard deviations away"
    return f"Standard Model: {float(prediction):.5g}; data: {float(measurement.data):.5g} {error}, {away}"


def _tried(measurement: Measurement) -> Iterator[str]:
    """Yield the limit in the first of some models that the measurement has something to say about."""
    from recast.limits import limit
    from recast.model import load_model

    silent = []
    for name in _TRIAL_MODELS:
        model = load_model(name)
        point = model(**{parameter: _TRIAL_POINT[parameter] for parameter in model.parameters})
        reason = measurement.applicable(point)
        if reason is not None:
            silent.append(f"{name} ({reason})")
            continue
        try:
            measurement.prediction(point)
        except OutOfRangeError:
            continue  # known at other masses
        if "coupling" in model.parameters:
            result = limit(model, measurement, [_TRIAL_POINT["mass"]])
            words = f"at {_TRIAL_POINT['mass']:g} GeV"
            if result.excluded[0]:
                yield f"excludes in {name} {words}: couplings above {float(result.coupling[0]):.4g} (95% CL)"
            else:
                yield f"excludes nothing in {name} {words}"
            break
    if silent:
        yield f"has nothing to say about {'; '.join(silent)}"


def check_model(document: Document, plugins: Plugins) -> Found:
    """Read a model in every variant.

    Raises
    ------
    RecastError
        When the file as it stands cannot be read.
    """
    from recast.kit.check import faults_of
    from recast.model import U1Model, load_model

    found = Found()
    model = load_model(document.file, plugins=plugins)
    _name_is_that_of_the_file(document, model.name, found)
    found.facts.append(f"parameters: {_parameters(model)}")
    for choice in list(_choices(document))[1:]:
        try:
            load_model(f"{document.file}:{choice}", plugins=plugins)
        except RecastError as error:
            found.faults += faults_of(error, document, plugins=plugins, prefix=f"variant {choice}: ")
    if isinstance(model, U1Model):
        charges = model.charges.model_dump()
        listed = ", ".join(f"{name} {charge:g}" for name, charge in charges.items())
        found.facts.append(f"charges: {listed}, quarks {model.quarks:.4g}; kinetic mixing: {model.mixing}")
        # Three generations of quarks in three colours, in doublets like the leptons.
        total = 9.0 * model.quarks + sum(charges.values())
        if abs(total) > 1e-6 and not any(model.axial.model_dump().values()):
            message = (
                f"9 times the charge of quarks and those of e, mu and tau sum to {total:.4g}, not to 0: the anomaly of "
                "SU(2) with this U(1) needs fermions that are not in the model"
            )
            found.remarks.append(Fault(document.line(("charges",)), "charges", message))
    return found


def _parameters(model: Model) -> str:
    units = {"mass": "mass (GeV)", "coupling": "coupling (g', dimensionless)"}
    return ", ".join(units.get(name, name) for name in model.parameters)


def check_figure(document: Document, plugins: Plugins) -> Found:
    """Read the recipe of a figure and look up what it names.

    Raises
    ------
    RecastError
        When the file as it stands cannot be read.
    """
    from recast.catalog import Catalog
    from recast.figures import load_recipe

    catalog = Catalog(plugins)
    recipe = load_recipe(Path(document.file), plugins=plugins)
    found = Found(faults=broken_references(document, catalog))
    _name_is_that_of_the_file(document, recipe.name, found)
    if found.faults:
        return found
    if recipe.kind in {"event_distributions", "cut_flow"} and recipe.selection is not None:
        try:
            selection = catalog.selection(recipe.selection)
            if recipe.kind == "cut_flow":
                recipe.check(selection)
        except RecastError as error:
            found.faults.append(Fault(document.line(("selection",)), "selection", f"selection: {error}"))
            return found
    found.facts.append(f"draws a figure of kind {recipe.kind}")
    if recipe.kind in {"plane", "contact_plane"}:
        model = catalog.model(recipe.model)
        # The middle of both axes, geometric where they are logarithmic.
        middle = [
            math.sqrt(axis.range[0] * axis.range[1]) if axis.scale == "log" else 0.5 * sum(axis.range)
            for axis in (recipe.x, recipe.y)
        ]
        point = model(**dict(zip(model.parameters, middle, strict=True)))
        for position, layer in enumerate(recipe.layers):
            for name in layer.measurements:
                reason = catalog.measurement(name).applicable(point)
                if reason is not None:
                    message = f"layers.{position}: {name} has nothing to say about {recipe.model}: {reason}"
                    found.faults.append(Fault(document.line(("layers", position)), f"layers.{position}", message))
    return found


def check_scan(document: Document, plugins: Plugins) -> Found:
    """Read a scan, look up what it names and find its points.

    Raises
    ------
    RecastError
        When the file as it stands cannot be read, or its points do not go with the model and the measurements.
    """
    from recast.catalog import Catalog
    from recast.scan import load_scan
    from recast.scan.evaluation import Evaluation

    catalog = Catalog(plugins)
    spec = load_scan(document.file, catalog=catalog)
    found = Found(faults=broken_references(document, catalog))
    if found.faults:
        return found
    evaluation = Evaluation.load(spec, catalog.plugins)
    points = evaluation.points()
    evaluation.check_applicable(points)
    found.facts.append(f"{points.size:,} points of {', '.join(spec.parameters)}")
    return found


def check_target(document: Document, plugins: Plugins) -> Found:  # noqa: ARG001
    """Read a target.

    Raises
    ------
    RecastError
        When the file cannot be read or names an isotope that is not known.
    """
    from recast.target_file import find_target

    target = find_target(document.file)
    parts = ", ".join(f"{number} {nucleus.name}" for nucleus, number in target.constituents)
    return Found(facts=[f"a formula unit of {target.name}: {parts}; {target.atomic_weight:.5g} u"])


def check_selection(document: Document, plugins: Plugins) -> Found:
    """Read a selection and say what it keeps.

    Raises
    ------
    RecastError
        When the file cannot be read.
    """
    from recast.events.selection import load_selection

    selection = load_selection(Path(document.file), plugins=plugins)
    found = Found(facts=[f"keeps {' and '.join(str(cut) for cut in selection.cuts) or 'everything'}"])
    if selection.uses_charge:
        found.facts.append("tells the negative from the positive lepton")
    _name_is_that_of_the_file(document, selection.name, found)
    return found


def check_grids(document: Document, plugins: Plugins) -> Found:  # noqa: ARG001
    """Read the recipe of the grids.

    Raises
    ------
    RecastError
        When the file cannot be read.
    """
    from recast.grid_recipe import Recipe

    recipe = document.validate(Recipe)
    return Found(facts=[f"grids of {', '.join(recipe.pairs)} for {len(recipe.nuclei)} nuclei"])


def check_ledger(document: Document, plugins: Plugins) -> Found:  # noqa: ARG001
    """Read a ledger of published numbers.

    Raises
    ------
    RecastError
        When the file cannot be read.
    """
    from recast.validate import Ledger

    return Found(facts=[f"{len(document.validate(Ledger).entries)} entries; recast validate recomputes them"])


def _name_is_that_of_the_file(document: Document, name: str, found: Found) -> None:
    """Find fault with a name by which a file of a plug-in folder could not be found."""
    from recast.catalog import KINDS

    file = Path(document.file)
    if file.parent.name in KINDS and file.stem != name:
        message = (
            f"the name {name!r} is not that of the file, "
            f"by which it is found: write {file.stem!r}, or rename the file"
        )
        found.faults.append(Fault(document.line(("name",)), "name", message))
