"""Scattering of solar neutrinos on electrons, relative to the Standard Model or as a rate.

The cross sections of `recast.neutrino_electron` in a window of recoil energies, weighted with the flavours that reach
the Earth (arXiv:1902.06765, Eqs. C1 to C6). The electron couples with its charge or, when it has none and the model
says so, through loop mixing at q^2 = -2 m_e T: for L_mu - L_tau these are Eqs. C4 and C5, which take it at q^2 = 0.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, model_validator

from recast.constants import DEFAULT_INPUTS, FLAVOURS, ElectroweakInputs
from recast.mixing import effective_charge
from recast.neutrino_electron import RecoilSpectrum, largest_recoil, recoil_spectrum
from recast.numbers import NonNegative, Positive
from recast.polynomials import evaluate
from recast.solar import Oscillation, ScatteringRate, solar_fractions

if TYPE_CHECKING:
    from recast.interactions import Interaction, U1Mediator
    from recast.model import Model

__all__ = ["Fractions", "NeutrinoElectron", "RecoilWindow", "SolarNeutrinos"]

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


class RecoilWindow(BaseModel):
    """Kinetic energies of the electron that are counted, in GeV; open above when high is absent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: NonNegative = 0.0
    high: Positive | None = None


class NeutrinoElectron(BaseModel):
    """Rate of neutrinos that scatter on electrons, in units of the Standard Model's or of a detector.

    Attributes
    ----------
    solar : SolarNeutrinos
        Energy and flavours.
    recoil : RecoilWindow
        Where the shape of the spectrum is compared.
    standard_model : float or ScatteringRate
        Prediction of the Standard Model: 1 for a ratio, or what its rate over all recoils is computed from. Rates
        are measured by fitting the Standard Model's shape in the window, so that the ratio there multiplies them.
    electroweak : ElectroweakInputs
        Fermi constant, weak mixing angle and fine structure constant.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    parts: ClassVar[tuple[str, ...]] = ("elastic",)

    type: Literal["neutrino_electron"] = "neutrino_electron"
    solar: SolarNeutrinos
    recoil: RecoilWindow = RecoilWindow()
    standard_model: Positive | ScatteringRate = 1.0
    electroweak: ElectroweakInputs = DEFAULT_INPUTS

    @model_validator(mode="after")
    def _window_is_reached(self) -> Self:
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
        """What each flavour scatters into the window, in fb times its fraction."""
        return self._spectra(low=self.recoil.low, high=self.recoil.high)

    @cached_property
    def standard_model_prediction(self) -> float:
        """Prediction without new physics, in the units of the data."""
        if not isinstance(self.standard_model, ScatteringRate):
            return self.standard_model
        # Fractions rounded to a per cent still share the whole flux.
        electron = recoil_spectrum("nue", self.solar.energy, inputs=self.electroweak).constant
        average = sum(s.constant for s in self._spectra()) / sum(self.solar.flavours.values())
        return self.standard_model.flux * self.standard_model.per_flux * average / electron

    def applicable(self, interaction: Interaction) -> str | None:
        """Return why nothing can be said about an interaction, or None."""
        if interaction.mediators is None:
            return "a shift of the couplings of neutrinos to other leptons does not change scattering on electrons"
        if len(interaction.mediators) > 1:
            return "the interference of several bosons is not implemented for scattering on electrons"
        return None

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
        shape = tuple(interaction.shape)
        for mediator in interaction.mediators or ():
            # Coefficients belong to the masses alone: once per mass, whatever the couplings.
            return np.array(np.broadcast_to(evaluate(self._coefficients(mediator), mediator.coupling_squared), shape))
        return np.full(shape, self.standard_model_prediction)

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
        if self.applicable(interaction) is not None or not interaction.mediators:
            return None
        (mediator,) = interaction.mediators
        result = np.zeros((masses.size, 5))
        result[:, ::2] = self._coefficients(mediator) * mediator.coupling_squared[..., None] ** np.arange(3)
        return {"elastic": result}

    def _coefficients(self, mediator: U1Mediator) -> FloatArray:
        """Return the prediction as a polynomial in g'^2, of shape mass.shape + (3,)."""
        total = np.zeros((*mediator.mass.shape, 3))
        for spectrum in self.spectra:
            electron = effective_charge(mediator, "e", spectrum.momentum_transfer, inputs=self.electroweak)
            total += spectrum.polynomial(mediator.mass, mediator.charges[spectrum.flavour] * electron)
        scale = self.standard_model_prediction / sum(spectrum.constant for spectrum in self.spectra)
        total *= scale
        total[..., 0] = self.standard_model_prediction
        return total

    def _spectra(self, *, low: float = 0.0, high: float | None = None) -> tuple[RecoilSpectrum, ...]:
        return tuple(
            recoil_spectrum(
                f"nu{flavour}",
                self.solar.energy,
                weight=self.solar.flavours[flavour],
                low=low,
                high=math.inf if high is None else high,
                inputs=self.electroweak,
            )
            for flavour in FLAVOURS
        )
