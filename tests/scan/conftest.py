"""Made-up measurements, and chunks so small that a scan has many."""

import sys
from pathlib import Path

import pytest

import recast.scan  # noqa: F401

# A plug-in with its own observable: what these tests scan needs no grids.
PLUGIN = """
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict


class Toy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    type: Literal["toy"] = "toy"
    scale: float = 1.0

    def applicable(self, interaction: Any) -> str | None:
        return None if hasattr(interaction, "dgv") or interaction.mediators is not None else "no"

    def contributions(self, interaction: Any) -> dict:
        if hasattr(interaction, "dgv"):
            value = ((2.0 + interaction.dgv) ** 2 + (1.0 - interaction.dga) ** 2) / 5.0
        elif interaction.mediators:
            (boson,) = interaction.mediators
            x = self.scale * np.square(boson.coupling / boson.mass)
            value = 1.0 + x + x**2
        else:
            value = 1.0
        return {"coherent": np.asarray(value, dtype=float)}

    def predict(self, interaction: Any) -> Any:
        return self.contributions(interaction)["coherent"]

    def polynomials(self, model: Any, mass: Any) -> None:
        return None


class Mediators(Toy):
    type: Literal["mediators"] = "mediators"

    def applicable(self, interaction: Any) -> str | None:
        return "it is about resonances" if interaction.mediators is None else None


OBSERVABLES = {"toy": Toy, "mediators": Mediators}
"""
MEASUREMENT = """
name: {name}
title: Made up
observable: {{type: {kind}, scale: {scale}}}
likelihood: {{type: gaussian, value: {value}, error: {error}}}
provenance:
  value:
    paper: "-"
    place: "-"
    inspire: "Key:2000aa"
    bibtex: "@misc{{Key:2000aa,}}"
variants:
  error:
    default: 1
    choices:
      1: {{}}
      2: {{likelihood: {{error: 0.1}}}}
"""


@pytest.fixture
def plugins(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "plugins"
    (folder / "measurements").mkdir(parents=True)
    (folder / "toys.py").write_text(PLUGIN)
    for name, kind, scale, value, error in (
        ("first", "toy", 1.0, 0.82, 0.28),
        ("second", "toy", 2.0, 1.9, 0.4),
        ("resonance", "mediators", 1.0, 1.0, 0.3),
    ):
        text = MEASUREMENT.format(name=name, kind=kind, scale=scale, value=value, error=error)
        (folder / "measurements" / f"{name}.yaml").write_text(text)
    return [folder]


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut scans into chunks of 16 points."""
    module = sys.modules["recast.scan.evaluation"]  # recast.scan itself is the function
    for name in ("_PLAIN", "_OF_FREE_CHARGES", "_PROFILED"):
        monkeypatch.setattr(module, name, 16)
