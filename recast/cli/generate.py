"""The command generate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recast.cli.common import (
    Settings,
    boson_options,
    common_options,
    pass_settings,
    print_json,
    print_table,
)
from recast.cli.completion import complete
from recast.cli.physics import beam_of, beam_options, point_of, point_options
from recast.cli.progress import progress

if TYPE_CHECKING:
    from recast.events.writing import WrittenEvents
    from recast.interactions import Interaction
    from recast.provenance import Source


@click.command()
@click.option(
    "--channel", required=True, shell_complete=complete("channels"), help="What happens, e.g. numu_numu_mu-mu+."
)
@beam_options
@click.option("--model", shell_complete=complete("models"), help="New physics. [default: the Standard Model]")
@point_options
@boson_options
@click.option("-n", "--events", type=int, required=True, help="Events to generate; trials when they are weighted.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="File to write: .h5, .hepmc3 or .lhe.",
)
@click.option("--weighted", is_flag=True, help="Write every trial with its weight.")
@click.option(
    "--component",
    default="total",
    show_default=True,
    help="What is hit: total, coherent, incoherent, proton or neutron.",
)
@click.option("--form-factor", metavar="KIND", help="Nuclear form factor. [default: fourier_bessel where known]")
@click.option("--selection", shell_complete=complete("selections"), help="Write only the events that pass it.")
@click.option("--seed", type=int, default=0, show_default=True, help="Where the random numbers begin.")
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@common_options
@pass_settings
def generate(
    settings: Settings,
    /,
    channel: str,
    target: str,
    flux: str | None,
    energy: float | None,
    model: str | None,
    events: int,
    output: Path,
    weighted: bool,
    component: str,
    form_factor: str | None,
    selection: str | None,
    seed: int,
    force: bool,
    as_json: bool,
    **point: float | None,
) -> None:
    """Generate events of neutrino tridents.

    In the laboratory, with all four-momenta: the neutrino along z, the target at rest. Unweighted events all count
    alike; the weights of --weighted have the cross section as their mean. Equal seeds give equal events.

    Example: recast generate --channel numu_numu_mu-mu+ --target Ar40 --energy 5 -n 1000 -o events.hepmc3
    """
    from recast.channels import Channel
    from recast.errors import OutOfRangeError, RecastError
    from recast.events.files import check_event_file
    from recast.events.generator import EventGenerator
    from recast.events.selection import load_selection
    from recast.events.writing import write_events
    from recast.target_file import find_target

    # What costs nothing to see is seen first.
    check_event_file(output, force=force)
    if events < 1:
        msg = f"the number of events must be at least 1, not {events}"
        raise OutOfRangeError(msg)
    if seed < 0:
        raise RecastError(f"the seed must be zero or a positive number, not {seed}")
    parsed = Channel.parse(channel)
    interaction, named, citations = _model(settings, model, point)
    cuts = load_selection(selection, plugins=settings.plugins) if selection is not None else None
    beam = beam_of(settings, parsed, flux, energy)
    with progress(output.name, unit="events") as show:
        generator = EventGenerator(
            parsed,
            find_target(target),
            beam,
            interaction=interaction,
            component=component,  # type: ignore[arg-type]  # checked there
            form_factor=form_factor,
            seed=seed,
        )
        written = write_events(
            generator,
            events,
            output,
            unweighted=not weighted,
            selection=cuts,
            details={"model": named},
            citations=citations,
            force=force,
            progress=show,
        )
    if as_json:
        print_json(written.to_dict())
        return
    _print(written, f"{parsed} on {target}, {named}")


def _model(
    settings: Settings, name: str | None, point: dict[str, float | None]
) -> tuple[Interaction | None, str, tuple[Source, ...]]:
    """Return the interaction, how it is called, and whom to cite."""
    from recast.errors import RecastError

    given = {key: value for key, value in point.items() if value is not None}
    if name is None:
        if given or settings.boson:
            raise RecastError("parameters of a model are given, but no --model")
        return None, "Standard Model", ()
    model = settings.model(name)
    words = " ".join(f"{key}={value:g}" for key, value in given.items())
    return point_of(model, point), f"{name} {words}".strip(), tuple(model.citations)


def _print(written: WrittenEvents, title: str) -> None:
    estimate, report = written.estimate, written.report
    rows = [
        ("events in the file", estimate.accepted),
        ("cross section/fb", estimate.cross_section),
        ("its error", estimate.error),
        ("of all events, from the spectra", report.expected),
        ("trials", report.trials),
        ("share of trials kept", report.efficiency),
        ("largest weight over mean", float(report.largest_weight)),
        ("share of overweight", report.overweight),
        ("events/s", written.rate),
    ]
    print_table(("quantity", "value"), rows, title=title)
    click.echo(str(written.path))
