"""Checks: every fault, its line, and what belongs there."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from recast.catalog import KINDS, Catalog
from recast.cli import main
from recast.kit import check_file, new
from recast.kit.check import check_folder

SCAN = """\
model: lmu_ltau
measurements: [ccfr]
parameters:
  mass: {min: 1.0e-3, max: 100, points: 6}
  coupling: {min: 1.0e-4, max: 1, points: 5}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "my_folder"
    new("measurement", "mine", folder=folder)
    new("model", "mine", folder=folder)
    new("figure", "mine", folder=folder)
    return folder


def mended(file: Path, *changes: tuple[str, str]) -> Path:
    """Change a file."""
    text = file.read_text(encoding="utf-8")
    for old, new_text in changes:
        assert old in text
        text = text.replace(old, new_text, 1)
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_ships_has_to_be_mended(kind: Any) -> None:
    catalog = Catalog()
    # Each kind of physics once: all of them take long.
    names = catalog.names(kind) if kind == "models" else catalog.names(kind)[::6]
    reports = [check_file(str(catalog.file(kind, name))) for name in names]
    assert [(report.file, report.faults) for report in reports if not report.valid] == []
    assert {report.kind for report in reports} == {{"plots": "figure"}.get(kind, kind.removesuffix("s"))}


@pytest.mark.slow
def test_no_measurement_that_ships_has_to_be_mended() -> None:
    catalog = Catalog()
    for kind in KINDS:
        for name in catalog.names(kind):
            report = check_file(str(catalog.file(kind, name)))
            assert report.valid, (name, report.faults)


def test_a_good_measurement_says_what_it_predicts(folder: Path) -> None:
    report = check_file(folder / "measurements" / "mine.yaml")
    assert report.valid
    assert "predicts: Trident rate in units of its Standard Model value." in report.facts
    assert "Standard Model: 1; data: 1.1 +- 0.2, 0.5 standard deviations away" in report.facts
    assert any(fact.startswith("excludes in lmu_ltau at 0.1 GeV: couplings above") for fact in report.facts)


def test_every_fault_is_told_with_its_line_and_what_belongs_there(folder: Path) -> None:
    file = folder / "measurements" / "mine.yaml"
    mended(file, ("energy: 50", "energi: 50"), ("error: 0.2", "error: -0.2"), ("regime: coherent", "regime: coherant"))
    faults = {fault.key: fault for fault in check_file(file).faults}
    assert set(faults) == {"observable.regime", "observable.beams.0.energi", "likelihood.error"}
    assert faults["observable.regime"].line == 7
    assert "did you mean coherent?" in faults["observable.regime"].message
    assert "did you mean energy?" in faults["observable.beams.0.energi"].message
    assert "GeV" in faults["observable.beams.0.energi"].meaning
    assert faults["likelihood.error"].meaning == "One standard deviation, in the same unit."
    assert not check_file(file).facts


@pytest.mark.parametrize(
    ("old", "changed", "key", "message", "meaning"),
    [
        ("target: Pb208", "target: lead", "observable.target", "did you mean Pb208?", ""),
        ("type: trident_ratio", "type: trident_ration", "observable.type", "did you mean trident_ratio?", ""),
        ("energy: 50", "flux: ccfr_numu_", "observable.beams.0.flux", "did you mean ccfr_numu?", ""),
        ("energy: 50", "energy: 5e6", "", "5e", ""),
        ("mu-mu+", "mu-mu", "observable.beams.0.channel", "did you mean numu_numu_mu-mu+?", "flux column"),
        ("likelihood:", "likelyhood:", "likelihood", "section 'likelihood' is missing", ""),
        ("name: mine", "name: other", "name", "is not that of the file", ""),
        ("inspire: ", "inspire: A", "provenance.value", "the BibTeX entry has the key", ""),
    ],
)
def test_faults_of_measurements(
    folder: Path, old: str, changed: str, key: str, message: str, meaning: str
) -> None:
    file = folder / "measurements" / "mine.yaml"
    if old == "inspire: ":
        mended(file, ('inspire: "Mine', 'inspire: "Thine'))
    else:
        mended(file, (old, changed))
    (fault,) = check_file(file).faults
    assert fault.key == key
    assert message in fault.message
    assert meaning in fault.meaning
    assert "\n" not in fault.message


def test_variants_are_tried_as_well(folder: Path) -> None:
    file = folder / "measurements" / "mine.yaml"
    text = file.read_text() + (
        "variants:\n  beam:\n    default: one\n    choices:\n      one: {}\n      two: {observable: {target: Xy3}}\n"
    )
    file.write_text(text)
    (fault,) = check_file(file).faults
    assert fault.message.startswith("variant beam=two: ")
    assert "unknown target 'Xy3'" in fault.message
    assert fault.line == len(text.splitlines())


def test_data_far_from_the_standard_model_are_asked_about(folder: Path) -> None:
    file = mended(folder / "measurements" / "mine.yaml", ("value: 1.1, error: 0.2", "value: 110, error: 20"))
    assert any("are value and error in the unit of the prediction?" in r.message for r in check_file(file).remarks)


