"""CLs limits against sums by hand, toys and pyhf's own search."""

import json
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import norm, poisson

from recast.cli import main
from recast.cls import first_excluded_count, upper_limit
from recast.cls_exact import exact_cls
from recast.counting_model import counting_model, shifted
from recast.errors import ConvergenceError, NotApplicableError, RecastError
from recast.interactions import StandardModel
from recast.likelihoods import Gaussian, PoissonCount, PyhfWorkspace
from recast.limits import limit
from recast.measurement import Measurement, TheoryError, load_measurement
from recast.model import load_model

# ATLAS, Z -> 4 mu: arXiv:1406.2332 counts 77 events where 78 are expected.
OBSERVED, BACKGROUND = 77, 78.0


def count(error: float = 0.0, *, observed: float = OBSERVED, background: float = BACKGROUND) -> PoissonCount:
    return PoissonCount(observed=observed, background=background, background_error=error * background)


def by_hand(observed: float, background: float, *, half: bool = False) -> float:
    """Solve P(N <= n | s + b) = 0.05 P(N <= n | b); with ``half``, equal counts count half."""

    def probability(mean: float) -> float:
        return float(poisson.cdf(observed, mean) - (0.5 * poisson.pmf(observed, mean) if half else 0.0))

    return float(brentq(lambda s: probability(s + background) / probability(background) - 0.05, 1e-3, 200.0))


def statistic(signal: float, n: NDArray[Any], centre: NDArray[Any] | float, error: float) -> NDArray[Any]:
    """q-tilde of counts n, the background having been measured as centre +- error."""

    def nll(s: NDArray[Any] | float) -> NDArray[Any]:
        if error == 0.0:
            return (s + centre) - n * np.log(s + centre)
        # d/db [s + b - n ln(s + b) + (b - centre)^2 / (2 error^2)] = 0, a quadratic in s + b
        p = error**2 - s - centre
        total = -0.5 * p + np.sqrt(0.25 * p**2 + n * error**2)
        return np.asarray(total - n * np.log(total) + (total - s - centre) ** 2 / (2.0 * error**2))

    best = np.maximum(n - centre, 0.0)
    return np.asarray(np.where(best > signal, 0.0, 2.0 * (nll(signal) - nll(np.minimum(best, signal)))))


def profiled_background(signal: float, observed: float, background: float, error: float) -> float:
    p = error**2 - signal - background
    return float(-0.5 * p + np.sqrt(0.25 * p**2 + observed * error**2) - signal)


def by_toys(error: float, *, toys: int, near: float) -> float:
    """Limit from experiments thrown at signals around a value; CLs is a straight line there, in the logarithm."""
    rng = np.random.default_rng(20140624)
    signals = near * np.linspace(0.9, 1.1, 9)
    values = []
    for signal in signals:
        seen = float(statistic(signal, np.array(float(OBSERVED)), BACKGROUND, error))
        tails = []
        for true in (signal, 0.0):
            background = profiled_background(true, OBSERVED, BACKGROUND, error) if error else BACKGROUND
            n = rng.poisson(true + background, toys).astype(float)
            centre = rng.normal(background, error, toys) if error else BACKGROUND
            tails.append(float(np.mean(statistic(signal, n, centre, error) >= seen - 1e-9)))
        values.append(tails[0] / tails[1])
    slope, offset = np.polyfit(np.log(values), signals, 1)
    return float(offset + slope * np.log(0.05))


def test_without_background_error_the_limit_is_that_of_poisson_sums() -> None:
    found = upper_limit(count())
    assert found.method == "exact"
    assert found.signal == pytest.approx(by_hand(OBSERVED, BACKGROUND), rel=1e-6)
    assert found.signal == pytest.approx(18.37, abs=0.005)
    assert "CLs" in found.convention
    assert "95% CL" in found.convention


@given(observed=st.integers(0, 40), background=st.floats(0.5, 40.0))
def test_poisson_sums_for_every_count(observed: int, background: float) -> None:
    found = upper_limit(count(observed=observed, background=background), method="exact")
    assert found.signal == pytest.approx(by_hand(observed, background), rel=1e-5)


def test_no_event_excludes_three_whatever_the_background() -> None:
    for background, error in ((0.0, 0.0), (3.0, 0.0), (3.0, 0.05)):
        found = upper_limit(count(error, observed=0, background=background), method="exact")
        assert found.signal == pytest.approx(np.log(20.0), rel=1e-6)


