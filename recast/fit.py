"""Fits of a model to measurements.

MINUIT minimises ``2 delta ln L`` over the free parameters of the model, masses and couplings as their logarithms, and
over every nuisance parameter that the measurements name; parameters of the same name are one. The minimisation begins
at several seeds, always the same, and the lowest minimum counts. Errors come from the curvature there (HESSE) and from
where the profile likelihood has risen by 1 (MINOS).

Data often determine less than a model has: the magnetic moment of the muon fixes one combination of mass and
coupling, and data that agree with the Standard Model leave the mass of a boson that does not couple open. A fit says
which directions are flat, and gives no errors there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recast.errors import NotApplicableError, OutOfRangeError, RecastError, unknown
from recast.fit_minimum import Minimum, minimise
from recast.fit_result import FitResult, MeasurementPull, NuisancePull, ParameterEstimate, SeedResult
from recast.fit_surface import Surface, coordinates

if TYPE_CHECKING:
    from recast.joint import Joint
    from recast.measurement import Measurement
    from recast.model import Model

__all__ = ["FitResult", "fit"]

_CONVENTION = (
    "2 delta ln L against predictions equal to the data; HESSE and MINOS errors for a rise by 1 (68.3% CL, one "
    "parameter at a time, all others profiled); degrees of freedom: data less fitted parameters"
)


def fit(
    model: Model | str | Path,
    measurements: Measurement | str | Path | Sequence[Measurement | str | Path],
    *,
    fix: Mapping[str, float] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    seeds: int = 8,
    progress: Callable[[int, int], None] | None = None,
) -> FitResult:
    """Fit a model to measurements.

    Parameters
    ----------
    model : Model, str or Path
    measurements : Measurement, str or Path, or a sequence of them
    fix : dict of str to float, optional
        Parameters that are held, e.g. ``{"mass": 0.1}`` (GeV).
    ranges : dict of str to (float, float), optional
        Where to look for a parameter, instead of masses from 0.001 to 1000 GeV, couplings from 1e-7 to 10, and
        contact shifts from -10 to 10.
    seeds : int
        Number of minimisations.
    progress : callable, optional
        Called with the numbers of minimisations done and of all.

    Returns
    -------
    FitResult
        Its ``valid`` says whether a minimum was found, its ``message`` what else there is to know.

    Raises
    ------
    UnknownNameError
        For a parameter that the model does not have.
    OutOfRangeError
        For a fixed value that the model cannot have, or a range that is none.
    NotApplicableError
        When a measurement has nothing to say about the model.
    RecastError
        For no measurement at all, two that share data, or no seed.
    """
    from recast.joint import Joint
    from recast.measurement import load_measurements
    from recast.model import load_model

    model = load_model(model) if isinstance(model, str | Path) else model
    joint = Joint(load_measurements(measurements))
    fixed = _checked_fix(model, fix or {})
    _check_ranges(model, ranges or {})
    if seeds < 1:
        msg = f"a fit needs at least one seed, not {seeds}"
        raise RecastError(msg)
    free = [name for name in model.parameters if name not in fixed]
    surface = Surface(model, joint, coordinates(free, ranges or {}), fixed)
    _check_applicable(surface)
    found = minimise(surface, seeds, progress=progress)
    return _result(surface, found)


def _checked_fix(model: Model, fix: Mapping[str, float]) -> dict[str, float]:
    """Return the fixed parameters as floats, or say which cannot be."""
    fixed = {}
    for name, value in fix.items():
        if name not in model.parameters:
            raise unknown(f"parameter of model {model.name!r}:", name, model.parameters)
        try:
            fixed[name] = float(value)
        except (TypeError, ValueError):
            msg = f"the {name} must be fixed at a number, not {value!r}"
            raise OutOfRangeError(msg) from None
    # The model itself knows which values make sense.
    model(**{name: fixed.get(name, 1.0) for name in model.parameters})
    return fixed


def _check_ranges(model: Model, ranges: Mapping[str, tuple[float, float]]) -> None:
    for name, (low, high) in ranges.items():
        if name not in model.parameters:
            raise unknown(f"parameter of model {model.name!r}:", name, model.parameters)
        positive = name in {"mass", "coupling"}
        if not (math.isfinite(low) and math.isfinite(high) and low < high) or (positive and low <= 0.0):
            msg = f"the range of the {name} must be two increasing {'positive ' if positive else ''}numbers, "
            msg += f"not {low:g} to {high:g}"
            raise OutOfRangeError(msg)


def _check_applicable(surface: Surface) -> None:
    inside = {axis.name: float(axis.value(0.5 * (axis.low + axis.high))) for axis in surface.axes}
    interaction = surface.model(**surface.fixed, **inside)
    for measurement in surface.joint.measurements:
        reason = measurement.applicable(interaction)
        if reason is not None:
            msg = f"measurement '{measurement.label}' does not apply to model '{surface.model.name}': {reason}"
            raise NotApplicableError(msg)


def _result(surface: Surface, found: Minimum) -> FitResult:
    """Put together what a fit has to say."""
    from recast.statistics import p_value

    joint = surface.joint
    pulls = _pulls(joint, found)
    estimates = {}
    for name in surface.model.parameters:
        if name in surface.fixed:
            estimates[name] = ParameterEstimate(surface.fixed[name], fixed=True)
        else:
            estimates[name] = found.estimates[name]
    data = sum(pull.degrees_of_freedom for pull in pulls.values())
    fitted = len(surface.axes) - found.flat_parameters
    dof = max(data - fitted, 0)
    return FitResult(
        model=surface.model.label,
        measurements=tuple(m.label for m in joint.measurements),
        valid=found.valid,
        remarks=(*found.remarks, *_projections(joint)),
        parameters=estimates,
        nuisances={
            **{
                name: NuisancePull(pull, error)
                for name, pull, error in zip(joint.nuisances, found.theta, found.theta_errors, strict=True)
            },
            **_inner_pulls(joint, pulls),
        },
        pulls=pulls,
        minus_2_delta_ln_l=found.value,
        degrees_of_freedom=dof,
        p_value=float(p_value(found.value, degrees_of_freedom=dof)) if dof and found.valid else None,
        correlation_names=found.correlation_names,
        correlation=found.correlation,
        flat_directions=found.flat_directions,
        seeds=tuple(
            SeedResult(surface.parameters(seed.start), surface.parameters(seed.end), seed.value, seed.valid)
            for seed in found.seeds
        ),
        convention=_CONVENTION,
    )


def _projections(joint: Joint) -> tuple[str, ...]:
    """Say which data are none."""
    names = [measurement.label for measurement in joint.measurements if measurement.projection]
    return tuple(f"{name} is a projection: its data are the prediction of the Standard Model" for name in names)


def _pulls(joint: Joint, found: Minimum) -> dict[str, MeasurementPull]:
    """Compare every measurement with its prediction at the best fit, nuisance parameters at their best values."""
    result = {}
    for measurement, part in zip(joint.measurements, found.parts, strict=True):
        prediction: Any = sum(part.values(), start=np.zeros(()))
        for name, shift in measurement.theory_shifts(part).items():
            prediction = prediction + shift * found.theta[joint.nuisances.index(name)]
        distance = float(measurement.raw_distance(np.asarray(prediction)))
        single = np.ndim(prediction) == 0
        known = bool(np.all(np.isfinite(prediction)))
        data: Any = measurement.data
        counted = known and not measurement.upper_limit_only
        result[measurement.label] = MeasurementPull(
            data=float(data) if single else data,
            prediction=float(prediction) if single else prediction,
            minus_2_delta_ln_l=distance,
            pull=math.copysign(math.sqrt(max(distance, 0.0)), data - prediction) if single and known else None,
            degrees_of_freedom=measurement.likelihood.degrees_of_freedom if counted else 0,
        )
    return result


def _inner_pulls(joint: Joint, pulls: Mapping[str, MeasurementPull]) -> dict[str, NuisancePull]:
    """Return the nuisance parameters that counting models profile by themselves, at the best fit."""
    from recast.counting_model import constrained_pulls, counting_model

    result: dict[str, NuisancePull] = {}
    for measurement in joint.measurements:
        model = counting_model(measurement.likelihood)
        if model is not None:
            inner = constrained_pulls(model, float(pulls[measurement.label].prediction))
            result |= {f"{measurement.name}.{name}": NuisancePull(pull, None) for name, pull in inner.items()}
    return result
