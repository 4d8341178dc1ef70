"""From a published table to a limit curve that a measurement can name."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recast.errors import DocumentError, RecastError
from recast.exports.origin import Origin
from recast.exports.published import Column, PublishedTable, read_published
from recast.limit_curve import LimitCurve, read_limit_curve
from recast.output import check_output, whole_file

__all__ = ["MASS_UNITS", "ImportedLimit", "import_limit"]

FloatArray = NDArray[np.float64]

MASS_UNITS = {"eV": 1e-9, "keV": 1e-6, "MeV": 1e-3, "GeV": 1.0, "TeV": 1e3}
"""In GeV."""

_SQUARE = re.compile(r"(\^|\*\*)\s*\{?2\}?|²|[Ss]quared")
_LONGEST = 4000  # characters of a description that are searched
_PERCENT = re.compile(r"(\d{2}(?:\.\d+)?)\s*\\?%?\s*(?:C\.?\s?L\b|confidence)")
_FRACTION = re.compile(r"(?:C\.?L\.?|[Cc]onfidence [Ll]evel)\s*:?\s*(0?\.\d+|\d{2}(?:\.\d+)?)")


@dataclass(frozen=True)
class ImportedLimit:
    """A curve, and where it was in its source.

    Attributes
    ----------
    curve : LimitCurve
    output : Path
    table : str
        Name of the table.
    columns : tuple of str
        Mass and coupling, and the highest excluded coupling if there is one.
    left_out : int
        Rows without a limit.
    """

    curve: LimitCurve
    output: Path
    table: str
    columns: tuple[str, ...]
    left_out: int


def import_limit(
    path: str | Path,
    output: str | Path,
    *,
    table: str | None = None,
    mass: str | None = None,
    coupling: str | None = None,
    upper: str | None = None,
    mass_unit: str | None = None,
    power: int | None = None,
    confidence_level: float | None = None,
    title: str | None = None,
    source: str | None = None,
    inspire: str | None = None,
    force: bool = False,
) -> ImportedLimit:
    """Write a published table as a limit curve of recast.

    Parameters
    ----------
    path : path
        Table, see `recast.exports.published.read_published`.
    output : path
        CSV file to write, in the format of `recast.limit_curve`.
    table : str, optional
        Of a ``submission.yaml`` with several.
    mass, coupling : str, optional
        Names of the columns, where there are several.
    upper : str, optional
        Column of the highest excluded coupling, if there is an upper end.
    mass_unit : str, optional
        One of `MASS_UNITS`, where the table does not say.
    power : {1, 2}, optional
        2 when the columns hold squares of the coupling; needed when their names look like it.
    confidence_level : float, optional
        Where the table does not say.
    title, source, inspire : str, optional
        Of the header; the source is needed for a table that is not HEPData's.
    force : bool
        Replace a file that exists.

    Returns
    -------
    ImportedLimit

    Raises
    ------
    DocumentError, UnknownNameError
        Naming what is wrong in the table.
    RecastError
        When a unit, the confidence level or the source is missing or contradicts the table, or the numbers make no
        limit curve.
    OutputExistsError
        When the output exists.
    """
    check_output(output, force=force, suffixes=(".csv",))
    found = read_published(path, table=table)
    masses = found.column(mass, independent=True, option="--mass")
    limits = [found.column(coupling, independent=False, option="--coupling")]
    if upper is not None:
        limits.append(found.column(upper, independent=False, option="--upper"))
    unit = _mass_unit(found, masses, mass_unit)
    level = _level(found, limits[0], confidence_level)
    root = _power(found, limits, power)
    if not found.hepdata and not source:
        msg = f"{found.file}: say where the numbers come from: --source 'arXiv:..., Fig. ...'"
        raise RecastError(msg)

    values = np.array([masses.values, *(column.values for column in limits)], dtype=float).T
    values = values[np.argsort(values[:, 0], kind="stable")]
    values[:, 0] *= MASS_UNITS[unit]
    with np.errstate(invalid="ignore"):
        values[:, 1:] = np.sign(values[:, 1:]) * np.abs(values[:, 1:]) ** (1.0 / root)
    known = np.isfinite(values).all(axis=1)
    header = {
        "title": title or found.description or found.name or Path(path).stem,
        "mass_unit": "GeV",
        "coupling_unit": "dimensionless",
        "confidence_level": f"{level:.6g}",
        "source": source or ", ".join([f"table {found.name or Path(found.file).name} of HEPData", *found.doi.split()]),
        "digitised": "no, numbers of HEPData" if found.hepdata else f"as in {Path(path).name}",
        **({"inspire": inspire} if inspire else {}),
    }
    notes = [f"mass from column {masses.name!r} in {unit}" + (", middles of its bins" if masses.binned else "")]
    taken = ", of which the root was taken" if root == 2 else ""
    notes += [f"limit from column {one.name!r}{taken}" for one in limits]
    head = [
        *Origin.now(grids=False).lines(),
        *(f"{key}: {' '.join(text.split())}" for key, text in header.items()),
        *(f"gap: {low:.10g} {high:.10g}" for low, high in _gaps(values[:, 0], known)),
        f"note: {'; '.join(notes)}",
    ]
    names = "mass,lower,upper" if upper is not None else "mass,coupling"
    rows = [",".join(f"{number:.10g}" for number in row) for row in values[known]]
    with whole_file(output) as temporary:
        temporary.write_text("\n".join([*(f"# {line}" for line in head), names, *rows]) + "\n", encoding="utf-8")
        try:
            curve = read_limit_curve(temporary, name=str(output))
        except DocumentError as error:
            reason = str(error).partition(": ")[2]
            msg = f"{found.file} makes no limit curve: {reason}"
            raise RecastError(msg) from error
    columns = (masses.name, *(column.name for column in limits))
    return ImportedLimit(curve, Path(output), found.name, columns, int(np.count_nonzero(~known)))


def _mass_unit(table: PublishedTable, column: Column, given: str | None) -> str:
    known = {name.lower(): name for name in MASS_UNITS}
    plain = re.sub(r"\s*/\s*c\s*\^?\s*\{?2\}?$", "", column.unit.strip().lower())
    if not plain and given is None:
        msg = f"{table.file}: the unit of {column.name!r} is not stated: add --mass-unit {' or '.join(MASS_UNITS)}"
        raise RecastError(msg)
    if plain and plain not in known:
        msg = f"{table.file}: {column.name!r} is in {column.unit!r}, no unit of mass: name another column with --mass"
        raise RecastError(msg)
    if given is not None and given not in MASS_UNITS:
        msg = f"the unit of the mass must be {' or '.join(MASS_UNITS)}, not {given!r}"
        raise RecastError(msg)
    stated = known.get(plain, given or "")
    if given is not None and stated != given:
        msg = f"{table.file}: the masses are in {stated} and not in {given}: leave out --mass-unit"
        raise RecastError(msg)
    return stated


def _power(table: PublishedTable, columns: list[Column], given: int | None) -> int:
    for column in columns:
        if column.unit.strip().lower() not in {"", "1", "dimensionless", "none"}:
            msg = f"{table.file}: {column.name!r} is in {column.unit!r}; a coupling has no unit: name another column"
            raise RecastError(msg)
        if given is None and _SQUARE.search(column.name):
            msg = (
                f"{table.file}: {column.name!r} looks like the square of a coupling: add --power 2 to take the root, "
                "or --power 1 if it is none"
            )
            raise RecastError(msg)
    if given not in {None, 1, 2}:
        msg = f"the power of the coupling in a column must be 1 or 2, not {given}"
        raise RecastError(msg)
    return given or 1


def _level(table: PublishedTable, column: Column, given: float | None) -> float:
    """Return the confidence level that the table states, or the one that is given."""
    stated = {level for text in (*column.said, column.name) for level in _levels(text)}
    stated = stated or set(_levels(table.description))
    if given is None:
        if len(stated) == 1:
            return stated.pop()
        said = f"states {' and '.join(f'{one:g}' for one in sorted(stated))}" if stated else "does not state it"
        msg = f"{table.file}: the confidence level is needed and the table {said}: add --cl 0.90 or another"
        raise RecastError(msg)
    if not 0.5 < given < 1.0:
        msg = f"the confidence level of a limit must be between 0.5 and 1, not {given:g}"
        raise RecastError(msg)
    if len(stated) == 1 and not math.isclose(given, *stated, abs_tol=1e-9):
        msg = f"{table.file}: the table states a confidence level of {stated.pop():g}, not {given:g}: leave out --cl"
        raise RecastError(msg)
    return given


def _levels(text: str) -> Iterator[float]:
    text = text[:_LONGEST]
    for match in (*_PERCENT.finditer(text), *_FRACTION.finditer(text)):
        number = float(match[1])
        yield number / 100.0 if number > 1.0 else number


def _gaps(mass: FloatArray, known: NDArray[np.bool_]) -> Iterator[tuple[float, float]]:
    """Yield neighbouring masses between which there are rows without a limit."""
    there = np.flatnonzero(known)
    for before, after in pairwise(there):
        if after - before > 1:
            yield float(mass[before]), float(mass[after])
