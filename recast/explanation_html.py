"""An explanation for a notebook: a table with links to the papers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recast.explanation import Explanation, MeasurementRow

__all__ = ["html"]


def html(explanation: Explanation) -> str:
    """Return the summary, the table, and what to unfold: measurements that say nothing, and conventions."""
    header, _ = explanation.table()
    head = "".join(f'<th scope="col" style="text-align:left">{escape(name)}</th>' for name in header)
    body = "".join(_row(row) for row in explanation.rows if row.applicable)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if body else ""
    return (
        f"<p><b>{escape(explanation.title)}</b>, {escape(explanation.point)}: {escape(explanation.summary)}.</p>{table}"
        + _folded("Measurements that say nothing here", explanation.silent())
        + _folded("Conventions", explanation.conventions())
    )


def _row(row: MeasurementRow) -> str:
    cells = ["-" if cell is None else f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row.cells()]
    name, *others = (f"<td>{escape(cell)}</td>" for cell in cells[:-1])
    name = f'<th scope="row" style="text-align:left" title="{escape(row.title)}">{escape(cells[0])}</th>'
    links = ", ".join(
        f'<a href="{escape(one.url)}" title="{escape(f"{one.role}: {one.paper}, {one.place}")}">{escape(one.key)}</a>'
        for one in row.citations
    )
    # What excludes is said by the word; the weight only leads the eye.
    style = ' style="font-weight:bold"' if row.verdict == "excluded" else ""
    return f"<tr{style}>{name}{''.join(others)}<td>{links}</td></tr>"


def _folded(title: str, content: Mapping[str, Sequence[str]]) -> str:
    if not content:
        return ""
    lines = "".join(f"<li>{escape(', '.join(names))}: {escape(words)}</li>" for words, names in content.items())
    return f"<details><summary>{escape(title)}</summary><ul>{lines}</ul></details>"
