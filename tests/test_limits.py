"""Exact limits against brute force, on made-up polynomials in the coupling."""

import json
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict

from recast.errors import NotApplicableError, RecastError
from recast.likelihoods import AsymmetricGaussian, Gaussian, Likelihood, PoissonCount
from recast.limits import LimitResult, limit
from recast.measurement import Measurement, TheoryError, load_measurement
from recast.model import load_model

MODEL = load_model("lmu_ltau")
SOURCE = {"value": {"paper": "-", "place": "-", "inspire": "Key:2000aa", "bibtex": "@misc{Key:2000aa,}"}}
ERRORS = {
    "trident_coherent": TheoryError(part="coherent", relative=0.06),
    "trident_incoherent": TheoryError(part="incoherent", relative=0.3),
}


class Toy(BaseModel):
    """``1 + a (g/m)^2 + b (g/m)^4``, split into two parts."""

    model_config = ConfigDict(frozen=True)

    type: Literal["toy"] = "toy"
    a: float
    b: float
    incoherent: float = 0.0
    polynomial: bool = True

    def applicable(self, interaction: Any) -> str | None:
        return None if interaction.mediators is not None else "it knows mediators only"

    def contributions(self, interaction: Any) -> dict[str, NDArray[np.float64]]:
        if not interaction.mediators:
            return {"coherent": np.array(1.0)}
        (boson,) = interaction.mediators
        x = np.square(boson.coupling / boson.mass)
        parts = {"coherent": (1.0 - self.incoherent) * (1.0 + self.a * x) + self.b * x**2}
        if self.incoherent:
            parts["incoherent"] = self.incoherent * (1.0 + self.a * x)
        return parts

    def predict(self, interaction: Any) -> NDArray[np.float64]:
        return np.asarray(sum(self.contributions(interaction).values()))

    def polynomials(self, model: Any, mass: ArrayLike) -> dict[str, NDArray[np.float64]] | None:
        if not self.polynomial:
            return None
        m = np.atleast_1d(np.asarray(mass, dtype=float))
        part = np.zeros((m.size, 5))
        part[:, 0], part[:, 2] = 1.0, self.a / m**2
        coherent = (1.0 - self.incoherent) * part
        coherent[:, 4] = self.b / m**4
        if not self.incoherent:
            return {"coherent": coherent}
        return {"coherent": coherent, "incoherent": self.incoherent * part}


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


def is_excluded(result: LimitResult, coupling: NDArray[np.float64], index: int = 0) -> NDArray[np.bool_]:
    found = np.zeros(coupling.shape, dtype=bool)
    for low, high in result.excluded[index]:
        found |= (coupling > low) & (coupling < (np.inf if high is None else high))
    return found


COUPLINGS = np.concatenate([[0.0], np.geomspace(1e-4, 1e3, 4001)])
LIKELIHOODS: list[Likelihood] = [
    Gaussian(value=0.82, error=0.28),
    Gaussian(value=1.58, error=0.2),
    AsymmetricGaussian(value=0.72, upper=1.73, lower=0.72),
    AsymmetricGaussian(value=1.5, upper=0.1, lower=0.6),
    PoissonCount(observed=4, background=2.0),
]
TOYS = {
    "constructive": Toy(a=1.3, b=0.7),
    "destructive": Toy(a=-1.6, b=0.9),
    "two parts": Toy(a=0.8, b=0.3, incoherent=0.25),
    "linear": Toy(a=1.0, b=0.0),
}


@pytest.mark.parametrize("likelihood", LIKELIHOODS, ids=repr)
@pytest.mark.parametrize("toy", TOYS.values(), ids=list(TOYS))
@pytest.mark.parametrize("errors", [None, ERRORS], ids=["", "theory"])
@pytest.mark.parametrize("one_sided", [False, True])
def test_a_single_measurement_agrees_with_brute_force(
    likelihood: Likelihood, toy: Toy, errors: Any, one_sided: bool
) -> None:
    measurement = made(toy, likelihood, errors=errors)
    mass = np.array([0.3, 2.0])
    result = limit(MODEL, measurement, mass, one_sided=one_sided)
    z = 1.6448536269514722 if one_sided else 1.959963984540054
    for index, m in enumerate(mass):
        interaction = MODEL(mass=m, coupling=COUPLINGS)
        expected = measurement.minus_2_delta_ln_l(interaction) > z**2
        if one_sided:
            expected &= measurement.prediction(interaction) > measurement.data
        np.testing.assert_array_equal(is_excluded(result, COUPLINGS, index)[1:], expected[1:])
        for edge in {e for interval in result.excluded[index] for e in interval if e}:
            at_edge = measurement.minus_2_delta_ln_l(MODEL(mass=m, coupling=edge))
            assert float(at_edge) == pytest.approx(z**2, rel=1e-9)
    assert result.best_fit is None


