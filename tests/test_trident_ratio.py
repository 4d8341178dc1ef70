"""The trident ratio as a polynomial, against the sum over momentum transfer written out.

The spectra are made up: what is tested is the algebra, not the physics in the grids.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from recast.channels import Channel
from recast.couplings import sm_couplings, va_couplings
from recast.errors import OutOfRangeError
from recast.interactions import ContactInteraction, Shift, StandardModel, U1Mediator
from recast.model import load_model
from recast.observables.expansion import Expansion
from recast.observables.trident_ratio import TridentRatio, _Term
from recast.polynomials import evaluate

LMU_LTAU = {"e": 0.0, "mu": 1.0, "tau": -1.0}
MUMU = Channel.parse("numu_numu_mu-mu+")
ANTI = Channel.parse("numubar_numubar_mu-mu+")
EE = Channel.parse("numu_numu_e-e+")


@dataclass(frozen=True)
class MadeUpSpectrum:
    """Smooth positive spectra over 12 decades of momentum transfer."""

    scale: float = 1.0
    tilt: float = 0.1
    interference: float = 0.0
    momentum_transfer: NDArray[np.float64] = field(default_factory=lambda: np.geomspace(1e-8, 1e3, 60))

    @property
    def vv(self) -> NDArray[np.float64]:
        k = self.momentum_transfer
        return self.scale * k / (k + 0.01) / (1.0 + k) ** 2

    @property
    def aa(self) -> NDArray[np.float64]:
        return 1.1 * self.vv * self.momentum_transfer**self.tilt

    @property
    def va(self) -> NDArray[np.float64]:
        return self.interference * self.vv

    def cross_section(self, gv: float, ga: float) -> float:
        return float(np.sum(self.vv * gv**2 + self.aa * ga**2 + self.va * gv * ga))


def ratio_of(*terms: tuple[Channel, str, MadeUpSpectrum], **settings: Any) -> TridentRatio:
    ratio = TridentRatio.model_validate(
        {
            "target": "Fe56",
            "beams": [{"channel": str(channel), "energy": 5.0} for channel, _, _ in terms],
            **settings,
        }
    )
    # Where the folded spectra are kept once they are loaded.
    ratio.__dict__["terms"] = tuple(_Term(*term) for term in terms)
    return ratio


CASES = {
    "one channel": ratio_of((MUMU, "coherent", MadeUpSpectrum())),
    "interference": ratio_of((MUMU, "coherent", MadeUpSpectrum(interference=-0.5))),
    "two species": ratio_of(
        (MUMU, "coherent", MadeUpSpectrum(interference=0.3)),
        (ANTI, "coherent", MadeUpSpectrum(scale=0.4, tilt=-0.1, interference=-0.3)),
    ),
    "total": ratio_of(
        (MUMU, "coherent", MadeUpSpectrum()),
        (MUMU, "incoherent", MadeUpSpectrum(scale=0.3, tilt=0.3, interference=0.2)),
        regime="total",
    ),
    "a channel that is not shifted": ratio_of(
        (MUMU, "coherent", MadeUpSpectrum()), (EE, "coherent", MadeUpSpectrum(scale=3.0))
    ),
    "events": ratio_of((MUMU, "coherent", MadeUpSpectrum()), standard_model=45.3),
}


def summed(ratio: TridentRatio, interaction: Any) -> dict[str, NDArray[np.float64]]:
    """Write the sum over momentum transfer out, point by point."""
    parts: dict[str, Any] = {}
    standard = 0.0
    for term in ratio.terms:
        gv, ga = sm_couplings(term.channel, ratio.electroweak)
        spectrum = term.spectrum
        shift: dict[str, Any] = {"V": 0.0, "A": 0.0}
        for item in interaction.shifts(term.channel, ratio.electroweak):
            profile = item.profile(spectrum.momentum_transfer)
            shift[item.structure] = shift[item.structure] + np.asarray(item.strength)[..., None] * profile
        vector, axial = gv + shift["V"], ga + shift["A"]
        density = spectrum.vv * vector**2 + spectrum.aa * axial**2 + spectrum.va * vector * axial
        parts[term.regime] = parts.get(term.regime, 0.0) + np.sum(density, axis=-1)
        standard += spectrum.cross_section(gv, ga)
    return {name: ratio.standard_model * value / standard for name, value in parts.items()}


@pytest.mark.parametrize("ratio", CASES.values(), ids=list(CASES))
def test_planes_agree_with_the_sum(ratio: TridentRatio) -> None:
    plane = U1Mediator(
        LMU_LTAU, mass=np.geomspace(1e-3, 300.0, 7)[:, None], coupling=np.geomspace(1e-5, 3.0, 9)[None, :]
    )
    expected = summed(ratio, plane)
    parts = ratio.contributions(plane)
    assert set(parts) == set(expected)
    for name, part in parts.items():
        assert part.shape == (7, 9)
        np.testing.assert_allclose(part, np.broadcast_to(expected[name], (7, 9)), rtol=1e-12)
    np.testing.assert_allclose(ratio.predict(plane), sum(parts.values()), rtol=1e-13)


@pytest.mark.parametrize("ratio", CASES.values(), ids=list(CASES))
def test_the_contact_plane_agrees_with_the_sum(ratio: TridentRatio) -> None:
    plane = ContactInteraction(dgv=np.linspace(-6.0, 3.0, 8)[:, None], dga=np.linspace(-2.0, 5.0, 5)[None, :])
    expected = summed(ratio, plane)
    for name, part in ratio.contributions(plane).items():
        np.testing.assert_allclose(part, np.broadcast_to(expected[name], (8, 5)), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("ratio", CASES.values(), ids=list(CASES))
def test_nothing_new_is_exactly_the_standard_model(ratio: TridentRatio) -> None:
    assert float(ratio.predict(StandardModel())) == pytest.approx(ratio.standard_model, rel=1e-15)
    off = U1Mediator(LMU_LTAU, mass=np.array([[0.1], [10.0]]), coupling=np.zeros((1, 3)))
    np.testing.assert_allclose(ratio.predict(off), np.full((2, 3), ratio.standard_model), rtol=1e-15)
    assert ratio.predict(off).shape == (2, 3)


@given(
    mass=st.floats(1e-3, 1e3),
    coupling=st.floats(1e-6, 3.0),
    mu=st.sampled_from([-1.0, 1.0, 2.0]),
)
def test_scalars_paired_arrays_and_planes_agree(mass: float, coupling: float, mu: float) -> None:
    ratio = CASES["two species"]
    charges = {"e": 0.0, "mu": mu, "tau": 0.0}
    alone = ratio.predict(U1Mediator(charges, mass=mass, coupling=coupling))
    assert alone.shape == ()
    paired = ratio.predict(U1Mediator(charges, mass=[mass, 1.0], coupling=[coupling, 0.1]))
    plane = ratio.predict(U1Mediator(charges, mass=[[mass], [1.0]], coupling=[[coupling, 0.1]]))
    assert paired[0] == pytest.approx(float(alone), rel=1e-14)
    assert plane[0, 0] == pytest.approx(float(alone), rel=1e-14)
    assert plane[1, 1] == pytest.approx(float(paired[1]), rel=1e-14)
    # A boson that couples vectorially to the muon and its neutrino can only add to vector exchange.
    assert float(alone) >= 1.0


def test_v_minus_a_is_a_point_of_the_contact_plane() -> None:
    ratio = CASES["one channel"]
    gv, ga = sm_couplings(MUMU)
    va = va_couplings(MUMU)
    spectrum = ratio.terms[0].spectrum
    predicted = ratio.predict(ContactInteraction(dgv=va[0] - gv, dga=va[1] - ga))
    assert float(predicted) == pytest.approx(spectrum.cross_section(*va) / spectrum.cross_section(gv, ga))


def test_heavy_mediators_are_contact_shifts() -> None:
    ratio = CASES["two species"]
    mass, coupling = 1e5, 700.0
    shift = 2.0 * (coupling * ratio.electroweak.vev / mass) ** 2
    heavy = ratio.predict(U1Mediator(LMU_LTAU, mass=mass, coupling=coupling))
    assert float(heavy) == pytest.approx(float(ratio.predict(ContactInteraction(dgv=shift, dga=0.0))), rel=1e-6)


@pytest.mark.parametrize("ratio", CASES.values(), ids=list(CASES))
def test_polynomials_in_the_coupling_are_exact(ratio: TridentRatio) -> None:
    model = load_model("lmu_ltau")
    mass, coupling = np.geomspace(1e-3, 300.0, 6), np.geomspace(1e-5, 3.0, 5)
    polynomials = ratio.polynomials(model, mass)
    assert polynomials is not None
    parts = ratio.contributions(model(mass=mass[:, None], coupling=coupling[None, :]))
    for name, polynomial in polynomials.items():
        assert polynomial.shape == (6, 5)
        assert not polynomial[:, 1::2].any()
        np.testing.assert_allclose(evaluate(polynomial[:, None, :], coupling[None, :]), parts[name], rtol=1e-13)


def test_what_is_not_a_polynomial_says_so() -> None:
    ratio = CASES["one channel"]
    assert ratio.polynomials(load_model("contact"), [1.0]) is None

    class Odd:
        """A strength that no parabola goes through."""

        parameters = ("mass", "coupling")

        def __call__(self, *, mass: Any, coupling: Any) -> Any:
            class Exponential:
                mediators = None
                shape = np.broadcast_shapes(np.shape(mass), np.shape(coupling))

                def shifts(self, channel: Channel, inputs: Any) -> tuple[Shift, ...]:
                    return (Shift("V", np.exp(coupling), np.ones_like),)

            return Exponential()

    assert ratio.polynomials(Odd(), [1.0, 2.0]) is None  # type: ignore[arg-type]


def test_many_masses_are_taken_in_turns_of_nodes() -> None:
    ratio = CASES["interference"]
    mass = np.geomspace(1e-3, 300.0, 20_000)
    whole = ratio.predict(U1Mediator(LMU_LTAU, mass=mass, coupling=np.full(mass.shape, 0.01)))
    few = ratio.predict(U1Mediator(LMU_LTAU, mass=mass[::4000], coupling=np.full(5, 0.01)))
    np.testing.assert_allclose(whole[::4000], few, rtol=1e-13)


def test_large_planes_are_filled_in_blocks() -> None:
    rng = np.random.default_rng(1)
    linear, quadratic = rng.random((300, 1)), rng.random((300, 1))
    strength = rng.random((1, 700))
    expansion = Expansion(1.0, (strength,), (linear,), {(0, 0): quadratic})
    np.testing.assert_allclose(
        expansion.evaluate((300, 700)), 1.0 + strength * (linear + strength * quadratic), rtol=1e-14
    )
    other = rng.random((300, 1))
    two = Expansion(
        0.5,
        (strength, other),
        (linear, np.array(2.0)),
        {(0, 0): quadratic, (0, 1): np.array(-1.0), (1, 1): np.array(0.25)},
    )
    expected = 0.5 + strength * linear + 2 * other + quadratic * strength**2 - strength * other + other**2 / 4
    np.testing.assert_allclose(two.evaluate((300, 700)), expected, rtol=1e-13)
    assert two.shape == (300, 700)


def test_mediators_that_the_grids_do_not_resolve_are_refused() -> None:
    ratio = CASES["one channel"]
    with pytest.raises(OutOfRangeError, match="mass 1e-06 GeV is too light"):
        ratio.predict(U1Mediator(LMU_LTAU, mass=[1.0, 1e-6], coupling=[1e-3, 1e-3]))
    assert ratio.predict(U1Mediator(LMU_LTAU, mass=np.ones((0, 1)), coupling=np.ones((1, 4)))).shape == (0, 4)


def test_a_beam_below_threshold_has_no_ratio() -> None:
    ratio = TridentRatio.model_validate({"target": "Fe56", "beams": [{"channel": "numu_numu_mu-mu+", "energy": 0.1}]})
    with pytest.raises(OutOfRangeError, match=r"numu_numu_mu-mu\+ at 0.1 GeV on Fe56: below threshold"):
        ratio.predict(StandardModel())


@pytest.mark.parametrize(
    ("beam", "complaint"),
    [
        ({"channel": "numu_numu_mu-mu+"}, "either a flux or an energy"),
        ({"channel": "numu_numu_mu-mu+", "flux": "ccfr_numu", "energy": 5.0}, "either a flux or an energy"),
        ({"channel": "numu_numu_mu-e+", "energy": 5.0}, "lepton flavour"),
        ({"channel": "numu_numu_mu-mu+", "energy": -5.0}, "greater than 0"),
        ({"channel": "numu_numu_mu-mu+", "energy": 5.0, "exposure": 0.0}, "greater than 0"),
    ],
)
def test_beams_are_checked(beam: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        TridentRatio.model_validate({"target": "Fe56", "beams": [beam]})
