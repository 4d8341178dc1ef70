"""The ledger: published numbers, what recast gives for them, and a verdict.

The ledger itself is data (``recast/data/ledger.yaml``); the calculations stand in :mod:`recast.published`, one
function per claim. An entry that recast does not compute yet is ``not_yet``; one that recast deliberately does not
reproduce is ``explained`` and names the paragraph of the documentation that says why.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from recast.errors import RecastError, unknown

__all__ = ["Claim", "Entry", "Explanation", "Ledger", "Number", "Source", "Verdict", "check", "load_ledger", "validate"]

Verdict = Literal["pass", "fail", "explained", "not_yet"]
Calculation = Callable[[], "float | Mapping[str, float]"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Frozen):
    """Where a number was published: a key of the ledger's ``papers`` and a place in that paper."""

    paper: str
    place: str


class Explanation(_Frozen):
    """What recast finds instead of a published number, and where the reason is written.

    ``ours`` and the relative ``tolerance`` pin our own value down: a change of it still fails.
    """

    ours: float
    tolerance: Annotated[float, Field(gt=0)]
    reason: Annotated[str, Field(pattern=r"^[a-z_]+\.md#[a-z0-9-]+$")]


class Number(_Frozen):
    """One published number with the tolerance that recast is held to."""

    published: float | None = None
    error: float | tuple[float, float] | None = None
    unit: str = "1"
    tolerance: Annotated[float, Field(gt=0)] | None = None
    range: tuple[float, float] | None = None
    explained: Explanation | None = None

    @model_validator(mode="after")
    def _one_way_to_compare(self) -> Number:
        if self.tolerance is not None and self.range is not None:
            msg = "give either a tolerance or a range, not both"
            raise ValueError(msg)
        return self

    @property
    def relative_tolerance(self) -> float | None:
        """Relative tolerance; of a range, the distance of its farther end from the published number."""
        if self.range is None or not self.published:
            return self.tolerance
        return max(abs(edge / self.published - 1.0) for edge in self.range)

    def accepts(self, ours: float) -> bool:
        """Whether our number agrees with the published one."""
        if not math.isfinite(ours) or self.published is None:
            return False
        if self.range is not None:
            return self.range[0] <= ours <= self.range[1]
        if self.tolerance is None:
            return False
        return abs(ours - self.published) <= self.tolerance * abs(self.published)


class Claim(Number):
    """One entry of the ledger: a number, or several under ``values``.

    An input names the measurements, with their variants, that take it as data.
    """

    kind: Literal["input", "output", "later"]
    source: Source
    values: Mapping[str, Number] = {}
    used_in: tuple[str, ...] = ()
    note: str = ""

    @model_validator(mode="after")
    def _comparable(self) -> Claim:
        if self.values and self.published is not None:
            msg = "give either one published number or several under values, not both"
            raise ValueError(msg)
        if bool(self.used_in) != (self.kind == "input"):
            msg = "used_in belongs to an input, and an input needs it"
            raise ValueError(msg)
        if self.kind == "output":
            for key, number in self.numbers(""):
                if number.published is None or (number.tolerance is None and number.range is None):
                    msg = f"an output needs a published number and a tolerance or range: {key or 'this one'} has none"
                    raise ValueError(msg)
        return self

    def numbers(self, name: str) -> Iterator[tuple[str, Number]]:
        """Yield (identifier, number): ``name`` itself, or ``name.key`` for each of several numbers."""
        if self.values:
            for key, number in self.values.items():
                yield f"{name}.{key}", number
        else:
            yield name, self


