"""Upper limits on a number of signal events by CLs.

CLs = P(q~ >= observed | signal + background) / P(q~ >= observed | background) is at most ``1 - confidence level`` for
an excluded signal (A. L. Read, J. Phys. G 28 (2002) 2693), where q~ is the profile likelihood ratio with a signal that
is not negative (G. Cowan, K. Cranmer, E. Gross, O. Vitells, Eur. Phys. J. C 71 (2011) 1554, Eq. 16).

Two ways to the probabilities. For one count they are sums over Poisson probabilities, exact for any number of events
(``exact``); the background's error enters as a second, Gaussian measurement whose value varies along. For any counting
model, pyhf takes the asymptotic distributions of q~ (``asymptotic``; the same paper, Sec. 3.7).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from recast.cls_exact import exact_cls, first_excluded_count
from recast.counting_model import CountingModel, asymptotic_cls, counting_model, one_count, shifted
from recast.errors import ConvergenceError, NotApplicableError, RecastError
from recast.statistics import check_confidence_level

if TYPE_CHECKING:
    from recast.likelihoods import Likelihood

__all__ = ["Method", "SignalLimit", "exact_cls", "first_excluded_count", "require_counts", "upper_limit"]

Method = Literal["exact", "asymptotic"]

_WORDS = {"exact": "exact Poisson sums", "asymptotic": "pyhf, asymptotic q-tilde"}


@dataclass(frozen=True)
class SignalLimit:
    """An upper limit on a number of signal events.

    Attributes
    ----------
    signal : float
        Largest number of events, beyond those of the Standard Model, that is not excluded.
    confidence_level : float
    method : {"exact", "asymptotic"}
        Where the probabilities came from.
    convention : str
        The same in words.
    """

    signal: float
    confidence_level: float
    method: Method
    convention: str


def upper_limit(
    likelihood: Likelihood,
    confidence_level: float = 0.95,
    *,
    standard_model: float = 0.0,
    signal_error: float = 0.0,
    method: Method | None = None,
) -> SignalLimit:
    """Return the upper limit on the signal of a counting experiment.

    Parameters
    ----------
    likelihood : Likelihood
        Whose prediction is a number of signal events: `PoissonCount`, or one with a pyhf model.
    confidence_level : float
    standard_model : float
        Events of the Standard Model that the likelihood counts as signal; they belong to the background here.
    signal_error : float
        Relative standard deviation of both, a Gaussian nuisance parameter.
    method : {"exact", "asymptotic"}, optional
        By default exact for one count of whole events without an error on the signal, else asymptotic.

    Raises
    ------
    NotApplicableError
        When the likelihood has no counts, or no exact sums.
    RecastError
        For a confidence level outside (0, 1), or a method that does not exist.
    ConvergenceError
        When no signal is large enough to be excluded.
    """
    level = check_confidence_level(confidence_level)
    model = require_counts(likelihood)
    if method not in (None, "exact", "asymptotic"):
        msg = f"the method of CLs is exact or asymptotic, not {method!r}"
        raise RecastError(msg)
    count = None if signal_error else one_count(likelihood, model, standard_model)
    if method == "exact" and count is None:
        msg = "exact sums exist for a single count whose signal has no error: use the asymptotic method"
        raise NotApplicableError(msg)
    cls: Callable[[float], float]
    # Asimov data need not be whole numbers, and are what the asymptotic formula is made for.
    if count is not None and (method == "exact" or (method is None and count[0] == round(count[0]))):
        chosen: Method = "exact"
        observed, background, error = count
        scale = 1.0 + math.sqrt(max(observed, background)) + error
        cls = partial(exact_cls, observed=observed, background=background, background_error=error)
    else:
        chosen = "asymptotic"
        scale = 1.0 + math.sqrt(sum(sum(counts) for counts in model.observed.values()))
        cls = asymptotic_cls(shifted(model, standard_model=standard_model, signal_error=signal_error))
    signal = _solved(cls, 1.0 - level, scale)
    what = "signal beyond the Standard Model" if standard_model else "signal"
    words = f"{100.0 * level:.10g}% CL, CLs ({_WORDS[chosen]}), one-sided ({what} <= {signal:.4g} events)"
    return SignalLimit(signal=signal, confidence_level=level, method=chosen, convention=words)


def require_counts(likelihood: Likelihood) -> CountingModel:
    """Return the counting model of a likelihood.

    Raises
    ------
    NotApplicableError
        When it has none.
    """
    model = counting_model(likelihood)
    if model is None:
        kind = getattr(likelihood, "type", type(likelihood).__name__)
        msg = f"CLs needs counted events, as in poisson_count or pyhf_workspace, and the likelihood {kind} has none"
        raise NotApplicableError(msg)
    return model


def _solved(cls: Callable[[float], float], alpha: float, scale: float) -> float:
    """Return the signal with CLs = alpha."""
    from scipy.optimize import brentq

    high = 2.0 * scale
    for _ in range(30):
        if cls(high) < alpha:
            break
        high *= 2.0
    else:
        msg = f"no number of signal events up to {high:.3g} is excluded by CLs"
        raise ConvergenceError(msg)
    # Not from zero, where both hypotheses are the same and the asymptotic formula divides zero by zero.
    low = 1e-3 * scale
    if cls(low) < alpha:
        msg = f"CLs excludes every number of signal events above {low:.3g}: the count lies too far below its background"
        raise ConvergenceError(msg)
    return float(brentq(lambda signal: cls(signal) - alpha, low, high, xtol=1e-7 * scale, rtol=1e-7))
