"""Spectra of Z bosons against the measurements they were fitted to."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.z_to_four_muons.production import BEAM_7_TEV, BEAM_8_TEV, Production, boosted
from recast.z_to_four_muons.width import Z_MASS, Z_WIDTH


def drawn(beam, count=200_000):
    rng = np.random.default_rng(5)
    return Production(beams=((1.0, beam),)).momenta(rng.random((4, count)))


# Integrals of the spectra of arXiv:1406.3660 and arXiv:1512.02192 (muons), as sums over their bins.
@pytest.mark.parametrize(
    ("beam", "below"),
    [
        (BEAM_7_TEV, {10.0: 0.4652, 30.0: 0.8301, 60.0: 0.9515, 100.0: 0.9868}),
        (BEAM_8_TEV, {10.0: 0.4503, 30.0: 0.8209, 61.0: 0.9493, 105.0: 0.9873}),
    ],
)
def test_transverse_momentum(beam, below):
    pt, _ = drawn(beam)
    for edge, share in below.items():
        assert np.mean(pt < edge) == pytest.approx(share, abs=0.015)


def test_rapidity():
    # CMS at 7 TeV: d sigma / d|y| / sigma(|y| < 3.5), averaged over |y| < 1, and over 2 to 3, of 35 bins.
    _, rapidity = drawn(BEAM_7_TEV)
    inside = np.abs(rapidity[np.abs(rapidity) < 3.5])
    assert np.mean(inside < 1.0) == pytest.approx(0.347, abs=0.006)
    assert np.mean((inside > 2.0) & (inside < 3.0)) == pytest.approx(0.253, abs=0.012)
    assert np.mean(rapidity) == pytest.approx(0.0, abs=0.01)
    assert np.abs(rapidity).max() < 4.4


def test_mass_follows_the_resonance():
    numbers = np.random.default_rng(6).random(200_000)
    mass, weight = Production(window=(80.0, 100.0)).masses(numbers)
    assert mass.min() > 80.0
    assert mass.max() < 100.0
    assert np.median(mass) == pytest.approx(Z_MASS, abs=0.02)
    assert np.mean(np.abs(mass - Z_MASS) < 0.5 * Z_WIDTH) == pytest.approx(0.5 / weight.mean(), abs=0.01)
    pole, one = Production(window=None).masses(numbers)
    assert np.all(pole == Z_MASS)
    assert np.all(one == 1.0)


@given(st.floats(0.0, 200.0), st.floats(-4.0, 4.0), st.floats(-0.999, 0.999), st.floats(0.0, 6.3))
def test_boosts(pt, rapidity, cos, phi):
    sin, half = np.sqrt(1.0 - cos**2), 0.5 * Z_MASS
    direction = np.array([1.0, sin * np.cos(phi), sin * np.sin(phi), cos])
    opposite = direction * np.array([1.0, -1.0, -1.0, -1.0])
    momenta = half * np.stack([direction, opposite])[..., None]
    result = boosted(momenta, np.array([Z_MASS]), np.array([pt]), np.array([rapidity]))[..., 0]
    total = result.sum(axis=0)
    assert np.hypot(total[1], total[2]) == pytest.approx(pt, abs=1e-9)
    assert np.arctanh(total[3] / total[0]) == pytest.approx(rapidity, abs=1e-9)
    assert total[0] ** 2 - (total[1:] ** 2).sum() == pytest.approx(Z_MASS**2, rel=1e-9)
    assert result[:, 0] ** 2 == pytest.approx((result[:, 1:] ** 2).sum(axis=1), rel=1e-9)


def test_polarisation():
    squares, mass = np.array([[1.0], [2.0], [4.0]]), np.array([Z_MASS])
    at_rest, fast = np.array([0.0]), np.array([1e6])
    assert Production().averaged(squares, mass, at_rest) == pytest.approx([1.5])
    # Far above its mass the Z boson is transverse to an axis that is tilted by ninety degrees.
    assert Production().averaged(squares, mass, fast) == pytest.approx([3.0])
    assert Production(polarised=False).averaged(squares, mass, fast) == pytest.approx([7.0 / 3.0])
    assert Production().averaged(np.ones((3, 1)), mass, np.array([30.0])) == pytest.approx([1.0])
