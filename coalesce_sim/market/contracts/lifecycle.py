"""The life of a contract in the states of A2A 1.0: event by event, without the money."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import simpy

from coalesce_sim.market.contracts.states import (
    AUTH_REQUIRED,
    CANCELED,
    COMPLETED,
    FAILED,
    REJECTED,
    SUBMITTED,
    WORKING,
)
from coalesce_sim.market.floor import Floor
from coalesce_sim.market.pool import Pool
from coalesce_sim.market.queues import Servers
from coalesce_sim.scenario.contracts import Contracts
from coalesce_sim.scenario.distributions import sample
from coalesce_sim.streams import Streams

Events = Generator[simpy.Event, Any, None]


@dataclass(slots=True, kw_only=True)
class Contract:
    """One contract: what is agreed, and what came of it as it goes on. Times in seconds of the run.

    `task` is the task's number in the run, `row` that in its block. `service_s` is how long the work will
    really take, `expected_s` how long its contractor thinks, `deadline_s` when the client cancels (infinite:
    never). `search_s` is how long it takes to find the contractor. `good` says whether the work will be; only
    its delivery shows it. `sent` says whether data went out. `reason` says more than the final `state` does
    where the work was not accepted.
    """

    task: int
    row: int
    attempt: int
    client: int
    contractor: int
    type_id: int
    agreed_usd: float
    service_s: float
    expected_s: float
    transfer_s: float
    check_s: float
    search_s: float
    submitted_s: float
    deadline_s: float
    good: bool
    auth_required: bool = False
    input_required: bool = False
    sent: bool = False
    working_s: float = float("nan")
    ended_s: float = float("nan")
    state: str = SUBMITTED
    reason: str = ""


C = TypeVar("C", bound=Contract)


class Luck:
    """What may go wrong with each attempt at each task of a block, whoever is hired; (tasks, attempts)."""

    __slots__ = ("fails_at", "fails_openly", "found", "question", "reply_s", "unreachable")

    def __init__(self, draws: Draws, tasks: int) -> None:
        self.unreachable, self.question, self.fails_openly, self.fails_at, self.found = (
            draws.uniform(name, tasks) for name in ("unreachable", "question", "openly", "fails at", "found")
        )
        self.reply_s = draws.reply_s(tasks)


class Draws:
    """The random streams of contracts."""

    def __init__(self, rules: Contracts, streams: Streams) -> None:
        self._streams = {
            name: streams(f"contract.{name}")
            for name in ("unreachable", "question", "openly", "fails at", "found", "reply")
        }
        self._attempts = rules.recovery.retries + 1
        self._reply_s = rules.input_reply_s

    def uniform(self, name: str, tasks: int) -> np.ndarray:
        """Uniform draws, (tasks, attempts)."""
        return self._streams[name].random((tasks, self._attempts))

    def reply_s(self, tasks: int) -> np.ndarray:
        """How long the client takes to answer a question, (tasks, attempts)."""
        return sample(self._reply_s, self._streams["reply"], tasks * self._attempts).reshape(
            tasks, self._attempts
        )


class Lifecycle(Generic[C]):
    """Plays contracts; `setup_s` is what a handshake takes."""

    def __init__(self, rules: Contracts, pool: Pool, floor: Floor, setup_s: float) -> None:
        self._rules = rules
        self._floor = floor
        self._setup_s = setup_s
        self._unreachable_rate: list[float] = pool.unreachable_rate.tolist()
        self._queue_limit = pool.queue_limit
        self._authorised: set[tuple[int, int]] = set()

    def play(self, contract: C, luck: Luck, begun: Callable[[C], None], ended: Callable[[C], None]) -> Events:
        """All events of one contract.

        `begun` is told when the work begins, `ended` when the contract has reached its final state and what
        was delivered has been looked at.
        """
        yield from self._until_final(contract, luck, begun)
        contract.ended_s = self._floor.env.now
        ended(contract)

    def _until_final(self, contract: C, luck: Luck, begun: Callable[[C], None]) -> Events:
        rules, env, who = self._rules, self._floor.env, contract.contractor
        at = contract.row, contract.attempt
        if luck.unreachable[at] < self._unreachable_rate[who]:
            yield env.timeout(contract.search_s + rules.connect_timeout_s)
            contract.state, contract.reason = CANCELED, "unreachable"
            return
        setup_s = contract.search_s + self._setup_s + self._floor.network_s[who]
        if rules.authorisation_s > 0 and (contract.client, who) not in self._authorised:
            self._authorised.add((contract.client, who))
            contract.state, contract.auth_required = AUTH_REQUIRED, True
            setup_s += rules.authorisation_s
        if setup_s > 0:
            yield env.timeout(setup_s)
        servers = self._floor.contractors[who]
        if not servers.takes_in(self._queue_limit[who]):
            contract.state, contract.reason = REJECTED, "full"
            return
        contract.sent = True
        if contract.transfer_s > 0:
            servers.coming += 1
            yield env.timeout(contract.transfer_s)
            servers.coming -= 1
        if luck.question[at] < rules.input_required_rate:
            contract.input_required = True
            contract.service_s += float(luck.reply_s[at])
        fails = not contract.good and luck.fails_openly[at] < rules.failed_share
        if fails:
            contract.service_s *= float(luck.fails_at[at])
        yield from self._work(contract, servers, begun)
        if contract.state != WORKING:
            contract.reason = "timed out"
        elif fails:
            contract.state, contract.reason = FAILED, "broke off"
        else:
            if contract.check_s > 0:
                yield env.timeout(contract.check_s)
            contract.state = COMPLETED

    def _work(self, contract: C, servers: Servers, begun: Callable[[C], None]) -> Events:
        """Queue and service; the contract is *working* at the end unless its client has canceled it."""
        env = self._floor.env
        if servers.limited:
            servers.join(env.now, contract.expected_s, contract.service_s)
            request = servers.resource.request()
            if request.triggered or contract.deadline_s == math.inf:
                yield request
            else:
                yield request | env.timeout(max(0.0, contract.deadline_s - env.now))
                if not request.triggered:
                    request.cancel()
                    servers.leave(contract.expected_s)
                    contract.state = CANCELED
                    return
            expected_end_s = servers.begin(env.now, contract.expected_s)
        contract.state, contract.working_s = WORKING, env.now
        begun(contract)
        left_s = max(0.0, contract.deadline_s - env.now)
        if contract.service_s > left_s:
            contract.state = CANCELED
        yield env.timeout(min(contract.service_s, left_s))
        if servers.limited:
            servers.end(env.now, expected_end_s)
            servers.resource.release(request)
