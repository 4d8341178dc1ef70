"""Values of parameters: numbers or arrays, checked; and charges, which are either."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.constants import FLAVOURS
from recast.errors import OutOfRangeError, unknown

__all__ = [
    "LARGEST_CHARGE",
    "Charges",
    "check_broadcast",
    "checked",
    "checked_charge",
    "is_zero",
    "loops_diverge",
    "number_or_array",
    "of_flavours",
]

FloatArray = NDArray[np.float64]
Charges: TypeAlias = float | FloatArray
"""A charge, or one for every point."""

LARGEST_CHARGE = 1e3
"""Charges are of order one: strength belongs into the coupling."""

# Fourth powers of couplings and squares of masses must stay finite.
_LARGEST = 1e30
_ROUNDING = 1e-12


def of_flavours(charges: Mapping[str, Charges]) -> Mapping[str, Charges]:
    """Return the charges of all flavours; absent ones are zero.

    Raises
    ------
    UnknownNameError
        For a flavour that is none.
    """
    for flavour in charges:
        if flavour not in FLAVOURS:
            raise unknown("lepton flavour", flavour, FLAVOURS)
    return MappingProxyType({flavour: number_or_array(charges.get(flavour, 0.0)) for flavour in FLAVOURS})


def number_or_array(charge: Charges) -> Charges:
    """Return a charge as a float, or as an array of them."""
    if isinstance(charge, float | int) or not np.ndim(charge):
        return float(charge)
    return np.asarray(charge, dtype=np.float64)


def is_zero(charge: Charges) -> bool:
    """Return whether a charge vanishes, at every point when there are many."""
    return charge == 0.0 if isinstance(charge, float) else not charge.any()


def checked_charge(name: str, value: ArrayLike) -> Charges:
    """Return a charge as a float, or an array of one for every point, having checked every element.

    Raises
    ------
    OutOfRangeError
        Naming the charge and the first value that does not fit.
    """
    array = checked(name, value, signed=True)
    large = np.abs(array) > LARGEST_CHARGE
    if large.any():
        first = float(array[large].flat[0])
        msg = f"{name} must be a number up to {LARGEST_CHARGE:g}, not {first:g}: strength belongs into the coupling"
        raise OutOfRangeError(msg)
    return array if array.ndim else float(array)


def checked(name: str, value: ArrayLike, *, positive: bool = False, signed: bool = False) -> FloatArray:
    """Return a parameter as an array of floats, having checked every element.

    Parameters
    ----------
    name : str
        For the message.
    value : array_like
        Real numbers.
    positive : bool
        Whether zero is excluded.
    signed : bool
        Whether negative numbers are allowed.

    Raises
    ------
    OutOfRangeError
        Naming the parameter and the first value that does not fit.
    """
    kind = "finite number" if signed else "positive finite number" if positive else "finite number, zero or positive"
    try:
        given = np.asarray(value)
    except ValueError:  # nested lists of different lengths
        given = np.asarray(None)
    if given.dtype.kind not in "iuf":
        shown = repr(value)
        msg = f"the {name} must be a {kind}, not {shown if len(shown) <= 60 else f'{shown[:57]}...'}"
        raise OutOfRangeError(msg)
    with np.errstate(over="ignore"):  # wider floats become infinite, which is told below
        array = np.array(given, dtype=np.float64)
    array.setflags(write=False)
    wrong = ~(np.abs(array) <= _LARGEST)
    if not signed:
        wrong |= array < 0.0
    if positive:
        wrong |= array == 0.0
    if wrong.any():
        first = float(array[wrong].flat[0])
        limit = f" below {_LARGEST:g}" if np.isfinite(first) and abs(first) > _LARGEST else ""
        msg = f"the {name} must be a {kind}{limit}, not {first:g}"
        raise OutOfRangeError(msg)
    return array


def check_broadcast(**arrays: FloatArray) -> None:
    """Raise a clear error when parameters do not fit together.

    Raises
    ------
    OutOfRangeError
        When they do not.
    """
    try:
        np.broadcast_shapes(*(array.shape for array in arrays.values()))
    except ValueError:
        shapes = " and ".join(f"{name} of shape {array.shape}" for name, array in arrays.items())
        msg = f"the parameters do not broadcast: {shapes}"
        raise OutOfRangeError(msg) from None


def loops_diverge(charges: Mapping[str, Charges], quarks: Charges) -> str | None:
    """Return why kinetic mixing by loops is not finite somewhere, or None."""
    total = np.asarray(sum(charges.values()))
    wrong = np.abs(total) > _ROUNDING
    if not (wrong.any() or np.any(quarks)):
        return None
    what = f"they sum to {total[wrong].flat[0]:g}" if wrong.any() else "quarks have charges besides"
    return f"mixing: one_loop needs charges of leptons that sum to zero, or the loops diverge; {what}"
