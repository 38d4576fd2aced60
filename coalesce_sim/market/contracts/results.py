"""What nobody knows before it happens: the worth of every worker's work, and what may go wrong on the way.

By task it is `Block.truth`; by task and worker `Results`; by task and attempt `Luck`. Each is drawn as one
table: a policy changes no draw, nor does what is true of contractors, but another number of contractors
changes the draws of all workers, and another number of retries those of all attempts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.inputs.recordings import Recordings, read_recordings
from coalesce_sim.market.pool import Pool
from coalesce_sim.market.workload import Block
from coalesce_sim.scenario.contracts import ContractRules
from coalesce_sim.scenario.distributions import sample
from coalesce_sim.scenario.pool import TypeOutcome
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.streams import Streams


@dataclass(frozen=True, slots=True)
class Results:
    """What every choice would yield; (tasks, contractors + 1), the last column is home.

    `bill_usd` is NaN where the bill is the price agreed on. `offered`, (tasks, contractors), says who offers
    at all; None where everybody does.
    """

    success: BoolArray
    bill_usd: FloatArray
    offered: BoolArray | None


class GroundTruth:
    """Draws, or looks up, the results of a block's tasks.

    `type_service_s`, (types, contractors + 1), holds the known times of work by type of task, NaN where the
    pool or the hardware tells; `bills` says whether anybody bills by use, and `own_price_usd` is what a
    client expects a task at home to cost beyond its hardware.
    """

    def __init__(self, scenario: Scenario, pool: Pool, streams: Streams) -> None:
        self._scenario = scenario
        shape = (len(scenario.workload.types), len(pool) + 1)
        self._success_p = np.ones(shape)
        self._good_bill_usd, self._bad_bill_usd = np.full(shape, np.nan), np.full(shape, np.nan)
        self.type_service_s = np.full(shape, np.nan)
        self._offered: BoolArray | None = None
        self._recordings: Recordings | None = None
        self.own_price_usd = scenario.clients.price_usd
        self._own_luck, self._difficulty = streams("outcome.own"), streams("outcome.difficulty")
        if scenario.records is not None:
            self._recordings = read_recordings(scenario.records)
            order = [self._recordings.types.index(name) for name in scenario.workload.types]
            self.type_service_s[:] = self._recordings.runtime_s[order]
            self.own_price_usd += float(self._recordings.expected_bill_usd[-1])
        elif scenario.contracts is not None:
            self._state(pool)
        self.bills = self._recordings is not None or bool(np.isfinite(self._good_bill_usd).any())

    def _state(self, pool: Pool) -> None:
        clients = self._scenario.clients
        offered = np.ones((len(self._success_p), len(pool)), dtype=bool)
        for column in range(len(pool)):
            outcomes = pool.outcomes[column]
            self._success_p[:, column] = pool.success[column]
            if outcomes is not None:
                offered[:, column] = self._place(column, outcomes)
        self._success_p[:, -1] = clients.success
        if clients.outcomes is not None:
            self._place(-1, clients.outcomes)
        self._offered = None if offered.all() else offered

    def _place(self, column: int, outcomes: Mapping[str, TypeOutcome]) -> list[bool]:
        """Enter one worker's outcomes by type; for which types it has any."""
        for row, name in enumerate(self._scenario.workload.types):
            if name in outcomes:
                stated = outcomes[name]
                self._success_p[row, column] = stated.success
                if stated.bill_usd is not None:
                    failed_usd = stated.failed_bill_usd
                    self._good_bill_usd[row, column] = stated.bill_usd
                    self._bad_bill_usd[row, column] = stated.bill_usd if failed_usd is None else failed_usd
                if stated.latency_min is not None:
                    self.type_service_s[row, column] = 60 * stated.latency_min
        return [name in outcomes for name in self._scenario.workload.types]

    @property
    def own_success(self) -> FloatArray:
        """Probability of good work at home by task type."""
        if self._recordings is None:
            return self._success_p[:, -1]
        own, types = self._recordings.success[:, -1], self._recordings.type_id
        order = [self._recordings.types.index(name) for name in self._scenario.workload.types]
        return np.array([own[types == row].mean() for row in order])

    def of(self, block: Block) -> Results:
        """The results of a block's tasks. Blocks must come in order: luck is drawn as they do."""
        if self._recordings is not None:
            success = self._recordings.success[block.instance]
            bill_usd = self._recordings.bill_usd[block.instance]
            return Results(success, bill_usd, np.isfinite(bill_usd[:, :-1]))
        type_id = block.tasks.type_id
        success = self._draw(type_id)
        offered = None if self._offered is None else self._offered[type_id]
        if not self.bills:
            return Results(success, np.broadcast_to(np.nan, success.shape), offered)
        bill_usd = np.where(success, self._good_bill_usd[type_id], self._bad_bill_usd[type_id])
        bill_usd[:, :-1] *= block.truth.external_cost_factor[:, None]
        bill_usd[:, -1] *= block.truth.local_cost_factor
        return Results(success, bill_usd, offered)

    def _draw(self, type_id: IntArray) -> BoolArray:
        """Good or bad work, correlated over workers through the task's own difficulty."""
        shared = self._scenario.workload.failure_correlation
        if shared == 0:
            luck = self._own_luck.random((len(type_id), self._success_p.shape[1]))
            return np.less(luck, self._success_p[type_id])
        luck = self._own_luck.standard_normal((len(type_id), self._success_p.shape[1]))
        luck *= np.sqrt(1 - shared)
        luck += np.sqrt(shared) * self._difficulty.standard_normal((len(type_id), 1))
        return np.less(np.negative(luck, out=luck), ndtri(self._success_p)[type_id])


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

    def __init__(self, rules: ContractRules, streams: Streams) -> None:
        self._streams = {
            name: streams(f"contract.{name}")
            for name in ("unreachable", "question", "openly", "fails at", "found", "reply")
        }
        self._attempts = rules.recovery.retries + 1
        self._reply_s = rules.input_reply_s

    def uniform(self, name: str, tasks: int) -> FloatArray:
        """Uniform draws, (tasks, attempts)."""
        return self._streams[name].random((tasks, self._attempts))

    def reply_s(self, tasks: int) -> FloatArray:
        """How long the client takes to answer a question, (tasks, attempts)."""
        return sample(self._reply_s, self._streams["reply"], tasks * self._attempts).reshape(
            tasks, self._attempts
        )
