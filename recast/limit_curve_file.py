"""Files of published limits: CSV with a commented header; every fault is told with its line and key.

The format is described in `recast.limit_curve`.
"""

from __future__ import annotations

import math
from importlib.resources.abc import Traversable

import numpy as np
from numpy.typing import NDArray

from recast.errors import DocumentError
from recast.text_file import LONGEST_NOTE, read_text

__all__ = ["LimitCurveFile"]

FloatArray = NDArray[np.float64]

_UNITS = {"mass_unit": "GeV", "coupling_unit": "dimensionless"}
_REQUIRED = ("title", *_UNITS, "confidence_level", "source", "digitised")
_KEYS = (*_REQUIRED, "gap", "inspire", "note")
_COLUMNS = (["mass", "coupling"], ["mass", "lower", "upper"])

# A perturbative coupling is below this; programs that fill in 99, 999 or 1e10 where there is no limit are above it.
_LARGEST_COUPLING = 4.0 * math.pi
# Limits of neighbouring masses differ by less, or one of the two stands for "no limit".
_LARGEST_JUMP = 100.0
# Neighbouring masses differ by less, or one is in MeV.
_LARGEST_STEP = 1000.0


class LimitCurveFile:
    """The lines of one file, with their numbers.

    Parameters
    ----------
    path : path
        CSV file.

    Raises
    ------
    DocumentError
        When it cannot be read; each method raises it for what it checks.
    """

    def __init__(self, path: Traversable) -> None:
        self.file = str(path)
        self.header: dict[str, str] = {}
        self.lines: dict[str, int] = {}
        self.gaps: list[tuple[int, str]] = []
        self.rows: list[tuple[int, list[str]]] = []
        self._last = ""
        for number, line in enumerate(read_text(path, what="limit curve").splitlines(), start=1):
            self._line(number, line.strip())

    def error(self, message: str, line: int | None, key: str) -> DocumentError:
        """Return an error of this file, to be raised by the caller."""
        return DocumentError(message, file=self.file, line=line, key=key)

    def _line(self, number: int, text: str) -> None:
        """Take in one line."""
        if not text.startswith("#"):
            if text:
                self.rows.append((number, [cell.strip() for cell in text.split(",")]))
            return
        key, colon, value = (part.strip() for part in text.lstrip("#").partition(":"))
        if colon and key == "gap":
            self.gaps.append((number, value))
            self._last = ""
        elif colon and key in _KEYS:
            if key in self.header:
                raise self.error(f"'{key}' is stated twice (first in line {self.lines[key]})", number, key)
            self.header[key], self.lines[key], self._last = value, number, key
        elif self._last and (key or colon):
            if len(self.header[self._last]) > LONGEST_NOTE:
                message = f"'{self._last}' is longer than {LONGEST_NOTE:,} characters"
                raise self.error(message, number, self._last)
            self.header[self._last] += f" {text.lstrip('#').strip()}"

    def checked_header(self) -> dict[str, str]:
        """Return the header once all keys are there and the units are those of this program."""
        for key in _REQUIRED:
            if not self.header.get(key):
                raise self.error(f"the line '# {key}: ...' is missing at the top", self.lines.get(key), key)
        for key, unit in _UNITS.items():
            if self.header[key] != unit:
                message = f"{key} must be '{unit}', not '{self.header[key]}': convert the numbers"
                raise self.error(message, self.lines[key], key)
        return self.header

    def confidence_level(self) -> float | None:
        """Return the confidence level, None when the source gives none."""
        key = "confidence_level"
        text = self.header[key]
        if text.split()[0].strip(",;") == "none":
            return None
        level = _number(text)
        if not 0.5 < level < 1.0:
            message = f"{key} must be a number between 0.5 and 1, like 0.90, or 'none', not '{text}'"
            raise self.error(message, self.lines[key], key)
        return level

    def checked_table(self) -> tuple[FloatArray, FloatArray, FloatArray | None]:
        """Return masses, lowest and, if there are, highest excluded couplings once they make a curve."""
        if not self.rows:
            raise self.error("there is no table, only comments", None, "mass")
        first, names = self.rows[0]
        if names not in _COLUMNS:
            expected = "' or '".join(",".join(columns) for columns in _COLUMNS)
            message = f"the columns must be '{expected}', not '{','.join(names)}'"
            raise self.error(message, first, ",".join(names))
        lines = [number for number, _ in self.rows[1:]]
        if len(lines) < 2:
            raise self.error("a curve needs two masses at least", first, "mass")
        table = np.array([self._row(number, names, cells) for number, cells in self.rows[1:]])
        self._check_neighbours(lines, names, table)
        return table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy() if len(names) > 2 else None

    def _row(self, number: int, names: list[str], cells: list[str]) -> list[float]:
        """Return the numbers of a row."""
        if len(cells) != len(names):
            columns = f"{', '.join(names[:-1])} and {names[-1]}"
            count = {2: "two", 3: "three"}[len(names)]
            raise self.error(f"{len(cells)} values where there are {count} columns, {columns}", number, "mass")
        row = [self._value(number, key, cell) for key, cell in zip(names, cells, strict=True)]
        if len(row) > 2 and not row[1] < row[2]:
            message = f"the lower coupling {cells[1]} must be below the upper one, {cells[2]}"
            raise self.error(message, number, "lower")
        return row

    def _value(self, number: int, key: str, cell: str) -> float:
        """Return one positive finite number."""
        value = _number(cell)
        if not math.isfinite(value):
            unit = cell.lstrip("+-.0123456789eE").strip()
            if unit and math.isfinite(_number(cell.removesuffix(unit))):
                message = f"the {key} {cell!r} has a unit of its own: units are stated once, at the top"
            else:
                message = f"the {key} must be a finite number, not {cell!r}: a mass without a limit has no row"
            raise self.error(message, number, key)
        if value <= 0.0:
            hint = "" if key == "mass" else ", which looks like a sentinel: a mass without a limit has no row"
            raise self.error(f"the {key} must be positive, not {cell}{hint}", number, key)
        if key != "mass" and value > _LARGEST_COUPLING:
            message = f"the {key} {cell} is above 4 pi and looks like a sentinel: a mass without a limit has no row"
            raise self.error(message, number, key)
        return value

    def _check_neighbours(self, lines: list[int], names: list[str], table: FloatArray) -> None:
        """Refuse masses that do not increase and jumps that no measurement makes."""
        ratio = table[1:] / table[:-1]
        for index, number in enumerate(lines[1:]):
            before, after = table[index], table[index + 1]
            if ratio[index, 0] <= 1.0:
                message = f"the masses must strictly increase: {after[0]:g} follows {before[0]:g}"
                raise self.error(message, number, "mass")
            if ratio[index, 0] >= _LARGEST_STEP:
                message = f"the mass jumps from {before[0]:g} to {after[0]:g}, as when units are mixed"
                raise self.error(message, number, "mass")
            for column, key in enumerate(names[1:], start=1):
                if not 1.0 / _LARGEST_JUMP < ratio[index, column] < _LARGEST_JUMP:
                    values = f"{before[column]:g} to {after[column]:g}"
                    message = f"the {key} jumps from {values}, as when one of them is a sentinel"
                    raise self.error(message, number, key)

    def checked_gaps(self, mass: FloatArray) -> tuple[tuple[float, float], ...]:
        """Return the gaps once they lie between points of the curve."""
        result = []
        for number, text in self.gaps:
            ends = [_number(word) for word in text.split()]
            if len(ends) != 2 or not mass[0] <= ends[0] < ends[1] <= mass[-1]:
                message = f"a gap is two masses inside the curve, the lower first, not '{text}'"
                raise self.error(message, number, "gap")
            if bool(np.any((mass > ends[0]) & (mass < ends[1]))):
                raise self.error(f"there are limits inside the gap {text}", number, "gap")
            result.append((ends[0], ends[1]))
        return tuple(result)


def _number(text: str) -> float:
    """Return a number, not-a-number where there is none."""
    try:
        return float(text)
    except ValueError:
        return math.nan
