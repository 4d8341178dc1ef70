"""What ``recast --version`` tells: versions of the code, of the forms of its files and of each grid."""

from __future__ import annotations

from typing import Any

import click

from recast.cli.common import print_json, print_table

__all__ = ["print_versions", "versions"]

_SHOWN = 12


def versions() -> dict[str, Any]:
    """Return versions, for reports and papers.

    Returns
    -------
    dict
        ``recast``, ``python``; ``schemas``: version of each form of file that is read and written; ``grids``: of each
        grid in use its file, schema and SHA-256, and the version of recast that built it. A file that cannot be
        trusted has ``problem`` instead.
    """
    import platform

    from recast import __version__, grid, table_file
    from recast.scan.file import SCHEMA

    return {
        "recast": __version__,
        "python": platform.python_version(),
        "schemas": {
            "grid": grid.SCHEMA_VERSION,
            "table": table_file.SCHEMA_VERSION,
            "scan": int(SCHEMA.rpartition(" ")[2]),
        },
        "grids": [_grid(path.stem) for path in grid.shipped_grids()],
    }


def _grid(name: str) -> dict[str, Any]:
    import hashlib

    from recast.errors import RecastError
    from recast.grid import grid_path
    from recast.hdf5 import attributes, open_hdf5

    try:
        path = grid_path(name)
        with open_hdf5(path, what="grid") as file:
            said = attributes(file)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except (RecastError, OSError) as error:
        return {"grid": name, "problem": str(error)}
    return {
        "grid": name,
        "file": str(path),
        "schema": int(said.get("schema_version", 0)),
        "built_by": str(said.get("code_version", "unknown")),
        "sha256": digest,
    }


def print_versions(*, as_json: bool) -> None:
    """Print `versions`."""
    found = versions()
    if as_json:
        print_json(found)
        return
    click.echo(f"recast {found['recast']} (Python {found['python']})")
    click.echo(f"schema versions: {', '.join(f'{name} {number}' for name, number in found['schemas'].items())}")
    rows = [
        (one["grid"], one.get("schema"), one.get("built_by"), one.get("sha256", one.get("problem", ""))[:_SHOWN])
        for one in found["grids"]
    ]
    print_table(("grid", "schema", "built by recast", "sha256"), rows)
    for one in found["grids"]:
        if "problem" in one:
            click.echo(f"{one['grid']}: {one['problem']}", err=True)
