"""Offers that are equal, or equal but for rounding: the first is chosen, whatever their last digits say."""

from __future__ import annotations

from functools import cache

import pytest

import coalesce_sim
from coalesce_sim.experiments.contenders import written

KINDS = (
    *("topsis(outsource_above_confidence=0)", "greedy", "ucb1", "lin_ucb", "budgeted_ucb"),
    *("adaptive_threshold", "posted_price", "vickrey", "score_auction", "always_outsource", "cheapest"),
    *("oracle", "best_fixed"),
)
ROUNDED, EXACT = (0.1, 0.2), (0.15, 0.15)
"""USD a million tokens in and out: of a million each both sellers ask 0.3 USD, on paper."""


@cache
def market(*prices: tuple[float, float]) -> coalesce_sim.Scenario:
    """Ten requests of a million tokens in and out, and sellers who differ in nothing but these prices."""
    sellers = [
        {
            "name": f"s{place}",
            "type": "seller",
            "input_usd_per_mtok": read,
            "output_usd_per_mtok": write,
            "network_ms": 0,
            "reliability": 1,
            "prefill_tokens_per_s": 1e6,
            "decode_tokens_per_s": 1e6,
        }
        for place, (read, write) in enumerate(prices)
    ]
    tokens = {"prompt_tokens": {"start": 10**6}, "output_tokens": {"start": 10**6}}
    parts = [{"type": "code_completion", "count": 10, "attributes": tokens}]
    scenario = {
        "extends": "azure_code_like",
        "clock": {"days": 0.1},
        "contractors": sellers,
        "clients": {"count": 1, "slots": "unlimited"},
        "workload": {
            "arrivals": {"kind": "series", "gap_s": 60, "parts": parts},
            "attributes": {"expected_output_tokens": 10**6},
        },
        "cost_model": {"late_usd_per_min": 0.06},
    }
    return coalesce_sim.load(scenario, ["policy={kind: topsis, epsilon: 0}"])


@cache
def choices(policy: str, *prices: tuple[float, float]) -> tuple[int, ...]:
    """Who does each request, by place in the file; -1 is home."""
    scenario = market(*prices)
    played = scenario.model_copy(update={"policy": written(scenario, policy)})
    return tuple(coalesce_sim.run(played, replications=1).decisions["contractor"].cat.codes)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_equal_but_for_rounding_is_treated_as_equal(kind: str) -> None:
    assert choices(kind, ROUNDED, EXACT) == choices(kind, EXACT, EXACT)


@pytest.mark.parametrize("kind", ["always_outsource", "greedy", "cheapest", "oracle", "best_fixed"])
def test_of_equals_the_first_in_the_file_gets_every_task(kind: str) -> None:
    assert set(choices(kind, (1.0, 1.0), EXACT, EXACT)) == {1}
