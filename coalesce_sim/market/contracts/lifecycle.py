"""The life of a contract in the states of A2A 1.0: event by event, without the money."""

from __future__ import annotations

import math

from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.endings import Endings
from coalesce_sim.market.contracts.results import Mishaps
from coalesce_sim.market.contracts.states import (
    AUTH_REQUIRED,
    CANCELED,
    COMPLETED,
    FAILED,
    REJECTED,
    WORKING,
)
from coalesce_sim.market.queues import Queue
from coalesce_sim.market.trade import Events, Venue
from coalesce_sim.scenario.contracts import ContractRules


class Lifecycle:
    """Plays contracts; `setup_s` is what a handshake takes."""

    def __init__(
        self, venue: Venue, rules: ContractRules, endings: Endings, mishaps: Mishaps, setup_s: float
    ) -> None:
        self._rules, self._mishaps = rules, mishaps
        self._queues = venue.queues
        self._endings = endings
        self._setup_s = setup_s
        self._unreachable_rate: list[float] = venue.pool.unreachable_rate.tolist()
        self._queue_limit = venue.pool.queue_limit
        self._authorised: set[tuple[int, int]] = set()

    def play(self, contract: Contract) -> Events:
        """All events of one contract, until it is in its final state and what was delivered is looked at."""
        rules, env, who = self._rules, self._queues.env, contract.contractor
        luck, layout, at = self._mishaps, contract.opened.layout, (who, contract.task, contract.attempt)
        if luck.unreachable.draw(*at) < self._unreachable_rate[who]:
            yield env.timeout(contract.search_s + rules.connect_timeout_s)
            contract.state, contract.reason = CANCELED, "unreachable"
            return
        setup_s = contract.search_s + self._setup_s + self._queues.network_s[who]
        if rules.authorisation_s > 0 and (contract.client, who) not in self._authorised:
            self._authorised.add((contract.client, who))
            contract.state, contract.auth_required = AUTH_REQUIRED, True
            setup_s += rules.authorisation_s
        if setup_s > 0:
            yield env.timeout(setup_s)
        queue = self._queues.contractors[who]
        if not queue.takes_in(self._queue_limit[who]):
            contract.state, contract.reason = REJECTED, "full"
            return
        contract.sent = True
        transfer_s = layout.transfer_s[contract.row]
        if transfer_s > 0:
            queue.coming += 1
            yield env.timeout(transfer_s)
            queue.coming -= 1
        if luck.question.draw(*at) < rules.input_required_rate:
            contract.input_required = True
            contract.service_s += luck.reply_s(*at)
        fails = not contract.good and luck.fails_openly.draw(*at) < rules.failed_share
        if fails:
            contract.service_s *= luck.fails_at.draw(*at)
        yield from self._work(contract, queue)
        if contract.state != WORKING:
            contract.reason = "timed out"
        elif fails:
            contract.state, contract.reason = FAILED, "broke off"
        else:
            check_s = layout.check_s[contract.row]
            if check_s > 0:
                yield env.timeout(check_s)
            contract.state = COMPLETED

    def _work(self, contract: Contract, queue: Queue) -> Events:
        """Queue and service; the contract is *working* at the end unless its client has canceled it."""
        env = self._queues.env
        if queue.limited:
            queue.join(env.now, contract.expected_s, contract.service_s)
            request = queue.resource.request()
            if request.triggered or contract.deadline_s == math.inf:
                yield request
            else:
                yield request | env.timeout(max(0.0, contract.deadline_s - env.now))
                if not request.triggered:
                    request.cancel()
                    queue.leave(contract.expected_s)
                    contract.state = CANCELED
                    return
            expected_end_s = queue.begin(env.now, contract.expected_s)
        contract.state, contract.working_s = WORKING, env.now
        self._endings.began(contract.opened, contract.row)
        left_s = max(0.0, contract.deadline_s - env.now)
        if contract.service_s > left_s:
            contract.state = CANCELED
        yield env.timeout(min(contract.service_s, left_s))
        if queue.limited:
            queue.end(env.now, expected_end_s)
            queue.resource.release(request)
