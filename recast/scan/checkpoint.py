"""A scan's output while it is written: one process at a time, and nothing that was finished is computed again."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from io import FileIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recast.errors import OutputExistsError, RecastError
from recast.output import check_output
from recast.scan.file import SUFFIXES, Content, create, read, reserve, writing
from recast.scan.header import Header
from recast.scan.inputs import check_inputs
from recast.scan.points import Points
from recast.scan.store import FileStore, partial_path

__all__ = ["check_writable", "opened"]

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_SIGNATURE = b"\x89HDF\r\n\x1a\n"


def check_writable(output: Path, *, resume: bool, overwrite: bool) -> None:
    """Make sure, before any work, that a scan can be written, or continued.

    Parameters
    ----------
    output : Path
    resume, overwrite : bool
        What may be done with what stands there.

    Raises
    ------
    OutputExistsError
        When the output, or a part of it, exists and may neither be continued nor overwritten.
    RecastError
        When the output cannot be written.
    """
    if resume and overwrite:
        msg = "continue what stands there (--resume) or overwrite it (--force), not both"
        raise RecastError(msg)
    check_output(output, force=resume or overwrite, suffixes=SUFFIXES)
    partial = partial_path(output)
    check_output(partial, force=True)
    if partial.is_symlink():
        # Nobody named it: a file that came with others must not decide what is written.
        raise RecastError(f"cannot write {partial}: it is a link; remove it")
    if partial.exists() and not (resume or overwrite):
        msg = f"{partial} holds a part of this scan: continue it with --resume, or begin anew with --force"
        raise OutputExistsError(msg)


@contextmanager
def opened(
    output: Path,
    header: Header,
    axes: Mapping[str, NDArray[np.float64]],
    points: Points,
    *,
    resume: bool,
    overwrite: bool,
) -> Iterator[FileStore]:
    """Open the output of a scan; when the block ends well, it has its name.

    Parameters
    ----------
    output : Path
    header : Header
    axes : dict of str to ndarray
        Values of the parameters of a grid.
    points : Points
    resume : bool
        Continue what stands there, or begin where nothing does.
    overwrite : bool
        Begin anew, whatever stands there.

    Raises
    ------
    OutputExistsError
        When the output, or a part of it, exists and may neither be continued nor overwritten.
    RecastError
        When another process writes the same output, something that the results depend on has changed since a scan was
        interrupted, or the file cannot be written.
    """
    check_writable(output, resume=resume, overwrite=overwrite)
    partial = partial_path(output)
    with _locked(partial) as file:
        # Only now is it certain that nobody else is about to write it.
        if output.exists() and not (resume or overwrite):
            raise OutputExistsError(f"{output} exists: choose another name, or overwrite it with --force")
        content = _continued(partial, header) if resume else None
        with ExitStack() as held:
            if content is None:
                with writing(partial):
                    file.truncate(0)  # what stood there may take the space that is needed
                file = held.enter_context(_laid_out(partial, header, axes))
                content = read(partial)
            else:
                reserve(partial)
            yield FileStore(file, partial, content, points)
            with writing(output):
                os.fsync(file.fileno())  # under its final name it is complete even after a power cut
                partial.replace(partial.with_suffix(""))


@contextmanager
def _laid_out(partial: Path, header: Header, axes: Mapping[str, NDArray[np.float64]]) -> Iterator[FileIO]:
    """Put a file without any chunk, which is locked as well, in the place of an empty one.

    The part of a scan is thus either empty or whole, and one that cannot be read was damaged.
    """
    new = partial.with_name(partial.name + ".new")
    try:
        with writing(new):
            new.unlink(missing_ok=True)  # where a link stands there, what it points to stays
        create(new, header, axes)
        with writing(partial):
            file = FileIO(new, "r+")
            _lock(file)
            new.replace(partial)
    finally:
        new.unlink(missing_ok=True)
    with file:
        yield file


def _continued(partial: Path, header: Header) -> Content | None:
    """Return what was begun; None when nothing was, or the process was killed before the first point."""
    if not partial.stat().st_size:
        return None
    with partial.open("rb") as start:
        if start.read(len(_SIGNATURE)) != _SIGNATURE:
            msg = f"{partial} is no part of a scan: move it away, or overwrite it with --force"
            raise RecastError(msg)
    content = read(partial, mend="begin anew with --force")
    check_same(content.header, header, partial)
    return content


def check_same(then: Header, now: Header, path: Path) -> None:
    """Make sure that a file was begun with the same inputs.

    Raises
    ------
    RecastError
        Naming what has changed.
    """
    check_inputs(then.inputs, now.inputs, where=f"continuing {path}")
    if then != now:
        names = [name for name in Header.model_fields if getattr(then, name) != getattr(now, name)]
        msg = f"continuing {path} would not compute the same: it differs in {', '.join(names)}; begin anew with --force"
        raise RecastError(msg)


@contextmanager
def _locked(path: Path) -> Iterator[FileIO]:
    """Open a file that only one process has at a time; the system lets go of it however the process ends."""
    while True:
        with writing(path):
            file = FileIO(os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINK, 0o666), "r+", closefd=True)
        with file:
            if not _lock(file):
                msg = f"another process is writing {path}: wait for it, or choose another output"
                raise RecastError(msg)
            # Between opening and locking, the file may have got its final name and another one its place.
            if not path.exists() or not os.path.samestat(os.fstat(file.fileno()), path.stat()):
                continue
            try:
                yield file
            finally:
                if path.exists() and not path.stat().st_size:
                    path.unlink()
            return


def _lock(file: FileIO) -> bool:
    """Take a file; return whether nobody else has it."""
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
