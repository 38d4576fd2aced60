"""The policies that learn what reward each arm brings, compiled, in the words of `policies.bandits`.

Each is a kernel of its own. What they have in common leaves three figures of each alternative; each adds its
index, and takes the greatest.
"""

from __future__ import annotations

import math

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.alternatives import (
    expect,
    first_greatest,
    greatest,
    learn,
    list_alternatives,
    position_of,
    shrunk,
)
from coalesce_sim.market.compiled.building import kernel, part
from coalesce_sim.market.compiled.draws import StateArray, drawn, normal
from coalesce_sim.market.compiled.market_tables import Course, Offers
from coalesce_sim.market.compiled.policy_memory import (
    FIGURES,
    Arms,
    Heard,
    Learner,
    Noted,
    arms_at,
    course_at,
    heard_at,
    learner_at,
    noted_at,
    offers_at,
    states_at,
)
from coalesce_sim.market.compiled.topsis import exceeds
from coalesce_sim.market.contracts.terms import EXTERNAL, SHOWN
from coalesce_sim.policies.bandits import beta
from coalesce_sim.policies.bandits.budgeted import LEAST_PRICE_USD
from coalesce_sim.policies.bandits.indices import LEAST
from coalesce_sim.policies.bandits.rewards import HOME_REWARD, LEAST_USD
from coalesce_sim.rounding import ROUNDING

EXPECTED, OBSERVATIONS, MEAN, INDEX, DEVIATE, GOOD, BAD = FIGURES
"""Rows of `Arms.figures`."""

_quantile, _is_below, _likely = part(beta.quantile), part(beta.is_below), part(beta.likely)


@kernel
def ucb1_decides(at: IntArray) -> None:
    """`Ucb1.decide`."""
    course, learner, arms, offers = course_at(at), learner_at(at), arms_at(at), offers_at(at)
    count, row = _known(learner, arms, offers, course)
    _optimistic(count, row, learner, arms)
    _take(first_greatest(arms.figures[INDEX, :count]), count, noted_of(at), arms, offers, course)


@kernel
def ucb_v_decides(at: IntArray) -> None:
    """`UcbV.decide`."""
    course, learner, arms, offers = course_at(at), learner_at(at), arms_at(at), offers_at(at)
    count, row = _known(learner, arms, offers, course)
    log_plays, weight, figures = _log_plays(row, arms), learner.prior_weight, arms.figures
    for place in range(count):
        observations, mean = figures[OBSERVATIONS, place], figures[MEAN, place]
        if observations > 0:
            arm, prior = arms.at_hand[place], figures[EXPECTED, place]
            mean_square = shrunk(arms.counts[row, arm], arms.squares[row, arm], prior * prior, weight)
            variance = max(mean_square - mean * mean, 0.0)
            share = learner.uncertainty * log_plays / max(observations, LEAST)
            figures[INDEX, place] = mean + math.sqrt(2 * variance * share) + 3 * learner.bias * share
        else:
            figures[INDEX, place] = np.inf
    _take(first_greatest(figures[INDEX, :count]), count, noted_of(at), arms, offers, course)


@kernel
def thompson_decides(at: IntArray) -> None:
    """`Thompson.decide`."""
    course, learner, arms, offers = course_at(at), learner_at(at), arms_at(at), offers_at(at)
    count, _ = _known(learner, arms, offers, course)
    _draw_from_beta(count, states_at(at), arms, course)
    _take(first_greatest(arms.figures[INDEX, :count]), count, noted_of(at), arms, offers, course)


@kernel
def thompson_gaussian_decides(at: IntArray) -> None:
    """`ThompsonGaussian.decide`."""
    course, learner, arms, offers = course_at(at), learner_at(at), arms_at(at), offers_at(at)
    count, _ = _known(learner, arms, offers, course)
    states, figures = states_at(at), arms.figures
    for place in range(count):
        standard = normal(drawn(states[arms.at_hand[place]], course.task, course.attempt))
        sd = learner.uncertainty / math.sqrt(figures[OBSERVATIONS, place])
        figures[INDEX, place] = figures[MEAN, place] + sd * standard
    _take(first_greatest(figures[INDEX, :count]), count, noted_of(at), arms, offers, course)


@kernel
def budgeted_ucb_decides(at: IntArray) -> None:
    """`BudgetedUcb.decide`."""
    course, learner, arms, offers = course_at(at), learner_at(at), arms_at(at), offers_at(at)
    learner.decided += 1
    count, row = _known(learner, arms, offers, course)
    _optimistic(count, row, learner, arms)
    internal_usd, figures, home = course.stay_usd, arms.figures, count - 1
    scale_usd, left_usd = scale_of(internal_usd, learner), _left_usd(learner)
    place = 0
    for k in range(course.offers):
        if offers.eligible[k]:
            price_usd = offers.terms[SHOWN, k]
            optimistic_usd = 2 * (figures[INDEX, place] - HOME_REWARD) * scale_usd
            optimistic_usd = min(optimistic_usd, internal_usd - price_usd)
            worth = optimistic_usd > ROUNDING * scale_usd and price_usd <= left_usd
            figures[INDEX, place] = optimistic_usd / max(price_usd, LEAST_PRICE_USD) if worth else 0.0
            place += 1
    figures[INDEX, home] = 0.0
    chosen, noted = first_greatest(figures[INDEX, :count]), noted_of(at)
    if figures[INDEX, chosen] <= 0:
        chosen = home
    else:
        noted.committed_usd = offers.terms[SHOWN, position_of(chosen, offers, course)]
        learner.spent_usd += noted.committed_usd
    _take(chosen, count, noted, arms, offers, course)


