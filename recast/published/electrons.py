"""Loop mixing with the photon and the scattering of solar neutrinos on electrons: App. C of arXiv:1902.06765."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from recast.errors import RecastError
from recast.published.common import measurement

if TYPE_CHECKING:
    from recast.observables.neutrino_electron import NeutrinoElectron, SolarNeutrinos
    from recast.published.common import Calculation

__all__ = ["CALCULATIONS"]

LMU_LTAU = {"mu": 1.0, "tau": -1.0}


def _borexino() -> tuple[NeutrinoElectron, SolarNeutrinos]:
    from recast.observables.neutrino_electron import NeutrinoElectron

    observable = measurement("borexino").observable
    if not isinstance(observable, NeutrinoElectron) or observable.solar is None:
        msg = "the ledger reads scattering of solar neutrinos from borexino, which predicts something else"
        raise RecastError(msg)
    return observable, observable.solar


def borexino_kinematics() -> Mapping[str, float]:
    """Smallest recoil of the window and largest one of the kinematics, in units of the neutrino's energy."""
    from recast.neutrino_electron import largest_recoil

    observable, solar = _borexino()
    energy = solar.energy
    return {"y_min": observable.recoil.low / energy, "y_max": float(largest_recoil(energy)) / energy}


def borexino_sm_ratio() -> float:
    """Cross section of electron neutrinos in the window, over that of muon neutrinos."""
    observable, solar = _borexino()
    # The spectra carry the fractions of the flavours as their weights.
    fractions = solar.flavours
    constant = {one.flavour: one.constant / fractions[one.flavour] for one in observable.spectra}
    return constant["e"] / constant["mu"]


def kinetic_mixing_loop() -> Mapping[str, float]:
    """Shift of gV of electrons at small momentum transfer, in units of g'^2 v^2/(m^2 + K2)."""
    from recast.interactions import U1Mediator
    from recast.mixing import effective_charge

    boson = U1Mediator(LMU_LTAU, mass=0.01, coupling=1e-3, mixing="one_loop")
    electron = float(effective_charge(boson, "e"))
    return {f"nu{flavour}": 2.0 * LMU_LTAU[flavour] * electron for flavour in ("mu", "tau")}


def kinetic_mixing_prefactor() -> float:
    """Mixing of L_mu-L_tau at q^2 = 0 in units of the coupling."""
    from recast.mixing import loop_mixing

    return float(loop_mixing(LMU_LTAU, 0.0))


CALCULATIONS: Mapping[str, Calculation] = MappingProxyType(
    {
        "borexino_kinematics": borexino_kinematics,
        "borexino_sm_ratio": borexino_sm_ratio,
        "kinetic_mixing_loop": kinetic_mixing_loop,
        "kinetic_mixing_prefactor": kinetic_mixing_prefactor,
    }
)
