"""A chunk of points turned into likelihoods and predictions.

`Evaluation` holds the loaded model and measurements.  It is built once in every process that takes part in a scan, from
a `Job`, which says what to load and what the files must contain.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recast.errors import NotApplicableError, RecastError, unknown
from recast.scan.spec import ScanSpec

if TYPE_CHECKING:
    from recast.interactions import Interaction
    from recast.joint import Joint
    from recast.measurement import Measurement
    from recast.model import Model
    from recast.scan.points import Points

__all__ = ["Evaluation", "Job", "Values", "evaluate", "hold"]

FloatArray = NDArray[np.float64]

# Points of a chunk: enough that numpy works on long arrays, few enough that a chunk is done well within a second.
_PLAIN, _OF_FREE_CHARGES, _PROFILED = 1 << 18, 1 << 14, 64
# Numbers of a chunk, of which several wait for being written when many workers deliver them: 16 MB.
_NUMBERS = 1 << 21


@dataclass(frozen=True)
class Job:
    """What a process needs to know to take part in a scan.

    Attributes
    ----------
    spec : ScanSpec
    folders : tuple of Path
        Plug-in folders.
    inputs : dict of str to str
        Digests of all files that the results depend on, see `recast.scan.inputs`.
    outputs : dict of str to tuple of int
        What is kept of every point, see `Evaluation.shapes`.
    """

    spec: ScanSpec
    folders: tuple[Path, ...]
    inputs: Mapping[str, str]
    outputs: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Values:
    """Results of a chunk.

    Attributes
    ----------
    arrays : dict of str to ndarray
        By output: ``combined``, ``minus_2_delta_ln_l/NAME``, ``prediction/NAME``, ``profiled/PARAMETER`` and
        ``points/PARAMETER``; one row for each point. What is excluded is known after the last chunk only.
    lowest : ndarray, shape (n_tracked, 2)
        Smallest value and its first place in the chunk, for each likelihood whose best fit is wanted.
    """

    arrays: Mapping[str, FloatArray]
    lowest: FloatArray


@dataclass(frozen=True)
class Evaluation:
    """A model and measurements, ready to be evaluated."""

    spec: ScanSpec
    model: Model
    measurements: tuple[Measurement, ...]

    @classmethod
    def load(cls, spec: ScanSpec, folders: tuple[Path, ...]) -> Evaluation:
        """Load model and measurements and check that they go with the parameters.

        Raises
        ------
        RecastError
            For a parameter that the model does not have or that is missing, and for everything that reading models
            and measurements can find wrong.
        """
        from recast.measurement import check_independent, load_measurement
        from recast.model import load_model

        model = load_model(spec.model, plugins=folders)
        loaded = tuple(load_measurement(name, plugins=folders) for name in spec.measurements)
        if spec.combine:
            check_independent(loaded)
        for label in (m.label for m in loaded):
            if sum(m.label == label for m in loaded) > 1:
                msg = f"measurement '{label}' is named twice"
                raise RecastError(msg)
        known = (*model.parameters, *model.optional)
        for name in spec.parameters:
            if name not in known:
                raise unknown(f"parameter of {model.name}", name, known)
        if spec.expected:
            return cls(spec, model, tuple(m.expected() for m in loaded))
        return cls(spec, model, loaded)

    @property
    def parameters(self) -> tuple[str, ...]:
        """All parameters of the model."""
        return (*self.model.parameters, *self.model.optional)

    @property
    def chunk_size(self) -> int:
        """Points that a chunk has at most."""
        if self.spec.profiled:
            return _PROFILED
        if self.charges_vary:
            return _OF_FREE_CHARGES
        kept = 2 * sum(int(np.prod(np.shape(m.data), dtype=int)) for m in self.measurements)
        return min(_PLAIN, _NUMBERS // kept)

    @property
    def charges_vary(self) -> bool:
        """Whether charges may differ from point to point."""
        named = set(self.spec.parameters) - set(self.spec.fixed)
        return self.spec.sampling.kind == "file" or bool(named & set(self.model.optional))

    def points(self) -> Points:
        """Return the points of the scan, or say which parameter is missing.

        Raises
        ------
        RecastError
            When a parameter of the model is missing.
        """
        from recast.scan.points import points_of

        points = points_of(self.spec, self.parameters, self.chunk_size)
        given = {*points.order, *self.spec.profiled}
        missing = [name for name in self.model.parameters if name not in given]
        if missing:
            msg = f"the scan of model '{self.model.name}' does not say which {' and '.join(missing)} to take"
            raise RecastError(msg)
        return points

    def check_applicable(self, points: Points) -> None:
        """Make sure that every measurement has something to say about the model.

        Raises
        ------
        NotApplicableError
            Naming the measurement and the reason.
        """
        middle = {name: axis.at(np.array([0.5])) for name, axis in self.spec.profiled.items()}
        for measurement in self.measurements:
            # Where charges are scanned, it may have something to say at some points only.
            chunks = range(points.chunks if self.charges_vary else 1)
            reasons = (measurement.applicable(self.model(**points.chunk(i), **middle)) for i in chunks)
            reason = next(reasons)
            if reason is not None and all(reasons):
                msg = f"measurement '{measurement.label}' does not apply to model '{self.model.name}': {reason}"
                raise NotApplicableError(msg)

    @cached_property
    def joint(self) -> Joint | None:
        """All measurements together; None when they are not combined."""
        from recast.joint import Joint

        return Joint(self.measurements) if self.spec.combine else None

    @property
    def tracked(self) -> dict[str, Joint]:
        """Likelihoods whose best fit is subtracted in regions: all together, and correlated numbers alone."""
        from recast.joint import Joint

        together = {"combined": self.joint} if self.joint and len(self.measurements) > 1 else {}
        return {**together, **{m.label: Joint((m,)) for m in self.measurements if np.ndim(m.data)}}

    def distance(self, joint: Joint, parameters: Mapping[str, FloatArray]) -> FloatArray:
        """Return ``2 delta ln L`` of some measurements together; what one has nothing to say about does not count.

        Parameters
        ----------
        joint : Joint
        parameters : dict of str to ndarray
            Of at least one dimension; they broadcast.
        """
        interaction = self.model(**parameters)
        return joint.distance([m.contributions(interaction) for m in joint.measurements])

    def distance_at(self, joint: Joint, parameters: Mapping[str, float]) -> float:
        """Return ``2 delta ln L`` of some measurements together at one point; as `distance`, and faster."""
        try:
            return float(joint.minus_2_delta_ln_l(self.model(**parameters)))
        except NotApplicableError:
            # One of them has nothing to say about a charge that happens to be zero.
            return float(self.distance(joint, {name: np.array([v]) for name, v in parameters.items()}).item())

    def shapes(self, points: Points) -> dict[str, tuple[int, ...]]:
        """Return the shape of each output at one point, in the order in which they are kept."""
        wanted = set(self.spec.outputs)
        if "excluded_by" in wanted:
            wanted |= {"combined", "minus_2_delta_ln_l", "prediction"}
        result: dict[str, tuple[int, ...]] = {}
        if not points.axes:
            result |= {f"points/{name}": () for name in points.varied}
        if self.joint is not None and "combined" in wanted:
            result["combined"] = ()
        for kind in ("minus_2_delta_ln_l", "prediction"):
            if kind in wanted:
                width = {m.label: np.shape(m.data) if kind == "prediction" else () for m in self.measurements}
                result |= {f"{kind}/{label}": shape for label, shape in width.items()}
        result |= {f"profiled/{name}": () for name in self.spec.profiled}
        return {**result, "excluded_by": ()} if "excluded_by" in wanted else result

    def values(self, chunk: Mapping[str, FloatArray], wanted: Mapping[str, tuple[int, ...]]) -> Values:
        """Evaluate the points of a chunk.

        Parameters
        ----------
        chunk : dict of str to ndarray
            Values of the parameters that are not profiled, broadcasting to the points.
        wanted : dict of str to tuple of int
            Outputs to be kept, as returned by `shapes`.
        """
        shape = np.broadcast_shapes(*(v.shape for v in chunk.values()))
        profiled: dict[str, FloatArray] = {}
        if self.spec.profiled:
            from recast.scan.profile import profile

            profiled = profile(self, chunk)
            chunk = {name: np.broadcast_to(v, shape).ravel() for name, v in chunk.items()}
        arrays = self._likelihoods(self.model(**chunk, **profiled), wanted)
        shape = (math.prod(shape),) if profiled else shape
        arrays |= {f"profiled/{name}": value for name, value in profiled.items()}
        arrays |= {n: chunk[n.partition("/")[2]] for n in wanted if n.startswith("points/")}
        tracked = [arrays[n if n == "combined" else f"minus_2_delta_ln_l/{n}"] for n in self.tracked]
        return Values(
            arrays={n: _flat(arrays[n], shape, extra) for n, extra in wanted.items() if n in arrays},
            lowest=np.array([_lowest(np.broadcast_to(array, shape)) for array in tracked]).reshape(-1, 2),
        )

    def _likelihoods(
        self, interaction: Interaction, wanted: Mapping[str, tuple[int, ...]]
    ) -> dict[str, FloatArray]:
        """Return likelihoods, and predictions where they are wanted."""
        arrays: dict[str, FloatArray] = {}
        parts: dict[str, Mapping[str, FloatArray]] = {}
        for m in self.measurements:
            name = f"minus_2_delta_ln_l/{m.label}"
            shared = self.joint is not None and m.label in self.joint.coupled
            if f"prediction/{m.label}" not in wanted and not shared and not self.charges_vary:
                arrays[name] = m.minus_2_delta_ln_l(interaction)
                continue
            parts[m.label] = part = m.contributions(interaction)
            arrays[f"prediction/{m.label}"] = np.sum(np.broadcast_arrays(*part.values()), axis=0)
            arrays[name] = m.distance(part)
        if self.joint is not None:
            distances = [arrays[f"minus_2_delta_ln_l/{m.label}"] for m in self.measurements]
            arrays["combined"] = self.joint.total(distances, [parts.get(m.label, {}) for m in self.measurements])
        return arrays


def _flat(array: FloatArray, shape: tuple[int, ...], extra: tuple[int, ...]) -> FloatArray:
    """Return one row for each point."""
    return np.ascontiguousarray(np.broadcast_to(array, shape + extra), dtype=float).reshape(-1, *extra)


def _lowest(array: FloatArray) -> tuple[float, float]:
    """Return the smallest value and its first place; not-a-number is never the smallest."""
    place = int(np.argmin(array))
    value = float(array.flat[place])
    if np.isnan(value):
        filled = np.where(np.isnan(array), np.inf, array)
        place = int(np.argmin(filled))
        value = float(filled.flat[place])
    return value, float(place)


_HELD: dict[tuple[str, ...], Evaluation] = {}


def hold(job: Job, evaluation: Evaluation) -> None:
    """Keep what was loaded in this process, in place of that of another scan."""
    _HELD.clear()
    _HELD[tuple(job.inputs.values())] = evaluation


def evaluate(job: Job, chunk: Mapping[str, FloatArray]) -> Values:
    """Evaluate a chunk in whatever process this is.

    Raises
    ------
    RecastError
        When this process has other files than the one that began the scan.
    """
    evaluation = _HELD.get(tuple(job.inputs.values()))
    if evaluation is None:
        from recast.scan.inputs import check_inputs, inputs_of

        check_inputs(job.inputs, inputs_of(job.spec, job.folders), where="a worker")
        evaluation = Evaluation.load(job.spec, job.folders)
        hold(job, evaluation)
    return evaluation.values(chunk, job.outputs)
