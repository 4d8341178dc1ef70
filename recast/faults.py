"""What pydantic finds wrong, as one sentence that names the key and what would mend it."""

from __future__ import annotations

import re
import types
from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from recast.errors import near_matches

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

__all__ = ["Described", "all_faults"]

Place = tuple[Hashable, ...]

# The second is that of a dataclass.
_UNKNOWN_KEY = ("extra_forbidden", "unexpected_keyword_argument")


class Described(NamedTuple):
    """One thing that is wrong.

    Attributes
    ----------
    place : tuple
        Keys that lead, from the top of the document, to the fault or to where a missing key belongs.
    message : str
    meaning : str
        What belongs there, with its unit, where that is known.
    """

    place: Place
    message: str
    meaning: str


def all_faults(
    error: ValidationError, schema: Any, value: Any, *, prefix: Sequence[Hashable] = ()
) -> list[Described]:
    """Return what is wrong, the fault to mend first at the front.

    Parameters
    ----------
    error : ValidationError
        With at least one fault.
    schema : type
        What was validated against: tells the known keys.
    value : object
        What was validated: tells which parts of pydantic's location are keys of the document.
    prefix : sequence
        Keys that lead to the value in its document.
    """
    # A misspelt key is also a missing one: the misspelling is what to mend.
    faults = sorted(error.errors(include_url=False), key=lambda fault: fault["type"] not in _UNKNOWN_KEY)
    misspelt = {fault["loc"][:-1] for fault in faults if fault["type"] in _UNKNOWN_KEY}
    result = []
    for fault in faults:
        if fault["type"] == "missing" and fault["loc"][:-1] in misspelt:
            continue
        # A list in which an item is wrong is too short for that reason alone.
        if fault["type"] == "too_short" and any(_inside(other["loc"], fault["loc"]) for other in faults):
            continue
        place = _place(fault["loc"], value, missing=fault["type"] == "missing")
        if fault["type"].startswith("union_tag"):
            place = (*place, str(fault.get("ctx", {}).get("discriminator", "")).strip("'"))
        place = (*prefix, *place)
        result.append(Described(place, _message(fault, place, schema), _meaning(fault, schema)))
    return result


def _inside(location: Place, outer: Place) -> bool:
    return len(location) > len(outer) and location[: len(outer)] == outer


def _place(location: Iterable[str | int], value: Any, *, missing: bool) -> Place:
    """Keep those parts of a location that are keys of the document (pydantic adds the names of union members)."""
    parts = list(location)
    place: list[str | int] = []
    for position, part in enumerate(parts):
        keys = value if isinstance(value, dict) else {}
        found = [key for key in keys if str(key) == str(part)]
        if found:
            place.append(found[0])
            value = value[found[0]]
        elif isinstance(value, list | tuple) and isinstance(part, int) and part < len(value):
            place.append(part)
            value = value[part]
        elif missing and position == len(parts) - 1 and isinstance(value, dict) and isinstance(part, str):
            place.append(part)
    return tuple(place)


