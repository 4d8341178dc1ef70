"""Figures of generated events: what they show is what the events are, and what the selections keep."""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from recast.errors import DocumentError, NotApplicableError, RecastError
from recast.events.events import Events
from recast.events.generator import EventGenerator
from recast.events.quantities import quantity
from recast.events.selection import load_selection
from recast.figures import compute, draw, load_recipe
from recast.figures.cut_flow import CutFlowData
from recast.figures.distributions import DistributionData, _histogram
from recast.figures.event_recipes import SampleRecipe
from recast.figures.event_samples import sampled
from recast.kit import check_file
from recast.model import load_model

# Enough to see a wrong weight, and fast.
FEW = 40_000


def recipe_file(folder: Path, name: str, *changes: tuple[str, str]) -> Path:
    """Write a shipped recipe with few events and other changes."""
    text = (files("recast.plots") / f"{name}.yaml").read_text(encoding="utf-8").replace("events: 400_000\n", "")
    text = text.replace("flux: dune_nd_standard_fhc\n", f"flux: dune_nd_standard_fhc\nevents: {FEW}\n")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@cache
def distributions() -> DistributionData:
    recipe = load_recipe("altmannshofer2019_fig5").model_copy(update={"events": FEW})
    data = compute(recipe)
    assert isinstance(data, DistributionData)
    return data


@cache
def samples() -> tuple[Events, ...]:
    """The events of both figures, which have the same sample."""
    recipe = load_recipe("dune_cut_flow").model_copy(update={"events": FEW})
    assert isinstance(recipe, SampleRecipe)
    return sampled(recipe)


@cache
def cut_flow() -> CutFlowData:
    data = compute(load_recipe("dune_cut_flow").model_copy(update={"events": FEW}))
    assert isinstance(data, CutFlowData)
    return data


def test_every_curve_has_the_cross_section_of_its_component() -> None:
    recipe = cut_flow().recipe
    assert recipe.boson is not None
    interaction = load_model(recipe.boson.model)(mass=recipe.boson.mass, coupling=recipe.boson.coupling)
    for curve, events in zip(recipe.curves, samples(), strict=True):
        assert set(events.coherent) == {curve.component == "coherent"}
        exact = EventGenerator(
            recipe.channel,
            recipe.target,
            recipe.flux,
            component=curve.component,
            interaction=interaction if curve.boson else None,
        ).cross_section
        error = math.sqrt(events.weight @ events.weight) / FEW
        assert events.weight.sum() / FEW == pytest.approx(exact, abs=4.0 * error)


def test_histograms_are_shares_of_all_events() -> None:
    """What lies outside of an axis is missing under the curve and counts in the norm."""
    data = distributions()
    for item in data.panels:
        log = item.panel.x.scale == "log"
        width = np.diff(np.log(item.edges) if log else item.edges)
        assert item.edges[[0, -1]] == pytest.approx(item.panel.x.range)
        for density, error in zip(item.density, item.error, strict=True):
            assert 0.8 < density @ width <= 1.0 + 1e-12
            assert (density >= 0.0).all()
            peak = int(np.argmax(density))
            assert 0.0 < error[peak] < 0.2 * density[peak]
            assert (error[density > 0.0] > 0.0).all()


def test_a_histogram_counts_the_events() -> None:
    sample = samples()[3]
    item = distributions().panels[1]
    value = quantity("invariant_mass")(sample)
    for low, high, density in zip(item.edges[:-1], item.edges[1:], item.density[3], strict=True):
        inside = (value >= low) & (value < high)
        assert density * (high - low) == pytest.approx(sample.weight[inside].sum() / sample.weight.sum(), rel=1e-9)


def test_the_statistical_error_is_that_of_parts_of_the_sample() -> None:
    """How much the bins of many parts differ, against the error that each part states."""
    item, sample = distributions().panels[1], samples()[2]
    parts = np.array_split(np.arange(len(sample)), 40)
    found = [_histogram(item.panel, item.edges, sample[part]) for part in parts]
    densities, errors = (np.array(part) for part in zip(*found, strict=True))
    bins = densities.mean(axis=0) > 0.5
    ratio = densities.std(axis=0, ddof=1)[bins] / errors.mean(axis=0)[bins]
    assert ratio.mean() == pytest.approx(1.0, abs=0.1)


def test_nucleons_recoil_and_open_the_pair_and_the_boson_softens_it() -> None:
    def mean(panel: int, curve: int) -> float:
        item = distributions().panels[panel]
        middle = np.sqrt(item.edges[1:] * item.edges[:-1])
        share = item.density[curve] * np.diff(np.log(item.edges) if item.panel.x.scale == "log" else item.edges)
        return float(share @ middle / share.sum())

    angle, mass, lower, higher = range(4)
    coherent, incoherent, coherent_boson, incoherent_boson = range(4)
    assert mean(angle, incoherent) > 2.0 * mean(angle, coherent)
    assert mean(mass, incoherent) > mean(mass, coherent)
    for with_boson, without in ((coherent_boson, coherent), (incoherent_boson, incoherent)):
        assert mean(mass, with_boson) < mean(mass, without)
        assert mean(lower, with_boson) < mean(lower, without) < mean(higher, without)


def test_cuts_are_marked_where_the_selection_has_them() -> None:
    data = distributions()
    cuts = {item.panel.quantity: item.cuts for item in data.panels}
    assert cuts["opening_angle"] == pytest.approx((0.00872665, 0.09))
    assert cuts["kinetic_energy_lower"] == pytest.approx((0.1, 0.849))
    assert cuts["invariant_mass"] == ()
    axes = draw(data).axes[0]
    drawn = {float(np.ravel(line.get_xdata())[0]) for line in axes.lines if line.get_linestyle() == ":"}
    assert drawn == {0.00872665, 0.09}


