"""What to scan: the content of a scan file.

model: lmu_ltau
measurements: [ccfr, dune_nd]

Parameters
----------
mass: {min: 1e-3, max: 100, points: 200}    # scale: log unless told otherwise
coupling: {min: 1e-4, max: 1, points: 200}  # or a list of values, or one number
confidence_level: 0.95
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, PrivateAttr, Tag, model_validator

from recast.numbers import Count, not_a_boolean

if TYPE_CHECKING:
    from recast.catalog import Catalog

__all__ = ["Axis", "ScanSpec", "load_scan"]

FloatArray = NDArray[np.float64]

# A measurement takes some fifty bytes for each.
_MOST_POINTS = 20_000_000
Finite = Annotated[float, BeforeValidator(not_a_boolean), Field(allow_inf_nan=False)]


class Axis(BaseModel):
    """Equally spaced parameter values.

    Attributes
    ----------
    min, max : float
        First and last value.
    points : int
        Number of values, at least 2.
    scale : {"log", "linear"}
        Spacing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    min: Finite
    max: Finite
    points: Count = Field(ge=2, le=100_000)
    scale: Literal["log", "linear"] = "log"

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.min < self.max:
            msg = f"min ({self.min:g}) must be below max ({self.max:g})"
            raise ValueError(msg)
        if self.scale == "log" and self.min <= 0.0:
            msg = f"min ({self.min:g}) must be positive on a log scale; write scale: linear"
            raise ValueError(msg)
        return self

    def values(self) -> FloatArray:
        """Return the values, shape (points,)."""
        if self.scale == "linear":
            return np.linspace(self.min, self.max, self.points)
        values = np.geomspace(self.min, self.max, self.points)
        values[0], values[-1] = self.min, self.max
        return values


def _form(value: Any) -> str:
    """Tell by its form how the values of a parameter are given, so that faults are told for that form alone."""
    if isinstance(value, Axis | Mapping):
        return "Axis"
    return "list" if isinstance(value, Sequence) and not isinstance(value, str) else "number"


Values = Annotated[
    Annotated[Axis, Tag("Axis")]
    | Annotated[tuple[Finite, ...], Field(min_length=1), Tag("list")]
    | Annotated[Finite, Tag("number")],
    Discriminator(_form),
]


class ScanSpec(BaseModel):
    """What to scan: the content of a scan file.

    Attributes
    ----------
    model : str
        Name or file of a model.
    measurements : tuple of str
        Names with variants, e.g. ``charm_ii:error=2014``.
    parameters : dict of str to Axis, list of float or float
        Every parameter of the model; a number is held fixed.
    confidence_level : float
    one_sided, expected : bool
        As for limits.
    combine : bool
        Combine the measurements; false where they share data, such as two variants of one.
    degrees_of_freedom : int, optional
        Of the combined region; the number of parameters that vary when absent.
    title : str, optional
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    measurements: tuple[str, ...] = Field(min_length=1)
    parameters: dict[str, Values]
    confidence_level: float = Field(default=0.95, gt=0.0, lt=1.0)
    one_sided: bool = False
    expected: bool = False
    combine: bool = True
    degrees_of_freedom: int | None = Field(default=None, ge=1)
    title: str | None = None

    _plugins: tuple[Path, ...] = PrivateAttr(default=())

    @property
    def plugins(self) -> tuple[Path, ...]:
        """Folders in which the model and the measurements are looked up as well."""
        return self._plugins

    @model_validator(mode="after")
    def _fits_into_memory(self) -> Self:
        given = self.parameters.values()
        sizes = [a.points if isinstance(a, Axis) else len(a) if isinstance(a, tuple) else 1 for a in given]
        points = math.prod(sizes)
        if points > _MOST_POINTS:
            msg = f"the scan has {points} points, and at most {_MOST_POINTS} are kept in memory: choose fewer"
            raise ValueError(msg)
        return self

    def axes(self) -> dict[str, FloatArray]:
        """Return the values of every parameter."""
        result: dict[str, FloatArray] = {}
        for name, axis in self.parameters.items():
            if isinstance(axis, Axis):
                result[name] = axis.values()
            else:
                result[name] = np.atleast_1d(np.asarray(axis, dtype=float))
        return result


def load_scan(path: str | Path, *, catalog: Catalog | None = None) -> ScanSpec:
    """Read a scan file (YAML).

    Parameters
    ----------
    path : path
        File to be read.
    catalog : Catalog, optional
        Where the scan will look up its model and measurements; without plug-ins when absent.

    Raises
    ------
    DocumentError
        Naming file, line and key of what is wrong.
    """
    from recast.documents import load_document

    spec = load_document(Path(path), ScanSpec)
    if catalog is not None:
        spec._plugins = catalog.plugins  # noqa: SLF001
    return spec
