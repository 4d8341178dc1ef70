"""What the calculations of the ledger share: how a published measurement is looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recast.channels import Channel
from recast.errors import RecastError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from recast.likelihoods import Gaussian
    from recast.measurement import Measurement

    Calculation = Callable[[], float | Mapping[str, float]]

__all__ = ["MUMU", "coupling_limit", "gaussian", "measurement"]

MUMU = Channel.parse("numu_numu_mu-mu+")


def measurement(reference: str) -> Measurement:
    """Return a shipped measurement, with its variants."""
    from recast.measurement import load_measurement

    return load_measurement(reference)


def gaussian(reference: str) -> Gaussian:
    """Return the likelihood of a shipped measurement that has a value and a symmetric error.

    Raises
    ------
    RecastError
        When the measurement is of another kind.
    """
    from recast.likelihoods import Gaussian

    likelihood = measurement(reference).likelihood
    if not isinstance(likelihood, Gaussian):
        msg = f"the ledger compares {reference} as a Gaussian measurement, which it is not"
        raise RecastError(msg)
    return likelihood


def coupling_limit(reference: str, mass: float) -> float:
    """Return the two-sided 95% limit of a shipped measurement on the coupling of L_mu-L_tau, at a mass in GeV."""
    from recast.limits import limit
    from recast.model import load_model

    return float(limit(load_model("lmu_ltau"), measurement(reference), mass).coupling[0])
