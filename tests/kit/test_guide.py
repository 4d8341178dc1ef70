"""The walk of docs/guide.md, command by command, as a reader types it into a shell."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "guide.md"


def commands() -> list[str]:
    """Return the commands from the first heading of the walk to the end of it, in their order."""
    text = GUIDE.read_text(encoding="utf-8")
    walk = text[text.index("## From a paper to a contour") : text.index("## The folder")]
    return re.findall(r"^    ((?:recast|python) .*)$", walk, flags=re.MULTILINE)


def test_the_walk_goes_from_a_number_to_a_page_for_others() -> None:
    words = [shlex.split(line) for line in commands()]
    used = [next(w for w in line[1:] if not w.startswith("-") and w != "my_folder") for line in words]
    assert " ".join(used) == "new check new check limit limit limit new plot explain explore cite pytest"


@pytest.mark.slow
def test_every_command_works_in_a_shell(tmp_path: Path) -> None:
    pytest.importorskip("plotly", reason="the page to explore needs it")
    # The programs of the environment that runs the tests come first, as where recast is installed.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    for line in commands():
        words = ["sh", "-c", line]
        environment = os.environ | {"PATH": path}
        finished = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, f"{line}\n{finished.stdout}\n{finished.stderr}"
        assert finished.stderr == "", line
    assert (tmp_path / "my_plane.png").read_bytes().startswith(b"\x89PNG")
    assert "my_experiment" in (tmp_path / "my_boson.html").read_text(encoding="utf-8")
