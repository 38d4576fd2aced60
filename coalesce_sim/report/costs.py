"""What is saved and what it costs, in words: cash, delay and losses apart, in that order, then their sum."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from coalesce_sim.cost_parts import COST_PARTS, GROUPS
from coalesce_sim.metrics import SAVINGS
from coalesce_sim.numbers import number, percent
from coalesce_sim.statistics.intervals import Estimate

NONE: Final = Estimate(None, None, None, 0)

SAVED_IN: Final = dict(zip(SAVINGS, GROUPS, strict=True))
"""By metric of a saving: what is saved."""

_LINES: Final = {
    "home_compute_usd": "home: compute",
    "home_memory_usd": "home: memory",
    "home_energy_usd": "home: energy",
    "home_depreciation_usd": "home: depreciation, rent",
    "home_bill_usd": "home: bills of the own agent",
    "opportunity_usd": "opportunity cost",
    "paid_to_contractors_usd": "paid to contractors",
    "communication_usd": "communication",
    "verification_usd": "verification",
    "integration_usd": "integration",
    "risk_usd": "charged risk",
    "latency_penalty_usd": "expected lateness",
    "lateness_usd": "lateness",
    "search_usd": "search for contractors",
    "coordination_usd": "coordination of steps",
    "loss_usd": "bad work",
    "leak_usd": "leaks",
}

Told = tuple[Estimate, Estimate, Estimate]
"""A figure as played, all-local, and as logged."""


def saved(estimates: Mapping[str, Estimate]) -> str:
    """What is saved of each, where it is anything, and in all: ``cash -2.1 %, delay 12.0 %, in all 9.9 %``.

    Without anything to tell apart only the sum is told.
    """
    parts = [
        f"{group} {percent(estimates[name])}"
        for name, group in SAVED_IN.items()
        if name in estimates and _says_something(estimates[name])
    ]
    whole = percent(estimates["cost_reduction"])
    return ", ".join([*parts, f"in all {whole}"]) if parts else whole


def made_of(points: Mapping[str, Estimate]) -> str:
    """By how many points of cash, delay and losses more is saved, in brackets behind a blank; empty where
    nothing differs."""
    told = [
        f"{group} {_points(points[name])}"
        for name, group in SAVED_IN.items()
        if name in points and points[name].mean
    ]
    return f" ({', '.join(told)})" if told else ""


def cost_lines(estimates: Mapping[str, Estimate]) -> Iterator[tuple[str, Told]]:
    """The cost by groups and their parts, then in all; parts that come to nothing are left out.

    The parts of a group add up to it, and the groups to the sum; retries are in other parts too.
    """

    all_local = estimates.get("all_local_usd", NONE)
    nothing = Estimate(0.0, None, None, all_local.n)

    def of(metric: str) -> Told:
        all_local = estimates.get(f"all_local_{metric}", nothing)
        return estimates.get(metric, nothing), all_local, estimates.get(f"as_logged_{metric}", NONE)

    for group in GROUPS:
        lines = [(f"  {_LINES[part.metric]}", of(part.metric)) for part in COST_PARTS if part.group == group]
        told = [(label, each) for label, each in lines if any(map(_says_something, each))]
        whole = of(f"{group}_usd")
        if told or _says_something(whole[2]):
            yield f"{group}, USD", whole
            yield from told
        if group == "cash" and _says_something(of("retries_usd")[0]):
            yield "  of which for retries", of("retries_usd")
    as_logged = estimates.get("as_logged_usd", NONE)
    yield "realised cost, USD", (estimates.get("realised_usd", NONE), all_local, as_logged)


def _points(value: Estimate) -> str:
    spread = f" ± {number(value.half_width, 1)}" if value.half_width else ""
    return f"{number(value.mean, 1)}{spread}"


def _says_something(value: Estimate) -> bool:
    return bool(value.mean) or bool(value.half_width)
