"""Neutrino trident cross section, relative to the Standard Model and averaged over beams.

With the spectra ``S`` of `recast.spectrum`, already folded with a flux,

    sigma = sum_K2 [S_VV (gV + dgV)^2 + S_AA (gA + dgA)^2 + S_VA (gV + dgV)(gA + dgA)] ,

and the ratio measured by CCFR, CHARM-II and NuTeV is ``sigma / sigma_SM`` (arXiv:1902.06765,
Eqs. 14 to 17, where the shifts do not depend on K2).
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from recast.channels import Channel
from recast.constants import DEFAULT_INPUTS, ElectroweakInputs
from recast.couplings import sm_couplings
from recast.errors import OutOfRangeError, RecastError
from recast.numbers import Positive
from recast.observables.expansion import Expansion, merged

if TYPE_CHECKING:
    from recast.events.selection import Selection
    from recast.interactions import Interaction
    from recast.model import Model
    from recast.spectrum import Component, Spectrum

__all__ = ["LIGHTEST_MEDIATOR", "Beam", "TridentRatio", "check_mediators"]

FloatArray = NDArray[np.float64]

LIGHTEST_MEDIATOR = 1e-4
"""Mass in GeV below which the grids' nodes in momentum transfer no longer resolve a propagator.

The rate grows as ln(1/m) only, but the smallest nodes are at 1e-9 GeV^2 and single nodes mean nothing.
"""

# What is loaded for each regime, by the part of the prediction that it makes.
_COMPONENTS: dict[str, dict[str, Component]] = {
    "coherent": {"coherent": "coherent"},
    "total": {"coherent": "coherent", "incoherent": "incoherent"},
    "proton": {"incoherent": "proton"},
    "neutron": {"incoherent": "neutron"},
}

# Values of a profile held in memory at a time, as masses times momentum transfers.
_PROFILE_VALUES = 1 << 18


class Beam(BaseModel):
    """One neutrino species of one beam.

    Attributes
    ----------
    channel : str
        Trident channel; its incoming neutrino picks the flux column.
    flux : str, optional
        Name of a flux, or a CSV file (relative to the file of the measurement).
    energy : float, optional
        A single neutrino energy in GeV, instead of a flux.
    exposure : float
        Relative number of protons on target.  Beams are added as rates: the weight of a beam is
        its exposure times the integral of its flux.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: str
    flux: str | None = None
    energy: Positive | None = None
    exposure: Positive = 1.0

    @field_validator("channel")
    @classmethod
    def _known_channel(cls, value: str) -> str:
        try:
            return str(Channel.parse(value))
        except RecastError as error:
            raise ValueError(str(error)) from error

    @model_validator(mode="after")
    def _one_spectrum(self) -> Self:
        if (self.flux is None) == (self.energy is None):
            msg = "a beam has either a flux or an energy"
            raise ValueError(msg)
        return self


class _Term(NamedTuple):
    """Everything that reached the target in one channel and regime."""

    channel: Channel
    regime: str
    spectrum: Spectrum


