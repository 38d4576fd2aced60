"""What nobody knows before it happens: the worth of every worker's work, and what may go wrong on the way.

By task it is `Block.truth`; by task and worker `Results`; by worker, task and attempt `Mishaps`. The latter
two are worked out when they are asked for, for those they are asked about: see `coalesce_sim.luck`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, overload

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.inputs.recordings import Recordings, read_recordings
from coalesce_sim.luck import Draws, Luck, normal, normals
from coalesce_sim.market.contracts.incidents import Incidents
from coalesce_sim.market.moving import course_of_home, moving_success, outcome_courses
from coalesce_sim.market.pool import Pool
from coalesce_sim.market.roster import first
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.protocol import LOCAL
from coalesce_sim.scenario.contracts import ContractRules
from coalesce_sim.scenario.distributions import drawn_at
from coalesce_sim.scenario.pool import TypeOutcome
from coalesce_sim.scenario.schema import Scenario


class Work(NamedTuple):
    """A worker's luck with a task, to be compared with how it works.

    `honest_p` is the probability that honest work is good, 1 or 0 where that was recorded, and `honest_good`
    whether it is. `luck` is uniform on (0, 1) or, where tasks are hard for all (`shared`), standard normal.
    """

    luck: float
    honest_p: float
    honest_good: bool
    shared: bool

    def is_good(self, success_p: float) -> bool:
        """Whether work of which so much is good is so this time."""
        if success_p == self.honest_p:
            return self.honest_good
        return self.luck < (normal(success_p) if self.shared else success_p)


class Results(Protocol):
    """What every choice would yield for a block's tasks; a worker is a contractor's index or `LOCAL`."""

    def work(self, task: int, worker: int, now_s: float, again: int = 0) -> Work:
        """A worker's luck with a task, as good as it is now, after it was tried `again` times before."""

    def honest_p(self, task: int, worker: int, now_s: float) -> float:
        """`Work.honest_p` of a worker now."""

    def honest_ps(self, task: int, workers: IntArray, when_s: FloatArray) -> FloatArray:
        """The same of each worker at a time of its own."""

    def good(
        self, task: int, workers: IntArray, success_p: FloatArray, again: int | IntArray = 0
    ) -> BoolArray:
        """`Work.is_good` of each worker; `again` is how often each was tried before."""

    def bills_usd(self, task: int, workers: IntArray, good: BoolArray, when_s: FloatArray) -> FloatArray:
        """What each bills for a task by use, for good work or bad, at a time of its own; NaN where the price
        that was asked is due."""

    def bill_usd(self, task: int, worker: int, now_s: float, *, good: bool) -> float:
        """The same of one worker now."""

    def own_bills_usd(self) -> FloatArray:
        """What the clients' own agents are billed for each task; 0 where they are not."""

    def offered(self, task: int) -> BoolArray | None:
        """Which contractors offer for a task; None where everybody does."""


