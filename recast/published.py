"""What recast gives for the published numbers of the ledger: one function per claim.

Each function takes nothing and returns a number, or a mapping from the claim's keys to numbers. The published values,
their sources and the tolerances stand in ``recast/data/ledger.yaml``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from recast.channels import Channel
from recast.constants import DEFAULT_INPUTS, LEPTON_MASS
from recast.couplings import sm_couplings, va_couplings
from recast.errors import RecastError

if TYPE_CHECKING:
    from recast.likelihoods import Gaussian
    from recast.measurement import Measurement
    from recast.rates import EventRate
    from recast.spectrum import Spectrum

__all__ = ["CALCULATIONS"]

MUMU = Channel.parse("numu_numu_mu-mu+")
TABLE_1 = (
    "nue_nue_e-e+",
    "nue_nue_mu-mu+",
    "nue_numu_e-mu+",
    "numu_numu_e-e+",
    "numu_numu_mu-mu+",
    "numu_nue_mu-e+",
)
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


def _measurement(reference: str) -> Measurement:
    from recast.measurement import load_measurement

    return load_measurement(reference)


def _gaussian(reference: str) -> Gaussian:
    from recast.likelihoods import Gaussian

    likelihood = _measurement(reference).likelihood
    if not isinstance(likelihood, Gaussian):
        msg = f"the ledger compares {reference} as a Gaussian measurement, which it is not"
        raise RecastError(msg)
    return likelihood


@cache
def _coherent(beam: str) -> Spectrum:
    """Coherent mu+ mu- spectrum on the target and with the flux of CCFR (``ccfr``) or DUNE (``dune``)."""
    from recast.flux import load_flux
    from recast.spectrum import load_spectrum

    target, flux = {"ccfr": ("Fe56", "ccfr_numu"), "dune": ("Ar40", "dune_nd_standard_fhc")}[beam]
    return load_spectrum(MUMU, target, load_flux(flux, neutrino="numu"))


def trident_average() -> Mapping[str, float]:
    """Weighted average of the three measured ratios."""
    from recast.statistics import weighted_average

    references = ("charm_ii:error=2014", "ccfr", "nutev:report=1998")
    likelihoods = [_gaussian(reference) for reference in references]
    average = weighted_average([one.value for one in likelihoods], [one.error for one in likelihoods])
    return {"value": average.value, "error": average.error}


def vphi_bound() -> float:
    """Solve Eq. 34 of arXiv:1403.1269, equal weights of vector and axial terms, for the 95% edge."""
    gv, ga = sm_couplings(MUMU, DEFAULT_INPUTS)
    edge = 0.83 + 1.959964 * 0.18
    shift = math.sqrt(edge * (gv**2 + ga**2) - ga**2) - gv
    return math.sqrt(2.0 / shift) * DEFAULT_INPUTS.vev


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


def ccfr_heavy_bound() -> float:
    """CCFR's 95% limit on g' at 100 GeV."""
    return float(_ccfr_limit(100.0))


def _ccfr_limit(mass: float) -> float:
    from recast.limits import limit
    from recast.model import load_model

    return float(limit(load_model("lmu_ltau"), _measurement("ccfr"), mass).coupling[0])


def _magnetic_moment(mass: float, coupling: float) -> float:
    from recast.model import load_model

    return float(_measurement("muon_g2:year=2014").prediction(load_model("lmu_ltau")(mass=mass, coupling=coupling)))


def _coupling_for(moment: float, mass: float) -> float:
    """Coupling of L_mu-L_tau that gives a shift of the muon's moment; the shift goes as its square."""
    return math.sqrt(moment / _magnetic_moment(mass, 1.0))


def g2_excluded_above() -> float:
    """Mass at which CCFR's limit crosses the lower edge of the 2014 band of g-2."""
    from scipy.optimize import brentq

    band = _gaussian("muon_g2:year=2014")
    edge = band.value - band.error

    def gap(log_mass: float) -> float:
        mass = math.exp(log_mass)
        return math.log(_ccfr_limit(mass) / _coupling_for(edge, mass))

    return math.exp(brentq(gap, math.log(0.05), math.log(5.0), xtol=1e-4))


def g2_overshoot() -> float:
    """CCFR ratio at the couplings that give the central value of g-2, heavy boson."""
    from recast.model import load_model

    mass = 100.0
    coupling = _coupling_for(_gaussian("muon_g2:year=2014").value, mass)
    return float(_measurement("ccfr").prediction(load_model("lmu_ltau")(mass=mass, coupling=coupling)))


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


def lbne_rate() -> float:
    """Events in 18 tonnes of argon with 6e20 POT at 5 GeV, on the lower edge of the band of g-2 at 0.1 GeV."""
    from recast.flux import Flux, load_flux
    from recast.model import load_model
    from recast.rates import event_rate

    mass = 0.1
    band = _gaussian("muon_g2:year=2014")
    coupling = _coupling_for(band.value - band.error, mass)
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


CALCULATIONS: Mapping[str, Callable[[], float | Mapping[str, float]]] = MappingProxyType(
    {
        "trident_average": trident_average,
        "vphi_bound": vphi_bound,
        "couplings_table1": couplings_table1,
        "sm_over_va": sm_over_va,
        "sigma_ccfr_vv": _total("ccfr", 0),
        "sigma_ccfr_aa": _total("ccfr", 1),
        "sigma_ccfr_ratio": _axial_over_vector("ccfr"),
        "sigma_dune_vv": _total("dune", 0),
        "sigma_dune_aa": _total("dune", 1),
        "sigma_dune_ratio": _axial_over_vector("dune"),
        "weak_angle_shift": weak_angle_shift,
        "incoh_over_coh_ee": incoherent_fractions,
        "formfactor_spread": formfactor_spread,
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
        "ccfr_heavy_bound": ccfr_heavy_bound,
        "g2_excluded_above": g2_excluded_above,
        "g2_overshoot": g2_overshoot,
        "epa_leading_log": epa_leading_log,
        "heavy_limit_2014": heavy_limit_2014,
        "lbne_rate": lbne_rate,
    }
)
