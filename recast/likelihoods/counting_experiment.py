"""A counting experiment given by its rates per year: from a few numbers to a pyhf workspace, and its accuracy.

With S signal and B background events expected, and relative errors s_k and b_k that a nuisance parameter k puts on
them, the number of signal events is measured with the standard deviation

    sigma^2 = S + B + sum_k (s_k S + b_k B)^2 ,

which is the inverse Fisher information of the Poisson count with Gaussian constraints on the parameters. The first
two terms grow with the exposure and the sum with its square: whatever the exposure, ``sigma / S`` stays above
``b B/S``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from recast.likelihoods.base import Likelihood
from recast.likelihoods.counting import PoissonCount
from recast.likelihoods.pyhf_workspace import PyhfWorkspace
from recast.numbers import NonNegative, Positive

__all__ = ["CountingExperiment", "Systematic", "counting_workspace", "signal_error"]

FloatArray = NDArray[np.float64]

# pyhf interpolates between the three points 1 - error, 1, 1 + error of a normalisation.
Relative = Annotated[NonNegative, Field(lt=1.0)]


class Systematic(BaseModel):
    """What one standard deviation of a nuisance parameter does to the expected numbers of events.

    Attributes
    ----------
    signal, background : float
        Relative change; both move together.
    source : str, optional
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    signal: Relative = 0.0
    background: Relative = 0.0
    source: str | None = None

    @model_validator(mode="after")
    def _moves_something(self) -> Self:
        if self.signal == 0.0 and self.background == 0.0:
            msg = "a systematic error moves the signal, the background or both"
            raise ValueError(msg)
        return self


def signal_error(
    signal: ArrayLike, background: ArrayLike, *, systematics: Mapping[str, Systematic] | None = None
) -> FloatArray:
    """Return the standard deviation with which a number of signal events is measured.

    Parameters
    ----------
    signal, background : array_like
        Expected events; they broadcast.
    systematics : mapping of str to Systematic, optional
        By the name of the nuisance parameter.

    Returns
    -------
    ndarray
        Events; divided by ``signal``, it is the accuracy of a rate.
    """
    s, b = np.asarray(signal, dtype=float), np.asarray(background, dtype=float)
    variance = s + b
    for one in (systematics or {}).values():
        variance = variance + np.square(one.signal * s + one.background * b)
    return np.asarray(np.sqrt(variance))


def counting_workspace(
    *,
    signal: Mapping[str, float],
    background: float,
    systematics: Mapping[str, Systematic] | None = None,
    observed: float | None = None,
    name: str = "selected_events",
) -> dict[str, Any]:
    """Return a pyhf workspace of one channel with one bin.

    Every signal sample is scaled by the parameter of interest ``mu``, so that ``mu = 1`` is the nominal signal; a
    systematic error is one ``normsys`` modifier on all samples that it moves.

    Parameters
    ----------
    signal : mapping of str to float
        Expected events by sample.
    background : float
        Expected events.
    systematics : mapping of str to Systematic, optional
        By the name of the nuisance parameter.
    observed : float, optional
        Events; the expected sum (Asimov data) when absent.
    name : str
        Of the channel and of the measurement.

    Returns
    -------
    dict
        To be written as JSON, or given to ``pyhf.Workspace``.
    """

    def modifiers(kind: Literal["signal", "background"]) -> list[dict[str, Any]]:
        relative = {key: getattr(one, kind) for key, one in (systematics or {}).items()}
        return [
            {"name": key, "type": "normsys", "data": {"lo": 1.0 - error, "hi": 1.0 + error}}
            for key, error in relative.items()
            if error
        ]

    strength = {"name": "mu", "type": "normfactor", "data": None}
    samples = [
        {"name": sample, "data": [_decimal(events)], "modifiers": [strength, *modifiers("signal")]}
        for sample, events in signal.items()
    ]
    samples.append({"name": "background", "data": [_decimal(background)], "modifiers": modifiers("background")})
    count = math.fsum([*signal.values(), background]) if observed is None else observed
    return {
        "channels": [{"name": name, "samples": samples}],
        "observations": [{"name": name, "data": [_decimal(count)]}],
        "measurements": [{"name": name, "config": {"poi": "mu", "parameters": []}}],
        "version": "1.0.0",
    }


