"""Generated events: four-momenta in the laboratory, weights, and what is needed to weigh them anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from recast.channels import Channel
from recast.constants import DEFAULT_INPUTS, ElectroweakInputs
from recast.couplings import sm_couplings
from recast.errors import OutOfRangeError
from recast.interactions import Interaction
from recast.trident.targets import nuclei

__all__ = ["PARTICLES", "Events", "couplings_at", "lepton_pdg_id", "neutrino_pdg_id", "scatterer_pdg_id"]

Array = NDArray[np.float64]

#: Particles of an event, in the order of `Events.momenta`.
PARTICLES = ("beam", "target", "neutrino", "minus", "plus", "recoil")

_LEPTON_PDG = {"e": 11, "mu": 13, "tau": 15}
_NUCLEON_PDG = {"proton": 2212, "neutron": 2112}


def lepton_pdg_id(flavour: str) -> int:
    """PDG number of the negative lepton of a flavour; the positive one has the opposite sign."""
    return _LEPTON_PDG[flavour]


def neutrino_pdg_id(flavour: str, *, antineutrino: bool) -> int:
    """PDG number of a neutrino."""
    number = _LEPTON_PDG[flavour] + 1
    return -number if antineutrino else number


def scatterer_pdg_id(name: str) -> int:
    """PDG number of a nucleon, or of a nucleus by its name: 10LZZZAAAI."""
    if name in _NUCLEON_PDG:
        return _NUCLEON_PDG[name]
    nucleus = nuclei()[name]
    return 1_000_000_000 + 10_000 * nucleus.protons + 10 * nucleus.nucleons


def couplings_at(
    channel: Channel, k2: Array, interaction: Interaction | None = None, inputs: ElectroweakInputs = DEFAULT_INPUTS
) -> tuple[Array, Array]:
    """Return gV and gA at momentum transfers.

    Parameters
    ----------
    channel : Channel
    k2 : ndarray
        ``K2 = -(k - k')^2`` in GeV^2, of any shape.
    interaction : Interaction, optional
        At one value of its parameters; the Standard Model when None.
    inputs : ElectroweakInputs
        The weak mixing angle.

    Returns
    -------
    gv, ga : ndarray
        Of the shape of ``k2``.

    Raises
    ------
    OutOfRangeError
        When the interaction has arrays of parameters: events belong to one model.
    """
    gv, ga = (np.full(k2.shape, g) for g in sm_couplings(channel, inputs))
    if interaction is None:
        return gv, ga
    if interaction.shape != ():
        msg = f"events are those of one mass and one coupling, not of arrays of shape {interaction.shape}"
        raise OutOfRangeError(msg)
    for shift in interaction.shifts(channel, inputs):
        term = float(shift.strength) * np.asarray(shift.profile(k2.ravel())).reshape(k2.shape)
        if shift.structure == "V":
            gv = gv + term
        else:
            ga = ga + term
    return gv, ga


@dataclass(frozen=True, eq=False)
class Events:
    """Events of one channel on one target.

    The squared amplitude of an event is quadratic in the couplings: ``weight = vv gV^2 + aa gA^2 + va gV gA`` with the
    couplings at its K2. An event generated for one model is therefore one of any other, with another weight.

    Attributes
    ----------
    channel : Channel
    target : str
        E.g. ``Ar40`` or ``SiO2``.
    scatterers : tuple of str
        What was hit: nuclei, ``proton``, ``neutron``.
    scatterer : ndarray of int, shape (n,)
        Index into ``scatterers``, event by event.
    momenta : ndarray, shape (6, n, 4)
        Four-momenta (E, px, py, pz) in GeV of :data:`PARTICLES`: incoming neutrino along z, target at rest, outgoing
        neutrino, negative and positive lepton, recoiling nucleus or nucleon.
    weight : ndarray, shape (n,)
        Weighted events: fb per nucleus or formula unit, the mean over the trials is the cross section. Unweighted: 1.
    structures : ndarray, shape (3, n)
        vv, aa, va in the unit of the weight; ``va`` has the sign of the channel.
    k2, q2 : ndarray, shape (n,)
        ``-(k - k')^2`` of the neutrinos and ``-q^2`` of the photon in GeV^2, free of the rounding of differences.
    """

    channel: Channel
    target: str
    scatterers: tuple[str, ...]
    scatterer: NDArray[np.int8]
    momenta: Array
    weight: Array
    structures: Array
    k2: Array
    q2: Array

    def __len__(self) -> int:
        return len(self.weight)

    @property
    def beam(self) -> Array:
        """Incoming neutrino, shape (n, 4) in GeV."""
        return np.asarray(self.momenta[0])

    @property
    def at_rest(self) -> Array:
        """Target before the collision, shape (n, 4) in GeV."""
        return np.asarray(self.momenta[1])

    @property
    def neutrino(self) -> Array:
        """Outgoing neutrino, shape (n, 4) in GeV."""
        return np.asarray(self.momenta[2])

    @property
    def minus(self) -> Array:
        """Negative lepton, shape (n, 4) in GeV."""
        return np.asarray(self.momenta[3])

    @property
    def plus(self) -> Array:
        """Positive lepton, shape (n, 4) in GeV."""
        return np.asarray(self.momenta[4])

    @property
    def recoil(self) -> Array:
        """Nucleus or nucleon after the collision, shape (n, 4) in GeV."""
        return np.asarray(self.momenta[5])

    @property
    def coherent(self) -> NDArray[np.bool_]:
        """Which events left the nucleus whole, shape (n,)."""
        whole = np.array([name not in _NUCLEON_PDG for name in self.scatterers])
        return np.asarray(whole[self.scatterer])

    @property
    def pdg_ids(self) -> NDArray[np.int64]:
        """PDG numbers of :data:`PARTICLES`, shape (6, n)."""
        channel = self.channel
        hit = np.array([scatterer_pdg_id(name) for name in self.scatterers])[self.scatterer]
        leptons = (lepton_pdg_id(channel.minus), -lepton_pdg_id(channel.plus))
        incoming = neutrino_pdg_id(channel.incoming, antineutrino=channel.antineutrino)
        outgoing = neutrino_pdg_id(channel.outgoing, antineutrino=channel.antineutrino)
        ids = np.empty((len(PARTICLES), len(self)), dtype=np.int64)
        ids[[0, 2, 3, 4]] = np.array([incoming, outgoing, *leptons])[:, None]
        ids[[1, 5]] = hit
        return ids

    def weights_for(
        self, interaction: Interaction | None = None, inputs: ElectroweakInputs = DEFAULT_INPUTS
    ) -> Array:
        """Return the weights that the same events have in another model, shape (n,).

        Parameters
        ----------
        interaction : Interaction, optional
            At one value of its parameters; the Standard Model when None.
        inputs : ElectroweakInputs
            The weak mixing angle.
        """
        gv, ga = couplings_at(self.channel, self.k2, interaction, inputs)
        vv, aa, va = self.structures
        return np.asarray(vv * gv**2 + aa * ga**2 + va * gv * ga)

    def __getitem__(self, chosen: slice | NDArray[np.bool_] | NDArray[np.intp]) -> Events:
        """Return some of the events: a slice, a mask of shape (n,) or indices."""
        return Events(
            self.channel,
            self.target,
            self.scatterers,
            self.scatterer[chosen],
            self.momenta[:, chosen],
            self.weight[chosen],
            self.structures[:, chosen],
            self.k2[chosen],
            self.q2[chosen],
        )

    @classmethod
    def joined(cls, parts: Sequence[Events]) -> Events:
        """Put samples of one channel and target together."""
        first = parts[0]
        axes = {"scatterer": 0, "momenta": 1, "weight": 0, "structures": 1, "k2": 0, "q2": 0}
        values = {field.name: getattr(first, field.name) for field in fields(cls)}
        for name, axis in axes.items():
            values[name] = np.concatenate([getattr(part, name) for part in parts], axis=axis)
        return cls(**values)
