"""Planes of several models side by side: which layers a panel has, where they lie, and what the caption says."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from recast.errors import DocumentError, RecastError
from recast.figures import compute, draw, load_recipe
from recast.figures.model_planes import ModelPlanesData
from recast.figures.planes import PlaneData

RECIPE = """
name: small
title: two models
kind: model_planes
points: 20
columns: 2
x: {label: mass, unit: GeV, scale: log, range: [1.0e-2, 1.0]}
y: {label: coupling, unit: dimensionless, scale: log, range: [1.0e-6, 1.0]}
panels:
  - {title: one, model: lmu_ltau}
  - {title: other, model: le_ltau, labels: [{text: here, at: [0.1, 0.1]}]}
layers:
%s
caption: "Limits: {convention}."
provenance:
  paper: "P. Ilten, Y. Soreq, M. Williams, W. Xue, JHEP 06 (2018) 004"
  place: "how limits are recast"
  inspire: "Ilten:2018crw"
  bibtex: "@article{Ilten:2018crw, title = {Serendipity}}"
"""
CCFR = "  - {measurement: ccfr, name: CCFR, draw: excluded, colour: grey}"
BABAR = "  - {measurement: babar_4mu, name: pairs, draw: excluded, colour: blue, width: 0.5}"
A1 = "  - {measurement: a1, name: pairs, draw: excluded, colour: blue, width: 0.5}"
NA64MU = "  - {measurement: na64mu, name: NA64, draw: excluded, colour: sky}"
BOREXINO = "  - {measurement: borexino, name: Borexino, draw: line, colour: orange}"


def small(folder: Path, *layers: str, expected: bool = False) -> ModelPlanesData:
    path = folder / "small.yaml"
    path.write_text(RECIPE % "\n".join(layers), encoding="utf-8")
    data = compute(load_recipe(path), expected=expected)
    assert isinstance(data, ModelPlanesData)
    return data


@cache
def shipped() -> ModelPlanesData:
    data = compute(load_recipe("u1_models"))
    assert isinstance(data, ModelPlanesData)
    return data


def plane(model: str) -> PlaneData:
    (item,) = (item for item in shipped().panels if item.panel.model == model)
    return item.plane


def excludes(model: str, title: str, mass: float, coupling: float) -> bool:
    for region in (region for region in plane(model).regions if region.layer.title == title):
        for band in (band for bands in region.bands for band in bands if band.mass[0] <= mass <= band.mass[-1]):
            with np.errstate(divide="ignore"):
                low, high = (np.interp(math.log(mass), np.log(band.mass), np.log(e)) for e in (band.lower, band.upper))
            if low < math.log(coupling) < high:
                return True
    return False


def test_what_does_not_apply_is_left_out_and_named(tmp_path: Path) -> None:
    data = small(tmp_path, CCFR, NA64MU, BOREXINO)
    one, other = data.panels
    assert [region.layer.title for region in one.plane.regions] == ["CCFR", "NA64", "Borexino"]
    assert one.silent == ()
    # Nothing couples to muons there: one search is not possible, another sees the Standard Model.
    assert "NA64" not in [region.layer.title for region in other.plane.regions]
    assert other.silent == ("CCFR", "NA64")
    assert data.caption.endswith("Without a limit here: other: CCFR, NA64.")


def test_of_a_title_that_is_shown_in_part_the_rest_is_named(tmp_path: Path) -> None:
    other = small(tmp_path, BABAR, A1).panels[1]
    assert other.silent == ("pairs (babar_4mu)",)


def test_panels_are_the_planes_of_their_models(tmp_path: Path) -> None:
    from recast.limits import limit

    data = small(tmp_path, BOREXINO)
    for item in data.panels:
        ((band,),) = item.plane.regions[0].bands
        found = limit(item.panel.model, "borexino", band.mass, confidence_level=0.95)
        np.testing.assert_allclose(band.lower, found.coupling)
    assert data.caption.count("95% CL") == 1


def test_regions_of_one_title_have_one_edge(tmp_path: Path) -> None:
    axes = draw(small(tmp_path, BABAR, A1, NA64MU)).axes[0]
    fills = sorted(collection.get_zorder() for collection in axes.collections)
    edges = sorted({line.get_zorder() for line in axes.lines})
    # Below the fills of both that share a title; above that of the one alone.
    assert edges[0] < fills[0]
    assert edges[-1] > fills[-1]


def test_a_model_to_which_nothing_applies_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecastError, match="no layer of figure 'small' applies to model 'le_ltau'"):
        small(tmp_path, NA64MU)


def test_labels_belong_to_panels(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="labels belong to panels"):
        small(tmp_path, CCFR.replace("}", ", labels: [{text: a, at: [1.0, 1.0]}]}"))


def test_expected_limits_are_asked_of_every_panel(tmp_path: Path) -> None:
    data = small(tmp_path, BOREXINO, NA64MU, expected=True)
    assert [len(item.plane.expected) for item in data.panels] == [1, 1]
    assert "No expected limit for NA64: only" in data.caption


def test_what_neutrinos_say_needs_neutrinos_that_couple() -> None:
    silent = {item.panel.model: item.silent for item in shipped().panels}
    assert {"white dwarfs", "tridents at CCFR", "invisible decays"} <= set(silent["dark_photon"])
    assert "muon $g-2$" in silent["le_ltau"]
    assert "muon $g-2$" not in silent["le_lmu"]


@pytest.mark.parametrize(
    ("model", "title", "inside", "outside"),
    [
        ("dark_photon", "pairs behind shields", [(0.01, 1e-6), (0.3, 1e-7)], [(0.01, 5e-3), (0.9, 1e-7)]),
        ("dark_photon", "pairs of leptons or hadrons", [(0.1, 2e-3), (5.0, 5e-3)], [(0.1, 1e-4), (5.0, 1e-4)]),
        # A boson of L_mu-L_tau decays to neutrinos: only few e+ e- are left, of a light one.
        ("lmu_ltau", "pairs behind shields", [(3e-3, 5e-6)], [(0.05, 1e-6), (3e-3, 1e-7)]),
        ("lmu_ltau", "muon $g-2$", [(1e-2, 1e-3)], [(1e-2, 1e-4)]),
        ("le_lmu", "pairs behind shields", [(0.01, 1e-6)], [(0.01, 1e-3)]),
        ("b_minus_3lmu", "invisible decays", [(0.01, 1e-3)], [(0.01, 1e-5)]),
    ],
)
def test_regions_of_the_shipped_figure(
    model: str, title: str, inside: list[tuple[float, float]], outside: list[tuple[float, float]]
) -> None:
    for mass, coupling in inside:
        assert excludes(model, title, mass, coupling)
    for mass, coupling in outside:
        assert not excludes(model, title, mass, coupling)


def test_a_lepton_charge_excludes_like_the_mixing_that_makes_it() -> None:
    """Prompt pairs with the same coupling to electrons and branching ratio: g' = e epsilon (2 / BR)^(1/2)."""
    from recast.limits import limit

    mass = np.array([0.06, 0.1, 0.2])  # below two muons: half of the decays are to electrons
    dark, gauged = (limit(model, "a1", mass, confidence_level=0.90).coupling for model in ("dark_photon", "le_lmu"))
    e = math.sqrt(4.0 * math.pi / 137.036)
    np.testing.assert_allclose(gauged, dark * e * math.sqrt(2.0), rtol=1e-4)
