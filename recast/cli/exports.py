"""Commands that write and read formats of the field: export, import."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recast.cli.common import Number, Settings, common_options, pass_settings, print_json
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


@import_group.command("limit")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="CSV file to write.")
@click.option("--table", help="Table of a submission.yaml.")
@click.option("--mass", metavar="COLUMN", help="Column of the masses, where there are several.")
@click.option("--coupling", metavar="COLUMN", help="Column of the lowest excluded couplings, where there are several.")
@click.option("--upper", metavar="COLUMN", help="Column of the highest excluded couplings, if there are any.")
@click.option("--mass-unit", type=click.Choice(["eV", "keV", "MeV", "GeV", "TeV"]), help="Where the table has none.")
@click.option("--power", type=click.Choice(["1", "2"]), help="2 when the columns hold squares of couplings.")
@click.option("--cl", "confidence_level", type=float, help="Confidence level, where the table does not state it.")
@click.option("--title", help="What is limited, and whose coupling it is. [default: of the table]")
@click.option("--source", help="Where the numbers come from. [default: of HEPData's table]")
@click.option("--inspire", metavar="KEY", help="Key of the paper in INSPIRE.")
@FORCE
@common_options
@pass_settings
def import_limit_command(
    _settings: Settings, /, file: Path, output: Path, power: str | None, as_json: bool, **options: Any
) -> None:
    """Turn a published table of limits into a limit curve.

    FILE is a table of HEPData (YAML or CSV), its submission.yaml, or plain CSV with columns of masses and couplings.
    The result is a file that a measurement names as its curve; what the table does not say has to be given.

    Example: recast import limit Table1.yaml -o my_search.csv --coupling "Observed limit" --cl 0.90
    """
    from recast.exports.limit_import import import_limit

    found = import_limit(file, output, power=int(power) if power else None, **options)
    curve = found.curve
    summary = {
        "output": str(output),
        "table": found.table,
        "columns": list(found.columns),
        "masses": curve.mass.size,
        "range": [curve.mass[0], curve.mass[-1]],
        "confidence_level": curve.confidence_level,
        "gaps": curve.gaps,
        "rows_without_limit": found.left_out,
    }
    if as_json:
        print_json(summary)
        return
    columns = ", ".join(repr(name) for name in found.columns)
    click.echo(
        f"{output}: {curve.mass.size} masses from {curve.mass[0]:g} to {curve.mass[-1]:g} GeV, "
        f"{curve.confidence_level:.0%} CL, columns {columns}"
    )
    if found.left_out:
        click.echo(f"{found.left_out} rows without a limit are left out; gaps are in the file")
    click.echo("a measurement names it as observable: {type: resonance_limit, curve: ...}, see docs/exports.md")


@import_group.command("workspace")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="YAML file to write.")
@click.option(
    "--like",
    metavar="MEASUREMENT",
    required=True,
    shell_complete=complete("measurements"),
    help="Measurement of counted events that says how a model makes events.",
)
@click.option("--signal", type=Number("signal"), help="Events at mu = 1. [default: counted in the workspace]")
@click.option("--title", help="Title of the measurement.")
@click.option("--bibtex", type=click.Path(path_type=Path), help="BibTeX file with the entry of the workspace's paper.")
@click.option("--place", help="Where in the paper. [default: the name of the file]")
@FORCE
@common_options
@pass_settings
def import_workspace_command(
    settings: Settings,
    /,
    file: Path,
    output: Path,
    like: str,
    signal: float | None,
    title: str | None,
    bibtex: Path | None,
    place: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Make a measurement of a workspace in pyhf's JSON.

    FILE is the workspace; the measurement names it. A workspace says how many events were seen and expected, and with
    what errors, but not how a model makes events: that is taken from another measurement.

    Example: recast import workspace published.json -o my_counts.yaml --like dune_nd_counts
    """
    from recast.errors import RecastError
    from recast.exports.tables import write_text
    from recast.exports.workspaces import measurement_text, source_of, workspace_of
    from recast.output import check_output

    check_output(output, force=force, suffixes=(".yaml", ".yml"))
    if place and not bibtex:
        raise RecastError("--place is the place in a paper: give that with --bibtex")
    text = measurement_text(
        file,
        output.stem,
        like=like,
        catalog=settings.catalog(),
        folder=output.parent,
        title=title,
        signal=signal,
        source=source_of(bibtex, place or file.name) if bibtex else None,
    )
    write_text(text, output, force=force)
    made = settings.catalog().measurement(str(output))
    _, events = workspace_of(made)
    summary = {"output": str(output), "measurement": made.name, "signal": events, "data": made.data}
    if as_json:
        print_json(summary)
        return
    click.echo(f"{output}: {events:g} signal events at mu = 1, best fit {float(made.data):.5g}")
    if not bibtex:
        click.echo("its provenance does not say where the workspace comes from: add it, or give --bibtex")
