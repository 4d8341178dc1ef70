"""Speed of recasting published limits on dark photons to another boson, at all their masses.

Beside it the same equation of a beam dump, solved mass by mass with a scalar root finder.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from measure import Row, alternate, emit
from scipy.optimize import brentq

import recast
from recast.limits import LimitResult, limit
from recast.measurement import Measurement, load_measurement
from recast.model import Model

RUNS = 9
NAMES = (
    "a1", "apex", "babar_dilepton", "babar_mono_photon", "besiii_dilepton", "charm_dump", "e137_andreas2012",
    "e137_bjorken2009", "e141", "e774", "kek_dump", "kloe_dielectron", "kloe_dimuon", "kloe_dimuon_dipion",
    "kloe_phi_eta", "na48_pi0", "na64_invisible", "na64_visible_2018", "na64_visible_2019", "nucal", "orsay_dump",
)  # fmt: skip


def mass_by_mass(masses: int, *, ratio: float = 1.1, spread: float = 1e4) -> list[float]:
    """Solve the boost and both ends of a band at every mass."""

    def events(g2: float, lifetimes: float) -> float:
        return g2 * (math.exp(-lifetimes * g2) - math.exp(-(1.0 + ratio) * lifetimes * g2))

    result = []
    for _ in range(masses):
        shield = brentq(lambda x: events(spread, x) - events(1.0, x), 1e-9, 5e-3)
        for low, high in ((1e-3, 300.0), (300.0, 1e5)):
            result.append(brentq(lambda g2, x=shield: events(g2, x) - 2.0 * events(1.0, x), low, high))
    return result


def at_all_masses(model: Model, name: str) -> LimitResult:
    """Return the limit at the masses of the published curve, reading its files."""
    measurement = load_measurement(name)
    return limit(model, measurement, measurement.observable.limits.mass, confidence_level=0.9)


def rows() -> Iterator[Row]:
    """Return everything this script measures."""
    for name in ("le_lmu", "b_minus_l"):
        model = recast.load_model(name)

        def applicable(measurement: Measurement) -> bool:
            boson = model(mass=measurement.observable.limits.mass, coupling=1.0)  # noqa: B023
            return measurement.applicable(boson) is None

        measurements = [m for m in map(load_measurement, NAMES) if applicable(m)]
        masses = sum(m.observable.limits.mass.size for m in measurements)
        behind = sum(m.observable.limits.mass.size for m in measurements if m.observable.dump is not None)
        labels = [m.name for m in measurements]
        task, alone = alternate(
            lambda: [at_all_masses(model, label) for label in labels],  # noqa: B023
            lambda: mass_by_mass(behind),  # noqa: B023
            runs=RUNS,
        )
        what = f"{len(labels)} curves recast to {name} at all {masses} masses, reading their files"
        reference = f"`scipy.optimize.brentq` at the {behind} masses of beam dumps"
        yield Row(what, tuple(1e3 * t for t in task), "ms", "at most 500", reference, tuple(1e3 * t for t in alone))


if __name__ == "__main__":
    emit(rows())
