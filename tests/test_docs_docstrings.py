"""Docstrings of the public API: numpydoc, with arguments, shapes, units and errors."""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))

from generated import modules, public

numpydoc_validate = pytest.importorskip("numpydoc.validate", reason="pip install 'recast-bsm[docs]'")
docscrape = pytest.importorskip("numpydoc.docscrape")

# What numpydoc can find and recast does not ask for.
NOT_ASKED = {
    "ES01",  # an extended summary, where one line says it
    "EX01",  # examples: docs/ has them, and they are run
    "SA01",  # see also: names in the text are links
    "SS02",  # capitals: a symbol may come first
    "SS05",  # "Sees" is taken for a third person, as is every word that ends so
    "PR01",  # arguments of every one-line function; test_arguments asks where there are several
    "PR04",  # a type, beside "as in `function`"
    "PR07",  # a description of what its name and type say
    "PR08",  # capitals: a symbol may come first
    "PR09",
    "RT01",  # returns: the summary says "Return ..."
    "RT02",
    "RT03",
    "RT04",
    "RT05",
    "YD01",
}
PARTS = {".".join(name.split(".")[:2]) for name in modules()}


def objects(module: Any) -> Iterator[tuple[str, Any]]:
    """Yield the functions, classes and methods that a module defines."""
    for name, value in public(module).items():
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(value):
            yield f"{module.__name__}.{name}", value
        elif inspect.isclass(value):
            yield f"{module.__name__}.{name}", value
            for key, member in vars(value).items():
                if not key.startswith("_"):
                    for kind, attribute in ((property, "fget"), (cached_property, "func")):
                        member = getattr(member, attribute) if isinstance(member, kind) else member
                    member = getattr(member, "__func__", member)
                    if inspect.isfunction(member):
                        yield f"{module.__name__}.{name}.{key}", member


EVERYTHING = [(name, value) for module in modules().values() for name, value in objects(module)]
FUNCTIONS = [(name, value) for name, value in EVERYTHING if inspect.isfunction(value)]


def documented(value: Any) -> dict[str, str]:
    """Return type and description of each argument."""
    found = {}
    for argument in docscrape.FunctionDoc(value)["Parameters"]:
        for name in argument.name.split(","):
            found[name.strip().lstrip("*")] = f"{argument.type} {' '.join(argument.desc)}"
    return found


@pytest.mark.parametrize("part", sorted(PARTS))
def test_numpydoc_finds_nothing(part: str) -> None:
    found = []
    for name, value in EVERYTHING:
        if ".".join(name.split(".")[:2]) == part:
            checked = numpydoc_validate.validate(docscrape.get_doc_object(value))
            found += [(name, *error) for error in checked["errors"] if error[0] not in NOT_ASKED]
    assert not found


def test_everything_has_a_docstring() -> None:
    assert not [name for name, value in EVERYTHING if not inspect.getdoc(value)]
    assert not [name for name, module in modules().items() if not module.__doc__]


def test_arguments() -> None:
    """A function of three arguments or more describes them, and one that describes some describes all."""
    missing = {}
    for name, value in FUNCTIONS:
        arguments = set(inspect.signature(value).parameters) - {"self", "cls"}
        described = set(documented(value))
        is_method = "." in value.__qualname__
        if described or (len(arguments) > 2 and not is_method and "as in `" not in (inspect.getdoc(value) or "")):
            missing[name] = arguments - described
    assert not {name: arguments for name, arguments in missing.items() if arguments}


def test_errors() -> None:
    """What raises says so."""
    for name, value in FUNCTIONS:
        tree = ast.parse(textwrap.dedent(inspect.getsource(value)))
        raised = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc is not None]
        names = {ast.unparse(exc.func if isinstance(exc, ast.Call) else exc) for exc in raised}
        if any(one.endswith("Error") or one == "unknown" for one in names):
            assert "Raises\n---" in (inspect.getdoc(value) or ""), name


def test_units_and_shapes() -> None:
    """Masses and energies have a unit, arrays a shape or what they broadcast with."""
    for name, value in FUNCTIONS:
        for argument, text in documented(value).items():
            refers = re.search(r"\b[Aa]s (in|for|returned)\b", text)
            if re.search(r"\b(mass|masses|energy|energies)\b", argument) and not refers and "column" not in text:
                assert re.search(r"GeV|in units of", text), (name, argument)
            if text.startswith("ndarray") and argument != "out":
                assert re.search(r"shape|broadcast|Broadcast|ndarray or float", text), (name, argument)


def test_names_of_the_package() -> None:
    """The functions at the top say all there is to say."""
    import recast

    for name in set(recast.__all__) - {"__version__", "Channel"}:
        doc = inspect.getdoc(getattr(recast, name)) or ""
        assert "Parameters\n---" in doc, name
        assert "Returns\n---" in doc, name
        assert "Raises\n---" in doc, name
