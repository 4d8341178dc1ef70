"""Tables of published limits: HEPData's YAML and CSV, and plain CSV."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from recast.documents import Document, parse_document
from recast.errors import DocumentError, RecastError, unknown
from recast.text_file import read_text

__all__ = ["Column", "PublishedTable", "read_published"]

_YAML = (".yaml", ".yml")
_UNIT = re.compile(
    r"(?:\[(?P<a>[^\]]*)\]|\((?P<b>[kMGT]?eV[^)]*)\)|\bIN (?P<c>[A-Z]+))\s?(?P<end>LOW|HIGH)?$"
)
_LONGEST_HEADER = 500
_SHOWN = 8
_NOTHING = ("", "-", "--", "nan", "n/a", "none")


@dataclass(frozen=True)
class Column:
    """One variable of a table.

    Attributes
    ----------
    name, unit : str
    values : tuple of float
        Not-a-number where the table has none.
    said : tuple of str
        What qualifiers say of it.
    binned : bool
        The values are the middles of bins.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    said: tuple[str, ...] = ()
    binned: bool = False


@dataclass(frozen=True)
class PublishedTable:
    """A table of HEPData, or columns of numbers.

    Attributes
    ----------
    file : str
    name, description, doi : str
        Empty where the file does not say.
    independent, dependent : tuple of Column
        Of plain CSV: the first column and the others.
    hepdata : bool
        Whether it is HEPData's.
    """

    file: str
    independent: tuple[Column, ...]
    dependent: tuple[Column, ...]
    name: str = ""
    description: str = ""
    doi: str = ""
    hepdata: bool = True

    def column(self, name: str | None, *, independent: bool, option: str) -> Column:
        """Return a column by its name, or the only one there is.

        Raises
        ------
        RecastError
            When there are several and none is named.
        UnknownNameError
            When none carries the name.
        """
        columns = self.independent if independent else self.dependent
        known = [column.name for column in columns]
        if name is None:
            if len(columns) > 1:
                msg = f"{self.file}: there are {len(known)} columns, say which: {option} {_quoted(known, option)}"
                raise RecastError(msg)
            return columns[0]
        # A plain file does not say which columns are limits.
        for column in (*columns, *(() if self.hepdata else (*self.independent, *self.dependent))):
            if column.name == name:
                return column
        raise unknown(f"column of {self.file}", name, known)


def _quoted(names: Sequence[str], option: str) -> str:
    more = f" or another of {len(names)}" if len(names) > _SHOWN else ""
    return f" or {option} ".join(repr(name) for name in names[:_SHOWN]) + more


def read_published(path: str | Path, *, table: str | None = None) -> PublishedTable:
    """Read a table.

    Parameters
    ----------
    path : path
        A table of HEPData in YAML or CSV, its ``submission.yaml``, or plain CSV: numbers in columns, whose first line
        may name them.
    table : str, optional
        Of a ``submission.yaml``: the name of the table.

    Raises
    ------
    DocumentError
        Naming the file and, if there is one, the line of what is wrong.
    RecastError
        When a submission has several tables and none is named.
    """
    file = Path(path)
    text = read_text(file, what="table")
    if file.suffix.lower() in _YAML:
        return _from_yaml(file, text, table)
    if table is not None:
        msg = f"{file}: a table is chosen by name in submission.yaml only: leave out the name {table!r}"
        raise RecastError(msg)
    return _from_csv(file, text)


# HEPData's YAML


def _from_yaml(file: Path, text: str, table: str | None) -> PublishedTable:
    documents = list(_documents(file, text))
    tables = {str(one.data["name"]): one for one in documents if "data_file" in one.data and "name" in one.data}
    if not documents:
        raise DocumentError("the file is empty", file=str(file))
    if not tables:
        return _yaml_table(documents[0], {})
    if table is None and len(tables) > 1:
        msg = f"{file}: there are {len(tables)} tables, say which: --table {_quoted(list(tables), '--table')}"
        raise RecastError(msg)
    name = next(iter(tables)) if table is None else table
    if name not in tables:
        raise unknown(f"table of {file}", name, tables)
    said = tables[name].data
    data = file.parent / Path(str(said["data_file"])).name  # never one outside the submission
    return _yaml_table(parse_document(read_text(data, what="table"), file=str(data)), said)


