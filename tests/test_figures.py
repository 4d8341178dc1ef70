"""Figures: recipes load, what is drawn is what was computed, files are written as asked."""

from __future__ import annotations

import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline

import recast.plots
from recast.errors import DocumentError, OutputExistsError, RecastError, UnknownNameError
from recast.figures import compute, draw, load_recipe, plot
from recast.figures.captions import tidy_convention, wrapped
from recast.figures.drawing import COLOURS, styled
from recast.figures.output import output_paths

NAMES = sorted(path.stem for path in Path(recast.plots.__path__[0]).glob("*.yaml"))
PAPER_FIGURES = {
    "altmannshofer2014_fig2",
    "altmannshofer2014_fig3",
    "altmannshofer2014_fig4",
    "altmannshofer2019_fig3",
    "altmannshofer2019_fig4",
    "altmannshofer2019_fig7",
    "altmannshofer2019_fig8",
    "altmannshofer2019_fig9",
    "altmannshofer2019_fig10",
}
# A plane that needs few masses.
PLANE = """
name: small
title: a plane
kind: plane
model: lmu_ltau
points: 7
x: {label: mass, unit: GeV, scale: log, range: [1.0e-2, 1.0e+2]}
y: {label: coupling, unit: dimensionless, scale: log, range: [1.0e-4, 1.0]}
layers:
  - {measurement: ccfr, draw: excluded, colour: grey}
  - {measurement: muon_g2, draw: favoured, colour: green, sigmas: [1, 2]}
  - {measurement: dune_nd, draw: line, colour: blue, line: dashed}
caption: "{convention}."
provenance:
  paper: "W. Altmannshofer et al., Phys. Rev. D 100 (2019) 115029"
  place: "Fig. 8"
  inspire: "Altmannshofer:2019zhy"
  bibtex: "@article{Altmannshofer:2019zhy, title = {Neutrino Tridents at DUNE}}"
"""
MASS = np.geomspace(1e-2, 1e2, 7)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(PLANE, encoding="utf-8")
    return path


OTHER_FIGURES = {"dune_accuracy", "lmu_ltau_combined", "pospelov_lmutau_summary", "today"}


def test_every_figure_is_there() -> None:
    assert set(NAMES) >= PAPER_FIGURES | OTHER_FIGURES


