"""What results say of themselves: tables and remarks, for a terminal and for a notebook.

`recast.reports` puts them together; the command line prints them, notebooks show `Report.html`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

__all__ = ["Report", "Table", "cell", "is_number"]

# Longer tables show their beginning and their end in a notebook.
_LONGEST, _ENDS = 60, 20


@dataclass(frozen=True)
class Table:
    """Rows under a header.

    Attributes
    ----------
    header : tuple of str
        Empty words where columns need no names.
    rows : tuple of tuple
        Cells: text, numbers, or None where there is nothing to say.
    title : str
        Line above the table.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    title: str = ""

    def texts(self) -> tuple[list[list[str]], list[bool]]:
        """Return the cells as text, and which columns hold nothing but numbers."""
        cells = [[cell(value) for value in row] for row in self.rows]
        numeric = [bool(cells) and all(is_number(row[i]) for row in cells) for i in range(len(self.header))]
        return cells, numeric

    def html(self) -> str:
        """Return the table as HTML; of a long one the beginning and the end."""
        cells, numeric = self.texts()
        if len(cells) > _LONGEST:
            left_out = [f"... {len(cells) - 2 * _ENDS} more ...", *[""] * (len(self.header) - 1)]
            cells = [*cells[:_ENDS], left_out, *cells[-_ENDS:]]
        sides = [f' style="text-align:{"right" if right else "left"}"' for right in numeric]
        title = f"<caption>{escape(self.title)}</caption>" if self.title else ""
        head = "".join(
            f'<th scope="col"{side}>{escape(name)}</th>' for name, side in zip(self.header, sides, strict=True)
        )
        body = "".join(
            "<tr>" + "".join(f"<td{side}>{escape(text)}</td>" for text, side in zip(row, sides, strict=True)) + "</tr>"
            for row in cells
        )
        head = f"<thead><tr>{head}</tr></thead>" if any(self.header) else ""
        return f"<table>{title}{head}<tbody>{body}</tbody></table>"


@dataclass(frozen=True)
class Report:
    """What there is to say about a result.

    Attributes
    ----------
    title : str
    tables : tuple of Table
    remarks : tuple of str
        One sentence each.
    notes : tuple of str
        What is unfolded in a notebook on demand.
    sources : tuple of (str, str)
        Publications and where to read them.
    """

    title: str
    tables: tuple[Table, ...] = ()
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[tuple[str, str], ...] = ()

    def html(self) -> str:
        """Return the report as HTML, for a notebook."""
        links = [f'<a href="{escape(url)}">{escape(words)}</a>' for words, url in self.sources]
        return (
            f"<p><b>{escape(self.title)}</b></p>"
            + "".join(table.html() for table in self.tables)
            + "".join(f"<p>{escape(remark)}</p>" for remark in self.remarks)
            + _folded("Notes", [escape(note) for note in self.notes])
            + _folded("Sources", links)
        )


def _folded(title: str, items: Sequence[str]) -> str:
    lines = "".join(f"<li>{item}</li>" for item in items)
    return f"<details><summary>{title}</summary><ul>{lines}</ul></details>" if items else ""


def cell(value: Any) -> str:
    """Return a cell as text: numbers with five significant digits, ``-`` for None."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    return f"{float(value):.5g}"


def is_number(text: str) -> bool:
    """Whether a cell belongs into a column of numbers."""
    if text == "-":
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True
