"""Text files of others, read up to a limit: YAML, CSV and JSON all come through here."""

from __future__ import annotations

from importlib.resources.abc import Traversable
from pathlib import Path

from recast.errors import DocumentError

__all__ = ["LARGEST_TEXT", "LONGEST_NOTE", "read_text"]

LARGEST_TEXT = 2**20
"""Bytes that a text file may have by default: ten times the largest that is shipped."""

LONGEST_NOTE = 20_000
"""Characters after which a commented ``key: value`` of a table is not continued on another line."""


def read_text(path: Path | Traversable, *, what: str = "file", largest: int = LARGEST_TEXT) -> str:
    """Read a text file in UTF-8, with or without a byte order mark.

    Parameters
    ----------
    path : path
        Regular file: a device or a pipe may have no end.
    what : str
        Word for messages.
    largest : int
        Bytes that it may have.

    Raises
    ------
    DocumentError
        When it is missing, a folder, no regular file, too large or not text in UTF-8, or when the system refuses.
    """
    file = str(path)
    try:
        if path.is_dir():
            raise DocumentError("this is a folder, not a file", file=file)
        if not path.is_file() and isinstance(path, Path) and path.exists():
            raise DocumentError("this is not a regular file", file=file)
        with path.open("rb") as stream:
            data = stream.read(largest + 1)
    except FileNotFoundError as error:
        raise DocumentError(f"there is no such {what}", file=file) from error
    except (OSError, ValueError) as error:  # the latter for a name with a zero in it
        reason = getattr(error, "strerror", None) or error
        raise DocumentError(f"the file cannot be read: {reason}", file=file) from error
    if len(data) > largest:
        raise DocumentError(f"a {what} may have {largest:,} bytes, this one has more", file=file)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DocumentError("this is not a text file in UTF-8", file=file) from error
