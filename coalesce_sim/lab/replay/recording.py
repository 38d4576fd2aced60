"""Records a replication while it is played, in a few columns."""

from __future__ import annotations

from array import array
from typing import Final

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.inputs.uncertain import drawn as drawn_scenario
from coalesce_sim.lab.replay.columns import FOUND, NOT_DONE, WELL, Jobs, Machines, Scores
from coalesce_sim.lab.replay.moments import moments_of
from coalesce_sim.lab.replay.people import Drawn, drawn, everybody
from coalesce_sim.lab.replay.phases import begun_s, course_of, deed_of, defence_of, outcome_of
from coalesce_sim.lab.replay.replay import Replay
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.trade import ContractTrade
from coalesce_sim.market.logged.trade import LoggedTrade
from coalesce_sim.market.market import Market
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.records import Records
from coalesce_sim.numbers import duration, number
from coalesce_sim.reputation.ratings import RatingRows
from coalesce_sim.scenario.contracts import ContractRules
from coalesce_sim.scenario.reputation import EigenTrustReputation
from coalesce_sim.scenario.schema import Scenario

MOST_TASKS = 20_000
"""How many tasks are kept; a replay ends when the next one arrives."""

_WHOLE: Final = ("task", "attempt", "client", "worker", "type_id", "outcome", "explored", "deed", "defence")
_TIMES: Final = ("asked_s", "came_s", "began_s", "left_s", "ended_s")


