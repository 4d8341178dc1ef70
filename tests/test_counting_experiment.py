"""Counting experiments: the accuracy against pyhf and toys, the shipped workspaces, and the counts of DUNE."""

from __future__ import annotations

import json
import math
from importlib import resources
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recast.catalog import Catalog
from recast.cli.main import main
from recast.errors import DocumentError, RecastError
from recast.figures import compute, load_recipe
from recast.interactions import StandardModel
from recast.likelihoods.counting_experiment import CountingExperiment, Systematic, counting_workspace, signal_error
from recast.measurement import load_measurement

SIGNAL = {"coherent": 8.7, "proton": 0.72, "neutron": 0.08}
SYSTEMATICS: list[dict[str, dict[str, float]]] = [
    {},
    {"background_normalisation": {"background": 0.01}},
    {"background_normalisation": {"background": 0.05}},
    {"background_normalisation": {"background": 0.10}},
    {"flux": {"signal": 0.05}},
    {"flux": {"signal": 0.05, "background": 0.05}, "background_normalisation": {"background": 0.05}},
]


def experiment(**changes: Any) -> CountingExperiment:
    values = {"signal_per_year": SIGNAL, "background_per_year": 96.0, "years": 6.0, **changes}
    return CountingExperiment.model_validate(values)


# ------------------------------------------------------------------------------------------------------- published
@pytest.mark.parametrize(
    ("reference", "printed"),
    [("dune_nd_counts:years=1,regime=coherent", 0.9), ("dune_nd_counts:years=1,regime=coherent,selection=2", 0.9)],
)
def test_the_significance_per_year_that_the_paper_prints(reference: str, printed: float) -> None:
    likelihood = load_measurement(reference).likelihood
    assert isinstance(likelihood, CountingExperiment)
    assert round(likelihood.significance, 1) == printed


def test_the_accuracy_after_six_years() -> None:
    likelihood = load_measurement("dune_nd_counts").likelihood
    assert isinstance(likelihood, CountingExperiment)
    assert float(likelihood.accuracy()) == pytest.approx(math.sqrt(57.0 + 576.0) / 57.0, rel=1e-12)
    assert float(likelihood.accuracy()) == pytest.approx(0.44, abs=0.005)
    assert likelihood.significance / math.sqrt(6.0) == pytest.approx(0.97, abs=0.005)
    # 40% and 25% take longer than the six years that the paper rounds.
    assert float(likelihood.accuracy(7.31)) == pytest.approx(0.40, abs=0.001)
    assert float(likelihood.accuracy(18.7)) == pytest.approx(0.25, abs=0.001)


@pytest.mark.parametrize("selection", [1, 2])
@pytest.mark.parametrize("years", [1, 6, 10])
@pytest.mark.parametrize("regime", ["total", "coherent"])
def test_prediction_and_likelihood_count_the_same_events(selection: int, years: int, regime: str) -> None:
    measurement = load_measurement(f"dune_nd_counts:selection={selection},years={years},regime={regime}")
    likelihood = measurement.likelihood
    assert isinstance(likelihood, CountingExperiment)
    events = float(measurement.prediction(StandardModel()))
    assert events == pytest.approx(likelihood.signal, rel=1e-14)
    (observation,) = likelihood.workspace["observations"]
    assert observation["data"][0] == pytest.approx(events + years * {1: 96, 2: 130}[selection], rel=1e-11)


def test_data_that_contain_one_another_are_not_combined() -> None:
    from recast.measurement import check_independent

    with pytest.raises(RecastError, match="dune_nd"):
        check_independent([load_measurement("dune_nd_counts"), load_measurement("dune_nd")])


# -------------------------------------------------------------------------------------------------------- accuracy
@pytest.mark.parametrize("systematics", SYSTEMATICS)
def test_accuracy_is_the_curvature_of_the_pyhf_model(systematics: dict[str, Any]) -> None:
    import pyhf

    one = experiment(systematics=systematics)
    workspace = pyhf.Workspace(one.workspace)  # pyhf checks it against its schema
    model = workspace.model()
    data = np.asarray(workspace.data(model))
    centre = np.array(model.config.suggested_init())
    size, step = centre.size, 1e-3

    def nll(shift: np.ndarray) -> float:
        return -float(model.logpdf(centre + shift, data)[0])

    unit = step * np.eye(size)
    hessian = np.array(
        [
            [
                (nll(a + b) - nll(a - b) - nll(b - a) + nll(-a - b)) / (4.0 * step**2)
                for b in unit
            ]
            for a in unit
        ]
    )
    found = math.sqrt(np.linalg.inv(hessian)[model.config.poi_index, model.config.poi_index])
    # The slope of a normsys between its three points differs from the error in second order.
    assert found == pytest.approx(float(one.accuracy()), rel=3e-3)


