"""Manners: progress, colours, completion, versions, what notebooks show, and errors that say what to do."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from click.testing import CliRunner

import recast
from recast.catalog import Catalog
from recast.cli import common
from recast.cli import progress as progress_module
from recast.cli.main import main
from recast.cli.progress import progress
from recast.errors import UnknownNameError
from recast.grid import GRID_FOLDER_VARIABLE
from recast.report import Report, Table

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
ESCAPE = "\x1b["
DOCS = Path(__file__).parents[1] / "docs"


class Terminal(io.StringIO):
    """What a program believes to be a terminal."""

    def isatty(self) -> bool:
        return True


def terminal_of(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Make standard error a terminal; in the test itself, before which pytest sets it anew."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    return screen


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_module, "PATIENCE", 0.0)


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from leaves(inner, (*path, name))
    else:
        yield path, command


def run(*words: str) -> Any:
    return CliRunner().invoke(main, words, prog_name="recast")


# ------------------------------------------------------------------ progress


def wait_for(screen: Terminal, text: str) -> str:
    """Wait for what a thread writes."""
    end = time.monotonic() + 20.0
    while text not in COLOUR.sub("", screen.getvalue()) and time.monotonic() < end:
        time.sleep(0.01)
    return COLOUR.sub("", screen.getvalue())


@pytest.mark.usefixtures("impatient")
def test_progress_is_shown_on_a_terminal_and_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)
    with progress("plane.h5", unit="points") as show:
        show(0, 8)
        show(4, 8, "half of it")
        shown = wait_for(terminal, "4 of 8 points")
    assert "plane.h5: half of it" in shown
    assert "4 of 8 points" in shown
    assert terminal.getvalue().rstrip().endswith(f"{ESCAPE}2K")  # the line is erased
    assert f"{ESCAPE}?25h" in terminal.getvalue()  # and the cursor is back
    assert sys.stderr is terminal


@pytest.mark.usefixtures("impatient")
def test_progress_without_a_unit_is_a_percentage_and_without_an_end_a_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)
    with progress("trident_mumu") as show:
        assert "0:00:0" in wait_for(terminal, "0:00:0")
        show(0.25, 1.0, "leptonic table")
        assert "25%" in wait_for(terminal, "25%")


def test_what_takes_less_than_a_second_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)
    with progress("quick") as show:
        show(1, 2)
    assert terminal.getvalue() == ""


@pytest.mark.usefixtures("impatient")
def test_nothing_is_shown_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stderr", pipe)
    with progress("piped", unit="points") as show:
        show(1, 2)
        time.sleep(0.05)
    assert pipe.getvalue() == ""


@pytest.mark.usefixtures("impatient")
def test_an_error_ends_the_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)

    def work() -> None:
        with progress("broken"):
            wait_for(terminal, "broken")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert f"{ESCAPE}?25h" in terminal.getvalue()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("words", [("--quiet", "validate", "vphi_bound"), ("validate", "vphi_bound", "--quiet")])
def test_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    terminal = terminal_of(monkeypatch)
    main.main(list(words), prog_name="recast", standalone_mode=False)
    assert terminal.getvalue() == ""
    assert "vphi_bound" in capsys.readouterr().out


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "words",
    [
        ("validate", "vphi_bound"),
        ("limit", "lmu_ltau", "ccfr", "charm_ii", "--mass", "0.1"),
        ("coverage", "lmu_ltau", "ccfr", "--mass", "0.1", "--coupling", "0", "--toys", "20000"),
        ("fit", "lmu_ltau", "ccfr", "--fix", "mass=0.1"),
        ("grid", "info", "n_eff"),
    ],
    ids=lambda words: words[0],
)
def test_commands_show_progress_and_keep_their_output_clean(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    terminal = terminal_of(monkeypatch)
    main.main([*words, "--json"], prog_name="recast", standalone_mode=False)
    assert terminal.getvalue()
    assert isinstance(json.loads(capsys.readouterr().out), dict)


def test_every_command_takes_quiet_debug_and_json() -> None:
    for path, command in leaves(main):
        options = {word for parameter in command.params for word in parameter.opts}
        assert {"--json", "--quiet", "--debug", "--plugins"} <= options, " ".join(path)


def test_functions_report_their_progress() -> None:
    told: list[tuple[int, int]] = []
    recast.fit("lmu_ltau", "ccfr", fix={"mass": 0.1}, seeds=3, progress=lambda *now: told.append(now))
    assert told[0] == (0, told[-1][1])
    assert [done for done, _ in told] == list(range(len(told)))
    told.clear()
    recast.limit(
        "lmu_ltau",
        ["ccfr", "charm_ii"],
        [0.1, 1.0],
        feldman_cousins=True,
        toys=200,
        progress=lambda *now: told.append(now),
    )
    assert told == [(0, 2), (1, 2)]


# ------------------------------------------------------------------ colours


@pytest.mark.parametrize("value", ["1", "yes", ""])
def test_no_color(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    terminal = terminal_of(monkeypatch)
    # https://no-color.org: present and not empty
    monkeypatch.setenv("NO_COLOR", value)
    monkeypatch.setattr(sys, "stdout", terminal)
    common.print_table(("name", "value"), [("a", 1.5)], title="numbers")
    assert "1.5" in terminal.getvalue()
    assert bool(COLOUR.search(terminal.getvalue())) == (value == "")


@pytest.mark.usefixtures("impatient")
def test_no_color_in_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)
    monkeypatch.setenv("NO_COLOR", "1")
    with progress("grey", unit="points") as show:
        show(1, 2)
        wait_for(terminal, "1 of 2")
    assert "1 of 2" in terminal.getvalue()
    assert not COLOUR.search(terminal.getvalue())


# ------------------------------------------------------------------ JSON and versions


def test_json_may_stand_before_the_command() -> None:
    assert run("--json", "list", "models").stdout == run("list", "models", "--json").stdout


def test_versions() -> None:
    document = json.loads(run("--version", "--json").stdout)
    assert document == json.loads(run("--json", "--version").stdout)
    assert document["recast"] == recast.__version__
    assert set(document["schemas"]) == {"grid", "table", "scan"}
    assert all(isinstance(number, int) for number in document["schemas"].values())
    names = {one["grid"] for one in document["grids"]}
    assert {"trident_mumu", "n_eff", "z_to_four_muons"} <= names
    for one in document["grids"]:
        assert re.fullmatch(r"[0-9a-f]{64}", one["sha256"])
        assert one["schema"] == document["schemas"]["table" if one["grid"] in {"n_eff", "z_to_four_muons"} else "grid"]
    text = run("--version").stdout
    assert text.startswith(f"recast {recast.__version__} ")
    for one in document["grids"]:
        assert f"{one['sha256'][:12]}" in text


def test_versions_are_told_even_when_a_grid_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "n_eff.h5").write_text("no HDF5")
    monkeypatch.setenv(GRID_FOLDER_VARIABLE, str(tmp_path))
    result = run("--version")
    assert result.exit_code == 0
    assert "n_eff.h5" in result.stderr
    (broken,) = [one for one in json.loads(run("--version", "--json").stdout)["grids"] if "problem" in one]
    assert broken["grid"] == "n_eff"


# ------------------------------------------------------------------ completion


def completed(line: str,) -> list[str]:
    """Return what a shell would offer for the last word of a line."""
    from click.shell_completion import BashComplete

    *words, incomplete = line.split(" ")
    offered = BashComplete(main, {}, "recast", "_RECAST_COMPLETE").get_completions(words[1:], incomplete)
    return [item.value if item.type == "plain" else f"<{item.type}>" for item in offered]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("recast pre", "predict"),
        ("recast predict lmu_", "lmu_ltau"),
        ("recast predict lmu_ltau charm_i", "charm_ii"),
        ("recast limit lmu_ltau ccfr charm_i", "charm_ii"),
        ("recast limit lmu_ltau ccfr --feld", "--feldman-cousins"),
        ("recast fit lmu_ltau muon", "muon_g2"),
        ("recast coverage lmu_ltau cc", "ccfr"),
        ("recast rate numu_numu_mu", "numu_numu_mu-mu+"),
        ("recast cross-section numu_numu_mu-mu+ Ar", "Ar40"),
        ("recast rate numu_numu_mu-mu+ --target Ar", "Ar40"),
        ("recast rate numu_numu_mu-mu+ --target Ar40 --flux dune_nd_standard_f", "dune_nd_standard_fhc"),
        ("recast plot altmannshofer2019_fig8", "altmannshofer2019_fig8"),
        ("recast show altmannshofer2019_fig8", "altmannshofer2019_fig8"),
        ("recast cite ccfr altmannshofer2019_fig8", "altmannshofer2019_fig8"),
        ("recast validate vphi_bound_", "vphi_bound_full"),
        ("recast grid build n_", "n_eff"),
        ("recast grid verify trident_tautau", "trident_tautau"),
        ("recast workspace dune_nd_counts", "dune_nd_counts"),
        ("recast plot ./my", "<file>"),
        ("recast completion zs", "zsh"),
    ],
)
def test_names_are_completed(line: str, offered: str) -> None:
    assert offered in completed(line)


def test_every_named_argument_is_completed() -> None:
    for path, command in leaves(main):
        for parameter in command.params:
            if parameter.name in {"model", "measurement", "measurements"}:
                context = click.Context(command, info_name="recast")
                assert parameter.shell_complete(context, ""), f"{' '.join(path)}: {parameter.name}"


def test_completion_knows_plugin_folders_and_bears_with_bad_ones(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "zz_top.yaml").write_text("name: zz_top")
    assert completed(f"recast --plugins {tmp_path} predict zz") == ["zz_top"]
    assert completed("recast --plugins /nowhere predict lmu_ltau zz") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    script = run("completion", shell).stdout
    assert "_RECAST_COMPLETE" in script
    document = json.loads(run("completion", shell, "--json").stdout)
    assert document["shell"] == shell
    assert document["script"].strip() == script.strip()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_completion_in_bash(tmp_path: Path) -> None:
    program = tmp_path / "recast"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m recast "$@"\n')
    program.chmod(0o755)
    lines = (
        f'eval "$("{program}" completion bash)"',
        "COMP_WORDS=(recast predict lmu_l) COMP_CWORD=2",
        f'_recast_completion "{program}"',
        'echo "${COMPREPLY[@]}"',
    )
    result = subprocess.run(
        ["bash", "-c", "\n".join(lines)], capture_output=True, text=True, check=True, env={**os.environ, "PS1": ""}
    )
    assert result.stdout.split() == ["lmu_ltau"], result.stderr


# ------------------------------------------------------------------ notebooks


class Checked(HTMLParser):
    """Reads HTML and makes sure that every element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.links: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.links += [str(value) for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += f"{data}\n"


def shown(value: Any) -> Checked:
    return Checked(value._repr_html_())


def test_measurements_show_data_variants_notes_and_papers() -> None:
    for measurement in Catalog().measurements():
        page = shown(measurement)
        assert measurement.title in page.text
        assert len(page.links) == len(measurement.provenance)
        assert all(link.startswith("https://") for link in page.links)
        assert all(note in page.text for note in measurement.notes)
    page = shown(recast.load_measurement("charm_ii:error=2014"))
    assert "1.58 ± 0.57" in page.text
    assert "2014 (chosen)" in page.text
    assert "2019 (chosen)" not in page.text
    assert "a published upper limit, 90% CL" in shown(recast.load_measurement("na64mu")).text


def test_models_show_charges_and_papers() -> None:
    for model in Catalog().models():
        page = shown(model)
        assert model.title in page.text
        assert all(name in page.text for name in model.parameters)
        assert page.links
    page = shown(recast.load_model("lmu_ltau:mixing=none"))
    assert "lmu_ltau:mixing=none" in page.text
    assert "none (chosen)" in page.text


def test_results_show_what_the_terminal_prints() -> None:
    result = recast.limit("lmu_ltau", ["ccfr", "charm_ii"], [0.1, 1.0])
    page = shown(result)
    printed = run("limit", "lmu_ltau", "ccfr", "charm_ii", "--mass", "0.1", "--mass", "1").stdout
    for words in (f"{result.coupling[0]:.5g}", result.convention, "joint best fit at 0.1 GeV"):
        assert words in page.text
        assert words in printed
    fit = recast.fit("lmu_ltau", ["ccfr", "muon_g2"], fix={"mass": 0.1})
    page = shown(fit)
    printed = run("fit", "lmu_ltau", "ccfr", "muon_g2", "--fix", "mass=0.1").stdout
    for words in (f"{fit.best_fit['coupling']:.5g}", "HESSE", "1 degree of freedom", fit.convention):
        assert words in page.text
        assert words in printed
    failed = recast.fit("lmu_ltau", "trident_average", ranges={"coupling": (1e-12, 1e-11)})
    assert failed.message in " ".join(shown(failed).text.split()) or failed.valid
    coverage = recast.coverage("lmu_ltau", "ccfr", mass=0.1, coupling=0.0, toys=200)
    assert "feldman_cousins" in shown(coverage).text


def spec(**changes: Any) -> dict[str, Any]:
    axes = {
        "mass": {"min": 0.01, "max": 10.0, "points": 4, "scale": "log"},
        "coupling": {"min": 1e-4, "max": 0.1, "points": 5, "scale": "log"},
    }
    return {"model": "lmu_ltau", "measurements": ["ccfr", "charm_ii"], "parameters": axes, **changes}


def test_scans_show_axes_and_what_is_excluded() -> None:
    result = recast.scan(spec())
    page = shown(result)
    assert "20 points" in page.text
    assert f"{100 * result.excluded('ccfr').mean():.1f}%" in page.text
    assert result.convention in page.text
    assert "joint best fit" in page.text
    alone = recast.scan(spec(measurements=["ccfr"]))
    assert f"{100 * alone.excluded('ccfr').mean():.1f}%" in shown(alone).text
    ranges = {"mass": {"min": 0.01, "max": 10.0}, "coupling": {"min": 1e-4, "max": 0.1}}
    points = recast.scan(spec(sampling={"kind": "sobol", "points": 16}, parameters=ranges))
    assert "16" in shown(points).text


def test_what_is_shown_is_escaped_and_long_tables_are_cut() -> None:
    table = Table(("number", "square"), tuple((i, i**2) for i in range(1000)))
    page = Checked(Report("a < b & c", (table,), ("<script>",), ("x <= 1",), (("paper", 'https://x.org/?a="&b'),)).html())
    assert "a < b & c" in page.text
    assert "<script>" in page.text
    assert page.links == ['https://x.org/?a="&b']
    assert "960 more" in page.text
    assert len(page.text) < 1000
    assert Table(("a",), ()).html()


def test_numbers_in_tables() -> None:
    cells, numeric = Table(("a", "b", "c"), ((1, None, "x"), (np.float64(0.123456789), 2.0, True))).texts()
    assert cells == [["1", "-", "x"], ["0.12346", "2", "yes"]]
    assert numeric == [True, True, False]


# ------------------------------------------------------------------ errors and exit codes


@pytest.mark.parametrize(
    ("words", "mend"),
    [
        (("plot", "fig8"), "did you mean altmannshofer2019_fig8?"),
        (("plot", "nosuch"), "`recast list plots` names all"),
        (("show", "nosuch"), "`recast list` names all"),
        (("validate", "nosuch"), "`recast validate` names all"),
        (("predict", "ccfr", "lmu_ltau", "--mass", "1", "--coupling", "1"), "is a measurement, and a model is asked"),
        (("predict", "lmu_ltau", "le_lmu", "--mass", "1", "--coupling", "1"), "is a model, and a measurement is asked"),
        (("limit", "u1", "ccfr", "--mass", "1"), "--charge mu=1"),
        (("limit", "lmu_ltau", "ccfr", "ccfr", "--mass", "1"), "name it once"),
        (("limit", "lmu_ltau", "ccfr", "--mass", "1", "--cl", "95"), "write 0.95 for 95%"),
        (("lst",), "list"),
        (("predict", "lmu_ltau", "ccfr"), "needs --mass and --coupling"),
    ],
)
def test_errors_say_what_to_do(words: tuple[str, ...], mend: str) -> None:
    result = run(*words)
    assert result.exit_code == common.BAD_INPUT
    assert mend in " ".join(result.stderr.split())


def test_a_name_of_another_kind_in_python() -> None:
    with pytest.raises(UnknownNameError, match="'ccfr' is a measurement"):
        recast.load_model("ccfr")


def test_exit_codes_are_documented() -> None:
    codes = {0, common.CHECK_FAILED, common.BAD_INPUT, common.INTERNAL, common.INTERRUPTED}
    helped = " ".join(run("--help").stdout.split()).partition("Exit codes:")[2].partition("Options:")[0]
    documented = (DOCS / "cli.md").read_text(encoding="utf-8").partition("## Exit codes")[2].partition("## ")[0]
    for text in (helped, documented):
        assert {int(number) for number in re.findall(r"\b\d+\b", text)} == codes
