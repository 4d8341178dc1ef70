"""The file: whole, without a place outside it, and safe whatever a measurement is called."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from recast.catalog import Catalog
from recast.cli import main
from recast.errors import OutputExistsError, RecastError
from recast.explore import Exploration, explore
from recast.explore import page as page_module
from recast.explore.page import plotly_bundle

pytest.importorskip("plotly", reason="plotly is not installed (recast-bsm[explore])")


class Elements(HTMLParser):
    """The start tags of a page, and the text of its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] == "script":
            self.scripts[-1] += data


def meta(text: str) -> Any:
    return json.loads(Elements(text).scripts[0])


def test_nothing_stands_outside(page_file: Path) -> None:
    text = page_file.read_text(encoding="utf-8")
    for tag, attributes in Elements(text).tags:
        assert not {"src", "srcset", "action"} & attributes.keys(), tag
        assert tag == "a" or attributes.get("href", "data:").startswith("data:"), tag
    assert "@import" not in text.split("<script", 1)[0]
    policy = dict(re.findall(r"(\S+) ([^;]+);?", re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]))
    assert policy["default-src"] == "'none'"


def test_size_is_that_of_plotly_and_little_more(page_file: Path) -> None:
    assert 0 < page_file.stat().st_size - len(plotly_bundle()) < 1_000_000


def test_same_page_again(exploration: Exploration) -> None:
    assert exploration.html() == exploration.html()


def test_it_says_what_made_it(page_file: Path) -> None:
    origin = meta(page_file.read_text(encoding="utf-8"))["origin"]
    assert origin[0].startswith("made by: recast-bsm")
    assert origin[1] == "command: called from Python"
    assert any(line.startswith("cites: Mishra:1991bv") for line in origin)
    assert any(line.startswith("grid ") for line in origin)
    assert any(line.startswith("convention: 95% CL") for line in origin)


def test_a_name_cannot_end_the_script(tmp_path: Path) -> None:
    folder = tmp_path / "measurements"
    folder.mkdir()
    shipped = Catalog().file("measurements", "ccfr")
    title = "</script><script>alert(1)</script><!-- @SCRIPT@ @TABLES@"
    text = re.sub(r"^title: .*$", f'title: "{title}"', shipped.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (folder / "mine.yaml").write_text(text.replace("name: ccfr", "name: mine"), encoding="utf-8")
    found = explore("lmu_ltau", ["mine"], plugins=[tmp_path], confidence_levels=[0.95])
    html = found.html()
    assert len(Elements(html).scripts) == 4
    assert meta(html)["models"][0]["layers"][0]["title"] == title


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    shipped = Catalog().file("measurements", "ccfr")
    path = tmp_path / "mine.yaml"
    path.write_text(shipped.read_text(encoding="utf-8").replace("name: ccfr", "name: mine"), encoding="utf-8")
    found = explore("lmu_ltau", [path, "ccfr"], confidence_levels=[0.95])
    assert [layer.row.name for layer in found.models[0].layers] == ["mine", "ccfr"]


def test_it_is_not_overwritten_by_mistake(exploration: Exploration, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("kept")
    with pytest.raises(OutputExistsError):
        exploration.save(path)
    assert path.read_text() == "kept"
    exploration.save(path, overwrite=True)
    with pytest.raises(RecastError, match=r"must end in \.html"):
        exploration.save(tmp_path / "page.pdf")


def test_command(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    words = [
        "explore",
        "lmu_ltau",
        "dark_photon",
        "-m",
        "ccfr",
        "-m",
        "lep_z_couplings",
        "--cl",
        "0.95",
        "-o",
        str(path),
    ]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert f"{path}: lmu_ltau, dark_photon, 2 measurements" in result.output
    assert f"command: recast {' '.join(words)}" in meta(path.read_text(encoding="utf-8"))["origin"]
    again = CliRunner().invoke(main, words)
    assert again.exit_code == 2
    assert "--force" in again.output
    said = json.loads(CliRunner().invoke(main, [*words, "--force", "--json"]).output)
    assert said["layers"] == {"lmu_ltau": ["ccfr", "lep_z_couplings"], "dark_photon": ["ccfr"]}
    assert list(said["silent"]["dark_photon"]) == ["lep_z_couplings"]


def test_command_with_free_charges(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    words = ["explore", "--charge", "mu=-3", "-m", "ccfr", "--range", "mass=0.01:10", "-o", str(path)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    content = meta(path.read_text(encoding="utf-8"))
    assert content["models"][0]["title"] == "U(1) with charges mu=-3"
    assert content["axes"]["mass"][:2] == [0.01, 10.0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lmu_ltu"], "did you mean lmu_ltau"),
        (["contact"], "no plane of mass and coupling"),
        (["lmu_ltau", "-m", "cfr"], "did you mean ccfr"),
        (["lmu_ltau", "--range", "masses=1:2"], "mass, coupling"),
        (["lmu_ltau", "--range", "mass=2:1"], "range of the mass"),
        (["lmu_ltau", "--cl", "95"], "write 0.95 for 95%"),
        (["lmu_ltau", "-o", "page.png"], "must end in .html"),
    ],
)
def test_command_says_what_is_wrong(words: list[str], message: str, tmp_path: Path) -> None:
    if "-o" not in words:
        words = [*words, "-o", str(tmp_path / "page.html")]
    result = CliRunner().invoke(main, ["explore", *words])
    assert result.exit_code == 2
    assert message in result.output


@pytest.mark.parametrize("script", [None, "plotly.js of another time"])
def test_without_plotly(script: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import sys
    from types import SimpleNamespace

    stub = None if script is None else SimpleNamespace(get_plotlyjs=lambda: script)
    monkeypatch.setitem(sys.modules, "plotly.offline", stub)
    result = CliRunner().invoke(main, ["explore", "lmu_ltau", "-o", str(tmp_path / "page.html")])
    assert result.exit_code == 2
    assert "pip install" in result.output
    assert "recast-bsm[explore]" in result.output


def test_page_module_needs_no_plotly_to_be_imported() -> None:
    assert "plotly" not in vars(page_module)
