"""Explanations: the same numbers as measurements, limits and scans give, ranked, and told in text, JSON and HTML."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import recast
from recast.catalog import Catalog
from recast.cli.main import main
from recast.errors import RecastError, UnknownNameError
from recast.explain import Explanation, explain
from recast.explanation import Citation, MeasurementRow, Verdict, interval_words
from recast.limits import limit
from recast.measurement import load_measurement
from recast.model import load_model, u1_model
from recast.scan import scan
from recast.statistics import quantile

MODEL = load_model("lmu_ltau")
# One of each kind: a ratio, a published limit, a preferred band, projections, correlated numbers, a beam dump, counts.
NAMES = ("ccfr", "na64mu", "muon_g2", "dune_nd", "dune_nd_nu_e", "lep_z_couplings", "e137_andreas2012", "borexino")
SHIPPED = {name: load_measurement(name) for name in NAMES}
WORDS = ("explain", "lmu_ltau", "ccfr", "na64mu", "babar_4mu", "--mass", "0.05", "--coupling", "1e-3")


def of(**point: float) -> Explanation:
    return explain(MODEL, measurements=list(SHIPPED.values()), **point)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def excluded() -> Explanation:
    """g' = 1e-3 at 50 MeV."""
    return of(mass=0.05, coupling=1e-3)


def inside(row: MeasurementRow, value: float) -> bool:
    return any(low < value and (high is None or value < high) for low, high in row.excluded_intervals)


def test_numbers_are_those_of_the_measurement_and_of_the_limit(excluded: Explanation) -> None:
    point = MODEL(mass=0.05, coupling=1e-3)
    for name, measurement in SHIPPED.items():
        row = excluded[name]
        assert row.prediction == pytest.approx(measurement.prediction(point), rel=1e-12)
        assert row.data == pytest.approx(measurement.data)
        assert row.minus_2_delta_ln_l == pytest.approx(float(measurement.minus_2_delta_ln_l(point)), rel=1e-12)
        expected = limit(MODEL, measurement, 0.05)
        assert row.excluded_intervals == expected.excluded[0]
        assert row.limit == (expected.excluded[0][0][0] if expected.excluded[0] else None)
        assert row.convention == expected.convention


def test_ccfr_by_hand(excluded: Explanation) -> None:
    row = excluded["ccfr"]
    assert isinstance(row.prediction, float)
    assert row.pull == pytest.approx((0.82 - row.prediction) / 0.28)
    assert row.minus_2_delta_ln_l == pytest.approx(((0.82 - row.prediction) / 0.28) ** 2)
    assert row.threshold == pytest.approx(quantile(0.95) ** 2)
    assert row.errors == (0.28, 0.28)
    assert row.standard_model == pytest.approx(1.0)
    assert row.excluded
    # At the limit itself the prediction is 1.96 standard deviations away.
    assert row.limit is not None
    assert explain(MODEL, measurements="ccfr", mass=0.05, coupling=row.limit).rows[0].pull == pytest.approx(-1.959964)


def test_verdicts(excluded: Explanation) -> None:
    assert {row.name: row.verdict for row in excluded.rows} == {
        "na64mu": "excluded",
        "ccfr": "excluded",
        "muon_g2": "outside the band",
        "dune_nd": "would be excluded",
        "dune_nd_nu_e": "would be excluded",
        "borexino": "allowed",
        "lep_z_couplings": "allowed",
        "e137_andreas2012": "allowed",
    }
    assert excluded.excluded
    assert of(mass=0.05, coupling=7e-4)["muon_g2"].verdict == "inside the band"


def test_only_data_exclude() -> None:
    explanation = explain(MODEL, measurements=["dune_nd", "muon_g2"], mass=0.05, coupling=1e-3)
    assert [row.excluded for row in explanation.rows] == [True, True]
    assert not explanation.excluded
    assert explanation.summary == "no data exclude this point at 95% CL; would be excluded by dune_nd"


def test_rows_are_ranked(excluded: Explanation) -> None:
    order = list(get_args(Verdict))
    places = [order.index(row.verdict) for row in excluded.rows]
    assert places == sorted(places)
    strengths = [row.statistic / row.threshold for row in excluded.rows if row.statistic is not None and row.threshold]
    assert strengths[:2] == sorted(strengths[:2], reverse=True)
    assert strengths[3:5] == sorted(strengths[3:5], reverse=True)


