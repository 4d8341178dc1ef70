"""Shifts of the couplings: values, limits, shapes."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.channels import Channel, all_channels
from recast.constants import DEFAULT_INPUTS, ElectroweakInputs
from recast.errors import OutOfRangeError, UnknownNameError
from recast.interactions import ContactInteraction, Interaction, StandardModel, U1Mediator

MUON = Channel.parse("numu_numu_mu-mu+")
CHARGES = {"e": 0.0, "mu": 1.0, "tau": -1.0}
masses = st.floats(1e-6, 1e4)
couplings = st.floats(1e-8, 10.0)
transfers = st.floats(1e-8, 1e3)


def total(interaction: Interaction, structure: str, channel: Channel = MUON, at: float = 0.1) -> Any:
    """Sum the shifts of one structure at one momentum transfer."""
    transfer = np.array([at])
    return sum(
        shift.strength * shift.profile(transfer)[..., 0]
        for shift in interaction.shifts(channel)
        if shift.structure == structure
    )


def test_the_protocol_is_fulfilled() -> None:
    for interaction in (
        StandardModel(),
        U1Mediator(CHARGES, mass=1.0, coupling=1.0),
        ContactInteraction(dgv=1.0, dga=0.0),
    ):
        assert isinstance(interaction, Interaction)


@given(st.sampled_from(all_channels()))
def test_the_standard_model_shifts_nothing(channel: Channel) -> None:
    assert StandardModel().shifts(channel) == ()
    assert StandardModel().shape == ()
    assert StandardModel().mediators == ()


@given(masses, couplings, transfers)
def test_the_shift_is_that_of_a_propagator(mass: float, coupling: float, transfer: float) -> None:
    mediator = U1Mediator(CHARGES, mass=mass, coupling=coupling)
    expected = 2.0 * DEFAULT_INPUTS.vev**2 * coupling**2 / (transfer + mass**2)
    assert total(mediator, "V", at=transfer) == pytest.approx(expected, rel=1e-12)
    assert total(mediator, "A", at=transfer) == 0


@given(couplings, st.floats(1e-3, 1e3))
def test_a_heavy_boson_is_a_contact_shift(coupling: float, transfer: float) -> None:
    """Eq. 19 of arXiv:1902.06765: dgV = 2 v^2 g'^2 / m^2."""
    mass = 1e7
    heavy = U1Mediator(CHARGES, mass=mass, coupling=coupling)
    contact = ContactInteraction(dgv=2.0 * DEFAULT_INPUTS.vev**2 * coupling**2 / mass**2, dga=0.0)
    assert total(heavy, "V", at=transfer) == pytest.approx(total(contact, "V", at=transfer), rel=1e-10)


def test_the_vacuum_expectation_value_comes_from_the_fermi_constant() -> None:
    mediator = U1Mediator(CHARGES, mass=1.0, coupling=1.0)
    doubled = ElectroweakInputs(fermi_constant=2.0 * DEFAULT_INPUTS.fermi_constant)
    (one,), (two,) = mediator.shifts(MUON), mediator.shifts(MUON, doubled)
    transfer = np.array([0.5])
    assert one.profile(transfer) == pytest.approx(2.0 * two.profile(transfer))


@given(st.sampled_from(all_channels()))
def test_only_neutral_currents_of_charged_flavours_are_shifted(channel: Channel) -> None:
    mediator = U1Mediator({"e": 1.0, "mu": -1.0, "tau": 0.0}, mass=1.0, coupling=1.0)
    product = mediator.charges[channel.incoming] * mediator.charges[channel.minus]
    if channel.has_neutral_current and product:
        (shift,) = mediator.shifts(channel)
        assert np.sign(shift.profile(np.array([1.0]))) == np.sign(product)
    else:
        assert mediator.shifts(channel) == ()


@given(st.sampled_from(all_channels()))
def test_antineutrinos_are_shifted_alike(channel: Channel) -> None:
    mediator = U1Mediator({"e": 1.0, "mu": -1.0, "tau": 2.0}, mass=1.0, coupling=1.0)
    assert total(mediator, "V", channel) == total(mediator, "V", channel.conjugate)


