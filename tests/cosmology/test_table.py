"""The shipped table: accuracy between its nodes, reproducibility, verification, bad files."""

import h5py
import numpy as np
import pytest

from recast.cosmology import table
from recast.cosmology.evolution import ENERGY_TOLERANCE, evolve
from recast.cosmology.thermalisation import PLANCK_MASS
from recast.errors import ConvergenceError, GridError, OutputExistsError
from recast.grid import grid_path
from recast.table_file import read_table_file, write_table

SHIPPED = grid_path(table.KIND)


def test_every_evolution_conserved_energy():
    content = read_table_file(SHIPPED, table.KIND)
    assert content.attributes["largest_energy_violation"] < ENERGY_TOLERANCE
    assert content.units["mass"] == content.units["electron_mass"] == "GeV"
    assert content.datasets["electron_n_eff"].shape == (table.ELECTRON_MASSES.size, table.KAPPAS.size)
    assert content.attributes["standard_model"] == pytest.approx(3.045, abs=1e-3)


def test_physics_of_the_table():
    shipped = table.load(SHIPPED)
    assert np.all(np.diff(shipped.n_eff) < 1e-9)  # heavier bosons heat less
    assert np.all(shipped.electron_n_eff > shipped.standard_model - 1e-6)
    # No electrons at all where the width begins; one temperature where it ends and the boson is light.
    free = shipped(shipped.electron_masses, 0.0)
    assert shipped.electron_n_eff[:, 0] == pytest.approx(free, rel=1e-4)
    assert shipped.electron_n_eff[0, -1] == pytest.approx(3.0 * (11.0 / 4.0) ** (4.0 / 3.0), rel=1e-4)


def test_interpolation_against_evolutions_between_the_nodes():
    checks = table.verify(SHIPPED, samples=16, seed=3, processes=1)
    assert len(checks) == 17
    assert all(check.passed for check in checks), [c for c in checks if not c.passed]


def test_where_n_eff_changes_fastest():
    shipped = table.load(SHIPPED)
    for mass, kappa in ((1.05e-3, 0.5), (2.42e-3, 2.0), (4.1e-3, 6.0), (9.3e-3, 30.0)):
        width = kappa * mass**2 / PLANCK_MASS
        direct = evolve(mass=mass, electron_width=width).n_eff
        excess = direct - shipped.standard_model
        assert float(shipped(mass, width)) - shipped.standard_model == pytest.approx(excess, rel=1e-3)


def test_edges():
    shipped = table.load(SHIPPED)
    lightest, heaviest = shipped.masses[[0, -1]]
    found = shipped([0.999 * lightest, lightest, heaviest, 1.001 * heaviest], 0.0)
    assert np.isnan(found[0])
    assert found[1:] == pytest.approx([shipped.n_eff[0], shipped.n_eff[-1], shipped.standard_model])
    # Wider than the table: its last column. Electrons below the masses of the table do not occur.
    last = shipped.kappas[-1] * 1e-4 / PLANCK_MASS
    assert float(shipped(1e-2, 1e9 * last)) == pytest.approx(float(shipped(1e-2, last)), rel=1e-12)
    assert shipped(np.full((2, 1), 1e-2), np.zeros((1, 3))).shape == (2, 3)


def test_result_does_not_depend_on_the_processes():
    arguments = (np.array([2e-3, 9e-3]), np.array([5e-3]), np.array([1e-2, 10.0]))
    texts = []
    first, attributes = table.compute(*arguments, processes=1, progress=lambda text, _: texts.append(text))
    second, _ = table.compute(*arguments, processes=2)
    for name, values in first.items():
        assert np.array_equal(values, second[name]), name
    assert texts[-1] == "4 of 4 evolutions"
    assert attributes["largest_energy_violation"] < ENERGY_TOLERANCE
    assert first["n_eff"][0] == evolve(mass=2e-3).n_eff


def test_a_wrong_standard_model_is_refused(monkeypatch):
    monkeypatch.setattr(table, "_STANDARD_MODEL", 3.0)
    with pytest.raises(ConvergenceError, match=r"comes out as 3\.045"):
        table.compute(np.array([1e-2]), np.array([1e-2]), np.array([1.0]))


def test_verification_finds_an_altered_table(tmp_path):
    content = read_table_file(SHIPPED, table.KIND)
    datasets = dict(content.datasets)
    datasets["electron_n_eff"] = 3.0 + 1.01 * (datasets["electron_n_eff"] - 3.0)
    kept = {k: v for k, v in content.attributes.items() if k in ("standard_model", "convention")}
    path = write_table(
        tmp_path / "n_eff.h5", kind=table.KIND, attributes=kept, datasets=datasets, units=content.units
    )
    assert not all(check.passed for check in table.verify(path, samples=6, seed=1, processes=1))


def test_bad_files(tmp_path):
    content = read_table_file(SHIPPED, table.KIND)
    datasets = {k: v for k, v in content.datasets.items() if k != "kappa"}
    path = write_table(
        tmp_path / "n_eff.h5", kind=table.KIND, attributes={}, datasets=datasets, units=content.units
    )
    with pytest.raises(GridError, match="does not hold what it should: rebuild it with `recast grid build n_eff"):
        table.load(path)
    with h5py.File(path, "r+") as file:
        file["n_eff"][3] = 4.0
    with pytest.raises(GridError, match="altered"):
        table.load(path)
    with pytest.raises(OutputExistsError, match="n_eff"):
        table.build(path)
