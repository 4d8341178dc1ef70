"""What the documentation shows works: every block of Python, every command, every file, every name and link.

A page is run from top to bottom in an empty folder, as a reader would. Comments, which no reader of Markdown sees,
say what cannot be guessed about the block that follows:

    <!-- file: PATH -->        the block is saved there
    <!-- output -->            the block is what the last command printed
    <!-- not run: REASON -->   commands and Python are parsed, not run
"""

from __future__ import annotations

import itertools
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from click.testing import CliRunner
from markdown_it import MarkdownIt

from recast.catalog import KINDS, Catalog
from recast.cli import main
from recast.scan import load_scan
from recast.target_file import find_target

ROOT = Path(__file__).parents[1]
PAGES = [
    str(path.relative_to(ROOT))
    for path in [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
    if "generated" not in path.parts and "_build" not in path.parts
]
SLOW = {"README.md", "docs/adding/figure.md"} | {
    f"docs/{page}.md"
    for page in (
        "clusters",
        "coverage",
        "explain",
        "explore",
        "exports",
        "figures",
        "fits",
        "quickstart",
        "scans",
        "validation",
    )
}
GIVEN = {"README.md": "docs/quickstart.md"}
"""Pages whose commands read files of another page."""
PROGRAMS = {"recast", "python", "python3", "pip", "git", "cd", "mkdir"}
LANGUAGES = {"", "text", "python", "yaml", "toml", "json", "console", "sh", "bash", "bibtex"}
# Words of a usage rather than of a command.
PLACEHOLDER = re.compile(r"^[\[<]|\.\.\.|^\.?[A-Z][A-Z_|]+$|[$|…]")


@dataclass(frozen=True)
class Block:
    """A block of code with the comment before it."""

    language: str
    text: str
    line: int
    comment: str
    value: str

    @property
    def commands(self) -> list[str]:
        """The lines of a block that is for a shell; none where nothing in it is a program that is known."""
        if self.language not in {"indented", "console", "sh", "bash"}:
            return []
        lines = [line.strip().removeprefix("$ ") for line in self.text.replace("\\\n", " ").splitlines()]
        known = [line for line in lines if line.split(" ")[0] in PROGRAMS]
        if self.language == "indented" and not known:
            return []
        return [line for line in lines if line and not line.startswith("#")]


def tokens(page: str) -> list[Any]:
    return MarkdownIt("commonmark").enable("table").parse((ROOT / page).read_text(encoding="utf-8"))


def blocks(page: str) -> Iterator[Block]:
    comment = value = ""
    for token in tokens(page):
        if token.type == "html_block":
            found = re.search(r"<!-- (file|output|not run)(?:: (.*?))? -->\s*$", token.content)
            comment, value = (found[1], found[2] or "") if found else ("", "")
        elif token.type in {"fence", "code_block"}:
            language = token.info.split(" ")[0] if token.type == "fence" else "indented"
            yield Block(language, token.content, token.map[0] + 1, comment, value)
            comment = value = ""
        else:
            comment = value = ""


def inline_code(page: str) -> Iterator[str]:
    for token in tokens(page):
        for child in token.children or ():
            if child.type == "code_inline":
                yield child.content.replace("\\|", "|")


# ------------------------------------------------------------------------------------- what can be checked at once


def check_command(line: str) -> None:
    """Every word that should be a command or an option of recast is one."""
    command: click.Command = main
    options = set(names_of_options(main))
    words = shlex.split(line, comments=True)[1:]
    for word in words:
        name = word.partition("=")[0]
        if PLACEHOLDER.search(word):
            if isinstance(command, click.Group):
                return
        elif word.startswith("--"):
            assert name in options, f"{line}: there is no option {name}"
        elif isinstance(command, click.Group) and not Path(word).suffix and word not in {"FOLDER", "my_folder"}:
            for choice in word.split("|"):
                assert choice in command.commands, f"{line}: there is no command {choice}"
            command = command.commands[word.split("|")[0]]
            options |= set(names_of_options(command))


def names_of_options(command: click.Command) -> list[str]:
    names = [name for option in command.params for name in (*option.opts, *option.secondary_opts)]
    return [*names, "--help", "-h"]


def check_other_program(line: str) -> None:
    program, *words = shlex.split(line, comments=True)
    assert program in PROGRAMS, f"{line}: what is {program}?"
    if program in {"python", "python3"} and words[0] == "tasks.py" and (ROOT / "tasks.py").exists():
        assert f'"{words[1]}":' in (ROOT / "tasks.py").read_text(encoding="utf-8"), line
    if program == "pip":
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        for named in re.findall(r"recast-bsm\[(.*?)\]|\.\[(.*?)\]", line):
            assert {word.strip() for word in "".join(named).split(",")} <= set(project["optional-dependencies"]), line


@pytest.mark.parametrize("page", PAGES)
def test_blocks_and_words(page: str) -> None:
    for block in blocks(page):
        assert block.language in {*LANGUAGES, "indented"}, (page, block.line, block.language)
        if block.language == "python":
            compile(block.text, f"{page}:{block.line}", "exec")
        for line in block.commands:
            if line.startswith("recast "):
                check_command(line)
            elif block.comment != "not run":
                check_other_program(line)
    for code in inline_code(page):
        if code.startswith("recast "):
            check_command(code)
        elif re.fullmatch(r"recast(\.[A-Za-z_]\w*)+(\(.*\))?", code):
            check_name(code.partition("(")[0])


def check_name(name: str) -> None:
    """A dotted name is a module, an attribute of one, or of a class, or a group of entry points."""
    if name in {f"recast.{kind}" for kind in (*KINDS, "observables", "likelihoods")}:
        return
    parts = name.split(".")
    for depth in range(len(parts), 0, -1):
        try:
            value: Any = import_module(".".join(parts[:depth]))
        except ModuleNotFoundError:
            continue
        for part in parts[depth:]:
            fields = {**getattr(value, "model_fields", {}), **getattr(value, "__dataclass_fields__", {})}
            assert hasattr(value, part) or part in fields, name
            value = getattr(value, part, None)
        return


def anchors(file: Path) -> set[str]:
    """Anchors of the headings of a page, as code hosts make them."""
    found = set()
    for token, after in itertools.pairwise(tokens(str(file.relative_to(ROOT)))):
        if token.type == "heading_open":
            words = "".join(child.content for child in after.children)
            found.add(re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    folder = (ROOT / page).parent
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", (ROOT / page).read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        file = (folder / path).resolve() if path else ROOT / page
        assert file.exists(), (page, target)
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), (page, target)


def test_every_page_is_in_the_table_of_contents() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    listed = {f"docs/{path}" for path in re.findall(r"^- \[.*?\]\(([\w/]+\.md)\)", index, flags=re.MULTILINE)}
    assert listed == {page for page in PAGES if page.startswith("docs/")} - {"docs/index.md"}


# ------------------------------------------------------------------------------------- what has to be run


class Reader:
    """Somebody who follows a page from top to bottom."""

    def __init__(self, page: str) -> None:
        self.page = page
        self.names: dict[str, Any] = {"__name__": "page"}
        self.printed = ""

    def follow(self) -> None:
        # A page may show a command first and its file afterwards.
        for page in {GIVEN.get(self.page, self.page), self.page}:
            for block in reversed(list(blocks(page))):
                self.save(block)
        for block in blocks(self.page):
            if block.comment == "file":
                self.save(block)
            elif block.comment == "output":
                assert block.text.split() == self.printed.split(), self.printed
            elif block.comment != "not run":
                self.run(block)

    @staticmethod
    def save(block: Block) -> None:
        if block.comment == "file":
            path = Path(block.value)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")

    def run(self, block: Block) -> None:
        for line in block.commands:
            words = shlex.split(line, comments=True)
            if words[0] == "recast" and not any(PLACEHOLDER.search(word) for word in words[1:]):
                self.make_room(words)
                result = CliRunner().invoke(main, words[1:])
                assert result.exit_code == 0, f"{self.page}:{block.line}: {line}\n{result.output}\n{result.exception}"
                self.printed = result.output
        if block.language == "yaml":
            check_yaml(block.text)
        elif block.language == "python":
            self.python(block)

    @staticmethod
    def make_room(words: list[str]) -> None:
        """Lines of a page may be alternatives that write the same file, of which a reader takes one."""
        if "-o" in words and not {"--resume", "--force"} & set(words):
            Path(words[words.index("-o") + 1]).unlink(missing_ok=True)

    def python(self, block: Block) -> None:
        if "__main__" in block.text:
            # It starts processes, which read the file that they were started from.
            Path("script.py").write_text(block.text, encoding="utf-8")
            subprocess.run([sys.executable, "script.py"], check=True)
            return
        # As many lines before it as in the page, for the traceback.
        code = "\n" * block.line + block.text
        exec(compile(code, self.page, "exec"), self.names)  # noqa: S102


def check_yaml(text: str) -> None:
    """Read a file of any kind, for which the page gives no name."""
    document = yaml.safe_load(text)
    if "parameters" in document:
        Path("scan.yaml").write_text(text, encoding="utf-8")
        load_scan("scan.yaml")
    elif "atoms" in document:
        Path("target.yaml").write_text(text, encoding="utf-8")
        find_target("target.yaml")
    else:
        keys = {"measurements": "observable", "plots": "x", "selections": "cuts"}
        kind: Any = next((kind for kind, key in keys.items() if key in document), "models")
        path = Path("unnamed") / kind / f"{document['name']}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        catalog = Catalog(["unnamed"])
        getattr(catalog, kind.removesuffix("s"))(document["name"])
        path.unlink()


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=pytest.mark.slow) if page in SLOW else page for page in PAGES]
)
@pytest.mark.filterwarnings("ignore::UserWarning:multiprocessing")
def test_following_the_page(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    Reader(page).follow()
