"""The shipped table: N_eff over the mass of a boson and its width into electrons.

``recast grid build n_eff`` computes it in some five minutes on two cores, one evolution for every number. The boson is
in equilibrium with the neutrinos throughout; what remains is its mass and how fast it decays into electrons, in units
of the expansion at T = m,

    kappa = Gamma(Z' -> e- e+) M_Planck / m^2 .

Between the nodes ln(N_eff - 3) is interpolated with cubic splines in ln m and ln kappa.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.cosmology.evolution import ENERGY_TOLERANCE, LARGEST_STEP, START, evolve
from recast.cosmology.thermalisation import PLANCK_MASS
from recast.errors import ConvergenceError, GridError
from recast.executors import AnyExecutor, given_or_processes, ordered
from recast.output import check_output
from recast.table_file import Check, read_table_file, write_table

__all__ = ["ELECTRON_MASSES", "KAPPAS", "KIND", "MASSES", "NEffTable", "build", "load", "shipped_table", "verify"]

FloatArray = NDArray[np.float64]
Progress = Callable[[str, float], None]

KIND = "n_eff"

MASSES: FloatArray = np.geomspace(1e-4, 0.1, 61)
"""Masses in GeV of bosons that do not couple to electrons."""
ELECTRON_MASSES: FloatArray = np.geomspace(1e-3, 0.1, 41)
"""Masses in GeV of bosons that do."""
# The change from no exchange to equilibrium between photons and neutrinos needs the densest nodes.
KAPPAS: FloatArray = 10.0 ** np.concatenate(
    [np.linspace(-4.0, -2.0, 5), np.linspace(-1.75, 4.0, 24), np.linspace(4.5, 17.5, 21)]
)
"""Electron widths in units of m^2 / M_Planck; below, they do nothing; above, they are taken at the end."""

# N_eff of the Standard Model in this approximation (arXiv:2001.04466), and how far a build may be from it.
_STANDARD_MODEL = 3.045
_STANDARD_MODEL_TOLERANCE = 1e-3
# Relative, of a single N_eff between the nodes.
_INTERPOLATION_TOLERANCE = 3e-4


@dataclass(frozen=True, eq=False)
class NEffTable:
    """N_eff with a boson in equilibrium with the neutrinos.

    Attributes
    ----------
    standard_model : float
        N_eff without a boson.
    masses, n_eff : ndarray, shape (n,)
        Without a coupling to electrons; masses in GeV.
    electron_masses : ndarray, shape (m,)
        In GeV.
    kappas : ndarray, shape (k,)
        Widths into electrons in units of m^2 / M_Planck.
    electron_n_eff : ndarray, shape (m, k)
    """

    standard_model: float
    masses: FloatArray
    n_eff: FloatArray
    electron_masses: FloatArray
    kappas: FloatArray
    electron_n_eff: FloatArray
    _splines: tuple[Any, Any] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        from scipy.interpolate import CubicSpline, RectBivariateSpline

        without = CubicSpline(np.log(self.masses), np.log(self.n_eff - 3.0))
        coupled = RectBivariateSpline(
            np.log(self.electron_masses), np.log(self.kappas), np.log(self.electron_n_eff - 3.0)
        )
        object.__setattr__(self, "_splines", (without, coupled))

    def __call__(self, mass: ArrayLike, electron_width: ArrayLike) -> FloatArray:
        """Return N_eff.

        Parameters
        ----------
        mass, electron_width : array_like
            In GeV; they broadcast. Zero where the boson does not decay into electrons.

        Returns
        -------
        ndarray
            Of the broadcast shape: not-a-number for bosons lighter than the table, the Standard Model for heavier ones.
        """
        m, width = np.broadcast_arrays(np.asarray(mass, dtype=np.float64), np.asarray(electron_width, dtype=np.float64))
        shape = m.shape
        m, width = m.ravel(), width.ravel()
        kappa = width * PLANCK_MASS / m**2
        result = np.full(m.size, np.nan)
        result[m > self.masses[-1]] = self.standard_model
        inside = (m >= self.masses[0]) & (m <= self.masses[-1])
        coupled = inside & (kappa >= self.kappas[0]) & (m >= self.electron_masses[0])
        free = inside & ~coupled
        without, with_electrons = self._splines
        if free.any():
            result[free] = 3.0 + np.exp(without(np.log(m[free])))
        if coupled.any():
            strength = np.log(np.minimum(kappa[coupled], self.kappas[-1]))
            result[coupled] = 3.0 + np.exp(with_electrons.ev(np.log(m[coupled]), strength))
        return result.reshape(shape)


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
    ConvergenceError
        If an evolution does not conserve energy, or the Standard Model is not where it belongs.
    """
    path = check_output(output, force=force)
    datasets, attributes = compute(
        MASSES, ELECTRON_MASSES, KAPPAS, processes=processes, executor=executor, progress=progress
    )
    units = dict.fromkeys(datasets, "1") | {"mass": "GeV", "electron_mass": "GeV"}
    return write_table(path, kind=KIND, attributes=attributes, datasets=datasets, units=units, force=force)


