"""A server for the page of `recast.explore` that computes the explanation of a point exactly, for this computer only.

It listens on 127.0.0.1 and answers nothing that is asked under another name than this, so that no page of the web can
ask it through a browser. All else in the page works without it.
"""

from __future__ import annotations

import json
import math
import threading
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from recast.errors import RecastError, unknown

if TYPE_CHECKING:
    from recast.explanation import MeasurementRow
    from recast.explore import Exploration

__all__ = ["HOST", "PORT", "Answers", "server"]

HOST = "127.0.0.1"
PORT = 8765
_NAMES = (HOST, "localhost")
_SECONDS = 30.0


@dataclass(frozen=True, eq=False)
class Answers:
    """What the server says, whatever carries it.

    Attributes
    ----------
    exploration : Exploration
    """

    exploration: Exploration
    _lock: Any = field(default_factory=threading.Lock, repr=False)

    def explain(self, query: str) -> dict[str, Any]:
        """Return the rows of a point.

        Parameters
        ----------
        query : str
            ``model=NAME&mass=M&coupling=G&level=CL``.

        Raises
        ------
        RecastError
            When one of them is missing, or is not what the page offers.
        """
        from recast.explain import explain

        given = parse_qs(query, max_num_fields=8)
        names = ("model", "mass", "coupling", "level")
        missing = [name for name in names if len(given.get(name, ())) != 1]
        if missing:
            msg = f"asked for a point without {' and '.join(missing)}: model, mass, coupling and level are needed"
            raise RecastError(msg)
        models = {one.model.label: one.model for one in self.exploration.models}
        name = given["model"][0]
        if name not in models:
            raise unknown("model of this page:", name, models)
        axes = self.exploration.axes
        ends = {"mass": axes.mass, "coupling": axes.coupling, "level": (0.0, 1.0)}
        mass, coupling, level = (_number(key, given[key][0], *ends[key]) for key in names[1:])
        # Observables remember what they computed last.
        with self._lock:
            explanation = explain(
                models[name],
                measurements=self.exploration.measurements,
                confidence_level=level,
                mass=mass,
                coupling=coupling,
            )
        return {"rows": [_row(row) for row in explanation.rows if row.verdict != "not applicable"]}


def _number(name: str, text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    # Numbers come back from the page with fewer digits than the ends of the axes have.
    if not low * (1.0 - 1e-9) <= value <= high * (1.0 + 1e-9):
        msg = f"{name} must be a number from {low:g} to {high:g}, not {text[:40]!r}"
        raise RecastError(msg)
    return value


def _row(row: MeasurementRow) -> dict[str, Any]:
    """Return a row as the page makes them itself."""
    from recast.explore.page import row_data

    return {
        **row_data(row),
        "verdict": row.verdict,
        "out": bool(row.excluded),
        "statistic": row.statistic,
        "threshold": row.threshold,
        "pull": row.pull,
        "prediction": None if isinstance(row.prediction, tuple) else row.prediction,
        "intervals": [list(interval) for interval in row.excluded_intervals],
        "convention": row.convention,
        "reason": row.reason,
    }


def server(exploration: Exploration, *, port: int = PORT) -> ThreadingHTTPServer:
    """Return a server that listens, to be run with ``serve_forever()``.

    Parameters
    ----------
    exploration : Exploration
        What its page shows.
    port : int
        On this computer; 0 for any that is free.

    Raises
    ------
    RecastError
        When the port is in use or may not be used, or plotly is not installed.
    """
    page = exploration.html(live=True).encode()
    answers = Answers(exploration)

    class Handler(BaseHTTPRequestHandler):
        server_version = "recast"
        sys_version = ""
        timeout = _SECONDS

        def do_GET(self) -> None:
            """Answer the two questions that there are."""
            place = urlsplit(self.path)
            if self.headers.get("Host", "") not in {f"{name}:{self.server.server_port}" for name in _NAMES}:  # type: ignore[attr-defined]
                self._json(HTTPStatus.FORBIDDEN, {"error": "recast serve answers this computer only"})
            elif place.path == "/":
                self._send(HTTPStatus.OK, "text/html; charset=utf-8", page)
            elif place.path == "/explain":
                try:
                    self._json(HTTPStatus.OK, answers.explain(place.query))
                except (RecastError, ValueError) as error:
                    self._json(HTTPStatus.BAD_REQUEST, {"error": str(error)})
            else:
                self._json(HTTPStatus.NOT_FOUND, {"error": f"there is nothing at {place.path[:80]}"})

        def _json(self, status: HTTPStatus, content: dict[str, Any]) -> None:
            text = json.dumps(_finite(content), ensure_ascii=False, allow_nan=False)
            self._send(status, "application/json; charset=utf-8", text.encode())

        def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
            self.send_response(status)
            headers = {
                "Content-Type": kind,
                "Content-Length": str(len(content)),
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
                "X-Frame-Options": "DENY",
                "Cross-Origin-Resource-Policy": "same-origin",
            }
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_words: Any) -> None:
            """Say nothing: the terminal belongs to the user."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing of connections that the browser has given up."""

    try:
        return Server((HOST, port), Handler)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        msg = f"cannot listen on port {port} of this computer ({reason}): choose another with --port"
        raise RecastError(msg) from error


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
