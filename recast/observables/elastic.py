"""Scattering on electrons in any interaction: spectra of recoils as quadratic polynomials in its strengths.

What an interaction adds to gV and gA of neutrinos and electrons is evaluated at ``K2 = 2 m_e T``: charges at tree
level, vector and axial; mixing with the photon, whose loops depend on K2; or shifts without a propagator.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.channels import Channel
from recast.interactions import Shift
from recast.mixing import PAIRS, effective_charge, loop_mixing
from recast.observables.expansion import Expansion, merged
from recast.parameters import is_zero
from recast.polynomials import evaluate

if TYPE_CHECKING:
    from recast.constants import ElectroweakInputs
    from recast.flux import Flux
    from recast.interactions import Interaction, U1Mediator
    from recast.parameters import Charges
    from recast.recoil_spectrum import RecoilSpectrum

__all__ = [
    "at_masses",
    "electron_shifts",
    "family",
    "load_beam",
    "mass_polynomials",
    "reason_unchanged",
    "recoil_expansions",
    "summed",
]

FloatArray = NDArray[np.float64]


def load_beam(name: str, neutrino: str, context: Mapping[str, object]) -> Flux:
    """Load the flux of one species as a measurement names it.

    Parameters
    ----------
    name : str
        Of a flux, or of a CSV file relative to that of the measurement.
    neutrino : str
        Species.
    context : mapping
        With which the measurement was read: its ``folder`` and the ``plugins``.
    """
    from recast.flux import load_flux

    folder: Any = context.get("folder")
    plugins: Any = context.get("plugins", ())
    beside = folder is not None and name.endswith(".csv")
    return load_flux(folder / name if beside else name, neutrino=neutrino, plugins=plugins)


def electron_shifts(interaction: Interaction, neutrino: str, inputs: ElectroweakInputs) -> tuple[Shift, ...]:
    """Return what an interaction adds to gV and gA of a neutrino and the electron.

    Parameters
    ----------
    interaction : Interaction
        Mixing by loops counts for electrons without a charge of their own.
    neutrino : str
        Species, e.g. ``numubar``.
    inputs : ElectroweakInputs
        Fermi constant and fine structure constant.
    """
    flavour = neutrino.removeprefix("nu").removesuffix("bar")
    channel = Channel(neutrino.endswith("bar"), flavour, flavour, "e", "e")
    if interaction.mediators is None:
        return interaction.shifts(channel, inputs)
    return tuple(
        shift
        for mediator in interaction.mediators
        if not is_zero(mediator.neutrino_charges[flavour])
        for shift in (_exchanges if mediator.charge_arrays else _exchange)(mediator, flavour, inputs)
    )


def _exchange(mediator: U1Mediator, flavour: str, inputs: ElectroweakInputs) -> tuple[Shift, ...]:
    """Return the shifts of gV and gA by the exchange of a boson."""
    scale = 2.0 * inputs.vev**2 * float(mediator.neutrino_charges[flavour])
    mass_squared = np.square(mediator.mass)[..., None]

    def vector(momentum_transfer: FloatArray) -> FloatArray:
        charge = effective_charge(mediator, "e", momentum_transfer, inputs=inputs)
        return np.asarray(scale * charge / (mass_squared + momentum_transfer))

    def axial(momentum_transfer: FloatArray) -> FloatArray:
        return np.asarray(scale * mediator.axial["e"] / (mass_squared + momentum_transfer))

    terms: list[tuple[Literal["V", "A"], Callable[[FloatArray], FloatArray]]] = []
    if bool(np.any(effective_charge(mediator, "e", 0.0, inputs=inputs))):
        terms.append(("V", vector))
    if not is_zero(mediator.axial["e"]):
        terms.append(("A", axial))
    return tuple(Shift(structure, mediator.coupling_squared, profile) for structure, profile in terms)


def _exchanges(mediator: U1Mediator, flavour: str, inputs: ElectroweakInputs) -> tuple[Shift, ...]:
    """Return the shifts of gV and gA where charges differ from point to point: they belong to the strengths."""
    mass_squared = np.square(mediator.mass)[..., None]
    scale = 2.0 * inputs.vev**2

    def propagator(momentum_transfer: FloatArray) -> FloatArray:
        return np.asarray(scale / (mass_squared + momentum_transfer))

    def through(pair: Mapping[str, float]) -> Callable[[FloatArray], FloatArray]:
        def profile(momentum_transfer: FloatArray) -> FloatArray:
            mixing = loop_mixing(pair, momentum_transfer, inputs=inputs)
            return np.asarray(math.sqrt(4.0 * math.pi * inputs.alpha) * mixing * propagator(momentum_transfer))

        return profile

    electron = mediator.vector_charge("e", inputs)
    terms: list[tuple[Literal["V", "A"], Charges, Callable[[FloatArray], FloatArray]]] = [
        ("V", electron, propagator),
        ("A", mediator.axial["e"], propagator),
    ]
    if is_zero(electron) and mediator.mixing == "one_loop":
        terms += [("V", mediator.charges[lepton], through(pair)) for lepton, pair in PAIRS]
    strength = mediator.coupling_squared * mediator.neutrino_charges[flavour]
    return tuple(Shift(structure, strength * charge, to) for structure, charge, to in terms if not is_zero(charge))


def reason_unchanged(interaction: Interaction, species: Iterable[str], inputs: ElectroweakInputs) -> str | None:
    """Return why an interaction without a boson leaves scattering on electrons as it is, or None.

    Parameters
    ----------
    interaction : Interaction
    species : iterable of str
        Neutrinos that are scattered.
    inputs : ElectroweakInputs
        Constants.
    """
    if interaction.mediators is not None or any(electron_shifts(interaction, one, inputs) for one in species):
        return None
    return "a shift of the couplings of neutrinos to other leptons does not change scattering on electrons"


def recoil_expansions(
    spectra: Sequence[RecoilSpectrum], interaction: Interaction, *, scale: float = 1.0
) -> list[Expansion]:
    """Return the sum of spectra as polynomials in the strengths of an interaction; to be added.

    Parameters
    ----------
    spectra : sequence of RecoilSpectrum
    interaction : Interaction
        With parameters of any broadcast shape.
    scale : float
        Multiplies the cross sections, which are in fb times the weights of the energies.
    """
    return merged([_expand(one, interaction, scale) for one in spectra])


def _expand(spectrum: RecoilSpectrum, interaction: Interaction, scale: float) -> Expansion:
    shifts = electron_shifts(interaction, spectrum.neutrino, spectrum.inputs)
    vector, axial = spectrum.couplings
    vv, aa, va = scale * spectrum.vv, scale * spectrum.aa, scale * spectrum.va
    first = {"V": 2.0 * vector * vv + axial * va, "A": 2.0 * axial * aa + vector * va}
    second = {("V", "V"): vv, ("A", "A"): aa, ("V", "A"): 0.5 * va, ("A", "V"): 0.5 * va}
    at_nodes = {shift.profile: shift.profile(spectrum.momentum_transfer) for shift in shifts}
    profiles = [np.asarray(at_nodes[shift.profile], dtype=np.float64) for shift in shifts]
    quadratic: dict[tuple[int, int], FloatArray] = {}
    for i, one in enumerate(shifts):
        for j in range(i, len(shifts)):
            weight = second[one.structure, shifts[j].structure]
            quadratic[i, j] = np.asarray((1.0 if i == j else 2.0) * ((profiles[i] * profiles[j]) @ weight))
    return Expansion(
        constant=scale * spectrum.constant,
        strengths=tuple(np.asarray(shift.strength, dtype=np.float64) for shift in shifts),
        linear=tuple(np.asarray(p @ first[shift.structure]) for p, shift in zip(profiles, shifts, strict=True)),
        quadratic=quadratic,
    )


def summed(expansions: Sequence[Expansion], shape: tuple[int, ...]) -> FloatArray:
    """Return the value of a sum of expansions at every point of a shape."""
    result = expansions[0].evaluate(shape)
    for one in expansions[1:]:
        result += one.evaluate(shape)
    return result


def mass_polynomials(spectra: Sequence[RecoilSpectrum], mediator: U1Mediator, *, scale: float = 1.0) -> FloatArray:
    """Return ``N0, N1, N2`` of ``N0 + N1 g'^2 + N2 g'^4`` with one boson.

    Parameters
    ----------
    spectra : sequence of RecoilSpectrum
    mediator : U1Mediator
        Its masses count, not its couplings.
    scale : float
        Multiplies the cross sections.

    Returns
    -------
    ndarray, shape mass.shape + (3,)
    """
    one = mediator.with_values(mass=mediator.mass, coupling=1.0)
    result = np.zeros((*mediator.mass.shape, 3))
    for expansion in recoil_expansions(spectra, one, scale=scale):
        result[..., 0] += expansion.constant
        for linear in expansion.linear:
            result[..., 1] += linear
        for quadratic in expansion.quadratic.values():
            result[..., 2] += quadratic
    return result


def at_masses(mediator: U1Mediator, polynomials: Callable[[U1Mediator], FloatArray]) -> FloatArray:
    """Evaluate polynomials in g'^2 with one boson, found once for each distinct mass.

    Parameters
    ----------
    mediator : U1Mediator
        Of any broadcast shape of mass and coupling.
    polynomials : callable
        From a mediator with masses of shape (m,) to coefficients of shape ``(m, ..., 3)``.

    Returns
    -------
    ndarray, shape ``mediator.shape + (...)``
    """
    distinct, position = np.unique(mediator.mass, return_inverse=True)
    coefficients = polynomials(mediator.with_values(mass=distinct, coupling=1.0))
    rows = coefficients[np.reshape(position, mediator.mass.shape)]
    squared = mediator.coupling_squared
    return evaluate(rows, squared.reshape(squared.shape + (1,) * (coefficients.ndim - 2)))


def family(mediator: U1Mediator) -> Any:
    """Return the model of which a boson is one point: the same charges at any mass and coupling."""
    return _Family(mediator)


class _Family:
    """What `recast.observables.trident_ratio.TridentRatio.polynomials` asks of a model."""

    parameters = ("mass", "coupling")

    def __init__(self, mediator: U1Mediator) -> None:
        self._mediator = mediator

    def __call__(self, *, mass: ArrayLike, coupling: ArrayLike) -> U1Mediator:
        return self._mediator.with_values(mass=mass, coupling=coupling)
