"""Where a number, a model or a file comes from."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = ["Source"]

Text = Annotated[str, Field(min_length=1)]


class Source(BaseModel):
    """A publication and the place in it.

    Attributes
    ----------
    paper : str
        As it is cited.
    place : str
        Equation, table, figure or section.
    inspire : str
        Key in INSPIRE, e.g. ``He:1991qd``; the key of the BibTeX entry.
    bibtex : str
        One BibTeX entry.
    arxiv, doi : str, optional
        Identifiers.
    digitised : str, optional
        How numbers were read off a figure, and how precisely.
    confidence_level : float, optional
        Of a published limit, strictly between 0 and 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    paper: Text
    place: Text
    inspire: Annotated[str, Field(pattern=r"^[A-Za-z0-9.\-]+:\d{4}[a-z]{2,3}$")]
    bibtex: Text
    arxiv: str | None = None
    doi: str | None = None
    digitised: Text | None = None
    confidence_level: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None

    @model_validator(mode="after")
    def _same_key(self) -> Self:
        match = re.match(r"\s*@\w+\{([^,\s]+),", self.bibtex)
        if match is None:
            msg = "bibtex is not a BibTeX entry: it must begin like '@article{key,'"
            raise ValueError(msg)
        if match.group(1) != self.inspire:
            msg = f"the BibTeX entry has the key {match.group(1)!r}, but inspire says {self.inspire!r}"
            raise ValueError(msg)
        return self
