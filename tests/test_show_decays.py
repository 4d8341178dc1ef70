"""The decays that `recast show` prints and that figures draw."""

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner, Result

from recast.cli.main import main
from recast.decays import decay_table
from recast.errors import DocumentError, OutOfRangeError, RecastError
from recast.figures import compute, draw, load_recipe
from recast.model import U1Model, load_model

RECIPE = """
name: small
title: decays
kind: decays
points: 30
columns: 2
size: [8.0, 4.0]
x: {label: mass, unit: GeV, scale: log, range: [0.01, 10.0]}
y: {label: branching ratio, unit: dimensionless, range: [0.0, 1.0]}
colours: {ee: blue, hadrons: green}
lines: {ee: solid, hadrons: dashed}
panels: [{title: Dark photon, model: MODEL}]
decay_length:
  title: Decay length
  y: {label: length, unit: m, scale: log, range: [1.0e-17, 1.0e-10]}
  curves: [{model: le_lmu, colour: black}, {model: MODEL, colour: purple}]
caption: "Decays."
provenance:
  paper: "P. Ilten et al., JHEP 06 (2018) 004"
  place: "Fig. 1"
  inspire: "Ilten:2018crw"
  bibtex: "@article{Ilten:2018crw, title = {Serendipity}}"
"""


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words, prog_name="recast")


def u1(name: str) -> U1Model:
    model = load_model(name)
    assert isinstance(model, U1Model)
    return model


def test_json_has_everything() -> None:
    result = run("show", "lmu_ltau", "--mass", "0.3", "--mass", "1", "--coupling", "1e-3", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["model"] == "lmu_ltau"
    first, second = document["decays"]
    assert (first["mass"], second["mass"], first["coupling"]) == (0.3, 1.0, 1e-3)
    assert first["branching_ratios"]["mumu"] == pytest.approx(0.46974, abs=1e-5)
    assert math.fsum(first["branching_ratios"].values()) == pytest.approx(1.0, rel=1e-12)
    assert math.fsum(first["widths"].values()) == pytest.approx(first["total_width"], rel=1e-12)
    assert first["decay_length"] * first["total_width"] == pytest.approx(1.973269804e-16, rel=1e-9)


def test_without_a_coupling_widths_are_in_its_units() -> None:
    plain, given = decay_table(u1("lmu_ltau"), 0.3), decay_table(u1("lmu_ltau"), 0.3, coupling=2e-3)
    assert given.total_width == pytest.approx(4e-6 * plain.total_width, rel=1e-12)
    assert given.decay_length == pytest.approx(plain.decay_length / 4e-6, rel=1e-12)
    assert given.branching_ratios == plain.branching_ratios
    text = run("show", "lmu_ltau", "--mass", "0.3").stdout
    assert "g'^2 GeV" in text
    assert "g'^2 c tau = 1.3148e-14 m" in text


def test_a_boson_that_cannot_decay() -> None:
    assert "does not decay" in run("show", "dark_photon", "--mass", "0.001").stdout
    document = json.loads(run("show", "dark_photon", "--mass", "0.001", "--json").stdout)
    assert document["decays"][0]["decay_length"] is None


def test_charges_of_ones_own() -> None:
    words = ("show", "u1", "--charge", "e=1", "--charge", "mu=-1", "--json")
    assert json.loads(run(*words, "--mass", "1").stdout)["decays"][0]["branching_ratios"] == pytest.approx(
        decay_table(u1("le_lmu"), 1.0).branching_ratios, rel=1e-12
    )
    assert json.loads(run(*words).stdout)["charges"] == {"e": 1.0, "mu": -1.0, "tau": 0.0}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("contact", "--mass", "1"), "no decays"),
        (("lmu_ltau", "--mass", "-1"), "mass must be a positive finite number"),
        (("lmu_ltau", "--mass", "nan"), "mass must be a positive finite number"),
        (("lmu_ltau", "--mass", "1", "--coupling", "-1"), "coupling must be a finite number"),
        (("lmu_ltau", "--coupling", "1"), "--mass"),
        (("ccfr", "--mass", "1"), "a model is asked for here"),
        (("lmu_ltau", "--charge", "e=1"), "u1"),
        (("lmu_ltau", "--mixing", "none"), "--mixing"),
        (("u1", "--charge", "e=1", "--charge", "e=2"), "--charge gives e twice"),
        (("u1", "--axial", "e=1", "--axial", "e=1"), "--axial gives e twice"),
    ],
)
def test_bad_input(words: tuple[str, ...], message: str) -> None:
    result = run("show", *words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in result.stderr


@pytest.mark.parametrize(
    ("measurement", "charge"),
    [("n_eff", ("--axial", "mu=1")), ("bbn_2019", ("--epsilon", "1")), ("belle2_mono_photon", ("--axial", "e=1"))],
)
def test_charges_that_a_measurement_cannot_take(measurement: str, charge: tuple[str, str]) -> None:
    result = run("limit", "u1", measurement, *charge, "--mass", "0.1")
    assert result.exit_code == 2
    assert "does not apply" in result.stderr
    assert "not implemented" in result.stderr


def test_a_table_of_nonsense_is_refused() -> None:
    with pytest.raises(OutOfRangeError):
        decay_table(u1("lmu_ltau"), 0.0)


def recipe(tmp_path, model: str = "dark_photon", **changes: str):  # type: ignore[no-untyped-def]
    text = RECIPE.replace("MODEL", model)
    for old, new in changes.items():
        text = text.replace(old, new)
    path = tmp_path / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return load_recipe(path)


def test_a_figure_draws_what_is_computed(tmp_path) -> None:  # type: ignore[no-untyped-def]
    loaded = recipe(tmp_path)
    assert loaded.models == ("dark_photon", "le_lmu")
    assert {"Ilten:2018crw", "He:1990pn"} <= {source.inspire for source in loaded.citations}
    data = compute(loaded)
    (panel,) = data.panels
    at = int(np.searchsorted(data.mass, 1.019461))
    assert data.mass[at] == pytest.approx(1.019461, rel=1e-12)
    assert panel.branching_ratio["hadrons"][at] > 0.95
    expected = decay_table(u1("dark_photon"), float(data.mass[0]))
    assert panel.branching_ratio["ee"][0] == pytest.approx(expected.branching_ratios["ee"], rel=1e-12)
    assert data.lengths[1].length[0] == pytest.approx(expected.decay_length, rel=1e-12)
    figure = draw(data)
    first, second = figure.axes
    assert len(first.lines) == len(second.lines) == 2
    assert second.get_yscale() == "log"


def test_a_figure_without_decay_lengths(tmp_path) -> None:  # type: ignore[no-untyped-def]
    loaded = recipe(tmp_path).model_copy(update={"decay_length": None})
    assert len(draw(compute(loaded)).axes) == 1


def test_faults_of_a_recipe(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(RecastError, match="no decays"):
        compute(recipe(tmp_path, "contact"))
    with pytest.raises(DocumentError, match="same final states"):
        recipe(tmp_path, **{"lines: {ee: solid, ": "lines: {"})
    with pytest.raises(DocumentError, match="logarithmic"):
        recipe(tmp_path, **{"unit: m, scale: log": "unit: m"})
    with pytest.raises(DocumentError, match="masses begin above zero"):
        recipe(tmp_path, **{"scale: log, range: [0.01": "range: [0.0"})
    with pytest.raises(RecastError, match="no limits"):
        compute(recipe(tmp_path), expected=True)
