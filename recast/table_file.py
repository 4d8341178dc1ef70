"""Tables that are computed once and shipped: one HDF5 file each, written whole, checked when read.

The spectra of tridents have a format of their own (`recast.grid`); everything else that is tabulated is a few arrays
with units and attributes. A kind of table is a module with two functions,

- ``build(output, *, processes, executor, progress, force) -> Path`` computes it and writes it with `write_table`,
- ``verify(path, *, samples, seed, processes, progress) -> list of Check`` recomputes a sample,

named in `TABLES`; ``recast grid build NAME`` and ``recast grid verify`` find it there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recast.errors import GridError
from recast.hdf5 import attributes, open_hdf5, write_attributes
from recast.output import check_output, whole_file

__all__ = [
    "TABLES",
    "Check",
    "TableFile",
    "describe_table",
    "read_table_file",
    "table_kind",
    "table_module",
    "write_table",
]

FORMAT = "recast table"
SCHEMA_VERSION = 1

TABLES: Mapping[str, str] = MappingProxyType(
    {"n_eff": "recast.cosmology.table", "z_to_four_muons": "recast.z_to_four_muons.table"}
)
"""Module of each kind of table."""


@dataclass(frozen=True)
class Check:
    """Comparison of one stored number with a new calculation.

    Attributes
    ----------
    table : str
        What was compared, e.g. ``m = 10 MeV``.
    difference, tolerance : float
        Relative difference, and the largest one that is accepted.
    """

    table: str
    difference: float
    tolerance: float

    @property
    def passed(self) -> bool:
        """Whether the difference is within the tolerance."""
        return self.difference <= self.tolerance


@dataclass(frozen=True)
class TableFile:
    """Content of a table file.

    Attributes
    ----------
    attributes : mapping
        What the file says of itself.
    datasets : mapping of str to ndarray
    units : mapping of str to str
    """

    attributes: Mapping[str, Any]
    datasets: Mapping[str, NDArray[Any]]
    units: Mapping[str, str]


def table_kind(path: str | Path) -> str | None:
    """Return which table a file claims to be; None for a grid of spectra and for what cannot be read."""
    try:
        with open_hdf5(path) as file:
            said = attributes(file)
            kind = str(said.get("grid"))
            return kind if said.get("format") == FORMAT and kind in TABLES else None
    except GridError:
        return None


def table_module(name: str) -> Any:
    """Import the module that builds and verifies a kind of table."""
    return import_module(TABLES[name])


def write_table(
    path: str | Path,
    *,
    kind: str,
    attributes: Mapping[str, Any],
    datasets: Mapping[str, NDArray[Any]],
    units: Mapping[str, str],
    force: bool = False,
) -> Path:
    """Write a table; the file appears only when it is complete.

    Parameters
    ----------
    path : path
        File to be written.
    kind : str
        Which table it is.
    attributes : mapping
        Numbers and texts that describe how it was made.
    datasets, units : mapping
        Arrays, and the unit of each (``1`` for pure numbers).
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    OutputExistsError, RecastError
        If the file cannot be written.
    """
    from importlib import metadata

    import h5py

    path = check_output(path, force=force)
    said = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "grid": kind,
        "code_version": metadata.version("recast-bsm"),
        **attributes,
    }
    with whole_file(path) as temporary, h5py.File(temporary, "w", libver=("earliest", "v110")) as file:
        write_attributes(file, said)
        for name, values in datasets.items():
            dataset = file.create_dataset(name, data=values, compression="gzip", shuffle=True)
            write_attributes(dataset, {"unit": units[name]})
        write_attributes(file, {"checksum": _checksum(file)})
    return path


def read_table_file(path: str | Path, kind: str) -> TableFile:
    """Read a table and check that it is the one that was written.

    Raises
    ------
    GridError
        If the file is missing, truncated, altered or of another kind; the message names the file and the mend.
    """
    path = Path(path)
    mend = f"rebuild it with `recast grid build {kind} -o {path} --force`"
    with open_hdf5(path, what="table", mend=mend) as file:
        said = attributes(file)
        if said.get("format") != FORMAT or said.get("grid") != kind:
            msg = f"{path} is an HDF5 file but not the table {kind} of recast: name another file, or {mend}"
            raise GridError(msg)
        if said["schema_version"] != SCHEMA_VERSION:
            version = said["schema_version"]
            msg = f"table {path} has schema version {version}, this recast reads {SCHEMA_VERSION}: {mend}"
            raise GridError(msg)
        if said["checksum"] != _checksum(file):
            msg = f"table {path} is altered (its checksum differs): {mend}"
            raise GridError(msg)
        datasets = {name: np.asarray(file[name][()]) for name in file}
        units = {name: attributes(file[name])["unit"] for name in file}
        return TableFile(MappingProxyType(said), datasets, units)


def describe_table(path: str | Path, kind: str) -> dict[str, Any]:
    """Return what a table file says of itself, and its arrays with their units.

    Raises
    ------
    GridError
        If the file cannot be trusted.
    """
    path = Path(path)
    table = read_table_file(path, kind)
    plain = {k: v.item() if isinstance(v, np.generic) else v for k, v in table.attributes.items()}
    arrays = {name: f"{array.shape} {table.units[name]}" for name, array in table.datasets.items()}
    return {"file": str(path), "size": path.stat().st_size, **plain, "arrays": arrays, "tables": {}}


def _checksum(file: Any) -> str:
    """SHA-256 of everything that gives the file its meaning."""
    digest = hashlib.sha256()
    for key, value in sorted(attributes(file).items()):
        if key != "checksum":
            digest.update(f"{key}={value!r};".encode())
    for name in sorted(file):
        data = file[name]
        digest.update(f"{name}{data.dtype.str}{data.shape}{attributes(data)['unit']}".encode())
        digest.update(np.ascontiguousarray(data[()]).tobytes())
    return digest.hexdigest()
