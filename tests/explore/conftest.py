"""A small page, and a browser to open it with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recast.explore import Exploration, explore

MEASUREMENTS = ("ccfr", "na64mu", "muon_g2", "lep_z_couplings", "dune_nd", "babar_4mu", "e137_andreas2012", "borexino")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def exploration() -> Exploration:
    return explore(["lmu_ltau", "dark_photon"], MEASUREMENTS, coupling=(1e-7, 1.0), confidence_levels=(0.9, 0.95))


@pytest.fixture(scope="session")
def page_file(exploration: Exploration, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("plotly", reason="plotly is not installed (recast-bsm[explore])")
    path = tmp_path_factory.mktemp("explore") / "page.html"
    exploration.save(path)
    return path


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    binary = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if binary is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is on the path")
    with playwright.sync_playwright() as driver:
        # Without a sandbox of its own, which needs rights that containers do not have; the page is our own.
        chromium = driver.chromium.launch(executable_path=binary, args=["--no-sandbox", "--font-render-hinting=none"])
        yield chromium
        chromium.close()
