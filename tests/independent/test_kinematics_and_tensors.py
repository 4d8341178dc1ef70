"""The ingredients of the independent Monte Carlo: phase space, gamma matrices, leptonic and hadronic tensors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from . import monte_carlo as mc

PAIRS = {"mumu": (mc.MUON, mc.MUON), "ee": (mc.ELECTRON, mc.ELECTRON), "mue": (mc.MUON, mc.ELECTRON),
         "etau": (mc.ELECTRON, mc.TAU)}  # fmt: skip

# Tensors are tested at moderate energies: in the laboratory their components cancel by up to (E/m)^2.
ENERGY = {"mumu": 2.0, "ee": 0.02, "mue": 1.0, "etau": 10.0}


def events(mass_minus: float, mass_plus: float, *, energy: float = 30.0, mass: float = mc.PROTON, n: int = 500):
    points = np.random.default_rng(7).random((n, 8))
    return mc.generate(points, energy=energy, mass=mass, mass_minus=mass_minus, mass_plus=mass_plus, q2_cut=2.0)


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("mass", [mc.PROTON, mc.ARGON.mass])
def test_events_conserve_momentum_and_stay_on_shell(pair, mass):
    m1, m2 = PAIRS[pair]
    energy = 30.0
    event = events(m1, m2, energy=energy, mass=mass)
    before = event.k + event.target
    after = event.k_out + event.minus + event.plus + event.target_out
    assert np.abs(after - before).max() < 1e-11 * energy
    vectors = (event.k, event.k_out, event.minus, event.plus, event.target_out)
    for vector, m in zip(vectors, (0.0, 0.0, m1, m2, mass), strict=True):
        assert np.all(vector[:, 0] >= m * (1 - 1e-12))
        scale = np.maximum(vector[:, 0] ** 2, mass**2)
        assert np.abs(mc.dot(vector, vector) - m**2).max() < 1e-11 * scale.max()
    assert np.all(event.weight > 0)


@pytest.mark.parametrize("pair", ["mumu", "mue"])
def test_phase_space_volume(pair):
    """The sum of weights is the four-body volume, computed here by two nested one-dimensional integrals."""
    m1, m2 = PAIRS[pair]
    energy, mass = 3.0, mc.PROTON
    s = mass**2 + 2 * mass * energy

    def two_body(w2, a2, b2):
        return np.sqrt(np.maximum((w2 - a2 - b2) ** 2 - 4 * a2 * b2, 0)) / (8 * np.pi * w2)

    nodes, weights = np.polynomial.legendre.leggauss(60)
    # both end points open like a power of a root: x = low + (high - low) sin^2 makes the integrand smooth
    angle, step = np.pi / 4 * (nodes + 1), np.pi / 4 * weights * np.sin(np.pi / 2 * (nodes + 1))
    low, high = (m1 + m2) ** 2, (np.sqrt(s) - mass) ** 2
    total = 0.0
    for x2, w in zip(low + (high - low) * np.sin(angle) ** 2, (high - low) * step, strict=True):
        pair2 = low + (x2 - low) * np.sin(angle) ** 2
        inner = two_body(x2, 0.0, pair2) * two_body(pair2, m1**2, m2**2)
        total += w / (2 * np.pi) * two_body(s, mass**2, x2) * np.sum((x2 - low) * step * inner) / (2 * np.pi)
    total /= 4 * mass * energy

    def volume(points):
        return mc.generate(points, energy=energy, mass=mass, mass_minus=m1, mass_plus=m2).weight[None]

    estimate = mc.integrate(volume, ("volume",), dimensions=8, log2_points=11, replicates=16, seed=3)
    assert estimate.error("volume") < 3e-3 * total
    assert estimate["volume"] == pytest.approx(total, abs=4 * estimate.error("volume"))


def test_gamma_matrices():
    for m in range(4):
        for n in range(4):
            product = mc.GAMMA[m] @ mc.GAMMA[n] + mc.GAMMA[n] @ mc.GAMMA[m]
            np.testing.assert_allclose(product, 2 * mc.METRIC[m, n] * mc.UNIT, atol=1e-15)
        np.testing.assert_allclose(mc.GAMMA5 @ mc.GAMMA[m], -mc.GAMMA[m] @ mc.GAMMA5, atol=1e-15)
    np.testing.assert_allclose(mc.GAMMA5 @ mc.GAMMA5, mc.UNIT, atol=1e-15)


@pytest.mark.parametrize("antineutrino", [False, True])
def test_neutrino_tensor_is_one_current_squared(antineutrino):
    event = events(mc.MUON, mc.ELECTRON)
    tensor = mc.neutrino_tensor(event.k, event.k_out, antineutrino=antineutrino)
    current = mc.neutrino_current(event.k, event.k_out, antineutrino=antineutrino)
    product = current[:, :, None] * np.conj(current[:, None, :])
    scale = np.abs(tensor).max(axis=(1, 2))[:, None, None]
    np.testing.assert_allclose(product / scale, tensor / scale, atol=1e-7)
    np.testing.assert_allclose(np.swapaxes(tensor, 1, 2) / scale, np.conj(tensor) / scale, atol=1e-12)


def gauge_violation(tensor, q):
    """|q^a L_ab| over the terms it is the sum of, the worst of all events and b."""
    divergence = np.abs(np.einsum("na,snab->snb", q, tensor))
    size = np.einsum("na,snab->snb", np.abs(q), np.abs(tensor))
    return (divergence.max(axis=2) / size.max(axis=2)).max(axis=1)


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("antineutrino", [False, True])
def test_leptonic_tensor_is_gauge_invariant(pair, antineutrino):
    event = events(*PAIRS[pair], energy=ENERGY[pair])
    tensor = mc.leptonic_tensor(event, *PAIRS[pair], antineutrino=antineutrino)
    assert np.all(gauge_violation(tensor, event.q) < 1e-7)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(m1=st.floats(0.01, 2.0), m2=st.floats(0.01, 2.0), above=st.floats(1.2, 8.0), antineutrino=st.booleans())
def test_gauge_invariance_at_any_masses(m1, m2, above, antineutrino):
    threshold = (m1 + m2) * (1 + (m1 + m2) / (2 * mc.PROTON))
    event = events(m1, m2, energy=above * threshold, n=50)
    tensor = mc.leptonic_tensor(event, m1, m2, antineutrino=antineutrino)
    assert np.all(gauge_violation(tensor, event.q) < 1e-5)


def test_printed_mass_sign_is_not_gauge_invariant():
    """1902.06765 Eq. 3 prints the numerator of the second propagator with the wrong sign of the mass."""
    event = events(mc.MUON, mc.MUON, energy=2.0)
    tensor = mc.leptonic_tensor(event, mc.MUON, mc.MUON, printed_sign=True)
    assert np.all(gauge_violation(tensor, event.q)[:2] > 1e-2)


def symmetric(tensor):
    """Real part, symmetrised in the photon indices: what a hadronic tensor sees."""
    return (tensor + np.swapaxes(tensor, -1, -2)).real / 2


@pytest.mark.parametrize("pair", PAIRS)
def test_exchange_of_the_charges_flips_va_only(pair):
    """Charge conjugation on the charged leptons: VV and AA even, VA odd, event by event."""
    m1, m2 = PAIRS[pair]
    event = events(m1, m2, energy=ENERGY[pair])
    swapped = mc.Event(event.k, event.k_out, event.plus, event.minus, event.q, event.target, event.target_out,
                       event.weight)  # fmt: skip
    tensor = symmetric(mc.leptonic_tensor(event, m1, m2))
    other = symmetric(mc.leptonic_tensor(swapped, m2, m1))
    scale = np.abs(tensor[0]).max(axis=(1, 2))[:, None, None]
    for i, sign in enumerate((1, 1, -1)):
        np.testing.assert_allclose(other[i] / scale, sign * tensor[i] / scale, atol=1e-7)


@pytest.mark.parametrize("pair", PAIRS)
def test_antineutrino_flips_va_only(pair):
    event = events(*PAIRS[pair], energy=ENERGY[pair])
    tensor = symmetric(mc.leptonic_tensor(event, *PAIRS[pair]))
    other = symmetric(mc.leptonic_tensor(event, *PAIRS[pair], antineutrino=True))
    scale = np.abs(tensor[0]).max(axis=(1, 2))[:, None, None]
    for i, sign in enumerate((1, 1, -1)):
        np.testing.assert_allclose(other[i] / scale, sign * tensor[i] / scale, atol=1e-7)


def test_chiral_limit_has_equal_vv_and_aa():
    """Without masses a chirality flip is impossible and V and A give the same tensor."""
    event = events(mc.ELECTRON, mc.ELECTRON, energy=5.0, n=4000)
    tensor = symmetric(mc.leptonic_tensor(event, mc.ELECTRON, mc.ELECTRON))
    invariants = [-mc.dot(event.minus, event.q), -mc.dot(event.plus, event.q), mc.dot(event.minus, event.plus)]
    hard = np.min(np.abs(invariants), axis=0) > 0.02
    assert hard.sum() > 20
    scale = np.abs(tensor[0]).max(axis=(1, 2))[:, None, None]
    difference = np.abs((tensor[1] - tensor[0]) / scale)[hard].max(axis=(1, 2))
    assert np.median(difference) < 1e-4
    assert difference.max() < 0.03


@pytest.mark.parametrize(("electric", "magnetic"), [(1.0, 1.0), (0.7, 2.1), (0.0, -1.9)])
def test_nucleon_tensor(electric, magnetic):
    """The trace equals the reduced form in which the magnetic term adds; 1902.06765 Eq. 6 mixes the signs of q^2."""
    event = events(mc.MUON, mc.MUON)
    m = mc.PROTON
    full = np.full(len(event.q), 1.0)
    tensor = mc.nucleon_tensor(event, m, electric * full, magnetic * full)
    q2 = -mc.dot(event.q, event.q)
    tau = q2 / (4 * m**2)
    mean = 0.5 * (event.target + event.target_out)
    charge = 4 * (electric**2 + tau * magnetic**2) / (1 + tau)
    reduced = charge[:, None, None] * mean[:, :, None] * mean[:, None, :]
    projector = -q2[:, None, None] * mc.METRIC - event.q[:, :, None] * event.q[:, None, :]
    reduced = reduced + magnetic**2 * projector
    scale = np.abs(tensor).max(axis=(1, 2))[:, None, None]
    np.testing.assert_allclose(tensor / scale, reduced / scale, atol=1e-10)
    lowered = event.q @ mc.METRIC
    assert np.abs(np.einsum("na,nab->nb", lowered, tensor) / scale[:, 0]).max() < 1e-10


def test_form_factors():
    q2 = np.array([0.0])
    assert mc.ARGON.q2_cut == mc.IRON.q2_cut == 2.0
    for symbol, rms in (("Ar", 3.4235), ("Fe", 3.7138)):
        form_factor = mc.charge_form_factor(*mc._FOURIER_BESSEL[symbol])
        assert form_factor(q2)[0] == pytest.approx(1, abs=1e-12)
        small = np.array([1e-4])
        # F = 1 - Q2 <r^2>/6 + Q2^2 <r^4>/120, the last term a few per mille
        slope = 6 * (1 - form_factor(small)[0]) / small[0] * mc.GEV_FM**2
        assert np.sqrt(slope) == pytest.approx(rms, rel=2e-3)
    assert mc.proton_form_factors(q2)[0][0] == 1
    assert mc.pauli_factor(q2, mc.PROTON)[0] == 0
    assert mc.pauli_factor(np.array([1.0]), mc.PROTON)[0] == 1
