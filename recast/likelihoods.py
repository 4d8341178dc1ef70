"""Likelihoods: how probable the data are, given a prediction.

Every likelihood is a small frozen value that knows its data and its errors and nothing about
physics.  Two functions matter: `Likelihood.nll`, minus the logarithm of the likelihood, and
`Likelihood.minus_2_delta_ln_l`, twice its distance from the prediction that equals the data.

Theory errors are profiled, not marginalised: a prediction ``R`` with absolute theory error ``t``
becomes ``R + t theta`` with a unit Gaussian on ``theta``, and ``theta`` takes its best value.  For
Gaussian data this has a closed form, ``(R - d)^2 / (sigma^2 + t^2)``; the constant of the
constraint on ``theta`` is left out, so nothing but the data's own errors normalises ``nll``.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict

from recast.numbers import Finite, NonNegative, Positive

__all__ = ["LIKELIHOODS", "AsymmetricGaussian", "Gaussian", "Likelihood", "PoissonCount"]

FloatArray = NDArray[np.float64]


class Likelihood(BaseModel):
    """A probability of one measured number as a function of its prediction.

    A new kind is a subclass with a ``type`` literal; it becomes usable from YAML through the entry
    point group ``recast.likelihoods`` (see `LIKELIHOODS` for the kinds that are always there).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    @abstractmethod
    def data(self) -> float:
        """The prediction that equals the data."""

    @property
    @abstractmethod
    def minimum(self) -> float:
        """``nll`` of the prediction that equals the data."""

    @abstractmethod
    def minus_2_delta_ln_l(
        self, prediction: ArrayLike, *, theory_error: ArrayLike = 0.0, out: FloatArray | None = None
    ) -> FloatArray:
        """Return ``2 [nll(prediction) - nll(prediction equal to the data)]``.

        Parameters
        ----------
        prediction : array_like
            Any shape, in the units of the data.
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
    def expected(self, prediction: float) -> Self:
        """Return the same likelihood with the data replaced by a prediction (Asimov data)."""

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


class Gaussian(Likelihood):
    """A measured value with a symmetric error."""

    type: Literal["gaussian"] = "gaussian"
    value: Finite
    error: Positive

    @property
    def data(self) -> float:
        """The measured value."""
        return self.value

    @property
    def minimum(self) -> float:
        """``ln(sqrt(2 pi) sigma)``."""
        return math.log(math.sqrt(2.0 * math.pi) * self.error)

    @property
    def side_errors(self) -> tuple[float, float]:
        """The error, twice."""
        return self.error, self.error

    def minus_2_delta_ln_l(
        self, prediction: ArrayLike, *, theory_error: ArrayLike = 0.0, out: FloatArray | None = None
    ) -> FloatArray:
        """Return ``(prediction - value)^2 / (error^2 + theory_error^2)``."""
        prediction = np.asarray(prediction, dtype=float)
        if np.ndim(theory_error) == 0 and theory_error == 0.0:
            # The hot path of every plane: three passes, one array.
            result = np.asarray(np.subtract(prediction, self.value, out=out))
            if result.ndim == 0:
                return np.asarray((result / self.error) ** 2)
            result *= 1.0 / self.error
            result *= result
            return result
        variance = self.error**2 + np.square(theory_error)
        return _written((prediction - self.value) ** 2 / variance, out)

    def derivatives(self, prediction: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return ``2 (prediction - value) / error^2`` and ``2 / error^2``."""
        curvature = 2.0 / self.error**2
        return curvature * (prediction - self.value), np.full_like(prediction, curvature)

    def allowed(self, z: float, *, one_sided: bool = False) -> tuple[float, float]:
        """Return ``value -+ z error``."""
        low = -math.inf if one_sided else self.value - z * self.error
        return low, self.value + z * self.error

    def expected(self, prediction: float) -> Self:
        """Return the same error around the prediction."""
        return self.model_copy(update={"value": float(prediction)})


