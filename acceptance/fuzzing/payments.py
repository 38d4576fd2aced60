"""Settlements drawn for a market, most of them such as it can have."""

from __future__ import annotations

import random
from typing import Any

_DAYS: tuple[Any, ...] = (
    0,
    0.001,
    60,
    {"uniform": {"low": 0, "high": 90}},
    {"lognormal": {"median": 1, "sigma": 1}},
)
_SHARES = (0, 0.0001, 0.02, 0.3333, 0.5, 1)
_CURRENCIES = ("USD", "EUR", "JPY", "KWD")
_FEES: tuple[dict[str, Any], ...] = (
    {"kind": "card", "share": 0.029, "fixed_usd": 0.3},
    {"kind": "platform", "share": 0.02, "payer": "contractor"},
    {"kind": "network", "fixed_usd": 1e-9},
    {"kind": "network", "fixed_usd": 1e6},
    {"kind": "card", "share": 0.999, "payer": "contractor"},
)


def settle(rng: random.Random, scenario: dict[str, Any]) -> None:
    """Have the contracts of a market paid in some way, in place."""
    scenario["contracts"] = scenario.get("contracts") or {}
    parts: tuple[dict[str, Any], ...] = (
        {"escrow": _escrow(rng)},
        {"fee": rng.sample(_FEES, rng.randrange(1, 3))},
        {"pay": _pay(rng)},
        {"fx": _fx(rng, scenario)},
        {
            "charge_backs": {
                "rate": rng.choice(_SHARES),
                "days": rng.choice(_DAYS),
                "written_off_by": rng.choice(("platform", "client")),
            }
        },
        {"failures": {"rate": rng.choice(_SHARES), "retries": rng.randrange(3)}},
        {"clients": {"funds_usd": rng.choice((0.001, 1, {"exponential": {"mean": 3}}))}},
        {"currency": rng.choice(_CURRENCIES)},
    )
    chosen = rng.sample(parts, rng.randrange(len(parts)))
    settlement = {name: value for part in chosen for name, value in part.items() if value}
    if "fx" in settlement and rng.random() < 0.8:  # else it may say that the book's own currency costs more
        settlement["fx"]["rate"].pop(settlement.get("currency", "USD"))
    scenario["settlement"] = settlement


def _escrow(rng: random.Random) -> dict[str, Any]:
    escrow: dict[str, Any] = {"holdback": rng.choice(_SHARES), "until": rng.choice(("verified", "window"))}
    if rng.random() < 0.5:
        escrow["window_days"] = rng.choice((0, 0.001, 120))
    if rng.random() < 0.3:
        escrow["cap"] = rng.choice(_SHARES)
    if rng.random() < 0.5:
        escrow["dispute"] = {
            "share": rng.choice(_SHARES),
            "days": rng.choice(_DAYS),
            "cost_usd": rng.choice((0, 1e-9, 15)),
            "wrong": rng.choice(_SHARES),
        }
    return escrow


def _pay(rng: random.Random) -> dict[str, Any]:
    pay: dict[str, Any] = {"borne_by": rng.choice(("client", "contractor"))}
    if rng.random() < 0.5:
        pay |= {"every_h": rng.choice((0.001, 0.01, 24, 1000)), "among": rng.choice(("pair", "client"))}
    if rng.random() < 0.5:
        pay["delay_days"] = rng.choice((0.001, 2, 30))
    if rng.random() < 0.5:
        pay["capital_rate_per_year"] = rng.choice((0.001, 0.08, 2))
    return pay


def _fx(rng: random.Random, scenario: dict[str, Any]) -> dict[str, Any] | None:
    """Somebody is paid in another currency; None where nobody is known by type or name."""
    contractors = scenario.get("contractors")
    known: list[str] = []
    if isinstance(contractors, list):
        known = [str(each["name"]) for each in contractors]
    elif isinstance(contractors, dict):
        known = list(contractors.get("types") or ())
    if not known:
        return None
    paid = {who: rng.choice(_CURRENCIES) for who in rng.sample(known, rng.randrange(1, len(known) + 1))}
    return {
        "contractors": paid,
        "rate": {"USD": 1.0, "EUR": 1.1, "JPY": 0.0065, "KWD": 3.25},
        "volatility_per_year": rng.choice((0, 0.08, 3)),
        "spread_bp": rng.choice((0, 1, 50, 5000)),
    }
