"""Scattering of neutrinos on electrons, relative to the Standard Model or as a rate.

The cross sections of `recast.neutrino_electron` in a window of recoil energies: of a line of the solar spectrum,
weighted with the flavours that reach the Earth (arXiv:1902.06765, Eqs. C1 to C6), or of the fluxes of a beam or a
reactor. The electron couples with its charge or, when it has none and the model says so, through mixing at
q^2 = -2 m_e T: for L_mu - L_tau these are Eqs. C4 and C5, which take it at q^2 = 0.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationInfo, model_validator

from recast.constants import DEFAULT_INPUTS, FLAVOURS, ElectroweakInputs
from recast.errors import OutOfRangeError
from recast.neutrino_electron import largest_recoil
from recast.numbers import NonNegative, Positive
from recast.observables.elastic import (
    at_masses,
    load_beam,
    mass_polynomials,
    reason_unchanged,
    recoil_expansions,
    summed,
)
from recast.recoil_spectrum import RecoilSpectrum, flux_spectrum, recoil_spectrum
from recast.solar import Oscillation, ScatteringRate, solar_fractions

if TYPE_CHECKING:
    from recast.interactions import Interaction, U1Mediator
    from recast.model import Model

__all__ = ["Fractions", "NeutrinoElectron", "NeutrinoFlux", "RecoilWindow", "SolarNeutrinos"]

FloatArray = NDArray[np.float64]

# Published fractions are rounded to a per cent.
_ROUNDING = 0.02


class Fractions(BaseModel):
    """Flavours of the neutrinos; they add up to one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    e: NonNegative
    mu: NonNegative
    tau: NonNegative

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        total = self.e + self.mu + self.tau
        if abs(total - 1.0) > _ROUNDING:
            msg = f"the fractions of the flavours must add up to 1, not to {total:g}"
            raise ValueError(msg)
        return self


class SolarNeutrinos(BaseModel):
    """A line of the solar neutrino spectrum as it reaches the Earth.

    Attributes
    ----------
    energy : float
        In GeV.
    fractions : Fractions, optional
        Of the flavours.
    oscillation : Oscillation, optional
        From which they are computed, instead of given.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    energy: Positive
    fractions: Fractions | None = None
    oscillation: Oscillation | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.fractions is None) == (self.oscillation is None):
            msg = "solar neutrinos have either fractions of the flavours or an oscillation to compute them from"
            raise ValueError(msg)
        return self

    @cached_property
    def flavours(self) -> dict[str, float]:
        """Fraction by flavour."""
        if self.fractions is not None:
            return self.fractions.model_dump()
        return solar_fractions(self.energy, self.oscillation)  # type: ignore[arg-type]


class NeutrinoFlux(BaseModel):
    """One species of a flux.

    Attributes
    ----------
    flux : str
        Name of a flux, or a CSV file (relative to the file of the measurement).
    neutrino : str
        Species, e.g. ``nuebar``.
    weight : float
        Multiplies the flux.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    flux: str
    neutrino: Literal["nue", "numu", "nutau", "nuebar", "numubar", "nutaubar"]
    weight: Positive = 1.0


