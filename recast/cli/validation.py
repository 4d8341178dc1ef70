"""The command validate: the ledger of published numbers."""

from __future__ import annotations

from collections import Counter

import click

from recast.cli.common import CHECK_FAILED, common_options, print_json, print_table
from recast.cli.completion import complete
from recast.cli.progress import progress


@click.command()
@click.argument("names", nargs=-1, metavar="[ENTRY]...", shell_complete=complete("entries"))
@common_options
@click.pass_context
def validate(ctx: click.Context, names: tuple[str, ...], as_json: bool) -> None:
    """Recompute published numbers and compare.

    All numbers of the ledger, or the entries named.

    Verdicts: pass; fail; explained (not reproduced, for a reason given in docs/findings.md); not_yet (physics that
    recast does not compute yet). Exit code 1 when one fails.
    """
    from recast.validate import as_json as json_form
    from recast.validate import validate as run

    with progress("validate", unit="entries") as show:
        entries = run(names, progress=show)
    if as_json:
        print_json(json_form(entries))
    else:
        rows = [
            (entry.id, entry.published, entry.ours, entry.tolerance, entry.unit, entry.verdict, entry.reason)
            for entry in entries
        ]
        print_table(("entry", "published", "ours", "tolerance", "unit", "verdict", "reason"), rows)
        counts = Counter(entry.verdict for entry in entries)
        click.echo(", ".join(f"{counts[verdict]} {verdict}" for verdict in ("pass", "explained", "not_yet", "fail")))
    if any(entry.verdict == "fail" for entry in entries):
        ctx.exit(CHECK_FAILED)
