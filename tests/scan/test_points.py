"""Points of scans: which there are, and that chunks are they."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recast.errors import DocumentError, RecastError
from recast.scan.points import GridPoints, Points, points_of
from recast.scan.spec import ScanSpec

KNOWN = ("mass", "coupling", "charge_e", "charge_mu")


def spec(sampling: dict[str, Any], **parameters: Any) -> ScanSpec:
    return ScanSpec.model_validate(
        {"model": "u1", "measurements": ["ccfr"], "sampling": sampling, "parameters": parameters}
    )


def assembled(points: Points, order: list[int] | None = None) -> dict[str, np.ndarray[Any, Any]]:
    """Put the chunks together, taken in any order."""
    values = {name: np.full(points.size, np.nan) for name in points.order}
    for index in range(points.chunks) if order is None else order:
        start, stop = points.bounds(index)
        chunk = points.chunk(index)
        shape = np.broadcast_shapes(*(v.shape for v in chunk.values()))
        for name, v in chunk.items():
            assert np.isnan(values[name][start:stop]).all()  # nobody was here before
            values[name][start:stop] = np.broadcast_to(v, shape).ravel()
    return values


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4), chunk_size=st.integers(1, 40), seed=st.integers(0, 99)
)
def test_chunks_of_a_grid_are_its_points_in_their_order(sizes: list[int], chunk_size: int, seed: int) -> None:
    axes = {f"p{k}": np.arange(n, dtype=float) + 100.0 * k for k, n in enumerate(sizes)}
    points = GridPoints(axes, chunk_size)
    order = np.random.default_rng(seed).permutation(points.chunks).tolist()
    values = assembled(points, order)
    mesh = np.meshgrid(*axes.values(), indexing="ij")
    for (name, v), expected in zip(values.items(), mesh, strict=True):
        np.testing.assert_array_equal(v, expected.ravel(), err_msg=name)
    assert points.bounds(0)[0] == 0
    assert points.bounds(points.chunks - 1)[1] == points.size
    assert all(stop - start <= chunk_size for start, stop in map(points.bounds, range(points.chunks)))


@settings(max_examples=20)
@given(kind=st.sampled_from(["sobol", "latin_hypercube"]), n=st.integers(1, 200), chunk_size=st.integers(1, 70))
def test_sampled_points_do_not_depend_on_how_they_are_cut(kind: str, n: int, chunk_size: int) -> None:
    ranges = {"mass": {"min": 1e-3, "max": 10.0}, "charge_mu": {"min": -2.0, "max": 3.0, "scale": "linear"}}
    scan = spec({"kind": kind, "points": n, "seed": 7}, coupling=0.5, **ranges)
    whole = assembled(points_of(scan, KNOWN, n))
    cut = points_of(scan, KNOWN, chunk_size)
    for order in (None, list(range(cut.chunks))[::-1]):
        values = assembled(cut, order)
        assert list(values) == ["mass", "coupling", "charge_mu"]
        for name, v in values.items():
            np.testing.assert_array_equal(v, whole[name])
    assert set(whole["coupling"]) == {0.5}
    assert whole["mass"].min() >= 1e-3
    assert whole["mass"].max() <= 10.0
    assert whole["charge_mu"].min() >= -2.0
    assert whole["charge_mu"].max() <= 3.0


def test_a_latin_hypercube_takes_every_part_of_a_range_once() -> None:
    scan = spec({"kind": "latin_hypercube", "points": 64}, mass={"min": 1.0, "max": np.e}, coupling=1.0)
    values = points_of(scan, KNOWN, 10)
    parts = np.floor(np.log(assembled(values)["mass"]) * 64.0)
    assert sorted(parts) == list(range(64))


def test_a_sobol_sequence_is_more_even_than_chance() -> None:
    scan = spec({"kind": "sobol", "points": 1024}, mass={"min": 1.0, "max": 2.0, "scale": "linear"}, coupling=1.0)
    mass = assembled(points_of(scan, KNOWN, 100))["mass"]
    # The mean of as many random numbers is off by 0.009.
    assert np.mean(mass) == pytest.approx(1.5, abs=1e-4)
    again = spec({"kind": "sobol", "points": 1024, "seed": 1}, **dict(scan.parameters))
    assert not np.array_equal(assembled(points_of(again, KNOWN, 100))["mass"], mass)


def of_file(path: Path, text: str, **parameters: Any) -> Points:
    path.write_text(text, encoding="utf-8")
    return points_of(spec({"kind": "file", "file": str(path)}, **parameters), KNOWN, 2)


def test_points_of_a_file(tmp_path: Path) -> None:
    points = of_file(tmp_path / "points.csv", "coupling, mass\n1e-3,0.1\n\n2e-3,0.2\n3e-3,0.3\n", charge_mu=1.0)
    assert points.shape == (3,)
    assert points.order == ("mass", "coupling", "charge_mu")
    values = assembled(points)
    assert values["mass"].tolist() == [0.1, 0.2, 0.3]
    assert values["coupling"].tolist() == [1e-3, 2e-3, 3e-3]
    assert values["charge_mu"].tolist() == [1.0, 1.0, 1.0]


def test_points_of_a_spreadsheet(tmp_path: Path) -> None:
    points = of_file(tmp_path / "points.csv", '\ufeff"mass","coupling"\r\n"0.1",1e-3\r\n')
    assert points.varied == ("mass", "coupling")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("mass,couplin\n1,2\n", "line 1: unknown parameter 'couplin': did you mean coupling"),
        ("mass,mass\n1,2\n", "line 1: .*name each column once"),
        ("mass,coupling\n1,2\n1,x\n", "line 3: this is no row of numbers"),
        ("mass,coupling\n1,2\n1\n", "line 3: 1 numbers under 2 names"),
        ("mass,coupling\n1,nan\n", "line 2: a number is not finite"),
        ("mass,coupling\n", "no points below"),
        ("", "line 1"),
        ("mass,charge_mu\n1,1\n", "charge_mu is a column of the points and fixed in the scan file"),
    ],
)
def test_files_of_points_are_checked(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(DocumentError, match=complaint) as caught:
        of_file(tmp_path / "points.csv", text, charge_mu=1.0)
    assert "points.csv" in str(caught.value)


def test_a_file_of_points_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no such file"):
        points_of(spec({"kind": "file", "file": str(tmp_path / "nowhere.csv")}), KNOWN, 2)


def test_what_does_not_fit_into_memory_is_told() -> None:
    ranges = {name: {"min": 1.0, "max": 2.0} for name in (*KNOWN, "axial_e", "axial_mu")}
    scan = spec({"kind": "latin_hypercube", "points": 10_000_000}, **ranges)
    with pytest.raises(RecastError, match="choose a Sobol"):
        points_of(scan, tuple(ranges), 100).chunk(0)


@pytest.mark.parametrize(
    ("sampling", "parameters", "complaint"),
    [
        ({"kind": "grid"}, {"mass": {"min": 1.0, "max": 2.0}}, "a grid needs the number of points"),
        ({"kind": "sobol", "points": 8}, {"mass": {"min": 1.0, "max": 2.0, "points": 3}}, "leave it out"),
        ({"kind": "sobol", "points": 8}, {"mass": [1.0, 2.0]}, "needs a range for sobol"),
        ({"kind": "sobol", "points": 8}, {"mass": 1.0}, "needs a parameter with a range"),
        ({"kind": "sobol"}, {"mass": {"min": 1.0, "max": 2.0}}, "sampling"),
        ({"kind": "file", "file": "x.csv"}, {"mass": {"min": 1.0, "max": 2.0}}, "comes from the file of points"),
        ({"kind": "sobl", "points": 8}, {"mass": {"min": 1.0, "max": 2.0}}, "sobl"),
        ({"kind": "grid"}, {"mass": {"min": 1.0, "max": 2.0, "points": 3, "profile": True}}, "profiled has no points"),
    ],
)
def test_ranges_must_fit_the_sampling(sampling: dict[str, Any], parameters: dict[str, Any], complaint: str) -> None:
    from recast.scan import scan

    with pytest.raises(DocumentError, match=complaint):
        scan({"model": "lmu_ltau", "measurements": ["ccfr"], "sampling": sampling, "parameters": parameters})
