"""When the names of two cards may be taken for one another.

Two names are confusable if they are equal after Unicode normalisation (NFKC) and case folding, or look alike:
after each character was replaced by the first, by code point, of those that Unicode (UTS 39) counts as its
look-alikes. So Latin and Cyrillic a are one, and so are l, I and 1, O and 0, rn and m. Spaces at the ends,
and how many there are in between, do not tell names apart.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from coalesce_sim.extras import require
from coalesce_sim.scenario.problems import Problem


def confusions(names: Iterable[tuple[str, str]]) -> list[Problem]:
    """A problem for each of the names, given with their files, that is, or looks like, an earlier one."""
    problems: list[Problem] = []
    seen: dict[str, tuple[str, str]] = {}
    for file, name in names:
        keys = skeletons(name)
        first = next((seen[key] for key in keys if key in seen), None)
        if first is None:
            seen |= dict.fromkeys(keys, (file, name))
        elif first[1] == name:
            problems.append(Problem(file, None, "name", f"{first[0]} has it too (got {name!r})"))
        else:
            told = f"may be taken for {first[1]!a} in {first[0]} (got {name!a})"
            problems.append(Problem(file, None, "name", told))
    return problems


def skeletons(name: str) -> tuple[str, str]:
    """What names that may be taken for one another share, one or the other.

    Case is folded before and after look-alikes are replaced: I is like l, and like i.
    """
    plain = unicodedata.normalize("NFKC", " ".join(name.split()))
    folded = unicodedata.normalize("NFKD", plain.casefold())
    unfolded = unicodedata.normalize("NFKD", plain)
    return _replaced(folded), _replaced(unfolded).casefold()


def _replaced(text: str) -> str:
    return "".join(map(_first_alike, text)).replace("rn", "m")


@lru_cache(maxsize=65_536)
def _first_alike(character: str) -> str:
    """The least of the single characters that look like one.

    The table lists at each character the one that stands for all alike, and at that all others.
    """
    near = {character, *_alike(character)}
    everybody = near.union(*map(_alike, near))
    return min(each for each in everybody if len(each) == 1)


def _alike(character: str) -> list[str]:
    table: dict[str, list[dict[str, Any]]]
    table = require("confusable_homoglyphs.confusables", extra="cards").confusables_data
    return [each["c"] for each in table.get(character, ())]
