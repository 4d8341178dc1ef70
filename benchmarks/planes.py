"""Speed of predictions and likelihoods: planes, distinct masses, all measurements.

Beside them the same arithmetic in bare numpy: a quadratic in ``s = g'^2`` at every point, and sums over the
nodes of a spectrum for every mass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from measure import Row, alternate, emit, rates
from numpy.typing import ArrayLike, NDArray

import recast
from recast.catalog import Catalog
from recast.joint import Joint
from recast.measurement import Measurement
from recast.model import Model

Array = NDArray[np.float64]

RUNS = 9
TRIDENTS = ["ccfr", "charm_ii", "nutev", "trident_average", "dune_nd", "lbne_5gev", "muon_g2"]
OLDER = ("bbn_2019", "lbne_5gev")
MASSES = 100_000
NODES = 200  # of a spectrum


def axes(points: int) -> tuple[Array, Array]:
    """Return masses in GeV and couplings of a square plane, which broadcast."""
    return np.logspace(-3, 2, points)[:, np.newaxis], np.logspace(-4, 0, points)


def bare_quadratic(points: int) -> Callable[[], Array]:
    """Return the evaluation of one quadratic per mass at every coupling."""
    mass, coupling = axes(points)
    constant, linear, quadratic = 1.0, 1e5 / (mass**2 + 0.1), 1e10 / (mass**2 + 0.1) ** 2
    strength = coupling**2
    return lambda: constant + strength * (linear + strength * quadratic)


def bare_propagator_sums() -> Callable[[], Array]:
    """Return the sums of a propagator and its square over the nodes of a spectrum, for many masses."""
    mass_squared = np.logspace(-6, 4, MASSES).reshape(-1, 1000, 1)
    nodes, weights = np.logspace(-8, 3, NODES), np.full(NODES, 1.0 / NODES)

    def sums() -> Array:
        propagators = (1.0 / (block + nodes) for block in mass_squared)
        return np.concatenate([np.asarray(p @ weights + np.square(p) @ weights) for p in propagators])

    return sums


def likelihood(model: Model, measurement: Measurement, mass: ArrayLike, coupling: ArrayLike) -> Array:
    """Return 2 delta ln L, which contains the prediction."""
    return measurement.minus_2_delta_ln_l(model(mass=mass, coupling=coupling))


def prediction_and_likelihood(
    model: Model, measurement: Measurement, mass: ArrayLike, coupling: ArrayLike
) -> tuple[Array, Array]:
    """Return prediction and 2 delta ln L from two calls."""
    interaction = model(mass=mass, coupling=coupling)
    return measurement.prediction(interaction), measurement.minus_2_delta_ln_l(interaction)


def one_measurement() -> Iterator[Row]:
    """Prediction and likelihood of one measurement at every point of a plane."""
    model = recast.load_model("lmu_ltau")
    cases = [("ccfr", 200), ("ccfr", 1000), ("charm_ii", 1000), ("nutev", 1000), ("dune_nd", 1000)]
    # Once: the C library then keeps the memory of large arrays, or the reference would be slower in the first case.
    bare_quadratic(1500)()
    for name, points in cases:
        measurement = recast.load_measurement(name)
        mass, coupling = axes(points)
        times = alternate(
            partial(likelihood, model, measurement, mass, coupling),
            partial(prediction_and_likelihood, model, measurement, mass, coupling),
            bare_quadratic(points),
            runs=RUNS,
        )
        alone, both, bare = (rates(points**2, t) for t in times)
        reference = f"`a + s*(b + s*c)`, {points} x {points}"
        unit, target = "points/s", "at least 5e7"
        yield Row(f"{name}: 2 delta ln L, {points} x {points}", alone, unit, target, reference, bare)
        if points == 1000:
            what = f"{name}: prediction, then 2 delta ln L, {points} x {points}"
            yield Row(what, both, unit, target, reference, bare)


def distinct_masses() -> Iterator[Row]:
    """2 delta ln L where every point has a mass of its own."""
    model = recast.load_model("lmu_ltau")
    mass = np.logspace(-3, 2, MASSES)
    for name in ("ccfr", "charm_ii"):
        measurement = recast.load_measurement(name)
        times = alternate(
            partial(likelihood, model, measurement, mass, 1e-3),
            bare_propagator_sums(),
            runs=RUNS,
        )
        ours, bare = (rates(MASSES, t) for t in times)
        reference = f"`p = 1/(m2 + k2)`, `p @ w + p**2 @ w`, {NODES} nodes"
        yield Row(f"{name}: 2 delta ln L, distinct masses", ours, "masses/s", "at least 1e5", reference, bare)


def tridents_and_moment() -> Iterator[Row]:
    """All trident measurements and the magnetic moment, over one plane."""
    model = recast.load_model("lmu_ltau")
    measurements = [recast.load_measurement(name) for name in TRIDENTS]
    mass, coupling = axes(200)
    quadratic = bare_quadratic(200)
    # The average contains the data of others, so that it is not combined with them.
    parameters = {
        "mass": {"min": 1e-3, "max": 1e2, "points": 200},
        "coupling": {"min": 1e-4, "max": 1.0, "points": 200},
    }
    separate = {"model": "lmu_ltau", "measurements": TRIDENTS, "combine": False, "parameters": parameters}
    independent = [name for name in TRIDENTS if name != "trident_average"]
    combined = {"model": "lmu_ltau", "measurements": independent, "parameters": parameters}

    def likelihoods() -> list[Array]:
        interaction = model(mass=mass, coupling=coupling)
        return [measurement.minus_2_delta_ln_l(interaction) for measurement in measurements]

    times = alternate(
        likelihoods,
        lambda: recast.scan(separate),
        lambda: recast.scan(combined),
        lambda: [quadratic() for _ in TRIDENTS],
        runs=RUNS,
    )
    loaded, scanned, joint, bare = (tuple(1e3 * t for t in task) for task in times)
    reference = f"`a + s*(b + s*c)`, 200 x 200, {len(TRIDENTS)} times"
    target = "at most 500"
    yield Row(f"the {len(TRIDENTS)} tridents and g-2, 200 x 200, loaded", loaded, "ms", target, reference, bare)
    yield Row("the same as `recast.scan`, reading its files", scanned, "ms", target, reference, bare)
    what = f"`recast.scan` of {len(independent)} combined, joint best fit refined, reading its files"
    yield Row(what, joint, "ms", target, reference, bare)


def every_measurement() -> Iterator[Row]:
    """Everything that ships and is independent, as one joint likelihood."""
    model = recast.load_model("lmu_ltau")
    loaded = [recast.load_measurement(name) for name in Catalog().names("measurements")]
    # Of measurements with common data the one that contains others is left out, and the older form of a bound.
    measurements = tuple(m for m in loaded if not m.contains and m.name not in OLDER)
    joint = Joint(measurements)
    mass, coupling = axes(200)
    quadratic = bare_quadratic(200)
    spec = {
        "model": "lmu_ltau",
        "measurements": [m.name for m in measurements],
        "parameters": {
            "mass": {"min": 1e-3, "max": 1e2, "points": 200},
            "coupling": {"min": 1e-4, "max": 1.0, "points": 200},
        },
    }
    times = alternate(
        lambda: joint.minus_2_delta_ln_l(model(mass=mass, coupling=coupling)),
        lambda: recast.scan(spec),
        lambda: [quadratic() for _ in measurements],
        runs=RUNS,
    )
    plane, scanned, bare = (tuple(1e3 * t for t in task) for task in times)
    reference = f"`a + s*(b + s*c)`, 200 x 200, {len(measurements)} times"
    yield Row(f"all {len(measurements)} measurements combined, loaded", plane, "ms", "at most 2000", reference, bare)
    what = "the same as `recast.scan`, best fit refined, reading its files"
    yield Row(what, scanned, "ms", "none", reference, bare)


def rows() -> Iterator[Row]:
    """Return everything this script measures."""
    yield from one_measurement()
    yield from distinct_masses()
    yield from tridents_and_moment()
    yield from every_measurement()


if __name__ == "__main__":
    emit(rows())
