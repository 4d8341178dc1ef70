"""Form factors against direct integration of the densities, and against what is known of the nuclei."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import spherical_jn

from recast.constants import HBARC_GEV_FM
from recast.errors import RecastError, UnknownNameError
from recast.trident.form_factors import (
    KINDS,
    NUCLEON_KINDS,
    fermi,
    fourier_bessel,
    fourier_bessel_densities,
    gauss,
    has_parameters,
    nuclear_form_factor,
    nucleon_form_factors,
)
from recast.trident.targets import nuclei

SHIPPED = ["C12", "O16", "Si28", "Ar40", "Fe56", "Pb208", "W184"]


def transform(density, r_max: float, q2: float) -> float:
    """Eq. (A1) of arXiv:1902.06765 by adaptive quadrature."""
    q = np.sqrt(q2) / HBARC_GEV_FM
    top = quad(lambda r: r**2 * np.sinc(q * r / np.pi) * density(r), 0.0, r_max, limit=400)[0]
    return top / quad(lambda r: r**2 * density(r), 0.0, r_max, limit=400)[0]


@pytest.mark.parametrize("nucleus", ["Ar40", "Fe56", "Pb208"])
@pytest.mark.parametrize("q2", [1e-4, 0.01, 0.05, 0.3])
def test_fourier_bessel_transform(nucleus, q2):
    radius, a = fourier_bessel_densities()[nucleus]
    n = np.arange(1, len(a) + 1)
    expected = transform(lambda r: a @ spherical_jn(0, n * np.pi * r / radius), radius, q2)
    assert fourier_bessel(radius, a)(np.array(q2)) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("q2", [1e-4, 0.01, 0.05, 0.3])
def test_fermi_transform(q2):
    c, z, w = 3.73, 0.62, -0.19
    expected = transform(lambda r: (1 + w * r**2 / c**2) / (1 + np.exp((r - c) / z)), 30.0, q2)
    assert fermi(c, z, w)(np.array(q2)) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("q2", [1e-4, 0.01, 0.05, 0.3])
def test_gauss_transform(q2):
    c, z, w = 3.505, 2.325, 0.38
    expected = transform(lambda r: (1 + w * r**2 / c**2) / (1 + np.exp((r**2 - c**2) / z**2)), 15.0, q2)
    assert gauss(c, z, w)(np.array(q2)) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(
    # rms radii that the tables of de Vries et al. give beside their parameters
    ("nucleus", "kind", "radius"),
    [("Fe56", "gauss3", 3.729), ("W184", "fermi2", 5.42), ("Pb208", "fermi2", 5.521), ("Ar40", "fermi3", 3.48)],
)
def test_radius_of_the_tables(nucleus, kind, radius):
    q2 = 1e-6
    slope = (1.0 - nuclear_form_factor(nucleus, 0, kind)(np.array(q2))) / q2
    assert np.sqrt(6.0 * slope) * HBARC_GEV_FM == pytest.approx(radius, rel=3e-3)


def test_poles_of_the_closed_form_are_removable():
    """At qR = n pi the Fourier-Bessel sum is 0/0; the neighbourhood must be smooth."""
    radius, a = fourier_bessel_densities()["Ar40"]
    for n in range(1, len(a) + 1):
        at_pole = (n * np.pi * HBARC_GEV_FM / radius) ** 2
        q2 = at_pole * (1 + np.array([-1e-4, -1e-9, 0.0, 1e-9, 1e-4]))
        values = fourier_bessel(radius, a)(q2)
        assert np.ptp(values[1:4]) < 1e-6
        assert values[2] == pytest.approx(0.5 * (values[0] + values[4]), abs=1e-6)


@given(st.sampled_from(SHIPPED), st.sampled_from(KINDS), st.floats(0.0, 0.5))
def test_normalised_and_bounded(nucleus, kind, q2):
    a = nuclei()[nucleus].nucleons
    if not has_parameters(nucleus, kind):
        with pytest.raises(RecastError, match=f"no {kind} charge density is known for {nucleus}"):
            nuclear_form_factor(nucleus, a, kind)
        return
    form_factor = nuclear_form_factor(nucleus, a, kind)
    assert form_factor(np.zeros(1))[0] == pytest.approx(1.0, abs=1e-12)
    assert abs(form_factor(np.array([q2]))[0]) <= 1.0 + 1e-12


@pytest.mark.parametrize(
    # rms charge radii in fm: I. Angeli, K.P. Marinova, At. Data Nucl. Data Tables 99 (2013) 69
    ("nucleus", "radius"),
    [
        ("C12", 2.470),
        ("O16", 2.699),
        ("Si28", 3.122),
        ("Ar40", 3.427),
        ("Fe56", 3.738),
        ("W184", 5.366),
        ("Pb208", 5.501),
    ],
)
def test_charge_radius(nucleus, radius):
    q2 = 1e-6
    slope = (1.0 - nuclear_form_factor(nucleus, 0)(np.array(q2))) / q2
    assert np.sqrt(6.0 * slope) * HBARC_GEV_FM == pytest.approx(radius, rel=0.02)


def test_every_shipped_nucleus_has_a_default():
    for nucleus in nuclei().values():
        assert nuclear_form_factor(nucleus.name, nucleus.nucleons)(np.zeros(1))[0] == pytest.approx(1.0)


def test_unknown_kind_and_missing_parameters():
    with pytest.raises(UnknownNameError, match="did you mean fermi3"):
        nuclear_form_factor("Ar40", 40, "fermi_3")
    with pytest.raises(RecastError, match="no fermi3 charge density is known for Fe56; available"):
        nuclear_form_factor("Fe56", 56, "fermi3")


@pytest.mark.parametrize("kind", NUCLEON_KINDS)
def test_nucleons_at_zero_momentum_transfer(kind):
    zero = np.zeros(1)
    proton, neutron = nucleon_form_factors("proton", kind), nucleon_form_factors("neutron", kind)
    assert proton.electric(zero)[0] == 1.0
    assert neutron.electric(zero)[0] == 0.0
    assert proton.magnetic(zero)[0] == pytest.approx(2.793)
    assert neutron.magnetic(zero)[0] == pytest.approx(-1.913)


def test_neutron_charge_radius():
    """The slope of the neutron's electric form factor is its charge radius: -0.116 fm^2."""
    q2 = 1e-6
    slope = nucleon_form_factors("neutron").electric(np.array(q2)) / q2
    assert -6.0 * slope * HBARC_GEV_FM**2 == pytest.approx(-0.116, rel=0.05)


def test_fits_stay_near_the_dipole():
    """arXiv:1902.06765 Fig. 10: no appreciable difference at low momentum transfer."""
    q2 = np.linspace(0.0, 0.3, 30)
    for nucleon in ("proton", "neutron"):
        fit, dipole = nucleon_form_factors(nucleon), nucleon_form_factors(nucleon, "dipole")
        np.testing.assert_allclose(fit.magnetic(q2), dipole.magnetic(q2), rtol=0.06)
