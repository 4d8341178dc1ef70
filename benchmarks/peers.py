"""Side by side with other programs that do part of the same: flavio, vegas and pyhf.

They are installed from PyPI into an environment of their own in the user's cache folder, together with this project,
and everything runs there: both sides have the same Python, numpy and machine, in turns.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from measure import Row, alternate, emit, rates, seconds
from numpy.typing import NDArray

Array = NDArray[np.float64]

ROOT = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "recast" / "peers"
PEERS = ("flavio", "particle<1", "vegas", "pyhf")  # flavio does not work with particle 1
SEED = 0

CONTACT_POINTS = (20, 200)  # on each side of the plane
TRIDENTS = {"CCFR neutrino trident": "ccfr", "CHARM-II neutrino trident": "charm_ii:error=2014"}

ENERGY = 5.0  # GeV
# Accuracy: sizes of the table, points in s_l and Q2, and evaluations per iteration with which vegas reaches it.
ACCURACIES: dict[float, tuple[tuple[int, int, int], tuple[int, int], int]] = {
    1e-3: ((10, 8, 12), (24, 18), 15_000),
    1e-4: ((16, 10, 16), (24, 18), 450_000),
}
ADAPTATION, ITERATIONS = 5, 10  # of vegas; those of the adaptation are not used

COUNTS = ("dune_nd_counts", "dune_nd_counts:background_error=0.01")


def environment() -> Path:
    """Return the Python of the peers' environment, which is created when its ingredients have changed."""
    ingredients = [sys.version, str(ROOT), *PEERS, (ROOT / "pyproject.toml").read_text(encoding="utf-8")]
    digest = hashlib.sha256("\n".join(ingredients).encode()).hexdigest()
    python = CACHE / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = CACHE / "ingredients.sha256"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != digest:
        print(f"installing {', '.join(PEERS)} into {CACHE}", file=sys.stderr)
        # The interpreter itself, not that of an environment that may be deleted.
        base = Path(getattr(sys, "_base_executable", sys.executable))
        subprocess.run([base, "-m", "venv", "--clear", CACHE], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, *PEERS, "--editable", str(ROOT)], check=True, stdout=sys.stderr)
        stamp.write_text(digest, encoding="utf-8")
    return python


def named(package: str) -> str:
    """Return a package with its version, for the table."""
    return f"`{package}` {version(package)}"


def contact_plane(side: int) -> tuple[Array, Array]:
    """Return Wilson coefficients of left- and right-handed muons (4 G_F / sqrt2), a plane of two axes."""
    axis = np.linspace(-2.0, 2.0, side)
    return axis[:, None], axis


def flavio_likelihood() -> tuple[Callable[[float, float], float], Callable[[float, float], float], float]:
    """Return flavio's 2 delta ln L and its prediction alone at one point, and its sin^2(theta_W)."""
    import flavio
    from flavio.statistics.likelihood import MeasurementLikelihood

    likelihood = MeasurementLikelihood(["R_trident"], include_measurements=list(TRIDENTS))
    parameters = flavio.default_parameters.get_central_all()
    observable = flavio.Observable["R_trident"]

    def coefficients(left: float, right: float) -> flavio.WilsonCoefficients:
        # In the basis and at the scale of the observable, so that nothing is run or translated.
        result = flavio.WilsonCoefficients()
        values = {"CVLL_numunumumumu": left, "CVLR_numunumumumu": right}
        result.set_initial(values, scale=1, eft="WET-3", basis="flavio")
        return result

    def minus_2_delta_ln_l(left: float, right: float) -> float:
        return -2.0 * float(likelihood.log_likelihood_par(parameters, coefficients(left, right), delta=True))

    def prediction(left: float, right: float) -> float:
        return float(observable.prediction_par(parameters, coefficients(left, right)))

    return minus_2_delta_ln_l, prediction, float(parameters["s2w"])


