"""What work is worth, compiled, in the words of `market.contracts.results`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.draws import drawn, normal
from coalesce_sim.market.compiled.market_tables import Contractor, Pair, Recorded, Rules, Task
from coalesce_sim.market.compiled.motion import Motion, ease_at


@part
def is_good(
    number: int,
    again: int,
    who: int,
    task: Task,
    worker: Contractor,
    pair: Pair,
    recorded: Recorded,
    motion: Motion,
    at_s: float,
    rules: Rules,
) -> bool:
    """Whether a worker's work on the task of that number is good, as it works at a time, after it was tried
    so often before; home is the last column."""
    if rules.recorded:
        return bool(recorded.good[task.instance, who])
    return luck_of(number, again, worker, rules) < ease_at(worker, pair, at_s, motion)


@part
def luck_of(number: int, again: int, worker: Contractor, rules: Rules) -> float:
    """`Work.luck` of a worker with the task of that number, after it was tried so often before."""
    draw = drawn(worker.work, number, again)
    if rules.correlation > 0:
        difficulty = normal(drawn(rules.difficulty, number, 0))
        draw = rules.own_share * normal(draw) + rules.shared_share * difficulty
    return draw


@part
def times_tried(who: int, tried: IntArray) -> int:
    """How often a contractor is among those who were tried."""
    times: Any = np.int64(0)
    for each in tried:
        times += each == who
    return int(times)


@part
def bill_usd(who: int, good: bool, task: Task, pair: Pair, recorded: Recorded, rules: Rules) -> float:
    """What a contractor bills; NaN where its price is due."""
    if rules.recorded:
        return float(recorded.bill_usd[task.instance, who] * rules.price_factor)
    if not rules.by_use:
        return math.nan
    bill = pair.good_bill_usd if good else pair.bad_bill_usd
    return task.cost_factor * bill * rules.price_factor
