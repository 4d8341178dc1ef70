"""The recipe of a figure of recoil spectra: what a boson does to neutrinos that scatter on electrons."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from recast.figures.layers import Axis, Colour, FigureRecipe, Label, LineStyle, Strict
from recast.numbers import Positive

__all__ = ["RecoilCurve", "RecoilPanel", "RecoilRatioRecipe"]


class RecoilCurve(Strict):
    """One species of neutrinos, drawn in every panel."""

    neutrino: Literal["nue", "numu", "nutau", "nuebar", "numubar", "nutaubar"]
    colour: Colour
    line: LineStyle = "solid"


class RecoilPanel(Strict):
    """One boson at one point.

    Attributes
    ----------
    model : str
        Name of a model with its variants.
    mass : float
        GeV.
    coupling : float
    """

    title: str
    model: str
    mass: Positive
    coupling: Positive
    labels: tuple[Label, ...] = ()


class RecoilRatioRecipe(FigureRecipe):
    """Recoil spectra over those of the Standard Model against the kinetic energy of the electron.

    Attributes
    ----------
    x : Axis
        Kinetic energy in GeV; below the largest at ``energy``.
    energy : float
        Of the neutrinos, GeV.
    threshold : float, optional
        Kinetic energy that a detector asks for, GeV: a thin vertical line.
    """

    kind: Literal["recoil_ratio"]
    x: Axis
    y: Axis
    points: Annotated[int, Field(ge=2, le=2000)] = 300
    energy: Positive
    threshold: Positive | None = None
    curves: Annotated[tuple[RecoilCurve, ...], Field(min_length=1)]
    panels: Annotated[tuple[RecoilPanel, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check_recoils(self) -> Self:
        from recast.neutrino_electron import largest_recoil

        largest = float(largest_recoil(self.energy))
        if self.x.range[0] < 0.0 or self.x.range[1] > largest:
            msg = f"kinetic energies go from zero to at most {largest:.6g} GeV for neutrinos of {self.energy:g} GeV"
            raise ValueError(msg)
        return self
