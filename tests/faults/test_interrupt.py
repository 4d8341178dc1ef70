"""Ctrl-C, and the signal by which batch systems end a job: soon, silently, and with a file that can be continued."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from .harness import CHUNKS, EXECUTORS, POSIX, Bench, finished, partial_of

pytestmark = POSIX

# On a computer with nothing else to do it takes a few tenths of a second; a busy one must not fail the test.
SOON = 5.0


def interrupted(bench: Bench, name: str, number: signal.Signals, *, group: bool, chunks: int = 4) -> Path:
    """Interrupt a scan, and check how it ended; return its output."""
    output = bench.folder / "scan.h5"
    run = bench.start(output, *EXECUTORS[name], pause=0.3)
    run.until_chunks(chunks)
    start = time.monotonic()
    run.signal(number, group=group)
    run.wait()
    left = run.gone(timeout=SOON)
    duration = time.monotonic() - start
    print(f"{name}: {number.name} to {'the group' if group else 'the process'}: {duration:.2f} s")
    assert left == []
    assert duration < SOON
    assert run.code == 130, run.err
    continues = f"Finished points are kept in {partial_of(output)}: the same command with --resume continues."
    assert run.err.splitlines() == [continues, "Interrupted."]
    assert run.out == ""
    return output


def continued(bench: Bench, output: Path, uninterrupted: bytes) -> None:
    before = finished(output)
    run = bench.run(output, "--resume")
    assert run.code == 0, run.err
    assert run.computed() == dict.fromkeys(set(range(CHUNKS)) - before, 1)
    assert output.read_bytes() == uninterrupted


def test_a_scan_is_interrupted(bench: Bench, uninterrupted: bytes) -> None:
    output = interrupted(bench, "serial", signal.SIGINT, group=True)
    assert len(finished(output)) >= 3
    continued(bench, output, uninterrupted)


@pytest.mark.slow
@pytest.mark.parametrize("group", [True, False])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", list(EXECUTORS))
def test_scans_are_interrupted(
    bench: Bench, uninterrupted: bytes, name: str, number: signal.Signals, group: bool
) -> None:
    if name == "workers":
        pytest.importorskip("distributed")
    continued(bench, interrupted(bench, name, number, group=group), uninterrupted)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(EXECUTORS))
def test_a_scan_is_interrupted_at_any_moment(bench: Bench, uninterrupted: bytes, name: str) -> None:
    """While it starts, while it computes and while it ends."""
    if name == "workers":
        pytest.importorskip("distributed")
    output = bench.folder / "scan.h5"
    start = time.monotonic()
    assert bench.run(output, *EXECUTORS[name]).code == 0
    whole = time.monotonic() - start
    output.unlink()
    for step in range(8):
        run = bench.start(output, *EXECUTORS[name], "--resume", pause=0.0)
        time.sleep((0.15 + 0.12 * step) * whole)
        run.signal(signal.SIGINT, group=True)
        run.wait()
        assert run.gone() == []
        # Where an import is interrupted, Python ends itself by the signal: 130 for a shell, as well.
        assert run.code in {0, 130, -signal.SIGINT}, run.err
        # Before the command itself is reached, there is only Python to be interrupted.
        assert "Traceback" not in run.err or " in invoke" not in run.err, run.err
    if not output.exists():
        assert bench.run(output, "--resume").code == 0
    assert output.read_bytes() == uninterrupted