@settings(max_examples=12)
@given(mass=st.floats(-3, 2), coupling=st.floats(-6, 0))
def test_excluded_exactly_where_the_limit_says_so(mass: float, coupling: float) -> None:
    asked = [SHIPPED[name] for name in ("ccfr", "na64mu", "muon_g2", "e137_andreas2012")]
    for row in explain(MODEL, measurements=asked, mass=10**mass, coupling=10**coupling).rows:
        if row.applicable:
            assert row.excluded == inside(row, 10**coupling), row.name


def test_the_confidence_level_moves_the_threshold_alone(excluded: Explanation) -> None:
    low = explain(MODEL, measurements="borexino", confidence_level=0.4, mass=0.05, coupling=1e-3)["borexino"]
    assert low.excluded
    assert low.minus_2_delta_ln_l == excluded["borexino"].minus_2_delta_ln_l
    assert "40% CL" in low.convention


def test_several_numbers_are_compared_with_the_best_fit() -> None:
    row = of(mass=0.05, coupling=1e-3)["lep_z_couplings"]
    assert isinstance(row.prediction, tuple)
    assert row.pull is None
    assert row.subtracted > 0.0
    assert row.statistic == pytest.approx(0.0, abs=1e-3)


def test_a_contact_point_has_multiples() -> None:
    point = {"dgv": 1.0, "dga": 0.5}
    explanation = explain("contact", measurements=["ccfr", "na64mu"], **point)  # type: ignore[arg-type]
    assert explanation.limit_of == "multiples of the point"
    assert explanation["na64mu"].verdict == "not applicable"
    assert "no particle" in str(explanation["na64mu"].reason)
    edge = explanation["ccfr"].limit
    assert edge is not None
    assert edge < 1.0
    assert explanation["ccfr"].excluded
    for factor, out in ((1.0001, True), (0.9999, False)):
        scaled = {name: factor * edge * value for name, value in point.items()}
        assert explain("contact", measurements="ccfr", **scaled).excluded is out  # type: ignore[arg-type]


def test_a_contact_point_of_correlated_numbers_agrees_with_a_scan() -> None:
    values = [0.02, 0.5]
    name = "dune_nd_dimuon_1902_08579"
    # The Standard Model, which is the best fit to a projection, is part of the scan.
    axes = {"dgv": [0.0, *values], "dga": [0.0, 0.1]}
    result = scan({"model": "contact", "measurements": [name], "parameters": axes})
    wanted = result.excluded(name)[1:, 1]
    rows = [explain("contact", measurements=name, dgv=value, dga=0.1).rows[0] for value in values]
    assert [row.excluded for row in rows] == wanted.tolist()
    assert all(row.excluded == inside(row, 1.0) for row in rows)


def test_no_shift_at_all_has_no_multiples() -> None:
    row = explain("contact", measurements="ccfr", dgv=0.0, dga=0.0).rows[0]
    assert row.prediction == pytest.approx(1.0)
    assert not row.excluded_intervals


@pytest.mark.parametrize("name", ["ccfr", "muon_g2", "na64mu"])
def test_charges_of_ones_own(name: str) -> None:
    measurement = SHIPPED[name]
    point = {"mass": 0.05, "coupling": 2e-3}
    fixed = explain(u1_model({"mu": 1, "tau": -1}), measurements=measurement, **point).rows  # type: ignore[arg-type]
    free = explain("u1", measurements=measurement, charge_mu=1, charge_tau=-1, **point).rows  # type: ignore[arg-type]
    assert free == fixed
    # Twice the charges are the same as twice the coupling.
    half = explain("u1", measurements=measurement, charge_mu=2, charge_tau=-2, mass=0.05, coupling=1e-3).rows[0]
    assert half.minus_2_delta_ln_l == pytest.approx(free[0].minus_2_delta_ln_l)
    assert half.limit == pytest.approx(0.5 * free[0].limit) if free[0].limit else half.limit == free[0].limit


def test_charges_with_mixing_and_axial_ones() -> None:
    given = {"charge_mu": 1.0, "axial_mu": 0.5, "epsilon": 0.2, "mass": 0.05, "coupling": 1e-3}
    free = explain("u1", measurements="ccfr", **given).rows[0]  # type: ignore[arg-type]
    model = u1_model({"mu": 1}, axial={"mu": 0.5}, epsilon=0.2)
    assert explain(model, measurements="ccfr", mass=0.05, coupling=1e-3).rows[0] == free


