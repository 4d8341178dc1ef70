"""Energies of the neutrinos of a beam, from the lowest that makes a point of phase space possible."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recast.flux import Flux

__all__ = ["BeamEnergy"]

Array = NDArray[np.float64]

# Parts of a bin or segment of a flux in which it is taken as constant when energies are proposed.
_PARTS = 8


class BeamEnergy:
    """Energies distributed as a flux.

    Parameters
    ----------
    flux : Flux
    threshold : float
        Neutrino energy in GeV below which nothing happens.
    """

    def __init__(self, flux: Flux, threshold: float) -> None:
        self._flux = flux
        self.integral = flux.integral
        self.is_line = flux.kind == "line"
        if self.is_line:
            self.highest = float(flux.energy[0])
            return
        ends = np.maximum(flux.energy, threshold)
        fraction = np.arange(_PARTS) / _PARTS
        edges = np.append((ends[:-1, None] + np.diff(ends)[:, None] * fraction).ravel(), ends[-1])
        middle = 0.5 * (edges[1:] + edges[:-1])
        height = flux.density(middle)
        used = (height > 0.0) & (np.diff(edges) > 0.0)
        self.highest = float(edges[1:][used].max()) if used.any() else 0.0
        self._edges, self._height = edges, height
        widths = np.diff(edges)
        # integrals of phi E^-n up to every edge, n = 0, 1, 2
        self._integrals = np.stack(
            [np.concatenate([[0.0], np.cumsum(height * widths * middle**-n)]) for n in (0.0, 1.0, 2.0)]
        )

    def moments(self, lowest: Array) -> Array:
        """Return the integrals of phi, phi/E and phi/E^2 above an energy, over that of the flux; (3, ...).

        Parameters
        ----------
        lowest : ndarray, any shape
            In GeV.
        """
        if self.is_line:
            inside = np.where(lowest < self.highest, 1.0, 0.0)
            return np.stack([inside, inside / self.highest, inside / self.highest**2])
        above = [total[-1] - np.interp(lowest, self._edges, total) for total in self._integrals]
        return np.stack(above) / self.integral

    def draw(self, lowest: Array, fraction: Array) -> tuple[Array, Array]:
        """Return the energies above which given fractions of the flux beyond ``lowest`` lie short of.

        Parameters
        ----------
        lowest : ndarray, shape (n,)
            In GeV.
        fraction : ndarray, shape (n,)
            Between 0 and 1.

        Returns
        -------
        energy : ndarray, shape (n,)
            GeV.
        weight : ndarray, shape (n,)
            ``phi dE / dfraction`` over the integral of the flux.
        """
        if self.is_line:
            return np.full(lowest.shape, self.highest), np.where(lowest < self.highest, 1.0, 0.0)
        cumulative = self._integrals[0]
        start = np.interp(lowest, self._edges, cumulative)
        length = cumulative[-1] - start
        energy = np.interp(start + fraction * length, cumulative, self._edges)
        if self._flux.kind == "histogram":
            return energy, length / self.integral
        part = np.clip(np.searchsorted(self._edges, energy, side="right") - 1, 0, len(self._height) - 1)
        proposed = self._height[part]
        shape = self._flux.density(energy) / np.where(proposed > 0.0, proposed, np.inf)
        return energy, length * shape / self.integral
