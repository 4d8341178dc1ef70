"""Counts of several samples: rates and sensitivities of arXiv:1902.08579, an integrator, limits of the theory."""

import math
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.integrate import quad

from recast.constants import AVOGADRO, DEFAULT_INPUTS, ELECTRON_MASS, FB_TO_M2, ElectroweakInputs
from recast.errors import FluxError, NotApplicableError
from recast.flux import load_flux
from recast.interactions import ContactInteraction, StandardModel, U1Mediator
from recast.limits import limit
from recast.measurement import load_measurement
from recast.model import load_model
from recast.neutrino_electron import differential_cross_section, largest_recoil
from recast.observables.scattering_counts import ScatteringCounts
from recast.recoil_spectrum import flux_spectrum
from recast.scan import ScanResult, scan

MASSES = [1e-3, 1e-2, 0.05, 0.1, 1.0, 10.0]
ELECTRONS = 75e6 * AVOGADRO * 18 / 39.95


def counts(**changes: object) -> ScatteringCounts:
    """Return the counts of the DUNE projection, with changes."""
    sample = {"years": 1, "pot_per_year": 1.1e21}
    content: dict[str, object] = {
        "process": "electrons",
        "detector": {"target": "Ar40", "mass_tonnes": 75},
        "recoil_low": 0.6,
        "samples": {
            "neutrino": {"flux": "dune_nd_standard_fhc", **sample},
            "antineutrino": {"flux": "dune_nd_standard_rhc", **sample},
        },
    }
    return ScatteringCounts.model_validate(content | changes)


@pytest.fixture(scope="module")
def dune() -> ScatteringCounts:
    return counts()


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("beam=standard", (8740, 6717)),
        ("beam=tau_optimised", (24367, 15477)),
        ("mixing_angle=0.2223", (9026, 6556)),
        ("beam=tau_optimised,mixing_angle=0.2223", (25261, 15007)),
    ],
)
def test_rates(variant: str, expected: tuple[float, float]) -> None:
    """Events in 75 t and a year, from an independent calculation; with the on-shell angle within 2% of the paper's."""
    found = load_measurement(f"dune_nd_nu_e:{variant}").data
    assert np.asarray(found) / 5.0 == pytest.approx(expected, rel=0.01)


def test_rate_against_a_general_purpose_integrator(dune: ScatteringCounts) -> None:
    """Bins of the flux one by one, the recoil by quadrature, for the muon antineutrinos of the neutrino beam."""
    flux = load_flux("dune_nd_standard_fhc", neutrino="numubar")
    total = 0.0
    for low, high, density in zip(flux.energy[:-1], flux.energy[1:], flux.values, strict=True):
        if density == 0.0 or high > 8.0:
            continue

        def inner(energy: float) -> float:
            top = float(largest_recoil(energy))
            if top <= 0.6:
                return 0.0
            return quad(
                lambda t: float(differential_cross_section(t, energy=energy, neutrino="numubar")), 0.6, top, epsrel=1e-9
            )[0]

        # The bin that holds the threshold has a kink.
        start = max(low, 0.6003)
        if start < high:
            total += density * quad(inner, start, high, epsrel=1e-7, limit=50)[0]
    cut = np.where(flux.energy[1:] <= 8.0, flux.values, 0.0)
    from dataclasses import replace

    spectrum = flux_spectrum(replace(flux, values=cut), low=0.6)
    assert spectrum.constant == pytest.approx(total, rel=1e-5)
    one = counts(
        samples={
            "a": {"flux": "dune_nd_standard_fhc", "species": ["numubar"], "years": 2, "pot_per_year": 1e20},
        }
    )
    whole = flux_spectrum(flux, low=0.6).constant
    assert one.standard_model == pytest.approx([whole * ELECTRONS * FB_TO_M2 * 2e20], rel=1e-6)


