"""What recast gives for the published numbers of the ledger: one function per claim.

Each function takes nothing and returns a number, or a mapping from the claim's keys to numbers. The published values,
their sources and the tolerances stand in ``recast/data/ledger.yaml``; the functions are sorted by physics, one module
each, and every module names its own in ``CALCULATIONS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from recast.published import (
    cosmology,
    cross_sections,
    dune_electrons,
    electrons,
    electroweak,
    event_rates,
    new_physics,
    other_beams,
)

if TYPE_CHECKING:
    from recast.published.common import Calculation

__all__ = ["CALCULATIONS"]

CALCULATIONS: Mapping[str, Calculation] = MappingProxyType(
    {
        name: calculation
        for module in (
            cross_sections,
            event_rates,
            new_physics,
            electroweak,
            electrons,
            cosmology,
            dune_electrons,
            other_beams,
        )
        for name, calculation in module.CALCULATIONS.items()
    }
)
