"""Skeletons: what is written works, and its tests pass."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from recast.catalog import Catalog
from recast.errors import NotApplicableError, OutputExistsError, RecastError, UnknownNameError
from recast.kit import check_file, new

KINDS = ("measurement", "model", "figure", "observable")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "my_folder"


def pytest_of(folder: Path) -> str:
    """Run the tests that the skeletons come with, with all warnings as errors."""
    words = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", folder / "tests"]
    finished = subprocess.run(words, cwd=folder.parent, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def test_all_skeletons_as_they_are_pass_their_tests(folder: Path) -> None:
    for kind in KINDS:
        made = new(kind, f"my_{kind}", folder=folder)
        assert all(Path(file).is_file() for file in made.files)
        assert made.next_steps
    assert "19 passed" in pytest_of(folder)


def test_options_fill_them_in(folder: Path) -> None:
    new("measurement", "lead", folder=folder, value=1.1, error=0.2, target="Pb208", energy=50.0, title="My experiment")
    new("model", "boson", folder=folder, charges={"mu": -3.0}, quarks=1 / 3)
    new("figure", "plane", folder=folder, model="boson", measurements=("ccfr", "lead"))
    catalog = Catalog([folder])
    lead, boson = catalog.measurement("lead"), catalog.model("boson")
    assert (lead.title, lead.data, lead.likelihood.side_errors) == ("My experiment", 1.1, (0.2, 0.2))
    assert (lead.observable.target, lead.observable.beams[0].energy) == ("Pb208", 50.0)
    assert boson.model_dump()["charges"] == {"e": 0.0, "mu": -3.0, "tau": 0.0}
    assert "quarks: 1/3" in (folder / "models" / "boson.yaml").read_text()
    assert catalog.plot("plane").measurements == ("ccfr", "lead")
    # What was given need not be replaced; where it comes from is left.
    remarks = check_file(folder / "measurements" / "lead.yaml").remarks
    assert len(remarks) == 4
    assert all(remark.line is not None and remark.line > 11 for remark in remarks)


def test_a_measurement_like_another(folder: Path) -> None:
    new("measurement", "mine", folder=folder, like="muon_g2:year=2025", value=1e-9, error=2e-10)
    mine = Catalog([folder]).measurement("mine")
    assert (mine.data, mine.observable.lepton) == (1e-9, "mu")
    new("measurement", "resonance", folder=folder, like="babar_4mu")
    assert Catalog([folder]).measurement("resonance").upper_limit_only


@pytest.mark.parametrize("like", ["charm_ii", "n_eff", "dune_nd_counts", "borexino", "lep_z_couplings"])
def test_likelihoods_of_all_kinds_can_be_taken_over(folder: Path, like: str) -> None:
    new("measurement", "mine", folder=folder, like=like)
    theirs = Catalog().measurement(like)
    assert type(Catalog([folder]).measurement("mine").likelihood) is type(theirs.likelihood)


@pytest.mark.parametrize(
    ("kind", "name", "options", "error", "message"),
    [
        ("measurement", "My-Experiment", {}, RecastError, "digits and underscores, such as my_experiment"),
        ("measurement", "1", {}, RecastError, "the name '1' must be of small letters, digits and underscores$"),
        ("measurement", "ccfr", {}, RecastError, "there is a measurement of the name 'ccfr' already, in .*ccfr.yaml"),
        ("model", "lmu_ltau", {}, RecastError, "there is a model of the name 'lmu_ltau' already"),
        ("observable", "trident_ratio", {}, RecastError, "there is an observable of the type 'trident_ratio' already"),
        ("measurement", "a", {"target": "lead"}, UnknownNameError, "unknown target 'lead': did you mean Pb208?"),
        ("measurement", "a", {"flux": "dune"}, UnknownNameError, "unknown flux 'dune'"),
        ("measurement", "a", {"channel": "numu_numu"}, RecastError, "numu_numu"),
        ("measurement", "a", {"like": "ccfrr"}, UnknownNameError, "did you mean ccfr?"),
        ("measurement", "a", {"like": "ccfr", "energy": 1.0}, RecastError, "--energy and --like do not go together"),
        ("measurement", "a", {"like": "ccfr", "value": 1.0}, RecastError, "give both --value and --error, or neither"),
        ("measurement", "a", {"flux": "ccfr_numu", "energy": 1.0}, RecastError, "give either --energy or --flux"),
        ("measurement", "a", {"charges": {"mu": 1.0}}, RecastError, "--charge is no option of a new measurement"),
        ("measurement", "a", {"title": 'a "b"'}, RecastError, "must be one line without quotation marks"),
        ("model", "a", {"value": 1.0}, RecastError, "--value is no option of a new model"),
        ("model", "a", {"charges": {"mu": 1.0}, "mixing": "one_loop"}, RecastError, "they sum to 1"),
        ("figure", "a", {"model": "contact"}, RecastError, "a plane of mass and coupling, which contact has not"),
        (
            "figure",
            "a",
            {"model": "b_minus_3lmu", "measurements": ("babar_dilepton",)},
            NotApplicableError,
            "without a coupling to electrons",
        ),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    folder: Path, kind: Any, name: str, options: dict[str, Any], error: type[RecastError], message: str
) -> None:
    with pytest.raises(error, match=message):
        new(kind, name, folder=folder, **options)
    assert not folder.exists()


def test_nothing_is_overwritten_unless_it_is_asked_for(folder: Path) -> None:
    new("model", "mine", folder=folder)
    file = folder / "models" / "mine.yaml"
    file.write_text(file.read_text().replace("mu: 1, tau: -1", "mu: 2, tau: -2"))
    with pytest.raises(OutputExistsError, match=r"mine\.yaml exists already: choose another name, or --force"):
        new("model", "mine", folder=folder)
    assert "mu: 2" in file.read_text()
    new("model", "mine", folder=folder, force=True)
    assert "mu: 2" not in file.read_text()
