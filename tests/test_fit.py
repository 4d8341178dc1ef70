"""Fits against closed forms, scipy and the analytic profile; what they say when data leave a direction open."""

import json
import math
from typing import Any, ClassVar, Literal

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import chi2

from recast.cli import main
from recast.errors import NotApplicableError, OutOfRangeError, RecastError, UnknownNameError
from recast.fit import fit
from recast.joint import Joint
from recast.likelihoods import CorrelatedGaussian, Gaussian, Likelihood, LimitCurve, PoissonCount
from recast.limits import limit
from recast.measurement import Measurement, TheoryError, load_measurement, load_measurements
from recast.model import load_model

MODEL = load_model("lmu_ltau")
CONTACT = load_model("contact")
TRIDENTS = ["ccfr", "charm_ii", "nutev"]
PROFILED = [f"{name}:theory_error=profiled" for name in TRIDENTS]
SOURCE = {"value": {"paper": "-", "place": "-", "inspire": "Key:2000aa", "bibtex": "@misc{Key:2000aa,}"}}


class Toy(BaseModel):
    """``rate (1 + (g/m)^2)``, in two parts; nothing is known above a mass."""

    model_config = ConfigDict(frozen=True)
    parts: ClassVar[tuple[str, ...]] = ("one", "two")

    type: Literal["toy"] = "toy"
    rate: float = 1.0
    slope: float = 1.0
    share: float = 0.0
    numbers: int = 0
    heaviest: float = math.inf

    @property
    def bounded(self) -> bool:
        return math.isfinite(self.heaviest)

    def applicable(self, interaction: Any) -> str | None:
        return None if interaction.mediators is not None else "it knows mediators only"

    def contributions(self, interaction: Any) -> dict[str, NDArray[np.float64]]:
        total = np.full(tuple(interaction.shape), self.rate)
        for boson in interaction.mediators:
            total = total * (1.0 + self.slope * np.square(boson.coupling / boson.mass))
            total = np.where(boson.mass > self.heaviest, np.nan, total)
        if self.numbers:
            return {"one": total[..., None] * np.arange(1.0, self.numbers + 1.0)}
        return {"one": (1.0 - self.share) * total, "two": self.share * total}

    def predict(self, interaction: Any) -> NDArray[np.float64]:
        return np.asarray(sum(self.contributions(interaction).values()))


def made(
    name: str, likelihood: Likelihood, errors: dict[str, tuple[str, float]] | None = None, **toy: Any
) -> Measurement:
    return Measurement.model_validate(
        {
            "name": name,
            "title": name,
            "observable": Toy(**toy),
            "likelihood": likelihood,
            "theory_errors": {k: TheoryError(part=p, relative=r) for k, (p, r) in (errors or {}).items()},
            "provenance": SOURCE,
        }
    )


# Best fit and errors


def test_the_magnetic_moment_alone_at_fixed_mass() -> None:
    """One number and one coupling: a = g'^2 L(m), so that everything has a closed form."""
    result = fit(MODEL, "muon_g2:year=2019", fix={"mass": 0.1})
    per_square = 2.803558e-3
    coupling = math.sqrt(2.71e-9 / per_square)
    found = result.parameters["coupling"]
    assert result.valid
    assert result.message == ""
    assert found.value == pytest.approx(coupling, rel=1e-5)
    assert found.hesse == pytest.approx(0.5 * coupling * 0.73 / 2.71, rel=1e-3)
    low, high = (math.sqrt((2.71 + sign * 0.73) * 1e-9 / per_square) - coupling for sign in (-1, 1))
    assert found.minos == (pytest.approx(low, rel=1e-4), pytest.approx(high, rel=1e-4))
    assert result.parameters["mass"].fixed
    assert result.best_fit["mass"] == 0.1
    assert result.minus_2_delta_ln_l < 1e-6
    assert result.degrees_of_freedom == 0
    assert result.p_value is None
    assert {seed.valid for seed in result.seeds} == {True}


