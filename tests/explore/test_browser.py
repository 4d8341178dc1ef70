"""The page in a real browser: what a user does with it, and what it says."""

from __future__ import annotations

import csv
import io
import re
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recast.explain import explain
from recast.explore import Exploration
from recast.limits import limit
from recast.serve import server

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
REFERENCE = Path(__file__).parents[1] / "reference" / "explore_plane.png"


def until(page: Any, expression: str) -> None:
    """Wait for something in the page, whose policy forbids to evaluate text later than now."""
    for _ in range(200):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(expression)


class Opened:
    """A page that is open, with all that the browser complained about and asked for."""

    def __init__(self, browser: Any, url: str, settings: dict[str, Any]) -> None:
        self.context = browser.new_context(accept_downloads=True, reduced_motion="reduce", **settings)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda m: self.complaints.append(m.text) if m.type in {"error", "warning"} else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(url)
        self.page.wait_for_selector("body[data-ready]", timeout=60_000)

    def pixel(self, mass: float, coupling: float) -> tuple[float, float]:
        """Return where a point of the plane is, as plotly has its axes."""
        place = self.page.evaluate(
            """([x, y]) => { const plot = document.getElementById("plot"), { xaxis, yaxis } = plot._fullLayout;
            const box = plot.getBoundingClientRect();
            return [box.x + xaxis._offset + xaxis.d2p(x), box.y + yaxis._offset + yaxis.d2p(y)]; }""",
            [mass, coupling],
        )
        return float(place[0]), float(place[1])

    def shown(self) -> list[str]:
        return self.page.evaluate(
            "[...new Set(plot.data.filter(t => t.visible && t.legendgroup).map(t => t.legendgroup))]"
        )

    def rows(self) -> dict[str, list[str]]:
        return self.page.evaluate(
            """Object.fromEntries([...document.querySelectorAll("#rows tr")].map(row =>
            [row.dataset.name, [...row.children].map(cell => cell.innerText)]))"""
        )

    def close(self) -> None:
        self.context.close()


@pytest.fixture(scope="module")
def once(browser: Any, page_file: Path) -> Iterator[Opened]:
    opened = Opened(browser, page_file.as_uri(), DESKTOP)
    yield opened
    assert [url for url in opened.requests if not url.startswith(("data:", "blob:"))] == [page_file.as_uri()]
    opened.close()


@pytest.fixture
def desktop(once: Opened) -> Iterator[Opened]:
    """Open the page once, as it takes seconds, and put it back to where it began before each test."""
    page = once.page
    page.locator("#model").select_option(index=0)
    page.locator("#level").select_option(label="95%")
    page.get_by_role("button", name="As at first").click()
    page.get_by_role("button", name="Reset axes").click()
    page.evaluate("document.getElementById('explanation').hidden = true; window.scrollTo(0, 0)")
    page.evaluate("Plotly.restyle(plot, {x: [[]], y: [[]]}, [plot.data.length - 1])")
    page.mouse.move(5, 5)
    yield once
    assert once.complaints == []


def number(text: str) -> float:
    """Read a number as the page writes it: −1.2 × 10⁻³."""
    power = text.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--", " "))
    found = re.fullmatch("(?:(-?[0-9.]+)×)?(-?)10([0-9-]+)", power) if any(c in "⁰¹²³⁴⁵⁶⁷⁸⁹" for c in text) else None
    return float(power) if found is None else float(f"{found[2]}{found[1] or 1}e{found[3]}")


def test_layers_are_switched(desktop: Opened) -> None:
    page = desktop.page
    assert "ccfr" in desktop.shown()
    assert "dune_nd" not in desktop.shown()
    before = page.locator("#plot").screenshot()
    page.locator('[data-layer="ccfr"]').uncheck()
    assert "ccfr" not in desktop.shown()
    assert page.locator("#plot").screenshot() != before
    # Half of a group is on.
    group = page.locator('[data-group="tridents"]')
    page.locator('[data-layer="dune_nd"]').check()
    assert group.evaluate("box => box.indeterminate")
    group.check()
    assert {"ccfr", "dune_nd"} <= set(desktop.shown())
    page.get_by_role("button", name="None").click()
    assert desktop.shown() == []
    page.get_by_role("button", name="All").click()
    drawn = ["ccfr", "na64mu", "muon_g2", "lep_z_couplings", "dune_nd", "babar_4mu", "e137_andreas2012", "borexino"]
    assert sorted(desktop.shown()) == sorted(drawn)
    page.get_by_role("button", name="As at first").click()
    assert "dune_nd" not in desktop.shown()


