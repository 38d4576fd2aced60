"""Small published markets with queues, networks and tokens drawn at random, of all that the compiled core
plays."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st

from verification.learners_at_random import LEARNERS, Pick, learner
from verification.logs_at_random import log, may_be_logged
from verification.published_at_random import published_market
from verification.routes_at_random import routes

_YARDSTICKS = ("cheapest", "always_outsource", "always_local", "random", "oracle", "best_fixed")
_IN_PYTHON = ("vickrey", "score_auction", "posted_price", "weighted_sum", "vikor")
_TYPES = ("financial_rag", "risk_assessment", "sentiment_analysis", "portfolio_optimization")
_KINDS = ("gpu_specialist", "cpu_specialist", "budget_provider", "edge_specialist", "hybrid_cloud")

_TARIFF = {
    "cache_read_usd_per_mtok": 4.0,
    "conditional_prices": [
        {"above_prompt_tokens": 2000, "input_usd_per_mtok": 50.0, "output_usd_per_mtok": 60.0},
        {"from_hour_utc": 23.5, "until_hour_utc": 10.5, "cache_read_usd_per_mtok": 2.0, "request_usd": 0.02},
        {"from_hour_utc": 9.0, "until_hour_utc": 12.0, "input_usd_per_mtok": 90.0},
    ],
}


def market_with_queues(number: int) -> dict[str, Any]:
    """The scenario of that number: one of `published_at_random` in which something may be finite."""
    rng = random.Random(number)

    def pick(*values: Any) -> Any:
        return rng.choice(values)

    fields = published_market(number)
    fields["clock"] = {"days": pick(0.3, 1.0)}
    fields["clients"] |= {"slots": pick("unlimited", 1, 1, 2, 5)}
    fields["contractors"] = pick(_drawn, _named, _named)(pick)
    internal, external = fields["cost_model"]["internal"], fields["cost_model"]["external"]
    internal["opportunity"] = pick("none", "later_tasks", "expected_delay", "queue", "queue")
    fields["cost_model"]["late_usd_per_min"] = pick(0.0, 0.5, 7.3)
    external["pricing"] = pick(external["pricing"], {"kind": "per_token"})
    external["communication_usd_per_gb"] = pick(0.0, 0.1)
    fields["workload"]["attributes"] |= _tokens(pick)
    fields["cost_model"]["realised"]["local_cost_factor"] = pick(1.0, {"normal": {"mean": 1, "sd": 0.1}})
    if pick(True, False):
        internal["work"] = "tokens"
        hardware = {"prefill_tokens_per_s": pick(20, 700), "decode_tokens_per_s": pick(5, 100)}
        fields["clients"]["hardware"] = hardware
    if pick(True, False):
        fields["workload"]["arrivals"], fields["clock"] = _arrivals(pick), {"days": 5}
    if pick(True, False):
        fields["policy"] = pick(
            {"kind": pick(*_YARDSTICKS)}, learner(pick(*LEARNERS), pick), {"kind": pick(*_IN_PYTHON)}
        )
    elif fields["policy"]["kind"] == "topsis":
        fields["policy"] |= {
            "normalisation": pick("min_max", "min_max", "vector"),
            "weighting": pick("fixed", "fixed", "critic", "entropy"),
        }
    if isinstance(fields["contractors"], list) and rng.random() < 0.1:
        fields["policy"] = routes(pick, fields)
    if may_be_logged(fields) and rng.random() < 0.5:
        log(rng, fields)
    return fields


def markets_with_queues() -> st.SearchStrategy[dict[str, Any]]:
    """Scenarios whose features are picked by a number: all alike often."""
    return st.builds(market_with_queues, st.integers(0, 10**9))


def _drawn(pick: Pick) -> dict[str, Any]:
    """A pool of the paper's kinds of contractors, some of which have finite slots or a network."""
    kinds = {kind: _facts(pick) for kind in _KINDS if pick(True, True, False)}
    return {"count": pick(1, 7, 30), "types": kinds}


def _named(pick: Pick) -> list[dict[str, Any]]:
    """Contractors whose times come out even, so that much happens at the same moment."""
    skills = ["FinBERT", "RAG", "Statistics", "NLP", "Risk Modeling", "Financial Analysis"]
    return [
        {
            "name": f"c{place}",
            "price_usd": pick(0.5, 3, 3, 20),
            "latency_min": pick(0, 1, 10, 20, 41.7),
            "reliability": pick(0.0, 0.7, 0.9, 1.0),
            "skills": skills[: pick(3, 6)],
        }
        | _facts(pick)
        for place in range(pick(1, 3, 6))
    ]


def _facts(pick: Pick) -> dict[str, Any]:
    return {
        "slots": pick(1, 1, 2, 5, "unlimited"),
        "network_ms": pick(0, 250, 60_000, 600_000),
        "input_usd_per_mtok": pick(0.0, 20.0, 800.0),
        "output_usd_per_mtok": pick(30.0, 2000.0),
        **pick({}, {}, {"prefill_tokens_per_s": 400, "decode_tokens_per_s": pick(2, 40)}),
        **pick({}, {}, {"cache_read_usd_per_mtok": 1.0, "request_usd": 0.01}, _TARIFF),
    }


def _tokens(pick: Pick) -> dict[str, Any]:
    prompt = pick(
        {"prompt_tokens": 1200.0},
        {"prompt_tokens": {"exponential": {"mean": 2000}}},
        {"prompt_tokens": {"uniform": {"low": 500, "high": 6000}}, "cached_tokens": 400},
    )
    output = pick({"exponential": {"mean": 500}}, 600.0)
    return {**prompt, "output_tokens": output, "expected_output_tokens": pick(0.0, 500.0)}


def _arrivals(pick: Pick) -> dict[str, Any]:
    """Bursts, and tasks that come when others end."""
    now_s, tasks, gaps_s = 0.0, [], pick((0.0, 600.0), (0.0, 0.0, 0.0, 1200.0), (0.0, 1.0, 61.3), (300.0,))
    for _ in range(pick(5, 60, 300)):
        now_s += pick(*gaps_s)
        tasks.append({"type": pick(*_TYPES), "arrival_s": now_s})
    return {"kind": "listed", "tasks": tasks}
