"""Bosons with axial charges, charges of quarks or fixed mixing, and the models that have them."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from recast.channels import Channel
from recast.cli import main
from recast.constants import DEFAULT_INPUTS, LEPTON_MASS
from recast.errors import DocumentError
from recast.interactions import ContactInteraction, U1Mediator
from recast.measurement import load_measurement
from recast.mixing import effective_charge, on_shell_charge_squared
from recast.model import load_model
from recast.observables.magnetic_moment import MagneticMoment, axial_loop

MUON = LEPTON_MASS["mu"]
MUMU = Channel.parse("numu_numu_mu-mu+")
E = math.sqrt(4.0 * math.pi * DEFAULT_INPUTS.alpha)


@pytest.mark.parametrize(("vector", "axial"), [(1.0, 0.0), (0.0, 1.0), (0.4, -0.7), (1.0, 1.0)])
def test_heavy_bosons_are_contact_interactions(vector: float, axial: float) -> None:
    mass, coupling = 5e4, 20.0
    boson = U1Mediator({"mu": vector}, axial={"mu": axial}, mass=mass, coupling=coupling)
    strength = 2.0 * DEFAULT_INPUTS.vev**2 * (vector - axial) * coupling**2 / mass**2
    contact = ContactInteraction(dgv=strength * vector, dga=strength * axial)
    ccfr = load_measurement("ccfr")
    assert float(ccfr.prediction(boson)) == pytest.approx(float(ccfr.prediction(contact)), rel=1e-6)


def test_a_right_handed_current_leaves_neutrinos_alone() -> None:
    boson = U1Mediator({"mu": 1.0}, axial={"mu": 1.0}, mass=0.1, coupling=1.0)
    assert boson.neutrino_charges["mu"] == 0.0
    assert boson.shifts(MUMU) == ()


@given(st.floats(0.2, 4.0), st.floats(0.01, 3.0))
def test_an_axial_shift_has_the_propagator(charge: float, mass: float) -> None:
    boson = U1Mediator({}, axial={"mu": charge}, mass=mass, coupling=0.5)
    (shift,) = boson.shifts(MUMU)
    assert shift.structure == "A"
    transfer = np.array([0.0, 0.3, 7.0])
    expected = -2.0 * DEFAULT_INPUTS.vev**2 * charge**2 / (transfer + mass**2)
    np.testing.assert_allclose(shift.profile(transfer), expected, rtol=1e-12)


@pytest.mark.parametrize("mass", [1e-3, 0.05, 0.3, 3.0, 100.0])
def test_axial_loop_against_an_adaptive_integral(mass: float) -> None:
    ratio = (mass / MUON) ** 2

    def integrand(x: float) -> float:
        return (2.0 * x * (1.0 - x) * (x - 4.0) - 4.0 * x**3 / ratio) / (x**2 + (1.0 - x) * ratio)

    expected = quad(integrand, 0.0, 1.0, epsabs=0.0, epsrel=1e-10, limit=400, points=[1e-6, 1e-3, 0.1])[0]
    assert float(axial_loop(mass, lepton_mass=MUON)) == pytest.approx(expected, rel=1e-8)


def test_axial_loop_has_its_limits() -> None:
    assert float(axial_loop(1e3, lepton_mass=MUON)) * (1e3 / MUON) ** 2 == pytest.approx(-10.0 / 3.0, rel=1e-4)
    light = 1e-5
    assert float(axial_loop(light, lepton_mass=MUON)) * (light / MUON) ** 2 == pytest.approx(-2.0, rel=1e-3)
    moment = MagneticMoment(lepton="mu")
    both = U1Mediator({"mu": 1.0}, axial={"mu": 1.0}, mass=1e3, coupling=1.0)
    vector = U1Mediator({"mu": 1.0}, mass=1e3, coupling=1.0)
    # Minus five times the vector's: the two together are minus four times it.
    assert float(moment.predict(both)) == pytest.approx(-4.0 * float(moment.predict(vector)), rel=1e-4)


def test_a_dark_photon_couples_to_electric_charge() -> None:
    boson = load_model("dark_photon")(mass=0.1, coupling=1e-3).mediators[0]
    for lepton in ("e", "mu", "tau"):
        assert float(effective_charge(boson, lepton, 0.3)) == pytest.approx(E, rel=1e-12)
        assert float(on_shell_charge_squared(boson, lepton)) == pytest.approx(E**2, rel=1e-12)
        assert boson.neutrino_charges[lepton] == 0.0
    # delta a = alpha eps^2 / (2 pi) for a light dark photon.
    light = load_model("dark_photon")(mass=1e-4, coupling=1e-3)
    expected = DEFAULT_INPUTS.alpha * 1e-6 / (2.0 * math.pi)
    assert float(MagneticMoment(lepton="mu").predict(light)) == pytest.approx(expected, rel=1e-2)
    # Without neutrinos there are no tridents.
    assert float(load_measurement("ccfr").prediction(light)) == 1.0


@pytest.mark.parametrize(
    ("name", "charges", "quarks"),
    [
        ("le_ltau", (1.0, 0.0, -1.0), 0.0),
        ("b_minus_l", (-1.0, -1.0, -1.0), 1.0 / 3.0),
        ("b_minus_3lmu", (0.0, -3.0, 0.0), 1.0 / 3.0),
        ("dark_photon", (0.0, 0.0, 0.0), 0.0),
    ],
)
def test_charges_of_further_models(name: str, charges: tuple[float, ...], quarks: float) -> None:
    (boson,) = load_model(name)(mass=1.0, coupling=0.1).mediators or ()
    assert tuple(boson.charges.values()) == charges
    assert boson.quarks == pytest.approx(quarks, rel=1e-9)
    # Anomalies of the gauged numbers cancel: three colours of two quarks in each of three families.
    assert sum(charges) + 9.0 * boson.quarks == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("mixing: fixed\n", "epsilon belongs to mixing: fixed"),
        ("mixing: none\nepsilon: 0.1\n", "epsilon belongs to mixing: fixed"),
        ("mixing: one_loop\nquarks: 0.3\n", "quarks have charges besides"),
        ("mixing: twice\n", "mixing cannot be 'twice'"),
    ],
)
def test_mixing_is_checked(tmp_path: Path, lines: str, message: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        'name: mine\ntitle: "Mine"\nkind: u1\ncharges: {e: 0, mu: 1, tau: -1}\n'
        + lines
        + 'provenance:\n  model: {paper: a, place: b, inspire: "He:1991qd", bibtex: "@article{He:1991qd, year = 1}"}\n'
    )
    with pytest.raises(DocumentError, match=message):
        load_model(file)


def run(*words: str) -> Any:
    return CliRunner().invoke(main, words, prog_name="recast")


def test_u1_takes_its_charges_from_the_command_line() -> None:
    point = ("ccfr", "--mass", "0.1", "--json")
    named = json.loads(run("limit", "lmu_ltau:mixing=none", *point).stdout)["limits"]
    free = run("limit", "u1", *point, "--charge", "mu=1", "--charge", "tau=-1")
    assert json.loads(free.stdout)["limits"] == named
    axial = json.loads(run("limit", "u1", *point, "--charge", "mu=1", "--axial", "mu=0.5").stdout)["limits"]
    assert axial != named


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("u1",), "the model u1 has no charges of its own"),
        (("u1", "--charge", "muon=1"), "unknown lepton 'muon'"),
        (("u1", "--charge", "mu"), "--charge is written LEPTON=CHARGE, such as mu=1, not 'mu'"),
        (("u1", "--charge", "mu=x"), "--charge is written LEPTON=CHARGE"),
        (("u1", "--charge", "mu=1", "--mixing", "one_loop"), "or the loops diverge; they sum to 1"),
        (("lmu_ltau", "--charge", "mu=1"), "lmu_ltau has charges of its own"),
    ],
)
def test_wrong_charges_are_one_sentence(words: tuple[str, ...], message: str) -> None:
    result = run("limit", *words, "ccfr", "--mass", "1")
    assert result.exit_code == 2, result.output
    assert message in result.stderr
