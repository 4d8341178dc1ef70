"""What every figure is drawn with: the look, the axes, labels on curves and regions, the caption.

Only Matplotlib's object interface is used, so nothing here needs a display or touches global state for
longer than a call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recast.figures.captions import CAPTION_SIZE, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import PathPatch

    from recast.figures.layers import Axis, Label, Layer

__all__ = [
    "COLOURS",
    "EXPECTED_STYLE",
    "HATCHES",
    "LINES",
    "canvas",
    "fill_styles",
    "line_style",
    "pale",
    "patch",
    "place_labels",
    "set_axes",
    "styled",
    "styled_figure",
]

# Okabe and Ito's palette, told apart with any colour vision; wine is darker, for the favoured bands.
COLOURS = {
    "black": "#000000",
    "grey": "#7f7f7f",
    "blue": "#0072b2",
    "sky": "#56b4e9",
    "green": "#009e73",
    "orange": "#e69f00",
    "vermillion": "#d55e00",
    "purple": "#aa4499",
    "wine": "#882255",
}
LINES: dict[str, str | tuple[float, tuple[float, ...]]] = {
    "solid": "solid",
    "dashed": (0.0, (5.0, 2.0)),
    "dotted": (0.0, (1.0, 1.6)),
    "dashdot": (0.0, (5.0, 1.8, 1.2, 1.8)),
    "dashdotdot": (0.0, (7.0, 1.8, 1.2, 1.8, 1.2, 1.8)),
}
HATCHES = {
    "rising": "////",
    "falling": "\\\\\\\\",
    "crossed": "xxx",
    "dots": "...",
    "horizontal": "---",
    "vertical": "|||",
}
# Expected limits lie beside the observed ones, in their colour.
EXPECTED_STYLE: dict[str, Any] = {"linestyle": (0.0, (3.0, 2.0)), "linewidth": 0.8, "zorder": 2.7}

_LEFT, _RIGHT, _TOP, _GAP = 0.85, 0.2, 0.2, 0.36  # inches around and between the panels
_TITLE, _XLABEL, _CAPTION_LINE = 0.22, 0.62, 0.155


@contextmanager
def styled() -> Iterator[None]:
    """Use the package's style inside the block, whatever the user's settings are, and put those back."""
    import matplotlib as mpl

    style = Path(__file__).with_name("recast.mplstyle")
    with mpl.rc_context():
        mpl.rc_file(style)
        yield


def styled_figure(size: tuple[float, float]) -> Figure:
    """Return a figure that looks the same whoever saves it, whatever their settings are.

    Matplotlib reads some settings, such as the fonts of mathematics, only when a figure is written.

    Parameters
    ----------
    size : (width, height)
        Inches.
    """
    from matplotlib.figure import Figure

    class StyledFigure(Figure):
        def savefig(self, *args: Any, **kwargs: Any) -> None:
            with styled():
                super().savefig(*args, **kwargs)

    return StyledFigure(figsize=size)


def canvas(
    caption: str,
    *,
    size: tuple[float, float],
    rows: int = 1,
    columns: int = 1,
    titles: bool = False,
    share: bool = False,
) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels and its caption under the axes.

    Parameters
    ----------
    caption : str
        Broken into lines to the width of the figure.
    size : (width, height)
        Inches, without the lines of the caption, which are added below.
    rows, columns : int
        Of panels.
    titles : bool
        Leave room for a title above each panel.
    share : bool
        Panels share their axes: only the outer ones carry numbers.

    Returns
    -------
    Figure, list of Axes
        Panels row by row.
    """
    width, height = size
    lines = wrapped(caption, width - 0.3)
    foot = _CAPTION_LINE * len(lines) + 0.1
    total = height + foot
    figure = styled_figure((width, total))
    top = _TOP + (_TITLE if titles else 0.0)
    gap_x = _GAP if share else _LEFT
    gap_y = (_GAP if share else _XLABEL) + (_TITLE if titles else 0.0)
    panel_width = (width - _LEFT - _RIGHT - gap_x * (columns - 1)) / columns
    panel_height = (height - top - _XLABEL - gap_y * (rows - 1)) / rows
    panels: list[Axes] = []
    for row in range(rows):
        for column in range(columns):
            left = _LEFT + column * (panel_width + gap_x)
            bottom = foot + _XLABEL + (rows - 1 - row) * (panel_height + gap_y)
            axes = figure.add_axes((left / width, bottom / total, panel_width / width, panel_height / total))
            if share:
                axes.tick_params(labelbottom=row == rows - 1, labelleft=column == 0)
            panels.append(axes)
    # Line by line: in one text, a line with an exponent would push the next ones down.
    for number, line in enumerate(lines):
        figure.text(
            0.15 / width,
            (foot - CAPTION_SIZE / 72.0 - number * _CAPTION_LINE) / total,
            line,
            fontsize=CAPTION_SIZE,
            color="#333333",
        )
    return figure, panels


