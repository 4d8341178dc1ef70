"""Couplings of the Standard Model against the published table, and against a second derivation."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.channels import Channel, all_channels
from recast.constants import DEFAULT_INPUTS, HBARC2_FB, HBARC_GEV_FM, ElectroweakInputs
from recast.couplings import sm_couplings, va_couplings
from recast.errors import OutOfRangeError

channels = st.sampled_from(all_channels())

# Table I of arXiv:1902.06765: constant and coefficient of sin^2(theta_W) in gV, and gA.
TABLE = {
    "nue_nue_e+e-": (1.0, 4.0, -1.0),
    "nue_nue_mu+mu-": (-1.0, 4.0, 1.0),
    "nue_numu_mu+e-": (2.0, 0.0, -2.0),
    "numu_numu_e+e-": (-1.0, 4.0, 1.0),
    "numu_numu_mu+mu-": (1.0, 4.0, -1.0),
    "numu_nue_e+mu-": (2.0, 0.0, -2.0),
}


@pytest.mark.parametrize(("name", "row"), TABLE.items())
def test_table_one(name: str, row: tuple[float, float, float]) -> None:
    constant, slope, axial = row
    channel = Channel.parse(name)
    for inputs in (DEFAULT_INPUTS, ElectroweakInputs(sin2_theta_w=0.2223)):
        assert sm_couplings(channel, inputs) == pytest.approx((constant + slope * inputs.sin2_theta_w, axial))


@given(channels)
def test_antineutrinos_have_the_couplings_of_the_conjugate_channel(channel: Channel) -> None:
    assert sm_couplings(channel) == sm_couplings(channel.conjugate)


@given(channels, st.floats(0.01, 0.99))
def test_chiral_couplings(channel: Channel, sin2: float) -> None:
    """Left- and right-handed couplings of the charged leptons: -1/2 + sin^2 and sin^2 from the Z, 1 from the W."""
    gv, ga = sm_couplings(channel, ElectroweakInputs(sin2_theta_w=sin2))
    left, right = (gv - ga) / 4.0, (gv + ga) / 4.0
    assert left == pytest.approx((-0.5 + sin2) * channel.has_neutral_current + channel.has_charged_current, abs=1e-15)
    assert right == pytest.approx(sin2 * channel.has_neutral_current, abs=1e-15)


def test_the_normalisation_of_2014() -> None:
    """C_V = 1/2 + 2 sin^2 and C_A = 1/2 of arXiv:1406.2332, and its ratio to V - A, about 0.60."""
    gv, ga = sm_couplings(Channel.parse("numu_numu_mu-mu+"))
    assert gv / 2.0 == pytest.approx(0.5 + 2.0 * DEFAULT_INPUTS.sin2_theta_w)
    assert -ga / 2.0 == pytest.approx(0.5)
    only_w = va_couplings(Channel.parse("numu_numu_mu-mu+"))
    assert (gv**2 + ga**2) / sum(g**2 for g in only_w) == pytest.approx(0.60, rel=0.02)


@given(channels)
def test_only_w_exchange(channel: Channel) -> None:
    expected = (2.0, -2.0) if channel.has_charged_current else (0.0, 0.0)
    assert va_couplings(channel) == expected
    if not channel.has_neutral_current:
        assert sm_couplings(channel) == expected


def test_inputs() -> None:
    assert DEFAULT_INPUTS.vev == pytest.approx(246.22, abs=0.005)
    # 1 fm = 1e-13 cm, 1 fb = 1e-39 cm^2.
    assert math.isclose(HBARC2_FB, (HBARC_GEV_FM * 1e-13) ** 2 * 1e39, rel_tol=1e-8)
    assert math.isclose(1.0 / DEFAULT_INPUTS.alpha, 137.036)


@pytest.mark.parametrize("name", ["fermi_constant", "sin2_theta_w", "alpha"])
@pytest.mark.parametrize("value", [0.0, -1.0, 1.0, 1e300, 1e-300, math.nan, math.inf])
def test_inputs_that_make_no_sense(name: str, value: float) -> None:
    with pytest.raises(OutOfRangeError, match=f"{name} .*, not"):
        ElectroweakInputs(**{name: value})
