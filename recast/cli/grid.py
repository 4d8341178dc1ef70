"""Commands for what is computed once and shipped: grid build, grid verify, grid info."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recast.cli.common import CHECK_FAILED, Settings, common_options, pass_settings, print_json, print_table
from recast.cli.completion import complete
from recast.cli.executor_options import executor_options
from recast.cli.progress import Show, progress

if TYPE_CHECKING:
    from recast.grid_verify import Verification
    from recast.table_file import Check

TOLERANCE = 1e-4
"""Relative: what is asked of every total and propagator moment of a grid."""


@click.group()
def grid() -> None:
    """Build, verify and describe the grids of spectra and other tables."""


@grid.command("build")
@click.argument("name", shell_complete=complete("grids"))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="HDF5 file. [default: NAME.h5 here]")
@click.option("--recipe", type=click.Path(path_type=Path), help="YAML that says what a grid holds. [default: shipped]")
@click.option(
    "--selection", shell_complete=complete("selections"), help="Keep what passes these cuts, by generated events."
)
@click.option(
    "--nucleus",
    "nuclei",
    multiple=True,
    shell_complete=complete("targets"),
    help="With --selection: this nucleus (repeatable) and nucleons. [default: all]",
)
@click.option("--events", type=int, help="With --selection: events for each scatterer. [default: 2000000]")
@click.option("--seed", type=int, help="With --selection: where the random numbers begin. [default: 0]")
@executor_options
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@common_options
@pass_settings
def build(
    settings: Settings,
    /,
    name: str,
    output: Path | None,
    recipe: Path | None,
    selection: str | None,
    nuclei: tuple[str, ...],
    events: int | None,
    seed: int | None,
    processes: int | None,
    workers: int | None,
    scheduler: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Rebuild a grid or table from first principles.

    NAME is trident_ee, trident_emu, trident_mumu, trident_etau, trident_mutau or trident_tautau (spectra of one lepton
    pair), z_to_four_muons (acceptance of Z decays) or n_eff (evolution of the early universe). Without --processes,
    --workers or --scheduler there is a process per core.

    With --selection it is made of the existing grid NAME and of generated events: the spectra of what passes the cuts.

    Example: recast grid build trident_mumu --selection dune_nd_1902_06765 --nucleus Ar40
    """
    from recast.errors import RecastError
    from recast.executors import open_executor
    from recast.grid_build import build_grid
    from recast.grid_selection import build_selected_grid, split_name
    from recast.output import check_output
    from recast.table_file import TABLES, table_module

    if selection is None:
        name, selection = split_name(name, settings.catalog().names("selections"))
    cuts = None if selection is None else settings.catalog().selection(selection)
    if name in TABLES and (recipe is not None or cuts is not None):
        msg = f"--recipe and --selection are for grids of tridents, and {name} is none"
        raise RecastError(msg)
    own = {"nuclei": nuclei or None, "events": events, "seed": seed}
    generated: dict[str, Any] = {key: value for key, value in own.items() if value is not None}
    if (cuts is None and generated) or (cuts is not None and recipe is not None):
        word = "--recipe goes without" if cuts is not None else "--nucleus, --events and --seed go with"
        raise RecastError(f"{word} --selection")
    target = output or Path(f"{name}.h5" if cuts is None else f"{name}_{cuts.name}.h5")
    check_output(target, force=force)  # before workers are started
    chosen = open_executor(processes=processes, workers=workers, scheduler=scheduler)
    with chosen as executor, progress(target.stem) as show:
        options: dict[str, Any] = {"executor": executor, "progress": _by_fraction(show), "force": force}
        if name in TABLES:
            path = table_module(name).build(target, **options)
        elif cuts is not None:
            path = build_selected_grid(name, cuts, target, **generated, **options)
        else:
            path = build_grid(name, target, recipe=recipe, **options)
    if as_json:
        print_json(_description(path))
    else:
        click.echo(str(path))


