"""One play of a market in which some may cheat: what it came to for everybody, as one flat row of numbers."""

from __future__ import annotations

import math

import numpy as np

from coalesce_sim.experiments.hindsight import AllLocal
from coalesce_sim.experiments.staging import Stage
from coalesce_sim.inputs.uncertain import drawn
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.trade import ContractTrade
from coalesce_sim.market.market import Market
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.records import Records
from coalesce_sim.policies.registry import create
from coalesce_sim.reputation.ratings import RatingRows
from coalesce_sim.scenario.schema import Scenario

Play = dict[str, float]
"""Metrics by name and, by contractor or client in brackets, what the play came to for each: `profit_usd` and
`cost_usd`; `cheats` and `lies` are 1 for those who followed a strategy, `gains` for those it is for."""


class Told(Observer):
    """Adds up what happens to whom."""

    def __init__(self, scenario: Scenario) -> None:
        self._threshold = scenario.skills.threshold
        self.client_usd = np.zeros(scenario.clients.total)
        self.manipulated: dict[int, list[float]] = {}
        self._ratings: dict[int, list[tuple[float, float]]] = {}
        self.harm_usd = 0.0

    def set_up(self, market: Market) -> None:
        self.market = market

    def block_recorded(self, records: Records) -> None:
        np.add.at(self.client_usd, records.block.tasks.client, records.realised_usd)

    def ratings(self, rows: RatingRows) -> None:
        each = zip(rows.contractor.tolist(), rows.time_s.tolist(), rows.score_after.tolist(), strict=True)
        for who, time_s, score in each:
            self._ratings.setdefault(who, []).append((time_s, score))

    def detection(self, who: int) -> tuple[float, float] | None:
        """Of a contractor that cheated: how long after its first manipulated contract its public score was
        below the threshold, and how many such contracts it had ended by then; None where it never was."""
        ended_s = self.manipulated[who]
        for time_s, score in self._ratings.get(who, ()):
            if time_s >= ended_s[0] and score < self._threshold:
                return time_s - ended_s[0], float(sum(each <= time_s for each in ended_s))
        return None

    def below(self, who: int) -> bool | None:
        """Whether the last score of a contractor is below the threshold; None where nobody rated it."""
        rated = self._ratings.get(who)
        return None if not rated else rated[-1][1] < self._threshold


class ToldOfCheats(Told):
    """Adds up what those do who cheat, too, contract by contract."""

    def contract_ended(self, contract: Contract) -> None:
        if contract.manipulated:
            self.manipulated.setdefault(contract.contractor, []).append(contract.ended_s)
            self.harm_usd += contract.harm_usd


def play(
    scenario: Scenario, seed: int, replication: int, core: Core = "simpy", known: AllLocal | None = None
) -> Play:
    """Play one replication; `known` is its all-local market, where that was played before."""
    scenario = drawn(scenario, seed, replication)
    told = (ToldOfCheats if scenario.adversaries else Told)(scenario)
    staged = Stage(
        scenario,
        create(scenario.policy),
        told,
        seed=seed,
        replication=replication,
        core=core,
        known=known,
    )
    row: Play = dict(staged.play())
    market = staged.market
    assert isinstance(market.trade, ContractTrade)
    pool, books = market.pool, market.trade.books
    entered = pool.roster.presence.entered(market.ended_s)
    profit_usd = books.profit_usd(market.ended_s)
    for who in np.flatnonzero(entered).tolist():
        row[f"profit_usd[{pool.names[who]}]"] = float(profit_usd[who])
    for client, usd in enumerate(told.client_usd.tolist()):
        row[f"cost_usd[{client}]"] = usd
    row["levied_usd"] = float(books.levied_usd(market.ended_s)[entered].sum())
    return row | _cheating(told, market)


def _cheating(told: Told, market: Market) -> Play:
    """Who cheated, and who was found out."""
    pool, row = market.pool, {"direct_harm_usd": told.harm_usd}
    cheats = set[int]()
    entered = pool.roster.presence.entered(market.ended_s)
    for part in () if pool.cast is None else pool.cast.parts:
        for agent in part.agents:
            cheats.update(agent.names)
            for name in agent.names:
                if entered[name]:
                    row[f"cheats[{pool.names[name]}]"] = 1.0
        for client in part.clients:
            row[f"lies[{client}]"] = 1.0
        for who in part.strategy.beneficiaries:
            row[f"gains[{pool.names[who]}]"] = 1.0
    found = [told.detection(who) for who in told.manipulated]
    times = [each for each in found if each is not None]
    row["manipulated"] = float(sum(map(len, told.manipulated.values())))
    row["detected_share"] = 100 * len(times) / len(found) if found else math.nan
    row["detection_time_s"] = _median([each[0] for each in times], len(found))
    row["jobs_to_detection"] = _median([each[1] for each in times], len(found))
    below = [told.below(who) for who in range(len(pool)) if who not in cheats]
    known = [each for each in below if each is not None]
    row["false_alarms"] = 100 * sum(known) / len(known) if known else math.nan
    return row


def _median(values: list[float], of: int) -> float:
    """The median over so many, of whom those without a value would have had it later than all others:
    infinite where it is one of them; NaN over none."""
    place = (of - 1) // 2
    if not of:
        return math.nan
    return sorted(values)[place] if place < len(values) else math.inf
