"""A slot machine for the policies of a market: its arms are contractors and, the last of them, home."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from coalesce_sim.luck import Luck
from coalesce_sim.policies.protocol import LOCAL, Offers, Outcome, Policy, Surroundings, Tasks, View


def luck_of(seed: int) -> Luck:
    """What policies draw from, for up to ten contractors."""
    return Luck(seed, 0, np.arange(10, dtype=np.uint64))


LUCK: Final = luck_of(1)


def played(policy: Policy, pays: NDArray[np.bool_], luck: Luck = LUCK) -> list[int]:
    """The arm of each pull, which the policy is told of before the next.

    `pays` says, (pulls, arms), which would be good work. Bad work costs 2 USD, good work nothing, and both
    all alike are estimated: 1 USD at home, nothing at a contractor.
    """
    pulls, arms = pays.shape
    names = tuple(f"arm {arm}" for arm in range(arms - 1))
    offers = _offers(pulls, len(names), luck)
    policy.start(Surroundings(names, ("task",), 1, lambda _: np.random.default_rng()))
    pulled = []
    for task in range(pulls):
        chosen = policy.decide(View(offers, task)).contractor
        arm = arms - 1 if chosen == LOCAL else chosen
        good = bool(pays[task, arm])
        cost_usd = 0.0 if good else 2.0
        policy.observe(Outcome(task, 0, 0, chosen, task, task, 0.0, 1.0, cost_usd, cost_usd, good))
        pulled.append(arm)
    return pulled


def _offers(tasks: int, contractors: int, luck: Luck) -> Offers:
    facts: dict[str, Any] = {"arrival_s": np.arange(float(tasks))}
    for name in Tasks.__dataclass_fields__:
        facts.setdefault(name, np.zeros(tasks))
    one = np.ones((1, contractors))
    return Offers(
        tasks=Tasks(**facts),
        first_task=0,
        first=0,
        client=[0] * tasks,
        type_id=[0] * tasks,
        internal_usd=[1.0] * tasks,
        ids=np.arange(contractors),
        price_usd=np.zeros((tasks, contractors)),
        external_usd=np.zeros((tasks, contractors)),
        latency_s=one,
        reliability=np.ones(contractors),
        security=np.ones(contractors),
        skill=one,
        eligible=np.ones((1, contractors), dtype=np.bool_),
        luck=luck,
    )
