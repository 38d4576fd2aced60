"""A tiny market in which rules say who may be hired, each of which bears on somebody."""

from __future__ import annotations

from verification.settings_markets import Market, contracts

RULES: Market = {
    "jurisdictions": {"clients": {"US": 0.5, "DE": 0.5}, "contractors": {"0": "FR"}},
    "sanctioned": [5, "state"],
    "ownership": [{"of": 1, "by": "state", "share": 0.5}],
    "embargo": {"US": ["SG"]},
    "residency": {"DE": ["DE", "FR"]},
    "tiers": {"basic": {"of": ["y"], "per_contract_usd": 0.27, "per_day_usd": 1.0, "onboarding_h": 0.05}},
}


def ruled() -> Market:
    """The market with contracts, with tasks of high sensitivity and others."""
    market = contracts()
    for name, law in (("x", "SG"), ("y", "DE")):
        market["contractors"]["types"][name] |= {"jurisdiction": law}
    workload = market["workload"]
    a = workload["types"]["a"] | {"data_sensitivity": "low"}
    return market | {
        "name": "ruled",
        "workload": workload | {"types": workload["types"] | {"a": a}},
        "compliance": RULES,
    }
