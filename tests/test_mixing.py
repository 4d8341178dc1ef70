"""Loop mixing against published numbers, a general-purpose integrator, limits and dispersion relations."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from recast.constants import DEFAULT_INPUTS, ELECTRON_MASS, LEPTON_MASS, MUON_MASS, TAU_MASS
from recast.errors import OutOfRangeError, RecastError, UnknownNameError
from recast.interactions import U1Mediator
from recast.mixing import effective_charge, loop_mixing, loop_mixing_timelike

L_MU_L_TAU = {"mu": 1.0, "tau": -1.0}
L_E_L_MU = {"e": 1.0, "mu": -1.0}
ALL_THREE = {"e": 2.0, "mu": -0.5, "tau": -1.5}
E = math.sqrt(4.0 * math.pi / 137.036)


def integrated(charges: dict[str, float], q2: float) -> float:
    """Integrate the real part as the formula stands, in pieces that end where a logarithm is singular."""
    singular = [0.5]
    for flavour in charges:
        ratio = LEPTON_MASS[flavour] ** 2 / q2 if q2 != 0.0 else math.inf
        if 0.0 < ratio < 0.25:
            singular.append(0.5 - math.sqrt(0.25 - ratio))

    def integrand(x: float) -> float:
        product = x * (1.0 - x)
        return 2.0 * product * sum(q * math.log(abs(LEPTON_MASS[f] ** 2 - product * q2)) for f, q in charges.items())

    edges = [0.0, *sorted(singular)]
    pieces = itertools.pairwise(edges)
    total = sum(quad(integrand, low, high, epsabs=1e-14, epsrel=1e-11, limit=300)[0] for low, high in pieces)
    return E / (2.0 * math.pi**2) * total


def test_known_values() -> None:
    """eps / g' of L_mu - L_tau and L_e - L_mu to the digits of an independent evaluation."""
    expected = [-1.443291e-2, -1.438770e-2, -1.187051e-2, -2.536055e-3]
    assert loop_mixing(L_MU_L_TAU, [0.0, 1e-3, 0.1, 10.0]) == pytest.approx(expected, rel=5e-7)
    assert loop_mixing(L_MU_L_TAU, 0.0) == pytest.approx(-1.0 / 69.3, rel=1e-3)
    assert loop_mixing(L_E_L_MU, 0.0) == pytest.approx(-2.726428e-2, rel=5e-7)


def test_at_rest_it_is_the_logarithm_of_the_masses() -> None:
    expected = -E / (12.0 * math.pi**2) * math.log(TAU_MASS**2 / MUON_MASS**2)
    assert loop_mixing(L_MU_L_TAU, 0.0) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("charges", [L_MU_L_TAU, L_E_L_MU, ALL_THREE])
@pytest.mark.parametrize("transfer", [0.0, 1e-9, 1e-6, 1e-3, 0.1, 1.0, 10.0, 1e3])
def test_against_a_general_purpose_integrator(charges: dict[str, float], transfer: float) -> None:
    expected = integrated(charges, -transfer)
    assert loop_mixing(charges, transfer) == pytest.approx(expected, rel=1e-9, abs=1e-13)


@pytest.mark.parametrize("charges", [L_MU_L_TAU, L_E_L_MU, ALL_THREE])
@pytest.mark.parametrize("q2", [1e-8, 9e-7, 1.1e-6, 1e-3, 0.04, 0.05, 1.0, 12.6, 12.7, 100.0])
def test_timelike_real_part_against_a_general_purpose_integrator(charges: dict[str, float], q2: float) -> None:
    assert loop_mixing_timelike(charges, q2).real == pytest.approx(integrated(charges, q2), rel=1e-7)


@given(st.floats(1e-12, 1e8))
def test_the_closed_form_continues_to_spacelike_momenta(transfer: float) -> None:
    for charges in (L_MU_L_TAU, L_E_L_MU, ALL_THREE):
        timelike = loop_mixing_timelike(charges, -transfer)
        assert timelike.imag == 0.0
        assert timelike.real == pytest.approx(float(loop_mixing(charges, transfer)), rel=1e-11, abs=1e-15)


@given(st.floats(1.0, 1e8))
def test_imaginary_part_is_that_of_cut_lepton_loops(q2: float) -> None:
    expected = 0.0
    for flavour, charge in ALL_THREE.items():
        ratio = LEPTON_MASS[flavour] ** 2 / q2
        if ratio < 0.25:
            expected -= charge * E / (12.0 * math.pi) * (1.0 + 2.0 * ratio) * math.sqrt(1.0 - 4.0 * ratio)
    assert loop_mixing_timelike(ALL_THREE, q2).imag == pytest.approx(expected, rel=1e-12, abs=1e-16)


def test_no_imaginary_part_below_the_lightest_threshold() -> None:
    below = 4.0 * MUON_MASS**2 * np.array([1e-6, 0.1, 0.9, 1.0])
    assert np.all(loop_mixing_timelike(L_MU_L_TAU, below).imag == 0.0)


