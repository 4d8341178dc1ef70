"""Tridents at near detectors without liquid argon: what arXiv:1807.10973 expects at T2K, MINOS, NOvA and MINERvA.

Masses, compositions, exposures and the ends of the spectra are those of that paper, the fluxes are the shipped ones.
Hydrogen is left out (it scatters incoherently only) and chlorine is counted as argon, tonne by tonne: Z^2/A differs by
less than 1%, and counting it as silicon would give 1% more events in NOvA.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from recast.trident.targets import nuclei

if TYPE_CHECKING:
    from recast.flux import Flux
    from recast.published.common import Calculation

__all__ = ["CALCULATIONS", "DETECTORS", "Detector", "up_to"]

SPECIES = ("nue", "numu", "nuebar", "numubar")

# Pairs of leptons: channel of each neutrino.
CHANNELS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "mumu": {species: f"{species}_{species}_mu-mu+" for species in SPECIES},
        "ee": {species: f"{species}_{species}_e-e+" for species in SPECIES},
        "emu": {
            "nue": "nue_numu_e-mu+",
            "numu": "numu_nue_mu-e+",
            "nuebar": "nuebar_numubar_mu-e+",
            "numubar": "numubar_nuebar_e-mu+",
        },
    }
)

HYDROGEN, CHLORINE = 1.008, 35.45  # atomic weights


@dataclass(frozen=True)
class Detector:
    """One column of the table of rates.

    Attributes
    ----------
    mass_tonnes, pot : float
        Fiducial mass and protons on target of the whole run.
    composition : mapping of str to float
        Share of each nucleus in the mass; what is missing to one is hydrogen.
    fluxes : mapping of str to str
        Shipped flux of each species.
    energy_max : float
        End of the spectrum in GeV.
    """

    mass_tonnes: float
    pot: float
    composition: Mapping[str, float]
    fluxes: Mapping[str, str]
    energy_max: float


def _all(flux: str) -> Mapping[str, str]:
    return dict.fromkeys(SPECIES, flux)


def _shares(parts: Mapping[str, float], *, hydrogen: int, chlorine: int = 0) -> dict[str, float]:
    """Shares in the mass of a molecule of the given numbers of atoms; chlorine as argon."""
    weights = {name: number * nuclei()[name].atomic_weight for name, number in parts.items()}
    if chlorine:
        weights["Ar40"] = chlorine * CHLORINE
    total = sum(weights.values()) + hydrogen * HYDROGEN
    return {name: weight / total for name, weight in weights.items()}


def _mixture(*parts: tuple[float, Mapping[str, float]]) -> dict[str, float]:
    result: dict[str, float] = {}
    for share, molecule in parts:
        for name, part in molecule.items():
            result[name] = result.get(name, 0.0) + share * part
    return result


IRON = {"Fe56": 1.0}
MINOS = {"Fe56": 0.8, "C12": 0.2}
NOVA = _mixture(
    (0.7, _shares({"C12": 1}, hydrogen=2)),  # mineral oil, CH2
    (0.3, _shares({"C12": 2}, hydrogen=3, chlorine=1)),  # polyvinyl chloride
)
MINERVA = _mixture(
    (0.75, _shares({"C12": 1}, hydrogen=1)),
    (0.06, _shares({"O16": 1}, hydrogen=2)),
    (1.0, {"Pb208": 0.09, "Fe56": 0.08, "C12": 0.02}),
)
MEDIUM_ENERGY = {**_all("numi_me_fhc_minor"), "numu": "numi_me_fhc_numu"}

DETECTORS: Mapping[str, Detector] = MappingProxyType(
    {
        "t2k_1": Detector(99.4, 3.9e21, IRON, _all("t2k_ingrid_fhc"), 4.0),
        "t2k_2": Detector(99.4, 1e22, IRON, _all("t2k_ingrid_fhc"), 4.0),
        "minos": Detector(28.6, 10.56e20, MINOS, _all("numi_le_fhc"), 20.0),
        "minos_rhc": Detector(28.6, 3.36e20, MINOS, _all("numi_le_rhc"), 20.0),
        "minos_plus": Detector(28.6, 9.69e20, MINOS, MEDIUM_ENERGY, 20.0),
        "nova_1": Detector(231.0, 8.85e20, NOVA, _all("nova_nd_fhc"), 20.0),
        "nova_1_rhc": Detector(231.0, 6.9e20, NOVA, _all("nova_nd_rhc"), 20.0),
        "nova_2": Detector(231.0, 36e20, NOVA, _all("nova_nd_fhc"), 20.0),
        "nova_2_rhc": Detector(231.0, 36e20, NOVA, _all("nova_nd_rhc"), 20.0),
        "minerva": Detector(7.98, 12e20, MINERVA, MEDIUM_ENERGY, 20.0),
        "minerva_rhc": Detector(7.98, 12e20, MINERVA, _all("numi_me_rhc"), 20.0),
    }
)
"""The columns of the table, neutrino beams unless they end in ``rhc``."""


def up_to(flux: Flux, energy: float) -> Flux:
    """Return the part of a spectrum below an energy in GeV, which is one of its edges, or cut to the point below it."""
    last = int(np.searchsorted(flux.energy, energy * (1.0 + 1e-12), side="right"))
    values = flux.values[: last - 1 if flux.kind == "histogram" else last]
    return replace(flux, energy=flux.energy[:last], values=values)


@cache
def _events(pair: str, detector: str) -> tuple[float, float]:
    """Coherent and incoherent events of all species."""
    from recast.flux import load_flux
    from recast.rates import event_rate

    at = DETECTORS[detector]
    coherent = incoherent = 0.0
    for species, name in at.fluxes.items():
        flux = up_to(load_flux(name, neutrino=species), at.energy_max)
        for target, share in at.composition.items():
            rate = event_rate(
                CHANNELS[pair][species], target, flux, mass_tonnes=share * at.mass_tonnes, pot_per_year=at.pot
            )
            coherent += float(rate.coherent)
            incoherent += float(rate.incoherent)
    return coherent, incoherent


def other_beams() -> Mapping[str, float]:
    """Pairs of muons: coherent events in all columns, incoherent ones of neutrino beams."""
    result = {f"mumu_coh_{name}": _events("mumu", name)[0] for name in DETECTORS}
    return result | _incoherent("mumu_incoh_")


def _incoherent(prefix: str) -> dict[str, float]:
    return {f"{prefix}{name}": _events("mumu", name)[1] for name in DETECTORS if not name.endswith("rhc")}


def other_beams_electrons() -> Mapping[str, float]:
    """Coherent events with electrons, in all columns."""
    return {f"{pair}_coh_{name}": _events(pair, name)[0] for pair in ("ee", "emu") for name in DETECTORS}


CALCULATIONS: Mapping[str, Calculation] = MappingProxyType(
    {
        "other_beams": other_beams,
        "other_beams_electrons": other_beams_electrons,
        "other_beams_blocked": lambda: _incoherent(""),
    }
)
