"""The events of a figure: one sample, of which each curve shows some, with weights of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recast.spectrum import COMPONENTS

if TYPE_CHECKING:
    from recast.events.events import Events
    from recast.figures.event_recipes import SampleRecipe

__all__ = ["sampled"]


def sampled(recipe: SampleRecipe, *, plugins: Sequence[str | Path] = ()) -> tuple[Events, ...]:
    """Generate the events of a figure.

    They are drawn as the boson makes them, if there is one. It adds most at small momentum transfers, where the
    Standard Model has few events: those would get large weights for the boson, while the opposite way weights stay
    small.

    Parameters
    ----------
    recipe : SampleRecipe
    plugins : sequence of path
        Folders in which model and flux are looked up as well.

    Returns
    -------
    tuple of Events
        Those of each curve, weighted: the sum of weights over the number of all events is its cross section in fb.

    Raises
    ------
    RecastError
        When model, channel, target or flux are unknown or do not fit.
    """
    from recast.channels import Channel
    from recast.events.generator import EventGenerator
    from recast.flux import load_flux
    from recast.model import load_model

    interaction = None
    if (boson := recipe.boson) is not None:
        interaction = load_model(boson.model, plugins=plugins)(mass=boson.mass, coupling=boson.coupling)
    channel = Channel.parse(recipe.channel)
    flux = load_flux(recipe.flux, neutrino=channel.neutrino, plugins=plugins)
    generator = EventGenerator(channel, recipe.target, flux, interaction=interaction, seed=recipe.seed)
    events = generator.weighted(recipe.events)
    parts = np.array([name if name in ("proton", "neutron") else "coherent" for name in events.scatterers])
    weights = {True: events.weight, False: events.weights_for(None)}
    found = []
    for curve in recipe.curves:
        hit = np.isin(parts, COMPONENTS[curve.component])[events.scatterer]
        found.append(replace(events[hit], weight=weights[curve.boson][hit]))
    return tuple(found)
