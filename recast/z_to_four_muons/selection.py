"""The published cuts on four muons.

Muons have pT > 20, 15, 8 GeV, the pair of opposite charge that is closest to the Z mass is above 20 GeV, the other pair
above 5 GeV, and the four-muon mass lies between 80 and 100 GeV (the recast of the ATLAS analysis in arXiv:1403.1269).
To these are added the reach of the muon system, ``|eta|`` < 2.7 (arXiv:1407.3935), and pT > 4 GeV for the fourth muon.
The published cross sections are for lepton pairs above 5 GeV (arXiv:1403.5657), and the later analysis of the same data
spells out what that means for four muons (arXiv:1509.07844): every pair of opposite charge, paired either way, and
Delta R > 0.1 between any two.

Transverse momenta are smeared by the 2% that ATLAS has measured for muons of some 10 GeV (arXiv:1407.3935): it matters
only where a narrow boson lies beside a cut. Beyond that there is no efficiency: what matters is the ratio of two
samples with the same particles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recast.z_to_four_muons.phase_space import pair_masses_squared
from recast.z_to_four_muons.width import Z_MASS

__all__ = ["Selection"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Selection:
    """Cuts on four muons.

    Attributes
    ----------
    momenta : tuple of float
        Thresholds in GeV of the transverse momenta, the hardest muon first.
    pseudorapidity : float
        Largest ``|eta|``.
    first_pair, second_pair : float
        Lowest masses in GeV of the pair of opposite charge that is closest to the Z mass, and of the other muons.
    every_pair : float
        Lowest mass in GeV of any pair of opposite charge; 0 for no such cut.
    separation : float
        Smallest Delta R of two muons; 0 for no such cut.
    window : pair of float
        Masses of the four muons in GeV.
    resolution : float
        Relative error of transverse momenta; polar angles and azimuths are taken as exact.
    """

    momenta: tuple[float, float, float, float] = (20.0, 15.0, 8.0, 4.0)
    pseudorapidity: float = 2.7
    first_pair: float = 20.0
    second_pair: float = 5.0
    every_pair: float = 5.0
    separation: float = 0.1
    window: tuple[float, float] = (80.0, 100.0)
    resolution: float = 0.02

    def smeared(self, momenta: FloatArray, numbers: FloatArray) -> FloatArray:
        """Smear transverse momenta.

        Parameters
        ----------
        momenta : ndarray, shape (4, 4, n)
            Of massless muons in the laboratory, in GeV.
        numbers : ndarray, shape (4, n)
            Evenly distributed between 0 and 1.
        """
        from scipy.special import ndtri

        if self.resolution == 0.0:
            return momenta
        factor = np.maximum(1.0 + self.resolution * ndtri(np.maximum(numbers, np.finfo(float).tiny)), 0.0)
        return np.asarray(momenta * factor[:, None, :])

    def passes(self, momenta: FloatArray) -> NDArray[np.bool_]:
        """Return which events pass.

        Parameters
        ----------
        momenta : ndarray, shape (4, 4, n)
            Of mu-, mu+, mu-, mu+ by component (E, px, py, pz) in the laboratory, in GeV.
        """
        pt = np.hypot(momenta[:, 1], momenta[:, 2])
        sinh_eta = np.abs(momenta[:, 3]) / np.maximum(pt, np.finfo(float).tiny)
        result = (np.sort(pt, axis=0)[::-1] > np.array(self.momenta)[:, None]).all(axis=0)
        result &= (sinh_eta < math.sinh(self.pseudorapidity)).all(axis=0)
        masses = np.sqrt(np.maximum(pair_masses_squared(momenta), 0.0))
        closest = np.argmin(np.abs(masses - Z_MASS), axis=0)
        # Pairs 0 and 1, 2 and 3 are made of different muons.
        first, second = np.take_along_axis(masses, np.stack([closest, closest ^ 1]), axis=0)
        result &= (first > self.first_pair) & (second > self.second_pair)
        if self.every_pair > 0.0:
            result &= (masses > self.every_pair).all(axis=0)
        four = momenta.sum(axis=0)
        mass = np.sqrt(np.maximum(four[0] ** 2 - (four[1:] ** 2).sum(axis=0), 0.0))
        result &= (mass > self.window[0]) & (mass < self.window[1])
        if self.separation > 0.0:
            result &= _smallest_separation(momenta, pt) > self.separation
        return np.asarray(result)


def _smallest_separation(momenta: FloatArray, pt: FloatArray) -> FloatArray:
    """Return the smallest Delta R of any two muons."""
    eta = np.arcsinh(momenta[:, 3] / np.maximum(pt, np.finfo(float).tiny))
    phi = np.arctan2(momenta[:, 2], momenta[:, 1])
    smallest = np.full(momenta.shape[-1], np.inf)
    for i in range(4):
        for j in range(i):
            delta_phi = np.abs(phi[i] - phi[j])
            delta_phi = np.minimum(delta_phi, 2.0 * math.pi - delta_phi)
            smallest = np.minimum(smallest, np.hypot(eta[i] - eta[j], delta_phi))
    return smallest
