"""TEXONO, CHARM-II: published limits, spectra integrated otherwise, limits of the theory."""

import math

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.integrate import dblquad
from scipy.optimize import brentq

from recast.constants import DEFAULT_INPUTS, ELECTRON_MASS, ElectroweakInputs
from recast.flux import load_flux
from recast.interactions import ContactInteraction, StandardModel
from recast.limits import limit
from recast.measurement import load_measurement
from recast.model import load_model
from recast.neutrino_electron import differential_cross_section, largest_recoil
from recast.observables.effective_mixing_angle import EffectiveMixingAngle
from recast.observables.neutrino_electron import NeutrinoElectron

# Huber 2011, Table III: 235U.
URANIUM = (4.367, -4.577, 2.100, -0.5294, 0.06186, -0.002777)


@pytest.mark.parametrize(("mass", "expected"), [(1e-3, 3.31e-6), (1e-2, 1.54e-5), (0.1, 1.51e-4)])
def test_texono(mass: float, expected: float) -> None:
    """A ratio below 1.514 at 95% confidence level; Q_nu Q_e = +1."""
    found = limit("le_lmu", "texono", mass, one_sided=True)
    assert found.coupling[0] == pytest.approx(expected, rel=0.02)
    observable = load_measurement("texono").observable
    assert float(observable.predict(load_model("le_lmu")(mass=mass, coupling=found.coupling[0]))) == pytest.approx(
        1.514, abs=1e-3
    )


def test_texono_with_the_angle_at_low_energy() -> None:
    found = limit("le_lmu", "texono:mixing_angle=0.2387", [1e-3, 1e-2, 0.1], one_sided=True)
    assert found.coupling == pytest.approx([3.31e-6, 1.54e-5, 1.51e-4], rel=0.006)


def test_texono_with_another_spectrum() -> None:
    """A double integral by quadrature over the antineutrinos of 235U alone: the fuel hardly matters."""

    def rate(g2: float, mass: float) -> float:
        def integrand(recoil: float, energy: float) -> float:
            shift = g2 / (2.0 * math.sqrt(2.0) * DEFAULT_INPUTS.fermi_constant)
            shift /= mass**2 + 2.0 * ELECTRON_MASS * recoil
            spectrum = math.exp(sum(c * (1e3 * energy) ** k for k, c in enumerate(URANIUM)))
            return spectrum * float(differential_cross_section(recoil, energy=energy, neutrino="nuebar", shift=shift))

        top = lambda energy: float(largest_recoil(energy))  # noqa: E731
        start = brentq(lambda e: float(largest_recoil(e)) - 3e-3, 3e-3, 4e-3)
        return float(dblquad(integrand, start, 8e-3, 3e-3, top, epsrel=1e-6)[0])

    mass, coupling = 1e-2, 1.54e-5
    ratio = rate(coupling**2, mass) / rate(0.0, mass)
    found = float(load_measurement("texono").observable.predict(load_model("le_lmu")(mass=mass, coupling=coupling)))
    assert found == pytest.approx(ratio, rel=0.006)


def test_the_reactor_spectrum() -> None:
    flux = load_flux("reactor_nuebar", neutrino="nuebar")
    assert not flux.absolute
    # About 1.3 antineutrinos per fission between 2 and 4 MeV and MeV at 2 MeV, falling by two decades to 8 MeV.
    assert 1e-3 * float(flux.density(2e-3)) == pytest.approx(1.2, rel=0.1)
    assert float(flux.density(8e-3) / flux.density(2e-3)) < 5e-3


def test_the_angle_of_a_heavy_boson_is_exact() -> None:
    """Far above the momentum transfer a boson is a shift of sin^2(theta_W), here to first order."""
    observable = load_measurement("charm_ii_nu_e").observable
    mass, shift = 1e3, 1e-3
    coupling = math.sqrt(shift * 2.0 * math.sqrt(2.0) * DEFAULT_INPUTS.fermi_constant * mass**2)
    sin2 = DEFAULT_INPUTS.sin2_theta_w
    assert float(observable.predict(load_model("b_minus_l")(mass=mass, coupling=coupling))) == pytest.approx(
        sin2 + shift, abs=1e-9
    )
    assert float(observable.predict(load_model("le_lmu")(mass=mass, coupling=coupling))) == pytest.approx(
        sin2 - shift, abs=1e-9
    )
    assert float(observable.predict(StandardModel())) == sin2
    contact = ContactInteraction(dgv=4.0 * shift, dga=0.0, neutrino="mu", lepton="e")
    assert float(observable.predict(contact)) == pytest.approx(sin2 + shift, abs=1e-12)
    assert observable.applicable(contact) is None
    assert "on electrons" in observable.applicable(ContactInteraction(dgv=0.1, dga=0.0))


@pytest.mark.parametrize("mass", [1e-3, 0.1, 1.0])
def test_the_angle_against_the_ratio_itself(mass: float) -> None:
    """Within a limit's reach the first order is the angle that gives the model's ratio of events."""
    measurement = load_measurement("charm_ii_nu_e")
    observable = measurement.observable
    coupling = float(limit("b_minus_l", measurement, mass).coupling[0])
    boson = load_model("b_minus_l")(mass=[mass], coupling=1.0).mediators[0]  # type: ignore[index]
    powers = coupling ** (2 * np.arange(3))
    neutrino, antineutrino = (one.polynomial(mass, 1.0) @ powers for one in observable.spectra)
    assert boson.charges["e"] * boson.neutrino_charges["mu"] == 1.0

    def ratio(sin2: float) -> float:
        angle = observable.model_copy(update={"electroweak": ElectroweakInputs(sin2_theta_w=sin2)})
        first, second = EffectiveMixingAngle.model_validate(angle.model_dump()).spectra
        return first.constant / second.constant

    exact = brentq(lambda s: ratio(s) - neutrino / antineutrino, 0.1, 0.4)
    assert float(observable.predict(load_model("b_minus_l")(mass=mass, coupling=coupling))) == pytest.approx(
        exact, abs=2e-4
    )


def test_charm_ii() -> None:
    """About 6.7e-5 below 10 MeV from the upper end of a one-sided interval; independent of the mass there."""
    found = limit("b_minus_l", "charm_ii_nu_e", [1e-4, 1e-3, 5e-3], one_sided=True).coupling
    assert found == pytest.approx(6.7e-5, rel=0.06)
    assert found[0] == pytest.approx(found[1], rel=1e-3)
    # Charges of opposite sign lower the angle: nothing is above the data.
    assert math.isnan(limit("le_lmu", "charm_ii_nu_e", 1e-3, one_sided=True).coupling[0])
    assert limit("le_lmu", "charm_ii_nu_e", 1e-3).coupling[0] == pytest.approx(7.1e-5, rel=0.02)


def test_bad_input() -> None:
    beam = {"flux": "reactor_nuebar", "neutrino": "nuebar"}
    with pytest.raises(ValidationError, match="either solar or those of fluxes"):
        NeutrinoElectron.model_validate({})
    with pytest.raises(ValidationError, match="belongs to solar neutrinos"):
        NeutrinoElectron.model_validate({"fluxes": [beam], "standard_model": {"flux": 1.0, "per_flux": 1.0}})
    with pytest.raises(ValidationError, match="neutrino to an antineutrino"):
        EffectiveMixingAngle.model_validate({"neutrino": beam, "antineutrino": beam})