def test_together_with_tridents() -> None:
    """Against a scan of the profile likelihood by scipy."""
    measurements = load_measurements([*PROFILED, "muon_g2:year=2019"])
    joint = Joint(measurements)

    def profile(x: float) -> float:
        return float(joint.minus_2_delta_ln_l(MODEL(mass=0.1, coupling=math.exp(x))))

    lowest = minimize_scalar(profile, bracket=(-7.5, -7.0, -6.5), tol=1e-10)
    ends = [brentq(lambda x: profile(x) - lowest.fun - 1.0, a, b) for a, b in ((-8.0, lowest.x), (lowest.x, -6.0))]
    result = fit(MODEL, measurements, fix={"mass": 0.1})
    found = result.parameters["coupling"]
    assert found.value == pytest.approx(math.exp(lowest.x), rel=1e-4)
    assert result.minus_2_delta_ln_l == pytest.approx(lowest.fun, abs=1e-6)
    wanted = [math.exp(end) - math.exp(lowest.x) for end in ends]
    assert found.minos == (pytest.approx(wanted[0], rel=1e-3), pytest.approx(wanted[1], rel=1e-3))
    assert result.degrees_of_freedom == 3
    assert result.p_value == pytest.approx(chi2.sf(result.minus_2_delta_ln_l, 3), rel=1e-9)
    assert sum(p.minus_2_delta_ln_l for p in result.pulls.values()) + sum(
        n.pull**2 for n in result.nuisances.values()
    ) == pytest.approx(result.minus_2_delta_ln_l, abs=1e-9)
    assert result.correlation_names == ("coupling", *joint.nuisances)
    np.testing.assert_allclose(result.correlation, result.correlation.T)
    np.testing.assert_allclose(np.diag(result.correlation), 1.0)


def test_the_best_fit_is_that_of_a_combined_limit() -> None:
    result = fit(MODEL, [*TRIDENTS, "muon_g2"], fix={"mass": 1.0})
    best = limit(MODEL, [*TRIDENTS, "muon_g2"], 1.0).best_fit
    assert best is not None
    assert result.best_fit["coupling"] == pytest.approx(best.coupling[0], rel=1e-3)
    assert result.minus_2_delta_ln_l == pytest.approx(best.minus_2_delta_ln_l[0], abs=1e-6)


def test_two_measurements_determine_mass_and_coupling() -> None:
    """A toy of g/m and the magnetic moment, which depends on both: two numbers, two parameters, no tension."""
    toy = made("toy", Gaussian(value=1.0 + 1e-4, error=1e-5))
    result = fit(MODEL, [toy, load_measurement("muon_g2")])
    assert result.valid
    assert result.minus_2_delta_ln_l < 1e-6
    mass, coupling = result.best_fit["mass"], result.best_fit["coupling"]
    assert mass is not None
    assert coupling is not None
    assert coupling / mass == pytest.approx(0.01, rel=1e-3)
    prediction = load_measurement("muon_g2").prediction(MODEL(mass=mass, coupling=coupling))
    assert prediction == pytest.approx(2.71e-9, rel=1e-3)
    assert result.degrees_of_freedom == 0
    for name in ("mass", "coupling"):
        found = result.parameters[name]
        assert found.hesse is not None
        low, high = found.minos
        assert low is not None
        assert high is not None
        assert low < 0.0 < high
        assert 0.5 * found.hesse < high < 2.0 * found.hesse
    # Both follow from g/m and the moment, so that they rise together.
    assert result.correlation[0, 1] > 0.9