@pytest.mark.parametrize(("error", "events"), [(0.01, 18.1), (0.02, 18.2), (0.05, 19.4)])
def test_pyhf_and_sums_agree_when_the_background_has_an_error(error: float, events: float) -> None:
    sums = upper_limit(count(error), method="exact").signal
    pyhf = upper_limit(count(error), method="asymptotic").signal
    assert pyhf == pytest.approx(sums, rel=0.01)
    assert sums == pytest.approx(events, rel=0.005)


def test_a_count_that_is_known_exactly_only_differs_by_its_steps() -> None:
    """Asymptotic distributions have no steps: they are the sums in which equal counts count half."""
    pyhf = upper_limit(count(), method="asymptotic").signal
    assert pyhf == pytest.approx(by_hand(OBSERVED, BACKGROUND, half=True), rel=0.01)
    assert pyhf == pytest.approx(17.90, abs=0.01)
    assert by_hand(OBSERVED, BACKGROUND) == pytest.approx(1.026 * pyhf, rel=2e-3)


@pytest.mark.parametrize("error", [0.0, 0.02, 0.05])
def test_toys(error: float) -> None:
    exact = upper_limit(count(error), method="exact").signal
    toys = by_toys(error * BACKGROUND, toys=200_000, near=exact)
    assert exact == pytest.approx(toys, rel=0.01)
    assert upper_limit(count(error), method="asymptotic").signal == pytest.approx(toys, rel=0.03)


@pytest.mark.parametrize("error", [0.0, 0.02, 0.05])
def test_the_asymptotic_formula(error: float) -> None:
    """Cowan, Cranmer, Gross and Vitells, evaluated here with the background that fits without signal."""
    width = error * BACKGROUND

    def excess(signal: float) -> float:
        background = profiled_background(0.0, OBSERVED, BACKGROUND, width) if error else BACKGROUND
        q = float(statistic(signal, np.array(float(OBSERVED)), BACKGROUND, width))
        asimov = float(statistic(signal, np.array(background), background, width))
        low = q <= asimov
        upper = np.sqrt(q) if low else (q + asimov) / (2.0 * np.sqrt(asimov))
        lower = np.sqrt(q) - np.sqrt(asimov) if low else (q - asimov) / (2.0 * np.sqrt(asimov))
        return float(norm.sf(upper) / norm.sf(lower)) - 0.05

    found = upper_limit(count(error), method="asymptotic")
    assert found.method == "asymptotic"
    assert found.signal == pytest.approx(brentq(excess, 5.0, 60.0), rel=1e-3)


@pytest.mark.parametrize(("error", "method"), [("none", "exact"), ("0.02", "asymptotic"), ("0.05", "asymptotic")])
def test_the_shipped_count_of_four_muon_events(error: str, method: str) -> None:
    likelihood = load_measurement(f"lhc_z4mu_atlas2014:background_error={error}").likelihood
    found = upper_limit(likelihood)
    relative = 0.0 if error == "none" else float(error)
    assert found.method == method
    assert found.signal == pytest.approx(upper_limit(count(relative), method="exact").signal, rel=0.01)


def test_pyhfs_own_search_finds_the_same() -> None:
    import pyhf
    from pyhf.infer.intervals.upper_limits import upper_limit as search

    model = counting_model(count(0.02))
    assert model is not None
    strength = {"name": "mu", "bounds": [[0.0, 50.0]], "inits": [1.0]}
    pdf = pyhf.Model({"channels": model.channels, "parameters": [strength]}, poi_name="mu", validate=False)
    observed, _ = search([OBSERVED, *pdf.config.auxdata], pdf, scan=np.linspace(17.0, 19.0, 9), level=0.05)
    assert upper_limit(count(0.02), method="asymptotic").signal == pytest.approx(float(observed), rel=1e-3)


def test_the_first_count_that_is_excluded_classically() -> None:
    assert first_excluded_count(78.0) == 94
    assert poisson.sf(93, 78.0) <= 0.05 < poisson.sf(92, 78.0)
    # The signal that a count of 77 excludes without dividing by the background's probability.
    signal = brentq(lambda s: poisson.cdf(77, 78.0 + s) - 0.05, 1.0, 50.0)
    assert signal == pytest.approx(15.07, abs=0.005)
    assert upper_limit(count()).signal > signal