def test_pointer_tells_the_point_and_every_layer(desktop: Opened, exploration: Exploration) -> None:
    mass, coupling = 0.05, 1e-3
    desktop.page.mouse.move(*desktop.pixel(mass * 1.1, coupling))
    desktop.page.mouse.move(*desktop.pixel(mass, coupling))
    tip = desktop.page.locator("#tip")
    tip.wait_for(state="visible")
    desktop.page.wait_for_timeout(200)  # plotly takes twenty positions a second
    lines = tip.inner_text().splitlines()
    found = re.fullmatch(r"m = (\S+) GeV, g′ = (.+)", lines[0])
    assert number(found[1]) == pytest.approx(mass, rel=0.03)
    assert number(found[2]) == pytest.approx(coupling, rel=0.03)
    assert lines[1] == "2 Δln L, 95% CL"
    # At the point that it names, each visible layer's.
    point = {"mass": number(found[1]), "coupling": number(found[2])}
    exact = {row.name: row for row in explain("lmu_ltau", measurements=exploration.measurements, **point).rows}
    said = [line.split("\t") for line in lines[2:] if "\t" in line]
    assert [cells[0] for cells in said][:2] == ["na64mu", "ccfr"]
    assert {cells[0] for cells in said} == {n for n in desktop.shown() if exact[n].statistic is not None}
    for name, value, *verdict in said:
        assert number(value) == pytest.approx(exact[name].statistic, rel=0.05, abs=1e-3)
        assert verdict == ([exact[name].verdict] if exact[name].excluded else [""])
    desktop.page.mouse.move(5, 5)
    tip.wait_for(state="hidden")


def test_click_explains_the_point(desktop: Opened, exploration: Exploration) -> None:
    page = desktop.page
    page.mouse.click(*desktop.pixel(0.05, 1e-3))
    page.wait_for_selector("#explanation:not([hidden])")
    point = {name: float(page.locator(f"#{name}").input_value()) for name in ("mass", "coupling")}
    assert point == pytest.approx({"mass": 0.05, "coupling": 1e-3}, rel=0.02)
    exact = explain("lmu_ltau", measurements=exploration.measurements, **point)
    rows = desktop.rows()
    assert list(rows) == [row.name for row in exact.rows if row.applicable]
    for row in exact.rows:
        if not row.applicable:
            continue
        _, verdict, statistic, threshold, pull, prediction, _, excludes, papers = rows[row.name]
        assert verdict == row.verdict
        assert number(statistic) == pytest.approx(row.statistic, rel=0.05, abs=2e-3)
        assert number(threshold) == pytest.approx(row.threshold, rel=1e-2)
        if row.pull is None:
            assert (pull, prediction) == ("–", "–")
        else:
            assert number(pull) == pytest.approx(row.pull, rel=0.03, abs=0.011)
            assert number(prediction) == pytest.approx(row.prediction, rel=0.05, abs=1e-12)
        ends = [number(text) for text in re.findall(r"[\d.]+(?: × 10[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)?", excludes)]
        given = [end for interval in row.excluded_intervals for end in interval if end]
        assert ends == pytest.approx(given, rel=0.01)
        assert papers.split(", ") == [one.key for one in row.citations]
    link = page.locator('#rows tr[data-name="ccfr"] a').first
    assert link.get_attribute("href") == exact["ccfr"].citations[0].url
    assert link.get_attribute("rel") == "noopener"
    page.get_by_text("Measurements that say nothing here").click()
    assert "babar_4mu" in page.locator("#silent").inner_text()
    page.get_by_text("How the regions are defined").click()
    assert "95% CL, two-sided, 1 dof" in page.locator("#conventions").inner_text()


def test_model_and_confidence_level(desktop: Opened) -> None:
    page = desktop.page
    page.locator("#mass").fill("0.05")
    page.locator("#coupling").fill("6e-4")
    page.get_by_role("button", name="Explain").click()
    assert desktop.rows()["na64mu"][1] == "allowed"
    assert "95% CL" in page.locator("#verdict").inner_text()
    page.locator("#level").select_option(label="90%")
    assert desktop.rows()["na64mu"][1] == "excluded"
    assert "Excluded at 90% CL by na64mu" in page.locator("#verdict").inner_text()
    page.locator("#model").select_option(label="Dark photon")
    assert page.locator("#which").inner_text().startswith("Dark photon: m = 0.05 GeV, ε = 6 × 10⁻⁴")
    assert page.evaluate("plot.layout.yaxis.title.text") == "kinetic mixing ε"
    assert "lep_z_couplings" in page.locator("#silent").text_content()
    assert page.locator('[data-layer="e137_andreas2012"]').count() == 1
    assert page.locator('[data-layer="ccfr"]').count() == 0
    assert "Excludes nothing here: ccfr" in page.locator("#layers").inner_text()


