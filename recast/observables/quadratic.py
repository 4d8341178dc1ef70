"""Predictions that go as the square of the coupling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from recast.model import Model
    from recast.observables import Observable

__all__ = ["square_coefficients"]


def square_coefficients(observable: Observable, model: Model, mass: ArrayLike) -> dict[str, NDArray[np.float64]] | None:
    """Return the coefficients in the coupling of an observable whose parts go as the coupling squared.

    Parameters
    ----------
    observable : Observable
        Zero without new physics.
    model : Model
        With the parameters mass and coupling.
    mass : array_like, shape (n_mass,)
        In GeV.

    Returns
    -------
    dict of str to ndarray, shape (n_mass, 3), or None
        By part, lowest order first, zeros where there is no constraint; None where the model is not quadratic in its
        coupling or the observable has nothing to say about it.
    """
    if "coupling" not in model.parameters:
        return None
    masses = np.atleast_1d(np.asarray(mass, dtype=np.float64))
    interaction = model(mass=masses[:, None], coupling=np.array([[1.0, 2.0]]))
    if observable.applicable(interaction) is not None:
        return None
    result = {}
    for part, values in observable.contributions(interaction).items():
        one, two = np.nan_to_num(values).T
        if not np.allclose(two, 4.0 * one, rtol=1e-12, atol=0.0):
            return None
        zero = np.zeros_like(one)
        result[part] = np.stack([zero, zero, one], axis=1)
    return result
