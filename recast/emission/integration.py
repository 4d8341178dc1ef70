"""Cross sections of e+ e- -> mu+ mu- Z' by Monte Carlo integration.

The phase space is cut at the muon pair: its mass squared s', the direction of the boson in the centre of mass, the
direction of a muon in the rest frame of the pair, and of a decay muon in that of the boson. Each kind of emission has a
sampling of its own that follows its peaks: the photon at small s' and the boson along the beams, or the soft boson and
the boson along a muon.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recast.constants import DEFAULT_INPUTS, ELECTRON_MASS, MUON_MASS
from recast.emission.amplitudes import antiparticle, conjugate, contracted, line_tensor, particle
from recast.emission.detectors import Detector

__all__ = ["CrossSection", "Event", "cross_section", "sample"]

FloatArray = NDArray[np.float64]
Source = Literal["beams", "muons"]

# Events held in memory at a time.
_BLOCK = 20_000


@dataclass(frozen=True)
class CrossSection:
    """A cross section for charges of one and g' = 1.

    Attributes
    ----------
    value : float
        In GeV^-2.
    error : float
        Monte Carlo error.
    """

    value: float
    error: float


@dataclass(frozen=True, eq=False)
class Event:
    """Momenta in the centre of mass, each (n, 4), and the weight of the point in phase space.

    Attributes
    ----------
    minus, plus : ndarray
        Muons that the photon makes.
    boson : ndarray
    decay : tuple of ndarray
        Muons of the boson's decay; empty when it is invisible.
    weight : ndarray, shape (n,)
        Phase space over sampling density; the decay is normalised to one.
    """

    minus: FloatArray
    plus: FloatArray
    boson: FloatArray
    decay: tuple[FloatArray, ...]
    weight: FloatArray


def cross_section(
    source: Source,
    mass: float,
    *,
    energy: float,
    detector: Detector | None = None,
    samples: int = 200_000,
    seed: int = 1,
) -> CrossSection:
    """Return the cross section of e+ e- -> mu+ mu- Z' with the boson radiated by the beams or by the muons.

    Parameters
    ----------
    source : {"beams", "muons"}
    mass : float
        Of the boson, in GeV.
    energy : float
        sqrt(s) in GeV.
    detector : Detector, optional
        Acceptance, with the decay that it says; without one everything is counted and the boson does not decay.
    samples : int
        Points in phase space.
    seed : int
        Of the random numbers.
    """
    generator = np.random.default_rng(seed)
    total = squares = 0.0
    done = 0
    while done < samples:
        count = min(_BLOCK, samples - done)
        event = sample(
            source,
            mass,
            energy=energy,
            decays=detector is not None and detector.final_state == "mumu",
            count=count,
            generator=generator,
        )
        values = np.zeros(count)
        seen = np.full(count, True)
        if detector is not None:
            seen = detector.accepts([event.minus, event.plus, *event.decay], event.boson)
        if seen.any():
            values[seen] = _integrand(source, mass, energy, event, seen)
        total += float(values.sum())
        squares += float(np.square(values).sum())
        done += count
    mean = total / samples
    return CrossSection(mean, math.sqrt(max(squares / samples - mean**2, 0.0) / samples))


def _integrand(source: Source, mass: float, energy: float, event: Event, seen: NDArray[np.bool_]) -> FloatArray:
    """Return the differential cross section over the density of the points."""
    minus, plus, boson = event.minus[seen], event.plus[seen], event.boson[seen]
    electron, positron = _beams(energy, minus.shape[0])
    s, pair = energy**2, minus + plus
    virtuality = pair[:, 0] ** 2 - np.sum(pair[:, 1:] ** 2, axis=1)
    if source == "muons":
        tensor = line_tensor(
            conjugate(particle(minus, MUON_MASS)),
            antiparticle(plus, MUON_MASS),
            minus + boson,
            -plus - boson,
            mass=MUON_MASS,
        )
        photon = (electron - positron, np.full_like(virtuality, s))
        propagator = 1.0 / s**2
    else:
        tensor = line_tensor(
            conjugate(antiparticle(positron, ELECTRON_MASS)),
            particle(electron, ELECTRON_MASS),
            boson - positron,
            electron - boson,
            mass=ELECTRON_MASS,
        )
        photon = (minus - plus, virtuality)
        propagator = 1.0 / virtuality**2
    if event.decay:
        difference = event.decay[0][seen] - event.decay[1][seen]
        # The decay averages to the polarisation sum -g.
        square = contracted(tensor, boson=(difference, mass), photon=photon) * 1.5 / (mass**2 + 2.0 * MUON_MASS**2)
    else:
        square = contracted(tensor, boson=(None, mass), photon=photon)
    coupling = (4.0 * math.pi * DEFAULT_INPUTS.alpha) ** 2
    return np.asarray(coupling * 0.25 * square * propagator / (2.0 * s) * event.weight[seen])


def _beams(energy: float, count: int) -> tuple[FloatArray, FloatArray]:
    """Return the momenta of electron and positron, shape (n, 4), along +z and -z."""
    momentum = math.sqrt(0.25 * energy**2 - ELECTRON_MASS**2)
    beam = np.array([0.5 * energy, 0.0, 0.0, momentum])
    return np.tile(beam, (count, 1)), np.tile(beam * [1.0, 1.0, 1.0, -1.0], (count, 1))


def sample(
    source: Source, mass: float, *, energy: float, decays: bool, count: int, generator: np.random.Generator
) -> Event:
    """Return points of phase space that follow the peaks of a kind of emission.

    Parameters
    ----------
    source : {"beams", "muons"}
        Whose peaks.
    mass : float
        Of the boson, in GeV.
    energy : float
        sqrt(s) in GeV.
    decays : bool
        Whether the boson decays into muons.
    count : int
    generator : Generator
    """
    s, threshold = energy**2, 4.0 * MUON_MASS**2
    pair, weight = _pair_mass(source, threshold, s, (energy - mass) ** 2, mass, generator.random((2, count)))
    boson_energy = (s + mass**2 - pair) / (2.0 * energy)
    momentum = np.sqrt(np.maximum(boson_energy**2 - mass**2, 1e-30))
    velocity = np.sqrt(1.0 - threshold / pair)
    # Flat in three-body phase space: ds' / (2 pi) times two two-body factors.
    weight *= (2.0 * momentum / energy) * velocity / (2.0 * math.pi * (8.0 * math.pi) ** 2)

    flat = np.full(count, np.inf)
    along_beam = (energy * boson_energy - mass**2) / (energy * momentum) if source == "beams" else flat
    cosine, density = _peaked_cosine(along_beam, generator.random((2, count)))
    weight /= 2.0 * density
    boson = _from_polar(boson_energy, momentum, cosine, generator.random(count))

    root = np.sqrt(pair)
    # Energy and momentum of the boson in the rest frame of the pair.
    energy_there = (s - pair - mass**2) / (2.0 * root)
    momentum_there = energy * momentum / root
    along_muon = (mass**2 + root * energy_there) / (root * velocity * momentum_there) if source == "muons" else flat
    cosine, density = _peaked_cosine(along_muon, generator.random((2, count)))
    weight /= 2.0 * density
    minus = _in_rest_frame(root, velocity, cosine, generator.random(count), direction=boson[:, 1:])
    together = np.concatenate([(energy - boson_energy)[:, None], -boson[:, 1:]], axis=1)
    minus = _boosted(minus, together, root)
    decay: tuple[FloatArray, ...] = ()
    if decays:
        own = np.full(count, math.sqrt(1.0 - threshold / mass**2))
        cosine, azimuth = 2.0 * generator.random(count) - 1.0, generator.random(count)
        one = _boosted(_from_polar(np.full(count, 0.5 * mass), 0.5 * mass * own, cosine, azimuth), boson, mass)
        decay = (one, boson - one)
    return Event(minus, together - minus, boson, decay, weight)


def _pair_mass(
    source: Source, low: float, s: float, high: float, mass: float, random: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return s' between its limits and the inverse of its density.

    Half of the points follow 1/s' or 1/(s - s'), half are flat.
    """
    # Beyond the end, so that the density stays finite there.
    end = s + mass**2
    flat = low + (high - low) * random[0]
    if source == "beams":
        norm = math.log(high / low)
        peaked = low * np.exp(norm * random[0])
    else:
        norm = math.log((end - low) / (end - high))
        peaked = end - (end - low) * np.exp(-norm * random[0])
    value = np.where(random[1] < 0.5, flat, peaked)
    shape = value if source == "beams" else end - value
    return value, 1.0 / (0.5 / (high - low) + 0.5 / (norm * shape))


