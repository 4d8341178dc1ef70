"""Couplings and cross sections of tridents: what arXiv:1902.06765, arXiv:1406.2332 and CCFR print."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from recast.channels import Channel
from recast.constants import DEFAULT_INPUTS, LEPTON_MASS
from recast.couplings import sm_couplings, va_couplings
from recast.published.common import MUMU

if TYPE_CHECKING:
    from collections.abc import Callable

    from recast.published.common import Calculation
    from recast.spectrum import Spectrum

__all__ = ["CALCULATIONS"]

TABLE_1 = (
    "nue_nue_e-e+",
    "nue_nue_mu-mu+",
    "nue_numu_e-mu+",
    "numu_numu_e-e+",
    "numu_numu_mu-mu+",
    "numu_nue_mu-e+",
)


@cache
def _coherent(beam: str) -> Spectrum:
    """Coherent mu+ mu- spectrum on the target and with the flux of CCFR (``ccfr``) or DUNE (``dune``)."""
    from recast.flux import load_flux
    from recast.spectrum import load_spectrum

    target, flux = {"ccfr": ("Fe56", "ccfr_numu"), "dune": ("Ar40", "dune_nd_standard_fhc")}[beam]
    return load_spectrum(MUMU, target, load_flux(flux, neutrino="numu"))


def couplings_table1() -> Mapping[str, float]:
    """Couplings of Table I and of the CP-conjugate channels."""
    result: dict[str, float] = {}
    for channel in map(Channel.parse, TABLE_1):
        for one in (channel, channel.conjugate):
            gv, ga = sm_couplings(one, DEFAULT_INPUTS)
            result |= {f"{one}.gV": gv, f"{one}.gA": ga}
    return result


def sm_over_va() -> Mapping[str, float]:
    """Compare the Standard Model with pure V-A."""
    gv, ga = sm_couplings(MUMU, DEFAULT_INPUTS)
    pure_v, pure_a = va_couplings(MUMU)
    spectrum = _coherent("ccfr")
    return {
        "equal_weights": (gv**2 + ga**2) / (pure_v**2 + pure_a**2),
        "ccfr": float(spectrum.cross_section(gv, ga) / spectrum.cross_section(pure_v, pure_a)),
    }


def _total(beam: str, index: int) -> Callable[[], float]:
    return lambda: float(_coherent(beam).totals[index])


def _axial_over_vector(beam: str) -> Callable[[], float]:
    return lambda: float(_coherent(beam).totals[1] / _coherent(beam).totals[0])


def weak_angle_shift() -> float:
    """Relative change of the DUNE mu+ mu- cross section between the two values of sin^2(theta_W)."""
    spectrum = _coherent("dune")
    low, high = (
        float(spectrum.cross_section(*sm_couplings(MUMU, replace(DEFAULT_INPUTS, sin2_theta_w=value))))
        for value in (0.22336, 0.23868)
    )
    return high / low - 1.0


def formfactor_spread() -> Mapping[str, float]:
    """Cross sections with other nuclear form factors over those with the default, at 3 GeV."""
    from recast.spectrum import load_spectrum

    energy = 3.0
    gv, ga = sm_couplings(MUMU, DEFAULT_INPUTS)
    wanted = {
        "argon": ("Ar40", ("fermi3", "fermi2_lovseth", "fermi2_ballett", "exponential")),
        "iron": ("Fe56", ("gauss3", "fermi2_lovseth", "fermi2_ballett", "exponential")),
    }
    result: dict[str, float] = {}
    for name, (target, kinds) in wanted.items():
        default = load_spectrum(MUMU, target, energy).cross_section(gv, ga)
        for kind in kinds:
            other = load_spectrum(MUMU, target, energy, form_factor=kind).cross_section(gv, ga)
            result[f"{name}_{kind}"] = float(other / default)
    return result


def epa_leading_log() -> Mapping[str, float]:
    """Coefficient and constant of ln(s/m^2) in the cross section of nu gamma -> nu mu mu.

    sigma = pi alpha G_F^2 W_T/s with the transverse structure function W_T at Q2 = 0; divided by the prefactor of
    Eq. 9 of arXiv:1406.2332 with C_V = gV/2, it is 36 pi^3 W_T/s^2 for each of gV^2 and gA^2.
    """
    from recast.trident.quadrature import unit_gauss
    from recast.trident.structure import structure_density

    mass = LEPTON_MASS["mu"]
    x, weight = unit_gauss(48)
    reduced = []
    logarithms = np.log([1e6, 1e8])
    for logarithm in logarithms:
        s = mass**2 * math.exp(logarithm)
        top = s - 4.0 * mass**2
        # The squares at both ends take the logarithms of the spectrum's ends out of the quadrature.
        k2 = top * x**2 * (3.0 - 2.0 * x)
        jacobian = top * 6.0 * x * (1.0 - x)
        ones = np.ones_like(k2)
        transverse, _ = structure_density(s * ones, 1e-12 * mass**2 * ones, k2, mass, mass, pair_mass=32, angle=32)
        reduced.append(36.0 * math.pi**3 / s**2 * float(np.mean(transverse[:2] @ (jacobian * weight))))
    coefficient = (reduced[1] - reduced[0]) / (logarithms[1] - logarithms[0])
    return {"coefficient": coefficient, "constant": reduced[1] - float(logarithms[1])}


def heavy_limit_2014() -> Mapping[str, float]:
    """Ratio to the Standard Model of a heavy boson over that of the contact shift, at two energies."""
    from recast.flux import Flux
    from recast.rates import event_rate

    mass, coupling = 1e4, 10.0
    gv, ga = sm_couplings(MUMU, DEFAULT_INPUTS)
    shift = 2.0 * DEFAULT_INPUTS.vev**2 * (coupling / mass) ** 2

    from recast.model import load_model
    from recast.spectrum import load_spectrum

    boson = load_model("lmu_ltau")(mass=mass, coupling=coupling)
    result = {}
    for energy in (5, 160):
        beam = Flux.line(float(energy), neutrino="numu")
        full = event_rate(MUMU, "Fe56", beam, interaction=boson, integrated_flux=1.0).cross_section["coherent"]
        contact = load_spectrum(MUMU, "Fe56", beam).cross_section(gv + shift, ga)
        result[f"energy_{energy}"] = float(full / contact)
    return result


CALCULATIONS: Mapping[str, Calculation] = MappingProxyType(
    {
        "couplings_table1": couplings_table1,
        "sm_over_va": sm_over_va,
        "sigma_ccfr_vv": _total("ccfr", 0),
        "sigma_ccfr_aa": _total("ccfr", 1),
        "sigma_ccfr_ratio": _axial_over_vector("ccfr"),
        "sigma_dune_vv": _total("dune", 0),
        "sigma_dune_aa": _total("dune", 1),
        "sigma_dune_ratio": _axial_over_vector("dune"),
        "weak_angle_shift": weak_angle_shift,
        "formfactor_spread": formfactor_spread,
        "epa_leading_log": epa_leading_log,
        "heavy_limit_2014": heavy_limit_2014,
    }
)
