"""Widths and branching ratios against published numbers, limits and the optical theorem."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.constants import ELECTRON_MASS, LEPTON_MASS, MUON_MASS
from recast.decays import FINAL_STATES, branching_ratio, partial_widths, proper_decay_length, total_width
from recast.errors import UnknownNameError
from recast.hadrons import hadronic_ratio
from recast.interactions import U1Mediator
from recast.mixing import loop_mixing_timelike, on_shell_charge_squared

L_MU_L_TAU = {"mu": 1.0, "tau": -1.0}
L_E_L_MU = {"e": 1.0, "mu": -1.0}


def boson(charges: dict[str, float], mass: object, mixing: str = "none") -> U1Mediator:
    return U1Mediator(charges, mass=mass, coupling=1.0, mixing=mixing)  # type: ignore[arg-type]


def test_known_branching_ratios_of_l_mu_l_tau() -> None:
    found = branching_ratio(boson(L_MU_L_TAU, [0.22, 0.3, 1.0, 4.0, 10.0]), "mumu")
    assert found == pytest.approx([0.28901, 0.46975, 0.49981, 0.37876, 0.33403], abs=6e-6)


def test_known_branching_ratios_of_l_e_l_mu() -> None:
    found = branching_ratio(boson(L_E_L_MU, [0.22, 0.3, 1.0]), "mumu")
    assert found == pytest.approx([0.16892, 0.30698, 0.33316], abs=6e-6)


def test_far_above_all_thresholds_neutrinos_take_half_of_a_charged_lepton_each() -> None:
    heavy = boson({"e": 1.0, "mu": 1.0, "tau": -2.0}, 1e4)
    expected = {"ee": 1.0 / 9.0, "mumu": 1.0 / 9.0, "tautau": 4.0 / 9.0, "invisible": 1.0 / 3.0}
    for state, value in expected.items():
        assert branching_ratio(heavy, state) == pytest.approx(value, rel=1e-8)


def test_a_massless_lepton_pair_is_that_of_a_heavy_photon() -> None:
    """Gamma = alpha m / 3 with alpha = g'^2 / (4 pi)."""
    assert partial_widths(boson(L_E_L_MU, 10.0))["ee"] == pytest.approx(10.0 / (12.0 * math.pi), rel=1e-12)


def test_below_threshold_only_neutrinos_are_left() -> None:
    light = boson(L_MU_L_TAU, [0.01, 0.2, 2.0 * MUON_MASS])
    assert np.array_equal(branching_ratio(light, "invisible"), [1.0, 1.0, 1.0])
    assert np.array_equal(branching_ratio(light, "mumu"), [0.0, 0.0, 0.0])


@pytest.mark.parametrize("mass", [1e-150, 1e-300])
def test_far_below_all_thresholds_nothing_overflows(mass: float) -> None:
    boson = U1Mediator({"e": 1.0, "mu": -1.0}, mass=mass, coupling=1.0)
    widths = partial_widths(boson)
    assert [widths[state] for state in ("ee", "mumu", "tautau")] == [0.0, 0.0, 0.0]
    assert branching_ratio(boson, "invisible") == 1.0


def test_electrons_through_loop_mixing() -> None:
    mass = np.array([0.05, 0.2])
    mixing = loop_mixing_timelike(L_MU_L_TAU, mass**2)
    fraction = 4.0 * math.pi / 137.036 * np.abs(mixing) ** 2  # the square of the charge
    found = branching_ratio(boson(L_MU_L_TAU, mass, "one_loop"), "ee")
    ratio = (ELECTRON_MASS / mass) ** 2
    expected = fraction * (1.0 + 2.0 * ratio) * np.sqrt(1.0 - 4.0 * ratio)
    assert found == pytest.approx(expected / (1.0 + expected), rel=1e-10)
    assert np.all((found > 1e-5) & (found < 1e-4))
    assert np.array_equal(branching_ratio(boson(L_MU_L_TAU, mass), "ee"), [0.0, 0.0])


def test_mixing_leaves_charged_leptons_alone() -> None:
    with_, without = (partial_widths(boson(L_MU_L_TAU, [0.3, 5.0], mixing)) for mixing in ("one_loop", "none"))
    for state in ("mumu", "tautau", "invisible"):
        assert np.array_equal(with_[state], without[state])


