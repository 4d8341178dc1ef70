"""A scan of made-up measurements, and its uninterrupted result."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .harness import CHUNKS, Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Bench(tmp_path).closing() as made:
        yield made


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a scan that nothing happened to."""
    folder = tmp_path_factory.mktemp("uninterrupted")
    with Bench(folder).closing() as made:
        run = made.run(folder / "scan.h5")
    assert run.code == 0, run.err
    assert run.computed() == dict.fromkeys(range(CHUNKS), 1)
    return (folder / "scan.h5").read_bytes()
