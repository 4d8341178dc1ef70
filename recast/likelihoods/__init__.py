"""Likelihoods: how probable the data are, given a prediction.

Every likelihood is a small frozen value that knows its data and its errors and nothing about
physics.  Two functions matter: `Likelihood.nll`, minus the logarithm of the likelihood, and
`Likelihood.minus_2_delta_ln_l`, twice its distance from the prediction that equals the data.

Theory errors are profiled, not marginalised: a prediction ``R`` with absolute theory error ``t``
becomes ``R + t theta`` with a unit Gaussian on ``theta``, and ``theta`` takes its best value.  For
Gaussian data this has a closed form, ``(R - d)^2 / (sigma^2 + t^2)``; the constant of the
constraint on ``theta`` is left out, so nothing but the data's own errors normalises ``nll``.

Likelihoods of independent data add: ``(a + b).nll([prediction of a, prediction of b])``.
"""

from __future__ import annotations

from recast.likelihoods.base import Likelihood
from recast.likelihoods.correlated import CorrelatedGaussian
from recast.likelihoods.counting import PoissonCount
from recast.likelihoods.counting_experiment import CountingExperiment
from recast.likelihoods.gaussian import AsymmetricGaussian, Gaussian, Interval, LimitCurve
from recast.likelihoods.normalised_counts import NormalisedCounts
from recast.likelihoods.pyhf_workspace import PyhfWorkspace
from recast.likelihoods.total import LikelihoodSum

__all__ = [
    "LIKELIHOODS",
    "AsymmetricGaussian",
    "CorrelatedGaussian",
    "CountingExperiment",
    "Gaussian",
    "Interval",
    "Likelihood",
    "LikelihoodSum",
    "LimitCurve",
    "NormalisedCounts",
    "PoissonCount",
    "PyhfWorkspace",
]

LIKELIHOODS: dict[str, type[Likelihood] | str] = {
    "gaussian": Gaussian,
    "asymmetric_gaussian": AsymmetricGaussian,
    "interval": Interval,
    "poisson_count": PoissonCount,
    "correlated_gaussian": CorrelatedGaussian,
    "limit_curve": LimitCurve,
    "pyhf_workspace": PyhfWorkspace,
    "z_pole": "recast.z_pole.likelihood:ZPole",
    "counting_experiment": CountingExperiment,
    "normalised_counts": NormalisedCounts,
}
"""The likelihoods that ship with the package, by the ``type`` written in YAML: classes, or ``module:class``."""
