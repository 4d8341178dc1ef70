"""Excluded couplings in the Feldman-Cousins construction: exact for one number, by pseudo-experiments for any data.

A coupling is allowed where ``2 delta ln L`` to the best fit of the model at that mass is at most its own quantile,
which depends on the coupling wherever predictions have a boundary (physics/9711021, Secs. IV and V). For one number
without nuisance parameters only its prediction matters: `recast.feldman_cousins` has the interval. For anything else
experiments are drawn at couplings half a standard deviation apart, and their quantiles joined by straight lines.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recast.errors import RecastError
from recast.excluded_couplings import BestFit, Excluded, outside, searched, solved
from recast.feldman_cousins import interval, is_exact
from recast.pseudo_experiments import Hypothesis, blocks, hypothesis, stream
from recast.statistics import quantile

if TYPE_CHECKING:
    from recast.coupling_curve import CouplingCurve
    from recast.executors import AnyExecutor

__all__ = ["Experiments", "by_feldman_cousins"]

FloatArray = NDArray[np.float64]

# Standard deviations between couplings at which experiments are drawn, and how far beyond the quantile.
_SPACING = 0.5
_FURTHER = 2.0
# Numbers that agree to this accuracy, such as ratios of counts, are equal, whatever the rounding.
_TIE = 1e-9
# Experiments beyond the quantile, below which its error would be that of a handful.
_FEWEST = 10


class Experiments(NamedTuple):
    """Which pseudo-experiments to draw at each coupling."""

    toys: int
    seed: int
    executor: AnyExecutor | None
    progress: Callable[[int, int], None] | None = None


def by_feldman_cousins(
    curve: CouplingCurve, level: float, experiments: Experiments
) -> tuple[Excluded, BestFit | None, str]:
    """Return the excluded couplings, the best fit where pseudo-experiments were needed, and the rule in words.

    Parameters
    ----------
    curve : CouplingCurve
    level : float
        Confidence level.
    experiments : Experiments
        Where they are needed.

    Raises
    ------
    RecastError
        For too few pseudo-experiments, or a seed that is not a whole number.
    NotApplicableError
        When it is not known how the data of a measurement fluctuate.
    """
    rule = f"{100.0 * level:.10g}% CL, Feldman-Cousins (2 delta ln L to the best fit <= its quantile at the coupling, "
    measurement = curve.measurements[0]
    if len(curve.measurements) == 1 and is_exact(measurement.likelihood) and not measurement.theory_errors:
        return _exact(curve, level), None, f"{rule}exact)"
    toys, seed = experiments.toys, experiments.seed
    _check(level, toys, seed)
    excluded, best_fit = _by_experiments(curve, level, experiments)
    return excluded, best_fit, f"{rule}from {toys} pseudo-experiments with seed {seed})"


def _check(level: float, toys: int, seed: int) -> None:
    least = math.ceil(_FEWEST / (1.0 - level) - _TIE)
    if not _whole(toys) or toys < least:
        msg = f"toys is {toys!r}: at least {least} pseudo-experiments are needed at {100.0 * level:.10g}% CL"
        raise RecastError(msg)
    if not _whole(seed) or seed < 0:
        msg = f"the seed must be a whole number that is not negative, not {seed!r}"
        raise RecastError(msg)


def _whole(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _exact(curve: CouplingCurve, level: float) -> Excluded:
    """Return the couplings whose prediction lies outside the interval among the predictions within reach."""
    (measurement,), (known,) = curve.measurements, curve.known
    # Many masses have the same reach: where a boundary is the Standard Model prediction, all of them.
    reach, index = np.unique(np.stack(curve.reach()), axis=1, return_inverse=True)
    low, high = interval(measurement.likelihood, level, low=reach[0], high=reach[1])
    low, high = np.where(low > reach[0], low, -np.inf), np.where(high < reach[1], high, np.inf)
    index = index.ravel()
    return outside(curve, np.where(known, low[index], -np.inf), np.where(known, high[index], np.inf))


def _by_experiments(curve: CouplingCurve, level: float, experiments: Experiments) -> tuple[Excluded, BestFit]:
    z = quantile(level)
    _, best_fit = searched(curve, z, one_sided=False)
    grid = curve.search_grid()
    rows = np.broadcast_to(np.arange(curve.mass.size)[:, None], grid.shape)
    ratio = curve.statistic(rows, grid) - best_fit.minus_2_delta_ln_l[:, None]
    known = np.any(curve.known, axis=0)
    thresholds = []
    for row, best in enumerate(best_fit.coupling.tolist()):
        if experiments.progress:
            experiments.progress(row, curve.mass.size)
        allowed = grid[row][ratio[row] <= (z + _FURTHER) ** 2]
        thresholds.append(
            _thresholds(curve, row, allowed, best, level, experiments)
            if known[row]
            else (np.zeros(1), np.full(1, np.inf))
        )

    def excess(coupling: FloatArray, row: NDArray[np.intp]) -> FloatArray:
        limit = np.array([np.interp(g, *thresholds[r]) for g, r in zip(coupling, row, strict=True)])
        return np.asarray(curve.statistic(row, coupling) - best_fit.minus_2_delta_ln_l[row] - limit)

    limit = np.stack([np.interp(g, *threshold) for g, threshold in zip(grid, thresholds, strict=True)])
    return solved(grid, ratio - limit > _TIE, excess), best_fit


def _thresholds(
    curve: CouplingCurve, row: int, allowed: FloatArray, best: float, level: float, experiments: Experiments
) -> tuple[FloatArray, FloatArray]:
    """Return couplings at one mass, increasing, and the quantile of the likelihood ratio at each of them."""
    from recast.executors import ordered

    mass = float(curve.mass[row])
    around = hypothesis(curve.model, curve.measurements, mass, best)
    first, last = np.interp(
        [np.min(allowed, initial=best), np.max(allowed, initial=best)], around.couplings, around.position
    )
    position = np.linspace(first, last, 2 + int((last - first) / _SPACING))
    couplings = np.unique(np.interp(position, around.position, around.couplings))
    truths = [hypothesis(curve.model, curve.measurements, mass, coupling) for coupling in couplings.tolist()]
    tasks = [(truth, experiments.seed, *block) for truth in truths for block in blocks(experiments.toys)]
    ratios = np.concatenate([ratio for _, ratio in ordered(experiments.executor, _drawn, tasks)])
    found = np.quantile(ratios.reshape(len(truths), -1), level, axis=1, method="inverted_cdf")
    return couplings, np.asarray(found)


def _drawn(task: tuple[Hypothesis, int, int, int]) -> FloatArray:
    """Return the likelihood ratio of a truth in one block of experiments."""
    truth, seed, block, size = task
    # The same random numbers everywhere: limits vary smoothly, and do not depend on which masses are asked for.
    return truth.likelihood_ratio(truth.draw(size, stream(seed, block)))
