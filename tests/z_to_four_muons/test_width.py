"""The three-body width: closed form against numerical integration and against limits."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.z_pole.vertex import vertex_function
from recast.z_to_four_muons.width import Z_MASS, emission_function, relative_width
from tests.z_to_four_muons.dirac import three_body_square


@pytest.mark.parametrize(("mass", "value"), [(5.0, 18.2055), (10.0, 8.4340), (20.0, 2.6163), (40.0, 0.29872)])
def test_values(mass, value):
    assert float(emission_function(mass)) == pytest.approx(value, rel=3e-5)


@pytest.mark.parametrize("mass", [4.0, 15.0, 45.0, 70.0, 89.5])
def test_closed_form_against_traces_integrated_over_phase_space(mass):
    # In s1 = (p1 + q)^2 and s2, with logarithmic nodes where the amplitude peaks; a width is |M|^2 Phi_3 / (2 M).
    x, w = np.polynomial.legendre.leggauss(24)
    big, small = Z_MASS**2, mass**2
    # s1 = mM r e^t, s2 = mM r e^-t; r from 1 to where s1 + s2 = M^2 + m^2.
    end = math.log(Z_MASS / mass)
    total = 0.0
    for t, wt in zip(end * x, end * w, strict=True):
        largest = (big + small) / (2.0 * mass * Z_MASS * math.cosh(t))
        for y, wy in zip(0.5 * (1 + x), 0.5 * w, strict=True):
            r = largest**y
            s1, s2 = mass * Z_MASS * r * math.exp(t), mass * Z_MASS * r * math.exp(-t)
            e1, e2 = (big - s2) / (2 * Z_MASS), (big - s1) / (2 * Z_MASS)
            cos = 1.0 - (big + small - s1 - s2) / (2 * e1 * e2)
            p1 = np.array([e1, 0.0, 0.0, e1])
            p2 = np.array([e2, e2 * math.sqrt(max(1 - cos**2, 0.0)), 0.0, e2 * cos])
            q = np.array([Z_MASS, 0.0, 0.0, 0.0]) - p1 - p2
            jacobian = 2.0 * s1 * s2 * math.log(largest)
            total += wt * wy * jacobian * three_body_square(p1, p2, q, mass, Z_MASS)
    width = total / (128.0 * math.pi**3 * big) / (2.0 * Z_MASS)
    two_body = Z_MASS / (12.0 * math.pi)
    assert float(relative_width(mass)) == pytest.approx(width / two_body, rel=1e-5)


def test_logarithms_cancel_those_of_the_vertex():
    masses = np.array([1.0, 0.3, 0.1])
    total = emission_function(masses) + vertex_function((masses / Z_MASS) ** 2).real
    assert total == pytest.approx(1.5, abs=2e-2)
    assert abs(total[-1] - 1.5) < 5e-4
    assert np.all(np.diff(np.abs(total - 1.5)) < 0.0)


def test_threshold():
    distance = np.array([0.0499, 0.0501])
    mass = Z_MASS * np.sqrt(1.0 - distance)
    ratio = emission_function(mass) / distance**5
    assert ratio[0] == pytest.approx(ratio[1], rel=5e-4)
    assert float(emission_function(Z_MASS * math.sqrt(1.0 - 1e-4))) == pytest.approx(1e-21, rel=1e-3)
    assert emission_function([Z_MASS, 100.0, 1e4]) == pytest.approx([0.0, 0.0, 0.0], abs=0.0)


@given(st.floats(0.01, 91.0), st.floats(1.001, 2.0))
def test_falls_with_the_mass(mass, factor):
    light, heavy = emission_function([mass, mass * factor])
    assert light > heavy >= 0.0
