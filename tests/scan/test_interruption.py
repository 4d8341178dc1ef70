"""Scans that are interrupted, continued, shared and refused, in one process; see tests/faults for killed ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import h5py
import pytest

from recast.errors import OutputExistsError, RecastError
from recast.scan import ScanResult, scan
from recast.scan.file import read
from recast.scan.store import partial_path

pytestmark = pytest.mark.usefixtures("small_chunks")

PLANE: dict[str, Any] = {
    "model": "lmu_ltau",
    "measurements": ["first", "second"],
    "outputs": ["combined", "excluded_by"],
    "parameters": {
        "mass": {"min": 0.1, "max": 10.0, "points": 8},
        "coupling": {"min": 1e-3, "max": 3.0, "points": 41},
    },
}


class HaltError(Exception):
    pass


class After:
    """An executor that is interrupted after some chunks, and counts them."""

    def __init__(self, chunks: int) -> None:
        self.left, self.done = chunks, 0

    def __call__(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            if not self.left:
                raise HaltError
            self.left -= 1
            self.done += 1
            yield function(item)


def test_what_was_finished_is_not_computed_again(plugins: list[Path], tmp_path: Path) -> None:
    whole, output = tmp_path / "whole.h5", tmp_path / "scan.h5"
    chunks = scan(PLANE, plugins=plugins, output=whole).header.chunks
    assert chunks == 24
    seen: list[tuple[int, int]] = []
    for step in (0, 5, 0, 7):
        with pytest.raises(HaltError):
            scan(PLANE, plugins=plugins, output=output, executor=After(step), resume=True)
        assert not output.exists()
    rest = After(-1)
    scan(PLANE, plugins=plugins, output=output, executor=rest, resume=True, progress=lambda *n: seen.append(n))
    assert rest.done == chunks - 12
    assert seen[0] == (4 * 41 - 0, 328)
    assert seen[-1] == (328, 328)
    assert output.read_bytes() == whole.read_bytes()
    assert not partial_path(output).exists()
    # What is complete is complete.
    nothing = After(0)
    again = scan(PLANE, plugins=plugins, output=output, executor=nothing, resume=True)
    assert again.best_fit == ScanResult.load(whole).best_fit


def interrupted(plugins: list[Path], output: Path, chunks: int = 9, **change: Any) -> Path:
    with pytest.raises(HaltError):
        scan({**PLANE, **change}, plugins=plugins, output=output, executor=After(chunks))
    return partial_path(output)


def test_a_part_is_neither_continued_nor_overwritten_by_accident(plugins: list[Path], tmp_path: Path) -> None:
    partial = interrupted(plugins, tmp_path / "scan.h5")
    before = partial.read_bytes()
    with pytest.raises(OutputExistsError, match="--resume, or begin anew with --force"):
        scan(PLANE, plugins=plugins, output=tmp_path / "scan.h5")
    with pytest.raises(RecastError, match="not both"):
        scan(PLANE, plugins=plugins, output=tmp_path / "scan.h5", resume=True, overwrite=True)
    assert partial.read_bytes() == before
    with pytest.raises(RecastError, match="not complete: continue it with --resume"):
        ScanResult.load(partial)
    everything = After(-1)
    scan(PLANE, plugins=plugins, output=tmp_path / "scan.h5", overwrite=True, executor=everything)
    assert everything.done == 24


def test_what_a_link_points_to_is_written(plugins: list[Path], tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link, target = tmp_path / "scan.h5", tmp_path / "elsewhere" / "target.h5"
    link.symlink_to(target)
    assert interrupted(plugins, link) == tmp_path / "elsewhere" / "target.h5.partial"
    result = scan(PLANE, plugins=plugins, output=link, resume=True)
    assert link.is_symlink()
    assert result.header == ScanResult.load(target).header
    assert [path.name for path in target.parent.iterdir()] == ["target.h5"]


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("exists", [False, True])
def test_a_link_in_the_place_of_a_part_leads_nowhere(
    plugins: list[Path], tmp_path: Path, *, exists: bool, overwrite: bool
) -> None:
    own = tmp_path / "own.txt"
    if exists:
        own.write_text("precious", encoding="utf-8")
    partial = tmp_path / "scan.h5.partial"
    partial.symlink_to(own)
    with pytest.raises(RecastError, match="it is a link; remove it"):
        scan(PLANE, plugins=plugins, output=tmp_path / "scan.h5", overwrite=overwrite)
    partial.unlink()
    (tmp_path / "scan.h5.partial.new").symlink_to(own)
    scan(PLANE, plugins=plugins, output=tmp_path / "scan.h5", overwrite=overwrite)
    assert own.exists() is exists
    assert not exists or own.read_text(encoding="utf-8") == "precious"
    assert not (tmp_path / "scan.h5").is_symlink()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"confidence_level": 0.9}, "scan file is changed"),
        ({"measurements": ["first", "second:error=2"]}, "scan file is changed"),
        ({"title": "Another"}, "scan file is changed"),
    ],
)
def test_another_scan_is_not_continued(
    plugins: list[Path], tmp_path: Path, change: dict[str, Any], complaint: str
) -> None:
    partial = interrupted(plugins, tmp_path / "scan.h5")
    before = partial.read_bytes()
    with pytest.raises(RecastError, match=complaint):
        scan({**PLANE, **change}, plugins=plugins, output=tmp_path / "scan.h5", resume=True)
    assert partial.read_bytes() == before


@pytest.mark.parametrize("file", ["toys.py", "measurements/second.yaml"])
def test_a_plug_in_that_changed_is_named(plugins: list[Path], tmp_path: Path, file: str) -> None:
    interrupted(plugins, tmp_path / "scan.h5")
    with (plugins[0] / file).open("a") as opened:
        opened.write("# a remark\n")
    with pytest.raises(RecastError, match=f"{Path(file).name} is changed since the scan began"):
        scan(PLANE, plugins=plugins, output=tmp_path / "scan.h5", resume=True)


def test_files_that_a_measurement_names_are_inputs(plugins: list[Path], tmp_path: Path) -> None:
    from recast.scan.inputs import inputs_of
    from recast.scan.spec import ScanSpec

    text = (plugins[0] / "measurements" / "first.yaml").read_text()
    (plugins[0] / "measurements" / "first.yaml").write_text(text.replace('place: "-"', "place: note.txt"))
    spec = ScanSpec.model_validate(PLANE)
    without = inputs_of(spec, plugins)
    (plugins[0] / "measurements" / "note.txt").write_text("x")
    assert set(inputs_of(spec, plugins)) - set(without) == {"measurements first.yaml: note.txt"}
    assert any(name.startswith("grid trident_mumu") for name in without)
    assert any(name.startswith("recast ") for name in without)


def test_a_worker_with_other_files_is_refused(plugins: list[Path]) -> None:
    from recast.scan.evaluation import Job, evaluate
    from recast.scan.spec import ScanSpec

    job = Job(ScanSpec.model_validate(PLANE), tuple(plugins), {"grid trident_mumu.h5": "0" * 64}, {})
    with pytest.raises(RecastError, match=r"a worker would not compute the same: .*trident_mumu.h5 is changed"):
        evaluate(job, {})


def test_one_process_at_a_time(plugins: list[Path], tmp_path: Path) -> None:
    output = tmp_path / "scan.h5"

    class Meddling(After):
        def __call__(self, function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
            for how in ({"resume": True}, {"overwrite": True}):
                with pytest.raises(RecastError, match="another process is writing"):
                    scan(PLANE, plugins=plugins, output=output, **how)
            return super().__call__(function, items)

    scan(PLANE, plugins=plugins, output=output, executor=Meddling(-1))
    whole = scan(PLANE, plugins=plugins, output=tmp_path / "whole.h5")
    assert whole.header == ScanResult.load(output).header
    assert output.read_bytes() == (tmp_path / "whole.h5").read_bytes()


@pytest.mark.parametrize("name", ["combined", "chunks/checksum", "chunks/lowest", "prediction/first"])
def test_chunks_that_were_damaged_are_computed_again(plugins: list[Path], tmp_path: Path, name: str) -> None:
    output = tmp_path / "scan.h5"
    partial = interrupted(plugins, output, chunks=20)
    place = read(partial).places[name]
    with partial.open("r+b") as file:
        file.seek(place.offset + 17 * place.width)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 16]))
    rest = After(-1)
    scan(PLANE, plugins=plugins, output=output, executor=rest, resume=True)
    assert rest.done == 4 + 1
    scan(PLANE, plugins=plugins, output=tmp_path / "whole.h5")
    assert output.read_bytes() == (tmp_path / "whole.h5").read_bytes()


def test_a_part_that_cannot_be_read_is_kept(plugins: list[Path], tmp_path: Path) -> None:
    output = tmp_path / "scan.h5"
    partial = interrupted(plugins, output)
    for length in (700, -1):
        partial.write_bytes(partial.read_bytes()[:length])
        with pytest.raises(RecastError, match="begin anew with --force"):
            scan(PLANE, plugins=plugins, output=output, resume=True)
    # A scan that was interrupted before its file was laid out has left an empty one.
    partial.write_bytes(b"")
    everything = After(-1)
    scan(PLANE, plugins=plugins, output=output, executor=everything, resume=True)
    assert everything.done == 24
    partial.write_text("notes of mine")
    output.unlink()
    with pytest.raises(RecastError, match="no part of a scan: move it away"):
        scan(PLANE, plugins=plugins, output=output, resume=True)
    assert partial.read_text() == "notes of mine"


@pytest.mark.parametrize("name", ["combined", "excluded_by", "chunks/lowest", "summary", "header"])
def test_a_complete_file_that_was_altered_is_refused(plugins: list[Path], tmp_path: Path, name: str) -> None:
    output = tmp_path / "scan.h5"
    scan(PLANE, plugins=plugins, output=output)
    if name == "header":
        with h5py.File(output) as file:
            offset = file["header"].id.get_offset() + file["header"][()].index(b'"confidence_level":0.95') + 20
    else:
        offset = read(output).places[name].offset + 20
    with output.open("r+b") as raw:
        raw.seek(offset)
        byte = raw.read(1)[0]
        raw.seek(offset)
        raw.write(bytes([byte ^ 1]))
    with pytest.raises(RecastError, match=r"scan\.h5"):
        ScanResult.load(output)


def test_large_files_are_not_read_at_once(plugins: list[Path], tmp_path: Path) -> None:
    from recast.scan.saving import load

    result = scan(PLANE, plugins=plugins, output=tmp_path / "scan.h5")
    mapped = load(tmp_path / "scan.h5", in_memory=0)
    for name, array in result.arrays.items():
        assert mapped.arrays[name].tobytes() == array.tobytes()
        assert not mapped.arrays[name].flags.writeable
    assert mapped.excluded().sum() == result.excluded().sum()
