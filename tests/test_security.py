"""Hostile files: refused with one sentence, before anything is followed, run or unpacked (docs/security.md)."""

from __future__ import annotations

import ast
import os
import time
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import h5py
import numpy as np
import pytest
import yaml

import recast
from recast.catalog import Catalog
from recast.documents import parse_document, read_document
from recast.errors import DocumentError, GridError, RecastError
from recast.flux import load_flux
from recast.hdf5 import attributes, open_hdf5, write_attributes
from recast.limit_curve import read_limit_curve
from recast.measurement import load_measurement
from recast.text_file import LARGEST_TEXT, read_text

PACKAGE = Path(recast.__file__).parent
MEASUREMENTS = Path(str(resources.files("recast.measurements")))
MB = 2**20


# HDF5: each writes what nothing that recast makes has.
def external_link(file: h5py.File) -> None:
    file["other"] = h5py.ExternalLink("/etc/passwd", "/a")


def soft_link(file: h5py.File) -> None:
    file["other"] = h5py.SoftLink("/a")


def two_names(file: h5py.File) -> None:
    file["other"] = file["a"]


def a_group_in_itself(file: h5py.File) -> None:
    group = file.create_group("g")
    group["again"] = group


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((3,), dtype="f8")
    layout[:] = h5py.VirtualSource("elsewhere.h5", "a", (3,))
    file.create_virtual_dataset("other", layout)


def raw_data_elsewhere(file: h5py.File) -> None:
    file.create_dataset("other", (3,), "f8", external=[("/etc/passwd", 0, 24)])


def object_reference(file: h5py.File) -> None:
    file.create_dataset("other", data=np.array([file["a"].ref], dtype=h5py.ref_dtype))


def region_reference(file: h5py.File) -> None:
    file.create_dataset("other", data=np.array([file["a"].regionref[:1]], dtype=h5py.regionref_dtype))


def reference_as_attribute(file: h5py.File) -> None:
    file["a"].attrs["other"] = file["a"].ref


def text_of_variable_length(file: h5py.File) -> None:
    file.attrs["other"] = "text"


def texts_of_variable_length(file: h5py.File) -> None:
    file["other"] = ["one", "two"]


def lists_of_variable_length(file: h5py.File) -> None:
    file.create_dataset("other", (2,), h5py.vlen_dtype(np.float64))


def compound(file: h5py.File) -> None:
    file["other"] = np.zeros(2, dtype=[("x", "f8"), ("y", "i4")])


def opaque(file: h5py.File) -> None:
    file["other"] = np.zeros(2, dtype="V16")


def type_of_its_own(file: h5py.File) -> None:
    file["other"] = np.dtype("f8")


def other_filter(file: h5py.File) -> None:
    file.create_dataset("other", data=np.zeros(100), compression="lzf")


def deflated_twice(file: h5py.File) -> None:
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((100,))
    plan.set_deflate(9)
    plan.set_deflate(9)
    h5py.h5d.create(file.id, b"other", h5py.h5t.IEEE_F64LE, h5py.h5s.create_simple((100,)), plan)


def large_once_unpacked(file: h5py.File) -> None:
    file.create_dataset("other", (10 * MB, 10), "f8", chunks=(MB, 1), compression="gzip")


def chunk_with_more_than_it_claims(file: h5py.File) -> None:
    import zlib

    data = file.create_dataset("other", (8,), "f8", chunks=(8,), compression="gzip")
    data.id.write_direct_chunk((0,), zlib.compress(bytes(100 * MB), 1))


def chunk_that_is_not_packed(file: h5py.File) -> None:
    data = file.create_dataset("other", (MB,), "f8", chunks=(MB,), compression="gzip")
    data.id.write_direct_chunk((0,), bytes(range(256)) * 4096)


def larger_than_the_file(file: h5py.File) -> None:
    file.create_dataset("other", (MB, MB), "f8")


def countless_chunks(file: h5py.File) -> None:
    file.create_dataset("other", (MB,), "f8", chunks=(1,))


