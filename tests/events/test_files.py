"""Files of events: read back by others, and nothing half written under their name."""

from __future__ import annotations

import gzip
import os
import resource
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyhepmc
import pytest

from recast.constants import LEPTON_MASS
from recast.errors import OutputExistsError, RecastError
from recast.events.event_file import read_events
from recast.events.events import PARTICLES, Events
from recast.events.files import check_event_file, writing_events
from recast.events.sample import Estimate, Sample, scatterer_mass

from .samples import random_events

ESTIMATE = Estimate(123.0, 4.5, 600, 300, 17.0, 9.5)
NAMES = ("x.h5", "x.hepmc3", "x.hepmc3.gz", "x.lhe", "x.lhe.gz")


def sample_of(events: Events, *, weighted: bool = True) -> Sample:
    details = {"model": "<none> & co -- \\ none", "seed": "7"}
    about = (events.channel, events.target, events.scatterers, len(events), weighted, 120.0)
    return Sample(*about, details=details, origin=("made by: x",))


def write(path: Path, events: Events, *, weighted: bool = True, parts: int = 3) -> Path:
    with writing_events(path, sample_of(events, weighted=weighted)) as writer:
        for start, stop in pairwise(np.linspace(0, len(events), parts + 1).astype(int)):
            writer.add(events[start:stop], Estimate(100.0, 10.0, 2 * int(stop), int(stop)))
        writer.finish(ESTIMATE)
    return path


@pytest.fixture(params=["numu_numu_mu-mu+", "numubar_nuebar_mu+e-"])
def events(request: pytest.FixtureRequest) -> Events:
    return random_events(300, channel=request.param)


@pytest.mark.parametrize("suffix", [".hepmc3", ".hepmc", ".hepmc3.gz"])
def test_hepmc_is_read_by_the_library(events: Events, tmp_path: Path, suffix: str) -> None:
    path = write(tmp_path / f"x{suffix}", events)
    with pyhepmc.open(path) as stream:
        read = list(stream)
    assert len(read) == len(events)
    assert [event.event_number for event in read] == list(range(len(events)))
    momenta = np.array([[[*p.momentum] for p in event.particles] for event in read])  # px, py, pz, E
    np.testing.assert_array_equal(momenta.transpose(1, 0, 2)[:, :, [3, 0, 1, 2]], events.momenta)
    pids = np.array([[particle.pid for particle in event.particles] for event in read])
    np.testing.assert_array_equal(pids.T, events.pdg_ids)
    # pb
    np.testing.assert_allclose([event.weight("CV") for event in read], 1e-3 * events.weight, rtol=1e-15)
    for name, values in (("k2", events.k2), ("q2", events.q2), ("va", 1e-3 * events.structures[2])):
        written = [event.attributes[name].astype(float) for event in read]
        np.testing.assert_allclose(written, values, rtol=1e-15)


def test_hepmc_joins_particles_in_one_vertex(events: Events, tmp_path: Path) -> None:
    with pyhepmc.open(write(tmp_path / "x.hepmc3", events)) as stream:
        event = next(iter(stream))
    assert event.momentum_unit == pyhepmc.Units.GEV
    (vertex,) = event.vertices
    assert [particle.id for particle in vertex.particles_in] == [1, 2]
    assert [particle.id for particle in vertex.particles_out] == [3, 4, 5, 6]
    assert [particle.status for particle in event.particles] == [4, 20, 1, 1, 1, 1]
    masses = [LEPTON_MASS[events.channel.minus], LEPTON_MASS[events.channel.plus]]
    assert [particle.generated_mass for particle in event.particles][3:5] == masses
    assert event.particles[5].generated_mass == events.at_rest[0, 0] == event.particles[1].momentum.e


