"""Names in a figure or a scan of what stands elsewhere: models, measurements, channels, targets, fluxes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.errors import Fault, FluxError, RecastError

if TYPE_CHECKING:
    from recast.catalog import Catalog
    from recast.documents import Document

__all__ = ["broken_references", "place_of_value"]

Place = tuple[Hashable, ...]


def broken_references(document: Document, catalog: Catalog) -> list[Fault]:
    """Return which names in a document nothing carries, or carry something that is wrong itself."""
    from recast.channels import Channel
    from recast.flux import load_flux
    from recast.flux_file import read_flux_file
    from recast.trident.targets import load_target

    def flux(name: str) -> None:
        if name.endswith(".csv"):
            read_flux_file(Path(name))
        # Which of its species is meant stands elsewhere.
        with suppress(FluxError):
            load_flux(name, plugins=catalog.plugins)

    readers: dict[str, Callable[[str], object]] = {
        "model": catalog.model,
        "measurement": catalog.measurement,
        "measurements": catalog.measurement,
        "combined": catalog.measurement,
        "channel": Channel.parse,
        "target": load_target,
        "flux": flux,
    }
    found = []
    seen: dict[tuple[str, str], str | None] = {}
    for place, value in _texts(document.data, ()):
        key = next((str(part) for part in reversed(place) if not isinstance(part, int)), "")
        if key not in readers or not isinstance(value, str):
            continue
        if (key, value) not in seen:
            seen[key, value] = _problem(readers[key], value)
        problem = seen[key, value]
        if problem is not None:
            name = ".".join(str(part) for part in place)
            found.append(Fault(document.line(place), name, f"{name}: {problem}"))
    return found


def _problem(reader: Callable[[str], object], value: str) -> str | None:
    try:
        reader(value)
    except RecastError as error:
        return str(error)
    return None


def place_of_value(document: Document, text: str) -> Place:
    """Return where a text stands in a document, or the top when it does not."""
    return next((place for place, value in _texts(document.data, ()) if value == text), ())


def _texts(value: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    """Yield the values of a document that hold no others, with their places."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*place, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _texts(item, (*place, position))
    else:
        yield place, value