class TridentRatio(BaseModel):
    """Trident rate in units of its Standard Model value.

    Attributes
    ----------
    target : str
        Nucleus or compound, e.g. ``Fe56``, ``SiO2``.
    beams : tuple of Beam
        Species and beams whose rates are added.
    regime : {"coherent", "total", "proton", "neutron"}
        Scattering on the nucleus alone, on it and on its nucleons, or on its protons or neutrons alone.
    form_factor : str, optional
        Nuclear form factor; the grid's default when absent.
    selection : str, optional
        Name of a selection: the rates are those of events that pass its cuts, in the model and in the Standard Model.
        All events count when absent.
    standard_model : float
        Prediction in the Standard Model: 1 for a ratio, a number of events for a count.
    electroweak : ElectroweakInputs
        Fermi constant, weak mixing angle and fine structure constant.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    array_charges: ClassVar[bool] = True
    parts: ClassVar[tuple[str, ...]] = ("coherent", "incoherent")

    type: Literal["trident_ratio"] = "trident_ratio"
    target: str
    beams: tuple[Beam, ...] = Field(min_length=1)
    regime: Literal["coherent", "total", "proton", "neutron"] = "coherent"
    form_factor: str | None = None
    selection: str | None = None
    standard_model: Positive = 1.0
    electroweak: ElectroweakInputs = DEFAULT_INPUTS

    _plugins: tuple[Path, ...] = PrivateAttr(default=())
    _folder: Path | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _remember_where_to_look(self, info: ValidationInfo) -> Self:
        context = info.context or {}
        self._plugins = tuple(context.get("plugins", ()))
        self._folder = context.get("folder")
        return self

    @cached_property
    def terms(self) -> tuple[_Term, ...]:
        """Folded spectra by channel and regime, in fb per target; loaded once."""
        sums: dict[tuple[Channel, str], Spectrum] = {}
        for beam in self.beams:
            channel = Channel.parse(beam.channel)
            for part, component in _COMPONENTS[self.regime].items():
                weight, spectrum = self._folded(beam, channel, component)
                weighted = weight * spectrum
                key = (channel, part)
                sums[key] = sums[key] + weighted if key in sums else weighted
        return tuple(_Term(channel, regime, s) for (channel, regime), s in sums.items())

    def _folded(self, beam: Beam, channel: Channel, component: Component) -> tuple[float, Spectrum]:
        """Return the weight of a beam and its flux-averaged spectrum."""
        from recast.flux import Flux, load_flux
        from recast.spectrum import load_spectrum

        species = channel.neutrino
        if beam.energy is not None:
            flux = Flux.line(beam.energy, neutrino=species)
        else:
            flux = load_flux(self._flux_file(str(beam.flux)), neutrino=species, plugins=self._plugins)
        spectrum = load_spectrum(
            channel,
            self.target,
            flux,
            component=component,
            form_factor=self.form_factor,
            selection=self._selection,
            folders=[folder / "grids" for folder in self._plugins],
            inputs=self.electroweak,
        )
        return beam.exposure * float(flux.integral), spectrum

    @cached_property
    def _selection(self) -> Selection | None:
        """The selection, or None when all events count."""
        if self.selection is None:
            return None
        from recast.events.selection import load_selection

        return load_selection(self.selection, plugins=self._plugins)

    def _flux_file(self, name: str) -> str | Path:
        """Return the name of a flux, or its file beside that of the measurement."""
        if self._folder is not None and name.endswith(".csv"):
            return self._folder / name
        return name

    @cached_property
    def standard_model_cross_sections(self) -> dict[str, float]:
        """Standard Model cross section by regime, in fb times the beams' weights."""
        result: dict[str, float] = {}
        for term in self.terms:
            vector, axial = sm_couplings(term.channel, self.electroweak)
            value = float(term.spectrum.cross_section(vector, axial))
            result[term.regime] = result.get(term.regime, 0.0) + value
        return result

    def applicable(self, interaction: Interaction) -> str | None:  # noqa: ARG002
        """Return None: every interaction of leptons and neutrinos has a trident rate."""
        return None

    def contributions(self, interaction: Interaction) -> dict[str, FloatArray]:
        """Return the parts of the ratio: coherent, incoherent or both."""
        shape = tuple(interaction.shape)
        result: dict[str, FloatArray] = {}
        for regime, groups in self._expansions(interaction).items():
            values = [group.evaluate(shape) for group in groups]
            for extra in values[1:]:
                values[0] += extra
            result[regime] = values[0]
        return result

    def predict(self, interaction: Interaction) -> FloatArray:
        """Return the rate in the model, in units of ``sigma_SM / standard_model``.

        Parameters
        ----------
        interaction : Interaction
            With parameters of any broadcast shape.

        Returns
        -------
        ndarray
            Of the interaction's shape; exactly `standard_model` where nothing is shifted.

        Raises
        ------
        OutOfRangeError
            For a mediator lighter than `LIGHTEST_MEDIATOR`.
        """
        shape = tuple(interaction.shape)
        groups = merged([g for part in self._expansions(interaction).values() for g in part])
        if len(groups) == 1:
            # The parts of the Standard Model rate add up to it only to rounding.
            only = groups[0]
            exact = Expansion(self.standard_model, only.strengths, only.linear, only.quadratic)
            return exact.evaluate(shape)
        result = groups[0].evaluate(shape)
        for group in groups[1:]:
            result += group.evaluate(shape)
        return result

    def polynomials(self, model: Model, mass: ArrayLike) -> dict[str, FloatArray] | None:
        """Return the exact coefficients in the coupling at fixed mass.

        Parameters
        ----------
        model : Model
            With parameters mass and coupling.
        mass : array_like, shape (n_mass,)
            In GeV.

        Returns
        -------
        dict of str to ndarray, shape (n_mass, 5), or None
            By regime, lowest order first; None where a strength of the model is not a quadratic
            polynomial in its coupling.
        """
        if "coupling" not in model.parameters:
            return None
        masses = np.atleast_1d(np.asarray(mass, dtype=float))
        sample = np.array([0.0, 1.0, 2.0, 3.0])
        interaction = model(mass=masses[:, None], coupling=sample[None, :])
        result: dict[str, FloatArray] = {}
        for regime, groups in self._expansions(interaction).items():
            total = np.zeros((masses.size, 5))
            for group in groups:
                strengths = [_quadratic_through(s) for s in group.strengths]
                known = [s for s in strengths if s is not None]
                if len(known) < len(strengths):
                    return None
                total += group.in_coupling(known, masses.size)
            result[regime] = total
        return result

    def _expansions(self, interaction: Interaction) -> dict[str, list[Expansion]]:
        """Return the ratio by regime as polynomials in the interaction's strengths."""
        check_mediators(interaction)
        total = sum(self.standard_model_cross_sections.values())
        if not total > 0.0:
            beams = ", ".join(f"{beam.channel} at {beam.flux or f'{beam.energy:g} GeV'}" for beam in self.beams)
            msg = f"{beams} on {self.target}: below threshold, so that there is no Standard Model rate to divide by"
            raise OutOfRangeError(msg)
        scale = self.standard_model / total
        by_regime: dict[str, list[Expansion]] = {}
        for term in self.terms:
            expansion = _expand(term, interaction, self.electroweak, scale)
            by_regime.setdefault(term.regime, []).append(expansion)
        return {regime: merged(found) for regime, found in by_regime.items()}