def test_contours_are_downloaded(desktop: Opened) -> None:
    page = desktop.page
    page.locator('[data-layer="lep_z_couplings"]').uncheck()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Contours as CSV").click()
    assert waiting.value.suggested_filename == "lmu_ltau_95cl.csv"
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    head = [line for line in text.splitlines() if line.startswith("#")]
    assert "# made by: recast-bsm" in text
    assert any(line.startswith("# cites: Mishra:1991bv") for line in head)
    assert not any("ALEPH:2005ab" in line for line in head)
    assert any("|R - data| <= 1.960 sigma" in line for line in head)
    assert not any("1.645" in line for line in head)
    table = list(csv.DictReader(io.StringIO("".join(f"{line}\n" for line in text.splitlines() if line[0] != "#"))))
    assert {row["measurements"] for row in table} == set(desktop.shown())
    assert {row["shown"] for row in table if row["measurements"] == "muon_g2"} == {"allowed"}
    ccfr = [(float(row["mass"]), float(row["coupling"])) for row in table if row["measurements"] == "ccfr"]
    mass, coupling = np.array(ccfr).T
    assert coupling == pytest.approx(limit("lmu_ltau", "ccfr", mass).coupling, rel=1e-5)
    edges = {row["edge"] for row in table if row["measurements"] == "e137_andreas2012"}
    assert edges == {"lower", "upper"}


def test_picture_is_downloaded(desktop: Opened) -> None:
    with desktop.page.expect_download() as waiting:
        desktop.page.get_by_role("button", name="Picture as SVG").click()
    assert waiting.value.suggested_filename == "lmu_ltau_95cl.svg"
    root = ET.parse(waiting.value.path()).getroot()  # noqa: S314  (our own)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    text = " ".join(root.itertext())
    for words in ("Gauged L_mu - L_tau, 95% CL", "coupling g′", "made by: recast-bsm", *desktop.shown()):
        assert words in text
    assert "dune_nd" not in [words.strip() for words in root.itertext()]
    # Curves, not a picture of curves.
    assert root.find(".//{http://www.w3.org/2000/svg}image") is None


def test_zoom_is_kept_and_undone(desktop: Opened) -> None:
    page = desktop.page
    home = page.evaluate("plot.layout.xaxis.range.map(Number)")
    page.mouse.move(*desktop.pixel(0.01, 1e-2))
    page.mouse.down()
    page.mouse.move(*desktop.pixel(1.0, 1e-4), steps=5)
    page.mouse.up()
    until(page, "plot.layout.xaxis.range[0] > -2.5")
    zoomed = page.evaluate("plot.layout.xaxis.range.map(Number)")
    assert zoomed == pytest.approx([-2.0, 0.0], abs=0.02)
    page.locator("#level").select_option(label="90%")
    assert page.evaluate("plot.layout.xaxis.range.map(Number)") == pytest.approx(zoomed)
    page.get_by_role("button", name="Reset axes").click()
    assert page.evaluate("plot.layout.xaxis.range.map(Number)") == pytest.approx(home)


def test_everything_by_keyboard(desktop: Opened) -> None:
    page = desktop.page
    page.locator("#model").focus()
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("(one => one.id || one.dataset.layer || one.tagName)(document.activeElement)"))
        if reached[-1] == "svg":
            break
    assert {"level", "plot", "mass", "coupling", "all", "none", "usual", "ccfr", "dune_nd", "csv", "svg"} <= set(
        reached
    )
    page.locator('[data-layer="dune_nd"]').focus()
    page.keyboard.press("Space")
    assert "dune_nd" in desktop.shown()
    page.locator("#plot").focus()
    page.keyboard.press("ArrowRight")
    there = float(page.locator("#mass").input_value())
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowUp")
    assert float(page.locator("#mass").input_value()) > there
    assert page.locator("#readout").inner_text().startswith("m = ")
    page.keyboard.press("Enter")
    page.wait_for_selector("#explanation:not([hidden])")
    before = page.evaluate("plot.layout.xaxis.range.map(Number)")
    page.keyboard.press("+")
    until(page, f"plot.layout.xaxis.range[1] - plot.layout.xaxis.range[0] < {0.9 * (before[1] - before[0])}")
    page.keyboard.press("0")
    until(page, f"Math.abs(plot.layout.xaxis.range[1] - {before[1]}) < 1e-6")


def test_values_outside_the_plane_are_refused(desktop: Opened) -> None:
    page = desktop.page
    page.locator("#mass").fill("1e9")
    page.locator("#coupling").fill("strong")
    page.get_by_role("button", name="Explain").click()
    assert not page.locator("#explanation").is_visible()
    for name in ("mass", "coupling"):
        assert "This page holds values from" in page.locator(f"#{name}").evaluate("box => box.validationMessage")


