"""Queues that grow to the end of a run, told by the waits that were seen.

The tasks that one worker did at the first attempt are cut into tenths, in the order of arrival. Where work
comes faster than it is done, their mean wait rises from tenth to tenth, by about as much each time; where it
does not, waits go up and down, and all steps together lead nowhere. So the mean step is held against the
spread of the steps: a queue grows if it is beyond chance, if the last step still rises, and if the rise is
longer than a task's work. With bursts, a cold start or a load near 1 the steps differ, and nothing is told;
a run that is all one burst is told, for its queue does grow.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.columns import numbers, places
from coalesce_sim.market.market import Market
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.records import Records
from coalesce_sim.rounding import exceeds

TENTHS = 10

LEAST = 300
"""Tasks of a worker in a replication from which its queue is judged."""

BEYOND_CHANCE = 6.0
"""Standard errors of the mean step: Student's t with 8 degrees of freedom exceeds it once in 6,000 times."""

HOME = ""
"""Stands for the clients' own slots, together."""

COLUMNS = ("replication", "contractor", "attempts", "arrival_s", "decided_s", "started_s", "finished_s")
"""What is read of the table of decisions."""


@dataclass(frozen=True, slots=True)
class Growth:
    """A queue that grows: the work that comes in units of what can be done, and the mean wait of the last
    tenth of tasks, in seconds."""

    load: float
    last_wait_s: float


@dataclass(frozen=True, slots=True)
class GrowingQueue:
    """A worker, `HOME` or a contractor's name, whose queue grows in `growing` of the `judged` replications;
    `load` and `last_wait_s` are means over these."""

    worker: str
    growing: int
    judged: int
    load: float
    last_wait_s: float


def growth_of(arrival_s: FloatArray, wait_s: FloatArray, work_s: FloatArray) -> Growth | None:
    """How the queue of tasks in the order of arrival grows; None if it does not, or they are too few."""
    if len(arrival_s) < LEAST:
        return None
    waits_s = np.array([part.mean() for part in np.array_split(wait_s, TENTHS)])
    steps_s = np.diff(waits_s)
    rise_s, spread_s = float(waits_s[-1] - waits_s[0]), float(steps_s.std(ddof=1))
    error_s = spread_s / np.sqrt(len(steps_s))
    if (
        rise_s <= work_s.mean()
        or steps_s[-1] <= 0
        or not exceeds(float(steps_s.mean()), BEYOND_CHANCE * error_s)
    ):
        return None
    times_s = [float(part.mean()) for part in np.array_split(arrival_s, TENTHS)]
    passed_s = times_s[-1] - times_s[0]
    return Growth(1 + rise_s / passed_s if passed_s > 0 else float("inf"), float(waits_s[-1]))


Judged = dict[str, list[Growth | None]]
"""By worker, what is to be said of its queue in each replication in which it can be judged."""


def growing(judged: Judged) -> list[GrowingQueue]:
    """The queues that grow in most of the replications in which they can be judged, home first."""
    found = []
    for worker, seen in sorted(judged.items()):
        grown = [each for each in seen if each is not None]
        if 2 * len(grown) > len(seen):
            load = float(np.mean([each.load for each in grown]))
            wait_s = float(np.mean([each.last_wait_s for each in grown]))
            found.append(GrowingQueue(worker, len(grown), len(seen), load, wait_s))
    return found


def both(one: Judged, other: Judged) -> Judged:
    """What was judged in two sets of replications."""
    return {worker: one.get(worker, []) + other.get(worker, []) for worker in one | other}


def as_text(judged: Judged) -> str | None:
    """What was judged, for a cell of a table; None where nothing was."""
    told = {
        worker: [None if each is None else [each.load, each.last_wait_s] for each in seen]
        for worker, seen in judged.items()
    }
    return json.dumps(told) if told else None


def of_text(text: str) -> Judged:
    """What `as_text` told. Raises ValueError for what is none."""
    try:
        return {
            worker: [None if each is None else Growth(*map(float, each)) for each in seen]
            for worker, seen in json.loads(text).items()
        }
    except (AttributeError, TypeError) as error:
        raise ValueError(f"not of queues: {text[:60]!r}") from error


class QueueObserver(Observer):
    """Watches one replication being played."""

    def __init__(self) -> None:
        self._names: tuple[str, ...] = ()
        self._queues = True
        self._blocks: list[tuple[IntArray, FloatArray, FloatArray, FloatArray]] = []

    def set_up(self, market: Market) -> None:
        self._names, self._queues = (HOME, *market.pool.names), market.queues.limited

    def block_recorded(self, records: Records) -> None:
        if not self._queues:
            return
        once = records.attempts == 1
        wait_s, work_s = records.started_s - records.decided_s, records.finished_s - records.started_s
        columns = records.block.tasks.arrival_s, wait_s, work_s
        self._blocks.append((records.contractor[once] + 1, *(each[once] for each in columns)))

    def judged(self) -> Judged:
        """Of the replication."""
        if not self._blocks:
            return {}
        who, *columns = map(np.concatenate, zip(*self._blocks, strict=True))
        return {worker: [growth] for worker, growth in _by_worker(self._names, who, *columns)}


class QueueWatch:
    """Reads the table of decisions of a run, replication after replication; a replication's is kept until its
    end, but where nothing `queues`."""

    def __init__(self, *, queues: bool) -> None:
        self._queues = queues
        self._judged: Judged = {}
        self._open: list[pa.Table] = []
        self._replication = -1

    def add(self, decisions: pa.Table) -> None:
        """Some rows of the table, all of one replication, in order."""
        if not (self._queues and len(decisions)):
            return
        replication = decisions["replication"][0].as_py()
        if replication != self._replication:
            self._judge()
            self._replication = replication
        self._open.append(decisions.select(COLUMNS))

    def judged(self) -> Judged:
        """Of all that was read."""
        self._judge()
        return self._judged

    def _judge(self) -> None:
        """Judge the replication that was read last."""
        rows, self._open = self._open, []
        if not rows:
            return
        table = pa.concat_tables(rows).unify_dictionaries().combine_chunks()
        encoded = table["contractor"].combine_chunks()
        names = (HOME, *encoded.dictionary.to_pylist())
        arrival_s, decided_s, started_s, finished_s = (numbers(table, name) for name in COLUMNS[3:])
        once = numbers(table, "attempts") == 1
        who = places(encoded)[once] + 1
        columns = arrival_s, started_s - decided_s, finished_s - started_s
        for worker, growth in _by_worker(names, who, *(each[once] for each in columns)):
            self._judged.setdefault(worker, []).append(growth)


def _by_worker(
    names: Sequence[str], who: IntArray, arrival_s: FloatArray, wait_s: FloatArray, work_s: FloatArray
) -> Iterator[tuple[str, Growth | None]]:
    """How the queue of each worker grows that did enough at the first attempt."""
    for number in np.flatnonzero(np.bincount(who, minlength=1) >= LEAST).tolist():
        mine = np.flatnonzero(who == number)
        mine = mine[np.argsort(arrival_s[mine], kind="stable")]
        yield names[number], growth_of(arrival_s[mine], wait_s[mine], work_s[mine])
