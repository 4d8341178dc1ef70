"""Time of fits and of CLs limits.

Beside them: one minimisation of the profile likelihood by scipy from a single start, without errors; and pyhf's own
search for the same limit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from measure import Row, alternate, emit
from scipy.optimize import minimize

import recast
from recast.cls import Method, upper_limit
from recast.joint import Joint
from recast.likelihoods import PoissonCount
from recast.measurement import load_measurements

RUNS = 5
TRIDENTS = tuple(f"{name}:theory_error=profiled" for name in ("ccfr", "charm_ii", "nutev"))
FITS: tuple[tuple[str, str, tuple[str, ...], dict[str, float]], ...] = (
    ("g-2 alone, mass fixed", "lmu_ltau", ("muon_g2:year=2019",), {"mass": 0.1}),
    ("tridents and g-2, mass fixed", "lmu_ltau", (*TRIDENTS, "muon_g2:year=2019"), {"mass": 0.1}),
    ("tridents and g-2", "lmu_ltau", (*TRIDENTS, "muon_g2:year=2019"), {}),
    ("tridents, contact shifts", "contact", TRIDENTS, {}),
)
STARTS = {"mass": math.log(0.1), "coupling": math.log(1e-3), "dgv": 0.1, "dga": 0.1}
COUNT = PoissonCount(observed=77, background=78.0, background_error=1.56)


def single_start(model_name: str, names: tuple[str, ...], fix: dict[str, float]) -> Callable[[], object]:
    """Return a minimisation by scipy of the likelihood with nuisance parameters profiled."""
    model, joint = recast.load_model(model_name), Joint(load_measurements(names))
    free = [name for name in model.parameters if name not in fix]
    logarithms = "mass" in model.parameters

    def objective(x: np.ndarray) -> float:
        values = np.exp(x) if logarithms else x
        point = {**fix, **{name: float(value) for name, value in zip(free, values, strict=True)}}
        return float(joint.minus_2_delta_ln_l(model(**point)))

    return lambda: minimize(objective, [STARTS[name] for name in free], method="Nelder-Mead")


def fits() -> Iterator[Row]:
    """Fits with eight seeds, HESSE and MINOS."""
    for what, model, names, fix in FITS:
        loaded = load_measurements(names)
        times, beside = alternate(
            lambda model=model, loaded=loaded, fix=fix: recast.fit(model, loaded, fix=fix),
            single_start(model, names, fix),
            runs=RUNS,
        )
        yield Row(f"fit: {what}", times, "s", "", "`scipy.optimize.minimize`, Nelder-Mead, one start", beside)


def pyhf_search() -> Callable[[], object]:
    """Return the search for a limit that pyhf offers."""
    import pyhf
    from pyhf.infer.intervals.upper_limits import upper_limit as search

    b, error = COUNT.background, COUNT.background_error
    shift = {"hi_data": [b + error], "lo_data": [b - error]}
    samples = [
        {"name": "signal", "data": [1.0], "modifiers": [{"name": "mu", "type": "normfactor", "data": None}]},
        {"name": "background", "data": [b], "modifiers": [{"name": "b", "type": "histosys", "data": shift}]},
    ]
    strength = {"name": "mu", "bounds": [[0.0, 60.0]], "inits": [1.0]}
    document = {"channels": [{"name": "count", "samples": samples}], "parameters": [strength]}
    model = pyhf.Model(document, poi_name="mu", validate=False)
    data = [COUNT.observed, *model.config.auxdata]
    return lambda: search(data, model, scan=np.linspace(10.0, 30.0, 21))


def limits() -> Iterator[Row]:
    """CLs limits on the signal of one count with a background error."""
    methods: tuple[Method, ...] = ("exact", "asymptotic")
    tasks = [lambda method=method: upper_limit(COUNT, method=method) for method in methods]
    *ours, beside = alternate(*tasks, pyhf_search(), runs=RUNS)
    for method, times in zip(methods, ours, strict=True):
        yield Row(f"CLs limit, 77 events on 78 +- 1.56, {method}", times, "s", "", "`pyhf`, scan of 21 signals", beside)


def rows() -> Iterator[Row]:
    """Return everything this script measures."""
    yield from fits()
    yield from limits()


if __name__ == "__main__":
    emit(rows())
