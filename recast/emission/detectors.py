"""Acceptances in which cross sections of e+ e- -> mu+ mu- Z' are compared."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["DETECTORS", "Detector"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Detector:
    """What a search sees, in terms of directions.

    Attributes
    ----------
    name, title : str
    energy : float
        sqrt(s) in GeV.
    boost : float
        beta gamma of the centre of mass in the laboratory, along the electron beam.
    final_state : {"mumu", "invisible"}
        Decay of the boson.
    muon_angles : tuple of float
        Polar angles in degrees in the laboratory between which every muon must lie.
    recoil_angles : tuple of float, optional
        The same for the boson, where it is invisible and known by the recoil.
    recoil_momentum : float
        Smallest momentum of the boson in the centre of mass, in GeV.
    masses : tuple of float
        Of the boson, in GeV, at which the table is made.
    """

    name: str
    title: str
    energy: float
    boost: float
    final_state: Literal["mumu", "invisible"]
    muon_angles: tuple[float, float]
    recoil_angles: tuple[float, float] | None
    recoil_momentum: float
    masses: tuple[float, ...]

    def accepts(self, muons: list[FloatArray], boson: FloatArray) -> NDArray[np.bool_]:
        """Return which events are seen.

        Parameters
        ----------
        muons : list of ndarray, shape (n, 4)
            All muons of the event, in the centre of mass.
        boson : ndarray, shape (n, 4)
        """
        seen = np.asarray(np.linalg.norm(boson[:, 1:], axis=1) >= self.recoil_momentum)
        for muon in muons:
            seen &= self._between(muon, self.muon_angles)
        if self.recoil_angles is not None:
            seen &= self._between(boson, self.recoil_angles)
        return seen

    def _between(self, momentum: FloatArray, angles: tuple[float, float]) -> NDArray[np.bool_]:
        """Return where the polar angle in the laboratory lies between two angles in degrees."""
        gamma = math.sqrt(1.0 + self.boost**2)
        along = gamma * momentum[:, 3] + self.boost * momentum[:, 0]
        angle = np.degrees(np.arctan2(np.hypot(momentum[:, 1], momentum[:, 2]), along))
        return np.asarray((angle >= angles[0]) & (angle <= angles[1]))

    def describe(self) -> str:
        """Return the acceptance in words."""
        text = (
            f"sqrt(s) = {self.energy:g} GeV, boost beta gamma = {self.boost:g}; all muons between "
            f"{self.muon_angles[0]:g} and {self.muon_angles[1]:g} degrees in the laboratory"
        )
        if self.recoil_angles is not None:
            text += f", the recoil between {self.recoil_angles[0]:g} and {self.recoil_angles[1]:g} degrees"
        if self.recoil_momentum > 0.0:
            text += f" with a momentum above {self.recoil_momentum:g} GeV in the centre of mass"
        return text


def _geometric(low: float, high: float, count: int) -> tuple[float, ...]:
    return tuple(float(f"{mass:.5g}") for mass in np.geomspace(low, high, count))


def _even(low: float, high: float, count: int) -> tuple[float, ...]:
    return tuple(float(f"{mass:.5g}") for mass in np.linspace(low, high, count))


DETECTORS: dict[str, Detector] = {
    detector.name: detector
    for detector in (
        Detector(
            name="babar_4mu",
            title="BaBar, four muons",
            energy=10.58,
            boost=0.56,
            final_state="mumu",
            muon_angles=(17.2, 152.6),
            recoil_angles=None,
            recoil_momentum=0.0,
            masses=(0.2115, 0.22, 0.25, *_geometric(0.3, 3.0, 10), *_even(3.5, 10.0, 14)),
        ),
        Detector(
            name="belle2_invisible",
            title="Belle II, two muons and nothing else",
            energy=10.58,
            boost=0.284,
            final_state="invisible",
            muon_angles=(37.0, 120.0),
            recoil_angles=(32.0, 125.0),
            recoil_momentum=0.5,
            masses=(*_geometric(0.002, 0.5, 8), *_geometric(0.7, 3.0, 6), *_even(3.5, 9.0, 12)),
        ),
    )
}
"""The acceptances for which tables are shipped, by name: angles covered by the drift chambers, or by the barrel."""