class GroundTruth:
    """Draws, or looks up, what work is worth.

    `success_p` and `stated_by_type`, whether that is stated by type of task, are (types, contractors and
    homes); `moving` is the success that moves, None where none does. `type_service_s`, (types, contractors +
    homes), holds the known times of work by type of task, NaN where the pool or the hardware tells, homes in
    the last columns; `bills` says whether anybody bills by use, `bills_move` whether such bills move, and
    `own_price_usd`, one entry a home, is what a client expects a task there to cost beyond its hardware, and
    `own_prices` how that moves, None where it stands still.
    `home_of` has the column of each client's home, counted from the end: `LOCAL` where all are alike.
    """

    def __init__(self, scenario: Scenario, pool: Pool, luck: Luck) -> None:
        self._scenario = scenario
        self._homes, self.home_of = scenario.clients.homes, scenario.clients.home_of
        shape = (len(scenario.workload.types), len(pool) + len(self._homes))
        self.success_p = np.ones(shape)
        self.stated_by_type: BoolArray = np.zeros(shape, dtype=bool)
        self.good_bill_usd, self.bad_bill_usd = np.full(shape, np.nan), np.full(shape, np.nan)
        self.type_service_s = np.full(shape, np.nan)
        self.offers_type: BoolArray | None = None
        self._recordings: Recordings | None = None
        self._sources: IntArray | None = None
        self.moving = moving_success(scenario, pool.roster, luck)
        self._outcomes, self._types = pool.outcomes, tuple(scenario.workload.types)
        self._by_type = outcome_courses(scenario, pool.roster, luck, "success", "bill_usd", "failed_bill_usd")
        clock = scenario.clock
        self.own_price_usd = [first(home.price_usd, "price_usd", clock) for home in self._homes]
        self.own_prices = [course_of_home(home.price_usd, "price_usd", clock, luck) for home in self._homes]
        if scenario.records is not None:
            self._recordings = read_recordings(scenario.records)
            order = [self._recordings.types.index(name) for name in scenario.workload.types]
            recorded_s, own_usd = self._recordings.runtime_s[order], self._recordings.expected_bill_usd[-1]
            self._sources = pool.roster.sources
            of_contractors = recorded_s[:, :LOCAL]
            if self._sources is not None:
                of_contractors = of_contractors[:, self._sources]
            self.type_service_s[:, : len(pool)] = of_contractors
            self.type_service_s[:, len(pool) :] = recorded_s[:, LOCAL:]
            self.own_price_usd = [usd + float(own_usd) for usd in self.own_price_usd]
        elif scenario.contracts is not None:
            self._state(pool)
        self._moves = self._what_moves(len(pool))
        self.bills_move = any(field != "success" for _, field in self._by_type)
        self.bills = self._recordings is not None or bool(np.isfinite(self.good_bill_usd).any())
        self.work, self.difficulty = luck("work"), luck("difficulty")
        self.failure_correlation = scenario.workload.failure_correlation
        self.ease = self.success_p
        if self.failure_correlation > 0:
            rates, place = np.unique(self.success_p, return_inverse=True)
            self.ease = normals(rates)[place].reshape(shape)

    def _state(self, pool: Pool) -> None:
        offered = np.ones((len(self.success_p), len(pool)), dtype=bool)
        self.success_p[:, : len(pool)] = pool.success
        for column, outcomes in enumerate(pool.outcomes):
            if outcomes is not None:
                offered[:, column] = self._place(column, outcomes)
        for column, home in enumerate(self._homes, len(pool)):
            self.success_p[:, column] = first(home.success, "success", self._scenario.clock)
            if home.outcomes is not None:
                self._place(column, home.outcomes)
        self.offers_type = None if offered.all() else offered

    def _place(self, column: int, outcomes: Mapping[str, TypeOutcome]) -> list[bool]:
        """Enter one worker's outcomes by type; for which types it has any."""
        for row, name in enumerate(self._scenario.workload.types):
            if name in outcomes:
                stated, clock = outcomes[name], self._scenario.clock
                self.success_p[row, column] = first(stated.success, "success", clock)
                self.stated_by_type[row, column] = True
                if stated.bill_usd is not None:
                    failed_usd = stated.bill_usd if stated.failed_bill_usd is None else stated.failed_bill_usd
                    self.good_bill_usd[row, column] = first(stated.bill_usd, "bill_usd", clock)
                    self.bad_bill_usd[row, column] = first(failed_usd, "failed_bill_usd", clock)
                if stated.latency_min is not None:
                    self.type_service_s[row, column] = 60 * first(stated.latency_min, "latency_min", clock)
        return [name in outcomes for name in self._scenario.workload.types]

    def _what_moves(self, contractors: int) -> BoolArray | None:
        """Whose success moves, (types, contractors and homes); None where nobody's does."""
        moves: BoolArray = np.zeros(self.success_p.shape, dtype=bool)
        if self.moving is not None:
            moves = self.moving.moves & ~self.stated_by_type
        for (type_id, field), courses in self._by_type.items():
            if field == "success":
                moves[type_id, :contractors] |= courses.moves
        return moves if moves.any() else None

    def success_at(self, now_s: float, type_id: int, column: int) -> float:
        """Probability that honest work of a type is good that the worker of a column does now."""
        if self._moves is None or not self._moves[type_id, column]:
            return self.success_p.item(type_id, column)
        if self.stated_by_type[type_id, column]:
            return self._by_type[type_id, "success"].of(column).value(now_s)
        assert self.moving is not None
        return self.moving.of(column).value(now_s)

    def successes_at(self, when_s: FloatArray, type_id: int, columns: IntArray) -> FloatArray:
        """The same of workers, each at a time of its own."""
        success_p: FloatArray = self.success_p[type_id, columns]
        if self._moves is not None:
            for place in np.flatnonzero(self._moves[type_id, columns]).tolist():
                success_p[place] = self.success_at(float(when_s[place]), type_id, int(columns[place]))
        return success_p

    def bill_at(self, now_s: float, type_id: int, column: int, *, good: bool) -> float:
        """What the worker of a column bills now for work of a type by use, for a task like any; NaN where it
        does not."""
        table: FloatArray = self.good_bill_usd if good else self.bad_bill_usd
        field = "bill_usd"
        if self.bills_move and column >= 0:
            stated = (self._outcomes[column] or {}).get(self._types[type_id])
            if not good and stated is not None and stated.failed_bill_usd is not None:
                field = "failed_bill_usd"
            courses = self._by_type.get((type_id, field))
            if courses is not None and courses.moves[column]:
                return courses.of(column).value(now_s)
        return table.item(type_id, column)

    def own_success_at(self, now_s: float, type_id: int, home: int) -> float:
        """The same of work at one of the homes."""
        return self.success_at(now_s, type_id, home - len(self._homes))

    def own_price_at(self, now_s: float, home: int) -> float:
        """What a client expects now that a task at home costs beyond its hardware."""
        course = self.own_prices[home]
        return self.own_price_usd[home] if course is None else course.value(now_s)

    @property
    def own_success_moves(self) -> bool:
        """Whether work at some home is not always as good."""
        return self.moving is not None and bool(self.moving.moves[-len(self._homes) :].any())

    @property
    def own_success(self) -> FloatArray:
        """Probability of good work at home, (task types, homes)."""
        homes = len(self._homes)
        if self._recordings is None:
            return self.success_p[:, -homes:]
        own, types = self._recordings.success[:, LOCAL], self._recordings.type_id
        order = [self._recordings.types.index(name) for name in self._scenario.workload.types]
        return np.repeat([[own[types == row].mean()] for row in order], homes, axis=1)

    def of(self, block: Block) -> Results:
        """The results of a block's tasks."""
        if self._recordings is not None and block.instance is not None:
            return _Recorded(self._recordings, block.instance, self.work, block.first, self._sources)
        return _Drawn(self, block)


