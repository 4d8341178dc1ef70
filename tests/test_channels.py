"""Names of channels, flavour conservation, and the tables that hold them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.channels import NEUTRINOS, Channel, all_channels
from recast.constants import FLAVOURS, LEPTON_MASS
from recast.errors import RecastError, UnknownNameError

channels = st.sampled_from(all_channels())


def test_there_are_fifteen_channels_of_each_kind() -> None:
    assert len(all_channels()) == len(set(all_channels())) == 30
    assert sum(channel.antineutrino for channel in all_channels()) == 15


def test_the_channels_are_those_that_conserve_every_lepton_number() -> None:
    found = set()
    for antineutrino in (False, True):
        sign = -1 if antineutrino else 1
        for a in FLAVOURS:
            for b in FLAVOURS:
                for m in FLAVOURS:
                    for p in FLAVOURS:
                        change = dict.fromkeys(FLAVOURS, 0)
                        change[a] -= sign
                        change[b] += sign
                        change[m] += 1
                        change[p] -= 1
                        if not any(change.values()):
                            found.add((antineutrino, a, b, m, p))
    assert {(c.antineutrino, c.incoming, c.outgoing, c.minus, c.plus) for c in all_channels()} == found


@given(channels)
def test_a_name_is_read_back(channel: Channel) -> None:
    assert Channel.parse(str(channel)) == channel


@given(channels)
def test_the_leptons_may_stand_in_either_order(channel: Channel) -> None:
    head = str(channel).rsplit("_", 1)[0]
    assert Channel.parse(f"{head}_{channel.plus}+{channel.minus}-") == channel


@pytest.mark.parametrize(
    ("name", "canonical", "table", "neutrino"),
    [
        ("numu_numu_mu+mu-", "numu_numu_mu-mu+", "mumu", "numu"),
        ("numu_nue_e+mu-", "numu_nue_mu-e+", "emu", "numu"),
        ("numubar_nuebar_mu+e-", "numubar_nuebar_e-mu+", "emu", "numubar"),
        ("nutau_nue_tau-e+", "nutau_nue_tau-e+", "etau", "nutau"),
        ("nutaubar_nutaubar_tau-tau+", "nutaubar_nutaubar_tau-tau+", "tautau", "nutaubar"),
        (" numu_nutau_mu-tau+ ", "numu_nutau_mu-tau+", "mutau", "numu"),
    ],
)
def test_canonical_names_and_tables(name: str, canonical: str, table: str, neutrino: str) -> None:
    channel = Channel.parse(name)
    assert (str(channel), channel.table_name, channel.neutrino) == (canonical, table, neutrino)


def test_there_are_six_tables() -> None:
    assert {channel.table_name for channel in all_channels()} == {"ee", "emu", "mumu", "etau", "mutau", "tautau"}


@given(channels)
def test_the_mass_pair_is_sorted_and_gives_the_threshold(channel: Channel) -> None:
    lighter, heavier = channel.mass_pair
    assert LEPTON_MASS[lighter] <= LEPTON_MASS[heavier]
    assert channel.threshold_mass == pytest.approx(LEPTON_MASS[lighter] + LEPTON_MASS[heavier])
    assert channel.table_name == lighter + heavier


@given(channels)
def test_cp_conjugation_keeps_what_a_cross_section_depends_on(channel: Channel) -> None:
    conjugate = channel.conjugate
    assert conjugate.conjugate == channel
    assert conjugate.antineutrino != channel.antineutrino
    assert (conjugate.minus, conjugate.plus) == (channel.plus, channel.minus)
    assert conjugate.table_name == channel.table_name
    if channel.minus != channel.plus:
        assert conjugate.va_sign == channel.va_sign


def test_the_sign_of_the_interference() -> None:
    def sign(name: str) -> int:
        return Channel.parse(name).va_sign

    # The table is that of a neutrino with the heavier lepton negative.
    assert sign("numu_nue_mu-e+") == 1
    assert sign("nue_numu_e-mu+") == -1
    assert sign("numubar_nuebar_e-mu+") == 1
    assert sign("nuebar_numubar_mu-e+") == -1
    assert sign("numu_numu_mu-mu+") == -sign("numubar_numubar_mu-mu+")


@given(channels)
def test_every_channel_has_a_current(channel: Channel) -> None:
    assert channel.has_neutral_current or channel.has_charged_current
    both = channel.has_neutral_current and channel.has_charged_current
    assert both == (len({channel.incoming, channel.outgoing, channel.minus, channel.plus}) == 1)


@pytest.mark.parametrize("name", ["numu_numu_mumu", "numu_mu-mu+", "", "nux_nux_mu-mu+", "numu_numu_mu-mu+x"])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(UnknownNameError, match=f"unknown channel {re.escape(repr(name))}"):
        Channel.parse(name)


def test_a_misspelt_name_has_near_matches() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean numu_numu_mu-mu\+"):
        Channel.parse("numu_numu_muon-mu+")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("numu_nue_e-mu+", r"'numu_nue_e-mu\+' violates lepton flavour: did you mean .*numu_nue_mu-e\+"),
        ("numu_numu_mu-e+", "violates lepton flavour"),
        ("numubar_nuebar_mu-e+", r"violates lepton flavour: did you mean .*numubar_nuebar_e-mu\+"),
        ("numu_numu_mu-mu-", "two leptons of the same charge"),
        ("numubar_numu_mu-mu+", "turns a neutrino into an antineutrino"),
    ],
)
def test_names_that_break_a_law(name: str, message: str) -> None:
    with pytest.raises(RecastError, match=message):
        Channel.parse(name)


def test_a_channel_cannot_be_built_wrongly() -> None:
    with pytest.raises(RecastError, match="unknown lepton flavour 'muon': did you mean mu"):
        Channel(antineutrino=False, incoming="muon", outgoing="mu", minus="mu", plus="mu")
    with pytest.raises(RecastError, match="violates lepton flavour"):
        Channel(antineutrino=False, incoming="mu", outgoing="e", minus="e", plus="mu")


def test_species() -> None:
    assert NEUTRINOS == ("nue", "numu", "nutau", "nuebar", "numubar", "nutaubar")
    assert {channel.neutrino for channel in all_channels()} == set(NEUTRINOS)
