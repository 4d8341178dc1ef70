"""Solar neutrinos on electrons: the published limit, flavours at the Earth, rates and models of every kind."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.integrate import solve_ivp

import recast
from recast.constants import AVOGADRO, ELECTRON_MASS, MUON_MASS, TAU_MASS
from recast.interactions import ContactInteraction, StandardModel, U1Mediator
from recast.limits import limit
from recast.measurement import load_measurement
from recast.observables import Observable
from recast.observables.neutrino_electron import NeutrinoElectron
from recast.solar import Oscillation, solar_fractions

BOREXINO = load_measurement("borexino").observable
MASSES = [1e-3, 1e-2, 0.1, 1.0]
NUFIT = Oscillation(
    sin2_theta12=0.310,
    sin2_theta13=0.0224,
    sin2_theta23=0.582,
    delta_cp=217.0,
    delta_m2_21=7.39e-5,
    electron_density=79.6,
)


def test_it_is_an_observable() -> None:
    assert isinstance(BOREXINO, Observable)


def test_published_limit() -> None:
    """Limits on g' of L_mu - L_tau to the digits of an independent evaluation of arXiv:1902.06765, App. C."""
    expected = [6.744e-5, 5.759e-4, 5.748e-3, 5.748e-2]
    assert limit("lmu_ltau", "borexino", MASSES).coupling == pytest.approx(expected, rel=2e-4)


def test_limit_with_a_charge_of_the_electron() -> None:
    assert limit("le_lmu", "borexino", MASSES[:3]).coupling == pytest.approx([2.05e-6, 1.73e-5, 1.73e-4], rel=0.01)


def test_the_printed_replacement() -> None:
    """Eqs. C2 to C6 of arXiv:1902.06765, integrated by midpoints."""
    energy, g2, mass = BOREXINO.solar.energy, 1e-6, 1e-2
    alpha, s2 = 1.0 / 137.036, 0.23129
    vev2 = 1.0 / (math.sqrt(2.0) * 1.1663787e-5)
    edges = np.linspace(0.22, 2.0 * energy / (2.0 * energy + ELECTRON_MASS), 4001)
    y = 0.5 * (edges[1:] + edges[:-1])

    def total(gv: object, ga: float) -> float:
        value = (
            (np.asarray(gv) - ga) ** 2
            + (np.asarray(gv) + ga) ** 2 * (1.0 - y) ** 2
            - (np.asarray(gv) ** 2 - ga**2) * ELECTRON_MASS / energy * y
        )
        return float(np.mean(value))

    mixing = 4.0 * math.pi * alpha * g2 / (6.0 * math.pi**2) * math.log(TAU_MASS**2 / MUON_MASS**2)
    shift = mixing * vev2 / (mass**2 + 2.0 * ELECTRON_MASS * y * energy)
    weak = -1.0 + 4.0 * s2
    electron = 0.54 * total(1.0 + 4.0 * s2, -1.0)
    with_boson = electron + 0.20 * total(weak - shift, 1.0) + 0.26 * total(weak + shift, 1.0)
    without = electron + 0.46 * total(weak, 1.0)
    boson = recast.load_model("lmu_ltau")(mass=mass, coupling=math.sqrt(g2))
    # The mixing at q^2 = -2 m_e T instead of zero is a difference of 1e-5.
    assert BOREXINO.predict(boson) - 1.0 == pytest.approx(with_boson / without - 1.0, rel=1e-4)


def test_the_lower_end_never_bites() -> None:
    """R = 1 + a g'^2 + b g'^4 with a < 0 dips below one by less than the allowed 0.12."""
    polynomial = BOREXINO.polynomials(recast.load_model("lmu_ltau"), np.geomspace(1e-4, 10.0, 21))["elastic"]
    constant, linear, quadratic = polynomial[:, ::2].T
    assert np.all(constant == 1.0)
    assert np.all(linear < 0.0)
    assert np.all(constant - linear**2 / (4.0 * quadratic) > 0.88)
    for excluded in limit("lmu_ltau", "borexino", MASSES).excluded:
        assert len(excluded) == 1
        assert excluded[0][1] is None


def test_without_mixing_there_is_no_effect() -> None:
    boson = recast.load_model("lmu_ltau:mixing=none")(mass=0.01, coupling=[0.0, 1.0])
    assert np.array_equal(BOREXINO.predict(boson), [1.0, 1.0])
    assert BOREXINO.predict(StandardModel()) == 1.0


@given(st.floats(1e-4, 10.0), st.floats(0.0, 1e-2))
def test_polynomials_are_the_prediction(mass: float, coupling: float) -> None:
    for name in ("lmu_ltau", "le_lmu"):
        model = recast.load_model(name)
        polynomial = BOREXINO.polynomials(model, [mass])["elastic"]
        value = float(polynomial[0] @ coupling ** np.arange(5))
        assert float(BOREXINO.predict(model(mass=mass, coupling=coupling))) == pytest.approx(value, rel=1e-12)


def test_a_plane_has_the_shape_of_its_parameters() -> None:
    model = recast.load_model("lmu_ltau")
    mass, coupling = np.geomspace(1e-3, 1.0, 7)[:, None], np.geomspace(1e-5, 1e-2, 5)
    plane = BOREXINO.predict(model(mass=mass, coupling=coupling))
    assert plane.shape == (7, 5)
    assert plane[3, 2] == pytest.approx(float(BOREXINO.predict(model(mass=mass[3, 0], coupling=coupling[2]))))
    assert plane.flags.writeable


