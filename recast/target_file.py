"""Targets of one's own: a YAML file that says what a formula unit is made of.

    name: scintillator
    atoms: {C12: 1, O16: 2}

Atoms are counted, so an alloy of 98% iron atoms and 2% carbon atoms is ``{Fe56: 98, C12: 2}``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from recast.numbers import Count
from recast.trident.targets import Target, load_target, nuclei

__all__ = ["TargetFile", "find_target"]


class TargetFile(BaseModel):
    """Content of the file.

    Attributes
    ----------
    name
        Printed with results.
    atoms
        Number of each isotope in a formula unit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1)]
    atoms: Annotated[dict[str, Annotated[Count, Field(gt=0, le=1_000_000)]], Field(min_length=1)]


def find_target(name_or_path: str | Path) -> Target:
    """Return a target by name, or from a YAML file.

    Parameters
    ----------
    name_or_path
        ``Ar40``, ``SiO2``, or a path that ends in ``.yaml`` or ``.yml``.

    Raises
    ------
    UnknownNameError
        When a name or one of the file's isotopes is not known; the message lists near matches.
    DocumentError
        When the file cannot be read, with file, line and key.
    """
    path = Path(name_or_path)
    if path.suffix not in {".yaml", ".yml"}:
        return load_target(str(name_or_path))
    from recast.documents import read_document
    from recast.errors import unknown

    document = read_document(path)
    content = document.validate(TargetFile)
    known = nuclei()
    for isotope in content.atoms:
        if isotope not in known:
            raise document.error(str(unknown("isotope", isotope, known)), ("atoms", isotope))
    return Target(content.name, tuple((known[isotope], number) for isotope, number in content.atoms.items()))
