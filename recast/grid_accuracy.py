"""How far two sets of spectra are apart, in what a model ever asks of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recast.trident.spectra import k2_nodes

__all__ = ["MOMENT_MASSES", "moments", "relative_error"]

Array = NDArray[np.float64]

#: Mediator masses in GeV whose linear and squared propagator moments are tested, see :func:`moments`.
MOMENT_MASSES = (1e-3, 1e-2, 0.1, 1.0, 10.0, 300.0)


def moments(spectra: Array) -> Array:
    """Return totals and propagator moments of spectra: what a model ever asks of them.

    Parameters
    ----------
    spectra : ndarray, shape (..., n_K2)

    Returns
    -------
    ndarray, shape (..., 1 + 2 n_mass)
        The total, then ``m^2/(K2 + m^2)`` and its square for each of :data:`MOMENT_MASSES`.
    """
    k2 = k2_nodes()
    columns = [np.ones_like(k2)]
    for mass in MOMENT_MASSES:
        propagator = mass**2 / (k2 + mass**2)
        columns += [propagator, propagator**2]
    return np.asarray(spectra @ np.stack(columns, axis=1))


def relative_error(value: Array, reference: Array) -> tuple[float, float]:
    """Return the largest relative differences of totals and of moments of two sets of spectra.

    S_VA changes sign and vanishes for equal masses: its difference is measured against S_VV.
    """
    a, b = moments(value), moments(reference)
    scale = np.abs(b)
    scale[..., 2, :] = np.maximum(scale[..., 2, :], scale[..., 0, :])
    error = np.abs(a - b) / np.where(scale > 0.0, scale, 1.0)
    return float(error[..., 0].max()), float(error.max())
