"""Feldman-Cousins intervals against the published tables, integrals by brute force and pseudo-experiments."""

import csv
import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict

from recast import feldman_cousins_limit
from recast.cli import main
from recast.coupling_curve import CouplingCurve
from recast.errors import NotApplicableError, RecastError
from recast.feldman_cousins import interval, is_exact, p_value
from recast.likelihoods import AsymmetricGaussian, Gaussian, Likelihood, LimitCurve, PoissonCount
from recast.limits import limit
from recast.measurement import Measurement, load_measurement
from recast.model import load_model

REFERENCE = Path(__file__).parent / "reference"
MODEL = load_model("lmu_ltau")
SOURCE = {"value": {"paper": "-", "place": "-", "inspire": "Key:2000aa", "bibtex": "@misc{Key:2000aa,}"}}

FloatArray = NDArray[np.float64]


def table(name: str) -> list[tuple[float, ...]]:
    with (REFERENCE / f"feldman_cousins_{name}.csv").open() as file:
        rows = list(csv.reader(line for line in file if not line.startswith("#")))
    return [tuple(map(float, row)) for row in rows[1:]]


def ends(likelihood: Likelihood, level: float, **bounds: float) -> tuple[float, float]:
    low, high = interval(likelihood, level, **bounds)
    return float(low), float(high)


def test_the_published_table_of_a_gaussian_with_a_boundary() -> None:
    rows = table("gaussian")
    assert len(rows) == 62 * 4
    for measured, level, low, high in rows:
        # The table is rounded to two decimals.
        assert ends(Gaussian(value=measured, error=1.0), level, low=0.0) == pytest.approx((low, high), abs=0.005)


def check_poisson(rows: list[tuple[float, ...]]) -> float:
    """Compare with the published tables; return the fraction of upper ends that agree as well."""
    same = 0
    for counted, background, level, low, high in rows:
        ours = ends(PoissonCount(observed=counted, background=background), level, low=0.0)
        assert ours[0] == pytest.approx(low, abs=0.0101)
        # Published upper ends were lengthened where they would have grown with the background.
        assert ours[1] <= high + 0.0101
        same += ours[1] == pytest.approx(high, abs=0.0101)
    return same / len(rows)


def test_the_published_tables_of_counts() -> None:
    rows = table("poisson")
    assert len(rows) == 21 * 20 * 4
    assert check_poisson(rows[::83]) > 0.8
    # Without background nothing was lengthened.
    assert check_poisson([row for row in rows if row[1] == 0.0][::4]) == 1.0


@pytest.mark.slow
def test_all_published_tables_of_counts() -> None:
    assert check_poisson(table("poisson")) > 0.85


@pytest.mark.slow
@pytest.mark.parametrize(("counted", "background", "level"), [(0, 1.5, 0.6827), (1, 5.0, 0.99), (8, 14.0, 0.9)])
def test_published_upper_ends_are_the_largest_ones_at_this_background_or_above(
    counted: int, background: float, level: float
) -> None:
    (published,) = (row[4] for row in table("poisson") if row[:3] == (counted, background, level))
    larger = [
        ends(PoissonCount(observed=counted, background=b), level, low=0.0)[1]
        for b in np.arange(background, background + 0.75, 0.01)
    ]
    assert larger[0] < published - 0.02
    assert max(larger) == pytest.approx(published, abs=0.0101)


def brute_force(likelihood: Any, prediction: float, low: float, high: float) -> float:
    """Return the p-value by a sum over all data."""
    possible: list[Any]
    observed = likelihood.observed if isinstance(likelihood, PoissonCount) else likelihood.data
    if isinstance(likelihood, PoissonCount):
        data = np.arange(400.0)
        possible = [PoissonCount(observed=n, background=likelihood.background) for n in (*data, observed)]
    else:
        lower, upper = likelihood.side_errors
        data = prediction + np.linspace(-9.0 * upper, 9.0 * lower, 4_001)
        possible = [AsymmetricGaussian(value=x, upper=upper, lower=lower) for x in (*data, observed)]
    ratio = np.array(
        [
            float(one.minus_2_delta_ln_l(prediction) - one.minus_2_delta_ln_l(np.clip(one.data, low, high)))
            for one in possible
        ]
    )
    density = np.exp(-np.array([float(one.nll(prediction)) for one in possible[:-1]]))
    return float(np.sum(density * (ratio[:-1] >= ratio[-1] - 1e-9)) / np.sum(density))


