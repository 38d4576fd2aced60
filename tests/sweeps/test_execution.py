"""The loop that plays a sweep, with an engine whose workers die on purpose."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from coalesce_sim.experiments.parallel import EngineError
from coalesce_sim.files import WriteError
from coalesce_sim.sweeps import playing
from coalesce_sim.sweeps.agenda import Agenda
from coalesce_sim.sweeps.execution import Execution, Progress
from coalesce_sim.sweeps.plan import Plan
from coalesce_sim.sweeps.playing import Chunk, Row, Run, play_chunk
from coalesce_sim.sweeps.shards import read_done, read_rows
from coalesce_sim.sweeps.store import Store
from tests.sweeps.small import FACTS, planned, row


class Died(Exception):
    """A worker is gone."""


class Mortal:
    """An engine of threads that die of some runs, for ever or so many times.

    With `together` all that is under way is lost with one that dies, as in a pool of processes.
    """

    name = "mortal"

    def __init__(self, deadly: dict[Run, int], *, together: bool = True, workers: int = 3) -> None:
        self.workers = workers
        self.played: Counter[Run] = Counter()
        self.alone: Counter[Run] = Counter()
        self.deaths = 0
        self._deadly = Counter(deadly)
        self._together = together
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(workers)
        self._under_way: list[Future[list[Row]]] = []

    def submit(self, chunk: Chunk) -> Future[list[Row]]:
        self._under_way = [future for future in self._under_way if not future.done()]
        if len(chunk.runs) == 1 and not self._under_way:
            self.alone.update(chunk.runs)
        self._under_way.append(self._pool.submit(self._play, chunk))
        return self._under_way[-1]

    def _play(self, chunk: Chunk) -> list[Row]:
        rows = []
        for run in chunk.runs:
            time.sleep(0.001)
            with self._lock:
                self.played[run] += 1
                if self._deadly[run] > 0:
                    self._deadly[run] -= 1
                    self.deaths += 1
                    raise Died
            rows.append(row(run.point, run.replication, run.point + run.replication / 10))
        return rows

    def died(self, error: BaseException) -> bool:
        return isinstance(error, Died)

    def renew(self) -> bool:
        if self._together:
            self._under_way.clear()  # threads cannot be killed: what they go on with is lost
        return self._together

    def close(self, *, now: bool) -> None:
        self._pool.shutdown(cancel_futures=now)


def play(plan: Plan, store: Store, engine: Mortal) -> list[Progress]:
    told: list[Progress] = []
    done = read_done(store.shards, None)
    execution = Execution(plan, Agenda(plan, done), store, engine, told.append, runs_before=len(done.point))
    try:
        execution.play()
    finally:
        engine.close(now=True)
    return told


@pytest.fixture
def store(tmp_path: Path):
    with Store(tmp_path) as store:
        store.begin(FACTS)
        yield store


def all_runs(plan: Plan) -> list[Run]:
    assert isinstance(plan.replications, int)
    return [Run(point, each) for point in range(len(plan.design)) for each in range(plan.replications)]


@pytest.mark.parametrize("together", [True, False])
def test_a_run_that_kills_its_worker_is_given_up_alone_and_the_others_are_made(store: Store, together: bool):
    plan = planned(replications=20)
    poison = {Run(0, 7), Run(2, 3)}
    engine = Mortal(dict.fromkeys(poison, 1_000), together=together)
    told = play(plan, store, engine)
    rows = read_rows(store.shards).to_pylist()
    assert [Run(each["point"], each["replication"]) for each in rows] == all_runs(plan)
    for each in rows:
        run = Run(each["point"], each["replication"])
        if run in poison:
            assert "the worker process died while it played this run alone, 3 times" in each["error"]
        else:
            assert each["cost_reduction"] == run.point + run.replication / 10
    assert all(engine.alone[run] >= 3 for run in poison)
    assert all(engine.played[run] <= 2 + 3 for run in poison)
    assert (told[-1].runs_done, told[-1].failed, told[-1].points_done) == (60, 2, 3)


def test_nothing_is_played_beside_a_run_that_is_suspected(store: Store):
    plan = planned(replications=20)
    beside: list[int] = []

    class Watched(Mortal):
        suspected: Future[list[Row]] | None = None

        def submit(self, chunk: Chunk) -> Future[list[Row]]:
            if self.suspected is not None and not self.suspected.done():
                beside.append(len(chunk.runs))
            alone = not any(not each.done() for each in self._under_way)
            future = super().submit(chunk)
            self.suspected = future if self.deaths >= 2 and alone and chunk.runs == (Run(0, 7),) else None
            return future

    play(plan, store, Watched({Run(0, 7): 1_000}))
    assert beside == []
    assert len(read_rows(store.shards)) == 60


def test_a_chunk_that_takes_too_long_is_handed_back_and_the_rest_is_played(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(playing, "_ENOUGH_S", 0.0)  # every chunk comes back after its first run
    engine = Mortal({})
    engine._play = play_chunk  # type: ignore[method-assign]
    play(planned(), store, engine)
    rows = read_rows(store.shards)
    assert len(rows) == 9
    assert rows["error"].null_count == 9


def test_workers_that_die_now_and_then_cost_no_run(store: Store):
    plan = planned(replications=10)
    engine = Mortal({Run(0, 0): 1, Run(0, 7): 1, Run(1, 9): 2, Run(2, 9): 2})
    play(plan, store, engine)
    assert engine.deaths == 6
    rows = read_rows(store.shards)
    assert len(rows) == 30
    assert rows["error"].null_count == 30


def test_what_was_made_is_written_when_the_engine_is_lost(store: Store, monkeypatch: pytest.MonkeyPatch):
    plan = planned(replications=30)
    engine = Mortal({Run(2, 29): 1})

    def lost(_: BaseException) -> bool:
        raise EngineError("no scheduler any more")

    monkeypatch.setattr(engine, "died", lost)
    with pytest.raises(EngineError, match="no scheduler any more"):
        play(plan, store, engine)
    kept = len(read_rows(store.shards))
    assert 0 < kept < 90
    second = Mortal({})
    told = play(plan, store, second)
    assert sum(second.played.values()) == 90 - kept
    assert told[-1].runs_before == kept
    assert len(read_rows(store.shards)) == 90


def test_on_a_full_disk_the_sweep_ends_and_what_was_written_stays(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    plan = planned()
    store.add([row(0, 0)])

    def full(_: object) -> None:
        raise WriteError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(store, "add", full)
        with pytest.raises(WriteError, match="no space left"):
            play(plan, store, Mortal({}))
    assert len(read_rows(store.shards)) == 1
    play(plan, store, Mortal({}))
    assert len(read_rows(store.shards)) == 9


def test_levels_that_make_no_scenario_together_are_told_and_the_rest_is_made(store: Store):
    plan = planned(factors={"market_demand.min": [0.1, 1.5], "market_demand.max": [2.0, 1.0]})
    engine = Mortal({})
    engine._play = play_chunk  # type: ignore[method-assign]
    play(plan, store, engine)
    rows = read_rows(store.shards).to_pylist()
    assert {each["point"] for each in rows if each["error"] is not None} == {3}
    assert len(rows) == 12
    assert all("market_demand" in each["error"] for each in rows if each["point"] == 3)


def test_chunks_grow_until_a_worker_is_busy_for_a_while_with_one(store: Store):
    plan = planned(replications=100)
    engine = Mortal({}, workers=1)
    sizes: list[int] = []
    real = engine.submit

    def submit(chunk: Chunk) -> Future[list[Row]]:
        sizes.append(len(chunk.runs))
        return real(chunk)

    engine.submit = submit  # type: ignore[method-assign]
    play(plan, store, engine)
    assert sizes[0] == 1
    assert max(sizes) >= 40
    assert sum(sizes) == 300
