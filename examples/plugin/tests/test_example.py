"""The package as recast sees it. Run with: python -m pytest, once it is installed."""

import numpy as np
import pytest

import recast
from recast.catalog import Catalog
from recast.interactions import StandardModel
from recast.kit import check_file

MEASUREMENTS = ("example_tridents", "example_shift")


def test_everything_is_found_by_name():
    catalog = Catalog()
    assert "b_minus_lmu_ltau" in catalog.names("models")
    assert set(MEASUREMENTS) <= set(catalog.names("measurements"))
    assert "coupling_shift" in catalog.observables()


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_nothing_has_to_be_mended(name):
    assert check_file(str(Catalog().file("measurements", name))).valid


def test_the_anomalies_of_the_model_cancel():
    model = recast.load_model("b_minus_lmu_ltau")
    charges = model.charges
    assert 9 * model.quarks + charges.e + charges.mu + charges.tau == pytest.approx(0, abs=1e-9)


def test_the_formula():
    measurement = recast.load_measurement("example_shift")
    point = recast.load_model("b_minus_lmu_ltau")(mass=0.1, coupling=1e-3)
    vev_squared = 1 / (np.sqrt(2) * 1.1663787e-5)
    assert measurement.prediction(point) == pytest.approx(2 * vev_squared * 1.5**2 * 1e-6 / 0.02, rel=1e-6)
    assert measurement.prediction(StandardModel()) == 0


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_a_limit(name):
    result = recast.limit(recast.load_model("b_minus_lmu_ltau"), recast.load_measurement(name), [0.01, 0.1, 1.0])
    assert np.all(np.diff(result.coupling) > 0)
