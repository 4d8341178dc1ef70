"""Exports and imports: what is written is read back as the same numbers, and every file says what made it."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import recast
from recast.catalog import Catalog
from recast.cli import main
from recast.errors import DocumentError, NotApplicableError, OutputExistsError, RecastError, UnknownNameError
from recast.exports import Origin, export, of_figure, of_limit, of_scan
from recast.exports.citing import bibtex_of, source_of_entry
from recast.exports.limit_import import import_limit
from recast.exports.published import read_published
from recast.exports.tables import csv_text, two_column_text
from recast.exports.workspaces import measurement_text, nominal_signal, workspace_of
from recast.figures import compute, load_recipe
from recast.likelihoods import PoissonCount
from recast.limit_curve import read_limit_curve
from recast.limits import LimitResult
from recast.scan import ScanResult

SCAN: dict[str, Any] = {
    "model": "lmu_ltau",
    "measurements": ["ccfr", "babar_4mu"],
    "parameters": {
        "mass": {"min": 0.05, "max": 5, "points": 41},
        "coupling": {"min": 1e-4, "max": 0.1, "points": 121},
    },
}
TABLE = {
    "independent_variables": [
        {"header": {"name": "m", "units": "MeV"}, "values": [{"value": 10}, {"value": 20}, {"value": 40}]}
    ],
    "dependent_variables": [
        {
            "header": {"name": "Observed"},
            "qualifiers": [{"name": "CL", "value": "90%"}],
            "values": [{"value": 1e-3}, {"value": 2e-3}, {"value": 4e-3}],
        }
    ],
}
WEB = """\
#: table_doi: 10.17182/hepdata.0.v1/t1
#: name: Table 1
#: description: an example at 90% CL
#: data_file: t1.yaml
#: keyword reactions: E+ E- --> X
#: RE,,E+ E- --> X
M [GEV],Observed,stat +,stat -
0.2,1e-3,1e-4,-1e-4
0.4,2e-3,1e-4,-1e-4

#: RE,,E+ E- --> X
M [GEV],Expected
0.2,1.5e-3
0.4,2.5e-3

