"""What the shipped selections keep, computed from their grids, beside published numbers."""

from __future__ import annotations

import numpy as np
import pytest

from recast.constants import ElectroweakInputs
from recast.limits import limit
from recast.rates import event_rate

# Events a year in 75 tonnes after cuts: arXiv:1902.08579, table of rates, with its weak mixing angle. The grid of them
# has another density of argon: 8% more coherent events, which are taken out.
INPUTS = ElectroweakInputs(sin2_theta_w=0.2223)
AFTER_CUTS = {
    "dune_nd_standard_fhc": 47.6,
    "dune_nd_standard_rhc": 40.7,
    "dune_nd_tau_optimised_fhc": 210.0,
    "dune_nd_tau_optimised_rhc": 156.0,
}
SPECIES = ("numu", "numubar", "nue", "nuebar")


@pytest.mark.parametrize("flux", AFTER_CUTS)
def test_muon_pairs_after_the_cuts_of_1902_08579(flux: str) -> None:
    def events(**options: str) -> float:
        options = {"mass_tonnes": 75.0, "inputs": INPUTS, **options}
        return sum(float(event_rate(f"{one}_{one}_mu-mu+", "Ar40", flux, **options).coherent) for one in SPECIES)

    passing = events(selection="dune_nd_dimuon_1807_10973")
    expected = passing * events(form_factor="fermi2_ballett") / events()
    assert expected == pytest.approx(AFTER_CUTS[flux], rel=0.05)


def test_nucleons_beside_nuclei_in_1902_06765() -> None:
    """Eq. 11: 8.7 coherent tridents, 0.72 on protons, 0.08 on neutrons."""
    rate = event_rate("numu_numu_mu-mu+", "Ar40", "dune_nd_standard_fhc", selection="dune_nd_1902_06765")
    assert rate.selection == "dune_nd_1902_06765"
    assert "dune_nd_1902_06765" in rate.summary()
    assert float(rate.events["proton"] / rate.coherent) == pytest.approx(0.72 / 8.7, rel=0.10)
    assert float(rate.events["neutron"] / rate.coherent) == pytest.approx(0.08 / 8.7, rel=0.25)


def test_cuts_weaken_a_light_boson_and_leave_a_heavy_one() -> None:
    masses = [0.01, 10.0]
    plain = limit("lmu_ltau", "dune_nd", masses).coupling
    cut = limit("lmu_ltau", "dune_nd:cuts=selection_1", masses).coupling
    assert np.asarray(cut) / plain == pytest.approx([1.149, 0.985], abs=0.01)
    counts = limit("lmu_ltau", "dune_nd_counts:cuts=selection_1", masses).coupling
    without = limit("lmu_ltau", "dune_nd_counts", masses).coupling
    assert np.asarray(counts) / without == pytest.approx([1.148, 0.986], abs=0.01)


@pytest.mark.parametrize("name", ["nutev", "dune_nd_dielectron_1902_08579"])
def test_cuts_that_hardly_matter(name: str) -> None:
    choice = {"nutev": "low_hadronic_energy"}.get(name, "paper")
    plain = limit("le_lmu", name, [0.01, 1.0]).coupling
    assert np.asarray(limit("le_lmu", f"{name}:cuts={choice}", [0.01, 1.0]).coupling) == pytest.approx(plain, rel=0.04)
