"""Many replications of a scenario, on one core or several, with the same results."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from coalesce_sim.experiments.cores import SIMPY, AskedCore, ChosenCore, choose_core
from coalesce_sim.experiments.diagnosis.desertion import desertion
from coalesce_sim.experiments.diagnosis.finding import Finding
from coalesce_sim.experiments.diagnosis.growing import queues_that_grow
from coalesce_sim.experiments.parallel import ordered_map
from coalesce_sim.experiments.queues import Judged, QueueWatch
from coalesce_sim.experiments.replication import Emit, Progress, TableName, Wanted, play
from coalesce_sim.experiments.routing import Routing
from coalesce_sim.experiments.sellers import By, Sellers, told_by
from coalesce_sim.experiments.shares import Shares, mapped
from coalesce_sim.experiments.staging import Metrics, PolicyFactory
from coalesce_sim.experiments.uncertainty import NO_TWINS, Twins, check_draws
from coalesce_sim.files import expecting
from coalesce_sim.loading import data_digests
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.market.hired import hired_is_drawn
from coalesce_sim.metrics import SPLIT, is_input, is_share
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.settling import settled
from coalesce_sim.statistics.intervals import Estimate, estimate

if TYPE_CHECKING:
    import pandas as pd


def metrics_of(
    jobs_list: Sequence[tuple[Scenario, int, int]],
    *,
    jobs: int,
    emit: Emit,
    wanted: Wanted,
    policy: PolicyFactory | None = None,
    progress: Progress | None = None,
    core: Core = "simpy",
) -> Generator[Metrics, None, None]:
    """Play (scenario, seed, replication) items and yield their metrics in the given order.

    Tables reach `emit` in the same order at any number of `jobs` (processes). `progress` is told the share of
    all items that is done, within an item too. Close the generator, or exhaust it: its processes end with it.
    """

    def tell(share: float) -> None:
        if progress is not None:
            progress(share)

    if jobs == 1 or len(jobs_list) == 1:
        for done, item in enumerate(jobs_list):
            within = _within(tell, done, len(jobs_list))
            yield play(*item, emit, wanted, policy, progress=within, core=core)
            within(1.0)
        return
    with Shares(len(jobs_list)) as shares:
        path = None if progress is None else shares.path
        function = partial(_play_apart, wanted=wanted, policy=policy, core=core, shares=path)
        meanwhile = None if progress is None else lambda: tell(shares.mean)
        with closing(
            ordered_map(function, list(enumerate(jobs_list)), jobs=jobs, meanwhile=meanwhile)
        ) as all_:
            for metrics, tables in all_:
                for name, table in tables.items():
                    emit(name, table)
                yield metrics
        tell(1.0)


def _within(tell: Progress, done: int, items: int) -> Progress:
    """Progress within an item, of which so many are done, as that of all items."""
    return lambda share: tell((done + share) / items)


def _play_apart(
    numbered: tuple[int, tuple[Scenario, int, int]],
    wanted: Wanted,
    policy: PolicyFactory | None,
    core: Core,
    shares: Path | None,
) -> tuple[Metrics, dict[TableName, pa.Table]]:
    """The metrics and whole tables of one replication, in a process of its own."""
    place, item = numbered
    parts: dict[TableName, list[pa.Table]] = {}

    def emit(name: TableName, table: pa.Table) -> None:
        parts.setdefault(name, []).append(table)

    note = _noted(shares, place)
    metrics = play(*item, emit, wanted, policy, progress=note, core=core)
    if note is not None:
        note(1.0)
    return metrics, {name: pa.concat_tables(tables).combine_chunks() for name, tables in parts.items()}


def _noted(shares: Path | None, place: int) -> Progress | None:
    """Progress that whoever waits for this process can see, if anybody does."""
    if shares is None:
        return None
    done = mapped(shares)

    def note(share: float) -> None:
        done[place] = share

    return note


def others(
    *,
    jobs: int,
    policy: PolicyFactory | None = None,
    core: Core = "simpy",
    progress: Progress | None = None,
) -> Callable[[Sequence[tuple[Scenario, int, int]]], Iterable[Metrics]]:
    """What plays markets of which only the metrics are wanted, such as twins."""
    return partial(
        metrics_of, jobs=jobs, emit=_ignore, wanted=Wanted(), policy=policy, core=core, progress=progress
    )


def _ignore(*_: object) -> None:
    """Of twins no tables are kept."""


@dataclass(repr=False)
class RunResult:
    """What a run came to. `replications` has one dict of metrics each, `queues` says of each worker whether
    its queue grew to the end, `twins` what came of other draws of uncertain inputs; the rest is derived.

    >>> import coalesce_sim
    >>> result = coalesce_sim.run(coalesce_sim.load("dur_02", ["clock.days=1"]), replications=2)
    >>> saved = result.estimates["cost_reduction"]
    >>> print(f"{saved.mean:.0f} ± {saved.half_width:.0f} % over {saved.n} replications")
    14 ± 56 % over 2 replications
    >>> result.decisions["choice"].value_counts().to_dict()
    {'local': 65, 'contractor': 27}
    """

    scenario: Scenario
    seed: int
    replications: list[Metrics]
    tables: dict[TableName, list[pa.Table]] = field(default_factory=dict)
    queues: Judged = field(default_factory=dict)
    core: ChosenCore = SIMPY
    twins: Twins = NO_TWINS

    def __repr__(self) -> str:
        name, count = self.scenario.name, len(self.replications)
        return f"RunResult({name!r}, seed={self.seed}, replications={count})"

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """One row per replication and task."""
        return self._frame("decisions")

    @cached_property
    def timeline(self) -> pd.DataFrame:
        """One row per replication and interval."""
        return self._frame("timeline")

    @cached_property
    def contracts(self) -> pd.DataFrame:
        """One row per replication and contract, in the order in which they ended; where the market learns."""
        return self._frame("contracts")

    @cached_property
    def ratings(self) -> pd.DataFrame:
        """One row per replication and rating, oldest first; where there is a public record."""
        return self._frame("ratings")

    @cached_property
    def estimation_error(self) -> pd.DataFrame:
        """One row per replication and 50 charges: how far estimates were off; where the market learns."""
        return self._frame("estimation_error")

    @cached_property
    def offers(self) -> pd.DataFrame:
        """One row per replication, decision and contractor; only for runs with ``offers=True``."""
        return self._frame("offers")

    @cached_property
    def routing(self) -> pd.DataFrame:
        """Who got the work: one row a contractor, or home, and type of task; see `Routing`."""
        return self.routed.frame()

    @cached_property
    def routed(self) -> Routing:
        """Who got the work, replication by replication."""
        return Routing.of(self.tables.get("routing", ()), len(self.replications))

    @cached_property
    def journal(self) -> pd.DataFrame:
        """The book of replication 0, one row a leg of an entry, as they were posted; only for runs with
        ``book=True``."""
        return self._frame("journal")

    @cached_property
    def sellers(self) -> pd.DataFrame:
        """The books of sellers: one row per replication and contractor; where the market learns."""
        return self._frame("sellers")

    def books(self, by: By | None = None) -> Sellers:
        """The books of sellers added up by contractor, by type or by owner; left out, as they are told: drawn
        contractors, and many, by type."""
        told = told_by(self.scenario) if by is None else by
        return Sellers.of(self.tables.get("sellers", ()), len(self.replications), told)

    @cached_property
    def estimates(self) -> dict[str, Estimate]:
        """Every metric's mean, sd and 95 % interval over the replications."""
        names = dict.fromkeys(name for each in self.replications for name in each)
        return {
            name: estimate(
                [each.get(name, float("nan")) for each in self.replications],
                share=is_share(name),
                twins={} if is_input(name) else self.twins.of(name),
            )
            for name in names
        }

    @cached_property
    def observed(self) -> list[Finding]:
        """What is known only now that it was played: whose queues grew to the end, and for how many tasks
        nobody was left."""
        return [
            *queues_that_grow(self.scenario, self.queues),
            *desertion(self.estimates.get("deserted_tasks")),
        ]

    @property
    def summary(self) -> dict[str, Any]:
        """Scenario, seed, replications, metrics, who got the work, where the market learns the books of
        sellers, what was observed, published values and which core played, as in ``--json``."""
        return {
            "scenario": self.scenario.name,
            "seed": self.seed,
            "replications": len(self.replications),
            "metrics": {name: each.as_dict() for name, each in self.estimates.items()},
            "routing": self.routed.rows(),
            **({"sellers": self.books().rows()} if self.scenario.learning else {}),
            "observed": [each.as_dict() for each in self.observed],
            "published": {name: each.model_dump() for name, each in self.scenario.published.items()},
            "core": self.core.as_dict(),
            **self._uncertainty(),
        }

    def _uncertainty(self) -> dict[str, Any]:
        """What was drawn of inputs, replication by replication, and where the variance comes from."""
        if not self.twins.figures:
            return {}
        drawn = dict.fromkeys(name for each in self.replications for name in each if is_input(name))
        splits = {name: self.estimates[name].split for name in SPLIT if name in self.estimates}
        return {
            "uncertainty": {
                "covers": list(self.twins.figures),
                "drawn": {name: [each[name] for each in self.replications] for name in drawn},
                "split": {name: split.as_dict() for name, split in splits.items() if split is not None},
            }
        }

    def _frame(self, name: TableName) -> pd.DataFrame:
        frame: pd.DataFrame = self._table(name).to_pandas()
        return frame

    def _table(self, name: TableName) -> pa.Table:
        if name not in self.tables:
            asked = {"offers": "offers=True", "journal": "book=True"}.get(name)
            hint = "the scenario has none" if asked is None else f"ask for it with {asked}"
            raise ValueError(f"{name}: not recorded; {hint}")
        return pa.concat_tables(self.tables[name]).unify_dictionaries()


