"""Recompute a sample of a grid of trident spectra from first principles and compare.

What passes a selection was measured with generated events: there the comparison is with new ones, in standard
deviations.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recast.executors import given_or_processes, ordered
from recast.grid import TridentTable, describe_grid, grid_path, read_table
from recast.grid_accuracy import relative_error
from recast.grid_build import Progress, compute_spectra, structure_table
from recast.grid_recipe import Task
from recast.grid_selection import channel_of, remeasured
from recast.table_file import Check

if TYPE_CHECKING:
    from recast.events.acceptance import Acceptance

__all__ = ["Verification", "verify_grid", "verify_selected_grid"]

# Events with which an acceptance is measured again, and the standard deviations that it may be off.
_EVENTS = 200_000
_DEVIATIONS = 4.5

# Of shares that are stored in single precision.
_ROUNDING = 1e-6


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


def verify_selected_grid(
    path: str | Path,
    *,
    samples: int = 24,
    seed: int = 0,
    processes: int | None = None,
    progress: Progress | None = None,
) -> list[Check]:
    """Measure what passes a selection again, with other random numbers, and compare.

    Parameters
    ----------
    path : path
        Grid of a selection.
    samples : int
        Scatterers at most.
    seed : int
        Of the random numbers.
    processes, progress
        As in :func:`build_grid`.

    Returns
    -------
    list of Check
        Differences, in standard deviations, of what passes at all energies together.

    Raises
    ------
    GridError
        If the file cannot be trusted in the first place.
    """
    from recast.events.selection import build_selection

    path = Path(path)
    content = describe_grid(path)
    selection = build_selection(json.loads(content["selection_content"]))
    inclusive = grid_path(str(content["grid"]).removesuffix(f"_{selection.name}"))
    channel = channel_of(content["lepton_minus"], content["lepton_plus"])
    names = [table.split("/")[0] for table in content["tables"]][:samples]
    events = min(_EVENTS, int(content["events"]))
    # others than the grid was built with
    other = int(np.random.SeedSequence([seed, int(content["seed"])]).generate_state(1)[0])
    work = partial(remeasured, path=inclusive, channel=channel, selection=selection, events=events, seed=other)
    checks = []
    with given_or_processes(None, processes) as pool:
        for scatterer, (table, acceptance) in ordered(pool, work, names):
            stored = read_table(path, scatterer)
            worst = _deviation(stored, table, acceptance, events / int(content["events"]))
            checks.append(Check(scatterer, worst, _DEVIATIONS))
            if progress:
                progress(f"events on {scatterer}", len(checks) / len(names))
    return checks


def _deviation(stored: TridentTable, inclusive: TridentTable, acceptance: Acceptance, share: float) -> float:
    """Return by how many standard deviations the shares of VV and AA that pass differ, on average over energies."""
    from recast.events.acceptance import accepted

    # next to the threshold there are many energies and few events
    used = inclusive.energy > 2.0 * inclusive.threshold
    whole = inclusive.spectra[used, :2]
    totals = whole.sum(axis=-1)
    spectra, _ = accepted(inclusive, acceptance)
    difference = np.mean((stored.spectra - spectra)[used, :2].sum(axis=-1) / totals, axis=0)
    off = acceptance.errors_at(inclusive.energy[used], inclusive.momentum_transfer)[:, :2]
    parts = np.mean(np.sum(off * np.moveaxis(whole, 1, 0), axis=-1) / totals.T, axis=-1)
    # those of the stored spectra are the same but for their number of events
    sigma = np.sqrt((parts**2).sum(axis=0) * (1.0 + share))
    return float(np.max(np.abs(difference) / np.hypot(sigma, _ROUNDING)))
