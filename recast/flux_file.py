"""Files of fluxes: CSV with a commented header; every fault is told with its line. The format: `recast.flux`."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recast.channels import NEUTRINOS
from recast.errors import DocumentError, FluxError, near_matches
from recast.text_file import LONGEST_NOTE, read_text

__all__ = ["ABSOLUTE_UNITS", "CONTINUOUS_UNITS", "SHAPE_UNITS", "FluxFile", "read_flux_file"]

ABSOLUTE_UNITS = "1/(m^2 GeV POT)"
CONTINUOUS_UNITS = "1/(m^2 GeV s)"
SHAPE_UNITS = "1/GeV"

_REQUIRED = ("title", "units", "source")
_KEYS = (*_REQUIRED, "inspire", "note")


@dataclass(frozen=True, eq=False)
class FluxFile:
    """What a file holds.

    Attributes
    ----------
    kind : {"histogram", "points"}
    header : dict of str to str
        The commented ``key: value`` lines: title, units, source; inspire and note where given.
    energy : ndarray
        In GeV: edges of the bins, shape (n + 1,), or points, shape (n,).
    columns : dict of str to ndarray, shape (n,)
        dphi/dE by species, in ``header["units"]``.
    """

    kind: Literal["histogram", "points"]
    header: Mapping[str, str]
    energy: NDArray[np.float64]
    columns: Mapping[str, NDArray[np.float64]]


def read_flux_file(path: Traversable) -> FluxFile:
    """Read and check a flux file.

    Raises
    ------
    FluxError
        Naming file and line of what is wrong.
    """
    header: dict[str, str] = {}
    rows: list[tuple[int, list[str]]] = []
    for number, line in enumerate(_text(path).splitlines(), start=1):
        if line.startswith("#"):
            _note(header, line, path, number)
        elif line.strip():
            rows.append((number, _cells(line, path, number)))
    for key in _REQUIRED:
        if key not in header:
            msg = f"{path}: the line '# {key}: ...' is missing at the top"
            raise FluxError(msg)
    if header["units"] not in {ABSOLUTE_UNITS, CONTINUOUS_UNITS, SHAPE_UNITS}:
        msg = (
            f"{path}: units must be '{ABSOLUTE_UNITS}', '{CONTINUOUS_UNITS}' or '{SHAPE_UNITS}', not "
            f"'{header['units']}'"
        )
        raise FluxError(msg)
    if not rows:
        msg = f"{path}: there is no table, only comments"
        raise FluxError(msg)
    number, names = rows.pop(0)
    energies = _energy_columns(path, number, names)
    table = _table(path, names, rows)
    if len(table) < (2 if energies == 1 else 1):
        msg = f"{path}: the table has too few rows"
        raise FluxError(msg)
    lines = [line for line, _ in rows]
    _check_energies(path, lines, table[:, :energies])
    for column, name in enumerate(names[energies:], start=energies):
        _require(path, lines, table[:, column] >= 0.0, f"the flux of {name} is negative")
    return FluxFile(
        kind="histogram" if energies == 2 else "points",
        header=header,
        energy=np.append(table[:, 0], table[-1, 1]) if energies == 2 else table[:, 0].copy(),
        columns={name: table[:, i].copy() for i, name in enumerate(names) if i >= energies},
    )


def _cells(line: str, path: Traversable, number: int) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line]))]
    except csv.Error as error:
        msg = f"{path}, line {number}: this is not CSV: {error}"
        raise FluxError(msg) from error


def _text(path: Traversable) -> str:
    try:
        return read_text(path, what="flux file")
    except DocumentError as error:
        raise FluxError(str(error)) from error


def _note(header: dict[str, str], line: str, path: Traversable, number: int) -> None:
    """Read one commented line; one without a key continues the line above."""
    text = line.lstrip("#").strip()
    key, colon, value = text.partition(":")
    if colon and key in _KEYS:
        if key in header:
            msg = f"{path}, line {number}: '{key}' is given twice"
            raise FluxError(msg)
        header[key] = value.strip()
    elif header and text:
        last = next(reversed(header))
        if len(header[last]) > LONGEST_NOTE:
            msg = f"{path}, line {number}: '{last}' is longer than {LONGEST_NOTE:,} characters"
            raise FluxError(msg)
        header[last] = f"{header[last]} {text}".strip()


def _energy_columns(path: Traversable, number: int, names: list[str]) -> int:
    """Return how many columns hold energies, having checked all names."""
    if names[:2] == ["energy_low", "energy_high"]:
        energies = 2
    elif names[0] == "energy":
        energies = 1
    else:
        msg = f"{path}, line {number}: the columns must begin with energy_low,energy_high or energy, not {names[0]!r}"
        raise FluxError(msg)
    species = names[energies:]
    for name in species:
        if name not in NEUTRINOS:
            near = near_matches(name, NEUTRINOS)
            hint = f": did you mean {' or '.join(near)}?" if near else f" (known: {', '.join(NEUTRINOS)})"
            msg = f"{path}, line {number}: column {name!r} is no neutrino{hint}"
            raise FluxError(msg)
        if species.count(name) > 1:
            msg = f"{path}, line {number}: column {name!r} is given twice"
            raise FluxError(msg)
    if not species:
        msg = f"{path}, line {number}: there is no column with a flux"
        raise FluxError(msg)
    return energies


def _table(path: Traversable, names: list[str], rows: list[tuple[int, list[str]]]) -> NDArray[np.float64]:
    table = np.empty((len(rows), len(names)))
    for index, (number, cells) in enumerate(rows):
        if len(cells) != len(names):
            msg = f"{path}, line {number}: {len(cells)} values where the header has {len(names)} columns"
            raise FluxError(msg)
        for column, cell in enumerate(cells):
            try:
                table[index, column] = float(cell)
            except ValueError:
                table[index, column] = np.nan
            if not np.isfinite(table[index, column]):
                msg = f"{path}, line {number}: {names[column]} must be a finite number, not {cell!r}"
                raise FluxError(msg)
    return table


def _check_energies(path: Traversable, lines: list[int], energy: NDArray[np.float64]) -> None:
    _require(path, lines, energy[:, 0] >= 0.0, "the energy is negative")
    if energy.shape[1] == 1:
        _require(path, lines[1:], np.diff(energy[:, 0]) > 0.0, "the energies must increase")
        return
    _require(path, lines, energy[:, 1] > energy[:, 0], "energy_high must be above energy_low")
    joined = np.isclose(energy[1:, 0], energy[:-1, 1], rtol=1e-9, atol=0.0)
    _require(path, lines[1:], joined, "the bin does not begin where the one before it ends")


def _require(path: Traversable, lines: list[int], fine: NDArray[np.bool_], message: str) -> None:
    """Raise for the first row that is not fine."""
    if not fine.all():
        msg = f"{path}, line {lines[int(np.argmin(fine))]}: {message}"
        raise FluxError(msg)
