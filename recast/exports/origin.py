"""What made a file: the command, the version, the grids, the conventions and what to cite.

Every file that recast writes says so: a table in comments at its top, a figure in its metadata, a HEPData submission
in its comment, a JSON workspace, whose format has no place for it, in a file beside it. There is no date, so that the
same command gives the same file.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recast.provenance import Source

__all__ = ["COMMAND", "Origin", "grid_checksums"]

COMMAND = "recast.command"
"""Where the command line notes itself in the ``meta`` of click's contexts."""


@cache
def grid_checksums() -> tuple[tuple[str, str], ...]:
    """Return the names of the shipped grids with the SHA-256 of their files."""
    from importlib import resources

    files = sorted(
        (file for file in resources.files("recast.grids").iterdir() if file.name.endswith(".h5")),
        key=lambda file: file.name,
    )
    return tuple((file.name.removesuffix(".h5"), hashlib.sha256(file.read_bytes()).hexdigest()) for file in files)


@dataclass(frozen=True)
class Origin:
    """What made a file.

    Attributes
    ----------
    command : str
        The command line, or that it was Python.
    version : str
        Of recast.
    grids : tuple of (str, str)
        Names of the shipped grids and the SHA-256 of their files.
    conventions : tuple of str
        How regions are defined, in words.
    citations : tuple of Source
        What was used, each paper once.
    """

    command: str
    version: str
    grids: tuple[tuple[str, str], ...]
    conventions: tuple[str, ...] = ()
    citations: tuple[Source, ...] = ()

    @classmethod
    def now(
        cls, *, conventions: Iterable[str] = (), citations: Iterable[Source] = (), grids: bool = True
    ) -> Origin:
        """Return the origin of a file that is being written.

        Parameters
        ----------
        conventions : iterable of str
            Empty and repeated ones are left out.
        citations : iterable of Source
            Each paper is kept once.
        grids : bool
            Whether grids can have had a part in it.
        """
        from recast import __version__

        return cls(
            command=_command(),
            version=f"recast-bsm {__version__}",
            grids=grid_checksums() if grids else (),
            conventions=tuple(dict.fromkeys(" ".join(words.split()) for words in conventions if words)),
            citations=tuple({source.inspire: source for source in citations}.values()),
        )

    def lines(self) -> list[str]:
        """Return ``key: value`` lines for the comments of a table or the metadata of a figure."""
        return [
            f"made by: {self.version}",
            f"command: {self.command}",
            *(f"convention: {words}" for words in self.conventions),
            *(f"cites: {_reference(source)}" for source in self.citations),
            *(f"grid {name}: sha256 {digest}" for name, digest in self.grids),
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "made_by": self.version,
            "command": self.command,
            "conventions": list(self.conventions),
            "citations": [{"key": source.inspire, "bibtex": source.bibtex.strip()} for source in self.citations],
            "grids": dict(self.grids),
        }


def _reference(source: Source) -> str:
    """Return the key of a paper and where it is found."""
    places = [f"arXiv:{source.arxiv}" if source.arxiv else "", f"doi:{source.doi}" if source.doi else ""]
    return ", ".join([source.inspire, *(place for place in places if place)])


def _command() -> str:
    """Return the command that runs."""
    # Whoever uses recast from Python has not loaded click.
    click = sys.modules.get("click")
    context = click.get_current_context(silent=True) if click else None
    command = context.meta.get(COMMAND) if context else None
    return str(command) if command else "called from Python"
