"""YAML documents: line numbers, merging, and what is said of their faults."""

import math
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from recast.documents import load_document, parse_document, read_document
from recast.errors import DocumentError
from recast.model import AnyModel


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Square(Strict):
    shape: Literal["square"]
    side: float = Field(gt=0)


class Circle(Strict):
    shape: Literal["circle"]
    radius: float


class Item(Strict):
    name: str
    values: tuple[float, ...] = ()


class Drawing(Strict):
    title: str
    figure: Annotated[Square | Circle, Field(discriminator="shape")]
    items: list[Item] = []
    named: dict[str, Item] = {}


GOOD = """\
title: A drawing
figure:
  shape: square
  side: 2
items:
  - name: one
    values: [1, 2e-3]
  - {name: two}
named:
  a: {name: three}
"""


def fault(text: str, schema: Any = Drawing) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parse_document(text, file="a.yaml").validate(schema)
    return caught.value


def test_a_good_document() -> None:
    drawing = parse_document(GOOD, file="a.yaml").validate(Drawing)
    assert drawing.items[0].values == (1.0, 2e-3)
    assert drawing.named["a"].name == "three"


def test_every_value_has_its_line() -> None:
    document = parse_document(GOOD, file="a.yaml")
    assert document.line(("figure", "side")) == 4
    assert document.line(("items", 1, "name")) == 8
    assert document.line(("named", "a")) == 10
    assert document.line(("figure", "colour")) == 2  # of what holds it
    assert document.line(("nowhere",)) == 1


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "message"),
    [
        ("side: 2", "sid: 2", 4, "figure.sid", "unknown key 'figure.sid': did you mean side?"),
        ("side: 2", "side: -2", 4, "figure.side", "figure.side should be greater than 0, not -2"),
        ("side: 2", "side: two", 4, "figure.side", "figure.side should be a valid number"),
        ("shape: square", "shape: squar", 3, "figure.shape", "figure.shape cannot be 'squar': did you mean square?"),
        ("shape: square", "", 2, "figure.shape", "the key 'figure.shape' is missing"),
        ("title: A drawing", "", 1, "title", "the key 'title' is missing"),
        ("title: A drawing", "titel: A drawing", 1, "titel", "unknown key 'titel': did you mean title?"),
        ("{name: two}", "{nam: two}", 8, "items.1.nam", "unknown key 'items.1.nam': did you mean name?"),
        ("{name: three}", "{name: three, more: 1}", 10, "named.a.more", r"unknown key 'named.a.more' \(known here"),
        ("[1, 2e-3]", "[1, x]", 7, "items.0.values.1", "items.0.values.1 should be a valid number"),
        ("{name: three}", "3", 10, "named.a", r"named.a should be a mapping \('key: value'\), not 3"),
    ],
)
def test_a_fault_is_told_with_file_line_and_key(old: str, new: str, line: int, key: str, message: str) -> None:
    error = fault(GOOD.replace(old, new))
    assert (error.file, error.line, error.key) == ("a.yaml", line, key)
    assert str(error).startswith(f"a.yaml, line {line}: ")
    assert "\n" not in str(error)
    with pytest.raises(DocumentError, match=message):
        raise error


def test_further_faults_are_counted() -> None:
    text = GOOD.replace("side: 2", "side: -2").replace("[1, 2e-3]", "[x, y]")
    assert str(fault(text)).endswith("(2 more to mend in this file)")


def test_a_misspelt_key_is_not_counted_as_missing_too() -> None:
    assert "more to mend" not in str(fault(GOOD.replace("side: 2", "sid: 2")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("# nothing", "the file is empty"),
        ("- a\n- b", r"line 1: the file must hold keys and values"),
        ("a: 1\nb: [1,\n", r"line 3: this is not YAML"),
        ("a: 1\nb:\n  c: 1\n  c: 2", r"line 4: the key 'b.c' is given twice \(first in line 3\)"),
        ("0.40: 1\n0.4: 2", r"line 2: the key '0.4' is given twice"),
        ("a: !!python/object:os.system 1", "tags are not read"),
        ("a: \x07", "this is not YAML"),
        ("a: &a [*a]", "a.yaml: a part holds itself"),
        (f"a: {'9' * 5000}", "a.yaml: a value cannot be read"),
    ],
)
def test_what_is_not_a_document(text: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        parse_document(text, file="a.yaml")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"none\.yaml: there is no such file"):
        read_document(tmp_path / "none.yaml")
    with pytest.raises(DocumentError, match="this is a folder"):
        read_document(tmp_path)
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DocumentError, match="not a text file"):
        read_document(str(binary))


