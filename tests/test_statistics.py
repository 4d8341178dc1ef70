"""Confidence levels and their words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from recast import statistics
from recast.errors import RecastError


@given(st.floats(0.01, 0.9999))
def test_quantile_agrees_with_scipy_and_inverts(level: float) -> None:
    z = statistics.quantile(level)
    assert z == pytest.approx(stats.norm.isf(0.5 * (1.0 - level)), rel=1e-10)
    assert statistics.probability_content(z) == pytest.approx(level, rel=1e-10)


def test_the_numbers_everybody_knows() -> None:
    assert statistics.quantile(0.95) == pytest.approx(1.959964, abs=1e-6)
    assert statistics.quantile(0.95, one_sided=True) == pytest.approx(1.644854, abs=1e-6)
    assert statistics.delta_threshold(0.95) == pytest.approx(3.841459, abs=1e-6)
    assert statistics.delta_threshold(0.95, degrees_of_freedom=2) == pytest.approx(5.991465, abs=1e-6)
    assert statistics.probability_content(1.0) == pytest.approx(0.6826895, abs=1e-7)


@pytest.mark.parametrize("dof", [1, 2, 5])
def test_p_value_agrees_with_scipy(dof: int) -> None:
    x = np.linspace(0.0, 30.0, 50).reshape(5, 10)
    ours = statistics.p_value(x, degrees_of_freedom=dof)
    assert ours.shape == x.shape
    np.testing.assert_allclose(ours, stats.chi2.sf(x, dof), rtol=1e-12)


def test_p_value_takes_rounding_below_zero_as_zero() -> None:
    assert float(statistics.p_value(-1e-16)) == 1.0


@pytest.mark.parametrize("level", [0.0, 1.0, 95, -0.1, "high", None, float("nan")])
def test_a_bad_confidence_level_is_named(level: object) -> None:
    with pytest.raises(RecastError, match=r"write 0\.95 for 95%"):
        statistics.check_confidence_level(level)


def test_one_sided_regions_have_limits() -> None:
    with pytest.raises(RecastError, match=r"above 0\.5"):
        statistics.quantile(0.4, one_sided=True)
    with pytest.raises(RecastError, match="one degree of freedom"):
        statistics.delta_threshold(0.95, degrees_of_freedom=2, one_sided=True)
    with pytest.raises(RecastError, match="at least 1"):
        statistics.delta_threshold(0.95, degrees_of_freedom=0)


def test_convention_says_what_was_done() -> None:
    two_sided = "95% CL, two-sided, 1 dof (|R - data| <= 1.960 sigma)"
    assert statistics.convention(0.95) == two_sided
    assert "R - data <= 1.645 sigma" in statistics.convention(0.95, one_sided=True)
    assert "|" not in statistics.convention(0.95, one_sided=True)
    assert "5.991" in statistics.convention(0.95, degrees_of_freedom=2)
    combined = statistics.convention(0.9, combined=True, expected=True)
    assert combined.startswith("90% CL")
    assert "joint best fit" in combined
    assert combined.endswith("Standard Model prediction")


def test_weighted_average_of_the_three_trident_ratios() -> None:
    # arXiv:1403.1269, Eqs. 35 to 38.
    average = statistics.weighted_average([1.58, 0.82, 0.67], [0.57, 0.28, 0.27])
    assert round(average.value, 2) == 0.83
    assert round(average.error, 2) == 0.18
    assert average.degrees_of_freedom == 2
    assert average.chi_squared == pytest.approx(2.06, abs=0.05)


def test_weighted_average_rejects_nonsense() -> None:
    with pytest.raises(RecastError, match="as many errors"):
        statistics.weighted_average([1.0, 2.0], [1.0])
    with pytest.raises(RecastError, match="positive"):
        statistics.weighted_average([1.0], [0.0])
