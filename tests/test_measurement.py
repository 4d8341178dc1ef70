"""Every shipped measurement in every variant, and what is said about those that are wrong."""

import math
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from recast.catalog import Catalog
from recast.channels import Channel
from recast.couplings import sm_couplings, va_couplings
from recast.errors import DocumentError, NotApplicableError, RecastError, UnknownNameError
from recast.interactions import ContactInteraction, StandardModel, U1Mediator
from recast.likelihoods import AsymmetricGaussian, Gaussian
from recast.measurement import Measurement, load_measurement, split_reference
from recast.observables.trident_ratio import TridentRatio
from recast.statistics import weighted_average

LMU_LTAU = {"e": 0.0, "mu": 1.0, "tau": -1.0}


def references() -> list[str]:
    """Return every measurement with every choice of every variant, and their combinations where those are few."""
    found = []
    for name in Catalog().names("measurements"):
        variants = load_measurement(name).variants
        every = [[f"{key}={choice}" for choice in variant.choices] for key, variant in variants.items()]
        if math.prod(map(len, every)) <= 8:
            found += [f"{name}:{','.join(chosen)}" if chosen else name for chosen in product(*every)]
        else:
            found += [name, *(f"{name}:{choice}" for choices in every for choice in choices)]
    return found


PLANE = U1Mediator(LMU_LTAU, mass=[[0.01], [1.0], [100.0]], coupling=[[0.0, 1e-3, 0.05, 1.0]], mixing="one_loop")


@pytest.mark.parametrize("reference", references())
def test_every_measurement_in_every_variant(reference: str) -> None:
    measurement = load_measurement(reference)
    assert load_measurement(measurement.label) == measurement
    assert measurement.citations
    for source in measurement.citations:
        assert source.bibtex.count("{") == source.bibtex.count("}")
        # Old papers have no preprint, and not of all could the DOI be confirmed.
        assert source.arxiv or source.doi or "journal" in source.bibtex
        assert all(identifier in source.bibtex for identifier in (source.arxiv, source.doi) if identifier)
    numbers = np.shape(measurement.data)
    standard = measurement.prediction(StandardModel())
    assert standard.shape == numbers
    assert np.all(np.isfinite(standard))
    if measurement.projection:
        np.testing.assert_allclose(measurement.data, standard, rtol=1e-6, atol=1e-3)
    if measurement.upper_limit_only and not measurement.projection:
        assert measurement.data == standard == 0.0
        with pytest.raises(NotApplicableError, match="has no expected limit"):
            measurement.expected()
    else:
        np.testing.assert_allclose(measurement.expected().data, standard, rtol=1e-6, atol=1e-3)

    prediction = measurement.prediction(PLANE)
    assert prediction.shape == (3, 4, *numbers)
    constrained = np.isfinite(prediction)
    assert constrained.all() or measurement.bounded
    without = np.broadcast_to(standard, prediction[:, 0].shape)[constrained[:, 0]]
    np.testing.assert_allclose(prediction[:, 0][constrained[:, 0]], without, rtol=1e-12, atol=1e-12)
    distance = measurement.minus_2_delta_ln_l(PLANE)
    assert distance.shape == (3, 4)
    assert np.all(distance[~constrained.all(axis=tuple(range(2, prediction.ndim)))] == 0.0)
    np.testing.assert_allclose(
        distance, 2.0 * (measurement.nll(PLANE) - measurement.likelihood.minimum), rtol=1e-9, atol=1e-9
    )
    degrees = measurement.likelihood.degrees_of_freedom
    sides = 0.5 if measurement.upper_limit_only else 1.0
    np.testing.assert_allclose(measurement.p_value(PLANE), sides * stats.chi2.sf(distance, degrees), rtol=1e-9)
    # Theory errors can only bring a prediction closer.
    if not numbers:
        bare = np.where(constrained, measurement.likelihood.minus_2_delta_ln_l(prediction), 0.0)
        assert np.all(distance <= bare * (1.0 + 1e-12) + 1e-12)


TRIDENTS = ("ccfr", "charm_ii", "nutev", "trident_average")


@pytest.mark.parametrize("reference", [r for r in references() if r.split(":")[0] in TRIDENTS])
def test_tridents_only_grow_in_this_model(reference: str) -> None:
    measurement = load_measurement(reference)
    assert isinstance(measurement.observable, TridentRatio)
    assert float(measurement.prediction(StandardModel())) == pytest.approx(
        measurement.observable.standard_model, rel=1e-12
    )
    prediction = measurement.prediction(PLANE)
    assert np.all(np.diff(prediction, axis=1) > 0.0)
    if measurement.theory_errors:
        bare = measurement.likelihood.minus_2_delta_ln_l(prediction)
        assert measurement.minus_2_delta_ln_l(PLANE)[2, 3] < bare[2, 3]


