"""Event rates: scaling, components, and what is refused. Table II of arXiv:1902.06765 stands in the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recast import load_model
from recast.errors import FluxError, OutOfRangeError, RecastError
from recast.flux import Flux, load_flux
from recast.rates import EventRate, event_rate, nuclei_per_tonne

MUMU = "numu_numu_mu-mu+"
FHC = "dune_nd_standard_fhc"


@pytest.fixture(scope="module")
def table_2() -> EventRate:
    return event_rate(MUMU, "Ar40", FHC)


def test_argon_is_counted_with_its_natural_weight() -> None:
    # 1 tonne / 39.95 u
    assert nuclei_per_tonne(39.95) == pytest.approx(1.5074e28, rel=1e-4)


def test_the_first_row_of_table_ii(table_2: EventRate) -> None:
    assert table_2.coherent == pytest.approx(1.17, rel=0.03)
    assert table_2.incoherent == pytest.approx(0.49, rel=0.06)


def test_eq_9_by_hand(table_2: EventRate) -> None:
    flux = load_flux(FHC, neutrino="numu")
    by_hand = flux.integral * table_2.cross_section["coherent"] * 1e-43 * 6.02214076e29 / 39.95 * 1.1e21
    assert table_2.coherent == pytest.approx(by_hand, rel=1e-3)


def test_events_are_proportional_to_the_exposure(table_2: EventRate) -> None:
    more = event_rate(MUMU, "Ar40", FHC, mass_tonnes=147.0, years=3.0, pot_per_year=2.2e21)
    for component, events in table_2.events.items():
        assert more.events[component] == pytest.approx(147.0 * 3.0 * 2.0 * events)


def test_components_add_up(table_2: EventRate) -> None:
    assert table_2.total == pytest.approx(sum(table_2.events.values()))
    rows = {name: events for name, _, events in table_2.rows()}
    assert rows["total"] == pytest.approx(rows["coherent"] + rows["proton"] + rows["neutron"])
    assert table_2.events["neutron"] < table_2.events["proton"] < table_2.events["coherent"]


def test_no_coupling_is_the_standard_model_and_a_plane_broadcasts(table_2: EventRate) -> None:
    boson = load_model("lmu_ltau")(mass=np.array([[0.1], [1.0]]), coupling=np.array([0.0, 1e-3, 1e-2]))
    rate = event_rate(MUMU, "Ar40", FHC, interaction=boson)
    assert rate.total.shape == (2, 3)
    np.testing.assert_allclose(rate.total[:, 0], table_2.total, rtol=1e-12)
    # The interference of L_mu - L_tau with the Standard Model is constructive.
    assert np.all(np.diff(rate.total, axis=1) > 0.0)


def test_a_shape_needs_an_integrated_flux() -> None:
    with pytest.raises(RecastError, match="integrated-flux"):
        event_rate(MUMU, "Fe56", "ccfr_numu")
    rate = event_rate(MUMU, "Fe56", "ccfr_numu", integrated_flux=2e-3)
    half = event_rate(MUMU, "Fe56", "ccfr_numu", integrated_flux=1e-3)
    assert rate.coherent == pytest.approx(2.0 * half.coherent)


def test_a_compound_is_the_sum_of_its_atoms_whether_named_or_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "glass.yaml"
    file.write_text("name: glass\natoms: {Si28: 1, O16: 2}\n", encoding="utf-8")
    mine = event_rate(MUMU, str(file), FHC)
    glass = event_rate(MUMU, "SiO2", FHC)
    assert mine.target == "glass"
    for component, events in glass.events.items():
        assert mine.events[component] == pytest.approx(events, rel=1e-12)
    silicon, oxygen = (event_rate(MUMU, name, FHC).cross_section["coherent"] for name in ("Si28", "O16"))
    assert glass.cross_section["coherent"] == pytest.approx(silicon + 2.0 * oxygen)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("name: glass\natoms: {Si29: 1}\n", "Si28"),
        ("name: glass\natoms: {Si28: 0}\n", "Si28"),
        ("name: glass\natom: {Si28: 1}\n", "line 2"),
        ("name: glass\n", "atoms"),
    ],
)
def test_a_bad_target_file_is_explained(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "glass.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RecastError, match=named) as error:
        event_rate(MUMU, str(file), FHC)
    assert "glass.yaml" in str(error.value)


def test_below_threshold_there_are_no_events() -> None:
    rate = event_rate(MUMU, "Ar40", Flux.line(0.2, neutrino="numu"), integrated_flux=1.0)
    assert rate.total == 0.0


@pytest.mark.parametrize("exposure", [{"mass_tonnes": 0.0}, {"years": -1.0}, {"pot_per_year": float("nan")}])
def test_a_bad_exposure_is_named(exposure: dict[str, float]) -> None:
    with pytest.raises(RecastError, match=next(iter(exposure))):
        event_rate(MUMU, "Ar40", FHC, **exposure)


@pytest.mark.parametrize("integrated_flux", [0.0, -1.0, float("nan"), float("inf"), "many", True])
def test_a_bad_integrated_flux_is_named(integrated_flux: Any) -> None:
    with pytest.raises(OutOfRangeError, match="integrated_flux must be a positive finite number"):
        event_rate(MUMU, "Ar40", FHC, integrated_flux=integrated_flux)


def test_the_flux_must_be_that_of_the_channel() -> None:
    with pytest.raises(FluxError, match="is one of numu, but channel numubar_numubar_mu-mu\\+ begins with numubar"):
        event_rate("numubar_numubar_mu-mu+", "Ar40", load_flux(FHC, neutrino="numu"))


def test_mediators_that_the_grids_do_not_resolve_are_refused() -> None:
    with pytest.raises(OutOfRangeError, match="too light for the trident grids"):
        event_rate(MUMU, "Ar40", FHC, interaction=load_model("lmu_ltau")(mass=1e-200, coupling=1.0))


def test_files_and_energies_may_be_given_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("name: t\natoms: {Ar40: 1}\n", encoding="utf-8")
    text = "# title: b\n# units: 1/(m^2 GeV POT)\n# source: none\nenergy,numu\n4.9,1\n5,1\n5.1,1\n"
    (tmp_path / "b.csv").write_text(text, encoding="utf-8")
    from_files = event_rate(MUMU, tmp_path / "t.yaml", tmp_path / "b.csv")
    at_5 = event_rate(MUMU, "Ar40", np.float32(5), integrated_flux=0.2)
    assert from_files.coherent == pytest.approx(at_5.coherent, rel=1e-3)


def test_atmospheric_neutrinos_need_no_protons() -> None:
    rates = [
        event_rate("numu_numu_mu-mu+", "O16", "atmospheric_frejus", pot_per_year=pot, years=10) for pot in (1.0, 9.0)
    ]
    assert float(rates[0].total) == float(rates[1].total)
    assert rates[0].unit == "s"
    assert rates[0].pot_per_year == pytest.approx(3.156e7, rel=1e-3)
    assert "s/yr" in rates[0].summary()
    flux = load_flux("atmospheric_frejus", neutrino="numu")
    assert flux.continuous
    assert not flux.absolute
    # neutrinos per m^2 and s, seconds, nuclei in a tonne, and fb in m^2
    by_hand = flux.integral * 10 * 3.15576e7 * (6.02214e29 / 15.999) * 1e-43 * float(rates[0].cross_section["coherent"])
    assert float(rates[0].coherent) == pytest.approx(by_hand, rel=1e-4)


def test_atmospheric_flux_falls_as_it_should() -> None:
    flux = load_flux("atmospheric_frejus", neutrino="numu")
    # Gaisser: between E^-2.7 and E^-3.7 from GeV to TeV, steepening.
    slopes = [float(np.log(flux.density(10 * e) / flux.density(e)) / np.log(10.0)) for e in (3.0, 10.0, 100.0)]
    assert all(-3.75 < slope < -2.6 for slope in slopes)
    assert slopes == sorted(slopes, reverse=True)
