"""Plays a log all tasks of a block at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.cost_parts import PRICE
from coalesce_sim.market.logged.trade import LoggedTrade
from coalesce_sim.market.open_block import BlocksUnderWay, BlockUnderWay
from coalesce_sim.market.records import Records
from coalesce_sim.market.trade import Venue
from coalesce_sim.market.workload import Block


class LoggedCore:
    """The twin of `Loop` with a `LoggedTrade`: where nobody waits for anybody there is no need for events.

    `ended_s` is when the last task ended.
    """

    def __init__(self, venue: Venue, trade: LoggedTrade) -> None:
        self._accounts, self._trade = venue.accounts, trade
        self.ended_s = 0.0

    def play(
        self, blocks: Iterable[Block], records_of: Callable[[Block], Records], under_way: BlocksUnderWay
    ) -> None:
        """Play all blocks, each to its end before the next."""
        accounts = self._accounts
        for block in blocks:
            opened = BlockUnderWay(block, records_of(block))
            under_way.open(opened)
            self._play(block, opened.records)
            opened.left = 0
            accounts.done += len(block)
            accounts.realised_usd += float(opened.records.realised_usd.sum())
            self.ended_s = max(self.ended_s, float(opened.records.finished_s.max()))
            accounts.last_done_s = self.ended_s
            under_way.hand_over()

    def _play(self, block: Block, records: Records) -> None:
        logged, charges = self._trade.looked_up(block)
        records.contractor[:] = logged.to
        records.parts_usd[:] = charges.parts_usd
        records.realised_usd[:] = charges.usd
        records.good[:] = charges.good
        records.attempts[:] = logged.attempts
        records.started_s[:] = block.tasks.arrival_s
        records.finished_s[:] = block.tasks.arrival_s + logged.s
        away = ~logged.at_home
        paid_usd = np.bincount(
            logged.to[away], charges.parts_usd[PRICE, away], minlength=len(self._accounts.revenue_usd)
        )
        self._accounts.revenue_usd[:] = (np.array(self._accounts.revenue_usd) + paid_usd).tolist()
        records.internal_usd[:] = np.where(away, np.nan, charges.usd)

    def taken(self) -> tuple[None, None]:
        """There are no contracts, and nobody is rated."""
        return None, None

    def mean_price_usd(self, hours: int) -> FloatArray:
        """NaN: a log has prices of tasks."""
        return self._trade.mean_price_usd(hours)
