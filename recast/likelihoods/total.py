"""Likelihoods of independent data, added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recast.errors import RecastError
from recast.likelihoods.base import Likelihood

__all__ = ["LikelihoodSum"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class LikelihoodSum:
    """What ``a + b`` is: ``-ln L`` of independent data, with one prediction for each term.

    Attributes
    ----------
    terms : tuple of Likelihood
    """

    terms: tuple[Likelihood, ...]

    def __add__(self, other: Likelihood | LikelihoodSum) -> LikelihoodSum:
        """Add one likelihood or several."""
        return LikelihoodSum(self.terms + (other.terms if isinstance(other, LikelihoodSum) else (other,)))

    @property
    def data(self) -> tuple[float | FloatArray, ...]:
        """The predictions that equal the data."""
        return tuple(term.data for term in self.terms)

    @property
    def minimum(self) -> float:
        """``nll`` of the predictions that equal the data."""
        return sum(term.minimum for term in self.terms)

    @property
    def degrees_of_freedom(self) -> int:
        """Of all terms."""
        return sum(term.degrees_of_freedom for term in self.terms)

    def minus_2_delta_ln_l(self, predictions: Sequence[Any]) -> FloatArray:
        """Return the sum of ``2 delta ln L`` at one prediction for each term; they broadcast.

        Raises
        ------
        RecastError
            When there are not as many predictions as terms.
        """
        if len(predictions) != len(self.terms):
            msg = f"{len(self.terms)} likelihoods need as many predictions, not {len(predictions)}"
            raise RecastError(msg)
        parts = [term.minus_2_delta_ln_l(value) for term, value in zip(self.terms, predictions, strict=True)]
        return np.asarray(sum(parts), dtype=float)

    def nll(self, predictions: Sequence[Any]) -> FloatArray:
        """Return minus the natural logarithm of the product of the likelihoods."""
        return np.asarray(0.5 * self.minus_2_delta_ln_l(predictions) + self.minimum)
