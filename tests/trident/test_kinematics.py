"""Kinematic limits against their definition: the cosine of the recoil must be real."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recast.trident.kinematics import q2_limits, s_l_max, s_l_reach, threshold_energy

MASSES = st.sampled_from([0.938, 37.2, 193.7])


def recoil_cosine(energy: float, mass: float, s_l: float, q2: float) -> float:
    """Cosine between neutrino and momentum transfer in the lab, from 2 k.q = s_l + Q2."""
    q0 = -q2 / (2.0 * mass)
    q = np.sqrt(q0**2 + q2)
    return (energy * q0 - 0.5 * (s_l + q2)) / (energy * q)


@given(MASSES, st.floats(0.3, 1000.0), st.floats(0.001, 0.99))
def test_limits_are_where_the_recoil_is_collinear(mass, energy, fraction):
    s_l = fraction * s_l_max(energy, mass)
    low, high = q2_limits(energy, mass, np.array([s_l]))
    for q2 in (low[0], high[0]):
        assert abs(recoil_cosine(energy, mass, s_l, q2)) == pytest.approx(1.0, abs=1e-6)
    middle = np.sqrt(low[0] * high[0])
    assert abs(recoil_cosine(energy, mass, s_l, middle)) < 1.0


@given(MASSES, st.floats(0.001, 4.0))
def test_threshold(mass, pair):
    """At threshold the largest s_l is the squared sum of the lepton masses."""
    assert s_l_max(threshold_energy(mass, pair), mass) == pytest.approx(pair**2, rel=1e-9)


@given(MASSES, st.floats(0.3, 1000.0), st.floats(1e-4, 20.0))
def test_reach(mass, energy, q2):
    s_l = s_l_reach(energy, mass, q2)
    assume(s_l > 0.0)
    low, _ = q2_limits(energy, mass, np.array([s_l]))
    assert low[0] <= q2 * (1.0 + 1e-6)
    if s_l < s_l_max(energy, mass) * (1.0 - 1e-9):
        assert low[0] == pytest.approx(q2, rel=1e-5)
