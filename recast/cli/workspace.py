"""The command workspace: a counting measurement in pyhf's format."""

from __future__ import annotations

import json
from pathlib import Path

import click

from recast.cli.common import Settings, common_options, pass_settings, print_json
from recast.cli.completion import complete
from recast.cli.scanning import FORCE


@click.command()
@click.argument("measurement", shell_complete=complete("measurements"))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="JSON file to write. [default: print it]")
@FORCE
@common_options
@pass_settings
def workspace(settings: Settings, /, measurement: str, output: Path | None, force: bool, as_json: bool) -> None:
    """Write a counting measurement as a pyhf workspace.

    For MEASUREMENT, with its variants, whose likelihood is a counting model: signal, background, nuisance parameters
    and observed (for a projection: expected) counts. The parameter of interest scales the nominal signal. What made the
    file stands beside it, in NAME.origin.json, since a workspace has no place for it. The way back is
    `recast import workspace`.

    Example: recast workspace dune_nd_counts:background_error=0.05 -o dune.json
    """
    from recast.exports import Origin
    from recast.exports.workspaces import origin_path, workspace_of
    from recast.likelihoods import CountingExperiment
    from recast.output import check_output, whole_file

    if output is not None:
        check_output(output, force=force, suffixes=(".json",))
        check_output(origin_path(output), force=force)
    loaded = settings.catalog().measurement(measurement)
    likelihood = loaded.likelihood
    content, signal = workspace_of(loaded)
    text = json.dumps(content, indent=2)
    if output is None:
        click.echo(text)
        return
    origin = Origin.now(citations=loaded.citations).to_dict()
    origin |= {"measurement": loaded.label, "signal": signal, "not_in_it": list(loaded.theory_errors)}
    for file, words in ((output, text), (origin_path(output), json.dumps(origin, indent=2, ensure_ascii=False))):
        with whole_file(file) as path:
            path.write_text(f"{words}\n", encoding="utf-8")
    summary = {"output": str(output), "measurement": loaded.label, "signal": signal}
    words = f"{signal:g} signal events at mu = 1"
    if isinstance(likelihood, CountingExperiment):
        summary |= {"background": likelihood.background, "accuracy": float(likelihood.accuracy())}
        words += f", {likelihood.background:g} of background, expected error of the signal {summary['accuracy']:.1%}"
    if loaded.theory_errors:
        summary["not_in_it"] = list(loaded.theory_errors)
    if as_json:
        print_json(summary)
        return
    click.echo(f"{output}: {loaded.label}, {words}")
    if loaded.theory_errors:
        click.echo(f"not in it: the theory errors {', '.join(loaded.theory_errors)} of the prediction")
    click.echo(f"{origin_path(output)}: what made it and what to cite")
