"""Published limits on resonances: returned as published, recast by charges and branching ratios."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import recast
from recast.decays import branching_ratio, partial_widths
from recast.emission_table import load_emission_table, read_emission_table
from recast.errors import DocumentError, NotApplicableError, UnknownNameError
from recast.interactions import ContactInteraction, StandardModel, U1Mediator
from recast.limits import limit
from recast.measurement import load_measurement
from recast.observables import Observable
from recast.observables.resonance_limit import ResonanceLimit

L_MU_L_TAU = {"e": 0, "mu": 1, "tau": -1}
PUBLISHED = {"charges": L_MU_L_TAU}
NAMES = (
    "lhc_4mu_cms",
    "lhc_4mu_atlas2023:curve=digitised",
    "babar_4mu",
    "babar_4mu_2014",
    "belle2_invisible:published=lmu_ltau",
    "na64mu",
)


def at_its_level(model: str, name: str, mass: object) -> np.ndarray:
    measurement = load_measurement(name)
    level = measurement.likelihood.confidence_level
    return limit(model, measurement, mass, confidence_level=level, one_sided=True).coupling


@pytest.mark.parametrize("name", NAMES)
def test_the_published_model_gets_the_published_limit(name: str) -> None:
    curve = load_measurement(name).observable.limits
    found = at_its_level("lmu_ltau", name, curve.mass)
    np.testing.assert_allclose(found, curve.coupling, rtol=1e-13)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_said_outside_the_published_masses(name: str) -> None:
    measurement = load_measurement(name)
    edges = measurement.observable.limits.mass[[0, -1]]
    outside = edges * [1.0 - 1e-9, 1.0 + 1e-9]
    assert np.isnan(at_its_level("lmu_ltau", name, outside)).all()
    interaction = recast.load_model("lmu_ltau")(mass=outside, coupling=0.9)
    assert np.isnan(measurement.prediction(interaction)).all()
    assert np.array_equal(measurement.minus_2_delta_ln_l(interaction), [0.0, 0.0])


def test_the_resonances_of_the_standard_model_are_no_constraint_on_others() -> None:
    assert np.isnan(at_its_level("lmu_ltau", "babar_4mu", 3.0969))
    assert np.isfinite(at_its_level("lmu_ltau", "babar_4mu", [3.0, 3.2])).all()


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("lhc_4mu_cms", "mumu"),
        ("lhc_4mu_atlas2023:curve=digitised", "mumu"),
        ("babar_4mu:emission=muons", "mumu"),
        ("belle2_invisible:published=lmu_ltau,emission=muons", "invisible"),
        ("na64mu", "invisible"),
    ],
)
def test_recast_by_charge_and_branching_ratio(name: str, state: str) -> None:
    curve = load_measurement(name).observable.limits
    mass = curve.mass
    old = branching_ratio(U1Mediator(L_MU_L_TAU, mass=mass, coupling=1.0, mixing="one_loop"), state)
    new = branching_ratio(U1Mediator({"e": 1, "mu": -1}, mass=mass, coupling=1.0), state)
    np.testing.assert_allclose(at_its_level("le_lmu", name, mass), curve.coupling * np.sqrt(old / new), rtol=1e-12)


def test_the_charge_of_the_muon_scales_the_coupling() -> None:
    observable = ResonanceLimit(curve="babar_4mu", final_state="mumu", published=PUBLISHED)
    once = observable.predict(U1Mediator({"mu": 1.0, "tau": -1.0}, mass=1.0, coupling=1e-3))
    twice = observable.predict(U1Mediator({"mu": 2.0, "tau": -2.0}, mass=1.0, coupling=1e-3))
    assert once == pytest.approx((1e-3 / observable.limits(1.0)) ** 2, rel=1e-13)
    assert twice == pytest.approx(4.0 * once, rel=1e-13)


@pytest.mark.parametrize(
    ("mass", "published", "other"),
    [(0.22, 0.28901, 0.16892), (0.3, 0.46975, 0.30698), (1.0, 0.49981, 0.33316)],
)
def test_branching_ratios_behind_the_recast(mass: float, published: float, other: float) -> None:
    """Values computed apart from this program."""
    old = branching_ratio(U1Mediator(L_MU_L_TAU, mass=mass, coupling=1.0), "mumu")
    new = branching_ratio(U1Mediator({"e": 1, "mu": -1}, mass=mass, coupling=1.0), "mumu")
    assert old == pytest.approx(published, abs=6e-6)
    assert new == pytest.approx(other, abs=6e-6)


def test_a_limit_for_invisible_decays_only_is_weakened_by_the_others() -> None:
    mass = np.array([0.1, 0.3, 1.0, 3.0, 4.0, 5.5])
    curve = load_measurement("belle2_invisible").observable.limits
    widths = partial_widths(U1Mediator(L_MU_L_TAU, mass=mass, coupling=1.0, mixing="one_loop"))
    fraction = widths["invisible"] / sum(widths.values())
    found = at_its_level("lmu_ltau", "belle2_invisible", mass)
    np.testing.assert_allclose(found, curve(mass) / np.sqrt(fraction), rtol=1e-13)
    assert found[2] / curve(1.0) == pytest.approx(np.sqrt(2.0), rel=1e-3)


def test_atlas_agrees_with_its_abstract() -> None:
    """Excluded above 0.003 to 0.2; Z -> mu mu Z' -> 4 mu above 0.31 fb, with 2.0 nb of Z -> mu mu at 13 TeV."""
    from recast.z_to_four_muons.width import relative_width

    observable = load_measurement("lhc_4mu_atlas2023").observable
    mass, coupling = observable.limits.mass, observable.scale * observable.limits.coupling
    assert coupling.min() == pytest.approx(0.003, rel=0.1)
    assert coupling.max() == pytest.approx(0.2, rel=0.1)
    signal = 2.0e6 * relative_width(mass) * coupling**2 / 3.0
    assert signal.min() == pytest.approx(0.31, rel=0.15)


