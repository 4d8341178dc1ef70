"""What the figures of bosons that couple to electrons show: points in and out of regions, and the spectra."""

from __future__ import annotations

import math
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recast.errors import DocumentError, RecastError
from recast.figures import compute, draw, load_recipe
from recast.figures.planes import PlaneData
from recast.figures.recoils import RecoilRatioData

# 90% CL with two degrees of freedom, 5%, 120 GeV (arXiv:1902.08579).
PUBLISHED_NU_E = {1e-3: 3.474e-5, 0.01: 3.601e-5, 0.05: 5.721e-5, 0.1: 9.464e-5, 1.0: 8.553e-4}
# 90% CL, 5%, 120 GeV, tridents.
PUBLISHED_DIMUON = {0.01: 2.400e-4, 0.05: 2.776e-4, 0.1: 3.179e-4, 1.0: 1.160e-3}


@cache
def plane(name: str) -> PlaneData:
    data = compute(load_recipe(name))
    assert isinstance(data, PlaneData)
    return data


def lowest(name: str, measurement: str, mass: float) -> float:
    """Lowest excluded coupling that a layer draws at a mass; infinite where it draws nothing."""
    (region,) = (region for region in plane(name).regions if region.layer.measurement == measurement)
    found = [
        math.exp(np.interp(math.log(mass), np.log(band.mass), np.log(band.lower)))
        for band in region.bands[-1]
        if band.mass[0] <= mass <= band.mass[-1]
    ]
    return min(found, default=math.inf)


@pytest.mark.parametrize(("mass", "coupling"), PUBLISHED_NU_E.items())
def test_scattering_on_electrons_is_drawn_where_the_paper_has_it(mass: float, coupling: float) -> None:
    assert lowest("ballett2019_le_lmu", "dune_nd_nu_e", mass) == pytest.approx(coupling, rel=0.02)


@pytest.mark.parametrize(("mass", "coupling"), PUBLISHED_DIMUON.items())
def test_tridents_are_drawn_where_the_paper_has_them(mass: float, coupling: float) -> None:
    assert lowest("ballett2019_lmu_ltau", "dune_nd_dimuon_1902_08579", mass) == pytest.approx(coupling, rel=0.10)


@pytest.mark.parametrize(
    ("name", "measurement"),
    [("ballett2019_le_lmu", "dune_nd_nu_e"), ("ballett2019_lmu_ltau", "dune_nd_dimuon_1902_08579")],
)
def test_a_better_known_normalisation_excludes_more_in_both_beams(name: str, measurement: str) -> None:
    for mass in (2e-3, 0.1, 5.0):
        for beam in ("", "beam=tau_optimised,"):
            five, one = (lowest(name, f"{measurement}{options}", mass) for options in _options(beam))
            assert one < five
    # More neutrinos of higher energy: better for heavy bosons.
    assert lowest(name, f"{measurement}:beam=tau_optimised", 5.0) < lowest(name, measurement, 5.0)


def _options(beam: str) -> tuple[str, str]:
    five = f":{beam.rstrip(',')}" if beam else ""
    return five, f":{beam}normalisation=0.01"


def test_light_bosons_prefer_the_softer_beam() -> None:
    """Where the boson is light, small recoils count, of which the standard beam has more."""
    name = "ballett2019_le_lmu"
    assert lowest(name, "dune_nd_nu_e", 2e-3) < lowest(name, "dune_nd_nu_e:beam=tau_optimised", 2e-3)


def test_recoils_of_neutrinos_and_antineutrinos_move_apart() -> None:
    data = compute(load_recipe("nu_e_shift"))
    assert isinstance(data, RecoilRatioData)
    inside = data.recoil > 0.6
    first, second = (panel.ratio for panel in data.panels)
    # The product of the charges is negative in both models, by the loop in one.
    for ratio in (first, second):
        assert (ratio["numu"][inside] > 1.0).all()
        assert (ratio["numubar"][inside] < 1.0).all()


