"""Selections: a YAML file with cuts on kinematic quantities and, where stated, the resolutions they are made with.

>>> cuts = [{"quantity": "opening_angle", "max": 0.09}]
>>> print(build_selection({"name": "narrow", "title": "Narrow pairs", "cuts": cuts}).cuts[0])
opening_angle <= 0.09 rad
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from recast.errors import UnknownNameError
from recast.events.quantities import QUANTITIES, Quantity, quantity
from recast.events.smearing import Smearing, smear, stream
from recast.numbers import Finite
from recast.provenance import Source

if TYPE_CHECKING:
    from recast.channels import Channel
    from recast.events.events import Events

__all__ = ["Cut", "Passing", "Selection", "build_selection", "load_selection", "shipped_selections"]


def _known(name: str) -> str:
    try:
        return quantity(name).name
    except UnknownNameError as error:
        raise ValueError(str(error)) from error  # pydantic wants ValueError


class Cut(BaseModel):
    """An interval of a quantity; its ends belong to it.

    Attributes
    ----------
    quantity : str
        Name of a kinematic quantity, e.g. ``opening_angle``.
    min, max : float, optional
        Ends of the interval in GeV, GeV^2 or rad; one of them may be left out.
    source : str, optional
        INSPIRE key and place, e.g. ``"Mishra:1991bv, Table I"``.
    note : str, optional
        What was assumed to bring the published cut into this form.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    quantity: Annotated[str, AfterValidator(_known), Field(json_schema_extra={"enum": list(QUANTITIES)})]
    min: Finite | None = None
    max: Finite | None = None
    source: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _is_an_interval(self) -> Self:
        if self.min is None and self.max is None:
            msg = f"a cut on {self.quantity} needs 'min', 'max' or both"
            raise ValueError(msg)
        if self.min is not None and self.max is not None and self.min > self.max:
            msg = f"nothing lies between min = {self.min:g} and max = {self.max:g}"
            raise ValueError(msg)
        return self

    def __str__(self) -> str:
        unit = f" {self._quantity.unit}" if self._quantity.unit else ""
        if self.min is None:
            return f"{self.quantity} <= {self.max:g}{unit}"
        if self.max is None:
            return f"{self.quantity} >= {self.min:g}{unit}"
        return f"{self.min:g} <= {self.quantity} <= {self.max:g}{unit}"

    @property
    def _quantity(self) -> Quantity:
        return QUANTITIES[self.quantity]

    def passes(self, events: Events) -> NDArray[np.bool_]:
        """Return which events, as they are, lie in the interval; shape (n,)."""
        value = self._quantity(events)
        inside = ~np.isnan(value)
        if self.min is not None:
            inside &= value >= self.min
        if self.max is not None:
            inside &= value <= self.max
        return inside


class Passing(NamedTuple):
    """One row of a cut flow.

    Attributes
    ----------
    cut : str
    fraction : float
        Of the weight of all events, what passes this cut and those before it.
    error : float
        Statistical standard deviation of the fraction.
    alone : float
        What passes this cut, whatever the others do.
    """

    cut: str
    fraction: float
    error: float
    alone: float


