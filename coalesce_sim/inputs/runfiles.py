"""The files that record real agents' runs: one row a run, and one row a model and benchmark."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from coalesce_sim.inputs.csvfile import Row, read_rows
from coalesce_sim.scenario.problems import Problem, shown
from coalesce_sim.scenario.recordings import ExpectedTokens

RUN_COLUMNS = ("model", "benchmark", "instance_id", "resolved", "cost_usd")
MODEL_COLUMNS = (
    "model",
    "benchmark",
    "openness",
    "input_usd_per_mtok",
    "output_usd_per_mtok",
    "cache_read_usd_per_mtok",
    "avg_runtime_s",
)

_JUDGED = {"true": 1.0, "false": 0.0, "": math.nan}


@dataclass(frozen=True, slots=True)
class Run:
    """A model's run on one instance of a benchmark: `resolved` is 1 or 0; NaN for what was not recorded."""

    model: str
    benchmark: str
    instance_id: str
    resolved: float
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Listing:
    """A model's list prices and its mean runtime by benchmark; NaN for what is not stated."""

    openness: str
    input_usd_per_mtok: float
    output_usd_per_mtok: float
    cache_read_usd_per_mtok: float
    runtime_s: dict[str, float] = field(default_factory=dict, compare=False)

    def expected_bill_usd(self, tokens: ExpectedTokens) -> float:
        """The bill for so many tokens; cached ones at the full price where no other is listed."""
        cached_usd = self.cache_read_usd_per_mtok
        return 1e-6 * (
            tokens.uncached_prompt * self.input_usd_per_mtok
            + tokens.cached_prompt * (self.input_usd_per_mtok if math.isnan(cached_usd) else cached_usd)
            + tokens.output * self.output_usd_per_mtok
        )


def read_runs(file: str, place: str, text: str) -> tuple[list[Run], list[Problem]]:
    """All runs of a file's text and what is wrong with it, up to 20 problems.

    `place` is the field of the scenario that names the file, to which belongs what is wrong with it as such.
    """
    runs: list[Run] = []
    lines: dict[tuple[str, str, str], int] = {}

    def take(row: Row) -> None:
        model, benchmark, instance_id = map(row.text, RUN_COLUMNS[:3])
        resolved = row.cells["resolved"]
        if (judged := _JUDGED.get(resolved.lower())) is None:
            raise row.error("resolved", f"must be True or False (got {shown(resolved)})")
        runs.append(Run(model, benchmark, instance_id, judged, row.amount_or_nan("cost_usd")))
        first = lines.setdefault((model, benchmark, instance_id), row.line)
        if first != row.line:
            raise row.error("", f"{model} on {instance_id} of {benchmark} stands in line {first} already")

    return runs, read_rows(file, place, text, RUN_COLUMNS, take)


def read_models(file: str, place: str, text: str) -> tuple[dict[str, Listing], list[Problem]]:
    """What a file says of every model, and what is wrong with it; as `read_runs`."""
    listings: dict[str, Listing] = {}

    def take(row: Row) -> None:
        model, benchmark, openness = map(row.text, MODEL_COLUMNS[:3])
        input_usd, output_usd = map(row.amount, MODEL_COLUMNS[3:5])
        cached_usd, runtime_s = map(row.amount_or_nan, MODEL_COLUMNS[5:])
        stated = Listing(openness, input_usd, output_usd, cached_usd)
        listing = listings.setdefault(model, stated)
        for column in MODEL_COLUMNS[2:6]:
            before, now = getattr(listing, column), getattr(stated, column)
            if before != now and not (before != before and now != now):  # nan is like nan
                raise row.error(column, f"{model} has {before} further up (got {now})")
        if benchmark in listing.runtime_s:
            raise row.error("benchmark", f"{model} on {benchmark} stands further up already")
        listing.runtime_s[benchmark] = runtime_s

    return listings, read_rows(file, place, text, MODEL_COLUMNS, take)
