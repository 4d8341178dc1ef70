"""Predictions and their likelihood along the coupling, at each mass."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recast.polynomials import evaluate, multiply, positive_roots

if TYPE_CHECKING:
    from recast.measurement import Measurement
    from recast.model import Model

__all__ = ["CouplingCurve", "shifted"]

FloatArray = NDArray[np.float64]

# Couplings searched for a combined limit when a prediction is not a polynomial (an observable may name its own as
# ``search_range``), and the number of points that bracket its edges (they are then found to rounding).
_SEARCH = (1e-9, 1e3)
_SEARCH_POINTS = 800


class CouplingCurve:
    """The joint likelihood along the coupling, one row per mass."""

    def __init__(self, model: Model, measurements: tuple[Measurement, ...], mass: FloatArray) -> None:
        from recast.joint import Joint

        self.model = model
        self.measurements = measurements
        self.joint = Joint(measurements)
        self.mass = mass
        self.polynomials = [m.observable.polynomials(model, mass) for m in measurements]
        self.known = [self._known(m) for m in measurements]

    def _known(self, measurement: Measurement) -> NDArray[np.bool_]:
        """Return at which masses a measurement says anything."""
        if not measurement.bounded:
            return np.ones(self.mass.size, dtype=bool)
        prediction = measurement.prediction(self.model(mass=self.mass, coupling=np.ones_like(self.mass)))
        return ~np.isnan(prediction)

    def parts(self, rows: NDArray[np.intp], coupling: FloatArray) -> list[Mapping[str, FloatArray]]:
        """Return the contributions to every prediction at (mass of the row, coupling)."""
        result: list[Mapping[str, FloatArray]] = []
        for measurement, polynomials, known in zip(self.measurements, self.polynomials, self.known, strict=True):
            if polynomials is None:
                # What depends on the mass alone is then done once for each row, not for each of its couplings.
                column = rows[..., :1] if rows.ndim > 1 and rows.strides[-1] == 0 else rows
                interaction = self.model(mass=self.mass[column], coupling=coupling)
                result.append(measurement.contributions(interaction))
                continue
            part = {k: evaluate(p[rows], coupling) for k, p in polynomials.items()}
            # A polynomial has zeros where nothing is known.
            result.append(part if known.all() else {k: np.where(known[rows], v, np.nan) for k, v in part.items()})
        return result

    def statistic(self, rows: NDArray[np.intp], coupling: FloatArray) -> FloatArray:
        """Return the joint ``2 delta ln L``."""
        return self.joint.distance(self.parts(rows, coupling))

    @property
    def relative(self) -> bool:
        """Whether the region is relative to the best fit, because no coupling need fit all the data."""
        return len(self.measurements) > 1 or self.measurements[0].likelihood.degrees_of_freedom > 1

    def prediction(self, rows: NDArray[np.intp], coupling: FloatArray) -> FloatArray:
        """Return the prediction of the only measurement."""
        (part,) = self.parts(rows, coupling)
        return np.asarray(sum(part.values()))

    def above_data(self, rows: NDArray[np.intp], coupling: FloatArray) -> NDArray[np.bool_]:
        """Return where the prediction of the only measurement exceeds its data."""
        return self.prediction(rows, coupling) > self.measurements[0].data

    def reach(self) -> tuple[FloatArray, FloatArray]:
        """Return the smallest and the largest prediction of the only measurement, shape (n_mass,) each.

        Without end in both directions where nothing is known.
        """
        (polynomials,), (known,) = self.polynomials, self.known
        every = np.arange(self.mass.size)
        if polynomials is None:
            values = self.prediction(*np.broadcast_arrays(every[:, None], self.search_grid()))
        else:
            total = np.sum(list(polynomials.values()), axis=0)
            slope = total[:, 1:] * np.arange(1, total.shape[1])
            turns = positive_roots(slope) if slope.any() else np.full((self.mass.size, 1), np.nan)
            couplings = np.concatenate([np.zeros((self.mass.size, 1)), turns], axis=1)
            # Of the highest power, where there is one besides the constant: it wins in the end.
            far = [next((math.copysign(math.inf, x) for x in row[:0:-1] if x), row[0]) for row in total]
            finite = [evaluate(total, x) for x in couplings.T]
            values = np.stack([*finite, np.array(far)], axis=1)
        return (
            np.where(known, np.nanmin(values, axis=1, initial=np.inf), -np.inf),
            np.where(known, np.nanmax(values, axis=1, initial=-np.inf), np.inf),
        )

    def exact_edges(self, z: float, *, one_sided: bool) -> FloatArray | None:
        """Return the couplings where the only measurement's region can end, sorted, NaN-padded.

        None when its prediction is no polynomial or its profiled likelihood has no closed form.
        """
        (measurement,), (polynomials,) = self.measurements, self.polynomials
        if polynomials is None:
            return self._solved_by_observable(measurement, z, one_sided=one_sided)
        total = np.sum(list(polynomials.values()), axis=0)
        found: list[FloatArray] = []
        if not measurement.theory_errors:
            edges = measurement.likelihood.allowed(z, one_sided=one_sided)
            found += [positive_roots(shifted(total, edge)) for edge in edges if math.isfinite(edge)]
        elif measurement.likelihood.side_errors is None:
            return None
        else:
            # (R - d)^2 = z^2 [sigma^2 + sum (theory errors)^2], polynomial on each side of d.
            distance = shifted(total, float(measurement.data))
            theory = sum(multiply(s, s) for s in measurement.theory_shifts(polynomials).values())
            square = multiply(distance, distance) - z**2 * theory
            sides = set(measurement.likelihood.side_errors)
            found += [positive_roots(shifted(square, (z * sigma) ** 2)) for sigma in sides]
        return np.sort(np.concatenate(found, axis=1), axis=1)

    def _solved_by_observable(self, measurement: Measurement, z: float, *, one_sided: bool) -> FloatArray | None:
        """Return the edges of an observable that inverts its prediction itself, as `exact_edges` does."""
        if measurement.theory_errors:
            return None
        edges = measurement.likelihood.allowed(z, one_sided=one_sided)
        found = self.couplings_at(measurement, [edge for edge in edges if math.isfinite(edge)])
        return np.sort(np.concatenate(found, axis=1), axis=1) if found else None

    def couplings_at(self, measurement: Measurement, predictions: list[float]) -> list[FloatArray]:
        """Return where an observable has given predictions, of shape (n_mass, k) each; empty if it cannot say."""
        solve = getattr(measurement.observable, "couplings_at", None)
        found = [] if solve is None else [solve(self.model, self.mass, value) for value in predictions]
        return [] if any(couplings is None for couplings in found) else found

    def search_grid(self) -> FloatArray:
        """Return couplings, 0 and then evenly in the logarithm, that hold every edge, shape (n_mass, n)."""
        n_mass = self.mass.size
        marks: list[FloatArray] = []
        for measurement, polynomials in zip(self.measurements, self.polynomials, strict=True):
            if polynomials is None:
                everywhere = np.full((n_mass, 2), getattr(measurement.observable, "search_range", _SEARCH))
                marks += self.couplings_at(measurement, _targets(measurement)) or [everywhere]
                continue
            total = np.sum(list(polynomials.values()), axis=0)
            targets = [*_targets(measurement), float(np.max(total[:, 0])) * 1.001, 2.0 * abs(float(measurement.data))]
            marks += [positive_roots(shifted(total, t)) for t in targets if math.isfinite(t)]
        every = np.concatenate(marks, axis=1)
        known = np.isfinite(every)
        low = np.min(np.where(known, every, np.inf), axis=1)
        high = np.max(np.where(known, every, 0.0), axis=1)
        coupled = np.any(known, axis=1)
        low = np.where(coupled, 0.03 * low, _SEARCH[0])
        high = np.where(coupled, 3.0 * high, _SEARCH[1])
        steps = np.linspace(0.0, 1.0, _SEARCH_POINTS)
        grid = np.exp(np.log(low)[:, None] + np.log(high / low)[:, None] * steps)
        return np.concatenate([np.zeros((n_mass, 1)), grid], axis=1)


def shifted(polynomials: FloatArray, constant: float | FloatArray) -> FloatArray:
    """Subtract a constant from every polynomial; an array has one for each."""
    result = polynomials.copy()
    result[:, 0] -= constant
    return result


def _targets(measurement: Measurement) -> list[float]:
    """Return where a prediction is within a small and a large distance of its data; nothing for several numbers."""
    if np.ndim(measurement.data):
        return []
    return [e for z in (0.1, 30.0) for e in measurement.likelihood.allowed(z) if math.isfinite(e)]
