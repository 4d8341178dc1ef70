"""What to scan: the content of a scan file.

For example

    model: lmu_ltau
    measurements: [ccfr, dune_nd]
    parameters: {mass: {min: 1e-3, max: 100, points: 200}, coupling: {min: 1e-4, max: 1, points: 200}}

where the scale is logarithmic unless told otherwise, and a parameter may be a list of values, or one number.
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

__all__ = ["OUTPUTS", "Axis", "Grid", "LatinHypercube", "PointFile", "ScanSpec", "Sobol", "load_scan"]

FloatArray = NDArray[np.float64]
Output = Literal["combined", "minus_2_delta_ln_l", "prediction", "excluded_by"]
OUTPUTS: tuple[Output, ...] = ("combined", "minus_2_delta_ln_l", "prediction", "excluded_by")
Finite = Annotated[float, BeforeValidator(not_a_boolean), Field(allow_inf_nan=False)]
Seed = Annotated[Count, Field(ge=0, lt=2**63)]


class Axis(BaseModel):
    """A range of a parameter.

    Attributes
    ----------
    min, max : float
        First and last value.
    points : int, optional
        Number of equally spaced values, at least 2; of a grid only.
    scale : {"log", "linear"}
        Spacing.
    profile : bool
        Minimise over the range at every point instead of scanning it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    min: Finite
    max: Finite
    points: Annotated[Count, Field(ge=2, le=10_000_000)] | None = None
    scale: Literal["log", "linear"] = "log"
    profile: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.min < self.max:
            msg = f"min ({self.min:g}) must be below max ({self.max:g})"
            raise ValueError(msg)
        if not math.isfinite(self.max - self.min):
            msg = f"the range from {self.min:g} to {self.max:g} is too wide for a number"
            raise ValueError(msg)
        if self.scale == "log" and self.min <= 0.0:
            msg = f"min ({self.min:g}) must be positive on a log scale; write scale: linear"
            raise ValueError(msg)
        if self.profile and self.points is not None:
            msg = "a parameter that is profiled has no points: MINUIT looks for them"
            raise ValueError(msg)
        return self

    def values(self) -> FloatArray:
        """Return the values of a grid, shape (points,)."""
        points = self.points or 0
        if self.scale == "linear":
            return np.linspace(self.min, self.max, points)
        values = np.geomspace(self.min, self.max, points)
        values[0], values[-1] = self.min, self.max
        return values

    def at(self, fraction: FloatArray) -> FloatArray:
        """Return the values at fractions of the way from min to max.

        Parameters
        ----------
        fraction : ndarray
            Between 0 and 1, of any shape.
        """
        if self.scale == "linear":
            return np.asarray(self.min + fraction * (self.max - self.min))
        values = np.exp(np.log(self.min) + fraction * (np.log(self.max) - np.log(self.min)))
        return np.asarray(np.clip(values, self.min, self.max))

    def fraction(self, value: float) -> float:
        """Return which fraction of the way from min to max a value is (inverse of `at`)."""
        low, high, here = (self.min, self.max, value) if self.scale == "linear" else np.log((self.min, self.max, value))
        return float(np.clip((here - low) / (high - low), 0.0, 1.0))


class Grid(BaseModel):
    """All combinations of the values of the parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["grid"] = "grid"


class Sobol(BaseModel):
    """Points of a scrambled Sobol' sequence, which fill the ranges evenly; best in powers of two."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["sobol"]
    points: Count = Field(ge=1, le=2**30)
    seed: Seed = 0


class LatinHypercube(BaseModel):
    """Points of a Latin hypercube: a parameter has one value in each of ``points`` equal parts of its range."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["latin_hypercube"]
    points: Count = Field(ge=1, le=10_000_000)
    seed: Seed = 0


class PointFile(BaseModel):
    """Points of a CSV file, whose header names the parameters.

    Attributes
    ----------
    file : str
        Relative to the scan file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["file"]
    file: str


