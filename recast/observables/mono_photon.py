"""One photon and missing energy: e+ e- -> gamma Z' with an invisible Z', as an expected signal over an expected limit.

The signal is a peak in the photon's energy, ``E = (s - m^2) / (2 sqrt(s))`` in the centre-of-mass frame; what is
counted lies in a window around it. The only background is e+ e- -> gamma nu nubar, which cannot be avoided; photons and
electrons that are lost in gaps add to it and are not known without the detector, so that this is the best that can be
reached. The signal S that is excluded fulfils ``S = z sqrt(S + B)``, with z of the stated confidence level.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from recast.constants import DEFAULT_INPUTS, ElectroweakInputs
from recast.decays import branching_ratio
from recast.mixing import on_shell_charge_squared
from recast.mono_photon import boosted_cosine, boson_cross_section, neutrino_window
from recast.numbers import Finite, Positive
from recast.statistics import quantile

if TYPE_CHECKING:
    from recast.interactions import Interaction, U1Mediator
    from recast.model import Model

__all__ = ["Beams", "MonoPhoton", "PhotonSelection"]

FloatArray = NDArray[np.float64]

_FB_PER_INVERSE_AB = 1e3

Angle = Annotated[Finite, Field(gt=0.0, lt=180.0)]
Fraction = Annotated[Positive, Field(le=1.0)]


class Beams(BaseModel):
    """Colliding beams.

    Attributes
    ----------
    electron, positron : float
        Energies in GeV; angles count from the direction of the electrons.
    luminosity : float
        Integrated, in inverse attobarn.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    electron: Positive
    positron: Positive
    luminosity: Positive

    @property
    def energy(self) -> float:
        """Energy in the centre-of-mass frame in GeV; the small crossing angle is neglected."""
        return 2.0 * math.sqrt(self.electron * self.positron)

    @property
    def velocity(self) -> float:
        """Of the centre-of-mass frame along the electrons."""
        return (self.electron - self.positron) / (self.electron + self.positron)


