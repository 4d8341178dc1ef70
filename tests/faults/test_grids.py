"""Grids that were cut off, altered or written by another version: refused, or not a number of them has changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from recast.cli import main
from recast.cosmology import table as n_eff
from recast.errors import GridError, RecastError
from recast.grid import describe_grid, read_table, shipped_grids
from recast.table_file import read_table_file
from recast.z_to_four_muons import table as z_to_four_muons

from .harness import at_random

Content = Mapping[str, Any]

GRIDS = {path.stem: path for path in shipped_grids()}
SMALL = ("n_eff", "trident_emu", "z_to_four_muons")
NAMES = [name if name in SMALL else pytest.param(name, marks=pytest.mark.slow) for name in GRIDS]
# What is asked of the command line, so that it needs the grid.
COMMANDS = {
    "n_eff": "predict lmu_ltau n_eff --mass 0.01 --coupling 1e-4",
    "z_to_four_muons": "predict lmu_ltau lhc_z4mu_atlas2014 --mass 30 --coupling 0.01",
    "trident_ee": "cross-section numu_numu_e-e+ Ar40 --energy 5",
    "trident_emu": "cross-section nue_numu_e-mu+ Ar40 --energy 5",
    "trident_mumu": "cross-section numu_numu_mu-mu+ Ar40 --energy 5",
}


def content_of(name: str) -> Callable[[Path], Content]:
    """Return what reads everything that a grid holds."""
    if name in {n_eff.KIND, z_to_four_muons.KIND}:
        return lambda path: {**read_table_file(path, name).attributes, **read_table_file(path, name).datasets}
    tables = [label.split("/") for label in describe_grid(GRIDS[name])["tables"]]

    def everything(path: Path) -> Content:
        found: dict[str, Any] = {}
        for scatterer, form_factor in tables:
            table = read_table.__wrapped__(path, scatterer, form_factor, grid=name)
            values = {field.name: getattr(table, field.name) for field in fields(table)}
            found |= {f"{scatterer}/{form_factor}/{key}": value for key, value in values.items()}
        return found

    return everything


def same(first: Content, second: Content) -> bool:
    """Tell whether two grids hold the same, bit by bit."""
    return first.keys() == second.keys() and all(np.array_equal(first[key], second[key]) for key in first)


def refused(read: Callable[[Path], Content], path: Path) -> None:
    with pytest.raises(GridError) as caught:
        read(path)
    message = str(caught.value)
    assert str(path) in message
    assert "recast grid build" in message
    assert "\n" not in message


@pytest.mark.parametrize("name", NAMES)
def test_grids_that_were_cut_off(tmp_path: Path, name: str) -> None:
    """At every sixteenth of their length, and without their last byte."""
    data, path, read = GRIDS[name].read_bytes(), tmp_path / f"{name}.h5", content_of(name)
    for length in (*(len(data) * part // 16 for part in range(16)), len(data) - 1):
        path.write_bytes(data[:length])
        refused(read, path)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("flips", [pytest.param(16, id="some"), pytest.param(64, marks=pytest.mark.slow, id="many")])
def test_grids_with_bytes_flipped(tmp_path: Path, name: str, flips: int) -> None:
    """A byte at random; half of them where the file describes itself, which is uncompressed and beside the data."""
    data, path, read = GRIDS[name].read_bytes(), tmp_path / f"{name}.h5", content_of(name)
    intact, rng, noticed = read(GRIDS[name]), at_random(f"{name} {flips}"), 0
    for flip in range(flips):
        altered = bytearray(data)
        altered[rng.randrange(len(data) if flip % 2 else min(len(data), 8192))] ^= 1 << rng.randrange(8)
        path.write_bytes(altered)
        try:
            found = read(path)
        except RecastError:  # a name may be altered, too: then there is no such table
            noticed += 1
        else:
            assert same(found, intact), "numbers have changed in silence"
    assert noticed


@pytest.mark.parametrize("name", NAMES)
def test_grids_of_another_schema(tmp_path: Path, name: str) -> None:
    path, read = tmp_path / f"{name}.h5", content_of(name)
    path.write_bytes(GRIDS[name].read_bytes())
    with h5py.File(path, "r+") as file:
        file.attrs["schema_version"] = file.attrs["schema_version"] + 1
    with pytest.raises(GridError, match=r"schema version \d+, this recast reads \d+"):
        read(path)
    refused(read, path)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_the_command_line_says_which_grid_is_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    data = GRIDS[name].read_bytes()
    (tmp_path / f"{name}.h5").write_bytes(data[: len(data) // 2])
    monkeypatch.setenv("RECAST_GRIDS", str(tmp_path))
    result = CliRunner().invoke(main, COMMANDS[name].split())
    assert result.exit_code == 2, result.output
    assert f"{tmp_path / name}.h5" in result.output.replace("\n", "")
    assert "recast grid build" in result.output
