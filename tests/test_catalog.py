"""The catalog: shipped entries, plug-in folders, entry points."""

from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

import recast.catalog
from recast.catalog import KINDS, Catalog, is_path
from recast.errors import DocumentError, RecastError, UnknownNameError

MODEL = """\
name: {name}
title: "A model of a plug-in"
kind: u1
charges: {{e: 0, mu: 1, tau: 0}}
mixing: none
provenance:
  model:
    paper: "A paper"
    place: "Eq. 1"
    inspire: "He:1991qd"
    bibtex: "@article{{He:1991qd, year = 1991}}"
"""


def plugin(folder: Path, name: str = "mine", kind: str = "models") -> Path:
    (folder / kind).mkdir(parents=True, exist_ok=True)
    (folder / kind / f"{name}.yaml").write_text(MODEL.format(name=name))
    return folder


def test_everything_that_ships_is_named_after_its_file() -> None:
    catalog = Catalog()
    assert {"lmu_ltau", "le_lmu", "contact"} <= set(catalog.names("models"))
    assert {"ccfr", "charm_ii", "nutev", "muon_g2"} <= set(catalog.names("measurements"))
    assert "altmannshofer2019_fig8" in catalog.names("plots")
    assert "dune_nd_1902_06765" in catalog.names("selections")
    for kind in KINDS:
        for item in getattr(catalog, kind)():
            assert item.title
            assert item.citations is not None


@pytest.mark.parametrize("kind", ["models", "measurements"])
def test_shipped_names_are_those_of_the_files(kind: str) -> None:
    catalog = Catalog()
    assert [item.name for item in getattr(catalog, kind)()] == list(catalog.names(kind))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("lmu_ltau", "L_mu - L_tau"),
        ("ccfr", "CCFR"),
        ("charm_ii:error=2014", "CHARM-II"),
        ("altmannshofer2019_fig8", "DUNE"),
    ],
)
def test_find_looks_among_all_kinds(name: str, title: str) -> None:
    assert title in Catalog().find(name).title


def test_find_tells_near_matches_of_all_kinds() -> None:
    with pytest.raises(UnknownNameError, match=r"measurement, figure or selection 'ccfrr': did you mean ccfr\?"):
        Catalog().find("ccfrr:data=counts")
    with pytest.raises(UnknownNameError, match=r"did you mean lmu_ltau\?"):
        Catalog().find("lmu_ltu")


def test_an_unknown_name_of_one_kind() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown figure 'altmannshofer2019_fig88'"):
        Catalog().document("plots", "altmannshofer2019_fig88")


def test_a_plugin_folder_adds_a_model(tmp_path: Path) -> None:
    catalog = Catalog([plugin(tmp_path)])
    assert catalog.names("models")[-1] == "mine"
    assert catalog.find("mine").title == "A model of a plug-in"
    assert "mine" not in Catalog().names("models")


def test_a_path_needs_no_plugin_folder(tmp_path: Path) -> None:
    file = plugin(tmp_path) / "models" / "mine.yaml"
    assert Catalog().model(str(file)).name == "mine"
    assert Catalog().model(file).name == "mine"
    assert Catalog().find(str(file)).title == "A model of a plug-in"


def test_two_files_of_one_name_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecastError, match=r"model 'lmu_ltau' stands in .* and in .*: rename one of them"):
        Catalog([plugin(tmp_path, "lmu_ltau")]).names("models")


def test_a_folder_given_twice_counts_once(tmp_path: Path) -> None:
    plugin(tmp_path)
    assert "mine" in Catalog([tmp_path, str(tmp_path)]).names("models")


def test_folders_without_anything_in_them(tmp_path: Path) -> None:
    with pytest.raises(RecastError, match="does not exist"):
        Catalog([tmp_path / "nowhere"])
    with pytest.raises(RecastError, match="holds none of models/, measurements/, plots/, selections/ and no Py"):
        Catalog([tmp_path])


