"""Where the masses of a figure have to lie closer: at ends of regions and on steep edges."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cut", "Intervals", "cuts", "refined"]

FloatArray: TypeAlias = NDArray[np.float64]
Interval: TypeAlias = tuple[float, float]
Intervals: TypeAlias = tuple[Interval, ...]

# Where a region ends or an edge jumps, masses are added until they lie this close (relative), or often enough.
_CLOSE = 5e-4
_ROUNDS = 6
_ADDED = 5
# Two neighbouring points of an edge may differ by this factor, or by this power of the factor in mass.
_STEEP = 1.35
_POWER = 3.0
_LOWEST = 1e-300


@dataclass(frozen=True)
class Cut:
    """Where a region ends at a mass.

    Attributes
    ----------
    mass : float
        GeV: the middle of a step, in the logarithm, as in `recast.contours.interval_bands`.
    low, high : float
        Couplings between which there is a region on one side of the mass only; ``high`` may be infinite.
    sides : (float, float)
        The masses on both sides.
    """

    mass: float
    low: float
    high: float
    sides: tuple[float, float]


def refined(mass: FloatArray, solve: Callable[[FloatArray], Sequence[Intervals]]) -> tuple[FloatArray, list[Intervals]]:
    """Solve for intervals at masses, and at more where they begin, end or move fast.

    Parameters
    ----------
    mass : ndarray, shape (n,)
        Increasing, GeV.
    solve : callable
        Gives the intervals at masses, each (low, high) with ``high`` possibly infinite.

    Returns
    -------
    ndarray, shape (m,)
        The masses, with those that were added.
    list of m tuples of (low, high)
    """
    found = dict(zip(mass.tolist(), solve(mass), strict=True))
    for _ in range(_ROUNDS):
        every = sorted(found)
        added = [
            np.geomspace(low, high, _ADDED + 2)[1:-1]
            for low, high in pairwise(every)
            if high > low * (1.0 + _CLOSE) and _differ(found[low], found[high], max(_STEEP, (high / low) ** _POWER))
        ]
        if not added:
            break
        more = np.concatenate(added)
        found.update(zip(more.tolist(), solve(more), strict=True))
    every = sorted(found)
    return np.array(every), [found[m] for m in every]


def cuts(mass: FloatArray, intervals: Sequence[Intervals]) -> tuple[Cut, ...]:
    """Return where regions end at a mass: vertical edges.

    Where one of two neighbouring masses has more intervals, what only one of them has lies behind an edge;
    intervals that merge or split so leave only the short piece between them.

    Parameters
    ----------
    mass : ndarray, shape (n,)
        In GeV, increasing.
    intervals : sequence of n tuples of (low, high)

    Returns
    -------
    tuple of Cut
        In the order of the masses.
    """
    found: list[Cut] = []
    for (m, here), (n, there) in pairwise(zip(mass.tolist(), intervals, strict=True)):
        if len(here) != len(there):
            middle = math.sqrt(m * n)
            found += [Cut(mass=middle, low=low, high=high, sides=(m, n)) for low, high in _apart(here, there)]
    return tuple(found)


def _differ(one: Intervals, other: Intervals, factor: float) -> bool:
    """Whether two neighbouring masses lie too far apart to be joined by straight edges."""
    if len(one) != len(other):
        return True
    return any(
        _steep(a, b, factor)
        for first, second in zip(one, other, strict=True)
        for a, b in zip(first, second, strict=True)
    )


def _steep(one: float, other: float, factor: float) -> bool:
    if not (0.0 < one < math.inf and 0.0 < other < math.inf):
        return one != other
    return max(one, other) > factor * min(one, other)


def _apart(one: Intervals, other: Intervals) -> list[Interval]:
    """Return what belongs to exactly one of two sets of intervals."""
    ends = sorted({end for interval in (*one, *other) for end in interval})
    pieces: list[Interval] = []
    for low, high in pairwise(ends):
        inside = 0.5 * (low + high) if math.isfinite(high) else 2.0 * low + _LOWEST
        if _holds(one, inside) != _holds(other, inside):
            if pieces and pieces[-1][1] == low:
                pieces[-1] = (pieces[-1][0], high)
            else:
                pieces.append((low, high))
    return pieces


def _holds(intervals: Intervals, value: float) -> bool:
    return any(low < value < high for low, high in intervals)
