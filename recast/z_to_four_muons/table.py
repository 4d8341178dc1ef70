"""The shipped table: acceptances and interference of a new boson in four-muon events at the Z resonance.

``recast grid build z_to_four_muons`` computes it in about a minute on two cores. Every task has random numbers of
its own that depend on the seed alone, so that the result does not depend on the number of processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recast.errors import GridError
from recast.executors import AnyExecutor, given_or_processes, ordered
from recast.output import check_output
from recast.table_file import Check, read_table_file, write_table
from recast.z_to_four_muons.acceptance import Estimate, interference_rates, signal_rates, standard_model_rates
from recast.z_to_four_muons.bosons import ALPHA_AT_Z
from recast.z_to_four_muons.production import Production
from recast.z_to_four_muons.selection import Selection
from recast.z_to_four_muons.width import Z_MASS, relative_width

__all__ = ["KIND", "MASSES", "SELECTIONS", "FourMuonTable", "build", "load", "verify"]

FloatArray = NDArray[np.float64]
Progress = Callable[[str, float], None]

KIND = "z_to_four_muons"
SEED = 20140613

SELECTIONS: dict[str, Selection] = {"every_pair": Selection(), "chosen_pairs": Selection(every_pair=0.0)}
"""Cuts by name: the lowest mass is asked of every pair of opposite charge, or only of the two that are chosen."""

MASSES = (
    *(5.0, 5.05, 5.1, 5.15, 5.2, 5.3, 5.5, 6.0, 7.0, 8.5, 10.0, 12.5, 15.0, 17.5, 20.0, 22.5, 25.0, 27.5, 30.0),
    *(32.5, 35.0, 37.5, 40.0, 42.5, 45.0, 47.5, 50.0, 52.5, 55.0, 57.5, 60.0, 62.5, 65.0, 67.5, 70.0),
)
"""In GeV: below, the lighter pair fails its cut; above, interference takes over from the resonance."""

# Points per task. Heavy bosons leave little phase space, and few of the points inside it.
_EVENTS = 400_000
_HEAVY = 40.0

# Tasks of the Standard Model, which enters at every mass.
_PARTS = 8

# Standard deviations that a verification may differ by, of some hundred numbers.
_ALLOWED = 4.5
_POLE = Production(window=None, polarised=False)


@dataclass(frozen=True, eq=False)
class FourMuonTable:
    """Content of the table for one selection.

    Attributes
    ----------
    masses : ndarray, shape (n,)
        Of the new boson, in GeV.
    acceptance : ndarray, shape (n,)
        Share of the ``Z -> mu mu Z', Z' -> mu mu`` decays that pass.
    interference : ndarray, shape (n,)
        Events relative to all ``Z -> mu mu``, in units of ``(g' Q)^2``.
    standard_model : float
        Share of the Standard Model's ``Z -> 4 mu`` decays with pairs above 4 GeV that pass.
    share : float
        Of ``4 mu`` in the Standard Model's decays to four electrons or muons, with pairs above 4 GeV.
    """

    masses: FloatArray
    acceptance: FloatArray
    interference: FloatArray
    standard_model: float
    share: float


def build(
    output: str | Path,
    *,
    processes: int | None = None,
    executor: AnyExecutor | None = None,
    progress: Progress | None = None,
    force: bool = False,
) -> Path:
    """Compute the table and write it.

    Parameters
    ----------
    output : path
        File to be written.
    processes : int, optional
        Worker processes; by default one per core.
    executor : Executor, optional
        Where the work is done instead (`recast.executors`); the table does not depend on it.
    progress : callable, optional
        Called with a description and the fraction done.
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    OutputExistsError, RecastError
        If the file cannot be written; said before any work.
    """
    path = check_output(output, force=force)
    datasets, attributes = compute(
        MASSES, seed=SEED, events=_EVENTS, processes=processes, executor=executor, progress=progress
    )
    units = dict.fromkeys(datasets, "1") | {"mass": "GeV"}
    return write_table(path, kind=KIND, attributes=attributes, datasets=datasets, units=units, force=force)


def compute(
    masses: Sequence[float],
    *,
    seed: int,
    events: int,
    processes: int | None = None,
    executor: AnyExecutor | None = None,
    progress: Progress | None = None,
) -> tuple[dict[str, FloatArray], dict[str, Any]]:
    """Compute the arrays and attributes of a table.

    Parameters
    ----------
    masses : sequence of float
        Of the new boson, in GeV.
    seed : int
        Of the random numbers.
    events : int
        Points per mass below 40 GeV, growing with the fourth power of the mass above.
    processes, executor, progress
        As in `build`.
    """
    selections = tuple(SELECTIONS.values())
    tasks: dict[tuple[str, int], Callable[..., Any]] = {}
    for part in range(_PARTS):
        tasks["standard model", part] = partial(standard_model_rates, selections, events=events)
        tasks["interference", part] = partial(interference_rates, tuple(masses), selections, events=events)
    for part in range(_PARTS // 2):
        tasks["four muons", part] = partial(standard_model_rates, model=_POLE, events=events)
        tasks["two flavours", part] = partial(standard_model_rates, model=_POLE, two_flavours=True, events=events)
    for index, mass in enumerate(masses):
        count = int(events * max(1.0, mass / _HEAVY) ** 4)
        tasks["signal", index] = partial(signal_rates, mass, selections, events=count)
    results: dict[tuple[str, int], Any] = {}
    # Random numbers of its own for every task.
    seeds = np.random.SeedSequence(seed).spawn(len(tasks))
    with given_or_processes(executor, processes) as pool:
        computed = ordered(pool, _run, zip(tasks.values(), seeds, strict=True))
        for key, (_, result) in zip(tasks, computed, strict=True):
            results[key] = result
            if progress:
                progress(key[0], len(results) / len(tasks))

    def averaged(name: str) -> Any:
        parts = [value for (kind, _), value in results.items() if kind == name]
        values = np.array([[(e.value, e.error) for e in _flat(part)] for part in parts])
        return values[..., 0].mean(axis=0), np.sqrt((values[..., 1] ** 2).sum(axis=0)) / len(parts)

    four, four_error = averaged("four muons")
    two, two_error = averaged("two flavours")
    passed, passed_error = averaged("standard model")
    added, added_error = averaged("interference")
    signal = np.array([[(e.value, e.error) for e in results["signal", i]] for i in range(len(masses))])
    width = relative_width(masses)
    total = float(2.0 * four[0] + two[0])
    datasets = {
        "mass": np.asarray(masses, dtype=np.float64),
        "acceptance": signal[..., 0].T / width,
        "acceptance_error": signal[..., 1].T / width,
        "interference": added.reshape(len(selections), -1),
        "interference_error": added_error.reshape(len(selections), -1),
        "standard_model": passed / four[0],
        "standard_model_error": np.hypot(passed_error / four[0], passed / four[0] ** 2 * four_error[0]),
    }
    attributes = {
        "selections": ",".join(SELECTIONS),
        "seed": seed,
        "events": events,
        "z_mass": Z_MASS,
        "alpha": ALPHA_AT_Z,
        "four_muon_share": float(four[0]) / total,
        "four_muon_share_error": float(np.hypot(two[0] * four_error[0], four[0] * two_error[0])) / total**2,
        "four_lepton_ratio_tree": total,
        "convention": "rates relative to Z -> mu mu: (g'Q)^2 BR F/(8 pi^2) acceptance + (g'Q)^2 interference; "
        "standard_model is relative to Z -> 4 mu with every pair above 4 GeV",
    }
    return datasets, attributes


def _flat(part: Any) -> list[Estimate]:
    """Return the estimates of one task as one list."""
    return [e for entry in part for e in (entry if isinstance(entry, list) else [entry])]


def _run(task: tuple[Callable[..., Any], np.random.SeedSequence]) -> Any:
    function, seed = task
    return function(seed=seed)


def load(path: str | Path, selection: str) -> FourMuonTable:
    """Read the table.

    Raises
    ------
    GridError
        If the file cannot be trusted, or lacks the selection.
    """
    table = read_table_file(path, KIND)
    names = str(table.attributes["selections"]).split(",")
    if selection not in names:
        msg = f"table {path} has the selections {' and '.join(names)}, not {selection}"
        raise GridError(msg)
    row, data = names.index(selection), table.datasets
    return FourMuonTable(
        data["mass"],
        data["acceptance"][row],
        data["interference"][row],
        float(data["standard_model"][row]),
        float(table.attributes["four_muon_share"]),
    )


def verify(
    path: str | Path,
    *,
    samples: int = 24,
    seed: int = 0,
    processes: int | None = None,
    progress: Progress | None = None,
) -> list[Check]:
    """Recompute some masses with other random numbers and compare.

    Parameters
    ----------
    path : path
        Table to be verified.
    samples : int
        Masses drawn, at most all of them.
    seed : int
        Of the draw and of the new random numbers.
    processes, progress
        As in `build`.

    Returns
    -------
    list of Check
        Differences relative to the stored numbers; the tolerance is 4.5 standard deviations of both calculations.

    Raises
    ------
    GridError
        If the file cannot be trusted in the first place.
    """
    table = read_table_file(path, KIND)
    stored = dict(table.datasets)
    rng = np.random.default_rng(seed)
    columns = np.sort(rng.permutation(stored["mass"].size)[:samples])
    masses = stored["mass"][columns]
    new, _ = compute(
        tuple(masses.tolist()), seed=seed + SEED + 1, events=_EVENTS // 4, processes=processes, progress=progress
    )
    checks = []
    for name in ("acceptance", "interference", "standard_model"):
        old, error = stored[name], stored[f"{name}_error"]
        if name != "standard_model":
            old, error = old[:, columns], error[:, columns]
        difference = np.abs(new[name] / old - 1.0)
        tolerance = _ALLOWED * np.hypot(error, new[f"{name}_error"]) / np.abs(old)
        for place in np.ndindex(old.shape):
            label = f"{name}, {list(SELECTIONS)[place[0]]}" + (f", {masses[place[1]]:g} GeV" if place[1:] else "")
            checks.append(Check(label, float(difference[place]), float(tolerance[place])))
    return checks
