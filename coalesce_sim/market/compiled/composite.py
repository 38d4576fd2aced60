"""What composite tasks consist of, laid out for kernels from `market.composite`."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.market import composite
from coalesce_sim.market.compiled.rows import Rows, Table, fill, filled
from coalesce_sim.scenario.workload import TaskType


class Part:
    """A row of what tasks of one type consist of, a step or the whole itself: its `position`, the `size` of
    its whole in rows, whether it may be split into the others, how many of them it `waits_for`, where those
    that wait for it stand in `Wholes.unlocked` and how many there are; what coordinating it costs and takes,
    and what putting its whole together costs."""

    position: int
    size: int
    may_split: bool
    waits_for: int
    first_unlocked: int
    unlocks: int
    split_usd: float
    split_s: float
    integration_usd: float


class Wholes(NamedTuple):
    """What tasks consist of: the rows of one whole of each type, type after type, and by how many rows those
    that wait for a row stand behind it."""

    parts: Table[Part]
    unlocked: IntArray


def wholes_of(types: Mapping[str, TaskType]) -> Wholes:
    """What tasks of these types consist of."""
    *_, wholes = composite.Templates(types).expand(np.arange(len(types)))
    of, is_step = wholes.of, wholes.is_step
    unlocks = np.array([len(others) for others in wholes.unlocks], dtype=np.int64)
    unlocked = np.array([*chain.from_iterable(wholes.unlocks)], dtype=np.int64)
    parts = filled(
        Part,
        len(of),
        position=_positions(wholes),
        size=_rows(wholes)[of],
        may_split=wholes.may_split & ~is_step,
        waits_for=wholes.waits_for,
        first_unlocked=np.cumsum(unlocks) - unlocks,
        unlocks=unlocks,
        split_usd=np.where(is_step, wholes.split_usd[of], 0.0),
        split_s=np.where(is_step, wholes.split_s[of], 0.0),
        integration_usd=np.where(is_step, wholes.integration_usd[of], 0.0),
    )
    return Wholes(parts, unlocked - np.repeat(np.arange(len(unlocks)), unlocks))


def parts_of(wholes: composite.Wholes, laid: Wholes) -> IntArray:
    """The row of `Wholes.parts` of each task of a block."""
    firsts: IntArray = np.flatnonzero(laid.parts["position"] == 0)
    return firsts[wholes.type_id[wholes.of]] + _positions(wholes)


def _rows(wholes: composite.Wholes) -> IntArray:
    """How many rows each whole has: its steps, and itself where it may be split."""
    return wholes.steps + (wholes.undivided >= 0)


def _positions(wholes: composite.Wholes) -> IntArray:
    """Where in its whole each task stands."""
    rows = _rows(wholes)
    positions: IntArray = np.arange(len(wholes.of)) - (np.cumsum(rows) - rows)[wholes.of]
    return positions


def await_steps(played: Rows, parts: Rows, wholes: composite.Wholes) -> None:
    """Before tasks come: what each one waits for, and how many steps of its whole are not done."""
    waits_for = parts["waits_for"]
    split = wholes.is_step & ~wholes.may_split
    fill(played, waits_for=waits_for, is_due=waits_for == 0, left=parts["size"], split=split)
