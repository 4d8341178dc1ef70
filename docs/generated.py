"""Parts of the documentation that recast itself writes: commands, the ledger, the API."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click

import recast
from recast.cli import main
from recast.validate import load_ledger, validate

__all__ = ["api", "api_pages", "commands", "inputs", "ledger", "modules", "written"]


def written(path: Path, text: str) -> None:
    """Write a file unless it holds the text already: Sphinx reads again what is newer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _table(header: tuple[str, ...], rows: Iterator[tuple[str, ...]] | list[tuple[str, ...]]) -> str:
    def line(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([line(header), line(("---",) * len(header)), *map(line, rows)])


# ------------------------------------------------------------------------------------------------ commands


def commands() -> str:
    """Return the reference of the command line, from click."""
    context = click.Context(main, info_name="recast")
    parts = [_command(main, context)]
    for name in main.list_commands(context):
        parts.extend(_commands(main.commands[name], click.Context(main.commands[name], info_name=name, parent=context)))
    return "\n\n".join(parts)


def _commands(command: click.Command, context: click.Context) -> Iterator[str]:
    if command.hidden:
        return
    yield _command(command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.commands[name]
            yield from _commands(inner, click.Context(inner, info_name=name, parent=context))


def _command(command: click.Command, context: click.Context) -> str:
    path = context.command_path
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    # Paragraphs of a help text are told apart by empty lines; \b keeps the lines of one as they are.
    paragraphs = []
    for paragraph in inspect.cleandoc(command.help or "").split("\n\n"):
        kept = paragraph.removeprefix("\b\n")
        paragraphs.append(f"```text\n{kept}\n```" if kept != paragraph else _escaped(paragraph))
    rows = [
        (
            ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
            + ("" if option.is_flag else f" `{option.make_metavar(context)}`"),
            _escaped(option.help or "") + _default(option, context),
        )
        for option in command.get_params(context)
        if isinstance(option, click.Option) and not option.hidden
    ]
    return "\n\n".join([f"## {path}", f"```text\n{usage}\n```", *paragraphs, _table(("option", "does"), rows)])


def _default(option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    extra = option.get_help_extra(context).get("default") if record else None
    return f" Default: `{extra}`." if extra else ""


def _escaped(text: str) -> str:
    return text.replace("<", "\\<").replace("*", "\\*").replace("_", "\\_")


# ------------------------------------------------------------------------------------------------ ledger


def ledger() -> str:
    """Return every published number that is recomputed, with ours, paper by paper."""
    papers = load_ledger().papers
    claims = load_ledger().entries
    entries = validate()
    counts = Counter(entry.verdict for entry in entries)
    verdicts = ("pass", "explained", "not_yet", "fail")
    parts = [", ".join(f"**{counts[verdict]}** {verdict}" for verdict in verdicts) + "."]
    for paper, citation in papers.items():
        rows = []
        notes: dict[str, str] = {}
        for entry in entries:
            claim = claims[entry.id.partition(".")[0]]
            if claim.source.paper != paper:
                continue
            verdict = entry.verdict
            if verdict == "explained":
                verdict = f"[explained]({entry.reason.removeprefix('docs/')})"
            rows.append(
                (
                    f"`{entry.id}`",
                    claim.source.place,
                    _number(entry.published) + ("" if entry.unit == "1" else f" {entry.unit}"),
                    _number(entry.ours),
                    "-" if entry.tolerance is None else f"{100 * entry.tolerance:.3g}%",
                    verdict,
                )
            )
            notes[entry.id.partition(".")[0]] = claim.note
        if rows:
            header = ("entry", "place", "published", "recast", "tolerance", "verdict")
            parts.append(f"### {_paper(paper)}\n\n{_escaped(citation)}\n\n{_table(header, rows)}")
            parts.append("\n".join(f"- `{name}`: {_escaped(note)}" for name, note in notes.items() if note))
    return "\n\n".join(part for part in parts if part)


def inputs() -> str:
    """Return every published number that is taken as data, with the measurements that take it."""
    rows = []
    for name, claim in load_ledger().entries.items():
        if claim.kind != "input":
            continue
        for identifier, number in claim.numbers(name):
            error = number.error
            spread = "" if error is None else f" ± {error}" if isinstance(error, float) else f" {error}"
            value = _number(number.published) + spread
            used = ", ".join(f"`{measurement}`" for measurement in claim.used_in)
            rows.append((f"`{identifier}`", f"{_paper(claim.source.paper)}, {claim.source.place}", value, used))
    return _table(("entry", "source", "number", "used in"), rows)


def _paper(name: str) -> str:
    return f"[arXiv:{name}](https://arxiv.org/abs/{name})" if name[:4].isdigit() else name


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.5g}"


# ------------------------------------------------------------------------------------------------ API


def modules() -> dict[str, ModuleType]:
    """Return the modules of the package by name, those with a leading underscore and the command line left out."""
    found = {"recast": recast}
    for module in pkgutil.walk_packages(recast.__path__, "recast."):
        parts = module.name.split(".")
        if not any(part.startswith("_") for part in parts) and parts[1] not in {"cli", "data"}:
            found[module.name] = importlib.import_module(module.name)
    return found


def public(module: ModuleType) -> dict[str, Any]:
    """Return the public names of a module: those it lists, or its own without an underscore."""
    names = getattr(module, "__all__", None)
    if names is None:
        own = {name: value for name, value in vars(module).items() if not name.startswith("_")}
        names = [name for name, value in own.items() if getattr(value, "__module__", None) == module.__name__]
    return {name: getattr(module, name) for name in names}


def api() -> str:
    """Return the list of all modules, with what each is for."""
    packages: dict[str, list[tuple[str, str]]] = {"recast": []}
    for name, module in modules().items():
        package = name if hasattr(module, "__path__") else name.rpartition(".")[0]
        packages.setdefault(package, []).append((f"[{name}](generated/api/{name}.rst)", _summary(module)))
    parts = [f"## {package}\n\n{_table(('module', 'holds'), rows)}" for package, rows in packages.items()]
    return "\n\n".join(parts)


def _summary(module: ModuleType) -> str:
    return _escaped(inspect.cleandoc(module.__doc__ or "").partition("\n\n")[0].replace("``", "`"))


def api_pages(folder: Path) -> None:
    """Write a page for each module; a name that stands in several is described where it is defined."""
    pages = {f"{name}.rst": _page(name, module) for name, module in modules().items()}
    for path in folder.glob("*.rst"):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        written(folder / name, text)


def _page(name: str, module: ModuleType) -> str:
    borrowed = {
        key: value
        for key, value in public(module).items()
        if getattr(value, "__module__", name) != name and (inspect.isclass(value) or inspect.isfunction(value))
    }
    # In no table of contents: with every module the one beside each page would be as long as the page.
    lines = [":orphan:", "", name, "=" * len(name), "", f".. automodule:: {name}", "   :members:"]
    if borrowed:
        lines.append(f"   :exclude-members: {', '.join(borrowed)}")
        lines += ["", "From other modules:", ""]
        lines += [f"- :py:obj:`{value.__module__}.{key}`" for key, value in borrowed.items()]
    return "\n".join(lines) + "\n"
