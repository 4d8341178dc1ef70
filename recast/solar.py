"""Solar neutrinos: flavours at the Earth and what turns cross sections into rates.

Neutrinos leave the Sun adiabatically and reach the Earth as an incoherent mixture of mass states. With
``A = 2 sqrt2 G_F n_e cos^2(theta13) E / Dm2`` at the place of production,

    cos 2theta_m = (cos 2theta12 - A) / sqrt[(cos 2theta12 - A)^2 + sin^2 2theta12] ,
    P_1, P_2 = cos^2(theta13) (1 +- cos 2theta_m) / 2,    P_3 = sin^2(theta13) ,

and the fraction of a flavour is ``sum_i P_i |U_flavour,i|^2`` (S. J. Parke, Phys. Rev. Lett. 57 (1986) 1275, without
the jump between levels and without the matter of the Earth, which beryllium neutrinos hardly notice).
"""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from recast.constants import AVOGADRO, DEFAULT_INPUTS, FLAVOURS, HBARC_GEV_FM
from recast.numbers import Finite, NonNegative, Positive

__all__ = ["Oscillation", "ScatteringRate", "solar_fractions"]

_GEV_CM = HBARC_GEV_FM * 1e-13
"""hbar c in GeV cm."""

Sine = Annotated[Finite, Field(ge=0.0, le=1.0)]


class Oscillation(BaseModel):
    """Mixing of neutrinos and the matter in which they are produced.

    Attributes
    ----------
    sin2_theta12, sin2_theta13, sin2_theta23 : float
        Squared sines of the mixing angles.
    delta_cp : float
        Phase in degrees.
    delta_m2_21 : float
        Difference of squared masses in eV^2.
    electron_density : float
        Where the neutrinos are produced, in units of Avogadro's number per cm^3.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sin2_theta12: Sine
    sin2_theta13: Sine
    sin2_theta23: Sine
    delta_cp: Finite
    delta_m2_21: Positive
    electron_density: NonNegative


class ScatteringRate(BaseModel):
    """What turns cross sections relative to that of electron neutrinos into a rate.

    Attributes
    ----------
    flux : float
        Solar neutrinos per cm^2 and second, before oscillation.
    per_flux : float
        Rate in a detector per unit flux if all were electron neutrinos. An experiment that quotes its rate together
        with the flux of electron neutrinos that would give it has published this number, number of electrons and
        radiative corrections included.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    flux: Positive
    per_flux: Positive


def solar_fractions(energy: float, oscillation: Oscillation) -> dict[str, float]:
    """Return the fractions of the flavours that reach the Earth by day.

    Parameters
    ----------
    energy : float
        Of the neutrinos, in GeV.
    oscillation : Oscillation
        Mixing parameters and electron density.

    Returns
    -------
    dict of str to float
        By flavour; they add up to one.
    """
    s12, s13, s23 = (
        math.sqrt(value) for value in (oscillation.sin2_theta12, oscillation.sin2_theta13, oscillation.sin2_theta23)
    )
    c12, c13, c23 = (math.sqrt(1.0 - sine**2) for sine in (s12, s13, s23))
    phase = np.exp(1j * math.radians(oscillation.delta_cp))
    mixing = np.array(
        [
            [c12 * c13, s12 * c13, s13 / phase],
            [-s12 * c23 - c12 * s23 * s13 * phase, c12 * c23 - s12 * s23 * s13 * phase, s23 * c13],
            [s12 * s23 - c12 * c23 * s13 * phase, -c12 * s23 - s12 * c23 * s13 * phase, c23 * c13],
        ]
    )
    density = oscillation.electron_density * AVOGADRO * _GEV_CM**3  # in GeV^3
    potential = math.sqrt(2.0) * DEFAULT_INPUTS.fermi_constant * density
    matter = 2.0 * energy * potential * c13**2 / (oscillation.delta_m2_21 * 1e-18)
    cosine, sine = c12**2 - s12**2, 2.0 * s12 * c12
    in_matter = (cosine - matter) / math.hypot(cosine - matter, sine) if sine or cosine != matter else 0.0
    states = np.array([c13**2 * (1.0 + in_matter) / 2.0, c13**2 * (1.0 - in_matter) / 2.0, s13**2])
    fractions = np.square(np.abs(mixing)) @ states
    return dict(zip(FLAVOURS, map(float, fractions), strict=True))
