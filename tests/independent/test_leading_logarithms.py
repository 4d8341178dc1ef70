"""Real photons: the engine's limit Q2 -> 0 against the Monte Carlo and against the leading logarithms of 1406.2332.

The paper's C_V and C_A are half of gV and gA here.  Slopes are tested where only leading logarithms are known.
"""

from __future__ import annotations

import numpy as np
import pytest

from recast.trident.structure import structure_density

from . import monte_carlo as mc

M2 = mc.MUON**2


def photon_spectrum(
    s: float, masses: tuple[float, float] = (mc.MUON, mc.MUON), *, virtuality: float = 0.0, nodes: int = 200
):
    """K2 (GeV^2), shape (n,), and the engine's sigma(nu gamma* -> nu l- l+) in fb, shape (2, 3, n), to be summed.

    The first index is the photon's polarisation, transverse or longitudinal.
    """
    threshold, shat = sum(masses) ** 2, s + virtuality
    x, weights = np.polynomial.legendre.leggauss(nodes)
    # logarithmic below the lightest mediator of these tests, quadratic at the upper end, where phase space closes
    scale, x, weights = 1e-10, (x + 1) / 2, weights / 2
    length = np.log1p(shat * (1 - threshold / s) / scale)
    k2 = scale * np.expm1(length * (1 - x**2))
    measure = (k2 + scale) * length * 2 * x * weights
    points = 14 + int(1.2 * np.log(s / min(masses) ** 2))
    full = np.ones(nodes)
    density = structure_density(s * full, virtuality * full, k2, *masses, pair_mass=points, angle=points)
    # |M|^2 = (G_F^2/2) e^2 W; flux 4 k.q
    factor = 0.5 * mc.FERMI_CONSTANT**2 * 4 * np.pi * mc.ALPHA / (2 * shat) * mc.GEV2_FB
    return k2, np.array(density) * measure * factor


MUONS, MIXED, ELECTRONS = (mc.MUON, mc.MUON), (mc.MUON, mc.ELECTRON), (mc.ELECTRON, mc.ELECTRON)


@pytest.mark.parametrize(
    ("masses", "s", "virtuality"),
    [
        (MUONS, 0.06, 0.0),
        (MUONS, 1.0, 0.0),
        (MUONS, 100.0, 0.0),
        (MIXED, 10.0, 0.0),
        (ELECTRONS, 1e-2, 0.0),
        (MUONS, 0.06, 0.01),
        (MUONS, 1.0, 1e-3),
        (MUONS, 10.0, 1.0),
        (MIXED, 0.1, 1e-3),
        (MIXED, 3.0, 0.1),
        (ELECTRONS, 1.0, 1e-2),
    ],
)
def test_photon_cross_sections(masses, s, virtuality):
    """Both structure functions, pointwise in s and Q2."""
    _, spectrum = photon_spectrum(s, masses, virtuality=virtuality)
    found = mc.photon_cross_section(
        s, mass_minus=masses[0], mass_plus=masses[1], virtuality=virtuality, kappa_scale=sum(masses) / 2, log2_points=9
    )
    totals = dict(zip(("vv", "aa", "va", "vv_long", "aa_long", "va_long"), spectrum.sum(axis=2).ravel(), strict=True))
    if virtuality == 0:
        assert all(totals.pop(name) == 0 for name in ("vv_long", "aa_long", "va_long"))
    for name, value in totals.items():
        scale = totals["vv" + name[2:]]
        assert found.error(name) < 0.01 * scale
        assert abs(found[name] - value) < 4 * found.error(name)


def leading_log_unit(s: float) -> float:
    """sigma / (gV^2 + gA^2) in 1406.2332 Eq. 9 without the bracket, fb."""
    return 2 * mc.FERMI_CONSTANT**2 * mc.ALPHA * s / (9 * np.pi**2) / 8 * mc.GEV2_FB


@pytest.mark.parametrize("structure", [0, 1])
def test_leading_logarithm(structure):
    """Eq. 9: the coefficient of ln(s/m^2) is right; the constant is -8/3 where the paper prints -19/6."""
    logs = np.log([1e6, 1e7])
    brackets = [photon_spectrum(M2 * np.exp(x))[1][0, structure].sum() / leading_log_unit(M2 * np.exp(x)) for x in logs]
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
        values.append(np.sum(2 * (2 * 1.0) * mediator(k2, 1e-8 * M2) * spectrum[0, 0]) / unit)
    curvature = np.diff(values, 2)[0] / (2 * np.diff(logs)[0] ** 2)
    assert curvature == pytest.approx(1, abs=0.01)


def mediator_squared(mass2: float, s: float) -> float:
    k2, spectrum = photon_spectrum(s)
    return float(np.sum(mediator(k2, mass2) ** 2 * spectrum[0, 0]))


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
