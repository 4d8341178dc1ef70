"""Scans: a model's parameter plane against measurements.

`scan` computes and returns a frozen `ScanResult`; figures and tables take results.  A result holds
everything needed to draw and to cite it, and is saved to and read from one HDF5 file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recast.errors import RecastError
from recast.scan_spec import Axis, ScanSpec, load_scan
from recast.statistics import convention, delta_threshold

if TYPE_CHECKING:
    from recast.joint import Joint
    from recast.measurement import Measurement
    from recast.model import Model

__all__ = ["Axis", "BestFitPoint", "ScanResult", "ScanSpec", "load_scan", "scan"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class BestFitPoint:
    """Joint best fit inside the scanned region."""

    parameters: Mapping[str, float]
    minus_2_delta_ln_l: float


@dataclass(frozen=True)
class ScanResult:
    """Likelihoods of measurements over a plane of parameters.

    Attributes
    ----------
    model : str
    axes : dict of str to ndarray
        Parameter values; the arrays below have one axis for each, in this order.
    prediction : dict of str to ndarray
        Prediction for each measurement, in the units of its data.
    minus_2_delta_ln_l : dict of str to ndarray
        ``2 [nll - nll(prediction equal to the data)]`` of each measurement alone.
    combined : ndarray or None
        Of all measurements, with the joint best fit subtracted when there are several; None when they were not to
        be combined.
    data : dict of str to float or ndarray
        An array for correlated numbers, which stand on the last axis of their prediction.
    upper_limits : tuple of str
        Measurements that are published limits: they exclude from above only.
    offset : dict of str to float
        What is subtracted from ``2 delta ln L`` of a measurement alone: its best fit in the scanned region for
        correlated numbers, zero otherwise.
    best_fit : BestFitPoint or None
        What was subtracted; None for a single measurement.
    confidence_level : float
    degrees_of_freedom : int
        Of the regions relative to a best fit: of all together, and of correlated numbers. One number has one, unless
        its measurement declares another convention.
    declared : dict of str to int
        Degrees of freedom of the regions of measurements that declare them.
    one_sided, expected : bool
    convention, combined_convention : str
        How the regions of each measurement and of all together are defined, in words.
    provenance : dict of str to str
        Version of the code, title, and the BibTeX of everything used.
    """

    model: str
    axes: Mapping[str, FloatArray]
    prediction: Mapping[str, FloatArray]
    minus_2_delta_ln_l: Mapping[str, FloatArray]
    combined: FloatArray | None
    data: Mapping[str, float | FloatArray]
    best_fit: BestFitPoint | None
    confidence_level: float
    degrees_of_freedom: int
    one_sided: bool
    expected: bool
    convention: str
    combined_convention: str
    upper_limits: tuple[str, ...] = ()
    offset: Mapping[str, float] = field(default_factory=dict)
    declared: Mapping[str, int] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)

    @property
    def measurements(self) -> tuple[str, ...]:
        """Names of the measurements, with their variants."""
        return tuple(self.minus_2_delta_ln_l)

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
        """
        level = self.confidence_level if confidence_level is None else confidence_level
        if name is None:
            single = len(self.measurements) == 1
            if single:
                return self.excluded(self.measurements[0], confidence_level=level)
            if self.combined is None:
                msg = f"the measurements were not combined: name one of {', '.join(self.measurements)}"
                raise RecastError(msg)
            threshold = delta_threshold(level, degrees_of_freedom=self.degrees_of_freedom)
            return np.asarray(self.combined > threshold)
        if name not in self.minus_2_delta_ln_l:
            from recast.errors import UnknownNameError

            raise UnknownNameError.unknown("measurement of this scan", name, self.measurements)
        correlated = bool(np.ndim(self.data[name]))
        one_sided = (self.one_sided or name in self.upper_limits) and not correlated
        dof = self.declared.get(name, self.degrees_of_freedom if correlated else 1)
        threshold = delta_threshold(level, degrees_of_freedom=dof, one_sided=one_sided) + self.offset.get(name, 0.0)
        result = np.asarray(self.minus_2_delta_ln_l[name] > threshold)
        if one_sided:
            result &= self.prediction[name] > self.data[name]
        return result

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the result to one HDF5 file, completely or not at all.

        Raises
        ------
        OutputExistsError
            When the file exists and must not be overwritten.
        RecastError
            When the file cannot be written.
        """
        from recast.scan_file import write_scan

        return write_scan(self, Path(path), overwrite=overwrite)

    @classmethod
    def load(cls, path: str | Path) -> ScanResult:
        """Read a result back.

        Raises
        ------
        RecastError
            When the file is missing, truncated, altered or not the result of a scan.
        """
        from recast.scan_file import read_scan

        return read_scan(Path(path))


def scan(spec: ScanSpec | Mapping[str, Any] | str | Path, *, plugins: Sequence[str | Path] = ()) -> ScanResult:
    """Evaluate measurements over a plane of a model's parameters.

    Parameters
    ----------
    spec : ScanSpec, mapping, or path of a YAML file
    plugins : sequence of path
        Folders in which the model and the measurements are looked up as well.

    Raises
    ------
    RecastError
        For a parameter that the model does not have or that is missing, and for everything that
        reading models and measurements can find wrong.
    NotApplicableError
        When a measurement has nothing to say about the model.
    """
    from recast.documents import Document
    from recast.errors import NotApplicableError
    from recast.joint import Joint
    from recast.measurement import check_independent, load_measurement
    from recast.model import load_model

    if isinstance(spec, str | Path):
        spec = load_scan(spec)
    elif not isinstance(spec, ScanSpec):
        spec = Document("scan", dict(spec)).validate(ScanSpec)
    folders = (*spec.plugins, *plugins)
    model = load_model(spec.model, plugins=folders)
    loaded = tuple(load_measurement(name, plugins=folders) for name in spec.measurements)
    if spec.combine:
        check_independent(loaded)
    for label in (m.label for m in loaded):
        if sum(m.label == label for m in loaded) > 1:
            msg = f"measurement '{label}' is named twice"
            raise RecastError(msg)
    axes = _checked_axes(spec, model)
    interaction = model(**_mesh(axes))
    for measurement in loaded:
        reason = measurement.applicable(interaction)
        if reason is not None:
            msg = f"measurement '{measurement.label}' does not apply to model '{model.name}': {reason}"
            raise NotApplicableError(msg)
    if spec.expected:
        loaded = tuple(m.expected() for m in loaded)

    shape = tuple(values.size for values in axes.values())
    parts = [m.observable.contributions(interaction) for m in loaded]
    full = [
        {k: np.broadcast_to(v, shape + np.shape(m.data)) for k, v in part.items()}
        for m, part in zip(loaded, parts, strict=True)
    ]
    distances = [m.distance(part) for m, part in zip(loaded, full, strict=True)]
    best_fit = None
    combined = distances[0].copy() if len(loaded) == 1 else None
    if len(loaded) > 1 and spec.combine:
        joint = Joint(loaded)
        combined = joint.distance(full)
        best_fit = _best_fit(model, joint, axes, combined)
        combined = combined - best_fit.minus_2_delta_ln_l
    varied = sum(size > 1 for size in shape)
    relative = len(loaded) > 1 or bool(np.ndim(loaded[0].data))
    dof = spec.degrees_of_freedom or (max(varied, 1) if relative else 1)
    labels = [m.label for m in loaded]
    words = {"expected": spec.expected}
    single = _conventions(spec, loaded, dof)
    return ScanResult(
        model=model.name,
        axes=axes,
        prediction={n: np.sum(list(p.values()), axis=0) for n, p in zip(labels, full, strict=True)},
        minus_2_delta_ln_l=dict(zip(labels, distances, strict=True)),
        combined=combined,
        data={m.label: m.data for m in loaded},
        best_fit=best_fit,
        confidence_level=spec.confidence_level,
        degrees_of_freedom=dof,
        one_sided=spec.one_sided,
        expected=spec.expected,
        convention=single,
        combined_convention=single
        if best_fit is None
        else convention(spec.confidence_level, degrees_of_freedom=dof, combined=True, **words),
        upper_limits=tuple(m.label for m in loaded if m.upper_limit_only),
        offset={
            m.label: _best_fit(model, Joint((m,)), axes, distance).minus_2_delta_ln_l
            for m, distance in zip(loaded, distances, strict=True)
            if np.ndim(m.data)
        },
        declared={m.label: own for m in loaded if (own := m.likelihood.declared_degrees_of_freedom) is not None},
        provenance=_provenance(spec, model, loaded),
    )


def _conventions(spec: ScanSpec, measurements: Sequence[Measurement], degrees_of_freedom: int) -> str:
    """Return how the regions of the measurements alone are defined; the names where they differ."""
    names: dict[str, list[str]] = {}
    for measurement in measurements:
        correlated = bool(np.ndim(measurement.data))
        declared = measurement.likelihood.declared_degrees_of_freedom
        words = convention(
            spec.confidence_level,
            one_sided=(spec.one_sided or measurement.upper_limit_only) and not correlated,
            degrees_of_freedom=declared or (degrees_of_freedom if correlated else 1),
            combined=correlated,
            expected=spec.expected,
        )
        names.setdefault(words, []).append(measurement.label)
    if len(names) == 1:
        return next(iter(names))
    return "; ".join(f"{', '.join(labels)}: {words}" for words, labels in names.items())


def _mesh(axes: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Give every parameter its own axis, so that they broadcast to the plane."""
    n = len(axes)
    return {
        name: values.reshape((1,) * i + (-1,) + (1,) * (n - 1 - i)) for i, (name, values) in enumerate(axes.items())
    }


