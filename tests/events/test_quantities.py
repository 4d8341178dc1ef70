"""Kinematic quantities: definitions, precision where differences cancel, and symmetries."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.channels import Channel
from recast.constants import LEPTON_MASS
from recast.errors import NotApplicableError, UnknownNameError
from recast.events.events import Events
from recast.events.quantities import QUANTITIES, angle_between, kinetic_energy, quantity
from tests.events.samples import random_events

CHANNELS = ("numu_numu_mu-mu+", "numu_numu_e-e+", "numu_nue_mu-e+", "numubar_nuebar_e-mu+")


def of(events: Events, name: str) -> Any:
    return quantity(name)(events)


def with_leptons(minus: Any, plus: Any, *, channel: str = "numu_numu_e-e+") -> Events:
    """Return one event whose leptons have given momenta, shape (3,)."""
    event = random_events(1, channel=channel)
    momenta = event.momenta.copy()
    for row, flavour, p in ((3, event.channel.minus, minus), (4, event.channel.plus, plus)):
        momenta[row, 0] = [np.sqrt(np.dot(p, p) + LEPTON_MASS[flavour] ** 2), *p]
    return replace(event, momenta=momenta)


def test_the_sample_is_one_of_events() -> None:
    events = random_events(500)
    np.testing.assert_allclose(events.beam + events.at_rest, events.momenta[2:].sum(axis=0), rtol=1e-9, atol=1e-9)
    m2 = events.minus[:, 0] ** 2 - np.sum(events.minus[:, 1:] ** 2, axis=1)
    np.testing.assert_allclose(m2, LEPTON_MASS["mu"] ** 2, rtol=1e-9)


def test_every_quantity_has_a_unit_and_a_meaning() -> None:
    for name, found in QUANTITIES.items():
        assert found.name == name
        assert found.unit in {"GeV", "GeV^2", "rad", ""}
        assert found.meaning
        assert "\n" not in found.meaning


@pytest.mark.parametrize("channel", CHANNELS)
def test_definitions(channel: str) -> None:
    """What every quantity is, in the words of a textbook; exact forms are compared where nothing cancels."""
    events = random_events(400, channel=channel)
    k, at_rest, scattered, minus, plus, recoil = events.momenta
    pair = minus + plus

    def length(p: Any) -> Any:
        return np.linalg.norm(p[:, 1:], axis=1)

    def mass(p: Any) -> Any:
        return np.sqrt(p[:, 0] ** 2 - length(p) ** 2)

    def transverse(p: Any) -> Any:
        return np.sqrt(p[:, 1] ** 2 + p[:, 2] ** 2)

    def polar(p: Any) -> Any:
        return np.arccos(p[:, 3] / length(p))

    cosine = np.sum(minus[:, 1:] * plus[:, 1:], axis=1) / (length(minus) * length(plus))
    azimuths = [np.arctan2(p[:, 2], p[:, 1]) for p in (minus, plus)]
    kinetic = recoil[:, 0] - at_rest[:, 0]
    protons = np.array(events.scatterers)[events.scatterer] == "proton"
    hadronic = np.where(events.coherent, 0.0, kinetic)
    expected = {
        "neutrino_energy": k[:, 0],
        "scattered_neutrino_energy": scattered[:, 0],
        "opening_angle": np.arccos(cosine),
        "azimuth_difference": np.abs(np.angle(np.exp(1j * (azimuths[0] - azimuths[1])))),
        "invariant_mass": mass(pair),
        "pair_energy": pair[:, 0],
        "pair_momentum": length(pair),
        "pair_transverse_momentum": transverse(pair),
        "pair_angle": polar(pair),
        "energy_sharing": np.minimum(minus[:, 0], plus[:, 0]) / pair[:, 0],
        "energy_asymmetry": (minus[:, 0] - plus[:, 0]) / pair[:, 0],
        "inelasticity": 1.0 - scattered[:, 0] / k[:, 0],
        "visible_energy": pair[:, 0] + hadronic,
        "hadronic_energy": hadronic,
        "proton_energy": np.where(protons, kinetic, 0.0),
        "recoil_kinetic_energy": kinetic,
        "recoil_momentum": length(recoil),
        "recoil_angle": polar(recoil),
        "q2": -((recoil[:, 0] - at_rest[:, 0]) ** 2 - length(recoil) ** 2),
        "k2": -((k[:, 0] - scattered[:, 0]) ** 2 - length(k - scattered) ** 2),
    }
    masses = [LEPTON_MASS[flavour] for flavour in (events.channel.minus, events.channel.plus)]
    of_a_lepton: dict[str, tuple[Any, ...]] = {
        "energy": (minus[:, 0], plus[:, 0]),
        "kinetic_energy": (minus[:, 0] - masses[0], plus[:, 0] - masses[1]),
        "momentum": (length(minus), length(plus)),
        "transverse_momentum": (transverse(minus), transverse(plus)),
        "angle": (polar(minus), polar(plus)),
    }
    for name, values in of_a_lepton.items():
        words = ("smaller", "larger") if name == "angle" else ("lower", "higher")
        expected[f"{name}_minus"], expected[f"{name}_plus"] = values
        expected[f"{name}_{words[0]}"], expected[f"{name}_{words[1]}"] = np.minimum(*values), np.maximum(*values)
        if events.channel.minus != events.channel.plus:
            expected[f"{name}_{events.channel.minus}"], expected[f"{name}_{events.channel.plus}"] = values
    for name, value in expected.items():
        np.testing.assert_allclose(of(events, name), value, rtol=1e-6, atol=1e-7, err_msg=name)
    missing = {name for name, found in QUANTITIES.items() if found.flavour is None} - set(expected)
    assert not missing


@pytest.mark.parametrize("channel", CHANNELS)
def test_only_quantities_that_say_so_tell_the_charges(channel: str) -> None:
    events = random_events(100, channel=channel)
    c = events.channel
    # The same leptons with the other charge.
    swapped = replace(
        events, channel=Channel(not c.antineutrino, c.incoming, c.outgoing, c.plus, c.minus),
        momenta=events.momenta[[0, 1, 2, 4, 3, 5]],
    )  # fmt: skip
    for name, found in QUANTITIES.items():
        if found.flavour is None or (c.minus, c.plus).count(found.flavour) == 1:
            assert np.array_equal(found(events), found(swapped)) != found.uses_charge, name


@given(st.floats(0.0, 2.0 * np.pi))
def test_nothing_depends_on_the_azimuth_of_the_event(angle: float) -> None:
    events = random_events(20)
    c, s = np.cos(angle), np.sin(angle)
    momenta = events.momenta.copy()
    momenta[..., 1] = c * events.momenta[..., 1] - s * events.momenta[..., 2]
    momenta[..., 2] = s * events.momenta[..., 1] + c * events.momenta[..., 2]
    turned = replace(events, momenta=momenta)
    for name, found in QUANTITIES.items():
        if found.flavour is None:
            np.testing.assert_allclose(found(turned), found(events), rtol=1e-10, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("angle", [1e-7, 1e-5, 1e-3, 0.1])
@pytest.mark.parametrize("energies", [(1.0, 1.0), (1000.0, 0.3), (400.0, 400.0)])
def test_masses_and_angles_of_nearly_parallel_leptons(angle: float, energies: tuple[float, float]) -> None:
    """Compared with fifty digits: E^2 - p^2 has lost all of them at 1 TeV."""
    first = energies[0] * np.array([np.sin(0.3), 0.0, np.cos(0.3)])
    second = energies[1] * np.array([np.sin(0.3 + angle), 0.0, np.cos(0.3 + angle)])
    event = with_leptons(first, second)
    with localcontext() as context:
        context.prec = 50
        a, b = ([Decimal(x) for x in p.tolist()] for p in (first, second))
        m2 = Decimal(LEPTON_MASS["e"]) ** 2
        energy = sum(((m2 + sum(x * x for x in p)).sqrt() for p in (a, b)), Decimal(0))
        mass = float((energy**2 - sum((x + y) ** 2 for x, y in zip(a, b, strict=True))).sqrt())
        cross, dot = a[2] * b[0] - a[0] * b[2], a[0] * b[0] + a[2] * b[2]
        tangent = float(cross / dot)
    # The momenta are what was given: the only rounding left is that of the direction, 1e-16 rad.
    assert of(event, "opening_angle")[0] == pytest.approx(np.arctan(tangent), rel=1e-13, abs=1e-15)
    assert of(event, "invariant_mass")[0] == pytest.approx(mass, rel=1e-15 / angle + 1e-14)


def test_leptons_side_by_side_have_the_mass_of_the_threshold() -> None:
    p = np.array([0.1, 0.2, 300.0])
    event = with_leptons(p, p * LEPTON_MASS["e"] / LEPTON_MASS["mu"], channel="numu_nue_mu-e+")
    assert of(event, "invariant_mass")[0] == pytest.approx(LEPTON_MASS["mu"] + LEPTON_MASS["e"], rel=1e-13)


def test_slow_particles_keep_their_kinetic_energy() -> None:
    momenta = np.array([[37.2, 1e-9, 0.0, 0.0]])
    assert kinetic_energy(momenta, 37.2)[0] == pytest.approx(1e-18 / (2.0 * 37.2), rel=1e-12)


def test_angles_of_parallel_opposite_and_vanishing_vectors() -> None:
    a = np.array([[1.0, 2.0, 3.0]])
    assert angle_between(a, 5.0 * a)[0] < 1e-15
    assert angle_between(a, -0.3 * a)[0] == pytest.approx(np.pi, rel=1e-15)
    assert angle_between(a, 0.0 * a)[0] == 0.0
    assert angle_between(np.array([[0.0, 0.0, 1.0]]), np.array([[1e-12, 0.0, 1.0]]))[0] == pytest.approx(1e-12)


def test_a_quantity_of_one_flavour_belongs_to_an_unlike_pair() -> None:
    events = random_events(5, channel="numu_nue_mu-e+")
    np.testing.assert_array_equal(of(events, "energy_mu"), events.minus[:, 0])
    np.testing.assert_array_equal(of(random_events(5, channel="nue_numu_e-mu+"), "energy_mu"), of(
        random_events(5, channel="nue_numu_e-mu+"), "energy_plus"))  # fmt: skip
    with pytest.raises(NotApplicableError, match="numu_numu_mu-mu\\+ has two leptons of that flavour"):
        of(random_events(5), "energy_mu")
    with pytest.raises(NotApplicableError, match="numu_numu_mu-mu\\+ has no lepton of that flavour"):
        of(random_events(5), "angle_e")


def test_an_unknown_quantity_has_near_matches() -> None:
    with pytest.raises(UnknownNameError, match="did you mean opening_angle"):
        quantity("opening_angel")


def test_no_events_have_no_quantities() -> None:
    events = random_events(3)[:0]
    for found in QUANTITIES.values():
        if found.flavour is None:
            assert found(events).shape == (0,)


def test_the_documentation_has_every_quantity_with_its_unit_and_meaning() -> None:
    page = Path(__file__).parents[2] / "docs" / "selections.md"
    lines = page.read_text(encoding="utf-8").splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| `")]
    listed = []
    for cells in rows:
        names = re.findall(r"`(\w+)`", cells[0])
        listed += names
        assert {QUANTITIES[name].unit for name in names} == {cells[1] if len(cells) == 3 else ""}
        if len(names) == 1:
            assert QUANTITIES[names[0]].meaning == cells[-1].strip("| ")
    assert sorted(listed) == sorted(QUANTITIES)
