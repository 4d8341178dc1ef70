"""kill -9 of a scan, of its workers and of their scheduler, at random moments: nothing lost, nothing doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from .harness import CHUNKS, EXECUTORS, POSIX, Bench, Run, at_random, finished, one_sentence, partial_of

pytestmark = POSIX

EVERYTHING = set(range(CHUNKS))


def killed_at(run: Run, rng: random.Random) -> None:
    """Kill a scan at a random moment, from its first instruction to its last."""
    chunks = rng.randint(-1, CHUNKS)
    if chunks < 0:
        time.sleep(rng.uniform(0.0, 2.0))  # before it computes anything
    else:
        run.until_chunks(chunks)
        time.sleep(rng.uniform(0.0, 0.1))
    run.signal(signal.SIGKILL)
    run.wait()


def survives(
    bench: Bench, rng: random.Random, words: tuple[str, ...], uninterrupted: bytes, *, kills: int = 3
) -> int:
    """Kill a scan up to some times, continue it, and compare; return how many chunks earlier runs had finished."""
    output = bench.folder / f"scan{rng.getrandbits(32)}.h5"
    before: set[int] = set()
    saved = 0
    for _ in range(rng.randint(1, kills)):
        run = bench.start(output, *words, "--resume", pause=0.03)
        killed_at(run, rng)
        assert run.gone() == [], "workers outlived the scan"
        assert run.code in {0, -signal.SIGKILL}, run.err
        after = finished(output)
        assert before <= after, "finished chunks were lost"
        assert not before & set(run.computed()), "finished chunks were computed again"
        assert max(run.computed().values(), default=1) == 1
        saved, before = len(before), after
        if output.exists():
            break
    else:
        run = bench.run(output, *words, "--resume")
        assert run.code == 0, run.err
        assert run.computed() == dict.fromkeys(EVERYTHING - before, 1)
        saved = len(before)
    assert finished(output) == EVERYTHING
    assert output.read_bytes() == uninterrupted
    assert not partial_of(output).exists()
    output.unlink()
    return saved


@pytest.mark.parametrize("name", ["serial", "processes"])
def test_a_scan_is_killed(bench: Bench, uninterrupted: bytes, name: str) -> None:
    survives(bench, at_random(6), EXECUTORS[name], uninterrupted, kills=1)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "rounds"), [("serial", 14), ("processes", 10), ("workers", 10)])
def test_scans_are_killed_again_and_again(bench: Bench, uninterrupted: bytes, name: str, rounds: int) -> None:
    if name == "workers":
        pytest.importorskip("distributed")
    rng = at_random(f"kill {name}")
    saved = [survives(bench, rng, EXECUTORS[name], uninterrupted) for _ in range(rounds)]
    # The moments were of all kinds.
    assert min(saved) < CHUNKS // 2 < max(saved)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_a_dask_worker_is_killed(bench: Bench, uninterrupted: bytes, seed: int) -> None:
    pytest.importorskip("distributed")
    rng = at_random(f"worker {seed}")
    output = bench.folder / "scan.h5"
    run = bench.start(output, *EXECUTORS["workers"], pause=0.3)
    for chunks in sorted(rng.sample(range(1, CHUNKS - 1), rng.randint(1, 3))):
        run.until_chunks(chunks)
        time.sleep(rng.uniform(0.0, 0.3))
        with suppress(ProcessLookupError):
            os.kill(run.pids()[-1], signal.SIGKILL)
    run.wait()
    assert run.code == 0, run.err
    assert run.err == ""
    assert set(run.computed()) == EVERYTHING
    assert output.read_bytes() == uninterrupted
    assert run.gone() == []


class Cluster:
    """A dask scheduler and workers, started as a user would."""

    def __init__(self, bench: Bench, *, workers: int = 2) -> None:
        self.file = bench.folder / f"scheduler{time.monotonic_ns()}.json"
        common = ("--scheduler-file", str(self.file), "--host", "127.0.0.1", "--dashboard-address", "127.0.0.1:0")
        alone = ("--no-nanny", "--nthreads", "1", "--local-directory", str(bench.folder))
        self.scheduler = self._started(bench, "scheduler", *common, "--port", "0")
        self.workers = [self._started(bench, "worker", *common, *alone) for _ in range(workers)]

    @staticmethod
    def _started(bench: Bench, *words: str) -> Run:
        command = [sys.executable, "-m", "dask", *words]
        return bench.start_command(command, pause=0.1, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @property
    def address(self) -> str:
        """Where it listens."""
        import json

        self.scheduler.until(lambda: self.file.exists() and self.file.read_text().rstrip().endswith("}"))
        assert self.scheduler.process.poll() is None, "the scheduler did not start"
        return str(json.loads(self.file.read_text())["address"])

    def computed(self) -> int:
        """Return how many chunks its workers have begun."""
        return sum(worker.computed().total() for worker in self.workers)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_the_scheduler_is_killed(bench: Bench, uninterrupted: bytes, seed: int) -> None:
    pytest.importorskip("distributed")
    rng = at_random(f"scheduler {seed}")
    output = bench.folder / "scan.h5"
    cluster = Cluster(bench)
    address = cluster.address
    run = bench.start(output, "--scheduler", address)
    chunks = rng.randint(1, CHUNKS - 1)
    run.until(lambda: cluster.computed() >= chunks)
    time.sleep(rng.uniform(0.0, 0.1))
    cluster.scheduler.signal(signal.SIGKILL)
    start = time.monotonic()
    run.wait()
    if run.code:  # else it was done by then
        assert time.monotonic() - start < 10.0
        assert run.code == 2
        assert address in one_sentence(run, begun=True)
        before = finished(output)
        how = EXECUTORS[rng.choice(list(EXECUTORS))]
        run = bench.run(output, *how, "--resume")
        assert run.code == 0, run.err
        assert run.computed() == dict.fromkeys(EVERYTHING - before, 1)
    assert output.read_bytes() == uninterrupted


@pytest.mark.slow
def test_a_scheduler_that_never_answered_is_named(bench: Bench) -> None:
    pytest.importorskip("distributed")
    output = bench.folder / "scan.h5"
    start = time.monotonic()
    run = bench.run(output, "--scheduler", "tcp://127.0.0.1:9")
    assert time.monotonic() - start < 30.0
    assert run.code == 2
    assert "tcp://127.0.0.1:9" in one_sentence(run)
    assert not output.exists()
    assert not partial_of(output).exists()


SHIPPED = {
    "sobol": """
