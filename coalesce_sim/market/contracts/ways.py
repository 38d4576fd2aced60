"""What a client expects of doing a task as a whole and in its steps, which is what a split is decided by.

An estimate is taken apart first, for its lateness goes by the target of the whole, over the longest path, and
its loss comes once, whichever of the steps comes to nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from coalesce_sim.market.contracts.home import Home
from coalesce_sim.market.contracts.knowledge import Knowledge
from coalesce_sim.market.contracts.open_block import OpenContractBlock
from coalesce_sim.market.contracts.quotes import ContractQuote, ContractQuotes
from coalesce_sim.market.contracts.terms import EXTERNAL
from coalesce_sim.market.trade import Venue
from coalesce_sim.policies.protocol import LOCAL, Way, Ways
from coalesce_sim.rounding import exceeds, first_least
from coalesce_sim.scenario.contracts import ContractRules


class Part(NamedTuple):
    """What is expected of one step, or of the whole, by one worker, its own lateness and loss taken out.

    `took_s` is corrected by experience; `fails` is the probability that it comes to nothing, doing it over at
    home included where that is how failures are recovered from.
    """

    worker: int
    usd: float
    took_s: float
    fails: float


class Expectations:
    """Weighs the whole against the steps; changes nothing."""

    def __init__(
        self, venue: Venue, rules: ContractRules, quotes: ContractQuotes, home: Home, knowledge: Knowledge
    ) -> None:
        self._knowledge, self._quotes, self._home = knowledge, quotes, home
        self._recovers = rules.recovery.goes_on_after(1)
        self._late_usd_per_s = venue.scenario.cost_model.late_usd_per_s

    def whole(self, opened: OpenContractBlock, task: int, quote: ContractQuote) -> Ways:
        """The task as a whole."""
        return self._ways(opened, task, [task], [quote])

    def split(self, opened: OpenContractBlock, task: int, quote: Callable[[int], ContractQuote]) -> Ways:
        """The task in its steps, each by what is known, queued and quoted now."""
        assert opened.wholes is not None
        steps = opened.wholes.steps_of(task)
        return self._ways(opened, task, steps, [quote(step) for step in steps])

    def _ways(
        self, opened: OpenContractBlock, task: int, parts: Sequence[int], quotes: Sequence[ContractQuote]
    ) -> Ways:
        at_home = [self._at_home(opened, *each) for each in zip(parts, quotes, strict=True)]
        hired = [self._cheapest(opened, *each) for each in zip(parts, quotes, at_home, strict=True)]
        return Ways(self._way(opened, task, parts, hired), self._way(opened, task, parts, at_home))

    def _at_home(self, opened: OpenContractBlock, task: int, quote: ContractQuote) -> Part:
        stay, type_id, known = quote.stay, opened.type_id[task], self._knowledge
        client = opened.client[task]
        if not self._home.exists(client):
            return Part(LOCAL, 0.0, 0.0, 1.0)
        others_usd, home = stay.opportunity_usd - stay.own_late_usd, self._home.of(client)
        usd = stay.plain_usd * float(known.factors[type_id, home]) + others_usd
        took_s = stay.turnaround_s * float(known.time_factors[type_id, home])
        return Part(LOCAL, usd, took_s, 1 - float(known.own[type_id, home]))

    def _cheapest(self, opened: OpenContractBlock, task: int, quote: ContractQuote, at_home: Part) -> Part:
        """Home, or the eligible offer of the lowest estimate where that is below home's."""
        offers = quote.offers
        eligible = np.flatnonzero(offers.eligible[0])
        if not len(eligible):
            return at_home
        best = int(eligible[first_least(quote.terms[EXTERNAL, eligible])])
        external_usd = float(quote.terms[EXTERNAL, best])
        if not exceeds(quote.stay.internal_usd, external_usd):
            return at_home
        contractor, type_id, layout = int(offers.ids[best]), opened.type_id[task], opened.layout
        took_s = float(offers.latency_s[0, best]) * float(self._knowledge.time_factors[type_id, contractor])
        late_usd = max(0.0, took_s - layout.max_latency_s[task]) * self._late_usd_per_s
        fails = 1 - self._quotes.good_p(quote, best)
        if self._recovers:
            fails *= at_home.fails
        return Part(contractor, external_usd - late_usd - fails * layout.loss_usd[task], took_s, fails)

    def _way(self, opened: OpenContractBlock, task: int, steps: Sequence[int], parts: Sequence[Part]) -> Way:
        wholes = opened.wholes
        assert wholes is not None
        ends_s: dict[int, float] = {}
        coordination_usd = 0.0 if list(steps) == [task] else wholes.integration_usd(steps[0])
        for step, part in zip(steps, parts, strict=True):
            usd, split_s = wholes.coordination(step)
            begins_s = max((ends_s[each] for each in wholes.before(step)), default=0.0)
            ends_s[step] = begins_s + split_s + part.took_s
            coordination_usd += usd
        turnaround_s = max(ends_s.values())
        all_at_home = all(part.worker == LOCAL for part in parts)
        late_usd_per_s = self._home.own_late_usd_per_s if all_at_home else self._late_usd_per_s
        succeeds = math.prod(1 - part.fails for part in parts)
        return Way(
            contractors=tuple(part.worker for part in parts),
            work_usd=sum(part.usd for part in parts),
            coordination_usd=coordination_usd,
            late_usd=max(0.0, turnaround_s - float(opened.block.target_s[task])) * late_usd_per_s,
            loss_usd=(1 - succeeds) * opened.layout.loss_usd[task],
            turnaround_s=turnaround_s,
        )
