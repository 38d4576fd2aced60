"""How attempts and tasks end, compiled: verified, paid, charged, learned from and recovered from.

In the words of `market.contracts` (`dealing`, `home`, `endings`).
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from coalesce_sim.market.compiled.agenda import Agenda
from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.draws import drawn
from coalesce_sim.market.compiled.experience import (
    AT_HOME,
    AWAY,
    BY_TYPE,
    Experience,
    bill,
    rate,
    remember_rated,
    took,
)
from coalesce_sim.market.compiled.lives import ACCEPTED, FOUND_BAD, OUTAGE
from coalesce_sim.market.compiled.market_tables import (
    CANCELED,
    COMPLETED,
    FAILED,
    REJECTED,
    Check,
    Contractor,
    Course,
    Ended,
    Job,
    Open,
    Played,
    Rated,
    Rules,
    Task,
)
from coalesce_sim.market.compiled.rows import Table

ONCE: Final[Any] = np.bool_(False)
"""Of charges that do not come of another attempt."""


@part
def is_accepted(job: Job) -> bool:
    """`Contract.accepted`."""
    return job.state == COMPLETED and job.reason == ACCEPTED


@part
def charge(usd: float, again: bool, played: Played) -> None:
    """`Endings._realise`."""
    played.realised_usd += usd
    if again:
        played.retries_usd += usd


@part
def end_contract(
    job: Job,
    task: Task,
    played: Played,
    billed_usd: float,
    checks: Table[Check],
    experience: Experience,
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> None:
    """`Dealing.end`; `billed_usd` is what the contractor bills, NaN where the price is due."""
    job.ended_s = agenda.now_s
    contractor = experience.contractors[job.who]
    if job.state == COMPLETED:
        check, draw = checks[1 if task.by_hand else 0], drawn(contractor.found, job.task, job.attempt)
        passes = draw < check.specificity if job.good else draw >= check.sensitivity
        if not passes:
            job.reason = FOUND_BAD
            course.found_bad += 1
    course.lost_to_outages += job.state == FAILED and job.reason == OUTAGE
    course.completed += job.state == COMPLETED
    course.failed += job.state == FAILED
    course.canceled += job.state == CANCELED
    course.rejected += job.state == REJECTED
    accepted = is_accepted(job)
    due_usd = job.due_usd if job.fixed or math.isnan(billed_usd) else billed_usd
    if not accepted:
        due_usd = due_usd * rules.due_on_failure if job.state == COMPLETED or job.state == FAILED else 0.0
    job.paid_usd = due_usd
    communication_usd = task.communication_usd if job.sent else 0.0
    verification_usd = task.check_usd if job.state == COMPLETED else 0.0
    integration_usd = rules.integration_usd if accepted else 0.0
    job.fees_usd = communication_usd + verification_usd + integration_usd
    contractor.revenue_usd += job.paid_usd
    job.own_usd = enter(job, contractor, rules)
    played.price_usd += job.paid_usd
    played.communication_usd += communication_usd
    played.verification_usd += verification_usd
    played.integration_usd += integration_usd
    charge(job.paid_usd + job.fees_usd, job.attempt > 0, played)


@part
def enter(job: Job, contractor: Contractor, rules: Rules) -> float:
    """`Books.enter`."""
    usd_per_s = contractor.own_usd_per_s * rules.price_factor
    if not usd_per_s > 0 and math.isnan(contractor.own_cost_share):
        own_usd = math.nan
    elif math.isnan(job.working_s):
        own_usd = 0.0
    else:
        own_usd = usd_per_s * job.worked_s if usd_per_s > 0 else job.quoted_own_usd
    if not math.isnan(job.working_s):
        contractor.jobs += 1
        contractor.worked_s += job.worked_s
        contractor.work_usd += own_usd
    return own_usd


@part
def tell_ended(job: Job, ended: Table[Ended], course: Course) -> None:
    """Enter a contract among those that have ended."""
    row = ended[course.contracts]
    course.contracts += 1
    row.task, row.attempt, row.client, row.contractor = job.task, job.attempt, job.client, job.who
    row.type_id, row.state, row.reason = job.type_id, job.state, job.reason
    row.accepted, row.good = is_accepted(job), job.good
    row.paid_usd, row.fees_usd, row.agreed_usd = job.paid_usd, job.fees_usd, job.agreed_usd
    row.estimated_usd, row.own_usd, row.submitted_s = job.estimated_usd, job.own_usd, job.submitted_s
    row.working_s, row.worked_s, row.ended_s = job.working_s, job.worked_s, job.ended_s
    row.auth_required, row.input_required = job.auth_required, job.input_required
    row.explored = job.explored


@part
def learn_of_contract(
    job: Job,
    task: Task,
    experience: Experience,
    ratings: Table[Rated],
    rules: Rules,
    course: Course,
) -> float:
    """`Dealing.learn`: the realised cost that the policy is told; NaN where it is told nothing."""
    if job.state == REJECTED:
        return math.nan
    accepted, now_s = is_accepted(job), job.ended_s
    if rules.rated:
        rating = 1.0 if accepted else 0.0
        if rules.recompute_every > 0:
            course.unscored += 1
            score = experience.pairs[job.type_id, job.who].score
        else:
            score = rate(
                job.who,
                job.type_id,
                rating,
                rules.alpha,
                rules.fading,
                rules.by_type,
                rules.pooling,
                experience.contractors,
                experience.pairs,
            )
            if rules.searches:
                remember_rated(job.who, experience.contractors, course)
        if rules.keeps_ratings:
            row = ratings[course.ratings]
            course.ratings += 1
            row.time_s, row.client, row.contractor = now_s, job.client, job.who
            row.type_id, row.rating, row.score_after = job.type_id, rating, score
    took_s = now_s - job.submitted_s
    charged_usd = job.paid_usd + job.fees_usd
    late_usd = max(0.0, took_s - task.max_latency_s) * rules.late_usd_per_s
    if accepted or job.paid_usd > 0:
        bill(
            now_s,
            job.who,
            AWAY,
            job.type_id,
            job.plain_usd,
            job.quoted_s,
            task.max_latency_s,
            rules.late_usd_per_s,
            charged_usd,
            late_usd,
            rules,
            course,
            experience,
        )
    if job.state == COMPLETED:
        took(job.who, job.type_id, job.quoted_s, took_s, rules, experience)
    over_usd = 0.0
    if not accepted:
        recovers = job.attempt + 1 <= rules.retries or rules.then_local
        over_usd = job.internal_usd if recovers else task.loss_usd
    return charged_usd + late_usd + over_usd


@part
def learn_of_home(
    job: Job, task: Task, experience: Experience, agenda: Agenda, rules: Rules, course: Course
) -> float:
    """`Home.learn`: the realised cost that the policy is told."""
    now_s = agenda.now_s
    took_s = now_s - job.submitted_s
    late_usd = max(0.0, took_s - task.max_latency_s) * rules.late_usd_per_s
    bill(
        now_s,
        job.who,
        AT_HOME,
        job.type_id,
        job.plain_usd,
        job.quoted_s,
        task.max_latency_s,
        rules.own_late_usd_per_s,
        task.home_usd,
        late_usd,
        rules,
        course,
        experience,
    )
    took(job.who, job.type_id, job.quoted_s, took_s, rules, experience)
    if rules.rated:
        rating = 1.0 if job.good else 0.0
        rate(
            job.who,
            job.type_id,
            rating,
            0.0,
            1.0,
            BY_TYPE,
            rules.own_pooling,
            experience.contractors,
            experience.pairs,
        )
    loss_usd = 0.0 if job.good else task.loss_usd
    return task.home_usd + late_usd + loss_usd


@part
def close(
    good: bool,
    task: Task,
    played: Played,
    blocks: Table[Open],
    agenda: Agenda,
    rules: Rules,
    course: Course,
) -> None:
    """`Endings._close`: the task is over, and with it the whole where it is a step."""
    played.good, played.closes = good, True
    late_s = agenda.now_s - task.due_s
    if late_s > 0:
        late_usd = late_s * rules.late_usd_per_s
        played.lateness_usd += late_usd
        charge(late_usd, ONCE, played)
    if not good:
        played.loss_usd += task.loss_usd
        charge(task.loss_usd, ONCE, played)
    leave(task, played, blocks, agenda, course)


@part
def leave(task: Task, played: Played, blocks: Table[Open], agenda: Agenda, course: Course) -> None:
    """`Endings._leave`."""
    played.finished_s = agenda.now_s
    if math.isnan(played.started_s):
        played.started_s = agenda.now_s
    course.done += 1
    blocks[task.block - course.first_open_block].left -= 1


@part
def hand_over(blocks: Table[Open], course: Course, handed: int) -> int:
    """`BlocksUnderWay.hand_over`: marks the blocks that are over now; how many of the open ones are."""
    while handed < course.next_block - course.first_open_block and blocks[handed].left == 0:
        blocks[handed].contracts, blocks[handed].ratings = course.contracts, course.ratings
        handed += 1
    return handed
