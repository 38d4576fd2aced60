"""What every choice would really cost, compiled, in the words of `market.contracts.foresight`."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.agenda import Agenda
from coalesce_sim.market.compiled.building import kernel, part
from coalesce_sim.market.compiled.draws import drawn
from coalesce_sim.market.compiled.experience import Experience
from coalesce_sim.market.compiled.market_memory import (
    books_at,
    experience_at,
    facts_at,
    motion_at,
    rules_at,
    tasks_at,
    under_at,
)
from coalesce_sim.market.compiled.market_tables import (
    REALISED,
    Check,
    Conditional,
    Course,
    Offers,
    Recorded,
    Rules,
    Task,
)
from coalesce_sim.market.compiled.motion import NEVER, Motion, keep_up, lasting, repaired_s
from coalesce_sim.market.compiled.policy_memory import course_at, offers_at, yardstick_at
from coalesce_sim.market.compiled.published_choices import ORACLE, TALLY, first_least
from coalesce_sim.market.compiled.quotes import due_usd, work_s
from coalesce_sim.market.compiled.results import bill_usd, is_good, times_tried
from coalesce_sim.market.compiled.rows import Grid, Table
from coalesce_sim.market.compiled.slots import Books, Worker, has_slots, takes_in, true_wait_s
from coalesce_sim.market.compiled.topsis import exceeds
from coalesce_sim.market.contracts.terms import ASKED
from coalesce_sim.policies.protocol import LOCAL

_FIRST: Final[Any] = np.int64(0)
"""How often home was tried before: it works on a task once."""


@kernel
def truth_decides(at: IntArray) -> float:
    """Those who are told what every choice would cost decide; what home would, whoever decides."""
    tasks, course, experience = tasks_at(at), course_at(at), experience_at(at)
    facts, offers, books, policy = facts_at(at), offers_at(at), books_at(at), yardstick_at(at)
    row = course.task - course.first_row_task
    task = tasks.stated[row]
    home_usd = foresee(
        course.task,
        tasks.tried[row, : tasks.played[row].tried],
        task,
        books.workers[task.worker],
        experience,
        facts.conditional,
        facts.recorded,
        motion_at(at),
        facts.checks,
        books,
        offers,
        under_at(at).agenda[0],
        rules_at(at),
        course,
    )
    if policy.kind == TALLY:
        tally(home_usd, experience.contractors, offers, course)
    elif policy.kind == ORACLE:
        course.chosen = oracle(home_usd, offers, course)
    return home_usd


@part
def foresee(
    number: int,
    tried: IntArray,
    task: Task,
    home: Worker,
    experience: Experience,
    conditional: Grid[Conditional],
    recorded: Recorded,
    motion: Motion,
    checks: Table[Check],
    books: Books,
    offers: Offers,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> float:
    """`Foresight.view`: what home would cost; what every offer would it leaves among them."""
    at_home_usd = task.loss_usd
    if has_slots(home):
        at_home_usd = _at_home_usd(number, task, home, experience, recorded, motion, books, agenda, rules)
    over_usd = at_home_usd if has_slots(home) and rules.recovers else task.loss_usd
    check, attempt = checks[1 if task.by_hand else 0], len(tried)
    for k in range(course.offers):
        who = offers.ids[k]
        contractor, worker = experience.contractors[who], books.workers[who]
        pair = experience.pairs[task.type_id, who]
        ahead_s = course.found_s + rules.setup_s + task.transfer_s
        at_s = agenda.now_s + ahead_s + worker.network_s
        queue_s = worker.network_s + true_wait_s(worker, at_s, books)
        took_s = work_s(task, task.true_tokens, contractor, pair) * rules.work_factor * task.time_factor
        lost = False
        if contractor.goes_down != NEVER:
            keep_up(agenda.now_s, contractor, motion)
            begin_s = agenda.now_s + (ahead_s + queue_s)
            up_s = repaired_s(begin_s, contractor, motion)
            lasts_s, lost = lasting(up_s, took_s, contractor, motion)
            took_s = up_s - begin_s + lasts_s
        delivered_s = agenda.now_s + (ahead_s + queue_s + took_s)
        again = times_tried(who, tried)
        good = is_good(number, again, who, task, contractor, pair, recorded, motion, delivered_s, rules)
        billed_usd = bill_usd(who, good, task, pair, recorded, rules)
        if math.isnan(billed_usd):
            billed_usd = due_usd(task, who, offers.terms[ASKED, k], experience, conditional, worker, rules)
        elapsed_s = agenda.now_s - task.due_s
        late_s = max(0.0, elapsed_s + (course.found_s + task.overhead_s) + queue_s + took_s)
        accepted_usd = billed_usd + task.fees_usd + late_s * rules.late_usd_per_s
        rejected_usd = rules.due_on_failure * billed_usd + task.fees_usd - rules.integration_usd + over_usd
        draw = drawn(contractor.found, number, attempt)
        breaks_off = drawn(contractor.fails_openly, number, attempt) < rules.failed_share
        if lost or (not good and breaks_off):
            usd = rejected_usd - task.check_usd
        elif good:
            usd = accepted_usd if draw < check.specificity else rejected_usd
        else:
            usd = rejected_usd if draw < check.sensitivity else accepted_usd + task.loss_usd
        unreachable = drawn(contractor.unreachable, number, attempt) < contractor.unreachable_rate
        unreachable = unreachable or repaired_s(agenda.now_s, contractor, motion) > agenda.now_s
        offers.terms[REALISED, k] = over_usd if unreachable or not takes_in(worker) else usd
    return at_home_usd


@part
def _at_home_usd(
    number: int,
    task: Task,
    home: Worker,
    experience: Experience,
    recorded: Recorded,
    motion: Motion,
    books: Books,
    agenda: Agenda,
    rules: Rules,
) -> float:
    """`Foresight._at_home_usd`."""
    end_s = agenda.now_s + true_wait_s(home, agenda.now_s, books) + task.local_s
    usd = task.home_usd + max(0.0, end_s - task.due_s) * rules.late_usd_per_s
    worker, pair = experience.contractors[task.home], experience.pairs[task.type_id, task.home]
    good = is_good(number, _FIRST, task.home, task, worker, pair, recorded, motion, end_s, rules)
    return usd if good else usd + task.loss_usd


@part
def tally(at_home_usd: float, contractors: Table[Any], offers: Offers, course: Course) -> None:
    """`Tally.decide`, whatever else is known of contractors."""
    for k in range(course.offers):
        saved_usd = at_home_usd - offers.terms[REALISED, k]
        if abs(saved_usd) < math.inf:
            contractors[offers.ids[k]].saved_usd += saved_usd


@part
def oracle(at_home_usd: float, offers: Offers, course: Course) -> int:
    """`Oracle.decide`."""
    count = course.offers
    if count == 0:
        return LOCAL
    best = first_least(offers.terms[REALISED, :count])
    return best if exceeds(at_home_usd, offers.terms[REALISED, best]) else LOCAL
