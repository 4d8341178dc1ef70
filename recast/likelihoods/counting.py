"""Counted events."""

from __future__ import annotations

import math
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.likelihoods.base import Likelihood, drawn_counts, written
from recast.numbers import NonNegative

__all__ = ["PoissonCount"]

FloatArray = NDArray[np.float64]


class PoissonCount(Likelihood):
    """A number of observed events with an expected background; the prediction is the signal.

    Attributes
    ----------
    observed : float
        Events; a whole number, or the expected one of Asimov data.
    background : float
        Expected events without signal.
    background_error : float
        Gaussian standard deviation of the background, profiled.
    """

    type: Literal["poisson_count"] = "poisson_count"
    observed: NonNegative
    background: NonNegative = 0.0
    background_error: NonNegative = 0.0

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
        """Return ``2 [mu' - n + n ln(n / mu')] + (mu' - mu)^2 / t^2`` with ``mu = prediction + background``.

        ``t`` is the theory error and the background's in quadrature; the profiled expectation ``mu'`` solves
        ``mu'^2 + (t^2 - mu) mu' - n t^2 = 0``, and is ``mu`` without errors.
        """
        expectation = np.asarray(prediction, dtype=float) + self.background
        n = self.observed
        penalty: FloatArray | float = 0.0
        if self.background_error or not (np.ndim(theory_error) == 0 and theory_error == 0.0):
            variance = np.square(np.asarray(theory_error, dtype=float)) + self.background_error**2
            profiled = self._profiled(expectation, variance)
            penalty = np.divide(
                (profiled - expectation) ** 2,
                variance,
                out=np.zeros(np.broadcast_shapes(profiled.shape, variance.shape)),
                where=variance > 0.0,
            )
            expectation = profiled
        with np.errstate(divide="ignore", invalid="ignore"):
            logarithm = np.where(np.asarray(n) > 0.0, n * np.log(n / expectation), 0.0)
            distance = 2.0 * (expectation - n + logarithm) + penalty
        # A negative expectation has no probability at all.
        return written(np.where(expectation < 0.0, np.inf, distance), out)

    def _profiled(self, expectation: FloatArray, variance: FloatArray | float) -> FloatArray:
        half = 0.5 * (expectation - variance)
        root = np.sqrt(half**2 + self.observed * variance)
        return np.where(np.asarray(variance) > 0.0, np.maximum(half + root, 0.0), expectation)

    def derivatives(self, prediction: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return ``2 (1 - n / mu')`` and ``c / (1 + c t^2 / 2)`` with ``c = 2 n / mu'^2``."""
        variance = self.background_error**2
        expectation = self._profiled(prediction + self.background, variance)
        expectation = np.maximum(expectation, np.finfo(float).tiny)
        n = self.observed
        curvature = 2.0 * n / expectation**2
        return 2.0 * (1.0 - n / expectation), curvature / (1.0 + 0.5 * curvature * variance)

    def allowed(self, z: float, *, one_sided: bool = False) -> tuple[float, float]:
        """Return the predictions with ``2 delta ln L = z^2``, found to rounding."""
        from scipy.optimize import brentq

        n, best = self.observed, self.data

        def excess(prediction: float) -> float:
            return float(self.minus_2_delta_ln_l(prediction)) - z**2

        # Without errors the expectation cannot be negative; no step is larger than the background error's.
        far = z**2 + z * math.sqrt(2.0 * n + z**2) + z * self.background_error + 1.0
        coarse = 1e-14 * (n + far)
        high = brentq(excess, best, best + far, xtol=coarse, rtol=1e-14)
        if one_sided or n == 0.0:
            return -math.inf, high
        near = n * math.exp(-2.0 - 0.5 * z**2 / n)  # n ln(n/mu) - n exceeds z^2/2 here by n, whatever the rounding
        low = near - self.background
        if self.background_error:
            low -= z * self.background_error
        fine = coarse if self.background_error else 1e-16 * n  # a low edge can be close to an expectation of zero
        return brentq(excess, low, best, xtol=fine, rtol=1e-14), high

    def expected(self, prediction: Any) -> Self:
        """Return the same background with the expected count as the observed one."""
        return self.model_copy(update={"observed": float(prediction) + self.background})

    def sample(self, prediction: ArrayLike, size: int, rng: np.random.Generator) -> Self:
        """Draw counts, and anew what the background was measured to be; the expected one is true.

        Raises
        ------
        RecastError
            When signal and background together are negative.
        """
        expectation = np.asarray(prediction, dtype=float) + self.background
        data: dict[str, Any] = {"observed": drawn_counts(expectation, (size, 1), rng)}
        if self.background_error:
            data["background"] = self.background + self.background_error * rng.standard_normal((size, 1))
        return self.model_copy(update=data)
