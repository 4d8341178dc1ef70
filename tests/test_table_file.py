"""Tables that are computed once: written whole, checked when read, found by the commands for grids."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from recast.cli import main
from recast.errors import GridError, OutputExistsError
from recast.table_file import TABLES, Check, read_table_file, table_kind, write_table

MASS = np.array([1.0, 2.0, 4.0])


def made(path: Path, *, force: bool = False) -> Path:
    return write_table(
        path,
        kind="n_eff",
        attributes={"note": "three masses", "samples": 7},
        datasets={"mass": MASS, "value": MASS**2},
        units={"mass": "GeV", "value": "1"},
        force=force,
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = made(tmp_path / "n_eff.h5")
    table = read_table_file(path, "n_eff")
    np.testing.assert_array_equal(table.datasets["value"], MASS**2)
    assert dict(table.units) == {"mass": "GeV", "value": "1"}
    assert table.attributes["note"] == "three masses"
    assert table.attributes["samples"] == 7
    assert table_kind(path) == "n_eff"
    with pytest.raises(OutputExistsError):
        made(path)
    made(path, force=True)


def test_a_file_that_cannot_be_trusted_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "n_eff.h5")
    whole = path.read_bytes()
    with pytest.raises(GridError, match="not the table z_to_four_muons of recast"):
        read_table_file(path, "z_to_four_muons")
    with pytest.raises(GridError, match=r"missing\.h5 does not exist: rebuild it with `recast grid build n_eff"):
        read_table_file(tmp_path / "missing.h5", "n_eff")
    for length in (0, 100, len(whole) // 2):
        path.write_bytes(whole[:length])
        with pytest.raises(GridError, match=r"n_eff\.h5 is not a readable HDF5 file .*: rebuild it with"):
            read_table_file(path, "n_eff")
    path.write_bytes(whole)
    with h5py.File(path, "r+") as file:
        file["value"][1] = 5.0
    with pytest.raises(GridError, match="checksum differs"):
        read_table_file(path, "n_eff")
    path.write_bytes(whole)
    with h5py.File(path, "r+") as file:
        file.attrs["schema_version"] = 99
    with pytest.raises(GridError, match="schema version 99, this recast reads 1"):
        read_table_file(path, "n_eff")


def test_every_kind_of_table_is_shipped_and_described() -> None:
    for name in TABLES:
        result = CliRunner().invoke(main, ["grid", "info", name, "--json"], prog_name="recast")
        assert result.exit_code == 0, result.output
        (description,) = json.loads(result.stdout)["grids"]
        assert description["grid"] == name
        assert description["arrays"]
        assert description["code_version"]


def test_a_check_knows_its_tolerance() -> None:
    assert Check("m = 1 GeV", 0.01, 0.02).passed
    assert not Check("m = 1 GeV", 0.03, 0.02).passed


def test_a_recipe_is_for_tridents_only(tmp_path: Path) -> None:
    words = ["grid", "build", "n_eff", "--recipe", "x.yaml", "-o", str(tmp_path / "x.h5")]
    result = CliRunner().invoke(main, words, prog_name="recast")
    assert result.exit_code == 2
    assert "--recipe and --selection are for grids of tridents" in result.stderr
