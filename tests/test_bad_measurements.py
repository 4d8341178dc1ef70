"""Measurement files that are wrong: one sentence each, naming the file, the line and the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from recast.catalog import Catalog
from recast.errors import DocumentError, RecastError
from recast.measurement import load_measurement

HEAD = """\
name: mine
title: "Mine"
observable:
  type: magnetic_moment
  lepton: mu
"""
TAIL = """\
provenance:
  value:
    paper: "He, Joshi, Lew, Volkas"
    place: "Eq. 1"
    inspire: "He:1991qd"
    bibtex: "@article{He:1991qd, year = 1991}"
"""
CORRELATED = """\
likelihood:
  type: correlated_gaussian
  names: [a, b]
  values: [1.0, 2.0]
  errors: [0.1, 0.2]
  correlations: [[1.0, {rho}], [{rho}, 1.0]]
"""


def written(folder: Path, likelihood: str) -> Path:
    file = folder / "mine.yaml"
    file.write_text(HEAD + likelihood + TAIL, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("likelihood", "line", "message"),
    [
        ("likelihood: {type: gausian, value: 1.0, error: 0.1}\n", 6, "type: .*'gausian'.*did you mean gaussian"),
        ("likelihood: {type: gaussian, value: 1.0, error: -0.1}\n", 6, "likelihood.error should be greater than 0"),
        ("likelihood: {type: gaussian, value: 1.0, error: 0}\n", 6, "likelihood.error should be greater than 0"),
        (
            "likelihood: {type: asymmetric_gaussian, value: 1.0, upper: 0.1, lower: -0.2}\n",
            6,
            "likelihood.lower should be greater than 0",
        ),
        ("likelihood: {type: interval, low: 2.0, high: 1.0}\n", 6, "likelihood: low must be below high, not 2 and 1"),
        ("likelihood: {type: limit_curve, confidence_level: 95}\n", 6, "confidence_level should be less than 1"),
        (
            "likelihood: {type: poisson_count, observed: 3, background: 1, background_error: -1}\n",
            6,
            "likelihood.background_error should be greater than or equal to 0",
        ),
        (CORRELATED.format(rho=1.2), 6, "likelihood: correlations must be positive definite; the smallest eigenvalue"),
        (CORRELATED.format(rho=0.1).replace("0.2]", "-0.2]"), 10, "likelihood.errors.1 should be greater than 0"),
        (CORRELATED.format(rho=0.1).replace("[a, b]", "[a, b, c]"), 6, "likelihood: values must have 3 entries"),
    ],
)
def test_a_bad_likelihood_is_one_sentence(tmp_path: Path, likelihood: str, line: int, message: str) -> None:
    file = written(tmp_path, likelihood)
    with pytest.raises(DocumentError, match=message) as caught:
        load_measurement(file)
    text = str(caught.value)
    assert text.startswith(f"{file}, line {line}")
    assert "\n" not in text


def test_theory_errors_need_a_single_number(tmp_path: Path) -> None:
    errors = "theory_errors:\n  loops: {part: all, relative: 0.1}\n"
    file = written(tmp_path, CORRELATED.format(rho=0.1) + errors)
    with pytest.raises(DocumentError, match="theory_errors belong to measurements of one number"):
        load_measurement(file)


def test_two_measurements_of_one_name_are_refused(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        (folder / "measurements").mkdir(parents=True)
        written(folder / "measurements", "likelihood: {type: gaussian, value: 1.0, error: 0.1}\n")
    with pytest.raises(RecastError, match="measurement 'mine' stands in .* and in .*: rename one of them"):
        Catalog(folders).names("measurements")
    assert "mine" in Catalog(folders[:1]).names("measurements")
