"""Where finished chunks are kept: in memory, or in a file that outlives an interruption.

A file is written as ``OUTPUT.partial`` and takes its name when it is complete.  Of a chunk the numbers are written
first and its checksum last: a chunk counts as finished only when its numbers have their checksum, so that whatever
happens to the process, or to the computer, nothing is lost but what was under way.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from recast.errors import RecastError
from recast.scan.evaluation import Values
from recast.scan.file import Content, Place, dtype_of, parse_summary, summary_checksum, writing
from recast.scan.header import Header, Summary
from recast.scan.points import Points

__all__ = ["FileStore", "MemoryStore", "Store", "partial_path"]

FloatArray = NDArray[np.float64]


class Store(Protocol):
    """Where chunks are kept."""

    def missing(self) -> Sequence[int]:
        """Return the chunks that are not there yet, in their order."""
        ...

    def write(self, index: int, values: Values) -> None:
        """Keep a finished chunk."""
        ...

    def lowest(self) -> FloatArray:
        """Return the smallest values of all chunks and their places there, shape (n_chunks, n_tracked, 2)."""
        ...

    def rows(self, name: str, index: int) -> NDArray[Any]:
        """Return an output in a chunk, one row for each point."""
        ...

    def write_rows(self, name: str, index: int, rows: NDArray[Any]) -> None:
        """Change an output in a chunk."""
        ...


class MemoryStore:
    """Arrays in memory."""

    def __init__(self, header: Header, points: Points) -> None:
        size = points.size
        self.points = points
        self.arrays: dict[str, NDArray[Any]] = {
            name: np.empty((size, *row), dtype=dtype_of(name, header))
            for name, row in header.outputs.items()
        }
        self._lowest = np.zeros((header.chunks, len(header.tracked), 2))

    def missing(self) -> Sequence[int]:
        """Return all chunks: nothing is there when a scan begins."""
        return range(self.points.chunks)

    def write(self, index: int, values: Values) -> None:
        """Keep a finished chunk."""
        for name, array in values.arrays.items():
            self.write_rows(name, index, array)
        self._lowest[index] = values.lowest

    def lowest(self) -> FloatArray:
        """Return the smallest values of all chunks."""
        return self._lowest

    def rows(self, name: str, index: int) -> NDArray[Any]:
        """Return an output in a chunk."""
        return self.arrays[name][slice(*self.points.bounds(index))]

    def write_rows(self, name: str, index: int, rows: NDArray[Any]) -> None:
        """Change an output in a chunk."""
        self.arrays[name][slice(*self.points.bounds(index))] = rows


class FileStore:
    """The HDF5 file of a scan while it is written.

    Parameters
    ----------
    file : FileIO
        Unbuffered, open for reading, and for writing where chunks are written.
    path : Path
    content : Content
    points : Points
    """

    def __init__(self, file: FileIO, path: Path, content: Content, points: Points) -> None:
        self.file, self.path = file, path
        self.content, self.points = content, points

    def missing(self) -> Sequence[int]:
        """Return the chunks whose numbers do not have the checksum that was written after them."""
        stored = self._checksums()
        finished = np.flatnonzero(stored.any(axis=1))
        absent = set(range(self.points.chunks)) - set(finished.tolist())
        absent |= {i for i in finished.tolist() if self._checksum(i) != stored[i].tobytes()}
        return sorted(absent)

    def write(self, index: int, values: Values) -> None:
        """Write the numbers of a chunk, then their checksum."""
        digest = hashlib.sha256()
        for name in self._kept:
            rows = np.ascontiguousarray(values.arrays[name], dtype=self.content.places[name].dtype)
            digest.update(_bytes(rows))
            self.write_rows(name, index, rows)
        lowest = np.ascontiguousarray(values.lowest, dtype="<f8")
        digest.update(lowest.tobytes())
        self._put("chunks/lowest", index, lowest)
        self._put("chunks/checksum", index, np.frombuffer(digest.digest(), dtype="u1"))

    @property
    def _kept(self) -> list[str]:
        """Outputs that the checksum of a chunk covers; ``excluded_by`` follows from them at the end."""
        return [name for name in self.content.header.outputs if name != "excluded_by"]

    def lowest(self) -> FloatArray:
        """Return the smallest values of all chunks."""
        return self._get("chunks/lowest", 0, self.points.chunks)

    def rows(self, name: str, index: int) -> NDArray[Any]:
        """Read an output in a chunk."""
        return self._get(name, *self.points.bounds(index))

    def write_rows(self, name: str, index: int, rows: NDArray[Any]) -> None:
        """Change an output in a chunk."""
        place = self.content.places[name]
        self._put(name, self.points.bounds(index)[0], np.ascontiguousarray(rows, dtype=place.dtype))

    def finish(self, summary: Summary) -> None:
        """Write what is known after the last chunk.

        Raises
        ------
        RecastError
            When the summary is longer than what was kept for it.
        """
        complete = summary.model_copy(update={"excluded_by": self._checksum_of_excluded_by()})
        checksum = summary_checksum(self.content.header, self._checksums().tobytes(), complete)
        complete = complete.model_copy(update={"checksum": checksum})
        place = self.content.places["summary"]
        text = complete.model_dump_json().encode()
        if len(text) > place.width:
            msg = f"the summary of {self.path} takes {len(text)} bytes, more than the {place.width} kept for it"
            raise RecastError(msg)
        self._put("summary", 0, np.array(text.ljust(place.width, b"\0"), dtype=place.dtype))

    def summary(self) -> Summary:
        """Return what is known after the last chunk.

        Raises
        ------
        RecastError
            When the scan is not complete.
        """
        place, again = self.content.places["summary"], "run 'recast scan' again"
        try:
            summary = parse_summary(self._read(place.offset, place.width))
        except ValueError as error:
            msg = f"scan file '{self.path}' is altered (its summary): {again}"
            raise RecastError(msg) from error
        if summary is None:
            msg = f"the scan in '{self.path}' is not complete: continue it with --resume"
            raise RecastError(msg)
        return summary

    def check(self) -> Summary:
        """Return the summary of a complete scan whose numbers are the ones that were written.

        Raises
        ------
        RecastError
            When it is not complete, or altered.
        """
        summary, checksums = self.summary(), self._checksums()
        if (
            summary_checksum(self.content.header, checksums.tobytes(), summary) != summary.checksum
            or self._checksum_of_excluded_by() != summary.excluded_by
            or any(self._checksum(i) != checksums[i].tobytes() for i in range(self.points.chunks))
        ):
            msg = f"the data in '{self.path}' do not match their checksum: run 'recast scan' again"
            raise RecastError(msg)
        return summary

    def _checksums(self) -> NDArray[Any]:
        return self._get("chunks/checksum", 0, self.points.chunks)

    def _checksum(self, index: int) -> bytes:
        """Return the SHA-256 of what the file holds of a chunk."""
        digest = hashlib.sha256()
        for name in self._kept:
            digest.update(self.rows(name, index).tobytes())
        digest.update(self._get("chunks/lowest", index, index + 1).tobytes())
        return digest.digest()

    def _checksum_of_excluded_by(self) -> str:
        if "excluded_by" not in self.content.header.outputs:
            return ""
        digest = hashlib.sha256()
        for index in range(self.points.chunks):
            digest.update(self.rows("excluded_by", index).tobytes())
        return digest.hexdigest()

    def _get(self, name: str, start: int, stop: int) -> NDArray[Any]:
        place = self.content.places[name]
        data = self._read(place.offset + start * place.width, (stop - start) * place.width)
        return np.frombuffer(data, dtype=place.dtype).reshape(stop - start, *place.row)

    def _read(self, offset: int, size: int) -> bytes:
        parts = []
        with reading(self.path):
            while size:
                self.file.seek(offset)
                part = self.file.read(size)
                if not part:
                    msg = f"scan file '{self.path}' is truncated: run 'recast scan' again"
                    raise RecastError(msg)
                parts.append(part)
                offset, size = offset + len(part), size - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _put(self, name: str, start: int, rows: NDArray[Any]) -> None:
        place: Place = self.content.places[name]
        data = _bytes(rows)
        offset = place.offset + start * place.width
        with writing(self.path):
            while data:
                self.file.seek(offset)
                written = self.file.write(data)
                data, offset = data[written:], offset + written


def _bytes(rows: NDArray[Any]) -> memoryview:
    """Return the memory of a contiguous array."""
    return memoryview(rows.reshape(-1).view("u1").data)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say which file cannot be read."""
    try:
        yield
    except OSError as error:
        raise RecastError(f"cannot read {path}: {error.strerror or error}") from error


def partial_path(output: Path) -> Path:
    """Return where a scan stands until it is complete: beside the output, or beside what that links to."""
    target = Path(os.path.realpath(output)) if output.is_symlink() else output
    return target.with_name(target.name + ".partial")
