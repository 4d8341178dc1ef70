"""Disks that are full, outputs that cannot be written, folders that vanish: a sentence, and nothing is lost."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from .harness import CHUNKS, POSIX, Bench, finished, one_sentence, partial_of

pytestmark = POSIX


def limited(size: int) -> dict[str, object]:
    """Return options of a process whose files can have so many bytes."""
    return {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))}


def test_a_file_that_may_not_grow(bench: Bench, uninterrupted: bytes) -> None:
    """The space is taken at the beginning: nothing is computed that could not be kept."""
    output = bench.folder / "scan.h5"
    run = bench.run(output, **limited(len(uninterrupted) // 2))
    assert run.code == 2
    assert f"cannot write {partial_of(output)}.new: File too large" in one_sentence(run)
    assert not run.computed()
    assert not output.exists()
    assert not partial_of(output).exists()


@pytest.mark.slow
def test_a_part_that_was_cut_off(bench: Bench, uninterrupted: bytes) -> None:
    """As by a copy to a disk that was too small: it is not continued, and not silently begun anew."""
    output = bench.folder / "scan.h5"
    run = bench.start(output)
    run.until_chunks(5)
    run.signal(signal.SIGKILL)
    run.wait()
    os.truncate(partial_of(output), len(uninterrupted) * 2 // 3)
    before = partial_of(output).read_bytes()
    run = bench.run(output, "--resume")
    assert run.code == 2
    assert f"{partial_of(output)} is not a readable HDF5 file" in one_sentence(run)
    assert one_sentence(run).endswith("begin anew with --force")
    assert partial_of(output).read_bytes() == before
    run = bench.run(output, "--force")
    assert run.code == 0, run.err
    assert output.read_bytes() == uninterrupted


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """Mount a file system in memory that has room for so many bytes."""
    folder.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not made or made.returncode:
        pytest.skip("this user may not mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.slow
def test_a_disk_that_is_full(bench: Bench, uninterrupted: bytes) -> None:
    with small_disk(bench.folder / "disk", len(uninterrupted) + (1 << 20)) as disk:
        other, output = disk / "other", disk / "scan.h5"
        other.write_bytes(bytes(2 << 20))
        run = bench.run(output)
        assert run.code == 2
        assert f"cannot write {partial_of(output)}.new: No space left on device" in one_sentence(run)
        assert not run.computed()
        assert sorted(disk.iterdir()) == [other]
        other.unlink()
        assert bench.run(output).code == 0
        assert output.read_bytes() == uninterrupted


@pytest.mark.slow
def test_a_disk_that_fills_up(bench: Bench, uninterrupted: bytes) -> None:
    """The space of a scan is its own, whoever takes the rest."""
    with small_disk(bench.folder / "disk", len(uninterrupted) + (1 << 20)) as disk:
        output = disk / "scan.h5"
        run = bench.start(output)
        run.until_chunks(2)
        with (disk / "other").open("wb", buffering=0) as other, suppress(OSError):
            while True:
                other.write(bytes(1 << 16))
        assert shutil.disk_usage(disk).free == 0
        run.wait()
        assert run.code == 0, run.err
        assert output.read_bytes() == uninterrupted


@pytest.mark.slow
def test_a_disk_that_becomes_read_only(bench: Bench, uninterrupted: bytes) -> None:
    with small_disk(bench.folder / "disk", 4 * len(uninterrupted)) as disk:
        output = disk / "scan.h5"
        run = bench.start(output)
        run.until_chunks(4)
        run.signal(signal.SIGKILL)
        run.wait()
        before = finished(output)
        remount = ["mount", "-o", "remount,{}", str(disk)]
        subprocess.run([word.format("ro") for word in remount], check=True)
        for words in ((), ("--resume",)):
            run = bench.run(output, *words)
            assert run.code == 2
            assert "Read-only file system" in one_sentence(run)
        subprocess.run([word.format("rw") for word in remount], check=True)
        assert finished(output) == before
        assert bench.run(output, "--resume").code == 0
        assert output.read_bytes() == uninterrupted


def bound_by_permissions() -> dict[str, object]:
    """Return options of a process for which permissions hold: root must give up a capability for that."""
    if os.geteuid():
        return {}
    if sys.platform != "linux":
        pytest.skip("for root nothing is read-only")
    drop, dac_override = 24, 1  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE
    return {"preexec_fn": lambda: ctypes.CDLL(None).prctl(drop, dac_override, 0, 0, 0)}


@pytest.mark.slow
@pytest.mark.parametrize("what", ["folder", "part"])
def test_read_only_outputs(bench: Bench, uninterrupted: bytes, what: str) -> None:
    folder = bench.folder / "results"
    folder.mkdir()
    output = folder / "scan.h5"
    if what == "part":
        run = bench.start(output)
        run.until_chunks(4)
        run.signal(signal.SIGKILL)
        run.wait()
    locked = folder if what == "folder" else partial_of(output)
    before, mode = finished(output), locked.stat().st_mode
    locked.chmod(mode & ~0o222)
    run = bench.run(output, "--resume", **bound_by_permissions())
    assert run.code == 2
    assert "Permission denied" in one_sentence(run)
    assert not run.computed()
    locked.chmod(mode)
    assert finished(output) == before
    assert bench.run(output, "--resume").code == 0
    assert output.read_bytes() == uninterrupted


def test_a_folder_that_is_removed_during_the_scan(bench: Bench) -> None:
    folder = bench.folder / "results"
    folder.mkdir()
    output = folder / "scan.h5"
    run = bench.start(output)
    run.until_chunks(2)
    shutil.rmtree(folder)
    run.wait()
    assert run.code == 2
    assert str(output) in one_sentence(run)
    assert not folder.exists()


@pytest.mark.slow
def test_a_folder_that_is_moved_during_the_scan(bench: Bench, uninterrupted: bytes) -> None:
    """What was computed is complete; put back, it only gets its name."""
    folder, elsewhere = bench.folder / "results", bench.folder / "elsewhere"
    folder.mkdir()
    output = folder / "scan.h5"
    run = bench.start(output)
    run.until_chunks(2)
    folder.rename(elsewhere)
    run.wait()
    assert run.code == 2
    assert str(output) in one_sentence(run)
    elsewhere.rename(folder)
    assert finished(output) == set(range(CHUNKS))
    run = bench.run(output, "--resume")
    assert run.code == 0, run.err
    assert not run.computed()
    assert output.read_bytes() == uninterrupted
