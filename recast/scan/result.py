"""The result of a scan: likelihoods and predictions at every point, and the regions that they exclude.

A result holds everything needed to draw and to cite it, and is saved to and read from one HDF5 file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recast.errors import RecastError, UnknownNameError
from recast.scan.header import BestFitPoint, Header
from recast.statistics import delta_threshold

__all__ = ["ScanResult", "excess_rows", "excluded_bits"]

FloatArray = NDArray[np.float64]

# Files up to this size are read into memory; of larger ones the parts that are looked at.
_SMALL = 1 << 28


@dataclass(frozen=True)
class ScanResult:
    """Likelihoods of measurements at the points of a scan.

    Attributes
    ----------
    header : Header
        What the scan was, see there.
    axes : dict of str to ndarray
        Values of the parameters of a grid; the arrays have one axis for each, in this order. Empty for points that
        stand on no grid.
    arrays : dict of str to ndarray
        What was kept of the points, by output.
    best_fits : dict of str to BestFitPoint
        Of all measurements together (``combined``), and of correlated numbers alone.
    """

    header: Header
    axes: Mapping[str, FloatArray]
    arrays: Mapping[str, NDArray[Any]] = field(repr=False)
    best_fits: Mapping[str, BestFitPoint]

    @property
    def model(self) -> str:
        """Name of the model."""
        return self.header.model

    @property
    def measurements(self) -> tuple[str, ...]:
        """Names of the measurements, with their variants."""
        return self.header.measurements

    @property
    def size(self) -> int:
        """Number of points."""
        return int(np.prod(self.header.shape, dtype=int))

    @property
    def points(self) -> dict[str, FloatArray]:
        """Values of the varied parameters, for points that stand on no grid."""
        return self._of("points")

    @property
    def profiled(self) -> dict[str, FloatArray]:
        """Values of the parameters that were minimised over."""
        return self._of("profiled")

    @property
    def prediction(self) -> dict[str, FloatArray]:
        """Prediction for each measurement, in the units of its data; correlated numbers on the last axis."""
        return self._of("prediction")

    @property
    def minus_2_delta_ln_l(self) -> dict[str, FloatArray]:
        """``2 [nll - nll(prediction equal to the data)]`` of each measurement alone."""
        return self._of("minus_2_delta_ln_l")

    @cached_property
    def combined(self) -> FloatArray | None:
        """Of all measurements, less the joint best fit when there are several; None when they were not combined."""
        values = self.arrays.get("combined")
        if values is None or self.best_fit is None:
            return values
        return np.asarray(values - self.best_fit.minus_2_delta_ln_l)

    @property
    def excluded_by(self) -> NDArray[Any] | None:
        """Numbers whose bit i is set where measurement i excludes, and the one behind where all do together."""
        return self.arrays.get("excluded_by")

    @property
    def data(self) -> dict[str, float | FloatArray]:
        """Data of each measurement; an array for correlated numbers."""
        return {n: np.array(v) if isinstance(v, list) else v for n, v in self.header.data.items()}

    @property
    def best_fit(self) -> BestFitPoint | None:
        """Joint best fit, which regions of all together are relative to; None for a single measurement."""
        return self.best_fits.get("combined")

    @property
    def offset(self) -> dict[str, float]:
        """What regions of correlated numbers alone are relative to: their best fit in the scan."""
        return {n: b.minus_2_delta_ln_l for n, b in self.best_fits.items() if n != "combined"}

    @property
    def confidence_level(self) -> float:
        """Of the regions."""
        return self.header.confidence_level

    @property
    def degrees_of_freedom(self) -> int:
        """Of the regions relative to a best fit."""
        return self.header.degrees_of_freedom

    @property
    def convention(self) -> str:
        """How the regions of each measurement are defined, in words."""
        return self.header.convention

    @property
    def combined_convention(self) -> str:
        """How the region of all together is defined, in words."""
        return self.header.combined_convention

    @property
    def provenance(self) -> Mapping[str, str]:
        """Version of the code, title, and the BibTeX of everything used."""
        return self.header.provenance

    def _of(self, kind: str) -> dict[str, Any]:
        return {n.partition("/")[2]: a for n, a in self.arrays.items() if n.startswith(f"{kind}/")}

    def excluded(self, name: str | None = None, *, confidence_level: float | None = None) -> NDArray[np.bool_]:
        """Return where the model is excluded, by too large and too small predictions alike.

        Parameters
        ----------
        name : str, optional
            One measurement; all together when absent.
        confidence_level : float, optional
            Instead of the result's own.

        Raises
        ------
        UnknownNameError
            When the result has no such measurement.
        RecastError
            When the measurements were not combined, or what is needed was not kept.
        """
        return self.excess(name, confidence_level=confidence_level) > 0.0

    def excess(self, name: str | None = None, *, confidence_level: float | None = None) -> FloatArray:
        """Return by how much ``2 delta ln L`` exceeds the threshold of exclusion: zero on the edge of a region.

        Takes the parameters of `excluded` and raises the same errors.

        Returns
        -------
        ndarray
            Of the shape of the scan; positive where `excluded`.

        Raises
        ------
        UnknownNameError, RecastError
            As `excluded`.
        """
        if name is not None and name not in self.measurements:
            raise UnknownNameError.unknown("measurement of this scan", name, self.measurements)
        if name is None and "combined" not in self.best_fits:
            if len(self.measurements) > 1:
                msg = f"the measurements were not combined: name one of {', '.join(self.measurements)}"
                raise RecastError(msg)
            name = self.measurements[0]

        def rows(output: str) -> NDArray[Any]:
            if output not in self.arrays:
                msg = f"the scan did not keep {output.partition('/')[0]}, which regions need: add it to its outputs"
                raise RecastError(msg)
            return self.arrays[output]

        return excess_rows(self.header, self.best_fits, name, rows, confidence_level=confidence_level)

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the result to one HDF5 file, completely or not at all.

        Raises
        ------
        OutputExistsError
            When the file exists and must not be overwritten.
        RecastError
            When the file cannot be written.
        """
        from recast.scan.saving import save

        return save(self, Path(path), overwrite=overwrite)

    @classmethod
    def load(cls, path: str | Path) -> ScanResult:
        """Read a result back, after checking that it is complete and unaltered.

        The arrays of large files are read when they are looked at.

        Raises
        ------
        RecastError
            When the file is missing, truncated, altered or not the result of a scan.
        """
        from recast.scan.saving import load

        return load(Path(path), in_memory=_SMALL)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from recast.reports import scan_report

        return scan_report(self).html()


