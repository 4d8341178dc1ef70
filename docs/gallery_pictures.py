#!/usr/bin/env python3
"""Draw the small pictures of gallery.md into images/gallery: all of them, or the figures that are named.

    python docs/gallery_pictures.py [NAME]...

They are kept in the repository, so that the gallery can be read without building anything; each carries the digest of
its recipe, by which `tests/test_docs_site.py` notices one that is older than its recipe.
"""

from __future__ import annotations

import hashlib
import io
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")

from matplotlib import pyplot as plt
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from recast.catalog import Catalog
from recast.figures import compute, draw, load_recipe

FOLDER = Path(__file__).resolve().parent / "images" / "gallery"
DIGEST = "recipe"
_DPI = 75
_COLOURS = 64


def digest(name: str) -> str:
    """Return the digest of a shipped recipe."""
    return hashlib.sha256(Catalog().file("plots", name).read_bytes()).hexdigest()


def picture(name: str) -> bytes:
    """Return a figure as a small PNG: few pixels and few colours."""
    figure = draw(compute(load_recipe(name)))
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=_DPI)
    plt.close(figure)
    notes = PngInfo()
    notes.add_text(DIGEST, digest(name))
    small = io.BytesIO()
    with Image.open(drawn) as image:
        few = image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    few.save(small, "PNG", optimize=True, pnginfo=notes)
    return small.getvalue()


def main(names: list[str]) -> None:
    """Draw figures by name, or all of the catalog."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names or Catalog().names("plots"):
        (FOLDER / f"{name}.png").write_bytes(picture(name))


if __name__ == "__main__":
    main(sys.argv[1:])
