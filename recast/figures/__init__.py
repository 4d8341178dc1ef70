"""Figures: a recipe is loaded, computed into frozen data, and the data are drawn.

The three steps are separate functions, so that the data behind a figure can be looked at, saved or drawn
otherwise:

>>> recipe = load_recipe("altmannshofer2019_fig8")  # doctest: +SKIP
>>> data = compute(recipe)  # doctest: +SKIP
>>> figure = draw(data)  # doctest: +SKIP

`plot` does all of them and writes the files.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from recast.errors import RecastError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from recast.exports import Origin
    from recast.figures import (
        accuracy,
        contact,
        cross_sections,
        cut_flow,
        decays,
        distributions,
        event_rate,
        fluxes,
        form_factors,
        model_planes,
        nucleons,
        planes,
        recoils,
    )
    from recast.figures.recipe import Recipe

    FigureData: TypeAlias = (
        planes.PlaneData
        | model_planes.ModelPlanesData
        | contact.ContactPlaneData
        | event_rate.EventRateData
        | accuracy.AccuracyData
        | decays.DecayData
        | recoils.RecoilRatioData
        | cross_sections.CrossSectionData
        | fluxes.FluxData
        | form_factors.FormFactorData
        | nucleons.NucleonFormFactorData
        | distributions.DistributionData
        | cut_flow.CutFlowData
    )

# The module that computes and draws each kind of recipe.
_MODULES = {
    "plane": "planes",
    "model_planes": "model_planes",
    "contact_plane": "contact",
    "event_rate": "event_rate",
    "accuracy": "accuracy",
    "decays": "decays",
    "recoil_ratio": "recoils",
    "cross_sections": "cross_sections",
    "fluxes": "fluxes",
    "form_factors": "form_factors",
    "nucleon_form_factors": "nucleons",
    "event_distributions": "distributions",
    "cut_flow": "cut_flow",
}

# Those that show limits, which have expected ones too.
_WITH_LIMITS = ("plane", "model_planes", "contact_plane", "event_rate")

__all__ = ["compute", "draw", "load_recipe", "plot"]


def load_recipe(name_or_path: str | Path, *, plugins: Sequence[str | Path] = ()) -> Recipe:
    """Load the recipe of a figure.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a shipped recipe, of one in a plug-in folder, or a YAML file.
    plugins : sequence of path
        Folders in which recipes are looked up as well.

    Raises
    ------
    UnknownNameError
        When there is no such recipe; the message lists near matches.
    DocumentError
        When the file has an unknown key, lacks one, or has a value of the wrong kind.
    """
    from recast.catalog import Catalog
    from recast.figures.recipe import Recipe

    document = Catalog(plugins).document("plots", name_or_path)
    # A union of recipes, which pydantic takes where a class is asked for.
    schema: Any = Recipe
    recipe: Recipe = document.validate(schema, context={"plugins": tuple(plugins)})
    return recipe


def compute(recipe: Recipe, *, plugins: Sequence[str | Path] = (), expected: bool = False) -> FigureData:
    """Compute what a figure shows.

    Parameters
    ----------
    recipe : Recipe
        As loaded by `load_recipe`.
    plugins : sequence of path
        Folders in which models and measurements are looked up as well.
    expected : bool
        Add the expected limits to the observed ones.

    Returns
    -------
    FigureData
        Frozen; the class depends on the kind of the recipe.

    Raises
    ------
    RecastError
        When something that the recipe names does not exist or does not fit, or expected limits are asked of a
        figure that shows no limits.
    """
    options = {}
    if expected:
        if recipe.kind not in _WITH_LIMITS:
            msg = f"figure '{recipe.name}' shows no limits, so that it has no expected ones"
            raise RecastError(msg)
        options["expected"] = True
    data: FigureData = _module(recipe).compute(recipe, plugins=plugins, **options)
    return data


def draw(data: FigureData) -> Figure:
    """Draw computed data.

    Returns
    -------
    matplotlib.figure.Figure
        Not attached to any window; it has its own ``savefig``.
    """
    from recast.figures.drawing import styled

    with styled():
        figure: Figure = _module(data.recipe).draw(data)
    return figure


def plot(
    name_or_path: str | Path,
    output: str | Path,
    *,
    force: bool = False,
    expected: bool = False,
    plugins: Sequence[str | Path] = (),
) -> list[Path]:
    """Draw a figure and write it.

    Parameters
    ----------
    name_or_path : str or Path
        Name or file of the recipe.
    output : str or Path
        A file, whose suffix (png, pdf, svg) picks the format, or a directory, which gets all three.
    force : bool
        Replace files that exist.
    expected : bool
        Draw the expected limits beside the observed ones.
    plugins : sequence of path
        Folders in which recipes, models and measurements are looked up as well.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    OutputExistsError
        When a file exists and ``force`` is not given: before anything is computed.
    RecastError
        When the output cannot be written (before anything is computed), or something that the recipe
        names does not exist or does not fit.
    """
    from recast.figures.output import output_paths, write

    recipe = load_recipe(name_or_path, plugins=plugins)
    paths = output_paths(output, Path(name_or_path).stem, force=force)
    data = compute(recipe, plugins=plugins, expected=expected)
    write(draw(data), paths, title=recipe.title, origin=_origin(data))
    return paths


def _origin(data: FigureData) -> Origin:
    """Return what the files of a figure say of what made them."""
    from recast.exports import Origin, of_figure

    citations = data.recipe.citations
    if data.recipe.kind in _WITH_LIMITS:
        return of_figure(data, citations=citations).origin
    return Origin.now(citations=citations)


def _module(recipe: Recipe) -> Any:
    return import_module(f"recast.figures.{_MODULES[recipe.kind]}")
