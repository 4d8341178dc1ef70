"""Files of events: the format is in the name, and no sample is held in memory."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Protocol

from recast.errors import RecastError
from recast.events.events import Events
from recast.events.sample import Estimate, Sample
from recast.output import check_output, whole_file

__all__ = ["FORMATS", "EventWriter", "check_event_file", "is_les_houches", "writing_events"]

FORMATS = {".h5": "hdf5", ".hdf5": "hdf5", ".lhe": "lhe", ".hepmc": "hepmc", ".hepmc3": "hepmc"}
"""Formats by the end of the name; those of text may have ``.gz`` behind it."""

_PACKED = ".gz"


class EventWriter(Protocol):
    """What takes events one chunk after the other."""

    def add(self, events: Events, estimate: Estimate) -> None:
        """Write events; the estimate is that with these events."""

    def finish(self, estimate: Estimate) -> None:
        """Write what is known in the end."""


def check_event_file(path: str | Path, *, force: bool = False) -> Path:
    """Make sure, before any work, that a file of events can be written.

    Parameters
    ----------
    path : path
        Its name tells the format.
    force : bool
        Whether it may exist already.

    Returns
    -------
    Path
        The same path.

    Raises
    ------
    OutputExistsError, RecastError
        As `recast.output.check_output`, and when the name tells no format.
    """
    path = Path(path)
    _format(path)
    return check_output(path, force=force)


def is_les_houches(path: str | Path) -> bool:
    """Return whether the name of a file is one of Les Houches events."""
    return _format(Path(path))[0] == "lhe"


@contextmanager
def writing_events(path: str | Path, sample: Sample) -> Iterator[EventWriter]:
    """Open a file of events; it appears under its name when it is complete.

    Parameters
    ----------
    path : path
        ``.h5``, ``.lhe``, ``.hepmc`` or ``.hepmc3``; also ``.lhe.gz`` and the like. Replaced when it exists.
    sample : Sample
        What is known before.

    Yields
    ------
    EventWriter
        Its ``finish`` is called last.

    Raises
    ------
    RecastError
        When the name tells no format, or the system refuses to write.
    """
    path = Path(path)
    kind, packed = _format(path)
    with whole_file(path) as temporary:
        writer = _HDF5(temporary, sample) if kind == "hdf5" else _Text(temporary, sample, kind=kind, packed=packed)
        try:
            yield writer
        finally:
            writer.close()


def _format(path: Path) -> tuple[str, bool]:
    """Return the format that a name tells, and whether it is compressed."""
    packed = path.suffix.lower() == _PACKED
    suffix = (path.with_suffix("") if packed else path).suffix.lower()
    kind = FORMATS.get(suffix)
    if kind is None or (packed and kind == "hdf5"):
        msg = (
            f"cannot write {path}: the name tells the format, .h5, .hepmc3 or .lhe (.hepmc3.gz and .lhe.gz when "
            "compressed)"
        )
        raise RecastError(msg)
    return kind, packed


class _HDF5:
    def __init__(self, path: Path, sample: Sample) -> None:
        from recast.events.event_file import EventFile

        self._file = EventFile(path, sample)

    def add(self, events: Events, estimate: Estimate) -> None:
        del estimate
        self._file.add(events)

    def finish(self, estimate: Estimate) -> None:
        self._file.finish(estimate)

    def close(self) -> None:
        self._file.close()


class _Text:
    """Text with a head that is written over in the end."""

    def __init__(self, path: Path, sample: Sample, *, kind: str, packed: bool) -> None:
        self._sample = sample
        self._packed = packed
        self._format = _module(kind)
        self._written = 0
        self._stream = path.open("wb")
        self._head = self._write_head(Estimate())

    def _write_head(self, estimate: Estimate) -> int:
        head = self._format.head(self._sample, estimate)
        # As a part of its own, stored as it is: its length does not depend on the numbers.
        return self._stream.write(gzip.compress(head, 0, mtime=0) if self._packed else head)

    def _write(self, data: bytes) -> None:
        self._stream.write(gzip.compress(data, 1, mtime=0) if self._packed else data)

    def add(self, events: Events, estimate: Estimate) -> None:
        for data in self._format.event_text(events, self._sample, estimate, start=self._written):
            self._write(data)
        self._written += len(events)

    def finish(self, estimate: Estimate) -> None:
        self._write(self._format.foot(self._sample, estimate))
        self._stream.seek(0)
        if self._write_head(estimate) != self._head:
            msg = "the head of a file of events has changed its length"
            raise RuntimeError(msg)
        self._stream.close()

    def close(self) -> None:
        self._stream.close()


def _module(kind: str) -> ModuleType:
    from recast.events import hepmc, lhe

    return {"hepmc": hepmc, "lhe": lhe}[kind]
