"""Broken versions of good files, each from a seed of its own."""

from __future__ import annotations

import random

WORDS = (
    "null", "true", "nan", ".inf", "-1", "0", "1e400", "1e-320", "9" * 30, "9" * 5000, "[]", "{}", "''", "~", "- ",
    ": ", "? ", "&a ", "*a", "<<: *a", "!!int ", "!!python/object:os.system ", "|", ">", "%YAML 1.1\n", "---\n",
    "...\n", "#", "@", "`", "\t", "\x00", "\ufeff", "\u2028", "é", "\\", '"', "'", "[" * 100, "{a: " * 100,
    "../../../etc/passwd", "/dev/zero", "a.csv", "name", "type", "value", "error", "charges", "min", "max", "points",
    "file", "variants", "mass,coupling", "energy,numu", ",", ",,", "1,2,3", "# units: 1/GeV", "# gap: 1 2", "=1+1",
    '"\\0"', '"a\\0.csv"',
)  # fmt: skip
EDGES = (b"\x00", b"\xff", b"\x7f", b"\x80", b"\x01", b"\xff" * 8, b"\x00" * 8, b"\x00" * 64)


def mutated_text(seeds: list[str], seed: int) -> bytes:
    """Return a text with a few lines and words of it changed, or parts of two of them, or nothing but words."""
    rng = random.Random(seed)  # noqa: S311
    text = rng.choice(seeds)
    if rng.random() < 0.05:
        return " ".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 30))).encode(errors="replace")
    if rng.random() < 0.1:
        other = rng.choice(seeds)
        text = text[: rng.randrange(len(text) + 1)] + other[rng.randrange(len(other) + 1) :]
    lines = text.split("\n")
    for _ in range(rng.choice((1, 1, 1, 2, 4, 12))):
        _change(rng, lines)
    data = bytearray("\n".join(lines).encode(errors="replace"))
    if rng.random() < 0.1:
        _flip(rng, data)
    return bytes(data)


def _change(rng: random.Random, lines: list[str]) -> None:
    """Change one line."""
    here = rng.randrange(len(lines)) if lines else 0
    line = lines[here] if lines else ""
    start = rng.randrange(len(line) + 1)
    stop = min(len(line), start + rng.randrange(12))
    match rng.randrange(9):
        case 0:
            lines[here : here + rng.randrange(1, 4)] = []
        case 1:
            lines.insert(here, rng.choice(lines) if lines else "a")
        case 2:
            lines[here : here + 1] = [line[:start] + rng.choice(WORDS) + line[stop:]]
        case 3:
            lines[here : here + 1] = [" " * rng.randrange(6) + line.lstrip()]
        case 4:
            lines[here : here + 1] = [line.partition(":")[0] + ": " + rng.choice(WORDS)]
        case 5:
            lines[here : here + 1] = [line[:2000] * rng.choice((2, 50))]
        case 6:
            lines[here : here + 1] = [line[:start] + line[stop:]]
        case 7:
            del lines[here + 1 :]
        case _:
            words = line.split(" ")
            rng.shuffle(words)
            lines[here : here + 1] = [" ".join(words)]


def mutated_bytes(seeds: list[bytes], seed: int) -> bytes:
    """Return a binary file with some bytes of it changed, moved, or gone."""
    rng = random.Random(seed)  # noqa: S311
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.choice((1, 1, 2, 4, 16, 64))):
        _flip(rng, data)
    return bytes(data)


def _flip(rng: random.Random, data: bytearray) -> None:
    """Change a few bytes."""
    if not data:
        return
    here = rng.randrange(len(data))
    match rng.randrange(16):
        case 0:
            del data[here : here + rng.randrange(1, 64)]
        case 1:
            data[here:here] = bytes(rng.randrange(1, 64))
        case 2:
            if rng.random() < 0.3:
                del data[here:]
        case 3 | 4:
            other, length = rng.randrange(len(data)), rng.choice((4, 8, 32, 512))
            data[here : here + length] = data[other : other + length]
        case 5 | 6:
            data[here : here + 8] = rng.randrange(2 ** rng.choice((8, 16, 32, 64))).to_bytes(8, "little")
        case 7 | 8 | 9:
            edge = rng.choice(EDGES)
            data[here : here + len(edge)] = edge
        case _:
            data[here] ^= 1 << rng.randrange(8)
