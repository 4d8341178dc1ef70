"""Completion of names in a shell, and the command that sets it up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import click

from recast.cli.common import Settings, common_options, print_json

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["complete", "completion", "shipped"]

Named = Literal["models", "measurements", "plots", "selections", "fluxes", "targets", "channels", "grids", "entries"]

_SHELLS = ("bash", "zsh", "fish")


def complete(*kinds: Named) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """Return what completes the names of some kinds, and files; for the option ``shell_complete`` of parameters."""

    def items(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        if incomplete.startswith((".", "/", "~")) or "/" in incomplete:
            return [CompletionItem(incomplete, type="file")]
        try:
            named = {name: title for kind in kinds for name, title in _named(kind, ctx).items()}
        except Exception:  # noqa: BLE001  (half a command line may be anything; a shell shows no errors)
            return []
        fitting = {name: title for name, title in named.items() if name.startswith(incomplete)}
        return [CompletionItem(name, help=title or None) for name, title in fitting.items()]

    return items


def _named(kind: Named, ctx: click.Context) -> dict[str, str]:
    """Return names with, where that costs nothing, titles."""
    if kind in {"models", "measurements", "plots", "selections"}:
        from recast.catalog import Catalog

        settings = ctx.find_object(Settings) or Settings()
        # The group's own option has been read, but the group is not run.
        plugins = (*ctx.find_root().params.get("plugins", ()), *settings.plugins)
        return dict.fromkeys(Catalog(plugins).names(kind), "")
    if kind == "grids":
        from recast.grid import shipped_grids

        return {path.stem: "" for path in shipped_grids()}
    if kind == "entries":
        from recast.validate import load_ledger

        return {name: claim.source.place for name, claim in load_ledger().entries.items() if claim.kind != "input"}
    return shipped(kind)


def shipped(kind: str) -> dict[str, str]:
    """Return names and titles of the fluxes, targets or channels that ship with recast."""
    if kind == "fluxes":
        from recast.flux import shipped_fluxes

        return dict.fromkeys(shipped_fluxes(), "flux")
    if kind == "targets":
        from recast.trident.targets import nuclei

        return {name: f"Z = {nucleus.protons}" for name, nucleus in nuclei().items()}
    from recast.channels import all_channels

    return {str(channel): f"table {channel.table_name}" for channel in all_channels()}


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@common_options
@click.pass_context
def completion(ctx: click.Context, shell: str, as_json: bool) -> None:
    """Print a script by which a shell completes commands, options and names.

    For bash, put into ~/.bashrc: eval "$(recast completion bash)"

    For zsh, put into ~/.zshrc, behind compinit: eval "$(recast completion zsh)"

    For fish, run once: recast completion fish > ~/.config/fish/completions/recast.fish
    """
    from click.shell_completion import get_completion_class

    maker: Any = get_completion_class(shell)
    script = maker(ctx.find_root().command, {}, "recast", "_RECAST_COMPLETE").source()
    if as_json:
        print_json({"shell": shell, "script": script})
    else:
        click.echo(script)
