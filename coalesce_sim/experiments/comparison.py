"""Several policies on the same tasks and the same random numbers, and how sure their differences are."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property, partial, reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from coalesce_sim.arrays import FloatArray
from coalesce_sim.columns import named, nullable, table_of
from coalesce_sim.experiments.changes import Change, aftermaths, changes_of
from coalesce_sim.experiments.contenders import (
    UNASKED,
    YARDSTICKS,
    Contender,
    contenders,
    refuse_absent,
)
from coalesce_sim.experiments.cores import SIMPY, AskedCore, ChosenCore, choose_core
from coalesce_sim.experiments.diagnosis.finding import Finding, of_contractors
from coalesce_sim.experiments.diagnosis.growing import queues_that_grow_somewhere
from coalesce_sim.experiments.hindsight import all_local
from coalesce_sim.experiments.learning import Curve, Learning, TaskBins
from coalesce_sim.experiments.parallel import ordered_map
from coalesce_sim.experiments.queues import Judged, QueueObserver, both
from coalesce_sim.experiments.routing import Routed, Routing
from coalesce_sim.experiments.staging import Metrics, Stage
from coalesce_sim.experiments.uncertainty import check_draws, pairs_of, sources_of, twin
from coalesce_sim.files import expecting
from coalesce_sim.inputs.uncertain import drawn
from coalesce_sim.loading import data_digests
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.market.observer import Observers
from coalesce_sim.metrics import COST_REDUCTION, SAVINGS, is_input, is_share
from coalesce_sim.policies.protocol import Policy
from coalesce_sim.rounding import differences, ranks
from coalesce_sim.scenario.policy import BestFixed
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.components import Source
from coalesce_sim.statistics.contrasts import Contrast, contrasts, variance_removed
from coalesce_sim.statistics.intervals import Estimate, estimate

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Played:
    """One replication: the metrics, the course, who got the work (`Routed.table`) and how queues grew, of
    every policy, in the order of the contenders; and the metrics of its twins, by what they drew anew."""

    metrics: list[Metrics]
    bins: list[TaskBins]
    routing: list[pa.Table]
    queues: list[Judged]
    twins: dict[Source, list[Metrics]] = field(default_factory=dict)


def play_all(
    scenario: Scenario,
    field: Sequence[Contender],
    seed: int,
    core: Core,
    twinned: int,
    replication: int,
) -> Played:
    """Play every policy on one replication's tasks and random numbers, each against the same baseline; `core`
    plays what it covers. Where more than luck is uncertain, the first so many replications as are `twinned`
    have their twins played too."""
    played = _played(drawn(scenario, seed, replication), field, seed, core, replication)
    for source in sources_of(scenario) if replication < twinned else ():
        market = twin(scenario, seed, replication, source)
        played.twins[source] = _played(market.scenario, field, seed, core, market.replication).metrics
    return played


def _played(
    scenario: Scenario, field: Sequence[Contender], seed: int, core: Core, replication: int
) -> Played:
    in_hindsight = any(isinstance(each.chosen, BestFixed) for each in field)
    known = all_local(scenario, seed, replication, core=core, in_hindsight=in_hindsight)
    played = Played([], [], [], [])
    for contender in field:
        bins, routed, queues = TaskBins(changes_of(scenario)), Routed(scenario), QueueObserver()
        watching = Observers(bins, routed, queues)
        staged = Stage(
            scenario,
            contender.policy(),
            watching,
            seed=seed,
            replication=replication,
            known=known,
            core=core,
        )
        played.metrics.append(staged.play())
        played.bins.append(bins)
        played.routing.append(routed.table(replication))
        played.queues.append(queues.judged())
    _add_regrets(field, played.metrics)
    return played


def _add_regrets(field: Sequence[Contender], metrics: Sequence[Metrics]) -> None:
    """What each policy's tasks cost more than with a yardstick, USD a task."""
    labels = [contender.label for contender in field]
    for yardstick in YARDSTICKS:
        if yardstick not in labels:
            continue
        best_usd = metrics[labels.index(yardstick)]["realised_usd"]
        for each in metrics:
            tasks = each["tasks"]
            regret_usd = (each["realised_usd"] - best_usd) / tasks if tasks else math.nan
            each[f"regret_{yardstick}_usd_per_task"] = regret_usd