class _Recorded:
    """Results of tasks that agents were recorded at; luck tells only of those who work otherwise."""

    __slots__ = ("_bill_usd", "_first", "_luck", "_success")

    def __init__(
        self,
        recordings: Recordings,
        instance: IntArray,
        luck: Draws,
        first: int,
        sources: IntArray | None,
    ) -> None:
        self._success, self._bill_usd = recordings.success[instance], recordings.bill_usd[instance]
        if sources is not None:
            columns = np.append(sources, LOCAL)
            self._success, self._bill_usd = self._success[:, columns], self._bill_usd[:, columns]
        self._luck, self._first = luck, first

    def work(self, task: int, worker: int, now_s: float, again: int = 0) -> Work:  # noqa: ARG002
        good = bool(self._success[task, worker])
        return Work(self._luck.draw(worker, self._first + task, again), float(good), good, shared=False)

    def honest_p(self, task: int, worker: int, now_s: float) -> float:  # noqa: ARG002
        return float(self._success[task, worker])

    def honest_ps(self, task: int, workers: IntArray, when_s: FloatArray) -> FloatArray:  # noqa: ARG002
        honest_p: FloatArray = self._success[task, workers].astype(np.float64)
        return honest_p

    def good(
        self, task: int, workers: IntArray, success_p: FloatArray, again: int | IntArray = 0
    ) -> BoolArray:
        good: BoolArray = self._luck.draws(workers, self._first + task, again) < success_p
        return good

    def bills_usd(
        self,
        task: int,
        workers: IntArray,
        good: BoolArray,  # noqa: ARG002
        when_s: FloatArray,  # noqa: ARG002
    ) -> FloatArray:
        bills_usd: FloatArray = self._bill_usd[task, workers]
        return bills_usd

    def bill_usd(self, task: int, worker: int, now_s: float, *, good: bool) -> float:  # noqa: ARG002
        return float(self._bill_usd[task, worker])

    def own_bills_usd(self) -> FloatArray:
        return np.nan_to_num(self._bill_usd[:, LOCAL])

    def offered(self, task: int) -> BoolArray | None:
        offered: BoolArray = np.isfinite(self._bill_usd[task, :LOCAL])
        return offered


