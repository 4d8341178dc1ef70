"""The command line, `recast`."""

from __future__ import annotations

import click


@click.group()
def main() -> None:
    """Recast measurements into constraints on new physics."""
