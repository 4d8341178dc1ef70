"""The command fit."""

from __future__ import annotations

import click

from recast.cli.common import (
    CHECK_FAILED,
    Settings,
    boson_options,
    common_options,
    pass_settings,
    print_json,
    print_report,
)
from recast.cli.completion import complete
from recast.cli.progress import progress


def _assignment(option: str, text: str) -> tuple[str, str]:
    from recast.errors import RecastError

    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise RecastError(f"--{option} takes NAME=VALUE, for example --{option} mass=0.1, not {text!r}")
    return name.strip(), value.strip()


def _number(option: str, name: str, text: str) -> float:
    from recast.errors import RecastError

    try:
        return float(text)
    except ValueError:
        raise RecastError(f"--{option} {name}: {text!r} is not a number") from None


def _fixed(given: tuple[str, ...]) -> dict[str, float]:
    """Read ``mass=0.1``."""
    from recast.errors import RecastError

    result: dict[str, float] = {}
    for text in given:
        name, value = _assignment("fix", text)
        if name in result:
            raise RecastError(f"--fix {name} is given twice")
        result[name] = _number("fix", name, value)
    return result


def named_ranges(given: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    """Read ``mass=0.01:10``."""
    from recast.errors import RecastError

    result: dict[str, tuple[float, float]] = {}
    for text in given:
        name, value = _assignment("range", text)
        low, colon, high = value.partition(":")
        if not colon:
            raise RecastError(f"--range takes NAME=LOW:HIGH, for example --range mass=0.01:10, not {text!r}")
        result[name] = _number("range", name, low), _number("range", name, high)
    return result


@click.command()
@click.argument("model", shell_complete=complete("models"))
@click.argument("measurement", nargs=-1, required=True, shell_complete=complete("measurements"))
@click.option("--fix", multiple=True, metavar="NAME=VALUE", help="Hold a parameter, e.g. mass=0.1; may be repeated.")
@click.option(
    "--range", "ranges", multiple=True, metavar="NAME=LOW:HIGH", help="Where to look for a parameter; may be repeated."
)
@click.option("--seeds", type=click.IntRange(1, 1000), default=8, show_default=True, help="Number of minimisations.")
@boson_options
@common_options
@click.pass_context
@pass_settings
def fit(
    settings: Settings,
    ctx: click.Context,
    /,
    model: str,
    measurement: tuple[str, ...],
    fix: tuple[str, ...],
    ranges: tuple[str, ...],
    seeds: int,
    as_json: bool,
) -> None:
    """Fit a model to measurements.

    Prints the best fit with its errors (HESSE and MINOS), the goodness of fit, the pulls of measurements and nuisance
    parameters, and correlations; and says which parameters the measurements leave open. Exit code 1 when the fit
    failed.

    Example: recast fit lmu_ltau muon_g2:year=2019 --fix mass=0.1
    """
    from recast.fit import fit as run
    from recast.reports import fit_report

    catalog = settings.catalog()
    with progress("fit", unit="minimisations") as show:
        result = run(
            settings.model(model),
            [catalog.measurement(name) for name in measurement],
            fix=_fixed(fix),
            ranges=named_ranges(ranges),
            seeds=seeds,
            progress=show,
        )
    if as_json:
        print_json(result.to_dict())
    elif result.valid:
        print_report(fit_report(result))
    if not result.valid:
        if not as_json:
            click.echo(f"Error: {result.message}", err=True)
        ctx.exit(CHECK_FAILED)
