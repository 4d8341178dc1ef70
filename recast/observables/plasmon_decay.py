"""Cooling of stars by plasmons that decay into neutrinos, as a bound on a boson between electrons and neutrinos.

A boson much heavier than a plasmon (keV) adds to the neutral current of the Standard Model,

    C_V(nu_l) -> C_V(nu_l) + a_l ,    a_l = v^2 Q_l q_e g'^2 / m^2 ,

with C_V = 1/2 + 2 sin^2(theta_W) for nu_e and -1/2 + 2 sin^2(theta_W) for the others, and q_e the electron's charge in
units of g': its own, or e eps / g' through loop mixing. Transverse plasmons, which carry nearly all of the loss, decay
through the vector current, so that the additional loss is proportional to

    S = sum_l [2 C_V(nu_l) Re a_l + |a_l|^2] .

For L_mu - L_tau the interference cancels between nu_mu and nu_tau, and S is proportional to (eps g' / m^2)^2. The
prediction is S in units of its value for the published model at the published limit.

The published curve (arXiv:1803.05466) is ``e |eps(m^2)| g' / m^2 = const`` to 2%, with the mixing at q^2 = m^2. In a
star q^2 is that of a plasmon, which is nothing beside a lepton's mass: ``momentum_transfer="zero"`` takes it there.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationInfo, model_validator

from recast.constants import DEFAULT_INPUTS, FLAVOURS
from recast.interactions import U1Mediator
from recast.limit_curve import LimitCurve, load_limit_curve
from recast.mixing import loop_mixing_timelike
from recast.observables.resonance_limit import PublishedModel
from recast.parameters import is_zero

if TYPE_CHECKING:
    from recast.interactions import Interaction
    from recast.model import Model

__all__ = ["PlasmonDecay"]

FloatArray = NDArray[np.float64]
MomentumTransfer = Literal["mass", "zero"]


class PlasmonDecay(BaseModel):
    """Additional energy loss of a star in units of the excluded one.

    Attributes
    ----------
    curve : str
        Name of a limit curve, or a CSV file (relative to the file of the measurement); see `recast.limit_curve`.
    published : PublishedModel
        What the curve limits.
    momentum_transfer : {"mass", "zero"}
        Where loop mixing is taken: at q^2 = m^2 as in the publication, or at zero, where it belongs. The published
        model is always treated as it was published.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    array_charges: ClassVar[bool] = True
    parts: ClassVar[tuple[str, ...]] = ("signal",)
    bounded: ClassVar[bool] = True
    """Predictions outside the published masses are not-a-number."""

    type: Literal["plasmon_decay"] = "plasmon_decay"
    curve: str
    published: PublishedModel
    momentum_transfer: MomentumTransfer = "mass"

    _limits: LimitCurve = PrivateAttr()

    @model_validator(mode="after")
    def _read(self, info: ValidationInfo) -> Self:
        context = info.context or {}
        folder: Path | None = context.get("folder")
        self._limits = load_limit_curve(self.curve, folder=folder, plugins=tuple(context.get("plugins", ())))
        return self

    @property
    def limits(self) -> LimitCurve:
        """The published curve, as it was read."""
        return self._limits

    def applicable(self, interaction: Interaction) -> str | None:
        """Return why nothing can be said about an interaction, or None."""
        if interaction.mediators is None:
            return "the curve belongs to a boson, and the couplings of neutrinos to electrons are left open"
        return None

    def contributions(self, interaction: Interaction) -> dict[str, FloatArray]:
        """Return the additional loss, which is all there is.

        Parameters
        ----------
        interaction : Interaction
            With parameters of any broadcast shape.

        Returns
        -------
        dict of str to ndarray
            ``signal`` in units of the excluded loss, of the interaction's shape; not-a-number outside the masses of
            the curve.
        """
        total = np.zeros(tuple(interaction.shape))
        for mediator in interaction.mediators or ():
            excluded = self._excluded(mediator.mass)
            linear, quadratic = _loss(mediator, self.momentum_transfer)
            squared = mediator.coupling_squared
            total += (linear / excluded) * squared + (quadratic / excluded) * np.square(squared)
        return {"signal": total}

    def predict(self, interaction: Interaction) -> FloatArray:
        """Return the additional loss in units of the excluded one, of the interaction's shape."""
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
        dict of str to ndarray, shape (n_mass, 5), or None
            Lowest order first, zeros where there is no constraint; None where the coupling of the boson is not
            proportional to that of the model.
        """
        if "coupling" not in model.parameters:
            return None
        masses = np.atleast_1d(np.asarray(mass, dtype=np.float64))
        interaction = model(mass=masses[:, None], coupling=np.array([[1.0, 2.0]]))
        if interaction.mediators is None:
            return None
        coefficients = np.zeros((masses.size, 5))
        for mediator in interaction.mediators:
            one, two = np.broadcast_to(mediator.coupling_squared, (masses.size, 2)).T
            if not np.allclose(two, 4.0 * one, rtol=1e-12, atol=0.0):
                return None
            excluded = self._excluded(mediator.mass)
            linear, quadratic = _loss(mediator, self.momentum_transfer)
            coefficients[:, 2] += (linear / excluded)[:, 0] * one
            coefficients[:, 4] += (quadratic / excluded)[:, 0] * np.square(one)
        return {"signal": np.nan_to_num(coefficients)}

    def _excluded(self, mass: FloatArray) -> FloatArray:
        """Return the additional loss of the published model at the published limit."""
        published = self.published
        reference = U1Mediator(published.charges.model_dump(), mass=mass, coupling=1.0, mixing=published.mixing)
        linear, quadratic = _loss(reference, "mass")
        squared = np.square(self._limits(mass))
        return np.asarray(linear * squared + quadratic * np.square(squared))


def _loss(mediator: U1Mediator, momentum_transfer: MomentumTransfer) -> tuple[FloatArray, FloatArray]:
    """Return the coefficients of g'^2 and g'^4 in S, of the shape of the mass."""
    tree = mediator.vector_charge("e")
    charge = tree + np.zeros(mediator.mass.shape, dtype=np.complex128)
    if is_zero(tree) and mediator.mixing == "one_loop":
        q2 = np.square(mediator.mass) if momentum_transfer == "mass" else np.zeros(mediator.mass.shape)
        charge = math.sqrt(4.0 * math.pi * DEFAULT_INPUTS.alpha) * loop_mixing_timelike(mediator.charges, q2)
    shift = DEFAULT_INPUTS.vev**2 * charge / np.square(mediator.mass)
    interference = sum(2.0 * _vector_coupling(flavour) * mediator.neutrino_charges[flavour] for flavour in FLAVOURS)
    square = sum(mediator.neutrino_charges[flavour] ** 2 for flavour in FLAVOURS)
    return np.asarray(interference * shift.real), np.asarray(square * np.square(np.abs(shift)))


def _vector_coupling(flavour: str) -> float:
    """Return C_V of a neutrino with electrons in the Standard Model."""
    neutral = -0.5 + 2.0 * DEFAULT_INPUTS.sin2_theta_w
    return neutral + 1.0 if flavour == "e" else neutral
