"""Files of events: read back by others, and nothing half written under their name."""

from __future__ import annotations

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
import pylhe
import pytest

from recast import __version__
from recast.constants import LEPTON_MASS
from recast.errors import OutputExistsError, RecastError
from recast.events.event_file import read_events
from recast.events.events import PARTICLES, Events
from recast.events.files import check_event_file, writing_events
from recast.events.sample import Estimate, Sample, scatterer_mass

from .samples import random_events

ESTIMATE = Estimate(123.0, 4.5, 600, 300, 17.0, 9.5)
NAMES = ("x.h5", "x.hepmc3", "x.lhe")
NOT_ALL = "pyhepmc could not write all of it; is the disk full?"


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


def masses(events: Events) -> list[float]:
    """Of the leptons and the recoil of the first event."""
    return [LEPTON_MASS[events.channel.minus], LEPTON_MASS[events.channel.plus], events.at_rest[0, 0]]


@pytest.fixture(params=["numu_numu_mu-mu+", "numubar_nuebar_mu+e-"])
def events(request: pytest.FixtureRequest) -> Events:
    return random_events(300, channel=request.param)


@pytest.mark.parametrize("suffix", [".hepmc3", ".hepmc"])
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
    weights = np.array([event.weights for event in read])
    np.testing.assert_array_equal(weights.T, 1e-3 * np.array([events.weight, *events.structures]))  # pb
    for name, values in (("k2", events.k2), ("q2", events.q2)):
        np.testing.assert_array_equal([event.attributes[name].astype(float) for event in read], values)


def test_hepmc_joins_particles_in_one_vertex(events: Events, tmp_path: Path) -> None:
    with pyhepmc.open(write(tmp_path / "x.hepmc3", events)) as stream:
        event = next(iter(stream))
    assert event.momentum_unit == pyhepmc.Units.GEV
    (vertex,) = event.vertices
    assert [particle.id for particle in vertex.particles_in] == [1, 2]
    assert [particle.id for particle in vertex.particles_out] == [3, 4, 5, 6]
    assert [particle.status for particle in event.particles] == [4, 20, 1, 1, 1, 1]
    assert vertex.status == 1
    assert [particle.generated_mass for particle in event.particles][3:] == masses(events)
    assert event.particles[1].momentum.e == events.at_rest[0, 0]


def test_hepmc_says_where_it_comes_from(events: Events, tmp_path: Path) -> None:
    with pyhepmc.open(write(tmp_path / "x.hepmc3", events)) as stream:
        read = list(stream)
    run = read[0].run_info
    assert run.tools[0].name == "recast"
    assert run.weight_names == ["CV", "vv", "aa", "va"]
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


@pytest.mark.parametrize("weighted", [True, False])
def test_les_houches_is_read_by_the_library(events: Events, tmp_path: Path, weighted: bool) -> None:
    file = pylhe.LHEFile.fromfile(write(tmp_path / "x.lhe", events, weighted=weighted), generator=False)
    about = file.init.initInfo
    assert (about.beamA, about.beamB) == (events.pdg_ids[0, 0], 1000180400)
    assert (about.energyA, about.energyB) == (ESTIMATE.largest_energy, scatterer_mass("Ar40"))
    assert about.weightingStrategy == (4 if weighted else 3)
    (process,) = file.init.procInfo
    largest = 0.017 if weighted else 1.0
    np.testing.assert_allclose([process.xSection, process.error, process.unitWeight], [0.123, 0.0045, largest], 1e-15)
    assert [(made.name, made.version) for made in file.init.generators] == [("recast", __version__)]
    read = list(file.events)
    scale = 1e-3 if weighted else 1.0
    np.testing.assert_array_equal([event.eventinfo.weight for event in read], scale * events.weight)
    ids = [[particle.id for particle in event.particles] for event in read]
    np.testing.assert_array_equal(np.transpose(ids), events.pdg_ids)
    momenta = np.array([[[p.e, p.px, p.py, p.pz] for p in event.particles] for event in read])
    np.testing.assert_array_equal(momenta.transpose(1, 0, 2), events.momenta)
    event = read[0]
    assert [particle.status for particle in event.particles] == [-1, -1, 1, 1, 1, 1]
    assert [event.mother_indices(particle) for particle in event.particles] == [[], []] + 4 * [[0, 1]]
    assert [particle.m for particle in event.particles][3:] == masses(events)
    assert [particle.spin for particle in event.particles][:3:2] == 2 * [1.0 if events.channel.antineutrino else -1.0]
    words = np.array([event.optional[0].split() for event in read])
    assert words[0, [0, *range(1, 11, 2)]].tolist() == ["#", "k2", "q2", "vv", "aa", "va"]
    np.testing.assert_array_equal(words[:, 2::2].astype(float).T, [events.k2, events.q2, *scale * events.structures])


def test_les_houches_is_xml_that_says_where_it_comes_from(events: Events, tmp_path: Path) -> None:
    root = ET.parse(write(tmp_path / "x.lhe", events)).getroot()  # noqa: S314
    assert (root.tag, root.get("version")) == ("LesHouchesEvents", "3.0")
    told = [line.strip() for line in str(root.findtext("header/recast")).strip().splitlines()]
    assert told[:-2] == sample_of(events).lines
    assert [line.split() for line in told[-2:]] == [["trials:", "600"], ["accepted:", "300"]]


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


@pytest.mark.parametrize("name", ["x", "x.root", "x.h5.gz", "x.lhe.gz"])
def test_names_that_tell_no_format(tmp_path: Path, name: str) -> None:
    with pytest.raises(RecastError, match=r"the name tells the format, \.h5, \.hepmc3 or \.lhe"):
        check_event_file(tmp_path / name)


@pytest.mark.parametrize(("name", "library"), [("x.hepmc3", "pyhepmc"), ("x.lhe", "pylhe")])
def test_a_library_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, library: str) -> None:
    for module in [*sys.modules]:
        if module.startswith(("recast.events.hepmc", "recast.events.lhe")):
            monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, library, None)
    mend = f"{library} is not installed: pip install 'recast-bsm\\[events]'"
    with pytest.raises(RecastError, match=mend):
        check_event_file(tmp_path / name)
    check_event_file(tmp_path / "x.h5")


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
for path in sys.argv[2:]:
    try:
        tests.write(Path(path), events)
    except RecastError as error:
        print(error)
"""


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 18, 1 << 18))

    paths = [str(tmp_path / name) for name in NAMES]
    command = [sys.executable, "-c", _PROGRAM, str(Path(__file__).parents[1]), *paths]
    done = subprocess.run(command, capture_output=True, text=True, check=True, preexec_fn=limited)
    reasons = ("File too large", NOT_ALL, "File too large")
    expected = [f"cannot write {path}: {reason}" for path, reason in zip(paths, reasons, strict=True)]
    assert done.stdout.splitlines() == expected
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
