"""What is fuzzed: for each kind of input, how one is made from a number, and how recast is given it.

A target raises whatever it likes when recast does what it must not: `RecastError`, or an end of the command line with
exit code 0, 1 or 2, is all that may come of an input.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

from recast.errors import RecastError

from .mutations import mutated_bytes, mutated_text

SCANS = [
    """\
model: lmu_ltau
measurements: [ccfr, 'charm_ii:error=2014']
parameters:
  mass: {min: 0.01, max: 10, points: 3, scale: log}
  coupling: [1.0e-4, 1.0e-3]
confidence_level: 0.95
""",
    """\
model: u1
measurements: [ccfr]
parameters:
  mass: 0.1
  coupling: {min: 1e-4, max: 0.1}
  charge_mu: {min: -1, max: 1, scale: linear}
sampling: {kind: sobol, points: 8, seed: 1}
outputs: [combined]
""",
    """\
model: contact
measurements: [ccfr]
parameters: {dga: 0}
sampling: {kind: file, file: points.csv}
""",
]
TARGET = "name: scintillator\natoms: {C12: 1, O16: 2}\n"
POINTS = "mass,coupling\n0.1,1e-3\n0.2,2e-3\n1,1e-2\n"


def shipped(kind: str, suffix: str = ".yaml") -> list[str]:
    """Return the shipped files of a folder such as ``measurements`` or ``measurements/data/limits``."""
    package, _, folder = kind.partition("/")
    place = Path(str(resources.files(f"recast.{package}"))) / folder
    return [path.read_text(encoding="utf-8") for path in sorted(place.glob(f"*{suffix}"))]


class Target(ABC):
    """One kind of input.

    Parameters
    ----------
    folder : Path
        Empty; the input is written there.
    """

    suffix = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # A name of its own for each: nothing that is kept from reading one file answers for another.
        self._numbers = itertools.count()

    @abstractmethod
    def make(self, seed: int) -> Any:
        """Return the input of a seed."""

    @abstractmethod
    def run(self, data: Any) -> None:
        """Give an input to recast."""

    def try_(self, data: Any) -> bool:
        """Return whether recast took an input; false when it refused it as it should."""
        try:
            self.run(data)
        except RecastError:
            return False
        return True

    def written(self, data: bytes) -> Path:
        """Write an input to a file."""
        path = self.folder / f"input_{next(self._numbers)}{self.suffix}"
        path.write_bytes(data)
        return path


class FileTarget(Target):
    """Files of several kinds, each with its reader."""

    @property
    @abstractmethod
    def kinds(self) -> dict[str, tuple[list[Any], Callable[[Path], Any]]]:
        """Good files and their reader, by kind."""

    @cached_property
    def _kinds(self) -> list[tuple[str, list[Any], Callable[[Path], Any]]]:
        return [(name, seeds, read) for name, (seeds, read) in self.kinds.items()]

    def make(self, seed: int) -> tuple[str, bytes]:
        """Return a kind and a broken file of it."""
        name, seeds, _ = self._kinds[seed % len(self._kinds)]
        return name, self.mutated(seeds, seed)

    def mutated(self, seeds: list[Any], seed: int) -> bytes:
        """Break a good file."""
        return mutated_text(seeds, seed)

    def run(self, data: tuple[str, bytes]) -> None:
        """Read a file as what it claims to be."""
        name, content = data
        path = self.written(content)
        try:
            self.kinds[name][1](path)
        finally:
            path.unlink()


class Documents(FileTarget):
    """Everything that is YAML."""

    suffix = ".yaml"

    @cached_property
    def kinds(self) -> dict[str, tuple[list[Any], Callable[[Path], Any]]]:
        """Measurements, models, figures, scans, targets, recipes of grids."""
        from recast.figures import load_recipe
        from recast.grid_recipe import load_recipe as load_grid_recipe
        from recast.measurement import load_measurement
        from recast.model import load_model
        from recast.scan import load_scan
        from recast.target_file import find_target

        return {
            "measurement": (shipped("measurements"), load_measurement),
            "model": (shipped("models"), load_model),
            "figure": (shipped("plots"), load_recipe),
            "scan": (SCANS, load_scan),
            "target": ([TARGET], find_target),
            "grid recipe": (shipped("grids"), load_grid_recipe),
        }


class Tables(FileTarget):
    """Everything that is CSV or JSON."""

    suffix = ".csv"

    @cached_property
    def kinds(self) -> dict[str, tuple[list[Any], Callable[[Path], Any]]]:
        """Fluxes, limits, tables of emission, pseudo-observables, points of a scan."""
        from recast.emission_table import read_emission_table
        from recast.flux_file import read_flux_file
        from recast.limit_curve import read_limit_curve
        from recast.z_pole.data import read_pseudo_observables

        return {
            "flux": (shipped("measurements/data/flux", ".csv"), read_flux_file),
            "limit curve": (shipped("measurements/data/limits", ".csv"), read_limit_curve),
            "emission": (shipped("measurements/data/emission", ".csv"), read_emission_table),
            "pseudo-observables": (
                shipped("measurements/data/lep", ".csv"),
                lambda path: read_pseudo_observables([path]),
            ),
            "points": ([POINTS], self._points),
        }

    def _points(self, path: Path) -> Any:
        from recast.scan.points import points_of
        from recast.scan.spec import PointFile, ScanSpec

        spec = ScanSpec(
            model="lmu_ltau", measurements=("ccfr",), parameters={}, sampling=PointFile(kind="file", file=str(path))
        )
        return points_of(spec, ("mass", "coupling"), 1000)


class Hdf5(FileTarget):
    """Grids, tables and scans."""

    suffix = ".h5"

    def mutated(self, seeds: list[bytes], seed: int) -> bytes:
        """Break a good file."""
        return mutated_bytes(seeds, seed)

    @cached_property
    def kinds(self) -> dict[str, tuple[list[Any], Callable[[Path], Any]]]:
        """Tables as they are shipped, one scatterer of a grid, a small scan."""
        from recast.grid import describe_grid, grid_path
        from recast.scan import ScanResult, load_scan, scan
        from recast.table_file import TABLES, read_table_file

        file = self.folder / "scan.yaml"
        file.write_text(SCANS[0], encoding="utf-8")
        result = self.folder / "scan.h5"
        scan(load_scan(file), output=result)
        small = small_grid(self.folder / "small.h5")
        kinds: dict[str, Any] = {
            "grid": ([small.read_bytes()], describe_grid),
            "scan": ([result.read_bytes()], ScanResult.load),
        }
        for name in TABLES:
            kinds[name] = ([grid_path(name).read_bytes()], lambda path, name=name: read_table_file(path, name))
        return kinds


def small_grid(path: Path) -> Path:
    """Write a grid with one scatterer of a shipped one."""
    import h5py

    from recast.grid import grid_path
    from recast.hdf5 import attributes, write_attributes

    with h5py.File(grid_path("trident_emu")) as whole, h5py.File(path, "w", libver=("earliest", "v110")) as file:
        write_attributes(file, attributes(whole))
        for name in ("momentum_transfer", "proton"):
            whole.copy(name, file)
    return path
