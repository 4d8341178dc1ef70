"""Scans of made-up measurements, and the file they are kept in."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import recast.scan
from recast.errors import DocumentError, NotApplicableError, OutputExistsError, RecastError, UnknownNameError
from recast.limits import limit
from recast.measurement import load_measurement
from recast.model import load_model
from recast.scan import ScanResult, ScanSpec, load_scan, scan

PLANE: dict[str, Any] = {
    "model": "lmu_ltau",
    "measurements": ["first", "second:error=2"],
    "parameters": {
        "coupling": {"min": 1e-3, "max": 3.0, "points": 41},
        "mass": {"min": 0.1, "max": 10.0, "points": 21, "scale": "log"},
    },
}
CONTACT: dict[str, Any] = {
    "model": "contact",
    "measurements": ["first"],
    "parameters": {
        "dgv": {"min": -6.0, "max": 2.0, "points": 41, "scale": "linear"},
        "dga": {"min": -2.0, "max": 4.0, "points": 31, "scale": "linear"},
    },
}


def test_a_plane_holds_what_the_measurements_say(plugins: list[Path]) -> None:
    result = scan(PLANE, plugins=plugins)
    assert list(result.axes) == ["mass", "coupling"]  # in the order of the model
    assert result.measurements == ("first", "second:error=2")
    assert result.axes["mass"][[0, -1]].tolist() == [0.1, 10.0]
    model = load_model("lmu_ltau")
    plane = model(mass=result.axes["mass"][:, None], coupling=result.axes["coupling"][None, :])
    total = np.zeros((21, 41))
    for name in result.measurements:
        measurement = load_measurement(name, plugins=plugins)
        np.testing.assert_allclose(result.prediction[name], measurement.prediction(plane))
        np.testing.assert_allclose(result.minus_2_delta_ln_l[name], measurement.minus_2_delta_ln_l(plane))
        assert result.data[name] == measurement.data
        total += result.minus_2_delta_ln_l[name]
    assert result.best_fit is not None
    assert result.combined is not None
    np.testing.assert_allclose(result.combined, total - result.best_fit.minus_2_delta_ln_l)
    assert result.combined.min() >= -1e-9
    assert result.degrees_of_freedom == 2
    assert "2 dof" in result.combined_convention
    assert "1 dof" in result.convention


def test_the_best_fit_is_found_between_the_points(plugins: list[Path]) -> None:
    result = scan(PLANE, plugins=plugins)
    assert result.best_fit is not None
    best = load_model("lmu_ltau")(**result.best_fit.parameters)
    names = result.measurements
    total = sum(float(load_measurement(n, plugins=plugins).minus_2_delta_ln_l(best)) for n in names)
    assert total == pytest.approx(result.best_fit.minus_2_delta_ln_l)
    x = np.linspace(0.0, 2.0, 200_001)
    first, second = 1.0 + x + x**2, 1.0 + 2.0 * x + 4.0 * x**2
    exact = np.min(((first - 0.82) / 0.28) ** 2 + ((second - 1.9) / 0.1) ** 2)
    assert total == pytest.approx(exact, abs=1e-5)


def test_exclusion_agrees_with_the_limits(plugins: list[Path]) -> None:
    result = scan({**PLANE, "measurements": ["first"]}, plugins=plugins)
    assert result.best_fit is None
    exact = limit("lmu_ltau", load_measurement("first", plugins=plugins), result.axes["mass"])
    excluded = result.excluded("first")
    for row, (low, high) in enumerate(intervals[0] for intervals in exact.excluded):
        assert high is None
        np.testing.assert_array_equal(excluded[row], result.axes["coupling"] > low)
    np.testing.assert_array_equal(result.excluded(), excluded)
    looser = result.excluded("first", confidence_level=0.68)
    assert looser.sum() > excluded.sum()


def test_a_contact_plane_is_excluded_from_both_sides(plugins: list[Path]) -> None:
    result = scan(CONTACT, plugins=plugins)
    excluded = result.excluded("first")
    dgv, dga = result.axes["dgv"], result.axes["dga"]
    centre = (int(np.argmin(abs(dgv + 2.0))), int(np.argmin(abs(dga - 1.0))))
    standard = (int(np.argmin(abs(dgv))), int(np.argmin(abs(dga))))
    assert excluded[centre]  # destructive interference: too few events
    assert not excluded[standard]
    assert excluded[0, 0]  # too many
    one_sided = scan({**CONTACT, "one_sided": True}, plugins=plugins).excluded("first")
    assert not one_sided[centre]
    assert one_sided[0, 0]


def test_expected_and_fixed_parameters(plugins: list[Path]) -> None:
    line = {**PLANE, "parameters": {"mass": 1.0, "coupling": [0.1, 0.5, 1.0]}, "expected": True}
    result = scan(line, plugins=plugins)
    assert result.combined is not None
    assert result.combined.shape == (1, 3)
    assert set(result.data.values()) == {1.0}
    assert result.degrees_of_freedom == 1
    assert "expected" in result.convention


def test_variants_of_one_measurement_are_shown_but_not_combined(plugins: list[Path]) -> None:
    both = {**PLANE, "measurements": ["first", "first:error=2"]}
    with pytest.raises(RecastError, match="named twice"):
        scan(both, plugins=plugins)
    result = scan({**both, "combine": False}, plugins=plugins)
    assert result.combined is None
    assert result.excluded("first:error=2").sum() > result.excluded("first").sum()
    with pytest.raises(RecastError, match="not combined"):
        result.excluded()


def equal(a: ScanResult, b: ScanResult) -> None:
    """Compare to the last bit."""
    assert a.header == b.header
    assert a.best_fits == b.best_fits
    for x, y in ((a.axes, b.axes), (a.arrays, b.arrays)):
        assert list(x) == list(y)
        for key in x:
            assert x[key].tobytes() == y[key].tobytes(), key
            assert x[key].shape == y[key].shape


@pytest.mark.parametrize("change", [{}, {"measurements": ["first"], "title": "A plane"}, {"combine": False}])
def test_a_file_gives_back_what_was_saved(plugins: list[Path], tmp_path: Path, change: dict[str, Any]) -> None:
    result = scan({**PLANE, **change}, plugins=plugins)
    path = result.save(tmp_path / "plane.h5")
    equal(ScanResult.load(path), result)
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["plane.h5"]
    with h5py.File(path) as file:
        assert file["axes/mass"].attrs["units"] == b"GeV"
        assert b"95% CL" in file.attrs["convention"]


def test_files_are_not_overwritten_by_accident(plugins: list[Path], tmp_path: Path) -> None:
    result = scan(CONTACT, plugins=plugins)
    path = tmp_path / "plane.h5"
    result.save(path)
    before = path.read_bytes()
    with pytest.raises(OutputExistsError, match="--force"):
        result.save(path)
    assert path.read_bytes() == before
    result.save(path, overwrite=True)
    with pytest.raises(RecastError, match="does not exist"):
        result.save(tmp_path / "missing" / "plane.h5")
    with pytest.raises(RecastError, match="is a folder"):
        result.save(tmp_path)


def test_damaged_files_are_refused(plugins: list[Path], tmp_path: Path) -> None:
    result = scan(CONTACT, plugins=plugins)
    path = result.save(tmp_path / "plane.h5")
    truncated = tmp_path / "truncated.h5"
    truncated.write_bytes(path.read_bytes()[:2000])
    foreign = tmp_path / "foreign.h5"
    with h5py.File(foreign, "w") as file:
        file["x"] = 1.0
    text = tmp_path / "text.h5"
    text.write_text("not a scan")
    with h5py.File(path, "a") as file:
        file["combined"][0, 0] = 0.0
    for broken, complaint in (
        (truncated, "truncated.h5"),
        (foreign, "not a scan"),
        (text, "text.h5"),
        (path, "checksum"),
        (tmp_path / "nowhere.h5", "no scan file"),
    ):
        with pytest.raises(RecastError, match=complaint) as caught:
            ScanResult.load(broken)
        assert "\n" not in str(caught.value)


YAML = """
model: lmu_ltau
measurements: [first]
parameters:
  mass: {min: 0.1, max: 10, points: 5}
  coupling: {min: 1e-3, max: 1, points: 7}
