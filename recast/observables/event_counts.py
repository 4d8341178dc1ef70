"""Expected numbers of selected trident events: what a counting experiment compares with its data.

A selection keeps other fractions of the events that leave the nucleus whole than of those that knock out a nucleon,
so that each part is scaled by its own ratio,

    N = T [ S_coherent R_coherent + S_proton R_proton + S_neutron R_neutron ] ,

with S the events per year that the selection keeps in the Standard Model (arXiv:1902.06765, Eqs. 11 and 12), T the
years, and R the rate of the part relative to the Standard Model, averaged over the flux. The energies and angles of the
muons change with the mediator: R is that of what passes a selection, or of all tridents where none is named.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationInfo, model_validator

from recast.constants import DEFAULT_INPUTS, ElectroweakInputs
from recast.numbers import Positive
from recast.observables.trident_ratio import Beam, TridentRatio

if TYPE_CHECKING:
    from recast.interactions import Interaction
    from recast.model import Model

__all__ = ["EventCounts"]

FloatArray = NDArray[np.float64]
Component = Literal["coherent", "proton", "neutron"]

# The part of the prediction that a component belongs to: theory errors are common to both nucleons.
_PART: dict[Component, str] = {"coherent": "coherent", "proton": "incoherent", "neutron": "incoherent"}


class EventCounts(BaseModel):
    """Number of trident events that a selection keeps.

    Attributes
    ----------
    target : str
        Nucleus or compound.
    beams : tuple of Beam
        Species and beams whose rates are added.
    events_per_year : dict of {"coherent", "proton", "neutron"} to float
        Selected events per year in the Standard Model; a component that is left out is not counted as signal.
    years : float
        Time of data taking.
    form_factor : str, optional
        Nuclear form factor; the grid's default when absent.
    selection : str, optional
        Name of the selection whose cuts the events pass.
    electroweak : ElectroweakInputs
        Fermi constant, weak mixing angle and fine structure constant.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    array_charges: ClassVar[bool] = True
    parts: ClassVar[tuple[str, ...]] = ("coherent", "incoherent")

    type: Literal["event_counts"] = "event_counts"
    target: str
    beams: tuple[Beam, ...] = Field(min_length=1)
    events_per_year: dict[Component, Positive] = Field(min_length=1)
    years: Positive
    form_factor: str | None = None
    selection: str | None = None
    electroweak: ElectroweakInputs = DEFAULT_INPUTS

    _context: dict[str, object] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _remember_where_to_look(self, info: ValidationInfo) -> Self:
        self._context = dict(info.context or {})
        return self

    @cached_property
    def ratios(self) -> dict[Component, TridentRatio]:
        """The rate of each component, in units that make its Standard Model value the expected number of events."""
        return {
            component: TridentRatio.model_validate(
                {
                    "target": self.target,
                    "beams": self.beams,
                    "regime": component,
                    "form_factor": self.form_factor,
                    "selection": self.selection,
                    "standard_model": self.years * events,
                    "electroweak": self.electroweak,
                },
                context=self._context,
            )
            for component, events in self.events_per_year.items()
        }

    @property
    def standard_model(self) -> float:
        """Expected number of events in the Standard Model."""
        return self.years * sum(self.events_per_year.values())

    def applicable(self, interaction: Interaction) -> str | None:  # noqa: ARG002
        """Return None: every interaction of leptons and neutrinos has a trident rate."""
        return None

    def contributions(self, interaction: Interaction) -> dict[str, FloatArray]:
        """Return the coherent and the incoherent events, of the interaction's shape.

        Raises
        ------
        OutOfRangeError
            For a mediator that is too light for the grids.
        """
        result: dict[str, FloatArray] = {}
        for component, ratio in self.ratios.items():
            _add(result, _PART[component], ratio.predict(interaction))
        return result

    def predict(self, interaction: Interaction) -> FloatArray:
        """Return the expected number of signal events, of the interaction's shape.

        Raises
        ------
        OutOfRangeError
            For a mediator that is too light for the grids.
        """
        first, *others = self.contributions(interaction).values()
        for other in others:
            first += other
        return first

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
            By part, lowest order first; None where a strength of the model is not a quadratic polynomial in its
            coupling.
        """
        result: dict[str, FloatArray] = {}
        for component, ratio in self.ratios.items():
            found = ratio.polynomials(model, mass)
            if found is None:
                return None
            for coefficients in found.values():
                _add(result, _PART[component], coefficients)
        return result


def _add(sums: dict[str, FloatArray], name: str, value: FloatArray) -> None:
    """Add a value to a sum, or begin the sum with it."""
    if name in sums:
        sums[name] += value
    else:
        sums[name] = value
