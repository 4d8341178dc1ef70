"""Counting models in pyhf's format: the profile likelihood is sampled once, then interpolated."""

from __future__ import annotations

import json
import math
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import PrivateAttr, ValidationInfo, field_validator

from recast.errors import ConvergenceError, DocumentError, RecastError
from recast.likelihoods.base import Likelihood, written
from recast.numbers import Positive
from recast.text_file import read_text

__all__ = ["PyhfWorkspace"]

FloatArray = NDArray[np.float64]

# Nodes on each side of the best fit, evenly in asinh of the distance in standard deviations.
_NODES = 24
_FARTHEST = 300.0
_LARGEST = 2**23  # bytes; those that experiments publish have up to some megabytes


class _Profile(NamedTuple):
    """Signed root of 2 delta ln L, a smooth function of t = asinh((signal - best) / width)."""

    best: float
    width: float
    minimum: float
    lowest: float
    t: FloatArray
    root: Any


class PyhfWorkspace(Likelihood):
    """A HistFactory workspace; the prediction is the number of signal events in all its channels.

    The parameter of interest of the workspace scales a nominal signal, so that ``prediction / signal`` is its value.
    All other parameters are profiled. pyhf runs when the likelihood is first asked for, some fifty fits, and never
    per point of a plane; in between, the signed root of ``2 delta ln L`` is a cubic spline.

    Attributes
    ----------
    workspace : dict or str
        The workspace, or the name of its JSON file beside the measurement (else under ``data/`` of the shipped
        measurements).
    signal : float
        Events of the nominal signal.
    """

    type: Literal["pyhf_workspace"] = "pyhf_workspace"
    workspace: dict[str, Any]
    signal: Positive
    _profile: _Profile | None = PrivateAttr(default=None)

    @field_validator("workspace", mode="before", json_schema_input_type=str | dict[str, Any])
    @classmethod
    def _read(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str):
            return value
        path = _find(value, (info.context or {}).get("folder"))
        try:
            return json.loads(read_text(path, what="workspace", largest=_LARGEST))
        except (DocumentError, ValueError, RecursionError) as error:
            msg = f"the file {path} is not a workspace in pyhf's JSON: {error}"
            raise ValueError(msg) from error

    @field_validator("workspace")
    @classmethod
    def _is_a_workspace(cls, value: dict[str, Any]) -> dict[str, Any]:
        missing = [key for key in ("channels", "observations", "measurements", "version") if not value.get(key)]
        if missing:
            msg = f"a pyhf workspace has channels, observations, measurements and version: {missing[0]} is missing"
            raise ValueError(msg)
        return value

    @cached_property
    def model(self) -> Any:
        """The pyhf model.

        Raises
        ------
        RecastError
            When pyhf refuses the workspace.
        """
        import pyhf

        try:
            return pyhf.Workspace(self.workspace).model()
        except (pyhf.exceptions.InvalidSpecification, pyhf.exceptions.InvalidModel, KeyError, ValueError) as error:
            msg = f"pyhf refuses the workspace: {' '.join(str(error).split())[:300]}"
            raise RecastError(msg) from error

    @cached_property
    def observations(self) -> list[float]:
        """Observed counts followed by the auxiliary data of the constraints."""
        observed = {one["name"]: one["data"] for one in self.workspace["observations"]}
        counts = [count for channel in self.model.config.channels for count in observed[channel]]
        return [float(x) for x in [*counts, *self.model.config.auxdata]]

    @property
    def data(self) -> float:
        """Best-fit number of signal events; negative where fewer events than expected were seen."""
        return self._sampled.best

    @property
    def minimum(self) -> float:
        """``nll`` at the best fit, constraint terms included."""
        return self._sampled.minimum

    def minus_2_delta_ln_l(
        self, prediction: ArrayLike, *, theory_error: ArrayLike = 0.0, out: FloatArray | None = None
    ) -> FloatArray:
        """Return the profile likelihood ratio.

        Parameters
        ----------
        prediction : array_like
            Signal events, any shape.
        theory_error : array_like
            Absolute standard deviation of the prediction, profiled; broadcasts.
        out : ndarray, optional
            Where to write the result.
        """
        prediction = np.asarray(prediction, dtype=float)
        error = np.asarray(theory_error, dtype=float)
        if not np.any(error):
            return written(self._value(prediction), out)
        # The best pull of a unit Gaussian nuisance parameter lies between none and the one that meets the data.
        from scipy.optimize import elementwise

        find_root: Any = elementwise.find_root
        prediction, error = np.broadcast_arrays(prediction, error)
        meets = np.divide(self.data - prediction, error, out=np.zeros(error.shape), where=error > 0.0)

        def slope(pull: FloatArray, prediction: FloatArray, error: FloatArray) -> FloatArray:
            first, _ = self.derivatives(prediction + error * pull)
            return error * first + 2.0 * pull

        found = np.asarray(find_root(slope, (np.zeros(error.shape), meets), args=(prediction, error)).x)
        # Predictions so large that rounding hides the data's own error have no bracket: the pull meets the data.
        pull = np.where(np.isnan(found), meets, found)
        return written(self._value(prediction + error * pull) + pull**2, out)

    def _value(self, prediction: FloatArray) -> FloatArray:
        value, _, _ = self._expansion(prediction)
        # Below the lowest signal some expected count would be negative.
        return np.where(prediction < self._sampled.lowest, np.inf, value)

    def derivatives(self, prediction: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the derivatives of the interpolation."""
        _, first, second = self._expansion(prediction)
        return first, second

    def _expansion(self, prediction: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return value and two derivatives in the prediction; beyond the nodes, where all is excluded, a line."""
        profile = self._sampled
        ends = profile.best + profile.width * np.sinh(profile.t[[0, -1]])
        inside = np.clip(prediction, *ends)
        u = (inside - profile.best) / profile.width
        t = np.arcsinh(u)
        root, slope, curvature = (profile.root(t, order) for order in range(3))
        stretch = 1.0 / (profile.width * np.sqrt(1.0 + u**2))
        bend = -u / (profile.width**2 * (1.0 + u**2) ** 1.5)
        first = 2.0 * root * slope * stretch
        second = 2.0 * (slope**2 + root * curvature) * stretch**2 + 2.0 * root * slope * bend
        beyond = prediction - inside
        return root**2 + first * beyond, first, np.where(beyond == 0.0, second, 0.0)

    def allowed(self, z: float, *, one_sided: bool = False) -> tuple[float, float]:
        """Return the numbers of signal events with ``2 delta ln L = z^2``."""
        from scipy.optimize import brentq

        profile = self._sampled

        def signal(t: float) -> float:
            return profile.best + profile.width * math.sinh(t)

        def excess(t: float, sign: float) -> float:
            return float(profile.root(t)) - sign * z

        high = signal(brentq(excess, 0.0, profile.t[-1], args=(1.0,), xtol=1e-13))
        if one_sided or excess(profile.t[0], -1.0) > 0.0:
            return -math.inf, high
        return signal(brentq(excess, profile.t[0], 0.0, args=(-1.0,), xtol=1e-13)), high

    def expected(self, prediction: Any) -> Self:
        """Return the same workspace with the expected counts at a signal as the observed ones."""
        model = self.model
        parameters = list(model.config.suggested_init())
        parameters[model.config.poi_index] = float(prediction) / self.signal
        counts = [float(x) for x in model.expected_data(parameters, include_auxdata=False)]
        observations, start = [], 0
        for channel in model.config.channels:
            bins = model.config.channel_nbins[channel]
            observations.append({"name": channel, "data": counts[start : start + bins]})
            start += bins
        changed = {**self.workspace, "observations": observations}
        return type(self)(workspace=changed, signal=self.signal)

    def sample(self, prediction: ArrayLike, size: int, rng: np.random.Generator) -> Likelihood:
        """Draw counts and auxiliary data, the nominal nuisance parameters being true."""
        from recast.likelihoods.pyhf_experiments import drawn_experiments

        return drawn_experiments(self, prediction, size, rng)

    @property
    def _sampled(self) -> _Profile:
        if self._profile is None:
            self._profile = self._sample()
        return self._profile

    def _sample(self) -> _Profile:
        """Run the fits at fixed signal and put a spline through them."""
        from scipy.interpolate import CubicSpline

        model = self.model
        poi = model.config.poi_index
        nominal = list(model.config.suggested_init())
        background, total = (
            np.asarray(model.expected_actualdata([*nominal[:poi], mu, *nominal[poi + 1 :]])) for mu in (0.0, 1.0)
        )
        signal = total - background
        # Above the signal that empties a bin, with room for the profiled background.
        shares = background[signal > 0.0] / signal[signal > 0.0]
        lowest = -0.9 * self.signal * float(np.min(shares))
        best, minimum = self._best(lowest)
        width = self.signal * math.sqrt(float(np.sum(np.maximum(self._counts, 1.0)))) / float(np.sum(signal))
        farthest = math.asinh(_FARTHEST)
        below = np.linspace(math.asinh((lowest - best) / width), 0.0, _NODES, endpoint=False)
        above = np.linspace(0.0, farthest, 2 * _NODES + 1)
        t = np.concatenate([below, above])
        values = np.array([self._fit(best + width * math.sinh(x)) if x else minimum for x in t])
        root = np.sign(t) * np.sqrt(2.0 * np.maximum(values - minimum, 0.0))
        return _Profile(best, width, minimum, lowest, t, CubicSpline(t, root))

    @property
    def _counts(self) -> FloatArray:
        return np.array(self.observations[: sum(self.model.config.channel_nbins.values())])

    def _best(self, lowest: float) -> tuple[float, float]:
        """Return best signal and its nll: a minimum in one dimension of the profiled function."""
        from scipy.optimize import minimize_scalar

        # All events seen cannot be less than the best signal by more than a few standard deviations.
        seen = float(np.sum(self._counts))
        highest = seen + 5.0 * math.sqrt(seen) + 5.0
        found = minimize_scalar(self._fit, bounds=(lowest, highest), options={"xatol": 1e-7 * highest})
        return float(found.x), float(found.fun)

    def _fit(self, signal: float) -> float:
        """Return the nll at a fixed number of signal events, everything else profiled."""
        import pyhf

        model = self.model
        poi = model.config.poi_index
        bounds = list(model.config.suggested_bounds())
        value = signal / self.signal
        bounds[poi] = (min(bounds[poi][0], value - 1.0), max(bounds[poi][1], value + 1.0))
        if len(bounds) == 1:
            return -float(model.logpdf([value], self.observations)[0])
        try:
            _, twice = pyhf.infer.mle.fixed_poi_fit(
                value, self.observations, model, par_bounds=bounds, return_fitted_val=True
            )
        except pyhf.exceptions.FailedMinimization as error:
            msg = f"pyhf found no best fit of the workspace at {signal:g} signal events"
            raise ConvergenceError(msg) from error
        return 0.5 * float(twice)


def _find(name: str, folder: Path | None) -> Path:
    """Return the file of a workspace: beside the measurement, or under the shipped data."""
    from importlib import resources

    places = [folder / name] if folder else []
    places.append(Path(str(resources.files("recast.measurements"))) / name)
    for place in places:
        if place.is_file():
            return place
    msg = f"there is no workspace file {places[0]}"
    raise ValueError(msg)