def contact() -> Iterator[Row]:
    """Likelihood of contact shifts by CCFR and CHARM-II, which both programs have."""
    from equal_weight import EqualWeight

    import recast
    from recast.constants import ElectroweakInputs
    from recast.joint import Joint

    theirs, prediction, sin2 = flavio_likelihood()
    model = recast.load_model("contact")
    measured = tuple(recast.load_measurement(name) for name in TRIDENTS.values())
    formula = EqualWeight(electroweak=ElectroweakInputs(sin2_theta_w=sin2))
    folded, equal = Joint(measured), Joint(tuple(m.model_copy(update={"observable": formula}) for m in measured))

    def ours(joint: Joint, side: int) -> Array:
        left, right = contact_plane(side)
        # gV = 2 C_V and gA = -2 C_A, with -C_V = left + right and -C_A = left - right.
        return joint.minus_2_delta_ln_l(model(dgv=-2.0 * (left + right), dga=2.0 * (left - right)))

    def point_by_point(function: Callable[[float, float], float], side: int) -> Array:
        points = np.broadcast_arrays(*contact_plane(side))
        return np.array([function(left, right) for left, right in zip(*(p.flat for p in points), strict=True)])

    seconds(partial(theirs, 0.1, 0.1))  # the first call sets flavio up
    for side in CONTACT_POINTS:
        few = side == min(CONTACT_POINTS)
        kept: list[Array] = []

        def flavio_plane(side: int = side, kept: list[Array] = kept) -> None:
            kept.append(point_by_point(theirs, side))

        tasks = [partial(ours, equal, side), partial(ours, folded, side)]
        for task in tasks:
            task()
        alone = partial(point_by_point, prediction, side)
        times = alternate(*tasks, flavio_plane, alone, runs=5 if few else 3, warm_up=False)
        formula_rate, folded_rate, flavio_rate, alone_rate = (rates(side**2, t) for t in times)
        points = f"contact likelihood, {side**2} points"
        reference = f"{named('flavio')}, one point at a time"
        target = "" if few else "ratio at least 1000"  # a few points take as long as calling the functions
        yield Row(f"{points}: flavio's formula", formula_rate, "points/s", target, reference, flavio_rate)
        yield Row(f"{points}: folded with the fluxes", folded_rate, "points/s", target, reference, flavio_rate)
        what = f"{named('flavio')}, its prediction alone, without likelihood"
        yield Row(f"{points}: flavio's formula", formula_rate, "points/s", "", what, alone_rate)
        mine, other = ours(equal, side).ravel(), kept[0]
        difference = float(np.max(np.abs(mine - other)))
        largest = f"largest difference of 2 delta ln L, {side**2} points (up to {float(other.max()):.3g})"
        yield Row(largest, (difference,), "(absolute)", "at most 1e-10", named("flavio"))


def cross_section() -> Iterator[Row]:
    """Coherent cross section of muon pairs on argon at one energy, from nothing and with the table built."""
    import vegas
    from direct import EDGE, five_dimensions

    from recast.channels import Channel
    from recast.constants import LEPTON_MASS
    from recast.couplings import sm_couplings
    from recast.trident.kinematics import s_l_reach
    from recast.trident.spectra import SpectrumNodes, nuclear_scatterer, spectrum
    from recast.trident.structure import NodeCounts, StructureTable, build_table
    from recast.trident.targets import nuclei

    argon, muon = nuclear_scatterer(nuclei()["Ar40"]), LEPTON_MASS["mu"]
    squares = np.square(sm_couplings(Channel.parse("numu_numu_mu-mu+")))  # no interference for leptons of one mass
    s_max = 1.01 * s_l_reach(ENERGY, argon.mass, argon.q2_cut)

    def table(counts: tuple[int, int, int]) -> StructureTable:
        return build_table(muon, muon, s_max=s_max, q2_max=argon.q2_cut, counts=NodeCounts(*counts))

    def total(table: StructureTable, nodes: tuple[int, int]) -> float:
        return float(spectrum(table, argon, ENERGY, nodes=SpectrumNodes(*nodes)).sum(axis=1)[:2] @ squares)

    integrand = five_dimensions(argon, ENERGY, muon)
    batch = vegas.lbatchintegrand(lambda point: integrand(np.asarray(point)) @ squares)

    def monte_carlo(evaluations: int) -> tuple[float, float]:
        integrator = vegas.Integrator([[EDGE, 1.0 - EDGE]] * 5)
        integrator(batch, nitn=ADAPTATION, neval=evaluations)
        result = integrator(batch, nitn=ITERATIONS, neval=evaluations)
        return float(result.mean), float(result.sdev)

    exact = total(table((32, 20, 28)), (96, 72))
    for accuracy, (counts, nodes, evaluations) in ACCURACIES.items():
        built = table(counts)
        np.random.seed(SEED)  # noqa: NPY002 -- what vegas draws from
        found: list[tuple[float, float]] = []
        nothing, again, theirs = alternate(
            lambda counts=counts, nodes=nodes: total(table(counts), nodes),
            partial(total, built, nodes),
            lambda evaluations=evaluations, found=found: found.append(monte_carlo(evaluations)),
            runs=3,
            warm_up=False,
        )
        error = float(np.median([sdev / mean for mean, sdev in found]))
        away = max(abs(mean - exact) / sdev for mean, sdev in found)
        ours = abs(total(built, nodes) / exact - 1.0)
        reference = (
            f"{named('vegas')}, {evaluations} evaluations, {ADAPTATION} + {ITERATIONS} times: "
            f"{error:.1e}, at most {away:.1f} sigma away"
        )
        what = f"one cross section to {accuracy:g} (reached: {ours:.1e})"
        milliseconds = [tuple(1e3 * t for t in times) for times in (nothing, again, theirs)]
        yield Row(f"{what}, its leptonic table included", milliseconds[0], "ms", "", reference, milliseconds[2])
        yield Row(f"{what}, one more energy", milliseconds[1], "ms", "", reference, milliseconds[2])