def test_few_nodes_carry_the_sum_over_energies() -> None:
    """The condensed nodes of a flux against all nodes of all its energies."""
    from recast.recoil_spectrum import recoil_spectrum

    flux = load_flux("dune_nd_standard_fhc", neutrino="nue")
    energy, weight = flux.quadrature()
    together = recoil_spectrum("nue", energy, weight=weight, low=0.6)
    assert together.momentum_transfer.size < 100
    masses = np.array([1e-4, 1e-2, 0.1, 10.0])
    expected = sum(
        recoil_spectrum("nue", e, weight=w, low=0.6).polynomial(masses, 1.0)
        for e, w in zip(energy, weight, strict=True)
    )
    assert together.polynomial(masses, 1.0) == pytest.approx(expected, rel=1e-11)


def test_published_sensitivity() -> None:
    published = np.array([3.474e-5, 3.601e-5, 5.721e-5, 9.464e-5, 8.553e-4, 8.329e-3])
    found = limit("le_lmu", "dune_nd_nu_e", MASSES, confidence_level=0.9)
    assert found.coupling[:-1] == pytest.approx(published[:-1], rel=0.02)
    assert found.coupling[-1] == pytest.approx(published[-1], rel=0.04)
    assert "2 dof" in found.convention
    assert "4.605" in found.convention


@pytest.mark.parametrize("normalisation", ["0.01", "0.05", "0.10"])
def test_a_shared_normalisation_cancels(normalisation: str) -> None:
    """1.14e-5 whatever the error of the flux, because the interference has opposite signs in the two beams."""
    found = limit(
        "le_lmu", f"dune_nd_nu_e:correlation=shared,normalisation={normalisation}", 1e-3, confidence_level=0.9
    )
    assert found.coupling[0] == pytest.approx(1.14e-5, rel=0.01)
    model = load_model("le_lmu")
    linear = counts().coefficients(model(mass=[1e-3], coupling=1.0).mediators[0])[0, :, 1]  # type: ignore[index]
    assert linear[0] > 0.0 > linear[1]


def test_degrees_of_freedom_are_a_convention() -> None:
    one = limit("le_lmu", "dune_nd_nu_e:degrees_of_freedom=1", 0.1, confidence_level=0.9)
    two = limit("le_lmu", "dune_nd_nu_e", 0.1, confidence_level=0.9)
    statistic = load_measurement("dune_nd_nu_e").minus_2_delta_ln_l
    model = load_model("le_lmu")
    assert statistic(model(mass=0.1, coupling=one.coupling[0])) == pytest.approx(2.7055, rel=1e-3)
    assert statistic(model(mass=0.1, coupling=two.coupling[0])) == pytest.approx(4.6052, rel=1e-3)


def test_scans_have_the_same_convention(tmp_path: Path) -> None:
    edge = limit("le_lmu", "dune_nd_nu_e", 0.1, confidence_level=0.9).coupling[0]
    result = scan(
        {
            "model": "le_lmu",
            "measurements": ["dune_nd_nu_e"],
            "parameters": {"mass": [0.1], "coupling": [0.0, 0.9 * edge, 0.999 * edge, 1.001 * edge]},
            "confidence_level": 0.9,
        }
    )
    assert result.excluded().tolist() == [[False, False, False, True]]
    assert "2 dof" in result.convention
    again = ScanResult.load(result.save(tmp_path / "scan.h5"))
    assert again.excluded().tolist() == result.excluded().tolist()


def test_published_dimuon_sensitivity() -> None:
    published = [2.265e-4, 2.400e-4, 2.776e-4, 3.179e-4, 1.160e-3, 1.062e-2]
    found = limit("lmu_ltau", "dune_nd_dimuon_1902_08579", [3e-3, *MASSES[1:]], confidence_level=0.9)
    assert found.coupling == pytest.approx(published, rel=0.10)
    assert "1 dof" in found.convention


def test_the_better_of_two_channels() -> None:
    """L_e - L_mu: electrons that recoil do better than pairs of electrons, as in the paper's figure."""
    recoils = limit("le_lmu", "dune_nd_nu_e", [0.1, 1.0], confidence_level=0.9).coupling
    pairs = limit("le_lmu", "dune_nd_dielectron_1902_08579", [0.1, 1.0], confidence_level=0.9).coupling
    assert np.all(recoils < pairs)


