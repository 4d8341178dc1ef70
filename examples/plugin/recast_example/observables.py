"""The shift of a vector coupling of neutrinos to charged leptons at one momentum transfer.

    delta gV = 2 v^2 Q_nu Q_l g'^2 / (q^2 + m^2)

(arXiv:1902.06765, Eq. 18, with the propagator kept.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from recast.channels import Channel
from recast.numbers import NonNegative
from recast.observables.quadratic import square_coefficients

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from recast.interactions import Interaction
    from recast.model import Model

Flavour = Literal["e", "mu", "tau"]


class CouplingShift(BaseModel):
    """Shift of the vector coupling of a neutrino to a charged lepton.

    Attributes
    ----------
    neutrino, lepton : {"e", "mu", "tau"}
        Flavours.
    momentum_transfer : float
        q in GeV.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # It takes arrays of charges, and its prediction has one part.
    array_charges: ClassVar[bool] = True
    parts: ClassVar[tuple[str, ...]] = ("exchange",)

    type: Literal["coupling_shift"] = "coupling_shift"
    neutrino: Flavour
    lepton: Flavour
    momentum_transfer: NonNegative

    def applicable(self, interaction: Interaction) -> str | None:  # noqa: ARG002
        """Return None: every interaction of neutrinos and leptons has such a shift, if only of zero."""
        return None

    def contributions(self, interaction: Interaction) -> dict[str, NDArray[np.float64]]:
        """Return the shift, of the interaction's shape."""
        channel = Channel.parse(f"nu{self.neutrino}_nu{self.neutrino}_{self.lepton}-{self.lepton}+")
        squared = np.array([self.momentum_transfer**2])
        total = np.zeros(tuple(interaction.shape))
        for shift in interaction.shifts(channel):
            if shift.structure == "V":
                total = total + shift.strength * shift.profile(squared)[..., 0]
        return {"exchange": total}

    def predict(self, interaction: Interaction) -> NDArray[np.float64]:
        """Return the shift, of the interaction's shape."""
        return self.contributions(interaction)["exchange"]

    def polynomials(self, model: Model, mass: ArrayLike) -> dict[str, NDArray[np.float64]] | None:
        """Return the coefficients in the coupling at given masses, so that limits are solved exactly."""
        return square_coefficients(self, model, mass)
