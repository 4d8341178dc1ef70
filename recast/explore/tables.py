"""Tables of a function of mass and coupling, small enough to stand in a page, and what is read out of them.

Points are evenly spaced in the logarithms. A value s, of either sign and between nothing and 1e30, is tabulated as
t = arsinh s, or as t = ln s where it is a power of the coupling, and interpolated linearly in both logarithms. What is
known in a range of masses only, or follows a published curve with structure between the points, has an offset besides:
t is then the table plus a function of the mass alone, which is not-a-number where nothing is known.

The page interpolates exactly as `Table.interpolated` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Axes", "Offset", "Table", "tabulated"]

FloatArray = NDArray[np.float64]
Scale = Literal["arsinh", "log"]

STEPS = 65534
"""A value is stored as one of so many steps between the smallest and the largest of its table."""

_LARGEST = 1e12
_SMALLEST = 1e-30


@dataclass(frozen=True, eq=False)
class Axes:
    """The points of the tables of a page.

    Attributes
    ----------
    mass, coupling : (low, high)
        GeV, dimensionless.
    n_mass, n_coupling : int
        Numbers of points, evenly spaced in the logarithm.
    """

    mass: tuple[float, float]
    coupling: tuple[float, float]
    n_mass: int = 161
    n_coupling: int = 241

    @property
    def masses(self) -> FloatArray:
        """Shape (n_mass,), GeV."""
        return np.geomspace(*self.mass, self.n_mass)

    @property
    def couplings(self) -> FloatArray:
        """Shape (n_coupling,)."""
        return np.geomspace(*self.coupling, self.n_coupling)

    def place(self, mass: FloatArray, coupling: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return where points lie between those of the axes, in steps."""
        result = []
        for value, (low, high), n in (
            (mass, self.mass, self.n_mass),
            (coupling, self.coupling, self.n_coupling),
        ):
            result.append(np.log(value / low) / np.log(high / low) * (n - 1))
        return result[0], result[1]


@dataclass(frozen=True, eq=False)
class Offset:
    """What a mass adds to a table: ``t`` at masses of its own, not-a-number where nothing is known."""

    mass: FloatArray
    value: FloatArray

    def at(self, mass: FloatArray) -> FloatArray:
        """Return the offset at masses, straight in the logarithm of the mass between the given ones."""
        return np.interp(np.log(mass), np.log(self.mass), self.value, left=np.nan, right=np.nan)


@dataclass(frozen=True, eq=False)
class Table:
    """A tabulated function.

    Attributes
    ----------
    axes : Axes
    codes : ndarray of uint16, shape (n_mass, n_coupling)
        ``t = low + step * code``.
    low, step : float
    scale : {"arsinh", "log"}
    unit : float
        What s is multiplied by.
    offset : Offset or None
    """

    axes: Axes
    codes: NDArray[np.uint16]
    low: float
    step: float
    scale: Scale
    unit: float = 1.0
    offset: Offset | None = None

    def interpolated(self, mass: FloatArray, coupling: FloatArray) -> FloatArray:
        """Return what the page shows at points of the plane.

        Parameters
        ----------
        mass, coupling : ndarray, shape (n,)
            GeV; inside the axes.

        Returns
        -------
        ndarray, shape (n,)
            Not-a-number where nothing is known.
        """
        u, v = self.axes.place(mass, coupling)
        i = np.clip(u.astype(int), 0, self.axes.n_mass - 2)
        j = np.clip(v.astype(int), 0, self.axes.n_coupling - 2)
        a, b = u - i, v - j
        codes = self.codes.astype(float)
        low = (1.0 - b) * codes[i, j] + b * codes[i, j + 1]
        high = (1.0 - b) * codes[i + 1, j] + b * codes[i + 1, j + 1]
        t = self.low + self.step * ((1.0 - a) * low + a * high)
        if self.offset is not None:
            t = t + self.offset.at(mass)
        return np.asarray(self.unit * (np.sinh(t) if self.scale == "arsinh" else np.exp(t)))


def tabulated(
    axes: Axes,
    values: FloatArray,
    *,
    unit: float = 1.0,
    scale: Scale = "arsinh",
    known: Offset | None = None,
    along: Offset | None = None,
) -> Table:
    """Tabulate a function.

    Parameters
    ----------
    axes : Axes
    values : ndarray, shape (n_mass, n_coupling)
        At the points of the axes; not-a-number where nothing is known.
    unit : float
        Of the values.
    scale : {"arsinh", "log"}
        How to tabulate; the logarithm for values that are nowhere of the other sign than the unit.
    known : Offset, optional
        Zero, and not-a-number at masses where nothing is known, closer than the axes have them.
    along : Offset, optional
        With the logarithm: the values at masses of its own and one of the couplings, for a function with structure
        between the points of the axes, which is tabulated relative to this.
    """
    offset = known
    t = _logarithm(values / unit) if scale == "log" else np.arcsinh(np.clip(values / unit, -_LARGEST, _LARGEST))
    if along is not None:
        offset = Offset(along.mass, _logarithm(along.value / unit))
        t = t - offset.at(axes.masses)[:, None]
    t = _filled(t)
    low, high = float(t.min()), float(t.max())
    # A constant table has one code; any step will do.
    step = (high - low) / STEPS or 1.0
    codes = np.rint((t - low) / step).astype(np.uint16)
    return Table(axes, codes, low, step, scale, unit, offset)


def _logarithm(values: FloatArray) -> FloatArray:
    return np.where(np.isnan(values), np.nan, np.log(np.maximum(np.nan_to_num(values), _SMALLEST)))


def _filled(t: FloatArray) -> FloatArray:
    """Continue the rows of known masses to those of unknown ones: an offset tells which they are."""
    known = np.flatnonzero(~np.isnan(t).any(axis=1))
    if not known.size:
        return np.zeros_like(t)
    every = np.arange(t.shape[0])
    after = np.clip(np.searchsorted(known, every), 0, known.size - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(np.abs(known[before] - every) < np.abs(known[after] - every), before, after)
    return np.asarray(t[known[nearest]])
