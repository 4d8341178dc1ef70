"""The ledger of published numbers: its form, its verdicts, and that nothing fails."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recast.errors import RecastError
from recast.measurement import load_measurement
from recast.published import CALCULATIONS
from recast.validate import Claim, Ledger, Number, as_json, check, load_ledger, validate

SOURCE = {"paper": "1902.06765", "place": "Table II"}
DOCS = Path(__file__).parents[1] / "docs"


def claim(**values: object) -> Claim:
    return Claim.model_validate({"kind": "output", "source": SOURCE, **values})


def test_every_output_of_the_ledger_has_a_calculation_and_no_calculation_is_left_over() -> None:
    outputs = {name for name, entry in load_ledger().entries.items() if entry.kind == "output"}
    assert set(CALCULATIONS) == outputs


def test_papers_are_cited_by_number_or_journal() -> None:
    for paper, title in load_ledger().papers.items():
        assert re.fullmatch(r"\d{4}\.\d{5}|\d{4}\.\d{4}|[A-Z]+ \d+ \(\d{4}\) \d+", paper)
        assert len(title) > 20


def test_inputs_are_not_reported() -> None:
    ids = {entry.id.partition(".")[0] for entry in validate(["vphi_bound", "trident_average"])}
    assert ids == {"vphi_bound", "trident_average"}
    with pytest.raises(RecastError, match="ccfr_ratio"):
        validate(["ccfr_ratio"])


def numbers_in(plain: object) -> Iterator[float]:
    if isinstance(plain, dict):
        for value in plain.values():
            yield from numbers_in(value)
    elif isinstance(plain, list | tuple):
        for value in plain:
            yield from numbers_in(value)
    elif isinstance(plain, int | float) and not isinstance(plain, bool):
        yield float(plain)


INPUTS = {name: entry for name, entry in load_ledger().entries.items() if entry.kind == "input"}


@pytest.mark.parametrize("name", INPUTS)
def test_inputs_stand_in_the_measurements_that_use_them(name: str) -> None:
    entry = INPUTS[name]
    wanted: list[float] = []
    for _, number in entry.numbers(name):
        assert number.published is not None
        errors = number.error if isinstance(number.error, tuple) else (number.error,)
        wanted += [number.published, *(abs(error) for error in errors if error is not None)]
    found: list[float] = []
    for reference in entry.used_in:
        # What was chosen is merged into the document; the choices that were not are of no concern.
        measurement = load_measurement(reference)
        found += numbers_in(measurement.model_dump(exclude={"variants"}))
        curve = getattr(measurement.observable, "limits", None)
        found += [] if curve is None else curve.coupling.tolist()
    for number in wanted:
        assert any(math.isclose(number, one, rel_tol=1e-12) for one in found), (name, number)


def test_an_input_names_the_measurements_that_use_it() -> None:
    assert claim(kind="input", published=1.0, used_in=["ccfr"]).used_in == ("ccfr",)
    for values in ({"kind": "input"}, {"kind": "output", "tolerance": 0.1, "used_in": ["ccfr"]}):
        with pytest.raises(ValidationError, match="used_in"):
            claim(published=1.0, **values)


def test_an_unknown_entry_gets_its_near_matches() -> None:
    with pytest.raises(RecastError, match="vphi_bound"):
        validate(["vphi_bond"])


@given(published=st.floats(1e-6, 1e6), tolerance=st.floats(1e-3, 0.5), fraction=st.floats(-0.99, 0.99))
def test_a_number_passes_inside_its_tolerance_and_fails_outside(
    published: float, tolerance: float, fraction: float
) -> None:
    number = Number(published=published, tolerance=tolerance)
    assert number.accepts(published * (1.0 + fraction * tolerance))
    assert not number.accepts(published * (1.0 + 1.01 * tolerance))
    assert not number.accepts(published * (1.0 - 1.01 * tolerance))


def test_tolerances_are_relative_to_the_magnitude_of_a_negative_number() -> None:
    number = Number(published=-2.0, tolerance=0.1)
    assert number.accepts(-2.1)
    assert not number.accepts(-2.3)
    assert not number.accepts(2.0)


def test_a_range_is_taken_as_it_is_and_reported_as_a_relative_tolerance() -> None:
    number = Number(published=100.0, range=(30.0, 300.0))
    assert number.accepts(31.0)
    assert not number.accepts(29.0)
    assert number.relative_tolerance == pytest.approx(2.0)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_number_that_is_not_finite_fails_and_is_reported_as_none(value: float) -> None:
    (entry,) = check("it", claim(published=1.0, tolerance=0.1), lambda: value)
    assert (entry.verdict, entry.ours) == ("fail", None)


def test_several_numbers_are_split() -> None:
    several = claim(values={"a": {"published": 1.0, "tolerance": 0.1}, "b": {"published": 2.0, "tolerance": 0.1}})
    entries = list(check("it", several, lambda: {"a": 1.05, "b": 3.0}))
    assert [(entry.id, entry.verdict) for entry in entries] == [("it.a", "pass"), ("it.b", "fail")]


def test_a_missing_number_fails() -> None:
    several = claim(values={"a": {"published": 1.0, "tolerance": 0.1}, "b": {"published": 2.0, "tolerance": 0.1}})
    assert [entry.verdict for entry in check("it", several, lambda: {"a": 1.0})] == ["pass", "fail"]
    assert [entry.verdict for entry in check("it", several, None)] == ["fail", "fail"]


def test_an_error_of_a_calculation_is_a_failure_with_its_message() -> None:
    def broken() -> float:
        raise RecastError("the grid is gone")

    (entry,) = check("it", claim(published=1.0, tolerance=0.1), broken)
    assert (entry.verdict, entry.reason) == ("fail", "the grid is gone")


def test_an_explained_number_fails_once_it_moves() -> None:
    one = claim(
        published=1.0,
        tolerance=0.1,
        explained={"ours": 2.0, "tolerance": 0.05, "reason": "findings.md#some-paragraph"},
    )
    verdicts = [next(iter(check("it", one, lambda value=value: value))).verdict for value in (1.0, 2.0, 2.2)]
    assert verdicts == ["pass", "explained", "fail"]


def test_what_comes_later_is_not_yet() -> None:
    (entry,) = check("it", claim(kind="later", published=1.0), None)
    assert (entry.verdict, entry.ours, entry.published) == ("not_yet", None, 1.0)


@pytest.mark.parametrize(
    "values",
    [
        {"published": 1.0},
        {"published": 1.0, "tolerance": 0.1, "range": [0.0, 2.0]},
        {"published": 1.0, "tolerance": 0.1, "values": {"a": {"published": 1.0, "tolerance": 0.1}}},
        {"published": 1.0, "tolerance": -0.1},
        {"published": 1.0, "tolerance": 0.1, "explained": {"ours": 2.0, "tolerance": 0.1, "reason": "because"}},
        {"published": 1.0, "tolerance": 0.1, "tolerence": 0.1},
    ],
)
def test_a_malformed_claim_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        claim(**values)


def test_a_ledger_must_know_the_papers_that_it_cites() -> None:
    with pytest.raises(ValidationError, match="not among the papers"):
        Ledger.model_validate({"schema": 1, "papers": {}, "entries": {"it": claim(published=1.0, tolerance=0.1)}})


def test_reasons_are_paragraphs_of_the_documentation() -> None:
    for entry in load_ledger().entries.values():
        for _, number in entry.numbers(""):
            if number.explained is not None:
                file, _, anchor = number.explained.reason.partition("#")
                headings = re.findall(r"^#+ (.*)$", (DOCS / file).read_text(encoding="utf-8"), flags=re.MULTILINE)
                assert anchor in {re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in headings}


def test_nothing_in_the_ledger_fails() -> None:
    entries = validate()
    assert not [(entry.id, entry.published, entry.ours, entry.reason) for entry in entries if entry.verdict == "fail"]
    verdicts = {entry.verdict for entry in entries}
    assert verdicts == {"pass", "explained", "not_yet"}
    for row in as_json(entries)["entries"]:
        assert set(row) == {"id", "published", "ours", "tolerance", "verdict"}
