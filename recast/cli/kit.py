"""Commands of the kit: new, check, schema."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recast.cli.common import (
    CHECK_FAILED,
    Number,
    Settings,
    boson_options,
    common_options,
    pass_settings,
    print_json,
)
from recast.cli.completion import complete
from recast.cli.progress import progress
from recast.cli.scanning import FORCE

if TYPE_CHECKING:
    from recast.kit.check import Report
    from recast.kit.kinds import FileKind
    from recast.kit.new import NewKind

FILE_KINDS: tuple[FileKind, ...] = ("measurement", "model", "figure", "selection", "scan", "target")
NEW_KINDS = ("measurement", "model", "figure", "observable")


@click.command()
@click.argument("kind", type=click.Choice(NEW_KINDS))
@click.argument("name")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("my_folder"),
    show_default=True,
    help="Plug-in folder to write into; made when it is missing.",
)
@click.option("--title", help="One line for lists.")
@click.option("--value", type=Number("value", negative=True), help="measurement: what was measured.")
@click.option("--error", type=Number("error"), help="measurement: its standard deviation.")
@click.option("--target", shell_complete=complete("targets"), help="measurement: nucleus or compound, such as Pb208.")
@click.option("--channel", shell_complete=complete("channels"), help="measurement: trident channel.")
@click.option("--energy", type=Number("energy"), help="measurement: energy of the neutrinos, GeV.")
@click.option(
    "--flux",
    shell_complete=complete("fluxes"),
    help="measurement: name or CSV file of a flux, instead of --energy.",
)
@click.option(
    "--like",
    shell_complete=complete("measurements"),
    help="measurement: take the observable and the likelihood of this one.",
)
@boson_options
@click.option("--model", shell_complete=complete("models"), help="figure: the model whose plane is drawn.")
@click.option(
    "--measurement",
    "measurements",
    multiple=True,
    shell_complete=complete("measurements"),
    help="figure: a measurement in it; repeats.",
)
@FORCE
@common_options
@pass_settings
def new(
    settings: Settings, /, kind: NewKind, name: str, folder: Path, force: bool, as_json: bool, **options: Any
) -> None:
    r"""Write a working skeleton and its test.

    NAME is that of the new measurement, model, figure or observable: small letters, digits and underscores. What has to
    be replaced is marked EDIT; options fill it in at once.

    \b
    Examples:
      recast new measurement my_experiment --value 1.1 --error 0.2 --target Pb208 --energy 50
      recast new model my_boson --charge mu=-3 --quarks 1/3
      recast new figure my_plane --model my_boson --measurement my_experiment
      recast new observable my_strength
    """
    from recast.kit import new as write

    given = {key: value for key, value in options.items() if value not in (None, ())}
    made = write(kind, name, folder=folder, force=force, plugins=settings.plugins, **given, **settings.boson)
    if as_json:
        print_json({"kind": kind, "name": name, "files": made.files, "next": made.next_steps})
        return
    for file, what in made.files.items():
        click.echo(f"{file}: {what}")
    click.echo("Next:")
    for step in made.next_steps:
        click.echo(f"  {step}")


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...", type=click.Path(path_type=Path))
@common_options
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """Check files: what is wrong, where, and what belongs there.

    FILE is the YAML file of a measurement, model, figure, scan or target, or the CSV file of a flux or a limit curve;
    without one, all files in the folders that --plugins names are checked. A measurement also predicts, in all
    its variants. Exit code 1 when there is anything to mend.

    Example: recast check my_folder/measurements/my_experiment.yaml
    """
    from recast.errors import RecastError
    from recast.kit.check import check_file, check_folder

    settings = ctx.ensure_object(Settings)
    if not files and not settings.plugins:
        raise RecastError("name a file to check, or a folder of them: recast --plugins FOLDER check")
    reports: list[Report] = []
    with progress("check"):
        for file in files:
            if file.is_dir():
                raise RecastError(f"{file} is a folder: recast --plugins {file} check")
            reports.append(check_file(file, plugins=settings.plugins))
        for folder in settings.plugins if not files else ():
            reports += check_folder(folder, plugins=settings.plugins)
    if not files:
        # Their Python files too.
        catalog = settings.catalog()
        classes = [*catalog.observables(), *catalog.likelihoods()]
        if not reports and not classes:
            raise RecastError(f"there is nothing to check in {', '.join(settings.plugins)}")
    if as_json:
        print_json({"files": [report.to_dict() for report in reports]})
    else:
        for report in reports:
            _show(report)
    if not all(report.valid for report in reports):
        ctx.exit(CHECK_FAILED)


def _show(report: Report) -> None:
    """Print what there is to say about a file."""
    number = len(report.faults)
    verdict = "nothing to mend" if not number else f"{number} {'fault' if number == 1 else 'faults'}"
    click.echo(f"{report.file}: {report.kind or 'unknown kind of file'}, {verdict}")
    for fault in report.faults:
        click.echo(f"  {_line(fault.line)}{fault.message}")
        if fault.meaning:
            click.echo(f"      what belongs there: {fault.meaning}")
    for remark in report.remarks:
        click.echo(f"  remark: {_line(remark.line)}{remark.message}")
    for fact in report.facts:
        click.echo(f"  {fact}")


def _line(number: int | None) -> str:
    return f"line {number}: " if number is not None else ""


@click.command()
@click.argument("kind", required=False, type=click.Choice(FILE_KINDS))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="JSON file to write; without KIND a folder for all of them."
)
@FORCE
@common_options
@pass_settings
def schema(settings: Settings, /, kind: FileKind | None, output: Path | None, force: bool, as_json: bool) -> None:
    """Write the JSON Schema of a kind of file, for editors.

    Schemas know the models, measurements, observables and likelihoods of --plugins too. Without -o, the schema of KIND
    is printed. docs/guide.md says how an editor is told.

    Example: recast schema -o schemas
    """
    import json

    from recast.errors import RecastError
    from recast.kit import json_schema
    from recast.output import check_output, whole_file

    if output is None:
        if kind is None:
            raise RecastError(f"name a kind ({', '.join(FILE_KINDS)}) to print its schema, or a folder: -o schemas")
        print_json(json_schema(kind, plugins=settings.plugins))
        return
    files = {kind: output} if kind else {found: output / f"{found}.schema.json" for found in FILE_KINDS}
    if not kind:
        if output.exists() and not output.is_dir():
            raise RecastError(f"cannot write {output}: it is a file; without KIND, -o names a folder")
        output.mkdir(parents=True, exist_ok=True)
    for path in files.values():
        check_output(path, force=force, suffixes=(".json",))
    for found, path in files.items():
        text = json.dumps(json_schema(found, plugins=settings.plugins), indent=1)
        with whole_file(path) as partial:
            partial.write_text(f"{text}\n", encoding="utf-8")
    if as_json:
        print_json({"files": {found: str(path) for found, path in files.items()}})
        return
    for found, path in files.items():
        click.echo(f"{path}: schema of a {found}")