class Ledger(_Frozen):
    """All claims, with the papers they come from."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    papers: Mapping[str, str]
    entries: Mapping[str, Claim]

    @model_validator(mode="after")
    def _papers_known(self) -> Ledger:
        for name, claim in self.entries.items():
            if claim.source.paper not in self.papers:
                msg = f"{name} cites {claim.source.paper}, which is not among the papers"
                raise ValueError(msg)
        return self


@dataclass(frozen=True)
class Entry:
    """Outcome for one published number.

    Attributes
    ----------
    id
        Name in the ledger, ``claim`` or ``claim.key``.
    published, ours
        The printed number and the one recast computes (None when there is none).
    tolerance
        Relative tolerance; where the ledger gives a range, the relative distance of its farther end.
    verdict
        ``pass``, ``fail``, ``explained`` or ``not_yet``.
    unit, source, reason
        Unit, citation, and for ``explained`` the paragraph of the documentation, for a failed calculation its message.
    """

    id: str
    published: float | None
    ours: float | None
    tolerance: float | None
    verdict: Verdict
    unit: str = "1"
    source: str = ""
    reason: str = ""


@cache
def load_ledger() -> Ledger:
    """Read the ledger that is shipped with the package.

    Returns
    -------
    Ledger
        The claims in the order of the file.
    """
    import yaml

    text = resources.files("recast.data").joinpath("ledger.yaml").read_text(encoding="utf-8")
    return Ledger.model_validate(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506


def validate(
    names: Iterable[str] = (),
    *,
    ledger: Ledger | None = None,
    calculations: Mapping[str, Calculation] | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> tuple[Entry, ...]:
    """Recompute the outputs of the ledger and compare.

    Parameters
    ----------
    names
        Claims to check (``id`` without key); all outputs when empty.
    ledger, calculations
        Used in place of the shipped ones.
    progress
        Called with the numbers of claims done and of all, and the one that comes next.

    Returns
    -------
    tuple of Entry
        One per published number, in the order of the ledger.

    Raises
    ------
    UnknownNameError
        When a name is not an output of the ledger.
    """
    ledger = load_ledger() if ledger is None else ledger
    if calculations is None:
        from recast.published import CALCULATIONS

        calculations = CALCULATIONS
    outputs = {name: claim for name, claim in ledger.entries.items() if claim.kind != "input"}
    wanted = list(names)
    for name in wanted:
        if name not in outputs:
            raise unknown("ledger entry", name, list(outputs), listed_by="`recast validate`")
    entries: list[Entry] = []
    chosen = {name: claim for name, claim in outputs.items() if not wanted or name in wanted}
    for done, (name, claim) in enumerate(chosen.items()):
        if progress:
            progress(done, len(chosen), name)
        entries.extend(check(name, claim, calculations.get(name), papers=ledger.papers))
    return tuple(entries)


def check(
    name: str, claim: Claim, calculation: Calculation | None, *, papers: Mapping[str, str] | None = None
) -> Iterator[Entry]:
    """Compare one claim with its calculation.

    Parameters
    ----------
    name, claim
        Entry of the ledger.
    calculation
        Function of no argument giving a number, or a mapping from the claim's keys to numbers.
    papers
        Citations by paper, for the entry's ``source``.

    Yields
    ------
    Entry
        One per number of the claim.
    """
    paper = claim.source.paper
    cited = f"arXiv:{paper}" if paper[:4].isdigit() else (papers or {}).get(paper, paper)
    source = f"{cited}, {claim.source.place}"
    ours: dict[str, float] = {}
    trouble = ""
    if claim.kind == "output":
        if calculation is None:
            trouble = "nothing computes this entry"
        else:
            try:
                result = calculation()
            except RecastError as error:
                trouble = str(error)
            else:
                many = isinstance(result, Mapping)
                ours = {f"{name}.{key}": float(v) for key, v in result.items()} if many else {name: float(result)}  # type: ignore[union-attr, arg-type]
    for identifier, number in claim.numbers(name):
        value = ours.get(identifier)
        reason = trouble
        verdict: Verdict
        if claim.kind == "later":
            verdict = "not_yet"
        elif value is None:
            verdict, reason = "fail", trouble or "the calculation does not give this number"
        elif number.accepts(value):
            verdict = "pass"
        elif (why := number.explained) is not None and abs(value - why.ours) <= why.tolerance * abs(why.ours):
            verdict, reason = "explained", f"docs/{why.reason}"
        else:
            verdict = "fail"
        yield Entry(
            id=identifier,
            published=number.published,
            ours=value if value is None or math.isfinite(value) else None,
            tolerance=number.relative_tolerance,
            verdict=verdict,
            unit=number.unit if number.unit != "1" else claim.unit,
            source=source,
            reason=reason,
        )


def as_json(entries: Iterable[Entry]) -> dict[str, Any]:
    """Return the documented JSON form: ``{"entries": [{"id", "published", "ours", "tolerance", "verdict"}]}``."""
    keys = ("id", "published", "ours", "tolerance", "verdict")
    return {"entries": [{key: getattr(entry, key) for key in keys} for entry in entries]}
