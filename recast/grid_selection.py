"""Grids of what passes a selection: inclusive spectra times acceptances, in the same format.

``trident_mumu_NAME.h5`` holds what ``trident_mumu.h5`` holds, after the cuts of the selection NAME, with its cuts and
resolutions, the seed and the number of events among the attributes. Such a grid is looked for wherever grids are, and
in the folder ``grids`` of a plug-in folder.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recast.channels import Channel, all_channels
from recast.errors import GridError, NotApplicableError, OutOfRangeError, UnknownNameError, unknown
from recast.grid import TridentTable, describe_grid, grid_path, open_grid, read_table
from recast.hdf5 import attributes, write_attributes
from recast.output import check_output, whole_file

if TYPE_CHECKING:
    from recast.events.acceptance import Acceptance
    from recast.events.selection import Selection
    from recast.executors import AnyExecutor
    from recast.grid_build import Progress

__all__ = ["EVENTS", "build_selected_grid", "channel_of", "is_selected", "remeasured", "selected_grid", "split_name"]

Array = NDArray[np.float64]

EVENTS = 2_000_000
"""Events generated for each scatterer, by default."""

_NUCLEONS = ("proton", "neutron")

# Acceptances of nucleons are the same in every nucleus.
_HOLDS_NUCLEONS = "Ar40"

# Energies where this share of the largest acceptance passes count for the statistical error.
_COUNTS = 0.1

def split_name(name: str, selections: Sequence[str]) -> tuple[str, str | None]:
    """Split the name of a grid into that of the inclusive one and the selection's.

    Examples
    --------
    >>> split_name("trident_mumu_narrow", ["narrow"]), split_name("trident_mumu", ["narrow"])
    (('trident_mumu', 'narrow'), ('trident_mumu', None))
    """
    kind, pair, selection = (*name.split("_", 2), "", "")[:3]
    return (f"{kind}_{pair}", selection) if kind == "trident" and selection in selections else (name, None)


def is_selected(path: str | Path) -> bool:
    """Return whether a grid of spectra holds what passes a selection."""
    with open_grid(path) as file:
        return "selection" in attributes(file)


def selected_grid(
    name: str, selection: Selection, *, nuclei: Sequence[str] = (), folders: Sequence[Path] = ()
) -> Path:
    """Return the grid of a selection.

    Parameters
    ----------
    name : str
        Of the inclusive grid, e.g. ``trident_mumu``.
    selection : Selection
    nuclei : sequence of str
        That it must hold.
    folders : sequence of Path
        Searched after ``RECAST_GRIDS`` and the shipped grids.

    Raises
    ------
    GridError
        When there is none, or one of other cuts or nuclei under this name; the message says how to build it.
    """
    full = f"{name}_{selection.name}"
    def command(needed: Sequence[str]) -> str:
        return " ".join([f"recast grid build {name} --selection {selection.name}", *(f"--nucleus {n}" for n in needed)])

    try:
        path = grid_path(full, folders=folders)
    except UnknownNameError:
        msg = f"there is no grid {full}.h5: build it with `{command(nuclei)}` in a folder that RECAST_GRIDS names"
        raise GridError(msg) from None
    with open_grid(path) as file:
        digest = attributes(file).get("selection_digest")
        held = [key for key in file if key != "momentum_transfer" and key not in _NUCLEONS]
    needed = [*held, *(nucleus for nucleus in nuclei if nucleus not in held)]
    if digest != selection.digest:
        msg = f"{path} was built for other cuts than the selection {selection.name} has: `{command(needed)} --force`"
        raise GridError(msg)
    if len(needed) > len(held):
        msg = (
            f"{path} holds {', '.join(held)} and not {', '.join(needed[len(held) :])}: build one that does with "
            f"`{command(needed)}` in a folder that RECAST_GRIDS names"
        )
        raise GridError(msg)
    return path


def build_selected_grid(
    name: str,
    selection: Selection,
    output: str | Path,
    *,
    nuclei: Sequence[str] = (),
    events: int = EVENTS,
    seed: int = 0,
    processes: int | None = None,
    executor: AnyExecutor | None = None,
    progress: Progress | None = None,
    force: bool = False,
) -> Path:
    """Build the grid of what passes a selection and write it whole.

    Parameters
    ----------
    name : str
        Inclusive grid, e.g. ``trident_mumu``.
    selection : Selection
    output : path
        File to be written; it appears only when complete.
    nuclei : sequence of str
        Which nuclei it holds beside the nucleons; by default all of the inclusive grid.
    events : int
        Generated for each scatterer.
    seed : int
        Equal seeds give equal grids.
    processes, executor, progress, force
        As in `recast.grid_build.build_grid`.

    Raises
    ------
    UnknownNameError
        When there is no such grid, or it does not hold a nucleus.
    NotApplicableError
        When a cut means nothing for the pair of leptons.
    OutOfRangeError
        When there are too few events or the seed is negative.
    OutputExistsError, RecastError
        If the file cannot be written; said before any work.
    """
    from recast.executors import given_or_processes, ordered

    source = grid_path(name)
    content = describe_grid(source)
    channel = channel_of(content["lepton_minus"], content["lepton_plus"])
    _check(selection, channel)
    if events < 1000 or seed < 0:
        msg = "an acceptance takes at least 1000 events and a seed that is not negative"
        raise OutOfRangeError(msg)
    held = list(dict.fromkeys(table.split("/")[0] for table in content["tables"]))
    for nucleus in nuclei:
        if nucleus not in held:
            raise unknown(f"nucleus in grid {name}", nucleus, [n for n in held if n not in _NUCLEONS])
    scatterers = [s for s in held if s in _NUCLEONS or s in nuclei or not nuclei]
    path = check_output(output, force=force)
    work = partial(_measured, path=source, channel=channel, selection=selection, events=events, seed=seed)
    results: list[_Result] = []
    with given_or_processes(executor, processes) as pool:
        for scatterer, result in ordered(pool, work, scatterers):
            results.append(result)
            if progress:
                progress(f"events on {scatterer}", len(results) / len(scatterers))
    described = {
        "grid": f"{name}_{selection.name}",
        "code_version": metadata.version("recast-bsm"),
        "selection": selection.name,
        "selection_digest": selection.digest,
        "selection_content": _content(selection),
        "events": events,
        "seed": seed,
    }
    _write(path, source, described, results)
    return path


def channel_of(minus: str, plus: str) -> Channel:
    """Return a channel of neutrinos with leptons of these flavours."""
    return next(c for c in all_channels() if not c.antineutrino and (c.minus, c.plus) == (minus, plus))


def _check(selection: Selection, channel: Channel) -> None:
    selection.check(channel)
    if selection.uses_charge and channel.minus != channel.plus:
        msg = (
            f"selection {selection.name} tells l- from l+, and one grid serves {channel.minus}- {channel.plus}+ and "
            f"{channel.plus}- {channel.minus}+: name the flavour instead, e.g. energy_{channel.minus}"
        )
        raise NotApplicableError(msg)
    for cut in selection.cuts:
        if cut.quantity in {"k2", "neutrino_energy"}:
            msg = (
                f"a cut on {cut.quantity} is no acceptance that is smooth in energy and momentum transfer: "
                "cut the flux instead, or something that is measured"
            )
            raise NotApplicableError(msg)


def _content(selection: Selection) -> str:
    """Return cuts and resolutions as JSON, from which the selection can be made again."""
    fields = selection.model_dump(mode="json", include={"name", "title", "cuts", "smearing"}, exclude_none=True)
    for entry in [*fields["cuts"], *fields["smearing"]]:
        entry.pop("source", None)
        entry.pop("note", None)
    return json.dumps(fields)


@dataclass(frozen=True)
class _Result:
    """One scatterer: what passes, the errors of its totals, and the largest relative errors of totals and moments."""

    table: TridentTable
    errors: Array
    largest: tuple[float, float]


def remeasured(
    scatterer: str, *, path: Path, channel: Channel, selection: Selection, events: int, seed: int
) -> tuple[TridentTable, Acceptance]:
    """Return the inclusive spectra of a scatterer and the acceptance measured with new events.

    Parameters
    ----------
    scatterer : str
    path : Path
        Inclusive grid.
    channel : Channel
        Of its leptons.
    selection : Selection
    events, seed : int
        As in `build_selected_grid`.
    """
    from recast.events.acceptance import measure_acceptance

    inclusive = read_table(path, scatterer)
    nucleon = scatterer in _NUCLEONS
    return inclusive, measure_acceptance(
        channel,
        _HOLDS_NUCLEONS if nucleon else scatterer,
        scatterer if nucleon else "coherent",  # type: ignore[arg-type]  # proton or neutron
        selection,
        inclusive,
        events=events,
        seed=seed,
    )


def _measured(
    scatterer: str, *, path: Path, channel: Channel, selection: Selection, events: int, seed: int
) -> _Result:
    from recast.events.acceptance import accepted

    inclusive, acceptance = remeasured(
        scatterer, path=path, channel=channel, selection=selection, events=events, seed=seed
    )
    spectra, errors = accepted(inclusive, acceptance)
    table = replace(inclusive, spectra=spectra)
    return _Result(table, errors[..., 0], _relative(spectra, errors))


def _relative(spectra: Array, errors: Array) -> tuple[float, float]:
    """Return the largest relative errors, of totals and of moments, at single energies; VA against VV."""
    from recast.grid_accuracy import moments

    value = np.abs(moments(spectra))
    value[:, 2] = np.maximum(value[:, 2], value[:, 0])
    used = value[:, 0, 0] > _COUNTS * value[:, 0, 0].max()
    if not used.any():
        return 0.0, 0.0
    relative = errors[used] / np.where(value > 0.0, value, np.inf)[used]
    return float(relative[..., 0].max()), float(relative.max())


def _write(path: Path, source: Path, described: dict[str, Any], results: list[_Result]) -> None:
    import h5py

    from recast.grid_build import write_table

    with (
        open_grid(source) as old,
        whole_file(path) as temporary,
        h5py.File(temporary, "w", libver=("earliest", "v110")) as new,
    ):
        write_attributes(new, attributes(old) | described)
        nodes = new.create_dataset("momentum_transfer", data=old["momentum_transfer"][()])
        write_attributes(nodes, attributes(old["momentum_transfer"]))
        for result in results:
            said = attributes(old[result.table.name])
            total, moment = result.largest
            statistics = {"statistical_error_total": total, "statistical_error_moments": moment}
            accuracy = (said["accuracy_total"] + total, said["accuracy_moments"] + moment)
            group = write_table(new, result.table, accuracy, said | statistics)
            group.create_dataset("errors", data=result.errors)
