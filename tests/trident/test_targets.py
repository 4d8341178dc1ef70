"""Targets: names, compounds, weights."""

from __future__ import annotations

import pytest

from recast.errors import UnknownNameError
from recast.trident.targets import load_target, nuclei


def test_isotope_and_element_are_the_same_target():
    assert load_target("Ar") == load_target("Ar40")


def test_argon():
    ((argon, number),) = load_target("Ar40").constituents
    assert (argon.protons, argon.neutrons, number) == (18, 22, 1)
    assert argon.mass == pytest.approx(37.2155, abs=1e-3)  # GeV
    assert load_target("Ar40").atomic_weight == pytest.approx(39.95)


def test_glass():
    glass = load_target("SiO2")
    assert [(n.name, k) for n, k in glass.constituents] == [("Si28", 1), ("O16", 2)]
    assert glass.atomic_weight == pytest.approx(60.08, abs=0.01)


def test_masses_are_near_the_mass_number():
    for nucleus in nuclei().values():
        assert nucleus.mass == pytest.approx(0.9315 * nucleus.nucleons, rel=2e-3)


@pytest.mark.parametrize("name", ["Ar41", "Unobtainium", "SiO2x", "SiO0", "SiO9999", "", "ar40"])
def test_unknown(name):
    with pytest.raises(UnknownNameError, match="unknown target"):
        load_target(name)


def test_near_match():
    with pytest.raises(UnknownNameError, match="did you mean Fe56"):
        load_target("Fe65")
