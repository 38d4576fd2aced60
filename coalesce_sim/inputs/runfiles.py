"""The files that record real agents' runs: one row a run, and one row a model and benchmark."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from coalesce_sim.scenario.problems import Problem
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

_MOST_PROBLEMS = 20
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


def read_runs(file: str, place: str) -> tuple[list[Run], list[Problem]]:
    """All runs of a file and what is wrong with it, up to 20 problems.

    `place` is the field of the scenario that names the file, to which belongs what is wrong with it as such.
    """
    runs: list[Run] = []
    lines: dict[tuple[str, str, str], int] = {}

    def read(line: int, cells: list[str]) -> None:
        model, benchmark, instance_id, resolved, cost_usd = cells
        _all_stated(RUN_COLUMNS[:3], cells)
        if (judged := _JUDGED.get(resolved.lower())) is None:
            raise ValueError(f"resolved: must be True or False (got {resolved!r})")
        runs.append(Run(model, benchmark, instance_id, judged, _amount("cost_usd", cost_usd)))
        first = lines.setdefault((model, benchmark, instance_id), line)
        if first != line:
            raise ValueError(f"{model} on {instance_id} of {benchmark} stands in line {first} already")

    return runs, _read(file, place, RUN_COLUMNS, read)


def read_models(file: str, place: str) -> tuple[dict[str, Listing], list[Problem]]:
    """What a file says of every model, and what is wrong with it; as `read_runs`."""
    listings: dict[str, Listing] = {}

    def read(_line: int, cells: list[str]) -> None:
        model, benchmark, openness, *texts = cells
        _all_stated(MODEL_COLUMNS[:5], cells)
        input_usd, output_usd, cached_usd, runtime_s = map(_amount, MODEL_COLUMNS[3:], texts)
        stated = Listing(openness, input_usd, output_usd, cached_usd)
        listing = listings.setdefault(model, stated)
        for column in MODEL_COLUMNS[2:6]:
            before, now = getattr(listing, column), getattr(stated, column)
            if before != now and not (before != before and now != now):  # nan is like nan
                raise ValueError(f"{column}: {model} has {before} further up (got {now})")
        if benchmark in listing.runtime_s:
            raise ValueError(f"{model} on {benchmark} stands further up already")
        listing.runtime_s[benchmark] = runtime_s

    return listings, _read(file, place, MODEL_COLUMNS, read)


def unreadable(place: str, file: str, error: Exception) -> Problem:
    """The problem that a file cannot be read."""
    reason = getattr(error, "strerror", None) or error
    hint = "; docs/how-to/real_agents.md says how to get it" if isinstance(error, FileNotFoundError) else ""
    return Problem("", None, place, f"{file}: cannot be read: {reason}{hint}")


def _read(
    file: str, place: str, columns: tuple[str, ...], read: Callable[[int, list[str]], None]
) -> list[Problem]:
    """Hand line and cells, in the order of `columns`, of every row to `read`, which may raise ValueErrors."""
    problems: list[Problem] = []
    rows = 0
    try:
        content = Path(file).read_bytes()
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        header = next(reader, [])
        missing = [name for name in columns if name not in header]
        if missing:
            found = ", ".join(header) or "none"
            message = f"no such column (expected: {', '.join(columns)}; found: {found})"
            return [Problem(file, 1, ", ".join(missing), message)]
        positions = [header.index(name) for name in columns]
        for row in filter(None, reader):
            rows += 1
            try:
                if len(row) != len(header):
                    raise ValueError(f"must have {len(header)} cells as the header has (got {len(row)})")
                read(reader.line_num, [row[k] for k in positions])
            except ValueError as error:
                problems.append(Problem(file, reader.line_num, "", str(error)))
                if len(problems) >= _MOST_PROBLEMS:
                    break
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problems.append(
            Problem(file, line, "", f"must be UTF-8 text (got the byte {content[error.start]:#x})")
        )
    except (OSError, csv.Error) as error:
        problems.append(unreadable(place, file, error))
    if not (rows or problems):
        problems.append(Problem("", None, place, f"{file}: has no rows"))
    return problems


def _all_stated(columns: tuple[str, ...], cells: list[str]) -> None:
    for column, text in zip(columns, cells, strict=False):
        if not text:
            raise ValueError(f"{column}: missing")


def _amount(column: str, text: str) -> float:
    """A number >= 0, NaN where nothing is stated."""
    if not text:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{column}: must be a number >= 0 (got {text!r})")
    return value