def _decimal(number: float) -> float:
    """Return a number without the rounding errors of a product: 52.2, not 52.199999999999996."""
    return float(f"{number:.12g}")


class CountingExperiment(Likelihood):
    """A count with signal and background known per year; the prediction is the number of signal events.

    The model is a pyhf workspace (`counting_workspace`) and everything that is asked of it goes through
    `PyhfWorkspace`; only the accuracy is analytic as well.

    Attributes
    ----------
    signal_per_year : dict of str to float
        Nominal signal by sample.
    background_per_year : float
        Expected background.
    years : float
        Time of data taking.
    systematics : dict of str to Systematic
        Nuisance parameters by name.
    observed : float, optional
        Events in all years; the expected ones (Asimov data) when absent.
    """

    type: Literal["counting_experiment"] = "counting_experiment"
    signal_per_year: dict[str, Positive] = Field(min_length=1)
    background_per_year: NonNegative
    years: Positive
    systematics: dict[str, Systematic] = Field(default_factory=dict)
    observed: NonNegative | None = None

    @property
    def signal(self) -> float:
        """Nominal signal, in events."""
        return self.years * math.fsum(self.signal_per_year.values())

    @property
    def background(self) -> float:
        """Expected background, in events."""
        return self.years * self.background_per_year

    @property
    def workspace(self) -> dict[str, Any]:
        """The pyhf workspace."""
        return counting_workspace(
            signal={name: self.years * events for name, events in self.signal_per_year.items()},
            background=self.background,
            systematics=self.systematics,
            observed=self.observed,
        )

    @property
    def significance(self) -> float:
        """``S / sqrt(B)``, without systematic errors."""
        return self.signal / math.sqrt(self.background)

    def accuracy(self, years: ArrayLike | None = None) -> FloatArray:
        """Return the expected relative error of the signal's rate.

        Parameters
        ----------
        years : array_like, optional
            Times of data taking instead of that of the experiment.

        Returns
        -------
        ndarray
            ``sigma / S`` at the nominal signal, of the shape of ``years``.
        """
        time = np.asarray(self.years if years is None else years, dtype=float)
        signal = time * (self.signal / self.years)
        return signal_error(signal, time * self.background_per_year, systematics=self.systematics) / signal

    @cached_property
    def profiled(self) -> PyhfWorkspace:
        """The likelihood of the workspace, all nuisance parameters profiled."""
        return PyhfWorkspace(workspace=self.workspace, signal=self.signal)

    @property
    def data(self) -> float:
        """Best-fit number of signal events: with one count, what is left after the background."""
        return self.signal if self.observed is None else self.observed - self.background

    @property
    def minimum(self) -> float:
        """``nll`` at the best fit, constraint terms included."""
        return self.profiled.minimum

    def minus_2_delta_ln_l(
        self, prediction: ArrayLike, *, theory_error: ArrayLike = 0.0, out: FloatArray | None = None
    ) -> FloatArray:
        """Return the profile likelihood ratio; see `PyhfWorkspace`."""
        return self.profiled.minus_2_delta_ln_l(prediction, theory_error=theory_error, out=out)

    def derivatives(self, prediction: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the derivatives of the profile likelihood ratio."""
        return self.profiled.derivatives(prediction)

    def allowed(self, z: float, *, one_sided: bool = False) -> tuple[float, float]:
        """Return the numbers of signal events with ``2 delta ln L = z^2``."""
        return self.profiled.allowed(z, one_sided=one_sided)

    def expected(self, prediction: Any) -> Self:
        """Return the same experiment with the expected count at a signal as the observed one."""
        changed = {**self.model_dump(), "observed": float(prediction) + self.background}
        return type(self).model_validate(changed)

    def sample(self, prediction: ArrayLike, size: int, rng: np.random.Generator) -> Likelihood:
        """Draw counts; what nuisance parameters were measured to be as well."""
        if not self.systematics:
            return PoissonCount(observed=0.0, background=self.background).sample(prediction, size, rng)
        return self.profiled.sample(prediction, size, rng)
