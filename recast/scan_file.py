"""The HDF5 file of a scan: written whole or not at all, checked when read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recast.errors import RecastError
from recast.output import check_output, whole_file

if TYPE_CHECKING:
    from recast.scan import ScanResult

__all__ = ["SCHEMA", "SUFFIXES", "read_scan", "write_scan"]

SCHEMA = "recast scan, version 2"
SUFFIXES = (".h5", ".hdf5")
_GROUPS = ("axes", "prediction", "minus_2_delta_ln_l")
_UNITS = {"mass": "GeV"}


def write_scan(result: ScanResult, path: Path, *, overwrite: bool) -> Path:
    """Write a result; a reader never sees half a file."""
    check_output(path, force=overwrite, suffixes=SUFFIXES)
    with whole_file(path) as temporary:
        _write(result, temporary)
    return path


def _write(result: ScanResult, path: Path) -> None:
    import h5py

    arrays = _arrays(result)
    with h5py.File(path, "w") as file:
        file.attrs["schema"] = SCHEMA
        file.attrs["checksum"] = _checksum(arrays, result.data)
        file.attrs["axes"] = json.dumps(list(result.axes))
        file.attrs["measurements"] = json.dumps(list(result.minus_2_delta_ln_l))
        for key in (
            "model",
            "confidence_level",
            "degrees_of_freedom",
            "one_sided",
            "expected",
            "convention",
            "combined_convention",
        ):
            file.attrs[key] = getattr(result, key)
        file.attrs["data"] = json.dumps(_plain(result.data))
        file.attrs["upper_limits"] = json.dumps(list(result.upper_limits))
        file.attrs["offset"] = json.dumps(dict(result.offset))
        file.attrs["declared"] = json.dumps(dict(result.declared))
        if result.best_fit is not None:
            file.attrs["best_fit"] = json.dumps(
                {
                    "parameters": dict(result.best_fit.parameters),
                    "minus_2_delta_ln_l": result.best_fit.minus_2_delta_ln_l,
                }
            )
        provenance = file.create_group("provenance")
        for key, text in result.provenance.items():
            provenance.attrs[key] = text
        for name, array in arrays.items():
            dataset = file.create_dataset(name, data=array, compression="gzip", shuffle=True)
            if name.startswith("axes/"):
                dataset.attrs["units"] = _UNITS.get(name.removeprefix("axes/"), "1")


def read_scan(path: Path) -> ScanResult:
    """Read a result and check that it is the one that was written."""
    import h5py

    if not path.is_file():
        msg = f"there is no scan file '{path}'"
        raise RecastError(msg)
    try:
        with h5py.File(path, "r") as file:
            if _text(file.attrs.get("schema", "")) != SCHEMA:
                msg = f"'{path}' is not a scan of this version of recast: run 'recast scan' again"
                raise RecastError(msg)
            return _read(file, path)
    except (OSError, KeyError, ValueError, TypeError) as error:
        msg = f"'{path}' is not a readable scan file, it may be truncated: run 'recast scan' again"
        raise RecastError(msg) from error


def _read(file: Any, path: Path) -> ScanResult:
    from recast.scan import BestFitPoint, ScanResult

    axes = json.loads(file.attrs["axes"])
    measurements = json.loads(file.attrs["measurements"])
    data = json.loads(file.attrs["data"])
    best_fit = json.loads(file.attrs["best_fit"]) if "best_fit" in file.attrs else None
    found = {
        group: {n: np.asarray(file[f"{group}/{_key(n)}"]) for n in names}
        for group, names in zip(_GROUPS, (axes, measurements, measurements), strict=True)
    }
    result = ScanResult(
        model=_text(file.attrs["model"]),
        axes=found["axes"],
        prediction=found["prediction"],
        minus_2_delta_ln_l=found["minus_2_delta_ln_l"],
        combined=np.asarray(file["combined"]) if "combined" in file else None,
        data={name: np.array(value) if isinstance(value, list) else value for name, value in data.items()},
        upper_limits=tuple(json.loads(file.attrs["upper_limits"])),
        offset=json.loads(file.attrs["offset"]),
        declared=json.loads(file.attrs.get("declared", "{}")),
        best_fit=None if best_fit is None else BestFitPoint(**best_fit),
        confidence_level=float(file.attrs["confidence_level"]),
        degrees_of_freedom=int(file.attrs["degrees_of_freedom"]),
        one_sided=bool(file.attrs["one_sided"]),
        expected=bool(file.attrs["expected"]),
        convention=_text(file.attrs["convention"]),
        combined_convention=_text(file.attrs["combined_convention"]),
        provenance={key: _text(text) for key, text in file["provenance"].attrs.items()},
    )
    if _checksum(_arrays(result), data) != _text(file.attrs["checksum"]):
        msg = f"the data in '{path}' do not match their checksum: run 'recast scan' again"
        raise RecastError(msg)
    return result


def _arrays(result: ScanResult) -> dict[str, np.ndarray[Any, Any]]:
    """Return every array by its place in the file."""
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    if result.combined is not None:
        arrays["combined"] = result.combined
    for group in _GROUPS:
        for name, array in getattr(result, group).items():
            arrays[f"{group}/{_key(name)}"] = array
    return arrays


def _key(name: str) -> str:
    """Return a measurement's name without the character that separates HDF5 groups."""
    return name.replace("/", "|")


def _checksum(arrays: dict[str, np.ndarray[Any, Any]], data: Any) -> str:
    """Return the SHA-256 of all arrays and the data."""
    digest = hashlib.sha256(json.dumps(_plain(data), sort_keys=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name], dtype="<f8")
        digest.update(f"{name}{array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _plain(data: Any) -> dict[str, Any]:
    """Return data as JSON can hold them."""
    return {name: np.asarray(value).tolist() for name, value in data.items()}


def _text(value: Any) -> str:
    """Return an HDF5 string attribute as text."""
    return value.decode() if isinstance(value, bytes) else str(value)
