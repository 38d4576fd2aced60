"""A market to be paid in, and plays of it that can be worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import coalesce_sim
from coalesce_sim.scenario.schema import Scenario
from tests.market.trading import contractor, market

CARD = {"kind": "card", "share": 0.029, "fixed_usd": 0.3}
PLATFORM = {"kind": "platform", "share": 0.02, "payer": "contractor"}
NETTED = {"every_h": 24, "delay_days": 2, "capital_rate_per_year": 0.08}
RULES = {
    "jurisdictions": {"clients": {"US": 1}, "contractors": {"a": "SG", "b": "US"}},
    "embargo": {"US": ["SG"]},
    "residency": {"US": ["US"]},
}

CONTRACTS, PAID_USD, TASKS = 8, 40.0, 10.0


def stated() -> dict[str, Any]:
    """Four tasks, far apart, that cost 0.10 USD at home. Seller `a` asks half of that, `b` asks 2 USD."""
    sellers = contractor("a", price_usd=0.05), contractor("b", price_usd=2.0)
    return market([0, 600, 1200, 1800], *sellers)


def tiny(**sections: Any) -> Scenario:
    return coalesce_sim.load(stated() | {"replications": 3} | sections)


class FakePlays:
    """Markets of ten tasks that cost 100 USD and a little at home, and 60 with the work given to others.

    Eight contracts of 5 USD are paid one by one, or in one payment where payments are netted. Contractors get
    less where clients pay fees one by one. Every rule costs 3 USD, and residency nothing where the embargo is
    on.
    """

    def __init__(self, seed: int = 1) -> None:
        self.seed, self.played, self.tasks = seed, 0, 0
        self.markets: list[Scenario] = []

    def play(
        self,
        markets: Sequence[Scenario],
        replications: int,
        progress: Callable[[float], None] = lambda _: None,
    ) -> list[list[dict[str, float]]]:
        self.markets += markets
        self.played += len(markets) * replications
        self.tasks += int(TASKS) * len(markets) * replications
        progress(1.0)
        return [[_play(market, number) for number in range(replications)] for market in markets]


def _play(scenario: Scenario, replication: int) -> dict[str, float]:
    settlement, rules = scenario.settlement, scenario.compliance
    assert settlement is not None
    payments = CONTRACTS if settlement.pay.every_h is None else 1
    fees = {
        payer: sum(
            fee.share * PAID_USD + fee.fixed_usd * payments for fee in settlement.fee if fee.payer == payer
        )
        for payer in ("client", "contractor")
    }
    capital_usd = 0.1 * settlement.pay.capital_rate_per_year
    fx_usd = 0.0 if settlement.fx is None else PAID_USD * settlement.fx.spread_bp / 1e4
    frictions_usd = fees["client"] + capital_usd + fx_usd
    ruled_usd = 3.0 if rules is not None and (rules.embargo or rules.residency) else 0.0
    all_local_usd, realised_usd = 100.0 + replication / 3, 60.0 + ruled_usd
    return {
        "tasks": TASKS,
        "not_allowed_rate": 25.0 if ruled_usd else 0.0,
        "outsourcing_rate": 80.0 if payments == 1 or not fees["client"] else 30.0,
        "all_local_usd": all_local_usd,
        "realised_usd": realised_usd,
        "frictions_usd": frictions_usd,
        "cost_reduction_net": 100 * (1 - (realised_usd + frictions_usd) / all_local_usd),
        "fees_usd": sum(fees.values()),
        "fx_loss_usd": fx_usd,
        "capital_cost_usd": capital_usd,
        "charge_backs": 0.0,
        "charge_backs_usd": 0.0,
        "written_off_usd": 0.0,
    }
