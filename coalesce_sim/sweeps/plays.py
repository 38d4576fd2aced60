"""Plays of many markets on the same random numbers, each market once, whoever asks for it, and kept."""

from __future__ import annotations

import hashlib
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Self

import pyarrow as pa

from coalesce_sim.adversaries.registry import strategy_of
from coalesce_sim.experiments.attacks.playing import Play, play
from coalesce_sim.experiments.cores import AskedCore, ChosenCore, choose_core
from coalesce_sim.experiments.hindsight import AllLocal, all_local, in_closed_form
from coalesce_sim.experiments.parallel import Processes
from coalesce_sim.files import ResultsError, expecting, read_bytes
from coalesce_sim.inputs.uncertain import drawn
from coalesce_sim.loading import data_digests
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.market.matching import own_embedder
from coalesce_sim.own_code import code_of, expected_name
from coalesce_sim.policies.registry import create
from coalesce_sim.provenance import provenance
from coalesce_sim.scenario.adversaries import OwnAdversary
from coalesce_sim.scenario.policy import BestFixed, Custom
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.sweeps.keys import played_text
from coalesce_sim.sweeps.plan import Point
from coalesce_sim.sweeps.playing import Row, Run
from coalesce_sim.sweeps.shards import COLUMNS, read_rows
from coalesce_sim.sweeps.store import Store
from coalesce_sim.version import __version__

_TOGETHER = 8
"""So many markets of one replication are played in a row, and share what their tasks cost at home."""

_WRITE_EVERY_S = 2.0

_NOT_AT_HOME = {"adversaries", "compliance", "defences", "policy", "reputation", "settlement"}
"""Fields that change nothing where all work stays at home."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """A replication of several markets."""

    replication: int
    points: tuple[Point, ...]


class Plays:
    """What markets came to, replication by replication, all of them on the same seed.

    Used as a context. With a `folder` every play is kept there, and what is there already is not played
    again: equal markets are one, whatever study they are of. `played` counts the plays that were made here,
    `tasks` those in them.
    """

    def __init__(
        self, folder: Path | None, *, seed: int, jobs: int = 1, core: AskedCore = "auto", command: str = ""
    ) -> None:
        self.seed, self.played, self.tasks = seed, 0, 0
        self._folder, self._asked, self._command = folder, core, command
        self._processes, self._stack = Processes(jobs), ExitStack()
        self._store: Store | None = None
        self._numbers: dict[str, int] = {}
        self._done: dict[str, dict[int, Play]] = defaultdict(dict)

    def __enter__(self) -> Self:
        """Raises `FolderError`, and `ResultsError` where the folder holds other plays."""
        with ExitStack() as stack:
            if self._folder is not None:
                self._store = stack.enter_context(Store(self._folder))
                self._take_up(self._store)
            stack.enter_context(self._processes)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.__exit__(*error)  # type: ignore[arg-type]

    def _take_up(self, store: Store) -> None:
        """Open a folder of plays, or begin one."""
        asked = {"coalesce_sim": __version__, "sweep": {"plays": "of attacks"}, "files": []}
        facts = {"specification": {}, "asked": asked, "seed": self.seed, "title": "plays of markets"}
        before = store.facts
        if before is None:
            made = {"command": self._command or "coalesce_sim.attack", "coalesce_sim": __version__}
            store.begin({**facts, "provenance": provenance(made, datetime.now(UTC))})
        elif (before["asked"], before["seed"]) != (asked, self.seed):
            told = f"plays of seed {before['seed']} and version {before['asked']['coalesce_sim']}"
            raise ResultsError(f"{str(store.path)!r} holds {told}; give another folder")
        rows = read_rows(store.shards)
        for key, number, replication, row in _plays(rows):
            self._numbers[key] = number
            self._done[key][replication] = row

    def play(
        self,
        markets: Iterable[Scenario],
        replications: int,
        progress: Callable[[float], None] = lambda _: None,
    ) -> list[list[Play]]:
        """The plays of each market, by replication; `progress` is told the share that is done.

        What a play raises ends it; plays that have come before are kept.
        """
        points = [self._point(each) for each in markets]
        missing = self._missing(points, replications)
        total, left = len({each.key for each in points}) * replications, sum(len(b.points) for b in missing)
        progress(1 - left / total)
        core = self.core([each.scenario for each in points], replications).core if missing else "simpy"
        digests = data_digests(*(each.scenario for each in points))
        for each in points:
            digests |= _own_code(each.scenario)
        with expecting(digests):
            for rows in self._kept(self._processes.ordered_map(partial(_played, core), missing)):
                for row in rows:
                    self._done[row.key][row.run.replication] = _play_of(row.metrics, row.each)
                left -= len(rows)
                self.played += len(rows)
                self.tasks += sum(int(row.metrics["tasks"]) for row in rows)
                progress(1 - left / total)
        return [[self._done[each.key][number] for number in range(replications)] for each in points]

    def core(self, markets: Sequence[Scenario], replications: int) -> ChosenCore:
        """What plays these markets."""
        return choose_core(self._asked, markets, runs=replications)

    def _point(self, market: Scenario) -> Point:
        key = key_of(market)
        return Point(self._numbers.setdefault(key, len(self._numbers)), market, self.seed, key)

    def _missing(self, points: Sequence[Point], replications: int) -> list[_Batch]:
        """What is to be played: replication by replication, markets in turn."""
        unique = {each.key: each for each in points}
        missing = []
        for number in range(replications):
            there = [each for key, each in unique.items() if number not in self._done[key]]
            starts = range(0, len(there), _TOGETHER)
            missing += [_Batch(number, tuple(there[first : first + _TOGETHER])) for first in starts]
        return missing

    def _kept(self, batches: Iterator[list[Row]]) -> Iterator[list[Row]]:
        """The same rows, written down every two seconds and at the end, however that comes."""
        waiting: list[Row] = []
        wrote_at = time.perf_counter()
        try:
            for rows in batches:
                waiting += rows
                yield rows
                if self._store is not None and time.perf_counter() - wrote_at >= _WRITE_EVERY_S:
                    self._store.add(waiting)
                    waiting, wrote_at = [], time.perf_counter()
        finally:
            if self._store is not None and waiting:
                self._store.add(waiting)

    def compact(self) -> None:
        """Put all plays in one file."""
        if self._store is not None:
            self._store.compact(read_rows(self._store.shards))


def key_of(market: Scenario) -> str:
    """What is the same for markets that play alike: version, settings, data files and users' own code."""
    text = played_text(market, lambda path: read_bytes(path).sha256)
    content = [__version__, text, *_own_code(market).values()]
    return hashlib.sha256(" ".join(content).encode()).hexdigest()[:32]


