"""Fuzzing that is guided by the branches that an input reaches, with atheris; run by hand.

atheris is not among the requirements of the tests. In an environment with it (Linux, Python 3.11 or newer)::

    python -m pip install atheris
    python -m tests.fuzz.guided documents -max_total_time=300 -rss_limit_mb=500 -timeout=2

The kind of input is the first word, the rest are options of libFuzzer. It ends with a traceback, and writes the input
to a file, at the first one that recast does not take well. Branches of Python are seen, those of the HDF5 library are
not.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Feed documents, tables or HDF5 files until the time is over."""
    import atheris

    with atheris.instrument_imports(include=["recast"]):
        from .targets import Documents, Hdf5, Tables

        kinds = {"documents": Documents, "tables": Tables, "hdf5": Hdf5}
        target = kinds[sys.argv.pop(1)](Path(tempfile.mkdtemp()))
        names = list(target.kinds)

    corpus = Path(tempfile.mkdtemp())
    for index, (good, _) in enumerate(target.kinds.values()):
        for number, content in enumerate(good):
            data = content.encode() if isinstance(content, str) else content
            (corpus / f"{index}_{number}").write_bytes(bytes([index]) + data)

    def one(data: bytes) -> None:
        if data:
            target.try_((names[data[0] % len(names)], data[1:]))

    atheris.Setup([sys.argv[0], str(corpus), *sys.argv[1:]], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
