"""The catalog: which models, measurements, figures, selections, observables and likelihoods there are, and where.

A `Catalog` is a value: it is built from a list of plug-in folders and handed on; nothing registers itself on import.
It looks in three places,

- the folders that ship with recast (``recast.models``, ``recast.measurements`` with its folder ``selections``,
  ``recast.plots``),
- installed packages that name an entry point: in the groups ``recast.models``, ``recast.measurements``,
  ``recast.plots`` and ``recast.selections`` a package that holds YAML files, in ``recast.observables`` and
  ``recast.likelihoods`` a class under the name that stands after ``type:`` in a measurement,
- plug-in folders: YAML files under ``models/``, ``measurements/``, ``plots/`` and ``selections/``, and Python files
  beside those folders with dictionaries ``OBSERVABLES`` and ``LIKELIHOODS`` from such names to classes.

The name of a YAML file without its suffix is the name of what it describes. A name that stands in two places is an
error, never a silent choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from recast.documents import Document, read_document
from recast.errors import RecastError, UnknownNameError, unknown

if TYPE_CHECKING:
    from recast.events.selection import Selection
    from recast.figures.recipe import Recipe
    from recast.measurement import Measurement
    from recast.model import Model

__all__ = ["KINDS", "Catalog", "is_path"]

Kind = Literal["models", "measurements", "plots", "selections"]
KINDS: tuple[Kind, ...] = ("models", "measurements", "plots", "selections")

_SINGULAR = {"models": "model", "measurements": "measurement", "plots": "figure", "selections": "selection"}
_SUFFIXES = (".yaml", ".yml")
_CLASSES = {"observables": "OBSERVABLES", "likelihoods": "LIKELIHOODS"}


@dataclass(frozen=True)
class Catalog:
    """What can be looked up by name.

    Attributes
    ----------
    plugins : tuple of Path
        Plug-in folders.

    Raises
    ------
    RecastError
        When a plug-in folder does not exist or holds nothing that recast knows.
    """

    plugins: tuple[Path, ...]

    def __init__(self, plugins: Sequence[str | Path] = ()) -> None:
        # One folder may be written in several ways.
        folders = tuple({Path(folder).resolve(): Path(folder) for folder in plugins}.values())
        for folder in folders:
            if not folder.is_dir():
                msg = f"plug-in folder {folder} does not exist"
                raise RecastError(msg)
            if not any((folder / kind).is_dir() for kind in KINDS) and not any(folder.glob("*.py")):
                kinds = ", ".join(f"{kind}/" for kind in KINDS)
                msg = f"plug-in folder {folder} holds none of {kinds} and no Python files"
                raise RecastError(msg)
        object.__setattr__(self, "plugins", folders)

    @cached_property
    def _files(self) -> dict[str, dict[str, Traversable]]:
        """YAML files by kind and name."""
        found: dict[str, dict[str, Traversable]] = {}
        for kind in KINDS:
            files = found.setdefault(kind, {})
            for folder in self.folders(kind):
                for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
                    name, dot, suffix = file.name.rpartition(".")
                    if f"{dot}{suffix}" not in _SUFFIXES:
                        continue
                    if name in files:
                        msg = f"{_SINGULAR[kind]} {name!r} stands in {files[name]} and in {file}: rename one of them"
                        raise RecastError(msg)
                    files[name] = file
        return found

    def folders(self, kind: Kind) -> Iterator[Traversable]:
        """Yield the folders that hold the YAML files of a kind, the shipped one first.

        Raises
        ------
        RecastError
            When an entry point names what is no package.
        """
        if kind == "selections":  # a matter of measurements
            yield resources.files("recast.measurements") / "selections"
        else:
            yield resources.files(f"recast.{kind}")
        for entry in _entry_points().select(group=f"recast.{kind}"):
            try:
                yield resources.files(entry.module)
            except (ImportError, TypeError) as error:
                msg = f"entry point {entry.name!r} of {entry.group} names {entry.value!r}, which is no package: {error}"
                raise RecastError(msg) from error
        for folder in self.plugins:
            if (folder / kind).is_dir():
                yield folder / kind

    def names(self, kind: Kind) -> tuple[str, ...]:
        """Return the names of a kind: shipped ones first, then those of plug-ins."""
        return tuple(self._files[kind])

    def file(self, kind: Kind, name: str | Path) -> Traversable:
        """Return the file of a name, or of a path given instead of a name.

        Raises
        ------
        UnknownNameError
            When nothing carries the name; the message lists near matches.
        """
        if is_path(name):
            return Path(name)
        files = self._files[kind]
        if str(name) not in files:
            for other in KINDS:
                if str(name) in self._files[other]:
                    msg = f"{str(name)!r} is a {_SINGULAR[other]}, and a {_SINGULAR[kind]} is asked for here"
                    raise UnknownNameError(msg, kind=_SINGULAR[kind], name=str(name))
            raise unknown(_SINGULAR[kind], name, files, listed_by=f"`recast list {kind}`")
        return files[str(name)]

    def document(self, kind: Kind, name: str | Path) -> Document:
        """Read the YAML file of a name or path.

        Raises
        ------
        UnknownNameError
            When nothing carries the name; the message lists near matches.
        DocumentError
            When the file cannot be read.
        """
        return read_document(self.file(kind, name))

    def model(self, name: str | Path) -> Model:
        """Load a model by name or path; see `recast.model.load_model`."""
        from recast.model import load_model

        return load_model(name, plugins=self.plugins)

    def measurement(self, name: str | Path) -> Measurement:
        """Load a measurement by name or path, with variants; see `recast.measurement.load_measurement`."""
        from recast.measurement import load_measurement

        return load_measurement(str(name), plugins=self.plugins)

    def plot(self, name: str | Path) -> Recipe:
        """Load the recipe of a figure by name or path; see `recast.figures.load_recipe`."""
        from recast.figures import load_recipe

        return load_recipe(name, plugins=self.plugins)

    def selection(self, name: str | Path) -> Selection:
        """Load a selection by name or path; see `recast.events.selection.load_selection`."""
        from recast.events.selection import load_selection

        return load_selection(name, plugins=self.plugins)

    def models(self) -> list[Model]:
        """Load all models."""
        return [self.model(name) for name in self.names("models")]

    def measurements(self) -> list[Measurement]:
        """Load all measurements, each in its default variant."""
        return [self.measurement(name) for name in self.names("measurements")]

    def plots(self) -> list[Recipe]:
        """Load the recipes of all figures."""
        return [self.plot(name) for name in self.names("plots")]

    def selections(self) -> list[Selection]:
        """Load all selections."""
        return [self.selection(name) for name in self.names("selections")]

    def find(self, name: str) -> Model | Measurement | Recipe | Selection:
        """Load whatever carries a name: a model, a measurement (with variants), a figure or a selection.

        Raises
        ------
        UnknownNameError
            When nothing does; the message lists near matches of all kinds.
        """
        plain = _without_variants(name)
        if is_path(plain):
            return self._load(_kind_of(read_document(plain)), name)
        for kind in KINDS:
            if plain in self._files[kind]:
                return self._load(kind, name)
        names = [n for kind in KINDS for n in self.names(kind)]
        raise unknown("model, measurement, figure or selection", plain, names, listed_by="`recast list`")

    def _load(self, kind: Kind, name: str) -> Model | Measurement | Recipe | Selection:
        if kind == "models":
            return self.model(name)
        if kind == "selections":
            return self.selection(name)
        return self.measurement(name) if kind == "measurements" else self.plot(name)

    def observables(self) -> Mapping[str, Any]:
        """Return the observables of plug-ins: classes by the name that stands after ``type:``.

        Those that ship with recast are listed in `recast.observables.OBSERVABLES`.
        """
        return self._classes["observables"]

    def likelihoods(self) -> Mapping[str, Any]:
        """Return the likelihoods of plug-ins: classes by the name that stands after ``type:``."""
        return self._classes["likelihoods"]

    @cached_property
    def _classes(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {kind: {} for kind in _CLASSES}
        for kind in _CLASSES:
            for entry in _entry_points().select(group=f"recast.{kind}"):
                try:
                    value = entry.load()
                except (ImportError, AttributeError) as error:
                    msg = f"entry point {entry.name!r} of {entry.group}: {entry.value!r} cannot be loaded: {error}"
                    raise RecastError(msg) from error
                _add(found[kind], entry.name, value, f"the entry point {entry.value}")
        for folder in self.plugins:
            for file in sorted(folder.glob("*.py")):
                module = _run(file)
                for kind, variable in _CLASSES.items():
                    classes = module.get(variable, {})
                    if not isinstance(classes, Mapping):
                        msg = f"plug-in {file}: {variable} must be a dictionary from names to classes, not {classes!r}"
                        raise RecastError(msg)
                    for name, value in classes.items():
                        _add(found[kind], name, value, str(file))
        return found


def is_path(name: str | Path) -> bool:
    """Return whether something names a file rather than an entry of the catalog.

    Examples
    --------
    >>> is_path("mine.yaml"), is_path("./mine"), is_path("lmu_ltau")
    (True, True, False)
    """
    text = str(name)
    return isinstance(name, Path) or "/" in text or "\\" in text or text.endswith(_SUFFIXES)


def _without_variants(name: str) -> str:
    """Return a name or path without the variants of a measurement, ``:key=value,...``."""
    head, _, tail = name.rpartition(":")
    return head if "=" in tail and head else name


def _kind_of(document: Document) -> Kind:
    """Tell what a file describes from its keys."""
    from recast.model import MODEL_KINDS

    if "observable" in document.data:
        return "measurements"
    if "cuts" in document.data:
        return "selections"
    return "models" if document.data.get("kind") in MODEL_KINDS else "plots"


@cache
def _entry_points() -> Any:
    from importlib.metadata import entry_points

    return entry_points()


def _add(found: dict[str, Any], name: str, value: Any, place: str) -> None:
    if not isinstance(value, type):
        msg = f"the type {name!r} of {place} must be a class, not {value!r}"
        raise RecastError(msg)
    if name in found:
        msg = f"the type {name!r} is defined twice, the second time by {place}: rename one of them"
        raise RecastError(msg)
    found[name] = value


def _run(file: Path) -> dict[str, Any]:
    """Run a Python file of a plug-in folder and return its variables."""
    import runpy

    try:
        return runpy.run_path(str(file))
    except (Exception, SystemExit) as error:
        msg = f"plug-in {file} cannot be run: {type(error).__name__}: {error}"
        raise RecastError(msg) from error