def run(
    scenario: Scenario,
    *,
    seed: int | None = None,
    replications: int | None = None,
    jobs: int = 1,
    policy: PolicyFactory | None = None,
    offers: bool = False,
    book: bool = False,
    core: AskedCore = "auto",
    progress: Callable[[int], None] | None = None,
) -> RunResult:
    """Play a scenario and keep its decisions, its timeline and what its market learns in memory.

    `seed` and `replications` default to the scenario's. `policy` is a `Policy` class, or another function of
    no arguments that gives one, in place of the scenario's policy. `progress` is told how many replications
    are done. With `book` the journal of replication 0 is kept, and contracts are settled, as with
    ``settlement: {}`` where the scenario does not say how. `core` is what plays them, to the same bits:
    ``simpy``, ``compiled``, or, with ``auto``, the latter where it covers the scenario and there is enough to
    play. Raises `CoreError` where ``compiled`` is asked for and does not cover it, and `ScenarioError` for a
    book of a market without contracts.

    >>> import coalesce_sim
    >>> scenario = coalesce_sim.load("dur_02", ["clock.days=1"])
    >>> result = coalesce_sim.run(scenario, seed=7, replications=2)
    >>> result
    RunResult('dur_02', seed=7, replications=2)
    >>> result.replications == coalesce_sim.run(scenario, seed=7, replications=2).replications
    True
    """
    if not isinstance(scenario, Scenario):
        raise TypeError(f"scenario: must be what coalesce_sim.load() gives (got {scenario!r})")
    if book:
        scenario = settled(scenario)
    seed = scenario.seed if seed is None else seed
    count = scenario.replications if replications is None else replications
    if count < 1 or jobs < 1:
        raise ValueError(f"replications and jobs must be >= 1 (got {count}, {jobs})")
    check_draws(scenario, seed, count)
    if policy is None:
        hired_is_drawn(scenario, seed, range(count))
    chosen = choose_core(core, [scenario], runs=count, own_policy=policy is not None, watched=offers)
    wanted = Wanted(decisions=True, timeline=True, experience=True, offers=offers, routing=True, book=book)
    tables: dict[TableName, list[pa.Table]] = {name: [] for name in wanted.tables(scenario)}
    items = [(scenario, seed, replication) for replication in range(count)]
    metrics, watch = [], QueueWatch(queues=scenario.queues)

    def keep(name: TableName, table: pa.Table) -> None:
        tables[name].append(table)
        if name == "decisions":
            watch.add(table)

    played = metrics_of(items, jobs=jobs, emit=keep, wanted=wanted, policy=policy, core=chosen.core)
    with expecting(data_digests(scenario)), closing(played):
        for each in played:
            metrics.append(each)
            if progress is not None:
                progress(len(metrics))
        twins = Twins.played(scenario, seed, count, others(jobs=jobs, policy=policy, core=chosen.core))
    return RunResult(scenario, seed, metrics, tables, watch.judged(), chosen, twins)
