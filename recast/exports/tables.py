"""Contours and limits as text: CSV, and files of two columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from recast.errors import RecastError
from recast.exports.contours import Contours
from recast.output import check_output, whole_file

__all__ = ["csv_text", "two_column_text", "write_text"]

_COLUMNS = ("region", "model", "measurements", "shown", "confidence_level", "edge", "line")


def write_text(text: str, path: str | Path, *, force: bool = False) -> Path:
    """Write text into a file, whole or not at all.

    Parameters
    ----------
    text : str
    path : path
    force : bool
        Replace a file that exists.

    Raises
    ------
    OutputExistsError, RecastError
        When the file exists or cannot be written.
    """
    path = check_output(path, force=force)
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def csv_text(contours: Contours) -> str:
    """Return a table with comments at its top.

    Of figures and scans it has one row for each point of each edge. Of limits it is a limit curve, which measurements
    can name: ``mass,coupling``, or ``mass,lower,upper`` where there are upper ends.

    Parameters
    ----------
    contours : Contours
    """
    return _limit_curve(contours) if contours.is_limit else _long_table(contours)


def _long_table(contours: Contours) -> str:
    out = io.StringIO()
    out.writelines(f"# {line}\n" for line in _head(contours))
    table = csv.writer(out, lineterminator="\n")
    table.writerow([*_COLUMNS, contours.x.name, contours.y.name])
    lines: dict[tuple[str, str], int] = {}
    for piece in contours.pieces:
        level = "" if piece.confidence_level is None else f"{piece.confidence_level:.6g}"
        measurements = " + ".join(piece.measurements)
        for edge, x, y in piece.edges():
            # Lines of one region are counted: points of different lines must not be joined.
            number = lines[piece.model, piece.region] = lines.get((piece.model, piece.region), 0) + 1
            said = (piece.region, piece.model, measurements, piece.shown, level, edge, number)
            table.writerows((*said, _number(a), _number(b)) for a, b in zip(x, y, strict=True))
    return out.getvalue()


def _limit_curve(contours: Contours) -> str:
    first = contours.pieces[0]
    rows = sorted(
        (float(mass), float(low), float(high))
        for piece in contours.pieces
        if piece.lower is not None and piece.upper is not None
        for mass, low, high in zip(piece.x, piece.lower, piece.upper, strict=True)
    )
    ends = any(np.isfinite(high) for _, _, high in rows) or len(contours.pieces) > 1
    head = [
        # Readers of limit curves take what follows one of their keys for its continuation: theirs are the last ones.
        *contours.origin.lines(),
        f"title: {contours.title}",
        "mass_unit: GeV",
        "coupling_unit: dimensionless",
        f"confidence_level: {first.confidence_level:.6g}",
        f"source: {contours.origin.version}",
        "digitised: no, computed at each mass",
        *(f"gap: {_number(low)} {_number(high)}" for low, high in contours.gaps),
        f"note: {first.convention}" + ("; no upper end where the cell is empty" if ends else ""),
    ]
    out = io.StringIO()
    out.writelines(f"# {line}\n" for line in head)
    out.write("mass,lower,upper\n" if ends else "mass,coupling\n")
    for mass, low, high in rows:
        cells = [_number(mass), _number(low)]
        if ends:
            cells.append(_number(high) if np.isfinite(high) else "")
        out.write(",".join(cells) + "\n")
    return out.getvalue()


def two_column_text(contours: Contours) -> str:
    """Return lines of x and y: a block for each edge, with two empty lines between blocks (gnuplot's ``index``).

    Parameters
    ----------
    contours : Contours

    Raises
    ------
    RecastError
        When there is no edge.
    """
    blocks = [f"# {line}" for line in (*_head(contours), f"columns: {contours.x.name} {contours.y.name}")]
    edges = list(_blocks(contours))
    if not edges:
        msg = f"{contours.name} has no edge to write: everything in the plane is on one side"
        raise RecastError(msg)
    return "\n".join(blocks) + "\n\n" + "\n\n\n".join(edges) + "\n"


def _blocks(contours: Contours) -> Iterator[str]:
    for piece in contours.pieces:
        for edge, x, y in piece.edges():
            words = f"# {piece.region}, {piece.model}: {edge} edge of what is {piece.shown}"
            rows = [f"{_number(a)} {_number(b)}" for a, b in zip(x, y, strict=True)]
            yield "\n".join([words.replace("contour edge", "contour"), *rows])


def _head(contours: Contours) -> list[str]:
    axes = [
        f"{axis.name}_unit: {axis.unit}" + (f" (axis of the figure: {axis.words})" if axis.words else "")
        for axis in (contours.x, contours.y)
    ]
    return [f"title: {contours.title}", *axes, *(f"note: {note}" for note in contours.notes), *contours.origin.lines()]


def _number(value: float) -> str:
    return f"{value:.10g}"
