"""Trident cross sections against other calculations: numbers in the CSV files beside this module."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from recast.channels import Channel
from recast.constants import DEFAULT_INPUTS, ElectroweakInputs
from recast.couplings import sm_couplings
from recast.flux import load_flux
from recast.spectrum import cross_sections, load_spectrum

HERE = Path(__file__).parent
GENERATOR_INPUTS = ElectroweakInputs(sin2_theta_w=0.23119)
NUCLEONS = {"proton": 18, "neutron": 22}  # in argon
DIMUONS = "numu_numu_mu-mu+"


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


GENERATOR = rows("trident_generator_1902_06765.csv")


@lru_cache
def dune_flux(name: str):
    return load_flux(name, neutrino="numu")


def ours(row: dict[str, str], form_factor: str | None = None) -> float:
    """The cross section of a row of the generator's table, in fb."""
    channel = Channel.parse(row["channel"])
    flux = dune_flux(row["flux"]) if row["flux"] else float(row["energy"])
    target = row["target"]
    component = target if target in NUCLEONS else "coherent"
    spectrum = load_spectrum(channel, "Ar40", flux, component=component, form_factor=form_factor,
                             inputs=GENERATOR_INPUTS)  # fmt: skip
    sigma = float(spectrum.cross_section(*sm_couplings(channel, GENERATOR_INPUTS)))
    return sigma / NUCLEONS.get(target, 1)


def label(row: dict[str, str]) -> str:
    return "-".join([row["channel"], row["target"], row["flux"] or row["energy"]])


@pytest.mark.parametrize("row", GENERATOR, ids=label)
def test_generator(row):
    """Every row within 3% (argon's form factor) and the generator's statistical error."""
    published, error = float(row["cross_section"]), float(row["error"])
    assert abs(ours(row) - published) < 0.03 * published + error


@pytest.mark.parametrize(
    "row", [r for r in GENERATOR if r["channel"] == DIMUONS and r["target"] == "Ar" and not r["flux"]], ids=label
)
def test_generator_lies_between_two_argon_densities(row):
    """Two measured charge densities bracket its argon: Fourier-Bessel above, three-parameter Fermi below."""
    published, error = float(row["cross_section"]), float(row["error"])
    assert ours(row, "fermi3") - 3 * error < published < ours(row)
    assert ours(row, "fermi3") > 0.988 * published


@pytest.mark.parametrize(("component", "tolerance"), [("coherent", 0.01), ("proton", 0.05), ("neutron", 0.1)])
def test_curves_of_figure_3(component, tolerance):
    """The drawn coherent curve agrees to the width of its line; the nucleons of that version were revised later."""
    curve = [row for row in rows("trident_fig3_1902_06765.csv") if row["component"] == component]
    energy = np.array([float(row["energy"]) for row in curve])
    inside = energy < 210  # the frame cuts the last points
    energy = energy[inside]
    drawn = np.array([float(row["cross_section"]) for row in curve])[inside]
    gv, ga = sm_couplings(Channel.parse(DIMUONS), DEFAULT_INPUTS)
    vv, aa, va = cross_sections(DIMUONS, "Ar40", energy, component=component).T
    ratio = (vv * gv**2 + aa * ga**2 + va * gv * ga) / drawn
    assert np.abs(ratio - 1).max() < tolerance


@pytest.mark.parametrize("row", rows("trident_proton_2406_20067.csv"), ids=lambda row: row["energy"])
def test_revised_protons(row):
    gv, ga = sm_couplings(Channel.parse(DIMUONS), DEFAULT_INPUTS)
    spectrum = load_spectrum(DIMUONS, "Ar40", float(row["energy"]), component="proton")
    assert float(spectrum.cross_section(gv, ga)) / NUCLEONS["proton"] == pytest.approx(
        float(row["cross_section"]), rel=5e-3
    )
