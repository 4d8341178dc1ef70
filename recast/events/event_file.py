"""Events as an HDF5 file.

    /momenta/beam, target, neutrino, minus, plus, recoil    (E, px, py, pz) in GeV, shape (n, 4)
    /weight                      fb per nucleus or formula unit, whose mean over the trials is the cross section, or 1
    /vv, /aa, /va                weight = vv gV^2 + aa gA^2 + va gV gA with the couplings at the K2 of the event
    /k2, /q2                     GeV^2
    /scatterer                   index into the attribute ``scatterers``

Doubles are written as they are, without compression: those of random momenta hardly shrink. The sample is described in
the attributes of the file.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from recast.channels import Channel
from recast.errors import RecastError
from recast.events.events import PARTICLES, Events
from recast.events.sample import STRUCTURES, Estimate, Sample

__all__ = ["EventFile", "read_events"]

_SCHEMA = "recast events, version 1"
_COLUMNS = ("weight", *STRUCTURES, "k2", "q2")
_CHUNKS = 512  # of a dataset, or fewer
_SHORTEST, _LONGEST = 2**10, 2**20  # rows of a chunk
_CACHE = 1 << 20  # bytes for each dataset: HDF5 2 would take eight times that
_SLACK = 1 << 20  # bytes, for what HDF5 notes of the chunks

_UNITS = {"k2": "GeV^2", "q2": "GeV^2"}


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold back Ctrl-C while HDF5 works: h5py would lose it in a callback where Python ignores exceptions."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    before = {which: signal.signal(which, lambda n, _: held.append(n)) for which in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)
        for number in held:
            signal.raise_signal(number)


class EventFile:
    """An HDF5 file to which events are added.

    Parameters
    ----------
    path : Path
        Replaced when it exists.
    sample : Sample
    """

    def __init__(self, path: Path, sample: Sample) -> None:
        self._path = path
        self._size = 0
        self._sample = sample
        rows = 1 << max(sample.size // _CHUNKS - 1, 0).bit_length()
        rows = min(max(rows, _SHORTEST), _LONGEST, max(sample.size, 1))
        self._parts = {f"momenta/{name}": (4,) for name in PARTICLES} | dict.fromkeys(_COLUMNS, ())
        self._row = sum(8 * int(np.prod(shape)) for shape in self._parts.values()) + 1
        self._rows = rows
        with _undisturbed():
            self._create()

    def _create(self) -> None:
        import h5py

        from recast.hdf5 import write_attributes

        self._file = h5py.File(self._path, "w", locking=False, libver=("earliest", "v110"), rdcc_nbytes=_CACHE)
        self._data = {}
        weights = "fb" if self._sample.weighted else "1"
        for name, shape in {**self._parts, "scatterer": ()}.items():
            data = self._file.create_dataset(
                name,
                (0, *shape),
                "i1" if name == "scatterer" else "<f8",
                maxshape=(None, *shape),
                chunks=(self._rows, *shape),
            )
            units = "GeV" if shape else "1" if name == "scatterer" else _UNITS.get(name, weights)
            write_attributes(data, {"units": units})
            self._data[name] = data

    def add(self, events: Events, estimate: Estimate) -> None:
        """Write events behind those that are there; the estimate is written in the end.

        Raises
        ------
        OSError
            When the disk is full.
        """
        del estimate
        size = self._size + len(events)
        self._reserve(size)
        columns = dict(zip(self._parts, events.momenta, strict=False))
        columns |= {"weight": events.weight, "k2": events.k2, "q2": events.q2, "scatterer": events.scatterer}
        columns |= dict(zip(STRUCTURES, events.structures, strict=True))
        with _undisturbed():
            for name, values in columns.items():
                self._data[name].resize(size, axis=0)
                self._data[name][self._size :] = values
            self._size = size

    def _reserve(self, size: int) -> None:
        """Take room from the disk before HDF5 needs it: HDF5 would not even close a file that it cannot complete."""
        if hasattr(os, "posix_fallocate"):
            whole = -(-size // self._rows) * self._rows
            with self._path.open("r+b") as raw:
                os.posix_fallocate(raw.fileno(), 0, whole * self._row + _SLACK)

    def finish(self, estimate: Estimate) -> None:
        """Write what is known in the end, and close."""
        from recast.hdf5 import write_attributes

        sample = self._sample
        with _undisturbed():
            write_attributes(
                self._file,
                {
                    "schema": _SCHEMA,
                    "channel": str(sample.channel),
                    "target": sample.target,
                    "scatterers": " ".join(sample.scatterers),
                    "weighted": sample.weighted,
                    "cross_section": estimate.cross_section,
                    "cross_section_error": estimate.error,
                    "cross_section_of_the_spectra": sample.cross_section,
                    "cross_section_units": "fb per nucleus or formula unit",
                    "trials": estimate.trials,
                    "largest_weight": estimate.largest_weight,
                    "particles": " ".join(PARTICLES),
                    "description": "\n".join(sample.lines),
                },
            )
            self._file.flush()
            size = self._file.id.get_filesize()
            self._file.close()
        os.truncate(self._path, size)  # gives back what was reserved and not needed

    def close(self) -> None:
        """Close without having finished."""
        with _undisturbed():
            self._file.close()


def read_events(path: str | Path, *, start: int = 0, stop: int | None = None) -> Events:
    """Read events from an HDF5 file.

    Parameters
    ----------
    path : path
        Written by `recast generate`.
    start, stop : int
        First event and the one behind the last; all by default. An event takes 241 bytes.

    Returns
    -------
    Events
        As they were generated, bit by bit.

    Raises
    ------
    RecastError
        When the file is missing, truncated, altered or something else.
    """
    from recast.hdf5 import attributes, open_hdf5

    path = Path(path)
    mend = "make it again with `recast generate`"
    # Nothing is compressed: more numbers than the file has bytes are not in it.
    largest = path.stat().st_size if path.is_file() else None
    with open_hdf5(path, what="event file", mend=mend, largest=largest, error=RecastError) as file:
        about: dict[str, Any] = attributes(file)
        if about.get("schema") != _SCHEMA:
            msg = f"event file {path} is something else, its schema is not {_SCHEMA!r}: {mend}"
            raise RecastError(msg)
        length = file["weight"].shape[0]
        rows = slice(*slice(start, stop).indices(length))
        n = max(rows.stop - rows.start, 0)
        momenta = np.empty((len(PARTICLES), n, 4))
        for place, name in zip(momenta, PARTICLES, strict=True):
            place[:] = _column(file, f"momenta/{name}", (length, 4), rows)
        columns = {name: _column(file, name, (length,), rows) for name in (*_COLUMNS, "scatterer")}
        scatterers = tuple(about["scatterers"].split())
        hit = columns["scatterer"].astype(np.int8)
        if n and not 0 <= hit.min() <= hit.max() < len(scatterers):
            msg = "scatterer outside its list"
            raise ValueError(msg)
        return Events(
            Channel.parse(about["channel"]),
            str(about["target"]),
            scatterers,
            hit,
            momenta,
            columns["weight"],
            np.stack([columns[name] for name in STRUCTURES]),
            columns["k2"],
            columns["q2"],
        )


def _column(file: Any, name: str, shape: tuple[int, ...], rows: slice) -> Any:
    data = file[name]
    if data.shape != shape:
        msg = f"{name} has the shape {data.shape} instead of {shape}"
        raise ValueError(msg)
    return data[rows]
