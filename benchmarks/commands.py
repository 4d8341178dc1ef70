"""Time and memory of imports and commands, from the start of the process to its end.

Beside them: the interpreter, the libraries alone, and an empty picture.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from measure import Row, Usage, command, emit

FIGURE = "altmannshofer2019_fig8"
ROOT = Path(__file__).resolve().parents[1]
QUICK, SLOW = 21, 7  # runs

EMPTY_PICTURE = """
import sys
from matplotlib.figure import Figure
figure = Figure()
figure.subplots()
figure.savefig(sys.argv[1], dpi=200)
"""


def in_turns(*commands: Sequence[str], runs: int) -> list[list[Usage]]:
    """Run commands in turns, each once before anything is counted."""
    for words in commands:
        command(words)
    rounds = [[command(words) for words in commands] for _ in range(runs)]
    return [list(usages) for usages in zip(*rounds, strict=True)]


def row(
    what: str, usages: Sequence[Usage], target: str, reference: str, beside: Sequence[Usage], *, memory: bool = False
) -> Row:
    """Return time or memory of a command as a row."""
    if memory:
        values, others = (tuple(u.megabytes for u in group) for group in (usages, beside))
        return Row(f"{what}, largest memory", values, "MB", target, reference, others)
    values, others = (tuple(u.seconds for u in group) for group in (usages, beside))
    return Row(what, values, "s", target, reference, others)


def imports() -> Iterator[Row]:
    """Start of the package and of the command."""
    python, recast = sys.executable, str(Path(sys.executable).with_name("recast"))
    first = (
        "import recast; m = recast.load_model('lmu_ltau')(mass=0.1, coupling=1e-3); "
        "recast.load_measurement('ccfr').prediction(m)"
    )
    package, bare = in_turns([python, "-c", "import recast"], [python, "-c", "pass"], runs=QUICK)
    yield row("`python -c 'import recast'`", package, "at most 0.3", "`python -c pass`", bare)
    shown, click = in_turns([recast, "--help"], [python, "-c", "import click"], runs=QUICK)
    yield row("`recast --help`", shown, "at most 0.4", "`python -c 'import click'`", click)
    libraries = "import numpy, h5py, pydantic, yaml"
    predicted, loaded = in_turns([python, "-c", first], [python, "-c", libraries], runs=SLOW)
    yield row("import, load and first prediction of ccfr", predicted, "", f"`python -c '{libraries}'`", loaded)


def figure() -> Iterator[Row]:
    """Draw with the command of the README, once it has set everything up."""
    python, recast = sys.executable, str(Path(sys.executable).with_name("recast"))
    with tempfile.TemporaryDirectory() as folder:
        picture, empty = (str(Path(folder) / name) for name in ("figure.png", "empty.png"))
        commands = {f"`recast plot {FIGURE}`": [recast, "plot", FIGURE, "-o", picture, "--force"]}
        if set_up():
            commands["`python3 tasks.py figure`"] = [python, str(ROOT / "tasks.py"), "figure"]
        *ours, beside = in_turns(*commands.values(), [python, "-c", EMPTY_PICTURE, empty], runs=SLOW)
    reference = "empty axes by matplotlib to PNG"
    for what, usages in zip(commands, ours, strict=True):
        yield row(what, usages, "at most 5", reference, beside)
        yield row(what, usages, "at most 400", reference, beside, memory=True)


def set_up() -> bool:
    """Return whether the README's command has been run before with the present version of the project."""
    stamp = ROOT / ".venv" / "recast.json"
    return stamp.exists() and bool(json.loads(stamp.read_text()).get("project"))


def rows() -> Iterator[Row]:
    """Return everything this script measures."""
    yield from imports()
    yield from figure()


if __name__ == "__main__":
    emit(rows())
