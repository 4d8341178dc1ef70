"""Four-muon events at the Z resonance: a boson that a muon radiates and that decays to muons.

    N = N_SM / (BR_SM A_SM) BR(Z -> mu mu) [efficiency A(m) (g' Q)^2 F(m^2 / m_Z^2) / (8 pi^2) BR(Z' -> mu mu)
                                            + (g' Q)^2 I(m)]

is the number of events that a new boson adds to those of the Standard Model. N_SM is the number that the experiment
expects, BR_SM and A_SM are the branching ratio of Z -> 4 mu and the share of it that passes the cuts, so that
luminosity and cross section drop out. F is the three-body width (`recast.z_to_four_muons.width`); A, A_SM and the
interference I of the new boson with photon and Z exchange come from the table ``z_to_four_muons``. Both parts are
quadratic in the coupling: the width of the boson turns the square of its amplitude into one power of ``g'^2``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field

from recast.decays import branching_ratio
from recast.numbers import Positive
from recast.observables.quadratic import square_coefficients
from recast.parameters import is_zero
from recast.z_to_four_muons.width import Z_TO_MUMU, relative_width

if TYPE_CHECKING:
    from recast.interactions import Interaction, U1Mediator
    from recast.model import Model

__all__ = ["ZToFourMuons"]

FloatArray = NDArray[np.float64]


class ZToFourMuons(BaseModel):
    """Number of four-muon events that new bosons add to a count at the Z resonance.

    Attributes
    ----------
    standard_model_events : float
        What the experiment expects without new physics.
    branching_ratio : float
        Of Z to four electrons or muons in the Standard Model, with pairs above 4 GeV.
    efficiency : float
        Of the events with a resonance, relative to those of the Standard Model inside the same cuts. Softer and closer
        muons are lost more easily, so that it is at most about one; the interference has the muons of the Standard
        Model.
    selection : {"every_pair", "chosen_pairs"}
        Whether every pair of opposite charge must be above 5 GeV, or only the lighter of the two that are chosen.
    interference : bool
        Whether to add the interference with the Standard Model.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    array_charges: ClassVar[bool] = True
    parts: ClassVar[tuple[str, ...]] = ("resonance", "interference")
    bounded: ClassVar[bool] = True
    """Predictions outside the masses of the table are not-a-number."""

    type: Literal["z_to_four_muons"] = "z_to_four_muons"
    standard_model_events: Positive
    branching_ratio: Annotated[Positive, Field(lt=1.0)]
    efficiency: Annotated[Positive, Field(le=2.0)] = 1.0
    selection: Literal["every_pair", "chosen_pairs"] = "every_pair"
    interference: bool = True

    def applicable(self, interaction: Interaction) -> str | None:
        """Return why nothing can be said about an interaction, or None."""
        if interaction.mediators is None:
            return "couplings of neutrinos alone name no particle that muons could radiate"
        if any(mediator.is_axial for mediator in interaction.mediators):
            return "the table of acceptances is that of vector couplings"
        if any(is_zero(mediator.vector_charge("mu")) for mediator in interaction.mediators):
            return "a boson without a coupling to muons is not radiated by them"
        return None

    def contributions(self, interaction: Interaction) -> dict[str, FloatArray]:
        """Return the events of the resonance and of its interference.

        Parameters
        ----------
        interaction : Interaction
            With parameters of any broadcast shape.

        Returns
        -------
        dict of str to ndarray
            ``resonance`` and ``interference``, of the interaction's shape; the second may be negative. Not-a-number
            outside the masses of the table, which is no constraint: below, the muons of the boson fail the cut on their
            mass, above, the resonance drowns in its interference.
        """
        resonance, interference = np.zeros((2, *interaction.shape))
        for mediator in interaction.mediators or ():
            peak, beside = self._per_coupling_squared(mediator)
            resonance += peak * mediator.coupling_squared
            interference += beside * mediator.coupling_squared
        return {"resonance": resonance, "interference": interference}

    def predict(self, interaction: Interaction) -> FloatArray:
        """Return the number of events beyond the Standard Model, of the interaction's shape."""
        parts = self.contributions(interaction)
        return np.asarray(parts["resonance"] + parts["interference"])

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

    def _per_coupling_squared(self, mediator: U1Mediator) -> tuple[FloatArray, FloatArray]:
        """Return events of resonance and interference at ``g' = 1``, of the shape of the mass."""
        table = _interpolation(self.selection)
        mass = mediator.mass
        acceptance, interference = table.at(mass)
        expected = self.branching_ratio * table.share * table.standard_model
        # Z bosons decaying to two muons, per event of the Standard Model that is seen.
        produced = self.standard_model_events * Z_TO_MUMU / expected * mediator.vector_charge("mu") ** 2
        peak = relative_width(mass) * branching_ratio(mediator, "mumu") * acceptance
        beside = interference if self.interference else np.where(np.isnan(interference), np.nan, 0.0)
        return produced * self.efficiency * peak, produced * beside


class _Interpolation(NamedTuple):
    """The table of one selection, as functions of the mass."""

    low: float
    high: float
    standard_model: float
    share: float
    values: Callable[[FloatArray], FloatArray]

    def at(self, mass: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return acceptance and interference at masses in GeV; not-a-number outside the table."""
        inside = (mass >= self.low) & (mass <= self.high)
        both = self.values(np.log(np.clip(mass, self.low, self.high)))
        acceptance, interference = np.where(inside[..., None], both, np.nan).T
        return acceptance.T, interference.T


def _interpolation(selection: str) -> _Interpolation:
    from recast.grid import grid_path
    from recast.z_to_four_muons.table import KIND

    return _read(str(grid_path(KIND)), selection)


@lru_cache(maxsize=16)
def _read(path: str, selection: str) -> _Interpolation:
    """Read the table once."""
    from scipy.interpolate import PchipInterpolator

    from recast.z_to_four_muons.table import load

    table = load(path, selection)
    # Monotone between the nodes, so that the edge of the cut does not make it overshoot.
    values = PchipInterpolator(np.log(table.masses), np.stack([table.acceptance, table.interference], axis=-1))
    return _Interpolation(float(table.masses[0]), float(table.masses[-1]), table.standard_model, table.share, values)