def test_cms_agrees_with_its_abstract() -> None:
    """Branching ratios B(Z -> Z' mu mu) B(Z' -> mu mu) of 1e-8 to 1e-7 are excluded."""
    from recast.z_to_four_muons.width import relative_width

    curve = load_measurement("lhc_4mu_cms").observable.limits
    product = 0.0337 * relative_width(curve.mass) * curve.coupling**2 / 3.0
    assert 0.9e-8 < product.min() < 1.5e-8
    assert 0.5e-7 < product.max() < 1.1e-7


def test_babar_excludes_as_many_events_at_every_mass() -> None:
    """514/fb times the cross section at the limit, before efficiencies: thresholds and branching ratios are in it."""
    from recast.z_to_four_muons.width import emission_function

    energy, alpha = 10.58, 1.0 / 137.036
    mass = np.geomspace(0.25, 7.0, 1000)
    muons = 4.0 * np.pi * alpha**2 / (3.0 * energy**2) * 3.8938e11
    coupling = load_measurement("babar_4mu").observable.limits(mass)
    fraction = branching_ratio(U1Mediator(L_MU_L_TAU, mass=mass, coupling=1.0), "mumu")
    events = 514.0 * muons * emission_function(mass, z_mass=energy) / (8.0 * np.pi**2) * coupling**2 * fraction
    for low, high in ((0.25, 0.5), (0.5, 1.0), (1.0, 2.0), (2.0, 4.0), (4.0, 7.0)):
        inside = (mass > low) & (mass < high) & np.isfinite(coupling)
        assert 80.0 < np.median(events[inside]) < 100.0


def test_emission_from_the_beams_strengthens_the_limit() -> None:
    mass = np.array([0.25, 1.0, 4.0])
    table = load_emission_table("babar_4mu")
    with_beams = at_its_level("le_lmu", "babar_4mu", mass)
    without = at_its_level("le_lmu", "babar_4mu:emission=muons", mass)
    np.testing.assert_allclose(with_beams, without / np.sqrt(1.0 + table(mass)), rtol=1e-12)
    np.testing.assert_array_equal(
        at_its_level("lmu_ltau", "babar_4mu", mass), at_its_level("lmu_ltau", "babar_4mu:emission=muons", mass)
    )


@pytest.mark.parametrize("name", ["babar_4mu", "babar_4mu_2014", "belle2_invisible"])
def test_tables_of_beam_emission_cover_the_curves(name: str) -> None:
    observable = load_measurement(name).observable
    mass = observable.limits.mass
    assert np.isfinite(load_emission_table(observable.beam_emission)(mass)).all()


def test_what_it_does_not_apply_to() -> None:
    measurement = load_measurement("babar_4mu")
    contact = ContactInteraction(dgv=[0.1], dga=[0.0])
    with pytest.raises(NotApplicableError, match="name no particle that could be produced"):
        measurement.prediction(contact)
    tau_only = U1Mediator({"tau": 1.0}, mass=1.0, coupling=0.1)
    assert "without a coupling to muons or electrons is not produced" in str(measurement.applicable(tau_only))
    assert "without a coupling to muons is not" in str(load_measurement("na64mu").applicable(tau_only))
    assert measurement.prediction(StandardModel()) == 0.0


def test_a_closed_decay_is_no_constraint() -> None:
    observable = ResonanceLimit(curve="belle2_invisible", final_state="mumu", published=PUBLISHED)
    prediction = observable.predict(U1Mediator({"mu": 1.0, "tau": -1.0}, mass=[0.2, 0.3], coupling=0.1))
    assert np.array_equal(np.isnan(prediction), [True, False])
    # A model without the decay at all has no signal, which excludes nothing either.
    hidden = U1Mediator({"e": 1.0, "tau": -1.0}, mass=1.0, coupling=0.1)
    assert load_measurement("babar_4mu").prediction(hidden) == 0.0