@given(
    a=st.floats(-2.0, 5.0),
    b=st.floats(0.01, 30.0),
    value=st.floats(0.2, 3.0),
    error=st.floats(0.05, 1.0),
    level=st.sampled_from([0.68, 0.9, 0.95, 0.997]),
)
@settings(max_examples=60)
def test_edges_are_roots(a: float, b: float, value: float, error: float, level: float) -> None:
    measurement = made(Toy(a=a, b=b), Gaussian(value=value, error=error))
    result = limit(MODEL, measurement, [1e-3, 1.0, 1e3], confidence_level=level)
    for m, intervals in zip(result.mass, result.excluded, strict=True):
        assert intervals
        assert intervals[-1][1] is None
        ends = [end for interval in intervals for end in interval if end is not None]
        assert ends == sorted(ends)
        for end in ends:
            if end > 0.0:
                excess = float(measurement.minus_2_delta_ln_l(MODEL(mass=m, coupling=end)))
                z = {0.68: 0.9944578832, 0.9: 1.6448536270, 0.95: 1.9599639845, 0.997: 2.9677379253}[level]
                assert excess == pytest.approx(z**2, rel=1e-6, abs=1e-9)
    # A function of g/m alone: limits scale with the mass.
    np.testing.assert_allclose(result.coupling, result.coupling[1] * result.mass, rtol=1e-9)


def test_both_sides_are_excluded_and_the_lowest_edge_is_the_limit() -> None:
    measurement = made(Toy(a=-2.0, b=1.0), Gaussian(value=1.0, error=0.3))  # R = (1 - g^2)^2 at m = 1
    result = limit(MODEL, measurement, 1.0)
    (first, second) = result.excluded[0]
    low, high = 1.0 - 1.959963984540054 * 0.3, 1.0 + 1.959963984540054 * 0.3
    assert first == pytest.approx((np.sqrt(1.0 - np.sqrt(low)), np.sqrt(1.0 + np.sqrt(low))))
    assert second[0] == pytest.approx(np.sqrt(1.0 + np.sqrt(high)))
    assert second[1] is None
    assert result.coupling[0] == first[0]
    one_sided = limit(MODEL, measurement, 1.0, one_sided=True)
    assert len(one_sided.excluded[0]) == 1


def test_a_preferred_band_is_excluded_from_zero() -> None:
    measurement = made(Toy(a=1.0, b=0.0), Gaussian(value=3.0, error=0.5))
    result = limit(MODEL, measurement, 2.0)
    (below, above) = result.excluded[0]
    assert below[0] == 0.0
    assert result.coupling[0] == 0.0
    assert above[1] is None


def test_what_excludes_nothing_is_left_out() -> None:
    blind = made(Toy(a=0.0, b=0.0), Gaussian(value=1.0, error=0.3))
    result = limit(MODEL, blind, [0.1, 1.0])
    assert result.excluded == ((), ())
    assert np.isnan(result.coupling).all()
    assert result.to_dict()["limits"] == []
    wrong = made(Toy(a=0.0, b=0.0), Gaussian(value=2.0, error=0.3))
    assert limit(MODEL, wrong, 1.0).excluded == (((0.0, None),),)


@pytest.mark.parametrize("one_sided", [False, True])
@pytest.mark.parametrize("errors", [None, ERRORS], ids=["", "theory"])
def test_combined_limits_agree_with_brute_force(errors: Any, one_sided: bool) -> None:
    measurements = [
        made(Toy(a=1.3, b=0.7, incoherent=0.2), Gaussian(value=0.82, error=0.28), name="a", errors=errors),
        made(Toy(a=0.4, b=2.0), Gaussian(value=1.58, error=0.3), name="b", errors=errors),
        made(Toy(a=1.0, b=1.0), AsymmetricGaussian(value=1.3, upper=0.4, lower=0.2), name="c"),
    ]
    mass = np.array([0.05, 3.0])
    result = limit(MODEL, measurements, mass, one_sided=one_sided)
    assert result.best_fit is not None
    z = 1.6448536269514722 if one_sided else 1.959963984540054
    from recast.joint import Joint

    for index, m in enumerate(mass):
        coupling = np.linspace(0.0, 3.0 * m, 40_001)

        def total(g: NDArray[np.float64], m: float = m) -> NDArray[np.float64]:
            parts = [t.observable.contributions(MODEL(mass=m, coupling=g)) for t in measurements]
            return Joint(tuple(measurements)).distance(parts)

        values = total(coupling)
        best = int(np.argmin(values))
        assert result.best_fit.coupling[index] == pytest.approx(coupling[best], abs=1e-3 * m)
        assert result.best_fit.minus_2_delta_ln_l[index] == pytest.approx(values[best], abs=1e-6)
        expected = values - values[best] > z**2
        if one_sided:
            expected &= coupling > coupling[best]
        wrong = is_excluded(result, coupling, index) != expected
        assert wrong.sum() <= 1
        for edge in {e for interval in result.excluded[index] for e in interval if e}:
            excess = total(np.array(edge)) - result.best_fit.minus_2_delta_ln_l[index]
            assert float(excess) == pytest.approx(z**2, rel=1e-8)