def test_nothing_couples_nothing_excluded() -> None:
    assert limit("lmu_ltau:mixing=none", "dune_nd_nu_e", 0.1, confidence_level=0.9).excluded == ((),)
    assert limit("dark_photon", "dune_nd_nu_e", 0.1, confidence_level=0.9).excluded == ((),)


def test_loops_couple_what_charges_do_not() -> None:
    """L_mu - L_tau: the electron has the charge of loop mixing at q^2 = -2 m_e T, about -4.4e-3."""
    tree = limit("le_lmu", "dune_nd_nu_e", 1.0, confidence_level=0.9).coupling[0]
    loop = limit("lmu_ltau:mixing=one_loop", "dune_nd_nu_e", 1.0, confidence_level=0.9).coupling[0]
    assert loop == pytest.approx(tree / math.sqrt(0.3028 * 1.4433e-2), rel=0.1)


def test_a_contact_shift_is_a_mixing_angle() -> None:
    """dgV = 4 d for muon neutrinos and electrons moves sin^2(theta_W) by d in their scattering."""
    only = {"flux": "dune_nd_standard_fhc", "species": ["numu", "numubar"], "years": 1, "pot_per_year": 1e21}
    interaction = ContactInteraction(dgv=[0.0, 0.04], dga=0.0, neutrino="mu", lepton="e")
    found = counts(samples={"a": only}).predict(interaction)
    shifted = ElectroweakInputs(sin2_theta_w=DEFAULT_INPUTS.sin2_theta_w + 0.01)
    expected = counts(samples={"a": only}, electroweak=shifted).standard_model
    assert found[0] == pytest.approx(counts(samples={"a": only}).standard_model)
    assert found[1] == pytest.approx(expected, rel=1e-12)


def test_contact_shifts_of_muons_do_not_apply(dune: ScatteringCounts) -> None:
    assert "on electrons" in (dune.applicable(ContactInteraction(dgv=0.1, dga=0.0)) or "")
    with pytest.raises(NotApplicableError, match="does not apply"):
        load_measurement("dune_nd_nu_e").prediction(ContactInteraction(dgv=0.1, dga=0.0))


@pytest.mark.parametrize("neutrino", ["nue", "numu", "nuebar", "numubar"])
def test_an_axial_boson_shifts_ga_with_its_own_propagator(neutrino: str) -> None:
    """Against an integral over the recoil with C_L = (gV - gA)/4 and C_R = (gV + gA)/4."""
    from recast.observables.elastic import recoil_expansions, summed
    from recast.recoil_spectrum import recoil_spectrum

    energy, low, mass, coupling = 3.0, 0.6, 0.03, 4e-4
    charges, axial = {"e": 0.7, "mu": -1.0}, {"e": -0.4, "mu": 0.3}
    boson = U1Mediator(charges, axial=axial, mass=mass, coupling=coupling)
    spectrum = recoil_spectrum(neutrino, energy, low=low)
    found = summed(recoil_expansions([spectrum], boson), ())
    flavour = neutrino.removeprefix("nu").removesuffix("bar")
    antineutrino = neutrino.endswith("bar")
    s2 = DEFAULT_INPUTS.sin2_theta_w
    left_sm = s2 + (0.5 if flavour == "e" else -0.5)

    def integrand(recoil: float) -> float:
        unit = (charges[flavour] - axial[flavour]) * coupling**2 / (math.sqrt(2.0) * DEFAULT_INPUTS.fermi_constant)
        unit /= mass**2 + 2.0 * ELECTRON_MASS * recoil
        dgv, dga = 2.0 * unit * charges["e"], 2.0 * unit * axial["e"]
        left, right = left_sm + (dgv - dga) / 4.0, s2 + (dgv + dga) / 4.0
        if antineutrino:
            left, right = right, left
        shape = left**2 + right**2 * (1.0 - recoil / energy) ** 2 - left * right * ELECTRON_MASS * recoil / energy**2
        return 2.0 * ELECTRON_MASS * DEFAULT_INPUTS.fermi_constant**2 / math.pi * 3.893793721e11 * shape

    expected = quad(integrand, low, float(largest_recoil(energy)), epsrel=1e-11)[0]
    assert float(found) == pytest.approx(expected, rel=1e-9)
    assert abs(float(found) / spectrum.constant - 1.0) > 0.01


