"""Helicity amplitudes against traces of gamma matrices, symmetries and limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.z_to_four_muons.amplitude import (
    PAIRS,
    emission_squared,
    four_muon_squared,
    interference,
    two_flavours_squared,
)
from recast.z_to_four_muons.bosons import Boson, photon, z_boson
from recast.z_to_four_muons.phase_space import four_momenta, pair_masses_squared
from recast.z_to_four_muons.width import Z_MASS, Z_WIDTH
from tests.z_to_four_muons import dirac

Z = z_boson()
EXCHANGED = (photon(), Z)
# A new boson with couplings of both chiralities, so that nothing is hidden by parity.
ODD = Boson(0.3, -0.7, 30.0, 2.0)


def points(count, seed=1):
    rng = np.random.default_rng(seed)
    pair = 2.0 * (Z_MASS / 2.0) ** rng.random(4 * count)
    momenta, weight = four_momenta(np.full(4 * count, Z_MASS), pair, rng.random((7, 4 * count)))
    return momenta[..., weight > 0.0][..., :count]


@pytest.mark.parametrize("bosons", [EXCHANGED, (*EXCHANGED, ODD)])
def test_four_muons_against_traces(bosons):
    momenta = points(4)
    found = four_muon_squared(momenta, bosons, Z)
    for n in range(4):
        for axis in range(3):
            expected = dirac.four_muon_square(momenta[..., n], axis, Z, bosons)
            assert found[axis, n] == pytest.approx(expected, rel=1e-9)


def test_two_flavours_and_emission_against_traces():
    momenta = points(4, seed=2)
    pair, alone = two_flavours_squared(momenta, EXCHANGED, Z), emission_squared(momenta, Z)
    unit = Boson(1.0, 1.0)
    for n in range(4):
        p = momenta[..., n]
        for axis in range(3):
            assert pair[axis, n] == pytest.approx(
                dirac.contracted_square(p, (0, 1, 2, 3), axis, Z, EXCHANGED), rel=1e-9
            )
            A = dirac.emission_matrices(p[0], p[1], p[2] + p[3], axis, Z, unit)
            one = np.einsum("ij,mjk,kl,nli->mn", dirac.slash(p[0]), A, dirac.slash(p[1]), dirac.barred(A))
            two = np.einsum("ij,mjk,kl,nli->mn", dirac.slash(p[2]), dirac.GAMMA, dirac.slash(p[3]), dirac.GAMMA)
            expected = np.einsum("mn,mn,m,n->", one, two, dirac.METRIC, dirac.METRIC).real
            assert alone[axis, n] == pytest.approx(expected, rel=1e-9)


def test_muons_that_cannot_be_told_apart_are_symmetric():
    momenta = points(200)
    value = four_muon_squared(momenta, EXCHANGED, Z)
    assert four_muon_squared(momenta[[2, 1, 0, 3]], EXCHANGED, Z) == pytest.approx(value, rel=1e-9)
    assert four_muon_squared(momenta[[0, 3, 2, 1]], EXCHANGED, Z) == pytest.approx(value, rel=1e-9)


def test_charge_conjugation_exchanges_chiralities():
    momenta = points(200)
    swapped = momenta[[1, 0, 3, 2]]
    mirror = tuple(Boson(b.right, b.left, b.mass, b.width) for b in EXCHANGED)
    mirrored_z = Boson(Z.right, Z.left, Z.mass, Z.width)
    value = four_muon_squared(momenta, EXCHANGED, Z)
    assert four_muon_squared(swapped, mirror, mirrored_z) == pytest.approx(value, rel=1e-9)


@given(st.floats(0.0, 2 * np.pi), st.floats(-1.0, 1.0))
def test_unpolarised_rate_does_not_depend_on_orientation(phi, cos):
    momenta = points(50)
    sin = np.sqrt(1.0 - cos**2)
    turn = np.array([[np.cos(phi), -np.sin(phi), 0.0], [np.sin(phi), np.cos(phi), 0.0], [0.0, 0.0, 1.0]])
    tilt = np.array([[cos, 0.0, sin], [0.0, 1.0, 0.0], [-sin, 0.0, cos]])
    turned = momenta.copy()
    turned[:, 1:] = np.einsum("ij,ajn->ain", turn @ tilt, momenta[:, 1:])
    value = four_muon_squared(momenta, EXCHANGED, Z).sum(axis=0)
    assert four_muon_squared(turned, EXCHANGED, Z).sum(axis=0) == pytest.approx(value, rel=1e-7)


def test_interference_is_the_slope_in_the_square_of_a_small_coupling():
    momenta = points(100)
    mass, coupling = 33.0, 1e-4
    slope = np.einsum(
        "akn,kn->an", interference(momenta, EXCHANGED, Z), 1.0 / (pair_masses_squared(momenta) - mass**2)
    )
    new = Boson(coupling, coupling, mass)
    with_new = four_muon_squared(momenta, (*EXCHANGED, new), Z)
    difference = (with_new - four_muon_squared(momenta, EXCHANGED, Z)) / coupling**2
    scale = np.abs(difference).max(axis=1, keepdims=True)
    assert np.abs(slope - difference).max() < 1e-4 * scale.max()
    assert len(PAIRS) == 4


def test_z_boson_has_its_width():
    # Tree level with on-shell couplings: 83.4 MeV; Review of Particle Physics: 83.99 MeV.
    assert Z.width_to_muons(Z_MASS) == pytest.approx(0.08399, rel=0.01)
    assert Z.width == Z_WIDTH