@dataclass(frozen=True, slots=True)
class Difference:
    """By how many points of cost reduction `first` saves more than `second`, paired by replication.

    The verdicts of all pairs are corrected together (Holm). `variance_removed` is the share of the
    difference's variance that playing both on the same random numbers took away; NaN where one does not vary.
    """

    first: str
    second: str
    contrast: Contrast
    variance_removed: float

    @property
    def shown(self) -> bool:
        """Whether there is a difference, to the family-wise 5 %."""
        return self.contrast.shown

    def as_dict(self) -> dict[str, Any]:
        """The form in which differences appear in JSON."""
        return {
            "first": self.first,
            "second": self.second,
            **self.contrast.as_dict(),
            "variance_removed": _or_none(self.variance_removed),
        }


@dataclass(repr=False)
class Comparison:
    """What a comparison came to; everything is derived from what was played, replication by replication.

    >>> import coalesce_sim
    >>> scenario = coalesce_sim.load("dur_02", ["clock.days=1"])
    >>> found = coalesce_sim.compare(scenario, ["topsis", "greedy"], replications=2)
    >>> found.ranked
    ['oracle', 'best_fixed', 'greedy', 'random', 'topsis']
    >>> between = found.differences[0]
    >>> f"{between.first} saves {between.contrast.difference.mean:.0f} points more than {between.second}"
    'greedy saves 36 points more than topsis'
    """

    scenario: Scenario
    seed: int
    field: Sequence[Contender]
    played: Sequence[Played]
    core: ChosenCore = SIMPY

    def __repr__(self) -> str:
        name, count = self.scenario.name, len(self.played)
        return f"Comparison({name!r}, {list(self.labels)}, seed={self.seed}, replications={count})"

    @property
    def labels(self) -> list[str]:
        """All policies as written, yardsticks last."""
        return [contender.label for contender in self.field]

    @property
    def left_out(self) -> list[str]:
        """The yardsticks that were not played, because there are many contractors and nobody listed them."""
        return [kind for kind in UNASKED if kind not in self.labels]

    @cached_property
    def runs(self) -> pd.DataFrame:
        """One row a policy and replication, with all metrics."""
        frame: pd.DataFrame = self.runs_table().to_pandas()
        return frame

    @cached_property
    def estimates(self) -> dict[str, dict[str, Estimate]]:
        """By policy: every metric's mean, sd and 95 % interval over the replications."""
        return {
            label: {
                name: estimate(
                    self._values(index, name).tolist(),
                    share=is_share(name),
                    twins={} if is_input(name) else self._twins(index, name),
                )
                for name in self._metric_names
            }
            for index, label in enumerate(self.labels)
        }

    @cached_property
    def ranked(self) -> list[str]:
        """All policies, that of the largest mean cost reduction first; equals as they were listed."""

        means = [self.estimates[label][COST_REDUCTION].mean for label in self.labels]
        places = ranks(np.array([math.inf if mean is None else -mean for mean in means]))
        return [self.labels[index] for index in np.argsort(places, kind="stable")]

    @cached_property
    def differences(self) -> list[Difference]:
        """Every pair of the policies that were asked for, the one with the larger mean first."""
        asked = {contender.label for contender in self.field if not contender.yardstick}
        pairs = list(itertools.combinations([label for label in self.ranked if label in asked], 2))
        values = {
            label: self._values(index, COST_REDUCTION)
            for index, label in enumerate(self.labels)
            if label in asked
        }
        tested = contrasts(
            [differences(values[first], values[second]) for first, second in pairs],
            [self._twin_differences(first, second, COST_REDUCTION) for first, second in pairs],
        )
        return [
            Difference(first, second, contrast, variance_removed(values[first], values[second]))
            for (first, second), contrast in zip(pairs, tested, strict=True)
        ]

    def lead(self, first: str, second: str) -> Contrast:
        """By how many points of cost reduction the first saves more than the second, tested by itself."""
        values = (self._values(self.labels.index(label), COST_REDUCTION) for label in (first, second))
        return contrasts([differences(*values)], [self._twin_differences(first, second, COST_REDUCTION)])[0]

    def saved_more(self, first: str, second: str) -> dict[str, Estimate]:
        """By how many points the first saves more than the second of cash, delay and losses, by `SAVINGS`:
        the parts of the difference in cost reduction, paired by replication."""
        one, other = (self.labels.index(label) for label in (first, second))
        return {
            name: estimate(
                differences(self._values(one, name), self._values(other, name)).tolist(),
                twins=self._twin_differences(first, second, name),
            )
            for name in SAVINGS
        }

    @cached_property
    def course(self) -> Learning:
        """What the policies save as the run goes on."""
        asked = sum(not contender.yardstick for contender in self.field)
        return Learning([each.bins for each in self.played], family=asked)

    @cached_property
    def changes(self) -> list[Change]:
        """What the market's changes at stated times came to, policy by policy."""
        return aftermaths([each.bins for each in self.played], changes_of(self.scenario))

    @cached_property
    def learning(self) -> pd.DataFrame:
        """One row a policy and bin of tasks, means over replications with 95 % intervals; see `Curve`."""
        frame: pd.DataFrame = self.learning_table().to_pandas()
        return frame

    @cached_property
    def routed(self) -> dict[str, Routing]:
        """Who got the work, by policy."""
        return {
            label: Routing.of([each.routing[index] for each in self.played], len(self.played))
            for index, label in enumerate(self.labels)
        }

    @cached_property
    def observed(self) -> list[Finding]:
        """What is known only now that it was played: with which policies queues grew to the end."""
        judged = {
            label: reduce(both, (each.queues[index] for each in self.played))
            for index, label in enumerate(self.labels)
        }
        return queues_that_grow_somewhere(judged, "with {} policies", of_contractors(self.scenario, "slots"))

    @cached_property
    def routing(self) -> pd.DataFrame:
        """Who got the work: one row a policy, contractor, or home, and type of task; see `Routing`."""
        import pandas as pd

        frames = {label: routing.frame() for label, routing in self.routed.items()}
        return pd.concat(frames, names=["policy"]).reset_index("policy").reset_index(drop=True)

    @property
    def summary(self) -> dict[str, Any]:
        """Everything but the single runs, as in ``--json``."""
        removed = [each.variance_removed for each in self.differences]
        known = [share for share in removed if not math.isnan(share)]
        return {
            "scenario": self.scenario.name,
            "seed": self.seed,
            "replications": len(self.played),
            "core": self.core.as_dict(),
            "yardsticks_left_out": self.left_out,
            "policies": {
                contender.label: {
                    "yardstick": contender.yardstick,
                    "settings": _settings(contender),
                    "metrics": {
                        name: each.as_dict() for name, each in self.estimates[contender.label].items()
                    },
                    "gain_first_to_last_fifth": self._gain(index),
                    "routing": self.routed[contender.label].rows(),
                }
                for index, contender in enumerate(self.field)
            },
            **self._changes(),
            **self._uncertainty(),
            "observed": [each.as_dict() for each in self.observed],
            "differences": [each.as_dict() for each in self.differences],
            "variance_removed": {
                "median": float(np.median(known)) if known else None,
                "least": min(known, default=None),
                "most": max(known, default=None),
            },
        }

    def _uncertainty(self) -> dict[str, Any]:
        """Where the variance of what is saved comes from, where more than luck is uncertain."""
        if not self.uncertain:
            return {}
        saved = {label: each[COST_REDUCTION].split for label, each in self.estimates.items()}
        between = [(each.first, each.second, each.contrast.difference.split) for each in self.differences]
        return {
            "uncertainty": {
                "covers": list(self.uncertain),
                COST_REDUCTION: {label: split.as_dict() for label, split in saved.items() if split},
                "differences": [
                    {"first": first, "second": second, **split.as_dict()}
                    for first, second, split in between
                    if split
                ],
            }
        }

    def _changes(self) -> dict[str, Any]:
        """What the changes came to, where there are any."""
        told = [
            {
                "at_s": change.at_s,
                "task": change.task,
                "policies": {
                    label: each.as_dict() for label, each in zip(self.labels, change.policies, strict=True)
                },
            }
            for change in self.changes
        ]
        return {"changes": told} if told else {}

    def runs_table(self) -> pa.Table:
        """`runs` as an Arrow table; null for metrics that are undefined."""
        count = len(self.played)
        columns = {
            name: nullable(np.concatenate([self._values(index, name) for index in range(len(self.field))]))
            for name in self._metric_names
        }
        return table_of(
            {
                "policy": _names(self.labels, count),
                "replication": np.tile(np.arange(count, dtype=np.int32), len(self.field)),
                **columns,
            }
        )

    def learning_table(self) -> pa.Table:
        """`learning` as an Arrow table; a column ``_half_width`` follows each mean."""
        course = self.course
        columns: dict[str, Any] = {}
        for name in Curve.__dataclass_fields__:
            pairs = [getattr(curve, name) for curve in course.curves]
            columns[name] = nullable(np.concatenate([mean for mean, _ in pairs]))
            columns[f"{name}_half_width"] = nullable(np.concatenate([half for _, half in pairs]))
        last = np.tile(course.last_task, len(self.field))
        return table_of(
            {
                "policy": _names(self.labels, len(course.last_task)),
                "first_task": last - course.width + 1,
                "last_task": last,
                "replications": np.full(len(last), course.replications, dtype=np.int32),
                **columns,
            }
        )

    def routing_table(self) -> pa.Table:
        """The rows of `Routed.table` of all policies and replications, with the policy before them."""
        tables = []
        for index, label in enumerate(self.labels):
            rows = pa.concat_tables([each.routing[index] for each in self.played])
            tables.append(rows.add_column(0, "policy", _names([label], len(rows))))
        return pa.concat_tables(tables).unify_dictionaries()

    @cached_property
    def _metric_names(self) -> list[str]:
        return list(dict.fromkeys(name for each in self.played for one in each.metrics for name in one))

    def _values(self, index: int, metric: str) -> FloatArray:
        """One value a replication, NaN where the policy has none."""
        return np.array([each.metrics[index].get(metric, math.nan) for each in self.played])

    def _twins(self, index: int, metric: str) -> dict[Source, FloatArray]:
        """The same of twins, by what they drew anew."""
        return {
            source: np.array(
                [
                    each.twins[source][index].get(metric, math.nan)
                    for each in self.played
                    if source in each.twins
                ]
            )
            for source in self.uncertain
        }

    def _twin_differences(self, first: str, second: str, metric: str) -> dict[Source, FloatArray]:
        """By how much the metric of the first is above that of the second, in twins."""
        one, other = (self._twins(self.labels.index(label), metric) for label in (first, second))
        return {source: differences(one[source], other[source]) for source in one}

    @property
    def uncertain(self) -> tuple[Source, ...]:
        """What is drawn in each replication, where more than luck is uncertain."""
        return sources_of(self.scenario)

    def _gain(self, index: int) -> dict[str, Any]:
        gain = self.course.gains[index]
        return {**gain.difference.as_dict(), "p_holm": gain.p_holm, "shown": gain.shown}


