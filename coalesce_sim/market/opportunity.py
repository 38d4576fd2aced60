"""What the opportunity cost in an estimate at home is made of (eq. 5), by the rule that it follows."""

from __future__ import annotations

from typing import Any

import numpy as np

from coalesce_sim.economics.internal import Delay, value_rate
from coalesce_sim.market.first_come import Queue
from coalesce_sim.market.workload import Block

Facts = dict[str, Any]


def of_later_tasks(block: Block, task: int) -> Facts:
    """Rule ``later_tasks``: the best value rate behind the task, whose it is, and the hours that it waits.

    `tasks_behind` counts the client's later tasks of the same arrival, the own steps of a task that is done
    in their place left out; without any there is no more to tell.
    """
    tasks = block.tasks
    same_queue = (tasks.client == tasks.client[task]) & (tasks.arrival_s == tasks.arrival_s[task])
    last = task if block.wholes is None else block.wholes.last_in_place_of(task)
    behind = np.flatnonzero(same_queue[last + 1 :]) + last + 1
    told: Facts = {"rule": "later_tasks", "tasks_behind": len(behind)}
    if not len(behind):
        return told
    rates = value_rate(tasks.value_usd[behind], tasks.duration_h[behind])
    best = int(behind[rates.argmax()])
    usd_per_h, opportunity_usd = float(rates.max()), float(block.home.opportunity_usd[task])
    return told | {
        "best_task": block.first + best,
        "value_usd": float(tasks.value_usd[best]),
        "duration_h": float(tasks.duration_h[best]),
        "usd_per_h": usd_per_h,
        "billed_h": opportunity_usd / usd_per_h if usd_per_h > 0 else 0.0,
    }


def of_delay(rule: str, delay: Delay, late_usd_per_s: float, queue: Queue) -> Facts:
    """Rules ``expected_delay`` and ``queue``: the queue as it is, the lateness that it makes, and its price.

    `gap_s` and `next_late_s` are told where the next task counts.
    """
    told: Facts = {"rule": rule, "jobs_ahead": queue.jobs, "slots": queue.slots}
    told |= {name: value for name, value in delay._asdict().items() if value is not None}
    return told | {"late_usd_per_min": 60 * late_usd_per_s}
