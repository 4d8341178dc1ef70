"""Files of pseudo-observables: CSV with a commented header and the rows of the correlation matrix.

    # title: LEP line shape ...
    # source: hep-ex/0509008, Table 2.13
    # inspire: ALEPH:2005ab
    name,unit,value,error,rho_Gamma_Z,rho_sigma_had
    Gamma_Z,GeV,2.4952,0.0023,1,-0.297
    sigma_had,nb,41.541,0.037,-0.297,1

Names and units are those of `recast.z_pole.relations.UNITS`. Numbers of different files are uncorrelated. Every fault
is told with file, line and key.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recast.errors import DocumentError, unknown
from recast.text_file import read_text
from recast.z_pole.relations import PSEUDO_OBSERVABLES, UNITS

__all__ = ["PseudoObservables", "find_file", "read_pseudo_observables"]

FloatArray = NDArray[np.float64]

_COLUMNS = ["name", "unit", "value", "error"]
_SYMMETRY = 1e-9


@dataclass(frozen=True, eq=False)
class PseudoObservables:
    """Measured pseudo-observables.

    Attributes
    ----------
    names : tuple of str
        Some of `PSEUDO_OBSERVABLES`.
    values, errors : ndarray, shape (n,)
        In `UNITS`.
    correlations : ndarray, shape (n, n)
    """

    names: tuple[str, ...]
    values: FloatArray
    errors: FloatArray
    correlations: FloatArray

    @property
    def covariance(self) -> FloatArray:
        """Covariance matrix, shape (n, n)."""
        return np.asarray(self.correlations * np.outer(self.errors, self.errors))

    @property
    def positions(self) -> list[int]:
        """Where these stand in `PSEUDO_OBSERVABLES`."""
        return [PSEUDO_OBSERVABLES.index(name) for name in self.names]


def find_file(name: str, folder: Path | None) -> Traversable:
    """Return a data file beside a measurement, or else among those that ship with the package."""
    if folder is not None and (folder / name).is_file():
        return folder / name
    shipped = files("recast.measurements").joinpath(name)
    if shipped.is_file():
        return shipped
    return Path(name) if folder is None else folder / name


def read_pseudo_observables(paths: Sequence[Traversable]) -> PseudoObservables:
    """Read and check one or several files.

    Raises
    ------
    DocumentError
        Naming file, line and key of what is wrong.
    """
    found = [_read(path) for path in paths]
    names: tuple[str, ...] = ()
    for path, part in zip(paths, found, strict=True):
        for name in part.names:
            if name in names:
                msg = f"{name} is given by another file as well"
                raise DocumentError(msg, file=str(path), key=name)
        names += part.names
    correlations = np.zeros((len(names), len(names)))
    start = 0
    for part in found:
        stop = start + len(part.names)
        correlations[start:stop, start:stop] = part.correlations
        start = stop
    values = np.concatenate([part.values for part in found])
    return PseudoObservables(names, values, np.concatenate([part.errors for part in found]), correlations)


def _read(path: Traversable) -> PseudoObservables:
    """Read one file."""
    text = read_text(path, what="file of pseudo-observables")
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    header = {line.lstrip("# ").partition(":")[0].strip() for _, line in lines if line.startswith("#")}
    for key in ("title", "source"):
        if key not in header:
            msg = f"the line '# {key}: ...' is missing at the top"
            raise DocumentError(msg, file=str(path), key=key)
    try:
        rows = [(number, next(csv.reader([line]))) for number, line in lines if not line.startswith("#")]
    except csv.Error as error:
        raise DocumentError(f"this is not CSV: {error}", file=str(path)) from error
    if len(rows) < 2:
        msg = "there is no table of pseudo-observables"
        raise DocumentError(msg, file=str(path))
    top, columns = rows.pop(0)
    names = tuple(cells[0].strip() for _, cells in rows)
    expected = _COLUMNS + [f"rho_{name}" for name in names]
    columns = [column.strip() for column in columns]
    if columns != expected:
        near = next((i for i, pair in enumerate(zip(columns, expected, strict=False)) if pair[0] != pair[1]), -1)
        shown = f"column {near + 1} is {columns[near]!r} instead of {expected[near]!r}" if near >= 0 else "some lack"
        msg = f"the columns must be name, unit, value, error and rho_NAME for every row in turn: {shown}"
        raise DocumentError(msg, file=str(path), line=top, key="columns")
    table = np.array([_numbers(path, number, cells, columns) for number, cells in rows])
    numbers = [number for number, _ in rows]
    _check_names(path, numbers, names)
    _check_correlations(path, numbers, names, table[:, 2:])
    return PseudoObservables(names, table[:, 0], table[:, 1], table[:, 2:])


def _numbers(path: Traversable, number: int, cells: list[str], columns: list[str]) -> list[float]:
    """Return value, error and correlations of a row."""
    name = cells[0].strip()
    if len(cells) != len(columns):
        msg = f"{name} has {len(cells)} cells where there are {len(columns)} columns"
        raise DocumentError(msg, file=str(path), line=number, key=name)
    if name in UNITS and cells[1].strip() != UNITS[name]:
        msg = f"the unit of {name} must be {UNITS[name]!r}, not {cells[1].strip()!r}"
        raise DocumentError(msg, file=str(path), line=number, key=f"{name}.unit")
    values = []
    for column, cell in zip(columns[2:], cells[2:], strict=True):
        try:
            value = float(cell)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            msg = f"{name}.{column} must be a finite number, not {cell.strip()!r}"
            raise DocumentError(msg, file=str(path), line=number, key=f"{name}.{column}")
        values.append(value)
    if not values[1] > 0.0:
        msg = f"{name}.error must be positive, not {values[1]:g}"
        raise DocumentError(msg, file=str(path), line=number, key=f"{name}.error")
    return values


def _check_names(path: Traversable, numbers: list[int], names: tuple[str, ...]) -> None:
    for position, (number, name) in enumerate(zip(numbers, names, strict=True)):
        if name not in UNITS:
            problem = str(unknown("pseudo-observable", name, PSEUDO_OBSERVABLES))
            raise DocumentError(problem, file=str(path), line=number, key=name)
        if name in names[:position]:
            msg = f"{name} is there twice"
            raise DocumentError(msg, file=str(path), line=number, key=name)


def _check_correlations(path: Traversable, numbers: list[int], names: tuple[str, ...], matrix: FloatArray) -> None:
    for i, name in enumerate(names):
        if abs(matrix[i, i] - 1.0) > _SYMMETRY:
            msg = f"{name}.rho_{name} must be 1, not {matrix[i, i]:g}"
            raise DocumentError(msg, file=str(path), line=numbers[i], key=f"{name}.rho_{name}")
        for j in range(i):
            if abs(matrix[i, j] - matrix[j, i]) > _SYMMETRY:
                other = names[j]
                msg = f"{name}.rho_{other} is {matrix[i, j]:g}, but {other}.rho_{name} is {matrix[j, i]:g}"
                raise DocumentError(msg, file=str(path), line=numbers[i], key=f"{name}.rho_{other}")
    lowest = float(np.linalg.eigvalsh(matrix)[0])
    if not lowest > 0.0:
        msg = f"the correlations rho_... must be positive definite; their matrix has the eigenvalue {lowest:.3g}"
        raise DocumentError(msg, file=str(path), key="rho")
