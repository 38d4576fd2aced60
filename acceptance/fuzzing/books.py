"""The books of a run, kept again from what it wrote: tasks, money, and the metrics that follow from both.

Nothing here asks the package: what columns and metrics mean is taken from the reference pages alone.
"""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from scipy import stats

from acceptance.fuzzing import machines

Row = dict[str, Any]
Complain = Callable[[str], None]

_REL, _ABS = 1e-7, 1e-9
_CASH = (
    *("home_compute_usd", "home_memory_usd", "home_energy_usd", "home_depreciation_usd", "home_bill_usd"),
    *("price_usd", "communication_usd", "verification_usd", "integration_usd"),
    *("search_usd", "coordination_usd"),
)
_DELAY = ("lateness_usd", "opportunity_usd", "latency_penalty_usd")
_LOSSES = ("loss_usd", "leak_usd", "risk_usd")
"""The columns that together are `realised_usd`, by what they add up to."""

_MAY_BE_EMPTY = {
    "decisions": {"contractor", "score", "confidence"},
    "contracts": {"reason", "working_s", "incident", "own_usd"},
    "sellers": {"work_usd", "idle_usd", "profit_usd", "left_s"},
    "timeline": {
        *("demand", "mean_price_usd", "outsourcing_rate", "cumulative_cost_reduction"),
        *("home_utilisation", "contractor_utilisation"),
    },
    "ratings": set[str](),
    "estimation_error": {"estimation_error", "bias"},
}
_OF_UNBEGUN_STEPS = {
    "started_s",
    "finished_s",
    "turnaround_s",
    "estimated_usd",
    "estimated_s",
    "internal_usd",
}


def audit(folder: Path, complain: Complain) -> None:
    """Complain of everything in the folder of a run that does not add up."""
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"), parse_constant=_no_json)
    tables = {path.stem: pq.read_table(path).to_pylist() for path in sorted(folder.glob("*.parquet"))}
    scenario = summary["provenance"]["scenario"]
    for name, rows in tables.items():
        _figures(name, rows, complain, log=_plays_log(scenario))
    runs = range(summary["replications"])
    strangers = {row["replication"] for rows in tables.values() for row in rows} - set(runs)
    if strangers:
        complain(f"rows of replications {sorted(strangers)}, of {len(runs)}")
    stated = [
        _replication(
            scenario,
            {name: [row for row in rows if row["replication"] == run] for name, rows in tables.items()},
            complain,
        )
        for run in runs
    ]
    _summary(summary["metrics"], stated, complain)


def _no_json(constant: str) -> float:
    raise ValueError(f"{constant} in summary.json")


def _plays_log(scenario: Mapping[str, Any]) -> bool:
    """Whether the log itself is played: nothing is estimated, and nobody waits for a slot."""
    policy = scenario["policy"]
    return bool(policy.get("kind") == "as_logged" and policy["costs"] == "logged")


def _figures(name: str, rows: list[Row], complain: Complain, *, log: bool) -> None:
    """Every figure is finite, or empty where it may be."""
    for row in rows:
        unbegun = name == "decisions" and row["attempts"] == 0
        for column, value in row.items():
            if isinstance(value, float) and not math.isfinite(value):
                complain(f"{name}.{column}: {value} in row {_key(row)}")
                return
            empty_is_right = (
                column in _MAY_BE_EMPTY.get(name, {column})
                or (log and column.startswith(("estimated_", "internal_")))
                or (unbegun and (column in _OF_UNBEGUN_STEPS or column.startswith("internal_")))
                or (column == "all_local_s" and row.get("whole") is not None and _of_a_composite(row, rows))
            )
            if value is None and not empty_is_right:
                complain(f"{name}.{column}: nothing in row {_key(row)}")
                return


def _of_a_composite(row: Row, rows: list[Row]) -> bool:
    return len([other for other in rows if other["whole"] == row["whole"]]) > 1


def _key(row: Row) -> str:
    return ", ".join(
        f"{name} {row[name]}" for name in ("replication", "task", "attempt", "start_s") if name in row
    )


def _replication(
    scenario: Mapping[str, Any], tables: Mapping[str, list[Row]], complain: Complain
) -> dict[str, Any]:
    """Check one replication's tables against each other; returns the metrics that follow from them."""
    decisions, contracts = tables["decisions"], tables.get("contracts")
    _tasks(decisions, complain)
    if not _plays_log(scenario):
        machines.audit(scenario, decisions, contracts or [], complain)
    if contracts is not None:
        _contracts(scenario, decisions, contracts, complain)
        _sellers(contracts, tables["sellers"], complain)
    elif any(row["choice"] == "local" and row["price_usd"] for row in decisions):
        complain("a contractor is paid for a task that stayed at home")
    _timeline(scenario, decisions, tables["timeline"], complain)
    for row in tables.get("ratings", ()):
        if row["rating"] not in (0, 1) or not -_ABS <= row["score_after"] <= 1 + _ABS:
            complain(f"ratings: {row}")
    return _metrics(decisions, contracts)