# The inputs as they were published; an error is (lower, upper) where it is not symmetric.
PUBLISHED = {
    "ccfr": (0.82, 0.28),
    "ccfr:data=counts": (37.0, 12.4),
    "charm_ii": (1.58, 0.64),
    "charm_ii:error=2019": (1.58, 0.64),
    "charm_ii:error=2014": (1.58, 0.57),
    "nutev": (0.72, (0.72, 1.73)),
    "nutev:report=1998": (0.67, 0.27),
    "trident_average": (0.83, 0.18),
    "dune_nd": (1.0, 0.40),
    "dune_nd:accuracy=.250": (1.0, 0.25),
    "lbne_5gev": (1.0, 0.30),
    "lbne_5gev:accuracy=1e-1": (1.0, 0.10),
    "muon_g2": (2.71e-9, 0.73e-9),
    "muon_g2:year=2014": (2.9e-9, 1.8e-9),
    "muon_g2:year=2019.0": (2.71e-9, 0.73e-9),
}


@pytest.mark.parametrize("reference", PUBLISHED)
def test_published_inputs(reference: str) -> None:
    value, error = PUBLISHED[reference]
    likelihood = load_measurement(reference).likelihood
    if isinstance(error, tuple):
        assert likelihood == AsymmetricGaussian(value=value, lower=error[0], upper=error[1])
    else:
        assert likelihood == Gaussian(value=value, error=error)


def test_the_average_is_that_of_its_inputs() -> None:
    measurement = load_measurement("trident_average")
    errors = [item.error for item in measurement.inputs if item.error is not None]
    average = weighted_average([item.value for item in measurement.inputs], errors)
    assert isinstance(measurement.likelihood, Gaussian)
    assert round(average.value, 2) == measurement.likelihood.value
    assert round(average.error, 2) == measurement.likelihood.error
    for name, item in zip(("charm_ii:error=2014", "ccfr", "nutev:report=1998"), measurement.inputs, strict=True):
        assert load_measurement(name).likelihood == Gaussian(value=item.value, error=item.error or 0.0)


def test_ccfr_counts_exclude_v_minus_a() -> None:
    counts = load_measurement("ccfr:data=counts")
    published = {item.name: item for item in counts.inputs}
    assert counts.observable.standard_model == 45.3
    (error,) = counts.theory_errors.values()
    assert error.relative == pytest.approx(2.3 / 45.3, rel=1e-4)
    channel = Channel.parse("numu_numu_mu-mu+")
    shift = np.subtract(va_couplings(channel), sm_couplings(channel))
    v_minus_a = ContactInteraction(dgv=shift[0], dga=shift[1])
    # 78.1 +- 3.9 events were predicted for V-A: ours, 45.3 times the coherent ratio, agrees within that error.
    assert float(counts.prediction(v_minus_a)) == pytest.approx(published["V-A prediction, events"].value, abs=3.9)
    assert float(counts.p_value(v_minus_a)) < 0.01
    assert float(counts.p_value(StandardModel())) > 0.3


def test_theory_errors_have_the_closed_form() -> None:
    measurement = load_measurement("ccfr:theory_error=profiled,regime=total")
    point = U1Mediator(LMU_LTAU, mass=1.0, coupling=3e-3)
    parts = measurement.observable.contributions(point)
    assert set(parts) == {"coherent", "incoherent"}
    ratio = float(measurement.prediction(point))
    variance = 0.28**2 + (0.06 * parts["coherent"]) ** 2 + (0.30 * parts["incoherent"]) ** 2
    expected = (ratio - 0.82) ** 2 / variance
    assert float(measurement.minus_2_delta_ln_l(point)) == pytest.approx(float(expected), rel=1e-12)


def test_charm_ii_adds_the_rates_of_four_beams() -> None:
    observable = load_measurement("charm_ii").observable
    assert [beam.channel for beam in observable.beams].count("numubar_numubar_mu-mu+") == 2
    assert len(observable.terms) == 2
    alone = [TridentRatio.model_validate({"target": "SiO2", "beams": [beam.model_dump()]}) for beam in observable.beams]
    point = U1Mediator(LMU_LTAU, mass=0.1, coupling=1e-3)
    rates = np.array([single.standard_model_cross_sections["coherent"] for single in alone])
    ratios = np.array([float(single.predict(point)) for single in alone])
    expected = np.sum(rates * ratios) / np.sum(rates)
    assert float(observable.predict(point)) == pytest.approx(expected, rel=1e-10)
    assert ratios.max() / ratios.min() > 1.05  # else the sum would not be tested


