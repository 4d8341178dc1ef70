"""Samples in files: the command, what it reports, and what it refuses."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyhepmc
import pytest
from click.testing import CliRunner

from recast.cli.main import main
from recast.errors import NotApplicableError, OutOfRangeError, OutputExistsError, RecastError
from recast.events.event_file import read_events
from recast.events.generator import EventGenerator
from recast.events.sample import scatterer_mass
from recast.events.selection import Selection, build_selection
from recast.events.writing import write_events

CHANNEL = "numu_numu_mu-mu+"
COMMAND = ("generate", "--channel", CHANNEL, "--target", "Ar40")


@pytest.fixture(scope="module")
def generator() -> EventGenerator:
    made = EventGenerator(CHANNEL, "Ar40", 5.0, component="coherent", seed=3)
    made.weighted(1)  # builds the tables
    return made


@pytest.fixture
def fresh(generator: EventGenerator) -> EventGenerator:
    """The same generator for every test."""
    return deepcopy(generator)


def cut(**interval: float) -> Selection:
    return build_selection(
        {"name": "mine", "title": "Mine", "cuts": [{"quantity": "opening_angle", **interval}]}
    )


def within(value: float, expected: float, error: float) -> bool:
    return abs(value - expected) < 4.0 * error


@pytest.mark.parametrize("name", ["x.h5", "x.hepmc3", "x.lhe"])
def test_a_sample_larger_than_a_piece(
    fresh: EventGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("recast.events.writing._PIECE", 1500)
    seen: list[tuple[float, float]] = []
    written = write_events(fresh, 2000, tmp_path / name, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (2000, 2000)
    assert len(seen) == 2
    assert written.estimate.accepted == 2000
    assert within(written.estimate.cross_section, fresh.cross_section, written.estimate.error)
    assert 2000 < written.estimate.trials <= written.report.trials
    assert written.rate > 0.0
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_files_hold_what_the_generator_makes(fresh: EventGenerator, tmp_path: Path) -> None:
    twin = deepcopy(fresh)
    write_events(fresh, 500, tmp_path / "x.h5", details={"model": "Standard Model"})
    read = read_events(tmp_path / "x.h5")
    made = twin.unweighted(500)
    np.testing.assert_array_equal(read.momenta, made.momenta)
    np.testing.assert_array_equal(read.structures, made.structures)
    np.testing.assert_array_equal(read.at_rest[:, 0], scatterer_mass("Ar40"))
    np.testing.assert_array_equal(read.weight, 1.0)
    with h5py.File(tmp_path / "x.h5") as file:
        lines = file.attrs["description"].decode().splitlines()
    for line in ("model: Standard Model", "flux: 5 GeV", "component: coherent", "seed: 3"):
        assert line in lines
    assert [line.partition(":")[0] for line in lines if line.startswith("grid")] == ["grid trident_mumu"]


def test_weights_have_the_cross_section_as_their_mean(fresh: EventGenerator, tmp_path: Path) -> None:
    written = write_events(fresh, 10_000, tmp_path / "x.h5", unweighted=False)
    read = read_events(tmp_path / "x.h5")
    assert written.estimate.trials == len(read) == 10_000
    np.testing.assert_allclose(read.weight.mean(), written.estimate.cross_section, rtol=1e-12)
    assert within(written.estimate.cross_section, fresh.cross_section, written.estimate.error)
    assert written.estimate.largest_weight == read.weight.max()


def test_hepmc_ends_with_the_best_estimate(fresh: EventGenerator, tmp_path: Path) -> None:
    written = write_events(fresh, 300, tmp_path / "x.hepmc3", unweighted=False)
    with pyhepmc.open(tmp_path / "x.hepmc3") as stream:
        read = list(stream)
    last = read[-1].cross_section
    np.testing.assert_allclose(last.xsec(), 1e-3 * written.estimate.cross_section, rtol=1e-8)  # pb
    np.testing.assert_allclose(last.xsec_err(), 1e-3 * written.estimate.error, rtol=1e-8)
    np.testing.assert_allclose(np.mean([event.weight("CV") for event in read]), last.xsec(), rtol=1e-8)


def test_events_that_pass_a_selection(fresh: EventGenerator, tmp_path: Path) -> None:
    narrow = cut(max=0.1)
    written = write_events(fresh, 20_000, tmp_path / "x.h5", selection=narrow)
    read = read_events(tmp_path / "x.h5")
    assert 0 < len(read) == written.estimate.accepted < 20_000
    assert narrow.passes(read).all()
    fraction = len(read) / 20_000
    np.testing.assert_allclose(written.estimate.cross_section, fraction * written.report.cross_section, rtol=1e-12)
    trials = write_events(fresh, 20_000, tmp_path / "y.h5", selection=narrow, unweighted=False).estimate
    kept = read_events(tmp_path / "y.h5")
    np.testing.assert_allclose(kept.weight.sum() / 20_000, trials.cross_section, rtol=1e-12)
    error = float(np.hypot(written.estimate.error, trials.error))
    assert within(written.estimate.cross_section, trials.cross_section, error)
    with h5py.File(tmp_path / "x.h5") as file:
        assert f"selection: mine, sha256 {narrow.digest}" in file.attrs["description"].decode()


@pytest.mark.parametrize("name", ["x.h5", "x.hepmc3", "x.lhe"])
def test_no_event_passes(fresh: EventGenerator, tmp_path: Path, name: str) -> None:
    written = write_events(fresh, 100, tmp_path / name, selection=cut(min=3.1))
    assert written.estimate.accepted == 0
    assert written.estimate.cross_section == 0.0
    assert written.estimate.error > 0.0
    if name == "x.h5":
        assert len(read_events(tmp_path / name)) == 0


def test_smearing_does_not_depend_on_pieces(
    fresh: EventGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    smeared = build_selection(
        {
            "name": "mine",
            "title": "Mine",
            "cuts": [{"quantity": "opening_angle", "max": 0.1}],
            "smearing": [{"particle": "muons", "energy": 0.1, "angle": 0.02}],
        }
    )
    twin = deepcopy(fresh)
    write_events(fresh, 1000, tmp_path / "x.h5", selection=smeared)
    monkeypatch.setattr("recast.events.writing._PIECE", 70)
    write_events(twin, 1000, tmp_path / "y.h5", selection=smeared)
    np.testing.assert_array_equal(read_events(tmp_path / "x.h5").momenta, read_events(tmp_path / "y.h5").momenta)


def test_what_is_refused(fresh: EventGenerator, tmp_path: Path) -> None:
    unlike = build_selection({"name": "mine", "title": "Mine", "cuts": [{"quantity": "energy_e", "min": 1.0}]})
    with pytest.raises(NotApplicableError, match="energy_e"):
        write_events(fresh, 10, tmp_path / "x.h5", selection=unlike)
    with pytest.raises(RecastError, match="weights in a Les Houches file"):
        write_events(fresh, 10, tmp_path / "x.lhe", selection=cut(max=0.1), unweighted=False)
    with pytest.raises(OutOfRangeError, match="at least 1, not 0"):
        write_events(fresh, 0, tmp_path / "x.h5")
    (tmp_path / "old.h5").touch()
    with pytest.raises(OutputExistsError, match="--force"):
        write_events(fresh, 10, tmp_path / "old.h5")
    assert [path.name for path in tmp_path.iterdir()] == ["old.h5"]


@pytest.mark.parametrize("name", ["x.h5", "x.hepmc3", "x.lhe"])
def test_an_interruption_leaves_what_was_there(fresh: EventGenerator, tmp_path: Path, name: str) -> None:
    def interrupt(_done: float, _total: float) -> None:
        raise KeyboardInterrupt

    (tmp_path / name).write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_events(fresh, 10, tmp_path / name, force=True, progress=interrupt)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(name, "old")]


# ------------------------------------------------------------------ the command


def run(*words: str) -> Any:
    return CliRunner().invoke(main, words, prog_name="recast")


REFUSED = {
    ("--energy", "0.2", "-n", "10"): "channel numu_numu_mu-mu+ is closed on Ar40: it needs neutrinos of more than 0.21",
    ("--energy", "5", "-n", "0"): "the number of events must be at least 1, not 0",
    ("--energy", "5", "-n", "-3"): "the number of events must be at least 1, not -3",
    ("--flux", "dune", "-n", "10"): "unknown flux 'dune': did you mean dune_nd_standard_fhc",
    ("-n", "10"): "give either --flux or --energy",
    ("--energy", "5", "--flux", "dune_nd_standard_fhc", "-n", "10"): "give either --flux or --energy",
    ("--energy", "5", "-n", "10", "--component", "nuclei"): "unknown component 'nuclei'",
    ("--energy", "5", "-n", "10", "--form-factor", "x"): "unknown form factor 'x'",
    ("--energy", "5", "-n", "10", "--selection", "x"): "unknown selection 'x'",
    ("--energy", "5", "-n", "10", "--seed", "-1"): "the seed must be zero or a positive number, not -1",
    ("--energy", "5", "-n", "10", "--mass", "1"): "parameters of a model are given, but no --model",
    ("--energy", "5", "-n", "10", "--model", "lmu_ltau", "--mass", "1"): "--coupling not given",
    ("--energy", "1e7", "-n", "10"): "outside the grid",
    ("--energy", "5", "-n", "10", "-o", "x.root"): "the name tells the format, .h5, .hepmc3 or .lhe",
    ("--energy", "5", "-n", "10", "-o", "x.lhe.gz"): "the name tells the format, .h5, .hepmc3 or .lhe",
    ("--energy", "5", "-n", "10", "-o", "none/x.h5"): "the folder none does not exist",
    ("--energy", "5", "-n", "10", "--target", "Xx"): "unknown target 'Xx'",
    ("--energy", "5", "-n", "10", "--channel", "numu_nue_mu-mu+"): "violates lepton flavour",
}


@pytest.mark.parametrize("words", REFUSED, ids=" ".join)
def test_bad_input_is_one_sentence_and_leaves_nothing(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*COMMAND, "-o", "x.h5", *words)
    assert result.exit_code == 2, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    assert REFUSED[words] in line
    assert list(tmp_path.iterdir()) == []


def test_the_command(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    words = ("--energy", "5", "-n", "1000", "--component", "proton", "-o", str(path), "--seed", "5")
    words += ("--model", "lmu_ltau", "--mass", "0.1", "--coupling", "1e-3", "--json")
    result = run(*COMMAND, *words)
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    read = read_events(path)
    assert told["events"] == len(read) == 1000
    assert read.scatterers == ("proton",)
    with h5py.File(path) as file:
        lines = file.attrs["description"].decode().splitlines()
        assert file.attrs["cross_section"] == told["cross_section"]
        assert file.attrs["cross_section_error"] == told["error"]
    assert "model: lmu_ltau mass=0.1 coupling=0.001" in lines
    assert any(line.startswith("command: recast generate --channel") for line in lines)
    assert any(line.startswith("cites: He:1991qd") for line in lines)
    assert within(told["cross_section"], told["generation"]["expected"], told["error"])
    again = run(*COMMAND, *words)
    assert again.exit_code == 2
    assert "--force" in again.stderr


def test_the_report(fresh: EventGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recast.events.generator.EventGenerator", lambda *_, **__: fresh)
    result = run(*COMMAND, "--energy", "5", "-n", "100", "-o", str(tmp_path / "x.lhe"))
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("numu_numu_mu-mu+ on Ar40, Standard Model\n")
    for words in ("events in the file", "cross section/fb", "share of trials kept", "largest weight", "events/s"):
        assert words in result.stdout
    assert result.stdout.splitlines()[-1] == str(tmp_path / "x.lhe")


# ------------------------------------------------------------------ a process of its own

# The command, and the memory it took in kB.
_PROGRAM = """
import resource, sys
from recast.cli.main import main
try:
    main(sys.argv[1:], prog_name="recast")
