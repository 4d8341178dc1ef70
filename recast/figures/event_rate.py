"""Figures of the number of events against the mass of the mediator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recast.contours import Band
from recast.figures import drawing
from recast.figures.recipe import EventRateRecipe
from recast.figures.regions import LayerRegion, caption_text, finite_edges, layer_region, visible_edges

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
    """

    recipe: EventRateRecipe
    mass: NDArray[np.float64]
    standard_model: float
    regions: tuple[LayerRegion, ...]
    events: tuple[tuple[tuple[Band, ...], ...], ...]

    @property
    def caption(self) -> str:
        """The line under the axes."""
        conventions = [region.convention for region in self.regions if not region.layer.sigmas]
        return caption_text(self.recipe.caption, conventions)


def compute(recipe: EventRateRecipe, *, plugins: Sequence[str | Path] = ()) -> EventRateData:
    """Solve the limits of every layer and predict the events on their edges.

    The events are those of coherent scattering, with all neutrinos of the flux at one energy.

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

    regions = tuple(
        layer_region(layer, model, mass, confidence_level=recipe.confidence_level, plugins=plugins)
        for layer in recipe.layers
    )
    return EventRateData(
        recipe=recipe,
        mass=mass,
        standard_model=float(predicted(None)),
        regions=regions,
        events=tuple(tuple(tuple(converted(band) for band in bands) for bands in region.bands) for region in regions),
    )


def draw(data: EventRateData) -> Figure:
    """Draw the regions and the horizontal line of the Standard Model."""
    recipe = data.recipe
    figure, (axes,) = drawing.canvas(data.caption, size=recipe.size)
    drawing.set_axes(axes, recipe.x, recipe.y)
    for region, levels in zip(data.regions, data.events, strict=True):
        layer = region.layer
        colour = drawing.COLOURS[layer.colour]
        for depth, bands in enumerate(levels):
            for band in bands:
                if layer.draw != "line":
                    axes.fill_between(
                        band.mass,
                        *finite_edges(band, *recipe.y.range),
                        **drawing.fill_style(layer.draw, colour, depth),
                    )
                for edge in visible_edges(band):
                    axes.plot(band.mass, edge, color=colour, linestyle=drawing.LINES[layer.line], linewidth=1.1)
        drawing.place_labels(axes, layer.labels, colour=layer.colour)
    axes.axhline(data.standard_model, color="black", linewidth=1.2)
    drawing.place_labels(axes, recipe.labels)
    return figure
