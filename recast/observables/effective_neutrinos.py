"""Effective number of neutrinos with a vector boson in equilibrium with them in the early universe.

Two calculations, chosen by ``approximation``:

- ``evolution``: the temperatures of photons and neutrinos from 20 MeV on, with weak interactions and the decays of the
  boson into electrons, from the shipped table (`recast.cosmology.table`);
- ``kamada_yu``: all neutrinos decouple at once at 1.5 MeV (`recast.cosmology.decoupling`), the approximation behind
  the vertical line at 5 MeV in arXiv:1902.06765.

Both hold for a boson that is in equilibrium with the neutrinos, which asks for a smallest width into them
(`recast.cosmology.thermalisation`). Below it the boson may be produced in part, and adds less than a boson in
equilibrium; nothing is claimed there, and the prediction is that of the Standard Model. The charges enter through the
widths: into all neutrinos, and into electrons, at tree level or through loop mixing at q^2 = m^2, since these bosons
are on their mass shell.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict

from recast.decays import partial_widths
from recast.numbers import Positive
from recast.parameters import is_zero

if TYPE_CHECKING:
    from recast.cosmology.table import NEffTable
    from recast.interactions import Interaction, U1Mediator
    from recast.model import Model

__all__ = ["EffectiveNeutrinos"]

FloatArray = NDArray[np.float64]


class EffectiveNeutrinos(BaseModel):
    """N_eff, or what a boson adds to it in units of a published upper limit.

    Attributes
    ----------
    approximation : {"evolution", "kamada_yu"}
        How N_eff is computed.
    upper_limit : float, optional
        Largest excess over the Standard Model that a publication allows. With it the prediction is the excess in units
        of this limit, for likelihoods of the type ``limit_curve``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    array_charges: ClassVar[bool] = True
    parts: ClassVar[tuple[str, ...]] = ("neutrinos",)
    bounded: ClassVar[bool] = True
    """Predictions for bosons lighter than the table are not-a-number."""
    search_range: ClassVar[tuple[float, float]] = (1e-11, 1e2)
    """Couplings between which limits lie: equilibrium with neutrinos begins near 1e-10."""

    type: Literal["effective_neutrinos"] = "effective_neutrinos"
    approximation: Literal["evolution", "kamada_yu"] = "evolution"
    upper_limit: Positive | None = None

    def applicable(self, interaction: Interaction) -> str | None:
        """Return why nothing can be said about an interaction, or None."""
        mediators = interaction.mediators
        if mediators is None:
            return "a shift of neutrino couplings alone does not say which boson fills the early universe"
        if len(mediators) > 1:
            return "N_eff is computed for one boson in the early universe, not for several"
        if any(boson.is_axial or boson.mixing == "fixed" for boson in mediators):
            return "the early universe with axial charges or fixed mixing is not implemented"
        if self.approximation == "kamada_yu" and any(not is_zero(boson.charges["e"]) for boson in mediators):
            return (
                "neutrinos that decouple at once leave out that electrons couple to the boson as well: "
                "choose the full evolution"
            )
        return None

    def contributions(self, interaction: Interaction) -> dict[str, FloatArray]:
        """Return the prediction, which has one part.

        Parameters
        ----------
        interaction : Interaction
            With parameters of any broadcast shape.

        Returns
        -------
        dict of str to ndarray
            ``neutrinos``, of the interaction's shape: N_eff, or the excess in units of the upper limit.
        """
        return {"neutrinos": self.predict(interaction)}

    def predict(self, interaction: Interaction) -> FloatArray:
        """Return N_eff or the excess in units of the upper limit, of the interaction's shape."""
        standard = 3.0 if self.approximation == "kamada_yu" else _table().standard_model
        n_eff = np.full(tuple(interaction.shape), standard)
        for mediator in interaction.mediators or ():
            n_eff = self._with_boson(mediator, standard)
        return n_eff if self.upper_limit is None else (n_eff - standard) / self.upper_limit

    def polynomials(self, model: Model, mass: ArrayLike) -> dict[str, FloatArray] | None:  # noqa: ARG002
        """Return None: N_eff is no polynomial in the coupling."""
        return None

    def _with_boson(self, mediator: U1Mediator, standard: float) -> FloatArray:
        """Return N_eff in the shape of the mediator."""
        from recast.cosmology.decoupling import instantaneous_n_eff
        from recast.cosmology.thermalisation import thermal_width

        # Once per mass: the search for a limit repeats every mass for hundreds of couplings.
        masses, index = np.unique(mediator.mass, return_inverse=True)
        shape = mediator.mass.shape

        def spread(values: FloatArray) -> FloatArray:
            return np.asarray(values[index].reshape(shape))

        own = bool(mediator.charge_arrays)  # then widths are not those of the mass alone
        at = mediator.mass if own else masses
        widths = partial_widths(type(mediator)(mediator.charges, mass=at, coupling=1.0, mixing=mediator.mixing))
        if not own:
            widths = {name: spread(width) for name, width in widths.items()}
        squared = mediator.coupling_squared
        thermal = widths["invisible"] * squared >= spread(thermal_width(masses))
        if self.approximation == "kamada_yu":
            flavours = sum(not is_zero(charge) for charge in mediator.charges.values())
            return np.where(thermal, spread(instantaneous_n_eff(masses, flavours=flavours)), standard)
        electrons = widths["ee"] * squared
        mass, electrons, thermal = np.broadcast_arrays(mediator.mass, electrons, thermal)
        result = np.full(thermal.shape, standard)
        result[thermal] = _table()(mass[thermal], electrons[thermal])
        return result


def _table() -> NEffTable:
    """Return the shipped table, or the one in the folder that ``RECAST_GRIDS`` names."""
    from recast.cosmology.table import KIND, shipped_table
    from recast.grid import grid_path

    return shipped_table(str(grid_path(KIND)))
