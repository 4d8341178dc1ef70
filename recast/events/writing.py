"""Samples from the generator into a file, piece by piece."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recast.errors import RecastError
from recast.events.files import check_event_file, writing_events
from recast.events.sample import Estimate, Sample
from recast.provenance import Source

if TYPE_CHECKING:
    from recast.events.events import Events
    from recast.events.generator import EventGenerator, GenerationReport
    from recast.events.selection import Selection

__all__ = ["WrittenEvents", "write_events"]

_PIECE = 16_384  # events: as many as are made together, so that a large sample takes no more memory than a small one


@dataclass(frozen=True)
class WrittenEvents:
    """What was written.

    Attributes
    ----------
    path : Path
    estimate : Estimate
        Of the events in the file.
    report : GenerationReport
        Of all that were generated.
    seconds : float
        From beginning to end.
    rate : float
        Events generated and written in a second, once the tables of the generator are there.
    """

    path: Path
    estimate: Estimate
    report: GenerationReport
    seconds: float
    rate: float

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; cross sections are in fb."""
        return {
            "output": str(self.path),
            "events": self.estimate.accepted,
            "cross_section": self.estimate.cross_section,
            "error": self.estimate.error,
            "generation": asdict(self.report),
            "seconds": self.seconds,
            "events_per_second": self.rate,
        }


def write_events(
    generator: EventGenerator,
    n: int,
    output: str | Path,
    *,
    unweighted: bool = True,
    selection: Selection | None = None,
    details: Mapping[str, str] | None = None,
    citations: Iterable[Source] = (),
    force: bool = False,
    progress: Callable[[float, float], None] | None = None,
) -> WrittenEvents:
    """Generate events into a file.

    Parameters
    ----------
    generator : EventGenerator
    n : int
        Events to generate; when they are weighted, trials.
    output : path
        ``.h5``, ``.hepmc3`` or ``.lhe``.
    unweighted : bool
        Whether all events have the weight 1.
    selection : Selection, optional
        Only the events that pass are written.
    details : dict of str to str, optional
        Further lines for the file, such as the model.
    citations : iterable of Source
        Papers that the file is to name.
    force : bool
        Whether the file may exist already.
    progress : callable, optional
        Called with events done and their number.

    Returns
    -------
    WrittenEvents

    Raises
    ------
    RecastError
        When the file exists or cannot be written (then nothing is left of it), n is not positive, the selection means
        nothing in this channel, or weighted events that are selected are to become a Les Houches file.
    """
    path = check_event_file(output, force=force)
    if selection is not None:
        selection.check(generator.channel)
        if not unweighted and path.suffix.lower() == ".lhe":
            msg = (
                f"cannot write {path}: weights in a Les Houches file have the cross section as their mean, those of "
                "events that pass a selection do not; write unweighted events, or another format"
            )
            raise RecastError(msg)
    started = time.perf_counter()
    tally = _Tally(generator, selection, unweighted=unweighted)
    pieces = generator.chunks(n, unweighted=unweighted, size=_PIECE)
    events = next(pieces)  # before there is a file: building the tables may fail
    first, prepared = len(events), time.perf_counter()
    sample = _sample(generator, events, n, unweighted, selection, details or {}, citations)
    with writing_events(path, sample) as writer:
        while True:
            passed = tally.add(events)
            writer.add(passed, tally.estimate)
            if progress is not None:
                progress(tally.generated, n)
            if (following := next(pieces, None)) is None:
                break
            events = following
        writer.finish(tally.estimate)
    ended = time.perf_counter()
    rate = (n - first) / (ended - prepared) if n > first else n / (ended - started)
    return WrittenEvents(path, tally.estimate, generator.report, ended - started, rate)


def _sample(
    generator: EventGenerator,
    events: Events,
    n: int,
    unweighted: bool,
    selection: Selection | None,
    details: Mapping[str, str],
    citations: Iterable[Source],
) -> Sample:
    from recast.exports.origin import Origin

    lines = {"flux": generator.flux.name, "component": generator.component, "seed": str(generator.seed)}
    if generator.form_factor is not None:
        lines["form factor"] = generator.form_factor
    if selection is not None:
        lines["selection"] = f"{selection.name}, sha256 {selection.digest}"
        citations = [*citations, *selection.citations]
    origin = Origin.now(citations=citations)
    grid = f"trident_{generator.channel.table_name}"
    origin = replace(origin, grids=tuple(entry for entry in origin.grids if entry[0] == grid))
    return Sample(
        channel=generator.channel,
        target=events.target,
        scatterers=events.scatterers,
        size=n,
        weighted=not unweighted,
        cross_section=generator.cross_section,
        details={**details, **lines},
        origin=tuple(origin.lines()),
    )


class _Tally:
    """Cross section of the events that were written, up to now."""

    def __init__(self, generator: EventGenerator, selection: Selection | None, *, unweighted: bool) -> None:
        from recast.events.smearing import stream

        self._generator = generator
        self._selection = selection
        self._unweighted = unweighted
        self._random = stream(generator.seed)
        self._before = generator.report.trials
        self.generated = self._accepted = 0
        self._sum = self._sum2 = self._largest = self._energy = 0.0
        self.estimate = Estimate()

    def add(self, events: Events) -> Events:
        """Count events; return those that pass."""
        self.generated += len(events)
        if self._selection is not None:
            events = events[self._selection.passes(events, random=self._random)]
        self._accepted += len(events)
        self._sum += float(events.weight.sum())
        self._sum2 += float(events.weight @ events.weight)
        self._largest = max(self._largest, float(events.weight.max(initial=0.0)))
        self._energy = max(self._energy, float(events.beam[:, 0].max(initial=0.0)))
        report = self._generator.report
        self.estimate = Estimate(
            *self._cross_section(report),
            trials=report.trials - self._before if self._unweighted else self.generated,
            accepted=self._accepted,
            largest_weight=self._largest,
            largest_energy=self._energy,
        )
        return events

    def _cross_section(self, report: GenerationReport) -> tuple[float, float]:
        """Return the cross section of what passes, and its standard deviation, in fb."""
        n = self.generated
        mean = self._sum / n
        variance = max(self._sum2 / n - mean**2, 0.0) / max(n - 1, 1)
        if not self._unweighted:
            return mean, float(np.sqrt(variance)) if n > 1 else mean
        # All weigh 1: the mean is the share that passes. As if one event had passed, where none did.
        share_error = 0.0 if self._selection is None else max(float(np.sqrt(variance)), 1.0 / n)
        total = report.cross_section
        return mean * total, float(np.hypot(mean * report.error, share_error * total))
