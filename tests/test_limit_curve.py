"""Published limit curves: exact at their points, silent outside, and strict about what a file may say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recast.errors import DocumentError, RecastError, UnknownNameError
from recast.limit_curve import LimitCurve, load_limit_curve, read_limit_curve, shipped_limit_curves

HEAD = """\
# title: a search
# mass_unit: GeV
# coupling_unit: dimensionless
# confidence_level: 0.90
# source: somewhere
# digitised: by eye
mass,coupling
"""
BAND = HEAD.replace("mass,coupling", "mass,lower,upper")
TABLE = "1,0.01\n2,0.02\n4,0.01\n"


def written(folder: Path, text: str) -> Path:
    file = folder / "curve.csv"
    file.write_text(text, encoding="utf-8")
    return file


def test_at_the_points_between_them_and_outside(tmp_path: Path) -> None:
    curve = read_limit_curve(written(tmp_path, HEAD + TABLE))
    assert np.array_equal(curve([1.0, 2.0, 4.0]), [0.01, 0.02, 0.01])
    # Straight lines in the logarithms: the geometric mean of the masses has that of the couplings.
    assert curve(np.sqrt(2.0)) == pytest.approx(0.01 * np.sqrt(2.0), rel=1e-14)
    assert np.isnan(curve([0.999999, 4.000001, 0.0, -1.0, np.nan])).all()
    assert curve([[1.0], [2.0]]).shape == (2, 1)
    assert curve.confidence_level == 0.90
    assert curve.header["digitised"] == "by eye"


def test_a_band_has_two_ends(tmp_path: Path) -> None:
    curve = read_limit_curve(written(tmp_path, BAND + "1,0.01,0.04\n4,0.02,0.02001\n"))
    assert np.array_equal(curve([1.0, 4.0]), [0.01, 0.02])
    assert np.array_equal(curve.highest([1.0, 4.0]), [0.04, 0.02001])
    assert curve.highest(2.0) == pytest.approx(np.sqrt(0.04 * 0.02001), rel=1e-14)
    assert np.isnan(curve.highest([0.9, 4.1])).all()


def test_an_upper_limit_has_no_upper_end(tmp_path: Path) -> None:
    curve = read_limit_curve(written(tmp_path, HEAD + TABLE))
    assert curve.upper is None
    assert np.array_equal(curve.highest([0.5, 1.5]), [np.nan, np.inf], equal_nan=True)


def test_gaps_hold_no_limit_but_end_at_points(tmp_path: Path) -> None:
    curve = read_limit_curve(written(tmp_path, HEAD.replace("mass,", "# gap: 1 2\nmass,") + TABLE))
    assert curve.gaps == ((1.0, 2.0),)
    assert np.array_equal(np.isnan(curve([1.0, 1.5, 2.0, 3.0])), [False, True, False, False])


def test_a_curve_without_a_confidence_level_says_so(tmp_path: Path) -> None:
    text = HEAD.replace("0.90", "none, a criterion") + TABLE
    assert read_limit_curve(written(tmp_path, text)).confidence_level is None


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (HEAD + "1,0.01\n1,0.02\n", 9, "the masses must strictly increase: 1 follows 1"),
        (HEAD + "1,0.01\n0.5,0.02\n", 9, "the masses must strictly increase: 0.5 follows 1"),
        (HEAD + "1,0.01\n2,0\n", 9, "the coupling must be positive, not 0, which looks like a sentinel"),
        (HEAD + "1,0.01\n2,-1\n", 9, "the coupling must be positive, not -1, which looks like a sentinel"),
        (HEAD + "1,0.01\n2,-999\n", 9, "the coupling must be positive, not -999"),
        (HEAD + "1,0.01\n2,999\n", 9, "the coupling 999 is above 4 pi and looks like a sentinel"),
        (HEAD + "1,1e10\n2,0.01\n", 8, "the coupling 1e10 is above 4 pi"),
        (HEAD + "1,0.01\n2,10\n", 9, "the coupling jumps from 0.01 to 10, as when one of them is a sentinel"),
        (HEAD + "1,0.01\n2,1e-10\n", 9, "the coupling jumps from 0.01 to 1e-10"),
        (HEAD + "1,0.01\n2,nan\n", 9, "the coupling must be a finite number, not 'nan'"),
        (HEAD + "1,0.01\n2,inf\n", 9, "the coupling must be a finite number, not 'inf'"),
        (HEAD + "1,0.01\n2,\n", 9, "the coupling must be a finite number, not ''"),
        (HEAD + "1,0.01\n2,n/a\n", 9, "the coupling must be a finite number, not 'n/a'"),
        (HEAD + "-1,0.01\n2,0.01\n", 8, "the mass must be positive, not -1"),
        (HEAD + "0,0.01\n2,0.01\n", 8, "the mass must be positive, not 0"),
        (HEAD + "0.5,0.01\n600,0.02\n", 9, "the mass jumps from 0.5 to 600, as when units are mixed"),
        (HEAD + "0.5,0.01\n600 MeV,0.02\n", 9, "the mass '600 MeV' has a unit of its own: units are stated once"),
        (HEAD + "1,0.01,0.02\n2,0.01\n", 8, "3 values where there are two columns"),
        (HEAD + "1,0.01\n", 7, "a curve needs two masses at least"),
        (HEAD.replace("mass,coupling\n", ""), None, "there is no table, only comments"),
        (HEAD.replace("mass,coupling", "mass_mev,coupling") + TABLE, 7, "the columns must be 'mass,coupling'"),
        (HEAD.replace("# mass_unit: GeV\n", "") + TABLE, None, "the line '# mass_unit: ...' is missing"),
        (HEAD.replace("GeV", "MeV") + TABLE, 2, "mass_unit must be 'GeV', not 'MeV': convert the numbers"),
        (HEAD.replace("GeV", "GeV\n# mass_unit: MeV") + TABLE, 3, "'mass_unit' is stated twice .first in line 2"),
        (HEAD.replace("dimensionless", "GeV^-1") + TABLE, 3, "coupling_unit must be 'dimensionless'"),
        (HEAD.replace("0.90", "90") + TABLE, 4, "confidence_level must be a number between 0.5 and 1"),
        (HEAD.replace("0.90", "90%") + TABLE, 4, "confidence_level must be a number between 0.5 and 1"),
        (HEAD.replace("# digitised: by eye\n", "") + TABLE, None, "the line '# digitised: ...' is missing"),
        (BAND + "1,0.01,0.02\n2,0.02,0.01\n", 9, "the lower coupling 0.02 must be below the upper one, 0.01"),
        (BAND + "1,0.01,0.02\n2,0.01,0.01\n", 9, "the lower coupling 0.01 must be below the upper one, 0.01"),
        (BAND + "1,0.01,0.02\n2,0.01\n", 9, "2 values where there are three columns, mass, lower and upper"),
        (BAND + "1,0.01,0.02\n2,0.01,99\n", 9, "the upper 99 is above 4 pi and looks like a sentinel"),
        (BAND + "1,1e-6,2e-6\n2,1e-6,1e-3\n", 9, "the upper jumps from 2e-06 to 0.001"),
        (HEAD.replace("mass,coupling", "mass,lower") + TABLE, 7, "must be 'mass,coupling' or 'mass,lower,upper'"),
        (HEAD.replace("mass,", "# gap: 1 3\nmass,") + TABLE, 7, "there are limits inside the gap 1 3"),
        (HEAD.replace("mass,", "# gap: 2 1\nmass,") + TABLE, 7, "a gap is two masses inside the curve"),
    ],
)
def test_a_bad_file_is_one_sentence_with_file_line_and_key(
    tmp_path: Path, text: str, line: int | None, message: str
) -> None:
    file = written(tmp_path, text)
    with pytest.raises(DocumentError, match=message) as caught:
        read_limit_curve(file)
    assert caught.value.line == line
    assert caught.value.key
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="there is no such limit curve"):
        read_limit_curve(tmp_path / "absent.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DocumentError, match="not a text file"):
        read_limit_curve(tmp_path / "binary.csv")
    with pytest.raises(DocumentError, match="this is a folder, not a file"):
        read_limit_curve(tmp_path)


def test_by_name_by_file_and_from_a_plugin(tmp_path: Path) -> None:
    folder = tmp_path / "measurements" / "data" / "limits"
    folder.mkdir(parents=True)
    (folder / "mine.csv").write_text(HEAD + TABLE, encoding="utf-8")
    assert load_limit_curve("mine.csv", folder=folder).mass[-1] == 4.0
    assert load_limit_curve("mine", plugins=[tmp_path]).name == "mine"
    with pytest.raises(UnknownNameError, match="unknown limit curve 'babr_4mu': did you mean babar_4mu"):
        load_limit_curve("babr_4mu")
    (folder / "babar_4mu.csv").write_text(HEAD + TABLE, encoding="utf-8")
    with pytest.raises(RecastError, match="limit curve 'babar_4mu' stands in .* and in .*: rename one of them"):
        load_limit_curve("babar_4mu", plugins=[tmp_path])


@pytest.mark.parametrize("name", shipped_limit_curves())
def test_shipped_curves_hold_limits_only(name: str) -> None:
    curve = load_limit_curve(name)
    assert np.all(np.diff(curve.mass) > 0.0)
    assert np.all((curve.coupling > 0.0) & (curve.coupling < 1.5))
    # No row stands for "no limit": neighbours are alike, as far as fluctuations of a search let them be.
    assert np.max(np.abs(np.diff(np.log(curve.coupling)))) < np.log(2.6)
    if curve.upper is not None:
        assert np.all(curve.upper > curve.coupling)
        assert np.max(np.abs(np.diff(np.log(curve.upper)))) < np.log(1.4)
    assert curve.header["inspire"]


@given(
    steps=st.lists(st.floats(1.01, 100.0), min_size=1, max_size=8),
    couplings=st.lists(st.floats(1e-3, 1e-2), min_size=9, max_size=9),
    fraction=st.floats(0.0, 1.0),
)
def test_interpolation_stays_between_its_neighbours(
    steps: list[float], couplings: list[float], fraction: float
) -> None:
    mass = np.cumprod([1e-3, *steps])
    curve = LimitCurve("any", mass, np.array(couplings[: mass.size]), None)
    at = mass[:-1] * (mass[1:] / mass[:-1]) ** fraction
    at = np.clip(at, mass[:-1], mass[1:])
    low = np.minimum(curve.coupling[:-1], curve.coupling[1:])
    high = np.maximum(curve.coupling[:-1], curve.coupling[1:])
    value = curve(at)
    assert np.all((value >= low * (1.0 - 1e-12)) & (value <= high * (1.0 + 1e-12)))
