"""What work is worth, compiled, in the words of `market.contracts.results`."""

from __future__ import annotations

import math

from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.draws import drawn, normal
from coalesce_sim.market.compiled.market_tables import Contractor, Pair, Recorded, Rules, Task
from coalesce_sim.market.compiled.motion import Motion, ease_at


@part
def is_good(
    number: int,
    who: int,
    task: Task,
    worker: Contractor,
    pair: Pair,
    recorded: Recorded,
    motion: Motion,
    at_s: float,
    rules: Rules,
) -> bool:
    """Whether a worker's work on the task of that number is good, as it works at a time; home is the last
    column."""
    if rules.recorded:
        return bool(recorded.good[task.instance, who])
    return luck_of(number, worker, rules) < ease_at(worker, pair, at_s, motion)


@part
def luck_of(number: int, worker: Contractor, rules: Rules) -> float:
    """`Work.luck` of a worker with the task of that number."""
    draw = drawn(worker.work, number, 0)
    if rules.correlation > 0:
        difficulty = normal(drawn(rules.difficulty, number, 0))
        draw = rules.own_share * normal(draw) + rules.shared_share * difficulty
    return draw


@part
def bill_usd(who: int, good: bool, task: Task, pair: Pair, recorded: Recorded, rules: Rules) -> float:
    """What a contractor bills; NaN where its price is due."""
    if rules.recorded:
        return float(recorded.bill_usd[task.instance, who] * rules.price_factor)
    if not rules.by_use:
        return math.nan
    bill = pair.good_bill_usd if good else pair.bad_bill_usd
    return task.cost_factor * bill * rules.price_factor
