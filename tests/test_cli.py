"""The command line: JSON formats, exit codes, and what bad input looks like."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from recast.cli.main import main
from recast.table_file import TABLES

MUMU = "numu_numu_mu-mu+"
PLANE = """\
model: lmu_ltau
measurements: [ccfr, charm_ii]
parameters:
  mass: {min: 0.01, max: 10, points: 4, scale: log}
  coupling: {min: 1.0e-4, max: 0.1, points: 5, scale: log}
confidence_level: 0.95
"""
README = Path(__file__).parents[1] / "README.md"
COMPONENTS = ("coherent", "proton", "neutron")


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words, prog_name="recast")


def run_json(*words: str) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(*words: str) -> str:
    """Run a command that must be refused, and return its one line of explanation."""
    result = run(*words)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1
    assert "Traceback" not in result.stderr
    return lines[0]


def write_model(folder: Path, name: str, *, charges: str) -> None:
    (folder / "models").mkdir()
    text = f"""\
name: {name}
title: a boson
kind: u1
mixing: none
charges: {charges}
provenance:
  model:
    paper: arXiv:1406.2332
    place: Eq. 1
    inspire: Altmannshofer:2014pba
    bibtex: "@article{{Altmannshofer:2014pba, eprint = {{1406.2332}}}}"
