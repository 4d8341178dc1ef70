"""What every likelihood can do."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict

from recast.errors import NotApplicableError, RecastError

if TYPE_CHECKING:
    from recast.likelihoods.total import LikelihoodSum

__all__ = ["Likelihood", "drawn_counts", "written"]

FloatArray = NDArray[np.float64]


class Likelihood(BaseModel):
    """A probability of measured numbers as a function of their prediction.

    A new kind is a subclass with a ``type`` literal; it becomes usable from YAML through the entry
    point group ``recast.likelihoods`` (see `recast.likelihoods.LIKELIHOODS` for the kinds that are
    always there).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    upper_limit_only: ClassVar[bool] = False
    """Whether only too large predictions can be excluded, because that is all that was published."""

    @property
    @abstractmethod
    def data(self) -> float | FloatArray:
        """The prediction that equals the data; an array for several correlated numbers."""

    @property
    @abstractmethod
    def minimum(self) -> float:
        """``nll`` of the prediction that equals the data."""

    @property
    def degrees_of_freedom(self) -> int:
        """How many measured numbers there are, less what is fitted freely to them."""
        return 1

    @property
    def declared_degrees_of_freedom(self) -> int | None:
        """Those that excluded regions are drawn with by convention, or None where the question decides."""
        return None

    @abstractmethod
    def minus_2_delta_ln_l(
        self, prediction: ArrayLike, *, theory_error: ArrayLike = 0.0, out: FloatArray | None = None
    ) -> FloatArray:
        """Return ``2 [nll(prediction) - nll(prediction equal to the data)]``.

        Parameters
        ----------
        prediction : array_like
            Any shape, in the units of the data; several correlated numbers stand on the last axis.
        theory_error : array_like
            Absolute standard deviation of the prediction, profiled; broadcasts.
        out : ndarray, optional
            Where to write the result; may be ``prediction`` itself.
        """

    @abstractmethod
    def derivatives(self, prediction: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return first and second derivative of `minus_2_delta_ln_l` in the prediction."""

    @abstractmethod
    def allowed(self, z: float, *, one_sided: bool = False) -> tuple[float, float]:
        """Return the interval of predictions with ``2 delta ln L <= z^2``.

        One-sided intervals are open (``-inf``) below.
        """

    @abstractmethod
    def expected(self, prediction: Any) -> Self:
        """Return the same likelihood with the data replaced by a prediction (Asimov data).

        Raises
        ------
        NotApplicableError
            Where that needs more than what was published.
        """

    def sample(self, prediction: ArrayLike, size: int, rng: np.random.Generator) -> Likelihood:  # noqa: ARG002
        """Return the likelihood of many experiments at once, each with data of its own.

        Whatever was measured besides, such as a background, fluctuates too. `data`, `minus_2_delta_ln_l` and
        `derivatives` can be asked of the result.

        Parameters
        ----------
        prediction : float, or array_like for several correlated numbers
            What is true.
        size : int
            Number of experiments.
        rng : numpy.random.Generator

        Returns
        -------
        Likelihood
            With data of shape (size, 1), for correlated numbers (size, 1, n): broadcast with predictions of any
            number of points they have the experiments on the first axis, the points on the second.

        Raises
        ------
        NotApplicableError
            When it is not known how the data fluctuate.
        """
        msg = f"a likelihood of type {getattr(self, 'type', type(self).__name__)} does not say how its data fluctuate"
        raise NotApplicableError(msg)

    @property
    def side_errors(self) -> tuple[float, float] | None:
        """Standard deviations below and above the data, or None where they are not constant."""
        return None

    def nll(self, prediction: ArrayLike, *, theory_error: ArrayLike = 0.0) -> FloatArray:
        """Return minus the natural logarithm of the likelihood.

        Parameters
        ----------
        prediction : array_like
            Any shape, in the units of the data.
        theory_error : array_like
            Absolute standard deviation of the prediction, profiled; broadcasts.
        """
        distance = self.minus_2_delta_ln_l(prediction, theory_error=theory_error)
        return np.asarray(0.5 * distance + self.minimum)

    def __add__(self, other: Likelihood | LikelihoodSum) -> LikelihoodSum:
        """Return the likelihood of independent data: its predictions come one for each term."""
        from recast.likelihoods.total import LikelihoodSum

        return LikelihoodSum((self,)) + other


def written(result: Any, out: FloatArray | None) -> FloatArray:
    """Copy a result into ``out`` when one was given."""
    if out is None:
        return np.asarray(result, dtype=float)
    out[...] = result
    return out


def drawn_counts(expectation: ArrayLike, shape: tuple[int, ...], rng: np.random.Generator) -> FloatArray:
    """Draw numbers of events.

    Parameters
    ----------
    expectation : array_like
        Broadcasts with the shape.
    shape : tuple of int
        Of the result.
    rng : numpy.random.Generator

    Raises
    ------
    RecastError
        When the expectation is negative, not finite or beyond what can be counted.
    """
    mean = np.asarray(expectation, dtype=float)
    try:
        return rng.poisson(mean, shape).astype(float)
    except ValueError as error:
        msg = f"{', '.join(f'{x:g}' for x in mean.ravel())} events cannot be expected, signal and background together"
        raise RecastError(msg) from error
