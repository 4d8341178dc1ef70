"""Emission of a vector boson in e+ e- -> mu+ mu- Z', from the beams and from the muons.

Searches at e+ e- colliders limit bosons that muons radiate. Electrons that are charged radiate as well; the ratio of
the two rates inside a detector's acceptance is what recasts such a limit,

    sigma = g'^2 [Q_mu^2 sigma_FSR(m) + Q_e^2 sigma_ISR(m)] .

The interference is odd under charge conjugation of the muons and cancels when mu+ and mu- are treated alike. Both cross
sections are tree level: one photon, explicit Dirac spinors with the masses of muons and electrons, and the decay of the
boson with its spin correlations. The Z is left out: its propagator is smaller than the photon's by s / m_Z^2, 1% at
10.58 GeV. What enters the measurements is a table under ``measurements/data/emission``, made by

    python -m recast.emission.table measurements/data/emission

with fixed seeds, so that the same numbers come out everywhere.
"""

from recast.emission.detectors import DETECTORS, Detector
from recast.emission.integration import CrossSection, cross_section

__all__ = ["DETECTORS", "CrossSection", "Detector", "cross_section"]
