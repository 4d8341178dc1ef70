"""A published limit on a resonance, recast to other couplings.

A search for ``production of a boson, then its decay`` that published a limit g_pub(m) on the coupling of one model has
excluded a number of events. In another model the number of events, in units of the excluded one, is

    signal / signal_up = (g' / g_pub(m))^2  [P BR E]_model(g') / [P BR E]_published(g_pub) ,

with the production rate P, the branching ratio BR of the final states that were searched for and the efficiency E.
Efficiencies of prompt and invisible decays drop out because mass and spin are the same: a boson as narrow as the
resolution is assumed, which fails for g' of order one, and one that decays at once. Behind a shield E follows from the
lifetime (`recast.decay_in_flight`); signal is then no power of the coupling and what is excluded is a band.

Production from muons and, where the experiment collides electrons and a table is named (`recast.emission`), from the
beams is

    P = Q_mu^2 + Q_e^2 sigma_ISR(m) / sigma_FSR(m) ;

the two do not interfere in an acceptance that treats mu+ and mu- alike (charge conjugation). The other processes are
those of `recast.production`. For the published model itself the published limit comes back.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationInfo, model_validator

from recast.decay_in_flight import band, lifetimes_in_shield, log_yield
from recast.emission_table import EmissionTable, load_emission_table
from recast.limit_curve import LimitCurve, load_limit_curve
from recast.numbers import Positive
from recast.observables.published_model import DumpGeometry, FinalStates, PublishedModel, decays_into
from recast.observables.quadratic import square_coefficients
from recast.production import SOURCES, Process, production_rate

if TYPE_CHECKING:
    from recast.interactions import Interaction, U1Mediator
    from recast.model import Model
    from recast.parameters import Charges

__all__ = ["PublishedModel", "ResonanceLimit"]

FloatArray = NDArray[np.float64]

# Planes ask for one set of masses, limits for that and for single ones.
_REMEMBERED = 4
_LEPTONS = {"mu": "muons", "e": "electrons"}


class _Excluded(NamedTuple):
    """What a published limit excludes at its lowest coupling; not-a-number where it has nothing to say."""

    rate: FloatArray  # production rate times branching ratio
    lifetimes: FloatArray  # that pass in the shield, per width in GeV
    efficiency: FloatArray  # of decays behind the shield


class ResonanceLimit(BaseModel):
    """Rate of a resonance in units of the excluded one.

    Attributes
    ----------
    curve : str
        Name of a limit curve, or a CSV file (relative to the file of the measurement); see `recast.limit_curve`.
    final_state : str or tuple of str
        Decays that were searched for, together where there are several: ee, mumu, tautau, pipi, hadrons
        or invisible.
    published : PublishedModel
        What the curve limits.
    production : str
        ``muons``, the default, or a process of `recast.production`.
    dump : DumpGeometry, optional
        Of an experiment behind a shield; its curve has two ends.
    scale : float
        What the couplings of the curve are multiplied by, e.g. for another normalisation of the coupling.
    beam_emission : str, optional
        Table of emission from colliding electrons relative to emission from the muons; none where muons alone emit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    array_charges: ClassVar[bool] = True
    parts: ClassVar[tuple[str, ...]] = ("signal",)
    bounded: ClassVar[bool] = True
    """Predictions outside the published masses are not-a-number."""

    type: Literal["resonance_limit"] = "resonance_limit"
    curve: str
    final_state: FinalStates
    published: PublishedModel
    production: Literal["muons", Process] = "muons"
    dump: DumpGeometry | None = None
    scale: Positive = 1.0
    beam_emission: str | None = None

    _limits: LimitCurve = PrivateAttr()
    _known: dict[bytes, _Excluded] = PrivateAttr(default_factory=dict)
    _emission: EmissionTable | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _read(self, info: ValidationInfo) -> Self:
        context = info.context or {}
        folder: Path | None = context.get("folder")
        plugins = tuple(context.get("plugins", ()))
        self._limits = load_limit_curve(self.curve, folder=folder, plugins=plugins)
        if self.dump is not None and self._limits.upper is None:
            msg = f"the curve '{self.curve}' has no upper end, which the geometry of a dump needs"
            raise ValueError(msg)
        if self.dump is None and self._limits.upper is not None:
            msg = f"the curve '{self.curve}' has an upper end, which only the geometry of a dump explains: add 'dump'"
            raise ValueError(msg)
        if self.beam_emission is not None:
            if self.production != "muons":
                msg = f"beam_emission is relative to that from muons, which 'production: {self.production}' leaves out"
                raise ValueError(msg)
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
        for mediator in mediators:
            if self.production == "muons":
                sources = ("mu",) if self._emission is None else ("mu", "e")
                names = " or ".join(_LEPTONS[flavour] for flavour in sources)
                couples = any(np.any(_charge_squared(mediator, flavour)) for flavour in sources)
            else:
                names = SOURCES[self.production]
                couples = bool(np.any(production_rate(mediator, self.production)))
            if not couples:
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
            if self.dump is None:
                total += self.relative_rate(mediator) * mediator.coupling_squared
            else:
                events, decay = self._behind_shield(mediator)
                total += events * np.exp(log_yield(decay * mediator.coupling_squared, self.dump.ratio))
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
            coupling or the decays behind a shield are not.
        """
        return None if self.dump is not None else square_coefficients(self, model, mass)

    def couplings_at(self, model: Model, mass: ArrayLike, prediction: float) -> FloatArray | None:
        """Return the couplings at which a dump has a given signal.

        Parameters
        ----------
        model : Model
            With the parameters mass and coupling.
        mass : array_like, shape (n_mass,)
            In GeV.
        prediction : float
            Signal in units of the excluded one; positive.

        Returns
        -------
        ndarray, shape (n_mass, 2), or None
            On either side of the largest signal, not-a-number where that is smaller or there is no constraint; None
            without a dump or for more than one boson.
        """
        if self.dump is None or "coupling" not in model.parameters:
            return None
        masses = np.atleast_1d(np.asarray(mass, dtype=np.float64))
        mediators = model(mass=masses, coupling=np.ones_like(masses)).mediators
        if mediators is None or len(mediators) != 1:
            return None
        events, decay = self._behind_shield(mediators[0])
        level = np.divide(prediction, events, out=np.full_like(events, np.nan), where=events > 0.0)
        return np.asarray(np.sqrt(band(level, self.dump.ratio) / decay[:, None]))

    def relative_rate(self, mediator: U1Mediator) -> FloatArray:
        """Return the signal at g' = 1 in units of the excluded one, at the efficiency of the published search.

        Parameters
        ----------
        mediator : U1Mediator
            Its mass, charges and mixing enter, not its coupling.

        Returns
        -------
        ndarray
            Of the shape of the mass; not-a-number where there is no constraint.
        """
        return self._rate_and_width(mediator, self._excluded(mediator.mass))[0]

    def _rate_and_width(self, mediator: U1Mediator, published: _Excluded) -> tuple[FloatArray, FloatArray]:
        """Return `relative_rate` and the width of the boson in GeV / g'^2."""
        branching, width = decays_into(mediator, self.final_state)
        signal = self._production(mediator) * branching
        unknown = np.full(signal.shape, np.nan)
        return np.divide(signal, published.rate, out=unknown, where=published.rate > 0.0), width

    def _behind_shield(self, mediator: U1Mediator) -> tuple[FloatArray, FloatArray]:
        """Return events per yield of `recast.decay_in_flight` in units of the excluded ones, and u / g'^2."""
        published = self._excluded(mediator.mass)
        rate, width = self._rate_and_width(mediator, published)
        decay = published.lifetimes * width
        with np.errstate(invalid="ignore", divide="ignore"):
            events = rate / (published.efficiency * decay)
        # A boson that never decays is never seen.
        return np.where(decay == 0.0, 0.0, events), decay

    def _excluded(self, mass: FloatArray) -> _Excluded:
        """Return what was excluded at the lowest excluded couplings; the same masses are asked for again and again."""
        key = mass.tobytes()
        if key not in self._known:
            while len(self._known) >= _REMEMBERED:
                self._known.pop(next(iter(self._known)))
            self._known[key] = self._published_at(mass.ravel())
        return _Excluded(*(array.reshape(mass.shape) for array in self._known[key]))

    def _published_at(self, mass: FloatArray) -> _Excluded:
        reference = self.published(mass)
        branching, width = decays_into(reference, self.final_state, considered=self.published.decays)
        if self.published.branching_ratio is not None:
            branching = np.full_like(branching, self.published.branching_ratio)
        squared = np.square(self.scale * self._limits(mass))
        rate = squared * self._production(reference) * branching
        lifetimes, efficiency = np.full_like(mass, np.nan), np.ones_like(mass)
        if self.dump is not None:
            known = rate > 0.0
            spread = np.square(self.scale * self._limits.highest(mass[known])) / squared[known]
            shielded = lifetimes_in_shield(spread, self.dump.ratio)
            lifetimes[known] = shielded / (squared[known] * width[known])
            efficiency[known] = np.exp(log_yield(shielded, self.dump.ratio)) / shielded
        return _Excluded(rate, lifetimes, efficiency)

    def _production(self, mediator: U1Mediator) -> FloatArray:
        """Return how strongly a boson is produced, in units of emission from muons of charge one or of the process."""
        if self.production != "muons":
            return production_rate(mediator, self.production)
        weight = np.zeros(mediator.mass.shape) + _charge_squared(mediator, "mu")
        if self._emission is not None and np.any(charge := _charge_squared(mediator, "e")):
            weight = weight + charge * self._emission(mediator.mass)
        return weight


def _charge_squared(mediator: U1Mediator, flavour: str) -> Charges:
    """Return V^2 + A^2 of a lepton; loops are of higher order."""
    return mediator.vector_charge(flavour) ** 2 + mediator.axial[flavour] ** 2
