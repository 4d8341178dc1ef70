"""What the generation of events came to: trials, efficiency, cross section."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["GenerationReport", "Tally"]


@dataclass(frozen=True)
class GenerationReport:
    """What a generation came to.

    Attributes
    ----------
    trials, events : int
        Points of phase space tried, and events handed out.
    efficiency : float
        Events that the trials made, over trials; what they made in excess of a number asked for is counted.
    cross_section, error : float
        Estimate from the weights of all trials, and its statistical error, in fb per nucleus or formula unit; the error
        of a single trial is its weight.
    expected : float
        The same from the grid.
    largest_weight : float
        Over the mean weight of its scatterer.
    overweight : float
        Share of the cross section that trials had beyond the largest weight that one event stands for: they were
        kept more than once, each time with another direction about the beam.
    """

    trials: int
    events: int
    efficiency: float
    cross_section: float
    error: float
    expected: float
    largest_weight: float
    overweight: float


@dataclass
class Tally:
    """Sums over the trials so far.

    Attributes
    ----------
    trials, made, events : int
        Points that were tried, events made of them, events handed out.
    total, squares : float
        Sums of the weights in fb and of their squares.
    largest : float
        Weight, over the mean of its scatterer.
    excess : float
        Sum in fb of what weights had beyond that of one event.
    """

    trials: int = 0
    made: int = 0
    events: int = 0
    total: float = 0.0
    squares: float = 0.0
    largest: float = 0.0
    excess: float = 0.0

    def add(self, weight: NDArray[np.float64], mean: float) -> None:
        """Count trials of one scatterer: weights in fb, shape (n,), and about what their mean is."""
        self.trials += weight.size
        self.total += float(weight.sum())
        self.squares += float(weight @ weight)
        self.largest = max(self.largest, float(weight.max(initial=0.0)) / mean)

    def report(self, expected: float) -> GenerationReport:
        """Summarise; ``expected`` is the cross section from the grid in fb."""
        n = max(self.trials, 1)
        mean = self.total / n
        variance = max(self.squares / n - mean**2, 0.0)
        return GenerationReport(
            trials=self.trials,
            events=self.events,
            efficiency=self.made / n,
            cross_section=mean,
            error=float(np.sqrt(variance / (n - 1))) if n > 1 else mean,
            expected=expected,
            largest_weight=self.largest,
            overweight=self.excess / self.total if self.total > 0.0 else 0.0,
        )
