"""What the commands share: options, number types and printing."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from recast.report import Report, Table

if TYPE_CHECKING:
    from recast.catalog import Catalog
    from recast.model import Model

CHECK_FAILED = 1
"""Exit code of a check that ran and failed."""
BAD_INPUT = 2
"""Exit code of wrong usage and of every RecastError."""
INTERNAL = 3
"""Exit code of an error of recast itself."""
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

SETTINGS = {"help_option_names": ["-h", "--help"]}

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Settings:
    """Options of the group `recast`."""

    debug: bool = False
    quiet: bool = False
    as_json: bool = False
    plugins: tuple[str, ...] = ()
    boson: dict[str, Any] = field(default_factory=dict)

    def model(self, name: str) -> Model:
        """Return a model of the catalog, or the ``u1`` whose charges the options give.

        Raises
        ------
        RecastError
            When charges are given for a model that has its own, or none for one without.
        """
        from recast.errors import RecastError
        from recast.model import U1Model, u1_model

        if name == "u1":
            if not self.boson:
                msg = "the model u1 has no charges of its own: give them, for example --charge mu=1 --charge tau=-1"
                raise RecastError(msg)
            return u1_model(**self.boson)
        if self.boson:
            options = "--charge, --axial, --quarks, --mixing and --epsilon"
            msg = f"{options} are for the model u1; {name} has charges of its own"
            raise RecastError(msg)
        model = self.catalog().model(name)
        if isinstance(model, U1Model) and model.free_charges:
            msg = (
                f"{name} has no charges of its own: name the model u1 and give --charge, with --mixing if there is any"
            )
            raise RecastError(msg)
        return model

    def catalog(self) -> Catalog:
        """Return the catalog of models, measurements and figures, with the plugin folders."""
        from recast.catalog import Catalog

        return Catalog(plugins=self.plugins)


pass_settings = click.make_pass_decorator(Settings, ensure=True)


def common_options(function: F) -> F:
    """Add ``--json`` to a command; and the group's own options, so that they may also be written after the command."""
    options = (
        click.option("--json", "as_json", is_flag=True, callback=_json, help="Print JSON, for scripts."),
        click.option("--debug", is_flag=True, hidden=True, expose_value=False, callback=_flag),
        click.option("--quiet", is_flag=True, hidden=True, expose_value=False, callback=_flag),
        click.option(
            "--plugins",
            type=click.Path(exists=True, file_okay=False),
            multiple=True,
            hidden=True,
            expose_value=False,
            callback=_plugins,
        ),
    )
    for option in options:
        function = option(function)
    return function


def boson_options(function: F) -> F:
    """Add the charges of the model ``u1``, which has none of its own."""
    charges: dict[str, Any] = {"multiple": True, "metavar": "LEPTON=Q", "expose_value": False, "callback": _charges}
    numbers: dict[str, Any] = {"type": float, "expose_value": False, "callback": _boson}
    quarks: dict[str, Any] = {**numbers, "type": _Fraction()}
    mixing: dict[str, Any] = {"type": click.Choice(["none", "one_loop"]), "expose_value": False, "callback": _boson}
    options = (
        click.option("--charge", help="Model u1: vector charge of e, mu or tau; may be repeated.", **charges),
        click.option("--axial", help="Model u1: axial charge of e, mu or tau; may be repeated.", **charges),
        click.option("--quarks", help="Model u1: vector charge of every quark, such as 1/3.", **quarks),
        click.option("--mixing", help="Model u1: kinetic mixing with the photon.", **mixing),
        click.option("--epsilon", help="Model u1: fixed kinetic mixing in units of the coupling.", **numbers),
    )
    for option in reversed(options):
        function = option(function)
    return function