class PhotonSelection(BaseModel):
    """Photons that are counted.

    Attributes
    ----------
    angles : tuple of float
        Smallest and largest polar angle in the laboratory, in degrees.
    energy : float
        Least energy in the centre-of-mass frame, in GeV.
    resolution : float
        Relative resolution of the energy.
    window : float
        Half width of the window around the signal, in units of the resolution.
    efficiency : float
        Of a photon with these angles and energies.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    angles: tuple[Angle, Angle]
    energy: Positive
    resolution: Fraction
    window: Positive = 2.0
    efficiency: Fraction = 1.0

    @model_validator(mode="after")
    def _range(self) -> Self:
        if not self.angles[0] < self.angles[1]:
            msg = f"the angles go from a smaller to a larger one, not from {self.angles[0]:g} to {self.angles[1]:g}"
            raise ValueError(msg)
        return self


class MonoPhoton(BaseModel):
    """Expected signal in units of the expected upper limit.

    Attributes
    ----------
    beams : Beams
    photon : PhotonSelection
    confidence_level : float
        One-sided, of the limit that is the unit.
    electroweak : ElectroweakInputs
        Fermi constant, weak mixing angle and fine structure constant.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    array_charges: ClassVar[bool] = True
    parts: ClassVar[tuple[str, ...]] = ("signal",)
    bounded: ClassVar[bool] = True
    """Beyond some mass there is no prediction."""

    type: Literal["mono_photon"] = "mono_photon"
    beams: Beams
    photon: PhotonSelection
    confidence_level: Annotated[float, Field(gt=0.5, lt=1.0)] = 0.95
    electroweak: ElectroweakInputs = DEFAULT_INPUTS

    @model_validator(mode="after")
    def _photons_are_possible(self) -> Self:
        if not self.photon.energy < 0.5 * self.beams.energy:
            beam = 0.5 * self.beams.energy
            msg = f"no photon has more than {beam:g} GeV here, but {self.photon.energy:g} GeV are asked for"
            raise ValueError(msg)
        return self

    @cached_property
    def cosines(self) -> tuple[float, float]:
        """Range of the cosine of the photon's angle in the centre-of-mass frame."""
        low, high = (
            boosted_cosine(math.cos(math.radians(angle)), self.beams.velocity) for angle in self.photon.angles[::-1]
        )
        return low, high

    @property
    def heaviest(self) -> float:
        """Mass in GeV above which the photon is too soft to be counted."""
        return math.sqrt(self.beams.energy * (self.beams.energy - 2.0 * self.photon.energy))

    def applicable(self, interaction: Interaction) -> str | None:
        """Return why nothing can be said about an interaction, or None."""
        if interaction.mediators is None:
            return "effective couplings do not say what is produced with a photon"
        if any(mediator.is_axial for mediator in interaction.mediators):
            return "production by axial charges is not implemented"
        return None

    def contributions(self, interaction: Interaction) -> dict[str, FloatArray]:
        """Return the signal, which has one part.

        Parameters
        ----------
        interaction : Interaction
            With parameters of any broadcast shape.

        Returns
        -------
        dict of str to ndarray
            ``signal``, of the interaction's shape; NaN for masses at which nothing is counted.
        """
        return {"signal": self.predict(interaction)}

    def predict(self, interaction: Interaction) -> FloatArray:
        """Return the signal over the excluded one, of the interaction's shape; NaN beyond the reach in mass."""
        total = np.zeros(tuple(interaction.shape))
        for mediator in interaction.mediators or ():
            total += self._per_coupling(mediator) * mediator.coupling_squared
        return total

    def polynomials(self, model: Model, mass: ArrayLike) -> dict[str, FloatArray] | None:
        """Return the exact coefficients in the coupling at fixed mass.

        Parameters
        ----------
        model : Model
            With the parameters mass and coupling.
        mass : array_like, shape (n_mass,)
            In GeV.

        Returns
        -------
        dict of str to ndarray, shape (n_mass, 3), or None
            Lowest order first, zero beyond the reach in mass; None for a model without a coupling or a boson.
        """
        if "coupling" not in model.parameters:
            return None
        interaction = model(mass=np.atleast_1d(np.asarray(mass, dtype=np.float64)), coupling=1.0)
        if self.applicable(interaction) is not None:
            return None
        result = np.zeros((*interaction.shape, 3))
        result[:, 2] = np.nan_to_num(self.predict(interaction))
        return {"signal": result}

    def events(self, mass: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return signal and background events in the window.

        Parameters
        ----------
        mass : array_like
            Of the boson, in GeV, up to `heaviest`.

        Returns
        -------
        signal, background : ndarray
            Of the shape of the mass; the signal for a unit coupling to electrons and invisible decays only.
        """
        masses = np.asarray(mass, dtype=np.float64)
        energy, (low, high) = self.beams.energy, self.cosines
        photon = 0.5 * (energy**2 - np.square(masses)) / energy
        scale = _FB_PER_INVERSE_AB * self.beams.luminosity * self.photon.efficiency
        inside = math.erf(self.photon.window / math.sqrt(2.0))
        signal = boson_cross_section(masses, energy=energy, low=low, high=high, inputs=self.electroweak)
        background = neutrino_window(
            photon,
            energy=energy,
            low=low,
            high=high,
            resolution=self.photon.resolution,
            width=self.photon.window,
            inputs=self.electroweak,
        )
        return scale * inside * signal, scale * background

    def _per_coupling(self, mediator: U1Mediator) -> FloatArray:
        """Return the prediction for g' = 1, of the shape of the mass."""
        counted = mediator.mass < self.heaviest
        masses = np.where(counted, mediator.mass, 0.5 * self.heaviest)
        signal, background = self.events(masses)
        z2 = quantile(self.confidence_level, one_sided=True) ** 2
        excluded = 0.5 * z2 + np.sqrt(0.25 * z2**2 + z2 * background)
        coupled = on_shell_charge_squared(mediator, "e", inputs=self.electroweak)
        invisible = branching_ratio(mediator, "invisible", inputs=self.electroweak)
        return np.asarray(np.where(counted, coupled * invisible * signal / excluded, np.nan))
