"""The published table, the cold start and the real-LLM study, played and compared with what was printed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from coalesce_sim.experiments.published.agreement import (
    Difference,
    Predictive,
    interval,
    predictive,
    two_sided_p,
    weighted,
    welch,
)
from coalesce_sim.experiments.published.cold_start import ColdStart, cold_start
from coalesce_sim.experiments.published.digest import Case, Run, play_cases, savings_of
from coalesce_sim.experiments.published.discrepancies import VARIANTS, Discrepancies, discrepancies
from coalesce_sim.experiments.published.real_llm import RealLlm, real_llm
from coalesce_sim.loading import load
from coalesce_sim.metrics import SAVINGS
from coalesce_sim.statistics.contrasts import holm
from coalesce_sim.statistics.intervals import Estimate, estimate
from coalesce_sim.streams import Streams

TABLE = (*(f"dur_{i:02}" for i in range(1, 6)), *(f"agt_{i:02}" for i in range(1, 9)))
COLD_STARTS = ("cold_start", "cold_start_explore")
REAL_LLM = ("real_llm_35", "real_llm_240")
HONEST = {"cost_reduction_published": "cost_reduction", "time_savings_published": "time_reduction"}
"""The two published metrics and the honest figure that belongs to each."""

FAMILY_WISE = 0.05


@dataclass(frozen=True, slots=True)
class Printed:
    """A cell of the published table, percent, over n runs."""

    mean: float
    sd: float
    n: int


@dataclass(frozen=True, slots=True)
class Cell:
    """One experiment and one published metric: printed against ours.

    `difference` is ours minus printed with Welch's p-value; `p_resampled` needs no normality: how often the
    mean of a new sample of the printed size, drawn from our runs, lies as far out as the printed mean.
    `p_spread` asks the same of the printed standard deviation. The ``_holm`` values are adjusted over all
    cells. `shared_runs` is the percent of our runs in which two tasks of an hour shared a client; `apart` are
    the figures of the others.
    """

    experiment: str
    days: float
    clients: int
    seed: int
    metric: str
    printed: Printed
    ours: Estimate
    difference: Difference
    p_holm: float
    p_resampled: float
    p_resampled_holm: float
    p_spread: float
    p_spread_holm: float
    honest: Estimate
    shared_runs: float
    apart: Estimate

    @property
    def agrees(self) -> bool:
        """Whether Welch's test leaves the printed mean standing."""
        return self.p_holm >= FAMILY_WISE

    @property
    def agrees_resampled(self) -> bool:
        """Whether resampling leaves the printed mean standing."""
        return self.p_resampled_holm >= FAMILY_WISE

    @property
    def spread_agrees(self) -> bool:
        """Whether resampling leaves the printed standard deviation standing."""
        return self.p_spread_holm >= FAMILY_WISE


@dataclass(frozen=True, slots=True)
class GrandMean:
    """The mean over the whole table, each experiment weighted by its printed number of runs, percent.

    `predictive_ci95` is where that mean of a new set of `runs` runs, drawn from ours, is expected.
    """

    runs: int
    printed: float
    ours: Estimate
    predictive_ci95: tuple[float, float]
    p: float
    honest: Estimate

    @property
    def covers(self) -> bool:
        """Whether the printed mean lies where we expect it."""
        return self.predictive_ci95[0] <= self.printed <= self.predictive_ci95[1]


@dataclass(frozen=True)
class Study:
    """All results; `runs` has the digests of every case played, by name.

    `savings` has what is saved of cash, delay and losses, by experiment of the table and metric.
    """

    seed: int
    replications: int
    runs: dict[str, list[Run]]
    cells: list[Cell]
    grand_mean: dict[str, GrandMean]
    savings: dict[str, dict[str, Estimate]]
    cold_start: dict[str, ColdStart]
    real_llm: dict[str, RealLlm]
    discrepancies: Discrepancies
    metrics: dict[str, Estimate]

    def cells_of(self, metric: str) -> list[Cell]:
        """The cells of one published metric in the order of the table."""
        return [cell for cell in self.cells if cell.metric == metric]

    def as_dict(self) -> dict[str, Any]:
        """The form in which the study appears in JSON."""
        return {
            "scenario": "published table",
            "seed": self.seed,
            "replications": self.replications,
            "metrics": {name: each.as_dict() for name, each in self.metrics.items()},
            "published": {
                name: {"mean": each.printed, "sd": None, "n": each.runs}
                for name, each in self.grand_mean.items()
            },
            "cells": [
                asdict(cell)
                | {
                    "agrees": cell.agrees,
                    "agrees_resampled": cell.agrees_resampled,
                    "spread_agrees": cell.spread_agrees,
                }
                for cell in self.cells
            ],
            "grand_mean": {
                name: asdict(each) | {"covers": each.covers} for name, each in self.grand_mean.items()
            },
            "savings": {
                experiment: {name: each.as_dict() for name, each in savings.items()}
                for experiment, savings in self.savings.items()
            },
            "cold_start": {name: asdict(each) for name, each in self.cold_start.items()},
            "real_llm": {name: asdict(each) for name, each in self.real_llm.items()},
            "discrepancies": asdict(self.discrepancies),
        }