def test_one_measurement_and_its_combination_with_a_blind_one_differ_by_the_best_fit_only() -> None:
    seeing = made(Toy(a=1.0, b=1.0), Gaussian(value=1.5, error=0.3), name="seeing")
    blind = made(Toy(a=0.0, b=0.0), Gaussian(value=1.2, error=0.3), name="blind")
    alone = limit(MODEL, seeing, [0.1, 1.0])
    together = limit(MODEL, [seeing, blind], [0.1, 1.0])
    # The data are reached inside the model: the best fit of the seeing one has distance zero.
    np.testing.assert_allclose(together.coupling, alone.coupling, rtol=1e-6)
    assert together.best_fit is not None
    np.testing.assert_allclose(together.best_fit.minus_2_delta_ln_l, (0.2 / 0.3) ** 2, rtol=1e-6)


def test_predictions_that_are_no_polynomials_are_searched() -> None:
    exact = made(Toy(a=-1.6, b=0.9), Gaussian(value=1.1, error=0.15))
    searched = made(Toy(a=-1.6, b=0.9, polynomial=False), Gaussian(value=1.1, error=0.15))
    mass = [0.01, 1.0, 50.0]
    first, second = (limit(MODEL, m, mass) for m in (exact, searched))
    assert [len(x) for x in first.excluded] == [len(x) for x in second.excluded]
    for a, b in zip(first.excluded, second.excluded, strict=True):
        for (low, high), (other_low, other_high) in zip(a, b, strict=True):
            assert low == pytest.approx(other_low, rel=1e-9)
            assert (high is None) == (other_high is None)
            if high is not None:
                assert high == pytest.approx(other_high, rel=1e-9)


def test_expected_limits_take_the_standard_model_as_data() -> None:
    toy = Toy(a=1.3, b=0.7)
    seen, asimov = Gaussian(value=0.5, error=0.28), Gaussian(value=1.0, error=0.28)
    result = limit(MODEL, made(toy, seen), 1.0, expected=True)
    assert result.coupling == limit(MODEL, made(toy, asimov), 1.0).coupling
    assert "expected" in result.convention
    assert limit(MODEL, made(toy, seen), 1.0).coupling < result.coupling


def test_the_json_form() -> None:
    single = limit(MODEL, made(Toy(a=-2.0, b=1.0), Gaussian(value=1.0, error=0.3)), [1.0, 2.0])
    read = json.loads(json.dumps(single.to_dict(), allow_nan=False))
    assert set(read) == {"limits", "confidence_level", "convention"}
    assert [set(item) for item in read["limits"]] == [{"mass", "coupling", "excluded"}] * 2
    assert read["limits"][0]["excluded"][-1][1] is None
    assert read["limits"][1]["coupling"] == read["limits"][1]["excluded"][0][0]
    pair = [made(Toy(a=1.0, b=1.0), Gaussian(value=1.0, error=0.3), name=name) for name in ("a", "b")]
    both = limit(MODEL, pair, [1.0]).to_dict()
    assert set(both["best_fit"][0]) == {"mass", "coupling", "minus_2_delta_ln_l"}
    assert "best fit" in both["convention"]


def test_what_cannot_be_asked_is_said() -> None:
    measurement = made(Toy(a=1.0, b=1.0), Gaussian(value=1.0, error=0.3))
    with pytest.raises(RecastError, match="recast scan"):
        limit("contact", measurement, 1.0)
    with pytest.raises(RecastError, match="at least one"):
        limit(MODEL, [], 1.0)
    with pytest.raises(RecastError, match="named twice"):
        limit(MODEL, [measurement, measurement], 1.0)
    with pytest.raises(RecastError, match="mass"):
        limit(MODEL, measurement, [1.0, -2.0])
    with pytest.raises(RecastError, match="95%"):
        limit(MODEL, measurement, 1.0, confidence_level=95)

    class Silent(Toy):
        def applicable(self, interaction: Any) -> str | None:
            return "it is about quarks"

    with pytest.raises(NotApplicableError, match="quarks"):
        limit(MODEL, made(Silent(a=1.0, b=1.0), Gaussian(value=1.0, error=0.3)), 1.0)


