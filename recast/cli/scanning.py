"""Commands that scan and draw: scan, plot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recast.cli.common import Settings, common_options, pass_settings, print_json, print_table

FORMATS = (".png", ".pdf", ".svg")

FORCE = click.option("--force", is_flag=True, help="Overwrite an existing file.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="HDF5 file to write.")
@FORCE
@common_options
@pass_settings
def scan(settings: Settings, file: Path, output: Path, force: bool, as_json: bool) -> None:
    """Scan a model over measurements and save the plane.

    FILE is YAML: it names the model, the measurements, the parameters (min, max, points, scale; or a list of
    values) and the confidence level; see docs/cli.md.

    Example: recast scan plane.yaml -o plane.h5
    """
    check_output(output, force=force)
    import recast
    from recast.scan import load_scan

    result = recast.scan(load_scan(file, catalog=settings.catalog()))
    result.save(output, overwrite=force)
    summary: dict[str, Any] = {
        "output": output,
        "model": result.model,
        "measurements": list(result.minus_2_delta_ln_l),
        "axes": {name: len(values) for name, values in result.axes.items()},
        "best_fit": result.best_fit,
        "confidence_level": result.confidence_level,
        "convention": result.convention,
    }
    if as_json:
        print_json(summary)
        return
    rows = [(name, float(values.min()), float(values.max())) for name, values in result.minus_2_delta_ln_l.items()]
    print_table(("measurement", "lowest 2 delta ln L", "highest"), rows, title=f"{result.model}: written to {output}")
    click.echo(result.convention)


@click.command()
@click.argument("figure")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="File, whose suffix picks the format (png, pdf, svg), or a folder for all three. [default: NAME.png here]",
)
@FORCE
@common_options
@pass_settings
def plot(settings: Settings, figure: str, output: Path | None, force: bool, as_json: bool) -> None:
    """Draw a figure.

    FIGURE is the name of a shipped one (see `recast list plots`) or a recipe, a YAML file, of your own.

    Example: recast plot altmannshofer2019_fig8 -o fig8.pdf
    """
    recipe_name = Path(figure).stem
    files = _files(recipe_name, Path(f"{recipe_name}.png") if output is None else output)
    for file in files:
        check_output(file, force=force)
    from recast.figures import draw

    recipe = settings.catalog().plot(figure)
    picture = draw(recipe)
    for file in files:
        picture.savefig(file)
    if as_json:
        print_json({"figure": recipe_name, "title": recipe.title, "files": files})
        return
    for file in files:
        click.echo(str(file))


def _files(name: str, output: Path) -> list[Path]:
    from recast.errors import RecastError

    if output.is_dir():
        return [output / f"{name}{suffix}" for suffix in FORMATS]
    if output.suffix.lower() not in FORMATS:
        known = ", ".join(FORMATS)
        raise RecastError(f"{output}: cannot tell the format; use one of the suffixes {known}, or an existing folder")
    return [output]