def _tasks(decisions: list[Row], complain: Complain) -> None:
    """Each task is there once, in order of arrival, and closes once."""
    if [row["task"] for row in decisions] != list(range(len(decisions))):
        complain(f"tasks are not numbered one by one: {[row['task'] for row in decisions]}")
    closing = Counter(row["whole"] for row in decisions if row["closes"])
    if any(count != 1 for count in closing.values()) or set(closing) != {row["whole"] for row in decisions}:
        complain("a task does not close just once")
    for before, row in pairwise(decisions):
        if row["whole"] == row["task"] and before["arrival_s"] > row["arrival_s"]:
            complain(f"task {row['task']} arrives before task {before['task']}")
    for row in decisions:
        if (row["choice"] == "local") != (row["contractor"] is None):
            complain(f"task {row['task']}: choice {row['choice']}, contractor {row['contractor']}")
        if row["attempts"] == 0:
            # Nothing was done; but contractors may have been searched for, at so much a message.
            if row["realised_usd"] != row.get("search_usd", 0.0) or row.get("coordination_usd"):
                complain(f"task {row['task']}: {row['outcome']}, at {row['realised_usd']} USD")
            continue
        moments = [row[name] for name in ("arrival_s", "decided_s", "started_s", "finished_s")]
        if None not in moments and (moments[0] < 0 or any(_more(a, b) for a, b in pairwise(moments))):
            complain(f"task {row['task']}: arrives, is decided on, begins and ends at {moments} s")
        _equal(f"task {row['task']}: turnaround_s", row["turnaround_s"], moments[3] - moments[0], complain)
        parts_usd = [row.get(name, 0.0) for name in (*_CASH, *_DELAY, *_LOSSES)]
        _equal(f"task {row['task']}: parts of the cost", row["realised_usd"], math.fsum(parts_usd), complain)
        for name in ("price_usd", "loss_usd", "max_latency_s"):
            if row[name] < 0:
                complain(f"task {row['task']}: {name} {row[name]}")
        parts = [row[name] for name in row if name.startswith("internal_") and name != "internal_usd"]
        if None not in parts:
            size = max(map(abs, parts), default=0.0)  # huge parts may cancel
            _equal(f"task {row['task']}: internal_usd", row["internal_usd"], math.fsum(parts), complain, size)


def _contracts(
    scenario: Mapping[str, Any], decisions: list[Row], contracts: list[Row], complain: Complain
) -> None:
    """What contractors were paid is what tasks cost; who was paid had a contract for just that attempt."""
    of_task: dict[int, list[Row]] = defaultdict(list)
    for row in contracts:
        of_task[row["task"]].append(row)
        moments = [row[name] for name in ("submitted_s", "working_s", "ended_s") if row[name] is not None]
        if any(_more(a, b) for a, b in pairwise(moments)):
            complain(f"contract {_key(row)}: submitted, at work, ended at {moments} s")
        if row["state"] not in ("completed", "failed", "canceled", "rejected"):
            complain(f"contract {_key(row)}: ends as {row['state']!r}")
        if row["state"] == "rejected" and row["paid_usd"]:
            complain(f"contract {_key(row)}: rejected, and paid {row['paid_usd']} USD")
    if strangers := set(of_task) - {row["task"] for row in decisions}:
        complain(f"contracts of tasks that are not there: {sorted(strangers)}")
    physical = scenario["cost_model"]["realised"]["basis"] == "physical"
    late_usd_per_s = scenario["cost_model"]["late_usd_per_min"] / 60 if physical else 0.0
    composite = len(decisions) != len({row["whole"] for row in decisions})
    for row in decisions:
        own = of_task[row["task"]]
        numbers = [each["attempt"] for each in own]
        if len(set(numbers)) != len(numbers) or any(number >= row["attempts"] for number in numbers):
            complain(f"task {row['task']}: {row['attempts']} attempts, contracts {numbers}")
        paid_usd = math.fsum(each["paid_usd"] for each in own)
        _equal(f"task {row['task']}: paid to contractors", row["price_usd"], paid_usd, complain)
        leaked_usd = math.fsum(each.get("leak_usd", 0.0) for each in own)
        _equal(f"task {row['task']}: leaks", row.get("leak_usd", 0.0), leaked_usd, complain)
        if not composite and len(own) == row["attempts"]:
            late_usd = late_usd_per_s * max(0.0, row["turnaround_s"] - row["max_latency_s"])
            fees_usd = math.fsum(each["fees_usd"] for each in own)
            besides = (row.get("search_usd", 0.0), row.get("leak_usd", 0.0))
            parts = (paid_usd, fees_usd, row["loss_usd"], late_usd, *besides)
            _equal(f"task {row['task']}: realised_usd", row["realised_usd"], math.fsum(parts), complain)


