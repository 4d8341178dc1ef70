"""Events after a selection, against rates of the whole detector and against the ratio of cross sections."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from recast.interactions import ContactInteraction, Interaction, StandardModel
from recast.model import load_model
from recast.observables.event_counts import EventCounts
from recast.observables.trident_ratio import TridentRatio
from recast.polynomials import evaluate
from recast.rates import event_rate

BEAM = {"channel": "numu_numu_mu-mu+", "flux": "dune_nd_standard_fhc"}
SELECTED = {"coherent": 8.7, "proton": 0.72, "neutron": 0.08}


def counts(**changes: Any) -> EventCounts:
    values = {"target": "Ar40", "beams": [BEAM], "events_per_year": SELECTED, "years": 6, **changes}
    return EventCounts.model_validate(values)


INTERACTIONS: list[Interaction] = [
    load_model("lmu_ltau")(mass=0.03, coupling=1e-3),
    load_model("lmu_ltau")(mass=5.0, coupling=3e-2),
    ContactInteraction(dgv=-0.7, dga=0.4),
]


def test_the_standard_model_gives_the_selected_events() -> None:
    assert float(counts().predict(StandardModel())) == pytest.approx(6 * 9.5, rel=1e-15)
    parts = counts().contributions(StandardModel())
    assert {name: float(value) for name, value in parts.items()} == pytest.approx({"coherent": 52.2, "incoherent": 4.8})


@pytest.mark.parametrize("interaction", INTERACTIONS)
def test_every_part_is_scaled_by_its_own_rate(interaction: Interaction) -> None:
    # The rates of the whole detector sum over momentum transfer on their own.
    new = event_rate(BEAM["channel"], "Ar40", BEAM["flux"], interaction=interaction)
    old = event_rate(BEAM["channel"], "Ar40", BEAM["flux"])
    expected = {part: float(events * new.events[part] / old.events[part]) for part, events in SELECTED.items()}
    found = counts(years=1).contributions(interaction)
    assert float(found["coherent"]) == pytest.approx(expected["coherent"], rel=1e-10)
    assert float(found["incoherent"]) == pytest.approx(expected["proton"] + expected["neutron"], rel=1e-10)
    assert float(counts(years=1).predict(interaction)) == pytest.approx(sum(expected.values()), rel=1e-10)


def test_the_parts_do_not_respond_alike() -> None:
    # Otherwise one ratio for all would do.
    boson = load_model("lmu_ltau")(mass=0.03, coupling=1e-3)
    coherent, proton = (
        float(counts(events_per_year={part: 1.0}, years=1).predict(boson)) for part in ("coherent", "proton")
    )
    assert coherent / proton > 1.1


def test_coherent_events_alone_are_the_coherent_ratio() -> None:
    ratio = TridentRatio.model_validate({"target": "Ar40", "beams": [BEAM], "regime": "coherent"})
    only = counts(events_per_year={"coherent": 8.7})
    for interaction in INTERACTIONS:
        np.testing.assert_allclose(only.predict(interaction), 6 * 8.7 * ratio.predict(interaction), rtol=1e-13)


def test_polynomials_are_the_prediction() -> None:
    model, mass = load_model("lmu_ltau"), np.array([0.01, 0.2, 30.0])
    coupling = np.array([1e-4, 1e-3, 0.05])
    polynomials = counts().polynomials(model, mass)
    assert polynomials is not None
    parts = counts().contributions(model(mass=mass[:, None], coupling=coupling[None, :]))
    assert set(polynomials) == set(parts) == set(EventCounts.parts)
    for name, coefficients in polynomials.items():
        found = np.stack([evaluate(coefficients, np.full(3, g)) for g in coupling], axis=1)
        np.testing.assert_allclose(found, parts[name], rtol=1e-11)
    assert counts().polynomials(load_model("contact"), mass) is None


@given(years=st.floats(0.01, 1e3), scale=st.floats(0.01, 1e3))
def test_events_go_with_the_time_and_with_the_rates(years: float, scale: float) -> None:
    rates = {part: scale * events for part, events in SELECTED.items()}
    many = counts(years=years, events_per_year=rates).predict(INTERACTIONS[0])
    np.testing.assert_allclose(many, years * scale * counts(years=1).predict(INTERACTIONS[0]), rtol=1e-12)


def test_planes_have_the_shape_of_the_parameters() -> None:
    plane = load_model("lmu_ltau")(mass=np.geomspace(0.01, 1, 3)[:, None], coupling=np.geomspace(1e-4, 1e-2, 4))
    assert counts().predict(plane).shape == (3, 4)


@pytest.mark.parametrize(
    "changes",
    [
        {"events_per_year": {}},
        {"events_per_year": {"coherent": -8.7}},
        {"events_per_year": {"quasielastic": 1.0}},
        {"years": 0},
        {"beams": []},
        {"regime": "total"},
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        counts(**changes)
