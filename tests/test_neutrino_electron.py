"""Scattering of neutrinos on electrons: published numbers, closed forms, an integrator and limits of the theory."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from recast.constants import AVOGADRO, DEFAULT_INPUTS, ELECTRON_MASS, HBARC2_FB, ElectroweakInputs
from recast.errors import OutOfRangeError, UnknownNameError
from recast.neutrino_electron import chiral_couplings, differential_cross_section, largest_recoil
from recast.recoil_spectrum import recoil_spectrum

SPECIES = ("nue", "numu", "nutau", "nuebar", "numubar", "nutaubar")
BERYLLIUM = 0.862e-3


def as_published(y: float, *, energy: float, gv: float, ga: float) -> float:
    """Return dsigma/dy of arXiv:1902.06765, Eq. C2, in fb."""
    shape = (gv - ga) ** 2 + (gv + ga) ** 2 * (1.0 - y) ** 2 - (gv**2 - ga**2) * ELECTRON_MASS / energy * y
    return DEFAULT_INPUTS.fermi_constant**2 * ELECTRON_MASS * energy / (8.0 * math.pi) * shape * HBARC2_FB


def integrated(neutrino: str, energy: float, low: float, high: float, mass: float, g2: float, charge: float) -> float:
    """Integrate the cross section with a boson in the logarithm of the recoil."""

    def integrand(logarithm: float) -> float:
        recoil = math.exp(logarithm)
        scale = 2.0 * math.sqrt(2.0) * DEFAULT_INPUTS.fermi_constant
        shift = charge * g2 / (scale * (mass**2 + 2.0 * ELECTRON_MASS * recoil))
        return recoil * float(differential_cross_section(recoil, energy=energy, neutrino=neutrino, shift=shift))

    return quad(integrand, math.log(low), math.log(high), epsabs=0, epsrel=1e-11, limit=400)[0]


@pytest.mark.parametrize(("neutrino", "gv", "ga"), [("nue", 1.0, -1.0), ("numu", -1.0, 1.0), ("nutau", -1.0, 1.0)])
def test_the_formula_as_it_is_printed(neutrino: str, gv: float, ga: float) -> None:
    y = np.linspace(0.0, 0.77, 8)
    expected = [as_published(v, energy=BERYLLIUM, gv=gv + 4.0 * DEFAULT_INPUTS.sin2_theta_w, ga=ga) for v in y]
    found = BERYLLIUM * differential_cross_section(y * BERYLLIUM, energy=BERYLLIUM, neutrino=neutrino)
    assert found == pytest.approx(expected, rel=1e-12)


def test_flavours_in_the_window_of_borexino() -> None:
    """The published ratio is about 4.7 for y from 0.22 to 0.77."""
    assert largest_recoil(BERYLLIUM) / BERYLLIUM == pytest.approx(0.77, abs=0.005)
    electron, muon, tau = (recoil_spectrum(f"nu{f}", BERYLLIUM, low=0.22 * BERYLLIUM) for f in ("e", "mu", "tau"))
    assert electron.constant / muon.constant == pytest.approx(4.74, abs=0.005)
    assert muon.constant == tau.constant


def test_the_rate_of_borexino_from_its_electrons() -> None:
    """46.0 counts per day in 100 t of pseudocumene are published as 3.10e9 electron neutrinos per cm^2 and second.

    Radiative corrections, left out here, lower the cross section by 2 to 3%.
    """
    electrons = 1e8 * AVOGADRO * 66.0 / 120.19
    cross_section = 1e-39 * recoil_spectrum("nue", BERYLLIUM).constant  # cm^2
    line = 0.897
    flux = 46.0 / (electrons * 86400.0 * line * cross_section)
    assert 1.0 < 3.10e9 / flux < 1.035


def test_high_energy_limit() -> None:
    """sigma = (2 m_e G_F^2 E / pi) (C_L^2 + C_R^2 / 3) for E much above the electron mass."""
    energy = 1e3
    unit = 2.0 * ELECTRON_MASS * DEFAULT_INPUTS.fermi_constant**2 * energy / math.pi * HBARC2_FB
    for neutrino in SPECIES:
        left, right = chiral_couplings(neutrino)
        expected = unit * (left**2 + right**2 / 3.0)
        assert recoil_spectrum(neutrino, energy).constant == pytest.approx(expected, rel=1e-5)
    # The textbook number for electron neutrinos: about 0.95e-41 cm^2 per GeV.
    assert 1e-39 * recoil_spectrum("nue", energy).constant / energy == pytest.approx(0.95e-41, rel=0.02)


def test_antineutrinos_exchange_the_couplings() -> None:
    for flavour in ("e", "mu", "tau"):
        assert chiral_couplings(f"nu{flavour}bar") == chiral_couplings(f"nu{flavour}")[::-1]
    s2 = DEFAULT_INPUTS.sin2_theta_w
    assert chiral_couplings("nue") == (0.5 + s2, s2)
    assert chiral_couplings("numu") == (-0.5 + s2, s2)


@pytest.mark.parametrize("neutrino", SPECIES)
@pytest.mark.parametrize("mass", [1e-5, 1e-3, 0.1, 10.0])
@pytest.mark.parametrize(("energy", "low", "high"), [(BERYLLIUM, 1.9e-4, 1.0), (4e-3, 3e-3, 8e-3), (2.5, 0.6, 99.0)])
def test_against_a_general_purpose_integrator(
    neutrino: str, mass: float, energy: float, low: float, high: float
) -> None:
    spectrum = recoil_spectrum(neutrino, energy, low=low, high=high)
    constant, linear, quadratic = spectrum.polynomial(mass, -0.3)
    top = min(high, float(largest_recoil(energy)))
    g2 = abs(constant / linear)
    expected = integrated(neutrino, energy, low, top, mass, g2, -0.3)
    assert constant + linear * g2 + quadratic * g2**2 == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("mass", [1e-6, 1e-4, 1e-2])
def test_a_window_open_to_zero(mass: float) -> None:
    spectrum = recoil_spectrum("nue", BERYLLIUM)
    expected = integrated("nue", BERYLLIUM, 1e-18, float(largest_recoil(BERYLLIUM)), mass, mass**2 * 1e-5, 1.0)
    powers = (mass**2 * 1e-5) ** np.arange(3)
    assert spectrum.polynomial(mass, 1.0) @ powers == pytest.approx(expected, rel=1e-9)


@given(st.sampled_from(SPECIES), st.floats(1e-4, 100.0), st.floats(0.05, 0.4))
def test_a_heavy_boson_shifts_the_weak_mixing_angle(neutrino: str, energy: float, s2: float) -> None:
    """For m^2 >> 2 m_e T the boson is a shift of sin^2(theta_W) in every coupling."""
    mass, shift = 1e4, 0.01
    inputs, shifted = ElectroweakInputs(sin2_theta_w=s2), ElectroweakInputs(sin2_theta_w=s2 + shift)
    g2 = shift * 2.0 * math.sqrt(2.0) * inputs.fermi_constant * mass**2
    polynomial = recoil_spectrum(neutrino, energy, inputs=inputs).polynomial(mass, 1.0)
    expected = recoil_spectrum(neutrino, energy, inputs=shifted).constant
    assert polynomial @ g2 ** np.arange(3) == pytest.approx(expected, rel=1e-6)


def test_a_flux_is_the_sum_of_its_energies() -> None:
    energies, weights = np.array([1.0, 2.0, 4.0]), np.array([0.5, 1.0, 0.25])
    together = recoil_spectrum("numubar", energies, weight=weights, low=0.6)
    mass = np.array([[1e-3], [1.0]])
    one_by_one = sum(
        w * recoil_spectrum("numubar", e, low=0.6).polynomial(mass, 2.0) for e, w in zip(energies, weights, strict=True)
    )
    assert together.flavour == "mu"
    assert together.polynomial(mass, 2.0).shape == (2, 1, 3)
    assert together.polynomial(mass, 2.0) == pytest.approx(one_by_one, rel=1e-12)


def test_energies_that_do_not_reach_the_window_add_nothing() -> None:
    window = recoil_spectrum("nue", [0.1, 2.0], low=0.6)
    assert window.constant == recoil_spectrum("nue", 2.0, low=0.6).constant
    assert np.array_equal(recoil_spectrum("nue", 0.1, low=0.6).polynomial([1.0, 2.0], 1.0), np.zeros((2, 3)))


def test_charges_that_depend_on_the_momentum_transfer() -> None:
    spectrum = recoil_spectrum("numu", BERYLLIUM, low=1.9e-4)
    constant = spectrum.polynomial(1e-2, -0.2)
    assert spectrum.polynomial(1e-2, np.full(spectrum.momentum_transfer.shape, -0.2)) == pytest.approx(constant)


def test_no_recoil_beyond_the_kinematic_limit() -> None:
    top = float(largest_recoil(1.0))
    assert differential_cross_section([-0.1, 1.001 * top], energy=1.0, neutrino="nue") == pytest.approx(0.0)
    assert differential_cross_section(0.999 * top, energy=1.0, neutrino="nue") > 0.0


def test_wrong_arguments() -> None:
    with pytest.raises(UnknownNameError, match="neutrino species"):
        recoil_spectrum("nux", 1.0)
    with pytest.raises(OutOfRangeError, match="from 2 to 1"):
        recoil_spectrum("nue", 1.0, low=2.0, high=1.0)
    with pytest.raises(OutOfRangeError, match="neutrino energy"):
        recoil_spectrum("nue", -1.0)
