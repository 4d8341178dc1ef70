"""What a fit has to say beside its numbers, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from recast.fit_surface import Coordinate, Surface

if TYPE_CHECKING:
    from recast.fit_minimum import Seed

__all__ = ["flat_remark", "open_sides", "other_minima"]

# Minima are different if a coordinate differs by more than this.
_APART = 0.05


def flat_remark(surface: Surface, point: Sequence[float], direction: Mapping[str, float], held: str) -> str:
    """Say which direction is flat.

    Parameters
    ----------
    surface : Surface
    point : sequence of float
        Coordinates of the best fit.
    direction : dict of str to float
        Changes of the coordinates that take part.
    held : str
        The one that is best given by the user.
    """
    values = surface.parameters(point)
    if len(direction) == 1:
        return f"the measurements say nothing about the {held}: give it with --fix {held}=VALUE"
    place = " and ".join(f"{name} = {values[name]:.3g}" for name in direction)
    if all(axis.logarithmic for axis in surface.axes if axis.name in direction):
        factors = " and ".join(f"the {name} by {1.1**c:.3g}" for name, c in direction.items())
        what = f"multiplying {factors} changes nothing"
    else:
        steps = " and ".join(f"{name} by {round(0.1 * c, 6):+.2g}" for name, c in direction.items())
        what = f"changing {steps} changes nothing"
    return (
        f"only one combination of {' and '.join(direction)} is determined: from {place}, {what} "
        f"(give one of them, e.g. --fix {held}={values[held]:.2g})"
    )


def open_sides(surface: Surface, axis: Coordinate, ends: tuple[float | None, float | None], value: float) -> list[str]:
    """Say where a parameter has no bound.

    Parameters
    ----------
    surface : Surface
    axis : Coordinate
        The parameter.
    ends : (float or None, float or None)
        Where 2 delta ln L has risen by 1.
    value : float
        2 delta ln L at the best fit.
    """
    low, high = (f"{axis.value(x):.3g}" for x in (axis.low, axis.high))
    flat = "2 delta ln L rises by less than 1"
    if ends == (None, None):
        return [f"the {axis.name} is not determined: from {low} to {high}, {flat}"]
    remarks = []
    if ends[0] is None and axis.name == "coupling":
        rise = surface.without_coupling().profiled() - value
        remarks.append(f"no coupling at all is allowed: 2 delta ln L rises by {float(rise):.2g}")
    elif ends[0] is None:
        remarks.append(f"the {axis.name} has no bound from below: down to {low}, {flat}")
    if ends[1] is None:
        remarks.append(f"the {axis.name} has no bound from above: up to {high}, {flat}")
    return remarks


def other_minima(surface: Surface, best: Seed, tried: Sequence[Seed]) -> list[str]:
    """Say which other minima are within one standard deviation of the lowest.

    Parameters
    ----------
    surface : Surface
        What was minimised.
    best : Seed
        The lowest minimum.
    tried : sequence of Seed
        All of them.
    """
    places = []
    known = [np.array(best.end)]
    for seed in sorted(tried, key=lambda one: one.value):
        end = np.array(seed.end)
        rise = seed.value - best.value
        if seed.valid and rise < 1.0 and all(np.max(np.abs(end - one), initial=0.0) > _APART for one in known):
            known.append(end)
            place = " and ".join(f"{name} = {value:.3g}" for name, value in surface.parameters(seed.end).items())
            places.append(f"{place} (2 delta ln L {'just as low' if rise < 1e-3 else f'higher by {rise:.2g}'})")
    return [f"other minima lie at {', '.join(places)}"] if places else []
