"""Any field of a scenario by its path, or by words of its description."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from coalesce_sim.lab.controls.described import Field

MOST_FOUND = 40
"""More matches are cut off, and told."""


class Found(NamedTuple):
    """The fields that fit best, at most `MOST_FOUND`, and how many fit in all."""

    fields: list[Field]
    of: int


def search(fields: Iterable[Field], asked: str) -> Found:
    """The fields whose path or description has all the words; those come first whose path has them.

    A path that begins as asked for stands before all others, and shorter ones before longer ones.
    """
    words = re.findall(r"[^\s._\[\]]+", asked.lower())
    if not words:
        return Found([], 0)
    ranked = sorted(
        (rank, len(field.steps), place, field)
        for place, field in enumerate(fields)
        if (rank := _rank(field, asked.strip().lower(), words)) is not None
    )
    return Found([field for *_, field in ranked[:MOST_FOUND]], len(ranked))


def _rank(field: Field, asked: str, words: list[str]) -> int | None:
    path = field.path.lower()
    if path == asked:
        return 0
    if path.startswith(asked):
        return 1
    if str(field.steps[-1]).lower() == asked:
        return 2
    if all(word in path for word in words):
        return 3
    text = f"{path} {field.description.lower()}"
    return 4 if all(word in text for word in words) else None