def _charges(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> None:
    from recast.constants import FLAVOURS
    from recast.errors import RecastError, unknown
    from recast.numbers import fraction

    charges: dict[str, float] = {}
    for text in value:
        flavour, equals, number = text.partition("=")
        if flavour not in FLAVOURS:
            raise unknown("lepton", flavour, FLAVOURS)
        if flavour in charges:
            msg = f"--{parameter.name} gives {flavour} twice"
            raise RecastError(msg)
        try:
            charges[flavour] = float(fraction(number)) if equals else math.nan
        except ValueError:
            charges[flavour] = math.nan
        if math.isnan(charges[flavour]):
            msg = f"--{parameter.name} is written LEPTON=CHARGE, such as mu=1, not {text!r}"
            raise RecastError(msg)
    if charges:
        ctx.ensure_object(Settings).boson["charges" if parameter.name == "charge" else "axial"] = charges


def _boson(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value is not None:
        ctx.ensure_object(Settings).boson[str(parameter.name)] = value


def _json(ctx: click.Context, _parameter: click.Parameter, value: bool) -> bool:
    return value or ctx.ensure_object(Settings).as_json


def _flag(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        setattr(ctx.ensure_object(Settings), str(parameter.name), value)


def _plugins(ctx: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> None:
    ctx.ensure_object(Settings).plugins += value


if TYPE_CHECKING:
    _FloatType = click.ParamType[float]
else:  # not generic at run time in older versions of click
    _FloatType = click.ParamType


class _Fraction(_FloatType):
    """A number, or a fraction such as 1/3."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Convert, or fail with one sentence that quotes the value."""
        from recast.numbers import fraction

        try:
            return float(fraction(value))
        except ValueError:
            self.fail(f"a charge is a number or a fraction such as 1/3, not {value!r}", param, ctx)


class Number(_FloatType):
    """A finite number, by default positive.

    Parameters
    ----------
    what
        Name used in the message.
    zero, negative
        Whether such values are allowed.
    """

    name = "number"

    def __init__(self, what: str, *, zero: bool = False, negative: bool = False) -> None:
        self.what = what
        self.zero = zero or negative
        self.negative = negative

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Convert, or fail with one sentence that quotes the value."""
        try:
            number = float(value)
        except ValueError:
            self.fail(f"the {self.what} must be a number, not {value!r}", param, ctx)
        if not math.isfinite(number):
            self.fail(f"the {self.what} must be finite, not {value}", param, ctx)
        if (number < 0 and not self.negative) or (number == 0 and not self.zero):
            self.fail(f"the {self.what} must be {'zero or ' if self.zero else ''}positive, not {value}", param, ctx)
        return number


def to_plain(value: Any) -> Any:
    """Turn numpy scalars and arrays, tuples and paths into what JSON knows; a number that is not finite into null."""
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    tolist = getattr(value, "tolist", None)
    if callable(tolist):
        return to_plain(tolist())
    if isinstance(value, Iterable):
        return [to_plain(item) for item in value]
    return str(value)


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(to_plain(value), indent=2, allow_nan=False, ensure_ascii=False))


def color_system() -> Literal["auto"] | None:
    """Return what colours a terminal gets: none at all where the environment says ``NO_COLOR``."""
    return None if os.environ.get("NO_COLOR") else "auto"


def print_table(header: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str = "") -> None:
    """Print rows under a header: a rich table on a terminal, plain columns in a pipe.

    Parameters
    ----------
    header
        One word or two per column.
    rows
        Cells; numbers are shown with five significant digits and set to the right.
    title
        Line above the table.
    """
    cells, numeric = Table(tuple(header), tuple(tuple(row) for row in rows)).texts()
    if not sys.stdout.isatty():
        widths = [max(len(row[i]) for row in [list(header), *cells]) for i in range(len(header))]
        if title:
            click.echo(title)
        for row in [list(header), *cells]:
            pieces = (c.rjust(w) if n else c.ljust(w) for c, w, n in zip(row, widths, numeric, strict=True))
            click.echo("  ".join(pieces).rstrip())
        return
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(title=title or None, title_justify="left", header_style="bold", show_edge=False)
    for name, right in zip(header, numeric, strict=True):
        table.add_column(name, justify="right" if right else "left", overflow="fold")
    for row in cells:
        table.add_row(*(Text(text) for text in row))
    Console(color_system=color_system()).print(table)


def print_report(report: Report) -> None:
    """Print the tables and remarks of a report."""
    if not report.tables:
        click.echo(report.title)
    for i, table in enumerate(report.tables):
        print_table(table.header, table.rows, title=table.title if i else report.title)
    for remark in report.remarks:
        click.echo(remark)
