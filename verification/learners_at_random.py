"""Policies that learn, with settings drawn at random."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

_BY_COST: Final = ("greedy", "epsilon_greedy", "optimistic_greedy", "adaptive_threshold", "windowed_greedy")
LEARNERS: Final = (
    *_BY_COST,
    *("ucb1", "ucb_v", "thompson", "thompson_gaussian", "exp3", "lin_ucb", "budgeted_ucb"),
    *("discounted_ucb", "sliding_window_ucb", "discounted_thompson"),
)

Pick = Callable[..., Any]
"""One of the values that it is given."""


def learner(kind: str, pick: Pick) -> dict[str, Any]:
    """A policy of that kind: each field is left out, or one of some values that matter."""
    fields: dict[str, tuple[Any, ...]] = {}
    if kind not in ("exp3", "lin_ucb"):
        fields |= {"prior_weight": (0.5, 1.0, 3.0)}
    if kind != "lin_ucb":
        fields |= {"by_task_type": (False, True)}
    if kind not in _BY_COST:
        fields |= {"scale_usd": (0.5, 5.0, 100.0)}
    fields |= _OWN.get(kind, {})
    drawn = {name: pick(*values) for name, values in fields.items() if pick(True, False)}
    if drawn.get("budget_usd") is None:
        drawn.pop("pace_tasks", None)
    return {"kind": kind} | drawn


def learner_of_number(kind: str, number: int) -> dict[str, Any]:
    """One of them, the same for the same number."""
    rng = random.Random(f"{kind} {number}")
    return learner(kind, lambda *values: rng.choice(values))


_OWN: Final[dict[str, dict[str, tuple[Any, ...]]]] = {
    "epsilon_greedy": {"epsilon": (0.0, 0.3, 1.0), "epsilon_half_life_tasks": (1.0, 30.0)},
    "adaptive_threshold": {"threshold": (0.0, 0.5), "step": (0.0, 0.3), "recovery": (0.0, 0.2)},
    "ucb1": {"exploration": (0.1, 5.0)},
    "ucb_v": {"exploration": (0.1, 5.0), "bias": (0.0, 3.0)},
    "thompson_gaussian": {"sd": (0.1, 2.0)},
    "exp3": {"gamma": (0.05, 0.5, 1.0), "horizon_tasks": (10, 100_000)},
    "windowed_greedy": {"window_tasks": (1, 10, 1000)},
    "discounted_ucb": {"discount": (0.01, 0.9, 1.0), "exploration": (0.1, 5.0)},
    "sliding_window_ucb": {"window_tasks": (1, 10, 1000), "exploration": (0.1, 5.0)},
    "discounted_thompson": {"discount": (0.01, 0.9, 1.0)},
    "lin_ucb": {"alpha": (0.0, 0.2, 5.0), "ridge": (0.01, 10.0)},
    "budgeted_ucb": {
        "exploration": (0.1, 5.0),
        "budget_usd": (0.0, 1.0, 20.0, 500.0),
        "pace_tasks": (1, 20, 200),
    },
}
