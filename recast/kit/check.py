"""Check a file: what is wrong with it, key by key, and what recast makes of it when nothing is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.errors import DocumentError, Fault, RecastError, UnknownNameError
from recast.kit.kinds import FILE_KINDS, kind_of

if TYPE_CHECKING:
    from recast.documents import Document

__all__ = ["MARK", "Report", "check_file", "check_folder"]

MARK = "EDIT"
"""What a skeleton writes, in a comment, beside that which has to be replaced."""


@dataclass(frozen=True)
class Report:
    """What there is to say about a file.

    Attributes
    ----------
    file : str
    kind : str or None
        Measurement, model, figure, selection, scan or target, flux or limit curve; None where that cannot be told.
    faults : tuple of Fault
        What has to be mended, by line.
    remarks : tuple of Fault
        What should be looked at.
    facts : tuple of str
        What recast makes of the file, in one sentence each.
    """

    file: str
    kind: str | None
    faults: tuple[Fault, ...] = ()
    remarks: tuple[Fault, ...] = ()
    facts: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        """Whether nothing has to be mended."""
        return not self.faults

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "file": self.file,
            "kind": self.kind,
            "valid": self.valid,
            "faults": [fault._asdict() for fault in self.faults],
            "remarks": [{"line": remark.line, "message": remark.message} for remark in self.remarks],
            "facts": list(self.facts),
        }


def check_file(path: str | Path, *, plugins: Sequence[str | Path] = ()) -> Report:
    """Check a YAML file of any kind, a flux or a limit curve.

    Beyond what reading the file finds, names of what stands elsewhere are looked up, and a measurement predicts the
    Standard Model and some models in each of its variants.

    Parameters
    ----------
    path : path
        The kind is told by the keys.
    plugins : sequence of path
        Folders in which names are looked up as well. Python is run from these only.

    Returns
    -------
    Report
        With all faults; nothing that is wrong with the file is raised.
    """
    from recast.documents import read_document

    path = Path(path)
    try:
        if path.suffix == ".csv":
            return _table_report(path)
        document = read_document(path)
    except RecastError as error:
        return Report(str(path), None, faults_of(error, None))
    kind = kind_of(document)
    if kind is None:
        message = f"no key tells what this is; files describe a {', a '.join(FILE_KINDS[:-1])} or a {FILE_KINDS[-1]}"
        return Report(str(path), None, (Fault(1, "", message),))
    from recast.kit import checks

    remarks = _to_edit(path)
    try:
        found = getattr(checks, f"check_{kind}")(document, tuple(plugins))
    except RecastError as error:
        return Report(str(path), kind, _by_line(faults_of(error, document, plugins=plugins)), remarks)
    facts = () if found.faults else tuple(found.facts)
    return Report(str(path), kind, _by_line(found.faults), (*remarks, *found.remarks), facts)


def _by_line(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    return tuple(sorted(faults, key=lambda fault: fault.line or 0))


def check_folder(folder: str | Path, *, plugins: Sequence[str | Path] = ()) -> list[Report]:
    """Check the files of a plug-in folder: models, measurements, figures, selections and their tables.

    Parameters
    ----------
    folder : path
        With the sub-folders ``models/``, ``measurements/``, ``plots/`` and ``selections/``.
    plugins : sequence of path
        As for `check_file`; the folder itself has to be named among them.
    """
    from recast.catalog import KINDS

    files = sorted(
        file
        for kind in KINDS
        for file in (Path(folder) / kind).rglob("*")
        if file.suffix in {".yaml", ".yml"} or (file.suffix == ".csv" and file.parent.name in {"flux", "limits"})
    )
    return [check_file(file, plugins=plugins) for file in files]


def faults_of(
    error: RecastError, document: Document | None, *, plugins: Sequence[str | Path] = (), prefix: str = ""
) -> tuple[Fault, ...]:
    """Return the faults that an error tells, with their lines.

    Parameters
    ----------
    error : RecastError
    document : Document, optional
        What was read: a name that is not known is looked for in it.
    plugins : sequence of path
        Those that are in use; without any, a file in a plug-in folder is pointed to the option.
    prefix : str
        What the messages begin with.
    """
    hint = "" if plugins or document is None else _folder_hint(document, error)
    if isinstance(error, DocumentError) and error.faults:
        return tuple(fault._replace(message=f"{prefix}{fault.message}") for fault in error.faults)
    if isinstance(error, DocumentError) and (document is None or error.file == document.file):
        message = str(error).removeprefix(error.file).removeprefix(f", line {error.line}").removeprefix(": ")
        return (Fault(error.line, error.key or "", f"{prefix}{message}{hint}"),)
    key, line = "", None
    if isinstance(error, UnknownNameError) and document is not None:
        from recast.kit.references import place_of_value

        place = place_of_value(document, error.name)
        key, line = ".".join(str(part) for part in place), document.line(place) if place else None
    text = f"{key}: {error}" if key else str(error)
    return (Fault(line, key, f"{prefix}{text}{hint}"),)


def _folder_hint(document: Document, error: RecastError) -> str:
    """Point to the option when a name may stand in the folder of the file."""
    from recast.catalog import KINDS

    folder = Path(document.file).parent
    if folder.name not in KINDS or "unknown" not in str(error):
        return ""
    return f" (for names of your own: recast --plugins {folder.parent} check {document.file})"


def _to_edit(path: Path) -> tuple[Fault, ...]:
    """Return the lines that still carry the mark of a skeleton."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        # In a comment beside something; the first line only tells of the mark.
        match = re.search(rf"#.*\b{MARK}\b:?\s*(.*)", line)
        if match and number > 1:
            words = f": {match.group(1)}" if match.group(1) else ""
            found.append(Fault(number, "", f"to be replaced{words}"))
    return tuple(found)


def _table_report(path: Path) -> Report:
    """Check a flux or a limit curve."""
    from recast.text_file import read_text

    rows = [line for line in read_text(path).splitlines() if line.strip() and not line.startswith("#")]
    if rows and rows[0].strip().startswith("mass"):
        from recast.limit_curve import read_limit_curve

        curve = read_limit_curve(path)
        fact = f"{len(curve.mass)} masses from {min(curve.mass):g} to {max(curve.mass):g} GeV"
        return Report(str(path), "limit curve", facts=(fact,))
    from recast.flux_file import read_flux_file

    flux = read_flux_file(path)
    fact = f"{', '.join(flux.columns)} from {flux.energy[0]:g} to {flux.energy[-1]:g} GeV in {flux.header['units']}"
    return Report(str(path), "flux", facts=(fact,))
