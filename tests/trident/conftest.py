"""Small leptonic tables: coarse enough to be computed in seconds, fine enough for what is tested with them."""

from __future__ import annotations

import pytest

from recast.constants import LEPTON_MASS
from recast.trident.structure import NodeCounts, StructureTable, build_table

SMALL = NodeCounts(s=28, q2=18, k2=24, extra=-1)


@pytest.fixture(scope="session")
def mumu() -> StructureTable:
    return build_table(LEPTON_MASS["mu"], LEPTON_MASS["mu"], s_max=60.0, q2_max=20.0, counts=SMALL)


@pytest.fixture(scope="session")
def emu() -> StructureTable:
    return build_table(LEPTON_MASS["mu"], LEPTON_MASS["e"], s_max=20.0, q2_max=2.0, counts=SMALL)