class Recording(Observer):
    """Watches one replication of any market, and tells it again as a `Replay`.

    `scenario`, `seed` and `replication` are those that are played, `most_tasks` is how many tasks are kept,
    the first ones, all attempts at them included.

    What a queue is: the jobs that have come to a machine and not begun. In the published trade a task comes
    to its contractor after the network's time. A contract comes when it has been found and agreed on, and its
    data are there; before that it is on its way, and a contractor's `queue_limit` counts it all the same. At
    home a task comes when it is decided on, or when the last contract on it has come to nothing. Clients on
    one box, and all names of one seller, have one queue. A job that a contractor in an outage has given a
    slot waits until that is repaired. What a log plays never waits. Contracts that somebody makes only to
    cancel them are not told to observers: they take slots, and `Replay.told` says how many there were.
    """

    def __init__(
        self, scenario: Scenario, *, seed: int, replication: int, most_tasks: int = MOST_TASKS
    ) -> None:
        self._scenario = drawn_scenario(scenario, seed, replication)
        self._seed, self._replication, self._most = seed, replication, most_tasks
        self._market: Market | None = None
        self._whole = {name: array("q") for name in _WHOLE}
        self._times = {name: array("d") for name in _TIMES}
        self._ratings: list[RatingRows] = []
        self._tasks, self._until_s = 0, np.inf
        self._late: list[tuple[int, int, int, int, float, float, bool]] = []
        rules = self._scenario.contracts or ContractRules()
        self._authorisation_s, self._stake_usd = rules.authorisation_s, self._scenario.defences.stake_usd
        self._setup_s, self._network_s = 0.0, np.zeros(0)
        self._contracts: dict[int, tuple[int, float]] = {}

    def set_up(self, market: Market) -> None:
        self._market, self._network_s = market, market.queues.network_s
        if isinstance(market.trade, ContractTrade):
            self._setup_s = market.trade.layouts.setup_s

    def contract_ended(self, contract: Contract) -> None:
        if contract.task >= self._most:
            return
        who = contract.contractor
        course = course_of(contract, self._setup_s, float(self._network_s[who]), self._authorisation_s)
        self._add(
            (
                contract.task,
                contract.attempt,
                contract.client,
                self._clients + who,
                contract.type_id,
                outcome_of(contract),
                contract.explored,
                deed_of(contract),
                defence_of(contract, self._stake_usd),
            ),
            course,
        )
        self._contracts[contract.task] = (contract.attempt + 1, contract.ended_s)

    def ratings(self, rows: RatingRows) -> None:
        if len(rows.time_s) and rows.time_s[0] < self._until_s:
            self._ratings.append(rows)

    def block_recorded(self, records: Records) -> None:
        block = records.block
        self._tasks += int((records.attempts > 0).sum())
        kept = min(len(block), self._most - block.first)
        if kept < len(block):
            self._until_s = min(self._until_s, float(block.tasks.arrival_s[max(0, kept)]))
        if kept <= 0:
            return
        if isinstance(self._played.trade, ContractTrade):
            self._add_home(records, kept)
        else:
            self._add_published(records, kept)

    def _add_published(self, records: Records, kept: int) -> None:
        """Every task is one job, at home or at a contractor."""
        tasks, first = records.block.tasks, records.block.first
        for row in range(kept):
            who, client = int(records.contractor[row]), int(tasks.client[row])
            asked_s, began_s = float(records.decided_s[row]), float(records.started_s[row])
            came_s = asked_s if who < 0 else min(asked_s + float(self._network_s[who]), began_s)
            end_s = float(records.finished_s[row])
            self._add(
                (
                    first + row,
                    0,
                    client,
                    client if who < 0 else self._clients + who,
                    int(tasks.type_id[row]),
                    WELL if records.good[row] else FOUND,
                    bool(records.explored[row]),
                    0,
                    0,
                ),
                (asked_s, came_s, began_s, end_s, end_s),
            )

    def _add_home(self, records: Records, kept: int) -> None:
        """Contracts have been told; a task that had one attempt more was done at home, last."""
        tasks, first = records.block.tasks, records.block.first
        has_machine = [home.slots != 0 for home in self._scenario.clients.homes]
        home_of = self._scenario.clients.home_of
        for row in range(kept):
            contracts, asked_s = self._contracts.pop(first + row, (0, float(records.decided_s[row])))
            if records.attempts[row] <= contracts:
                continue
            client, end_s = int(tasks.client[row]), float(records.finished_s[row])
            done = has_machine[home_of[client]]
            outcome = (WELL if records.good[row] else FOUND) if done else NOT_DONE
            known = contracts == 0 or not done
            self._add(
                (
                    first + row,
                    contracts,
                    client,
                    client,
                    int(tasks.type_id[row]),
                    outcome,
                    bool(records.explored[row]) and contracts == 0,
                    0,
                    0,
                ),
                (asked_s, asked_s, float(records.started_s[row]) if known else np.nan, end_s, end_s),
            )

    def _add(
        self,
        whole: tuple[int, int, int, int, int, int, bool, int, int],
        times: tuple[float, float, float, float, float],
    ) -> None:
        for name, fact in zip(_WHOLE, whole, strict=True):
            self._whole[name].append(int(fact))
        for name, at_s in zip(_TIMES, times, strict=True):
            self._times[name].append(at_s)

    @property
    def _played(self) -> Market:
        if self._market is None:
            raise RuntimeError("nothing has been recorded yet: play a replication with this observer first")
        return self._market

    @property
    def _clients(self) -> int:
        return self._scenario.clients.total

    def replay(self) -> Replay:
        """The replication, once it has been played. Raises RuntimeError before that."""
        market = self._played
        people = everybody(market, self._scenario)
        whole = {name: np.frombuffer(values, dtype=np.int64) for name, values in self._whole.items()}
        times = {name: np.frombuffer(values, dtype=np.float64).copy() for name, values in self._times.items()}
        last_s = max(times["ended_s"], default=0.0)
        until_s = min(self._until_s, float(last_s))
        if len(times["asked_s"]):
            _begin(times, people.workers.machine[whole["worker"]], people.machines)
        order = np.lexsort((whole["attempt"], whole["task"], times["asked_s"]))
        order = order[times["asked_s"][order] < until_s] if np.isfinite(self._until_s) else order
        whole = {name: values[order] for name, values in whole.items()}
        rounded = {name: values[order].round(3) for name, values in times.items()}
        jobs_of = np.bincount(whole["worker"], minlength=len(people.workers.name))
        jobs_of[: self._clients] += np.bincount(whole["client"], minlength=self._clients)
        seen = drawn(people, jobs_of, until_s)
        columns: dict[str, IntArray | BoolArray] = dict(whole)
        columns |= {name: seen.place_of[whole[name]] for name in ("client", "worker")}
        columns["explored"] = whole["explored"] > 0
        jobs = Jobs(**columns, **rounded)  # type: ignore[arg-type]
        scores = self._scores(seen, whole, rounded, until_s)
        workers, machines = seen.people
        return Replay(
            title=self._scenario.title,
            seed=self._seed,
            replication=self._replication,
            until_s=round(float(until_s), 3),
            types=tuple(self._scenario.workload.types),
            scored="advertised" if self._scenario.reputation is None else "public",
            told=self._told(seen, market, until_s),
            workers=workers,
            machines=machines,
            jobs=jobs,
            scores=scores,
            moments=moments_of(workers, machines, jobs, scores, until_s),
        )

    def _scores(
        self, seen: Drawn, whole: dict[str, IntArray], times: dict[str, FloatArray], until_s: float
    ) -> Scores:
        """Ratings of those who have a row of their own."""
        if not self._ratings:
            return Scores(*(np.zeros(0, dtype) for dtype in (np.int64, float, float, float, bool)))
        time_s, client, contractor, _, rating, score = map(np.concatenate, zip(*self._ratings, strict=True))
        time_s, worker = time_s.round(3), seen.place_of[self._clients + contractor]
        honest = np.ones(len(time_s), dtype=bool)
        if self._scenario.anybody_cheats:
            verdicts = self._verdicts(whole, times)
            keys = zip(time_s.tolist(), client.tolist(), contractor.tolist(), strict=True)
            honest = np.array(
                [verdicts.get(key) == value for key, value in zip(keys, rating.tolist(), strict=True)]
            )
        kept = (time_s < until_s) & (seen.people.workers.stands_for[worker] == 1)
        return Scores(worker[kept], time_s[kept], rating[kept], score[kept].round(4), honest[kept])

    def _verdicts(
        self, whole: dict[str, IntArray], times: dict[str, FloatArray]
    ) -> dict[tuple[float, int, int], float]:
        """What a client is to say of a contractor when a contract between them ends: whether the work was
        accepted."""
        accepted = (whole["outcome"] == WELL) | (whole["outcome"] == 1)
        columns = times["ended_s"], whole["client"], whole["worker"] - self._clients, accepted.astype(float)
        return {
            (ended_s, client, who): verdict
            for ended_s, client, who, verdict in zip(*(each.tolist() for each in columns), strict=True)
        }

    def _told(self, seen: Drawn, market: Market, until_s: float) -> str:
        """What is cut down, summed up or missing, in one line; empty where nothing is."""
        told = []
        if np.isfinite(self._until_s):
            told.append(
                f"Shown are the first {number(self._most, 0)} of {number(self._tasks, 0)} tasks, up to "
                f"{duration(until_s)} of {duration(market.ended_s)}."
            )
        if seen.told:
            told.append(seen.told)
        if isinstance(market.trade, LoggedTrade):
            told.append("The log tells each task once, however many attempts it took.")
        sham = market.trade.figures().get("sham_contracts", 0.0)
        if sham:
            told.append(
                f"{number(sham, 0)} contracts that were made to be cancelled held slots and are not drawn."
            )
        reputation = self._scenario.reputation
        if reputation is not None and reputation.by_task_type:
            told.append("Scores differ by type of task; shown is the one rated last.")
        if reputation is not None and isinstance(reputation.model, EigenTrustReputation):
            told.append("A score is that at its contractor's last rating; eigentrust moves others' too.")
        if _has_outages(self._scenario):
            told.append("Who is down is not drawn; work that waits for a repair counts as waiting.")
        return " ".join(told)


def _has_outages(scenario: Scenario) -> bool:
    boxes = (scenario.boxes or {}).values()
    of_boxes, of_sellers = [each.outages for each in boxes], [facts.outages for _, facts in scenario.facts]
    return any(each is not None for each in (*of_boxes, *of_sellers))


def _begin(times: dict[str, FloatArray], machine: IntArray, machines: Machines) -> None:
    """Work out when work at home began that nobody told of: after contracts had come to nothing."""
    came_s, began_s, left_s = times["came_s"], times["began_s"], times["left_s"]
    unknown = np.flatnonzero(np.isnan(began_s))
    for job in unknown[np.argsort(came_s[unknown], kind="stable")].tolist():
        before = (machine == machine[job]) & (came_s < came_s[job]) & (left_s > came_s[job])
        before &= began_s < left_s
        began_s[job] = begun_s(came_s[job], left_s[before], machines.slots[machine[job]][0][1])
