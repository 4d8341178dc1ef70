"""Decays behind a shield: the formula, its maximum, its inverse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.decay_in_flight import band, lifetimes_in_shield, log_yield, peak

RATIO = st.floats(1e-2, 1e4)


def test_yield_is_that_of_decays_counted_one_by_one() -> None:
    rng = np.random.default_rng(7)
    shield, volume, decay_length = 2.0, 3.0, 1.7
    distance = rng.exponential(decay_length, 2_000_000)
    seen = np.mean((distance > shield) & (distance < shield + volume))
    u, ratio = shield / decay_length, volume / shield
    assert np.exp(log_yield(u, ratio)) / u == pytest.approx(seen, abs=4.0 * np.sqrt(seen / distance.size))


def test_limits_of_long_and_short_lives() -> None:
    # Long-lived: the fraction L_dec / (gamma beta c tau) decays in time. Nothing of no width does.
    assert np.exp(log_yield(1e-6, 0.5)) == pytest.approx(0.5e-12, rel=1e-5)
    assert log_yield(0.0, 0.5) == -np.inf
    # Without an end of the decay volume it is exp(-u).
    assert np.exp(log_yield(3.0, 1e6)) == pytest.approx(3.0 * np.exp(-3.0), rel=1e-14)


@given(ratio=RATIO)
def test_peak_is_the_largest_yield(ratio: float) -> None:
    u = np.geomspace(0.5, 4.0, 4001)
    top = peak(ratio)
    assert 1.0 - 1e-9 <= top <= 2.0
    assert log_yield(top, ratio) >= np.max(log_yield(u, ratio)) - 1e-12


@given(spread=st.floats(1.001, 1e10), ratio=RATIO)
def test_both_ends_of_a_band_have_the_same_yield(spread: float, ratio: float) -> None:
    u = lifetimes_in_shield([spread], ratio)
    np.testing.assert_allclose(log_yield(spread * u, ratio), log_yield(u, ratio), atol=1e-11)
    assert u < peak(ratio) < spread * u


@given(spread=st.floats(1.01, 1e10), ratio=RATIO)
def test_the_band_is_found_again(spread: float, ratio: float) -> None:
    u = lifetimes_in_shield([spread], ratio)
    found = band(np.exp(log_yield(u, ratio)), ratio)
    np.testing.assert_allclose(found, [[u[0], spread * u[0]]], rtol=1e-8)


def test_levels_that_are_not_reached_have_no_band() -> None:
    highest = float(np.exp(log_yield(peak(2.0), 2.0)))
    found = band([1.01 * highest, 0.0, -1.0, np.nan, np.inf, 0.99 * highest], 2.0)
    assert np.isnan(found[:5]).all()
    assert np.isfinite(found[5]).all()
    assert band(np.empty(0), 2.0).shape == (0, 2)
