"""What moves of contractors and homes, and who goes down, compiled: `market.moving` and `.outages`."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from coalesce_sim.market.compiled.agenda import NORMAL, SLOTS_CHANGE, URGENT, Agenda, Event, schedule
from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.draws import drawn
from coalesce_sim.market.compiled.market_tables import Contractor, Job, Pair
from coalesce_sim.market.compiled.rows import Grid, Table
from coalesce_sim.market.compiled.slots import FREE, NOBODY, Books, Worker, first_free, resize
from coalesce_sim.scenario.outages import LAST_OUTAGE

PRICE: Final = 0
LATENCY: Final = 1
NETWORK: Final = 2
PREFILL: Final = 3
DECODE: Final = 4
CLAIM: Final = 5
OWN_SHARE: Final = 6
UNREACHABLE_RATE: Final = 7
INPUT: Final = 8
CACHED: Final = 9
OUTPUT: Final = 10
REQUEST: Final = 11
SUCCESS: Final = 12
"""Which number moves of a contractor, or of a home; success as clients know that of their own agents."""

NEVER: Final = 0
BY_CHANCE: Final = 1
LISTED: Final = 2
"""When contractors go down."""


class Move:
    """A number that moves: which it is, where its steps lie, and at which of them it is."""

    which: int
    first: int
    stop: int
    at: int


class Step:
    """A value that holds from some time on, in the unit in which it is reckoned with."""

    at_s: float
    value: float


class Outage:
    """A listed time in which a contractor is down."""

    from_s: float
    until_s: float


class Motion(NamedTuple):
    """What moves, step by step, and when contractors are down whose outages are listed."""

    moves: Table[Move]
    steps: Table[Step]
    outages: Table[Outage]


@part
def turn(
    who: int,
    contractor: Contractor,
    pairs: Grid[Pair],
    worker: Worker,
    motion: Motion,
    now_s: float,
) -> None:
    """`MovingFacts.turn` of one contractor, whose next step is due, or the same of a home (`Home._find_out`,
    `GroundTruth.own_price_at`)."""
    next_s = np.inf
    for place in range(contractor.first_move, contractor.stop_move):
        move = motion.moves[place]
        while move.at + 1 < move.stop and motion.steps[move.at + 1].at_s <= now_s:
            move.at += 1
        _enter(motion.steps[move.at].value, move.which, who, contractor, pairs, worker)
        if move.at + 1 < move.stop:
            next_s = min(next_s, motion.steps[move.at + 1].at_s)
    contractor.next_s = next_s


@part
def _enter(
    value: float, which: int, who: int, contractor: Contractor, pairs: Grid[Pair], worker: Worker
) -> None:
    if which == PRICE:
        contractor.price_usd = value
    elif which == LATENCY:
        contractor.latency_s = value
    elif which == NETWORK:
        worker.network_s = value
    elif which == PREFILL:
        contractor.prefill_s = value
    elif which == DECODE:
        contractor.decode_s = value
    elif which == CLAIM:
        for type_id in range(len(pairs)):
            pairs[type_id, who].score = value
    elif which == OWN_SHARE:
        contractor.own_cost_share = value
    elif which == UNREACHABLE_RATE:
        contractor.unreachable_rate = value
    elif which == INPUT:
        contractor.input_usd = value
    elif which == CACHED:
        contractor.cached_usd = value
    elif which == OUTPUT:
        contractor.output_usd = value
    elif which == REQUEST:
        contractor.request_usd = value
    else:
        for type_id in range(len(pairs)):
            if not pairs[type_id, who].stands_still:
                pairs[type_id, who].score = value


@part
def have_slots_of_now(
    contractor: Contractor,
    worker: Worker,
    jobs: Table[Job],
    books: Books,
    events: Table[Event],
    agenda: Agenda,
    motion: Motion,
) -> None:
    """`Queues.contractor`: somebody looks at the queue of a contractor."""
    if contractor.first_slots < contractor.stop_slots:
        place = _place(contractor.first_slots, contractor.stop_slots, agenda.now_s, motion)
        slots = int(motion.steps[place].value)
        if slots != worker.slots:
            resize(slots, worker, jobs, books, events, agenda)


@part
def await_slots(who: int, contractor: Contractor, events: Table[Event], agenda: Agenda) -> None:
    """`Queues.slots_may_change`."""
    if contractor.first_slots < contractor.stop_slots and not contractor.awaited:
        contractor.awaited = True
        schedule(agenda.now_s, SLOTS_CHANGE, who, NOBODY, URGENT, events, agenda)


@part
def change_slots(
    who: int,
    contractor: Contractor,
    worker: Worker,
    jobs: Table[Job],
    books: Books,
    events: Table[Event],
    agenda: Agenda,
    motion: Motion,
) -> None:
    """`Queues._change_slots`, from one step to the next."""
    have_slots_of_now(contractor, worker, jobs, books, events, agenda, motion)
    following = _place(contractor.first_slots, contractor.stop_slots, agenda.now_s, motion) + 1
    contractor.awaited = worker.waiting > 0 and following < contractor.stop_slots
    if contractor.awaited:
        at_s = agenda.now_s + (motion.steps[following].at_s - agenda.now_s)
        schedule(at_s, SLOTS_CHANGE, who, NOBODY, NORMAL, events, agenda)


@part
def ease_at(contractor: Contractor, pair: Pair, at_s: float, motion: Motion) -> float:
    """`GroundTruth.success_at` as what a draw has to be below for good work."""
    if pair.stands_still or contractor.first_success == contractor.stop_success:
        return pair.ease
    return motion.steps[_place(contractor.first_success, contractor.stop_success, at_s, motion)].value


@part
def _place(first: int, stop: int, at_s: float, motion: Motion) -> int:
    """`Course.place` among the steps from `first` on, up to `stop`."""
    low, high = first, stop
    while high - low > 1:
        middle = (low + high) // 2
        if motion.steps[middle].at_s <= at_s:
            low = middle
        else:
            high = middle
    return low


@part
def _outage(number: int, since_s: float, contractor: Contractor, motion: Motion) -> tuple[float, float]:
    """`Breakdowns._next`: the outage of that number, where the one before ended at `since_s`."""
    if contractor.goes_down == LISTED:
        place = contractor.first_outage + number
        if place >= contractor.stop_outage:
            return np.inf, np.inf
        return motion.outages[place].from_s, motion.outages[place].until_s
    if number >= LAST_OUTAGE:
        return np.inf, np.inf
    up_s = 3600 * contractor.mean_up_h * math.log1p(-drawn(contractor.outage, number, 0))
    repair_s = 3600 * contractor.mean_repair_h * math.log1p(-drawn(contractor.outage, number, 1))
    from_s = since_s - up_s
    return from_s, from_s - repair_s


@part
def _since(at_s: float, contractor: Contractor, motion: Motion) -> tuple[int, float, float]:
    """The first outage that is not over by then, no earlier than those that were over before: its number, and
    its times."""
    number, from_s, until_s = contractor.down, contractor.down_from_s, contractor.down_until_s
    while until_s <= at_s:
        number += 1
        from_s, until_s = _outage(number, until_s, contractor, motion)
    return number, from_s, until_s


@part
def keep_up(now_s: float, contractor: Contractor, motion: Motion) -> None:
    """Forget outages that were over by now."""
    if contractor.down_until_s <= now_s:
        number, from_s, until_s = _since(now_s, contractor, motion)
        contractor.down, contractor.down_from_s, contractor.down_until_s = number, from_s, until_s


@part
def repaired_s(at_s: float, contractor: Contractor, motion: Motion) -> float:
    """`Breakdowns.repaired_s`."""
    if contractor.goes_down == NEVER:
        return at_s
    _, from_s, until_s = _since(at_s, contractor, motion)
    return max(at_s, until_s) if from_s <= at_s else at_s


@part
def lasting(begin_s: float, work_s: float, contractor: Contractor, motion: Motion) -> tuple[float, bool]:
    """`Breakdowns.lasting`."""
    lasts_s = work_s
    if contractor.goes_down == NEVER:
        return lasts_s, False
    number, from_s, until_s = _since(begin_s, contractor, motion)
    while from_s < begin_s + lasts_s:
        if contractor.loses_work:
            return from_s - begin_s, True
        lasts_s += until_s - from_s
        number += 1
        from_s, until_s = _outage(number, until_s, contractor, motion)
    return lasts_s, False


@part
def down_s(begin_s: float, end_s: float, contractor: Contractor, motion: Motion) -> float:
    """`Breakdowns.down_s`."""
    total_s = 0.0
    if contractor.goes_down == NEVER:
        return total_s
    number, from_s, until_s = _since(begin_s, contractor, motion)
    while from_s < end_s:
        total_s += min(until_s, end_s) - max(from_s, begin_s)
        number += 1
        from_s, until_s = _outage(number, until_s, contractor, motion)
    return total_s


@part
def occupied_s(
    now_s: float, work_s: float, contractor: Contractor, worker: Worker, books: Books, motion: Motion
) -> float:
    """`Breakdowns.occupied_s` of a job that joins a queue now, where somebody is told how long it takes."""
    if contractor.goes_down == NEVER or not worker.limited or len(books.times_s) <= FREE:
        return work_s
    begin_s = max(now_s, float(books.times_s[FREE, first_free(worker, books)]))
    up_s = repaired_s(begin_s, contractor, motion)
    lasts_s, _ = lasting(up_s, work_s, contractor, motion)
    return up_s - begin_s + lasts_s
