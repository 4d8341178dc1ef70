"""The points of a scan, cut into chunks.

A chunk is a contiguous range of the points in their order.  How points are cut depends on the scan file alone, so that
results do not depend on who computes which chunk.  Chunks of a grid keep the grid's shape: every parameter stands on an
axis of its own, and what depends on one parameter is computed once for each of its values.
"""

from __future__ import annotations

import csv
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recast.errors import DocumentError, RecastError
from recast.scan.spec import Axis, LatinHypercube, PointFile, ScanSpec, Sobol

__all__ = ["Points", "points_of"]

FloatArray = NDArray[np.float64]
Chunk = Mapping[str, FloatArray]

# Numbers of all points that are held in memory: 400 MB.
_MOST_NUMBERS = 50_000_000
_LONGEST_LINE = 1 << 16


class Points(ABC):
    """Values of the parameters at every point.

    Parameters
    ----------
    order : tuple of str
        Names of the parameters, in the order of the model.
    fixed : dict of str to float
        Parameters that are the same at every point.
    chunk_size : int
        Points that a chunk has at most.
    """

    def __init__(self, order: tuple[str, ...], fixed: Mapping[str, float], chunk_size: int) -> None:
        self.order = order
        self.fixed = dict(fixed)
        self.chunk_size = chunk_size

    axes: Mapping[str, FloatArray] = {}
    """Values of the parameters of a grid; empty for points that stand on none."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Of the results: one axis for each parameter of a grid, else the number of points."""

    @property
    def size(self) -> int:
        """Number of points."""
        return math.prod(self.shape)

    @property
    @abstractmethod
    def varied(self) -> tuple[str, ...]:
        """Parameters that differ from point to point."""

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return math.ceil(self.size / self.chunk_size)

    def bounds(self, index: int) -> tuple[int, int]:
        """Return the first point of a chunk and the one behind its last."""
        start = index * self.chunk_size
        return start, min(start + self.chunk_size, self.size)

    @abstractmethod
    def chunk(self, index: int) -> Chunk:
        """Return the values of the parameters in a chunk; they broadcast to its points, in their order."""


