"""The command line, `recast`."""

from __future__ import annotations

from recast.cli.main import main

__all__ = ["main"]
