"""Executors: the same results in the same order everywhere, few at a time, and an end when one is asked for."""

import gc
import itertools
import json
import operator
import os
import pickle
import re
import signal
import subprocess
import sys
import time
import weakref
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.pool import ThreadPool
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import recast.dask_executor
from recast import errors
from recast.cli.main import main
from recast.errors import DocumentError, RecastError, UnknownNameError
from recast.executors import given_or_processes, open_executor, ordered
from recast.grid_build import build_grid
from recast.process_pool import ProcessPool

TINY = """\
energy_max: 3.0
energies_per_efold: 1.0
first_energy: 0.5
nuclei: [C12]
nucleons: [proton]
pairs: {trident_small: {minus: mu, plus: mu, nodes: [6, 5, 5]}}
"""

# A program that works for a minute where its arguments say, and says how it ended.
PROGRAM = """\
import sys, time
from functools import partial
from recast.executors import open_executor, ordered

def work(item, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:  # not a sleep, which signals would interrupt
        sum(range(10_000))
    return item

if __name__ == "__main__":
    work.__globals__["sys"].argv = sys.argv
    try:
        value = int(sys.argv[2]) if sys.argv[2].isdigit() else sys.argv[2]
        with open_executor(**{sys.argv[1]: value}) as executor:
            for item, _ in ordered(executor, partial(work, seconds=float(sys.argv[3])), range(40)):
                print(item, flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        sys.exit(130)
    except Exception as error:
        print(type(error).__name__, error, flush=True)
        sys.exit(2)
"""


def root(item):
    return np.sqrt(np.arange(10.0) + item)


def failing(item):
    raise DocumentError("no such thing", file="scan.yaml", line=item, key="mass")


def dying(item):
    os.kill(os.getpid(), signal.SIGKILL)


def threads(item):
    import threadpoolctl

    return [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]


@pytest.fixture(scope="module")
def processes():
    with open_executor(processes=2) as pool:
        yield pool


