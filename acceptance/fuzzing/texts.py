"""Texts of scenarios and sweeps that YAML, or the schema, may not stand; they are read, and not played."""

from __future__ import annotations

import random

from acceptance.fuzzing import bases, damage, manners
from acceptance.fuzzing.case import Case

_PIECES = (
    "*anchor",
    "&anchor x",
    "<<: {a: 1}",
    "<<: *anchor",
    "!!python/object/apply:os.getcwd []",
    "!!binary aGVsbG8=",
    "!!set {a, b}",
    "!own tag",
    "? [a, b]\n: c",
    "1: 2",
    "null: 3",
    "2026-01-01: x",
    "=",
    "[" * 400,
    "{" * 400,
    "a: " * 50,
    "12:30:45",
    "0o17",
    "0x1F",
    "1_000",
    ".5",
    "1e400",
    "9" * 400,
    "9" * 5000,
    "--- ",
    "...",
    "%YAML 1.2",
    "extends: market.yaml",
    "extends: nowhere",
    "extends: [dur_01]",
    "name: a/b",
    "name: ''",
    "seed: 1e3",
    "seed: true",
    "clock: {days: 1, days: 2}",
    "contractors[0]: 3",
    "types.coding: null",
    "\u2028",
    "\ufeff",
)

_SWEEP = """base: dur_03
set: {clock.days: 0.02, contractors.count: 4, clients.count: 2}
factors:
  policy.epsilon: {linspace: [0, 0.3, 3]}
  skills.threshold: [0.5, 0.7]
replications: 1
"""


def play(case: Case) -> None:
    """Damage a text and have it checked."""
    rng = case.rng
    if rng.random() < 0.25:
        text = _SWEEP
    elif rng.random() < 0.3:
        text = (
            bases.SCENARIOS / f"{rng.choice(('market_day', 'cold_start', 'azure_code_like'))}.yaml"
        ).read_text()
    else:
        bases.write(bases.short(rng.choice(bases.names())), case.path("market.yaml"))
        text = case.path("market.yaml").read_text(encoding="utf-8")
    data = text.encode()
    for _ in range(rng.randrange(1, 4)):
        data = rng.choice((damage.at_random, damage.lines, _insert, _indent))(rng, data)
    case.path("market.yaml").write_bytes(data)
    manners.look(case, case.run("validate", "market.yaml"))


def _insert(rng: random.Random, data: bytes) -> bytes:
    """A line, or the rest of one, is something that YAML has a meaning for."""
    rows = data.split(b"\n")
    place = rng.randrange(len(rows))
    piece, line = rng.choice(_PIECES).encode(), rows[place]
    if rng.random() < 0.5 and b":" in line:
        rows[place] = line.partition(b":")[0] + b": " + piece
    else:
        rows.insert(place, line[: len(line) - len(line.lstrip())] + piece)
    return b"\n".join(rows)


def _indent(rng: random.Random, data: bytes) -> bytes:
    """A line stands further to the left or to the right."""
    rows = data.split(b"\n")
    place = rng.randrange(len(rows))
    rows[place] = rng.choice((rows[place].lstrip(), b" " + rows[place], b"\t" + rows[place]))
    return b"\n".join(rows)