def excess_rows(
    header: Header,
    best_fits: Mapping[str, BestFitPoint],
    name: str | None,
    rows: Callable[[str], NDArray[Any]],
    *,
    confidence_level: float | None = None,
) -> FloatArray:
    """Return by how much one measurement, or all together, exceed the threshold of exclusion.

    Parameters
    ----------
    header : Header
    best_fits : dict of str to BestFitPoint
    name : str or None
        None for all together.
    rows : callable
        From an output to its values, of some points or all.
    confidence_level : float, optional
        Instead of the scan's own.
    """
    level = header.confidence_level if confidence_level is None else confidence_level
    offset = best_fits[name or "combined"].minus_2_delta_ln_l if (name or "combined") in best_fits else 0.0
    if name is None:
        threshold = delta_threshold(level, degrees_of_freedom=header.degrees_of_freedom)
        return np.asarray(rows("combined") - offset - threshold)
    correlated = isinstance(header.data[name], list | tuple)
    one_sided = (header.one_sided or name in header.upper_limits) and not correlated
    dof = header.declared.get(name, header.degrees_of_freedom if correlated else 1)
    threshold = delta_threshold(level, degrees_of_freedom=dof, one_sided=one_sided) + offset
    # Of a single measurement both are the same numbers.
    single = header.measurements == (name,) and "combined" in header.outputs
    result = np.asarray(rows("combined" if single else f"minus_2_delta_ln_l/{name}") - threshold)
    if one_sided:
        # On the other side the prediction is as good as one that equals the data.
        result = np.where(rows(f"prediction/{name}") > header.data[name], result, -threshold)
    return result


def excluded_bits(
    header: Header, best_fits: Mapping[str, BestFitPoint], rows: Callable[[str], NDArray[Any]]
) -> NDArray[np.uint64]:
    """Return the numbers of the output ``excluded_by``.

    Parameters
    ----------
    header : Header
    best_fits : mapping of str to BestFitPoint
    rows : callable
        From the name of an output to its rows.

    Returns
    -------
    ndarray of uint64
        One number per row; bit i belongs to measurement i, the one behind them to all together.
    """
    names: Sequence[str | None] = (*header.measurements, *([None] if "combined" in best_fits else []))
    excluded = [(excess_rows(header, best_fits, name, rows) > 0.0).astype(np.uint64) for name in names]
    bits = [where << np.uint64(i) for i, where in enumerate(excluded)]
    return np.asarray(sum(bits[1:], start=bits[0]))