def test_reasons() -> None:
    explanation = explain(MODEL, measurements=["babar_4mu", "lhc_z4mu_atlas2014", "ccfr"], mass=1e-6, coupling=1e-3)
    assert not explanation.excluded
    assert explanation.summary == "none of 3 measurements applies to this point"
    assert explanation["babar_4mu"].verdict == "no constraint"
    assert explanation["babar_4mu"].reason == "published for masses from 0.2137 to 7.682 GeV"
    assert explanation["lhc_z4mu_atlas2014"].reason == "nothing is known at 1e-06 GeV"
    assert explanation["ccfr"].verdict == "not computed"
    assert "too light" in str(explanation["ccfr"].reason)
    assert explanation["ccfr"].excluded is None
    assert len(explanation.silent()) == 3
    gap = explain(MODEL, measurements="babar_4mu", mass=3.1, coupling=1e-3).rows[0]
    assert gap.reason is None or gap.reason == "nothing is known at 3.1 GeV"


def test_a_model_without_the_coupling() -> None:
    electrons = explain("u1", measurements="na64mu", charge_e=1, mass=0.05, coupling=1e-3).rows[0]
    assert electrons.verdict == "not applicable"
    assert "muons" in str(electrons.reason)


def test_a_measurement_is_asked_once() -> None:
    explanation = explain(MODEL, measurements=["ccfr", "ccfr", "ccfr:data=counts"], mass=0.05, coupling=1e-3)
    assert sorted(row.name for row in explanation.rows) == ["ccfr", "ccfr:data=counts"]


def test_measurements_and_models_of_plugins(tmp_path: Path) -> None:
    folder = tmp_path / "measurements"
    folder.mkdir()
    text = Path(str(Catalog().file("measurements", "dune_nd"))).read_text(encoding="utf-8")
    (folder / "mine.yaml").write_text(text.replace("name: dune_nd\n", "name: mine\n"), encoding="utf-8")
    explanation = explain(MODEL, measurements="mine", plugins=[tmp_path], mass=0.05, coupling=1e-3)
    shipped = of(mass=0.05, coupling=1e-3)["dune_nd"]
    assert explanation["mine"].excluded_intervals == shipped.excluded_intervals


def test_progress_is_told() -> None:
    seen: list[tuple[int, int]] = []
    explain(
        MODEL,
        measurements=["muon_g2", "ccfr"],
        progress=lambda done, total: seen.append((done, total)),
        mass=0.05,
        coupling=1e-3,
    )
    assert seen == [(1, 2), (2, 2)]


def test_citations(excluded: Explanation) -> None:
    first, *others = excluded["ccfr"].citations
    assert first.key == "Mishra:1991bv"
    assert first.url == "https://doi.org/10.1103/PhysRevLett.66.3117"
    assert {one.role for one in others} == {"ratio", "flux"}
    source = load_measurement("charm_ii_nu_e").provenance["value"]
    assert Citation.of("value", source).url == "https://inspirehep.net/literature?q=texkeys:Vilain:1994qy"
    assert excluded["na64mu"].citations[0].url == "https://arxiv.org/abs/2401.01708"


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ({"mass": [0.1, 0.2], "coupling": 1e-3}, "mass must be a number, not 2 of them"),
        ({"mass": 0.1}, "coupling not given"),
        ({"mass": 0.1, "coupling": -1.0}, "coupling must be"),
        ({"mass": 0.1, "couplin": 1e-3}, "did you mean coupling"),
        ({"mass": 0.1, "coupling": 1e-3, "confidence_level": 95}, "write 0.95 for 95%"),
        ({"mass": 0.1, "coupling": 1e-3, "measurements": "cfr"}, "did you mean ccfr"),
        ({"mass": 0.1, "coupling": 1e-3, "measurements": []}, "no measurements are named"),
    ],
)
def test_what_is_wrong_is_said(point: dict[str, Any], message: str) -> None:
    with pytest.raises(RecastError, match=message):
        explain(MODEL, **{"measurements": "ccfr", **point})


def test_unknown_rows_have_near_matches(excluded: Explanation) -> None:
    with pytest.raises(UnknownNameError, match="did you mean na64mu"):
        excluded["na64m"]


def test_sentences(excluded: Explanation) -> None:
    ccfr = excluded.sentence(excluded["ccfr"])
    assert "prediction 1.414 (Standard Model 1) is 2.1 standard deviations above the data, 0.82 +- 0.28" in ccfr
    assert "excludes couplings above 0.0009591 (0.959 of this one)" in ccfr
    assert ccfr.endswith("Phys. Rev. Lett. 66 (1991) 3117; https://doi.org/10.1103/PhysRevLett.66.3117]")
    assert "signal 3.454 times that excluded at 90% CL" in excluded.sentence(excluded["na64mu"])
    assert "assumed data" in excluded.sentence(excluded["dune_nd"])
    assert "to the best fit, for 7 numbers" in excluded.sentence(excluded["lep_z_couplings"])
    assert "excludes no couplings" in excluded.sentence(excluded["e137_andreas2012"])


