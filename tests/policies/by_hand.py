"""Views and outcomes made by hand, for policies that learn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from coalesce_sim.luck import Luck
from coalesce_sim.policies.protocol import LOCAL, Offers, Outcome, Policy, Surroundings, Tasks, View
from coalesce_sim.policies.registry import create
from coalesce_sim.scenario.policy import PolicySettings

CONTRACTORS, TYPES = 4, 2
FACTS: dict[str, Any] = {fact.name: np.ones(1000) for fact in fields(Tasks)}
TASKS = Tasks(**FACTS)
SETTINGS: TypeAdapter[PolicySettings] = TypeAdapter(PolicySettings)


def settings(kind: str, **fields_of_it: Any) -> PolicySettings:
    return SETTINGS.validate_python({"kind": kind, **fields_of_it})


LUCK = Luck(7, 0, np.arange(4, dtype=np.uint64))


def started(kind: str, **chosen: Any) -> Policy:
    policy = create(settings(kind, **chosen))
    policy.start(surroundings())
    return policy


def surroundings() -> Surroundings:
    def refuse(name: str) -> np.random.Generator:
        raise AssertionError(f"a built-in policy asked for the stream {name!r}")

    return Surroundings(("a", "b", "c", "d"), ("plain", "hard"), 1, refuse)


def view(
    task: int = 0,
    price_usd: Sequence[float] = (1.0, 2.0, 3.0, 4.0),
    *,
    risk_usd: float = 1.0,
    internal_usd: float = 10.0,
    ids: Sequence[int] | None = None,
    eligible: Sequence[bool] | None = None,
    type_id: int = 0,
    reliability: Sequence[float] | None = None,
    luck: Luck = LUCK,
    explain: bool = False,
) -> View:
    """One task; each offer's estimate is its price and `risk_usd`."""
    offers = len(price_usd)
    price = np.array([price_usd], dtype=float)
    return View(
        Offers(
            TASKS,
            first_task=0,
            first=task,
            client=[0],
            type_id=[type_id],
            internal_usd=[internal_usd],
            ids=np.arange(offers) if ids is None else np.array(ids),
            price_usd=price,
            external_usd=price + risk_usd,
            latency_s=np.ones((1, offers)),
            reliability=np.full(offers, 0.5) if reliability is None else np.array(reliability),
            security=np.ones(offers),
            skill=np.ones((TYPES, offers)),
            eligible=np.tile(np.ones(offers, dtype=bool) if eligible is None else eligible, (TYPES, 1)),
            luck=luck,
            explain=explain,
        ),
        0,
    )


def outcome(
    task: int, contractor: int, realised_usd: float, *, internal_usd: float = 10.0, **fields: Any
) -> Outcome:
    told: dict[str, Any] = {"type_id": 0, "price_usd": realised_usd, "success": True, **fields}
    return Outcome(
        task=task,
        client=0,
        contractor=contractor,
        decided_s=0.0,
        finished_s=1.0,
        estimated_usd=0.0,
        internal_usd=internal_usd,
        realised_usd=realised_usd,
        **told,
    )


def play(
    policy: Policy, realised_usd: Callable[[int, int], float], tasks: int, first: int = 0, **of_view: Any
) -> list[int]:
    """The contractors that the policy chose, each told of before the next."""
    chosen = []
    for task in range(first, first + tasks):
        seen = view(task, **of_view)
        position = policy.decide(seen).contractor
        contractor = LOCAL if position == LOCAL else int(seen.ids[position])
        cost_usd = realised_usd(task, contractor)
        policy.observe(outcome(task, contractor, cost_usd, internal_usd=seen.internal_usd))
        chosen.append(contractor)
    return chosen


def estimates_usd(policy: Policy, **of_view: Any) -> list[float]:
    """What a policy of the greedy family now estimates: the offers and then home."""
    reasons = policy.decide(view(999, explain=True, **of_view)).reasons
    assert reasons is not None
    return [*reasons["learned_estimate_usd"], reasons["learned_estimate_usd_at_home"]]