def pale(colour: str, strength: float) -> tuple[float, float, float]:
    """Return a colour mixed with white; ``strength`` 1 leaves it as it is."""
    from matplotlib.colors import to_rgb

    red, green, blue = (1.0 - strength * (1.0 - part) for part in to_rgb(colour))
    return red, green, blue


def fill_styles(layer: Layer, depth: int = 0, *, order: int = 0) -> list[dict[str, Any]]:
    """Return how a region is filled, one style after the other; none for a line.

    Excluded regions are opaque, so that the edges of two that overlap do not cross in colours that neither has;
    preferred bands let through what lies below.

    Parameters
    ----------
    layer : Layer
        With its way to be drawn, colour and hatch.
    depth : int
        The how-manieth of nested bands, the widest being 0; inner ones lie on it and look darker.
    order : int
        The how-manieth layer of the figure; later ones lie above.
    """
    colour = COLOURS[layer.colour]
    height = _height(order)
    styles: list[dict[str, Any]] = []
    if layer.draw == "excluded":
        styles.append({"color": pale(colour, 0.3), "linewidth": 0.0, "zorder": height})
    elif layer.draw == "favoured":
        styles.append({"color": colour, "alpha": 0.4, "linewidth": 0.0, "zorder": height + 0.001 * depth})
    hatch = "rising" if layer.draw == "hatched" and layer.hatch == "none" else layer.hatch
    if hatch != "none":
        lines = {"facecolor": "none", "edgecolor": pale(colour, 0.6), "hatch": HATCHES[hatch], "linewidth": 0.0}
        styles.append({**lines, "zorder": height + 0.001})
    return styles


def line_style(layer: Layer, *, order: int = 0) -> dict[str, Any]:
    """Return how the edge of a region is drawn: on its own region and below later ones; lines lie above all."""
    usual = {"line": 2.0, "favoured": 0.5}.get(layer.draw, 1.2)
    width = usual if layer.width is None else layer.width
    style = {"color": COLOURS[layer.colour], "linestyle": LINES[layer.line], "linewidth": width}
    return {**style, "zorder": _height(order) + (0.8 if layer.draw == "line" else 0.002)}


def _height(order: int) -> float:
    """Return where a layer lies: above its predecessors and below guides, labels and frame."""
    return 1.0 + 0.8 * order / (order + 10.0)


def patch(rings: Sequence[NDArray[np.float64]], **style: Any) -> PathPatch:
    """Return a region with holes, given its boundaries, each of shape (n, 2)."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Outline

    outlines = [Outline(ring, closed=True) for ring in rings]
    return PathPatch(Outline.make_compound_path(*outlines), **style)


def set_axes(axes: Axes, x: Axis, y: Axis, *, xlabel: bool = True, ylabel: bool = True) -> None:
    """Set scales, limits, ticks and labels with their units.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    x, y : Axis
        As in the recipe.
    xlabel, ylabel : bool
        Whether the axis is labelled: panels share labels.
    """
    from matplotlib.ticker import LogLocator, NullFormatter

    for axis, spec, wanted in ((axes.xaxis, x, xlabel), (axes.yaxis, y, ylabel)):
        if spec.scale == "log":
            # A decade a tick, however many there are: the default drops some and all minor ones.
            axis.axes.set_xscale("log") if axis is axes.xaxis else axis.axes.set_yscale("log")
            axis.set_major_locator(LogLocator(numticks=20))
            axis.set_minor_locator(LogLocator(subs=np.arange(2.0, 10.0).tolist(), numticks=200))
            axis.set_minor_formatter(NullFormatter())
        if wanted:
            axis.set_label_text(f"{spec.label} [{spec.unit}]")
    axes.set_xlim(*x.range)
    axes.set_ylim(*y.range)


def place_labels(axes: Axes, labels: tuple[Label, ...], *, colour: str = "black") -> None:
    """Write labels at their places, on top of every region, and the lines that lead from them.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    labels : tuple of Label
        In the units of the axes.
    colour : str
        Name of the colour of labels that have none of their own.
    """
    from matplotlib.patheffects import withStroke

    for label in labels:
        ink = COLOURS[label.colour or colour]
        # A pale rim keeps a label legible on a line or a hatch.
        rim = [withStroke(linewidth=2.5, foreground="white", alpha=0.75)]
        style: dict[str, Any] = {
            "color": ink,
            "rotation": label.rotation,
            "rotation_mode": "anchor",
            "fontsize": label.size or 12.0,
            "horizontalalignment": "center",
            "verticalalignment": "center",
            "path_effects": rim,
            "zorder": 10,
        }
        if label.to is None:
            axes.text(*label.at, label.text, **style)
            continue
        # The line begins at the box around the text, of which it points to the middle.
        leader = {"arrowstyle": "-", "color": ink, "linewidth": 0.8, "shrinkA": 0.0, "shrinkB": 0.0}
        axes.annotate(label.text, label.to, label.at, arrowprops={**leader, "path_effects": rim}, **style)
