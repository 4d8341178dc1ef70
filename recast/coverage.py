"""Coverage: how often the region that an experiment allows contains the truth.

A region at 95% confidence level should hold the true coupling in 95% of experiments. Whether it does depends on how it
is defined and, near a boundary, on where the truth is: for L_mu - L_tau no coupling lowers the trident ratio below that
of the Standard Model. Every convention of `recast.limit` is judged by the same pseudo-experiments.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.coverage_rules import Judged, Rule, Task, judge, rules_of
from recast.errors import RecastError
from recast.pseudo_experiments import blocks, hypothesis
from recast.statistics import check_confidence_level

if TYPE_CHECKING:
    from recast.executors import AnyExecutor
    from recast.measurement import Measurement
    from recast.model import Model

__all__ = ["Coverage", "CoverageResult", "coverage"]

FloatArray = NDArray[np.float64]
Progress = Callable[[int, int], None]

# Ratios that agree to this accuracy are ties, which counts have: their order is rounding.
_TIE = 1e-9
_LARGEST_SEED = 2**63


@dataclass(frozen=True)
class Coverage:
    """How one convention fares, at each true point.

    Attributes
    ----------
    statement : str
        The convention in words.
    threshold : ndarray, shape (n,)
        ``2 delta ln L`` above which a coupling is excluded, on the side where any is.
    coverage, coverage_error : ndarray, shape (n,)
        Fraction of experiments whose region contains the truth, with its binomial error: the standard deviation of the
        fraction's posterior for a flat prior, which no fraction makes zero. That of ``feldman_cousins`` has in it the
        error of the quantile, which comes from as many experiments.
    empty, empty_error : ndarray, shape (n,)
        Fraction of experiments that exclude every coupling.
    """

    statement: str
    threshold: FloatArray
    coverage: FloatArray
    coverage_error: FloatArray
    empty: FloatArray
    empty_error: FloatArray


@dataclass(frozen=True)
class CoverageResult:
    """Coverage of the conventions at true couplings of a model.

    Attributes
    ----------
    model : str
    measurements : tuple of str
        Names with the variants that differ from the default.
    mass, coupling : ndarray, shape (n,)
        The true points; masses in GeV.
    confidence_level : float
    toys, seed : int
        Number of experiments at each point, and where their random numbers begin.
    conventions : dict of str to Coverage
        For one number ``band``, its ``upper_edge`` alone and ``one_sided``; always ``best_fit`` and
        ``feldman_cousins``, and ``best_fit_one_sided`` for one degree of freedom. Those of one side have a confidence
        level above 0.5.
    """

    model: str
    measurements: tuple[str, ...]
    mass: FloatArray
    coupling: FloatArray
    confidence_level: float
    toys: int
    seed: int
    conventions: dict[str, Coverage]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        numbers = ("threshold", "coverage", "coverage_error", "empty", "empty_error")
        return {
            "model": self.model,
            "measurements": list(self.measurements),
            "confidence_level": self.confidence_level,
            "toys": self.toys,
            "seed": self.seed,
            "conventions": {name: one.statement for name, one in self.conventions.items()},
            "points": [
                {
                    "mass": float(self.mass[i]),
                    "coupling": float(self.coupling[i]),
                    **{
                        name: {key: float(getattr(one, key)[i]) for key in numbers}
                        for name, one in self.conventions.items()
                    },
                }
                for i in range(self.mass.size)
            ],
        }

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from recast.reports import coverage_report

        return coverage_report(self).html()


def coverage(
    model: Model | str | Path,
    measurements: Measurement | str | Path | Sequence[Measurement | str | Path],
    *,
    mass: ArrayLike,
    coupling: ArrayLike,
    confidence_level: float = 0.95,
    toys: int = 10_000,
    seed: int = 0,
    executor: AnyExecutor | None = None,
    progress: Progress | None = None,
) -> CoverageResult:
    """Return how often regions contain the true coupling, by pseudo-experiments.

    Parameters
    ----------
    model : Model, str or Path
        With parameters mass and coupling.
    measurements : Measurement, str or Path, or a sequence of them
        Several are combined.
    mass, coupling : array_like
        True values, masses in GeV; they broadcast.
    confidence_level : float
    toys : int
        Experiments at each point. As many again find the threshold of Feldman and Cousins.
    seed : int
    executor : Executor, optional
        Where blocks of experiments are computed; the result does not depend on it.
    progress : callable, optional
        Called with the numbers of blocks done and of all.

    Returns
    -------
    CoverageResult
        For each convention how often its region contains the truth, and how often it is empty.

    Raises
    ------
    RecastError
        For a model without a mass and a coupling, no measurement at all or two that share data, values that are not
        positive (a coupling may be zero), a confidence level outside (0, 1), or numbers of toys and seeds that are not
        whole.
    NotApplicableError
        When a measurement has nothing to say about the model, or its data cannot be drawn because only a limit was
        published.
    """
    from recast.executors import ordered
    from recast.interactions import checked
    from recast.joint import Joint
    from recast.measurement import load_measurements
    from recast.model import load_model

    model = load_model(model) if isinstance(model, str | Path) else model
    if not {"mass", "coupling"} <= set(model.parameters):
        msg = f"model '{model.name}' has the parameters {', '.join(model.parameters)}: coverage is that of couplings"
        raise RecastError(msg)
    loaded = Joint(load_measurements(measurements)).measurements
    level = check_confidence_level(confidence_level)
    _check_whole("toys", toys, lowest=1, highest=10**9)
    _check_whole("seed", seed, lowest=0, highest=_LARGEST_SEED)
    try:
        masses, couplings = np.broadcast_arrays(checked("mass", mass, positive=True), checked("coupling", coupling))
    except ValueError as error:
        msg = f"masses of shape {np.shape(mass)} and couplings of shape {np.shape(coupling)} do not belong together"
        raise RecastError(msg) from error
    masses, couplings = masses.ravel(), couplings.ravel()
    if not masses.size:
        msg = "coverage needs at least one true mass and coupling"
        raise RecastError(msg)
    rules = rules_of(loaded, level)

    def tasks() -> Iterator[Task]:
        for point, (m, g) in enumerate(zip(masses.tolist(), couplings.tolist(), strict=True)):
            truth = hypothesis(model, loaded, m, g)
            for block, size in blocks(toys):
                yield Task(truth, tuple(rules.values()), seed, point, block, size)

    per_point = sum(1 for _ in blocks(toys))
    found: list[list[Judged]] = [[] for _ in range(masses.size)]
    for done, (task, judged) in enumerate(ordered(executor, judge, tasks()), start=1):
        found[task.point].append(judged)
        if task.block == per_point - 1:
            # Of a finished point only the sums are kept.
            found[task.point] = [_summed(found[task.point], level)]
        if progress:
            progress(done, per_point * masses.size)
    summed = [one for (one,) in found]
    return CoverageResult(
        model=model.label,
        measurements=tuple(m.label for m in loaded),
        mass=masses.copy(),
        coupling=couplings.copy(),
        confidence_level=level,
        toys=int(toys),
        seed=int(seed),
        conventions=_conventions(rules, summed, level, int(toys)),
    )


def _summed(blocks: Sequence[Judged], level: float) -> Judged:
    """Add blocks, and with them the counts and the threshold of Feldman and Cousins."""
    ratio, calibration = (np.concatenate([getattr(b, name) for b in blocks]) for name in ("ratio", "calibration"))
    threshold = np.quantile(calibration, level, method="inverted_cdf", keepdims=True)
    accepted = np.count_nonzero(ratio <= threshold + _TIE)
    counts = np.sum([b.counts for b in blocks], axis=0)
    return Judged(np.concatenate([counts, [[accepted, 0]]]), np.empty(0), threshold)


def _conventions(rules: Mapping[str, Rule], points: Sequence[Judged], level: float, toys: int) -> dict[str, Coverage]:
    """Turn counts into fractions with their errors."""
    number = np.array([p.counts for p in points])
    fraction = number / toys
    # Standard deviation of a beta distribution.
    error = np.sqrt((number + 1.0) * (toys - number + 1.0) / (toys + 3.0)) / (toys + 2.0)
    # A quantile from other experiments, as many, is off by as much again.
    error[:, -1, 0] *= math.sqrt(2.0)
    critical = np.concatenate([p.calibration for p in points])
    words = (
        f"{100.0 * level:.10g}% CL, Feldman-Cousins (2 delta ln L to the best fit <= its quantile at the true point)"
    )
    given = [(name, one.statement, np.full(len(points), one.threshold)) for name, one in rules.items()]
    return {
        name: Coverage(statement, threshold, fraction[:, i, 0], error[:, i, 0], fraction[:, i, 1], error[:, i, 1])
        for i, (name, statement, threshold) in enumerate([*given, ("feldman_cousins", words, critical)])
    }


def _check_whole(name: str, value: Any, *, lowest: int, highest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not lowest <= value < highest:
        msg = f"{name} must be a whole number from {lowest} to {highest - 1}, not {value!r}"
        raise RecastError(msg)
