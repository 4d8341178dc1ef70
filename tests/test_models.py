"""Models: the shipped files, their parameters, and what is said of a bad file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import recast
from recast.catalog import Catalog
from recast.channels import Channel
from recast.errors import DocumentError, OutOfRangeError, RecastError, UnknownNameError
from recast.model import ContactModel, U1Model, load_model

SHIPPED = Catalog().names("models")

CHARGES = "charges: {e: 0, mu: 1, tau: -1}"
GOOD = """\
name: mine
title: "Mine"
kind: u1
charges: {e: 0, mu: 1, tau: -1}
mixing: none
provenance:
  model:
    paper: "He, Joshi, Lew, Volkas"
    place: "Eq. 1"
    inspire: "He:1991qd"
    bibtex: "@article{He:1991qd, year = 1991}"
"""


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_model_names_its_sources(name: str) -> None:
    model = load_model(name)
    assert model.name == name
    assert model.citations
    for source in model.citations:
        assert source.bibtex.strip().startswith(f"@article{{{source.inspire},")
        assert source.bibtex.strip().endswith("}")
        assert source.bibtex.count("{") == source.bibtex.count("}")
        assert source.doi is None or source.doi in source.bibtex
        assert source.arxiv is None or source.arxiv in source.bibtex


@pytest.mark.parametrize(
    ("name", "charges"), [("lmu_ltau", {"e": 0, "mu": 1, "tau": -1}), ("le_lmu", {"e": 1, "mu": -1, "tau": 0})]
)
def test_charges_of_the_shipped_models(name: str, charges: dict[str, float]) -> None:
    model = load_model(name)
    assert isinstance(model, U1Model)
    assert model.parameters == ("mass", "coupling")
    assert model.charges.model_dump() == charges
    (mediator,) = model(mass=0.1, coupling=1e-3).mediators or ()
    assert dict(mediator.charges) == charges


def test_charges_are_anomaly_free_differences() -> None:
    for name in ("lmu_ltau", "le_lmu"):
        model = load_model(name)
        assert isinstance(model, U1Model)
        charges = np.array(list(model.charges.model_dump().values()))
        assert charges.sum() == 0
        assert (charges**3).sum() == 0


def test_the_contact_model_shifts_muon_neutrinos_and_muons() -> None:
    model = load_model("contact")
    assert isinstance(model, ContactModel)
    assert model.parameters == ("dgv", "dga")
    interaction = model(dgv=0.5, dga=[-1.0, 1.0])
    assert interaction.shape == (2,)
    assert len(interaction.shifts(Channel.parse("numu_numu_mu-mu+"))) == 2
    assert interaction.shifts(Channel.parse("numu_numu_e-e+")) == ()
    assert interaction.shifts(Channel.parse("numu_nue_mu-e+")) == ()


def test_electrons_feel_only_the_model_that_charges_them() -> None:
    electrons = Channel.parse("numu_numu_e-e+")
    assert load_model("lmu_ltau")(mass=1.0, coupling=1.0).shifts(electrons) == ()
    (shift,) = load_model("le_lmu")(mass=1.0, coupling=1.0).shifts(electrons)
    assert shift.profile(np.array([0.0])) < 0.0


def test_parameters_broadcast() -> None:
    model = recast.load_model("lmu_ltau")
    assert model(mass=np.ones((4, 1)), coupling=np.ones((1, 3))).shape == (4, 3)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"mass": 0.1}, RecastError, "model 'lmu_ltau' needs mass and coupling: coupling not given"),
        ({}, RecastError, "mass and coupling not given"),
        ({"mas": 0.1}, UnknownNameError, r"unknown parameter of model 'lmu_ltau': 'mas': did you mean mass\?"),
        ({"dgv": 0.1, "dga": 0.1}, UnknownNameError, r"'dgv' \(known: mass, coupling, charge_e"),
        ({"mass": -0.1, "coupling": 1.0}, OutOfRangeError, "the mass must be a positive finite number, not -0.1"),
        ({"mass": 0.1, "coupling": "x"}, OutOfRangeError, "the coupling must be a finite number.*, not 'x'"),
    ],
)
def test_bad_parameters(parameters: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        load_model("lmu_ltau")(**parameters)


def test_an_unknown_model() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown model 'lmu_ltu': did you mean lmu_ltau\?"):
        load_model("lmu_ltu")


def test_a_model_is_frozen() -> None:
    model = load_model("lmu_ltau")
    with pytest.raises(ValueError, match="frozen"):
        model.title = "another"  # type: ignore[misc]


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "some_file.yaml"
    file.write_text(GOOD)
    assert load_model(file).name == "mine"


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        (CHARGES, "charges: {e: 0, mu: 1}", 4, "the key 'charges.tau' is missing"),
        (CHARGES, "charges: {e: 0, mu: x, tau: -1}", 4, "charges.mu should be a valid number"),
        (CHARGES, "charges: {e: 0, mu: .inf, tau: -1}", 4, "charges.mu should be a finite number"),
        (CHARGES, "charges: {e: 0, mu: 0, tau: 0}", 1, "the boson would couple to nothing"),
        (CHARGES, "charges: {e: 0, mu: true, tau: 0}", 4, "charges.mu: this should be a number, not true"),
        (CHARGES, "charges: {e: 0, mu: 1e4, tau: 0}", 4, "charges.mu: a charge is a number up to 1000, not 10000"),
        ("charges:", "charge:", 4, r"unknown key 'charge': did you mean charges\?"),
        ("tau: -1", "taau: -1", 4, r"unknown key 'charges.taau': did you mean tau\?"),
        ("mixing: none", "mixing: tree", 5, r"mixing cannot be 'tree' \(known: none, one_loop, fixed\)"),
        ("mixing: none\n", "mixing: none\nmass: -1\n", 6, "unknown key 'mass'"),
        ("kind: u1", "kind: u3", 3, r"kind cannot be 'u3' \(known: u1, contact\)|did you mean u1"),
        ("kind: u1\n", "", 1, "the key 'kind' is missing"),
        ("name: mine", "name: Not A Name", 1, "name string should match pattern|name should"),
        ('    place: "Eq. 1"\n', "", 7, "the key 'provenance.model.place' is missing"),
        ("He:1991qd, year", "He:1990pn, year", 7, "has the key 'He:1990pn', but inspire says 'He:1991qd'"),
        ('"@article{He:1991qd, year = 1991}"', '"He 1991"', 7, "bibtex is not a BibTeX entry"),
    ],
)
def test_a_bad_file_is_told_with_line_and_key(tmp_path: Path, old: str, new: str, line: int, message: str) -> None:
    assert GOOD.count(old) == 1
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD.replace(old, new))
    with pytest.raises(DocumentError, match=message) as caught:
        load_model(file)
    assert str(caught.value).startswith(f"{file}, line {line}: ")
    assert "\n" not in str(caught.value)


def test_loop_mixing_needs_charges_that_sum_to_zero(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(GOOD.replace("tau: -1", "tau: 0").replace("mixing: none", "mixing: one_loop"))
    with pytest.raises(DocumentError, match="needs charges of leptons that sum to zero.*; they sum to 1"):
        load_model(file)


@pytest.mark.parametrize(("name", "default"), [("lmu_ltau", "one_loop"), ("le_lmu", "none")])
def test_mixing_is_a_variant_of_the_shipped_models(name: str, default: str) -> None:
    model = load_model(name)
    assert (model.label, model.mixing) == (name, default)
    for choice in ("none", "one_loop"):
        chosen = load_model(f"{name}:mixing={choice}")
        assert chosen.mixing == choice
        assert chosen.label == (name if choice == default else f"{name}:mixing={choice}")
        (mediator,) = chosen(mass=0.1, coupling=1e-3).mediators or ()
        assert mediator.mixing == choice
    with pytest.raises(UnknownNameError, match="tree"):
        load_model(f"{name}:mixing=tree")
