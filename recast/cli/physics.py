"""Commands that compute: cross-section, predict, limit, rate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recast.cli.common import (
    Number,
    Settings,
    boson_options,
    common_options,
    pass_settings,
    print_json,
    print_table,
)
from recast.cli.completion import complete
from recast.cli.progress import progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recast.channels import Channel
    from recast.constants import ElectroweakInputs
    from recast.flux import Flux
    from recast.interactions import Interaction
    from recast.model import Model

ENERGY = Number("energy")
PARAMETERS = {
    "mass": "Mass in GeV.",
    "coupling": "Coupling g'.",
    "dgv": "Contact shift of gV.",
    "dga": "Contact shift of gA.",
}


def _inputs(**given: float | None) -> ElectroweakInputs:
    from dataclasses import replace

    from recast.constants import DEFAULT_INPUTS

    return replace(DEFAULT_INPUTS, **{name: value for name, value in given.items() if value is not None})


def point_of(model: Model, given: dict[str, float | None]) -> Interaction:
    """Evaluate a model at the point that the options give, or say which option is missing or out of place."""
    from recast.errors import RecastError

    point = {name: value for name, value in given.items() if value is not None}
    missing = [f"--{name}" for name in model.parameters if name not in point]
    foreign = [f"--{name}" for name in point if name not in model.parameters]
    wanted = " and ".join(f"--{name}" for name in model.parameters)
    if missing:
        raise RecastError(f"model {model.name} needs {wanted}: {' and '.join(missing)} not given")
    if foreign:
        raise RecastError(f"model {model.name} has no {' and '.join(foreign)}: it takes {wanted}")
    return model(**point)


def point_options(function: Any) -> Any:
    """Add the parameters of a model."""
    # Checked by the model, which names the parameter and the value.
    for name, words in reversed(PARAMETERS.items()):
        function = click.option(f"--{name}", type=float, help=words)(function)
    return function


def beam_options(function: Any) -> Any:
    """Add what neutrinos meet, and their flux or energy."""
    words = "Nucleus or compound, e.g. Ar40, or a YAML file of your own."
    target = click.option("--target", required=True, shell_complete=complete("targets"), help=words)
    words = "Shipped flux, e.g. dune_nd_standard_fhc, or a CSV file of your own."
    flux = click.option("--flux", shell_complete=complete("fluxes"), help=words)
    energy = click.option("--energy", type=ENERGY, help="A single energy in GeV instead of a flux.")
    return target(flux(energy(function)))


def beam_of(settings: Settings, channel: Channel, flux: str | None, energy: float | None) -> Flux:
    """Return the flux of a channel's neutrinos, or a line; refuse both and neither."""
    from recast.errors import RecastError
    from recast.flux import Flux, load_flux

    if (flux is None) == (energy is None):
        raise RecastError("give either --flux or --energy")
    if energy is not None:
        return Flux.line(energy, neutrino=channel.neutrino)
    return load_flux(str(flux), neutrino=channel.neutrino, plugins=settings.plugins)


@click.command("cross-section")
@click.argument("channel", shell_complete=complete("channels"))
@click.argument("target", shell_complete=complete("targets"))
@click.option("--energy", type=ENERGY, multiple=True, required=True, help="Neutrino energy in GeV; may be repeated.")
@click.option("--form-factor", metavar="KIND", help="Nuclear form factor (default: fourier_bessel where known).")
@click.option("--equivalent-photon", is_flag=True, help="Use that approximation, to see where it fails.")
@click.option("--sin2-theta-w", type=Number("weak mixing angle"), help="sin^2 of the weak mixing angle.")
@click.option("--alpha", type=Number("fine structure constant"), help="Fine structure constant.")
@click.option("--fermi-constant", type=Number("Fermi constant"), help="Fermi constant in GeV^-2.")
@common_options
def cross_section(
    channel: str,
    target: str,
    energy: tuple[float, ...],
    form_factor: str | None,
    equivalent_photon: bool,
    sin2_theta_w: float | None,
    alpha: float | None,
    fermi_constant: float | None,
    as_json: bool,
) -> None:
    """Compute trident cross sections.

    In fb per nucleus: coherent, proton and neutron parts (Pauli blocked, times the number of nucleons), each as the
    coefficients of gV^2 (vv), gA^2 (aa) and gV gA (va), and with the couplings of the Standard Model (sm).

    Example: recast cross-section numu_numu_mu-mu+ Ar40 --energy 5
    """
    from recast.channels import Channel
    from recast.couplings import sm_couplings
    from recast.spectrum import cross_sections
    from recast.trident.equivalent_photon import equivalent_photon_cross_sections
    from recast.trident.targets import load_target

    parsed = Channel.parse(channel)
    target = load_target(target).name
    inputs = _inputs(sin2_theta_w=sin2_theta_w, alpha=alpha, fermi_constant=fermi_constant)
    compute = equivalent_photon_cross_sections if equivalent_photon else cross_sections
    gv, ga = sm_couplings(parsed, inputs)
    results: list[dict[str, Any]] = [{"energy": value} for value in energy]
    with progress("cross-section"):
        for component in ("coherent", "proton", "neutron"):
            table = compute(parsed, target, list(energy), component=component, form_factor=form_factor, inputs=inputs)
            for result, (vv, aa, va) in zip(results, table.tolist(), strict=True):
                result[component] = {"vv": vv, "aa": aa, "va": va, "sm": vv * gv**2 + aa * ga**2 + va * gv * ga}
    if as_json:
        print_json({"channel": str(parsed), "target": target, "results": results})
        return
    rows = [
        (result["energy"], component, *result[component].values())
        for result in results
        for component in ("coherent", "proton", "neutron")
    ]
    print_table(
        ("energy/GeV", "component", "vv", "aa", "va", "sm"), rows, title=f"{parsed} on {target}, fb per nucleus"
    )


