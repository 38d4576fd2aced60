"""What a policy has learned by the end, wherever the core that played keeps it.

Decisions are few, and hide much: a reward that is a tenth too high may change none of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from coalesce_sim.market.compiled.coverage import learns
from coalesce_sim.market.market import Market
from coalesce_sim.policies.protocol import Policy

_PLACES = {
    "counts": "_arms.count",
    "sums": "_arms.sum",
    "squares": "_arms.squares",
    "plays": "_arms.plays",
    "inverse": "_ridge.inverse",
    "moment": "_ridge.moment",
    "losses": "_rewards._losses",
    "mean_loss_usd": "_rewards._mean_loss_usd",
    "spent_usd": "spent_usd",
    "threshold": "threshold",
    "epsilon": "_epsilon",
    "good": "_good",
    "good_excess_usd": "_good_excess_usd",
}
"""Where a policy in Python keeps what a kernel has in the tables of these names."""


def assert_learned_the_same(simpy: Policy, policy: Policy, compiled: Market) -> None:
    """What a policy has learned on SimPy's core is what it has on the compiled one, to the last bit."""
    if not learns(type(policy)):
        return
    core: Any = compiled._compiled
    kept = core._laid.policy
    tables = kept.arms._asdict() | kept.ridge._asdict()
    places = _PLACES | ({"sums": "_log_weights"} if hasattr(simpy, "_log_weights") else {})
    compared = 0
    for name, place in places.items():
        found: Any = simpy
        for part in place.split("."):
            found = getattr(found, part, None)
        if found is not None:
            theirs, ours = np.asarray(found), tables[name] if name in tables else kept.learner[name][0]
            assert np.array_equal(theirs, ours, equal_nan=theirs.dtype.kind == "f"), name
            compared += 1
    assert compared >= 3