@pytest.mark.parametrize(
    ("likelihood", "prediction", "low", "high"),
    [
        (Gaussian(value=0.8, error=0.3), 1.1, 1.0, np.inf),
        (Gaussian(value=0.8, error=0.3), 1.4, 0.9, 1.6),
        (AsymmetricGaussian(value=0.8, upper=0.5, lower=0.2), 1.0, 1.0, np.inf),
        (AsymmetricGaussian(value=1.5, upper=0.5, lower=0.2), 1.2, 1.0, 1.3),
        (AsymmetricGaussian(value=1.5, upper=0.1, lower=0.4), 1.1, -np.inf, 1.4),
        (PoissonCount(observed=3, background=2.0), 4.0, 0.0, np.inf),
        (PoissonCount(observed=1, background=3.0), 0.0, 0.0, np.inf),
        (PoissonCount(observed=30, background=3.0), 20.0, 10.0, 25.0),
        (PoissonCount(observed=2.5, background=0.5), 5.0, 1.0, np.inf),
    ],
)
def test_p_values_are_sums_over_the_data(likelihood: Likelihood, prediction: float, low: float, high: float) -> None:
    found = float(p_value(likelihood, prediction, low=low, high=high))
    assert found == pytest.approx(brute_force(likelihood, prediction, low, high), abs=2e-3)


@given(
    mean=st.floats(0.0, 5.0),
    room=st.floats(0.0, 5.0),
    upper=st.floats(0.2, 2.0),
    lower=st.floats(0.2, 2.0),
    level=st.sampled_from([0.6827, 0.9, 0.95, 0.99]),
)
@settings(max_examples=40)
def test_gaussian_intervals_cover(mean: float, room: float, upper: float, lower: float, level: float) -> None:
    likelihood = AsymmetricGaussian(value=0.0, upper=upper, lower=lower)
    data = mean + np.linspace(-8.0 * upper, 8.0 * lower, 20_001)
    density = np.exp(-0.5 * np.square((data - mean) / np.where(data < mean, upper, lower)))
    accepted = p_value(likelihood, mean, low=0.0, high=mean + room, observed=data) > 1.0 - level
    covered = float(np.sum(density * accepted) / np.sum(density))
    assert covered >= level - 2e-3
    if mean > 1e-3 and room > 1e-3:
        # Only at a boundary, where all data beyond it fit alike, may there be more.
        assert covered <= level + 2e-3


@given(mean=st.floats(0.0, 30.0), background=st.floats(0.0, 20.0), level=st.sampled_from([0.6827, 0.9, 0.95, 0.99]))
@settings(max_examples=40)
def test_intervals_of_counts_cover(mean: float, background: float, level: float) -> None:
    from scipy.stats import poisson

    counts = np.arange(150.0)
    found = p_value(PoissonCount(observed=0, background=background), mean, low=0.0, observed=counts)
    assert np.sum(poisson.pmf(counts, mean + background)[found > 1.0 - level]) >= level - 1e-12


@given(value=st.floats(-20.0, 20.0), low=st.floats(-5.0, 5.0), width=st.floats(0.0, 10.0), upper=st.floats(0.1, 5.0))
@settings(max_examples=25)
def test_no_interval_is_empty(value: float, low: float, width: float, upper: float) -> None:
    likelihood = AsymmetricGaussian(value=value, upper=upper, lower=1.0)
    found = ends(likelihood, 0.9, low=low, high=low + width)
    best = min(max(value, low), low + width)
    assert low <= found[0] <= best <= found[1] <= low + width
    for end, bound in zip(found, (low, low + width), strict=True):
        # Where the errors differ much, all but the boundary itself can be excluded.
        if end != bound and abs(end - best) > 1e-9:
            assert float(p_value(likelihood, end, low=low, high=low + width)) == pytest.approx(0.1, abs=1e-6)


def test_far_from_boundaries_intervals_are_those_without() -> None:
    low, high = ends(AsymmetricGaussian(value=50.0, upper=2.0, lower=1.0), 0.95, low=0.0)
    z = 1.959963984540054
    # Data above the prediction are spread by the lower error: the upper end of the interval by the upper one.
    assert (low, high) == pytest.approx((50.0 - z, 50.0 + 2.0 * z), rel=1e-9)
    many = ends(PoissonCount(observed=1_000_000, background=0.0), 0.6827, low=0.0)
    assert many == pytest.approx((999_000.0, 1_001_000.0), abs=2.0)


