"""The loop that every market is: arrive, quote, decide, carry out, end, learn, recover, decide again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Generic

import simpy

from coalesce_sim.arrays import FloatArray
from coalesce_sim.market.deciders import Deciders
from coalesce_sim.market.deciding import Decider
from coalesce_sim.market.observer import Considered, DecidedOffers, Observer
from coalesce_sim.market.open_block import BlocksUnderWay
from coalesce_sim.market.records import Records
from coalesce_sim.market.trade import A, B, Events, Preparing, Q, Trade
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import Decision, SealedBids, View


class Loop(Generic[B, Q, A]):
    """Plays tasks through one way of trading, from their arrival to their end.

    `records_of` gives the empty records of a block. What goes wrong, in a policy or an observer too, is kept
    in `error`: SimPy raises a copy, which an exception with arguments of its own may not survive, and plays
    other events of the same instant before; those change and tell nothing any more.
    """

    error: BaseException | None = None

    def __init__(
        self,
        env: simpy.Environment,
        trade: Trade[B, Q, A],
        deciders: Deciders,
        observer: Observer,
        under_way: BlocksUnderWay,
        records_of: Callable[[Block], Records],
    ) -> None:
        self._env = env
        self._trade = trade
        self._deciders, self._only = deciders, deciders.only
        self._observer = observer
        self._watched = observer.wants("decided")
        self._watches_splits = observer.wants("considered")
        self._under_way = under_way
        self._records_of = records_of

    def arrivals(self, blocks: Iterable[Block]) -> Events:
        """Tasks arrive: those that come at the same time are decided in the rounds that the trade sees."""
        env = self._env
        try:
            for block in blocks:
                opened = self._trade.open(block, self._records_of(block))
                self._under_way.open(opened)
                for arrival_s, first, stop in block.rounds:
                    while env.now < arrival_s:
                        yield env.timeout(arrival_s - env.now)
                    for tasks in self._trade.arrive(opened, slice(first, stop)):
                        self._prepare(opened, tasks)
        except BaseException as error:
            self._fail(error)
            raise

    def _prepare(self, opened: B, tasks: slice) -> None:
        """Decide, now or once what has to come before is done."""
        if self.error is not None:
            return
        preparing = self._trade.prepare(opened, tasks)
        if preparing is None:
            self._decide(opened, tasks)
        else:
            self._env.process(self._decide_after(opened, tasks, preparing))

    def _decide_after(self, opened: B, tasks: slice, preparing: Preparing) -> Events:
        try:
            if (yield from preparing):
                self._decide(opened, tasks)
        except BaseException as error:
            self._fail(error)
            raise

    def _decide(self, opened: B, tasks: slice) -> None:
        """Quote, decide, and carry out what was decided, one task after the other."""
        if self.error is not None:
            return
        records, tried = opened.records, opened.tried
        quote = self._trade.quote(opened, tasks)
        bids_usd = self._trade.bids_usd(quote) if self._deciders.wants_bids else None
        for row, task in enumerate(range(tasks.start, tasks.stop)):
            decider = self._only or self._deciders.of(opened.client[task])
            view = self._view(opened, quote, row, bids_usd, decider)
            if quote.offers.split is not None and self._splits(opened, view, task, decider):
                for step in self._trade.split(opened, task):
                    self._prepare(opened, slice(step, step + 1))
                continue
            decision = decider.decide(view)
            records.explored[task] |= decision.explored
            records.score[task] = decision.score
            records.confidence[task] = decision.confidence
            if not tried[task]:
                records.internal_usd[task] = quote.offers.internal_usd[row]
            if self._watched:
                self._tell(opened, quote, row, decision)
            attempt = self._trade.carry_out(opened, quote, task, decision)
            if attempt is None:
                self._under_way.hand_over()
            else:
                self._env.process(self._see_through(opened, attempt))

    def _splits(self, opened: B, view: View, task: int, decider: Decider) -> bool:
        """Whether the policy has a task done in steps; who watches is told."""
        splits = decider.splits(view)
        if self._watches_splits:
            self._observer.considered(Considered(opened.block, task, view, splits))
        return splits

    def _see_through(self, opened: B, attempt: A) -> Events:
        """Carry out, end, learn, recover, and decide again."""
        trade = self._trade
        try:
            yield from trade.work(attempt)
            if self.error is not None:
                return
            trade.end(attempt)
            outcome = trade.learn(attempt)
            if outcome is not None:
                self._deciders.of(outcome.client).observe(outcome)
            onward = trade.recover(attempt)
            self._under_way.hand_over()
            if onward.carry_out is not None:
                self._env.process(self._see_through(opened, onward.carry_out))
            for task in onward.decide:
                self._prepare(opened, slice(task, task + 1))
        except BaseException as error:
            self._fail(error)
            raise

    def _view(self, opened: B, quote: Q, row: int, bids_usd: FloatArray | None, decider: Decider) -> View:
        """What the policy wants to see of one task of the round."""
        offers = quote.offers
        if decider.wants_bids and bids_usd is not None:
            return SealedBids(offers, row, bids_usd[row])
        if decider.wants_truth:
            return self._trade.oracle_view(opened, quote, offers.first + row)
        return View(offers, row)

    def _tell(self, opened: B, quote: Q, row: int, decision: Decision) -> None:
        """Tell who watches of a decision that is about to be carried out."""
        task = quote.offers.first + row
        attempt, breakdown = len(opened.tried[task]), partial(self._trade.breakdown, opened, quote, task)
        decided = DecidedOffers(opened.block, task, row, attempt, quote.offers, decision, breakdown)
        self._observer.decided(decided)

    def _fail(self, error: BaseException) -> None:
        if self.error is None:
            self.error = error
