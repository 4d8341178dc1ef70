"""Decays of a vector boson that couples to leptons.

With r = m_l^2 / m^2 and the vector charges Q of `recast.interactions.U1Mediator`,

    Gamma(Z' -> l+ l-)    = Q_l^2 g'^2 m / (12 pi) (1 + 2 r) sqrt(1 - 4 r) ,
    Gamma(Z' -> nu nubar) = Q_l^2 g'^2 m / (24 pi)   for each neutrino flavour, which is left-handed.

A charged lepton without a charge couples through loop mixing when the model has it, with ``e |eps(m^2)|`` for its
charge. Hadrons couple through mixing alone: their widths, of relative order (e eps / g')^2 < 1e-3, are neglected.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from recast.constants import DEFAULT_INPUTS, FLAVOURS, LEPTON_MASS, ElectroweakInputs
from recast.errors import unknown
from recast.mixing import on_shell_charge_squared

if TYPE_CHECKING:
    from recast.interactions import U1Mediator

__all__ = ["FINAL_STATES", "branching_ratio", "partial_widths"]

FloatArray = NDArray[np.float64]

FINAL_STATES: Final = ("ee", "mumu", "tautau", "invisible")
"""Names of the final states; the invisible one is that of all neutrinos."""


def partial_widths(mediator: U1Mediator, *, inputs: ElectroweakInputs = DEFAULT_INPUTS) -> dict[str, FloatArray]:
    """Return the partial widths in units of the square of the coupling.

    Parameters
    ----------
    mediator : U1Mediator
        Its mass, charges and mixing enter, not its coupling.
    inputs : ElectroweakInputs
        Only alpha enters, through mixing.

    Returns
    -------
    dict of str to ndarray
        ``Gamma / g'^2`` in GeV by final state (`FINAL_STATES`), each of the shape of the mass.
    """
    mass = mediator.mass
    result: dict[str, FloatArray] = {}
    for flavour in FLAVOURS:
        ratio = np.square(LEPTON_MASS[flavour] / mass)
        phase_space = (1.0 + 2.0 * ratio) * np.sqrt(np.maximum(1.0 - 4.0 * ratio, 0.0))
        charge_squared = on_shell_charge_squared(mediator, flavour, inputs=inputs)
        result[2 * flavour] = np.asarray(charge_squared * mass / (12.0 * math.pi) * phase_space)
    neutrinos = math.fsum(charge**2 for charge in mediator.charges.values())
    result["invisible"] = np.asarray(neutrinos * mass / (24.0 * math.pi))
    return result


def branching_ratio(
    mediator: U1Mediator, final_state: str, *, inputs: ElectroweakInputs = DEFAULT_INPUTS
) -> FloatArray:
    """Return a partial width relative to the sum of all.

    Parameters
    ----------
    mediator : U1Mediator
        Its mass, charges and mixing enter, not its coupling.
    final_state : str
        One of `FINAL_STATES`.
    inputs : ElectroweakInputs
        Only alpha enters, through mixing.

    Returns
    -------
    ndarray
        Of the shape of the mass; zero below threshold and for a boson that couples to nothing.

    Raises
    ------
    UnknownNameError
        For an unknown final state.
    """
    if final_state not in FINAL_STATES:
        raise unknown("final state", final_state, FINAL_STATES)
    widths = partial_widths(mediator, inputs=inputs)
    total = np.sum(list(widths.values()), axis=0)
    return np.asarray(np.divide(widths[final_state], total, out=np.zeros_like(total), where=total > 0.0))