class RecoilWindow(BaseModel):
    """Kinetic energies of the electron that are counted, in GeV; open above when high is absent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: NonNegative = 0.0
    high: Positive | None = None


class NeutrinoElectron(BaseModel):
    """Rate of neutrinos that scatter on electrons, in units of the Standard Model's or of a detector.

    Attributes
    ----------
    solar : SolarNeutrinos, optional
        Energy and flavours.
    fluxes : tuple of NeutrinoFlux
        Instead of solar neutrinos; their scattering is added.
    recoil : RecoilWindow
        Where the shape of the spectrum is compared.
    standard_model : float or ScatteringRate
        Prediction of the Standard Model: 1 for a ratio, or what the rate of solar neutrinos over all recoils is
        computed from. Rates are measured by fitting the Standard Model's shape in the window, so that the ratio there
        multiplies them.
    electroweak : ElectroweakInputs
        Fermi constant, weak mixing angle and fine structure constant.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    array_charges: ClassVar[bool] = True
    parts: ClassVar[tuple[str, ...]] = ("elastic",)

    type: Literal["neutrino_electron"] = "neutrino_electron"
    solar: SolarNeutrinos | None = None
    fluxes: tuple[NeutrinoFlux, ...] = ()
    recoil: RecoilWindow = RecoilWindow()
    standard_model: Positive | ScatteringRate = 1.0
    electroweak: ElectroweakInputs = DEFAULT_INPUTS

    _context: dict[str, object] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _one_source(self, info: ValidationInfo) -> Self:
        self._context = dict(info.context or {})
        if (self.solar is None) == (not self.fluxes):
            msg = "neutrinos that scatter on electrons are either solar or those of fluxes"
            raise ValueError(msg)
        if self.solar is None and isinstance(self.standard_model, ScatteringRate):
            msg = "standard_model: a rate per flux belongs to solar neutrinos; for fluxes it is a number"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _window_is_reached(self) -> Self:
        if self.solar is None:
            return self
        top = float(largest_recoil(self.solar.energy))
        high = math.inf if self.recoil.high is None else self.recoil.high
        if not self.recoil.low < min(top, high):
            msg = (
                f"no electron recoils into the window above {self.recoil.low:g} GeV: neutrinos of "
                f"{self.solar.energy:g} GeV give at most {top:g} GeV"
            )
            raise ValueError(msg)
        return self

    @cached_property
    def spectra(self) -> tuple[RecoilSpectrum, ...]:
        """What each species scatters into the window, in fb times its fraction or its flux.

        Raises
        ------
        OutOfRangeError
            When no neutrino of the fluxes reaches the window.
        """
        if self.solar is not None:
            return _solar_spectra(self.solar, self.recoil, self.electroweak)
        high = math.inf if self.recoil.high is None else self.recoil.high
        found = []
        for one in self.fluxes:
            flux = load_beam(one.flux, one.neutrino, self._context)
            flux = replace(flux, values=one.weight * flux.values)
            found.append(flux_spectrum(flux, low=self.recoil.low, high=high, inputs=self.electroweak))
        if not sum(one.constant for one in found) > 0.0:
            msg = f"no electron recoils into the window above {self.recoil.low:g} GeV"
            raise OutOfRangeError(msg)
        return tuple(found)

    @cached_property
    def standard_model_prediction(self) -> float:
        """Prediction without new physics, in the units of the data."""
        if self.solar is None or not isinstance(self.standard_model, ScatteringRate):
            return float(self.standard_model)  # type: ignore[arg-type]
        # Fractions rounded to a per cent still share the whole flux.
        electron = recoil_spectrum("nue", self.solar.energy, inputs=self.electroweak).constant
        every = _solar_spectra(self.solar, RecoilWindow(), self.electroweak)
        average = sum(s.constant for s in every) / sum(self.solar.flavours.values())
        return self.standard_model.flux * self.standard_model.per_flux * average / electron

    def applicable(self, interaction: Interaction) -> str | None:
        """Return why nothing can be said about an interaction, or None."""
        species = {one.neutrino for one in self.fluxes} if self.fluxes else {f"nu{flavour}" for flavour in FLAVOURS}
        return reason_unchanged(interaction, species, self.electroweak)

    def contributions(self, interaction: Interaction) -> dict[str, FloatArray]:
        """Return the rate, which has one part.

        Parameters
        ----------
        interaction : Interaction
            With parameters of any broadcast shape.

        Returns
        -------
        dict of str to ndarray
            ``elastic``, of the interaction's shape.
        """
        return {"elastic": self.predict(interaction)}

    def predict(self, interaction: Interaction) -> FloatArray:
        """Return the rate, of the interaction's shape; exactly that of the Standard Model where nothing couples."""
        mediators = interaction.mediators
        if mediators is not None and len(mediators) == 1 and not mediators[0].charge_arrays:
            return np.array(at_masses(mediators[0], self._coefficients))
        expansions = recoil_expansions(self.spectra, interaction, scale=self._scale)
        if len(expansions) == 1:
            # The species' rates add up to the prediction only to rounding.
            expansions = [replace(expansions[0], constant=self.standard_model_prediction)]
        return summed(expansions, tuple(interaction.shape))

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
        dict of str to ndarray, shape (n_mass, 5), or None
            Lowest order first; None for a model without a coupling or a boson.
        """
        if "coupling" not in model.parameters:
            return None
        masses = np.atleast_1d(np.asarray(mass, dtype=np.float64))
        interaction = model(mass=masses, coupling=1.0)
        if interaction.mediators is None or len(interaction.mediators) != 1:
            return None
        (mediator,) = interaction.mediators
        result = np.zeros((masses.size, 5))
        result[:, ::2] = self._coefficients(mediator) * mediator.coupling_squared[..., None] ** np.arange(3)
        return {"elastic": result}

    @cached_property
    def _scale(self) -> float:
        """What turns cross sections into predictions."""
        return self.standard_model_prediction / sum(spectrum.constant for spectrum in self.spectra)

    def _coefficients(self, mediator: U1Mediator) -> FloatArray:
        """Return the prediction as a polynomial in g'^2, of shape mass.shape + (3,)."""
        total = mass_polynomials(self.spectra, mediator, scale=self._scale)
        total[..., 0] = self.standard_model_prediction
        return total


def _solar_spectra(
    solar: SolarNeutrinos, recoil: RecoilWindow, inputs: ElectroweakInputs
) -> tuple[RecoilSpectrum, ...]:
    """Return what each flavour scatters into a window, in fb times its fraction."""
    window = {"low": recoil.low, "high": math.inf if recoil.high is None else recoil.high}
    return tuple(
        recoil_spectrum(f"nu{flavour}", solar.energy, weight=solar.flavours[flavour], **window, inputs=inputs)
        for flavour in FLAVOURS
    )
