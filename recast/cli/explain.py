"""The command explain."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any

import click

from recast.cli.common import Settings, boson_options, common_options, pass_settings, print_json, print_table
from recast.cli.completion import complete
from recast.cli.physics import point_of, point_options
from recast.cli.progress import progress

if TYPE_CHECKING:
    from recast.explanation import Explanation

_WIDE = 140
_LEFT_OUT = ("threshold", "source")


@click.command()
@click.argument("model", shell_complete=complete("models"))
@click.argument("measurement", nargs=-1, shell_complete=complete("measurements"))
@point_options
@click.option("--cl", "confidence_level", type=float, default=0.95, show_default=True, help="Confidence level.")
@boson_options
@common_options
@pass_settings
def explain(
    settings: Settings,
    /,
    model: str,
    measurement: tuple[str, ...],
    confidence_level: float,
    as_json: bool,
    **point: float | None,
) -> None:
    """Say what excludes a point of a model, and by how much.

    Asks all measurements, or those that are named, each by itself: what it predicts at the point, what was measured,
    how far apart they are, which couplings it excludes, and where it was published. The strongest exclusion stands
    first; measurements that say nothing about the point give their reason.

    Example: recast explain lmu_ltau --mass 0.05 --coupling 1e-3
    """
    import recast

    catalog = settings.catalog()
    loaded = settings.model(model)
    point_of(loaded, point)  # names options that are missing
    given: dict[str, Any] = {name: value for name, value in point.items() if value is not None}
    with progress("explain", unit="measurements") as show:
        explanation = recast.explain(
            loaded,
            measurements=[catalog.measurement(name) for name in measurement] or None,
            confidence_level=confidence_level,
            plugins=settings.plugins,
            progress=show,
            **given,
        )
    if as_json:
        print_json(explanation.to_dict())
        return
    _print(explanation, named=bool(measurement))


def _print(explanation: Explanation, *, named: bool) -> None:
    click.echo(f"{explanation.title}, {explanation.point}: {explanation.summary}.")
    header, rows = explanation.table()
    if rows:
        click.echo()
        # In a narrow terminal the rest would be folded into columns of a few letters.
        narrow = sys.stdout.isatty() and shutil.get_terminal_size().columns < _WIDE
        shown = [i for i, name in enumerate(header) if not (narrow and name in _LEFT_OUT)]
        print_table([header[i] for i in shown], [[row[i] for i in shown] for row in rows])
    reasons = [explanation.sentence(row) for row in explanation.rows if row.verdict == "excluded" or named]
    for sentence in reasons:
        click.echo()
        click.echo(sentence)
    silent, conventions = explanation.silent(), explanation.conventions()
    if silent and not named:
        click.echo()
        for reason, names in silent.items():
            click.echo(f"{', '.join(names)}: {reason}")
    if conventions:
        click.echo()
        for words, names in conventions.items():
            click.echo(f"{words}: {', '.join(names)}" if len(conventions) > 1 else words)