"""


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("min: 0.1", "min: 20", r"line 5: .*must be below max"),
        ("min: 0.1", "min: -1", "positive on a log scale"),
        ("points: 5", "points: 1", "greater than or equal to 2"),
        ("points: 5", "point: 5", "unknown key .parameters.mass.point."),
        ("model:", "modell:", "did you mean model"),
        ("[first]", "[]", "measurements"),
        ("model: lmu_ltau", "model: lmu_ltau\nconfidence_level: 95", "less than 1"),
        ("model: lmu_ltau", f"model: lmu_ltau\ndegrees_of_freedom: {10**400}", "degrees_of_freedom"),
    ],
)
def test_scan_files_are_checked(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    path = tmp_path / "plane.yaml"
    path.write_text(YAML.replace(old, new))
    with pytest.raises(DocumentError, match=complaint) as caught:
        load_scan(path)
    assert "plane.yaml" in str(caught.value)


def test_scan_files_work(plugins: list[Path], tmp_path: Path) -> None:
    from recast.catalog import Catalog

    path = tmp_path / "plane.yaml"
    path.write_text(YAML)
    by_path = scan(path, plugins=plugins)
    by_spec = scan(load_scan(path, catalog=Catalog(plugins)))
    equal(by_path, by_spec)
    assert by_path.minus_2_delta_ln_l["first"].shape == (5, 7)


def test_parameters_must_be_those_of_the_model(plugins: list[Path]) -> None:
    mass = {"mass": 1.0}
    with pytest.raises(RecastError, match="which coupling to take"):
        scan({**PLANE, "parameters": mass}, plugins=plugins)
    with pytest.raises(UnknownNameError, match="did you mean coupling"):
        scan({**PLANE, "parameters": {**mass, "couplin": 1.0}}, plugins=plugins)
    with pytest.raises(RecastError, match="mass"):
        scan({**PLANE, "parameters": {"mass": -1.0, "coupling": 1.0}}, plugins=plugins)


def test_what_does_not_apply_is_said(plugins: list[Path]) -> None:
    with pytest.raises(NotApplicableError, match="'resonance' does not apply to model 'contact'"):
        scan({**CONTACT, "measurements": ["first", "resonance"]}, plugins=plugins)


def test_results_name_their_measurements(plugins: list[Path]) -> None:
    result = scan(CONTACT, plugins=plugins)
    with pytest.raises(UnknownNameError, match="did you mean first"):
        result.excluded("frist")
    assert "Key:2000aa" in result.provenance["citations"]
    assert "@misc" in result.provenance["bibtex"]
    assert recast.scan is scan


def test_specifications_are_frozen_values() -> None:
    spec = ScanSpec.model_validate(CONTACT)
    assert spec.axes()["dgv"].size == 41
    with pytest.raises(ValueError, match="frozen"):
        spec.model = "lmu_ltau"  # type: ignore[misc]


def test_a_plane_that_does_not_fit_into_memory_is_refused() -> None:
    axis = {"min": 0.1, "max": 1.0, "points": 100_000}
    with pytest.raises(RecastError, match="10000000000 points, whose outputs take 240 GB in memory: give an output"):
        scan({"model": "lmu_ltau", "measurements": ["ccfr"], "parameters": {"mass": axis, "coupling": axis}})


def test_a_measurement_is_named_once_even_when_nothing_is_combined() -> None:
    spec = {
        "model": "lmu_ltau",
        "measurements": ["ccfr", "ccfr"],
        "combine": False,
        "parameters": {"mass": 1.0, "coupling": [0.1, 0.2]},
    }
    with pytest.raises(RecastError, match="'ccfr' is named twice"):
        scan(spec)


def test_faults_of_an_axis_are_told_for_its_key() -> None:
    spec = {"model": "lmu_ltau", "measurements": ["ccfr"]}
    for values, message in (
        ({"min": 0, "max": 1, "points": 3}, r"scan: parameters\.mass: min \(0\) must be positive on a log scale"),
        ({"min": -1.7e308, "max": 1.7e308, "scale": "linear", "points": 3}, r"scan: parameters\.mass: the range from"),
        (True, r"scan: parameters\.mass: this should be a number, not true"),
        ([], r"scan: parameters\.mass should have at least 1 item, not \[\]"),
    ):
        with pytest.raises(RecastError, match=message):
            scan({**spec, "parameters": {"mass": values, "coupling": 1.0}})


def test_published_limits_and_correlated_numbers_state_their_own_convention(tmp_path: Path) -> None:
    axes = {"mass": [1.0, 10.0, 100.0], "coupling": np.geomspace(1e-3, 1.0, 41).tolist()}
    names = ["ccfr", "babar_4mu", "lep_z_couplings"]
    alone = {name: scan({"model": "lmu_ltau", "measurements": [name], "parameters": axes}) for name in names}
    words = {
        "ccfr": "95% CL, two-sided, 1 dof (|R - data| <= 1.960 sigma)",
        "babar_4mu": "95% CL, one-sided, 1 dof (R - data <= 1.645 sigma)",
        "lep_z_couplings": "95% CL, two-sided, 2 dof (2 delta ln L to the joint best fit <= 5.991)",
    }
    assert {name: result.convention for name, result in alone.items()} == words
    together = scan({"model": "lmu_ltau", "measurements": names, "parameters": axes})
    assert together.convention == "; ".join(f"{name}: {text}" for name, text in words.items())
    for name, result in alone.items():
        np.testing.assert_array_equal(together.excluded(name), result.excluded(name))
    lep = alone["lep_z_couplings"]
    distance = lep.minus_2_delta_ln_l["lep_z_couplings"] - lep.offset["lep_z_couplings"]
    np.testing.assert_array_equal(lep.excluded(), distance > 5.991464547107979)
    again = ScanResult.load(lep.save(tmp_path / "lep.h5"))
    np.testing.assert_array_equal(again.excluded(), lep.excluded())
