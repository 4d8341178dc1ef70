"""Kinetic mixing of a new vector boson with the photon, from loops of charged leptons.

With L = (eps / 2) F'_ab F^ab and charges that sum to zero the mixing is finite,

    eps(q^2) = (e g' / (2 pi^2)) sum_l Q_l Int_0^1 dx x (1 - x) ln[m_l^2 - x (1 - x) q^2] ,

and a fermion of electric charge q couples to the boson with ``-q e eps``: charged leptons with ``+e eps``. For
L_mu - L_tau at q^2 -> 0 this is Eqs. C4 and C5 of arXiv:1902.06765, ``eps = -(e g' / (12 pi^2)) ln(m_tau^2 / m_mu^2)``.
(arXiv:1902.08579 prints 3 e g' / (4 pi^2) for the prefactor, which is 3/2 too large.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.constants import DEFAULT_INPUTS, ELECTRON_MASS, FLAVOURS, LEPTON_MASS, ElectroweakInputs
from recast.errors import OutOfRangeError, RecastError, unknown
from recast.parameters import is_zero

if TYPE_CHECKING:
    from recast.interactions import U1Mediator
    from recast.parameters import Charges

__all__ = ["PAIRS", "effective_charge", "loop_mixing", "loop_mixing_timelike", "on_shell_charge_squared"]

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

# Charges are of order one; their sum is zero up to rounding.
_ROUNDING = 1e-12
# Below this q^2 / m_l^2 the closed form cancels and its power series converges fast.
_SERIES_BELOW = 0.5
_SERIES_TERMS = 26
# Charges that sum to zero are a sum of these, with those of muon and tau.
PAIRS: Final = (("mu", {"e": -1.0, "mu": 1.0}), ("tau", {"e": -1.0, "tau": 1.0}))


def loop_mixing(
    charges: Mapping[str, Charges], momentum_transfer: ArrayLike, *, inputs: ElectroweakInputs = DEFAULT_INPUTS
) -> FloatArray:
    """Return the mixing in units of the coupling at spacelike momentum transfer.

    Parameters
    ----------
    charges : mapping of str to array_like
        Q_l of e, mu and tau; absent ones are zero. They broadcast with the momentum transfer.
    momentum_transfer : array_like
        ``-q^2`` in GeV^2, zero or positive.
    inputs : ElectroweakInputs
        Only alpha enters.

    Returns
    -------
    ndarray
        ``eps(q^2) / g'``, to a relative 1e-13, of the shape of the momentum transfer and the charges.

    Raises
    ------
    RecastError
        When the charges do not sum to zero: the loops then diverge and the mixing is a free parameter.
    OutOfRangeError
        When a momentum transfer is negative or not a finite number.

    Notes
    -----
    With x = 1 / (1 + exp(-t)) the integrand is analytic in a strip of half-width pi around the real axis, for every
    q^2 < 0, so that equidistant nodes converge exponentially. Masses enter as ratios to the electron's, so that
    nothing cancels where the mixing becomes small.
    """
    complete = _check_charges(charges)
    if complete is None:
        pairs = (charges.get(name, 0.0) * loop_mixing(one, momentum_transfer, inputs=inputs) for name, one in PAIRS)
        return np.asarray(sum(pairs))
    transfer = np.asarray(momentum_transfer, dtype=np.float64)
    if not bool(np.all((transfer >= 0.0) & np.isfinite(transfer))):
        msg = "the momentum transfer -q^2 must be a finite number, zero or positive"
        raise OutOfRangeError(msg)
    weight, product = _nodes()
    # ln(m_l^2 - x (1 - x) q^2) relative to that of the electron: the common term drops out of the sum over charges.
    reference = ELECTRON_MASS**2 + product * transfer[..., None]
    logarithms = np.zeros_like(reference)
    for flavour, charge in complete.items():
        if charge != 0.0 and flavour != "e":
            logarithms += charge * np.log1p((LEPTON_MASS[flavour] ** 2 - ELECTRON_MASS**2) / reference)
    return np.asarray(_prefactor(inputs) * (logarithms @ weight))


def loop_mixing_timelike(
    charges: Mapping[str, Charges], q2: ArrayLike, *, inputs: ElectroweakInputs = DEFAULT_INPUTS
) -> ComplexArray:
    """Return the mixing in units of the coupling at any q^2, as for a boson on its mass shell.

    Parameters
    ----------
    charges : mapping of str to array_like
        Q_l of e, mu and tau; they broadcast with q^2.
    q2 : array_like
        q^2 in GeV^2, of either sign; approached from above, ``q^2 + i 0``.
    inputs : ElectroweakInputs
        Only alpha enters.

    Returns
    -------
    ndarray of complex
        ``eps(q^2) / g'``; a lepton above its threshold contributes
        ``-(e / (12 pi)) Q_l (1 + 2 r) sqrt(1 - 4 r)`` with r = m_l^2 / q^2 to the imaginary part.

    Raises
    ------
    RecastError
        When the charges do not sum to zero.
    OutOfRangeError
        When q^2 is not a finite number.
    """
    complete = _check_charges(charges)
    if complete is None:
        pairs = (charges.get(name, 0.0) * loop_mixing_timelike(one, q2, inputs=inputs) for name, one in PAIRS)
        return np.asarray(sum(pairs))
    squared = np.asarray(q2, dtype=np.float64)
    if not bool(np.all(np.isfinite(squared))):
        msg = "q^2 must be a finite number"
        raise OutOfRangeError(msg)
    total = np.zeros(squared.shape, dtype=np.complex128)
    for flavour, charge in complete.items():
        if charge != 0.0:
            mass_squared = LEPTON_MASS[flavour] ** 2
            total += charge * (math.log(mass_squared / ELECTRON_MASS**2) / 6.0 + _loop(squared / mass_squared))
    return np.asarray(_prefactor(inputs) * total)


def effective_charge(
    mediator: U1Mediator,
    lepton: str,
    momentum_transfer: ArrayLike = 0.0,
    *,
    inputs: ElectroweakInputs = DEFAULT_INPUTS,
) -> FloatArray:
    """Return what multiplies g' in the vector coupling of a charged lepton.

    Parameters
    ----------
    mediator : U1Mediator
        The boson; its charges and its ``mixing`` enter.
    lepton : str
        Flavour of the charged lepton.
    momentum_transfer : array_like
        ``-q^2`` in GeV^2, zero or positive.
    inputs : ElectroweakInputs
        Only alpha enters.

    Returns
    -------
    ndarray
        The vector charge where there is one, fixed mixing included, else ``e eps(q^2) / g'`` with loop mixing and zero
        without; of the shape of the momentum transfer and the charges. Loops are of higher order beside a charge and
        left out there.

    Raises
    ------
    UnknownNameError
        For an unknown flavour.
    """
    charge = mediator.vector_charge(lepton, inputs)
    if is_zero(charge) and mediator.mixing == "one_loop":
        e = math.sqrt(4.0 * math.pi * inputs.alpha)
        return np.asarray(e * loop_mixing(mediator.charges, momentum_transfer, inputs=inputs))
    return np.zeros(np.shape(momentum_transfer)) + charge


def on_shell_charge_squared(
    mediator: U1Mediator, lepton: str, *, inputs: ElectroweakInputs = DEFAULT_INPUTS
) -> FloatArray:
    """Return what multiplies g'^2 where the boson is real: in its decays and its production.

    Parameters
    ----------
    mediator : U1Mediator
        The boson; its mass, charges and ``mixing`` enter.
    lepton : str
        Flavour of the charged lepton.
    inputs : ElectroweakInputs
        Only alpha enters.

    Returns
    -------
    ndarray
        The square of the vector charge where there is one, fixed mixing included, else ``e^2 |eps(m^2) / g'|^2`` with
        loop mixing and zero without; of the shape of the mass and the charges. Axial charges are not in it.

    Raises
    ------
    UnknownNameError
        For an unknown flavour.
    """
    charge = mediator.vector_charge(lepton, inputs)
    if is_zero(charge) and mediator.mixing == "one_loop":
        mixing = loop_mixing_timelike(mediator.charges, np.square(mediator.mass), inputs=inputs)
        return np.asarray(4.0 * math.pi * inputs.alpha * np.square(np.abs(mixing)))
    return np.zeros(mediator.mass.shape) + charge**2


def _check_charges(charges: Mapping[str, Charges]) -> dict[str, float] | None:
    """Return the charges of all flavours; None when they are arrays.

    Raises
    ------
    UnknownNameError, RecastError
    """
    for flavour in charges:
        if flavour not in FLAVOURS:
            raise unknown("lepton flavour", flavour, FLAVOURS)
    complete = {flavour: charges.get(flavour, 0.0) for flavour in FLAVOURS}
    numbers = {flavour: charge for flavour, charge in complete.items() if not np.ndim(charge)}
    total = np.asarray(math.fsum(numbers.values()) if len(numbers) == len(complete) else sum(complete.values()))
    size = np.maximum(1.0, max(float(np.max(np.abs(charge))) for charge in complete.values()))
    wrong = np.abs(total) > _ROUNDING * size
    if wrong.any():
        msg = f"loop mixing is finite only when the charges sum to zero, not to {total[wrong].flat[0]:g}"
        raise RecastError(msg)
    return {flavour: float(charge) for flavour, charge in numbers.items()} if len(numbers) == len(complete) else None


def _prefactor(inputs: ElectroweakInputs) -> float:
    return math.sqrt(4.0 * math.pi * inputs.alpha) / (2.0 * math.pi**2)


@cache
def _nodes() -> tuple[FloatArray, FloatArray]:
    """Return x (1 - x) dx/dt with the step, and x (1 - x), at the nodes."""
    # exp(-2 pi^2 / step) is the error of the step, exp(-2 end) that of the ends.
    step, end = 0.5, 18.0
    t = np.arange(-end, end + step, step)
    product = 1.0 / (2.0 + 2.0 * np.cosh(t))
    return np.square(product) * step, product


def _loop(ratio: FloatArray) -> ComplexArray:
    """Return Int_0^1 dx x (1 - x) ln[1 - x (1 - x) ratio - i 0] for ratio = q^2 / m^2."""
    result = np.empty(ratio.shape, dtype=np.complex128)
    small = np.abs(ratio) < _SERIES_BELOW
    result[small] = _series(ratio[small])
    far = ratio[~small]
    root = np.sqrt((1.0 - 4.0 / far).astype(np.complex128))
    magnitude = np.abs(root)
    # root * ln[(root + 1) / (root - 1)] on its three stretches, without a branch to choose.
    outside = magnitude * np.log((1.0 + magnitude) ** 2 * np.abs(far) / 4.0)
    bound = 2.0 * magnitude * np.arctan2(1.0, magnitude)
    logarithm = np.where((far > 0.0) & (far <= 4.0), bound, outside - 1j * math.pi * magnitude * (far > 4.0))
    result[~small] = (-5.0 / 3.0 - 4.0 / far + (1.0 + 2.0 / far) * logarithm) / 6.0
    return result


def _series(ratio: FloatArray) -> FloatArray:
    """Return the same for a small ratio: -sum_n B(n + 2, n + 2) ratio^n / n."""
    total = np.zeros_like(ratio)
    for n in range(_SERIES_TERMS, 0, -1):
        beta = math.factorial(n + 1) ** 2 / math.factorial(2 * n + 3)
        total = ratio * (total + beta / n)
    return -total
