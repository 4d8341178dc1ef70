"""Ideal gases and the interacting plasma, against series of Bessel functions, limits and thermodynamic identities."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import kn

from recast.constants import DEFAULT_INPUTS
from recast.cosmology.plasma import interaction_pressure, plasma_table
from recast.cosmology.thermodynamics import FERMION_RADIATION, PHOTON_RADIATION, gas, gas_table
from recast.errors import OutOfRangeError

RADIATION = {"boson": PHOTON_RADIATION, "fermion": FERMION_RADIATION}
RATIOS = st.floats(0.0, 90.0)
STATISTICS = st.sampled_from(["boson", "fermion"])


@pytest.mark.parametrize("statistics", RADIATION)
def test_massless_gases_are_radiation(statistics):
    found = gas(0.0, statistics=statistics)
    assert found.energy_density == pytest.approx(RADIATION[statistics], rel=1e-13)
    assert found.pressure == pytest.approx(RADIATION[statistics] / 3.0, rel=1e-13)
    assert found.heat_capacity == pytest.approx(4.0 * RADIATION[statistics], rel=1e-13)
    zeta_3 = 1.2020569031595943
    number = zeta_3 / math.pi**2 * (1.0 if statistics == "boson" else 0.75)
    assert found.number_density == pytest.approx(number, rel=1e-13)


@pytest.mark.parametrize("x", [0.3, 1.0, 3.0, 10.0, 40.0])
@pytest.mark.parametrize(("statistics", "sign"), [("boson", 1.0), ("fermion", -1.0)])
def test_massive_gases_are_series_of_bessel_functions(statistics, sign, x):
    # 1 / (e^E -+ 1) = sum (+-1)^(n+1) e^(-nE), each term in Boltzmann statistics.
    n = np.arange(1, 200)
    signs = sign ** (n + 1.0)
    number = np.sum(signs * x**2 * kn(2, n * x) / n) / (2.0 * math.pi**2)
    pressure = np.sum(signs * x**2 * kn(2, n * x) / n**2) / (2.0 * math.pi**2)
    energy = 3.0 * pressure + np.sum(signs * x**3 * kn(1, n * x) / n) / (2.0 * math.pi**2)
    found = gas(x, statistics=statistics)
    assert found.number_density == pytest.approx(number, rel=1e-11)
    assert found.pressure == pytest.approx(pressure, rel=1e-11)
    assert found.energy_density == pytest.approx(energy, rel=1e-11)


@given(x=RATIOS, statistics=STATISTICS)
def test_heat_capacity_is_the_slope_of_the_energy_density(x, statistics):
    # At fixed mass rho = T^4 r(m/T): T d rho/dT = 4 r - x r'.
    step = 1e-4 * max(x, 1e-3)
    if x < step:
        return
    low, middle, high = (gas(y, statistics=statistics) for y in (x - step, x, x + step))
    slope = (high.energy_density - low.energy_density) / (2.0 * step)
    assert middle.heat_capacity == pytest.approx(4.0 * middle.energy_density - x * slope, rel=1e-5)


@given(x=RATIOS, statistics=STATISTICS)
def test_pressure_lies_between_dust_and_radiation(x, statistics):
    found = gas(x, statistics=statistics)
    assert 0.0 < found.pressure <= found.energy_density / 3.0 * (1.0 + 1e-12)
    assert found.energy_density >= x * found.number_density * (1.0 - 1e-12)
    assert found.entropy_density == found.energy_density + found.pressure


@given(x=st.floats(0.0, 120.0), statistics=STATISTICS)
def test_tables_reproduce_the_integrals(x, statistics):
    exact = gas(x, statistics=statistics)
    rho, p, c = gas_table(statistics)(x)
    scale = 1e-12 * RADIATION[statistics]
    assert rho == pytest.approx(float(exact.energy_density), rel=1e-8, abs=scale)
    assert p == pytest.approx(float(exact.pressure), rel=1e-8, abs=scale)
    assert c == pytest.approx(float(exact.heat_capacity), rel=1e-8, abs=scale)


def test_shapes_and_bad_ratios():
    assert gas(np.ones((2, 3)), statistics="boson").energy_density.shape == (2, 3)
    for wrong in (-1.0, math.nan, [0.1, -1e-9]):
        with pytest.raises(OutOfRangeError, match="ratio of mass to temperature"):
            gas(wrong, statistics="boson")


def test_interactions_of_massless_electrons():
    e = math.sqrt(4.0 * math.pi * DEFAULT_INPUTS.alpha)
    expected = -5.0 * e**2 / 288.0 + e**3 / (36.0 * math.sqrt(3.0) * math.pi)
    assert interaction_pressure(0.0) == pytest.approx(expected, rel=1e-12)
    assert abs(interaction_pressure(60.0)) < 1e-20


@pytest.mark.parametrize("temperature", [2e-5, 1e-4, 2e-4, 5e-4, 1e-3, 1e-2])
def test_plasma_obeys_the_laws_of_thermodynamics(temperature):
    table = plasma_table()

    def density(t):
        return table(t)[0] * t**4

    def pressure(t):
        return table(t)[1] * t**4

    step = 1e-4 * temperature
    slope = (density(temperature + step) - density(temperature - step)) / (2.0 * step)
    assert slope / temperature**3 == pytest.approx(table(temperature)[2], rel=1e-6)
    entropy = (pressure(temperature + step) - pressure(temperature - step)) / (2.0 * step)
    assert temperature * entropy == pytest.approx(density(temperature) + pressure(temperature), rel=1e-6)


def test_cold_plasma_is_light_and_hot_plasma_has_electrons():
    rho, p, c = plasma_table()(1e-6)
    assert (rho, p, c) == pytest.approx(
        (2.0 * PHOTON_RADIATION, 2.0 / 3.0 * PHOTON_RADIATION, 8.0 * PHOTON_RADIATION), rel=1e-9
    )
    hot = plasma_table()(1.0)[0]
    free = 2.0 * PHOTON_RADIATION + 4.0 * FERMION_RADIATION
    assert hot == pytest.approx(free + 3.0 * float(interaction_pressure(0.0)), rel=1e-6)
