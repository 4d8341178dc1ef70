"""The command line with words that fit badly, in this process."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest import mock

import click
from click.testing import CliRunner

from recast.cli.main import main
from recast.errors import RecastError

from .mutations import WORDS
from .targets import POINTS, SCANS, TARGET, Target, small_grid

NUMBERS = ("0", "1", "0.1", "10", "-1", "1e-3", "95", "0.95", "nan", "inf", "1e400", "1e-400", "1_0", "0x10", "", "1,2")
FITTING = {
    "model": ("lmu_ltau", "b_minus_l", "u1", "contact", "dark_photon"),
    "measurement": ("ccfr", "charm_ii:error=2014", "muon_g2", "dune_nd_counts:background_error=0.05", "babar_4mu"),
    "channel": ("numu_numu_mu-mu+", "nue_e-e+", "numubar_nuebar_e-mu+"),
    "target": ("Ar40", "SiO2", "Fe56", "target.yaml"),
    "flux": ("dune_nd_standard_fhc", "ccfr_numu", "points.csv"),
    "figure": ("altmannshofer2019_fig8", "today", "scan.yaml"),
    "file": ("scan.yaml",),
    "output": ("out.h5", "out.png", "out.json", "folder"),
    "mass": ("0.1", "10"),
    "coupling": ("1e-3", "0"),
    "charge": ("mu=1", "e=-0.5"),
    "fix": ("mass=0.1", "dga=0"),
}
"""Words that fit an argument or option of this name."""
NAMES = (
    *(word for words in FITTING.values() for word in words),
    "u1:mixing=one_loop", "ccfr:", "ccfr:error", "ccfr:a=b=c", "nowhere", "trident_mumu", "models", "mass=", "mu",
    "coupling=1e-9:1", "one_loop", "tcp://nowhere:1", "n_eff", "lep_z_couplings", "na64_invisible",
)  # fmt: skip
FILES = (
    "scan.yaml", "points.csv", "target.yaml", "broken.yaml", "binary.yaml", "grid.h5", "broken.h5", "out.h5", "out.png",
    "out.json", "missing.yaml", "folder", "folder/", "nowhere/out.h5", ".", "./scan.yaml", "plugins", "bad_plugins",
    "-", "", "/dev/null", "/dev/zero",
)  # fmt: skip
# What takes longer than two seconds when all is right ends here: the words that lead to it are what is tried.
LONG = (
    "recast.scan.scan", "recast.figures.compute", "recast.fit.fit", "recast.coverage.coverage",
    "recast.grid_build.build_grid", "recast.grid_verify.verify_grid", "recast.validate.validate",
    "recast.trident.equivalent_photon.equivalent_photon_cross_sections",
    "recast.feldman_cousins_limit.by_feldman_cousins", "recast.cosmology.table.build", "recast.cosmology.table.verify",
    "recast.z_to_four_muons.table.build", "recast.z_to_four_muons.table.verify", "recast.executors.open_executor",
)  # fmt: skip


class CommandLine(Target):
    """Random words and options, after a command or not."""

    def make(self, seed: int) -> list[str]:
        """Return the words after ``recast``."""
        rng = random.Random(seed)  # noqa: S311
        words: list[str] = []
        command: click.Command | None = main
        while isinstance(command, click.Group) and rng.random() < 0.98:
            words += self._options(rng, command, 0.05)
            name = rng.choice(list(command.commands))
            words.append(name)
            command = command.commands[name]
        if command is not None:
            arguments = [p for p in command.params if isinstance(p, click.Argument)]
            words += [self._word(rng, argument.name) for argument in arguments if rng.random() < 0.97]
            words += [self._word(rng) for _ in range(rng.choice((0, 0, 0, 1)))]
            words += self._options(rng, command, rng.choice((0.02, 0.1, 0.4)))
        if rng.random() < 0.1:
            rng.shuffle(words)
        return words

    def _options(self, rng: random.Random, command: click.Command, share: float) -> list[str]:
        words = []
        for option in command.params:
            if not isinstance(option, click.Option) or option.name == "debug":
                continue
            if rng.random() < (0.9 if option.required else share):
                words.append(rng.choice(option.opts))
                if not option.is_flag or rng.random() < 0.02:
                    words.append(self._word(rng, option.name))
        return words

    def _word(self, rng: random.Random, name: str | None = None) -> str:
        if name in FITTING and rng.random() < 0.8:
            return rng.choice(FITTING[name])
        # No shell can give a word with a zero in it.
        word = rng.choice(rng.choice((NUMBERS, NUMBERS, NAMES, NAMES, FILES, WORDS))).replace("\0", "")
        return word[: rng.randrange(len(word) + 1)] if rng.random() < 0.03 else word

    @cached_property
    def place(self) -> Path:
        """The folder in which the command is run, with files to name."""
        place = self.folder / "here"
        (place / "folder").mkdir(parents=True)
        for plugins in ("plugins", "bad_plugins"):
            (place / plugins / "models").mkdir(parents=True)
        (place / "bad_plugins" / "broken.py").write_text("OBSERVABLES = 1 / 0\n", encoding="utf-8")
        (place / "scan.yaml").write_text(SCANS[0], encoding="utf-8")
        (place / "points.csv").write_text(POINTS, encoding="utf-8")
        (place / "target.yaml").write_text(TARGET, encoding="utf-8")
        (place / "broken.yaml").write_text("a: [1, {b: *c}\n", encoding="utf-8")
        (place / "binary.yaml").write_bytes(bytes(range(256)))
        grid = small_grid(place / "grid.h5").read_bytes()
        (place / "broken.h5").write_bytes(grid[: len(grid) // 2])
        return place

    def run(self, data: list[str]) -> None:
        """Run the command; exit codes 1 and 2 are refusals."""
        place = self.place
        before = self._outside()
        with self._short(place), CliRunner().isolation() as (out, err, _):
            code = self._exit_code(data)
            text = out.getvalue() + err.getvalue()
        assert code in {0, 1, 2}, (code, text[-300:])
        assert b"Traceback" not in text
        assert self._outside() == before, "something was written outside the folder"
        if code:
            raise RecastError(f"exit code {code}")

    def _exit_code(self, words: list[str]) -> int:
        try:
            main.main(words, prog_name="recast")
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    def _outside(self) -> list[str]:
        """Return what stands beside the folder in which the command is run."""
        return sorted(path.name for path in self.folder.iterdir())

    @contextmanager
    def _short(self, place: Path) -> Iterator[None]:
        """Let what takes long end at once, in the folder with files."""
        from contextlib import chdir

        def end(*_words: Any, **_options: Any) -> Any:
            raise RecastError("this would take long")

        with ExitStack() as stack:
            stack.enter_context(chdir(place))
            for name in LONG:
                module, _, function = name.rpartition(".")
                stack.enter_context(mock.patch.object(import_module(module), function, end))
            yield
