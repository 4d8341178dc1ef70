"""What the shipped planes show: points inside and outside of the region of each layer."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from recast.figures import compute, load_recipe
from recast.figures.planes import PlaneData


@cache
def figure(name: str) -> PlaneData:
    data = compute(load_recipe(name))
    assert isinstance(data, PlaneData)
    return data


def shows(name: str, measurement: str, mass: float, coupling: float, *, level: int = 0) -> bool:
    """Whether a point lies in the region of the first layer with a measurement."""
    region = next(r for r in figure(name).regions if measurement in r.layer.measurements)
    for band in region.bands[level]:
        if band.mass[0] <= mass <= band.mass[-1]:
            with np.errstate(divide="ignore"):
                low, high = (np.interp(math.log(mass), np.log(band.mass), np.log(e)) for e in (band.lower, band.upper))
            if low < math.log(coupling) < high:
                return True
    return False


@pytest.mark.parametrize(
    ("measurement", "inside", "outside"),
    [
        ("ccfr", [(0.01, 1e-3), (1.0, 0.01), (100.0, 0.3)], [(0.01, 5e-4), (1.0, 1e-3), (100.0, 0.1)]),
        ("bbn_2019", [(1e-3, 2e-4), (5e-3, 0.5)], [(5.5e-3, 2e-4), (5.5e-3, 0.5)]),
        ("borexino", [(1e-3, 1e-4), (0.1, 0.01)], [(0.1, 3e-3), (1.0, 0.03)]),
        # Nothing is said outside the masses of a search, nor in the gap around the J/psi.
        ("babar_4mu", [(0.3, 0.01), (5.0, 0.1)], [(0.2, 0.5), (9.0, 0.5), (0.3, 1e-4), (3.1, 0.5)]),
        ("lhc_4mu_cms", [(10.0, 0.02), (50.0, 0.2)], [(4.0, 0.5), (80.0, 0.5), (10.0, 1e-3)]),
        # The loop vanishes between 20 and 30 GeV.
        ("lep_z_couplings:rate=virtual", [(1.0, 0.3), (60.0, 0.5)], [(1.0, 0.03), (23.0, 0.5)]),
        ("dune_nd:accuracy=0.40", [(0.01, 1e-3)], [(0.01, 3e-4)]),
        ("muon_g2:year=2019", [(1e-3, 4.5e-4), (10.0, 0.05)], [(1e-3, 8e-4), (1e-3, 2e-4), (10.0, 0.01)]),
    ],
)
def test_regions_of_the_figure_of_2019(
    measurement: str, inside: list[tuple[float, float]], outside: list[tuple[float, float]]
) -> None:
    for mass, coupling in inside:
        assert shows("altmannshofer2019_fig8", measurement, mass, coupling)
    for mass, coupling in outside:
        assert not shows("altmannshofer2019_fig8", measurement, mass, coupling)


def test_the_end_of_what_is_known_is_no_edge() -> None:
    """A published curve ends where the search does; an excess of neutrinos really falls below its bound."""
    regions = {r.layer.measurement: r for r in figure("altmannshofer2019_fig8").regions}
    curve, bound = regions["lhc_4mu_cms"], regions["bbn_2019"]
    (ends,) = curve.cuts
    assert [cut.mass for cut in ends] == pytest.approx([5.04444, 60.6426], rel=1e-3)
    assert curve.unknown == {cut.mass for cut in ends}
    ((end,),) = bound.cuts
    assert end.mass == pytest.approx(5.25e-3, rel=0.005)  # the 5 MeV line of the papers
    assert not bound.unknown


def test_limits_without_a_confidence_level_get_none() -> None:
    for name, title in (("altmannshofer2019_fig8", "BBN"), ("today", "white dwarfs")):
        assert f"without a confidence level: {title}" in figure(name).caption


def test_the_newest_figure_has_the_newest_forms() -> None:
    name = "today"
    # Bosons that heat the neutrinos, by the evolution: a bound that rises with the mixing, unlike the 5 MeV line.
    assert shows(name, "n_eff", 5e-3, 5e-5)
    assert shows(name, "n_eff", 0.0138, 1e-3)
    assert not shows(name, "n_eff", 0.0138, 5e-5)
    # Muon g-2 prefers nothing any more, and excludes from above.
    assert shows(name, "muon_g2:year=2025", 1e-2, 1e-3)
    assert not shows(name, "muon_g2:year=2025", 1e-2, 1e-4)
    assert shows(name, "lhc_4mu_atlas2023", 16.0, 0.004)
    assert not shows(name, "lhc_4mu_cms", 16.0, 0.004)
    assert "Missing" in figure(name).caption


def test_the_narrow_band_lies_in_the_wide_one() -> None:
    name, measurement = "altmannshofer2019_fig8", "muon_g2:year=2019"
    # 1.5 standard deviations below the central value.
    assert shows(name, measurement, 1e-3, 3.6e-4, level=0)
    assert not shows(name, measurement, 1e-3, 3.6e-4, level=1)


def test_z_decays_exclude_the_band_of_2014_where_the_paper_says() -> None:
    """For 5 < m < 50 GeV, down to a coupling of about 0.01 at 10 GeV (arXiv:1406.2332)."""
    name, measurement = "altmannshofer2014_fig2", "lhc_z4mu_atlas2014"
    lower_edge = {6.0: 0.021, 50.0: 0.17}  # of the band
    for mass, coupling in lower_edge.items():
        assert shows(name, "muon_g2:year=2014", mass, 1.1 * coupling)
        assert shows(name, measurement, mass, coupling)
    assert shows(name, measurement, 10.0, 0.014)
    assert not shows(name, measurement, 10.0, 0.009)
    assert not shows(name, measurement, 4.0, 0.9)
    assert not shows(name, measurement, 75.0, 0.9)


def test_the_scale_of_the_trident_average_is_what_the_caption_says() -> None:
    data = figure("pospelov_lmutau_summary")
    region = next(r for r in data.regions if r.layer.measurement == "trident_average")
    ((band,),) = region.bands
    scale = band.mass[-1] / band.lower[-1]
    assert f"{scale:.0f}" in data.caption
    assert scale == pytest.approx(750.0, rel=0.01)
    # arXiv:1403.1269, Eq. 34, with 1.96 standard deviations of 0.18.
    vector = 1.0 + 4.0 * 0.23129
    shift = math.sqrt((0.83 + 1.959964 * 0.18) * (1.0 + vector**2) - 1.0) - vector
    assert f"{246.22 * math.sqrt(2.0 / shift):.0f}" in data.caption
    assert [guide.mass_over_coupling for guide in data.recipe.guides] == [750.0, 2000.0, 5000.0]


def test_together_more_is_not_excluded_at_every_mass() -> None:
    """CHARM-II saw more than expected: the joint limit lies above that of CCFR, within its error."""
    regions = figure("lmu_ltau_combined").regions
    joint, _, ccfr = regions[:3]
    ((one,),), ((two,),) = joint.bands, ccfr.bands
    ratio = one.lower[-1] / two.lower[-1]
    assert 1.0 < ratio < 1.2