def compute(
    masses: FloatArray,
    electron_masses: FloatArray,
    kappas: FloatArray,
    *,
    processes: int | None = None,
    executor: AnyExecutor | None = None,
    progress: Progress | None = None,
) -> tuple[dict[str, FloatArray], dict[str, Any]]:
    """Compute the arrays and attributes of a table.

    Parameters
    ----------
    masses, electron_masses : ndarray
        In GeV, without and with a coupling to electrons.
    kappas : ndarray
        Electron widths in units of m^2 / M_Planck.
    processes, executor, progress
        As in `build`.

    Raises
    ------
    ConvergenceError
        If an evolution does not conserve energy, or the Standard Model is not where it belongs.
    """
    standard = evolve()
    if not abs(standard.n_eff - _STANDARD_MODEL) < _STANDARD_MODEL_TOLERANCE:
        msg = f"N_eff of the Standard Model comes out as {standard.n_eff:.4f} instead of {_STANDARD_MODEL}"
        raise ConvergenceError(msg)
    rows: dict[Any, list[tuple[float, float]]] = {i: [(m, 0.0)] for i, m in enumerate(masses.tolist())}
    for i, mass in enumerate(electron_masses.tolist()):
        rows["electrons", i] = [(mass, kappa * mass**2 / PLANCK_MASS) for kappa in kappas.tolist()]
    # Long rows first: both cores then end together.
    order = sorted(rows, key=lambda key: -len(rows[key]))
    found: dict[Any, list[tuple[float, float]]] = {}
    total = sum(map(len, rows.values()))
    done = 0
    with given_or_processes(executor, processes) as pool:
        computed = ordered(pool, _row, [rows[key] for key in order])
        for key, (points, results) in zip(order, computed, strict=True):
            found[key] = results
            done += len(points)
            if progress is not None:
                progress(f"{done} of {total} evolutions", done / total)
    without = np.array([found[i] for i in range(masses.size)])
    coupled = np.array([found["electrons", i] for i in range(electron_masses.size)])
    violation = max(standard.energy_violation, float(without[..., 1].max()), float(coupled[..., 1].max()))
    datasets = {
        "mass": masses,
        "n_eff": without[:, 0, 0],
        "electron_mass": electron_masses,
        "kappa": kappas,
        "electron_n_eff": coupled[..., 0],
    }
    attributes = {
        "standard_model": standard.n_eff,
        "start": START,
        "largest_step": LARGEST_STEP,
        "energy_tolerance": ENERGY_TOLERANCE,
        "largest_energy_violation": violation,
        "convention": "N_eff with a boson in equilibrium with the neutrinos; kappa = Gamma(Z' -> e- e+) M_Planck / m^2",
    }
    return datasets, attributes


def _row(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return N_eff and the violation of energy conservation at masses and electron widths."""
    results = [evolve(mass=mass, electron_width=width) for mass, width in points]
    return [(result.n_eff, result.energy_violation) for result in results]


def verify(
    path: str | Path,
    *,
    samples: int = 24,
    seed: int = 0,
    processes: int | None = None,
    progress: Progress | None = None,
) -> list[Check]:
    """Evolve the universe at random points between the nodes and compare with the interpolation.

    Parameters
    ----------
    path : path
        Of the table.
    samples : int
        Points to recompute; every fourth without electrons.
    seed : int
        Of their choice.
    processes, progress
        As in `build`.

    Returns
    -------
    list of Check
        With the relative difference of N_eff, the Standard Model first.
    """
    table = load(path)
    random = np.random.default_rng(seed)
    points: list[tuple[float, float]] = []
    for index in range(samples):
        with_electrons = index % 4 != 3
        axis = table.electron_masses if with_electrons else table.masses
        mass = float(np.exp(random.uniform(*np.log(axis[[0, -1]]))))
        kappa = float(np.exp(random.uniform(*np.log(table.kappas[[0, -1]])))) if with_electrons else 0.0
        points.append((mass, kappa * mass**2 / PLANCK_MASS))
    standard = evolve().n_eff
    checks = [Check("the Standard Model", abs(table.standard_model / standard - 1.0), ENERGY_TOLERANCE)]
    with given_or_processes(None, processes) as pool:
        for done, ((point,), found) in enumerate(ordered(pool, _row, [[point] for point in points]), start=1):
            mass, width = point
            difference = abs(float(table(mass, width)) / found[0][0] - 1.0)
            name = f"m = {mass:.4g} GeV, Gamma_ee = {width:.3g} GeV"
            checks.append(Check(name, difference, _INTERPOLATION_TOLERANCE))
            if progress is not None:
                progress(f"{done} of {len(points)} evolutions", done / len(points))
    return checks


def load(path: str | Path) -> NEffTable:
    """Read a table.

    Raises
    ------
    GridError
        If the file is missing, altered or foreign, or lacks an array.
    """
    content = read_table_file(path, KIND)
    try:
        names = ("mass", "n_eff", "electron_mass", "kappa", "electron_n_eff")
        arrays = [np.asarray(content.datasets[name], dtype=np.float64) for name in names]
        return NEffTable(float(content.attributes["standard_model"]), *arrays)
    except (KeyError, ValueError) as error:
        msg = f"table {path} does not hold what it should: rebuild it with `recast grid build {KIND} -o {path} --force`"
        raise GridError(msg) from error


@cache
def shipped_table(path: str) -> NEffTable:
    """Return a table, read once per process."""
    return load(path)
