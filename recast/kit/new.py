"""Skeletons of measurements, models, figures and observables, each with its test, that work as they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Literal

from recast.errors import OutputExistsError, RecastError
from recast.kit.check import MARK

if TYPE_CHECKING:
    from recast.catalog import Catalog

__all__ = ["EXAMPLE", "Made", "NewKind", "marked", "new"]

NewKind = Literal["measurement", "model", "figure", "observable"]

_FOLDERS: dict[NewKind, Literal["measurements", "models", "plots"]] = {
    "measurement": "measurements",
    "model": "models",
    "figure": "plots",
    "observable": "measurements",
}
_OPTIONS: dict[NewKind, tuple[str, ...]] = {
    "measurement": ("value", "error", "target", "channel", "energy", "flux", "like"),
    "model": ("charges", "axial", "quarks", "mixing", "epsilon"),
    "figure": ("model", "measurements"),
    "observable": (),
}
_WRITTEN = {"charges": "--charge", "measurements": "--measurement"}

EXAMPLE: dict[str, Any] = {"value": 1.1, "error": 0.2, "target": "Pb208", "channel": "numu_numu_mu-mu+", "energy": 50}
"""The measurement of the guide: what a skeleton says where no option does."""


@dataclass(frozen=True)
class Made:
    """What was written.

    Attributes
    ----------
    files : dict of str to str
        What each file is, by its path.
    next_steps : tuple of str
        Commands to go on with.
    """

    files: Mapping[str, str]
    next_steps: tuple[str, ...]


class _Skeleton(Template):
    delimiter = "@@"


def new(
    kind: NewKind,
    name: str,
    *,
    folder: str | Path = "my_folder",
    title: str | None = None,
    plugins: Sequence[str | Path] = (),
    force: bool = False,
    **options: Any,
) -> Made:
    """Write a skeleton and its test into a plug-in folder.

    Parameters
    ----------
    kind : {"measurement", "model", "figure", "observable"}
    name : str
        Small letters, digits and underscores.
    folder : path
        Made when it is missing.
    title : str, optional
        From the name when absent.
    plugins : sequence of path
        Folders in which names that the options give are looked up, besides ``folder``.
    force : bool
        Replace files that exist.
    **options
        Of a measurement: ``value``, ``error``, ``target``, ``channel``, ``energy`` (GeV) or ``flux``, or ``like``, a
        measurement whose observable and likelihood are taken. Of a model: ``charges``, ``axial``, ``quarks``,
        ``mixing``, ``epsilon``, as of `recast.model.u1_model`. Of a figure: ``model`` and ``measurements``.

    Returns
    -------
    Made

    Raises
    ------
    OutputExistsError
        When a file exists and ``force`` is not given.
    RecastError
        For a name or an option that does not fit; nothing is written then.
    """
    from recast.kit import skeletons

    folder = Path(folder)
    _check_name(name)
    for option in options:
        if option not in _OPTIONS[kind]:
            raise RecastError(f"{_option(option)} is no option of a new {kind}")
    if title is not None and (not title.strip() or re.search(r'["\\{}\n]', title)):
        raise RecastError(f"the title {title!r} must be one line without quotation marks, braces and backslashes")
    catalog = _catalog(folder, plugins)
    _check_free(kind, name, folder, catalog, force=force)
    words = {
        "name": name,
        "title": title or name.replace("_", " ").capitalize(),
        "key": _citation_key(name),
        "folder": str(folder),
        "class_name": "".join(part.capitalize() for part in name.split("_")),
    }
    texts, next_steps = getattr(skeletons, kind)(words, options, folder=folder, catalog=catalog)
    paths = {folder / path: (what, _filled(template, words)) for path, (what, template) in texts.items()}
    for path in paths:
        if path.exists() and not force:
            raise OutputExistsError(f"{path} exists already: choose another name, or --force to replace it")
    for path, (_, text) in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Made({str(path): what for path, (what, _) in paths.items()}, next_steps)


def _filled(template: str, words: Mapping[str, str]) -> str:
    from importlib import resources

    text = resources.files("recast.kit").joinpath("templates").joinpath(template).read_text(encoding="utf-8")
    return _Skeleton(text).substitute(words, name_example=f"{words['name']}_example")


def _check_name(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        plain = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")
        hint = f", such as {plain}" if re.fullmatch(r"[a-z][a-z0-9_]*", plain) else ""
        raise RecastError(f"the name {name!r} must be of small letters, digits and underscores{hint}")


def _option(name: str) -> str:
    return _WRITTEN.get(name, f"--{name}")


def _catalog(folder: Path, plugins: Sequence[str | Path]) -> Catalog:
    """Return the catalog with the folder that is written into, once there is something in it."""
    from recast.catalog import KINDS, Catalog

    own = [folder] if any((folder / kind).is_dir() for kind in KINDS) else []
    return Catalog([*plugins, *own])


def _check_free(kind: NewKind, name: str, folder: Path, catalog: Catalog, *, force: bool) -> None:
    """Make sure that nothing else carries the name."""
    if kind == "observable":
        from recast.observables import OBSERVABLES

        if name in OBSERVABLES:
            raise RecastError(f"there is an observable of the type {name!r} already: choose another name")
        name = f"{name}_example"
    place = _FOLDERS[kind]
    if name in catalog.names(place):
        file = Path(str(catalog.file(place, name)))
        if file.resolve() != (folder / place / f"{name}.yaml").resolve():
            raise RecastError(f"there is a {kind} of the name {name!r} already, in {file}: choose another name")
        if not force:
            raise OutputExistsError(f"{file} exists already: choose another name, or --force to replace it")


def _citation_key(name: str) -> str:
    """Return a key in the form of INSPIRE's for what is not published."""
    letters = "".join(part.capitalize() for part in name.split("_"))
    return f"{letters}:{datetime.now(UTC).year}aa"


def marked(text: str, *, given: bool) -> str:
    """Return a comment that asks for a replacement, or nothing where an option gave the value."""
    return "" if given else f"    # {MARK}: {text}"