def test_what_a_measurement_says_nothing_about() -> None:
    contact = ContactInteraction(dgv=0.1, dga=0.0)
    with pytest.raises(NotApplicableError, match="'muon_g2' does not apply"):
        load_measurement("muon_g2").prediction(contact)
    with pytest.raises(NotApplicableError):
        load_measurement("muon_g2").nll(contact)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]+", fullmatch=True), st.from_regex(r"[a-z0-9.\-]+", fullmatch=True), max_size=3
    )
)
def test_references_are_split(chosen: dict[str, str]) -> None:
    tail = ",".join(f"{key}={value}" for key, value in chosen.items())
    assert split_reference(f"charm_ii:{tail}" if tail else "charm_ii") == ("charm_ii", chosen)


@pytest.mark.parametrize(
    ("reference", "complaint"),
    [
        ("charm_i", "did you mean charm_ii"),
        ("charm_ii:eror=2014", "did you mean error"),
        ("charm_ii:error=2015", "known: 2019, 2014"),
        ("charm_ii:error=abc", "unknown choice of charm_ii:error 'abc'"),
        ("muon_g2:regime=total", "unknown variant of muon_g2 'regime'"),
    ],
)
def test_unknown_names_show_near_ones(reference: str, complaint: str) -> None:
    with pytest.raises(UnknownNameError, match=complaint):
        load_measurement(reference)


@pytest.mark.parametrize("reference", ["ccfr:", "ccfr:data", "ccfr:data=", "ccfr:=counts", "ccfr:data=counts,"])
def test_malformed_variants_are_explained(reference: str) -> None:
    with pytest.raises(RecastError, match="NAME:key=value"):
        load_measurement(reference)


def test_a_variant_is_chosen_once() -> None:
    with pytest.raises(RecastError, match="twice"):
        load_measurement("ccfr:data=counts,data=ratio")


CCFR = Path(str(Catalog().file("measurements", "ccfr"))).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("error: 0.28", "error: -0.28", r"line 13: likelihood\.error should be greater than 0, not -0\.28"),
        ("type: gaussian", "type: gausian", r"line 11: likelihood\.type: .*did you mean gaussian"),
        ("type: trident_ratio", "type: trident", r"observable\.type: .*did you mean trident_ratio"),
        ("  target: Fe56\n", "", r"'observable\.target' is missing"),
        ("  regime: coherent", "  regme: coherent", "did you mean regime"),
        ("title:", "titel:", "did you mean title"),
        ("type: gaussian", "typ: gaussian", r"the key 'likelihood\.type' is missing"),
        ("value: 0.82", "value: true", "likelihood.value: this should be a number, not true"),
        ("error: 0.28", "error: 1e-300", "likelihood.error: this should be at least 1e-20"),
        ("  regime: coherent", "  electroweak: {alpha: 2}", "alpha must be below 1"),
        ("  regime: coherent", "  electroweak: {alph: 0.01}", r"unknown key 'observable\.electroweak\.alph'"),
        ("\nprovenance:", "\ntheory_errors: {x: {part: coherant, relative: 1}}\nprovenance:", "mean coherent"),
        ("default: ratio", "default: ration", "not one of the choices ratio, counts"),
        ("numu_numu_mu-mu+", "numu_numu_mu-e+", "violates lepton flavour"),
        ("@article{Mishra:1991bv,", "@article{Mishra:1991xx,", "Mishra:1991xx"),
        ("likelihood:\n  type: gaussian\n  value: 0.82\n  error: 0.28\n", "", "'likelihood' is missing"),
    ],
)
def test_wrong_files_are_explained(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    assert old in CCFR
    path = tmp_path / "mine.yaml"
    path.write_text(CCFR.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DocumentError, match=complaint) as caught:
        load_measurement(str(path))
    assert "mine.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_of_ones_own_with_its_own_flux(tmp_path: Path) -> None:
    header = "# title: A beam\n# units: 1/GeV\n# source: made up\n"
    (tmp_path / "beam.csv").write_text(f"{header}energy,numu\n20,0.01\n40,0.03\n60,0.01\n")
    text = CCFR.replace("name: ccfr", "name: mine").replace("flux: ccfr_numu", "flux: beam.csv")
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    measurement = load_measurement(f"{tmp_path / 'mine.yaml'}:theory_error=profiled")
    assert measurement.label == "mine:theory_error=profiled"
    point = U1Mediator(LMU_LTAU, mass=0.1, coupling=1e-3)
    mine, ccfr = (float(m.prediction(point)) for m in (measurement, load_measurement("ccfr")))
    assert mine > ccfr > 1.0  # lower energies feel a light boson more


def test_measurements_are_frozen() -> None:
    measurement: Any = load_measurement("ccfr")
    assert isinstance(measurement, Measurement)
    with pytest.raises(ValueError, match="frozen"):
        measurement.title = "other"
