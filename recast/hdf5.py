"""HDF5 files of others: opened for reading once nothing in them reaches outside, runs code or swells in memory.

HDF5 knows links into other files, datasets that are mapped from other files, references, compression by plug-ins that
are loaded on demand, and datasets that are terabytes when read and bytes on disk. What recast writes needs none of
it: groups, datasets of numbers, attributes that are numbers or text. `open_hdf5` walks through all parts of a file
before a reader sees the first number and refuses everything else, so that no reader has to think of it.

Text has a fixed length (`write_attributes`). That of variable length stands in heaps on which the library, 2.0 as well,
loops for ever or takes gigabytes when a byte of them is altered.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.errors import GridError, RecastError

if TYPE_CHECKING:
    import h5py

__all__ = ["LARGEST", "open_hdf5"]

LARGEST = 2**27
"""Bytes that all datasets of a file may have together, by default: twenty times the largest shipped grid."""

_PARTS = 5000  # objects and attributes: walking through them takes half a second
_DEPTH = 8
_TEXT = 2**22  # bytes of all text in attributes
_CHUNKS = 2**14  # reading takes some microseconds for each, whatever its size
_CHUNK = 2**26
# HDF5 unpacks all that a chunk holds, up to 1032 times its size: 130 MB for this one. Larger ones are tried first.
_PACKED = 2**17
_DEFLATE, _SHUFFLE = 1, 2


@contextmanager
def open_hdf5(
    path: str | Path,
    *,
    what: str = "grid",
    mend: str = "make it again",
    largest: int | None = LARGEST,
    error: type[RecastError] = GridError,
) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading once all its parts are harmless.

    Parameters
    ----------
    path : path
        File to be read.
    what, mend : str
        Words for messages: what the file should be, and what to do when it is not.
    largest : int or None
        Bytes that its datasets may have together. None for a reader that reads them piece by piece: then only those
        that are stored whole, without compression, may be larger than `LARGEST`.
    error : type
        Class of the errors below.

    Yields
    ------
    h5py.File
        It has groups, datasets and attributes of numbers, truth values or text of fixed length.

    Raises
    ------
    RecastError
        Of class ``error``: if the file is missing, truncated, altered or no HDF5; if it holds soft or external links,
        an object that is linked twice, virtual datasets, raw data in other files, references, text of variable
        length or other types, other filters than shuffle and deflate; if it is too large, too deep or has too many
        parts. Also when what is done inside the block stumbles over its content.
    """
    import h5py

    path = Path(path)
    if not path.is_file():
        msg = f"{what} {path} does not exist: {mend}"
        raise error(msg)
    try:
        file = h5py.File(path, "r", locking=False)
    except OSError as problem:
        msg = f"{what} {path} is not a readable HDF5 file (truncated, altered or foreign): {mend}"
        raise error(msg) from problem
    try:
        with file:
            status = path.stat()
            _inspect(path, (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns), largest)
            yield file
    except _RefusedError as refused:
        msg = f"{what} {path} is refused, {refused}: {mend}"
        raise error(msg) from refused
    except (OSError, LookupError, RuntimeError, TypeError, ValueError, ArithmeticError, AttributeError) as problem:
        msg = f"{what} {path} is truncated or altered ({_short(problem)}): {mend}"
        raise error(msg) from problem


@lru_cache(maxsize=256)
def _inspect(path: Path, identity: tuple[int, ...], largest: int | None) -> None:
    """Walk through a file that is open, once as long as it does not change: a grid is opened for each scatterer."""
    import h5py

    size = identity[2]
    with h5py.File(path, "r", locking=False) as file:
        _Inspection(size=size, largest=largest).walk(h5py.h5g.open(file.id, b"/"))


def attributes(owner: Any) -> dict[str, Any]:
    """Return the attributes of a file, group or dataset: text as str, everything else as h5py has it."""
    return {key: value.decode() if isinstance(value, bytes) else value for key, value in owner.attrs.items()}


def write_attributes(owner: Any, values: Mapping[str, Any]) -> None:
    """Write attributes so that `open_hdf5` reads them: text has a fixed length, in UTF-8."""
    import h5py

    for key, value in values.items():
        if isinstance(value, str):
            data = value.encode()
            owner.attrs.create(key, data, dtype=h5py.string_dtype("utf-8", max(len(data), 1)))
        else:
            owner.attrs[key] = value


class _RefusedError(Exception):
    """Something in a file that is not read; the message goes on a sentence."""


