"""Two temperatures through neutrino decoupling, against conservation laws, another integrator and published numbers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from recast.constants import ELECTRON_MASS
from recast.cosmology import evolution
from recast.cosmology.decoupling import instantaneous_n_eff
from recast.cosmology.evolution import LARGEST_STEP, Universe, evolve
from recast.cosmology.plasma import interaction_pressure, plasma_table
from recast.cosmology.thermalisation import DECOUPLING_TEMPERATURE, PLANCK_MASS, hubble_rate, thermal_width
from recast.cosmology.thermodynamics import PHOTON_RADIATION
from recast.errors import ConvergenceError, OutOfRangeError

TO_EVERYTHING = (11.0 / 4.0) ** (4.0 / 3.0)


def width(mass, coupling):
    """Return the width into electrons of a vector coupling to electrons."""
    r = (ELECTRON_MASS / mass) ** 2
    return coupling**2 * mass / (12.0 * math.pi) * (1.0 + 2.0 * r) * math.sqrt(1.0 - 4.0 * r)


@pytest.fixture(scope="module")
def standard():
    return evolve()


def test_standard_model(standard):
    # 3.045 with these approximations (arXiv:2001.04466), 3.0440 +- 0.0002 with all (arXiv:2012.02726).
    assert standard.n_eff == pytest.approx(3.045, abs=5e-4)
    assert standard.n_eff == pytest.approx(3.0440, rel=1e-3)
    assert standard.energy_violation < 1e-7
    # T_gamma / T_nu = 1.3958 against (11/4)^(1/3) = 1.4010
    ratio = standard.photon_temperature[-1] / standard.neutrino_temperature[-1]
    assert ratio == pytest.approx(1.39578, abs=2e-5)
    assert np.all(np.diff(standard.log_scale_factor) <= LARGEST_STEP * (1.0 + 1e-9))


@pytest.mark.parametrize(
    ("mass", "published"),
    [(3e-3, 1.69), (5e-3, 1.09), (7e-3, 0.67), (10e-3, 0.32), (12e-3, 0.19), (15e-3, 0.089), (20e-3, 0.025)],
)
def test_boson_without_electrons(standard, mass, published):
    # From two independent calculations; printed to two digits.
    assert evolve(mass=mass).n_eff - standard.n_eff == pytest.approx(published, rel=0.02)


@pytest.mark.parametrize(
    ("mass", "public_code"), [(3e-3, 4.73871), (5e-3, 4.13297), (10e-3, 3.3605), (20e-3, 3.06989)]
)
def test_boson_against_the_public_code_of_the_method(mass, public_code):
    # NUDEC_BSM (arXiv:2001.04466), WIMP_nu with three bosonic degrees of freedom; it prints five digits.
    assert evolve(mass=mass).n_eff == pytest.approx(public_code, abs=2e-4)


@pytest.mark.parametrize(("mass", "coupling"), [(9.9e-3, 1e-4), (11.3e-3, 5e-4), (11.9e-3, 1e-3)])
def test_contours_with_loop_mixing(standard, mass, coupling):
    # Excess of 0.5 with the loop of L_mu - L_tau; the printed masses have 1% of rounding, which is 2.5% of the excess.
    from recast.decays import partial_widths
    from recast.model import load_model

    (boson,) = load_model("lmu_ltau")(mass=mass, coupling=coupling).mediators
    electrons = float(partial_widths(boson)["ee"]) * coupling**2
    found = evolve(mass=mass, electron_width=electrons)
    assert found.n_eff - standard.n_eff == pytest.approx(0.5, rel=0.03)


def test_neutrinos_decoupled_from_the_start_conserve_entropy():
    # Photons and electrons alone: (p + rho)/T a^3 constant gives the final temperature without any integration.
    start = 20e-3
    rho, p, _ = plasma_table()(start)
    cooled = 4.0 / 3.0 * 2.0 * PHOTON_RADIATION
    ratio_cubed = cooled / (rho + p)  # (T_nu / T_gamma)^3 at the end
    expected = 3.0 * TO_EVERYTHING * ratio_cubed ** (4.0 / 3.0)
    found = evolve(weak=False, start=start)
    assert found.n_eff == pytest.approx(expected, rel=1e-6)
    # Interactions of the plasma alone make this more than 3 (arXiv:1911.04504: 3.0098).
    assert float(interaction_pressure(0.0)) < 0.0
    assert expected == pytest.approx(3.0098, abs=2e-4)


@settings(max_examples=8, deadline=None)
@given(mass=st.floats(0.5e-3, 30e-3), temperature=st.floats(1.2e-3, 10e-3))
def test_decoupled_neutrinos_receive_the_entropy_of_the_boson(mass, temperature):
    with_boson = evolve(mass=mass, weak=False, start=temperature).n_eff
    without = evolve(weak=False, start=temperature).n_eff
    gained = instantaneous_n_eff(mass, flavours=3, decoupling_temperature=temperature) / 3.0
    assert with_boson / without == pytest.approx(float(gained), rel=1e-6)


def test_strong_coupling_to_electrons_keeps_one_temperature():
    # Photons and neutrinos share the entropy of electrons: N_eff = 3 (11/4)^(4/3).
    found = evolve(mass=2e-3, electron_width=width(2e-3, 1e-2))
    assert found.n_eff == pytest.approx(3.0 * TO_EVERYTHING, rel=2e-3)
    apart = np.abs(np.log(found.neutrino_temperature / found.photon_temperature))
    assert apart[found.photon_temperature > 0.1e-3].max() < 1e-3


def test_limits_in_the_parameters(standard):
    assert evolve(mass=0.3).n_eff == pytest.approx(standard.n_eff, abs=1e-6)
    weak = evolve(mass=10e-3, electron_width=width(10e-3, 1e-13))
    assert weak.n_eff == pytest.approx(evolve(mass=10e-3).n_eff, abs=1e-5)
    for start in (12e-3, 40e-3):
        assert evolve(start=start).n_eff == pytest.approx(standard.n_eff, abs=1e-6)
        assert evolve(mass=8e-3, start=start).n_eff == pytest.approx(evolve(mass=8e-3).n_eff, abs=1e-6)


@pytest.mark.parametrize(("mass", "coupling"), [(None, 0.0), (8e-3, 0.0), (10e-3, 1e-7), (5e-3, 1e-9)])
def test_energy_density_as_the_variable(mass, coupling):
    # rho_nu / T^4 over ln T instead of logarithms of temperatures over ln a, with another integrator.
    electron_width = 0.0 if mass is None else width(mass, coupling)
    universe = Universe(mass=mass, electron_width=electron_width)

    def temperature(rho, guess):
        t = guess
        for _ in range(60):
            value, _, c = universe.neutrinos(t)
            step = (rho - value) / c
            t += step
            if abs(step) < 1e-15 * t:
                break
        return t

    def slope(log_t, y):
        t = math.exp(log_t)
        t_nu = temperature(y[0] * t**4, t)
        rho, p, c = universe.plasma(t)
        rho_nu, p_nu, _ = universe.neutrinos(t_nu)
        gain = universe.exchange(t, math.log(t_nu / t)) / float(hubble_rate(rho + rho_nu))
        d_log_t = (-3.0 * (rho + p) - gain) / (c * t)
        return [(-3.0 * (rho_nu + p_nu) + gain) / d_log_t / t**4 - 4.0 * y[0]]

    ends = (math.log(20e-3), math.log(universe.end))
    begin = universe.neutrinos(20e-3)[0] / 20e-3**4
    solution = solve_ivp(slope, ends, [begin], method="LSODA", rtol=1e-9, atol=1e-12, max_step=0.01)
    ratio = temperature(solution.y[0, -1] * universe.end**4, universe.end) / universe.end
    expected = 3.0 * TO_EVERYTHING * ratio**4
    assert evolve(mass=mass, electron_width=electron_width).n_eff == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize(("mass", "coupling"), [(10e-3, 4e-6), (30e-3, 1e-3), (1e-3, 1e-8), (80e-3, 1e-4)])
def test_photon_temperature_as_the_variable(mass, coupling):
    # Where exchange is fast, energy densities lose the small difference that it lives on: the lag over ln T.
    universe = Universe(mass=mass, electron_width=0.0 if mass < 1.1e-3 else width(mass, coupling))

    def lag(log_t, y):
        photon, relative = universe.slopes(log_t, float(y[0]))
        return [relative / photon]

    ends = (math.log(20e-3), math.log(universe.end))
    solution = solve_ivp(lag, ends, [0.0], method="BDF", rtol=1e-9, atol=1e-12, max_step=0.005)
    expected = 3.0 * TO_EVERYTHING * math.exp(4.0 * solution.y[0, -1])
    found = evolve(mass=mass, electron_width=0.0 if mass < 1.1e-3 else width(mass, coupling))
    assert found.n_eff == pytest.approx(expected, abs=2e-5)


@pytest.mark.parametrize("method", ["Radau", "BDF", "LSODA"])
@pytest.mark.parametrize(("mass", "coupling"), [(None, 0.0), (10e-3, 1e-6), (30e-3, 1e-3)])
@pytest.mark.parametrize("tolerance", [1e-3, 1e-5])
def test_long_steps_are_found_out(method, mass, coupling, tolerance):
    # Integrators report success at temperatures that are wrong by up to a third: conservation of energy tells.
    options = {} if mass is None else {"mass": mass, "electron_width": width(mass, coupling)}
    with pytest.raises(ConvergenceError, match="conservation of energy|diverged|stopped early"):
        evolve(**options, method=method, largest_step=math.inf, relative_tolerance=tolerance)


def test_long_steps_would_be_wrong(monkeypatch):
    monkeypatch.setattr(evolution, "ENERGY_TOLERANCE", math.inf)
    options = {"mass": 30e-3, "electron_width": width(30e-3, 1e-3)}
    wrong = evolve(**options, largest_step=math.inf)
    assert wrong.n_eff > 10.0
    assert wrong.energy_violation > 1e-2
    assert evolve(**options).n_eff == pytest.approx(3.164, abs=1e-3)


def test_more_electron_coupling_first_cools_then_heats_neutrinos():
    # Intermediate couplings let the boson's energy flow to photons; strong ones keep neutrinos in equilibrium.
    found = [evolve(mass=6e-3, electron_width=width(6e-3, g)).n_eff for g in (0.0, 1e-9, 1e-7)]
    assert found[1] < found[0] < found[2]


def test_bad_parameters():
    for wrong in (0.0, -1e-3, math.nan, math.inf):
        with pytest.raises(OutOfRangeError, match="mass of the boson"):
            evolve(mass=wrong)
    with pytest.raises(OutOfRangeError, match="width into electrons"):
        evolve(mass=1e-2, electron_width=-1.0)
    with pytest.raises(OutOfRangeError, match="hotter"):
        evolve(start=1e-6)


def test_instantaneous_decoupling_of_the_published_line():
    low, high = 4e-3, 7e-3
    for _ in range(50):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if instantaneous_n_eff(middle, flavours=2) > 3.7 else (low, middle)
    assert low == pytest.approx(5.25e-3, rel=2e-3)


def test_instantaneous_decoupling_limits():
    massless = 1.0 + 2.0 * (1.0 + 3.0 / (2.0 * 2.0 * 7.0 / 8.0)) ** (4.0 / 3.0)
    assert instantaneous_n_eff(0.0, flavours=2) == pytest.approx(massless, rel=1e-12)
    assert instantaneous_n_eff(0.2, flavours=2) == pytest.approx(3.0, abs=1e-12)
    assert np.all(instantaneous_n_eff([1e-3, 1e-2], flavours=0) == 3.0)
    # The same entropy in fewer neutrinos makes them hotter.
    n_eff = [float(instantaneous_n_eff(3e-3, flavours=n)) for n in (1, 2, 3)]
    assert n_eff[0] > n_eff[1] > n_eff[2] > 3.0
    with pytest.raises(OutOfRangeError, match="flavours"):
        instantaneous_n_eff(1e-3, flavours=4)
    with pytest.raises(OutOfRangeError, match="temperature"):
        instantaneous_n_eff(1e-3, flavours=2, decoupling_temperature=0.0)


def test_thermalisation():
    def coupling(mass):
        # Two neutrino flavours: Gamma = 2 g'^2 m / (24 pi).
        return np.sqrt(thermal_width(mass) * 12.0 * math.pi / mass)

    assert float(coupling(5e-3)) == pytest.approx(1.2e-10, rel=0.03)
    heavy = np.array([5e-3, 1e-2, 2e-2, 1e-1])
    assert coupling(heavy) / np.sqrt(heavy) == pytest.approx(float(coupling(5e-3)) / math.sqrt(5e-3), rel=2e-3)
    # Lighter bosons must be there when neutrinos decouple; time dilation makes that harder.
    light = np.array([1e-4, 1e-3, 3e-3, 3.0 * DECOUPLING_TEMPERATURE])
    assert np.all(np.diff(coupling(light)) < 0.0)
    assert thermal_width(np.full((2, 3), 1e-2)).shape == (2, 3)


def test_hubble_rate_of_radiation():
    # H = 1.66 sqrt(g*) T^2 / M_Planck
    temperature, states = 1e-3, 10.75
    rate = hubble_rate(states * PHOTON_RADIATION * temperature**4)
    assert rate == pytest.approx(1.66 * math.sqrt(states) * temperature**2 / PLANCK_MASS, rel=1e-3)