def test_curves_are_drawn_as_they_were_computed() -> None:
    data = distributions()
    for axes, item in zip(draw(data).axes, data.panels, strict=True):
        drawn = [line for line in axes.lines if line.get_drawstyle() == "steps-pre"]
        assert len(drawn) == 4
        for line, density in zip(drawn, item.density, strict=True):
            np.testing.assert_array_equal(np.asarray(line.get_ydata())[1:], density)
            np.testing.assert_array_equal(line.get_xdata(), item.edges)


def test_the_cut_flow_falls_and_ends_with_what_the_selection_passes() -> None:
    data = cut_flow()
    assert (data.fractions[:, 0] == 1.0).all()
    assert (np.diff(data.fractions) <= 0.0).all()
    selection = load_selection("dune_nd_1902_06765")
    for events, flow in zip(samples(), data.flows, strict=True):
        assert [row.cut for row in flow] == [str(cut) for cut in selection.cuts]
        passed = events.weight[selection.passes(events)].sum() / events.weight.sum()
        assert flow[-1].fraction == pytest.approx(passed, rel=1e-12)


@pytest.mark.parametrize(
    ("curve", "fractions", "narrow"),
    [
        (0, (0.965, 0.957, 0.319, 0.254), 0.328),
        (1, (0.892, 0.891, 0.072, 0.057), 0.074),
        (2, (0.960, 0.952, 0.294, 0.221), 0.303),
        (3, (0.884, 0.883, 0.071, 0.054), 0.073),
    ],
)
def test_the_fractions_are_those_of_the_documentation(curve: int, fractions: tuple[float, ...], narrow: float) -> None:
    """As in docs/measurements/dune.md."""
    flow = cut_flow().flows[curve]
    for row, expected in zip(flow, fractions, strict=True):
        assert row.fraction == pytest.approx(expected, abs=4.0 * row.error + 0.001)
    assert flow[2].alone == pytest.approx(narrow, abs=4.0 * flow[2].error + 0.001)


def test_what_is_published_lies_below_the_truth_by_the_same_factor() -> None:
    """The place of the vertex, a quarter, and little else: coherent and incoherent events lose the same."""
    data = cut_flow()
    published = {mark.colour: mark.fraction for mark in data.recipe.published}
    lost = [
        published[curve.colour] / fraction[-1]
        for curve, fraction in zip(data.recipe.curves, data.fractions, strict=True)
        if not curve.boson
    ]
    assert all(0.15 < ratio < 0.25 for ratio in lost)
    assert lost[0] == pytest.approx(lost[1], rel=0.15)


def test_the_staircase_and_its_marks_are_drawn() -> None:
    data = cut_flow()
    (axes,) = draw(data).axes
    for patch, fraction in zip(axes.patches, data.fractions, strict=True):
        np.testing.assert_array_equal(patch.get_data().values, fraction)  # type: ignore[attr-defined]
    marks = sorted(float(np.ravel(line.get_ydata())[0]) for line in axes.lines if line.get_marker() == "D")
    assert marks == pytest.approx([0.80 / 72.0, 8.7 / 172.0])
    assert [text.get_text() for text in axes.get_xticklabels()] == list(data.recipe.steps)


def test_the_selection_is_cited() -> None:
    keys = {source.inspire for source in load_recipe("dune_cut_flow").citations}
    assert {"Altmannshofer:2019zhy", "Groom:2001kq", "He:1991qd"} <= keys


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("altmannshofer2019_fig5", "quantity: opening_angle", "quantity: opening_angel", "did you mean opening_angle?"),
        ("altmannshofer2019_fig5", "boson: {model", "boson: {modle", "model"),
        (
            "altmannshofer2019_fig5",
            "boson: {model: lmu_ltau, mass: 0.010, coupling: 5.0e-4}",
            "",
            "belongs to a figure",
        ),
        ("altmannshofer2019_fig5", ", boson: true", "", "belongs to a figure with curves"),
        ("altmannshofer2019_fig5", f"events: {FEW}", "events: 2_000_000", "1000000"),
        ("dune_cut_flow", "step: 4", "step: 5", "there are 4 cuts"),
    ],
)
def test_recipes_that_cannot_be_drawn_are_refused(tmp_path: Path, name: str, old: str, new: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        load_recipe(recipe_file(tmp_path, name, (old, new)))


def test_a_quantity_that_the_pair_has_not_is_refused_before_events_are_made(tmp_path: Path) -> None:
    path = recipe_file(tmp_path, "altmannshofer2019_fig5", ("quantity: opening_angle", "quantity: energy_e"))
    with pytest.raises(NotApplicableError, match="no lepton of that flavour"):
        compute(load_recipe(path))


def test_one_text_for_each_cut(tmp_path: Path) -> None:
    path = recipe_file(tmp_path, "dune_cut_flow", ('  - "all"\n', ""), ("step: 4", "step: 3"))
    with pytest.raises(RecastError, match="has 4 steps and selection 'dune_nd_1902_06765' 4 cuts"):
        compute(load_recipe(path))
    (fault,) = check_file(path).faults
    assert fault.key == "selection"
    unknown = recipe_file(tmp_path, "dune_cut_flow", ("selection: dune_nd_1902_06765", "selection: dune_nd_1902_0676"))
    (fault,) = check_file(unknown).faults
    assert "did you mean dune_nd_1902_06765?" in fault.message
    assert fault.line is not None
