"""New physics in tridents and in the magnetic moment of the muon."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from recast.constants import DEFAULT_INPUTS
from recast.couplings import sm_couplings
from recast.published.common import MUMU, coupling_limit, gaussian, measurement

if TYPE_CHECKING:
    from recast.published.common import Calculation

__all__ = ["CALCULATIONS", "coupling_for"]


def trident_average() -> Mapping[str, float]:
    """Weighted average of the three measured ratios."""
    from recast.statistics import weighted_average

    references = ("charm_ii:error=2014", "ccfr", "nutev:report=1998")
    likelihoods = [gaussian(reference) for reference in references]
    average = weighted_average([one.value for one in likelihoods], [one.error for one in likelihoods])
    return {"value": average.value, "error": average.error}


def vphi_bound() -> float:
    """Solve Eq. 34 of arXiv:1403.1269, equal weights of vector and axial terms, for the 95% edge."""
    from recast.statistics import quantile

    gv, ga = sm_couplings(MUMU, DEFAULT_INPUTS)
    _, edge = gaussian("trident_average").allowed(quantile(0.95))
    shift = math.sqrt(edge * (gv**2 + ga**2) - ga**2) - gv
    return math.sqrt(2.0 / shift) * DEFAULT_INPUTS.vev


def vphi_bound_full() -> float:
    """95% limit of the average on m/g' of a heavy boson, with computed cross sections."""
    mass = 1e4
    return mass / coupling_limit("trident_average", mass)


def ccfr_heavy_bound() -> float:
    """CCFR's 95% limit on g' at 100 GeV."""
    return coupling_limit("ccfr", 100.0)


def _magnetic_moment(mass: float, coupling: float) -> float:
    from recast.model import load_model

    return float(measurement("muon_g2:year=2014").prediction(load_model("lmu_ltau")(mass=mass, coupling=coupling)))


def coupling_for(moment: float, mass: float) -> float:
    """Coupling of L_mu-L_tau that gives a shift of the muon's moment; the shift goes as its square."""
    return math.sqrt(moment / _magnetic_moment(mass, 1.0))


def g2_excluded_above() -> float:
    """Mass at which CCFR's limit crosses the lower edge of the 2014 band of g-2."""
    from scipy.optimize import brentq

    band = gaussian("muon_g2:year=2014")
    edge = band.value - band.error

    def gap(log_mass: float) -> float:
        mass = math.exp(log_mass)
        return math.log(coupling_limit("ccfr", mass) / coupling_for(edge, mass))

    return math.exp(brentq(gap, math.log(0.05), math.log(5.0), xtol=1e-4))


def g2_overshoot() -> float:
    """CCFR ratio at the couplings that give the central value of g-2, heavy boson."""
    from recast.model import load_model

    mass = 100.0
    coupling = coupling_for(gaussian("muon_g2:year=2014").value, mass)
    return float(measurement("ccfr").prediction(load_model("lmu_ltau")(mass=mass, coupling=coupling)))


CALCULATIONS: Mapping[str, Calculation] = MappingProxyType(
    {
        "trident_average": trident_average,
        "vphi_bound": vphi_bound,
        "vphi_bound_full": vphi_bound_full,
        "ccfr_heavy_bound": ccfr_heavy_bound,
        "g2_excluded_above": g2_excluded_above,
        "g2_overshoot": g2_overshoot,
    }
)
