"""Markets in which some cheat, small enough to be worked out by hand, and what comes of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import coalesce_sim
from coalesce_sim import Decision, Policy, View
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.trade import ContractTrade
from coalesce_sim.market.market import Market
from coalesce_sim.reputation.ratings import RatingRows
from tests.market.trading import Script, contractor, market

GIVE_UP: dict[str, Any] = {"recovery": {"then": "give_up"}}
RATED: dict[str, Any] = {"reputation": {"model": {"kind": "beta"}}}
PAID: dict[str, Any] = GIVE_UP | {"due_on_failure": 1}
ALWAYS: dict[str, Any] = {"kind": "substitution", "success": 0, "cost_factor": 0.1}


def seller(name: str, **facts: Any) -> dict[str, Any]:
    """Takes 1 USD and a minute, of which it spends half a dollar; its work is good."""
    return contractor(name, **({"own_cost_share": 0.5} | facts))


def cheating(
    arrivals: Sequence[float | dict[str, Any]], *sellers: dict[str, Any], by: Any, **sections: Any
) -> dict[str, Any]:
    """A market in which these strategies are followed."""
    chosen = by if isinstance(by, list) else [by]
    given: dict[str, Any] = {"contracts": GIVE_UP, "adversaries": chosen} | sections
    return market(arrivals, *sellers, **given)


class Told(coalesce_sim.Observer):
    """What happened in one replication."""

    market: Market

    def __init__(self) -> None:
        self.ended: list[Contract] = []
        self.rated: list[tuple[float, int, str, float]] = []

    def set_up(self, market: Market) -> None:
        self.market = market

    def contract_ended(self, contract: Contract) -> None:
        self.ended.append(contract)

    def ratings(self, rows: RatingRows) -> None:
        columns = rows.time_s, rows.client, rows.contractor, rows.rating
        for time_s, client, who, rating in zip(*(each.tolist() for each in columns), strict=True):
            self.rated.append((time_s, client, self.market.pool.names[who], rating))

    def each(self, field: str) -> list[Any]:
        """A field of all contracts, in the order in which they ended."""
        return [getattr(each, field) for each in self.ended]

    @property
    def sellers(self) -> list[str]:
        return [self.market.pool.names[each.contractor] for each in self.ended]

    def books(self, name: str) -> dict[str, float]:
        """What a seller got, spent and was levied, and what is left."""
        assert isinstance(self.market.trade, ContractTrade)
        books, now_s, who = self.market.trade.books, self.market.ended_s, self.market.pool.names.index(name)
        return {
            "revenue": books.revenue_usd.item(who),
            "work": books.work_usd.item(who),
            "idle": books.idle_usd(now_s).item(who),
            "levied": books.levied_usd(now_s).item(who),
            "profit": books.profit_usd(now_s).item(who),
        }

    @property
    def liars(self) -> tuple[int, ...]:
        assert self.market.pool.cast is not None
        return self.market.pool.cast.parts[0].clients


def told(scenario: dict[str, Any], *choices: str) -> Told:
    """One replication, decided by a script or, without choices, by the scenario's policy; all books are
    checked at its end."""
    watching, script = Told(), Script(list(choices))
    policy = script.policy if choices else None
    coalesce_sim.stage(coalesce_sim.load(scenario), policy=policy, observer=watching, core="simpy").play()
    return watching


def offered(scenario: dict[str, Any], *choices: str) -> list[list[str]]:
    """Who was on offer at each decision."""
    script = Script(list(choices))
    coalesce_sim.run(coalesce_sim.load(scenario), replications=1, policy=script.policy, core="simpy")
    return [names for _, names in script.offered]


class Explores(Policy):
    """Tries somebody out at every task: the first who offers."""

    def decide(self, view: View) -> Decision:
        return Decision(0, explored=True)
