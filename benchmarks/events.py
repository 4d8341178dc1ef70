"""Speed of the event generator, and what 1e7 events on disk take.

Beside them: the same events by plain Monte Carlo, with traces of gamma matrices at every point of phase space.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from measure import Row, command, emit

from recast.events.generator import EventGenerator

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from tests.independent import monte_carlo

# Events per second and share of trials that are asked for.
CHANNELS = {
    "numu_numu_mu-mu+": ("at least 5e4", "at least 0.2"),
    "numu_nue_mu-e+": ("", ""),
    "numu_numu_e-e+": ("", "at least 0.05"),
}
TARGET, FLUX = "Ar40", "dune_nd_standard_fhc"
EVENTS = 200_000
RUNS = 5
MANY = 10_000_000
ENERGY = 5.0  # GeV, of the plain Monte Carlo


def rate(generator: EventGenerator, n: int, *, unweighted: bool) -> float:
    """Return events per second of this process."""
    started = time.process_time()
    for _ in generator.chunks(n, unweighted=unweighted):
        pass
    return n / (time.process_time() - started)


def plain_rate(n: int = 4096) -> float:
    """Return weighted points per second of plain Monte Carlo on argon."""
    rng = np.random.default_rng(0)
    mass = monte_carlo.MUON
    started = time.process_time()
    event = monte_carlo.generate(
        rng.random((n, 8)), energy=ENERGY, mass=monte_carlo.ARGON.mass, mass_minus=mass, mass_plus=mass, q2_cut=2.0
    )
    monte_carlo.differential(event, monte_carlo.ARGON, mass, mass)
    return n / (time.process_time() - started)


def speeds() -> Iterator[Row]:
    """Events per second, weighted and not."""
    for channel, (fast, share_kept) in CHANNELS.items():
        started = time.process_time()
        generator = EventGenerator(channel, TARGET, FLUX)
        rate(generator, 1, unweighted=True)
        yield Row(f"{channel} on {TARGET}: tables before the first event", (time.process_time() - started,), "s")
        kept = tuple(rate(generator, EVENTS, unweighted=True) for _ in range(RUNS))
        plain = tuple(plain_rate() for _ in range(RUNS))
        words = f"weighted points of plain Monte Carlo, {ENERGY:g} GeV"
        yield Row(f"{channel}: unweighted events", kept, "events/s", fast, words, plain)
        share = (generator.report.efficiency,)
        yield Row(f"{channel}: share of trials kept", share, "", share_kept)
        tried = tuple(rate(generator, EVENTS, unweighted=False) for _ in range(RUNS))
        yield Row(f"{channel}: weighted events", tried, "events/s", "", words, plain)


def mean_weight() -> Row:
    """How far the mean of 1e7 weights is from the grid's cross section."""
    generator = EventGenerator("numu_numu_mu-mu+", TARGET, FLUX)
    rate(generator, MANY, unweighted=False)
    report = generator.report
    difference = abs(report.cross_section / report.expected - 1.0)
    error = report.error / report.expected
    words = f"its statistical error, {MANY:.0e} trials"
    return Row("mean weight against the grid, mu mu, relative", (difference,), "", "at most 1e-3", words, (error,))


def on_disk() -> Iterator[Row]:
    """Time and largest memory of `recast generate` with 1e7 events."""
    with tempfile.TemporaryDirectory() as folder:
        words = f"recast generate --channel numu_numu_mu-mu+ --target {TARGET} --flux {FLUX} -n {MANY} -o events.h5"
        file = Path(folder) / "events.h5"
        words = f"recast generate --channel numu_numu_mu-mu+ --target {TARGET} --flux {FLUX} -n {MANY} -o {file}"
        usage = command([sys.executable, "-m", *words.split()])
        size = file.stat().st_size / 1e9
    yield Row(f"{MANY:.0e} events to HDF5: largest memory", (usage.megabytes,), "MB", "at most 1024")
    yield Row(f"{MANY:.0e} events to HDF5: wall time", (usage.seconds,), "s")
    yield Row(f"{MANY:.0e} events to HDF5: size", (size,), "GB")


def main() -> None:
    """Run all."""
    emit(speeds())
    emit([mean_weight()])
    emit(on_disk())


if __name__ == "__main__":
    main()
