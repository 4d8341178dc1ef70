"""What to cite for a name, a scan, or a file that recast wrote."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.errors import RecastError

if TYPE_CHECKING:
    from recast.catalog import Catalog
    from recast.provenance import Source

__all__ = ["bibtex_of", "entries_in", "source_of_entry"]

_SCANS = (".h5", ".hdf5", ".partial")
_LARGEST = 2**26
_LONGEST = 4000  # characters of an entry that are searched for its fields
_KEY = re.compile(rb"cites: ([A-Za-z0-9.\-]{1,64}:\d{4}[a-z]{2,3})")
_FIELD = re.compile(r"(\w+)\s*=\s*[\"{]+(.*?)[\"}]+\s*(?:,|\}|$)", flags=re.DOTALL)
_ENTRY = re.compile(r"^@\w+\{([^,\s]+),", flags=re.MULTILINE)


def bibtex_of(name: str, catalog: Catalog) -> dict[str, str]:
    """Return BibTeX entries by their keys.

    Parameters
    ----------
    name : str
        A model, measurement (with variants) or figure, by name or YAML file; a scan, its YAML file or its HDF5 file;
        or any other file that recast wrote: a figure, a table, a submission.
    catalog : Catalog
        Where names are looked up.

    Raises
    ------
    RecastError
        When the name is unknown, or the file cannot be read or does not say what was used.
    """
    path = Path(name)
    if path.suffix in _SCANS:
        return _of_scan(path)
    if path.suffix in {".yaml", ".yml"} and path.is_file():
        if (found := _of_scan_file(path, catalog)) is not None:
            return found
        if path.name == "submission.yaml":
            return _of_output(path, catalog)
    elif path.is_dir() and (path / "submission.yaml").is_file():
        return _of_output(path / "submission.yaml", catalog)
    elif path.is_file():
        return _of_output(path, catalog)
    return _entries(catalog.find(name).citations)


def _entries(sources: Iterable[Source]) -> dict[str, str]:
    entries: dict[str, str] = {}
    for source in sources:
        entries.setdefault(source.inspire, source.bibtex.strip())
    return entries


def _of_scan(path: Path) -> dict[str, str]:
    """Return what the header of a scan's result says; its numbers are not read."""
    from recast.scan.file import read

    return entries_in(read(path).header.provenance["bibtex"])


def entries_in(text: str) -> dict[str, str]:
    """Return the BibTeX entries of a text by their keys."""
    starts = [(match.start(), match[1]) for match in _ENTRY.finditer(text)]
    ends = [start for start, _ in starts[1:]] + [len(text)]
    return {key: text[start:end].strip() for (start, key), end in zip(starts, ends, strict=True)}


def source_of_entry(entry: str, *, place: str = "") -> Source:
    """Return the paper that a BibTeX entry describes.

    Parameters
    ----------
    entry : str
    place : str
        Where in the paper.

    Raises
    ------
    RecastError
        When it has no key like those of INSPIRE.
    """
    from pydantic import ValidationError

    from recast.provenance import Source

    key = next(iter(entries_in(entry)), "")
    fields = {name.lower(): " ".join(value.split()) for name, value in _FIELD.findall(entry[:_LONGEST])}
    paper = ", ".join(fields[name] for name in ("author", "title", "journal", "year") if name in fields)
    try:
        return Source(
            paper=paper or key,
            place=place or "all",
            inspire=key,
            bibtex=entry,
            arxiv=fields.get("eprint"),
            doi=fields.get("doi"),
        )
    except ValidationError as error:
        msg = f"the key of a BibTeX entry must be like those of INSPIRE, 'Author:2024abc', not {key!r}"
        raise RecastError(msg) from error


def _of_scan_file(path: Path, catalog: Catalog) -> dict[str, str] | None:
    """Return what a scan file names, or None for another document."""
    from recast.documents import read_document
    from recast.scan.spec import ScanSpec

    if path.name == "submission.yaml":
        return None
    document = read_document(path)
    if not {"model", "measurements", "parameters"} <= set(document.data):
        return None
    spec = document.validate(ScanSpec)
    sources = [*catalog.model(spec.model).citations]
    for name in spec.measurements:
        sources += catalog.measurement(name).citations
    return _entries(sources)


def _of_output(path: Path, catalog: Catalog) -> dict[str, str]:
    """Return the entries whose keys stand in a file that recast wrote."""
    import gzip

    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST)
        if content[:2] == b"\x1f\x8b":
            with gzip.open(path) as packed:
                content = packed.read(_LARGEST)
    except (OSError, EOFError) as error:
        msg = f"{path} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise RecastError(msg) from error
    keys = list(dict.fromkeys(key.decode() for key in _KEY.findall(content)))
    if not keys:
        msg = f"{path} does not say what was used: it is no file that recast wrote, or was changed since"
        raise RecastError(msg)
    known = dict(_known(catalog, set(keys)))
    missing = [key for key in keys if key not in known]
    if missing:
        msg = f"{path} cites {', '.join(missing)}, which nothing here does: add --plugins with the folder that was used"
        raise RecastError(msg)
    return {key: known[key] for key in keys}


def _known(catalog: Catalog, wanted: set[str]) -> Iterator[tuple[str, str]]:
    """Yield the entries of some keys, wherever in the documents of the catalog they stand; variants have their own."""
    from recast.catalog import KINDS

    missing = set(wanted)
    for kind in KINDS:
        for name in catalog.names(kind):
            for source in _sources(catalog.document(kind, name).data):
                if (key := str(source["inspire"])) in missing:
                    missing.remove(key)
                    yield key, str(source["bibtex"]).strip()
            if not missing:
                return


def _sources(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the mappings in a document that describe a paper."""
    if isinstance(value, Mapping):
        if {"inspire", "bibtex"} <= set(value):
            yield value
        else:
            for item in value.values():
                yield from _sources(item)
    elif isinstance(value, list):
        for item in value:
            yield from _sources(item)