def large_chunk(file: h5py.File) -> None:
    file.create_dataset("other", (20 * MB,), "f8", chunks=(20 * MB,))


def deep(file: h5py.File) -> None:
    file.create_group("/".join("bcdefghijklmn"))


def countless_parts(file: h5py.File) -> None:
    for number in range(6000):
        file.create_group(str(number))


def countless_attributes(file: h5py.File) -> None:
    for number in range(80):
        file["a"].attrs[str(number)] = np.zeros(8000)


HOSTILE: list[tuple[Callable[[h5py.File], None], str]] = [
    (external_link, "an external link, /other"),
    (soft_link, "a soft link, /other"),
    (two_names, "one of its parts has two names"),
    (a_group_in_itself, "one of its parts has two names, /g/again"),
    (virtual, "a virtual dataset, /other"),
    (raw_data_elsewhere, "numbers stand in other files, /other"),
    (object_reference, "something else than numbers and text, /other"),
    (region_reference, "something else than numbers and text, /other"),
    (reference_as_attribute, "something else than numbers and text, attribute other"),
    (text_of_variable_length, "text of variable length, attribute other"),
    (texts_of_variable_length, "text of variable length, /other"),
    (lists_of_variable_length, "something else than numbers and text, /other"),
    (compound, "something else than numbers and text, /other"),
    (opaque, "something else than numbers and text, /other"),
    (type_of_its_own, "a data type of its own, /other"),
    (other_filter, "packed by other means than shuffle and deflate, /other"),
    (deflated_twice, "packed by other means than shuffle and deflate, /other"),
    (large_once_unpacked, "take more than 128 MB in memory"),
    (chunk_with_more_than_it_claims, "a chunk unpacks to another size than it claims, /other"),
    (chunk_that_is_not_packed, "a chunk unpacks to another size than it claims, /other"),
    (larger_than_the_file, "claims 8796093022208 bytes in a file of"),
    (countless_chunks, "more than 16384 chunks"),
    (large_chunk, "chunks of more than 64 MB, /other"),
    (deep, "nested more than 8 deep"),
    (countless_parts, "more than 5000 parts"),
    (countless_attributes, "attributes hold more than 4 MB"),
]


@pytest.mark.parametrize(("make", "message"), HOSTILE, ids=[make.__name__ for make, _ in HOSTILE])
def test_hostile_hdf5_is_refused(tmp_path: Path, make: Callable[[h5py.File], None], message: str) -> None:
    path = tmp_path / "hostile.h5"
    with h5py.File(path, "w", libver=("earliest", "v110")) as file:
        file["a"] = np.zeros(3)
        make(file)
    start = time.process_time()
    with pytest.raises(GridError, match=f"hostile.h5 is refused, .*{message}") as caught, open_hdf5(path):
        pytest.fail("it was opened")
    assert time.process_time() - start < 2.0
    assert "\n" not in str(caught.value)


def test_links_are_not_followed_by_the_readers(tmp_path: Path) -> None:
    """A grid that stands in another file, of which this one would be only a name."""
    from recast.grid import grid_path, read_table
    from recast.scan import ScanResult
    from recast.table_file import read_table_file

    path = tmp_path / "trident_mumu.h5"
    with h5py.File(grid_path("trident_mumu")) as whole, h5py.File(path, "w") as file:
        write_attributes(file, attributes(whole))
        for name in whole:
            file[name] = h5py.ExternalLink(grid_path("trident_mumu"), name)
    with pytest.raises(GridError, match=r"is refused, it holds an external link.*recast grid build trident_mumu"):
        read_table(path, "Ar40")
    with pytest.raises(GridError, match="is refused, it holds an external link"):
        read_table_file(path, "n_eff")
    with pytest.raises(RecastError, match="is refused, it holds an external link"):
        ScanResult.load(path)