def test_arrays_of_boundaries() -> None:
    likelihood = Gaussian(value=-0.5, error=1.0)
    low, high = interval(likelihood, 0.9, low=np.array([[0.0], [-1.0]]), high=np.array([1.0, np.inf]))
    for i, j in itertools.product(range(2), repeat=2):
        one = ends(likelihood, 0.9, low=[0.0, -1.0][i], high=[1.0, np.inf][j])
        assert (low[i, j], high[i, j]) == pytest.approx(one, rel=1e-12)
    assert ends(PoissonCount(observed=3, background=1.0), 0.9) == ends(
        PoissonCount(observed=3, background=1.0), 0.9, low=-1.0
    )


def test_what_is_not_exact_is_refused() -> None:
    for likelihood in (
        PoissonCount(observed=3, background=1.0, background_error=0.5),
        LimitCurve(confidence_level=0.9),
    ):
        assert not is_exact(likelihood)
        with pytest.raises(NotApplicableError, match="no exact Feldman-Cousins"):
            p_value(likelihood, 1.0, low=0.0)
    with pytest.raises(RecastError, match="95%"):
        interval(Gaussian(value=1.0, error=1.0), 95.0)


@pytest.mark.parametrize(("counted", "background", "z"), [(1, 0.5, 6.5), (25, 77.7, 30.0), (1, 3.0, 7.0)])
def test_allowed_counts_far_below_the_background(counted: int, background: float, z: float) -> None:
    likelihood = PoissonCount(observed=counted, background=background)
    low, high = likelihood.allowed(z)
    assert -background <= low < counted - background < high


class Toy(BaseModel):
    """``1 + a (g/m)^2 + b (g/m)^4``."""

    model_config = ConfigDict(frozen=True)

    type: Literal["toy"] = "toy"
    a: float
    b: float
    scale: float = 1.0
    polynomial: bool = True

    def applicable(self, interaction: Any) -> str | None:
        return None if interaction.mediators is not None else "it knows mediators only"

    def contributions(self, interaction: Any) -> dict[str, FloatArray]:
        if not interaction.mediators:
            return {"all": np.array(self.scale)}
        (boson,) = interaction.mediators
        x = np.square(boson.coupling / boson.mass)
        return {"all": self.scale * (1.0 + self.a * x + self.b * x**2)}

    def predict(self, interaction: Any) -> FloatArray:
        return self.contributions(interaction)["all"]

    def polynomials(self, model: Any, mass: ArrayLike) -> dict[str, FloatArray] | None:
        m = np.atleast_1d(np.asarray(mass, dtype=float))
        rows = self.scale * np.stack([np.ones_like(m), 0 * m, self.a / m**2, 0 * m, self.b / m**4], axis=1)
        return {"all": rows} if self.polynomial else None


def made(toy: Toy, likelihood: Likelihood, *, name: str = "toy", errors: Any = None) -> Measurement:
    return Measurement.model_validate(
        {
            "name": name,
            "title": name,
            "observable": toy,
            "likelihood": likelihood,
            "theory_errors": errors or {},
            "provenance": SOURCE,
        }
    )


@pytest.mark.parametrize(
    ("toy", "expected"),
    [
        (Toy(a=1.0, b=1.0), (1.0, np.inf)),
        (Toy(a=-2.0, b=1.0), (0.0, np.inf)),
        (Toy(a=2.0, b=-1.0), (-np.inf, 2.0)),
        (Toy(a=-1.0, b=0.0), (-np.inf, 1.0)),
        (Toy(a=0.0, b=0.0), (1.0, 1.0)),
    ],
)
def test_the_predictions_that_a_model_reaches(toy: Toy, expected: tuple[float, float]) -> None:
    curve = CouplingCurve(MODEL, (made(toy, Gaussian(value=1.0, error=0.3)),), np.array([0.1, 10.0]))
    low, high = curve.reach()
    np.testing.assert_allclose(low, expected[0], atol=1e-12)
    np.testing.assert_allclose(high, expected[1], atol=1e-12)
    searched = made(toy.model_copy(update={"polynomial": False}), Gaussian(value=1.0, error=0.3))
    low, high = CouplingCurve(MODEL, (searched,), np.array([0.1, 10.0])).reach()
    for found, end in ((low, expected[0]), (high, expected[1])):
        # Searched is up to thirty standard deviations, or the couplings that an observable names.
        assert np.allclose(found, end, atol=1e-2) if np.isfinite(end) else np.all(np.abs(found) > 10.0)