@pytest.mark.parametrize("transfer", [1e-2, 1.0, 30.0])
def test_spacelike_values_follow_from_the_imaginary_part(transfer: float) -> None:
    """Once-subtracted dispersion relation: eps(q^2) - eps(0) = (q^2 / pi) Int ds Im eps(s) / [s (s - q^2)]."""

    def integrand(log_s: float) -> float:
        s = math.exp(log_s)
        return float(loop_mixing_timelike(L_MU_L_TAU, s).imag) / (s + transfer)

    edges = np.log([4.0 * MUON_MASS**2, 1.0, 4.0 * TAU_MASS**2, 1e3, 1e8])
    pieces = itertools.pairwise(edges)
    total = sum(quad(integrand, low, high, epsabs=0, epsrel=1e-9, limit=200)[0] for low, high in pieces)
    expected = loop_mixing(L_MU_L_TAU, 0.0) - transfer / math.pi * total
    assert loop_mixing(L_MU_L_TAU, transfer) == pytest.approx(float(expected), rel=1e-7)


@given(st.floats(1e6, 1e12))
def test_it_falls_like_the_differences_of_squared_masses(transfer: float) -> None:
    """For q^2 far above the masses, eps -> (e / (2 pi^2)) sum_l Q_l m_l^2 / (-q^2)."""
    expected = E / (2.0 * math.pi**2) * (MUON_MASS**2 - TAU_MASS**2) / transfer
    assert loop_mixing(L_MU_L_TAU, transfer) == pytest.approx(expected, rel=1e-4)


@given(st.floats(-3.0, 3.0), st.floats(-3.0, 3.0), st.floats(0.0, 1e4))
def test_it_is_linear_in_the_charges(a: float, b: float, transfer: float) -> None:
    sum_ = {"e": b, "mu": a - b, "tau": -a}
    expected = a * loop_mixing(L_MU_L_TAU, transfer) + b * loop_mixing(L_E_L_MU, transfer)
    assert loop_mixing(sum_, transfer) == pytest.approx(float(expected), rel=1e-10, abs=1e-14)


def test_shapes() -> None:
    transfer = np.geomspace(1e-6, 1.0, 6).reshape(2, 3)
    assert loop_mixing(L_MU_L_TAU, transfer).shape == (2, 3)
    assert loop_mixing_timelike(L_MU_L_TAU, transfer).shape == (2, 3)
    assert loop_mixing(L_MU_L_TAU, 0.1).shape == ()
    assert loop_mixing_timelike(L_MU_L_TAU, 0.1).shape == ()


def test_charges_that_do_not_sum_to_zero_are_refused() -> None:
    with pytest.raises(RecastError, match="finite only when the charges sum to zero, not to 1"):
        loop_mixing({"mu": 1.0}, 0.0)
    with pytest.raises(RecastError, match="sum to zero"):
        loop_mixing_timelike({"mu": 1.0}, 0.0)


def test_wrong_arguments() -> None:
    with pytest.raises(OutOfRangeError, match="zero or positive"):
        loop_mixing(L_MU_L_TAU, -1.0)
    with pytest.raises(OutOfRangeError, match="zero or positive"):
        loop_mixing(L_MU_L_TAU, math.nan)
    with pytest.raises(OutOfRangeError, match="finite number"):
        loop_mixing_timelike(L_MU_L_TAU, math.inf)
    with pytest.raises(UnknownNameError, match="lepton flavour"):
        loop_mixing({"muon": 1.0, "tau": -1.0}, 0.0)
    with pytest.raises(UnknownNameError, match="lepton flavour"):
        effective_charge(U1Mediator(L_MU_L_TAU, mass=1.0, coupling=1.0), "muon")


def test_effective_charge_of_the_electron() -> None:
    """The product with the neutrino's charge gives the replacement of arXiv:1902.06765, Eqs. C4 and C5."""
    mixed = U1Mediator(L_MU_L_TAU, mass=1.0, coupling=1.0, mixing="one_loop")
    alpha = DEFAULT_INPUTS.alpha
    expected = -4.0 * math.pi * alpha / (12.0 * math.pi**2) * math.log(TAU_MASS**2 / MUON_MASS**2)
    assert effective_charge(mixed, "e") == pytest.approx(expected, rel=1e-13)
    transfer = 2.0 * ELECTRON_MASS * np.array([1e-4, 1.0])
    assert effective_charge(mixed, "e", transfer) == pytest.approx(E * loop_mixing(L_MU_L_TAU, transfer), rel=1e-13)


def test_effective_charge_is_the_charge_where_there_is_one() -> None:
    for mixing in ("none", "one_loop"):
        mediator = U1Mediator(L_E_L_MU, mass=1.0, coupling=1.0, mixing=mixing)  # type: ignore[arg-type]
        assert np.array_equal(effective_charge(mediator, "e", [0.0, 1.0]), [1.0, 1.0])
        assert effective_charge(mediator, "mu") == -1.0
        assert bool(effective_charge(mediator, "tau") != 0.0) is (mixing == "one_loop")
    tree = U1Mediator(L_MU_L_TAU, mass=1.0, coupling=1.0)
    assert np.array_equal(effective_charge(tree, "e", [0.0, 1.0]), [0.0, 0.0])
