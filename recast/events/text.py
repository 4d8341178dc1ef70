"""Rows of text out of arrays, many times faster than one number after the other.

A row is a template: fixed words, words chosen by an index, and numbers. All rows of a block are laid out as a matrix of
bytes in which every field has its largest width; what a field does not fill stays zero and is taken out at the end.

Numbers have 17 significant digits and are rounded correctly, as ``%.16e`` has them: whoever reads them has the same
double again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Choice", "Field", "components", "number_text", "rows_of_text"]

Array = NDArray[np.float64]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Choice:
    """Words of which every row has one.

    Attributes
    ----------
    words : sequence of bytes
    index : ndarray of int, shape (n,)
    """

    words: Sequence[bytes]
    index: NDArray[Any]


Field = bytes | Choice | NDArray[Any]
"""Part of a row: the same bytes in each, a choice, or an array of doubles or integers of shape (n,)."""

_BLOCK = 4096  # rows: what is worked on stays in the cache of a core
_WIDTH = 24  # -d.dddddddddddddddde-eee
_SMALLEST, _LARGEST = -280, 290  # exponents of ten
_TINY = 1e-279
_SPLIT = 2.0**27 + 1.0
_NUL = b"\0"


def rows_of_text(fields: Sequence[Field], n: int) -> Iterator[bytes]:
    """Write rows.

    Parameters
    ----------
    fields : sequence of Field
        What a row consists of, in this order. Numbers are below 1e290.
    n : int
        Rows.

    Yields
    ------
    bytes
        Some thousand rows each.
    """
    widths = [_width(field) for field in fields]
    ends = np.cumsum(widths).tolist()
    places = [slice(end - width, end) for end, width in zip(ends, widths, strict=True)]
    floats = [i for i, field in enumerate(fields) if isinstance(field, np.ndarray) and field.dtype.kind == "f"]
    for start in range(0, n, _BLOCK):
        rows = slice(start, min(start + _BLOCK, n))
        text = np.empty((rows.stop - start, ends[-1]), dtype=np.uint8)
        for field, place in zip(fields, places, strict=True):
            if isinstance(field, bytes):
                text[:, place] = np.frombuffer(field, dtype=np.uint8)
            elif isinstance(field, Choice):
                text[:, place] = _words(field)[field.index[rows]]
            elif field.dtype.kind != "f":
                text[:, place] = _integer_text(field[rows], place.stop - place.start)
        if floats:
            numbers = number_text(np.stack([np.asarray(fields[i])[rows] for i in floats]))
            for i, column in zip(floats, numbers, strict=True):
                text[:, places[i]] = column
        yield text.tobytes().translate(None, _NUL)


def components(momenta: Array) -> list[Field]:
    """Return the fields of four-momenta (E, px, py, pz), shape (n, 4), as formats have them: px, py, pz, E."""
    fields: list[Field] = []
    for column in (1, 2, 3, 0):
        fields += [b" ", momenta[:, column]]
    return fields


def number_text(values: Array) -> Bytes:
    """Write doubles as ``%.16e`` does.

    Parameters
    ----------
    values : ndarray of any shape
        Below 1e290; what is less than 1e-279 becomes zero.

    Returns
    -------
    ndarray of uint8, shape (..., 24)
        Characters; zero where there is none.

    Notes
    -----
    ``m = |x| 10^(16-e)`` needs more digits than a double has. It is made as a sum of two doubles: the product is
    split exactly (T. J. Dekker, Numer. Math. 18 (1971) 224), and powers of ten are sums of two doubles as well.
    """
    shape = values.shape
    values = np.ascontiguousarray(values).ravel()
    size = np.abs(values)
    zero = size < _TINY
    size = np.where(zero, 1.0, size)
    place = np.floor(np.log10(size)).astype(np.intp) - _SMALLEST
    mantissa, wrong = _mantissa(size, place)
    if wrong.any():
        # The logarithm is rounded: next to a power of ten it may be that of the neighbour.
        place += wrong
        mantissa, _ = _mantissa(size, place)
    full = mantissa == 10**17  # rounded up to one digit more
    mantissa[full] = 10**16
    place += full
    mantissa[zero] = 0
    place[zero] = -_SMALLEST
    upper = (mantissa // 10**8).astype(np.uint32)
    lower = (mantissa - upper.astype(np.int64) * 10**8).astype(np.uint32)
    first = upper // np.uint32(10**8)
    upper -= first * np.uint32(10**8)
    fours = np.empty((size.size, 4), dtype=np.uint32)
    for column, eight in ((0, upper), (2, lower)):
        half = eight // np.uint32(10_000)
        fours[:, column] = _four_digits()[half]
        fours[:, column + 1] = _four_digits()[eight - half * np.uint32(10_000)]
    text = np.empty((size.size, _WIDTH), dtype=np.uint8)
    text[:, 0] = np.where(np.signbit(values) & ~zero, ord("-"), 0)
    text[:, 1] = first + ord("0")
    text[:, 2] = ord(".")
    text[:, 3:19] = fours.view(np.uint8)
    text[:, 19:] = _exponents()[place]
    return text.reshape(*shape, _WIDTH)


def _mantissa(size: Array, place: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Return ``size * 10^(16 - e)`` rounded to an integer, where ``place`` belongs to e, and by how much e is wrong."""
    power, power_head, power_tail, rest = (column[place] for column in _powers())
    head, tail = _halves(size)
    product = size * power
    error = ((head * power_head - product) + head * power_tail + tail * power_head) + tail * power_tail
    error += size * rest
    wrong = ((product - 1e17) + error >= 0.0).astype(np.intp) - ((product - 1e16) + error < 0.0)
    # Above 2^53 a double is an integer.
    return product.astype(np.int64) + np.rint(error).astype(np.int64), wrong


