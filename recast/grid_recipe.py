"""What the grids of trident spectra hold: the content of ``grids/trident.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, PositiveFloat, PositiveInt

from recast.constants import LEPTON_MASS
from recast.documents import load_document
from recast.errors import unknown
from recast.trident.form_factors import NUCLEON_KINDS, default_kind
from recast.trident.spectra import Scatterer, nuclear_scatterer, nucleon_scatterer
from recast.trident.targets import nuclei

__all__ = ["Pair", "Recipe", "Task", "load_recipe", "shipped_recipe", "tasks_of"]

Lepton = Literal["e", "mu", "tau"]


class Pair(BaseModel):
    """Leptons of one grid, what it holds beside the default form factors, and where it is finer than others."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    minus: Lepton
    plus: Lepton
    form_factors: dict[str, list[str]] = {}
    energies_per_efold: PositiveFloat | None = None
    nodes: tuple[PositiveInt, PositiveInt, PositiveInt] | None = None

    @property
    def mass(self) -> float:
        """Sum of the lepton masses in GeV."""
        return LEPTON_MASS[self.minus] + LEPTON_MASS[self.plus]


class Recipe(BaseModel):
    """Content of ``grids/trident.yaml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    energy_max: PositiveFloat
    energies_per_efold: PositiveFloat
    first_energy: PositiveFloat
    nuclei: list[str]
    nucleons: list[str]
    pairs: dict[str, Pair]


@dataclass(frozen=True)
class Task:
    """One scatterer of one grid; small, because it travels to worker processes."""

    scatterer: str
    form_factor: str

    @property
    def physics(self) -> Scatterer:
        """The scatterer itself."""
        if self.scatterer in ("proton", "neutron"):
            return nucleon_scatterer(self.scatterer, self.form_factor)
        return nuclear_scatterer(nuclei()[self.scatterer], self.form_factor)


def shipped_recipe() -> Path:
    """Return the recipe of the shipped grids."""
    return Path(str(resources.files("recast.grids").joinpath("trident.yaml")))


def load_recipe(path: str | Path | None = None) -> Recipe:
    """Read a recipe, by default that of the shipped grids."""
    return load_document(path or shipped_recipe(), Recipe)


def tasks_of(recipe: Recipe, name: str) -> list[Task]:
    """List the tables of one grid, the default form factor of each scatterer first.

    Raises
    ------
    UnknownNameError
        When there is no such grid.
    """
    if name not in recipe.pairs:
        raise unknown("grid", name, recipe.pairs)
    extra = recipe.pairs[name].form_factors
    tasks = []
    for scatterer in [*recipe.nuclei, *recipe.nucleons]:
        default = NUCLEON_KINDS[0] if scatterer in recipe.nucleons else default_kind(scatterer)
        tasks += [Task(scatterer, kind) for kind in dict.fromkeys([default, *extra.get(scatterer, [])])]
    return tasks
