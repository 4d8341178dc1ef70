"""e+ e- -> mu+ mu- Z' from helicity amplitudes: against QED, traces, soft limits and cross sections in closed form."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad

from recast.constants import DEFAULT_INPUTS, ELECTRON_MASS, MUON_MASS
from recast.emission import DETECTORS, Detector, cross_section, integration
from recast.emission.amplitudes import (
    GAMMA,
    METRIC,
    antiparticle,
    conjugate,
    contracted,
    dot,
    line_tensor,
    particle,
)
from recast.emission.integration import Event, sample
from recast.emission.table import build, rows
from recast.emission_table import load_emission_table
from recast.errors import OutputExistsError
from recast.z_to_four_muons.width import emission_function

ENERGY = 10.58
S = ENERGY**2
Array = NDArray[np.float64]


def points(mass: float, *, decays: bool = False, count: int = 40) -> Event:
    generator = np.random.default_rng(7)
    return sample("muons", mass, energy=ENERGY, decays=decays, count=count, generator=generator)


def beams(count: int) -> tuple[Array, Array]:
    return integration._beams(ENERGY, count)


def muon_line(event: Event, mass: float = MUON_MASS) -> NDArray[np.complex128]:
    left, right = conjugate(particle(event.minus, mass)), antiparticle(event.plus, mass)
    return line_tensor(left, right, event.minus + event.boson, -event.plus - event.boson, mass=mass)


def electron_line(event: Event) -> NDArray[np.complex128]:
    electron, positron = beams(event.minus.shape[0])
    left, right = conjugate(antiparticle(positron, ELECTRON_MASS)), particle(electron, ELECTRON_MASS)
    return line_tensor(left, right, event.boson - positron, electron - event.boson, mass=ELECTRON_MASS)


def test_spinors_solve_the_dirac_equation_and_are_normalised() -> None:
    event = points(1.0)
    u, v = particle(event.minus, MUON_MASS), antiparticle(event.minus, MUON_MASS)
    slash = np.einsum("na,aij->nij", METRIC * event.minus, GAMMA)
    np.testing.assert_allclose(np.einsum("nij,nsj->nsi", slash, u), MUON_MASS * u, atol=1e-12)
    np.testing.assert_allclose(np.einsum("nij,nsj->nsi", slash, v), -MUON_MASS * v, atol=1e-12)
    np.testing.assert_allclose(
        np.einsum("nsi,nti->nst", conjugate(u), u), np.tile(2 * MUON_MASS * np.eye(2), (40, 1, 1)), atol=1e-12
    )


def test_momenta_are_conserved_and_on_their_mass_shells() -> None:
    event = points(2.5, decays=True)
    total = event.minus + event.plus + event.boson
    np.testing.assert_allclose(total, np.tile([ENERGY, 0, 0, 0], (40, 1)), atol=1e-10)
    np.testing.assert_allclose(sum(event.decay), event.boson, atol=1e-12)
    for momentum, mass in ((event.minus, MUON_MASS), (event.plus, MUON_MASS), (event.decay[0], MUON_MASS)):
        np.testing.assert_allclose(dot(momentum, momentum), mass**2, atol=1e-9)
    np.testing.assert_allclose(dot(event.boson, event.boson), 2.5**2, rtol=1e-10)


def test_both_lines_are_conserved() -> None:
    event = points(0.7)
    for tensor, photon in ((muon_line(event), event.minus + event.plus + event.boson), (electron_line(event), None)):
        scale = np.abs(tensor).max()
        boson = np.einsum("nstab,na->nstb", tensor, METRIC * event.boson)
        virtual = photon if photon is not None else event.minus + event.plus
        other = np.einsum("nstab,nb->nsta", tensor, METRIC * virtual)
        assert np.abs(boson).max() < 1e-10 * scale * ENERGY
        assert np.abs(other).max() < 1e-10 * scale * ENERGY


def test_spin_sums_are_traces() -> None:
    """Sum over spins of T T* from spinors against Tr[(k1slash + m) M (k2slash - m) Mbar] from matrices."""
    event = points(1.3, count=3)
    tensor = muon_line(event)
    from_spinors = np.einsum("nstab,nstcd->nabcd", tensor, tensor.conj())

    def slash(p: Array) -> NDArray[np.complex128]:
        return np.einsum("a,aij->ij", METRIC * p, GAMMA)

    one = np.eye(4)
    for n in range(3):
        k1, k2, q = event.minus[n], event.plus[n], event.boson[n]
        first = (slash(k1 + q) + MUON_MASS * one) / (dot(k1 + q, k1 + q) - MUON_MASS**2)
        second = (slash(-k2 - q) + MUON_MASS * one) / (dot(k2 + q, k2 + q) - MUON_MASS**2)
        m = np.array([[GAMMA[a] @ first @ GAMMA[b] + GAMMA[b] @ second @ GAMMA[a] for b in range(4)] for a in range(4)])
        bar = np.einsum("ij,abkj,kl->abil", GAMMA[0], m.conj(), GAMMA[0])
        low, high = slash(k1) + MUON_MASS * one, slash(k2) - MUON_MASS * one
        trace = np.einsum("ij,abjk,kl,cdli->abcd", low, m, high, bar)
        np.testing.assert_allclose(from_spinors[n], trace, rtol=1e-9, atol=1e-9 * np.abs(trace).max())


def test_massless_limit_is_quantum_electrodynamics() -> None:
    """Squared amplitudes of e+ e- -> mu+ mu- gamma for massless particles (F. A. Berends et al., Nucl. Phys. B 177)."""
    muon = 1e-4
    generator = np.random.default_rng(3)
    count = 30
    # Three massless momenta in a plane with random orientation; energies 2 E_i / sqrt(s) = 0.8, 0.7, 0.5.
    x1, x2, x3 = 0.8, 0.7, 0.5
    c12, c13 = 1 - 2 * (x1 + x2 - 1) / (x1 * x2), 1 - 2 * (x1 + x3 - 1) / (x1 * x3)
    space = 0.5 * ENERGY * np.array(
        [[0, 0, x1], [x2 * math.sqrt(1 - c12**2), 0, x2 * c12], [-x3 * math.sqrt(1 - c13**2), 0, x3 * c13]]
    )
    rotations = np.linalg.qr(generator.normal(size=(count, 3, 3)))[0]
    minus, plus, photon = (
        np.concatenate([np.full((count, 1), 0.5 * ENERGY * x), rotations @ vector], axis=1)
        for x, vector in zip((x1, x2, x3), space, strict=True)
    )
    massive = [np.column_stack([np.sqrt(np.sum(k[:, 1:] ** 2, axis=1) + muon**2), k[:, 1:]]) for k in (minus, plus)]
    event = Event(massive[0], massive[1], photon, (), np.ones(count))
    electron, positron = beams(count)

    pair = dot(minus + plus, minus + plus)
    invariants = [dot(electron - minus, electron - minus), dot(positron - plus, positron - plus)]
    invariants += [dot(electron - plus, electron - plus), dot(positron - minus, positron - minus)]
    common = sum(np.square(value) for value in invariants) / (S * pair)
    from_muons = contracted(muon_line(event, muon), boson=(None, 0.0), photon=(electron - positron, np.full(count, S)))
    from_beams = contracted(electron_line(event), boson=(None, 0.0), photon=(minus - plus, pair))
    expected_muons = common * pair / (dot(minus, photon) * dot(plus, photon))
    expected_beams = common * S / (dot(electron, photon) * dot(positron, photon))
    # The electron keeps its mass, which matters to (m_e / p q)^2.
    np.testing.assert_allclose(0.25 * from_muons / S**2, expected_muons, rtol=1e-6)
    np.testing.assert_allclose(0.25 * from_beams / pair**2, expected_beams, rtol=1e-5)


def test_soft_limit_factorises() -> None:
    """A soft boson sees currents only: - (k1/k1q - k2/k2q)^2 or - (p1/p1q - p2/p2q)^2 times e+ e- -> mu+ mu-."""
    count, soft = 12, 1e-6
    generator = np.random.default_rng(5)
    direction = generator.normal(size=(count, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    axis = np.roll(direction, 1, axis=0)
    momentum = math.sqrt(S / 4 - MUON_MASS**2)
    minus = np.column_stack([np.full(count, ENERGY / 2), momentum * axis])
    plus = np.column_stack([np.full(count, ENERGY / 2), -momentum * axis])
    boson = soft * np.column_stack([np.full(count, 1.0), 0.6 * direction])
    electron, positron = beams(count)
    event = Event(minus, plus, boson, (), np.ones(count))
    r_e, r_mu, s = electron - positron, minus - plus, np.full(count, S)
    born = 4 * (np.square(dot(r_e, r_mu)) + s * dot(r_e, r_e) + s * dot(r_mu, r_mu) + 3 * s * s)

    def eikonal(one: Array, two: Array) -> Array:
        current = one / dot(one, boson)[:, None] - two / dot(two, boson)[:, None]
        return -dot(current, current)

    for tensor, photon, factor in (
        (muon_line(event), (r_e, s), eikonal(minus, plus)),
        (electron_line(event), (r_mu, s), eikonal(electron, positron)),
    ):
        np.testing.assert_allclose(contracted(tensor, boson=(None, 0.0), photon=photon), factor * born, rtol=1e-4)


def test_interference_is_odd_under_exchange_of_the_muons() -> None:
    def interference(event: Event) -> Array:
        electron, positron = beams(event.minus.shape[0])
        on_muons, on_beams = muon_line(event), electron_line(event)
        e_left, e_right = conjugate(antiparticle(positron, ELECTRON_MASS)), particle(electron, ELECTRON_MASS)
        e_current = np.einsum("nsi,bij,ntj->nstb", e_left, GAMMA, e_right)
        m_left = conjugate(particle(event.minus, MUON_MASS))
        m_current = np.einsum("nsi,bij,ntj->nstb", m_left, GAMMA, antiparticle(event.plus, MUON_MASS))
        one = np.einsum("nstab,nuvb,b->nstuva", on_muons, e_current, METRIC)
        two = np.einsum("nuvab,nstb,b->nstuva", on_beams, m_current, METRIC)
        return -2.0 * np.einsum("nstuva,nstuva,a->n", one, two.conj(), METRIC).real

    event = points(1.0)
    swapped = Event(event.plus, event.minus, event.boson, (), event.weight)
    value, mirrored = interference(event), interference(swapped)
    assert np.abs(value).min() > 0.0
    np.testing.assert_allclose(value, -mirrored, rtol=1e-8, atol=1e-9 * np.abs(value).max())


def test_the_decay_averages_to_the_polarisation_sum() -> None:
    """The mean over three orthogonal directions of the decay is that over all, for a tensor of rank two."""
    mass = 1.5
    event = points(mass)
    electron, positron = beams(40)
    photon = (electron - positron, np.full(40, S))
    tensor = muon_line(event)
    momentum = math.sqrt(mass**2 / 4 - MUON_MASS**2)
    total = np.zeros(40)
    for direction in np.eye(3):
        rest = np.tile([mass / 2, *(momentum * direction)], (40, 1))
        muon = integration._boosted(rest, event.boson, mass)
        total += contracted(tensor, boson=(2 * muon - event.boson, mass), photon=photon)
    normalised = total / 3 * 1.5 / (mass**2 + 2 * MUON_MASS**2)
    np.testing.assert_allclose(normalised, contracted(tensor, boson=(None, mass), photon=photon), rtol=1e-8)


@pytest.mark.parametrize("mass", [0.5, 3.0])
def test_emission_from_muons_is_that_of_a_decaying_vector(mass: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """sigma(mu mu Z') / sigma(mu mu) = F(m^2 / s) / (8 pi^2), as for Z -> mu mu Z', for massless muons."""
    monkeypatch.setattr(integration, "MUON_MASS", 1e-3)
    found = cross_section("muons", mass, energy=ENERGY, samples=60_000)
    point = 4 * math.pi * DEFAULT_INPUTS.alpha**2 / (3 * S)
    expected = float(emission_function(mass, z_mass=ENERGY)) * point / (8 * math.pi**2)
    assert found.value == pytest.approx(expected, abs=4 * found.error)
    assert found.error < 0.004 * found.value


@pytest.mark.parametrize("mass", [0.25, 1.0, 6.0])
def test_emission_from_the_beams_is_production_of_two_vectors(mass: float) -> None:
    """Integrated over e+ e- -> Z' gamma*, whose t integral is done by hand, and gamma* -> mu+ mu-."""
    alpha = DEFAULT_INPUTS.alpha

    def density(logarithm: float) -> float:
        pair = math.exp(logarithm)
        total = S - mass**2 - pair
        root = math.sqrt(total**2 - 4 * mass**2 * pair)
        near, far = -(total - root) / 2, -(total + root) / 2
        ratios = 2 * (-total * math.log(near / far) - root)
        mixed = -2 * S * (mass**2 + pair) * 2 / total * math.log(near / far)
        squares = 2 * mass**2 * pair * (1 / far - 1 / near)
        # t/u + u/t, then 2 s (m^2 + s') / (t u), then - m^2 s' (1/t^2 + 1/u^2).
        vectors = 2 * math.pi * alpha / (4 * math.pi) / S**2 * (ratios + mixed - squares)
        r = MUON_MASS**2 / pair
        return vectors * alpha / (3 * math.pi) * (1 + 2 * r) * math.sqrt(max(1 - 4 * r, 0.0))

    limits = (math.log(4 * MUON_MASS**2), 2 * math.log(ENERGY - mass) - 1e-9)
    expected = quad(density, *limits, limit=400, epsrel=1e-7)[0]
    found = cross_section("beams", mass, energy=ENERGY, samples=60_000)
    assert found.value == pytest.approx(expected, abs=4 * found.error)
    assert found.error < 0.005 * found.value


def test_acceptance_is_that_of_the_laboratory() -> None:
    detector = Detector("x", "x", ENERGY, 0.56, "invisible", (17.2, 152.6), None, 0.0, (1.0,))
    gamma, beta_gamma = math.sqrt(1 + 0.56**2), 0.56
    angle = math.radians(152.0)
    lab = 2.0 * np.array([1.0, math.sin(angle), 0.0, math.cos(angle)])
    back = np.array([[gamma * lab[0] - beta_gamma * lab[3], lab[1], 0.0, gamma * lab[3] - beta_gamma * lab[0]]])
    still = np.array([[1.0, 0.0, 0.0, 0.0]])
    assert detector.accepts([back], still)
    assert not detector.accepts([back * [1, 0.97, 1, 1]], still)
    narrow = Detector("x", "x", ENERGY, 0.56, "invisible", (0.0, 180.0), None, 0.5, (1.0,))
    assert not narrow.accepts([back], still)


@pytest.mark.parametrize("name", sorted(DETECTORS))
def test_shipped_tables_come_out_again_and_interpolate(name: str) -> None:
    table, detector = load_emission_table(name), DETECTORS[name]
    assert tuple(table.mass) == detector.masses
    assert np.all(table.error < 0.03 * table.ratio)
    for mass, tolerance in ((detector.masses[6], 0.0), (1.15, 0.01), (4.25, 0.02)):
        ((_, ratio, error),) = rows(detector, (mass,), samples=30_000, seed=11)
        assert float(table(mass)) == pytest.approx(ratio, abs=4 * error + tolerance * ratio)


def test_tables_are_written_with_their_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"mine": Detector("mine", "Mine", ENERGY, 0.0, "invisible", (20.0, 160.0), None, 0.0, (1.0, 2.0))}
    monkeypatch.setattr("recast.emission.table.DETECTORS", small)
    (file,) = build(tmp_path, samples=2_000, seed=3)
    text = file.read_text(encoding="utf-8")
    assert "2000 points for each kind and mass, seed 3" in text
    assert "all muons between 20 and 160 degrees" in text
    table = load_emission_table(str(file))
    assert table.mass.tolist() == [1.0, 2.0]
    assert np.isnan(table(0.5))
    with pytest.raises(OutputExistsError):
        build(tmp_path, samples=2_000)
    build(tmp_path, samples=2_000, seed=3, force=True)
    assert file.read_text(encoding="utf-8") == text
