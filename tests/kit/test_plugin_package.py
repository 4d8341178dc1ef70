"""The package of examples/plugin, installed and found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "examples" / "plugin"


def run(*words: str | Path, folder: Path, cwd: Path) -> str:
    """Run Python with a folder of installed packages in front."""
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    finished = subprocess.run(
        [sys.executable, *map(str, words)], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the package, without network, into a folder of its own."""
    pytest.importorskip("setuptools", minversion="77", reason="the package is built without isolation")
    pytest.importorskip("pip")
    folder = tmp_path_factory.mktemp("installed")
    # Building leaves files beside the source.
    source = tmp_path_factory.mktemp("source") / "plugin"
    shutil.copytree(PACKAGE, source, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    options = ("--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check")
    run("-m", "pip", "install", *options, "--target", folder, source, folder=folder, cwd=source)
    return folder


def test_what_it_adds_is_listed(installed: Path, tmp_path: Path) -> None:
    listing = json.loads(run("-m", "recast", "list", "--json", folder=installed, cwd=tmp_path))
    assert "b_minus_lmu_ltau" in {model["name"] for model in listing["models"]}
    assert {"example_tridents", "example_shift"} <= {found["name"] for found in listing["measurements"]}


def test_its_own_tests_pass(installed: Path, tmp_path: Path) -> None:
    tests = PACKAGE / "tests"
    options = ("-q", "-p", "no:cacheprovider", "--rootdir", tmp_path)
    output = run("-m", "pytest", *options, tests, folder=installed, cwd=tmp_path)
    assert "7 passed" in output
    assert "failed" not in output


def test_the_schema_for_editors_knows_its_observable(installed: Path, tmp_path: Path) -> None:
    text = run("-m", "recast", "schema", "measurement", folder=installed, cwd=tmp_path)
    section = json.loads(text)["$defs"]["Measurement"]["properties"]["observable"]
    assert "coupling_shift" in section["properties"]["type"]["enum"]
