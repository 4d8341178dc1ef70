"""What the documentation shows works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from recast.catalog import Catalog
from recast.limits import limit
from recast.model import load_model
from recast.rates import event_rate
from recast.scan import load_scan
from recast.scan.evaluation import Evaluation

ROOT = Path(__file__).parents[1]
GUIDE = ROOT / "docs" / "guide.md"


def blocks(file: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", file.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize(
    "file",
    ["README.md", "docs/guide.md", "docs/likelihoods.md", "docs/fits.md", "docs/scans.md", "docs/coverage.md"],
)
def test_python(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for block in blocks(ROOT / file, "python"):
        exec(compile(block, file, "exec"), {})  # noqa: S102


def test_yaml_of_the_guide(tmp_path: Path) -> None:
    model, target, plane = blocks(GUIDE, "yaml")
    name = yaml.safe_load(model)["name"]
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / f"{name}.yaml").write_text(model, encoding="utf-8")
    assert Catalog([tmp_path]).model(name).charges.mu == -3

    (tmp_path / "scintillator.yaml").write_text(target, encoding="utf-8")
    (tmp_path / "plane.yaml").write_text(plane, encoding="utf-8")
    assert load_scan(tmp_path / "plane.yaml").model == "lmu_ltau"

    (flux,) = re.findall(r"^((?:    [#\de].*\n)+)", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    beam = tmp_path / "my_beam.csv"
    beam.write_text(re.sub("^    ", "", flux, flags=re.MULTILINE), encoding="utf-8")
    assert event_rate("numu_numu_mu-mu+", str(tmp_path / "scintillator.yaml"), str(beam)).total > 0.0


def test_scan_files_of_the_documentation(tmp_path: Path) -> None:
    for number, text in enumerate(blocks(ROOT / "docs" / "scans.md", "yaml")):
        (tmp_path / f"{number}.yaml").write_text(text, encoding="utf-8")
        spec = load_scan(tmp_path / f"{number}.yaml")
        evaluation = Evaluation.load(spec, ())
        evaluation.check_applicable(evaluation.points())


def test_the_limit_curve_of_the_documentation(tmp_path: Path) -> None:
    file = ROOT / "docs" / "measurements" / "limit_curves.md"
    (curve,), (measurement,) = blocks(file, "csv"), blocks(file, "yaml")
    folder = tmp_path / "measurements"
    folder.mkdir()
    (folder / "my_search.csv").write_text(curve, encoding="utf-8")
    (folder / "my_search.yaml").write_text(measurement, encoding="utf-8")
    mine = Catalog([tmp_path]).measurement("my_search")
    found = limit(load_model("lmu_ltau"), mine, [0.005, 0.1], confidence_level=0.9)
    assert found.coupling[1] == pytest.approx(7.0e-4, rel=1e-9)
    assert not found.excluded[0]


def test_links_lead_somewhere() -> None:
    for file in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", file.read_text(encoding="utf-8")):
            assert (file.parent / target).exists(), (file, target)
