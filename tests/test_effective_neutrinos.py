"""N_eff of models, from both calculations, and the limits that follow."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.cosmology.evolution import evolve
from recast.cosmology.thermalisation import thermal_width
from recast.decays import partial_widths
from recast.errors import NotApplicableError
from recast.interactions import ContactInteraction, StandardModel, U1Mediator
from recast.limits import limit
from recast.measurement import load_measurement
from recast.model import load_model
from recast.observables.effective_neutrinos import EffectiveNeutrinos

EVOLUTION = EffectiveNeutrinos()
INSTANT = EffectiveNeutrinos(approximation="kamada_yu")
MU_TAU = {"mu": 1.0, "tau": -1.0}


def boson(mass, coupling, *, charges=MU_TAU, mixing="none"):
    return U1Mediator(charges, mass=mass, coupling=coupling, mixing=mixing)


def excess(interaction, observable=EVOLUTION):
    return np.asarray(observable.predict(interaction)) - float(observable.predict(StandardModel()))


def edge(coupling, level, *, mixing):
    """Return the heaviest mass in GeV with an excess above the level."""
    masses = np.linspace(4e-3, 25e-3, 4001)
    above = excess(boson(masses, np.full(masses.shape, coupling), mixing=mixing)) > level
    return float(masses[above][-1])


def test_standard_model():
    assert float(EVOLUTION.predict(StandardModel())) == pytest.approx(3.045, rel=1e-3)
    assert float(INSTANT.predict(StandardModel())) == 3.0


@pytest.mark.parametrize(
    ("mass", "published"),
    [(3e-3, 1.69), (5e-3, 1.09), (7e-3, 0.67), (10e-3, 0.32), (12e-3, 0.19), (15e-3, 0.089), (20e-3, 0.025)],
)
def test_excess_without_electrons(mass, published):
    assert float(excess(boson(mass, 1e-6))) == pytest.approx(published, rel=0.02)


@pytest.mark.parametrize(("coupling", "mass"), [(1e-4, 9.9e-3), (5e-4, 11.3e-3), (1e-3, 11.9e-3)])
def test_contours_with_loop_mixing(coupling, mass):
    assert edge(coupling, 0.5, mixing="one_loop") == pytest.approx(mass, rel=0.02)


def test_excess_of_seven_tenths():
    assert edge(1e-6, 0.7, mixing="none") == pytest.approx(6.8e-3, rel=0.02)
    masses = np.linspace(4e-3, 7e-3, 3001)
    found = excess(boson(masses, np.full(masses.shape, 1e-6)), INSTANT)
    assert masses[found > 0.7][-1] == pytest.approx(5.25e-3, rel=2e-3)


@pytest.mark.parametrize(
    ("charges", "mixing", "mass", "coupling"),
    [
        (MU_TAU, "one_loop", 8.3e-3, 3e-7),
        (MU_TAU, "one_loop", 13.7e-3, 2e-4),
        ({"e": 1.0, "mu": -1.0}, "none", 9.1e-3, 2e-9),
        ({"e": 1.0, "mu": -1.0}, "none", 17e-3, 3e-6),
        ({"mu": 2.0}, "none", 6.1e-3, 1e-8),
    ],
)
def test_table_reproduces_an_evolution_of_its_own(charges, mixing, mass, coupling):
    interaction = boson(mass, coupling, charges=charges, mixing=mixing)
    electrons = float(partial_widths(interaction)["ee"]) * coupling**2
    direct = evolve(mass=mass, electron_width=electrons).n_eff
    assert float(EVOLUTION.predict(interaction)) == pytest.approx(direct, rel=3e-4)


def test_plane_is_the_points_one_by_one():
    masses, couplings = np.geomspace(5e-4, 0.3, 7), np.geomspace(1e-11, 1e-1, 9)
    plane = EVOLUTION.predict(boson(masses[:, None], couplings[None, :], mixing="one_loop"))
    assert plane.shape == (7, 9)
    for i, mass in enumerate(masses):
        for j, coupling in enumerate(couplings):
            assert plane[i, j] == float(EVOLUTION.predict(boson(mass, coupling, mixing="one_loop")))
    flat = boson(np.repeat(masses, 9), np.tile(couplings, 7), mixing="one_loop")
    assert np.array_equal(EVOLUTION.predict(flat), plane.ravel())
    assert np.array_equal(EVOLUTION.contributions(flat)["neutrinos"], plane.ravel())


@given(mass=st.floats(1e-4, 0.1), above=st.floats(1e-3, 3.0), observable=st.sampled_from([EVOLUTION, INSTANT]))
def test_nothing_is_claimed_out_of_equilibrium(mass, above, observable):
    # Gamma(Z' -> nu nubar) = 2 g'^2 m / (24 pi) for two flavours
    floor = math.sqrt(float(thermal_width(mass)) * 12.0 * math.pi / mass)
    assert float(excess(boson(mass, floor * math.exp(-above)), observable)) == 0.0
    # Heavy bosons add nothing, to the accuracy of the evolution.
    assert float(excess(boson(mass, floor * math.exp(above)), observable)) > -1e-6
    assert float(excess(boson(mass, 0.0), observable)) == 0.0


def test_floor_scales_with_charges_and_mass():
    def floor(mass, charges=MU_TAU):
        couplings = np.geomspace(1e-11, 1e-8, 20001)
        found = excess(boson(np.full(couplings.shape, mass), couplings, charges=charges))
        return float(couplings[found > 0.0][0])

    assert floor(5e-3) == pytest.approx(1.2e-10, rel=0.03)
    assert floor(20e-3) / floor(5e-3) == pytest.approx(2.0, rel=2e-3)
    assert floor(5e-3, {"mu": 3.0, "tau": -3.0}) == pytest.approx(floor(5e-3) / 3.0, rel=2e-3)
    assert floor(5e-3, {"mu": 1.0}) == pytest.approx(floor(5e-3) * math.sqrt(2.0), rel=2e-3)


def test_range_of_masses():
    assert np.isnan(float(EVOLUTION.predict(boson(0.9e-4, 1e-3))))
    assert float(excess(boson(0.9e-4, 1e-13))) == 0.0  # not in equilibrium
    for heavy in (0.11, 1.0, 1e3):
        assert float(excess(boson(heavy, 0.1, mixing="one_loop"))) == 0.0
        assert float(excess(boson(heavy, 0.1), INSTANT)) == pytest.approx(0.0, abs=1e-12)
    measurement = load_measurement("n_eff")
    assert float(measurement.minus_2_delta_ln_l(boson(0.9e-4, 1e-3))) == 0.0


def test_flavours_of_the_approximation():
    found = [float(excess(boson(4e-3, 1e-6, charges=c), INSTANT)) for c in ({"mu": 1.0}, MU_TAU)]
    assert found[0] > found[1] > 0.0
    assert float(excess(boson(4e-3, 1e-6, charges={}), INSTANT)) == 0.0
    assert float(excess(boson(4e-3, 1e-6, charges={}))) == 0.0


def test_where_it_has_nothing_to_say():
    contact = ContactInteraction(dgv=0.1, dga=0.0)
    assert "which boson" in str(EVOLUTION.applicable(contact))
    electron = boson(1e-2, 1e-6, charges={"e": 1.0, "mu": -1.0})
    assert EVOLUTION.applicable(electron) is None
    assert "choose the full evolution" in str(INSTANT.applicable(electron))
    with pytest.raises(NotApplicableError, match="bbn_2019"):
        load_measurement("bbn_2019").prediction(electron)
    assert EVOLUTION.applicable(StandardModel()) is None
    assert EVOLUTION.polynomials(load_model("lmu_ltau"), [1e-2]) is None


def test_line_of_the_figures():
    result = limit("lmu_ltau", "bbn_2019", [5.2e-3, 5.3e-3])
    (excluded,), nothing = result.excluded
    assert excluded[0] == pytest.approx(1.25e-10, rel=0.02)
    assert excluded[1] is None
    assert nothing == ()


def test_upper_limit_is_one_where_the_excess_meets_it():
    measurement = load_measurement("bbn_2019:approximation=evolution,bound=mangano2011")
    found = float(measurement.prediction(boson(5e-3, 1e-6)))
    assert found == pytest.approx(1.0877, rel=1e-3)
    assert float(measurement.minus_2_delta_ln_l(boson(5e-3, 1e-6))) == pytest.approx((1.6449 * found) ** 2, rel=1e-3)
    assert float(measurement.minus_2_delta_ln_l(StandardModel())) == 0.0


def test_limit_of_planck():
    result = limit("lmu_ltau", "n_eff", [3e-3, 8e-3, 12e-3, 50e-3])
    heavy, weak, strong = result.excluded[3], result.excluded[1][0], result.excluded[2]
    assert heavy == ()
    # Between the two, electrons take the energy of the boson away and nothing is excluded.
    assert len(result.excluded[1]) == 2
    assert weak[0] == pytest.approx(1.2e-10 * math.sqrt(8.0 / 5.0), rel=0.03)
    assert strong[0][1] is None
    assert result.excluded[0] == ((pytest.approx(1.58e-10, rel=0.01), None),)
    # The edge is where N_eff = 2.99 + 1.96 * 0.17.
    (lowest, _) = strong[0]
    found = EVOLUTION.predict(load_model("lmu_ltau")(mass=12e-3, coupling=lowest))
    assert float(found) == pytest.approx(2.99 + 1.95996 * 0.17, rel=1e-6)


def test_expected_limit():
    measurement = load_measurement("n_eff").expected()
    assert measurement.likelihood.data == pytest.approx(3.0453, abs=1e-4)
    assert float(measurement.minus_2_delta_ln_l(StandardModel())) == 0.0


def test_light_elements_alone():
    measurement = load_measurement("n_eff:data=bbn")
    assert measurement.likelihood.data == pytest.approx(3.044 - 0.14)
    assert {source.arxiv for source in measurement.citations} >= {"2401.15054", "2001.04466"}
