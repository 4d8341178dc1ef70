"""Commands for the page: explore, serve."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from recast.cli.common import Settings, boson_options, common_options, pass_settings, print_json
from recast.cli.completion import complete
from recast.cli.fitting import named_ranges
from recast.cli.progress import progress
from recast.cli.scanning import FORCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from recast.explore import Exploration

F = TypeVar("F", bound="Callable[..., Any]")

# As in recast.explore, which is not imported for a help text.
_LEVELS = (0.90, 0.95, 0.99)
_RANGES = ("mass", "coupling")


def page_options(function: F) -> F:
    """Add what a page may show."""
    options = (
        click.argument("model", nargs=-1, shell_complete=complete("models")),
        click.option(
            "-m",
            "--measurement",
            multiple=True,
            shell_complete=complete("measurements"),
            help="One to show, with variants; may be repeated.  [default: all]",
        ),
        click.option(
            "--cl",
            "confidence_level",
            type=float,
            multiple=True,
            default=_LEVELS,
            show_default=True,
            help="Confidence level to choose; may be repeated.",
        ),
        click.option(
            "--range",
            "ranges",
            multiple=True,
            metavar="NAME=LOW:HIGH",
            help="Of the mass in GeV or the coupling.  [default: mass=1e-3:100, coupling=1e-8:1]",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.command()
@page_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default="explore.html",
    show_default=True,
    help="HTML file to write.",
)
@FORCE
@boson_options
@common_options
@pass_settings
def explore(settings: Settings, /, output: Path, force: bool, as_json: bool, **shown: Any) -> None:
    """Write a page to explore what excludes what.

    One HTML file that works from disk, without a network, and can be given to anybody: the planes of all models, or of
    those that are named, with every measurement as a layer; point anywhere to see 2 delta ln L, click for the table of
    `recast explain` with links to the papers, download contours and pictures.

    Needs plotly: pip install 'recast-bsm[explore]'

    Example: recast explore lmu_ltau b_minus_l -o explore.html
    """
    from recast.explore import check_page

    check_page(output, overwrite=force)
    found = _explored(settings, **shown)
    found.save(output, overwrite=force)
    size = output.stat().st_size
    models = [one.model.label for one in found.models]
    if as_json:
        layers = {one.model.label: [layer.row.name for layer in one.layers] for one in found.models}
        silent = {one.model.label: {row.name: row.reason for row in one.silent} for one in found.models}
        print_json({"output": str(output), "size": size, "models": models, "layers": layers, "silent": silent})
        return
    click.echo(f"{output}: {', '.join(models)}, {len(found.measurements)} measurements, {size / 1e6:.1f} MB")
    click.echo("Open it in a browser; it needs neither recast nor a network.")


@click.command()
@page_options
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="On this computer.")
@boson_options
@common_options
@pass_settings
def serve(settings: Settings, /, port: int, as_json: bool, **shown: Any) -> None:
    """Serve the page of `recast explore` to a browser on this computer, with points computed exactly.

    A point that is clicked is computed as `recast explain` does instead of read from tables. Nobody but this computer
    is answered. Ctrl-C ends it.

    Example: recast serve lmu_ltau
    """
    from recast.serve import HOST, server

    found = _explored(settings, **shown)
    with server(found, port=port) as listening:
        url = f"http://{HOST}:{listening.server_port}/"
        if as_json:
            print_json({"url": url, "models": [one.model.label for one in found.models]})
        else:
            click.echo(f"{url} shows {', '.join(one.model.label for one in found.models)}; Ctrl-C ends it.")
        try:
            listening.serve_forever()
        except KeyboardInterrupt:
            click.echo("Ended.", err=True)


def _explored(
    settings: Settings,
    *,
    model: tuple[str, ...],
    measurement: tuple[str, ...],
    confidence_level: tuple[float, ...],
    ranges: tuple[str, ...],
) -> Exploration:
    from recast.errors import unknown
    from recast.explore import explore as run

    given = named_ranges(ranges)
    for name in given:
        if name not in _RANGES:
            raise unknown("parameter of --range:", name, _RANGES)
    models = [settings.model(name) for name in model or (("u1",) if settings.boson else ())]
    with progress("explore", unit="layers") as show:
        return run(
            models or None,
            measurement or None,
            confidence_levels=confidence_level,
            plugins=settings.plugins,
            progress=show,
            **given,
        )
