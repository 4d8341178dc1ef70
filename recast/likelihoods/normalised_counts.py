"""Numbers of events in several samples whose normalisation is not known: the chi squared of arXiv:1902.08579.

With N the events that a model predicts in a sample, S those of the Standard Model and B the background,

    chi^2 = min_(alpha, beta)  sum (N - (1 + alpha) S - (alpha + beta) B)^2 / N
                               + (alpha / sigma_norm)^2 + (beta / sigma_B)^2 ,

the model taking the part of the data. The minimum over alpha and beta is analytic: both are Gaussian errors of the
expected number, which add to the variance, and with parameters that the samples share to their covariance.
"""

from __future__ import annotations

import math
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from recast.errors import NotApplicableError, RecastError
from recast.likelihoods.base import Likelihood, drawn_counts, written
from recast.numbers import Count, NonNegative, Positive

__all__ = ["NormalisedCounts"]

FloatArray = NDArray[np.float64]


class NormalisedCounts(Likelihood):
    """Counts of several samples; a prediction has them on its last axis.

    Attributes
    ----------
    names : tuple of str
        Of the samples.
    values : tuple of float, optional
        Expected events without new physics. A projection may leave them out: they are then what the observable
        predicts in the Standard Model.
    backgrounds : tuple of float, optional
        Expected background events; none when absent.
    normalisation_error : float
        sigma_norm, of signal and background.
    background_error : float
        sigma_B, of the background in addition.
    correlation : {"independent", "shared"}
        Whether every sample has alpha and beta of its own.
    region_degrees_of_freedom : int
        Of the chi-squared distribution that limits are drawn with: a convention.
    """

    type: Literal["normalised_counts"] = "normalised_counts"
    names: tuple[str, ...] = Field(min_length=2)
    values: tuple[Positive, ...] | None = None
    backgrounds: tuple[NonNegative, ...] | None = None
    normalisation_error: NonNegative
    background_error: NonNegative = 0.0
    correlation: Literal["independent", "shared"] = "independent"
    region_degrees_of_freedom: Count = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _one_for_each(self) -> Self:
        for key in ("values", "backgrounds"):
            given = getattr(self, key)
            if given is not None and len(given) != len(self.names):
                msg = f"{key} must have {len(self.names)} entries, one for each of names, not {len(given)}"
                raise ValueError(msg)
        return self

    @property
    def declared_degrees_of_freedom(self) -> int:
        """Those of the file."""
        return self.region_degrees_of_freedom

    @property
    def needs_values(self) -> bool:
        """Whether the Standard Model prediction has yet to be filled in."""
        return self.values is None

    @property
    def data(self) -> FloatArray:
        """Events in the Standard Model.

        Raises
        ------
        RecastError
            When they have not been filled in.
        """
        if self.values is None:
            msg = "the expected events are not known: they are those of an observable"
            raise RecastError(msg)
        return np.array(self.values)

    @property
    def degrees_of_freedom(self) -> int:
        """Number of samples."""
        return len(self.names)

    @property
    def minimum(self) -> float:
        """Half the logarithm of 2 pi times the statistical variances."""
        return 0.5 * float(np.sum(np.log(2.0 * math.pi * self.data)))

    def minus_2_delta_ln_l(
        self, prediction: ArrayLike, *, theory_error: ArrayLike = 0.0, out: FloatArray | None = None
    ) -> FloatArray:
        """Return chi squared, alpha and beta profiled.

        Parameters
        ----------
        prediction : array_like, shape (..., n)
            Events; where one is not positive the result is infinite.
        theory_error : 0
            Errors of the prediction are the normalisation's.
        out : ndarray, shape (...), optional

        Raises
        ------
        RecastError
            For a theory error, or another number of predictions.
        """
        if np.any(np.asarray(theory_error) != 0.0):
            msg = "counts with a free normalisation have no other theory error"
            raise RecastError(msg)
        counts = np.asarray(prediction, dtype=float)
        if counts.shape[-1:] != (len(self.names),):
            msg = f"a prediction has {len(self.names)} numbers on its last axis, not the shape {counts.shape}"
            raise RecastError(msg)
        possible = np.all(counts > 0.0, axis=-1)
        counts = np.where(possible[..., None], counts, 1.0)
        residual = counts - self.data
        if self.correlation == "independent":
            total = np.sum(np.square(residual) / (counts + np.square(self._responses).sum(axis=-2)), axis=-1)
        else:
            # Samples in units of their statistical errors: unit covariance plus one direction for each parameter.
            root = np.sqrt(counts)
            pulls, directions = residual / root, self._responses / root[..., None, :]
            overlap = np.einsum("...ai,...i->...a", directions, pulls)
            metric = np.eye(directions.shape[-2]) + np.einsum("...ai,...bi->...ab", directions, directions)
            best = np.linalg.solve(metric, overlap[..., None])[..., 0]
            left = pulls - np.einsum("...a,...ai->...i", best, directions)
            total = np.sum(np.square(left), axis=-1) + np.sum(np.square(best), axis=-1)
        # Given as a prediction to be overwritten, out has an axis too many.
        target = out if out is not None and out.shape == total.shape else None
        return written(np.where(possible, total, np.inf), target)

    @property
    def _responses(self) -> FloatArray:
        """Events by which one standard deviation of alpha and of beta moves each sample, shape (..., 2, n)."""
        background = np.zeros(len(self.names)) if self.backgrounds is None else np.array(self.backgrounds)
        rows = [self.normalisation_error * (self.data + background), self.background_error * background]
        return np.stack(np.broadcast_arrays(*rows), axis=-2)

    def derivatives(self, prediction: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return gradient, shape (..., n), and Hessian, shape (..., n, n).

        With the covariance ``C = diag(N) + ...`` and ``y = C^-1 (N - S)`` they are ``2 y - y^2`` and
        ``2 (1 - y_i) C^-1_ij (1 - y_j)``.
        """
        n = len(self.names)
        common = np.einsum("...ai,...aj->...ij", self._responses, self._responses)
        if self.correlation == "independent":
            common = common * np.eye(n)
        inverse = np.linalg.inv(prediction[..., None] * np.eye(n) + common)
        y = np.einsum("...ij,...j->...i", inverse, prediction - self.data)
        slope = 1.0 - y
        return 2.0 * y - np.square(y), 2.0 * slope[..., :, None] * inverse * slope[..., None, :]

    def allowed(self, z: float, *, one_sided: bool = False) -> tuple[float, float]:  # noqa: ARG002
        """Raise: several numbers have no interval.

        Raises
        ------
        NotApplicableError
            Always: several numbers have no interval.
        """
        msg = "counts of several samples have no single allowed interval"
        raise NotApplicableError(msg)

    def expected(self, prediction: Any) -> Self:
        """Return the same errors around the prediction.

        Raises
        ------
        RecastError
            When the prediction does not have one positive number for each sample.
        """
        if np.shape(prediction) != (len(self.names),):
            msg = f"the prediction has {np.size(prediction)} numbers, but names has {len(self.names)}"
            raise RecastError(msg)
        if not bool(np.all(np.asarray(prediction) > 0.0)):
            msg = "no events are expected in one of the samples"
            raise RecastError(msg)
        return self.model_copy(update={"values": tuple(float(x) for x in np.asarray(prediction))})

    def sample(self, prediction: ArrayLike, size: int, rng: np.random.Generator) -> Self:
        """Draw counts, and by how much the normalisations were misjudged, shape (size, 1, n).

        Raises
        ------
        RecastError
            When a prediction is negative.
        """
        expected = np.asarray(prediction, dtype=float)
        counts = drawn_counts(expected, (size, 1, len(self.names)), rng)
        responses = self.model_copy(update={"values": expected})._responses  # noqa: SLF001
        shape = (size, 1, *responses.shape)
        pulls = rng.standard_normal(shape if self.correlation == "independent" else (*shape[:-1], 1))
        return self.model_copy(update={"values": counts + np.sum(pulls * responses, axis=-2)})
