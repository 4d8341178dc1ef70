"""Scans of one flux-folded trident measurement from 1e4 to 1e8 points, in memory and written, and on two workers.

Every size runs in a process of its own, whose largest memory is its own. Beside the scans, in the same process: the
bare quadratic in numpy over as many points, kept in memory; and the bytes of the file, written by numpy.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from measure import Row, alternate, emit, rates
from numpy.typing import NDArray

import recast
from recast.executors import Executor, open_executor

Array = NDArray[np.float64]

PLANES = {10**4: (100, 100), 10**5: (250, 400), 10**6: (1000, 1000), 10**7: (2500, 4000), 10**8: (10_000, 10_000)}
MEASUREMENT = "ccfr"
SOBOL = 2**18  # points of free charges
BLOCK = 1 << 18

# How a scan is kept: what is measured, what is written of every point, and what stands beside it.
ONE, ALL = ("minus_2_delta_ln_l",), ("combined", "minus_2_delta_ln_l", "prediction")
KEPT = {
    "memory": ("in memory", ONE, "`a + s*(b + s*c)` in blocks, kept", "at least 5e7"),
    "file": ("written", ONE, "as many bytes written by numpy", "at least 1e7"),
    "files": ("written with predictions, three numbers a point", ALL, "as many bytes written by numpy", ""),
}


def plane(points: int, outputs: tuple[str, ...] = ONE) -> dict[str, Any]:
    """Return a scan of the mass and the coupling of an L_mu - L_tau boson."""
    masses, couplings = PLANES[points]
    return {
        "model": "lmu_ltau",
        "measurements": [MEASUREMENT],
        "outputs": list(outputs),
        "parameters": {
            "mass": {"min": 1e-3, "max": 1e2, "points": masses},
            "coupling": {"min": 1e-4, "max": 1.0, "points": couplings},
        },
    }


def free_charges(points: int) -> dict[str, Any]:
    """Return a scan whose points have masses and charges of their own; not combined, so that no best fit is sought."""
    charge = {"min": -3.0, "max": 3.0, "scale": "linear"}
    return {
        "model": "u1",
        "measurements": ["ccfr", "charm_ii", "nutev"],
        "combine": False,
        "outputs": list(ONE),
        "sampling": {"kind": "sobol", "points": points},
        "parameters": {
            "mass": {"min": 1e-2, "max": 1e1},
            "coupling": 1e-3,
            **dict.fromkeys(("charge_e", "charge_mu", "charge_tau", "axial_e", "axial_mu"), charge),
        },
    }


def bare_quadratic(points: int) -> Array:
    """Evaluate one quadratic per mass at every coupling, a cached block of rows at a time, and keep all."""
    masses, couplings = PLANES[points]
    mass, strength = np.logspace(-3, 2, masses)[:, None], np.logspace(-4, 0, couplings) ** 2
    linear, quadratic = 1e5 / (mass**2 + 0.1), 1e10 / (mass**2 + 0.1) ** 2
    result = np.empty((masses, couplings))
    rows = max(1, BLOCK // couplings)
    for start in range(0, masses, rows):
        part = slice(start, start + rows)
        result[part] = 1.0 + strength * (linear[part] + strength * quadratic[part])
    return result


def write_bytes(numbers: int, path: Path) -> None:
    """Write as many numbers to a file."""
    block = np.zeros(min(numbers, BLOCK))
    with path.open("wb", buffering=0) as file:
        for start in range(0, numbers, BLOCK):
            file.write(block[: numbers - start].data)


def megabytes() -> float:
    """Return the largest memory that this process has had."""
    unit = 1.0 if sys.platform == "darwin" else 1024.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def timed(task: Callable[[], None], kept: list[float]) -> None:
    """Run a task and keep the processor time that it takes."""
    start = time.process_time()
    task()
    kept.append(time.process_time() - start)


def scan_once(points: int, kept: str, runs: int) -> dict[str, Any]:
    """Measure scans of one size in this process: wall and processor time, the reference's, memory before and after."""
    _, outputs, _, _ = KEPT[kept]
    with tempfile.TemporaryDirectory() as folder:
        output, raw = Path(folder) / "scan.h5", Path(folder) / "raw"
        recast.scan(plane(10**4), output=output)  # loads everything
        before = megabytes()
        spec = plane(points, outputs)
        in_memory = kept == "memory"

        def scanned() -> None:
            recast.scan(spec, output=None if in_memory else output, overwrite=not in_memory)

        def reference() -> None:
            if in_memory:
                bare_quadratic(points)
            else:
                write_bytes(points * len(outputs), raw)

        scanned()
        after = megabytes()
        processor: list[list[float]] = [[], []]
        tasks = [partial(timed, task, kept) for task, kept in zip((scanned, reference), processor, strict=True)]
        wall = alternate(*tasks, runs=runs, at_least=0.0, warm_up=False)
    return {"wall": wall, "processor": processor, "before": before, "after": after}