def test_polynomials_are_the_prediction() -> None:
    model, observable = recast.load_model("le_lmu"), load_measurement("babar_4mu").observable
    mass, coupling = np.array([0.1, 0.3, 3.1, 5.0]), np.array([1e-4, 1e-3, 2e-2])
    polynomials = observable.polynomials(model, mass)["signal"]
    values = observable.predict(model(mass=mass[:, None], coupling=coupling))
    expected = np.where(np.isnan(values), 0.0, values)
    np.testing.assert_allclose(polynomials[:, 2:] * coupling**2, expected, rtol=1e-13)
    assert np.array_equal(polynomials[[0, 2]], np.zeros((2, 3)))
    assert observable.polynomials(recast.load_model("contact"), mass) is None
    assert isinstance(observable, Observable)


def test_confidence_levels_agree_with_the_files() -> None:
    for name in NAMES:
        measurement = load_measurement(name)
        level = measurement.observable.limits.confidence_level
        assert level in {measurement.likelihood.confidence_level, None}
        assert measurement.provenance["value"].confidence_level == level


def test_other_levels_scale_the_excluded_signal() -> None:
    at_90 = limit("lmu_ltau", "babar_4mu", 1.0, confidence_level=0.90, one_sided=True).coupling
    at_95 = limit("lmu_ltau", "babar_4mu", 1.0, confidence_level=0.95, one_sided=True).coupling
    assert (at_95 / at_90) ** 2 == pytest.approx(1.6448536 / 1.2815516, rel=1e-6)


def test_no_expected_limit_is_invented() -> None:
    with pytest.raises(NotApplicableError, match="only the observed limit curve is known"):
        load_measurement("na64mu").expected()


def test_later_searches_are_measurements_of_their_own() -> None:
    for name in ("lhc_4mu_cms", "lhc_4mu_atlas2023", "babar_4mu"):
        measurement = load_measurement(name)
        assert "2014" not in measurement.title
        assert "Altmannshofer:2014pba" not in {source.inspire for source in measurement.citations}
    assert "2014" in load_measurement("babar_4mu_2014").title


def test_bad_sections_and_tables_are_told(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown limit curve 'nope'"):
        ResonanceLimit(curve="nope", final_state="mumu", published=PUBLISHED)
    with pytest.raises(UnknownNameError, match="unknown emission table 'nope'"):
        ResonanceLimit(curve="babar_4mu", final_state="mumu", published=PUBLISHED, beam_emission="nope")
    file = tmp_path / "table.csv"
    for text, line, message in (
        ("mass,ratio\n1,2\n", 1, "has the columns 'mass,ratio,error'"),
        ("mass,ratio,error\n1,2,0.1\n2,0,0.1\n", 3, "three positive finite numbers"),
        ("mass,ratio,error\n1,2,0.1\n2,x,0.1\n", 3, "three positive finite numbers"),
        ("mass,ratio,error\n2,2,0.1\n1,2,0.1\n", 3, "the mass must strictly increase"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(DocumentError, match=message) as caught:
            read_emission_table(file)
        assert caught.value.line == line
    with pytest.raises(DocumentError, match="there is no such emission table"):
        read_emission_table(tmp_path / "absent.csv")


def test_a_measurement_names_the_line_of_its_curve(tmp_path: Path) -> None:
    (tmp_path / "curve.csv").write_text(
        "# title: a\n# mass_unit: GeV\n# coupling_unit: dimensionless\n# confidence_level: 0.9\n# source: a\n"
        "# digitised: a\nmass,coupling\n1,0.1\n2,999\n",
        encoding="utf-8",
    )
    file = tmp_path / "mine.yaml"
    file.write_text(
        """\
name: mine
title: "Mine"
observable:
  type: resonance_limit
  curve: curve.csv
  final_state: mumu
  published: {charges: {e: 0, mu: 1, tau: -1}}
likelihood: {type: limit_curve, confidence_level: 0.9}
provenance:
  value:
    paper: "He, Joshi, Lew, Volkas"
    place: "Eq. 1"
    inspire: "He:1991qd"
    bibtex: "@article{He:1991qd, year = 1991}"
""",
        encoding="utf-8",
    )
    with pytest.raises(DocumentError, match=r"curve.csv, line 9: the coupling 999 is above 4 pi"):
        load_measurement(file)
    (tmp_path / "curve.csv").write_text(
        (tmp_path / "curve.csv").read_text(encoding="utf-8").replace("999", "0.2"), encoding="utf-8"
    )
    assert load_measurement(file).prediction(U1Mediator(L_MU_L_TAU, mass=2.0, coupling=0.2)) == pytest.approx(1.0)
    file.write_text(file.read_text(encoding="utf-8").replace("level: 0.9", "level: 0.95"), encoding="utf-8")
    with pytest.raises(DocumentError, match="confidence_level is 0.95, but that of curve.csv is 0.9"):
        load_measurement(file)
