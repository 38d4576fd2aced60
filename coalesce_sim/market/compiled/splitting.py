"""Whether a task is done as a whole or in its steps, asked of any policy in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled import composite_kernel
from coalesce_sim.market.compiled.choosers import STAY, Chooser, Shown
from coalesce_sim.market.compiled.growing import OpenBlocks
from coalesce_sim.market.compiled.market_setup import Laid
from coalesce_sim.market.compiled.market_tables import REALISED
from coalesce_sim.market.contracts.open_block import OpenContractBlock
from coalesce_sim.market.contracts.quotes import ContractQuote
from coalesce_sim.market.contracts.trade import ContractTrade
from coalesce_sim.market.deciders import Deciders
from coalesce_sim.market.observer import Considered
from coalesce_sim.market.trade import Venue

_OF_A_TASK: Final = (
    *(*STAY, "task", "client", "type_id", "attempt", "max_latency_s", "complexity"),
    *("found", "found_s", "beyond", "offers", "deciding"),
)
"""What `Course` says of the offers on the task that comes next."""


class Splitting:
    """Has the policy decide if a task is split: shows it what is expected of both ways; who watches is told.

    `find` enters whom the client of a task finds, None where nobody has to be asked for that.
    """

    def __init__(
        self,
        venue: Venue,
        trade: ContractTrade,
        deciders: Deciders,
        chooser: Chooser,
        laid: Laid,
        shown: Shown,
        blocks: OpenBlocks,
        find: Callable[[IntArray], None] | None,
    ) -> None:
        self._deciders, self._chooser, self._shown, self._find = deciders, chooser, shown, find
        self._laid, self._blocks, self._expectations = laid, blocks, trade.expectations
        self._observer, self._watched = venue.observer, venue.observer.wants("considered")

    def decide(self, at: IntArray) -> None:
        """Decide on the task `Course.deciding`; kept whole, it comes next, with the offers that there are."""
        course = self._laid.course
        number = int(course["deciding"][0])
        opened = self._blocks.of(number)
        assert isinstance(opened, OpenContractBlock)
        assert opened.wholes is not None
        task = number - opened.block.first
        quotes = {task: self._quote(number, at)}
        kept = {name: course[name][0] for name in _OF_A_TASK}
        found = self._laid.offers.ids[: kept["found"]].copy()
        for step in opened.wholes.steps_of(task):
            quotes[step] = self._quote(opened.block.first + step, at)
        self._put_back(quotes[task], kept, found)
        offers = quotes[task].offers
        offers.whole = self._expectations.whole(opened, task, quotes[task])
        offers.split = self._expectations.split(opened, task, quotes.__getitem__)
        view = self._chooser.show(at, offers)
        splits = self._deciders.of(opened.client[task]).splits(view)
        if self._watched:
            self._observer.considered(Considered(opened.block, task, view, splits))
        composite_kernel.divide(at, splits)

    def _quote(self, number: int, at: IntArray) -> ContractQuote:
        self._laid.course["deciding"] = number
        if self._find is not None:
            self._find(at)
        composite_kernel.look(at)
        return self._shown.quote(self._shown.offers())

    def _put_back(self, quote: ContractQuote, kept: dict[str, Any], found: IntArray) -> None:
        """Have the tables say again who was found, and what is offered, for the task itself."""
        table, count = self._laid.offers, len(quote.offers.ids)
        table.ids[: len(found)], table.terms[:REALISED, :count] = found, quote.terms
        table.eligible[:count] = quote.offers.eligible[0]
        if quote.beyond is not None:
            self._laid.facts.beyond[: len(quote.beyond)] = quote.beyond
        for name, value in kept.items():
            self._laid.course[name] = value
