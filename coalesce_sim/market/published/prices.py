"""How contractors' demand, capacity and prices move by the hour."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.economics.external import demand_price_usd
from coalesce_sim.market.pool import Pool
from coalesce_sim.scenario.costs import DemandPrice, Pricing, TokenPrice
from coalesce_sim.scenario.pool import ContractorDynamics


class HourlyPrices:
    """The price of a task of complexity 1 at every contractor, hour by hour.

    For prices per token it is that of a million input tokens in short prompts, which moves by the hour as a
    contractor's tariff says, and with nothing else; flat prices stand still.
    Demand follows the market and is known ahead, capacity depends on who wins contracts. So prices are laid
    out for a stretch of hours at a time (`unit_usd`, (hours, contractors), from `first_hour` on), and where
    a contractor's capacity changes, its column is laid out anew from that hour on.
    """

    def __init__(
        self,
        pool: Pool,
        pricing: Pricing,
        dynamics: ContractorDynamics | None,
        market_demand: FloatArray,
    ) -> None:
        self._by_token, self._pool = isinstance(pricing, TokenPrice), pool
        self._base_usd = pool.input_usd_per_mtok(np.zeros(1))[0] if self._by_token else pool.base_price_usd
        self._pricing = pricing
        # Demand and capacity act on nothing but a price that follows them.
        self._dynamics = dynamics if isinstance(pricing, DemandPrice) else None
        self._market_demand = market_demand
        self._demand = pool.demand.copy()
        self._available = pool.available.copy()
        self._awarded = [0] * len(pool)
        self._winners: list[int] = []
        self._now_hour = 0
        self._means_usd: list[FloatArray] = []
        self.first_hour = 0
        self._demand_path = self._demand[None, :] if self._dynamics is None else np.empty((0, len(pool)))
        self.unit_usd = self._price(self._demand_path, self._available, self._base_usd)

    @property
    def moves(self) -> bool:
        """Whether prices change at all."""
        return self._dynamics is not None

    def lay_out(self, first_hour: int, last_hour: int) -> None:
        """Go on to the stretch from `first_hour` to `last_hour`; all before it must be decided."""
        if self._dynamics is None:
            return
        if first_hour > self._now_hour:
            self._end_hour(self._dynamics)
        end = self.first_hour + len(self.unit_usd)
        first_hour = min(first_hour, end)
        over = first_hour - self.first_hour
        self._means_usd.append(self.unit_usd[:over].mean(axis=1))
        rule, demand = self._dynamics, self._demand
        path = np.empty((max(0, last_hour + 1 - end), len(demand)))
        steps = rule.demand_gain * (self._market_demand[end : last_hour + 1] - rule.demand_reference)
        for row, step in zip(path, steps.tolist(), strict=True):
            np.add(demand, step, out=demand)
            np.maximum(demand, rule.demand_min, out=demand)
            np.minimum(demand, rule.demand_max, out=demand)
            row[:] = demand
        ahead_usd = self._price(path, self._available, self._base_usd)
        self.first_hour = first_hour
        self._demand_path = np.concatenate([self._demand_path[over:], path])
        self.unit_usd = np.concatenate([self.unit_usd[over:], ahead_usd])

    def award(self, contractor: int) -> None:
        """A contractor wins a contract; its capacity feels it when the hour ends."""
        if self._dynamics is not None:
            self._awarded[contractor] += 1
            self._winners.append(contractor)

    def begin_hour(self, hour: int) -> None:
        """End all hours before `hour`."""
        if self._dynamics is None or hour == self._now_hour:
            return
        self._end_hour(self._dynamics)
        self._now_hour = hour

    def _end_hour(self, rule: ContractorDynamics) -> None:
        """Shrink the capacity of those who won contracts in the hour; their prices differ after it."""
        after = max(0, self._now_hour + 1 - self.first_hour)
        for contractor in self._winners:
            used = min(1.0, self._awarded[contractor] / rule.jobs_to_exhaust)
            available = max(rule.capacity_floor, 1 - used)
            if available != self._available[contractor]:
                self._available[contractor] = available
                only = slice(contractor, contractor + 1)
                self.unit_usd[after:, only] = self._price(
                    self._demand_path[after:, only], self._available[only], self._base_usd[only]
                )
        self._winners.clear()

    def mean_usd_by_hour(self, hours: int) -> FloatArray:
        """Mean price over the pool at the beginning of each of the hours, when all tasks are decided."""
        if self._by_token:
            begins_s = 3600 * np.arange(hours, dtype=np.float64)
            means_usd: FloatArray = self._pool.input_usd_per_mtok(begins_s).mean(axis=1)
            return means_usd
        if self._dynamics is None:
            return np.full(hours, self.unit_usd.mean())
        self.begin_hour(self._now_hour + 1)
        self.lay_out(hours, hours - 1)
        return np.concatenate([*self._means_usd, self.unit_usd.mean(axis=1)])[:hours]

    def _price(self, demand: FloatArray, available: FloatArray, base_usd: FloatArray) -> FloatArray:
        if isinstance(self._pricing, DemandPrice):
            return demand_price_usd(self._pricing, base_usd, demand, available)
        return np.broadcast_to(base_usd, np.shape(demand)).copy()
