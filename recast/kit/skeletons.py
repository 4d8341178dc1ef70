"""What the options of ``recast new`` put into the skeletons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from recast.errors import RecastError
from recast.kit.check import MARK
from recast.kit.new import EXAMPLE, marked

if TYPE_CHECKING:
    from recast.catalog import Catalog
    from recast.measurement import Measurement
    from recast.model import Model

__all__ = ["figure", "measurement", "model", "observable"]

Words: TypeAlias = dict[str, str]
Texts: TypeAlias = dict[str, tuple[str, str]]
"""What a file is and its template, by its path in the folder."""

# Each layer of a figure is told apart by the colour and the style of its edge.
_LOOKS = (
    ("grey", "solid"),
    ("blue", "dashed"),
    ("vermillion", "dotted"),
    ("green", "dashdot"),
    ("purple", "dashdotdot"),
    ("orange", "solid"),
    ("wine", "dashed"),
    ("sky", "dotted"),
)


def measurement(
    words: Words, options: Mapping[str, Any], *, folder: Path, catalog: Catalog
) -> tuple[Texts, tuple[str, ...]]:
    """Fill in a measurement: a trident ratio, or what another one predicts.

    Parameters
    ----------
    words : Words
        Name and title.
    options : mapping of str to object
        Those of `recast.kit.new.new`.
    folder : Path
        Where the files will stand.
    catalog : Catalog
        In which names are looked up.

    Raises
    ------
    RecastError
        For a target, channel, flux or measurement that is not known, or options that do not go together.
    """
    if "energy" in options and "flux" in options:
        raise RecastError("give either --energy or --flux: the beam has one energy or a spectrum")
    if "like" in options:
        _like(words, options, catalog)
    else:
        _trident_ratio(words, options, catalog)
    name = words["name"]
    # Something that it speaks about, for the test.
    words |= {"trial_model": "lmu_ltau", "trial_mass": "0.1"}
    file = folder / "measurements" / f"{name}.yaml"
    where = "" if folder == Path("my_folder") else f" --folder {folder}"
    texts = {
        f"measurements/{name}.yaml": ("the measurement", "measurement.yaml.txt"),
        f"tests/test_measurement_{name}.py": ("its test", "test_measurement.txt"),
    }
    steps = (
        f"recast check {file}",
        f"recast --plugins {folder} limit lmu_ltau {name} --mass 0.1",
        f"recast new figure {name}_plane{where} --model lmu_ltau --measurement {name}",
        f"python -m pytest {folder / 'tests'}",
    )
    return texts, steps


def _trident_ratio(words: Words, options: Mapping[str, Any], catalog: Catalog) -> None:
    from recast.channels import Channel
    from recast.flux import load_flux
    from recast.trident.targets import load_target

    chosen = EXAMPLE | dict(options)
    load_target(chosen["target"])
    channel = Channel.parse(chosen["channel"])
    if "flux" in options:
        name = str(options["flux"])
        load_flux(name, neutrino=channel.neutrino, plugins=catalog.plugins)
        # Looked for beside the measurement, which is not where the command was given.
        name = str(Path(name).resolve()) if name.endswith(".csv") else name
        beam = f"{{channel: {channel}, flux: {_text(name)}}}"
    else:
        beam = f"{{channel: {channel}, energy: {chosen['energy']:g}}}"
    given = "energy" in options or "flux" in options
    words["observable"] = "\n".join(
        (
            "  type: trident_ratio    # cross section over that of the Standard Model",
            f"  target: {chosen['target']}"
            + marked("a nucleus of `recast list targets`, or a compound such as SiO2", given="target" in options),
            "  regime: coherent    # on the whole nucleus; total adds scattering on its nucleons",
            "  beams:",
            f"    - {beam}"
            + marked("energy in GeV, or flux: a name of `recast list fluxes` or a CSV file", given=given),
        )
    )
    words["likelihood"] = _gaussian(options)


def _gaussian(options: Mapping[str, Any]) -> str:
    value, error = options.get("value", EXAMPLE["value"]), options.get("error", EXAMPLE["error"])
    given = {"value", "error"} <= set(options)
    asked = marked("the number and its standard deviation, in the unit of the prediction", given=given)
    return f"{{type: gaussian, value: {value:.12g}, error: {error:.12g}}}{asked}"


def _like(words: Words, options: Mapping[str, Any], catalog: Catalog) -> None:
    """Take the sections of another measurement as they are after its variants."""
    import yaml

    from recast.variants import apply_variants, split_reference

    for option in ("target", "channel", "energy", "flux"):
        if option in options:
            raise RecastError(f"--{option} and --like do not go together: edit what --like {options['like']} gives")
    catalog.measurement(options["like"])
    name, chosen = split_reference(str(options["like"]))
    document, _ = apply_variants(catalog.document("measurements", name), chosen)

    def written(section: str) -> str:
        text = yaml.safe_dump(document.data[section], sort_keys=False, allow_unicode=True, width=100)
        return "\n".join(f"  {line}" for line in text.rstrip().splitlines())

    words["observable"] = f"  # {MARK}: as in {options['like']}\n{written('observable')}"
    if "value" in options and "error" in options:
        words["likelihood"] = _gaussian(options)
    elif "value" in options or "error" in options:
        raise RecastError("give both --value and --error, or neither")
    else:
        words["likelihood"] = f"   # {MARK}: as in {options['like']}\n{written('likelihood')}"


def model(
    words: Words, options: Mapping[str, Any], *, folder: Path, catalog: Catalog  # noqa: ARG001
) -> tuple[Texts, tuple[str, ...]]:
    """Fill in a gauged U(1).

    Parameters
    ----------
    words, options, folder, catalog
        As for `measurement`.

    Raises
    ------
    RecastError
        When the charges do not go with the mixing.
    """
    from recast.model import u1_model

    asked = {"charges": {"mu": 1.0, "tau": -1.0}} | dict(options) if "epsilon" not in options else dict(options)
    if "quarks" in options and "charges" not in options:
        asked["charges"] = {}
    made = u1_model(**asked)

    def flow(charges: Mapping[str, float]) -> str:
        return f"{{{', '.join(f'{flavour}: {_charge(charge)}' for flavour, charge in charges.items())}}}"

    axial = made.axial.model_dump()
    given = bool(options)
    words |= {
        "charges": flow(made.charges.model_dump()),
        "axial": f"axial: {flow(axial)}    # axial charges\n" if any(axial.values()) else "",
        "quarks": _charge(made.quarks),
        "mixing": made.mixing,
        "epsilon": f"epsilon: {made.epsilon:.12g}    # mixing in units of g'\n" if made.epsilon else "",
        "edit_charges": f" {MARK}" if not given else "",
        "edit_quarks": f" {MARK}" if not given else "",
        "edit_mixing": f" {MARK}" if not given else "",
    }
    name = words["name"]
    texts = {
        f"models/{name}.yaml": ("the model", "model.yaml.txt"),
        f"tests/test_model_{name}.py": ("its test", "test_model.txt"),
    }
    steps = (
        f"recast check {folder / 'models' / name}.yaml",
        f"recast --plugins {folder} show {name} --mass 0.1",
        f"recast --plugins {folder} limit {name} ccfr --mass 0.1",
        f"python -m pytest {folder / 'tests'}",
    )
    return texts, steps


def _charge(charge: float) -> str:
    """Write a charge, thirds as fractions."""
    from fractions import Fraction

    simple = Fraction(charge).limit_denominator(12)
    return str(simple) if simple.denominator % 3 == 0 and abs(float(simple) - charge) < 1e-9 else f"{charge:.12g}"


def figure(
    words: Words, options: Mapping[str, Any], *, folder: Path, catalog: Catalog
) -> tuple[Texts, tuple[str, ...]]:
    """Fill in a plane of mass and coupling: each measurement with a look of its own and a label beside its limit.

    Parameters
    ----------
    words, options, folder, catalog
        As for `measurement`.

    Raises
    ------
    RecastError
        When the model or a measurement is not known, or a measurement has nothing to say about the model.
    """
    name_of_model = options.get("model", "lmu_ltau")
    names = options.get("measurements", ("ccfr",))
    if len(names) > len(_LOOKS):
        raise RecastError(f"a skeleton has up to {len(_LOOKS)} measurements; add the others to the file")
    loaded = catalog.model(name_of_model)
    if "coupling" not in loaded.parameters:
        raise RecastError(f"the skeleton is a plane of mass and coupling, which {name_of_model} has not")
    layers, lowest = [], 1e-4
    for position, name in enumerate(names):
        colour, line = _LOOKS[position]
        measured = catalog.measurement(name)
        edge, least = _edge(loaded, measured, (position + 0.5) / len(names))
        lowest = min(lowest, least / 5.0)
        label = _text(measured.title.split(":")[0])
        text = [f"  - measurement: {_text(name)}", f"    name: {label}", f"    colour: {colour}", f"    line: {line}"]
        # One region is filled; more of them would hide each other.
        text.append(f"    draw: {'line' if position else 'excluded'}")
        if edge is not None:
            above = f"at: [{edge[0]:.3g}, {min(2.5 * edge[1], 0.7):.3g}], colour: black"
            below = f"at: [{edge[0]:.3g}, {edge[1] / 3.5:.3g}], to: [{edge[0]:.3g}, {edge[1]:.3g}]"
            text.append(f"    labels: [{{text: {label}, {below if position else above}}}]")
        layers.append("\n".join(text))
    words |= {
        "model": _text(str(name_of_model)),
        "edit_model": marked("a model of `recast list models`", given="model" in options),
        "edit_layers": "" if "measurements" in options else f"; {MARK}",
        "lowest": f"{10.0 ** math.floor(math.log10(lowest)):.1e}",
        "layers": "\n".join(layers),
    }
    name = words["name"]
    texts = {
        f"plots/{name}.yaml": ("the figure", "figure.yaml.txt"),
        f"tests/test_figure_{name}.py": ("its test", "test_figure.txt"),
    }
    steps = (
        f"recast --plugins {folder} check {folder / 'plots' / name}.yaml",
        f"recast --plugins {folder} plot {name} -o {name}.png",
        f"python -m pytest {folder / 'tests'}",
    )
    return texts, steps


def _edge(model: Model, measured: Measurement, fraction: float) -> tuple[tuple[float, float] | None, float]:
    """Return a point on the edge of what is excluded, for a label, and the lowest coupling that is excluded.

    Parameters
    ----------
    fraction : float
        Where the point is wanted, from 0 at the lightest mass to 1: labels of several layers stand apart.

    Raises
    ------
    NotApplicableError
        When the measurement has nothing to say about the model.
    """
    from recast.limits import limit

    mass = np.geomspace(2e-3, 50.0, 45)
    measured.require(model(mass=mass, coupling=1e-3))
    result = limit(model, measured, mass)
    known = [i for i, found in enumerate(result.excluded) if found and 0.0 < result.coupling[i] < 0.5]
    if not known:
        return None, math.inf
    at = min(known, key=lambda i: abs(i - fraction * len(mass)))
    lowest = float(np.min(result.coupling[known]))
    return (float(mass[at]), float(result.coupling[at])), lowest


def observable(
    words: Words, options: Mapping[str, Any], *, folder: Path, catalog: Catalog  # noqa: ARG001
) -> tuple[Texts, tuple[str, ...]]:
    """Fill in an observable and a measurement of it.

    Parameters
    ----------
    words, options, folder, catalog
        As for `measurement`.
    """
    name = words["name"]
    texts = {
        f"{name}.py": ("the observable", "observable.py.txt"),
        f"measurements/{name}_example.yaml": ("a measurement of it", "observable.yaml.txt"),
        f"tests/test_observable_{name}.py": ("their test", "test_observable.txt"),
    }
    steps = (
        f"recast --plugins {folder} check {folder / 'measurements' / name}_example.yaml",
        f"recast --plugins {folder} limit lmu_ltau {name}_example --mass 0.1",
        f"python -m pytest {folder / 'tests'}",
    )
    return texts, steps


def _text(value: str) -> str:
    """Return a text as it is written in YAML, in quotation marks where it needs them."""
    import json
    import re

    return value if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", value) else json.dumps(value, ensure_ascii=False)
