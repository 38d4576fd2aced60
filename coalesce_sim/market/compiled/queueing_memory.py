"""All tables of the published trade where something queues, in groups, and where a kernel finds them
(`memory`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.market.compiled.agenda import Agenda, Event
from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.market_tables import Conditional, Open, Played
from coalesce_sim.market.compiled.memory import Kind, grid_at, rows_at
from coalesce_sim.market.compiled.policy_memory import FIRST_KINDS, OTHERS, Noted, noted_at
from coalesce_sim.market.compiled.published_tables import Clock
from coalesce_sim.market.compiled.queueing_tables import Contractor, Job, Rules, Task
from coalesce_sim.market.compiled.rows import Grid, Table, dtype_of
from coalesce_sim.market.compiled.slots import Books, Waiting, Worker


class Tasks(NamedTuple):
    """Tasks of the blocks that are open: what policies keep of them, what is stated and what has come of
    them; and the blocks."""

    noted: Table[Noted]
    stated: Table[Task]
    played: Table[Played]
    blocks: Table[Open]


class Under(NamedTuple):
    """What is under way: tasks that were sent off, events, and the time."""

    jobs: Table[Job]
    events: Table[Event]
    agenda: Table[Agenda]


class Sides(NamedTuple):
    """Contractors, their prices on conditions, how far the skills of each go for each type of task and
    whether that will do, and how many tasks have come to each client."""

    contractors: Table[Contractor]
    conditional: Grid[Conditional]
    skill: FloatArray
    eligible: BoolArray
    arrivals: IntArray


class Moving(NamedTuple):
    """What prices that move by the hour go by (`published_setup.Hours`)."""

    demand_step: FloatArray
    winners: IntArray
    clock: Table[Clock]


_FLOAT, _INT, _BOOL = np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.bool_)
_TASK, _PLAYED, _OPEN = dtype_of(Task), dtype_of(Played), dtype_of(Open)
_JOB, _EVENT, _AGENDA = dtype_of(Job), dtype_of(Event), dtype_of(Agenda)
_WORKER, _WAITING = dtype_of(Worker), dtype_of(Waiting)
_CONTRACTOR, _CONDITIONAL, _CLOCK = dtype_of(Contractor), dtype_of(Conditional), dtype_of(Clock)
_RULES = dtype_of(Rules)

KINDS: Final[Sequence[Kind]] = (
    *FIRST_KINDS,
    *((_TASK, 1), (_PLAYED, 1), (_OPEN, 1)),
    *((_JOB, 1), (_EVENT, 1), (_AGENDA, 1)),
    *((_WORKER, 1), (_WAITING, 1), (_FLOAT, 2)),
    *((_CONTRACTOR, 1), (_CONDITIONAL, 2), (_FLOAT, 2), (_BOOL, 2), (_INT, 1)),
    *((_FLOAT, 1), (_INT, 1), (_CLOCK, 1)),
    (_RULES, 1),
)
"""All tables, in the order of the groups: what stands at `at` of the functions below."""


@part
def tasks_at(at: IntArray) -> Tasks:
    """The tasks."""
    stated, played = rows_at(at, OTHERS, _TASK), rows_at(at, OTHERS + 1, _PLAYED)
    return Tasks(noted_at(at), stated, played, rows_at(at, OTHERS + 2, _OPEN))


@part
def under_at(at: IntArray) -> Under:
    """What is under way."""
    jobs, events = rows_at(at, OTHERS + 3, _JOB), rows_at(at, OTHERS + 4, _EVENT)
    return Under(jobs, events, rows_at(at, OTHERS + 5, _AGENDA))


@part
def books_at(at: IntArray) -> Books:
    """What queues keep."""
    workers, waiting = rows_at(at, OTHERS + 6, _WORKER), rows_at(at, OTHERS + 7, _WAITING)
    return Books(workers, waiting, grid_at(at, OTHERS + 8, _FLOAT))


@part
def sides_at(at: IntArray) -> Sides:
    """Contractors and clients."""
    contractors, conditional = rows_at(at, OTHERS + 9, _CONTRACTOR), grid_at(at, OTHERS + 10, _CONDITIONAL)
    skill, eligible = grid_at(at, OTHERS + 11, _FLOAT), grid_at(at, OTHERS + 12, _BOOL)
    return Sides(contractors, conditional, skill, eligible, rows_at(at, OTHERS + 13, _INT))


@part
def moving_at(at: IntArray) -> Moving:
    """Prices that move by the hour."""
    demand_step, winners = rows_at(at, OTHERS + 14, _FLOAT), rows_at(at, OTHERS + 15, _INT)
    return Moving(demand_step, winners, rows_at(at, OTHERS + 16, _CLOCK))


@part
def rules_at(at: IntArray) -> Rules:
    """The scenario's rules."""
    row: Rules = rows_at(at, OTHERS + 17, _RULES)[0]
    return row
