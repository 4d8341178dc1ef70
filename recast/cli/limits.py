"""The command limit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recast.cli.common import Settings, boson_options, common_options, pass_settings, print_json, print_report
from recast.cli.completion import complete
from recast.cli.executor_options import executor_options
from recast.cli.progress import progress

if TYPE_CHECKING:
    _MassesType = click.ParamType[tuple[float, ...]]
else:  # not generic at run time in older versions of click
    _MassesType = click.ParamType

_MOST = 100_000


class Masses(_MassesType):
    """A mass, or LOW:HIGH:POINTS for masses that are evenly spaced in their logarithm."""

    name = "mass"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, ...]:
        """Convert, or fail with one sentence that quotes the value."""
        low, *more = str(value).split(":")
        try:
            if not more:
                return (float(low),)
            high, points = more
            ends, number = (float(low), float(high)), int(points)
        except ValueError:
            self.fail(f"a mass is a number in GeV, or LOW:HIGH:POINTS like 0.01:10:50, not {value!r}", param, ctx)
        if not (0.0 < ends[0] < ends[1] < float("inf") and 2 <= number <= _MOST):
            rule = f"LOW:HIGH:POINTS are two positive masses, the lower first, and 2 to {_MOST:,} points"
            self.fail(f"{rule}, not {value!r}", param, ctx)
        import numpy as np

        return tuple(np.geomspace(*ends, number).tolist())


@click.command()
@click.argument("model", shell_complete=complete("models"))
@click.argument("measurement", nargs=-1, required=True, shell_complete=complete("measurements"))
@click.option(
    "--mass",
    type=Masses(),
    multiple=True,
    required=True,
    metavar="MASS|LOW:HIGH:POINTS",
    help="Mass in GeV, or that many between two; may be repeated.",
)
@click.option("--cl", "confidence_level", type=float, default=0.95, show_default=True, help="Confidence level.")
@click.option("--one-sided", is_flag=True, help="Exclude only predictions above the data.")
@click.option("--expected", is_flag=True, help="Replace the data by the prediction of the Standard Model.")
@click.option("--cls", "cls", is_flag=True, help="Use CLs, for one measurement of counted events.")
@click.option("--feldman-cousins", is_flag=True, help="Use the Feldman-Cousins construction.")
@click.option("--toys", type=int, default=10_000, show_default=True, help="Its pseudo-experiments at each coupling.")
@click.option("--seed", type=int, default=0, show_default=True, help="Where their random numbers begin.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="File to write: .csv, .dat for two columns, .tar.gz or a folder for a HEPData submission.",
)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@executor_options
@boson_options
@common_options
@pass_settings
def limit(
    settings: Settings,
    /,
    model: str,
    measurement: tuple[str, ...],
    mass: tuple[tuple[float, ...], ...],
    confidence_level: float,
    one_sided: bool,
    expected: bool,
    cls: bool,
    feldman_cousins: bool,
    toys: int,
    seed: int,
    output: Path | None,
    force: bool,
    processes: int | None,
    workers: int | None,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Compute the excluded couplings at given masses.

    Several measurements are combined. The coupling printed is the lowest excluded edge. Feldman-Cousins limits from
    one number are exact; those from several, or with nuisance parameters, take pseudo-experiments.

    Example: recast limit lmu_ltau ccfr --mass 0.1 --mass 1

    Example: recast limit lmu_ltau ccfr --mass 0.01:10:100 -o ccfr.csv
    """
    import recast
    from recast.executors import open_executor
    from recast.exports import check_export, export, of_limit
    from recast.reports import limit_report

    if output is not None:
        check_export(output, force=force)
    chosen = settings.model(model)
    measurements = [settings.catalog().measurement(name) for name in measurement]
    with (
        open_executor(processes=processes, workers=workers, scheduler=scheduler) as executor,
        progress("limit", unit="masses") as show,
    ):
        result = recast.limit(
            chosen,
            measurements,
            [one for masses in mass for one in masses],
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
    if output is not None:
        citations = [*chosen.citations, *(source for one in measurements for source in one.citations)]
        export(of_limit(result, citations=citations), output, force=force)
        document["output"] = str(output)
    if as_json:
        print_json(document)
    elif output is not None:
        found = f"{len(document['limits'])} of {result.mass.size} masses have a limit"
        click.echo(f"{output}: {found}; {result.convention}")
    else:
        print_report(limit_report(result))
