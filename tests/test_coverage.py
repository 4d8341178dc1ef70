"""Coverage of the conventions against closed forms, sums over counts and other executors."""

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Literal

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict
from scipy.stats import norm, poisson

import recast
from recast.cli import main
from recast.coverage import Coverage, CoverageResult, coverage
from recast.errors import NotApplicableError, RecastError
from recast.executors import open_executor
from recast.feldman_cousins import p_value
from recast.likelihoods import AsymmetricGaussian, Gaussian, Likelihood, PoissonCount
from recast.measurement import Measurement, TheoryError
from recast.model import load_model

MODEL = load_model("lmu_ltau")
SOURCE = {"value": {"paper": "-", "place": "-", "inspire": "Key:2000aa", "bibtex": "@misc{Key:2000aa,}"}}
Z, Z1 = 1.959963984540054, 1.6448536269514722
TOYS = 4000

FloatArray = NDArray[np.float64]


class Ratio(BaseModel):
    """``(1 + (g/m)^2) n``: it cannot fall below n."""

    model_config = ConfigDict(frozen=True)

    type: Literal["ratio"] = "ratio"
    n: float = 1.0

    def applicable(self, interaction: Any) -> str | None:
        return None if interaction.mediators is not None else "it knows mediators only"

    def contributions(self, interaction: Any) -> dict[str, FloatArray]:
        (boson,) = interaction.mediators
        return {"all_of_it": self.n * (1.0 + np.square(boson.coupling / boson.mass))}

    def predict(self, interaction: Any) -> FloatArray:
        return self.contributions(interaction)["all_of_it"]

    def polynomials(self, model: Any, mass: ArrayLike) -> dict[str, FloatArray]:
        m = np.atleast_1d(np.asarray(mass, dtype=float))
        return {"all_of_it": self.n * np.stack([np.ones_like(m), np.zeros_like(m), m**-2], axis=1)}


def made(likelihood: Likelihood, *, n: float = 1.0, name: str = "ratio", error: float | None = None) -> Measurement:
    return Measurement.model_validate(
        {
            "name": name,
            "title": name,
            "observable": Ratio(n=n),
            "likelihood": likelihood,
            "theory_errors": {} if error is None else {"theory": TheoryError(part="all", relative=error)},
            "provenance": SOURCE,
        }
    )


def agrees(fraction: float, exact: float, *, toys: int = TOYS) -> bool:
    """Return whether a fraction of toys lies within four standard deviations of its exact value."""
    return abs(fraction - exact) <= 4.0 * np.sqrt(exact * (1.0 - exact) / toys) + 1e-12


def lowest_accepted(mu: float, z: float) -> float:
    """Return the smallest data, from the truth, with ``2 delta ln L`` to a best fit at or above the boundary below z^2.

    All in standard deviations, the truth being mu above the boundary. Data x give x^2 where the best fit can follow,
    else ``x^2 - (x + mu)^2``.
    """
    return -z if mu >= z else -(z**2 + mu**2) / (2.0 * mu) if mu > 0.0 else -np.inf


@pytest.mark.parametrize("mu", [0.0, 0.5, 1.0, 1.96, 4.0])
def test_what_the_conventions_mean_near_a_boundary(mu: float) -> None:
    sigma = 0.28
    result = coverage(MODEL, made(Gaussian(value=1.0, error=sigma)), mass=1.0, coupling=np.sqrt(mu * sigma), toys=TOYS)
    found = {name: (one.coverage[0], one.empty[0]) for name, one in result.conventions.items()}
    exact = {
        "band": (0.95, norm.cdf(-Z - mu)),
        "upper_edge": (0.975, norm.cdf(-Z - mu)),
        "one_sided": (0.95, norm.cdf(-Z1 - mu)),
        "best_fit": (norm.cdf(Z) - norm.cdf(lowest_accepted(mu, Z)), 0.0),
        # Only couplings above the best fit are excluded.
        "best_fit_one_sided": (norm.sf(lowest_accepted(mu, Z1)), 0.0),
        "feldman_cousins": (0.95, 0.0),
    }
    assert set(found) == set(exact)
    for name, (covered, empty) in exact.items():
        # The threshold of Feldman and Cousins has an error as large again.
        toys = TOYS / 2 if name == "feldman_cousins" else TOYS
        assert agrees(found[name][0], covered, toys=toys), name
        assert agrees(found[name][1], empty), name


