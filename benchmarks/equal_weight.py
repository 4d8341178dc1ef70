"""An observable as a plug-in adds it: the trident ratio with equal weights of vector and axial-vector couplings.

    sigma / sigma_SM = [(gV + dgV)^2 + (gA + dgA)^2] / (gV^2 + gA^2)

is what flavio takes for muon neutrinos and muons: the limit of high energies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict

from recast.channels import Channel
from recast.constants import DEFAULT_INPUTS, ElectroweakInputs
from recast.couplings import sm_couplings

if TYPE_CHECKING:
    from recast.interactions import Interaction
    from recast.model import Model

FloatArray = NDArray[np.float64]
CHANNEL = Channel.parse("numu_numu_mu-mu+")


class EqualWeight(BaseModel):
    """Trident rate in units of that of the Standard Model, all energies and targets alike.

    Attributes
    ----------
    electroweak : ElectroweakInputs
        Only sin^2(theta_W) enters.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    parts: ClassVar[tuple[str, ...]] = ("rate",)

    type: Literal["equal_weight"] = "equal_weight"
    electroweak: ElectroweakInputs = DEFAULT_INPUTS

    def applicable(self, interaction: Interaction) -> str | None:
        """Return None for contact shifts: the formula has no momentum transfer."""
        return None if interaction.mediators is None else "the formula is for contact shifts"

    def contributions(self, interaction: Interaction) -> dict[str, FloatArray]:
        """Return the rate, of the interaction's shape."""
        gv, ga = sm_couplings(CHANNEL, self.electroweak)
        coupling: dict[str, FloatArray | float] = {"V": gv, "A": ga}
        for shift in interaction.shifts(CHANNEL, self.electroweak):
            coupling[shift.structure] = coupling[shift.structure] + shift.strength
        rate = np.square(coupling["V"]) + np.square(coupling["A"])
        rate /= gv**2 + ga**2
        return {"rate": np.asarray(rate)}

    def predict(self, interaction: Interaction) -> FloatArray:
        """Return the ratio."""
        return self.contributions(interaction)["rate"]

    def polynomials(self, model: Model, mass: ArrayLike) -> None:  # noqa: ARG002
        """Return None: a contact interaction has no coupling."""
        return


OBSERVABLES = {"equal_weight": EqualWeight}