class _Drawn:
    """Results by luck; those of different workers are correlated through the task's own difficulty."""

    __slots__ = ("_block", "_first", "_home", "_stated", "_type_id")

    def __init__(self, stated: GroundTruth, block: Block) -> None:
        self._stated, self._block = stated, block
        self._first = block.first
        self._type_id: list[int] = block.tasks.type_id.tolist()
        self._home: list[int] = stated.home_of[block.tasks.client].tolist()

    def work(self, task: int, worker: int, now_s: float, again: int = 0) -> Work:
        stated, type_id = self._stated, self._type_id[task]
        column = worker if worker != LOCAL else self._home[task]
        luck = stated.work.draw(worker, self._first + task, again)
        honest_p = stated.success_at(now_s, type_id, column)
        if stated.failure_correlation == 0:
            return Work(luck, honest_p, luck < honest_p, False)
        difficulty = normal(stated.difficulty.draw(LOCAL, self._first + task))
        luck = _unease(stated.failure_correlation, normal(luck), difficulty)
        still = honest_p == stated.success_p.item(type_id, column)
        ease = stated.ease.item(type_id, column) if still else normal(honest_p)
        return Work(luck, honest_p, luck < ease, True)

    def honest_p(self, task: int, worker: int, now_s: float) -> float:
        column = worker if worker != LOCAL else self._home[task]
        return self._stated.success_at(now_s, self._type_id[task], column)

    def honest_ps(self, task: int, workers: IntArray, when_s: FloatArray) -> FloatArray:
        return self._stated.successes_at(when_s, self._type_id[task], self._columns(task, workers))

    def good(
        self, task: int, workers: IntArray, success_p: FloatArray, again: int | IntArray = 0
    ) -> BoolArray:
        stated, type_id, columns = self._stated, self._type_id[task], self._columns(task, workers)
        luck = stated.work.draws(workers, self._first + task, again)
        if stated.failure_correlation > 0:
            difficulty = normal(stated.difficulty.draw(LOCAL, self._first + task))
            luck = _unease(stated.failure_correlation, normals(luck), difficulty)
            otherwise = success_p != stated.success_p[type_id, columns]
            success_p = stated.ease[type_id, columns] if not otherwise.any() else normals(success_p)
        good: BoolArray = luck < success_p
        return good

    def bills_usd(self, task: int, workers: IntArray, good: BoolArray, when_s: FloatArray) -> FloatArray:
        stated, type_id, truth = self._stated, self._type_id[task], self._block.truth
        if not stated.bills:
            return np.full(len(workers), np.nan)
        if stated.bills_move:
            each = zip(workers.tolist(), when_s.tolist(), good.tolist(), strict=True)
            return np.array([self.bill_usd(task, who, at_s, good=well) for who, at_s, well in each])
        at_home = np.equal(workers, LOCAL)
        factor = np.where(at_home, truth.local_cost_factor[task], truth.external_cost_factor[task])
        of_type = (type_id, self._columns(task, workers))
        bills_usd: FloatArray = factor * np.where(
            good, stated.good_bill_usd[of_type], stated.bad_bill_usd[of_type]
        )
        return bills_usd

    def bill_usd(self, task: int, worker: int, now_s: float, *, good: bool) -> float:
        stated, truth = self._stated, self._block.truth
        if not stated.bills:
            return math.nan
        column = worker if worker != LOCAL else self._home[task]
        factor = truth.local_cost_factor if worker == LOCAL else truth.external_cost_factor
        return float(factor[task]) * stated.bill_at(now_s, self._type_id[task], column, good=good)

    def own_bills_usd(self) -> FloatArray:
        stated, of_type = self._stated, (self._block.tasks.type_id, self._home)
        if not np.isfinite(stated.good_bill_usd[of_type]).any():
            return np.zeros(len(self._type_id))
        draws = stated.work.of_tasks(LOCAL, self._first, len(self._home))
        if stated.failure_correlation > 0:
            difficulty = normals(stated.difficulty.of_tasks(LOCAL, self._first, len(self._home)))
            draws = _unease(stated.failure_correlation, normals(draws), difficulty)
        good = draws < stated.ease[of_type]
        bills_usd = np.where(good, stated.good_bill_usd[of_type], stated.bad_bill_usd[of_type])
        own_bills_usd: FloatArray = self._block.truth.local_cost_factor * bills_usd
        return np.nan_to_num(own_bills_usd)

    def _columns(self, task: int, workers: IntArray) -> IntArray:
        """Where it stands what is true of the workers; the client's own agent is that of its home."""
        home = self._home[task]
        return workers if home == LOCAL else np.where(np.equal(workers, LOCAL), home, workers)

    def offered(self, task: int) -> BoolArray | None:
        offers_type = self._stated.offers_type
        return None if offers_type is None else offers_type[self._type_id[task]]


@overload
def _unease(shared: float, own: float, difficulty: float) -> float: ...
@overload
def _unease(shared: float, own: FloatArray, difficulty: float | FloatArray) -> FloatArray: ...
def _unease(shared: float, own: Any, difficulty: Any) -> Any:
    """How hard a task turns out for a worker, standard normal: its own part and that of all."""
    return math.sqrt(1 - shared) * own + math.sqrt(shared) * difficulty


class Mishaps:
    """What may go wrong with an attempt of a contractor at a task: draws by contractor, task and attempt.

    `unreachable`, `question`, `fails_openly` and `found` are to be compared with the probability that it
    happens; `fails_at` is how far the work gets. `incidents` are those of security.
    """

    def __init__(self, rules: ContractRules, pool: Pool, luck: Luck) -> None:
        self.incidents = Incidents(rules.security, pool, luck)
        self.unreachable, self.question = luck("unreachable"), luck("question")
        self.fails_openly, self.fails_at, self.found = luck("fails_openly"), luck("fails_at"), luck("found")
        self._reply, self._reply_s = luck("reply"), rules.input_reply_s

    def reply_s(self, contractor: int, task: int, attempt: int) -> float:
        """How long the client takes to answer a question."""
        return drawn_at(self._reply_s, self._reply.draw(contractor, task, attempt))
