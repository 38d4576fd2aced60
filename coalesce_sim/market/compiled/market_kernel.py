"""The market with contracts as one loop over arrays: SimPy's events in SimPy's order.

`play` goes on until it has to be told something, and is called again with the answer. Each
part does what the SimPy side does, in the same order of arithmetic; the names are those of `market.loop` and
`market.contracts`, which say why.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.agenda import (
    ARRIVAL,
    COORDINATED,
    EITHER,
    GO_ON,
    GRANTED,
    NORMAL,
    RELEASED,
    SLOTS_CHANGE,
    TO_COORDINATE,
    Agenda,
    Event,
    schedule,
    take_next,
)
from coalesce_sim.market.compiled.beginnings import begin_at_home, carry_out, free_job
from coalesce_sim.market.compiled.building import kernel, part
from coalesce_sim.market.compiled.choices import topsis, yardstick
from coalesce_sim.market.compiled.directory import look_up
from coalesce_sim.market.compiled.endings import (
    charge,
    close,
    end_contract,
    hand_over,
    is_accepted,
    learn_of_contract,
    learn_of_home,
    tell_ended,
)
from coalesce_sim.market.compiled.experience import Experience
from coalesce_sim.market.compiled.lives import (
    ASKS,
    AT_LAST,
    EITHER_WAY,
    OVER,
    SETTLED,
    at_home,
    of_contract,
)
from coalesce_sim.market.compiled.market_memory import (
    Facts,
    Ranking,
    Tasks,
    Told,
    Under,
    books_at,
    experience_at,
    facts_at,
    motion_at,
    ranking_at,
    rules_at,
    tasks_at,
    told_at,
    under_at,
)
from coalesce_sim.market.compiled.market_tables import HOME_QUEUED, QUEUED, Course, Job, Offers, Rules
from coalesce_sim.market.compiled.motion import Motion, change_slots
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
from coalesce_sim.market.compiled.presence import come_and_go
from coalesce_sim.market.compiled.published_choices import TOPSIS
from coalesce_sim.market.compiled.purses import left_usd, settle
from coalesce_sim.market.compiled.quotes import quote
from coalesce_sim.market.compiled.results import bill_usd, is_good
from coalesce_sim.market.compiled.rows import Table
from coalesce_sim.market.compiled.slots import Books, give_on, has_slots
from coalesce_sim.market.compiled.staying import expect_home
from coalesce_sim.market.compiled.stops import (
    CLOSE,
    CLOSES,
    COORDINATE,
    DECIDE,
    DECIDED,
    ENDED,
    FIND,
    FOUND,
    GO,
    MORE_ROOM,
    NEXT_BLOCK,
    OBSERVE,
    OBSERVED,
    OPENED,
    PREPARE,
    PREPARED,
    QUOTED,
    REPLIED,
    REPLY,
    SCORE,
    STAYS,
    TELL,
    TOLD,
)
from coalesce_sim.policies.protocol import LOCAL

_FIRST: Final[Any] = np.int64(0)
"""How often home was tried before: it works on a task once."""

_SPARE: Final = 8
"""Rows that one event can use at most, those of events left out that give slots to attempts under way."""


@kernel
def play(at: IntArray) -> int:
    """Play on, and say why that stops; `at` is where the tables lie."""
    tasks, under, books, experience = tasks_at(at), under_at(at), books_at(at), experience_at(at)
    facts, ranking, offers, told = facts_at(at), ranking_at(at), offers_at(at), told_at(at)
    motion = motion_at(at)
    policy = Chooser(yardstick_at(at), topsis_at(at), memory_at(at))
    rules, course, heard, agenda = rules_at(at), course_at(at), heard_at(at), under.agenda[0]
    step, place = course.goes_on, course.job
    course.goes_on = GO
    while True:
        if step == REPLIED:
            status = _go_on(
                place, tasks, under, books, experience, facts, motion, told, agenda, rules, course, heard
            )
            step = TOLD if status == OVER else GO
            course.job = place
            if status == ASKS:
                course.goes_on = REPLIED
                return REPLY
            if status == OVER and rules.tells_one_by_one and not heard.home:
                course.goes_on = TOLD
                return TELL
        elif step == TOLD:
            step = OBSERVED
            if rules.listens and not math.isnan(heard.realised_usd):
                course.goes_on = OBSERVED
                return OBSERVE
        elif step == OBSERVED:
            if course.unscored == rules.recompute_every:
                course.goes_on = OBSERVED
                return SCORE
            step = _recover(place, tasks, under, books, experience, facts, motion, agenda, rules, course)
        elif step == PREPARED:
            step = FOUND
            if rules.turns_over:
                come_and_go(tasks, experience, facts.recorded, ranking, agenda, rules, course)
            if rules.asks_around:
                course.goes_on = FOUND
                return FIND
            if rules.searches:
                look_up(tasks, experience, ranking, offers, agenda, rules, course)
        elif step == FOUND:
            see_offers(tasks, under, books, experience, facts, ranking, motion, offers, agenda, rules, course)
            step = QUOTED
        elif step == QUOTED:
            if rules.asks:
                course.goes_on = DECIDED
                return DECIDE
            _choose(tasks, offers, policy, course)
            step = DECIDED
        elif step == DECIDED:
            away = carry_out(tasks, under, books, experience, facts, motion, offers, agenda, rules, course)
            step = GO if away else STAYS
        elif step == STAYS:
            begins = begin_at_home(tasks, under, books, agenda, course)
            step = GO if begins else CLOSES
        elif step == CLOSES:
            if rules.composite:
                return CLOSE
            _close(tasks, agenda, rules, course)
            step = GO
        elif step == OPENED:
            _go_to_arrival(tasks, under, agenda, course)
            step = GO
        elif _is_full(under, books, experience, facts, told, agenda, course):
            return MORE_ROOM
        elif course.deciding < course.decide_until:
            if rules.composite:
                return PREPARE
            step = PREPARED
        elif course.arriving:
            course.arriving = False
            if course.next_task == course.end_task:
                return NEXT_BLOCK
            step = OPENED
        elif agenda.pending == 0:
            return ENDED
        else:
            take_next(under.events, agenda)
            place = agenda.subject
            if agenda.kind == ARRIVAL:
                step = OPENED
            elif agenda.kind == RELEASED:
                give_on(books.workers[place], under.jobs, under.events, agenda)
            elif agenda.kind == SLOTS_CHANGE:
                contractor, worker = experience.contractors[place], books.workers[place]
                change_slots(place, contractor, worker, under.jobs, books, under.events, agenda, motion)
            elif agenda.kind == TO_COORDINATE or agenda.kind == COORDINATED:
                return COORDINATE
            elif _concerns(under.jobs[place], under.events, agenda):
                step = REPLIED


@part
def _is_full(
    under: Under,
    books: Books,
    experience: Experience,
    facts: Facts,
    told: Told,
    agenda: Agenda,
    course: Course,
) -> bool:
    """Whether one more event might find some table full."""
    return (
        course.used_jobs + _SPARE > len(under.jobs)
        or agenda.pending + course.used_jobs + _SPARE > len(under.events)
        or course.used_waiting + _SPARE > len(books.waiting)
        or course.contracts + _SPARE > len(told.ended)
        or course.ratings + _SPARE > len(told.ratings)
        or course.windows + _SPARE > len(experience.windows)
        or 2 * course.authorised + _SPARE > len(facts.authorised)
    )


@part
def _go_to_arrival(tasks: Tasks, under: Under, agenda: Agenda, course: Course) -> None:
    """`Loop.arrivals`: wait for the next tasks, or have those that are there decided."""
    first = course.next_task - course.first_row_task
    arrival_s = tasks.stated[first].arrival_s
    if agenda.now_s < arrival_s:
        at_s = agenda.now_s + (arrival_s - agenda.now_s)
        schedule(at_s, ARRIVAL, course.next_task, course.next_task, NORMAL, under.events, agenda)
        return
    stop, end = first + 1, course.end_task - course.first_row_task
    while stop < end and tasks.stated[stop].arrival_s == arrival_s:
        stop += 1
    course.deciding, course.decide_until = course.next_task, course.first_row_task + stop
    course.next_task, course.arriving = course.decide_until, True


@part
def _concerns(job: Job, events: Table[Event], agenda: Agenda) -> bool:
    """Whether an attempt goes on at the event that was taken."""
    kind = agenda.kind
    if job.serial != agenda.serial:
        return False
    if kind == GO_ON:
        return True
    if job.stage != QUEUED and job.stage != HOME_QUEUED:
        return False
    if kind == EITHER:
        return True
    if kind == GRANTED and job.either == AT_LAST:
        return True
    if job.either == EITHER_WAY and kind != EITHER:
        job.either = SETTLED
        schedule(agenda.now_s, EITHER, agenda.subject, job.serial, NORMAL, events, agenda)
    return False


@part
def see_offers(
    tasks: Tasks,
    under: Under,
    books: Books,
    experience: Experience,
    facts: Facts,
    ranking: Ranking,
    motion: Motion,
    offers: Offers,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> None:
    """`ContractTrade.quote` of one task: see what those offer who were found."""
    course.task = course.deciding
    course.deciding += 1
    row = course.task - course.first_row_task
    task, played = tasks.stated[row], tasks.played[row]
    course.client, course.type_id, course.attempt = task.client, task.type_id, played.tried
    course.max_latency_s, course.complexity = task.max_latency_s, task.complexity
    home = books.workers[task.worker]
    expect_home(task, experience, motion, facts.arrivals, home, books, agenda, rules, course)
    left = np.inf
    if rules.budgets:
        left = left_usd(facts.purses[task.purse], agenda.now_s, rules)
    quote(
        task,
        played,
        tasks.tried[row],
        under,
        experience,
        facts.conditional,
        facts.recorded,
        ranking.there,
        motion,
        books,
        offers,
        left,
        facts.beyond,
        agenda,
        rules,
        course,
    )
    course.chosen, course.explored = LOCAL, False
    course.score = course.confidence = course.fixed_usd = np.nan


@part
def _choose(tasks: Tasks, offers: Offers, policy: Chooser, course: Course) -> None:
    """Have one of the policies decide that are compiled together with the market."""
    row = course.task - course.first_row_task
    task, attempt = tasks.stated[row], tasks.played[row].tried
    if policy.yardstick.kind == TOPSIS:
        course.chosen = topsis(
            course.task, attempt, task, course.stay_usd, policy.topsis, policy.memory, offers, course
        )
    else:
        course.chosen = yardstick(
            course.task, attempt, task, course.stay_usd, policy.yardstick, offers, course
        )


@part
def _go_on(
    place: int,
    tasks: Tasks,
    under: Under,
    books: Books,
    experience: Experience,
    facts: Facts,
    motion: Motion,
    told: Told,
    agenda: Agenda,
    rules: Rules,
    course: Course,
    heard: Heard,
) -> int:
    """`Loop._see_through` from where an attempt stands to its next event, or to its end, at which it is paid
    and learned from: whether it is over, waits, or has its client asked something."""
    job = under.jobs[place]
    row = job.task - course.first_row_task
    task, played, worker = tasks.stated[row], tasks.played[row], books.workers[job.worker]
    contractor, pair = experience.contractors[job.who], experience.pairs[job.type_id, job.who]
    if job.own:
        status = at_home(place, job, task, played, under.jobs, worker, books, under.events, agenda, course)
    else:
        status = of_contract(
            place,
            job,
            task,
            played,
            contractor,
            pair,
            motion,
            under.jobs,
            worker,
            books,
            under.events,
            agenda,
            facts.authorised,
            rules,
            course,
        )
    if status != OVER:
        return status
    if job.own:
        job.good = is_good(
            job.task, _FIRST, job.who, task, contractor, pair, facts.recorded, motion, agenda.now_s, rules
        )
        played.own = True
        charge(task.home_usd, played.tried > 0, played)
        heard.realised_usd = learn_of_home(job, task, experience, agenda, rules, course)
        heard.success = job.good
    else:
        billed_usd = bill_usd(job.who, job.good, task, pair, facts.recorded, rules)
        end_contract(job, task, played, billed_usd, facts.checks, experience, agenda, rules, course)
        if rules.budgets:
            purse = facts.purses[task.purse]
            settle(purse, job.paid_usd - job.agreed_usd, job.submitted_s, job.ended_s, rules)
        if rules.tells_contracts:
            tell_ended(job, told.ended, course)
        heard.realised_usd = learn_of_contract(job, task, experience, told.ratings, rules, course)
        heard.success = is_accepted(job)
    heard.task, heard.type_id, heard.home = job.task, job.type_id, job.own
    heard.arm = rules.contractors if job.own else job.who
    heard.internal_usd, heard.price_usd = job.internal_usd, job.paid_usd
    return OVER


@part
def _recover(
    place: int,
    tasks: Tasks,
    under: Under,
    books: Books,
    experience: Experience,
    facts: Facts,
    motion: Motion,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> int:
    """`Dealing.recover` and `Home.recover`: the task is over, or decided again, or done at home."""
    job = under.jobs[place]
    row = job.task - course.first_row_task
    task, played = tasks.stated[row], tasks.played[row]
    number, tried, own, good = job.task, job.attempt + 1, job.own, job.good
    accepted = own or is_accepted(job)
    again = not accepted and not played.given_up
    free_job(place, under, course)
    if again and tried <= rules.retries:
        course.deciding, course.decide_until = number, number + 1
        return PREPARED
    course.task = number
    home = books.workers[task.worker]
    if again and rules.then_local and has_slots(home):
        played.attempts = tried + 1
        expect_home(task, experience, motion, facts.arrivals, home, books, agenda, rules, course)
        return STAYS
    course.accepted, course.good = accepted, good
    return CLOSES


@part
def _close(tasks: Tasks, agenda: Agenda, rules: Rules, course: Course) -> None:
    """`Endings.done` and `Endings.fail` where no task is composite."""
    row = course.task - course.first_row_task
    task, played, good = tasks.stated[row], tasks.played[row], course.accepted and course.good
    close(good, task, played, tasks.blocks, agenda, rules, course)
    course.handed = hand_over(tasks.blocks, course, course.handed)
