"""Greedy and its kin, compiled, in the words of `policies.bandits.greedy`."""

from __future__ import annotations

import math

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.alternatives import (
    expect,
    learn,
    list_alternatives,
    position_of,
    shrunk,
)
from coalesce_sim.market.compiled.building import kernel, part
from coalesce_sim.market.compiled.draws import drawn
from coalesce_sim.market.compiled.market_tables import Course, Offers
from coalesce_sim.market.compiled.policy_memory import (
    ADAPTIVE_THRESHOLD,
    EPSILON_GREEDY,
    OPTIMISTIC_GREEDY,
    Arms,
    Learner,
    arms_at,
    course_at,
    heard_at,
    learner_at,
    noted_at,
    offers_at,
)
from coalesce_sim.market.compiled.published_choices import first_least
from coalesce_sim.market.compiled.topsis import exceeds
from coalesce_sim.market.contracts.terms import EXTERNAL, SHOWN
from coalesce_sim.policies.protocol import LOCAL

_ESTIMATE = 0
"""The row of `Arms.figures` with what each alternative is estimated to cost."""


@kernel
def greedy_decides(at: IntArray) -> None:
    """`Greedy.decide` and that of its kin."""
    course, learner, arms, offers = course_at(at), learner_at(at), arms_at(at), offers_at(at)
    internal_usd, number = course.stay_usd, course.task
    epsilon = learner.epsilon
    explores = False
    if learner.kind == EPSILON_GREEDY:
        explores = drawn(learner.exploration, number, course.attempt) < epsilon
        learner.epsilon = epsilon * learner.decay
    count = list_alternatives(arms, offers, course)
    _estimate(count, internal_usd, learner, arms, offers, course)
    estimates_usd = arms.figures[_ESTIMATE]
    chosen = first_least(estimates_usd[: count + 1])
    explored = explores and count > 0
    if explored:
        chosen = int(drawn(learner.pick, number, course.attempt) * count)
    if learner.kind == ADAPTIVE_THRESHOLD:
        chosen = first_least(estimates_usd[:count]) if count > 0 else count
        least_usd = estimates_usd[chosen] + learner.threshold * internal_usd
        if chosen == count or not exceeds(estimates_usd[count], least_usd):
            learner.threshold += learner.recovery * (learner.first_threshold - learner.threshold)
            chosen = count
    position = position_of(chosen, offers, course)
    reference_usd, excess_usd = internal_usd, 0.0
    if position != LOCAL:
        reference_usd = offers.terms[SHOWN, position]
        excess_usd = offers.terms[EXTERNAL, position] - reference_usd
    noted = noted_at(at)[number - course.first_row_task]
    noted.reference_usd = reference_usd
    expect(course.type_id, arms.at_hand[chosen], excess_usd, noted, arms)
    course.chosen, course.explored = position, explored


@part
def _estimate(
    count: int, internal_usd: float, learner: Learner, arms: Arms, offers: Offers, course: Course
) -> None:
    """`Greedy._estimates_usd`: leaves an estimate of each alternative."""
    place = 0
    for k in range(course.offers):
        if offers.eligible[k]:
            reference_usd = offers.terms[SHOWN, k]
            prior_usd = offers.terms[EXTERNAL, k] - reference_usd
            if learner.kind == OPTIMISTIC_GREEDY:
                prior_usd = min(prior_usd, learner.good_excess_usd)
            excess_usd = _excess_usd(course.type_id, offers.ids[k], prior_usd, learner, arms)
            arms.figures[_ESTIMATE, place] = reference_usd + excess_usd
            place += 1
    home = arms.at_hand[count]
    arms.figures[_ESTIMATE, count] = internal_usd + _excess_usd(course.type_id, home, 0.0, learner, arms)


@part
def _excess_usd(type_id: int, arm: int, prior_usd: float, learner: Learner, arms: Arms) -> float:
    """`Arms.pooled_mean`, or the mean over all types alone."""
    every = len(arms.counts) - 1
    pooled = shrunk(arms.counts[every, arm], arms.sums[every, arm], prior_usd, learner.prior_weight)
    if not learner.by_task_type:
        return pooled
    return shrunk(arms.counts[type_id, arm], arms.sums[type_id, arm], pooled, learner.pooled_weight)


@kernel
def greedy_observes(at: IntArray) -> None:
    """`Greedy.observe` and that of its kin; a task that was not decided on is no lesson."""
    course, learner, heard = course_at(at), learner_at(at), heard_at(at)
    noted = noted_at(at)[heard.task - course.first_row_task]
    reference_usd, noted.reference_usd = noted.reference_usd, np.nan
    if not math.isnan(reference_usd):
        excess_usd = heard.realised_usd - reference_usd
        if learner.kind == OPTIMISTIC_GREEDY and heard.success and not heard.home:
            learner.good += 1
            learner.good_excess_usd += (excess_usd - learner.good_excess_usd) / learner.good
        learn(heard, excess_usd, noted, arms_at(at))
    if learner.kind == ADAPTIVE_THRESHOLD and not heard.home and heard.internal_usd > 0:
        saved = 1 - heard.realised_usd / heard.internal_usd
        moved = learner.threshold - learner.step * max(saved, -1.0)
        learner.threshold = min(max(moved, 0.0), 1.0)
