"""What the keys of files mean: read from the docstrings of the classes that check them, so that it is written once.

>>> from recast.observables.trident_ratio import Beam
>>> meanings(Beam)["energy"]
'A single neutrino energy in GeV, instead of a flux.'
"""

from __future__ import annotations

import inspect
import re
from functools import cache

__all__ = ["meanings", "summary"]


@cache
def meanings(described: type) -> dict[str, str]:
    """Return what the attributes of a class mean, those of its base classes included.

    Parameters
    ----------
    described : type
        With a section ``Attributes`` in the numpydoc docstring.

    Returns
    -------
    dict of str to str
        By attribute, on one line; those without words are left out.
    """
    found: dict[str, str] = {}
    for base in reversed(described.__mro__):
        found |= _attributes(base.__doc__ or "")
    return found


def summary(described: type) -> str:
    """Return the first paragraph of the docstring of a class, on one line."""
    return " ".join(inspect.cleandoc(described.__dict__.get("__doc__") or "").split("\n\n", maxsplit=1)[0].split())


def _attributes(docstring: str) -> dict[str, str]:
    """Read the section ``Attributes`` of a numpydoc docstring."""
    lines = inspect.cleandoc(docstring).splitlines()
    start = next((i for i, line in enumerate(lines) if line == "Attributes"), None)
    if start is None:
        return {}
    words: dict[str, list[str]] = {}
    names: list[str] = []
    for position in range(start + 2, len(lines)):
        line = lines[position]
        if position + 1 < len(lines) and re.fullmatch(r"-{3,}", lines[position + 1]):
            break  # the next section
        if line[:1].strip():
            names = [name.strip() for name in line.partition(" : ")[0].split(",")]
        elif line.strip():
            for name in names:
                words.setdefault(name, []).append(line.strip())
    return {name: " ".join(text) for name, text in words.items()}
