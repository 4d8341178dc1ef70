"""Tables of emission from colliding electrons relative to emission from final-state muons.

What `recast.emission` computes is kept as CSV with ``# key: value`` lines at the top, among them the recipe::

    # title: ...
    # acceptance: ...
    # recipe: ...
    mass,ratio,error
    0.21,5.3,0.02

``ratio`` is sigma_ISR / sigma_FSR of e+ e- -> mu+ mu- Z' for charges of one, ``error`` its Monte Carlo error, ``mass``
that of the boson in GeV.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.errors import DocumentError, unknown
from recast.text_file import read_text

__all__ = ["EmissionTable", "load_emission_table", "read_emission_table"]

FloatArray = NDArray[np.float64]

_COLUMNS = "mass,ratio,error"


@dataclass(frozen=True, eq=False)
class EmissionTable:
    """sigma_ISR / sigma_FSR for charges of one as a function of mass.

    Attributes
    ----------
    mass : ndarray, shape (n,)
        In GeV; increasing.
    ratio, error : ndarray, shape (n,)
        And its Monte Carlo error.
    header : dict of str to str
        The commented lines.
    """

    mass: FloatArray
    ratio: FloatArray
    error: FloatArray
    header: Mapping[str, str]

    def __call__(self, mass: ArrayLike) -> FloatArray:
        """Return the ratio at other masses in GeV, of the same shape; not-a-number outside the table."""
        at = np.asarray(mass, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            logarithm = np.log(at)
        value = np.exp(np.interp(logarithm, np.log(self.mass), np.log(self.ratio)))
        return np.where((at >= self.mass[0]) & (at <= self.mass[-1]), value, np.nan)


def load_emission_table(
    name: str, *, folder: str | Path | None = None, plugins: Sequence[str | Path] = ()
) -> EmissionTable:
    """Load a table by name or file.

    Parameters
    ----------
    name : str
        Name of a table under ``data/emission`` of the measurements, or a CSV file.
    folder : path, optional
        What the path of a file is relative to.
    plugins : sequence of path
        Plug-in folders that are looked up as well.

    Raises
    ------
    UnknownNameError
        When there is no table of that name.
    DocumentError
        Naming file, line and key of what is wrong in it.
    """
    if name.endswith(".csv") or "/" in name or "\\" in name:
        return read_emission_table(Path(folder or ".") / name)
    return _named(name, tuple(str(path) for path in plugins))


@lru_cache(maxsize=16)
def _named(name: str, plugins: tuple[str, ...]) -> EmissionTable:
    from recast.catalog import Catalog

    known: list[str] = []
    for folder in Catalog(plugins).folders("measurements"):
        data = folder.joinpath("data").joinpath("emission")
        if data.is_dir():
            files = {entry.name.removesuffix(".csv"): entry for entry in data.iterdir() if entry.name.endswith(".csv")}
            if name in files:
                return read_emission_table(files[name])
            known += files
    raise unknown("emission table", name, sorted(known))


def read_emission_table(path: Traversable) -> EmissionTable:
    """Read and check a file.

    Raises
    ------
    DocumentError
        Naming file, line and key of what is wrong.
    """
    lines = read_text(path, what="emission table").splitlines()
    header: dict[str, str] = {}
    rows: list[tuple[int, str]] = []
    for number, line in enumerate(lines, start=1):
        if line.startswith("#"):
            key, _, value = line.lstrip("#").partition(":")
            header[key.strip()] = value.strip()
        elif line.strip():
            rows.append((number, line.strip()))
    if len(rows) < 3 or rows[0][1] != _COLUMNS:
        message = f"an emission table has the columns '{_COLUMNS}' and two rows at least"
        raise DocumentError(message, file=str(path), line=rows[0][0] if rows else None, key="mass")
    table = np.array([_row(str(path), number, line) for number, line in rows[1:]])
    for index in np.flatnonzero(np.diff(table[:, 0]) <= 0.0)[:1]:
        number = rows[index + 2][0]
        raise DocumentError("the mass must strictly increase", file=str(path), line=number, key="mass")
    return EmissionTable(table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy(), header)


def _row(file: str, number: int, line: str) -> list[float]:
    """Return the three numbers of a row, all positive and finite."""
    cells = line.split(",")
    try:
        values = [float(cell) for cell in cells]
    except ValueError:
        values = []
    if len(values) != 3 or not all(math.isfinite(value) and value > 0.0 for value in values):
        message = f"a row is three positive finite numbers, {_COLUMNS}, not '{line}'"
        raise DocumentError(message, file=file, line=number, key=_COLUMNS)
    return values
