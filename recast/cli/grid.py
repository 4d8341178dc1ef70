"""Commands for the shipped grids: grid build, grid verify, grid info."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from recast.cli.common import CHECK_FAILED, Number, common_options, print_json, print_table

PROCESSES = click.option("--processes", type=click.IntRange(min=1), help="Processes to use. [default: one per core]")
TOLERANCE = 1e-4


@click.group()
def grid() -> None:
    """Build, verify and describe the grids of spectra."""


@grid.command("build")
@click.argument("name")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="HDF5 file. [default: NAME.h5 here]")
@click.option("--recipe", type=click.Path(path_type=Path), help="YAML that says what to build, not the shipped one.")
@PROCESSES
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@common_options
def build(
    name: str, output: Path | None, recipe: Path | None, processes: int | None, force: bool, as_json: bool
) -> None:
    """Rebuild one grid from first principles.

    NAME is trident_ee, trident_emu, trident_mumu, trident_etau, trident_mutau or trident_tautau. Grids in the
    folder that the environment variable RECAST_GRIDS names are used in place of the shipped ones.
    """
    from recast.grid import describe_grid
    from recast.grid_build import build_grid

    with _Progress(quiet=as_json) as progress:
        path = build_grid(
            name,
            Path(f"{name}.h5") if output is None else output,
            recipe=recipe,
            processes=processes,
            progress=progress,
            force=force,
        )
    if as_json:
        print_json(describe_grid(path))
    else:
        click.echo(str(path))


@grid.command("verify")
@click.argument("names", nargs=-1)
@click.option("--samples", type=click.IntRange(min=1), default=24, show_default=True, help="Spectra to recompute.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the draw of the sample.")
@click.option(
    "--tolerance", type=Number("tolerance"), default=TOLERANCE, show_default=True, help="Largest relative difference."
)
@PROCESSES
@common_options
@click.pass_context
def verify(
    ctx: click.Context,
    names: tuple[str, ...],
    samples: int,
    seed: int,
    tolerance: float,
    processes: int | None,
    as_json: bool,
) -> None:
    """Recompute a sample of the spectra of grids and compare.

    NAMES are those of grids, or files; all shipped ones by default. Totals and moments of the propagator are
    compared. Exit code 1 when one differs by more than the tolerance.
    """
    from recast.grid_build import verify_grid

    results = []
    for path in _paths(names):
        with _Progress(quiet=as_json) as progress:
            checks = verify_grid(path, samples=samples, seed=seed, processes=processes, progress=progress)
        worst = max(max(check.total, check.moments) for check in checks)
        spectra = [
            {"table": check.table, "energy": check.energy, "total": check.total, "moments": check.moments}
            for check in checks
        ]
        results.append({"grid": str(path), "largest": worst, "passed": worst <= tolerance, "spectra": spectra})
    if as_json:
        print_json({"tolerance": tolerance, "grids": results})
    else:
        for result in results:
            rows = [tuple(spectrum.values()) for spectrum in result["spectra"]]  # type: ignore[attr-defined]
            header = ("table", "energy/GeV", "difference of total", "of moments")
            print_table(header, rows, title=f"{result['grid']}: {'pass' if result['passed'] else 'FAIL'}")
    if not all(result["passed"] for result in results):
        ctx.exit(CHECK_FAILED)


@grid.command("info")
@click.argument("names", nargs=-1)
@common_options
@click.pass_context
def info(ctx: click.Context, names: tuple[str, ...], as_json: bool) -> None:
    """Describe grids.

    NAMES are those of grids, or files; all shipped ones by default. Exit code 1 when a checksum does not fit.
    """
    from recast.grid import describe_grid

    grids = [describe_grid(path) for path in _paths(names)]
    if as_json:
        print_json({"grids": grids})
    else:
        for position, description in enumerate(grids):
            if position:
                click.echo()
            tables = description["tables"]
            for key, value in description.items():
                if key != "tables":
                    click.echo(f"{key}: {value}")
            columns = ("energies", "threshold", "accuracy_total", "accuracy_moments", "intact")
            rows = [(name, *(table[column] for column in columns)) for name, table in tables.items()]
            print_table(("table", *columns), rows)
    if not all(table["intact"] for description in grids for table in description["tables"].values()):
        click.echo("a checksum does not fit: rebuild the grid with `recast grid build`", err=True)
        ctx.exit(CHECK_FAILED)


def _paths(names: tuple[str, ...]) -> list[Path]:
    from recast.grid import grid_path
    from recast.grid_build import load_recipe

    if not names:
        return [grid_path(name) for name in load_recipe().pairs]
    return [Path(name) if name.endswith(".h5") else grid_path(name) for name in names]


class _Progress:
    """A progress bar on standard error, as a context that gives a function of (description, fraction done)."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet or not sys.stderr.isatty()
        self._bar: Any = None

    def __enter__(self) -> Callable[[str, float], None] | None:
        if self.quiet:
            return None
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:3.0f}%"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        bar.start()
        task = bar.add_task("", total=1.0)
        self._bar = bar
        return lambda text, done: bar.update(task, description=text, completed=done)

    def __exit__(self, *_details: object) -> None:
        if self._bar is not None:
            self._bar.stop()
