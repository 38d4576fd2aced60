"""The tables that an import writes: requests, sellers, and measured runs."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv

from coalesce_sim.arrays import FloatArray
from coalesce_sim.files import Folder
from coalesce_sim.logs.importing import Reading
from coalesce_sim.logs.listings import Seller
from coalesce_sim.logs.speeds import at_work
from coalesce_sim.logs.wholes import Wholes
from coalesce_sim.parquet import ROWS_PER_GROUP, ParquetStream

REQUESTS: Final = "requests.parquet"
SELLERS: Final = "sellers.csv"
RUNS: Final = "runs.csv"
HOME: Final = "home"

MOST_RUNS: Final = 20_000
"""Runs of one place that are written; of more, every so many-th."""


def write_requests(folder: Folder, reading: Reading) -> None:
    """The tasks, a row a task, as `arrivals: {kind: table}` reads them.

    Where sessions are tasks in steps nothing is said of who did them.
    """
    about = {"made by": "coalesce_sim import", "of": reading.request.source.tool}
    requests = _logged(reading) if reading.wholes is None else _in_steps(reading, reading.wholes)
    with ParquetStream(folder, REQUESTS, about) as stream:
        for table in requests:
            stream.add(table)


def type_values_usd(reading: Reading) -> FloatArray:
    """What tasks of each type cost on average, of those that cost anything: the least that they are worth."""
    types = len(reading.types.names)
    of_task = reading.types.of_row[reading.tasks.first]
    billed = reading.tasks.usd > 0
    count = np.bincount(of_task[billed], minlength=types)
    sums = np.bincount(of_task[billed], reading.tasks.usd[billed], minlength=types)
    return np.where(count > 0, sums / np.maximum(count, 1), 0.0)


def _stretches(rows: int) -> Iterator[slice]:
    for first in range(0, rows, ROWS_PER_GROUP):
        yield slice(first, first + ROWS_PER_GROUP)


def _logged(reading: Reading) -> Iterator[pa.Table]:
    """Tasks with what came of them."""
    calls, tasks = reading.calls, reading.tasks
    values_usd = type_values_usd(reading)
    sessions = bool((calls.session >= 0).any())
    places = [HOME if each.at_home else each.name for each in reading.sellers.sellers]
    for part in _stretches(len(tasks)):
        first, usd = tasks.first[part], tasks.usd[part]
        type_ = reading.types.of_row[first]
        lengths = (tasks.prompt[part], tasks.cached[part], tasks.output[part])
        columns = _columns(reading, first, type_, reading.types.names, reading.clients.of_row[part], lengths)
        columns |= {
            "value_usd": pa.array(values_usd[type_], pa.float64()),
            "logged.to": _words(reading.sellers.of_call[tasks.last[part]], places),
            "logged.usd": pa.array(usd, pa.float64(), mask=np.isnan(usd)),
            "logged.s": pa.array(tasks.seconds[part], pa.float64()),
            "logged.good": pa.array(tasks.good[part], pa.bool_()),
            "logged.attempts": pa.array(tasks.attempts[part], pa.int32()),
        }
        if sessions:
            session = calls.session[first]
            columns["session"] = pa.array(session, pa.int32(), mask=session < 0)
        yield pa.table(columns)


def _in_steps(reading: Reading, wholes: Wholes) -> Iterator[pa.Table]:
    """Tasks of which some are sessions as a whole, with the tokens and the value of all their steps."""
    tasks = reading.tasks
    values_usd = type_values_usd(reading)[reading.types.of_row[tasks.first]]
    count = len(tasks)
    prompt, cached, output, value = (
        np.bincount(wholes.head, each, minlength=count)
        for each in (tasks.prompt, tasks.cached, tasks.output, values_usd)
    )
    names = (*reading.types.names, *(each.name for each in wholes.types))
    types = np.where(
        wholes.of_task < 0, reading.types.of_row[tasks.first], wholes.of_task + len(reading.types.names)
    )
    rows = np.flatnonzero(wholes.head == np.arange(count))
    for part in _stretches(len(rows)):
        which = rows[part]
        lengths = tuple(each[which].astype(np.int64) for each in (prompt, cached, output))
        first, clients = tasks.first[which], reading.clients.of_row[which]
        columns = _columns(reading, first, types[which], names, clients, lengths)
        yield pa.table(columns | {"value_usd": pa.array(value[which], pa.float64())})


def _columns(
    reading: Reading,
    first: np.ndarray,
    types: np.ndarray,
    names: Sequence[str],
    clients: np.ndarray,
    lengths: Sequence[np.ndarray],
) -> dict[str, pa.Array]:
    """When tasks came, of which type, for whom and how long."""
    return {
        "arrival_s": pa.array(reading.calls.start[first], pa.int64()).cast(pa.timestamp("us", "UTC")),
        "type": _words(types, names),
        "group": _words(reading.groups.of_row[first], reading.groups.names),
        "client": pa.array(clients, pa.int32()),
        "prompt_tokens": pa.array(lengths[0], pa.int64()),
        "cached_tokens": pa.array(lengths[1], pa.int64()),
        "output_tokens": pa.array(lengths[2], pa.int64()),
    }


def _words(places: np.ndarray, names: Sequence[str]) -> pa.Array:
    """Names by their places, and no others: a name that nobody has is not written."""
    there = np.unique(places)
    words = pa.array([names[each] for each in there.tolist()], pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(np.searchsorted(there, places), pa.int32()), words)


_SELLER_COLUMNS: Final = (
    *("model", "provider", "name", "rows", "failed", "failure_rate"),
    *("input_usd_per_mtok", "output_usd_per_mtok", "cache_read_usd_per_mtok", "priced_from"),
    *("first_token_s_p10", "first_token_s_p50", "first_token_s_p90"),
    *("s_per_output_token_p10", "s_per_output_token_p50", "s_per_output_token_p90"),
)


def write_sellers(path: Path, reading: Reading) -> None:
    """Who answered, and who else is listed, a row each."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_SELLER_COLUMNS)
        for each in (*reading.sellers.sellers, *reading.extra):
            writer.writerow([_cell(value) for value in _of_seller(each)])


