"""Commands that write and read formats of the field: export, import."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recast.cli.common import Settings, common_options, pass_settings, print_json
from recast.cli.completion import complete
from recast.cli.progress import progress
from recast.cli.scanning import FORCE

if TYPE_CHECKING:
    from recast.exports import Contours

_SCANS = (".h5", ".hdf5")


@click.command()
@click.argument("source", shell_complete=complete("plots"))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="File to write: .csv, .dat for two columns, .tar.gz or a folder for a HEPData submission.",
)
@click.option("--region", multiple=True, help="Title of a layer, or a measurement; may be repeated. [default: all]")
@click.option("--expected", is_flag=True, help="The expected limits of a figure as well.")
@FORCE
@common_options
@pass_settings
def export(
    settings: Settings,
    /,
    source: str,
    output: Path,
    region: tuple[str, ...],
    expected: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Write the contours of a figure or a scan for other programs.

    SOURCE is the name of a figure, its recipe, or the HDF5 file of a scan of two parameters. For limits at masses of
    your choice there is `recast limit -o`, for counting measurements `recast workspace`.

    Example: recast export altmannshofer2019_fig8 -o fig8.csv
    """
    from recast.exports import check_export
    from recast.exports import export as write

    check_export(output, force=force)
    contours = _scan(source, expected) if source.endswith(_SCANS) else _figure(settings, source, expected)
    contours = contours.only(region)
    write(contours, output, force=force)
    if as_json:
        print_json({"output": str(output), "regions": list(contours.regions), "origin": contours.origin.to_dict()})
        return
    click.echo(f"{output}: {', '.join(contours.regions)}")


def _figure(settings: Settings, source: str, expected: bool) -> Contours:
    from recast.exports import of_figure
    from recast.figures import compute, load_recipe

    recipe = load_recipe(source, plugins=settings.plugins)
    with progress(recipe.name):
        data = compute(recipe, plugins=settings.plugins, expected=expected)
    return of_figure(data, citations=recipe.citations)


def _scan(source: str, expected: bool) -> Contours:
    from recast.errors import RecastError
    from recast.exports import of_scan
    from recast.scan import ScanResult

    if expected:
        msg = "--expected is for figures: whether a scan is of expected limits stands in its file (expected: true)"
        raise RecastError(msg)
    result = ScanResult.load(source)
    return of_scan(result, name=Path(source).stem)


@click.group("import")
def import_group() -> None:
    """Read published limits and likelihoods into files of recast."""
