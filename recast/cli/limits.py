"""The command limit."""

from __future__ import annotations

from typing import Any

import click

from recast.cli.common import Settings, boson_options, common_options, pass_settings, print_json, print_table
from recast.cli.completion import complete
from recast.cli.executor_options import executor_options
from recast.cli.progress import progress


@click.command()
@click.argument("model", shell_complete=complete("models"))
@click.argument("measurement", nargs=-1, required=True, shell_complete=complete("measurements"))
@click.option("--mass", type=float, multiple=True, required=True, help="Mass in GeV; may be repeated.")
@click.option("--cl", "confidence_level", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option("--one-sided", is_flag=True, help="Exclude only predictions above the data.")
@click.option("--expected", is_flag=True, help="Replace the data by the prediction of the Standard Model.")
@click.option("--cls", "cls", is_flag=True, help="Use CLs, for one measurement of counted events.")
@click.option("--feldman-cousins", is_flag=True, help="Use the Feldman-Cousins construction.")
@click.option("--toys", type=int, default=10_000, show_default=True, help="Its pseudo-experiments at each coupling.")
@click.option("--seed", type=int, default=0, show_default=True, help="Where their random numbers begin.")
@executor_options
@boson_options
@common_options
@pass_settings
def limit(
    settings: Settings,
    /,
    model: str,
    measurement: tuple[str, ...],
    mass: tuple[float, ...],
    confidence_level: float,
    one_sided: bool,
    expected: bool,
    cls: bool,
    feldman_cousins: bool,
    toys: int,
    seed: int,
    processes: int | None,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Compute the excluded couplings at given masses.

    Several measurements are combined. The coupling printed is the lowest excluded edge. Feldman-Cousins limits from
    one number are exact; those from several, or with nuisance parameters, take pseudo-experiments.

    Example: recast limit lmu_ltau ccfr --mass 0.1 --mass 1
    """
    import recast
    from recast.executors import open_executor

    catalog = settings.catalog()
    with (
        open_executor(processes=processes, workers=workers, scheduler=scheduler) as executor,
        progress("limit", unit="masses") as show,
    ):
        result = recast.limit(
            settings.model(model),
            [catalog.measurement(name) for name in measurement],
            list(mass),
            confidence_level=confidence_level,
            one_sided=one_sided,
            expected=expected,
            cls=cls,
            feldman_cousins=feldman_cousins,
            toys=toys,
            seed=seed,
            executor=executor,
            progress=show,
        )
    document = result.to_dict()
    if as_json:
        print_json(document)
        return
    limits = document["limits"]
    rows = [(item["mass"], item["coupling"], _intervals(item["excluded"])) for item in limits]
    print_table(("mass/GeV", "coupling", "excluded"), rows, title=f"{result.model}, {' + '.join(result.measurements)}")
    for value in result.no_constraint:
        click.echo(f"no constraint here: the data say nothing about {value:g} GeV")
    allowed = len(mass) - len(limits) - len(result.no_constraint)
    if allowed:
        click.echo(f"nothing is excluded at {allowed} of {len(mass)} masses")
    for fit in document.get("best_fit", []):
        distance = fit["minus_2_delta_ln_l"]
        place = f"{fit['mass']:g} GeV: coupling {fit['coupling']:.5g}"
        click.echo(f"joint best fit at {place}, 2 delta ln L = {distance:.4g} (subtracted)")
    click.echo(result.convention)


def _intervals(intervals: Any) -> str:
    return ", ".join(f"above {low:.4g}" if high is None else f"{low:.4g} to {high:.4g}" for low, high in intervals)
