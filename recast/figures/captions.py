"""The words under a figure: what is drawn and how its limits are defined."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recast.figures.regions import LayerRegion

__all__ = ["CAPTION_SIZE", "caption_text", "stated", "tidy_convention", "wrapped"]

CAPTION_SIZE = 9.0
"""Of its letters, in points."""


def caption_text(
    caption: str,
    conventions: Sequence[tuple[str, str]],
    *,
    expected: Sequence[str] = (),
    not_expected: Sequence[str] = (),
) -> str:
    """Return the caption with the conventions of its limits in place of ``{convention}``.

    Parameters
    ----------
    caption : str
        As in the recipe.
    conventions : sequence of (title, convention)
        Of each limit; when they differ, each is followed by the limits that it belongs to.
    expected, not_expected : sequence of str
        Titles of limits whose expected ones are drawn as well, and of those that have none.
    """
    titles: dict[str, list[str]] = {}
    for title, convention in conventions:
        if convention:
            titles.setdefault(tidy_convention(convention), []).append(title)
    stated = [text if len(titles) == 1 else f"{text}: {_listed(of)}" for text, of in titles.items()]
    text = " ".join(caption.split()).replace("{convention}", "; ".join(stated))
    if expected:
        text += f" Thin dashed: expected limits, with the data at the Standard Model prediction ({_listed(expected)})."
    if not_expected:
        text += f" No expected limit for {_listed(not_expected)}: only the observed curve is published."
    return text


def stated(regions: Sequence[LayerRegion]) -> list[tuple[str, str]]:
    """Return titles and conventions of the limits among regions; preferred bands are none."""
    return [(region.layer.title, region.convention) for region in regions if not region.layer.sigmas]


def _listed(titles: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(titles))


def tidy_convention(text: str) -> str:
    """Return a convention as it is printed in a figure, with the signs of mathematics."""
    signs = (("<=", "≤"), (" sigma", "σ"), ("2 delta ln L", r"$2\,\Delta\ln L$"), (" - ", " − "), ("|", "$|$"))
    for plain, sign in signs:
        text = text.replace(plain, sign)
    return text


def wrapped(text: str, width: float) -> list[str]:
    """Break a caption into lines, never inside mathematics.

    Parameters
    ----------
    text : str
        With mathematics between dollar signs.
    width : float
        Inches available to a line.
    """
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=CAPTION_SIZE)

    def extent(words: str) -> float:
        return float(text_to_path.get_text_width_height_descent(words, font, "$" in words)[0]) / 72.0

    def inches(words: str) -> float:
        # Between two letters, since the extent of a word leaves out the bearings at its ends.
        return extent(f"n{words}n") - extent("nn")

    space = inches(" ")
    lines: list[str] = []
    used = 0.0
    for word in re.findall(r"(?:\$[^$]*\$|[^\s$])+", text):
        taken = inches(word)
        if lines and used + space + taken <= width:
            lines[-1] += f" {word}"
            used += space + taken
        else:
            lines.append(word)
            used = taken
    return lines
