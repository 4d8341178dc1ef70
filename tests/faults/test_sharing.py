"""Several processes at one output, and outputs of which something has changed."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

import h5py
import numpy as np
import pytest

import recast

from .harness import CHUNKS, POSIX, SCAN, Bench, Run, at_random, finished, one_sentence, partial_of

pytestmark = POSIX


def test_the_second_process_is_refused(bench: Bench, uninterrupted: bytes) -> None:
    output = bench.folder / "scan.h5"
    first = bench.start(output, pause=0.6)
    first.until_chunks(1)
    for words, complaint in (
        ((), "holds a part of this scan: continue it with --resume, or begin anew with --force"),
        (("--resume",), "another process is writing"),
        (("--force",), "another process is writing"),
    ):
        second = bench.run(output, *words)
        assert second.code == 2
        assert complaint in one_sentence(second)
        assert not second.computed()
    assert first.process.poll() is None, "it has ended too soon for this test"
    first.wait()
    assert first.code == 0, first.err
    assert first.computed() == dict.fromkeys(range(CHUNKS), 1)
    assert output.read_bytes() == uninterrupted


@pytest.mark.slow
def test_of_many_processes_one_writes(bench: Bench, uninterrupted: bytes) -> None:
    output = bench.folder / "scan.h5"
    runs = [bench.start(output, "--resume") for _ in range(6)]
    codes = [run.wait().code for run in runs]
    assert 0 in codes
    for run in runs:
        if run.code:
            assert "another process is writing" in one_sentence(run)
            assert not run.computed()
    assert sum(bool(run.computed()) for run in runs) == 1
    assert output.read_bytes() == uninterrupted


def begun(bench: Bench, chunks: int = 6) -> Path:
    """Begin a scan and kill it; return its output."""
    output = bench.folder / "scan.h5"
    run = bench.start(output)
    run.until_chunks(chunks)
    run.signal(signal.SIGKILL)
    run.wait()
    assert finished(output)
    return output


def refused(bench: Bench, output: Path, complaint: str) -> None:
    """Check that a scan is not continued, and that its part stays as it is."""
    before = partial_of(output).read_bytes()
    run = bench.run(output, "--resume")
    assert run.code == 2
    assert complaint in one_sentence(run)
    assert partial_of(output).read_bytes() == before


@pytest.mark.slow
def test_a_scan_whose_inputs_changed_is_not_continued(bench: Bench, uninterrupted: bytes) -> None:
    output = begun(bench)
    for file, complaint in (
        (bench.file, "scan file is changed since the scan began"),
        (bench.plugins / "measurements" / "other.yaml", "measurements other.yaml is changed since the scan began"),
        (bench.plugins / "counted.py", "plug-in counted.py is changed since the scan began"),
    ):
        text = file.read_text()
        file.write_text(text.replace("value: 1.3", "value: 1.4").replace("max: 3", "max: 4") + "\n")
        if file == bench.file:
            assert "max: 4" in file.read_text()
        refused(bench, output, complaint)
        file.write_text(text)
    run = bench.run(output, "--resume")
    assert run.code == 0, run.err
    assert output.read_bytes() == uninterrupted


@pytest.mark.slow
def test_a_list_of_points_that_changed_is_not_continued(bench: Bench) -> None:
    points = bench.folder / "points.csv"
    rng = np.random.default_rng(0)
    rows = np.stack([rng.uniform(0.01, 10.0, 50_000), rng.uniform(1e-3, 3.0, 50_000)], axis=1)
    np.savetxt(points, rows, delimiter=",", header="mass,coupling", comments="")
    head = SCAN[: SCAN.index("parameters")]
    bench.file.write_text(f"{head}parameters: {{charge_mu: 1}}\nsampling: {{kind: file, file: points.csv}}\n")
    output = bench.folder / "scan.h5"
    run = bench.start(output, pause=0.5)
    run.until_chunks(2)
    run.signal(signal.SIGKILL)
    run.wait()
    text = points.read_text()
    points.write_text(text[:-2] + ("1" if text[-2] != "1" else "2") + "\n")
    refused(bench, output, "points points.csv is changed since the scan began")
    points.write_text(text)
    assert bench.run(output, "--resume").code == 0


@pytest.mark.slow
def test_another_code_or_grid_does_not_continue(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a copy of what is installed, so that it can be changed."""
    copy = bench.folder / "installed" / "recast"
    shutil.copytree(Path(recast.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("grids", "measurements", "models", "plots"):
        (where,) = __import__(f"recast.{name}", fromlist=["*"]).__path__
        if not (copy / name).exists():
            shutil.copytree(where, copy / name)
    monkeypatch.setenv("PYTHONPATH", str(copy.parent))
    output = begun(bench)
    refused_at = {"grids/trident_mumu.h5": "grid trident_mumu.h5 is changed", "statistics.py": "recast 0"}
    for name, complaint in refused_at.items():
        content = (copy / name).read_bytes()
        (copy / name).write_bytes(content + b"\n")
        refused(bench, output, complaint)
        (copy / name).write_bytes(content)
    assert bench.run(output, "--resume").code == 0


def damaged(bench: Bench, output: Path, before: set[int], uninterrupted: bytes) -> Run:
    """Continue a scan whose part was damaged; check that its result is right all the same."""
    run = bench.run(output, "--resume")
    assert run.code == 0, run.err
    assert set(run.computed()) >= set(range(CHUNKS)) - before
    assert max(run.computed().values()) == 1
    assert output.read_bytes() == uninterrupted
    return run


@pytest.mark.slow
def test_numbers_that_were_damaged_are_computed_again(bench: Bench, uninterrupted: bytes) -> None:
    output = begun(bench)
    before = finished(output)
    with h5py.File(partial_of(output), locking=False) as file:
        places = [file["combined"].id.get_offset() + 8 * 1024 * 16 * chunk for chunk in (0, 2)]
    with partial_of(output).open("r+b") as raw:
        for place in places:
            raw.seek(place + 5)
            byte = raw.read(1)[0]
            raw.seek(place + 5)
            raw.write(bytes([byte ^ 4]))
    run = damaged(bench, output, before, uninterrupted)
    assert set(run.computed()) == set(range(CHUNKS)) - before | {0, 2}


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_parts_that_were_damaged_anywhere(bench: Bench, uninterrupted: bytes, seed: int) -> None:
    """Bytes flipped at random, in the numbers or in what describes them, or an end that is missing."""
    rng = at_random(seed)
    output = begun(bench)
    before, part = finished(output), partial_of(output)
    if seed % 3 == 0:
        os.truncate(part, rng.randrange(part.stat().st_size))
    else:
        # What describes the numbers stands at the beginning, their checksums behind it.
        end = 30_000 if seed % 3 == 1 else part.stat().st_size
        content = bytearray(part.read_bytes())
        for place in rng.sample(range(end), 20):
            content[place] ^= 1 << rng.randrange(8)
        part.write_bytes(content)
    run = bench.run(output, "--resume")
    if run.code == 2:  # it cannot be told whose part it is, or is another's
        one_sentence(run)
        assert not run.computed()
        run = bench.run(output, "--force")
    assert run.code == 0, run.err
    assert max(run.computed().values()) == 1
    assert output.read_bytes() == uninterrupted, f"{len(before)} chunks were finished before"
