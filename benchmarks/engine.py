"""Speed of the trident engine: leptonic tables, then one more target or energy.

Beside them: one multiplication and addition in numpy per phase-space point of the table, and the same cross
section without a table, by `scipy.integrate.cubature`.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from functools import partial

import numpy as np
from direct import direct_totals
from measure import Row, alternate, emit

from recast.constants import LEPTON_MASS
from recast.executors import open_executor
from recast.grid_build import node_counts, structure_table
from recast.trident.spectra import nuclear_scatterer, nucleon_scatterer, spectrum
from recast.trident.structure import StructureTable, inner_nodes
from recast.trident.targets import nuclei

PAIRS = [("e", "e"), ("mu", "e"), ("mu", "mu"), ("tau", "e"), ("tau", "mu"), ("tau", "tau")]
CORES = 2
RUNS = 1  # tables take a minute or less each; the processor time beside the wall time shows how busy the machine was
ENERGY = 5.0  # GeV
S_MAX = 2000.0  # GeV^2, end of the tables
BLOCK = 16384  # numbers, in the processor's cache


def build(minus: str, plus: str) -> StructureTable:
    """Compute a table, the start of the worker processes included."""
    with open_executor(processes=CORES) as pool:
        return structure_table(minus, plus, executor=pool)


def children_seconds() -> float:
    """Return the processor time of all child processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def phase_space_points(minus: str, plus: str) -> int:
    """Return how often the squared matrix element is evaluated for a table."""
    masses = LEPTON_MASS[minus], LEPTON_MASS[plus]
    counts, threshold2 = node_counts(minus, plus), sum(masses) ** 2
    t = 0.5 * (1.0 - np.cos(np.pi * (np.arange(counts.s) + 0.5) / counts.s))
    s_l = threshold2 * (S_MAX / threshold2) ** (t * t)
    inner = [inner_nodes(s / (4.0 * masses[0] * masses[1])) for s in s_l]
    return counts.q2 * counts.k2 * sum(n * n for n in inner)


def multiply_add(points: int) -> None:
    """Multiply and add so many numbers in numpy, a cached block at a time."""
    x, y = np.full(BLOCK, 0.5), np.full(BLOCK, 2.0)
    for _ in range(points // BLOCK):
        np.add(x * y, y)


def tables() -> Iterator[Row]:
    """Leptonic tables of every pair."""
    for minus, plus in PAIRS:
        points = phase_space_points(minus, plus)
        processor: list[float] = []

        def task(minus: str = minus, plus: str = plus, processor: list[float] = processor) -> None:
            before = children_seconds()
            build(minus, plus)
            processor.append(children_seconds() - before)

        wall, numpy = alternate(task, partial(multiply_add, points), runs=RUNS, at_least=0.0, warm_up=False)
        reference = f"`x*y + y` in numpy for its {points:.1e} phase-space points, 1 core"
        target = "at most 60" if "e" in (minus, plus) else "at most 30"
        yield Row(f"leptonic table {minus} {plus}, {CORES} cores", wall, "s", target, reference, numpy)
        per_core = tuple(t / CORES for t in processor)
        yield Row("the same, processor time per core", per_core, "s", target, reference, numpy)


def spectra() -> Iterator[Row]:
    """One more target or energy, for a table that exists."""
    table = build("mu", "mu")
    argon = nuclear_scatterer(nuclei()["Ar40"])
    (direct,) = alternate(partial(direct_totals, argon, ENERGY, LEPTON_MASS["mu"]), runs=RUNS, warm_up=False)
    ours = spectrum(table, argon, ENERGY).sum(axis=1)[:2]
    integral = direct_totals(argon, ENERGY, LEPTON_MASS["mu"])
    difference = float(np.max(np.abs(integral / ours - 1.0)))
    for name, scatterer in (("Ar40", argon), ("proton", nucleon_scatterer("proton"))):
        (times,) = alternate(partial(spectrum, table, scatterer, ENERGY), runs=9)
        beside = name == "Ar40"
        yield Row(
            f"one more spectrum, mu mu on {name} at {ENERGY:g} GeV",
            tuple(1e3 * t for t in times),
            "ms",
            "at most 50",
            f"totals by `scipy.integrate.cubature`, 1e-3 (agree to {difference:.0e})" if beside else "",
            tuple(1e3 * t for t in direct) if beside else (),
        )


def rows() -> Iterator[Row]:
    """Return everything this script measures."""
    yield from tables()
    yield from spectra()


if __name__ == "__main__":
    emit(rows())
