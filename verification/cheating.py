"""Small markets in which some cheat, for what theory says of them: a job at a time, and the verdict on it
comes before the next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import norm, t

import coalesce_sim
from coalesce_sim import Observer
from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.attacks import playing, twins
from coalesce_sim.experiments.attacks.measures import measures
from coalesce_sim.market.contracts.books import Books
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.trade import ContractTrade
from coalesce_sim.market.market import Market
from coalesce_sim.reputation.ratings import RatingRows
from coalesce_sim.scenario.schema import Scenario
from tests.market import trading

GAP_S = 600.0
"""Seconds from one job to the next; each takes a minute."""

SURE = 0.9995
"""Intervals are at 99.9 %, by the run's own error."""


def jobs(many: int, *contractors: dict[str, Any], **sections: Any) -> Scenario:
    """A market of so many jobs. What comes to nothing is given up at no loss."""
    arrivals = {"kind": "renewal", "gap_s": GAP_S, "limit": many}
    rules = {"recovery": {"then": "give_up"}, "rework_usd": 0} | sections.pop("contracts", {})
    stated = trading.market([], *contractors, **({"policy": {"kind": "random"}, "reputation": {}} | sections))
    stated["clock"]["days"] = math.ceil((many + 1) * GAP_S / 86400)
    stated["workload"]["arrivals"] = arrivals
    return coalesce_sim.load(stated | {"contracts": rules})


def check(sensitivity: float, specificity: float = 1.0) -> dict[str, Any]:
    """How deliveries are checked."""
    return {"automated": {"sensitivity": sensitivity, "specificity": specificity}}


class Seen(Observer):
    """Plays a replication, and keeps its market, its contracts and its ratings."""

    def __init__(self, scenario: Scenario, replication: int = 0) -> None:
        self.ended: list[Contract] = []
        self._ratings: list[RatingRows] = []
        coalesce_sim.stage(scenario, seed=1, replication=replication, observer=self, core="simpy").play()

    def set_up(self, market: Market) -> None:
        self.market = market

    def contract_ended(self, contract: Contract) -> None:
        self.ended.append(contract)

    def ratings(self, rows: RatingRows) -> None:
        self._ratings.append(rows)

    @property
    def books(self) -> Books:
        """The contractors' books."""
        assert isinstance(self.market.trade, ContractTrade)
        return self.market.trade.books

    @property
    def profit_usd(self) -> FloatArray:
        """What each contractor has left."""
        return self.books.profit_usd(self.market.ended_s)

    @property
    def scores(self) -> FloatArray:
        """What each rating made of the score of its contractor."""
        return np.concatenate([rows.score_after for rows in self._ratings])


def gains(scenario: Scenario, replications: int) -> list[float]:
    """What the attack brings those who cheat over their honest twins, by replication."""
    honest, found = twins.honest(scenario), []
    for number in range(replications):
        pair = playing.play(scenario, 1, number), playing.play(honest, 1, number)
        found.append(measures(*pair)["attack_gain_usd"])
    return found


def profits(scenario: Scenario, who: str, replications: int) -> list[float]:
    """What a contractor has left, by replication."""
    return [playing.play(scenario, 1, number)[f"profit_usd[{who}]"] for number in range(replications)]


def interval(values: Sequence[float] | FloatArray) -> tuple[float, float]:
    """Of the mean, by what independent values differ."""
    mean, sd = float(np.mean(values)), float(np.std(values, ddof=1))
    half = float(t.ppf(SURE, len(values) - 1)) * sd / math.sqrt(len(values))
    return mean - half, mean + half


def within(error: float) -> float:
    """How far off chance may be with such a standard error."""
    return float(norm.ppf(SURE)) * error
