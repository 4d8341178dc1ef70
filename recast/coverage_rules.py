"""The conventions by which regions are defined, applied to pseudo-experiments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recast.pseudo_experiments import Hypothesis, stream
from recast.statistics import convention, delta_threshold, quantile

if TYPE_CHECKING:
    from recast.measurement import Measurement

__all__ = ["Judged", "Rule", "Task", "judge", "rules_of"]

FloatArray = NDArray[np.float64]


class Rule(NamedTuple):
    """A region: ``2 delta ln L``, minus that of the best fit if it is relative, up to a threshold or on one side."""

    statement: str
    threshold: float
    relative: bool
    one_sided: bool


def rules_of(measurements: Sequence[Measurement], level: float) -> dict[str, Rule]:
    """Return the conventions of `recast.limit` with fixed thresholds."""
    likelihood = measurements[0].likelihood
    single = len(measurements) == 1
    dof = (likelihood.declared_degrees_of_freedom or 1) if single else 1
    both = delta_threshold(level, degrees_of_freedom=dof)
    rules = {}
    if single and likelihood.degrees_of_freedom == 1:
        z = math.sqrt(both)
        words = convention(level)
        edge = f"R - data <= {z:.3f} sigma (upper edge of the {words})"
        rules["band"] = Rule(words, both, relative=False, one_sided=False)
        rules["upper_edge"] = Rule(edge, both, relative=False, one_sided=True)
    words = convention(level, degrees_of_freedom=dof, combined=True)
    rules["best_fit"] = Rule(words, both, relative=True, one_sided=False)
    if dof == 1 and level > 0.5:
        z = quantile(level, one_sided=True)
        if "band" in rules:
            words = convention(level, one_sided=True)
            rules["one_sided"] = Rule(words, z**2, relative=False, one_sided=True)
        words = convention(level, one_sided=True, combined=True)
        rules["best_fit_one_sided"] = Rule(words, z**2, relative=True, one_sided=True)
    return rules


class Task(NamedTuple):
    """A block of experiments with one truth."""

    truth: Hypothesis
    rules: tuple[Rule, ...]
    seed: int
    point: int
    block: int
    size: int


class Judged(NamedTuple):
    """What a block of experiments says: how many contain the truth or nothing, and the ratios to the best fit."""

    counts: NDArray[np.int64]
    ratio: FloatArray
    calibration: FloatArray


def judge(task: Task) -> Judged:
    """Draw a block of experiments and apply every rule."""
    truth = task.truth
    experiments = truth.draw(task.size, stream(task.seed, task.point, task.block, 0))
    at_truth = experiments.distance(truth.truth)[:, 0]
    best = truth.best_fit(experiments.distance(truth.parts))
    lowest = np.minimum(best.minus_2_delta_ln_l, at_truth)
    ratio = at_truth - lowest
    never = np.zeros(task.size, dtype=bool)
    counts = []
    for rule in task.rules:
        if rule.relative:
            # The best fit itself is never excluded.
            side = truth.coupling > best.coupling if rule.one_sided else ~never
            excluded, empty = side & (ratio > rule.threshold), never
        elif rule.one_sided:
            above, every = (experiments.above_data(parts) for parts in (truth.truth, truth.parts))
            excluded = above[:, 0] & (at_truth > rule.threshold)
            empty = np.all(every, axis=1) & (lowest > rule.threshold)
        else:
            excluded, empty = at_truth > rule.threshold, lowest > rule.threshold
        counts.append([task.size - np.count_nonzero(excluded), np.count_nonzero(empty)])
    again = truth.draw(task.size, stream(task.seed, task.point, task.block, 1))
    return Judged(np.array(counts, dtype=np.int64), ratio, truth.likelihood_ratio(again))