def _peaked_cosine(edge: FloatArray, random: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return cosines with the density 1/(edge - c) + 1/(edge + c), flat for an infinite edge, and the density."""
    finite = np.isfinite(edge)
    safe = np.where(finite, edge, 2.0)
    norm = np.log((safe + 1.0) / (safe - 1.0))
    peaked = safe - (safe - 1.0) * np.exp(norm * random[0])
    peaked = np.where(random[1] < 0.5, peaked, -peaked)
    cosine = np.clip(np.where(finite, peaked, 2.0 * random[0] - 1.0), -1.0, 1.0)
    density = np.where(finite, safe / (norm * (safe - cosine) * (safe + cosine)), 0.5)
    return cosine, density


def _from_polar(energy: FloatArray, momentum: FloatArray, cosine: FloatArray, azimuth: FloatArray) -> FloatArray:
    """Return momenta from their polar angle and the azimuth in turns, shape (n, 4)."""
    sine, phi = np.sqrt((1.0 - cosine) * (1.0 + cosine)), 2.0 * math.pi * azimuth
    parts = [energy, momentum * sine * np.cos(phi), momentum * sine * np.sin(phi), momentum * cosine]
    return np.stack(parts, axis=1)


def _in_rest_frame(
    root: FloatArray, velocity: FloatArray, cosine: FloatArray, azimuth: FloatArray, *, direction: FloatArray
) -> FloatArray:
    """Return a muon in the rest frame of its pair, the polar angle measured from a direction."""
    axis = direction / np.linalg.norm(direction, axis=1, keepdims=True)
    helper = np.where(np.abs(axis[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    first = np.cross(axis, helper)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(axis, first)
    local = _from_polar(0.5 * root, 0.5 * root * velocity, cosine, azimuth)
    space = local[:, 1:2] * first + local[:, 2:3] * second + local[:, 3:4] * axis
    return np.concatenate([local[:, :1], space], axis=1)


def _boosted(momentum: FloatArray, frame: FloatArray, mass: FloatArray | float) -> FloatArray:
    """Return momenta given in the rest frame of another momentum in the frame where that is measured."""
    inverse = 1.0 / np.broadcast_to(np.asarray(mass), momentum.shape[:1])
    projection = np.sum(momentum[:, 1:] * frame[:, 1:], axis=1)
    energy = (frame[:, 0] * momentum[:, 0] + projection) * inverse
    factor = (momentum[:, 0] + energy) / (frame[:, 0] + 1.0 / inverse)
    return np.concatenate([energy[:, None], momentum[:, 1:] + factor[:, None] * frame[:, 1:]], axis=1)