def study_cases(seed: int) -> dict[str, Case]:
    """Everything that is played, by name.

    Every experiment of the table has a seed of its own, so that no two share their luck; the variants of an
    experiment have its seed, so that they share all of it.
    """
    table = {name: Case(load(name), seed + i) for i, name in enumerate(TABLE)}
    variants = {
        name: Case(load(experiment, changes), table[experiment].seed)
        for name, (experiment, changes) in VARIANTS.items()
    }
    return table | {name: Case(load(name), seed) for name in (*COLD_STARTS, *REAL_LLM)} | variants


def replicate(
    replications: int = 100,
    *,
    seed: int = 1,
    jobs: int = 1,
    progress: Callable[[float], None] = lambda _: None,
) -> Study:
    """Play everything and compare; the same seed and replications give the same study at any number of jobs.

    `progress` is told the share of the runs that are done. Raises ValueError for fewer than two
    replications or no job.
    """
    if replications < 2 or jobs < 1:
        raise ValueError(f"replications must be >= 2 and jobs >= 1 (got {replications}, {jobs})")
    cases = study_cases(seed)
    runs = play_cases(cases, replications, jobs=jobs, progress=progress)
    return compare(cases, runs, seed, replications)


def compare(cases: Mapping[str, Case], runs: dict[str, list[Run]], seed: int, replications: int) -> Study:
    """Compare the runs of `study_cases` with what was printed."""
    streams = Streams(seed)
    printed = {(name, metric): _printed(cases[name], metric) for name in TABLE for metric in HONEST}
    expected = {
        (name, metric): predictive(
            _defined(runs[name], metric), each.n, streams(f"resampling.{name}.{metric}")
        )
        for (name, metric), each in printed.items()
    }
    weights = {name: printed[name, "cost_reduction_published"].n for name in TABLE}
    names = [*HONEST.values(), *SAVINGS, *HONEST, "outsourcing_rate", "exploration_rate", "tasks"]
    metrics = {
        metric: weighted({name: _over(runs[name], metric) for name in TABLE}, weights) for metric in names
    }
    return Study(
        seed=seed,
        replications=replications,
        runs=runs,
        cells=_cells(cases, runs, printed, expected),
        grand_mean={metric: _grand_mean(metric, printed, expected, metrics) for metric in HONEST},
        savings={name: savings_of(runs[name]) for name in TABLE},
        cold_start={
            name: cold_start(cases[name], runs[name], streams(f"resampling.{name}")) for name in COLD_STARTS
        },
        real_llm={name: real_llm(cases[name], runs[name]) for name in REAL_LLM},
        discrepancies=discrepancies(runs),
        metrics=metrics,
    )


def _printed(case: Case, metric: str) -> Printed:
    value = case.scenario.published[metric]
    if value.sd is None or value.n is None:
        raise ValueError(f"{case.scenario.name}: published.{metric} needs sd and n (got {value})")
    return Printed(value.mean, value.sd, value.n)


def _cells(
    cases: Mapping[str, Case],
    runs: Mapping[str, Sequence[Run]],
    printed: Mapping[tuple[str, str], Printed],
    expected: Mapping[tuple[str, str], Predictive],
) -> list[Cell]:
    ours = {(name, metric): _over(runs[name], metric) for name, metric in printed}
    differences = {key: welch(ours[key], each.mean, each.sd, each.n) for key, each in printed.items()}
    resampled = {key: two_sided_p(each.mean, expected[key].means) for key, each in printed.items()}
    spread = {key: two_sided_p(each.sd, expected[key].sds) for key, each in printed.items()}
    p_holm = dict(zip(printed, holm([each.p for each in differences.values()]), strict=True))
    resampled_holm = dict(zip(printed, holm(list(resampled.values())), strict=True))
    spread_holm = dict(zip(printed, holm(list(spread.values())), strict=True))
    cells = []
    for key, each in printed.items():
        name, metric = key
        apart = [run for run in runs[name] if run.shared_tasks == 0]
        cells.append(
            Cell(
                experiment=name,
                days=cases[name].scenario.clock.days,
                clients=cases[name].scenario.clients.total,
                seed=cases[name].seed,
                metric=metric,
                printed=each,
                ours=ours[key],
                difference=differences[key],
                p_holm=p_holm[key],
                p_resampled=resampled[key],
                p_resampled_holm=resampled_holm[key],
                p_spread=spread[key],
                p_spread_holm=spread_holm[key],
                honest=_over(runs[name], HONEST[metric]),
                shared_runs=100 * (1 - len(apart) / len(runs[name])),
                apart=_over(apart, metric),
            )
        )
    return cells


def _grand_mean(
    metric: str,
    printed: Mapping[tuple[str, str], Printed],
    expected: Mapping[tuple[str, str], Predictive],
    metrics: Mapping[str, Estimate],
) -> GrandMean:
    weights = {name: printed[name, metric].n for name in TABLE}
    total = sum(weights.values())
    draws = np.sum([weights[name] * expected[name, metric].means for name in TABLE], axis=0) / total
    value = sum(weights[name] * printed[name, metric].mean for name in TABLE) / total
    return GrandMean(
        runs=total,
        printed=value,
        ours=metrics[metric],
        predictive_ci95=interval(draws),
        p=two_sided_p(value, draws),
        honest=metrics[HONEST[metric]],
    )


def _defined(runs: Sequence[Run], metric: str) -> list[float]:
    """The metric of every run; NaN, where nothing stayed at home, is left out as in every estimate."""
    values = [run.metrics[metric] for run in runs]
    return [value for value in values if not math.isnan(value)]


def _over(runs: Sequence[Run], metric: str) -> Estimate:
    return estimate([run.metrics[metric] for run in runs])