class Selection(BaseModel):
    """Cuts that an event has to pass, all of them.

    Attributes
    ----------
    name : str
        That of the file: small letters, digits and underscores.
    title : str
        One line for lists.
    cuts : tuple of Cut
        In the order of the cut flow.
    smearing : tuple of Smearing
        Resolutions; the cuts see what is measured with them.
    notes : tuple of str
        What was published and is not in the cuts, and why.
    assumptions : tuple of str
        What is in the cuts and was not published in this form.
    provenance : dict of str to Source
        By role, e.g. ``selection``; what sources of cuts refer to.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    title: str
    cuts: tuple[Cut, ...]
    smearing: tuple[Smearing, ...] = ()
    notes: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    provenance: dict[str, Source] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_resolution_each(self) -> Self:
        seen: set[str] = set()
        for entry in self.smearing:
            meant = {"electrons", "muons", "taus"} if entry.particle == "leptons" else {entry.particle}
            if twice := seen & meant:
                msg = f"the resolution of {min(twice)} is given twice: write its energy and angle together"
                raise ValueError(msg)
            seen |= meant
        return self

    @model_validator(mode="after")
    def _sources_are_cited(self) -> Self:
        keys = {source.inspire for source in self.provenance.values()}
        sources = [(cut.quantity, cut.source) for cut in self.cuts]
        sources += [(entry.particle, entry.source) for entry in self.smearing]
        for what, source in sources:
            if source is not None and source.split(",")[0].strip() not in keys:
                known = f": {', '.join(sorted(keys))}" if keys else ""
                msg = f"the source {source!r} of {what} must begin with an INSPIRE key under provenance{known}"
                raise ValueError(msg)
        return self

    @property
    def citations(self) -> tuple[Source, ...]:
        """Sources, each paper once."""
        return tuple({source.inspire: source for source in self.provenance.values()}.values())

    @property
    def uses_charge(self) -> bool:
        """Whether a cut tells the negative from the positive lepton by its charge."""
        return any(QUANTITIES[cut.quantity].uses_charge for cut in self.cuts)

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal of what decides which events pass: cuts and resolutions, without their words."""
        words = {"source", "note"}
        cuts = [cut.model_dump(exclude=words) for cut in self.cuts]
        smearing = [entry.model_dump(exclude=words) for entry in self.smearing]
        return hashlib.sha256(json.dumps([cuts, smearing], sort_keys=True).encode()).hexdigest()

    def check(self, channel: Channel) -> None:
        """Refuse a channel in which a cut means nothing.

        Raises
        ------
        NotApplicableError
            When a cut is on the electron, muon or tau of an unlike pair, and the channel has no such pair.
        """
        for cut in self.cuts:
            QUANTITIES[cut.quantity].check(channel)

    def measured(self, events: Events, *, random: int | np.random.Generator = 0) -> Events:
        """Return the events as the detector of the selection measures them.

        Parameters
        ----------
        events : Events
        random : int or numpy.random.Generator
            A seed. For events that come in parts, one generator for all: `recast.events.smearing.stream` of the seed;
            the parts are then smeared as all at once.
        """
        generator = random if isinstance(random, np.random.Generator) else stream(random)
        return smear(events, self.smearing, generator)

    def passes(self, events: Events, *, random: int | np.random.Generator = 0) -> NDArray[np.bool_]:
        """Return which events pass all cuts, shape (n,).

        Parameters
        ----------
        events : Events
        random : int or numpy.random.Generator
            Of the smearing, as for `measured`.

        Raises
        ------
        NotApplicableError
            When a cut means nothing in the channel of the events.
        """
        measured = self.measured(events, random=random)
        result = np.ones(len(events), dtype=bool)
        for cut in self.cuts:
            result &= cut.passes(measured)
        return result

    def cut_flow(self, events: Events, *, random: int | np.random.Generator = 0) -> tuple[Passing, ...]:
        """Return what fraction of the events passes, cut by cut.

        Parameters
        ----------
        events : Events
            Weighted or not; fractions are those of the sum of weights.
        random : int or numpy.random.Generator
            Of the smearing, as for `measured`.

        Returns
        -------
        tuple of Passing
            One row per cut; fractions are not-a-number when there are no events.

        Raises
        ------
        NotApplicableError
            When a cut means nothing in the channel of the events.
        """
        measured = self.measured(events, random=random)
        weight = events.weight
        total = float(weight.sum())
        so_far = np.ones(len(events), dtype=bool)
        rows = []
        for cut in self.cuts:
            passed = cut.passes(measured)
            so_far &= passed
            if not total:
                rows.append(Passing(str(cut), np.nan, np.nan, np.nan))
                continue
            fraction = float(weight[so_far].sum()) / total
            # Of a ratio of sums: each event's part of the numerator less the fraction of its part of the denominator.
            error = float(np.sqrt(np.sum((weight * (so_far - fraction)) ** 2))) / total
            rows.append(Passing(str(cut), fraction, error, float(weight[passed].sum()) / total))
        return tuple(rows)


def build_selection(data: Mapping[str, Any]) -> Selection:
    """Build a selection from the keys of its file.

    Raises
    ------
    DocumentError
        When a key is unknown or missing, or a value does not fit.
    """
    from recast.documents import Document

    return Document(f"selection {data.get('name', '')}".strip(), dict(data)).validate(Selection)


def load_selection(name_or_path: str | Path, *, plugins: Sequence[str | Path] = ()) -> Selection:
    """Load a selection.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a selection that ships with recast or stands in ``selections/`` of a plug-in folder, or a YAML file.
    plugins : sequence of path
        Folders in which selections are looked up as well.

    Raises
    ------
    UnknownNameError
        When nothing carries the name; the message lists near matches.
    DocumentError
        When the file has an unknown key or quantity, lacks a key, or has a value that does not fit; with file, line and
        key.
    """
    from recast.catalog import Catalog, is_path

    document = Catalog(plugins).document("selections", str(name_or_path))
    selection = document.validate(Selection)
    if not is_path(name_or_path) and selection.name != str(name_or_path):
        raise document.error(f"the name {selection.name!r} is not that of the file", ("name",))
    return selection


def shipped_selections() -> tuple[str, ...]:
    """Return the names of the selections that ship with recast."""
    from recast.catalog import Catalog

    return Catalog().names("selections")