@pytest.mark.parametrize("name", NAMES)
def test_recipes_load_and_say_where_they_come_from(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert recipe.title
    assert recipe.caption
    if name in PAPER_FIGURES:
        assert re.fullmatch(r"Fig\. \d+", recipe.provenance.place)
    keys = [source.inspire for source in recipe.citations]
    assert keys[0] == recipe.provenance.inspire
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_is_drawn_with_units_and_a_caption(name: str) -> None:
    data = compute(load_recipe(name))
    figure = draw(data)
    labels = [text for axes in figure.axes for text in (axes.get_xlabel(), axes.get_ylabel()) if text]
    assert labels
    assert all(re.search(r"\[.+\]$", label) for label in labels)
    caption = " ".join(line.get_text() for line in figure.texts)
    assert "{" not in re.sub(r"\$[^$]*\$", "", caption)
    figure.canvas.draw()
    width = figure.get_window_extent().width
    for text in (*figure.texts, *(text for axes in figure.axes for text in axes.texts)):
        box = text.get_window_extent()
        assert 0.0 <= box.x0 < box.x1 <= width
        assert 0.0 <= box.y0 < box.y1 <= figure.get_window_extent().height


def test_citations_of_a_figure_name_what_it_draws() -> None:
    keys = {source.inspire for source in load_recipe("altmannshofer2019_fig8").citations}
    assert "Altmannshofer:2019zhy" in keys
    assert len(keys) > 1


def test_lines_and_regions_carry_the_limits(small: Path) -> None:
    from recast.limits import limit

    (axes,) = draw(compute(load_recipe(small))).axes
    lines = {line.get_color(): line for line in axes.lines if np.isfinite(line.get_ydata()).any()}
    for colour, measurement in (("grey", "ccfr"), ("blue", "dune_nd")):
        line = lines[COLOURS[colour]]
        np.testing.assert_allclose(line.get_xdata(), MASS)
        np.testing.assert_allclose(line.get_ydata(), limit("lmu_ltau", measurement, MASS).coupling)
    polygons = [c for c in axes.collections if isinstance(c, PolyCollection)]
    assert len(polygons) == 3  # CCFR, two widths of the band
    vertices = polygons[0].get_paths()[0].vertices
    for mass, coupling in zip(MASS, limit("lmu_ltau", "ccfr", MASS).coupling, strict=True):
        assert np.min(np.hypot(*(vertices / [mass, coupling] - 1.0).T)) < 1e-12


def test_favoured_band_is_the_measured_interval(small: Path) -> None:
    from recast.measurement import load_measurement
    from recast.model import load_model

    data = compute(load_recipe(small))
    model, measurement = load_model("lmu_ltau"), load_measurement("muon_g2")
    wide, narrow = data.regions[1].bands
    for (band,), sigmas in ((wide, 2.0), (narrow, 1.0)):
        for edge in (band.lower, band.upper):
            statistic = measurement.minus_2_delta_ln_l(model(mass=band.mass, coupling=edge))
            np.testing.assert_allclose(statistic, sigmas**2, rtol=1e-9)


def test_caption_states_the_convention_once(small: Path) -> None:
    caption = compute(load_recipe(small)).caption
    assert caption.count("95% CL, two-sided, 1 dof") == 1
    assert "1.960" in caption


def is_filled(path: Outline, point: tuple[float, float]) -> bool:
    """Whether a point is inside an outline and not in a hole of it."""
    rings = [Outline(ring) for ring in path.to_polygons()]
    return sum(ring.contains_point(point) for ring in rings) % 2 == 1


def test_contact_plane_excludes_from_both_sides_but_not_the_standard_model() -> None:
    figure = draw(compute(load_recipe("altmannshofer2019_fig7")))
    (axes,) = figure.axes
    patches = [patch for patch in axes.patches if isinstance(patch, PathPatch)]
    grey = [p.get_path() for p in patches if p.get_hatch() is None]
    hatched = [p.get_path() for p in patches if p.get_hatch()]
    assert len(grey) == len(hatched) == 2
    for paths in (grey, hatched):
        # Couplings of no trident at all, and of far too many.
        assert any(is_filled(path, (-1.925, 1.0)) for path in paths)
        assert not any(is_filled(path, (0.0, 0.0)) for path in paths)
    dashed = [line for line in axes.lines if line.get_color() == COLOURS["vermillion"]]
    assert len(dashed) == 2


def test_contact_contours_lie_on_the_threshold() -> None:
    from recast.measurement import load_measurement
    from recast.model import load_model

    data = compute(load_recipe("altmannshofer2019_fig7"))
    model = load_model("contact")
    for layer in data.layers:
        measurement = load_measurement(layer.layer.measurement)
        for edge in layer.edges:
            prediction = measurement.prediction(model(dgv=edge[:, 0], dga=edge[:, 1]))
            distance = np.abs(prediction - measurement.data)
            np.testing.assert_allclose(distance, np.median(distance), rtol=1e-3)


def test_cross_sections_fall_with_the_threshold_and_the_component() -> None:
    data = compute(load_recipe("altmannshofer2019_fig3"))
    assert len(data.panels) == 6
    at = int(np.searchsorted(data.energy, 20.0))
    for panel in data.panels:
        coherent, proton, neutron = (panel.cross_section[c][at] for c in ("coherent", "proton", "neutron"))
        assert coherent > proton > 3.0 * neutron > 0.0


def test_fluxes_are_normalised() -> None:
    data = compute(load_recipe("altmannshofer2019_fig4"))
    for panel in data.panels:
        for item in panel:
            assert 0.8 < np.trapezoid(item.density, data.energy) <= 1.001


def test_event_numbers_follow_the_edges_of_the_regions() -> None:
    data = compute(load_recipe("altmannshofer2014_fig4"))
    ccfr = next(
        bands for region, bands in zip(data.regions, data.events, strict=True) if region.layer.measurement == "ccfr"
    )
    ((band,),) = ccfr
    assert np.isinf(band.upper).all()
    assert (band.lower > data.standard_model).all()
    assert 0.01 < data.standard_model < 10.0


def test_form_factors_begin_at_one() -> None:
    for panel in compute(load_recipe("altmannshofer2019_fig9")).panels:
        for values in panel:
            assert values[0] == pytest.approx(1.0, abs=1e-9)
    proton, neutron = compute(load_recipe("altmannshofer2019_fig10")).panels
    assert proton["electric"][0] == pytest.approx(1.0)
    assert neutron["electric"][0] == 0.0
    assert proton["magnetic"][0] == pytest.approx(2.793)
    assert neutron["magnetic"][0] == pytest.approx(-1.913)


@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("svg", b"<?xml")])
def test_suffix_picks_the_format(small: Path, tmp_path: Path, suffix: str, magic: bytes) -> None:
    out = tmp_path / f"figure.{suffix}"
    assert plot(small, out) == [out]
    assert out.read_bytes().startswith(magic)