def test_hepmc_says_where_it_comes_from(events: Events, tmp_path: Path) -> None:
    with pyhepmc.open(write(tmp_path / "x.hepmc3", events)) as stream:
        read = list(stream)
    run = read[0].run_info
    assert run.tools[0].name == "recast"
    assert run.weight_names == ["CV"]
    written = [run.attributes[name].astype(str) for name in run.attributes if name.startswith("recast.")]
    assert [line.replace("\\\\", "\\") for line in written] == sample_of(events).lines
    assert run.attributes["NuHepMC.Units.CrossSection.Unit"].astype(str) == "pb"
    process = [event.attributes["signal_process_id"].astype(int) for event in read]
    assert process == np.where(events.coherent, 700, 701).tolist()
    last = read[-1].cross_section
    assert (last.xsec(), last.xsec_err()) == (0.1, 0.01)
    assert (last.accepted_events, last.attempted_events) == (300, 600)


def test_weights_of_unweighted_events_have_no_unit(events: Events, tmp_path: Path) -> None:
    path = write(tmp_path / "x.hepmc3", events, weighted=False)
    with pyhepmc.open(path) as stream:
        event = next(iter(stream))
    assert event.weight("CV") == events.weight[0]
    assert "\n3 1\n" not in path.read_text()


@pytest.mark.parametrize("suffix", [".lhe", ".lhe.gz"])
@pytest.mark.parametrize("weighted", [True, False])
def test_les_houches_files(events: Events, tmp_path: Path, suffix: str, weighted: bool) -> None:
    path = write(tmp_path / f"x{suffix}", events, weighted=weighted)
    data = gzip.decompress(path.read_bytes()) if suffix.endswith(".gz") else path.read_bytes()
    root = ET.fromstring(data)  # noqa: S314
    assert root.tag == "LesHouchesEvents"
    told = str(root.findtext("header/recast")).strip().splitlines()
    assert [line.strip() for line in told][: -2] == sample_of(events, weighted=weighted).lines
    beams, process = (line.split() for line in str(root.findtext("init")).strip().splitlines()[:2])
    assert beams[:2] == [str(events.pdg_ids[0, 0]), "1000180400"]
    assert (float(beams[2]), float(beams[3])) == (ESTIMATE.largest_energy, scatterer_mass("Ar40"))
    assert beams[-2:] == ["4" if weighted else "3", "1"]
    largest = 0.017 if weighted else 1.0
    np.testing.assert_allclose([float(word) for word in process], [0.123, 0.0045, largest, 1], rtol=1e-15)
    blocks = [str(event.text).strip().splitlines() for event in root.iter("event")]
    scale = 1e-3 if weighted else 1.0
    np.testing.assert_allclose([float(block[0].split()[2]) for block in blocks], scale * events.weight, rtol=1e-15)
    rows = np.array([[line.split() for line in block[1:7]] for block in blocks], dtype=float)
    np.testing.assert_array_equal(rows[:, :, 0].T, events.pdg_ids)
    np.testing.assert_array_equal(rows[:, :, [9, 6, 7, 8]].transpose(1, 0, 2), events.momenta)
    np.testing.assert_array_equal(rows[0, :, 1], [-1, -1, 1, 1, 1, 1])
    assert [line.split()[0] for line in (block[7] for block in blocks)] == ["#"] * len(events)
    k2 = [float(block[7].split()[2]) for block in blocks]
    np.testing.assert_array_equal(k2, events.k2)