class GridPoints(Points):
    """All combinations of the values of the parameters, the last parameter running fastest."""

    def __init__(self, axes: Mapping[str, FloatArray], chunk_size: int) -> None:
        super().__init__(tuple(axes), {n: float(v[0]) for n, v in axes.items() if v.size == 1}, chunk_size)
        self.axes = dict(axes)
        sizes = self.shape
        # A chunk is a range of one axis, with one value of those before it and all values of those behind.
        self._cut = next(k for k in range(len(sizes)) if math.prod(sizes[k + 1 :]) <= chunk_size)
        self._behind = math.prod(sizes[self._cut + 1 :])
        self._rows = min(sizes[self._cut], max(1, chunk_size // self._behind))
        self._pieces = math.ceil(sizes[self._cut] / self._rows)

    @property
    def shape(self) -> tuple[int, ...]:
        """Numbers of values."""
        return tuple(values.size for values in self.axes.values())

    @property
    def varied(self) -> tuple[str, ...]:
        """Parameters with more than one value."""
        return tuple(name for name, values in self.axes.items() if values.size > 1)

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return math.prod(self.shape[: self._cut]) * self._pieces

    def _rows_of(self, index: int) -> tuple[int, int, int]:
        """Return the combination of the axes before the cut one, and the range of the latter."""
        before, piece = divmod(index, self._pieces)
        first = piece * self._rows
        return before, first, min(first + self._rows, self.shape[self._cut])

    def bounds(self, index: int) -> tuple[int, int]:
        """Return the first point of a chunk and the one behind its last."""
        before, first, last = self._rows_of(index)
        offset = before * self.shape[self._cut]
        return (offset + first) * self._behind, (offset + last) * self._behind

    def chunk(self, index: int) -> Chunk:
        """Return the values on their axes."""
        before, first, last = self._rows_of(index)
        leading = np.unravel_index(before, self.shape[: self._cut]) if self._cut else ()
        n = len(self.axes)
        result = {}
        for k, (name, values) in enumerate(self.axes.items()):
            part = values[first:last] if k == self._cut else values
            if k < self._cut:
                part = values[leading[k]][None]
            result[name] = part.reshape((1,) * k + (-1,) + (1,) * (n - 1 - k))
        return result


class ListedPoints(Points):
    """Points one by one."""

    @property
    @abstractmethod
    def table(self) -> FloatArray:
        """Values of the varied parameters, shape (n_points, n_varied)."""

    def rows(self, start: int, stop: int) -> FloatArray:
        """Return the values of the varied parameters of a range of points."""
        return self.table[start:stop]

    def chunk(self, index: int) -> Chunk:
        """Return arrays of shape (n,), and of shape (1,) for what is fixed."""
        rows = self.rows(*self.bounds(index))
        columns = {name: np.ascontiguousarray(rows[:, k]) for k, name in enumerate(self.varied)}
        return {n: columns[n] if n in columns else np.array([self.fixed[n]]) for n in self.order}


class SampledPoints(ListedPoints):
    """Points that fill the ranges of the parameters."""

    def __init__(self, ranges: Mapping[str, Axis], points: int, seed: int, **common: Any) -> None:
        super().__init__(**common)
        self.ranges = {name: ranges[name] for name in self.order if name in ranges}
        self.points = points
        self.seed = seed

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of points."""
        return (self.points,)

    @property
    def varied(self) -> tuple[str, ...]:
        """Parameters with a range."""
        return tuple(self.ranges)

    def _scaled(self, fractions: FloatArray) -> FloatArray:
        return np.stack([axis.at(fractions[:, k]) for k, axis in enumerate(self.ranges.values())], axis=1)


class SobolPoints(SampledPoints):
    """A scrambled Sobol' sequence, continued from chunk to chunk (A. B. Owen, J. Complexity 14 (1998) 466)."""

    _engine: Any = None
    _next = -1

    @property
    def table(self) -> FloatArray:
        """All points."""
        return self.rows(0, self.points)

    def rows(self, start: int, stop: int) -> FloatArray:
        """Continue the sequence where it stands, or from its beginning."""
        import warnings

        from scipy.stats import qmc

        if self._engine is None or start < self._next:
            # SciPy draws the scrambling from the seed: the sequence is the same each time.
            self._engine, self._next = qmc.Sobol(len(self.ranges), scramble=True, rng=self.seed), 0
        if start > self._next:
            self._engine.fast_forward(start - self._next)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The balance properties of Sobol", category=UserWarning)
            fractions = self._engine.random(stop - start)
        self._next = stop
        return self._scaled(fractions)


class LatinHypercubePoints(SampledPoints):
    """A Latin hypercube; its points know of each other, so that all are kept in memory."""

    @cached_property
    def table(self) -> FloatArray:
        """All points."""
        from scipy.stats import qmc

        _check_memory(self.points * len(self.ranges), "a Latin hypercube", "choose a Sobol' sequence, which needs none")
        return self._scaled(qmc.LatinHypercube(len(self.ranges), rng=self.seed).random(self.points))


class FilePoints(ListedPoints):
    """Points of a CSV file."""

    def __init__(self, path: Path, known: tuple[str, ...], fixed: Mapping[str, float], chunk_size: int) -> None:
        self.names, self._table = _read_points(path, known)
        for name in self.names:
            if name in fixed:
                msg = f"the parameter {name} is a column of the points and fixed in the scan file: take one away"
                raise DocumentError(msg, file=path, line=1, key=name)
        order = tuple(name for name in known if name in self.names or name in fixed)
        super().__init__(order, fixed, chunk_size)

    @property
    def shape(self) -> tuple[int, ...]:
        """The number of points."""
        return (len(self._table),)

    @property
    def varied(self) -> tuple[str, ...]:
        """Columns of the file."""
        return self.names

    @property
    def table(self) -> FloatArray:
        """The file's numbers."""
        return self._table


def points_of(spec: ScanSpec, known: tuple[str, ...], chunk_size: int) -> Points:
    """Return the points of a scan.

    Parameters
    ----------
    spec : ScanSpec
    known : tuple of str
        All parameters of the model, in their order.
    chunk_size : int
        Points that a chunk has at most.

    Raises
    ------
    DocumentError
        When a file of points cannot be read.
    RecastError
        When the points do not fit into memory.
    """
    sampling = spec.sampling
    fixed = {name: spec.fixed[name] for name in known if name in spec.fixed}
    if isinstance(sampling, PointFile):
        return FilePoints(spec.folder / sampling.file, known, fixed, chunk_size)
    if isinstance(sampling, Sobol | LatinHypercube):
        order = tuple(name for name in known if name in fixed or name in spec.scanned)
        kind = SobolPoints if isinstance(sampling, Sobol) else LatinHypercubePoints
        return kind(
            spec.scanned, sampling.points, sampling.seed, order=order, fixed=fixed, chunk_size=chunk_size
        )
    axes = spec.axes()
    if not axes:
        msg = "every parameter is profiled, so that there is nothing to scan: fit the model (recast fit)"
        raise RecastError(msg)
    return GridPoints({name: axes[name] for name in known if name in axes}, chunk_size)


def _check_memory(numbers: int, what: str, mend: str) -> None:
    if numbers > _MOST_NUMBERS:
        msg = f"{what} of {numbers} numbers does not fit into memory (at most {_MOST_NUMBERS}): {mend}"
        raise RecastError(msg)


def _read_points(path: Path, known: tuple[str, ...]) -> tuple[tuple[str, ...], FloatArray]:
    """Read names and values, or say in which line they are wrong."""
    from recast.errors import unknown

    if not path.is_file():
        raise DocumentError("there is no such file of points", file=path)
    try:
        # Spreadsheets begin UTF-8 with a byte order mark.
        with path.open(encoding="utf-8-sig", newline="") as file:
            header = next(csv.reader([file.readline(_LONGEST_LINE)]), [])
            names = tuple(name.strip() for name in header)
            for name in names:
                if name not in known:
                    raise DocumentError(str(unknown("parameter", name, known)), file=path, line=1)
            if len(set(names)) < len(names) or not names:
                msg = "the first line must name each column once, by a parameter of the model"
                raise DocumentError(msg, file=path, line=1)
            _check_memory(path.stat().st_size // 4, f"the file of points {path}", "cut it into several")
            table = np.fromiter(_numbers(csv.reader(file), path, names), dtype=(float, len(names)))
    except OSError as error:
        raise DocumentError(f"the points cannot be read: {error.strerror or error}", file=path) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DocumentError(f"this is not a table of numbers: {error}", file=path) from error
    if not table.size:
        raise DocumentError("there are no points below the first line", file=path)
    return names, table.reshape(-1, len(names))


def _numbers(rows: Iterator[list[str]], path: Path, names: tuple[str, ...]) -> Iterator[tuple[float, ...]]:
    for line, row in enumerate(rows, start=2):
        if not row:
            continue
        if len(row) != len(names):
            raise DocumentError(f"{len(row)} numbers under {len(names)} names", file=path, line=line)
        try:
            numbers = tuple(float(cell) for cell in row)
        except ValueError as error:
            raise DocumentError(f"this is no row of numbers: {error}", file=path, line=line) from error
        if not all(map(math.isfinite, numbers)):
            raise DocumentError("a number is not finite", file=path, line=line)
        yield numbers
