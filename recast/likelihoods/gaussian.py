"""Likelihoods of one number that are Gaussian on each side of it."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from recast.errors import NotApplicableError
from recast.likelihoods.base import Likelihood, written
from recast.numbers import Finite, Positive
from recast.statistics import quantile

__all__ = ["AsymmetricGaussian", "Gaussian", "Interval", "LimitCurve"]

FloatArray = NDArray[np.float64]
Level = Annotated[float, Field(gt=0.0, lt=1.0)]


class HalfGaussians(Likelihood):
    """Two half Gaussians that join continuously at the measured value.

    The density is ``sqrt(2/pi) / (lower + upper) exp(-(x - data)^2 / (2 sigma^2))`` with ``sigma = upper`` for
    predictions above the value: a parabola with one curvature on each side, which R. Barlow calls dimidated
    (arXiv:physics/0401042), and not one of his smooth forms with a variable width (arXiv:physics/0406120).
    """

    @property
    @abstractmethod
    def data(self) -> float:
        """The measured value."""

    @property
    @abstractmethod
    def side_errors(self) -> tuple[float, float]:
        """Lower and upper error."""

    @property
    def minimum(self) -> float:
        """``ln(sqrt(pi/2) (lower + upper))``."""
        return math.log(math.sqrt(0.5 * math.pi) * sum(self.side_errors))

    def minus_2_delta_ln_l(
        self, prediction: ArrayLike, *, theory_error: ArrayLike = 0.0, out: FloatArray | None = None
    ) -> FloatArray:
        """Return ``(prediction - value)^2 / (sigma^2 + theory_error^2)``, sigma of that side.

        Profiling never changes the side: the nuisance parameter pulls the prediction towards the
        data and stops before reaching it.
        """
        prediction = np.asarray(prediction, dtype=float)
        lower, upper = self.side_errors
        if np.ndim(theory_error) == 0 and theory_error == 0.0:
            # The hot path of every plane: few passes, one array or two.
            result = np.asarray(np.subtract(prediction, self.data, out=out))
            if result.ndim == 0:
                return np.asarray((result / (upper if result > 0 else lower)) ** 2)
            if lower == upper:
                result *= 1.0 / upper
            else:
                # Two clipped halves and a sum: cheaper than choosing sigma point by point.
                below = np.minimum(result, 0.0)
                below *= 1.0 / lower
                np.maximum(result, 0.0, out=result)
                result *= 1.0 / upper
                result += below
            result *= result
            return result
        distance = prediction - self.data
        sigma = np.where(distance > 0.0, upper, lower)
        return written(distance**2 / (sigma**2 + np.square(theory_error)), out)

    def derivatives(self, prediction: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the derivatives of the half Gaussian on the prediction's side."""
        lower, upper = self.side_errors
        distance = prediction - self.data
        curvature = np.where(distance > 0.0, 2.0 / upper**2, 2.0 / lower**2)
        return curvature * distance, curvature

    def allowed(self, z: float, *, one_sided: bool = False) -> tuple[float, float]:
        """Return ``value - z lower`` and ``value + z upper``."""
        lower, upper = self.side_errors
        return -math.inf if one_sided else self.data - z * lower, self.data + z * upper

    def sample(self, prediction: ArrayLike, size: int, rng: np.random.Generator) -> Likelihood:
        """Draw values below the prediction with the upper error and values above it with the lower one.

        That is the likelihood read as a density of the value, which is continuous where the sides meet.
        """
        lower, upper = self.side_errors
        below = rng.random((size, 1)) * (lower + upper) < upper
        distance = np.abs(rng.standard_normal((size, 1)))
        value = prediction + np.where(below, -upper, lower) * distance
        # Not validated: the value of a single experiment is a number.
        return AsymmetricGaussian.model_construct(value=value, upper=upper, lower=lower)  # type: ignore[arg-type]