@given(
    value=st.floats(0.2, 3.0), error=st.floats(0.05, 1.0), relative=st.floats(0.01, 0.5), coupling=st.floats(0.0, 1.0)
)
@settings(max_examples=25)
def test_the_pull_of_one_gaussian_nuisance_parameter(
    value: float, error: float, relative: float, coupling: float
) -> None:
    one = made("toy", Gaussian(value=value, error=error), {"rate": ("all", relative)})
    result = fit(MODEL, one, fix={"mass": 1.0, "coupling": coupling})
    prediction = 1.0 + coupling**2
    shift = relative * prediction
    variance = error**2 + shift**2
    found = result.nuisances["rate"]
    assert found.pull == pytest.approx(shift * (value - prediction) / variance, abs=1e-4)
    assert found.error == pytest.approx(error / math.sqrt(variance), rel=1e-3)
    assert result.minus_2_delta_ln_l == pytest.approx((value - prediction) ** 2 / variance, abs=1e-6)
    assert result.pulls["toy"].pull == pytest.approx((value - prediction - shift * found.pull) / error, abs=1e-4)


# MINUIT against the analytic profile


COUNTS = made("counts", PoissonCount(observed=9, background=3.0), {"trident_coherent": ("all", 0.2)}, rate=5.0)
SHARED = made(
    "shared",
    PoissonCount(observed=80, background=60.0, background_error=6.0),
    {"trident_coherent": ("one", 0.1), "flux": ("all", 0.05)},
    rate=20.0,
    share=0.3,
)
FLUX = made(
    "flux", Gaussian(value=1.3, error=0.2), {"flux": ("all", 0.05), "trident_incoherent": ("two", 0.3)}, share=0.4
)


@pytest.mark.parametrize(
    "measurements",
    [
        PROFILED,
        ["trident_average:theory_error=profiled"],
        ["ccfr:data=counts,theory_error=profiled", "nutev:theory_error=profiled", "muon_g2"],
        [*PROFILED, "dune_nd_counts:theory_error=profiled"],
        [COUNTS, "ccfr:theory_error=profiled"],
        [COUNTS, SHARED, FLUX],
        [SHARED, FLUX, *PROFILED],
    ],
    ids=lambda given: "+".join(str(getattr(one, "name", one)).split(":")[0] for one in given),
)
def test_analytic_profiles_and_minuit_agree(measurements: list[Any]) -> None:
    try:
        joint = Joint(load_measurements(measurements))
    except RecastError as error:  # a variant that this measurement does not have
        pytest.fail(str(error))
    rng = np.random.default_rng(1902)
    assert joint.nuisances
    for _ in range(8):
        mass = math.exp(rng.uniform(math.log(0.01), math.log(10.0)))
        coupling = mass * math.exp(rng.uniform(math.log(1e-3), math.log(0.5))) / (1.0 + 100.0 * mass)
        result = fit(MODEL, joint.measurements, fix={"mass": mass, "coupling": coupling})
        analytic = float(joint.minus_2_delta_ln_l(MODEL(mass=mass, coupling=coupling)))
        assert result.valid
        assert result.minus_2_delta_ln_l == pytest.approx(analytic, abs=1e-6)


# Directions that data leave open


def test_the_magnetic_moment_alone_leaves_a_direction_open() -> None:
    result = fit(MODEL, "muon_g2:year=2019")
    assert result.valid
    assert result.degrees_of_freedom == 0
    (direction,) = result.flat_directions
    mass, coupling = result.best_fit["mass"], result.best_fit["coupling"]
    assert mass is not None
    assert coupling is not None
    measurement = load_measurement("muon_g2")

    def moment(t: float) -> float:
        moved = MODEL(
            mass=mass * math.exp(t * direction["mass"]), coupling=coupling * math.exp(t * direction["coupling"])
        )
        return float(measurement.prediction(moved))

    assert abs(moment(1e-3) / moment(-1e-3) - 1.0) < 1e-5
    assert {result.parameters[name].hesse for name in ("mass", "coupling")} == {None}
    assert "only one combination of mass and coupling is determined" in result.message
    assert "--fix mass=" in result.message


def test_a_ring_of_contact_shifts() -> None:
    result = fit(CONTACT, "ccfr")
    assert result.valid
    assert result.minus_2_delta_ln_l < 1e-6
    assert len(result.flat_directions) == 1
    assert "only one combination of dgv and dga" in result.message
    fixed = fit(CONTACT, "ccfr", fix={"dga": 0.0})
    assert fixed.flat_directions == ()
    value = fixed.best_fit["dgv"]
    assert value is not None
    assert load_measurement("ccfr").prediction(CONTACT(dgv=value, dga=0.0)) == pytest.approx(0.82, rel=1e-4)
    # (gV + dgV)^2 has a second solution.
    assert "other minima" in fixed.message


