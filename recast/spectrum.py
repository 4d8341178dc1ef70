"""Momentum-transfer spectra of a channel on a target, averaged over a flux: all that a prediction needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.channels import Channel
from recast.constants import DEFAULT_INPUTS, ElectroweakInputs
from recast.errors import FluxError, unknown
from recast.grid import TridentTable, grid_path, read_table

if TYPE_CHECKING:
    from recast.events.selection import Selection
    from recast.flux import Flux

__all__ = ["COMPONENTS", "Component", "Spectrum", "cross_sections", "load_spectrum"]

Array = NDArray[np.float64]
Component = Literal["coherent", "proton", "neutron", "incoherent", "total"]

#: What each component adds up: scattering on the whole nucleus, on its protons, on its neutrons.
COMPONENTS: dict[str, tuple[str, ...]] = {
    "coherent": ("coherent",),
    "proton": ("proton",),
    "neutron": ("neutron",),
    "incoherent": ("proton", "neutron"),
    "total": ("coherent", "proton", "neutron"),
}


@dataclass(frozen=True)
class Spectrum:
    """dsigma/dK2 = S_VV gV^2 + S_AA gA^2 + S_VA gV gA as weights on nodes in K2.

    The dot product of the weights with a smooth function of K2 is its moment; a single weight means
    nothing and may be negative.

    Attributes
    ----------
    momentum_transfer : ndarray, shape (n,)
        ``K2 = -(k - k')^2`` in GeV^2.
    vv, aa, va : ndarray, shape (n,)
        fb per nucleus or formula unit, averaged over the flux; ``va`` has the sign of the channel.
    """

    momentum_transfer: Array
    vv: Array
    aa: Array
    va: Array

    @cached_property
    def totals(self) -> tuple[float, float, float]:
        """Cross sections (VV, AA, VA) in fb: coefficients of gV^2, gA^2 and gV gA for constant couplings."""
        return float(self.vv.sum()), float(self.aa.sum()), float(self.va.sum())

    def cross_section(self, gv: ArrayLike, ga: ArrayLike) -> Array:
        """Return the cross section in fb for couplings that do not depend on K2 (they broadcast)."""
        vv, aa, va = self.totals
        gv, ga = np.asarray(gv, dtype=float), np.asarray(ga, dtype=float)
        return np.asarray(vv * gv**2 + aa * ga**2 + va * gv * ga)

    def __add__(self, other: Spectrum) -> Spectrum:
        """Add the spectra of two components on the same nodes."""
        return Spectrum(
            self.momentum_transfer, self.vv + other.vv, self.aa + other.aa, self.va + other.va
        )

    def __rmul__(self, factor: float) -> Spectrum:
        """Scale a spectrum."""
        return Spectrum(self.momentum_transfer, factor * self.vv, factor * self.aa, factor * self.va)


def _tables(
    channel: Channel,
    target: str,
    component: str,
    form_factor: str | None,
    selection: Selection | str | None = None,
    folders: Sequence[Path] = (),
) -> list[tuple[float, TridentTable]]:
    """List the tables of a component with how often each scatterer stands in a formula unit."""
    from recast.trident.targets import load_target

    if component not in COMPONENTS:
        raise unknown("component", component, COMPONENTS)
    name = f"trident_{channel.table_name}"
    if selection is None:
        path = grid_path(name)
    else:
        from recast.events.selection import load_selection
        from recast.grid_selection import selected_grid

        chosen = load_selection(selection) if isinstance(selection, str) else selection
        coherent = "coherent" in COMPONENTS[component]
        nuclei = [nucleus.name for nucleus, _ in load_target(target).constituents] if coherent else []
        path = selected_grid(name, chosen, nuclei=nuclei, folders=folders)
        name = f"{name}_{chosen.name}"
    found = []
    for part in COMPONENTS[component]:
        for nucleus, number in load_target(target).constituents:
            if part == "coherent":
                found.append((float(number), read_table(path, nucleus.name, form_factor, grid=name)))
            else:
                nucleons = nucleus.protons if part == "proton" else nucleus.neutrons
                kind = "dipole" if form_factor == "dipole" else None
                found.append((float(number * nucleons), read_table(path, part, kind, grid=name)))
    return found


def _scale(table: TridentTable, inputs: ElectroweakInputs) -> float:
    """Spectra are proportional to (alpha G_F)^2."""
    alpha, fermi = float(table.attributes["alpha"]), float(table.attributes["fermi_constant"])
    return (inputs.alpha * inputs.fermi_constant / (alpha * fermi)) ** 2


def load_spectrum(
    channel: Channel | str,
    target: str,
    flux: Flux | str | float,
    *,
    component: Component = "coherent",
    form_factor: str | None = None,
    selection: Selection | str | None = None,
    folders: Sequence[Path] = (),
    inputs: ElectroweakInputs = DEFAULT_INPUTS,
) -> Spectrum:
    """Fold a grid with a flux.

    Parameters
    ----------
    channel : Channel or str
        E.g. ``numu_numu_mu-mu+``.
    target : str
        E.g. ``Ar40`` or ``SiO2``.
    flux : Flux, str or float
        A flux or the name of one, whose normalisation drops out, or a neutrino energy in GeV.
    component : {"coherent", "proton", "neutron", "incoherent", "total"}
        Nucleons are Pauli blocked and counted: Z protons, A - Z neutrons.
    form_factor : str, optional
        Of the nuclei (``dipole``: of the nucleons); by default the fitted densities and Table IV of
        arXiv:1902.06765.
    selection : Selection or str, optional
        Only what passes these cuts; needs a grid of them, ``recast grid build --selection``.
    folders : sequence of Path
        Where such a grid may be, beside ``RECAST_GRIDS`` and the shipped ones.
    inputs : ElectroweakInputs
        alpha and G_F.

    Returns
    -------
    Spectrum
        fb per nucleus or formula unit, averaged over the flux: ``Int phi S dE / Int phi dE``.

    Raises
    ------
    UnknownNameError
        Unknown channel, target, component or form factor.
    OutOfRangeError
        A flux that reaches beyond the grid, or an energy that is not a positive number.
    FluxError
        A flux of another neutrino than that of the channel.
    GridError
        A grid file that cannot be trusted, or no grid of the selection.
    """
    if isinstance(channel, str):
        channel = Channel.parse(channel)
    if isinstance(flux, float | int | np.floating | np.integer):
        energies, weights = np.array([float(flux)]), np.array([1.0])
    else:
        from recast.flux import load_flux

        beam = load_flux(flux, neutrino=channel.neutrino) if isinstance(flux, str | Path) else flux
        if beam.neutrino != channel.neutrino:
            msg = f"flux {beam.name} is one of {beam.neutrino}, but channel {channel} begins with {channel.neutrino}"
            raise FluxError(msg)
        energies, weights = beam.quadrature()
        weights = weights / weights.sum()
    total = np.zeros(())
    for number, table in _tables(channel, target, component, form_factor, selection, folders):
        total = total + number * _scale(table, inputs) * table.fold(energies, weights)
    return Spectrum(table.momentum_transfer, total[0], total[1], channel.va_sign * total[2])


def cross_sections(
    channel: Channel | str,
    target: str,
    energies: ArrayLike,
    *,
    component: Component = "coherent",
    form_factor: str | None = None,
    selection: Selection | str | None = None,
    folders: Sequence[Path] = (),
    inputs: ElectroweakInputs = DEFAULT_INPUTS,
) -> Array:
    """Return (VV, AA, VA) at many energies.

    Parameters
    ----------
    channel, target
        As in :func:`load_spectrum`.
    energies : array_like, shape (n,)
        Neutrino energies in GeV.
    component, form_factor, selection, folders, inputs
        As in :func:`load_spectrum`.

    Returns
    -------
    ndarray, shape (n, 3)
        fb per nucleus or formula unit; zero below threshold.
    """
    if isinstance(channel, str):
        channel = Channel.parse(channel)
    total = np.zeros(())
    for number, table in _tables(channel, target, component, form_factor, selection, folders):
        sums = table.spectra.sum(axis=-1)
        total = total + number * _scale(table, inputs) * (table.energy_weights(energies) @ sums)
    return np.asarray(total * np.array([1.0, 1.0, channel.va_sign]))
