"""Plays the published trade on the compiled core where something queues or takes time on its way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.cost_parts import LATENESS, PRICE
from coalesce_sim.market.compiled import queueing_kernel as kernel
from coalesce_sim.market.compiled.agenda import Agenda, Event
from coalesce_sim.market.compiled.building import garbage_left
from coalesce_sim.market.compiled.choosers import Compiled
from coalesce_sim.market.compiled.coverage import learns
from coalesce_sim.market.compiled.growing import (
    FIRST_ROWS,
    OpenBlocks,
    is_scarce,
    longer,
    more_to_give,
    to_give,
)
from coalesce_sim.market.compiled.market_setup import books_of, conditional_of
from coalesce_sim.market.compiled.market_tables import REALISED, Course, Offers, Open, Played
from coalesce_sim.market.compiled.memory import flat, laid_in
from coalesce_sim.market.compiled.policy_memory import NOBODY, Heard, Noted, OfferPolicy
from coalesce_sim.market.compiled.published_interpreted import ByGroup, Interpreted
from coalesce_sim.market.compiled.published_setup import Hours, contractors_of, fill_tasks, rules_of
from coalesce_sim.market.compiled.queueing_memory import KINDS, Moving, Sides, Tasks, Under
from coalesce_sim.market.compiled.queueing_tables import Contractor, Job, Rules, Task
from coalesce_sim.market.compiled.rows import Rows, fill, more_of, table
from coalesce_sim.market.compiled.settings import choosing_offers, is_interpreted, routes_of
from coalesce_sim.market.compiled.slots import Books
from coalesce_sim.market.compiled.stops import DECIDE, GO, MORE_ROOM, OBSERVE, OPENED
from coalesce_sim.market.compiled.watching import WatchingPublished
from coalesce_sim.market.contracts.terms import RELIABILITY, SECURITY
from coalesce_sim.market.deciders import Deciders
from coalesce_sim.market.open_block import BlocksUnderWay, BlockUnderWay
from coalesce_sim.market.published.trade import PublishedTrade
from coalesce_sim.market.records import Records
from coalesce_sim.market.trade import Venue
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import Policy
from coalesce_sim.policies.yardsticks import Tally
from coalesce_sim.rounding import exceeds
from coalesce_sim.scenario.costs import TokenPrice

_COLUMNS = (
    *("contractor", "explored", "score", "confidence", "internal_usd", "estimated_usd", "estimated_s"),
    *("realised_usd", "started_s", "finished_s"),
)


@dataclass(slots=True)
class Laid:
    """All tables of one market. Those that fill are replaced by longer ones."""

    tasks: Tasks
    under: Under
    books: Books
    sides: Sides
    offers: Offers
    policy: OfferPolicy
    rules: Rows
    course: Rows
    heard: Rows

    def addresses(self, hours: Hours) -> IntArray:
        """Where all tables lie now, for the kernel."""
        moving = Moving(hours.demand_step, hours.winners, hours.clock)
        asked = (self.course, self.heard, self.offers, self.policy)
        market = (self.tasks, self.under, self.books, self.sides, moving, self.rules)
        return laid_in(KINDS, flat((*asked, *market)))

    def make_room(self) -> None:
        """Make every table twice as long that is more than half full."""
        under, course = self.under, self.course[0]
        events = longer(under.events, int(under.agenda["pending"][0]))
        self.under = under._replace(events=events)
        if is_scarce(course["used_jobs"], under.jobs):
            jobs = more_to_give(under.jobs, course, "free_job")
            self.under = self.under._replace(jobs=jobs)
            self.books = self.books._replace(waiting=more_of(self.books.waiting, len(jobs)))


class QueueingCore:
    """The compiled twin of `Loop` with a `PublishedTrade`, whatever queues in it."""

    def __init__(self, venue: Venue, policy: Policy, deciders: Deciders, trade: PublishedTrade) -> None:
        self._venue, self._policy, self._deciders, self._trade = venue, policy, deciders, trade
        self._cost_model, self._hours = venue.scenario.cost_model, Hours(venue)
        self._watched = venue.observer.wants("decided")

    @garbage_left()
    def play(
        self, blocks: Iterable[Block], records_of: Callable[[Block], Records], under_way: BlocksUnderWay
    ) -> None:
        """Play all blocks; they are handed over in SimPy's order."""
        self._under_way, self._laid = under_way, _laid_out(self._venue, self._policy, self._deciders)
        self._open = OpenBlocks(self._laid)
        self._chooser = self._choosing()
        for block in blocks:
            self._begin(block, records_of(block))
            self._play_on(OPENED)
        if self._laid.course["next_block"][0]:
            self._play_on(GO)
        self._settle()

    def _choosing(self) -> ByGroup | Compiled | Interpreted:
        venue, observer, only = self._venue, self._venue.observer, self._deciders.only
        if only is not None and not is_interpreted(self._policy, observer):
            return Compiled(self._policy)
        watching = WatchingPublished(venue, self._trade, self._laid, self._open)
        tell = watching.decided if observer.wants("decided") else None
        if only is None:
            return ByGroup(venue, self._deciders, self._laid, self._open.of, tell)
        return Interpreted(venue, only, self._laid, self._open.of, tell)

    def _begin(self, block: Block, records: Records) -> None:
        """Lay out one more block, behind those that are open."""
        opened, number = BlockUnderWay(block, records), int(self._laid.course["next_block"][0])
        if self._watched:
            opened = self._trade.open(block, records)
        self._under_way.open(opened)
        rows, tasks = self._open.add(opened), block.tasks
        stated, played = self._laid.tasks.stated[rows], self._laid.tasks.played[rows]
        fill_tasks(stated, self._cost_model, block)
        fill(
            stated,
            block=number,
            complexity=tasks.complexity,
            prompt_tokens=tasks.prompt_tokens,
            cached_tokens=tasks.cached_tokens,
            expected_tokens=tasks.expected_output_tokens,
            true_tokens=block.truth.output_tokens,
            second_of_day=self._venue.pool.second_of_day(tasks.arrival_s),
            home_factor=block.truth.local_cost_factor,
            **routes_of(self._policy, tasks),
        )
        played.view(np.uint8)[:] = 0
        fill(self._laid.tasks.noted[rows], arm=NOBODY, reference_usd=np.nan, committed_usd=np.nan)
        self._hours.make_room(len(block))

    def _play_on(self, how: int) -> None:
        """Play until the next block is needed, or to the end; blocks that are over are handed over."""
        laid = self._laid
        laid.course["goes_on"] = how
        at = laid.addresses(self._hours)
        while True:
            reason = kernel.play(at)
            if self._watched and laid.course["handed"][0]:
                self._hand_over()
            if reason == DECIDE:
                self._chooser.decide(at)
            elif reason == OBSERVE:
                self._chooser.observe(at)
            elif reason == MORE_ROOM:
                laid.make_room()
                at = laid.addresses(self._hours)
            else:
                break
        self._hand_over()

    def _hand_over(self) -> None:
        stated, played = self._laid.tasks.stated, self._laid.tasks.played
        for opened, rows, _ in self._open.take_over():
            self._record(opened, stated[rows], played[rows])
            self._under_way.hand_over()

    def _record(self, opened: BlockUnderWay, stated: Rows, played: Rows) -> None:
        block, records, accounts = opened.block, opened.records, self._venue.accounts
        for name in _COLUMNS:
            getattr(records, name)[:] = played[name]
        records.parts_usd[PRICE] = played["price_usd"]
        records.parts_usd[LATENESS] = played["lateness_usd"]
        if self._cost_model.internal.expects_delay:
            block.home.opportunity_usd[:] = played["opportunity_usd"]
        self._trade.itemise(block, records)
        self._hours.keep(stated, records.contractor)
        accounts.done += len(block)
        accounts.realised_usd += float(records.realised_usd.sum())

    def _settle(self) -> None:
        """Enter what has come about in the books that the market's figures are made of."""
        venue, laid = self._venue, self._laid
        contractors = laid.sides.contractors
        venue.accounts.revenue_usd[:] = contractors["revenue_usd"].tolist()
        venue.queues.take_over(laid.books.workers["busy_s"].tolist())
        if isinstance(self._policy, Tally):
            self._policy.saved_usd[:] = contractors["saved_usd"]

    def taken(self) -> tuple[None, None]:
        """There are no contracts, and nobody is rated."""
        return None, None

    @property
    def ended_s(self) -> float:
        """When the last event was."""
        return float(self._laid.under.agenda["latest_s"][0])

    def mean_price_usd(self, hours: int) -> FloatArray:
        """The mean price over the pool at the beginning of each hour."""
        return self._hours.mean_price_usd(hours)


