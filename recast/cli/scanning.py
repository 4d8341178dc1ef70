"""Commands that scan and draw: scan, plot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recast.cli.common import Settings, common_options, pass_settings, print_json, print_report
from recast.cli.completion import complete
from recast.cli.executor_options import executor_options
from recast.cli.progress import progress

if TYPE_CHECKING:
    from recast.scan import ScanResult

FORCE = click.option("--force", is_flag=True, help="Overwrite an existing file.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="HDF5 file to write.")
@click.option("--resume", is_flag=True, help="Continue an interrupted scan; begin where there is none.")
@FORCE
@executor_options
@common_options
@pass_settings
def scan(
    settings: Settings,
    /,
    file: Path,
    output: Path,
    resume: bool,
    force: bool,
    processes: int | None,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Scan the parameters of a model over measurements and save every point.

    FILE is YAML: it names the model, the measurements and the parameters (a range, a list of values or one number);
    see docs/scans.md. Finished points stand in OUTPUT.partial until the scan is complete: whatever interrupts it, the
    same command with --resume computes what is missing.

    Example: recast scan plane.yaml -o plane.h5
    """
    from recast.executors import open_executor
    from recast.reports import scan_report
    from recast.scan import load_scan
    from recast.scan import scan as run
    from recast.scan.checkpoint import check_writable
    from recast.scan.store import partial_path

    check_writable(output, resume=resume, overwrite=force)
    spec = load_scan(file)
    partial, begun = partial_path(output), False
    try:
        with (
            open_executor(processes=processes, workers=workers, scheduler=scheduler) as executor,
            progress(output.name, unit="points") as shown,
        ):

            def show(done: int, points: int) -> None:
                nonlocal begun
                begun = True
                if shown is not None:
                    shown(done, points)

            result = run(
                spec,
                output=output,
                resume=resume,
                overwrite=force,
                executor=executor,
                progress=show,
                plugins=settings.plugins,
            )
    except BaseException:
        # Not where the scan was refused: it says itself what to do.
        if begun and partial.exists():
            click.echo(f"Finished points are kept in {partial}: the same command with --resume continues.", err=True)
        raise
    summary = _summary(result, output)
    if as_json:
        print_json(summary)
    else:
        print_report(scan_report(result, counted=result.size))
        click.echo(str(output))


def _summary(result: ScanResult, output: Path) -> dict[str, Any]:
    best_fit = result.best_fit
    return {
        "output": str(output),
        "model": result.model,
        "measurements": list(result.measurements),
        "points": result.size,
        "axes": {name: len(values) for name, values in result.axes.items()},
        "outputs": list(result.header.outputs),
        "best_fit": best_fit and {**best_fit.parameters, "minus_2_delta_ln_l": best_fit.minus_2_delta_ln_l},
        "confidence_level": result.confidence_level,
        "convention": result.convention,
        "combined_convention": result.combined_convention,
    }


@click.command()
@click.argument("figure", shell_complete=complete("plots"))
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
    with progress(f"plot {name}"):
        files = draw(figure, output or f"{name}.png", force=force, expected=expected, plugins=settings.plugins)
    if as_json:
        print_json({"figure": name, "files": [str(file) for file in files]})
        return
    for file in files:
        click.echo(str(file))