def test_two_and_a_half_percent_of_bands_are_empty_and_97_5_percent_of_edges_cover() -> None:
    result = coverage("lmu_ltau", "ccfr", mass=0.1, coupling=0.0, toys=TOYS)
    band, edge, best = (result.conventions[name] for name in ("band", "upper_edge", "best_fit"))
    assert agrees(band.coverage[0], 0.95)
    assert agrees(band.empty[0], 0.025)
    assert agrees(edge.coverage[0], 0.975)
    assert agrees(best.coverage[0], 0.975)
    assert best.empty[0] == 0.0
    # A boundary at the truth: half of the experiments have no ratio at all.
    assert result.conventions["feldman_cousins"].threshold[0] == pytest.approx(Z1**2, rel=0.1)
    # Far from it all agree.
    far = coverage("lmu_ltau", "ccfr", mass=0.1, coupling=2e-3, toys=TOYS)
    for name in ("band", "best_fit", "best_fit_one_sided", "feldman_cousins", "one_sided"):
        assert agrees(far.conventions[name].coverage[0], 0.95, toys=TOYS / 2), name


def test_unequal_errors_take_the_larger_part_of_the_probability() -> None:
    lower, upper = 0.3, 0.9
    likelihood = AsymmetricGaussian(value=1.0, lower=lower, upper=upper)
    result = coverage(MODEL, made(likelihood), mass=1.0, coupling=0.0, toys=TOYS)
    share = upper / (lower + upper)
    missed = {name: share * 2.0 * norm.cdf(-z) for name, z in (("band", Z), ("upper_edge", Z), ("one_sided", Z1))}
    assert agrees(result.conventions["band"].coverage[0], 0.95)
    assert agrees(result.conventions["upper_edge"].coverage[0], 1.0 - missed["upper_edge"])
    # The upper edge at 1.645 standard deviations misses more than 5%.
    assert agrees(result.conventions["one_sided"].coverage[0], 1.0 - missed["one_sided"])
    assert missed["one_sided"] == pytest.approx(0.075)
    for name, value in missed.items():
        assert agrees(result.conventions[name].empty[0], value)
    assert agrees(result.conventions["best_fit"].coverage[0], 1.0 - (1.0 - share) * 0.05)


@pytest.mark.parametrize(("coupling", "background"), [(0.0, 0.5), (1.0, 0.5), (0.7, 20.0)])
def test_counts_cover_as_sums_of_probabilities_say(coupling: float, background: float) -> None:
    n = 3.0
    likelihood = PoissonCount(observed=3, background=background)
    result = coverage(MODEL, made(likelihood, n=n), mass=1.0, coupling=coupling, toys=TOYS)
    truth = n * (1.0 + coupling**2)
    count = np.arange(0, 200)
    probability = poisson.pmf(count, truth + background)
    data = [PoissonCount(observed=int(k), background=background) for k in count]
    at_truth = np.array([float(one.minus_2_delta_ln_l(truth)) for one in data])
    best = np.array([max(one.data, n) for one in data])
    lowest = np.array([float(one.minus_2_delta_ln_l(r)) for one, r in zip(data, best, strict=True)])
    ratio = at_truth - lowest
    band, one = result.conventions["band"], result.conventions["best_fit"]
    assert agrees(band.coverage[0], probability[at_truth <= Z**2].sum())
    assert agrees(band.empty[0], probability[lowest > Z**2].sum())
    assert agrees(one.coverage[0], probability[ratio <= Z**2].sum())
    # Counts come in steps: Feldman-Cousins covers at least with the confidence level, and exactly that much.
    exact = p_value(likelihood, truth, low=n, observed=count.astype(float))
    assert probability[exact > 0.05].sum() >= 0.95
    found = result.conventions["feldman_cousins"]
    assert agrees(found.coverage[0], probability[ratio <= found.threshold[0] + 1e-3].sum())
    assert found.coverage[0] > 0.93


