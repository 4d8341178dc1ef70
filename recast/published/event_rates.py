"""Fluxes and numbers of events: Table II of arXiv:1902.06765 and the rate of arXiv:1406.2332."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from recast.errors import RecastError
from recast.published.common import MUMU, gaussian, measurement
from recast.published.new_physics import coupling_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from recast.likelihoods import CountingExperiment
    from recast.published.common import Calculation
    from recast.rates import EventRate

__all__ = ["CALCULATIONS"]

# Table II: key of the ledger, channel, beam.
RATES = {
    "mumu": ("numu_numu_mu-mu+", "fhc"),
    "ee": ("numu_numu_e-e+", "fhc"),
    "emu": ("numu_nue_mu-e+", "fhc"),
    "mumu_rhc": ("numubar_numubar_mu-mu+", "rhc"),
    "ee_rhc": ("numubar_numubar_e-e+", "rhc"),
    "emu_rhc": ("numubar_nuebar_e-mu+", "rhc"),
}
TABLE_2_TONNES = 147.0
TABLE_2_YEARS = 3.0


def _flux_integral(beam: str, neutrino: str) -> Callable[[], float]:
    def integral() -> float:
        from recast.flux import load_flux

        return float(load_flux(f"dune_nd_standard_{beam}", neutrino=neutrino).integral)

    return integral


@cache
def _rate(name: str) -> EventRate:
    """Entry of Table II, per tonne and year."""
    from recast.rates import event_rate

    channel, beam = RATES[name]
    return event_rate(channel, "Ar40", f"dune_nd_standard_{beam}")


def _rate_part(name: str, part: str) -> Callable[[], float]:
    return lambda: float(getattr(_rate(name), part))


def incoherent_fractions() -> Mapping[str, float]:
    """Incoherent against coherent on argon, with the DUNE flux."""
    rates = {name: _rate(name) for name in ("ee", "emu", "mumu")}
    mumu = rates["mumu"]
    return {
        "ee": float(rates["ee"].incoherent / rates["ee"].coherent),
        "emu": float(rates["emu"].incoherent / rates["emu"].coherent),
        "mumu": float(mumu.incoherent / mumu.total),
        "neutron_over_proton": float(mumu.events["neutron"] / mumu.events["proton"]),
    }


def events_147t_3yr() -> Mapping[str, float]:
    """Return the numbers of Table II in parentheses."""
    exposure = TABLE_2_TONNES * TABLE_2_YEARS
    result = {}
    for name in RATES:
        base, _, rhc = name.partition("_")
        suffix = f"_{rhc}" if rhc else ""
        result[f"{base}_coh{suffix}"] = exposure * float(_rate(name).coherent)
        result[f"{base}_incoh{suffix}"] = exposure * float(_rate(name).incoherent)
    return result


def _counting(reference: str) -> CountingExperiment:
    from recast.likelihoods import CountingExperiment

    likelihood = measurement(reference).likelihood
    if not isinstance(likelihood, CountingExperiment):
        msg = f"the ledger reads {reference} as a counting experiment, which it is not"
        raise RecastError(msg)
    return likelihood


def dune_significance() -> Mapping[str, float]:
    """S/sqrt(B) per year of the two selections."""
    return {
        f"selection_{n}": _counting(f"dune_nd_counts:selection={n},years=1,regime=coherent").significance
        for n in (1, 2)
    }


def dune_accuracy() -> float:
    """Relative error of the trident rate after six years, statistics only."""
    return float(_counting("dune_nd_counts:years=6").accuracy())


def lbne_rate() -> float:
    """Events in 18 tonnes of argon with 6e20 POT at 5 GeV, on the lower edge of the band of g-2 at 0.1 GeV."""
    from recast.flux import Flux, load_flux
    from recast.model import load_model
    from recast.rates import event_rate

    mass = 0.1
    band = gaussian("muon_g2:year=2014")
    coupling = coupling_for(band.value - band.error, mass)
    rate = event_rate(
        MUMU,
        "Ar40",
        Flux.line(5.0, neutrino="numu"),
        interaction=load_model("lmu_ltau")(mass=mass, coupling=coupling),
        integrated_flux=load_flux("dune_nd_standard_fhc", neutrino="numu").integral,
        mass_tonnes=18.0,
        pot_per_year=6e20,
    )
    return float(rate.total)


CALCULATIONS: Mapping[str, Calculation] = MappingProxyType(
    {
        "incoh_over_coh_ee": incoherent_fractions,
        "dune_flux_fhc": _flux_integral("fhc", "numu"),
        "dune_flux_rhc": _flux_integral("rhc", "numubar"),
        "rate_mumu_coh": _rate_part("mumu", "coherent"),
        "rate_mumu_incoh": _rate_part("mumu", "incoherent"),
        "rate_ee_coh": _rate_part("ee", "coherent"),
        "rate_ee_incoh": _rate_part("ee", "incoherent"),
        "rate_emu_coh": _rate_part("emu", "coherent"),
        "rate_emu_incoh": _rate_part("emu", "incoherent"),
        "rate_mumu_coh_rhc": _rate_part("mumu_rhc", "coherent"),
        "rate_mumu_incoh_rhc": _rate_part("mumu_rhc", "incoherent"),
        "rate_ee_coh_rhc": _rate_part("ee_rhc", "coherent"),
        "rate_ee_incoh_rhc": _rate_part("ee_rhc", "incoherent"),
        "rate_emu_coh_rhc": _rate_part("emu_rhc", "coherent"),
        "rate_emu_incoh_rhc": _rate_part("emu_rhc", "incoherent"),
        "events_147t_3yr": events_147t_3yr,
        "dune_significance": dune_significance,
        "dune_accuracy": dune_accuracy,
        "lbne_rate": lbne_rate,
    }
)
