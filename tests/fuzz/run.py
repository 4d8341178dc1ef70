"""Many inputs, in processes that may die: ``python -m tests.fuzz.run 100000`` from the folder of the repository.

Each kind of input gets its share. A process tries inputs one after the other and tells when one begins and how it
ended; when it crashes or hangs, the input is known, and another process goes on with the next one. Printed are the
longest time of one input, in CPU seconds, the largest memory of a process, and every input that recast did not take
well: it can be tried alone with ``--kind KIND --only SEED``.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from .command_line import CommandLine
from .targets import Documents, Hdf5, Tables, Target

TARGETS: dict[str, tuple[type[Target], float]] = {
    "documents": (Documents, 0.4),
    "tables": (Tables, 0.2),
    "hdf5": (Hdf5, 0.2),
    "command line": (CommandLine, 0.2),
}
"""Kind of input, and its share of all."""

SECONDS = 2.0
MEGABYTES = 500.0
HANG = 20
"""Seconds on the clock: on a computer that is busy, two seconds of work take longer."""


@dataclass
class Report:
    """What came of the inputs of one kind."""

    kind: str
    counts: Counter[str] = field(default_factory=Counter)
    slowest: tuple[float, int] = (0.0, -1)
    megabytes: float = 0.0
    bad: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether nothing crashed, took too long or too much memory."""
        return not self.bad and self.slowest[0] < SECONDS and self.megabytes < MEGABYTES

    def __str__(self) -> str:
        seconds, seed = self.slowest
        counts = ", ".join(f"{number} {what}" for what, number in sorted(self.counts.items()))
        return (
            f"{self.kind:12s}  {sum(self.counts.values()):6d} inputs: {counts}; slowest {seconds:.2f} s (seed {seed}), "
            f"{self.megabytes:.0f} MB, {'pass' if self.passed else 'FAIL'}"
        )


def fuzz(kind: str, count: int, *, first: int = 0) -> Report:
    """Try the inputs of ``count`` seeds, the lowest of which is ``first``."""
    report = Report(kind)
    seed, end = first, first + count
    while seed < end:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            _try_all(kind, range(seed, end), write)
        os.close(write)
        with os.fdopen(read, "rb") as pipe:
            running = _take(report, pipe.read().decode(errors="replace").splitlines())
        _, status = os.waitpid(child, 0)
        if running is None and status == 0:
            break
        if running is None:
            report.bad.append(f"the process ended between inputs with status {status}")
            break
        report.counts["crashed"] += 1
        report.bad.append(f"seed {running}: the process was ended by signal {status & 127}, code {status >> 8}")
        seed = running + 1
    return report


def _try_all(kind: str, seeds: range, pipe: int) -> None:
    """Try inputs and tell of each; never returns."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 2)
    with tempfile.TemporaryDirectory() as folder:
        target = TARGETS[kind][0](Path(folder))
        target.try_(target.make(seeds[0]))  # imports are not counted
        for seed in seeds:
            os.write(pipe, f"begin\t{seed}\n".encode())
            signal.alarm(HANG)
            start = time.process_time()
            try:
                outcome = "taken" if target.try_(target.make(seed)) else "refused"
            except BaseException as error:  # noqa: BLE001 - told to the parent
                outcome = f"bad: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
            spent = time.process_time() - start
            signal.alarm(0)
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
            os.write(pipe, f"end\t{seed}\t{spent}\t{memory}\t{outcome}\n".encode(errors="replace"))
    os._exit(0)


def _take(report: Report, lines: list[str]) -> int | None:
    """Add what a process told; returns the seed that it did not finish."""
    running = None
    for line in lines:
        word, number, *rest = line.split("\t")
        running = int(number) if word == "begin" else None
        if word == "end":
            seconds, memory, outcome = float(rest[0]), float(rest[1]), rest[2]
            report.counts[outcome.partition(":")[0]] += 1
            report.slowest = max(report.slowest, (seconds, int(number)))
            report.megabytes = max(report.megabytes, memory)
            if outcome.startswith("bad"):
                report.bad.append(f"seed {number}: {outcome}")
            if seconds > SECONDS:
                report.bad.append(f"seed {number}: {seconds:.1f} s")
    return running


def main() -> None:
    """Fuzz all kinds, or one; exit code 1 when something was not taken well."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("inputs", type=int, nargs="?", default=100_000, help="number of all inputs")
    parser.add_argument("--kind", choices=TARGETS, help="only this kind, with all inputs")
    parser.add_argument("--first", type=int, default=0, help="lowest seed")
    parser.add_argument("--only", type=int, metavar="SEED", help="with --kind: try one input here, with its traceback")
    words = parser.parse_args()
    if words.only is not None:
        target = TARGETS[words.kind][0](Path(tempfile.mkdtemp()))
        data = target.make(words.only)
        print(repr(data)[:2000])
        print("taken" if target.try_(data) else "refused")
        return
    shares = {words.kind: 1.0} if words.kind else {kind: share for kind, (_, share) in TARGETS.items()}
    passed = True
    for kind, share in shares.items():
        report = fuzz(kind, round(words.inputs * share), first=words.first)
        print(report, *report.bad[:40], sep="\n  ", flush=True)
        passed &= report.passed
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
