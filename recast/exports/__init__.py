"""Results in the formats of the field, and published limits and likelihoods out of them.

- `of_figure`, `of_limit` and `of_scan` take `Contours` out of results, `export` writes them: CSV, two columns, or a
  HEPData submission.
- `recast.exports.limit_import` reads limits from HEPData's YAML and CSV, `recast.exports.workspaces` likelihoods from
  pyhf's JSON.
- `Origin` is what every file says of itself.
"""

from __future__ import annotations

from pathlib import Path

from recast.errors import RecastError
from recast.exports.contours import Contours, of_limit, of_scan
from recast.exports.figures import of_figure
from recast.exports.hepdata import ARCHIVES, check_hepdata, write_hepdata
from recast.exports.origin import Origin
from recast.exports.tables import csv_text, two_column_text, write_text
from recast.output import check_output

__all__ = ["Contours", "Origin", "check_export", "export", "of_figure", "of_limit", "of_scan"]

_TEXTS = {".csv": csv_text, ".dat": two_column_text, ".txt": two_column_text}


def check_export(output: str | Path, *, force: bool = False) -> Path:
    """Make sure, before any work, that a file can be written in the format that its name says.

    Parameters
    ----------
    output : path
        ``.csv``, two columns in ``.dat`` or ``.txt``, a HEPData submission in ``.tar.gz`` or a folder.
    force : bool
        Replace what exists.

    Raises
    ------
    OutputExistsError, RecastError
        When it exists, cannot be written, or has another suffix.
    """
    path = Path(output)
    if path.name.endswith(ARCHIVES) or path.is_dir() or not path.suffix:
        return check_hepdata(path, force=force)
    if path.suffix.lower() not in _TEXTS:
        msg = (
            f"cannot write {path}: the name tells the format, .csv, .dat or .txt for two columns, .tar.gz or a folder "
            "for a HEPData submission"
        )
        raise RecastError(msg)
    return check_output(path, force=force)


def export(contours: Contours, output: str | Path, *, force: bool = False) -> Path:
    """Write contours in the format that the name of the file says, see `check_export`.

    Parameters
    ----------
    contours : Contours
    output : path
    force : bool
        Replace what exists.

    Returns
    -------
    Path
        What was written.

    Raises
    ------
    OutputExistsError, RecastError
        As `check_export`, and when there is nothing to write.
    """
    path = check_export(output, force=force)
    text = _TEXTS.get(path.suffix.lower())
    if text is None or path.is_dir():
        return write_hepdata(contours, path, force=force)
    return write_text(text(contours), path, force=force)
