"""The same numbers from other people's libraries: iminuit, pyhf, particle."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recast import limit, load_measurement, load_model
from recast.constants import LEPTON_MASS, NEUTRON_MASS, PROTON_MASS
from recast.likelihoods import PoissonCount


def test_masses_are_those_of_the_particle_data_group() -> None:
    from particle import Particle

    ours = {"e-": LEPTON_MASS["e"], "mu-": LEPTON_MASS["mu"], "p": PROTON_MASS, "n": NEUTRON_MASS}
    for name, mass in ours.items():
        theirs = Particle.from_evtgen_name({"p": "p+", "n": "n0"}.get(name, name)).mass / 1e3
        assert mass == pytest.approx(theirs, rel=1e-7)
    # The average of the tau mass moves with the edition.
    assert LEPTON_MASS["tau"] == pytest.approx(Particle.from_evtgen_name("tau-").mass / 1e3, rel=1e-4)


def test_the_joint_best_fit_is_where_minuit_finds_it() -> None:
    from iminuit import Minuit

    model = load_model("lmu_ltau")
    measurements = [load_measurement("ccfr"), load_measurement("muon_g2")]
    result = limit(model, measurements, 0.1)

    def joint(log_coupling: float) -> float:
        point = model(mass=0.1, coupling=math.exp(log_coupling))
        return sum(float(one.minus_2_delta_ln_l(point)) for one in measurements)

    minuit = Minuit(joint, log_coupling=math.log(1e-3))
    minuit.errordef = Minuit.LEAST_SQUARES
    minuit.tol = 1e-6
    minuit.migrad()
    assert minuit.valid
    assert result.best_fit is not None
    assert result.best_fit.minus_2_delta_ln_l[0] == pytest.approx(minuit.fval, abs=1e-4)
    assert result.best_fit.coupling[0] == pytest.approx(math.exp(minuit.values[0]), rel=1e-4)


def test_a_profiled_theory_error_is_what_minuit_profiles() -> None:
    from iminuit import Minuit

    model = load_model("lmu_ltau")
    profiled = load_measurement("ccfr:theory_error=profiled")
    plain = load_measurement("ccfr")
    point = model(mass=0.1, coupling=1e-3)
    prediction = float(plain.prediction(point))

    def distance(theta: float) -> float:
        return float(plain.likelihood.minus_2_delta_ln_l(prediction * (1.0 + 0.06 * theta))) + theta**2

    minuit = Minuit(distance, theta=0.0)
    minuit.errordef = Minuit.LEAST_SQUARES
    minuit.migrad()
    assert float(profiled.minus_2_delta_ln_l(point)) == pytest.approx(minuit.fval, rel=1e-6)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_poisson_count_is_that_of_pyhf() -> None:
    import pyhf

    workspace = pyhf.simplemodels.uncorrelated_background(signal=[5.0], bkg=[50.0], bkg_uncertainty=[1e-3])
    data = np.concatenate([[60.0], workspace.config.auxdata])
    ours = PoissonCount(observed=60.0)

    def theirs(strength: float) -> float:
        return float(np.asarray(-2.0 * workspace.logpdf([strength, 1.0], data)).item())

    # mu = 2 is the prediction equal to the data.
    for strength in (0.0, 1.0, 3.5):
        expected = theirs(strength) - theirs(2.0)
        assert float(ours.minus_2_delta_ln_l(50.0 + 5.0 * strength)) == pytest.approx(expected, rel=1e-9)
