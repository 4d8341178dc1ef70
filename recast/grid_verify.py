"""Recompute a sample of a grid of trident spectra from first principles and compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recast.executors import given_or_processes
from recast.grid import read_table
from recast.grid_accuracy import relative_error
from recast.grid_build import Progress, compute_spectra, structure_table
from recast.grid_recipe import Task

__all__ = ["Verification", "verify_grid"]


@dataclass(frozen=True)
class Verification:
    """Comparison of one stored spectrum with a new calculation."""

    table: str
    energy: float
    total: float
    moments: float


def verify_grid(
    path: str | Path,
    *,
    samples: int = 24,
    seed: int = 0,
    processes: int | None = None,
    progress: Progress | None = None,
) -> list[Verification]:
    """Recompute a sample of a grid from first principles and compare.

    Parameters
    ----------
    path : path
        Grid file.
    samples : int
        Points drawn among all tables, at energies between 1.02 thresholds and the end of the grid.
    seed : int
        Of the draw.
    processes, progress
        As in :func:`build_grid`.

    Returns
    -------
    list of Verification
        Relative differences of totals and propagator moments.

    Raises
    ------
    GridError
        If the file cannot be trusted in the first place.
    """
    from recast.grid import describe_grid

    path = Path(path)
    content = describe_grid(path)
    rng = np.random.default_rng(seed)
    names = list(content["tables"])
    chosen = [names[i] for i in rng.permutation(np.resize(np.arange(len(names)), samples))]

    def report(text: str, start: float, span: float) -> Callable[[float], None]:
        return lambda done: progress(text, start + span * done) if progress else None

    with given_or_processes(None, processes) as pool:
        table = structure_table(
            content["lepton_minus"],
            content["lepton_plus"],
            executor=pool,
            progress=report("leptonic table", 0.0, 0.8),
        )
    checks = []
    for done, name in enumerate(chosen, start=1):
        scatterer, kind = name.split("/")
        stored = read_table(path, scatterer, kind)
        low, high = np.log(0.02 * stored.threshold), np.log(stored.energy[-1] - stored.threshold)
        energy = stored.threshold + np.exp(rng.uniform(low, high, 1))
        difference = relative_error(stored.at(energy), compute_spectra(table, Task(scatterer, kind), energy))
        checks.append(Verification(name, float(energy[0]), *difference))
        report("spectra", 0.8, 0.2)(done / len(chosen))
    return checks
