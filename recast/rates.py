"""Expected numbers of trident events in a detector.

    N = F sigma (M / m_target) N_POT

with F the integrated flux, sigma the flux-averaged cross section per nucleus (or formula unit), M the mass of the
detector and m_target that of a nucleus (Eq. 9 of arXiv:1902.06765, whose Table II these numbers reproduce). With a flux
per second, such as that of atmospheric neutrinos, seconds take the place of protons.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from recast.channels import Channel
from recast.constants import AVOGADRO, DEFAULT_INPUTS, FB_TO_M2, ElectroweakInputs
from recast.couplings import sm_couplings
from recast.errors import FluxError
from recast.interactions import checked

if TYPE_CHECKING:
    from recast.events.selection import Selection
    from recast.flux import Flux
    from recast.interactions import Interaction
    from recast.spectrum import Component, Spectrum
    from recast.trident.targets import Target

__all__ = ["DUNE_POT_PER_YEAR", "SECONDS_PER_YEAR", "EventRate", "event_rate", "nuclei_per_tonne"]

DUNE_POT_PER_YEAR = 1.1e21
"""Protons on target per year assumed by Table II of arXiv:1902.06765."""

SECONDS_PER_YEAR = 365.25 * 86400.0

COMPONENTS: tuple[Component, ...] = ("coherent", "proton", "neutron")


@dataclass(frozen=True)
class EventRate:
    """Events by component, and what they were computed for.

    Attributes
    ----------
    channel, target, flux
        Names.
    integrated_flux
        Neutrinos per m^2 and proton on target, or second.
    mass_tonnes, pot_per_year, years
        Exposure; of a flux per second, the seconds of a year.
    cross_section
        fb per nucleus, by component (coherent, proton, neutron); the shape of the interaction's parameters.
    events
        Number of events, by component, same shapes.
    unit
        What a year has ``pot_per_year`` of: protons on target, or seconds.
    selection
        Name of the selection that the events pass; None for all events.
    """

    channel: str
    target: str
    flux: str
    integrated_flux: float
    mass_tonnes: float
    pot_per_year: float
    years: float
    cross_section: Mapping[str, NDArray[np.float64]]
    events: Mapping[str, NDArray[np.float64]]
    unit: Literal["POT", "s"] = "POT"
    selection: str | None = None

    @property
    def coherent(self) -> NDArray[np.float64]:
        """Events of scattering on the whole nucleus."""
        return self.events["coherent"]

    @property
    def incoherent(self) -> NDArray[np.float64]:
        """Events of scattering on protons and neutrons."""
        return self.events["proton"] + self.events["neutron"]

    @property
    def total(self) -> NDArray[np.float64]:
        """All events."""
        return self.coherent + self.incoherent

    def summary(self) -> str:
        """Return one line that says what the numbers are for."""
        return (
            f"{self.channel} on {self.target}, {self.flux}: {self.mass_tonnes:g} t, {self.years:g} yr at "
            f"{self.pot_per_year:g} {self.unit}/yr, {self.integrated_flux:.4g} neutrinos per m^2 and {self.unit}"
            + (f", events that pass {self.selection}" if self.selection else "")
        )

    def rows(self) -> list[tuple[str, Any, Any]]:
        """Return (component, cross section, events), with the sums."""
        rows: list[tuple[str, Any, Any]] = [(name, self.cross_section[name], self.events[name]) for name in COMPONENTS]
        incoherent = self.cross_section["proton"] + self.cross_section["neutron"]
        rows.append(("incoherent", incoherent, self.incoherent))
        rows.append(("total", self.cross_section["coherent"] + incoherent, self.total))
        return rows

    def as_json(self) -> dict[str, Any]:
        """Return the documented JSON form (docs/cli.md)."""
        return {
            "channel": self.channel,
            "target": self.target,
            "flux": self.flux,
            "integrated_flux": self.integrated_flux,
            "mass_tonnes": self.mass_tonnes,
            "pot_per_year": self.pot_per_year,
            "years": self.years,
            "unit": self.unit,
            "selection": self.selection,
            "cross_section": {name: sigma for name, sigma, _ in self.rows()},
            "events": {name: events for name, _, events in self.rows()},
        }


def nuclei_per_tonne(atomic_weight: float) -> float:
    """Return the number of nuclei (or formula units) in a tonne, for a weight in unified atomic mass units."""
    return AVOGADRO * 1e6 / atomic_weight


def event_rate(
    channel: Channel | str,
    target: Target | str | Path,
    flux: Flux | str | Path | float,
    *,
    interaction: Interaction | None = None,
    mass_tonnes: float = 1.0,
    pot_per_year: float = DUNE_POT_PER_YEAR,
    years: float = 1.0,
    integrated_flux: float | None = None,
    form_factor: str | None = None,
    selection: Selection | str | None = None,
    folders: Sequence[Path] = (),
    inputs: ElectroweakInputs = DEFAULT_INPUTS,
) -> EventRate:
    """Compute the expected number of events, all of them or those that pass a selection.

    Parameters
    ----------
    channel
        Trident channel, e.g. ``numu_numu_mu-mu+``.
    target
        Nucleus or compound, e.g. ``Ar40``, or a YAML file (:mod:`recast.target_file`); natural atomic weights are
        used (39.95 u for argon).
    flux
        Flux, or the name or file of one (the channel's neutrino is taken from it), or an energy in GeV.
    interaction
        New physics; the Standard Model when None.
    mass_tonnes, pot_per_year, years
        Exposure; positive. A flux per second runs all year, whatever the protons on target.
    integrated_flux
        Neutrinos per m^2 and proton on target (or second), in place of the integral of the flux.
    form_factor, selection, folders, inputs
        Handed to :func:`recast.spectrum.load_spectrum`.

    Returns
    -------
    EventRate
        Cross sections and events by component.

    Raises
    ------
    FluxError
        When the flux is only a shape and no ``integrated_flux`` is given, or one of another neutrino.
    OutOfRangeError
        When the exposure is not positive and finite, or a mediator is too light for the grids.

    Notes
    -----
    Eq. 9 of arXiv:1902.06765.
    """
    from recast.flux import Flux, load_flux
    from recast.observables.trident_ratio import check_mediators
    from recast.spectrum import load_spectrum
    from recast.target_file import find_target

    exposure = {"mass_tonnes": mass_tonnes, "pot_per_year": pot_per_year, "years": years}
    if integrated_flux is not None:
        exposure["integrated_flux"] = integrated_flux
    for name, value in exposure.items():
        checked(name, value, positive=True)
    if interaction is not None:
        check_mediators(interaction)
    channel = Channel.parse(channel) if isinstance(channel, str) else channel
    if isinstance(flux, str | Path):
        flux = load_flux(flux, neutrino=channel.neutrino)
    elif isinstance(flux, float | int | np.floating | np.integer):
        flux = Flux.line(float(flux), neutrino=channel.neutrino)
    unit: Literal["POT", "s"] = "s" if flux.continuous else "POT"
    if flux.continuous:
        pot_per_year = SECONDS_PER_YEAR
    if integrated_flux is None:
        integrated_flux = _absolute_integral(flux)
    target = find_target(target) if isinstance(target, str | Path) else target
    nuclei = mass_tonnes * nuclei_per_tonne(target.atomic_weight)
    per_fb = integrated_flux * FB_TO_M2 * nuclei * pot_per_year * years
    sigma: dict[str, NDArray[np.float64]] = {}
    for component in COMPONENTS:
        total = np.zeros(())
        for nucleus, number in target.constituents:
            spectrum = load_spectrum(
                channel,
                nucleus.name,
                flux,
                component=component,
                form_factor=form_factor,
                selection=selection,
                folders=folders,
                inputs=inputs,
            )
            total = total + number * _cross_section(spectrum, channel, interaction, inputs)
        sigma[component] = total
    return EventRate(
        channel=str(channel),
        target=target.name,
        flux=flux.name,
        integrated_flux=float(integrated_flux),
        mass_tonnes=mass_tonnes,
        pot_per_year=pot_per_year,
        years=years,
        cross_section=MappingProxyType(sigma),
        events=MappingProxyType({name: value * per_fb for name, value in sigma.items()}),
        unit=unit,
        selection=selection if selection is None or isinstance(selection, str) else selection.name,
    )


def _absolute_integral(flux: Flux) -> float:
    if not (flux.absolute or flux.continuous):
        raise FluxError(
            f"flux {flux.name} is only a shape ({flux.units}): give the number of neutrinos per m^2 and POT as "
            "integrated_flux (--integrated-flux)"
        )
    return float(flux.integral)


def _cross_section(
    spectrum: Spectrum, channel: Channel, interaction: Interaction | None, inputs: ElectroweakInputs
) -> NDArray[np.float64]:
    """Sum a spectrum over momentum transfer, with the couplings that the interaction gives at each node."""
    gv, ga = sm_couplings(channel, inputs)
    coupling: dict[str, Any] = {"V": gv, "A": ga}
    for shift in () if interaction is None else interaction.shifts(channel, inputs):
        strength = np.asarray(shift.strength, dtype=float)[..., np.newaxis]
        coupling[shift.structure] = coupling[shift.structure] + strength * shift.profile(spectrum.momentum_transfer)
    vector, axial = coupling["V"], coupling["A"]
    density = spectrum.vv * vector**2 + spectrum.aa * axial**2 + spectrum.va * vector * axial
    return np.asarray(np.sum(density, axis=-1))
