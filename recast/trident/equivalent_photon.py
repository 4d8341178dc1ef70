"""Cross sections in the equivalent-photon approximation, to show where it fails.

The approximation replaces the virtual photon by a real one (arXiv:1406.2332 Eqs. 2 and 3).  It is good at high
energy on nuclei, and wrong by factors near threshold, for nucleons, and wherever Q2 is not small against the
lepton masses (arXiv:1807.10973 makes the same point).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.channels import Channel
from recast.constants import DEFAULT_INPUTS, LEPTON_MASS, ElectroweakInputs
from recast.errors import unknown
from recast.trident.spectra import Scatterer, nuclear_scatterer, nucleon_scatterer, spectrum
from recast.trident.structure import NodeCounts, StructureTable, build_table
from recast.trident.targets import load_target


def real_photon_table(mass_minus: float, mass_plus: float) -> StructureTable:
    """Compute the structure functions at ``Q2 = 0`` only: a table that is thin in Q2, in about a second."""
    thin = 1e-9 * min(mass_minus, mass_plus) ** 2
    return build_table(mass_minus, mass_plus, q2_max=thin, counts=NodeCounts(q2=2))


def scatterers(target: str, component: str, form_factor: str | None) -> list[tuple[int, Scatterer]]:
    """List what the photon couples to in a formula unit, with multiplicities.

    Parameters
    ----------
    target : str
        Name or formula.
    component : {"coherent", "proton", "neutron"}
    form_factor : str or None
        Of the nuclei; None is the default of each.

    Raises
    ------
    UnknownNameError
        For another component.
    """
    found = []
    for nucleus, number in load_target(target).constituents:
        if component == "coherent":
            found.append((number, nuclear_scatterer(nucleus, form_factor)))
        elif component in ("proton", "neutron"):
            count = nucleus.protons if component == "proton" else nucleus.neutrons
            found.append((number * count, nucleon_scatterer(component)))
        else:
            raise unknown("component", component, ("coherent", "proton", "neutron"))
    return found


def equivalent_photon_cross_sections(
    channel: Channel | str,
    target: str,
    energies: ArrayLike,
    *,
    component: str = "coherent",
    form_factor: str | None = None,
    inputs: ElectroweakInputs = DEFAULT_INPUTS,
) -> NDArray[np.float64]:
    """Return (VV, AA, VA) in the equivalent-photon approximation.

    Parameters
    ----------
    channel : Channel or str
        E.g. ``numu_numu_mu-mu+``.
    target : str
        E.g. ``Ar40``.
    energies : array_like, shape (n,)
        Neutrino energies in GeV.
    component : {"coherent", "proton", "neutron"}
        The nucleons enter with their charge form factors; there is no magnetic term in this approximation.
    form_factor : str, optional
        Of the nucleus.
    inputs : ElectroweakInputs
        alpha and G_F.

    Returns
    -------
    ndarray, shape (n, 3)
        fb per nucleus or formula unit.

    Raises
    ------
    UnknownNameError
        Unknown channel, target, component or form factor.
    """
    if isinstance(channel, str):
        channel = Channel.parse(channel)
    heavy, light = channel.mass_pair[::-1]
    parts = scatterers(target, component, form_factor)
    table = real_photon_table(LEPTON_MASS[heavy], LEPTON_MASS[light])
    result = np.zeros((np.size(energies), 3))
    for row, energy in zip(result, np.atleast_1d(np.asarray(energies, dtype=float)), strict=True):
        for number, scatterer in parts:
            row += number * spectrum(
                table, scatterer, float(energy), inputs=inputs, equivalent_photon=True
            ).sum(axis=-1)
    return np.asarray(result * np.array([1.0, 1.0, channel.va_sign]))
