"""The weak mixing angle that scattering of muon neutrinos and antineutrinos on electrons appears to have.

An experiment with both beams finds s = sin^2(theta_W) from the ratio R of their events, in which most errors cancel.
Here the prediction is the angle that a model imitates to first order in its strength,

    s + [dln N_nu - dln N_nubar] / [dln R / ds] ,

with dln N what the model's interference adds to the events of a beam, relative to the Standard Model. A boson much
heavier than the momentum transfer shifts sin^2(theta_W) in all of the cross section (`recast.neutrino_electron`), and
that shift is the result exactly; a lighter one shifts it by an average over the recoils. Beyond first order the ratio
bends back and passes through its Standard Model value again, at couplings where the events of both beams are several
times as many: followed there, it would allow what was never seen. The fluxes enter by their shapes only.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationInfo, model_validator

from recast.constants import DEFAULT_INPUTS, ElectroweakInputs
from recast.errors import OutOfRangeError
from recast.observables.elastic import load_beam, mass_polynomials, reason_unchanged, recoil_expansions
from recast.observables.neutrino_electron import NeutrinoFlux, RecoilWindow
from recast.recoil_spectrum import RecoilSpectrum, flux_spectrum

if TYPE_CHECKING:
    from recast.interactions import Interaction
    from recast.model import Model

__all__ = ["EffectiveMixingAngle"]

FloatArray = NDArray[np.float64]


class EffectiveMixingAngle(BaseModel):
    """sin^2(theta_W) from the ratio of neutrinos to antineutrinos that scatter on electrons.

    Attributes
    ----------
    neutrino, antineutrino : NeutrinoFlux
        The two beams.
    recoil : RecoilWindow
        Kinetic energies of the electron that are counted.
    electroweak : ElectroweakInputs
        Its mixing angle is the prediction of the Standard Model.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    array_charges: ClassVar[bool] = True
    parts: ClassVar[tuple[str, ...]] = ("ratio",)

    type: Literal["effective_mixing_angle"] = "effective_mixing_angle"
    neutrino: NeutrinoFlux
    antineutrino: NeutrinoFlux
    recoil: RecoilWindow = RecoilWindow()
    electroweak: ElectroweakInputs = DEFAULT_INPUTS

    _context: dict[str, object] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _one_of_each(self, info: ValidationInfo) -> Self:
        self._context = dict(info.context or {})
        if self.neutrino.neutrino.endswith("bar") or not self.antineutrino.neutrino.endswith("bar"):
            msg = "the ratio is that of a neutrino to an antineutrino, e.g. numu to numubar"
            raise ValueError(msg)
        return self

    @cached_property
    def spectra(self) -> tuple[RecoilSpectrum, RecoilSpectrum]:
        """Recoils of neutrino and antineutrino.

        Raises
        ------
        OutOfRangeError
            When no neutrino of a beam reaches the window.
        """
        high = math.inf if self.recoil.high is None else self.recoil.high
        found = []
        for beam in (self.neutrino, self.antineutrino):
            flux = load_beam(beam.flux, beam.neutrino, self._context)
            spectrum = flux_spectrum(flux, low=self.recoil.low, high=high, inputs=self.electroweak)
            if not spectrum.constant > 0.0:
                msg = f"no electron recoils into the window above {self.recoil.low:g} GeV in {beam.flux}"
                raise OutOfRangeError(msg)
            found.append(spectrum)
        return found[0], found[1]

    def applicable(self, interaction: Interaction) -> str | None:
        """Return why nothing can be said about an interaction, or None."""
        return reason_unchanged(interaction, (self.neutrino.neutrino, self.antineutrino.neutrino), self.electroweak)

    def contributions(self, interaction: Interaction) -> dict[str, FloatArray]:
        """Return the prediction as its only part."""
        return {"ratio": self.predict(interaction)}

    def predict(self, interaction: Interaction) -> FloatArray:
        """Return sin^2(theta_W), of the interaction's shape."""
        change = np.zeros(tuple(interaction.shape))
        for sign, spectrum in zip((1.0, -1.0), self.spectra, strict=True):
            for expansion in recoil_expansions([spectrum], interaction, scale=sign / (spectrum.constant * self._slope)):
                for strength, linear in zip(expansion.strengths, expansion.linear, strict=True):
                    change += strength * linear
        return self.electroweak.sin2_theta_w + change

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
            Lowest order first; None for a model without a coupling or a boson.
        """
        if "coupling" not in model.parameters:
            return None
        masses = np.atleast_1d(np.asarray(mass, dtype=np.float64))
        interaction = model(mass=masses, coupling=1.0)
        if interaction.mediators is None or len(interaction.mediators) != 1:
            return None
        (mediator,) = interaction.mediators
        result = np.zeros((masses.size, 3))
        result[:, 0] = self.electroweak.sin2_theta_w
        for sign, spectrum in zip((1.0, -1.0), self.spectra, strict=True):
            scale = sign / (spectrum.constant * self._slope)
            result[:, 2] += mass_polynomials([spectrum], mediator, scale=scale)[..., 1]
        return {"ratio": result}

    @cached_property
    def _slope(self) -> float:
        """Derivative of the logarithm of the ratio in sin^2(theta_W), of which gV has four."""
        neutrino, antineutrino = (float(np.sum(one.linear)) / one.constant for one in self.spectra)
        return neutrino - antineutrino