def _documents(file: Path, text: str) -> Iterator[Document]:
    """Yield the YAML documents of a file; lines keep their numbers."""
    lines = text.splitlines()
    starts = [0, *(i for i, line in enumerate(lines) if line.rstrip() == "---"), len(lines)]
    for start, end in pairwise(starts):
        part = lines[start + (start < len(lines) and lines[start].rstrip() == "---") : end]
        if any(line.strip() and not line.lstrip().startswith("#") for line in part):
            before = end - len(part)
            yield parse_document("\n" * before + "\n".join(part) + "\n", file=str(file))


def _yaml_table(document: Document, said: Mapping[str, Any]) -> PublishedTable:
    columns: dict[str, tuple[Column, ...]] = {}
    for kind in ("independent_variables", "dependent_variables"):
        variables = document.data.get(kind)
        if not isinstance(variables, list) or not variables:
            msg = f"this is no table of HEPData: the list '{kind}' is missing"
            raise document.error(msg, (kind,))
        columns[kind] = tuple(_variable(document, (kind, i)) for i in range(len(variables)))
    rows = {len(column.values) for kind in columns.values() for column in kind}
    if len(rows) > 1:
        raise document.error(f"the columns have {' and '.join(map(str, sorted(rows)))} values")
    return PublishedTable(
        file=document.file,
        independent=columns["independent_variables"],
        dependent=columns["dependent_variables"],
        name=str(said.get("name", "")),
        description=" ".join(str(said.get("description", "")).split()),
        doi=str(said.get("table_doi") or said.get("doi") or ""),
    )


def _variable(document: Document, place: tuple[str, int]) -> Column:
    variable = document.data[place[0]][place[1]]
    header = variable.get("header") if isinstance(variable, dict) else None
    values = variable.get("values") if isinstance(variable, dict) else None
    if not isinstance(header, dict) or "name" not in header or not isinstance(values, list):
        raise document.error("a variable has a header with a name, and a list of values", place)
    numbers = [_yaml_value(document, value, (*place, "values", i)) for i, value in enumerate(values)]
    qualifiers = [one for one in variable.get("qualifiers") or () if isinstance(one, dict)]
    return Column(
        name=str(header["name"]),
        unit=str(header.get("units") or ""),
        values=tuple(number for number, _ in numbers),
        said=tuple(f"{one.get('name')}: {one.get('value')} {one.get('units') or ''}" for one in qualifiers),
        binned=any(binned for _, binned in numbers),
    )


def _yaml_value(document: Document, value: Any, place: tuple[str | int, ...]) -> tuple[float, bool]:
    if isinstance(value, dict) and "value" not in value and {"low", "high"} <= set(value):
        low, high = (_number(value[key]) for key in ("low", "high"))
        if low is not None and high is not None:
            return 0.5 * (low + high), True
    number = _number(value.get("value")) if isinstance(value, dict) else None
    if number is None:
        raise document.error(f"a value is a number, or '-' where there is none, not {value!r}", place)
    return number, False


# CSV


