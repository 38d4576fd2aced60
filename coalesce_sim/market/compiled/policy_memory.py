"""What a policy that decides on offers reads and writes, and where that lies: the first tables of both
markets that play events. So a policy that is compiled on its own plays in either."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.draws import StateArray
from coalesce_sim.market.compiled.market_tables import Course, Offers
from coalesce_sim.market.compiled.memory import Kind, grid_at, rows_at
from coalesce_sim.market.compiled.published_choices import Yardstick
from coalesce_sim.market.compiled.rows import Table, dtype_of
from coalesce_sim.market.compiled.topsis import Memory, Topsis

NOBODY: Final = -2
"""In the place of an arm: none was chosen, or what came of it is known."""


class Heard:
    """`Outcome`, as far as a policy that is compiled learns from it; `arm` is the contractor or, of work at
    home, the last column of `Arms`."""

    task: int
    type_id: int
    arm: int
    home: bool
    success: bool
    internal_usd: float
    price_usd: float
    realised_usd: float


class Noted:
    """What a policy keeps of a task until it is told what came of it: the arm that it chose (or `NOBODY`) and
    the value that counts until then. Of greedy and its kin `reference_usd`, NaN where it decided nothing; of
    a budget what it is charged, NaN for nothing; of `exp3` how likely the choice was among how many; of
    `lin_ucb` the features of the offer, as far as the type of task does not tell them."""

    arm: int
    expected: float
    reference_usd: float
    committed_usd: float
    probability: float
    alternatives: int
    gamma: float
    price: float
    unreliability: float
    latency: float
    complexity: float
    skill: float


GREEDY: Final = 0
EPSILON_GREEDY: Final = 1
OPTIMISTIC_GREEDY: Final = 2
ADAPTIVE_THRESHOLD: Final = 3
"""Kinds of greedy policies."""


class Learner:
    """The settings of a policy that learns, and what it keeps besides its arms.

    First those of greedy and its kin: ε as it has decayed so far, the threshold as it has moved, how much
    good work there was and its mean excess. Then those of policies that learn rewards: the scale that is
    stated (NaN: none) and the losses so far, and what each goes by; `gamma` is 0 and the budget infinite
    where none is stated, `pace_tasks` 0 where it may be spent at once. Last the states that draws begin at.
    """

    kind: int
    by_task_type: bool
    prior_weight: float
    pooled_weight: float
    epsilon: float
    decay: float
    threshold: float
    first_threshold: float
    step: float
    recovery: float
    good: int
    good_excess_usd: float
    stated_scale_usd: float
    losses: int
    mean_loss_usd: float
    uncertainty: float
    bias: float
    gamma: float
    horizon_tasks: int
    budget_usd: float
    spent_usd: float
    pace_tasks: int
    decided: int
    exploration: np.uint64
    pick: np.uint64


FIGURES: Final = range(7)
"""Rows of figures of each alternative that there is room for."""


class Arms(NamedTuple):
    """How often each arm was chosen, what it came to and the squares of that, (types + 1, contractors + 1):
    all types are the last row, home is the last column; how many choices there were by row. And room for the
    arms of the alternatives at hand, home last, and for
    `FIGURES` of each."""

    counts: FloatArray
    sums: FloatArray
    squares: FloatArray
    plays: IntArray
    at_hand: IntArray
    figures: FloatArray


class Ridge(NamedTuple):
    """`linear.Ridge`, and room for as many features."""

    inverse: FloatArray
    moment: FloatArray
    room: FloatArray


class OfferPolicy(NamedTuple):
    """The policy: a row of each kind, of which it reads one, and what they remember; the states that the
    draws of each arm begin at."""

    yardstick: Table[Yardstick]
    topsis: Table[Topsis]
    memory: Memory
    learner: Table[Learner]
    arms: Arms
    ridge: Ridge
    states: StateArray


class Chooser(NamedTuple):
    """The policies that are compiled together with the market: which one decides, TOPSIS and its memory."""

    yardstick: Yardstick
    topsis: Topsis
    memory: Memory


_FLOAT, _INT, _BOOL, _STATE = (np.dtype(each) for each in (np.float64, np.int64, np.bool_, np.uint64))
_COURSE, _HEARD, _NOTED = dtype_of(Course), dtype_of(Heard), dtype_of(Noted)
_YARDSTICK, _TOPSIS, _LEARNER = dtype_of(Yardstick), dtype_of(Topsis), dtype_of(Learner)

FIRST_KINDS: Final[Sequence[Kind]] = (
    *((_COURSE, 1), (_HEARD, 1)),
    *((_INT, 1), (_FLOAT, 2), (_BOOL, 1)),
    *((_YARDSTICK, 1), (_TOPSIS, 1), (_FLOAT, 2), (_FLOAT, 2), (_INT, 2)),
    *((_LEARNER, 1), (_FLOAT, 2), (_FLOAT, 2), (_FLOAT, 2), (_INT, 1), (_INT, 1), (_FLOAT, 2)),
    *((_FLOAT, 2), (_FLOAT, 1), (_FLOAT, 1), (_STATE, 1)),
    (_NOTED, 1),
)
"""These tables, in order; the others of a market follow, its tasks first, of which `Noted` is part."""

OTHERS: Final = len(FIRST_KINDS)
"""The place of the first table behind them."""


@part
def course_at(at: IntArray) -> Course:
    """How far the market is."""
    row: Course = rows_at(at, 0, _COURSE)[0]
    return row


@part
def heard_at(at: IntArray) -> Heard:
    """What came of an attempt."""
    row: Heard = rows_at(at, 1, _HEARD)[0]
    return row


@part
def offers_at(at: IntArray) -> Offers:
    """The offers on the task that is decided."""
    return Offers(rows_at(at, 2, _INT), grid_at(at, 3, _FLOAT), rows_at(at, 4, _BOOL))


@part
def yardstick_at(at: IntArray) -> Yardstick:
    """Which policy decides."""
    row: Yardstick = rows_at(at, 5, _YARDSTICK)[0]
    return row


@part
def topsis_at(at: IntArray) -> Topsis:
    """The settings of TOPSIS."""
    row: Topsis = rows_at(at, 6, _TOPSIS)[0]
    return row


@part
def memory_at(at: IntArray) -> Memory:
    """What TOPSIS remembers."""
    return Memory(grid_at(at, 7, _FLOAT), grid_at(at, 8, _FLOAT), grid_at(at, 9, _INT))


@part
def learner_at(at: IntArray) -> Learner:
    """The settings of a policy that learns."""
    row: Learner = rows_at(at, 10, _LEARNER)[0]
    return row


@part
def arms_at(at: IntArray) -> Arms:
    """What it knows of its arms."""
    counts, sums, squares = grid_at(at, 11, _FLOAT), grid_at(at, 12, _FLOAT), grid_at(at, 13, _FLOAT)
    return Arms(counts, sums, squares, rows_at(at, 14, _INT), rows_at(at, 15, _INT), grid_at(at, 16, _FLOAT))


@part
def ridge_at(at: IntArray) -> Ridge:
    """What a linear model has learned."""
    return Ridge(grid_at(at, 17, _FLOAT), rows_at(at, 18, _FLOAT), rows_at(at, 19, _FLOAT))


@part
def states_at(at: IntArray) -> StateArray:
    """The states that the draws of each arm begin at."""
    states: StateArray = rows_at(at, 20, _STATE)
    return states


@part
def noted_at(at: IntArray) -> Table[Noted]:
    """What is kept of each task of the blocks that are open."""
    rows: Table[Noted] = rows_at(at, 21, _NOTED)
    return rows