def test_what_recast_writes_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "good.h5"
    said = {"text": "µ → e", "empty": "", "number": 3, "truth": True, "list": np.arange(4.0)}
    with h5py.File(path, "w") as file:
        file["group/packed"] = np.zeros(3)
        file.create_dataset("group/large", data=np.zeros((1000, 300)), compression="gzip", shuffle=True)
        file["truth"] = np.array([True, False])
        file["text"] = np.bytes_(b"some text")
        write_attributes(file, said)
    with open_hdf5(path) as file:
        read = attributes(file)
        assert {key: read[key] for key in list(said)[:4]} == dict(list(said.items())[:4])
        np.testing.assert_array_equal(read["list"], said["list"])
        assert file["truth"].dtype == bool
    with pytest.raises(GridError, match="take more than 1 MB in memory"), open_hdf5(path, largest=MB):
        pass


def test_a_large_file_that_is_read_piece_by_piece_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "large.h5"
    with h5py.File(path, "w") as file:
        plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plan.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        plan.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        space = h5py.h5s.create_simple((2**31,))
        h5py.h5d.create(file.id, b"values", h5py.h5t.IEEE_F64LE, space, plan)
    with pytest.raises(GridError, match="take more than 128 MB"), open_hdf5(path):
        pass
    with open_hdf5(path, largest=None) as file:
        assert file["values"][-1] == 0.0


def test_faults_inside_the_block_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["a"] = 1.0
    message = r"scan .*a\.h5 is truncated or altered \(.*b.*\): do it again"
    told = open_hdf5(path, what="scan", mend="do it again", error=RecastError)
    with pytest.raises(RecastError, match=message), told as file:
        file["b"][()]
    with pytest.raises(GridError, match="does not exist"), open_hdf5(tmp_path):
        pass


BOMB = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
)
MERGED = "a0: &a0 {k: 1}\n" + "".join(
    f"a{i}: &a{i}\n  <<: [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "more than 30,000 values, those behind aliases counted each time"),
        (MERGED, "more than 30,000 values, those behind aliases counted each time"),
        ("a0: &a0 [1]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 100)), "more than 32 deep"),
        ("a: &a [*a]\n", "holds itself, or parts are nested more than 32 deep"),
        ("[" * MB, "nested more than 32 deep"),
        ("a: " + "{b: " * 1000, "nested more than 32 deep"),
        ("a: [" + "1," * 100_000 + "]", "more than 30,000 values"),
        ("- " * 10_000, "nested more than 32 deep"),
        ("a: !!python/object/apply:os.system [ls]\n", "tags are not read"),
        ("a: !!int 1" + ":1" * 100_000, "tags are not read"),
        ("a: !!timestamp foo\n", "tags are not read"),
        ("a: !!bool foo\n", "tags are not read"),
        ("a: " + "9" * 5000, "a value cannot be read"),
        ("? [a, b]\n: 1\n", "a key must be text or a number"),
        ("a: 1\n--- \nb: 2\n", "not YAML"),
    ],
)
def test_hostile_yaml_is_refused(text: str, message: str) -> None:
    start = time.process_time()
    with pytest.raises(DocumentError, match=message):
        parse_document(text, file="a.yaml")
    assert time.process_time() - start < 2.0


def test_aliases_and_text_that_says_that_it_is_text_are_read() -> None:
    document = parse_document("a: &a {b: 1}\nc: *a\nd: {<<: *a, e: 2}\nf: !!str 2014\n", file="a.yaml")
    assert document.data == {"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1, "e": 2}, "f": "2014"}


def test_text_files_have_a_size_and_an_end(tmp_path: Path) -> None:
    file = tmp_path / "large.yaml"
    file.write_bytes(b"#" * (LARGEST_TEXT + 1))
    for read in (read_document, load_flux, read_limit_curve):
        with pytest.raises(RecastError, match=r"large\.yaml: a .* may have 1,048,576 bytes, this one has more"):
            read(file)
    with pytest.raises(DocumentError, match="this is a folder"):
        read_text(tmp_path)
    with pytest.raises(DocumentError, match="cannot be read: embedded null"):
        read_text(tmp_path / "a\0.csv")
    with pytest.raises(DocumentError, match="cannot be read: File name too long"):
        read_text(tmp_path / ("a" * 5000))
    header = "# title: mine\n" + "# \u00b5\n" * 100_000
    for read in (load_flux, read_limit_curve):
        file.write_text(header, encoding="utf-8")
        with pytest.raises(RecastError, match="'title' is longer than 20,000 characters"):
            read(file)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a": ' * 100_000, "9" * 5000, "nothing", "[]", " " * 9 * MB])
def test_hostile_workspaces_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.json").write_text(text, encoding="utf-8")
    document = (MEASUREMENTS / "dune_nd_counts.yaml").read_text(encoding="utf-8")
    good = parse_document(document, file="good.yaml").data
    good["likelihood"] = {"type": "pyhf_workspace", "workspace": "mine.json", "signal": 10.0}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(good), encoding="utf-8")
    with pytest.raises(DocumentError, match="mine.yaml.*likelihood.*workspace"):
        load_measurement(tmp_path / "mine.yaml")