def compare(
    scenario: Scenario,
    policies: Sequence[str | type[Policy]] | None = None,
    *,
    seed: int | None = None,
    replications: int | None = None,
    jobs: int = 1,
    progress: Callable[[int], None] | None = None,
    core: AskedCore = "auto",
) -> Comparison:
    """Play policies on common random numbers and compare what they really cost.

    `policies` are as in `contenders`; `seed` and `replications` default to the scenario's. The yardsticks
    `oracle`, `best_fixed` and `random` are played too, but tested against none of them unless they are
    listed; with more than 10,000 contractors they are played only then. `progress` is told how many
    replications are done; `core` is what plays, to the same bits (`coalesce_sim.run`).
    Raises `ScenarioError` for policies that cannot be had.

    >>> import coalesce_sim
    >>> scenario = coalesce_sim.load("dur_02", ["clock.days=1"])
    >>> coalesce_sim.compare(scenario, ["topsis", "greedy"], replications=2)
    Comparison('dur_02', ['topsis', 'greedy', 'oracle', 'best_fixed', 'random'], seed=1, replications=2)
    """
    if not isinstance(scenario, Scenario):
        raise TypeError(f"scenario: must be what coalesce_sim.load() gives (got {scenario!r})")
    seed = scenario.seed if seed is None else seed
    count = scenario.replications if replications is None else replications
    if count < 1 or jobs < 1:
        raise ValueError(f"replications and jobs must be >= 1 (got {count}, {jobs})")
    field = contenders(scenario, policies)
    check_draws(scenario, seed, count)
    refuse_absent(scenario, field, seed, count)
    chosen = _core(core, scenario, field, count)
    played: list[Played] = []
    play = partial(play_all, scenario, field, seed, chosen.core, pairs_of(count))
    with (
        expecting(data_digests(scenario)),
        closing(ordered_map(play, range(count), jobs=min(jobs, count))) as results,
    ):
        for each in results:
            played.append(each)
            if progress is not None:
                progress(len(played))
    return Comparison(scenario, seed, field, played, chosen)


def _core(asked: AskedCore, scenario: Scenario, field: Sequence[Contender], count: int) -> ChosenCore:
    """The core that plays; a policy that is a class counts as the scenario's own would."""
    scenarios = [
        scenario if isinstance(each.chosen, type) else scenario.model_copy(update={"policy": each.chosen})
        for each in field
    ]
    return choose_core(asked, scenarios, runs=count)


def _settings(contender: Contender) -> dict[str, Any] | str:
    if isinstance(contender.chosen, type):
        return f"{contender.chosen.__module__}:{contender.chosen.__qualname__}"
    settings: dict[str, Any] = contender.chosen.model_dump(mode="json", by_alias=True, exclude_none=True)
    return settings


def _names(labels: Sequence[str], rows_each: int) -> pa.Array:
    return named(np.repeat(np.arange(len(labels)), rows_each), labels)


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
