"""Whom the built-in policies choose of the offers on one task, compiled, in the words of `policies`."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.closeness import closest_offer
from coalesce_sim.market.compiled.draws import drawn
from coalesce_sim.market.compiled.market_tables import Course, Offers
from coalesce_sim.market.compiled.published_choices import (
    ALWAYS_OUTSOURCE,
    FIXED,
    RANDOM,
    ROUTES,
    Yardstick,
    first_least,
)
from coalesce_sim.market.compiled.topsis import (
    Memory,
    Topsis,
    boosted,
    concluded,
    exceeds,
    explores,
    saves,
)
from coalesce_sim.market.contracts.terms import EXTERNAL, LATENCY, RELIABILITY, SECURITY, SHOWN
from coalesce_sim.policies.protocol import LOCAL


class Asked(Protocol):
    """A task that a policy is asked about."""

    client: int
    max_latency_s: float
    value_usd: float
    budget_usd: float
    sensitive: bool
    route: int
    route_else: int


@part
def yardstick(
    number: int,
    attempt: int,
    task: Asked,
    internal_usd: float,
    policy: Yardstick,
    offers: Offers,
    course: Course,
) -> int:
    """The place of the offer that a policy without a memory takes, or `LOCAL`."""
    count = course.offers
    if policy.kind == FIXED:
        return _of(policy.fixed, offers, count)
    if policy.kind == ROUTES:
        first = _of(task.route, offers, count)
        return _of(task.route_else, offers, count) if first == LOCAL and task.route != LOCAL else first
    if count == 0:
        return LOCAL
    if policy.kind == RANDOM:
        return _random(number, attempt, policy, offers, count)
    best = _cheapest(offers, count)
    if best == LOCAL or policy.kind == ALWAYS_OUTSOURCE:
        return best
    return best if exceeds(internal_usd, offers.terms[EXTERNAL, best]) else LOCAL


@part
def _of(who: int, offers: Offers, count: int) -> int:
    """The place of a contractor's offer; `LOCAL` where it makes none."""
    for k in range(count):
        if offers.ids[k] == who:
            return k
    return LOCAL


@part
def _random(number: int, attempt: int, policy: Yardstick, offers: Offers, count: int) -> int:
    eligible = 0
    for k in range(count):
        eligible += offers.eligible[k]
    if eligible == 0:
        return LOCAL
    left = int(drawn(policy.random, number, attempt) * eligible)
    for k in range(count):
        if offers.eligible[k]:
            if left == 0:
                return k
            left -= 1
    return LOCAL


@part
def _cheapest(offers: Offers, count: int) -> int:
    """The eligible offer of the lowest estimated cost; `LOCAL` where there is none."""
    usd, place = np.empty(count), np.empty(count, dtype=np.int64)
    eligible = 0
    for k in range(count):
        if offers.eligible[k]:
            usd[eligible], place[eligible] = offers.terms[EXTERNAL, k], k
            eligible += 1
    return place[first_least(usd[:eligible])] if eligible else LOCAL


@part
def topsis(
    number: int,
    attempt: int,
    task: Asked,
    internal_usd: float,
    policy: Topsis,
    memory: Memory,
    offers: Offers,
    course: Course,
) -> int:
    """`Topsis.decide`: the place of the offer, or `LOCAL`; the rest it enters in `course`."""
    count, terms = course.offers, offers.terms
    if explores(number, attempt, policy) and count > 0:
        return _explored(number, attempt, task, internal_usd, policy, offers, course)
    eligible = offers.eligible[:count]
    if policy.within_budget:
        for k in range(count):
            eligible[k] = eligible[k] and not exceeds(terms[SHOWN, k], task.budget_usd)
    m = 0 if len(memory.weights) == 1 else task.client
    weights = boosted(m, task.budget_usd, task.value_usd, task.max_latency_s, task.sensitive, policy, memory)
    best, score = closest_offer(
        terms[EXTERNAL, :count],
        terms[RELIABILITY, :count],
        terms[LATENCY, :count],
        terms[SECURITY, :count],
        eligible,
        weights,
    )
    if best == LOCAL:
        return LOCAL
    outsourced, confidence = concluded(
        m, number, attempt, score, internal_usd, terms[EXTERNAL, best], policy, memory
    )
    course.score, course.confidence = score, confidence
    return best if outsourced else LOCAL


@part
def _explored(
    number: int,
    attempt: int,
    task: Asked,
    internal_usd: float,
    policy: Topsis,
    offers: Offers,
    course: Course,
) -> int:
    """`Topsis._explored`."""
    picked = int(drawn(policy.pick, number, attempt) * course.offers)
    if policy.explored_too:
        dear = policy.within_budget and exceeds(offers.terms[SHOWN, picked], task.budget_usd)
        if dear or not saves(internal_usd, offers.terms[EXTERNAL, picked], policy):
            return LOCAL
    course.explored = True
    course.score, course.confidence = policy.explored_score, policy.explored_confidence
    return picked
