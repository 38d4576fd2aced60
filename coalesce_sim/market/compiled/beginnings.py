"""How attempts begin, compiled: a contract is made, or a task joins its client's own queue.

In the words of `market.contracts` (`trade`, `dealing`, `home`).
"""

from __future__ import annotations

import math

import numpy as np

from coalesce_sim.market.compiled.agenda import GO_ON, URGENT, Agenda, schedule
from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.experience import Experience
from coalesce_sim.market.compiled.lives import ACCEPTED, AT_LAST, take_waiting
from coalesce_sim.market.compiled.market_memory import Facts, Tasks, Under
from coalesce_sim.market.compiled.market_tables import HOME_BEGINS, SETTING_UP, Course, Offers, Rules, Task
from coalesce_sim.market.compiled.motion import Motion, ease_at
from coalesce_sim.market.compiled.purses import commit, left_usd
from coalesce_sim.market.compiled.quotes import due_usd, work_s
from coalesce_sim.market.compiled.results import luck_of, times_tried
from coalesce_sim.market.compiled.slots import Books, has_slots, join
from coalesce_sim.market.contracts.terms import ASKED, BID, EXTERNAL, LATENCY, PLAIN, SERVICE
from coalesce_sim.policies.protocol import LOCAL


@part
def carry_out(
    tasks: Tasks,
    under: Under,
    books: Books,
    experience: Experience,
    facts: Facts,
    motion: Motion,
    offers: Offers,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> bool:
    """`ContractTrade.carry_out`: make a contract; False where the work is to begin at home."""
    number, position = course.task, course.chosen
    row = number - course.first_row_task
    task, played = tasks.stated[row], tasks.played[row]
    terms, local = offers.terms, position == LOCAL
    played.explored = played.explored or course.explored
    played.score, played.confidence = course.score, course.confidence
    if played.tried == 0:
        facts.arrivals[task.worker - rules.contractors] += 1
        played.internal_usd, played.decided_s = course.stay_usd, agenda.now_s
        played.opportunity_usd = course.stay_late_usd
        played.estimated_usd = course.stay_usd if local else terms[EXTERNAL, position]
        played.estimated_s = course.turnaround_s if local else terms[LATENCY, position]
    played.attempts = played.tried + 1
    if local:
        return False
    who = int(offers.ids[position])
    contractor, pair, worker = (
        experience.contractors[who],
        experience.pairs[task.type_id, who],
        books.workers[who],
    )
    place = _new_job(number, played.tried, task, under, course)
    job = under.jobs[place]
    job.own, job.who, job.worker, job.stage = False, who, who, SETTING_UP
    job.agreed_usd, job.fixed = terms[ASKED, position], not math.isnan(course.fixed_usd)
    job.due_usd = due_usd(task, who, job.agreed_usd, experience, facts.conditional, worker, rules)
    if job.fixed:
        job.agreed_usd = job.due_usd = course.fixed_usd
        if rules.budgets:
            left = left_usd(facts.purses[task.purse], agenda.now_s, rules)
            job.agreed_usd = job.due_usd = min(course.fixed_usd, left)
    if rules.budgets:
        commit(facts.purses[task.purse], job.agreed_usd, agenda.now_s, rules)
    job.plain_usd, job.quoted_s = terms[PLAIN, position], terms[LATENCY, position]
    job.estimated_usd, job.internal_usd = terms[EXTERNAL, position], course.stay_usd
    job.quoted_own_usd, job.explored = terms[BID, position], course.explored
    took_s = work_s(task, task.true_tokens, contractor, pair)
    job.service_s = took_s * rules.work_factor * task.time_factor
    job.expected_s = terms[SERVICE, position] * rules.work_factor
    job.search_s, job.submitted_s, job.deadline_s = course.found_s, agenda.now_s, np.inf
    if rules.timeout_factor > 0:
        job.deadline_s = agenda.now_s + rules.timeout_factor * job.quoted_s
    if rules.recorded:
        job.good = bool(facts.recorded.good[task.instance, who])
    else:
        again = times_tried(who, tasks.tried[row, : played.tried])
        job.luck = luck_of(number, again, contractor, rules)
        job.good = job.luck < ease_at(contractor, pair, agenda.now_s, motion)
    tasks.tried[row, played.tried] = who
    played.tried += 1
    played.contractor = who
    schedule(agenda.now_s, GO_ON, place, job.serial, URGENT, under.events, agenda)
    return True


@part
def begin_at_home(
    tasks: Tasks,
    under: Under,
    books: Books,
    agenda: Agenda,
    course: Course,
) -> bool:
    """`Home.begin`; False without a GPU, where the task comes to nothing at once."""
    number = course.task
    row = number - course.first_row_task
    task, played = tasks.stated[row], tasks.played[row]
    played.contractor = LOCAL
    if not has_slots(books.workers[task.worker]):
        course.accepted = course.good = False
        return False
    place = _new_job(number, played.tried, task, under, course)
    job = under.jobs[place]
    job.own, job.who, job.worker, job.stage = True, task.home, task.worker, HOME_BEGINS
    job.quoted_s, job.plain_usd = course.turnaround_s, course.stay_plain_usd
    job.internal_usd, job.submitted_s = course.stay_usd, agenda.now_s
    job.expected_s = task.expected_s
    worker = books.workers[job.worker]
    if worker.limited:
        job.place = take_waiting(books, course)
        join(job.place, agenda.now_s, task.expected_s, task.local_s, worker, books)
    schedule(agenda.now_s, GO_ON, place, job.serial, URGENT, under.events, agenda)
    return True


@part
def _new_job(number: int, attempt: int, task: Task, under: Under, course: Course) -> int:
    place = course.free_job
    job = under.jobs[place]
    course.free_job = job.next
    course.used_jobs += 1
    course.serials += 1
    job.serial, job.task, job.attempt = course.serials, number, attempt
    job.client, job.type_id = task.client, task.type_id
    job.granted, job.either, job.breaks_off, job.in_time = False, AT_LAST, False, True
    job.auth_required = job.input_required = job.sent = False
    job.working_s = job.ended_s = np.nan
    job.repairs_s, job.lost = 0.0, False
    job.state, job.reason = 0, ACCEPTED
    job.paid_usd = job.fees_usd = job.worked_s = job.own_usd = 0.0
    return place


@part
def free_job(place: int, under: Under, course: Course) -> None:
    """An attempt is over: its row is unused."""
    job = under.jobs[place]
    job.serial, job.next = -1, course.free_job
    course.free_job = place
    course.used_jobs -= 1