def test_two_bosons_interfere(dune: ScatteringCounts) -> None:
    """A boson split into two of the same mass is one boson."""
    model = load_model("le_lmu")
    whole = model(mass=0.1, coupling=5e-4)

    class Pair:
        shape = ()

        @property
        def mediators(self) -> tuple[U1Mediator, ...]:
            half = 5e-4 / math.sqrt(2.0)
            return model(mass=0.1, coupling=half).mediators + model(mass=0.1, coupling=half).mediators  # type: ignore[operator]

    assert dune.predict(Pair()) == pytest.approx(dune.predict(whole), rel=1e-12)  # type: ignore[arg-type]


def test_shapes_and_masses_computed_once(dune: ScatteringCounts) -> None:
    model = load_model("le_lmu")
    masses, couplings = np.array([[0.01], [1.0], [0.01]]), np.array([[0.0, 1e-4, 1e-3]])
    plane = dune.predict(model(mass=masses, coupling=couplings))
    assert plane.shape == (3, 3, 2)
    assert np.array_equal(plane[0], plane[2])
    assert plane[:, 0] == pytest.approx(np.broadcast_to(dune.standard_model, (3, 2)))
    assert dune.predict(model(mass=1.0, coupling=1e-3)) == pytest.approx(plane[1, 2], rel=1e-12)
    assert dune.predict(StandardModel()) == pytest.approx(dune.standard_model)


def test_published_events_set_the_scale() -> None:
    sample = {"flux": "dune_nd_standard_fhc", "years": 5, "events_per_year": 100.0}
    assert counts(samples={"a": sample}).standard_model == pytest.approx([500.0])
    tridents = counts(samples={"a": sample}, process="dimuon", recoil_low=0.0)
    assert np.array_equal(tridents.predict(StandardModel()), [500.0])
    plane = tridents.predict(load_model("lmu_ltau")(mass=[[0.1]], coupling=[[0.0, 1e-3]]))
    assert plane.shape == (1, 2, 1)
    assert plane[0, 0, 0] == pytest.approx(500.0)
    single = tridents.tridents["a"].predict(load_model("lmu_ltau")(mass=0.1, coupling=1e-3))
    assert plane[0, 1, 0] == pytest.approx(float(single), rel=1e-9)


def test_bad_input() -> None:
    sample = {"flux": "dune_nd_standard_fhc", "years": 1, "pot_per_year": 1e21}
    with pytest.raises(ValidationError, match="either pot_per_year"):
        counts(samples={"a": {**sample, "events_per_year": 3.0}})
    with pytest.raises(ValidationError, match=r"samples\.a: tridents need events_per_year"):
        counts(samples={"a": sample}, process="dimuon", recoil_low=0.0)
    with pytest.raises(ValidationError, match="belong to scattering on electrons"):
        counts(samples={"a": {"flux": "x", "years": 1, "events_per_year": 3.0}}, process="dimuon")
    with pytest.raises(ValidationError, match="recoil_high must be above"):
        counts(recoil_high=0.5)
    with pytest.raises(ValidationError, match="form_factor and selection belong to tridents"):
        counts(form_factor="fermi3")
    with pytest.raises(ValidationError, match="species"):
        counts(samples={"a": {**sample, "species": ["nux"]}})
    shape = counts(samples={"a": {**sample, "flux": "reactor_nuebar", "species": ["nuebar"]}})
    with pytest.raises(FluxError, match="only a shape"):
        _ = shape.spectra