def test_data_below_the_standard_model_want_no_coupling() -> None:
    result = fit(MODEL, "ccfr", fix={"mass": 0.1})
    assert result.valid
    assert result.best_fit["coupling"] == 0.0
    assert "no coupling at all" in result.message
    assert result.minus_2_delta_ln_l == pytest.approx((0.18 / 0.28) ** 2, rel=1e-9)
    _, upper = result.parameters["coupling"].minos
    assert upper is not None
    ratio = 0.82 + 0.28 * math.sqrt((0.18 / 0.28) ** 2 + 1.0)
    assert load_measurement("ccfr").prediction(MODEL(mass=0.1, coupling=upper)) == pytest.approx(ratio, rel=1e-6)


def test_without_a_coupling_the_mass_has_no_meaning() -> None:
    result = fit(MODEL, "ccfr")
    assert result.best_fit == {"mass": None, "coupling": 0.0}
    assert "without a coupling the mass has no meaning" in result.message
    assert result.degrees_of_freedom == 0


def test_one_side_may_be_open() -> None:
    """The tridents want a light boson where the magnetic moment has it, but cannot say how light."""
    result = fit(MODEL, [*TRIDENTS, "muon_g2"])
    low, high = result.parameters["mass"].minos
    assert result.valid
    assert low is None
    assert high is not None
    assert "the mass has no bound from below" in result.message
    joint = Joint(load_measurements([*TRIDENTS, "muon_g2"]))
    mass = result.best_fit["mass"]
    assert mass is not None
    couplings = np.geomspace(1e-4, 1e-2, 4000)
    profile = joint.minus_2_delta_ln_l(MODEL(mass=mass + high, coupling=couplings)).min()
    assert profile == pytest.approx(result.minus_2_delta_ln_l + 1.0, abs=1e-3)


def test_a_significant_excess_in_one_number_at_a_wrong_place_shows_in_the_pulls() -> None:
    result = fit(MODEL, [made("low", Gaussian(value=0.5, error=0.1)), made("high", Gaussian(value=1.5, error=0.1))])
    assert result.pulls["low"].pull == pytest.approx(-5.0, abs=1e-3)
    assert result.pulls["high"].pull == pytest.approx(5.0, abs=1e-3)
    assert result.p_value is not None
    assert result.p_value < 1e-10


def test_a_published_limit_is_no_measured_number() -> None:
    curve = made("curve", LimitCurve(confidence_level=0.95), rate=0.0)
    data = made("data", Gaussian(value=1.2, error=0.1))
    result = fit(MODEL, [curve, data], fix={"mass": 1.0})
    assert result.pulls["curve"].degrees_of_freedom == 0
    assert result.degrees_of_freedom == 0


def test_several_correlated_numbers() -> None:
    likelihood = CorrelatedGaussian(
        names=("a", "b"), values=(1.5, 3.0), errors=(0.1, 0.1), correlations=((1.0, 0.5), (0.5, 1.0))
    )
    result = fit(MODEL, made("pair", likelihood, numbers=2), fix={"mass": 1.0})
    found = result.pulls["pair"]
    assert found.pull is None
    assert found.degrees_of_freedom == 2
    assert np.shape(found.prediction) == (2,)
    assert result.degrees_of_freedom == 1
    assert result.best_fit["coupling"] == pytest.approx(math.sqrt(0.5), rel=1e-4)


def test_where_nothing_is_known_the_standard_model_stands() -> None:
    """A mass without constraint must not fit better than one with, for lack of comparison."""
    known = made("known", Gaussian(value=0.5, error=0.1), heaviest=1.0)
    result = fit(MODEL, known)
    assert result.minus_2_delta_ln_l == pytest.approx(25.0)
    assert result.best_fit["coupling"] == 0.0
    silent = fit(MODEL, known, fix={"mass": 10.0})
    assert not silent.valid
    assert silent.message == "the fit failed: the measurements say nothing about the coupling here"
    free = fit("lmu_ltau", "babar_4mu")
    assert free.message.endswith("the measurements say nothing about the coupling while the mass is free: fix it")