def _sellers(contracts: list[Row], sellers: list[Row], complain: Complain) -> None:
    """What sellers were paid, worked and spent is what their contracts say; what is left is the rest."""
    of_seller: dict[str, list[Row]] = defaultdict(list)
    for row in contracts:
        of_seller[row["contractor"]].append(row)
    if strangers := set(of_seller) - {row["contractor"] for row in sellers}:
        complain(f"contracts of sellers without books: {sorted(strangers)}")
    for row in sellers:
        own, who = of_seller[row["contractor"]], f"seller {row['contractor']}"
        begun = [each for each in own if each["working_s"] is not None]
        if row["jobs"] != len(begun):
            complain(f"{who}: {row['jobs']} jobs, and work began on {len(begun)} contracts")
        for name, column in (("revenue_usd", "paid_usd"), ("worked_s", "worked_s"), ("work_usd", "own_usd")):
            if row[name] is not None:
                _equal(f"{who}: {name}", row[name], _sum(own, column), complain)
        if row["profit_usd"] is not None:
            spent_usd = row["work_usd"] + row["idle_usd"] + row.get("levied_usd", 0.0)
            size = max(row["revenue_usd"], spent_usd)
            left_usd = row["revenue_usd"] - spent_usd
            _equal(f"{who}: profit_usd", row["profit_usd"], left_usd, complain, size)


def _timeline(
    scenario: Mapping[str, Any], decisions: list[Row], timeline: list[Row], complain: Complain
) -> None:
    """The rows follow each other without a gap, and add up to all tasks and all money."""
    width_s = scenario["clock"]["timeline_min"] * 60
    for number, row in enumerate(timeline):
        _equal(f"timeline, row {number}: start_s", row["start_s"], number * width_s, complain)
        if max(row["outsourced"], row["explored"]) > max(row["tasks"], len(decisions)):
            complain(f"timeline, row {number}: {row}")
    for name in ("realised_usd", "all_local_usd"):
        _equal(f"timeline: {name}", _sum(timeline, name), _sum(decisions, name), complain)
    if len(decisions) == len({row["whole"] for row in decisions}):
        counted = sum(row["tasks"] for row in timeline)
        if counted != len(decisions):
            complain(f"timeline: {counted} tasks of {len(decisions)}")
    savings = accumulate(row["all_local_usd"] - row["realised_usd"] for row in timeline)
    size = max(_sum(decisions, "all_local_usd"), _sum(decisions, "realised_usd"))
    for row, saving in zip(timeline, savings, strict=True):
        if abs(row["cumulative_savings_usd"] - saving) > _REL * size + _ABS:
            complain(f"timeline at {row['start_s']} s: saved {row['cumulative_savings_usd']}, not {saving}")


def _metrics(decisions: list[Row], contracts: list[Row] | None) -> dict[str, Any]:
    """The metrics of one replication that its tables are enough for; None where one is not defined."""
    wholes = {row["whole"] for row in decisions}
    decided = [row for row in decisions if row["attempts"] > 0]
    realised_usd, all_local_usd = _sum(decisions, "realised_usd"), _sum(decisions, "all_local_usd")
    metrics: dict[str, Any] = {
        "tasks": len(wholes),
        "realised_usd": realised_usd,
        "all_local_usd": all_local_usd,
        "paid_to_contractors_usd": _sum(decisions, "price_usd"),
        "loss_usd": _sum(decisions, "loss_usd"),
        "cost_reduction": _reduction(realised_usd, all_local_usd),
        "cash_usd": math.fsum(_sum(decisions, name) for name in _CASH),
        "delay_usd": math.fsum(_sum(decisions, name) for name in _DELAY),
        "losses_usd": math.fsum(_sum(decisions, name) for name in _LOSSES),
        "outsourcing_rate": _share(row["choice"] == "contractor" for row in decided),
        "exploration_rate": _share(row["explored"] for row in decided),
        "attempts_per_task": sum(row["attempts"] for row in decisions) / len(wholes) if wholes else None,
    }
    if len(wholes) == len(decisions):
        metrics |= _metrics_of_single_tasks(decisions)
    if contracts is not None:
        metrics |= _metrics_of_contracts(contracts)
    return metrics


