"""Run the benchmarks and write their table.

    python benchmarks/run.py                 # everything, into benchmarks/results.md
    python benchmarks/run.py planes commands # some, printed only

Every part runs in a process of its own with one thread in the linear algebra libraries.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from measure import Row, markdown, number, received

HERE = Path(__file__).resolve().parent
PARTS = {
    "commands": "Imports and commands",
    "planes": "Predictions and likelihoods",
    "fits": "Fits and CLs",
    "recasts": "Published limits recast",
    "engine": "Trident engine",
    "events": "Events",
    "scans": "Scans of up to 1e8 points",
    "peers": "Beside other programs",
}
LIBRARIES = ("numpy", "scipy", "h5py", "iminuit", "pyhf", "matplotlib", "pydantic", "click", "distributed")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def run_part(name: str) -> list[Row]:
    """Run one part and return its rows."""
    environment = {**os.environ, **dict.fromkeys(THREADS, "1"), "MPLBACKEND": "agg"}
    words = [sys.executable, str(HERE / f"{name}.py")]
    rows = []
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            rows.append(received(line))
            print("  ", " | ".join(rows[-1].cells()), file=sys.stderr)
    if process.returncode:
        sys.exit(f"{name}.py failed with exit code {process.returncode}")
    return rows


def processor() -> str:
    """Return the name of the processor."""
    file = Path("/proc/cpuinfo")
    if file.exists():
        for line in file.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def machine() -> str:
    """Return what the figures were measured with."""
    git = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=HERE, capture_output=True, text=True, check=False
    )
    commit = f", commit {git.stdout.strip()}" if git.returncode == 0 else ""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES if find_spec(name))
    return "\n".join(
        [
            f"- {datetime.now(UTC):%Y-%m-%d}, recast {version('recast-bsm')}{commit}",
            f"- {processor()}, {os.cpu_count()} cores; {platform.system()}",
            f"- Python {platform.python_version()}, {libraries}",
        ]
    )


def main() -> None:
    """Read the command line, run, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help=f"{', '.join(PARTS)}; all when absent")
    parser.add_argument("-o", "--output", type=Path, help="file to write")
    arguments = parser.parse_args()
    for name in arguments.parts:
        if name not in PARTS:
            parser.error(f"unknown part {name!r}: there are {', '.join(PARTS)}")
    sections = []
    for name in arguments.parts or PARTS:
        load = number(os.getloadavg()[0])
        print(f"{PARTS[name]} (load average {load})", file=sys.stderr)
        table = markdown(run_part(name))
        sections.append(f"## {PARTS[name]}\nLoad average before: {load}.\n\n{table}\n")
    text = "\n".join(["# Results of the last run\n", machine(), "", *sections])
    output = arguments.output or (None if arguments.parts else HERE / "results.md")
    print(text)
    if output is not None:
        output.write_text(text, encoding="utf-8")
        print(f"written to {output}", file=sys.stderr)


if __name__ == "__main__":
    main()
