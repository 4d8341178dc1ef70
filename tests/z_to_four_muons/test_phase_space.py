"""Momenta and volume of phase space, against closed forms."""

import math

import numpy as np
import pytest

from recast.z_to_four_muons.phase_space import PAIRINGS, channel_weight, four_momenta, pair_masses_squared
from recast.z_to_four_muons.width import Z_MASS


def drawn(pair, count=200_000, seed=3):
    rng = np.random.default_rng(seed)
    mass = np.full(count, Z_MASS)
    return mass, *four_momenta(mass, np.broadcast_to(pair, (count,)), rng.random((7, count)))


@pytest.mark.parametrize("pair", [4.0, 20.0, 70.0])
def test_momenta(pair):
    mass, momenta, weight = drawn(pair, 5000)
    inside = weight > 0.0
    momenta = momenta[..., inside]
    assert momenta.sum(axis=0)[0] == pytest.approx(mass[inside], rel=1e-12)
    assert np.abs(momenta.sum(axis=0)[1:]).max() < 1e-9
    squares = momenta[:, 0] ** 2 - (momenta[:, 1:] ** 2).sum(axis=1)
    assert np.abs(squares).max() < 1e-8
    assert np.sqrt(pair_masses_squared(momenta)[1]) == pytest.approx(np.full(inside.sum(), pair), rel=1e-8)


@pytest.mark.parametrize("pair", [4.0, 20.0, 70.0])
def test_three_body_volume(pair):
    _, _, weight = drawn(pair)
    x = (pair / Z_MASS) ** 2
    volume = Z_MASS**2 / (256.0 * math.pi**3) * (1.0 - x**2 + 2.0 * x * math.log(x)) / (8.0 * math.pi)
    assert weight.mean() == pytest.approx(volume, abs=4.5 * weight.std() / math.sqrt(weight.size))


def test_four_body_volume():
    # All of massless phase space but pairs below 0.5 GeV, which are (0.5 / 91)^2 of it.
    count, lowest = 400_000, 0.5
    pair = lowest * (Z_MASS / lowest) ** np.random.default_rng(4).random(count)
    mass, momenta, weight = drawn(pair, count)
    measure = weight * math.log((Z_MASS / lowest) ** 2) * pair**2 / (2.0 * math.pi)
    volume = Z_MASS**4 / (24576.0 * math.pi**5)
    assert measure.mean() == pytest.approx(volume, abs=4.5 * measure.std() / math.sqrt(count))
    inside = weight > 0.0
    again = channel_weight(mass[inside], momenta[..., inside], PAIRINGS[0], lowest)
    assert again == pytest.approx(measure[inside], rel=1e-9)


def test_weights_of_other_orders():
    mass, momenta, weight = drawn(20.0, 1000)
    inside = weight > 0.0
    mass, momenta = mass[inside], momenta[..., inside]
    for order in PAIRINGS:
        relabelled = momenta[list(order)]
        assert channel_weight(mass, momenta, order, 1.0) == pytest.approx(
            channel_weight(mass, relabelled, PAIRINGS[0], 1.0), rel=1e-12
        )
    assert np.isinf(channel_weight(mass, momenta, PAIRINGS[0], 25.0)).all()
