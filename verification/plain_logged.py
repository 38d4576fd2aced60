"""A log in the plain market: each task goes where its log says, at the bill and in the time that stand there.

Nobody decides or waits here, so there is nothing to play: tasks are told one by one. Home without a bill
costs what its machine does for so long; where that serves several jobs at once, each has an equal part of
every second of it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from verification.plain_given import Task, boxes_of, tasks_of

Row = dict[str, Any]


def play_log(facts: dict[str, Any]) -> list[Row]:
    """What is told of each task, by the names of the columns of the simulator's table of decisions."""
    tasks = tasks_of(facts)
    late_usd_per_s = facts["settings"]["cost_model"]["late_usd_per_min"] / 60
    boxes = boxes_of(facts["settings"]["clients"])
    rows = []
    for task in tasks:
        said, row = task.logged, task.row
        on_machine = [each for each in tasks if _machine(each, boxes) == _machine(task, boxes)]
        if said["to"] != "home":
            row["contractor"], row["price_usd"] = said["to"], said["usd"]
        elif said["usd"] is not None:
            row["home_bill_usd"] = said["usd"]
        else:
            used_s = said["s"] if task.curve is None else shared_s(task, on_machine)
            for part, usd in task.logged_home_usd(used_s).items():
                row[part] = usd
        row["lateness_usd"] = late_usd_per_s * max(0.0, said["s"] - task.whole.target_s)
        row["loss_usd"] = 0.0 if said["good"] else task.whole.loss_usd
        row["realised_usd"] = sum(row[part] for part in CHARGED)
        row["internal_usd"] = row["realised_usd"] if said["to"] == "home" else None
        row |= {"attempts": said["attempts"], "closes": True, "started_s": task.arrival_s}
        row |= {"outcome": "completed" if said["good"] else "failed"}
        row["finished_s"] = task.arrival_s + said["s"]
        rows.append(task.closed_row())
    return rows


CHARGED = (
    *("home_compute_usd", "home_memory_usd", "home_energy_usd", "home_depreciation_usd", "home_bill_usd"),
    *("price_usd", "lateness_usd", "loss_usd"),
)
"""What a logged task may be charged for."""


def _machine(task: Task, boxes: list[str | None]) -> Any:
    """The box of its client, or that one's own machine."""
    return boxes[task.client] or task.client


def shared_s(task: Task, others: list[Task]) -> float:
    """The seconds of a machine that a task used up: of each its part among those at work there."""
    spans = [
        (each.arrival_s, each.arrival_s + each.logged["s"]) for each in others if each.logged["to"] == "home"
    ]
    begin_s, end_s = task.arrival_s, task.arrival_s + task.logged["s"]
    times_s = sorted({time_s for span in spans for time_s in span if begin_s <= time_s <= end_s})
    used_s = 0.0
    for first_s, next_s in pairwise(times_s):
        at_work = sum(begun_s <= first_s < ended_s for begun_s, ended_s in spans)
        used_s += (next_s - first_s) / at_work
    return used_s
