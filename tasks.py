#!/usr/bin/env python3
"""Chores of the project, with nothing but Python 3.11 or newer: every task sets up what it needs by itself.

    python3 tasks.py figure    draw altmannshofer2019_fig8 into figures/
    python3 tasks.py test      run the tests (further words go to pytest, e.g. -m slow for the slow ones)
    python3 tasks.py lint      ruff
    python3 tasks.py types     mypy
    python3 tasks.py docs      build the documentation into docs/_build and run all that it shows
    python3 tasks.py wheel     build a wheel, install it elsewhere and run the tests against it (words go to pytest)
    python3 tasks.py all       test, lint, types, docs, wheel: what .ci/run does

The environment lives in .venv beside this file; delete it to start anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
FIGURE = "altmannshofer2019_fig8"
BUILT = ("__pycache__", "_build", "generated")
PARALLEL = ("-n", "auto", "--dist", "worksteal")


def run(command: Sequence[str | Path], *, cwd: Path = ROOT) -> None:
    """Run a command in a clean Python environment; leave with its exit code when it fails."""
    print("+", *command, flush=True)
    environment = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "PYTHONHOME"}}
    # Pictures are written to files: no window system is needed, or looked for.
    environment["MPLBACKEND"] = "agg"
    code = subprocess.run([str(word) for word in command], cwd=cwd, env=environment, check=False).returncode
    if code:
        sys.exit(code)


def program(environment: Path, name: str) -> Path:
    """Return the path of a program in a virtual environment."""
    return environment / ("Scripts" if os.name == "nt" else "bin") / (f"{name}.exe" if os.name == "nt" else name)


def create_environment(environment: Path) -> None:
    """Create an empty virtual environment that has pip."""
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        # Debian keeps ensurepip in a package of its own.
        sys.exit(f"{sys.executable} cannot create a virtual environment: install python3-venv, then run this again.")
    run([sys.executable, "-m", "venv", "--clear", environment])


def set_up(extra: str = "") -> Path:
    """Make sure that .venv holds the project (editable) with an extra, and return the environment.

    A stamp remembers what was installed, so that a second run installs nothing.
    """
    environment = ROOT / ".venv"
    python = program(environment, "python")
    stamp = environment / "recast.json"
    place = {"python": sys.version.split()[0], "root": str(ROOT)}
    done = json.loads(stamp.read_text()) if stamp.exists() and python.exists() else {}
    if any(done.get(key) != value for key, value in place.items()):
        create_environment(environment)
        done = {}
    project = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    extras = done.get("extras", []) if done.get("project") == project else None
    if extras is None or extra not in {"", *extras, *(["test"] if {"dev", "docs"} & set(extras) else [])}:
        run([python, "-m", "pip", "install", "--quiet", "--editable", f".[{extra}]" if extra else "."])
        installed = sorted({*(extras or []), *([extra] if extra else [])})
        stamp.write_text(json.dumps({**place, "project": project, "extras": installed}))
    return environment


def figure(words: Sequence[str]) -> None:
    """Draw the figure of the README."""
    environment = set_up()
    folder = ROOT / "figures"
    folder.mkdir(exist_ok=True)
    run([program(environment, "recast"), "plot", FIGURE, "-o", folder / f"{FIGURE}.png", "--force", *words])


def test(words: Sequence[str]) -> None:
    """Run the tests against the source tree."""
    run([program(set_up("test"), "python"), "-m", "pytest", *PARALLEL, *words])


def lint(words: Sequence[str]) -> None:
    """Run ruff."""
    run([program(set_up("dev"), "python"), "-m", "ruff", "check", *words])


def types(words: Sequence[str]) -> None:
    """Run mypy."""
    run([program(set_up("dev"), "python"), "-m", "mypy", *words])


def docs(words: Sequence[str]) -> None:
    """Build the documentation, warnings as errors, and run every block and command in it."""
    python = program(set_up("docs"), "python")
    pages = ROOT / "docs"
    run([python, "-m", "sphinx", "-W", "--keep-going", "-q", "-j", "auto", pages, pages / "_build", *words])
    tests = [path.relative_to(ROOT) for path in sorted((ROOT / "tests").glob("test_docs*.py"))]
    run([python, "-m", "pytest", "-q", *PARALLEL, "-m", "slow or not slow", *tests])


def wheel(words: Sequence[str]) -> None:
    """Build a wheel from the source distribution, install it outside the source tree and run the tests against it."""
    builder = program(set_up("dev"), "python")
    with tempfile.TemporaryDirectory(prefix="recast-wheel-") as temporary:
        folder = Path(temporary)
        run([builder, "-m", "build", "--outdir", folder / "dist", ROOT])
        (built,) = (folder / "dist").glob("*.whl")
        environment = folder / "venv"
        create_environment(environment)
        python = program(environment, "python")
        run([python, "-m", "pip", "install", "--quiet", f"{built}[test]"], cwd=folder)
        # What can differ from the source tree is what was packed: the longest computations are not repeated.
        long = ("cosmology", "events", "faults", "fuzz", "independent", "trident")
        aside = [f"--ignore=tests/{name}" for name in long]
        # Tests, the documents they read and link to, and settings, but no packages: only the wheel can be imported.
        elsewhere = folder / "elsewhere"
        for name in ("tests", "docs", "benchmarks", "examples"):
            shutil.copytree(ROOT / name, elsewhere / name, ignore=shutil.ignore_patterns(*BUILT))
        for path in [*ROOT.glob("*.md"), ROOT / "pyproject.toml"]:
            shutil.copy(path, elsewhere)
        run([python, "-m", "pytest", *PARALLEL, *aside, *words], cwd=elsewhere)


def everything(words: Sequence[str]) -> None:
    """Run what the continuous integration runs."""
    if words:
        sys.exit("the task 'all' takes no further words")
    for task in (test, lint, types, docs):
        task(())
    wheel(())


TASKS = {"figure": figure, "test": test, "lint": lint, "types": types, "docs": docs, "wheel": wheel, "all": everything}


def main() -> None:
    """Read the command line and run one task."""
    if sys.version_info < (3, 11):  # noqa: UP036  (an older Python must get a sentence, not a syntax error)
        sys.exit(f"recast needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=TASKS)
    arguments, words = parser.parse_known_args()
    TASKS[arguments.task](words)


if __name__ == "__main__":
    main()
