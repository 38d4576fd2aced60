"""Tiny markets in which moving money costs something, each part of it in one of them."""

from __future__ import annotations

from verification.settings_markets import Market, contracts

_DAYS = {"uniform": {"low": 0.0005, "high": 90}}
_DISPUTE = {"share": 0.5, "days": _DAYS, "cost_usd": 0.1, "wrong": 0.3}
_NONE = _DISPUTE | {"share": 0.0}
_FEES = [
    {"kind": "card", "share": 0.029, "fixed_usd": 0.03, "payer": "client"},
    {"kind": "platform", "share": 0.05, "fixed_usd": 0.01, "payer": "contractor"},
]

SETTLEMENTS: dict[str, Market] = {
    "one by one": {
        "escrow": {"holdback": 0.3, "until": "window", "window_days": 20, "cap": 0.01, "dispute": _DISPUTE},
        "fee": _FEES,
        "pay": {"delay_days": 2, "capital_rate_per_year": 0.5},
        "fx": {
            "contractors": {"x": "EUR"},
            "rate": {"EUR": 1.1},
            "volatility_per_year": 0.5,
            "spread_bp": 50,
        },
        "charge_backs": {"rate": 0.4, "days": _DAYS, "fee_usd": 1.5},
        "failures": {"rate": 0.4, "retries": 1},
    },
    "together": {
        "escrow": {"holdback": 0.3, "until": "verified"},
        "fee": _FEES,
        "pay": {"every_h": 0.05, "among": "client", "capital_rate_per_year": 0.5, "borne_by": "contractor"},
        "charge_backs": {"rate": 0.4, "days": 0.001, "fee_usd": 1.5, "written_off_by": "client"},
        "clients": {"funds_usd": {"uniform": {"low": 0.5, "high": 2}}},
    },
    "idle": {
        "escrow": {"holdback": 0.0, "until": "window", "window_days": 20, "cap": 0.01, "dispute": _NONE},
        "pay": {"among": "client", "borne_by": "contractor"},
        "fx": {"contractors": {"x": "USD"}, "rate": {"EUR": 1.1}, "volatility_per_year": 0.5},
        "charge_backs": {"rate": 0.0, "days": 60, "fee_usd": 1.5, "written_off_by": "client"},
        "failures": {"rate": 0.0, "retries": 1},
    },
}
"""By name; what is *idle* does nothing as it stands."""


def paid(name: str) -> Market:
    """The market with contracts, paid in one of these ways."""
    market = contracts()
    settlement = SETTLEMENTS[name]
    if settlement["escrow"]["until"] == "verified":  # then that says what bad work earns
        market["contracts"] = market["contracts"] | {"due_on_failure": 0.0}
    return market | {"name": f"paid {name}", "settlement": settlement}
