"""Numbers of events in several samples of one process: scattering on electrons or tridents, all species of each beam.

In a sample, such as the years with the horns focusing neutrinos, every species of the beam counts, those of the wrong
sign too. At fixed mass the events of a sample are ``N0 (1 + a g'^2 + b g'^4)``; the three numbers are found once for
each distinct mass.

Scattering on electrons is computed with fluxes and exposure (arXiv:1902.08579 counts recoils above 0.6 GeV without
other losses). Tridents are counted after cuts on what is seen of them: the events that are left in the Standard Model
are an input, and the dependence on a model is that of what passes a selection, or of all tridents where none is named.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationInfo, model_validator

from recast.constants import DEFAULT_INPUTS, FB_TO_M2, ElectroweakInputs
from recast.numbers import NonNegative, Positive, not_a_boolean
from recast.observables.elastic import (
    at_masses,
    family,
    load_beam,
    mass_polynomials,
    reason_unchanged,
    recoil_expansions,
    summed,
)
from recast.observables.trident_ratio import TridentRatio, check_mediators
from recast.recoil_spectrum import RecoilSpectrum, flux_spectrum

if TYPE_CHECKING:
    from recast.interactions import Interaction, U1Mediator
    from recast.model import Model

__all__ = ["Detector", "Sample", "ScatteringCounts"]

FloatArray = NDArray[np.float64]
Species = Literal["nue", "numu", "nutau", "nuebar", "numubar", "nutaubar"]
Protons = Annotated[float, BeforeValidator(not_a_boolean), Field(gt=0.0, le=1e30, allow_inf_nan=False)]


class Detector(BaseModel):
    """What the neutrinos meet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    target: str
    mass_tonnes: Positive


