"""Commands that look things up: list, show, cite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recast.cli.common import Settings, boson_options, common_options, pass_settings, print_json, print_table
from recast.cli.completion import complete, shipped
from recast.cli.progress import progress

if TYPE_CHECKING:
    from recast.catalog import Kind
    from recast.model import Model

KINDS: tuple[Kind, ...] = ("models", "measurements", "plots", "selections")
NAMES = ("fluxes", "targets", "channels")


@click.command("list")
@click.argument("kind", required=False, metavar="[KIND]", type=click.Choice(KINDS + NAMES))
@common_options
@pass_settings
def list_command(settings: Settings, /, kind: str | None, as_json: bool) -> None:
    """List models, measurements, plots and selections.

    Or one KIND of them, or fluxes, targets or channels.
    """
    catalog = settings.catalog()
    listing: dict[str, list[dict[str, Any]]] = {}
    with progress("list"):
        for wanted in (kind,) if kind else KINDS:
            if wanted in NAMES:
                named = shipped(wanted)
            else:
                named = {item.name: item.title for item in getattr(catalog, wanted)()}
            listing[wanted] = [{"name": name, "title": title} for name, title in named.items()]
    if as_json:
        print_json(listing)
        return
    for position, (wanted, items) in enumerate(listing.items()):
        if position:
            click.echo()
        print_table((wanted, "title"), [(item["name"], item["title"]) for item in items])


@click.command()
@click.argument("name", shell_complete=complete(*KINDS))
@click.option(
    "--mass", type=float, multiple=True, help="Show the decays of a model's boson of this mass, GeV; repeats."
)
@click.option("--coupling", type=float, help="With --mass: the coupling g', for widths and decay lengths.")
@boson_options
@common_options
@pass_settings
def show(settings: Settings, /, name: str, mass: tuple[float, ...], coupling: float | None, as_json: bool) -> None:
    """Show a model, a measurement, a figure or a selection.

    Everything that its file says: parameters, variants, provenance. With --mass, instead, how the boson of a model
    decays: widths in units of the square of the coupling, branching ratios and the decay length c tau.

    Example: recast show lmu_ltau --mass 0.3 --coupling 1e-3
    """
    from recast.errors import RecastError

    if coupling is not None and not mass:
        raise RecastError("--coupling needs --mass: it is that of a boson that decays")
    if settings.boson or mass:
        document: Any = settings.model(name)
    else:
        document = settings.catalog().find(name)
    if mass:
        _show_decays(document, mass, coupling, as_json)
        return
    plain = document.model_dump(mode="json", exclude_none=True)
    if as_json:
        print_json(plain)
        return
    click.echo(_yaml(plain))


def _show_decays(model: Model, masses: tuple[float, ...], coupling: float | None, as_json: bool) -> None:
    """Print widths, branching ratios and the decay length at every mass."""
    from recast.decays import decay_table
    from recast.errors import RecastError
    from recast.model import U1Model

    if not isinstance(model, U1Model):
        raise RecastError(f"model {model.name} is not that of a boson: it has no decays, and no --mass")
    tables = [decay_table(model, mass, coupling=coupling) for mass in masses]
    if as_json:
        print_json({"model": model.label, "decays": [table.to_dict() for table in tables]})
        return
    for position, table in enumerate(tables):
        if position:
            click.echo()
        rows: list[tuple[Any, ...]] = [
            (state, width, table.branching_ratios[state]) for state, width in table.widths.items()
        ]
        header = ("final state", "width/GeV" if coupling is not None else "width/(g'^2 GeV)", "branching ratio")
        rows.append(("all", table.total_width, None))
        print_table(header, rows, title=f"{model.title}: {table.mass:g} GeV")
        length = "c tau" if coupling is not None else "g'^2 c tau"
        click.echo(f"{length} = {table.decay_length:.5g} m" if table.total_width else "does not decay into these")


def _yaml(plain: Any) -> str:
    """Write YAML for reading: text of several lines as it is."""
    import yaml

    class Dumper(yaml.SafeDumper):
        pass

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    return yaml.dump(plain, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100).rstrip()


@click.command()
@click.argument("names", nargs=-1, required=True, shell_complete=complete(*KINDS))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="BibTeX file to write. [default: print it]")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@common_options
@pass_settings
def cite(settings: Settings, /, names: tuple[str, ...], output: Path | None, force: bool, as_json: bool) -> None:
    """Print the BibTeX of what was used.

    NAMES are models, measurements, selections and figures; a figure cites all that it draws. Or scans (their YAML or
    HDF5 files) and other files that recast wrote: figures, tables, HEPData submissions. Each entry is printed once.

    Example: recast cite today plane.h5 -o references.bib
    """
    from recast.exports.citing import bibtex_of

    if output is not None:
        from recast.output import check_output

        check_output(output, force=force, suffixes=(".bib",))
    catalog = settings.catalog()
    entries: dict[str, str] = {}
    with progress("cite"):
        for name in names:
            for key, text in bibtex_of(name, catalog).items():
                entries.setdefault(key, text)
    listing = "\n\n".join(entries.values())
    if output is not None:
        from recast.exports import Origin
        from recast.exports.tables import write_text

        # BibTeX skips what stands between entries, but for the sign that begins one.
        head = "".join(f"% {line}\n" for line in Origin.now(grids=False).lines()).replace("@", " at ")
        write_text(f"{head}\n{listing}\n", output, force=force)
    if as_json:
        print_json({"citations": [{"key": key, "bibtex": entry} for key, entry in entries.items()]})
    elif output is not None:
        click.echo(f"{output}: {len(entries)} entries, {', '.join(entries)}")
    else:
        click.echo(listing)
