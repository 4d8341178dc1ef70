"""What a fit found: frozen, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FitResult", "MeasurementPull", "NuisancePull", "ParameterEstimate", "SeedResult"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ParameterEstimate:
    """A parameter of the model.

    Attributes
    ----------
    value : float or None
        At the best fit; None where it has no meaning, like a mass without a coupling.
    hesse : float or None
        Standard deviation from the curvature at the best fit; None where there is no parabola: at a limit of the
        range, at no coupling at all, in a flat direction, or when the parameter was fixed.
    minos : (float or None, float or None)
        Distances, negative and positive, to the values where 2 delta ln L, all else profiled, has risen by 1;
        None on a side where it does not.
    fixed : bool
        Held by the user.
    """

    value: float | None
    hesse: float | None = None
    minos: tuple[float | None, float | None] = (None, None)
    fixed: bool = False


@dataclass(frozen=True)
class NuisancePull:
    """A nuisance parameter, in units of the standard deviation that it is known to.

    Attributes
    ----------
    pull : float
        Best value.
    error : float or None
        What is left of the standard deviation after the fit (HESSE); None for the parameters of a counting model,
        which are profiled inside it.
    """

    pull: float
    error: float | None


@dataclass(frozen=True)
class MeasurementPull:
    """How well a measurement is described.

    Attributes
    ----------
    data, prediction : float or ndarray
        The prediction at the best fit, nuisance parameters included; that of the Standard Model where the measurement
        says nothing about the model.
    minus_2_delta_ln_l : float
        Its part of the total.
    pull : float or None
        Data less prediction in standard deviations: the signed root of ``minus_2_delta_ln_l``; None for several
        correlated numbers.
    degrees_of_freedom : int
        How many data it adds to the goodness of fit: none for a published limit, which is no measured number.
    """

    data: float | FloatArray
    prediction: float | FloatArray
    minus_2_delta_ln_l: float
    pull: float | None
    degrees_of_freedom: int


@dataclass(frozen=True)
class SeedResult:
    """Where one minimisation began and ended.

    Attributes
    ----------
    start, end : dict of str to float
        Free parameters of the model.
    minus_2_delta_ln_l : float
        At the end.
    valid : bool
        Whether MIGRAD converged.
    """

    start: Mapping[str, float]
    end: Mapping[str, float]
    minus_2_delta_ln_l: float
    valid: bool


@dataclass(frozen=True)
class FitResult:
    """Fit of a model to measurements.

    Attributes
    ----------
    model : str
    measurements : tuple of str
    valid : bool
        Whether a minimum was found. It says nothing about flat directions.
    remarks : tuple of str
        What there is to know beside the numbers, one sentence each.
    parameters : dict of str to ParameterEstimate
        All parameters of the model, the fixed ones too.
    nuisances : dict of str to NuisancePull
        Those shared by name; of a counting model as ``measurement.parameter``.
    pulls : dict of str to MeasurementPull
        By measurement.
    minus_2_delta_ln_l : float
        At the best fit, relative to predictions that equal the data, constraints of nuisance parameters included.
    degrees_of_freedom : int
        Measured numbers less fitted parameters, flat directions not counted; zero where that is negative.
    p_value : float or None
        Probability of a worse fit; None without degrees of freedom.
    correlation_names : tuple of str
        Parameters, as their logarithms where they are positive by nature, and nuisance parameters.
    correlation : ndarray, shape (n, n)
        From HESSE, in the order of the names.
    flat_directions : tuple of dict of str to float
        Directions in which 2 delta ln L stays as it is: the change of each parameter's logarithm (of a contact shift
        itself), the largest being one.
    seeds : tuple of SeedResult
    convention : str
        What the numbers mean, in words.
    """

    model: str
    measurements: tuple[str, ...]
    valid: bool
    remarks: tuple[str, ...]
    parameters: Mapping[str, ParameterEstimate]
    nuisances: Mapping[str, NuisancePull]
    pulls: Mapping[str, MeasurementPull]
    minus_2_delta_ln_l: float
    degrees_of_freedom: int
    p_value: float | None
    correlation_names: tuple[str, ...]
    correlation: FloatArray
    flat_directions: tuple[Mapping[str, float], ...]
    seeds: tuple[SeedResult, ...]
    convention: str

    @property
    def message(self) -> str:
        """The remarks in one line; empty when there is nothing to add."""
        return "; ".join(self.remarks)

    @property
    def best_fit(self) -> dict[str, float | None]:
        """Values of the parameters at the best fit."""
        return {name: one.value for name, one in self.parameters.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        lowest = min((seed.minus_2_delta_ln_l for seed in self.seeds), default=self.minus_2_delta_ln_l)
        return {
            "model": self.model,
            "measurements": list(self.measurements),
            "valid": self.valid,
            "message": self.message,
            "parameters": {
                name: {"value": one.value, "hesse": one.hesse, "minos": list(one.minos), "fixed": one.fixed}
                for name, one in self.parameters.items()
            },
            "nuisances": {name: {"pull": one.pull, "error": one.error} for name, one in self.nuisances.items()},
            "pulls": {
                name: {
                    "data": one.data,
                    "prediction": one.prediction,
                    "minus_2_delta_ln_l": one.minus_2_delta_ln_l,
                    "pull": one.pull,
                    "degrees_of_freedom": one.degrees_of_freedom,
                }
                for name, one in self.pulls.items()
            },
            "goodness_of_fit": {
                "minus_2_delta_ln_l": self.minus_2_delta_ln_l,
                "degrees_of_freedom": self.degrees_of_freedom,
                "p_value": self.p_value,
            },
            "correlation": {"names": list(self.correlation_names), "matrix": self.correlation},
            "flat_directions": [dict(one) for one in self.flat_directions],
            "seeds": {
                "tried": len(self.seeds),
                "converged": sum(seed.valid for seed in self.seeds),
                "at_best_fit": sum(seed.minus_2_delta_ln_l < lowest + 1e-3 for seed in self.seeds),
            },
            "convention": self.convention,
        }

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from recast.reports import fit_report

        return fit_report(self).html()
