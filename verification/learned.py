"""What a policy has learned by the end, wherever the core that played keeps it.

Decisions are few, and hide much: a reward that is a tenth too high may change none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np

from coalesce_sim.market.compiled.coverage import learns
from coalesce_sim.market.trade import Venue
from coalesce_sim.policies.protocol import Policy

if TYPE_CHECKING:
    from coalesce_sim.market.compiled.policy_memory import OfferPolicy

_PLACES = {
    "counts": "_arms.count",
    "sums": "_arms.sum",
    "squares": "_arms.squares",
    "plays": "_arms._plays",
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


@contextmanager
def tables_of_policies() -> Iterator[list[OfferPolicy]]:
    """The tables of those policies that the compiled core plays meanwhile."""
    from coalesce_sim.market.compiled.settings import choosing_offers  # needs numba

    kept: list[OfferPolicy] = []

    def keep(policy: Policy, venue: Venue) -> OfferPolicy:
        kept.append(choosing_offers(policy, venue))
        return kept[-1]

    places = (f"coalesce_sim.market.compiled.{room}.choosing_offers" for room in ("market_core", "queueing"))
    with ExitStack() as stack:
        for place in places:
            stack.enter_context(patch(place, keep))
        yield kept


def assert_remembered_the_same(policy: Policy, other: Policy) -> None:
    """Two of a kind that is asked in Python have the same arms, to the last bit."""
    if hasattr(policy, "_arms") and not learns(type(policy)):
        for name in ("count", "sum", "squares", "_plays"):
            one, another = (np.asarray(getattr(each._arms, name)) for each in (policy, other))  # type: ignore[attr-defined]
            assert one.tobytes() == another.tobytes(), name


def assert_learned_the_same(policy: Policy, kept: OfferPolicy) -> None:
    """What a policy has learned on SimPy's core is what it has in these tables, to the last bit."""
    if not learns(type(policy)):
        return
    tables = kept.arms._asdict() | kept.ridge._asdict()
    places = _PLACES | ({"sums": "_log_weights"} if hasattr(policy, "_log_weights") else {})
    compared = 0
    for name, place in places.items():
        found: Any = policy
        for part in place.split("."):
            found = getattr(found, part, None)
        if found is not None:
            theirs, ours = np.asarray(found), tables[name] if name in tables else kept.learner[name][0]
            assert np.array_equal(theirs, ours, equal_nan=theirs.dtype.kind == "f"), name
            compared += 1
    assert compared >= 3