@pytest.fixture(scope="module")
def client():
    """A dask client whose workers are threads of this process."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=False,
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client


class Eager:
    """An executor that works at once, returns futures, and remembers how many are out."""

    def __init__(self):
        self.out = weakref.WeakSet()
        self.most = 0

    def map(self, function, items):
        futures = []
        for item in items:
            future = Future()
            future.set_result(function(item))
            self.out.add(future)
            futures.append(future)
        self.most = max(self.most, len(self.out))
        return futures


@given(st.lists(st.integers()), st.integers(1, 7))
def test_batches_keep_the_order(items, ahead):
    expected = [(item, -item) for item in items]
    assert list(ordered(map, operator.neg, items, ahead=ahead)) == expected
    assert list(ordered(Eager(), operator.neg, items, ahead=ahead)) == expected
    assert list(ordered(None, operator.neg, items, ahead=ahead)) == expected


def test_same_results_everywhere(processes, client):
    expected = [root(item) for item in range(50)]
    with ThreadPoolExecutor(2) as pool, ThreadPool(2) as old:
        for executor in (None, map, pool, old, Eager(), processes, client, client.get_executor()):
            items, results = zip(*ordered(executor, root, range(50), ahead=4), strict=True)
            assert items == tuple(range(50))
            np.testing.assert_array_equal(results, expected)


def test_few_items_are_under_way():
    drawn = 0

    def endless():
        nonlocal drawn
        while True:
            drawn += 1
            yield drawn

    executor = Eager()
    for index, (item, result) in enumerate(ordered(executor, operator.neg, endless(), ahead=4)):
        assert result == -item == -(index + 1)
        assert drawn <= index + 8
        if index == 100:
            break
    gc.collect()
    assert executor.most <= 8


@pytest.mark.parametrize("where", [None, "processes", "client"])
def test_errors_arrive_as_they_were_raised(where, request):
    executor = request.getfixturevalue(where) if where else None
    with pytest.raises(DocumentError, match=r"^scan.yaml, line 7: no such thing$") as raised:
        list(ordered(executor, failing, [7]))
    assert (raised.value.file, raised.value.line, raised.value.key) == ("scan.yaml", 7, "mass")


@pytest.mark.parametrize("kind", [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")])
def test_errors_travel(kind):
    error = kind("said", file="here") if kind is DocumentError else kind("said")
    error.more = 1
    back = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(back) is kind
    assert (str(back), vars(back)) == (str(error), vars(error))


def test_error_with_names_travels():
    error = UnknownNameError.unknown("model", "lmu_ltu", ["lmu_ltau"])
    back = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (back.kind, back.name, back.near) == ("model", "lmu_ltu", ("lmu_ltau",))


@pytest.mark.parametrize("where", [None, "processes", "client"])
def test_linear_algebra_runs_in_one_thread(where, request):
    executor = request.getfixturevalue(where) if where else None
    before = threads(0)
    ((_, found),) = ordered(executor, threads, [0])
    assert set(found) == {1}
    assert threads(0) == before


def test_only_executors_are_taken():
    with pytest.raises(RecastError, match=r"3 is no executor: give what has a method map"):
        list(ordered(3, root, [1]))
    with pytest.raises(RecastError, match="fewer results"):
        list(ordered(lambda function, items: [], root, [1]))


def test_a_killed_process_is_said():
    with pytest.raises(RecastError, match="a worker process was killed"), ProcessPool(1) as pool:
        list(ordered(pool, dying, range(100), ahead=1))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"processes": 2, "workers": 2}, "choose one of processes and workers"),
        ({"processes": 1, "workers": 1, "scheduler": "tcp://x:1"}, "one of processes and workers and scheduler"),
        ({"processes": 0}, "processes must be at least 1, not 0"),
        ({"workers": -1}, "workers must be at least 1, not -1"),
    ],
)
def test_one_engine_is_chosen(arguments, said):
    with pytest.raises(RecastError, match=said), open_executor(**arguments):
        pass


def test_nothing_chosen_is_this_process():
    with open_executor() as executor:
        assert executor is None


def test_an_executor_or_processes():
    with given_or_processes(map, None) as executor:
        assert executor is map
    with given_or_processes(None, 3) as executor:
        assert executor.workers == 3
    with given_or_processes(None, None) as executor:
        assert executor.workers == os.cpu_count()
    with pytest.raises(RecastError, match="choose one of executor and processes"), given_or_processes(map, 2):
        pass


def test_missing_dask_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(RecastError, match=r"pip install 'recast-bsm\[dask\]'"), open_executor(workers=1):
        pass


def test_schedulers_that_are_none(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(recast.dask_executor, "CONNECT", 0.2)
    for address in ("nonsense", "tcp://127.0.0.1:1", "foo://127.0.0.1:1"):
        said = f"no dask scheduler answers at {address}"
        with pytest.raises(RecastError, match=said), open_executor(scheduler=address):
            pass
    run = CliRunner().invoke(main, ["grid", "build", "trident_mumu", "-o", os.devnull, "--scheduler", "tcp://x:1"])
    assert run.exit_code == 2  # refused for the output, before the scheduler is asked


def test_other_versions_on_workers_are_refused(client, monkeypatch):
    monkeypatch.setattr(recast.dask_executor, "VERSION", "99")
    with pytest.raises(RecastError, match="a dask worker has recast .*, but 99 asks for work"):
        list(ordered(client, root, [1]))


def test_lost_scheduler_is_named():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1,
        processes=False,
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
    ) as cluster:
        client = distributed.Client(cluster, set_as_default=False)
        address = client.scheduler.address
        results = ordered(client, root, itertools.count(), ahead=2)
        next(results)
        client.close()
        with pytest.raises(RecastError, match=f"the dask scheduler {address} does not answer any more"):
            list(itertools.islice(results, 100))


def test_command_line_takes_one_engine(tmp_path):
    target = tmp_path / "n_eff.h5"
    run = CliRunner().invoke(main, ["grid", "build", "n_eff", "-o", str(target), "--processes", "1", "--workers", "1"])
    assert (run.exit_code, target.exists()) == (2, False)
    assert "choose one of processes and workers" in run.output


@pytest.mark.slow
def test_grid_of_the_command_line(tmp_path):
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(TINY, encoding="utf-8")
    target = tmp_path / "small.h5"
    arguments = ["grid", "build", "trident_small", "--recipe", str(recipe), "-o", str(target), "--processes", "2"]
    run = CliRunner().invoke(main, [*arguments, "--json"])
    assert run.exit_code == 0, run.output
    assert json.loads(run.stdout)["grid"] == "trident_small"
    again = build_grid("trident_small", tmp_path / "again.h5", recipe=recipe, executor=map)
    assert again.read_bytes() == target.read_bytes()


@pytest.mark.slow
def test_grids_are_the_same_to_the_last_bit(tmp_path):
    pytest.importorskip("distributed")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(TINY, encoding="utf-8")
    expected = build_grid("trident_small", tmp_path / "serial.h5", recipe=recipe, executor=map).read_bytes()
    for index, arguments in enumerate([{"processes": 1}, {"processes": 2}, {"workers": 1}, {"workers": 2}]):
        with open_executor(**arguments) as executor:
            path = build_grid("trident_small", tmp_path / f"{index}.h5", recipe=recipe, executor=executor)
        assert path.read_bytes() == expected, arguments


@pytest.fixture
def program(tmp_path):
    """Start the program in a session of its own; whatever is left of it is killed."""
    path = tmp_path / "program.py"
    path.write_text(PROGRAM, encoding="utf-8")
    started = []

    def start(kind, value, seconds):
        process = subprocess.Popen(
            [sys.executable, str(path), kind, str(value), str(seconds)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        for pid in session(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.wait()


def session(leader):
    """Return the living processes of a session."""
    listing = subprocess.run(["ps", "-eo", "sid=,pid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listing.splitlines()]
    return [int(pid) for sid, pid, state in rows if int(sid) == leader and not state.startswith("Z")]


def finish(process, within):
    begin = time.monotonic()
    output, _ = process.communicate(timeout=60)
    took = time.monotonic() - begin
    time.sleep(0.5)
    assert session(process.pid) == []
    assert took < within, output
    return output.splitlines()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs ps and process groups")
@pytest.mark.parametrize("kind", ["processes", "workers"])
@pytest.mark.parametrize("group", [True, False], ids=["terminal", "kill"])
def test_interrupts_end_it_within_a_second(kind, group, program):
    process = program(kind, 2, 0.1)
    assert process.stdout.readline() == "0\n"
    (os.killpg if group else os.kill)(process.pid, signal.SIGINT)
    lines = finish(process, within=1.0)
    assert process.returncode == 130
    assert lines[-1] == "interrupted"
    assert all(line.isdigit() for line in lines[:-1])  # nothing but results: no tracebacks of workers


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs ps and process groups")
@pytest.mark.parametrize("delay", [0.3, 0.6, 0.9, 1.2, 1.5, 1.8, 2.1, 2.4])
def test_interrupts_while_workers_start(delay, program):
    process = program("workers", 2, 20)
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGINT)
    finish(process, within=1.5)
    assert process.returncode != 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs ps and process groups")
@pytest.mark.parametrize("kind", ["processes", "workers"])
def test_workers_end_with_their_parent(kind, program):
    process = program(kind, 2, 0.1)
    assert process.stdout.readline() == "0\n"
    process.kill()
    finish(process, within=1.0)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="needs ps and process groups")
def test_work_of_killed_dask_workers_is_done_again(program):
    pytest.importorskip("distributed")
    process = program("workers", 2, 0.2)
    seen = [process.stdout.readline()]
    for _ in range(3):
        # The newest process of the session is a worker.
        os.kill(max(session(process.pid)), signal.SIGKILL)
        seen += [process.stdout.readline() for _ in range(4)]
    seen += finish(process, within=60.0)
    assert [int(line) for line in seen] == list(range(40))
    assert process.returncode == 0


@pytest.mark.slow
def test_a_killed_scheduler_is_named(program, tmp_path):
    pytest.importorskip("distributed")
    file = tmp_path / "scheduler.json"
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)]
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", *options]
    scheduler = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    worker = None
    try:
        while not file.exists():
            time.sleep(0.1)
        time.sleep(0.5)
        address = json.loads(file.read_text(encoding="utf-8"))["address"]
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-dashboard", "--nthreads", "1"]
        worker = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        process = program("scheduler", address, 0.2)
        assert process.stdout.readline() == "0\n"
        scheduler.kill()
        lines = finish(process, within=5.0)
        assert process.returncode == 2
        assert lines[-1].startswith(f"RecastError the dask scheduler {address} does not answer any more")
        assert all(line.isdigit() for line in lines[:-1])
    finally:
        for started in (scheduler, worker):
            if started is not None:
                started.kill()
                started.wait()


@pytest.mark.slow
def test_script_of_the_documentation(tmp_path):
    text = (Path(__file__).parents[1] / "docs" / "clusters.md").read_text(encoding="utf-8")
    first, *others = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    script = tmp_path / "script.py"
    script.write_text(first + "        print(result.combined.shape)\n", encoding="utf-8")
    run = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("(30, 40)\n", "")
    for other in others:  # these need a cluster
        compile(other, "clusters.md", "exec")
