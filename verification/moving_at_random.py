"""Small markets with contracts, drawn at random, some of whose numbers move with time."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import strategies as st

from verification.contracts_at_random import market_with_contracts
from verification.markets_at_random import market_of

_DAYS = 0.1
_SHARES = ("success", "reliability", "unreachable_rate", "own_cost_share")
_RISKS = ("security_risk", "quality_risk")
_AMOUNTS = ("price_usd", "latency_min", "network_ms", "output_usd_per_mtok", "request_usd")
_RATES = ("prefill_tokens_per_s", "decode_tokens_per_s")


def moving_market_of(number: int, tasks: int, contractors: int) -> dict[str, Any]:
    """The scenario of that number, of `markets_at_random`, with some numbers in motion."""
    fields = market_of(number, tasks, contractors)
    set_in_motion(fields, random.Random(f"moving {number}"))
    return fields


def set_in_motion(fields: dict[str, Any], rng: random.Random, *, compiled: bool = False) -> None:
    """Some numbers of contractors, clients and tasks move, and contractors go down."""
    fields["clock"] = fields["clock"] | {"days": _DAYS}
    curved = {name for name, box in (fields.get("boxes") or {}).items() if "batch_curve" in box}
    pool = fields["contractors"]
    for who in pool["types"].values() if isinstance(pool, dict) else pool:
        for name in _SHARES:
            if rng.random() < 0.3:
                who[name] = _moving(rng, rng.random(), 0.0, 1.0)
        for name in _AMOUNTS:
            if rng.random() < 0.25:
                most = 2 * float(who.get(name) or 0.5)
                who[name] = _moving(rng, rng.random() * most, 0.0, most)
        if isinstance(who.get("slots"), int) and who["slots"] > 0 and rng.random() < 0.4:
            hours = sorted(rng.sample(range(1, 40), rng.randint(1, 5)))
            steps = [[hour / 100, rng.randint(1, 3)] for hour in hours]
            who["slots"] = {"at_hours": [[0, who["slots"]], *steps]}
        if not compiled:
            _set_more_in_motion(who, rng)
        if "box" not in who and rng.random() < 0.3:
            who["outages"] = _outages(rng, rng.choice(("lost", "resumes")))
        for name in _RATES:
            by_curve = name == "decode_tokens_per_s" and ("batch_curve" in who or who.get("box") in curved)
            if rng.random() < 0.2 and not by_curve:
                who[name] = _moving(rng, rng.uniform(50, 90), 10.0, 100.0)
        tokens = {"input_usd_per_mtok", "cache_read_usd_per_mtok", "output_usd_per_mtok", "request_usd"}
        if any(isinstance(who.get(name), dict) for name in tokens):
            who.pop("conditional_prices", None)
        elif "conditional_prices" not in who and rng.random() < 0.2:
            who["input_usd_per_mtok"] = _moving(rng, 20.0, 0.0, 40.0)
    if rng.random() < 0.3:
        fields["workload"]["attributes"]["value_usd"] = _moving(rng, 2.0, 0.0, 5.0)
    homes = [fields["clients"], *(fields["clients"].get("groups") or {}).values()]
    for home in homes:
        believed = any((each.get("hardware") or {}).get("believed") for each in homes)
        boxed = home.get("box") is not None or fields["clients"].get("box") is not None
        if not boxed and not believed and rng.random() < 0.3:
            home["slot_usd_per_h"] = _moving(rng, rng.uniform(0.5, 3), 0.1, 5.0)
    _set_boxes_in_motion(fields, rng, {home.get("box") for home in homes}, compiled=compiled)
    for group in (fields["clients"].get("groups") or {}).values():
        if rng.random() < 0.3:
            group["success"] = _moving(rng, rng.random(), 0.0, 1.0)
        if not compiled and "budget_usd_per_day" in group and rng.random() < 0.5:
            group["budget_usd_per_day"] = _moving(rng, 3.0, 0.0, 6.0)
    if rng.random() < 0.3:
        fields["clients"]["success"] = _moving(rng, rng.random(), 0.0, 1.0)
    if rng.random() < 0.3:
        fields["clients"]["price_usd"] = _moving(rng, 0.1, 0.0, 0.3)


def _outages(rng: random.Random, running: str) -> dict[str, Any]:
    chance = {"mean_up_h": rng.choice((0.01, 0.05)), "mean_repair_h": rng.choice((0.002, 0.02))}
    listed = {"at_hours": [[0, 0.005], [0.02, 0.03], [0.031, 0.05], [0.08, 9]]}
    return rng.choice((chance, listed)) | {"running": running}


def _set_boxes_in_motion(
    fields: dict[str, Any], rng: random.Random, at_home: set[str | None], *, compiled: bool
) -> None:
    """Boxes go down, and what they cost moves."""
    for name, box in (fields.get("boxes") or {}).items():
        if not compiled and rng.random() < 0.4:
            box["outages"] = _outages(rng, "resumes" if name in at_home else rng.choice(("lost", "resumes")))
        if not box["hardware"].get("believed") and rng.random() < 0.3:
            box["slot_usd_per_h"] = {"at_hours": [[0, rng.uniform(0.5, 3)], [0.03, rng.uniform(0.5, 3)]]}


def _set_more_in_motion(who: dict[str, Any], rng: random.Random) -> None:
    """What of a contractor only SimPy moves: risks, the price of its hardware, limits, outcomes by type."""
    for name in _RISKS:
        if rng.random() < 0.3:
            who[name] = _moving(rng, 0.3 * rng.random(), 0.0, 0.3)
    if "box" not in who and rng.random() < 0.3:
        who["slot_usd_per_h"] = _moving(rng, rng.uniform(0.5, 3), 0.1, 5.0)
    if rng.random() < 0.2:
        who["queue_limit"] = {"at_hours": [[0, rng.randint(0, 2)], [0.03, rng.randint(0, 3)]]}
    for outcome in (who.get("outcomes") or {}).values():
        if rng.random() < 0.3:
            outcome["success"] = _moving(rng, rng.random(), 0.0, 1.0)
        for name in ("bill_usd", "failed_bill_usd", "latency_min"):
            if outcome.get(name) is not None and rng.random() < 0.4:
                outcome[name] = _moving(rng, rng.random(), 0.0, 2.0)


def moving_market_with_contracts(number: int) -> dict[str, Any]:
    """The scenario of that number, of those that the compiled core plays, with some numbers in motion."""
    fields = market_with_contracts(number)
    set_in_motion(fields, random.Random(f"moving {number}"), compiled=True)
    return fields


def moving_markets_with_contracts() -> st.SearchStrategy[dict[str, Any]]:
    """Such markets."""
    return st.builds(moving_market_with_contracts, st.integers(0, 10**9))


def _moving(rng: random.Random, start: float, low: float, high: float) -> dict[str, Any]:
    kind = rng.choice(("at_hours", "at_hours", "trend", "walk"))
    if kind == "at_hours":
        hours = sorted(rng.sample(range(1, 60), rng.randint(0, 4)))
        return {kind: [[0, start], *([hour / 100, rng.uniform(low, high)] for hour in hours)]}
    every = {"every_min": rng.choice((0.5, 2.0))}
    if kind == "trend":
        end = rng.uniform(low + 0.01 * (high - low), high - 0.01 * (high - low))
        return {kind: {"start": start, "per_day": (end - start) / _DAYS} | every}
    return {kind: {"start": start, "sd_per_sqrt_h": high - low, "low": low, "high": high} | every}


def moving_markets() -> st.SearchStrategy[dict[str, Any]]:
    """Such markets, cut down to few contractors and tasks where one fails."""
    return st.builds(moving_market_of, st.integers(0, 10**9), st.integers(6, 24), st.integers(2, 6))