def test_everything_has_a_name(desktop: Opened) -> None:
    nameless = desktop.page.evaluate(
        """[...document.querySelectorAll("input, select, button, a[href]")].filter(one =>
        !(one.labels?.length || one.textContent.trim() || one.getAttribute("aria-label"))).map(one => one.outerHTML)"""
    )
    assert nameless == []


def test_picture_is_where_limits_say(desktop: Opened) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    page = desktop.page
    page.get_by_role("button", name="None").click()
    page.locator('[data-layer="ccfr"]').check()
    page.mouse.move(5, 5)
    picture = np.asarray(image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)
    excluded, allowed = [], []
    for mass in np.geomspace(2e-3, 50.0, 40):
        edge = float(limit("lmu_ltau", "ccfr", mass).coupling[0])
        for factor in (1.15, 1.6, 3.0, 1 / 1.15, 1 / 1.6, 1 / 3.0):
            if edge * factor < 1.0:
                x, y = (round(place) for place in desktop.pixel(mass, edge * factor))
                (excluded if factor > 1.0 else allowed).append(picture[y - 1 : y + 2, x - 1 : x + 2].mean(axis=(0, 1)))
    colour = np.array([0x00, 0x72, 0xB2])
    # Blue comes with the region; lines of the grid are grey.
    assert np.mean([one[2] - one[0] > 10 for one in excluded]) > 0.99
    assert np.mean([abs(one[2] - one[0]) < 4 for one in allowed]) > 0.99
    assert np.all(np.mean(excluded, axis=0) > colour)


def test_picture_is_that_of_before(desktop: Opened, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    picture = image.open(io.BytesIO(desktop.page.locator("#plot").screenshot())).convert("RGB")
    picture.save(tmp_path / "now.png")  # to be copied to the reference, when the look has changed on purpose
    # Small, so that fonts and the smoothing of lines do not matter.
    size = (96, 64)
    now, before = (
        np.asarray(one.resize(size, image.Resampling.BOX)).astype(float) for one in (picture, image.open(REFERENCE))
    )
    assert np.abs(now - before).mean() < 2.0
    assert np.percentile(np.abs(now - before), 99) < 25.0


def test_on_a_phone(browser: Any, page_file: Path) -> None:
    opened = Opened(browser, page_file.as_uri(), PHONE)
    page = opened.page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator("#plot").bounding_box()
    assert box["width"] > 350
    assert box["height"] > 350
    for name in ("#model", "#level", '[data-layer="ccfr"]'):
        assert page.locator(name).bounding_box()["height"] >= 20
    page.touchscreen.tap(*opened.pixel(0.05, 2e-3))
    page.wait_for_selector("#explanation:not([hidden])")
    assert "excluded at 95% CL by" in page.locator("#readout").inner_text()
    assert opened.rows()["ccfr"][1] == "excluded"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # A finger that moves over the plane scrolls the page.
    assert page.evaluate("plot.layout.dragmode") is False
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") >= 14
    # What stands in the page follows the plane, the layers come last.
    tops = [page.locator(name).bounding_box()["y"] for name in ("#plot", "#readout", "#explanation", "#layers")]
    assert tops == sorted(tops)
    assert opened.complaints == []
    opened.close()


def test_live(browser: Any, exploration: Exploration) -> None:
    pytest.importorskip("plotly", reason="plotly is not installed (recast-bsm[explore])")
    with server(exploration, port=0) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        opened = Opened(browser, f"http://127.0.0.1:{listening.server_port}/", DESKTOP)
        page = opened.page
        page.mouse.click(*opened.pixel(0.05, 1e-3))
        page.wait_for_selector('#explanation[data-exact="true"]')
        assert "Computed for this point." in page.locator("#verdict").inner_text()
        point = {name: float(page.locator(f"#{name}").input_value()) for name in ("mass", "coupling")}
        exact = explain("lmu_ltau", measurements=exploration.measurements, **point)
        rows = opened.rows()
        assert list(rows) == [row.name for row in exact.rows if row.applicable]
        assert number(rows["ccfr"][2]) == pytest.approx(exact["ccfr"].statistic, rel=0.02)
        listening.shutdown()
        thread.join()
        listening.server_close()
        # What is essential goes on without the server.
        page.mouse.click(*opened.pixel(0.05, 3e-3))
        page.locator("#verdict").filter(has_text="does not answer").wait_for()
        assert opened.rows()["ccfr"][1] == "excluded"
        assert all("ERR_CONNECTION_REFUSED" in words for words in opened.complaints)
        opened.close()