def _message(fault: ErrorDetails, place: Place, schema: Any) -> str:
    key = ".".join(str(part) for part in place)
    kind = fault["type"]
    if kind in _UNKNOWN_KEY:
        known = sorted(_known_keys(schema, fault["loc"][:-1]))
        near = near_matches(str(place[-1]) if place else "", known)
        hint = f": did you mean {' or '.join(near)}?" if near else ""
        listed = f" (known here: {', '.join(known)})" if known else ""
        return f"unknown key {key!r}{hint}{listed}"
    if kind in {"missing", "union_tag_not_found"}:
        return f"the key {key!r} is missing{_misspelt(fault, place)}"
    text = fault["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    if kind in {"value_error", "assertion_error"}:
        return f"{key}: {text}" if key else text
    if kind in {"union_tag_invalid", "literal_error", "enum"}:
        return _choice_message(fault, key)
    text = re.sub(r" or (instance of \w+|object to extract fields from)", "", text)
    text = text.replace("Input should be", "should be").replace("valid dictionary", "mapping ('key: value')")
    text = re.sub(r"valid (tuple|list)", "list ('[a, b]')", text)
    text = re.sub(r"^(Tuple|List|Dictionary|String) should", "should", text)
    text = re.sub(r" after validation, not \d+$", "", text)
    return f"{key or 'the document'} {text[0].lower()}{text[1:]}, not {_shown(fault['input'])}"


def _misspelt(fault: ErrorDetails, place: Place) -> str:
    """Point to a key beside a missing one that resembles it."""
    keys = [str(key) for key in fault["input"]] if isinstance(fault["input"], dict) else []
    near = near_matches(str(place[-1]), keys) if place else ()
    return f": is {near[0]!r} meant to be it?" if near and str(place[-1]) not in keys else ""


def _choice_message(fault: ErrorDetails, key: str) -> str:
    """Describe a value that is none of a fixed set."""
    context = fault.get("ctx", {})
    given = context.get("tag", fault["input"])
    if fault["type"] == "union_tag_invalid":
        expected = str(context.get("expected_tags", ""))
    else:
        expected = str(context.get("expected", "")).replace(" or ", ", ")
    choices = [choice.strip().strip("'") for choice in expected.split(",")]
    near = near_matches(str(given), choices)
    hint = f": did you mean {' or '.join(near)}?" if near else ""
    return f"{key} cannot be {_shown(given)}{hint} (known: {', '.join(choices)})"


def _shown(value: Any) -> str:
    """Show a value of the document, shortened."""
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _meaning(fault: ErrorDetails, schema: Any) -> str:
    """Return what belongs where something is wrong: the meaning of the nearest key, or of the one that is meant."""
    from recast.meanings import meanings

    location = list(fault["loc"])
    while location:
        key = location.pop()
        owners = _owners(schema, location)
        fields = {name for owner in owners for name in getattr(owner, "model_fields", {})}
        wanted = (key,) if key in fields else near_matches(str(key), fields) if fault["type"] in _UNKNOWN_KEY else ()
        for owner in owners:
            if wanted and wanted[0] in getattr(owner, "model_fields", {}):
                return meanings(owner).get(str(wanted[0]), "")
        if fault["type"] in _UNKNOWN_KEY:
            break
    return ""


def _known_keys(schema: Any, location: Iterable[str | int]) -> set[str]:
    """Return the keys that the models at a location know."""
    return {
        field.alias or name
        for owner in _owners(schema, location)
        for name, field in getattr(owner, "model_fields", {}).items()
    }


def _owners(schema: Any, location: Iterable[str | int]) -> list[Any]:
    """Return the models and containers at a location."""
    candidates = _models(schema)
    for part in location:
        inner = []
        for candidate in candidates:
            fields = getattr(candidate, "model_fields", None)
            if fields is None:  # a list, tuple or mapping: its values
                inner += [m for argument in get_args(candidate) for m in _models(argument)]
                continue
            for name, field in fields.items():
                if part in {name, field.alias}:
                    inner += _models(field.annotation)
        # Else the part is the name that pydantic gives to a member of a union.
        candidates = inner or [c for c in candidates if _tagged(c, part)] or candidates
    return candidates


def _tagged(candidate: Any, tag: str | int) -> bool:
    """Return whether a model is the member of a union that a tag stands for."""
    if getattr(candidate, "__name__", None) == tag:
        return True
    for field in getattr(candidate, "model_fields", {}).values():
        if get_origin(field.annotation) is Literal and tag in get_args(field.annotation):
            return True
    return False


def _models(annotation: Any) -> list[Any]:
    """Return the models and containers that an annotation allows."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _models(get_args(annotation)[0])
    if origin in {Union, types.UnionType}:
        return [model for argument in get_args(annotation) for model in _models(argument)]
    return [annotation]
