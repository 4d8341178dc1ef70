"""Numbers as text: the same characters as the C library writes."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recast.events.text import Choice, number_text, rows_of_text


def words(values: list[float]) -> list[str]:
    return [row[row != 0].tobytes().decode() for row in number_text(np.array(values))]


@given(st.lists(st.floats(-1e290, 1e290), min_size=1, max_size=50))
def test_numbers_are_those_of_printf(values: list[float]) -> None:
    for value, word in zip(values, words(values), strict=True):
        expected = f"{value:.16e}" if abs(value) >= 1e-279 else f"{0:.16e}"
        assert word == expected


def test_powers_of_ten_and_their_neighbours() -> None:
    powers = np.array([float(f"1e{exponent}") for exponent in range(-278, 290)])
    values = np.concatenate([powers, np.nextafter(powers, 0.0), -np.nextafter(powers, np.inf)]).tolist()
    assert words(values) == [f"{value:.16e}" for value in values]


def test_rows() -> None:
    fields = [
        b"P ",
        np.array([0, 7, 12345]),
        b" ",
        Choice([b"a", b"long"], np.array([0, 1, 1], dtype=np.int8)),
        b"|",
        np.array([1.5, -0.1, 0.0]),
        b"\n",
    ]
    text = b"".join(rows_of_text(fields, 3)).decode()
    assert text.splitlines() == [
        "P 0 a|1.5000000000000000e+00",
        "P 7 long|-1.0000000000000001e-01",
        "P 12345 long|0.0000000000000000e+00",
    ]


def test_more_rows_than_a_block() -> None:
    numbers = np.arange(10_000)
    text = b"".join(rows_of_text([numbers, b" ", np.sqrt(numbers), b"\n"], numbers.size)).decode()
    read = np.array([line.split() for line in text.splitlines()], dtype=float)
    np.testing.assert_array_equal(read, np.stack([numbers, np.sqrt(numbers)], axis=1))


def test_no_rows() -> None:
    assert list(rows_of_text([b"x", np.array([], dtype=float), np.array([], dtype=int)], 0)) == []
