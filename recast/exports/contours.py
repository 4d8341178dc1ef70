"""Edges of regions for tables, and how they are taken out of limits and scans."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from recast.errors import RecastError, unknown
from recast.exports.origin import Origin

if TYPE_CHECKING:
    from recast.limits import LimitResult
    from recast.provenance import Source
    from recast.scan import ScanResult

__all__ = ["COUPLING", "MASS", "Contours", "Piece", "Quantity", "of_limit", "of_scan"]

FloatArray = NDArray[np.float64]

@dataclass(frozen=True)
class Quantity:
    """What an axis shows.

    Attributes
    ----------
    name : str
        A word, for the head of a column.
    unit : str
    words : str
        The label of the figure's axis, if there is one.
    """

    name: str
    unit: str
    words: str = ""


MASS = Quantity("mass", "GeV")
COUPLING = Quantity("coupling", "dimensionless")


@dataclass(frozen=True, eq=False)
class Piece:
    """A connected part of a region, or the line around it.

    Attributes
    ----------
    region : str
        Title of the layer or the measurement.
    model : str
    measurements : tuple of str
        With their variants; several are combined.
    shown : {"excluded", "allowed"}
        What lies inside.
    confidence_level : float or None
        None where the source of a published limit gives none.
    convention : str
        How the region is defined.
    x : ndarray, shape (n,)
    lower, upper : ndarray, shape (n,), optional
        Ends of the region at each x; ``upper`` is infinite where there is none, ``lower`` is zero where there is none.
    line : ndarray, shape (n,), optional
        Instead of these: y along a line on which points are just excluded, in order.
    """

    region: str
    model: str
    measurements: tuple[str, ...]
    shown: Literal["excluded", "allowed"]
    confidence_level: float | None
    convention: str
    x: FloatArray
    lower: FloatArray | None = None
    upper: FloatArray | None = None
    line: FloatArray | None = None

    def edges(self) -> Iterator[tuple[str, FloatArray, FloatArray]]:
        """Yield the lines that there are: ``lower``, ``upper`` or ``contour``, with x and y, shape (n,)."""
        if self.line is not None:
            yield "contour", self.x, self.line
        for name, values in (("lower", self.lower), ("upper", self.upper)):
            if values is None:
                continue
            there = np.isfinite(values) & (values > 0.0)
            for run in np.split(np.flatnonzero(there), np.flatnonzero(np.diff(np.flatnonzero(there)) > 1) + 1):
                if run.size:
                    yield name, self.x[run], values[run]


@dataclass(frozen=True, eq=False)
class Contours:
    """Regions of a plane, to be written into a file.

    Attributes
    ----------
    name, title : str
        Of the figure, the scan or the limit.
    x, y : Quantity
    pieces : tuple of Piece
    origin : Origin
    notes : tuple of str
        How precise the lines are.
    gaps : tuple of (float, float)
        Of limits: neighbouring masses between which there are masses without a limit.
    is_limit : bool
        Each mass that was asked for has its own rows.
    """

    name: str
    title: str
    x: Quantity
    y: Quantity
    pieces: tuple[Piece, ...]
    origin: Origin
    notes: tuple[str, ...] = ()
    gaps: tuple[tuple[float, float], ...] = ()
    is_limit: bool = False

    @property
    def regions(self) -> tuple[str, ...]:
        """Titles of the regions, each once."""
        return tuple(dict.fromkeys(piece.region for piece in self.pieces))

    def only(self, regions: Sequence[str]) -> Contours:
        """Return some of the regions.

        Parameters
        ----------
        regions : sequence of str
            Titles, or measurements with their variants; all regions when empty.

        Raises
        ------
        UnknownNameError
            When there is no such region; the message lists near matches.
        """
        if not regions:
            return self
        known = dict.fromkeys([*self.regions, *(" + ".join(piece.measurements) for piece in self.pieces)])
        for name in regions:
            if name not in known:
                raise unknown("region", name, known)
        kept = tuple(p for p in self.pieces if p.region in regions or " + ".join(p.measurements) in regions)
        return replace(self, pieces=kept)


def of_limit(result: LimitResult, *, citations: Sequence[Source] = ()) -> Contours:
    """Return the excluded couplings of a limit, a row for each interval at each mass.

    Parameters
    ----------
    result : LimitResult
    citations : sequence of Source
        Of the model and the measurements.

    Raises
    ------
    RecastError
        When nothing is excluded at any mass.
    """
    order = np.argsort(result.mass, kind="stable")
    excluded = [(float(result.mass[i]), result.excluded[i]) for i in order]
    most = max((len(intervals) for _, intervals in excluded), default=0)
    if not most:
        msg = f"{' + '.join(result.measurements)} excludes nothing of {result.model} at these masses: nothing to write"
        raise RecastError(msg)
    pieces = []
    for index in range(most):
        rows = [(mass, *intervals[index]) for mass, intervals in excluded if len(intervals) > index]
        mass, lower, upper = np.array(
            [(m, low, math.inf if high is None else high) for m, low, high in rows], dtype=float
        ).T
        pieces.append(
            Piece(
                region=" + ".join(result.measurements),
                model=result.model,
                measurements=result.measurements,
                shown="excluded",
                confidence_level=result.confidence_level,
                convention=result.convention,
                x=mass,
                lower=lower,
                upper=upper,
            )
        )
    there = [index for index, (_, intervals) in enumerate(excluded) if intervals]
    gaps = tuple((excluded[i][0], excluded[j][0]) for i, j in pairwise(there) if j - i > 1)
    return Contours(
        name="limit",
        title=f"{' + '.join(result.measurements)}: excluded couplings of {result.model}",
        x=MASS,
        y=COUPLING,
        pieces=tuple(pieces),
        origin=Origin.now(conventions=[result.convention], citations=citations),
        gaps=gaps,
        is_limit=True,
    )


def of_scan(result: ScanResult, *, name: str = "scan") -> Contours:
    """Return the lines on which a scan of two parameters just excludes, of each measurement and of all together.

    Parameters
    ----------
    result : ScanResult
    name : str
        Of the scan, for titles.

    Raises
    ------
    RecastError
        When the scan did not vary two parameters on a grid, or did not keep what is needed.
    """
    from recast.contours import contour_lines

    varied = [axis for axis, values in result.axes.items() if len(values) > 1]
    if len(varied) != 2:
        on = f"{', '.join(varied)}" + (" alone" if len(varied) == 1 else "") or "points that stand on no grid"
        msg = f"contours need a grid of two scanned parameters, and this scan has {on}"
        raise RecastError(msg)
    x, y = varied
    scales: Any = {axis: _scale(result, axis) for axis in varied}
    pieces = []
    names: list[str | None] = [*result.measurements, *([None] if "combined" in result.best_fits else [])]
    for one in names:
        surface = result.excess(one).reshape([len(values) for values in result.axes.values() if len(values) > 1])
        lines = contour_lines(
            result.axes[x], result.axes[y], surface.T, 0.0, x_scale=scales[x], y_scale=scales[y]
        )
        pieces += [
            Piece(
                region=one or "combined",
                model=result.model,
                measurements=(one,) if one else result.measurements,
                shown="excluded",
                confidence_level=result.confidence_level,
                convention=result.convention if one else result.combined_convention,
                x=line[:, 0],
                line=line[:, 1],
            )
            for line in lines
        ]
    if not pieces:
        msg = f"nothing of {result.model} is on the edge of being excluded in this scan: there is no contour to write"
        raise RecastError(msg)
    quantities = [MASS if axis == "mass" else Quantity(axis, "dimensionless") for axis in varied]
    return Contours(
        name=name,
        title=result.provenance.get("title") or f"scan of {result.model}",
        x=quantities[0],
        y=quantities[1],
        pieces=tuple(pieces),
        origin=_origin(result, [piece.convention for piece in pieces]),
        notes=("lines between the points of the scan are interpolated",),
    )


def _origin(result: ScanResult, conventions: Sequence[str]) -> Origin:
    """Return what made the lines: the command of now, and the version, grids and citations of the scan."""
    from recast.exports.citing import entries_in, source_of_entry

    grids = {
        name.removeprefix("grid ").removesuffix(".h5"): digest
        for name, digest in result.header.inputs.items()
        if name.startswith("grid ")
    }
    return replace(
        Origin.now(
            conventions=conventions,
            citations=[source_of_entry(text) for text in entries_in(result.provenance.get("bibtex", "")).values()],
        ),
        version=result.provenance.get("code", "unknown"),
        grids=tuple(grids.items()),
    )


def _scale(result: ScanResult, axis: str) -> str:
    said = result.header.spec.get("parameters", {}).get(axis)
    if isinstance(said, dict):
        return str(said["scale"])
    return "log" if bool(np.all(result.axes[axis] > 0.0)) else "linear"
