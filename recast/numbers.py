"""Numbers in data files: finite, and not true or false, which would pass for 1 or 0."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

__all__ = ["Count", "Finite", "NonNegative", "Positive", "fraction", "not_a_boolean"]

# Likelihoods square what is given, relative to errors that may be as small.
_SMALLEST, _LARGEST = 1e-20, 1e20


def not_a_boolean(value: Any) -> Any:
    """Refuse true and false where a number belongs.

    Raises
    ------
    ValueError
        As pydantic wants it.
    """
    if isinstance(value, bool):
        msg = f"this should be a number, not {str(value).lower()}"
        raise ValueError(msg)  # pydantic wants ValueError
    return value


def fraction(value: Any) -> Any:
    """Return the number that a text such as ``-1/3`` means; anything else as it is.

    Examples
    --------
    >>> fraction("-3/2"), fraction(2), fraction("two")
    (-1.5, 2, 'two')
    """
    match = re.fullmatch(r"\s*([-+]?\d{1,6})\s*/\s*(\d{1,6})\s*", value) if isinstance(value, str) else None
    return int(match[1]) / int(match[2]) if match and int(match[2]) else value


def _in_range(value: float) -> float:
    if abs(value) > _LARGEST:
        msg = f"this should be a number up to {_LARGEST:g}, not {value:g}"
        raise ValueError(msg)
    return value


def _not_tiny(value: float) -> float:
    if value < _SMALLEST:
        msg = f"this should be at least {_SMALLEST:g}, not {value:g}"
        raise ValueError(msg)
    return value


Finite = Annotated[float, BeforeValidator(not_a_boolean), Field(allow_inf_nan=False), AfterValidator(_in_range)]
NonNegative = Annotated[Finite, Field(ge=0.0)]
Positive = Annotated[Finite, Field(gt=0.0), AfterValidator(_not_tiny)]
Count = Annotated[int, BeforeValidator(not_a_boolean)]
