"""Weighted sum, VIKOR and entropy weights: worked by hand, and against one another."""

from __future__ import annotations

import math

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim.policies import mcdm
from tests.market.trading import contractor, market

WEIGHTS = {"cost": 1, "reliability": 1, "latency": 1, "security": 1}
ANY = {"quality_risk": 0.0}

POOL = [
    # cheap and slow; quick and dear; a little nearer to the worst than to the best in both; dear and slow
    contractor("cheap", price_usd=1.0, latency_min=3.0, security_risk=0.0, **ANY),
    contractor("quick", price_usd=3.0, latency_min=1.0, security_risk=0.0, **ANY),
    contractor("middle", price_usd=2.0, latency_min=2.1, security_risk=0.0, **ANY),
    contractor("poor", price_usd=3.0, latency_min=3.0, security_risk=0.0, **ANY),
]


def hired(kind: str, **settings: object) -> str:
    """Whom a policy hires for one task; work that is late costs nothing."""
    policy = {"kind": kind, "weights": WEIGHTS} | settings
    fields = market([0], *POOL, attributes={"value_usd": 0}, policy=policy)
    decided = coalesce_sim.run(coalesce_sim.load(fields), replications=1).decisions
    return str(decided["contractor"].iloc[0]) if decided["choice"].iloc[0] == "contractor" else "home"


def test_a_weighted_sum_forgives_what_vikor_does_not() -> None:
    # Gaps to the best in cost and latency: cheap 0 and 1, quick 1 and 0, middle 0.5 and 0.55, poor 1 and 1.
    assert hired("weighted_sum") == "cheap"  # 1/4 against 1/4 (the first of equals) and 1.05/4
    assert hired("vikor") == "middle"  # the largest gap is 0.55/4, the others have 1/4
    assert hired("vikor", group_weight=1) == "cheap"
    assert hired("weighted_sum", weights=WEIGHTS | {"latency": 2}) == "quick"


def test_neither_asks_what_home_costs_unless_told_to() -> None:
    for kind in ("weighted_sum", "vikor"):
        assert hired(kind) != "home"
        assert hired(kind, only_if_cheaper_percent=0) == "home"  # home costs 0.1 USD


def test_gaps_are_shares_of_the_range() -> None:
    criteria = np.array([[1.0, 2.0, 5.0], [3.0, 3.0, 3.0], [-2.0, 0.0, -1.0], [0.0, 1.0, 1.0]])
    expected = [[0.4, 0.3, 0.0], [0.0, 0.0, 0.0], [0.2, 0.0, 0.1], [0.1, 0.0, 0.0]]
    assert mcdm.weighted_gaps(criteria, (0.4, 0.3, 0.2, 0.1)) == pytest.approx(np.array(expected))


def test_entropy_weighs_what_is_shared_out_unevenly() -> None:
    # Less the worst: (0, 1, 1) and (0, 0, 1): entropies ln 2 and 0 of at most ln 3; the others are constant.
    criteria = np.array([[1.0, 2.0, 2.0], [5.0, 5.0, 9.0], [3.0, 3.0, 3.0], [0.1 + 0.2, 0.3, 0.3]])
    first, second = 1 - math.log(2) / math.log(3), 1.0
    expected = (first / (first + second), second / (first + second), 0.0, 0.0)
    assert mcdm.entropy_weights(criteria) == pytest.approx(expected)


def test_entropy_has_nothing_to_say_where_nothing_differs_and_leaves_out_the_infinitely_bad() -> None:
    assert mcdm.entropy_weights(np.ones((4, 3))) is None
    assert mcdm.entropy_weights(np.ones((4, 1))) is None
    criteria = np.arange(12.0).reshape(4, 3) ** 2
    with_one = np.column_stack([criteria, [-np.inf, 1, 1, 1]])
    assert mcdm.entropy_weights(with_one) == mcdm.entropy_weights(criteria)


def test_topsis_takes_entropy_weights() -> None:
    def decisions(weighting: str) -> list[object]:
        scenario = coalesce_sim.load("dur_03", ["clock.days=1", f"policy.weighting={weighting}"])
        return coalesce_sim.run(scenario, replications=1).decisions["contractor"].tolist()

    assert len({str(decisions(weighting)) for weighting in ("fixed", "entropy")}) == 2


def test_an_offer_that_never_ends_is_the_last_choice() -> None:
    criteria = np.array([[-np.inf, -1.0], [1.0, 0.0], [-1.0, -9.0], [1.0, 0.0]])
    losses = mcdm.weighted_gaps(criteria, (0.25, 0.25, 0.25, 0.25)).sum(axis=0)
    assert losses[0] > 1e50 > losses[1]
