"""Targets: nuclei, and compounds of them such as glass."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from recast.constants import ATOMIC_MASS_UNIT, ELECTRON_MASS
from recast.errors import UnknownNameError, unknown

# Words that are understood, though they are not names: which isotope is meant has to be seen in the file.
_ENGLISH = {
    "carbon": "C12",
    "oxygen": "O16",
    "aluminium": "Al27",
    "aluminum": "Al27",
    "silicon": "Si28",
    "argon": "Ar40",
    "calcium": "Ca40",
    "titanium": "Ti48",
    "chromium": "Cr52",
    "iron": "Fe56",
    "nickel": "Ni58",
    "copper": "Cu63",
    "tungsten": "W184",
    "lead": "Pb208",
    "glass": "SiO2",
}


@dataclass(frozen=True)
class Nucleus:
    """One isotope.

    Attributes
    ----------
    name : str
        E.g. ``Ar40``.
    protons, nucleons : int
        Z and A.
    mass : float
        Mass of the bare nucleus in GeV (electron binding neglected).
    atomic_weight : float
        Of the natural element, in u: what a tonne of it is counted with.
    """

    name: str
    protons: int
    nucleons: int
    mass: float
    atomic_weight: float

    @property
    def neutrons(self) -> int:
        """A - Z."""
        return self.nucleons - self.protons


@dataclass(frozen=True)
class Target:
    """A nucleus or a compound; cross sections are per formula unit.

    Attributes
    ----------
    name : str
        ``Ar40`` or ``SiO2``.
    constituents : tuple of (Nucleus, int)
        Nuclei of one formula unit with their numbers.
    """

    name: str
    constituents: tuple[tuple[Nucleus, int], ...]

    @property
    def atomic_weight(self) -> float:
        """Weight of a formula unit of the natural elements in u."""
        return sum(number * nucleus.atomic_weight for nucleus, number in self.constituents)


@lru_cache
def nuclei() -> dict[str, Nucleus]:
    """All known isotopes by name."""
    text = resources.files("recast.trident").joinpath("data").joinpath("nuclei.csv").read_text(encoding="utf-8")
    table = {}
    for row in csv.DictReader(line for line in text.splitlines() if not line.startswith("#")):
        protons = int(row["Z"])
        mass = float(row["mass_u"]) * ATOMIC_MASS_UNIT - protons * ELECTRON_MASS
        table[row["nucleus"]] = Nucleus(
            row["nucleus"], protons, int(row["A"]), mass, float(row["atomic_weight"])
        )
    return table


@lru_cache
def load_target(name: str) -> Target:
    """Return a target by name.

    Parameters
    ----------
    name : str
        An isotope (``Ar40``), an element (``Ar``: its tabulated isotope) or a formula (``SiO2``).

    Raises
    ------
    UnknownNameError
        If a part of the name is not a known nucleus.
    """
    known = nuclei()
    if name in known:
        return Target(name, ((known[name], 1),))
    elements = {re.sub(r"\d", "", isotope): nucleus for isotope, nucleus in known.items()}
    if name in elements:
        return load_target(elements[name].name)
    parts = re.findall(r"([A-Z][a-z]?)([1-9]\d?)?", name)
    if not parts or "".join(a + b for a, b in parts) != name or any(a not in elements for a, _ in parts):
        raise _unknown_target(name)
    if len(parts) == 1:  # 'Ar41' is an unknown isotope, not 41 argon atoms
        raise _unknown_target(name)
    return Target(name, tuple((elements[a], int(b or 1)) for a, b in parts))


def _unknown_target(name: str) -> UnknownNameError:
    error = unknown("target", name, [*nuclei(), "SiO2"])
    meant = _ENGLISH.get(name.casefold())
    if meant is None:
        return error
    message = f"unknown target {name!r}: did you mean {meant}? (known: {', '.join([*nuclei(), 'SiO2'])})"
    return UnknownNameError(message, kind="target", name=name, near=(meant,))
