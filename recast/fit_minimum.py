"""Where the likelihood is largest: MINUIT from several seeds, and what its surroundings are like."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recast.fit_remarks import flat_remark, open_sides, other_minima
from recast.fit_result import ParameterEstimate
from recast.fit_surface import Coordinate, Surface

__all__ = ["Minimum", "Seed", "minimise"]

FloatArray = NDArray[np.float64]

# Distance to the minimum at which MIGRAD stops, in units of 2e-3 of a standard deviation's rise.
_TOLERANCE = 1e-4
_CALLS = 20_000
# A direction is flat if one standard deviation in it is more than this many e-folds (or units of a contact shift).
_FLAT = 10.0
# Exactly level: this much over this many e-folds (or units of a contact shift).
_LEVEL, _WHILE = 1e-6, 0.2
# How much lower than the Standard Model a minimum must be for the coupling to be anything but zero.
_LOWER = 1e-6
_AT_END = 1e-3
# A parameter takes part in a flat direction from this share of the largest change on.
_ALONG = 0.01


@dataclass(frozen=True)
class Seed:
    """One minimisation, in coordinates."""

    start: tuple[float, ...]
    end: tuple[float, ...]
    theta: tuple[float, ...]
    value: float
    valid: bool


@dataclass(frozen=True)
class Minimum:
    """The lowest minimum and its surroundings; see `FitResult` for what the fields mean."""

    valid: bool
    value: float
    estimates: Mapping[str, ParameterEstimate]
    theta: tuple[float, ...]
    theta_errors: tuple[float, ...]
    parts: Sequence[Mapping[str, FloatArray]]
    correlation_names: tuple[str, ...]
    correlation: FloatArray
    seeds: tuple[Seed, ...]
    flat_directions: tuple[Mapping[str, float], ...] = ()
    flat_parameters: int = 0
    remarks: tuple[str, ...] = field(default=())


def minimise(surface: Surface, seeds: int, *, progress: Callable[[int, int], None] | None = None) -> Minimum:
    """Return the lowest minimum.

    Parameters
    ----------
    surface : Surface
    seeds : int
        Number of minimisations; one without free parameters.
    progress : callable, optional
        Called with the numbers of those done and of all.
    """
    tried: tuple[Seed, ...] = ()
    starts = surface.seeds(seeds)
    for start in starts:
        if progress:
            progress(len(tried), len(starts))
        tried += (_from(surface, start),)
    candidates = [seed for seed in tried if seed.valid] or tried
    lowest_value = min(seed.value for seed in candidates)
    # In a flat valley, all have the same value: take one that is far from the ends of the ranges.
    best = min(
        (seed for seed in candidates if seed.value < lowest_value + _LOWER),
        key=lambda seed: surface.off_centre(seed.end),
    )
    if "coupling" in surface.names:
        nothing = surface.without_coupling()
        lowest = _from(nothing, ())
        if best.value > lowest.value - _LOWER:
            return _at_no_coupling(surface, nothing, lowest, tried)
    return _surroundings(surface, best, tried)


def _minuit(surface: Surface, x: Sequence[float], theta: Sequence[float]) -> Any:
    """Return MINUIT at a point, or None when there is nothing to minimise over."""
    from iminuit import Minuit

    if not surface.axes and not surface.joint.nuisances:
        return None
    names = [*surface.names, *(f"nuisance {name}" for name in surface.joint.nuisances)]
    minuit = Minuit(surface.explicit, np.array([*x, *theta], dtype=float), name=names)
    minuit.errordef = Minuit.LEAST_SQUARES
    minuit.tol = _TOLERANCE
    minuit.errors = 0.1
    for axis in surface.axes:
        minuit.limits[axis.name] = (axis.low, axis.high)
    return minuit


def _from(surface: Surface, start: tuple[float, ...]) -> Seed:
    """Minimise from one seed."""
    # MINUIT does not move off the very end of a range.
    inside = tuple(
        float(np.clip(x, *np.interp((0.01, 0.99), (0.0, 1.0), (axis.low, axis.high))))
        for axis, x in zip(surface.axes, start, strict=True)
    )
    theta = [0.0] * len(surface.joint.nuisances)
    minuit = _minuit(surface, inside, theta)
    if minuit is None:
        return Seed(start, start, (), surface.explicit(start), valid=True)
    minuit.migrad(ncall=_CALLS)
    n = len(surface.axes)
    values = tuple(float(value) for value in minuit.values)
    return Seed(start, values[:n], values[n:], float(minuit.fval), valid=bool(minuit.valid))


def _at_no_coupling(surface: Surface, nothing: Surface, lowest: Seed, tried: tuple[Seed, ...]) -> Minimum:
    """Describe a best fit that is the Standard Model."""
    minuit = _minuit(nothing, (), lowest.theta)
    if minuit is not None:
        minuit.migrad(ncall=_CALLS)
        minuit.hesse()
    axis = surface.axes[surface.names.index("coupling")]
    upper = surface.crossing("coupling", axis.low, lowest.value + 1.0, upwards=True)
    top = None if upper is None else float(axis.value(upper))
    estimates = {name: ParameterEstimate(None) for name in surface.names}
    estimates["coupling"] = ParameterEstimate(0.0, minos=(None, top))
    remarks = ["the best fit is no coupling at all"]
    others = [name for name in surface.names if name != "coupling"]
    if others:
        remarks.append(f"without a coupling the {others[0]} has no meaning: fix it for an upper limit on the coupling")
    elif top is None:
        remarks.append("no coupling in its range raises 2 delta ln L by 1")
    values = surface.profile("coupling", axis.points(61))
    constrained = float(np.max(values) - np.min(values)) > _LOWER
    if not constrained:
        where = f"while the {others[0]} is free: fix it" if others else "here"
        remarks = [f"the fit failed: the measurements say nothing about the coupling {where}"]
    return Minimum(
        valid=lowest.valid and constrained,
        value=lowest.value,
        estimates=estimates,
        theta=lowest.theta,
        theta_errors=() if minuit is None else tuple(float(error) for error in minuit.errors),
        parts=nothing.parts(()),
        correlation_names=surface.joint.nuisances,
        correlation=_correlation(minuit),
        seeds=tried,
        flat_parameters=len(others),
        remarks=tuple(remarks),
    )


def _surroundings(surface: Surface, best: Seed, tried: tuple[Seed, ...]) -> Minimum:
    """Compute errors at the best fit, of what has errors."""
    frozen, flat, remarks = _frozen(surface, best)
    rest = surface.holding(frozen)
    start = [x for name, x in zip(surface.names, best.end, strict=True) if name not in frozen]
    minuit = _minuit(rest, start, best.theta)
    n = len(rest.axes)
    x, theta, errors, value, valid = best.end, best.theta, [], best.value, best.valid
    if minuit is not None:
        minuit.migrad(ncall=_CALLS)
        minuit.hesse()
        valid = valid and bool(minuit.valid)
        value = float(minuit.fval)
        values = [float(v) for v in minuit.values]
        moved = dict(zip(rest.names, values[:n], strict=True))
        x = tuple(moved.get(name, old) for name, old in zip(surface.names, best.end, strict=True))
        theta, errors = tuple(values[n:]), [float(e) for e in minuit.errors]
    estimates = {}
    for axis, here in zip(surface.axes, x, strict=True):
        hesse = errors[rest.names.index(axis.name)] if not frozen and valid else None
        undetermined = any(axis.name in direction for direction in flat)
        ends: tuple[float | None, float | None] = (None, None)
        if valid and not undetermined:
            ends = _ends(surface, axis, here, value, None if frozen else minuit)
            remarks += open_sides(surface, axis, ends, value)
        estimates[axis.name] = _estimate(axis, here, hesse, ends)
    remarks += other_minima(surface, best, tried) if valid and not frozen else []
    if not valid:
        converged = sum(seed.valid for seed in tried)
        remarks = [
            f"the fit failed: MIGRAD converged from {converged} of {len(tried)} seeds and not at the lowest point"
        ]
    return Minimum(
        valid=valid,
        value=value,
        estimates=estimates,
        theta=theta,
        theta_errors=tuple(errors[n:]),
        parts=surface.parts(x),
        correlation_names=(*rest.names, *surface.joint.nuisances),
        correlation=_correlation(minuit),
        seeds=tried,
        flat_directions=tuple(flat),
        flat_parameters=len(flat),
        remarks=tuple(remarks),
    )


def _frozen(surface: Surface, best: Seed) -> tuple[dict[str, float], list[dict[str, float]], list[str]]:
    """Return the coordinates that have to be held for the rest to have a curvature, flat directions, and remarks."""
    frozen: dict[str, float] = {}
    remarks: list[str] = []
    flat: list[dict[str, float]] = []
    for axis, x in zip(surface.axes, best.end, strict=True):
        if min(x - axis.low, axis.high - x) < _AT_END * (axis.high - axis.low):
            frozen[axis.name] = x
    while len(frozen) < len(surface.axes):
        rest = surface.holding(frozen)
        point = [x for name, x in zip(surface.names, best.end, strict=True) if name not in frozen]
        curvature, directions = np.linalg.eigh(rest.curvature(point))
        if abs(curvature[0]) > _FLAT**-2:
            break
        largest = int(np.argmax(np.abs(directions[:, 0])))
        direction = directions[:, 0] / directions[largest, 0]
        held = rest.names[largest]
        frozen[held] = point[largest]
        # A likelihood may be level at its minimum and rise further away. What is flat stays level to the ends of the
        # range, or, along a ring, exactly level for a while.
        near = np.clip(point[largest] + np.array([-_WHILE, _WHILE]), *surface.range_of(held))
        ends = [surface.crossing(held, point[largest], best.value + 1.0, upwards=up) for up in (False, True)]
        ring = np.max(surface.profile(held, near)) < best.value + _LEVEL and ends != [None, None]
        if ring or ends == [None, None]:
            change = {name: float(c) for name, c in zip(rest.names, direction, strict=True)}
            flat.append({name: c for name, c in change.items() if ring or abs(c) > _ALONG})
            remarks.append(flat_remark(rest, point, flat[-1], held))
    return frozen, flat, remarks


def _ends(surface: Surface, axis: Coordinate, x: float, value: float, minuit: Any) -> tuple[float | None, float | None]:
    """Return the coordinates where the profile has risen by 1: by MINOS, else by bracketing the profile."""
    if minuit is not None:
        minuit.minos(axis.name)
        found = minuit.merrors[axis.name]
        if found.is_valid:
            return x + float(found.lower), x + float(found.upper)
    low, high = (surface.crossing(axis.name, x, value + 1.0, upwards=upwards) for upwards in (False, True))
    return low, high


def _estimate(
    axis: Coordinate, x: float, hesse: float | None, ends: tuple[float | None, float | None]
) -> ParameterEstimate:
    """Return value and errors of a parameter from its coordinate."""
    value = float(axis.value(x))
    scale = value if axis.logarithmic else 1.0
    low, high = (None if end is None else float(axis.value(end)) - value for end in ends)
    return ParameterEstimate(value, hesse=None if hesse is None else scale * hesse, minos=(low, high))


def _correlation(minuit: Any) -> FloatArray:
    """Return the correlation matrix of HESSE; not-a-number where it failed."""
    if minuit is None:
        return np.zeros((0, 0))
    if minuit.covariance is None:
        return np.full((minuit.npar, minuit.npar), np.nan)
    return np.asarray(minuit.covariance.correlation(), dtype=float)
