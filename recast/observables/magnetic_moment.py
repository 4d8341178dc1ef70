"""Anomalous magnetic moment of a charged lepton: one loop of a vector boson.

    delta a = Q^2 g'^2 / (8 pi^2)  Int_0^1 dx  2 x^2 (1 - x) / (x^2 + (1 - x) r),    r = m^2 / m_lepton^2

(arXiv:hep-ph/0104141, the formula for a massive Z' of L_mu - L_tau; the bands drawn in arXiv:1406.2332 and
arXiv:1902.06765 follow from it). The integral tends to 1 for a light boson and to 2 / (3 r) for a heavy one. An axial
coupling adds a negative part (`axial_loop`).
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict

from recast.constants import LEPTON_MASS
from recast.observables.quadratic import square_coefficients
from recast.parameters import is_zero

if TYPE_CHECKING:
    from recast.interactions import Interaction
    from recast.model import Model

__all__ = ["MagneticMoment", "axial_loop", "vector_loop"]

FloatArray = NDArray[np.float64]

# Values held at a time, as masses times nodes (2 MB).
_BLOCK = 1 << 18


class MagneticMoment(BaseModel):
    """Contribution of new vector bosons to a = (g - 2)/2 of a charged lepton.

    Attributes
    ----------
    lepton : {"e", "mu", "tau"}
        Whose magnetic moment.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    array_charges: ClassVar[bool] = True
    parts: ClassVar[tuple[str, ...]] = ("one_loop",)

    type: Literal["magnetic_moment"] = "magnetic_moment"
    lepton: Literal["e", "mu", "tau"]

    def applicable(self, interaction: Interaction) -> str | None:
        """Return why nothing can be said about an interaction, or None."""
        if interaction.mediators is None:
            return "a shift of neutrino couplings alone does not determine a magnetic moment"
        return None

    def contributions(self, interaction: Interaction) -> dict[str, FloatArray]:
        """Return the one-loop part, which is all there is.

        Parameters
        ----------
        interaction : Interaction
            With parameters of any broadcast shape.

        Returns
        -------
        dict of str to ndarray
            ``one_loop``, of the interaction's shape.
        """
        total = np.zeros(tuple(interaction.shape))
        for mediator in interaction.mediators or ():
            # Loops are computed on the array of masses: once per mass, whatever the couplings.
            mass = LEPTON_MASS[self.lepton]
            for charge, loop in (
                (mediator.vector_charge(self.lepton), vector_loop),
                (mediator.axial[self.lepton], axial_loop),
            ):
                if not is_zero(charge):
                    weight = charge**2 / (8.0 * math.pi**2) * loop(mediator.mass, lepton_mass=mass)
                    total += weight * mediator.coupling_squared
        return {"one_loop": total}

    def predict(self, interaction: Interaction) -> FloatArray:
        """Return delta a, of the interaction's shape."""
        return self.contributions(interaction)["one_loop"]

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
            Lowest order first; None where the model is not quadratic in its coupling.
        """
        return square_coefficients(self, model, mass)


def vector_loop(mass: ArrayLike, *, lepton_mass: float) -> FloatArray:
    """Return the loop integral of a vector boson, normalised to 1 for a massless one.

    Parameters
    ----------
    mass : array_like
        Of the boson, in GeV.
    lepton_mass : float
        In GeV.

    Returns
    -------
    ndarray
        Int_0^1 dx 2 x^2 (1 - x) / (x^2 + (1 - x) r) with r = mass^2 / lepton_mass^2, to a relative 1e-9 for every
        mass; of the shape of the mass.

    Notes
    -----
    With x = 1 / (1 + exp(-t)) the integrand is analytic in a strip of half-width pi/2 around the real axis and falls
    exponentially at both ends, so that equidistant nodes converge exponentially, for all r alike.
    """
    masses = np.asarray(mass, dtype=np.float64)
    x, rest, width = _nodes()
    return _integral(np.square(masses / lepton_mass), 2.0 * x**2 * rest * width)


def axial_loop(mass: ArrayLike, *, lepton_mass: float) -> FloatArray:
    """Return the loop integral of a boson with an axial coupling, in units of that of a massless vector boson.

    Parameters
    ----------
    mass : array_like
        Of the boson, in GeV.
    lepton_mass : float
        In GeV.

    Returns
    -------
    ndarray
        Int_0^1 dx [2 x (1 - x) (x - 4) - 4 x^3 / r] / (x^2 + (1 - x) r) with r = mass^2 / lepton_mass^2 (J. P.
        Leveille, Nucl. Phys. B 137 (1978) 63): negative, -10 / (3 r) for a heavy boson, and growing as -2 / r for a
        light one, whose longitudinal part couples to the mass of the lepton.
    """
    masses = np.asarray(mass, dtype=np.float64)
    x, rest, width = _nodes()
    ratio = np.square(masses / lepton_mass)
    transverse = _integral(ratio, 2.0 * x * rest * (x - 4.0) * width)
    return np.asarray(transverse - _integral(ratio, 4.0 * x**3 * width) / ratio)


def _integral(ratio: FloatArray, weight: FloatArray) -> FloatArray:
    """Sum a weight over x^2 + (1 - x) ratio for every ratio."""
    x, rest, _ = _nodes()
    flat = ratio.ravel()
    result = np.empty_like(flat)
    rows = max(1, _BLOCK // weight.size)
    for start in range(0, flat.size, rows):
        part = flat[start : start + rows, None]
        result[start : start + rows] = (1.0 / (x**2 + rest * part)) @ weight
    return result.reshape(ratio.shape)


@cache
def _nodes() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return x, 1 - x and dx/dt with the step at the nodes."""
    # exp(-pi^2 / step) is the error of the step, exp(-end) that of the ends.
    step, end = 0.38, 24.0
    t = np.arange(-end, end + step, step)
    x, rest = 1.0 / (1.0 + np.exp(-t)), 1.0 / (1.0 + np.exp(t))
    return x, rest, x * rest * step