def test_planes_are_evaluated_once_per_mass() -> None:
    mediator = U1Mediator(CHARGES, mass=np.geomspace(0.01, 10.0, 5)[:, None], coupling=np.linspace(0.0, 1.0, 7))
    assert mediator.shape == (5, 7)
    (shift,) = mediator.shifts(MUON)
    assert shift.profile(np.geomspace(1e-3, 1.0, 11)).shape == (5, 1, 11)
    assert shift.strength.shape == (7,)
    scalar = U1Mediator(CHARGES, mass=0.1, coupling=0.1)
    assert scalar.shape == ()
    assert scalar.shifts(MUON)[0].profile(np.ones(11)).shape == (11,)


def test_the_strength_is_one_array_for_all_channels() -> None:
    mediator = U1Mediator({"e": 1.0, "mu": -1.0}, mass=1.0, coupling=np.ones(3))
    electron = Channel.parse("nue_nue_e-e+")
    assert mediator.shifts(MUON)[0].strength is mediator.shifts(electron)[0].strength


def test_contact_shifts() -> None:
    contact = ContactInteraction(dgv=np.array([[0.5], [1.0]]), dga=np.array([-1.0, 0.0, 1.0]))
    assert contact.shape == (2, 3)
    assert contact.mediators is None
    vector, axial = contact.shifts(MUON)
    assert (vector.structure, axial.structure) == ("V", "A")
    assert np.array_equal(vector.profile(np.array([1e-6, 1.0, 1e3])), np.ones(3))
    assert contact.shifts(MUON.conjugate) != ()


@given(st.sampled_from(all_channels()))
def test_contact_shifts_concern_one_channel_and_its_conjugate(channel: Channel) -> None:
    contact = ContactInteraction(dgv=0.5, dga=-0.25)
    assert bool(contact.shifts(channel)) == (channel in {MUON, MUON.conjugate})
    other = ContactInteraction(dgv=0.5, dga=-0.25, neutrino="mu", lepton="e")
    assert bool(other.shifts(channel)) == (channel.table_name == "ee" and channel.incoming == "mu")


@pytest.mark.parametrize(
    ("mass", "coupling", "message"),
    [
        (-1.0, 1.0, "the mass must be a positive finite number, not -1"),
        (0.0, 1.0, "the mass must be a positive finite number, not 0"),
        (np.nan, 1.0, "the mass must be a positive finite number, not nan"),
        ([1.0, np.inf], 1.0, "the mass must be a positive finite number, not inf"),
        ("0.1", 1.0, "the mass must be a positive finite number, not '0.1'"),
        (None, 1.0, "the mass must be a positive finite number, not None"),
        (1.0 + 1.0j, 1.0, "the mass must be a positive finite number"),
        ([[1.0], [1.0, 2.0]], 1.0, "the mass must be a positive finite number"),
        (1.0, [0.0, -1e-9], "the coupling must be a finite number, zero or positive, not -1e-09"),
        (1.0, np.nan, "the coupling must be a finite number, zero or positive, not nan"),
        (1e200, 1.0, r"below 1e\+30, not 1e\+200"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], r"do not broadcast: mass of shape \(2,\) and coupling of shape \(3,\)"),
    ],
)
def test_parameters_that_make_no_sense(mass: Any, coupling: Any, message: str) -> None:
    with pytest.raises(OutOfRangeError, match=message):
        U1Mediator(CHARGES, mass=mass, coupling=coupling)


def test_contact_shifts_that_make_no_sense() -> None:
    with pytest.raises(OutOfRangeError, match="the dga must be a finite number, not inf"):
        ContactInteraction(dgv=-1.0, dga=np.inf)
    with pytest.raises(OutOfRangeError, match="do not broadcast"):
        ContactInteraction(dgv=[1.0, 2.0], dga=[1.0, 2.0, 3.0])
    with pytest.raises(UnknownNameError, match="lepton flavour 'muon'"):
        ContactInteraction(dgv=0.0, dga=0.0, lepton="muon")
    with pytest.raises(UnknownNameError, match="lepton flavour 'm'"):
        U1Mediator({"m": 1.0}, mass=1.0, coupling=1.0)


def test_parameters_are_copies_and_cannot_be_changed() -> None:
    mass = np.array([1.0, 2.0])
    mediator = U1Mediator(CHARGES, mass=mass, coupling=0.1)
    mass[0] = -1.0
    assert mediator.mass[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        mediator.mass[0] = 3.0


def test_an_unknown_mixing_is_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown kinetic mixing 'loop': did you mean one_loop\?"):
        U1Mediator({"mu": 1.0}, mass=1.0, coupling=0.1, mixing="loop")  # type: ignore[arg-type]
