"""Tridents at the near detectors of other beams, against simple scaling and the printed composition of beams."""

from __future__ import annotations

import numpy as np
import pytest

from recast.flux import load_flux
from recast.published.other_beams import CALCULATIONS, DETECTORS, up_to
from recast.rates import event_rate


@pytest.mark.parametrize("name", ["numi_le_fhc", "t2k_ingrid_fhc"])
def test_a_spectrum_is_cut_where_it_is_told_to(name: str) -> None:
    flux = load_flux(name, neutrino="numu")
    cut = up_to(flux, 2.0)
    assert cut.energy[-1] <= 2.0 < flux.energy[-1]
    inside = np.array([0.7, 1.1, 1.6])
    assert np.allclose(cut.density(inside), flux.density(inside), rtol=1e-14)
    assert cut.density(2.3) == 0.0
    assert up_to(flux, 1e4).integral == flux.integral


def test_masses_add_up_to_one_with_hydrogen() -> None:
    # CH2 has 14.4% of hydrogen, polyvinyl chloride 4.8%, CH 7.7%, water 11.2%.
    hydrogen = {"nova": 0.7 * 0.144 + 0.3 * 0.048, "minerva": 0.75 * 0.0774 + 0.06 * 0.112}
    for name, detector in DETECTORS.items():
        expected = next((share for start, share in hydrogen.items() if name.startswith(start)), 0.0)
        assert sum(detector.composition.values()) == pytest.approx(1.0 - expected, abs=2e-3)


def test_the_beams_consist_of_what_their_paper_prints() -> None:
    # arXiv:1807.10973: NOvA 91% (11%) muon neutrinos and 8% (88%) antineutrinos in neutrino (antineutrino) mode.
    for mode, numu, numubar in (("fhc", 0.91, 0.08), ("rhc", 0.11, 0.88)):
        parts = {
            species: load_flux(f"nova_nd_{mode}", neutrino=species).integral
            for species in ("nue", "numu", "nuebar", "numubar")
        }
        total = sum(parts.values())
        assert parts["numu"] / total == pytest.approx(numu, abs=0.02)
        assert parts["numubar"] / total == pytest.approx(numubar, abs=0.02)
        assert (parts["nue"] + parts["nuebar"]) / total == pytest.approx(0.01, abs=0.006)
    # and MINERvA 95% and 4%
    numu = load_flux("numi_me_fhc_numu", neutrino="numu").integral
    numubar = load_flux("numi_me_fhc_minor", neutrino="numubar").integral
    assert numubar / numu == pytest.approx(0.04 / 0.95, abs=0.005)


def test_events_follow_the_exposure() -> None:
    events = CALCULATIONS["other_beams"]()
    assert not isinstance(events, float)
    assert events["mumu_coh_t2k_2"] / events["mumu_coh_t2k_1"] == pytest.approx(10 / 3.9)
    assert events["mumu_incoh_nova_2"] / events["mumu_incoh_nova_1"] == pytest.approx(36 / 8.85)


def test_iron_alone_is_what_the_rate_of_a_detector_says() -> None:
    events = CALCULATIONS["other_beams"]()
    assert not isinstance(events, float)
    total = sum(
        float(
            event_rate(
                f"{species}_{species}_mu-mu+", "Fe56", "t2k_ingrid_fhc", mass_tonnes=99.4, pot_per_year=3.9e21
            ).coherent
        )
        for species in ("nue", "numu", "nuebar", "numubar")
    )
    assert events["mumu_coh_t2k_1"] == pytest.approx(total, rel=1e-9)


def test_chlorine_hardly_depends_on_its_stand_in() -> None:
    flux = load_flux("nova_nd_fhc", neutrino="numu")
    argon, silicon = (float(event_rate("numu_numu_mu-mu+", target, flux).total) for target in ("Ar40", "Si28"))
    # Chlorine is 17% of NOvA's mass.
    assert abs(silicon / argon - 1.0) * 0.17 < 0.02
