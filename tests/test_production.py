"""Production of bosons by electrons, protons and mesons."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recast.constants import DEFAULT_INPUTS
from recast.interactions import U1Mediator
from recast.mixing import loop_mixing_timelike
from recast.production import SOURCES, production_rate, quark_charges

MASS = np.array([0.01, 0.1, 0.3, 0.5])
ALPHA = DEFAULT_INPUTS.alpha
E_SQUARED = 4.0 * math.pi * ALPHA
DARK_PHOTON = U1Mediator({}, mass=MASS, coupling=1.0, mixing="fixed", epsilon=1.0)
B_MINUS_L = U1Mediator({"e": -1, "mu": -1, "tau": -1}, mass=MASS, coupling=1.0, quarks=1.0 / 3.0)
MESONS = ("p_brem", "pi0_gamma", "eta_gamma", "phi_eta")


def test_a_dark_photon_couples_to_electric_charge() -> None:
    for process in ("e_brem", "e_e", "p_brem"):
        np.testing.assert_allclose(production_rate(DARK_PHOTON, process), E_SQUARED, rtol=1e-14)
    np.testing.assert_allclose(production_rate(DARK_PHOTON, "phi_eta"), E_SQUARED / 9.0, rtol=1e-14)
    charges = -math.sqrt(E_SQUARED) * np.array([2, -1, -1]) / 3
    np.testing.assert_allclose(quark_charges(DARK_PHOTON)[0], charges, rtol=1e-14)


def test_baryon_number_of_protons_and_mesons() -> None:
    np.testing.assert_allclose(production_rate(B_MINUS_L, "p_brem"), 1.0, rtol=1e-14)
    np.testing.assert_allclose(production_rate(B_MINUS_L, "phi_eta"), 1.0 / 9.0, rtol=1e-14)
    # tr(T Q_em Q): for pi0 e/3 of the photon and 1/3 of baryon number; for eta e/3 (4 + 1 - 1)/3 and (2 - 1 + 1)/3 / 3.
    light = U1Mediator({}, mass=1e-6, coupling=1.0, quarks=1.0 / 3.0)
    photon = U1Mediator({}, mass=1e-6, coupling=1.0, mixing="fixed", epsilon=1.0)
    for process, ratio in (("pi0_gamma", 1.0), ("eta_gamma", (2.0 / 9.0) ** 2 / (4.0 / 9.0) ** 2)):
        found = production_rate(light, process) / production_rate(photon, process)
        assert found == pytest.approx(ratio / E_SQUARED, rel=1e-9)


def test_the_omega_carries_baryon_number_in_pion_decays() -> None:
    rho, omega, width = 0.77526, 0.78266, 0.1491

    def resonance(m: float) -> complex:
        momentum = [math.sqrt(max(x**2 / 4.0 - 0.13957**2, 0.0)) for x in (m, rho)]
        return rho**2 / (rho**2 - m**2 - 1j * width * (momentum[0] / momentum[1]) ** 3 * rho**2 / m)

    ratio = production_rate(B_MINUS_L, "pi0_gamma") / production_rate(DARK_PHOTON, "pi0_gamma")
    for m, found in zip(MASS, ratio, strict=True):
        second = omega**2 / (omega**2 - m**2)
        assert found == pytest.approx(abs(2.0 * second / (resonance(m) + second)) ** 2 / E_SQUARED, rel=1e-12)


@pytest.mark.parametrize("process", MESONS)
def test_mixing_by_loops_scales_the_dark_photon(process: str) -> None:
    charges = {"e": 1.0, "mu": -1.0}
    boson = U1Mediator(charges, mass=MASS, coupling=1.0, mixing="one_loop")
    epsilon = np.abs(loop_mixing_timelike(charges, MASS**2))
    np.testing.assert_allclose(
        production_rate(boson, process), epsilon**2 * production_rate(DARK_PHOTON, process), rtol=1e-12
    )


@pytest.mark.parametrize("process", SOURCES)
def test_who_couples_to_nothing_is_not_produced(process: str) -> None:
    tau = U1Mediator({"tau": 1.0}, mass=MASS, coupling=1.0)
    assert np.array_equal(production_rate(tau, process), np.zeros(MASS.shape))
    leptons = U1Mediator({"e": 1.0, "mu": -1.0}, mass=MASS, coupling=1.0)
    assert np.all(production_rate(leptons, process) == (1.0 if SOURCES[process] == "electrons" else 0.0))


def test_axial_charges_radiate_as_vector_ones_do() -> None:
    axial = U1Mediator({"e": 1.0}, axial={"e": 2.0}, mass=MASS, coupling=1.0)
    np.testing.assert_allclose(production_rate(axial, "e_brem"), 5.0, rtol=1e-14)


def test_electrons_without_a_charge_radiate_by_mixing() -> None:
    charges = {"mu": 1.0, "tau": -1.0}
    boson = U1Mediator(charges, mass=MASS, coupling=1.0, mixing="one_loop")
    epsilon = np.abs(loop_mixing_timelike(charges, MASS**2))
    np.testing.assert_allclose(production_rate(boson, "e_brem"), E_SQUARED * epsilon**2, rtol=1e-12)
