"""Physical constants and electroweak input parameters.

Energies, momenta and masses are in GeV, lengths in fm, cross sections in fb (1 fb = 1e-39 cm^2 = 1e-43 m^2).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Final

from recast.errors import OutOfRangeError

__all__ = [
    "ATOMIC_MASS_UNIT",
    "ATOMIC_MASS_UNIT_KG",
    "AVOGADRO",
    "DEFAULT_INPUTS",
    "ELECTRON_MASS",
    "FB_TO_M2",
    "FLAVOURS",
    "HBARC2_FB",
    "HBARC_GEV_FM",
    "LEPTON_MASS",
    "MUON_MASS",
    "NEUTRON_MASS",
    "PROTON_MASS",
    "TAU_MASS",
    "ElectroweakInputs",
]

FLAVOURS: Final = ("e", "mu", "tau")
"""Lepton flavours, the lightest first."""

# Review of Particle Physics, R. L. Workman et al., PTEP 2022 (2022) 083C01, and CODATA 2018.
ELECTRON_MASS: Final = 0.51099895000e-3
MUON_MASS: Final = 0.1056583755
TAU_MASS: Final = 1.77686
PROTON_MASS: Final = 0.93827208816
NEUTRON_MASS: Final = 0.93956542052
ATOMIC_MASS_UNIT: Final = 0.93149410242
"""In GeV."""
ATOMIC_MASS_UNIT_KG: Final = 1.66053906660e-27
AVOGADRO: Final = 6.02214076e23
"""Per mole; exact in the SI."""

LEPTON_MASS: Final[Mapping[str, float]] = MappingProxyType(
    {"e": ELECTRON_MASS, "mu": MUON_MASS, "tau": TAU_MASS}
)
"""Charged lepton masses in GeV, by flavour."""

# hbar, c and e are exact in the SI, so these are exact up to the digits written.
HBARC_GEV_FM: Final = 0.1973269804
"""hbar c in GeV fm."""
HBARC2_FB: Final = 3.893793721e11
"""(hbar c)^2 in GeV^2 fb: multiplies a cross section in GeV^-2."""
FB_TO_M2: Final = 1e-43
"""Square metres per femtobarn."""


# Powers of the inputs must stay finite.
_SMALLEST_INPUT = 1e-20


@dataclass(frozen=True)
class ElectroweakInputs:
    """Parameters of the electroweak theory at tree level.

    Attributes
    ----------
    fermi_constant : float
        G_F in GeV^-2.
    sin2_theta_w : float
        sin^2 of the weak mixing angle, MS-bar at the Z mass.
    alpha : float
        Fine structure constant at zero momentum transfer, the choice of arXiv:1902.06765, Sec. II A.

    Raises
    ------
    OutOfRangeError
        When a parameter is not between 1e-20 and one: G_F is that of an effective theory, alpha that of a weak force.
    """

    fermi_constant: float = 1.1663787e-5
    sin2_theta_w: float = 0.23129
    alpha: float = 1.0 / 137.036

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value > 0.0):
                msg = f"{field.name} must be a positive finite number, not {value}"
                raise OutOfRangeError(msg)
            if value < _SMALLEST_INPUT:
                msg = f"{field.name} must be at least {_SMALLEST_INPUT:g}, not {value}"
                raise OutOfRangeError(msg)
            if value >= 1.0:
                is_sine = field.name == "sin2_theta_w"
                reason = "is the square of a sine and must be" if is_sine else "must be"
                msg = f"{field.name} {reason} below 1, not {value}"
                raise OutOfRangeError(msg)

    @property
    def vev(self) -> float:
        """Vacuum expectation value v = (sqrt2 G_F)^(-1/2) in GeV."""
        return 1.0 / math.sqrt(math.sqrt(2.0) * self.fermi_constant)


DEFAULT_INPUTS: Final = ElectroweakInputs()
"""G_F of the Review of Particle Physics, sin^2(theta_W) = 0.23129, alpha = 1/137.036."""
