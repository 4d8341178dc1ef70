"""Decays of a vector boson: partial widths, branching ratios and the decay length.

With r = m_l^2 / m^2, the vector and axial charges V and A of `recast.interactions.U1Mediator` and Q_nu = V - A,

    Gamma(Z' -> l+ l-)    = g'^2 m / (12 pi) [V^2 (1 + 2 r) + A^2 (1 - 4 r)] sqrt(1 - 4 r) ,
    Gamma(Z' -> nu nubar) = g'^2 m / (24 pi) Q_nu^2    for each neutrino flavour, which is left-handed,
    Gamma(Z' -> hadrons)  = g'^2 m / (12 pi) R(m) ,

where R is that of `recast.hadrons` for the boson's coupling to quarks: their charge, and their electric charge times
the mixing. V includes fixed mixing. A charged lepton without a vector charge, and quarks, couple through loop mixing
when the model has it, with ``e |eps(m^2)|`` times the electric charge. Decays to three photons, which alone are left to
a boson below 2 m_e that does not couple to neutrinos, are left out: it is stable here.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from recast.constants import DEFAULT_INPUTS, FLAVOURS, HBARC_GEV_FM, LEPTON_MASS, ElectroweakInputs
from recast.errors import unknown
from recast.hadrons import hadronic_ratio
from recast.mixing import loop_mixing_timelike, on_shell_charge_squared
from recast.parameters import is_zero

if TYPE_CHECKING:
    from recast.interactions import U1Mediator
    from recast.model import U1Model

__all__ = [
    "FINAL_STATES",
    "DecayTable",
    "branching_ratio",
    "decay_table",
    "partial_widths",
    "proper_decay_length",
    "total_width",
]

FloatArray = NDArray[np.float64]

FINAL_STATES: Final = ("ee", "mumu", "tautau", "invisible", "hadrons")
"""Names of the final states; the invisible one is that of all neutrinos."""

_METRES_PER_FM = 1e-15


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
        ``Gamma / g'^2`` in GeV by final state (`FINAL_STATES`), each of the shape of the mass and the charges.
    """
    mass = mediator.mass
    result: dict[str, FloatArray] = {}
    for flavour in FLAVOURS:
        lepton = LEPTON_MASS[flavour]
        ratio = np.square(lepton / np.maximum(mass, lepton))  # far below threshold it would overflow
        velocity = np.sqrt(np.maximum(1.0 - 4.0 * ratio, 0.0))
        vector = on_shell_charge_squared(mediator, flavour, inputs=inputs) * (1.0 + 2.0 * ratio)
        axial = mediator.axial[flavour] ** 2 * np.square(velocity)
        result[2 * flavour] = np.asarray((vector + axial) * velocity * mass / (12.0 * math.pi))
    neutrinos = sum(charge**2 for charge in mediator.neutrino_charges.values())
    result["invisible"] = np.asarray(neutrinos * mass / (24.0 * math.pi))
    result["hadrons"] = np.asarray(_ratio(mediator, inputs) * mass / (12.0 * math.pi))
    return result


def total_width(mediator: U1Mediator, *, inputs: ElectroweakInputs = DEFAULT_INPUTS) -> FloatArray:
    """Return the sum of the partial widths.

    Parameters
    ----------
    mediator : U1Mediator
        Its mass, charges and mixing enter, not its coupling.
    inputs : ElectroweakInputs
        Only alpha enters, through mixing.

    Returns
    -------
    ndarray
        ``Gamma / g'^2`` in GeV, of the shape of the mass.
    """
    return np.asarray(sum(partial_widths(mediator, inputs=inputs).values()))


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
    total = np.asarray(sum(widths.values()))
    return np.asarray(np.divide(widths[final_state], total, out=np.zeros_like(total), where=total > 0.0))


def proper_decay_length(mediator: U1Mediator, *, inputs: ElectroweakInputs = DEFAULT_INPUTS) -> FloatArray:
    """Return the mean distance ``c tau`` at which the boson decays, for a momentum equal to its mass.

    Parameters
    ----------
    mediator : U1Mediator
        Its coupling enters as well.
    inputs : ElectroweakInputs
        Only alpha enters, through mixing.

    Returns
    -------
    ndarray
        In metres, of the shape of mass and coupling; infinite for a boson that does not decay.
    """
    width = mediator.coupling_squared * total_width(mediator, inputs=inputs)
    length = np.full(np.shape(width), np.inf)
    np.divide(HBARC_GEV_FM * _METRES_PER_FM, width, out=length, where=width > 0.0)
    return length


@dataclass(frozen=True)
class DecayTable:
    """The decays of a boson at one mass.

    Attributes
    ----------
    mass : float
        GeV.
    coupling : float or None
        None for quantities in units of the coupling: the widths are then ``Gamma / g'^2``, the length ``g'^2 c tau``.
    widths : dict of str to float
        GeV, by final state (`FINAL_STATES`).
    branching_ratios : dict of str to float
        They sum to one, or are all zero for a stable boson.
    total_width : float
        GeV.
    decay_length : float
        c tau in metres; infinite for a stable boson.
    """

    mass: float
    coupling: float | None
    widths: dict[str, float]
    branching_ratios: dict[str, float]
    total_width: float
    decay_length: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return asdict(self)


def decay_table(model: U1Model, mass: float, *, coupling: float | None = None) -> DecayTable:
    """Return how the boson of a model decays.

    Parameters
    ----------
    model : U1Model
        As loaded by `recast.load_model`.
    mass : float
        GeV.
    coupling : float, optional
        Widths and the decay length are given in its units when it is absent.

    Raises
    ------
    OutOfRangeError
        When the mass or the coupling is not a finite number of the right sign.
    """
    (boson,) = model(mass=float(mass), coupling=1.0 if coupling is None else coupling).mediators or ()
    scale = float(boson.coupling_squared)
    widths = {state: scale * float(width) for state, width in partial_widths(boson).items()}
    total = math.fsum(widths.values())
    return DecayTable(
        mass=float(mass),
        coupling=coupling,
        widths=widths,
        branching_ratios={state: float(branching_ratio(boson, state)) for state in FINAL_STATES},
        total_width=total,
        decay_length=float(proper_decay_length(boson)),
    )


def _ratio(mediator: U1Mediator, inputs: ElectroweakInputs) -> FloatArray:
    """Return R for the boson's coupling to quarks, of the shape of the mass."""
    mass = mediator.mass
    e = math.sqrt(4.0 * math.pi * inputs.alpha)
    if mediator.mixing == "one_loop":
        electric = e * np.abs(loop_mixing_timelike(mediator.charges, np.square(mass), inputs=inputs))
    else:
        electric = np.array(-e * mediator.epsilon)  # of the charge q: minus that of the charged leptons
    if is_zero(mediator.quarks) and not electric.any():
        return np.zeros(mass.shape)
    return hadronic_ratio(mass, electric=electric, baryonic=mediator.quarks)
