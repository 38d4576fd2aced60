"""The life of an attempt, event by event, compiled, in the words of `contracts` (`lifecycle`, `home`).

Each function goes on from the attempt's stage to the next event, and says whether it is over, waits, or has
to be told something.
"""

from __future__ import annotations

import math
from typing import Final

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.agenda import DEADLINE, GO_ON, NORMAL, Agenda, Event, schedule
from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.draws import drawn
from coalesce_sim.market.compiled.market_tables import (
    ANSWERED,
    CANCELED,
    COMPLETED,
    FAILED,
    HOME_BEGINS,
    HOME_QUEUED,
    HOME_WORKED,
    MOVED,
    QUEUED,
    REJECTED,
    REPAIRED,
    SET_UP,
    SETTING_UP,
    UNREACHED,
    VERIFIED,
    WORKED,
    Contractor,
    Course,
    Job,
    Pair,
    Played,
    Rules,
    Task,
)
from coalesce_sim.market.compiled.motion import (
    NEVER,
    Motion,
    await_slots,
    down_s,
    ease_at,
    have_slots_of_now,
    keep_up,
    lasting,
    occupied_s,
    repaired_s,
)
from coalesce_sim.market.compiled.rows import Table
from coalesce_sim.market.compiled.slots import (
    Books,
    Worker,
    ask,
    ask_no_more,
    begin,
    end,
    join,
    leave,
    release,
    takes_in,
)
from coalesce_sim.market.contracts.lifecycle import ROUNDING_S

AT_LAST: Final = 0
EITHER_WAY: Final = 1
SETTLED: Final = 2
"""What who waits for a slot goes by: the slot, the slot or the deadline, or one of them that is there."""

OVER: Final = 0
WAITS: Final = 1
ASKS: Final = 2
"""What becomes of an attempt at an event: it is over, or waits for another, or for its client's answer."""

ACCEPTED: Final = 0
UNREACHABLE: Final = 1
TIMED_OUT: Final = 2
FULL: Final = 3
BROKE_OFF: Final = 4
FOUND_BAD: Final = 5
OUTAGE: Final = 7
"""Reasons, by their places in `contract_rows.REASONS`."""


@part
def at_home(
    place: int,
    job: Job,
    task: Task,
    played: Played,
    jobs: Table[Job],
    worker: Worker,
    books: Books,
    events: Table[Event],
    agenda: Agenda,
    course: Course,
) -> int:
    """`Home.work`."""
    if job.stage == HOME_BEGINS and worker.limited:
        job.stage = HOME_QUEUED
        ask(place, worker, jobs, events, agenda)
        return WAITS
    if job.stage != HOME_WORKED:
        if job.stage == HOME_QUEUED:
            _begin(job, worker, books, agenda, course)
        _began(played, agenda)
        job.stage = HOME_WORKED
        schedule(agenda.now_s + task.local_s, GO_ON, place, job.serial, NORMAL, events, agenda)
        return WAITS
    if worker.limited:
        end(agenda.now_s, job.expected_end_s, worker, books)
        release(job.worker, worker, events, agenda)
    return OVER


@part
def of_contract(
    place: int,
    job: Job,
    task: Task,
    played: Played,
    contractor: Contractor,
    pair: Pair,
    motion: Motion,
    jobs: Table[Job],
    worker: Worker,
    books: Books,
    events: Table[Event],
    agenda: Agenda,
    authorised: IntArray,
    rules: Rules,
    course: Course,
) -> int:
    """`Lifecycle.play`."""
    if job.stage == SETTING_UP:
        lasts_s = job.search_s + rules.connect_timeout_s
        job.stage = UNREACHED
        keep_up(agenda.now_s, contractor, motion)
        down = repaired_s(agenda.now_s, contractor, motion) > agenda.now_s
        draw = drawn(contractor.unreachable, job.task, job.attempt)
        if not down and not draw < contractor.unreachable_rate:
            job.stage, lasts_s = SET_UP, job.search_s + rules.setup_s + worker.network_s
            if rules.authorisation_s > 0 and _first_contract(job.client, job.who, authorised, course):
                job.auth_required = True
                lasts_s += rules.authorisation_s
        if _waits(place, job, lasts_s, events, agenda):
            return WAITS
    if job.stage == UNREACHED:
        if job.in_time:
            job.state, job.reason = CANCELED, UNREACHABLE
        return OVER
    if job.stage == SET_UP:
        if not job.in_time:
            return OVER
        have_slots_of_now(contractor, worker, jobs, books, events, agenda, motion)
        if not takes_in(worker):
            job.state, job.reason = REJECTED, FULL
            return OVER
        job.sent, job.stage = True, MOVED
        worker.coming += 1
        if _waits(place, job, task.transfer_s, events, agenda):
            return WAITS
    if job.stage == MOVED:
        worker.coming -= 1
        if not job.in_time:
            return OVER
        job.stage = ANSWERED
        if drawn(contractor.question, job.task, job.attempt) < rules.input_required_rate:
            job.input_required = True
            return ASKS
    if job.stage == ANSWERED:
        if job.input_required:
            job.service_s += course.reply_s
        if contractor.first_success < contractor.stop_success:
            job.good = job.luck < ease_at(contractor, pair, agenda.now_s, motion)
        fails_openly = drawn(contractor.fails_openly, job.task, job.attempt)
        job.breaks_off = not job.good and fails_openly < rules.failed_share
        if job.breaks_off:
            job.service_s *= drawn(contractor.fails_at, job.task, job.attempt)
        if worker.limited:
            true_s = occupied_s(agenda.now_s, job.service_s, contractor, worker, books, motion)
            _queue(place, job, true_s, contractor, jobs, worker, books, events, agenda, course)
            return WAITS
    if job.stage == QUEUED or job.stage == ANSWERED:
        if job.stage == QUEUED:
            if not job.granted:
                ask_no_more(place, worker, jobs)
                leave(job.place, worker, books)
                _give_back(job.place, books, course)
                job.state, job.reason = CANCELED, TIMED_OUT
                return OVER
            _begin(job, worker, books, agenda, course)
        job.stage = REPAIRED
        repair_s = repaired_s(agenda.now_s, contractor, motion) - agenda.now_s
        if repair_s > 0 and _waits(place, job, repair_s, events, agenda):
            return WAITS
    if job.stage == REPAIRED:
        job.stage = WORKED
        if job.in_time and _serves(place, job, played, contractor, motion, events, agenda):
            return WAITS
    if job.stage == WORKED:
        if not math.isnan(job.working_s):
            job.worked_s = agenda.now_s - job.working_s - job.repairs_s
        if worker.limited:
            end(agenda.now_s, job.expected_end_s, worker, books)
            release(job.worker, worker, events, agenda)
        if not job.in_time:
            return OVER
        if job.lost:
            job.state, job.reason = FAILED, OUTAGE
            return OVER
        if job.breaks_off:
            job.state, job.reason = FAILED, BROKE_OFF
            return OVER
        if contractor.first_success < contractor.stop_success:
            job.good = job.luck < ease_at(contractor, pair, agenda.now_s, motion)
        job.state, job.stage = COMPLETED, VERIFIED
        if task.check_s > 0:
            schedule(agenda.now_s + task.check_s, GO_ON, place, job.serial, NORMAL, events, agenda)
            return WAITS
    return OVER


