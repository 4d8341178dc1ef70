"""Pseudo-observables, or the couplings fitted to them, as a correlated Gaussian."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, ValidationInfo, model_validator

from recast.errors import unknown
from recast.likelihoods.correlated import CorrelatedGaussian
from recast.z_pole.data import find_file, read_pseudo_observables
from recast.z_pole.fit import fit_couplings
from recast.z_pole.relations import COUPLINGS, jacobian

__all__ = ["UNIVERSAL", "ZPole"]

UNIVERSAL: Mapping[str, tuple[int, ...]] = {"g_V": (0, 1, 2), "g_A": (3, 4, 5), "g_nu": (6,), "hadronic_width": (7,)}
"""Parameters that can be left free, as positions in `recast.z_pole.relations.PARAMETERS`."""


class ZPole(CorrelatedGaussian):
    """A Gaussian in the couplings of the Z to leptons or in the pseudo-observables.

    Attributes
    ----------
    data_files : tuple of str
        Files of pseudo-observables (`recast.z_pole.data`), relative to that of the measurement.
    quantity : {"couplings", "pseudo_observables"}
        ``couplings`` fits g_V, g_A of e, mu, tau and g_nu, the hadronic width being free, and is Gaussian in them;
        ``pseudo_observables`` compares with the data directly, the hadronic width being that of the prediction.
    universal : tuple of str
        Standard Model parameters that are left free, the same for all flavours: g_V, g_A, g_nu, hadronic_width.
    names, values, errors, correlations, floating
        As of `CorrelatedGaussian`; they follow from the files.
    """

    # Keys of the class that its files cannot have: they follow from data_files.
    derived: ClassVar[tuple[str, ...]] = ("names", "values", "errors", "correlations", "floating")

    type: Literal["z_pole"] = "z_pole"  # type: ignore[assignment]
    data_files: tuple[str, ...] = Field(min_length=1)
    quantity: Literal["couplings", "pseudo_observables"] = "couplings"
    universal: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _from_files(cls, content: Any, info: ValidationInfo) -> Any:
        if not isinstance(content, dict):
            return content
        given = content.get("data_files")
        if not (isinstance(given, list | tuple) and given and all(isinstance(name, str) for name in given)):
            return {**_EMPTY, **content}  # the fields say what is wrong
        quantity, universal = content.get("quantity", "couplings"), content.get("universal", ())
        if not isinstance(universal, list | tuple):
            return {**_EMPTY, **content}
        for key in _EMPTY:
            if key in content:
                msg = f"{key} cannot be set: it follows from data_files"
                raise ValueError(msg)
        for name in universal:
            if name not in UNIVERSAL or (name == "hadronic_width" and quantity == "couplings"):
                known = [n for n in UNIVERSAL if quantity != "couplings" or n != "hadronic_width"]
                msg = f"universal: {unknown('parameter', name, known)}"
                raise ValueError(msg)
        folder: Path | None = (info.context or {}).get("folder")
        data = read_pseudo_observables([find_file(name, folder) for name in given])
        fit = fit_couplings(data)
        directions = np.zeros((len(universal), fit.values.size))
        for row, name in zip(directions, universal, strict=True):
            row[list(UNIVERSAL[name])] = 1.0
        result: tuple[Any, ...]
        if quantity == "couplings":
            n = len(COUPLINGS)
            result = (COUPLINGS, fit.values[:n], fit.errors[:n], fit.correlations[:n, :n], directions[:, :n])
        else:
            slope = jacobian(fit.values[:-1], float(fit.values[-1]))[data.positions]
            result = (data.names, data.values, data.errors, data.correlations, directions @ slope.T)
        return {**content, **{key: np.asarray(value).tolist() for key, value in zip(_EMPTY, result, strict=True)}}


_EMPTY: Mapping[str, Any] = {
    "names": ["none"],
    "values": [0.0],
    "errors": [1.0],
    "correlations": [[1.0]],
    "floating": [],
}
