"""Measurements: an observable, a likelihood and where the numbers came from.

A measurement is a YAML file.  Its published forms are variants, chosen with
``NAME:key=value,key=value``: each choice is a patch that is merged into the document.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, create_model, model_validator

from recast.charge_groups import free_charges, grouped_contributions, reason_everywhere
from recast.errors import NotApplicableError, RecastError, unknown
from recast.likelihoods import LIKELIHOODS, Likelihood
from recast.numbers import Finite, Positive
from recast.observables import OBSERVABLES
from recast.provenance import Source
from recast.variants import Variant, apply_variants, split_reference, written_reference

if TYPE_CHECKING:
    from recast.catalog import Catalog
    from recast.documents import Document
    from recast.interactions import Interaction
    from recast.joint import Joint

__all__ = [
    "Input",
    "Measurement",
    "TheoryError",
    "Variant",
    "build_measurement",
    "check_independent",
    "load_measurement",
    "load_measurements",
    "split_reference",
]

FloatArray = NDArray[np.float64]


class Input(BaseModel):
    """A published number that stands behind the one that is used.

    Attributes
    ----------
    name : str
        What it is, with its unit.
    value : float
    error : float, optional
        One standard deviation.
    source : str
        INSPIRE key and place.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    value: Finite
    error: Positive | None = None
    source: str