@pytest.mark.parametrize(
    "mass", ["heavy", "0.1", True, None, [1.0, "x"], [[1.0], [1.0, 2.0]], np.nan, np.inf, 0.0, 10**400]
)
def test_masses_are_checked(mass: Any) -> None:
    measurement = made(Toy(a=1.0, b=1.0), Gaussian(value=1.0, error=0.3))
    with pytest.raises(RecastError, match="the mass must be a positive finite number"):
        limit(MODEL, measurement, mass)
    with pytest.raises(RecastError, match="at least one mass"):
        limit(MODEL, measurement, [])


def test_a_confidence_level_beside_one_has_a_finite_limit() -> None:
    measurement = made(Toy(a=1.0, b=1.0), Gaussian(value=1.0, error=0.3))
    edges = [limit(MODEL, measurement, 1.0, confidence_level=1 - tail).coupling[0] for tail in (1e-9, 1e-12, 1.2e-16)]
    assert np.all(np.isfinite(edges))
    assert edges == sorted(edges)


def test_light_mediators_show_the_logarithm_and_stop_where_the_grid_does() -> None:
    # m << m_mu: the pure Z' rate grows as ln(1/m^2), arXiv:1406.2332, Eq. 14.
    measurement = load_measurement("dune_nd")
    mass = np.array([1.6e-4, 4e-4, 1e-3, 2.5e-3])
    pure = measurement.observable.polynomials(MODEL, mass)["coherent"][:, 4]
    steps = -np.diff(pure) / np.diff(np.log(mass**2))
    np.testing.assert_allclose(steps, steps.mean(), rtol=0.03)
    with pytest.raises(RecastError, match="too light"):
        limit(MODEL, measurement, 1e-6)


def test_data_are_not_counted_twice() -> None:
    with pytest.raises(RecastError, match="contains the data of 'ccfr'"):
        limit(MODEL, ["ccfr", "trident_average"], 1.0)
    with pytest.raises(RecastError, match="named twice"):
        limit(MODEL, ["charm_ii", "charm_ii:error=2014"], 1.0)


@pytest.mark.parametrize(
    ("reference", "expected", "tolerance"),
    [
        # Two-sided 95% limits on g' of L_mu - L_tau at 0.01, 0.1, 1, 10 and 100 GeV.
        ("ccfr", [8.17e-4, 1.078e-3, 2.673e-3, 1.880e-2, 0.1857], 0.01),
        # Where the mediator is heavy, (1 + 4 s^2 + 2 v^2 g'^2 / m^2)^2 with AA/VV = 1.13 gives the same.
        ("ccfr:data=counts", [None, None, None, 1.88e-2, 0.186], 0.01),
    ],
)
def test_limits_of_real_measurements(reference: str, expected: list[float | None], tolerance: float) -> None:
    result = limit("lmu_ltau", reference, [0.01, 0.1, 1.0, 10.0, 100.0])
    for ours, value in zip(result.coupling, expected, strict=True):
        if value is not None:
            assert ours == pytest.approx(value, rel=tolerance)
    assert all(intervals[-1][1] is None for intervals in result.excluded)


def test_heavy_mediators_are_limited_as_contact_shifts_are() -> None:
    # Equations 16 and 20 of arXiv:1902.06765: g' < 0.2 (m / 100 GeV).
    vector, ratio, vev = 1.0 + 4.0 * 0.23129, 1.13, 246.22
    edge = 0.82 + 1.959964 * 0.28
    shift = np.sqrt(edge * (vector**2 + ratio) - ratio) - vector
    expected = np.sqrt(shift / (2.0 * vev**2)) * 1000.0
    assert limit("lmu_ltau", "ccfr", 1000.0).coupling[0] == pytest.approx(expected, rel=5e-3)


def test_both_models_give_the_same_muon_limits() -> None:
    mass = [0.1, 10.0]
    first, second = (limit(name, "ccfr", mass).coupling for name in ("lmu_ltau", "le_lmu"))
    np.testing.assert_allclose(first, second, rtol=1e-12)


def test_the_g2_band_is_allowed_between_its_edges() -> None:
    result = limit("lmu_ltau", "muon_g2", [0.1, 100.0])
    for intervals in result.excluded:
        assert [end is None for _, end in intervals] == [False, True]
    (below, above) = result.excluded[1]
    # Heavy: delta a = g'^2 m_mu^2 / (12 pi^2 m^2).
    edges = np.array([2.71e-9 - 1.959964 * 0.73e-9, 2.71e-9 + 1.959964 * 0.73e-9])
    heavy = np.sqrt(edges * 12.0 * np.pi**2) * 100.0 / 0.1056583755
    np.testing.assert_allclose([below[1], above[0]], heavy, rtol=1e-3)


def test_combining_with_a_weak_measurement_changes_little() -> None:
    mass = [0.05, 5.0]
    alone = limit("lmu_ltau", "ccfr", mass)
    together = limit("lmu_ltau", ["ccfr", "nutev"], mass)
    assert together.best_fit is not None
    np.testing.assert_allclose(together.coupling, alone.coupling, rtol=0.1)
