"""Build the grids of trident spectra from first principles.

A build is described by ``grids/trident.yaml``: lepton pair, scatterers, form factors, energies.  The leptonic
table is computed once per pair; then every scatterer and energy is a quadrature of some 20 ms.  A coarser
table beside it gives the error estimate that is written into the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recast.constants import DEFAULT_INPUTS, LEPTON_MASS
from recast.executors import AnyExecutor, given_or_processes, ordered
from recast.grid import FORMAT, SCHEMA_VERSION, TridentTable, table_checksum
from recast.grid_accuracy import relative_error
from recast.grid_recipe import Pair, Recipe, Task, load_recipe, tasks_of
from recast.hdf5 import write_attributes
from recast.output import check_output, whole_file
from recast.trident.spectra import FERMI_MOMENTUM, K2_MAX, K2_NODES, Scatterer, SpectrumNodes, k2_nodes, spectrum
from recast.trident.structure import K2_SHIFT, NodeCounts, StructureTable, build_table

Array = NDArray[np.float64]
Progress = Callable[[str, float], None]

#: Fraction of the default nodes used for the error estimate.
COARSE = 0.95

#: Intervals next to the threshold that get a node more.
EXTRA_ENERGIES = 4


def node_counts(minus: str, plus: str) -> NodeCounts:
    """Nodes that give 1e-4 or better for a lepton pair; electrons span the widest range of scales."""
    return NodeCounts(s=72, q2=48) if "e" in (minus, plus) else NodeCounts()


def coarser(counts: NodeCounts) -> NodeCounts:
    """Nodes of the table that the error is estimated with."""
    return replace(
        counts, s=int(COARSE * counts.s), q2=int(COARSE * counts.q2), k2=int(COARSE * counts.k2), extra=-1
    )


def structure_table(
    minus: str,
    plus: str,
    *,
    counts: NodeCounts | None = None,
    executor: AnyExecutor | None = None,
    progress: Callable[[float], None] | None = None,
) -> StructureTable:
    """Compute the leptonic table of a pair, named by flavour; seconds, so that it is not stored.

    Parameters
    ----------
    minus, plus : str
        Flavours of the leptons.
    counts : NodeCounts, optional
        Nodes of the table; those of `node_counts` by default.
    executor : Executor, optional
        Where rows are computed, see `recast.executors`.
    progress : callable, optional
        Called with the fraction that is done.
    """
    return build_table(
        LEPTON_MASS[minus],
        LEPTON_MASS[plus],
        counts=counts or node_counts(minus, plus),
        executor=executor,
        progress=progress,
    )


def energies_of(recipe: Recipe, pair: Pair, scatterer: Scatterer) -> tuple[float, Array]:
    """Return threshold and energy nodes (GeV) of one table.

    Parameters
    ----------
    recipe : Recipe
        Of all grids.
    pair : Pair
        Of leptons.
    scatterer : Scatterer
        Nucleus or nucleon.
    """
    threshold = scatterer.threshold(pair.mass)
    low, high = np.log(recipe.first_energy * threshold), np.log(recipe.energy_max - threshold)
    count = int(np.ceil((high - low) * (pair.energies_per_efold or recipe.energies_per_efold))) + 1
    x = np.linspace(low, high, count)
    # a spline is least accurate in its first intervals: halve them
    x = np.sort(np.concatenate([x, 0.5 * (x[:EXTRA_ENERGIES] + x[1 : EXTRA_ENERGIES + 1])]))
    energy = threshold + np.exp(x)
    energy[-1] = recipe.energy_max
    return threshold, energy


def compute_spectra(
    table: StructureTable, task: Task, energies: Array, *, nodes: SpectrumNodes | None = None
) -> Array:
    """Return spectra of shape (n_E, 3, n_K2) in fb, at energies in GeV.

    Parameters
    ----------
    table : StructureTable
        Of the pair of leptons.
    task : Task
        Scatterer and form factor.
    energies : ndarray, shape (n_E,)
        In GeV.
    nodes : SpectrumNodes, optional
        Of the quadrature.
    """
    nodes = nodes or SpectrumNodes()
    return np.stack([spectrum(table, task.physics, energy, nodes=nodes) for energy in energies])


def _table_of(
    task: Task, *, recipe: Recipe, pair: Pair, fine: StructureTable, coarse: StructureTable
) -> tuple[TridentTable, tuple[float, float]]:
    """Compute one table and its estimated error at energies between its nodes."""
    threshold, energy = energies_of(recipe, pair, task.physics)
    spectra = compute_spectra(fine, task, energy)
    reference = spectra[:, 0].sum(axis=-1)
    stored = (spectra / reference[:, None, None]).astype(np.float32).astype(float)
    table = TridentTable(
        f"{task.scatterer}/{task.form_factor}", threshold, energy, reference, stored, k2_nodes()
    )
    x = np.log(energy - threshold)
    between = threshold + np.exp(0.5 * (x[1:] + x[:-1]))[:: max(1, len(x) // 12)]
    exact = compute_spectra(fine, task, between)
    interpolation = relative_error(table.at(between), exact)
    fewer = compute_spectra(coarse, task, between, nodes=SpectrumNodes(60, 45))
    quadrature = relative_error(fewer, exact)
    return table, (interpolation[0] + quadrature[0], interpolation[1] + quadrature[1])


def build_grid(
    name: str,
    output: str | Path,
    *,
    recipe: str | Path | None = None,
    processes: int | None = None,
    executor: AnyExecutor | None = None,
    progress: Progress | None = None,
    force: bool = False,
) -> Path:
    """Build one grid and write it atomically.

    Parameters
    ----------
    name : str
        A grid of the recipe, e.g. ``trident_mumu``.
    output : path
        File to be written; it appears only when complete.
    recipe : path, optional
        Another ``trident.yaml``.
    processes : int, optional
        Worker processes; by default one per core.
    executor : Executor, optional
        Where the work is done instead (`recast.executors`); the grid does not depend on it.
    progress : callable, optional
        Called with a description and the fraction done.
    force : bool
        Whether an existing file may be replaced.

    Raises
    ------
    UnknownNameError
        If the recipe has no such grid.
    OutputExistsError, RecastError
        If the file cannot be written; said before any work.
    """
    content = load_recipe(recipe)
    tasks = tasks_of(content, name)
    path = check_output(output, force=force)
    pair = content.pairs[name]

    def report(text: str, start: float, span: float) -> Callable[[float], None]:
        return lambda done: progress(text, start + span * done) if progress else None

    fine_counts = NodeCounts(*pair.nodes) if pair.nodes else node_counts(pair.minus, pair.plus)
    results: list[tuple[Task, TridentTable, tuple[float, float]]] = []
    with given_or_processes(executor, processes) as pool:
        fine = structure_table(
            pair.minus,
            pair.plus,
            counts=fine_counts,
            executor=pool,
            progress=report("leptonic table", 0.0, 0.35),
        )
        coarse = structure_table(
            pair.minus,
            pair.plus,
            counts=coarser(fine_counts),
            executor=pool,
            progress=report("table for the error estimate", 0.35, 0.2),
        )
        table_of = partial(_table_of, recipe=content, pair=pair, fine=fine, coarse=coarse)
        for task, result in ordered(pool, table_of, tasks):
            results.append((task, *result))
            report("spectra", 0.55, 0.45)(len(results) / len(tasks))
    write_grid(path, name, pair, fine, results)
    return path


def write_grid(
    path: Path,
    name: str,
    pair: Pair,
    table: StructureTable,
    results: list[tuple[Task, TridentTable, tuple[float, float]]],
) -> None:
    """Write a grid; the file appears only when it is complete.

    Parameters
    ----------
    path : Path
    name : str
        Of the grid.
    pair : Pair
        Of leptons.
    table : StructureTable
        From which the spectra were computed.
    results : list of (Task, TridentTable, (float, float))
        Spectra with the errors of the total and of moments.
    """
    import h5py

    with whole_file(path) as temporary, h5py.File(temporary, "w", libver=("earliest", "v110")) as file:
        write_attributes(
            file,
            {
                "format": FORMAT,
                "schema_version": SCHEMA_VERSION,
                "grid": name,
                "code_version": metadata.version("recast-bsm"),
                "lepton_minus": pair.minus,
                "lepton_plus": pair.plus,
                "mass_minus": table.mass_minus,
                "mass_plus": table.mass_plus,
                "mass_unit": "GeV",
                "alpha": DEFAULT_INPUTS.alpha,
                "fermi_constant": DEFAULT_INPUTS.fermi_constant,
                "momentum_transfer_shift": K2_SHIFT,
                "momentum_transfer_max": K2_MAX,
                "fermi_momentum": FERMI_MOMENTUM,
                "nodes_s": table.counts.s,
                "nodes_q2": table.counts.q2,
                "nodes_k2": table.counts.k2,
                "nodes_s_at_energy": SpectrumNodes().s,
                "nodes_q2_at_energy": SpectrumNodes().q2,
                "s_max": table.s_max,
                "q2_max": table.q2_max,
                "convention": "dsigma/dK2 = S_VV gV^2 + S_AA gA^2 + S_VA gV gA, neutrino, couplings of "
                "arXiv:1902.06765 Eq. 1; nodes are weights, their sums over smooth functions are meaningful",
            },
        )
        nodes = file.create_dataset("momentum_transfer", data=k2_nodes(K2_NODES))
        write_attributes(nodes, {"unit": "GeV^2"})
        for task, result, accuracy in results:
            write_table(file, result, accuracy, _attributes_of(task, result))


def _attributes_of(task: Task, table: TridentTable) -> dict[str, Any]:
    return {
        "scatterer": task.scatterer,
        "form_factor": task.form_factor,
        "mass": task.physics.mass,
        "threshold": table.threshold,
        "energy_unit": "GeV",
        "cross_section_unit": "fb",
        "per": "Pauli-blocked nucleon" if task.scatterer in ("proton", "neutron") else "nucleus",
    }


def write_table(file: Any, table: TridentTable, accuracy: tuple[float, float], said: Mapping[str, Any]) -> Any:
    """Write the spectra of one scatterer into a grid and return their group.

    Parameters
    ----------
    file : h5py.File
        With its attributes and nodes.
    table : TridentTable
    accuracy : (float, float)
        Errors of the total and of moments.
    said : mapping
        Further attributes, with the names of scatterer and form factor.
    """
    scatterer = file.require_group(said["scatterer"])
    if "default_form_factor" not in scatterer.attrs:
        write_attributes(scatterer, {"default_form_factor": said["form_factor"]})
    group = scatterer.create_group(said["form_factor"])
    checked = {key: value for key, value in said.items() if key != "checksum"}
    write_attributes(group, checked | {"accuracy_total": accuracy[0], "accuracy_moments": accuracy[1]})
    group.create_dataset("energy", data=table.energy)
    group.create_dataset("reference", data=table.reference)
    group.create_dataset(
        "spectra",
        data=table.spectra.astype(np.float32),
        chunks=table.spectra.shape,
        shuffle=True,
        compression="gzip",
        compression_opts=9,
    )
    write_attributes(group, {"checksum": table_checksum(group, file)})
    return group
