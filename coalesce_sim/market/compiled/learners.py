"""Greedy and its kin, compiled, in the words of `policies.bandits.greedy` and `arms`."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.draws import drawn
from coalesce_sim.market.compiled.market_tables import Course, Offers, Played
from coalesce_sim.market.compiled.published_choices import (
    ADAPTIVE_THRESHOLD,
    EPSILON_GREEDY,
    OPTIMISTIC_GREEDY,
    first_least,
)
from coalesce_sim.market.compiled.topsis import exceeds
from coalesce_sim.market.contracts.terms import EXTERNAL, SHOWN
from coalesce_sim.policies.protocol import LOCAL


class Learner:
    """The settings of a learner and what it keeps besides its arms: ε as it has decayed so far, the threshold
    as it has moved, how much good work there was and its mean excess; the states that draws begin at."""

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
    exploration: np.uint64
    pick: np.uint64


class Arms(NamedTuple):
    """How often each arm was chosen and what it came to, (types + 1, contractors + 1): all types are the last
    row, home is the last column; and room for an estimate of each offer and of home."""

    counts: FloatArray
    sums: FloatArray
    estimates_usd: FloatArray


@part
def choose(
    number: int,
    attempt: int,
    type_id: int,
    internal_usd: float,
    played: Played,
    learner: Learner,
    arms: Arms,
    offers: Offers,
    course: Course,
) -> tuple[int, bool]:
    """`Greedy.decide` and that of its kin: the place of the offer that is taken, and whether it explores."""
    epsilon = learner.epsilon
    explores = False
    if learner.kind == EPSILON_GREEDY:
        explores = drawn(learner.exploration, number, attempt) < epsilon
        learner.epsilon = epsilon * learner.decay
    count = _estimate(type_id, internal_usd, learner, arms, offers, course)
    usd, home_usd = arms.estimates_usd[:count], arms.estimates_usd[count]
    chosen = first_least(arms.estimates_usd[: count + 1])
    if explores and count > 0:
        chosen = int(drawn(learner.pick, number, attempt) * count)
    explored = explores and count > 0
    if learner.kind == ADAPTIVE_THRESHOLD:
        chosen = first_least(usd) if count > 0 else count
        if chosen == count or not exceeds(home_usd, usd[chosen] + learner.threshold * internal_usd):
            learner.threshold += learner.recovery * (learner.first_threshold - learner.threshold)
            chosen = count
    position = _position(chosen, offers, course)
    arm = offers.ids[position] if position != LOCAL else arms.counts.shape[1] - 1
    played.reference_usd, played.arm, played.expected_excess_usd = internal_usd, arm, 0.0
    if position != LOCAL:
        played.reference_usd = offers.terms[SHOWN, position]
        played.expected_excess_usd = offers.terms[EXTERNAL, position] - played.reference_usd
    for row in (type_id, len(arms.counts) - 1):
        arms.counts[row, arm] += 1
        arms.sums[row, arm] += played.expected_excess_usd
    return position, explored


@part
def _estimate(
    type_id: int, internal_usd: float, learner: Learner, arms: Arms, offers: Offers, course: Course
) -> int:
    """`Greedy._estimates_usd`: leaves an estimate of each eligible offer, and of home behind them."""
    count = 0
    for k in range(course.offers):
        if offers.eligible[k]:
            reference_usd = offers.terms[SHOWN, k]
            prior_usd = offers.terms[EXTERNAL, k] - reference_usd
            if learner.kind == OPTIMISTIC_GREEDY:
                prior_usd = min(prior_usd, learner.good_excess_usd)
            excess_usd = _excess_usd(type_id, offers.ids[k], prior_usd, learner, arms)
            arms.estimates_usd[count] = reference_usd + excess_usd
            count += 1
    home = arms.counts.shape[1] - 1
    arms.estimates_usd[count] = internal_usd + _excess_usd(type_id, home, 0.0, learner, arms)
    return count


@part
def _excess_usd(type_id: int, arm: int, prior_usd: float, learner: Learner, arms: Arms) -> float:
    """`Arms.pooled_mean`, or the mean over all types alone."""
    every = len(arms.counts) - 1
    pooled = _shrunk(arms.counts[every, arm], arms.sums[every, arm], prior_usd, learner.prior_weight)
    if not learner.by_task_type:
        return pooled
    return _shrunk(arms.counts[type_id, arm], arms.sums[type_id, arm], pooled, learner.pooled_weight)


@part
def _shrunk(count: float, total: float, prior: float, weight: float) -> float:
    """`indices.shrunk_mean`."""
    if weight > 0:
        return (total + weight * prior) / (count + weight)
    return total / max(count, 1.0) if count > 0 else prior


@part
def _position(chosen: int, offers: Offers, course: Course) -> int:
    """The place of the eligible offer of that number; `LOCAL` beyond them."""
    seen = 0
    for k in range(course.offers):
        if offers.eligible[k]:
            if seen == chosen:
                return k
            seen += 1
    return LOCAL


@part
def observe(
    arm: int,
    home: bool,
    type_id: int,
    success: bool,
    realised_usd: float,
    internal_usd: float,
    played: Played,
    learner: Learner,
    arms: Arms,
) -> None:
    """`Greedy.observe` and that of its kin; a task that was not decided on is no lesson."""
    reference_usd, played.reference_usd = played.reference_usd, np.nan
    if not math.isnan(reference_usd):
        excess_usd = realised_usd - reference_usd
        if learner.kind == OPTIMISTIC_GREEDY and success and not home:
            learner.good += 1
            learner.good_excess_usd += (excess_usd - learner.good_excess_usd) / learner.good
        if played.arm == arm:
            for row in (type_id, len(arms.counts) - 1):
                arms.sums[row, arm] += excess_usd - played.expected_excess_usd
    if learner.kind == ADAPTIVE_THRESHOLD and not home and internal_usd > 0:
        saved = 1 - realised_usd / internal_usd
        moved = learner.threshold - learner.step * max(saved, -1.0)
        learner.threshold = min(max(moved, 0.0), 1.0)