Sampling = Annotated[Grid | Sobol | LatinHypercube | PointFile, Field(discriminator="kind")]


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
        Name or file of a model; ``u1`` has charges to be chosen freely.
    measurements : tuple of str
        Names with variants, e.g. ``charm_ii:error=2014``.
    parameters : dict of str to Axis, list of float or float
        Parameters of the model: ranges and lists are scanned, or profiled, and a number is held fixed.
    sampling : Grid, Sobol, LatinHypercube or PointFile
        Which points of the ranges are taken.
    outputs : tuple of str
        What is kept of every point: ``combined`` and per-measurement ``minus_2_delta_ln_l``, ``prediction``, and
        ``excluded_by``, a number whose bits say which measurements exclude the point (it needs the others and keeps
        them too).
    confidence_level : float
        Of what counts as excluded, between 0 and 1.
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
    sampling: Sampling = Grid()
    outputs: tuple[Output, ...] = Field(default=("combined", "minus_2_delta_ln_l", "prediction"), min_length=1)
    confidence_level: float = Field(default=0.95, gt=0.0, lt=1.0)
    one_sided: bool = False
    expected: bool = False
    combine: bool = True
    degrees_of_freedom: int | None = Field(default=None, ge=1, le=1_000_000)
    title: str | None = None

    _plugins: tuple[Path, ...] = PrivateAttr(default=())
    _folder: Path | None = PrivateAttr(default=None)

    @property
    def plugins(self) -> tuple[Path, ...]:
        """Folders in which the model and the measurements are looked up as well."""
        return self._plugins

    @property
    def folder(self) -> Path:
        """Where files of points are looked up: the folder of the scan file, or the present one."""
        return self._folder or Path()

    @model_validator(mode="after")
    def _something_is_kept(self) -> Self:
        if not self.combine and set(self.outputs) == {"combined"}:
            msg = "outputs: nothing is combined, so that nothing would be kept: name another output or combine: true"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _ranges_fit_the_sampling(self) -> Self:
        kind = self.sampling.kind
        for name, values in self.parameters.items():
            if isinstance(values, Axis) and not values.profile:
                if kind == "grid" and values.points is None:
                    msg = f"parameters.{name}: a grid needs the number of points"
                    raise ValueError(msg)
                if kind in {"sobol", "latin_hypercube"} and values.points is not None:
                    msg = f"parameters.{name}: {kind} takes the number of points from sampling.points: leave it out"
                    raise ValueError(msg)
            scanned = isinstance(values, tuple) or (isinstance(values, Axis) and not values.profile)
            if scanned and (kind == "file" or (kind != "grid" and isinstance(values, tuple))):
                where = "comes from the file of points" if kind == "file" else f"needs a range for {kind}"
                msg = f"parameters.{name}: what is scanned {where}; write min and max, one number or profile: true"
                raise ValueError(msg)
        if kind in {"sobol", "latin_hypercube"} and not self.scanned:
            msg = f"sampling: {kind} needs a parameter with a range"
            raise ValueError(msg)
        return self

    @property
    def scanned(self) -> dict[str, Axis]:
        """Parameters with a range that is scanned."""
        return {n: v for n, v in self.parameters.items() if isinstance(v, Axis) and not v.profile}

    @property
    def profiled(self) -> dict[str, Axis]:
        """Parameters that are minimised over at every point."""
        return {n: v for n, v in self.parameters.items() if isinstance(v, Axis) and v.profile}

    @property
    def fixed(self) -> dict[str, float]:
        """Parameters that are held at a number."""
        return {n: float(v) for n, v in self.parameters.items() if not isinstance(v, Axis | tuple)}

    def axes(self) -> dict[str, FloatArray]:
        """Return the values of every parameter of a grid that is not profiled."""
        result: dict[str, FloatArray] = {}
        for name, values in self.parameters.items():
            if isinstance(values, Axis):
                if not values.profile:
                    result[name] = values.values()
            else:
                result[name] = np.atleast_1d(np.asarray(values, dtype=float))
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
    spec._folder = Path(path).parent  # noqa: SLF001
    if catalog is not None:
        spec._plugins = catalog.plugins  # noqa: SLF001
    return spec
