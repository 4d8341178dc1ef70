"""Real photons: the engine's limit Q2 -> 0 against the Monte Carlo and against the leading logarithms of 1406.2332.

The paper's C_V and C_A are half of gV and gA here.  Slopes are tested where only leading logarithms are known.
"""

from __future__ import annotations

import numpy as np
import pytest

from recast.trident.structure import inner_nodes, k2_points, structure_density, unit_gauss

from . import monte_carlo as mc

M2 = mc.MUON**2


def photon_spectrum(s: float, mass_minus: float = mc.MUON, mass_plus: float = mc.MUON, nodes: int = 200):
    """K2 (GeV^2), shape (n,), and the engine's sigma(nu gamma -> nu l- l+) in fb, shape (3, n), to be summed."""
    v, weights = unit_gauss(nodes)
    one = np.ones(1)
    k2, jacobian = k2_points(s * one, 0 * one, (mass_minus + mass_plus) ** 2, v)
    points = inner_nodes(s / (mass_minus + mass_plus) ** 2)
    transverse, longitudinal = structure_density(s * np.ones(nodes), np.zeros(nodes), k2[0], mass_minus, mass_plus,
                                                 pair_mass=points, angle=points)  # fmt: skip
    assert np.all(longitudinal == 0)
    # |M|^2 = (G_F^2/2) e^2 W_T, averaged over the two polarisations; flux 2 s
    factor = 0.5 * mc.FERMI_CONSTANT**2 * 4 * np.pi * mc.ALPHA / (2 * s) * mc.GEV2_FB
    return k2[0], transverse * jacobian[0] * weights * factor


@pytest.mark.parametrize(
    ("pair", "s"),
    [((mc.MUON, mc.MUON), 0.06), ((mc.MUON, mc.MUON), 1.0), ((mc.MUON, mc.MUON), 100.0),
     ((mc.MUON, mc.ELECTRON), 0.1), ((mc.MUON, mc.ELECTRON), 10.0), ((mc.ELECTRON, mc.ELECTRON), 1e-2)],
)  # fmt: skip
def test_real_photon(pair, s):
    _, spectrum = photon_spectrum(s, *pair)
    found = mc.photon_cross_section(s, mass_minus=pair[0], mass_plus=pair[1], kappa_scale=sum(pair) / 2)
    vv, aa, va = spectrum.sum(axis=1)
    for name, value in (("vv", vv), ("aa", aa), ("va", va)):
        assert found.error(name) < 0.006 * vv
        assert abs(found[name] - value) < 4 * found.error(name)


def leading_log_unit(s: float) -> float:
    """sigma / (gV^2 + gA^2) in 1406.2332 Eq. 9 without the bracket, fb."""
    return 2 * mc.FERMI_CONSTANT**2 * mc.ALPHA * s / (9 * np.pi**2) / 8 * mc.GEV2_FB


@pytest.mark.parametrize("structure", [0, 1])
def test_leading_logarithm(structure):
    """Eq. 9: the coefficient of ln(s/m^2) is right; the constant is -8/3 where the paper prints -19/6."""
    logs = np.log([1e6, 1e7])
    brackets = [photon_spectrum(M2 * np.exp(x))[1][structure].sum() / leading_log_unit(M2 * np.exp(x)) for x in logs]
    assert np.diff(brackets) / np.diff(logs) == pytest.approx(1, abs=1e-3)
    assert brackets - logs == pytest.approx([-8 / 3, -8 / 3], abs=2e-3)


def test_leading_logarithm_by_monte_carlo():
    logs = np.log([1e5, 1e6])
    for i, x in enumerate(logs):
        s = M2 * np.exp(x)
        found = mc.photon_cross_section(s, mass_minus=mc.MUON, mass_plus=mc.MUON, kappa_scale=mc.MUON,
                                        replicates=16, seed=i)  # fmt: skip
        for name in ("vv", "aa"):
            bracket, error = found[name] / leading_log_unit(s), found.error(name) / leading_log_unit(s)
            assert error < 0.05
            assert abs(bracket - x + 8 / 3) < 4 * error + 0.01


def mediator(k2, mass2: float):
    """dgV / g'^2 of a vector mediator with unit charges."""
    return 2 * mc.HIGGS_VEV**2 / (k2 + mass2)


def test_double_logarithm_of_the_interference():
    """Eq. 12: G_F g'^2 C_V alpha/(3 sqrt2 pi^2) ln^2(s/m_mu^2) for a mediator lighter than everything."""
    unit = mc.FERMI_CONSTANT * mc.ALPHA / (np.sqrt(2) * 3 * np.pi**2) * mc.GEV2_FB
    logs = np.log(np.array([1e5, 1e6, 1e7]))
    values = []
    for x in logs:
        k2, spectrum = photon_spectrum(M2 * np.exp(x))
        values.append(np.sum(2 * (2 * 1.0) * mediator(k2, 1e-8 * M2) * spectrum[0]) / unit)
    curvature = np.diff(values, 2)[0] / (2 * np.diff(logs)[0] ** 2)
    assert curvature == pytest.approx(1, abs=0.01)


def mediator_squared(mass2: float, s: float) -> float:
    k2, spectrum = photon_spectrum(s, nodes=400)
    return float(np.sum(mediator(k2, mass2) ** 2 * spectrum[0]))


def test_slope_with_the_mass_of_a_light_mediator():
    """Eq. 14: 7 g'^4 alpha/(72 pi^2 m_mu^2) ln(m_mu^2/m^2) for m << m_mu."""
    unit = 7 * mc.ALPHA / (72 * np.pi**2 * M2) * mc.GEV2_FB
    slope = (mediator_squared(1e-4 * M2, 1e6 * M2) - mediator_squared(1e-3 * M2, 1e6 * M2)) / np.log(10)
    assert slope / unit == pytest.approx(1, abs=0.01)


def test_slope_with_the_mass_of_a_heavier_mediator():
    """Eq. 13: g'^4 alpha/(6 pi^2 m^2) ln(m^2/m_mu^2) for m_mu << m << sqrt(s)."""
    unit = mc.ALPHA / (6 * np.pi**2) * mc.GEV2_FB
    low, high = 1e3 * M2, 1e4 * M2
    s = 1e8 * M2
    slope = (high * mediator_squared(high, s) - low * mediator_squared(low, s)) / np.log(high / low)
    assert slope / unit == pytest.approx(1, abs=0.02)
