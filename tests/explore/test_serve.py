"""The server: this computer only, the two questions of the page, and nothing else."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest

from recast.errors import RecastError
from recast.explain import explain
from recast.explore import Exploration
from recast.serve import HOST, server

pytest.importorskip("plotly", reason="plotly is not installed (recast-bsm[explore])")

POINT = {"model": "lmu_ltau", "mass": 0.05, "coupling": 1e-3, "level": 0.95}


@pytest.fixture(scope="module")
def port(exploration: Exploration) -> Iterator[int]:
    with server(exploration, port=0) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield listening.server_port
        listening.shutdown()
        thread.join()


def ask(port: int, path: str, *, host: str | None = None, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    connection.request(method, path, headers={"Host": host or f"{HOST}:{port}"})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), content


def explained(port: int, **changes: Any) -> tuple[int, Any]:
    query = urlencode({name: value for name, value in (POINT | changes).items() if value is not None})
    status, _, content = ask(port, f"/explain?{query}")
    return status, json.loads(content)


def test_page_asks_the_server(port: int) -> None:
    status, headers, content = ask(port, "/")
    assert status == 200
    assert b'"live":true' in content
    assert headers["X-Frame-Options"] == "DENY"
    assert "Access-Control-Allow-Origin" not in headers


def test_points_are_explained_exactly(port: int, exploration: Exploration) -> None:
    status, content = explained(port)
    assert status == 200
    rows = {row["name"]: row for row in content["rows"]}
    exact = explain("lmu_ltau", measurements=exploration.measurements, mass=0.05, coupling=1e-3)
    for row in exact.rows:
        if row.verdict == "not applicable":
            continue
        said = rows.pop(row.name)
        assert (said["verdict"], said["out"], said["reason"]) == (row.verdict, bool(row.excluded), row.reason)
        assert said["statistic"] == row.statistic
        assert said["intervals"] == [list(interval) for interval in row.excluded_intervals]
        assert [source["url"] for source in said["sources"]] == [one.url for one in row.citations]
    assert not rows


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "no_such"}, "unknown model of this page"),
        ({"mass": "heavy"}, "mass must be a number from 0.001 to 100"),
        ({"mass": "nan"}, "mass must be a number"),
        ({"mass": 1e9}, "mass must be a number"),
        ({"coupling": -1}, "coupling must be a number"),
        ({"level": 95}, "level must be a number from 0 to 1"),
        ({"level": 0}, "confidence level"),
        ({"model": None}, "without model"),
        ({"mass": None, "level": None}, "without mass and level"),
    ],
)
def test_what_is_asked_wrongly(port: int, changes: dict[str, Any], message: str) -> None:
    status, content = explained(port, **changes)
    assert status == 400
    assert message in content["error"]


def test_too_many_fields(port: int) -> None:
    assert ask(port, "/explain?" + "&".join(f"a{i}=1" for i in range(1000)))[0] == 400


@pytest.mark.parametrize("path", ["/etc/passwd", "/../page.html", "/explain/..", "/favicon.ico", "/%00"])
def test_there_is_nothing_else(port: int, path: str) -> None:
    assert ask(port, path)[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
def test_only_questions(port: int, method: str) -> None:
    assert ask(port, "/", method=method)[0] == 501


@pytest.mark.parametrize("host", ["example.com", "example.com:{port}", "127.0.0.1.example.com:{port}", "127.0.0.1:1"])
def test_other_names_are_not_answered(port: int, host: str) -> None:
    status, _, content = ask(port, "/", host=host.format(port=port))
    assert status == 403
    assert b"this computer only" in content


def test_it_listens_on_this_computer_only(exploration: Exploration) -> None:
    with server(exploration, port=0) as listening:
        assert listening.server_address[0] == "127.0.0.1"


def test_port_in_use(port: int, exploration: Exploration) -> None:
    with pytest.raises(RecastError, match=rf"cannot listen on port {port} .* choose another with --port"):
        server(exploration, port=port)


def test_command_until_it_is_interrupted() -> None:
    words = [sys.executable, "-m", "recast", "serve", "lmu_ltau", "-m", "ccfr", "--port", "0"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    # Tests that run in the background of a shell ignore Ctrl-C, and what they start would too.
    heed = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(words, **pipes, preexec_fn=heed) as process:  # noqa: PLW1509 (this process has one thread)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = re.fullmatch(r"http://127\.0\.0\.1:(\d+)/ shows lmu_ltau; Ctrl-C ends it\.\n", line)
            assert found, line
            status, content = explained(int(found[1]))
            process.send_signal(signal.SIGINT)
            _, complaints = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (status, [row["name"] for row in content["rows"]]) == (200, ["ccfr"])
    assert (process.returncode, complaints) == (0, "Ended.\n")
