"""The HDF5 file of a scan.

All of its parts are laid out before the first point is computed, uncompressed and one behind the other.  From then on
HDF5 is not needed any more: finished chunks are written straight to where their numbers belong, so that a process that
is killed leaves a file that can be read, and a disk that is too small is noticed at the beginning.

    /header              what is known before the first point (JSON)
    /summary             what is known after the last one (JSON)
    /axes/PARAMETER      values of the parameters of a grid
    /combined, ...       outputs, of the scan's shape
    /chunks/checksum     SHA-256 of each chunk; zero as long as it is missing
    /chunks/lowest       smallest values in each chunk and their places
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recast.errors import OutputExistsError, RecastError
from recast.scan.header import Header, Summary

__all__ = [
    "CHECKSUM",
    "SCHEMA",
    "SUFFIXES",
    "Content",
    "Place",
    "create",
    "dtype_of",
    "parse_summary",
    "read",
    "reserve",
    "summary_checksum",
    "writing",
]

SCHEMA = "recast scan, version 3"
SUFFIXES = (".h5", ".hdf5")
CHECKSUM = 32  # bytes of a SHA-256

FloatArray = NDArray[np.float64]

_SUMMARY, _SUMMARY_OF_EACH = 4096, 512  # bytes
_DESCRIPTIONS = {
    "combined": "2 delta ln L of all measurements together, nuisance parameters profiled; regions are relative to the "
    "best fit in /summary",
    "minus_2_delta_ln_l": "2 [nll - nll(prediction equal to the data)] of a measurement alone",
    "prediction": "in the units of the data",
    "profiled": "value of a parameter that was minimised over",
    "points": "value of a parameter",
    "excluded_by": "bit i is set where measurement i of /header excludes the point, the bit behind them where all do "
    "together",
}


@dataclass(frozen=True)
class Place:
    """Where the numbers of an output stand in the file.

    Attributes
    ----------
    offset : int
        In bytes.
    dtype : dtype
    row : tuple of int
        Shape at one point.
    """

    offset: int
    dtype: np.dtype[Any]
    row: tuple[int, ...]

    @property
    def width(self) -> int:
        """Bytes of one point."""
        return int(self.dtype.itemsize * np.prod(self.row, dtype=int))


@dataclass(frozen=True)
class Content:
    """What a file holds, and where."""

    header: Header
    axes: Mapping[str, FloatArray]
    places: Mapping[str, Place]


def create(path: Path, header: Header, axes: Mapping[str, FloatArray]) -> None:
    """Lay out a file without any chunk.

    Parameters
    ----------
    path : Path
        Replaced when it exists.
    header : Header
    axes : dict of str to ndarray
        Values of the parameters of a grid.

    Raises
    ------
    RecastError
        When the system refuses, such as on a disk that is too small.
    """
    import h5py

    from recast.hdf5 import write_attributes

    with writing(path), h5py.File(path, "w", locking=False, libver=("earliest", "v110")) as file:
        told = ("model", "confidence_level", "convention", "combined_convention")
        write_attributes(file, {key: getattr(header, key) for key in told})
        file["header"] = np.bytes_(header.model_dump_json().encode())
        for name, values in axes.items():
            file[f"axes/{name}"] = values
            write_attributes(file[f"axes/{name}"], {"units": "GeV" if name == "mass" else "1"})
        room = _SUMMARY + _SUMMARY_OF_EACH * len(header.tracked)
        _reserve(file, "summary", (), np.dtype(f"S{room}"), fill=True)
        _reserve(file, "chunks/checksum", (header.chunks, CHECKSUM), np.dtype("u1"), fill=True)
        _reserve(file, "chunks/lowest", (header.chunks, len(header.tracked), 2), np.dtype("<f8"), fill=True)
        for name, row in header.outputs.items():
            dtype = dtype_of(name, header)
            dataset = _reserve(file, _key(name), header.shape + row, dtype)
            write_attributes(dataset, {"description": _DESCRIPTIONS[name.partition("/")[0]]})
        # Whoever reads it finds a scan from here on.
        write_attributes(file, {"schema": SCHEMA})
    reserve(path)


def reserve(path: Path) -> None:
    """Take the space that a file says it has from the disk, which it would else take little by little.

    Raises
    ------
    RecastError
        When there is not enough.
    """
    if hasattr(os, "posix_fallocate"):
        with writing(path), path.open("r+b") as raw:
            os.posix_fallocate(raw.fileno(), 0, path.stat().st_size)


def _reserve(file: Any, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], *, fill: bool = False) -> Any:
    """Make a dataset that has its place in the file at once, and its numbers later."""
    import h5py

    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_layout(h5py.h5d.CONTIGUOUS)
    plan.set_obj_track_times(False)  # equal scans are equal files
    plan.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    plan.set_fill_time(h5py.h5d.FILL_TIME_ALLOC if fill else h5py.h5d.FILL_TIME_NEVER)
    links = h5py.h5p.create(h5py.h5p.LINK_CREATE)
    links.set_create_intermediate_group(True)
    kind = h5py.h5t.py_create(dtype, logical=True)
    space = h5py.h5s.create_simple(shape) if shape else h5py.h5s.create(h5py.h5s.SCALAR)
    h5py.h5d.create(file.id, name.encode(), kind, space, dcpl=plan, lcpl=links)
    return file[name]


def dtype_of(name: str, header: Header) -> np.dtype[Any]:
    """Return the type of the numbers of an output.

    Raises
    ------
    RecastError
        When there are too many measurements for the bits of ``excluded_by``.
    """
    if name != "excluded_by":
        return np.dtype("<f8")
    size = next((n for n in (1, 2, 4, 8) if 8 * n > len(header.measurements)), None)
    if size is None:
        msg = f"excluded_by has room for 63 measurements, not {len(header.measurements)}: leave it out"
        raise RecastError(msg)
    return np.dtype(f"<u{size}")


def read(path: Path, *, mend: str = "run 'recast scan' again") -> Content:
    """Read what a file says of itself, without its outputs.

    Parameters
    ----------
    path : Path
    mend : str
        What to do when it cannot be read, for the message.

    Raises
    ------
    RecastError
        When the file is missing, not a scan, or cannot be trusted.
    """
    from pydantic import ValidationError

    from recast.hdf5 import attributes, open_hdf5

    if not path.is_file():
        msg = f"there is no scan file '{path}'"
        raise RecastError(msg)
    with open_hdf5(path, what="scan file", mend=mend, largest=None, error=RecastError) as file:
        if attributes(file).get("schema") != SCHEMA:
            msg = f"'{path}' is not a scan of this version of recast: {mend}"
            raise RecastError(msg)
        try:
            header = Header.model_validate_json(file["header"][()])
        except ValidationError as error:
            msg = f"scan file '{path}' is altered (its header): {mend}"
            raise RecastError(msg) from error
        axes = {name: np.asarray(file[f"axes/{name}"], dtype=float) for name in header.axes}
        places = {}
        for name, row in {
            **header.outputs,
            "summary": (),
            "chunks/checksum": (CHECKSUM,),
            "chunks/lowest": (len(header.tracked), 2),
        }.items():
            data = file[_key(name)]
            first = () if name == "summary" else (header.chunks,) if name.startswith("chunks/") else header.shape
            offset = data.id.get_offset() if data.size else 0
            if data.shape != first + row or offset is None:
                msg = f"its dataset {name} has another shape than its header says"
                raise ValueError(msg)  # told by open_hdf5
            places[name] = Place(offset, data.dtype, row)
    return Content(header, axes, places)


def _key(name: str) -> str:
    """Return the place of an output, whose measurement may have slashes in its name that separate no groups."""
    group, slash, label = name.partition("/")
    return group + slash + label.replace("/", "|")


def summary_checksum(header: Header, checksums: bytes, summary: Summary) -> str:
    """Return what tells whether header, checksums of all chunks and summary are the ones that were written.

    Parameters
    ----------
    header : Header
    checksums : bytes
        Of all chunks, one behind the other.
    summary : Summary
        Its own checksum is left out.
    """
    rest = summary.model_dump_json(exclude={"checksum"})
    return hashlib.sha256(header.model_dump_json().encode() + checksums + rest.encode()).hexdigest()


def parse_summary(text: bytes) -> Summary | None:
    """Return the summary of a scan, or None while there is none."""
    stripped = text.rstrip(b"\0 ")
    return Summary.model_validate_json(stripped) if stripped else None


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say which file the system refused to write.

    Parameters
    ----------
    path : Path
        Of the file.

    Raises
    ------
    OutputExistsError
        When it stands there already.
    RecastError
        When the system refuses.
    """
    try:
        yield
    except FileExistsError as error:
        raise OutputExistsError(f"{path} exists: choose another name, or overwrite it with --force") from error
    except (OSError, RuntimeError) as error:
        # HDF5 tells the number of an error in a text of its own, and raises another class when it closes a file.
        number = re.search(r"errno = (\d+)", str(error))
        if number is None and isinstance(error, RuntimeError):
            raise
        reason = os.strerror(int(number[1])) if number else getattr(error, "strerror", None) or error
        raise RecastError(f"cannot write {path}: {reason}") from error
