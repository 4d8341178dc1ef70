"""Grids and tables that are cut, altered or of another version: told, and never taken for what they were."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

from recast.cli import main
from recast.errors import GridError, RecastError
from recast.grid import SCHEMA_VERSION, describe_grid, grid_path, read_table, shipped_grids
from recast.table_file import TABLES, describe_table, read_table_file
from tests.fuzz.targets import small_grid


def refusal(path: Path) -> str:
    """Return the one sentence with which a file is refused."""
    kind = path.stem
    with pytest.raises(GridError) as caught:
        describe_table(path, kind) if kind in TABLES else describe_grid(path)
    message = str(caught.value)
    assert str(path) in message
    assert f"recast grid build {kind}" in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("grid", shipped_grids(), ids=lambda path: path.stem)
def test_a_grid_cut_at_every_sixteenth_is_refused(tmp_path: Path, grid: Path) -> None:
    whole = grid.read_bytes()
    cut = tmp_path / grid.name
    for part in range(16):
        cut.write_bytes(whole[: len(whole) * part // 16])
        assert "is not a readable HDF5 file" in refusal(cut)
    # One byte less than the whole, and one more.
    cut.write_bytes(whole[:-1])
    refusal(cut)
    cut.write_bytes(whole + b"\0")
    assert describe_table(cut, grid.stem) if grid.stem in TABLES else describe_grid(cut)


def test_the_command_that_needs_it_names_the_grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECAST_GRIDS", str(tmp_path))
    whole = grid_path("trident_mumu").read_bytes()
    (tmp_path / "trident_mumu.h5").write_bytes(whole[: len(whole) // 2])
    words = ["cross-section", "numu_numu_mu-mu+", "Ar40", "--energy", "5"]
    result = CliRunner().invoke(main, words, prog_name="recast")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert "trident_mumu.h5 is not a readable HDF5 file" in line
    assert "recast grid build trident_mumu" in line


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A grid with one scatterer, the proton."""
    return small_grid(tmp_path_factory.mktemp("grid") / "trident_emu.h5")


def content(path: Path) -> list[Any]:
    read_table.cache_clear()
    table = read_table(path, "proton")
    said = sorted((key, repr(value)) for key, value in table.attributes.items())
    return [table.threshold, table.energy, table.reference, table.spectra, table.momentum_transfer, said]


@pytest.mark.parametrize("seeds", [range(40), pytest.param(range(40, 2000), marks=pytest.mark.slow)], ids=len)
def test_flipped_bytes_are_told_or_change_nothing(tmp_path: Path, small: Path, seeds: range) -> None:
    """Bytes between the parts of a file mean nothing; of all others a change is noticed."""
    whole = small.read_bytes()
    right = content(small)
    path = tmp_path / small.name
    refused = 0
    for seed in seeds:
        rng = random.Random(seed)  # noqa: S311
        altered = bytearray(whole)
        for _ in range(rng.choice((1, 1, 4, 64))):
            # Half of them in the first 4 kB, where the file says what it holds.
            altered[rng.randrange(rng.choice((4096, len(whole))))] ^= rng.randrange(1, 256)
        path.unlink(missing_ok=True)
        path.write_bytes(altered)
        try:
            found = content(path)
        except RecastError:
            refused += 1
            continue
        for a, b in zip(found, right, strict=True):
            np.testing.assert_array_equal(a, b)
    assert refused > len(seeds) // 3


@pytest.mark.parametrize("version", [0, SCHEMA_VERSION + 1, 2**40, -1.5])
def test_another_schema_version_is_named(tmp_path: Path, small: Path, version: float) -> None:
    for source in (small, grid_path("n_eff")):
        path = Path(shutil.copy(source, tmp_path / source.name))
        with h5py.File(path, "r+") as file:
            file.attrs["schema_version"] = version
        assert f"has schema version {version}, this recast reads {SCHEMA_VERSION}" in refusal(path)


def test_a_table_in_the_place_of_another_is_refused(tmp_path: Path) -> None:
    path = Path(shutil.copy(grid_path("trident_emu"), tmp_path / "trident_emu.h5"))
    with h5py.File(path, "r+") as file:
        file.move("Ar40", "other")
        file.move("Fe56", "Ar40")
        file.move("other", "Fe56")
    with pytest.raises(GridError, match="it has Fe56/fourier_bessel in the place of Ar40/fourier_bessel"):
        read_table(path, "Ar40")


def test_a_table_without_its_parts_is_refused(tmp_path: Path) -> None:
    for name in TABLES:
        path = Path(shutil.copy(grid_path(name), tmp_path / f"{name}.h5"))
        with h5py.File(path, "r+") as file:
            del file[next(iter(file))]
        with pytest.raises(GridError, match="checksum differs"):
            read_table_file(path, name)
