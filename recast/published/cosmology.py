"""The early universe: the line of nucleosynthesis in the figures."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from recast.published.common import measurement

if TYPE_CHECKING:
    from recast.published.common import Calculation

__all__ = ["CALCULATIONS"]


def _edge(reference: str, model: str) -> float:
    """Mass of a boson in equilibrium, in GeV, whose excess of neutrinos is the published upper limit."""
    from scipy.optimize import brentq

    from recast.model import load_model

    bound, boson = measurement(reference), load_model(model)

    def excess(mass: float) -> float:
        # Strong enough for equilibrium at every mass.
        return float(bound.prediction(boson(mass=mass, coupling=1e-6))) - 1.0

    return float(brentq(excess, 1e-3, 5e-2, xtol=1e-9))


def bbn_line() -> float:
    """Lightest mass allowed when neutrinos decouple at once."""
    return _edge("bbn_2019", "lmu_ltau")


def bbn_line_evolution() -> float:
    """Lightest mass allowed when the temperatures are evolved, without a coupling to electrons."""
    return _edge("bbn_2019:approximation=evolution", "lmu_ltau:mixing=none")


CALCULATIONS: Mapping[str, Calculation] = MappingProxyType(
    {
        "bbn_line": bbn_line,
        "bbn_line_evolution": bbn_line_evolution,
    }
)