def test_directory_gets_all_three_and_needs_force_the_second_time(small: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "figures"
    files = plot(small, folder)
    assert sorted(file.name for file in folder.iterdir()) == ["small.pdf", "small.png", "small.svg"]
    before = {file: file.read_bytes() for file in files}
    with pytest.raises(OutputExistsError, match=r"small\.png exists.*--force"):
        plot(small, folder)
    assert plot(small, folder, force=True) == files
    # The same data give the same file.
    assert {file: file.read_bytes() for file in files} == before


def test_output_is_refused_before_anything_is_computed(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*args: object, **kwargs: object) -> None:
        pytest.fail("computed before the output was checked")

    monkeypatch.setattr("recast.figures.compute", never)
    existing = tmp_path / "there.png"
    existing.write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        plot(small, existing)
    assert existing.read_bytes() == b"mine"
    with pytest.raises(RecastError, match="jpg.*png, pdf or svg"):
        plot(small, tmp_path / "figure.jpg")
    with pytest.raises(RecastError, match="does not exist"):
        plot(small, tmp_path / "missing" / "figure.png")
    with pytest.raises(RecastError, match="cannot make the folder"):
        output_paths(str(existing) + "/figures/", "small")


def test_a_failed_write_leaves_nothing_behind(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.figure import Figure

    def full(self: Figure, *args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", full)
    with pytest.raises(RecastError, match=r"cannot write .*figure\.png: No space left"):
        plot(small, tmp_path / "figure.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.yaml"]


def test_a_wrong_formula_is_explained(small: Path, tmp_path: Path) -> None:
    small.write_text(PLANE.replace("label: mass", 'label: "$\\\\fraac{m$"'), encoding="utf-8")
    with pytest.raises(RecastError, match=r"is a formula wrong\? .*fraac") as caught:
        plot(small, tmp_path / "figure.png")
    assert "\n" not in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["small.yaml"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("points: 7", "pionts: 7", "pionts"),
        ("draw: line", "draw: lines", "draw"),
        ("model: lmu_ltau", "model: [lmu_ltau]", "model"),
        ("kind: plane", "kind: plain", "kind"),
        ("range: [1.0e-2, 1.0e+2]", "range: [1.0e+2, 1.0e-2]", "range must increase"),
        ("range: [1.0e-2, 1.0e+2]", "range: [0.0, 1.0e+2]", "must be positive"),
        ("sigmas: [1, 2]", "sigmas: []", "sigmas"),
        ("colour: green", "colour: teal", "colour"),
        ("title: a plane\n", "", "title"),
        ("title: a plane\n", "title: a plane\nsize: [1000, 4]\n", "size.0 should be less than or equal to 50"),
        ("range: [1.0e-2, 1.0e+2]", "range: [true, 1.0e+2]", "x.range.0: this should be a number, not true"),
    ],
)
def test_faults_of_a_recipe_name_the_file_and_the_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in PLANE
    path = tmp_path / "small.yaml"
    path.write_text(PLANE.replace(old, new), encoding="utf-8")
    with pytest.raises(DocumentError, match=rf"small\.yaml(?s:.*){message}"):
        load_recipe(path)


def test_unknown_names_list_near_matches(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="altmannshofer2019_fig8"):
        load_recipe("altmannshofer2019_fig88")
    path = tmp_path / "small.yaml"
    path.write_text(PLANE.replace("measurement: ccfr", "measurement: ccfrr"), encoding="utf-8")
    with pytest.raises(UnknownNameError, match="ccfr"):
        compute(load_recipe(path))


def test_recipes_and_measurements_of_a_plugin_folder(tmp_path: Path) -> None:
    folder = tmp_path / "mine" / "plots"
    folder.mkdir(parents=True)
    (folder / "small.yaml").write_text(PLANE, encoding="utf-8")
    assert load_recipe("small", plugins=(tmp_path / "mine",)).title == "a plane"


def test_style_does_not_leak_and_does_not_depend_on_the_user(small: Path, tmp_path: Path) -> None:
    data = compute(load_recipe(small))
    draw(data).savefig(tmp_path / "a.png")
    with mpl.rc_context({"font.size": 30.0, "mathtext.fontset": "cm"}):
        before = dict(mpl.rcParams)
        draw(data).savefig(tmp_path / "b.png")
        assert dict(mpl.rcParams) == before
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_captions_are_broken_outside_mathematics() -> None:
    text = r"The ratio $R = \sigma / \sigma_{SM}$ of one, " * 6
    with styled():
        lines = wrapped(text, 3.0)
    assert len(lines) >= 3
    assert all(line.count("$") % 2 == 0 for line in lines)
    assert " ".join(lines) == text.strip()


def test_convention_is_set_in_signs() -> None:
    assert tidy_convention("|R - data| <= 1.960 sigma") == "$|$R − data$|$ ≤ 1.960σ"


def test_the_guide_to_recipes_is_true(tmp_path: Path) -> None:
    guide = Path(__file__).parents[1] / "docs" / "figures.md"
    (example,) = re.findall(r"```yaml\n(.*?)```", guide.read_text(encoding="utf-8"), flags=re.DOTALL)
    (program,) = re.findall(r"```python\n(.*?)```", guide.read_text(encoding="utf-8"), flags=re.DOTALL)
    path = tmp_path / "example.yaml"
    path.write_text(example, encoding="utf-8")
    assert plot(path, tmp_path / "example.png")
    exec(program, {"print": lambda values: np.testing.assert_array_less(0.0, values)})  # noqa: S102
