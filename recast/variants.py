"""Variants: the forms of a measurement or model, chosen with ``NAME:key=value,key=value``.

>>> split_reference("charm_ii:error=2014,regime=total")
('charm_ii', {'error': '2014', 'regime': 'total'})
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from recast.errors import RecastError, unknown

if TYPE_CHECKING:
    from recast.documents import Document

__all__ = ["Variant", "apply_variants", "split_reference", "written_reference"]


class Variant(BaseModel):
    """Forms of a measurement or model; each choice is a patch of its document.

    Attributes
    ----------
    default : int, float or str
        The choice that is taken when none is named.
    choices : dict
        By choice, the keys that it changes; ``{}`` for none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    default: int | float | str
    choices: dict[int | float | str, dict[str, Any]]

    @model_validator(mode="after")
    def _default_is_a_choice(self) -> Self:
        if self.match(str(self.default)) is None:
            known = ", ".join(_text(choice) for choice in self.choices)
            msg = f"the default {self.default} is not one of the choices {known}"
            raise ValueError(msg)
        return self

    def match(self, text: str) -> int | float | str | None:
        """Return the choice that a text means; numbers compare as numbers."""
        for choice in self.choices:
            if _text(choice) == _text(text):
                return choice
        return None


def split_reference(reference: str) -> tuple[str, dict[str, str]]:
    """Split ``NAME:key=value,key=value`` into the name and the choices.

    Raises
    ------
    RecastError
        When what follows the colon is not a list of ``key=value``.
    """
    name, colon, tail = reference.rpartition(":")
    if not colon or ("=" not in tail and Path(reference).suffix):
        return reference, {}
    chosen: dict[str, str] = {}
    for item in tail.split(","):
        key, equals, value = (text.strip() for text in item.partition("="))
        if not (key and equals and value):
            msg = f"'{reference}': variants are written NAME:key=value,key=value, not '{item}'"
            raise RecastError(msg)
        if key in chosen:
            msg = f"'{reference}' chooses the variant '{key}' twice"
            raise RecastError(msg)
        chosen[key] = value
    return name, chosen


def written_reference(name: str, selected: Mapping[str, str]) -> str:
    """Return a name with its choices, as `split_reference` reads it."""
    chosen = ",".join(f"{key}={value}" for key, value in selected.items())
    return f"{name}:{chosen}" if chosen else name


def apply_variants(document: Document, chosen: Mapping[str, str]) -> tuple[Document, dict[str, str]]:
    """Merge the chosen patches, or the default ones, into a document.

    Returns
    -------
    document : Document
    selected : dict of str to str
        The choices that differ from the default.

    Raises
    ------
    DocumentError
        When the variants of the document are malformed.
    UnknownNameError
        When the document has no such variant or choice.
    """
    name = document.data.get("name", document.file)
    variants: dict[str, Variant] = {}
    if "variants" in document.data:
        variants = document.validate(dict[str, Variant], place=("variants",))
    for key in chosen:
        if key not in variants:
            raise unknown(f"variant of {name}", key, variants)
    selected: dict[str, str] = {}
    for key, variant in variants.items():
        choice = variant.match(chosen.get(key, str(variant.default)))
        if choice is None:
            known = [_text(known) for known in variant.choices]
            raise unknown(f"choice of {name}:{key}", chosen[key], known)
        if _text(choice) != _text(variant.default):
            selected[key] = _text(choice)
        document = document.merged(("variants", key, "choices", choice))
    return document, selected


def _text(value: Any) -> str:
    """Return the canonical text of a choice: 0.40, .4 and 4e-1 are all 0.4."""
    try:
        return f"{float(value):.12g}"
    except (TypeError, ValueError):
        return str(value).strip()
