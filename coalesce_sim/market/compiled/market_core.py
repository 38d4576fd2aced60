"""Plays the market with contracts on the compiled core."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import cached_property

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.cost_parts import (
    COMMUNICATION,
    COORDINATION,
    HOME,
    INTEGRATION,
    LATENESS,
    LOSS,
    PRICE,
    SEARCH,
    VERIFICATION,
)
from coalesce_sim.market.compiled import composite_kernel, stops
from coalesce_sim.market.compiled import market_kernel as kernel
from coalesce_sim.market.compiled.building import garbage_left
from coalesce_sim.market.compiled.choosers import ByGroup, Chooser, Compiled, Interpreted, Shown
from coalesce_sim.market.compiled.composite import await_steps
from coalesce_sim.market.compiled.finders import Finder
from coalesce_sim.market.compiled.growing import OpenBlocks
from coalesce_sim.market.compiled.market_setup import fill_tasks, laid_out
from coalesce_sim.market.compiled.market_tables import Effect, Ended
from coalesce_sim.market.compiled.policy_memory import NOBODY
from coalesce_sim.market.compiled.rows import Rows, fill
from coalesce_sim.market.compiled.settings import asks, choosing_offers, is_interpreted, routes_of
from coalesce_sim.market.compiled.splitting import Splitting
from coalesce_sim.market.compiled.trust import Trust
from coalesce_sim.market.compiled.watching import WatchingContracts
from coalesce_sim.market.contracts.ended import EndedContracts
from coalesce_sim.market.contracts.states import FINAL_STATES
from coalesce_sim.market.contracts.trade import ContractTrade
from coalesce_sim.market.deciders import Deciders
from coalesce_sim.market.open_block import BlocksUnderWay, BlockUnderWay, at_home_usd
from coalesce_sim.market.records import Records
from coalesce_sim.market.trade import Venue
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import LOCAL, Policy
from coalesce_sim.policies.yardsticks import Tally
from coalesce_sim.reputation.ratings import RatingRows
from coalesce_sim.scenario.contracts import ContractRules
from coalesce_sim.scenario.distributions import drawn_at

_PARTS = {
    "price_usd": PRICE,
    "communication_usd": COMMUNICATION,
    "verification_usd": VERIFICATION,
    "integration_usd": INTEGRATION,
    "search_usd": SEARCH,
    "coordination_usd": COORDINATION,
    "lateness_usd": LATENESS,
    "loss_usd": LOSS,
}
_COLUMNS = (
    *("contractor", "explored", "score", "confidence", "internal_usd", "estimated_usd", "estimated_s"),
    *("realised_usd", "retries_usd", "attempts", "good", "closes", "split", "coordination_s"),
    *("decided_s", "started_s", "finished_s"),
)

_OF_DECISIONS = ("score", "confidence", "internal_usd", "estimated_usd", "estimated_s")
"""Columns of which a step that is never decided on has none."""


class MarketCore:
    """The compiled twin of `Loop` with a `ContractTrade`, for what `coverage` says.

    `ended_s` is when the last event was, once all was played.
    """

    def __init__(self, venue: Venue, policy: Policy, deciders: Deciders, trade: ContractTrade) -> None:
        self._venue, self._policy, self._deciders, self._trade = venue, policy, deciders, trade
        self._rules = venue.scenario.contracts or ContractRules()
        self._reply = venue.luck("reply")
        self._trust = Trust(venue)
        self._home_parts_usd: deque[FloatArray] = deque()
        self._contracts = self._ratings = (0, 0)

    @garbage_left()
    def play(
        self, blocks: Iterable[Block], records_of: Callable[[Block], Records], under_way: BlocksUnderWay
    ) -> None:
        """Play all blocks; they are handed over in SimPy's order."""
        self._under_way = under_way
        sees_truth = self._deciders.wants_truth
        policy = choosing_offers(self._policy, self._venue)
        asked = self._deciders.only is None or asks(self._policy, self._venue.observer)
        self._laid = laid_out(self._venue, self._trade, policy, asks=asked, sees_truth=sees_truth)
        self._course, self._open = self._laid.course, OpenBlocks(self._laid)
        self._take_seats()
        for block in blocks:
            self._begin(block, records_of(block))
            self._play_on(stops.OPENED)
        if self._course["next_block"][0]:
            self._play_on(stops.GO)
        self._settle()
        if self._venue.accounts.tasks_in:  # a market is often kept for longer than its tables are of use
            del self._laid, self._course, self._open, self._chooser, self._splitting, self._watching

    def _take_seats(self) -> None:
        """Who decides, and who is told, see the tables."""
        venue, trade, deciders, laid, blocks = (
            self._venue,
            self._trade,
            self._deciders,
            self._laid,
            self._open,
        )
        shown, observer = Shown(venue, laid, blocks.of), venue.observer
        self._watching = WatchingContracts(venue, trade, laid, shown, blocks)
        self._watched = observer.sees_decisions or observer.wants("contract_ended")
        self._chooser: Chooser = Compiled(self._policy)
        tell = self._watching.decided if observer.wants("decided") else None
        if deciders.only is None:
            self._chooser = ByGroup(deciders, laid, shown, tell)
        elif is_interpreted(self._policy, observer):
            self._chooser = Interpreted(deciders.only, laid, shown, tell)
        find = self._finder.find if laid.rules["asks_around"][0] else None
        self._splitting = Splitting(venue, trade, deciders, self._chooser, laid, shown, blocks, find)
        if self._watched or laid.wholes.parts["may_split"].any():
            pairs: Rows = laid.experience.pairs
            trade.know(pairs["factor"], pairs["time_factor"], pairs["score"][:, len(venue.pool) :])

    def _begin(self, block: Block, records: Records) -> None:
        """Lay out one more block, behind those that are open."""
        opened = BlockUnderWay(block, records)
        if self._watched or (block.wholes is not None and block.wholes.may_split.any()):
            opened = self._trade.open(block, records)
        self._under_way.open(opened)
        truth, number = block.truth, int(self._course["next_block"][0])
        bills_usd = self._trade.truth.of(block).own_bills_usd()
        parts_usd = at_home_usd(truth.local_running, truth.local_cost_factor, bill_usd=bills_usd)
        self._home_parts_usd.append(parts_usd)
        rows = self._open.add(opened)
        tasks, wholes = self._laid.tasks, self._laid.wholes
        stated, played = tasks.stated[rows], tasks.played[rows]
        fill_tasks(stated, self._venue, self._trade, wholes, block, bills_usd, number)
        fill(stated, **routes_of(self._policy, block.tasks))
        played.view(np.uint8)[:] = 0
        fill(played, contractor=LOCAL, good=True, started_s=np.nan)
        fill(tasks.noted[rows], arm=NOBODY, reference_usd=np.nan, committed_usd=np.nan)
        if block.wholes is not None:
            fill(played, opportunity_usd=block.home.opportunity_usd, **dict.fromkeys(_OF_DECISIONS, np.nan))
            await_steps(played, wholes.parts[stated["part"]], block.wholes)

    def _play_on(self, how: int) -> None:
        """Play until the next block is needed, or to the end; blocks that are over are handed over."""
        course, laid = self._course, self._laid
        course["goes_on"] = how
        at = laid.addresses()
        while True:
            reason = kernel.play(at)
            if self._watched and course["handed"][0]:
                self._hand_over()
            if reason == stops.FIND:
                self._finder.find(at)
            elif reason == stops.DECIDE:
                self._chooser.decide(at)
            elif reason == stops.OBSERVE:
                self._chooser.observe(at)
            elif reason == stops.TELL:
                self._watching.contract_ended()
            elif reason == stops.PREPARE:
                if composite_kernel.prepare(at):
                    self._splitting.decide(at)
            elif reason == stops.COORDINATE:
                composite_kernel.coordinate(at)
            elif reason == stops.CLOSE:
                composite_kernel.close_step(at)
            elif reason == stops.REPLY:
                self._answer()
            elif reason == stops.SCORE:
                self._trust.score(laid)
            elif reason == stops.MORE_ROOM:
                laid.make_room()
                at = laid.addresses()
            else:
                break
        self._hand_over()

    @cached_property
    def _finder(self) -> Finder:
        found = self._venue.scenario.discovery
        assert found is not None
        return Finder(found, self._venue)

    def _answer(self) -> None:
        """A client answers a question of its contractor."""
        job = self._laid.under.jobs[self._course["job"][0]]
        draw = self._reply.draw(int(job["who"]), int(job["task"]), int(job["attempt"]))
        self._course["reply_s"] = drawn_at(self._rules.input_reply_s, draw)

    def _hand_over(self) -> None:
        played = self._laid.tasks.played
        for opened, rows, told in self._open.take_over():
            self._record(opened, played[rows], self._home_parts_usd.popleft())
            self._contracts = self._contracts[1], int(told["contracts"])
            self._ratings = self._ratings[1], int(told["ratings"])
            self._under_way.hand_over()
        self._trust.take_ratings(self._laid)
        self._forget_told()

    def _forget_told(self) -> None:
        """What was told is kept no longer."""
        course, told = self._course, self._laid.told
        for name, rows, (_, upto) in (
            ("contracts", told.ended, self._contracts),
            ("ratings", told.ratings, self._ratings),
        ):
            left = int(course[name][0]) - upto
            rows[:left] = rows[upto : upto + left].copy()
            course[name] = left
            self._laid.tasks.blocks[name] -= upto
        self._contracts = self._ratings = (0, 0)

    def _record(self, opened: BlockUnderWay, played: Rows, home_parts_usd: FloatArray) -> None:
        records = opened.records
        for name in _COLUMNS:
            getattr(records, name)[:] = played[name]
        for name, part in _PARTS.items():
            records.parts_usd[part] = played[name]
        own = played["own"]
        records.parts_usd[HOME, own] = home_parts_usd[:, own]
        opened.block.home.opportunity_usd[:] = played["opportunity_usd"]
        accounts = self._venue.accounts
        accounts.done += len(played)
        accounts.last_done_s = max(accounts.last_done_s, float(played["finished_s"].max()))
        accounts.realised_usd += float(played["realised_usd"].sum())
        accounts.coordination_usd += float(played["coordination_usd"].sum())
        accounts.coordination_s += float(played["coordination_s"].sum())

    def taken(self) -> tuple[EndedContracts | None, RatingRows | None]:
        """The contracts that have ended and what was rated since the last block was handed over; None where
        nobody watches, or there is no public record."""
        return self._ended(), self._rated()

    def _ended(self) -> EndedContracts | None:
        if not self._laid.rules["tells_contracts"][0]:
            return None
        rows = self._laid.told.ended[slice(*self._contracts)]
        nothing = np.zeros(len(rows))
        columns = {name: rows[name].copy() for name in Ended.__annotations__}
        return EndedContracts(
            **columns,
            incident=nothing.astype(np.int64),
            leak_usd=nothing,
            insured_usd=nothing,
            manipulated=nothing.astype(np.bool_),
            harm_usd=nothing,
        )

    def _rated(self) -> RatingRows | None:
        if self._venue.scenario.reputation is None or not self._venue.observer.wants("ratings"):
            return None
        rows = self._laid.told.ratings[slice(*self._ratings)]
        return RatingRows(**{name: rows[name].copy() for name in RatingRows._fields})

    def _settle(self) -> None:
        """Enter what has come about in the books that the market's figures are made of."""
        venue, laid, course = self._venue, self._laid, self._course[0]
        accounts, contractors = venue.accounts, laid.experience.contractors[: len(venue.pool)]
        accounts.revenue_usd[:] = contractors["revenue_usd"].tolist()
        self._trade.books.take_over(*(contractors[name] for name in ("jobs", "worked_s", "work_usd")))
        accounts.found_bad = int(course["found_bad"])
        self._trade.deserted = int(course["deserted"])
        accounts.lost_to_outages = int(course["lost_to_outages"])
        accounts.contracts_ended.update({state: int(course[state]) for state in FINAL_STATES})
        venue.queues.take_over(laid.books.workers["busy_s"].tolist())
        windows = laid.experience.windows[: course["windows"] + 1]
        self._trade.errors.take_over(windows.tolist())
        for which, effect in enumerate(self._trade.effects or ()):
            for name in Effect.__annotations__:
                setattr(effect, name, laid.experience.effects[name][which].item())
        if self._trade.discovery is not None:
            found = (course[name].item() for name in ("queries", "messages", "unanswered", "empty", "age_s"))
            self._trade.discovery.take_over(*found)
        if isinstance(self._policy, Tally):
            self._policy.saved_usd[:] = contractors["saved_usd"]
        self.ended_s = float(laid.under.agenda["latest_s"][0])

    def mean_price_usd(self, hours: int) -> FloatArray:
        """Prices differ by task here."""
        return self._trade.mean_price_usd(hours)
