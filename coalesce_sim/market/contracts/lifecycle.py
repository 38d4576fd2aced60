"""The life of a contract in the states of A2A 1.0: event by event, without the money."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import simpy

from coalesce_sim.market.batches import Batch
from coalesce_sim.market.contracts.behaviour import Conduct, as_it_can_be
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.endings import Endings
from coalesce_sim.market.contracts.incidents import LEAKED, LOST, TAMPERED
from coalesce_sim.market.contracts.reasons import (
    BROKE_OFF,
    FULL,
    OUTAGE,
    TIMED_OUT,
    UNPAID,
    UNREACHABLE,
    WORK_LOST,
)
from coalesce_sim.market.contracts.results import Mishaps
from coalesce_sim.market.contracts.states import (
    AUTH_REQUIRED,
    CANCELED,
    COMPLETED,
    FAILED,
    REJECTED,
    WORKING,
)
from coalesce_sim.market.first_come import Queue
from coalesce_sim.market.outages import Lasting
from coalesce_sim.market.trade import Events, Venue
from coalesce_sim.scenario.contracts import ContractRules
from coalesce_sim.scenario.security import INCIDENT_KINDS

ROUNDING_S = 1e-6
"""By how much a deadline may be missed through rounding alone."""


class Lifecycle:
    """Plays contracts; `setup_s` is what a handshake takes."""

    def __init__(
        self,
        venue: Venue,
        rules: ContractRules,
        conduct: Conduct,
        endings: Endings,
        mishaps: Mishaps,
        setup_s: float,
    ) -> None:
        self._rules, self._conduct, self._mishaps = rules, conduct, mishaps
        self._queues = venue.queues
        self._endings = endings
        self._setup_s = setup_s
        self._unreachable_rate = venue.pool.unreachable_rate
        self._outages = venue.queues.outages
        self._authorised: set[tuple[int, int]] = set()

    def play(self, contract: Contract) -> Events:
        """All events of one contract, until it is in its final state and what was delivered is looked at.

        Until then its client cancels it at the deadline, whatever state it is in.
        """
        if contract.reason == UNPAID:
            return
        rules, who, row = self._rules, contract.contractor, contract.row
        luck, layout, at = self._mishaps, contract.opened.layout, (who, contract.task, contract.attempt)
        down = self._outages is not None and self._outages.is_down(who, self._queues.env.now)
        if down or luck.unreachable.draw(*at) < self._unreachable_rate.item(who):
            if (yield from self._in_time(contract, contract.search_s + rules.connect_timeout_s)):
                contract.state, contract.reason = CANCELED, UNREACHABLE
            return
        incident = luck.incidents.of(*at)
        setup_s = contract.search_s + self._setup_s + self._queues.network_s.item(who)
        if rules.authorisation_s > 0 and (contract.client, who) not in self._authorised:
            self._authorised.add((contract.client, who))
            contract.state, contract.auth_required = AUTH_REQUIRED, True
            setup_s += rules.authorisation_s
        if not (yield from self._in_time(contract, setup_s)):
            return
        queue = self._queues.contractor(who)
        if not self._queues.takes_in(who):
            contract.state, contract.reason = REJECTED, FULL
            return
        contract.sent = True
        if incident == LEAKED:
            contract.incident = INCIDENT_KINDS[LEAKED]
        queue.coming += 1
        moved = yield from self._in_time(contract, layout.transfer_s[row])
        queue.coming -= 1
        if not moved:
            return
        if luck.question.draw(*at) < rules.input_required_rate:
            contract.input_required = True
            contract.service_s += luck.reply_s(*at)
        contract.done_well = self._is_good(contract)
        fails = not contract.done_well and luck.fails_openly.draw(*at) < rules.failed_share
        if fails:
            at_share = luck.fails_at.draw(*at)
            contract.service_s *= at_share
            contract.tokens *= at_share
        if not (yield from self._work(contract, queue)):
            return
        if fails:
            contract.state, contract.reason = FAILED, BROKE_OFF
            return
        contract.done_well = self._is_good(contract)
        if incident in (TAMPERED, LOST):
            contract.incident = INCIDENT_KINDS[incident]
        if incident == LOST:
            contract.state, contract.reason = FAILED, WORK_LOST
            return
        contract.state = COMPLETED
        if layout.check_s[row] > 0:
            yield self._queues.env.timeout(layout.check_s[row])

    def _is_good(self, contract: Contract) -> bool:
        """Whether the work is good as its contractor does it now."""
        now_s, who, results = self._queues.env.now, contract.contractor, contract.opened.results
        honest_p = results.honest_p(contract.row, who, now_s)
        contract.honest_good = honest_good = contract.work.is_good(honest_p)
        if self._conduct.concerns is None:
            return honest_good
        effort = as_it_can_be(self._conduct.effort(now_s, who, contract.task), results.offered(contract.row))
        contract.effort = effort
        if effort is None:
            return honest_good
        if effort.like is None:
            return contract.work.is_good(min(effort.success, honest_p))
        return contract.work.is_good(results.honest_p(contract.row, effort.like, now_s))

    def _work(self, contract: Contract, queue: Queue) -> Generator[simpy.Event, Any, bool]:
        """Queue and service; whether they were over before the deadline, and nothing was lost."""
        env = self._queues.env
        if queue.limited:
            place = queue.join(env.now, contract.expected_s, contract.service_s)
            request = queue.resource.request()
            if not request.triggered:
                self._queues.slots_may_change(contract.contractor)
            if request.triggered or contract.deadline_s == math.inf:
                yield request
            else:
                yield request | env.timeout(max(0.0, contract.deadline_s - env.now))
                if not request.triggered:
                    request.cancel()
                    queue.leave(place)
                    contract.state, contract.reason = CANCELED, TIMED_OUT
                    return False
            expected_end_s = queue.begin(env.now, contract.expected_s, place)
        done = yield from self._serve(contract, queue)
        if queue.limited:
            queue.end(env.now, expected_end_s)
            queue.resource.release(request)
        return done

    def _serve(self, contract: Contract, queue: Queue) -> Generator[simpy.Event, Any, bool]:
        """Service, by a contractor that may have to be repaired before and meanwhile; whether it was over
        before the deadline, and nothing was lost."""
        env, who, lasting = self._queues.env, contract.contractor, Lasting(contract.service_s, lost=False)
        if self._outages is not None:
            repair_s = self._outages.repaired_s(who, env.now) - env.now
            if repair_s > 0 and not (yield from self._in_time(contract, repair_s)):
                return False
            lasting = self._outages.lasting(who, env.now, contract.service_s)
        contract.state, contract.working_s = WORKING, env.now
        self._endings.began(contract.opened, contract.row)
        if isinstance(queue, Batch):
            return (yield from self._beside_others(contract, queue))
        in_time = yield from self._in_time(contract, lasting.lasts_s)
        contract.worked_s = env.now - contract.working_s
        if self._outages is not None:
            contract.worked_s -= self._outages.down_s(who, contract.working_s, env.now)
        if in_time and lasting.lost:
            contract.state, contract.reason = FAILED, OUTAGE
        return in_time and not lasting.lost

    def _beside_others(self, contract: Contract, machine: Batch) -> Generator[simpy.Event, Any, bool]:
        """Service on a machine that serves all its jobs at once; whether it was over before the deadline, and
        nothing was lost."""
        env, job = self._queues.env, machine.take_up(contract.service_s, contract.tokens)
        until_s, lost_s = contract.deadline_s + ROUNDING_S, math.inf
        if self._outages is not None:
            lost_s = self._outages.lost_s(contract.contractor, env.now)
            if env.now + machine.most_s(contract.service_s, contract.tokens) <= lost_s:
                lost_s = math.inf  # nobody need wait for an outage that comes too late
        if (left_s := min(until_s, lost_s)) == math.inf:
            yield job.done
        else:
            yield job.done | env.timeout(max(0.0, left_s - env.now))
        machine.put_down(job)
        contract.worked_s = job.machine_s
        if not job.done.triggered:
            lost = lost_s <= until_s
            contract.state, contract.reason = (FAILED, OUTAGE) if lost else (CANCELED, TIMED_OUT)
        return bool(job.done.triggered)

    def _in_time(self, contract: Contract, lasts_s: float) -> Generator[simpy.Event, Any, bool]:
        """A part of a contract that lasts so long; False, and the contract canceled, where its deadline comes
        first."""
        env = self._queues.env
        left_s = max(0.0, contract.deadline_s - env.now)
        in_time = lasts_s <= left_s + ROUNDING_S
        if not in_time:
            lasts_s = left_s
        if lasts_s > 0:
            yield env.timeout(lasts_s)
        if not in_time:
            contract.state, contract.reason = CANCELED, TIMED_OUT
        return in_time
