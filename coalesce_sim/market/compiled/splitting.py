"""Whether a task is done as a whole or in its steps, asked of any policy in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.market.compiled import composite_kernel
from coalesce_sim.market.compiled.choosers import Chooser, Shown
from coalesce_sim.market.compiled.growing import OpenBlocks
from coalesce_sim.market.compiled.market_setup import Laid
from coalesce_sim.market.compiled.market_tables import REALISED
from coalesce_sim.market.composite import OpenWholes
from coalesce_sim.market.contracts.layout import Layout
from coalesce_sim.market.contracts.quotes import ContractQuote, Stay
from coalesce_sim.market.contracts.trade import ContractTrade
from coalesce_sim.market.deciding import Decider
from coalesce_sim.market.open_block import BlockUnderWay
from coalesce_sim.market.records import Records
from coalesce_sim.market.workload import Block

_STAY: Final = ("turnaround_s", "stay_late_usd", "stay_own_late_usd", "stay_plain_usd", "stay_usd")
"""Where in `Course` a `Stay` is."""

_OF_A_TASK: Final = (
    *(*_STAY, "task", "client", "type_id", "attempt", "max_latency_s", "complexity"),
    *("found", "found_s", "offers", "deciding"),
)
"""What `Course` says of the offers on the task that comes next."""


class DividedBlock(BlockUnderWay):
    """A block of which tasks may be split, laid out as `ways.Expectations` reads it."""

    __slots__ = ("client", "layout", "type_id", "wholes")

    def __init__(self, block: Block, records: Records, layout: Layout) -> None:
        super().__init__(block, records)
        assert block.wholes is not None
        self.layout, self.wholes = layout, OpenWholes(block.wholes)
        self.client: list[int] = block.tasks.client.tolist()
        self.type_id: list[int] = block.tasks.type_id.tolist()


class _Known(NamedTuple):
    """What clients know, as it stands in the tables."""

    factors: FloatArray
    time_factors: FloatArray
    own: FloatArray


class Splitting:
    """Has the policy decide if a task is split: shows it what is expected of both ways.

    `find` enters whom the client of a task finds, None where nobody has to be asked for that.
    """

    def __init__(
        self,
        trade: ContractTrade,
        decider: Decider,
        chooser: Chooser,
        laid: Laid,
        shown: Shown,
        blocks: OpenBlocks,
        find: Callable[[IntArray], None] | None,
    ) -> None:
        self._decider, self._chooser, self._shown, self._find = decider, chooser, shown, find
        self._laid, self._blocks = laid, blocks
        pairs: Any = laid.experience.pairs
        known = _Known(pairs["factor"], pairs["time_factor"], pairs["score"][:, -1:])
        self._expectations = trade.expecting(known)

    def decide(self, at: IntArray) -> None:
        """Decide on the task `Course.deciding`; kept whole, it comes next, with the offers that there are."""
        course = self._laid.course
        number = int(course["deciding"][0])
        opened = self._blocks.of(number)
        assert isinstance(opened, DividedBlock)
        task = number - opened.block.first
        quotes = {task: self._quote(number, at)}
        kept = {name: course[name][0] for name in _OF_A_TASK}
        for step in opened.wholes.steps_of(task):
            quotes[step] = self._quote(opened.block.first + step, at)
        self._put_back(quotes[task], kept)
        offers = quotes[task].offers
        offers.whole = self._expectations.whole(opened, task, quotes[task])
        offers.split = self._expectations.split(opened, task, quotes.__getitem__)
        composite_kernel.divide(at, self._decider.splits(self._chooser.show(at, offers)))

    def _quote(self, number: int, at: IntArray) -> ContractQuote:
        course, table = self._laid.course, self._laid.offers
        course["deciding"] = number
        if self._find is not None:
            self._find(at)
        composite_kernel.look(at)
        offers = self._shown.offers()
        stay = Stay(*(course[name][0].item() for name in _STAY))
        return ContractQuote(offers, table.terms[:REALISED, : len(offers.ids)].copy(), stay)

    def _put_back(self, quote: ContractQuote, kept: dict[str, Any]) -> None:
        """Have the tables say again what is offered for the task itself."""
        table, count = self._laid.offers, len(quote.offers.ids)
        table.ids[:count], table.terms[:REALISED, :count] = quote.offers.ids, quote.terms
        table.eligible[:count] = quote.offers.eligible[0]
        for name, value in kept.items():
            self._laid.course[name] = value
