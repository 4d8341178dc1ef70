"""What the results of a scan depend on, as digests of files.

A scan that was interrupted goes on only when none of them has changed, and a process takes part in a scan only when it
has the same ones.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from recast.errors import RecastError
from recast.scan.spec import PointFile, ScanSpec

__all__ = ["check_inputs", "inputs_of"]

_SHOWN = 3


def inputs_of(spec: ScanSpec, folders: Sequence[Path]) -> dict[str, str]:
    """Return the SHA-256 of everything that the results of a scan depend on.

    Parameters
    ----------
    spec : ScanSpec
    folders : sequence of Path
        Plug-in folders.

    Returns
    -------
    dict of str to str
        By what it is: the scan file, the code, each shipped grid, and each file of the model, the measurements and
        plug-ins.
    """
    found = {"scan file": hashlib.sha256(spec.model_dump_json().encode()).hexdigest()}
    if isinstance(spec.sampling, PointFile):
        found[f"points {spec.sampling.file}"] = _digest(spec.folder / spec.sampling.file)
    found |= dict(_installed())
    for folder in folders:
        for file in sorted(folder.glob("*.py")):
            found[f"plug-in {file.name}"] = _digest(file)
    for kind, names in (("models", [spec.model]), ("measurements", list(spec.measurements))):
        for name in names:
            found |= _own_files(kind, name, folders)
    return found


def check_inputs(then: Mapping[str, str], now: Mapping[str, str], *, where: str) -> None:
    """Make sure that nothing has changed.

    Parameters
    ----------
    then, now : dict of str to str
        As returned by `inputs_of`.
    where : str
        Who has the present ones, for the message.

    Raises
    ------
    RecastError
        Naming what has changed, is gone or was added.
    """
    changed = [name for name in then if name in now and now[name] != then[name]]
    gone, added = [name for name in then if name not in now], [name for name in now if name not in then]
    told = [(changed, "changed"), (gone, "gone"), (added, "new")]
    words = [f"{_listed(names)} {'is' if len(names) == 1 else 'are'} {what}" for names, what in told if names]
    if words:
        msg = f"{where} would not compute the same: {'; '.join(words)} since the scan began"
        raise RecastError(msg)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


@cache
def _installed() -> tuple[tuple[str, str], ...]:
    """Return the digests of the code with its data, and of each shipped grid."""
    from recast import __version__

    code = hashlib.sha256()
    for package in ("recast", "recast.models", "recast.measurements"):
        root = Path(str(resources.files(package)))
        for file in _data_files(root):
            code.update(f"{package}/{file.relative_to(root).as_posix()} {_digest(file)}\n".encode())
    grids = sorted(Path(str(resources.files("recast.grids"))).glob("*.h5"))
    return (
        (f"recast {__version__}", code.hexdigest()),
        *((f"grid {file.name}", _digest(file)) for file in grids),
    )


def _data_files(root: Path) -> Iterator[Path]:
    """Yield the files of a package that can matter, in a fixed order."""
    kinds = {".py", ".yaml", ".csv", ".json", ".npz", ".h5"}
    yield from sorted(
        file for file in root.rglob("*") if file.suffix in kinds and "grids" not in file.relative_to(root).parts
    )


def _own_files(kind: Any, name: str, folders: Sequence[Path]) -> dict[str, str]:
    """Return the digests of a document outside the package and of the files that it names."""
    from recast.catalog import Catalog, is_path
    from recast.variants import split_reference

    catalog, (plain, _) = Catalog(folders), split_reference(name)
    file = Path(str(catalog.file(kind, plain)))
    shipped = Path(str(resources.files(f"recast.{kind}")))
    if not is_path(plain) and file.parent == shipped:
        return {}  # among the files of the package
    found = {f"{kind} {file.name}": _digest(file)}
    for text in _strings(catalog.document(kind, plain).data):
        named = file.parent / text
        if len(text) < 256 and "\n" not in text and named.is_file():
            found[f"{kind} {file.name}: {text}"] = _digest(named)
    return found


def _strings(value: Any) -> Iterator[str]:
    """Yield all texts in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        msg = f"{file} cannot be read: {error.strerror or error}"
        raise RecastError(msg) from error