@grid.command("verify")
@click.argument("names", nargs=-1, shell_complete=complete("grids"))
@click.option("--samples", type=click.IntRange(min=1), default=24, show_default=True, help="Numbers to recompute.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the choice.")
@click.option("--processes", type=click.IntRange(min=1), help="Processes to use. [default: one per core]")
@common_options
@click.pass_context
def verify(
    ctx: click.Context, names: tuple[str, ...], samples: int, seed: int, processes: int | None, as_json: bool
) -> None:
    """Recompute a sample of grids and tables and compare.

    NAMES are those of shipped grids or files; all shipped ones by default. Exit code 1 on a failure.
    """
    from recast.grid_selection import is_selected
    from recast.grid_verify import verify_grid, verify_selected_grid
    from recast.table_file import table_kind, table_module

    results = []
    for path in _paths(names):
        kind = table_kind(path)
        summary: Any = _worst
        if kind is not None:
            check: Any = table_module(kind).verify
        elif is_selected(path):
            check = verify_selected_grid
        else:
            check, summary = verify_grid, _largest
        with progress(path.stem) as show:
            checks = check(path, samples=samples, seed=seed, processes=processes, progress=_by_fraction(show))
        results.append({"grid": str(path), "samples": len(checks), **summary(checks)})
    if as_json:
        print_json({"grids": results})
    else:
        print_table(
            ("grid", "samples", "differs by", "tolerance", "verdict"),
            [
                (
                    Path(str(r["grid"])).name,
                    r["samples"],
                    max(value for key, value in r.items() if key.startswith("largest")),
                    r["tolerance"],
                    "pass" if r["passed"] else "fail",
                )
                for r in results
            ],
            title="largest relative difference (of totals and propagator moments for spectra; of what passes a "
            "selection: in standard deviations)",
        )
    if not all(result["passed"] for result in results):
        ctx.exit(CHECK_FAILED)


def _by_fraction(show: Show) -> Callable[[str, float], None]:
    """Return what the builders of grids call, with what is done now and the fraction that is."""
    return lambda what, done: show(done, 1.0, what)


def _largest(checks: list[Verification]) -> dict[str, Any]:
    """Return the largest differences of a grid of spectra."""
    total, moment = max(check.total for check in checks), max(check.moments for check in checks)
    passed = max(total, moment) <= TOLERANCE
    return {"largest_total": total, "largest_moment": moment, "tolerance": TOLERANCE, "passed": passed}


def _worst(checks: list[Check]) -> dict[str, Any]:
    """Return the difference of a table that comes closest to its tolerance, or exceeds it most."""
    worst = max(checks, key=lambda check: check.difference / check.tolerance)
    return {"largest": worst.difference, "tolerance": worst.tolerance, "passed": all(check.passed for check in checks)}


@grid.command("info")
@click.argument("names", nargs=-1, shell_complete=complete("grids"))
@common_options
@click.pass_context
def info(ctx: click.Context, names: tuple[str, ...], as_json: bool) -> None:
    """Describe grids: what they hold, how accurate, whether intact.

    NAMES are those of shipped grids or files; all shipped ones by default. Exit code 1 when one is not intact.
    """
    with progress("grid info", unit="grids") as show:
        descriptions, paths = [], _paths(names)
        for done, path in enumerate(paths):
            show(done, len(paths), path.stem)
            descriptions.append(_description(path))
    if as_json:
        print_json({"grids": descriptions})
    else:
        _print_descriptions(descriptions)
    if not all(table["intact"] for description in descriptions for table in description["tables"].values()):
        ctx.exit(CHECK_FAILED)


def _description(path: Path) -> dict[str, Any]:
    from recast.grid import describe_grid
    from recast.table_file import describe_table, table_kind

    kind = table_kind(path)
    return describe_grid(path) if kind is None else describe_table(path, kind)


def _print_descriptions(descriptions: list[dict[str, Any]]) -> None:
    for description in descriptions:
        tables = description["tables"]
        plain = {key: value for key, value in description.items() if key not in {"tables", "arrays"}}
        plain |= {f"array {key}": value for key, value in description.get("arrays", {}).items()}
        print_table(("", ""), [(key, _text(value)) for key, value in plain.items()])
        if not tables:
            continue
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
