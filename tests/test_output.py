"""Whether a file can be written is known before the work starts."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from recast.errors import OutputExistsError, RecastError
from recast.output import check_output, whole_file


def test_a_new_file_in_an_existing_folder_is_fine_and_nothing_is_left_behind(tmp_path: Path) -> None:
    assert check_output(str(tmp_path / "new.h5")) == tmp_path / "new.h5"
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_needs_force_and_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "old.h5"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(OutputExistsError, match="--force"):
        check_output(path)
    check_output(path, force=True)
    assert path.read_text(encoding="utf-8") == "old"


def test_a_folder_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecastError, match="is a folder"):
        check_output(tmp_path, force=True)
    with pytest.raises(RecastError, match="does not exist"):
        check_output(tmp_path / "missing" / "new.h5")


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that nobody can write to")
def test_a_folder_that_nobody_can_write_to() -> None:
    with pytest.raises(RecastError, match="cannot write /proc/new.h5"):
        check_output("/proc/new.h5")


def test_a_device_is_refused_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.h5"
    os.mkfifo(pipe)
    with pytest.raises(RecastError, match="not a regular file"):
        check_output(pipe, force=True)
    assert pipe.is_fifo()


def test_a_name_with_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecastError, match=r"plane\.yaml: the name must end in \.h5 or \.hdf5"):
        check_output(tmp_path / "plane.yaml", suffixes=(".h5", ".hdf5"))
    check_output(tmp_path / "plane.H5", suffixes=(".h5", ".hdf5"))


def test_what_a_link_points_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "target.txt").write_text("old", encoding="utf-8")
    (tmp_path / "link.txt").symlink_to("target.txt")
    with whole_file(tmp_path / "link.txt") as partial:
        partial.write_text("new", encoding="utf-8")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "target.txt").read_text(encoding="utf-8") == "new"


def _fail_half_way(path: Path) -> None:
    with whole_file(path) as temporary:
        temporary.write_text("half", encoding="utf-8")
        raise ZeroDivisionError


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "result.txt"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(ZeroDivisionError):
        _fail_half_way(path)
    assert path.read_text(encoding="utf-8") == "old"
    with whole_file(path) as temporary:
        assert temporary.suffix == ".txt"
        temporary.write_text("new", encoding="utf-8")
        assert path.read_text(encoding="utf-8") == "old"
    assert path.read_text(encoding="utf-8") == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_has_the_permissions_of_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with whole_file(tmp_path / "result") as temporary:
        temporary.touch()
    assert (tmp_path / "result").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_refusal_of_the_system_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecastError, match="cannot write .*missing"), whole_file(tmp_path / "missing" / "file"):
        pass


def test_a_link_that_leads_to_itself_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "loop.txt").symlink_to("loop.txt")
    with whole_file(tmp_path / "loop.txt") as partial:
        partial.write_text("new", encoding="utf-8")
    assert (tmp_path / "loop.txt").read_text(encoding="utf-8") == "new"
