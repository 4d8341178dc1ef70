"""Neutrino fluxes: spectra of one species, read from CSV files, with their quadrature over energy.

The format is CSV with ``# key: value`` lines at the top::

    # title: DUNE near detector, neutrino mode
    # units: 1/(m^2 GeV POT)
    # source: paper or release the numbers come from
    energy_low,energy_high,nue,numu
    0,0.25,8.6e-07,4.2e-05

Energies are in GeV and increase. With ``energy_low,energy_high`` the file is a histogram: the flux is constant in each
bin. With a single column ``energy`` it holds points, joined by straight lines; outside them the flux is zero. The
other columns are neutrino species, nue to nutaubar, in the units of the header:

- ``1/(m^2 GeV POT)``: per square metre, GeV and proton on target; event rates can be computed,
- ``1/(m^2 GeV s)``: per second, from all directions together, such as atmospheric neutrinos; event rates too,
- ``1/GeV``: a shape of arbitrary normalisation, shared by the columns of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.channels import NEUTRINOS
from recast.errors import FluxError, unknown
from recast.flux_file import ABSOLUTE_UNITS, CONTINUOUS_UNITS, SHAPE_UNITS, FluxFile, read_flux_file
from recast.interactions import checked

__all__ = ["Flux", "load_flux", "shipped_fluxes"]

FloatArray = NDArray[np.float64]

# Gauss-Legendre points per bin or segment: a cross section is smooth on that scale.
_POINTS = 4

# Integrals of what anyone would call a flux are far from this and from its inverse.
_SMALLEST = 1e-100


@dataclass(frozen=True, eq=False)
class Flux:
    """Energy spectrum of one neutrino species.

    Attributes
    ----------
    name : str
        Name of the shipped file, or the path.
    neutrino : str
        Species, e.g. ``numubar``.
    kind : {"histogram", "points", "line"}
        Constant in bins, straight lines between points, or a single energy.
    energy : ndarray
        In GeV: the edges of the bins, shape (n + 1,), the points, shape (n,), or the single energy, shape (1,).
    values : ndarray, shape (n,)
        dphi/dE in the bins or at the points, in `units`; for a line the integral.
    units : str
        ``1/(m^2 GeV POT)``, ``1/(m^2 GeV s)`` or ``1/GeV`` (normalisation arbitrary, for a line one).
    title, source : str
        What it is and where it comes from.
    inspire : tuple of str
        INSPIRE keys of the source.
    """

    name: str
    neutrino: str
    kind: Literal["histogram", "points", "line"]
    energy: FloatArray
    values: FloatArray
    units: str
    title: str = ""
    source: str = ""
    inspire: tuple[str, ...] = ()

    @classmethod
    def line(cls, energy: float, *, neutrino: str) -> Flux:
        """Return a beam of one energy, normalised to one.

        Parameters
        ----------
        energy : float
            In GeV; positive.
        neutrino : str
            Species, e.g. ``numu``.

        Raises
        ------
        OutOfRangeError
            When the energy is not a positive finite number.
        UnknownNameError
            When there is no such species.
        """
        _check_species(neutrino)
        energy = float(checked("neutrino energy", energy, positive=True))
        return cls(
            name=f"{energy:g} GeV",
            neutrino=neutrino,
            kind="line",
            energy=np.array([energy], dtype=np.float64),
            values=np.ones(1),
            units=SHAPE_UNITS,
            title=f"{neutrino} of {energy:g} GeV",
        )

    @property
    def absolute(self) -> bool:
        """Whether the normalisation means something: neutrinos per square metre and proton on target."""
        return self.units == ABSOLUTE_UNITS

    @property
    def continuous(self) -> bool:
        """Whether it is a flux per second, that of no accelerator."""
        return self.units == CONTINUOUS_UNITS

    def density(self, energy: ArrayLike) -> FloatArray:
        """Return dphi/dE.

        Parameters
        ----------
        energy : array_like
            In GeV.

        Returns
        -------
        ndarray
            Of the same shape, in `units`; zero outside the spectrum. An energy on an edge belongs to the bin above.

        Raises
        ------
        FluxError
            For a line, which has no density.
        """
        at = np.asarray(energy, dtype=np.float64)
        if self.kind == "line":
            msg = f"a beam of one energy ({self.name}) has no density"
            raise FluxError(msg)
        if self.kind == "points":
            return np.asarray(np.interp(at, self.energy, self.values, left=0.0, right=0.0))
        index = np.searchsorted(self.energy, at, side="right") - 1
        inside = (index >= 0) & (index < self.values.size)
        return np.where(inside, self.values[np.clip(index, 0, self.values.size - 1)], 0.0)

    @property
    def integral(self) -> float:
        """Integral over energy, in `units` times GeV, e.g. neutrinos per square metre and proton on target."""
        if self.kind == "line":
            return float(self.values[0])
        if self.kind == "points":
            return float(np.trapezoid(self.values, self.energy))
        return float(np.sum(self.values * np.diff(self.energy)))

    @property
    def mean_energy(self) -> float:
        """Mean energy in GeV."""
        energy, weight = self.quadrature()
        return float(energy @ weight / weight.sum())

    def quadrature(self) -> tuple[FloatArray, FloatArray]:
        """Return nodes and weights with ``sum(weight * f(energy))`` the integral of f times the flux.

        Four Gauss-Legendre points per bin or segment, exact for polynomials of degree 7 (histogram) or 6 (points) in
        each; bins and segments without flux are left out.

        Returns
        -------
        energy : ndarray, shape (n,)
            In GeV, increasing.
        weight : ndarray, shape (n,)
            Positive; they sum to `integral`.
        """
        if self.kind == "line":
            return self.energy.copy(), self.values.copy()
        node, node_weight = np.polynomial.legendre.leggauss(_POINTS)
        low, width = self.energy[:-1, None], np.diff(self.energy)[:, None]
        fraction = 0.5 * (1.0 + node)
        energy = low + width * fraction
        if self.kind == "points":
            density = self.values[:-1, None] * (1.0 - fraction) + self.values[1:, None] * fraction
        else:
            density = np.broadcast_to(self.values[:, None], energy.shape)
        weight = 0.5 * width * node_weight * density
        used = np.any(density > 0.0, axis=1)
        return energy[used].ravel(), weight[used].ravel()

    def normalised(self) -> Flux:
        """Return the same spectrum with an integral of one, in units of 1/GeV."""
        return replace(self, values=self.values / self.integral, units=SHAPE_UNITS)


def load_flux(name_or_path: str | Path, *, neutrino: str | None = None, plugins: Sequence[str | Path] = ()) -> Flux:
    """Load the spectrum of one species.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a flux that ships with recast (``recast.flux.shipped_fluxes``) or comes from a plug-in, or a CSV file.
    neutrino : str, optional
        Species, e.g. ``numu``; may be left out when the file holds one.
    plugins : sequence of path
        Plug-in folders, whose ``measurements/data/flux`` is looked up as well.

    Returns
    -------
    Flux
        Of one neutrino, with its units.

    Raises
    ------
    UnknownNameError
        When there is no such flux or species.
    FluxError
        When the file cannot be read, with file and line, does not hold the species or holds nothing but zeros.
    """
    if neutrino is not None:
        _check_species(neutrino)
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith(".csv") or "/" in text or "\\" in text:
        return _select(read_flux_file(Path(name_or_path)), text, neutrino)
    return _named(text, neutrino, tuple(str(folder) for folder in plugins))


def shipped_fluxes() -> tuple[str, ...]:
    """Return the names of the fluxes that ship with recast or come from installed plug-ins."""
    return tuple(_files(()))


@lru_cache(maxsize=128)
def _named(name: str, neutrino: str | None, plugins: tuple[str, ...]) -> Flux:
    files = _files(plugins)
    if name not in files:
        raise unknown("flux", name, files)
    return _select(read_flux_file(files[name]), name, neutrino)


def _files(plugins: tuple[str, ...]) -> dict[str, Traversable]:
    """Return the flux files beside the measurements, by name; the first of a name counts."""
    from recast.catalog import Catalog

    found: dict[str, Traversable] = {}
    for folder in Catalog(plugins).folders("measurements"):
        data = folder.joinpath("data").joinpath("flux")
        if data.is_dir():
            for file in sorted(data.iterdir(), key=lambda entry: entry.name):
                if file.name.endswith(".csv"):
                    found.setdefault(file.name.removesuffix(".csv"), file)
    return found


def _check_species(neutrino: str) -> None:
    if neutrino not in NEUTRINOS:
        raise unknown("neutrino", neutrino, NEUTRINOS)


def _select(file: FluxFile, name: str, neutrino: str | None) -> Flux:
    """Pick one species of a file."""
    held = ", ".join(file.columns)
    if neutrino is None:
        if len(file.columns) > 1:
            msg = f"flux {name} holds {held}: say which neutrino is meant"
            raise FluxError(msg)
        (neutrino,) = file.columns
    if neutrino not in file.columns:
        msg = f"flux {name} holds no {neutrino}: it holds {held}"
        raise FluxError(msg)
    values = file.columns[neutrino]
    if not values.any():
        msg = f"flux {name}: the flux of {neutrino} is zero everywhere"
        raise FluxError(msg)
    flux = Flux(
        name=name,
        neutrino=neutrino,
        kind=file.kind,
        energy=file.energy,
        values=values,
        units=file.header["units"],
        title=file.header["title"],
        source=file.header["source"],
        inspire=tuple(file.header.get("inspire", "").replace(",", " ").split()),
    )
    with np.errstate(over="ignore"):
        total = flux.integral
    if not _SMALLEST < total < 1.0 / _SMALLEST:
        size = "small" if total < 1.0 else "large"
        msg = f"flux {name}: the integral of {neutrino}, {total:g}, is too {size} to be a flux"
        raise FluxError(msg)
    return flux
