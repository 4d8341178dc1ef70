"""A published limit on a resonance, recast to other couplings.

A search for ``production of a boson, then its decay`` that published an upper limit g_pub(m) on the coupling of one
model has excluded a rate. In another model the rate, in units of the excluded one, is

    signal / signal_up = (g' / g_pub(m))^2  [P BR(final state)]_model / [P BR(final state)]_published ,

    P = Q_mu^2 + Q_e^2 sigma_ISR(m) / sigma_FSR(m) .

P counts emission from the muons of the final state and, where the experiment collides electrons and a table is named
(`recast.emission`), from the beams; the two do not interfere in an acceptance that treats mu+ and mu- alike
(charge conjugation). Efficiencies drop out because mass, spin and width are the same: a boson as narrow as the
resolution is assumed, which fails for g' of order one.

For L_mu - L_tau itself the prediction is ``(g' / g_pub)^2``, whatever the table.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationInfo, model_validator

from recast.decays import branching_ratio
from recast.emission_table import EmissionTable, load_emission_table
from recast.interactions import Mixing, U1Mediator
from recast.limit_curve import LimitCurve, load_limit_curve
from recast.model import LeptonCharges
from recast.numbers import Positive
from recast.observables.quadratic import square_coefficients

if TYPE_CHECKING:
    from recast.interactions import Interaction
    from recast.model import Model

__all__ = ["PublishedModel", "ResonanceLimit"]

FloatArray = NDArray[np.float64]


class PublishedModel(BaseModel):
    """The model whose coupling was limited.

    Attributes
    ----------
    charges : LeptonCharges
        Of e, mu and tau with their neutrinos.
    mixing : {"none", "one_loop"}
        Kinetic mixing with the photon; it changes branching ratios by parts in 1e5.
    branching_ratio : float, optional
        Of the final state, where the limit was published for a fixed one; what the charges give by default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    charges: LeptonCharges
    mixing: Mixing = "none"
    branching_ratio: Annotated[float, Field(gt=0.0, le=1.0)] | None = None


class ResonanceLimit(BaseModel):
    """Rate of a resonance in units of the excluded one.

    Attributes
    ----------
    curve : str
        Name of a limit curve, or a CSV file (relative to the file of the measurement); see `recast.limit_curve`.
    final_state : {"mumu", "invisible"}
        Decay that was searched for.
    published : PublishedModel
        What the curve limits.
    scale : float
        What the couplings of the curve are multiplied by, e.g. for another normalisation of the coupling.
    beam_emission : str, optional
        Table of emission from colliding electrons relative to emission from the muons; none where muons alone emit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    parts: ClassVar[tuple[str, ...]] = ("signal",)
    bounded: ClassVar[bool] = True
    """Predictions outside the published masses are not-a-number."""

    type: Literal["resonance_limit"] = "resonance_limit"
    curve: str
    final_state: Literal["mumu", "invisible"]
    published: PublishedModel
    scale: Positive = 1.0
    beam_emission: str | None = None

    _limits: LimitCurve = PrivateAttr()
    _emission: EmissionTable | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _read(self, info: ValidationInfo) -> Self:
        context = info.context or {}
        folder: Path | None = context.get("folder")
        plugins = tuple(context.get("plugins", ()))
        self._limits = load_limit_curve(self.curve, folder=folder, plugins=plugins)
        if self.beam_emission is not None:
            self._emission = load_emission_table(self.beam_emission, folder=folder, plugins=plugins)
        return self

    @property
    def limits(self) -> LimitCurve:
        """The published curve, as it was read."""
        return self._limits

    def applicable(self, interaction: Interaction) -> str | None:
        """Return why nothing can be said about an interaction, or None."""
        mediators = interaction.mediators
        if mediators is None:
            return "couplings of neutrinos alone name no particle that could be produced"
        sources = ("mu",) if self._emission is None else ("mu", "e")
        for mediator in mediators:
            if not any(mediator.charges[flavour] for flavour in sources):
                names = " or ".join({"mu": "muons", "e": "electrons"}[flavour] for flavour in sources)
                return f"a boson without a coupling to {names} is not produced there"
        return None

    def contributions(self, interaction: Interaction) -> dict[str, FloatArray]:
        """Return the signal, which is all there is.

        Parameters
        ----------
        interaction : Interaction
            With parameters of any broadcast shape.

        Returns
        -------
        dict of str to ndarray
            ``signal`` in units of the excluded one, of the interaction's shape; not-a-number outside the masses of
            the curve and where the published search had no signal, which is no constraint.
        """
        total = np.zeros(tuple(interaction.shape))
        for mediator in interaction.mediators or ():
            total += self.relative_rate(mediator) * mediator.coupling_squared
        return {"signal": total}

    def predict(self, interaction: Interaction) -> FloatArray:
        """Return the signal in units of the excluded one, of the interaction's shape."""
        return self.contributions(interaction)["signal"]

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
            Lowest order first, zeros where there is no constraint; None where the model is not quadratic in its
            coupling.
        """
        return square_coefficients(self, model, mass)

    def relative_rate(self, mediator: U1Mediator) -> FloatArray:
        """Return the signal at g' = 1, in units of the excluded one.

        Parameters
        ----------
        mediator : U1Mediator
            Its mass, charges and mixing enter, not its coupling.

        Returns
        -------
        ndarray
            Of the shape of the mass; not-a-number where there is no constraint.
        """
        published = self.published
        reference = U1Mediator(
            published.charges.model_dump(), mass=mediator.mass, coupling=1.0, mixing=published.mixing
        )
        given = published.branching_ratio
        branching = branching_ratio(reference, self.final_state) if given is None else given
        excluded = np.square(self.scale * self._limits(mediator.mass)) * self._production(reference) * branching
        signal = self._production(mediator) * branching_ratio(mediator, self.final_state)
        unknown = np.full(mediator.mass.shape, np.nan)
        return np.asarray(np.divide(signal, excluded, out=unknown, where=excluded > 0.0))

    def _production(self, mediator: U1Mediator) -> FloatArray:
        """Return how strongly a boson is produced, in units of emission from muons of charge one."""
        weight = np.full(mediator.mass.shape, mediator.charges["mu"] ** 2)
        if self._emission is not None and mediator.charges["e"] != 0.0:
            weight += mediator.charges["e"] ** 2 * self._emission(mediator.mass)
        return weight
