"""Spectra of what passes a selection: acceptances, their grids, and measurements that name them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

import h5py
import numpy as np
import pytest
from click.testing import CliRunner

import recast.events.acceptance
import recast.grid_verify
from recast.channels import Channel
from recast.cli import main
from recast.couplings import sm_couplings
from recast.errors import GridError, NotApplicableError, OutOfRangeError, UnknownNameError
from recast.events.acceptance import Acceptance, accepted, measure_acceptance
from recast.events.events import Events, couplings_at
from recast.events.generator import EventGenerator
from recast.events.selection import Selection, build_selection, load_selection
from recast.flux import load_flux
from recast.grid import TridentTable, describe_grid, grid_path, read_table, shipped_grids, table_checksum
from recast.grid_selection import build_selected_grid, is_selected, split_name
from recast.grid_verify import verify_selected_grid
from recast.interactions import Interaction, U1Mediator
from recast.measurement import load_measurement
from recast.model import load_model
from recast.observables.trident_ratio import TridentRatio
from recast.spectrum import cross_sections, load_spectrum

CHANNEL = Channel.parse("numu_numu_mu-mu+")
FLUX = "dune_nd_standard_fhc"
FEW = 6_000


class Remembering(EventGenerator):
    """The generator, which makes the same events but once: tests that look at other cuts on them wait for it less."""

    made: ClassVar[dict[object, list[Events]]] = {}

    def chunks(self, n: int, *, unweighted: bool = True, size: int = 50_000) -> Iterator[Events]:
        key = (self.channel, self.target.name, self.component, self.flux.values.tobytes(), self.seed, n, size)
        if key not in self.made:
            self.made[key] = list(super().chunks(n, unweighted=unweighted, size=size))
        return iter(self.made[key])


@pytest.fixture
def remembering(monkeypatch):
    monkeypatch.setattr(recast.events.acceptance, "EventGenerator", Remembering)


def selection(name: str = "narrow", **cuts: tuple[float | None, float | None]) -> Selection:
    listed = []
    for quantity, (low, high) in cuts.items():
        ends = {"min": low, "max": high}
        listed.append({"quantity": quantity, **{key: end for key, end in ends.items() if end is not None}})
    return build_selection({"name": name, "title": "For tests", "cuts": listed})


NARROW = selection(opening_angle=(None, 0.09), kinetic_energy_lower=(0.849, None))


def inclusive(scatterer: str = "Ar40", pair: str = "mumu") -> TridentTable:
    return read_table(grid_path(f"trident_{pair}"), scatterer)


def measured(cuts: Selection, events: int = FEW, channel: Channel = CHANNEL, seed: int = 0) -> Acceptance:
    return measure_acceptance(
        channel, "Ar40", "coherent", cuts, inclusive(pair=channel.table_name), events=events, seed=seed
    )


def folded(table: TridentTable) -> np.ndarray:
    energy, weight = load_flux(FLUX, neutrino="numu").quadrature()
    return table.fold(energy, weight / weight.sum())


def predicted(acceptance: Acceptance, interaction: Interaction | None) -> tuple[float, float]:
    """Return the cross section of what passes, folded with the flux, and its statistical error."""
    table = inclusive()
    gv, ga = couplings_at(CHANNEL, table.momentum_transfer, interaction)
    couplings = np.stack([gv**2, ga**2, gv * ga])
    value = np.sum(folded(replace(table, spectra=accepted(table, acceptance)[0])) * couplings)
    variance = 0.0
    for off in acceptance.errors_at(table.energy, table.momentum_transfer):
        part = off[:2] * np.moveaxis(table.spectra[:, :2], 1, 0)
        part = np.concatenate([part, np.zeros_like(part[:1])])
        variance += np.sum(folded(replace(table, spectra=np.moveaxis(part, 0, 1))) * couplings) ** 2
    return float(value), float(np.sqrt(variance))


def generated(cuts: Selection, interaction: Interaction | None, trials: int) -> tuple[float, float]:
    generator = EventGenerator(CHANNEL, "Ar40", FLUX, interaction=interaction, component="coherent", seed=11)
    total = squares = 0.0
    for number, events in enumerate(generator.chunks(trials, unweighted=False)):
        weight = events.weight * cuts.passes(events, random=number)
        total, squares = total + weight.sum(), squares + weight @ weight
    return total / trials, float(np.sqrt(squares - total**2 / trials)) / trials


@pytest.mark.usefixtures("remembering")
def test_without_cuts_the_spectra_are_the_inclusive_ones():
    table = inclusive()
    spectra, errors = accepted(table, measured(selection()))
    np.testing.assert_allclose(spectra, table.spectra, rtol=0.0, atol=1e-12 * np.abs(table.spectra).max())
    assert np.max(errors) < 1e-9


def test_without_cuts_the_interference_of_unlike_leptons_stays():
    channel = Channel.parse("numu_nue_mu-e+")
    table = inclusive(pair="emu")
    assert np.abs(table.spectra[:, 2]).max() > 0.01 * table.spectra[:, 0].max()
    spectra, _ = accepted(table, measured(selection(), channel=channel))
    np.testing.assert_allclose(spectra, table.spectra, rtol=0.0, atol=1e-12 * np.abs(table.spectra).max())


@pytest.mark.usefixtures("remembering")
def test_where_nothing_passes_there_is_nothing():
    spectra, errors = accepted(inclusive(), measured(selection(opening_angle=(4.0, None))))
    assert not spectra.any()
    assert not errors.any()


@pytest.mark.usefixtures("remembering")
def test_a_tighter_cut_lets_less_pass():
    table = inclusive()
    totals = []
    for largest in (0.03, 0.2, 3.2):
        spectra, _ = accepted(table, measured(selection(opening_angle=(None, largest))))
        totals.append(folded(replace(table, spectra=spectra))[:2].sum(axis=-1))
    totals = np.array(totals)
    assert np.all(np.diff(totals, axis=0) > 0.0)
    assert np.all(totals > 0.0)
    np.testing.assert_allclose(totals[-1], folded(table)[:2].sum(axis=-1))


@pytest.mark.usefixtures("remembering")
def test_acceptances_are_fractions_and_equal_leptons_have_no_interference():
    table = inclusive()
    acceptance = measured(NARROW)
    r_vv, r_aa, d = acceptance.at(table.energy, table.momentum_transfer)
    assert min(r_vv.min(), r_aa.min()) >= 0.0
    assert max(r_vv.max(), r_aa.max()) <= 1.0
    assert not d.any()
    told = measured(selection(energy_minus=(None, 1.0)))
    assert told.coefficients[2].any()


def test_acceptance_depends_on_the_model_through_the_momentum_transfer_only():
    """At one energy, what passes of the events of the Standard Model and of a light boson, in windows of K2."""
    light = U1Mediator({"mu": 1.0, "tau": -1.0}, mass=0.01, coupling=1e-3)
    shares, variances = [], []
    edges = np.array([0.0, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3])
    for model in (None, light):
        events = EventGenerator(CHANNEL, "Ar40", 8.0, interaction=model, component="coherent", seed=2).weighted(60_000)
        passing = NARROW.passes(events)
        window = np.digitize(events.k2, edges) - 1
        # the couplings of one model in both: what differs is where its events are
        vv = events.structures[0]
        total = np.bincount(window, weights=vv, minlength=len(edges))
        share = np.bincount(window, weights=vv * passing, minlength=len(edges)) / total
        off = vv * (passing - share[window])
        shares.append(share)
        variances.append(np.bincount(window, weights=off**2, minlength=len(edges)) / total**2)
    pull = (shares[0] - shares[1]) / np.sqrt(variances[0] + variances[1])
    # It does depend on K2: else the test would say little.
    assert shares[0].max() > 1.3 * shares[0].min()
    assert np.sum(pull**2) < 24.3  # chi-squared of 7 at p = 0.001


@pytest.mark.usefixtures("remembering")
@pytest.mark.parametrize("coupling", [0.0, 1e-3])
def test_spectra_after_cuts_give_what_a_generation_with_cuts_gives(coupling):
    light = U1Mediator({"mu": 1.0, "tau": -1.0}, mass=0.01, coupling=coupling) if coupling else None
    value, error = predicted(measured(NARROW, events=30_000), light)
    direct, its = generated(NARROW, light, 30_000)
    assert np.hypot(error, its) < 0.05 * direct
    assert abs(value - direct) < 4.0 * np.hypot(error, its)


@pytest.mark.slow
def test_spectra_after_cuts_serve_every_model_to_a_per_cent():
    smeared = build_selection(
        NARROW.model_dump() | {"smearing": [{"particle": "muons", "energy": {"stochastic": 0.06}, "angle": 0.017}]}
    )
    acceptance = measured(smeared, events=2_000_000)
    for mass, coupling in ((0.0, 0.0), (0.01, 1e-3), (0.1, 2e-3), (1.0, 1e-2)):
        model = U1Mediator({"mu": 1.0, "tau": -1.0}, mass=mass, coupling=coupling) if mass else None
        value, error = predicted(acceptance, model)
        direct, its = generated(smeared, model, 400_000)
        assert abs(value / direct - 1.0) < 0.01
        assert abs(value - direct) < 4.0 * np.hypot(error, its)


@pytest.mark.slow
def test_errors_are_those_of_repetitions():
    found = np.array([predicted(measured(NARROW, seed=seed), None) for seed in range(24)])
    spread = found[:, 0].std(ddof=1)
    assert 0.6 < spread / found[:, 1].mean() < 1.6


# The file --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def grids(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("grids")
    output = folder / "trident_mumu_narrow.h5"
    build_selected_grid("trident_mumu", NARROW, output, nuclei=["Ar40"], events=FEW, executor=map)
    return folder


@pytest.fixture
def here(grids, monkeypatch) -> Path:
    monkeypatch.setenv("RECAST_GRIDS", str(grids))
    return grids


def test_grid_of_a_selection_folds_like_any_other(here):
    less = load_spectrum(CHANNEL, "Ar40", FLUX, component="total", selection=NARROW)
    all_ = load_spectrum(CHANNEL, "Ar40", FLUX, component="total")
    assert 0.0 < less.totals[0] < 0.5 * all_.totals[0]
    rows = cross_sections(CHANNEL, "Ar40", [1.0, 10.0, 100.0], selection=NARROW)
    assert np.all(np.diff(rows[:, 0]) > 0.0)
    conjugate = load_spectrum(CHANNEL.conjugate, "Ar40", 10.0, selection=NARROW)
    assert conjugate.totals[:2] == load_spectrum(CHANNEL, "Ar40", 10.0, selection=NARROW).totals[:2]


def test_grid_says_what_it_was_made_of(here):
    content = describe_grid(here / "trident_mumu_narrow.h5")
    assert content["selection"] == "narrow"
    assert content["selection_digest"] == NARROW.digest
    assert build_selection(json.loads(content["selection_content"])).digest == NARROW.digest
    assert (content["events"], content["seed"]) == (FEW, 0)
    assert set(content["tables"]) == {"Ar40/fourier_bessel", "proton/rational", "neutron/rational"}
    for table in content["tables"].values():
        assert table["intact"]
        assert 1e-3 < table["statistical_error_total"] < 0.5
        assert table["accuracy_total"] > table["statistical_error_total"]
    assert content["size"] < 500_000


@pytest.mark.usefixtures("remembering")
def test_grid_is_measured_again(here, tmp_path, monkeypatch):
    # without a process of its own
    monkeypatch.setattr(recast.grid_verify, "given_or_processes", lambda *_: nullcontext(map))
    path = here / "trident_mumu_narrow.h5"
    checks = verify_selected_grid(path, samples=1)
    assert [check.passed for check in checks] == [True]
    # other cuts than those that made it
    wrong = tmp_path / "wrong.h5"
    shutil.copy(path, wrong)
    with h5py.File(wrong, "r+") as file:
        content = json.loads(file.attrs["selection_content"])
        content["cuts"] = [{"quantity": "opening_angle", "max": 0.3}]
        file.attrs["selection_content"] = np.bytes_(json.dumps(content).encode())
        for name in ("Ar40/fourier_bessel", "proton/rational", "neutron/rational"):
            file[name].attrs["checksum"] = np.bytes_(table_checksum(file[name], file).encode())
    assert not verify_selected_grid(wrong, samples=1)[0].passed


SHIPPED = [path for path in shipped_grids() if path.stem.startswith("trident_") and is_selected(path)]


@pytest.mark.parametrize("path", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_shipped_grids_are_those_of_the_selections(path):
    content = describe_grid(path)
    assert path.stem == content["grid"]
    assert content["selection_digest"] == load_selection(content["selection"]).digest
    assert path.stat().st_size < 600_000
    for name, table in content["tables"].items():
        assert table["intact"]
        errors = read_table_errors(path, name)
        assert np.median(errors[:, :2]) < 0.004


def read_table_errors(path: Path, name: str) -> np.ndarray:
    with h5py.File(path) as file:
        return file[name]["errors"][()]


def test_missing_and_outdated_grids_are_told(here):
    with pytest.raises(GridError, match="build trident_mumu --selection other --nucleus Si28 --nucleus O16"):
        load_spectrum(CHANNEL, "SiO2", 10.0, selection=selection("other"))
    with pytest.raises(GridError, match="other cuts than the selection narrow has"):
        load_spectrum(CHANNEL, "Ar40", 10.0, selection=selection("narrow", opening_angle=(None, 0.08)))
    with pytest.raises(GridError, match="holds Ar40 and not Fe56: .*--nucleus Ar40 --nucleus Fe56`"):
        load_spectrum(CHANNEL, "Fe56", 10.0, selection=NARROW)
    assert load_spectrum(CHANNEL, "Fe56", 10.0, component="incoherent", selection=NARROW).totals[0] > 0.0
    with pytest.raises(UnknownNameError, match="selection"):
        load_spectrum(CHANNEL, "Ar40", 10.0, selection="no_such")


def test_what_has_no_acceptance_is_refused(tmp_path):
    build = partial(build_selected_grid, output=tmp_path / "x.h5", nuclei=["Ar40"], events=FEW)
    with pytest.raises(NotApplicableError, match=r"one grid serves mu- e\+ and e- mu\+: name the flavour"):
        build("trident_emu", selection(energy_minus=(1.0, None)))
    with pytest.raises(NotApplicableError, match="two leptons of that flavour"):
        build("trident_mumu", selection(energy_mu=(1.0, None)))
    with pytest.raises(NotApplicableError, match="cut the flux instead"):
        build("trident_mumu", selection(neutrino_energy=(1.0, None)))
    with pytest.raises(UnknownNameError, match="Xe131"):
        build("trident_mumu", NARROW, nuclei=["Xe131"])
    with pytest.raises(OutOfRangeError, match="1000 events"):
        build("trident_mumu", NARROW, events=10)
    assert not list(tmp_path.iterdir())


def test_names_of_grids_are_split():
    assert split_name("trident_mumu_a_b", ["b", "a_b"]) == ("trident_mumu", "a_b")
    assert split_name("trident_mumu", ["mumu"]) == ("trident_mumu", None)


# Measurements ----------------------------------------------------------------------------------------------------

MEASUREMENT = """\
name: cut
title: "After cuts"
projection: true
observable:
  type: trident_ratio
  target: Ar40
  regime: total
  selection: narrow
  beams:
    - {channel: numu_numu_mu-mu+, flux: dune_nd_standard_fhc}
