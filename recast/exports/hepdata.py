"""Contours and limits as a HEPData submission, made by hepdata-lib."""

from __future__ import annotations

import contextlib
import gzip
import io
import re
import tarfile
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from recast.errors import OutputExistsError, RecastError
from recast.exports.contours import Contours, Piece, Quantity
from recast.output import check_output, whole_file

__all__ = ["ARCHIVES", "check_hepdata", "write_hepdata"]

ARCHIVES = (".tar.gz", ".tgz")
_DIGITS = 8
_LONGEST_NAME = 64  # of a table, in HEPData


def check_hepdata(output: str | Path, *, force: bool = False) -> Path:
    """Make sure, before any work, that a submission can be made and written.

    Parameters
    ----------
    output : path
        A folder, or an archive that ends in .tar.gz.
    force : bool
        Replace an archive, or a folder that holds a submission.

    Raises
    ------
    OutputExistsError
        When it exists and ``force`` is not set.
    RecastError
        When hepdata-lib is not installed, or the output cannot be written.
    """
    _library()
    path = Path(output)
    if path.name.endswith(ARCHIVES):
        return check_output(path, force=force)
    if path.exists() and not path.is_dir():
        msg = f"cannot write {path}: it is a file; a submission is a folder or ends in {' or '.join(ARCHIVES)}"
        raise RecastError(msg)
    old = sorted(path.iterdir()) if path.is_dir() else []
    if old and any(file.suffix != ".yaml" for file in old):
        msg = f"cannot write {path}: it holds files of others; name a new folder"
        raise RecastError(msg)
    if old and not force:
        msg = f"{path} holds files: choose another folder, or overwrite them with --force"
        raise OutputExistsError(msg)
    check_output(path / "submission.yaml" if path.is_dir() else path, force=force)
    return path


def write_hepdata(contours: Contours, output: str | Path, *, force: bool = False) -> Path:
    """Write a submission: a table for each part of each region, and ``submission.yaml``.

    Parameters
    ----------
    contours : Contours
    output : path
        A folder for the YAML files, or an archive that ends in .tar.gz, as HEPData takes it.
    force : bool
        Replace what is there.

    Raises
    ------
    OutputExistsError, RecastError
        As `check_hepdata`, and when HEPData's validator refuses the tables.
    """
    path = check_hepdata(output, force=force)
    library = _library()
    submission = library.Submission()
    submission.comment = "\n".join([contours.title, *contours.notes, *contours.origin.lines()])
    names: set[str] = set()
    for piece in contours.pieces:
        submission.add_table(_table(library, contours, piece, names))
    with tempfile.TemporaryDirectory(prefix="recast-hepdata-") as scratch:
        folder = Path(scratch) / "submission"
        said: Any
        # The library packs what it wrote into an archive in the present folder, and prints what it has to say.
        with (
            contextlib.chdir(scratch),
            contextlib.redirect_stdout(io.StringIO()) as said,
            # Its validator uses what jsonschema has deprecated, and leaves files to the garbage collector.
            warnings.catch_warnings(action="ignore"),
        ):
            try:
                submission.create_files(str(folder), validate=True)
            except AssertionError as error:
                msg = f"HEPData's validator refuses the submission: {' '.join(said.getvalue().split())[:300]}"
                raise RecastError(msg) from error
        files = sorted(folder.glob("*.yaml"))
        if path.name.endswith(ARCHIVES):
            with whole_file(path) as temporary:
                _pack(files, temporary)
            return path
        _fill(path, files)
    return path


def _table(library: Any, contours: Contours, piece: Piece, names: set[str]) -> Any:
    table = library.Table(_name(contours, piece, names))
    by = " combined with ".join(piece.measurements)
    table.description = f"{contours.title}. {piece.region}: what {by} has {piece.shown} of {piece.model}."
    table.location = f"recast figure {contours.name}" if not contours.is_limit else "computed limit"
    table.keywords["phrases"] = ["Exclusion", piece.model]
    x = library.Variable(contours.x.name, is_independent=True, is_binned=False, units=_units(contours.x))
    x.values, x.digits = [float(value) for value in piece.x], _DIGITS
    table.add_variable(x)
    word = piece.shown
    columns = {
        f"lowest {word} {contours.y.name}": piece.lower,
        f"highest {word} {contours.y.name}": piece.upper,
        f"{contours.y.name}, edge of what is {word}": piece.line,
    }
    for title, values in columns.items():
        if values is None or not (np.isfinite(values) & ((values > 0.0) | (values is piece.line))).any():
            continue
        y = library.Variable(title, is_independent=False, is_binned=False, units=_units(contours.y))
        # HEPData writes a dash where there is no number.
        y.values = [float(value) if np.isfinite(value) else "-" for value in values]
        y.digits = _DIGITS
        y.add_qualifier("Model", piece.model)
        y.add_qualifier("Measurement", " + ".join(piece.measurements))
        if piece.confidence_level is not None:
            y.add_qualifier("Confidence level", float(f"{piece.confidence_level:.6g}"))
        y.add_qualifier("Convention", piece.convention)
        table.add_variable(y)
    return table


def _name(contours: Contours, piece: Piece, names: set[str]) -> str:
    """Return a name that is also that of a file, and no other table has."""
    several = len({one.model for one in contours.pieces}) > 1
    words = f"{piece.region} {piece.model}" if several else piece.region
    plain = re.sub(r"[^A-Za-z0-9.+-]+", " ", words).strip()[: _LONGEST_NAME - 10] or "region"
    name, number = plain, 1
    while name.lower() in names:
        number += 1
        name = f"{plain} part {number}"
    names.add(name.lower())
    return name


def _units(quantity: Quantity) -> str:
    return "" if quantity.unit in {"dimensionless", quantity.name} else quantity.unit


def _pack(files: list[Path], archive: Path) -> None:
    """Pack files without dates and owners, so that the same tables give the same archive."""

    def plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
        info.mtime, info.uid, info.gid, info.uname, info.gname, info.mode = 0, 0, 0, "", "", 0o644
        return info

    with (
        archive.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for file in files:
            tar.add(file, arcname=file.name, filter=plain)


def _fill(folder: Path, files: list[Path]) -> None:
    try:
        folder.mkdir(exist_ok=True)
        for old in folder.glob("*.yaml"):
            old.unlink()
    except OSError as error:
        msg = f"cannot write {folder}: {error.strerror or error}"
        raise RecastError(msg) from error
    for file in files:
        with whole_file(folder / file.name) as temporary:
            temporary.write_bytes(file.read_bytes())


def _library() -> Any:
    try:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            import hepdata_lib
    except ImportError as error:
        msg = "a HEPData submission is made by hepdata-lib: pip install 'recast-bsm[hepdata]'"
        raise RecastError(msg) from error
    return hepdata_lib