@pytest.mark.parametrize("polynomial", [True, False])
@pytest.mark.parametrize(
    "likelihood",
    [
        Gaussian(value=0.7, error=0.3),
        AsymmetricGaussian(value=1.3, upper=0.4, lower=0.2),
        Gaussian(value=2.0, error=0.4),
    ],
    ids=repr,
)
def test_limits_are_intervals_of_the_prediction(likelihood: Likelihood, polynomial: bool) -> None:
    measurement = made(Toy(a=1.0, b=0.0, polynomial=polynomial), likelihood)
    mass = np.array([0.2, 3.0])
    result = limit(MODEL, measurement, mass, feldman_cousins=True)
    low, high = ends(likelihood, 0.95, low=1.0)
    for m, excluded in zip(mass, result.excluded, strict=True):
        # R = 1 + (g/m)^2.
        edges = [m * np.sqrt(end - 1.0) for end in (low, high) if end > 1.0]
        assert [end for pair in excluded for end in pair if end] == pytest.approx(edges, rel=1e-9)
        assert excluded[-1][1] is None
    assert result.best_fit is None
    assert result.feldman_cousins
    assert "Feldman-Cousins" in result.convention
    assert "exact" in result.convention


def test_where_all_predictions_agree_nothing_is_excluded() -> None:
    # Five standard deviations off: the usual region is empty, and says nothing about the coupling.
    blind = made(Toy(a=0.0, b=0.0), Gaussian(value=2.5, error=0.3))
    assert limit(MODEL, blind, 1.0).excluded == (((0.0, None),),)
    assert limit(MODEL, blind, 1.0, feldman_cousins=True).excluded == ((),)


