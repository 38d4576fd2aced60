"""Plays the published trade on the compiled core."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.cost_parts import LATENESS, PRICE
from coalesce_sim.market.compiled.building import garbage_left
from coalesce_sim.market.compiled.published_kernel import play_block
from coalesce_sim.market.compiled.published_setup import Hours, contractors_of, fill_tasks, rules_of
from coalesce_sim.market.compiled.published_tables import Candidates, Contractor, Played, Rules, Task
from coalesce_sim.market.compiled.rows import Rows, fill, table
from coalesce_sim.market.compiled.settings import choosing, routes_of
from coalesce_sim.market.open_block import BlocksUnderWay, BlockUnderWay
from coalesce_sim.market.published.trade import PublishedTrade
from coalesce_sim.market.records import Records
from coalesce_sim.market.trade import Venue
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.mcdm import squared_gaps
from coalesce_sim.policies.protocol import Policy
from coalesce_sim.policies.yardsticks import Tally
from coalesce_sim.rounding import exceeds


class PublishedCore:
    """The compiled twin of `Loop` with a `PublishedTrade`, for the policies of `coverage`."""

    def __init__(self, venue: Venue, policy: Policy, trade: PublishedTrade) -> None:
        self._venue, self._policy, self._trade = venue, policy, trade
        self._cost_model = venue.scenario.cost_model
        self._rules, self._hours = rules_of(venue, Rules), Hours(venue)
        self._contractors, self._candidates = contractors_of(venue, Contractor), _candidates(venue)

    @garbage_left()
    def play(
        self, blocks: Iterable[Block], records_of: Callable[[Block], Records], under_way: BlocksUnderWay
    ) -> None:
        """Play all blocks, each to its end before the next; they are handed over as SimPy would."""
        accounts, self._choosing = self._venue.accounts, choosing(self._policy, self._venue)
        for block in blocks:
            opened = BlockUnderWay(block, records_of(block))
            under_way.open(opened)
            self._play(block, opened.records)
            opened.left = 0
            self._trade.itemise(block, opened.records)
            accounts.done += len(block)
            accounts.realised_usd += float(opened.records.realised_usd.sum())
            under_way.hand_over()
        accounts.revenue_usd[:] = self._contractors["revenue_usd"].tolist()
        if isinstance(self._policy, Tally):
            self._policy.saved_usd[:] = self._contractors["saved_usd"]

    def _play(self, block: Block, records: Records) -> None:
        tasks, played = table(Task, len(block)), table(Played, len(block))
        fill_tasks(tasks, self._cost_model, block)
        fill(tasks, **routes_of(self._policy, block.tasks))
        self._hours.make_room(len(block))
        play_block(
            block.first,
            tasks,
            played,
            self._contractors,
            self._candidates,
            self._hours.demand_step,
            self._hours.winners,
            self._rules,
            self._hours.clock,
            *self._choosing,
        )
        _record(records, tasks, played)
        self._hours.keep(tasks, records.contractor)

    @property
    def ended_s(self) -> float:
        """When the last task ended."""
        return float(self._hours.clock["now_s"][0])

    def taken(self) -> tuple[None, None]:
        """There are no contracts, and nobody is rated."""
        return None, None

    def mean_price_usd(self, hours: int) -> FloatArray:
        """The mean price over the pool at the beginning of each hour."""
        return self._hours.mean_price_usd(hours)


def _record(records: Records, tasks: Rows, played: Rows) -> None:
    records.internal_usd[:] = tasks["internal_usd"]
    parts = {"price_usd": records.parts_usd[PRICE], "lateness_usd": records.parts_usd[LATENESS]}
    for name in Played.__annotations__:
        column = parts[name] if name in parts else getattr(records, name)
        column[:] = played[name]


def _candidates(venue: Venue) -> Candidates:
    pool, total = venue.pool, venue.skills.total
    eligible = [np.flatnonzero(row) for row in ~exceeds(venue.scenario.skills.threshold, total)]
    most = max(map(len, eligible))
    members = np.zeros((len(eligible), most), dtype=np.int64)
    gaps = np.zeros((len(eligible), 4, 2, most))
    criteria = (pool.reliability, -pool.latency_s, 1 - pool.security_risk)
    for type_id, who in enumerate(eligible):
        members[type_id, : len(who)] = who
        for row, values in enumerate(criteria, start=1) if len(who) else ():
            gaps[type_id, row, :, : len(who)] = squared_gaps(values[who], "min_max")
    counts = np.array([*map(len, eligible)], dtype=np.int64)
    return Candidates(counts, members, gaps, np.zeros(len(pool)), np.zeros(most, dtype=np.bool_))
