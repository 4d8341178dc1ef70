"""Tables: what is read out of them is what went in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.explore.tables import Axes, Offset, tabulated

AXES = Axes(mass=(1e-3, 10.0), coupling=(1e-6, 1.0), n_mass=81, n_coupling=121)


def at(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return tuple(np.exp(rng.uniform(*np.log(ends), n)) for ends in (AXES.mass, AXES.coupling))


@given(power=st.floats(0.5, 4.0), size=st.floats(-3.0, 8.0), data=st.floats(-2.0, 2.0))
def test_pulls_are_interpolated_to_a_percent_where_they_matter(power: float, size: float, data: float) -> None:
    def pull(mass: np.ndarray, coupling: np.ndarray) -> np.ndarray:
        return data - 10**size * coupling**power / (1.0 + mass**2)

    table = tabulated(AXES, pull(AXES.masses[:, None], AXES.couplings))
    mass, coupling = at(500)
    exact = pull(mass, coupling)
    matters = (np.abs(exact) > 0.7) & (np.abs(exact) < 7.0)
    assert np.all(np.abs(table.interpolated(mass, coupling) - exact)[matters] < 0.04 * np.abs(exact)[matters] + 0.02)


def test_points_of_the_table_come_back() -> None:
    values = -np.geomspace(1e-6, 1e8, AXES.n_mass)[:, None] * AXES.couplings**2
    table = tabulated(AXES, values, unit=-1.0, scale="log")
    mass, coupling = (grid.ravel() for grid in np.meshgrid(AXES.masses, AXES.couplings, indexing="ij"))
    assert table.interpolated(mass, coupling) == pytest.approx(values.ravel(), rel=1e-3)


def test_structure_between_masses_is_kept_relative_to_a_curve() -> None:
    fine = np.geomspace(1e-3, 10.0, 4001)

    def limit(mass: np.ndarray) -> np.ndarray:
        return 1e-3 * np.exp(np.sin(60.0 * np.log(mass)))

    values = -((AXES.couplings / limit(AXES.masses)[:, None]) ** 2)
    along = Offset(fine, -((AXES.couplings[60] / limit(fine)) ** 2))
    mass, coupling = at(500)
    exact = -((coupling / limit(mass)) ** 2)
    followed = tabulated(AXES, values, unit=-1.0, scale="log", along=along).interpolated(mass, coupling)
    assert followed == pytest.approx(exact, rel=0.2)
    assert np.median(np.abs(followed / exact - 1.0)) < 0.02
    # Which the table alone could not.
    alone = tabulated(AXES, values, unit=-1.0, scale="log").interpolated(mass, coupling)
    assert np.median(np.abs(alone / exact - 1.0)) > 0.3


def test_nothing_is_said_where_nothing_is_known() -> None:
    fine = np.geomspace(1e-3, 10.0, 4001)
    known = Offset(fine, np.where((fine > 0.05) & (fine < 1.0), 0.0, np.nan))
    values = np.where((AXES.masses > 0.05) & (AXES.masses < 1.0), 2.0, np.nan)[:, None] + 0.0 * AXES.couplings
    table = tabulated(AXES, values, known=known)
    shown = table.interpolated(np.array([0.049, 0.0502, 0.99, 1.01]), np.full(4, 1e-3))
    assert np.isnan(shown).tolist() == [True, False, False, True]
    assert shown[1:3] == pytest.approx(2.0)


def test_nothing_known_at_all() -> None:
    values = np.full((AXES.n_mass, AXES.n_coupling), np.nan)
    table = tabulated(AXES, values, known=Offset(AXES.masses, np.full(AXES.n_mass, np.nan)))
    assert np.isnan(table.interpolated(*at(5))).all()
