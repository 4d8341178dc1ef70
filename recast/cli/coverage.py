"""The command coverage."""

from __future__ import annotations

import click

from recast.cli.common import Settings, boson_options, common_options, pass_settings, print_json, print_report
from recast.cli.completion import complete
from recast.cli.executor_options import executor_options
from recast.cli.progress import progress


@click.command()
@click.argument("model", shell_complete=complete("models"))
@click.argument("measurement", nargs=-1, required=True, shell_complete=complete("measurements"))
@click.option("--mass", type=float, multiple=True, required=True, help="True mass in GeV; may be repeated.")
@click.option("--coupling", type=float, multiple=True, required=True, help="True coupling; may be repeated.")
@click.option("--cl", "confidence_level", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option("--toys", type=click.IntRange(min=1), default=10_000, show_default=True, help="Experiments per point.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the random numbers.")
@executor_options
@boson_options
@common_options
@pass_settings
def coverage(
    settings: Settings,
    /,
    model: str,
    measurement: tuple[str, ...],
    mass: tuple[float, ...],
    coupling: tuple[float, ...],
    confidence_level: float,
    toys: int,
    seed: int,
    processes: int | None,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Compute how often allowed regions contain the truth.

    Draws the data of many experiments in which a mass and a coupling are true, and applies every convention for limits
    to each: the fraction whose region contains the true coupling, and the fraction whose region is empty.

    Example: recast coverage lmu_ltau ccfr --mass 0.1 --coupling 0 --coupling 1e-3
    """
    import numpy as np

    from recast.coverage import coverage as run
    from recast.executors import open_executor
    from recast.reports import coverage_report

    catalog = settings.catalog()
    masses, couplings = np.meshgrid(mass, coupling, indexing="ij")
    with (
        open_executor(processes=processes, workers=workers, scheduler=scheduler) as executor,
        progress("coverage", unit="blocks of experiments") as show,
    ):
        result = run(
            settings.model(model),
            [catalog.measurement(name) for name in measurement],
            mass=masses,
            coupling=couplings,
            confidence_level=confidence_level,
            toys=toys,
            seed=seed,
            executor=executor,
            progress=show,
        )
    if as_json:
        print_json(result.to_dict())
    else:
        print_report(coverage_report(result))
