"""The published trade without events, a block of tasks at a time: unlimited slots make nobody wait.

Each line does what the SimPy side does for one task, in the same order of arithmetic; the names are those of
`market.published`, which says why.
"""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.market.compiled.building import kernel
from coalesce_sim.market.compiled.published_choices import TOPSIS, Yardstick, topsis, yardstick
from coalesce_sim.market.compiled.published_offers import (
    begin_hour,
    charge_usd,
    end_hour,
    external_usd,
    late_usd,
    price,
    price_usd,
)
from coalesce_sim.market.compiled.published_tables import Candidates, Clock, Contractor, Played, Rules, Task
from coalesce_sim.market.compiled.rows import Table
from coalesce_sim.market.compiled.topsis import Memory, Topsis
from coalesce_sim.policies.protocol import LOCAL


@kernel
def play_block(
    first_task: int,
    tasks: Table[Task],
    played: Table[Played],
    contractors: Table[Contractor],
    candidates: Candidates,
    demand_step: FloatArray,
    winners: IntArray,
    rules_row: Table[Rules],
    clock_row: Table[Clock],
    yardstick_row: Table[Yardstick],
    topsis_row: Table[Topsis],
    memory: Memory,
) -> None:
    """Play the tasks of a block to their end, one after the other."""
    rules, clock, policy = rules_row[0], clock_row[0], yardstick_row[0]
    if rules.moves and tasks[0].price_hour > clock.hour:
        end_hour(contractors, winners, rules, clock)
    price(contractors, rules)
    for t in range(len(tasks)):
        task, row, number = tasks[t], played[t], first_task + t
        while clock.now_s < task.arrival_s:
            clock.now_s += task.arrival_s - clock.now_s
        if rules.moves:
            begin_hour(task, contractors, demand_step, winners, rules, clock)
        if policy.kind == TOPSIS:
            row.contractor, row.explored, row.score, row.confidence = topsis(
                number, task, topsis_row[0], memory, contractors, candidates, rules
            )
        else:
            row.contractor = yardstick(number, task, policy, contractors, candidates, rules)
            row.score = row.confidence = np.nan
        if row.contractor == LOCAL:
            row.estimated_usd, row.estimated_s = task.internal_usd, task.expected_home_s
            service_s, row.realised_usd = task.home_s, task.home_usd
        else:
            contractor = contractors[row.contractor]
            service_s = contractor.latency_s * task.time_factor
            row.realised_usd = charge_usd(task, contractor, rules)
            row.price_usd = price_usd(task, contractor) * task.cost_factor
            row.estimated_usd = external_usd(task, contractor, rules)
            row.estimated_s = contractor.latency_s
            contractor.revenue_usd += row.price_usd
            if rules.moves:
                contractor.won += 1
                winners[clock.winners] = row.contractor
                clock.winners += 1
        row.started_s, row.finished_s = clock.now_s, clock.now_s + service_s
        if rules.charged_late_usd_per_s > 0:
            row.lateness_usd = late_usd(task, row.finished_s - task.arrival_s, rules)
            row.realised_usd += row.lateness_usd