@given(st.floats(0.25, 1e3), st.floats(-3.0, 3.0), st.floats(-3.0, 3.0))
def test_the_optical_theorem_relates_widths_to_the_loop(mass: float, a: float, b: float) -> None:
    """The imaginary part of the mixing interferes photon and boson in l+ l-: linear in Q_l."""
    charges = {"e": b, "mu": a - b, "tau": -a}
    e = math.sqrt(4.0 * math.pi / 137.036)
    expected = 0.0
    for flavour, charge in charges.items():
        unit = partial_widths(boson({flavour: 1.0}, mass))[2 * flavour]
        expected -= e * charge * float(unit) / mass
    assert loop_mixing_timelike(charges, mass**2).imag == pytest.approx(expected, rel=1e-10, abs=1e-15)


@given(st.floats(1e-3, 1e3), st.floats(-2.0, 2.0), st.floats(-2.0, 2.0), st.floats(0.1, 2.0))
def test_branching_ratios_add_up(mass: float, e: float, mu: float, tau: float) -> None:
    mediator = boson({"e": e, "mu": mu, "tau": tau}, mass)
    total = sum(float(branching_ratio(mediator, state)) for state in FINAL_STATES)
    assert total == pytest.approx(1.0, rel=1e-12)


@given(st.floats(1.0, 1e3), st.floats(-2.0, 2.0), st.floats(-2.0, 2.0))
def test_vector_and_axial_charges_are_two_chiralities(mass: float, left: float, right: float) -> None:
    """Where the mass of the lepton is negligible left- and right-handed pairs are made independently."""
    mediator = U1Mediator({"e": (right + left) / 2.0}, axial={"e": (right - left) / 2.0}, mass=mass, coupling=1.0)
    widths = partial_widths(mediator)
    assert widths["ee"] == pytest.approx(mass / (24.0 * math.pi) * (left**2 + right**2), rel=1e-5)
    assert widths["invisible"] == pytest.approx(mass / (24.0 * math.pi) * left**2, rel=1e-9, abs=1e-15)


def test_an_axial_pair_opens_with_the_cube_of_the_velocity() -> None:
    masses = np.array([0.212, 0.22])
    velocity = np.sqrt(1.0 - 4.0 * np.square(MUON_MASS / masses))
    axial = partial_widths(U1Mediator({}, axial={"mu": 1.0}, mass=masses, coupling=1.0))["mumu"]
    assert axial / masses == pytest.approx(velocity**3 / (12.0 * math.pi), rel=1e-12)


def dark_photon(mass: object, coupling: object = 1.0) -> U1Mediator:
    return U1Mediator({}, mass=mass, coupling=coupling, mixing="fixed", epsilon=1.0)  # type: ignore[arg-type]


def test_a_dark_photon_decays_as_a_photon_of_its_mass_would() -> None:
    """Gamma(A' -> e e) = alpha eps^2 m / 3, and hadrons R times that of massless muons."""
    mass = np.array([0.01, 0.5, 0.775, 5.0])
    widths = partial_widths(dark_photon(mass))
    assert widths["ee"][1:] == pytest.approx(mass[1:] / (3.0 * 137.036), rel=1e-5)
    assert widths["hadrons"] == pytest.approx(hadronic_ratio(mass) * mass / (3.0 * 137.036), rel=1e-12)
    assert not widths["invisible"].any()
    assert branching_ratio(dark_photon([0.1, 1.0]), "ee") == pytest.approx([1.0, 1.0 / (2.0 + 1.2517)], rel=2e-3)


def test_known_decay_length_of_a_dark_photon() -> None:
    """gamma c tau = 0.8 cm (E / 10 GeV) (1e-4 / eps)^2 (100 MeV / m)^2, arXiv:0906.0580, so that c tau = 80 um."""
    assert proper_decay_length(dark_photon(0.1, 1e-4)) == pytest.approx(80e-6, rel=0.02)


def test_the_decay_length_has_the_shape_of_mass_and_coupling() -> None:
    mediator = U1Mediator(L_E_L_MU, mass=[[0.1], [1.0]], coupling=[[1e-6, 1e-3, 0.0]])
    length = proper_decay_length(mediator)
    assert length.shape == (2, 3)
    assert np.all(np.isinf(length[:, 2]))
    assert length[:, 0] == pytest.approx(1e6 * length[:, 1], rel=1e-12)
    width = total_width(mediator)[:, 0]
    assert length[:, 1] * 1e-6 * width == pytest.approx(1.973269804e-16, rel=1e-9)