def test_thresholds_agree_with_exact_feldman_cousins() -> None:
    likelihood = Gaussian(value=1.0, error=0.28)
    mu = np.array([0.0, 0.5, 1.0, 2.0, 4.0])
    result = coverage(MODEL, made(likelihood), mass=1.0, coupling=np.sqrt(0.28 * mu), toys=20_000)
    # Data with the ratio of the threshold have a p-value of 5%: on the upper side the ratio is a plain square.
    threshold = result.conventions["feldman_cousins"].threshold
    truth = 1.0 + 0.28 * mu
    p = p_value(likelihood, truth, low=1.0, observed=truth + 0.28 * np.sqrt(threshold))
    np.testing.assert_allclose(p, 0.05, atol=4.0 * np.sqrt(0.05 * 0.95 / 20_000))


def test_nuisance_parameters_keep_the_coverage() -> None:
    measurements = [
        made(Gaussian(value=1.0, error=0.2), name="a", error=0.3),
        made(AsymmetricGaussian(value=1.0, upper=0.4, lower=0.2), name="b", error=0.3),
    ]
    result = coverage(MODEL, measurements, mass=1.0, coupling=[0.0, 1.5], toys=2000)
    assert set(result.conventions) == {"best_fit", "best_fit_one_sided", "feldman_cousins"}
    best = result.conventions["best_fit"]
    assert best.coverage[0] > 0.96
    assert agrees(best.coverage[1], 0.95, toys=1000)
    for i in range(2):
        assert agrees(result.conventions["feldman_cousins"].coverage[i], 0.95, toys=1000)
    # Without the auxiliary measurement of a theory error the band would cover too often.
    single = coverage(MODEL, measurements[0], mass=1.0, coupling=1.5, toys=TOYS)
    assert agrees(single.conventions["band"].coverage[0], 0.95)


class Reversed:
    """An executor that begins at the end."""

    def map(self, function: Callable[..., Any], *iterables: Iterable[Any]) -> list[Any]:
        items = list(zip(*iterables, strict=True))
        return [function(*item) for item in reversed(items)][::-1]


@cache
def serial() -> CoverageResult:
    return coverage("lmu_ltau", ["ccfr", "nutev"], mass=0.1, coupling=[0.0, 8e-4], toys=2500, seed=3)


@pytest.mark.parametrize("executor", ["map", "reversed", "threads"])
def test_results_do_not_depend_on_the_executor(executor: str) -> None:
    def run(given: Any) -> CoverageResult:
        return coverage(
            "lmu_ltau", ["ccfr", "nutev"], mass=0.1, coupling=[0.0, 8e-4], toys=2500, seed=3, executor=given
        )

    if executor == "threads":
        with ThreadPoolExecutor(2) as pool:
            result = run(pool)
    else:
        result = run(map if executor == "map" else Reversed())
    assert result.to_dict() == serial().to_dict()


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"processes": 1}, {"processes": 2}, {"workers": 1}, {"workers": 2}])
def test_results_of_other_processes_are_bit_identical(options: dict[str, int]) -> None:
    names = ["ccfr:theory_error=profiled", "nutev:theory_error=profiled"]
    given: dict[str, Any] = {"mass": 0.1, "coupling": [0.0, 8e-4], "toys": 2500}
    here = coverage("lmu_ltau", names, **given)
    with open_executor(**options) as executor:
        assert coverage("lmu_ltau", names, executor=executor, **given).to_dict() == here.to_dict()


def test_experiments_of_a_point_do_not_depend_on_how_many_there_are() -> None:
    few, more = (coverage("lmu_ltau", "ccfr", mass=0.1, coupling=0.0, toys=n) for n in (1000, 2000))
    counts = [round(r.conventions["band"].coverage[0] * r.toys) for r in (few, more)]
    assert 0 <= counts[1] - counts[0] <= 1000
    other = coverage("lmu_ltau", "ccfr", mass=0.1, coupling=0.0, toys=1000, seed=1)
    assert other.conventions["feldman_cousins"].threshold != few.conventions["feldman_cousins"].threshold


def test_progress_counts_blocks() -> None:
    seen: list[tuple[int, int]] = []
    coverage("lmu_ltau", "ccfr", mass=[0.1, 1.0], coupling=0.0, toys=1500, progress=lambda *x: seen.append(x))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_errors_are_binomial_and_never_zero() -> None:
    result = coverage("lmu_ltau", "ccfr", mass=0.1, coupling=0.0, toys=TOYS)
    band, best = result.conventions["band"], result.conventions["best_fit"]
    p = band.coverage[0]
    assert band.coverage_error[0] == pytest.approx(np.sqrt(p * (1 - p) / TOYS), rel=0.01)
    assert 0.0 < best.empty_error[0] < 1e-3


