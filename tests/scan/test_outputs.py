"""What a scan keeps: outputs of choice, profiled parameters, free charges, the same from every executor."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from recast.errors import RecastError, UnknownNameError
from recast.measurement import load_measurement
from recast.model import load_model
from recast.scan import ScanResult, scan

NAMES = ("ccfr", "charm_ii", "lep_z_couplings", "babar_4mu")
PLANE: dict[str, Any] = {
    "model": "lmu_ltau",
    "measurements": list(NAMES),
    "parameters": {
        "mass": {"min": 0.3, "max": 100.0, "points": 9},
        "coupling": {"min": 1e-3, "max": 1.0, "points": 11},
    },
}


def same(a: ScanResult, b: ScanResult) -> None:
    """Compare to the last bit."""
    assert a.header == b.header
    assert a.best_fits == b.best_fits
    assert list(a.arrays) == list(b.arrays)
    for name, array in a.arrays.items():
        assert array.dtype == b.arrays[name].dtype
        assert array.tobytes() == b.arrays[name].tobytes(), name


@pytest.mark.usefixtures("small_chunks")
def test_excluded_by_has_a_bit_for_each_measurement_and_one_for_all(tmp_path: Path) -> None:
    result = scan({**PLANE, "outputs": ["excluded_by"]})
    bits = result.excluded_by
    assert bits is not None
    assert result.header.chunks > 5
    for i, name in enumerate((*NAMES, None)):
        np.testing.assert_array_equal((bits >> i) & 1 == 1, result.excluded(name), err_msg=str(name))
    assert 0 < np.count_nonzero(bits) < bits.size
    same(result, scan({**PLANE, "outputs": ["excluded_by"]}, output=tmp_path / "bits.h5"))


@pytest.mark.parametrize("outputs", [["combined"], ["minus_2_delta_ln_l"], ["prediction"], ["combined", "prediction"]])
def test_only_what_was_asked_for_is_kept_and_it_is_the_same(outputs: list[str]) -> None:
    everything, some = scan(PLANE), scan({**PLANE, "outputs": outputs})
    assert {name.partition("/")[0] for name in some.arrays} == set(outputs)
    assert some.best_fits == everything.best_fits
    for name, array in some.arrays.items():
        # Without predictions, sums are made in another order.
        np.testing.assert_allclose(array, everything.arrays[name], rtol=1e-12, err_msg=name)
    if "combined" not in outputs:
        with pytest.raises(RecastError, match="did not keep combined, which regions need"):
            some.excluded()


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize("sampling", ["grid", "sobol"])
def test_the_result_does_not_depend_on_the_executor(sampling: str, tmp_path: Path) -> None:
    spec = PLANE
    if sampling == "sobol":
        ranges = {"mass": {"min": 0.3, "max": 100.0}, "coupling": {"min": 1e-3, "max": 1.0}}
        spec = {**PLANE, "sampling": {"kind": "sobol", "points": 99}, "parameters": ranges}
    alone = scan(spec)
    same(alone, scan(spec, executor=map))
    with ThreadPoolExecutor(3) as threads:
        same(alone, scan(spec, executor=threads))
    same(alone, scan(spec, executor=lambda function, items: [function(i) for i in list(items)[::-1]][::-1]))
    file = scan(spec, output=tmp_path / "scan.h5")
    same(alone, file)
    same(alone, ScanResult.load(tmp_path / "scan.h5"))


@pytest.mark.slow
def test_the_result_does_not_depend_on_processes(tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    from recast.executors import open_executor

    spec = {**PLANE, "sampling": {"kind": "grid"}, "outputs": ["excluded_by"]}
    axes = {"mass": {"min": 0.3, "max": 100.0, "points": 500}, "coupling": {"min": 1e-3, "max": 1.0, "points": 3000}}
    spec["parameters"] = axes
    alone = scan(spec, output=tmp_path / "alone.h5")
    assert alone.header.chunks > 5
    with ProcessPoolExecutor(2) as processes:
        scan(spec, output=tmp_path / "processes.h5", executor=processes)
    for workers in (1, 2):
        with open_executor(workers=workers) as executor:
            scan(spec, output=tmp_path / f"dask{workers}.h5", executor=executor)
    whole = (tmp_path / "alone.h5").read_bytes()
    for path in tmp_path.iterdir():
        assert path.read_bytes() == whole, path.name


@pytest.mark.usefixtures("small_chunks")
def test_a_profiled_coupling_gives_the_lowest_of_its_range() -> None:
    names = ["muon_g2", "ccfr"]
    axis = {"min": 1e-5, "max": 1e-1, "profile": True}
    masses = {"min": 1e-2, "max": 10.0, "points": 25}
    result = scan({"model": "lmu_ltau", "measurements": names, "parameters": {"mass": masses, "coupling": axis}})
    assert result.header.shape == (25,)
    assert result.degrees_of_freedom == 1
    assert result.best_fit is not None
    model, loaded = load_model("lmu_ltau"), [load_measurement(name) for name in names]
    raw = result.arrays["combined"]
    for mass, coupling, value in zip(result.axes["mass"], result.profiled["coupling"], raw, strict=True):

        def distance(x: float, mass: float = mass) -> float:
            boson = model(mass=mass, coupling=np.exp(x))
            return sum(float(m.minus_2_delta_ln_l(boson)) for m in loaded)

        assert distance(np.log(coupling)) == pytest.approx(value)
        grid = np.linspace(np.log(1e-5), np.log(1e-1), 200)
        best = grid[int(np.argmin([distance(x) for x in grid]))]
        found = minimize_scalar(distance, bounds=(best - 0.1, best + 0.1), options={"xatol": 1e-9})
        assert value == pytest.approx(min(found.fun, distance(grid[0]), distance(grid[-1])), abs=1e-4)
    assert result.best_fit.minus_2_delta_ln_l <= raw.min()


def test_the_lower_of_two_minima_is_found() -> None:
    # Kinetic mixing of either sign; at the larger coupling both minima lie between two points of the coarse grid.
    names = ["ccfr", "borexino", "charm_ii"]
    axis = {"min": -1.0, "max": 1.0, "scale": "linear", "profile": True}
    parameters = {"mass": 0.01, "coupling": [1e-4, 1e-3], "epsilon": axis}
    result = scan({"model": "lmu_ltau:mixing=none", "measurements": names, "parameters": parameters})
    for coupling, value in zip((1e-4, 1e-3), result.arrays["combined"].ravel(), strict=True):
        fine = np.linspace(-1.0, 1.0, 5001)
        boson = load_model("lmu_ltau:mixing=none")(mass=0.01, coupling=coupling, epsilon=fine)
        found = np.sum([load_measurement(name).minus_2_delta_ln_l(boson) for name in names], axis=0)
        assert value <= found.min() + 1e-6


def test_profiling_ends_where_nothing_depends_on_a_parameter() -> None:
    # Far from the data the tau's charge matters neither for muon neutrinos nor, at this charge_e, for solar ones.
    charge = {"min": -1.0, "max": 1.0, "scale": "linear", "profile": True}
    spec = {
        "model": "u1",
        "measurements": ["ccfr", "charm_ii", "borexino"],
        "parameters": {"mass": 0.01, "coupling": 0.1, "charge_mu": 1.0, "charge_e": charge, "charge_tau": charge},
    }
    result = scan(spec)
    assert np.isfinite(result.arrays["combined"]).all()
    assert result.profiled["charge_e"].item() == pytest.approx(0.0, abs=1e-9)
    coupling = {"min": 1e-6, "max": 1e-2, "profile": True}
    outside = {"model": "dark_photon", "measurements": ["na48_pi0"], "parameters": {"mass": 10.0, "coupling": coupling}}
    assert scan(outside).arrays["combined"].item() == 0.0


def test_something_must_be_left_to_scan() -> None:
    spec = {
        "model": "contact",
        "measurements": ["ccfr", "charm_ii"],
        "parameters": {
            "dgv": {"min": -3.0, "max": 3.0, "scale": "linear", "profile": True},
            "dga": {"min": -3.0, "max": 3.0, "scale": "linear", "profile": True},
        },
    }
    with pytest.raises(RecastError, match="nothing to scan"):
        scan(spec)


def test_something_must_be_kept() -> None:
    plane = {**PLANE, "combine": False}
    with pytest.raises(RecastError, match="nothing is combined, so that nothing would be kept"):
        scan({**plane, "outputs": ["combined"]})
    assert set(scan({**plane, "outputs": ["combined", "prediction"]}).arrays) == {f"prediction/{n}" for n in NAMES}


def test_profiling_needs_measurements_together() -> None:
    axes = {"mass": 1.0, "coupling": {"min": 1e-3, "max": 1.0, "profile": True}}
    spec = {"model": "lmu_ltau", "measurements": ["ccfr", "charm_ii"], "parameters": axes, "combine": False}
    with pytest.raises(RecastError, match="leave out combine: false"):
        scan(spec)


@pytest.mark.usefixtures("small_chunks")
def test_charges_are_parameters_like_others() -> None:
    axes = {
        "mass": {"min": 0.1, "max": 10.0, "points": 3},
        "coupling": [1e-2, 1e-1],
        "charge_mu": [-1.0, 0.0, 1.0],
        "charge_tau": {"min": -1.0, "max": 1.0, "points": 3, "scale": "linear"},
    }
    result = scan({"model": "u1", "measurements": ["ccfr"], "parameters": axes})
    assert result.prediction["ccfr"].shape == (3, 2, 3, 3)
    # Muon neutrinos that make muons know nothing of the charge of the tau, and only the square of the muon's.
    values = result.prediction["ccfr"]
    np.testing.assert_allclose(values, np.broadcast_to(values[..., :1], values.shape), rtol=1e-12)
    np.testing.assert_allclose(values[:, :, 0], values[:, :, 2], rtol=1e-12)
    np.testing.assert_allclose(values[:, :, 1], 1.0, rtol=1e-12)
    axes = {"mass": axes["mass"], "coupling": axes["coupling"]}
    plane = scan({"model": "lmu_ltau", "measurements": ["ccfr"], "parameters": axes})
    np.testing.assert_allclose(values[:, :, 2, 0], plane.prediction["ccfr"], rtol=1e-12)
    with pytest.raises(UnknownNameError, match="did you mean charge_mu"):
        scan({"model": "u1", "measurements": ["ccfr"], "parameters": {**axes, "charge_muon": 1.0}})


def test_points_of_a_file_keep_their_order(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("coupling,mass\n1e-3,0.1\n2e-3,0.3\n1e-1,5\n")
    (tmp_path / "scan.yaml").write_text(
        "model: lmu_ltau\nmeasurements: [ccfr]\nparameters: {}\nsampling: {kind: file, file: points.csv}\n"
    )
    result = scan(tmp_path / "scan.yaml")  # the file is looked up beside it
    boson = load_model("lmu_ltau")(mass=[0.1, 0.3, 5.0], coupling=[1e-3, 2e-3, 1e-1])
    np.testing.assert_allclose(result.prediction["ccfr"], load_measurement("ccfr").prediction(boson), rtol=1e-13)
    assert result.points["mass"].tolist() == [0.1, 0.3, 5.0]
    assert result.axes == {}
    again = ScanResult.load(result.save(tmp_path / "scan.h5"))
    same(again, result)