@click.command()
@click.argument("model", shell_complete=complete("models"))
@click.argument("measurement", shell_complete=complete("measurements"))
@point_options
@boson_options
@common_options
@pass_settings
def predict(settings: Settings, /, model: str, measurement: str, as_json: bool, **point: float | None) -> None:
    """Predict a measurement in a model.

    Prints the prediction, 2 delta ln L against a prediction equal to the data, and the p-value of that.

    Example: recast predict lmu_ltau ccfr --mass 0.1 --coupling 1e-3
    """
    import numpy as np

    catalog = settings.catalog()
    loaded = settings.model(model)
    measured = catalog.measurement(measurement)
    interaction = point_of(loaded, point)
    with progress("predict"):
        prediction = measured.prediction(interaction)
        constrained = not np.isnan(prediction).any()
        values: dict[str, Any] = {
            # A measurement that says nothing at this mass has no prediction; several correlated numbers have a list.
            "prediction": prediction.tolist() if constrained else None,
            "minus_2_delta_ln_l": float(measured.minus_2_delta_ln_l(interaction)),
            "p_value": float(measured.p_value(interaction)),
        }
    if as_json:
        print_json(values)
        return
    names = getattr(measured.likelihood, "names", ())
    rows = _rows("prediction", prediction, names) + _rows("data", measured.data, names) + list(values.items())[1:]
    print_table(("quantity", "value"), rows, title=f"{loaded.title}: {measured.title}")
    if not constrained:
        click.echo("no constraint here: the measurement says nothing about this mass")


def _rows(what: str, numbers: Any, names: Sequence[str]) -> list[tuple[str, float]]:
    """Return a row for each number of a measurement; correlated numbers have names."""
    import numpy as np

    words = [f"{what} {name}" for name in names] or [what]
    return list(zip(words, np.atleast_1d(numbers).tolist(), strict=True))


@click.command()
@click.argument("channel", shell_complete=complete("channels"))
@click.argument("model", required=False, shell_complete=complete("models"))
@beam_options
@click.option("--integrated-flux", type=Number("integrated flux"), help="Neutrinos per m^2 and POT.")
@click.option("--mass-tonnes", type=Number("target mass"), default=1.0, show_default=True, help="Mass of the target.")
@click.option(
    "--pot", type=Number("number of POT"), default=1.1e21, show_default=True, help="Protons on target per year."
)
@click.option("--years", type=Number("number of years"), default=1.0, show_default=True, help="Years of running.")
@click.option("--selection", shell_complete=complete("selections"), help="Count only the events that pass it.")
@point_options
@boson_options
@common_options
@pass_settings
def rate(
    settings: Settings,
    /,
    channel: str,
    model: str | None,
    target: str,
    flux: str | None,
    energy: float | None,
    integrated_flux: float | None,
    mass_tonnes: float,
    pot: float,
    years: float,
    selection: str | None,
    as_json: bool,
    **point: float | None,
) -> None:
    """Compute the expected number of trident events.

    By component, before any efficiency but the cuts of a --selection; with a MODEL also with new physics at --mass
    and --coupling. With --energy the flux is one neutrino per m^2 and POT, unless --integrated-flux says otherwise.

    Example: recast rate numu_numu_mu-mu+ --target Ar40 --flux dune_nd_standard_fhc
    """
    from recast.channels import Channel
    from recast.errors import RecastError
    from recast.events.selection import load_selection
    from recast.rates import event_rate

    parsed = Channel.parse(channel)
    beam = beam_of(settings, parsed, flux, energy)
    interaction = None
    if model is not None:
        interaction = point_of(settings.model(model), point)
    elif any(value is not None for value in point.values()):
        raise RecastError("parameters of a model are given, but no MODEL")
    if beam.kind == "line":
        integrated_flux = 1.0 if integrated_flux is None else integrated_flux
    source = click.get_current_context().get_parameter_source("pot")
    if beam.continuous and source is click.core.ParameterSource.COMMANDLINE:
        msg = f"flux {beam.name} is per second, not per POT: leave --pot out"
        raise RecastError(msg)
    with progress("rate"):
        result = event_rate(
            parsed,
            target,
            beam,
            interaction=interaction,
            integrated_flux=integrated_flux,
            mass_tonnes=mass_tonnes,
            pot_per_year=pot,
            years=years,
            selection=None if selection is None else load_selection(selection, plugins=settings.plugins),
            folders=[Path(folder) / "grids" for folder in settings.plugins],
        )
    if as_json:
        print_json(result.as_json())
        return
    print_table(("component", "sigma/fb", "events"), result.rows(), title=result.summary())