except SystemExit as end:
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    raise
"""


def command_of(path: Path, n: int) -> list[str]:
    words = ("--energy", "5", "--component", "proton", "-n", str(n), "-o", str(path))
    return [sys.executable, "-c", _PROGRAM, *COMMAND, *words]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
@pytest.mark.parametrize("name", ["x.h5", "x.hepmc3", "x.lhe"])
def test_a_full_disk(tmp_path: Path, name: str) -> None:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3 << 20, 3 << 20))

    command = command_of(tmp_path / name, 100_000)
    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=limited)
    assert done.returncode == 2
    reason = "pyhepmc could not write all of it; is the disk full?" if name == "x.hepmc3" else "File too large"
    assert done.stderr == f"Error: cannot write {tmp_path / name}: {reason}\n"
    assert list(tmp_path.iterdir()) == []


def started(folder: Path) -> bool:
    return any(path.stat().st_size > 1 << 20 for path in folder.iterdir())


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
@pytest.mark.parametrize("name", ["x.h5", "x.hepmc3", "x.lhe"])
def test_an_end_in_the_middle(tmp_path: Path, name: str, number: signal.Signals) -> None:
    command = command_of(tmp_path / name, 10**8)
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    # Tests that run in the background of a shell ignore Ctrl-C, and what they start would too.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, **pipes, preexec_fn=heed) as process:  # noqa: PLW1509 (this process has one thread)
        try:
            end = time.monotonic() + 120.0
            while not started(tmp_path):
                assert time.monotonic() < end
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(number)
            _, complaint = process.communicate(timeout=120)
        finally:
            process.kill()
    assert not (tmp_path / name).exists()
    if number != signal.SIGKILL:
        assert process.returncode == 130
        assert complaint == "Interrupted.\n"
        assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is not in kB")
@pytest.mark.parametrize(("name", "many"), [("x.h5", 400_000), ("x.hepmc3", 200_000), ("x.lhe", 200_000)])
def test_memory_does_not_grow_with_the_sample(tmp_path: Path, name: str, many: int) -> None:
    def peak(n: int) -> float:
        done = subprocess.run(command_of(tmp_path / f"{n}{name}", n), capture_output=True, text=True, check=True)
        return 1024.0 * float(done.stdout.split()[-1])

    small, large = peak(20_000), peak(many)
    assert large < 1e9
    assert large < small + 125.0 * many  # the momenta of an event take 192 bytes