def test_a_charge_of_either_sign_of_the_electron_is_not_the_same() -> None:
    """Interference with the Standard Model: constructive for Q_nu Q_e > 0 of electron neutrinos."""
    like = BOREXINO.predict(U1Mediator({"e": 1.0}, mass=0.1, coupling=1e-5))
    assert like > 1.0
    opposite = BOREXINO.predict(U1Mediator({"e": 1.0, "mu": -3.0}, mass=0.1, coupling=1e-5))
    assert opposite != pytest.approx(float(like))


def test_contact_shifts_do_not_apply() -> None:
    assert "on electrons" in BOREXINO.applicable(ContactInteraction(dgv=0.1, dga=0.0))
    assert BOREXINO.polynomials(recast.load_model("contact"), [1.0]) is None


def test_flavours_at_the_earth() -> None:
    """Vacuum and dense-matter limits, and the published fractions to a few per cent."""
    found = solar_fractions(0.862e-3, NUFIT)
    assert sum(found.values()) == pytest.approx(1.0, rel=1e-14)
    assert [round(100.0 * found[f]) for f in ("e", "mu", "tau")] == [52, 19, 28]
    vacuum = solar_fractions(0.862e-3, NUFIT.model_copy(update={"electron_density": 0.0}))["e"]
    s12, s13 = 0.310, 0.0224
    assert vacuum == pytest.approx((1.0 - s13) ** 2 * (1.0 - 2.0 * s12 * (1.0 - s12)) + s13**2, rel=1e-12)
    dense = solar_fractions(0.862e-3, NUFIT.model_copy(update={"electron_density": 1e9}))["e"]
    assert dense == pytest.approx((1.0 - s13) ** 2 * s12 + s13**2, rel=1e-5)


def test_conversion_against_the_evolution_of_the_wave() -> None:
    """Two flavours through an exponential density, averaged over the phases of the arriving mass states."""
    energy, density = 0.862e-3, 79.6
    potential = math.sqrt(2.0) * 1.1663787e-5 * density * AVOGADRO * (0.1973269804e-13) ** 3 * 1e18  # in 1e-9 eV
    splitting = 7.39e-5 / (2.0 * energy)
    s2, c2 = 2.0 * math.sqrt(0.31 * 0.69), 1.0 - 2.0 * 0.31
    scale = 100.0  # of the density, in units of the oscillation phase: adiabatic, and quick to integrate

    def derivative(t: float, wave: np.ndarray) -> np.ndarray:
        matter = 2.0 * potential / splitting * math.exp(-t / scale)
        hamiltonian = 0.5 * np.array([[matter - c2, s2], [s2, c2]]) - 0.25 * matter * np.eye(2)
        return np.asarray(-1j * hamiltonian @ wave)

    end = solve_ivp(derivative, (0.0, 12.0 * scale), np.array([1.0 + 0j, 0j]), rtol=1e-8, atol=1e-10).y[:, -1]
    cosine, sine = math.sqrt(0.69), math.sqrt(0.31)
    first = abs(cosine * end[0] - sine * end[1]) ** 2
    survival = 0.69 * first + 0.31 * (1.0 - first)
    two = NUFIT.model_copy(update={"sin2_theta13": 0.0})
    assert solar_fractions(energy, two)["e"] == pytest.approx(survival, abs=2e-3)


@given(st.floats(0.0, 360.0), st.floats(0.0, 1.0), st.floats(1e-4, 1e-2))
def test_electron_neutrinos_do_not_know_the_other_mixing(delta: float, s23: float, energy: float) -> None:
    other = NUFIT.model_copy(update={"delta_cp": delta, "sin2_theta23": s23})
    fractions = solar_fractions(energy, other)
    assert fractions["e"] == pytest.approx(solar_fractions(energy, NUFIT)["e"], rel=1e-12)
    assert sum(fractions.values()) == pytest.approx(1.0, rel=1e-12)


def test_flavours_hardly_matter() -> None:
    published, computed = (limit("lmu_ltau", m, MASSES).coupling for m in ("borexino", "borexino:flavours=msw"))
    assert computed / published == pytest.approx(np.ones(4), abs=0.01)


def test_the_measured_rate_brackets_the_published_interval() -> None:
    """A metal-rich Sun is what is measured and gives the stronger limit, a metal-poor one the weaker."""
    rich, poor = (load_measurement(f"borexino:data=rate_{sun}_z") for sun in ("high", "low"))
    assert rich.prediction(StandardModel()) == pytest.approx(46.0, rel=0.03)
    assert poor.prediction(StandardModel()) / rich.prediction(StandardModel()) == pytest.approx(4.50 / 4.93)
    assert set(rich.theory_errors) == {"solar_model"}
    strong, middle, weak = (
        limit("lmu_ltau", m, MASSES).coupling
        for m in ("borexino:data=rate_high_z", "borexino", "borexino:data=rate_low_z")
    )
    assert np.all(strong < middle)
    assert np.all(middle < weak)
    assert weak == pytest.approx(middle, rel=0.03)


def test_sources() -> None:
    for name in ("borexino", "borexino:flavours=msw", "borexino:data=rate_high_z"):
        assert all(source.bibtex for source in load_measurement(name).citations)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"solar": {"energy": 1e-3}}, "either fractions of the flavours or an oscillation"),
        ({"solar": {"energy": 1e-3, "fractions": {"e": 0.5, "mu": 0.2, "tau": 0.2}}}, "add up to 1, not to 0.9"),
        (
            {"solar": {"energy": 1e-3, "fractions": {"e": 1, "mu": 0, "tau": 0}}, "recoil": {"low": 1e-3}},
            "no electron recoils into the window",
        ),
    ],
)
def test_wrong_sections(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        NeutrinoElectron.model_validate(wrong)