class Gaussian(HalfGaussians):
    """A measured value with a symmetric error.

    Attributes
    ----------
    value : float
        As it was measured, in the unit of the prediction.
    error : float
        One standard deviation, in the same unit.
    """

    type: Literal["gaussian"] = "gaussian"
    value: Finite
    error: Positive

    @property
    def data(self) -> float:
        """The measured value."""
        return self.value

    @property
    def side_errors(self) -> tuple[float, float]:
        """The error, twice."""
        return self.error, self.error

    def expected(self, prediction: Any) -> Self:
        """Return the same error around the prediction."""
        return self.model_copy(update={"value": float(prediction)})


class AsymmetricGaussian(HalfGaussians):
    """A measured value with different errors above and below it: two half Gaussians.

    Attributes
    ----------
    value : float
        As it was measured, in the unit of the prediction.
    upper, lower : float
        One standard deviation above and below, both positive, in the same unit.
    """

    type: Literal["asymmetric_gaussian"] = "asymmetric_gaussian"
    value: Finite
    upper: Positive
    lower: Positive

    @property
    def data(self) -> float:
        """The measured value."""
        return self.value

    @property
    def side_errors(self) -> tuple[float, float]:
        """Lower and upper error."""
        return self.lower, self.upper

    def expected(self, prediction: Any) -> Self:
        """Return the same errors around the prediction."""
        return self.model_copy(update={"value": float(prediction)})


class Interval(HalfGaussians):
    """A published two-sided interval of some confidence level, taken for two half Gaussians.

    Attributes
    ----------
    low, high : float
        Its ends.
    confidence_level : float
        Two-sided, of the interval.
    value : float, optional
        The best value where it was published; else the middle is taken.
    """

    type: Literal["interval"] = "interval"
    low: Finite
    high: Finite
    confidence_level: Level = 0.95
    value: Finite | None = None

    @model_validator(mode="after")
    def _ends_in_order(self) -> Self:
        if not self.low < self.high:
            msg = f"low must be below high, not {self.low:g} and {self.high:g}"
            raise ValueError(msg)
        if self.value is not None and not self.low < self.value < self.high:
            msg = f"the value {self.value:g} must lie inside the interval from {self.low:g} to {self.high:g}"
            raise ValueError(msg)
        return self

    @property
    def data(self) -> float:
        """The best value, or the middle."""
        return 0.5 * (self.low + self.high) if self.value is None else self.value

    @property
    def side_errors(self) -> tuple[float, float]:
        """Distances to the ends over the quantile of their confidence level."""
        z = quantile(self.confidence_level)
        return (self.data - self.low) / z, (self.high - self.data) / z

    def expected(self, prediction: Any) -> Self:
        """Return the interval moved to the prediction."""
        shift = float(prediction) - self.data
        return self.model_copy(update={"low": self.low + shift, "high": self.high + shift, "value": self.data + shift})


class LimitCurve(HalfGaussians):
    """A published upper limit: the prediction is the signal in units of the excluded one.

    The likelihood behind a limit is not published, so that this is an approximation: no signal is the best value, and
    ``2 delta ln L = (z signal / excluded signal)^2`` with the one-sided quantile ``z`` of the limit's confidence
    level. It gives back the limit at that level and excludes nothing below it.

    Attributes
    ----------
    confidence_level : float
        One-sided, of the published limit.
    """

    upper_limit_only: ClassVar[bool] = True

    type: Literal["limit_curve"] = "limit_curve"
    confidence_level: Annotated[float, Field(gt=0.5, lt=1.0)]

    @property
    def data(self) -> float:
        """No signal."""
        return 0.0

    @property
    def side_errors(self) -> tuple[float, float]:
        """The inverse of the quantile, twice."""
        error = 1.0 / quantile(self.confidence_level, one_sided=True)
        return error, error

    def expected(self, prediction: Any) -> Self:  # noqa: ARG002
        """Raise: the observed curve is all that is known.

        Raises
        ------
        NotApplicableError
            Always: only the observed limit was published.
        """
        msg = "only the observed limit curve is known, not an expected one"
        raise NotApplicableError(msg)

    def sample(self, prediction: ArrayLike, size: int, rng: np.random.Generator) -> Likelihood:  # noqa: ARG002
        """Raise: no likelihood was published.

        Raises
        ------
        NotApplicableError
            Always: what fluctuated was not published.
        """
        msg = "only a limit was published, not how its data fluctuate"
        raise NotApplicableError(msg)
