"""Commands for the shipped grids: grid build, grid verify, grid info."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from recast.cli.common import CHECK_FAILED, common_options, print_json, print_table


@click.group()
def grid() -> None:
    """Build, verify and describe the grids of spectra."""


@grid.command("build")
@click.argument("name")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="HDF5 file. [default: trident_NAME.h5 here]")
@click.option("--processes", type=click.IntRange(min=1), help="Processes to use. [default: one per core]")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@common_options
def build(name: str, output: Path | None, processes: int | None, force: bool, as_json: bool) -> None:
    """Rebuild the grid of one mass pair.

    NAME is ee, emu, mumu, etau, mutau or tautau.
    """
    from recast.output import check_output

    path = check_output(Path(f"trident_{name}.h5") if output is None else output, force=force)
    from recast.grid import build_grid, describe_grid

    with _Progress(f"trident_{name}", quiet=as_json) as progress:
        build_grid(name, path, progress=progress, processes=processes)
    if as_json:
        print_json(describe_grid(path))
    else:
        click.echo(str(path))


@grid.command("verify")
@click.argument("names", nargs=-1)
@click.option("--samples", type=click.IntRange(min=1), default=5, show_default=True, help="Entries to recompute.")
@common_options
@click.pass_context
def verify(ctx: click.Context, names: tuple[str, ...], samples: int, as_json: bool) -> None:
    """Recompute a sample of the entries of grids and compare.

    NAMES are those of shipped grids or files; all shipped ones by default. Exit code 1 on a failure.
    """
    from recast.grid import verify_grid

    results = [{"grid": str(path), **verify_grid(path, samples=samples)} for path in _paths(names)]
    if as_json:
        print_json({"grids": results})
    else:
        rows = [(Path(r["grid"]).name, r["largest_deviation"], r["tolerance"], _word(r["passed"])) for r in results]
        print_table(("grid", "largest deviation", "tolerance", "verdict"), rows)
    if not all(result["passed"] for result in results):
        ctx.exit(CHECK_FAILED)


@grid.command("info")
@click.argument("names", nargs=-1)
@common_options
def info(names: tuple[str, ...], as_json: bool) -> None:
    """Describe grids.

    NAMES are those of shipped grids or files; all shipped ones by default.
    """
    from recast.grid import describe_grid

    descriptions = [{"grid": str(path), **describe_grid(path)} for path in _paths(names)]
    if as_json:
        print_json({"grids": descriptions})
        return
    for description in descriptions:
        print_table(("", ""), [(key, _text(value)) for key, value in description.items()])
        click.echo()


def _paths(names: tuple[str, ...]) -> list[Path]:
    from recast.grid import grid_path, shipped_grids

    return [grid_path(name) for name in names] if names else list(shipped_grids())


def _word(passed: bool) -> str:
    return "pass" if passed else "fail"


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(item)}" for key, item in value.items())
    return f"{value:.6g}" if isinstance(value, float) else str(value)


class _Progress:
    """A progress bar on standard error, as a context that gives a function of (done, total)."""

    def __init__(self, title: str, *, quiet: bool) -> None:
        self.title = title
        self.quiet = quiet or not sys.stderr.isatty()
        self._bar: Any = None

    def __enter__(self) -> Callable[[int, int], None]:
        if self.quiet:
            return lambda _done, _total: None
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
        task = bar.add_task(self.title, total=None)
        self._bar = bar

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return advance

    def __exit__(self, *_details: object) -> None:
        if self._bar is not None:
            self._bar.stop()
