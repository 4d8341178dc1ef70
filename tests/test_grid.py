"""Grid files: what is written is read back, and what cannot be trusted is refused in one sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recast.errors import FluxError, GridError, OutOfRangeError, OutputExistsError, RecastError, UnknownNameError
from recast.flux import load_flux
from recast.grid import SCHEMA_VERSION, describe_grid, grid_path, open_grid, read_table, shipped_grids
from recast.grid_accuracy import MOMENT_MASSES, moments
from recast.grid_build import build_grid, energies_of
from recast.grid_recipe import Task, load_recipe, tasks_of
from recast.grid_selection import is_selected
from recast.grid_verify import verify_grid
from recast.spectrum import cross_sections, load_spectrum
from recast.table_file import TABLES

NAMES = ["trident_ee", "trident_emu", "trident_etau", "trident_mumu", "trident_mutau", "trident_tautau"]
MUMU = grid_path("trident_mumu")


@pytest.fixture
def copy(tmp_path) -> Path:
    return Path(shutil.copy(MUMU, tmp_path / "trident_mumu.h5"))


def refusal(path: Path) -> str:
    with pytest.raises(GridError) as caught:
        read_table(path, "Ar40")
    message = str(caught.value)
    assert str(path) in message
    assert "recast grid build trident_mumu" in message
    assert message.count("\n") == 0
    return message


def test_all_pairs_are_shipped_and_small():
    spectra = [path for path in shipped_grids() if path.stem not in TABLES]
    assert [path.stem for path in spectra if not is_selected(path)] == NAMES
    assert sum(path.stat().st_size for path in shipped_grids()) < 25e6


@pytest.mark.parametrize("name", NAMES)
def test_shipped_grids_are_intact_and_accurate(name):
    content = describe_grid(grid_path(name))
    assert content["schema_version"] == SCHEMA_VERSION
    assert content["code_version"]
    assert content["mass_unit"] == "GeV"
    expected = {f"{task.scatterer}/{task.form_factor}" for task in tasks_of(load_recipe(), name)}
    assert set(content["tables"]) == expected
    for table in content["tables"].values():
        assert table["intact"]
        assert table["accuracy_total"] < 1e-4
        assert table["accuracy_moments"] < 1e-4
        assert (table["energy_unit"], table["cross_section_unit"]) == ("GeV", "fb")


@settings(max_examples=16, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.floats(0.0, 0.999))
def test_truncated(tmp_path, fraction):
    path = tmp_path / "trident_mumu.h5"
    data = MUMU.read_bytes()
    path.write_bytes(data[: int(fraction * len(data))])
    read_table.cache_clear()
    refusal(path)


def test_every_altered_dataset_and_attribute_is_noticed(copy):
    def reread() -> None:
        read_table.cache_clear()
        assert "truncated or altered" in refusal(copy)

    for name in ("Ar40/fourier_bessel/energy", "Ar40/fourier_bessel/reference", "momentum_transfer"):
        shutil.copy(MUMU, copy)
        with h5py.File(copy, "r+") as file:
            file[name][3] *= 1.0000001
        reread()
    for place, key, value in (("/", "alpha", 0.0073), ("Ar40/fourier_bessel", "threshold", 0.3)):
        shutil.copy(MUMU, copy)
        with h5py.File(copy, "r+") as file:
            file[place].attrs[key] = value
        reread()


@pytest.mark.parametrize("position", [0.3, 0.5, 0.7])
def test_flipped_bytes_never_pass_in_silence(copy, position):
    """A byte is flipped in the compressed data: either some table refuses, or no table has it."""
    data = bytearray(MUMU.read_bytes())
    data[int(position * len(data))] ^= 0xFF
    copy.write_bytes(bytes(data))
    read_table.cache_clear()
    try:
        intact = [table["intact"] for table in describe_grid(copy)["tables"].values()]
    except GridError:
        return
    assert not all(intact)


def test_foreign_files(tmp_path):
    path = tmp_path / "trident_mumu.h5"
    path.write_text("mass,coupling\n", encoding="utf-8")
    assert "not a readable HDF5 file" in refusal(path)
    with h5py.File(path, "w") as file:
        file["energy"] = [1.0]
    read_table.cache_clear()
    assert "not a trident grid" in refusal(path)


def test_other_schema_version(copy):
    with h5py.File(copy, "r+") as file:
        file.attrs["schema_version"] = SCHEMA_VERSION + 1
    read_table.cache_clear()
    assert f"schema version {SCHEMA_VERSION + 1}" in refusal(copy)


def test_missing(tmp_path):
    with pytest.raises(GridError, match="does not exist"), open_grid(tmp_path / "nothing.h5"):
        pass
    with pytest.raises(UnknownNameError, match="did you mean trident_mumu"):
        grid_path("trident_mumuu")
    with pytest.raises(UnknownNameError, match="unknown scatterer"):
        read_table(MUMU, "Xe132")
    with pytest.raises(UnknownNameError, match="unknown form factor"):
        read_table(MUMU, "Ar40", "fermi")


def test_own_folder_comes_first(copy, monkeypatch):
    monkeypatch.setenv("RECAST_GRIDS", str(copy.parent))
    assert grid_path("trident_mumu") == copy
    assert grid_path("trident_ee") == MUMU.with_name("trident_ee.h5")


def test_energies_outside():
    table = read_table(MUMU, "Ar40")
    assert not table.at([0.01, table.threshold]).any()
    assert table.at([table.threshold * 1.001])[0, 0].sum() > 0.0
    with pytest.raises(OutOfRangeError, match=r"1001 GeV is outside the grid of Ar40/fourier_bessel"):
        table.at([5.0, 1001.0])
    for bad in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(OutOfRangeError, match="must be a positive number"):
            table.at([bad])


def test_folding_is_the_average_of_spectra():
    table = read_table(MUMU, "Fe56")
    energies, weights = np.array([0.1, 2.0, 30.0, 400.0]), np.array([0.5, 0.2, 0.2, 0.1])
    np.testing.assert_allclose(
        table.fold(energies, weights), np.tensordot(weights, table.at(energies), axes=1), rtol=1e-12, atol=0.0
    )


@given(st.floats(0.23, 1000.0))
def test_cross_sections_are_positive_and_rise(energy):
    vv, aa, va = cross_sections("numu_numu_mu-mu+", "Ar40", [energy])[0]
    higher = cross_sections("numu_numu_mu-mu+", "Ar40", [min(1.05 * energy, 1000.0)])[0]
    assert 0.0 < vv <= aa
    assert abs(va) < 1e-12 * vv
    assert higher[0] >= vv


def test_compound_is_the_sum_of_its_nuclei():
    def total(target):
        return np.array(load_spectrum("numu_numu_mu-mu+", target, 20.0, component="total").totals[:2])

    np.testing.assert_allclose(total("SiO2"), total("Si28") + 2.0 * total("O16"), rtol=1e-12)


def test_cp_conjugate_channels_agree_and_charges_flip():
    def spectrum(channel):
        return load_spectrum(channel, "Ar40", 5.0)

    one, conjugate = spectrum("numu_nue_mu-e+"), spectrum("numubar_nuebar_mu+e-")
    np.testing.assert_allclose(one.cross_section(2, -2), conjugate.cross_section(2, -2), rtol=1e-12)
    assert spectrum("nuebar_numubar_mu-e+").totals[2] == pytest.approx(-one.totals[2], rel=1e-12)


TINY = """\
energy_max: 3.0
energies_per_efold: 1.5
first_energy: 0.3
nuclei: [C12]
nucleons: [proton]
pairs: {trident_small: {minus: mu, plus: mu}}
"""


def test_bad_recipe(tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(TINY.replace("nuclei", "nucleii"), encoding="utf-8")
    with pytest.raises(RecastError, match="nucleii"):
        build_grid("trident_small", tmp_path / "out.h5", recipe=recipe)
    recipe.write_text(TINY, encoding="utf-8")
    with pytest.raises(UnknownNameError, match="unknown grid 'trident_smal': did you mean trident_small"):
        build_grid("trident_smal", tmp_path / "out.h5", recipe=recipe)


def test_existing_output_is_refused_before_any_work(tmp_path):
    path = tmp_path / "trident_mumu.h5"
    path.write_text("precious", encoding="utf-8")
    with pytest.raises(OutputExistsError, match="exists"):
        build_grid("trident_mumu", path)
    assert path.read_text(encoding="utf-8") == "precious"


def test_nodes_start_at_the_threshold():
    recipe = load_recipe()
    threshold, energy = energies_of(recipe, recipe.pairs["trident_mumu"], Task("Ar40", "fourier_bessel").physics)
    assert threshold < energy[0] < 1.021 * threshold
    assert energy[-1] == recipe.energy_max
    assert np.all(np.diff(energy) > 0.0)


def test_moments_of_a_point():
    spectra = np.zeros(200)
    spectra[0] = 2.0  # all at K2 = 0: every propagator is one
    np.testing.assert_allclose(moments(spectra), np.full(1 + 2 * len(MOMENT_MASSES), 2.0))


@pytest.mark.slow
def test_build_and_verify(tmp_path):
    """A small grid from first principles, in two processes, compared with the shipped one."""
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(TINY, encoding="utf-8")
    seen = []
    path = build_grid(
        "trident_small",
        tmp_path / "trident_small.h5",
        recipe=recipe,
        processes=2,
        progress=lambda _, done: seen.append(done),
    )
    assert seen[-1] == pytest.approx(1.0)
    assert seen == sorted(seen)
    assert [p.name for p in tmp_path.iterdir() if p.suffix != ".yaml"] == [path.name]
    small, shipped = read_table(path, "C12"), read_table(MUMU, "C12")
    np.testing.assert_allclose(small.reference, shipped.at(small.energy)[:, 0].sum(axis=-1), rtol=1e-5)
    check = verify_grid(MUMU, samples=6, processes=2)
    assert max(c.total for c in check) < 1e-4
    assert max(c.moments for c in check) < 1e-4


def test_a_folder_that_is_none_is_not_passed_over(tmp_path, monkeypatch):
    monkeypatch.setenv("RECAST_GRIDS", str(tmp_path / "none"))
    with pytest.raises(GridError, match="RECAST_GRIDS names .*none, which is no folder"):
        grid_path("trident_mumu")


def test_a_grid_of_another_pair_under_this_name_is_refused(tmp_path, monkeypatch):
    shutil.copy(grid_path("trident_mutau"), tmp_path / "trident_mumu.h5")
    monkeypatch.setenv("RECAST_GRIDS", str(tmp_path))
    with pytest.raises(GridError, match="is the grid trident_mutau, not trident_mumu"):
        load_spectrum("numu_numu_mu-mu+", "Ar40", 5.0)


@pytest.mark.parametrize("energies", ["five", [[1.0, 2.0]], [1.0, None]])
def test_what_is_no_list_of_energies(energies):
    with pytest.raises(OutOfRangeError, match="neutrino energ"):
        cross_sections("numu_numu_mu-mu+", "Ar40", energies)


def test_an_energy_may_be_any_number_and_a_flux_a_name():
    expected = load_spectrum("numu_numu_mu-mu+", "Ar40", 5.0).totals
    for energy in (5, np.float32(5), np.int64(5)):
        assert load_spectrum("numu_numu_mu-mu+", "Ar40", energy).totals == expected
    flux = load_flux("ccfr_numu", neutrino="numu")
    by_name = load_spectrum("numu_numu_mu-mu+", "Fe56", "ccfr_numu")
    assert by_name.totals == load_spectrum("numu_numu_mu-mu+", "Fe56", flux).totals
    with pytest.raises(FluxError, match="begins with nue"):
        load_spectrum("nue_nue_mu-mu+", "Fe56", flux)
