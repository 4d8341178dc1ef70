"""The command fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from recast.cli.common import (
    CHECK_FAILED,
    Settings,
    boson_options,
    common_options,
    pass_settings,
    print_json,
    print_table,
)
from recast.cli.completion import complete
from recast.cli.progress import progress

if TYPE_CHECKING:
    from recast.fit_result import FitResult


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


def _ranges(given: tuple[str, ...]) -> dict[str, tuple[float, float]]:
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

    catalog = settings.catalog()
    with progress("fit", unit="minimisations") as show:
        result = run(
            settings.model(model),
            [catalog.measurement(name) for name in measurement],
            fix=_fixed(fix),
            ranges=_ranges(ranges),
            seeds=seeds,
            progress=show,
        )
    if as_json:
        print_json(result.to_dict())
    elif result.valid:
        _print(result)
    if not result.valid:
        if not as_json:
            click.echo(f"Error: {result.message}", err=True)
        ctx.exit(CHECK_FAILED)


def _print(result: FitResult) -> None:
    def row(name: str, one: Any) -> tuple[Any, ...]:
        low, high = one.minos
        return name, one.value, "fixed" if one.fixed else one.hesse, low, high

    title = f"{result.model}, {' + '.join(result.measurements)}"
    rows = [row(name, one) for name, one in result.parameters.items()]
    print_table(("parameter", "best fit", "HESSE", "MINOS -", "MINOS +"), rows, title=title)
    pulls = [
        (name, _one(one.data), _one(one.prediction), one.pull, one.minus_2_delta_ln_l)
        for name, one in result.pulls.items()
    ]
    print_table(("measurement", "data", "best fit", "pull", "2 delta ln L"), pulls)
    if result.nuisances:
        rows = [(name, one.pull, one.error) for name, one in result.nuisances.items()]
        print_table(("nuisance parameter", "pull", "error"), rows)
    if len(result.correlation_names) > 1:
        matrix = [
            (name, *(float(f"{x:.3f}") + 0.0 for x in line))
            for name, line in zip(result.correlation_names, result.correlation.tolist(), strict=True)
        ]
        print_table(("correlation", *result.correlation_names), matrix)
    p = "" if result.p_value is None else f", p = {result.p_value:.3g}"
    dof = result.degrees_of_freedom
    click.echo(f"2 delta ln L = {result.minus_2_delta_ln_l:.4g} for {dof} degree{'s' * (dof != 1)} of freedom{p}")
    for remark in result.remarks:
        click.echo(remark)
    click.echo(result.convention)


def _one(value: Any) -> Any:
    """Return a number, or how many there are."""
    return value if isinstance(value, float) else f"{len(value)} numbers"
