"""Trident channels ``nu_a + N -> nu_b + l- + l+ + N``: names, conservation laws, and which table holds them.

A name lists the incoming and the outgoing neutrino and the two charged leptons, ``numu_nue_mu-e+``; the leptons may
stand in either order. Lepton flavour is conserved, which leaves 15 channels for neutrinos and 15 for antineutrinos.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product

from recast.constants import FLAVOURS, LEPTON_MASS
from recast.errors import RecastError, near_matches, unknown

__all__ = ["NEUTRINOS", "Channel", "all_channels"]

NEUTRINOS = tuple(f"nu{flavour}{bar}" for bar in ("", "bar") for flavour in FLAVOURS)
"""Neutrino species as they are written in channels and fluxes: nue ... nutaubar."""

_FLAVOUR = "(e|mu|tau)"
_NAME = re.compile(rf"nu{_FLAVOUR}(bar)?_nu{_FLAVOUR}(bar)?_{_FLAVOUR}([+-])_?{_FLAVOUR}([+-])")


@dataclass(frozen=True, order=True)
class Channel:
    """One trident channel.

    Attributes
    ----------
    antineutrino : bool
        Whether both neutrinos are antineutrinos.
    incoming, outgoing : str
        Flavours of the neutrinos: ``e``, ``mu`` or ``tau``.
    minus, plus : str
        Flavours of the negatively and of the positively charged lepton.

    Raises
    ------
    RecastError
        When a flavour is unknown or lepton flavour is not conserved.
    """

    antineutrino: bool
    incoming: str
    outgoing: str
    minus: str
    plus: str

    def __post_init__(self) -> None:
        for flavour in (self.incoming, self.outgoing, self.minus, self.plus):
            if flavour not in FLAVOURS:
                raise unknown("lepton flavour", flavour, FLAVOURS)
        if not (self.has_neutral_current or self.has_charged_current):
            near = near_matches(str(self), [str(channel) for channel in all_channels()])
            msg = f"channel {str(self)!r} violates lepton flavour: did you mean {' or '.join(near)}?"
            raise RecastError(msg)

    @classmethod
    def parse(cls, name: str) -> Channel:
        """Read the name of a channel.

        Parameters
        ----------
        name : str
            E.g. ``numu_numu_mu-mu+``; the charged leptons in either order.

        Raises
        ------
        UnknownNameError
            When it does not have the form of a name; the message lists near matches.
        RecastError
            When it mixes neutrino and antineutrino, has two leptons of one charge, or violates lepton flavour.

        Examples
        --------
        >>> str(Channel.parse("numu_nue_e+mu-"))
        'numu_nue_mu-e+'
        """
        match = _NAME.fullmatch(name.strip())
        if match is None:
            raise unknown("channel", name, [str(channel) for channel in all_channels()])
        incoming, bar_in, outgoing, bar_out, first, charge, second, other = match.groups()
        if charge == other:
            msg = f"channel {name!r} has two leptons of the same charge: write one with - and one with +"
            raise RecastError(msg)
        if bar_in != bar_out:
            msg = f"channel {name!r} turns a neutrino into an antineutrino: write both with bar or both without"
            raise RecastError(msg)
        minus, plus = (first, second) if charge == "-" else (second, first)
        return cls(bar_in is not None, incoming, outgoing, minus, plus)

    def __str__(self) -> str:
        bar = "bar" if self.antineutrino else ""
        return f"nu{self.incoming}{bar}_nu{self.outgoing}{bar}_{self.minus}-{self.plus}+"

    @property
    def neutrino(self) -> str:
        """Species of the incoming neutrino, e.g. ``numubar``."""
        return f"nu{self.incoming}{'bar' if self.antineutrino else ''}"

    @property
    def has_neutral_current(self) -> bool:
        """Whether Z exchange contributes: it changes neither the neutrino's flavour nor the pair's."""
        return self.incoming == self.outgoing and self.minus == self.plus

    @property
    def has_charged_current(self) -> bool:
        """Whether W exchange contributes: the incoming neutrino becomes the charged lepton of its own lepton number."""
        own, other = (self.plus, self.minus) if self.antineutrino else (self.minus, self.plus)
        return own == self.incoming and other == self.outgoing

    @cached_property
    def mass_pair(self) -> tuple[str, str]:
        """Flavours of the charged leptons, the lighter first."""
        lighter, heavier = sorted((self.minus, self.plus), key=FLAVOURS.index)
        return lighter, heavier

    @property
    def table_name(self) -> str:
        """Name of the table that holds the channel: ``ee``, ``emu``, ``mumu``, ``etau``, ``mutau`` or ``tautau``."""
        return "".join(self.mass_pair)

    @property
    def threshold_mass(self) -> float:
        """Sum of the charged lepton masses in GeV."""
        return LEPTON_MASS[self.minus] + LEPTON_MASS[self.plus]

    @property
    def va_sign(self) -> int:
        """Sign of the tabulated S_VA in this channel.

        Tables are those of a neutrino with a negative lepton not lighter than the positive one. Either of exchanging
        the charges and exchanging neutrino and antineutrino flips the sign of the interference, so that a channel and
        its CP conjugate agree.
        """
        heavier_is_minus = LEPTON_MASS[self.minus] >= LEPTON_MASS[self.plus]
        return 1 if heavier_is_minus != self.antineutrino else -1

    @property
    def conjugate(self) -> Channel:
        """The CP-conjugate channel: neutrino and antineutrino as well as the charges exchanged."""
        return Channel(not self.antineutrino, self.incoming, self.outgoing, self.plus, self.minus)


@cache
def all_channels() -> tuple[Channel, ...]:
    """Return all channels that conserve lepton flavour, neutrinos before antineutrinos."""
    found = []
    for antineutrino in (False, True):
        for incoming, outgoing, minus, plus in product(FLAVOURS, repeat=4):
            # The lepton of the other charge takes its number to the side of the incoming neutrino.
            own, other = (plus, minus) if antineutrino else (minus, plus)
            if sorted((incoming, other)) == sorted((outgoing, own)):
                found.append(Channel(antineutrino, incoming, outgoing, minus, plus))
    return tuple(found)
