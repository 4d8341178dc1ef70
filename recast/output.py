"""Output files: whether one can be written is said before the work starts; then it is written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from recast.errors import OutputExistsError, RecastError

__all__ = ["check_output", "whole_file"]


def check_output(path: str | Path, *, force: bool = False, suffixes: Sequence[str] = ()) -> Path:
    """Make sure, before any work, that a file can be written.

    Parameters
    ----------
    path
        File to be written later.
    force
        Whether it may exist already.
    suffixes
        Those that the name may have; any when empty.

    Returns
    -------
    Path
        The same path.

    Raises
    ------
    OutputExistsError
        When the file exists and ``force`` is not set.
    RecastError
        When it is a folder or a device, has another suffix, or its folder is missing or cannot be written to.
    """
    path = Path(path)
    if path.is_dir():
        raise RecastError(f"cannot write {path}: it is a folder; give the name of a file")
    if suffixes and path.suffix.lower() not in suffixes:
        raise RecastError(f"cannot write {path}: the name must end in {' or '.join(suffixes)}")
    if path.exists() and not path.is_file():
        # A file is written beside it and put in its place: a device or a pipe would be gone.
        raise RecastError(f"cannot write {path}: it is not a regular file; give the name of a file")
    if path.exists() and not force:
        raise OutputExistsError(f"{path} exists: choose another name, or overwrite it with --force")
    folder = path.parent
    if not folder.is_dir():
        raise RecastError(f"cannot write {path}: the folder {folder} does not exist; create it first")
    try:
        # Asking the file system is the only sure way: permission bits say nothing about a read-only mount.
        with tempfile.TemporaryFile(dir=folder):
            pass
        if path.exists():
            with path.open("r+b"):
                pass
    except OSError as error:
        raise RecastError(f"cannot write {path}: {error.strerror or error}") from error
    return path


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside a file; what was written there replaces the file when the block ends well.

    Parameters
    ----------
    path
        File to be written; it is never seen half written.

    Yields
    ------
    Path
        Where to write instead, with the same suffix.

    Raises
    ------
    RecastError
        When the system refuses to write.
    """
    path = Path(os.path.realpath(path))  # what a link points to is written, not the link
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            # mkstemp makes private files; the result gets the permissions of any new file.
            mask = os.umask(0)
            os.umask(mask)
            temporary.chmod(0o666 & ~mask)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise RecastError(f"cannot write {path}: {error.strerror or error}") from error
