"""Whom the built-in policies choose in the published trade, compiled, in the words of `policies`."""

from __future__ import annotations

from typing import Final

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.closeness import closest
from coalesce_sim.market.compiled.draws import uniform
from coalesce_sim.market.compiled.published_offers import charge_usd, external_usd, late_usd, price_usd
from coalesce_sim.market.compiled.published_tables import Candidates, Contractor, Rules, Task
from coalesce_sim.market.compiled.rows import Table
from coalesce_sim.market.compiled.topsis import (
    Memory,
    Topsis,
    boosted,
    concluded,
    exceeds,
    explores,
    saves,
)
from coalesce_sim.policies.protocol import LOCAL
from coalesce_sim.rounding import ROUNDING

TOPSIS: Final = 0
FIXED: Final = 1
CHEAPEST: Final = 2
ALWAYS_OUTSOURCE: Final = 3
RANDOM: Final = 4
ORACLE: Final = 5
TALLY: Final = 6
ROUTES: Final = 7


class Yardstick:
    """Which policy chooses, by its number; the contractor, or `LOCAL`, that a fixed one takes, or routes take
    where their first choice makes no offer, and the state at which the draws of a random one begin."""

    kind: int
    fixed: int
    random: np.uint64


@part
def yardstick(
    number: int,
    task: Task,
    policy: Yardstick,
    contractors: Table[Contractor],
    candidates: Candidates,
    rules: Rules,
) -> int:
    """Whom a policy other than TOPSIS takes for the task of that number."""
    eligible = candidates.eligible[task.type_id]
    if policy.kind == FIXED:
        return policy.fixed
    if policy.kind == ROUTES:
        return task.route
    if policy.kind == ORACLE:
        return _least_charged(task, contractors, candidates, rules)
    if policy.kind == TALLY:
        _tally(task, contractors, rules)
        return LOCAL
    if not eligible:
        return LOCAL
    members = candidates.members[task.type_id, :eligible]
    if policy.kind == RANDOM:
        return int(members[int(uniform(policy.random, number) * eligible)])
    place = _cheapest(task, contractors, members, candidates, rules)
    hired = policy.kind == ALWAYS_OUTSOURCE or exceeds(task.internal_usd, candidates.external_usd[place])
    return members[place] if hired else LOCAL


@part
def _cheapest(
    task: Task,
    contractors: Table[Contractor],
    members: IntArray,
    candidates: Candidates,
    rules: Rules,
) -> int:
    """Place of the candidate of the lowest estimated cost, which is left there among `external_usd`."""
    for place in range(len(members)):
        candidates.external_usd[place] = external_usd(task, contractors[members[place]], rules)
    return first_least(candidates.external_usd[: len(members)])


@part
def _least_charged(task: Task, contractors: Table[Contractor], candidates: Candidates, rules: Rules) -> int:
    """`Oracle.decide`: the lowest realised cost among home and all contractors."""
    for j in range(len(contractors)):
        candidates.external_usd[j] = _realised_usd(task, contractors[j], rules)
    best = first_least(candidates.external_usd)
    home_usd = task.home_usd + late_usd(task, task.home_s, rules)
    return best if exceeds(home_usd, candidates.external_usd[best]) else LOCAL


@part
def first_least(usd: FloatArray) -> int:
    """`rounding.first_least`."""
    least_usd = np.inf
    for each in usd:
        least_usd = min(least_usd, each)
    for place in range(len(usd)):
        if usd[place] <= least_usd + ROUNDING * abs(least_usd):
            return place
    return 0


@part
def _tally(task: Task, contractors: Table[Contractor], rules: Rules) -> None:
    """`Tally.decide`: what each contractor would have saved."""
    home_usd = task.home_usd + late_usd(task, task.home_s, rules)
    for j in range(len(contractors)):
        saved_usd = home_usd - _realised_usd(task, contractors[j], rules)
        if abs(saved_usd) < np.inf:
            contractors[j].saved_usd += saved_usd


