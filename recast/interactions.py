"""Interactions: what a model does to the four-fermion couplings of neutrinos and charged leptons.

With H as in `recast.couplings`, an interaction replaces ``gV -> gV + dgV(K2)`` and ``gA -> gA + dgA(K2)``, where
``K2 = -(k - k')^2 > 0`` is the momentum transfer of the neutrino line. Every shift is a sum of terms ``strength``
times ``profile(K2)``: only the strength knows the coupling and only the profile knows the mass, so that sums over K2
are done once per mass and not once per point of a plane.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Literal, Protocol, get_args, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recast.channels import Channel
from recast.constants import DEFAULT_INPUTS, FLAVOURS, ElectroweakInputs
from recast.errors import unknown
from recast.parameters import Charges, check_broadcast, checked, is_zero, number_or_array, of_flavours

__all__ = [
    "ContactInteraction",
    "Interaction",
    "Mixing",
    "Shift",
    "StandardModel",
    "U1Mediator",
    "checked",
]

FloatArray = NDArray[np.float64]
Mixing = Literal["none", "one_loop", "fixed"]


@dataclass(frozen=True, eq=False)
class Shift:
    """One additive term of dgV or dgA.

    Attributes
    ----------
    structure : {"V", "A"}
        Which coupling is shifted.
    strength : ndarray
        The dependence on the coupling (g'^2, a contact shift); broadcasts with the other strengths and with
        the profiles. Terms with the same strength share one array.
    profile : callable
        From momentum transfers of shape (n,) in GeV^2 to an array of shape ``mass.shape + (n,)``, or (n,) when no
        parameter enters.
    """

    structure: Literal["V", "A"]
    strength: FloatArray
    profile: Callable[[FloatArray], FloatArray]


@runtime_checkable
class Interaction(Protocol):
    """New physics between neutrinos and charged leptons, at one or many values of its parameters."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Broadcast shape of the parameters."""
        ...

    @property
    def mediators(self) -> tuple[U1Mediator, ...] | None:
        """The vector bosons that are exchanged; None when only effective couplings are known."""
        ...

    def shifts(self, channel: Channel, inputs: ElectroweakInputs = DEFAULT_INPUTS) -> tuple[Shift, ...]:
        """Return the terms that shift the couplings of a channel; empty when nothing does."""
        ...


@dataclass(frozen=True)
class StandardModel:
    """No new physics."""

    @property
    def shape(self) -> tuple[int, ...]:
        """There are no parameters: ``()``."""
        return ()

    @property
    def mediators(self) -> tuple[U1Mediator, ...]:
        """There are none: ``()``."""
        return ()

    def shifts(self, channel: Channel, inputs: ElectroweakInputs = DEFAULT_INPUTS) -> tuple[Shift, ...]:  # noqa: ARG002
        """Return no shifts."""
        return ()


@dataclass(frozen=True, eq=False)
class U1Mediator:
    """A vector boson with flavour-diagonal couplings.

    L = g' Z'_a { sum_l [lbar gamma^a (V_l + A_l gamma5) l + (V_l - A_l) nubar_l gamma^a P_L nu_l] + Q_q sum_q qbar
    gamma^a q }, so that in neutral-current channels

        dgV = 2 v^2 Q_nu V_l g'^2 / (K2 + m^2),    dgA = 2 v^2 Q_nu A_l g'^2 / (K2 + m^2),    Q_nu = V_nu - A_nu

    (arXiv:1902.06765, Eqs. 18 and 19 for A = 0, with the propagator kept; v = (sqrt2 G_F)^(-1/2)). Neutrinos have the
    charge of the left-handed leptons that they share doublets with; terms of the propagator with 1 / m^2 vanish
    between massless neutrinos.

    Every charge is a number or an array that broadcasts with mass and coupling: one charge for every point.

    Parameters
    ----------
    charges : mapping of str to array_like
        V_l of e, mu and tau.
    mass : array_like
        m in GeV; positive.
    coupling : array_like
        g'; not negative. Broadcasts with the mass.
    axial : mapping of str to array_like, optional
        A_l of e, mu and tau; none by default.
    quarks : array_like
        Q_q, the vector charge that all quarks share (1/3 for baryon number).
    mixing : {"none", "one_loop", "fixed"}
        Kinetic mixing with the photon: none, what the loops of the charged leptons give, or ``epsilon`` times the
        coupling (`recast.mixing`). That of loops matters only to fermions without a charge of their own; beside a
        tree-level charge it is of higher order and left out, as in every trident rate.
    epsilon : array_like
        Fixed mixing in units of the coupling; 1, with no charges, makes the coupling that of a dark photon.

    Raises
    ------
    OutOfRangeError
        When a mass or coupling is not a number, not finite or has the wrong sign, or arrays do not broadcast.
    """

    charges: Mapping[str, Charges]
    mass: FloatArray
    coupling: FloatArray
    axial: Mapping[str, Charges]
    quarks: Charges
    mixing: Mixing
    epsilon: Charges

    def __init__(
        self,
        charges: Mapping[str, Charges],
        *,
        mass: ArrayLike,
        coupling: ArrayLike,
        axial: Mapping[str, Charges] | None = None,
        quarks: Charges = 0.0,
        mixing: Mixing = "none",
        epsilon: Charges = 0.0,
    ) -> None:
        object.__setattr__(self, "charges", of_flavours(charges))
        object.__setattr__(self, "axial", of_flavours(axial or {}))
        object.__setattr__(self, "quarks", number_or_array(quarks))
        object.__setattr__(self, "mass", checked("mass", mass, positive=True))
        object.__setattr__(self, "coupling", checked("coupling", coupling))
        if mixing not in get_args(Mixing):
            raise unknown("kinetic mixing", mixing, get_args(Mixing))
        object.__setattr__(self, "mixing", mixing)
        object.__setattr__(self, "epsilon", number_or_array(epsilon) if mixing == "fixed" else 0.0)
        check_broadcast(mass=self.mass, coupling=self.coupling, **self.charge_arrays)

    @property
    def shape(self) -> tuple[int, ...]:
        """Broadcast shape of mass, coupling and charges."""
        arrays = (self.mass, self.coupling, *self.charge_arrays.values())
        return np.broadcast_shapes(*(array.shape for array in arrays))

    @cached_property
    def charge_arrays(self) -> dict[str, FloatArray]:
        """The charges that are arrays, by the names of `recast.model.U1Model.optional`; empty for one boson."""
        named: dict[str, Charges] = {"quarks": self.quarks, "epsilon": self.epsilon}
        for flavour in FLAVOURS:
            named[f"charge_{flavour}"] = self.charges[flavour]
            named[f"axial_{flavour}"] = self.axial[flavour]
        return {name: charge for name, charge in named.items() if not isinstance(charge, float)}

    @property
    def mediators(self) -> tuple[U1Mediator, ...]:
        """The boson itself."""
        return (self,)

    @cached_property
    def coupling_squared(self) -> FloatArray:
        """g'^2, of the shape of the coupling."""
        return np.square(self.coupling)

    @cached_property
    def neutrino_charges(self) -> Mapping[str, Charges]:
        """V_l - A_l by flavour."""
        return MappingProxyType({flavour: self.charges[flavour] - self.axial[flavour] for flavour in FLAVOURS})

    @property
    def is_axial(self) -> bool:
        """Whether any axial charge differs from zero."""
        return not all(is_zero(charge) for charge in self.axial.values())

    def vector_charge(self, lepton: str, inputs: ElectroweakInputs = DEFAULT_INPUTS) -> Charges:
        """Return what multiplies g' in the vector current of a charged lepton, mixing by loops left out.

        Raises
        ------
        UnknownNameError
            For an unknown flavour.
        """
        if lepton not in FLAVOURS:
            raise unknown("lepton flavour", lepton, FLAVOURS)
        return self.charges[lepton] + math.sqrt(4.0 * math.pi * inputs.alpha) * self.epsilon

    def with_values(self, *, mass: ArrayLike, coupling: ArrayLike) -> U1Mediator:
        """Return the same boson at other values of mass and coupling."""
        return U1Mediator(
            self.charges,
            mass=mass,
            coupling=coupling,
            axial=self.axial,
            quarks=self.quarks,
            mixing=self.mixing,
            epsilon=self.epsilon,
        )

    def shifts(self, channel: Channel, inputs: ElectroweakInputs = DEFAULT_INPUTS) -> tuple[Shift, ...]:
        """Return the shifts in a neutral-current channel of charged leptons and neutrinos that couple."""
        neutrino = self.neutrino_charges[channel.incoming]
        if not channel.has_neutral_current or is_zero(neutrino):
            return ()
        mass_squared = np.square(self.mass)[..., None]

        def propagator(numerator: float) -> Callable[[FloatArray], FloatArray]:
            def profile(momentum_transfer: FloatArray) -> FloatArray:
                return np.asarray(numerator / (mass_squared + momentum_transfer), dtype=np.float64)

            return profile

        common = propagator(2.0 * inputs.vev**2)

        def term(structure: Literal["V", "A"], charge: Charges) -> Shift:
            if isinstance(neutrino, float) and isinstance(charge, float):
                return Shift(structure, self.coupling_squared, propagator(2.0 * inputs.vev**2 * neutrino * charge))
            # Charges of every point belong to the strength: the profile still knows the mass only.
            return Shift(structure, self.coupling_squared * (neutrino * charge), common)

        terms: tuple[tuple[Literal["V", "A"], Charges], ...] = (
            ("V", self.vector_charge(channel.minus, inputs)),
            ("A", self.axial[channel.minus]),
        )
        return tuple(term(structure, charge) for structure, charge in terms if not is_zero(charge))


@dataclass(frozen=True, eq=False)
class ContactInteraction:
    """Shifts of the couplings of one neutrino to one charged lepton that do not depend on the momentum transfer.

    Eq. 13 of arXiv:1902.06765 for muon neutrinos and muons; every other channel keeps its couplings.

    Parameters
    ----------
    dgv, dga : array_like
        Additive shifts of gV and gA; they broadcast.
    neutrino, lepton : str
        Flavours.

    Raises
    ------
    OutOfRangeError
        When a shift is not a finite number.
    """

    dgv: FloatArray
    dga: FloatArray
    neutrino: str
    lepton: str

    def __init__(self, *, dgv: ArrayLike, dga: ArrayLike, neutrino: str = "mu", lepton: str = "mu") -> None:
        for flavour in (neutrino, lepton):
            if flavour not in FLAVOURS:
                raise unknown("lepton flavour", flavour, FLAVOURS)
        object.__setattr__(self, "dgv", checked("dgv", dgv, signed=True))
        object.__setattr__(self, "dga", checked("dga", dga, signed=True))
        object.__setattr__(self, "neutrino", neutrino)
        object.__setattr__(self, "lepton", lepton)
        check_broadcast(dgv=self.dgv, dga=self.dga)

    @property
    def shape(self) -> tuple[int, ...]:
        """Broadcast shape of the two shifts."""
        return np.broadcast_shapes(self.dgv.shape, self.dga.shape)

    @property
    def mediators(self) -> None:
        """None: what generates the shifts is left open."""
        return

    def shifts(self, channel: Channel, inputs: ElectroweakInputs = DEFAULT_INPUTS) -> tuple[Shift, ...]:  # noqa: ARG002
        """Return the two shifts in the neutral-current channel of the neutrino and the lepton, else nothing."""
        if not channel.has_neutral_current or (channel.incoming, channel.minus) != (self.neutrino, self.lepton):
            return ()

        def constant(momentum_transfer: FloatArray) -> FloatArray:
            return np.ones(np.shape(momentum_transfer))

        return (Shift("V", self.dgv, constant), Shift("A", self.dga, constant))
