"""Couplings of the Z to leptons, changed by one loop of a new vector boson.

With ``z = Q^2 g'^2 / (4 pi)^2 K_F`` (`recast.z_pole.vertex`) the width of the Z into a pair of leptons, charged or
neutral, of charge Q changes by the factor

    virtual:    |1 + z|^2                                   (arXiv:1403.1269, Eqs. 32 and 33),
    inclusive:  1 + 2 Q^2 g'^2 / (4 pi)^2 (Re K_F + F)      (strictly of order g'^2),

the second with the emission of the boson below m_Z, counted as the same decay. Vector and axial coupling change alike:
asymmetries do not change. The effective coupling of the neutrinos is that of the sum over the three flavours.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict

from recast.constants import FLAVOURS
from recast.parameters import is_zero
from recast.z_pole.relations import COUPLINGS, PSEUDO_OBSERVABLES, StandardModelWidths, pseudo_observables
from recast.z_pole.vertex import inclusive_function, vertex_function
from recast.z_to_four_muons.width import Z_MASS

if TYPE_CHECKING:
    from recast.interactions import Interaction
    from recast.model import Model

__all__ = ["ZCouplings"]

FloatArray = NDArray[np.float64]


class ZCouplings(BaseModel):
    """Effective couplings of the Z, or the pseudo-observables that follow from them.

    Attributes
    ----------
    quantity : {"couplings", "pseudo_observables"}
        Seven couplings, or thirteen pseudo-observables with the hadronic width of the Standard Model; the orders are
        those of `recast.z_pole.relations`.
    rate : {"inclusive", "virtual"}
        Whether Z -> l l Z' is counted as Z -> l l. The virtual correction alone has large logarithms for a light
        boson; it neglects the mass of the lepton and needs m well above it.
    standard_model : StandardModelWidths
        Fixed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    array_charges: ClassVar[bool] = True
    parts: ClassVar[tuple[str, ...]] = ("one_loop",)

    type: Literal["z_couplings"] = "z_couplings"
    quantity: Literal["couplings", "pseudo_observables"] = "couplings"
    rate: Literal["inclusive", "virtual"] = "inclusive"
    standard_model: StandardModelWidths

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the predicted numbers."""
        return COUPLINGS if self.quantity == "couplings" else PSEUDO_OBSERVABLES

    def applicable(self, interaction: Interaction) -> str | None:
        """Return why nothing can be said about an interaction, or None."""
        if interaction.mediators is None:
            return "a shift of four-fermion couplings alone does not determine the vertex of the Z"
        for mediator in interaction.mediators:
            if mediator.is_axial or mediator.quarks or mediator.mixing == "fixed":
                return "the loops of a boson with axial or quark charges, or with fixed mixing, are not implemented"
        return None

    def rate_factors(self, interaction: Interaction) -> dict[str, FloatArray]:
        """Return Gamma(Z -> l l) / Gamma_SM of each flavour, charged or neutral, of the interaction's shape."""
        mediators = interaction.mediators or ()
        # The functions are computed on the array of masses: once per mass, whatever the couplings.
        loops: list[NDArray[np.complex128] | FloatArray]
        if self.rate == "virtual":
            loops = [vertex_function(np.square(mediator.mass / Z_MASS)) for mediator in mediators]
        else:
            loops = [inclusive_function(mediator.mass) for mediator in mediators]
        by_charges: dict[tuple[object, ...], FloatArray] = {}
        result = {}
        for flavour in FLAVOURS:
            charges = tuple(mediator.charges[flavour] ** 2 for mediator in mediators)
            key = tuple(charge if isinstance(charge, float) else flavour for charge in charges)
            if key not in by_charges:
                factor = np.ones(tuple(interaction.shape))
                imaginary = np.zeros(tuple(interaction.shape)) if self.rate == "virtual" else None
                for charge, mediator, loop in zip(charges, mediators, loops, strict=True):
                    if is_zero(charge):
                        continue
                    strength = charge / (4.0 * math.pi) ** 2 * mediator.coupling_squared
                    factor += (1.0 if self.rate == "virtual" else 2.0) * loop.real * strength
                    if imaginary is not None:
                        imaginary += loop.imag * strength
                by_charges[key] = factor if imaginary is None else np.square(factor) + np.square(imaginary)
            result[flavour] = by_charges[key]
        return result

    def predict(self, interaction: Interaction) -> FloatArray:
        """Return the couplings or pseudo-observables.

        Parameters
        ----------
        interaction : Interaction
            With parameters of any broadcast shape.

        Returns
        -------
        ndarray, shape ``interaction.shape + (n,)``
        """
        factors = self.rate_factors(interaction)
        scale = np.empty((*tuple(interaction.shape), 7))
        for position, flavour in enumerate(FLAVOURS):
            scale[..., position] = scale[..., 3 + position] = np.sqrt(factors[flavour])
        scale[..., 6] = np.sqrt(sum(factors.values()) / len(FLAVOURS))
        scale *= self.standard_model.couplings
        if self.quantity == "couplings":
            return scale
        return pseudo_observables(scale, self.standard_model.hadronic_width)

    def contributions(self, interaction: Interaction) -> dict[str, FloatArray]:
        """Return the prediction as its only part."""
        return {"one_loop": self.predict(interaction)}

    def polynomials(self, model: Model, mass: ArrayLike) -> dict[str, FloatArray] | None:  # noqa: ARG002
        """Return None: couplings go like the root of a polynomial."""
        return None