def test_the_recoil_ratio_is_that_of_the_formula() -> None:
    """Against the cross section written out, with sin^2(theta_W) shifted."""
    from recast.constants import DEFAULT_INPUTS, ELECTRON_MASS

    data = compute(load_recipe("nu_e_shift"))
    assert isinstance(data, RecoilRatioData)
    recoil, energy = data.recoil, data.recipe.energy
    panel = data.panels[0]
    fermi, s2 = DEFAULT_INPUTS.fermi_constant, DEFAULT_INPUTS.sin2_theta_w
    propagator = 1.0 / (panel.panel.mass**2 + 2 * ELECTRON_MASS * recoil)
    shift = -(panel.panel.coupling**2) * propagator / (2.0 * math.sqrt(2.0) * fermi)

    def spectrum(s2: Any) -> Any:
        left, right = s2 - 0.5, s2
        return left**2 + right**2 * (1 - recoil / energy) ** 2 - left * right * ELECTRON_MASS * recoil / energy**2

    np.testing.assert_allclose(panel.ratio["numu"], spectrum(s2 + shift) / spectrum(s2), rtol=1e-12)


def recoil_recipe(folder: Path, **changes: str) -> Path:
    text = (files("recast.plots") / "nu_e_shift.yaml").read_text(encoding="utf-8")
    for old, new in changes.items():
        text = text.replace(f"{old}: ", f"{old}: {new} # ", 1)
    path = folder / "nu_e_shift.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_recoils_end_where_kinematics_does(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"at most 1\.9\d* GeV for neutrinos of 2 GeV"):
        load_recipe(recoil_recipe(tmp_path, energy="2.0"))


def test_axial_bosons_are_refused_by_a_figure_of_recoils(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    model = (files("recast.models") / "le_lmu.yaml").read_text(encoding="utf-8")
    model = model.replace("name: le_lmu", "name: axial").replace(
        "mixing: none\n", "axial: {e: 1, mu: 0, tau: 0}\nmixing: none\n", 1
    )
    (folder / "axial.yaml").write_text(model, encoding="utf-8")
    path = recoil_recipe(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("model: le_lmu", "model: axial"), encoding="utf-8")
    with pytest.raises(RecastError, match="'axial' has axial charges"):
        compute(load_recipe(path, plugins=[tmp_path]), plugins=[tmp_path])


def test_the_threshold_and_the_standard_model_are_marked() -> None:
    figure = draw(compute(load_recipe("nu_e_shift")))
    for axes in figure.axes:
        grey = [line for line in axes.lines if line.get_color() == "#7f7f7f"]
        assert sorted((np.ravel(line.get_xdata())[0], np.ravel(line.get_ydata())[0]) for line in grey) == [
            (0, 1),
            (0.6, 0),
        ]


@pytest.mark.parametrize(
    ("measurement", "mass", "coupling", "accuracy"),
    [
        # At 90%: another level, model or end of a band would be off by more.
        ("borexino", 0.1, 1.6e-4, 0.03),
        ("texono", 0.01, 1.52e-5, 0.03),
        ("charm_ii_nu_e", 3e-3, 6.4e-5, 0.05),
        ("e137_andreas2012", 0.0048, 7.2e-9, 0.1),
        ("babar_mono_photon", 0.08, 4.1e-4, 0.1),
        ("ccfr", 1e-3, 6.7e-4, 0.05),
    ],
)
def test_the_summary_of_l_e_minus_l_mu(measurement: str, mass: float, coupling: float, accuracy: float) -> None:
    assert lowest("bauer2018_le_lmu", measurement, mass) == pytest.approx(coupling, rel=accuracy)


def test_decays_behind_shields_exclude_bands() -> None:
    """A boson that decays in the shield is not seen."""
    name = "bauer2018_le_lmu"
    (region,) = (region for region in plane(name).regions if region.layer.measurement == "e137_andreas2012")
    ((band,),) = region.bands
    assert np.isfinite(band.upper).all()
    middle = int(np.argmin(np.abs(band.mass - 0.0048)))
    assert 1.5e-5 < band.upper[middle] < 2.5e-5
    assert band.mass[0] >= 2 * 0.000511


def test_search_regions_end_at_thresholds() -> None:
    assert lowest("bauer2018_le_lmu", "babar_4mu", 0.2) == math.inf
    assert lowest("bauer2018_le_lmu", "babar_4mu", 1.0) < 2e-3
