"""`bandits.linear`, compiled. Of the features of a task's type only its own is not 0, and 0 adds nothing."""

from __future__ import annotations

import math
import sys

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.alternatives import (
    first_greatest,
    greatest,
    list_alternatives,
    position_of,
)
from coalesce_sim.market.compiled.building import kernel, part
from coalesce_sim.market.compiled.market_tables import Course, Offers
from coalesce_sim.market.compiled.policy_memory import (
    NOBODY,
    Arms,
    Noted,
    Ridge,
    arms_at,
    course_at,
    heard_at,
    learner_at,
    noted_at,
    offers_at,
    ridge_at,
)
from coalesce_sim.market.compiled.reward_learners import reward_of
from coalesce_sim.market.compiled.topsis import exceeds
from coalesce_sim.market.contracts.terms import LATENCY, RELIABILITY, SHOWN, SKILL
from coalesce_sim.policies.bandits.linear import FEATURES
from coalesce_sim.policies.bandits.rewards import HOME_REWARD
from coalesce_sim.policies.protocol import LOCAL
from coalesce_sim.rounding import ROUNDING

_MEAN, _INDEX = 0, 1
"""Rows of `Arms.figures`."""

_TINY = sys.float_info.min
_SHARED = len(FEATURES)


@kernel
def lin_ucb_decides(at: IntArray) -> None:
    """`LinUcb.decide`."""
    course, learner, arms, offers = course_at(at), learner_at(at), arms_at(at), offers_at(at)
    ridge, noted = ridge_at(at), noted_at(at)[course.task - course.first_row_task]
    course.chosen, course.explored = LOCAL, False
    count = list_alternatives(arms, offers, course)
    if count == 0:
        return
    _predict(learner.uncertainty, ridge, noted, arms, offers, course)
    means, index = arms.figures[_MEAN, :count], arms.figures[_INDEX, :count]
    chosen, best_mean = first_greatest(index), greatest(means)
    if index[chosen] <= ROUNDING:
        return
    course.chosen = position_of(chosen, offers, course)
    _enter_features(course.chosen, noted, offers, course)
    _see(course.type_id, noted, ridge)
    noted.arm, noted.expected = arms.at_hand[chosen], means[chosen]
    _hear(course.type_id, noted, means[chosen], ridge)
    course.explored = best_mean <= ROUNDING or exceeds(best_mean, means[chosen])


@kernel
def lin_ucb_observes(at: IntArray) -> None:
    """`LinUcb.observe`."""
    heard = heard_at(at)
    noted = noted_at(at)[heard.task - course_at(at).first_row_task]
    value = reward_of(heard, learner_at(at)) - HOME_REWARD
    arm, noted.arm = noted.arm, NOBODY
    if arm == heard.arm:
        _hear(heard.type_id, noted, value - noted.expected, ridge_at(at))


@part
def _predict(alpha: float, ridge: Ridge, noted: Noted, arms: Arms, offers: Offers, course: Course) -> None:
    """`Ridge.predict`: leaves mean and index of each eligible offer."""
    inverse, coefficients, size = ridge.inverse, ridge.room, len(ridge.moment)
    for i in range(size):
        coefficient = 0.0
        for j in range(size):
            coefficient += inverse[i, j] * ridge.moment[j]
        coefficients[i] = coefficient
    place = 0
    for k in range(course.offers):
        if offers.eligible[k]:
            _enter_features(k, noted, offers, course)
            mean = square = 0.0
            for column in range(_SHARED + 1):
                j, value = _feature(column, course.type_id, noted, ridge)
                weighted = 0.0
                for row in range(_SHARED + 1):
                    i, other = _feature(row, course.type_id, noted, ridge)
                    weighted += other * inverse[i, j]
                mean += value * coefficients[j]
                square += weighted * value
            arms.figures[_MEAN, place] = mean
            arms.figures[_INDEX, place] = mean + alpha * math.sqrt(square)
            place += 1


@part
def _see(type_id: int, noted: Noted, ridge: Ridge) -> None:
    """`Ridge.see`."""
    inverse, ax = ridge.inverse, ridge.room
    for i in range(len(ax)):
        weighted = 0.0
        for column in range(_SHARED + 1):
            j, value = _feature(column, type_id, noted, ridge)
            weighted += inverse[i, j] * value
        ax[i] = weighted
    square = 0.0
    for column in range(_SHARED + 1):
        j, value = _feature(column, type_id, noted, ridge)
        square += value * ax[j]
    for i in range(len(ax)):
        for j in range(len(ax)):
            inverse[i, j] -= ax[i] * (ax[j] / (1 + square))


@part
def _hear(type_id: int, noted: Noted, y: float, ridge: Ridge) -> None:
    """`Ridge.hear`."""
    for column in range(_SHARED + 1):
        j, value = _feature(column, type_id, noted, ridge)
        ridge.moment[j] += y * value


@part
def _enter_features(k: int, noted: Noted, offers: Offers, course: Course) -> None:
    """`LinUcb.features` of one offer."""
    noted.price = _share(offers.terms[SHOWN, k], course.stay_usd)
    noted.unreliability = 1 - offers.terms[RELIABILITY, k]
    noted.latency = _share(offers.terms[LATENCY, k], course.max_latency_s)
    noted.complexity = course.complexity / (1 + course.complexity)
    noted.skill = offers.terms[SKILL, k]


@part
def _share(amount: float, rest: float) -> float:
    """`linear._share`."""
    return amount / max(amount + rest, _TINY)


@part
def _feature(which: int, type_id: int, noted: Noted, ridge: Ridge) -> tuple[int, float]:
    """The place and the value of the type's feature, 0, or of one of those that all types share."""
    place = len(ridge.moment) - _SHARED + which - 1
    if which == 0:
        return type_id, 1.0
    if which == 1:
        return place, noted.price
    if which == 2:
        return place, noted.unreliability
    if which == 3:
        return place, noted.latency
    return place, noted.complexity if which == 4 else noted.skill