def _from_csv(file: Path, text: str) -> PublishedTable:
    said: dict[str, str] = {}
    blocks: list[list[tuple[int, str]]] = [[]]
    qualifiers: list[list[str]] = [[]]
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("#:"):
            key, colon, value = line.removeprefix("#:").strip().partition(":")
            if colon:
                said.setdefault(key.strip(), value.strip())
            if blocks[-1]:  # the next variable
                blocks.append([])
                qualifiers.append([])
            qualifiers[-1].append(line.removeprefix("#:").strip())
        elif line.strip() and not line.lstrip().startswith("#"):
            blocks[-1].append((number, line))
        elif not line.strip() and blocks[-1]:
            blocks.append([])
            qualifiers.append([])
    filled = [(block, words) for block, words in zip(blocks, qualifiers, strict=True) if block]
    if not filled:
        raise DocumentError("there is no table, only comments", file=str(file))
    hepdata = "name" in said or "table_doi" in said
    parts = [_block(file, block, words, hepdata=hepdata) for block, words in filled]
    masses = [[(column.name, column.values) for column in part[0]] for part in parts]
    if any(one != masses[0] for one in masses[1:]):
        raise DocumentError("the blocks of the table have different independent variables", file=str(file))
    return PublishedTable(
        file=str(file),
        independent=parts[0][0],
        dependent=tuple(column for _, columns in parts for column in columns),
        name=said.get("name", ""),
        description=said.get("description", ""),
        doi=said.get("table_doi", ""),
        hepdata=hepdata,
    )


def _block(
    file: Path, lines: list[tuple[int, str]], words: list[str], *, hepdata: bool
) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    """Return the independent and the dependent columns of a block with one header."""
    first = lines[0][1]
    delimiter = next((mark for mark in (",", ";", "\t") if mark in first), None)
    quote = "'" if first.lstrip().startswith("'") else '"'

    def cells(number: int, line: str) -> list[str]:
        if delimiter is None:
            return line.split()
        try:
            return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter, quotechar=quote))]
        except csv.Error as error:
            raise DocumentError(f"the line cannot be read: {error}", file=str(file), line=number) from error

    names = cells(*lines[0])
    if all(_number(cell) is not None for cell in names):
        names = ["first", "second", *(f"column {i}" for i in range(3, len(names) + 1))]
    else:
        lines = lines[1:]
    rows = []
    for number, line in lines:
        row = cells(number, line)
        if len(row) != len(names):
            message = f"{len(row)} values where there are {len(names)} columns, {', '.join(names)}"
            raise DocumentError(message, file=str(file), line=number)
        values = [_number(cell) for cell in row]
        if None in values:
            cell = row[values.index(None)]
            message = f"a value is a number, or '-' where there is none, not {cell!r}"
            raise DocumentError(message, file=str(file), line=number, key=names[values.index(None)])
        rows.append([value if value is not None else math.nan for value in values])
    columns = [_named(name, tuple(row[i] for row in rows), words) for i, name in enumerate(names)]
    return _sorted_out(columns, hepdata=hepdata)


def _sorted_out(columns: list[Column], *, hepdata: bool) -> tuple[tuple[Column, ...], tuple[Column, ...]]:
    """Tell the independent columns from the dependent ones, of which errors are left out."""
    first, *others = columns
    if hepdata and len(others) > 1 and first.name.endswith(" LOW") and others[0].name.endswith(" HIGH"):
        middle = tuple(0.5 * (low + high) for low, high in zip(first.values, others[0].values, strict=True))
        first = Column(first.name.removesuffix(" LOW"), first.unit, middle, binned=True)
        others = others[1:]
    # HEPData writes the errors of a column behind it, with a sign at the end of their names.
    kept = [column for column in others if not (hepdata and re.search(r"\s[+-]$", column.name))]
    return (first,), tuple(kept)


def _named(header: str, values: tuple[float, ...], words: list[str]) -> Column:
    """Take the unit out of a header: ``M [GeV]``, ``M IN GEV``, ``M (GeV)``."""
    match = _UNIT.search(header) if len(header) < _LONGEST_HEADER else None
    if match is None:
        return Column(header, "", values, tuple(words))
    unit = next(group for group in match.group("a", "b", "c") if group is not None)
    name = " ".join(part for part in (header[: match.start()].rstrip(), match["end"]) if part)
    return Column(name, unit.strip(), values, tuple(words))


def _number(value: Any) -> float | None:
    """Return a number, not-a-number where a table has none, or None for what is neither."""
    if isinstance(value, bool):
        return None
    text = str(value).strip()
    if text.lower() in _NOTHING:
        return math.nan
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else math.nan
