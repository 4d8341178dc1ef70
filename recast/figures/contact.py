"""Figures of the contact plane: shifts of the vector and the axial-vector coupling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recast.contours import Region, contour_lines, filled_regions
from recast.figures import drawing
from recast.figures.captions import caption_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from recast.figures.layers import Layer
    from recast.figures.plane_recipes import ContactPlaneRecipe
    from recast.interactions import Interaction
    from recast.measurement import Measurement

__all__ = ["ContactLayer", "ContactPlaneData", "compute", "draw"]


FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ContactLayer:
    """What one layer shows.

    Attributes
    ----------
    regions : tuple of tuple of Region
        Excluded or, for each width of a favoured layer from the widest on, allowed regions.
    edges : tuple of ndarray, shape (n, 2)
        The lines on which a point is just excluded.
    """

    layer: Layer
    regions: tuple[tuple[Region, ...], ...]
    edges: tuple[FloatArray, ...]
    convention: str


@dataclass(frozen=True, eq=False)
class ContactPlaneData:
    """What a figure of the contact plane shows.

    Attributes
    ----------
    layers : tuple of ContactLayer
        In the order in which they are drawn.
    expected : tuple of ContactLayer
        Expected limits that were asked for, drawn beside the observed ones.
    """

    recipe: ContactPlaneRecipe
    layers: tuple[ContactLayer, ...]
    expected: tuple[ContactLayer, ...] = ()

    @property
    def caption(self) -> str:
        """The lines under the axes."""
        return caption_text(
            self.recipe.caption,
            [(item.layer.title, item.convention) for item in self.layers if not item.layer.sigmas],
            expected=[item.layer.title for item in self.expected],
        )


def compute(
    recipe: ContactPlaneRecipe, *, plugins: Sequence[str | Path] = (), expected: bool = False
) -> ContactPlaneData:
    """Evaluate every measurement on the plane and take the contours at its threshold.

    Parameters
    ----------
    recipe : ContactPlaneRecipe
    plugins : sequence of path
        Folders in which models and measurements are looked up as well.
    expected : bool
        Show the expected limits as well.

    Raises
    ------
    RecastError
        When a model or measurement of the recipe is unknown or does not fit.
    """
    from recast.measurement import load_measurement
    from recast.model import load_model

    model = load_model(recipe.model, plugins=plugins)
    dgv = np.linspace(*recipe.x.range, recipe.points)
    dga = np.linspace(*recipe.y.range, recipe.points)
    interaction = model(dgv=dgv[None, :], dga=dga[:, None])

    def loaded(layer: Layer) -> tuple[Measurement, ...]:
        return tuple(load_measurement(name, plugins=plugins) for name in layer.measurements)

    def contours(layer: Layer) -> ContactLayer:
        return _layer(layer, loaded(layer), dgv, dga, interaction, confidence_level=recipe.confidence_level)

    beside = [
        layer.model_copy(update={"expected": True, "draw": "line", "hatch": "none", "labels": (), "name": layer.title})
        for layer in recipe.layers
        if expected and not (layer.sigmas or layer.expected or all(m.projection for m in loaded(layer)))
    ]
    return ContactPlaneData(
        recipe=recipe,
        layers=tuple(contours(layer) for layer in recipe.layers),
        expected=tuple(contours(layer) for layer in beside),
    )


def _layer(
    layer: Layer,
    measurements: tuple[Measurement, ...],
    dgv: FloatArray,
    dga: FloatArray,
    interaction: Interaction,
    *,
    confidence_level: float,
) -> ContactLayer:
    """Take the contours of one layer, of several measurements relative to the best fit in the plane."""
    from recast.joint import Joint
    from recast.statistics import convention, delta_threshold, probability_content

    if layer.expected:
        measurements = tuple(m.expected() for m in measurements)
    values = Joint(measurements).minus_2_delta_ln_l(interaction)
    if layer.combined:
        values = values - values.min()
    elif layer.one_sided:
        # Only a prediction above the data is excluded from one side.
        (measurement,) = measurements
        values = np.where(measurement.prediction(interaction) > measurement.data, values, 0.0)
    level = confidence_level if layer.confidence_level is None else layer.confidence_level
    levels = [probability_content(sigma) for sigma in sorted(layer.sigmas, reverse=True)] or [level]
    regions: list[tuple[Region, ...]] = []
    edges: list[FloatArray] = []
    for one in levels:
        threshold = delta_threshold(one, degrees_of_freedom=layer.degrees_of_freedom, one_sided=layer.one_sided)
        regions.append(
            filled_regions(dgv, dga, values, below=threshold)
            if layer.sigmas
            else filled_regions(dgv, dga, values, above=threshold)
        )
        edges.extend(contour_lines(dgv, dga, values, threshold))
    words = convention(
        level,
        one_sided=layer.one_sided,
        degrees_of_freedom=layer.degrees_of_freedom,
        combined=bool(layer.combined),
        expected=layer.expected,
    )
    return ContactLayer(layer=layer, regions=tuple(regions), edges=tuple(edges), convention=words)


def draw(data: ContactPlaneData) -> Figure:
    """Draw the regions, the first layer lowest, and the point of the Standard Model."""
    recipe = data.recipe
    figure, (axes,) = drawing.canvas(data.caption, size=recipe.size)
    drawing.set_axes(axes, recipe.x, recipe.y)
    for order, item in enumerate(data.layers):
        layer = item.layer
        for depth, regions in enumerate(item.regions):
            for style in drawing.fill_styles(layer, depth, order=order):
                for region in regions:
                    axes.add_patch(drawing.patch((region.outer, *region.holes), **style))
        if layer.draw != "favoured":
            _outline(axes, item, drawing.line_style(layer, order=order))
        drawing.place_labels(axes, layer.labels, colour=layer.colour)
    for item in data.expected:
        _outline(axes, item, {**drawing.EXPECTED_STYLE, "color": drawing.COLOURS[item.layer.colour]})
    axes.axvline(0.0, color="black", linewidth=0.7)
    axes.axhline(0.0, color="black", linewidth=0.7)
    drawing.place_labels(axes, recipe.labels)
    return figure


def _outline(axes: Axes, item: ContactLayer, style: dict[str, Any]) -> None:
    for edge in item.edges:
        axes.plot(edge[:, 0], edge[:, 1], **style)
