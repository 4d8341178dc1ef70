"""The tables of beam emission that ship with the measurements, and how they are made."""

from __future__ import annotations

import math
import sys
from pathlib import Path

from recast.emission.detectors import DETECTORS, Detector
from recast.emission.integration import cross_section
from recast.output import check_output, whole_file

__all__ = ["SAMPLES", "SEED", "build", "rows"]

SAMPLES = 200_000
"""Points in phase space for each kind of emission and mass."""
SEED = 20160719


def rows(
    detector: Detector, masses: tuple[float, ...] | None = None, *, samples: int = SAMPLES, seed: int = SEED
) -> list[tuple[float, float, float]]:
    """Return mass in GeV, sigma_ISR / sigma_FSR inside an acceptance, and its Monte Carlo error.

    Parameters
    ----------
    detector : Detector
    masses : tuple of float, optional
        In GeV; those of the detector by default.
    samples, seed : int
    """
    result = []
    for mass in masses or detector.masses:
        beams, muons = (
            cross_section(source, mass, energy=detector.energy, detector=detector, samples=samples, seed=seed)
            for source in ("beams", "muons")
        )
        ratio = beams.value / muons.value
        result.append((mass, ratio, ratio * math.hypot(beams.error / beams.value, muons.error / muons.value)))
    return result


def build(folder: str | Path, *, samples: int = SAMPLES, seed: int = SEED, force: bool = False) -> list[Path]:
    """Write the table of every detector as ``NAME.csv``.

    Parameters
    ----------
    folder : path
        Where to write.
    samples, seed : int
    force : bool
        Overwrite files.

    Raises
    ------
    OutputExistsError
        When a file exists.
    """
    files = {name: check_output(Path(folder) / f"{name}.csv", force=force) for name in DETECTORS}
    for name, path in files.items():
        detector = DETECTORS[name]
        lines = [
            f"# title: {detector.title}: emission from the beams over emission from the muons, for charges of one",
            f"# acceptance: {detector.describe()}; boson {detector.final_state}",
            f"# recipe: python -m recast.emission.table; {samples} points for each kind and mass, seed {seed}",
            "# note: tree level, one photon; the interference cancels between mu+ and mu-",
            "# columns: mass of the boson in GeV; sigma_ISR / sigma_FSR; its Monte Carlo error",
            "mass,ratio,error",
        ]
        table = rows(detector, samples=samples, seed=seed)
        lines += [f"{mass:g},{ratio:.5g},{error:.2g}" for mass, ratio, error in table]
        with whole_file(path) as temporary:
            temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return list(files.values())


if __name__ == "__main__":
    for file in build(sys.argv[1], force=True):
        print(file)
