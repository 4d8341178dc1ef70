"""The page: plotly's own bundle, the data and a script that joins them, in one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import gzip
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recast.errors import RecastError
from recast.explore.data import Linear
from recast.explore.groups import DASHES, GROUPS
from recast.exports.origin import Origin

if TYPE_CHECKING:
    from recast.explanation import MeasurementRow
    from recast.explore.data import LayerData, ModelData
    from recast.explore.tables import Axes, Offset, Table
    from recast.figures.regions import LayerRegion

__all__ = ["page", "plotly_bundle", "row_data"]


class _Blob:
    """Arrays one after the other, each in a multiple of four bytes."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, data: bytes) -> int:
        """Append bytes and return where they begin."""
        begin = self._size
        padded = data + bytes(-len(data) % 4)
        self._pieces.append(padded)
        self._size += len(padded)
        return begin

    def floats(self, array: NDArray[Any]) -> dict[str, int]:
        """Append numbers of four bytes each."""
        return {"at": self.add(np.asarray(array, dtype="<f4").tobytes()), "n": int(np.size(array))}

    def codes(self, codes: NDArray[np.uint16]) -> int:
        """Append differences along the coupling, all low bytes before all high ones: neighbours then look alike."""
        steps = np.diff(codes, axis=1, prepend=np.uint16(0)).astype("<u2").tobytes()
        return self.add(steps[0::2] + steps[1::2])

    def text(self) -> str:
        """Return all of it, compressed, as text."""
        return base64.b64encode(gzip.compress(b"".join(self._pieces), 9, mtime=0)).decode("ascii")


def plotly_bundle() -> str:
    """Return the JavaScript of plotly, as the Python package brings it.

    Raises
    ------
    RecastError
        When plotly is not installed, or too old to tell where in a plane the pointer is.
    """
    try:
        from plotly.offline import get_plotlyjs
    except ImportError as error:
        msg = "exploring needs plotly, which is not installed: pip install 'recast-bsm[explore]'"
        raise RecastError(msg) from error
    script: str = get_plotlyjs()
    if "hoveranywhere" not in script:
        msg = "exploring needs a newer plotly than the one installed: pip install --upgrade 'recast-bsm[explore]'"
        raise RecastError(msg)
    return script


def page(models: Sequence[ModelData], axes: Axes, levels: Sequence[float], *, live: bool = False) -> str:
    """Return the page.

    Parameters
    ----------
    models : sequence of ModelData
        The first one is shown at first.
    axes : Axes
    levels : sequence of float
        Confidence levels, as the regions of the layers have them.
    live : bool
        Ask the server that the page comes from for the explanation of a point.

    Raises
    ------
    RecastError
        When plotly is not installed.
    """
    blob = _Blob()
    meta = {
        "axes": {"mass": [*axes.mass, axes.n_mass], "coupling": [*axes.coupling, axes.n_coupling]},
        "levels": list(levels),
        "groups": {key: group.title for key, group in GROUPS.items()},
        "models": [_model(one, blob) for one in models],
        "origin": _origin(models).lines(),
        "live": live,
    }
    files = resources.files("recast.explore")
    parts = {
        "STYLE": files.joinpath("page.css").read_text(encoding="utf-8"),
        "META": json.dumps(_plain(meta), ensure_ascii=False, separators=(",", ":"), allow_nan=False),
        "TABLES": blob.text(),
        "PLOTLY": plotly_bundle(),
        "SCRIPT": files.joinpath("page.js").read_text(encoding="utf-8"),
    }
    html = files.joinpath("page.html").read_text(encoding="utf-8")
    # A text of a file must not end the element that it stands in.
    parts["META"] = parts["META"].replace("<", "\\u003c")
    # At once: what is put in may look like a place to put something in.
    return re.sub("@([A-Z]+)@", lambda place: parts[place[1]], html)


def _origin(models: Sequence[ModelData]) -> Origin:
    """Return what made the page; it stands in the page, and in what is downloaded from it."""
    layers = [layer for one in models for layer in one.layers]
    used = [one.model for one in models] + [layer.measurement for layer in layers]
    return Origin.now(
        conventions=[region.convention for layer in layers for region in layer.regions],
        citations=[source for one in used for source in one.citations],
    )


def _model(model: ModelData, blob: _Blob) -> dict[str, Any]:
    drawn = [layer for layer in model.layers if layer.drawn]
    # Few layers have colours of their own, many those of their groups.
    looks = list(GROUPS.values()) if len(drawn) <= len(GROUPS) else []
    places: dict[str, int] = {}
    layers = []
    for layer in model.layers:
        look = looks[drawn.index(layer)] if looks and layer.drawn else GROUPS[layer.group]
        place = 0
        if layer.drawn and not looks:
            place = places[layer.group] = places.get(layer.group, -1) + 1
        style = {"colour": look.colour, "hatch": look.hatch, "dash": DASHES[place % len(DASHES)]}
        layers.append(_layer(layer, style, blob))
    return {
        "name": model.model.label,
        "title": model.model.title,
        "coupling": model.coupling,
        "symbol": model.coupling.split()[-1],
        "sources": [{"key": source.inspire, "paper": source.paper} for source in model.model.citations],
        "layers": layers,
        "silent": [{**row_data(row), "verdict": row.verdict, "reason": row.reason} for row in model.silent],
    }


def _layer(layer: LayerData, style: Mapping[str, str], blob: _Blob) -> dict[str, Any]:
    prediction = layer.prediction
    return {
        **row_data(layer.row),
        "group": layer.group,
        **style,
        **({"dash": "dash"} if layer.row.kind == "projection" else {}),
        "shown": layer.shown and layer.drawn,
        "drawn": layer.drawn,
        "thresholds": layer.thresholds,
        "regions": [_region(region, blob) for region in layer.regions],
        "statistic": _table(layer.statistic, blob),
        "prediction": asdict(prediction) if isinstance(prediction, Linear) else prediction and _table(prediction, blob),
        "accuracy": layer.accuracy and asdict(layer.accuracy),
    }


def row_data(row: MeasurementRow) -> dict[str, Any]:
    """Return what the page says of a measurement wherever the point is."""
    return {
        "name": row.name,
        "title": row.title,
        "kind": row.kind,
        "data": row.data_words,
        "sources": [
            {"key": one.key, "paper": one.paper, "place": one.place, "role": one.role, "url": one.url}
            for one in row.citations
        ],
    }


def _region(region: LayerRegion, blob: _Blob) -> dict[str, Any]:
    bands = [
        {"n": band.mass.size, "at": [blob.floats(edge)["at"] for edge in (band.mass, band.lower, band.upper)]}
        for bands in region.bands
        for band in bands
    ]
    cuts = [
        [cut.mass, cut.low, None if math.isinf(cut.high) else cut.high, cut.mass in region.unknown]
        for level in region.cuts
        for cut in level
    ]
    return {"convention": region.convention, "bands": bands, "cuts": cuts}


def _table(table: Table, blob: _Blob) -> dict[str, Any]:
    return {
        "at": blob.codes(table.codes),
        "low": table.low,
        "step": table.step,
        "scale": table.scale,
        "unit": table.unit,
        "offset": table.offset and _offset(table.offset, blob),
    }


def _offset(offset: Offset, blob: _Blob) -> dict[str, Any]:
    return {"n": offset.mass.size, "at": [blob.floats(offset.mass)["at"], blob.floats(offset.value)["at"]]}


def _plain(value: Any) -> Any:
    """Turn what numpy has brought along into what JSON knows."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.item() if isinstance(value, np.generic) else value
