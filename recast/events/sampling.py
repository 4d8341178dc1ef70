"""Random numbers of a density that is linear between nodes, one row of it for every value of what came before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["PiecewiseLinear", "cell_of"]

Array = NDArray[np.float64]
Index = NDArray[np.intp]

# Least density, of a mean of one.
_FLOOR = 0.02

# Numbers keep this distance from 0 and 1, where phase space closes.
_EDGE = 1e-7


def cell_of(x: Array, cells: int) -> Index:
    """Return which of equal cells of the unit interval a number falls in, shape of ``x``."""
    return np.asarray(np.clip(x * cells, 0, cells - 1)).astype(np.intp)


class PiecewiseLinear:
    """Densities on the unit interval, linear between common nodes.

    Parameters
    ----------
    nodes : ndarray, shape (n + 1,)
        Increasing, from 0 to 1.
    values : ndarray, shape (rows, n + 1)
        Heights at the nodes; every row is normalised.

    Notes
    -----
    No height is below a fiftieth of the mean of its row: where a table is too coarse to see what there is, numbers come
    seldom, but they come.
    """

    def __init__(self, nodes: Array, values: Array) -> None:
        widths = np.diff(nodes)
        values = np.where(values > 0.0, values, 0.0)
        integral = (0.5 * (values[:, :-1] + values[:, 1:])) @ widths
        known = integral > 0.0
        heights = np.where(known[:, None], values / np.where(known, integral, 1.0)[:, None], 1.0)
        heights = np.maximum(heights, _FLOOR)
        heights /= ((0.5 * (heights[:, :-1] + heights[:, 1:])) @ widths)[:, None]
        mass = 0.5 * (heights[:, :-1] + heights[:, 1:]) * widths
        cumulative = np.cumsum(mass, axis=1)
        cumulative /= cumulative[:, -1:]
        self._nodes, self._widths = nodes, widths
        self._cells = len(widths)
        self._heights = heights
        #: All rows behind one another, each one unit long: a single search serves numbers of every row.
        self._ends = (cumulative + np.arange(len(values))[:, None]).ravel()

    def draw(self, row: Index | int, u: Array) -> tuple[Array, Array]:
        """Return numbers between 0 and 1, never one of these, and their densities, both of shape (n,).

        Parameters
        ----------
        row : ndarray of int, shape (n,), or int
            Which density.
        u : ndarray, shape (n,)
            Uniform random numbers.
        """
        first = row * self._cells
        position = np.searchsorted(self._ends, row + u, side="right")
        cell = np.clip(position - first, 0, self._cells - 1)
        at = first + cell
        low = self._heights.ravel()[at + row]
        high = self._heights.ravel()[at + row + 1]
        width = self._widths[cell]
        mass = np.maximum(0.5 * (low + high) * width, 1e-300)
        rest = np.clip((row + u - (self._ends[at] - mass)) / mass, 0.0, 1.0)
        # the root of low y + (high - low) y^2 / 2 = rest (low + high) / 2, without cancellation
        root = np.sqrt(low * low + rest * (high * high - low * low))
        y = np.minimum(rest * (low + high) / np.maximum(low + root, 1e-300), 1.0)
        return np.clip(self._nodes[cell] + width * y, _EDGE, 1.0 - _EDGE), low + (high - low) * y