@part
def _realised_usd(task: Task, contractor: Contractor, rules: Rules) -> float:
    """`PublishedTrade.oracle_view`: the whole realised cost of a task that is given to a contractor."""
    took_s = contractor.latency_s * task.time_factor
    return charge_usd(task, contractor, rules) + late_usd(task, took_s, rules)


@part
def topsis(
    number: int,
    task: Task,
    policy: Topsis,
    memory: Memory,
    contractors: Table[Contractor],
    candidates: Candidates,
    rules: Rules,
) -> tuple[int, bool, float, float]:
    """`Topsis.decide`: whom it takes, whether it explores, score and confidence."""
    if explores(number, 0, policy):
        return _explored(number, task, policy, contractors, rules)
    count = candidates.eligible[task.type_id]
    members = candidates.members[task.type_id, :count]
    for j in members:
        candidates.external_usd[j] = external_usd(task, contractors[j], rules)
    affordable = _affordable(task, members, contractors, candidates) if policy.within_budget else count
    if not affordable:
        return LOCAL, False, np.nan, np.nan
    m = 0 if len(memory.weights) == 1 else task.client
    weights = boosted(m, task.budget_usd, task.value_usd, task.max_latency_s, task.sensitive, policy, memory)
    if affordable == count:
        place, score = closest(candidates.external_usd, members, candidates.gaps[task.type_id], weights)
        best = members[place]
    else:
        best, score = _closest_affordable(members, contractors, candidates, weights)
    outsourced, confidence = concluded(
        m, number, 0, score, task.internal_usd, candidates.external_usd[best], policy, memory
    )
    return best if outsourced else LOCAL, False, score, confidence


@part
def _closest_affordable(
    members: IntArray,
    contractors: Table[Contractor],
    candidates: Candidates,
    weights: tuple[float, float, float, float],
) -> tuple[int, float]:
    """The best of those candidates that the budget leaves, and its closeness."""
    left, count = np.empty(len(members), dtype=np.int64), 0
    values, gaps = np.empty((4, len(members))), np.empty((4, 2, len(members)))
    for place in range(len(members)):
        if candidates.affordable[place]:
            contractor = contractors[members[place]]
            values[1, count], values[2, count] = contractor.reliability, -contractor.latency_s
            values[3, count], left[count] = contractor.security, members[place]
            count += 1
    for criterion in range(1, 4):
        _fill_gaps(values[criterion, :count], gaps[criterion])
    place, score = closest(candidates.external_usd, left[:count], gaps, weights)
    return left[place], score


@part
def _fill_gaps(values: FloatArray, gaps: FloatArray) -> None:
    """`mcdm.squared_gaps` of finite values."""
    worst, best = np.inf, -np.inf
    for value in values:
        worst, best = min(worst, value), max(best, value)
    unit = 1.0 / (best - worst) if exceeds(best, worst) else 0.0
    for place in range(len(values)):
        to_best, to_worst = (best - values[place]) * unit, (values[place] - worst) * unit
        gaps[0, place], gaps[1, place] = to_best * to_best, to_worst * to_worst


@part
def _explored(
    number: int, task: Task, policy: Topsis, contractors: Table[Contractor], rules: Rules
) -> tuple[int, bool, float, float]:
    """`Topsis._explored`: anybody or, where the rules hold for it too and do not let it pass, home."""
    j = int(uniform(policy.pick, number) * len(contractors))
    if policy.explored_too:
        usd = external_usd(task, contractors[j], rules)
        dear = policy.within_budget and exceeds(price_usd(task, contractors[j]), task.budget_usd)
        if dear or not saves(task.internal_usd, usd, policy):
            return LOCAL, False, np.nan, np.nan
    return j, True, policy.explored_score, policy.explored_confidence


@part
def _affordable(task: Task, members: IntArray, contractors: Table[Contractor], candidates: Candidates) -> int:
    """`Topsis._affordable`: marks those candidates whose prices are within the budget; how many they are."""
    count = 0
    for place in range(len(members)):
        within = not exceeds(price_usd(task, contractors[members[place]]), task.budget_usd)
        candidates.affordable[place] = within
        count += within
    return count