def counting() -> Iterator[Row]:
    """Time of counting measurements, which pyhf would fit at every point."""
    import logging

    import pyhf

    import recast

    logging.getLogger("pyhf").setLevel(logging.WARNING)
    model = recast.load_model("contact")
    plane = {"dgv": np.linspace(-1.0, 2.0, 20)[:, None], "dga": np.linspace(-1.0, 0.5, 20)}
    larger = {"dgv": np.linspace(-1.0, 2.0, 1000)[:, None], "dga": np.linspace(-1.0, 0.5, 1000)}
    for name in COUNTS:
        measurement = recast.load_measurement(name)
        likelihood = measurement.likelihood
        workspace = pyhf.Workspace(likelihood.workspace)
        their_model = workspace.model()
        data = workspace.data(their_model)
        strengths = measurement.prediction(model(**plane)).ravel() / likelihood.signal
        kept: list[Array] = []

        def fits() -> None:
            fit, fixed = pyhf.infer.mle.fit, pyhf.infer.mle.fixed_poi_fit
            options = {"return_fitted_val": True}
            best = float(fit(data, their_model, **options)[1])  # noqa: B023
            values = [float(fixed(mu, data, their_model, **options)[1]) for mu in strengths]  # noqa: B023
            kept.append(np.array(values) - best)  # noqa: B023

        def fresh(name: str = name) -> Array:
            return recast.load_measurement(name).minus_2_delta_ln_l(model(**plane))

        def at(points: dict[str, Array], measurement: recast.Measurement = measurement) -> Array:
            return measurement.minus_2_delta_ln_l(model(**points))

        for task in (fits, partial(at, plane)):  # the first call samples the profile
            task()
        times = alternate(partial(at, plane), partial(at, larger), fresh, fits, runs=3, warm_up=False)
        sizes = (strengths.size, larger["dgv"].size * larger["dga"].size, strengths.size, strengths.size)
        few, many, first, theirs = (rates(size, t) for size, t in zip(sizes, times, strict=True))
        reference = f"{named('pyhf')}, a fit at each of {strengths.size} points"
        yield Row(f"{name}: 400 points", few, "points/s", "", reference, theirs)
        yield Row(f"{name}: 1000 x 1000 points", many, "points/s", "", reference, theirs)
        what = f"{name}: 400 points, reading its files and sampling the profile"
        yield Row(what, first, "points/s", "", reference, theirs)
        difference = float(np.max(np.abs(at(plane).ravel() - kept[0])))
        what = f"{name}: largest difference of 2 delta ln L (up to {float(kept[0].max()):.3g})"
        yield Row(what, (difference,), "(absolute)", "", named("pyhf"))


def rows() -> Iterator[Row]:
    """Return everything this script measures."""
    yield from contact()
    yield from cross_section()
    yield from counting()


if __name__ == "__main__":
    if Path(sys.prefix).resolve() == CACHE.resolve():
        emit(rows())
    else:
        python = environment()
        os.execv(python, [str(python), __file__])  # noqa: S606
