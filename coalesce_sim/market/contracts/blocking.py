"""Slots that are taken by contracts which nobody wants."""

from __future__ import annotations

import simpy

from coalesce_sim.adversaries.protocol import Hold
from coalesce_sim.market.accounts import Accounts
from coalesce_sim.market.contracts.strategies import Follower, Strategies
from coalesce_sim.market.first_come import Queue, Waiting
from coalesce_sim.market.queues import Queues
from coalesce_sim.market.trade import Events


class Blocking:
    """Has contracts made that will be cancelled, by the clock, until the last tasks have arrived and ended.

    Such a contract joins its contractor's queue at once, for it has no data, keeps a slot for as long as work
    of so many seconds would, repairs included, and leaves. Its slot serves nobody: that is no working time
    (`Queue.busy_s`), and by the books the slot stands idle. On a machine that serves all its jobs at once it
    slows the others as a job does. There is nothing to take where slots are unlimited.
    """

    def __init__(self, strategies: Strategies, queues: Queues, accounts: Accounts, until_s: float) -> None:
        self._strategies, self._queues, self._accounts = strategies, queues, accounts
        self._until_s = until_s
        self._made = self._refused = 0
        for follower, every_s in strategies.blockers():
            queues.env.process(self._act(follower, every_s))

    def figures(self) -> dict[str, float]:
        """How many were made, and how many of them in percent found no place; nothing where none was."""
        if self._made == 0:
            return {}
        refused = 100 * self._refused / self._made
        return {"sham_contracts": float(self._made), "sham_contracts_refused_rate": refused}

    def _act(self, follower: Follower, every_s: float) -> Events:
        env, accounts = self._queues.env, self._accounts
        while env.now + every_s <= self._until_s:
            yield env.timeout(every_s)
            if accounts.done == accounts.tasks_in:
                return
            for hold in self._strategies.holds(env.now, follower):
                self._make(hold)

    def _make(self, hold: Hold) -> None:
        """Join the queue, unless the contractor is down or takes in no more."""
        who, env, outages = hold.contractor, self._queues.env, self._queues.outages
        self._made += 1
        down = outages is not None and outages.is_down(who, env.now)
        if down or not self._queues.takes_in(who):
            self._refused += 1
            return
        queue = self._queues.contractor(who)
        if queue.limited:
            place = queue.join(env.now, hold.hold_s, hold.hold_s)
            request = queue.resource.request()
            if not request.triggered:
                self._queues.slots_may_change(who)
            env.process(self._keep(hold, queue, place, request))

    def _keep(
        self, hold: Hold, queue: Queue, place: Waiting, request: simpy.resources.resource.Request
    ) -> Events:
        """Wait for the slot, keep it, and leave."""
        env, outages = self._queues.env, self._queues.outages
        yield request
        began_s, lasts_s = env.now, hold.hold_s
        expected_end_s = queue.begin(began_s, hold.hold_s, place)
        if outages is not None:
            lasts_s = outages.occupied_s(hold.contractor, began_s, hold.hold_s)
        yield env.timeout(lasts_s)
        queue.end(env.now, expected_end_s)
        queue.busy_s -= env.now - began_s
        queue.resource.release(request)
