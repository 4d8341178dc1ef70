"""Published limits on a coupling as a function of mass, read from CSV files.

The format is CSV with ``# key: value`` lines at the top::

    # title: BaBar, e+ e- -> mu+ mu- Z', Z' -> mu+ mu-
    # mass_unit: GeV
    # coupling_unit: dimensionless
    # confidence_level: 0.90
    # source: arXiv:1606.03501, Fig. 5
    # digitised: how the numbers were read off, and how precisely
    mass,coupling
    0.21371,0.0013849

or, where couplings are excluded between two ends only, as by a beam dump, with the columns ``mass,lower,upper``.
Masses increase, every coupling is a limit: a mass without one has no row. ``confidence_level: none`` says that the
source gives none. Masses that a search left out in the middle of its range are named by ``# gap: 3.05 3.15`` lines.
``inspire`` and ``note`` are optional; a commented line without a key continues the one above. What the coupling is,
g' of some model or the mixing of a dark photon, stands in the title; the measurement says which model it belongs to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.errors import RecastError, unknown
from recast.limit_curve_file import LimitCurveFile

__all__ = ["LimitCurve", "load_limit_curve", "read_limit_curve", "shipped_limit_curves"]

FloatArray = NDArray[np.float64]

@dataclass(frozen=True, eq=False)
class LimitCurve:
    """Excluded couplings as a function of mass: all above a limit, or those between two.

    Attributes
    ----------
    name : str
        Name of the shipped file, or the path.
    mass : ndarray, shape (n,)
        In GeV; increasing.
    coupling : ndarray, shape (n,)
        Lowest excluded coupling; positive.
    confidence_level : float or None
        Of the limit; None where the source gives none.
    gaps : tuple of (float, float)
        Open intervals of masses in GeV inside the range for which there is no limit.
    header : dict of str to str
        The commented lines, among them title, source and digitised.
    upper : ndarray, shape (n,), or None
        Highest excluded coupling; None where there is none.
    """

    name: str
    mass: FloatArray
    coupling: FloatArray
    confidence_level: float | None
    gaps: tuple[tuple[float, float], ...] = ()
    header: Mapping[str, str] = field(default_factory=dict)
    upper: FloatArray | None = None

    def __call__(self, mass: ArrayLike) -> FloatArray:
        """Return the lowest excluded coupling at other masses.

        Parameters
        ----------
        mass : array_like
            In GeV.

        Returns
        -------
        ndarray
            Of the same shape: straight lines in the logarithms of mass and coupling between the published points,
            exact at the points; not-a-number outside their range and in gaps, where nothing was published.
        """
        return self._at(mass, self.coupling)

    def highest(self, mass: ArrayLike) -> FloatArray:
        """Return the highest excluded coupling at other masses, as `__call__` does; infinite without an upper end."""
        if self.upper is None:
            return np.where(np.isnan(self(mass)), np.nan, np.inf)
        return self._at(mass, self.upper)

    def _at(self, mass: ArrayLike, published: FloatArray) -> FloatArray:
        at = np.asarray(mass, dtype=np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            logarithm = np.log(at)
        value = np.exp(np.interp(logarithm, np.log(self.mass), np.log(published)))
        # The round trip through the logarithm costs the last digit; at a published point there is nothing to round.
        nearest = np.clip(np.searchsorted(self.mass, at), 0, self.mass.size - 1)
        value = np.where(self.mass[nearest] == at, published[nearest], value)
        known = (at >= self.mass[0]) & (at <= self.mass[-1])
        for low, high in self.gaps:
            known &= (at <= low) | (at >= high)
        return np.where(known, value, np.nan)


def load_limit_curve(
    name: str, *, folder: str | Path | None = None, plugins: Sequence[str | Path] = ()
) -> LimitCurve:
    """Load a curve by name or file.

    Parameters
    ----------
    name : str
        Name of a curve that ships with recast (`shipped_limit_curves`) or comes from a plug-in, or a CSV file.
    folder : path, optional
        What the path of a file is relative to.
    plugins : sequence of path
        Plug-in folders, whose ``measurements/data/limits`` is looked up as well.

    Raises
    ------
    UnknownNameError
        When there is no curve of that name.
    DocumentError
        Naming file, line and key of what is wrong in it.
    """
    if name.endswith(".csv") or "/" in name or "\\" in name:
        return read_limit_curve(Path(folder or ".") / name)
    return _named(name, tuple(str(path) for path in plugins))


def shipped_limit_curves(plugins: Sequence[str | Path] = ()) -> tuple[str, ...]:
    """Return the names of the curves that ship with recast or come from plug-ins."""
    return tuple(_files(tuple(str(path) for path in plugins)))


@lru_cache(maxsize=128)
def _named(name: str, plugins: tuple[str, ...]) -> LimitCurve:
    files = _files(plugins)
    if name not in files:
        raise unknown("limit curve", name, files)
    return read_limit_curve(files[name], name=name)


def _files(plugins: tuple[str, ...]) -> dict[str, Traversable]:
    """Return the curves beside the measurements, by name."""
    from recast.catalog import Catalog

    found: dict[str, Traversable] = {}
    for folder in Catalog(plugins).folders("measurements"):
        data = folder.joinpath("data").joinpath("limits")
        if data.is_dir():
            for file in sorted(data.iterdir(), key=lambda entry: entry.name):
                name, dot, suffix = file.name.rpartition(".")
                if f"{dot}{suffix}" != ".csv":
                    continue
                if name in found:
                    msg = f"limit curve '{name}' stands in {found[name]} and in {file}: rename one of them"
                    raise RecastError(msg)
                found[name] = file
    return found


def read_limit_curve(path: Traversable, *, name: str | None = None) -> LimitCurve:
    """Read and check a file.

    Parameters
    ----------
    path : path
        CSV file in the format of this module.
    name : str, optional
        What the curve is called; the path by default.

    Raises
    ------
    DocumentError
        Naming file, line and key of what is wrong.
    """
    file = LimitCurveFile(path)
    header = file.checked_header()
    mass, coupling, upper = file.checked_table()
    return LimitCurve(
        name=name or str(path),
        mass=mass,
        coupling=coupling,
        confidence_level=file.confidence_level(),
        gaps=file.checked_gaps(mass),
        header=header,
        upper=upper,
    )
