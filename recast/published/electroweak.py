"""Constraints from the Z: its couplings at LEP and its decay to four muons."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from recast.errors import RecastError
from recast.published.common import coupling_limit, measurement

if TYPE_CHECKING:
    from recast.published.common import Calculation

__all__ = ["CALCULATIONS"]


def lep_loop() -> Mapping[str, float]:
    """Relative shifts of the Z couplings by a loop of L_mu-L_tau, to first order in g'^2, over that of the muon."""
    from recast.interactions import StandardModel
    from recast.model import load_model
    from recast.observables.z_couplings import ZCouplings

    observable = measurement("lep_z_couplings:rate=virtual").observable
    if not isinstance(observable, ZCouplings):
        msg = "the ledger reads couplings of the Z from lep_z_couplings, which predicts something else"
        raise RecastError(msg)
    # Heavy enough for a shift without an imaginary part of its own, weak enough for the first order.
    boson = load_model("lmu_ltau")(mass=300.0, coupling=1e-2)
    relative = observable.predict(boson) / observable.predict(StandardModel()) - 1.0
    shift = dict(zip(observable.names, relative.tolist(), strict=True))
    return {
        "neutrinos": shift["g_nu"] / shift["g_V_mu"],
        "tau": shift["g_V_tau"] / shift["g_V_mu"],
        "axial": shift["g_A_mu"] / shift["g_V_mu"],
    }


def z4mu_excluded() -> float:
    """Smallest whole number of expected events of which those observed or fewer have a probability below 5%."""
    from scipy.special import pdtr

    from recast.likelihoods import PyhfWorkspace

    likelihood = measurement("lhc_z4mu_atlas2014").likelihood
    if not isinstance(likelihood, PyhfWorkspace):
        msg = "the ledger reads the counts of lhc_z4mu_atlas2014 from a workspace, which it does not have"
        raise RecastError(msg)
    observed = likelihood.observations[0]
    return float(next(expected for expected in itertools.count(1) if pdtr(observed, expected) < 0.05))


def z4mu_reach() -> float:
    """Two-sided 95% limit on the coupling of L_mu-L_tau at 10 GeV."""
    return coupling_limit("lhc_z4mu_atlas2014", 10.0)


CALCULATIONS: Mapping[str, Calculation] = MappingProxyType(
    {
        "lep_loop": lep_loop,
        "z4mu_excluded": z4mu_excluded,
        "z4mu_reach": z4mu_reach,
    }
)
