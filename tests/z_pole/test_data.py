"""Files of pseudo-observables: what is read, and one sentence with file and key for what is wrong."""

import numpy as np
import pytest

from recast.errors import DocumentError
from recast.measurement import load_measurement
from recast.z_pole.data import find_file, read_pseudo_observables

GOOD = """# title: two numbers
# source: a test
name,unit,value,error,rho_Gamma_Z,rho_sigma_had
Gamma_Z,GeV,2.4952,0.0023,1,-0.297
sigma_had,nb,41.541,0.037,-0.297,1
"""


def written(folder, text, name="numbers.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_reading(tmp_path):
    data = read_pseudo_observables([written(tmp_path, GOOD)])
    assert data.names == ("Gamma_Z", "sigma_had")
    np.testing.assert_allclose(data.covariance, [[0.0023**2, -0.297 * 0.0023 * 0.037], [-2.527470e-5, 0.037**2]])


def test_files_are_uncorrelated_with_each_other():
    data = read_pseudo_observables([find_file(f"data/lep/{n}.csv", None) for n in ("line_shape", "lepton_asymmetries")])
    assert data.correlations.shape == (13, 13)
    assert not data.correlations[:8, 8:].any()
    assert data.correlations[0, 1] == -0.297
    assert data.correlations[10, 12] == 0.033


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("# title: two numbers\n", "", "the line '# title: ...' is missing"),
        ("0.0023", "-0.0023", r"line 4: Gamma_Z.error must be positive, not -0.0023"),
        ("41.541", "41,541", "line 5: sigma_had has 7 cells where there are 6 columns"),
        ("41.541", "nan", "line 5: sigma_had.value must be a finite number, not 'nan'"),
        ("nb", "pb", "line 5: the unit of sigma_had must be 'nb', not 'pb'"),
        ("GeV", "MeV", "line 4: the unit of Gamma_Z must be 'GeV', not 'MeV'"),
        ("1,-0.297\n", "1,-0.3\n", "sigma_had.rho_Gamma_Z is -0.297, but Gamma_Z.rho_sigma_had is -0.3"),
        ("-0.297,1\n", "-0.297,2\n", "sigma_had.rho_sigma_had must be 1, not 2"),
        ("-0.297", "-1.2", "rho_... must be positive definite; their matrix has the eigenvalue -0.2"),
        ("sigma_had", "sigma_hat", "unknown pseudo-observable 'sigma_hat': did you mean sigma_had"),
        ("sigma_had", "Gamma_Z", "Gamma_Z is there twice|unit of Gamma_Z"),
        ("value,error", "error,value", "column 3 is 'error' instead of 'value'"),
        (",rho_sigma_had", "", "the columns must be"),
        (GOOD[GOOD.index("name") :], "", "there is no table"),
    ],
)
def test_faults_are_told_with_file_and_key(tmp_path, old, new, message):
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(DocumentError, match=message) as caught:
        read_pseudo_observables([path])
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_missing_and_foreign_files(tmp_path):
    with pytest.raises(DocumentError, match=r"none\.csv: there is no such file"):
        read_pseudo_observables([tmp_path / "none.csv"])
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DocumentError, match="not a text file in UTF-8"):
        read_pseudo_observables([tmp_path / "binary.csv"])
    with pytest.raises(DocumentError, match="Gamma_Z is given by another file as well"):
        read_pseudo_observables([written(tmp_path, GOOD, "a.csv"), written(tmp_path, GOOD, "b.csv")])


def measurement_file(folder, **changes):
    """Write the shipped measurement with its likelihood changed, and copies of its files."""
    import yaml

    for name in ("line_shape", "lepton_asymmetries"):
        text = find_file(f"data/lep/{name}.csv", None).read_text(encoding="utf-8")
        written(folder, text, f"{name}.csv")
    content = yaml.safe_load(find_file("lep_z_couplings.yaml", None).read_text(encoding="utf-8"))
    del content["variants"]
    content["likelihood"] |= {"data_files": ["line_shape.csv", "lepton_asymmetries.csv"], **changes}
    path = folder / "mine.yaml"
    path.write_text(yaml.safe_dump(content | {"name": "mine"}), encoding="utf-8")
    return path


def test_files_beside_a_measurement_of_ones_own(tmp_path):
    mine = load_measurement(measurement_file(tmp_path))
    np.testing.assert_array_equal(mine.data, load_measurement("lep_z_couplings").data)


def test_a_bad_covariance_names_its_own_file(tmp_path):
    path = measurement_file(tmp_path)
    table = tmp_path / "lepton_asymmetries.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("0.038", "1.038"), encoding="utf-8")
    with pytest.raises(DocumentError, match=r"lepton_asymmetries\.csv: the correlations rho_"):
        load_measurement(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"universal": ["g_v"]}, "likelihood: universal: unknown parameter 'g_v': did you mean g_V"),
        ({"universal": ["hadronic_width"]}, "unknown parameter 'hadronic_width'"),
        ({"universal": ["g_V", "g_V"]}, "floating must name independent directions"),
        ({"universal": "g_V"}, "likelihood.universal should be a list"),
        ({"universal": [1]}, "unknown parameter '1'"),
        ({"quantity": "coupling"}, "likelihood.quantity cannot be 'coupling': did you mean couplings"),
        ({"values": [1.0]}, "values cannot be set: it follows from data_files"),
        ({"data_files": []}, "likelihood.data_files"),
        ({"data_files": "a.csv"}, "likelihood.data_files should be a list"),
        ({"data_files": ["lepton_asymmetries.csv"]}, "do not determine"),
        ({"data_files": ["other.csv"]}, r"other\.csv: there is no such file"),
        ({"file": "a.csv"}, "unknown key 'likelihood.file'"),
    ],
)
def test_faults_of_the_measurement(tmp_path, changes, message):
    with pytest.raises(DocumentError, match=message) as caught:
        load_measurement(measurement_file(tmp_path, **changes))
    assert "\n" not in str(caught.value)