def in_its_own_process(points: int, kept: str) -> dict[str, Any]:
    """Run `scan_once` in a new process."""
    words = [sys.executable, __file__, "once", str(points), kept, "9" if points < 10**7 else "5"]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def growth() -> Iterator[Row]:
    """Time and memory of scans against their number of points."""
    sizes = [(points, kept) for kept in ("memory", "file") for points in PLANES]
    found = {(points, kept): in_its_own_process(points, kept) for points, kept in [*sizes, (10**8, "files")]}
    for (points, kept), result in found.items():
        words, _, reference, target = KEPT[kept]
        largest = points == max(PLANES)  # what a small scan takes is its start: reading and checking the files
        aim = target if largest else ""
        what = f"`recast.scan`, {points:.0e} points, {words}".replace("e+0", "e")
        ours, beside = (rates(points, times) for times in result["wall"])
        yield Row(what, ours, "points/s", aim, reference, beside)
        if largest:
            ours, beside = (rates(points, times) for times in result["processor"])
            yield Row(f"{what}, per second of processor time", ours, "points/s", aim, reference, beside)
    for (points, kept), result in found.items():
        words, *_ = KEPT[kept]
        what = f"largest memory, {points:.0e} points, {words}".replace("e+0", "e")
        aim = "" if kept == "memory" else "at most 1000"
        yield Row(what, (result["after"],), "MB", aim, "before the scan", (result["before"],))


@contextmanager
def executors() -> Iterator[dict[str, Executor | None]]:
    """Start one and two workers of every kind that is installed."""
    kinds = {"1 process": open_executor(processes=1), "2 processes": open_executor(processes=2)}
    if find_spec("distributed"):
        kinds |= {"1 dask worker": open_executor(workers=1), "2 dask workers": open_executor(workers=2)}
    with ExitStack() as stack:
        yield {name: stack.enter_context(kind) for name, kind in kinds.items()}


def scaling() -> Iterator[Row]:
    """One and two workers against this process alone, once they have started and read their files."""
    cases = {
        f"free charges, {SOBOL} points, 3 tridents": (SOBOL, free_charges(SOBOL)),
        f"{MEASUREMENT}, 1e7 points": (10**7, plane(10**7)),
    }
    with tempfile.TemporaryDirectory() as folder, executors() as opened:
        output = Path(folder) / "scan.h5"
        for what, (points, spec) in cases.items():
            tasks = [
                partial(recast.scan, spec, output=output, overwrite=True, executor=executor)
                for executor in (None, *opened.values())
            ]
            alone, *others = (rates(points, times) for times in alternate(*tasks, runs=3, at_least=0.0))
            for name, values in zip(opened, others, strict=True):
                yield Row(f"{what}, written, {name}", values, "points/s", "", "this process alone", alone)


def rows() -> Iterator[Row]:
    """Return everything this script measures."""
    yield from growth()
    yield from scaling()


if __name__ == "__main__":
    if sys.argv[1:2] == ["once"]:
        print(json.dumps(scan_once(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))))
    else:
        emit(rows())