class TheoryError(BaseModel):
    """A relative error of a part of the prediction, as a nuisance parameter.

    Measurements that use the same name share the parameter.

    Attributes
    ----------
    part : str
        Contribution of the observable that it scales, or ``all``.
    relative : float
        Standard deviation in units of that part.
    source : str, optional
        INSPIRE key and place.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: str
    relative: Positive
    source: str | None = None


class Measurement(BaseModel):
    """A measured number, what predicts it and how it is compared.

    Attributes
    ----------
    name : str
        That of the file: small letters, digits and underscores.
    title : str
        One line for lists.
    observable : Observable
        What is predicted: a ``type`` and its keys.
    likelihood : Likelihood
        How prediction and data are compared: a ``type`` and its keys, the data among them.
    theory_errors : dict of str to TheoryError
        Nuisance parameters by name.
    provenance : dict of str to Source
        By role: value, ratio, flux, ...
    inputs : tuple of Input
        Published numbers behind the value.
    notes : tuple of str
        What was assumed.
    contains : tuple of str
        Measurements whose data are part of these, so that they must not be combined.
    projection : bool
        The data are a Standard Model prediction, the error an expected accuracy.
    preferred_band : bool
        The region around the data is preferred; the Standard Model lies outside.
    variants : dict of str to Variant
        Published forms, chosen with ``NAME:key=value``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    title: str
    observable: Any
    likelihood: Likelihood
    theory_errors: dict[str, TheoryError] = Field(default_factory=dict)
    provenance: dict[str, Source] = Field(min_length=1)
    inputs: tuple[Input, ...] = ()
    notes: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()
    projection: bool = False
    preferred_band: bool = False
    variants: dict[str, Variant] = Field(default_factory=dict)
    _selected: dict[str, str] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _one_number_has_theory_errors(self) -> Self:
        if self.theory_errors and np.ndim(self.likelihood.data):
            msg = "theory_errors belong to measurements of one number; correlated numbers have them in their covariance"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _theory_errors_have_a_part(self) -> Self:
        # Of an observable that says which parts it may have: not every regime has all.
        known = getattr(self.observable, "parts", None)
        for name, error in self.theory_errors.items():
            if known is not None and error.part not in {"all", *known}:
                msg = f"theory_errors.{name}: {unknown('part of the prediction', error.part, ['all', *known])}"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _one_confidence_level(self) -> Self:
        # A curve without one, from a criterion, leaves it to the measurement.
        published = getattr(getattr(self.observable, "limits", None), "confidence_level", None)
        stated = getattr(self.likelihood, "confidence_level", None)
        if published is not None and stated is not None and not math.isclose(published, stated):
            msg = f"likelihood.confidence_level is {stated:g}, but that of {self.observable.curve} is {published:g}"
            raise ValueError(msg)
        return self

    @property
    def label(self) -> str:
        """Name with the choices that differ from the default, as it would be written."""
        return written_reference(self.name, self._selected)

    @property
    def data(self) -> float | FloatArray:
        """The prediction that equals the data; an array for several correlated numbers."""
        return self.likelihood.data

    @property
    def upper_limit_only(self) -> bool:
        """Whether only too large predictions can be excluded, because that is all that was published."""
        return self.likelihood.upper_limit_only

    @property
    def citations(self) -> tuple[Source, ...]:
        """Sources of the chosen variant, each paper once."""
        return tuple({source.inspire: source for source in self.provenance.values()}.values())

    def applicable(self, interaction: Interaction) -> str | None:
        """Return why the measurement has nothing to say about an interaction at any of its points, or None."""
        boson = free_charges(interaction)
        if boson is not None:
            return reason_everywhere(self.observable, boson)
        reason: str | None = self.observable.applicable(interaction)
        return reason

    def contributions(self, interaction: Interaction) -> dict[str, FloatArray]:
        """Return the parts of the prediction by name; whether the measurement applies anywhere is not checked.

        Returns
        -------
        dict of str to ndarray
            Each broadcasts to the interaction's shape, with one more axis for several correlated numbers. Where charges
            differ from point to point, not-a-number where the measurement has nothing to say about them.
        """
        boson = free_charges(interaction)
        if boson is not None:
            return grouped_contributions(self.observable, boson)
        parts: dict[str, FloatArray] = self.observable.contributions(interaction)
        return parts

    def prediction(self, interaction: Interaction) -> FloatArray:
        """Return the prediction in the units of the data.

        Returns
        -------
        ndarray
            Of the interaction's shape, with one more axis for several correlated numbers; not-a-number where the
            measurement has no constraint, such as outside the masses of a limit curve.

        Raises
        ------
        NotApplicableError
            When the measurement has nothing to say about the interaction.
        """
        self.require(interaction)
        if free_charges(interaction) is not None:
            return np.asarray(sum(self.contributions(interaction).values()), dtype=float)
        return np.asarray(self.observable.predict(interaction), dtype=float)

    def minus_2_delta_ln_l(self, interaction: Interaction) -> FloatArray:
        """Return ``2 [nll(theory) - nll(prediction equal to the data)]``; zero where there is no constraint.

        Raises
        ------
        NotApplicableError
            When the measurement has nothing to say about the interaction.
        """
        if self.theory_errors or self.bounded or free_charges(interaction) is not None:
            self.require(interaction)
            return self.distance(self.contributions(interaction))
        prediction = self.prediction(interaction)
        return self.likelihood.minus_2_delta_ln_l(prediction, out=prediction)

    def nll(self, interaction: Interaction) -> FloatArray:
        """Return minus the logarithm of the likelihood, nuisance parameters profiled.

        Raises
        ------
        NotApplicableError
            When the measurement has nothing to say about the interaction.
        """
        return np.asarray(0.5 * self.minus_2_delta_ln_l(interaction) + self.likelihood.minimum)

    def p_value(self, interaction: Interaction) -> FloatArray:
        """Return the probability of data further from the prediction.

        Two-sided, but one-sided for a published limit, which knows too large predictions only.
        """
        from recast.statistics import p_value

        degrees = self.likelihood.degrees_of_freedom
        result = p_value(self.minus_2_delta_ln_l(interaction), degrees_of_freedom=degrees)
        return 0.5 * result if self.upper_limit_only else result

    def distance(
        self, parts: Mapping[str, FloatArray], *, auxiliary: Mapping[str, FloatArray] | None = None
    ) -> FloatArray:
        """Return ``2 delta ln L`` for given contributions to the prediction.

        Parameters
        ----------
        parts : dict of str to ndarray
            As returned by the observable.
        auxiliary : dict of str to ndarray, optional
            What nuisance parameters were measured to be, in standard deviations; zero when absent.
        """
        shifts = self.theory_shifts(parts)
        prediction = self.central(parts, auxiliary)
        variance = sum((np.square(shift) for shift in shifts.values()), start=np.zeros(()))
        error = np.sqrt(variance) if self.theory_errors else 0.0
        return self.raw_distance(prediction, theory_error=error)

    def central(self, parts: Mapping[str, FloatArray], auxiliary: Mapping[str, FloatArray] | None = None) -> FloatArray:
        """Return the prediction where the nuisance parameters are what they were measured to be, as for `distance`."""
        prediction = np.sum(list(np.broadcast_arrays(*parts.values())), axis=0)
        if auxiliary:
            for name, shift in self.theory_shifts(parts).items():
                prediction = prediction + shift * auxiliary[name]
        return np.asarray(prediction)

    def raw_distance(self, prediction: FloatArray, *, theory_error: FloatArray | float = 0.0) -> FloatArray:
        """Return ``2 delta ln L`` of a prediction; zero where there is no constraint.

        Parameters
        ----------
        prediction : ndarray
            Of any shape; correlated numbers stand on the last axis.
        theory_error : ndarray or float
            Absolute standard deviation of the prediction, profiled.
        """
        result = self.likelihood.minus_2_delta_ln_l(prediction, theory_error=theory_error)
        silent = self.silent(prediction)
        return result if silent is None else np.where(silent, 0.0, result)

    def silent(self, prediction: FloatArray) -> NDArray[np.bool_] | None:
        """Return where a prediction is not-a-number, because the measurement has nothing to say; None for nowhere."""
        if not np.isnan(np.min(prediction, initial=np.inf)):
            return None
        nowhere = np.isnan(prediction)
        # Several correlated numbers have names.
        return np.any(nowhere, axis=-1) if getattr(self.likelihood, "names", None) else nowhere

    @property
    def bounded(self) -> bool:
        """Whether predictions can be not-a-number, because the observable is known in a range of masses only."""
        return bool(getattr(self.observable, "bounded", False))

    def theory_shifts(self, parts: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Return how far one standard deviation of each nuisance parameter moves the prediction.

        Linear in the parts, so that it also maps polynomials to polynomials.
        """
        result: dict[str, FloatArray] = {}
        for name, error in self.theory_errors.items():
            if error.part == "all":
                result[name] = error.relative * np.sum(list(parts.values()), axis=0)
            elif error.part in parts:
                result[name] = error.relative * parts[error.part]
        return result

    def expected(self) -> Self:
        """Return the same measurement with the Standard Model prediction as its data.

        Raises
        ------
        NotApplicableError
            When only an observed limit was published.
        """
        from recast.interactions import StandardModel

        if self.projection and self.upper_limit_only:
            return self  # expected already: no signal is its best value
        try:
            likelihood = self.likelihood.expected(self.prediction(StandardModel()))
        except NotApplicableError as error:
            msg = f"measurement '{self.label}' has no expected limit: {error}"
            raise NotApplicableError(msg) from error
        return self.model_copy(update={"likelihood": likelihood})

    def __add__(self, other: Measurement | Joint) -> Joint:
        """Return the joint likelihood of independent measurements."""
        from recast.joint import Joint

        return Joint((self,)) + other

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        from recast.reports import measurement_report

        return measurement_report(self).html()

    def require(self, interaction: Interaction) -> None:
        """Raise `NotApplicableError` when the measurement has nothing to say about an interaction.

        Raises
        ------
        NotApplicableError
            With the reason.
        """
        reason = self.applicable(interaction)
        if reason is not None:
            msg = f"measurement '{self.label}' does not apply here: {reason}"
            raise NotApplicableError(msg)


def load_measurement(reference: str | Path, *, plugins: Sequence[str | Path] = ()) -> Measurement:
    """Return a measurement by name or file.

    Parameters
    ----------
    reference : str or path
        ``NAME``, ``NAME:key=value,key=value`` or the same with a YAML file for the name.
    plugins : sequence of path
        Folders in which measurements are looked up as well.

    Returns
    -------
    Measurement
        In the variant that was chosen.

    Raises
    ------
    UnknownNameError
        For an unknown measurement, variant or choice, with near matches.
    DocumentError
        For a file that is not a measurement.
    """
    from recast.catalog import Catalog, is_path

    catalog = Catalog(plugins=plugins)
    name, chosen = split_reference(str(reference))
    document = catalog.document("measurements", name)
    measurement = build_measurement(document, chosen, catalog=catalog)
    if not is_path(name) and measurement.name != name:
        raise document.error(f"the name {measurement.name!r} is not that of the file", ("name",))
    return measurement


def load_measurements(
    measurements: Measurement | str | Path | Sequence[Measurement | str | Path],
) -> tuple[Measurement, ...]:
    """Return measurements given as names, objects or a mixture.

    Raises
    ------
    RecastError
        When there is none, or a name or file cannot be read.
    """
    given = [measurements] if isinstance(measurements, str | Path | Measurement) else list(measurements)
    loaded = tuple(m if isinstance(m, Measurement) else load_measurement(m) for m in given)
    if not loaded:
        msg = "at least one measurement is needed"
        raise RecastError(msg)
    return loaded


def check_independent(measurements: Sequence[Measurement]) -> None:
    """Refuse to combine measurements that share data.

    Raises
    ------
    RecastError
        When one occurs twice, in whatever variant, or is part of another.
    """
    names = [m.name for m in measurements]
    for name in names:
        if names.count(name) > 1:
            msg = f"measurement '{name}' is named twice: name it once, its data count once"
            raise RecastError(msg)
    for measurement in measurements:
        for name in measurement.contains:
            if name in names:
                msg = f"measurement '{measurement.name}' contains the data of '{name}': combine only one of them"
                raise RecastError(msg)


def build_measurement(
    document: Document, chosen: Mapping[str, str] | None = None, *, catalog: Catalog | None = None
) -> Measurement:
    """Build a measurement from its document and the choices of its variants.

    Parameters
    ----------
    document : Document
    chosen : mapping of str to str, optional
        Choice by variant; defaults apply to the others.
    catalog : Catalog, optional
        Where types of observables and likelihoods beyond the shipped ones are looked up.

    Raises
    ------
    DocumentError
        Naming file, line and key of what is wrong.
    UnknownNameError
        When the measurement has no such variant or choice.
    """
    document, selected = apply_variants(document, chosen or {})
    schema = _schema(_class_of(document, "observable", catalog), _class_of(document, "likelihood", catalog))
    # For observables that have files of their own.
    context = {
        "plugins": () if catalog is None else catalog.plugins,
        "folder": Path(document.file).parent if Path(document.file).is_file() else None,
    }
    measurement = document.validate(schema, context=context)
    measurement._selected = selected  # noqa: SLF001
    if not getattr(measurement.likelihood, "needs_values", False):
        return measurement
    # A projection may leave its data to the observable: they are then the Standard Model prediction.
    samples, names = getattr(measurement.observable, "names", None), getattr(measurement.likelihood, "names", None)
    if samples is not None and samples != names:
        msg = f"likelihood.names must be {', '.join(samples)}, the samples of the observable in their order"
        raise document.error(msg, ("likelihood", "names"))
    try:
        return measurement.expected()
    except RecastError as error:
        msg = f"the data of the likelihood cannot be filled in: {error}"
        raise document.error(msg, ("likelihood",)) from error


def _class_of(document: Document, section: str, catalog: Catalog | None) -> type[BaseModel]:
    """Return the class that the ``type`` of a section names."""
    content = document.data.get(section)
    if not isinstance(content, dict):
        msg = f"the section '{section}' is missing or not a mapping"
        raise document.error(msg, (section,))
    if "type" not in content:
        msg = f"the key '{section}.type' is missing"
        raise document.error(msg, (section, "type"))
    kind = str(content["type"])
    shipped: Mapping[str, Any] = OBSERVABLES if section == "observable" else LIKELIHOODS
    found: Any = shipped.get(kind)
    if found is None:
        # Looked up only now: asking plug-ins takes longer than reading a measurement.
        extra: Mapping[str, Any] = {}
        if catalog is not None:
            extra = catalog.observables() if section == "observable" else catalog.likelihoods()
        if kind not in extra:
            problem = unknown(f"type of {section}", kind, [*shipped, *extra])
            raise document.error(f"{section}.type: {problem}", (section, "type"))
        found = extra[kind]
    elif isinstance(found, str):
        module, _, name = found.partition(":")
        found = getattr(import_module(module), name)
    if not issubclass(found, BaseModel):
        msg = f"{section}.type: the class {found.__name__} of {kind!r} must be a pydantic model"
        raise document.error(msg, (section, "type"))
    result: type[BaseModel] = found
    return result


@cache
def _schema(observable: type[BaseModel], likelihood: type[BaseModel]) -> type[Measurement]:
    """Return the measurement class that checks its two sections with the classes they name."""
    return create_model("Measurement", __base__=Measurement, observable=(observable, ...), likelihood=(likelihood, ...))
