"""Types of task and groups of clients: what calls are told apart by, under names that say nothing of
anybody."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

MOST: Final = 20
OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Kinds:
    """Names, and the place of each row's name among them. `merged` is how many names are `other` together."""

    names: tuple[str, ...]
    of_row: np.ndarray
    merged: int = 0


def kinds_of(
    codes: np.ndarray, values: Sequence[str], without: str, name: Callable[[int, str], str]
) -> Kinds:
    """The `MOST` most frequent values, in the order in which they first come; the rest is `other`.

    `codes` are places in `values`, -1 where there is none, which is called `without`. `name` makes a name of
    the number of a value, from 1, and the value itself.
    """
    counts = np.bincount(codes.astype(np.int64) + 1, minlength=len(values) + 1)
    there = np.flatnonzero(counts)
    often = there[np.argsort(-counts[there], kind="stable")]
    kept = often if len(often) <= MOST else often[: MOST - 1]
    first = first_places(codes.astype(np.int32) + 1, len(counts))
    in_order = kept[np.argsort(first[kept], kind="stable")]
    place = np.full(len(counts), len(in_order), dtype=np.int32)
    place[in_order] = np.arange(len(in_order))
    names: list[str] = []
    for number, code in enumerate(in_order.tolist(), 1):
        names.append(_unlike(without if code == 0 else name(number, values[code - 1]), names))
    if len(kept) < len(often):
        names.append(_unlike(OTHER, names))
    return Kinds(tuple(names), place[codes.astype(np.int64) + 1], len(often) - len(kept))


def _unlike(name: str, names: Sequence[str]) -> str:
    """The name, with a number behind it where another has it."""
    tried, number = name, 1
    while tried in names:
        number += 1
        tried = f"{name}_{number}"
    return tried


def plain(value: str, prefix: str) -> str:
    """A value as a name: letters, digits, ``_`` and ``-``, the first a letter, at most 50."""
    name = re.sub(r"[^A-Za-z0-9_\-]+", "_", value).strip("_")[:50]
    return name if re.match(r"[A-Za-z]", name) else f"{prefix}_{name}" if name else prefix


@dataclass(frozen=True, slots=True)
class Clients:
    """Clients, numbered on from group to group in the order in which they first come: that of each row, and
    how many each group has."""

    of_row: np.ndarray
    counts: tuple[int, ...]


def clients_of(groups: Kinds, users: np.ndarray) -> Clients:
    """Who uses what from which group: a user of two groups is two clients, and those without a name are
    one."""
    width = int(users.max(initial=-1)) + 2
    keys = groups.of_row.astype(np.int64) * width + users + 1
    first = first_places(keys, len(groups.names) * width)
    there = np.flatnonzero(first < len(keys))
    group = there // width
    order = np.lexsort((first[there], group))
    number = np.full(len(first), -1, dtype=np.int32)
    number[there[order]] = np.arange(len(there))
    counts = np.bincount(group, minlength=len(groups.names))
    return Clients(number[keys], tuple(int(count) for count in counts))


def first_places(codes: np.ndarray, most: int) -> np.ndarray:
    """Where each of the codes below `most` stands first; behind the end where it does not."""
    first = np.full(most, len(codes), dtype=np.int32)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1, dtype=np.int32)  # of several the last one is kept
    return first
