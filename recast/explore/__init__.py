"""A page to explore: which measurements exclude what, in the planes of mass and coupling of several models.

One HTML file, made by `explore`, that works from disk and without a network; `recast.serve` answers it exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recast.errors import RecastError
from recast.explore.data import ModelData, model_data
from recast.explore.page import page, plotly_bundle
from recast.explore.tables import Axes

if TYPE_CHECKING:
    from recast.catalog import Catalog
    from recast.measurement import Measurement
    from recast.model import Model

__all__ = ["COUPLINGS", "LEVELS", "MASSES", "Axes", "Exploration", "ModelData", "check_page", "explore"]

MASSES = (1e-3, 1e2)
"""GeV."""
COUPLINGS = (1e-8, 1.0)
LEVELS = (0.90, 0.95, 0.99)


@dataclass(frozen=True, eq=False)
class Exploration:
    """What a page shows.

    Attributes
    ----------
    models : tuple of ModelData
    measurements : tuple of Measurement
        All that were asked, also those that have nothing to say.
    axes : Axes
    confidence_levels : tuple of float
    """

    models: tuple[ModelData, ...]
    measurements: tuple[Measurement, ...]
    axes: Axes
    confidence_levels: tuple[float, ...]

    def html(self, *, live: bool = False) -> str:
        """Return the page.

        Parameters
        ----------
        live : bool
            Let it ask the server that it comes from, see `recast.serve`, for the explanation of a point.

        Raises
        ------
        RecastError
            When plotly is not installed.
        """
        return page(self.models, self.axes, self.confidence_levels, live=live)

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the page.

        Raises
        ------
        OutputExistsError
            When the file exists and is not to be overwritten.
        RecastError
            When it cannot be written, its name does not end in .html, or plotly is not installed.
        """
        from recast.output import whole_file

        with whole_file(check_page(path, overwrite=overwrite)) as partial:
            partial.write_text(self.html(), encoding="utf-8")


def check_page(path: str | Path, *, overwrite: bool = False) -> Path:
    """Make sure, before any work, that a page can be made and written.

    Raises
    ------
    OutputExistsError
        When the file exists and is not to be overwritten.
    RecastError
        When it cannot be written, its name does not end in .html, or plotly is not installed.
    """
    from recast.output import check_output

    plotly_bundle()
    return check_output(path, force=overwrite, suffixes=(".html", ".htm"))


def explore(
    models: Sequence[Model | str | Path] | Model | str | Path | None = None,
    measurements: Sequence[str | Path] | str | Path | None = None,
    *,
    mass: tuple[float, float] = MASSES,
    coupling: tuple[float, float] = COUPLINGS,
    confidence_levels: Sequence[float] = LEVELS,
    plugins: Sequence[str | Path] = (),
    progress: Callable[[int, int, str], None] | None = None,
) -> Exploration:
    """Compute a page to explore models with.

    Parameters
    ----------
    models : sequence of Model, str or path, optional
        With a mass and a coupling; all of the catalog that have charges of their own by default.
    measurements : sequence of str or path, optional
        Names or files, with variants; all of the catalog by default.
    mass : (low, high)
        GeV.
    coupling : (low, high)
        Positive.
    confidence_levels : sequence of float
        Between which the page can choose; the one next to 0.95 is chosen at first.
    plugins : sequence of path
        Folders in which models and measurements are looked up as well.
    progress : callable, optional
        Called with what is done, what there is to do, and what is done next.

    Returns
    -------
    Exploration
        To be saved.

    Raises
    ------
    RecastError
        When a model or measurement is unknown or a model has no mass and coupling, or a range or a confidence level
        makes no sense.
    """
    from recast.catalog import Catalog
    from recast.statistics import check_confidence_level

    catalog = Catalog(plugins)
    levels = tuple(sorted({check_confidence_level(level) for level in confidence_levels}))
    if not levels:
        msg = "no confidence level is given: 0.95, for example"
        raise RecastError(msg)
    axes = Axes(_range("mass", mass), _range("coupling", coupling))
    loaded = _models(models, catalog)
    asked = _measurements(measurements, catalog)
    done, total = 0, len(loaded) * len(asked)

    def tell(what: str) -> None:
        nonlocal done
        if progress is not None:
            progress(done, total, what)
        done += 1

    found = tuple(model_data(model, asked, axes, levels, plugins=plugins, progress=tell) for model in loaded)
    return Exploration(found, tuple(asked.values()), axes, levels)


def _models(given: Sequence[Model | str | Path] | Model | str | Path | None, catalog: Catalog) -> list[Model]:
    from recast.model import Model, U1Model

    if given is None:
        return [model for model in catalog.models() if isinstance(model, U1Model) and not model.free_charges]
    several = [given] if isinstance(given, str | Path | Model) else list(given)
    if not several:
        msg = "no models are named: leave them out for all of them"
        raise RecastError(msg)
    loaded = [one if isinstance(one, Model) else catalog.model(one) for one in several]
    for model in loaded:
        if not {"mass", "coupling"} <= set(model.parameters):
            msg = (
                f"model '{model.name}' has the parameters {', '.join(model.parameters)} and no plane of mass and "
                "coupling to explore: draw it with 'recast plot' or scan it with 'recast scan'"
            )
            raise RecastError(msg)
    return list({model.label: model for model in loaded}.values())


def _measurements(given: Sequence[str | Path] | str | Path | None, catalog: Catalog) -> dict[str, Measurement]:
    """Return measurements by what they were named; one that is named twice says the same twice."""
    if given is None:
        return {name: catalog.measurement(name) for name in catalog.names("measurements")}
    names = [str(name) for name in ([given] if isinstance(given, str | Path) else given)]
    if not names:
        msg = "no measurements are named: leave them out for all of them"
        raise RecastError(msg)
    loaded = {name: catalog.measurement(name) for name in names}
    labels = {measurement.label: name for name, measurement in loaded.items()}
    return {name: loaded[name] for name in labels.values()}


def _range(name: str, ends: tuple[float, float]) -> tuple[float, float]:
    low, high = (float(end) for end in ends)
    if not 0.0 < low < high < math.inf:
        msg = f"the range of the {name} must be positive and increase, not go from {low:g} to {high:g}"
        raise RecastError(msg)
    return low, high