def _of_seller(seller: Seller) -> Iterator[Any]:
    yield from (seller.model, seller.provider, HOME if seller.at_home else seller.name)
    yield from (seller.rows, seller.failed, seller.failure_rate if seller.rows else None)
    prices = seller.prices
    for name in ("input_usd_per_mtok", "output_usd_per_mtok", "cache_read_usd_per_mtok"):
        yield None if prices is None else getattr(prices, name)
    yield "own hardware" if seller.at_home else seller.priced_from
    for quantiles in ("first_token_s", "s_per_output_token"):
        yield from getattr(seller.speeds, quantiles) if seller.speeds is not None else (None, None, None)


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def write_runs(path: Path, reading: Reading) -> dict[str, tuple[int, int]]:
    """Measured runs, a row a call: by place how many of how many were written."""
    calls = reading.calls
    counts: dict[str, tuple[int, int]] = {}
    chosen, jobs, places = [], [], []
    for place, seller in enumerate(reading.sellers.sellers):
        theirs = np.flatnonzero(reading.sellers.of_call == place)
        busy = at_work(calls.start[theirs], calls.end[theirs])
        some = np.unique(np.linspace(0, len(theirs) - 1, min(len(theirs), MOST_RUNS)).astype(np.int64))
        name = HOME if seller.at_home else seller.name
        counts[name] = (len(some), len(theirs))
        chosen.append(theirs[some])
        jobs.append(busy[some])
        places.append(np.full(len(some), place, dtype=np.int32))
    rows, at = np.concatenate(chosen), np.concatenate(places)
    order = np.argsort(rows, kind="stable")
    rows, at, busy = rows[order], at[order], np.concatenate(jobs)[order]
    names = [HOME if each.at_home else each.name for each in reading.sellers.sellers]
    failed = calls.failed[rows]
    nothing = pa.nulls(len(rows), pa.float64())
    usd, first = reading.usd[rows], calls.first_s[rows].astype(np.float64)
    output = calls.output[rows]
    table = pa.table(
        {
            "where": _words(at, names).dictionary_decode(),
            "type": _words(reading.types.of_row[rows], reading.types.names).dictionary_decode(),
            "prompt_tokens": pa.array(calls.prompt[rows], mask=failed & (calls.prompt[rows] == 0)),
            "cached_tokens": pa.array(calls.cached[rows]),
            "output_tokens": pa.array(output, mask=failed & (output == 0)),
            "flop": nothing,
            "jobs": pa.array(busy),
            "s": pa.array((calls.end[rows] - calls.start[rows]) / 1e6),
            "first_token_s": pa.array(np.round(first, 6), mask=np.isnan(first)),
            "usd": pa.array(usd, mask=np.isnan(usd)),
            "energy_j": nothing,
            "memory_gb": nothing,
            "good": pa.array(~failed),
            "start_s": pa.array((calls.start[rows] - calls.start[0]) / 1e6),
            "session": pa.array(calls.session[rows], mask=calls.session[rows] < 0),
        }
    )
    pyarrow.csv.write_csv(table, path, pyarrow.csv.WriteOptions(quoting_style="needed"))
    return counts
