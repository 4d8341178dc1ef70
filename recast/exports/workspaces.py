"""Counting measurements to pyhf's JSON and from it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recast.errors import DocumentError, NotApplicableError, RecastError
from recast.exports.origin import Origin

if TYPE_CHECKING:
    from recast.catalog import Catalog
    from recast.measurement import Measurement
    from recast.provenance import Source

__all__ = ["measurement_text", "nominal_signal", "origin_path", "read_workspace", "source_of", "workspace_of"]

_LARGEST = 2**23


def origin_path(output: str | Path) -> Path:
    """Return the file that says what made a workspace, whose own format has no place for it."""
    return Path(output).with_suffix(".origin.json")


def workspace_of(measurement: Measurement) -> tuple[dict[str, Any], float]:
    """Return the pyhf workspace of a measurement, and the signal events at ``mu = 1``.

    Raises
    ------
    NotApplicableError
        When its likelihood is no counting model.
    """
    from recast.counting_model import counting_model

    model = counting_model(measurement.likelihood)
    if model is None:
        kind = type(measurement.likelihood).model_fields["type"].default
        msg = f"measurement '{measurement.label}' is no counting model: its likelihood is of type {kind}"
        raise NotApplicableError(msg)
    own: dict[str, Any] | None = getattr(measurement.likelihood, "workspace", None)
    if own is not None:
        return own, model.unit
    name = measurement.name
    channels = [{**channel, "name": name} for channel in model.channels]
    config = {"poi": model.poi, "parameters": model.parameters}
    (counts,) = model.observed.values()
    workspace = {
        "channels": channels,
        "observations": [{"name": name, "data": counts}],
        "measurements": [{"name": name, "config": config}],
        "version": "1.0.0",
    }
    return workspace, model.unit


def read_workspace(path: str | Path) -> dict[str, Any]:
    """Read a workspace.

    Raises
    ------
    DocumentError
        When the file is missing, is not JSON or holds no workspace; that of a patch set says what to do.
    """
    from recast.text_file import read_text

    file = str(path)
    try:
        workspace = json.loads(read_text(Path(path), what="workspace", largest=_LARGEST))
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"this is not JSON: {error}", file=file) from error
    if isinstance(workspace, dict) and "patches" in workspace:
        message = "this is a patch set: take one, with 'pyhf patchset apply BACKGROUND.json FILE --name NAME'"
        raise DocumentError(message, file=file)
    wanted = ("channels", "observations", "measurements", "version")
    missing = [key for key in wanted if not isinstance(workspace, dict) or not workspace.get(key)]
    if missing:
        message = f"a pyhf workspace has {', '.join(wanted[:-1])} and {wanted[-1]}: {missing[0]} is missing"
        raise DocumentError(message, file=file, key=missing[0])
    return dict(workspace)


def nominal_signal(workspace: dict[str, Any], *, file: str | Path = "the workspace") -> float:
    """Return the events that the parameter of interest adds in all channels as it goes from zero to one.

    Parameters
    ----------
    workspace : dict
    file : path
        Name for messages.

    Raises
    ------
    RecastError
        When pyhf refuses the workspace, or its parameter of interest scales no signal.
    """
    from recast.likelihoods import PyhfWorkspace

    model = PyhfWorkspace(workspace=workspace, signal=1.0).model
    poi = model.config.poi_index
    if poi is None:
        msg = f"{file}: the workspace has no parameter of interest (measurements: config: poi), which scales the signal"
        raise RecastError(msg)
    nominal = list(model.config.suggested_init())
    none, one = (
        float(np.sum(model.expected_actualdata([*nominal[:poi], mu, *nominal[poi + 1 :]]))) for mu in (0.0, 1.0)
    )
    if not one > none:
        msg = f"{file}: the parameter of interest {model.config.poi_name!r} adds no events: it must scale the signal"
        raise RecastError(msg)
    return float(f"{one - none:.12g}")


def measurement_text(
    path: str | Path,
    name: str,
    *,
    like: str,
    catalog: Catalog,
    folder: str | Path = ".",
    title: str | None = None,
    signal: float | None = None,
    source: Source | None = None,
) -> str:
    """Return the YAML of a measurement whose likelihood is a workspace.

    Parameters
    ----------
    path : path
        The workspace, JSON.
    name : str
        Of the measurement.
    like : str
        Measurement of counted events, with variants, whose observable and theory errors are taken: what a workspace
        does not say is how a model makes events.
    catalog : Catalog
        Where it is looked up.
    folder : path
        Of the YAML file; the workspace is named relative to it.
    title : str, optional
    signal : float, optional
        Events of the observable for which the parameter of interest is one; what the workspace itself counts when
        absent.
    source : Source, optional
        Of the workspace.

    Raises
    ------
    RecastError
        When the workspace is none, the other measurement predicts no events, or the name cannot be one.
    """
    import yaml

    from recast.counting_model import counting_model
    from recast.variants import apply_variants, split_reference

    if not re.fullmatch(r"[a-z0-9_]+", name):
        msg = f"the name of a measurement is that of its file, of small letters, digits and underscores, not {name!r}"
        raise RecastError(msg)
    workspace, file = read_workspace(path), Path(path).name
    counted = nominal_signal(workspace, file=path)
    other = catalog.measurement(like)
    if counting_model(other.likelihood) is None:
        msg = f"measurement '{other.label}' predicts no number of events: name one that does, such as dune_nd_counts"
        raise RecastError(msg)
    plain, chosen = split_reference(like)
    document, _ = apply_variants(catalog.document("measurements", plain), chosen)
    provenance = {key: value.model_dump(exclude_none=True) for key, value in other.provenance.items()}
    if source is not None:
        provenance = {**provenance, "workspace": source.model_dump(exclude_none=True)}
    content: dict[str, Any] = {
        "name": name,
        "title": title or f"{other.title}, likelihood of {file}",
        "observable": document.data["observable"],
        "likelihood": {
            "type": "pyhf_workspace",
            "workspace": Path(os.path.relpath(Path(path).resolve(), Path(folder).resolve())).as_posix(),
            "signal": counted if signal is None else signal,
        },
        **({"theory_errors": document.data["theory_errors"]} if "theory_errors" in document.data else {}),
        "notes": [
            f"What is predicted, and its theory errors, are those of {other.label}; the likelihood is {file}.",
            *([] if source else [f"Where {file} comes from is not stated: add it to the provenance."]),
        ],
        "provenance": provenance,
    }
    head = "".join(f"# {line}\n" for line in Origin.now(citations=other.citations, grids=False).lines())

    class Dumper(yaml.SafeDumper):
        pass

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return head + yaml.dump(content, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110)


def source_of(bibtex: str | Path, place: str) -> Source:
    """Return the source that a BibTeX file with one entry describes.

    Parameters
    ----------
    bibtex : path
    place : str
        Where in the paper.

    Raises
    ------
    DocumentError
        When the file does not hold one entry with a key like those of INSPIRE.
    """
    from recast.exports.citing import entries_in, source_of_entry
    from recast.text_file import read_text

    file = Path(bibtex)
    entries = entries_in(read_text(file, what="BibTeX file"))
    if len(entries) != 1:
        message = f"there must be one BibTeX entry, '@article{{key, ...}}', not {len(entries)}"
        raise DocumentError(message, file=file)
    try:
        return source_of_entry(*entries.values(), place=place)
    except RecastError as error:
        raise DocumentError(str(error), file=file) from error
