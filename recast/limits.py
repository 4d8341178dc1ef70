"""Limits on the coupling at fixed mass.

A single measurement excludes the couplings whose prediction lies outside ``data +- z sigma``; where
the prediction is a polynomial in the coupling, as every trident ratio is, the edges are exact roots.
A published limit curve excludes from above only, with the one-sided ``z``, so that it comes back at
its own confidence level.  Several measurements, or several correlated numbers, are compared with
their joint best fit in the model at that mass; those edges are found by bracketed root finding.
For counted events there is CLs: a limit on their number, translated into the coupling. The Feldman-Cousins
construction covers where predictions have a boundary, such as that of the Standard Model.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.coupling_curve import CouplingCurve
from recast.errors import NotApplicableError, RecastError
from recast.excluded_couplings import BestFit, Excluded, Interval, classified, outside, searched
from recast.interactions import StandardModel, checked
from recast.statistics import check_confidence_level, convention, delta_threshold, quantile

if TYPE_CHECKING:
    from recast.executors import AnyExecutor
    from recast.measurement import Measurement
    from recast.model import Model

__all__ = ["BestFit", "LimitResult", "limit"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class LimitResult:
    """Excluded couplings of a model at given masses.

    Attributes
    ----------
    model : str
    measurements : tuple of str
        Names with the variants that differ from the default.
    mass : ndarray, shape (n_mass,)
        In GeV.
    coupling : ndarray, shape (n_mass,)
        Lowest excluded edge; NaN where nothing is excluded.
    excluded : tuple of tuple of (float, float or None)
        Excluded intervals at each mass; None is an interval without an upper end.
    confidence_level : float
    one_sided, expected, cls, feldman_cousins : bool
    convention : str
        How the region was defined, in words.
    best_fit : BestFit or None
        Joint best fit that was subtracted, for several measurements or correlated numbers, or by pseudo-experiments.
    no_constraint : tuple of float
        Masses about which no measurement says anything, such as those outside a limit curve.
    """

    model: str
    measurements: tuple[str, ...]
    mass: FloatArray
    coupling: FloatArray
    excluded: tuple[tuple[Interval, ...], ...]
    confidence_level: float
    one_sided: bool
    expected: bool
    convention: str
    best_fit: BestFit | None = None
    cls: bool = False
    no_constraint: tuple[float, ...] = ()
    feldman_cousins: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; masses with nothing excluded are left out."""
        limits = [
            {"mass": float(mass), "coupling": float(coupling), "excluded": [list(i) for i in excluded]}
            for mass, coupling, excluded in zip(self.mass, self.coupling, self.excluded, strict=True)
            if excluded
        ]
        result: dict[str, Any] = {
            "limits": limits,
            "confidence_level": self.confidence_level,
            "convention": self.convention,
        }
        if self.best_fit is not None:
            result["best_fit"] = [
                {"mass": float(m), "coupling": float(c), "minus_2_delta_ln_l": float(s)}
                for m, c, s in zip(self.mass, self.best_fit.coupling, self.best_fit.minus_2_delta_ln_l, strict=True)
            ]
        if self.no_constraint:
            result["no_constraint"] = list(self.no_constraint)
        return result

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from recast.reports import limit_report

        return limit_report(self).html()


