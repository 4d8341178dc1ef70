"""JSON Schema of the files, for editors that complete keys and underline what is wrong.

The schemas come from the classes that check the files, with what their docstrings say; types of observables and
likelihoods that plug-ins add are among them. They know keys, types and ranges; what depends on several keys, and
whether what is named exists, is left to ``recast check``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema
from pydantic_core import core_schema

from recast.kit.kinds import FileKind
from recast.meanings import meanings, summary

__all__ = ["json_schema"]

# Draft 7: what editors know.
_DRAFT = "http://json-schema.org/draft-07/schema#"

# What pydantic writes of bounds that stand behind a validator.
_BOUNDS = {"gt": "exclusiveMinimum", "ge": "minimum", "lt": "exclusiveMaximum", "le": "maximum"}


class _Described(GenerateJsonSchema):
    """Schemas with descriptions from docstrings."""

    def model_schema(self, schema: core_schema.ModelSchema) -> dict[str, Any]:
        """Return the schema of a class; see pydantic."""
        result = super().model_schema(schema)
        described: type[BaseModel] = schema["cls"]
        words = meanings(described)
        result["description"] = summary(described)
        # Keys that follow from others and cannot be written.
        for name in getattr(described, "derived", ()):
            result["properties"].pop(name, None)
            result["required"] = [key for key in result.get("required", ()) if key != name]
        for name, content in result.get("properties", {}).items():
            if name in words:
                content["description"] = words[name]
        return result


def json_schema(kind: FileKind, *, plugins: Sequence[str | Path] = ()) -> dict[str, Any]:
    """Return the JSON Schema (draft 7) of a kind of file.

    Parameters
    ----------
    kind : {"measurement", "model", "figure", "selection", "scan", "target"}
    plugins : sequence of path
        Folders whose names, observables and likelihoods the schema knows as well.

    Returns
    -------
    dict
        To be written as JSON.
    """
    from recast.catalog import Catalog

    catalog = Catalog(plugins)
    if kind == "measurement":
        schema = _measurement(catalog)
    elif kind == "model":
        from recast.model import ContactModel, U1Model

        schema = _one_of("kind", {"u1": U1Model, "contact": ContactModel})
    elif kind == "figure":
        from recast.figures.recipe import Recipe

        recipes = get_args(get_args(Recipe)[0])
        schema = _one_of("kind", {get_args(found.model_fields["kind"].annotation)[0]: found for found in recipes})
    elif kind == "selection":
        from recast.events.selection import Selection

        schema = _of_classes([Selection])[1]
    elif kind == "scan":
        from recast.scan import ScanSpec

        schema = _of_classes([ScanSpec])[1]
    else:
        from recast.target_file import TargetFile

        schema = _of_classes([TargetFile])[1]
    _tidy(schema)
    _suggest(schema, _names(catalog))
    return {"$schema": _DRAFT, "title": f"recast {kind}", **schema}


def _of_classes(classes: Sequence[type[BaseModel]]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return references to the schemas of classes, and the first of them together with the definitions of all."""
    references, definitions = models_json_schema(
        [(found, "validation") for found in classes], schema_generator=_Described
    )
    listed = [references[found, "validation"] for found in classes]
    return listed, {**listed[0], "$defs": definitions["$defs"]}


def _one_of(key: str, classes: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """Return the schema of a mapping whose class is chosen by one of its keys."""
    references, schema = _of_classes(list(classes.values()))
    return {**_chosen(key, dict(zip(classes, references, strict=True))), "$defs": schema["$defs"]}


def _chosen(key: str, references: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return a schema that leaves a mapping to the one that its key names.

    With conditions instead of alternatives an editor tells what is wrong with the one that is meant.
    """
    return {
        "type": "object",
        "properties": {key: {"enum": list(references)}},
        "required": [key],
        "allOf": [
            {"if": {"properties": {key: {"const": name}}, "required": [key]}, "then": reference}
            for name, reference in references.items()
        ],
    }


def _measurement(catalog: Any) -> dict[str, Any]:
    from recast.likelihoods import LIKELIHOODS
    from recast.measurement import Measurement
    from recast.observables import OBSERVABLES

    sections = {
        "observable": {**OBSERVABLES, **catalog.observables()},
        "likelihood": {**LIKELIHOODS, **catalog.likelihoods()},
    }
    types = {section: {name: _class(found) for name, found in known.items()} for section, known in sections.items()}
    classes: list[type[BaseModel]] = [Measurement, *types["observable"].values(), *types["likelihood"].values()]
    references, schema = _of_classes(classes)
    by_class: dict[type[BaseModel], dict[str, Any]] = dict(zip(classes, references, strict=True))
    main = schema["$defs"][references[0]["$ref"].rpartition("/")[2]]
    for section, known in types.items():
        described = main["properties"][section].get("description", "")
        chosen = _chosen("type", {name: by_class[found] for name, found in known.items()})
        chosen["properties"]["type"]["description"] = "; ".join(f"{n}: {summary(c)}" for n, c in known.items())
        main["properties"][section] = {"description": described, **chosen}
    return schema


def _class(found: Any) -> type[BaseModel]:
    if isinstance(found, str):
        module, _, name = found.partition(":")
        found = getattr(import_module(module), name)
    result: type[BaseModel] = found
    return result


def _tidy(schema: Any) -> None:
    """Turn what pydantic writes into draft 7, with choices by a key instead of bare alternatives, in place."""
    for part in _parts(schema):
        part.pop("title", None) if isinstance(part.get("title"), str) else None
        for bound, keyword in _BOUNDS.items():
            if isinstance(part.get(bound), int | float):
                part[keyword] = part.pop(bound)
        if "prefixItems" in part:
            part["items"] = part.pop("prefixItems")
            part["additionalItems"] = False
        discriminator = part.pop("discriminator", None)
        if discriminator and "oneOf" in part:
            part.pop("oneOf")
            references = {name: {"$ref": place} for name, place in discriminator["mapping"].items()}
            # A choice with a default may be left out, key and all.
            default = part.get("default")
            part |= _chosen(discriminator["propertyName"], references)
            if default is not None:
                part["default"] = default


def _parts(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every mapping of a schema, the inner ones first."""
    if isinstance(schema, dict):
        for value in list(schema.values()):
            yield from _parts(value)
        yield schema
    elif isinstance(schema, list):
        for value in schema:
            yield from _parts(value)


def _names(catalog: Any) -> dict[str, list[str]]:
    """Return the known names by the keys that hold them."""
    from recast.channels import all_channels
    from recast.flux import shipped_fluxes
    from recast.trident.targets import nuclei

    measurements = list(catalog.names("measurements"))
    return {
        "model": list(catalog.names("models")),
        "measurement": measurements,
        "measurements": measurements,
        "combined": measurements,
        "channel": [str(channel) for channel in all_channels()],
        "target": list(nuclei()),
        "flux": list(shipped_fluxes()),
    }


def _suggest(schema: Any, names: Mapping[str, list[str]]) -> None:
    """Offer known names where a text is expected, without forbidding others: variants, formulas, files."""
    for part in _parts(schema):
        properties = part.get("properties")
        if not isinstance(properties, dict):
            continue
        for key, known in names.items():
            content = properties.get(key)
            if not isinstance(content, dict):
                continue
            for place in (content, content.get("items"), *content.get("anyOf", ())):
                if isinstance(place, dict) and place.get("type") == "string" and "pattern" not in place:
                    place.pop("type")
                    place["anyOf"] = [{"enum": known}, {"type": "string"}]