def test_the_name_in_a_file_must_be_its_own(tmp_path: Path) -> None:
    file = plugin(tmp_path) / "models" / "mine.yaml"
    file.rename(file.with_name("other.yaml"))
    with pytest.raises(DocumentError, match=r"other\.yaml, line 1: the name 'mine' is not that of the file"):
        Catalog([tmp_path]).model("other")


def test_classes_of_python_files(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("class A:\n    pass\n\nOBSERVABLES = {'mine': A}\nLIKELIHOODS = {'theirs': A}\n")
    catalog = Catalog([tmp_path])
    assert catalog.observables()["mine"].__name__ == "A"
    assert list(catalog.likelihoods()) == ["theirs"]


def test_a_python_file_that_fails(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("1 / 0\n")
    with pytest.raises(RecastError, match=r"bad\.py cannot be run: ZeroDivisionError"):
        Catalog([tmp_path]).observables()


def test_a_type_defined_twice(tmp_path: Path) -> None:
    for name in ("one.py", "two.py"):
        (tmp_path / name).write_text("OBSERVABLES = {'mine': int}\n")
    with pytest.raises(RecastError, match=r"the type 'mine' is defined twice, the second time by .*two\.py"):
        Catalog([tmp_path]).observables()


def test_entry_points(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = plugin(tmp_path / "some_plugin_package", kind="yaml")
    (package / "__init__.py").touch()
    (package / "yaml" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    points = EntryPoints(
        [
            EntryPoint("some", "some_plugin_package.yaml", "recast.models"),
            EntryPoint("odd", "collections:OrderedDict", "recast.likelihoods"),
        ]
    )
    monkeypatch.setattr(recast.catalog, "_entry_points", lambda: points)
    catalog = Catalog()
    assert catalog.model("mine").title == "A model of a plug-in"
    assert catalog.likelihoods()["odd"].__name__ == "OrderedDict"


def test_an_entry_point_that_names_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    points = EntryPoints([EntryPoint("gone", "no_such_package_at_all", "recast.models")])
    monkeypatch.setattr(recast.catalog, "_entry_points", lambda: points)
    with pytest.raises(RecastError, match="entry point 'gone' of recast.models names 'no_such_package_at_all'"):
        Catalog().names("models")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("lmu_ltau", False), ("mine.yaml", True), ("./mine", True), (Path("mine"), True), ("charm_ii:error=2014", False)],
)
def test_what_is_a_path(name: str | Path, expected: bool) -> None:
    assert is_path(name) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("raise SystemExit(7)", r"bad\.py cannot be run: SystemExit: 7"),
        ("OBSERVABLES = 3", r"bad\.py: OBSERVABLES must be a dictionary from names to classes, not 3"),
        ("OBSERVABLES = {'mine': 'a:B'}", r"the type 'mine' of .*bad\.py must be a class, not 'a:B'"),
    ],
)
def test_python_files_that_do_not_hold_what_they_should(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(RecastError, match=message):
        Catalog([tmp_path]).observables()


def test_a_class_that_is_no_pydantic_model(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text("LIKELIHOODS = {'odd': dict}\n")
    text = Path(str(Catalog().file("measurements", "ccfr"))).read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(text.replace("type: gaussian", "type: odd"), encoding="utf-8")
    with pytest.raises(DocumentError, match=r"likelihood\.type: the class dict of 'odd' must be a pydantic model"):
        Catalog([tmp_path]).measurement(tmp_path / "mine.yaml")


def test_one_folder_written_in_two_ways_is_one(tmp_path: Path) -> None:
    plugin(tmp_path)
    catalog = Catalog([tmp_path, f"{tmp_path}/models/.."])
    assert catalog.model("mine").name == "mine"


def test_an_entry_point_that_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    points = EntryPoints([EntryPoint("gone", "collections:Nothing", "recast.likelihoods")])
    monkeypatch.setattr(recast.catalog, "_entry_points", lambda: points)
    with pytest.raises(RecastError, match="entry point 'gone' of recast.likelihoods: 'collections:Nothing' cannot be"):
        Catalog().likelihoods()