@pytest.mark.skipif(os.name != "posix", reason="devices and pipes")
def test_devices_and_pipes_are_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for place in (Path("/dev/zero"), tmp_path / "pipe.csv"):
        with pytest.raises(DocumentError, match="this is not a regular file"):
            read_text(place)
    with pytest.raises(GridError, match="does not exist"), open_hdf5(tmp_path / "pipe.csv"):
        pass


PLUGIN = "from pathlib import Path\nPath(__file__).with_name('was_run').touch()\n"


def test_python_beside_a_file_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code runs from a folder that is named as one of plug-ins, not because a file beside it is read."""
    folder = tmp_path / "measurements"
    folder.mkdir()
    for place in (tmp_path, folder):
        (place / "plugin.py").write_text(PLUGIN, encoding="utf-8")
    mine = folder / "mine.yaml"
    mine.write_text((MEASUREMENTS / "muon_g2.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert load_measurement(mine).title
    assert Catalog().measurement(mine).title
    assert Catalog().observables() == {}
    assert not list(tmp_path.rglob("was_run"))
    assert Catalog([tmp_path]).observables() == {}
    assert [path.parent for path in tmp_path.rglob("was_run")] == [tmp_path]


def test_a_scan_writes_its_output_and_nothing_else(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from recast.cli import main

    here = tmp_path / "here"
    here.mkdir()
    text = """\
title: ../../outside
model: lmu_ltau
measurements: [ccfr]
parameters: {mass: [0.1, 0.2], coupling: [1.0e-3]}
"""
    (here / "scan.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "out").mkdir()
    words = ["scan", str(here / "scan.yaml"), "-o", str(tmp_path / "out" / "plane.h5")]
    result = CliRunner().invoke(main, words, prog_name="recast")
    assert result.exit_code == 0, result.output
    assert sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")) == [
        "here",
        "here/scan.yaml",
        "out",
        "out/plane.h5",
    ]
    (here / "scan.yaml").write_text(f"{text}output: ../../outside.h5\n", encoding="utf-8")
    result = CliRunner().invoke(main, [*words, "--force"], prog_name="recast")
    assert result.exit_code == 2
    assert "unknown key 'output'" in result.stderr


UNSAFE = {"pickle", "cPickle", "shelve", "marshal", "dill", "cloudpickle", "joblib"}


def test_nothing_is_unpickled_or_evaluated() -> None:
    """Of the whole package: no module that unpickles, no eval, Python files run in one place, YAML loaders are safe."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert not {alias.name.partition(".")[0] for alias in node.names} & UNSAFE, file
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").partition(".")[0] not in UNSAFE, file
            elif isinstance(node, ast.Name):
                assert node.id not in {"eval", "exec", "__import__"}, file
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                _check_call(file, ast.unparse(node.func), node)


def _check_call(file: Path, name: str, call: ast.Call) -> None:
    if name in {"yaml.load", "yaml.unsafe_load", "h5py.File", "runpy.run_path", "np.load", "os.system"}:
        text = ast.unparse(call)
        allowed = {
            "yaml.load": "SafeLoader" in text,
            "h5py.File": file.name == "hdf5.py" or "'w'" in text,
            "runpy.run_path": file.name == "catalog.py",
        }
        assert allowed.get(name, False), (file, text)