@part
def _serves(
    place: int,
    job: Job,
    played: Played,
    contractor: Contractor,
    motion: Motion,
    events: Table[Event],
    agenda: Agenda,
) -> bool:
    """`Lifecycle._serve` once the contractor is up: whether the work takes time."""
    job.working_s = agenda.now_s
    _began(played, agenda)
    lasts_s, job.lost = lasting(agenda.now_s, job.service_s, contractor, motion)
    waits = _waits(place, job, lasts_s, events, agenda)
    if contractor.goes_down != NEVER:
        if not job.in_time:
            lasts_s = max(0.0, job.deadline_s - agenda.now_s)
        job.repairs_s = down_s(agenda.now_s, agenda.now_s + lasts_s, contractor, motion)
    return waits


@part
def _queue(
    place: int,
    job: Job,
    true_s: float,
    contractor: Contractor,
    jobs: Table[Job],
    worker: Worker,
    books: Books,
    events: Table[Event],
    agenda: Agenda,
    course: Course,
) -> None:
    """The first part of `Lifecycle._work`: wait for a slot, or for the deadline."""
    job.place = take_waiting(books, course)
    join(job.place, agenda.now_s, job.expected_s, true_s, worker, books)
    job.stage, job.granted = QUEUED, False
    ask(place, worker, jobs, events, agenda)
    if not job.granted:
        await_slots(job.who, contractor, events, agenda)
    job.either = AT_LAST if job.granted or job.deadline_s == math.inf else EITHER_WAY
    if job.either == EITHER_WAY:
        at_s = agenda.now_s + max(0.0, job.deadline_s - agenda.now_s)
        schedule(at_s, DEADLINE, place, job.serial, NORMAL, events, agenda)


@part
def _waits(place: int, job: Job, lasts_s: float, events: Table[Event], agenda: Agenda) -> bool:
    """`Lifecycle._in_time`: whether it takes time."""
    left_s = max(0.0, job.deadline_s - agenda.now_s)
    job.in_time = lasts_s <= left_s + ROUNDING_S
    if not job.in_time:
        lasts_s = left_s
        job.state, job.reason = CANCELED, TIMED_OUT
    if lasts_s > 0:
        schedule(agenda.now_s + lasts_s, GO_ON, place, job.serial, NORMAL, events, agenda)
        return True
    return False


@part
def _begin(job: Job, worker: Worker, books: Books, agenda: Agenda, course: Course) -> None:
    job.expected_end_s = begin(job.place, agenda.now_s, job.expected_s, worker, books)
    _give_back(job.place, books, course)


@part
def _began(played: Played, agenda: Agenda) -> None:
    """`Endings.began`."""
    if math.isnan(played.started_s):
        played.started_s = agenda.now_s


@part
def take_waiting(books: Books, course: Course) -> int:
    """An unused row of those who wait."""
    place = course.free_waiting
    course.free_waiting = books.waiting[place].next
    course.used_waiting += 1
    return place


@part
def _give_back(place: int, books: Books, course: Course) -> None:
    books.waiting[place].next = course.free_waiting
    course.free_waiting = place
    course.used_waiting -= 1


@part
def _first_contract(client: int, contractor: int, authorised: IntArray, course: Course) -> bool:
    """Whether a client has to authorise a contractor, which is then entered among those who were."""
    key = (client << 32) | contractor
    mask = len(authorised) - 1
    place = ((client * 73_856_093) ^ (contractor * 19_349_663)) & mask
    while authorised[place] >= 0:
        if authorised[place] == key:
            return False
        place = (place + 1) & mask
    authorised[place] = key
    course.authorised += 1
    return True