def test_charges_with_anomalies_are_remarked_upon(folder: Path) -> None:
    file = mended(folder / "models" / "mine.yaml", ("tau: -1", "tau: 1"))
    report = check_file(file)
    assert report.valid
    assert any("sum to 2, not to 0: the anomaly" in remark.message for remark in report.remarks)


def test_figures_name_what_exists_and_what_applies(folder: Path) -> None:
    file = folder / "plots" / "mine.yaml"
    mended(file, ("measurement: ccfr", "measurement: ccfrr"), ("model: lmu_ltau", "model: lmu"))
    faults = {fault.key: fault for fault in check_file(file).faults}
    assert "did you mean ccfr?" in faults["layers.0.measurement"].message
    assert "unknown model 'lmu'" in faults["model"].message
    mended(file, ("measurement: ccfrr", "measurement: babar_dilepton"), ("model: lmu", "model: b_minus_3lmu"))
    (fault,) = check_file(file).faults
    assert "babar_dilepton has nothing to say about b_minus_3lmu" in fault.message


@pytest.mark.parametrize(
    ("old", "changed", "message"),
    [
        ("", "", None),
        ("points: 6", "point: 6", "unknown key 'parameters.mass.point'"),
        ("model: lmu_ltau", "model: lmu_ltu", "did you mean lmu_ltau?"),
        ("ccfr", "ccfr:data=count", "unknown choice of ccfr:data 'count'"),
        ("mass:", "mas:", "unknown parameter of lmu_ltau 'mas': did you mean mass?"),
    ],
)
def test_scans(tmp_path: Path, old: str, changed: str, message: str | None) -> None:
    file = tmp_path / "plane.yaml"
    file.write_text(SCAN.replace(old, changed))
    report = check_file(file)
    assert report.kind == "scan"
    if message is None:
        assert report.facts == ("30 points of mass, coupling",)
    else:
        assert any(message in fault.message for fault in report.faults)


def test_other_files(tmp_path: Path) -> None:
    (tmp_path / "glass.yaml").write_text("name: glass\natoms: {Si28: 1, O16: 2}\n")
    (tmp_path / "bad.yaml").write_text("name: glass\natoms: {Si29: 1}\n")
    (tmp_path / "beam.csv").write_text(
        "# title: t\n# units: 1/GeV\n# source: s\nenergy,numu\n1,2\n2,3\n"
    )
    (tmp_path / "odd.yaml").write_text("a: 1\n")
    (tmp_path / "list.yaml").write_text("- a\n")
    assert check_file(tmp_path / "glass.yaml").facts[0].startswith("a formula unit of glass: 1 Si28, 2 O16; 60.0")
    assert "did you mean Si28?" in check_file(tmp_path / "bad.yaml").faults[0].message
    assert check_file(tmp_path / "beam.csv").facts == ("numu from 1 to 2 GeV in 1/GeV",)
    assert "no key tells what this is" in check_file(tmp_path / "odd.yaml").faults[0].message
    assert check_file(tmp_path / "list.yaml").faults[0].line == 1
    assert "there is no such file" in check_file(tmp_path / "none.yaml").faults[0].message


@pytest.mark.parametrize(
    ("package", "name", "kind"), [("recast.grids", "trident.yaml", "grids"), ("recast.data", "ledger.yaml", "ledger")]
)
def test_files_of_recast_itself(package: str, name: str, kind: str) -> None:
    report = check_file(str(resources.files(package).joinpath(name)))
    assert (report.kind, report.faults) == (kind, ())


def test_no_python_of_a_folder_runs_unless_it_is_named(folder: Path) -> None:
    new("observable", "strange", folder=folder)
    (folder / "bad.py").write_text("raise SystemExit('it ran')\n")
    (fault,) = check_file(folder / "measurements" / "strange_example.yaml").faults
    assert f"recast --plugins {folder} check" in fault.message
    assert "it ran" not in fault.message


def test_a_folder_is_checked_whole(folder: Path) -> None:
    assert [report.valid for report in check_folder(folder, plugins=[folder])] == [True] * 3


def test_the_command(folder: Path) -> None:
    file = folder / "measurements" / "mine.yaml"
    run = CliRunner().invoke(main, ["check", str(file)])
    assert run.exit_code == 0, run.output
    assert f"{file}: measurement, nothing to mend" in run.output
    mended(file, ("energy: 50", "energy: -50"))
    run = CliRunner().invoke(main, ["check", str(file)])
    assert run.exit_code == 1
    assert "line 9: observable.beams.0.energy should be greater than 0, not -50" in run.output
    assert "what belongs there: A single neutrino energy in GeV, instead of a flux." in run.output
    run = CliRunner().invoke(main, ["--plugins", str(folder), "check", "--json"])
    assert run.exit_code == 1
    assert [report["valid"] for report in json.loads(run.output)["files"]] == [False, True, True]
    for words in (["check"], ["check", str(folder)]):
        run = CliRunner().invoke(main, words)
        assert run.exit_code == 2
        assert "recast --plugins" in run.output