model: u1
measurements: [ccfr, charm_ii]
parameters:
  mass: {min: 1e-2, max: 10}
  coupling: {min: 1e-4, max: 1}
  charge_e: {min: -1, max: 1, scale: linear}
  charge_mu: {min: -1, max: 1, scale: linear}
sampling: {kind: sobol, points: 262144, seed: 7}
""",
    "profiled": """
model: u1
measurements: [ccfr, charm_ii]
parameters:
  mass: {min: 1e-2, max: 10, points: 16}
  coupling: {min: 1e-4, max: 1, points: 16}
  charge_mu: {min: -1, max: 1, scale: linear, profile: true}
""",
}


@pytest.mark.slow
@pytest.mark.parametrize("sampling", list(SHIPPED))
def test_scans_of_shipped_measurements_are_killed(bench: Bench, sampling: str) -> None:
    """Sequences continue where they were, and minimisations end where they did."""
    bench.file.write_text(SHIPPED[sampling])
    rng = at_random(sampling)
    whole, output = bench.folder / "whole.h5", bench.folder / "scan.h5"
    assert bench.run(whole).code == 0
    begun = time.monotonic()
    assert bench.run(whole, "--force").code == 0
    duration = time.monotonic() - begun
    for kill in range(6):
        run = bench.start(output, *EXECUTORS["processes" if kill % 2 else "serial"], "--resume")
        time.sleep(rng.uniform(0.2, 1.0) * duration)
        before = finished(output)
        run.signal(signal.SIGKILL)
        run.wait()
        assert before <= finished(output)
    assert bench.run(output, "--resume").code == 0
    assert output.read_bytes() == whole.read_bytes()