@kernel
def reward_learner_observes(at: IntArray) -> None:
    """`RewardLearner.observe`."""
    heard = heard_at(at)
    _observe(heard, noted_at(at)[heard.task - course_at(at).first_row_task], at)


@kernel
def budgeted_ucb_observes(at: IntArray) -> None:
    """`BudgetedUcb.observe`."""
    learner, heard = learner_at(at), heard_at(at)
    noted = noted_at(at)[heard.task - course_at(at).first_row_task]
    _observe(heard, noted, at)
    if not heard.home and not math.isnan(noted.committed_usd):
        learner.spent_usd += heard.price_usd - noted.committed_usd
        noted.committed_usd = np.nan


@part
def noted_of(at: IntArray) -> Noted:
    """What is kept of the task that is decided."""
    course = course_at(at)
    row: Noted = noted_at(at)[course.task - course.first_row_task]
    return row


@part
def scale_of(internal_usd: float, learner: Learner) -> float:
    """`Rewards.scale_usd`."""
    if not math.isnan(learner.stated_scale_usd):
        return learner.stated_scale_usd
    return max(internal_usd, 2 * learner.mean_loss_usd, LEAST_USD)


@part
def reward_of(heard: Heard, learner: Learner) -> float:
    """`Rewards.met`."""
    saving_usd = heard.internal_usd - heard.realised_usd
    if saving_usd < 0:
        loss_usd = min(-saving_usd, 2 * scale_of(heard.internal_usd, learner))
        learner.losses += 1
        learner.mean_loss_usd += (loss_usd - learner.mean_loss_usd) / learner.losses
    return min(max(HOME_REWARD + saving_usd / (2 * scale_of(heard.internal_usd, learner)), 0.0), 1.0)


@part
def _known(learner: Learner, arms: Arms, offers: Offers, course: Course) -> tuple[int, int]:
    """`RewardLearner._known`: how many alternatives there are, home too, and the row that counts."""
    row = course.type_id if learner.by_task_type else len(arms.counts) - 1
    home, weight, figures = list_alternatives(arms, offers, course), learner.prior_weight, arms.figures
    internal_usd = course.stay_usd
    per_usd = 0.5 / scale_of(internal_usd, learner)
    place = 0
    for k in range(course.offers):
        if offers.eligible[k]:
            rewarded = HOME_REWARD + (internal_usd - offers.terms[EXTERNAL, k]) * per_usd
            figures[EXPECTED, place] = 1.0 if rewarded > 1.0 else 0.0 if rewarded < 0.0 else rewarded
            place += 1
    figures[EXPECTED, home] = HOME_REWARD
    for place in range(home + 1):
        arm, prior = arms.at_hand[place], figures[EXPECTED, place]
        figures[OBSERVATIONS, place] = arms.counts[row, arm] + weight
        figures[MEAN, place] = shrunk(arms.counts[row, arm], arms.sums[row, arm], prior, weight)
    return home + 1, row


@part
def _optimistic(count: int, row: int, learner: Learner, arms: Arms) -> None:
    """`indices.ucb1`."""
    log_plays, figures = _log_plays(row, arms), arms.figures
    for place in range(count):
        observations = figures[OBSERVATIONS, place]
        figures[INDEX, place] = np.inf
        if observations > 0:
            share = learner.uncertainty * log_plays / max(observations, LEAST)
            figures[INDEX, place] = figures[MEAN, place] + math.sqrt(share)


@part
def _log_plays(row: int, arms: Arms) -> float:
    """`indices._log`."""
    return math.log(max(float(arms.plays[row]), 1.0))


@part
def _draw_from_beta(count: int, states: StateArray, arms: Arms, course: Course) -> None:
    """`beta.greatest` of the alternatives' posteriors."""
    figures, first, most = arms.figures, 0, -np.inf
    for place in range(count):
        observations = figures[OBSERVATIONS, place]
        good = max(min(observations * figures[MEAN, place], observations), 0.0)
        figures[GOOD, place], figures[BAD, place] = 1 + good, 1 + (observations - good)
        luck = drawn(states[arms.at_hand[place]], course.task, course.attempt)
        figures[INDEX, place], figures[DEVIATE, place] = luck, normal(luck)
        guess = _likely(figures[DEVIATE, place], figures[GOOD, place], figures[BAD, place])
        if guess > most:
            first, most = place, guess
    most = 0.0
    for turn in range(-1, count):
        place = first if turn < 0 else turn
        good, bad, luck = figures[GOOD, place], figures[BAD, place], figures[INDEX, place]
        if turn < 0 or place != first:
            figures[INDEX, place] = -np.inf
            if turn < 0 or not _is_below(most * (1 - beta.APART), figures[DEVIATE, place], good, bad):
                figures[INDEX, place] = _quantile(luck, good, bad)
                most = max(most, figures[INDEX, place])


@part
def _left_usd(learner: Learner) -> float:
    """`BudgetedUcb._left_usd`."""
    share = min(1.0, learner.decided / learner.pace_tasks) if learner.pace_tasks > 0 else 1.0
    return learner.budget_usd * share - learner.spent_usd


@part
def _take(chosen: int, count: int, noted: Noted, arms: Arms, offers: Offers, course: Course) -> None:
    """`RewardLearner._take`."""
    figures = arms.figures
    expect(course.type_id, arms.at_hand[chosen], figures[EXPECTED, chosen], noted, arms)
    course.explored = exceeds(greatest(figures[MEAN, :count]), figures[MEAN, chosen])
    course.chosen = position_of(chosen, offers, course)


@part
def _observe(heard: Heard, noted: Noted, at: IntArray) -> None:
    """`RewardLearner.observe`."""
    learn(heard, reward_of(heard, learner_at(at)), noted, arms_at(at))