@pytest.mark.parametrize("systematics", SYSTEMATICS)
def test_accuracy_is_half_the_profile_interval(systematics: dict[str, Any]) -> None:
    one = experiment(systematics=systematics)
    low, high = one.allowed(1.0)
    assert (high - low) / (2.0 * one.signal) == pytest.approx(float(one.accuracy()), rel=5e-3)
    assert one.data == pytest.approx(57.0, rel=1e-12)
    assert one.profiled.data == pytest.approx(one.data, abs=0.02)


def test_accuracy_is_the_spread_of_toys() -> None:
    import pyhf

    one = experiment(systematics={"background_normalisation": {"background": 0.05}})
    workspace = pyhf.Workspace(one.workspace)
    model = workspace.model()
    poi = model.config.poi_index
    rng = np.random.default_rng(20190206)
    counts, seen = rng.poisson(57.0 + 576.0, 40_000), rng.normal(size=40_000)

    def background(theta: float) -> float:
        parameters = list(model.config.suggested_init())
        parameters[poi], parameters[1 - poi] = 0.0, theta
        return float(model.expected_actualdata(parameters)[0])

    # As many numbers as parameters: the auxiliary measurement fixes the background, the count the signal.
    grid = np.linspace(-5.0, 5.0, 401)
    estimates = (counts - np.interp(seen, grid, [background(theta) for theta in grid])) / 57.0
    for i in range(3):
        bounds = [(-10.0, 10.0)] * 2
        fitted = pyhf.infer.mle.fit([float(counts[i]), float(seen[i])], model, par_bounds=bounds)
        assert float(fitted[poi]) == pytest.approx(estimates[i], abs=2e-3)
    assert float(np.std(estimates)) == pytest.approx(float(one.accuracy()), rel=0.015)


@given(
    signal=st.floats(0.1, 1e3),
    ratio=st.floats(0.0, 100.0),
    background_error=st.floats(0.001, 0.5),
    signal_relative=st.floats(0.0, 0.5),
    years=st.floats(0.1, 1e4),
)
def test_systematic_errors_are_a_floor_that_no_exposure_breaks(
    signal: float, ratio: float, background_error: float, signal_relative: float, years: float
) -> None:
    systematics = {"common": {"background": background_error, "signal": signal_relative}}
    one = experiment(
        signal_per_year={"all": signal}, background_per_year=ratio * signal, years=years, systematics=systematics
    )
    floor = background_error * ratio + signal_relative
    now, later, end = one.accuracy([years, 2.0 * years, 1e12])
    assert now > later > floor * (1.0 - 1e-12)
    assert end == pytest.approx(floor, rel=1e-3, abs=1e-4)
    assert float(one.accuracy()) == pytest.approx(float(now), rel=1e-12)


@given(years=st.floats(0.01, 1e6))
def test_without_systematic_errors_the_accuracy_goes_with_the_root_of_the_time(years: float) -> None:
    one = experiment()
    assert float(one.accuracy(years)) * math.sqrt(years) == pytest.approx(float(one.accuracy(1.0)), rel=1e-12)


def test_what_systematic_errors_do_to_the_forty_per_cent() -> None:
    after_six = {0.0: 0.441, 0.01: 0.453, 0.05: 0.671, 0.10: 1.103}
    for error, expected in after_six.items():
        reference = f"dune_nd_counts:background_error={error}"
        likelihood = load_measurement(reference).likelihood
        assert isinstance(likelihood, CountingExperiment)
        assert float(likelihood.accuracy()) == pytest.approx(expected, abs=0.001)


def test_errors_of_one_parameter_add_linearly_and_of_two_in_quadrature() -> None:
    both = {"one": Systematic(signal=0.05, background=0.02)}
    apart = {"one": Systematic(signal=0.05), "two": Systematic(background=0.02)}
    statistics = 57.0 + 576.0
    assert float(signal_error(57.0, 576.0, systematics=both)) == pytest.approx(
        math.sqrt(statistics + (0.05 * 57.0 + 0.02 * 576.0) ** 2)
    )
    assert float(signal_error(57.0, 576.0, systematics=apart)) == pytest.approx(
        math.sqrt(statistics + (0.05 * 57.0) ** 2 + (0.02 * 576.0) ** 2)
    )


# ------------------------------------------------------------------------------------------------------ likelihood
def test_without_systematic_errors_it_is_a_poisson_count() -> None:
    from recast.likelihoods import PoissonCount

    one, other = experiment(observed=650.0), PoissonCount(observed=650.0, background=576.0)
    signal = np.linspace(-50.0, 400.0, 37)
    np.testing.assert_allclose(one.minus_2_delta_ln_l(signal), other.minus_2_delta_ln_l(signal), rtol=2e-4, atol=2e-4)
    assert one.data == other.data


