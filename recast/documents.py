"""YAML documents: read with line numbers, checked by pydantic, faults told as file, line and key.

A `Document` keeps for every value the line it was written in, also when documents are merged, so that what pydantic
finds wrong can be shown where the reader can mend it.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from recast.errors import DocumentError, Fault, RecastError
from recast.text_file import read_text

if TYPE_CHECKING:
    import yaml

__all__ = ["Document", "load_document", "parse_document", "read_document"]

# A matrix of 150 x 150 numbers fits; reading takes about a second. Lists that are longer have a CSV file.
_VALUES = 30_000
_DEPTH = 32

T = TypeVar("T")
Place = tuple[str, ...]
"""Keys and list positions that lead to a value, as text."""


@dataclass(frozen=True)
class Document:
    """A mapping read from a file, with the lines of its values.

    Attributes
    ----------
    file : str
        Name shown in messages.
    data : dict
        Plain dicts, lists, strings, numbers, booleans and None.
    lines : dict of tuple of str to int
        Line, counted from 1, of the value at each place.
    """

    file: str
    data: dict[Any, Any]
    lines: Mapping[Place, int] = field(default_factory=dict, repr=False)

    def line(self, place: Sequence[Hashable]) -> int | None:
        """Return the line of a value, or of the nearest value that holds it."""
        keys = tuple(str(key) for key in place)
        for length in range(len(keys), -1, -1):
            if keys[:length] in self.lines:
                return self.lines[keys[:length]]
        return None

    def error(self, message: str, place: Sequence[Hashable] = ()) -> DocumentError:
        """Return an error that names the file, the line and the key of a place, to be raised by the caller."""
        key = ".".join(str(part) for part in place)
        return DocumentError(message, file=self.file, line=self.line(place), key=key or None)

    def merged(self, place: Sequence[Hashable]) -> Document:
        """Return this document with a mapping inside it merged into its top level.

        Mappings are merged key by key, everything else is replaced; a null takes the key away. The values that were
        merged keep their lines.

        Parameters
        ----------
        place : sequence
            Where the mapping stands, e.g. ``("variants", "error", "choices", 2014)``.
        """
        prefix = tuple(str(part) for part in place)
        patch: Any = self.data
        for part in prefix:
            patch = next(value for key, value in patch.items() if str(key) == part)
        lines = dict(self.lines)
        data = _merge(self.data, patch or {}, (), prefix, self.lines, lines)
        return Document(self.file, data, lines)

    def without(self, *keys: str) -> Document:
        """Return this document without some top-level keys."""
        return Document(self.file, {k: v for k, v in self.data.items() if k not in keys}, self.lines)

    def validate(self, schema: type[T], *, place: Sequence[Hashable] = (), context: Any = None) -> T:
        """Build a pydantic model, or any type that pydantic knows, from the document.

        Parameters
        ----------
        schema : type
            Class, or a union of classes.
        place : sequence
            Part of the document that is checked; all of it by default.
        context : optional
            Handed to the validators.

        Raises
        ------
        DocumentError
            For the first fault, with the number of further ones; its `faults` are all of them.
        """
        from pydantic import TypeAdapter, ValidationError

        value: Any = self.data
        for part in place:
            value = value[part]
        adapter: TypeAdapter[T] = TypeAdapter(schema)
        try:
            return adapter.validate_python(value, context=context)
        except ValidationError as error:
            from recast.faults import all_faults

            found = all_faults(error, schema, value, prefix=place)
            more = f" ({len(found) - 1} more to mend in this file)" if len(found) > 1 else ""
            first = self.error(found[0].message + more, found[0].place)
            first.faults = tuple(
                Fault(self.line(place), ".".join(str(part) for part in place), message, meaning)
                for place, message, meaning in found
            )
            raise first from error
        except DocumentError:
            raise
        except RecastError as error:
            raise DocumentError(str(error), file=self.file) from error


def _merge(
    base: Any, patch: Any, place: Place, origin: Place, old: Mapping[Place, int], lines: dict[Place, int]
) -> Any:
    """Merge a patch into a value and note the lines of what the patch brings."""
    if isinstance(base, dict) and isinstance(patch, dict):
        result = dict(base)
        for key, value in patch.items():
            if value is None:
                result.pop(key, None)
            else:
                here = (*place, str(key))
                result[key] = _merge(result.get(key), value, here, (*origin, str(key)), old, lines)
        return result
    for where, line in old.items():
        if where[: len(origin)] == origin:
            lines[(*place, *where[len(origin) :])] = line
    if isinstance(patch, dict):
        # Nothing to merge into: a null in the patch still means that there is no such key.
        return {key: value for key, value in patch.items() if value is not None}
    return patch


def load_document(path: str | Path | Traversable, schema: type[T], *, context: Any = None) -> T:
    """Read a YAML file and build a pydantic model from it.

    Parameters
    ----------
    path : path
        File to be read.
    schema : type
        Pydantic model, or a union of them.
    context : optional
        Handed to the validators.

    Raises
    ------
    DocumentError
        When the file is missing, is not YAML, or does not fit; with file, line and key.
    """
    return read_document(path).validate(schema, context=context)


def read_document(path: str | Path | Traversable) -> Document:
    """Read a YAML file that holds a mapping.

    Numbers may be written ``1e-3`` (YAML 1.1 proper would take that for text).

    Raises
    ------
    DocumentError
        When the file is missing, is not text, is not YAML, holds a key twice, is no mapping, has a tag or is too large:
        in bytes, in depth, or in values, where those behind an alias count each time.
    """
    source = Path(path) if isinstance(path, str) else path
    return parse_document(read_text(source), file=str(source))


def parse_document(text: str, *, file: str) -> Document:
    """Read YAML from text; see `read_document`.

    Parameters
    ----------
    text : str
    file : str
        Name for messages.

    Raises
    ------
    DocumentError
        When it is not YAML of keys and values, or beyond the limits of a document.
    """
    import yaml

    loader = _loader_class()(text)
    try:
        _check_size(text, file)
        node = loader.get_single_node()
        if node is None:
            raise DocumentError("the file is empty", file=file)
        lines: dict[Place, int] = {(): 1}
        _note_lines(loader, node, (), lines, file)
        data = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "it cannot be read"
        raise DocumentError(
            f"this is not YAML: {problem}", file=file, line=mark.line + 1 if mark else None
        ) from error
    except yaml.YAMLError as error:
        raise DocumentError(f"this is not YAML: {' '.join(str(error).split())}", file=file) from error
    except RecursionError as error:
        raise DocumentError("a part holds itself, or parts are nested too deeply", file=file) from error
    except ValueError as error:
        raise DocumentError(f"a value cannot be read: {error}", file=file) from error
    finally:
        loader.dispose()
    if not isinstance(data, dict):
        raise DocumentError(
            "the file must hold keys and values ('key: value')", file=file, line=node.start_mark.line + 1
        )
    return Document(file, data, lines)


def _check_size(text: str, file: str) -> None:
    """Refuse, event by event, what would keep the parser busy or break it: depth, length, and tags.

    Tags could only make other types of what is written; a string may have its own.
    """
    import yaml

    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=_loader_class())):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        line = event.start_mark.line + 1 if event.start_mark else None
        # Composing is recursive, in C as well: too deep a document would end the process.
        if depth > _DEPTH:
            raise DocumentError(f"parts are nested more than {_DEPTH} deep", file=file, line=line)
        if number > 2 * _VALUES:
            raise DocumentError(f"there are more than {_VALUES:,} values", file=file, line=line)
        if (tag := getattr(event, "tag", None)) and tag not in {"!", "tag:yaml.org,2002:str"}:
            raise DocumentError(f"tags are not read, and {tag[:60]!r} is one: leave it away", file=file, line=line)


@cache
def _loader_class() -> Any:
    """Return a safe YAML loader that reads numbers as YAML 1.2 does."""
    import re

    import yaml

    loader: Any = type("Loader", (getattr(yaml, "CSafeLoader", yaml.SafeLoader),), {})
    # What YAML 1.1 reads besides: dates, 1:30 as 90, 010 as 8, and 1e3 as text.
    prefix = "tag:yaml.org,2002:"
    own = {f"{prefix}int", f"{prefix}float", f"{prefix}timestamp"}
    loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in own]
        for first, resolvers in loader.yaml_implicit_resolvers.items()
    }
    whole = re.compile(r"[-+]?(0|[1-9][0-9_]*)$")
    number = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$")
    loader.add_implicit_resolver(f"{prefix}int", whole, list("-+0123456789"))
    loader.add_implicit_resolver(f"{prefix}float", number, list("-+.0123456789"))
    return loader


def _note_lines(loader: Any, node: yaml.Node, place: Place, lines: dict[Place, int], file: str) -> None:
    """Note the line of every value below a node; a key given twice is an error, and so are aliases without end."""
    import yaml

    if len(place) > _DEPTH:
        raise DocumentError(f"a part holds itself, or parts are nested more than {_DEPTH} deep", file=file)
    if len(lines) > _VALUES:
        message = f"there are more than {_VALUES:,} values, those behind aliases counted each time"
        raise DocumentError(message, file=file, line=lines[place])

    children: list[tuple[str, int, yaml.Node]] = []
    if isinstance(node, yaml.MappingNode):
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                message = "a key must be text or a number, not a list or a mapping"
                raise DocumentError(message, file=file, line=key.start_mark.line + 1)
        children = [
            # Keys as they are constructed: 0.40 and 0.4 are one number.
            ("<<" if key.value == "<<" else str(loader.construct_object(key)), key.start_mark.line + 1, value)
            for key, value in node.value
        ]
    elif isinstance(node, yaml.SequenceNode):
        children = [(str(i), value.start_mark.line + 1, value) for i, value in enumerate(node.value)]
    for key, line, child in children:
        here = (*place, key)
        if here in lines and key != "<<":
            raise DocumentError(
                f"the key {'.'.join(here)!r} is given twice (first in line {lines[here]})",
                file=file,
                line=line,
                key=".".join(here),
            )
        lines[here] = line
        _note_lines(loader, child, here, lines, file)
