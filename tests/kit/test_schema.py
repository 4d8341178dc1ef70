"""JSON Schemas: what is right passes, what recast refuses for a key or a type fails."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from recast.catalog import Catalog
from recast.cli import main
from recast.documents import read_document
from recast.kit import json_schema
from recast.kit.kinds import FILE_KINDS

PLACES: dict[Any, Any] = {
    "measurement": "measurements",
    "model": "models",
    "figure": "plots",
    "selection": "selections",
}
NAMES: dict[Any, Any] = {
    "measurement": "ccfr",
    "model": "le_lmu",
    "figure": "altmannshofer2014_fig2",
    "selection": "dune_nd_dimuon_1807_10973",
}


def validator(kind: Any) -> Any:
    schema = json_schema(kind)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def content(path: Any) -> Any:
    """Return a file as an editor sees it: keys are text."""
    return json.loads(json.dumps(read_document(path).data))


@pytest.mark.parametrize("kind", PLACES)
def test_everything_that_ships_is_valid(kind: Any) -> None:
    catalog, schema = Catalog(), validator(kind)
    for name in catalog.names(PLACES[kind]):
        faults = [error.message for error in schema.iter_errors(content(catalog.file(PLACES[kind], name)))]
        assert faults == [], name


@pytest.mark.parametrize("kind", PLACES)
def test_no_unknown_key_passes_at_any_place(kind: Any) -> None:
    catalog, schema = Catalog(), validator(kind)
    document = content(catalog.file(PLACES[kind], NAMES[kind]))
    document.pop("variants", None)  # patches may hold anything

    def mappings(value: Any) -> Any:
        if isinstance(value, dict):
            yield value
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from mappings(inner)

    free = (document.get("provenance"),) if kind != "figure" else ()  # of roles that have any name
    for mapping in list(mappings(document)):
        if not any(mapping is one for one in free):
            mapping["no_such_key"] = 1
            assert not schema.is_valid(document), mapping
            del mapping["no_such_key"]
    assert schema.is_valid(document)


def test_scans_and_targets() -> None:
    scan, target = validator("scan"), validator("target")
    parameters = {"mass": 0.1, "coupling": [1e-3]}
    good: dict[str, Any] = {"model": "lmu_ltau", "measurements": ["ccfr"], "parameters": parameters}
    assert scan.is_valid(good)
    assert scan.is_valid(good | {"sampling": {"kind": "sobol", "points": 8}})
    assert not scan.is_valid(good | {"sampling": {"kind": "sobl", "points": 8}})
    assert not scan.is_valid(good | {"model": 3})
    assert target.is_valid({"name": "glass", "atoms": {"Si28": 1, "O16": 2}})
    assert not target.is_valid({"name": "glass", "atoms": {"Si28": 0}})


def test_keys_are_described_with_their_units() -> None:
    beam = json_schema("measurement")["$defs"]["Beam"]["properties"]
    assert "GeV" in beam["energy"]["description"]
    assert "numu_numu_mu-mu+" in beam["channel"]["anyOf"][0]["enum"]
    assert "ccfr_numu" in json.dumps(beam["flux"])


def test_the_message_names_what_is_wrong_with_the_type_that_is_meant() -> None:
    document = content(Catalog().file("measurements", "ccfr"))
    document["observable"]["beams"][0]["energi"] = 3
    (error,) = validator("measurement").iter_errors(document)
    assert list(error.absolute_path) == ["observable", "beams", 0]
    assert "energi" in error.message


def test_the_command(tmp_path: Path) -> None:
    run = CliRunner().invoke(main, ["schema", "-o", str(tmp_path / "schemas")])
    assert run.exit_code == 0, run.output
    for kind in FILE_KINDS:
        schema = json.loads((tmp_path / "schemas" / f"{kind}.schema.json").read_text())
        assert schema["title"] == f"recast {kind}"
    assert CliRunner().invoke(main, ["schema", "-o", str(tmp_path / "schemas")]).exit_code == 2
    assert json.loads(CliRunner().invoke(main, ["schema", "model"]).output) == json_schema("model")
    run = CliRunner().invoke(main, ["schema"])
    assert run.exit_code == 2
    assert "-o schemas" in run.output
