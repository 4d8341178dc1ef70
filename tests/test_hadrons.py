"""R of hadrons: against its data, against mesons' measured widths, limits of QCD and relations between currents."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.hadrons import hadronic_ratio, measured_ratio
from recast.isoscalars import PION_MASS, _three_pions, isoscalar_parts
from recast.strong_coupling import qcd_correction, strong_coupling

ALPHA = 1.0 / 137.036


def baryonic(mass: object) -> np.ndarray:
    return hadronic_ratio(mass, electric=0.0, baryonic=1.0 / 3.0)  # type: ignore[arg-type]


def test_the_table_says_where_it_is_from_and_is_whole() -> None:
    energy, ratio, error = measured_ratio()
    assert len(energy) == 1192
    assert np.all(np.diff(energy) >= 0.0)
    assert np.all((ratio > 0.0) & (error > 0.0))
    assert (energy[0], energy[-1]) == (0.3, 11.09)


@pytest.mark.parametrize(
    ("low", "high", "scatter", "shift"),
    [
        (0.30, 0.45, 0.10, 0.01),
        (0.45, 0.765, 0.07, 0.004),
        (0.765, 0.80, 0.09, 0.004),
        (0.80, 1.00, 0.07, 0.006),
        (1.00, 1.04, 0.08, 0.01),
        (1.04, 1.90, 0.08, 0.004),
        (1.90, 2.00, 0.04, 0.02),
        (2.00, 3.70, 0.18, 0.045),
        (4.90, 11.2, 0.12, 0.02),
    ],
)
def test_the_smoothed_ratio_follows_the_data(low: float, high: float, scatter: float, shift: float) -> None:
    energy, ratio, error = measured_ratio()
    here = (energy >= low) & (energy < high)
    relative = hadronic_ratio(energy[here]) / ratio[here] - 1.0
    weight = np.square(ratio[here] / error[here])
    assert np.max(np.abs(relative)) < scatter
    assert abs(np.average(relative, weights=weight)) < shift


def test_the_smoothed_ratio_fits_the_data_below_2_gev() -> None:
    energy, ratio, error = measured_ratio()
    low = energy < 1.9
    assert np.mean(np.square((hadronic_ratio(energy[low]) - ratio[low]) / error[low])) < 1.0


def test_nothing_is_lighter_than_a_pion_and_two_pions_open_as_a_p_wave() -> None:
    assert not hadronic_ratio([1e-200, 1e-3, 0.13]).any()
    threshold = 2.0 * PION_MASS
    masses = threshold * np.array([1.0, 1.002])
    near = hadronic_ratio(masses) - isoscalar_parts(masses)[0]
    assert near[0] == pytest.approx(0.0, abs=1e-9)
    beta = math.sqrt(1.0 - 1.002**-2)
    assert near[1] == pytest.approx(0.25 * beta**3 * 1.37, rel=0.05)  # |F|^2, dispersive


@pytest.mark.parametrize(("mass", "electronic"), [(0.78266, 7.38e-5 * (0.892 + 0.0834)), (1.019461, 2.973e-4)])
def test_a_meson_at_its_peak_has_the_ratio_of_its_branching_ratios(mass: float, electronic: float) -> None:
    """sigma = 12 pi B_ee B_f / M^2, that is R = 9 B_ee B_f / alpha^2."""
    omega, phi, _ = isoscalar_parts(np.array(mass))
    assert max(float(omega), float(phi)) == pytest.approx(9.0 * electronic / ALPHA**2, rel=0.04)


def test_the_peak_of_three_pions_is_that_measured() -> None:
    """1615 nb at the omega, hep-ex/0305049, of which 8.34 / (89.2 + 8.34) in pi0 gamma come on top."""
    omega, _, _ = isoscalar_parts(np.array(0.78266))
    three_pions = float(omega) * 0.892 / (0.892 + 0.0834)
    point = 4.0 * math.pi * ALPHA**2 / (3.0 * 0.78266**2) * 389379.4
    assert three_pions * point == pytest.approx(1615.0, rel=0.04)


def test_the_isoscalar_amplitudes_subtract_above_the_phi() -> None:
    """Of the electromagnetic current; they add below it."""
    _, _, interference = isoscalar_parts(np.array([0.9, 1.0, 1.04]))
    assert np.array_equal(np.sign(interference), [1.0, 1.0, -1.0])


def test_baryon_number_is_isoscalar() -> None:
    """It meets the omega with twice, the phi with minus the amplitude of the photon, and not the rho."""
    mass = np.array([0.6, 0.78266, 1.019461, 1.2])
    omega, phi, interference = isoscalar_parts(mass)
    assert baryonic(mass) == pytest.approx(4.0 * omega + phi - 2.0 * interference, rel=1e-12)
    assert baryonic(0.78266) == pytest.approx(48.5, rel=0.03)
    assert baryonic(0.6) / hadronic_ratio(0.6) < 0.003


def test_light_baryonic_bosons_decay_to_a_pion_and_a_photon() -> None:
    """Gamma(B -> pi0 gamma) = alpha_B alpha m^3 (1 - m_pi^2 / m^2)^3 |F|^2 / (96 pi^3 f_pi^2), arXiv:1404.4370."""
    mass = 0.3
    width = float(baryonic(mass)) * mass / (12.0 * math.pi)  # of g_B^2 with charges 1/3
    form_factor = 1.0 / (1.0 - (mass / 0.78266) ** 2)
    pion = (1.0 - (0.1349768 / mass) ** 2) ** 3
    expected = ALPHA / (4.0 * math.pi) * mass**3 * pion * form_factor**2 / (96.0 * math.pi**3 * 0.0924**2)
    assert width == pytest.approx(expected, rel=0.15)


@given(st.floats(0.15, 50.0), st.floats(-2.0, 2.0), st.floats(-2.0, 2.0))
def test_the_ratio_is_a_quadratic_form_that_is_not_negative(mass: float, electric: float, common: float) -> None:
    def ratio(a: float, b: float) -> float:
        return float(hadronic_ratio(mass, electric=a, baryonic=b))

    cross = 0.5 * (ratio(1.0, 1.0) - ratio(1.0, 0.0) - ratio(0.0, 1.0))
    expected = electric**2 * ratio(1.0, 0.0) + common**2 * ratio(0.0, 1.0) + 2.0 * electric * common * cross
    assert ratio(electric, common) >= 0.0
    assert ratio(electric, common) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert abs(cross) <= math.sqrt(ratio(1.0, 0.0) * ratio(0.0, 1.0)) * (1.0 + 1e-9)


@pytest.mark.parametrize(("mass", "quarks"), [(3.0, "uds"), (10.0, "udsc"), (100.0, "udscb"), (3000.0, "udscbt")])
def test_far_above_thresholds_quarks_are_counted(mass: float, quarks: str) -> None:
    charges = {"u": 2.0, "d": -1.0, "s": -1.0, "c": 2.0, "b": -1.0, "t": 2.0}
    electromagnetic = sum(charges[quark] ** 2 / 3.0 for quark in quarks)
    correction = float(qcd_correction(np.array(mass)))
    assert hadronic_ratio(mass) == pytest.approx(electromagnetic * correction, rel=0.01)
    assert baryonic(mass) == pytest.approx(len(quarks) / 3.0 * correction, rel=0.02)


def test_nothing_jumps_but_thresholds_of_heavy_quarks() -> None:
    mass = np.arange(0.2, 10.0, 2e-5)
    elsewhere = np.abs(mass[1:] - 3.7297) > 1e-3  # charm
    for ratio in (hadronic_ratio(mass), baryonic(mass)):
        assert np.max((np.abs(np.diff(ratio)) / (ratio[1:] + 0.01))[elsewhere]) < 0.015


def test_the_strong_coupling_at_known_scales() -> None:
    """Review of Particle Physics: 0.1179 at the Z mass, about 0.18 at 10 GeV and 0.31 at the tau mass."""
    found = strong_coupling(np.array([91.1876, 10.0, 1.77686]))
    assert found == pytest.approx([0.1179, 0.178, 0.313], rel=0.01)
    scales = np.geomspace(1.0, 1e4, 4001)
    values = strong_coupling(scales)
    assert np.all(np.diff(values) <= 0.0)
    assert np.max(np.abs(np.diff(values))) < 2e-3


def test_the_strong_coupling_obeys_its_equation() -> None:
    """d alpha_s / d ln mu^2 = -b0 alpha_s^2 - b1 alpha_s^3, here with five flavours."""
    step = 1e-4
    lower, middle, upper = strong_coupling(30.0 * np.exp(step * np.array([-1.0, 0.0, 1.0])))
    b0, b1 = 23.0 / (12.0 * math.pi), 58.0 / (24.0 * math.pi**2)
    assert (upper - lower) / (4.0 * step) == pytest.approx(-b0 * middle**2 - b1 * middle**3, rel=1e-6)


def test_the_width_into_three_pions_against_random_energies() -> None:
    """sqrt(s) Int dE+ dE- |p+ x p-|^2 |sum of rho propagators|^2, relative to the omega's mass."""
    generator = np.random.default_rng(20240521)

    def width(mass: float) -> float:
        energy = generator.uniform(PION_MASS, mass, (2, 1_000_000))
        momentum = np.sqrt(np.square(energy) - PION_MASS**2)
        third = mass - energy.sum(axis=0)
        squared = np.maximum(np.square(third) - PION_MASS**2, 0.0)
        cosine = (squared - np.square(momentum).sum(axis=0)) / (2.0 * momentum[0] * momentum[1])
        inside = (third > PION_MASS) & (np.abs(cosine) < 1.0)
        pairs = [mass**2 + PION_MASS**2 - 2.0 * mass * single[inside] for single in (*energy, third)]
        cross = np.square(momentum[0] * momentum[1])[inside] * (1.0 - np.square(cosine[inside]))
        amplitude = sum(1.0 / rho_propagator(pair) for pair in pairs)
        return mass * (mass - PION_MASS) ** 2 * float(np.sum(cross * np.square(np.abs(amplitude)))) / 1_000_000

    def rho_propagator(square: np.ndarray) -> np.ndarray:
        mass, gamma = 0.77526, 0.1491
        momentum = np.sqrt(square / 4.0 - PION_MASS**2) / math.sqrt(mass**2 / 4.0 - PION_MASS**2)
        return mass**2 - square - 1j * np.sqrt(square) * gamma * momentum**3 * mass**2 / square

    reference = width(0.78266)
    for mass in (0.6, 1.019461, 1.4):
        found = float(_three_pions(mass**2) / _three_pions(0.78266**2))
        assert width(mass) / reference == pytest.approx(found, rel=0.02)