def _laid_out(venue: Venue, policy: Policy, deciders: Deciders) -> Laid:
    """The tables of a market before its first task."""
    scenario, pool = venue.scenario, venue.pool
    asks = deciders.only is None or is_interpreted(policy, venue.observer) or learns(type(policy))
    terms = np.zeros((REALISED + 1, len(pool)))
    terms[RELIABILITY], terms[SECURITY] = pool.reliability, 1 - pool.security_risk
    return Laid(
        Tasks(
            table(Noted, FIRST_ROWS),
            table(Task, FIRST_ROWS),
            table(Played, FIRST_ROWS),
            table(Open, 4),
        ),
        Under(to_give(Job), table(Event, FIRST_ROWS), table(Agenda, 1)),
        books_of(venue, sees_truth=deciders.wants_truth),
        Sides(
            _contractors(venue),
            conditional_of(venue),
            venue.skills.total,
            ~exceeds(scenario.skills.threshold, venue.skills.total),
            np.zeros(scenario.clients.total, dtype=np.int64),
        ),
        Offers(np.arange(len(pool)), terms, np.zeros(len(pool), dtype=np.bool_)),
        choosing_offers(policy, venue),
        _rules(venue, asks=asks),
        table(Course, 1),
        table(Heard, 1),
    )


def _contractors(venue: Venue) -> Rows:
    pool, rates = venue.pool, venue.pool.tariff.base
    return fill(
        contractors_of(venue, Contractor),
        prefill_s=pool.prefill_s_per_token,
        decode_s=pool.decode_s_per_token,
        input_usd=rates.input_usd_per_token,
        cached_usd=rates.cache_read_usd_per_token,
        output_usd=rates.output_usd_per_token,
        request_usd=rates.request_usd,
    )


def _rules(venue: Venue, *, asks: bool) -> Rows:
    scenario, queues = venue.scenario, venue.queues
    internal = scenario.cost_model.internal
    return fill(
        rules_of(venue, Rules),
        by_token=isinstance(scenario.cost_model.external.pricing, TokenPrice),
        waits=queues.limited_at_contractors or bool(queues.network_s.any()),
        expects_delay=internal.expects_delay,
        asks=asks,
        looks_further=internal.opportunity == "queue",
        late_usd_per_min=scenario.cost_model.late_usd_per_min,
    )
