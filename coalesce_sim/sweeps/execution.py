"""The loop that plays a sweep: runs out of the agenda, through an engine, into the store."""

from __future__ import annotations

import math
import pickle
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass

from coalesce_sim.files import WriteError
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.metrics import UnknownMetric
from coalesce_sim.sweeps.agenda import Agenda
from coalesce_sim.sweeps.engines import Engine
from coalesce_sim.sweeps.plan import Plan
from coalesce_sim.sweeps.playing import Chunk, Row, Run, died
from coalesce_sim.sweeps.store import Store

CHUNK_S = 0.5
"""How long a worker is to be busy with a chunk: long enough for what it costs to send it not to matter."""

_MOST_RUNS = 2_000
_AHEAD = 2
"""Chunks under way for each worker, so that none waits for the next."""

_WRITE_EVERY_S = 2.0
_WRITE_EVERY_RUNS = 1_000
_LOOK_EVERY_S = 0.2

_WITHOUT_METRIC = 5
"""After so many runs without it, a metric is taken for one that these runs do not have."""

_DEATHS_TOGETHER = 2
"""After so many deaths of its worker a chunk's runs are played one by one, with nothing beside them."""

_DEATHS_ALONE = 3
"""After so many more a run is given up."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a sweep has come. Only runs that are written down count as done.

    `share` is that of the runs or, where nobody knows how many there will be, of the points.
    """

    points_done: int
    points: int
    runs_done: int
    runs_before: int
    share: float
    share_before: float
    failed: int
    workers: int
    elapsed_s: float

    @property
    def runs_per_s(self) -> float:
        """Speed since this start."""
        return (self.runs_done - self.runs_before) / self.elapsed_s if self.elapsed_s > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the pace since this start; None before the first step."""
        made = self.share - self.share_before
        return self.elapsed_s * (1 - self.share) / made if made > 0 else None


class Execution:
    """Plays what an agenda asks for until nothing is left, or something is in the way.

    Rows are written in the order in which they come, every two seconds or thousand rows, and when the loop
    is left for whatever reason; what was written is never played again.
    """

    def __init__(
        self,
        plan: Plan,
        agenda: Agenda,
        store: Store,
        engine: Engine,
        tell: Callable[[Progress], None],
        *,
        runs_before: int,
        core: Core = "simpy",
    ) -> None:
        self._plan = plan
        self._core: Core = core
        self._agenda = agenda
        self._store = store
        self._engine = engine
        self._tell = tell
        self._before = runs_before
        self._written = 0
        self._failed = 0
        self._pickled = pickle.dumps(plan)
        self._under_way: dict[Future[list[Row]], Chunk] = {}
        self._lonely: Future[list[Row]] | None = None
        self._again: deque[tuple[Run, ...]] = deque()
        self._alone: deque[Run] = deque()
        self._deaths: Counter[Run] = Counter()
        self._rows: list[Row] = []
        self._share_before = self._share()
        self._wrote_at = self._began_at = time.perf_counter()
        self._run_s = math.nan
        self._metric_is_there = False
        self._without_metric = 0

    def play(self) -> None:
        """Raises `EngineError` and `WriteError`; rows that came before are written all the same."""
        try:
            while True:
                self._hand_out()
                if not self._under_way:
                    if not self._rows:
                        break
                else:
                    wait(self._under_way, timeout=_LOOK_EVERY_S, return_when=FIRST_COMPLETED)
                    self._collect()
                self._write(whatever=not self._under_way)
        except (UnknownMetric, WriteError):
            raise
        except BaseException:
            self._take_what_is_ready()
            self._write(whatever=True)
            raise

    def _hand_out(self) -> None:
        """Keep every worker busy; suspicious runs are played alone."""
        while len(self._under_way) < _AHEAD * self._engine.workers:
            if self._lonely in self._under_way:
                return
            if self._again:
                self._submit(self._again.popleft())
            elif self._alone:
                if not self._under_way:
                    self._lonely = self._submit((self._alone.popleft(),))
                return
            else:
                runs = self._agenda.take(self._chunk_size())
                if not runs:
                    return
                self._submit(tuple(runs))

    def _chunk_size(self) -> int:
        if math.isnan(self._run_s):
            return 1
        return max(1, min(_MOST_RUNS, round(CHUNK_S / max(self._run_s, 1e-6))))

    def _submit(self, runs: tuple[Run, ...]) -> Future[list[Row]]:
        chunk = Chunk(runs, self._pickled, self._core)
        future = self._engine.submit(chunk)
        self._under_way[future] = chunk
        return future

    def _collect(self) -> None:
        """Take the rows of the chunks that are done; see to those whose worker died."""
        lost: list[Chunk] = []
        for future in [each for each in self._under_way if each.done()]:
            chunk = self._under_way.pop(future)
            error = future.exception()
            if error is None:
                self._take_from(chunk, future.result())
            elif self._engine.died(error):
                lost.append(chunk)
            else:
                raise error
        if lost and self._engine.renew():
            self._take_what_is_ready()
            lost += self._under_way.values()
            self._under_way.clear()
        for chunk in lost:
            self._play_again(chunk)

    def _play_again(self, chunk: Chunk) -> None:
        self._deaths.update(chunk.runs)
        worst = max(self._deaths[run] for run in chunk.runs)
        if worst < _DEATHS_TOGETHER:
            self._again.append(chunk.runs)
        elif len(chunk.runs) > 1 or worst < _DEATHS_TOGETHER + _DEATHS_ALONE:
            self._alone.extend(chunk.runs)
        else:
            (run,) = chunk.runs
            self._take([died(run, self._plan.point(run.point), _DEATHS_ALONE)])

    def _take_from(self, chunk: Chunk, rows: Sequence[Row]) -> None:
        """The rows of a chunk; runs for which the worker had no time go into another."""
        self._take(rows)
        if left := chunk.runs[len(rows) :]:
            self._again.append(left)

    def _take(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        self._refuse_unknown_metric(rows)
        self._rows.extend(rows)
        self._agenda.told(rows)
        run_s = sum(row.wall_s for row in rows) / len(rows)
        self._run_s = run_s if math.isnan(self._run_s) else 0.7 * self._run_s + 0.3 * run_s

    def _refuse_unknown_metric(self, rows: Sequence[Row]) -> None:
        """A metric that decides when to stop, but that no run has, would never do so."""
        metric = self._agenda.metric
        if metric is None or self._metric_is_there:
            return
        good = [row for row in rows if row.error is None]
        self._metric_is_there = any(metric in row.metrics for row in good)
        self._without_metric += len(good)
        if not self._metric_is_there and self._without_metric >= _WITHOUT_METRIC:
            raise UnknownMetric(metric, good[-1].metrics)

    @property
    def _in_doubt(self) -> bool:
        """Whether the metric may be a slip: nothing is written then, so that the one that was meant can use
        the folder."""
        return not self._metric_is_there and 0 < self._without_metric < _WITHOUT_METRIC

    def _take_what_is_ready(self) -> None:
        for future in [each for each in self._under_way if each.done() and not each.cancelled()]:
            if future.exception() is None:
                self._take_from(self._under_way.pop(future), future.result())

    def _share(self) -> float:
        if self._agenda.metric is not None:
            return self._agenda.points_done / self._agenda.points
        return (self._before + self._written) / self._plan.runs_at_least

    def _write(self, *, whatever: bool) -> None:
        now = time.perf_counter()
        due = len(self._rows) >= _WRITE_EVERY_RUNS or now - self._wrote_at >= _WRITE_EVERY_S
        if self._rows and (whatever or (due and not self._in_doubt)):
            self._store.add(self._rows)
            self._written += len(self._rows)
            self._failed += sum(row.error is not None for row in self._rows)
            self._rows.clear()
            self._wrote_at = now
        self._tell(
            Progress(
                points_done=self._agenda.points_done,
                points=self._agenda.points,
                runs_done=self._before + self._written,
                runs_before=self._before,
                share=self._share(),
                share_before=self._share_before,
                failed=self._failed,
                workers=self._engine.workers,
                elapsed_s=now - self._began_at,
            )
        )