def _metrics_of_single_tasks(decisions: list[Row]) -> dict[str, Any]:
    """Those that need tasks without steps, whose turnaround is that of their only row."""
    metrics: dict[str, Any] = {"success_rate": _share(row["outcome"] == "completed" for row in decisions)}
    for prefix, column in (("", "turnaround_s"), ("all_local_", "all_local_s")):
        turnaround_s = [row[column] for row in decisions]
        late_s = [max(0.0, row[column] - row["max_latency_s"]) for row in decisions]
        metrics[f"{prefix}lateness_s"] = math.fsum(late_s)
        metrics[f"{prefix}late_rate"] = _share(each > 0 for each in late_s)
        for percent in (50, 95, 99):
            metrics[f"{prefix}turnaround_p{percent}_s"] = _percentile(turnaround_s, percent)
    metrics["time_reduction"] = _reduction(_sum(decisions, "turnaround_s"), _sum(decisions, "all_local_s"))
    return metrics


def _metrics_of_contracts(contracts: list[Row]) -> dict[str, Any]:
    revenue_usd: dict[str, float] = defaultdict(float)
    for row in contracts:
        revenue_usd[row["contractor"]] += row["paid_usd"]
    total_usd = math.fsum(revenue_usd.values())
    shares = {
        f"contracts_{state}_rate": _share(row["state"] == state for row in contracts)
        for state in ("completed", "failed", "canceled", "rejected")
    }
    return shares | {
        "contracts": len(contracts),
        "contracts_found_bad_rate": _share(
            row["state"] == "completed" and not row["accepted"] for row in contracts
        ),
        "revenue_hhi": math.fsum((each / total_usd) ** 2 for each in revenue_usd.values())
        if total_usd > 0
        else None,
    }


def _summary(told: Mapping[str, Any], stated: list[dict[str, Any]], complain: Complain) -> None:
    """Each metric is told as the mean over the replications that have it, with Student's interval."""
    for name in sorted(set.intersection(*map(set, stated))):  # some have composite tasks only by chance
        values = [each[name] for each in stated if each.get(name) is not None]
        if name not in told:
            if values:
                complain(f"summary.json: {name} is missing; by the tables {values}")
            continue
        mean, n, interval = told[name]["mean"], told[name]["n"], told[name]["ci95"]
        if n != len(values):
            complain(f"summary.json: {name} of {n} replications; by the tables {len(values)}")
            continue
        if not values:
            continue
        _equal(f"summary.json: {name}", mean, math.fsum(values) / n, complain, size=max(map(abs, values)))
        if n > 1 and interval is not None:
            centre = math.fsum(values) / n
            sd = math.sqrt(math.fsum((each - centre) ** 2 for each in values) / (n - 1))
            half = stats.t.ppf(0.975, n - 1) * sd / math.sqrt(n)
            size = max(map(abs, values)) + half
            for end, right in zip(interval, _interval(name, centre, half), strict=True):
                _equal(f"summary.json: {name}, ci95", end, right, complain, size=size)
    for name, metric in told.items():
        for value in _numbers(metric):
            if not math.isfinite(value):
                complain(f"summary.json: {name}: {value}")
        outside = metric["mean"] is not None and not -_ABS <= metric["mean"] <= 100 + 1e-6
        if outside and _is_share(name):
            complain(f"summary.json: {name} is {metric['mean']} %")


def _is_share(name: str) -> bool:
    return name.endswith(("_rate", "_utilisation")) or name == "unanswered_queries"


def _interval(name: str, mean: float, half: float) -> tuple[float, float]:
    """Student's; of a share that this would take out of 0 to 100 %, Wilson's: the two shares of which the
    mean is as many of their own standard errors off as the half-width is of the mean's."""
    if not _is_share(name) or (mean - half >= 0 and mean + half <= 100) or not 0 < mean < 100:
        return mean - half, mean + half
    p = mean / 100
    ratio = (half / 100) ** 2 / (p * (1 - p))
    low, high = sorted(np.roots([1 + ratio, -2 * p - ratio, p * p]).real.tolist())
    return 100 * low, 100 * high


def _numbers(metric: Mapping[str, Any]) -> Iterator[float]:
    for value in (metric["mean"], metric["sd"], *(metric["ci95"] or ())):
        if value is not None:
            yield value


def _sum(rows: list[Row], column: str) -> float:
    return math.fsum(row[column] for row in rows if row.get(column) is not None)


def _share(which: Iterable[bool]) -> float | None:
    flags = list(which)
    return 100 * sum(flags) / len(flags) if flags else None


def _reduction(now: float, before: float) -> float | None:
    return 100 * (1 - now / before) if before > 0 else None


def _percentile(values: list[float], percent: float) -> float | None:
    if not values:
        return None
    ordered, place = sorted(values), (len(values) - 1) * percent / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _more(a: float, b: float) -> bool:
    return a > b and not math.isclose(a, b, rel_tol=1e-12, abs_tol=1e-9)


def _equal(what: str, told: float, right: float, complain: Complain, size: float = 0.0) -> None:
    if not abs(told - right) <= _REL * max(abs(told), abs(right), size) + _ABS:
        complain(f"{what}: {told!r}, but by the tables {right!r}")
