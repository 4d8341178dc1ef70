"""Results on their way into files and back."""

from __future__ import annotations

from collections.abc import Mapping
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recast.errors import RecastError
from recast.output import check_output, whole_file
from recast.scan.evaluation import Values
from recast.scan.file import SUFFIXES, Content, create, read
from recast.scan.header import Header, Summary
from recast.scan.points import GridPoints, Points
from recast.scan.result import ScanResult
from recast.scan.store import FileStore, reading

__all__ = ["load", "save"]


class _Bounds(Points):
    """How points were cut, for points whose values stand in the file."""

    def __init__(self, header: Header) -> None:
        super().__init__((), header.fixed, header.chunk_size)
        self._shape = header.shape

    @property
    def shape(self) -> tuple[int, ...]:
        return self._shape

    @property
    def varied(self) -> tuple[str, ...]:
        return ()

    def chunk(self, index: int) -> Mapping[str, NDArray[np.float64]]:
        raise NotImplementedError


def _points(header: Header, axes: Mapping[str, NDArray[np.float64]]) -> Points:
    points: Points = GridPoints(axes, header.chunk_size) if axes else _Bounds(header)
    if points.shape != header.shape or points.chunks != header.chunks:
        msg = "its axes do not fit its shape"
        raise RecastError(msg)
    return points


def load(path: Path, *, check: bool = True, in_memory: int = 1 << 28) -> ScanResult:
    """Read a result.

    Parameters
    ----------
    path : Path
    check : bool
        Compare all numbers with their checksums.
    in_memory : int
        Bytes up to which the arrays are read at once; those of larger files are mapped into memory.

    Raises
    ------
    RecastError
        When the file is missing, truncated, altered, not complete or not the result of a scan.
    """
    content = read(path)
    with reading(path), FileIO(path) as file:
        store = FileStore(file, path, content, _points(content.header, content.axes))
        summary = store.check() if check else store.summary()
    size = path.stat().st_size
    arrays = {name: _array(path, content, name, mapped=size > in_memory) for name in content.header.outputs}
    return ScanResult(content.header, content.axes, arrays, summary.best_fit)


def _array(path: Path, content: Content, name: str, *, mapped: bool) -> NDArray[Any]:
    place = content.places[name]
    shape = content.header.shape + place.row
    if mapped:
        return np.memmap(path, dtype=place.dtype, mode="r", offset=place.offset, shape=shape)
    with reading(path):
        return np.fromfile(path, dtype=place.dtype, count=int(np.prod(shape)), offset=place.offset).reshape(shape)


def save(result: ScanResult, path: Path, *, overwrite: bool) -> Path:
    """Write a result; a reader never sees half a file.

    Parameters
    ----------
    result : ScanResult
    path : Path
    overwrite : bool
        Whether a file that stands there is replaced.

    Raises
    ------
    OutputExistsError
        When a file stands there and must not be replaced.
    """
    check_output(path, force=overwrite, suffixes=SUFFIXES)
    header = result.header
    points = _points(header, result.axes)
    rows = {n: a.reshape(-1, *header.outputs[n]) for n, a in result.arrays.items()}
    with whole_file(path) as temporary:
        create(temporary, header, result.axes)
        with FileIO(temporary, "r+") as file:
            store = FileStore(file, temporary, read(temporary), points)
            for index in range(points.chunks):
                part = slice(*points.bounds(index))
                chunk = {name: array[part] for name, array in rows.items()}
                store.write(index, Values(chunk, np.zeros((len(header.tracked), 2))))
                if "excluded_by" in chunk:
                    store.write_rows("excluded_by", index, chunk["excluded_by"])
            store.finish(Summary(best_fit=dict(result.best_fits)))
    return path