def _own_code(market: Scenario) -> dict[str, str]:
    """The digests of code that users have written, as it was imported; see `files.expecting`."""
    found: list[type] = [type(create(each)) for _, each in market.policies if isinstance(each, Custom)]
    found += [type(strategy_of(each)) for each in market.adversaries if isinstance(each, OwnAdversary)]
    embedder = own_embedder(market)
    found += [] if embedder is None else [embedder]
    return {expected_name(each): code.sha256 for each in found if (code := code_of(each)) is not None}


def _played(core: Core, batch: _Batch) -> list[Row]:
    """One row a market, in their order."""
    homes: dict[str, AllLocal] = {}
    rows = []
    for point in batch.points:
        began = time.perf_counter()
        market = drawn(point.scenario, point.seed, batch.replication)
        known = _home(market, point.seed, batch.replication, core, homes)
        told = play(market, point.seed, batch.replication, core, known)
        metrics = {name: value for name, value in told.items() if "[" not in name}
        each = json.dumps({name: value for name, value in told.items() if "[" in name})
        run = Run(point.number, batch.replication)
        wall_s = time.perf_counter() - began
        rows.append(Row(run, point.seed, point.key, wall_s, metrics, each=each))
    return rows


def _home(
    market: Scenario, seed: int, replication: int, core: Core, homes: dict[str, AllLocal]
) -> AllLocal | None:
    """The all-local market, played once for all that have the same; None where it need not be played, or
    where more than that is asked of it."""
    if in_closed_form(market) or isinstance(market.policy, BestFixed):
        return None
    plain = market.model_copy(update={"adversaries": []})
    key = plain.model_dump_json(exclude=_NOT_AT_HOME)
    if key not in homes:
        homes[key] = all_local(plain, seed, replication, core=core, in_hindsight=False)
    return homes[key]


def _plays(rows: pa.Table) -> Iterator[tuple[str, int, int, Play]]:
    """Key, number, replication and figures of each play in a table."""
    names = [name for name in rows.column_names if name not in COLUMNS]
    for row in rows.to_pylist():
        figures = {name: row[name] for name in names if row[name] is not None}
        yield row["scenario_sha256"], row["point"], row["replication"], _play_of(figures, row["each"])


def _play_of(metrics: Mapping[str, float], each: str | None) -> Play:
    return {**metrics, **json.loads(each or "{}")}
