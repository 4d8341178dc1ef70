"""Files of events: the format is in the name, and no sample is held in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from recast.errors import RecastError
from recast.events.events import Events
from recast.events.sample import Estimate, Sample
from recast.output import check_output, whole_file

__all__ = ["EventWriter", "check_event_file", "writing_events"]


class EventWriter(Protocol):
    """What takes events one chunk after the other."""

    def add(self, events: Events, estimate: Estimate) -> None:
        """Write events; the estimate is that with these events."""

    def finish(self, estimate: Estimate) -> None:
        """Write what is known in the end, and close."""

    def close(self) -> None:
        """Close, also without having finished."""


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
        As `recast.output.check_output`, when the name tells no format, and when the library of the format is missing.
    """
    path = Path(path)
    _writer(path)
    return check_output(path, force=force)


@contextmanager
def writing_events(path: str | Path, sample: Sample) -> Iterator[EventWriter]:
    """Open a file of events; it appears under its name when it is complete.

    Parameters
    ----------
    path : path
        ``.h5``, ``.hdf5``, ``.hepmc3``, ``.hepmc`` or ``.lhe``. Replaced when it exists.
    sample : Sample
        What is known before.

    Yields
    ------
    EventWriter
        Its ``finish`` is called last.

    Raises
    ------
    RecastError
        When the name tells no format, its library is missing, or the system refuses to write.
    """
    path = Path(path)
    make = _writer(path)
    with whole_file(path) as temporary:
        writer = make(temporary, sample)
        try:
            yield writer
        finally:
            writer.close()


def _writer(path: Path) -> Callable[[Path, Sample], EventWriter]:
    """Return what writes the format that a name tells."""
    try:
        match path.suffix.lower():
            case ".h5" | ".hdf5":
                from recast.events.event_file import EventFile

                return EventFile
            case ".hepmc3" | ".hepmc":
                from recast.events.hepmc import HepMCFile

                return HepMCFile
            case ".lhe":
                from recast.events.lhe import LesHouchesFile

                return LesHouchesFile
    except ModuleNotFoundError as error:
        msg = f"cannot write {path}: {error.name} is not installed: pip install 'recast-bsm[events]'"
        raise RecastError(msg) from error
    raise RecastError(f"cannot write {path}: the name tells the format, .h5, .hepmc3 or .lhe")