def same(one: Events, other: Events) -> None:
    assert (one.channel, one.target, one.scatterers) == (other.channel, other.target, other.scatterers)
    for name in ("scatterer", "momenta", "weight", "structures", "k2", "q2"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_hdf5_gives_the_same_events(events: Events, tmp_path: Path) -> None:
    path = write(tmp_path / "x.h5", events)
    same(read_events(path), events)
    same(read_events(path, start=10, stop=20), events[10:20])
    assert len(read_events(path, start=400)) == 0
    with h5py.File(path) as file:
        assert list(file["momenta"]) == sorted(PARTICLES)
        assert file.attrs["cross_section"] == ESTIMATE.cross_section
        assert file.attrs["cross_section_error"] == ESTIMATE.error
        assert file.attrs["description"].decode().splitlines() == sample_of(events).lines
        assert file["k2"].attrs["units"] == b"GeV^2"


def test_hdf5_of_many_chunks(tmp_path: Path) -> None:
    many = random_events(5000)
    same(read_events(write(tmp_path / "x.h5", many, parts=7)), many)


def test_hdf5_of_no_events(tmp_path: Path) -> None:
    """A selection may let nothing pass."""
    none = random_events(10)[:0]
    assert len(read_events(write(tmp_path / "x.h5", none))) == 0


@pytest.mark.parametrize("part", ["schema", "missing", "shape", "scatterer", "truncated", "claims"])
def test_hdf5_that_was_altered(tmp_path: Path, part: str) -> None:
    path = write(tmp_path / "x.h5", random_events(50))
    if part == "truncated":
        os.truncate(path, path.stat().st_size // 2)
    else:
        with h5py.File(path, "r+") as file:
            if part == "schema":
                file.attrs["schema"] = np.bytes_(b"else")
            elif part == "missing":
                del file["k2"]
            elif part == "shape":
                file["q2"].resize(49, axis=0)
            elif part == "claims":
                file["q2"].resize(10**6, axis=0)
            else:
                file["scatterer"][3] = 3
    with pytest.raises(RecastError, match=f"event file {path} .*: make it again with `recast generate`"):
        read_events(path)


def test_hdf5_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(RecastError, match="does not exist: make it again with `recast generate`"):
        read_events(tmp_path / "x.h5")


@pytest.mark.parametrize("name", ["x", "x.root", "x.h5.gz", "x.gz"])
def test_names_that_tell_no_format(tmp_path: Path, name: str) -> None:
    with pytest.raises(RecastError, match=r"the name tells the format, \.h5, \.hepmc3 or \.lhe"):
        check_event_file(tmp_path / name)


def test_existing_files_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.lhe"
    path.write_text("mine")
    with pytest.raises(OutputExistsError, match="--force"):
        check_event_file(path)
    assert check_event_file(path, force=True) == path


@pytest.mark.parametrize("name", NAMES)
def test_the_file_depends_on_nothing_else(tmp_path: Path, name: str) -> None:
    """Neither on the chunks nor on the clock."""
    events = random_events(20)
    (tmp_path / "a").mkdir()
    one, other = (write(tmp_path / folder / name, events, parts=2).read_bytes() for folder in (".", "a"))
    assert one == other


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_left_of_an_interrupted_file(tmp_path: Path, name: str) -> None:
    events = random_events(20)

    def interrupted() -> None:
        with writing_events(tmp_path / name, sample_of(events)) as writer:
            writer.add(events, ESTIMATE)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_of_hdf5_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes once HDF5 is done, not in one of its callbacks."""
    events = random_events(20)
    resize, calls = h5py.Dataset.resize, []

    def interrupted(*arguments: Any, **options: Any) -> None:
        calls.append(arguments)
        if len(calls) == 3:
            signal.raise_signal(signal.SIGINT)
        resize(*arguments, **options)

    monkeypatch.setattr(h5py.Dataset, "resize", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "x.h5", events, parts=1)
    assert len(calls) == 13
    assert list(tmp_path.iterdir()) == []


# Writes more events than a file may have bytes.
_PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from events import test_files as tests
from recast.errors import RecastError
events = tests.random_events(4000)
try:
    tests.write(Path(sys.argv[2]), events)
except RecastError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_may_not_grow(tmp_path: Path, name: str) -> None:
    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 18, 1 << 18))

    path = tmp_path / name
    command = [sys.executable, "-c", _PROGRAM, str(Path(__file__).parents[1]), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, preexec_fn=limited)
    assert done.stdout.strip() == f"cannot write {path}: File too large"
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