"""


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture(scope="module")
def limit() -> LimitResult:
    return recast.limit("lmu_ltau", "ccfr", np.geomspace(0.01, 10.0, 12))


@pytest.fixture(scope="module")
def scan() -> ScanResult:
    return recast.scan(SCAN)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


# Out


def test_a_limit_is_a_limit_curve(limit: LimitResult, tmp_path: Path) -> None:
    ccfr = recast.load_measurement("ccfr")
    file = export(of_limit(limit, citations=ccfr.citations), tmp_path / "limit.csv")
    curve = read_limit_curve(file)
    assert curve.confidence_level == 0.95
    np.testing.assert_allclose(curve.mass, limit.mass, rtol=1e-9)
    np.testing.assert_allclose(curve.coupling, limit.coupling, rtol=1e-9)
    text = file.read_text(encoding="utf-8")
    assert f"# convention: {limit.convention}" in text
    assert "# cites: Mishra:1991bv" in text
    assert "# command: called from Python" in text


def test_masses_in_any_order_and_gaps(tmp_path: Path) -> None:
    # In the middle lies the J/psi, which the search leaves out.
    result = recast.limit("lmu_ltau", "babar_4mu", [3.1, 2.9, 3.2, 0.01, 3.0], confidence_level=0.9)
    curve = read_limit_curve(export(of_limit(result), tmp_path / "a.csv"))
    assert curve.mass.tolist() == [2.9, 3.0, 3.2]
    assert curve.gaps == ((3.0, 3.2),)
    assert np.isnan(curve(3.1))


def test_limits_with_upper_ends(tmp_path: Path) -> None:
    # A beam dump excludes between two couplings.
    result = recast.limit("dark_photon", "e137_bjorken2009", [0.005, 0.01, 0.02])
    assert all(high is not None for intervals in result.excluded for _, high in intervals)
    contours = of_limit(result)
    curve = read_limit_curve(export(contours, tmp_path / "dump.csv"))
    assert curve.upper is not None
    highs = [intervals[0][1] for intervals in result.excluded if intervals]
    np.testing.assert_allclose(curve.upper, np.array(highs, dtype=float), rtol=1e-9)
    assert [name for piece in contours.pieces for name, _, _ in piece.edges()] == ["lower", "upper"]


def test_nothing_excluded_is_an_error() -> None:
    result = recast.limit("lmu_ltau", "babar_4mu", [0.01])
    with pytest.raises(RecastError, match="excludes nothing of lmu_ltau at these masses"):
        of_limit(result)


def test_two_columns(limit: LimitResult, tmp_path: Path) -> None:
    file = export(of_limit(limit), tmp_path / "limit.dat")
    np.testing.assert_allclose(np.loadtxt(file), np.array([limit.mass, limit.coupling]).T, rtol=1e-9)


@pytest.mark.parametrize("name", ["altmannshofer2019_fig7", "altmannshofer2014_fig4", "lmu_ltau_combined"])
def test_a_figure_in_every_format(name: str) -> None:
    recipe = load_recipe(name)
    contours = of_figure(compute(recipe), citations=recipe.citations)
    table = rows(csv_text(contours))
    assert {row["region"] for row in table} == set(contours.regions)
    assert {row["edge"] for row in table} <= {"lower", "upper", "contour"}
    blocks = [block for block in two_column_text(contours).split("\n\n\n") if block.strip()]
    lines = {(row["region"], row["line"]) for row in table}
    assert len(blocks) == len(lines)
    assert sum(len(np.loadtxt(io.StringIO(block), ndmin=2)) for block in blocks) == len(table)


def test_the_edges_of_a_figure_are_its_limits() -> None:
    recipe = load_recipe("lmu_ltau_combined")
    contours = of_figure(compute(recipe)).only(["ccfr"])
    table = [row for row in rows(csv_text(contours)) if row["edge"] == "lower"][::40]
    found = recast.limit("lmu_ltau", "ccfr", [float(row["mass"]) for row in table])
    np.testing.assert_allclose([float(row["coupling"]) for row in table], found.coupling, rtol=1e-8)
    with pytest.raises(UnknownNameError, match="unknown region 'CCFX': did you mean CCFR"):
        contours.only(["CCFX"])


def test_figures_without_regions_say_so() -> None:
    with pytest.raises(RecastError, match="kind fluxes, which shows no regions: contours are those of"):
        of_figure(compute(load_recipe("altmannshofer2019_fig4")))


def test_contours_of_a_scan_are_limits(scan: ScanResult) -> None:
    contours = of_scan(scan)
    assert contours.regions == ("ccfr", "babar_4mu", "combined")
    (ccfr,) = contours.only(["ccfr"]).pieces
    assert ccfr.line is not None
    exact = recast.limit("lmu_ltau", "ccfr", ccfr.x[::20])
    # Between couplings that differ by 6%, 2 delta ln L is interpolated.
    np.testing.assert_allclose(ccfr.line[::20], exact.coupling, rtol=2e-3)
    # The scan's own grids and citations, not those of now.
    assert dict(contours.origin.grids)["trident_mumu"] == scan.header.inputs["grid trident_mumu.h5"]
    keys = [source.inspire for source in contours.origin.citations]
    assert {"Mishra:1991bv", "TheBABAR:2016rlg", "He:1990pn"} <= set(keys)


def test_excess_and_excluded_agree(scan: ScanResult) -> None:
    for name in (None, "ccfr", "babar_4mu"):
        np.testing.assert_array_equal(scan.excess(name) > 0.0, scan.excluded(name))
    # A published limit says nothing against small predictions: the excess is that of no signal.
    assert scan.excess("babar_4mu").min() == pytest.approx(-(1.6448536269514722**2), rel=1e-12)


def test_scans_without_a_plane_say_so() -> None:
    line = {**SCAN, "parameters": {"mass": 0.1, "coupling": {"min": 1e-4, "max": 0.1, "points": 5}}}
    with pytest.raises(RecastError, match="a grid of two scanned parameters, and this scan has coupling alone"):
        of_scan(recast.scan(line))
    far = {"mass": {"min": 1, "max": 2, "points": 3}, "coupling": {"min": 1e-7, "max": 1e-6, "points": 3}}
    with pytest.raises(RecastError, match="no contour to write"):
        of_scan(recast.scan({**SCAN, "measurements": ["ccfr"], "parameters": far}))


def test_outputs_are_checked_before_work(limit: LimitResult, tmp_path: Path) -> None:
    contours = of_limit(limit)
    export(contours, tmp_path / "a.csv")
    with pytest.raises(OutputExistsError, match="--force"):
        export(contours, tmp_path / "a.csv")
    export(contours, tmp_path / "a.csv", force=True)
    with pytest.raises(RecastError, match="the name tells the format"):
        export(contours, tmp_path / "a.xls")


# HEPData


def test_a_submission_and_back(limit: LimitResult, tmp_path: Path) -> None:
    pytest.importorskip("hepdata_lib", reason="the extra hepdata is not installed")
    contours = of_limit(limit, citations=recast.load_measurement("ccfr").citations)
    folder = export(contours, tmp_path / "submission")
    assert sorted(file.name for file in folder.iterdir()) == ["ccfr.yaml", "submission.yaml"]
    head, table = yaml.safe_load_all((folder / "submission.yaml").read_text(encoding="utf-8"))
    assert limit.convention in head["comment"]
    assert "grid trident_mumu: sha256" in head["comment"]
    assert table["data_file"] == "ccfr.yaml"

    found = import_limit(folder / "submission.yaml", tmp_path / "back.csv")
    np.testing.assert_allclose(found.curve.coupling, limit.coupling, rtol=1e-7)
    assert found.curve.confidence_level == 0.95

    archive = export(contours, tmp_path / "submission.tar.gz")
    with tarfile.open(archive) as tar:
        assert sorted(tar.getnames()) == ["ccfr.yaml", "submission.yaml"]
    again = export(contours, tmp_path / "again.tar.gz")
    assert again.read_bytes() == archive.read_bytes()


def test_a_folder_of_others_is_left_alone(limit: LimitResult, tmp_path: Path) -> None:
    pytest.importorskip("hepdata_lib", reason="the extra hepdata is not installed")
    contours = of_limit(limit)
    (tmp_path / "thesis.tex").write_text("mine", encoding="utf-8")
    with pytest.raises(RecastError, match="it holds files of others"):
        export(contours, tmp_path, force=True)
    folder = export(contours, tmp_path / "mine")
    with pytest.raises(OutputExistsError, match="--force"):
        export(contours, folder)
    export(contours, folder, force=True)


def test_regions_of_a_figure_are_tables(tmp_path: Path) -> None:
    pytest.importorskip("hepdata_lib", reason="the extra hepdata is not installed")
    contours = of_figure(compute(load_recipe("lmu_ltau_combined")))
    folder = export(contours, tmp_path / "figure")
    _, *tables = yaml.safe_load_all((folder / "submission.yaml").read_text(encoding="utf-8"))
    assert len(tables) == len(contours.pieces)
    for table in tables:
        data = yaml.safe_load((folder / table["data_file"]).read_text(encoding="utf-8"))
        for variable in data["dependent_variables"]:
            assert {"Model", "Measurement", "Convention"} <= {one["name"] for one in variable["qualifiers"]}


def test_without_hepdata_lib_the_command_is_named(
    limit: LimitResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "hepdata_lib", None)
    with pytest.raises(RecastError, match=r"pip install 'recast-bsm\[hepdata\]'"):
        export(of_limit(limit), tmp_path / "a.tar.gz")


# Limits in


def written(folder: Path, content: Any, name: str = "table.yaml") -> Path:
    file = folder / name
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return file


def changed(**changes: Any) -> dict[str, Any]:
    """Return the table with other keys of its dependent variable."""
    (variable,) = TABLE["dependent_variables"]
    return {**TABLE, "dependent_variables": [{**variable, **changes}]}


def test_a_table_of_hepdata(tmp_path: Path) -> None:
    found = import_limit(written(tmp_path, TABLE), tmp_path / "curve.csv", inspire="Mine:2026ab")
    assert found.curve.mass.tolist() == [0.01, 0.02, 0.04]
    assert found.curve.coupling.tolist() == [1e-3, 2e-3, 4e-3]
    assert found.curve.confidence_level == 0.9
    assert found.curve.header["inspire"] == "Mine:2026ab"
    assert "made by: recast-bsm" in (tmp_path / "curve.csv").read_text(encoding="utf-8")


def test_squares_gaps_and_order(tmp_path: Path) -> None:
    table = changed(
        header={"name": "limit on eps^2"}, values=[{"value": 9e-6}, {"value": "-"}, {"value": "1e-6"}]
    )
    table["independent_variables"] = [
        {"header": {"name": "m", "units": "GeV"}, "values": [{"low": 3, "high": 5}, {"value": 2}, {"value": 1}]}
    ]
    file = written(tmp_path, table)
    with pytest.raises(RecastError, match=r"looks like the square of a coupling: add --power 2"):
        import_limit(file, tmp_path / "curve.csv")
    found = import_limit(file, tmp_path / "curve.csv", power=2)
    assert found.curve.mass.tolist() == [1.0, 4.0]
    np.testing.assert_allclose(found.curve.coupling, [1e-3, 3e-3], rtol=1e-12)
    assert found.curve.gaps == ((1.0, 4.0),)
    assert found.left_out == 1
    assert "middles of its bins" in found.curve.header["note"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_csv_of_hepdata(separator: str, tmp_path: Path) -> None:
    file = written(tmp_path, WEB.replace(",", separator), "web.csv")
    table = read_published(file)
    assert [column.name for column in table.dependent] == ["Observed", "Expected"]
    with pytest.raises(RecastError, match="say which: --coupling 'Observed' or --coupling 'Expected'"):
        import_limit(file, tmp_path / "curve.csv")
    found = import_limit(file, tmp_path / "curve.csv", coupling="Expected")
    assert found.curve.mass.tolist() == [0.2, 0.4]
    assert found.curve.coupling.tolist() == [1.5e-3, 2.5e-3]
    assert found.curve.confidence_level == 0.9
    assert found.curve.header["source"] == "table Table 1 of HEPData, 10.17182/hepdata.0.v1/t1"


def test_older_quotes_and_bins(tmp_path: Path) -> None:
    text = "#: name: Table 9\n'M IN MEV LOW','M IN MEV HIGH','limit','error +','error -'\n1,3,0.1,0,0\n3,5,0.2,0,0\n"
    text = text.replace("M IN MEV LOW", "M [MEV] LOW").replace("M IN MEV HIGH", "M [MEV] HIGH")
    found = import_limit(written(tmp_path, text, "old.csv"), tmp_path / "curve.csv", confidence_level=0.95)
    assert found.curve.mass.tolist() == [0.002, 0.004]
    assert found.columns == ("M", "limit")


def test_plain_columns(tmp_path: Path) -> None:
    file = written(tmp_path, "100 1e-3\n200 2e-3\n", "points.csv")
    with pytest.raises(RecastError, match="the unit of 'first' is not stated: add --mass-unit"):
        import_limit(file, tmp_path / "curve.csv")
    with pytest.raises(RecastError, match=r"the table does not state it: add --cl 0\.90"):
        import_limit(file, tmp_path / "curve.csv", mass_unit="MeV")
    with pytest.raises(RecastError, match="say where the numbers come from: --source"):
        import_limit(file, tmp_path / "curve.csv", mass_unit="MeV", confidence_level=0.9)
    found = import_limit(file, tmp_path / "curve.csv", mass_unit="MeV", confidence_level=0.9, source="a talk")
    assert found.curve.mass.tolist() == [0.1, 0.2]
    band = written(tmp_path, "m (GeV),low,high\n1,1e-3,1e-2\n2,2e-3,2e-2\n", "band.csv")
    found = import_limit(
        band, tmp_path / "band_curve.csv", coupling="low", upper="high", confidence_level=0.9, source="a talk"
    )
    assert found.curve.upper is not None
    assert found.curve.upper.tolist() == [1e-2, 2e-2]


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (TABLE, {"confidence_level": 0.95}, "states a confidence level of 0.9, not 0.95"),
        (TABLE, {"mass_unit": "GeV"}, "the masses are in MeV and not in GeV"),
        (TABLE, {"coupling": "Observd"}, "did you mean Observed"),
        (changed(header={"name": "Observed", "units": "pb"}), {}, "is in 'pb'; a coupling has no unit"),
        (changed(values=[{"value": 1}, {"value": 2}]), {}, "the columns have 2 and 3 values"),
        (changed(values=[{"value": 1e-3}, {"value": "x"}, {"value": 1}]), {}, "not {'value': 'x'}"),
        (changed(values=[{"value": 1e-3}, {"value": 999}, {"value": 1e-3}]), {}, "makes no limit curve: .*sentinel"),
        (changed(values=[{"value": "-"}] * 3), {}, "makes no limit curve"),
        (changed(qualifiers=[]), {}, "the confidence level is needed"),
        ({"independent_variables": []}, {}, "this is no table of HEPData"),
        ({"independent_variables": [3], "dependent_variables": [3]}, {}, "a variable has a header"),
        ("- 1\n", {}, "keys and values"),
        ("", {}, "empty|no table"),
    ],
)
def test_what_is_wrong_with_a_table(content: Any, options: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(RecastError, match=message) as caught:
        import_limit(written(tmp_path, content), tmp_path / "curve.csv", **options)
    assert "table.yaml" in str(caught.value)
    assert not (tmp_path / "curve.csv").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1,2\n3\n", "line 2: 1 values where there are 2 columns"),
        ("m,g\n1,x\n", "line 2: a value is a number"),
        ("# only\n", "only comments"),
        ("m,g\n" + 200_000 * "1" + ",1\n", "line 2: the line cannot be read"),
        ("#: name: T\nM [GEV],A\n1,2\n\nM [GEV],B\n2,2\n", "different independent variables"),
    ],
)
def test_what_is_wrong_with_csv(content: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=message):
        import_limit(written(tmp_path, content, "t.csv"), tmp_path / "curve.csv")


def test_a_submission_stays_in_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "submission"
    folder.mkdir()
    written(tmp_path, TABLE, "secret.yaml")
    file = written(folder, "name: a\ndata_file: ../secret.yaml\n---\nname: b\ndata_file: b.yaml\n", "submission.yaml")
    with pytest.raises(RecastError, match="there are 2 tables, say which: --table 'a' or --table 'b'"):
        read_published(file)
    with pytest.raises(UnknownNameError, match="unknown table"):
        read_published(file, table="c")
    with pytest.raises(DocumentError, match="there is no such table"):
        read_published(file, table="a")


@given(st.text(max_size=300), st.sampled_from([".csv", ".yaml"]))
def test_any_text_is_a_table_or_an_error(text: str, suffix: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"t{suffix}"
        file.write_text(text, encoding="utf-8", errors="replace")
        with contextlib.suppress(RecastError):
            read_published(file)


@given(
    st.lists(st.floats(1e-6, 1e-1), min_size=2, max_size=20, unique=True),
    st.sampled_from(["MeV", "GeV", "keV"]),
)
def test_units_only_scale(masses: list[float], unit: str) -> None:
    import tempfile

    from recast.exports.limit_import import MASS_UNITS

    steps = np.sort(masses)
    if (np.diff(np.log(steps)) > 6.0).any() or (np.diff(np.log(steps)) < 1e-6).any():
        return
    lines = [f"{mass / MASS_UNITS[unit]!r},{1e-3!r}" for mass in masses]
    with tempfile.TemporaryDirectory() as folder:
        file = written(Path(folder), "\n".join([f"m [{unit}],g", *lines]), "t.csv")
        found = import_limit(file, Path(folder) / "c.csv", confidence_level=0.9, source="a talk")
    np.testing.assert_allclose(found.curve.mass, steps, rtol=1e-8)


# Likelihoods


def test_a_workspace_and_back(tmp_path: Path) -> None:
    original = recast.load_measurement("dune_nd_counts:background_error=0.05")
    workspace, signal = workspace_of(original)
    written(tmp_path, json.dumps(workspace), "dune.json")
    assert nominal_signal(workspace) == pytest.approx(signal, rel=1e-9)
    text = measurement_text(
        tmp_path / "dune.json", "mine", like="dune_nd_counts", catalog=Catalog(), folder=tmp_path
    )
    copy = recast.load_measurement(written(tmp_path, text, "mine.yaml"))
    model = recast.load_model("lmu_ltau")
    point = model(mass=np.array([0.05, 0.1, 1.0]), coupling=np.array([5e-4, 1e-3, 1e-2]))
    np.testing.assert_allclose(copy.minus_2_delta_ln_l(point), original.minus_2_delta_ln_l(point), rtol=1e-10)
    assert copy.citations == original.citations


def test_a_poisson_count_is_a_workspace() -> None:
    import pyhf

    base = recast.load_measurement("dune_nd_counts")
    one = base.model_copy(update={"likelihood": PoissonCount(observed=12.0, background=9.0, background_error=2.0)})
    workspace, signal = workspace_of(one)
    assert signal == 1.0
    model = pyhf.Workspace(workspace).model()  # checked against pyhf's schema
    data = pyhf.Workspace(workspace).data(model)
    bounds = [(-5.0, 50.0), *model.config.suggested_bounds()[1:]]
    at = [
        float(pyhf.infer.mle.fixed_poi_fit(mu, data, model, par_bounds=bounds, return_fitted_val=True)[1])
        for mu in (3.0, 8.0)
    ]
    ours = one.likelihood.minus_2_delta_ln_l(np.array([3.0, 8.0]))
    assert at[1] - at[0] == pytest.approx(ours[1] - ours[0], abs=1e-5)


def test_what_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(NotApplicableError, match="no counting model: its likelihood is of type gaussian"):
        workspace_of(recast.load_measurement("ccfr"))
    options: dict[str, Any] = {"like": "dune_nd_counts", "catalog": Catalog()}
    for content, message in (
        ("[]", "channels is missing"),
        ("{", "this is not JSON"),
        ('{"patches": [], "version": "1.0.0"}', "pyhf patchset apply"),
        ('{"channels": [1], "observations": [1], "measurements": [1], "version": "1.0.0"}', "pyhf refuses"),
    ):
        with pytest.raises(RecastError, match=message):
            measurement_text(written(tmp_path, content, "w.json"), "mine", **options)
    workspace, _ = workspace_of(recast.load_measurement("dune_nd_counts"))
    good = written(tmp_path, json.dumps(workspace), "good.json")
    with pytest.raises(RecastError, match="predicts no number of events"):
        measurement_text(good, "mine", like="ccfr", catalog=Catalog())
    with pytest.raises(RecastError, match="small letters, digits and underscores, not 'My'"):
        measurement_text(good, "My", **options)
    background = json.loads(json.dumps(workspace))
    for sample in background["channels"][0]["samples"]:
        sample["modifiers"] = [one for one in sample["modifiers"] if one["name"] != "mu"]
    with pytest.raises(RecastError, match="pyhf refuses|adds no events|no parameter of interest"):
        measurement_text(written(tmp_path, json.dumps(background), "b.json"), "mine", **options)


# What made a file, and what to cite


def test_every_format_of_a_figure_says_what_made_it(tmp_path: Path) -> None:
    from recast.figures import plot

    files = plot("altmannshofer2019_fig7", str(tmp_path) + "/")
    wanted = set(bibtex_of("altmannshofer2019_fig7", Catalog()))
    for file in files:
        content = file.read_bytes()
        assert b"made by: recast-bsm" in content
        assert b"grid trident_mumu: sha256" in content
        assert b"convention: 95% CL" in content
        assert set(bibtex_of(str(file), Catalog())) == wanted
    twice = plot("altmannshofer2019_fig7", tmp_path / "again.png")
    assert twice[0].read_bytes() == (tmp_path / "altmannshofer2019_fig7.png").read_bytes()


def test_a_figure_cites_its_model() -> None:
    keys = set(bibtex_of("altmannshofer2019_fig8", Catalog()))
    assert {source.inspire for source in recast.load_model("lmu_ltau").citations} <= keys


def test_citations_of_a_scan_and_its_file(scan: ScanResult, tmp_path: Path) -> None:
    saved = bibtex_of(str(scan.save(tmp_path / "plane.h5")), Catalog())
    file = written(tmp_path, SCAN, "plane.yaml")
    assert bibtex_of(str(file), Catalog()) == saved
    assert {"Mishra:1991bv", "TheBABAR:2016rlg", "He:1990pn"} <= set(saved)
    assert all(text.startswith("@") and text.endswith("}") for text in saved.values())


def test_files_of_others_cite_nothing(tmp_path: Path) -> None:
    with pytest.raises(RecastError, match="does not say what was used"):
        bibtex_of(str(written(tmp_path, "1,2\n", "a.csv")), Catalog())
    with pytest.raises(RecastError, match=r"cites Nobody:2026zz, .* --plugins"):
        bibtex_of(str(written(tmp_path, "# cites: Nobody:2026zz\n", "b.csv")), Catalog())
    with pytest.raises(UnknownNameError):
        bibtex_of("ccfx", Catalog())


@pytest.mark.parametrize("name", ["ccfr", "babar_4mu", "lmu_ltau", "altmannshofer2019_fig8"])
def test_bibtex_says_what_sources_say(name: str) -> None:
    for source in Catalog().find(name).citations:
        entry = source_of_entry(source.bibtex)
        assert entry.inspire == source.inspire
        assert entry.doi == source.doi


def test_origin_is_one_line_per_fact() -> None:
    origin = Origin.now(conventions=["a\nb", "a b", ""], citations=recast.load_model("lmu_ltau").citations)
    assert origin.conventions == ("a b",)
    assert not any("\n" in line for line in origin.lines())
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for _, digest in origin.grids)
    assert set(origin.to_dict()) == {"made_by", "command", "conventions", "citations", "grids"}


# Commands


def test_limit_writes_and_names_its_command(tmp_path: Path) -> None:
    out = tmp_path / "my limit.csv"
    assert "3 of 3 masses have a limit" in run("limit", "lmu_ltau", "ccfr", "--mass", "0.1:10:3", "-o", str(out))
    command = f"# command: recast limit lmu_ltau ccfr --mass 0.1:10:3 -o '{out}'"
    assert command in out.read_text(encoding="utf-8")
    assert read_limit_curve(out).mass.tolist() == [0.1, 1.0, 10.0]
    assert "exists" in run("limit", "lmu_ltau", "ccfr", "--mass", "1", "-o", str(out), code=2)
    for wrong in ("1:2", "2:1:3", "1:2:1", "a:b:c", "0:1:3"):
        assert "LOW:HIGH:POINTS" in run("limit", "lmu_ltau", "ccfr", "--mass", wrong, code=2)


def test_export_of_a_scan(scan: ScanResult, tmp_path: Path) -> None:
    file = scan.save(tmp_path / "plane.h5")
    out = tmp_path / "plane.csv"
    document = json.loads(run("export", str(file), "-o", str(out), "--region", "ccfr", "--json"))
    assert document["regions"] == ["ccfr"]
    assert {row["region"] for row in rows(out.read_text(encoding="utf-8"))} == {"ccfr"}
    assert "--expected is for figures" in run("export", str(file), "-o", f"{tmp_path}/b.csv", "--expected", code=2)


def test_import_of_a_limit_makes_a_measurement(tmp_path: Path) -> None:
    table = written(tmp_path, TABLE)
    text = run("import", "limit", str(table), "-o", str(tmp_path / "my_search.csv"))
    assert "3 masses from 0.01 to 0.04 GeV, 90% CL" in text
    summary = json.loads(run("import", "limit", str(table), "-o", str(tmp_path / "b.csv"), "--json"))
    assert summary["masses"] == 3
    assert summary["confidence_level"] == 0.9
    assert "exists" in run("import", "limit", str(table), "-o", str(tmp_path / "b.csv"), code=2)


def test_workspaces_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "dune.origin.json" in run("workspace", "dune_nd_counts", "-o", "dune.json")
    origin = json.loads(Path("dune.origin.json").read_text(encoding="utf-8"))
    assert origin["command"] == "recast workspace dune_nd_counts -o dune.json"
    assert origin["signal"] == 57.0
    Path("paper.bib").write_text(
        '@article{Mine:2026ab, author = "A. Nyone", title = {My search}, eprint = {2601.00001}}', encoding="utf-8"
    )
    options = ("--like", "dune_nd_counts", "--bibtex", "paper.bib", "--place", "Table 1")
    run("import", "workspace", "dune.json", "-o", "mine.yaml", *options)
    mine = recast.load_measurement("mine.yaml")
    assert mine.provenance["workspace"].arxiv == "2601.00001"
    assert "add it, or give --bibtex" in run("import", "workspace", "dune.json", "-o", "b.yaml", *options[:2])


def test_cite_writes_bibtex(tmp_path: Path) -> None:
    out = tmp_path / "references.bib"
    assert "entries" in run("cite", "ccfr", "lmu_ltau", "-o", str(out))
    text = out.read_text(encoding="utf-8")
    assert text.startswith("% made by: recast-bsm")
    assert text.count("\n@") == len(json.loads(run("cite", "ccfr", "lmu_ltau", "--json"))["citations"])
