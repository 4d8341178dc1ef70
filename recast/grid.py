"""Grids of trident spectra: HDF5 files that are read whole, checked, and folded with a flux on load.

A file holds one pair of lepton masses; inside, one group per scatterer and form factor,
``/<scatterer>/<form factor>`` with

=========== ================ ==========================================================================
dataset     shape            content
=========== ================ ==========================================================================
energy      (n_E,)           neutrino energies in GeV, equidistant in ln(E - E_threshold)
reference   (n_E,)           total S_VV in fb per scatterer: carries the steep energy dependence
spectra     (n_E, 3, n_K2)   S_VV, S_AA, S_VA on the nodes ``/momentum_transfer``, divided by reference
=========== ================ ==========================================================================

and its own checksum, so that reading one scatterer checks what is read.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.errors import GridError, OutOfRangeError, unknown
from recast.hdf5 import attributes, open_hdf5

if TYPE_CHECKING:
    import h5py

Array = NDArray[np.float64]

FORMAT = "recast trident grid"
SCHEMA_VERSION = 1
GRID_FOLDER_VARIABLE = "RECAST_GRIDS"


@dataclass(frozen=True)
class TridentTable:
    """Spectra of one scatterer.

    Attributes
    ----------
    name : str
        ``scatterer/form factor``.
    threshold : float
        Neutrino energy in GeV below which nothing is produced.
    energy : ndarray, shape (n_E,)
        GeV.
    reference : ndarray, shape (n_E,)
        fb.
    spectra : ndarray, shape (n_E, 3, n_K2)
        S_VV, S_AA, S_VA over ``reference``.
    momentum_transfer : ndarray, shape (n_K2,)
        Nodes in GeV^2.
    attributes : mapping
        What the file says of them.
    """

    name: str
    threshold: float
    energy: Array
    reference: Array
    spectra: Array
    momentum_transfer: Array
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def _splines(self) -> tuple[Any, Any]:
        from scipy.interpolate import CubicSpline

        x = np.log(self.energy - self.threshold)
        return CubicSpline(x, np.eye(len(x))), CubicSpline(x, np.log(self.reference))

    def energy_weights(self, energies: ArrayLike) -> Array:
        """Return the linear map from tabulated ``spectra`` to spectra in fb at other energies.

        Parameters
        ----------
        energies : array_like, shape (n,)
            GeV.  Below threshold the weights vanish; between it and the first node the cross section
            continues as a power of ``E - E_threshold`` with the shape of the first node.

        Returns
        -------
        ndarray, shape (n, n_E)

        Raises
        ------
        OutOfRangeError
            If an energy is not a positive number, or above the last node: nothing is extrapolated.
        """
        try:
            values = np.atleast_1d(np.asarray(energies, dtype=float))
        except (TypeError, ValueError, OverflowError):
            msg = f"neutrino energy must be a positive number of GeV, not {energies!r}"
            raise OutOfRangeError(msg) from None
        if values.ndim > 1:
            msg = f"neutrino energies must be one number or a list of them, not an array of shape {values.shape}"
            raise OutOfRangeError(msg)
        if not np.all(np.isfinite(values)) or np.any(values <= 0.0):
            bad = values[~(np.isfinite(values) & (values > 0.0))][0]
            msg = f"neutrino energy must be a positive number of GeV, not {bad:g}"
            raise OutOfRangeError(msg)
        highest = self.energy[-1] * (1.0 + 1e-12)
        if np.any(values > highest):
            msg = (
                f"neutrino energy {values.max():g} GeV is outside the grid of {self.name}, which ends at "
                f"{self.energy[-1]:g} GeV: choose a lower energy, or build a grid with a larger energy_max"
            )
            raise OutOfRangeError(msg)
        basis, log_reference = self._splines
        excess = values - self.threshold
        open_ = excess > 0.0
        first = np.log(self.energy[0] - self.threshold)
        x = np.log(np.where(open_, excess, 1.0))
        inside = np.maximum(x, first)
        slope = float(log_reference(first, 1))
        size = np.exp(log_reference(inside) + slope * (x - inside))
        return np.asarray(np.where(open_, size, 0.0)[:, None] * basis(inside))

    def at(self, energies: ArrayLike) -> Array:
        """Return spectra in fb, shape (n, 3, n_K2), at neutrino energies of shape (n,) in GeV."""
        return np.asarray(np.tensordot(self.energy_weights(energies), self.spectra, axes=1))

    def fold(self, energies: ArrayLike, weights: ArrayLike) -> Array:
        """Return ``sum_i weights_i S(energies_i)``, shape (3, n_K2), without building each spectrum."""
        combined = np.asarray(weights, dtype=float) @ self.energy_weights(energies)
        return np.asarray(np.tensordot(combined, self.spectra, axes=1))


def grid_path(name: str, *, folders: Sequence[Path] = ()) -> Path:
    """Return the file of a grid such as ``trident_mumu``.

    The folder named by the environment variable ``RECAST_GRIDS`` is searched before the shipped grids.

    Parameters
    ----------
    name : str
        Of the file, without its suffix.
    folders : sequence of Path
        Searched after the shipped grids.

    Raises
    ------
    UnknownNameError
        If there is no such grid.
    GridError
        If ``RECAST_GRIDS`` names no folder.
    """
    searched = []
    if own := os.environ.get(GRID_FOLDER_VARIABLE):
        if not Path(own).is_dir():
            msg = f"{GRID_FOLDER_VARIABLE} names {own}, which is no folder: name one that holds grids, or unset it"
            raise GridError(msg)
        searched.append(Path(own))
    searched += [Path(str(resources.files("recast.grids"))), *folders]
    for folder in searched:
        path = folder / f"{name}.h5"
        if path.is_file():
            return path
    known = sorted(p.stem for folder in searched for p in folder.glob("*.h5"))
    raise unknown("grid", name, known)


def shipped_grids() -> list[Path]:
    """List the grid files that come with recast."""
    return sorted(Path(str(resources.files("recast.grids"))).glob("*.h5"))


@contextmanager
def open_grid(path: str | Path) -> Iterator[h5py.File]:
    """Open a grid for reading, after a look at what it claims to be.

    Raises
    ------
    GridError
        If the file is missing, truncated, not HDF5, not a grid of recast, of another schema version, or holds what
        `recast.hdf5.open_hdf5` refuses.
    """
    path = Path(path)
    mend = f"rebuild it with `recast grid build {path.stem} -o {path} --force`"
    with open_hdf5(path, what="grid", mend=mend) as file:
        said = attributes(file)
        if said.get("format") != FORMAT:
            msg = f"{path} is an HDF5 file but not a trident grid of recast: name another file, or {mend}"
            raise GridError(msg)
        version = said.get("schema_version")
        if version != SCHEMA_VERSION:
            msg = f"grid {path} has schema version {version}, this recast reads {SCHEMA_VERSION}: {mend}"
            raise GridError(msg)
        yield file


def table_checksum(group: h5py.Group, root: h5py.File) -> str:
    """SHA-256 of everything that gives a group its meaning: data, attributes, nodes and physics inputs."""
    digest = hashlib.sha256()
    for owner in (root, group):
        for key, value in sorted(attributes(owner).items()):
            if not key.startswith("checksum"):
                digest.update(f"{key}={value!r};".encode())
    for dataset in (root["momentum_transfer"], group["energy"], group["reference"], group["spectra"]):
        digest.update(f"{dataset.dtype.str}{dataset.shape}".encode())
        digest.update(np.ascontiguousarray(dataset[()]).tobytes())
    return digest.hexdigest()


@lru_cache(maxsize=256)
def read_table(
    path: Path, scatterer: str, form_factor: str | None = None, *, grid: str | None = None
) -> TridentTable:
    """Read the spectra of one scatterer from a grid file.

    Parameters
    ----------
    path : Path
        File of the lepton pair, see :func:`grid_path`.
    scatterer : str
        ``Ar40``, ``proton``, ...
    form_factor : str, optional
        Default: the one the file names as the scatterer's default.
    grid : str, optional
        Name of the grid that the file must be, whatever the file is called.

    Raises
    ------
    GridError
        If the file cannot be trusted.
    UnknownNameError
        If it does not hold the scatterer or the form factor.
    """
    with open_grid(path) as file:
        said = attributes(file)
        if grid is not None and said["grid"] != grid:
            msg = f"{path} is the grid {said['grid']}, not {grid}: put the right file in its place"
            raise GridError(msg)
        scatterers = [name for name in file if name != "momentum_transfer"]
        if scatterer not in scatterers:
            raise unknown(f"scatterer in grid {path.name}", scatterer, scatterers)
        kinds = file[scatterer]
        kind = form_factor or attributes(kinds)["default_form_factor"]
        if kind not in kinds:
            raise unknown(f"form factor of {scatterer} in grid {path.name}", kind, list(kinds))
        group = kinds[kind]
        said |= attributes(group)
        if said["checksum"] != table_checksum(group, file):
            msg = "checksum differs"
            raise ValueError(msg)
        if (said["scatterer"], said["form_factor"]) != (scatterer, kind):
            msg = f"it has {said['scatterer']}/{said['form_factor']} in the place of {scatterer}/{kind}"
            raise ValueError(msg)
        return TridentTable(
            f"{scatterer}/{kind}",
            float(said["threshold"]),
            np.asarray(group["energy"][()], dtype=float),
            np.asarray(group["reference"][()], dtype=float),
            np.asarray(group["spectra"][()], dtype=float),
            np.asarray(file["momentum_transfer"][()], dtype=float),
            said,
        )


def describe_grid(path: str | Path) -> dict[str, Any]:
    """Return what a grid file says of itself: attributes, and per scatterer and form factor theirs."""

    def plain(value: Any) -> Any:
        return value.item() if isinstance(value, np.generic) else value

    with open_grid(path) as file:
        tables = {}
        for scatterer in file:
            if scatterer == "momentum_transfer":
                continue
            for kind, group in file[scatterer].items():
                said = {key: plain(value) for key, value in attributes(group).items()}
                said["intact"] = said["checksum"] == table_checksum(group, file)
                said["energies"] = len(group["energy"])
                tables[f"{scatterer}/{kind}"] = said
        return {
            "file": str(path),
            "size": Path(path).stat().st_size,
            **{key: plain(value) for key, value in attributes(file).items()},
            "momentum_transfer_nodes": len(file["momentum_transfer"]),
            "tables": tables,
        }
