"""What an opportunity cost at home is made of, in a sentence."""

from __future__ import annotations

from typing import Any

from coalesce_sim.numbers import number, plural

Facts = dict[str, Any]


def opportunity_sentence(of: Facts, home: Facts) -> str:
    """The queue, the task behind or the delay that it comes from, and at what rate.

    `of` is what `market.opportunity` tells, `home` the parts of the estimate at home.
    """
    rule = of["rule"]
    if rule == "none":
        return "Opportunity: none is charged."
    costs = f"Opportunity {number(home['opportunity_usd'])} USD, by the rule {rule}"
    if rule == "later_tasks":
        return f"{costs}: {_later_tasks(of)}."
    late = f"{number(of['late_s'], 0)} s late" if of["late_s"] > 0 else "in time"
    told = (
        f"{costs}: {plural(of['jobs_ahead'], 'job')} ahead{_of_slots(of['slots'])}, "
        f"{number(of['wait_s'], 0)} s of queue and {number(of['work_s'], 0)} s of work, "
        f"{number(of['target_s'], 0)} s allowed, so {late}"
    )
    if "gap_s" in of:
        later_s = number(of["next_late_s"], 0)
        told += f"; the next task, expected in {number(of['gap_s'], 0)} s, is {later_s} s later for it"
    return f"{told}; at {number(of['late_usd_per_min'])} USD a minute."


def _later_tasks(of: Facts) -> str:
    if not of["tasks_behind"]:
        return "none of the client's tasks that came at the same time is behind it"
    which = "the one that waits" if of["tasks_behind"] == 1 else f"the best of {of['tasks_behind']} that wait"
    return (
        f"task {of['best_task']}, {which} behind it since the same time, is worth {number(of['value_usd'])} "
        f"USD in {number(of['duration_h'])} h, {number(of['usd_per_h'])} USD an hour, over the "
        f"{number(of['billed_h'])} h that this one is charged for"
    )


def _of_slots(slots: int | None) -> str:
    return "" if slots is None else f" for {plural(slots, 'slot')}"