@dataclass
class _Inspection:
    """A walk through a file.

    Attributes
    ----------
    size : int
        Bytes of the file.
    largest : int or None
        See `open_hdf5`.
    """

    size: int
    largest: int | None
    parts: int = 0
    text: int = 0
    chunks: int = 0
    bytes_: int = 0
    seen: set[Any] = field(default_factory=set)

    def walk(self, group: Any, place: str = "/", depth: int = 0) -> None:
        """Look at a group and all that is below it, without following a link before it is known to be a hard one."""
        import h5py

        self._attributes(group)
        self._count(len(group))
        if depth > _DEPTH:
            raise _RefusedError(f"its groups are nested more than {_DEPTH} deep")
        for name in group:
            # Text that can be printed, whatever the name is.
            here = f"{place}{ascii(name.decode(errors='replace'))[1:-1]}"[:100]
            link = group.links.get_info(name).type
            if link != h5py.h5l.TYPE_HARD:
                kind = {h5py.h5l.TYPE_SOFT: "a soft", h5py.h5l.TYPE_EXTERNAL: "an external"}.get(link, "a strange")
                raise _RefusedError(f"it holds {kind} link, {here}")
            part = h5py.h5o.open(group, name)
            if part in self.seen:
                # Also how a group that holds itself ends.
                raise _RefusedError(f"one of its parts has two names, {here}")
            self.seen.add(part)
            if isinstance(part, h5py.h5g.GroupID):
                self.walk(part, f"{here}/", depth + 1)
            elif isinstance(part, h5py.h5d.DatasetID):
                self._attributes(part)
                self._dataset(part, here)
            else:
                raise _RefusedError(f"it holds a data type of its own, {here}")

    def _count(self, more: int) -> None:
        self.parts += more
        if self.parts > _PARTS:
            raise _RefusedError(f"it has more than {_PARTS} parts")

    def _attributes(self, owner: Any) -> None:
        import h5py

        number = h5py.h5a.get_num_attrs(owner)
        self._count(number)
        for index in range(number):
            attribute = h5py.h5a.open(owner, index=index)
            place = f"attribute {ascii(attribute.name.decode(errors='replace'))[1:-1][:100]}"
            self.text += math.prod(attribute.shape) * _item_size(attribute.get_type(), place)
            if self.text > _TEXT:
                raise _RefusedError(f"its attributes hold more than {_TEXT >> 20} MB")

    def _dataset(self, data: Any, place: str) -> None:
        import h5py

        size = math.prod(data.shape) * _item_size(data.get_type(), place)
        plan = data.get_create_plist()
        layout = plan.get_layout()
        if plan.get_external_count():
            raise _RefusedError(f"its numbers stand in other files, {place}")
        if layout == h5py.h5d.CHUNKED:
            self._chunked(data, plan, place)
        elif layout not in {h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT}:
            raise _RefusedError(f"it holds a virtual dataset, {place}")
        elif size > self.size:
            raise _RefusedError(f"a dataset claims {size} bytes in a file of {self.size}, {place}")
        elif self.largest is None:
            return
        self.bytes_ += size
        limit = LARGEST if self.largest is None else self.largest
        if self.bytes_ > limit:
            raise _RefusedError(f"its numbers take more than {limit >> 20} MB in memory")

    def _chunked(self, data: Any, plan: Any, place: str) -> None:
        """Refuse chunks that are many, large, or larger once they are unpacked."""
        filters = [plan.get_filter(index)[0] for index in range(plan.get_nfilters())]
        if filters not in ([], [_DEFLATE], [_SHUFFLE], [_SHUFFLE, _DEFLATE]):
            raise _RefusedError(f"a dataset is packed by other means than shuffle and deflate, {place}")
        shape = plan.get_chunk()
        self.chunks += math.prod(-(-n // max(chunk, 1)) for n, chunk in zip(data.shape, shape, strict=True))
        if self.chunks > _CHUNKS:
            raise _RefusedError(f"its datasets are in more than {_CHUNKS} chunks")
        size = math.prod(shape) * data.get_type().get_size()
        stored: list[Any] = []
        data.chunk_iter(stored.append)
        if max([size, *(chunk.size for chunk in stored)]) > _CHUNK:
            raise _RefusedError(f"a dataset has chunks of more than {_CHUNK >> 20} MB, {place}")
        if _DEFLATE in filters:
            for chunk in stored:
                if chunk.size > _PACKED and not _unpacks_to(data.read_direct_chunk(chunk.chunk_offset)[1], size):
                    raise _RefusedError(f"a chunk unpacks to another size than it claims, {place}")


def _unpacks_to(packed: bytes, size: int) -> bool:
    """Return whether deflated data are as long as they should be, without unpacking more."""
    import zlib

    stream = zlib.decompressobj()
    try:
        return len(stream.decompress(packed, size + 1)) == size and stream.eof
    except zlib.error:
        return False


def _item_size(kind: Any, place: str) -> int:
    """Return the bytes of one value, once its type is one that recast writes."""
    import h5py

    group, size = kind.get_class(), int(kind.get_size())
    if group == h5py.h5t.STRING and kind.is_variable_str():
        raise _RefusedError(f"it holds text of variable length, {place}")
    truth = group == h5py.h5t.ENUM and kind.dtype.kind == "b"
    number = group in {h5py.h5t.INTEGER, h5py.h5t.FLOAT} and size <= 16
    if not (truth or number or group == h5py.h5t.STRING):
        raise _RefusedError(f"it holds something else than numbers and text, {place}")
    return size


def _short(problem: Exception) -> str:
    return " ".join(str(problem).split())[:200] or type(problem).__name__
