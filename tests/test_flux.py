"""Fluxes: the shipped files, quadrature, and what is said of a bad file."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.errors import FluxError, OutOfRangeError, RecastError, UnknownNameError
from recast.flux import Flux, load_flux, shipped_fluxes

HISTOGRAM = """\
# title: A beam
# units: 1/(m^2 GeV POT)
# source: made up for a test,
#   over two lines
energy_low,energy_high,numu,numubar
0,1,0,1e-5
1,2,2e-4,0
2,4,1e-4,0
"""
POINTS = """\
# title: A beam
# units: 1/GeV
# source: made up for a test
energy,numu
1,0
2,3
4,1
"""

SHIPPED = [
    ("atmospheric_frejus", "numu"),
    ("ccfr_numu", "numu"),
    ("charm_ii_neutrino_numu", "numu"),
    ("charm_ii_neutrino_numubar", "numubar"),
    ("charm_ii_antineutrino_numu", "numu"),
    ("charm_ii_antineutrino_numubar", "numubar"),
    ("dune_nd_standard_fhc", "numu"),
    ("dune_nd_standard_rhc", "numubar"),
    ("dune_nd_tau_optimised_fhc", "numu"),
    ("dune_nd_tau_optimised_rhc", "numubar"),
    ("nova_nd_fhc", "numu"),
    ("nova_nd_rhc", "numubar"),
    ("numi_le_fhc", "numu"),
    ("numi_le_rhc", "numubar"),
    ("numi_me_fhc_minor", "numubar"),
    ("numi_me_fhc_numu", "numu"),
    ("numi_me_rhc", "numubar"),
    ("nutev_neutrino_nue", "nue"),
    ("nutev_neutrino_nuebar", "nuebar"),
    ("nutev_neutrino_numu", "numu"),
    ("nutev_neutrino_numubar", "numubar"),
    ("reactor_nuebar", "nuebar"),
    ("t2k_ingrid_fhc", "numu"),
]
names = st.sampled_from(SHIPPED)


def write(folder: Path, text: str) -> Path:
    file = folder / "mine.csv"
    file.write_text(text)
    return file


def test_nothing_else_ships() -> None:
    assert sorted(shipped_fluxes()) == sorted(name for name, _ in SHIPPED)


@pytest.mark.parametrize(("name", "neutrino"), SHIPPED)
def test_every_shipped_flux_says_what_it_is(name: str, neutrino: str) -> None:
    flux = load_flux(name, neutrino=neutrino)
    assert (flux.name, flux.neutrino) == (name, neutrino)
    assert flux.title
    assert flux.source
    assert flux.integral > 0.0
    assert flux.absolute == ("POT" in flux.units) == name.startswith(("dune", "charm", "numi", "nova", "t2k"))


@pytest.mark.parametrize(
    ("name", "neutrino", "expected"),
    [("dune_nd_standard_fhc", "numu", 1.04e-3), ("dune_nd_standard_rhc", "numubar", 0.94e-3)],
)
def test_integrated_fluxes_of_dune(name: str, neutrino: str, expected: float) -> None:
    """Sec. II B 2 of arXiv:1902.06765, per square metre and proton on target."""
    assert load_flux(name, neutrino=neutrino).integral == pytest.approx(expected, rel=0.01)


def test_ccfr_is_a_probability() -> None:
    flux = load_flux("ccfr_numu")
    assert flux.integral == pytest.approx(1.0, abs=1e-5)
    assert flux.kind == "histogram"
    assert flux.density(75.0) == pytest.approx(0.0919652 / 10.0)


def test_nutev_is_divided_by_the_energy() -> None:
    flux = load_flux("nutev_neutrino_numu")
    assert flux.kind == "points"
    assert flux.density(flux.energy)[5] * flux.energy[5] == pytest.approx(667.027, rel=1e-5)


@pytest.mark.parametrize("beam", ["standard", "tau_optimised"])
def test_beams_of_dune_hold_what_their_mode_says(beam: str) -> None:
    for mode, right, wrong in (("fhc", "numu", "numubar"), ("rhc", "numubar", "numu")):
        name = f"dune_nd_{beam}_{mode}"
        assert load_flux(name, neutrino=right).integral > 10.0 * load_flux(name, neutrino=wrong).integral
        with pytest.raises(FluxError, match="holds no nutau: it holds nue, numu, nuebar, numubar"):
            load_flux(name, neutrino="nutau")


def test_the_tau_optimised_beam_is_harder() -> None:
    standard = load_flux("dune_nd_standard_fhc", neutrino="numu")
    optimised = load_flux("dune_nd_tau_optimised_fhc", neutrino="numu")
    assert optimised.mean_energy > 2.0 * standard.mean_energy


@given(names)
def test_quadrature_weights_sum_to_the_integral(which: tuple[str, str]) -> None:
    flux = load_flux(which[0], neutrino=which[1])
    energy, weight = flux.quadrature()
    assert weight.sum() == pytest.approx(flux.integral, rel=1e-13)
    assert (weight >= 0.0).all()
    assert (np.diff(energy) > 0.0).all()
    assert energy[0] > flux.energy[0]
    assert energy[-1] < flux.energy[-1]


@given(names, st.integers(0, 6))
def test_quadrature_is_exact_for_polynomials(which: tuple[str, str], power: int) -> None:
    """Against the antiderivative of each constant or straight piece."""
    flux = load_flux(which[0], neutrino=which[1])
    low, high = flux.energy[:-1], flux.energy[1:]
    slope = np.zeros_like(low) if flux.kind == "histogram" else np.diff(flux.values) / np.diff(flux.energy)
    offset = flux.values if flux.kind == "histogram" else flux.values[:-1] - slope * low
    exact = sum(
        np.sum(c * (high ** (power + k) - low ** (power + k)) / (power + k)) for c, k in ((offset, 1), (slope, 2))
    )
    energy, weight = flux.quadrature()
    assert weight @ energy**power == pytest.approx(float(exact), rel=1e-9)


@given(names)
def test_normalising(which: tuple[str, str]) -> None:
    flux = load_flux(which[0], neutrino=which[1])
    unit = flux.normalised()
    assert unit.integral == pytest.approx(1.0, rel=1e-14)
    assert unit.units == "1/GeV"
    assert unit.mean_energy == pytest.approx(flux.mean_energy, rel=1e-13)
    assert unit.density(30.0) * flux.integral == pytest.approx(flux.density(30.0), rel=1e-13)


def test_a_histogram_of_ones_own(tmp_path: Path) -> None:
    flux = load_flux(str(write(tmp_path, HISTOGRAM)), neutrino="numu")
    assert flux.kind == "histogram"
    assert flux.source == "made up for a test, over two lines"
    assert flux.integral == pytest.approx(4e-4)
    assert np.allclose(flux.density([-1.0, 0.5, 1.0, 1.9, 2.0, 3.9, 4.0, 9.0]), [0, 0, 2e-4, 2e-4, 1e-4, 1e-4, 0, 0])
    assert flux.mean_energy == pytest.approx((2e-4 * 1.5 + 2e-4 * 3.0) / 4e-4)
    assert flux.quadrature()[0].min() > 1.0  # the empty bin is left out


def test_points_of_ones_own(tmp_path: Path) -> None:
    flux = load_flux(write(tmp_path, POINTS))
    assert (flux.neutrino, flux.kind) == ("numu", "points")
    assert np.allclose(flux.density([0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0]), [0.0, 0.0, 1.5, 3.0, 2.0, 1.0, 0.0])
    assert flux.integral == pytest.approx(1.5 + 4.0)


def test_a_beam_of_one_energy() -> None:
    beam = Flux.line(5.0, neutrino="numu")
    energy, weight = beam.quadrature()
    assert (energy.tolist(), weight.tolist()) == ([5.0], [1.0])
    assert (beam.integral, beam.mean_energy, beam.kind, beam.absolute) == (1.0, 5.0, "line", False)
    assert beam.normalised().integral == 1.0
    with pytest.raises(FluxError, match="one energy"):
        beam.density(5.0)


@pytest.mark.parametrize("energy", [0.0, -5.0, np.nan, np.inf])
def test_energies_that_make_no_sense(energy: float) -> None:
    with pytest.raises(OutOfRangeError, match="the neutrino energy must be a positive finite number, not"):
        Flux.line(energy, neutrino="numu")


def test_a_plugin_folder_adds_a_flux(tmp_path: Path) -> None:
    folder = tmp_path / "measurements" / "data" / "flux"
    folder.mkdir(parents=True)
    write(folder, POINTS)
    assert load_flux("mine", plugins=[tmp_path]).integral == pytest.approx(5.5)


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown flux 'ccfr_numi': did you mean ccfr_numu\?"):
        load_flux("ccfr_numi")
    with pytest.raises(UnknownNameError, match=r"unknown neutrino 'nu_mu': did you mean numu"):
        load_flux("ccfr_numu", neutrino="nu_mu")
    with pytest.raises(UnknownNameError, match="unknown neutrino"):
        Flux.line(1.0, neutrino="mu")
    with pytest.raises(FluxError, match="holds numu: say which|holds no nue: it holds numu"):
        load_flux("ccfr_numu", neutrino="nue")
    with pytest.raises(FluxError, match="dune_nd_standard_fhc holds .*: say which neutrino is meant"):
        load_flux("dune_nd_standard_fhc")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("# title: A beam\n", "", r"the line '# title: \.\.\.' is missing at the top"),
        ("# units: 1/(m^2 GeV POT)\n", "", r"the line '# units: \.\.\.' is missing at the top"),
        ("1/(m^2 GeV POT)", "1/cm^2", r"units must be '1/\(m\^2 GeV POT\)', '1/\(m\^2 GeV s\)' or '1/GeV', not"),
        ("# title: A beam", "# units: 1/GeV\n# title: A beam", "line 3: 'units' is given twice"),
        ("energy_low,energy_high", "e_low,e_high", "line 5: the columns must begin with energy_low,energy_high or"),
        ("numu,numubar", "numu,nu_mubar", r"line 5: column 'nu_mubar' is no neutrino: did you mean numubar\?"),
        ("numu,numubar", "numu,numu", "line 5: column 'numu' is given twice"),
        (",numu,numubar", "", "line 5: there is no column with a flux"),
        ("1,2,2e-4,0", "1,2,2e-4", "line 7: 3 values where the header has 4 columns"),
        ("1,2,2e-4,0", "1,2,x,0", "line 7: numu must be a finite number, not 'x'"),
        ("1,2,2e-4,0", "1,2,nan,0", "line 7: numu must be a finite number, not 'nan'"),
        ("1,2,2e-4,0", "1,2,-2e-4,0", "line 7: the flux of numu is negative"),
        ("0,1,0,1e-5", "-1,1,0,1e-5", "line 6: the energy is negative"),
        ("1,2,2e-4,0", "1,1,2e-4,0", "line 7: energy_high must be above energy_low"),
        ("2,4,1e-4,0", "3,4,1e-4,0", "line 8: the bin does not begin where the one before it ends"),
    ],
)
def test_a_bad_file_is_told_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert HISTOGRAM.count(old) == 1
    file = write(tmp_path, HISTOGRAM.replace(old, new))
    with pytest.raises(FluxError, match=message) as caught:
        load_flux(file, neutrino="numu")
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


def test_other_bad_files(tmp_path: Path) -> None:
    header = POINTS.partition("energy,")[0]
    with pytest.raises(FluxError, match=r"mine\.csv, line 6: the energies must increase"):
        load_flux(write(tmp_path, POINTS.replace("2,3", "0.5,3")))
    with pytest.raises(FluxError, match="the table has too few rows"):
        load_flux(write(tmp_path, header + "energy,numu\n1,1\n"))
    with pytest.raises(FluxError, match="there is no table, only comments"):
        load_flux(write(tmp_path, header))
    with pytest.raises(FluxError, match="the flux of numu is zero everywhere"):
        load_flux(write(tmp_path, header + "energy,numu\n1,0\n2,0\n"))
    with pytest.raises(FluxError, match=r"nowhere\.csv: there is no such flux file"):
        load_flux(tmp_path / "nowhere.csv")
    with pytest.raises(RecastError, match="this is a folder, not a file"):
        load_flux(tmp_path)


OWN = """\
# title: my beam
# units: 1/GeV
# source: a talk
energy_low,energy_high,numu
0,1,1
1,4,3
"""


def test_the_mark_that_spreadsheets_put_in_front_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "beam.csv").write_text(OWN, encoding="utf-8-sig")
    assert load_flux(tmp_path / "beam.csv").integral == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("value", "message"),
    [("9" * 200_000, "line 6: this is not CSV"), ("1e308", "too large to be a flux"), ("1e-320", "too small")],
)
def test_values_that_nothing_can_be_done_with(tmp_path: Path, value: str, message: str) -> None:
    text = OWN.replace("0,1,1\n", "0,1,0\n").replace("1,4,3", f"1,4,{value}")
    (tmp_path / "beam.csv").write_text(text, encoding="utf-8")
    with pytest.raises(FluxError, match=message):
        load_flux(tmp_path / "beam.csv")
