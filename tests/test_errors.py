"""Messages of errors."""

import pytest

from recast.errors import (
    ConvergenceError,
    DocumentError,
    FluxError,
    GridError,
    NotApplicableError,
    OutOfRangeError,
    OutputExistsError,
    RecastError,
    UnknownNameError,
    near_matches,
    unknown,
)


@pytest.mark.parametrize(
    "error",
    [
        ConvergenceError,
        DocumentError,
        FluxError,
        GridError,
        NotApplicableError,
        OutOfRangeError,
        OutputExistsError,
        UnknownNameError,
    ],
)
def test_every_error_can_be_caught_as_one(error: type[Exception]) -> None:
    assert issubclass(error, RecastError)


def test_an_unknown_name_comes_with_the_near_matches() -> None:
    error = unknown("model", "lmu_ltu", ["le_lmu", "lmu_ltau", "contact"])
    assert str(error) == "unknown model 'lmu_ltu': did you mean lmu_ltau? (known: le_lmu, lmu_ltau, contact)"
    assert (error.kind, error.name, error.near) == ("model", "lmu_ltu", ("lmu_ltau",))


def test_an_unknown_name_without_near_matches_lists_what_there_is() -> None:
    assert str(unknown("target", "xyz", ["Ar40", "Fe56"])) == "unknown target 'xyz' (known: Ar40, Fe56)"


def test_a_long_list_is_cut() -> None:
    message = str(unknown("thing", "?", [f"name{i}" for i in range(100)]))
    assert "100 are known" in message
    assert len(message) < 250


def test_with_nothing_known_only_the_name_is_told() -> None:
    assert str(unknown("flux", "mine", [])) == "unknown flux 'mine'"


@pytest.mark.parametrize(
    ("name", "near"),
    [("ar40", ("Ar40",)), ("CCFR", ("ccfr",)), ("charm2", ("charm_ii",)), ("qqq", ())],
)
def test_near_matches(name: str, near: tuple[str, ...]) -> None:
    assert near_matches(name, ["Ar40", "ccfr", "charm_ii", "nutev"]) == near


def test_a_document_error_names_file_line_and_key() -> None:
    error = DocumentError("the key 'charges.mu' is missing", file="mine.yaml", line=4, key="charges.mu")
    assert str(error) == "mine.yaml, line 4: the key 'charges.mu' is missing"
    assert (error.file, error.line, error.key) == ("mine.yaml", 4, "charges.mu")
    assert str(DocumentError("it is empty", file="mine.yaml")) == "mine.yaml: it is empty"