def limit(
    model: Model | str | Path,
    measurements: Measurement | str | Path | Sequence[Measurement | str | Path],
    mass: ArrayLike,
    *,
    confidence_level: float = 0.95,
    one_sided: bool = False,
    expected: bool = False,
    cls: bool = False,
    feldman_cousins: bool = False,
    toys: int = 10_000,
    seed: int = 0,
    executor: AnyExecutor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> LimitResult:
    """Return the couplings that measurements exclude at given masses.

    Parameters
    ----------
    model : Model, str or Path
        With parameters mass and coupling.
    measurements : Measurement, str or Path, or a sequence of them
        Several are combined.
    mass : array_like
        In GeV.
    confidence_level : float
        Of the excluded region.
    one_sided : bool
        Exclude only predictions above the data (for several: couplings above the best fit).
    expected : bool
        Replace the data by the Standard Model prediction.
    cls : bool
        Exclude by CLs what a single counting experiment would have seen, see `recast.cls`; always one-sided.
    feldman_cousins : bool
        Exclude by the construction of Feldman and Cousins, see `recast.feldman_cousins_limit`.
    toys, seed : int
        For Feldman-Cousins limits from several measurements or with nuisance parameters: number of pseudo-experiments
        at each coupling, and where their random numbers begin.
    executor : Executor, optional
        Where they are drawn, see `recast.executors`; the result does not depend on it.
    progress : callable, optional
        Called with the numbers of masses done and of all, where there are pseudo-experiments.

    Returns
    -------
    LimitResult
        Excluded intervals at each mass, with the convention in words.

    Raises
    ------
    RecastError
        For a model without a mass and a coupling, no measurement at all or two that share data, a mass that is not a
        positive number, a confidence level outside (0, 1), too few toys or conventions that exclude each other.
    NotApplicableError
        When a measurement has nothing to say about the model, or, for CLs, has no counted events, or, for
        Feldman-Cousins, is but a published limit.
    """
    from recast.feldman_cousins_limit import Experiments, by_feldman_cousins
    from recast.joint import Joint
    from recast.measurement import load_measurements
    from recast.model import load_model

    model = load_model(model) if isinstance(model, str | Path) else model
    if not {"mass", "coupling"} <= set(model.parameters):
        msg = (
            f"model '{model.name}' has the parameters {', '.join(model.parameters)} and no limit on a "
            "coupling at fixed mass: write the plane into a file for 'recast scan'"
        )
        raise RecastError(msg)
    loaded = Joint(load_measurements(measurements)).measurements
    masses = np.atleast_1d(checked("mass", mass, positive=True)).ravel()
    level = check_confidence_level(confidence_level)
    if feldman_cousins and (one_sided or cls):
        other = "CLs" if cls else "one-sided"
        msg = f"a limit is either Feldman-Cousins, whose data decide how many sides it has, or {other}: choose one"
        raise RecastError(msg)
    if not masses.size:
        msg = "at least one mass is needed for a limit"
        raise RecastError(msg)
    interaction = model(mass=masses, coupling=np.zeros_like(masses))
    for measurement in loaded:
        reason = measurement.applicable(interaction)
        if reason is not None:
            msg = f"measurement '{measurement.label}' does not apply to model '{model.name}': {reason}"
            raise NotApplicableError(msg)
    if expected:
        loaded = tuple(m.expected() for m in loaded)

    curve = CouplingCurve(model, loaded, masses)
    best_fit = None
    if feldman_cousins:
        excluded, best_fit, words = by_feldman_cousins(curve, level, Experiments(toys, seed, executor, progress))
        words += ", expected: data set to the Standard Model prediction" if expected else ""
    elif cls:
        one_sided = True
        excluded, words = _by_cls(curve, level, expected=expected)
    else:
        one_sided = one_sided or (not curve.relative and loaded[0].upper_limit_only)
        excluded, best_fit, words = _by_distance(curve, level, one_sided=one_sided, expected=expected)
    return LimitResult(
        model=model.name,
        measurements=tuple(m.label for m in loaded),
        mass=masses,
        coupling=np.array([intervals[0][0] if intervals else math.nan for intervals in excluded]),
        excluded=excluded,
        confidence_level=level,
        one_sided=one_sided,
        expected=expected,
        convention=words,
        best_fit=best_fit,
        cls=cls,
        no_constraint=tuple(masses[~np.any(curve.known, axis=0)].tolist()),
        feldman_cousins=feldman_cousins,
    )


def _by_distance(
    curve: CouplingCurve, level: float, *, one_sided: bool, expected: bool
) -> tuple[Excluded, BestFit | None, str]:
    """Return the couplings too far from the data or, for several measurements, from the best fit."""
    from recast.likelihoods import LimitCurve

    first = curve.measurements[0]
    # How many degrees of freedom a region has is a convention that an analysis may declare.
    dof = 1 if len(curve.measurements) > 1 else first.likelihood.declared_degrees_of_freedom or 1
    z = quantile(level, one_sided=one_sided)
    if dof > 1:
        z = math.sqrt(delta_threshold(level, degrees_of_freedom=dof, one_sided=one_sided))
    published = best_fit = None
    if not curve.relative and first.upper_limit_only:
        published = first.likelihood.confidence_level if isinstance(first.likelihood, LimitCurve) else level
    if not curve.relative and (edges := curve.exact_edges(z, one_sided=one_sided)) is not None:
        excluded = classified(curve, edges, z, one_sided=one_sided)
    else:
        excluded, best_fit = searched(curve, z, one_sided=one_sided)
    words = convention(
        level,
        one_sided=one_sided,
        degrees_of_freedom=dof,
        combined=curve.relative,
        expected=expected,
        published=published,
        projection=first.projection,
    )
    return excluded, best_fit if curve.relative else None, words


def _by_cls(curve: CouplingCurve, level: float, *, expected: bool) -> tuple[Excluded, str]:
    """Return the couplings whose number of events CLs excludes, and how that was decided."""
    from recast.cls import require_counts, upper_limit

    if len(curve.measurements) > 1:
        msg = f"CLs is computed for one counting experiment, not for {len(curve.measurements)} measurements together"
        raise RecastError(msg)
    (measurement,) = curve.measurements
    try:
        require_counts(measurement.likelihood)
    except NotApplicableError as error:
        msg = f"measurement '{measurement.label}': {error}"
        raise NotApplicableError(msg) from error
    errors = measurement.theory_errors.items()
    partial = [name for name, error in errors if error.part not in ("all", *_only(measurement))]
    if partial:
        msg = (
            f"CLs of measurement '{measurement.label}' needs errors that scale all events, and {partial[0]} scales a "
            "part: choose the variant without it"
        )
        raise NotApplicableError(msg)
    signal_error = math.sqrt(sum(error.relative**2 for _, error in errors))
    # What the Standard Model predicts is background here: the signal is what a model adds to it.
    background = float(measurement.prediction(StandardModel()))
    found = upper_limit(measurement.likelihood, level, standard_model=background, signal_error=signal_error)
    words = f"{found.convention}, expected: data set to the Standard Model prediction" if expected else found.convention
    bound = np.full(curve.mass.size, background + found.signal)
    return outside(curve, -np.inf * np.ones_like(bound), bound), words


def _only(measurement: Measurement) -> tuple[str, ...]:
    """Return the part of the prediction if there is just one."""
    parts = tuple(getattr(measurement.observable, "parts", ()))
    return parts if len(parts) == 1 else ()
