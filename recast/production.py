"""How strongly a vector boson is produced, by the process that produces it.

Rates are in units of g'^2 and of a factor that depends on the mass alone, so that only ratios between bosons of the
same mass have a meaning. With V and A the vector and axial charges, electric charges e_q and the quarks' charges
``Q_q - e_q e eps / g'`` (arXiv:1801.04847, Sec. 2.1):

==============  ==========================================  ================================================
process         what happens                                rate
==============  ==========================================  ================================================
``e_brem``      electrons in matter radiate it              V_e^2 + A_e^2
``e_e``         e+ e- -> Z' gamma                           V_e^2 + A_e^2
``p_brem``      protons in matter radiate it                (2 Q_u + Q_d)^2
``pi0_gamma``   pi0 -> Z' gamma                             sum over rho and omega, see `meson_amplitude`
``eta_gamma``   eta -> Z' gamma                             sum over rho, omega and phi
``phi_eta``     phi -> Z' eta                               Q_s^2: all is in the strange quarks
==============  ==========================================  ================================================

Mixing by loops is evaluated on the mass shell, for fermions without a charge of their own. Left out: the longitudinal
emission of an axial boson, of relative order (2 m_l / m)^2, and the differences of the proton's form factors for
isovector and isoscalar currents.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from recast.constants import DEFAULT_INPUTS, ElectroweakInputs
from recast.mixing import loop_mixing_timelike, on_shell_charge_squared
from recast.parameters import is_zero

if TYPE_CHECKING:
    from recast.interactions import U1Mediator

__all__ = ["SOURCES", "Process", "meson_amplitude", "production_rate", "quark_charges"]

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
Process: TypeAlias = Literal["e_brem", "e_e", "p_brem", "pi0_gamma", "eta_gamma", "phi_eta"]

SOURCES: Final[dict[str, str]] = {
    "e_brem": "electrons",
    "e_e": "electrons",
    "p_brem": "quarks",
    "pi0_gamma": "quarks",
    "eta_gamma": "quarks",
    "phi_eta": "quarks",
}
"""What a boson must couple to in order to be produced."""

_ELECTRIC: Final = np.array([2.0, -1.0, -1.0]) / 3.0  # of u, d, s
# Flavour contents of the mesons, traces of squares 1/2; the eta with its mixing angle of arcsin(-1/3).
_PSEUDOSCALARS: Final = {
    "pi0": np.array([1.0, -1.0, 0.0]) / 2.0,
    "eta": np.array([1.0, 1.0, -1.0]) / math.sqrt(6.0),
}
_VECTORS: Final = {
    "rho": np.array([1.0, -1.0, 0.0]) / 2.0,
    "omega": np.array([1.0, 1.0, 0.0]) / 2.0,
    "phi": np.array([0.0, 0.0, 1.0]) / math.sqrt(2.0),
}
# GeV; Review of Particle Physics 2024.
_VECTOR_MASS: Final = {"rho": 0.77526, "omega": 0.78266, "phi": 1.019461}
_RHO_WIDTH: Final = 0.1491
_PION_MASS: Final = 0.13957


def production_rate(
    mediator: U1Mediator, process: Process, *, inputs: ElectroweakInputs = DEFAULT_INPUTS
) -> FloatArray:
    """Return the rate of a process relative to that of other bosons of the same mass.

    Parameters
    ----------
    mediator : U1Mediator
        Its mass, charges and mixing enter, not its coupling.
    process : str
        One of the table above.
    inputs : ElectroweakInputs
        Only alpha enters, through mixing.

    Returns
    -------
    ndarray
        In units of g'^2, of the shape of the mass.
    """
    if SOURCES[process] == "electrons":
        return on_shell_charge_squared(mediator, "e", inputs=inputs) + mediator.axial["e"] ** 2
    quarks = quark_charges(mediator, inputs=inputs)
    if process == "p_brem":
        amplitude = 2.0 * quarks[..., 0] + quarks[..., 1]
    elif process == "phi_eta":
        amplitude = quarks[..., 2]
    else:
        amplitude = meson_amplitude(process.removesuffix("_gamma"), quarks, mediator.mass)
    return np.asarray(np.square(np.abs(amplitude)))


def quark_charges(mediator: U1Mediator, *, inputs: ElectroweakInputs = DEFAULT_INPUTS) -> ComplexArray:
    """Return what multiplies g' in the vector currents of u, d and s where the boson is real.

    Parameters
    ----------
    mediator : U1Mediator
        Its mass, charges and mixing enter, not its coupling.
    inputs : ElectroweakInputs
        Only alpha enters, through mixing.

    Returns
    -------
    ndarray of complex, shape ``mass.shape + (3,)``
        A fermion of electric charge q couples to the photon's share with ``-q e eps / g'``; mixing by loops has the
        phase of the leptons that go on their mass shells.
    """
    e = math.sqrt(4.0 * math.pi * inputs.alpha)
    mixing = np.zeros(mediator.mass.shape, dtype=np.complex128) + mediator.epsilon
    if mediator.mixing == "one_loop" and is_zero(mediator.quarks):
        mixing = mixing + loop_mixing_timelike(mediator.charges, np.square(mediator.mass), inputs=inputs)
    return np.asarray(np.asarray(mediator.quarks)[..., None] - e * mixing[..., None] * _ELECTRIC)


def meson_amplitude(meson: str, quarks: ComplexArray, mass: FloatArray) -> ComplexArray:
    """Return the amplitude of ``meson -> Z' gamma`` by vector-meson dominance, up to a factor common to all bosons.

    Parameters
    ----------
    meson : {"pi0", "eta"}
        What decays.
    quarks : ndarray of complex, shape ``mass.shape + (3,)``
        Charges of u, d and s.
    mass : ndarray, any shape
        Of the boson in GeV; below that of the meson.

    Returns
    -------
    ndarray of complex
        ``sum_V tr(T_meson Q_em T_V) tr(T_V Q) BW_V(m)`` over rho, omega and phi (arXiv:1801.04847, Eqs. 2.7 to 2.10),
        of the shape of the mass. Below the eta the omega and the phi are far from their poles and have no width.
    """
    total = np.zeros(mass.shape, dtype=np.complex128)
    for name, content in _VECTORS.items():
        weight = float(np.sum(_PSEUDOSCALARS[meson] * _ELECTRIC * content))
        total += weight * (quarks @ content) * _resonance(name, mass)
    return total


def _resonance(name: str, mass: FloatArray) -> ComplexArray:
    """Return m_V^2 / (m_V^2 - m^2 - i m Gamma(m)), with the running width of rho -> pi pi."""
    pole = _VECTOR_MASS[name]
    width = np.zeros(mass.shape)
    if name == "rho":
        momentum = np.sqrt(np.maximum(np.square(mass) / 4.0 - _PION_MASS**2, 0.0))
        at_pole = math.sqrt(pole**2 / 4.0 - _PION_MASS**2)
        width = _RHO_WIDTH * (momentum / at_pole) ** 3 * np.square(pole / mass)
    return np.asarray(pole**2 / (pole**2 - np.square(mass) - 1j * mass * width))
