"""Regions of figures: where edges end, what lies closer, what layers may say, and the words of the caption."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.path import Path as Outline
from numpy.typing import NDArray

from recast.errors import DocumentError, RecastError
from recast.figures import compute, draw, load_recipe, plot
from recast.figures.captions import caption_text
from recast.figures.drawing import COLOURS, LINES
from recast.figures.planes import PlaneData
from recast.figures.sampling import Intervals, cuts, refined

FloatArray = NDArray[np.float64]
MASS = np.geomspace(1e-3, 1e2, 60)
RECIPE = """
name: small
title: a plane
kind: plane
model: lmu_ltau
points: 60
x: {label: mass, unit: GeV, scale: log, range: [1.0e-2, 1.0e+2]}
y: {label: coupling, unit: dimensionless, scale: log, range: [1.0e-4, 1.0]}
layers:
%s
caption: "{convention}."
provenance:
  paper: "W. Altmannshofer et al., Phys. Rev. D 100 (2019) 115029"
  place: "Fig. 8"
  inspire: "Altmannshofer:2019zhy"
  bibtex: "@article{Altmannshofer:2019zhy, title = {Neutrino Tridents at DUNE}}"
"""
CCFR = "  - {measurement: ccfr, draw: excluded, colour: grey, name: CCFR}"


def recipe_file(folder: Path, *layers: str) -> Path:
    path = folder / "small.yaml"
    path.write_text(RECIPE % "\n".join(layers), encoding="utf-8")
    return path


def plane(folder: Path, *layers: str, expected: bool = False) -> PlaneData:
    data = compute(load_recipe(recipe_file(folder, *layers)), expected=expected)
    assert isinstance(data, PlaneData)
    return data


@given(st.floats(2e-3, 1.0), st.floats(1.5, 50.0))
@settings(max_examples=30, deadline=None)
def test_a_region_ends_where_the_measurement_does(low: float, width: float) -> None:
    def solve(masses: FloatArray) -> list[Intervals]:
        return [((0.01, math.inf),) if low <= m <= low * width else () for m in masses.tolist()]

    masses, intervals = refined(MASS, solve)
    left, right = cuts(masses, intervals)
    assert left.mass == pytest.approx(low, rel=1e-3)
    assert right.mass == pytest.approx(low * width, rel=1e-3)
    assert (left.low, left.high) == (right.low, right.high) == (0.01, math.inf)
    assert set(MASS) <= set(masses)


def test_a_smooth_edge_needs_no_masses_and_has_no_cut() -> None:
    def solve(masses: FloatArray) -> list[Intervals]:
        return [((1e-3 * math.sqrt(1.0 + m * m), math.inf),) for m in masses.tolist()]

    masses, intervals = refined(MASS, solve)
    np.testing.assert_array_equal(masses, MASS)
    assert cuts(masses, intervals) == ()


def test_a_steep_edge_is_followed() -> None:
    def edge(mass: float) -> float:
        return 1e-8 * math.exp(min(mass / 1e-2, 15.0))

    def solve(masses: FloatArray) -> list[Intervals]:
        return [((edge(m), math.inf),) for m in masses.tolist()]

    masses, intervals = refined(MASS, solve)
    steps = np.diff(np.log([low for ((low, _),) in intervals]))
    # Not by more than a factor of 1.35, where the edge is steeper than a cube.
    steep = steps > 3.0 * np.diff(np.log(masses))
    assert steep.any()
    assert np.max(steps[steep]) <= math.log(1.351)


def test_intervals_that_merge_leave_no_wall() -> None:
    """A gap that closes ends in a point, not in a line from there to infinity."""

    def solve(masses: FloatArray) -> list[Intervals]:
        return [((0.01, 0.1), (0.1 * (2.0 - m), math.inf)) if m < 1.0 else ((0.01, math.inf),) for m in masses.tolist()]

    found = cuts(*refined(MASS, solve))
    (cut,) = found
    assert cut.mass == pytest.approx(1.0, rel=1e-3)
    assert (cut.low, cut.high) == pytest.approx((0.1, 0.1), rel=1e-2)


def test_a_layer_has_its_own_confidence_level(tmp_path: Path) -> None:
    from recast.limits import limit

    data = plane(
        tmp_path,
        CCFR,
        "  - {measurement: dune_nd, draw: line, colour: blue, name: DUNE, confidence_level: 0.90}",
    )
    ccfr, dune = (region.bands[0][0] for region in data.regions)
    for band, name, level in ((ccfr, "ccfr", 0.95), (dune, "dune_nd", 0.90)):
        np.testing.assert_allclose(band.lower, limit("lmu_ltau", name, band.mass, confidence_level=level).coupling)
    assert "1.960σ): CCFR; 90% CL" in data.caption
    assert data.caption.endswith("1.645σ): DUNE.")


def test_one_and_two_degrees_of_freedom_are_different_regions(tmp_path: Path) -> None:
    one = "  - {combined: [ccfr, charm_ii], draw: excluded, colour: grey, name: fixed mass}"
    two = "  - {combined: [ccfr, charm_ii], draw: line, colour: blue, line: dashed, degrees_of_freedom: 2, name: plane}"
    data = plane(tmp_path, one, two)
    fixed, whole = data.regions
    assert not fixed.plane
    assert not whole.bands
    ((band,),) = fixed.bands
    # Both tails of a flat direction: a threshold of 5.991 instead of 3.841 excludes less.
    (edge,) = whole.edges
    limits = np.interp(np.log(edge[:, 0]), np.log(band.mass), np.log(band.lower))
    assert np.all(np.log(edge[:, 1]) > limits)
    assert np.all(np.log(edge[:, 1]) < limits + 0.5)
    assert "1 dof" in data.caption
    assert "2 dof" in data.caption
    assert "5.991" in data.caption


def test_points_of_the_plane_with_two_degrees_of_freedom_lie_on_the_threshold(tmp_path: Path) -> None:
    from recast.joint import Joint
    from recast.measurement import load_measurement
    from recast.model import load_model

    layer = "  - {combined: [ccfr, charm_ii], draw: line, colour: blue, degrees_of_freedom: 2}"
    (region,) = plane(tmp_path, layer).regions
    (edge,) = region.edges
    model = load_model("lmu_ltau")
    joint = Joint((load_measurement("ccfr"), load_measurement("charm_ii")))
    values = joint.minus_2_delta_ln_l(model(mass=edge[:, 0], coupling=edge[:, 1]))
    # The same height above the best fit all along, up to the steps of the plane.
    assert np.ptp(values) < 0.5
    assert any(Outline(outline.outer).contains_point((1.0, 0.5)) for outline in region.plane)
    assert not any(Outline(outline.outer).contains_point((1.0, 2e-4)) for outline in region.plane)


def test_expected_limits_are_drawn_beside_the_observed_ones(tmp_path: Path) -> None:
    from recast.limits import limit

    layers = (
        CCFR,
        "  - {measurement: dune_nd, draw: line, colour: blue}",
        "  - {measurement: muon_g2, draw: favoured, colour: green, sigmas: [1]}",
    )
    data = plane(tmp_path, *layers, expected=True)
    # A projection is expected already, and a preferred band is no limit.
    (region,) = data.expected
    ((band,),) = region.bands
    np.testing.assert_allclose(band.lower, limit("lmu_ltau", "ccfr", band.mass, expected=True).coupling)
    assert "expected limits, with the data at the Standard Model prediction (CCFR)" in data.caption
    assert "expected" not in plane(tmp_path, *layers).caption
    (axes,) = draw(data).axes
    grey = [line for line in axes.lines if line.get_color() == COLOURS["grey"] and np.isfinite(line.get_ydata()).any()]
    assert len(grey) == 2
    assert [line.is_dashed() for line in grey] == [False, True]


def test_expected_limits_need_limits(tmp_path: Path) -> None:
    with pytest.raises(RecastError, match="altmannshofer2019_fig4.*shows no limits"):
        plot("altmannshofer2019_fig4", tmp_path / "flux.png", expected=True)


@pytest.mark.parametrize("name", ["altmannshofer2019_fig7", "altmannshofer2014_fig4"])
def test_other_figures_with_limits_have_expected_ones(name: str) -> None:
    data = compute(load_recipe(name), expected=True)
    assert len(data.expected) == 1
    assert "expected limits" in data.caption
    assert "expected" not in compute(load_recipe(name)).caption


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("{draw: line, colour: blue}", "either one measurement or several"),
        ("{measurement: ccfr, combined: [ccfr, charm_ii], draw: line, colour: blue}", "either one measurement"),
        ("{combined: [ccfr], draw: line, colour: blue}", "at least two"),
        ("{measurement: ccfr, draw: line, colour: blue, degrees_of_freedom: 2}", "belongs to combined"),
        ("{measurement: ccfr, draw: line, colour: blue, degrees_of_freedom: 3}", "degrees_of_freedom"),
        ("{measurement: ccfr, draw: line, colour: blue, degrees_of_freedom: true}", "should be a number"),
        ("{measurement: ccfr, draw: line, colour: blue, confidence_level: 95}", "confidence_level.*less than 1"),
        ("{measurement: ccfr, draw: line, colour: blue, hatch: rising}", "a hatch needs a region"),
        ("{measurement: ccfr, draw: favoured, sigmas: [1], colour: blue, confidence_level: 0.9}", "instead of"),
        ("{measurement: ccfr, draw: favoured, sigmas: [1], colour: blue, cls: true}", "two sides"),
        (
            "{combined: [ccfr, charm_ii], draw: line, colour: blue, degrees_of_freedom: 2, one_sided: true}",
            "leave out one_sided",
        ),
        (
            "{combined: [ccfr, charm_ii], draw: line, colour: blue}\n"  # noqa: ISC004
            "  - {combined: [ccfr, nutev], draw: line, colour: grey, degrees_of_freedom: 2}",
            "must differ in draw or line",
        ),
    ],
)
def test_faults_of_a_layer_are_one_sentence(tmp_path: Path, layer: str, message: str) -> None:
    with pytest.raises(DocumentError, match=rf"small\.yaml(?s:.*){message}"):
        load_recipe(recipe_file(tmp_path, f"  - {layer}"))


def test_captions_group_limits_by_their_convention() -> None:
    words = [("CCFR", "95% CL"), ("BaBar", "90% CL"), ("Borexino", "95% CL")]
    assert caption_text("Limits: {convention}.", words) == "Limits: 95% CL: CCFR, Borexino; 90% CL: BaBar."
    assert caption_text("Limits: {convention}.", words[:1]) == "Limits: 95% CL."
    text = caption_text("x.", (), expected=["CCFR"], not_expected=["BaBar", "LHC"])
    assert text.endswith("No expected limit for BaBar, LHC: only the observed curve is published.")


def test_line_styles_are_told_apart() -> None:
    assert len({str(pattern) for pattern in LINES.values()}) == len(LINES)


def test_a_guide_marks_a_ratio_of_mass_and_coupling(tmp_path: Path) -> None:
    path = recipe_file(tmp_path, CCFR)
    path.write_text(path.read_text() + "guides: [{mass_over_coupling: 750.0, colour: wine}]\n", encoding="utf-8")
    (axes,) = draw(compute(load_recipe(path))).axes
    (line,) = [line for line in axes.lines if line.get_color() == COLOURS["wine"]]
    np.testing.assert_allclose(np.divide(line.get_xdata(), line.get_ydata()), 750.0)


def test_the_command_draws_expected_limits(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from recast.cli.main import main

    path = recipe_file(tmp_path, CCFR)
    out = [tmp_path / "with.svg", tmp_path / "without.svg"]
    for file, option in zip(out, (["--expected"], []), strict=True):
        result = CliRunner().invoke(main, ["plot", str(path), "-o", str(file), *option])
        assert result.exit_code == 0, result.output
    assert len(out[0].read_bytes()) > len(out[1].read_bytes())
    # Refused before anything is written.
    result = CliRunner().invoke(
        main, ["plot", "altmannshofer2019_fig4", "-o", str(tmp_path / "flux.png"), "--expected"]
    )
    assert result.exit_code != 0
    assert not (tmp_path / "flux.png").exists()
