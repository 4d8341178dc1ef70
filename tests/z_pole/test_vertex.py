"""The vertex function against integrals that know nothing of its closed form."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.z_pole import vertex
from recast.z_pole.vertex import inclusive_function, vertex_function
from recast.z_to_four_muons.width import Z_MASS, emission_function

# Real part at the Z pole by mass in GeV, from an independent evaluation.
TABLE = {1.0: -54.6177, 10.0: -6.93423, 30.0: 0.583671, 91.1876: 1.07974, 300.0: 0.254852, 1000.0: 0.036647}
NODE, WEIGHT = np.polynomial.legendre.leggauss(120)


def at_mass(mass):
    return vertex_function(np.square(np.asarray(mass) / Z_MASS))


def feynman_integral(ratio):
    """Return the form factor F1 of massless fermions and a massive photon, subtracted at q^2 = 0, as K_F.

    The integral over Feynman parameters of any textbook, with z that of the boson and x, y of the fermions.
    """
    node, weight = 0.5 * (NODE + 1.0), 0.5 * WEIGHT
    z = node[:, None] ** 4  # smooths the logarithm at z = 0
    x = (1.0 - z) * node
    y = (1.0 - z) * (1.0 - node)
    inside = np.log(z * ratio / (z * ratio - x * y)) + (1.0 - x) * (1.0 - y) / (z * ratio - x * y)
    jacobian = 4.0 * node[:, None] ** 3 * (1.0 - z)
    return 2.0 * np.einsum("ij,i,j->", inside * jacobian, weight, weight)


def exchange_partial_wave(ratio):
    """Return Im K_F by unitarity: rescattering f fbar -> f fbar by exchange of the boson, projected on spin one."""
    # In the logarithm of the boson's propagator the integrand is a sum of exponentials.
    low, high = math.log(2.0 * ratio), math.log(2.0 + 2.0 * ratio)
    u = low + 0.5 * (high - low) * (NODE + 1.0)
    value = 0.5 * (high - low) * float(WEIGHT @ (2.0 + 2.0 * ratio - np.exp(u)) ** 2)
    return 0.5 * math.pi * value


@pytest.mark.parametrize(("mass", "real"), TABLE.items())
def test_table(mass, real):
    assert at_mass(mass).real == pytest.approx(real, rel=1e-5)


@pytest.mark.parametrize("ratio", [-20.0, -3.0, -0.7, -0.2])
def test_spacelike_continuation_is_the_feynman_integral(ratio):
    # q^2 above the cut means w below it.
    continued = vertex_function(ratio - 1e-11j)
    assert continued.imag == pytest.approx(0.0, abs=1e-8)
    assert continued.real == pytest.approx(feynman_integral(ratio), rel=2e-6)


@pytest.mark.parametrize("ratio", [0.5 - 0.7j, 3.0 - 4.0j, -0.3 - 0.9j, 12.0 - 15.0j])
def test_off_the_axis_it_is_the_feynman_integral(ratio):
    assert vertex_function(ratio) == pytest.approx(feynman_integral(ratio), rel=2e-6)


@pytest.mark.parametrize("ratio", [1e-6, 1e-3, 0.1, 1.0, 7.9, 8.1, 100.0])
def test_imaginary_part_is_that_of_unitarity(ratio):
    assert vertex_function(ratio).imag == pytest.approx(exchange_partial_wave(ratio), rel=1e-8)


@pytest.mark.parametrize("spacelike", [0.05, 1.0, 30.0])
def test_real_part_follows_by_dispersion(spacelike):
    # In units of m^2: K(s) = s/pi Int ds' Im K(s') / [s' (s' - s)] at s < 0, subtracted at s = 0, with the imaginary
    # part of unitarity alone.
    u = np.linspace(-30.0, 35.0, 1301)
    s = np.exp(u)
    absorptive = np.array([exchange_partial_wave(1.0 / x) for x in s])
    # The trapezoidal rule converges exponentially: the integrand is analytic and falls at both ends.
    integral = np.sum(absorptive / (s + spacelike)) * (u[1] - u[0])
    continued = vertex_function(-1.0 / spacelike - 1e-11j).real
    assert continued == pytest.approx(-spacelike / math.pi * integral, rel=1e-7)


def test_heavy_limit():
    mass = np.array([1e4, 1e6, 1e12])
    leading = (Z_MASS / mass) ** 2 * (2.0 / 3.0 * np.log((mass / Z_MASS) ** 2) + 11.0 / 9.0)
    np.testing.assert_allclose(at_mass(mass).real, leading, rtol=1e-3)
    np.testing.assert_allclose(at_mass(mass[1:]).real, leading[1:], rtol=1e-7)
    np.testing.assert_allclose(at_mass(mass).imag, 2.0 * math.pi / 3.0 * (Z_MASS / mass) ** 2, rtol=1e-3)


def test_light_limit():
    w = 1e-9
    expected = -(math.log(w) ** 2) - 3.0 * math.log(w) - 3.5 + math.pi**2 / 3.0
    assert vertex_function(w).real == pytest.approx(expected, rel=1e-8)


def test_closed_form_and_expansion_agree_where_they_meet():
    w = np.geomspace(5.0, 20.0, 30) + 0j
    np.testing.assert_allclose(vertex._closed(w), vertex._expanded(w), rtol=1e-11)


@given(st.floats(1e-4, 91.0))
def test_logarithms_cancel_against_emission(mass):
    total = float(inclusive_function(mass))
    assert total == pytest.approx(float(at_mass(mass).real + emission_function(mass)), abs=1e-9)
    assert 1.07 < total < 1.5 + 1e-9
    # The corrections to 3/2 vanish with the mass squared, times logarithms.
    assert abs(total - 1.5) < 10.0 * (mass / Z_MASS) ** 2 * (1.0 + math.log(Z_MASS / mass)) ** 2


@given(st.floats(1e-10, 1e10))
def test_emission_is_over_above_the_pole_and_the_absorptive_part_is_positive(mass):
    assert at_mass(mass).imag > 0.0
    if mass >= Z_MASS:
        assert float(inclusive_function(mass)) == pytest.approx(float(at_mass(mass).real))


def test_shapes():
    assert vertex_function(0.5).shape == ()
    assert vertex_function(np.ones((3, 1))).shape == (3, 1)
    assert inclusive_function(np.ones((2, 4))).shape == (2, 4)
    assert vertex_function(np.zeros((0, 1))).shape == (0, 1)
