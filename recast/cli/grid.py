"""Commands for the shipped grids: grid build, grid verify, grid info."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from recast.cli.common import CHECK_FAILED, common_options, print_json, print_table

TOLERANCE = 1e-4
"""Relative: what is asked of every total and propagator moment of a grid."""


@click.group()
def grid() -> None:
    """Build, verify and describe the grids of spectra."""


@grid.command("build")
@click.argument("name")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="HDF5 file. [default: NAME.h5 here]")
@click.option("--recipe", type=click.Path(path_type=Path), help="YAML that says what a grid holds. [default: shipped]")
@click.option("--processes", type=click.IntRange(min=1), help="Processes to use. [default: one per core]")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@common_options
def build(
    name: str, output: Path | None, recipe: Path | None, processes: int | None, force: bool, as_json: bool
) -> None:
    """Rebuild the grid of one lepton pair from first principles.

    NAME is trident_ee, trident_emu, trident_mumu, trident_etau, trident_mutau or trident_tautau.
    """
    from recast.grid import describe_grid
    from recast.grid_build import build_grid

    with _progress(name, quiet=as_json) as progress:
        path = build_grid(
            name, output or Path(f"{name}.h5"), recipe=recipe, processes=processes, progress=progress, force=force
        )
    if as_json:
        print_json(describe_grid(path))
    else:
        click.echo(str(path))


@grid.command("verify")
@click.argument("names", nargs=-1)
@click.option("--samples", type=click.IntRange(min=1), default=24, show_default=True, help="Spectra to recompute.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the choice of spectra.")
@click.option("--processes", type=click.IntRange(min=1), help="Processes to use. [default: one per core]")
@common_options
@click.pass_context
def verify(
    ctx: click.Context, names: tuple[str, ...], samples: int, seed: int, processes: int | None, as_json: bool
) -> None:
    """Recompute a sample of the spectra of grids and compare.

    NAMES are those of shipped grids or files; all shipped ones by default. Exit code 1 on a failure.
    """
    from recast.grid_build import verify_grid

    results = []
    for path in _paths(names):
        with _progress(path.stem, quiet=as_json) as progress:
            checks = verify_grid(path, samples=samples, seed=seed, processes=processes, progress=progress)
        total, moment = max(check.total for check in checks), max(check.moments for check in checks)
        results.append(
            {
                "grid": str(path),
                "samples": len(checks),
                "largest_total": total,
                "largest_moment": moment,
                "tolerance": TOLERANCE,
                "passed": max(total, moment) <= TOLERANCE,
            }
        )
    if as_json:
        print_json({"grids": results})
    else:
        print_table(
            ("grid", "samples", "total differs by", "moment differs by", "tolerance", "verdict"),
            [(Path(str(r["grid"])).name, *list(r.values())[1:-1], "pass" if r["passed"] else "fail") for r in results],
        )
    if not all(result["passed"] for result in results):
        ctx.exit(CHECK_FAILED)


@grid.command("info")
@click.argument("names", nargs=-1)
@common_options
@click.pass_context
def info(ctx: click.Context, names: tuple[str, ...], as_json: bool) -> None:
    """Describe grids: what they hold, how accurate, whether intact.

    NAMES are those of shipped grids or files; all shipped ones by default. Exit code 1 when one is not intact.
    """
    from recast.grid import describe_grid

    descriptions = [describe_grid(path) for path in _paths(names)]
    if as_json:
        print_json({"grids": descriptions})
    else:
        _print_descriptions(descriptions)
    if not all(table["intact"] for description in descriptions for table in description["tables"].values()):
        ctx.exit(CHECK_FAILED)


def _print_descriptions(descriptions: list[dict[str, Any]]) -> None:
    for description in descriptions:
        tables = description["tables"]
        print_table(("", ""), [(key, _text(value)) for key, value in description.items() if key != "tables"])
        print_table(
            ("table", "energies", "threshold (GeV)", "total", "moments", "intact"),
            [
                (name, t["energies"], t["threshold"], t["accuracy_total"], t["accuracy_moments"], _text(t["intact"]))
                for name, t in tables.items()
            ],
            title="relative accuracy of totals and propagator moments by table",
        )
        click.echo()


def _paths(names: tuple[str, ...]) -> list[Path]:
    from recast.grid import grid_path, shipped_grids

    if not names:
        return shipped_grids()
    return [Path(name) if name.endswith(".h5") else grid_path(name) for name in names]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.8g}" if isinstance(value, float) else str(value)


@contextmanager
def _progress(title: str, *, quiet: bool) -> Iterator[Callable[[str, float], None] | None]:
    """Show a progress bar on standard error; yields a function of (what is done now, fraction)."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f}%"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda what, done: bar.update(task, description=f"{title}: {what}", completed=done)
