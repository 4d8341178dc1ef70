"""Several correlated numbers."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from recast.errors import NotApplicableError, RecastError
from recast.likelihoods.base import Likelihood, written
from recast.numbers import Finite, Positive

__all__ = ["CorrelatedGaussian"]

FloatArray = NDArray[np.float64]

_SYMMETRY = 1e-9


class CorrelatedGaussian(Likelihood):
    """Measured numbers with a Gaussian covariance; a prediction has them on its last axis.

    Attributes
    ----------
    names : tuple of str
        Of the numbers.
    values, errors : tuple of float
    correlations : tuple of tuple of float
        Matrix, row by row.
    floating : tuple of tuple of float
        Directions in which the prediction may move freely, e.g. a common shift: profiled without a constraint, which
        takes one degree of freedom each.
    """

    type: Literal["correlated_gaussian"] = "correlated_gaussian"
    names: tuple[str, ...] = Field(min_length=1)
    values: tuple[Finite, ...]
    errors: tuple[Positive, ...]
    correlations: tuple[tuple[Finite, ...], ...]
    floating: tuple[tuple[Finite, ...], ...] = ()

    @model_validator(mode="after")
    def _shapes_and_signs(self) -> Self:
        n = len(self.names)
        rows: dict[str, tuple[Any, ...]] = {"values": self.values, "errors": self.errors}
        rows["correlations"] = self.correlations
        rows |= {f"correlations.{i}": row for i, row in enumerate(self.correlations)}
        rows |= {f"floating.{i}": row for i, row in enumerate(self.floating)}
        for key, row in rows.items():
            if len(row) != n:
                msg = f"{key} must have {n} entries, one for each of names, not {len(row)}"
                raise ValueError(msg)
        matrix = np.array(self.correlations)
        if not np.allclose(matrix, matrix.T, rtol=0.0, atol=_SYMMETRY):
            i, j = np.argwhere(np.abs(matrix - matrix.T) > _SYMMETRY)[0]
            msg = f"correlations must be symmetric: {matrix[i, j]:g} between {self.names[i]} and {self.names[j]}, "
            msg += f"but {matrix[j, i]:g} the other way round"
            raise ValueError(msg)
        if not np.allclose(np.diag(matrix), 1.0, rtol=0.0, atol=_SYMMETRY):
            msg = "correlations must have ones on the diagonal"
            raise ValueError(msg)
        lowest = float(np.linalg.eigvalsh(matrix)[0])
        if not lowest > 0.0:
            msg = f"correlations must be positive definite; the smallest eigenvalue of the matrix is {lowest:.3g}"
            raise ValueError(msg)
        if self.floating and np.linalg.matrix_rank(np.array(self.floating)) < len(self.floating):
            msg = "floating must name independent directions"
            raise ValueError(msg)
        return self

    @property
    def data(self) -> FloatArray:
        """The measured values."""
        return np.array(self.values)

    @property
    def degrees_of_freedom(self) -> int:
        """Numbers less floating directions."""
        return len(self.names) - len(self.floating)

    @cached_property
    def covariance(self) -> FloatArray:
        """Covariance matrix, shape (n, n)."""
        error = np.array(self.errors)
        return np.asarray(np.array(self.correlations) * np.outer(error, error))

    @cached_property
    def _weight(self) -> FloatArray:
        """Matrix W with 2 delta ln L = |W (prediction - values)|^2, floating directions projected out."""
        root = np.linalg.inv(np.linalg.cholesky(self.covariance))
        if not self.floating:
            return np.asarray(root)
        directions, _ = np.linalg.qr(root @ np.array(self.floating).T)
        return np.asarray(root - directions @ (directions.T @ root))

    @property
    def minimum(self) -> float:
        """Half the logarithm of the determinant of 2 pi times the covariance."""
        _, logarithm = np.linalg.slogdet(2.0 * math.pi * self.covariance)
        return 0.5 * float(logarithm)

    def minus_2_delta_ln_l(
        self, prediction: ArrayLike, *, theory_error: ArrayLike = 0.0, out: FloatArray | None = None
    ) -> FloatArray:
        """Return chi squared.

        Parameters
        ----------
        prediction : array_like, shape (..., n)
        theory_error : 0
            Errors of the prediction belong into the covariance, or into ``floating``.
        out : ndarray, shape (...), optional

        Raises
        ------
        RecastError
            For a theory error, which belongs into the covariance.
        """
        if np.any(np.asarray(theory_error) != 0.0):
            msg = "several correlated numbers have no single theory error"
            raise RecastError(msg)
        residual = np.asarray(prediction, dtype=float) - self.data
        pulls = residual @ self._weight.T
        # Given as a prediction to be overwritten, out has an axis too many.
        target = out if out is not None and out.shape == pulls.shape[:-1] else None
        return written(np.einsum("...i,...i->...", pulls, pulls), target)

    def derivatives(self, prediction: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return gradient, shape (..., n), and Hessian, shape (n, n)."""
        hessian = 2.0 * self._weight.T @ self._weight
        return (prediction - self.data) @ hessian, hessian

    def allowed(self, z: float, *, one_sided: bool = False) -> tuple[float, float]:  # noqa: ARG002
        """Raise: several numbers have no interval.

        Raises
        ------
        NotApplicableError
            Always: several numbers have no interval.
        """
        msg = "several correlated numbers have no single allowed interval"
        raise NotApplicableError(msg)

    def expected(self, prediction: Any) -> Self:
        """Return the same covariance around the prediction."""
        return self.model_copy(update={"values": tuple(float(x) for x in np.asarray(prediction))})

    def sample(self, prediction: ArrayLike, size: int, rng: np.random.Generator) -> Self:
        """Draw values with the covariance around the prediction, shape (size, 1, n)."""
        root = np.linalg.cholesky(self.covariance)
        values = prediction + rng.standard_normal((size, 1, len(self.names))) @ root.T
        return self.model_copy(update={"values": values})
