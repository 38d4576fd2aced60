"""What clients expect of the queues before their own GPUs, and what work there is charged."""

from __future__ import annotations

from coalesce_sim.economics.internal import Delay, next_late_s
from coalesce_sim.market.opportunity import Facts, of_delay, of_later_tasks
from coalesce_sim.market.published.open_block import OpenPublishedBlock
from coalesce_sim.market.published.quotes import PublishedQuote
from coalesce_sim.market.queues import Queues
from coalesce_sim.scenario.schema import Scenario


class OwnQueues:
    """All clients' own queues, as `cost_model.internal.opportunity` lets them count in the estimate."""

    def __init__(self, scenario: Scenario, queues: Queues) -> None:
        internal = scenario.cost_model.internal
        self._queues = queues
        self._expects_delay = internal.expects_delay
        self._rule = internal.opportunity
        self._slots = [home.slots for home in scenario.clients.homes]
        self._home_of: list[int] = scenario.clients.home_of.tolist()
        self._late_usd_per_min = scenario.cost_model.late_usd_per_min
        self._charges_estimates = scenario.cost_model.realised.basis == "estimate"

    def delay_usd(self, opened: OpenPublishedBlock, tasks: slice) -> list[float] | None:
        """The lateness that each task's client expects to come of doing it at home: its own and, where asked
        for, what it adds to that of the next one. None where nobody asks."""
        if not self._expects_delay:
            return None
        delay_usd = []
        for task in range(tasks.start, tasks.stop):
            delay = self._delay(opened, task)
            late_s = delay.late_s + (delay.next_late_s or 0.0)
            # Not by `late_usd_per_s`: that would differ in the last bit from what was always told.
            delay_usd.append(late_s * self._late_usd_per_min / 60)
        return delay_usd

    def opportunity(self, opened: OpenPublishedBlock, task: int) -> Facts:
        """What the opportunity cost of a task is made of."""
        if not self._expects_delay:
            return of_later_tasks(opened.block, task) if self._rule == "later_tasks" else {"rule": self._rule}
        home = self._queues.homes[opened.client[task]]
        return of_delay(self._rule, self._delay(opened, task), self._late_usd_per_min / 60, home)

    def _delay(self, opened: OpenPublishedBlock, task: int) -> Delay:
        now_s, client, work_s = self._queues.env.now, opened.client[task], opened.expected_s[task]
        target_s = float(opened.block.tasks.max_latency_s[task])
        wait_s = self._queues.homes[client].expected_wait_s(now_s, now_s)
        late_s = max(0.0, wait_s + work_s - target_s)
        slots = self._slots[self._home_of[client]]
        if self._rule != "queue" or not isinstance(slots, int):
            return Delay(wait_s, work_s, target_s, late_s, None, None)
        gap_s = now_s / max(1, self._queues.arrivals[client])
        more_s = next_late_s(wait_s, work_s, target_s, slots=slots, gap_s=gap_s)
        return Delay(wait_s, work_s, target_s, late_s, gap_s, more_s)

    def charge_usd(self, opened: OpenPublishedBlock, quote: PublishedQuote, task: int) -> float:
        """What work at home is charged, lateness that comes about left out; on the basis ``estimate`` the
        expected delay is part of it."""
        if quote.delay_usd is None or not self._charges_estimates:
            return opened.charge_usd[task]
        internal_usd = quote.offers.internal_usd[task - quote.offers.first]
        return internal_usd * float(opened.block.truth.local_cost_factor[task])
