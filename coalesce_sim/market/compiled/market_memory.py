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
from coalesce_sim.market.compiled.learners import Arms, Learner
from coalesce_sim.market.compiled.market_tables import (
    Check,
    Conditional,
    Contractor,
    Course,
    Effect,
    Ended,
    Job,
    Learned,
    Listing,
    Offers,
    Open,
    Pair,
    Played,
    Ranked,
    Rated,
    Recorded,
    Rules,
    Task,
    Window,
)
from coalesce_sim.market.compiled.memory import Kind, grid_at, rows_at, stack_at
from coalesce_sim.market.compiled.published_choices import Yardstick
from coalesce_sim.market.compiled.rows import Grid, Table, dtype_of
from coalesce_sim.market.compiled.slots import Books, Waiting, Worker
from coalesce_sim.market.compiled.topsis import Memory, Topsis


class Tasks(NamedTuple):
    """Tasks of the blocks that are open, what has come of them, who was tried for each, and the blocks."""

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
    """What stands: prices on conditions, recorded results, checks; who has authorised whom, and how many
    tasks have come to each client."""

    conditional: Grid[Conditional]
    recorded: Recorded
    checks: Table[Check]
    authorised: IntArray
    arrivals: IntArray


class Ranking(NamedTuple):
    """The registry's, by type of task: the heap of all contractors, and whose turn it is."""

    ranked: Grid[Ranked]
    listings: Table[Listing]


class OfferPolicy(NamedTuple):
    """The policy: a row of each kind, of which it reads one, and what they remember."""

    yardstick: Table[Yardstick]
    topsis: Table[Topsis]
    memory: Memory
    learner: Table[Learner]
    arms: Arms


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
_YARDSTICK, _TOPSIS, _LEARNER = dtype_of(Yardstick), dtype_of(Topsis), dtype_of(Learner)
_ENDED, _RATED, _RULES, _COURSE = dtype_of(Ended), dtype_of(Rated), dtype_of(Rules), dtype_of(Course)
_PART = dtype_of(Part)

KINDS: Final[Sequence[Kind]] = (
    *((_TASK, 1), (_PLAYED, 1), (_INT, 2), (_OPEN, 1)),
    *((_JOB, 1), (_EVENT, 1), (_AGENDA, 1)),
    *((_WORKER, 1), (_WAITING, 1), (_FLOAT, 2)),
    *((_CONTRACTOR, 1), (_PAIR, 2), (_LEARNED, 3), (_WINDOW, 1), (_EFFECT, 1)),
    *((_CONDITIONAL, 2), (_BOOL, 2), (_FLOAT, 2), (_CHECK, 1), (_INT, 1), (_INT, 1)),
    *((_RANKED, 2), (_LISTING, 1)),
    *((_INT, 1), (_FLOAT, 2), (_BOOL, 1)),
    *((_YARDSTICK, 1), (_TOPSIS, 1), (_FLOAT, 2), (_FLOAT, 2), (_INT, 2), (_LEARNER, 1)),
    *((_FLOAT, 2), (_FLOAT, 2), (_FLOAT, 1)),
    *((_ENDED, 1), (_RATED, 1)),
    *((_RULES, 1), (_COURSE, 1)),
    *((_PART, 1), (_INT, 1)),
)
"""All tables, in the order of the groups: what stands at `at` of the functions below."""


@part
def tasks_at(at: IntArray) -> Tasks:
    """The tasks."""
    return Tasks(rows_at(at, 0, _TASK), rows_at(at, 1, _PLAYED), grid_at(at, 2, _INT), rows_at(at, 3, _OPEN))


@part
def under_at(at: IntArray) -> Under:
    """What is under way."""
    return Under(rows_at(at, 4, _JOB), rows_at(at, 5, _EVENT), rows_at(at, 6, _AGENDA))


@part
def books_at(at: IntArray) -> Books:
    """What queues keep."""
    return Books(rows_at(at, 7, _WORKER), rows_at(at, 8, _WAITING), grid_at(at, 9, _FLOAT))


@part
def experience_at(at: IntArray) -> Experience:
    """What is learned."""
    contractors, pairs, learned = (
        rows_at(at, 10, _CONTRACTOR),
        grid_at(at, 11, _PAIR),
        stack_at(at, 12, _LEARNED),
    )
    return Experience(contractors, pairs, learned, rows_at(at, 13, _WINDOW), rows_at(at, 14, _EFFECT))


@part
def facts_at(at: IntArray) -> Facts:
    """What stands."""
    conditional, checks = grid_at(at, 15, _CONDITIONAL), rows_at(at, 18, _CHECK)
    recorded = Recorded(grid_at(at, 16, _BOOL), grid_at(at, 17, _FLOAT))
    return Facts(conditional, recorded, checks, rows_at(at, 19, _INT), rows_at(at, 20, _INT))


@part
def ranking_at(at: IntArray) -> Ranking:
    """The registry's ranking."""
    return Ranking(grid_at(at, 21, _RANKED), rows_at(at, 22, _LISTING))


@part
def offers_at(at: IntArray) -> Offers:
    """The offers on the task that is decided."""
    return Offers(rows_at(at, 23, _INT), grid_at(at, 24, _FLOAT), rows_at(at, 25, _BOOL))


@part
def yardstick_at(at: IntArray) -> Yardstick:
    """Which policy decides."""
    row: Yardstick = rows_at(at, 26, _YARDSTICK)[0]
    return row


@part
def topsis_at(at: IntArray) -> Topsis:
    """The settings of TOPSIS."""
    row: Topsis = rows_at(at, 27, _TOPSIS)[0]
    return row


@part
def memory_at(at: IntArray) -> Memory:
    """What TOPSIS remembers."""
    return Memory(grid_at(at, 28, _FLOAT), grid_at(at, 29, _FLOAT), grid_at(at, 30, _INT))


@part
def learner_at(at: IntArray) -> Learner:
    """The settings of a learner."""
    row: Learner = rows_at(at, 31, _LEARNER)[0]
    return row


@part
def arms_at(at: IntArray) -> Arms:
    """What a learner knows of its arms."""
    return Arms(grid_at(at, 32, _FLOAT), grid_at(at, 33, _FLOAT), rows_at(at, 34, _FLOAT))


@part
def told_at(at: IntArray) -> Told:
    """What is told to those who watch."""
    return Told(rows_at(at, 35, _ENDED), rows_at(at, 36, _RATED))


@part
def rules_at(at: IntArray) -> Rules:
    """The scenario's rules."""
    row: Rules = rows_at(at, 37, _RULES)[0]
    return row


@part
def course_at(at: IntArray) -> Course:
    """How far the market is."""
    row: Course = rows_at(at, 38, _COURSE)[0]
    return row


@part
def wholes_at(at: IntArray) -> Wholes:
    """What composite tasks consist of."""
    return Wholes(rows_at(at, 39, _PART), rows_at(at, 40, _INT))
