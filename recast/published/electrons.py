"""Loop mixing with the photon and the scattering of solar neutrinos on electrons: App. C of arXiv:1902.06765."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recast.published.common import Calculation

__all__ = ["CALCULATIONS"]

LMU_LTAU = {"mu": 1.0, "tau": -1.0}


def kinetic_mixing_loop() -> Mapping[str, float]:
    """Shift of gV of electrons at small momentum transfer, in units of g'^2 v^2/(m^2 + K2)."""
    from recast.interactions import U1Mediator
    from recast.mixing import effective_charge

    boson = U1Mediator(LMU_LTAU, mass=0.01, coupling=1e-3, mixing="loop")
    electron = float(effective_charge(boson, "e"))
    return {f"nu{flavour}": 2.0 * boson.charges[flavour] * electron for flavour in ("mu", "tau")}


def kinetic_mixing_prefactor() -> float:
    """Mixing of L_mu-L_tau at q^2 = 0 in units of the coupling."""
    from recast.mixing import loop_mixing

    return float(loop_mixing(LMU_LTAU, 0.0))


CALCULATIONS: Mapping[str, Calculation] = MappingProxyType(
    {
        "kinetic_mixing_loop": kinetic_mixing_loop,
        "kinetic_mixing_prefactor": kinetic_mixing_prefactor,
    }
)
