"""Which kind of file it is: told by its folder and its keys, misspelt ones too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from recast.errors import near_matches

if TYPE_CHECKING:
    from recast.documents import Document

__all__ = ["FILE_KINDS", "FileKind", "OwnKind", "kind_of"]

FileKind: TypeAlias = Literal["measurement", "model", "figure", "selection", "scan", "target"]
FILE_KINDS: tuple[FileKind, ...] = get_args(FileKind)
OwnKind: TypeAlias = Literal["grids", "ledger"]
"""Files of recast's own: what the grids hold, and the published numbers."""

# Keys that no other kind has, or that make it likely; the more of them, the surer.
_KEYS: dict[FileKind | OwnKind, tuple[str, ...]] = {
    "measurement": ("observable", "likelihood", "theory_errors", "inputs", "projection"),
    "model": ("charges", "axial", "quarks", "mixing", "epsilon", "neutrino", "lepton"),
    "figure": ("caption", "layers", "panels", "x", "y", "curves", "size"),
    "selection": ("cuts", "smearing", "assumptions"),
    "scan": ("measurements", "parameters", "sampling", "outputs"),
    "target": ("atoms",),
    "grids": ("energy_max", "energies_per_efold", "first_energy", "nuclei", "nucleons", "pairs"),
    "ledger": ("papers", "entries"),
}
_FOLDERS: dict[str, FileKind] = {
    "measurements": "measurement",
    "models": "model",
    "plots": "figure",
    "selections": "selection",
}


def kind_of(document: Document) -> FileKind | OwnKind | None:
    """Return what a YAML file describes, or None when nothing tells.

    Parameters
    ----------
    document : Document
        As it was read; nothing else of it need be right.
    """
    from recast.model import MODEL_KINDS

    keys = [str(key) for key in document.data]
    if document.data.get("kind") in MODEL_KINDS:
        return "model"
    scores = {
        kind: sum(2.0 if key in known else 1.0 if near_matches(key, known) else 0.0 for key in keys)
        for kind, known in _KEYS.items()
    }
    folder = _FOLDERS.get(Path(document.file).parent.name)
    if folder is not None:
        scores[folder] += 1.5
    best = max(scores, key=lambda kind: scores[kind])
    return best if scores[best] else None