def test_what_cannot_decay_is_stable() -> None:
    below = dark_photon(0.001)
    assert np.isinf(proper_decay_length(below))
    assert all(branching_ratio(below, state) == 0.0 for state in FINAL_STATES)


def test_baryons_minus_leptons() -> None:
    """All quarks 1/3, all leptons -1: above all thresholds 6 + 3 / 2 leptons to 6 / 3 quarks, up to QCD."""
    heavy = U1Mediator(dict.fromkeys(LEPTON_MASS, -1.0), quarks=1.0 / 3.0, mass=3e4, coupling=1.0)
    assert branching_ratio(heavy, "ee") == pytest.approx(1.0 / (3.0 + 1.5 + 2.0), rel=0.01)
    at_omega = U1Mediator(dict.fromkeys(LEPTON_MASS, -1.0), quarks=1.0 / 3.0, mass=0.78266, coupling=1.0)
    assert branching_ratio(at_omega, "hadrons") == pytest.approx(0.935, abs=0.01)


@pytest.mark.parametrize(
    ("mass", "published"),
    list(
        zip(
            [0.22, 0.3, 0.5, 0.7, 0.77, 0.9, 1.0195, 1.4, 1.6, 2.5, 6.0, 10.0, 20.0],
            [0.7110, 0.5255, 0.4013, 0.1445, 0.0823, 0.2614, 0.0196, 0.2751, 0.2280, 0.2392, 0.1556, 0.1506, 0.1462],
            strict=True,
        )
    ),
)
def test_published_branching_ratios_of_a_dark_photon(mass: float, published: float) -> None:
    """To e+ e-: arXiv:1801.04847 and its code, from a fit to exclusive channels instead of R, quarks above 2 GeV."""
    assert branching_ratio(dark_photon(mass), "ee") == pytest.approx(published, rel=0.025)


@pytest.mark.parametrize(
    ("mass", "published"),
    list(
        zip(
            [0.3, 0.75, 0.77, 0.782, 0.9, 1.0195, 1.5, 1.8, 6.0, 20.0],
            [0.2953, 0.2437, 0.1247, 0.0192, 0.2659, 0.0193, 0.2386, 0.2222, 0.1733, 0.1624],
            strict=True,
        )
    ),
)
def test_published_branching_ratios_of_baryons_minus_leptons(mass: float, published: float) -> None:
    """To e+ e-, as above."""
    mediator = U1Mediator(dict.fromkeys(LEPTON_MASS, -1.0), quarks=1.0 / 3.0, mass=mass, coupling=1.0)
    assert branching_ratio(mediator, "ee") == pytest.approx(published, rel=0.03)


def test_hadrons_through_loop_mixing_are_rare() -> None:
    mixed, plain = (boson(L_MU_L_TAU, [0.775, 1.0195, 3.0], mixing) for mixing in ("one_loop", "none"))
    assert np.array_equal(branching_ratio(plain, "hadrons"), [0.0, 0.0, 0.0])
    found = branching_ratio(mixed, "hadrons")
    expected = branching_ratio(mixed, "ee") * hadronic_ratio(mixed.mass)
    assert found == pytest.approx(expected, rel=1e-5)
    assert np.all((found > 0.0) & (found < 2e-3))


def test_they_have_the_shape_of_the_mass() -> None:
    mass = np.geomspace(1e-3, 100.0, 6).reshape(6, 1)
    mediator = U1Mediator(L_MU_L_TAU, mass=mass, coupling=[[1e-3, 1e-2]], mixing="one_loop")
    for state, width in partial_widths(mediator).items():
        assert width.shape == (6, 1), state
        assert np.all(width >= 0.0)
    assert list(FINAL_STATES) == list(partial_widths(mediator))
    assert set(FINAL_STATES) == {*(2 * flavour for flavour in LEPTON_MASS), "invisible", "hadrons"}


def test_unknown_final_state() -> None:
    with pytest.raises(UnknownNameError, match="final state"):
        branching_ratio(boson(L_MU_L_TAU, 1.0), "quarks")
    with pytest.raises(UnknownNameError, match="lepton flavour"):
        on_shell_charge_squared(boson(L_MU_L_TAU, 1.0), "muon")
