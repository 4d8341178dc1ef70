"""Scans: a model's parameters against measurements, in memory or into a file, here or on many machines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recast.errors import RecastError
from recast.scan.evaluation import Evaluation, Job, Values, evaluate, hold
from recast.scan.header import BestFitPoint, Header, Summary
from recast.scan.result import ScanResult, excluded_bits
from recast.scan.spec import ScanSpec, load_scan
from recast.statistics import convention

if TYPE_CHECKING:
    from recast.executors import AnyExecutor
    from recast.scan.points import Points
    from recast.scan.store import Store

__all__ = ["scan"]

Progress = Callable[[int, int], None]

_MOST_BYTES = 4 << 30
_WAITING = 1 << 29  # bytes


def scan(
    spec: ScanSpec | Mapping[str, Any] | str | Path,
    *,
    output: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    executor: AnyExecutor | None = None,
    progress: Progress | None = None,
    plugins: Sequence[str | Path] = (),
) -> ScanResult:
    """Evaluate measurements at points of a model's parameters.

    Parameters
    ----------
    spec : ScanSpec, mapping, or path of a YAML file
    output : path, optional
        HDF5 file, into which points go as they are computed; in memory when absent.
    resume : bool
        Continue what stands in the output, or begin where nothing does.
    overwrite : bool
        Begin anew, whatever stands in the output.
    executor : Executor, callable or None
        Where the points are computed: anything with ``map``, such as `concurrent.futures.ProcessPoolExecutor` or a
        client of dask.distributed; None is this process. The result is the same to the last bit.
    progress : callable, optional
        Called with the number of points that are done and of all.
    plugins : sequence of path
        Folders in which the model and the measurements are looked up as well.

    Returns
    -------
    ScanResult

    Raises
    ------
    OutputExistsError
        When the output, or a part of it, exists and may neither be continued nor overwritten.
    NotApplicableError
        When a measurement has nothing to say about the model.
    RecastError
        For a parameter that the model does not have or that is missing, for everything that reading models and
        measurements can find wrong, when results depend on something that has changed since a scan was interrupted,
        when another process writes the same output, and when it cannot be written.
    """
    from recast.scan.checkpoint import check_writable
    from recast.scan.inputs import inputs_of

    output = None if output is None else Path(output)
    if output is not None:
        check_writable(output, resume=resume, overwrite=overwrite)
    elif resume or overwrite:
        msg = "only a scan with an output can be continued or overwritten"
        raise RecastError(msg)
    spec = _specification(spec)
    folders = tuple(Path(folder) for folder in (*spec.plugins, *plugins))
    evaluation = Evaluation.load(spec, folders)
    points = evaluation.points()
    evaluation.check_applicable(points)
    inputs = inputs_of(spec, folders)
    header = _header(evaluation, points, inputs)
    job = Job(spec, folders, inputs, header.outputs)
    hold(job, evaluation)
    run = partial(_run, evaluation, points, header, job, executor, progress)
    return _in_memory(points, header, run) if output is None else _into_file(
        output, points, header, run, resume=resume, overwrite=overwrite
    )


def _in_memory(points: Points, header: Header, run: Callable[[Store], Summary]) -> ScanResult:
    from recast.scan.store import MemoryStore

    needed = points.size * _width(header)
    if needed > _MOST_BYTES:
        msg = (
            f"the scan has {points.size} points, whose outputs take {needed / 1e9:.3g} GB in memory: give an output "
            "file, or choose fewer points or outputs"
        )
        raise RecastError(msg)
    store = MemoryStore(header, points)
    summary = run(store)
    arrays = {n: a.reshape(header.shape + header.outputs[n]) for n, a in store.arrays.items()}
    return ScanResult(header, dict(points.axes), arrays, summary.best_fit)


def _into_file(
    output: Path, points: Points, header: Header, run: Callable[[Store], Summary], *, resume: bool, overwrite: bool
) -> ScanResult:
    from recast.scan.checkpoint import check_same, opened
    from recast.scan.saving import load
    from recast.scan.store import partial_path

    if resume and output.exists() and not partial_path(output).exists():
        complete = load(output)
        check_same(complete.header, header, output)
        return complete
    with opened(output, header, points.axes, points, resume=resume, overwrite=overwrite) as store:
        store.finish(run(store))
    return load(output, check=False)


def _width(header: Header) -> int:
    """Return the bytes of all outputs at a point."""
    return 8 * sum(int(np.prod(row, dtype=int)) for row in header.outputs.values())


def _specification(spec: ScanSpec | Mapping[str, Any] | str | Path) -> ScanSpec:
    from recast.documents import Document

    if isinstance(spec, str | Path):
        return load_scan(spec)
    return spec if isinstance(spec, ScanSpec) else Document("scan", dict(spec)).validate(ScanSpec)


def _run(
    evaluation: Evaluation,
    points: Points,
    header: Header,
    job: Job,
    executor: AnyExecutor | None,
    progress: Progress | None,
    store: Store,
) -> Summary:
    """Compute the chunks that are missing, and what follows from all of them."""
    from recast.executors import one_thread, ordered

    missing = store.missing()
    absent = set(missing)
    done = sum(stop - start for i in range(points.chunks) if i not in absent for start, stop in [points.bounds(i)])
    if progress:
        progress(done, points.size)
    items = ((index, points.chunk(index)) for index in missing)
    # Finished chunks wait for being written, however many workers deliver them.
    waiting = _WAITING // (2 * points.chunk_size * _width(header))
    for (index, _), values in ordered(executor, partial(_task, job), items, ahead=waiting):
        store.write(index, values)
        start, stop = points.bounds(index)
        done += stop - start
        if progress:
            progress(done, points.size)
    with one_thread():
        best_fits = _best_fits(evaluation, points, store)
    if "excluded_by" in header.outputs:
        for index in range(points.chunks):
            bits = excluded_bits(header, best_fits, lambda name, index=index: store.rows(name, index))  # type: ignore[misc]
            store.write_rows("excluded_by", index, bits)
    return Summary(best_fit=best_fits)


def _task(job: Job, item: tuple[int, Mapping[str, Any]]) -> Values:
    return evaluate(job, item[1])


def _best_fits(evaluation: Evaluation, points: Points, store: Store) -> dict[str, BestFitPoint]:
    """Refine the smallest points of every likelihood that regions are relative to."""
    from recast.scan.best_fit import lowest_point, refined

    lowest = store.lowest()
    result = {}
    for k, (name, joint) in enumerate(evaluation.tracked.items()):
        chunk, place, value = lowest_point(lowest[:, k])
        values = points.chunk(chunk)
        shape = np.broadcast_shapes(*(v.shape for v in values.values()))
        start = {n: float(np.broadcast_to(v, shape).flat[place]) for n, v in values.items()}
        start |= {n: float(store.rows(f"profiled/{n}", chunk)[place]) for n in evaluation.spec.profiled}
        result[name] = refined(evaluation, points, joint, start, value)
    return result


def _header(evaluation: Evaluation, points: Points, inputs: Mapping[str, str]) -> Header:
    """Put together what is known before the first point."""
    spec, measurements = evaluation.spec, evaluation.measurements
    varied = len(points.varied)
    relative = len(measurements) > 1 or bool(np.ndim(measurements[0].data))
    dof = spec.degrees_of_freedom or (max(varied, 1) if relative else 1)
    single, words = _conventions(evaluation, dof), {"expected": spec.expected}
    return Header(
        model=evaluation.model.label,
        measurements=tuple(m.label for m in measurements),
        data={m.label: np.asarray(m.data).tolist() for m in measurements},
        confidence_level=spec.confidence_level,
        degrees_of_freedom=dof,
        declared={
            m.label: own for m in measurements if (own := m.likelihood.declared_degrees_of_freedom) is not None
        },
        upper_limits=tuple(m.label for m in measurements if m.upper_limit_only),
        one_sided=spec.one_sided,
        expected=spec.expected,
        convention=single,
        combined_convention=convention(spec.confidence_level, degrees_of_freedom=dof, combined=True, **words)
        if "combined" in evaluation.tracked
        else single,
        provenance=_provenance(evaluation),
        spec=spec.model_dump(mode="json"),
        inputs=dict(inputs),
        axes={name: values.size for name, values in points.axes.items()},
        fixed=points.fixed,
        shape=points.shape,
        chunks=points.chunks,
        chunk_size=points.chunk_size,
        outputs=evaluation.shapes(points),
        tracked=tuple(evaluation.tracked),
    )


def _conventions(evaluation: Evaluation, degrees_of_freedom: int) -> str:
    """Return how the regions of the measurements alone are defined; the names where they differ."""
    spec = evaluation.spec
    names: dict[str, list[str]] = {}
    for measurement in evaluation.measurements:
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


def _provenance(evaluation: Evaluation) -> dict[str, str]:
    """Return where the numbers came from."""
    from recast import __version__

    used = [evaluation.model.citations, *(measurement.citations for measurement in evaluation.measurements)]
    entries = {source.inspire: source.bibtex for citations in used for source in citations}
    return {
        "code": f"recast-bsm {__version__}",
        # Without its options: how a scan was run, or interrupted, has no part in its numbers.
        "command": "recast scan, of the file under spec",
        "title": evaluation.spec.title or "",
        "model_title": evaluation.model.title,
        "citations": " ".join(entries),
        "bibtex": "\n".join(text.strip() for text in entries.values()),
    }
