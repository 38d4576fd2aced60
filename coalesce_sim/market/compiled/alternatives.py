"""Who can be chosen for a task, and what each has come to, compiled, in the words of `bandits.arms`."""

from __future__ import annotations

import math

from coalesce_sim.arrays import FloatArray
from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.market_tables import Course, Offers
from coalesce_sim.market.compiled.policy_memory import NOBODY, Arms, Heard, Noted
from coalesce_sim.policies.protocol import LOCAL
from coalesce_sim.rounding import ROUNDING


@part
def list_alternatives(arms: Arms, offers: Offers, course: Course) -> int:
    """`Alternatives.arms`: leaves the arms of the eligible offers, and home's behind them; how many
    offers."""
    count = 0
    for k in range(course.offers):
        if offers.eligible[k]:
            arms.at_hand[count] = offers.ids[k]
            count += 1
    arms.at_hand[count] = arms.counts.shape[1] - 1
    return count


@part
def position_of(chosen: int, offers: Offers, course: Course) -> int:
    """`Alternatives.position`."""
    seen = 0
    for k in range(course.offers):
        if offers.eligible[k]:
            if seen == chosen:
                return k
            seen += 1
    return LOCAL


@part
def expect(type_id: int, arm: int, value: float, noted: Noted, arms: Arms) -> None:
    """`Arms.expect`."""
    noted.arm, noted.expected = arm, value
    for row in (type_id, len(arms.counts) - 1):
        arms.counts[row, arm] += 1
        arms.sums[row, arm] += value
        arms.squares[row, arm] += value * value
        arms.plays[row] += 1


@part
def learn(heard: Heard, value: float, noted: Noted, arms: Arms) -> None:
    """`Arms.learn`."""
    arm, noted.arm = noted.arm, NOBODY
    if arm == heard.arm:
        for row in (heard.type_id, len(arms.counts) - 1):
            arms.sums[row, arm] += value - noted.expected
            arms.squares[row, arm] += value * value - noted.expected * noted.expected


@part
def shrunk(count: float, total: float, prior: float, weight: float) -> float:
    """`indices.shrunk_mean`."""
    if weight > 0:
        return (total + weight * prior) / (count + weight)
    return total / max(count, 1.0) if count > 0 else prior


@part
def greatest(values: FloatArray) -> float:
    """Numpy's `max`: NaN where one is."""
    most = -math.inf
    for each in values:
        if math.isnan(each):
            return math.nan
        most = max(most, each)
    return most


@part
def first_greatest(values: FloatArray) -> int:
    """`rounding.first_greatest`."""
    most = greatest(values)
    for place in range(len(values)):
        each = values[place]
        if math.isinf(most):
            if each == most:
                return place
        elif math.isnan(each) or each >= most - ROUNDING * abs(most):
            return place
    return 0
