"""Charges that are parameters: arrays of them, and what measurements make of points that differ in their charges."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import recast
from recast.catalog import Catalog
from recast.charge_groups import grouped_contributions
from recast.cli import main
from recast.errors import NotApplicableError, OutOfRangeError, RecastError, UnknownNameError
from recast.interactions import StandardModel, U1Mediator
from recast.joint import Joint
from recast.measurement import Measurement, TheoryError, load_measurement
from recast.mixing import effective_charge, loop_mixing, loop_mixing_timelike
from recast.model import load_model, u1_model
from recast.observables.magnetic_moment import MagneticMoment
from recast.rates import event_rate

Array = NDArray[np.float64]

U1 = load_model("u1")
MEASUREMENTS = Catalog().names("measurements")
TRIDENTS = ("ccfr", "charm_ii", "nutev", "dune_nd")

# Sets of charges in which one kind after the other vanishes, at some points all.
SETS: dict[str, list[float]] = {
    "charge_e": [0.0, 0.0, 1.0, -0.3, 0.0, 0.7, 0.0, 0.4],
    "charge_mu": [0.0, 1.0, -1.0, 0.6, 0.0, 0.7, 0.5, 0.0],
    "charge_tau": [0.0, -1.0, 0.0, 0.2, 0.0, 0.7, 1.0, 0.0],
    "axial_e": [0.0, 0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.4],
    "axial_mu": [0.0, 0.0, 0.0, -0.8, 0.0, 0.0, 0.5, 0.0],
    "axial_tau": [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
    "quarks": [0.0, 0.0, 0.0, 0.3, 0.0, -0.7, 0.0, 0.0],
    "epsilon": [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.2, 0.0],
}
POINTS = len(SETS["quarks"])
charges = st.floats(-2.0, 2.0)


def numbers(k: int) -> dict[str, float]:
    """Return one of the sets."""
    return {name: values[k] for name, values in SETS.items()}


def whole(measurement: Measurement, part: Array, shape: tuple[int, ...]) -> Array:
    """Return a part of a prediction at every point."""
    return np.broadcast_to(part, shape + np.shape(measurement.data))


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_arrays_of_charges_are_a_loop_over_models(name: str) -> None:
    measurement = load_measurement(name)
    mass = np.array([0.011, 0.3, 17.0])
    together = U1(mass=mass[:, None], coupling=2e-3, **SETS)
    shape = together.shape
    parts = measurement.contributions(together)
    distance, prediction = measurement.distance(parts), measurement.prediction(together)
    assert distance.shape == shape == (3, POINTS)
    for k in range(POINTS):
        one = U1(mass=mass, coupling=2e-3, **numbers(k))
        if measurement.applicable(one) is not None:
            assert np.isnan(prediction[:, k]).all()
            assert not distance[:, k].any()
            continue
        for key, value in measurement.contributions(one).items():
            expected = whole(measurement, value, (3,))
            floor = 1e-14 * np.nanmax(np.abs(expected), initial=1e-300)
            np.testing.assert_allclose(whole(measurement, parts[key], shape)[:, k], expected, rtol=1e-12, atol=floor)
        np.testing.assert_allclose(distance[:, k], measurement.minus_2_delta_ln_l(one), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_without_any_charge_there_is_the_standard_model(name: str) -> None:
    measurement = load_measurement(name)
    nothing = U1(mass=0.2, coupling=[1e-3, 1e-2], charge_mu=[0.0, 0.0])
    if measurement.applicable(nothing) is not None:
        assert all(np.isnan(part).all() for part in measurement.contributions(nothing).values())
        return
    usual = measurement.prediction(StandardModel())
    np.testing.assert_allclose(measurement.prediction(nothing), [usual, usual], rtol=1e-12)
    np.testing.assert_allclose(measurement.prediction(U1(mass=0.2, coupling=1e-3)), usual, rtol=1e-12)


@pytest.mark.parametrize("name", [*TRIDENTS, "muon_g2", "texono", "lep_z_couplings", "babar_4mu", "na64_invisible"])
@given(values=st.lists(st.tuples(charges, charges, charges), min_size=1, max_size=4), scale=st.floats(0.1, 10.0))
@settings(max_examples=10)
def test_only_products_of_charges_and_coupling_count(
    name: str, values: list[tuple[float, float, float]], scale: float
) -> None:
    measurement = load_measurement(name)
    sets = dict(zip(("charge_e", "charge_mu", "charge_tau"), np.array(values).T, strict=True))
    plain = measurement.contributions(U1(mass=0.3, coupling=1e-2, **sets))
    flipped = measurement.contributions(U1(mass=0.3, coupling=1e-2, **{n: -v for n, v in sets.items()}))
    scaled = measurement.contributions(U1(mass=0.3, coupling=1e-2 / scale, **{n: scale * v for n, v in sets.items()}))
    for key, part in plain.items():
        np.testing.assert_array_equal(flipped[key], part)
        np.testing.assert_allclose(scaled[key], part, rtol=1e-9, atol=1e-300)


@given(v=charges, a=charges, which=st.sampled_from(["ccfr", "muon_g2"]))
def test_a_vector_and_an_axial_charge_may_change_sign_together(v: float, a: float, which: str) -> None:
    measurement = load_measurement(which)
    both = measurement.prediction(U1(mass=0.3, coupling=1e-2, charge_mu=[v, -v], axial_mu=[a, -a]))
    assert both[0] == both[1]


def test_six_charges_broadcast() -> None:
    axes = np.array([-0.5, 0.0, 1.0])
    names = ("charge_e", "charge_mu", "charge_tau", "axial_e", "axial_mu", "axial_tau")
    mesh = np.meshgrid(*[axes[: 2 + (i % 2)] for i in range(6)], indexing="ij", sparse=True)
    mass = np.array([0.1, 3.0]).reshape(2, 1, 1, 1, 1, 1, 1)
    ccfr = load_measurement("ccfr")
    result = ccfr.minus_2_delta_ln_l(U1(mass=mass, coupling=5e-3, **dict(zip(names, mesh, strict=True))))
    assert result.shape == (2, 2, 3, 2, 3, 2, 3)
    dense = {name: np.ravel(one) for name, one in zip(names, np.broadcast_arrays(*mesh), strict=True)}
    for i, m in enumerate((0.1, 3.0)):
        listed = ccfr.minus_2_delta_ln_l(U1(mass=m, coupling=5e-3, **dense))
        np.testing.assert_allclose(result[i].ravel(), listed, rtol=1e-12)


def test_charges_may_stand_on_any_axis() -> None:
    coupling = np.geomspace(1e-4, 1e-1, 5)
    charge = np.array([0.0, 0.5, -1.0, 0.0])
    search = load_measurement("babar_4mu")
    across = search.prediction(U1(mass=1.0, coupling=coupling, charge_mu=charge[:, None]))
    down = search.prediction(U1(mass=1.0, coupling=coupling[:, None], charge_mu=charge))
    assert across.shape == (4, 5)
    np.testing.assert_array_equal(across, down.T)
    assert np.isnan(across[[0, 3]]).all()
    assert not np.isnan(across[[1, 2]]).any()


def test_zero_points_have_zero_results() -> None:
    empty = U1(mass=0.1, coupling=1e-3, charge_mu=np.zeros(0))
    for name in ("ccfr", "babar_4mu"):
        parts = load_measurement(name).contributions(empty)
        assert all(part.shape == (0,) for part in parts.values())


class Numbers(MagneticMoment):
    """A magnetic moment that does not take arrays of charges and notes how it was called."""

    array_charges: ClassVar[bool] = False
    called: ClassVar[list[U1Mediator]] = []

    def contributions(self, interaction: Any) -> dict[str, Array]:
        """Return the one-loop part."""
        self.called.append(interaction)
        return super().contributions(interaction)


def test_other_observables_are_called_with_numbers_once_for_each_set() -> None:
    rng = np.random.default_rng(3)
    charge = rng.choice([0.0, 0.5, -1.0], size=(40, 1))
    axial = rng.choice([0.0, 0.25], size=(40, 1))
    boson = U1(mass=np.linspace(0.1, 1.0, 40)[:, None], coupling=[1e-3, 2e-3, 4e-3], charge_mu=charge, axial_mu=axial)
    assert isinstance(boson, U1Mediator)
    Numbers.called.clear()
    found = grouped_contributions(Numbers(lepton="mu"), boson)
    assert len(Numbers.called) == len(np.unique(np.hstack([charge, axial]), axis=0))
    assert not any(one.charge_arrays for one in Numbers.called)
    np.testing.assert_allclose(
        found["one_loop"], MagneticMoment(lepton="mu").contributions(boson)["one_loop"], rtol=1e-13
    )


def test_where_nothing_applies_there_is_no_constraint() -> None:
    search = load_measurement("babar_4mu")
    nowhere = U1(mass=1.0, coupling=1e-3, charge_tau=[1.0, 2.0])
    assert "without a coupling to muons" in str(search.applicable(nowhere))
    with pytest.raises(NotApplicableError, match="without a coupling to muons"):
        search.minus_2_delta_ln_l(nowhere)
    parts = search.contributions(nowhere)
    np.testing.assert_array_equal(search.distance(parts), [0.0, 0.0])


def test_several_numbers_say_nothing_together() -> None:
    lep = load_measurement("lep_z_couplings")
    mixed = U1(mass=1.0, coupling=0.3, charge_mu=1.0, quarks=[0.0, 0.3])
    prediction = lep.prediction(mixed)
    assert np.isnan(prediction).tolist() == [[False] * 7, [True] * 7]
    alone = lep.minus_2_delta_ln_l(U1(mass=1.0, coupling=0.3, charge_mu=1.0))
    np.testing.assert_allclose(lep.minus_2_delta_ln_l(mixed), [float(alone), 0.0], rtol=1e-13)


def test_a_shared_nuisance_parameter_is_not_pulled_by_a_measurement_that_is_silent() -> None:
    shared = {"theory_errors": {"common": TheoryError(part="all", relative=0.3)}}
    events = load_measurement("lhc_z4mu_atlas2014").model_copy(update=shared)
    moment = load_measurement("muon_g2").model_copy(update=shared)
    joint = Joint((events, moment))
    values = {"charge_mu": [1.0, 1.0], "axial_mu": [0.0, 0.5]}
    both = joint.minus_2_delta_ln_l(U1(mass=20.0, coupling=0.05, **values))
    first = joint.minus_2_delta_ln_l(U1(mass=20.0, coupling=0.05, charge_mu=1.0))
    second = moment.minus_2_delta_ln_l(U1(mass=20.0, coupling=0.05, charge_mu=1.0, axial_mu=0.5))
    np.testing.assert_allclose(both, [first, second], rtol=1e-9)


def test_charges_of_a_file_are_only_defaults() -> None:
    ccfr = load_measurement("ccfr")
    point: dict[str, Any] = {"mass": [[0.05], [0.5]], "coupling": [1e-3, 1e-2]}
    ours = u1_model({"mu": 1.0, "tau": -1.0})(**point)
    np.testing.assert_array_equal(ccfr.prediction(U1(**point, charge_mu=1, charge_tau=-1.0)), ccfr.prediction(ours))
    changed = load_model("lmu_ltau:mixing=none")(**point, charge_tau=0.5)
    assert isinstance(changed, U1Mediator)
    assert dict(changed.charges) == {"e": 0.0, "mu": 1.0, "tau": 0.5}
    assert load_model("lmu_ltau").parameters == ("mass", "coupling")
    assert set(SETS) == set(U1.optional)
    assert load_model("contact").optional == ()


def test_loops_go_with_free_charges_that_sum_to_zero() -> None:
    loops = load_model("u1:mixing=one_loop")
    mu = np.array([1.0, 0.2, -1.0])
    texono, borexino = load_measurement("texono"), load_measurement("borexino")
    together = loops(mass=[[1e-3], [0.4]], coupling=1e-3, charge_mu=mu, charge_tau=-mu)
    for measurement in (texono, borexino):
        found = measurement.prediction(together)
        one = load_model("lmu_ltau")(mass=[1e-3, 0.4], coupling=1e-3)
        np.testing.assert_allclose(found[:, 0], measurement.prediction(one), rtol=1e-13)
        np.testing.assert_allclose(found[:, 0], found[:, 2], rtol=1e-13)
    assert isinstance(together, U1Mediator)
    np.testing.assert_allclose(
        effective_charge(together, "e", 0.1), mu * effective_charge(_lmu_ltau(), "e", 0.1), rtol=1e-13
    )


def _lmu_ltau() -> U1Mediator:
    return U1Mediator({"mu": 1.0, "tau": -1.0}, mass=1.0, coupling=1.0, mixing="one_loop")


@given(mu=charges, tau=charges, q2=st.floats(-10.0, 10.0))
def test_loops_are_linear_in_the_charges(mu: float, tau: float, q2: float) -> None:
    one = {"e": -(mu + tau), "mu": mu, "tau": tau}
    many = {flavour: np.array([charge, 2.0 * charge]) for flavour, charge in one.items()}
    size = 1e-14 * (1.0 + abs(mu) + abs(tau))
    for function, at in ((loop_mixing, abs(q2)), (loop_mixing_timelike, q2)):
        both = function(many, at)
        np.testing.assert_allclose(both[0], function(one, at), rtol=1e-11, atol=size)
        np.testing.assert_allclose(both[1], 2.0 * both[0], rtol=1e-14)


def test_no_mixing_where_a_fixed_one_is_zero() -> None:
    lep = load_measurement("lep_z_couplings")
    both = lep.prediction(U1(mass=1.0, coupling=0.3, charge_mu=1.0, epsilon=[0.0, 0.5]))
    assert np.isnan(both).any(axis=-1).tolist() == [False, True]
    photon = load_model("dark_photon")
    assert isinstance(boson := photon(mass=1.0, coupling=1e-3, epsilon=0.0), U1Mediator)
    assert (boson.mixing, boson.epsilon) == ("none", 0.0)


def test_rates_take_arrays_of_charges() -> None:
    found = event_rate("numu_numu_mu-mu+", "Ar40", 5.0, integrated_flux=1.0, interaction=U1(
        mass=0.1, coupling=1e-3, charge_mu=[0.0, 1.0, -2.0]
    )).coherent  # fmt: skip
    for value, charge in zip(found, (0.0, 1.0, -2.0), strict=True):
        one = U1(mass=0.1, coupling=1e-3, charge_mu=charge)
        alone = event_rate("numu_numu_mu-mu+", "Ar40", 5.0, integrated_flux=1.0, interaction=one).coherent
        np.testing.assert_allclose(value, alone, rtol=1e-13)


@pytest.mark.parametrize(
    ("model", "values", "error", "message"),
    [
        ("u1", {"charge_mu": 2e3}, OutOfRangeError, "charge_mu must be a number up to 1000, not 2000"),
        ("u1", {"charge_mu": [0.0, np.nan]}, OutOfRangeError, "the charge_mu must be a finite number, not nan"),
        ("u1", {"axial_e": "one"}, OutOfRangeError, "the axial_e must be a finite number, not 'one'"),
        ("u1", {"charge_nu": 1.0}, UnknownNameError, "parameter of model 'u1': 'charge_nu'.*did you mean"),
        ("u1", {"charge_mu": [1.0, 2.0], "quarks": [0.0] * 3}, OutOfRangeError, "parameters do not broadcast"),
        ("u1:mixing=one_loop", {"charge_mu": [0.0, 0.5]}, RecastError, "sum to zero.*they sum to 0.5"),
        ("lmu_ltau", {"quarks": [0.0, 0.1]}, RecastError, "quarks have charges besides"),
        ("lmu_ltau", {"epsilon": 0.1}, RecastError, "epsilon is a fixed mixing.*choose mixing=none"),
        ("contact", {"dgv": 0.1, "dga": 0.1, "charge_mu": 1.0}, UnknownNameError, "known: dgv, dga"),
    ],
)
def test_bad_charges(model: str, values: dict[str, Any], error: type[Exception], message: str) -> None:
    point = {} if model == "contact" else {"mass": 0.1, "coupling": 1e-3}
    with pytest.raises(error, match=message):
        load_model(model)(**point, **values)


def test_diverging_loops_are_refused_anywhere() -> None:
    with pytest.raises(RecastError, match=r"sum to zero, not to 0\.5"):
        loop_mixing({"mu": np.array([1.0, 1.5]), "tau": np.array([-1.0, -1.0])}, 0.1)


def test_the_command_line_wants_the_charges_of_u1_as_options() -> None:
    run = CliRunner().invoke
    shown = run(main, ["show", "u1"])
    assert shown.exit_code == 0
    assert "free_charges: true" in shown.output
    loops = run(main, ["limit", "u1:mixing=one_loop", "ccfr", "--mass", "0.1"])
    assert loops.exit_code == 2
    assert "has no charges of its own" in loops.output


def test_a_hundred_thousand_sets_of_charges_in_a_second() -> None:
    ccfr = load_measurement("ccfr")
    rng = np.random.default_rng(7)
    sets = dict(zip(sorted(SETS), rng.uniform(-1.0, 1.0, (8, 100_000)), strict=True))
    ccfr.minus_2_delta_ln_l(U1(mass=0.1, coupling=1e-3))  # reads the grid
    boson = recast.load_model("u1")(mass=0.1, coupling=1e-3, **sets)
    start = time.perf_counter()
    ccfr.minus_2_delta_ln_l(boson)
    assert time.perf_counter() - start < 1.0  # some hundredths of a second on one core
