"""Regions of a plane and bands of intervals, against areas and edges known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.contours import complement, contour_lines, filled_regions, interval_bands
from recast.errors import RecastError


def circle_plane(points: int = 201) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    axis = np.linspace(-2.0, 2.0, points)
    return axis, axis, axis[None, :] ** 2 + axis[:, None] ** 2


def test_contour_of_a_paraboloid_is_a_closed_circle() -> None:
    (line,) = contour_lines(*circle_plane(), 1.0)
    np.testing.assert_allclose(np.hypot(line[:, 0], line[:, 1]), 1.0, atol=1e-4)
    np.testing.assert_array_equal(line[0], line[-1])


def test_region_excluded_from_both_sides_is_a_disc_and_a_frame_with_a_hole() -> None:
    x, y, z = circle_plane()
    (ring,) = filled_regions(x, y, z, above=0.5, below=1.5)
    assert len(ring.holes) == 1
    assert ring.area == pytest.approx(math.pi, rel=1e-3)
    (disc,) = filled_regions(x, y, z, below=0.5)
    assert disc.holes == ()
    assert disc.area == pytest.approx(0.5 * math.pi, rel=1e-3)
    (frame,) = filled_regions(x, y, z, above=1.5)
    assert frame.area == pytest.approx(16.0 - 1.5 * math.pi, rel=1e-3)
    assert ring.area + disc.area + frame.area == pytest.approx(16.0, rel=1e-12)


@given(power=st.floats(0.5, 3.0), level=st.floats(0.1, 10.0))
def test_power_law_is_exact_in_logarithms(power: float, level: float) -> None:
    """ln z is linear in ln x and ln y, so the interpolated contour is the power law itself."""
    x = np.geomspace(1e-3, 1e3, 13)
    y = np.geomspace(1e-6, 1e6, 25)
    z = np.log(y[:, None] / x[None, :] ** power)
    for line in contour_lines(x, y, z, math.log(level), x_scale="log", y_scale="log"):
        np.testing.assert_allclose(line[:, 1], level * line[:, 0] ** power, rtol=1e-9)


def test_no_line_crosses_points_without_a_value() -> None:
    x, y, z = circle_plane(21)
    z[:, x < 0.0] = np.nan
    (line,) = contour_lines(x, y, z, 1.0)
    assert line[:, 0].min() >= 0.0


def test_bad_planes_are_refused() -> None:
    x, y, z = circle_plane(5)
    with pytest.raises(RecastError, match="do not fill a plane"):
        contour_lines(x, y, z[:, :-1], 1.0)
    with pytest.raises(RecastError, match="must be positive"):
        contour_lines(x, y, z, 1.0, x_scale="log")
    with pytest.raises(RecastError, match="increasing"):
        contour_lines(x[::-1], y, z, 1.0)
    with pytest.raises(RecastError, match="no region lies between"):
        filled_regions(x, y, z, above=2.0, below=1.0)
    with pytest.raises(RecastError, match="no region lies between"):
        filled_regions(x, y, z)


def test_complement() -> None:
    assert complement([(1.0, 2.0), (3.0, math.inf)]) == ((0.0, 1.0), (2.0, 3.0))
    assert complement([(0.0, 1.0), (0.5, 2.0)]) == ((2.0, math.inf),)
    assert complement([]) == ((0.0, math.inf),)
    assert complement([(0.0, math.inf)]) == ()


edges = st.lists(st.floats(0.0, 10.0), min_size=2, max_size=8, unique=True).map(sorted)


@given(edges)
def test_complement_twice_is_the_same(points: list[float]) -> None:
    intervals = [(a, b) for a, b in zip(points[::2], points[1::2], strict=False)]
    merged = [i for i in intervals if i[1] > i[0]]
    assert list(complement(complement(merged))) == merged


def test_one_open_band() -> None:
    mass = np.geomspace(1e-3, 1.0, 5)
    (band,) = interval_bands(mass, [[(m, math.inf)] for m in mass])
    np.testing.assert_array_equal(band.mass, mass)
    np.testing.assert_array_equal(band.lower, mass)
    assert np.isinf(band.upper).all()


def test_steep_bands_stay_together_on_few_masses() -> None:
    mass = np.array([1.0, 10.0, 100.0])
    lower, upper = interval_bands(mass, [[(m, 1.1 * m), (5.0 * m, 6.0 * m)] for m in mass])
    np.testing.assert_array_equal(lower.lower, mass)
    np.testing.assert_array_equal(upper.upper, 6.0 * mass)


def test_bands_that_split_begin_in_the_middle_of_the_step() -> None:
    upper, lower = interval_bands(
        [1.0, 4.0, 16.0],
        [[(1.0, math.inf)], [(1.0, 2.0), (3.0, math.inf)], [(1.0, 2.0), (3.0, math.inf)]],
    )
    np.testing.assert_allclose(upper.mass, [1.0, 4.0, 16.0])
    np.testing.assert_allclose(upper.upper, [math.inf, 2.0, 2.0])
    np.testing.assert_allclose(lower.mass, [2.0, 4.0, 16.0])
    np.testing.assert_allclose(lower.lower, [3.0, 3.0, 3.0])


def test_band_that_ends_is_carried_to_the_middle_of_the_step() -> None:
    (band,) = interval_bands([1.0, 4.0, 16.0], [[(1.0, 2.0)], [(1.0, 2.0)], []])
    np.testing.assert_allclose(band.mass, [1.0, 4.0, 8.0])
    assert interval_bands([1.0, 2.0], [[], []]) == ()


def test_bands_need_one_list_per_increasing_mass() -> None:
    with pytest.raises(RecastError, match="do not belong"):
        interval_bands([1.0, 2.0], [[]])
    with pytest.raises(RecastError, match="increase"):
        interval_bands([2.0, 1.0], [[], []])
