"""``python -m acceptance.exports KIND OUT``: write a log that is made up, and print the truth."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from acceptance.exports import KINDS, draw, write

parser = argparse.ArgumentParser(prog="python -m acceptance.exports", description=__doc__)
parser.add_argument("kind", choices=KINDS)
parser.add_argument("out", type=Path)
parser.add_argument("--rows", type=int, default=50_000)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--days", type=float, default=1.0)
parser.add_argument("--failures", type=float, default=1.0, help="multiplies the sellers' rates of 1 to 6 %%")
parser.add_argument("--private", default="PRIVATE-7f3a", help="what stands where nobody should read")
parser.add_argument("--no-sessions", action="store_true")
parser.add_argument("--no-tags", action="store_true")
parser.add_argument(
    "--fails-with-length", action="store_true", help="the prompt's tokens of failed calls too"
)
given = parser.parse_args()
world = draw(
    given.rows,
    given.seed,
    days=given.days,
    failures=given.failures,
    sessions=not given.no_sessions,
    tags=not given.no_tags,
    private=given.private,
    fails_with_length=given.fails_with_length,
)
write(given.kind, world, given.out)
print(json.dumps(world.truth(given.kind), indent=2))
