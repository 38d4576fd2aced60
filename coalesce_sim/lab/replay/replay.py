"""One replication as it went, in plain columns: what anybody did at any moment, for a picture or a test."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.files import ResultsError, whole_file, write_text
from coalesce_sim.lab.replay.columns import (
    AT_WORK,
    BEING_CHECKED,
    DEEDS,
    DEFENCES,
    ON_ITS_WAY,
    OUTCOMES,
    PHASES,
    WAITING,
    Jobs,
    Machines,
    Moment,
    Scores,
    State,
    Workers,
)
from coalesce_sim.lab.replay.moments import steps_of

VERSION: Final = 1
"""Of the form in which a replay is written; another one is not read."""

_WORDS: Final = {"outcomes": OUTCOMES, "deeds": DEEDS, "defences": DEFENCES, "phases": PHASES}


@dataclass(frozen=True, slots=True)
class Replay:
    """One replication, up to `until_s` seconds of the run.

    `types` are the names of the types of tasks. `scored` says what scores are: ``public`` ones from ratings,
    or what contractors have ``advertised`` where nobody rates. `told` says in one line what was cut down,
    summed up or is missing, and is empty where nothing is.
    """

    title: str
    seed: int
    replication: int
    until_s: float
    types: tuple[str, ...]
    scored: str
    told: str
    workers: Workers
    machines: Machines
    jobs: Jobs
    scores: Scores
    moments: tuple[Moment, ...]

    def at(self, hours: float) -> State:
        """The market at a moment, in hours of the run. Raises ValueError for one before it or after it."""
        now_s = 3600 * hours
        if not 0 <= now_s <= self.until_s:
            raise ValueError(f"hours must be from 0 to {self.until_s / 3600:g} (got {hours!r})")
        jobs, workers = self.jobs, self.workers
        phases, everybody = jobs.phases(now_s), len(workers.name)
        counts = [
            np.bincount(jobs.worker[phases == phase], minlength=everybody) for phase in range(len(PHASES))
        ]
        shared = [
            np.bincount(workers.machine, counts[phase], len(self.machines.slots)).astype(np.int64)
            for phase in (WAITING, AT_WORK)
        ]
        away = np.flatnonzero((phases >= 0) & ~jobs.at_home)
        hired = zip(
            *(each[away].tolist() for each in (jobs.client, jobs.worker, jobs.task, phases)), strict=True
        )
        return State(
            present=(workers.enter_s <= now_s) & (now_s < workers.leave_s),
            coming=counts[ON_ITS_WAY],
            waiting=counts[WAITING],
            at_work=counts[AT_WORK],
            checking=counts[BEING_CHECKED],
            score=self._scores_at(now_s),
            queue=shared[0],
            busy=shared[1],
            hired=tuple(hired),
        )

    def _scores_at(self, now_s: float) -> FloatArray:
        score = self.workers.first_score.copy()
        before = self.scores.time_s <= now_s
        score[self.scores.worker[before]] = self.scores.score[before]  # of several the last is kept
        return score

    def queue_of(self, machine: int) -> tuple[FloatArray, IntArray]:
        """How many jobs wait at a machine: the times in seconds at which that changes, and how many then."""
        mine = self.workers.machine[self.jobs.worker] == machine
        return steps_of(self.jobs.came_s[mine], self.jobs.began_s[mine])

    def busy_of(self, machine: int) -> tuple[FloatArray, IntArray]:
        """How many of a machine's slots are at work: the times in seconds, and how many from then on."""
        mine = self.workers.machine[self.jobs.worker] == machine
        return steps_of(self.jobs.began_s[mine], self.jobs.left_s[mine])

    def text(self) -> str:
        """All of it as compact JSON, for the browser and for a file; columns stay columns."""
        facts = {
            "version": VERSION,
            "title": self.title,
            "seed": self.seed,
            "replication": self.replication,
            "until_s": self.until_s,
            "types": self.types,
            "scored": self.scored,
            "told": self.told,
            **_WORDS,
            "workers": _columns(self.workers),
            "machines": _columns(self.machines),
            "jobs": _columns(self.jobs),
            "scores": _columns(self.scores),
            "moments": self.moments,
        }
        return json.dumps(facts, separators=(",", ":"), allow_nan=False, ensure_ascii=False)

    def write(self, path: Path) -> None:
        """Write it to a file, whole or not at all. Raises OSError."""
        with whole_file(path) as aside:
            write_text(aside, self.text())

    @classmethod
    def of_text(cls, text: str) -> Self:
        """What `text` told. Raises ValueError for what is none, or of another version."""
        try:
            facts = json.loads(text)
            if facts["version"] != VERSION:
                raise ValueError(f"version must be {VERSION} (got {facts['version']!r})")
            workers, machines = facts["workers"], facts["machines"]
            return cls(
                **{
                    name: facts[name]
                    for name in ("title", "seed", "replication", "until_s", "scored", "told")
                },
                types=tuple(facts["types"]),
                workers=Workers(**{name: _read(name, each) for name, each in workers.items()}),
                machines=Machines(
                    tuple(machines["name"]),
                    tuple(tuple((at_s, many) for at_s, many in steps) for steps in machines["slots"]),
                ),
                jobs=Jobs(**{name: _read(name, each) for name, each in facts["jobs"].items()}),
                scores=Scores(**{name: _read(name, each) for name, each in facts["scores"].items()}),
                moments=tuple(Moment(*each) for each in facts["moments"]),
            )
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"is no replay: {error}") from error

    @classmethod
    def read(cls, path: Path) -> Self:
        """What `write` wrote. Raises `ResultsError` for what is none; OSError."""
        try:
            return cls.of_text(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ResultsError(f"{path}: cannot be read: {error}") from error


def _columns(table: NamedTuple) -> dict[str, Any]:
    """Columns as JSON has them: whole numbers for booleans, nothing for what is infinite or NaN."""
    return {name: _plain(getattr(table, name)) for name in table._fields}


def _plain(column: Any) -> Sequence[Any]:
    if not isinstance(column, np.ndarray):
        return tuple(column)
    if column.dtype.kind != "f":
        whole: list[int] = column.astype(int).tolist()
        return whole
    return [_short(value) if math.isfinite(value) else None for value in column.tolist()]


def _short(value: float) -> float | int:
    return int(value) if value == int(value) else value


_TEXTS: Final = ("name", "kind", "owner", "strategy")
_TRUTHS: Final = ("is_client", "explored", "honest")


def _read(name: str, values: Sequence[Any]) -> Any:
    """A column as it was before `_columns`; what ends never is infinite."""
    if name in _TEXTS:
        return tuple(values)
    if name in _TRUTHS:
        return np.array(values, dtype=bool)
    if name.endswith("_s") or name in ("first_score", "score", "rating"):
        missing = math.inf if name == "leave_s" else math.nan
        return np.array([missing if value is None else value for value in values], dtype=np.float64)
    return np.array(values, dtype=np.int64)
