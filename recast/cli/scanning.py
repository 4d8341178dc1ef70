"""Commands that scan and draw: scan, plot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recast.cli.common import Settings, common_options, pass_settings, print_json, print_table

FORCE = click.option("--force", is_flag=True, help="Overwrite an existing file.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="HDF5 file to write.")
@FORCE
@common_options
@pass_settings
def scan(settings: Settings, /, file: Path, output: Path, force: bool, as_json: bool) -> None:
    """Scan a model over measurements and save the plane.

    FILE is YAML: it names the model, the measurements, the parameters (min, max, points, scale; or a list of
    values) and the confidence level; see docs/cli.md.

    Example: recast scan plane.yaml -o plane.h5
    """
    from recast.output import check_output
    from recast.scan import load_scan
    from recast.scan import scan as run
    from recast.scan_file import SUFFIXES

    check_output(output, force=force, suffixes=SUFFIXES)
    result = run(load_scan(file), plugins=settings.plugins)
    result.save(output, overwrite=force)
    best_fit = result.best_fit
    summary: dict[str, Any] = {
        "output": str(output),
        "model": result.model,
        "measurements": list(result.measurements),
        "axes": {name: len(values) for name, values in result.axes.items()},
        "best_fit": best_fit
        and {**best_fit.parameters, "minus_2_delta_ln_l": best_fit.minus_2_delta_ln_l},
        "confidence_level": result.confidence_level,
        "convention": result.convention,
        "combined_convention": result.combined_convention,
    }
    if as_json:
        print_json(summary)
        return
    rows = [
        (name, float(values.min()), float(values.max()), f"{100 * float(result.excluded(name).mean()):.1f}%")
        for name, values in result.minus_2_delta_ln_l.items()
    ]
    print_table(("measurement", "lowest 2 delta ln L", "highest", "excluded"), rows, title=f"{result.model}: {output}")
    click.echo(result.convention)
    if best_fit is not None:
        place = ", ".join(f"{name} = {value:.5g}" for name, value in best_fit.parameters.items())
        click.echo(f"joint best fit: {place}, 2 delta ln L = {best_fit.minus_2_delta_ln_l:.4g} (subtracted)")
        click.echo(f"together: {result.combined_convention}")


@click.command()
@click.argument("figure")
@click.option(
    "-o",
    "--output",
    help="File, whose suffix picks the format (png, pdf, svg), or a folder for all three. [default: NAME.png here]",
)
@click.option("--expected", is_flag=True, help="Draw the expected limits beside the observed ones.")
@FORCE
@common_options
@pass_settings
def plot(settings: Settings, /, figure: str, output: str | None, expected: bool, force: bool, as_json: bool) -> None:
    """Draw a figure.

    FIGURE is the name of a shipped one (see `recast list plots`) or a recipe, a YAML file, of your own.

    Example: recast plot altmannshofer2019_fig8 -o fig8.pdf
    """
    from recast.figures import plot as draw

    name = Path(figure).stem
    files = draw(figure, output or f"{name}.png", force=force, expected=expected, plugins=settings.plugins)
    if as_json:
        print_json({"figure": name, "files": [str(file) for file in files]})
        return
    for file in files:
        click.echo(str(file))