def test_a_file_is_read_and_checked_in_one_go(tmp_path: Path) -> None:
    file = tmp_path / "good.yaml"
    file.write_text(GOOD)
    assert load_document(file, Drawing).title == "A drawing"


def test_a_misspelt_key_that_decides_the_kind_is_pointed_to() -> None:
    text = "name: a\ntitle: A\nknd: u1\n"
    with pytest.raises(DocumentError, match=r"the key 'kind' is missing: is 'knd' meant to be it\?"):
        parse_document(text, file="a.yaml").validate(AnyModel)  # type: ignore[arg-type]


def test_what_only_yaml_1_1_takes_for_a_number_or_date_is_text() -> None:
    text = "a: 1:30\nb: 2020-13-45\nc: 010\nd: 0x10\ne: 1_000\nf: .5\ng: -.inf\nh: 2026-01-01"
    data = parse_document(text, file="a.yaml").data
    assert data == {
        "a": "1:30", "b": "2020-13-45", "c": 10.0, "d": "0x10", "e": 1000, "f": 0.5, "g": -math.inf, "h": "2026-01-01"
    }  # fmt: skip


@pytest.mark.parametrize(("text", "value"), [("1e-3", 1e-3), ("-2E+4", -2e4), ("1.5e3", 1500.0), ("2e", "2e")])
def test_numbers_with_an_exponent_are_numbers(text: str, value: float | str) -> None:
    assert parse_document(f"a: {text}", file="a.yaml").data["a"] == value


def test_a_part_is_checked_by_itself() -> None:
    document = parse_document(GOOD.replace("side: 2", "side: 0"), file="a.yaml")
    with pytest.raises(DocumentError, match=r"line 4: figure.side should be greater than 0, not 0") as caught:
        document.validate(Square, place=("figure",))
    assert caught.value.key == "figure.side"


VARIANTS = """\
value: 1
nested:
  a: 1
  b: 2
gone: {x: 1}
list: [1, 2, 3]
choices:
  0.25:
    nested: {b: 3, c: {d: 4}}
    gone: null
    list: [4]
  empty:
"""


def test_merging_keeps_what_is_not_named_and_takes_away_what_is_null() -> None:
    document = parse_document(VARIANTS, file="a.yaml").merged(("choices", 0.25)).without("choices")
    assert document.data == {"value": 1, "nested": {"a": 1, "b": 3, "c": {"d": 4}}, "list": [4]}


def test_merged_values_keep_their_lines() -> None:
    document = parse_document(VARIANTS, file="a.yaml").merged(("choices", "0.25"))
    assert document.line(("nested", "a")) == 3
    assert document.line(("nested", "b")) == 9
    assert document.line(("nested", "c", "d")) == 9
    assert document.line(("list", 0)) == 11


def test_merging_nothing_changes_nothing() -> None:
    document = parse_document(VARIANTS, file="a.yaml")
    assert document.merged(("choices", "empty")).data == document.data


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("abc xyz", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcdef", min_size=1), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abcdef", min_size=1), plain, min_size=1, max_size=4))
def test_what_is_written_is_read(data: dict[str, Any]) -> None:
    document = parse_document(yaml.safe_dump(data), file="a.yaml")
    assert document.data == data


@given(st.dictionaries(st.text("abcdef", min_size=1), plain, min_size=1, max_size=4))
def test_merging_a_document_into_itself_only_drops_nulls(data: dict[str, Any]) -> None:
    def dropped(value: Any) -> Any:
        return {k: dropped(v) for k, v in value.items() if v is not None} if isinstance(value, dict) else value

    document = parse_document(yaml.safe_dump({"patch": data, **data} if "patch" not in data else data), file="a.yaml")
    if isinstance(document.data["patch"], dict):
        merged = document.merged(("patch",))
        for key, value in document.data["patch"].items():
            assert merged.data.get(key) == dropped(value)