# Seeds


def test_every_number_of_seeds_finds_the_same_and_twice_the_same() -> None:
    results = [fit(MODEL, [*TRIDENTS, "muon_g2"], fix={"mass": 0.1}, seeds=n) for n in (1, 3, 12, 12)]
    assert [len(result.seeds) for result in results] == [1, 3, 12, 12]
    for result in results:
        assert result.best_fit["coupling"] == pytest.approx(results[0].best_fit["coupling"], rel=1e-3)
        assert all(seed.valid for seed in result.seeds)
    assert results[2].to_dict()["parameters"] == results[3].to_dict()["parameters"]
    starts = [seed.start["coupling"] for seed in results[2].seeds]
    assert max(starts) / min(starts) > 100.0


def test_a_narrow_minimum_far_from_the_standard_model_is_found() -> None:
    """Between the nodes of the coarse scan: the likelihood is a needle there."""
    needle = made("needle", Gaussian(value=1.0 + 1e-2, error=1e-6))
    result = fit(MODEL, needle, fix={"mass": 1.0})
    assert result.valid
    assert result.best_fit["coupling"] == pytest.approx(0.1, rel=1e-3)
    assert result.parameters["coupling"].hesse == pytest.approx(0.5 * 0.1 * 1e-4, rel=0.01)


# What goes wrong


def test_a_fit_that_fails_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recast.fit_minimum._CALLS", 1)
    result = fit(MODEL, [*PROFILED, "muon_g2"], fix={"mass": 0.1})
    assert not result.valid
    assert result.p_value is None
    assert result.parameters["coupling"].hesse is None
    assert result.message.startswith("the fit failed: MIGRAD")
    done = CliRunner().invoke(main, ["fit", "lmu_ltau", *PROFILED, "muon_g2", "--fix", "mass=0.1"])
    assert done.exit_code == 1
    assert done.output.strip().splitlines() == [f"Error: {result.message}"]
    done = CliRunner().invoke(main, ["fit", "lmu_ltau", *PROFILED, "muon_g2", "--fix", "mass=0.1", "--json"])
    assert done.exit_code == 1
    assert json.loads(done.output)["valid"] is False


def test_wrong_input_is_said_in_one_sentence() -> None:
    with pytest.raises(UnknownNameError, match="did you mean mass"):
        fit(MODEL, "ccfr", fix={"mas": 0.1})
    with pytest.raises(OutOfRangeError, match="mass must be a positive finite number, not -1"):
        fit(MODEL, "ccfr", fix={"mass": -1.0})
    with pytest.raises(OutOfRangeError, match="must be fixed at a number"):
        fit(MODEL, "ccfr", fix={"mass": "light"})  # type: ignore[dict-item]
    with pytest.raises(OutOfRangeError, match="range of the mass"):
        fit(MODEL, "ccfr", ranges={"mass": (1.0, 0.1)})
    with pytest.raises(UnknownNameError, match="dgv"):
        fit(MODEL, "ccfr", ranges={"dgv": (0.0, 0.1)})
    with pytest.raises(NotApplicableError, match="muon_g2.*does not apply"):
        fit(CONTACT, "muon_g2")
    with pytest.raises(RecastError, match="named twice"):
        fit(MODEL, ["ccfr", "ccfr:data=counts"])
    with pytest.raises(RecastError, match="at least one seed"):
        fit(MODEL, "ccfr", seeds=0)
    with pytest.raises(RecastError, match="at least one measurement"):
        fit(MODEL, [])


def test_a_range_holds() -> None:
    result = fit(MODEL, "muon_g2", fix={"mass": 0.1}, ranges={"coupling": (1e-5, 5e-4)})
    assert result.best_fit["coupling"] == pytest.approx(5e-4, rel=1e-4)
    assert "the coupling has no bound from above: up to 0.0005" in result.message


