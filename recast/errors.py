"""Errors that are meant for the user: one clear sentence that says what is wrong and what would mend it.

Every exception that recast raises on purpose derives from `RecastError`; anything else is a defect of recast.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, Self

__all__ = [
    "ConvergenceError",
    "DocumentError",
    "Fault",
    "FluxError",
    "GridError",
    "NotApplicableError",
    "OutOfRangeError",
    "OutputExistsError",
    "RecastError",
    "UnknownNameError",
    "near_matches",
    "unknown",
]

# A longer list of known names hides the sentence it stands in.
_LISTED = 16
# Where a command lists all, these show what such names look like.
_NAMED = 4
# Shorter words stand in too many names.
_SHORTEST = 3


class RecastError(Exception):
    """Base class of all errors that recast raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        # The default would call the class with the message alone: workers return errors that need more than that.
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[RecastError], arguments: tuple[Any, ...], attributes: dict[str, Any]) -> RecastError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(attributes)
    return error


class OutOfRangeError(RecastError):
    """A number lies outside the range in which it means something or is known."""


class GridError(RecastError):
    """A grid file is missing, truncated, altered, foreign, or lacks what was asked for."""


class FluxError(RecastError):
    """A flux cannot be read, or lacks what was asked for."""


class NotApplicableError(RecastError):
    """A measurement has nothing to say about a model: that is not the same as no effect."""


class ConvergenceError(RecastError):
    """A numerical search did not reach its accuracy."""


class OutputExistsError(RecastError):
    """A file to be written exists already."""


class UnknownNameError(RecastError):
    """A name that nothing carries.

    Attributes
    ----------
    kind : str
        What was looked for, e.g. ``model``.
    name : str
        As it was given.
    near : tuple of str
        Known names that resemble it, the nearest first.
    """

    def __init__(self, message: str, *, kind: str = "", name: str = "", near: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.name = name
        self.near = near

    @classmethod
    def unknown(cls, kind: str, name: object, candidates: Iterable[object], *, listed_by: str = "") -> Self:
        """Return the error for a name that is not among the candidates; see `unknown`."""
        known = [str(candidate) for candidate in candidates]
        near = near_matches(str(name), known)
        message = f"unknown {kind} {str(name)!r}"
        if near:
            message += f": did you mean {' or '.join(near)}?"
        if 0 < len(known) <= _LISTED:
            message += f" (known: {', '.join(known)})"
        elif known and not near:
            shown = known[:_LISTED] if not listed_by else known[:_NAMED]
            where = f"; {listed_by} names all" if listed_by else ""
            message += f" ({len(known)} are known, among them {', '.join(shown)}{where})"
        return cls(message, kind=kind, name=str(name), near=near)


class Fault(NamedTuple):
    """One thing that is wrong with a file.

    Attributes
    ----------
    line : int or None
        Counted from 1.
    key : str
        Place in the document, e.g. ``charges.mu``; empty for the whole.
    message : str
        What is wrong.
    meaning : str
        What belongs there, with its unit; empty where that is not known.
    """

    line: int | None
    key: str
    message: str
    meaning: str = ""


class DocumentError(RecastError):
    """A file does not say what it should.

    Attributes
    ----------
    file : str
        Name of the file.
    line : int or None
        Counted from 1.
    key : str or None
        Place in the document, e.g. ``charges.mu``.
    faults : tuple of Fault
        All that is wrong, the one that the message tells first; empty where only that one is known.
    """

    faults: tuple[Fault, ...] = ()

    def __init__(
        self, message: str, *, file: str | Path, line: int | None = None, key: str | None = None
    ) -> None:
        place = f"{file}, line {line}" if line is not None else str(file)
        super().__init__(f"{place}: {message}")
        self.file = str(file)
        self.line = line
        self.key = key


def near_matches(name: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """Return up to three candidates that resemble a name, the nearest first.

    Parameters
    ----------
    name : str
        Compared without regard to case.
    candidates : iterable of str
        Known names.

    Examples
    --------
    >>> near_matches("lmu_ltu", ["le_lmu", "lmu_ltau", "contact"])
    ('lmu_ltau',)
    """
    known: dict[str, list[str]] = {}
    for candidate in candidates:
        known.setdefault(candidate.casefold(), []).append(candidate)
    found = difflib.get_close_matches(name.casefold(), known, n=3, cutoff=0.6)
    if not found and len(name) >= _SHORTEST:
        # What was remembered may be a part of the name.
        return tuple(candidate for folded in known if name.casefold() in folded for candidate in known[folded])[:3]
    # Of names that resemble it nearly perfectly, the others would only distract.
    best = difflib.SequenceMatcher(None, name.casefold(), found[0]).ratio() if found else 0.0
    close = [
        folded
        for folded in found
        if difflib.SequenceMatcher(None, name.casefold(), folded).ratio() > best - 0.1
    ]
    return tuple(candidate for folded in close for candidate in known[folded])[:3]


def unknown(kind: str, name: object, candidates: Iterable[object], *, listed_by: str = "") -> UnknownNameError:
    """Return the error for a name that is not among the candidates.

    Parameters
    ----------
    kind : str
        What was looked for, e.g. ``model``.
    name : object
        The name as it was given.
    candidates : iterable
        All known names.
    listed_by : str
        The command that lists them, for where there are many.

    Returns
    -------
    UnknownNameError
        To be raised by the caller.

    Examples
    --------
    >>> print(unknown("model", "lmu_ltu", ["le_lmu", "lmu_ltau"]))
    unknown model 'lmu_ltu': did you mean lmu_ltau? (known: le_lmu, lmu_ltau)
    """
    return UnknownNameError.unknown(kind, name, candidates, listed_by=listed_by)
