"""What the built documentation has beside its pages: the gallery, and what recast writes itself."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from recast.catalog import Catalog
from recast.cli import main
from recast.validate import load_ledger

DOCS = Path(__file__).parents[1] / "docs"
sys.path.insert(0, str(DOCS))

import gallery_pictures  # noqa: E402
import generated  # noqa: E402

FIGURES = Catalog().names("plots")


def test_the_gallery_shows_every_figure_once() -> None:
    text = (DOCS / "gallery.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^### (\w+)$", text, flags=re.MULTILINE)) == sorted(FIGURES)
    assert sorted(re.findall(r"\(images/gallery/(\w+)\.png\)", text)) == sorted(FIGURES)
    assert {path.stem for path in gallery_pictures.FOLDER.iterdir()} == set(FIGURES)


def test_every_figure_says_where_it_was_published() -> None:
    sections = re.split(r"^### ", (DOCS / "gallery.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    for section in sections:
        name = section.split("\n", 1)[0]
        place = Catalog().plot(name).provenance.place
        if re.fullmatch(r"Fig\. \d+", place):
            assert f"**Published:** {place}" in section, name
            assert "**The same:**" in section, name
            assert "**Differs:**" in section, name


def test_the_pictures_are_small() -> None:
    assert sum(path.stat().st_size for path in (DOCS / "images").rglob("*") if path.is_file()) < 2_000_000


@pytest.mark.parametrize("name", FIGURES)
def test_a_picture_is_that_of_its_recipe(name: str) -> None:
    with Image.open(gallery_pictures.FOLDER / f"{name}.png") as image:
        drawn = image.info[gallery_pictures.DIGEST]
    assert drawn == gallery_pictures.digest(name), f"python docs/gallery_pictures.py {name}"


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_a_picture_is_what_is_drawn_today(name: str) -> None:
    """Another font moves letters, another limit moves areas."""
    with (
        Image.open(gallery_pictures.FOLDER / f"{name}.png") as kept,
        Image.open(io.BytesIO(gallery_pictures.picture(name))) as drawn,
    ):
        assert drawn.size == kept.size
        old, new = (np.asarray(image.convert("L").reduce(8), dtype=float) for image in (kept, drawn))
    assert np.mean(np.abs(old - new)) < 2.0, f"python docs/gallery_pictures.py {name}"


def test_the_reference_has_every_command_and_option() -> None:
    text = generated.commands()
    for name, command in main.commands.items():
        if command.hidden:
            continue
        section = text.partition(f"\n## recast {name}\n")[2].partition("\n## ")[0]
        assert section, name
        for option in command.params:
            if not getattr(option, "hidden", False) and option.param_type_name == "option":
                assert f"`{option.opts[0]}`" in section, (name, option.name)


def test_the_ledger_is_complete() -> None:
    outputs, inputs = generated.ledger(), generated.inputs()
    for name, claim in load_ledger().entries.items():
        for identifier, _ in claim.numbers(name):
            assert f"| `{identifier}` |" in (inputs if claim.kind == "input" else outputs)
    assert "**0** fail" in outputs
    for target in re.findall(r"\[explained\]\(([\w/]+\.md)#", outputs):
        assert (DOCS / target).exists()


def test_the_list_of_modules() -> None:
    text = generated.api()
    for name in generated.modules():
        assert f"[{name}](generated/api/{name}.rst)" in text


def test_a_page_of_the_api(tmp_path: Path) -> None:
    generated.api_pages(tmp_path)
    page = (tmp_path / "recast.likelihoods.rst").read_text(encoding="utf-8")
    assert ".. automodule:: recast.likelihoods" in page
    assert "- :py:obj:`recast.likelihoods.gaussian.Gaussian`" in page
    stale = tmp_path / "recast.gone.rst"
    stale.write_text("", encoding="utf-8")
    generated.api_pages(tmp_path)
    assert not stale.exists()
