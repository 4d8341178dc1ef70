"""Settings of Sphinx: the Markdown of this folder as a site.

The pages are plain Markdown that reads well without being built. What recast itself writes takes the place of the
paragraph after a comment ``<!-- generated: NAME -->`` (`PAGES` has the names); the table of contents are the links of
index.md.
"""

from __future__ import annotations

import logging
import posixpath
import re
import sys
from collections.abc import Callable
from pathlib import Path

from sphinx.application import Sphinx

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))

import generated  # noqa: E402

import recast  # noqa: E402

project = "recast"
author = "The recast developers"
project_copyright = author
version = release = recast.__version__

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"recast {version}"
# No request leaves the reader's computer: the theme brings its fonts and scripts along.
html_copy_source = False
smartquotes = False  # --option keeps its two hyphens
html_show_sphinx = False

# Links to headings, as code hosts make them.
myst_heading_anchors = 3
# A name in single backticks in a docstring is a link where there is something of that name.
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc lists the types
numpydoc_show_class_members = False
logging.getLogger("pyhf").setLevel(logging.WARNING)

MARKER = re.compile(r"^<!-- generated: (\w+) -->\n(?:.+\n)*", flags=re.MULTILINE)
ELSEWHERE = {"../CONTRIBUTING.md": "contributing.md", "../CHANGELOG.md": "changelog.md"}
"""Pages of the folder above, of which the site has a copy."""

PAGES: dict[str, Callable[[], str]] = {
    "commands": generated.commands,
    "ledger": generated.ledger,
    "inputs": generated.inputs,
    "api": generated.api,
}


def contents(text: str) -> str:
    """Return index.md with the table of contents that its links make, one part for each heading."""
    parts = []
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading = section.splitlines()[0]
        links = re.findall(r"^- \[(.*?)\]\(([\w/.]+)\.md\)", section, flags=re.MULTILINE)
        entries = "\n".join(f"{title} <{page}>" for title, page in links)
        parts.append(f"```{{toctree}}\n:hidden:\n:caption: {heading}\n\n{entries}\n```\n")
    return "\n".join([text, *parts])


def read(app: Sphinx, page: str, source: list[str]) -> None:  # noqa: ARG001
    """Change the text of a page before Sphinx reads it."""
    text = MARKER.sub(lambda found: PAGES[found[1]]() + "\n", source[0])
    text = inside(text, page.rpartition("/")[0])
    source[0] = contents(text) if page == "index" else text


def inside(text: str, folder: str) -> str:
    """Return a text whose links stay in the site: to copies of pages from elsewhere, or only named."""

    def link(found: re.Match[str]) -> str:
        words, path = found[1], posixpath.normpath(posixpath.join(folder, found[2]))
        if not path.startswith(".."):
            return found[0]
        return f"[{words}](/generated/{ELSEWHERE[path]})" if path in ELSEWHERE else words

    return re.sub(r"(?<!!)\[([^\]]*)\]\((?!https?:|#|/)([^)#\s]+)[^)\s]*\)", link, text)


def write(app: Sphinx) -> None:  # noqa: ARG001
    """Write the pages that are no part of another one."""
    for path, copy in ELSEWHERE.items():
        text = (FOLDER / path).read_text(encoding="utf-8").replace("](docs/", "](/")
        text = re.sub(r"\]\((?!https?:|#|/)", "](../", text)
        generated.written(FOLDER / "generated" / copy, inside(text, ""))
    generated.api_pages(FOLDER / "generated" / "api")


def formulas(app: Sphinx, what: str, name: str, value: object, options: object, lines: list[str]) -> None:  # noqa: ARG001
    """Keep what stands indented in a docstring as it is written: formulas and tables."""
    for number in range(len(lines) - 1, 1, -1):
        line, above = lines[number], lines[number - 1]
        before = next((text for text in reversed(lines[:number]) if text.strip()), "")
        if line.startswith("    ") and not above.strip() and before and not before.startswith((" ", "..", "::")):
            lines[number:number] = ["::", ""]


def setup(app: Sphinx) -> None:
    """Connect them to the build."""
    app.connect("builder-inited", write)
    app.connect("source-read", read)
    # Before numpydoc (500) looks at the sections.
    app.connect("autodoc-process-docstring", formulas, priority=400)