@given(
    observed=st.integers(0, 30),
    background=st.floats(1.0, 20.0),
    error=st.sampled_from([0.0, 0.1]),
    signal=st.floats(0.1, 20.0),
)
@settings(max_examples=40)
def test_cls_falls_with_the_signal_and_rises_with_the_count(
    observed: int, background: float, error: float, signal: float
) -> None:
    fixed = {"background": background, "background_error": error * background}
    here = exact_cls(signal, observed=observed, **fixed)
    assert 0.0 < here <= 1.0 + 1e-12
    assert exact_cls(1.5 * signal, observed=observed, **fixed) <= here * (1.0 + 1e-6)
    assert exact_cls(signal, observed=observed + 1, **fixed) >= here * (1.0 - 1e-6)


def workspace(nominal: float, *, error: float = 0.0, observed: float = OBSERVED) -> PyhfWorkspace:
    strength = {"name": "mu", "type": "normfactor", "data": None}
    shift = {"hi_data": [BACKGROUND * (1.0 + error)], "lo_data": [BACKGROUND * (1.0 - error)]}
    modifiers = [{"name": "b", "type": "histosys", "data": shift}] if error else []
    samples = [
        {"name": "signal", "data": [nominal], "modifiers": [strength]},
        {"name": "background", "data": [BACKGROUND], "modifiers": modifiers},
    ]
    document = {
        "channels": [{"name": "count", "samples": samples}],
        "observations": [{"name": "count", "data": [observed]}],
        "measurements": [{"name": "limit", "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }
    return PyhfWorkspace(workspace=document, signal=nominal)


@pytest.mark.parametrize("error", [0.0, 0.05])
@pytest.mark.parametrize("nominal", [0.1, 16.0])
def test_a_workspace_of_one_count_is_that_count(error: float, nominal: float) -> None:
    method = "asymptotic" if error else None
    found = upper_limit(workspace(nominal, error=error), method=method)
    wanted = upper_limit(count(error), method=method)
    assert found.method == wanted.method
    assert found.signal == pytest.approx(wanted.signal, rel=1e-4)


@pytest.mark.parametrize("method", ["exact", "asymptotic"])
def test_what_the_standard_model_adds_to_the_signal_is_background(method: Any) -> None:
    wanted = upper_limit(count(observed=77, background=78.0), method=method).signal
    split = count(observed=77, background=70.0)
    assert upper_limit(split, standard_model=8.0, method=method).signal == pytest.approx(wanted, rel=1e-4)


def test_errors_of_signal_samples_go_with_their_standard_model_part() -> None:
    document = workspace(4.0).workspace
    signal = document["channels"][0]["samples"][0]
    signal["modifiers"] += [
        {"name": "shape", "type": "histosys", "data": {"hi_data": [5.0], "lo_data": [3.0]}},
        {"name": "counts", "type": "shapesys", "data": [0.4]},
        {"name": "norm", "type": "normsys", "data": {"hi": 1.1, "lo": 0.9}},
    ]
    model = counting_model(PyhfWorkspace(workspace=document, signal=4.0))
    assert model is not None
    moved = shifted(model, standard_model=2.0, signal_error=0.1)
    fixed, free, _ = moved.channels[0]["samples"]
    assert fixed["data"] == [2.0]
    by_name = {m["name"]: m["data"] for m in fixed["modifiers"]}
    assert by_name["shape"] == {"hi_data": [2.5], "lo_data": [1.5]}
    assert by_name["counts_standard_model"] == [0.2]
    assert by_name["norm"] == {"hi": 1.1, "lo": 0.9}
    assert by_name["signal_error"]["hi_data"] == pytest.approx([2.2])
    assert "mu" not in by_name
    assert {m["name"] for m in free["modifiers"]} == {"mu", "shape", "counts", "norm", "signal_error"}


def test_an_error_of_the_signal_weakens_the_limit() -> None:
    without = upper_limit(count(0.02), method="asymptotic").signal
    assert upper_limit(count(0.02), signal_error=0.3).signal > 1.02 * without


def test_limits_grow_with_the_confidence_level() -> None:
    levels = [upper_limit(count(), level).signal for level in (0.68, 0.9, 0.95, 0.99)]
    assert levels == sorted(levels)


def test_what_has_no_counts_is_refused_in_one_sentence() -> None:
    with pytest.raises(NotApplicableError, match="CLs needs counted events.*gaussian has none"):
        upper_limit(Gaussian(value=0.82, error=0.28))
    with pytest.raises(RecastError, match="exact or asymptotic, not 'toys'"):
        upper_limit(count(), method="toys")  # type: ignore[arg-type]
    with pytest.raises(NotApplicableError, match="exact sums exist"):
        upper_limit(count(), signal_error=0.1, method="exact")
    with pytest.raises(RecastError, match="confidence level"):
        upper_limit(count(), 95.0)


def test_a_signal_that_is_never_excluded_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recast.cls.exact_cls", lambda signal, **_: 0.5)
    with pytest.raises(ConvergenceError, match="no number of signal events"):
        upper_limit(count())


# The coupling


MODEL = load_model("lmu_ltau")


def test_the_coupling_predicts_the_events_that_are_just_excluded() -> None:
    measurement = load_measurement("dune_nd_counts")
    result = limit(MODEL, measurement, [0.01, 1.0], cls=True)
    background = float(measurement.prediction(StandardModel()))
    events = upper_limit(measurement.likelihood, standard_model=background).signal
    predicted = measurement.prediction(MODEL(mass=result.mass, coupling=result.coupling))
    np.testing.assert_allclose(predicted, background + events, rtol=1e-9)
    assert result.cls
    assert result.one_sided
    assert "CLs" in result.convention
    assert all(high is None for ((_, high),) in result.excluded)
    # Somewhat weaker than a one-sided likelihood limit, by construction.
    assert np.all(result.coupling > limit(MODEL, measurement, [0.01, 1.0], one_sided=True).coupling)


def test_the_search_finds_the_same_without_polynomials(monkeypatch: pytest.MonkeyPatch) -> None:
    measurement = load_measurement("dune_nd_counts")
    exact = limit(MODEL, measurement, [0.1], cls=True)
    monkeypatch.setattr(type(measurement.observable), "polynomials", lambda *_: None)
    np.testing.assert_allclose(limit(MODEL, measurement, [0.1], cls=True).coupling, exact.coupling, rtol=1e-9)


def test_pyhf_runs_once_and_not_for_every_mass(monkeypatch: pytest.MonkeyPatch) -> None:
    import pyhf

    calls = []
    run = pyhf.infer.hypotest
    monkeypatch.setattr(pyhf.infer, "hypotest", lambda *a, **k: calls.append(1) or run(*a, **k))
    measurement = load_measurement("dune_nd_counts:background_error=0.05")
    limit(MODEL, measurement, [0.1], cls=True)
    one = len(calls)
    limit(MODEL, measurement, np.geomspace(0.01, 10.0, 50), cls=True)
    assert 0 < one == len(calls) - one < 40


def test_expected_limits_use_the_standard_models_counts() -> None:
    measurement = load_measurement("dune_nd_counts")
    result = limit(MODEL, measurement, 0.1, cls=True, expected=True)
    # A projection is expected already.
    np.testing.assert_allclose(result.coupling, limit(MODEL, measurement, 0.1, cls=True).coupling, rtol=1e-6)
    assert "expected" in result.convention


def test_errors_of_all_events_count_and_those_of_a_part_are_refused() -> None:
    plain = load_measurement("dune_nd_counts")

    def with_error(part: str) -> Measurement:
        return plain.model_copy(update={"theory_errors": {"flux": TheoryError(part=part, relative=0.3)}})

    weaker = limit(MODEL, with_error("all"), 0.1, cls=True).coupling
    assert np.all(weaker > limit(MODEL, plain, 0.1, cls=True).coupling)
    with pytest.raises(NotApplicableError, match="flux scales a part"):
        limit(MODEL, with_error("coherent"), 0.1, cls=True)


def test_the_command_says_cls_and_refuses_what_has_no_counts() -> None:
    runner = CliRunner()
    done = runner.invoke(main, ["limit", "lmu_ltau", "dune_nd_counts", "--mass", "0.1", "--cls", "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.output)
    assert "CLs" in document["convention"]
    assert document["limits"][0]["coupling"] > 0.0
    for arguments, words in (
        (["ccfr"], "measurement 'ccfr': CLs needs counted events"),
        (["ccfr:theory_error=profiled"], "CLs needs counted events"),
        (["lep_z_couplings"], "CLs needs counted events"),
        (["ccfr", "dune_nd_counts"], "one counting experiment, not for 2"),
    ):
        done = runner.invoke(main, ["limit", "lmu_ltau", *arguments, "--mass", "0.1", "--cls"])
        assert done.exit_code == 2
        assert words in done.output
        assert len(done.output.strip().splitlines()) == 1
