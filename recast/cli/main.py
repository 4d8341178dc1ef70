"""The group `recast`: global options, commands and what an error looks like.

Commands import what they need inside their functions, so that ``recast --help`` only pays for click.
"""

from __future__ import annotations

import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from recast.cli.catalog import cite, list_command, show
from recast.cli.common import BAD_INPUT, INTERNAL, INTERRUPTED, SETTINGS, Settings
from recast.cli.completion import completion
from recast.cli.coverage import coverage
from recast.cli.explain import explain
from recast.cli.explore import explore, serve
from recast.cli.exports import export, import_group
from recast.cli.fitting import fit
from recast.cli.generate import generate
from recast.cli.grid import grid
from recast.cli.kit import check, new, schema
from recast.cli.limits import limit
from recast.cli.physics import cross_section, predict, rate
from recast.cli.scanning import plot, scan
from recast.cli.validation import validate
from recast.cli.workspace import workspace


class BadInput(click.ClickException):
    """Something that the user can mend, shown as one line on standard error."""

    exit_code = BAD_INPUT

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class InternalError(BadInput):
    """A defect of recast, shown as one line as well."""

    exit_code = INTERNAL


class RecastGroup(click.Group):
    """A group that turns errors into one line, unless ``--debug`` asks for the traceback."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Note the command for `recast.exports.Origin`, then read it."""
        ctx.meta["recast.command"] = shlex.join(["recast", *args])
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the chosen command."""
        settings = ctx.ensure_object(Settings)
        try:
            with _termination_interrupts():
                return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort):
            # Not 1, which says that a check ran and failed.
            click.echo("Interrupted.", err=True)
            ctx.exit(INTERRUPTED)
        except (click.exceptions.Exit, click.ClickException):
            raise
        except Exception as error:
            # A closed pipe (`recast list | head`) is not an error; click ends quietly on it.
            if settings.debug or isinstance(error, BrokenPipeError):
                raise
            raise _failure(error) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the commands in the order of a first visit rather than of the alphabet."""
        return list(self.commands)


@contextmanager
def _termination_interrupts() -> Iterator[None]:
    """Let the signal by which batch systems end a job do what Ctrl-C does: workers end, and files are closed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _failure(error: Exception) -> BadInput:
    from recast.errors import RecastError

    if isinstance(error, RecastError):
        return BadInput(str(error))
    if isinstance(error, OSError):
        place = error.filename or "a file or the output"
        return BadInput(f"{place}: {error.strerror or error}")
    if isinstance(error, MemoryError):
        return BadInput("there is not enough memory for this: ask for fewer points")
    return InternalError(f"internal error, {type(error).__name__}: {error} (run with --debug for the traceback)")


def _version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from recast.cli.versions import print_versions

        print_versions(as_json=ctx.ensure_object(Settings).as_json)
        ctx.exit()


def _remembered(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    setattr(ctx.ensure_object(Settings), str(parameter.name), value)


@click.group(cls=RecastGroup, context_settings=SETTINGS)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option(
    "--plugins",
    type=click.Path(exists=True, file_okay=False),
    multiple=True,
    metavar="FOLDER",
    help="Folder with models, measurements, figures or Python plugins of your own; may be repeated.",
)
@click.option("--quiet", is_flag=True, expose_value=False, callback=_remembered, help="Show no progress.")
@click.option(
    "--json", "as_json", is_flag=True, is_eager=True, expose_value=False, callback=_remembered, help="Print JSON."
)
@click.option(
    "--version", is_flag=True, expose_value=False, callback=_version, help="Show versions, those of grids too."
)
@click.pass_context
def main(ctx: click.Context, debug: bool, plugins: tuple[str, ...]) -> None:
    """Recast measurements into constraints on new physics.

    Masses and energies are in GeV, cross sections in fb per nucleus. Every command takes --json.

    A measurement's variants are written NAME:key=value,key=value, for example charm_ii:error=2014.

    Exit codes: 0 success; 1 a check or a fit failed (validate, grid verify, fit); 2 bad input; 3 an error of recast
    itself; 130 interrupted.
    """
    settings = ctx.ensure_object(Settings)
    settings.debug = settings.debug or debug
    settings.plugins = plugins


for command in (
    list_command,
    show,
    cite,
    cross_section,
    predict,
    limit,
    explain,
    explore,
    serve,
    coverage,
    fit,
    rate,
    generate,
    scan,
    plot,
    export,
    import_group,
    workspace,
    new,
    check,
    schema,
    validate,
    grid,
    completion,
):
    main.add_command(command)


if __name__ == "__main__":
    sys.exit(main())
