"""The published trade where something queues or takes time on its way: SimPy's events in SimPy's order.

As `market_kernel`, `play` goes on until it has to be told something. Each part does what the SimPy side does,
in the same order of arithmetic; the names are those of `market.loop` and `market.published`, which say why.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.agenda import (
    ARRIVAL,
    GO_ON,
    GRANTED,
    NORMAL,
    RELEASED,
    URGENT,
    Agenda,
    schedule,
    take_next,
)
from coalesce_sim.market.compiled.building import kernel, part
from coalesce_sim.market.compiled.choices import topsis, yardstick
from coalesce_sim.market.compiled.endings import hand_over
from coalesce_sim.market.compiled.foresight import oracle, tally
from coalesce_sim.market.compiled.market_tables import Course, Offers, Played
from coalesce_sim.market.compiled.policy_memory import (
    Chooser,
    Heard,
    course_at,
    heard_at,
    memory_at,
    offers_at,
    topsis_at,
    yardstick_at,
)
from coalesce_sim.market.compiled.published_choices import ORACLE, TALLY, TOPSIS
from coalesce_sim.market.compiled.published_offers import (
    begin_hour,
    end_hour,
    late_usd,
    price,
)
from coalesce_sim.market.compiled.queueing_memory import (
    Moving,
    Sides,
    Tasks,
    Under,
    books_at,
    moving_at,
    rules_at,
    sides_at,
    tasks_at,
    under_at,
)
from coalesce_sim.market.compiled.queueing_offers import (
    due_usd,
    expect_home,
    foresee,
    home_usd,
    quote,
    work_s,
)
from coalesce_sim.market.compiled.queueing_tables import Job, Rules, Task
from coalesce_sim.market.compiled.slots import (
    Books,
    ask,
    begin,
    end,
    give_on,
    join,
    release,
)
from coalesce_sim.market.compiled.stops import (
    DECIDE,
    DECIDED,
    ENDED,
    GO,
    MORE_ROOM,
    NEXT_BLOCK,
    OBSERVE,
    OPENED,
)
from coalesce_sim.market.contracts.terms import EXTERNAL, LATENCY, SERVICE
from coalesce_sim.policies.protocol import LOCAL

_SPARE: Final = 2
"""Rows that one event can use at most."""

_FIRST: Final[Any] = np.int64(0)
"""The attempt at a task: there is no other."""


@kernel
def play(at: IntArray) -> int:
    """Play on, and say why that stops; `at` is where the tables lie."""
    tasks, under, books, sides, moving = tasks_at(at), under_at(at), books_at(at), sides_at(at), moving_at(at)
    policy = Chooser(yardstick_at(at), topsis_at(at), memory_at(at))
    offers, rules, course = offers_at(at), rules_at(at), course_at(at)
    heard, agenda = heard_at(at), under.agenda[0]
    step = course.goes_on
    course.goes_on = GO
    if step == OPENED:
        course.arriving = True
        _open(tasks.stated[course.next_task - course.first_row_task], sides, moving, rules)
    while True:
        if step == DECIDED:
            _carry_out(tasks, under, books, sides, moving, offers, agenda, rules, course)
            step = GO
        elif course.used_jobs + _SPARE > len(under.jobs) or agenda.pending + _SPARE > len(under.events):
            return MORE_ROOM
        elif course.arriving:
            if course.next_task == course.end_task:
                course.arriving = False
                return NEXT_BLOCK
            if _arrive(tasks, under, books, sides, moving, offers, agenda, rules, course):
                if rules.asks:
                    course.goes_on = DECIDED
                    return DECIDE
                _choose(tasks, books, sides, offers, policy, agenda, rules, course)
                step = DECIDED
        elif agenda.pending == 0:
            return ENDED
        else:
            take_next(under.events, agenda)
            if agenda.kind == ARRIVAL:
                course.arriving = True
            elif agenda.kind == RELEASED:
                give_on(books.workers[agenda.subject], under.jobs, under.events, agenda)
            elif _go_on(agenda.subject, tasks, under, books, sides, agenda, rules, course, heard):
                return OBSERVE


@part
def _open(first: Task, sides: Sides, moving: Moving, rules: Rules) -> None:
    """`Quotes.open`: prices as they are when a block is laid out."""
    clock = moving.clock[0]
    if rules.moves and first.price_hour > clock.hour:
        end_hour(sides.contractors, moving.winners, rules, clock)
    price(sides.contractors, rules)


@part
def _arrive(
    tasks: Tasks,
    under: Under,
    books: Books,
    sides: Sides,
    moving: Moving,
    offers: Offers,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> bool:
    """`Loop.arrivals`: wait for the next task, or have it decided: whether it is to be. Tasks that come
    together are decided one by one: where they would share a round, no decision changes the offers on the
    others."""
    number = course.next_task
    row = number - course.first_row_task
    task = tasks.stated[row]
    if agenda.now_s < task.arrival_s:
        course.arriving = False
        at_s = agenda.now_s + (task.arrival_s - agenda.now_s)
        schedule(at_s, ARRIVAL, number, number, NORMAL, under.events, agenda)
        return False
    course.next_task += 1
    if rules.moves:
        begin_hour(task, sides.contractors, moving.demand_step, moving.winners, rules, moving.clock[0])
    home = len(sides.contractors) + task.client
    expect_home(task, books.workers[home], books, sides, agenda, rules, course)
    quote(task, books, sides, offers, agenda, rules, course)
    course.task, course.client, course.type_id = number, task.client, task.type_id
    course.max_latency_s, course.complexity = task.max_latency_s, task.complexity
    course.chosen, course.explored = LOCAL, False
    course.score = course.confidence = course.fixed_usd = np.nan
    return True


@part
def _carry_out(
    tasks: Tasks,
    under: Under,
    books: Books,
    sides: Sides,
    moving: Moving,
    offers: Offers,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> None:
    """`PublishedTrade.carry_out`."""
    number, position = course.task, course.chosen
    row = number - course.first_row_task
    task, played = tasks.stated[row], tasks.played[row]
    home = len(sides.contractors) + task.client
    played.explored, played.score, played.confidence = course.explored, course.score, course.confidence
    played.internal_usd, played.opportunity_usd = course.stay_usd, course.stay_late_usd
    sides.arrivals[task.client] += 1
    place = course.free_job
    job = under.jobs[place]
    course.free_job = job.next
    course.used_jobs += 1
    job.serial, job.task, job.granted, job.at_work = number, number, False, False
    if position == LOCAL:
        _stay(task, played, job, home, rules, course)
    else:
        _award(task, played, job, position, books, sides, moving, offers, rules, course)
    worker = books.workers[job.worker]
    if worker.limited:
        join(place, agenda.now_s + job.network_s, job.expected_s, job.service_s, worker, books)
    schedule(agenda.now_s, GO_ON, place, number, URGENT, under.events, agenda)


@part
def _choose(
    tasks: Tasks,
    books: Books,
    sides: Sides,
    offers: Offers,
    policy: Chooser,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> None:
    """Have one of the policies decide that are compiled together with the market."""
    kept, number = policy.yardstick, course.task
    task = tasks.stated[number - course.first_row_task]
    if kept.kind == TOPSIS:
        course.chosen = topsis(
            number, _FIRST, task, course.stay_usd, policy.topsis, policy.memory, offers, course
        )
    elif kept.kind == ORACLE or kept.kind == TALLY:
        home = books.workers[len(sides.contractors) + task.client]
        at_home_usd = foresee(task, home, books, sides, offers, agenda, rules, course)
        if kept.kind == ORACLE:
            course.chosen = oracle(at_home_usd, offers, course)
        else:
            tally(at_home_usd, sides.contractors, offers, course)
    else:
        course.chosen = yardstick(number, _FIRST, task, course.stay_usd, kept, offers, course)


@part
def _stay(task: Task, played: Played, job: Job, home: int, rules: Rules, course: Course) -> None:
    """`PublishedTrade._stay`."""
    played.contractor = LOCAL
    played.estimated_usd, played.estimated_s = course.stay_usd, course.turnaround_s
    job.worker, job.network_s, job.charge_usd = home, 0.0, home_usd(task, rules, course)
    job.expected_s, job.service_s = task.expected_home_s, task.home_s


@part
def _award(
    task: Task,
    played: Played,
    job: Job,
    who: int,
    books: Books,
    sides: Sides,
    moving: Moving,
    offers: Offers,
    rules: Rules,
    course: Course,
) -> None:
    """`PublishedTrade._award`."""
    contractor, clock = sides.contractors[who], moving.clock[0]
    played.contractor = who
    played.price_usd, job.charge_usd = due_usd(task, who, contractor, sides.conditional, offers, rules)
    if not math.isnan(course.fixed_usd):
        job.charge_usd += course.fixed_usd - played.price_usd
        played.price_usd = course.fixed_usd
    played.estimated_usd, played.estimated_s = offers.terms[EXTERNAL, who], offers.terms[LATENCY, who]
    contractor.revenue_usd += played.price_usd
    if rules.moves:
        contractor.won += 1
        moving.winners[clock.winners] = who
        clock.winners += 1
    job.worker, job.network_s = who, books.workers[who].network_s
    job.expected_s = offers.terms[SERVICE, who]
    job.service_s = work_s(task, task.true_tokens, contractor) * task.time_factor


@part
def _go_on(
    place: int,
    tasks: Tasks,
    under: Under,
    books: Books,
    sides: Sides,
    agenda: Agenda,
    rules: Rules,
    course: Course,
    heard: Heard,
) -> bool:
    """`PublishedTrade.work` from one event to the next; whether that was the last one, and is to be told."""
    job = under.jobs[place]
    worker, row = books.workers[job.worker], job.task - course.first_row_task
    if agenda.kind == GRANTED:
        tasks.played[row].started_s = agenda.now_s
        if worker.limited:
            job.expected_end_s = begin(worker.first_waiting, agenda.now_s, job.expected_s, worker, books)
        job.at_work, at_s = True, agenda.now_s + job.service_s
    elif job.at_work:
        if worker.limited:
            end(agenda.now_s, job.expected_end_s, worker, books)
        release(job.worker, worker, under.events, agenda)
        _end(place, job, tasks, sides, agenda, rules, course, heard)
        return rules.asks
    elif job.network_s > 0:
        job.network_s, at_s = 0.0, agenda.now_s + job.network_s
    else:
        ask(place, worker, under.jobs, under.events, agenda)
        return False
    schedule(at_s, GO_ON, place, job.serial, NORMAL, under.events, agenda)
    return False


@part
def _end(
    place: int,
    job: Job,
    tasks: Tasks,
    sides: Sides,
    agenda: Agenda,
    rules: Rules,
    course: Course,
    heard: Heard,
) -> None:
    """`PublishedTrade.end`, `learn` and `recover`."""
    row = job.task - course.first_row_task
    task, played = tasks.stated[row], tasks.played[row]
    played.finished_s, played.realised_usd = agenda.now_s, job.charge_usd
    if rules.charged_late_usd_per_s > 0:
        played.lateness_usd = late_usd(task, agenda.now_s - task.arrival_s, rules)
        played.realised_usd += played.lateness_usd
    heard.task, heard.type_id, heard.home = job.task, task.type_id, played.contractor == LOCAL
    heard.arm = len(sides.contractors) if heard.home else played.contractor
    heard.success, heard.internal_usd = True, played.internal_usd
    heard.price_usd, heard.realised_usd = played.price_usd, played.realised_usd
    tasks.blocks[task.block - course.first_open_block].left -= 1
    course.handed = hand_over(tasks.blocks, course, course.handed)
    job.serial, job.next = -1, course.free_job
    course.free_job = place
    course.used_jobs -= 1
