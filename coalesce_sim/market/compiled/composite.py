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
    """A step of a type of composite task, or the one row of a type that is not: its `position` among so many
    `steps`, how many of them it `waits_for`, where those that wait for it stand in `Wholes.unlocked` and how
    many there are; what coordinating it costs and takes, and what putting its whole together costs."""

    position: int
    steps: int
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
    """What tasks of these types consist of; none of them may be split by a policy."""
    *_, wholes = composite.Templates(types).expand(np.arange(len(types)))
    unlocks = np.array([len(others) for others in wholes.unlocks], dtype=np.int64)
    unlocked = np.array([*chain.from_iterable(wholes.unlocks)], dtype=np.int64)
    parts = filled(
        Part,
        len(wholes.of),
        position=_positions(wholes),
        steps=wholes.steps[wholes.of],
        waits_for=wholes.waits_for,
        first_unlocked=np.cumsum(unlocks) - unlocks,
        unlocks=unlocks,
        split_usd=wholes.split_usd[wholes.of],
        split_s=wholes.split_s[wholes.of],
        integration_usd=wholes.integration_usd[wholes.of],
    )
    return Wholes(parts, unlocked - np.repeat(np.arange(len(unlocks)), unlocks))


def parts_of(wholes: composite.Wholes, laid: Wholes) -> IntArray:
    """The row of `Wholes.parts` of each task of a block."""
    firsts: IntArray = np.flatnonzero(laid.parts["position"] == 0)
    return firsts[wholes.type_id[wholes.of]] + _positions(wholes)


def _positions(wholes: composite.Wholes) -> IntArray:
    """Where in its whole each task stands."""
    first = np.cumsum(wholes.steps) - wholes.steps
    positions: IntArray = np.arange(len(wholes.of)) - first[wholes.of]
    return positions


def await_steps(played: Rows, parts: Rows) -> None:
    """Before tasks come: what each one waits for, and how many steps of its whole are not done."""
    waits_for = parts["waits_for"]
    fill(played, waits_for=waits_for, is_due=waits_for == 0, left=parts["steps"])
