"""What the page shows is what recast computes."""

from __future__ import annotations

import numpy as np
import pytest

from recast.errors import RecastError, UnknownNameError
from recast.explain import explain
from recast.explore import Exploration, explore
from recast.explore.data import Linear
from recast.explore.groups import GROUPS, group_of
from recast.limits import limit
from recast.measurement import load_measurement


def test_regions_are_those_of_limits(exploration: Exploration) -> None:
    (ccfr,) = (layer for layer in exploration.models[0].layers if layer.row.name == "ccfr")
    (band,) = ccfr.regions[1].bands[0]
    assert band.lower == pytest.approx(limit("lmu_ltau", "ccfr", band.mass).coupling)
    assert np.isinf(band.upper).all()


def test_tables_say_what_is_computed_at_any_point(exploration: Exploration) -> None:
    rng = np.random.default_rng(5)
    axes = exploration.axes
    for one in exploration.models:
        layers = {layer.row.name: layer for layer in one.layers}
        for _ in range(6):
            mass, coupling = (float(np.exp(rng.uniform(*np.log(ends)))) for ends in (axes.mass, axes.coupling))
            explanation = explain(one.model, measurements=exploration.measurements, mass=mass, coupling=coupling)
            for row in explanation.rows:
                if row.name not in layers:
                    assert row.verdict == "not applicable"
                    continue
                layer = layers[row.name]
                (root,) = layer.statistic.interpolated(np.array([mass]), np.array([coupling]))
                assert np.isnan(root) == (row.statistic is None)
                if row.statistic is None:
                    continue
                assert layer.thresholds[1] == pytest.approx(row.threshold)
                if 0.1 < row.statistic < 1e6 and row.name != "e137_andreas2012":
                    assert root**2 == pytest.approx(row.statistic, rel=0.05)
                if row.pull is not None and abs(row.pull) > 0.1:
                    assert np.sign(root) == np.sign(row.pull)
                if isinstance(layer.prediction, Linear) and abs(row.pull) < 1e3:
                    shown = layer.prediction.data + layer.prediction.error * root
                    assert shown == pytest.approx(row.prediction, rel=0.05, abs=0.05 * abs(layer.prediction.error))


def test_accuracy_is_measured(exploration: Exploration) -> None:
    known = {layer.row.name: layer.accuracy for layer in exploration.models[0].layers}
    for name in ("ccfr", "muon_g2", "lep_z_couplings", "na64mu", "babar_4mu"):
        assert known[name].percentile_95 < 0.03


def test_what_does_not_apply_says_why(exploration: Exploration) -> None:
    _, dark_photon = exploration.models
    assert [row.name for row in dark_photon.silent] == ["lep_z_couplings"]
    assert dark_photon.silent[0].reason
    assert (exploration.models[0].coupling, dark_photon.coupling) == ("coupling g′", "kinetic mixing ε")


def test_projections_are_not_shown_at_first(exploration: Exploration) -> None:
    shown = {layer.row.name: layer.shown for layer in exploration.models[0].layers}
    assert [name for name, on in shown.items() if not on] == ["dune_nd"]


def test_groups_are_told_apart_without_colours() -> None:
    assert len({group.colour for group in GROUPS.values()}) == len(GROUPS)
    hatches = [group.hatch for group in GROUPS.values() if group.hatch]
    assert len(set(hatches)) == len(hatches) == len(GROUPS) - 2
    found = {
        name: group_of(load_measurement(name)) for name in ("na64mu", "e137_bjorken2009", "ccfr", "babar_dilepton")
    }
    assert found == {
        "na64mu": "invisible",
        "e137_bjorken2009": "dumps",
        "ccfr": "tridents",
        "babar_dilepton": "pairs",
    }


def test_progress_names_every_layer() -> None:
    told: list[tuple[int, int, str]] = []
    explore("lmu_ltau", ["ccfr", "muon_g2"], progress=lambda *words: told.append(words))
    assert told == [(0, 2, "lmu_ltau, ccfr"), (1, 2, "lmu_ltau, muon_g2")]


def test_measurement_that_is_named_twice_is_one_layer() -> None:
    found = explore("lmu_ltau", ["ccfr", "ccfr"])
    assert [layer.row.name for layer in found.models[0].layers] == ["ccfr"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"models": "contact"}, "no plane of mass and coupling"),
        ({"models": []}, "no models"),
        ({"measurements": []}, "no measurements"),
        ({"mass": (1.0, 0.1)}, "range of the mass"),
        ({"coupling": (0.0, 0.1)}, "range of the coupling"),
        ({"confidence_levels": [95]}, "write 0.95 for 95%"),
        ({"confidence_levels": []}, "no confidence level"),
    ],
)
def test_what_cannot_be_explored(options: dict[str, object], message: str) -> None:
    with pytest.raises(RecastError, match=message):
        explore(**({"models": "lmu_ltau", "measurements": "ccfr"} | options))


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError, match="did you mean ccfr"):
        explore("lmu_ltau", "cfr")
