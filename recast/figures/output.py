"""Where a figure is written: checked before any work, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from recast.errors import RecastError
from recast.output import check_output, whole_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from recast.exports import Origin

__all__ = ["FORMATS", "output_paths", "write"]

FORMATS = (".png", ".pdf", ".svg")

# Where each format has room for a text about what is in it.
_DESCRIPTION = {"png": "Description", "pdf": "Subject", "svg": "Description"}


def output_paths(output: str | Path, name: str, *, force: bool = False) -> list[Path]:
    """Return the files that a figure is to be written to, having checked that they can be.

    Parameters
    ----------
    output : str or Path
        A file, whose suffix picks the format, or a directory, which gets one file of each format and is
        made if it does not exist.
    name : str
        Stem of the files in a directory.
    force : bool
        Allow files that exist to be replaced.

    Raises
    ------
    OutputExistsError
        When a file exists and ``force`` is not given.
    RecastError
        When the suffix is not one of a format, or the place cannot be written to.
    """
    target = Path(output)
    ends_with_slash = isinstance(output, str) and output.endswith(("/", os.sep))
    if target.is_dir() or ends_with_slash or not target.suffix:
        _make_directory(target)
        paths = [target / f"{name}{suffix}" for suffix in FORMATS]
    elif target.suffix.lower() in FORMATS:
        paths = [target]
    else:
        msg = f"cannot write {target}: the format {target.suffix!r} is not known, use png, pdf or svg"
        raise RecastError(msg)
    for path in paths:
        check_output(path, force=force)
    return paths


def write(figure: Figure, paths: Sequence[Path], *, title: str = "", origin: Origin | None = None) -> None:
    """Write a figure, each file through a temporary one beside it that replaces it when complete.

    Parameters
    ----------
    figure : Figure
    paths : sequence of Path
    title : str
    origin : Origin, optional
        What made the figure, for the metadata of the files.

    Raises
    ------
    RecastError
        When a file cannot be written, or a formula in a text of the figure is wrong.
    """
    for path in paths:
        kind = path.suffix.lower().removeprefix(".")
        # Without a date, the same data give the same file.
        metadata: dict[str, str | None] = dict({"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind, {}))
        if origin is not None:
            # ASCII, which every format keeps as it is, so that `recast cite FILE` finds it in the bytes.
            words = [line.encode("ascii", "replace").decode() for line in (title, "\n".join(origin.lines()))]
            metadata |= dict(zip(("Title", _DESCRIPTION[kind]), words, strict=True))
        with whole_file(path) as partial:
            try:
                figure.savefig(partial, format=kind, metadata=metadata)
            except ValueError as error:
                # Text is only laid out now; the parser of formulas raises these, over several lines.
                msg = f"cannot draw a text of the figure, is a formula wrong? {' '.join(str(error).split())}"
                raise RecastError(msg) from error


def _make_directory(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = f"cannot make the folder {path}: {error.strerror or error}"
        raise RecastError(msg) from error
