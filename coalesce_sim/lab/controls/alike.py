"""Whether two values say the same in a scenario."""

from __future__ import annotations

from datetime import date
from typing import Any


def same(one: Any, other: Any) -> bool:
    """Whether they do: 3 is 3.0, and a date is its text, but true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(each, other[key]) for key, each in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    plain = [each.isoformat() if isinstance(each, date) else each for each in (one, other)]
    return type(plain[0]) is type(plain[1]) and bool(plain[0] == plain[1])
