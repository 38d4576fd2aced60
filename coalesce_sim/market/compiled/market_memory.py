"""All tables of a market with contracts, in groups, and where a kernel finds them (`memory`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.agenda import Agenda, Event
from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.composite import Part, Wholes
from coalesce_sim.market.compiled.experience import Experience
from coalesce_sim.market.compiled.market_tables import (
    Change,
    Check,
    Conditional,
    Contractor,
    Effect,
    Ended,
    Job,
    Learned,
    Listing,
    Open,
    Pair,
    Played,
    Purse,
    Ranked,
    Rated,
    Recorded,
    Rules,
    Task,
    Window,
)
from coalesce_sim.market.compiled.memory import Kind, grid_at, rows_at, stack_at
from coalesce_sim.market.compiled.motion import Motion, Move, Outage, Step
from coalesce_sim.market.compiled.policy_memory import FIRST_KINDS, OTHERS, Noted, noted_at
from coalesce_sim.market.compiled.rows import Grid, Table, dtype_of
from coalesce_sim.market.compiled.slots import Books, Waiting, Worker


class Tasks(NamedTuple):
    """Tasks of the blocks that are open: what policies keep of them, what is stated, what has come of them
    and who was tried for each; and the blocks."""

    noted: Table[Noted]
    stated: Table[Task]
    played: Table[Played]
    tried: IntArray
    blocks: Table[Open]


class Under(NamedTuple):
    """What is under way: attempts, events, and the time."""

    jobs: Table[Job]
    events: Table[Event]
    agenda: Table[Agenda]


class Facts(NamedTuple):
    """What stands: prices on conditions, recorded results, checks; who has authorised whom, how many tasks
    have come to each machine of clients, what groups may spend, and who asked for more of the task at hand.
    """

    conditional: Grid[Conditional]
    recorded: Recorded
    checks: Table[Check]
    authorised: IntArray
    arrivals: IntArray
    purses: Table[Purse]
    beyond: IntArray


class Ranking(NamedTuple):
    """Whom clients can find. The registry's, by type of task: the heap of all contractors, and whose turn it
    is. Who is in the market, ascending, and who was when the registry ranked; who comes or goes when."""

    ranked: Grid[Ranked]
    listings: Table[Listing]
    there: IntArray
    known: IntArray
    changes: Table[Change]


class Told(NamedTuple):
    """What is told to those who watch: contracts that have ended, and ratings."""

    ended: Table[Ended]
    ratings: Table[Rated]


_FLOAT, _INT, _BOOL = np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.bool_)
_TASK, _PLAYED, _OPEN = dtype_of(Task), dtype_of(Played), dtype_of(Open)
_JOB, _EVENT, _AGENDA = dtype_of(Job), dtype_of(Event), dtype_of(Agenda)
_WORKER, _WAITING = dtype_of(Worker), dtype_of(Waiting)
_CONTRACTOR, _PAIR, _LEARNED = dtype_of(Contractor), dtype_of(Pair), dtype_of(Learned)
_WINDOW, _EFFECT = dtype_of(Window), dtype_of(Effect)
_CONDITIONAL, _CHECK = dtype_of(Conditional), dtype_of(Check)
_RANKED, _LISTING = dtype_of(Ranked), dtype_of(Listing)
_ENDED, _RATED, _RULES = dtype_of(Ended), dtype_of(Rated), dtype_of(Rules)
_PART, _PURSE, _CHANGE = dtype_of(Part), dtype_of(Purse), dtype_of(Change)
_MOVE, _STEP, _OUTAGE = dtype_of(Move), dtype_of(Step), dtype_of(Outage)

KINDS: Final[Sequence[Kind]] = (
    *FIRST_KINDS,
    *((_TASK, 1), (_PLAYED, 1), (_INT, 2), (_OPEN, 1)),
    *((_JOB, 1), (_EVENT, 1), (_AGENDA, 1)),
    *((_WORKER, 1), (_WAITING, 1), (_FLOAT, 2)),
    *((_CONTRACTOR, 1), (_PAIR, 2), (_LEARNED, 3), (_WINDOW, 1), (_EFFECT, 1)),
    *((_CONDITIONAL, 2), (_BOOL, 2), (_FLOAT, 2), (_CHECK, 1), (_INT, 1), (_INT, 1)),
    *((_PURSE, 1), (_INT, 1)),
    *((_RANKED, 2), (_LISTING, 1), (_INT, 1), (_INT, 1), (_CHANGE, 1)),
    *((_ENDED, 1), (_RATED, 1)),
    (_RULES, 1),
    *((_PART, 1), (_INT, 1)),
    *((_MOVE, 1), (_STEP, 1), (_OUTAGE, 1)),
)
"""All tables, in the order of the groups: what stands at `at` of the functions below."""


@part
def tasks_at(at: IntArray) -> Tasks:
    """The tasks."""
    stated, played = rows_at(at, OTHERS, _TASK), rows_at(at, OTHERS + 1, _PLAYED)
    return Tasks(noted_at(at), stated, played, grid_at(at, OTHERS + 2, _INT), rows_at(at, OTHERS + 3, _OPEN))


@part
def under_at(at: IntArray) -> Under:
    """What is under way."""
    jobs, events = rows_at(at, OTHERS + 4, _JOB), rows_at(at, OTHERS + 5, _EVENT)
    return Under(jobs, events, rows_at(at, OTHERS + 6, _AGENDA))


@part
def books_at(at: IntArray) -> Books:
    """What queues keep."""
    workers, waiting = rows_at(at, OTHERS + 7, _WORKER), rows_at(at, OTHERS + 8, _WAITING)
    return Books(workers, waiting, grid_at(at, OTHERS + 9, _FLOAT))


@part
def experience_at(at: IntArray) -> Experience:
    """What is learned."""
    contractors, pairs, learned = (
        rows_at(at, OTHERS + 10, _CONTRACTOR),
        grid_at(at, OTHERS + 11, _PAIR),
        stack_at(at, OTHERS + 12, _LEARNED),
    )
    windows, effects = rows_at(at, OTHERS + 13, _WINDOW), rows_at(at, OTHERS + 14, _EFFECT)
    return Experience(contractors, pairs, learned, windows, effects)


@part
def facts_at(at: IntArray) -> Facts:
    """What stands."""
    conditional, checks = grid_at(at, OTHERS + 15, _CONDITIONAL), rows_at(at, OTHERS + 18, _CHECK)
    recorded = Recorded(grid_at(at, OTHERS + 16, _BOOL), grid_at(at, OTHERS + 17, _FLOAT))
    authorised, arrivals = rows_at(at, OTHERS + 19, _INT), rows_at(at, OTHERS + 20, _INT)
    purses, beyond = rows_at(at, OTHERS + 21, _PURSE), rows_at(at, OTHERS + 22, _INT)
    return Facts(conditional, recorded, checks, authorised, arrivals, purses, beyond)


@part
def ranking_at(at: IntArray) -> Ranking:
    """The registry's ranking."""
    ranked, listings = grid_at(at, OTHERS + 23, _RANKED), rows_at(at, OTHERS + 24, _LISTING)
    there, known = rows_at(at, OTHERS + 25, _INT), rows_at(at, OTHERS + 26, _INT)
    return Ranking(ranked, listings, there, known, rows_at(at, OTHERS + 27, _CHANGE))


@part
def told_at(at: IntArray) -> Told:
    """What is told to those who watch."""
    return Told(rows_at(at, OTHERS + 28, _ENDED), rows_at(at, OTHERS + 29, _RATED))


@part
def rules_at(at: IntArray) -> Rules:
    """The scenario's rules."""
    row: Rules = rows_at(at, OTHERS + 30, _RULES)[0]
    return row


@part
def wholes_at(at: IntArray) -> Wholes:
    """What composite tasks consist of."""
    return Wholes(rows_at(at, OTHERS + 31, _PART), rows_at(at, OTHERS + 32, _INT))


@part
def motion_at(at: IntArray) -> Motion:
    """What moves, and who goes down."""
    moves, steps = rows_at(at, OTHERS + 33, _MOVE), rows_at(at, OTHERS + 34, _STEP)
    return Motion(moves, steps, rows_at(at, OTHERS + 35, _OUTAGE))