likelihood: {type: gaussian, value: 1.0, error: 0.4}
provenance:
  value: {paper: "A paper", place: "Sec. 1", inspire: "He:1991qd", bibtex: "@article{He:1991qd, title = {x}}"}
"""


def test_measurement_names_a_selection(grids, tmp_path):
    """The selection and its grid stand in a plug-in folder."""
    for folder in ("measurements", "selections", "grids"):
        (tmp_path / folder).mkdir()
    (tmp_path / "measurements" / "cut.yaml").write_text(MEASUREMENT)
    fields = NARROW.model_dump(mode="json", exclude_none=True)
    (tmp_path / "selections" / "narrow.yaml").write_text(json.dumps(fields))
    shutil.copy(grids / "trident_mumu_narrow.h5", tmp_path / "grids")
    ratio = load_measurement("cut", plugins=[tmp_path]).observable
    model = load_model("lmu_ltau")
    masses = np.array([0.01, 0.1, 1.0])
    after = ratio.predict(model(mass=masses, coupling=np.array([1e-3, 2e-3, 1e-2])))
    spectrum = load_spectrum(
        CHANNEL, "Ar40", FLUX, component="total", selection=NARROW, folders=[tmp_path / "grids"]
    )
    standard = spectrum.cross_section(*sm_couplings(CHANNEL))
    for value, mass, coupling in zip(after, masses, (1e-3, 2e-3, 1e-2), strict=True):
        gv, ga = couplings_at(CHANNEL, spectrum.momentum_transfer, model(mass=mass, coupling=coupling))
        total = np.sum(spectrum.vv * gv**2 + spectrum.aa * ga**2 + spectrum.va * gv * ga)
        assert value == pytest.approx(total / standard, rel=1e-9)
    assert ratio.predict(model(mass=0.1, coupling=0.0)) == 1.0
    # Cuts change the ratio: light bosons make more of what fails.
    before = TridentRatio.model_validate(ratio.model_dump() | {"selection": None})
    assert np.all(np.abs(before.predict(model(mass=masses, coupling=1e-3)) / after - 1.0) > 0.01)


def test_measurement_without_its_grid_tells_how_to_build_it():
    beams = [{"channel": "numubar_numubar_tau-tau+", "energy": 100.0}]
    ratio = TridentRatio.model_validate({"target": "Ar40", "beams": beams, "selection": "nutev_low_hadronic_energy"})
    with pytest.raises(GridError, match="build trident_tautau --selection nutev_low_hadronic_energy --nucleus Ar40"):
        _ = ratio.terms


# The command -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_command_builds_the_grid_of_a_seed(grids, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text(json.dumps(NARROW.model_dump(mode="json", exclude_none=True)))
    runner = CliRunner()
    words = ["grid", "build", "trident_mumu", "--selection", "own.yaml", "--nucleus", "Ar40", "--processes", "1"]
    words += ["--events", str(FEW)]
    result = runner.invoke(main, words)
    assert result.exit_code == 0, result.output
    assert result.output.strip().splitlines()[-1] == "trident_mumu_narrow.h5"
    for scatterer in ("Ar40", "neutron"):
        one, two = (read_table(folder / "trident_mumu_narrow.h5", scatterer) for folder in (grids, tmp_path))
        assert np.array_equal(one.spectra, two.spectra)
    result = runner.invoke(main, ["grid", "info", "trident_mumu_narrow.h5", "--json"])
    assert json.loads(result.stdout)["grids"][0]["selection"] == "narrow"
    result = runner.invoke(main, words)
    assert result.exit_code == 2
    assert "--force" in result.stderr


def test_command_hands_on_what_it_is_told(grids, tmp_path, monkeypatch):
    told = {}

    def build(name, cuts, output, **options):
        told.update(options, name=name, cuts=cuts.name)
        return shutil.copy(grids / "trident_mumu_narrow.h5", output)

    monkeypatch.setattr("recast.grid_selection.build_selected_grid", build)
    monkeypatch.chdir(tmp_path)
    words = ["grid", "build", "trident_mumu_nutev_low_hadronic_energy", "--nucleus", "Fe56", "--seed", "3", "--json"]
    result = CliRunner().invoke(main, [*words, "--processes", "1"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["file"] == "trident_mumu_nutev_low_hadronic_energy.h5"
    assert (told["name"], told["cuts"]) == ("trident_mumu", "nutev_low_hadronic_energy")
    assert (told["nuclei"], told["seed"], "events" in told) == (("Fe56",), 3, False)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["trident_mumu", "--seed", "1"], "go with --selection"),
        (["n_eff", "--selection", "nutev_low_hadronic_energy"], "n_eff is none"),
        (["trident_mumu", "--selection", "nutev_low", "--nucleus", "Ar40"], "nutev_low_hadronic_energy"),
        (["trident_mumu_nutev_low_hadronic_energy", "--recipe", "x.yaml"], "goes without --selection"),
    ],
)
def test_command_refuses(words, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["grid", "build", *words])
    assert result.exit_code == 2
    assert message in result.stderr
    assert not list(tmp_path.iterdir())