# The command


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, ["fit", *arguments])


def test_json_has_everything() -> None:
    done = run("lmu_ltau", *PROFILED, "muon_g2", "--fix", "mass=0.1", "--seeds", "3", "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.output)
    assert list(document) == [
        "model",
        "measurements",
        "valid",
        "message",
        "parameters",
        "nuisances",
        "pulls",
        "goodness_of_fit",
        "correlation",
        "flat_directions",
        "seeds",
        "convention",
    ]
    assert document["valid"]
    assert document["parameters"]["mass"] == {"value": 0.1, "hesse": None, "minos": [None, None], "fixed": True}
    assert set(document["nuisances"]) == {"trident_coherent", "trident_incoherent"}
    assert document["goodness_of_fit"]["degrees_of_freedom"] == 3
    assert document["seeds"] == {"tried": 3, "converged": 3, "at_best_fit": 3}
    assert np.shape(document["correlation"]["matrix"]) == (3, 3)
    assert "68.3% CL" in document["convention"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("lmu_ltau", "muon_g2:year=2019", "--fix", "mass=0.1"),
        ("lmu_ltau", "muon_g2:year=2019"),
        ("lmu_ltau", *PROFILED),
        ("le_lmu", *TRIDENTS, "--fix", "mass=0.1"),
        ("contact", *PROFILED),
        ("contact", *TRIDENTS, "--range", "dgv=-1:2", "--range", "dga=-1:1"),
    ],
)
def test_the_command_prints_tables(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    for words in ("best fit", "HESSE", "MINOS", "pull", "2 delta ln L ="):
        assert words in done.output


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (("--fix", "mass"), "--fix takes NAME=VALUE"),
        (("--fix", "mass=heavy"), "'heavy' is not a number"),
        (("--fix", "mass=1", "--fix", "mass=2"), "--fix mass is given twice"),
        (("--range", "mass=1"), "--range takes NAME=LOW:HIGH"),
        (("--fix", "mas=1"), "did you mean mass"),
    ],
)
def test_wrong_options(option: tuple[str, ...], words: str) -> None:
    done = run("lmu_ltau", "ccfr", *option)
    assert done.exit_code == 2
    assert words in done.output
    assert len(done.output.strip().splitlines()) == 1


# Counting models keep nuisance parameters of their own


def test_the_background_of_a_count_is_pulled_towards_it() -> None:
    likelihood = PoissonCount(observed=90, background=78.0, background_error=4.0)
    result = fit(MODEL, made("count", likelihood, rate=0.1), fix={"mass": 1.0, "coupling": 0.0})
    # mu'^2 + (t^2 - mu) mu' - n t^2 = 0 for the count with its background profiled
    p = 16.0 - 78.1
    expected = -0.5 * p + math.sqrt(0.25 * p**2 + 90.0 * 16.0)
    found = result.nuisances["count.background"]
    assert found.pull == pytest.approx((expected - 78.1) / 4.0, abs=2e-3)
    assert found.error is None
    assert result.minus_2_delta_ln_l == pytest.approx(
        2.0 * (expected - 90.0 + 90.0 * math.log(90.0 / expected)) + ((expected - 78.1) / 4.0) ** 2, abs=1e-6
    )


def test_the_systematic_errors_of_a_workspace_are_pulled() -> None:
    measurement = load_measurement("dune_nd_counts:background_error=0.05")
    nothing = fit(MODEL, measurement, fix={"mass": 0.1, "coupling": 0.0})
    # A projection: its data are the Standard Model.
    assert nothing.nuisances["dune_nd_counts.background_normalisation"].pull == pytest.approx(0.0, abs=1e-3)
    assert "is a projection" in nothing.message
    more = fit(MODEL, measurement, fix={"mass": 0.1, "coupling": 1e-3})
    assert more.nuisances["dune_nd_counts.background_normalisation"].pull < -0.5
