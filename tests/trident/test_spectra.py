"""Spectra: exactness of the node weights, symmetries, error estimate, and where equivalent photons fail."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recast.constants import ElectroweakInputs
from recast.trident.equivalent_photon import equivalent_photon_cross_sections
from recast.trident.quadrature import chebyshev_matrix, chebyshev_nodes
from recast.trident.spectra import (
    SpectrumNodes,
    deposit,
    k2_nodes,
    nuclear_scatterer,
    nucleon_scatterer,
    pauli_blocking,
    spectrum,
)
from recast.trident.structure import K2_SHIFT, NodeCounts, build_table, structure_density
from recast.trident.targets import nuclei

ARGON = nuclear_scatterer(nuclei()["Ar40"])


@given(st.lists(st.floats(0.0, 1900.0), min_size=1, max_size=5), st.integers(0, 3))
def test_deposit_is_exact_for_cubics(points, power):
    """Cubic polynomials of the node coordinate are kept exactly, whatever the points."""
    k2 = np.array(points)
    weights = deposit(k2, np.ones((1, len(k2))))[0]

    def value(x):
        return (np.log1p(x / K2_SHIFT) / 20.0) ** power

    assert weights @ value(k2_nodes()) == pytest.approx(np.sum(value(k2)), rel=1e-9, abs=1e-12)


@given(st.floats(1e-3, 300.0), st.floats(0.0, 1900.0), st.sampled_from([1, 2]))
@example(1.0, 1856.0, 2)  # in the last interval, where the interpolation is one-sided
def test_deposit_keeps_propagators(mass, k2, power):
    """Mediators from 1 MeV to 300 GeV, linear and squared: one point is worse than any spectrum.

    Far above the mass a squared propagator falls like exp(-2 z) in the node coordinate z, and the error of the
    cubic is at most 16 h^4/24 = 2.0e-4 of its largest value in the four-node stencil, exp(2 h) at the edge.
    """
    weights = deposit(np.array([k2]), np.ones((1, 1)))[0]
    exact = (mass**2 / (k2 + mass**2)) ** power
    kept = weights @ (mass**2 / (k2_nodes() + mass**2)) ** power
    assert kept == pytest.approx(exact, rel=2.6e-4)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8))
def test_chebyshev_interpolation_is_exact_for_polynomials(points):
    x = np.array(points)
    nodes = chebyshev_nodes(9)
    for power in range(9):
        np.testing.assert_allclose(chebyshev_matrix(9, x) @ nodes**power, x**power, atol=1e-12)


def test_chebyshev_at_its_own_nodes():
    np.testing.assert_allclose(chebyshev_matrix(7, chebyshev_nodes(7)), np.eye(7), atol=1e-12)


def test_interference_of_equal_masses_vanishes(mumu):
    """Exchanging the leptons flips the interference: no net effect, to rounding."""
    for energy in (0.5, 5.0, 30.0):
        vv, _, va = spectrum(mumu, ARGON, energy)
        assert abs(va.sum()) < 1e-12 * vv.sum()


def test_exchanging_the_charges_flips_the_interference():
    rng = np.random.default_rng(7)
    s_l, q2 = rng.uniform(0.05, 5.0, 20), 10 ** rng.uniform(-4, 0, 20)
    k2 = (s_l + q2) * (1.0 - 0.1072**2 / s_l) * rng.uniform(0.01, 0.99, 20)
    options = {"pair_mass": 24, "angle": 24}
    one = structure_density(s_l, q2, k2, 0.1057, 0.0015, **options)
    other = structure_density(s_l, q2, k2, 0.0015, 0.1057, **options)
    sign = np.array([1.0, 1.0, -1.0])[:, None]
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, sign * b, rtol=1e-7, atol=1e-12 * np.abs(a).max())


def test_positivity():
    """The densities are squares of amplitudes, for every polarisation."""
    rng = np.random.default_rng(8)
    s_l = 0.05 * 10 ** rng.uniform(0, 4, 200)
    q2 = 10 ** rng.uniform(-8, 1, 200)
    k2 = (s_l + q2) * (1.0 - 0.0447 / s_l) * 10 ** rng.uniform(-8, -1e-3, 200)
    for density in structure_density(s_l, q2, k2, 0.1057, 0.1057, pair_mass=16, angle=16):
        vv, aa, va = density
        assert np.all(vv >= 0.0)
        assert np.all(aa >= 0.0)
        # vector and axial amplitudes obey the Cauchy-Schwarz inequality
        assert np.all(np.abs(va) <= 2.0 * np.sqrt(vv * aa) * (1.0 + 1e-9) + 1e-300)


@pytest.mark.parametrize(("energy", "expected"), [(1.0, -0.704), (5.0, -0.579)])
def test_interference_of_unequal_masses(emu, energy, expected):
    vv, _, va = spectrum(emu, ARGON, energy)
    assert va.sum() / vv.sum() == pytest.approx(expected, rel=0.01)


def test_below_threshold_is_zero_without_warning(mumu):
    assert not spectrum(mumu, ARGON, 0.2).any()
    assert spectrum(mumu, ARGON, 0.25)[0].sum() > 0.0


@pytest.mark.parametrize("scatterer", [ARGON, nucleon_scatterer("proton"), nucleon_scatterer("neutron")])
@pytest.mark.parametrize("energy", [0.25, 1.0, 5.0])
def test_energy_quadrature_has_converged(mumu, scatterer, energy):
    default = spectrum(mumu, scatterer, energy).sum(axis=-1)[:2]
    finer = spectrum(mumu, scatterer, energy, nodes=SpectrumNodes(96, 96)).sum(axis=-1)[:2]
    np.testing.assert_allclose(default, finer, rtol=2e-5)


def test_error_estimate_covers_the_error(mumu):
    """The difference from a coarser table, which the grids record, exceeds the distance from a finer one."""
    mass = mumu.mass_minus
    options = {"s_max": mumu.s_max, "q2_max": mumu.q2_max}
    coarse = build_table(mass, mass, counts=NodeCounts(s=22, q2=14, k2=19, extra=-3), **options)
    finer = build_table(mass, mass, counts=NodeCounts(s=36, q2=24, k2=30), **options)
    k2 = k2_nodes()
    for energy in (0.5, 5.0):
        estimate = error = 0.0
        for power in (0, 1, 2):
            for m in (1e-2, 0.1, 1.0):
                values = [
                    spectrum(t, ARGON, energy)[:2] @ (m**2 / (k2 + m**2)) ** power for t in (coarse, mumu, finer)
                ]
                estimate = max(estimate, np.max(np.abs(values[0] / values[1] - 1.0)))
                error = max(error, np.max(np.abs(values[2] / values[1] - 1.0)))
        assert error < estimate
        assert error < 1e-3


def test_inputs_scale_the_cross_section(mumu):
    base = spectrum(mumu, ARGON, 3.0)
    changed = spectrum(mumu, ARGON, 3.0, inputs=ElectroweakInputs(fermi_constant=2e-5, alpha=1 / 128.0))
    factor = (2e-5 / 1.1663787e-5 * 137.036 / 128.0) ** 2
    np.testing.assert_allclose(changed, factor * base, rtol=1e-12)


@given(st.floats(1e-6, 5.0))
def test_pauli_blocking(q2):
    """Arxiv:1902.06765 Eq. 8: linear at small |q|, continuous and one at 2 p_F."""
    value = pauli_blocking(np.array([q2]), 0.938)[0]
    assert 0.0 < value <= 1.0
    q = np.sqrt(q2 + q2**2 / (4 * 0.938**2))
    if q >= 2 * 0.235:
        assert value == pytest.approx(1.0)
    else:
        assert value == pytest.approx(0.75 * q / 0.235 - (q / 0.235) ** 3 / 16)


def test_magnetic_term_adds(mumu):
    """A proton with a larger magnetic moment scatters more: the sign that a printed formula gets wrong."""
    proton = nucleon_scatterer("proton", blocked=False)
    charge, magnetic = proton.response(np.array([0.01, 0.1, 1.0]))
    assert np.all(charge > 0.0)
    assert np.all(magnetic > 0.0)
    neutron = spectrum(mumu, nucleon_scatterer("neutron"), 5.0)[0].sum()
    assert 0.05 < neutron / spectrum(mumu, nucleon_scatterer("proton"), 5.0)[0].sum() < 0.25


def test_equivalent_photons_overestimate_and_improve_with_energy(mumu):
    energies = [1.0, 5.0, 20.0]
    approximate = equivalent_photon_cross_sections("numu_numu_mu-mu+", "Ar40", energies)[:, :2]
    exact = np.array([spectrum(mumu, ARGON, energy).sum(axis=-1)[:2] for energy in energies])
    ratio = approximate / exact
    assert np.all(np.diff(ratio, axis=0) < 0.0)
    assert np.all(ratio > 1.5)
    protons = equivalent_photon_cross_sections("numu_numu_mu-mu+", "Ar40", [1.0], component="proton")[:, :2]
    one = spectrum(mumu, nucleon_scatterer("proton"), 1.0).sum(axis=-1)[:2]
    assert np.all(protons / (18 * one) > ratio[0])
