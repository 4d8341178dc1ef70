"""The installed command in processes of its own, and a scan whose chunks are counted."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
PATIENCE = 120.0
"""Seconds after which whatever a test waits for counts as hanging, on however busy a computer."""
EXECUTORS = {"serial": (), "processes": ("--processes", "2"), "workers": ("--workers", "2")}

# Writes a line for every chunk that it is asked for, and takes a while for it.
PLUGIN = """
import os
import time
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict


class Counted(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    type: Literal["counted"] = "counted"
    counts: bool = True

    def applicable(self, interaction: Any) -> str | None:
        return None if interaction.mediators else "no boson"

    def contributions(self, interaction: Any) -> dict:
        (boson,) = interaction.mediators
        mass, coupling = np.asarray(boson.mass), np.asarray(boson.coupling)
        if self.counts and mass.size > 1 and "FAULTS_LOG" in os.environ:
            with open(os.environ["FAULTS_LOG"], "a") as log:
                log.write(f"{os.getpid()} {float(mass.flat[0])!r}\\n")
            time.sleep(float(os.environ["FAULTS_PAUSE"]))
        x = np.exp(-mass) * np.square(coupling / (1.0 + mass))
        return {"coherent": 1.0 + x * np.cos(7.0 * coupling) + np.sqrt(x)}

    def predict(self, interaction: Any) -> Any:
        return self.contributions(interaction)["coherent"]

    def polynomials(self, model: Any, mass: Any) -> None:
        return None


OBSERVABLES = {"counted": Counted}
"""
MEASUREMENT = """
name: {name}
title: Made up
observable: {{type: counted, counts: {counts}}}
likelihood: {{type: gaussian, value: {value}, error: 0.2}}
provenance:
  value:
    paper: "-"
    place: "-"
    inspire: "Key:2000aa"
    bibtex: "@misc{{Key:2000aa,}}"
"""
# A charge with a list of values makes chunks small: 16 masses times 1024 couplings.
ROWS, COUPLINGS, CHUNKS = 16, 1024, 12
MASSES = np.geomspace(1e-2, 1e1, ROWS * CHUNKS)
SCAN = f"""
model: lmu_ltau
measurements: [counted, other]
parameters:
  mass: {{min: 1e-2, max: 1e1, points: {MASSES.size}}}
  coupling: {{min: 1e-3, max: 3, points: {COUPLINGS}}}
  charge_mu: [1.0]
outputs: [combined, minus_2_delta_ln_l, prediction, excluded_by]
"""


@dataclass
class Run:
    """A command that was started, alone in a group of processes."""

    process: subprocess.Popen[str]
    log: Path
    mark: str
    started: float = field(default_factory=time.monotonic)

    def wait(self, timeout: float = PATIENCE) -> Run:
        """Wait until it ends; keep what it said."""
        self.out, self.err = self.process.communicate(timeout=timeout)
        return self

    @property
    def code(self) -> int:
        """Exit code, negative for a signal."""
        return int(self.process.returncode)

    def computed(self) -> Counter[int]:
        """Return how often each chunk was computed."""
        return Counter(chunk for _, chunk in self._lines())

    def pids(self) -> list[int]:
        """Return the processes that have computed, in the order in which they began to."""
        return list(dict.fromkeys(pid for pid, _ in self._lines()))

    def _lines(self) -> list[tuple[int, int]]:
        text = self.log.read_text() if self.log.exists() else ""
        rows = [line.split() for line in text.splitlines() if line.count(" ") == 1]
        return [(int(pid), int(np.argmin(np.abs(MASSES - float(mass))) // ROWS)) for pid, mass in rows]

    def until(self, condition: Callable[[], Any], timeout: float = PATIENCE) -> None:
        """Wait for a condition, or for the end of the command."""
        end = time.monotonic() + timeout
        while self.process.poll() is None and not condition():
            assert time.monotonic() < end, "what was waited for did not happen"
            time.sleep(0.005)

    def until_chunks(self, number: int) -> None:
        """Wait until so many chunks have been begun."""
        self.until(lambda: self.log.exists() and self.log.read_bytes().count(b"\n") >= number)

    def signal(self, number: int, *, group: bool = False) -> None:
        """Send a signal, to the whole group as a terminal does."""
        with suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self.process.pid, number)

    def family(self) -> list[int]:
        """Return all processes that were started by this command, itself included, and still run."""
        found = []
        for folder in Path("/proc").iterdir():
            with suppress(OSError):
                if folder.name.isdigit() and self.mark.encode() in (folder / "environ").read_bytes():
                    found.append(int(folder.name))  # a zombie has no environment
        return found

    def gone(self, timeout: float = 10.0) -> list[int]:
        """Wait until all processes of this command have ended; return those that have not."""
        end = time.monotonic() + timeout
        while (left := self.family()) and time.monotonic() < end:
            time.sleep(0.02)
        return left

    def end(self) -> None:
        """Leave nothing behind."""
        self.signal(signal.SIGKILL)
        for pid in self.family():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.process.poll() is None:
            self.process.communicate(timeout=PATIENCE)


class Bench:
    """A folder with a scan file, and what is needed to run it again and again.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.plugins = folder / "plugins"
        self.file = folder / "scan.yaml"
        (self.plugins / "measurements").mkdir(parents=True)
        (self.plugins / "counted.py").write_text(PLUGIN)
        for name, counts, value in (("counted", "true", 1.1), ("other", "false", 1.3)):
            text = MEASUREMENT.format(name=name, counts=counts, value=value)
            (self.plugins / "measurements" / f"{name}.yaml").write_text(text)
        self.file.write_text(SCAN)
        self._runs: list[Run] = []

    def command(self, output: Path, *words: str) -> list[str]:
        """Return the command line of a scan."""
        program = [sys.executable, "-m", "recast", "--plugins", str(self.plugins)]
        return [*program, "scan", str(self.file), "-o", str(output), *words]

    def start(self, output: Path, *words: str, pause: float = 0.05, **options: Any) -> Run:
        """Start a scan; further options go to `subprocess.Popen`."""
        return self.start_command(self.command(output, *words), pause=pause, **options)

    def start_command(self, command: Sequence[str], *, pause: float = 0.0, **options: Any) -> Run:
        """Start any command."""
        number = len(self._runs)
        log = self.folder / f"run{number}.log"
        mark = f"{self.folder.name}-{os.getpid()}-{number}-"
        environment = {**os.environ, "FAULTS_LOG": str(log), "FAULTS_PAUSE": str(pause), "FAULTS_MARK": mark}
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
        )
        run = Run(process, log, f"FAULTS_MARK={mark}")
        self._runs.append(run)
        return run

    def run(self, output: Path, *words: str, pause: float = 0.0, **options: Any) -> Run:
        """Run a scan to its end."""
        return self.start(output, *words, pause=pause, **options).wait()

    @contextmanager
    def closing(self) -> Iterator[Bench]:
        """End at the end of the block whatever still runs."""
        try:
            yield self
        finally:
            for run in self._runs:
                run.end()


def at_random(seed: int | str) -> random.Random:
    """Return what chooses moments and places, the same in every run."""
    return random.Random(seed)  # noqa: S311


def partial_of(output: Path) -> Path:
    """Return where a scan stands until it is complete."""
    return output.with_name(output.name + ".partial")


def finished(output: Path) -> set[int]:
    """Return the chunks that have their checksum, of a scan that runs, was interrupted or is complete."""
    path = partial_of(output) if partial_of(output).exists() else output
    try:
        with h5py.File(path, "r", locking=False) as file:
            return set(np.flatnonzero(np.asarray(file["chunks/checksum"]).any(axis=1)).tolist())
    except (OSError, KeyError):
        return set()


def one_sentence(run: Run, *, begun: bool = False) -> str:
    """Return what a command complained of, once it is certain that it is fit to be read.

    A scan that had begun also says, before it, how to continue.
    """
    assert "Traceback" not in run.err, run.err
    complaints = run.err.splitlines()
    if begun:
        assert complaints.pop(0).startswith("Finished points are kept in "), run.err
    assert len(complaints) == 1, run.err
    assert complaints[0].startswith("Error: "), run.err
    return complaints[0]
