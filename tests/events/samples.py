"""Events of any kinematics for tests: isotropic decays, without a cross section."""

from __future__ import annotations

from typing import Any

import numpy as np

from recast.channels import Channel
from recast.constants import LEPTON_MASS, NEUTRON_MASS, PROTON_MASS
from recast.events.events import Events
from recast.trident.targets import nuclei


def random_events(
    n: int,
    *,
    channel: str = "numu_numu_mu-mu+",
    seed: int = 0,
    scatterers: tuple[str, ...] = ("Ar40", "proton", "neutron"),
) -> Events:
    """Return n events with momentum conserved and particles on their mass shells, of random weights."""
    random = np.random.default_rng(seed)
    parsed = Channel.parse(channel)
    m, M = LEPTON_MASS[parsed.minus], LEPTON_MASS[parsed.plus]
    masses = np.array([{"proton": PROTON_MASS, "neutron": NEUTRON_MASS}.get(s) or nuclei()[s].mass for s in scatterers])
    scatterer = random.integers(0, len(scatterers), n).astype(np.int8)
    mass = masses[scatterer]
    # Above every threshold.
    energy = (m + M) * (1.0 + (m + M) / mass) * (1.5 + 20.0 * random.random(n)) + 0.1
    beam = np.stack([energy, np.zeros(n), np.zeros(n), energy], axis=1)
    at_rest = np.stack([mass, np.zeros(n), np.zeros(n), np.zeros(n)], axis=1)
    root_s = np.sqrt(mass**2 + 2.0 * mass * energy)
    system = m + M + (root_s - mass - m - M) * random.uniform(0.1, 0.9, n)
    pair = m + M + (system - m - M) * random.uniform(0.1, 0.9, n)
    recoil, rest = _decay(beam + at_rest, mass, system, random)
    neutrino, both = _decay(rest, np.zeros(n), pair, random)
    minus, plus = _decay(both, np.full(n, m), np.full(n, M), random)
    momenta = np.stack([beam, at_rest, neutrino, minus, plus, recoil])
    k2 = 2.0 * (beam[:, 0] * neutrino[:, 0] - beam[:, 3] * neutrino[:, 3])
    q2 = 2.0 * mass * (recoil[:, 0] - mass)
    weight = random.random(n)
    structures = np.stack([weight, weight, 0.1 * weight])
    return Events(parsed, "Ar40", scatterers, scatterer, momenta, weight, structures, k2, q2)


def _decay(parent: Any, first: Any, second: Any, random: np.random.Generator) -> tuple[Any, Any]:
    """Let particles decay isotropically into two of given masses."""
    mass = np.sqrt(parent[:, 0] ** 2 - np.sum(parent[:, 1:] ** 2, axis=1))
    momentum = np.sqrt((mass**2 - (first + second) ** 2) * (mass**2 - (first - second) ** 2)) / (2.0 * mass)
    direction = random.standard_normal((len(mass), 3))
    direction *= (momentum / np.linalg.norm(direction, axis=1))[:, None]
    return _boosted(direction, first, parent, mass), _boosted(-direction, second, parent, mass)


def _boosted(momentum: Any, own: Any, parent: Any, mass: Any) -> Any:
    """Return four-momenta in the laboratory of particles in the rest frame of a parent."""
    energy = np.sqrt(np.sum(momentum**2, axis=1) + own**2)
    along = np.sum(momentum * parent[:, 1:], axis=1)
    factor = (along / (parent[:, 0] + mass) + energy) / mass
    lab = momentum + factor[:, None] * parent[:, 1:]
    return np.column_stack([np.sqrt(np.sum(lab**2, axis=1) + own**2), lab])