"""
    (folder / "models" / f"{name}.yaml").write_text(text, encoding="utf-8")


def commands(group: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(group, click.Group):
        return [path]
    return [found for name, command in group.commands.items() for found in commands(command, (*path, name))]


@pytest.mark.parametrize("path", commands(main), ids=" ".join)
def test_every_command_has_help_and_json(path: tuple[str, ...]) -> None:
    result = run(*path, "--help")
    assert result.exit_code == 0
    assert "--json" in result.stdout


def test_version() -> None:
    assert run("--version").stdout.startswith("recast ")


# ------------------------------------------------------------------ looking things up


def test_list_names_what_is_shipped() -> None:
    listing = run_json("list")
    names = {kind: {item["name"] for item in items} for kind, items in listing.items()}
    assert {"lmu_ltau", "le_lmu", "contact"} <= names["models"]
    expected = {"ccfr", "charm_ii", "nutev", "trident_average", "dune_nd", "lbne_5gev", "muon_g2"}
    assert expected <= names["measurements"]
    assert "altmannshofer2019_fig8" in names["plots"]
    assert list(run_json("list", "models")) == ["models"]
    assert "lmu_ltau" in run("list", "models").stdout


@pytest.mark.parametrize("name", ["lmu_ltau", "ccfr", "charm_ii:error=2014", "altmannshofer2019_fig8"])
def test_show(name: str) -> None:
    shown = run_json("show", name)
    assert isinstance(shown, dict)
    assert shown
    assert run("show", name).exit_code == 0


def test_show_names_the_near_matches() -> None:
    assert "ccfr" in refused("show", "ccf")


def test_cite_prints_each_entry_once() -> None:
    citations = run_json("cite", "ccfr", "charm_ii", "ccfr")["citations"]
    keys = [citation["key"] for citation in citations]
    assert len(keys) == len(set(keys)) >= 2
    text = run("cite", "ccfr").stdout
    assert text.startswith("@")
    assert text.count("@article{") == len(run_json("cite", "ccfr")["citations"])


def test_a_figure_cites_what_it_draws() -> None:
    drawn = {citation["key"] for citation in run_json("cite", "altmannshofer2019_fig8")["citations"]}
    assert {citation["key"] for citation in run_json("cite", "ccfr")["citations"]} <= drawn


# ------------------------------------------------------------------ cross sections


def test_cross_section_json() -> None:
    document = run_json("cross-section", "numu_numu_mu+mu-", "Ar40", "--energy", "5", "--energy", "20")
    assert set(document) == {"channel", "target", "results"}
    assert document["channel"] == MUMU
    assert [result["energy"] for result in document["results"]] == [5.0, 20.0]
    for result in document["results"]:
        assert set(result) == {"energy", *COMPONENTS}
        for component in COMPONENTS:
            assert set(result[component]) == {"vv", "aa", "va", "sm"}
    coherent = document["results"][0]["coherent"]
    assert coherent["sm"] == pytest.approx(1.4138e-3, rel=2e-3)
    assert coherent["sm"] == pytest.approx(1.92516**2 * coherent["vv"] + coherent["aa"], rel=1e-6)


def test_protons_are_counted_per_nucleus() -> None:
    proton = run_json("cross-section", MUMU, "Ar40", "--energy", "20")["results"][0]["proton"]["sm"]
    # 18 Pauli-blocked protons of 3.122e-43 cm^2 = 3.122e-4 fb (arXiv:2406.20067 has 3.115e-43).
    assert proton == pytest.approx(18 * 3.115e-4, rel=0.01)


def test_below_threshold_is_zero_without_a_warning() -> None:
    result = run_json("cross-section", MUMU, "Ar40", "--energy", "0.1")["results"][0]
    assert {value for component in COMPONENTS for value in result[component].values()} == {0.0}


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("numu_numu_mu-mu", "Ar40", "--energy", "5"), "numu_numu_mu-mu+"),
        (("numu_numu_mu-e+", "Ar40", "--energy", "5"), "lepton flavour"),
        ((MUMU, "Ar4", "--energy", "5"), "Ar40"),
        ((MUMU, "Ar40", "--energy", "-5"), "-5"),
        ((MUMU, "Ar40", "--energy", "nan"), "finite"),
        ((MUMU, "Ar40", "--energy", "five"), "five"),
        ((MUMU, "Ar40", "--energy", "2000"), "2000"),
        ((MUMU, "Ar40", "--energy", "5", "--form-factor", "fourrier_bessel"), "fourier_bessel"),
    ],
)
def test_cross_section_refuses(words: tuple[str, ...], named: str) -> None:
    assert named in refused("cross-section", *words)


# ------------------------------------------------------------------ predictions and limits


def test_predict_json() -> None:
    document = run_json("predict", "lmu_ltau", "ccfr", "--mass", "0.1", "--coupling", "1.078e-3")
    assert set(document) == {"prediction", "minus_2_delta_ln_l", "p_value"}
    assert document["prediction"] == pytest.approx(0.82 + 1.96 * 0.28, rel=0.01)
    assert document["minus_2_delta_ln_l"] == pytest.approx(1.96**2, rel=0.04)
    assert document["p_value"] == pytest.approx(0.05, rel=0.1)


def test_predict_of_a_contact_interaction() -> None:
    document = run_json("predict", "contact", "ccfr", "--dgv", "0", "--dga", "0")
    assert document["prediction"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("lmu_ltu", "ccfr", "--mass", "1", "--coupling", "1"), "lmu_ltau"),
        (("lmu_ltau", "ccf", "--mass", "1", "--coupling", "1"), "ccfr"),
        (("lmu_ltau", "ccfr:eror=2014", "--mass", "1", "--coupling", "1"), "eror"),
        (("lmu_ltau", "charm_ii:error=2015", "--mass", "1", "--coupling", "1"), "2014"),
        (("lmu_ltau", "ccfr", "--mass", "1"), "--coupling"),
        (("lmu_ltau", "ccfr", "--mass", "1", "--coupling", "1", "--dgv", "1"), "--dgv"),
        (("contact", "ccfr", "--mass", "1", "--coupling", "1"), "--dgv"),
        (("lmu_ltau", "ccfr", "--mass", "-1", "--coupling", "1"), "-1"),
        (("lmu_ltau", "ccfr", "--mass", "nan", "--coupling", "1"), "nan"),
        (("lmu_ltau", "ccfr", "--mass", "0", "--coupling", "1"), "mass"),
        (("lmu_ltau", "ccfr", "--mass", "1", "--coupling", "-0.1"), "-0.1"),
        (("lmu_ltau", "ccfr", "--mass", "1", "--coupling", "inf"), "inf"),
        (("lmu_ltau", "ccfr", "--mass", "heavy", "--coupling", "1"), "heavy"),
    ],
)
def test_predict_refuses(words: tuple[str, ...], named: str) -> None:
    assert named in refused("predict", *words)


def test_limit_json() -> None:
    document = run_json("limit", "lmu_ltau", "ccfr", "--mass", "0.01", "--mass", "0.1", "--mass", "100")
    assert set(document) == {"limits", "confidence_level", "convention"}
    assert document["confidence_level"] == 0.95
    assert "1.960 sigma" in document["convention"]
    for limit, mass, coupling in zip(document["limits"], (0.01, 0.1, 100.0), (8.17e-4, 1.078e-3, 0.1857), strict=True):
        assert set(limit) == {"mass", "coupling", "excluded"}
        assert limit["mass"] == mass
        assert limit["coupling"] == pytest.approx(coupling, rel=0.01)
        assert limit["excluded"] == [[limit["coupling"], None]]


def test_a_one_sided_limit_is_stronger_and_says_so() -> None:
    two = run_json("limit", "lmu_ltau", "ccfr", "--mass", "1")
    one = run_json("limit", "lmu_ltau", "ccfr", "--mass", "1", "--one-sided")
    assert one["limits"][0]["coupling"] < two["limits"][0]["coupling"]
    assert "one-sided" in one["convention"]


def test_an_expected_limit_says_so() -> None:
    document = run_json("limit", "lmu_ltau", "ccfr", "--mass", "1", "--expected")
    assert "expected" in document["convention"]


def test_a_combined_limit_prints_the_joint_best_fit() -> None:
    document = run_json("limit", "lmu_ltau", "ccfr", "charm_ii", "--mass", "1")
    assert "best fit" in document["convention"]
    assert "best fit" in run("limit", "lmu_ltau", "ccfr", "charm_ii", "--mass", "1").stdout


def test_masses_without_an_exclusion_are_left_out(tmp_path: Path) -> None:
    # A boson that muons do not feel leaves the rate of muon tridents as it is.
    write_model(tmp_path, "not_muons", charges="{e: 1, mu: 0, tau: -1}")
    words = ("--plugins", str(tmp_path), "limit", "not_muons", "ccfr", "--mass", "1", "--mass", "2")
    assert run_json(*words)["limits"] == []
    assert "nothing is excluded at 2 of 2 masses" in run(*words).stdout


def test_masses_outside_a_limit_curve_are_no_constraint() -> None:
    words = ("limit", "lmu_ltau", "babar_4mu", "--mass", "0.1", "--mass", "1")
    document = run_json(*words)
    assert [one["mass"] for one in document["limits"]] == [1.0]
    assert document["no_constraint"] == [0.1]
    text = run(*words).stdout
    assert "no constraint here: the data say nothing about 0.1 GeV" in text
    assert "nothing is excluded" not in text
    assert "no_constraint" not in run_json("limit", "lmu_ltau", "babar_4mu", "ccfr", "--mass", "0.1")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("contact", "ccfr", "--mass", "1"), "scan"),
        (("lmu_ltau", "ccfr", "--mass", "-1"), "-1"),
        (("lmu_ltau", "ccfr", "--mass", "1", "--cl", "95"), "0.95"),
        (("lmu_ltau", "ccfr", "--mass", "1", "--cl", "nan"), "nan"),
        (("lmu_ltau", "ccfr"), "--mass"),
        (("lmu_ltau", "--mass", "1"), "MEASUREMENT"),
    ],
)
def test_limit_refuses(words: tuple[str, ...], named: str) -> None:
    assert named in refused("limit", *words)


# ------------------------------------------------------------------ rates


def test_rate_json() -> None:
    document = run_json("rate", MUMU, "--target", "Ar40", "--flux", "dune_nd_standard_fhc", "--mass-tonnes", "147")
    assert set(document["events"]) == {*COMPONENTS, "incoherent", "total"}
    assert document["events"]["coherent"] == pytest.approx(147 * 1.17, rel=0.03)
    assert document["integrated_flux"] == pytest.approx(1.04e-3, rel=0.01)
    assert document["pot_per_year"] == 1.1e21


def test_rate_with_new_physics_and_at_one_energy() -> None:
    plain = run_json("rate", MUMU, "--target", "Ar40", "--energy", "5")
    point = ("--mass", "0.1", "--coupling", "1e-3")
    boson = run_json("rate", MUMU, "lmu_ltau", "--target", "Ar40", "--energy", "5", *point)
    assert boson["events"]["total"] > plain["events"]["total"]
    assert plain["cross_section"]["coherent"] == pytest.approx(1.4138e-3, rel=2e-3)


def test_rate_with_a_flux_of_the_user(tmp_path: Path) -> None:
    from importlib import resources

    shipped = resources.files("recast.measurements").joinpath("data/flux/dune_nd_standard_fhc.csv")
    mine = tmp_path / "mine.csv"
    mine.write_bytes(shipped.read_bytes())
    ours = run_json("rate", MUMU, "--target", "Ar40", "--flux", str(mine))
    theirs = run_json("rate", MUMU, "--target", "Ar40", "--flux", "dune_nd_standard_fhc")
    assert ours["events"] == pytest.approx(theirs["events"])


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--target", "Ar40"), "--flux"),
        (("--target", "Ar40", "--flux", "dune_nd_standard_fhc", "--energy", "5"), "--energy"),
        (("--target", "Ar40", "--flux", "dune_nd_standart_fhc"), "dune_nd_standard_fhc"),
        (("--target", "Arr40", "--flux", "dune_nd_standard_fhc"), "Ar40"),
        (("--target", "Ar40", "--energy", "5", "--years", "0"), "positive"),
        (("--target", "Ar40", "--energy", "5", "--mass", "1"), "MODEL"),
        (("--target", "Fe56", "--flux", "ccfr_numu"), "--integrated-flux"),
        (("--target", "Ar40", "--flux", "no_such_file.csv"), "no_such_file.csv"),
    ],
)
def test_rate_refuses(words: tuple[str, ...], named: str) -> None:
    assert named in refused("rate", MUMU, *words)


def test_protons_are_not_for_a_flux_per_second() -> None:
    words = ("rate", MUMU, "--target", "O16", "--flux", "atmospheric_frejus")
    assert run_json(*words)["unit"] == "s"
    assert "leave --pot out" in refused(*words, "--pot", "1.1e21")


# ------------------------------------------------------------------ scans and figures


@pytest.fixture
def plane(tmp_path: Path) -> Path:
    path = tmp_path / "plane.yaml"
    path.write_text(PLANE, encoding="utf-8")
    return path


def test_scan_writes_a_plane_that_can_be_read_back(plane: Path, tmp_path: Path) -> None:
    from recast.scan import ScanResult

    output = tmp_path / "plane.h5"
    document = run_json("scan", str(plane), "-o", str(output))
    assert document["axes"] == {"mass": 4, "coupling": 5}
    assert document["measurements"] == ["ccfr", "charm_ii"]
    result = ScanResult.load(output)
    assert result.combined.shape == (4, 5)
    assert document["best_fit"]["minus_2_delta_ln_l"] == pytest.approx(result.best_fit.minus_2_delta_ln_l)

    assert "--force" in refused("scan", str(plane), "-o", str(output))
    text = run("scan", str(plane), "-o", str(output), "--force")
    assert text.exit_code == 0
    assert "joint best fit" in text.stdout


def test_an_output_is_checked_before_anything_else(plane: Path, tmp_path: Path) -> None:
    # The scan file does not exist: if the output were looked at later, that would be the error.
    taken = tmp_path / "taken.h5"
    taken.touch()
    assert "taken.h5" in refused("scan", "missing.yaml", "-o", str(taken))
    assert "does not exist" in refused("scan", "missing.yaml", "-o", str(tmp_path / "nowhere" / "out.h5"))
    assert "folder" in refused("scan", "missing.yaml", "-o", str(tmp_path))


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that nobody can write to")
def test_a_folder_that_cannot_be_written_to(plane: Path) -> None:
    assert "/proc/out.h5" in refused("scan", str(plane), "-o", "/proc/out.h5")
    assert "/proc/out.png" in refused("plot", "altmannshofer2019_fig4", "-o", "/proc/out.png")


def test_a_scan_file_with_an_unknown_key_names_file_line_and_key(plane: Path, tmp_path: Path) -> None:
    plane.write_text(PLANE + "confidense: 0.9\n", encoding="utf-8")
    message = refused("scan", str(plane), "-o", str(tmp_path / "out.h5"))
    assert "plane.yaml" in message
    assert "line 7" in message
    assert "confidense" in message


def test_plot_writes_by_suffix_and_all_formats_into_a_folder(tmp_path: Path) -> None:
    one = tmp_path / "flux.svg"
    assert run_json("plot", "altmannshofer2019_fig4", "-o", str(one))["files"] == [str(one)]
    assert "svg" in one.read_text(encoding="utf-8")[:1000]
    assert "--force" in refused("plot", "altmannshofer2019_fig4", "-o", str(one))
    assert run("plot", "altmannshofer2019_fig4", "-o", str(one), "--force").exit_code == 0

    folder = tmp_path / "all"
    folder.mkdir()
    files = run_json("plot", "altmannshofer2019_fig4", "-o", str(folder))["files"]
    assert sorted(Path(file).suffix for file in files) == [".pdf", ".png", ".svg"]
    assert all(Path(file).stat().st_size > 1000 for file in files)


def test_plot_refuses(tmp_path: Path) -> None:
    assert "altmannshofer2019_fig8" in refused("plot", "altmannshofer2019_fig88", "-o", str(tmp_path / "out.png"))
    assert "png" in refused("plot", "altmannshofer2019_fig4", "-o", str(tmp_path / "out.jpg"))


# ------------------------------------------------------------------ ledger, grids, plugins, errors


def test_validate_json_and_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    document = run_json("validate", "vphi_bound", "couplings_table1", "atmospheric")
    assert all(set(entry) == {"id", "published", "ours", "tolerance", "verdict"} for entry in document["entries"])
    verdicts = {entry["id"]: entry["verdict"] for entry in document["entries"]}
    assert verdicts["vphi_bound"] == "pass"
    assert verdicts["couplings_table1.numu_numu_mu-mu+.gV"] == "pass"
    assert verdicts["atmospheric.icecube"] == "not_yet"

    import recast.published

    monkeypatch.setattr(recast.published, "CALCULATIONS", {"vphi_bound": lambda: 1.0})
    result = run("validate", "vphi_bound")
    assert result.exit_code == 1
    assert "1 fail" in result.stdout


def test_grid_info() -> None:
    grids = run_json("grid", "info")["grids"]
    spectra = [f"trident_{pair}" for pair in ("ee", "emu", "mumu", "etau", "mutau", "tautau")]
    assert [grid["grid"] for grid in grids if "selection_digest" not in grid] == sorted([*spectra, *TABLES])
    for grid in grids:
        assert Path(grid["file"]).name == f"{grid['grid']}.h5"
        assert all(table["intact"] for table in grid["tables"].values())
    assert "trident_mumu" in run("grid", "info", "trident_mumu").stdout


def test_grid_info_of_a_foreign_file(tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.h5"
    foreign.write_bytes(b"not a grid")
    assert "foreign.h5" in refused("grid", "info", str(foreign))


def test_a_model_in_a_plugin_folder(tmp_path: Path) -> None:
    write_model(tmp_path, "my_boson", charges="{e: 0, mu: 1, tau: -1}")
    words = ("predict", "my_boson", "ccfr", "--mass", "1", "--coupling", "1e-3")
    assert "my_boson" in refused(*words)
    mine = run_json("--plugins", str(tmp_path), *words)
    assert mine == run_json(*words, "--plugins", str(tmp_path))
    assert mine == run_json("predict", "lmu_ltau", "ccfr", "--mass", "1", "--coupling", "1e-3")


def test_the_measurement_of_the_readme(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    (tmp_path / "measurements").mkdir()
    (tmp_path / "measurements" / "my_dune.yaml").write_text(example, encoding="utf-8")
    words = ("limit", "lmu_ltau", "my_dune", "--mass", "0.1")
    mine = run_json("--plugins", str(tmp_path), *words)
    assert mine == run_json("limit", "lmu_ltau", "dune_nd:accuracy=0.25", "--mass", "0.1")


def test_an_error_of_recast_itself_is_one_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    import recast.validate

    def broken(*_: object, **options: Any) -> None:
        raise KeyError("something")

    monkeypatch.setattr(recast.validate, "validate", broken)
    result = run("validate")
    assert result.exit_code == 3
    assert "--debug" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    for words in (("--debug", "validate"), ("validate", "--debug")):
        assert isinstance(run(*words).exception, KeyError)


def test_as_a_program_from_anywhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "recast", "predict", "lmu_ltau", "ccfr", "--mass", "x", "--coupling", "1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    command[-3:] = ["1", "--coupling", "nan"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: ")
    assert len(done.stderr.splitlines()) == 1


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from recast.cli.main import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'numpy', 'scipy', 'matplotlib', 'h5py', 'pydantic', 'yaml', 'rich', 'pyhf'}\n"
        "sys.exit(' '.join(sorted(heavy & set(sys.modules))) or None)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_interrupt_is_not_a_failed_check(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> float:
        raise KeyboardInterrupt

    monkeypatch.setattr("recast.published.CALCULATIONS", {"vphi_bound": interrupted})
    result = run("validate", "vphi_bound")
    assert result.exit_code == 130
    assert result.stderr == "Interrupted.\n"


@pytest.mark.parametrize("error", [MemoryError(), OSError(28, "No space left on device")])
def test_what_the_machine_refuses_is_no_internal_error(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def failing() -> float:
        raise error

    monkeypatch.setattr("recast.published.CALCULATIONS", {"vphi_bound": failing})
    assert re.search("not enough memory|No space left", refused("validate", "vphi_bound"))


def test_a_target_has_one_name() -> None:
    assert run_json("cross-section", MUMU, "Ar", "--energy", "5")["target"] == "Ar40"


def test_a_scan_never_overwrites_its_own_file(tmp_path: Path) -> None:
    (tmp_path / "plane.yaml").write_text(PLANE, encoding="utf-8")
    file = str(tmp_path / "plane.yaml")
    assert "must end in .h5" in refused("scan", file, "-o", file, "--force")
    assert (tmp_path / "plane.yaml").read_text(encoding="utf-8") == PLANE