def test_words_of_data_and_intervals(excluded: Explanation) -> None:
    assert excluded["na64mu"].data_words == "< 1 (90% CL)"
    assert excluded["ccfr"].data_words == "0.82 +- 0.28"
    nutev = explain(MODEL, measurements="nutev", mass=0.05, coupling=1e-3).rows[0]
    assert nutev.data_words == "0.72 + 1.7 - 0.72"
    assert interval_words(()) == "none"
    assert interval_words(((1e-5, 1e-4), (2e-3, None))) == "1e-05 to 0.0001, above 0.002"


class Reader(HTMLParser):
    """Checks that elements nest, and collects rows and links."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.rows = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.rows += tag == "tr"
        self.links += [str(value) for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_table_of_a_notebook(excluded: Explanation) -> None:
    reader = Reader()
    text = excluded._repr_html_()
    reader.feed(text)
    assert not reader.open
    assert reader.rows == 1 + len(NAMES)
    assert "https://doi.org/10.1103/PhysRevLett.66.3117" in reader.links
    assert "&lt; 1 (90% CL)" in text
    assert "excluded at 95% CL by na64mu, ccfr" in text
    reader = Reader()
    reader.feed(explain(MODEL, measurements="babar_4mu", mass=0.05, coupling=1e-3)._repr_html_())
    assert not reader.rows
    assert not reader.open


def test_it_is_a_name_of_the_package() -> None:
    assert recast.explain is explain


def test_the_command_prints_a_table() -> None:
    result = CliRunner().invoke(main, WORDS)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Gauged L_mu - L_tau, mass = 0.05 GeV, coupling = 0.001: excluded at 95% CL by na64mu")
    assert lines[2].split()[:2] == ["measurement", "verdict"]
    assert [line.split()[0] for line in lines[3:5]] == ["na64mu", "ccfr"]
    assert "babar_4mu (no constraint): published for masses from 0.2137 to 7.682 GeV" in lines
    assert any(line.endswith("(|R - data| <= 1.960 sigma): ccfr") for line in lines)


def test_the_command_prints_json() -> None:
    result = CliRunner().invoke(main, [*WORDS, "--json"])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["excluded"] is True
    assert document["parameters"] == {"mass": 0.05, "coupling": 1e-3}
    first, second, third = document["measurements"]
    assert (first["name"], second["name"], third["name"]) == ("na64mu", "ccfr", "babar_4mu")
    assert second["limit"] == pytest.approx(9.591e-4, rel=1e-3)
    assert second["excluded_intervals"] == [[second["limit"], None]]
    assert second["citations"][0]["key"] == "Mishra:1991bv"
    assert third["applicable"] is False
    assert third["prediction"] is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("lmu_ltau", "ccfr", "--mass", "0.1"), "model lmu_ltau needs --mass and --coupling: --coupling not given"),
        (("contact", "ccfr", "--dgv", "1", "--dga", "1", "--mass", "1"), "model contact has no --mass"),
        (("u1", "ccfr", "--mass", "1", "--coupling", "1"), "charges"),
    ],
)
def test_the_command_says_what_is_wrong(words: tuple[str, ...], message: str) -> None:
    result = CliRunner().invoke(main, ["explain", *words])
    assert result.exit_code == 2
    assert message in result.stderr


def test_the_command_with_charges() -> None:
    words = ("explain", "u1", "ccfr", "--charge", "mu=1", "--charge", "tau=-1", "--mass", "0.05", "--coupling", "1e-3")
    document = json.loads(CliRunner().invoke(main, [*words, "--json"]).stdout)
    assert document["measurements"][0]["limit"] == pytest.approx(9.591e-4, rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["lmu_ltau", "b_minus_l", "dark_photon", "contact"])
def test_all_measurements_at_once(model: str) -> None:
    catalog = Catalog()
    points: list[dict[str, float]] = [{"mass": m, "coupling": g} for m in (2e-3, 0.05, 3.0) for g in (1e-4, 1e-2)]
    if model == "contact":
        points = [{"dgv": 0.3, "dga": -0.2}, {"dgv": -3.0, "dga": 1.0}]
    for point in points:
        explanation = explain(model, **point)  # type: ignore[arg-type]
        assert {row.name for row in explanation.rows} == set(catalog.names("measurements"))
        for row in explanation.rows:
            if row.applicable:
                value = point.get("coupling", 1.0)
                assert row.excluded == inside(row, value), (row.name, point)
                assert np.isfinite(row.minus_2_delta_ln_l or 0.0)
            else:
                assert row.reason
            assert explanation.sentence(row).startswith(row.name)
        json.dumps(explanation.to_dict())