def _halves(values: Array) -> tuple[Array, Array]:
    """Split doubles into two of half as many digits."""
    large = _SPLIT * values
    head = large - (large - values)
    return head, values - head


@cache
def _powers() -> tuple[Array, Array, Array, Array]:
    """Return 10^(16 - e) as a double, its halves, and what is missing to the exact value."""
    exact = [Fraction(10) ** (16 - exponent) for exponent in range(_SMALLEST, _LARGEST + 1)]
    power = np.array([float(value) for value in exact])
    rest = np.array([float(value - Fraction(rounded)) for value, rounded in zip(exact, power.tolist(), strict=True)])
    return power, *_halves(power), rest


@cache
def _four_digits() -> NDArray[np.uint32]:
    """Return the characters of 0000 ... 9999, four in an integer."""
    return np.frombuffer(b"".join(b"%04d" % number for number in range(10_000)), dtype=np.uint32)


@cache
def _exponents() -> Bytes:
    words = [b"e%+03d" % exponent for exponent in range(_SMALLEST, _LARGEST + 1)]
    return np.frombuffer(b"".join(word.ljust(5, _NUL) for word in words), dtype=np.uint8).reshape(-1, 5)


def _integer_text(values: NDArray[Any], width: int) -> Bytes:
    """Write integers that are not negative, right-justified."""
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    quotients = values[:, np.newaxis] // powers
    shown = quotients > 0
    shown[:, -1] = True
    return np.where(shown, quotients % 10 + ord("0"), 0).astype(np.uint8)


def _words(choice: Choice) -> Bytes:
    width = max(len(word) for word in choice.words)
    padded = b"".join(word.ljust(width, _NUL) for word in choice.words)
    return np.frombuffer(padded, dtype=np.uint8).reshape(len(choice.words), width)


def _width(field: Field) -> int:
    if isinstance(field, bytes):
        return len(field)
    if isinstance(field, Choice):
        return max(len(word) for word in field.words)
    if field.dtype.kind == "f":
        return _WIDTH
    return len(str(int(field.max(initial=0))))
