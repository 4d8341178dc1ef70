"""The shipped table: accuracy, reproducibility, verification, bad files."""

import numpy as np
import pytest

from recast.errors import GridError, OutputExistsError
from recast.grid import grid_path
from recast.table_file import read_table_file, write_table
from recast.z_to_four_muons import table
from recast.z_to_four_muons.acceptance import signal_rates
from recast.z_to_four_muons.selection import Selection
from recast.z_to_four_muons.width import relative_width

SHIPPED = grid_path(table.KIND)


def test_monte_carlo_error_is_below_one_per_cent_at_every_mass():
    file = read_table_file(SHIPPED, table.KIND)
    data = file.datasets
    third = relative_width(data["mass"]) / 3.0  # BR(mu mu) of L_mu - L_tau
    total = third * data["acceptance"] + data["interference"]
    error = np.hypot(third * data["acceptance_error"], data["interference_error"]) / total
    error = np.hypot(error, (data["standard_model_error"] / data["standard_model"])[:, None])
    assert error.max() < 0.01
    assert file.units["mass"] == "GeV"


def test_between_the_nodes():
    from recast.observables.z_to_four_muons import _interpolation

    both = _interpolation("every_pair")
    for mass in (5.4, 9.2, 51.2):
        (found,) = signal_rates(mass, (Selection(),), events=120_000, seed=11)
        stored = float(both.at(np.asarray(mass))[0])
        assert stored == pytest.approx(found.value / float(relative_width(mass)), abs=4.0 * stored * 0.01)
    low, high = both.at(np.array([4.999, 70.001]))
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def test_acceptance_grows_with_the_mass_up_to_45_gev():
    content = table.load(SHIPPED, "every_pair")
    rising = content.acceptance[content.masses <= 45.0]
    assert np.all(np.diff(rising) > -0.01 * rising[1:])
    assert content.standard_model == pytest.approx(0.122, abs=0.002)
    # Interference of identical muons raises 4 mu above a quarter of all.
    assert content.share == pytest.approx(0.256, abs=0.001)


def test_result_does_not_depend_on_the_processes():
    first, attributes = table.compute((6.0, 30.0), seed=1, events=2000, processes=1)
    second, _ = table.compute((6.0, 30.0), seed=1, events=2000, processes=2)
    for name, values in first.items():
        assert np.array_equal(values, second[name]), name
    assert attributes["seed"] == 1
    other, _ = table.compute((6.0, 30.0), seed=2, events=2000, processes=2)
    assert not np.array_equal(first["acceptance"], other["acceptance"])


def test_verification_finds_an_altered_table(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "_EVENTS", 60_000)
    steps = []
    checks = table.verify(SHIPPED, samples=2, seed=3, progress=lambda text, done: steps.append((text, done)))
    assert [check.table for check in checks if not check.passed] == []
    assert steps[-1][1] == 1.0
    # Two masses, two selections, two quantities, and the Standard Model.
    assert len(checks) == 2 * 2 * 2 + 2
    stored = read_table_file(SHIPPED, table.KIND)
    datasets = {**stored.datasets, "acceptance": 1.2 * stored.datasets["acceptance"]}
    kept = ("selections", "seed", "four_muon_share")
    path = write_table(
        tmp_path / "altered.h5",
        kind=table.KIND,
        attributes={name: stored.attributes[name] for name in kept},
        datasets=datasets,
        units=stored.units,
    )
    wrong = {check.table.split(",")[0] for check in table.verify(path, samples=2, seed=3) if not check.passed}
    assert wrong == {"acceptance"}


def test_refusals(tmp_path):
    with pytest.raises(GridError, match="has the selections every_pair and chosen_pairs, not loose"):
        table.load(SHIPPED, "loose")
    path = tmp_path / "there.h5"
    path.write_text("")
    with pytest.raises(OutputExistsError, match="there.h5 exists"):
        table.build(path)
