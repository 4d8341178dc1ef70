"""Output files: whether one can be written is said before the work starts."""

from __future__ import annotations

import tempfile
from pathlib import Path

from recast.errors import OutputExistsError, RecastError

__all__ = ["check_output"]


def check_output(path: str | Path, *, force: bool = False) -> Path:
    """Make sure, before any work, that a file can be written.

    Parameters
    ----------
    path
        File to be written later.
    force
        Whether it may exist already.

    Returns
    -------
    Path
        The same path.

    Raises
    ------
    OutputExistsError
        When the file exists and ``force`` is not set.
    RecastError
        When it is a folder, or its folder is missing or cannot be written to.
    """
    path = Path(path)
    if path.is_dir():
        raise RecastError(f"cannot write {path}: it is a folder; give the name of a file")
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
