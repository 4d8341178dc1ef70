"""The package itself: what importing it costs, and the names at its top."""

import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import recast

ROOT = Path(__file__).parents[1]


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = ["numpy", "scipy", "matplotlib", "h5py", "pydantic", "pyhf", "iminuit", "yaml", "click"]
    loaded = run(f"import sys, recast; print([name for name in {heavy} if name in sys.modules])")
    assert loaded == "[]"


@pytest.mark.parametrize("name", recast.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(recast, name) is not None
    assert name in dir(recast)


def test_the_function_scan_is_not_hidden_by_its_module() -> None:
    code = "import recast; from recast.scan import load_scan; print(callable(recast.scan)); import recast.scan; "
    assert run(code + "print(callable(recast.scan))").split() == ["True", "True"]
    assert run("from recast import scan; print(callable(scan))") == "True"


def test_the_version_is_that_of_the_distribution() -> None:
    assert recast.__version__ == version("recast-bsm")


def test_an_unknown_attribute() -> None:
    with pytest.raises(AttributeError, match="module 'recast' has no attribute 'nothing'"):
        recast.nothing  # noqa: B018


def test_every_package_is_distributed() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    # Of the package as it is imported: in the source tree, or installed from a wheel.
    source = Path(recast.__file__).parent
    folders = {path.parent.relative_to(source.parent) for path in source.rglob("__init__.py")}
    found = {".".join(folder.parts) for folder in folders}
    assert found <= set(settings["packages"])
