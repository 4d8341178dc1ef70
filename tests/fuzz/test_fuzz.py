"""A few of the inputs of `tests.fuzz.run`, and what hypothesis makes up; all of them with ``-m slow``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from recast.documents import parse_document
from recast.errors import RecastError
from tests.fuzz.command_line import CommandLine
from tests.fuzz.run import TARGETS, fuzz
from tests.fuzz.targets import Documents, Hdf5, Tables, Target

# (target, inputs of a default run)
FEW = [(Documents, 120), (Tables, 120), (Hdf5, 80), (CommandLine, 60)]


@pytest.fixture(params=FEW, ids=lambda pair: pair[0].__name__)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Target, int]:
    kind, count = request.param
    return kind(tmp_path), count


def test_broken_inputs_are_taken_or_refused(target: tuple[Target, int]) -> None:
    kind, count = target
    outcomes = [kind.try_(kind.make(seed)) for seed in range(count)]
    assert not all(outcomes)
    assert any(outcomes)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="processes are forked")
@pytest.mark.parametrize("kind", TARGETS)
def test_a_hundred_thousand_inputs(kind: str) -> None:
    report = fuzz(kind, round(100_000 * TARGETS[kind][1]))
    assert report.passed, (str(report), report.bad[:20])


@given(st.text())
def test_any_text_is_a_document_or_refused(text: str) -> None:
    try:
        document = parse_document(text, file="a.yaml")
    except RecastError:
        return
    assert isinstance(document.data, dict)


WORDS = """
name title kind mixing charges axial e mu tau quarks observable type channel target flux likelihood value error upper
lower variants default choices provenance paper place inspire bibtex model measurements parameters mass coupling min max
points scale sampling seed file outputs x y range label unit layers labels colour
"""
KEYS = st.sampled_from(WORDS.split())
NAMES = st.sampled_from(
    ["u1", "contact", "gaussian", "trident_ratio", "lmu_ltau", "ccfr", "log", "sobol", "plane", "Ar40", "numu", "a.csv"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | NAMES
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=12,
)


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """Return a document with something else in one place of it."""
    if isinstance(value, dict) and value and draw(st.integers(0, 4)):
        key = draw(st.sampled_from(sorted(value, key=str)))
        return {**value, key: draw(changed(value[key]))}
    if isinstance(value, list) and value and draw(st.integers(0, 4)):
        here = draw(st.integers(0, len(value) - 1))
        return [*value[:here], draw(changed(value[here])), *value[here + 1 :]]
    return draw(VALUES)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Documents:
    return Documents(tmp_path_factory.mktemp("documents"))


@settings(max_examples=60)
@given(kind=st.sampled_from(["measurement", "model", "figure", "scan", "target", "grid recipe"]), data=st.data())
def test_any_document_is_taken_or_refused(documents: Documents, kind: str, data: st.DataObject) -> None:
    """Good documents with other values, also of other types, in some places."""
    document = yaml.safe_load(data.draw(st.sampled_from(documents.kinds[kind][0])))
    for _ in range(data.draw(st.integers(1, 3))):
        document = data.draw(changed(document))
    documents.try_((kind, yaml.safe_dump(document, allow_unicode=True).encode(errors="replace")))
