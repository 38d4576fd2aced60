"""`bandits.exp3`, compiled; the logarithms of the weights are the sums of its `Arms`."""

from __future__ import annotations

import math

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.alternatives import greatest, list_alternatives, position_of
from coalesce_sim.market.compiled.building import kernel, part
from coalesce_sim.market.compiled.draws import drawn
from coalesce_sim.market.compiled.policy_memory import (
    NOBODY,
    Arms,
    arms_at,
    course_at,
    heard_at,
    learner_at,
    noted_at,
    offers_at,
)
from coalesce_sim.market.compiled.reward_learners import reward_of

_LOG_WEIGHT, _PROBABILITY = 0, 1
"""Rows of `Arms.figures`."""


@kernel
def exp3_decides(at: IntArray) -> None:
    """`Exp3.decide`."""
    course, learner, arms, offers = course_at(at), learner_at(at), arms_at(at), offers_at(at)
    count = list_alternatives(arms, offers, course) + 1
    gamma = learner.gamma
    if gamma == 0:
        gamma = min(1.0, math.sqrt(count * math.log(count) / ((math.e - 1) * learner.horizon_tasks)))
    row = course.type_id if learner.by_task_type else len(arms.counts) - 1
    _enter_probabilities(count, row, gamma, arms)
    probabilities = arms.figures[_PROBABILITY, :count]
    pick = drawn(learner.pick, course.task, course.attempt)
    course.explored = drawn(learner.exploration, course.task, course.attempt) < gamma
    chosen = int(pick * count) if course.explored else _exploited(pick, gamma, probabilities)
    noted = noted_at(at)[course.task - course.first_row_task]
    noted.arm, noted.probability = arms.at_hand[chosen], probabilities[chosen]
    noted.alternatives, noted.gamma = count, gamma
    course.chosen = position_of(chosen, offers, course)


@kernel
def exp3_observes(at: IntArray) -> None:
    """`Exp3.observe`."""
    learner, heard, arms = learner_at(at), heard_at(at), arms_at(at)
    noted = noted_at(at)[heard.task - course_at(at).first_row_task]
    reward = reward_of(heard, learner)
    arm, noted.arm = noted.arm, NOBODY
    if arm == heard.arm:
        row = heard.type_id if learner.by_task_type else len(arms.sums) - 1
        arms.sums[row, arm] += noted.gamma * reward / (noted.probability * noted.alternatives)


@part
def _enter_probabilities(count: int, row: int, gamma: float, arms: Arms) -> None:
    """`indices.exp3_probabilities`."""
    log_weights, weights = arms.figures[_LOG_WEIGHT, :count], arms.figures[_PROBABILITY, :count]
    for place in range(count):
        log_weights[place] = arms.sums[row, arms.at_hand[place]]
    most, total = greatest(log_weights), 0.0
    for place in range(count):
        weights[place] = math.exp(log_weights[place] - most)
        total += weights[place]
    for place in range(count):
        weights[place] = (1 - gamma) * (weights[place] / total) + gamma / count


@part
def _exploited(pick: float, gamma: float, probabilities: np.ndarray) -> int:
    """The choice that is not uniform."""
    count, total = len(probabilities), 0.0
    for each in probabilities:
        total += each - gamma / count
    edge, chosen, goal = 0.0, 0, pick * total
    for each in probabilities:
        edge += each - gamma / count
        chosen += edge <= goal
    return min(chosen, count - 1)
