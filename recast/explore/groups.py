"""Kinds of measurements: under which heading a layer stands in the page, and how it looks.

Okabe and Ito's colours are told apart with any colour vision; each kind has a hatch of its own besides, and within a
kind the lines differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recast.figures.drawing import COLOURS

if TYPE_CHECKING:
    from recast.measurement import Measurement

__all__ = ["DASHES", "GROUPS", "Group", "group_of"]

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
"""Lines of the layers of a group, in their order, as plotly names them."""


@dataclass(frozen=True)
class Group:
    """A heading of the list of layers.

    Attributes
    ----------
    title : str
    colour : str
        Hexadecimal.
    hatch : str
        As plotly names it; empty for none.
    """

    title: str
    colour: str
    hatch: str


GROUPS: dict[str, Group] = {
    "tridents": Group("Neutrino tridents", COLOURS["blue"], "/"),
    "electrons": Group("Neutrinos on electrons", COLOURS["orange"], "\\"),
    "moments": Group("Magnetic moments", COLOURS["black"], "-"),
    "pairs": Group("Pairs of leptons or hadrons", COLOURS["sky"], ""),
    "dumps": Group("Pairs behind shields", COLOURS["vermillion"], "x"),
    "invisible": Group("Invisible decays", COLOURS["green"], "."),
    "z": Group("Decays and couplings of the Z", COLOURS["purple"], "|"),
    "sky": Group("Early universe and stars", COLOURS["wine"], "+"),
    "other": Group("Other", COLOURS["grey"], ""),
}

_BY_TYPE = {
    "trident_ratio": "tridents",
    "event_counts": "tridents",
    "neutrino_electron": "electrons",
    "effective_mixing_angle": "electrons",
    "scattering_counts": "electrons",
    "magnetic_moment": "moments",
    "mono_photon": "invisible",
    "resonance_limit": "pairs",
    "z_couplings": "z",
    "z_to_four_muons": "z",
    "effective_neutrinos": "sky",
    "plasmon_decay": "sky",
}


def group_of(measurement: Measurement) -> str:
    """Return the key of the group of a measurement; observables of plug-ins stand under other.

    Examples
    --------
    >>> from recast.measurement import load_measurement
    >>> group_of(load_measurement("na64mu"))
    'invisible'
    """
    observable = measurement.observable
    if getattr(observable, "dump", None) is not None:
        return "dumps"
    if "invisible" in getattr(observable, "final_state", ()):
        return "invisible"
    return _BY_TYPE.get(str(getattr(observable, "type", "")), "other")
