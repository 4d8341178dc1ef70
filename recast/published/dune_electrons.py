"""Neutrinos on electrons and the sensitivities of DUNE's near detector: what arXiv:1902.08579 prints and draws."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from recast.constants import DEFAULT_INPUTS, ElectroweakInputs
from recast.published.common import measurement

if TYPE_CHECKING:
    from recast.observables.scattering_counts import ScatteringCounts
    from recast.published.common import Calculation

__all__ = ["CALCULATIONS"]

ON_SHELL = "mixing_angle=0.2223"
BEAMS = {"120": "standard", "tau": "tau_optimised"}
YEARS = 5.0

# Masses in GeV at which the curves were read, by key of the ledger.
LELMU_MASSES = {"mev_1": 1e-3, "mev_10": 1e-2, "mev_50": 0.05, "mev_100": 0.1, "gev_1": 1.0, "gev_10": 10.0}
LMUTAU_MASSES = {"mev_3": 3e-3} | {key: mass for key, mass in LELMU_MASSES.items() if key != "mev_1"}

HEAVY = 100.0  # GeV: far above every momentum transfer


def nu_e_rates() -> Mapping[str, float]:
    """Events on electrons a year with the weak mixing angle that the authors' generator uses."""
    result: dict[str, float] = {}
    for key, beam in BEAMS.items():
        events = np.asarray(measurement(f"dune_nd_nu_e:beam={beam},{ON_SHELL}").data) / YEARS
        result |= {f"nue_{key}_nu": float(events[0]), f"nue_{key}_nubar": float(events[1])}
    return result


def _counts(species: str, inputs: ElectroweakInputs = DEFAULT_INPUTS) -> ScatteringCounts:
    """Recoils above 0.6 GeV of one species."""
    from recast.observables.scattering_counts import ScatteringCounts

    sample = {"flux": "dune_nd_standard_fhc", "species": [species], "years": 1, "pot_per_year": 1.1e21}
    return ScatteringCounts.model_validate(
        {
            "process": "electrons",
            "detector": {"target": "Ar40", "mass_tonnes": 75},
            "recoil_low": 0.6,
            "samples": {"neutrino": sample},
            "electroweak": inputs,
        }
    )


def bsm_nu_e() -> Mapping[str, float]:
    """Shift of C_V by a heavy boson of L_e-L_mu over the printed one, and the signs of the interference.

    The vector coupling is C_V = -1/2 + 2 sin^2(theta_W), and events are a quadratic polynomial in it: a central
    difference in the weak mixing angle is exact.
    """
    from recast.interactions import U1Mediator

    def linear(species: str, mass: float) -> float:
        boson = U1Mediator({"e": 1.0, "mu": -1.0}, mass=np.array([mass]), coupling=np.ones(1))
        return float(_counts(species).coefficients(boson)[0, 0, 1])

    step, angle = 1e-2, DEFAULT_INPUTS.sin2_theta_w
    above, below = (
        float(_counts("numu", replace(DEFAULT_INPUTS, sin2_theta_w=angle + sign * step)).standard_model[0])
        for sign in (1, -1)
    )
    shift = linear("numu", HEAVY) / ((above - below) / (2.0 * step)) * 2.0
    charges = 2.0 * -1.0  # vector charge of the electron, both chiralities, and charge of the muon neutrino
    return {
        "vector_coupling": shift / (charges / (2.0 * math.sqrt(2.0) * DEFAULT_INPUTS.fermi_constant * HEAVY**2)),
        "interference_numu": math.copysign(1.0, linear("numu", 0.01)),
        "interference_numubar": math.copysign(1.0, linear("numubar", 0.01)),
    }


def _curve(model: str, reference: str, masses: Mapping[str, float]) -> Callable[[], Mapping[str, float]]:
    def couplings() -> Mapping[str, float]:
        from recast.limits import limit

        found = limit(model, reference, list(masses.values()), confidence_level=0.9).coupling
        return dict(zip(masses, map(float, found), strict=True))

    return couplings


CALCULATIONS: Mapping[str, Calculation] = MappingProxyType(
    {
        "nu_e_rates": nu_e_rates,
        "bsm_nu_e": bsm_nu_e,
        "dune_lelmu_projection": _curve("le_lmu", "dune_nd_nu_e", LELMU_MASSES),
        "dune_lmutau_projection": _curve("lmu_ltau", "dune_nd_dimuon_1902_08579", LMUTAU_MASSES),
    }
)
