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
    and observed (for a projection: expected) counts. The parameter of interest scales the nominal signal.

    Example: recast workspace dune_nd_counts:background_error=0.05 -o dune.json
    """
    from recast.errors import NotApplicableError
    from recast.likelihoods import CountingExperiment, PyhfWorkspace
    from recast.output import check_output, whole_file

    if output is not None:
        check_output(output, force=force, suffixes=(".json",))
    loaded = settings.catalog().measurement(measurement)
    likelihood = loaded.likelihood
    if not isinstance(likelihood, CountingExperiment | PyhfWorkspace):
        kind = type(likelihood).model_fields["type"].default
        msg = (
            f"measurement '{loaded.label}' is no counting model: its likelihood is of type {kind}; name one of type "
            "counting_experiment or pyhf_workspace, such as dune_nd_counts"
        )
        raise NotApplicableError(msg)
    text = json.dumps(likelihood.workspace, indent=2)
    if output is None:
        click.echo(text)
        return
    with whole_file(output) as path:
        path.write_text(f"{text}\n", encoding="utf-8")
    summary = {"output": str(output), "measurement": loaded.label, "signal": likelihood.signal}
    words = f"{likelihood.signal:g} signal events at mu = 1"
    if isinstance(likelihood, CountingExperiment):
        summary |= {"background": likelihood.background, "accuracy": float(likelihood.accuracy())}
        words += f", {likelihood.background:g} of background, expected error of the signal {summary['accuracy']:.1%}"
    if as_json:
        print_json(summary)
        return
    click.echo(f"{output}: {loaded.label}, {words}")
