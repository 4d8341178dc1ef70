"""Exchange of energy between neutrinos and electrons, against analytic limits, published factors and sampling."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import kn
from scipy.stats import qmc

from recast.constants import DEFAULT_INPUTS, ELECTRON_MASS
from recast.cosmology.collisions import NEUTRINO_COUPLINGS, statistics_factors, weak_exchange

NU_E = NEUTRINO_COUPLINGS["e"]


def test_massless_boltzmann_gases_are_exact():
    factors = statistics_factors(0.0, quantum=False)
    assert factors.annihilation(*NU_E) == pytest.approx(1.0, abs=1e-9)
    assert factors.scattering(*NU_E) == pytest.approx(1.0, abs=1e-9)


def test_published_factors_of_fermi_statistics():
    # arXiv:1812.05605 and arXiv:2001.04466: 0.884 and 0.829 for massless electrons.
    factors = statistics_factors(0.0)
    assert factors.annihilation(*NU_E) == pytest.approx(0.884, abs=5e-4)
    assert factors.scattering(*NU_E) == pytest.approx(0.829, abs=5e-4)


@pytest.mark.parametrize("x", [0.3, 1.0, 3.0, 8.0])
@pytest.mark.parametrize("couplings", [NU_E, NEUTRINO_COUPLINGS["mu"]])
def test_boltzmann_gases_reduce_to_one_integral(couplings, x):
    # Over s alone: everything else gives Bessel functions. Averages over angles by hand.
    left, right = couplings
    both = left**2 + right**2

    def annihilation(root):
        s = root**2
        beta = math.sqrt(max(1.0 - 4.0 * x**2 / s, 0.0))
        matrix = both * s**2 / 16.0 * (1.0 + beta**2 / 3.0) + left * right * x**2 * s / 2.0
        # With E = root cosh y, Int dE E^2 k e^-E = s^(3/2) K_3 - s K_2.
        return 2.0 * root * beta * matrix * (s * root * kn(3, root) - s * kn(2, root)) / (4.0 * 1152.0)

    def scattering(root):
        s = root**2
        star = 0.5 * (s - x**2) / root
        invariant = 0.5 * (s - x**2)
        cosine, weight = np.polynomial.legendre.leggauss(8)
        away = 1.0 - cosine
        matrix = both * (invariant**2 + (invariant - star**2 * away) ** 2) - 2.0 * left * right * x**2 * star**2 * away
        mean = float(weight @ (matrix * away)) / 2.0
        # <(c - c')^2> = 2 (1 - cos) / 3 and Int dE k^3 e^-E = 3 s K_2.
        phase_space = 2.0 * root * (1.0 - x**2 / s) ** 2
        return phase_space * star**2 / s * 2.0 / 3.0 * mean * 3.0 * s * kn(2, root) / (2.0 * 448.0)

    factors = statistics_factors(x, quantum=False)
    expected = quad(annihilation, 2.0 * x, 2.0 * x + 80.0, limit=200, epsrel=1e-10)[0] / both
    assert factors.annihilation(left, right) == pytest.approx(expected, rel=1e-5)
    expected = quad(scattering, x, x + 80.0, limit=200, epsrel=1e-10)[0] / both
    assert factors.scattering(left, right) == pytest.approx(expected, rel=1e-5)


def test_quasi_random_sampling_of_four_vectors():
    # Annihilation with Pauli blocking straight from four-vectors: no Lorentz-frame algebra, no polynomials in cosines.
    x, (left, right) = 1.0, NU_E
    u = qmc.Sobol(6, seed=3).random(2**16)
    e1, e2 = -3.0 * np.log(1.0 - u[:, 0]), -3.0 * np.log(1.0 - u[:, 1])
    density = np.exp(-(e1 + e2) / 3.0) / 9.0
    cosine = 2.0 * u[:, 2] - 1.0
    p1 = e1[:, None] * np.array([0.0, 0.0, 1.0])
    p2 = e2[:, None] * np.stack([np.sqrt(1.0 - cosine**2), np.zeros_like(cosine), cosine], axis=1)
    energy, momentum = e1 + e2, p1 + p2
    s = energy**2 - np.sum(momentum**2, axis=1)
    above = s > 4.0 * x**2
    root = np.sqrt(np.where(above, s, 4.0 * x**2))
    # An electron in the centre-of-mass frame, boosted.
    polar, azimuth = 2.0 * u[:, 3] - 1.0, 2.0 * math.pi * u[:, 4]
    star = np.sqrt(root**2 / 4.0 - x**2)
    sine = np.sqrt(1.0 - polar**2)
    q = star[:, None] * np.stack([sine * np.cos(azimuth), sine * np.sin(azimuth), polar], axis=1)
    along = np.sum(q * momentum, axis=1)
    e3 = (energy * root / 2.0 + along) / root
    p3 = q + momentum * ((along / (energy + root) + root / 2.0) / root)[:, None]
    e4, p4 = energy - e3, momentum - p3

    def dot(ea, pa, eb, pb):
        return ea * eb - np.sum(pa * pb, axis=1)

    matrix = left**2 * dot(e1, p1, e4, p4) * dot(e2, p2, e3, p3) + right**2 * dot(e1, p1, e3, p3) * dot(e2, p2, e4, p4)
    matrix += left * right * x**2 * dot(e1, p1, e2, p2)
    fermi = 1.0 / ((np.exp(e1) + 1.0) * (np.exp(e2) + 1.0) * (1.0 + np.exp(-e3)) * (1.0 + np.exp(-e4)))
    # d^3p/((2 pi)^3 2E) twice, two-body phase space beta / (8 pi), |M|^2 = 128 G_F^2 [...].
    measure = e1 * e2 / (4.0 * (2.0 * math.pi) ** 6) * 4.0 * math.pi * 4.0 * math.pi
    integrand = measure / density * 128.0 * matrix * fermi * energy**2 * (2.0 * star / root) / (8.0 * math.pi)
    found = float(np.mean(np.where(above, integrand, 0.0)))
    unit = 4.0 * 288.0 * (left**2 + right**2) / math.pi**5
    assert statistics_factors(x).annihilation(left, right) == pytest.approx(found / unit, rel=3e-3)


def test_electron_mass_suppresses_and_boltzmann_overestimates():
    previous = 1.0
    for x in (0.1, 0.5, 1.0, 2.0, 5.0):
        factors = statistics_factors(x)
        classical = statistics_factors(x, quantum=False)
        for couplings in NEUTRINO_COUPLINGS.values():
            assert 0.0 < factors.annihilation(*couplings) < classical.annihilation(*couplings)
            assert 0.0 < factors.scattering(*couplings) < classical.scattering(*couplings)
        assert factors.scattering(*NU_E) < previous
        previous = factors.scattering(*NU_E)


def test_exchange_has_the_published_form():
    weak = weak_exchange()
    hot, cold = 10.0, 9.0  # GeV: massless electrons
    strength = sum(left**2 + right**2 for left, right in NEUTRINO_COUPLINGS.values())
    bracket = 32.0 * 0.8841 * (hot**9 - cold**9) + 56.0 * 0.8287 * hot**4 * cold**4 * (hot - cold)
    expected = DEFAULT_INPUTS.fermi_constant**2 / math.pi**5 * 4.0 * strength * bracket
    assert weak(hot, math.log(cold / hot)) == pytest.approx(expected, rel=1e-3)


def test_exchange_vanishes_in_equilibrium_and_flows_to_the_colder():
    weak = weak_exchange()
    assert weak(2e-3, 0.0) == 0.0
    assert weak(2e-3, -1e-6) > 0.0 > weak(2e-3, 1e-6)
    assert weak(ELECTRON_MASS / 40.0, -0.3) == 0.0
    # Linear for small differences, without loss of digits.
    assert weak(2e-3, -1e-12) == pytest.approx(1e-6 * weak(2e-3, -1e-6), rel=1e-4)