def test_expected_data_are_those_of_the_signal() -> None:
    one = experiment(systematics=SYSTEMATICS[2])
    assert one.expected(0.0).workspace["observations"][0]["data"] == [576.0]
    assert one.expected(0.0).data == 0.0
    assert one.expected(57.0).workspace == one.workspace


@pytest.mark.parametrize(
    "changes",
    [
        {"background_per_year": -1.0},
        {"signal_per_year": {}},
        {"years": 0.0},
        {"systematics": {"flux": {}}},
        {"systematics": {"flux": {"signal": -0.05}}},
        {"systematics": {"flux": {"signal": 1.0}}},
        {"observed": -3.0},
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        experiment(**changes)


def test_a_wrong_number_in_a_file_is_told_with_its_key(tmp_path: Any) -> None:
    text = resources.files("recast.measurements").joinpath("dune_nd_counts.yaml").read_text(encoding="utf-8")
    file = tmp_path / "dune_nd_counts.yaml"
    file.write_text(text.replace("background_per_year: 96", "background_per_year: -96"), encoding="utf-8")
    with pytest.raises(DocumentError, match=r"dune_nd_counts\.yaml.*background_per_year"):
        load_measurement(file)


# ------------------------------------------------------------------------------------------------------- workspaces
@pytest.mark.parametrize(
    ("file", "reference"),
    [
        ("dune_nd_counts.json", "dune_nd_counts"),
        ("dune_nd_counts_selection_2.json", "dune_nd_counts:selection=2"),
        ("dune_nd_counts_systematics.json", "dune_nd_counts:background_error=0.05,flux_error=signal"),
    ],
)
def test_the_shipped_workspaces_are_those_of_the_measurement(file: str, reference: str) -> None:
    folder = resources.files("recast.measurements").joinpath("data", "workspaces")
    shipped = json.loads(folder.joinpath(file).read_text(encoding="utf-8"))
    likelihood = load_measurement(reference).likelihood
    assert isinstance(likelihood, CountingExperiment)
    assert shipped == likelihood.workspace


def test_a_workspace_scales_with_the_years() -> None:
    one, ten = (experiment(years=years).workspace["channels"][0]["samples"] for years in (1.0, 10.0))
    for first, last in zip(one, ten, strict=True):
        assert last["data"][0] == pytest.approx(10.0 * first["data"][0])
        assert last["modifiers"] == first["modifiers"]


def test_a_workspace_holds_what_was_observed() -> None:
    workspace = counting_workspace(signal={"signal": 3.0}, background=5.0, observed=7.0)
    assert workspace["observations"][0]["data"] == [7.0]


def test_the_command_writes_the_workspace(tmp_path: Any) -> None:
    file = tmp_path / "dune.json"
    command = ["workspace", "dune_nd_counts:years=10", "-o", str(file)]
    result = CliRunner().invoke(main, [*command, "--json"])
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)
    assert (summary["signal"], summary["background"]) == pytest.approx((95.0, 960.0))
    assert summary["accuracy"] == pytest.approx(math.sqrt(95.0 + 960.0) / 95.0)
    printed = CliRunner().invoke(main, ["workspace", "dune_nd_counts:years=10"])
    assert json.loads(printed.stdout) == json.loads(file.read_text(encoding="utf-8"))
    again = CliRunner().invoke(main, command)
    assert again.exit_code == 2
    assert "--force" in again.stderr


def test_the_command_refuses_what_is_no_counting_model() -> None:
    result = CliRunner().invoke(main, ["workspace", "ccfr"])
    assert result.exit_code == 2
    assert "gaussian" in result.stderr


# ----------------------------------------------------------------------------------------------------------- figure
def test_the_figure_shows_the_accuracy_of_each_measurement() -> None:
    data: Any = compute(load_recipe("dune_accuracy"))
    ten, five, one, none = (item.accuracy for item in data.curves)
    np.testing.assert_allclose(none, 100.0 * experiment().accuracy(data.years), rtol=1e-12)
    assert bool(np.all(ten > five) and np.all(five > one) and np.all(one > none))
    assert float(ten.min()) > 100.0
    assert float(five.min()) > 50.0


def test_an_accuracy_figure_needs_rates(tmp_path: Any) -> None:
    (tmp_path / "plots").mkdir()
    text = Catalog().file("plots", "dune_accuracy").read_text(encoding="utf-8")
    wrong = text.replace("name: dune_accuracy", "name: wrong")
    wrong = wrong.replace("measurement: dune_nd_counts\n", "measurement: ccfr\n")
    (tmp_path / "plots" / "wrong.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(RecastError, match="ccfr.*counting_experiment"):
        compute(load_recipe("wrong", plugins=[tmp_path]), plugins=[tmp_path])
