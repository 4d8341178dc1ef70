"""Pseudo-experiments: many likelihoods at once against one at a time, distributions, shared nuisance parameters."""

import json
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import chi2, poisson

from recast.errors import NotApplicableError, RecastError
from recast.joint import Joint
from recast.likelihoods import (
    AsymmetricGaussian,
    CorrelatedGaussian,
    CountingExperiment,
    Gaussian,
    Interval,
    Likelihood,
    LimitCurve,
    NormalisedCounts,
    PoissonCount,
    PyhfWorkspace,
)
from recast.likelihoods.pyhf_experiments import PyhfExperiments
from recast.measurement import load_measurement
from recast.model import load_model
from recast.pseudo_experiments import BLOCK, Hypothesis, blocks, draw, hypothesis, stream

MODEL = load_model("lmu_ltau")
SHARED = ("ccfr:theory_error=profiled", "charm_ii:theory_error=profiled", "nutev:theory_error=profiled")
CORRELATED = CorrelatedGaussian(
    names=("a", "b", "c"),
    values=(0.0, 0.0, 0.0),
    errors=(1.0, 2.0, 0.5),
    correlations=((1.0, 0.5, 0.1), (0.5, 1.0, -0.3), (0.1, -0.3, 1.0)),
)
COUNTS = {"names": ("a", "b"), "values": (200.0, 90.0), "backgrounds": (50.0, 30.0), "background_error": 0.2}

FloatArray = NDArray[np.float64]


def made(names: str | tuple[str, ...], *, mass: float = 0.1, coupling: float = 0.0) -> Hypothesis:
    given = (names,) if isinstance(names, str) else names
    return hypothesis(MODEL, [load_measurement(name) for name in given], mass, coupling)


def deviations(successes: float, trials: int, probability: float) -> float:
    return abs(successes - trials * probability) / np.sqrt(trials * probability * (1.0 - probability))


# One experiment at a time: the likelihood with the data of experiment i.
SINGLE: list[tuple[Likelihood, Any, Any]] = [
    (Gaussian(value=1.0, error=0.3), 1.2, lambda all_, i: Gaussian(value=all_.value[i, 0], error=0.3)),
    (
        AsymmetricGaussian(value=1.0, upper=0.8, lower=0.3),
        1.2,
        lambda all_, i: AsymmetricGaussian(value=all_.value[i, 0], upper=0.8, lower=0.3),
    ),
    (
        Interval(low=0.4, high=1.9, value=1.0),
        1.2,
        lambda all_, i: Interval(low=all_.value[i, 0] - 0.6, high=all_.value[i, 0] + 0.9, value=all_.value[i, 0]),
    ),
    (
        PoissonCount(observed=2, background=1.0),
        1.5,
        lambda all_, i: PoissonCount(observed=all_.observed[i, 0], background=1.0),
    ),
    (
        PoissonCount(observed=50, background=40.0, background_error=4.0),
        10.0,
        lambda all_, i: PoissonCount(
            observed=all_.observed[i, 0], background=all_.background[i, 0], background_error=4.0
        ),
    ),
]


