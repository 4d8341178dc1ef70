"""Couplings of the Z to leptons, fitted to pseudo-observables with their correlations.

The same fit as in hep-ex/0509008, Sec. 7.2, without lepton universality: eight parameters, seven couplings and the
hadronic width, which is not predicted but taken along.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recast.errors import ConvergenceError, RecastError
from recast.z_pole.data import PseudoObservables
from recast.z_pole.relations import PARAMETERS, jacobian, pseudo_observables

__all__ = ["CouplingFit", "fit_couplings"]

FloatArray = NDArray[np.float64]

_START = np.array([-0.037, -0.037, -0.037, -0.5, -0.5, -0.5, 0.5, 1.74])
_STEPS = 50
_TOLERANCE = 1e-12


@dataclass(frozen=True, eq=False)
class CouplingFit:
    """Best fit of the parameters `PARAMETERS`.

    Attributes
    ----------
    values : ndarray, shape (8,)
        Seven couplings, and the hadronic width in GeV.
    covariance : ndarray, shape (8, 8)
    chi_squared : float
        At the minimum.
    degrees_of_freedom : int
    """

    values: FloatArray
    covariance: FloatArray
    chi_squared: float
    degrees_of_freedom: int

    @property
    def errors(self) -> FloatArray:
        """Standard deviations, shape (8,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)))

    @property
    def correlations(self) -> FloatArray:
        """Correlation matrix, shape (8, 8)."""
        return np.asarray(self.covariance / np.outer(self.errors, self.errors))


def fit_couplings(data: PseudoObservables) -> CouplingFit:
    """Minimise chi squared, with the signs of the couplings as in the Standard Model (g_A < 0).

    Parameters
    ----------
    data : PseudoObservables
        At least as many as there are parameters.

    Returns
    -------
    CouplingFit

    Raises
    ------
    RecastError
        When the pseudo-observables do not determine all parameters.
    ConvergenceError
        When the minimum is not found.
    """
    rows = data.positions
    whiten = np.linalg.inv(np.linalg.cholesky(data.covariance))
    point = _START.copy()
    for _ in range(_STEPS):
        slope = whiten @ jacobian(point[:-1], float(point[-1]))[rows]
        left, singular, right = np.linalg.svd(slope * point, full_matrices=False)
        if len(rows) < point.size or not singular[-1] > 1e-9 * singular[0]:
            msg = f"the pseudo-observables {', '.join(data.names)} do not determine {', '.join(PARAMETERS)}"
            raise RecastError(msg)
        residual = whiten @ (data.values - pseudo_observables(point[:-1], point[-1])[rows])
        step = right.T @ ((left.T @ residual) / singular)
        point = point * (1.0 + step)
        if float(np.max(np.abs(step))) < _TOLERANCE:
            break
    else:
        msg = "the fit of the couplings of the Z to the pseudo-observables did not converge"
        raise ConvergenceError(msg)
    slope = whiten @ jacobian(point[:-1], float(point[-1]))[rows]
    residual = whiten @ (data.values - pseudo_observables(point[:-1], point[-1])[rows])
    covariance = np.asarray(np.linalg.inv(slope.T @ slope), dtype=np.float64)
    return CouplingFit(point, covariance, float(residual @ residual), len(rows) - point.size)