def _checked_axes(spec: ScanSpec, model: Model) -> dict[str, FloatArray]:
    """Return the axes in the model's order, or say which parameter is missing or unknown."""
    from recast.errors import UnknownNameError

    axes = spec.axes()
    for name in axes:
        if name not in model.parameters:
            raise UnknownNameError.unknown(f"parameter of {model.name}", name, model.parameters)
    missing = [name for name in model.parameters if name not in axes]
    if missing:
        msg = f"the scan of model '{model.name}' does not say which {' and '.join(missing)} to take"
        raise RecastError(msg)
    return {name: axes[name] for name in model.parameters}


def _best_fit(
    model: Model,
    joint: Joint,
    axes: Mapping[str, FloatArray],
    values: FloatArray,
) -> BestFitPoint:
    """Refine the smallest point of the plane inside the scanned region."""
    from scipy.optimize import minimize

    index = np.unravel_index(int(np.argmin(values)), values.shape)
    start = {name: float(v[i]) for (name, v), i in zip(axes.items(), index, strict=True)}
    best = BestFitPoint(start, float(values[index]))
    free = [name for name, v in axes.items() if v.size > 1]
    if not free:
        return best
    # In units of the axis index the plane is evenly spaced whatever the scale of the axis.
    position = {name: np.arange(axes[name].size, dtype=float) for name in free}

    def point(x: FloatArray) -> dict[str, float]:
        moved = {n: float(np.interp(xi, position[n], axes[n])) for n, xi in zip(free, x, strict=True)}
        return {**start, **moved}

    def objective(x: FloatArray) -> float:
        return float(joint.minus_2_delta_ln_l(model(**point(x))))

    x0 = np.array([float(i) for n, i in zip(axes, index, strict=True) if n in free])
    bounds = [(0.0, float(axes[name].size - 1)) for name in free]
    found = minimize(objective, x0, method="Nelder-Mead", bounds=bounds, options={"xatol": 1e-6, "fatol": 1e-10})
    if float(found.fun) < best.minus_2_delta_ln_l:
        best = BestFitPoint(point(np.asarray(found.x)), float(found.fun))
    return best


def _provenance(spec: ScanSpec, model: Model, measurements: tuple[Measurement, ...]) -> dict[str, str]:
    """Return where the numbers came from."""
    from recast import __version__

    entries = {s.inspire: s.bibtex for m in measurements for s in m.citations}
    return {
        "code": f"recast-bsm {__version__}",
        "title": spec.title or "",
        "model_title": model.title,
        "citations": " ".join(entries),
        "bibtex": "\n".join(text.strip() for text in entries.values()),
    }