@pytest.mark.parametrize(("likelihood", "truth", "single"), SINGLE)
@pytest.mark.parametrize("theory_error", [0.0, 0.4])
def test_many_experiments_are_one_at_a_time(
    likelihood: Likelihood, truth: float, single: Any, theory_error: float
) -> None:
    drawn = likelihood.sample(truth, 40, np.random.default_rng(1))
    prediction = np.linspace(0.0, 3.0 * truth, 31)
    together = drawn.minus_2_delta_ln_l(prediction, theory_error=theory_error * prediction)
    slopes = drawn.derivatives(prediction)
    assert together.shape == (40, 31)
    for i in range(40):
        one = single(drawn, i)
        assert one.data == pytest.approx(np.asarray(drawn.data)[i, 0])
        expected = one.minus_2_delta_ln_l(prediction, theory_error=theory_error * prediction)
        np.testing.assert_allclose(together[i], expected, rtol=1e-11, atol=1e-11)
        for ours, theirs in zip(slopes, one.derivatives(prediction), strict=True):
            mine = np.broadcast_to(ours, together.shape)[i]
            np.testing.assert_allclose(mine, np.broadcast_to(theirs, 31), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("correlation", ["independent", "shared"])
def test_correlated_numbers_one_at_a_time(correlation: Any) -> None:
    rng = np.random.default_rng(2)
    floating = CORRELATED.model_copy(update={"floating": ((1.0, 1.0, 0.0),)})
    counts = NormalisedCounts(**COUNTS, normalisation_error=0.1, correlation=correlation)
    for likelihood, truth in ((CORRELATED, (0.1, 0.0, 0.2)), (floating, (0.1, 0.0, 0.2)), (counts, (220.0, 80.0))):
        drawn = likelihood.sample(truth, 20, rng)
        prediction = np.array(truth) * np.linspace(0.8, 1.3, 7)[:, None]
        together = drawn.minus_2_delta_ln_l(prediction)
        assert together.shape == (20, 7)
        first, _ = drawn.derivatives(prediction)
        for i in range(20):
            one = likelihood.model_copy(update={"values": tuple(np.asarray(drawn.data)[i, 0].tolist())})
            np.testing.assert_allclose(together[i], one.minus_2_delta_ln_l(prediction), rtol=1e-11)
            np.testing.assert_allclose(first[i], one.derivatives(prediction)[0], rtol=1e-9)


@pytest.mark.parametrize(
    ("likelihood", "truth", "degrees_of_freedom"),
    [
        (Gaussian(value=0.0, error=0.3), 1.2, 1),
        (AsymmetricGaussian(value=0.0, upper=0.9, lower=0.3), 1.2, 1),
        (Interval(low=-1.0, high=3.0, value=0.5), -0.3, 1),
        (CORRELATED, (0.1, 0.0, 0.2), 3),
        (CORRELATED.model_copy(update={"floating": ((1.0, 1.0, 0.0),)}), (0.1, 0.0, 0.2), 2),
        # Counts are Gaussian to the accuracy of this test where there are many.
        (PoissonCount(observed=0, background=2e6, background_error=1e3), 3e5, 1),
        (NormalisedCounts(names=("a", "b"), values=(1.0, 1.0), normalisation_error=1e-4), (2e6, 3e6), 2),
        (
            NormalisedCounts(names=("a", "b"), values=(1.0, 1.0), normalisation_error=1e-4, correlation="shared"),
            (2e6, 3e6),
            2,
        ),
    ],
)
def test_distances_of_the_truth_follow_chi_squared(likelihood: Any, truth: Any, degrees_of_freedom: int) -> None:
    size = 20_000
    drawn = likelihood.sample(truth, size, np.random.default_rng(3))
    distance = drawn.minus_2_delta_ln_l(np.array(truth)[None])[:, 0]
    assert distance.shape == (size,)
    for level in (0.1, 0.5, 0.9, 0.99):
        inside = np.count_nonzero(distance < chi2.ppf(level, degrees_of_freedom))
        assert deviations(inside, size, level) < 4.0


def test_sides_are_chosen_so_that_the_density_is_continuous() -> None:
    drawn = AsymmetricGaussian(value=0.0, upper=0.9, lower=0.3).sample(1.0, 20_000, np.random.default_rng(4))
    value = np.asarray(drawn.data).ravel()
    assert deviations(np.count_nonzero(value < 1.0), 20_000, 0.75) < 4.0
    near = [np.count_nonzero((value > a) & (value < a + 0.05)) for a in (0.95, 1.0)]
    assert abs(near[0] - near[1]) < 4.0 * np.sqrt(sum(near))


@given(st.floats(0.0, 30.0), st.floats(0.0, 20.0))
def test_counts_are_poissonian(signal: float, background: float) -> None:
    drawn = PoissonCount(observed=0, background=background).sample(signal, 400, np.random.default_rng(5))
    count = np.asarray(drawn.data).ravel() + background
    np.testing.assert_allclose(count, np.round(count), atol=1e-9)
    assert abs(count.mean() - signal - background) <= 5.0 * np.sqrt((signal + background) / 400)


def test_what_has_no_pseudo_experiments_says_so() -> None:
    rng = np.random.default_rng(6)
    with pytest.raises(NotApplicableError, match="only a limit was published"):
        LimitCurve(confidence_level=0.9).sample(1.0, 10, rng)
    with pytest.raises(NotApplicableError, match="babar_4mu"):
        made("babar_4mu", mass=1.0)
    with pytest.raises(RecastError, match="-3 events cannot be expected"):
        PoissonCount(observed=1, background=2.0).sample(-5.0, 10, rng)
    with pytest.raises(RecastError, match="cannot be expected"):
        NormalisedCounts(**COUNTS, normalisation_error=0.1).sample((-1.0, 3.0), 10, rng)
    with pytest.raises(NotApplicableError, match="no measurement says anything at a mass of 1000 GeV"):
        made("lhc_z4mu_atlas2014", mass=1000.0)

    class Unknown(Gaussian):
        sample = Likelihood.sample

    with pytest.raises(NotApplicableError, match="type gaussian does not say how its data fluctuate"):
        Unknown(value=1.0, error=1.0).sample(1.0, 10, rng)


def test_streams_depend_on_seed_and_block_alone() -> None:
    first = stream(7, 3, 1).standard_normal(5)
    np.testing.assert_array_equal(first, stream(7, 3, 1).standard_normal(5))
    for other in ((7, 3, 2), (7, 1, 3), (8, 3, 1), (7, 3)):
        assert not np.any(first == stream(*other).standard_normal(5))
    assert list(blocks(2 * BLOCK + 1)) == [(0, BLOCK), (1, BLOCK), (2, 1)]


def test_shared_nuisance_parameters_are_measured_once_and_profiled_together() -> None:
    truth = made(SHARED, coupling=8e-4)
    assert truth.joint.nuisances == ("trident_coherent", "trident_incoherent")
    experiments = truth.draw(12, stream(0, 0))
    assert {name: a.shape for name, a in experiments.auxiliary.items()} == dict.fromkeys(truth.joint.nuisances, (12, 1))
    distance = experiments.distance(truth.parts)
    assert distance.shape == (12, truth.couplings.size)
    for i in range(12):
        measured = np.array([experiments.auxiliary[name][i, 0] for name in truth.joint.nuisances])
        for column in (0, truth.couplings.size // 2):

            def total(theta: FloatArray, i: int = i, column: int = column, measured: FloatArray = measured) -> float:
                value = float(np.sum((theta - measured) ** 2))
                for m, drawn, part in zip(
                    truth.joint.measurements, experiments.joint.measurements, truth.parts, strict=True
                ):
                    here = {name: p[column] for name, p in part.items()}
                    prediction = sum(here.values())
                    for name, shift in m.theory_shifts(here).items():
                        prediction += shift * theta[truth.joint.nuisances.index(name)]
                    lower, upper = m.likelihood.side_errors
                    pull = prediction - drawn.likelihood.data[i, 0]
                    value += (pull / (upper if pull > 0 else lower)) ** 2
                return value

            best = minimize(total, measured, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10})
            assert distance[i, column] == pytest.approx(best.fun, rel=1e-6, abs=1e-8)


def test_nuisance_parameters_of_one_measurement_have_a_closed_form() -> None:
    truth = made("ccfr:theory_error=profiled", coupling=1e-3)
    experiments = truth.draw(50, stream(1, 0))
    (measurement,), (drawn,) = truth.joint.measurements, experiments.joint.measurements
    (part,) = truth.parts
    shifts = measurement.theory_shifts(part)
    moved = sum(part.values()) + sum(shifts[k] * experiments.auxiliary[k] for k in shifts)
    variance = 0.28**2 + sum(shift**2 for shift in shifts.values())
    expected = (moved - drawn.likelihood.data) ** 2 / variance
    np.testing.assert_allclose(experiments.distance(truth.parts), expected, rtol=1e-12)
    np.testing.assert_array_equal(experiments.above_data(truth.parts), moved > drawn.likelihood.data)


@pytest.mark.parametrize(
    "names",
    ["ccfr", "nutev", "borexino", ("ccfr", "charm_ii", "nutev"), ("ccfr", "muon_g2"), "dune_nd_dimuon_1902_08579"],
)
@pytest.mark.parametrize("coupling", [0.0, 8e-4])
def test_best_fits_are_those_of_a_fine_search(names: Any, coupling: float) -> None:
    truth = made(names, coupling=coupling)
    experiments = truth.draw(60, stream(2, 0))
    best = truth.best_fit(experiments.distance(truth.parts))
    references = (names,) if isinstance(names, str) else names
    joint = Joint(tuple(load_measurement(name) for name in references))
    fine = np.concatenate([[0.0], np.geomspace(1e-5, 3e-2, 20_001)])
    distance = experiments.distance(joint.contributions(MODEL(mass=0.1, coupling=fine)))
    lowest = distance.min(axis=1)
    np.testing.assert_allclose(best.minus_2_delta_ln_l, lowest, atol=4e-3)
    at_best = experiments.distance(joint.contributions(MODEL(mass=0.1, coupling=best.coupling)))
    np.testing.assert_allclose(np.diagonal(at_best), lowest, atol=4e-3)
    ratio = truth.likelihood_ratio(experiments)
    true = experiments.distance(joint.contributions(MODEL(mass=0.1, coupling=np.array([coupling]))))[:, 0]
    np.testing.assert_allclose(ratio, true - np.minimum(lowest, true), atol=4e-3)


def test_what_says_nothing_at_a_mass_is_left_out() -> None:
    alone, both = (made(names, mass=0.1, coupling=1e-3) for names in ("ccfr", ("ccfr", "lhc_z4mu_atlas2014")))
    assert [m.name for m in both.joint.measurements] == ["ccfr"]
    np.testing.assert_array_equal(both.couplings, alone.couplings)


def test_what_depends_on_no_coupling_has_itself_alone() -> None:
    truth = made("ccfr", mass=1e6)
    experiments = truth.draw(10, stream(3, 0))
    assert np.all(truth.likelihood_ratio(experiments) >= 0.0)


def test_a_hypothesis_can_be_sent_to_workers() -> None:
    truth = made(SHARED, coupling=5e-4)
    sent = pickle.dumps(truth)
    assert len(sent) < 100_000
    again = pickle.loads(sent)  # noqa: S301
    ours, theirs = (t.likelihood_ratio(t.draw(5, stream(4, 0))) for t in (truth, again))
    np.testing.assert_array_equal(ours, theirs)


def with_data(workspace: PyhfWorkspace, observed: FloatArray) -> PyhfWorkspace:
    """Return a workspace with counts and auxiliary data of one experiment."""
    one = PyhfWorkspace(workspace=json.loads(json.dumps(workspace.workspace)), signal=workspace.signal)
    one.__dict__["observations"] = observed.tolist()
    return one


def test_a_workspace_without_nuisance_parameters_is_a_count() -> None:
    experiment = CountingExperiment(signal_per_year={"a": 6.0, "b": 2.0}, background_per_year=20.0, years=3.0)
    count = experiment.sample(20.0, 30, np.random.default_rng(8))
    assert isinstance(count, PoissonCount)
    fitted = experiment.profiled.sample(20.0, 30, np.random.default_rng(8))
    assert isinstance(fitted, PyhfExperiments)
    np.testing.assert_array_equal(fitted.observed[:, :1], count.observed)
    np.testing.assert_allclose(fitted.data, count.data, atol=1e-3)
    prediction = np.linspace(0.0, 60.0, 50)
    for error in (0.0, 0.3):
        ours, exact = (x.minus_2_delta_ln_l(prediction, theory_error=error * prediction) for x in (fitted, count))
        np.testing.assert_allclose(ours, exact, atol=1e-3)
    np.testing.assert_allclose(fitted.derivatives(prediction)[0], count.derivatives(prediction)[0], atol=2e-3)
    with pytest.raises(NotApplicableError, match="no single profile"):
        _ = fitted.minimum


@pytest.mark.parametrize("modifier", ["normsys", "histosys", "shapesys", "staterror"])
def test_all_profile_likelihoods_of_a_workspace_are_those_of_pyhf(modifier: str) -> None:
    effects: dict[str, Any] = {
        "normsys": {"lo": 0.9, "hi": 1.1},
        "histosys": {"lo_data": [17.0, 32.0], "hi_data": [24.0, 37.0]},
        "shapesys": [3.0, 4.0],
        "staterror": [3.0, 4.0],
    }
    error = {"name": "error", "type": modifier, "data": effects[modifier]}
    strength = {"name": "mu", "type": "normfactor", "data": None}
    samples = [
        {"name": "signal", "data": [8.0, 5.0], "modifiers": [strength]},
        {"name": "background", "data": [20.0, 35.0], "modifiers": [error]},
    ]
    workspace = PyhfWorkspace(
        workspace={
            "channels": [{"name": "one", "samples": samples}],
            "observations": [{"name": "one", "data": [28.0, 40.0]}],
            "measurements": [{"name": "one", "config": {"poi": "mu", "parameters": []}}],
            "version": "1.0.0",
        },
        signal=13.0,
    )
    drawn = workspace.sample(13.0, 200, np.random.default_rng(9))
    assert isinstance(drawn, PyhfExperiments)
    prediction = np.array([0.0, 6.0, 13.0, 30.0])
    ours = drawn.minus_2_delta_ln_l(prediction)
    for i in range(2):
        single = with_data(workspace, drawn.observed[i])
        best, minimum = single._best(-10.0)
        assert drawn.data[i, 0] == pytest.approx(best, abs=2e-3)
        theirs = [2.0 * (single._fit(value) - minimum) for value in prediction.tolist()]
        np.testing.assert_allclose(ours[i], theirs, rtol=1e-3, atol=2e-3)
    # Auxiliary data fluctuate as their constraints say.
    mean = np.mean(drawn.observed, axis=0)
    spread = np.std(drawn.observed, axis=0)
    nominal = np.asarray(workspace.model.expected_data(workspace.model.config.suggested_init()))
    np.testing.assert_allclose(mean, nominal, atol=float(5.0 * np.max(spread) / np.sqrt(200)))
    inside = np.count_nonzero(drawn.minus_2_delta_ln_l(np.array([13.0])) < chi2.ppf(0.68, 1))
    assert deviations(inside, 200, 0.68) < 4.0


def test_draws_of_a_joint_follow_its_measurements() -> None:
    joint = Joint((load_measurement("ccfr"), load_measurement("nutev")))
    parts = joint.contributions(MODEL(mass=0.1, coupling=0.0))
    experiments = draw(joint, parts, 5000, stream(5, 0))
    assert experiments.auxiliary == {}
    ccfr, nutev = (np.asarray(m.likelihood.data).ravel() for m in experiments.joint.measurements)
    assert deviations(np.count_nonzero(ccfr < 1.0), 5000, 0.5) < 4.0
    assert deviations(np.count_nonzero(nutev < 1.0), 5000, 1.73 / (1.73 + 0.72)) < 4.0
    assert abs(np.corrcoef(ccfr, nutev)[0, 1]) < 4.0 / np.sqrt(5000)


def test_backgrounds_are_measured_anew() -> None:
    drawn = PoissonCount(observed=0, background=40.0, background_error=4.0).sample(5.0, 20_000, stream(6, 0))
    background = np.asarray(drawn.background).ravel()
    assert background.mean() == pytest.approx(40.0, abs=5.0 * 4.0 / np.sqrt(20_000))
    assert background.std() == pytest.approx(4.0, rel=0.03)
    expected = poisson.cdf(45, 45.0)
    assert deviations(np.count_nonzero(np.asarray(drawn.observed) <= 45), 20_000, float(expected)) < 4.0