def check_mediators(interaction: Interaction) -> None:
    """Make sure that the grids resolve the propagators of an interaction.

    Raises
    ------
    OutOfRangeError
        For a mediator lighter than `LIGHTEST_MEDIATOR`.
    """
    for mediator in interaction.mediators or ():
        lightest = float(np.min(mediator.mass, initial=np.inf))
        if lightest < LIGHTEST_MEDIATOR:
            msg = (
                f"a mediator of mass {lightest:g} GeV is too light for the trident grids, which resolve "
                f"masses from {LIGHTEST_MEDIATOR:g} GeV"
            )
            raise OutOfRangeError(msg)


def _expand(term: _Term, interaction: Interaction, inputs: ElectroweakInputs, scale: float) -> Expansion:
    """Sum one spectrum over momentum transfer for every power of the strengths."""
    shifts = interaction.shifts(term.channel, inputs)
    vector, axial = sm_couplings(term.channel, inputs)
    spectrum = term.spectrum
    vv, aa, va = scale * spectrum.vv, scale * spectrum.aa, scale * spectrum.va
    first = {"V": 2.0 * vector * vv + axial * va, "A": 2.0 * axial * aa + vector * va}
    second = {("V", "V"): vv, ("A", "A"): aa, ("V", "A"): 0.5 * va, ("A", "V"): 0.5 * va}

    nodes = spectrum.momentum_transfer
    masses = max((np.asarray(shift.profile(nodes[:1])).size for shift in shifts), default=1)
    # With many masses the nodes are taken in turns, or their profiles would fill the memory.
    step = min(nodes.size, max(16, _PROFILE_VALUES // max(masses, 1)))
    linear: list[FloatArray | float] = [0.0] * len(shifts)
    quadratic: dict[tuple[int, int], FloatArray | float] = {}
    for start in range(0, nodes.size if shifts else 0, step):
        part = slice(start, start + step)
        distinct = {shift.profile: np.asarray(shift.profile(nodes[part]), dtype=float) for shift in shifts}
        products: dict[frozenset[object], FloatArray] = {}
        for i, shift in enumerate(shifts):
            linear[i] = linear[i] + _sum(distinct[shift.profile], first[shift.structure][part])
            for j in range(i, len(shifts)):
                weight = second[shift.structure, shifts[j].structure][part]
                pair = frozenset((shift.profile, shifts[j].profile))
                if pair not in products:
                    products[pair] = distinct[shift.profile] * distinct[shifts[j].profile]
                product = _sum(products[pair], weight)
                both = product if i == j else 2.0 * product
                quadratic[i, j] = quadratic.get((i, j), 0.0) + both
    return Expansion(
        constant=scale * float(spectrum.cross_section(vector, axial)),
        strengths=tuple(np.asarray(shift.strength, dtype=float) for shift in shifts),
        linear=tuple(np.asarray(value, dtype=float) for value in linear),
        quadratic={pair: np.asarray(value, dtype=float) for pair, value in quadratic.items()},
    )


def _sum(profile: FloatArray, weight: FloatArray) -> FloatArray:
    """Sum a profile over its last axis (one matrix product, whatever the other axes)."""
    rows = profile.reshape(-1, profile.shape[-1]) @ weight
    return np.asarray(rows.reshape(profile.shape[:-1]), dtype=float)


def _quadratic_through(strength: FloatArray) -> FloatArray | None:
    """Return the quadratic polynomials through samples at couplings 0, 1, 2 and 3.

    Parameters
    ----------
    strength : ndarray, shape (..., 4)

    Returns
    -------
    ndarray, shape (rows, 3), or None
        Lowest order first; None when the fourth sample is not on the parabola.
    """
    rows = np.asarray(strength, dtype=float)
    rows = np.broadcast_to(rows, (*rows.shape[:-1], 4)).reshape(-1, 4)
    at_0, at_1, at_2, at_3 = rows.T
    second = 0.5 * (at_2 - 2.0 * at_1 + at_0)
    first = at_1 - at_0 - second
    largest = np.max(np.abs(rows), axis=1)
    if bool(np.any(np.abs(at_0 + 3.0 * first + 9.0 * second - at_3) > 1e-12 * largest)):
        return None
    return np.stack([at_0, first, second], axis=1)