def test_errors_are_how_far_results_scatter() -> None:
    gaussian, toys = made(Gaussian(value=1.0, error=0.3)), 400
    runs = [coverage(MODEL, gaussian, mass=1.0, coupling=0.6, toys=toys, seed=seed).conventions for seed in range(80)]
    for name in ("band", "feldman_cousins"):
        found = [run[name].coverage[0] for run in runs]
        told = np.mean([run[name].coverage_error[0] for run in runs])
        assert np.std(found, ddof=1) == pytest.approx(told, rel=0.25), name  # known to 8%


def test_another_confidence_level() -> None:
    result = coverage("lmu_ltau", "ccfr", mass=0.1, coupling=[0.0, 5e-3], confidence_level=0.9, toys=TOYS)
    assert agrees(result.conventions["band"].coverage[0], 0.9)
    assert agrees(result.conventions["best_fit"].coverage[0], 0.95)
    assert agrees(result.conventions["best_fit"].coverage[1], 0.9)
    low = coverage("lmu_ltau", "ccfr", mass=0.1, coupling=0.0, confidence_level=0.4, toys=100)
    assert "one_sided" not in low.conventions


def test_regions_with_declared_degrees_of_freedom() -> None:
    result = coverage("lmu_ltau", "dune_nd_dimuon_1902_08579:degrees_of_freedom=2", mass=0.1, coupling=1e-3, toys=1000)
    assert set(result.conventions) == {"best_fit", "feldman_cousins"}
    assert result.conventions["best_fit"].threshold[0] == pytest.approx(-2.0 * np.log(0.05))
    assert result.conventions["best_fit"].coverage[0] > 0.96


def test_counts_with_a_workspace_of_systematic_errors() -> None:
    result = coverage("lmu_ltau", "lhc_z4mu_atlas2014:background_error=0.05", mass=20.0, coupling=0.0, toys=200)
    assert agrees(result.conventions["band"].coverage[0], 0.95, toys=200)
    assert result.conventions["best_fit"].coverage[0] > 0.95


def test_the_json_form_and_the_command_line() -> None:
    words = ["coverage", "lmu_ltau", "ccfr", "--mass", "0.1", "--coupling", "0", "--coupling", "1e-3", "--toys", "500"]
    answer = CliRunner().invoke(main, [*words, "--json"])
    assert answer.exit_code == 0, answer.output
    read = json.loads(answer.output)
    result = recast.coverage("lmu_ltau", "ccfr", mass=0.1, coupling=[0.0, 1e-3], toys=500)
    assert read == json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert [point["coupling"] for point in read["points"]] == [0.0, 1e-3]
    assert set(read["points"][0]) == {"mass", "coupling", *read["conventions"]}
    assert isinstance(result.conventions["band"], Coverage)
    table = CliRunner().invoke(main, words).output
    assert "feldman_cousins" in table
    assert "empty" in table
    assert "+-" in table


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"mass": -1.0}, "mass must be a positive"),
        ({"coupling": -1e-3}, "coupling must be a finite number, zero or positive"),
        ({"mass": []}, "at least one"),
        ({"mass": [1.0, 2.0], "coupling": [0.0, 1.0, 2.0]}, "do not belong together"),
        ({"toys": 0}, "toys must be a whole number"),
        ({"toys": 1.5}, "toys must be a whole number"),
        ({"seed": -1}, "seed must be a whole number"),
        ({"seed": True}, "seed must be a whole number"),
        ({"confidence_level": 95}, "95%"),
    ],
)
def test_what_cannot_be_asked_is_said(changed: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"mass": 0.1, "coupling": 0.0, "toys": 10, **changed}
    with pytest.raises(RecastError, match=message):
        coverage("lmu_ltau", "ccfr", **given)


def test_what_has_no_coverage_is_said() -> None:
    with pytest.raises(RecastError, match="contact"):
        coverage("contact", "ccfr", mass=0.1, coupling=0.0)
    with pytest.raises(RecastError, match="named twice"):
        coverage("lmu_ltau", ["ccfr", "ccfr"], mass=0.1, coupling=0.0)
    with pytest.raises(NotApplicableError, match="babar_4mu"):
        coverage("lmu_ltau", ["ccfr", "babar_4mu"], mass=1.0, coupling=0.0)
