"""Charges that differ from point to point: which points an observable can take together.

An observable that handles arrays of charges (``array_charges``) is called once for all points at which the same charges
vanish: what couples at all, and so what applies, is then the same for all of them. Every other observable is called
with numbers, once for each set of charges that occurs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recast.constants import FLAVOURS
from recast.interactions import StandardModel, U1Mediator
from recast.parameters import Charges

if TYPE_CHECKING:
    from recast.observables import Observable

__all__ = ["free_charges", "grouped_contributions", "reason_everywhere"]

FloatArray = NDArray[np.float64]
Rows = NDArray[np.intp]


def free_charges(interaction: object) -> U1Mediator | None:
    """Return a boson whose charges differ from point to point; None for all other interactions."""
    return interaction if isinstance(interaction, U1Mediator) and interaction.charge_arrays else None


def reason_everywhere(observable: Observable, boson: U1Mediator) -> str | None:
    """Return why an observable has nothing to say at any point, or None when it has somewhere."""
    reason = None
    for _, one in _Points(boson).groups(together=_takes_arrays(observable)):
        reason = observable.applicable(one)
        if reason is None:
            return None
    return reason


def grouped_contributions(observable: Observable, boson: U1Mediator) -> dict[str, FloatArray]:
    """Return the parts of a prediction where charges differ from point to point.

    Parameters
    ----------
    observable : Observable
    boson : U1Mediator
        With arrays of charges.

    Returns
    -------
    dict of str to ndarray
        Of the boson's shape, with one more axis for several numbers; not-a-number where the observable has nothing to
        say about the charges.
    """
    points = _Points(boson)
    result: dict[str, FloatArray] = {}
    said = np.zeros(points.rows, dtype=bool)
    for rows, one in points.groups(together=_takes_arrays(observable)):
        if observable.applicable(one) is not None:
            continue
        found = observable.contributions(one)
        if rows is None:
            # Where the same charges vanish everywhere, their axes are missing.
            return {
                name: np.array(np.broadcast_to(value, boson.shape + value.shape[len(one.shape) :]))
                if one.shape != boson.shape
                else value
                for name, value in found.items()
            }
        said[rows] = True
        for name in found.keys() - result.keys():
            numbers = found[name].shape[1 + len(points.others) :]
            result[name] = np.full((points.rows, *points.others, *numbers), np.nan)
            result[name][said] = 0.0
        for name, array in result.items():
            array[rows] = found.get(name, np.zeros(()))
    if result:
        return {name: points.restored(array) for name, array in result.items()}
    usual = observable.contributions(StandardModel())
    return {name: np.full(boson.shape + np.shape(value), np.nan) for name, value in usual.items()}


def _takes_arrays(observable: Observable) -> bool:
    return bool(getattr(observable, "array_charges", False))


@dataclass(frozen=True)
class _Points:
    """The points of a boson with the axes along which charges vary taken first, as rows."""

    boson: U1Mediator

    @cached_property
    def varied(self) -> tuple[int, ...]:
        """Axes along which some charge varies."""
        n, found = len(self.boson.shape), set()
        for array in self.boson.charge_arrays.values():
            found |= {n - array.ndim + i for i, size in enumerate(array.shape) if size != 1}
        return tuple(sorted(found))

    @cached_property
    def order(self) -> tuple[int, ...]:
        """All axes, those along which charges vary first."""
        return self.varied + tuple(i for i in range(len(self.boson.shape)) if i not in self.varied)

    @cached_property
    def first(self) -> tuple[int, ...]:
        """Lengths of the axes along which charges vary."""
        return tuple(self.boson.shape[i] for i in self.varied)

    @cached_property
    def others(self) -> tuple[int, ...]:
        """Lengths of the other axes."""
        return tuple(self.boson.shape[i] for i in self.order[len(self.varied) :])

    @cached_property
    def rows(self) -> int:
        """Number of rows."""
        return int(np.prod(self.first, dtype=int))

    def by_rows(self, array: FloatArray) -> FloatArray:
        """Return an array by rows and the other axes; of length one where it does not vary."""
        n, k = len(self.order), len(self.varied)
        turned = array.reshape((1,) * (n - array.ndim) + array.shape).transpose(self.order)
        if all(size == 1 for size in turned.shape[:k]):
            return turned.reshape(1, *turned.shape[k:])
        return np.broadcast_to(turned, self.first + turned.shape[k:]).reshape(self.rows, *turned.shape[k:])

    def restored(self, array: FloatArray) -> FloatArray:
        """Return what was found by rows in the shape of the boson; more axes stay last."""
        n = len(self.order)
        whole = array.reshape(self.first + array.shape[1:])
        return whole.transpose(*np.argsort(self.order), *range(n, whole.ndim))

    def groups(self, *, together: bool) -> Iterator[tuple[Rows | None, U1Mediator]]:
        """Yield the rows that are taken together and the boson there; no rows where the whole boson can be taken.

        Parameters
        ----------
        together : bool
            All points at which the same charges vanish, else those of equal charges, which are then numbers.
        """
        arrays = self.boson.charge_arrays
        if together:
            electric = (np.asarray(self.boson.vector_charge(flavour)) for flavour in FLAVOURS)
            keys = [array != 0.0 for array in (*arrays.values(), *electric)]
            if all(key.all() or not key.any() for key in keys):
                yield None, self._at(None, numbers=False)
                return
        else:
            keys = list(arrays.values())
        columns = [self.by_rows(key).reshape(-1) for key in keys if key.size > 1]
        order = np.lexsort(columns) if columns else np.arange(self.rows)
        changes = np.zeros(max(self.rows - 1, 0), dtype=bool)
        for column in columns:
            changes |= column[order[1:]] != column[order[:-1]]
        for rows in np.split(order, np.flatnonzero(changes) + 1) if self.rows else ():
            yield rows, self._at(rows, numbers=not together)

    def _at(self, rows: Rows | None, *, numbers: bool) -> U1Mediator:
        """Return the boson at some rows, or all points; charges that vanish there are the number zero."""
        boson, arrays = self.boson, self.boson.charge_arrays

        def taken(array: FloatArray) -> FloatArray:
            if rows is None:
                return array
            turned = self.by_rows(array)
            return turned[rows] if turned.shape[0] > 1 else turned

        def charge(name: str, value: Charges) -> Charges:
            if name not in arrays:
                return value
            array = taken(arrays[name])
            return float(array.flat[0]) if numbers else array if array.any() else 0.0

        epsilon = charge("epsilon", boson.epsilon)
        # Where there is none, fixed mixing is no mixing.
        mixing: Any = "none" if boson.mixing == "fixed" and isinstance(epsilon, float) and not epsilon else boson.mixing
        return U1Mediator(
            {flavour: charge(f"charge_{flavour}", value) for flavour, value in boson.charges.items()},
            mass=taken(boson.mass),
            coupling=taken(boson.coupling),
            axial={flavour: charge(f"axial_{flavour}", value) for flavour, value in boson.axial.items()},
            quarks=charge("quarks", boson.quarks),
            mixing=mixing,
            epsilon=epsilon,
        )
