"""How a change of the market and what came of it are told, in the table of a comparison and on its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coalesce_sim.numbers import number


def heading(at_s: float, task: float) -> str:
    """When it was."""
    return f"The change at {at_s / 3600:g} h, about task {number(task, 0)}"


def made_up(told: Mapping[str, Any]) -> str:
    """After how many tasks the loss from it is made up, with its interval; `told` is `Aftermath.as_dict`."""
    tasks = told["made_up_after_tasks"]
    ends = ["never" if each is None else number(each, 0) for each in told["made_up_after_tasks_ci95"]]
    after = "not" if tasks is None else number(tasks, 0)
    return after if ends[0] == ends[1] else f"{after} [{', '.join(ends)}]"