class AsymmetricGaussian(Likelihood):
    """A measured value with different errors above and below it: two half Gaussians.

    The halves join continuously, so the density is ``sqrt(2/pi) / (upper + lower)
    exp(-(x - value)^2 / (2 sigma^2))`` with ``sigma = upper`` for predictions above the value
    (a split normal density in the prediction).
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
    def minimum(self) -> float:
        """``ln(sqrt(pi/2) (upper + lower))``."""
        return math.log(math.sqrt(0.5 * math.pi) * (self.upper + self.lower))

    @property
    def side_errors(self) -> tuple[float, float]:
        """Lower and upper error."""
        return self.lower, self.upper

    def minus_2_delta_ln_l(
        self, prediction: ArrayLike, *, theory_error: ArrayLike = 0.0, out: FloatArray | None = None
    ) -> FloatArray:
        """Return ``(prediction - value)^2 / (sigma^2 + theory_error^2)``, sigma of that side.

        Profiling never changes the side: the nuisance parameter pulls the prediction towards the
        data and stops before reaching it.
        """
        prediction = np.asarray(prediction, dtype=float)
        if np.ndim(theory_error) == 0 and theory_error == 0.0:
            result = np.asarray(np.subtract(prediction, self.value, out=out))
            if result.ndim == 0:
                return np.asarray((result / (self.upper if result > 0 else self.lower)) ** 2)
            # Two clipped halves and a sum: cheaper than choosing sigma point by point.
            below = np.minimum(result, 0.0)
            below *= 1.0 / self.lower
            np.maximum(result, 0.0, out=result)
            result *= 1.0 / self.upper
            result += below
            result *= result
            return result
        distance = prediction - self.value
        sigma = np.where(distance > 0.0, self.upper, self.lower)
        return _written(distance**2 / (sigma**2 + np.square(theory_error)), out)

    def derivatives(self, prediction: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the derivatives of the half Gaussian on the prediction's side."""
        distance = prediction - self.value
        curvature = np.where(distance > 0.0, 2.0 / self.upper**2, 2.0 / self.lower**2)
        return curvature * distance, curvature

    def allowed(self, z: float, *, one_sided: bool = False) -> tuple[float, float]:
        """Return ``value - z lower`` and ``value + z upper``."""
        low = -math.inf if one_sided else self.value - z * self.lower
        return low, self.value + z * self.upper

    def expected(self, prediction: float) -> Self:
        """Return the same errors around the prediction."""
        return self.model_copy(update={"value": float(prediction)})


class PoissonCount(Likelihood):
    """A number of observed events with a known background; the prediction is the signal."""

    type: Literal["poisson_count"] = "poisson_count"
    observed: NonNegative
    background: NonNegative = 0.0

    @property
    def data(self) -> float:
        """Observed events minus background."""
        return self.observed - self.background

    @property
    def minimum(self) -> float:
        """``nll`` when the expectation equals the observed count."""
        n = self.observed
        return n - (n * math.log(n) if n > 0.0 else 0.0) + math.lgamma(n + 1.0)

    def minus_2_delta_ln_l(
        self, prediction: ArrayLike, *, theory_error: ArrayLike = 0.0, out: FloatArray | None = None
    ) -> FloatArray:
        """Return ``2 [mu - n + n ln(n / mu)]`` with ``mu = prediction + background``.

        With a theory error ``t`` the profiled expectation solves
        ``mu'^2 + (t^2 - mu) mu' - n t^2 = 0``.
        """
        expectation = np.asarray(prediction, dtype=float) + self.background
        n = self.observed
        penalty: FloatArray | float = 0.0
        if not (np.ndim(theory_error) == 0 and theory_error == 0.0):
            variance = np.square(np.asarray(theory_error, dtype=float))
            half = 0.5 * (expectation - variance)
            profiled = half + np.sqrt(half**2 + n * variance)
            profiled = np.where(variance > 0.0, np.maximum(profiled, 0.0), expectation)
            shift = np.divide(
                (profiled - expectation) ** 2,
                variance,
                out=np.zeros(np.broadcast_shapes(profiled.shape, variance.shape)),
                where=variance > 0.0,
            )
            penalty, expectation = shift, profiled
        with np.errstate(divide="ignore", invalid="ignore"):
            logarithm = n * np.log(n / expectation) if n > 0.0 else np.zeros_like(expectation)
            distance = 2.0 * (expectation - n + logarithm) + penalty
        # A negative expectation has no probability at all.
        return _written(np.where(expectation < 0.0, np.inf, distance), out)

    def derivatives(self, prediction: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return ``2 (1 - n / mu)`` and ``2 n / mu^2``."""
        expectation = np.maximum(prediction + self.background, np.finfo(float).tiny)
        n = self.observed
        return 2.0 * (1.0 - n / expectation), 2.0 * n / expectation**2

    def allowed(self, z: float, *, one_sided: bool = False) -> tuple[float, float]:
        """Return the predictions with ``2 delta ln L = z^2``, found to rounding."""
        from scipy.optimize import brentq

        n = self.observed

        def excess(expectation: float) -> float:
            distance = expectation - n + (n * math.log(n / expectation) if n > 0.0 else 0.0)
            return 2.0 * distance - z**2

        far = n + z**2 + z * math.sqrt(2.0 * n + z**2) + 1.0
        high = brentq(excess, max(0.0, n), far, xtol=1e-14 * far, rtol=1e-14)
        low = -math.inf
        if not one_sided and n > 0.0:
            near = n * math.exp(-1.0 - 0.5 * z**2 / n)  # n ln(n/mu) - n already exceeds z^2/2 here
            low = brentq(excess, near, n, xtol=1e-16 * n, rtol=1e-14) - self.background
        return low, high - self.background

    def expected(self, prediction: float) -> Self:
        """Return the same background with the expected count as the observed one."""
        return self.model_copy(update={"observed": float(prediction) + self.background})


def _written(result: Any, out: FloatArray | None) -> FloatArray:
    """Copy a result into ``out`` when one was given."""
    if out is None:
        return np.asarray(result, dtype=float)
    out[...] = result
    return out


LIKELIHOODS: dict[str, type[Likelihood]] = {
    "gaussian": Gaussian,
    "asymmetric_gaussian": AsymmetricGaussian,
    "poisson_count": PoissonCount,
}
"""The likelihoods that ship with the package, by the ``type`` written in YAML."""
