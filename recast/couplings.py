"""Four-fermion couplings of the Standard Model, derived from Z and W exchange.

The convention is that of arXiv:1902.06765, Eq. 1,

    H = (G_F / sqrt2) [gV (nubar gamma_a P_L nu)(lbar gamma^a l) + gA (nubar gamma_a P_L nu)(lbar gamma^a gamma5 l)] .

Z exchange at low momentum transfer gives ``sqrt2 G_F (nubar gamma_a (1 - gamma5) nu) / 2`` times
``lbar gamma^a (g_V^l - g_A^l gamma5) l`` with ``g_V^l = -1/2 + 2 sin^2`` and ``g_A^l = -1/2``, that is
``gV = 2 g_V^l`` and ``gA = -2 g_A^l`` here; W exchange, after a Fierz rearrangement, gives ``gV = -gA = 2``.
(arXiv:1406.2332 writes C_V = gV/2 = 1/2 + 2 sin^2 and C_A = -gA/2 = 1/2 for muon neutrinos and muons.)
"""

from __future__ import annotations

from recast.channels import Channel
from recast.constants import DEFAULT_INPUTS, ElectroweakInputs

__all__ = ["sm_couplings", "va_couplings"]


def sm_couplings(channel: Channel, inputs: ElectroweakInputs = DEFAULT_INPUTS) -> tuple[float, float]:
    """Return the couplings gV and gA of the Standard Model.

    Parameters
    ----------
    channel : Channel
        Trident channel.
    inputs : ElectroweakInputs
        Only sin^2(theta_W) enters.

    Returns
    -------
    gv, ga : float
        Table I of arXiv:1902.06765; the same for a channel and its CP conjugate.
    """
    gv, ga = va_couplings(channel)
    if channel.has_neutral_current:
        # T3 of the left-handed charged lepton is -1/2, its charge -1.
        gv += -1.0 + 4.0 * inputs.sin2_theta_w
        ga += 1.0
    return gv, ga


def va_couplings(channel: Channel) -> tuple[float, float]:
    """Return the couplings of a theory with W exchange alone (V - A).

    Returns
    -------
    gv, ga : float
        2 and -2 where the channel has a charged current, else zero.
    """
    return (2.0, -2.0) if channel.has_charged_current else (0.0, 0.0)
