"""Metrics of tasks: what they cost and saved, how long they took."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from coalesce_sim.cost_parts import (
    AT_HOME,
    COST_PARTS,
    HOME_BILL,
    HOME_COMPUTE,
    HOME_DEPRECIATION,
    HOME_ENERGY,
    HOME_MEMORY,
    PRICE,
    Group,
)
from coalesce_sim.metrics.metric import Metric


def _percentiles(prefix: str, of: str, whose: str) -> list[Metric]:
    return [
        Metric(
            f"{prefix}turnaround_p{percentile}_s",
            f"{of} p{percentile}",
            "s",
            f"The {percentile}th percentile of the time from a task's arrival to its result{whose}",
            None if prefix else "lower",
        )
        for percentile in (50, 95, 99)
    ]


_GROUPS: dict[Group, tuple[str, str, str]] = {
    "cash": ("cash_saving", "Cash", "what is paid to somebody or used up at home"),
    "delay": ("delay_saving", "Delay", "what waiting is worth"),
    "losses": ("loss_saving", "Losses", "what bad work, leaks and charged risk come to"),
}
"""The metric of what is saved of a group, its label, and what is in it."""

SAVINGS: Final = tuple(saving for saving, _, _ in _GROUPS.values())
"""The parts of `cost_reduction`, in the order in which they are told."""

COST_REDUCTION: Final = "cost_reduction"
COST_REDUCTION_AS_LOGGED: Final = "cost_reduction_as_logged"


def _of_savings() -> Iterator[Metric]:
    for group, (name, label, meaning) in _GROUPS.items():
        yield Metric(
            name,
            f"{label} saved",
            "%",
            f"The part of `cost_reduction` that is {meaning}: (`all_local_{group}_usd` − `{group}_usd`) / "
            "`all_local_usd`; negative where that costs more than all-local",
            "higher",
        )


def _of_groups() -> Iterator[Metric]:
    for group, (_, label, meaning) in _GROUPS.items():
        parts = ", ".join(f"`{part.metric}`" for part in COST_PARTS if part.group == group)
        definition = f"The part of the cost that is {meaning}: {parts}"
        yield Metric(f"{group}_usd", label, "USD", definition, "lower")
    for group, (_, label, meaning) in _GROUPS.items():
        yield Metric(
            f"all_local_{group}_usd",
            f"All-local {label.lower()}",
            "USD",
            f"The part of the all-local cost that is {meaning}",
            None,
        )
    for group, (_, label, meaning) in _GROUPS.items():
        yield Metric(
            f"as_logged_{group}_usd",
            f"{label} as logged",
            "USD",
            f"The part of `as_logged_usd` that is {meaning}",
            None,
        )


def _of_parts() -> Iterator[Metric]:
    """What each part of the cost comes to, as played and all-local."""
    for place, part in enumerate(COST_PARTS):
        shifted = place in (HOME_COMPUTE, HOME_MEMORY, HOME_ENERGY, HOME_DEPRECIATION, HOME_BILL, PRICE)
        yield Metric(part.metric, part.label, "USD", f"Σ {part.definition}", None if shifted else "lower")
    yield Metric(
        "retries_usd",
        "Cost of retries",
        "USD",
        "Σ what attempts at a task after its first came to: search, pay, fees and work at home, which are in "
        "the other parts too",
        "lower",
    )
    for part in (COST_PARTS[index] for index in AT_HOME):
        yield Metric(
            f"all_local_{part.metric}",
            f"All-local {part.label[0].lower()}{part.label[1:]}",
            "USD",
            f"Σ {part.definition}, where all tasks stay at home",
            None,
        )


OF_TASKS: Final = [
    Metric(
        "tasks",
        "Number of tasks",
        "",
        "Tasks that ended; a composite task counts once, with all its steps",
        None,
    ),
    *_of_savings(),
    Metric(
        "cost_reduction",
        "Cost reduction",
        "%",
        "1 − Σ realised cost / Σ realised cost of the same tasks all-local, on the same random numbers: "
        "`cash_saving` + `delay_saving` + `loss_saving`",
        "higher",
    ),
    Metric(
        COST_REDUCTION_AS_LOGGED,
        "Cost reduction against the log",
        "%",
        "1 − Σ realised cost / Σ cost of the same tasks as their log says (`as_logged_usd`); only where "
        "tasks are logged",
        "higher",
    ),
    Metric(
        "cost_reduction_published",
        "Cost reduction as published",
        "%",
        "Σ over outsourced tasks of max(0, estimated internal cost − realised cost) / Σ realised cost of the "
        "tasks that stayed local; it leaves losses out and can pass 100 %",
        "higher",
    ),
    Metric(
        "time_reduction",
        "Time reduction",
        "%",
        "1 − Σ time from arrival to result / Σ that of the same tasks all-local, on the same random numbers",
        "higher",
    ),
    Metric(
        "time_savings_published",
        "Time savings as published",
        "%",
        "Σ over outsourced tasks of max(0, local time − realised time) / Σ local time of the tasks that "
        "stayed local; it leaves losses out and can pass 100 %",
        "higher",
    ),
    Metric(
        "outsourcing_rate",
        "Outsourcing rate",
        "%",
        "Share of the tasks decided on (each step of a composite task by itself) whose last decision was "
        "for a contractor",
        None,
    ),
    Metric(
        "exploration_rate",
        "Exploration rate",
        "%",
        "Share of the tasks decided on for which at least one decision was made at random",
        None,
    ),
    Metric("success_rate", "Success rate", "%", "Share of the tasks that ended with good work", "higher"),
    Metric(
        "realised_usd",
        "Cost",
        "USD",
        "Σ realised cost: `cash_usd` + `delay_usd` + `losses_usd`",
        "lower",
    ),
    Metric(
        "all_local_usd",
        "All-local cost",
        "USD",
        "Σ realised cost of the same tasks where all of them stay at home, on the same random numbers",
        None,
    ),
    Metric(
        "as_logged_usd",
        "Cost as logged",
        "USD",
        "Σ cost of the same tasks as their log says: bills or, at home without one, what the hardware costs "
        "for so long; lateness and losses as this market counts them. Undefined where a contractor's bill is "
        "not in the log",
        None,
    ),
    *_of_groups(),
    *_of_parts(),
    Metric(
        "attempts_per_task",
        "Mean attempts per task",
        "",
        "Contracts and work at home / tasks, all steps of a composite task together",
        "lower",
    ),
    Metric("lateness_s", "Lateness", "s", "Σ time beyond the target", "lower"),
    Metric(
        "all_local_lateness_s",
        "All-local lateness",
        "s",
        "Σ time beyond the target, where all tasks stay at home",
        None,
    ),
    Metric(
        "estimated_saving_usd_per_task",
        "Estimated saving",
        "USD/task",
        "Σ over outsourced tasks of (estimated internal − estimated external cost) / all tasks",
        "higher",
    ),
    Metric("late_rate", "Share of late tasks", "%", "Share of the tasks that missed their target", "lower"),
    Metric(
        "all_local_late_rate",
        "All-local share of late tasks",
        "%",
        "Share of the tasks that end beyond their target where all of them stay at home, among all tasks",
        None,
    ),
    Metric(
        "as_logged_outsourcing_rate",
        "Outsourcing rate as logged",
        "%",
        "Share of the tasks that went to contractors by their log",
        None,
    ),
    Metric(
        "as_logged_success_rate",
        "Success rate as logged",
        "%",
        "Share of the tasks that ended well by their log",
        None,
    ),
    Metric(
        "as_logged_late_rate",
        "Share of late tasks as logged",
        "%",
        "Share of the tasks that took longer than their target by their log",
        None,
    ),
    Metric(
        "moved_rate",
        "Share of tasks moved",
        "%",
        "Share of the tasks that went last to somebody else than their log says; with `as_logged` at "
        "modelled costs those that found no offer, or were done over",
        None,
    ),
    Metric(
        "split_rate",
        "Share of tasks split",
        "%",
        "Share of the tasks for which the policy decides it that were done in steps",
        None,
    ),
    Metric(
        "coordination_s",
        "Time for coordination",
        "s",
        "Σ time that coordinating the steps of split tasks took before they were decided on",
        "lower",
    ),
    *_percentiles("", "Turnaround", ""),
    *_percentiles("all_local_", "All-local turnaround", " where all tasks stay at home"),
    *_percentiles("as_logged_", "Turnaround as logged", " by its log"),
]
