"""One photon and missing energy: amplitudes from Dirac matrices, closed forms, and the reach."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.integrate import quad

import recast
from recast.constants import DEFAULT_INPUTS, HBARC2_FB
from recast.interactions import ContactInteraction, StandardModel, U1Mediator
from recast.limits import limit
from recast.measurement import load_measurement
from recast.mono_photon import (
    angular_factor,
    boosted_cosine,
    boson_cross_section,
    neutrino_spectrum,
    neutrino_window,
)
from recast.observables import Observable
from recast.observables.mono_photon import MonoPhoton

BELLE2 = load_measurement("belle2_mono_photon").observable
ALPHA = DEFAULT_INPUTS.alpha
ENERGY = 10.583
BARREL = {"energy": ENERGY, "low": -0.767, "high": 0.746}

SIGMA = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
NOTHING, ONE = np.zeros((2, 2)), np.eye(2)
GAMMA = np.array(
    [np.block([[NOTHING, ONE], [ONE, NOTHING]]), *(np.block([[NOTHING, s], [-s, NOTHING]]) for s in SIGMA)]
)
METRIC = np.diag([1.0, -1.0, -1.0, -1.0])
LEFT = np.diag([1.0, 1.0, 0.0, 0.0])  # projection on left-handed spinors in this representation


def slash(p: np.ndarray) -> np.ndarray:
    return np.einsum("m,mn,nij->ij", p, METRIC, GAMMA)


def squared_amplitude(x: float, z: float, projection: np.ndarray) -> float:
    """Return the spin-averaged squared amplitude of e- e+ -> gamma V at s = 4 and unit couplings, from its trace."""
    photon_energy = 1.0 - x
    k = photon_energy * np.array([1.0, math.sqrt(1.0 - z**2), 0.0, z])
    p1, p2 = np.array([1.0, 0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0, -1.0])
    q = p1 + p2 - k
    vertices = np.einsum("mij,jk->mik", GAMMA, projection)
    first = slash(p1 - k) / float((p1 - k) @ METRIC @ (p1 - k))
    second = slash(k - p2) / float((k - p2) @ METRIC @ (k - p2))
    # vbar(p2) [V^m S(p1 - k) A^n + A^n S(k - p2) V^m] u(p1)
    amplitude = np.einsum("mij,jk,nkl->mnil", vertices, first, GAMMA)
    amplitude = amplitude + np.einsum("nij,jk,mkl->mnil", GAMMA, second, vertices)
    conjugate = np.einsum("ij,mnkj,kl->mnil", GAMMA[0], amplitude.conj(), GAMMA[0])
    lepton = np.einsum("ij,mnjk,kl,abli->mnab", slash(p2), amplitude, slash(p1), conjugate)
    lowered = METRIC @ q
    boson = -METRIC + np.outer(lowered, lowered) / (4.0 * x)
    return float(0.25 * np.einsum("mnab,ma,nb->", lepton, boson, -METRIC).real)


@pytest.mark.parametrize("x", [1e-4, 0.1, 0.7])
@pytest.mark.parametrize("z", [-0.9, 0.0, 0.5])
def test_the_angular_distribution_from_dirac_matrices(x: float, z: float) -> None:
    """dsigma/dz = |M|^2 (1 - x) / (32 pi s); a left-handed coupling, as of neutrino pairs, gives half of it."""
    density = ((1.0 + z**2) * (1.0 - x) + 4.0 * x / (1.0 - x)) / (1.0 - z**2)
    expected = density / (8.0 * math.pi)
    vector = squared_amplitude(x, z, np.eye(4)) * (1.0 - x) / (32.0 * math.pi)
    assert vector == pytest.approx(expected, rel=1e-9)
    assert squared_amplitude(x, z, LEFT) * (1.0 - x) / (32.0 * math.pi) == pytest.approx(0.5 * expected, rel=1e-9)


@given(st.floats(0.0, 0.99), st.floats(-0.99, 0.0), st.floats(0.01, 0.99))
def test_the_integral_over_angles(x: float, low: float, high: float) -> None:
    def density(z: float) -> float:
        return ((1.0 + z**2) * (1.0 - x) + 4.0 * x / (1.0 - x)) / (1.0 - z**2)

    assert angular_factor(x, low, high) == pytest.approx(quad(density, low, high, epsrel=1e-11)[0], rel=1e-9)


def test_a_massless_boson_is_a_second_photon() -> None:
    """With g_e = e: twice e+ e- -> gamma gamma, whose photons are alike."""
    cut = 0.8
    expected = (
        2.0 * math.pi * ALPHA**2 / ENERGY**2 * (2.0 * math.log((1.0 + cut) / (1.0 - cut)) - 2.0 * cut) * HBARC2_FB
    )
    found = 4.0 * math.pi * ALPHA * boson_cross_section(1e-6, energy=ENERGY, low=-cut, high=cut)
    assert found == pytest.approx(expected, rel=1e-9)


def test_the_formula_as_it_is_published_for_dark_photons() -> None:
    """R. Essig et al., arXiv:1309.5084."""
    for mass in (0.1, 1.0, 5.0, 9.0):
        x, low, high = (mass / ENERGY) ** 2, -0.767, 0.746
        theta = math.log((1.0 + high) * (1.0 - low) / ((1.0 - high) * (1.0 + low)))
        brackets = (1.0 + 2.0 * x / (1.0 - x) ** 2) * theta - high + low
        expected = 2.0 * math.pi * ALPHA**2 / ENERGY**2 * (1.0 - x) * brackets * HBARC2_FB
        assert 4.0 * math.pi * ALPHA * boson_cross_section(mass, **BARREL) == pytest.approx(expected, rel=1e-12)
    assert boson_cross_section(11.0, **BARREL) == 0.0


def test_soft_photons_factorise() -> None:
    """dsigma -> sigma(nu nubar) (2 alpha / pi) dE/E dz / (1 - z^2) for soft photons."""
    soft = 1e-6
    pairs = DEFAULT_INPUTS.fermi_constant**2 * ENERGY**2 / (6.0 * math.pi) * HBARC2_FB
    s2 = DEFAULT_INPUTS.sin2_theta_w
    pairs *= (0.5 + s2) ** 2 + s2**2 + 2.0 * ((-0.5 + s2) ** 2 + s2**2)
    angles = math.atanh(BARREL["high"]) - math.atanh(BARREL["low"])
    expected = pairs * 2.0 * ALPHA / math.pi / soft * angles
    assert neutrino_spectrum(soft, **BARREL) == pytest.approx(expected, rel=1e-5)


def test_the_window_against_a_general_purpose_integrator() -> None:
    resolution, width = 0.02, 2.0
    for middle in (2.5, 4.0, 5.2915):

        def integrand(true: float, middle: float = middle) -> float:
            edges = [(middle * (1.0 + sign * width * resolution) - true) / (resolution * true) for sign in (1, -1)]
            inside = 0.5 * (math.erf(edges[0] / math.sqrt(2.0)) - math.erf(edges[1] / math.sqrt(2.0)))
            return inside * float(neutrino_spectrum(true, **BARREL))

        expected, _ = quad(integrand, 0.5 * middle, min(1.5 * middle, 0.5 * ENERGY), limit=200, epsrel=1e-9)
        found = neutrino_window(middle, resolution=resolution, width=width, **BARREL)
        assert found == pytest.approx(expected, rel=1e-6)


@given(st.floats(-0.999, 0.999), st.floats(-0.9, 0.9))
def test_boosts_can_be_undone(cosine: float, velocity: float) -> None:
    assert boosted_cosine(boosted_cosine(cosine, velocity), -velocity) == pytest.approx(cosine, abs=1e-12)


def test_the_centre_of_mass_frame_of_belle_2() -> None:
    assert BELLE2.beams.energy == pytest.approx(10.58, abs=0.005)
    velocity = BELLE2.beams.velocity
    assert velocity / math.sqrt(1.0 - velocity**2) == pytest.approx(0.28, abs=0.005)
    assert BELLE2.heaviest == pytest.approx(8.3, abs=0.1)


def test_it_is_an_observable() -> None:
    assert isinstance(BELLE2, Observable)
    assert load_measurement("belle2_mono_photon").projection


def test_the_reach_is_near_that_of_the_literature() -> None:
    """arXiv:1702.01497 has couplings above 8e-4 within reach for masses up to about 1 GeV."""
    reach = limit("lmu_ltau", "belle2_mono_photon", [0.01, 0.1]).coupling
    assert np.all((reach > 5e-4) & (reach < 1e-3))
    assert limit("lmu_ltau", "belle2_mono_photon", [1.0]).coupling == pytest.approx([1.3e-3], rel=0.02)
    wider = limit("lmu_ltau", "belle2_mono_photon:angles=calorimeter", [0.1]).coupling
    worse = limit("lmu_ltau", "belle2_mono_photon:resolution=0.03", [0.1]).coupling
    assert wider < reach[1] < worse


def test_the_limit_is_where_the_criterion_says() -> None:
    mass = 0.5
    coupling = float(limit("le_lmu", "belle2_mono_photon", [mass]).coupling[0])
    mediator = recast.load_model("le_lmu")(mass=mass, coupling=coupling)
    signal, background = BELLE2.events(mass)
    seen = float(signal) * coupling**2 * float(recast.decays.branching_ratio(mediator, "invisible"))
    assert seen / math.sqrt(seen + float(background)) == pytest.approx(1.6449, rel=1e-4)
    assert float(BELLE2.predict(mediator)) == pytest.approx(1.0, rel=1e-6)


def test_a_projection_is_expected_already() -> None:
    seen, expected = (limit("lmu_ltau", "belle2_mono_photon", 0.1, expected=one) for one in (False, True))
    assert expected.excluded == seen.excluded
    assert "projected sensitivity" in expected.convention


def test_no_constraint_beyond_the_reach_in_mass() -> None:
    model = recast.load_model("lmu_ltau")
    prediction = BELLE2.predict(model(mass=[1.0, 8.2, 8.5, 20.0], coupling=1e-3))
    assert list(np.isnan(prediction)) == [False, False, True, True]
    assert np.array_equal(BELLE2.polynomials(model, [20.0])["signal"], [[0.0, 0.0, 0.0]])
    assert limit("lmu_ltau", "belle2_mono_photon", [20.0]).excluded == ((),)
    distance = load_measurement("belle2_mono_photon").minus_2_delta_ln_l(model(mass=20.0, coupling=1.0))
    assert float(distance) == 0.0


def test_bosons_that_electrons_do_not_know() -> None:
    assert BELLE2.predict(StandardModel()) == 0.0
    assert BELLE2.predict(recast.load_model("lmu_ltau:mixing=none")(mass=1.0, coupling=1.0)) == 0.0
    assert "effective couplings" in BELLE2.applicable(ContactInteraction(dgv=0.1, dga=0.0))
    assert BELLE2.polynomials(recast.load_model("contact"), [1.0]) is None


@given(st.floats(1e-3, 8.0), st.floats(1e-6, 1e-2))
def test_polynomials_are_the_prediction(mass: float, coupling: float) -> None:
    model = recast.load_model("lmu_ltau")
    polynomial = BELLE2.polynomials(model, [mass])["signal"]
    expected = float(polynomial[0] @ coupling ** np.arange(3))
    assert float(BELLE2.predict(model(mass=mass, coupling=coupling))) == pytest.approx(expected, rel=1e-12)


def test_a_plane_has_the_shape_of_its_parameters() -> None:
    mass, coupling = np.geomspace(1e-3, 8.0, 6)[:, None], np.geomspace(1e-5, 1e-2, 4)
    plane = BELLE2.predict(U1Mediator({"mu": 1.0, "tau": -1.0}, mass=mass, coupling=coupling, mixing="one_loop"))
    assert plane.shape == (6, 4)
    assert np.all(np.diff(plane, axis=1) > 0.0)


@pytest.mark.parametrize(
    ("photon", "told"),
    [
        ({"angles": (120.0, 30.0), "energy": 2.0, "resolution": 0.02}, "from a smaller to a larger one"),
        ({"angles": (30.0, 120.0), "energy": 6.0, "resolution": 0.02}, "no photon has more than 5.29"),
    ],
)
def test_wrong_selections(photon: dict[str, object], told: str) -> None:
    beams = {"electron": 7.0, "positron": 4.0, "luminosity": 1.0}
    with pytest.raises(ValidationError, match=told):
        MonoPhoton.model_validate({"beams": beams, "photon": photon})
