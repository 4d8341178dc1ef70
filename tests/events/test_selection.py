"""Selections: files, cuts, cut flows and smearing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from recast.catalog import Catalog
from recast.channels import Channel
from recast.cli import main
from recast.constants import LEPTON_MASS
from recast.errors import DocumentError, NotApplicableError, OutOfRangeError, UnknownNameError
from recast.events.events import Events
from recast.events.quantities import angle_between, kinetic_energy, quantity
from recast.events.selection import Selection, build_selection, load_selection, shipped_selections
from recast.events.smearing import stream
from recast.kit import json_schema
from tests.events.samples import random_events

TEXT = """\
name: {name}
title: "Two muons, narrow"
cuts:
  - {{quantity: opening_angle, max: 0.5, source: "He:1991qd, Sec. 3"}}
  - {{quantity: energy_lower, min: 0.2}}
smearing:
  - {{particle: muons, energy: 0.06, angle: 0.01}}
provenance:
  selection:
    paper: "A paper"
    place: "Sec. 3"
    inspire: "He:1991qd"
    bibtex: "@article{{He:1991qd, year = 1991}}"
"""


def selection(*cuts: dict[str, Any], smearing: Any = (), **keys: Any) -> Selection:
    return build_selection({"name": "mine", "title": "Mine", "cuts": list(cuts), "smearing": list(smearing)} | keys)


def cut(quantity: str, **ends: Any) -> dict[str, Any]:
    return {"quantity": quantity, **ends}


def on_shell(momenta: Any, mass: Any) -> None:
    squared = np.sum(momenta[:, 1:] ** 2, axis=1)
    np.testing.assert_allclose(momenta[:, 0], np.sqrt(squared + mass**2), rtol=1e-12)


# Cuts


def test_events_pass_when_they_pass_every_cut() -> None:
    events = random_events(1000)
    found = selection(cut("opening_angle", max=1.0), cut("energy_lower", min=0.3, max=5.0))
    energy = np.minimum(events.minus[:, 0], events.plus[:, 0])
    expected = (quantity("opening_angle")(events) <= 1.0) & (energy >= 0.3) & (energy <= 5.0)
    np.testing.assert_array_equal(found.passes(events), expected)
    assert 0 < expected.sum() < 1000


def test_the_ends_of_an_interval_belong_to_it() -> None:
    events = random_events(50)
    value = float(quantity("pair_energy")(events)[7])
    passed = selection(cut("pair_energy", min=value, max=value)).passes(events)
    assert np.flatnonzero(passed).tolist() == [7]


def test_without_cuts_everything_passes() -> None:
    assert selection().passes(random_events(10)).all()
    assert selection().cut_flow(random_events(10)) == ()


def test_what_is_not_a_number_does_not_pass() -> None:
    events = random_events(3)
    momenta = events.momenta.copy()
    momenta[3, 1] = np.nan
    passed = selection(cut("opening_angle", min=0.0)).passes(replace(events, momenta=momenta))
    assert passed.tolist() == [True, False, True]


@given(st.floats(0.0, 3.2), st.floats(0.0, 3.2))
def test_a_wider_cut_passes_what_a_narrower_one_does(a: float, b: float) -> None:
    events = random_events(200)
    narrow, wide = (selection(cut("opening_angle", max=end)).passes(events) for end in sorted((a, b)))
    assert not (narrow & ~wide).any()


def test_cuts_say_what_they_keep() -> None:
    cuts = (cut("opening_angle", max=0.09), cut("energy_lower", min=0.1), cut("energy_sharing", min=0.1, max=1))
    words = ["opening_angle <= 0.09 rad", "energy_lower >= 0.1 GeV", "0.1 <= energy_sharing <= 1"]
    found = selection(*cuts)
    assert [str(entry) for entry in found.cuts] == words


def test_whether_charges_are_told_apart() -> None:
    assert selection(cut("energy_minus", min=1.0)).uses_charge
    assert not selection(cut("energy_lower", min=1.0), cut("energy_mu", min=1.0)).uses_charge


def test_a_cut_on_one_flavour_needs_an_unlike_pair() -> None:
    found = selection(cut("energy_e", min=1.0))
    found.check(Channel.parse("numu_nue_mu-e+"))
    with pytest.raises(NotApplicableError, match="energy_e is that of an unlike pair"):
        found.check(Channel.parse("numu_numu_mu-mu+"))
    with pytest.raises(NotApplicableError, match="energy_e is that of an unlike pair"):
        found.passes(random_events(3))


def test_the_digest_is_that_of_what_decides() -> None:
    found = selection(cut("opening_angle", max=1.0))
    assert found.digest == selection(cut("opening_angle", max=1.0, note="said"), title="Other", notes=["x"]).digest
    others = [
        selection(cut("opening_angle", max=1.1)),
        selection(cut("opening_angle", min=1.0)),
        selection(cut("opening_angle", max=1.0), smearing=[{"particle": "muons", "angle": 0.1}]),
    ]
    assert len({other.digest for other in (found, *others)}) == 4


# Cut flows


def test_a_cut_flow_counts_weights() -> None:
    events = random_events(2000)
    found = selection(cut("opening_angle", max=1.0), cut("energy_lower", min=0.5))
    rows = found.cut_flow(events)
    assert [row.cut for row in rows] == [str(entry) for entry in found.cuts]
    weight, masks = events.weight, [entry.passes(events) for entry in found.cuts]
    assert rows[0].fraction == rows[0].alone == pytest.approx(weight[masks[0]].sum() / weight.sum())
    assert rows[1].fraction == pytest.approx(weight[masks[0] & masks[1]].sum() / weight.sum())
    assert rows[1].alone == pytest.approx(weight[masks[1]].sum() / weight.sum())
    assert rows[1].fraction < min(rows[0].fraction, rows[1].alone)


def test_the_error_of_a_fraction_is_that_of_many_samples() -> None:
    found = selection(cut("opening_angle", max=1.0))
    rows = [found.cut_flow(random_events(400, seed=seed))[0] for seed in range(300)]
    scatter = np.std([row.fraction for row in rows])
    assert np.mean([row.error for row in rows]) == pytest.approx(scatter, rel=0.15)
    # Of unit weights, the error is the binomial one.
    events = random_events(400)
    row = found.cut_flow(replace(events, weight=np.ones(400)))[0]
    assert row.error == pytest.approx(np.sqrt(row.fraction * (1.0 - row.fraction) / 400))


def test_a_cut_flow_of_no_events_knows_nothing() -> None:
    (row,) = selection(cut("opening_angle", max=1.0)).cut_flow(random_events(3)[:0])
    assert np.isnan([row.fraction, row.error, row.alone]).all()


# Smearing


def smeared(events: Events, *smearing: dict[str, Any], seed: int = 0) -> Events:
    return selection(smearing=smearing).measured(events, random=seed)


def test_what_has_no_resolution_stays_as_it_is() -> None:
    events = random_events(300, channel="numu_nue_mu-e+")
    result = smeared(events, {"particle": "muons", "energy": 0.1, "angle": 0.02})
    for row in (0, 1, 2, 4, 5):
        np.testing.assert_array_equal(result.momenta[row], events.momenta[row])
    assert (result.minus != events.minus).all()
    for name in ("weight", "structures", "k2", "q2", "scatterer"):
        assert getattr(result, name) is getattr(events, name)
    assert smeared(events) is events
    assert smeared(events, {"particle": "taus", "energy": 0.1}).momenta.tobytes() == events.momenta.tobytes()


def test_smeared_particles_are_on_their_mass_shells() -> None:
    events = random_events(3000)
    leptons, hadrons = {"particle": "leptons", "energy": 0.5, "angle": 0.3}, {"particle": "hadrons", "energy": 0.5}
    result = smeared(events, leptons, hadrons)
    on_shell(result.minus, LEPTON_MASS["mu"])
    on_shell(result.plus, LEPTON_MASS["mu"])
    on_shell(result.recoil, events.at_rest[:, 0])
    assert np.isfinite(result.momenta).all()


def test_of_the_recoil_only_nucleons_are_smeared_and_keep_their_direction() -> None:
    events = random_events(300)
    result = smeared(events, {"particle": "hadrons", "energy": {"stochastic": 0.3}})
    changed = (result.recoil != events.recoil).any(axis=1)
    np.testing.assert_array_equal(changed, ~events.coherent)
    moving = kinetic_energy(result.recoil, events.at_rest[:, 0]) > 0.0
    assert angle_between(result.recoil[moving, 1:], events.recoil[moving, 1:]).max() < 1e-12
    np.testing.assert_array_equal(result.minus, events.minus)


@pytest.mark.parametrize(
    ("energy", "sigma"),
    [
        (0.05, lambda t: 0.05 * t),
        ({"stochastic": 0.03}, lambda t: 0.03 * np.sqrt(t)),
        ({"constant": 0.02, "stochastic": 0.03}, lambda t: np.hypot(0.02 * t, 0.03 * np.sqrt(t))),
    ],
)
def test_energies_scatter_as_the_resolution_says(energy: Any, sigma: Any) -> None:
    events = random_events(20_000)
    result = smeared(events, {"particle": "muons", "energy": energy})
    mass = LEPTON_MASS["mu"]
    for before, after in ((events.minus, result.minus), (events.plus, result.plus)):
        kinetic = kinetic_energy(before, mass)
        high = kinetic > 0.1  # five standard deviations above nothing
        pull = (after[:, 0] - before[:, 0])[high] / sigma(kinetic[high])
        assert abs(pull.mean()) < 4.0 / np.sqrt(pull.size)
        assert pull.std() == pytest.approx(1.0, abs=4.0 / np.sqrt(2.0 * pull.size))
        assert angle_between(before[:, 1:], after[:, 1:]).max() < 1e-12


@pytest.mark.parametrize("pole", [None, (0.0, 0.0, 1.0), (0.0, 0.0, -1.0), (1e-9, 0.0, -1.0)])
def test_directions_scatter_in_both_planes(pole: tuple[float, float, float] | None) -> None:
    events = random_events(20_000)
    if pole is not None:
        momenta = events.momenta.copy()
        momenta[3] = np.array([np.hypot(1.0, LEPTON_MASS["mu"]), *pole])
        events = replace(events, momenta=momenta)
    result = smeared(events, {"particle": "muons", "angle": 0.01})
    turned = angle_between(events.minus[:, 1:], result.minus[:, 1:])
    # The square of the angle in units of sigma^2 is chi-squared of two degrees of freedom: mean 2, variance 4.
    assert np.mean((turned / 0.01) ** 2) == pytest.approx(2.0, abs=4.0 * 2.0 / np.sqrt(20_000))
    np.testing.assert_allclose(result.minus[:, 0], events.minus[:, 0], rtol=1e-14)
    if pole is not None:
        planes = result.minus[:, 1:3].std(axis=0)
        np.testing.assert_allclose(planes, 0.01, rtol=0.02)
        assert abs(np.corrcoef(result.minus[:, 1], result.minus[:, 2])[0, 1]) < 0.03


def test_energies_do_not_fall_below_the_mass() -> None:
    events = random_events(1000)
    result = smeared(events, {"particle": "muons", "energy": 3.0})
    assert (result.minus[:, 0] >= LEPTON_MASS["mu"]).all()
    at_rest = result.minus[:, 0] == LEPTON_MASS["mu"]
    assert at_rest.any()
    assert not result.minus[at_rest, 1:].any()


def test_the_result_depends_on_the_seed_only() -> None:
    events = random_events(500)
    found = build_selection(
        {
            "name": "mine",
            "title": "Mine",
            "cuts": [cut("energy_lower", min=0.5), cut("opening_angle", max=1.0)],
            "smearing": [{"particle": "muons", "energy": 0.2, "angle": 0.2}, {"particle": "hadrons", "energy": 0.2}],
        }
    )
    passed = found.passes(events, random=3)
    np.testing.assert_array_equal(found.passes(events, random=3), passed)
    np.testing.assert_array_equal(found.passes(events, random=np.int64(3)), passed)
    assert (found.passes(events, random=4) != passed).any()
    # In parts, with one generator handed on.
    random = stream(3)
    parts = [found.passes(events[part], random=random) for part in (slice(0, 1), slice(1, 340), slice(340, None))]
    np.testing.assert_array_equal(np.concatenate(parts), passed)
    # A resolution of other particles leaves the muons as they were.
    muons = smeared(events, {"particle": "muons", "energy": 0.2, "angle": 0.2}, seed=3)
    np.testing.assert_array_equal(found.measured(events, random=3).minus, muons.minus)
    assert found.cut_flow(events, random=3)[-1].fraction == pytest.approx(
        events.weight[passed].sum() / events.weight.sum()
    )


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(OutOfRangeError, match="from 0 on, not -1"):
        selection().passes(random_events(2), random=-1)


# Files


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"cuts": [cut("opening_angel", max=1.0)]}, "cuts.0.quantity: unknown quantity 'opening_angel': did you mean"),
        ({"cuts": [cut("opening_angle")]}, "a cut on opening_angle needs 'min', 'max' or both"),
        ({"cuts": [cut("opening_angle", min=2.0, max=1.0)]}, "nothing lies between min = 2 and max = 1"),
        ({"cuts": [cut("opening_angle", maximum=2.0)]}, "unknown key 'cuts.0.maximum': did you mean max"),
        ({"cuts": [cut("opening_angle", max=True)]}, "a number, not true"),
        ({"cuts": [cut("opening_angle", max=float("inf"))]}, "finite"),
        ({"smearing": [{"particle": "muon", "energy": 0.1}]}, "did you mean muons"),
        ({"smearing": [{"particle": "muons"}]}, "give a resolution of 'energy' or of 'angle'"),
        ({"smearing": [{"particle": "muons", "energy": -0.1}]}, "smearing.0.energy.*greater than or equal to 0"),
        ({"smearing": [{"particle": "muons", "energy": {"constnt": 0.1}}]}, "did you mean constant"),
        ({"smearing": [{"particle": "hadrons", "energy": 0.1, "angle": 0.1}]}, "leave 'angle' away"),
        (
            {"smearing": [{"particle": "muons", "energy": 0.1}, {"particle": "leptons", "angle": 0.1}]},
            "the resolution of muons is given twice",
        ),
        ({"cuts": [cut("opening_angle", max=1.0, source="somewhere")]}, "must begin with an INSPIRE key"),
        ({"title": None}, "title"),
        ({"name": "Mine!"}, "name"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(keys: dict[str, Any], message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        build_selection({"name": "mine", "title": "Mine", "cuts": [], **keys})


def test_a_missing_key_is_told() -> None:
    with pytest.raises(DocumentError, match="the key 'cuts' is missing"):
        build_selection({"name": "mine", "title": "Mine"})


def plugin(folder: Path, name: str = "mine", *, file: str = "mine") -> Path:
    (folder / "selections").mkdir(parents=True, exist_ok=True)
    (folder / "selections" / f"{file}.yaml").write_text(TEXT.format(name=name))
    return folder


def test_selections_of_a_plugin_folder(tmp_path: Path) -> None:
    folder = plugin(tmp_path)
    found = load_selection("mine", plugins=[folder])
    assert found == load_selection(folder / "selections" / "mine.yaml")
    assert found == Catalog([folder]).find("mine") == Catalog().find(str(folder / "selections" / "mine.yaml"))
    assert found.smearing[0].energy is not None
    assert found.smearing[0].energy.constant == 0.06
    assert [source.inspire for source in found.citations] == ["He:1991qd"]
    assert "mine" not in shipped_selections()


def test_names_of_files(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown selection 'min': did you mean mine"):
        load_selection("min", plugins=[plugin(tmp_path)])
    with pytest.raises(DocumentError, match="the name 'other' is not that of the file"):
        load_selection("third", plugins=[plugin(tmp_path, "other", file="third")])
    with pytest.raises(UnknownNameError, match="'ccfr' is a measurement, and a selection is asked for here"):
        load_selection("ccfr")


def test_commands(tmp_path: Path) -> None:
    folder = str(plugin(tmp_path))

    def run(*words: str) -> str:
        result = CliRunner().invoke(main, ["--plugins", folder, *words])
        assert result.exit_code == 0, result.output
        return result.output

    assert "Two muons, narrow" in run("list", "selections")
    assert {"name": "mine", "title": "Two muons, narrow"} in json.loads(run("list", "--json"))["selections"]
    assert json.loads(run("show", "mine", "--json"))["cuts"][1] == {"quantity": "energy_lower", "min": 0.2}
    assert "@article{He:1991qd" in run("cite", "mine")
    output = run("check", f"{folder}/selections/mine.yaml")
    assert "selection, nothing to mend" in output
    assert "keeps opening_angle <= 0.5 rad and energy_lower >= 0.2 GeV" in output


def test_the_schema_for_editors(tmp_path: Path) -> None:
    schema = json_schema("selection")
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    good: dict[str, Any] = {"name": "mine", "title": "Mine", "cuts": [cut("opening_angle", max=0.1)]}
    assert validator.is_valid(good)
    for energy in (0.1, {"stochastic": 0.1}):
        assert validator.is_valid(good | {"smearing": [{"particle": "muons", "energy": energy}]})
    assert not validator.is_valid(good | {"cuts": [cut("opening_angel", max=0.1)]})
    assert not validator.is_valid(good | {"smearing": [{"particle": "muons", "energy": "good"}]})


@pytest.mark.parametrize("name", shipped_selections())
def test_shipped_selections_have_sources_and_keep_something(name: str) -> None:
    found = load_selection(name)
    assert found.citations
    for entry in (*found.cuts, *found.smearing):
        assert entry.source, f"{name}: where does {entry} come from?"
