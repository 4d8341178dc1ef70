"""Figures of the number of events against the mass of the mediator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recast.contours import Band
from recast.figures import drawing
from recast.figures.captions import caption_text, stated
from recast.figures.regions import (
    LayerRegion,
    expected_regions,
    finite_edges,
    layer_region,
    visible_edges,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from recast.figures.plane_recipes import EventRateRecipe
    from recast.interactions import Interaction

__all__ = ["EventRateData", "compute", "draw"]


@dataclass(frozen=True, eq=False)
class EventRateData:
    """What a figure of event numbers shows.

    Attributes
    ----------
    mass : ndarray, shape (n,)
        GeV.
    standard_model : float
        Events without the mediator.
    regions : tuple of LayerRegion
        The regions of the coupling.
    events : tuple of tuple of tuple of Band
        The same bands with the coupling replaced by the number of events it gives.
    expected, expected_events
        The same for expected limits that were asked for.
    not_expected : tuple of str
        Titles of the layers that have no expected limit.
    """

    recipe: EventRateRecipe
    mass: NDArray[np.float64]
    standard_model: float
    regions: tuple[LayerRegion, ...]
    events: tuple[tuple[tuple[Band, ...], ...], ...]
    expected: tuple[LayerRegion, ...] = ()
    expected_events: tuple[tuple[tuple[Band, ...], ...], ...] = ()
    not_expected: tuple[str, ...] = ()

    @property
    def caption(self) -> str:
        """The line under the axes."""
        return caption_text(
            self.recipe.caption,
            stated(self.regions),
            expected=[region.layer.title for region in self.expected],
            not_expected=self.not_expected,
        )


def compute(recipe: EventRateRecipe, *, plugins: Sequence[str | Path] = (), expected: bool = False) -> EventRateData:
    """Solve the limits of every layer and predict the events on their edges.

    The events are those of coherent scattering, with all neutrinos of the flux at one energy.

    Parameters
    ----------
    recipe : EventRateRecipe
    plugins : sequence of path
        Folders in which models, measurements and fluxes are looked up as well.
    expected : bool
        Solve for the expected limits as well.

    Raises
    ------
    RecastError
        When a model, measurement, flux, channel or target of the recipe is unknown or does not fit.
    """
    from recast.channels import Channel
    from recast.flux import Flux, load_flux
    from recast.model import load_model
    from recast.rates import event_rate

    model = load_model(recipe.model, plugins=plugins)
    channel = Channel.parse(recipe.channel)
    beam = Flux.line(recipe.energy, neutrino=channel.neutrino)
    per_pot = load_flux(recipe.flux, neutrino=channel.neutrino).integral
    mass = np.geomspace(*recipe.x.range, recipe.points)

    def predicted(interaction: Interaction | None) -> NDArray[np.float64]:
        rate = event_rate(
            channel,
            recipe.target,
            beam,
            interaction=interaction,
            mass_tonnes=recipe.mass_tonnes,
            pot_per_year=recipe.pot,
            integrated_flux=per_pot,
        )
        return np.asarray(rate.coherent)

    def events(at: NDArray[np.float64], coupling: NDArray[np.float64]) -> NDArray[np.float64]:
        result = np.full(coupling.shape, np.inf)
        finite = np.isfinite(coupling)
        if finite.any():
            result[finite] = predicted(model(mass=at[finite], coupling=coupling[finite]))
        return result

    def converted(band: Band) -> Band:
        return Band(mass=band.mass, lower=events(band.mass, band.lower), upper=events(band.mass, band.upper))

    def all_events(regions: Sequence[LayerRegion]) -> tuple[tuple[tuple[Band, ...], ...], ...]:
        return tuple(tuple(tuple(converted(band) for band in bands) for bands in region.bands) for region in regions)

    options: dict[str, Any] = {"confidence_level": recipe.confidence_level, "plugins": plugins}
    regions = tuple(layer_region(layer, model, mass, **options) for layer in recipe.layers)
    beside, unknown = expected_regions(recipe.layers, model, mass, **options) if expected else ((), ())
    return EventRateData(
        recipe=recipe,
        mass=mass,
        standard_model=float(predicted(None)),
        regions=regions,
        events=all_events(regions),
        expected=beside,
        expected_events=all_events(beside),
        not_expected=unknown,
    )


def draw(data: EventRateData) -> Figure:
    """Draw the regions and the horizontal line of the Standard Model."""
    recipe = data.recipe
    figure, (axes,) = drawing.canvas(data.caption, size=recipe.size)
    drawing.set_axes(axes, recipe.x, recipe.y)
    for order, (region, levels) in enumerate(zip(data.regions, data.events, strict=True)):
        layer = region.layer
        for depth, bands in enumerate(levels):
            for style in drawing.fill_styles(layer, depth, order=order):
                for band in bands:
                    axes.fill_between(band.mass, *finite_edges(band, *recipe.y.range), **style)
        _outline(axes, levels, drawing.line_style(layer, order=order))
        drawing.place_labels(axes, layer.labels, colour=layer.colour)
    for region, levels in zip(data.expected, data.expected_events, strict=True):
        _outline(axes, levels, {**drawing.EXPECTED_STYLE, "color": drawing.COLOURS[region.layer.colour]})
    axes.axhline(data.standard_model, color="black", linewidth=1.2)
    drawing.place_labels(axes, recipe.labels)
    return figure


def _outline(axes: Axes, levels: Sequence[Sequence[Band]], style: dict[str, Any]) -> None:
    for bands in levels:
        for band in bands:
            for edge in visible_edges(band):
                axes.plot(band.mass, edge, **style)
