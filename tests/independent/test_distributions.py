"""Weighted events and histograms of the independent Monte Carlo."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from . import monte_carlo as mc

ALIKE = mc.constant(1 + 4 * mc.SIN2_THETA_W, -1.0)


def test_kinematics_are_those_of_the_four_vectors():
    energy, masses = 3.0, (mc.MUON, mc.ELECTRON)
    points = np.random.default_rng(3).random((2000, 8))
    event = mc.generate(points, energy=energy, mass=mc.PROTON, mass_minus=masses[0], mass_plus=masses[1])
    found = mc.kinematics(event.k, event.k_out, event.minus, event.plus, event.target_out, mass=mc.PROTON,
                          mass_minus=masses[0], mass_plus=masses[1])  # fmt: skip
    pair, kappa = event.minus + event.plus, event.k - event.k_out
    rounding = 1e-13 * energy**2
    np.testing.assert_allclose(found["q2"], -mc.dot(event.q, event.q), rtol=1e-9, atol=rounding)
    np.testing.assert_allclose(found["k2"], -mc.dot(kappa, kappa), rtol=1e-9, atol=rounding)
    np.testing.assert_allclose(found["shat"], 2 * mc.dot(event.k, event.q), rtol=1e-9, atol=rounding)
    np.testing.assert_allclose(found["pair_mass"] ** 2, mc.dot(pair, pair), rtol=1e-9, atol=rounding)
    np.testing.assert_allclose(found["recoil"], np.linalg.norm(event.q[:, 1:], axis=1), rtol=1e-12)
    for name, vector in (("angle_minus", event.minus), ("angle_plus", event.plus), ("recoil_angle", -event.q)):
        cosine = vector[:, 3] / np.linalg.norm(vector[:, 1:], axis=1)
        np.testing.assert_allclose(np.cos(found[name]), cosine, atol=1e-12)
    turn = np.arctan2(event.plus[:, 2], event.plus[:, 1]) - np.arctan2(event.minus[:, 2], event.minus[:, 1])
    np.testing.assert_allclose(np.cos(found["azimuth"]), np.cos(turn), atol=1e-9)


def test_angles_of_any_size():
    angles = np.array([1e-9, 1e-3, 1.0, np.pi - 1e-9])
    first = np.tile([3.0, 0.0, 0.0], (4, 1))
    second = np.stack([np.cos(angles), np.sin(angles), np.zeros(4)], axis=1)
    np.testing.assert_allclose(mc.angle_between(first, second), angles, rtol=1e-12)


@pytest.mark.parametrize("target", [mc.ARGON, mc.BOUND_PROTON])
def test_mean_weight_is_the_cross_section(target):
    events = mc.sample(target, energy=5.0, mass_minus=mc.MUON, mass_plus=mc.MUON, couplings=ALIKE, n=20_000)
    expected = mc.cross_section(target, energy=5.0, mass_minus=mc.MUON, mass_plus=mc.MUON, couplings={"sm": ALIKE},
                                log2_points=8)  # fmt: skip
    found = events.weights(ALIKE)
    error = np.hypot(found.std() / np.sqrt(len(found)), expected.error("sm"))
    assert error < 0.01 * expected["sm"]
    assert abs(found.mean() - expected["sm"]) < 4 * error


def test_histograms_know_their_errors():
    """The distance of estimates by independent samples is distributed as chi-squared."""
    rng = np.random.default_rng(11)
    edges = mc.equal_shares(rng.normal(size=1000), np.ones(1000), 8)
    histograms = []
    for _ in range(400):
        values = rng.normal(size=2000)
        histograms.append(mc.histogram(np.searchsorted(edges, values), np.exp(0.3 * values), 8))
    distances = [mc.chi_squared(first, second) for first, second in pairwise(histograms)]
    assert stats.kstest(stats.chi2.sf(distances[::2], 8), "uniform").pvalue > 0.01
    total = np.array([h.mean.sum() for h in histograms])
    error = np.sqrt(histograms[0].covariance.sum())
    assert total.std() == pytest.approx(error, rel=0.15)
    assert total.mean() == pytest.approx(np.exp(0.045), rel=2e-3)
