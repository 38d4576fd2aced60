"""Whoever watches is told of decisions and contracts one by one, the same as SimPy's side tells.

What estimates are made up of is said by SimPy's own trade (`breakdown`), which is shown the moment that the
tables are at.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Final

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.breakdown import Breakdown
from coalesce_sim.market.compiled.choosers import Shown
from coalesce_sim.market.compiled.growing import OpenBlocks
from coalesce_sim.market.compiled.market_setup import Laid
from coalesce_sim.market.compiled.market_tables import Job
from coalesce_sim.market.compiled.rows import Rows
from coalesce_sim.market.compiled.slots import ENDS, Books
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.discovery import Found
from coalesce_sim.market.contracts.open_block import OpenContractBlock
from coalesce_sim.market.contracts.reasons import REASONS
from coalesce_sim.market.contracts.states import COMPLETED, FINAL_STATES
from coalesce_sim.market.contracts.terms import SERVICE
from coalesce_sim.market.contracts.trade import ContractTrade
from coalesce_sim.market.observer import DecidedOffers
from coalesce_sim.market.open_block import BlockUnderWay
from coalesce_sim.market.published.open_block import OpenPublishedBlock
from coalesce_sim.market.published.quotes import PublishedQuote
from coalesce_sim.market.published.trade import PublishedTrade
from coalesce_sim.market.trade import Venue
from coalesce_sim.policies.protocol import Decision, Offers, View

if TYPE_CHECKING:
    from coalesce_sim.market.compiled import queueing

_AS_IN_THE_JOB: Final = (
    *("task", "attempt", "client", "type_id", "agreed_usd", "due_usd", "plain_usd", "quoted_s"),
    *("estimated_usd", "internal_usd", "quoted_own_usd", "explored", "service_s", "expected_s", "search_s"),
    *("submitted_s", "deadline_s", "auth_required", "input_required", "sent", "working_s", "worked_s"),
    *("own_usd", "ended_s", "paid_usd", "fees_usd"),
)
"""What a `Contract` has under the name that it has in a `Job`."""


class Watching(ABC):
    """What both trades have in common; `blocks` were opened as SimPy's side opens them."""

    def __init__(self, venue: Venue, blocks: OpenBlocks) -> None:
        self._queues, self._observer, self._blocks = venue.queues, venue.observer, blocks

    def decided(self, view: View, decision: Decision) -> None:
        """A decision is about to be carried out."""
        offers, opened = view.offers, self._blocks.of(view.task)
        breakdown = partial(self._breakdown, opened, offers)
        told = DecidedOffers(opened.block, offers.first, 0, offers.attempt, offers, decision, breakdown)
        self._observer.decided(told)

    @abstractmethod
    def _breakdown(self, opened: BlockUnderWay, offers: Offers) -> Breakdown:
        """What the estimates are made up of, asked before the decision is carried out."""

    def _show_moment(self, client: int, arrivals: IntArray, agenda: Rows, books: Books) -> None:
        """Have SimPy's queues be as these are now, as far as a client's estimate of home goes."""
        workers: Rows = books.workers
        waits: Rows = books.waiting
        machine = self._queues.machine_of[client]
        worker = workers[len(self._queues.jobs) + machine]
        waiting, place, first = [], worker["first_waiting"], worker["first_end"]
        for _ in range(worker["waiting"]):
            arrival_s, expected_s, place = waits[place].item()
            waiting.append((arrival_s, expected_s))
        ends_s = books.times_s[ENDS, first : first + worker["at_work"]].tolist()
        now_s, queued_s = agenda["now_s"][0].item(), worker["queued_s"].item()
        self._queues.set_moment(now_s, machine, int(arrivals[machine]), waiting, ends_s, queued_s)


class WatchingContracts(Watching):
    """Tells of markets with contracts."""

    def __init__(
        self, venue: Venue, trade: ContractTrade, laid: Laid, shown: Shown, blocks: OpenBlocks
    ) -> None:
        super().__init__(venue, blocks)
        self._trade, self._laid, self._shown = trade, laid, shown

    def _breakdown(self, opened: BlockUnderWay, offers: Offers) -> Breakdown:
        assert isinstance(opened, OpenContractBlock)
        laid, course, task = self._laid, self._laid.course[0], offers.first
        row = opened.block.first + task - course["first_row_task"]
        opened.tried[task] = tuple(laid.tasks.tried[row, : offers.attempt].tolist())
        if self._trade.discovery is not None:
            ids = laid.offers.ids[: course["found"]].copy()
            opened.found[task] = Found(ids, course["found_s"].item(), age_s=math.nan, messages=0)
        self._show_moment(offers.client[0], laid.facts.arrivals, laid.under.agenda, laid.books)
        return self._trade.breakdown(opened, self._shown.quote(offers), task)

    def contract_ended(self) -> None:
        """The contract of the attempt `Course.job` is in its final state and paid."""
        jobs: Rows = self._laid.under.jobs
        place = self._laid.course["job"][0]
        job = dict(zip(Job.__annotations__, jobs[place].item(), strict=True))
        opened = self._blocks.of(job["task"])
        assert isinstance(opened, OpenContractBlock)
        row, contractor = job["task"] - opened.block.first, job["who"]
        tried = self._laid.tasks.tried[job["task"] - self._laid.course["first_row_task"][0]]
        again = tried[: job["attempt"]].tolist().count(contractor)
        state, reason = FINAL_STATES[job["state"]], REASONS[job["reason"]]
        passed = state == COMPLETED and not reason
        self._observer.contract_ended(
            Contract(
                opened=opened,
                row=row,
                contractor=contractor,
                fixed_price=job["fixed"],
                tokens=0.0,  # no machine that serves all its jobs at once is played here
                work=opened.results.work(row, contractor, job["submitted_s"], again),
                done_well=job["good"],
                honest_good=job["good"],
                honest_usd=job["due_usd"],
                state=state,
                reason=reason,
                passed=passed,
                reported=passed,
                kept=passed,
                billed_usd=job["paid_usd"],
                **{name: job[name] for name in _AS_IN_THE_JOB},
            )
        )


class WatchingPublished(Watching):
    """Tells of the published trade."""

    def __init__(self, venue: Venue, trade: PublishedTrade, laid: queueing.Laid, blocks: OpenBlocks) -> None:
        super().__init__(venue, blocks)
        self._trade, self._laid = trade, laid

    def _breakdown(self, opened: BlockUnderWay, offers: Offers) -> Breakdown:
        assert isinstance(opened, OpenPublishedBlock)
        laid, delay_usd = self._laid, None
        if laid.rules["expects_delay"][0]:
            delay_usd = [laid.course["stay_late_usd"][0].item()]
            self._show_moment(offers.client[0], laid.sides.arrivals, laid.under.agenda, laid.books)
        quote = PublishedQuote(offers, laid.offers.terms[SERVICE : SERVICE + 1].copy(), delay_usd)
        return self._trade.breakdown(opened, quote, offers.first)