@pytest.mark.parametrize(
    ("likelihood", "toy"),
    [
        (Gaussian(value=0.5, error=0.3), Toy(a=1.0, b=0.0)),
        (AsymmetricGaussian(value=1.4, upper=0.4, lower=0.2), Toy(a=1.0, b=1.0)),
        (PoissonCount(observed=7, background=2.0), Toy(a=1.0, b=0.0, scale=3.0)),
    ],
    ids=["gaussian", "asymmetric", "poisson"],
)
def test_pseudo_experiments_agree_with_the_exact_limits(
    likelihood: Likelihood, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    measurement = made(toy, likelihood)
    level, toys = 0.9, 4000
    exact = limit(MODEL, measurement, 1.0, confidence_level=level, feldman_cousins=True)
    monkeypatch.setattr(feldman_cousins_limit, "is_exact", lambda _: False)
    drawn = limit(MODEL, measurement, 1.0, confidence_level=level, feldman_cousins=True, toys=toys, seed=1)
    assert f"{toys} pseudo-experiments with seed 1" in drawn.convention
    assert drawn.best_fit is not None
    assert len(drawn.excluded[0]) == len(exact.excluded[0])
    low = float(np.min(CouplingCurve(MODEL, (measurement,), np.array([1.0])).reach()[0]))
    pairs = zip(drawn.excluded[0], exact.excluded[0], strict=True)
    for mine, other in ((a, b) for one, two in pairs for a, b in zip(one, two, strict=True)):
        if not other:
            assert mine == other
            continue
        assert mine is not None
        # The edge was drawn so that 1 - CL of the experiments lie beyond: so says the exact probability, within the
        # binomial error; that of a count jumps.
        prediction = measurement.prediction(MODEL(mass=1.0, coupling=mine))
        if isinstance(likelihood, PoissonCount):
            assert mine == pytest.approx(other, rel=0.03)
        else:
            tail = float(p_value(likelihood, prediction, low=low))
            assert tail == pytest.approx(1.0 - level, abs=4.0 * np.sqrt(level * (1.0 - level) / toys))


def test_several_measurements_and_the_choice_of_masses() -> None:
    pair = [
        made(Toy(a=1.0, b=1.0), Gaussian(value=0.8, error=0.3), name="one"),
        made(Toy(a=1.0, b=0.0), AsymmetricGaussian(value=1.3, upper=0.4, lower=0.3), name="two"),
    ]
    both = limit(MODEL, pair, [0.3, 2.0], feldman_cousins=True, toys=1000)
    # Predictions of g/m alone, and the same random numbers at every mass.
    assert both.coupling[1] / 2.0 == pytest.approx(both.coupling[0] / 0.3, rel=1e-6)
    # Wherever they are drawn.
    with ThreadPoolExecutor(2) as executor:
        alone = limit(MODEL, pair, 2.0, feldman_cousins=True, toys=1000, executor=executor)
    assert alone.coupling[0] == both.coupling[1]
    # At the boundary only half of the experiments fluctuate into reach: the threshold is below that of Wilks.
    usual = limit(MODEL, pair, 2.0)
    assert usual.best_fit is not None
    assert both.best_fit is not None
    assert both.best_fit.coupling[1] == pytest.approx(usual.best_fit.coupling[0])
    assert both.coupling[1] == pytest.approx(usual.coupling[0], rel=0.05)


def test_nuisance_parameters_loosen_limits() -> None:
    alone = limit("lmu_ltau", "ccfr", 0.1, feldman_cousins=True)
    profiled = limit("lmu_ltau", "ccfr:theory_error=profiled", 0.1, feldman_cousins=True, toys=2000)
    assert alone.coupling[0] < profiled.coupling[0] < 1.1 * alone.coupling[0]


def test_limits_of_real_measurements() -> None:
    # CCFR, R = 0.82 +- 0.28 with R >= 1, is a unit Gaussian 0.64 below its boundary: [0, 1.37 or 1.38] in Table X.
    result = limit("lmu_ltau", "ccfr", 0.1, feldman_cousins=True)
    prediction = float(load_measurement("ccfr").prediction(MODEL(mass=0.1, coupling=result.coupling[0])))
    assert (prediction - 1.0) / 0.28 == pytest.approx(1.33 + (1.41 - 1.33) * 0.57, abs=0.01)
    # Outside the masses of a limit curve nothing is known, and it does not disturb.
    both = limit("lmu_ltau", ["ccfr", "babar_4mu"], 100.0, feldman_cousins=True, toys=1000)
    assert both.coupling[0] == pytest.approx(
        limit("lmu_ltau", "ccfr", 100.0, feldman_cousins=True).coupling[0], rel=0.05
    )
    assert json.loads(json.dumps(both.to_dict()))["convention"].startswith("95% CL, Feldman-Cousins")
    unknown = limit("lmu_ltau", "ccfr", 0.1, feldman_cousins=True, expected=True)
    assert "expected" in unknown.convention
    assert unknown.coupling[0] > result.coupling[0]


def test_what_cannot_be_asked_is_said() -> None:
    with pytest.raises(NotApplicableError, match="babar_4mu"):
        limit("lmu_ltau", "babar_4mu", 1.0, feldman_cousins=True)
    for one_sided in (True, False):
        with pytest.raises(RecastError, match="choose one"):
            limit("lmu_ltau", "ccfr", 1.0, feldman_cousins=True, one_sided=one_sided, cls=not one_sided)
    for toys in (10, -1, "many"):
        with pytest.raises(RecastError, match="at least 200"):
            limit("lmu_ltau", "ccfr:theory_error=profiled", 1.0, feldman_cousins=True, toys=toys)  # type: ignore[arg-type]
    for seed in (-1, 0.5, True):
        with pytest.raises(RecastError, match="seed"):
            limit("lmu_ltau", "ccfr:theory_error=profiled", 1.0, feldman_cousins=True, seed=seed)  # type: ignore[arg-type]
    small = {"confidence_level": 0.9, "feldman_cousins": True, "seed": np.int64(1)}
    drawn = limit("lmu_ltau", ["ccfr", "charm_ii"], 1.0, toys=np.int64(100), **small)  # type: ignore[arg-type]
    assert "100 pseudo-experiments with seed 1" in drawn.convention
    with pytest.raises(RecastError, match="at least 100 "):
        limit("lmu_ltau", ["ccfr", "charm_ii"], 1.0, toys=99, **small)  # type: ignore[arg-type]


def test_the_command_line() -> None:
    result = CliRunner().invoke(main, ["limit", "lmu_ltau", "ccfr", "--mass", "0.1", "--feldman-cousins", "--json"])
    assert result.exit_code == 0
    document = json.loads(result.output)
    assert document["convention"].endswith("exact)")
    assert document["limits"][0]["coupling"] == pytest.approx(
        limit("lmu_ltau", "ccfr", 0.1, feldman_cousins=True).coupling[0]
    )
    options = ["--mass", "0.1", "--feldman-cousins", "--toys", "400", "--seed", "3"]
    drawn = CliRunner().invoke(main, ["limit", "lmu_ltau", "ccfr", "charm_ii", *options])
    assert drawn.exit_code == 0
    assert "400 pseudo-experiments with seed 3" in drawn.output