class Sample(BaseModel):
    """Years of one beam.

    Attributes
    ----------
    flux : str
        Name of a flux, or a CSV file (relative to the file of the measurement).
    species : tuple of str
        Which of its neutrinos count.
    years : float
    pot_per_year : float, optional
        Protons on target; needed where the events are computed.
    events_per_year : float, optional
        In the Standard Model, instead of computing them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    flux: str
    species: tuple[Species, ...] = Field(default=("nue", "numu", "nuebar", "numubar"), min_length=1)
    years: Positive
    pot_per_year: Protons | None = None
    events_per_year: Positive | None = None

    @model_validator(mode="after")
    def _one_normalisation(self) -> Self:
        if (self.pot_per_year is None) == (self.events_per_year is None):
            msg = "a sample has either pot_per_year, from which its events are computed, or events_per_year"
            raise ValueError(msg)
        return self


class ScatteringCounts(BaseModel):
    """Events of one process in several samples.

    Attributes
    ----------
    process : {"electrons", "dimuon", "dielectron"}
        Scattering on electrons, or coherent tridents with a pair of muons or of electrons.
    detector : Detector
    samples : dict of str to Sample
        By name, in the order of the likelihood.
    recoil_low : float
        Smallest kinetic energy of a recoiling electron, in GeV.
    recoil_high : float, optional
        Largest.
    form_factor : str, optional
        Nuclear form factor of tridents; the grid's default when absent.
    selection : str, optional
        Name of the selection that the tridents pass.
    electroweak : ElectroweakInputs
        Fermi constant, weak mixing angle and fine structure constant.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    array_charges: ClassVar[bool] = True
    parts: ClassVar[tuple[str, ...]] = ("events",)

    type: Literal["scattering_counts"] = "scattering_counts"
    process: Literal["electrons", "dimuon", "dielectron"]
    detector: Detector
    samples: dict[str, Sample] = Field(min_length=1)
    recoil_low: NonNegative = 0.0
    recoil_high: Positive | None = None
    form_factor: str | None = None
    selection: str | None = None
    electroweak: ElectroweakInputs = DEFAULT_INPUTS

    _context: dict[str, object] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _fits_together(self, info: ValidationInfo) -> Self:
        self._context = dict(info.context or {})
        if self.process == "electrons":
            if self.form_factor is not None or self.selection is not None:
                msg = "form_factor and selection belong to tridents: scattering on electrons has neither"
                raise ValueError(msg)
            if self.recoil_high is not None and not self.recoil_low < self.recoil_high:
                msg = f"recoil_high must be above recoil_low, {self.recoil_low:g} GeV, not {self.recoil_high:g}"
                raise ValueError(msg)
            return self
        if self.recoil_low != 0.0 or self.recoil_high is not None:
            msg = f"recoil_low and recoil_high belong to scattering on electrons, not to process: {self.process}"
            raise ValueError(msg)
        for name, sample in self.samples.items():
            if sample.events_per_year is None:
                msg = f"samples.{name}: tridents need events_per_year, which their cuts leave of them"
                raise ValueError(msg)
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the samples."""
        return tuple(self.samples)

    @cached_property
    def spectra(self) -> dict[str, tuple[RecoilSpectrum, ...]]:
        """Recoils of each species by sample, in fb times neutrinos per m^2 and proton on target (or their shape).

        Raises
        ------
        FluxError
            When exposures are given for a flux that is only a shape.
        """
        high = math.inf if self.recoil_high is None else self.recoil_high
        result = {}
        for name, sample in self.samples.items():
            fluxes = [load_beam(sample.flux, one, self._context) for one in sample.species]
            if sample.pot_per_year is not None and not all(flux.absolute for flux in fluxes):
                from recast.errors import FluxError

                msg = f"flux {sample.flux} is only a shape: samples.{name} needs events_per_year, not pot_per_year"
                raise FluxError(msg)
            result[name] = tuple(
                flux_spectrum(flux, low=self.recoil_low, high=high, inputs=self.electroweak) for flux in fluxes
            )
        return result

    @cached_property
    def tridents(self) -> dict[str, TridentRatio]:
        """Trident rate by sample, in units that make its Standard Model value the number of events."""
        lepton = {"dimuon": "mu", "dielectron": "e"}[self.process]
        result: dict[str, TridentRatio] = {}
        for (name, sample), events in zip(self.samples.items(), self.standard_model.tolist(), strict=True):
            beams = [{"channel": f"{one}_{one}_{lepton}-{lepton}+", "flux": sample.flux} for one in sample.species]
            result[name] = TridentRatio.model_validate(
                {
                    "target": self.detector.target,
                    "beams": beams,
                    "regime": "coherent",
                    "form_factor": self.form_factor,
                    "selection": self.selection,
                    "standard_model": events,
                    "electroweak": self.electroweak,
                },
                context=self._context,
            )
        return result

    @cached_property
    def _scales(self) -> dict[str, float]:
        """What turns the cross sections of each sample into events."""
        from recast.rates import nuclei_per_tonne
        from recast.target_file import find_target

        target = find_target(self.detector.target)
        electrons = sum(nucleus.protons * number for nucleus, number in target.constituents)
        per_fb = electrons * self.detector.mass_tonnes * nuclei_per_tonne(target.atomic_weight) * FB_TO_M2
        return {
            name: sample.years
            * (
                per_fb * sample.pot_per_year
                if sample.pot_per_year is not None
                else float(sample.events_per_year or 0.0) / sum(one.constant for one in self.spectra[name])
            )
            for name, sample in self.samples.items()
        }

    def applicable(self, interaction: Interaction) -> str | None:
        """Return why nothing can be said about an interaction, or None."""
        if self.process != "electrons":
            return None
        species = {one for sample in self.samples.values() for one in sample.species}
        return reason_unchanged(interaction, species, self.electroweak)

    def predict(self, interaction: Interaction) -> FloatArray:
        """Return the events of every sample.

        Parameters
        ----------
        interaction : Interaction
            With parameters of any broadcast shape.

        Returns
        -------
        ndarray, shape ``interaction.shape + (n,)``

        Raises
        ------
        OutOfRangeError
            For tridents and a mediator that is too light for the grids.
        """
        mediators = interaction.mediators
        if mediators == ():
            return np.array(np.broadcast_to(self.standard_model, (*interaction.shape, len(self.samples))))
        if mediators is not None and len(mediators) == 1 and not mediators[0].charge_arrays:
            if self.process != "electrons":
                check_mediators(interaction)
            return np.array(at_masses(mediators[0], self.coefficients))
        shape = tuple(interaction.shape)
        if self.process == "electrons":
            each = [
                summed(recoil_expansions(self.spectra[name], interaction, scale=self._scales[name]), shape)
                for name in self.samples
            ]
        else:
            each = [ratio.predict(interaction) for ratio in self.tridents.values()]
        return np.stack(each, axis=-1)

    def contributions(self, interaction: Interaction) -> dict[str, FloatArray]:
        """Return the prediction as its only part."""
        return {"events": self.predict(interaction)}

    def coefficients(self, mediator: U1Mediator) -> FloatArray:
        """Return ``N0, N1, N2`` of the events ``N0 + N1 g'^2 + N2 g'^4`` with one boson.

        Parameters
        ----------
        mediator : U1Mediator
            With masses of shape (m,); its couplings do not matter.

        Returns
        -------
        ndarray, shape (m, n_samples, 3)
        """
        if self.process == "electrons":
            each = [mass_polynomials(self.spectra[name], mediator, scale=self._scales[name]) for name in self.samples]
        else:
            each = []
            for ratio in self.tridents.values():
                parts = ratio.polynomials(family(mediator), mediator.mass)
                each.append(sum(part[:, ::2] for part in (parts or {}).values()))  # type: ignore[arg-type]
        result = np.stack(each, axis=1)
        result[..., 0] = self.standard_model
        return result

    @property
    def standard_model(self) -> FloatArray:
        """Events of every sample in the Standard Model, shape (n,)."""
        if self.process != "electrons":  # known without reading the grids
            return np.array([sample.years * float(sample.events_per_year or 0.0) for sample in self.samples.values()])
        totals = {name: sum(one.constant for one in spectra) for name, spectra in self.spectra.items()}
        return np.array([self._scales[name] * total for name, total in totals.items()])

    def polynomials(self, model: Model, mass: ArrayLike) -> dict[str, FloatArray] | None:  # noqa: ARG002
        """Return None: several numbers are compared by a search (their polynomials: `coefficients`)."""
        return None
